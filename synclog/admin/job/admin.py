"""The error log: its list, and the addresses of all pages that belong to it."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.admin.scoped import ScopedAdmin, as_key
from positions.folding import sought
from positions.models.words import matching
from synclog.admin.connection_positions import PositionPages
from synclog.admin.cutoff import CutoffPages
from synclog.admin.differences import DifferencePages
from synclog.admin.forecasts import ForecastPages
from synclog.admin.job.acts import ActPages, ask_to_dismiss, dismiss, tell_of_resync
from synclog.admin.job.columns import JobColumns
from synclog.admin.job.empty import empty_of
from synclog.admin.job.filters import (
    ActionFilter,
    ActiveOnFilter,
    CauseFilter,
    CutoffFilter,
    EmployeeFilter,
    FieldFilter,
    PositionFilter,
    RequestFilter,
    SinceFilter,
    StatusFilter,
    UntilFilter,
)
from synclog.admin.job.listing import JobList, JobPages
from synclog.admin.job.matching import MatchingPages
from synclog.admin.job.previews import PreviewPages
from synclog.admin.job.remedies import Remedies
from synclog.admin.job.resyncs import ResyncPages
from synclog.log import bulk_actions
from synclog.models import Job, JobQuerySet

# Decrypting the keys of a connection for each row of a list would be slow, and no list needs them.
LIGHT = ("integration__credentials", "integration__vault")


@admin.register(Job)
class JobAdmin(JobColumns, ScopedAdmin):
    """The error log. Nobody writes jobs by hand; editors and admins re-sync and dismiss them."""

    needs = {"add": None, "change": "edit", "delete": None}
    list_display = (
        "time_shown",
        "employee_shown",
        "position_shown",
        "integration_shown",
        "status_shown",
        "cause_shown",
    )
    list_display_links = ("time_shown",)
    list_select_related = ("integration__organization",)
    list_filter = (
        "integration",
        ("state", StatusFilter),
        CauseFilter,
        ("action", ActionFilter),
        EmployeeFilter,
        ActiveOnFilter,
        SinceFilter,
        UntilFilter,
        PositionFilter,
        FieldFilter,
        RequestFilter,
        CutoffFilter,
    )
    search_fields = ("employee_name", "employee_number", "title")  # as written; see get_search_results
    search_help_text = gettext_lazy("Employee or position")
    ordering = ("-changed_at", "-pk")
    sortable_by = ()
    paginator = JobPages
    list_disable_select_all = True
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/synclog/job/list.html"
    actions = ("resync_selected", "dismiss_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("integration__organization").defer(*LIGHT)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        """Entries of whoever is found by the words, whatever their case and accents; and those in which they stand as
        they are written, for positions and for people who are not here any more."""
        narrowed, _ = super().get_search_results(request, queryset, "")
        for word in sought(search_term):
            written = (Q(**{f"{name}__icontains": word}) for name in self.search_fields)
            person = matching(word, self.visible(request), "employee_key")
            narrowed = narrowed.filter(reduce(or_, written, person))
        return narrowed, False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return JobList

    def get_urls(self) -> list[URLPattern]:
        pages = (
            MatchingPages, ResyncPages, ActPages, PreviewPages, PositionPages, DifferencePages, ForecastPages,
            CutoffPages,
        )  # fmt: skip
        return [*(url for each in pages for url in each(self).urls()), *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> Any:
        # Whose it is stands with the integration where several are shown: no column more would fit beside these.
        return self.list_display

    # -- the list

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        cl = getattr(response, "context_data", None) and response.context_data.get("cl")  # type: ignore[attr-defined]
        if not isinstance(cl, JobList):
            return response
        cl.result_list = list(cl.result_list)
        remedies = Remedies(request.user, cl.result_list)
        several = len({job.integration.organization_id for job in cl.result_list}) > 1
        for job in cl.result_list:
            job.main = remedies.main(job)
            job.may_act = self.has_change_permission(request, job)
            job.listed_at = request.get_full_path()
            job.several = several
        empty = None if cl.result_count else empty_of(cl, self.visible(request))
        # The page's head says what it is, and its tabs how many there are.
        cl.full_result_count = cl.result_count
        response.context_data |= {  # type: ignore[attr-defined]
            "title": _("Error log"),
            "subtitle": None,
            "may_act": self.has_change_permission(request),
            "empty": empty,
            "good": empty is not None and empty.good,
        }
        return response

    @admin.action(description=gettext_lazy("Re-sync selected"), permissions=["change"])
    def resync_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        tell_of_resync(request, bulk_actions.resync(queryset, request.user.get_username()))

    @admin.action(description=gettext_lazy("Dismiss selected…"), permissions=["change"])
    def dismiss_selected(self, request: HttpRequest, queryset: JobQuerySet) -> HttpResponse | None:
        if "reason" in request.POST:
            dismiss(request, queryset)
            return None
        jobs = list(queryset.open().exclude(state=Job.State.RUNNING)[: self.list_per_page])
        if not jobs:
            messages.warning(request, _("None of these is open: there is nothing to dismiss."))
            return None
        return ask_to_dismiss(request, jobs, action="dismiss_selected")

    # -- one job

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        return ActPages(self).entry_view(request, pk=as_key(object_id) or 0)
