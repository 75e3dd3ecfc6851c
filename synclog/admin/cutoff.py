"""*Cut-off* of a connection: its calendar, what is held for it, and the list of retroactive changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.planning.cutoff import Calendar
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions import moments, roles, spreadsheets
from positions.admin.returning import back
from positions.admin.scoped import as_key
from positions.batches import in_pieces
from synclog.admin.cutoff_form import CutoffForm
from synclog.admin.job.listing import JobPages
from synclog.admin.log_pages import ConnectionPages, acting, rendered, shown
from synclog.engine import cutoff as engine
from synclog.log import cutoff, figures, retro, sentences
from synclog.models import RetroChange

ROWS = 50  # on a page
PERIODS = 24  # to choose from

_COLUMNS = (
    gettext_noop("Connection"),
    gettext_noop("Cut-off"),
    gettext_noop("Employee number"),
    gettext_noop("Employee"),
    gettext_noop("Position"),
    gettext_noop("Change"),
    gettext_noop("First day"),
    gettext_noop("Last day"),
    gettext_noop("Field"),
    gettext_noop("Before"),
    gettext_noop("Now"),
    gettext_noop("Saved"),
    gettext_noop("By"),
)


class CutoffPages(ConnectionPages):
    acts = "edit"

    def urls(self) -> list[URLPattern]:
        return [
            self._at("cutoff/<int:pk>/", self.cutoff_view, "cutoff"),
            self._at("cutoff/<int:pk>/example/", self.example_view, "cutoff_example"),
            self._at("cutoff/<int:pk>/send/", self.send_view, "cutoff_send"),
            self._at("retro/", self.retro_view, "retro"),
            self._at("retro/export.csv", self.export_view, "retro_export"),
        ]

    # -- the calendar

    @shown
    def cutoff_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        administers = roles.can(request.user, integration.organization_id, "administer")
        if request.method == "POST":
            if not administers:
                raise PermissionDenied
            form = CutoffForm(request.POST, integration.calendar)
            if form.is_valid():
                engine.set_calendar(integration, form.calendar, request.user.get_username())
                messages.success(request, _("Saved. What waits goes by it from now on."))
                return HttpResponseRedirect(address(integration))
        else:
            form = CutoffForm(None, integration.calendar)
        calendar, number = integration.calendar, cutoff.held_of(integration)
        zone = integration.organization.zone
        return rendered(
            request,
            "cutoff/page.html",
            title=_("{connection}: payroll cut-off").format(connection=integration.name),
            integration=integration,
            tabs=self.tabs(request, integration, address(integration)),
            said=cutoff.sentences(calendar, zone) if calendar else [],
            after=cutoff.after_words(calendar.after) if calendar else "",
            held=figures.changes(number) if number else "",
            held_list=f"{reverse('admin:synclog_job_changelist')}?"
            + urlencode({"tab": "all", "integration__id__exact": str(integration.pk), "cutoff": "held"}),
            back_held=sentences.held_back(integration) if number else "",
            retro=f"{reverse('admin:synclog_job_retro')}?{urlencode({'integration': integration.pk})}",
            form=form if administers else None,
            example=_example(form.calendar if form.is_bound else calendar, integration),
            zone=integration.organization.time_zone,
            may_act=self.may_act(request, integration),
        )

    @shown
    def example_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        """What the form would mean, while it is filled in."""
        form = CutoffForm(request.GET, None)
        form.is_valid()
        wrong = [str(error) for errors in form.errors.values() for error in errors]
        context = {"example": _example(form.calendar, integration), "wrong": wrong}
        return TemplateResponse(request, "admin/synclog/cutoff/example.html", context)

    @acting
    def send_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        """Counts first; sends on POST."""
        if request.method == "POST":
            if not integration.send_positions:
                messages.warning(request, sentences.held_back(integration))
            elif number := engine.send_all(integration, request.user.get_username()):
                said = _("{changes} on the way to {connection}.")
                said = said.format(changes=figures.changes(number), connection=integration.name)
                messages.success(request, said)
            else:
                messages.warning(request, _("Nothing is held any more."))
            return HttpResponseRedirect(address(integration))
        number = cutoff.held_of(integration)
        return rendered(
            request,
            "cutoff/send.html",
            title=_("{connection}: send what is held").format(connection=integration.name),
            integration=integration,
            number=figures.changes(number) if number else "",
            held=sentences.held_back(integration),
            back=back(request, address(integration)),
        )

    # -- retroactive changes

    def retro_view(self, request: HttpRequest) -> HttpResponse:
        connections, chosen, when, words = self._asked(request)
        rows = self._found(request, chosen, when, words)
        page = JobPages(rows, ROWS).get_page(request.GET.get("page"))
        asked: dict[str, str | int] = {
            "integration": chosen.pk if chosen else "",
            "cutoff": when.isoformat() if when else "",
            "q": words,
        }
        mine = retro.found(
            RetroChange.objects.all(), self._log.visible(request), integration=chosen.pk if chosen else None
        )
        moments_of = mine.order_by("-cutoff_at").values_list("cutoff_at", flat=True).distinct()[:PERIODS]
        zone = chosen.organization.zone if chosen else None
        return rendered(
            request,
            "cutoff/retro.html",
            title=_("Retroactive changes"),
            connections=connections,
            chosen=chosen,
            words=words,
            when=when.isoformat() if when else "",
            periods=[(one.isoformat(), moments.clock(one, zone)) for one in moments_of] if zone else [],
            asked=urlencode(asked),
            page=page,
            rows=retro.in_words(page.object_list),
            any_calendar=any(one.cutoff for one in connections),
        )

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse:
        _connections, chosen, when, words = self._asked(request)
        rows = self._found(request, chosen, when, words)
        return spreadsheets.download("retroactive-changes.csv", map(say, _COLUMNS), _lines(rows))

    def _asked(self, request: HttpRequest) -> tuple[list[Integration], Integration | None, datetime | None, str]:
        """The connections that may be chosen, and what the list is narrowed to: connection, cut-off, words."""
        if not self._log.has_view_permission(request):
            raise PermissionDenied
        known = Integration.objects.select_related("organization").defer("credentials", "vault")
        known = roles.limited(known, self._log.visible(request))
        connections = list(known.order_by("organization__name", "name"))
        asked = as_key(request.GET.get("integration"))
        chosen = next((one for one in connections if one.pk == asked), None)
        words = request.GET.get("q", "")[:200].replace("\0", "")
        return connections, chosen, _moment(request.GET.get("cutoff", "")), words

    def _found(self, request: HttpRequest, chosen: Integration | None, when: datetime | None, words: str) -> Any:
        rows = RetroChange.objects.order_by("-pk")
        ids = self._log.visible(request)
        return retro.found(rows, ids, integration=chosen.pk if chosen else None, cutoff=when, words=words)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):  # no day, or one at the edge of the calendar
        return None


def address(integration: Integration) -> str:
    return reverse("admin:synclog_job_cutoff", args=[integration.pk])


def _example(calendar: Calendar | None, integration: Integration) -> list[str]:
    return cutoff.sentences(calendar, integration.organization.zone) if calendar else []


def _lines(rows: Any) -> Iterator[Iterable[Any]]:
    """One for each field."""
    for piece in in_pieces(rows, newest_first=True):
        for one in retro.in_words(piece):
            row, zone = one.row, one.row.integration.organization.zone
            about = (
                row.integration.name,
                row.cutoff_at.astimezone(zone).replace(tzinfo=None),
                row.employee_number,
                row.employee_name,
                row.title,
                one.mark.word,
            )
            saved = (row.saved_at.astimezone(zone).replace(tzinfo=None, microsecond=0), row.by)
            for line in one.fields:
                yield (*about, line.first, line.last, line.label, line.old, line.new, *saved)
            if not one.fields:
                yield (*about, row.first_on, row.last_on, "", "", "", *saved)
