"""Xledger: one employee record over GraphQL, which holds the current employment.

Documents named below are Xledger's own: graphql-samples on GitHub and the pages of its UK help centre. Names of fields
are those that public libraries (ds-provider-xledger-py-lib) read from the live schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sdk import (
    ALLOWED,
    IN_SENT_SETTINGS,
    NOT_WHAT_WAS_ASKED,
    SIGN_IN,
    Change,
    CheckLine,
    Connector,
    ConnectorError,
    CursorPages,
    DataRefusedError,
    Directory,
    EveryMark,
    FieldName,
    Label,
    Looking,
    Mark,
    Marks,
    Message,
    Pages,
    Person,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Trouble,
    UnavailableError,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    after_a_gap,
    date_of,
    email_of,
    fields_in,
    no_sign_in,
    record_in,
    sure_date,
    text_of,
    to_count_from,
    value_of,
)
from integrations.systems.xledger import queries, refusals, texts
from integrations.systems.xledger.declaration import FREE, LISTS, SYSTEM
from integrations.systems.xledger.queries import edges, id_of, mapping, nodes, with_code

PAGE = 1000  # "General tips": a query gives at most 10 000 records
SIGHT = SYSTEM.sight.page  # each record here leads to a dozen others
SMALL_PAGE = 100  # after "Your query timed out."
CREDITS_WAIT = 20 * 60.0  # as GraphQLClient.cs of graphql-samples waits
LONGEST_WAIT = 24 * 3600.0
ITS_TIME = ZoneInfo("Europe/Oslo")  # "General tips": times are Central European, without saying so

Node = Mapping[str, Any]


class _Words(str):
    """A description in Xledger: capitals make no difference."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.strip().casefold() == other.strip().casefold()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.strip().casefold())


class XledgerConnector(Connector):
    system = SYSTEM
    refusals = refusals.REFUSALS

    def setup(self) -> None:
        token = self.credentials.get("token", "").strip()
        self.http.headers = {"Accept": "application/json", "Authorization": f"token {token}"}

    # -- asking ----------------------------------------------------------------------------------------------

    def _ask(
        self, query: str, variables: Mapping[str, Any] | None = None, *, write: bool = False, keep_answer: bool = True
    ) -> Mapping[str, Any]:
        """The answer's data; {} when there is none. Everything is a POST, so `write` says what it is."""
        response = self.http.post(
            self.context.urls["api"],
            json={"query": query, "variables": dict(variables or {})},
            write=write,
            classify=self.judging(call="write" if write else ""),
            keep_answer=keep_answer,
        )
        answer = record_in(response)
        if "data" not in answer and not write:
            raise no_sign_in(response)
        return mapping(answer.get("data"))

    def _all(
        self, query: str, name: str, variables: Mapping[str, Any] | None = None, *, keep_answer: bool = True
    ) -> Iterator[Node]:
        return chain.from_iterable(self._paged(query, name, PAGE, variables, keep_answer=keep_answer))

    def _paged(
        self,
        query: str,
        name: str,
        size: int,
        variables: Mapping[str, Any] | None = None,
        *,
        keep_answer: bool = True,
    ) -> Pages[Mapping[str, Any], Node]:
        """Every page ("Pagination": go on after the last edge's cursor while hasNextPage)."""

        def fetch(asked: Any) -> Mapping[str, Any]:
            nonlocal size
            try:
                return self._ask(query, {**(variables or {}), "first": size, **asked}, keep_answer=keep_answer)
            except refusals.TimedOutError:
                if size <= SMALL_PAGE:
                    raise
            size = SMALL_PAGE
            return fetch(asked)

        def cursor(data: Mapping[str, Any]) -> str:
            page, info = edges(data, name), mapping(mapping(data.get(name)).get("pageInfo"))
            if not page or not info.get("hasNextPage"):
                return ""
            if not page[-1].get("cursor"):
                raise UnavailableError(NOT_WHAT_WAS_ASKED())
            return str(page[-1]["cursor"])

        def rows(data: Mapping[str, Any]) -> list[Node]:
            return [mapping(edge.get("node")) for edge in edges(data, name)]

        return Pages(CursorPages("after", cursor, {"after": None}), fetch, rows, system=SYSTEM.name)

    def trouble(self, response: Response) -> Trouble | None:
        found = refusals.trouble(response, self._until)
        if found is None:
            return None
        field, *also = self._named(found.text) or ("",)
        return replace(found, field=field, also=tuple(also))

    def _until(self, moment: Any) -> float:
        """Seconds until `resetAt`; without a usable one, as long as Xledger's own sample waits."""
        try:
            at = datetime.fromisoformat(str(moment or ""))
            at = at if at.tzinfo else at.replace(tzinfo=ITS_TIME)
            seconds = (at.astimezone(UTC) - self.context.now()).total_seconds()
        except (ValueError, OverflowError):
            return CREDITS_WAIT
        return min(seconds, LONGEST_WAIT) if seconds > 0 else CREDITS_WAIT

    def _named(self, text: str) -> tuple[str, ...]:
        """The fields of ours that the vendor's words name."""
        fields = (f.ours for f in SYSTEM.fields if f.supported)
        return fields_in(text, [(ours, rf"\b{re.escape(self._name(ours))}\b") for ours in fields])

    def _name(self, key: str) -> str:
        """The field's name there; the general-ledger objects and the free fields are chosen in the settings."""
        declared = SYSTEM.field(key)
        if key in ("department", "cost_centre") or declared.opt_in in FREE:
            return str(declared.place(self.settings) or "(not sent)")
        return declared.remote

    # -- connection ------------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        offered: set[str] = set()
        lines, signed_in = self.try_each(
            (SIGN_IN, texts.TOKENS_PLACE, self._check_sign_in),
            (texts.READING, texts.READING_PLACE, self._check_reading),
            (texts.WRITING, texts.WRITING_PLACE, partial(self._check_writing, offered)),
            (texts.LOOKING_UP, texts.LOOKING_UP_PLACE, self._check_kinds),
            *(
                (texts.LIST_FOR(field=FieldName(key)), IN_SENT_SETTINGS, partial(self._check_list, key))
                for key in LISTS
                if self._sends(key)
            ),
            needed=1,
        )
        if not signed_in:
            return lines
        if offered:
            history = tuple(sorted(name for name in offered if name.endswith("EmployeePositions")))
            found = texts.HISTORY_OFFERED(names=history) if history else texts.NO_HISTORY()
            lines.append(CheckLine(True, texts.CURRENT_ONLY, found))
        chosen = self.settings.get("department_object")
        if chosen and chosen == self.settings.get("cost_centre_object"):
            title, found = texts.ONE_SOURCE(object=chosen), texts.TWO_SOURCES(object=chosen)
            lines.append(CheckLine(False, title, found, IN_SENT_SETTINGS))
        return lines

    def _check_sign_in(self) -> Message:
        entity = text_of(mapping(mapping(self._ask(queries.PROBE).get("viewer")).get("entity")).get("ownerDbId"))
        return texts.TAKEN_FOR(entity=entity) if entity else texts.TAKEN()

    def _check_reading(self) -> Message:
        self._ask(queries.ALL_EMPLOYEES, {"first": 1, "after": None}, keep_answer=False)
        return ALLOWED()

    def _check_writing(self, offered: set[str]) -> CheckLine | Message:
        """Fills in the names of the mutations, without calling any."""
        fields = mapping(self._ask(queries.MUTATIONS).get("__type")).get("fields") or []
        offered.update(str(field.get("name")) for field in fields if isinstance(field, dict))
        if "updateEmployees" not in offered:
            return CheckLine(False, "", texts.UPDATE_MISSING())
        return texts.UPDATE_OFFERED()

    def _check_kinds(self) -> Message:
        try:
            kinds = self._kinds()
        except ConnectorError:
            if all(str(self.settings.get(name) or "0").strip().isdigit() for name in LISTS.values()):
                return texts.NO_KINDS_NEEDED()
            raise
        found = tuple(texts.KIND(name=str(name), number=number) for name, number in kinds)
        return texts.KINDS(kinds=found or (texts.NONE,))

    def _sends(self, key: str) -> bool:
        return bool(self.settings.get(LISTS[key]) and SYSTEM.field(key).sent(self.settings))

    def _check_list(self, key: str) -> CheckLine | Message:
        values = self._list(key)
        table = value_of(SYSTEM.field(key).table, self.settings)
        codes = {text_of(value.get("code")) for value in values}
        named = [*mapping(table).values(), value_of(SYSTEM.field(key).default_setting, self.settings)]
        missing = tuple(sorted({str(code) for code in named if code} - codes))
        if missing:
            found = texts.CODES_MISSING(number=len(values), codes=missing)
            return CheckLine(False, "", found, texts.TRANSLATION_PLACE)
        return texts.OPEN_VALUES(number=len(values))

    # -- employees -------------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        record = self._record(known_id)
        return self._found(record) if record is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        number, email = person.number.strip(), email_of(person.email)

        def by_number() -> list[RemoteEmployee]:
            found = nodes(self._ask(queries.FIND_EMPLOYEE, {"code": number}), "employees")
            return [self._found(node) for node in with_code(found, number)]

        def by_email() -> list[RemoteEmployee]:
            return self.once("employees", self._directory).by(Mark.EMAIL, email)

        return (Mark.NUMBER, number, by_number), (Mark.EMAIL, email, by_email)

    def _found(self, record: Node) -> RemoteEmployee:
        self.ahead[id_of(record)] = record
        return RemoteEmployee(id_of(record), marks=_marks(record))

    def _directory(self) -> Directory[RemoteEmployee]:
        """Xledger has no search by e-mail that is known."""
        directory = Directory[RemoteEmployee]()
        for node in self._all(queries.ALL_EMPLOYEES, "employees", keep_answer=False):
            found = RemoteEmployee(id_of(node), marks=_marks(node))
            directory.add(found.id, found, email=found.marks.email)
        return directory

    def _record(self, number: str) -> Node | None:
        if not number.isdigit():
            return None
        found = nodes(self._ask(queries.READ_EMPLOYEE, {"ids": [int(number)]}), "employees")
        return next((node for node in found if id_of(node) == number), None)

    # -- the employment --------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        record = self.ahead["read", employee.id] = self._current(employee)
        return self._remotes(record)

    def _remotes(self, record: Node) -> list[Remote]:
        values = self._values(record)
        if values["start_date"] is None:
            return []
        return [Remote(id_of(record), values, raw=record, renews_from=after_a_gap(values["end_date"]))]

    def everybody(self, written: Mapping[str, str]) -> Looking:
        def see(id: str, node: Node) -> Looking:
            yield self.seen(id, EveryMark.of(_marks(node)), lambda: self._remotes(node))

        listed = self._paged(queries.EVERYBODY, "employees", SIGHT, keep_answer=False)
        yield from self.looking(listed, "dbId", see)

    def _current(self, employee: RemoteEmployee) -> Node:
        record: Node | None = self.ahead.pop(employee.id, None) or self._record(employee.id)
        if record is None:
            raise self.gone(employee)
        return record

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """The first employment, or a new one after a gap: both are written into the employee's one record."""
        record = self.ahead.pop(("read", employee.id), None) or self._current(employee)
        remote = Remote(employee.id, self._values(record), raw=record)
        return self.write_into(employee, person, remote, wanted)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        """The changed fields alone, in one node: what became of the others when one of many fails is not documented."""
        node: dict[str, Any] = {"dbId": int(employee.id)}
        for key, change in changes.items():
            node[self._name(key)] = self._written(key, change.new)
        if "start_date" in changes and remote.start is None and not remote.raw.get("seniorityDate"):
            own = wanted.since or wanted.start
            since = to_count_from(wanted.employed_since or own, own, ())
            node |= {"seniorityDate": since.isoformat()} if since else {}
        if len(node) == 1:
            return Written(employee.id)
        inputs = [{"clientId": f"position-{wanted.position_id}", "node": node}]
        found = nodes(self._ask(queries.UPDATE, {"inputs": inputs}, write=True), "updateEmployees")
        shown = next((n for n in found if id_of(n) == employee.id), None)
        if shown is None:
            raise UnclearOutcomeError(texts.NOT_CONFIRMED())
        warnings = self.not_taken(self._values(shown), changes, texts.ON_THE_EMPLOYEE)
        reopened = "end_date" in changes and changes["end_date"].new is None
        return Written(employee.id, (*warnings, *(_leftover_reason(shown) if reopened else ())))

    def _written(self, key: str, value: Any) -> Any:
        """One of our translated values as JSON; null empties the end of the employment."""
        if value is None or isinstance(value, date):
            return value and value.isoformat()
        if SYSTEM.field(key).opt_in in FREE:
            return float(value) if isinstance(value, Decimal) else value
        number = self._superior(value) if key == "manager" else self._value(key, str(value))
        return {"dbId": int(number)}

    def _values(self, record: Node) -> dict[str, Any]:
        """The record in the form in which our translation gives values. No public source shows the free fields in an
        answer, and asking for a field that is not there would fail everything: they are compared with what was sent."""

        def word(key: str, part: str = "code") -> str | None:
            return text_of(mapping(record.get(self._name(key))).get(part))

        title = word("title", "description")
        return {
            "title": _Words(title) if title else None,
            "start_date": sure_date(record.get("employmentFrom")),
            "end_date": sure_date(record.get("employmentTo")),
            "probation_end": sure_date(record.get("trialTo")),
            "notice_date": sure_date(record.get("noticeDate")),
            **{
                key: word(key)
                for key in ("contract_type", "remuneration_type", "end_reason", "department", "cost_centre", "manager")
            },
        }

    # -- look-ups: exactly one, never made -------------------------------------------------------------------

    def _kinds(self) -> list[tuple[_Words, str]]:
        """Name and number of every object kind."""

        def fetch() -> list[tuple[_Words, str]]:
            found = self._all(queries.OBJECT_KINDS, "objectKinds")
            return [(_Words(text_of(node.get("name")) or ""), id_of(node)) for node in found]

        return self.once("object kinds", fetch)

    def _kind(self, key: str) -> str:
        """The number of the list in which a field's values are found, by its number or name in the settings."""
        chosen = str(self.settings.get(LISTS[key]) or "").strip()
        if chosen.isdigit():
            return chosen
        hits = [number for name, number in self._kinds() if name == chosen]
        if len(hits) == 1:
            return hits[0]
        text = texts.SEVERAL_KINDS if hits else texts.NO_KIND
        setting = Label(next(s.label for s in SYSTEM.settings if s.name == LISTS[key]))
        raise DataRefusedError(text(name=chosen, setting=setting), field=key)

    def _list(self, key: str) -> list[Node]:
        """The values that hold today."""
        kind = self._kind(key)
        today = self.context.today
        values = self.once(
            f"values {kind}", lambda: list(self._all(queries.OBJECT_VALUES, "objectValues", {"kind": int(kind)}))
        )
        return [
            value
            for value in values
            if (date_of(value.get("dateFrom")) or today) <= today <= (date_of(value.get("dateTo")) or today)
        ]

    def _value(self, key: str, wanted: str) -> str:
        """The dbId of the one value with this code (a job title: with this description, in capitals or not)."""
        values, field = self._list(key), FieldName(key)
        if key == "title":
            hits = [value for value in values if _Words(text_of(value.get("description")) or "") == wanted]
        else:
            hits = [value for value in values if text_of(value.get("code")) == wanted.strip()]
        if not hits:
            where = texts.IN_SETTINGS if SYSTEM.field(key).table else texts.ON_POSITION
            raise DataRefusedError(texts.VALUE_MISSING(value=wanted, field=field, where=where), field=key)
        if len(hits) > 1:
            codes = tuple(sorted(text_of(hit.get("code")) or id_of(hit) for hit in hits))
            said = texts.VALUE_TWICE(number=len(hits), value=wanted, field=field, codes=codes)
            raise DataRefusedError(said, field=key)
        return id_of(hits[0])

    def _superior(self, number: str) -> str:
        def fetch() -> Iterator[tuple[str, str]]:
            found = nodes(self._ask(queries.FIND_SUPERIOR, {"code": number}), "employees")
            return ((number, id_of(node)) for node in with_code(found, number))

        missing, several = texts.NO_MANAGER(number=number), texts.SEVERAL_MANAGERS(number=number)
        return self.register(f"superior {number}", fetch).the(number, missing=missing, several=several)


def _marks(record: Node) -> Marks:
    number, email, name = (text_of(record.get(key)) or "" for key in ("code", "email", "description"))
    return Marks(number, email=email, last_name=name)


def _leftover_reason(shown: Node) -> Iterator[Warning]:
    """Only the end of the employment is known to be clearable, so a reason stays when somebody goes on working."""
    reason = text_of(mapping(shown.get("exitReason")).get("code"))
    if reason and not shown.get("employmentTo"):
        yield Warning(texts.REASON_STAYS(reason=reason))
