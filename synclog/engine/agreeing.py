"""Keeps what is known of each link: whether what was last written is what is to be sent now
(`integrations.planning.agreement`).

Whatever may have changed that without a run says so (`look_again`), in the same transaction. A few are looked at there
and then; the rest by the worker, in pieces, and nobody says of them that they are in sync before that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning.agreement import Agreement, Written, agreement
from integrations.planning.states import State
from integrations.planning.translate import active_fields, to_come
from integrations.planning.work import Outcome, Report, Work
from integrations.runtime import mapping
from integrations.scope import scopes_of
from integrations.sdk import values
from integrations.sdk.declaration import Model
from integrations.sdk.periods import next_change
from positions.models import Employee, Position
from synclog.models import Job

AT_ONCE = date(1970, 1, 1)
FEW = 200  # are looked at at once
PIECE = 500  # links, of the worker's


def unknown(integrations: Iterable[Integration]) -> Q:
    """The links of these connections (with their organizations) that are to be looked at again: by their organizations'
    days, of which there are three on earth at most."""
    of_day: defaultdict[date, list[int]] = defaultdict(list)
    for integration in integrations:
        of_day[integration.organization.today()].append(integration.pk)
    found = Q(pk__in=())
    for today, keys in of_day.items():
        found |= Q(integration__in=keys, look_on__lte=today)
    return found


def look_again(links: QuerySet[PeriodLink], *, few: int = FEW) -> None:
    """What these links say may not be true any more."""
    number = links.update(look_on=AT_ONCE)
    if 0 < number <= few:
        look(links.filter(look_on=AT_ONCE)[:few])


def look_at_due() -> bool:
    """A piece of what is to be looked at, whoever's it is. False: nothing was left."""
    tomorrow = timezone.now().date() + timedelta(days=1)  # somewhere it may be
    if not PeriodLink.objects.filter(look_on__lte=tomorrow).exists():
        return False
    theirs = PeriodLink.objects.filter(integration=OuterRef("pk"), look_on__lte=tomorrow)
    integrations = Integration.objects.filter(Exists(theirs))
    due = PeriodLink.objects.filter(unknown(integrations.select_related("organization").defer("credentials", "vault")))
    return look(due[:PIECE]) > 0


@transaction.atomic
def look(links: QuerySet[PeriodLink]) -> int:
    """In a fixed number of queries. What a run writes meanwhile is not overwritten: it locks the same rows."""
    keys = sorted(links.values_list("pk", flat=True))
    rows = list(PeriodLink.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    integrations = (
        Integration.objects.filter(pk__in={row.integration_id for row in rows})
        .select_related("organization")
        .defer("credentials", "vault")
        .in_bulk()
    )
    scopes = scopes_of(integrations)
    employees = (
        Employee.objects.filter(pk__in={row.employee_key for row in rows})
        .select_related("company", "department", "manager")
        .defer("national_id", "manager__national_id")
        .in_bulk()
    )
    positions: defaultdict[int, list[Position]] = defaultdict(list)
    all_rows = Position.objects.filter(employee__in=employees).select_related("company")
    for position in all_rows.prefetch_related(*mapping.WITH_TERMS):
        positions[position.employee_id].append(position)
    settings = {pk: integration.cleaned_settings() for pk, integration in integrations.items()}
    open_ones = _open(integrations, employees)
    of_employee: dict[tuple[int, int], tuple[list[values.Position], set[str]]] = {}
    later: list[tuple[PeriodLink, date]] = []
    for row in rows:
        integration = integrations[row.integration_id]
        key, today = (row.integration_id, row.employee_key), integration.organization.today()
        if key not in of_employee:
            takes, theirs = scopes[integration.pk].takes, positions[row.employee_key]
            inside = [mapping.position(p, employees[row.employee_key], today) for p in theirs if takes(p)]
            of_employee[key] = inside, {str(p.pk) for p in theirs if not takes(p)}
        inside, outside = of_employee[key]
        written = Written(str(row.position_key), mapping.sent(row), mapping.from_json(row.left or {}))
        chosen = settings[integration.pk]
        found = agreement(
            integration.system, chosen, inside, written, today, outside=outside, open_ones=open_ones[integration.pk]
        )
        _keep(row, found, integration, chosen, inside, today)
        own = next((p for p in inside if p.id == str(row.position_key)), None)
        to_be_sent = to_come(integration.system, own, chosen, today) if own is not None else None
        if to_be_sent is not None and integration.system.model is Model.HISTORY and _is_under_sync(row, integration):
            later.append((row, to_be_sent[0]))
    # The rows are held, so none of them is made anew here: `bulk_update` would take far longer.
    PeriodLink.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"], update_fields=["stale", "left", "look_on"]
    )
    _plan(later, integrations)
    return len(rows)


def _is_under_sync(link: PeriodLink, integration: Integration) -> bool:
    return integration.activated_at is not None and link.sent_at >= integration.activated_at


def _plan(later: Sequence[tuple[PeriodLink, date]], integrations: Mapping[int, Integration]) -> None:
    """What these positions say only from a later day on, the day sends, also where the settings make it so only since
    they were sent (`synclog.queue.tasks`). What a person has dismissed is not sent before its next change."""
    keys = [link.position_key for link, _ in later]
    jobs = Job.objects.filter(integration__in=integrations, position_key__in=keys).order_by()
    newest = jobs.values("integration", "position_key").annotate(newest=Max("pk")).values("newest")
    dismissed = Job.objects.filter(pk__in=newest, state=Job.State.DISMISSED) if keys else ()
    left = {(job.integration_id, job.position_key) for job in dismissed}
    of_day: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    for link, day in later:
        if (link.integration_id, link.position_key) not in left:
            of_day[link.integration_id, day].add(link.employee_key)
    for (key, day), employees in sorted(of_day.items()):
        on = integrations[key].activated_at
        theirs = EmployeeLink.objects.filter(integration=key, employee_key__in=employees)
        sooner = Q(planned_in=on, next_change_on__lte=day)
        theirs.exclude(sooner).update(next_change_on=day, planned_in=on)


def _open(integrations: Iterable[int], employees: Iterable[int]) -> Mapping[int, set[str]]:
    """By connection: positions of these employees with an open entry."""
    rows = Job.objects.open().filter(integration__in=integrations, employee_key__in=employees)
    found: defaultdict[int, set[str]] = defaultdict(set)
    for integration, position in rows.values_list("integration", "position_key"):
        found[integration].add(str(position))
    return found


def after_run(
    link: PeriodLink,
    integration: Integration,
    settings: Mapping[str, Any],
    outcome: Outcome,
    work: Work,
    report: Report,
) -> None:
    """Of a link that a run has written or found as it is: not saved. `settings`: the connection's, cleaned."""
    written = Written(str(link.position_key), mapping.sent(link))
    ended_well = outcome.state is State.SUCCEEDED or outcome.cause in ("nothing_to_change", "stays_there")
    found = agreement(
        integration.system,
        settings,
        work.positions,
        written,
        work.today,
        outside=work.outside,
        just_now=ended_well,
        translated=report.translated,
    )
    _keep(link, found, integration, settings, work.positions, work.today)


def _keep(
    link: PeriodLink,
    found: Agreement,
    integration: Integration,
    settings: Mapping[str, Any],
    positions: Any,
    today: date,
) -> None:
    link.stale, link.left = found.stale, mapping.to_json(found.left) or None
    if integration.system.model is Model.FLAT:
        link.look_on = next_change(positions, today)
    else:
        # What stands on the employee is said by the position of today: of one to come, it is due on its first day.
        first = any(f.of_employee for f in active_fields(integration.system, settings))
        own = [p for p in positions if p.id == str(link.position_key)]
        days = [day for p in own for day in (*p.days_of_change(), *([p.start] if first else ()))]
        link.look_on = min((day for day in days if day > today), default=None)
