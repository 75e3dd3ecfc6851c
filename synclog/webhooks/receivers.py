"""What happens here and may be told elsewhere. Heard in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models.signals import post_save

from integrations.models import Integration
from synclog.engine.signals import jobs_stored
from synclog.models import Batch, Event, Job, Webhook
from synclog.webhooks.outbox import Data, listening, tell

# What of a connection's history is a change of its state. New credentials are one: they end a stop.
CHANGES = frozenset(
    {"on", "off", "paused", "resumed", "credentials", "stopped", "retrying", "recovered", "warnings", "healthy"}
)
# Skipped, because the system already has what would be sent.
_AGREES = "nothing_to_change"
_Topic = Webhook.Topic


def connect() -> None:
    jobs_stored.connect(_jobs_stored, sender=Job, dispatch_uid="synclog.webhooks.jobs")
    post_save.connect(_event_saved, sender=Event, dispatch_uid="synclog.webhooks.event")
    post_save.connect(_batch_saved, sender=Batch, dispatch_uid="synclog.webhooks.batch")


def _jobs_stored(sender: Any, integration: Integration, jobs: Sequence[Job], **kwargs: Any) -> None:
    webhooks = listening(integration.organization_id) if jobs else []
    if webhooks:
        tell(webhooks, [fact for job in jobs for fact in _facts(job, integration)])


def _facts(job: Job, integration: Integration) -> Iterator[tuple[str, datetime, Data]]:
    data = {
        "job": job.pk,
        "integration": integration.pk,
        "system": integration.system_key,
        "employee": job.employee_key,
        "position": job.position_key,
        "action": job.action,
        "state": job.state,
        "cause": job.cause or None,
        "field": job.field or None,
        "warning": job.warning,
    }
    if job.state == Job.State.FAILED:
        yield _Topic.JOB_FAILED.value, job.changed_at, data
    if job.state not in (Job.State.SUCCEEDED, Job.State.SKIPPED):
        return
    if job.has_failed:
        yield _Topic.JOB_RECOVERED.value, job.changed_at, data
    if job.state == Job.State.SUCCEEDED or job.cause == _AGREES:
        yield _Topic.POSITION_SYNCED.value, job.changed_at, data


def _event_saved(sender: Any, instance: Event, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if raw or not created or instance.kind not in CHANGES:
        return
    integration = instance.integration
    webhooks = listening(integration.organization_id)
    if not webhooks:
        return
    stopped = Integration.objects.filter(pk=integration.pk, stopped_at__isnull=False)
    data = {
        "integration": integration.pk,
        "system": integration.system_key,
        "change": instance.kind,
        "cause": stopped.values_list("stopped_cause", flat=True).first() or None,
    }
    tell(webhooks, [(_Topic.STATE_CHANGED.value, instance.at, data)])


def _batch_saved(
    sender: Any, instance: Batch, raw: bool = False, update_fields: Collection[str] | None = None, **kwargs: Any
) -> None:
    """It is saved once as done, and never again (`synclog.log.batches.carry_on`)."""
    done = instance.done_at
    if (
        raw
        or done is None
        or instance.organization_id is None
        or not (update_fields is None or "done_at" in update_fields)
    ):
        return
    data = {
        "batch": instance.pk,
        "action": instance.action,
        "state": instance.state,
        "total": instance.total,
        "acted": instance.acted,
        "left_out": instance.left_out,
    }
    tell(listening(instance.organization_id), [(_Topic.BATCH_FINISHED.value, done, data)])
