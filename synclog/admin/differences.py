"""*Differences*: everything of a connection held against everything there, and ours sent where it is to hold there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions import moments, roles, spreadsheets
from positions.admin.returning import back
from positions.admin.scoped import as_key
from positions.batches import in_pieces
from synclog.admin.job.listing import JobPages
from synclog.admin.log_pages import ConnectionPages, acting, pressed, rendered, shown
from synclog.log import batches, bulk_actions, differences, figures, sentences
from synclog.log.figures import figure
from synclog.models import Batch, DriftCheck, DriftRow, DriftSchedule
from synclog.questions import asking, check_schedules, checks, walks

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


class DifferencePages(ConnectionPages):
    acts = "edit"

    def urls(self) -> list[URLPattern]:
        one = "differences/<int:pk>/"
        return [
            self._at(one, self.list_view, "differences"),
            self._at(f"{one}check/", self.check_view, "check_everything"),
            self._at(f"{one}cancel/", self.cancel_view, "check_cancel"),
            self._at(f"{one}send/", self.send_view, "send_ours"),
            self._at(f"{one}export.csv", self.export_view, "differences_export"),
            self._at(f"{one}schedule/", self.schedule_view, "check_schedule"),
            self._at("differences/everywhere/", self.everywhere_view, "check_everywhere"),
        ]

    # -- the list

    @shown
    def list_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        check, kind, words = self._asked(request, integration)
        newest = integration.drift_checks.order_by("-pk").first()
        going = newest if newest is not None and newest.done_at is None else None
        may_act = self.may_act(request, integration)
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

    @pressed
    def check_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        try:
            asking.compare_everything(integration, request.user.get_username())
        except walks.NotPossibleError as reason:
            messages.warning(request, str(reason.said))
        else:
            messages.success(request, _("Everything is compared now. You may leave this page."))
        return HttpResponseRedirect(address(integration))

    @pressed
    def cancel_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        check = integration.drift_checks.filter(done_at=None).first()
        if check is not None and walks.cancel(check, request.user.get_username()):
            said = _("Cancelled. What the check before found is still below.")
            messages.success(request, said)
        else:
            messages.warning(request, _("It was over already."))
        return HttpResponseRedirect(address(integration))

    @acting
    def send_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        """Counts first; sends on POST. One row (`row`), or all that the filters show."""
        check, kind, words = self._asked(request, integration)
        shown = f"{address(integration)}?{urlencode({'kind': kind, 'q': words})}"
        rows = differences.found(check, kind, words) if check is not None else DriftRow.objects.none()
        row = as_key(request.POST.get("row"))
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
            messages.warning(request, sentences.held_back(integration))
            return
        keys = positions.order_by("pk").values_list("pk", flat=True)
        try:
            done = bulk_actions.send(keys, integration, request.user.get_username())
        except batches.TooManyError as error:
            messages.warning(request, str(error))
            return
        number = done.total if isinstance(done, Batch) else done
        if not number:
            messages.warning(request, _("None of it can be sent any more."))
            return
        said = _("{positions} on the way to {connection}. The next check says whether all is equal then.")
        said = said.format(positions=figures.positions(number), connection=integration.name)
        messages.success(request, said)

    @shown
    def export_view(self, request: HttpRequest, integration: Integration) -> StreamingHttpResponse:
        check, kind, words = self._asked(request, integration)
        rows = _lines(check, kind, words) if check is not None else iter(())
        return spreadsheets.download("differences.csv", map(say, _COLUMNS), rows)

    @pressed
    def schedule_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        if not roles.can(request.user, integration.organization_id, "administer"):
            raise PermissionDenied
        every, hour = request.POST.get("every", ""), as_key(request.POST.get("hour")) or 0
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
        messages.success(request, said)
        return HttpResponseRedirect(address(integration))

    def everywhere_view(self, request: HttpRequest) -> HttpResponse:
        """For operators, after a restore."""
        if not roles.is_operator(request.user):
            raise PermissionDenied
        if request.method == "POST":
            begun, left = check_schedules.begin_everywhere(request.user.get_username())
            for integration, why in left[:ROWS]:
                messages.warning(request, f"{integration.name}: {why}")
            said = ngettext("{number} connection is compared.", "{number} connections are compared.", len(begun))
            messages.success(request, said.format(number=figure(len(begun))))
            return HttpResponseRedirect(reverse("admin:synclog_job_check_everywhere"))
        newest = DriftCheck.objects.filter(origin=DriftCheck.Origin.RESTORE).order_by("-pk")
        shown = newest.select_related("integration__organization")[:ROWS]
        checks_shown = [(one, differences.progress(one)) for one in shown]
        return rendered(request, "differences/everywhere.html", title=_("After a restore"), checks=checks_shown)

    # -- whose it is

    @staticmethod
    def _asked(request: HttpRequest, integration: Integration) -> tuple[DriftCheck | None, str, str]:
        """The last whole check, the kind and the words to which its rows are narrowed."""
        check = differences.last_whole(integration)
        kind = request.GET.get("kind", "")
        return check, kind if kind in differences.MARKS else "", request.GET.get("q", "")[:200].replace("\0", "")

    def _page(self, request: HttpRequest, template: str, integration: Integration, **context: Any) -> HttpResponse:
        return rendered(
            request,
            f"differences/{template}",
            title=_("{connection}: differences").format(connection=integration.name),
            integration=integration,
            connection=reverse("admin:integrations_integration_change", args=[integration.pk]),
            tabs=self.tabs(request, integration, address(integration)),
            **context,
        )


def address(integration: Integration) -> str:
    return reverse("admin:synclog_job_differences", args=[integration.pk])


def _lines(check: DriftCheck, kind: str, words: str) -> Iterator[Iterable[Any]]:
    """One for each field."""
    for rows in in_pieces(differences.found(check, kind, words)):
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
