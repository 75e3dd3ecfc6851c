from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from integrations import supported
from integrations.models import Integration
from positions.api.fields import AnswerId, Choice, Id, Moment, Said, StrictSerializer, Text
from synclog.api.filters import known_cause
from synclog.log import sentences
from synclog.log.causes import cause_title
from synclog.log.health import Health
from synclog.log.truth import Truth
from synclog.models import Attempt, Batch, Job, Question

# -- integrations


class SystemSerializer(serializers.Serializer):
    about = "A payroll system."

    key = serializers.CharField(help_text="Its name for programs: `netvisor`.")
    name = serializers.CharField(help_text="Its name for people.")
    model = serializers.ChoiceField(
        [("history", "history"), ("flat", "flat")],
        help_text="`history`: every period is a record there. `flat`: only the current position is.",
    )


class FieldSerializer(serializers.Serializer):
    about = "One of our fields in this system."

    ours = serializers.CharField(help_text="Our name of the field.")
    label = serializers.CharField(help_text="Our name for people.")  # type: ignore[assignment]
    group = Said(help_text="Under which it is shown.")
    supported = serializers.BooleanField(help_text="Whether the system takes it.")
    remote = Said(help_text="Its name there.")
    when = Said(help_text="`always`, `on_create` or `if_empty`.")
    corrected = serializers.BooleanField(
        help_text="With `on_create` and `if_empty`: a later change of the same position corrects what was sent."
    )
    required = serializers.BooleanField(  # type: ignore[assignment]
        help_text="Without it nothing is sent for that position."
    )
    required_with = Said(help_text="Required only when this other field has a value.")
    required_while = Said(help_text="Required only with this, in words: a temporary contract.")
    absent_while = Said(help_text="Neither required nor sent with this, in words: a freelance contract.")
    locked = serializers.BooleanField(help_text="Cannot be changed on a record that has it.")
    translated = serializers.BooleanField(help_text="Our value becomes the system's own code by a table.")
    opt_in = serializers.BooleanField(help_text="Sent once it is switched on in the connection's settings.")
    unsupported = Said(help_text="Why it is not sent.")


class HealthSerializer(serializers.Serializer):
    about = "How a connection is, in a word, and how many positions are how."

    word = serializers.CharField(
        help_text="Not connected, Off, Ready, Healthy, Warnings, Retrying, Stopped, Paused or No worker.",
    )
    detail = Said(help_text="Why, in a sentence.")
    in_sync = serializers.IntegerField(
        source="counts.in_sync",
        min_value=0,
        help_text="Sent, and everything that is sent is as it was written or read.",
    )
    waiting = serializers.IntegerField(source="counts.waiting", min_value=0, help_text="On their way.")
    needs_you = serializers.IntegerField(
        source="counts.needs_you", min_value=0, help_text="Refused: a person or a change has to mend it."
    )
    changed = serializers.IntegerField(
        source="counts.changed", min_value=0, help_text="Changed here since they were sent, and not on the way."
    )
    partly = serializers.IntegerField(
        source="counts.partly",
        min_value=0,
        help_text="Sent, and a part of it is not there and would not get there.",
    )
    unknown = serializers.IntegerField(
        source="counts.unknown",
        min_value=0,
        help_text="Sent; a worker has yet to look whether that is still what is to be sent.",
    )
    not_sent = serializers.IntegerField(
        source="counts.not_sent", min_value=0, help_text="Never sent, or the record there was given up."
    )
    excluded = serializers.IntegerField(source="counts.out_of_scope", min_value=0, help_text="Of other companies.")


class IntegrationSerializer(serializers.Serializer):
    about = "A connection of the organization to one system. Its keys are never shown."

    id = AnswerId(help_text="Our id.")
    name = serializers.CharField(help_text="As the organization calls it.")
    system = SystemSerializer(help_text="What it is a connection to.")
    connected = serializers.BooleanField(help_text="Whether it has all keys and settings that it needs.")
    send_positions = serializers.BooleanField(help_text="The switch: changes are recorded and sent.")
    delete_positions = serializers.BooleanField(help_text="Whether what is deleted here is deleted there.")
    move_periods = serializers.BooleanField(
        help_text="Whether a changed start date moves the existing period there instead of being refused."
    )
    paused = serializers.BooleanField(help_text="Changes are recorded and wait: a person paused it.")
    stopped = serializers.BooleanField(help_text="Changes are recorded and wait: the system refuses the connection.")
    activated_at = serializers.DateTimeField(allow_null=True, help_text="When it was last switched on. null: never.")
    last_success_at = serializers.DateTimeField(allow_null=True, help_text="When something was last sent. null: never.")
    everybody = serializers.BooleanField(help_text="It takes positions of every company, and of none.")
    companies = serializers.SerializerMethodField(
        help_text="Ids of the companies whose positions it takes, unless it is for everybody."
    )
    health = serializers.SerializerMethodField(help_text="How it is.")

    @extend_schema_field(serializers.ListField(child=AnswerId()))
    def get_companies(self, integration: Integration) -> list[int]:
        return sorted(company.pk for company in integration.companies.all())

    @extend_schema_field(HealthSerializer)
    def get_health(self, integration: Integration) -> Any:
        health: Health = self.context["health"][integration.pk]
        return HealthSerializer(health).data


class IntegrationDetailSerializer(IntegrationSerializer):
    about = "A connection with what its system takes of a position."

    fields_there = serializers.SerializerMethodField(help_text="All our fields, also those it does not take.")

    @extend_schema_field(FieldSerializer(many=True))
    def get_fields_there(self, integration: Integration) -> Any:
        return FieldSerializer(supported.described(integration.system)["fields"], many=True).data


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


# -- jobs


class ChangeSerializer(serializers.Serializer):
    about = "One value that is sent."

    field = serializers.CharField(help_text="Our name of the field.")
    remote = Said(help_text="Its name there.")
    old = serializers.CharField(allow_null=True, help_text="What was there.")
    new = serializers.CharField(allow_null=True, help_text="What is to be there.")


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
    cause = Said(help_text="Why it was not sent, or not yet, as a code.")
    cause_title = serializers.SerializerMethodField(help_text="The cause in words.")
    field = Said(help_text="Our name of the field that has to be mended.")
    request_id = Said(help_text="Of the request that caused it (X-Request-ID).")
    dismissed_reason = Said(help_text="Why it was dismissed, and by whom.")
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
        extra_kwargs = {
            "employee_name": {"help_text": "As it was when the job was recorded."},
            "title": {"help_text": "The position's, as it was when the job was recorded."},
            "start_date": {"help_text": "The position's, as it was when the job was recorded."},
            "end_date": {"help_text": "The position's, as it was when the job was recorded. null: open."},
            "deleted": {"help_text": "The position was deleted here."},
            "warning": {"help_text": "It was sent, and a part of it was refused."},
            "recorded_at": {"help_text": "When the newest change that it carries was made."},
            "changed_at": {"help_text": "When its state last changed."},
            "finished_at": {"help_text": "When it was closed. null: it is open."},
        }

    def get_cause_title(self, job: Job) -> str | None:
        return cause_title(job.cause) if job.cause else None

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


class BatchSerializer(StrictSerializer):
    about = (
        "Which jobs. All of what is given must hold; without a `state`, those that need action. Nothing of it may be "
        "null or empty: what is not meant is left out."
    )

    state = Choice(Job.State.choices, default=Job.State.FAILED.value, required=False, help_text="How far they are.")
    cause = serializers.CharField(
        required=False, validators=[known_cause], help_text="A cause's code: `missing_required_field`."
    )
    action = Choice(Job.Action.choices, required=False, help_text="What is done there.")
    integration = Id(allow_null=False, help_text="Id of an integration.")
    employee = Id(allow_null=False, help_text="Id of an employee.")
    position = Id(allow_null=False, help_text="Id of a position.")
    since = Moment(required=False, help_text="Changed at this moment or later.")
    count_only = serializers.BooleanField(default=False, required=False, help_text="Only count: change nothing.")


class BatchStateSerializer(serializers.Serializer):
    about = "Many jobs that a worker sends again, piece by piece."

    id = AnswerId(help_text="Our id.")
    state = serializers.SerializerMethodField(help_text="`working` until all of them were looked at, then `done`.")
    total = serializers.IntegerField(min_value=0, help_text="Jobs.")
    looked_at = serializers.IntegerField(source="taken", min_value=0, help_text="So many of them.")
    resynced = serializers.IntegerField(source="sent", min_value=0, help_text="Positions that are sent again.")
    left_out = serializers.IntegerField(
        min_value=0, help_text="The position is deleted, or being sent right now, or came before."
    )
    off = serializers.ListField(child=serializers.CharField(), help_text="Connections that are switched off.")
    started_by = serializers.SerializerMethodField(help_text="Who or what asked for it.")
    request_id = Said(help_text="Of the request that asked for it (X-Request-ID).")
    started_at = serializers.DateTimeField(source="asked_at", help_text="When it was asked for.")
    finished_at = serializers.DateTimeField(
        source="done_at", allow_null=True, help_text="When all were looked at. null: a worker is at it."
    )

    @extend_schema_field(serializers.ChoiceField([("working", "working"), ("done", "done")]))
    def get_state(self, batch: Batch) -> str:
        return "working" if batch.done_at is None else "done"

    @extend_schema_field(StartedBySerializer)
    def get_started_by(self, batch: Batch) -> Any:
        return StartedBySerializer({"kind": batch.origin, "name": batch.by}).data


class BatchAnswerSerializer(serializers.Serializer):
    about = "How many jobs match, and what is sent again of them."

    matching = serializers.IntegerField(min_value=0, help_text="Jobs that match.")
    resynced = serializers.IntegerField(
        min_value=0, help_text="Positions that are looked at again: one for each, however many jobs."
    )
    left_out = serializers.IntegerField(min_value=0, help_text="Positions that are deleted, or being sent right now.")
    off = serializers.ListField(
        child=serializers.CharField(), help_text="Connections that are switched off: nothing of them is sent."
    )
    batch = BatchStateSerializer(
        allow_null=True, help_text="Where they are too many for one request: what a worker carries on with."
    )


class DismissalSerializer(StrictSerializer):
    about = "Why a job is closed without sending."

    reason = Text(max_length=160, help_text="Why, for whoever reads the log.")


# -- preview


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


# -- questions


class QuestionSerializer(serializers.Serializer):
    about = "A test or a preview that a worker finds the answer to."

    id = serializers.UUIDField(help_text="Ask `/api/v1/questions/{id}/` with it.")
    kind = serializers.ChoiceField(Question.Kind.choices, help_text="What was asked for.")
    progress = serializers.ChoiceField(
        [(word, word) for word in ("asking", "done", "lost")],
        help_text="`asking`: look again in a second. `done`: the answer is in `check` or `preview`. `lost`: ask anew.",
    )
    message = Said(help_text="How far it is, in words. null: it is done.")
    check = CheckSerializer(allow_null=True, help_text="The answer of a test.")
    preview = PreviewSerializer(allow_null=True, help_text="The answer of a preview.")
