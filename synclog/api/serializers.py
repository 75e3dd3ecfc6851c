from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations import supported
from integrations.models import Integration
from positions.api.fields import Choice, Id, StrictSerializer, Text
from synclog import showing
from synclog.causes import cause_title
from synclog.health import Health
from synclog.models import Attempt, Job, Question
from synclog.truth import Truth

_BLANK_IS_NULL = {"read_only": True, "default": serializers.empty}


# -- integrations


class SystemSerializer(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()
    model = serializers.ChoiceField(
        [("history", "history"), ("flat", "flat")],
        help_text="`history`: every period is a record there. `flat`: only the current position is.",
    )


class FieldSerializer(serializers.Serializer):
    """One of our fields in this system."""

    ours = serializers.CharField(help_text="Our name of the field.")
    label = serializers.CharField()  # type: ignore[assignment]
    group = serializers.CharField()
    supported = serializers.BooleanField()
    remote = serializers.CharField(help_text="Its name there.")
    when = serializers.CharField(help_text="`always`, `on_create` or `if_empty`.")
    corrected = serializers.BooleanField(
        help_text="With `on_create` and `if_empty`: a later change of the same position corrects what was sent."
    )
    required = serializers.BooleanField()  # type: ignore[assignment]
    required_with = serializers.CharField(help_text="Required only when this other field has a value.")
    required_while = serializers.CharField(help_text="Required only with this, in words: a temporary contract.")
    absent_while = serializers.CharField(
        help_text="Neither required nor sent with this, in words: a freelance contract."
    )
    locked = serializers.BooleanField(help_text="Cannot be changed on a record that has it.")
    translated = serializers.BooleanField()
    opt_in = serializers.BooleanField(help_text="Sent once it is switched on in the connection's settings.")
    unsupported = serializers.CharField(help_text="Why it is not sent.")


class HealthSerializer(serializers.Serializer):
    word = serializers.CharField(
        help_text="Not connected, Off, Ready, Healthy, Warnings, Retrying, Stopped, Paused or No worker.",
    )
    detail = serializers.CharField()
    in_sync = serializers.IntegerField(
        source="counts.in_sync", help_text="Sent, and everything that is sent is as it was written or read."
    )
    waiting = serializers.IntegerField(source="counts.waiting")
    needs_you = serializers.IntegerField(source="counts.needs_you")
    changed = serializers.IntegerField(
        source="counts.changed", help_text="Changed here since they were sent, and not on the way."
    )
    partly = serializers.IntegerField(
        source="counts.partly", help_text="Sent, and a part of it is not there and would not get there."
    )
    unknown = serializers.IntegerField(
        source="counts.unknown", help_text="Sent; a worker has yet to look whether that is still what is to be sent."
    )
    not_sent = serializers.IntegerField(source="counts.not_sent")
    excluded = serializers.IntegerField(source="counts.out_of_scope", help_text="Of other companies.")


class IntegrationSerializer(serializers.Serializer):
    """A connection of the organization to one system. Its keys are never shown."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    system = SystemSerializer()
    connected = serializers.BooleanField(help_text="Whether it has all keys and settings that it needs.")
    send_positions = serializers.BooleanField(help_text="The switch: changes are recorded and sent.")
    delete_positions = serializers.BooleanField()
    move_periods = serializers.BooleanField()
    paused = serializers.BooleanField()
    stopped = serializers.BooleanField()
    activated_at = serializers.DateTimeField()
    last_success_at = serializers.DateTimeField()
    everybody = serializers.BooleanField(help_text="It takes positions of every company, and of none.")
    companies = serializers.SerializerMethodField(
        help_text="Ids of the companies whose positions it takes, unless it is for everybody."
    )
    health = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_companies(self, integration: Integration) -> list[int]:
        return sorted(company.pk for company in integration.companies.all())

    @extend_schema_field(HealthSerializer)
    def get_health(self, integration: Integration) -> Any:
        health: Health = self.context["health"][integration.pk]
        return HealthSerializer(health).data


class IntegrationDetailSerializer(IntegrationSerializer):
    """The same with what the system takes of a position."""

    fields_there = serializers.SerializerMethodField(help_text="All our fields, also those it does not take.")

    @extend_schema_field(FieldSerializer(many=True))
    def get_fields_there(self, integration: Integration) -> Any:
        return supported.described(integration.system)["fields"]


class CheckLineSerializer(serializers.Serializer):
    ok = serializers.BooleanField()
    title = serializers.CharField()
    detail = serializers.CharField()
    where = serializers.CharField(help_text="Where to grant it, when it is missing.")


class CheckSerializer(serializers.Serializer):
    ok = serializers.BooleanField()
    lines = CheckLineSerializer(many=True)


class StateSerializer(serializers.Serializer):
    """What holds of one position in one connection: the same as its page says."""

    integration = serializers.IntegerField(source="integration.pk")
    integration_name = serializers.CharField(source="integration.name")
    system = serializers.CharField(source="integration.system_key")
    state = serializers.ChoiceField([(truth.value, truth.value) for truth in Truth], source="truth")
    word = serializers.CharField(source="mark.word", help_text="As it is shown.")
    why = serializers.CharField()
    may_send = serializers.BooleanField(help_text="Whether *Send now* (a re-sync) would be of use.")
    sent_at = serializers.DateTimeField(source="link.sent_at", default=None, help_text="null: nothing is there of it.")
    job = serializers.IntegerField(source="job.pk", default=None, help_text="Its newest job there.")


# -- jobs


class ChangeSerializer(serializers.Serializer):
    field = serializers.CharField(help_text="Our name of the field.")
    remote = serializers.CharField(help_text="Its name there.")
    old = serializers.CharField(allow_null=True)
    new = serializers.CharField(allow_null=True)


class StepSerializer(serializers.Serializer):
    title = serializers.CharField()
    ok = serializers.BooleanField(allow_null=True, help_text="null: not reached.")
    detail = serializers.CharField()


class AttemptSerializer(serializers.ModelSerializer):
    changes = ChangeSerializer(many=True)
    unsent = serializers.DictField(child=serializers.CharField(), help_text="Our field: why it is not sent.")
    warnings = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    system_text = serializers.CharField(source="vendor_text", help_text="The system's own words.")
    system_code = serializers.CharField(source="vendor_code")

    class Meta:
        model = Attempt
        fields = (
            "number", "started_at", "finished_at", "result", "cause", "message", "system_text", "system_code", "steps",
            "changes", "unsent", "warnings",
        )  # fmt: skip

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_warnings(self, attempt: Attempt) -> list[str]:
        return [warning["message"] for warning in attempt.warnings]

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, attempt: Attempt) -> Any:
        steps = showing.trace_steps(attempt.trace, attempt.job.integration.organization.zone)
        return StepSerializer(steps, many=True).data


class StartedBySerializer(serializers.Serializer):
    kind = serializers.ChoiceField(Job.Origin.choices)
    name = serializers.CharField(help_text="A person's user name, or an API key's name.")


class JobSerializer(serializers.ModelSerializer):
    """One position to be brought in line in one integration."""

    integration = serializers.IntegerField(source="integration_id")
    integration_name = serializers.CharField(source="integration.name")
    system = serializers.CharField(source="integration.system_key")
    state = serializers.ChoiceField(Job.State.choices)
    action = serializers.ChoiceField(Job.Action.choices)
    employee = serializers.IntegerField(source="employee_key")
    position = serializers.IntegerField(source="position_key")
    open = serializers.BooleanField(source="is_open", help_text="Whether something is still to come.")
    cause_title = serializers.SerializerMethodField()
    message = serializers.CharField(help_text="What happened, in our words.")
    what_to_do = serializers.SerializerMethodField()
    system_text = serializers.CharField(source="vendor_text", help_text="The system's own words.")
    system_code = serializers.CharField(source="vendor_code")
    attempt_count = serializers.IntegerField(source="attempts")
    next_attempt_at = serializers.SerializerMethodField(help_text="null when none is to come by itself.")
    started_by = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields: Any = (
            "id", "integration", "integration_name", "system", "state", "open", "action", "employee",
            "employee_number", "employee_name", "position", "title", "start_date", "end_date", "deleted", "cause",
            "cause_title", "message", "what_to_do", "field", "system_text", "system_code", "warning",
            "attempt_count", "next_attempt_at", "started_by", "request_id", "recorded_at", "changed_at",
            "finished_at", "dismissed_reason",
        )  # fmt: skip
        read_only_fields = fields

    def get_cause_title(self, job: Job) -> str:
        return cause_title(job.cause) if job.cause else ""

    def get_what_to_do(self, job: Job) -> str:
        return showing.what_to_do(job)

    def get_next_attempt_at(self, job: Job) -> datetime | None:
        integration = job.integration
        held = not integration.send_positions or integration.paused or integration.stopped
        if held or not job.is_open or job.state not in Job.ACTIVE:
            return None
        return max(job.due_at, integration.retry_at) if integration.retry_at else job.due_at

    @extend_schema_field(StartedBySerializer)
    def get_started_by(self, job: Job) -> Any:
        return {"kind": job.origin, "name": job.origin_name}


class JobDetailSerializer(JobSerializer):
    """The same with every attempt. Requests and responses are shown in the admin only."""

    attempts = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields: Any = (*JobSerializer.Meta.fields, "attempts")
        read_only_fields = fields

    @extend_schema_field(AttemptSerializer(many=True))
    def get_attempts(self, job: Job) -> Any:
        rows = list(job.tries.defer("exchanges"))
        for row in rows:
            row.job = job
        return AttemptSerializer(rows, many=True).data


class NewestJobSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    integration = serializers.IntegerField()


class ResyncedSerializer(serializers.Serializer):
    """`job`: what to follow; a closed one is opened anew as another."""

    resynced = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="The position is deleted, or being sent right now.")
    off = serializers.ListField(
        child=serializers.CharField(), help_text="Connections that are switched off: nothing of them is sent."
    )
    job = NewestJobSerializer()


class BatchSerializer(StrictSerializer):
    """Which jobs. All of what is given must hold; without a `state`, those that need action."""

    state = Choice(Job.State.choices, default=Job.State.FAILED.value, required=False)
    cause = Text(max_length=60)
    action = Choice(Job.Action.choices, required=False)
    integration = Id()
    employee = Id()
    position = Id()
    since = serializers.DateTimeField(required=False, allow_null=True, help_text="Changed at this moment or later.")
    count_only = serializers.BooleanField(default=False, required=False, help_text="Only count: change nothing.")


class BatchAnswerSerializer(serializers.Serializer):
    matching = serializers.IntegerField()
    resynced = serializers.IntegerField(
        help_text="Positions that are looked at again: one for each, however many jobs."
    )
    left_out = serializers.IntegerField()
    off = serializers.ListField(child=serializers.CharField())


class DismissalSerializer(StrictSerializer):
    reason = Text(max_length=160, help_text="Why, for whoever reads the log.")


# -- preview


class PreviewRequestSerializer(StrictSerializer):
    position = Id(required=True, allow_null=False, help_text="Id of a position.")
    integration = Id(required=True, allow_null=False, help_text="Id of an integration.")


class PreviewSerializer(serializers.Serializer):
    result = serializers.ChoiceField(
        [(word, word) for word in ("planned", "skipped", "waiting", "failed", "error", "nothing")],
        help_text="`planned`: it would be sent. `failed`: it would be refused. `error`: could not be found out.",
    )
    action = serializers.CharField()
    message = serializers.CharField()
    cause = serializers.CharField()
    field = serializers.CharField()
    what_to_do = serializers.CharField()
    changes = ChangeSerializer(many=True)
    unsent = serializers.DictField(child=serializers.CharField())
    steps = StepSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


# -- questions


class QuestionSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="Ask `/api/v1/questions/{id}/` with it.")
    kind = serializers.ChoiceField(Question.Kind.choices, help_text="What was asked for.")
    progress = serializers.ChoiceField(
        [(word, word) for word in ("asking", "done", "lost")],
        help_text="`asking`: look again in a second. `done`: the answer is in `check` or `preview`. `lost`: ask anew.",
    )
    message = serializers.CharField(help_text="How far it is, in words; empty when it is done.")
    check = CheckSerializer(allow_null=True, help_text="The answer of a test.")
    preview = PreviewSerializer(allow_null=True, help_text="The answer of a preview.")
