"""Stores what came back from a run: the jobs' states, attempts, links, and what it means for the integration.

Each of these has a module of its own, `results_*.py`; here is what holds them together.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from integrations.models import Integration
from integrations.planning.states import State
from integrations.planning.work import Outcome, Report
from integrations.sdk.errors import InterruptedRunError
from positions.transactions import repeated
from synclog.engine import results_connection, texts, wrong_record
from synclog.engine.done import Done, NotKeptError
from synclog.engine.lease import Held
from synclog.engine.results_attempts import AttemptResults
from synclog.engine.results_jobs import JobResults
from synclog.engine.results_links import LinkResults
from synclog.engine.results_matches import MatchResults
from synclog.models import Job

logger = logging.getLogger("synclog.engine.results")


def store_results(integration: Integration, held: Held, done: Sequence[Done]) -> bool:
    """Everything in one transaction, and only while the lease is held. False: the turn must end.

    What came back for one employee and cannot be stored is that employee's trouble: each is stored alone then. Trouble
    with the database itself is nobody's, and raised.
    """
    try:
        return _store(integration, held, done)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("%s: results are stored one by one", integration)
        goes_on = [_store_alone(integration, held, one) for one in done]
        return all(goes_on)


def _store_alone(integration: Integration, held: Held, one: Done) -> bool:
    try:
        return _store(integration, held, [one])
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("%s: employee %s: the results cannot be stored", integration, one.work.person.id)
        return _store(integration, held, [replace(one, report=NotKeptError(error))])


def _store(integration: Integration, held: Held, done: Sequence[Done]) -> bool:
    batch = _stored(integration, held, done)
    if batch is None:
        logger.warning("%s: the lease was lost, results are left to the next worker", integration)
        return False
    batch.attempts.log()
    return batch.goes_on


@repeated
def _stored(integration: Integration, held: Held, done: Sequence[Done]) -> _Batch | None:
    book = held.integration()
    if book is None:
        return None
    for name in ("retry_at", "retry_count", "retry_said"):
        setattr(integration, name, getattr(book, name))
    # Copies: should the transaction be undone, the jobs are as they were claimed.
    done = [replace(one, jobs={key: _copied(job) for key, job in one.jobs.items()}) for one in done]
    batch = _Batch(integration, done, superseded=book.version != integration.version)
    for one in done:
        batch.add(one)
    batch.save()
    reports = [one.report for one in done if isinstance(one.report, Report)]
    batch.goes_on = results_connection.goes_on(integration, reports) and not batch.superseded
    return batch


def _copied(job: Job) -> Job:
    """As `copy.copy`, which pickles a row, far faster."""
    copied = Job.__new__(Job)
    copied.__dict__.update(job.__dict__)
    return copied


class _Batch:
    """`superseded`: the connection is another one by now than the one that these runs went by. What was written there
    was written and is kept; but no job is closed by it, nor failed."""

    def __init__(self, integration: Integration, done: Sequence[Done], *, superseded: bool) -> None:
        self.integration, self.superseded = integration, superseded
        self.goes_on = True
        now = timezone.now()
        self.jobs = JobResults(integration, done, now, superseded=superseded)
        self.attempts = AttemptResults(integration)
        self.links = LinkResults(integration, now)
        self.matches = MatchResults(integration)

    def add(self, done: Done) -> None:
        if not self.jobs.any_of(done.jobs.values()):
            return  # the employee was erased meanwhile: nothing is to be known of them any more
        report = done.report
        if isinstance(report, Exception):
            text = texts.NOT_KEPT if isinstance(report, NotKeptError) else texts.MISTAKE
            for job in done.jobs.values():
                outcome = Outcome(str(job.position_key), State.FAILED, text.cause, (text(job=job.pk),))
                self._job(job, outcome, done)
            return
        if report.wrong_record:
            wrong_record.tell(self.integration, done.work, report)
        for position_id, outcome in report.outcomes.items():
            self._outcome(position_id, outcome, done, report)
        self.matches.add(done, report)

    def _outcome(self, position_id: str, outcome: Outcome, done: Done, report: Report) -> None:
        job = done.jobs.get(position_id)
        to_tell = outcome.cause == "stays_there"
        if job is None and outcome.state in (State.SKIPPED, State.WAITING) and not to_tell:
            self.links.add(outcome, done, report)  # nobody changed it, and nothing was to be done: that is no entry
            return
        job = job or self.jobs.extra_job(position_id, done)
        if job is not None:
            self._job(job, outcome, done)
            self.links.add(outcome, done, report)
            self.links.left_unwritten(outcome, done)

    def _job(self, job: Job, outcome: Outcome, done: Done) -> None:
        self.jobs.add(job, outcome, done)
        tried = job.state != Job.State.WAITING or outcome.state is State.RETRYING
        if tried and not isinstance(outcome.error, InterruptedRunError):
            self.attempts.add(job, self.jobs.tried.get(job.pk, 0) + 1, outcome, done)

    def save(self) -> None:
        self.jobs.save()
        self.attempts.save(self.jobs.current)
        self.links.save(self.matches.moved, superseded=self.superseded)
        self.jobs.tell_displaced(self.links.displaced)
        self.matches.save()
