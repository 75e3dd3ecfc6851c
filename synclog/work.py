"""Loads everything that the runs of some employees need, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from integrations import adapt
from integrations.connectors.values import Person, Wanted
from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planner import Rules, Sent
from integrations.runner import Touched, Work
from positions.models import Employee, Position
from synclog.models import Job


def load_work(integration: Integration, jobs: Sequence[Job]) -> list[tuple[Work, dict[str, Job]]]:
    """One `Work` for each employee among the jobs, with that employee's jobs by position id."""
    of_employee: defaultdict[int, list[Job]] = defaultdict(list)
    for job in jobs:
        of_employee[job.employee_key].append(job)
    keys = list(of_employee)
    employees = {
        e.pk: e for e in Employee.objects.filter(pk__in=keys).select_related("company", "department", "manager")
    }
    positions: defaultdict[int, list[Position]] = defaultdict(list)
    for row in Position.objects.filter(employee__in=keys).select_related("department").order_by("start_date", "pk"):
        positions[row.employee_id].append(row)
    remote_ids = dict(
        EmployeeLink.objects.filter(integration=integration, employee_key__in=keys).values_list(
            "employee_key", "remote_id"
        )
    )
    sent: defaultdict[int, dict[str, Sent]] = defaultdict(dict)
    late_since = timezone.now() - timedelta(seconds=integration.system.shows_late)
    for link in PeriodLink.objects.filter(integration=integration, employee_key__in=keys):
        late = link.written_at is not None and link.written_at > late_since
        sent[link.employee_key][str(link.position_key)] = Sent(
            link.remote_id, adapt.from_json(link.values), adapt.older_from_json(link.older) if late else {}
        )
    rules = Rules(delete=integration.delete_positions, move=integration.move_periods)
    today = integration.organization.today()
    found = []
    for key, its_jobs in of_employee.items():
        employee = employees.get(key)
        work = Work(
            person=adapt.person(employee) if employee else _gone(its_jobs[0]),
            positions=[adapt.position(row, employee) for row in positions[key]] if employee else [],
            touched=[
                Touched(
                    str(job.position_key),
                    frozenset(job.changed) if job.changed and job.changed_in == job.generation else None,
                    job.move,
                    tuple(date.fromisoformat(start) for start in job.tried),
                    tuple(_meant(job, said) for said in job.meant),
                )
                for job in its_jobs
            ],
            sent=sent[key],
            remote_employee_id=remote_ids.get(key, ""),
            rules=rules,
            today=today,
        )
        found.append((work, {str(job.position_key): job for job in its_jobs}))
    return found


def _meant(job: Job, said: Mapping[str, Any]) -> Wanted:
    return Wanted(str(job.position_key), adapt.from_json(said["values"]), frozenset(said["defaulted"]))


def _gone(job: Job) -> Person:
    """An employee who was deleted here: what the log still knows is enough to find the records that we wrote."""
    first, _, last = job.employee_name.partition(" ")
    return Person(id=str(job.employee_key), number=job.employee_number, first_name=first, last_name=last)
