"""Systems, and connections with their health, switches and gaps."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.engine import Start
from integrations.models import Integration
from positions.api.fields import AnswerId, Choice, Said, StrictSerializer, Switch
from positions.models import Position
from synclog.api.serializers.cutoff import CutoffChangeSerializer, CutoffSerializer, cutoff_of
from synclog.log.health import Health, HealthState


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
    format = Said(help_text="What it is there.")
    limits = Said(help_text="What the system takes of it, in words.")
    example = Said(help_text="A value as it is sent.")
    when_wrong = serializers.ListField(
        child=serializers.CharField(), help_text="What happens when it is missing or not acceptable."
    )
    notes = serializers.ListField(child=serializers.CharField(), help_text="What else is worth knowing.")


class HealthSerializer(serializers.Serializer):
    about = "How a connection is, in a word, and how many positions are how."

    state = serializers.ChoiceField(
        [str(state) for state in HealthState],
        help_text="How it is, as a code. `warnings`: a person is needed. `retrying`: the system is down, and is tried "
        "again by itself. `ready`: nothing has been sent yet. `no_worker`: nobody does what waits.",
    )
    word = serializers.CharField(help_text="The same as a word of the reader's language.")
    detail = Said(help_text="Why, in a sentence.")
    in_sync = serializers.IntegerField(
        source="counts.in_sync",
        min_value=0,
        help_text="Sent, and everything that is sent is as it was written or read.",
    )
    waiting = serializers.IntegerField(source="counts.waiting", min_value=0, help_text="On their way.")
    held = serializers.IntegerField(
        source="counts.held", min_value=0, help_text="Of those on their way: held by the payroll cut-off."
    )
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
    about = "A connection of the organization to one system. Its keys and settings are never shown."

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
    cutoff = serializers.SerializerMethodField(help_text="Its payroll cut-off. null: it has none.")
    health = serializers.SerializerMethodField(help_text="How it is.")

    @extend_schema_field(CutoffSerializer(allow_null=True))
    def get_cutoff(self, integration: Integration) -> Any:
        return cutoff_of(integration)

    @extend_schema_field(serializers.ListField(child=AnswerId()))
    def get_companies(self, integration: Integration) -> list[int]:
        return sorted(company.pk for company in integration.companies.all())

    @extend_schema_field(HealthSerializer)
    def get_health(self, integration: Integration) -> Any:
        health: Health = self.context["health"][integration.pk]
        return HealthSerializer(health).data


STARTS = [(start.value, start.value) for start in Start]


class SwitchesSerializer(StrictSerializer):
    about = (
        "Switches of a connection, and its payroll cut-off. What is left out stays; what is only answered is ignored."
    )

    send_positions = Switch(
        help_text="true: changes from now on are sent, and what `start` says. false: nothing is recorded, and what is "
        "not sent yet never is: as many as `waiting` and `needs_you` of `health` say. What is being sent right now may "
        "still arrive."
    )
    start = Choice(
        STARTS,
        help_text="With `send_positions`: true, of a connection that is off: what is sent at once of what is here "
        "already. `changes`, or left out: nothing. `current`: current and upcoming positions. `all`: also those that "
        "are over. It is sent at once although a payroll cut-off holds what is saved now. What each would send: "
        "`previews/`.",
    )
    delete_positions = Switch(help_text="Whether what is deleted here is deleted there.")
    move_periods = Switch(
        help_text="Whether a changed start date moves the existing period there, where the system can."
    )
    paused = Switch(
        help_text="true: changes are recorded and wait, with those that wait already. false: what waits goes out, also "
        "where it was stopped; what needs a person stays, and what waits for its day goes out then."
    )
    stopped = Switch(help_text="false: a connection that its system refused is tried again. Only the system stops one.")
    cutoff = CutoffChangeSerializer(
        allow_null=True,
        required=False,
        help_text="Its payroll cut-off, all of it. null: none, and what is held goes out.",
    )

    @property
    def also_answered(self) -> Collection[str]:
        return IntegrationSerializer().fields.keys()


class GapSerializer(serializers.Serializer):
    about = "What keeps positions from being sent, and how many."

    field = serializers.CharField(help_text="Our name of the field that they lack, or whose value has no counterpart.")
    values = serializers.ListField(
        source="codes", child=serializers.CharField(), allow_null=True,
        help_text="The values without a counterpart. null: the field is empty.",
    )  # fmt: skip
    setting = Said(help_text="The setting of the connection that mends it. null: the positions need a value.")
    message = serializers.CharField(source="sentence", help_text="The same in words.")
    positions = serializers.IntegerField(min_value=1, help_text="How many it keeps back today.")


class GapsSerializer(serializers.Serializer):
    about = "What keeps positions of today from being sent, before anything is asked of the system."

    missing_settings = serializers.ListField(
        child=serializers.CharField(),
        help_text="Keys and settings without a value, as they are labelled: until they have one, nothing is sent.",
    )
    gaps = GapSerializer(many=True, help_text="What keeps some positions back. Which ones: `gaps/positions/`.")


class KeptBackSerializer(serializers.Serializer):
    about = "A position that would not be sent."

    position = AnswerId(source="pk", help_text="Id of the position.")
    employee = AnswerId(source="employee_id", help_text="Id of its employee.")
    employee_number = serializers.CharField(source="employee.number", help_text="The employee's number.")
    title = serializers.CharField(help_text="The position's.")
    start_date = serializers.DateField(help_text="The position's.")
    fields_lacking = serializers.SerializerMethodField(
        help_text="Our names of the fields to be mended, here or by a setting."
    )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_fields_lacking(self, position: Position) -> list[str]:
        found = [gap.field for n, gap in enumerate(self.context["gaps"]) if getattr(position, f"gap{n}")]
        return list(dict.fromkeys(found))
