"""Loads everything that the runs of some employees need, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning.planner import Rules, Sent
from integrations.planning.work import Match, Meant, Touched, Work
from integrations.runtime import mapping
from integrations.runtime.fingerprints import fingerprints
from integrations.scope import scope_of
from integrations.sdk.declaration import Model
from integrations.sdk.values import Person, Problem, Wanted
from positions.models import Employee, Position, Terms
from synclog.engine import texts
from synclog.models import Job


def load_work(integration: Integration, jobs: Sequence[Job]) -> list[tuple[Work, dict[str, Job]]]:
    """One `Work` for each employee among the jobs, with that employee's jobs by position id."""
    of_employee: defaultdict[int, list[Job]] = defaultdict(list)
    for job in jobs:
        of_employee[job.employee_key].append(job)
    return _loaded(integration, of_employee)


def load_employees(integration: Integration, keys: Sequence[int]) -> dict[int, Work]:
    """The same of these employees, by their keys, with nothing that is to be brought in line."""
    return {int(work.person.id): work for work, _ in _loaded(integration, dict.fromkeys(keys, ()))}


def last_records(integration: Integration) -> dict[str, str]:
    """For flat systems: by the id of an employee there, the record that was written last."""
    if integration.system.model is not Model.FLAT:
        return {}
    records = dict(PeriodLink.objects.filter(integration=integration).values_list("employee_key", "remote_id"))
    known = EmployeeLink.objects.filter(integration=integration, state=EmployeeLink.State.MATCHED)
    return {there: records[key] for key, there in known.values_list("employee_key", "remote_id") if key in records}


def _loaded(integration: Integration, of_employee: Mapping[int, Sequence[Job]]) -> list[tuple[Work, dict[str, Job]]]:
    keys = list(of_employee)
    employees = Employee.objects.select_related("company", "department", "manager").in_bulk(keys)
    positions, outside = _positions(integration, keys)
    terms = _terms(keys)
    links = {
        link.employee_key: link for link in EmployeeLink.objects.filter(integration=integration, employee_key__in=keys)
    }
    sent = _sent(integration, keys)
    rules = Rules(delete=integration.delete_positions, move=integration.move_periods)
    today = integration.organization.today()
    found = []
    for key, its_jobs in of_employee.items():
        employee, link = employees.get(key), links.get(key)
        person = mapping.person(employee) if employee else _deleted_person(key, its_jobs)
        by_position = {str(job.position_key): job for job in its_jobs}
        work = Work(
            person=person,
            positions=[mapping.position(row, employee, today, terms[row.pk]) for row in positions[key]]
            if employee
            else [],
            touched=[_touched(job) for job in its_jobs],
            sent=sent[key],
            remote_employee_id=link.remote_id if link and link.state == EmployeeLink.State.MATCHED else "",
            rules=rules,
            today=today,
            outside=frozenset(outside[key] & (by_position.keys() | sent[key].keys())),
            match=_match(integration, person, link) if link else Match(),
        )
        found.append((work, by_position))
    return found


def _positions(
    integration: Integration, employees: Sequence[int]
) -> tuple[defaultdict[int, list[Position]], defaultdict[int, set[str]]]:
    """Those that the connection takes, and the ids of the others, by employee."""
    taken: defaultdict[int, list[Position]] = defaultdict(list)
    outside: defaultdict[int, set[str]] = defaultdict(set)
    scope = scope_of(integration.pk)
    rows = Position.objects.filter(employee__in=employees).select_related("company", "department")
    for row in rows.order_by("start_date", "pk"):
        if scope.takes(row):
            taken[row.employee_id].append(row)
        else:
            outside[row.employee_id].add(str(row.pk))
    return taken, outside


def _terms(employees: Sequence[int]) -> defaultdict[int, list[Terms]]:
    """Of all their positions, by position. (Most have none, and `prefetch_related` takes long for each of those.)"""
    found: defaultdict[int, list[Terms]] = defaultdict(list)
    for row in Terms.objects.filter(position__employee__in=employees).select_related("department"):
        found[row.position_id].append(row)
    return found


def _sent(integration: Integration, employees: Sequence[int]) -> defaultdict[int, dict[str, Sent]]:
    """What was last written, by employee and position id."""
    found: defaultdict[int, dict[str, Sent]] = defaultdict(dict)
    late_since = timezone.now() - timedelta(seconds=integration.system.shows_late)
    for link in PeriodLink.objects.filter(integration=integration, employee_key__in=employees):
        late = link.written_at is not None and link.written_at > late_since
        older = mapping.older_from_json(link.older) if late else {}
        found[link.employee_key][str(link.position_key)] = mapping.sent(link, older)
    return found


def _touched(job: Job) -> Touched:
    changed = frozenset(job.changed) if job.changed and job.changed_in == job.generation else None
    return Touched(
        str(job.position_key),
        changed,
        job.move,
        tuple(date.fromisoformat(start) for start in job.tried),
        tuple(_meant(job, said) for said in job.meant),
        again=changed is None and job.origin in (Job.Origin.RESYNC, Job.Origin.API),
    )


def _match(integration: Integration, person: Person, link: EmployeeLink) -> Match:
    # Of somebody who is deleted here nothing can have changed.
    changed = not person.deleted and link.fingerprints != fingerprints(integration, person)
    return Match(
        link.confirmed,
        doubted=changed and bool(link.fingerprints),
        unmarked=changed and not link.fingerprints,
        written_to=link.written_to,
        withheld=withheld(integration.system.name, link),
    )


def withheld(system: str, link: EmployeeLink) -> Problem | None:
    """Why nothing is written for somebody until a person has decided."""
    if link.state == EmployeeLink.State.RELEASED:
        return Problem(texts.NOT_MATCHED_ANEW(system=system))
    if link.state == EmployeeLink.State.STOPPED:
        return Problem(texts.BOTH_STOPPED(record=link.remote_id, system=system))
    return None


def _meant(job: Job, said: Mapping[str, Any]) -> Meant:
    wanted = Wanted(str(job.position_key), mapping.from_json(said["values"]), frozenset(said["defaulted"]))
    return Meant(wanted, tuple(mapping.from_json(before) for before in said.get("before", ())))


def _deleted_person(key: int, jobs: Sequence[Job]) -> Person:
    """An employee who was deleted here: what the log still knows is enough to find the records that we wrote."""
    job = jobs[0] if jobs else Job(employee_name="", employee_number="")
    first, _, last = job.employee_name.partition(" ")
    return Person(id=str(key), number=job.employee_number, first_name=first, last_name=last, deleted=True)
