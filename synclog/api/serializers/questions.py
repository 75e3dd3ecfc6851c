"""Tests of a connection and previews of one position."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from positions.api.fields import Id, Said, StrictSerializer
from synclog.api.serializers.jobs import ChangeSerializer, StepSerializer
from synclog.models import Question

# Those that somebody waits for.
ASKED = [(kind.value, kind.label) for kind in (Question.Kind.CHECK, Question.Kind.PREVIEW)]


class CheckLineSerializer(serializers.Serializer):
    about = "One thing that was looked at."

    ok = serializers.BooleanField(help_text="Whether it is as it has to be.")
    title = serializers.CharField(help_text="What was looked at.")
    detail = Said(help_text="What was found.")
    where = Said(help_text="Where to grant it, when it is missing.")


class CheckSerializer(serializers.Serializer):
    about = "The answer of a test of a connection."

    ok = serializers.BooleanField(help_text="Whether all lines are.")
    lines = CheckLineSerializer(many=True, help_text="What was looked at, in that order.")


@extend_schema_serializer(component_name="PreviewOf")
class PreviewRequestSerializer(StrictSerializer):
    about = "Of what, and where."

    position = Id(required=True, allow_null=False, help_text="Id of a position.")
    integration = Id(required=True, allow_null=False, help_text="Id of an integration.")


class PreviewSerializer(serializers.Serializer):
    about = "What would be sent for a position."

    result = serializers.ChoiceField(
        [(word, word) for word in ("planned", "skipped", "waiting", "failed", "retrying", "nothing")],
        help_text="`planned`: it would be sent. `failed`: it would be refused. `retrying`: could not be found out.",
    )
    action = Said(help_text="What would be done there.")
    message = Said(help_text="What would happen, in our words.")
    cause = Said(help_text="Why it would not be sent, as a code.")
    field = Said(help_text="Our name of the field that has to be mended.")
    what_to_do = Said(help_text="What mends it.")
    changes = ChangeSerializer(many=True, help_text="What would be sent, value by value.")
    unsent = serializers.DictField(child=serializers.CharField(), help_text="Our field: why it would not be sent.")
    steps = StepSerializer(many=True, help_text="How far it would come.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What else is worth knowing.")


class QuestionSerializer(serializers.Serializer):
    about = "A test or a preview that a worker finds the answer to."

    id = serializers.UUIDField(help_text="Ask `/api/v1/questions/{key}/` with it.")
    kind = serializers.ChoiceField(ASKED, help_text="What was asked for.")
    progress = serializers.ChoiceField(
        [(word, word) for word in ("asking", "done", "lost")],
        help_text="`asking`: look again in a second. `done`: the answer is in `check` or `preview`. `lost`: ask anew.",
    )
    message = Said(help_text="How far it is, in words. null: it is done.")
    check = CheckSerializer(allow_null=True, help_text="The answer of a test.")
    preview = PreviewSerializer(allow_null=True, help_text="The answer of a preview.")
