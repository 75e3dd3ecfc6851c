"""What is done with all entries that the list is narrowed to: sent again, told by cause, exported."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _

from integrations.models import Integration
from positions import roles, spreadsheets
from positions.tracing import request_id
from synclog.admin.job import export, resyncs
from synclog.admin.job.acts import tell_of_resync
from synclog.admin.job.empty import empty_of
from synclog.admin.job.listing import JobList
from synclog.admin.log_pages import LogPages, rendered
from synclog.admin.needs import GROUPS, of_causes
from synclog.log import batches, bulk_actions, figures
from synclog.log.groups import groups_of
from synclog.models import Batch


class MatchingPages(LogPages):
    def urls(self) -> list[URLPattern]:
        return [
            self._at("export.csv", self.export_view, "export"),
            self._at("by-cause/", self.by_cause_view, "by_cause"),
            self._at("resync/", self.resync_all_view, "resync_all"),
        ]

    def _matching(self, request: HttpRequest) -> JobList | HttpResponse:
        """The list that the address describes, or the way back to a list when it describes none."""
        if not self._log.has_view_permission(request):
            raise PermissionDenied
        try:
            found: JobList = self._log.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{reverse('admin:synclog_job_changelist')}?{ERROR_FLAG}=1")
        return found

    def resync_all_view(self, request: HttpRequest) -> HttpResponse:
        """Counts first; sends on POST."""
        cl = self._matching(request)
        if not isinstance(cl, JobList):
            return cl
        if not self._log.has_change_permission(request):
            raise PermissionDenied
        jobs = self._log.limited(cl.queryset, roles.organization_ids(request.user, "edit"))
        log = reverse("admin:synclog_job_changelist") + cl.address
        if request.method == "POST":
            organization = roles.only_organization(request.user)
            try:
                done = bulk_actions.ask(jobs, request.user.get_username(), organization)
            except batches.TooManyError as error:
                messages.warning(request, str(error))
                return HttpResponseRedirect(log)
            tell_of_resync(request, done)
            if isinstance(done, Batch):
                return HttpResponseRedirect(resyncs.address(request_id.get(), done))
            return HttpResponseRedirect(resyncs.address(request_id.get()) if done.sent else log)
        by_integration = (
            jobs.order_by()
            .values("integration__name", "integration__send_positions")
            .annotate(n=Count("pk"))
            .order_by("integration__name")
        )
        rows = [(row["integration__name"], row["n"], row["integration__send_positions"]) for row in by_integration]
        number = sum(n for _name, n, on in rows if on)
        return rendered(
            request,
            "job/resync.html",
            title=_("Re-sync all that match"),
            rows=rows,
            number=number,
            number_shown=figures.entries(number),
            filters=cl.active_filters(),
            tab=next(tab.title for tab in cl.tabs() if tab.active),
            query=cl.query,
            back=log,
        )

    def by_cause_view(self, request: HttpRequest) -> HttpResponse:
        cl = self._matching(request)
        if not isinstance(cl, JobList):
            return cl
        groups, number = groups_of(cl.queryset, GROUPS, GROUPS + 1)
        named = Integration.objects.select_related("organization").defer("credentials", "vault")
        integrations = named.in_bulk({pk for group in groups for pk, _number in group.where})

        def address(narrowed: Mapping[str, str]) -> str:
            return cl.get_query_string({"tab": cl.tab, **narrowed})

        return rendered(
            request,
            "job/by_cause.html",
            title=_("Error log by cause"),
            needs=of_causes(request.user, groups, integrations, address),
            several=roles.only_organization(request.user) is None,
            cut=number > GROUPS,
            tabs=cl.tabs(),
            filters=cl.active_filters(),
            back=reverse("admin:synclog_job_changelist") + cl.address,
            empty=None if groups else empty_of(cl, self._log.visible(request)),
        )

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        cl = self._matching(request)
        if not isinstance(cl, JobList):
            return cl
        return spreadsheets.download(f"error-log-{cl.tab.replace('_', '-')}.csv", *export.table(cl.queryset))
