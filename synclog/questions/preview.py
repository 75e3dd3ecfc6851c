"""*Preview*: what would be sent for a position, found out by the same run as the worker's, without its writes.

Nothing is stored: no job, no attempt, no link. Only a token that the connector had to renew on the way is kept, since
the old one is spent by then.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from integrations.models import Integration
from integrations.planning.run import run
from integrations.planning.states import State
from integrations.planning.work import Outcome, Trace
from integrations.runtime.opening import open_connector
from integrations.runtime.vault import DatabaseVault
from integrations.scope import company_names, scope_of, why_not_taken
from integrations.sdk import messages
from integrations.sdk.errors import UnavailableError
from integrations.sdk.http import Exchange
from integrations.sdk.marking import gettext_noop
from integrations.sdk.messages import Message
from integrations.sdk.values import Change
from integrations.sdk.wording import say
from positions.models import Position
from synclog.engine import texts as engine_texts
from synclog.engine.cutoff import is_flat
from synclog.engine.fitted import shown_value
from synclog.engine.loading import load_work
from synclog.engine.matches import DatabaseMatches
from synclog.engine.record import Changed, job_for
from synclog.log.sentences import why_held_back
from synclog.models import Job
from synclog.questions import texts

logger = logging.getLogger("synclog.questions.preview")

# A person waits for it: no call is begun after so many seconds, and none may take longer than CALL_SECONDS.
SECONDS = 12.0
CALL_SECONDS = 7.0


@dataclass(frozen=True, slots=True)
class Preview:
    """`why_not`: why nothing could be tried at all. `held_back`: why nothing would go out now. `others` are positions
    of the employee that go with it."""

    integration: Integration
    job: Job
    outcome: Outcome | None = None
    others: Sequence[tuple[Job, Outcome]] = ()
    exchanges: Sequence[Exchange] = ()
    why_not: Message | None = None
    milliseconds: int = 0
    held_back: Message | None = None

    @property
    def refused(self) -> str:
        """In words."""
        return str(self.why_not or "")

    @property
    def notes(self) -> Sequence[str]:
        """What else is to be known, in words."""
        return (str(self.held_back),) if self.held_back else ()

    def sentence(self) -> str:
        """What would happen, or why nothing would."""
        if self.outcome is None:
            return self.refused
        system = self.integration.system.name
        if self.outcome.state is State.PLANNED:
            return say(_WOULD.get(self.outcome.action, _SOMETHING)).format(system=system)
        return self.outcome.message


_SOMETHING = gettext_noop("Something would be written to {system}.")
_WOULD = {
    "create": gettext_noop("A new record would be created in {system}."),
    "update": gettext_noop("The record in {system} would be updated."),
    "move": gettext_noop("The period in {system} would be moved."),
    "end": gettext_noop("The period in {system} would be ended."),
    "delete": gettext_noop("The record in {system} would be deleted."),
}


def find(integration: Integration, position_key: int, job_key: int) -> Preview:
    """Of an entry of the log, be its position deleted by now, or (0) of a position as it is. The integration comes with
    its organization."""
    if job_key:
        job = Job.objects.filter(pk=job_key, integration=integration).first()
        return _preview(integration, job) if job else _gone(integration, position_key)
    position = Position.objects.select_related("employee", "company").filter(pk=position_key).first()
    if position is None:
        return _gone(integration, position_key)
    return _of_position(integration, position)


def _gone(integration: Integration, position_key: int) -> Preview:
    return Preview(integration, Job(position_key=position_key), why_not=texts.GONE())


def question_of(position: Position, integration: Integration) -> Job:
    """What a change of the position would be, for `find`."""
    return job_for(Changed(position), position.employee, integration.pk)


def _of_position(integration: Integration, position: Position) -> Preview:
    job = question_of(position, integration)
    if integration.connected and not scope_of(integration.pk).takes(position):
        why = why_not_taken(integration.name, position, company_names([integration]).get(integration.pk, ()))
        return Preview(integration, job, why_not=texts.NOT_TAKEN(why=why))
    return _preview(integration, job)


def _preview(integration: Integration, job: Job) -> Preview:
    if not integration.connected:
        return Preview(integration, job, why_not=texts.NOT_CONNECTED(connection=integration.name))
    # What waits for the same employee is planned together with it, as the worker does.
    open_jobs = Job.objects.open().filter(integration=integration, employee_key=job.employee_key)
    jobs = {other.position_key: other for other in open_jobs} | {job.position_key: job}
    ((work, by_position),) = load_work(integration, list(jobs.values()))
    started = time.monotonic()

    def in_time() -> None:
        if time.monotonic() - started > SECONDS:
            raise UnavailableError(texts.TOO_SLOW(seconds=round(SECONDS)))

    connector = open_connector(
        integration,
        vault=DatabaseVault(integration.pk, patience=SECONDS),
        matches=DatabaseMatches(integration),
        guard=in_time,
        longest_call=CALL_SECONDS,
    )
    try:
        report = run(connector, work, execute=False)
    except Exception:
        logger.exception("The preview of position %s in %s failed by our own mistake.", job.position_key, integration)
        return Preview(integration, job, why_not=texts.MISTAKE())
    finally:
        connector.close()
    outcomes = dict(report.outcomes)
    outcome = outcomes.pop(str(job.position_key), None)
    return Preview(
        integration,
        job,
        outcome=outcome,
        others=[(by_position[key], o) for key, o in outcomes.items() if key in by_position],
        exchanges=report.exchanges,
        why_not=None if outcome else texts.NOTHING(),
        milliseconds=round((time.monotonic() - started) * 1000),
        held_back=why_held_back(integration) or _held(integration, job, open_jobs),
    )


def _held(integration: Integration, job: Job, open_jobs: Iterable[Job]) -> Message | None:
    """That the payroll cut-off holds what was previewed; or would hold it, were it saved now."""
    now, zone, calendar = timezone.now(), integration.organization.zone, integration.calendar
    flat = is_flat(integration)  # one record of an employee: what is held of one position holds all
    mine = [one for one in open_jobs if flat or one.position_key == job.position_key]
    until = max((one.held_until for one in mine if one.held_until and one.is_held(now)), default=None)
    if until is not None:
        return engine_texts.HELD(until=until.astimezone(zone))
    if job.pk or mine or calendar is None or not integration.holds or (closed := calendar.closed(now, zone)) is None:
        return None
    return texts.WOULD_BE_HELD(until=closed[1].astimezone(zone))


# -- on its way from the worker to the page --------------------------------------------------------------------

_JOB = ("employee_key", "position_key", "employee_name", "employee_number", "title", "deleted")
_PLAIN = ("position_id", "cause", "field", "action", "vendor_text", "vendor_code")


def packed(preview: Preview) -> dict[str, Any]:
    """As JSON, values as people read them."""
    return {
        "job": {name: getattr(preview.job, name) for name in _JOB},
        "outcome": preview.outcome and _outcome(preview.outcome),
        "others": [
            {"job": {name: getattr(job, name) for name in _JOB}, "outcome": _outcome(outcome)}
            for job, outcome in preview.others
        ],
        "exchanges": [dataclasses.asdict(exchange) for exchange in preview.exchanges],
        "why_not": preview.why_not and preview.why_not.to_json(),
        "milliseconds": preview.milliseconds,
        "held_back": preview.held_back and preview.held_back.to_json(),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        **{name: getattr(outcome, name) for name in _PLAIN},
        "state": outcome.state,
        "said": messages.packed(outcome.said),
        "changes": {
            key: [shown_value(c.old), shown_value(c.new), [[day.isoformat(), shown_value(v)] for day, v in c.rows]]
            for key, c in outcome.changes.items()
        },
        "unsent": {key: reason.to_json() for key, reason in outcome.unsent.items()},
        "trace": [line.to_json() for line in outcome.trace],
    }


def unpacked(integration: Integration, answer: Mapping[str, Any]) -> Preview:
    outcome = answer["outcome"]
    return Preview(
        integration,
        Job(integration=integration, **answer["job"]),
        outcome=_outcome_of(outcome) if outcome else None,
        others=[(Job(**other["job"]), _outcome_of(other["outcome"])) for other in answer["others"]],
        exchanges=[Exchange(**exchange) for exchange in answer["exchanges"]],
        why_not=_message(answer["why_not"]),
        milliseconds=answer["milliseconds"],
        held_back=_message(answer["held_back"]),
    )


def _message(kept: Mapping[str, Any] | None) -> Message | None:
    return Message.from_json(kept) if kept else None


def _change_of(old: str | None, new: str | None, rows: Sequence[tuple[str, str | None]]) -> Change:
    return Change(old, new, tuple((date.fromisoformat(day), value) for day, value in rows))


def _outcome_of(found: Mapping[str, Any]) -> Outcome:
    return Outcome(
        **{name: found[name] for name in _PLAIN},
        state=State(found["state"]),
        said=messages.unpacked(found["said"]),
        changes={key: _change_of(*values) for key, values in found["changes"].items()},
        unsent={key: Message.from_json(reason) for key, reason in found["unsent"].items()},
        trace=[Trace.from_json(line) for line in found["trace"]],
    )
