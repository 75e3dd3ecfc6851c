"""Jobs and their attempts, and the state of a position."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from positions.api.fields import AnswerId, Said, StrictSerializer, Text
from synclog.log import sentences
from synclog.log.causes import cause_title
from synclog.log.truth import Truth
from synclog.models import Attempt, Job


class ChangeSerializer(serializers.Serializer):
    about = "One value that is sent."

    field = serializers.CharField(help_text="Our name of the field.")
    remote = Said(help_text="Its name there.")
    old = serializers.CharField(allow_null=True, help_text="What was there.")
    new = serializers.CharField(allow_null=True, help_text="What is to be there.")
    since = serializers.DateField(
        allow_null=True, default=None, help_text="From this day on. null: the system keeps no day of it."
    )


class StepSerializer(serializers.Serializer):
    about = "One step on the way to the system."

    title = serializers.CharField(help_text="What was done.")
    ok = serializers.BooleanField(allow_null=True, help_text="Whether it went well. null: not reached.")
    detail = Said(help_text="What came of it.")


class AttemptSerializer(serializers.ModelSerializer):
    about = "One try of a job."

    cause = Said(help_text="Why it was not sent, as a code.")
    result = serializers.CharField(
        source="state", help_text="`succeeded`, `skipped`, `waiting`, `failed` or `retrying`: tried again by itself."
    )
    message = Said(help_text="What happened, in our words.")
    changes = ChangeSerializer(many=True, help_text="What was sent, value by value.")
    unsent = serializers.SerializerMethodField(help_text="Our field: why it is not sent.")
    warnings = serializers.SerializerMethodField(help_text="What was refused of it while the rest was taken.")
    steps = serializers.SerializerMethodField(help_text="How far it came.")
    system_text = Said(source="vendor_text", help_text="The system's own words.")
    system_code = Said(source="vendor_code", help_text="The system's own code.")

    class Meta:
        model = Attempt
        fields = (
            "number", "started_at", "finished_at", "result", "cause", "message", "system_text", "system_code", "steps",
            "changes", "unsent", "warnings",
        )  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {
            "number": {"help_text": "Counted from 1."},
            "started_at": {"help_text": "When it began."},
            "finished_at": {"help_text": "When it ended."},
        }

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_unsent(self, attempt: Attempt) -> dict[str, str]:
        return sentences.unsent_of(attempt)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_warnings(self, attempt: Attempt) -> list[str]:
        return sentences.warnings_of(attempt)

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, attempt: Attempt) -> Any:
        steps = sentences.trace_steps(sentences.trace_of(attempt), attempt.job.integration.organization.zone)
        return StepSerializer(steps, many=True).data


class StartedBySerializer(serializers.Serializer):
    about = "Who or what asked for it."

    kind = serializers.ChoiceField(Job.Origin.choices, help_text="How it was asked for.")
    name = Said(help_text="A person's user name, or an API key's name.")


class JobSerializer(serializers.ModelSerializer):
    about = "One position to be brought in line in one integration."

    id = AnswerId(help_text="Our id.")
    integration = AnswerId(source="integration_id", help_text="Id of the integration.")
    integration_name = serializers.CharField(source="integration.name", help_text="Its name.")
    system = serializers.CharField(source="integration.system_key", help_text="Its system's key.")
    state = serializers.ChoiceField(Job.State.choices, help_text="How far it is.")
    action = serializers.ChoiceField(Job.Action.choices, help_text="What is done there.")
    employee = AnswerId(source="employee_key", help_text="Id of the employee, who may be deleted since.")
    position = AnswerId(source="position_key", help_text="Id of the position, which may be deleted since.")
    open = serializers.BooleanField(source="is_open", help_text="Whether something is still to come.")
    employee_number = Said(help_text="As it was when the job was recorded.")
    cause = Said(source="cause_now", help_text="Why it was not sent, or not yet, as a code.")
    cause_title = serializers.SerializerMethodField(help_text="The cause in words.")
    field = Said(help_text="Our name of the field that has to be mended.")
    request_id = Said(help_text="Of the request that caused it (X-Request-ID).")
    dismissed_reason = serializers.SerializerMethodField(help_text="Why it was dismissed, and by whom.")
    message = Said(help_text="What happened, in our words.")
    what_to_do = serializers.SerializerMethodField(help_text="What mends it.")
    system_text = Said(source="vendor_text", help_text="The system's own words.")
    system_code = Said(source="vendor_code", help_text="The system's own code.")
    attempt_count = serializers.IntegerField(
        source="attempts",
        min_value=0,
        help_text="Tries since it was last changed or sent again; `attempts` has those before, too.",
    )
    next_attempt_at = serializers.SerializerMethodField(
        help_text="When it is tried next. null when it is not tried by itself."
    )
    started_by = serializers.SerializerMethodField(help_text="Who or what asked for it.")
    after_cutoff = serializers.BooleanField(
        source="is_after_cutoff", help_text="Its newest change was saved after the payroll cut-off."
    )
    held_until = serializers.DateTimeField(
        source="held_now",
        allow_null=True,
        help_text="When the payroll period opens until which it is held. null: it is not held.",
    )

    class Meta:
        model = Job
        fields: Any = (
            "id", "integration", "integration_name", "system", "state", "open", "action", "employee",
            "employee_number", "employee_name", "position", "title", "start_date", "end_date", "deleted", "cause",
            "cause_title", "message", "what_to_do", "field", "system_text", "system_code", "warning",
            "attempt_count", "next_attempt_at", "started_by", "request_id", "recorded_at", "changed_at",
            "finished_at", "dismissed_reason", "after_cutoff", "held_until", "retro",
        )  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {
            "employee_name": {"help_text": "As it was when the job was recorded."},
            "title": {"help_text": "The position's, as it was when the job was recorded."},
            "start_date": {"help_text": "The position's, as it was when the job was recorded."},
            "end_date": {"help_text": "The position's, as it was when the job was recorded. null: open."},
            "deleted": {"help_text": "The position was deleted here."},
            "retro": {"help_text": "A change that it carries is about days before the cut-off: `/retro-changes/`."},
            "warning": {"help_text": "It was sent, and a part of it was refused."},
            "recorded_at": {"help_text": "When the newest change that it carries was made."},
            "changed_at": {"help_text": "When its state last changed."},
            "finished_at": {"help_text": "When it was closed. null: it is open."},
        }

    def get_cause_title(self, job: Job) -> str | None:
        return cause_title(job.cause_now) if job.cause_now else None

    def get_dismissed_reason(self, job: Job) -> str | None:
        return sentences.dismissed_reason(job) or None

    def get_what_to_do(self, job: Job) -> str | None:
        return sentences.what_to_do(job) or None

    def get_next_attempt_at(self, job: Job) -> datetime | None:
        integration = job.integration
        held = not integration.send_positions or integration.paused or integration.stopped
        if held or not job.is_open or job.state not in Job.ACTIVE:
            return None
        return max(job.due_at, integration.retry_at) if integration.retry_at else job.due_at

    @extend_schema_field(StartedBySerializer)
    def get_started_by(self, job: Job) -> Any:
        return StartedBySerializer({"kind": job.origin, "name": job.origin_name}).data


class JobDetailSerializer(JobSerializer):
    about = "A job with every attempt. Requests and responses are shown in the admin only."

    attempts = serializers.SerializerMethodField(help_text="All tries, the newest first.")

    class Meta(JobSerializer.Meta):
        fields: Any = (*JobSerializer.Meta.fields, "attempts")
        read_only_fields = fields

    @extend_schema_field(AttemptSerializer(many=True))
    def get_attempts(self, job: Job) -> Any:
        rows = list(job.tries.defer("exchanges"))
        for row in rows:
            row.job = job
        return AttemptSerializer(rows, many=True).data


class CausedJobSerializer(serializers.Serializer):
    about = "A job to follow under `/jobs/{id}/`."

    id = AnswerId(help_text="Id of the job.")
    integration = AnswerId(help_text="Id of its integration.")


class ResyncedSerializer(serializers.Serializer):
    about = "What is sent again."

    resynced = serializers.IntegerField(min_value=0, help_text="1, or 0 when nothing is sent.")
    left_out = serializers.IntegerField(min_value=0, help_text="The position is deleted, or being sent right now.")
    off = serializers.ListField(
        child=serializers.CharField(), help_text="Connections that are switched off: nothing of them is sent."
    )
    job = CausedJobSerializer(help_text="What to follow; a closed one is opened anew as another.")


class DismissalSerializer(StrictSerializer):
    about = "Why a job is closed without sending."

    reason = Text(max_length=160, help_text="Why, for whoever reads the log.")


class StateSerializer(serializers.Serializer):
    about = "What holds of one position in one connection: the same as its page says."

    integration = AnswerId(source="integration.pk", help_text="Id of the integration.")
    integration_name = serializers.CharField(source="integration.name", help_text="Its name.")
    system = serializers.CharField(source="integration.system_key", help_text="Its system's key.")
    state = serializers.ChoiceField(
        [(truth.value, truth.name) for truth in Truth], source="truth", help_text="For programs."
    )
    word = serializers.CharField(source="mark.word", help_text="As it is shown.")
    why = Said(help_text="Why it is so, in a sentence.")
    may_send = serializers.BooleanField(help_text="Whether *Send now* (a re-sync) would be of use.")
    sent_at = serializers.DateTimeField(
        source="link.sent_at", default=None, allow_null=True, help_text="When. null: nothing is there of it."
    )
    job = AnswerId(source="job.pk", allow_null=True, help_text="Its newest job there. null: there was none.")
