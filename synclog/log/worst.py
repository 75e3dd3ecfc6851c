"""The worst of what holds of an employee's positions, over all connections: in SQL, for lists and their filter.

Of what was sent or is on its way (`synclog.log.truth`, by the same facts); *not sent* is somebody with a position of
whom nothing is either. Nothing is said where the organization sends nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from integrations.models import Integration
from integrations.scope import scopes_of
from positions import roles
from positions.models import Employee, Position
from synclog.log.sentences import Mark
from synclog.log.states import CHANGED, NOT_SENT, TRUTHS
from synclog.log.truth import Truth, links_in
from synclog.models import Job

# The worst first.
MARKS = {
    Truth.NEEDS_YOU: Mark(TRUTHS[Truth.NEEDS_YOU], "error", "danger"),
    Truth.CHANGED: CHANGED,
    Truth.PARTLY: Mark(TRUTHS[Truth.PARTLY], "warning", "warning"),
    Truth.WAITING: Mark(TRUTHS[Truth.WAITING], "schedule", "info"),
    Truth.UNKNOWN: Mark(TRUTHS[Truth.UNKNOWN], "hourglass_top", "info"),
    Truth.HELD: Mark(TRUTHS[Truth.HELD], "lock_clock", "info"),
    Truth.UPCOMING: Mark(TRUTHS[Truth.UPCOMING], "event", "info"),
    Truth.IN_SYNC: Mark(TRUTHS[Truth.IN_SYNC], "check_circle", "success"),
    Truth.NOT_SENT: NOT_SENT,
}
_LINKS = (Truth.CHANGED, Truth.PARTLY, Truth.UNKNOWN, Truth.IN_SYNC)


def connections_of(organizations: Collection[int] | None) -> list[Integration]:
    """Of these organizations (None: of all), without their secrets."""
    found = Integration.objects.select_related("organization").defer("credentials", "vault").order_by("pk")
    return list(roles.limited(found, organizations))


def worst_of(employees: Iterable[Employee], connections: Sequence[Integration]) -> dict[int, Truth]:
    """By employee, in two queries; without those of whom nothing is said."""
    rows = Employee.objects.filter(pk__in=[employee.pk for employee in employees]).order_by()
    whens = [When(condition, then=Value(truth.value)) for truth, condition in _conditions(connections).items()]
    states = rows.annotate(worst=Case(*whens, output_field=CharField())).exclude(worst=None)
    return {pk: Truth(worst) for pk, worst in states.values_list("pk", "worst")}


def with_worst(employees: QuerySet[Employee], truth: Truth, connections: Sequence[Integration]) -> QuerySet[Employee]:
    """Those of whom it is the worst, for one of `MARKS`."""
    for worse, condition in _conditions(connections).items():
        if worse is truth:
            return employees.filter(condition)
        employees = employees.exclude(condition)
    raise ValueError(truth)


def _conditions(connections: Sequence[Integration]) -> dict[Truth, Q]:
    """On employees, in the order of `MARKS`."""
    on = [integration for integration in connections if integration.send_positions]
    jobs = Job.objects.open().filter(integration__in=[i.pk for i in connections], employee_key=OuterRef("pk"))
    of_a_day = Q(state=Job.State.WAITING, cause__in=Job.FOR_ITS_DAY)
    held = Q(state__in=Job.ACTIVE, held_until__gt=timezone.now())  # `JobQuerySet.held`
    scopes = scopes_of([integration.pk for integration in on])
    sending = {integration.organization_id for integration in on}
    found: dict[Truth, QuerySet[Any]] = {
        Truth.NEEDS_YOU: jobs.filter(state=Job.State.FAILED),
        Truth.WAITING: jobs.exclude(Q(state=Job.State.FAILED) | of_a_day | held),
        Truth.HELD: jobs.filter(held),
        Truth.UPCOMING: jobs.filter(of_a_day).exclude(held),
        Truth.NOT_SENT: Position.objects.filter(employee=OuterRef("pk"), employee__organization__in=sending),
        **{truth: links_in(on, truth, scopes).filter(employee_key=OuterRef("pk")) for truth in _LINKS},
    }
    return {truth: Q(Exists(found[truth])) for truth in MARKS}
