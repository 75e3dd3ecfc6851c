"""One job in the foreground, for whoever follows it: a worker's turn for its employee alone."""

from __future__ import annotations

from django.utils import timezone

from integrations.models import Integration
from positions import moments
from synclog.engine.lease import Held
from synclog.engine.worker_turn import SECONDS, Turn
from synclog.log import sentences
from synclog.models import Attempt, Job, Lease
from synclog.queue.tasks import allowed_seconds, take


class NotRunError(Exception):
    """Why a job cannot be run now, in words."""


def run(job: Job) -> list[Attempt]:
    """Runs the employee's open jobs there, as they are planned together, whether they are due or not: with the lease,
    the limits and the guards of a worker's turn. It takes none of a host's worker processes, so nobody's share of them
    is asked for.

    Returns the attempts that were kept of it, each with its job (none of a job that waits for its day); raises
    NotRunError. `job` is read with `integration__organization`.
    """
    integration = job.integration
    if not job.is_open:
        raise NotRunError(_closed(job))
    if reason := _held_back(integration):
        raise NotRunError(reason)
    if reason := _put_off(job):
        raise NotRunError(reason)
    held = Held.acquire(integration.pk)
    if held is None:
        raise NotRunError(_taken(integration))
    before = Attempt.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    turn = Turn(integration, held, SECONDS, lambda: allowed_seconds(integration), only=job.employee_key)
    take(integration, turn)
    # Whoever holds the lease writes them; a worker that has taken it over by now adds its own behind this turn's.
    ran = Attempt.objects.filter(job__integration=integration, job__employee_key=job.employee_key, pk__gt=before)
    return list(ran.select_related("job").order_by("pk"))


def _closed(job: Job) -> str:
    newer = Job.objects.open().filter(integration=job.integration, open_key=job.position_key).first()
    instead = (
        f"Open for this position is job {newer.pk}."
        if newer
        else "To send the position again, press Re-sync in the log or change it."
    )
    return f"Job {job.pk} is closed ({sentences.mark_of(job).word.lower()}). {instead}"


def _held_back(integration: Integration) -> str:
    if reason := sentences.held_back(integration):
        return reason
    if integration.retry_at and integration.retry_at > timezone.now():
        until = moments.when(integration.retry_at, integration.organization.zone)
        return f"{integration.retry_message} The connection waits: it is tried again {until}, or when you press Resume."
    return ""


def _put_off(job: Job) -> str:
    if not job.is_held(timezone.now()):
        return ""
    return f"{job.message} Press Re-sync now on its page to send it all the same."


def _taken(integration: Integration) -> str:
    lease = Lease.objects.get(pk=integration.pk)
    by = f" (process {lease.pid} on {lease.host})" if lease.owner else ""
    return f"Another worker{by} has this connection in hand. It runs what is due; try again in some seconds."
