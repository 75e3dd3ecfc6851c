"""Xledger: one employee record over GraphQL, which holds the current employment.

Documents named below are Xledger's own: graphql-samples on GitHub and the pages of its UK help centre. Names of fields
are those that public libraries (ds-provider-xledger-py-lib) read from the live schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sdk import (
    BY_KEY,
    Change,
    CheckLine,
    Connector,
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    Marks,
    NotAuthorizedError,
    Person,
    RateLimitedError,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    UnavailableError,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    date_of,
    email_of,
    no_sign_in,
    raise_for_trouble,
    sure_date,
    text_of,
    to_count_from,
    value_of,
)
from integrations.systems.xledger.declaration import LISTS, SYSTEM, TOKENS

PAGE = 1000  # "General tips": a query gives at most 10 000 records
SMALL_PAGE = 100  # after "Your query timed out."
BURST_WAIT = 5.0  # these three as GraphQLClient.cs of graphql-samples waits
CONCURRENCY_WAIT = 1.0
CREDITS_WAIT = 20 * 60.0
LONGEST_WAIT = 24 * 3600.0
ITS_TIME = ZoneInfo("Europe/Oslo")  # "General tips": times are Central European, without saying so
NEW_TOKEN = (
    f"Make a new token under {TOKENS}, tick Employee (read, write), Object Value (read) and System Value (read), and "
    "enter it in this connection."
)
BY_HAND = "on the employee in Xledger by hand"
RE_SYNC = "then press Re-sync."

# -- what is asked. Everything that varies travels as a variable. ------------------------------------------------

EMPLOYMENT = """
fragment Employment on Employee {
  dbId code description email employmentFrom employmentTo seniorityDate trialTo noticeDate
  positionValue { dbId code description }
  employmentType { dbId code } compensationType { dbId code } exitReason { dbId code }
  glObject1 { dbId code } glObject2 { dbId code } glObject3 { dbId code } glObject4 { dbId code }
  glObject5 { dbId code } superior { dbId code }
}"""
FIND_EMPLOYEE = f"""query FindEmployee($code: String) {{
  employees(first: 2, ownerSet: CURRENT, objectStatus: ALL, filter: {{ code: $code }}) {{
    edges {{ node {{ ...Employment }} }}
  }}
}}{EMPLOYMENT}"""
READ_EMPLOYEE = f"""query ReadEmployee($ids: [Int!]) {{
  employees(first: 2, ownerSet: CURRENT, objectStatus: ALL, filter: {{ dbId_in: $ids }}) {{
    edges {{ node {{ ...Employment }} }}
  }}
}}{EMPLOYMENT}"""
FIND_SUPERIOR = """query FindSuperior($code: String) {
  employees(first: 2, ownerSet: CURRENT, objectStatus: OPEN, filter: { code: $code }) { edges { node { dbId code } } }
}"""
ALL_EMPLOYEES = """query AllEmployees($first: Int, $after: String) {
  employees(first: $first, after: $after, ownerSet: CURRENT, objectStatus: ALL) {
    edges { cursor node { dbId code description email } } pageInfo { hasNextPage }
  }
}"""
OBJECT_VALUES = """query ObjectValues($first: Int, $after: String, $kind: Int) {
  objectValues(first: $first, after: $after, ownerSet: CURRENT, objectStatus: OPEN, filter: { objectKindDbId: $kind }) {
    edges { cursor node { dbId code description dateFrom dateTo } } pageInfo { hasNextPage }
  }
}"""
OBJECT_KINDS = """query ObjectKinds($first: Int, $after: String) {
  objectKinds(first: $first, after: $after) { edges { cursor node { dbId name } } pageInfo { hasNextPage } }
}"""
PROBE = "query Probe { viewer { entity { ownerDbId company { dbId } } } }"
MUTATIONS = 'query Mutations { __type(name: "Mutation") { fields { name } } }'
UPDATE = f"""mutation UpdateEmployee($inputs: [UpdateEmployeesInput!]!) {{
  updateEmployees(inputs: $inputs) {{ edges {{ clientId node {{ ...Employment }} }} }}
}}{EMPLOYMENT}"""


class _TimedOut(UnavailableError):
    """Xledger gave up on a query; a smaller page may pass."""


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
            classify=self._classify_write if write else None,
            keep_answer=keep_answer,
        )
        body = response.json()
        return _mapping(body.get("data")) if isinstance(body, dict) else {}

    def _all(
        self, query: str, name: str, variables: Mapping[str, Any] | None = None, *, keep_answer: bool = True
    ) -> Iterator[Mapping[str, Any]]:
        """Every page ("Pagination": go on after the last edge's cursor while hasNextPage)."""
        size, after = PAGE, None
        while True:
            asked = {**(variables or {}), "first": size, "after": after}
            try:
                data = self._ask(query, asked, keep_answer=keep_answer)
            except _TimedOut:
                if size == SMALL_PAGE:
                    raise
                size = SMALL_PAGE
                continue
            edges = _edges(data, name)
            yield from (_mapping(edge.get("node")) for edge in edges)
            if not edges or not _mapping(_mapping(data.get(name)).get("pageInfo")).get("hasNextPage"):
                return
            cursor = edges[-1].get("cursor")
            if not cursor or cursor == after:
                raise UnavailableError("Xledger gave the same page twice. Nothing to do: it is tried again.")
            after = cursor

    # -- answers ---------------------------------------------------------------------------------------------

    def classify(self, response: Response) -> None:
        self._classify(response, write=False)

    def _classify_write(self, response: Response) -> None:
        self._classify(response, write=True)

    def _classify(self, response: Response, *, write: bool) -> None:
        """The body comes before the status: errors come with 200, and the same ones with 400."""
        errors = _errors(response)
        if errors:
            raise self._meaning(response, *errors[0], write=write)
        raise_for_trouble(response)
        if response.status in (401, 403):
            raise _not_authorized(response.said, str(response.status))
        if response.status == 404:
            raise no_sign_in(response)
        if not response.ok or _json(response) is None:
            raise NotAuthorizedError(
                "Xledger answered with a page instead of data, as it does when it does not take the token. "
                + NEW_TOKEN,
                **response.words,
            )

    def _meaning(
        self, response: Response, text: str, code: str, extensions: Mapping[str, Any], *, write: bool
    ) -> ConnectorError:
        words = {"vendor_text": text[:500], "vendor_code": code or str(response.status)}
        limited = self._rate_limited(response, text, code, extensions, words)
        if limited is not None:
            return limited
        if "no value matching" in text.lower():
            return self._no_such_value(text, words)
        if "bad format for api token" in text.lower():
            return NotAuthorizedError(
                "Xledger does not take what is entered as a token. Enter the token alone, without the word “token” and "
                "without quotes. " + NEW_TOKEN,
                **words,
            )
        if response.status in (401, 403) or _DENIED.search(f"{text} {code}"):
            return _not_authorized(text, words["vendor_code"])
        if "timed out" in text.lower():
            message = "Xledger took too long and gave up. Nothing to do: it is tried again."
            return UnclearOutcomeError(message, **words) if write else _TimedOut(message, wait=None, **words)
        if code in ("ARGUMENTS_OF_CORRECT_TYPE", "INVALID_VALUE") or _NOT_UNDERSTOOD.match(text):
            return DataRefusedError(
                "Xledger did not understand what we sent: its interface may have changed. This is not a fault of your "
                "data: report it with the words below.",
                cause="interface_changed",
                field=self._named(text),
                **words,
            )
        if code == "UNHANDLED_ERROR" or response.status >= 500 or not write:
            message = "Xledger could not carry out the request. Nothing to do: it is tried again."
            return UnclearOutcomeError(message, **words) if write else UnavailableError(message, wait=None, **words)
        return self.data_refused(self._named(text), **words)

    def _rate_limited(
        self, response: Response, text: str, code: str, extensions: Mapping[str, Any], words: Mapping[str, str]
    ) -> RateLimitedError | None:
        if code.endswith("BURST_RATE_LIMIT_REACHED") or text.startswith("Too many requests"):
            return RateLimitedError("Too many requests to Xledger in 5 seconds.", wait=BURST_WAIT, **words)
        if code.endswith("CONCURRENCY_LIMIT_REACHED"):
            return RateLimitedError("Too many requests to Xledger at the same time.", wait=CONCURRENCY_WAIT, **words)
        if code.endswith("INSUFFICIENT_CREDITS") or text.startswith("Insufficient credits"):
            return RateLimitedError(
                "The credits of this Xledger token are used up for now.",
                wait=self._until(extensions.get("resetAt")),
                **words,
            )
        if response.status == 429:
            return RateLimitedError("Too many requests to Xledger.", wait=response.retry_after(), **words)
        return None

    def _until(self, moment: Any) -> float:
        """Seconds until `resetAt`; without a usable one, as long as Xledger's own sample waits."""
        try:
            at = datetime.fromisoformat(str(moment or ""))
            at = at if at.tzinfo else at.replace(tzinfo=ITS_TIME)
            seconds = (at.astimezone(UTC) - self.context.now()).total_seconds()
        except (ValueError, OverflowError):
            return CREDITS_WAIT
        return min(seconds, LONGEST_WAIT) if seconds > 0 else CREDITS_WAIT

    def _no_such_value(self, text: str, words: Mapping[str, str]) -> ConnectorError:
        if re.match(r"(?:inputs\S*\.)?(?:node\.)?dbId:", text):
            return EmployeeNotFoundError(
                "This employee is no longer in Xledger. Add the employee there, or correct the employee number here, "
                + RE_SYNC,
                **words,
            )
        named = self._named(text)
        return DataRefusedError(
            f"Xledger does not find the value of {BY_KEY[named].label if named else 'a field'} in its lists. Add or "
            f"open it there, or choose another one here, {RE_SYNC}",
            cause="value_missing",
            field=named,
            **words,
        )

    def _named(self, text: str) -> str:
        """The field of ours that the vendor's words name first."""
        found = (
            (re.search(rf"\b{re.escape(self._name(f.ours))}\b", text), f.ours) for f in SYSTEM.fields if f.supported
        )
        return min(((match.start(), key) for match, key in found if match), default=(0, ""))[1]

    def _name(self, key: str) -> str:
        """The field's name there; the general-ledger objects are chosen in the settings."""
        if key in ("department", "cost_centre"):
            return str(self.settings.get(f"{key}_object") or "(not sent)")
        return SYSTEM.field(key).remote

    # -- connection ------------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        settings = "This connection > Settings > What is sent"
        offered: set[str] = set()
        lines, signed_in = self.try_each(
            ("Sign in", TOKENS, self._check_sign_in),
            ("Read employees (scope Employee, read)", f"{TOKENS}: tick Employee, read", self._check_reading),
            (
                "Change employees (scope Employee, write)",
                f"{TOKENS}: tick Employee, write",
                lambda: self._check_writing(offered),
            ),
            ("Look up values (scope Object Value, read)", f"{TOKENS}: tick Object Value, read", self._check_kinds),
            *(
                (f"List for {BY_KEY[key].label.lower()}", settings, partial(self._check_list, key))
                for key in LISTS
                if self._sends(key)
            ),
            needed=1,
        )
        if not signed_in:
            return lines
        if offered:
            lines.append(CheckLine(True, "Current position only", _history(offered)))
        chosen = self.settings.get("department_object")
        if chosen and chosen == self.settings.get("cost_centre_object"):
            both = f"Both the department and the cost centre are sent to {chosen}."
            lines.append(CheckLine(False, f"One source for {chosen}", both, settings))
        return lines

    def _check_sign_in(self) -> str:
        entity = _mapping(_mapping(self._ask(PROBE).get("viewer")).get("entity")).get("ownerDbId")
        return f"The token belongs to entity {entity}." if entity else "Xledger takes the token."

    def _check_reading(self) -> str:
        self._ask(ALL_EMPLOYEES, {"first": 1, "after": None}, keep_answer=False)
        return "Allowed."

    def _check_writing(self, offered: set[str]) -> CheckLine | str:
        """Fills in the names of the mutations, without calling any."""
        fields = _mapping(self._ask(MUTATIONS).get("__type")).get("fields") or []
        offered.update(str(field.get("name")) for field in fields if isinstance(field, dict))
        if "updateEmployees" not in offered:
            return CheckLine(False, "", "Xledger does not offer updateEmployees to this token.")
        return (
            "Xledger offers updateEmployees. Whether the token may use it shows with the first change: nothing is "
            "changed to try it."
        )

    def _check_kinds(self) -> str:
        try:
            kinds = self._kinds()
        except ConnectorError:
            if all(str(self.settings.get(name) or "0").strip().isdigit() for name in LISTS.values()):
                return "Xledger lists no object kinds to this token; the settings name none."
            raise
        return f"Object kinds there: {', '.join(f'{name} ({number})' for number, name in kinds) or 'none'}."

    def _sends(self, key: str) -> bool:
        return bool(self.settings.get(LISTS[key]) and SYSTEM.field(key).sent(self.settings))

    def _check_list(self, key: str) -> CheckLine | str:
        values = self._list(key)
        table = value_of(SYSTEM.field(key).table, self.settings)
        codes = {text_of(value.get("code")) for value in values}
        named = [*_mapping(table).values(), value_of(SYSTEM.field(key).default_setting, self.settings)]
        missing = sorted({str(code) for code in named if code} - codes)
        if missing:
            return CheckLine(
                False,
                "",
                f"These codes of the settings are not among its {len(values)} open values: {', '.join(missing)}.",
                "This connection > Settings > Translation",
            )
        return f"{len(values)} open values."

    # -- employees -------------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        record = self._record(known_id)
        return _found(record) if record is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        number, email = person.number.strip(), email_of(person.email)

        def by_number() -> list[RemoteEmployee]:
            nodes = _nodes(self._ask(FIND_EMPLOYEE, {"code": number}), "employees")
            return [_found(node) for node in _with_code(nodes, number)]

        def by_email() -> list[RemoteEmployee]:
            found = self.once("employees", self._by_email).get(email, {})
            return [RemoteEmployee(hit, raw={}, marks=marks) for hit, marks in found.items()]

        return ("employee number", number, by_number), ("e-mail", email, by_email)

    def _by_email(self) -> dict[str, dict[str, Marks]]:
        """E-mail -> dbId -> marks, of everybody: Xledger has no search by e-mail that is known."""
        index: dict[str, dict[str, Marks]] = {}
        for node in self._all(ALL_EMPLOYEES, "employees", keep_answer=False):
            email = email_of(node.get("email"))
            if email:
                index.setdefault(email, {})[_id(node)] = _marks(node)
        return index

    def _record(self, number: str) -> dict[str, Any] | None:
        if not number.isdigit():
            return None
        nodes = _nodes(self._ask(READ_EMPLOYEE, {"ids": [int(number)]}), "employees")
        return next((dict(node) for node in nodes if _id(node) == number), None)

    # -- the employment --------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        record = employee.raw["read"] = self._current(employee)
        values = self._values(record)
        if values["start_date"] is None:
            return []
        return [Remote(employee.id, values, raw=record, renews_from=_after_a_gap(values["end_date"]))]

    def _current(self, employee: RemoteEmployee) -> Mapping[str, Any]:
        # What the match has just read is used once; reading again asks again.
        record: Mapping[str, Any] | None = employee.raw.pop("record", None) or self._record(employee.id)
        if record is None:
            raise EmployeeNotFoundError(
                f"Employee {employee.id} is no longer in Xledger. Add the employee there, or correct "
                f"the employee number here, {RE_SYNC}"
            )
        return record

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """The first employment, or a new one after a gap: both are written into the employee's one record."""
        record = employee.raw.pop("read", None) or self._current(employee)
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
            since = to_count_from(wanted.employed_since or wanted.start, wanted.start, ())
            node |= {"seniorityDate": since.isoformat()} if since else {}
        if len(node) == 1:
            return Written(employee.id)
        inputs = [{"clientId": f"position-{wanted.position_id}", "node": node}]
        nodes = _nodes(self._ask(UPDATE, {"inputs": inputs}, write=True), "updateEmployees")
        shown = next((n for n in nodes if _id(n) == employee.id), None)
        if shown is None:
            raise UnclearOutcomeError(
                "Xledger did not confirm the change. Nothing to do: it is read and compared again."
            )
        reopened = "end_date" in changes and changes["end_date"].new is None
        return Written(employee.id, (*self._not_taken(shown, changes), *(_leftover_reason(shown) if reopened else ())))

    def _written(self, key: str, value: Any) -> Any:
        """One of our translated values as JSON; null empties the end of the employment."""
        if value is None or isinstance(value, date):
            return value and value.isoformat()
        number = self._superior(value) if key == "manager" else self._value(key, str(value))
        return {"dbId": int(number)}

    def _values(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record in the form in which our translation gives values."""

        def word(key: str, part: str = "code") -> str | None:
            return text_of(_mapping(record.get(self._name(key))).get(part))

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

    def _not_taken(self, shown: Mapping[str, Any], changes: Mapping[str, Change]) -> Iterator[Warning]:
        """A warning for each field that Xledger's answer shows otherwise than we sent it."""
        values = self._values(shown)
        for key, change in changes.items():
            if values[key] != change.new:
                now = "nothing" if values[key] is None else f"“{values[key]}”"
                sent = "taken away here" if change.new is None else f"sent as “{change.new}”"
                yield Warning(
                    f"{BY_KEY[key].label} was {sent}, but Xledger still shows {now}. Correct it {BY_HAND}, {RE_SYNC}",
                    key,
                )

    # -- look-ups: exactly one, never made -------------------------------------------------------------------

    def _kinds(self) -> list[tuple[str, str]]:
        """Number and name of every object kind."""
        return self.once(
            "object kinds",
            lambda: [(_id(node), text_of(node.get("name")) or "") for node in self._all(OBJECT_KINDS, "objectKinds")],
        )

    def _kind(self, key: str) -> str:
        """The number of the list in which a field's values are found, by its number or name in the settings."""
        chosen = str(self.settings.get(LISTS[key]) or "").strip()
        if chosen.isdigit():
            return chosen
        hits = [number for number, name in self._kinds() if _Words(name) == chosen]
        if len(hits) == 1:
            return hits[0]
        label = next(s.label for s in SYSTEM.settings if s.name == LISTS[key])
        many = f"{len(hits)} object kinds" if hits else "no object kind"
        raise DataRefusedError(
            f"Xledger has {many} called “{chosen}”. Enter the right number under {label} in the connection's settings "
            f"(Test connection lists them), {RE_SYNC}",
            cause="list_missing",
            field=key,
        )

    def _list(self, key: str) -> list[Mapping[str, Any]]:
        """The values that hold today."""
        kind = self._kind(key)
        today = self.context.today
        values = self.once(
            f"values {kind}", lambda: list(self._all(OBJECT_VALUES, "objectValues", {"kind": int(kind)}))
        )
        return [
            value
            for value in values
            if (date_of(value.get("dateFrom")) or today) <= today <= (date_of(value.get("dateTo")) or today)
        ]

    def _value(self, key: str, wanted: str) -> str:
        """The dbId of the one value with this code (a job title: with this description, in capitals or not)."""
        values = self._list(key)
        if key == "title":
            hits = [value for value in values if _Words(text_of(value.get("description")) or "") == wanted]
        else:
            hits = [value for value in values if text_of(value.get("code")) == wanted.strip()]
        if len(hits) == 1:
            return _id(hits[0])
        label = BY_KEY[key].label
        if hits:
            codes = ", ".join(sorted(text_of(hit.get("code")) or _id(hit) for hit in hits))
            raise DataRefusedError(
                f"Xledger has {len(hits)} values “{wanted}” for {label.lower()} (codes {codes}), and we never guess. "
                f"Close or rename all but one there, {RE_SYNC}",
                cause="value_not_unique",
                field=key,
            )
        elsewhere = "in the connection's settings" if SYSTEM.field(key).table else "on the position here"
        raise DataRefusedError(
            f"Xledger has no open value “{wanted}” for {label.lower()}. Add it there, or choose another one "
            f"{elsewhere}, {RE_SYNC}",
            cause="value_missing",
            field=key,
        )

    def _superior(self, number: str) -> str:
        return self.once(f"superior {number}", lambda: self._find_superior(number))

    def _find_superior(self, number: str) -> str:
        hits = _with_code(_nodes(self._ask(FIND_SUPERIOR, {"code": number}), "employees"), number)
        if len(hits) == 1:
            return _id(hits[0])
        many = "More than one employee" if hits else "No open employee"
        raise DataRefusedError(
            f"{many} in Xledger has the manager's employee number {number}. Correct it there, choose another manager "
            f"here, or switch the manager off in the connection's settings, {RE_SYNC}",
            cause="value_not_unique" if hits else "value_missing",
            field="manager",
        )


# -- words and values ----------------------------------------------------------------------------------------

_DENIED = re.compile(
    r"unauthori[sz]ed|not authori[sz]ed|unauthenticated|forbidden|no access|access denied|permission|\bscope", re.I
)
_NOT_UNDERSTOOD = re.compile(r"cannot query field|unknown (?:argument|type|field)|syntax error|variable \"?\$", re.I)


def _json(response: Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except UnavailableError:
        return None
    return body if isinstance(body, dict) else None


def _errors(response: Response) -> list[tuple[str, str, Mapping[str, Any]]]:
    """(words, code, extensions) of each error; the code stands beside the words or in the extensions."""
    listed = (_json(response) or {}).get("errors")
    found = []
    for error in listed if isinstance(listed, list) else []:
        error = error if isinstance(error, dict) else {"message": error}
        extensions = _mapping(error.get("extensions"))
        code = error.get("code") or extensions.get("code") or ""
        found.append((str(error.get("message") or ""), str(code), extensions))
    return found


def _not_authorized(text: str, code: str) -> NotAuthorizedError:
    return NotAuthorizedError(
        "Xledger refused our token: it was revoked, has expired, or lacks a right. " + NEW_TOKEN,
        vendor_text=text[:300],
        vendor_code=code,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _edges(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """No hit is `edges: null` there, or no data at all."""
    return [_mapping(edge) for edge in _mapping(data.get(name)).get("edges") or []]


def _nodes(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [_mapping(edge.get("node")) for edge in _edges(data, name) if edge.get("node")]


def _with_code(nodes: Sequence[Mapping[str, Any]], code: str) -> list[Mapping[str, Any]]:
    """Compared here again: that the filter by code is exact is nowhere documented."""
    return [node for node in nodes if text_of(node.get("code")) == code]


def _id(node: Mapping[str, Any]) -> str:
    """A dbId is a number in most answers and a text in some."""
    return text_of(node.get("dbId")) or ""


def _after_a_gap(end: date | None) -> date | None:
    """The first start that does not follow an employment with this end without a gap."""
    return end + timedelta(days=2) if end and end.year < date.max.year else None


def _marks(record: Mapping[str, Any]) -> Marks:
    number, email, name = (text_of(record.get(key)) or "" for key in ("code", "email", "description"))
    return Marks(number, email=email, last_name=name)


def _found(record: Mapping[str, Any]) -> RemoteEmployee:
    return RemoteEmployee(_id(record), raw={"record": dict(record)}, marks=_marks(record))


def _history(offered: set[str]) -> str:
    history = sorted(name for name in offered if name.endswith("EmployeePositions"))
    if history:
        return f"Xledger now also offers {', '.join(history)}, which Position Sync does not use yet: tell us."
    return "Xledger offers no way to write positions with their history."


def _leftover_reason(shown: Mapping[str, Any]) -> Iterator[Warning]:
    """Only the end of the employment is known to be clearable, so a reason stays when somebody goes on working."""
    reason = text_of(_mapping(shown.get("exitReason")).get("code"))
    if reason and not shown.get("employmentTo"):
        yield Warning(
            f"The employment has no end in Xledger, but still the exit reason “{reason}”, which cannot be cleared from "
            f"outside. Clear it {BY_HAND}."
        )
