"""What holds of a position in a connection: one definition, asked by every chip, counter, health word, page and answer.

`truth_of` says it of one position, `counts_of` how many there are of each for whole connections: from the same facts,
which are the open job, the link and what is known of it (`engine.agreeing`), the switch, and the scope. Closed jobs
tell what happened; they decide nothing here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, When
from django.utils import timezone

from integrations.models import Integration, IntegrationCompany, PeriodLink
from integrations.scope import Scope, scopes_of
from integrations.sdk.declaration import Model
from positions.models import Position
from synclog.engine.agreeing import unknown
from synclog.models import Job


class Truth(StrEnum):
    """In the order in which they are decided."""

    NEEDS_YOU = "needs_you"  # refused: a person or a change has to mend it
    HELD = "held"  # until the payroll period opens
    UPCOMING = "upcoming"  # waits for the day on which it becomes current, or on which what is there changes
    WAITING = "waiting"  # on its way: waiting, being sent, or tried again by itself
    OFF = "off"  # the connection does not record changes
    OUT_OF_SCOPE = "out_of_scope"  # the connection is for other companies
    UNKNOWN = "unknown"  # sent; a worker has yet to look whether that is what is to be sent now
    CHANGED = "changed"  # sent, and changed here since; nothing of that is on its way
    PARTLY = "partly"  # sent, and a part of it is not there and would not get there
    IN_SYNC = "in_sync"  # sent, and everything that is sent is as it was written or read
    NOT_TAKEN = "not_taken"  # a system that takes the current position only takes another one, or none
    NOT_SENT = "not_sent"  # never sent, or the record there was given up


def truth_of(
    position: Position, integration: Integration, scope: Scope, job: Job | None, link: PeriodLink | None, now: str = ""
) -> Truth:
    """Of one position, from its newest job and its link there. `now`: the id of the employee's position that counts
    today, for a flat system ("" when none does)."""
    if job is not None and job.is_open:
        if job.state == Job.State.FAILED:
            return Truth.NEEDS_YOU
        if job.is_held(timezone.now()):
            return Truth.HELD
        waits = job.state == Job.State.WAITING and job.cause in Job.FOR_ITS_DAY
        return Truth.UPCOMING if waits else Truth.WAITING
    if not integration.send_positions:
        return Truth.OFF
    if not scope.takes(position):
        return Truth.OUT_OF_SCOPE
    if link is not None:
        return truth_of_link(link, integration.organization.today())
    if integration.system.model is Model.FLAT and _passed_over(position, integration.organization.today(), now):
        return Truth.NOT_TAKEN
    return Truth.NOT_SENT


def truth_of_link(link: PeriodLink, today: date) -> Truth:
    """Of a position that was sent and is not on its way."""
    if link.look_on is not None and link.look_on <= today:
        return Truth.UNKNOWN
    if link.stale:
        return Truth.CHANGED
    return Truth.PARTLY if link.left else Truth.IN_SYNC


def _passed_over(position: Position, today: date, now: str) -> bool:
    over = position.end_date is not None and position.end_date < today
    return over or (position.start_date <= today and now not in ("", str(position.pk)))


# -- how many of each ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """`waiting` with those that wait for their day, and with those that are `held`; `not_sent` with those that a flat
    system does not take (`Truth`). Of a connection that is off only what is still open is counted, and how many were
    changed since they were sent."""

    needs_you: int = 0
    waiting: int = 0
    unknown: int = 0
    changed: int = 0
    partly: int = 0
    in_sync: int = 0
    out_of_scope: int = 0
    not_sent: int = 0
    stale_while_off: int = 0
    held: int = 0

    @property
    def sent(self) -> int:
        return self.unknown + self.changed + self.partly + self.in_sync


def of_whom_it_is(scopes: Mapping[int, Scope]) -> Q:
    """Links whose position exists here and is of the connection's companies."""
    everybody = [pk for pk, scope in scopes.items() if scope.everybody]
    here = Position.objects.filter(pk=OuterRef("position_key"))
    # Asked of the database: one condition for each connection is more than SQLite takes for a thousand of them.
    chosen = IntegrationCompany.objects.filter(integration=OuterRef(OuterRef("integration")))
    taken = here.filter(company__in=chosen.values("company"))
    limited = scopes.keys() - set(everybody)
    return Q(Exists(here), integration__in=everybody) | Q(Exists(taken), integration__in=limited)


def settled_links(integrations: Sequence[Integration], scopes: Mapping[int, Scope]) -> QuerySet[PeriodLink]:
    """The links that decide what holds of their position: it is here, in scope, and not on its way."""
    open_jobs = Job.objects.open().filter(integration=OuterRef("integration"), open_key=OuterRef("position_key"))
    mine = {i.pk: scopes[i.pk] for i in integrations if i.pk in scopes}
    return PeriodLink.objects.filter(~Exists(open_jobs), of_whom_it_is(mine), integration__in=mine)


# Those of which there are lists; `NOT_SENT` is also for those that a flat system does not take (`NOT_TAKEN`).
LISTED = (Truth.CHANGED, Truth.PARTLY, Truth.UNKNOWN, Truth.IN_SYNC, Truth.NOT_SENT, Truth.OUT_OF_SCOPE)


def keys_in(integration: Integration, truth: Truth) -> QuerySet[Any]:
    """The ids of the positions of which it holds, for one of `LISTED`: as many as `counts_of` says, and in an order
    that an index has, so that a page of them reads a page."""
    here = Position.objects.filter(employee__organization=integration.organization_id).order_by("pk")
    if not integration.send_positions:
        return here.none().values_list("pk", flat=True)
    scopes = scopes_of([integration.pk])
    if truth in (Truth.NOT_SENT, Truth.OUT_OF_SCOPE):
        open_jobs = Job.objects.open().filter(integration=integration, open_key=OuterRef("pk"))
        links = PeriodLink.objects.filter(integration=integration, position_key=OuterRef("pk"))
        scope = scopes[integration.pk]
        here = here.filter(~Exists(open_jobs))
        if truth is Truth.NOT_SENT:
            here = here.filter(scope.positions(), ~Exists(links))
        else:
            here = here.none() if scope.everybody else here.exclude(scope.positions())
        return here.values_list("pk", flat=True)
    return links_in([integration], truth, scopes).order_by("pk").values_list("position_key", flat=True)


def links_in(integrations: Sequence[Integration], truth: Truth, scopes: Mapping[int, Scope]) -> QuerySet[PeriodLink]:
    """The links of connections that are on of whose positions it holds, for one that a link decides."""
    return settled_links(integrations, scopes).filter(_LINKS[truth], _known(integrations, truth))


_LINKS = {
    Truth.UNKNOWN: Q(),
    Truth.CHANGED: Q(stale=True),
    Truth.PARTLY: Q(stale=False, left__isnull=False),
    Truth.IN_SYNC: Q(stale=False, left__isnull=True),
}


def _known(integrations: Sequence[Integration], truth: Truth) -> Q:
    to_look_at = unknown(integrations)
    return to_look_at if truth is Truth.UNKNOWN else ~to_look_at


def counts_of(integrations: Sequence[Integration]) -> dict[int, Counts]:
    """Of each connection (with its organization), in four queries however many there are."""
    scopes = scopes_of([i.pk for i in integrations])
    jobs = _jobs(integrations)
    links = _links(integrations, scopes)
    people = _positions(integrations)
    return {i.pk: _counts(i, scopes.get(i.pk), jobs, links, people) for i in integrations}


def _jobs(integrations: Sequence[Integration]) -> dict[tuple[int, str, bool, int | None, bool], int]:
    """Open jobs by connection, state, whether their position is still here, its company, and whether they are held."""
    company = Position.objects.filter(pk=OuterRef("position_key"))
    held = Q(state__in=Job.ACTIVE, held_until__gt=timezone.now())  # `JobQuerySet.held`
    rows = (
        # Those that are open, said so that SQLite looks for them by the index of open jobs: it would read all by state.
        Job.objects.filter(integration__in=[i.pk for i in integrations], open_key__gt=0)
        .annotate(
            here=Exists(company), company=company.values("company")[:1], held=Case(When(held, True), default=False)
        )
        .order_by()
        .values_list("integration", "state", "here", "company", "held")
        .annotate(n=Count("pk"))
    )
    return {tuple(key): n for *key, n in rows}


def _links(integrations: Sequence[Integration], scopes: Mapping[int, Scope]) -> dict[int, dict[str, int]]:
    rows: Any = (
        settled_links(integrations, scopes)
        .order_by()
        .values("integration")
        .annotate(**{t.value: Count("pk", filter=q & _known(integrations, t)) for t, q in _LINKS.items()})
    )
    return {row["integration"]: {t.value: row[t.value] for t in _LINKS} for row in rows}


def _positions(integrations: Sequence[Integration]) -> dict[int, dict[int | None, int]]:
    """How many positions each organization has, by company."""
    rows = (
        Position.objects.filter(employee__organization__in={i.organization_id for i in integrations})
        .order_by()
        .values_list(F("employee__organization"), "company")
        .annotate(n=Count("pk"))
    )
    found: defaultdict[int, dict[int | None, int]] = defaultdict(dict)
    for organization, company, number in rows:
        found[organization][company] = number
    return found


def _counts(
    integration: Integration,
    scope: Scope | None,
    jobs: Mapping[tuple[int, str, bool, int | None, bool], int],
    links: Mapping[int, Mapping[str, int]],
    people: Mapping[int, Mapping[int | None, int]],
) -> Counts:
    mine = {key[1:]: n for key, n in jobs.items() if key[0] == integration.pk}
    needs_you = sum(n for (state, _, _, _), n in mine.items() if state == Job.State.FAILED)
    waiting = sum(mine.values()) - needs_you
    held = sum(n for (_, _, _, held), n in mine.items() if held)
    there = dict(links.get(integration.pk, {}))
    if not integration.send_positions or scope is None:
        return Counts(needs_you, waiting, stale_while_off=there.get("changed", 0), held=held)

    def takes(company: int | None) -> bool:
        return scope.everybody or company in scope.companies

    of_company = people.get(integration.organization_id, {})
    inside = sum(n for company, n in of_company.items() if takes(company))
    outside = sum(of_company.values()) - inside
    open_inside = sum(n for (_, here, company, _), n in mine.items() if here and takes(company))
    open_outside = sum(n for (_, here, company, _), n in mine.items() if here and not takes(company))
    return Counts(
        needs_you,
        waiting,
        **there,
        held=held,
        out_of_scope=outside - open_outside,
        not_sent=inside - open_inside - sum(there.values()),
    )
