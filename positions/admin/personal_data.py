"""The two pages behind the employee's page: everything that is held of the person, as a file; and its erasure."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from positions import roles
from positions.admin.scoped import ScopedAdmin
from positions.audit import actor
from positions.models import Employee
from positions.privacy import personal_data


class PersonalDataPages:
    """For the admins of the employee's organization. A stranger's employee is answered like one that is not there."""

    def __init__(self, admin: ScopedAdmin) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        def at(suffix: str, view: Any) -> URLPattern:
            guarded = self.admin.admin_site.admin_view(view)
            return path(f"<int:pk>/{suffix}/", guarded, name=f"positions_employee_{suffix}")

        return [at("export", self.export_view), at("erase", self.erase_view)]

    @staticmethod
    def may(request: HttpRequest, employee: Employee) -> bool:
        return roles.can(request.user, employee.organization_id, "administer")

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
        """By POST: it is noted in the audit trail."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        employee = self._administered(request, pk)
        if not isinstance(employee, Employee):
            return employee
        subject = personal_data.find(employee.organization, employee.number)
        personal_data.note_export(subject, *actor())
        response = StreamingHttpResponse(personal_data.export(subject), content_type="application/json; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="employee-{employee.pk}.json"'
        response["Cache-Control"] = "no-store"
        return response

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        employee = self._administered(request, pk)
        if not isinstance(employee, Employee):
            return employee
        subject = personal_data.find(employee.organization, employee.number)
        wrong = ""
        if request.method == "POST":
            if request.POST.get("number", "").strip() == employee.number:
                try:
                    erased = personal_data.erase(subject, *actor())
                except personal_data.NotNow as error:
                    wrong = str(error)
                else:
                    said = _("Everything that was held of this person is erased. Nothing was sent to any other system.")
                    self.admin.message_user(request, said, messages.SUCCESS)
                    if erased.left:
                        self.admin.message_user(request, erased.left, messages.WARNING)
                    return HttpResponseRedirect(reverse("admin:positions_employee_changelist"))
            else:
                wrong = _("Nothing was erased: that is not the employee number of {name}.").format(name=employee.name)
        request.current_app = self.admin.admin_site.name
        context = {
            **self.admin.admin_site.each_context(request),
            "opts": self.admin.opts,
            "title": _("Erase {name}").format(name=employee.name),
            "original": employee,
            "employee": employee,
            "counts": personal_data.counts(subject),
            "limits": personal_data.limits_of(subject),
            "wrong": wrong,
        }
        return TemplateResponse(request, "positions/erase.html", context)

    def _administered(self, request: HttpRequest, pk: int) -> Employee | HttpResponse:
        employee = self.admin.get_object(request, str(pk))
        if employee is None:
            return self.admin._get_obj_does_not_exist_redirect(request, self.admin.opts, str(pk))
        if not self.may(request, employee):
            raise PermissionDenied
        assert isinstance(employee, Employee)
        return employee
