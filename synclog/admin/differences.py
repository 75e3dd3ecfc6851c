"""*Differences*: everything of a connection held against everything there, and ours sent where it is to hold there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions import moments, roles, spreadsheets
from positions.admin.returning import back
from synclog.admin.filters import key_of
from synclog.admin.listing import JobPages
from synclog.admin.log_pages import LogPages
from synclog.log import batches, bulk_actions, differences, figures, sentences
from synclog.log.figures import figure
from synclog.models import Batch, DriftCheck, DriftRow, DriftSchedule
from synclog.questions import asking, check_schedules, checks

ROWS = 50  # on a page
TREND = 14  # the last checks

_COLUMNS = (
    gettext_noop("Employee number"),
    gettext_noop("Employee"),
    gettext_noop("Position"),
    gettext_noop("Record there"),
    gettext_noop("Difference"),
    gettext_noop("Field"),
    gettext_noop("Here"),
    gettext_noop("There"),
    gettext_noop("From"),
    gettext_noop("Why"),
)


class DifferencePages(LogPages):
    folder = "differences"

    def urls(self) -> list[URLPattern]:
        def at(address: str, view: Any, name: str) -> URLPattern:
            return path(f"differences/<int:pk>/{address}", self._log.admin_site.admin_view(view), name=name)

        return [
            at("", self.list_view, "synclog_job_differences"),
            at("check/", self.check_view, "synclog_job_check_everything"),
            at("cancel/", self.cancel_view, "synclog_job_check_cancel"),
            at("send/", self.send_view, "synclog_job_send_ours"),
            at("export.csv", self.export_view, "synclog_job_differences_export"),
            at("schedule/", self.schedule_view, "synclog_job_check_schedule"),
            path(
                "differences/everywhere/",
                self._log.admin_site.admin_view(self.everywhere_view),
                name="synclog_job_check_everywhere",
            ),
        ]

    # -- the list

    def list_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        integration = self._one(request, pk)
        if not isinstance(integration, Integration):
            return integration
        check, kind, words = self._asked(request, integration)
        newest = integration.drift_checks.order_by("-pk").first()
        if newest is not None:
            newest.integration = integration
        going = newest if newest is not None and newest.done_at is None else None
        may_act = roles.can(request.user, integration.organization_id, "edit")
        page, sendable = None, 0
        if check is not None:
            rows = differences.found(check, kind, words)
            page = JobPages(rows, ROWS).get_page(request.GET.get("page"))
            sendable = differences.sendable(rows).count() if may_act else 0
        why_not = checks.why_not(integration)
        return self._page(
            request,
            "list.html",
            integration,
            check=check,
            compared=differences.progress(check) if check else "",
            newest=differences.progress(newest) if newest is not None and newest != check else "",
            going=going,
            kinds=self._kinds(check, kind, words) if check else [],
            kind=kind,
            words=words,
            page=page,
            rows=differences.in_words(page.object_list) if page is not None else [],
            number=figures.positions(sendable) if sendable else "",
            asked=urlencode({"kind": kind, "q": words}),
            trend=[
                (moments.clock(one.done_at, integration.organization.zone), differences.share(one))
                for one in differences.whole(integration)[:TREND]
                if one.done_at
            ],
            may_act=may_act,
            may_schedule=roles.can(request.user, integration.organization_id, "administer") and why_not is None,
            schedule=DriftSchedule.objects.filter(pk=integration.pk).first(),
            every=DriftSchedule.Every.choices,
            hours=range(24),
            why_not=str(why_not) if why_not is not None else "",
            here=request.get_full_path(),
        )

    @staticmethod
    def _kinds(check: DriftCheck, kind: str, words: str) -> list[tuple[str, str, str, bool]]:
        """As filters: label, count, address, whether it is the chosen one."""
        numbers = {one: check.counts[one] for one in differences.MARKS if check.counts.get(one)}
        every = [("", _("All differences"), sum(numbers.values()))]
        every += [(one, differences.MARKS[one].word, number) for one, number in numbers.items()]
        return [
            (label, figure(number), f"?{urlencode({'kind': one, 'q': words})}", one == kind)
            for one, label, number in every
        ]

    # -- what is pressed

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        integration = self._acted_on(request, pk)
        if not isinstance(integration, Integration):
            return integration
        try:
            asking.compare_everything(integration, request.user.get_username())
        except checks.NotPossibleError as reason:
            self._log.message_user(request, str(reason.said), messages.WARNING)
        else:
            self._log.message_user(request, _("Everything is compared now. You may leave this page."), messages.SUCCESS)
        return HttpResponseRedirect(address(integration))

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        integration = self._acted_on(request, pk)
        if not isinstance(integration, Integration):
            return integration
        check = integration.drift_checks.filter(done_at=None).first()
        if check is not None and checks.cancel(check.pk, request.user.get_username()):
            said = _("Cancelled. What the check before found is still below.")
            self._log.message_user(request, said, messages.SUCCESS)
        else:
            self._log.message_user(request, _("It was over already."), messages.WARNING)
        return HttpResponseRedirect(address(integration))

    def send_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Counts first; sends on POST. One row (`row`), or all that the filters show."""
        integration = self._one(request, pk)
        if not isinstance(integration, Integration):
            return integration
        if not roles.can(request.user, integration.organization_id, "edit"):
            raise PermissionDenied
        check, kind, words = self._asked(request, integration)
        shown = f"{address(integration)}?{urlencode({'kind': kind, 'q': words})}"
        rows = differences.found(check, kind, words) if check is not None else DriftRow.objects.none()
        row = key_of(request.POST.get("row"))
        positions = differences.sendable(rows.filter(pk=row) if row else rows)
        if request.method == "POST":
            self._send(request, integration, positions)
            return HttpResponseRedirect(back(request, shown))
        number = positions.count()
        return self._page(
            request,
            "send.html",
            integration,
            number=figures.positions(number) if number else "",
            kind=differences.MARKS[kind].word if kind else "",
            words=words,
            held=sentences.held_back(integration),
            back=shown,
        )

    def _send(self, request: HttpRequest, integration: Integration, positions: Any) -> None:
        if not integration.send_positions:
            self._log.message_user(request, sentences.held_back(integration), messages.WARNING)
            return
        keys = positions.order_by("pk").values_list("pk", flat=True)
        try:
            done = bulk_actions.send(keys, integration, request.user.get_username())
        except batches.TooManyError:
            said = _("Too many of these are under way. Wait until some are done.")
            self._log.message_user(request, said, messages.WARNING)
            return
        number = done.total if isinstance(done, Batch) else done
        if not number:
            self._log.message_user(request, _("None of it can be sent any more."), messages.WARNING)
            return
        said = _("{positions} on the way to {connection}. The next check says whether all is equal then.")
        said = said.format(positions=figures.positions(number), connection=integration.name)
        self._log.message_user(request, said, messages.SUCCESS)

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
        integration = self._one(request, pk)
        if not isinstance(integration, Integration):
            return integration
        check, kind, words = self._asked(request, integration)
        rows = _in_pieces(check, kind, words) if check is not None else iter(())
        lines = spreadsheets.lines(chain([tuple(map(say, _COLUMNS))], rows), mark=True)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="differences.csv"'
        return response

    def schedule_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        integration = self._one(request, pk)
        if not isinstance(integration, Integration):
            return integration
        if not roles.can(request.user, integration.organization_id, "administer"):
            raise PermissionDenied
        every, hour = request.POST.get("every", ""), key_of(request.POST.get("hour")) or 0
        if every in DriftSchedule.Every.values and hour < 24:
            # From tomorrow on where today's hour is over, as whoever chooses it expects.
            here = timezone.now().astimezone(integration.organization.zone)
            last_on = here.date() if here.hour >= hour else None
            DriftSchedule.objects.update_or_create(
                pk=integration.pk, defaults={"every": every, "hour": hour, "last_on": last_on}
            )
            said = _("Everything is compared by itself from now on.")
        else:
            DriftSchedule.objects.filter(pk=integration.pk).delete()
            said = _("Nothing is compared by itself any more.")
        self._log.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(address(integration))

    def everywhere_view(self, request: HttpRequest) -> HttpResponse:
        """For operators, after a restore."""
        if not roles.is_operator(request.user):
            raise PermissionDenied
        if request.method == "POST":
            begun, left = check_schedules.begin_everywhere(request.user.get_username())
            for integration, why in left[:ROWS]:
                self._log.message_user(request, f"{integration.name}: {why}", messages.WARNING)
            said = ngettext("{number} connection is compared.", "{number} connections are compared.", len(begun))
            self._log.message_user(request, said.format(number=figure(len(begun))), messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:synclog_job_check_everywhere"))
        newest = DriftCheck.objects.filter(origin=DriftCheck.Origin.RESTORE).order_by("-pk")
        shown = newest.select_related("integration__organization")[:ROWS]
        checks_shown = [(one, differences.progress(one)) for one in shown]
        return self._rendered(request, "everywhere.html", title=_("After a restore"), checks=checks_shown)

    # -- whose it is

    def _acted_on(self, request: HttpRequest, pk: int) -> Integration | HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        integration = self._one(request, pk)
        if isinstance(integration, Integration) and not roles.can(request.user, integration.organization_id, "edit"):
            raise PermissionDenied
        return integration

    @staticmethod
    def _asked(request: HttpRequest, integration: Integration) -> tuple[DriftCheck | None, str, str]:
        """The last whole check, the kind and the words to which its rows are narrowed."""
        check = differences.last_whole(integration)
        if check is not None:
            check.integration = integration
        kind = request.GET.get("kind", "")
        return check, kind if kind in differences.MARKS else "", request.GET.get("q", "")[:200].replace("\0", "")

    def _page(self, request: HttpRequest, template: str, integration: Integration, **context: Any) -> HttpResponse:
        return self._rendered(
            request,
            template,
            title=_("{connection}: differences").format(connection=integration.name),
            integration=integration,
            connection=reverse("admin:integrations_integration_change", args=[integration.pk]),
            **context,
        )


def address(integration: Integration) -> str:
    return reverse("admin:synclog_job_differences", args=[integration.pk])


def _in_pieces(check: DriftCheck, kind: str, words: str) -> Iterator[Iterable[Any]]:
    """A line for each field, some rows at a time."""
    last = 0
    while rows := list(differences.found(check, kind, words).filter(pk__gt=last)[:500]):
        last = rows[-1].pk
        for one in differences.in_words(rows):
            person = one.employee
            about = (
                person.number if person else "",
                person.name if person else "",
                str(one.position) if one.position else "",
                one.row.remote_id,
                one.mark.word,
            )
            for line in one.fields:
                yield (*about, line.label, line.here, line.there, line.since, line.stays)
            if not one.fields:
                yield (*about, "", "", "", "", one.row.message)
