"""The payroll cut-off of connections (docs/cutoff.md): what is saved after it is marked, and held where that is wanted.

A held job is one that is not due before its period opens, and that nobody claims along with its employee's others. In a
system that knows one record of an employee, all changes of that employee are held while one is.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.models import Integration
from integrations.planning.cutoff import After, Calendar
from integrations.sdk.declaration import Model
from integrations.sdk.messages import packed
from positions.models import Organization
from positions.tracing import request_id
from positions.transactions import repeated
from synclog.engine import texts
from synclog.engine.clock_skew import at_once
from synclog.engine.notify import wake
from synclog.models import Event, Job, JobQuerySet

_NO_CHANGE = (Job.Origin.SCHEDULE, Job.Origin.RESYNC)  # of these it is no save that decides
_A_CHANGE = ~Q(origin__in=_NO_CHANGE) & Q(asked_for=False)  # a save decides, and nobody has sent it since

logger = logging.getLogger("synclog.engine.cutoff")


def mark(jobs: Iterable[Job], calendars: Mapping[int, Calendar]) -> list[Job]:
    """Of changes that are just being saved, before their jobs are stored: those that come after the cut-off of their
    connection say so, and are put off where it holds them. What a day begins by itself was saved before, and what
    somebody sends all the same has its moment already (`sent_all_the_same`). Gives the jobs that are held. One query
    where any of the connections has a calendar."""
    concerned = [
        job
        for job in jobs
        if job.integration_id in calendars and job.held_until is None and job.origin != Job.Origin.SCHEDULE
    ]
    zones = _zones({job.organization_id for job in concerned}) if concerned else {}
    held = []
    for job in concerned:
        calendar, zone = calendars[job.integration_id], zones[job.organization_id]
        closed = None if calendar.after is After.SEND else calendar.closed(job.recorded_at, zone)
        if closed is None:
            continue
        job.cutoff_at, opens = closed
        if calendar.after is After.HOLD:
            job.held_until = job.due_at = opens
            job.cause, job.said = Job.HELD, packed([texts.HELD(until=opens.astimezone(zone))])
            held.append(job)
    return held


def calendars_of(kept: Iterable[tuple[int, Mapping[str, object]]]) -> dict[int, Calendar]:
    """Of connections by their ids, from what each keeps."""
    read = ((pk, Calendar.from_json(one)) for pk, one in kept)
    return {pk: calendar for pk, calendar in read if calendar is not None}


def _zones(organizations: Collection[int]) -> dict[int, ZoneInfo]:
    return {one.pk: one.zone for one in Organization.objects.filter(pk__in=organizations).only("time_zone")}


# -- one record for one employee ---------------------------------------------------------------------------


def is_flat(integration: Integration) -> bool:
    return integration.system.model is Model.FLAT


@transaction.atomic
def hold_beside(integration: Integration, employees: Collection[int] | None = None) -> bool:
    """Of a flat system's connection: what else is open of employees of whom something is held is held as long; whether
    there was anything. One query where there is not; else one more, and a write for each moment at which something
    opens. What somebody else is writing just now is left to them: whoever claims looks once more."""
    now = timezone.now()
    jobs = Job.objects.filter(integration=integration)
    held = jobs.held(now).order_by()
    beside = jobs.open().filter(Exists(held.filter(employee_key=OuterRef("employee_key"))), state__in=Job.ACTIVE)
    beside = beside.exclude(held_until__gt=now)
    if employees is not None:
        beside = beside.filter(employee_key__in=employees)
    free = beside.select_for_update(of=("self",), skip_locked=True).order_by("position_key", "pk")
    of_employee: dict[int, list[int]] = {}
    for pk, employee in free.values_list("pk", "employee_key"):
        of_employee.setdefault(employee, []).append(pk)
    if not of_employee:
        return False
    until = held.filter(employee_key__in=of_employee).values_list("employee_key").annotate(Max("held_until"))
    of_moment: dict[datetime, list[int]] = {}
    for employee, moment in until:
        of_moment.setdefault(moment, []).extend(of_employee[employee])
    for moment, keys in of_moment.items():
        _hold(jobs.filter(pk__in=keys), moment, integration.organization.zone)
    return bool(of_moment)


def _hold(jobs: QuerySet[Job], opens: datetime, zone: ZoneInfo) -> None:
    jobs.update(
        held_until=opens, due_at=opens, state=Job.State.WAITING, cause=Job.HELD,
        said=packed([texts.HELD(until=opens.astimezone(zone))]), changed_at=timezone.now(),
    )  # fmt: skip


def hold_some_beside(integration: Integration, employees: Collection[int]) -> bool:
    """The same of employees who are about to be claimed, whatever their connection is."""
    return bool(employees) and integration.holds and is_flat(integration) and hold_beside(integration, employees)


def held_beside(integration: Integration, employees: Collection[int]) -> Collection[int]:
    """Those of them of whom nothing may be sent now. To be asked once they are loaded: what is saved before that is
    loaded with them, and held in the same transaction."""
    if not (integration.holds and is_flat(integration)):
        return ()
    held = Job.objects.filter(integration=integration, employee_key__in=employees).held(timezone.now())
    return set(held.values_list("employee_key", flat=True))


def hold_beside_these(held: Sequence[Job]) -> None:
    """The same of the employees of these jobs, which were held just now."""
    employees: dict[int, set[int]] = {}
    for job in held:
        employees.setdefault(job.integration_id, set()).add(job.employee_key)
    for integration in Integration.objects.filter(pk__in=employees).select_related("organization").order_by("pk"):
        if is_flat(integration):
            hold_beside(integration, employees[integration.pk])


def no_longer_held(employees: Mapping[int, Collection[int]]) -> None:
    """By connection: employees of whom something that was held is closed. In a flat system what was held beside that
    alone goes out."""
    for integration in Integration.objects.filter(pk__in=employees).select_related("organization").order_by("pk"):
        if is_flat(integration):
            look_again(integration, employees[integration.pk])


def without_held(jobs: Sequence[Job]) -> list[Job]:
    """Of jobs that are about to be recorded for a day that has come: what is held goes then, with that day's change."""
    asked = {job.integration_id for job in jobs}
    held = Job.objects.held(timezone.now()).filter(
        integration__in=asked, open_key__in={job.position_key for job in jobs}
    )
    known = set(held.values_list("integration_id", "open_key")) if jobs else set()
    return [job for job in jobs if (job.integration_id, job.position_key) not in known]


# -- sent all the same, and another calendar -----------------------------------------------------------------


def sent_all_the_same(jobs: Iterable[Job]) -> None:
    """Before they are stored: somebody wants them sent now, whatever the calendar says."""
    due = at_once()
    for job in jobs:
        job.held_until, job.asked_for = due, True


def release_beside(employees: Mapping[int, Collection[int]]) -> None:
    """By connection: employees of whom somebody sends something now, whatever the calendar says. A flat system is sent
    all that is held of them."""
    for integration in Integration.objects.filter(pk__in=employees).exclude(cutoff={}).order_by("pk"):
        if is_flat(integration):
            theirs = Job.objects.filter(integration=integration, employee_key__in=employees[integration.pk])
            _free(_locked(theirs.held(timezone.now())), sent=True)


def held_since(moment: datetime | None, rows: Collection[tuple[int, int, int]]) -> Collection[tuple[int, int]]:
    """Of (connection, employee, position) the (connection, position) of which something was saved after this moment,
    and is held: in a flat system something of the employee. One query, or two; none where no moment is given."""
    if moment is None or not rows:
        return ()
    of_these = Job.objects.filter(
        integration__in={integration for integration, *_ in rows},
        employee_key__in={employee for _, employee, _ in rows},
    )
    found = of_these.held(timezone.now()).filter(recorded_at__gt=moment)
    later = set(found.order_by().values_list("integration_id", "employee_key", "position_key"))
    held = Integration.objects.filter(pk__in={integration for integration, *_ in later}) if later else ()
    flat = {integration.pk for integration in held if is_flat(integration)}
    whole = {(integration, employee) for integration, employee, _ in later if integration in flat}
    return {
        (i, position) for i, employee, position in rows if (i, employee, position) in later or (i, employee) in whole
    }


def send_all(integration: Integration, by: str) -> int:
    """All that is held of a connection goes out now; gives how many changes that are."""
    number = _send_all(integration, by)
    wake([integration.pk])
    return number


@repeated
def _send_all(integration: Integration, by: str) -> int:
    found = Job.objects.filter(integration=integration).held(timezone.now())
    number = _free(_locked(found), sent=True, by=by)
    if number:
        said = texts.CUTOFF_SENT(number=number) if number != 1 else texts.CUTOFF_SENT_ONE()
        Event.objects.create(integration=integration, kind=Event.Kind.RESYNC, said=packed([said]), by=by)
    return number


def _free(jobs: QuerySet[Job], *, sent: bool, by: str = "") -> int:
    """They are due now. `sent`: somebody said so, and no other calendar holds them."""
    due = at_once()
    started: dict[str, object] = {}
    if by:
        started = {"origin": Job.Origin.RESYNC, "origin_name": by, "request_id": request_id.get()}
    if sent:
        started["asked_for"] = True
    return jobs.update(
        held_until=due if sent else None, due_at=due, changed_at=timezone.now(), cause="", said=[], **started
    )


@repeated
def set_calendar(integration: Integration, calendar: Calendar | None, by: str) -> None:
    """Another calendar, or none: what waits is held by that one from now on, and what it does not hold goes out."""
    rows = Integration.objects.select_for_update(no_key=True)
    integration.refresh_from_db(fields=["cutoff", "version"], from_queryset=rows)
    kept = calendar.to_json() if calendar else {}
    if integration.cutoff == kept:
        return
    integration.cutoff = kept
    integration.save(update_fields=["cutoff", "updated_at"])
    said = texts.CUTOFF_CHANGED() if calendar else texts.CUTOFF_REMOVED()
    Event.objects.create(integration=integration, kind=Event.Kind.OPTION, said=packed([said]), by=by)
    look_again(integration)


def look_after() -> None:
    """Every minute: a save that began while a connection had another calendar, and was committed after that one was
    changed, is held as the new one says. Costs a query for each connection that has one; an error with one is its
    own."""
    now = timezone.now()
    held = Job.objects.filter(integration=OuterRef("pk")).held(now)
    concerned = Integration.objects.recording().filter(~Q(cutoff={}) | Exists(held)).order_by("pk")
    for integration in concerned.select_related("organization"):
        try:
            if _held_otherwise(integration, now):
                look_again(integration)
        except Exception:
            logger.exception("%s: what its cut-off holds could not be looked at", integration)


def _held_otherwise(integration: Integration, now: datetime) -> bool:
    """Whether anything is open that `look_again` would hold, mark or let go."""
    jobs = _open(integration)
    openings, other = [], Q(pk__in=())
    for cutoff, until, opens in _closures(integration, now):
        saved = _own(now) & Q(recorded_at__gte=cutoff, recorded_at__lt=until)
        other |= saved & (Q(cutoff_at=None) | ~Q(cutoff_at=cutoff))
        if integration.holds:
            openings.append(opens)
            other |= saved & Q(held_until=None) & ~_for_a_day_after(opens)
    return jobs.filter(other | Q(held_until__gt=now) & ~Q(held_until__in=openings)).exists()


def _open(integration: Integration) -> JobQuerySet:
    """What may be held, now or once it is tried again."""
    return Job.objects.open().filter(integration=integration).exclude(state=Job.State.RUNNING)


def _own(now: datetime) -> Q:
    """Of what its calendar decides, by when it was saved: not what somebody has sent all the same, nor what a day began
    by itself (which may be held beside something else)."""
    return (Q(held_until=None) | Q(held_until__gt=now)) & _A_CHANGE


def _for_a_day_after(opens: datetime) -> Q:
    return Q(cause__in=Job.FOR_ITS_DAY, due_at__gte=opens)


def _closures(integration: Integration, now: datetime) -> Iterable[tuple[datetime, datetime, datetime]]:
    """`Calendar.closures`, where anything becomes of what is saved then."""
    calendar = integration.calendar
    if calendar is None or calendar.after is After.SEND:
        return ()
    return calendar.closures(now, integration.organization.zone)


def _after_a_cutoff(integration: Integration, now: datetime) -> Q:
    """Of what is marked what stays so: saved in a period that is closed or was, or not saved when it was recorded."""
    calendar = integration.calendar
    if calendar is None or calendar.after is After.SEND:
        return Q(pk__in=())
    found = Q(origin__in=_NO_CHANGE)
    periods = calendar.periods(now, integration.organization.zone)
    for cutoff, until, _ in periods:
        found |= Q(recorded_at__gte=cutoff, recorded_at__lt=until)
    for cutoff, *_ in periods[:1]:  # of what is older the calendar is not asked
        found |= Q(recorded_at__lt=cutoff)
    return found


@repeated
def look_again(integration: Integration, employees: Collection[int] | None = None) -> None:
    """What waits (of these employees) is held as its calendar (or its organization's zone) says now. What somebody has
    sent all the same, what a day began by itself, and what waits for a later day than the opening, stays as it is. What
    failed stays so, and is held once it is to be tried again (`held_again`)."""
    now, zone, jobs = timezone.now(), integration.organization.zone, _open(integration)
    if employees is not None:
        jobs = jobs.filter(employee_key__in=employees)
    failed = jobs.filter(state=Job.State.FAILED)
    _locked(jobs)
    kept = Q(pk__in=())
    for cutoff, until, opens in _closures(integration, now):
        saved = Q(recorded_at__gte=cutoff, recorded_at__lt=until)
        concerned = jobs.filter(_own(now), saved)
        concerned.update(cutoff_at=cutoff)
        if integration.holds:
            _hold(concerned.exclude(_for_a_day_after(opens)).exclude(state=Job.State.FAILED), opens, zone)
            failed.filter(_own(now), saved).update(held_until=opens)
            kept |= saved & _A_CHANGE
    _free(jobs.held(now).exclude(kept), sent=False)
    failed.filter(held_until__gt=now).exclude(kept).update(held_until=None)
    jobs.exclude(cutoff_at=None).exclude(_after_a_cutoff(integration, now)).update(cutoff_at=None)
    if is_flat(integration):
        hold_beside(integration, employees)
    wake([integration.pk])


def held_again(jobs: QuerySet[Job]) -> None:
    """Of what failed, and waits from now on: what a calendar holds says so, and is due when its period opens."""
    held = jobs.filter(state__in=Job.ACTIVE, held_until__gt=timezone.now()).order_by()
    for organization, opens in held.values_list("organization", "held_until").distinct():
        assert opens is not None
        theirs = held.filter(organization=organization, held_until=opens)
        _hold(theirs, opens, Organization.objects.only("time_zone").get(pk=organization).zone)


def _locked(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """The same, in the order of everybody (`synclog.engine.record.hold`)."""
    list(jobs.select_for_update(of=("self",)).order_by("integration_id", "position_key", "pk").values_list("pk"))
    return jobs
