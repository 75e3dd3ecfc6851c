from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from http import HTTPStatus
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.models import Integration
from integrations.scope import company_names, not_taken
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions import moments, roles
from positions.admin.returning import back
from positions.admin.scoped import ScopedAdmin
from positions.folding import sought
from positions.models import Position
from positions.models.words import matching
from positions.numbers import figure
from positions.tracing import request_id
from synclog.admin import export, page, resyncs
from synclog.admin.cutoff import CutoffPages
from synclog.admin.differences import DifferencePages
from synclog.admin.filters import (
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
    key_of,
)
from synclog.admin.forecasts import ForecastPages
from synclog.admin.listing import TABS, JobList, JobPages
from synclog.admin.needs import GROUPS, of_causes
from synclog.admin.remedies import Remedies, Remedy, entry_url, may_move
from synclog.admin.resyncs import ResyncPages
from synclog.engine import actions
from synclog.log import batches, bulk_actions, figures, sentences
from synclog.log.causes import remedy
from synclog.log.groups import groups_of
from synclog.log.states import TRUTHS, connections_of, states_of
from synclog.log.truth import LISTED, Truth, counts_of, keys_in
from synclog.models import Batch, Job, JobQuerySet, Question
from synclog.questions import asking
from synclog.questions.preview import question_of, unpacked

REASON_LENGTH = 160
# Decrypting the keys of a connection for each row of a list would be slow, and no list needs them.
LIGHT = ("integration__credentials", "integration__vault")


class Empty(NamedTuple):
    """What an empty list says: a headline and a sentence. `good`: it is empty because all is well."""

    title: str
    sentence: str
    good: bool = False


_EMPTY = {
    "retrying": (
        gettext_noop("Nothing is on its way"),
        gettext_noop("Changes wait here for some seconds until they are sent."),
    ),
    "skipped": (
        gettext_noop("Nothing was skipped"),
        gettext_noop("What is not sent for a good reason is told here."),
    ),
    "succeeded": (
        gettext_noop("Nothing was sent yet"),
        gettext_noop("Each change that a system accepted is listed here."),
    ),
    "dismissed": (
        gettext_noop("Nothing was dismissed"),
        gettext_noop("What somebody decided not to send is listed here."),
    ),
    "all": (
        gettext_noop("No change was recorded yet"),
        gettext_noop("A position that is saved while a connection is on appears here."),
    ),
}


@admin.register(Job)
class JobAdmin(ScopedAdmin):
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
        def at(address: str, view: Any, name: str) -> URLPattern:
            return path(address, self.admin_site.admin_view(view), name=f"synclog_job_{name}")

        return [
            at("export.csv", self.export_view, "export"),
            at("by-cause/", self.by_cause_view, "by_cause"),
            at("resync/", self.resync_all_view, "resync_all"),
            *ResyncPages(self).urls(),
            *DifferencePages(self).urls(),
            *ForecastPages(self).urls(),
            *CutoffPages(self).urls(),
            at("preview/", self.preview_position_view, "preview_position"),
            at("preview/<uuid:key>/", self.asked_view, "asked"),
            at("send-now/", self.send_now_view, "send_now"),
            at("positions/<int:pk>/", self.positions_view, "positions"),
            at("<int:pk>/resync/", self.resync_view, "resync"),
            at("<int:pk>/move/", self.move_view, "move"),
            at("<int:pk>/dismiss/", self.dismiss_view, "dismiss"),
            at("<int:pk>/preview/", self.preview_view, "preview"),
            *super().get_urls(),
        ]

    # -- columns

    @admin.display(description=gettext_lazy("time"))
    def time_shown(self, job: Job) -> SafeString:
        return _two_lines(moments.clock(job.changed_at, job.integration.organization.zone), sentences.started_by(job))

    @admin.display(description=gettext_lazy("employee"))
    def employee_shown(self, job: Job) -> SafeString:
        return _two_lines(job.employee_name, job.employee_number)

    @admin.display(description=gettext_lazy("position"))
    def position_shown(self, job: Job) -> SafeString:
        return _two_lines(job.title, sentences.span(job))

    @admin.display(description=gettext_lazy("integration"))
    def integration_shown(self, job: Job) -> SafeString:
        parts = [sentences.action_words(job)]
        if job.several:  # type: ignore[attr-defined]
            parts.append(job.integration.organization.name)
        return _two_lines(job.integration.name, " · ".join(parts))

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, job: Job) -> SafeString:
        mark, following = sentences.mark_of(job), sentences.next_attempt(job)
        tried = figures.attempts(job.attempts) if job.attempts else ""
        tags = sentences.of_the_cutoff(job)
        shortly = _("next {when}").format(when=following) if following else ""
        return format_html(
            '<div class="sy sy-cell"><span class="sy-mark sy-{}"><span class="material-symbols-outlined" '
            'aria-hidden="true">{}</span>{}</span><span class="sy-quiet">{}</span>{}</div>',
            mark.tone,
            mark.glyph,
            mark.word,
            " · ".join(part for part in (tried, shortly) if part),
            format_html('<span class="sy-quiet">{}</span>', " · ".join(tags)) if tags else "",
        )

    @admin.display(description=gettext_lazy("cause and what to do"))
    def cause_shown(self, job: Job) -> SafeString:
        title = sentences.cause_words(job, job.field)
        main: Remedy | None = job.main  # type: ignore[attr-defined]
        leads_there = main is not None and main.act in ("field", "settings", "people", "move")
        more = "" if leads_there else remedy(job.cause) if title else job.message
        return format_html(
            '<div class="sy sy-cell sy-wide"><span class="sy-told" title="{}"><span class="sy-first">{}</span> '
            '<span class="sy-quiet">{}</span></span>{}</div>',
            " ".join(part for part in (title, more) if part),
            title,
            more,
            self._buttons(job, main if leads_there else None),
        )

    @staticmethod
    def _buttons(job: Job, main: Remedy | None) -> SafeString:
        opened = Remedy(_("Open"), entry_url(job), "open")
        buttons = [main, opened] if main else [opened]
        if job.may_act:  # type: ignore[attr-defined]
            here = urlencode({"next": job.listed_at})  # type: ignore[attr-defined]
            address = f"{reverse('admin:synclog_job_resync', args=[job.pk])}?{here}"
            if main is None:  # else that comes first, and leads back to where it is sent again
                buttons.append(Remedy(_("Re-sync"), address, "resync", post=True))
            if job.is_open and job.state != Job.State.RUNNING:
                address = f"{reverse('admin:synclog_job_dismiss', args=[job.pk])}?{here}"
                buttons.append(Remedy(_("Dismiss"), address, "dismiss"))
        return format_html('<span class="sy-acts">{}</span>', format_html_join("", "{}", map(_link, buttons)))

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
        empty = None if cl.result_count else self._empty(request, cl)
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

    def _empty(self, request: HttpRequest, cl: JobList) -> Empty:
        if cl.sought:
            return Empty(_("Nothing matches"), _("No entry of this tab fits the search and the filters above."))
        if cl.tab in _EMPTY:
            title, sentence = _EMPTY[cl.tab]
            return Empty(say(title), say(sentence))
        if cl.of_all_tabs.filter(state__in=TABS["retrying"][1]).exists():
            return Empty(_("Nothing needs you"), _("Some changes are on their way: see Retrying."))
        ids = self.visible(request)
        mine = Integration.objects.all() if ids is None else Integration.objects.filter(organization__in=ids)
        if (behind := self._behind(mine)) is not None:
            return Empty(_("Nothing needs you"), behind)
        newest = mine.order_by("-last_success_at").exclude(last_success_at=None).select_related("organization")
        if not mine.exists():
            return Empty(
                _("No system is connected yet"),
                _("What is sent to a connected system, and what is not, is told here."),
            )
        last = newest.only("last_success_at", "organization__time_zone").first()
        if last is None or last.last_success_at is None:
            return Empty(
                _("Nothing needs you"), _("Nothing was sent yet either: the next change of a position will be.")
            )
        sent = _("Last sent {when}.").format(when=moments.clock(last.last_success_at, last.organization.zone))
        return Empty(_("Everything is in sync"), sent, good=True)

    @staticmethod
    def _behind(integrations: QuerySet[Integration]) -> str | None:
        """What keeps everything from being in sync although the log has nothing open."""
        counts = counts_of(list(integrations.select_related("organization").defer("credentials", "vault"))).values()
        changed, unknown, partly = (sum(getattr(c, name) for c in counts) for name in ("changed", "unknown", "partly"))
        if changed:
            return ngettext(
                "{number} position was changed here since it was sent, and is not on the way: see the connection's "
                "page.",
                "{number} positions were changed here since they were sent, and are not on the way: see the "
                "connection's page.",
                changed,
            ).format(number=figure(changed))
        if unknown:
            return _("{positions} still to be compared with what was sent.").format(
                positions=figures.positions(unknown)
            )
        if partly:
            return _("Of {positions} a part is not there: see the connection's page.").format(
                positions=figures.positions(partly)
            )
        return None

    @admin.action(description=gettext_lazy("Re-sync selected"), permissions=["change"])
    def resync_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._tell(request, bulk_actions.resync(queryset, request.user.get_username()))

    @admin.action(description=gettext_lazy("Dismiss selected…"), permissions=["change"])
    def dismiss_selected(self, request: HttpRequest, queryset: JobQuerySet) -> HttpResponse | None:
        if "reason" in request.POST:
            self._dismiss(request, queryset)
            return None
        jobs = list(queryset.open().exclude(state=Job.State.RUNNING)[: self.list_per_page])
        if not jobs:
            self.message_user(request, _("None of these is open: there is nothing to dismiss."), messages.WARNING)
            return None
        return self._dismissal(request, jobs, action="dismiss_selected")

    def _tell(self, request: HttpRequest, done: bulk_actions.Resynced | Batch) -> None:
        if isinstance(done, Batch):
            words = ngettext(
                "{number} entry is sent again.",
                "{number} entries are sent again, one after the other.",
                done.total,
            )
            self.message_user(request, words.format(number=figure(done.total)), messages.SUCCESS)
            return
        level = messages.SUCCESS if done.sent and not done.off else messages.WARNING
        self.message_user(request, done.sentence(), level)

    def _dismiss(self, request: HttpRequest, jobs: JobQuerySet) -> None:
        reason = " ".join(request.POST.get("reason", "").split())[:REASON_LENGTH]
        number = bulk_actions.dismiss(jobs, reason, request.user.get_username())
        if number:
            text = _("{entries} dismissed. The next change of a position is sent.").format(
                entries=figures.entries(number)
            )
            self.message_user(request, text, messages.SUCCESS)
        else:
            self.message_user(request, _("It is closed already, or being sent right now."), messages.WARNING)

    def _dismissal(self, request: HttpRequest, jobs: Sequence[Job], action: str = "", back: str = "") -> HttpResponse:
        return self._page(
            request,
            "dismiss.html",
            title=_("Dismiss") if len(jobs) == 1 else _("Dismiss {number} entries").format(number=len(jobs)),
            jobs=jobs,
            action=action,
            back=back or request.get_full_path(),
            length=REASON_LENGTH,
        )

    # -- all that match a filter

    def _matching(self, request: HttpRequest) -> JobList | HttpResponse:
        """The list that the address describes, or the way back to a list when it describes none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found: JobList = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:synclog_job_changelist"))
        return found

    def resync_all_view(self, request: HttpRequest) -> HttpResponse:
        """Counts first; sends on POST."""
        cl = self._matching(request)
        if not isinstance(cl, JobList):
            return cl
        if not self.has_change_permission(request):
            raise PermissionDenied
        jobs = self.limited(cl.queryset, roles.organization_ids(request.user, "edit"))
        log = reverse("admin:synclog_job_changelist") + cl.address
        if request.method == "POST":
            organization = roles.only_organization(request.user)
            try:
                done = bulk_actions.ask(jobs, request.user.get_username(), organization)
            except batches.TooManyError:
                self.message_user(request, _too_many(), messages.WARNING)
                return HttpResponseRedirect(log)
            self._tell(request, done)
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
        return self._page(
            request,
            "resync.html",
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

        return self._page(
            request,
            "by_cause.html",
            title=_("Error log by cause"),
            needs=of_causes(request.user, groups, integrations, address),
            several=roles.only_organization(request.user) is None,
            cut=number > GROUPS,
            tabs=cl.tabs(),
            filters=cl.active_filters(),
            back=reverse("admin:synclog_job_changelist") + cl.address,
            empty=None if groups else self._empty(request, cl),
        )

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        cl = self._matching(request)
        if not isinstance(cl, JobList):
            return cl
        response = StreamingHttpResponse(export.lines(cl.queryset), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="error-log-{cl.tab.replace("_", "-")}.csv"'
        return response

    # -- one job

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        job = self._one(request, key_of(object_id) or 0)
        if not isinstance(job, Job):
            return job
        if request.headers.get("HX-Request") and request.GET.get("seen") == page.token(job, page.under_way(job)):
            return HttpResponse(status=HTTPStatus.NO_CONTENT)  # nothing of the page is touched
        context = page.context(
            request.user,
            job,
            key_of(request.GET.get("attempt")),
            again="again" in request.GET,
            sees_calls=roles.can(request.user, job.organization_id, "administer"),
        )
        return self._page(request, "job.html", **context)

    def _one(self, request: HttpRequest, pk: int) -> Job | HttpResponse:
        """A job that the user may see, or the same answer as for one that does not exist."""
        job = self.get_object(request, str(pk))
        if job is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_view_permission(request, job):
            raise PermissionDenied
        return job

    def _acted_on(self, request: HttpRequest, pk: int) -> Job | HttpResponse:
        """The same for what changes something: by POST, and for editors and admins."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = self._one(request, pk)
        if isinstance(job, Job) and not self.has_change_permission(request, job):
            raise PermissionDenied
        return job

    def resync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self._acted_on(request, pk)
        if not isinstance(job, Job):
            return job
        self._tell(request, bulk_actions.resync(Job.objects.filter(pk=job.pk), request.user.get_username()))
        return HttpResponseRedirect(back(request, _newest_of(job)))

    def move_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self._acted_on(request, pk)
        if not isinstance(job, Job):
            return job
        if not may_move(job):
            self.message_user(request, _("There is no earlier period to move any more."), messages.WARNING)
        elif not job.integration.send_positions:
            self.message_user(request, sentences.held_back(job.integration), messages.WARNING)
        else:
            actions.move_period(job, request.user.get_username())
            text = _("The period that {system} has gets the new start date now.").format(
                system=job.integration.system.name
            )
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(entry_url(job))

    def dismiss_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self._one(request, pk) if request.method == "GET" else self._acted_on(request, pk)
        if not isinstance(job, Job):
            return job
        if not self.has_change_permission(request, job):
            raise PermissionDenied
        if request.method == "POST":
            self._dismiss(request, Job.objects.filter(pk=job.pk))
            return HttpResponseRedirect(back(request, entry_url(job)))
        return self._dismissal(request, [job], back=back(request, entry_url(job)))

    # -- preview and "send now"

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method == "GET":
            return HttpResponseRedirect(reverse("admin:synclog_job_change", args=[pk]))
        job = self._acted_on(request, pk)
        if not isinstance(job, Job):
            return job
        return self._ask(request, self._whole(job.integration_id), job)

    def preview_position_view(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            # A reload, or the address from a mail.
            return HttpResponseRedirect(reverse("admin:index"))
        chosen = self._chosen(request)
        if isinstance(chosen, HttpResponse):
            return chosen
        position, integration = chosen
        return self._ask(request, integration, question_of(position, integration))

    def _ask(self, request: HttpRequest, integration: Integration, job: Job) -> HttpResponse:
        try:
            question = asking.ask_preview(integration, job, request.user.get_username())
        except asking.TooManyError as error:
            self.message_user(request, str(error), messages.WARNING)
            return HttpResponseRedirect(entry_url(job) if job.pk else _position_address(job.position_key))
        asking.wait(question)
        if question.done_at is None:
            return HttpResponseRedirect(reverse("admin:synclog_job_asked", args=[question.uuid]))
        return self._answered(request, question)

    def asked_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """How far a preview is, and what it says when it is done."""
        ids = self.visible(request)
        questions = Question.objects.filter(uuid=key, kind=Question.Kind.PREVIEW)
        if ids is not None:
            questions = questions.filter(organization__in=ids)
        question = questions.select_related("integration__organization").first()
        if question is None:
            self.message_user(
                request, _("This preview is over: they are kept for an hour. Ask again."), messages.WARNING
            )
            return HttpResponseRedirect(reverse("admin:index"))
        if not roles.can(request.user, question.organization_id, "edit"):
            raise PermissionDenied
        return self._answered(request, question)

    def _answered(self, request: HttpRequest, question: Question) -> HttpResponse:
        back = (
            reverse("admin:synclog_job_change", args=[question.job_key])
            if question.job_key
            else _position_address(question.position_key)
        )
        if question.done_at is None:
            context = page.asked_context(question)
            return self._page(request, "asked.html", title=_("Preview"), back=back, **context)
        context = page.preview_context(
            unpacked(question.integration, question.answer),
            sees_calls=roles.can(request.user, question.organization_id, "administer"),
        )
        return self._page(request, "preview.html", title=_("Preview"), back=back, **context)

    def send_now_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        chosen = self._chosen(request)
        if isinstance(chosen, HttpResponse):
            return chosen
        position, integration = chosen
        if not integration.send_positions:
            self.message_user(request, f"{integration.name}: {sentences.held_back(integration)}", messages.WARNING)
        elif actions.send_now([position], integration, request.user.get_username()):
            text = _("{position} is on its way to {connection}.").format(
                position=position.title, connection=integration.name
            )
            self.message_user(request, text, messages.SUCCESS)
        else:
            text = not_taken(integration.name, position, company_names([integration]).get(integration.pk, ()))
            self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(back(request, _position_address(position.pk)))

    def positions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A connection's positions of which one thing holds, as its counters say; POST sends what was changed since."""
        ids = self.visible(request)
        known = Integration.objects.select_related("organization").defer("credentials", "vault")
        integration = (known if ids is None else known.filter(organization__in=ids)).filter(pk=pk).first()
        if integration is None:
            return self._get_obj_does_not_exist_redirect(request, Integration._meta, str(pk))
        may_act = roles.can(request.user, integration.organization_id, "edit")
        if request.method == "POST":
            return self._send_changed(request, integration, may_act)
        counts = counts_of([integration])[integration.pk]
        asked = request.GET.get("state", "")
        truth = Truth(asked) if asked in LISTED else Truth.CHANGED
        found = Paginator(keys_in(integration, truth), self.list_per_page)
        found.count = getattr(counts, truth)
        listed = found.get_page(request.GET.get("page"))
        with_names = Position.objects.select_related("employee", "company").defer("employee__national_id")
        known_rows = with_names.in_bulk(list(listed.object_list))
        rows = [known_rows[key] for key in listed.object_list if key in known_rows]
        states = states_of(connections_of(integration.organization).only(integration), rows)
        return self._page(
            request,
            "positions.html",
            title=f"{integration.name}: {say(TRUTHS[truth]).lower()}",
            integration=integration,
            connection=reverse("admin:integrations_integration_change", args=[pk]),
            tabs=[(t, say(TRUTHS[t]), getattr(counts, t), t is truth) for t in LISTED],
            truth=truth,
            page=listed,
            rows=[(position, states[position.pk][0]) for position in rows],
            may_act=may_act,
            may_send_all=may_act and truth is Truth.CHANGED and found.count,
            number=figures.positions(found.count),
            held=sentences.held_back(integration),
            here=request.get_full_path(),
        )

    def _send_changed(self, request: HttpRequest, integration: Integration, may_act: bool) -> HttpResponse:
        if not may_act:
            raise PermissionDenied
        if not integration.send_positions:
            self.message_user(request, f"{integration.name}: {sentences.held_back(integration)}", messages.WARNING)
        else:
            self._tell_of_changed(request, integration)
        return HttpResponseRedirect(
            back(request, reverse("admin:integrations_integration_change", args=[integration.pk]))
        )

    def _tell_of_changed(self, request: HttpRequest, integration: Integration) -> None:
        try:
            done = bulk_actions.send_changed(integration, request.user.get_username())
        except batches.TooManyError:
            self.message_user(request, _too_many(), messages.WARNING)
            return
        number = done.total if isinstance(done, Batch) else done
        text = _("{positions} on the way to {connection}.").format(
            positions=figures.positions(number), connection=integration.name
        )
        self.message_user(request, text if number else _("Nothing was changed since."), messages.SUCCESS)

    def _chosen(self, request: HttpRequest) -> tuple[Position, Integration] | HttpResponse:
        """The position and the connection that were posted: of one organization, in which the user may edit."""
        ids = self.visible(request)
        positions = Position.objects.select_related("company", "employee__organization")
        integrations = Integration.objects.select_related("organization")
        if ids is not None:
            positions = positions.filter(employee__organization__in=ids)
            integrations = integrations.filter(organization__in=ids)
        position = positions.filter(pk=key_of(request.POST.get("position")) or 0).first()
        integration = integrations.filter(pk=key_of(request.POST.get("integration")) or 0).first()
        if position is None or integration is None or position.employee.organization_id != integration.organization_id:
            self.message_user(request, _("There is no such position or connection any more."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:index"))
        if not roles.can(request.user, integration.organization_id, "edit"):
            raise PermissionDenied
        return position, integration

    @staticmethod
    def _whole(pk: int) -> Integration:
        """With its keys, which lists leave out."""
        return Integration.objects.select_related("organization").get(pk=pk)

    # -- rendering

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "log": reverse("admin:synclog_job_changelist"), **context}
        return TemplateResponse(request, f"admin/synclog/job/{template}", context)


def _too_many() -> str:
    return _("Too many of these are under way. Wait until some are done: the connections' pages say how far they are.")


def _two_lines(first: str, second: str, kind: str = "") -> SafeString:
    return format_html(
        '<div class="sy sy-cell {}"><span class="sy-first" title="{}">{}</span><span class="sy-quiet">{}</span></div>',
        kind,
        first,
        first,
        second,
    )


def _link(remedy: Remedy) -> tuple[SafeString]:
    """A button within the form of the list."""
    if remedy.post:
        text = '<button type="submit" class="sy-link" formaction="{}">{}</button>'
    else:
        text = '<a class="sy-link" href="{}">{}</a>'
    return (format_html(text, remedy.url, remedy.words),)


def _newest_of(job: Job) -> str:
    """A closed job is opened anew as another one: that is the one to look at."""
    newest = Job.objects.filter(integration=job.integration_id, position_key=job.position_key).order_by("-pk")
    return reverse("admin:synclog_job_change", args=[newest.values_list("pk", flat=True)[0]])


def _position_address(pk: int) -> str:
    return reverse("admin:positions_position_change", args=[pk])
