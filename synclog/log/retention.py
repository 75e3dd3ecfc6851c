"""Once a day, what has been kept long enough is emptied or deleted (docs/security.md says how long that is).

In batches, each in its own short transaction: nobody waits for a table, and a million rows need no more memory than a
thousand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django_q.models import Task

from integrations import retention
from positions import changes, once
from positions.accounts import federation
from positions.api.base import KEEP_ANSWERS
from positions.batches import delete, in_batches
from positions.models import AddressChange, AuditEntry, Change, IdempotencyKey, Invitation, SentForm
from positions.models.invitation import KEPT_AFTER
from positions.privacy.sqlite_wipe import empty_journal
from synclog.models import (
    Attempt,
    Batch,
    BatchError,
    DriftCheck,
    DriftRow,
    Event,
    Job,
    Mail,
    Notice,
    RetroChange,
    Webhook,
    WebhookDelivery,
)

# Well below what the queue allows one task.
SECONDS = 60.0
DRIFT_KEPT = timedelta(days=30)  # what differed; how much did is kept as jobs are


def prune() -> bool:
    """False: the time was up before the rows were. Call again."""
    until = time.monotonic() + SECONDS
    done = all(in_batches(rows, act, until=until) for rows, act in rules(timezone.now()))
    empty_journal()
    return done


def rules(now: datetime) -> Iterator[tuple[QuerySet[Any], Callable[[QuerySet[Any]], Any]]]:
    """Which rows are over, and what becomes of them."""
    exchanges, jobs, files, audit = (
        now - timedelta(days=days)
        for days in (
            settings.KEEP_EXCHANGES_DAYS,
            settings.KEEP_JOBS_DAYS,
            settings.KEEP_FILES_DAYS,
            settings.KEEP_AUDIT_DAYS,
        )
    )
    yield Attempt.objects.filter(finished_at__lt=exchanges).exclude(exchanges=[]), _without_exchanges
    # An open job is never over, however old.
    yield Job.objects.filter(open_key=None, finished_at__lt=jobs), delete_jobs
    yield Event.objects.filter(at__lt=jobs), delete
    yield Notice.objects.filter(at__lt=jobs), delete
    yield Mail.objects.filter(created_at__lt=exchanges), delete
    yield BatchError.objects.filter(batch__done_at__lt=jobs), delete
    yield Batch.objects.filter(done_at__lt=jobs), delete
    yield DriftRow.objects.filter(part_of__done_at__lt=now - DRIFT_KEPT), delete
    yield DriftCheck.objects.filter(done_at__lt=jobs), delete
    yield RetroChange.objects.filter(saved_at__lt=jobs), delete
    yield WebhookDelivery.objects.filter(tried_at__lt=exchanges).exclude(answer=""), lambda rows: rows.update(answer="")
    yield WebhookDelivery.objects.filter(created_at__lt=jobs), delete
    yield Webhook.objects.filter(former_until__lt=now), lambda rows: rows.update(former_secrets={}, former_until=None)
    open_job = Job.objects.open().filter(employee_key=OuterRef("employee_key"))
    for rows in retention.of_nobody(jobs):
        yield rows.filter(~Exists(open_job)), delete
    yield retention.contents(files), lambda rows: rows.update(kept="")
    yield retention.superseded(files), delete
    yield AuditEntry.objects.filter(at__lt=audit), delete
    yield LogEntry.objects.filter(action_time__lt=audit), delete
    yield IdempotencyKey.objects.filter(created_at__lt=now - KEEP_ANSWERS), delete
    yield AddressChange.objects.filter(asked_at__lt=now - AddressChange.KEPT), delete
    yield SentForm.objects.filter(at__lt=now - once.KEPT), delete
    yield Change.objects.filter(at__lt=now - changes.KEPT), changes.prune
    yield Invitation.objects.filter(until__lt=now - KEPT_AFTER), delete
    yield federation.left(), federation.end
    # The queue keeps failures only, whose words are of the same kind as those of calls.
    yield Task.objects.filter(stopped__lt=exchanges), delete
    yield Session.objects.filter(expire_date__lt=now), delete


def _without_exchanges(attempts: QuerySet[Attempt]) -> None:
    attempts.update(exchanges=[])


def delete_jobs(jobs: QuerySet[Job]) -> None:
    delete(Attempt.objects.filter(job__in=jobs))
    delete(jobs)
