"""On the page of a position: from when a change of its terms counts, what holds on which day, and how it is taken
back."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminRadioSelectWidget

from positions import dates, periods, terms
from positions.admin.inputs import DayField
from positions.admin.scoped import ScopedAdmin, ScopedForm
from positions.models import Position
from positions.opened import Opened
from positions.origin import Origin, started_by
from positions.term_changes import changes_of, label, other_days, said

FROM_DAY, ALWAYS = "day", "always"
FROM_WHEN = (
    gettext_lazy("From when"),
    {
        "fields": (("counts", "effective_from"),),
        "description": gettext_lazy(
            "Of what is changed above in title, department, cost centre, contract type, occupation code, "
            "remuneration, percentage, hours and scheme. Everything else has no day."
        ),
    },
)


class TermsForm(Opened, ScopedForm):
    counts = forms.ChoiceField(
        label=gettext_lazy("These changes count"),
        choices=[(FROM_DAY, gettext_lazy("From a day")), (ALWAYS, gettext_lazy("It was always so (correction)"))],
        widget=UnfoldAdminRadioSelectWidget,
        required=False,
        help_text=gettext_lazy(
            "A correction replaces what was wrong for as long as it held. What is planned for a later day stays."
        ),
    )
    effective_from = DayField(
        label=gettext_lazy("From the day"),
        required=False,
        help_text=gettext_lazy("Past or to come, within the position."),
    )
    not_stored = ("counts", "effective_from")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["counts"], self.fields["effective_from"]
            return
        prefetch_related_objects([self.instance], "terms__department")  # asked for each field, and by the panel
        start, end = self.instance.start_date, self.instance.end_date
        usual = terms.usual(start, end, self.instance.employee.organization.today())
        counts, day = (FROM_DAY, usual.day) if isinstance(usual, terms.FromDay) else (ALWAYS, end)
        self.initial |= {"counts": counts, "effective_from": day}  # type: ignore[operator]

    def besides(self, name: str) -> str:
        return other_days(self.instance, name) if name in terms.TERMS else ""

    @property
    def _changed_terms(self) -> list[str]:
        return [name for name in terms.TERMS if name in self.changed_data]

    def _post_clean(self) -> None:
        self.counting = self.instance.counting = self._counting()
        super()._post_clean()  # type: ignore[misc]

    def _counting(self) -> terms.Counting | None:
        counts, day = self.cleaned_data.get("counts"), self.cleaned_data.get("effective_from")
        if not self._changed_terms or not counts:
            return None
        if {"counts", "effective_from"}.isdisjoint(self.changed_data):
            start = self.cleaned_data.get("start_date")
            from_start = counts == FROM_DAY and day == self.initial["start_date"] != start
            return terms.FromDay(start) if from_start and start else None  # the first day stays the first when it moves
        if counts == ALWAYS:
            return terms.CORRECTION
        if day is None and "effective_from" not in self.errors:
            self.add_error(
                "effective_from",
                _("Give the day from which the changes count, as in {example}.").format(example=dates.example()),
            )
        return None if day is None else terms.FromDay(day)

    @translation.override(settings.LANGUAGE_CODE)
    def with_days(self, message: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What the history of the page keeps, in English, with the day from which the terms count."""
        how = ""
        if self.counting is not None:
            day = self.counting.day if isinstance(self.counting, terms.FromDay) else None
            how = " (correction)" if day is None else f" from {dates.show(day)}"
        names = [name for name in self.changed_data if name not in self.not_stored]
        told = [f"{self.fields[name].label}{how if name in terms.TERMS else ''}" for name in names]
        return [{"changed": {"fields": told}} if "changed" in one else one for one in message if told or "added" in one]

    def overtaken(self) -> list[str]:
        """Where something else than was typed holds later, since it was said before: a sentence each."""
        position: Position = self.instance
        day = periods.nearest(position.employee.organization.today(), position.start_date, position.end_date)
        if isinstance(self.counting, terms.FromDay):
            day = self.counting.day
        found = []
        for name in self._changed_terms if "counts" in self.fields else []:
            later = (row for row in position.by_day if row.since > day)
            row = next((row for row in later if getattr(row, name) != self.cleaned_data[name]), None)
            if row is not None:
                since, value = dates.show(row.since), said(row, name)
                told = _("From {since} {field} is {value}, as it was said before: see Terms by day.")
                found.append(told.format(since=since, field=label(name), value=value))
        return found


class TermsPages:
    """For whoever may change the position. A stranger's position is answered like one that is not there."""

    def __init__(self, admin: ScopedAdmin) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        guarded = self.admin.admin_site.admin_view(self.withdraw)
        return [path("<int:pk>/terms/<str:day>/withdraw/", guarded, name="positions_position_withdraw")]

    def panel(self, request: HttpRequest, position: Position) -> str:
        changes = changes_of(position, position.employee.organization.today())
        if not changes:
            return ""
        may_edit = self.admin.has_change_permission(request, position)
        given = {
            "position": position,
            "changes": changes,
            "status": position.status(position.employee.organization.today()),
            "may_edit": may_edit,
        }
        return render_to_string("positions/terms.html", given, request)

    def withdraw(self, request: HttpRequest, pk: int, day: str) -> HttpResponse:
        whole = transaction.atomic() if request.method == "POST" else nullcontext()  # a look waits for nobody
        with whole, started_by(Origin("edit", request.user.get_username())):
            position = self.admin.to_change(request, pk)
            if not isinstance(position, Position):
                return position
            back = reverse("admin:positions_position_change", args=(position.pk,))
            changes = changes_of(position, position.employee.organization.today())
            change = next((one for one in changes if str(one.since) == day and not one.first), None)
            if change is None:
                self.admin.message_user(request, _("Nothing changes on that day any more."), messages.WARNING)
                return HttpResponseRedirect(back)
            if request.method == "POST":
                position.counting = terms.Withdrawal(change.since)
                position.save()
                self.admin.log_change(request, position, lambda: f"Withdrew the change from {change.day}.")
                self.admin.message_user(
                    request, _("The change from {day} is withdrawn.").format(day=change.day), messages.SUCCESS
                )
                for sentence in self.admin.save_notes(request, position):
                    self.admin.message_user(request, sentence, messages.WARNING)
                return HttpResponseRedirect(back)
        request.current_app = self.admin.admin_site.name
        context: dict[str, Any] = {
            **self.admin.admin_site.each_context(request),
            "opts": self.admin.opts,
            "title": _("Withdraw the change from {day}").format(day=change.day),
            "original": position,
            "position": position,
            "change": change,
            "back": f"{back}#terms",
        }
        return TemplateResponse(request, "positions/withdraw.html", context)
