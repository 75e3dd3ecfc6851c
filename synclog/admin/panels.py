"""What sync adds to the pages of people and positions: why a position is, or is not, in payroll."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration, PeriodLink
from integrations.planning.history import overlap_is_refused
from integrations.runtime import mapping
from integrations.scope import Scope
from integrations.sdk.declaration import Delete, Model
from integrations.sdk.wording import say, shown
from positions import roles
from positions.admin.hints import Hints
from positions.admin.position import PositionAdmin
from positions.models import Position
from positions.numbers import figure
from synclog.admin import occupations
from synclog.admin.before_saving import hints_of, is_over, links_of, problems_of, without_company
from synclog.admin.job.remedies import Remedies
from synclog.log.states import Connections, State, connections_of, states_of
from synclog.log.truth import Truth

admin.site.unregister(Position)


@admin.register(Position)
class SyncedPositionAdmin(PositionAdmin):
    """In place of the pages of an HR side that sends nothing."""

    def panels(self, request: HttpRequest, position: Position) -> list[str]:
        return [*super().panels(request, position), position_panel(request, position)]

    def hints_of(self, request: HttpRequest, position: Position) -> Hints:
        return hints_of(position)

    def occupations(
        self, request: HttpRequest, employee: int | None, company: int | None, text: str
    ) -> list[tuple[str, str]]:
        return occupations.offered(request, employee, company, text)

    def chips(self, request: HttpRequest, positions: Sequence[Position]) -> dict[int, str]:
        return position_chips(positions)

    def delete_notes(self, request: HttpRequest, positions: Sequence[Position]) -> list[str]:
        return [*super().delete_notes(request, positions), *delete_notes(positions)]

    def save_notes(self, request: HttpRequest, position: Position) -> list[str]:
        return [*super().save_notes(request, position), *save_notes(position)]


# -- on the pages --------------------------------------------------------------------------------------------


def position_panel(request: HttpRequest, position: Position) -> str:
    organization = position.employee.organization
    connections = connections_of(organization)
    if not connections.integrations:
        return ""
    states = states_of(connections, [position])[position.pk]
    remedies = Remedies(request.user, [state.job for state in states if state.job])
    here = request.get_full_path()
    log = reverse("admin:synclog_job_changelist")
    return render_to_string(
        "admin/synclog/position_panel.html",
        {
            "position": position,
            "states": [
                (state, remedies.places(state.job, here) if state.truth is Truth.NEEDS_YOU and state.job else [])
                for state in states
                if not state.excluded
            ],
            "excluded": [state for state in states if state.excluded],
            "may_act": roles.can(request.user, organization.pk, "edit"),
            "log": f"{log}?tab=all&position={position.pk}",
            "here": here,
        },
        request,
    )


def position_chips(positions: Sequence[Position]) -> dict[int, str]:
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
        chips.append(("neutral", f"{page}#sync", names, "block", _("Excluded: {number}").format(number=len(excluded))))
    return format_html_join(
        " ",
        '<a class="sy-chip sy-{}" href="{}" title="{}"><span class="material-symbols-outlined" '
        'aria-hidden="true">{}</span>{}</a>',
        chips,
    )


# -- before a deletion -----------------------------------------------------------------------------------------


def delete_notes(positions: Sequence[Position]) -> list[str]:
    """One line for each connection, first what happens or wants a hand, last where nothing happens. The positions may
    be of several employees, and even organizations."""
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
            there = [p for p in mine if (integration.pk, p.pk) in sent]
            rank, note = _delete_note(connections, integration, mine, there, gone)
            if rank == _BY_HAND:  # it is not too late yet
                note = " ".join([note, _("Or do not delete here: set an end date, which is sent.")])
            notes.append((rank, note))
    return [note for _rank, note in sorted(notes, key=lambda ranked: ranked[0])]


# A note's place among them.
_BY_HAND, _HAPPENS, _STAYS, _NOTHING = range(4)


def _delete_note(
    connections: Connections,
    integration: Integration,
    mine: Sequence[Position],
    sent: Sequence[Position],
    gone: set[int],
) -> tuple[int, str]:
    system, name = integration.system, {"connection": integration.name}
    if not integration.send_positions:
        off = _("{connection}: nothing happens there, Send positions is switched off.")
        return _NOTHING, off.format(**name)
    if not mine:
        return _NOTHING, _("{connection}: nothing happens there, it does not take this position.").format(**name)
    if not sent:
        return _NOTHING, _("{connection}: nothing happens there, it was never sent.").format(**name)
    if system.model is Model.FLAT:
        return _flat_note(integration, connections.scopes[integration.pk], sent, gone)
    words = {**name, "position": sent[0].title, "number": figure(len(sent))}
    if not integration.delete_positions:
        return _STAYS, _stays(len(sent)).format(**words)
    if system.delete is Delete.BY_HAND:
        cannot = ngettext("{connection} cannot delete it:", "{connection} cannot delete them:", len(sent))
        reminds = _("A line in the error log reminds of it until somebody has seen to it.")
        return _BY_HAND, f"{cannot.format(**words)} {say(system.delete_note)} {reminds}"
    does = _removed(len(sent)) if system.delete is Delete.REMOVE else _cancelled(len(sent))
    return _HAPPENS, f"{does.format(**words)} {say(system.delete_note)}".strip()


def _stays(number: int) -> str:
    if number == 1:
        return _("{connection}: “{position}” stays there. Delete there too is switched off for this connection.")
    return _(
        "{connection}: the {number} positions that were sent stay there. Delete there too is switched off for this "
        "connection."
    )


def _removed(number: int) -> str:
    if number == 1:
        return _("{connection}: “{position}” is removed there too.")
    return _("{connection}: the {number} positions that were sent are removed there too.")


def _cancelled(number: int) -> str:
    if number == 1:
        return _("{connection}: “{position}” is cancelled there too.")
    return _("{connection}: the {number} positions that were sent are cancelled there too.")


def _flat_note(integration: Integration, scope: Scope, sent: Sequence[Position], gone: set[int]) -> tuple[int, str]:
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
        said = _("{connection}: another current position takes its place there.")
        return _HAPPENS, said.format(connection=integration.name)
    if integration.delete_positions and system.delete is not Delete.BY_HAND:
        goes = ngettext(
            "{connection}: the employee's record is deleted there, if it was made for this position.",
            "{connection}: the records of {number} employees are deleted there, if they were made for these positions.",
            left,
        ).format(connection=integration.name, number=figure(left))
        return _HAPPENS, f"{goes} {say(system.delete_note)}"
    stays = ngettext(
        "{connection}: the employee's record stays there as it is.",
        "{connection}: the records of {number} employees stay there as they are.",
        left,
    ).format(connection=integration.name, number=figure(left))
    hand = say(system.delete_note) if integration.delete_positions else _("Delete there too is switched off.")
    return _STAYS, f"{stays} {hand}"


# -- after a save ------------------------------------------------------------------------------------------------


def save_notes(position: Position) -> list[str]:
    """What connected systems will refuse of the position as it is saved: that it has no company, values, an overlap."""
    connections = connections_of(position.employee.organization)
    sending = [i for i in connections.integrations if i.send_positions]
    taking = [i for i in sending if connections.takes(i, position)]
    notes = [*_left(connections, position), *without_company(sending, connections, position)]
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
        said = _("{connection} does not take this position any more, so it counts as deleted there.")
        yield f"{said.format(connection=integration.name)} {note}"


def _refused_values(taking: Sequence[Integration], position: Position) -> Iterable[str]:
    today = position.employee.organization.today()
    wanted = mapping.position(position, position.employee, today)
    links = links_of(position)
    for integration in taking:
        problems = (
            [] if is_over(integration, wanted, today) else problems_of(integration, wanted, links.get(integration.pk))
        )
        if problems:
            said = _("{connection} will not take this position.").format(connection=integration.name)
            yield " ".join([said, *(p.message for p in problems)])


def _refused_overlap(connections: Connections, taking: Sequence[Integration], position: Position) -> list[str]:
    history = [i for i in taking if i.system.model is Model.HISTORY]
    if not history:
        return []
    others = Position.objects.filter(employee=position.employee_id).exclude(pk=position.pk)
    others = others.filter(Q(end_date=None) | Q(end_date__gte=position.start_date))
    if position.end_date is not None:
        others = others.filter(start_date__lte=position.end_date)
    today = position.employee.organization.today()
    overlapping = list(others.select_related("company").prefetch_related(*mapping.WITH_TERMS))
    one = mapping.position(position, position.employee, today)

    def refuses(integration: Integration, other: Position) -> bool:
        two = mapping.position(other, position.employee, today)
        return overlap_is_refused(integration.system, integration.cleaned_settings(), one, two)

    names = [i.name for i in history if any(connections.takes(i, o) and refuses(i, o) for o in overlapping)]
    if not names:
        return []
    said = _(
        "{connections} will refuse one of the overlapping positions. Change the dates of one of them; it is sent when "
        "you save."
    )
    return [said.format(connections=shown(tuple(names)))]
