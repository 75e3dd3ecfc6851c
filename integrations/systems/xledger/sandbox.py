"""Xledger as a local server: one GraphQL address with employees, object values, object kinds and updateEmployees.

From Xledger's graphql-samples, its UK help pages and the field names that public libraries read from the live schema.
Where those say nothing, this server is strict.

What a test or the demo may turn in `state`: `scopes`, `credits` and `credits_reset_at`, `burst`, `code_in` (where an
error carries its code: "top", "extensions" or "" for nowhere), `error_status`, `text_ids` (numbers of values come as
text), `null_data` (a question without a hit is answered with no data at all), `slow_above` (a page of more records
times out), `mutations` (what the schema offers), `deaf` (fields that an update accepts and does not keep).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, route, today

TOKEN = "Zk3wQsandbox-xledger_token"
OWNER = 42365431  # the entity in which the token was generated
OTHER_OWNER = 42365977  # an entity below it
MAX_RECORDS = 10_000
MAX_NODES = 500

_OBJECT = "ObjectValue"
_REFERENCES = (
    *("positionValue", "positionCategory", "compensationType", "employmentType", "employeeGroup", "exitReason"),
    *("glObject1", "glObject2", "glObject3", "glObject4", "glObject5", "xgl", "superior"),
)
_DATES = ("employmentFrom", "employmentTo", "seniorityDate", "anniversaryDate", "noticeDate", "trialTo", "dateFrom")
_TEXTS = ("code", "description", "email", "info", "internalInfo", "overview")
# An object's fields; the name after it is the type of what it leads to, "" for a plain value.
_TYPES: dict[str, dict[str, str]] = {
    "Query": {
        "employees": "EmployeesConnection",
        "objectValues": "ObjectValuesConnection",
        "objectKinds": "ObjectKindsConnection",
        "viewer": "Viewer",
        "__type": "__Type",
    },
    "Mutation": {"addEmployees": "EmployeesPayload", "updateEmployees": "EmployeesPayload"},
    "EmployeesConnection": {"edges": "EmployeeEdge", "pageInfo": "PageInfo"},
    "EmployeeEdge": {"cursor": "", "node": "Employee"},
    "ObjectValuesConnection": {"edges": "ObjectValueEdge", "pageInfo": "PageInfo"},
    "ObjectValueEdge": {"cursor": "", "node": _OBJECT},
    "ObjectKindsConnection": {"edges": "ObjectKindEdge", "pageInfo": "PageInfo"},
    "ObjectKindEdge": {"cursor": "", "node": "ObjectKind"},
    "ObjectKind": {"dbId": "", "name": ""},
    "PageInfo": {"hasNextPage": "", "hasPreviousPage": ""},
    "Viewer": {"entity": "ViewerEntity"},
    "ViewerEntity": {"ownerDbId": "", "company": "DbIdRef"},
    "DbIdRef": {"dbId": ""},
    "EmployeesPayload": {"edges": "EmployeePayloadEdge"},
    "EmployeePayloadEdge": {"clientId": "", "node": "Employee"},
    "Employee": dict.fromkeys(
        ("dbId", "ownerDbId", "modifiedAt", "socialSecurityMasked", "dateTo", *_DATES, *_TEXTS), ""
    )
    | dict.fromkeys(("owner", *_REFERENCES), _OBJECT),
    _OBJECT: dict.fromkeys(("dbId", "code", "description", "ownerDbId", "dateFrom", "dateTo", "objectKindDbId"), ""),
    "__Type": {"name": "", "fields": "__Field"},
    "__Field": {"name": ""},
}
_PAGING = {"first": "Int", "last": "Int", "before": "String", "after": "String"}
_SETS = {"ownerSet": "OwnerSet", "objectStatus": "ObjectStatus"}
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "employees": {**_PAGING, **_SETS, "filter": {"dbId_in": "[Int!]", "code": "String", "modifiedAt_gte": "String"}},
    "objectValues": {**_PAGING, **_SETS, "filter": {"objectKindDbId": "Int", "modifiedAt_gte": "String"}},
    "objectKinds": _PAGING,
    "__type": {"name": "String"},
    "addEmployees": {"inputs": "[AddEmployeesInput!]"},
    "updateEmployees": {"inputs": "[UpdateEmployeesInput!]"},
}
_ENUMS = {"OwnerSet": ("CURRENT", "UPPER", "LOWER", "MINE", "ALL"), "ObjectStatus": ("ALL", "OPEN", "CLOSED")}
# Where a reference finds its values; the general-ledger objects are each customer's choice, see `seed`.
_KINDS = {"positionValue": 20100, "employmentType": 20110, "exitReason": 20120, "compensationType": 20150}
_SCOPES = {
    "employees": "Employee read",
    "objectValues": "Object Value read",
    "objectKinds": "Object Value read",
    "addEmployees": "Employee write",
    "updateEmployees": "Employee write",
}
_SHOWN = (
    *("code", "description", "employmentFrom", "employmentTo", "exitReason", "positionValue", "employmentType"),
    *("compensationType", "glObject1", "glObject2", "superior", "trialTo", "noticeDate"),
)


class _Refused(Exception):
    def __init__(self, message: str, code: str = "", status: int = 0, **extensions: Any) -> None:
        super().__init__(message)
        self.message, self.code, self.status, self.extensions = message, code, status, extensions


# -- the query language, as far as it is needed ----------------------------------------------------------------

_TOKENS = re.compile(r'(\.\.\.|[!$():=\[\]{}])|([_A-Za-z]\w*)|(-?\d+)|("(?:[^"\\\n]|\\.)*")|([\s,]+|#[^\n]*)')


@dataclass(frozen=True)
class _Field:
    name: str
    arguments: Mapping[str, Any]
    fields: tuple[_Field | str, ...]  # a text names a fragment


@dataclass(frozen=True)
class _Variable:
    name: str


class _Document:
    """One operation with its fragments."""

    def __init__(self, text: str) -> None:
        self.tokens = list(self._split(text))
        self.kind, self.fields = "", ()  # type: tuple[str, tuple[_Field | str, ...]]
        self.variables: dict[str, str] = {}
        self.fragments: dict[str, tuple[str, tuple[_Field | str, ...]]] = {}
        while self.tokens:
            word = self._take()
            if word == "fragment":
                name, _, kind = self._take(), self._take("on"), self._take()
                self.fragments[name] = (kind, self._selection())
            elif word in ("query", "mutation") and not self.kind:
                self.kind = word
                self._head()
                self.fields = self._selection()
            else:
                raise self._wrong(word)
        if not self.kind:
            raise _Refused("Must provide an operation.", "BAD_REQUEST")

    @staticmethod
    def _split(text: str) -> Iterator[str]:
        at = 0
        while at < len(text):
            match = _TOKENS.match(text, at)
            if match is None:
                raise _Refused(f"Syntax Error: Unexpected character: {text[at]!r}.", "BAD_REQUEST")
            at = match.end()
            if match[5] is None:
                yield match[0]

    def _take(self, expected: str = "") -> str:
        word = self.tokens.pop(0) if self.tokens else "<EOF>"
        if expected and word != expected:
            raise self._wrong(word)
        return word

    @staticmethod
    def _wrong(word: str) -> _Refused:
        return _Refused(f"Syntax Error: Unexpected {word}.", "BAD_REQUEST")

    def _next(self, word: str) -> bool:
        if self.tokens and self.tokens[0] == word:
            self.tokens.pop(0)
            return True
        return False

    def _head(self) -> None:
        if self.tokens and self.tokens[0] not in ("{", "("):
            self._take()
        if self._next("("):
            while not self._next(")"):
                self._take("$")
                name, _ = self._take(), self._take(":")
                kind = ""
                while self.tokens and self.tokens[0] not in ("$", ")"):
                    kind += self._take()
                self.variables[name] = kind

    def _selection(self) -> tuple[_Field | str, ...]:
        self._take("{")
        found: list[_Field | str] = []
        while not self._next("}"):
            if self._next("..."):
                found.append(self._take())
                continue
            name = self._take()
            if not re.fullmatch(r"\w+", name):
                raise self._wrong(name)
            arguments = self._object(")") if self._next("(") else {}
            found.append(_Field(name, arguments, self._selection() if self.tokens[:1] == ["{"] else ()))
        return tuple(found)

    def _object(self, end: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._next(end):
            name, _ = self._take(), self._take(":")
            found[name] = self._value()
        return found

    def _value(self) -> Any:
        word = self._take()
        if word == "$":
            return _Variable(self._take())
        if word == "{":
            return self._object("}")
        if word == "[":
            values = []
            while not self._next("]"):
                values.append(self._value())
            return values
        if re.fullmatch(r"-?\d+", word):
            return int(word)
        return {"true": True, "false": False, "null": None}.get(word, word.strip('"'))


def _fits(kind: str, value: Any) -> bool:
    if value is None:
        return True
    if kind.startswith("["):
        inner = kind.strip("[]!")
        return isinstance(value, list) and all(v is not None and _fits(inner, v) for v in value)
    if kind == "Int":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    if kind in _ENUMS:
        return value in _ENUMS[kind]
    return isinstance(value, str) if kind == "String" else isinstance(value, dict)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _same_id(a: Any, b: Any) -> bool:
    return a is not None and not isinstance(a, bool) and str(a) == str(b)


def _wrong_argument(message: str) -> _Refused:
    return _Refused(message, "ARGUMENTS_OF_CORRECT_TYPE")


class XledgerSandbox(Sandbox):
    key = "xledger"
    name = "Xledger"
    credentials = {"token": TOKEN}
    settings = {
        "title_kind": "Stilling",
        "contract_type_kind": "Ansettelsestype",
        "employment_types": {"permanent": "F", "temporary": "M", "seasonal": "S", "casual": "T", "trainee": "L"},
        "exit_reason_kind": "Sluttårsak",
        "exit_reasons": {
            "resigned": "FRIVILLIG",
            "dismissed": "UFRIVILLIG",
            "contract_ended": "UTLOP",
            "internal_transfer": "INTERN",
            "other": "ANNET",
        },
        "exit_reason": "ANNET",
        "department_object": "glObject1",
        "department_kind": "Avdeling",
        "cost_centre_object": "glObject2",
        "cost_centre_kind": "Kostnadssted",
    }

    @classmethod
    def seed(cls, tenant: str) -> State:
        rows = (
            (20100, "1010", "Butikkmedarbeider"),
            (20100, "1020", "Butikksjef"),
            (20100, "1030", "Kokk"),
            (20100, "1040", "Konsulent"),
            (20100, "2040", "Konsulent"),
            (20100, "1090", "Telefonist"),
            (20110, "F", "Fast"),
            (20110, "M", "Midlertidig"),
            (20110, "S", "Sesong"),
            (20110, "T", "Tilkalling"),
            (20110, "L", "Lærling"),
            (20120, "FRIVILLIG", "Frivillig"),
            (20120, "UFRIVILLIG", "Ufrivillig"),
            (20120, "UTLOP", "Kontrakt utløpt"),
            (20120, "INTERN", "Internt bytte"),
            (20120, "ANNET", "Annet"),
            (20130, "BUT1", "Butikk 1"),
            (20130, "LAGER", "Lager"),
            (20140, "2760", "Drift sør"),
            (20140, "2770", "Drift nord"),
            (20150, "FL", "Fastlønn"),
            (20150, "TL", "Timelønn"),
            (20100, "1110", "Baker"),
            (20100, "1120", "Konditor"),
            (20100, "1130", "Skiftleder"),
            (20100, "1140", "Butikkleder"),
            (20100, "1150", "Daglig leder"),
            (20100, "1160", "Sjåfør"),
            (20100, "1170", "Lærling"),
            (20130, "BAK1", "Bakeri"),
            (20130, "ADM1", "Administrasjon"),
        )
        values = [
            {"dbId": 30001 + at, "objectKindDbId": kind, "code": code, "description": text, "ownerDbId": OWNER}
            for at, (kind, code, text) in enumerate(rows)
        ]
        for value in values:
            value |= {"dateFrom": None, "dateTo": "2020-12-31" if value["code"] == "1090" else None}
        values.append({**values[0], "dbId": 39001, "ownerDbId": OTHER_OWNER})  # the same title in another entity
        return {
            "token": TOKEN,
            "scopes": ["Employee read", "Employee write", "Object Value read", "System Value read"],
            "employees": [],
            "kinds": [
                {"dbId": 20100, "name": "Stilling"},
                {"dbId": 20110, "name": "Ansettelsestype"},
                {"dbId": 20120, "name": "Sluttårsak"},
                {"dbId": 20130, "name": "Avdeling"},
                {"dbId": 20140, "name": "Kostnadssted"},
                {"dbId": 20150, "name": "Lønnstype"},
            ],
            "values": values,
            "gl_objects": {"glObject1": 20130, "glObject2": 20140},
            "mutations": ["addEmployees", "updateEmployees"],
            "credits": 100_000,
            "credits_reset_at": "",
            "burst": 20,
            "code_in": "top",
            "error_status": 200,
            "text_ids": False,
            "null_data": False,
            "slow_above": 0,
            "deaf": [],
        }

    # -- for the tests, the demo and the page ----------------------------------------------------------------

    def add_employee(
        self,
        number: str,
        first_name: str,
        last_name: str,
        *,
        email: str = "",
        national_id: str = "",
        birth_date: str = "",
    ) -> str:
        record = self._blank(self.tenant.new_id("employee", 52259057))
        record |= {"code": number, "description": f"{first_name} {last_name}", "email": email or None}
        record |= {"contact": {"firstName": first_name, "lastName": last_name, "birthday": birth_date or None}}
        record["socialSecurityMasked"] = f"{national_id[:6]}*****" if national_id else None
        self.state["employees"].append(record)
        return str(record["dbId"])

    @staticmethod
    def _blank(number: int, owner: int = OWNER) -> dict[str, Any]:
        return dict.fromkeys(_TYPES["Employee"]) | {"dbId": number, "ownerDbId": owner, "modifiedAt": _now()}

    def employments(self, number: str) -> list[dict[str, Any]]:
        kept = next((e for e in self.state["employees"] if e["code"] == number), None)
        return [self._words(kept)] if kept is not None and kept["employmentFrom"] else []

    def _words(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        def word(name: str) -> Any:
            if name not in _REFERENCES:
                return kept[name]
            value = self._referenced(name, kept[name])
            return f"{value['code']} {value['description']}" if value else None

        return {name: word(name) for name in _SHOWN}

    def tables(self) -> list[Table]:
        kinds = {kind["dbId"]: kind["name"] for kind in self.state["kinds"]}
        return [
            Table(
                "Ansatte (employees)",
                ("dbId", *_SHOWN, "modifiedAt"),
                tuple((e["dbId"], *self._words(e).values(), e["modifiedAt"]) for e in self.state["employees"]),
                "One current employment for each employee; Xledger's API writes no history.",
            ),
            Table(
                "Objektverdier (objectValues)",
                ("objectKind", "dbId", "code", "description", "dateTo", "ownerDbId"),
                tuple(
                    (
                        kinds.get(v["objectKindDbId"]),
                        v["dbId"],
                        v["code"],
                        v["description"],
                        v["dateTo"],
                        v["ownerDbId"],
                    )
                    for v in self.state["values"]
                ),
            ),
        ]

    # -- one address -----------------------------------------------------------------------------------------

    @route("POST", "graphql")
    def graphql(self, request: HttpRequest) -> HttpResponse:
        try:
            self._let_in(request)
            body = json_body(request)
            if request.content_type != "application/json" or not isinstance(body, dict):
                raise _Refused("POST body must be JSON.", "BAD_REQUEST")
            if not set(body) <= {"query", "variables", "operationName"} or not isinstance(body.get("query"), str):
                raise _Refused("Must provide query string.", "BAD_REQUEST")
            return json_answer({"data": self._execute(body["query"], body.get("variables") or {})})
        except _Refused as refused:
            return self._error(refused)

    def _error(self, refused: _Refused) -> HttpResponse:
        error: dict[str, Any] = {"message": refused.message}
        extensions = dict(refused.extensions)
        if refused.code and self.state["code_in"] == "top":
            error["code"] = refused.code
        elif refused.code and self.state["code_in"] == "extensions":
            extensions["code"] = refused.code
        if extensions:
            error["extensions"] = extensions
        return json_answer({"errors": [error]}, refused.status or self.state["error_status"])

    def _let_in(self, request: HttpRequest) -> None:
        match = re.fullmatch(r"token (\S+)", request.headers.get("Authorization", ""))
        if match is None:
            raise _Refused(
                'Bad format for API Token. Expected header: "Authorization: token <your-token>"', "UNHANDLED_ERROR"
            )
        if match[1] != self.state["token"]:
            raise _Refused("Access denied.", status=401)
        allowed, _, _ = self.tenant.window("token", self.state["burst"], 5.0)
        if not allowed:
            raise _Refused(
                "Too many requests in the last 5 seconds. Please wait.", "BAD_REQUEST.BURST_RATE_LIMIT_REACHED"
            )
        if self.state["credits"] <= 0:
            raise _Refused(
                "Insufficient credits. Please wait.",
                "BAD_REQUEST.INSUFFICIENT_CREDITS",
                resetAt=self.state["credits_reset_at"],
            )
        self.state["credits"] -= 1

    def _execute(self, text: str, variables: Any) -> dict[str, Any] | None:
        document = _Document(text)
        if not isinstance(variables, dict):
            raise _Refused("Variables must be an object.", "BAD_REQUEST")
        for name, kind in document.variables.items():
            if (kind.endswith("!") and variables.get(name) is None) or not _fits(
                kind.removesuffix("!"), variables.get(name)
            ):
                raise _Refused(f'Variable "${name}" got invalid value; expected type {kind}.', "INVALID_VALUE")
        root = document.kind.capitalize()
        answer: dict[str, Any] = {}
        for field in self._flat(document, root, document.fields):
            if field.name == "__typename":
                answer[field.name] = root
                continue
            kind = self._type_of(root, field)
            data = self._resolve(field.name, self._arguments(field, document, variables))
            answer[field.name] = self._project(document, kind, field, data)
        if self.state["null_data"] and all(isinstance(v, dict) and v.get("edges", ()) is None for v in answer.values()):
            return None
        return answer

    @staticmethod
    def _flat(document: _Document, kind: str, fields: Sequence[_Field | str]) -> Iterator[_Field]:
        for field in fields:
            if isinstance(field, _Field):
                yield field
                continue
            on, inner = document.fragments.get(field, ("", ()))
            if on != kind:
                raise _Refused(f'Fragment "{field}" cannot be spread here.', "INVALID_VALUE")
            yield from XledgerSandbox._flat(document, kind, inner)

    @staticmethod
    def _type_of(kind: str, field: _Field) -> str:
        if field.name not in _TYPES[kind]:
            raise _Refused(f'Cannot query field "{field.name}" on type "{kind}".', "INVALID_VALUE")
        inner = _TYPES[kind][field.name]
        if bool(inner) != bool(field.fields):
            raise _Refused(f'Field "{field.name}" of type "{kind}" has a wrong selection.', "INVALID_VALUE")
        return inner

    def _project(self, document: _Document, kind: str, field: _Field, data: Any) -> Any:
        """What was asked for of `data`, nothing else."""
        if isinstance(data, list):
            return [self._project(document, kind, field, item) for item in data]
        answer: dict[str, Any] = {}
        for inner in self._flat(document, kind, field.fields):
            lower = self._type_of(kind, inner)
            value = data.get(inner.name) if data is not None else None
            answer[inner.name] = self._project(document, lower, inner, value) if lower else value
        if data is None:
            return None
        if kind == _OBJECT and self.state["text_ids"] and "dbId" in answer:
            answer["dbId"] = str(answer["dbId"])
        return answer

    def _arguments(self, field: _Field, document: _Document, variables: Mapping[str, Any]) -> dict[str, Any]:
        def filled(value: Any, kind: Any, name: str) -> Any:
            if isinstance(kind, dict):
                if not isinstance(value, dict):
                    raise _wrong_argument(f'Argument "{name}" has an invalid value.')
                for inner in value:
                    if inner not in kind:
                        raise _wrong_argument(f'Argument "{name}": field "{inner}" is not defined.')
                return {inner: filled(v, kind[inner], inner) for inner, v in value.items()}
            if isinstance(value, _Variable):
                declared = document.variables.get(value.name)
                if declared is None or declared.removesuffix("!") != kind:
                    raise _wrong_argument(f'Variable "${value.name}" cannot stand at "{name}" of type {kind}.')
                return variables.get(value.name)
            if isinstance(value, list):
                return [filled(v, kind.strip("[]!"), name) for v in value]
            if not _fits(kind, value):
                raise _wrong_argument(f'Argument "{name}" has an invalid value.')
            return value

        known = _ARGUMENTS.get(field.name, {})
        for name in field.arguments:
            if name not in known:
                raise _wrong_argument(f'Unknown argument "{name}" on field "{field.name}".')
        return {name: filled(value, known[name], name) for name, value in field.arguments.items()}

    def _resolve(self, name: str, arguments: Mapping[str, Any]) -> Any:
        scope = _SCOPES.get(name)
        if scope and scope not in self.state["scopes"]:
            raise _Refused(f"The token has no access to {name}.", status=403)
        if name == "viewer":
            return {"entity": {"ownerDbId": OWNER, "company": {"dbId": 4711}}}
        if name == "__type":
            if arguments.get("name") != "Mutation":
                return None
            return {"name": "Mutation", "fields": [{"name": offered} for offered in self.state["mutations"]]}
        if name in ("addEmployees", "updateEmployees"):
            return self._mutate(name, arguments.get("inputs"))
        wanted = arguments.get("filter") or {}
        if wanted.get("modifiedAt_gte") is not None:
            raise _Refused("This server does not filter by modifiedAt.", "INVALID_VALUE")
        register = {"employees": "employees", "objectValues": "values", "objectKinds": "kinds"}[name]
        rows = [
            row
            for row in self.state[register]
            if self._in_sets(row, name, arguments)
            and (wanted.get("dbId_in") is None or row["dbId"] in wanted["dbId_in"])
            and (wanted.get("code") is None or row["code"] == wanted["code"])
            and (wanted.get("objectKindDbId") is None or row["objectKindDbId"] == wanted["objectKindDbId"])
        ]
        return self._page(rows, name, arguments)

    @staticmethod
    def _in_sets(row: Mapping[str, Any], name: str, arguments: Mapping[str, Any]) -> bool:
        owners, status = arguments.get("ownerSet") or "ALL", arguments.get("objectStatus") or "ALL"
        if name == "objectKinds":
            return True
        closed = bool(row.get("dateTo")) and row["dateTo"] < today().isoformat()
        below = row["ownerDbId"] != OWNER
        return (owners in ("ALL", "MINE") or (owners == "LOWER") == below) and status != (
            "OPEN" if closed else "CLOSED"
        )

    def _page(self, rows: list[Any], name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        first = arguments.get("first")
        if first is None or arguments.get("last") is not None or not 0 < first <= MAX_RECORDS:
            raise _Refused(f"Ask for between 1 and {MAX_RECORDS} records with first.", "INVALID_VALUE")
        after = arguments.get("after")
        if after is not None:
            at = next((i for i, row in enumerate(rows) if f"c{row['dbId']}" == after), None)
            if at is None:
                raise _Refused("The cursor is not valid.", "INVALID_VALUE")
            rows = rows[at + 1 :]
        if self.state["slow_above"] and min(first, len(rows)) > self.state["slow_above"]:
            raise _Refused("Your query timed out.")
        edges = [{"cursor": f"c{row['dbId']}", "node": self._node(row, name)} for row in rows[:first]]
        more = {"hasNextPage": len(rows) > first, "hasPreviousPage": after is not None}
        return {"edges": edges or None, "pageInfo": more}

    def _node(self, row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        if name not in ("employees", "addEmployees", "updateEmployees"):
            return row
        owner = {
            "dbId": row["ownerDbId"],
            "code": None,
            "description": "Fjellheim Drift",
            "ownerDbId": row["ownerDbId"],
        }
        return {**row, "owner": owner} | {ref: self._referenced(ref, row[ref]) for ref in _REFERENCES}

    def _referenced(self, name: str, number: Any) -> dict[str, Any] | None:
        if number is None:
            return None
        rows = self.state["employees" if name == "superior" else "values"]
        found = next((row for row in rows if row["dbId"] == number), None)
        return {key: found.get(key) for key in _TYPES[_OBJECT]} if found else None

    # -- writing ---------------------------------------------------------------------------------------------

    def _mutate(self, name: str, inputs: Any) -> dict[str, Any]:
        """All the nodes or none."""
        if not isinstance(inputs, list) or not 0 < len(inputs) <= MAX_NODES:
            raise _wrong_argument(f'Argument "inputs" takes 1 to {MAX_NODES} nodes.')
        done: list[tuple[Any, dict[str, Any]]] = []
        for item in inputs:
            if not set(item) <= {"clientId", "node"} or not isinstance(item.get("node"), dict):
                raise _wrong_argument('Argument "inputs" has an invalid value: node.')
            if not isinstance(item.get("clientId"), str | None):
                raise _wrong_argument('Argument "inputs" has an invalid value: clientId.')
            made = self._added(item["node"]) if name == "addEmployees" else self._updated(item["node"])
            done.append((item.get("clientId"), made))
        for _, made in done:
            rows = self.state["employees"]
            self.state["employees"] = [row for row in rows if row["dbId"] != made["dbId"]] + [made]
        return {"edges": [{"clientId": label, "node": self._node(made, name)} for label, made in done]}

    def _added(self, node: dict[str, Any]) -> dict[str, Any]:
        if not node.get("code") or not node.get("description"):
            raise _Refused("code and description must be given.", "BAD_REQUEST")
        if any(row["code"] == node["code"] for row in self.state["employees"]):
            raise _Refused(f"code: The code '{node['code']}' is already in use.", "BAD_REQUEST")
        return self._write(self._blank(self.tenant.new_id("employee", 52259057)), node)

    def _updated(self, node: dict[str, Any]) -> dict[str, Any]:
        number = node.get("dbId")
        if number is None:
            raise _wrong_argument('Field "dbId" of required type "Int64String!" was not provided.')
        kept = next((row for row in self.state["employees"] if _same_id(number, row["dbId"])), None)
        if kept is None:
            raise _Refused(f"dbId: No value matching owner {OWNER}, dbId '{number}'.")
        return self._write(dict(kept), {k: v for k, v in node.items() if k != "dbId"})

    def _write(self, new: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
        for name, value in node.items():
            if value is None and name != "employmentTo":
                raise _Refused(f'Field "{name}" must not be null.', "INVALID_VALUE")
            if name in _REFERENCES:
                value = self._looked_up(name, value)
            elif name in (*_DATES, "dateTo"):
                if value is not None and not _is_date(value):
                    raise _Refused(f"{name}: '{value}' is not a date (YYYY-MM-DD).", "INVALID_VALUE")
            elif name in _TEXTS:
                if not isinstance(value, str):
                    raise _Refused(f"{name}: expected a text.", "INVALID_VALUE")
            else:
                raise _wrong_argument(f'Field "{name}" is not defined by type "UpdateEmployeesInputNode".')
            if name not in self.state["deaf"]:
                new[name] = value
        if new["employmentTo"] and (not new["employmentFrom"] or new["employmentTo"] < new["employmentFrom"]):
            raise _Refused("employmentTo: The end date is before the start date.", "BAD_REQUEST")
        if new["employmentTo"] and new["exitReason"] is None:
            raise _Refused("exitReason: An exit reason is needed with employmentTo.", "BAD_REQUEST")
        new["modifiedAt"] = _now()
        return new

    def _looked_up(self, name: str, given: Any) -> int:
        """The number of the one open value that a reference means, found in the employee's entity."""
        if not isinstance(given, dict) or len(given) != 1 or set(given) - {"dbId", "code", "description"}:
            raise _wrong_argument(f'Field "{name}": give one of dbId, code, description.')
        [(by, value)] = given.items()
        if name == "superior":
            rows = [row for row in self.state["employees"] if row["ownerDbId"] == OWNER]
        else:
            kind = _KINDS.get(name) or self.state["gl_objects"].get(name)
            rows = [
                row
                for row in self.state["values"]
                if row["objectKindDbId"] == kind
                and row["ownerDbId"] == OWNER
                and not (row["dateTo"] and row["dateTo"] < today().isoformat())
            ]
        hits = [row for row in rows if _same_id(value, row[by])]
        if not hits:
            raise _Refused(f"{name}.{by}: No value matching owner {OWNER}, {by} '{value}'.")
        if len(hits) > 1:
            raise _Refused(f"{name}.{by}: More than one value matching owner {OWNER}, {by} '{value}'.")
        return int(hits[0]["dbId"])


def _now() -> str:
    """Times are in Central European Time there, without saying so."""
    return datetime.now(ZoneInfo("Europe/Oslo")).replace(tzinfo=None).isoformat(timespec="seconds")
