"""What a run would do for one employee, by what was read of everybody: the run itself, without its writes, which finds
and reads in memory. Whoever is not found there is looked for in the system once more, before that is said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from integrations.planning.run import run
from integrations.planning.states import State
from integrations.planning.work import Report, Work
from integrations.sdk.connector import Connector
from integrations.sdk.errors import EmployeeNotFoundError, NotAuthorizedError, RecordRefusedError
from integrations.sdk.everybody import Everybody
from integrations.sdk.values import Person, Remote, RemoteEmployee


def foresee(connector: Connector, everybody: Everybody | None, work: Work) -> Report:
    """Without `everybody` the system is asked about this employee. Raises ConnectorError where it gives no answer, or
    lets nobody in; `exchanges` of the report are all calls that were made."""
    target = connector if everybody is None else cast(Connector, _InMemory(connector, everybody))
    report = run(target, work, execute=False)
    error = report.error
    if isinstance(error, NotAuthorizedError):
        everybodys = connector.refuses_everybody(error)
        report.exchanges = (*report.exchanges, *connector.http.take_exchanges())
        if everybodys:
            raise error
        refused = RecordRefusedError(connector.system.name, error)
        for outcome in report.outcomes.values():
            if outcome.error is error:
                outcome.state, outcome.cause, outcome.said = State.FAILED, refused.cause, (refused.said,)
    elif error is not None and any(one.state is State.RETRYING for one in report.outcomes.values()):
        raise error
    return report


class _InMemory:
    """The connector, as a run asks it for an employee and their records."""

    def __init__(self, connector: Connector, everybody: Everybody) -> None:
        self._connector, self._everybody = connector, everybody
        self._there = False  # they are not in what was read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def find_employee(self, person: Person, known_id: str) -> RemoteEmployee:
        return self._found(
            lambda: self._everybody.who(person, known_id),
            lambda: self._connector.find_employee(person, known_id),
        )

    def find_confirmed(self, person: Person, known_id: str, *, anew: bool) -> RemoteEmployee:
        return self._found(
            lambda: self._everybody.who(person, known_id, confirmed=True, anew=anew),
            lambda: self._connector.find_confirmed(person, known_id, anew=anew),
        )

    def _found(self, read: Callable[[], RemoteEmployee], there: Callable[[], RemoteEmployee]) -> RemoteEmployee:
        try:
            return read()
        except EmployeeNotFoundError:
            self._there = True
            return there()

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        if self._there:
            return self._connector.read(employee)
        seen = self._everybody.seen(employee.id)
        if seen.refusal is not None:
            raise seen.refusal
        return seen.records
