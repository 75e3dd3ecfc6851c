"""The contract of a connector: one subclass per system, in a file named after the system's key.

A connector speaks one system for one connection. It takes and gives the frozen values of `values.py`, raises the
exceptions of `errors.py`, retries nothing by itself (but a refused access token, once, in `Http`), and keeps nothing
but tokens, in the vault. One instance serves one turn and is shared between threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from integrations.connectors.context import Context
from integrations.connectors.errors import (
    ConnectorError,
    DataRefused,
    EmployeeNotFound,
    EmployeeNotUnique,
    Interrupted,
    NotAuthorized,
)
from integrations.connectors.fields import BY_KEY
from integrations.connectors.http import Http, Response, raise_for_trouble
from integrations.connectors.system import Kind, System
from integrations.connectors.tokens import Tokens
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
            refused=self._renewed,
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
        """Write a new period (flat: the first employment, or one after a gap; never asked for while `read` gives one
        that goes on)."""
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

    @classmethod
    def without(cls, content: bytes, record: Mapping[str, Any]) -> bytes:
        """FILE systems only: a rendered file with blanks in the place of this record, as long as it was.

        Everything else stays byte for byte, also where settings have changed since the file was made.
        """
        raise NotImplementedError

    def file_name(self, made_at: datetime, number: int) -> str:
        """FILE systems only: a name that no other file has. `number` counts the files of all connections."""
        raise NotImplementedError

    def classify(self, response: Response) -> None:
        """Raise what this answer means when it is trouble (429, 5xx, vendor errors with status 200 ...)."""
        raise_for_trouble(response)

    def refused(self, response: Response) -> bool:
        """Whether this answer says that the access token is no longer taken. Asked only where there are `Tokens`."""
        return response.status == 401

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

    def match(self, *steps: tuple[str, str, Callable[[], Iterable[RemoteEmployee]]], hint: str = "") -> RemoteEmployee:
        """The one employee whom the first step with a hit finds. Raises EmployeeNotUnique and EmployeeNotFound.

        A step: what is matched by ("employee number", "e-mail", "national id"), the value ("" leaves the step out),
        and the look-up. `hint` is said along when nobody is found.
        """
        name, searched = self.system.name, []
        for matched_by, value, look_up in steps:
            if not value:
                continue
            words = "this national id" if matched_by == "national id" else f"{matched_by} {value}"
            found = {employee.id: employee for employee in look_up()}
            if len(found) > 1:
                ids = ", ".join(sorted(found)[:5])  # no names: those of others have no place in this one's log
                raise EmployeeNotUnique(
                    f"{len(found)} employees in {name} have {words} (ids there: {ids}). Correct them there, or give "
                    "the employee here the number of the right one, then press Re-sync."
                )
            if found:
                return replace(next(iter(found.values())), matched_by=matched_by)
            searched.append(words)
        message = (
            f"No employee in {name} has {' or '.join(searched)}. Add the employee there, or correct the employee here, "
            "then press Re-sync."
            if searched
            else f"The employee has nothing here by which {name} can be searched. Fill in one of these: "
            f"{', '.join(step[0] for step in steps)}. It is sent when you save."
        )
        raise EmployeeNotFound(f"{message} {hint}".strip())

    def data_refused(self, field: str = "", **words: str) -> DataRefused:
        """What to say of a refusal of which nothing better is known: the field if it is named, and their words."""
        what = f"the field {BY_KEY[field].label}" if field else "this employee's data"
        name = self.system.name
        return DataRefused(
            f"{name} refused {what}. Its own words below say why: correct it here or in {name}, then press Re-sync.",
            field=field,
            **words,
        )

    def not_understood(self, **words: str) -> DataRefused:
        """What to say of a refusal that only a mistake of ours can lead to."""
        return DataRefused(
            f"{self.system.name} did not understand what we sent. This is a fault of Position Sync, not of your data: "
            "report it with the words below.",
            **words,
        )

    def refuses_everybody(self, refusal: NotAuthorized) -> bool:
        """Whether a refusal of access that a run met is not about its employee: it was the sign-in's, or the test of
        this connection, where nobody's record is concerned, is refused in the same words. Tested once in a turn."""

        def tested() -> Sequence[str]:
            try:
                return [line.detail for line in self.check() if not line.ok]
            except Interrupted:
                raise
            except ConnectorError as error:
                return [error.message]

        return refusal.sign_in or any(said.startswith(refusal.message) for said in self.once("refusals", tested))

    def tried(self, title: str, where: str, call: Callable[[], CheckLine | str]) -> CheckLine:
        """A line of `check`: what `call` says (a text: all is well; a line needs no title), or why it failed, and
        where to put it right."""
        try:
            said = call()
        except Interrupted:
            raise
        except ConnectorError as error:
            words = f" {self.system.name} says: {error.vendor_text}" if error.vendor_text else ""
            return CheckLine(False, title, error.message + words, where)
        if isinstance(said, str):
            return CheckLine(True, title, said)
        return replace(said, title=title, where="" if said.ok else said.where or where)

    def try_each(
        self, *steps: tuple[str, str, Callable[[], CheckLine | str]], needed: int
    ) -> tuple[list[CheckLine], bool]:
        """Lines of these steps (see `tried`), and whether the first `needed` are well; else the rest is left out."""
        lines: list[CheckLine] = []
        for step in steps:
            lines.append(self.tried(*step))
            if not lines[-1].ok and len(lines) <= needed:
                return lines, False
        return lines, True

    def write_into(self, employee: RemoteEmployee, person: Person, remote: Remote, wanted: Wanted) -> Written:
        """Flat systems: `create` where the record is there already. Updates what differs; what is empty here clears
        there only what is our own to clear."""
        changes = {}
        for key, value in wanted.values.items():
            new = None if value == "" else value
            declared, old = self.system.field(key), remote.values.get(key)
            if old != new and (new is not None or (declared.owned and declared.clearable)):
                changes[key] = Change(old, new)
        return self.update(employee, person, remote, changes, wanted)

    def close(self) -> None:
        self.http.close()

    def _renewed(self, response: Response) -> bool:
        if not isinstance(self.http.auth, Tokens) or not self.refused(response):
            return False
        self.http.auth.renew()
        return True
