"""Stores what came back from a run: the jobs' states, attempts, links, and what it means for the integration."""

from __future__ import annotations

import copy
import dataclasses
import logging
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from integrations import adapt
from integrations.connectors.errors import Interrupted, NotAuthorized, RateLimited, RecordRefused, Unavailable
from integrations.connectors.reading import number_of
from integrations.connectors.storable import storable, storable_value
from integrations.connectors.system import Model
from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.periods import next_change
from integrations.runner import Outcome, Report, Work
from positions.tracing import working_on
from synclog import retries, tries
from synclog.lease import Held
from synclog.models import Attempt, Event, Job

logger = logging.getLogger("synclog.results")

# So many employees in a row without an answer, and the whole connection waits.
DOWN_AFTER = 3
# So many employees in a row to whose records access is refused, and it is refused to everybody's.
REFUSED_AFTER = 3

LONGEST_ID = 120
LONGEST_TEXT = 2_000
MOST_LINES = 100


@dataclass
class Done:
    """One employee's run. `report` is an exception when the run broke down by our own mistake."""

    work: Work
    jobs: dict[str, Job]
    report: Report | Exception
    started: datetime
    finished: datetime


class LeaseLost(Exception):
    """Results are left to the next worker, who reads first."""


def store_results(integration: Integration, held: Held, done: Sequence[Done]) -> bool:
    """Everything in one transaction, and only while the lease is held. False: the turn must end.

    What came back for one employee and cannot be stored is that employee's trouble: the others are stored one by one
    then. Trouble with the database itself is nobody's, and raised.
    """
    try:
        try:
            with transaction.atomic():
                batch = _stored(integration, held, done)
                goes_on = _connection(integration, done)
        except (OperationalError, InterfaceError, LeaseLost):
            raise
        except Exception:
            logger.exception("%s: results are stored one by one", integration)
            return _store_each(integration, held, done)
    except LeaseLost:
        logger.warning("%s: the lease was lost, results are left to the next worker", integration)
        return False
    batch.log()
    return goes_on


def _stored(integration: Integration, held: Held, done: Sequence[Done]) -> _Batch:
    """Within a transaction of the caller's."""
    if not held.holds():
        raise LeaseLost
    batch = _Batch(integration, done)
    for one in done:
        batch.add(one)
    batch.save()
    return batch


def _store_each(integration: Integration, held: Held, done: Sequence[Done]) -> bool:
    kept = []
    for one in done:
        try:
            with transaction.atomic():
                batch = _stored(integration, held, [one])
        except (OperationalError, InterfaceError, LeaseLost):
            raise
        except Exception as error:
            logger.exception("%s: employee %s: the results cannot be stored", integration, one.work.person.id)
            one = dataclasses.replace(one, report=NotKept(error))
            with transaction.atomic():
                batch = _stored(integration, held, [one])
        batch.log()
        kept.append(one)
    with transaction.atomic():
        if not held.holds():
            raise LeaseLost
        return _connection(integration, kept)


class NotKept(Exception):
    """In the place of a report that cannot be stored: nothing of it is, but that its writes may have been made."""


_CLOSING = [
    "state", "open_key", "action", "attempts", "cause", "message", "field", "vendor_text", "vendor_code", "warning",
    "first_failed_at", "changed_at", "finished_at", "file_key",
]  # fmt: skip
_WHILE_OPEN = ["due_at", "tried", "meant"]


class _Batch:
    def __init__(self, integration: Integration, done: Sequence[Done]) -> None:
        self.integration = integration
        self.now = timezone.now()
        # The jobs as they are now, with their generations.
        self.current = dict(
            Job.objects.select_for_update()
            .filter(pk__in=[job.pk for one in done for job in one.jobs.values()])
            .order_by("pk")
            .values_list("pk", "generation")
        )
        self.jobs: list[tuple[Job, int]] = []  # with the generation that was sent
        self.new_jobs: list[Job] = []
        self.attempts: list[Attempt] = []
        self.written: list[PeriodLink] = []
        self.equal: list[PeriodLink] = []  # nothing was written: they were as they should be
        self.gone: list[int] = []
        self.employees: list[EmployeeLink] = []

    def add(self, done: Done) -> None:
        if not any(job.pk in self.current for job in done.jobs.values()):
            return  # the employee was erased meanwhile: nothing is to be known of them any more
        report = done.report
        if isinstance(report, Exception):
            for job in done.jobs.values():
                cause = "answer_not_kept" if isinstance(report, NotKept) else "internal_error"
                outcome = Outcome(str(job.position_key), "failed", cause, _mistake(job, cause))
                self._job(copy.copy(job), outcome, done, report)
            return
        for position_id, outcome in report.outcomes.items():
            found = done.jobs.get(position_id) or self._extra_job(position_id, done)
            if found is None:
                continue
            # A copy: should the batch fail, the job is stored once more as it came.
            self._job(copy.copy(found), outcome, done, report)
            self._period(outcome, done)
        self._employee(done, report)

    # jobs

    def _job(self, job: Job, outcome: Outcome, done: Done, report: Report | Exception) -> None:
        generation = job.generation
        if isinstance(outcome.error, Interrupted):
            job.state, job.due_at, job.attempts = Job.State.WAITING, self.now, max(0, job.attempts - 1)
            self.jobs.append((job, generation))
            return
        if isinstance(report, Exception) or outcome.position_id in report.unanswered:
            job.tried = tries.tried(job, done.work)
            job.meant = tries.meanings(self.integration, job, done.work)
        job.cause, job.field, job.message = outcome.cause[:60], outcome.field[:40], _text(outcome.message)
        job.vendor_text, job.vendor_code = _text(outcome.vendor_text, 2000), _text(outcome.vendor_code, 80)
        job.warning = bool(outcome.warnings)
        job.changed_at = self.now
        if outcome.action and outcome.result == "sent":
            job.action = outcome.action
        {
            "sent": self._succeeded,
            "skipped": self._skipped,
            "waiting": self._waiting,
            "failed": self._failed,
            "error": self._error,
        }[outcome.result](job, outcome)
        if not job.is_open:
            job.finished_at, job.meant = self.now, []
        self.jobs.append((job, generation))
        if job.state != Job.State.WAITING or outcome.result == "error":
            self.attempts.append(_attempt(job, outcome, done, report, self.integration))

    def _succeeded(self, job: Job, outcome: Outcome) -> None:
        job.state, job.open_key = Job.State.SUCCEEDED, None
        job.file_key = outcome.file_id
        system = self.integration.system.name
        said = " ".join(text for text in (outcome.pending, *(w.message for w in outcome.warnings)) if text)
        job.message = _text(said) or f"Accepted by {system}."

    def _skipped(self, job: Job, outcome: Outcome) -> None:
        job.state, job.open_key = Job.State.SKIPPED, None

    def _waiting(self, job: Job, outcome: Outcome) -> None:
        assert outcome.wait_until is not None
        zone = self.integration.organization.zone
        job.state = Job.State.WAITING
        job.due_at = datetime.combine(outcome.wait_until, time.min, zone).astimezone(UTC)
        job.attempts = 0

    def _failed(self, job: Job, outcome: Outcome) -> None:
        job.state = Job.State.FAILED
        job.first_failed_at = job.first_failed_at or self.now

    def _error(self, job: Job, outcome: Outcome) -> None:
        error = outcome.error
        job.first_failed_at = job.first_failed_at or self.now
        if isinstance(error, RecordRefused):
            self._failed(job, outcome)
            return
        if isinstance(error, NotAuthorized):
            # The connection stops; the change itself is not at fault and goes out when it resumes.
            job.state, job.due_at, job.attempts = Job.State.WAITING, self.now, 0
            return
        if self.now - job.first_failed_at > retries.GIVE_UP_AFTER:
            job.state, job.cause = Job.State.FAILED, "gave_up"
            job.message = f"{_text(outcome.message)} It was tried for seven days."
            return
        wait = retries.delay(job.attempts, random.random)
        asked = getattr(error, "wait", None)
        if asked is not None:
            wait = timedelta(seconds=asked + 1)
        if isinstance(error, RateLimited):
            job.attempts = max(0, job.attempts - 1) if asked is not None else job.attempts
        job.state, job.due_at = Job.State.RETRYING, self.now + wait

    def _extra_job(self, position_id: str, done: Done) -> Job | None:
        """A position that nobody changed but that was written too: it took over in a flat system."""
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
        if Job.objects.filter(integration=self.integration, open_key=job.open_key).exists():
            return None
        job.save()
        self.current[job.pk] = job.generation
        return job

    # links

    def _period(self, outcome: Outcome, done: Done) -> None:
        if outcome.gone:
            self.gone.append(int(outcome.position_id))
        if outcome.sent is None:
            return
        if self.integration.system.model is Model.FLAT:
            self.gone += [int(p) for p in done.work.sent if p != outcome.position_id]
        written = outcome.older is not None
        (self.written if written else self.equal).append(
            PeriodLink(
                integration=self.integration,
                employee_key=int(done.work.person.id),
                position_key=int(outcome.position_id),
                remote_id=_id(outcome.sent.remote_id),
                values=adapt.to_json(outcome.sent.values),
                sent_at=self.now,
                written_at=self.now if written else None,
                older=adapt.older_to_json(outcome.older or {}),
            )
        )

    def _employee(self, done: Done, report: Report) -> None:
        flat = self.integration.system.model is Model.FLAT
        found = report.remote_employee
        if found is None and not (flat and done.work.remote_employee_id):
            return
        self.employees.append(
            EmployeeLink(
                integration=self.integration,
                employee_key=int(done.work.person.id),
                remote_id=_id(found.id) if found else done.work.remote_employee_id,
                label=_text(found.label if found else "", 200),
                matched_by=_text(found.matched_by if found else "", 60),
                next_change_on=next_change(done.work.positions, done.work.today) if flat else None,
                matched_at=self.now,
            )
        )

    # saving

    def save(self) -> None:
        # A job that was refreshed meanwhile is waiting already, for its newer state: it is left alone.
        self._update_jobs([job for job, generation in self.jobs if self.current.get(job.pk) == generation])
        Attempt.objects.bulk_create([a for a in self.attempts if a.job_id in self.current])
        if self.gone:
            PeriodLink.objects.filter(integration=self.integration, position_key__in=self.gone).delete()
        fields = ["remote_id", "values", "sent_at", "employee_key"]
        for links, columns in ((self.written, [*fields, "written_at", "older"]), (self.equal, fields)):
            PeriodLink.objects.bulk_create(
                links, update_conflicts=True, unique_fields=["integration", "position_key"], update_fields=columns
            )
        EmployeeLink.objects.bulk_create(
            self.employees,
            update_conflicts=True,
            unique_fields=["integration", "employee_key"],
            update_fields=["remote_id", "label", "matched_by", "next_change_on", "matched_at"],
        )

    @staticmethod
    def _update_jobs(jobs: Sequence[Job]) -> None:
        """Closed jobs of a batch end alike, most of them: one plain UPDATE for all of those. `bulk_update` takes far
        longer, and is left for the rest."""
        alike: defaultdict[tuple[Any, ...], list[Job]] = defaultdict(list)
        for job in jobs:
            if not job.is_open:
                alike[tuple((name, getattr(job, name)) for name in _CLOSING)].append(job)
        rest = [job for job in jobs if job.is_open]
        for values, group in alike.items():
            if len(group) > 1:
                Job.objects.filter(pk__in=[job.pk for job in group]).update(**dict(values), meant=[])
            else:
                rest += group
        Job.objects.bulk_update(rest, [*_CLOSING, *_WHILE_OPEN])

    def log(self) -> None:
        """What was not written, by numbers and causes only: names and the system's words are in the job."""
        for attempt in self.attempts:
            if attempt.result in ("failed", "error"):
                with working_on([attempt.job_id], [attempt.job.request_id]):
                    logger.warning("Integration %s: not sent: %s", self.integration.pk, attempt.cause)


def _mistake(job: Job, cause: str) -> str:
    if cause == "answer_not_kept":
        return (
            f"What came back for this position could not be kept here (job {job.pk}). It may have been written there: "
            "the next try looks first."
        )
    return f"Position Sync made a mistake with this position (job {job.pk}). Nothing may have been written."


def _text(text: str, longest: int = 10_000) -> str:
    """The last lock: as any database takes it, whatever a connector made of an answer."""
    return storable(str(text))[:longest]


def _id(remote_id: str) -> str:
    """Never cut, never mended: it would be the id of something else."""
    if len(remote_id) > LONGEST_ID or storable(remote_id) != remote_id:
        raise ValueError(f"an id of {len(remote_id)} characters cannot be kept")
    return remote_id


def _attempt(job: Job, outcome: Outcome, done: Done, report: Report | Exception, integration: Integration) -> Attempt:
    names = {f.ours: f.remote for f in integration.system.fields}
    exchanges = report.exchanges if isinstance(report, Report) else ()
    return Attempt(
        job=job,
        number=job.attempts or 1,
        started_at=done.started,
        finished_at=done.finished,
        result=outcome.result,
        cause=outcome.cause[:60],
        message=_text(outcome.message),
        vendor_text=_text(outcome.vendor_text, 2000),
        vendor_code=_text(outcome.vendor_code, 80),
        trace=_json([_flat(line) for line in outcome.trace]),
        changes=_json(
            [
                {
                    "field": key,
                    "remote": names.get(key, ""),
                    "old": shown_value(change.old),
                    "new": shown_value(change.new),
                }
                for key, change in outcome.changes.items()
            ]
        ),
        unsent=_json(dict(outcome.unsent)),
        warnings=_json([{"field": w.field, "message": w.message} for w in outcome.warnings[:MOST_LINES]]),
        exchanges=storable_value([_flat(exchange) for exchange in exchanges]),
    )


def _json(value: Any) -> Any:
    return storable_value(value, LONGEST_TEXT)


def _flat(value: Any) -> dict[str, Any]:
    """As `dataclasses.asdict`, which copies whatever is inside, far slower."""
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}


def shown_value(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, Decimal) and number_of(value) is not None:
        return f"{value.normalize():f}"
    return str(value)[:LONGEST_TEXT]


# -- the connection as a whole ---------------------------------------------------------------------------


def _connection(integration: Integration, done: Sequence[Done]) -> bool:
    """Stops, backs off or recovers the connection. False: the turn must end now."""
    reports = [d.report for d in done if isinstance(d.report, Report)]
    refusals = [r.error for r in reports if isinstance(r.error, NotAuthorized)]
    refused = next((error for error in refusals if not isinstance(error, RecordRefused)), None)
    if refused is not None:
        _stop(integration, refused)
        return False
    now = timezone.now()
    limited = [r.error for r in reports if isinstance(r.error, RateLimited)]
    if limited:
        waits = [e.wait for e in limited if e.wait is not None]
        _back_off(integration, limited[0].message, timedelta(seconds=max(waits) + 1) if waits else None)
        return False
    sent = any(o.result == "sent" for r in reports for o in r.outcomes.values())
    answered = [r for r in reports if r.exchanges and not isinstance(r.error, Unavailable)]
    down = [r.error for r in reports if isinstance(r.error, Unavailable)]
    changes: dict[str, Any] = {}
    if sent:
        changes["last_success_at"] = now
    if answered and (integration.retry_count or integration.retry_at):
        changes |= {"retry_at": None, "retry_count": 0, "retry_message": ""}
        if integration.retry_message:
            Event.objects.create(
                integration=integration, kind="recovered", text=f"{integration.system.name} answers again."
            )
    if changes:
        _update(integration, changes)
    of_records = [error for error in refusals if isinstance(error, RecordRefused)]
    if of_records and _refused_to_everybody(integration, of_records[0].refusal):
        return False
    if down and not answered:
        misses = integration.__dict__.setdefault("_misses", 0) + len(down)
        integration.__dict__["_misses"] = misses
        waits = [e.wait for e in down if e is not None and e.wait is not None]
        if misses >= DOWN_AFTER or integration.retry_count:
            assert down[0] is not None
            _back_off(integration, down[0].message, timedelta(seconds=max(waits) + 1) if waits else None)
            return False
    elif answered:
        integration.__dict__["_misses"] = 0
    return True


def _refused_to_everybody(integration: Integration, refusal: NotAuthorized) -> bool:
    """Stops the connection where access to one employee's record after the other is refused, and none is let through
    between them. Whose record was never written may be refused for good (a protected one); so once anything was written
    at all, only those count that were let through before."""
    refused = Job.objects.open().filter(integration=integration, state=Job.State.FAILED, cause=RecordRefused.cause)
    last = integration.last_success_at
    since_then = refused.filter(changed_at__gt=last) if last else refused
    employees = set(since_then.values_list("employee_key", flat=True))
    if last and len(employees) >= REFUSED_AFTER:
        links = PeriodLink.objects.filter(integration=integration, employee_key__in=employees)
        employees = set(links.values_list("employee_key", flat=True))
    if len(employees) < REFUSED_AFTER:
        return False
    since_then.filter(employee_key__in=employees).update(
        state=Job.State.WAITING, cause=refusal.cause, message=_text(refusal.message), due_at=timezone.now(), attempts=0
    )
    _stop(integration, refusal)
    return True


def _update(integration: Integration, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(integration, name, value)
    Integration.objects.filter(pk=integration.pk).update(**values)


def _stop(integration: Integration, error: NotAuthorized) -> None:
    """Told once: a connection that is stopped already says nothing again."""
    fresh = Integration.objects.filter(pk=integration.pk, stopped_at__isnull=True).update(
        stopped_at=timezone.now(), stopped_cause=error.cause[:60], stopped_message=_text(error.message)
    )
    if fresh:
        Event.objects.create(integration=integration, kind="stopped", text=f"Stopped: {_text(error.message)}")


def _back_off(integration: Integration, message: str, wait: timedelta | None) -> None:
    count, message = integration.retry_count + 1, _text(message)
    now = timezone.now()
    until = now + (wait if wait is not None else retries.delay(count, random.random))
    if not integration.retry_message:
        Event.objects.create(
            integration=integration, kind="retrying", text=f"{integration.system.name}: {message} It is tried again."
        )
    _update(
        integration,
        {"retry_at": until, "retry_set_at": now, "retry_count": min(count, 100), "retry_message": message},
    )
