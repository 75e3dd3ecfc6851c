"""PowerOffice Go: the current position as one employment with dated percentages; title, department and manager on the
employee.

Documents named below are pages of PowerOffice's developer portal (developer.poweroffice.net) or the swagger files of
its API v2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from requests.auth import HTTPBasicAuth

from integrations.sdk import (
    BY_KEY,
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    EmployeeNotFoundError,
    Grant,
    Manager,
    Mark,
    Marks,
    NotAuthorizedError,
    Person,
    RateLimitedError,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    StaleError,
    Tokens,
    UnavailableError,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    date_of,
    email_of,
    no_sign_in,
    nonsense,
    number_of,
    oauth_grant,
    raise_for_trouble,
    sure_date,
    text_of,
    which,
)
from integrations.systems.poweroffice_go.declaration import ARRANGEMENTS, FULL_TIME_HOURS, SYSTEM

PAGE = 5000  # "Requests": the default PageSize
REFERENCE_LENGTH = 50
PATCH = "application/json-patch+json"
# How an employment that was reported is cancelled, no reason for the end of a real one.
NEVER_REPORTED = "EmploymentRelationshipShouldNeverHaveBeenReported"

ON_EMPLOYMENT = {
    "start_date": "StartDate",
    "end_date": "EndDate",
    "end_reason": "EndDateReason",
    "contract_type": "EmploymentForm",
    "occupation_code": "ProfessionCode",
    "working_hours_scheme": "WorkingHoursArrangement",
    "company": "EnterpriseId",
}
ON_EMPLOYEE = {
    "title": "JobTitle",
    "department": "DepartmentId",
    "cost_centre": "LocationId",
    "manager": "ManagerEmployeeId",
}
SHOWN_ON_EMPLOYEE = {
    "title": "JobTitle",
    "department": "DepartmentCode",
    "cost_centre": "LocationCode",
    "manager": "ManagerEmployeeNo",
}
LISTED = "Id,Number,ExternalNumber,ExternalImportReference,EmailAddress,FirstName,LastName,DateOfBirth,IsArchived"

NAMES_IN_ERRORS = (
    ("end_reason", r"EndDateReason"),
    ("end_date", r"EndDate"),
    ("start_date", r"StartDate"),
    ("percentage", r"\bFTE\b|FtePercentage|FromDate"),
    ("occupation_code", r"profession"),
    ("contract_type", r"EmploymentForm"),
    ("working_hours_scheme", r"WorkingHours"),
    ("company", r"enterprise"),
    ("manager", r"manager"),
    ("department", r"department"),
    ("cost_centre", r"(?<!target )\blocation"),
    ("title", r"JobTitle"),
)
OUR_FAULT = re.compile(r"path segment|represented as integers|object is missing|resourceParameter|patch document", re.I)
NEW_KEYS = (
    "Compare the keys with PowerOffice Go (Settings > Extensions gives the client key, the developer portal the other "
    "two) and enter them anew under Credentials. Keys of the demo and of production cannot be mixed."
)
JUST_MADE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _Employment:
    """An employment with its percentage lines, oldest first, as read."""

    body: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...] = ()

    @property
    def id(self) -> str:
        return str(self.body["Id"])

    @property
    def start(self) -> date | None:
        return sure_date(self.body.get("StartDate"))

    @property
    def end(self) -> date | None:
        return sure_date(self.body.get("EndDate"))

    @property
    def closed(self) -> bool:
        return self.body.get("EndedAndReported") is True

    def over(self, day: date) -> bool:
        return self.closed or (self.end is not None and self.end < day)

    def line(self, day: date) -> Mapping[str, Any] | None:
        """The percentage line that counts on a day; before the first line, that one."""
        begun = [line for line in self.lines if (date_of(line.get("FromDate")) or date.min) <= day]
        return begun[-1] if begun else next(iter(self.lines), None)


@dataclass(slots=True)
class _Matched:
    """What belongs to a matched employee: the record as read last (`fresh` until it was used), the manager here."""

    record: Mapping[str, Any] | None
    manager: Manager | None
    fresh: bool = True
    employments: tuple[_Employment, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ready:
    """Resolved values of what lies on the employment and on the employee; None clears."""

    employment: Mapping[str, Any]
    employee: Mapping[str, Any]
    warnings: tuple[Warning, ...]


class PowerOfficeGoConnector(Connector):
    system = SYSTEM

    def setup(self) -> None:
        self.http.headers = {
            "Accept": "application/json",
            "Ocp-Apim-Subscription-Key": self.credentials.get("subscription_key", ""),
        }
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in)
        self._archived_seen: set[str] = set()  # ours for whom an archived one was passed over

    # -- sign-in -----------------------------------------------------------------------------------------

    def refused(self, response: Response) -> bool:
        """The gateway's 401 for a wrong subscription key is no matter of tokens."""
        return response.status == 401 and "subscription key" not in _words(response).lower()

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        keys = (self.credentials.get("application_key", ""), self.credentials.get("client_key", ""))
        response = self.http.post(
            self.context.urls["token"],
            data={"grant_type": "client_credentials"},
            auth=HTTPBasicAuth(*(key.encode() for key in keys)),
            sign=False,
            write=False,
            classify=_classify_token,
        )
        return oauth_grant(response)

    # -- calls -------------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, privilege: str, field: str = "", **kwargs: Any) -> Response:
        """`privilege` and `field` are for the words of a refusal."""
        return self.http.request(
            method, path, classify=partial(self._classify, privilege=privilege, field=field), **kwargs
        )

    def _patch(self, path: str, privilege: str, values: Mapping[str, Any], field: str = "") -> None:
        """JSON Patch ("Requests"): None takes a value away, which is asked for only where there is one."""
        operations: list[dict[str, Any]] = [
            {"op": "remove", "path": f"/{name}"}
            if value is None
            else {"op": "replace", "path": f"/{name}", "value": _written(value)}
            for name, value in values.items()
        ]
        if operations:
            self._call(
                "PATCH", path, privilege, field, data=json.dumps(operations).encode(), headers={"Content-Type": PATCH}
            )

    def _list(
        self, path: str, privilege: str, params: Mapping[str, Any] | None = None, *, keep_answer: bool = True
    ) -> Iterator[Mapping[str, Any]]:
        """The rows of every page. An empty list is a 204 without a body, never []."""
        page = 1
        while True:
            response = self._call(
                "GET",
                path,
                privilege,
                params={**(params or {}), "PageNumber": page, "PageSize": PAGE},
                keep_answer=keep_answer,
            )
            rows = _rows(response)
            yield from rows
            more = _more(response)
            if not rows or not (len(rows) >= PAGE if more is None else more):
                return
            page += 1

    def _one(self, path: str, privilege: str, missing: str) -> Mapping[str, Any] | None:
        """One record, None if PowerOffice Go says that it has no such `missing`."""
        gone = False

        def classify(response: Response) -> None:
            nonlocal gone
            gone = response.status == 404 and bool(re.match(rf"{missing} with id = \d+ not found", _detail(response)))
            if not gone:
                self._classify(response, privilege=privilege)

        response = self.http.get(path, classify=classify)
        return None if gone else _record(response)

    def classify(self, response: Response) -> None:
        self._classify(response)

    def _classify(self, response: Response, *, privilege: str = "", field: str = "") -> None:
        if response.status == 429:
            raise _too_many(response)
        raise_for_trouble(response)
        if response.ok:
            return
        text, detail = _words(response), _detail(response)
        words: dict[str, str] = {"vendor_text": text[:500], "vendor_code": str(response.status)}
        if response.status == 401:
            raise _not_signed_in(text, words)
        if response.status == 403:
            if "quota" in text.lower():
                raise _too_many(response)
            named = f"the privilege {privilege}" if privilege else "a privilege that it needs"
            raise NotAuthorizedError(
                f"PowerOffice Go does not give this connection {named}. Ask PowerOffice to add it to the integration, "
                "and check that the company subscribes to the Go module it belongs to; then press Resume.",
                cause="privilege_missing",
                **words,
            )
        if response.status == 404:
            # A 404 may also be about the data: a department that is not there is a validation error.
            validation = "validation" in _problem(response).get("title", "").lower()
            if not validation and re.match(r"Employee with id = \d+ not found", detail):
                raise _gone(words)
            if not validation and re.match(r"(Employment|.{0,80}\(line\)) with id = \d+ not found", detail):
                raise StaleError("The employment or its percentage is no longer in PowerOffice Go.", **words)
            if not detail:
                raise UnavailableError(
                    "PowerOffice Go knows no such address. Check the addresses of this connection; it is tried again.",
                    wait=None,
                    **words,
                )
        if response.status == 415 or OUR_FAULT.search(text):
            raise self.not_understood(**words)
        found = next((key for key, pattern in NAMES_IN_ERRORS if re.search(pattern, detail, re.I)), "") or field
        raise self.data_refused(found, **words)

    # -- connection --------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        keys = "This connection > Credentials"
        info: dict[str, Any] = {}

        def company() -> str:
            info.update(_record(self._call("GET", "ClientIntegrationInformation", "")))
            return text_of(info.get("ClientName")) or "PowerOffice Go gives no name."

        lines, known = self.try_each(("Sign in", keys, self._check_sign_in), ("Company", keys, company), needed=2)
        if not known:
            return lines
        valid, invalid = ({str(p) for p in info.get(f"{kind}Privileges") or ()} for kind in ("Valid", "Invalid"))
        for privilege, purpose in self._privileges():
            title = f"{purpose} (privilege {privilege})"
            names = {privilege, f"{privilege.removesuffix('_Full')}_Full"}
            if names & valid:
                lines.append(CheckLine(True, title, "Granted."))
            elif names & invalid:
                lines.append(
                    CheckLine(
                        False,
                        title,
                        "The integration has it, but the company does not subscribe to the Go module it belongs to.",
                        "PowerOffice Go of the company > Settings > Subscription",
                    )
                )
            else:
                lines.append(
                    CheckLine(
                        False,
                        title,
                        "The integration does not have it.",
                        "Ask PowerOffice's API team (developer.poweroffice.net > Support) to add it to the integration",
                    )
                )
        return lines

    def _check_sign_in(self) -> str:
        self.tokens.get()
        return "PowerOffice Go accepts the keys."

    def _privileges(self) -> list[tuple[str, str]]:
        """What this connection needs with its settings, one by one."""
        sent = [key for key in ON_EMPLOYEE if self.settings.get(f"send_{key}")]
        needed = [
            ("Employee_Full", "Find employees and write " + ", ".join(BY_KEY[key].label.lower() for key in sent))
            if sent
            else ("Employee", "Find employees"),
            ("Employment_Full", "Read and write employments"),
            ("EmploymentFtePercentage_Full", "Read and write percentages"),
            ("Enterprises", "Look up sub-units"),
        ]
        if "department" in sent:
            needed.append(("Department", "Look up departments"))
        if "cost_centre" in sent:
            needed.append(("Location", "Look up locations"))
        return needed

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        record = self._employee(known_id)
        return _found(person, record) if record is not None and not _archived(record) else None

    def searches(self, person: Person) -> Sequence[Search]:
        def living(by: str, rows: Callable[[], Sequence[Mapping[str, Any]]]) -> list[RemoteEmployee]:
            found = rows()
            hits = [row for row in found if not _archived(row)]
            if len(hits) < len(found):
                self._archived_seen.add(person.id)
            # A row of the list of everybody holds no title and no department.
            return [_found(person, hit, whole=by != "e-mail") for hit in hits]

        ways = self._ways(person.number.strip(), email_of(person.email))
        return tuple((by, value, partial(living, by, rows)) for by, value, rows in ways)

    def hint(self, person: Person) -> str:
        if person.id not in self._archived_seen:
            return ""
        return (
            "There is an archived one; archived employees are left alone. Take the employee out of the archive there, "
            "then press Re-sync."
        )

    def _employee(self, employee_id: str) -> Mapping[str, Any] | None:
        return self._one(f"Employees/{employee_id}", "Employee", "Employee") if employee_id.isdigit() else None

    def _ways(self, number: str, email: str) -> Iterator[tuple[str, str, Callable[[], list[Mapping[str, Any]]]]]:
        """(by what, the value, who has it: archived ones too), the surest first."""
        steps: list[tuple[str, str, str]] = []
        if len(number) <= REFERENCE_LENGTH and self.settings.get("match_reference"):
            steps.append(("externalImportReference", "ExternalImportReference", "external import reference"))
        # These two filters take ranges ("100-200"), so nothing but one plain number may go into them.
        if re.fullmatch(r"[0-9]{1,18}", number):
            steps += [("employeeNos", "Number", "employee number"), ("externalNos", "ExternalNumber", "external code")]

        def filtered(parameter: str, column: str, wanted: str) -> list[Mapping[str, Any]]:
            rows = self._list("Employees", "Employee", {parameter: wanted})
            return [row for row in rows if str(row.get(column)) == wanted]

        for parameter, column, by in steps:
            wanted = number if column == "ExternalImportReference" or not number else str(int(number))
            yield by, wanted, partial(filtered, parameter, column, wanted)
        if not steps:
            yield "employee number", "", list
        yield "e-mail", email, lambda: self.once("by e-mail", self._by_email).get(email, [])

    def _by_email(self) -> dict[str, list[Mapping[str, Any]]]:
        """Everybody by e-mail: "Employees" has no filter for it. Once per turn, and kept in nobody's log."""
        index: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._list("Employees", "Employee", {"Fields": LISTED}, keep_answer=False):
            key = email_of(row.get("EmailAddress"))
            if key:
                index.setdefault(key, []).append(row)
        return index

    # -- look-ups ----------------------------------------------------------------------------------------

    def _enterprises(self) -> dict[str, Mapping[str, Any]]:
        """Every sub-unit by its id."""
        return self.once(
            "enterprises", lambda: {str(row["Id"]): row for row in self._list("Enterprises", "Enterprises")}
        )

    def _enterprise_id(self, number: str | None) -> int:
        rows = self._enterprises().values()
        hit = next(
            (r for r in rows if (text_of(r.get("EnterpriseNo")) == number if number else r.get("IsDefault"))), None
        )
        if hit is None:
            raise DataRefusedError(
                f"PowerOffice Go has no sub-unit {number}. Register it there, or enter its number under Companies in "
                "this connection's settings, then press Re-sync."
                if number
                else "The employee has no company here, and PowerOffice Go has no default sub-unit. Choose a company "
                "on the employee; it is sent when you save.",
                cause="enterprise_missing",
                field="company",
            )
        return int(hit["Id"])

    def _coded_id(self, path: str, privilege: str, code: str, field: str) -> int:
        """The id of the active department or location with a code; patches take ids only ("Employees")."""
        # The filter takes several codes with commas between them; a code with a comma is looked for in the whole list.
        params = {} if "," in code else {"codes": code}

        def look() -> list[Mapping[str, Any]]:
            return [row for row in self._list(path, privilege, params) if text_of(row.get("Code")) == code]

        rows = self.once(f"{path} {code}", look)
        active = [row for row in rows if row.get("IsActive") is not False]
        if active:
            return int(active[0]["Id"])
        word = path.removesuffix("s").lower()
        trouble = (
            f"The {word} “{code}” is not active in PowerOffice Go. Activate it there"
            if rows
            else f"There is no {word} “{code}” in PowerOffice Go. Create it there"
        )
        raise DataRefusedError(
            f"{trouble}, or choose another {BY_KEY[field].label.lower()} here, then press Re-sync.",
            cause=f"{word}_missing",
            field=field,
        )

    def _manager_ids(self, manager: Manager) -> tuple[int, ...]:
        """The ids of those who may be meant: exactly one, if all is well."""

        def look() -> tuple[int, ...]:
            for _, value, rows in self._ways(manager.number.strip(), email_of(manager.email)):
                ids = tuple(int(row["Id"]) for row in rows() if not _archived(row)) if value else ()
                if ids:
                    return ids
            return ()

        return self.once(f"manager {manager.number} {manager.email}", look)

    # -- the employment ----------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        matched: _Matched = employee.raw
        record = (matched.record if matched.fresh else None) or self._employee(employee.id)
        if record is None:
            raise _gone({})
        matched.record, matched.fresh = record, False  # reading again asks again
        path = f"Employees/{employee.id}/Employments"
        rows = self._list(path, "Employment")
        matched.employments = tuple(_Employment(row) for row in rows if row.get("EndDateReason") != NEVER_REPORTED)
        chosen = self._choose(matched.employments, employee.record_id)
        if chosen is None:
            return []
        return [self._remote(employee, self._with_lines(chosen), record)]

    def _choose(self, employments: Sequence[_Employment], record_id: str) -> _Employment | None:
        """The one that we wrote last; else the default among those that are not over, else the last that was."""
        ours = next((e for e in employments if e.id == record_id), None)
        if ours is not None:
            return ours
        live = [e for e in employments if not e.over(self.context.today)]
        default = [e for e in live if e.body.get("IsDefault")]
        if len(live) > 1 and len(default) != 1:
            raise DataRefusedError(
                f"This employee has {len(live)} employments in PowerOffice Go that are not over, and not exactly one "
                "is the default. Mark the right one as default there, or end the others, then press Re-sync.",
                cause="employment_not_unique",
            )
        if live:
            return (default or live)[0]
        return max(employments, key=lambda e: (e.end or date.min, e.start or date.min), default=None)

    def _with_lines(self, employment: _Employment) -> _Employment:
        path = f"Employees/Employments/{employment.id}/FtePercentages"
        rows = self._list(path, "EmploymentFtePercentage")
        return _Employment(
            employment.body, tuple(sorted(rows, key=lambda r: (str(r.get("FromDate")), int(r.get("Id") or 0))))
        )

    def _remote(self, employee: RemoteEmployee, employment: _Employment, record: Mapping[str, Any]) -> Remote:
        body = employment.body
        line = employment.line(self.context.today)
        values: dict[str, Any] = {
            key: text_of(body[name]) for key, name in ON_EMPLOYMENT.items() if key != "company" and name in body
        }
        values |= {key: text_of(record[name]) for key, name in SHOWN_ON_EMPLOYEE.items() if name in record}
        values |= {"start_date": employment.start, "end_date": employment.end}
        values["percentage"] = number_of(line.get("FtePercentage")) if line else None
        if "manager" in values:
            values["manager"] = self._manager_number(employee.raw.manager, record)
        if "EnterpriseId" in body and self.settings.get("send_company"):
            enterprise = str(body.get("EnterpriseId") or "")
            values["company"] = text_of(self._enterprises().get(enterprise, {}).get("EnterpriseNo")) or enterprise
        renews_from = None
        if employment.end is not None:
            # The day after the end carries an employment on; one that was reported as ended is never carried on.
            renews_from = employment.end + timedelta(days=1 if employment.closed else 2)
        return Remote(employment.id, values, raw=employment, renews_from=renews_from)

    def _manager_number(self, ours: Manager | None, record: Mapping[str, Any]) -> str | None:
        """The manager there, as we number managers here: theirs may be matched by something else than the number."""
        theirs, number = record.get("ManagerEmployeeId"), text_of(record.get("ManagerEmployeeNo"))
        if ours is None or not theirs or number == ours.number or not self.settings.get("send_manager"):
            return number
        return ours.number if self._manager_ids(ours) == (theirs,) else number

    # -- writing -----------------------------------------------------------------------------------------

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """A new employment. One that an earlier try has made, whose answer got lost, is carried on instead."""
        values = {key: value for key, value in wanted.values.items() if value not in (None, "")}
        ready = self._ready(person, values, {})
        enterprise = ready.employment.get("EnterpriseId") or self._enterprise_id(None)
        record = employee.raw.record
        live = [e for e in employee.raw.employments if not e.over(wanted.start)]
        for twin in live:
            same = (wanted.start, values["occupation_code"], enterprise)
            if (twin.start, text_of(twin.body.get("ProfessionCode")), twin.body.get("EnterpriseId")) == same:
                remote = self._remote(employee, self._with_lines(twin), record)
                return self.write_into(employee, person, remote, wanted)
        if live:
            raise DataRefusedError(
                f"PowerOffice Go already has another employment of this employee, from {live[0].start}, that is not "
                "over. If it is this position, give it the start date, occupation code and sub-unit that stand here; "
                "else end or delete it there. Then press Re-sync.",
                cause="employment_in_the_way",
                field="start_date",
            )
        body = {
            **{name: _written(value) for name, value in ready.employment.items()},
            "EnterpriseId": enterprise,
            "EmploymentType": self.settings.get("employment_type") or "Ordinary",
            "IsDefault": True,
        }
        path = f"Employees/{employee.id}/Employments"
        made = _Employment(_record(self._call("POST", path, "Employment_Full", json=body)))
        if not made.body.get("Id"):
            raise UnclearOutcomeError(
                "PowerOffice Go answered without the new employment's id: it is looked for there."
            )
        # Whether a new employment brings a percentage line along is not documented, so the lines are asked for.
        self._write_percentage(self._with_lines(made), values["percentage"], wanted.start)
        self._write_employee(employee, record, ready.employee)
        return Written(made.id, ready.warnings)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        employment: _Employment = remote.raw
        start = changes["start_date"].new if "start_date" in changes else employment.start or wanted.start
        self._require_open(employment, changes)
        values = {key: change.new for key, change in changes.items()}
        if values.get("end_date"):
            # The reason is demanded with the date ("Employments"), so both go in one document: also one that stays.
            values.setdefault("end_reason", remote.values.get("end_reason") or wanted.values.get("end_reason"))
        ready = self._ready(person, values, remote.values)
        path = f"Employees/{employee.id}/Employments/{employment.id}"
        self._patch(path, "Employment_Full", ready.employment)
        if "start_date" in changes:
            employment = self._move_first_line(employment, start)
        if "percentage" in changes:
            day = self._counts_from(employee, employment, start, wanted)
            self._write_percentage(employment, changes["percentage"].new, day)
        self._patch(f"Employees/{employee.id}", "Employee_Full", ready.employee)
        return Written(remote.id, ready.warnings)

    def _require_open(self, employment: _Employment, changes: Mapping[str, Change]) -> None:
        if employment.closed and {*ON_EMPLOYMENT, "percentage"} & set(changes):
            raise DataRefusedError(
                f"The employment in PowerOffice Go ended on {employment.end} and its end was reported for good, so it "
                "is left alone. Open it again there, then press Re-sync; a new job is a position that starts after "
                "that day.",
                cause="employment_closed",
                field="end_date",
            )

    def _ready(self, person: Person, values: Mapping[str, Any], old: Mapping[str, Any]) -> _Ready:
        """Everything is looked up before the first write, so that nothing is half written for want of a department."""
        on_employment = {name: values[key] for key, name in ON_EMPLOYMENT.items() if key in values}
        on_employee = {name: values[key] for key, name in ON_EMPLOYEE.items() if key in values}
        if values.get("working_hours_scheme"):
            on_employment["FullTimeHoursPerWeek"] = self._full_week(values["working_hours_scheme"])
        warnings = []
        if values.get("company"):
            on_employment["EnterpriseId"] = self._enterprise_id(values["company"])
        if values.get("department"):
            on_employee["DepartmentId"] = self._coded_id(
                "Departments", "Department", values["department"], "department"
            )
        if values.get("cost_centre"):
            on_employee["LocationId"] = self._coded_id("Locations", "Location", values["cost_centre"], "cost_centre")
        if values.get("manager"):
            found = self._manager_ids(person.manager or Manager(str(values["manager"])))
            if len(found) == 1:
                on_employee["ManagerEmployeeId"] = found[0]
            else:
                del on_employee["ManagerEmployeeId"]
                how_many = "no employee" if not found else f"{len(found)} employees"
                warnings.append(
                    Warning(
                        f"PowerOffice Go has {how_many} for the manager with number {values['manager']}, so the "
                        "manager was not written. Add or correct the manager there, then press Re-sync.",
                        "manager",
                    )
                )
        return _Ready(on_employment, on_employee, tuple(warnings))

    def _full_week(self, arrangement: str) -> Decimal:
        hours = FULL_TIME_HOURS.of(arrangement, self.settings)
        if not hours:
            raise DataRefusedError(
                f"PowerOffice Go wants the hours of a full week with “{dict(ARRANGEMENTS)[arrangement]}”, and only "
                "your agreement says how many. Fill in its row under Hours of a full week in each scheme in the "
                "connection's settings, then press Re-sync.",
                cause="full_time_hours_missing",
                field="working_hours_scheme",
            )
        return hours

    def _write_employee(self, employee: RemoteEmployee, record: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        differs = {name: value for name, value in values.items() if record.get(name) != value}
        self._patch(f"Employees/{employee.id}", "Employee_Full", differs)

    # -- percentages -------------------------------------------------------------------------------------

    def _counts_from(self, employee: RemoteEmployee, employment: _Employment, start: date, wanted: Wanted) -> date:
        """The day from which a changed percentage counts, never before the employment. What counts today began on a
        day too: a line from an earlier one would count until then only, so that it is corrected where the past is
        ours to correct, and else followed by one from today."""
        today = self.context.today
        line = employment.line(today)
        if line is None:
            return start
        begun = date_of(line.get("FromDate")) or start
        taken_over = bool(employee.position_id) and employee.position_id != wanted.position_id
        if employment.id != employee.record_id and self._just_made(employment, wanted):
            day = max(start, begun)
        elif taken_over:
            since = wanted.counts_from or wanted.start
            day = since if begun <= since else today
        elif self.settings.get("percentage_from") == "start":
            day = max(wanted.start, begun)
        else:
            day = max(today, begun)
        return max(day, start)

    def _just_made(self, employment: _Employment, wanted: Wanted) -> bool:
        """Whether an employment that we do not know of is most likely one whose answer got lost."""
        try:
            made = datetime.fromisoformat(str(employment.body.get("CreatedDateTimeOffset")))
        except ValueError:
            return False
        made = made if made.tzinfo else made.replace(tzinfo=UTC)
        return employment.start == wanted.start and self.context.now() - made < JUST_MADE

    def _write_percentage(self, employment: _Employment, percentage: Decimal, day: date) -> None:
        """A new line from the day of the change; an edit only where that day has a line. No line is ever taken away."""
        path = f"Employees/Employments/{employment.id}/FtePercentages"
        line = next((line for line in reversed(employment.lines) if date_of(line.get("FromDate")) == day), None)
        if line is None:
            body = {"FromDate": day.isoformat(), "FtePercentage": float(percentage)}
            self._call("POST", path, "EmploymentFtePercentage_Full", "percentage", json=body)
        elif number_of(line.get("FtePercentage")) != percentage:
            changed = {"FtePercentage": percentage}
            self._patch(f"{path}/{line['Id']}", "EmploymentFtePercentage_Full", changed, "percentage")

    def _move_first_line(self, employment: _Employment, start: date) -> _Employment:
        """The first line goes with a start date that it began on, so that no day of the employment is without one."""
        first = employment.lines[0] if employment.lines else None
        others = [date_of(line.get("FromDate")) or date.min for line in employment.lines[1:]]
        if first is None or date_of(first.get("FromDate")) != employment.start or any(day <= start for day in others):
            return employment
        path = f"Employees/Employments/{employment.id}/FtePercentages/{first['Id']}"
        self._patch(path, "EmploymentFtePercentage_Full", {"FromDate": start}, "percentage")
        return _Employment(employment.body, ({**first, "FromDate": start.isoformat()}, *employment.lines[1:]))


# -- answers -------------------------------------------------------------------------------------------------


def _problem(response: Response) -> dict[str, str]:
    """The members of a problem or of a gateway's error, in small letters; none if the body is something else."""
    return {str(name).lower(): str(value) for name, value in response.json_object().items() if value not in (None, "")}


def _detail(response: Response) -> str:
    problem = _problem(response)
    return problem.get("detail") or problem.get("title") or ""


def _words(response: Response) -> str:
    """The vendor's own words, whichever of its three bodies it answered with."""
    problem = _problem(response)
    parts = [problem.get(name, "") for name in ("title", "detail", "error_description", "message")]
    return ": ".join(part for part in parts if part) or problem.get("error") or response.said


def _classify_token(response: Response) -> None:
    """A wrong key is answered with 400, not 401; a wrong subscription key stops at the gateway."""
    if response.status == 429:
        raise _too_many(response)
    raise_for_trouble(response)
    if response.ok:
        return
    text = _words(response)
    words = {"vendor_text": text[:500], "vendor_code": _problem(response).get("error") or str(response.status)}
    if response.status == 404:
        raise no_sign_in(response)
    if response.status in (401, 403) or "subscription key" in text.lower():
        raise _not_signed_in(text, words)
    raise NotAuthorizedError(
        "PowerOffice Go knows no integration with this application key and client key: one of them is wrong, or the "
        f"company has removed the extension. {NEW_KEYS}",
        **words,
    )


def _not_signed_in(text: str, words: Mapping[str, str]) -> NotAuthorizedError:
    if "subscription key" in text.lower():
        return NotAuthorizedError(
            "PowerOffice refused the subscription key. Copy the current key of your product subscription from "
            "developer.poweroffice.net > Profile and enter it under Credentials. Demo and production have one each.",
            **words,
        )
    return NotAuthorizedError(f"PowerOffice Go refused our access token. {NEW_KEYS}", **words)


def _too_many(response: Response) -> RateLimitedError:
    text = _words(response)
    said = re.search(r"again in (\d{1,9}) second", text)
    wait = response.retry_after()
    return RateLimitedError(
        "PowerOffice allows no more requests for this subscription key just now. Nothing to do: it is tried again.",
        wait=wait if wait is not None else float(said[1]) if said else None,
        vendor_text=text[:300],
        vendor_code=str(response.status),
    )


def _rows(response: Response) -> list[Mapping[str, Any]]:
    if response.status == 204:
        return []
    rows = response.json()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise nonsense(response)
    return rows


def _record(response: Response) -> Mapping[str, Any]:
    record = response.json()
    if not isinstance(record, dict):
        raise nonsense(response)
    return record


def _more(response: Response) -> bool | None:
    """Whether there is another page, None if the answer does not say."""
    try:
        paging = json.loads(response.headers.get("X-Pagination") or "null")
    except ValueError:
        return None
    return bool(paging.get("nextPageLink")) if isinstance(paging, dict) else None


def _gone(words: Mapping[str, str]) -> EmployeeNotFoundError:
    return EmployeeNotFoundError(
        "The employee is no longer in PowerOffice Go. Add the employee there, or correct the employee number here, "
        "then press Re-sync.",
        **words,
    )


# -- values --------------------------------------------------------------------------------------------------


def _written(value: Any) -> Any:
    """One of our translated values as JSON."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _archived(record: Mapping[str, Any]) -> bool:
    return record.get("IsArchived") is True


def _found(person: Person, record: Mapping[str, Any], *, whole: bool = True) -> RemoteEmployee:
    matched = _Matched(record if whole else None, person.manager)
    numbers = [record.get(name) for name in ("Number", "ExternalNumber", "ExternalImportReference")]
    national_id, email, first, last = (
        text_of(record.get(name)) or "" for name in ("NationalIdNumber", "EmailAddress", "FirstName", "LastName")
    )
    number = which(Mark.NUMBER, person.number, numbers)
    marks = Marks(number, national_id, email, date_of(record.get("DateOfBirth")), first, last)
    return RemoteEmployee(str(record["Id"]), raw=matched, marks=marks)
