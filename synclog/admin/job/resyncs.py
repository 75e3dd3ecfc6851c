"""The pages of many entries sent again: how many there are, how far it is, and cancelling what was not taken up yet."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from positions import roles
from positions.admin.scoped import as_key
from positions.numbers import figure
from synclog.admin.job.listing import TABS
from synclog.admin.log_pages import LogPages, rendered
from synclog.log import batches
from synclog.log.silence import silent
from synclog.models import Batch, Job

_SHOWN = ("succeeded", "skipped", "needs_action", "retrying", "dismissed")
_MANY = 1000  # are looked at less often
# Of connections that send: with others, nothing is about to happen.
_SENDING = Q(integration__send_positions=True, integration__stopped_at=None, integration__paused_at=None)


def address(request_id: str, batch: Batch | None = None) -> str:
    """Of the page that tells how far what this request has sent again is."""
    asked = {"request": request_id, **({"batch": str(batch.pk)} if batch else {})}
    return f"{reverse('admin:synclog_job_resyncing')}?{urlencode(asked)}"


class ResyncPages(LogPages):
    def urls(self) -> list[URLPattern]:
        return [
            self._at("resync/progress/", self.progress_view, "resyncing"),
            self._at("resync/<int:pk>/cancel/", self.cancel_view, "resync_cancel"),
        ]

    def progress_view(self, request: HttpRequest) -> HttpResponse:
        if not self._log.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("request", "")
        batch = self._batch(request, as_key(request.GET.get("batch")) or 0)
        rows = self._log.get_queryset(request).filter(request_id=asked) if asked else Job.objects.none()
        by_state = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
        numbers = {tab: sum(by_state.get(state, 0) for state in TABS[tab][1]) for tab in _SHOWN}
        working = batch is not None and batch.done_at is None
        to_take = batch.total - batch.taken if batch is not None and working else 0
        total, left = sum(numbers.values()) + to_take, numbers["retrying"] + to_take
        looked_for = left > 0 and not silent()
        going = working or (looked_for and self._goes_on(rows))
        log = reverse("admin:synclog_job_changelist")
        return rendered(
            request,
            "job/resyncing.html",
            title=_("Re-sync"),
            log=log,
            here=address(asked, batch),
            total=total,
            done=total - left,
            rows=[
                (TABS[tab][0], n, f"{log}?{urlencode({'tab': tab, 'request': asked})}", tab)
                for tab, n in numbers.items()
                if n
            ],
            to_take=to_take,
            batch=batch,
            working=working,
            live=going,
            every=10 if total > _MANY else 2,
            said=self._said(
                total,
                left,
                numbers["needs_action"],
                going=going,
                by_itself=not going and looked_for and rows.filter(_SENDING, state__in=Job.ACTIVE).exists(),
                cancelled=_by(batch),
            ),
            may_cancel=working and roles.can_somewhere(request.user, "edit"),
        )

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        batch = self._batch(request, pk)
        if batch is None:
            return self._missing(request, Batch, pk)
        may = (
            roles.can_somewhere(request.user, "edit")
            if batch.organization_id is None
            else roles.can(request.user, batch.organization_id, "edit")
        )
        if not may:
            raise PermissionDenied
        if batches.cancel(batch.pk, request.user.get_username()):
            said = _("Cancelled: nothing more of it is taken up. What was taken up goes on.")
            messages.success(request, said)
        else:
            messages.warning(request, _("It was over already."))
        return HttpResponseRedirect(address(batch.request_id, batch))

    def _batch(self, request: HttpRequest, pk: int) -> Batch | None:
        """One of the reader's organizations; one of several of them is its own asker's and the operators'."""
        ids = self._log.visible(request)
        found = Batch.objects.defer("keys").filter(pk=pk, action=Batch.Action.RESYNC)
        if ids is not None:
            theirs = Q(organization=None, by=request.user.get_username())
            found = found.filter(Q(organization__in=ids) | theirs)
        return found.first()

    @staticmethod
    def _goes_on(rows: Any) -> bool:
        found: bool = rows.filter(Q(state=Job.State.RUNNING) | Q(state=Job.State.WAITING) & _SENDING).exists()
        return found

    @staticmethod
    def _said(total: int, left: int, refused: int, *, going: bool, by_itself: bool, cancelled: str) -> str:
        if cancelled and not going:
            return _("Cancelled by {name}. What was taken up before is below.").format(name=cancelled)
        if not total:
            return _("Nothing of it is left to tell: it was changed or sent again since.")
        if left:
            to_go = {"left": figure(left), "total": figure(total)}
            if going:
                return _("{left} of {total} still to go. You may leave this page.").format(**to_go)
            if by_itself:
                said = _("{left} of {total} still to go. They are tried again by themselves: see Waiting.")
            else:
                said = _("{left} of {total} still to go, but nothing goes out now: see Waiting for why.")
            return said.format(**to_go)
        return _("All done, but some still need you.") if refused else _("All done.")


def _by(batch: Batch | None) -> str:
    return batch.cancelled_by if batch else ""
