"""The payroll cut-off of a connection, as an admin enters it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.planning.cutoff import After, Calendar, DayAndHour
from synclog.log import cutoff

_NONE, _MONTHLY, _DATES = "none", "monthly", "dates"
_HOURS = [(hour, f"{hour:02d}:00") for hour in range(24)]
_DAYS = [(day, str(day)) for day in range(1, 32)]
_WRITTEN = "%Y-%m-%d %H:%M"


def _day(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=_DAYS, coerce=int)


def _hour(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=_HOURS, coerce=int)


class CutoffForm(forms.Form):
    """Gives `calendar`, None for none."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Cut-off"),
        choices=[
            (_NONE, gettext_lazy("None")),
            (_MONTHLY, gettext_lazy("Every month")),
            (_DATES, gettext_lazy("On these dates")),
        ],
        widget=forms.RadioSelect,
    )
    day = _day(gettext_lazy("Day"))
    hour = _hour(gettext_lazy("Hour"))
    dates = forms.CharField(
        label=gettext_lazy("Dates"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 24, "placeholder": "2026-11-13 12:00\n2026-12-11 12:00"}),
        help_text=gettext_lazy("One a line, each with its hour."),
    )
    opens_day = _day(gettext_lazy("Day"))
    opens_hour = _hour(gettext_lazy("Hour"))
    after = forms.ChoiceField(
        label=gettext_lazy("What is saved after the cut-off"),
        choices=[(one.value, gettext_lazy(words)) for one, words in cutoff.AFTER.items()],
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any, calendar: Calendar | None) -> None:
        shown = calendar or Calendar(monthly=DayAndHour(15, 12))
        monthly = shown.monthly or DayAndHour(15, 12)
        initial = {
            "kind": _NONE if calendar is None else _MONTHLY if calendar.monthly else _DATES,
            "day": monthly.day,
            "hour": monthly.hour,
            "dates": "\n".join(f"{one:{_WRITTEN}}" for one in shown.dates),
            "opens_day": shown.opens.day,
            "opens_hour": shown.opens.hour,
            "after": shown.after.value,
        }
        super().__init__(data, initial=initial)
        self.calendar: Calendar | None = None

    def clean_dates(self) -> tuple[datetime, ...]:
        """Each as it is shown."""
        if self.data.get("kind") != _DATES:
            return ()
        found = set()
        for line in filter(None, map(str.strip, self.cleaned_data["dates"].splitlines())):
            try:  # "2026-11-13 12" will do, too
                found.add(datetime.fromisoformat(line))
            except ValueError:
                wrong = _("“{line}” is not a date with an hour. Write it as 2026-11-13 12:00.")
                raise forms.ValidationError(wrong.format(line=line[:60])) from None
        if any(one.tzinfo for one in found):
            raise forms.ValidationError(_("Leave out the time zone: it is the organization's."))
        return tuple(sorted(found))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if self.errors or given["kind"] == _NONE:
            return given
        monthly = DayAndHour(given["day"], given["hour"]) if given["kind"] == _MONTHLY else None
        opens = DayAndHour(given["opens_day"], given["opens_hour"])
        calendar = Calendar(After(given["after"]), monthly, given["dates"], opens)
        for problem in cutoff.problems(calendar):
            self.add_error("opens_day" if problem.part == "opens" else problem.part, problem.words)
        if not self.errors:
            self.calendar = calendar
        return given
