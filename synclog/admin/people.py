"""*People*: who is who in the connected systems, and who is nobody there and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from integrations.models import EmployeeLink
from integrations.sdk.identity import Mark
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions import roles
from positions.admin.employee import EmployeeAdmin
from positions.admin.returning import back
from positions.admin.scoped import ScopedAdmin
from positions.models import Employee
from positions.models.words import matching
from synclog.admin.job.filters import EmployeeFilter
from synclog.admin.job.listing import JobPages
from synclog.admin.worst import WorstFilter, worst_cell
from synclog.engine import matches
from synclog.log import people
from synclog.log.causes import cause_title
from synclog.log.worst import connections_of, worst_of

LIGHT = ("integration__credentials", "integration__vault")
CAUSES = (
    "employee_not_found", "employee_not_unique", "not_the_same_person", "marks_disagree", "already_matched",
    "match_released", "match_stopped",
)  # fmt: skip

ACTIONS: dict[str, tuple[Callable[[EmployeeLink, str], EmployeeLink], str]] = {
    "confirm": (
        matches.confirm,
        gettext_noop("Confirmed: the record is this employee's. What failed goes out now."),
    ),
    "release": (
        matches.release,
        gettext_noop("Released: nothing is written there until somebody matches anew or confirms."),
    ),
    "anew": (
        matches.match_anew,
        gettext_noop("It is looked for anew. What failed and what was sent so far is looked at now."),
    ),
}


class WhyFilter(DropdownFilter):
    title = gettext_lazy("why not matched")
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, cause_title(code)) for code in CAUSES]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(cause=self.value()) if self.value() else queryset


PERSON = gettext_noop("a person")


class MatchedByFilter(DropdownFilter):
    title = gettext_lazy("matched by")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((mark, say(mark)) for mark in Mark), (PERSON, say(PERSON))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == PERSON:
            return queryset.exclude(confirmed_at=None)
        return queryset.filter(matched_by=self.value()) if self.value() else queryset


class PersonFilter(EmployeeFilter):
    def said(self) -> str:
        return ""


@admin.register(EmployeeLink)
class PeopleAdmin(ScopedAdmin):
    """Everybody of the organization may look; admins confirm, release and match anew."""

    organization_path = "integration__organization"
    needs = {"add": None, "change": "administer", "delete": None}
    list_display = ("employee_shown", "record_shown", "state_shown", "why_shown")
    list_display_links = ("employee_shown",)
    list_filter = ("integration", ("state", ChoicesDropdownFilter), WhyFilter, MatchedByFilter, PersonFilter)
    search_fields = ("remote_id",)
    search_help_text = gettext_lazy("Employee (name, number, e-mail) or record there")
    ordering = ("-matched_at", "-pk")
    sortable_by = ()
    paginator = JobPages
    list_disable_select_all = True
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/synclog/people/list.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("integration__organization").defer(*LIGHT)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By the employee's words, or by the record there."""
        words = search_term.strip()
        if not words:
            return queryset, False
        return queryset.filter(Q(remote_id=words[:200]) | matching(words, self.visible(request), "employee_key")), False

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.list_display  # whose it is stands with the connection

    def get_urls(self) -> list[URLPattern]:
        def at(action: str) -> URLPattern:
            view = self.admin_site.admin_view(self._view(action))
            return path(f"<int:pk>/{action}/", view, name=f"integrations_employeelink_{action}")

        return [*(at(action) for action in ACTIONS), *super().get_urls()]

    # -- columns

    @admin.display(description=gettext_lazy("employee"))
    def employee_shown(self, link: EmployeeLink) -> SafeString:
        match: people.Match = link.shown  # type: ignore[attr-defined]
        if match.employee is None:
            return _cell(_("Deleted here"), _("Was employee {number}").format(number=link.employee_key))
        return _cell(match.employee.name, match.employee.number)

    @admin.display(description=gettext_lazy("record there"))
    def record_shown(self, link: EmployeeLink) -> SafeString:
        return _cell(link.remote_id or pgettext("record", "None"), link.integration.name)

    @admin.display(description=gettext_lazy("match"))
    def state_shown(self, link: EmployeeLink) -> SafeString:
        match: people.Match = link.shown  # type: ignore[attr-defined]
        return format_html(
            '<div class="sy sy-cell"><span class="sy-mark sy-{}"><span class="material-symbols-outlined" '
            'aria-hidden="true">{}</span>{}</span><span class="sy-quiet">{}</span></div>',
            match.mark.tone,
            match.mark.glyph,
            match.mark.word,
            match.how,
        )

    @admin.display(description=gettext_lazy("why, and what to do"))
    def why_shown(self, link: EmployeeLink) -> SafeString:
        match: people.Match = link.shown  # type: ignore[attr-defined]
        buttons: SafeString | str = ""
        if link.may_act:  # type: ignore[attr-defined]
            here = urlencode({"next": link.listed_at})  # type: ignore[attr-defined]
            buttons = format_html_join(
                "",
                '<button type="submit" class="sy-link" formaction="{}?{}">{}</button>',
                (
                    (reverse(f"admin:integrations_employeelink_{action}", args=[link.pk]), here, label)
                    for action, label in match.actions
                ),
            )
        return format_html(
            '<div class="sy sy-cell sy-wide"><span class="sy-first">{}</span><span class="sy-quiet">{}</span>'
            '<span class="sy-acts">{}</span></div>',
            match.title,
            match.why,
            buttons,
        )

    # -- the list

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        cl = getattr(response, "context_data", None) and response.context_data.get("cl")  # type: ignore[attr-defined]
        if cl is None:
            return response
        cl.result_list = list(cl.result_list)
        for match in people.matches(cl.result_list):
            match.link.shown = match  # type: ignore[attr-defined]
            match.link.may_act = self.has_change_permission(request, match.link)  # type: ignore[attr-defined]
            match.link.listed_at = request.get_full_path()  # type: ignore[attr-defined]
        cl.full_result_count = cl.result_count
        response.context_data |= {"title": _("People"), "subtitle": None}  # type: ignore[attr-defined]
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A match has no page of its own: it is a row of the list, and of the employee's page."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        link = self.get_object(request, object_id)
        if link is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, link):
            raise PermissionDenied
        if Employee.objects.filter(pk=link.employee_key).exists():
            return HttpResponseRedirect(
                reverse("admin:positions_employee_change", args=[link.employee_key]) + "#people"
            )
        return HttpResponseRedirect(f"{reverse(LIST)}?employee={link.employee_key}")

    def _view(self, action: str) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            link = self.get_object(request, str(pk))
            if link is None:
                return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
            if not self.has_change_permission(request, link):
                raise PermissionDenied
            act, done = ACTIONS[action]
            try:
                act(link, request.user.get_username())
            except matches.NotPossibleError as reason:
                self.message_user(request, str(reason), messages.WARNING)
            else:
                self.message_user(request, say(done), messages.SUCCESS)
            return HttpResponseRedirect(back(request, reverse(LIST)))

        return view


LIST = "admin:integrations_employeelink_changelist"


def _cell(first: SafeString | str, second: SafeString | str) -> SafeString:
    return format_html(
        '<div class="sy sy-cell"><span class="sy-first">{}</span><span class="sy-quiet">{}</span></div>', first, second
    )


def employee_panel(request: HttpRequest, employee: Employee) -> str:
    """The same on the employee's page."""
    links = (
        EmployeeLink.objects.filter(employee_key=employee.pk, integration__organization=employee.organization_id)
        .select_related("integration__organization")
        .defer(*LIGHT)
        .order_by("integration__name")
    )
    rows = people.matches(links)
    if not rows:
        return ""
    return render_to_string(
        "admin/synclog/people/panel.html",
        {
            "rows": [
                (
                    match,
                    [
                        (reverse(f"admin:integrations_employeelink_{action}", args=[match.link.pk]), label)
                        for action, label in match.actions
                    ],
                )
                for match in rows
            ],
            "may_act": roles.can(request.user, employee.organization_id, "administer"),
            "all": f"{reverse(LIST)}?employee={employee.pk}",
            "here": back(request, request.get_full_path()),
        },
        request,
    )


admin.site.unregister(Employee)


@admin.register(Employee)
class SyncedEmployeeAdmin(EmployeeAdmin):
    """In place of the pages of an HR side that sends nothing."""

    list_display = ("name_shown", "sync_shown", *EmployeeAdmin.list_display[1:])  # type: ignore[assignment]
    list_filter = (WorstFilter, *EmployeeAdmin.list_filter)  # type: ignore[assignment]

    @admin.display(description=gettext_lazy("sync"))
    def sync_shown(self, employee: Any) -> SafeString:
        return worst_cell(employee, employee.worst)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        states = worst_of(found.result_list, connections_of({row.organization_id for row in found.result_list}))
        for row in found.result_list:
            row.worst = states.get(row.pk)
        return found

    def panels(self, request: HttpRequest, employee: Employee) -> list[str]:
        return [*super().panels(request, employee), employee_panel(request, employee)]
