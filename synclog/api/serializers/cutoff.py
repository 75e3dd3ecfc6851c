"""The payroll cut-off of a connection, answered and asked for (docs/cutoff.md)."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty

from integrations.models import Integration
from integrations.planning.cutoff import After, Calendar, DayAndHour
from positions.api.fields import Choice, StrictSerializer
from synclog.log import cutoff

_WALL = r"^\d{4}-\d{2}-\d{2}T\d{2}:00$"
_AFTER = [(after.value, after.name) for after in After]


@extend_schema_field({"type": "string", "pattern": _WALL})
class WallClock(serializers.Field):
    """A day and an hour by the clock of the organization: 2026-11-13T12:00."""

    def to_internal_value(self, data: Any) -> datetime:
        if isinstance(data, str) and re.fullmatch(_WALL, data, re.ASCII):
            try:
                return datetime.fromisoformat(data)
            except ValueError:
                pass
        wrong = _("“{value}” is not a date with a full hour. Write it as 2026-11-13T12:00.")
        raise ValidationError(wrong.format(value=str(data)[:40]), "invalid")

    def to_representation(self, value: datetime) -> str:
        return value.isoformat(timespec="minutes")


class Whole(serializers.IntegerField):
    """A whole number, and nothing that could be read as one."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise ValidationError(_("Write a whole number, without quotes."), "invalid")
        return super().to_internal_value(data)


class DayAndHourSerializer(StrictSerializer):
    about = "A day of every month (the last one where a month is too short) and an hour, by the organization's clock."

    day = Whole(min_value=1, max_value=31, help_text="Of the month.")
    hour = Whole(min_value=0, max_value=23, help_text="Of the day.")


class CutoffSerializer(serializers.Serializer):
    about = "When the payroll period of a connection closes and opens, and what becomes of what is saved in between."

    after = serializers.ChoiceField(_AFTER, help_text="What is saved after it is sent, sent and tagged, or held.")
    monthly = DayAndHourSerializer(allow_null=True, help_text="The cut-off of every month. null: `dates` says when.")
    dates = serializers.ListField(child=WallClock(), help_text="The cut-offs, unless there is a monthly one.")
    opens = DayAndHourSerializer(help_text="The period opens at the first such moment after the cut-off.")
    last_at = serializers.DateTimeField(allow_null=True, help_text="The last cut-off. null: there was none yet.")
    next_at = serializers.DateTimeField(allow_null=True, help_text="The next cut-off. null: none is named.")
    next_opens_at = serializers.DateTimeField(allow_null=True, help_text="When the period opens after that one.")
    closed_until = serializers.DateTimeField(
        allow_null=True, help_text="It is after the cut-off now, until then. null: the period is open."
    )


class CutoffChangeSerializer(StrictSerializer):
    about = "A payroll cut-off: `monthly` or `dates`, and what becomes of what is saved between it and the opening."

    after = Choice(_AFTER, help_text="What is saved after it is sent, sent and tagged, or held.")
    monthly = DayAndHourSerializer(
        required=False, allow_null=True, default=None, help_text="The cut-off of every month. null: `dates` says when."
    )
    dates = serializers.ListField(
        child=WallClock(),
        required=False,
        default=list,
        max_length=cutoff.MOST_DATES,
        help_text="The cut-offs, unless there is a monthly one.",
    )
    opens = DayAndHourSerializer(
        required=False,
        default=lambda: {"day": 1, "hour": 0},
        help_text="The period opens at the first such moment after the cut-off: left out, the first of the next month.",
    )

    @property
    def also_answered(self) -> Collection[str]:
        return CutoffSerializer().fields.keys()

    def run_validation(self, data: Any = empty) -> Any:
        """All of it is given, also where the rest of the connection may be left out."""
        if self.parent is None or data is None or data is empty:
            return super().run_validation(data)
        return type(self)().run_validation(data)

    def validate(self, given: dict[str, Any]) -> Any:
        if given["monthly"] is not None and given["dates"]:
            words = _("Send either a monthly cut-off or dates, not both.")
            raise ValidationError({"dates": [ErrorDetail(words, "not_both")]})
        monthly = DayAndHour(**given["monthly"]) if given["monthly"] is not None else None
        dates = tuple(sorted(set(given["dates"])))
        calendar = Calendar(After(given["after"]), monthly, dates, DayAndHour(**given["opens"]))
        found = cutoff.problems(calendar)
        if found:
            raise ValidationError({one.part: [ErrorDetail(one.words, one.code)] for one in reversed(found)})
        return calendar


def cutoff_of(integration: Integration) -> Any:
    """None where it has none."""
    calendar = integration.calendar
    if calendar is None:
        return None
    times = cutoff.times_of(calendar, integration.organization.zone)
    kept = {
        "after": calendar.after.value,
        "monthly": calendar.monthly,
        "dates": calendar.dates,
        "opens": calendar.opens,
        "last_at": times.last,
        "next_at": times.next,
        "next_opens_at": times.next_opens,
        "closed_until": times.closed_until,
    }
    return CutoffSerializer(kept).data
