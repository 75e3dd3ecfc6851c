"""*End employment*: ends all open positions of an employee on one day, with one reason."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSelectWidget

from positions import dates, once
from positions.admin.inputs import DayField
from positions.admin.scoped import ScopedAdmin
from positions.endings import Ending, end, ending
from positions.models import Employee, EndReason, Position
from positions.origin import Origin, started_by


class EndForm(forms.Form):
    last_day = DayField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("The last day of the employment. Past or to come."),
    )
    end_reason = forms.ChoiceField(
        label=gettext_lazy("End reason"), choices=[("", "---------"), *EndReason.choices],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    notice_date = DayField(
        label=gettext_lazy("Notice date"),
        required=False,
        help_text=gettext_lazy("The day on which notice was given."),
    )

    def __init__(self, employee: Employee, *args: Any, lock: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.employee = employee
        self.day: date | None = None  # that was typed, whether or not anything ends on it
        self.lock = lock

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        if wrong := dates.odd_year(day):
            raise forms.ValidationError(wrong)
        self.day = day
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        notice = cleaned.get("notice_date")
        if wrong := notice and (dates.odd_year(notice) or dates.late_notice(notice, cleaned.get("last_day"))):
            self.add_error("notice_date", wrong)
        if "last_day" in cleaned:
            self.found = ending(self.employee, cleaned["last_day"], lock=self.lock)
            if not self.found.ended:
                self.add_error("last_day", _("No position is open on that day."))
            elif self.data.get("opened", "") != self.found.mark:
                self.add_error(
                    None,
                    _("Somebody has changed a position meanwhile. Nothing was saved yet: look below, then end again."),
                )
        return cleaned


class EndEmploymentPage:
    """For whoever may change the employee. A stranger's employee is answered like one that is not there."""

    def __init__(self, admin: ScopedAdmin) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        guarded = self.admin.admin_site.admin_view(self.view)
        return [path("<int:pk>/end/", guarded, name="positions_employee_end")]

    def view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method == "POST":
            answer = partial(self._answer, request, pk)
            return once.once(request, answer, lambda key, same: self._back(int(key)))
        return self._answer(request, pk)

    def _answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        posted = request.method == "POST"
        whole = transaction.atomic() if posted else nullcontext()  # a look waits for nobody
        with whole, started_by(Origin("edit", request.user.get_username())):
            employee = self.admin.to_change(request, pk)
            if not isinstance(employee, Employee):
                return employee
            form = EndForm(
                employee,
                request.POST if posted else None,
                initial={"last_day": _asked(request) or employee.organization.today()},
                lock=posted,
            )
            if posted and form.is_valid():
                self._end(request, employee, form)
                return self._back(employee.pk)
        return self._page(request, employee, form)

    def _end(self, request: HttpRequest, employee: Employee, form: EndForm) -> None:
        typed, found = form.cleaned_data, form.found
        end(found.ended, typed["last_day"], typed["end_reason"], typed["notice_date"])
        once.made(request, employee.pk)
        said = partial(_ended, len(found.ended), typed["last_day"])
        self.admin.log_change(request, employee, said)
        self.admin.message_user(request, said(), messages.SUCCESS)
        if found.later:
            titles = ", ".join(f"“{position.title}”" for position in found.later)
            stays = _("%(titles)s: begins after that day and stays. Delete it if it is not to begin.")
            self.admin.message_user(request, stays % {"titles": titles}, messages.WARNING)

    def _back(self, pk: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:positions_employee_change", args=(pk,)))

    def _page(self, request: HttpRequest, employee: Employee, form: EndForm) -> HttpResponse:
        day = form.day if form.is_bound else form.initial["last_day"]
        found = ending(employee, day or employee.organization.today())
        request.current_app = self.admin.admin_site.name
        context: dict[str, Any] = {
            **self.admin.admin_site.each_context(request),
            "opts": self.admin.opts,
            "title": _("End employment: %(name)s") % {"name": employee.name},
            "original": employee,
            "employee": employee,
            "form": form,
            "media": self.admin.media + form.media,
            "once_field": once.field(request),
            "opened": found.mark,
            "rows": _rows(found, day),
        }
        return TemplateResponse(request, "positions/end_employment.html", context)


def _ended(number: int, day: date) -> str:
    said = ngettext("%(number)s position ends on %(day)s.", "%(number)s positions end on %(day)s.", number)
    return said % {"number": number, "day": dates.show(day)}


def _asked(request: HttpRequest) -> date | None:
    field = EndForm.base_fields["last_day"]
    try:
        day: date | None = field.clean(request.GET.get("last_day", ""))
    except forms.ValidationError:
        return None
    return None if day is None or dates.odd_year(day) else day


def _rows(found: Ending, day: date | None) -> list[tuple[Position, str, str]]:
    """Each position with its period now and what becomes of it."""
    ends = _("ends on %(day)s") % {"day": dates.show(day)} if day else _("is open")
    said = {
        **{row.pk: ends for row in found.ended},
        **{row.pk: _("begins later, and stays") for row in found.later},
        **{row.pk: _("ends by then in any case") for row in found.before},
    }
    return [(row, dates.span(row.start_date, row.end_date), said[row.pk]) for row in found.every]
