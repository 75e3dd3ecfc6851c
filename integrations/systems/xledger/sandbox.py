"""Xledger as a local server: one GraphQL address with employees, positions, object values, object kinds and the two
mutations of employees.

From Xledger's graphql-samples, its UK help pages, the field names that public libraries read from the live schema, and
what public clients send. The types are in `sandbox_schema`.

What a test or the demo may turn in `state`: `scopes`, `credits` and `credits_reset_at`, `burst`, `code_in` (where an
error carries its code: "top", "extensions" or "" for nowhere), `error_status`, `text_ids` (numbers of values come as
text), `null_data` (a question without a hit is answered with no data at all), `slow_above` (a page of more records
times out), `mutations` (what the schema offers), `deaf` (fields that an update accepts and does not keep).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from graphql import GraphQLSyntaxError, execute_sync

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, route, today
from integrations.systems.xledger.sandbox_schema import (
    DATES,
    FLAGS,
    FREE_DATES,
    FREE_NUMBERS,
    FREE_TEXTS,
    OBJECT,
    OTHER_REFERENCES,
    PERSONAL,
    REFERENCES,
    TEXTS,
    read,
    schema_with,
)

TOKEN = "Zk3wQsandbox-xledger_token"
OWNER = 42365431  # the entity in which the token was generated
OTHER_OWNER = 42365977  # an entity below it
MAX_RECORDS = 10_000
MAX_NODES = 500
_LONGEST_FREE_TEXT = 255

# Where a reference finds its values; the general-ledger objects are each customer's choice, see `seed`.
_KINDS = {"positionValue": 20100, "employmentType": 20110, "exitReason": 20120, "compensationType": 20150}
_SCOPES = {
    "employees": "Employee read",
    "employeePositions": "Employee read",
    "objectValues": "Object Value read",
    "objectKinds": "Object Value read",
    "addEmployees": "Employee write",
    "updateEmployees": "Employee write",
}
_SHOWN = (
    *("code", "description", "employmentFrom", "employmentTo", "exitReason", "positionValue", "employmentType"),
    *("compensationType", "glObject1", "glObject2", "superior", "trialTo", "noticeDate"),
)
_FREE = (*FREE_TEXTS, *FREE_NUMBERS, *FREE_DATES)
_ON_EMPLOYEE = ("dbId", "ownerDbId", "createdAt", "modifiedAt", "socialSecurityMasked", "dateTo", *DATES, *TEXTS)


class _Refused(Exception):
    def __init__(self, message: str, code: str = "", status: int = 0, **extensions: Any) -> None:
        super().__init__(message)
        self.message, self.code, self.status, self.extensions = message, code, status, extensions


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _same_id(a: Any, b: Any) -> bool:
    return a is not None and not isinstance(a, bool) and str(a) == str(b)


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
        empty = dict.fromkeys((*_ON_EMPLOYEE, *FLAGS, *REFERENCES))
        return empty | {"dbId": number, "ownerDbId": owner, "createdAt": _now(), "modifiedAt": _now()}

    def employments(self, number: str) -> list[dict[str, Any]]:
        kept = next((e for e in self.state["employees"] if e["code"] == number), None)
        return [self._words(kept)] if kept is not None and kept["employmentFrom"] else []

    def _words(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        def word(name: str) -> Any:
            if name not in REFERENCES:
                return kept[name]
            value = self._referenced(name, kept[name])
            return f"{value['code']} {value['description']}" if value else None

        free = ", ".join(f"{name} {kept[name]}" for name in _FREE if kept.get(name) not in (None, ""))
        return {name: word(name) for name in _SHOWN} | {"free fields": free}

    def tables(self) -> list[Table]:
        kinds = {kind["dbId"]: kind["name"] for kind in self.state["kinds"]}
        return [
            Table(
                "Ansatte (employees)",
                ("dbId", *_SHOWN, "free fields", "modifiedAt"),
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
    @route("POST", "GraphQL")
    def graphql(self, request: HttpRequest) -> HttpResponse:
        try:
            self._let_in(request)
            body = json_body(request)
            if not isinstance(body, dict) or (self.strict and request.content_type != "application/json"):
                raise _Refused("POST body must be JSON.", "BAD_REQUEST")
            if not isinstance(body.get("query"), str):
                raise _Refused("Must provide query string.", "BAD_REQUEST")
            return json_answer({"data": self._execute(body)})
        except _Refused as refused:
            return self._error(refused)

    def not_found(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("<html>Not found</html>", status=404, content_type="text/html")

    def method_not_allowed(self, request: HttpRequest) -> HttpResponse:
        return self._error(_Refused("GraphQL only supports POST requests.", "BAD_REQUEST", 405))

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

    def _execute(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """As the schema says, introspection included; an answer has data or an error, never both."""
        offered, variables = tuple(self.state["mutations"]), body.get("variables") or {}
        if not isinstance(variables, dict):
            raise _Refused("Variables must be an object.", "BAD_REQUEST")
        try:
            document, wrong = read(body["query"], offered)
        except GraphQLSyntaxError as error:
            raise _Refused(error.message, "BAD_REQUEST") from None
        if wrong:
            raise _Refused(wrong[0], "ARGUMENTS_OF_CORRECT_TYPE" if "rgument" in wrong[0] else "INVALID_VALUE")
        roots = {name: self._root(name) for name in (*_SCOPES, "viewer")}
        result = execute_sync(
            schema_with(offered),
            document,
            root_value=roots,
            variable_values=variables,
            operation_name=body.get("operationName"),
        )
        for failed in result.errors or ():
            if isinstance(failed.original_error, _Refused):
                raise failed.original_error
            raise _Refused(failed.message, "INVALID_VALUE")
        answer: dict[str, Any] = result.data or {}
        if self.state["null_data"] and all(isinstance(v, dict) and v.get("edges", ()) is None for v in answer.values()):
            return None
        return answer

    def _root(self, name: str) -> Callable[..., Any]:
        return lambda info, **arguments: self._resolve(name, arguments)

    def _resolve(self, name: str, arguments: Mapping[str, Any]) -> Any:
        scope = _SCOPES.get(name)
        if scope and scope not in self.state["scopes"]:
            raise _Refused(f"The token has no access to {name}.", status=403)
        if name == "viewer":
            return {"entity": {"ownerDbId": OWNER, "company": {"dbId": 4711}}}
        if name in ("addEmployees", "updateEmployees"):
            return self._mutate(name, arguments["inputs"])
        return self._page([row for row in self._rows(name) if self._fits(row, name, arguments)], name, arguments)

    def _rows(self, name: str) -> list[dict[str, Any]]:
        if name != "employeePositions":
            register = {"employees": "employees", "objectValues": "values", "objectKinds": "kinds"}[name]
            rows: list[dict[str, Any]] = self.state[register]
            return rows
        return [self._position(row) for row in self.state["employees"] if row["employmentFrom"]]

    @staticmethod
    def _position(employee: Mapping[str, Any]) -> dict[str, Any]:
        """The current employment once more: what else Xledger keeps there is not known."""
        same = {name: employee[name] for name in (*REFERENCES, "ownerDbId", "createdAt", "modifiedAt", "seniorityDate")}
        dates = {"dateFrom": employee["employmentFrom"], "dateTo": employee["employmentTo"]}
        return {**same, **dates, "dbId": employee["dbId"] + 1_000_000, "employeeDbId": employee["dbId"]}

    def _fits(self, row: Mapping[str, Any], name: str, arguments: Mapping[str, Any]) -> bool:
        if not self._in_sets(row, name, arguments):
            return False
        for asked, value in (arguments.get("filter") or {}).items():
            field, _, how = asked.partition("_")
            there = row.get(field)
            fits = there in value if how == "in" else (there or "") >= value if how == "gte" else there == value
            if value is not None and not fits:
                return False
        return True

    @staticmethod
    def _in_sets(row: Mapping[str, Any], name: str, arguments: Mapping[str, Any]) -> bool:
        owners, status = arguments.get("ownerSet") or "ALL", arguments.get("objectStatus") or "ALL"
        if name == "objectKinds":
            return True
        closed = name != "employeePositions" and bool(row.get("dateTo")) and row["dateTo"] < today().isoformat()
        below = row["ownerDbId"] != OWNER
        return (owners in ("ALL", "MINE") or (owners == "LOWER") == below) and status != (
            "OPEN" if closed else "CLOSED"
        )

    def _page(self, rows: list[Any], name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """`first` after a cursor, or `last` before one."""
        first, last = arguments.get("first"), arguments.get("last")
        size = first if last is None else last
        if size is None and not self.strict:
            size = MAX_RECORDS
        if size is None or not 0 < size <= MAX_RECORDS or (first is not None and last is not None):
            raise _Refused(f"Ask for between 1 and {MAX_RECORDS} records with first or last.", "INVALID_VALUE")
        cursors = [f"c{row['dbId']}" for row in rows]
        if (asked := arguments.get("after" if last is None else "before")) is not None:
            if asked not in cursors:
                raise _Refused("The cursor is not valid.", "INVALID_VALUE")
            at = cursors.index(asked)
            rows = rows[at + 1 :] if last is None else rows[:at]
        if self.state["slow_above"] and min(size, len(rows)) > self.state["slow_above"]:
            raise _Refused("Your query timed out.")
        shown = rows[:size] if last is None else rows[-size:]
        edges = [{"cursor": f"c{row['dbId']}", "node": self._node(row, name)} for row in shown]
        more, back = len(rows) > size, asked is not None
        info = {"hasNextPage": more if last is None else back, "hasPreviousPage": back if last is None else more}
        return {"edges": edges or None, "pageInfo": info}

    def _node(self, row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        if name in ("objectValues", "objectKinds"):
            return {**row, "dbId": self._id(row["dbId"])} if name == "objectValues" else row
        owner = {"dbId": row["ownerDbId"], "description": "Fjellheim Drift", "ownerDbId": row["ownerDbId"]}
        led = {ref: self._referenced(ref, row[ref]) for ref in REFERENCES}
        return {**row, "owner": owner, **led, "position": led["positionValue"]}

    def _id(self, number: int) -> int | str:
        return str(number) if self.state["text_ids"] else number

    def _referenced(self, name: str, number: Any) -> dict[str, Any] | None:
        if number is None:
            return None
        rows = self.state["employees" if name == "superior" else "values"]
        found = next((row for row in rows if row["dbId"] == number), None)
        if found is None:
            return None
        shown = {key: found.get(key) for key in (*OBJECT, "ownerDbId", "objectKindDbId")}
        return {**shown, "dbId": self._id(number)}

    # -- writing ---------------------------------------------------------------------------------------------

    def _mutate(self, name: str, inputs: Any) -> dict[str, Any]:
        """All the nodes or none."""
        if not isinstance(inputs, list) or not 0 < len(inputs) <= MAX_NODES:
            raise _Refused(f'Argument "inputs" takes 1 to {MAX_NODES} nodes.', "ARGUMENTS_OF_CORRECT_TYPE")
        done: list[tuple[Any, dict[str, Any]]] = []
        for item in inputs:
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
        kept = next((row for row in self.state["employees"] if _same_id(number, row["dbId"])), None)
        if kept is None:
            raise _Refused(f"dbId: No value matching owner {OWNER}, dbId '{number}'.")
        return self._write(dict(kept), {k: v for k, v in node.items() if k != "dbId"})

    def _write(self, new: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
        for name, value in node.items():
            if value is None and self.strict and name != "employmentTo":
                raise _Refused(f'Field "{name}" must not be null.', "INVALID_VALUE")
            if name in (*REFERENCES, *OTHER_REFERENCES):
                value = value and self._looked_up(name, value)
            elif name in (*DATES, *FREE_DATES, "dateTo", "birthday") and value is not None and not _is_date(value):
                raise _Refused(f"{name}: '{value}' is not a date (YYYY-MM-DD).", "INVALID_VALUE")
            elif name in FREE_TEXTS and value is not None and len(value) > _LONGEST_FREE_TEXT:
                raise _Refused(f"{name}: The text is too long.", "BAD_REQUEST")
            if name not in self.state["deaf"]:
                self._keep(new, name, value)
        if self.strict and new["employmentTo"]:
            if not new["employmentFrom"] or new["employmentTo"] < new["employmentFrom"]:
                raise _Refused("employmentTo: The end date is before the start date.", "BAD_REQUEST")
            if new["exitReason"] is None:
                raise _Refused("exitReason: An exit reason is needed with employmentTo.", "BAD_REQUEST")
        new["modifiedAt"] = _now()
        return new

    @staticmethod
    def _keep(new: dict[str, Any], name: str, value: Any) -> None:
        """Where it is read: a person's names stand below `contact`, a flexible field under another name."""
        if name in ("firstName", "lastName", "birthday"):
            new["contact"] = {**(new.get("contact") or {}), name: value}
        elif name == "flexiFieldItem":
            new["flexiFieldsItem"] = {**(new.get("flexiFieldsItem") or {}), **(value or {})}
        elif name == "socialSec":
            new["socialSecurityMasked"] = f"{value[:6]}*****" if value else None
        elif name not in PERSONAL:
            new[name] = value

    def _looked_up(self, name: str, given: Any) -> int:
        """The number of the one open value that a reference means, found in the employee's entity."""
        if len(given) != 1:
            raise _Refused(f'Field "{name}": give one of dbId, code, description.', "ARGUMENTS_OF_CORRECT_TYPE")
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
