"""The contract of a connector: one subclass per system, in a file named after the system's key.

A connector speaks one system for one connection. It takes and gives the frozen values of `values.py`, raises the
exceptions of `errors.py`, retries nothing by itself (but a refused access token, once, in `Http`), and keeps nothing
but tokens, in the vault. One instance serves one turn and is shared between threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from integrations.connectors.context import Context
from integrations.connectors.http import Http, Response, raise_for_trouble
from integrations.connectors.system import Kind, System
from integrations.connectors.values import Change, CheckLine, Person, Remote, RemoteEmployee, Wanted, Written

T = TypeVar("T")


class Connector:
    system: ClassVar[System]

    def __init__(self, context: Context) -> None:
        self.context = context
        self.http = Http(
            context,
            self.system.limits,
            base_url=context.urls.get("api", ""),
            refused=self.refused,
            classify=self.classify,
        )
        secret = (Kind.SECRET, Kind.LONG_SECRET)
        self.http.masker.add(
            *(context.credentials.get(s.name, "") for s in self.system.credentials if s.kind in secret)
        )
        self._once_lock = threading.RLock()
        self._once: dict[str, Any] = {}
        self.setup()

    # -- for subclasses to fill in -----------------------------------------------------------------------

    def setup(self) -> None:
        """Set `self.http.auth`, `self.http.headers` and the like. No calls here."""

    def check(self) -> Sequence[CheckLine]:
        """The cheapest real calls that prove credentials, company and rights; one line for each right."""
        raise NotImplementedError

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        """The one employee there. `known_id` is the id found last time, to be believed if it still exists.

        Raises EmployeeNotFound or EmployeeNotUnique, saying what was searched for.
        """
        raise NotImplementedError

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        """History: every period there, none left out. Flat: exactly one Remote, the current employment
        (or none, if the employee has none there); `employee.record_id` is the one that we wrote last."""
        raise NotImplementedError

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """Write a new period (flat: the first employment)."""
        raise NotImplementedError

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        """Write `changes` (our field -> old and new value there; new None = clear) to an existing record.

        A change of "start_date" comes only to systems that declare `moves` (history) or to flat ones.
        """
        raise NotImplementedError

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        """Remove or cancel the record, as declared in `System.delete`."""
        raise NotImplementedError

    def render(self, records: Sequence[Mapping[str, Any]], made_at: datetime) -> bytes:
        """FILE systems only: the file with these records. The same records and moment give the same bytes.

        `made_at` is in the organization's time zone.
        """
        raise NotImplementedError

    def file_name(self, made_at: datetime, number: int) -> str:
        """FILE systems only: a name that no other file has. `number` counts the files of all connections."""
        raise NotImplementedError

    def classify(self, response: Response) -> None:
        """Raise what this answer means when it is trouble (429, 5xx, vendor errors with status 200 ...)."""
        raise_for_trouble(response)

    def refused(self, response: Response) -> bool:
        """Whether this answer says that the access token is no longer taken, and a new one was just got."""
        return False

    # -- for subclasses to use ---------------------------------------------------------------------------

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.context.settings

    @property
    def credentials(self) -> Mapping[str, str]:
        return self.context.credentials

    def once(self, key: str, make: Callable[[], T]) -> T:
        """`make()` once per turn, whichever thread comes first; the others wait for it (an index, a look-up)."""
        with self._once_lock:
            if key not in self._once:
                self._once[key] = make()
            return self._once[key]

    def forget(self, key: str) -> None:
        with self._once_lock:
            self._once.pop(key, None)

    def close(self) -> None:
        self.http.close()
