"""What a run says of who has which record there. The match itself was kept when the record was claimed
(`synclog.engine.matches`)."""

from __future__ import annotations

from typing import Any

from integrations.models import EmployeeLink, Integration
from integrations.planning.states import State
from integrations.planning.work import NOBODY, Report
from integrations.sdk.declaration import Model
from integrations.sdk.errors import MatchRefusedError
from integrations.sdk.periods import next_change
from synclog.engine import matches, rows
from synclog.engine.done import Done
from synclog.engine.fitted import id_fitted, said_fitted

_NOT_MATCHED = [
    "state", "remote_id", "label", "matched_by", "matched_at", "fingerprints", "confirmed_by", "confirmed_at", "cause",
    "said",
]  # fmt: skip


class MatchResults:
    """The links of employees of a batch."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration
        self.written: list[EmployeeLink] = []
        self.not_matched: list[EmployeeLink] = []
        self.left: dict[int, str] = {}  # by employee: the record that was theirs until now
        self.moved: set[int] = set()  # employees whose positions were written to a record that is not theirs

    def add(self, done: Done, report: Report) -> None:
        work, found, key = done.work, report.remote_employee, int(done.work.person.id)
        known = work.remote_employee_id
        if known and self._leaves(done, report):
            self.left[key] = known
        if isinstance(report.error, NOBODY) and work.match.withheld is None:
            error = report.error
            candidate = error.candidate if isinstance(error, MatchRefusedError) else ""
            link = self._link(key, candidate, cause=error.cause[:60], said=said_fitted([error.said]))
            self.not_matched.append(link)
            return
        flat = self.integration.system.model is Model.FLAT
        written = any(outcome.sent for outcome in report.outcomes.values())
        if report.wrong_record and found is not None:
            self.moved.add(key)
        if (flat and (found or known)) or (found and written and found.id != work.match.written_to):
            to = found.id if found and (written or report.wrong_record) else work.match.written_to
            on = next_change(work.positions, work.today) if flat else None
            dates = {"next_change_on": on, "planned_in": self.integration.activated_at}
            self.written.append(self._link(key, found.id if found else known, written_to=to, **dates))

    def _leaves(self, done: Done, report: Report) -> bool:
        """Whether the record that was known is the employee's no more: nobody is found there or somebody else, or
        nothing of somebody who is deleted here waits any more."""
        found = report.remote_employee
        if isinstance(report.error, NOBODY) or (found is not None and found.id != done.work.remote_employee_id):
            return True
        settled = (State.SUCCEEDED, State.SKIPPED)
        return done.work.person.deleted and all(o.state in settled for o in report.outcomes.values())

    def _link(self, key: int, remote_id: str, **values: Any) -> EmployeeLink:
        # Where there is no row, nobody has claimed the record.
        state = EmployeeLink.State.NOT_MATCHED
        return EmployeeLink(
            integration=self.integration, employee_key=key, state=state, remote_id=id_fitted(remote_id), **values
        )

    def save(self) -> None:
        on_it = ["written_to", "next_change_on", "planned_in"]
        rows.insert(self.written, unique=["integration", "employee_key"], update=on_it)
        self._save_not_matched()
        matches.freed(self.integration.pk, self.left.values())

    def _save_not_matched(self) -> None:
        """Whoever was released meanwhile stays released."""
        keys = [link.employee_key for link in self.not_matched]
        if not keys:
            return
        decided = EmployeeLink.objects.filter(
            integration=self.integration,
            employee_key__in=keys,
            state__in=[EmployeeLink.State.RELEASED, EmployeeLink.State.STOPPED],
        )
        kept = set(decided.values_list("employee_key", flat=True))
        left = [link for link in self.not_matched if link.employee_key not in kept]
        rows.insert(left, unique=["integration", "employee_key"], update=_NOT_MATCHED)
