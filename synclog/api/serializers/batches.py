"""Batches as they are asked for, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from positions.api.fields import AnswerId, Choice, Id, Said, StrictSerializer, Switch, Text
from positions.api.filters import PositionFilters
from synclog.api.bodies import filter_body
from synclog.api.filters import JobFilters
from synclog.api.serializers.jobs import StartedBySerializer
from synclog.log.causes import cause_title, remedy
from synclog.log.truth import LISTED, Truth
from synclog.models import Batch, BatchError

_ALL_MUST_HOLD = "All of what is given must hold. Nothing of it may be null or empty: what is not meant is left out."
_STATES = [(truth.value, truth.name) for truth in LISTED if truth is not Truth.OUT_OF_SCOPE]


def _count_only() -> Switch:
    return Switch(default=False, required=False, help_text="Only count: change nothing.")


JobFilterSerializer = filter_body(
    JobFilters,
    "JobFilterSerializer",
    f"Which jobs: the filters of `GET /jobs/`. {_ALL_MUST_HOLD} Without a state, those that need action.",
)
PositionFilterSerializer = filter_body(
    PositionFilters,
    "PositionFilterSerializer",
    f"Which positions, and where: the filters of `GET /positions/`. {_ALL_MUST_HOLD}",
    integration=Id(required=True, allow_null=False, help_text="Id of an integration: only what it takes is meant."),
    state=Choice(
        _STATES, required=False,
        help_text="What holds of them there, as `GET /positions/{id}/sync/` says; while the connection is on.",
    ),
)  # fmt: skip
JobsResyncSerializer = filter_body(
    JobFilters,
    "JobsResyncSerializer",
    f"Which jobs. {_ALL_MUST_HOLD} Without a state, those that need action.",
    count_only=_count_only(),
)


# -- what is asked for


class _Wanted(StrictSerializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "count_only": _count_only()}


def _action(action: Batch.Action) -> Choice:
    return Choice([(action.value, action.label)], help_text="What is done with them.")


class ResyncBatchSerializer(_Wanted):
    about = "Jobs whose positions are sent again, as they are then."

    action = _action(Batch.Action.RESYNC)
    filter = JobFilterSerializer(help_text="Which jobs.")


class DismissBatchSerializer(_Wanted):
    about = "Open jobs that are closed without sending."

    action = _action(Batch.Action.DISMISS)
    filter = JobFilterSerializer(help_text="Which jobs: of these, the open ones.")
    reason = Text(max_length=160, help_text="Why, for whoever reads the log.")


class SendNowBatchSerializer(_Wanted):
    about = "Positions that are sent, whether or not they ever were."

    action = _action(Batch.Action.SEND_NOW)
    filter = PositionFilterSerializer(help_text="Which positions, and where.")


class PreviewBatchSerializer(_Wanted):
    about = "Positions of which is found out what would be sent. Nothing is written there."

    action = _action(Batch.Action.PREVIEW)
    filter = PositionFilterSerializer(help_text="Which positions, and where.")


WANTED: Mapping[str, type[_Wanted]] = {
    Batch.Action.RESYNC.value: ResyncBatchSerializer,
    Batch.Action.DISMISS.value: DismissBatchSerializer,
    Batch.Action.SEND_NOW.value: SendNowBatchSerializer,
    Batch.Action.PREVIEW.value: PreviewBatchSerializer,
}


def checked(data: Any) -> dict[str, Any]:
    """What is asked for, by its action's own form. Raises ValidationError."""
    if not isinstance(data, Mapping):
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [ErrorDetail(_("Send a JSON object."), "invalid")]})
    try:
        action = Choice(Batch.Action.choices).run_validation(data.get("action", empty))
    except ValidationError as error:
        raise ValidationError({"action": error.detail}) from None
    form = WANTED[action](data=data)
    form.is_valid(raise_exception=True)
    found: dict[str, Any] = form.validated_data
    return found


# -- what is answered


class BatchSerializer(serializers.Serializer):
    about = "Many jobs or positions that a worker takes up, piece by piece."

    id = AnswerId(help_text="Our id.")
    action = serializers.ChoiceField(Batch.Action.choices, help_text="What is done with them.")
    integration = AnswerId(
        source="integration_id",
        allow_null=True,
        help_text="Where positions are sent to. null: jobs, wherever theirs are.",
    )
    state = serializers.ChoiceField(
        Batch.State.choices, help_text="`working` until all were looked at, then `done`; or `cancelled`."
    )
    total = serializers.IntegerField(min_value=0, help_text="Jobs or positions that matched when it was asked for.")
    looked_at = serializers.IntegerField(source="taken", min_value=0, help_text="So many of them.")
    acted = serializers.IntegerField(
        min_value=0, help_text="Positions that are sent (again) or were previewed, jobs that were dismissed."
    )
    left_out = serializers.IntegerField(
        min_value=0,
        help_text="Erased or deleted, being sent right now, not taken by the connection, or the position came before.",
    )
    outcomes = serializers.DictField(
        child=serializers.IntegerField(min_value=1),
        help_text="Of previews: each `result` that there was (as `POST /preview/` answers it), and how often.",
    )
    causes = serializers.DictField(
        child=serializers.IntegerField(min_value=1),
        help_text="What is in its `errors/`: each cause, and how often.",
    )
    off = serializers.ListField(
        child=serializers.CharField(), help_text="Connections that are switched off: nothing of them is sent."
    )
    cause = Said(help_text="Why it ended before everything was looked at, as a code. null: it did not.")
    cancelled_by = Said(help_text="The person or key that cancelled it.")
    started_by = serializers.SerializerMethodField(help_text="Who or what asked for it.")
    request_id = Said(
        help_text="Of the request that asked for it (X-Request-ID): `GET /jobs/?request_id=` has what it sent."
    )
    started_at = serializers.DateTimeField(source="asked_at", help_text="When it was asked for.")
    finished_at = serializers.DateTimeField(
        source="done_at", allow_null=True, help_text="When it was over. null: a worker is at it."
    )

    @extend_schema_field(StartedBySerializer)
    def get_started_by(self, batch: Batch) -> Any:
        return StartedBySerializer({"kind": batch.origin, "name": batch.by}).data


class MatchingSerializer(serializers.Serializer):
    about = "How many are meant. Nothing was changed."

    matching = serializers.IntegerField(min_value=0, help_text="Jobs or positions that would be taken up.")


class BatchErrorSerializer(serializers.Serializer):
    about = "A position that was left out, or of which a preview found that it would not be sent."

    id = AnswerId(help_text="Our id.")
    integration = AnswerId(source="integration_id", help_text="Id of the integration.")
    employee = AnswerId(source="employee_key", help_text="Id of the employee, who may be deleted since.")
    position = AnswerId(source="position_key", help_text="Id of the position, which may be deleted since.")
    job = AnswerId(source="job_key", allow_null=True, help_text="Id of the job that was meant. null: a position was.")
    cause = Said(help_text="Why, as a code.")
    cause_title = serializers.SerializerMethodField(help_text="The cause in words.")
    message = Said(help_text="What is so of this one. null: the cause says it all.")
    field = Said(help_text="Our name of the field that has to be mended.")
    what_to_do = serializers.SerializerMethodField(help_text="What mends it.")

    def get_cause_title(self, error: BatchError) -> str:
        return cause_title(error.cause)

    def get_what_to_do(self, error: BatchError) -> str | None:
        return remedy(error.cause) or None


class JobsResyncAnswerSerializer(serializers.Serializer):
    about = "How many jobs match, and what is sent again of them."

    matching = serializers.IntegerField(min_value=0, help_text="Jobs that match.")
    resynced = serializers.IntegerField(
        min_value=0, help_text="Positions that are looked at again: one for each, however many jobs."
    )
    left_out = serializers.IntegerField(min_value=0, help_text="Positions that are deleted, or being sent right now.")
    off = serializers.ListField(
        child=serializers.CharField(), help_text="Connections that are switched off: nothing of them is sent."
    )
    batch = BatchSerializer(
        allow_null=True, help_text="Where they are too many for one request: what a worker carries on with."
    )
