"""The page after an employee's company was changed: what keeps its company, and what goes along."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions import dates
from positions.admin.scoped import ScopedAdmin
from positions.employer import current_and_upcoming, elsewhere, follow
from positions.models import Employee
from positions.origin import Origin, started_by

_LISTED = 60


class EmployerPage:
    """For whoever may change the employee. A stranger's employee is answered like one that is not there."""

    def __init__(self, admin: ScopedAdmin) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        guarded = self.admin.admin_site.admin_view(self.view)
        return [path("<int:pk>/employer/", guarded, name="positions_employee_employer")]

    def after_save(self, request: HttpRequest, employee: Employee, back: HttpResponse) -> HttpResponse:
        """Where to go when the company was changed: to the question, when there is something to ask."""
        if IS_POPUP_VAR in request.POST:
            return back
        stay = elsewhere(employee)
        if stay.filter(current_and_upcoming(employee.organization.today())).exists():
            return HttpResponseRedirect(reverse("admin:positions_employee_employer", args=(employee.pk,)))
        ended = stay.count()
        if ended:
            said = ngettext(
                "{number} ended position keeps its company. New positions have {company}.",
                "{number} ended positions keep their company. New positions have {company}.",
                ended,
            )
            self.admin.message_user(request, said.format(number=ended, company=_named(employee)), messages.INFO)
        return back

    def view(self, request: HttpRequest, pk: int) -> HttpResponse:
        employee = self.admin.to_change(request, pk)
        if not isinstance(employee, Employee):
            return employee
        back = HttpResponseRedirect(reverse("admin:positions_employee_change", args=(employee.pk,)))
        wrong = ""
        if request.method == "POST":
            ticked = set(request.POST.getlist("position"))
            chosen = [pk for pk in elsewhere(employee).values_list("pk", flat=True) if str(pk) in ticked]
            if request.POST.get("company", "") != str(employee.company_id or ""):
                wrong = _("Somebody has changed the employee's company meanwhile. Nothing was changed: look again.")
            elif not chosen:
                wrong = _("Nothing was changed: tick the positions that go along.")
            else:
                return self._moved(request, employee, chosen, back)
        today = employee.organization.today()
        rows = list(elsewhere(employee).select_related("company")[: _LISTED + 1])
        if not rows:
            return back
        request.current_app = self.admin.admin_site.name
        context: dict[str, Any] = {
            **self.admin.admin_site.each_context(request),
            "opts": self.admin.opts,
            "title": _("Company of {name}’s positions").format(name=employee.name),
            "original": employee,
            "employee": employee,
            "company": _named(employee),
            "open": [(row, dates.span(row.start_date, row.end_date)) for row in rows if row.status(today) != "ended"],
            "ended": [(row, dates.span(row.start_date, row.end_date)) for row in rows if row.status(today) == "ended"],
            "wrong": wrong,
        }
        return TemplateResponse(request, "positions/employer.html", context)

    def _moved(
        self, request: HttpRequest, employee: Employee, chosen: list[int], back: HttpResponseRedirect
    ) -> HttpResponse:
        with transaction.atomic(), started_by(Origin("edit", request.user.get_username())):
            moved = follow(employee, chosen)
        if moved:
            titles = ", ".join(f"“{position.title}”" for position in moved)
            said = ngettext("{titles} is with {company} now.", "{titles} are with {company} now.", len(moved))
            self.admin.message_user(request, said.format(titles=titles, company=_named(employee)), messages.SUCCESS)
        return back


def _named(employee: Employee) -> str:
    return employee.company.name if employee.company else _("no company")
