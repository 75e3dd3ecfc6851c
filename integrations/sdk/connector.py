"""The contract of a connector: one subclass per system, in a file named after the system's key.

A connector speaks one system for one connection. It takes and gives the frozen values of `values.py`, raises the
exceptions of `errors.py`, retries nothing by itself (but a refused access token, once, in `Http`), and keeps nothing
but tokens, in the vault. One instance serves one turn and is shared between threads.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, ClassVar, Protocol, TypeVar
from urllib.parse import urlsplit

from requests.auth import HTTPBasicAuth

from integrations.sdk import identity, texts
from integrations.sdk.context import Context
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import When
from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    InterruptedRunError,
    MatchRefusedError,
    NotAuthorizedError,
    RecordRefusedError,
    UnavailableError,
)
from integrations.sdk.http import Http, Response, no_sign_in
from integrations.sdk.identity import EveryMark, Mark
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Message, Shown, Text
from integrations.sdk.pages import Asked, Pages, Paging
from integrations.sdk.params import FieldName, Label
from integrations.sdk.refusals import EVERYWHERE, Refusal, Says, Trouble, meaning, unknown_trouble, what
from integrations.sdk.registers import Register
from integrations.sdk.settings import Kind
from integrations.sdk.snapshot import Looking, Seen, Snapshot
from integrations.sdk.tokens import Grant, Tokens, oauth_grant
from integrations.sdk.values import (
    Change,
    CheckLine,
    Person,
    Problem,
    Remote,
    RemoteEmployee,
    Wanted,
    Warning,
    Written,
)

T = TypeVar("T")
Row = TypeVar("Row", bound=Mapping[str, Any])
TRIES = 3  # of a call for one employee, on the way of a snapshot

logger = logging.getLogger("integrations.sdk.connector")

# One way to look for a person: what it goes by ("employee number", "e-mail", "national id", or a field that keeps one
# of them), the value ("" leaves it out), and the look-up.
Search = tuple[str, str, Callable[[], Iterable[RemoteEmployee]]]


class Looks(Protocol):
    """Where somebody is looked for: in the system, or in what was seen of it."""

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None: ...

    def searches(self, person: Person) -> Sequence[Search]: ...

    def hint(self, person: Person) -> Message | str: ...


class Connector:
    system: ClassVar[System]

    def __init__(self, context: Context) -> None:
        self.context = context
        self.http = Http(
            context,
            self.system.limits,
            kept=self.system.kept,
            base_url=context.urls.get("api", ""),
            system=self.system.name,
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
        """The cheapest real calls that prove credentials, company and rights: the sign-in first, then one line for each
        right. Settings may still be missing: they are asked for after the test."""
        raise NotImplementedError

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        """The record with this id, found at an earlier time for this person; None if there is none (any more). At most
        one call, if what it reads serves the next `read`."""
        raise NotImplementedError

    def searches(self, person: Person) -> Sequence[Search]:
        """Every way to look for this person, in any order: `match` takes the strongest first. A look-up gives records
        with their `marks` filled in as far as it shows them."""
        raise NotImplementedError

    def hint(self, person: Person) -> Message | str:
        """What is said along when no search finds the person; "" for nothing."""
        return ""

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        """History: every period there, none left out. Flat: exactly one Remote, the current employment
        (or none, if the employee has none there); `employee.record_id` is the one that we wrote last."""
        raise NotImplementedError

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """Systems that declare how everybody is seen at once: each employee there as `read` shows them, by `looking`
        through the pages of a list. `written` as in `snapshot`. Only whom a search would find."""
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

    def guards(self, remote: Remote, changes: Mapping[str, Change], wanted: Wanted) -> bool:
        """Whether `update` with these raises StaleError where the record is no longer as `remote` shows it: by a
        version that goes along with every write it makes, or by a look of its own at the whole record. Then it may be
        asked for by what a list showed a while ago. No calls here."""
        return False

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        """Remove or cancel the record, as declared in `System.delete`."""
        raise NotImplementedError

    def occupations(self) -> Iterable[tuple[str, str]]:
        """Systems that declare `occupations` only: (code, its title there) of all that it takes, to choose from."""
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

    # What the answers mean that are no good ones (`sdk.refusals`).
    refusals: ClassVar[Sequence[Refusal]] = EVERYWHERE

    def trouble(self, response: Response) -> Trouble | None:
        """What an answer says that is no good one, in the system's own words and codes; None of a good one."""
        return None if response.ok else unknown_trouble(response)

    def classify(self, response: Response) -> None:
        """Raise what this answer means when it is trouble (429, 5xx, vendor errors with status 200 ...)."""
        self.judge(response, self.refusals)

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
            made: T = self._once[key]
            return made

    def forget(self, key: str) -> None:
        with self._once_lock:
            self._once.pop(key, None)

    def judge(
        self,
        response: Response,
        rows: Iterable[Refusal],
        *,
        call: str = "",
        read: Callable[[Response], Trouble | None] | None = None,
        **params: Any,
    ) -> None:
        """Raises what the first of these rows says that fits the answer. `params`: what the texts name besides. `read`:
        in the place of `trouble`, where the form of an error is another one for this call."""
        trouble = (read or self.trouble)(response)
        if trouble is not None:
            if trouble.wait is None:
                trouble = replace(trouble, wait=response.retry_after())
            error = meaning(rows, trouble, call, **{"system": self.system.name, **params})
            if error is not None:
                raise error

    def judging(
        self, *first: Refusal, rows: Sequence[Refusal] | None = None, **more: Any
    ) -> Callable[[Response], None]:
        """For `classify=` of one call: the system's table with these rows before it, or `rows` in its place; `more` as
        in `judge`."""
        table = (*first, *(self.refusals if rows is None else rows))
        return lambda response: self.judge(response, table, **more)

    def oauth(
        self,
        url: str,
        form: Mapping[str, str],
        classify: Callable[[Response], None],
        *names: str,
        basic: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **keep: str,
    ) -> Grant:
        """A token for this OAuth form; `basic`: user and password of the client. `names` and `keep` as in
        `oauth_grant`."""
        response = self.http.post(
            url,
            data=form,
            headers=headers,
            auth=HTTPBasicAuth(*(part.encode() for part in basic)) if basic else None,
            sign=False,
            write=False,
            classify=classify,
        )
        if "access_token" not in response.json_object():
            raise no_sign_in(response)
        return oauth_grant(response, *names, **keep)

    def get_or_none(
        self, path: str, *missing: Says, classify: Callable[[Response], None] | None = None, **kwargs: Any
    ) -> Response | None:
        """The answer to a GET; None if it says one of these, that there is no such thing. Else as any other call."""
        gone = False

        def judge(response: Response) -> None:
            nonlocal gone
            trouble = self.trouble(response)
            gone = trouble is not None and any(sign.fits(trouble) for sign in missing)
            if not gone:
                (classify or self.classify)(response)

        response = self.http.get(path, classify=judge, **kwargs)
        return None if gone else response

    def pages(
        self,
        paging: Paging[Response],
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        rows: Callable[[Response], Sequence[T]],
        **kwargs: Any,
    ) -> Iterator[T]:
        """The rows of every page of a list; `rows` reads them out of an answer. Raises as `Pages`."""
        return chain.from_iterable(self.paged(paging, path, params, rows=rows, **kwargs))

    def paged(
        self,
        paging: Paging[Response],
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        rows: Callable[[Response], Sequence[T]],
        **kwargs: Any,
    ) -> Pages[Response, T]:
        """The same page by page, as `looking` takes them."""

        def fetch(asked: Asked) -> Response:
            if isinstance(asked, str):
                return self.page_at(asked, **kwargs)
            return self.http.get(path, params={**(params or {}), **asked}, **kwargs)

        return Pages(paging, fetch, rows, system=self.system.name)

    def page_at(self, address: str, **kwargs: Any) -> Response:
        """The page whose whole address the one before gave; the credentials go along with every call."""
        if urlsplit(address)[:2] != urlsplit(self.http.base_url)[:2]:
            raise UnavailableError(texts.PAGE_ELSEWHERE(system=self.system.name))
        return self.http.get(address, **kwargs)

    def register(self, name: str, fetch: Callable[[], Iterable[tuple[str, T]]]) -> Register[T]:
        """A list of codes, fetched once per turn: (code, what we need of it) for each."""
        return self.once(name, lambda: Register(fetch()))

    def snapshot(self, written: Mapping[str, str] | None = None) -> Snapshot:
        """Everybody there with their records, in the calls that `System.sight` declares. `written`: for flat systems,
        by the id of an employee there the record that we wrote last (`RemoteEmployee.record_id`)."""
        return Snapshot(self.http, self.everybody(written or {}))

    def looking(self, pages: Iterator[Sequence[Row]], key: str, see: Callable[[str, Row], Looking]) -> Looking:
        """Whom the rows of a list show, each with its id under the name `key`. `see` gives what one row shows: `seen`,
        or `asking` where calls are needed."""
        while (rows := (yield from self.trying(lambda: next(pages, None)))) is not None:
            for row in rows:
                try:
                    yield from see(_id_in(row, key), row)
                except ConnectorError:
                    raise
                except Exception as error:
                    yield Seen("", EveryMark(), refusal=self._unreadable(error))

    def trying(self, call: Callable[[], T]) -> Generator[ConnectorError, None, T]:
        """What a call gives, on the way of a snapshot: one that fails is made again when the snapshot goes on."""
        while True:
            try:
                return call()
            except ConnectorError as error:
                trouble = error.kept()
            yield trouble

    def seen(self, id: str, marks: EveryMark, read: Callable[[], Iterable[Remote]]) -> Seen:
        """One employee. `read` makes no calls, so that what it raises is about this record alone."""
        hidden = self.system.sight.hides
        try:
            records = [replace(r, values={k: v for k, v in r.values.items() if k not in hidden}) for r in read()]
        except ConnectorError as refusal:
            return Seen(id, marks, refusal=refusal)
        except Exception as error:
            return Seen(id, marks, refusal=self._unreadable(error))
        return Seen(id, marks, tuple(records))

    def _unreadable(self, error: Exception) -> UnavailableError:
        """What to say of a record in which something stands that nobody reckoned with. Its words may name somebody."""
        logger.warning("A record of %s cannot be read: %s", self.system.name, type(error).__name__)
        return UnavailableError(texts.NOT_WHAT_WAS_ASKED())

    def asking(self, who: Seen, fetch: Callable[[], T], see: Callable[[T], Seen | Looking]) -> Looking:
        """One employee of whom the list shows no records: `fetch` calls for them. Nobody, if they are gone by now. A
        call for one employee that fails again and again keeps nobody else waiting: it is that employee's trouble."""
        broken = 0
        while True:
            try:
                fetched = fetch()
            except EmployeeNotFoundError:
                return
            except DataRefusedError as refusal:
                yield replace(who, refusal=refusal)
                return
            except ConnectorError as error:
                trouble = error.kept()
            except Exception as error:
                yield replace(who, refusal=self._unreadable(error))
                return
            else:
                found = see(fetched)
                yield from (found,) if isinstance(found, Seen) else found
                return
            if isinstance(trouble, NotAuthorizedError) and not (
                yield from self.trying(partial(self.refuses_everybody, trouble))
            ):
                yield replace(who, refusal=RecordRefusedError(self.system.name, trouble))
                return
            broken += isinstance(trouble, UnavailableError)
            if broken == TRIES:
                yield replace(who, refusal=trouble)
                return
            yield trouble

    @property
    def ahead(self) -> dict[Any, Any]:
        """What this run has read already for a later step of it, by a key of the connector's own. What matching has
        read is used once (`ahead.pop(key, None)`), so that reading again asks again. Empty when the next run begins."""
        return self.http.ahead

    def match(self, person: Person, *steps: Search, hint: Callable[[], Message | str] = str) -> RemoteEmployee:
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
        if searched:
            nobody = texts.NOBODY_FOUND(system=name, searched=tuple(dict.fromkeys(searched)), hint=hint())
        else:
            marks = tuple(dict.fromkeys(Label(identity.mark_of(step[0])) for step in steps))
            nobody = texts.NOTHING_TO_SEARCH_BY(system=name, marks=marks, hint=hint())
        raise EmployeeNotFoundError(nobody)

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        """The one employee there. `known_id` is the id of an earlier match: believed while that record bears a mark of
        this person, else everything is looked at anew. Raises as `match`."""
        return self.find_among(self, person, known_id)

    def find_among(self, there: Looks, person: Person, known_id: str = "") -> RemoteEmployee:
        """The same, by the searches of another place than the system itself."""
        if known_id:
            known = there.employee(known_id, person)
            if known is not None and identity.still(person, known.marks, self._numbers_differ):
                return replace(known, matched_by=identity.EARLIER)
        return self.match(person, *there.searches(person), hint=lambda: there.hint(person))

    def find_confirmed(self, person: Person, known_id: str, *, anew: bool = False) -> RemoteEmployee:
        """The record that a person said is this employee's, whatever it shows. `anew`: this employee's marks changed
        here since, so that a strong one which now points elsewhere is said. Raises as `match`."""
        return self.find_confirmed_among(self, person, known_id, anew=anew)

    def find_confirmed_among(
        self, there: Looks, person: Person, known_id: str, *, anew: bool = False
    ) -> RemoteEmployee:
        """The same, as `find_among`."""
        known = there.employee(known_id, person)
        if known is None:
            return self.match(person, *there.searches(person), hint=lambda: there.hint(person))
        for step in there.searches(person) if anew else ():
            if self._counts(step) and identity.mark_of(step[0]) is not Mark.EMAIL:
                found = self._only(step)
                if found is not None and found.id != known_id:
                    confirmed = (_("confirmed match"), known_id)
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
            ids = tuple(sorted(found)[:5])  # no names: those of others have no place in this one's log
            raise EmployeeNotUniqueError(
                texts.SEVERAL_FOUND(number=len(found), system=self.system.name, mark=_words(step), ids=ids)
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
        said = texts.DATA_REFUSED(system=self.system.name, what=what(field))
        return DataRefusedError(said, field=field, **words)

    def not_understood(self, **words: str) -> DataRefusedError:
        """What to say of a refusal that only a mistake of ours can lead to."""
        return DataRefusedError(texts.NOT_UNDERSTOOD(system=self.system.name), **words)

    def refuses_everybody(self, refusal: NotAuthorizedError) -> bool:
        """Whether a refusal of access that a run met is not about its employee: it was the sign-in's, or the test of
        this connection, where nobody's record is concerned, is refused for the same. Tested once in a turn."""

        def tested() -> Sequence[Message]:
            try:
                return [line.refusal for line in self.check() if line.refusal is not None]
            except InterruptedRunError:
                raise
            except ConnectorError as error:
                return [error.said]
            except Exception:  # a test that breaks down over an answer says nothing of refusals
                logger.exception("The test of %s broke down", self.system.name)
                return []

        return refusal.sign_in or refusal.said in self.once("refusals", tested)

    def tried(self, title: Shown, where: Shown, call: Callable[[], CheckLine | Shown]) -> CheckLine:
        """A line of `check`: what `call` says (a message or a text: all is well; a line needs no title), or why it
        failed, and where to put it right."""
        try:
            found = call()
        except InterruptedRunError:
            raise
        except ConnectorError as error:
            said, name = error.said, self.system.name
            if error.vendor_text:
                said = texts.REFUSED_WITH_WORDS(refusal=error.said, system=name, words=error.vendor_text)
            return CheckLine(False, title, said, where, refusal=error.said)
        if not isinstance(found, CheckLine):
            return CheckLine(True, title, found)
        return CheckLine(found.ok, title, found.found, "" if found.ok else found.place or where, refusal=found.refusal)

    def try_each(
        self, *steps: tuple[Shown, Shown, Callable[[], CheckLine | Shown]], needed: int
    ) -> tuple[list[CheckLine], bool]:
        """Lines of these steps (see `tried`), and whether the first `needed` are well; else the rest is left out."""
        lines: list[CheckLine] = []
        for step in steps:
            lines.append(self.tried(*step))
            if not lines[-1].ok and len(lines) <= needed:
                return lines, False
        return lines, True

    def not_taken(
        self, shown: Mapping[str, Any], changes: Mapping[str, Change], where: Label, **cleared: Text
    ) -> Iterator[Warning]:
        """After a write: a warning for each field that the system shows otherwise than it was sent. `shown` is keyed by
        our fields; what was sent and is not in it may be anything. `where` it is put right ("on the employee in …").
        `cleared`: for some fields another text than `texts.NOT_CLEARED`, with {shown}."""
        name = self.system.name
        for key, change in changes.items():
            now = shown.get(key)
            if now == change.new or (change.new is not None and key not in shown):
                continue
            field = FieldName(key)
            if change.new is None and key in cleared:
                said = cleared[key](shown=str(now))
            elif change.new is None:
                said = texts.NOT_CLEARED(field=field, system=name, shown=str(now), where=where)
            elif now is None:
                said = texts.NOT_SHOWN(field=field, sent=str(change.new), system=name, where=where)
            else:
                said = texts.SHOWN_OTHERWISE(
                    field=field, sent=str(change.new), system=name, shown=str(now), where=where
                )
            yield Warning(said, key)

    def gone(self, employee: RemoteEmployee, **words: str) -> EmployeeNotFoundError:
        """What to say where the employee that was matched is no longer there."""
        return EmployeeNotFoundError(texts.EMPLOYEE_GONE(employee=employee.id, system=self.system.name), **words)

    def write_into(self, employee: RemoteEmployee, person: Person, remote: Remote, wanted: Wanted) -> Written:
        """Flat systems: `create` where the record is there already. Updates what differs, by the rules of any other
        update: what is empty here clears there only what is our own to clear, or was written by us for the employment
        before; and what somebody put there stays where a field asks for that (`stays_of`)."""
        changes, kept = {}, self.stays_of(wanted, remote.values)
        for key, value in wanted.values.items():
            new = None if value == "" else value
            declared, old = self.system.field(key), remote.values.get(key)
            ours = declared.owned or (old is not None and wanted.wrote.get(key) == old)
            if old != new and key not in kept and (new is not None or (ours and declared.clearable)):
                changes[key] = Change(old, new)
        written = self.update(employee, person, remote, changes, wanted)
        return replace(written, not_ours=written.not_ours | kept)

    def stays_of(self, wanted: Wanted, there: Mapping[str, Any]) -> frozenset[str]:
        """Our fields that a new employment leaves as somebody put them `there`: those that are only filled in where
        there is nothing, and the connection's defaults. The first day of an employment is always its own."""
        return frozenset(
            key
            for key, old in there.items()
            if old not in (None, "")
            and wanted.wrote.get(key) != old
            and (
                key in wanted.defaulted
                or (self.system.field(key).when is When.IF_EMPTY and not self.system.field(key).of_employment)
            )
        )

    def close(self) -> None:
        self.http.close()

    def _renewed(self, response: Response) -> bool:
        if not isinstance(self.http.auth, Tokens) or not self.refused(response):
            return False
        self.http.auth.renew()
        return True


def _id_in(row: Mapping[str, Any], key: str) -> str:
    """A number or a text. Raises ValueError."""
    id = row.get(key)
    if isinstance(id, bool) or not isinstance(id, int | str) or not str(id).strip():
        raise ValueError(f"no {key}")
    return str(id).strip()


def _words(step: Search, by: str = "") -> Message:
    """`by`: the mark itself, where several fields may hold it."""
    if step[0] == Mark.NATIONAL_ID:
        return texts.THIS_NATIONAL_ID()
    return texts.MARK(mark=Label(by or step[0]), value=step[1])
