"""*Preview* of everything: what would be sent of all positions when a connection is switched on, or with the settings
that somebody is about to save."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from integrations.engine import Start
from integrations.gaps import gaps_here
from integrations.models import Integration
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from integrations.settings_form import ConnectionForm
from positions import roles, spreadsheets
from positions.admin.returning import back
from positions.batches import in_pieces
from positions.numbers import figure
from synclog.admin.job.listing import JobPages
from synclog.admin.log_pages import ConnectionPages, View, pressed, rendered, shown
from synclog.log import cutoff, figures, forecasts
from synclog.log.starting import positions_of
from synclog.models import Forecast
from synclog.questions import asking, walks
from synclog.questions.forecasts import why_not

ROWS = 50  # on a page
_FIRST = 3  # rows below the form of the settings
_COMPANIES = "everybody"  # whose positions it takes, among what is not looked at
_PANEL = "panel"  # in an address: only what stands below that form
_STARTS = {
    Start.CURRENT.value: gettext_noop("Current and upcoming positions"),
    Start.ALL.value: gettext_noop("All positions, also those that are over"),
}
_COLUMNS = (
    gettext_noop("Employee number"),
    gettext_noop("Employee"),
    gettext_noop("Position"),
    gettext_noop("What would happen"),
    gettext_noop("Why"),
    gettext_noop("Field"),
    gettext_noop("Before"),
    gettext_noop("After"),
    gettext_noop("From"),
    gettext_noop("What to do"),
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a preview is looked at, by the address."""

    forecast: Forecast | None
    start: str
    result: str
    by: str  # "cause field" or "action "
    words: str

    def address(self, **other: str) -> str:
        """The same with something else, as a query string."""
        now = {"start": self.start, "result": self.result, "why": self.by, "q": self.words} | other
        return urlencode({name: value for name, value in now.items() if value})

    def rows(self) -> Any:
        assert self.forecast is not None
        cause, _sep, field = self.by.partition(" ")
        why = (cause, field) if self.by else None
        return forecasts.found(self.forecast, self.start, self.result, why, self.words)


class ForecastPages(ConnectionPages):
    """Viewers look; who administers the connection asks."""

    acts = "administer"

    def urls(self) -> list[URLPattern]:
        def at(address: str, view: View, name: str, **kwargs: Any) -> URLPattern:
            return self._at(f"previews/<int:pk>/{address}", view, name, **kwargs)

        start, settings = Forecast.Kind.START, Forecast.Kind.SETTINGS
        return [
            at("", self.list_view, "previews", kind=start),
            at("settings/", self.list_view, "previews_of_settings", kind=settings),
            at("export.csv", self.export_view, "previews_export", kind=start),
            at("settings/export.csv", self.export_view, "previews_of_settings_export", kind=settings),
            at("begin/", self.begin_view, "previews_begin"),
            at("settings/begin/", self.settings_view, "previews_of_settings_begin"),
            at("cancel/", self.cancel_view, "previews_cancel", kind=start),
            at("settings/cancel/", self.cancel_view, "previews_of_settings_cancel", kind=settings),
        ]

    # -- the list

    @shown
    def list_view(self, request: HttpRequest, integration: Integration, kind: str) -> HttpResponse:
        if kind == Forecast.Kind.SETTINGS and _PANEL in request.GET:
            return self._settings_panel(request, integration)
        asked, newest = self._asked(request, integration, kind), forecasts.newest(integration, kind)
        forecast, may_act = asked.forecast, self.may_act(request, integration)
        page = JobPages(asked.rows(), ROWS).get_page(request.GET.get("page")) if forecast is not None else None
        of_start = kind == Forecast.Kind.START
        said = why_not(integration) if of_start else None
        held = cutoff.held_of(integration) if integration.send_positions else 0
        return self._page(
            request,
            integration,
            kind=kind,
            of_start=of_start,
            forecast=forecast,
            total=figures.positions(forecasts.total(forecast, asked.start)) if forecast else "",
            found_out=forecasts.progress(forecast) if forecast else "",
            outdated=forecast is not None and forecasts.outdated(forecast, integration),
            beyond=_beyond(integration, forecast) if forecast else [],
            newest=forecasts.progress(newest) if newest is not None and newest != forecast else "",
            going=newest is not None and newest.done_at is None,
            held=figures.changes(held) if held else "",
            asked=asked,
            query=asked.address(),
            asked_fields=parse_qsl(asked.address(q="")),
            starts=_starts(forecast, asked) if forecast and of_start else [],
            results=_results(forecast, asked) if forecast else [],
            groups=_groups(forecast, asked) if forecast else [],
            page=page,
            rows=forecasts.in_words(page.object_list) if page is not None else [],
            may_act=may_act,
            why_not=str(said) if said is not None else "",
            here=request.get_full_path(),
            **{name: address(integration, kind, name) for name in ("cancel", "export")},
        )

    # -- what is pressed

    @pressed
    def begin_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        try:
            asking.preview_start(integration, request.user.get_username())
        except walks.NotPossibleError as reason:
            messages.warning(request, str(reason.said))
        return HttpResponseRedirect(back(request, address(integration, Forecast.Kind.START)))

    @pressed
    def settings_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        """By the form of the settings as it is filled in; nothing of it is saved, and no credential is looked at."""
        form = ConnectionForm(
            integration, request.POST, needed={gap.setting for gap, _number in gaps_here(integration)}
        )
        if not form.is_valid():
            return rendered(request, "forecasts/mistakes.html", integration=integration, form=form, title=_("Preview"))
        others = [_COMPANIES] if form.takes_others else []
        refused = ""
        try:
            asking.preview_settings(integration, form.settings(), request.user.get_username(), others)
        except walks.NotPossibleError as reason:  # somebody else began one at the same moment
            refused = str(reason.said)
        if _PANEL in request.GET:
            return self._settings_panel(request, integration, refused)
        if refused:
            messages.warning(request, refused)
        return HttpResponseRedirect(address(integration, Forecast.Kind.SETTINGS))

    def _settings_panel(self, request: HttpRequest, integration: Integration, refused: str = "") -> HttpResponse:
        """Below the form of the settings."""
        kind = Forecast.Kind.SETTINGS
        newest = forecasts.newest(integration, kind)
        done = newest if newest is not None and newest.state is Forecast.State.DONE else None
        first = forecasts.found(done)[:_FIRST] if done is not None else ()
        return rendered(
            request,
            "forecasts/settings.html",
            integration=integration,
            newest=forecasts.progress(newest) if newest is not None else "",
            refused=refused,
            going=newest is not None and newest.done_at is None,
            done=done,
            groups=_of(integration, done, "", figures.positions) if done is not None else [],
            rows=forecasts.in_words(first),
            beyond=_beyond(integration, done) if done is not None else [],
            list=address(integration, kind),
            cancel=address(integration, kind, "cancel"),
        )

    @pressed
    def cancel_view(self, request: HttpRequest, integration: Integration, kind: str) -> HttpResponse:
        going = integration.forecasts.filter(kind=kind, done_at=None).first()
        cancelled = going is not None and walks.cancel(going, request.user.get_username())
        if _PANEL in request.GET:
            return self._settings_panel(request, integration)
        if cancelled:
            messages.success(request, _("Cancelled."))
        else:
            messages.warning(request, _("It was over already."))
        return HttpResponseRedirect(back(request, address(integration, kind)))

    @shown
    def export_view(self, request: HttpRequest, integration: Integration, kind: str) -> StreamingHttpResponse:
        asked = self._asked(request, integration, kind)
        rows = _lines(asked) if asked.forecast is not None else iter(())
        return spreadsheets.download("preview.csv", map(say, _COLUMNS), rows)

    # -- whose it is

    @staticmethod
    def _asked(request: HttpRequest, integration: Integration, kind: str) -> _Asked:
        """Of the last whole one."""
        forecast = forecasts.whole(integration, kind).first()
        start, result = request.GET.get("start", ""), request.GET.get("result", "")
        if kind == Forecast.Kind.SETTINGS:
            start = ""
        elif start not in _STARTS:
            start = Start.CURRENT.value
        why, words = (request.GET.get(name, "")[:200].replace("\0", "") for name in ("why", "q"))
        return _Asked(forecast, start, result if result in forecasts.RESULTS else "", why, words)

    def _page(self, request: HttpRequest, integration: Integration, *, of_start: bool, **context: Any) -> HttpResponse:
        title = _("{connection}: preview") if of_start else _("{connection}: preview of other settings")
        return rendered(
            request,
            "forecasts/list.html",
            title=title.format(connection=integration.name),
            integration=integration,
            of_start=of_start,
            connection=reverse("admin:integrations_integration_change", args=[integration.pk]),
            **context,
        )


def address(integration: Integration, kind: str, act: str = "") -> str:
    of = "previews_of_settings" if kind == Forecast.Kind.SETTINGS else "previews"
    return reverse(f"admin:synclog_job_{of}{f'_{act}' if act else ''}", args=[integration.pk])


# -- filters: label, count, address, whether it is the chosen one


def _starts(forecast: Forecast, asked: _Asked) -> list[tuple[str, str, str, bool]]:
    return [
        (say(label), figure(forecasts.total(forecast, start)), f"?{asked.address(start=start, result='', why='')}",
         start == asked.start)
        for start, label in _STARTS.items()
    ]  # fmt: skip


def _results(forecast: Forecast, asked: _Asked) -> list[tuple[str, str, str, bool]]:
    numbers = forecasts.counts(forecast, asked.start)
    every = [("", _("Everything"), sum(numbers.values()))]
    every += [(result, forecasts.mark_of(result).word, number) for result, number in numbers.items()]
    return [
        (label, figure(number), f"?{asked.address(result=result, why='')}", result == asked.result)
        for result, label, number in every
    ]


def _groups(forecast: Forecast, asked: _Asked) -> list[tuple[str, str, str, bool]]:
    """What would be done, or why not, of the results that are shown."""
    found = []
    for group in forecasts.groups(forecast, asked.start):
        if group.title and asked.result in ("", group.result):
            why = _why(group)
            chosen = why == asked.by
            found.append((group.title, figure(group.number), f"?{asked.address(why='' if chosen else why)}", chosen))
    return found


def _why(group: forecasts.Group) -> str:
    return f"{group.cause or group.action} {group.field}"


def _beyond(integration: Integration, forecast: Forecast) -> list[str]:
    """Labels of the settings of which no translation tells what they do."""
    found = [say(setting.label) for setting in integration.system.settings if setting.name in forecast.beyond]
    return [_("Whose positions"), *found] if _COMPANIES in forecast.beyond else found


# -- on the pages of the connection


def panel(request: HttpRequest, integration: Integration) -> str:
    """In the step of switching on: what would be sent with each start, or how far that is."""
    if any(s in integration.system.credentials for s in integration.missing_settings()):
        return ""
    newest, kind = forecasts.newest(integration, Forecast.Kind.START), Forecast.Kind.START
    done = newest if newest is not None and newest.state is Forecast.State.DONE else None
    said = why_not(integration)
    return render_to_string(
        "admin/synclog/forecasts/panel.html",
        {
            "integration": integration,
            "newest": forecasts.progress(newest) if newest is not None else "",
            "going": newest is not None and newest.done_at is None,
            "done": done,
            "outdated": done is not None and forecasts.outdated(done, integration),
            "starts": [
                (say(label), figure(forecasts.total(done, start)), _of(integration, done, start))
                for start, label in _STARTS.items()
            ]
            if done is not None
            else [],
            "why_not": str(said) if said is not None else "",
            "may_act": roles.can(request.user, integration.organization_id, "administer"),
            "here": request.get_full_path(),
            **{name: address(integration, kind, name) for name in ("begin", "cancel")},
            "list": address(integration, kind),
        },
        request,
    )


def _of(
    integration: Integration, forecast: Forecast, start: str, shown: Callable[[int], str] = figure
) -> list[tuple[str, Any, str, str]]:
    """Count, mark, why and the list of each group with this start."""
    place = address(integration, forecast.kind)
    found = []
    for one in forecasts.groups(forecast, start):
        narrowed = _Asked(forecast, start, one.result, _why(one), "").address()
        found.append((shown(one.number), one.mark, one.title, f"{place}?{narrowed}"))
    return found


def foreseen(integration: Integration) -> Mapping[Start, str]:
    """For the choice of the start: how many positions it is about, and how many of them would be sent as far as that
    was found out."""
    newest = forecasts.newest(integration, Forecast.Kind.START)
    known = {} if newest is None or forecasts.outdated(newest, integration) else forecasts.starts(newest)
    found = {}
    for start in (Start.CURRENT, Start.ALL):
        positions = figures.positions(positions_of(integration, start).count())
        if start in known:
            said = _("{positions}; by the preview, {number} would be sent.")
            found[start] = said.format(positions=positions, number=figure(known[start]))
        else:
            found[start] = _("{positions}; not previewed.").format(positions=positions)
        if all_the_same := cutoff.of_a_start(integration):
            found[start] += f" {all_the_same}"
    return found


def _lines(asked: _Asked) -> Iterator[Iterable[Any]]:
    """One for each field."""
    for rows in in_pieces(asked.rows()):
        for one in forecasts.in_words(rows):
            person = one.employee
            about = (
                person.number if person else "",
                person.name if person else "",
                str(one.position) if one.position else "",
                one.mark.word,
                " ".join(part for part in (one.why, one.message) if part),
            )
            for line in one.lines:
                yield (*about, line.label, line.old, line.new, line.since, one.remedy)
            if not one.lines:
                yield (*about, "", "", "", "", one.remedy)
