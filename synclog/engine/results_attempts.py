"""What is kept of each try: its steps, calls, changes and warnings."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Collection
from typing import Any

from integrations.models import Integration
from integrations.planning.states import State
from integrations.planning.work import Outcome, Report
from integrations.sdk.storable import Encoded, storable_json
from positions.tracing import working_on
from synclog.engine import rows
from synclog.engine.done import Done
from synclog.engine.fitted import json_text_fitted, said_text_fitted, shown_changes, text_fitted
from synclog.models import Attempt, Job

# The name under which the operator's log and its filters know it.
logger = logging.getLogger("synclog.engine.results")

MOST_WARNINGS = 100


class AttemptResults:
    """The attempts of a batch."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration
        self.attempts: list[Attempt] = []
        self._request_ids: dict[int, str] = {}  # by job
        self._names = {f.ours: f.remote for f in integration.system.fields}
        self._of_run: tuple[Done | None, Encoded] = (None, Encoded())

    def add(self, job: Job, number: int, outcome: Outcome, done: Done) -> None:
        attempt = Attempt(
            job_id=job.pk,
            number=number,
            started_at=done.started,
            finished_at=done.finished,
            state=outcome.state,
            cause=outcome.cause[:60],
            said=said_text_fitted(outcome.said),
            vendor_text=text_fitted(outcome.vendor_text, 2000),
            vendor_code=text_fitted(outcome.vendor_code, 80),
            trace=json_text_fitted([line.to_json() for line in outcome.trace]),
            changes=json_text_fitted(shown_changes(outcome.changes, self._names)),
            unsent=json_text_fitted({key: reason.to_json() for key, reason in outcome.unsent.items()}),
            warnings=json_text_fitted(
                [{"field": w.field, "said": w.said.to_json()} for w in outcome.warnings[:MOST_WARNINGS]]
            ),
            exchanges=self._exchanges(done),
        )
        self.attempts.append(attempt)
        self._request_ids[job.pk] = job.request_id

    def _exchanges(self, done: Done) -> Encoded:
        """Made once for all positions of the run: they come one after the other."""
        if self._of_run[0] is not done:
            exchanges = done.report.exchanges if isinstance(done.report, Report) else ()
            self._of_run = done, storable_json([_flat(exchange) for exchange in exchanges])
        return self._of_run[1]

    def save(self, jobs: Collection[int]) -> None:
        """Those of these jobs: another was erased meanwhile."""
        rows.insert([a for a in self.attempts if a.job_id in jobs])

    def log(self) -> None:
        """What was not written, by numbers and causes only: names and the system's words are in the job."""
        for attempt in self.attempts:
            if attempt.state in (State.FAILED, State.RETRYING):
                with working_on([attempt.job_id], [self._request_ids[attempt.job_id]]):
                    logger.warning("Integration %s: not sent: %s", self.integration.pk, attempt.cause)


def _flat(value: Any) -> dict[str, Any]:
    """As `dataclasses.asdict`, which copies whatever is inside, far slower."""
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
