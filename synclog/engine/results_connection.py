"""What a batch of runs means for the connection as a whole: it stops, waits for the system, or has recovered."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from integrations.models import Integration, PeriodLink
from integrations.planning.states import State
from integrations.planning.work import Report
from integrations.sdk.errors import NotAuthorizedError, RateLimitedError, RecordRefusedError, UnavailableError
from integrations.sdk.messages import Message
from synclog.engine import backoff, texts
from synclog.engine.clock_skew import at_once
from synclog.engine.fitted import said_fitted
from synclog.models import Event, Job

# So many employees in a row without an answer, and the whole connection waits.
DOWN_AFTER = 3
# So many employees in a row to whose records access is refused, and it is refused to everybody's.
REFUSED_AFTER = 3


def goes_on(integration: Integration, reports: Sequence[Report]) -> bool:
    """Stops, backs off or recovers the connection. False: the turn must end now."""
    errors = [report.error for report in reports]
    refusals = [error for error in errors if isinstance(error, NotAuthorizedError)]
    of_records = [error for error in refusals if isinstance(error, RecordRefusedError)]
    if len(of_records) < len(refusals):
        _stop(integration, next(error for error in refusals if not isinstance(error, RecordRefusedError)))
        return False
    limited = [error for error in errors if isinstance(error, RateLimitedError)]
    if limited:
        _back_off(integration, limited)
        return False
    answered = any(r.exchanges and not isinstance(r.error, UnavailableError) for r in reports)
    _answered(integration, reports, answered)
    if of_records and _refused_to_everybody(integration, of_records[0].refusal):
        return False
    down = [error for error in errors if isinstance(error, UnavailableError)]
    return not _is_down(integration, down, answered)


def _answered(integration: Integration, reports: Sequence[Report], answered: bool) -> None:
    changes: dict[str, Any] = {}
    if any(outcome.state is State.SUCCEEDED for report in reports for outcome in report.outcomes.values()):
        changes["last_success_at"] = timezone.now()
    if answered and (integration.retry_count or integration.retry_at):
        changes |= {"retry_at": None, "retry_count": 0, "retry_said": []}
        if integration.retry_said:
            _tell(integration, "recovered", texts.RECOVERED(system=integration.system.name))
    if changes:
        _update(integration, changes)


def _is_down(integration: Integration, down: Sequence[UnavailableError], answered: bool) -> bool:
    """Backs off when it did not answer time and again, or still does not."""
    if answered:
        integration.__dict__["_misses"] = 0
        return False
    if not down:
        return False
    misses = integration.__dict__.get("_misses", 0) + len(down)
    integration.__dict__["_misses"] = misses
    if misses < DOWN_AFTER and not integration.retry_count:
        return False
    _back_off(integration, down)
    return True


def _refused_to_everybody(integration: Integration, refusal: NotAuthorizedError) -> bool:
    """Stops the connection where access to one employee's record after the other is refused, and none is let through
    between them. Whose record was never written may be refused for good (a protected one); so once anything was written
    at all, only those count that were let through before."""
    refused = Job.objects.open().filter(integration=integration, state=Job.State.FAILED, cause=RecordRefusedError.cause)
    last = integration.last_success_at
    since_then = refused.filter(changed_at__gt=last) if last else refused
    employees = set(since_then.values_list("employee_key", flat=True))
    if last and len(employees) >= REFUSED_AFTER:
        links = PeriodLink.objects.filter(integration=integration, employee_key__in=employees)
        employees = set(links.values_list("employee_key", flat=True))
    if len(employees) < REFUSED_AFTER:
        return False
    since_then.filter(employee_key__in=employees).update(
        state=Job.State.WAITING, cause=refusal.cause, said=said_fitted([refusal.said]), due_at=at_once(), attempts=0
    )
    _stop(integration, refusal)
    return True


def _tell(integration: Integration, kind: str, said: Message) -> None:
    Event.objects.create(integration=integration, kind=kind, said=said_fitted([said]))


def _update(integration: Integration, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(integration, name, value)
    Integration.objects.filter(pk=integration.pk).update(**values)


def _stop(integration: Integration, error: NotAuthorizedError) -> None:
    """Told once: a connection that is stopped already says nothing again. Credentials that were renewed since were not
    the ones that were refused."""
    same = Integration.objects.filter(pk=integration.pk, version=integration.version)
    fresh = same.filter(stopped_at__isnull=True).update(
        stopped_at=timezone.now(), stopped_cause=error.cause[:60], stopped_said=said_fitted([error.said])
    )
    if fresh:
        _tell(integration, "stopped", texts.STOPPED(why=error.said))


def _back_off(integration: Integration, errors: Sequence[RateLimitedError | UnavailableError]) -> None:
    """Until the latest moment that was asked for, else longer each time. The first of them says why."""
    said, waits = errors[0].said, [error.wait for error in errors if error.wait is not None]
    count = integration.retry_count + 1
    now = timezone.now()
    until = now + (timedelta(seconds=max(waits) + 1) if waits else backoff.delay(count, random.random))
    if not integration.retry_said:
        _tell(integration, "retrying", texts.RETRYING(system=integration.system.name, why=said))
    _update(
        integration,
        {"retry_at": until, "retry_set_at": now, "retry_count": min(count, 100), "retry_said": said_fitted([said])},
    )
