"""Stores what came back from a run: the jobs' states, attempts, links, and what it means for the integration."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from time import time_ns
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning.states import State
from integrations.planning.work import NOBODY, Outcome, Report, Work
from integrations.runtime import mapping
from integrations.sdk.declaration import Model
from integrations.sdk.errors import (
    InterruptedRunError,
    MatchRefusedError,
    NotAuthorizedError,
    RateLimitedError,
    RecordRefusedError,
    UnavailableError,
)
from integrations.sdk.messages import Message, packed
from integrations.sdk.periods import next_change
from integrations.sdk.reading import number_of
from integrations.sdk.storable import fit_id, storable, storable_value
from positions.moments import when
from positions.tracing import working_on
from positions.transactions import repeated
from synclog.engine import agreeing, backoff, matches, texts, write_intents, wrong_record
from synclog.engine.clock_skew import at_once
from synclog.engine.lease import Held
from synclog.engine.record import renew
from synclog.models import Attempt, Event, Job

logger = logging.getLogger("synclog.engine.results")

# So many employees in a row without an answer, and the whole connection waits.
DOWN_AFTER = 3
# So many employees in a row to whose records access is refused, and it is refused to everybody's.
REFUSED_AFTER = 3

LONGEST_TEXT = 2_000
LONGEST_SAID = 10_000
MOST_LINES = 100


@dataclass
class Done:
    """One employee's run. `report` is an exception when the run broke down by our own mistake."""

    work: Work
    jobs: dict[str, Job]
    report: Report | Exception
    started: datetime
    finished: datetime
    # `write_intents.before`, by position id
    said: Mapping[str, list[dict[str, Any]]] = dataclasses.field(default_factory=dict)


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


class NotKept(Exception):
    """In the place of a report that cannot be stored: nothing of it is, but that its writes may have been made."""


def _store_alone(integration: Integration, held: Held, one: Done) -> bool:
    try:
        return _store(integration, held, [one])
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("%s: employee %s: the results cannot be stored", integration, one.work.person.id)
        return _store(integration, held, [replace(one, report=NotKept(error))])


def _store(integration: Integration, held: Held, done: Sequence[Done]) -> bool:
    batch = _stored(integration, held, done)
    if batch is None:
        logger.warning("%s: the lease was lost, results are left to the next worker", integration)
        return False
    batch.log()
    return batch.goes_on


@repeated
def _stored(integration: Integration, held: Held, done: Sequence[Done]) -> _Batch | None:
    book = held.integration()
    if book is None:
        return None
    for name in ("retry_at", "retry_count", "retry_said"):
        setattr(integration, name, getattr(book, name))
    # Copies: should the transaction be undone, the jobs are as they were claimed.
    done = [replace(one, jobs={key: copy.copy(job) for key, job in one.jobs.items()}) for one in done]
    batch = _Batch(integration, done, superseded=book.version != integration.version)
    for one in done:
        batch.add(one)
    batch.save()
    batch.goes_on = _connection(integration, done) and not batch.superseded
    return batch


_CLOSING = [
    "state", "open_key", "action", "outside", "attempts", "cause", "said", "field", "vendor_text", "vendor_code",
    "warning", "first_failed_at", "changed_at", "finished_at", "file_key",
]  # fmt: skip
_NOT_MATCHED = [
    "state", "remote_id", "label", "matched_by", "matched_at", "fingerprints", "confirmed_by", "confirmed_at", "cause",
    "said",
]  # fmt: skip
_WHILE_OPEN = ["due_at", "tried", "meant"]


class _Batch:
    """`superseded`: the connection is another one by now than the one that these runs went by. What was written there
    was written and is kept; but no job is closed by it, nor failed."""

    def __init__(self, integration: Integration, done: Sequence[Done], *, superseded: bool = False) -> None:
        self.integration = integration
        self.superseded = superseded
        self.goes_on = True
        self.now = timezone.now()
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
        # Counted through: `Job.attempts` begins anew with each re-sync.
        self.tried = {pk: number or 0 for pk, _, _, number in found}
        self.jobs: list[tuple[Job, int]] = []  # with the generation that was sent
        self.new_jobs: list[Job] = []
        self.attempts: list[Attempt] = []
        self.periods: list[PeriodLink] = []
        self.gone: list[int] = []
        self.displaced: list[int] = []  # positions whose flat record stands for another one from now on
        self.unsure: set[int] = set()  # employees of whom something was left unwritten
        self.employees: list[EmployeeLink] = []
        self.not_matched: list[EmployeeLink] = []
        self.left: dict[int, str] = {}  # by employee: the record that was theirs until now
        self.moved: set[int] = set()  # employees whose positions were written to a record that is not theirs

    def add(self, done: Done) -> None:
        if not any(job.pk in self.current for job in done.jobs.values()):
            return  # the employee was erased meanwhile: nothing is to be known of them any more
        report = done.report
        if isinstance(report, Exception):
            for job in done.jobs.values():
                text = texts.NOT_KEPT if isinstance(report, NotKept) else texts.MISTAKE
                outcome = Outcome(str(job.position_key), State.FAILED, text.cause, (text(job=job.pk),))
                self._job(job, outcome, done, report)
            return
        if report.wrong_record:
            wrong_record.tell(self.integration, done.work, report)
        for position_id, outcome in report.outcomes.items():
            found = done.jobs.get(position_id)
            if found is None and outcome.result in ("skipped", "waiting"):
                self._period(outcome, done)  # nobody changed it, and nothing was to be done: that is no entry
                continue
            found = found or self._extra_job(position_id, done)
            if found is None:
                continue
            self._job(found, outcome, done, report)
            self._period(outcome, done)
            if outcome.sent is None and not outcome.gone and done.work.sent:
                self.unsure.add(int(done.work.person.id))
        self._employee(done, report)

    # jobs

    def _job(self, job: Job, outcome: Outcome, done: Done, report: Report | Exception) -> None:
        generation = job.generation
        if isinstance(outcome.error, InterruptedRunError):
            job.state, job.due_at, job.attempts = Job.State.WAITING, at_once(), max(0, job.attempts - 1)
            self.jobs.append((job, generation))
            return
        if isinstance(report, Exception) or outcome.position_id in report.unanswered:
            job.tried = write_intents.tried(job, done.work)
            job.meant = done.said.get(outcome.position_id) or write_intents.meanings(self.integration, job, done.work)
        job.cause, job.field, job.said = outcome.cause[:60], outcome.field[:40], _said(outcome.said)
        job.vendor_text, job.vendor_code = _text(outcome.vendor_text, 2000), _text(outcome.vendor_code, 80)
        job.warning = bool(outcome.warnings)
        job.changed_at = self.now
        if outcome.position_id in done.work.outside:
            job.outside, job.action = True, Job.Action.DELETE
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
            number = self.tried.get(job.pk, 0) + 1
            self.attempts.append(_attempt(job, number, outcome, done, report, self.integration))

    def _succeeded(self, job: Job, outcome: Outcome) -> None:
        job.state, job.open_key = Job.State.SUCCEEDED, None
        job.file_key = outcome.file_id
        job.said = _said(outcome.everything) or _said([texts.ACCEPTED(system=self.integration.system.name)])

    def _skipped(self, job: Job, outcome: Outcome) -> None:
        job.state, job.open_key = Job.State.SKIPPED, None

    def _waiting(self, job: Job, outcome: Outcome) -> None:
        assert outcome.wait_until is not None
        job.said = _said(outcome.everything)
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
        if isinstance(error, RecordRefusedError):
            self._failed(job, outcome)
            return
        if isinstance(error, NotAuthorizedError):
            # The connection stops; the change itself is not at fault and goes out when it resumes.
            job.state, job.due_at, job.attempts = Job.State.WAITING, at_once(), 0
            return
        if self.now - job.first_failed_at > backoff.GIVE_UP_AFTER:
            job.state, job.cause = Job.State.FAILED, "gave_up"
            job.said = _said([*outcome.said, texts.GAVE_UP()])
            return
        wait = backoff.delay(job.attempts, random.random)
        asked = getattr(error, "wait", None)
        if asked is not None:
            wait = timedelta(seconds=asked + 1)
        if isinstance(error, RateLimitedError):
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
        job.generation = time_ns()
        Job.objects.bulk_create([job], ignore_conflicts=True)
        made = Job.objects.filter(
            integration=self.integration, open_key=job.open_key, generation=job.generation
        ).first()
        if made is not None:
            self.current[made.pk] = made.generation
        return made

    # links

    def _period(self, outcome: Outcome, done: Done) -> None:
        if outcome.gone:
            self.gone.append(int(outcome.position_id))
        if outcome.sent is None:
            return
        if self.integration.system.model is Model.FLAT:
            self.displaced += [int(p) for p in done.work.sent if p != outcome.position_id]
            self.gone += self.displaced
        # Whoever held this record before (a position that is deleted here) holds it no more.
        others = ((p, sent) for p, sent in done.work.sent.items() if p != outcome.position_id)
        self.gone += [int(p) for p, sent in others if sent.remote_id == outcome.sent.remote_id]
        link = PeriodLink(
            integration=self.integration,
            employee_key=int(done.work.person.id),
            position_key=int(outcome.position_id),
            remote_id=_id(outcome.sent.remote_id),
            values=mapping.to_json(outcome.sent.values),
            left_behind=list(outcome.sent.left_behind),
            sent_at=self.now,
            written_at=None if outcome.older is None else self.now,
            older=mapping.older_to_json(outcome.older or {}),
        )
        agreeing.after_run(link, self.integration, outcome, done.work)
        self.periods.append(link)

    def _employee(self, done: Done, report: Report) -> None:
        """The match itself was kept when the record was claimed (`synclog.engine.matches`)."""
        work, found, key = done.work, report.remote_employee, int(done.work.person.id)
        known = work.remote_employee_id
        nobody = isinstance(report.error, NOBODY)
        if known and (nobody or (found is not None and found.id != known)):
            self.left[key] = known
        elif known and work.person.deleted and all(o.result in ("sent", "skipped") for o in report.outcomes.values()):
            self.left[key] = known  # nothing of somebody who is deleted here waits any more
        if nobody and work.match.withheld is None:
            error = report.error
            assert error is not None
            candidate = error.candidate if isinstance(error, MatchRefusedError) else ""
            self.not_matched.append(self._link(key, candidate, cause=error.cause[:60], said=_said([error.said])))
            return
        flat = self.integration.system.model is Model.FLAT
        written = any(outcome.sent for outcome in report.outcomes.values())
        if report.wrong_record and found is not None:
            self.moved.add(key)
        if (flat and (found or known)) or (found and written and found.id != work.match.written_to):
            to = found.id if found and (written or report.wrong_record) else work.match.written_to
            on = next_change(work.positions, work.today) if flat else None
            dates = {"next_change_on": on, "planned_in": self.integration.activated_at}
            self.employees.append(self._link(key, found.id if found else known, written_to=to, **dates))

    def _link(self, key: int, remote_id: str, **values: Any) -> EmployeeLink:
        # Where there is no row, nobody has claimed the record.
        state = EmployeeLink.State.NOT_MATCHED
        return EmployeeLink(
            integration=self.integration, employee_key=key, state=state, remote_id=_id(remote_id), **values
        )

    # saving

    def save(self) -> None:
        self._update_jobs([job for job, generation in self.jobs if self._counts(job, generation)])
        if self.superseded:
            ran = [job.pk for job, _ in self.jobs]
            renew(Job.objects.open().filter(pk__in=ran))
        Attempt.objects.bulk_create([a for a in self.attempts if a.job_id in self.current])
        if self.moved:
            PeriodLink.objects.filter(integration=self.integration, employee_key__in=self.moved).delete()
        if self.gone:
            PeriodLink.objects.filter(integration=self.integration, position_key__in=self.gone).delete()
        columns = [*("remote_id", "values", "left_behind", "sent_at", "employee_key", "stale", "left", "look_on")]
        # What was found to be as it should be was not written: until when reads may come late stays as it was.
        written = [link for link in self.periods if link.written_at]
        equal = [link for link in self.periods if not link.written_at]
        for links, fields in ((written, [*columns, "written_at", "older"]), (equal, columns)):
            PeriodLink.objects.bulk_create(
                links, update_conflicts=True, unique_fields=["integration", "position_key"], update_fields=fields
            )
        self._not_known()
        self._tell_displaced()
        EmployeeLink.objects.bulk_create(
            self.employees,
            update_conflicts=True,
            unique_fields=["integration", "employee_key"],
            update_fields=["written_to", "next_change_on", "planned_in"],
        )
        self._save_not_matched()

    def _save_not_matched(self) -> None:
        """Whoever was released meanwhile stays released."""
        keys = [link.employee_key for link in self.not_matched]
        if keys:
            decided = EmployeeLink.objects.filter(
                integration=self.integration,
                employee_key__in=keys,
                state__in=[EmployeeLink.State.RELEASED, EmployeeLink.State.STOPPED],
            )
            kept = set(decided.values_list("employee_key", flat=True))
            EmployeeLink.objects.bulk_create(
                [link for link in self.not_matched if link.employee_key not in kept],
                update_conflicts=True,
                unique_fields=["integration", "employee_key"],
                update_fields=_NOT_MATCHED,
            )
        matches.freed(self.integration.pk, self.left.values())

    def _counts(self, job: Job, generation: int) -> bool:
        """A job that was refreshed meanwhile is waiting already, for its newer state: it is left alone. One that was
        closed meanwhile, by switching off, says all the same that it was sent, if it was."""
        if job.pk in self.closed:
            return job.state == Job.State.SUCCEEDED
        return self.current.get(job.pk) == generation and not self.superseded

    def _not_known(self) -> None:
        """Of whom something was left unwritten; and all, when the connection was changed or switched off meanwhile: the
        run had not heard of it."""
        unsure = self.unsure
        if self.superseded or not Integration.objects.filter(pk=self.integration.pk, send_positions=True).exists():
            unsure = unsure | {link.employee_key for link in self.periods}
        if unsure:
            agreeing.look_again(PeriodLink.objects.filter(integration=self.integration, employee_key__in=unsure))

    def _tell_displaced(self) -> None:
        """What the log calls accepted is not there any more."""
        if not self.displaced:
            return
        system, zone = self.integration.system.name, self.integration.organization.zone
        said = _said([texts.TAKEN_OVER(system=system, when=when(self.now, zone))])
        theirs = Job.objects.filter(
            integration=self.integration, position_key__in=self.displaced, state=Job.State.SUCCEEDED, cause=""
        )
        for job in theirs:
            job.cause, job.said = "taken_over", [*job.said, *said]
        Job.objects.bulk_update(theirs, ["cause", "said"])

    @staticmethod
    def _update_jobs(jobs: Sequence[Job]) -> None:
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

    def log(self) -> None:
        """What was not written, by numbers and causes only: names and the system's words are in the job."""
        for attempt in self.attempts:
            if attempt.result in ("failed", "error"):
                with working_on([attempt.job_id], [attempt.job.request_id]):
                    logger.warning("Integration %s: not sent: %s", self.integration.pk, attempt.cause)


def _said(said: Iterable[Message]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = storable_value(packed(said), LONGEST_SAID)
    return kept


def _text(text: str, longest: int = 10_000) -> str:
    """The last lock: as any database takes it, whatever a connector made of an answer."""
    return storable(str(text))[:longest]


def _id(remote_id: str) -> str:
    """Never cut, never mended: it would be the id of something else."""
    if not fit_id(remote_id):
        raise ValueError(f"an id of {len(remote_id)} characters cannot be kept")
    return remote_id


def _attempt(
    job: Job, number: int, outcome: Outcome, done: Done, report: Report | Exception, integration: Integration
) -> Attempt:
    names = {f.ours: f.remote for f in integration.system.fields}
    exchanges = report.exchanges if isinstance(report, Report) else ()
    return Attempt(
        job=job,
        number=number,
        started_at=done.started,
        finished_at=done.finished,
        result=outcome.result,
        cause=outcome.cause[:60],
        said=_said(outcome.said),
        vendor_text=_text(outcome.vendor_text, 2000),
        vendor_code=_text(outcome.vendor_code, 80),
        trace=_json([line.to_json() for line in outcome.trace]),
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
        unsent=_json({key: reason.to_json() for key, reason in outcome.unsent.items()}),
        warnings=_json([{"field": w.field, "said": w.said.to_json()} for w in outcome.warnings[:MOST_LINES]]),
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
    refusals = [r.error for r in reports if isinstance(r.error, NotAuthorizedError)]
    refused = next((error for error in refusals if not isinstance(error, RecordRefusedError)), None)
    if refused is not None:
        _stop(integration, refused)
        return False
    now = timezone.now()
    limited = [r.error for r in reports if isinstance(r.error, RateLimitedError)]
    if limited:
        waits = [e.wait for e in limited if e.wait is not None]
        _back_off(integration, limited[0].said, timedelta(seconds=max(waits) + 1) if waits else None)
        return False
    sent = any(o.result == "sent" for r in reports for o in r.outcomes.values())
    answered = [r for r in reports if r.exchanges and not isinstance(r.error, UnavailableError)]
    down = [r.error for r in reports if isinstance(r.error, UnavailableError)]
    changes: dict[str, Any] = {}
    if sent:
        changes["last_success_at"] = now
    if answered and (integration.retry_count or integration.retry_at):
        changes |= {"retry_at": None, "retry_count": 0, "retry_said": []}
        if integration.retry_said:
            _tell(integration, "recovered", texts.RECOVERED(system=integration.system.name))
    if changes:
        _update(integration, changes)
    of_records = [error for error in refusals if isinstance(error, RecordRefusedError)]
    if of_records and _refused_to_everybody(integration, of_records[0].refusal):
        return False
    if down and not answered:
        misses = integration.__dict__.setdefault("_misses", 0) + len(down)
        integration.__dict__["_misses"] = misses
        waits = [e.wait for e in down if e is not None and e.wait is not None]
        if misses >= DOWN_AFTER or integration.retry_count:
            assert down[0] is not None
            _back_off(integration, down[0].said, timedelta(seconds=max(waits) + 1) if waits else None)
            return False
    elif answered:
        integration.__dict__["_misses"] = 0
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
        state=Job.State.WAITING, cause=refusal.cause, said=_said([refusal.said]), due_at=at_once(), attempts=0
    )
    _stop(integration, refusal)
    return True


def _tell(integration: Integration, kind: str, said: Message) -> None:
    Event.objects.create(integration=integration, kind=kind, said=_said([said]))


def _update(integration: Integration, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(integration, name, value)
    Integration.objects.filter(pk=integration.pk).update(**values)


def _stop(integration: Integration, error: NotAuthorizedError) -> None:
    """Told once: a connection that is stopped already says nothing again. Credentials that were renewed since were not
    the ones that were refused."""
    same = Integration.objects.filter(pk=integration.pk, version=integration.version)
    fresh = same.filter(stopped_at__isnull=True).update(
        stopped_at=timezone.now(), stopped_cause=error.cause[:60], stopped_said=_said([error.said])
    )
    if fresh:
        _tell(integration, "stopped", texts.STOPPED(why=error.said))


def _back_off(integration: Integration, said: Message, wait: timedelta | None) -> None:
    count = integration.retry_count + 1
    now = timezone.now()
    until = now + (wait if wait is not None else backoff.delay(count, random.random))
    if not integration.retry_said:
        _tell(integration, "retrying", texts.RETRYING(system=integration.system.name, why=said))
    _update(
        integration,
        {"retry_at": until, "retry_set_at": now, "retry_count": min(count, 100), "retry_said": _said([said])},
    )
