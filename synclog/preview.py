"""*Preview*: what would be sent for a position, found out by the same run as the worker's, without its writes.

Nothing is stored: no job, no attempt, no link. Only a token that the connector had to renew on the way is kept, since
the old one is spent by then.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from integrations.connect import open_connector
from integrations.connectors.errors import Unavailable
from integrations.connectors.http import Exchange
from integrations.models import Integration
from integrations.runner import Outcome, run
from integrations.vault import DatabaseVault
from positions.models import Position
from synclog.matches import DatabaseMatches
from synclog.models import Job
from synclog.record import Changed, job_for
from synclog.showing import held_back, in_full
from synclog.work import load_work

logger = logging.getLogger("synclog.preview")

# A person waits for it: no call is begun after so many seconds, and none may take longer than CALL_SECONDS.
SECONDS = 12.0
CALL_SECONDS = 7.0


@dataclass(frozen=True, slots=True)
class Preview:
    """`refused` says why nothing could be tried at all. `others` are positions of the employee that go with it."""

    integration: Integration
    job: Job
    outcome: Outcome | None = None
    others: Sequence[tuple[Job, Outcome]] = ()
    exchanges: Sequence[Exchange] = ()
    refused: str = ""
    milliseconds: int = 0
    notes: Sequence[str] = field(default_factory=tuple)

    def sentence(self) -> str:
        """What would happen, or why nothing would."""
        if self.outcome is None:
            return self.refused
        system = self.integration.system.name
        if self.outcome.result == "planned":
            return _WOULD.get(self.outcome.action, "Something would be written to {system}.").format(system=system)
        return in_full(self.outcome.message, system)


_WOULD = {
    "create": "A new record would be created in {system}.",
    "update": "The record in {system} would be updated.",
    "move": "The period in {system} would be moved.",
    "end": "The period in {system} would be ended.",
    "delete": "The record in {system} would be deleted.",
}


def preview_position(integration: Integration, position: Position) -> Preview:
    """Needs the position's employee, and the integration with its credentials and its organization."""
    job = job_for(Changed(position), position.employee, integration.pk)
    companies = {company.pk: company.name for company in integration.companies.all()}
    if companies and position.employee.company_id not in companies:
        names = ", ".join(sorted(companies.values()))
        return Preview(
            integration,
            job,
            refused=f"{integration.name} takes only employees of {names}: nothing of {position.employee.name} is sent.",
        )
    return _preview(integration, job)


def preview_job(integration: Integration, job: Job) -> Preview:
    """The same for what a job is about, be its position deleted by now."""
    return _preview(integration, job)


def _preview(integration: Integration, job: Job) -> Preview:
    if not integration.connected:
        words = "Credentials or required settings are missing. Fill them in under the connection's Settings."
        return Preview(integration, job, refused=f"{integration.name} is not connected. {words}")
    # What waits for the same employee is planned together with it, as the worker does.
    open_jobs = Job.objects.open().filter(integration=integration, employee_key=job.employee_key)
    jobs = {other.position_key: other for other in open_jobs} | {job.position_key: job}
    ((work, by_position),) = load_work(integration, list(jobs.values()))
    started = time.monotonic()

    def in_time() -> None:
        if time.monotonic() - started > SECONDS:
            raise Unavailable(f"It answers too slowly: the preview was ended after {SECONDS:.0f} seconds.")

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
        words = "Position Sync made a mistake. It is in the server's log; tell your operator."
        return Preview(integration, job, refused=words)
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
        refused="" if outcome else "Nothing would be sent: there is nothing to do for this position.",
        milliseconds=round((time.monotonic() - started) * 1000),
        notes=_notes(integration),
    )


def _notes(integration: Integration) -> Sequence[str]:
    back = held_back(integration)
    return (back,) if back else ()
