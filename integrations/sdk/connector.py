"""The contract of a connector: one subclass per system, in a file named after the system's key.

A connector speaks one system for one connection. It takes and gives the frozen values of `values.py`, raises the
exceptions of `errors.py`, retries nothing by itself (but a refused access token, once, in `Http`), and keeps nothing
but tokens, in the vault. One instance serves one turn and is shared between threads.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from integrations.sdk import identity
from integrations.sdk.context import Context
from integrations.sdk.declaration import System
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    InterruptedRunError,
    MatchRefusedError,
    NotAuthorizedError,
)
from integrations.sdk.fields import BY_KEY
from integrations.sdk.http import Http, Response, raise_for_trouble
from integrations.sdk.identity import Mark
from integrations.sdk.settings import Kind
from integrations.sdk.tokens import Tokens
from integrations.sdk.values import Change, CheckLine, Person, Problem, Remote, RemoteEmployee, Wanted, Written

T = TypeVar("T")

logger = logging.getLogger("integrations.sdk.connector")

# One way to look for a person: what it goes by ("employee number", "e-mail", "national id", or a field that keeps one
# of them), the value ("" leaves it out), and the look-up.
Search = tuple[str, str, Callable[[], Iterable[RemoteEmployee]]]


class Connector:
    system: ClassVar[System]

    def __init__(self, context: Context) -> None:
        self.context = context
        self.http = Http(
            context,
            self.system.limits,
            kept=self.system.kept,
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

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        """The record with this id, found at an earlier time for this person; None if there is none (any more). At most
        one call, if what it reads serves the next `read`."""
        raise NotImplementedError

    def searches(self, person: Person) -> Sequence[Search]:
        """Every way to look for this person, in any order: `match` takes the strongest first. A look-up gives records
        with their `marks` filled in as far as it shows them."""
        raise NotImplementedError

    def hint(self, person: Person) -> str:
        """What is said along when no search finds the person."""
        return ""

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        """History: every period there, none left out. Flat: exactly one Remote, the current employment
        (or none, if the employee has none there); `employee.record_id` is the one that we wrote last."""
        raise NotImplementedError

    def seen(self, remote: Remote, wanted: Wanted) -> Remote:
        """History: the record as this position is compared with it, where its terms are dated: on the day from which
        a change of them would count, with those that lie in the past named (`Remote.past`). No calls here."""
        return remote

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

    def match(self, person: Person, *steps: Search, hint: Callable[[], str] = str) -> RemoteEmployee:
        """The one record there that is this person's: the only path by which anybody is found.

        Searches by the strongest mark first; the first one with a hit decides, if the hit's other marks do not speak
        against it and no other strong mark points elsewhere (`sdk.identity`). What the hit itself shows is not
        searched for. `hint` is said along when nobody is found.
        Raises EmployeeNotUniqueError, EmployeeNotFoundError and MatchRefusedError, with ids of the target and nothing
        else of anybody.
        """
        name, searched = self.system.name, []
        ordered = sorted((step for step in steps if self._counts(step)), key=lambda step: identity.strength(step[0]))
        for step in ordered:
            found = self._only(step)
            if found is None:
                searched.append(_words(step, identity.mark_of(step[0])))
                continue
            problem = self._doubt(person, found, ordered)
            if problem is not None:
                raise MatchRefusedError(problem.said, cause=problem.cause, candidate=found.id)
            return found
        message = (
            f"No employee in {name} has {' or '.join(dict.fromkeys(searched))}. Add the employee there, or correct the "
            "employee here, then press Re-sync."
            if searched
            else f"The employee has nothing here by which {name} can be searched. Fill in one of these: "
            f"{', '.join(dict.fromkeys(identity.mark_of(step[0]) for step in steps))}. It is sent when you save."
        )
        raise EmployeeNotFoundError(f"{message} {hint()}".strip())

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        """The one employee there. `known_id` is the id of an earlier match: believed while that record bears a mark of
        this person, else everything is looked at anew. Raises as `match`."""
        if known_id:
            known = self.employee(known_id, person)
            if known is not None and identity.still(person, known.marks, self._numbers_differ):
                return replace(known, matched_by=identity.EARLIER)
        return self.match(person, *self.searches(person), hint=lambda: self.hint(person))

    def find_confirmed(self, person: Person, known_id: str, *, anew: bool = False) -> RemoteEmployee:
        """The record that a person said is this employee's, whatever it shows. `anew`: this employee's marks changed
        here since, so that a strong one which now points elsewhere is said. Raises as `match`."""
        known = self.employee(known_id, person)
        if known is None:
            return self.match(person, *self.searches(person), hint=lambda: self.hint(person))
        for step in self.searches(person) if anew else ():
            if self._counts(step) and identity.mark_of(step[0]) is not Mark.EMAIL:
                found = self._only(step)
                if found is not None and found.id != known_id:
                    confirmed = ("confirmed match", known_id)
                    problem = identity.disagreement(self.system.name, confirmed, (step[0], found.id))
                    raise MatchRefusedError(problem.said, cause=problem.cause, candidate=known_id)
        return replace(known, matched_by=identity.CONFIRMED)

    @property
    def _numbers_differ(self) -> bool:
        return identity.numbers_differ(self.settings)

    def _counts(self, step: Search) -> bool:
        return bool(step[1]) and not (self._numbers_differ and identity.mark_of(step[0]) is Mark.NUMBER)

    def _only(self, step: Search) -> RemoteEmployee | None:
        found = {employee.id: employee for employee in step[2]()}
        if len(found) > 1:
            ids = ", ".join(sorted(found)[:5])  # no names: those of others have no place in this one's log
            raise EmployeeNotUniqueError(
                f"{len(found)} employees in {self.system.name} have {_words(step)} (ids there: {ids}). Correct them "
                "there, or give the employee here the number of the right one, then press Re-sync."
            )
        return next((replace(employee, matched_by=step[0]) for employee in found.values()), None)

    def _doubt(self, person: Person, found: RemoteEmployee, steps: Sequence[Search]) -> Problem | None:
        """Why this hit is not believed."""
        by, name = identity.mark_of(found.matched_by), self.system.name
        if by is Mark.NUMBER and not identity.alike(Mark.NATIONAL_ID, person, found.marks):
            for step in steps:
                other = self._only(step) if identity.mark_of(step[0]) is Mark.NATIONAL_ID and step[1] else None
                if other is not None and other.id != found.id:
                    return identity.disagreement(name, (found.matched_by, found.id), (step[0], other.id))
        against = identity.contradictions(person, found.marks, by, self._numbers_differ)
        return identity.somebody_else(name, found.id, found.matched_by, against) if against else None

    def data_refused(self, field: str = "", **words: str) -> DataRefusedError:
        """What to say of a refusal of which nothing better is known: the field if it is named, and their words."""
        what = f"the field {BY_KEY[field].label}" if field else "this employee's data"
        name = self.system.name
        return DataRefusedError(
            f"{name} refused {what}. Its own words below say why: correct it here or in {name}, then press Re-sync.",
            field=field,
            **words,
        )

    def not_understood(self, **words: str) -> DataRefusedError:
        """What to say of a refusal that only a mistake of ours can lead to."""
        return DataRefusedError(
            f"{self.system.name} did not understand what we sent. This is a fault of Position Sync, not of your data: "
            "report it with the words below.",
            **words,
        )

    def refuses_everybody(self, refusal: NotAuthorizedError) -> bool:
        """Whether a refusal of access that a run met is not about its employee: it was the sign-in's, or the test of
        this connection, where nobody's record is concerned, is refused in the same words. Tested once in a turn."""

        def tested() -> Sequence[str]:
            try:
                return [line.detail for line in self.check() if not line.ok]
            except InterruptedRunError:
                raise
            except ConnectorError as error:
                return [error.message]
            except Exception:  # a test that breaks down over an answer says nothing of refusals
                logger.exception("The test of %s broke down", self.system.name)
                return []

        return refusal.sign_in or any(said.startswith(refusal.message) for said in self.once("refusals", tested))

    def tried(self, title: str, where: str, call: Callable[[], CheckLine | str]) -> CheckLine:
        """A line of `check`: what `call` says (a text: all is well; a line needs no title), or why it failed, and
        where to put it right."""
        try:
            said = call()
        except InterruptedRunError:
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


def _words(step: Search, by: str = "") -> str:
    """`by`: the mark itself, where several fields may hold it."""
    return "this national id" if step[0] == Mark.NATIONAL_ID else f"{by or step[0]} {step[1]}"
