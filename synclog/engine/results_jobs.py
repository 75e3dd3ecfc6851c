"""What a run's outcomes make of the jobs: which state each is in, when it is tried again, and what it says."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from time import time_ns

from django.db.models import OuterRef, Subquery

from integrations.models import Integration
from integrations.planning.states import State
from integrations.planning.work import Outcome
from integrations.sdk.errors import InterruptedRunError, NotAuthorizedError, RateLimitedError, RecordRefusedError
from synclog.engine import backoff, texts, write_intents
from synclog.engine.clock_skew import at_once
from synclog.engine.done import Done
from synclog.engine.fitted import said_fitted, text_fitted
from synclog.engine.record import renew
from synclog.engine.signals import jobs_stored
from synclog.models import Attempt, Job

_CLOSING = [
    "state", "open_key", "action", "outside", "attempts", "cause", "said", "field", "vendor_text", "vendor_code",
    "warning", "first_failed_at", "changed_at", "finished_at", "file_key",
]  # fmt: skip
_WHILE_OPEN = ["due_at", "tried", "meant", "has_failed"]


class JobResults:
    """The jobs of a batch. They are locked when it is made, in one query. `superseded` as in `results`."""

    def __init__(self, integration: Integration, done: Sequence[Done], now: datetime, *, superseded: bool) -> None:
        self.integration, self.now, self.superseded = integration, now, superseded
        newest = Attempt.objects.filter(job=OuterRef("pk")).order_by("-number", "-pk")
        # The jobs as they are now, with their generations; and those that were closed meanwhile (switched off).
        found = list(
            Job.objects.select_for_update()
            .filter(pk__in=[job.pk for one in done for job in one.jobs.values()])
            .order_by("position_key", "pk")
            .values_list("pk", "generation", "open_key", Subquery(newest.values("number")[:1]))
        )
        self.current = {pk: generation for pk, generation, _, _ in found}
        self.closed = {pk for pk, _, open_key, _ in found if open_key is None}
        # The number of each job's last attempt. Counted through: `Job.attempts` begins anew with each re-sync.
        self.tried = {pk: number or 0 for pk, _, _, number in found}
        self.ran: list[tuple[Job, int]] = []  # with the generation that was sent

    def any_of(self, jobs: Iterable[Job]) -> bool:
        """Whether any of them is still there."""
        return any(job.pk in self.current for job in jobs)

    def add(self, job: Job, outcome: Outcome, done: Done) -> None:
        self.ran.append((job, job.generation))
        if isinstance(outcome.error, InterruptedRunError):
            job.state, job.due_at, job.attempts = Job.State.WAITING, at_once(), max(0, job.attempts - 1)
            return
        report = done.report
        if isinstance(report, Exception) or outcome.position_id in report.unanswered:
            job.tried = write_intents.tried(job, done.work)
            job.meant = done.said.get(outcome.position_id) or write_intents.meanings(self.integration, job, done.work)
        job.cause, job.field, job.said = outcome.cause[:60], outcome.field[:40], said_fitted(outcome.said)
        job.vendor_text, job.vendor_code = text_fitted(outcome.vendor_text, 2000), text_fitted(outcome.vendor_code, 80)
        job.warning = bool(outcome.warnings)
        job.changed_at = self.now
        if outcome.position_id in done.work.outside:
            job.outside, job.action = True, Job.Action.DELETE
        if outcome.action and outcome.state is State.SUCCEEDED:
            job.action = outcome.action
        {
            State.SUCCEEDED: self._succeeded,
            State.SKIPPED: self._skipped,
            State.WAITING: self._waiting,
            State.FAILED: self._failed,
            State.RETRYING: self._retrying,
        }[outcome.state](job, outcome)
        if outcome.wait_until is not None and outcome.state in (State.SUCCEEDED, State.SKIPPED):
            self._waits_on(job, outcome)
        if not job.is_open:
            job.finished_at, job.meant = self.now, []

    def _succeeded(self, job: Job, outcome: Outcome) -> None:
        job.state, job.open_key = Job.State.SUCCEEDED, None
        job.file_key = outcome.file_id
        accepted = [texts.ACCEPTED(system=self.integration.system.name)]
        job.said = said_fitted(outcome.everything) or said_fitted(accepted)

    def _skipped(self, job: Job, outcome: Outcome) -> None:
        job.state, job.open_key = Job.State.SKIPPED, None

    def _waiting(self, job: Job, outcome: Outcome) -> None:
        assert outcome.wait_until is not None
        job.said = said_fitted(outcome.everything)
        zone = self.integration.organization.zone
        job.state = Job.State.WAITING
        job.due_at = datetime.combine(outcome.wait_until, time.min, zone).astimezone(UTC)
        job.attempts = 0

    def _waits_on(self, job: Job, outcome: Outcome) -> None:
        """It is done for today, and says something else from a later day on."""
        job.cause, job.open_key = "counts_later", job.position_key
        self._waiting(job, outcome)

    def _failed(self, job: Job, outcome: Outcome) -> None:
        job.state, job.has_failed = Job.State.FAILED, True
        job.first_failed_at = job.first_failed_at or self.now

    def _retrying(self, job: Job, outcome: Outcome) -> None:
        error = outcome.error
        job.first_failed_at = job.first_failed_at or self.now
        if isinstance(error, RecordRefusedError):
            self._failed(job, outcome)
            return
        if isinstance(error, NotAuthorizedError):
            # The connection stops; the change itself is not at fault and goes out when it resumes.
            job.state, job.due_at, job.attempts = Job.State.WAITING, at_once(), 0
            return
        if self.now - job.first_failed_at > backoff.GIVE_UP_AFTER:
            job.state, job.cause, job.has_failed = Job.State.FAILED, "gave_up", True
            job.said = said_fitted([*outcome.said, texts.GAVE_UP()])
            return
        wait = backoff.delay(job.attempts, random.random)
        asked = getattr(error, "wait", None)
        if asked is not None:
            wait = timedelta(seconds=asked + 1)
        if isinstance(error, RateLimitedError):
            job.attempts = max(0, job.attempts - 1) if asked is not None else job.attempts
        job.state, job.due_at = Job.State.RETRYING, self.now + wait

    def extra_job(self, position_id: str, done: Done) -> Job | None:
        """For a position that nobody changed but that was written too: it took over in a flat system."""
        position = next((p for p in done.work.positions if p.id == position_id), None)
        if position is None:
            return None
        job = Job(
            organization_id=self.integration.organization_id,
            integration=self.integration,
            employee_key=int(done.work.person.id),
            position_key=int(position_id),
            open_key=int(position_id),
            employee_name=done.work.person.name,
            employee_number=done.work.person.number,
            title=str(position.values.get("title", "")),
            start_date=position.start,
            end_date=position.end,
            due_at=self.now,
            origin=Job.Origin.SCHEDULE,
            recorded_at=self.now,
            changed_at=self.now,
        )
        # Somebody may be saving it right now: then that job, still open, will bring it in line.
        job.generation = time_ns()
        Job.objects.bulk_create([job], ignore_conflicts=True)
        made = Job.objects.filter(
            integration=self.integration, open_key=job.open_key, generation=job.generation
        ).first()
        if made is not None:
            self.current[made.pk] = made.generation
        return made

    def save(self) -> None:
        counted = [job for job, generation in self.ran if self._counts(job, generation)]
        _update(counted)
        jobs_stored.send(Job, integration=self.integration, jobs=counted)
        if self.superseded:
            renew(Job.objects.open().filter(pk__in=[job.pk for job, _ in self.ran]))

    def _counts(self, job: Job, generation: int) -> bool:
        """A job that was refreshed meanwhile is waiting already, for its newer state: it is left alone. One that was
        closed meanwhile, by switching off, says all the same that it was sent, if it was."""
        if job.pk in self.closed:
            return job.state == Job.State.SUCCEEDED
        return self.current.get(job.pk) == generation and not self.superseded

    def tell_displaced(self, positions: Sequence[int]) -> None:
        """What the log calls accepted is not there any more."""
        if not positions:
            return
        system, zone = self.integration.system.name, self.integration.organization.zone
        said = said_fitted([texts.TAKEN_OVER(system=system, moment=self.now.astimezone(zone))])
        theirs = Job.objects.filter(
            integration=self.integration, position_key__in=positions, state=Job.State.SUCCEEDED, cause=""
        )
        for job in theirs:
            job.cause, job.said = "taken_over", [*job.said, *said]
        Job.objects.bulk_update(theirs, ["cause", "said"])


def _update(jobs: Sequence[Job]) -> None:
    """Closed jobs of a batch end alike, most of them: one plain UPDATE for all of those. `bulk_update` takes far
    longer, and is left for the rest."""
    alike: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        if not job.is_open:
            alike[json.dumps([getattr(job, name) for name in _CLOSING], default=str)].append(job)
    rest = [job for job in jobs if job.is_open]
    for group in alike.values():
        if len(group) > 1:
            values = {name: getattr(group[0], name) for name in _CLOSING}
            Job.objects.filter(pk__in=[job.pk for job in group]).update(**values, meant=[])
        else:
            rest += group
    Job.objects.bulk_update(rest, [*_CLOSING, *_WHILE_OPEN])
