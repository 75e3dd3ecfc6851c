"""What sync adds to the pages of people and positions: why a position is, or is not, in payroll."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from integrations import adapt
from integrations.connectors.system import Delete, Model
from integrations.models import Integration, PeriodLink
from integrations.rules import changed_although_locked
from integrations.scope import Scope, company_names, not_taken, scopes_of
from integrations.translate import translate
from positions import dates, roles
from positions.admin import panels
from positions.models import Organization, Position
from synclog import showing
from synclog.causes import remedy
from synclog.models import Job
from synclog.showing import Mark, clock, day

_LIGHT = ("credentials", "vault")


def connect() -> None:
    panels.position_panels.append(position_panel)
    panels.position_chips.append(position_chips)
    panels.position_delete_notes.append(delete_notes)
    panels.position_save_notes.append(save_notes)


# -- the state of one position in one connection -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """`why` answers *Why is this not in payroll?* (or why it is). `settled`: nobody wonders about it."""

    integration: Integration
    mark: Mark
    why: str
    job: Job | None = None
    settled: bool = False
    may_send: bool = False
    excluded: bool = False  # the connection is for other companies


@dataclass(frozen=True, slots=True)
class Connections:
    """An organization's connections, what each takes, and the names of the companies that it is limited to."""

    organization: Organization
    integrations: Sequence[Integration]
    scopes: Mapping[int, Scope]
    companies: Mapping[int, Sequence[str]]

    def takes(self, integration: Integration, position: Position) -> bool:
        return self.scopes[integration.pk].takes(position)


def connections_of(organization: Organization) -> Connections:
    """In three queries."""
    found = list(Integration.objects.filter(organization=organization).defer(*_LIGHT).order_by("name"))
    for one in found:
        one.organization = organization
    return Connections(organization, found, scopes_of([one.pk for one in found]), company_names(found))


def states_of(connections: Connections, positions: Sequence[Position]) -> dict[int, list[State]]:
    """For all positions (with their company) in two more queries, however many there are."""
    keys = [p.pk for p in positions]
    newest = (
        Job.objects.filter(position_key__in=keys, integration__in=connections.integrations)
        .order_by()
        .values("position_key", "integration")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    by_key = {i.pk: i for i in connections.integrations}
    jobs: dict[tuple[int, int], Job] = {}
    for job in Job.objects.filter(pk__in=newest):
        job.integration = by_key[job.integration_id]
        jobs[job.position_key, job.integration_id] = job
    links = {
        (link.position_key, link.integration_id): link
        for link in PeriodLink.objects.filter(position_key__in=keys, integration__in=connections.integrations)
    }
    today = connections.organization.today()
    return {
        p.pk: [
            _state(connections, p, i, jobs.get((p.pk, i.pk)), links.get((p.pk, i.pk)), today)
            for i in connections.integrations
        ]
        for p in positions
    }


def _state(
    connections: Connections,
    position: Position,
    integration: Integration,
    job: Job | None,
    link: PeriodLink | None,
    today: date,
) -> State:
    if job is not None and job.is_open:
        return _open(integration, job)
    zone = connections.organization.zone
    if not integration.send_positions:
        before = f" It was last sent {showing.when(link.sent_at, zone)}, while it was on." if link else ""
        why = f"Send positions is switched off for {integration.name}: changes are not recorded.{before}"
        return State(integration, Mark("Off", "toggle_off", "neutral"), why, job, settled=True)
    if not connections.takes(integration, position):
        why = not_taken(integration.name, position, connections.companies.get(integration.pk, ()))
        return State(integration, Mark("Excluded", "block", "neutral"), why, excluded=True)
    if job is not None:
        return _closed(integration, job, link)
    if link is not None:
        return State(integration, _sent(link, zone), "It agrees with what is here.", None, True, True)
    return _never(connections, position, integration, today)


def _sent(link: PeriodLink, zone: object) -> Mark:
    return Mark(f"Sent {clock(link.sent_at, zone)}", "check_circle", "success")  # type: ignore[arg-type]


def _open(integration: Integration, job: Job) -> State:
    said = showing.say(job)
    zone = integration.organization.zone
    if job.state == Job.State.FAILED:
        why = " ".join(part for part in (said.why, said.fix) if part)
        return State(integration, Mark("Needs you", "error", "danger"), why, job, may_send=integration.send_positions)
    if job.state == Job.State.WAITING and job.cause == "not_yet_current":
        local = job.due_at.astimezone(zone).date()
        mark = Mark(f"Becomes current on {dates.show(local)}", "event", "info")
        return State(integration, mark, f"{said.why} {said.next}".strip(), job, settled=True)
    why = " ".join(part for part in (said.why, said.next) if part)
    mark = showing.MARKS[Job.State(job.state)]
    return State(integration, mark, why, job, may_send=integration.send_positions and job.state != Job.State.RUNNING)


def _closed(integration: Integration, job: Job, link: PeriodLink | None) -> State:
    zone = integration.organization.zone
    closed = job.finished_at or job.changed_at
    if job.state == Job.State.SUCCEEDED:
        word = f"Sent {clock(closed, zone)}"
        if job.warning:
            return State(integration, Mark(word, "warning", "warning"), job.message, job, may_send=True)
        return State(integration, Mark(word, "check_circle", "success"), job.message, job, True, True)
    if job.state == Job.State.DISMISSED:
        why = f"{showing.say(job).happened} {job.dismissed_reason}. The next change of the position is sent."
        return State(integration, Mark("Dismissed", "archive", "neutral"), why, job, may_send=True)
    if job.cause == "not_current":
        return State(integration, NOT_SUPPORTED, job.message, job, True, True)
    if job.cause in ("nothing_to_change", "no_supported_change") and link is not None:
        return State(integration, _sent(link, zone), job.message, job, True, True)
    if job.cause == "switched_off":
        why = f"{job.message} Save the position again or press Send now."
        return State(integration, NOT_SENT, why, job, may_send=True)
    why = " ".join(part for part in (job.message, remedy(job.cause)) if part)
    return State(integration, Mark("Skipped", "do_not_disturb_on", "neutral"), why, job, may_send=True)


def _never(connections: Connections, position: Position, integration: Integration, today: date) -> State:
    system, zone = integration.system, connections.organization.zone
    if system.model is Model.FLAT and position.end_date is not None and position.end_date < today:
        why = f"{system.name} takes the current position only, and this one is over."
        return State(integration, NOT_SUPPORTED, why, settled=True)
    saved, since = day(position.updated_at, zone), integration.activated_at
    if since is not None and position.updated_at < since:
        on, on_time = day(since, zone), f"{since.astimezone(zone):%H:%M}"
        if on == saved:
            saved, on = f"{saved} {position.updated_at.astimezone(zone):%H:%M}", f"{on} {on_time}"
        why = f"Saved on {saved}; sync has been on since {on}. Save it again or press Send now."
    else:
        why = f"Saved on {saved}, when {integration.name} did not take this position. Save it again or press Send now."
    return State(integration, NOT_SENT, why, may_send=True)


NOT_SENT = Mark("Not sent", "radio_button_unchecked", "warning")
NOT_SUPPORTED = Mark("Not supported", "do_not_disturb_on", "neutral")


# -- on the pages --------------------------------------------------------------------------------------------


def position_panel(request: HttpRequest, position: Position) -> str:
    organization = position.employee.organization
    connections = connections_of(organization)
    if not connections.integrations:
        return ""
    states = states_of(connections, [position])[position.pk]
    log = reverse("admin:synclog_job_changelist")
    return render_to_string(
        "admin/synclog/position_panel.html",
        {
            "position": position,
            "states": [state for state in states if not state.excluded],
            "excluded": [state for state in states if state.excluded],
            "may_act": roles.can(request.user, organization.pk, "edit"),
            "log": f"{log}?tab=all&position={position.pk}",
            "here": request.get_full_path(),
        },
        request,
    )


def position_chips(request: HttpRequest, positions: Sequence[Position]) -> dict[int, str]:
    if not positions:
        return {}
    connections = connections_of(positions[0].employee.organization)
    return {pk: _chips(pk, states) for pk, states in states_of(connections, positions).items()}


def _chips(position: int, states: Iterable[State]) -> SafeString:
    """Links to the position's own panel: what each says is told there at length."""
    page = reverse("admin:positions_position_change", args=[position])
    chips = [
        (s.mark.tone, f"{page}#sync-{s.integration.pk}", s.why, s.mark.glyph, f"{s.integration.name}: {s.mark.word}")
        for s in states
        if not s.excluded
    ]
    excluded = [s for s in states if s.excluded]
    if excluded:
        # Connections for other companies are many, and of little interest here.
        names = ", ".join(s.integration.name for s in excluded)
        chips.append(("neutral", f"{page}#sync", names, "block", f"Excluded: {len(excluded)}"))
    return format_html_join(
        " ",
        '<a class="sy-chip sy-{}" href="{}" title="{}"><span class="material-symbols-outlined" '
        'aria-hidden="true">{}</span>{}</a>',
        chips,
    )


# -- before a deletion -----------------------------------------------------------------------------------------


def delete_notes(request: HttpRequest, positions: Sequence[Position]) -> list[str]:
    """One line for each connection. The positions may be of several employees, and even organizations."""
    of_organization: defaultdict[int, list[Position]] = defaultdict(list)
    for position in positions:
        of_organization[position.employee.organization_id].append(position)
    notes = []
    for rows in of_organization.values():
        connections = connections_of(rows[0].employee.organization)
        sent = set(
            PeriodLink.objects.filter(
                integration__in=connections.integrations, position_key__in=[p.pk for p in rows]
            ).values_list("integration_id", "position_key")
        )
        for integration in connections.integrations:
            mine = [p for p in rows if connections.takes(integration, p) or (integration.pk, p.pk) in sent]
            gone = {p.pk for p in rows}
            notes.append(
                _delete_note(connections, integration, mine, [p for p in mine if (integration.pk, p.pk) in sent], gone)
            )
    return [note for note in notes if note]


def _delete_note(
    connections: Connections,
    integration: Integration,
    mine: Sequence[Position],
    sent: Sequence[Position],
    gone: set[int],
) -> str:
    system, name = integration.system, integration.name
    if not integration.send_positions:
        return f"{name}: nothing happens there, Send positions is switched off."
    if not mine:
        return f"{name}: nothing happens there, it does not take this position."
    if not sent:
        return f"{name}: nothing happens there, it was never sent."
    what = f"“{sent[0].title}”" if len(sent) == 1 else f"the {len(sent)} positions that were sent"
    stays, them = ("stays", "it") if len(sent) == 1 else ("stay", "them")
    if system.model is Model.FLAT:
        return _flat_note(integration, connections.scopes[integration.pk], sent, gone)
    if not integration.delete_positions:
        return f"{name}: {what} {stays} there. Delete there too is switched off for this connection."
    if system.delete is Delete.BY_HAND:
        return (
            f"{name} cannot delete {them}: {system.delete_note} "
            "A line in the error log reminds of it until somebody has seen to it."
        )
    does = "removed" if system.delete is Delete.REMOVE else "cancelled"
    return f"{name}: {what} {'is' if len(sent) == 1 else 'are'} {does} there too. {system.delete_note}".strip()


def _flat_note(integration: Integration, scope: Scope, sent: Sequence[Position], gone: set[int]) -> str:
    """One record for each employee: another current position takes it over, else it stays as it is."""
    system, today = integration.system, integration.organization.today()
    employees = {p.employee_id for p in sent}
    others = (
        Position.objects.filter(scope.positions(), employee__in=employees, start_date__lte=today)
        .filter(Q(end_date=None) | Q(end_date__gte=today))
        .exclude(pk__in=gone)
    )
    taken_over = set(others.values_list("employee_id", flat=True))
    left = len(employees - taken_over)
    if not left:
        return f"{integration.name}: another current position takes its place there."
    whose = "the employee's record stays" if left == 1 else f"the records of {left} employees stay"
    hand = system.delete_note if integration.delete_positions else "Delete there too is switched off."
    return f"{integration.name}: {whose} there as it is. {hand}".replace(
        "stay there as it is", "stay there as they are"
    )


# -- after a save ------------------------------------------------------------------------------------------------


def save_notes(request: HttpRequest, position: Position) -> list[str]:
    """What connected systems will refuse of the position as it is saved: values, and an overlap."""
    connections = connections_of(position.employee.organization)
    taking = [i for i in connections.integrations if i.send_positions and connections.takes(i, position)]
    notes = list(_left(connections, position))
    if taking:
        notes += [*_refused_values(taking, position), *_refused_overlap(connections, taking, position)]
    return notes


def _left(connections: Connections, position: Position) -> Iterable[str]:
    """What becomes of it where it was sent and is not taken any more, since it is with another company now."""
    left = {job.integration_id for job in getattr(position, "sync_jobs", ()) if job.outside}
    if not left:
        return
    links = PeriodLink.objects.filter(position_key=position.pk, integration__in=left)
    sent = set(links.values_list("integration_id", flat=True))
    for integration in (i for i in connections.integrations if i.pk in left):
        there = [position] if integration.pk in sent else []
        note = _delete_note(connections, integration, [position], there, {position.pk})
        yield f"{integration.name} does not take this position any more, so it counts as deleted there. {note}"


def _refused_values(taking: Sequence[Integration], position: Position) -> Iterable[str]:
    wanted = adapt.position(position, position.employee)
    today = position.employee.organization.today()
    links = {link.integration_id: link for link in PeriodLink.objects.filter(position_key=position.pk)}
    for integration in taking:
        system, settings = integration.system, integration.cleaned_settings()
        if system.model is Model.FLAT and wanted.end is not None and wanted.end < today:
            continue
        translation = translate(system, wanted, settings)
        problems = list(translation.problems)
        link = links.get(integration.pk)
        if translation.wanted is not None and link is not None:
            problems += changed_although_locked(system, settings, adapt.from_json(link.values), translation.wanted)
        if problems:
            yield f"{integration.name} will not take this position. {' '.join(p.message for p in problems)}"


def _refused_overlap(connections: Connections, taking: Sequence[Integration], position: Position) -> list[str]:
    history = [i for i in taking if i.system.model is Model.HISTORY]
    if not history:
        return []
    others = Position.objects.filter(employee=position.employee_id).exclude(pk=position.pk)
    others = others.filter(Q(end_date=None) | Q(end_date__gte=position.start_date))
    if position.end_date is not None:
        others = others.filter(start_date__lte=position.end_date)
    overlapping = list(others)
    names = [i.name for i in history if any(connections.takes(i, other) for other in overlapping)]
    if not names:
        return []
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return [
        f"{listed} will refuse one of the overlapping positions. Change the dates of one of them; it is sent when you "
        "save."
    ]
