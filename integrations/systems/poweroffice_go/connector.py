"""PowerOffice Go: the current position as one employment with dated percentages (and kinds of pay); title, department
and manager on the employee.

Documents named below are pages of PowerOffice's developer portal (developer.poweroffice.net) or the swagger files of
its API v2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from integrations.sdk import (
    IN_CREDENTIALS,
    SIGN_IN,
    Change,
    CheckLine,
    Connector,
    ConnectorError,
    DataRefusedError,
    Directory,
    EmployeeNotFoundError,
    FieldName,
    Grant,
    Label,
    Looking,
    Manager,
    Mark,
    Message,
    NumberedPages,
    Person,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Seen,
    Shown,
    Timeline,
    Tokens,
    Trouble,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    after_a_gap,
    at,
    date_of,
    email_of,
    put,
    record_in,
    rows_in,
    sure_date,
    text_of,
)
from integrations.systems.poweroffice_go import refusals, texts
from integrations.systems.poweroffice_go.declaration import (
    ARRANGEMENTS,
    FREELANCER_FORMS,
    FREELANCERS,
    FULL_TIME_HOURS,
    SYSTEM,
)
from integrations.systems.poweroffice_go.values import (
    DATES_OF_EMPLOYEE,
    NUMBERED_BY,
    ON_EMPLOYEE,
    ON_EMPLOYMENT,
    PERCENTAGES,
    SALARIES,
    SHOWN_ON_EMPLOYEE,
    Dated,
    Employment,
    archived,
    found,
    marks,
    written,
)

REFERENCE_LENGTH = 50
PATCH = "application/json-patch+json"
# How an employment that was reported is cancelled, no reason for the end of a real one.
NEVER_REPORTED = "EmploymentRelationshipShouldNeverHaveBeenReported"
LISTED = "Id,Number,ExternalNumber,ExternalImportReference,EmailAddress,FirstName,LastName,DateOfBirth,IsArchived"
WHOLE = f"{LISTED},NationalIdNumber,{','.join(SHOWN_ON_EMPLOYEE.values())},ManagerEmployeeId"
JUST_MADE = timedelta(days=2)


def _more(response: Response, page: int) -> bool | None:
    try:
        paging = json.loads(response.headers.get("X-Pagination") or "null")
    except ValueError:
        return None
    return bool(paging.get("nextPageLink")) if isinstance(paging, dict) else None


PAGES = SIGHT = NumberedPages("PageNumber", "PageSize", 5000, _more)  # "Requests": the default PageSize


def _rows(response: Response) -> list[dict[str, Any]]:
    """An empty list is a 204 without a body, never []."""
    return [] if response.status == 204 else rows_in(response)


@dataclass(frozen=True, slots=True)
class _Ready:
    """Resolved values of what lies on the employment and on the employee; None clears."""

    employment: Mapping[str, Any]
    employee: Mapping[str, Any]
    warnings: tuple[Warning, ...]


class PowerOfficeGoConnector(Connector):
    system = SYSTEM
    refusals = refusals.REFUSALS

    def setup(self) -> None:
        self.http.headers = {
            "Accept": "application/json",
            "Ocp-Apim-Subscription-Key": self.credentials.get("subscription_key", ""),
        }
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in)
        self._archived_seen: set[str] = set()  # ours for whom an archived one was passed over

    # -- sign-in -----------------------------------------------------------------------------------------

    def refused(self, response: Response) -> bool:
        found = self.trouble(response)
        return found is not None and found.status == 401 and not refusals.KEY_REFUSED.fits(found)

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        keys = (self.credentials.get("application_key", ""), self.credentials.get("client_key", ""))
        form = {"grant_type": "client_credentials"}
        classify = self.judging(rows=refusals.SIGN_IN, read=refusals.sign_in_trouble)
        return self.oauth(self.context.urls["token"], form, classify, basic=keys)

    # -- calls -------------------------------------------------------------------------------------------

    def trouble(self, response: Response) -> Trouble | None:
        return refusals.trouble(response)

    def classify(self, response: Response) -> None:
        self.judge(response, self.refusals, privilege=texts.A_PRIVILEGE)

    def _needing(self, privilege: str, field: str = "") -> Callable[[Response], None]:
        """`classify` of a call that needs this privilege and writes this field."""
        read = partial(refusals.trouble, field=field)
        return self.judging(read=read, privilege=texts.THE_PRIVILEGE(name=privilege))

    def _patch(self, path: str, privilege: str, values: Mapping[str, Any], field: str = "") -> None:
        """JSON Patch ("Requests"): None takes a value away, which is asked for only where there is one."""
        operations: list[dict[str, Any]] = [
            {"op": "remove", "path": f"/{name}"}
            if value is None
            else {"op": "replace", "path": f"/{name}", "value": written(value)}
            for name, value in values.items()
        ]
        if operations:
            body = json.dumps(operations).encode()
            self.http.patch(path, data=body, headers={"Content-Type": PATCH}, classify=self._needing(privilege, field))

    def _list(
        self, path: str, privilege: str, params: Mapping[str, Any] | None = None, *, keep_answer: bool = True
    ) -> Iterator[dict[str, Any]]:
        classify = self._needing(privilege)
        return self.pages(PAGES, path, params, rows=_rows, classify=classify, keep_answer=keep_answer)

    # -- connection --------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        info: dict[str, Any] = {}

        def company() -> Shown:
            info.update(record_in(self.http.get("ClientIntegrationInformation")))
            return text_of(info.get("ClientName")) or texts.COMPANY_UNNAMED()

        lines, known = self.try_each(
            (SIGN_IN, IN_CREDENTIALS, self._check_sign_in), (texts.COMPANY, IN_CREDENTIALS, company), needed=2
        )
        if not known:
            return lines
        valid, invalid = ({str(p) for p in info.get(f"{kind}Privileges") or ()} for kind in ("Valid", "Invalid"))
        for privilege, purpose in self._privileges():
            title = texts.PRIVILEGE(purpose=purpose, name=privilege)
            names = {privilege, f"{privilege.removesuffix('_Full')}_Full"}
            if names & valid:
                lines.append(CheckLine(True, title, texts.GRANTED()))
            elif names & invalid:
                lines.append(CheckLine(False, title, texts.MODULE_MISSING(), texts.MODULE_PLACE))
            else:
                lines.append(CheckLine(False, title, texts.NOT_GRANTED(), texts.GRANT_PLACE))
        return lines

    def _check_sign_in(self) -> Message:
        self.tokens.get()
        return texts.SIGNED_IN()

    def _privileges(self) -> Iterator[tuple[str, Shown]]:
        """What this connection needs with its settings, one by one."""
        sent = tuple(FieldName(key) for key in ON_EMPLOYEE if self.settings.get(f"send_{key}"))
        if sent:
            yield "Employee_Full", texts.WRITE_EMPLOYEES(fields=sent)
        else:
            yield "Employee", texts.FIND_EMPLOYEES
        yield "Employment_Full", texts.EMPLOYMENTS
        yield "EmploymentFtePercentage_Full", texts.PERCENTAGES
        if self.settings.get("send_remuneration_type"):
            yield "EmploymentSalary_Full", texts.SALARIES
        yield "Enterprises", texts.SUB_UNITS
        if "department" in sent:
            yield "Department", texts.DEPARTMENTS
        if "cost_centre" in sent:
            yield "Location", texts.LOCATIONS

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        record = self._employee(known_id)
        return self._whole(person, record) if record is not None and not archived(record) else None

    def searches(self, person: Person) -> Sequence[Search]:
        def living(by: str, rows: Callable[[], Sequence[dict[str, Any]]]) -> list[RemoteEmployee]:
            every = rows()
            hits = [row for row in every if not archived(row)]
            if len(hits) < len(every):
                self._archived_seen.add(person.id)
            # A row of the list of everybody holds no title and no department.
            return [found(person, hit) if by == Mark.EMAIL else self._whole(person, hit) for hit in hits]

        ways = self._ways(person.number.strip(), email_of(person.email))
        return tuple((by, value, partial(living, by, rows)) for by, value, rows in ways)

    def hint(self, person: Person) -> Message | str:
        return texts.ARCHIVED() if person.id in self._archived_seen else ""

    def _whole(self, person: Person, record: dict[str, Any]) -> RemoteEmployee:
        employee = found(person, record)
        self.ahead[employee.id] = record
        return employee

    def _employee(self, employee_id: str) -> dict[str, Any] | None:
        if not employee_id.isdigit():
            return None
        path, classify = f"Employees/{employee_id}", self._needing("Employee")
        response = self.get_or_none(path, refusals.NO_EMPLOYEE, classify=classify)
        return None if response is None else record_in(response)

    def _ways(self, number: str, email: str) -> Iterator[tuple[str, str, Callable[[], list[dict[str, Any]]]]]:
        """(by what, the value, who has it: archived ones too), the surest first."""
        steps: list[tuple[str, str]] = []
        if len(number) <= REFERENCE_LENGTH and self.settings.get("match_reference"):
            steps.append(("externalImportReference", "ExternalImportReference"))
        # These two filters take ranges ("100-200"), so nothing but one plain number may go into them.
        if re.fullmatch(r"[0-9]{1,18}", number):
            steps += [("employeeNos", "Number"), ("externalNos", "ExternalNumber")]

        def filtered(parameter: str, column: str, wanted: str) -> list[dict[str, Any]]:
            rows = self._list("Employees", "Employee", {parameter: wanted})
            return [row for row in rows if str(row.get(column)) == wanted]

        for parameter, column in steps:
            wanted = number if column == "ExternalImportReference" or not number else str(int(number))
            yield NUMBERED_BY[column], wanted, partial(filtered, parameter, column, wanted)
        if not steps:
            yield Mark.NUMBER, "", list
        yield Mark.EMAIL, email, lambda: self.once("employees", self._directory).by(Mark.EMAIL, email)

    def _directory(self) -> Directory[dict[str, Any]]:
        """Everybody, as "Employees" has no filter for e-mails. Kept in nobody's log."""
        directory = Directory[dict[str, Any]]()
        for row in self._list("Employees", "Employee", {"Fields": LISTED}, keep_answer=False):
            directory.add(str(row.get("Id")), row, email=email_of(row.get("EmailAddress")))
        return directory

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
            raise DataRefusedError(texts.SUB_UNIT_MISSING(number=number) if number else texts.NO_DEFAULT_SUB_UNIT())
        return int(hit["Id"])

    def _coded_id(self, path: str, privilege: str, code: str, field: str) -> int:
        """The id of the active department or location with a code; patches take ids only ("Employees")."""
        # The filter takes several codes with commas between them; a code with a comma is looked for in the whole list.
        params = {} if "," in code else {"codes": code}

        def look() -> list[dict[str, Any]]:
            return [row for row in self._list(path, privilege, params) if text_of(row.get("Code")) == code]

        rows = self.once(f"{path} {code}", look)
        active = [row for row in rows if row.get("IsActive") is not False]
        if active:
            return int(active[0]["Id"])
        missing, inactive = texts.CODES[field]
        raise DataRefusedError((inactive if rows else missing)(code=code))

    def _manager_ids(self, manager: Manager) -> tuple[int, ...]:
        """The ids of those who may be meant: exactly one, if all is well."""

        def look() -> tuple[int, ...]:
            for _, value, rows in self._ways(manager.number.strip(), email_of(manager.email)):
                ids = tuple(int(row["Id"]) for row in rows() if not archived(row)) if value else ()
                if ids:
                    return ids
            return ()

        return self.once(f"manager {manager.number} {manager.email}", look)

    # -- the employment ----------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        # What the match has just read is used once; reading again asks again.
        record = self.ahead.pop(employee.id, None) or self._employee(employee.id)
        if record is None:
            raise EmployeeNotFoundError(texts.EMPLOYEE_GONE())
        employments = self._employments(employee.id)
        self.ahead["read", employee.id] = record, employments
        chosen = self._choose(employments, employee.record_id)
        if chosen is None:
            return []
        return [self._remote(employee, self._with_lines(chosen), record)]

    def _employments(self, employee_id: str) -> list[Employment]:
        rows = self._list(f"Employees/{employee_id}/Employments", "Employment")
        return [Employment(row) for row in rows if row.get("EndDateReason") != NEVER_REPORTED]

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """The list of employees has no employments, and the list of all employments lacks the occupation."""
        if self.settings.get("send_company"):
            yield from self.trying(self._enterprises)
        params = {"Fields": WHOLE}
        how: dict[str, Any] = {"rows": _rows, "classify": self._needing("Employee"), "keep_answer": False}
        see = partial(self._see, written)
        yield from self.looking(self.paged(SIGHT, "Employees", params, **how), "Id", see)

    def _see(self, written: Mapping[str, str], id: str, record: dict[str, Any]) -> Looking:
        who = Seen(id, marks(record))

        def current(employments: Sequence[Employment]) -> Looking:
            try:
                chosen = self._choose(employments, written.get(who.id, ""))
            except ConnectorError as refusal:
                yield replace(who, refusal=refusal)
                return
            if chosen is None:
                yield who
            else:
                yield from self.asking(who, partial(self._with_lines, chosen), whole)

        def whole(employment: Employment) -> Seen:
            remote = partial(self._remote, RemoteEmployee(who.id), employment, record)
            return self.seen(who.id, who.marks, lambda: [remote()])

        if not archived(record):
            yield from self.asking(who, partial(self._employments, who.id), current)

    def _choose(self, employments: Sequence[Employment], record_id: str) -> Employment | None:
        """The one that we wrote last; else the default among those that are not over, else the last that was."""
        ours = next((e for e in employments if e.id == record_id), None)
        if ours is not None:
            return ours
        live = [e for e in employments if not e.over(self.context.today)]
        default = [e for e in live if e.body.get("IsDefault")]
        if len(live) > 1 and len(default) != 1:
            raise DataRefusedError(texts.EMPLOYMENT_NOT_UNIQUE(number=len(live)))
        if live:
            return (default or live)[0]
        return max(employments, key=lambda e: (e.end or date.min, e.start or date.min), default=None)

    @property
    def _dated(self) -> tuple[Dated, ...]:
        """What of an employment stands in dated lines, and is sent by this connection."""
        return (PERCENTAGES, SALARIES) if self.settings.get("send_remuneration_type") else (PERCENTAGES,)

    def _with_lines(self, employment: Employment) -> Employment:
        return replace(employment, lines={dated.ours: self._lines(employment, dated) for dated in self._dated})

    def _lines(self, employment: Employment, dated: Dated) -> list[dict[str, Any]]:
        # Of a salary, its amount is nobody's business here.
        params = {"Fields": f"Id,FromDate,{dated.name}"} if dated is SALARIES else {}
        rows = self._list(f"Employees/Employments/{employment.id}/{dated.path}", dated.privilege, params)
        return sorted(rows, key=lambda r: (str(r.get("FromDate")), int(r.get("Id") or 0)))

    def _remote(self, employee: RemoteEmployee, employment: Employment, record: Mapping[str, Any]) -> Remote:
        body = employment.body
        values: dict[str, Any] = {
            key: text_of(body[name]) for key, name in ON_EMPLOYMENT.items() if key != "company" and name in body
        }
        values |= self._on_employee(employee, record)
        if self._tells_freelancers and body.get("EmploymentType") == FREELANCERS and values.get("contract_type"):
            values["contract_type"] = f"{FREELANCERS}/{values['contract_type']}"
        values |= {"start_date": employment.start, "end_date": employment.end}
        values |= {dated.ours: employment.on(dated, self.context.today) for dated in self._dated}
        if "EnterpriseId" in body and self.settings.get("send_company"):
            enterprise = str(body.get("EnterpriseId") or "")
            values["company"] = text_of(self._enterprises().get(enterprise, {}).get("EnterpriseNo")) or enterprise
        renews_from = None
        if employment.end is not None:
            # The day after the end carries an employment on; one that was reported as ended is never carried on.
            renews_from = employment.end + timedelta(days=1) if employment.closed else after_a_gap(employment.end)
        rows = {dated.ours: employment.rows(dated) for dated in self._dated}
        return Remote(employment.id, values, raw=employment, renews_from=renews_from, rows=rows)

    def _on_employee(self, employee: RemoteEmployee, record: Mapping[str, Any]) -> dict[str, Any]:
        """Our fields that stand on the employee, as far as they are shown."""
        values: dict[str, Any] = {
            key: text_of(record[name]) for key, name in SHOWN_ON_EMPLOYEE.items() if name in record
        }
        values |= {key: sure_date(values[key]) for key in DATES_OF_EMPLOYEE if key in values}
        if "manager" in values:
            values["manager"] = self._manager_number(employee.raw, record)
        return values

    def _manager_number(self, ours: Manager | None, record: Mapping[str, Any]) -> str | None:
        """The manager there, as we number managers here: theirs may be matched by something else than the number."""
        theirs, number = record.get("ManagerEmployeeId"), text_of(record.get("ManagerEmployeeNo"))
        if ours is None or not theirs or number == ours.number or not self.settings.get("send_manager"):
            return number
        return ours.number if self._manager_ids(ours) == (theirs,) else number

    # -- writing -----------------------------------------------------------------------------------------

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """A new employment. One that an earlier try has made, whose answer got lost, is carried on instead."""
        record, employments = self.ahead["read", employee.id]
        values = {key: value for key, value in wanted.values.items() if value not in (None, "")}
        on_employee = self._on_employee(employee, record)
        kept = self.stays_of(wanted, on_employee)
        ready = self._ready(person, {key: value for key, value in values.items() if key not in kept}, {})
        enterprise = ready.employment.get("EnterpriseId") or self._enterprise_id(None)
        live = [e for e in employments if not e.over(wanted.start)]
        for twin in live:
            same = (wanted.start, values["occupation_code"], enterprise)
            if (twin.start, text_of(twin.body.get("ProfessionCode")), twin.body.get("EnterpriseId")) == same:
                remote = self._remote(employee, self._with_lines(twin), record)
                into = self.write_into(employee, person, remote, wanted)
                # Ours or a clerk's, nobody knows: its start is not remembered as ours, so it is not deleted as ours.
                there = Warning(texts.WAS_THERE(start=wanted.start), "start_date")
                return replace(into, warnings=(*into.warnings, there))
        if live:
            raise DataRefusedError(texts.EMPLOYMENT_IN_THE_WAY(start=str(live[0].start)))
        body = {
            **{name: written(value) for name, value in ready.employment.items()},
            "EnterpriseId": enterprise,
            "EmploymentType": ready.employment.get("EmploymentType") or self._usual_type,
            "IsDefault": True,
        }
        path = f"Employees/{employee.id}/Employments"
        made = Employment(record_in(self.http.post(path, json=body, classify=self._needing("Employment_Full"))))
        if not made.body.get("Id"):
            raise UnclearOutcomeError(texts.ID_MISSING())
        # Whether a new employment brings a percentage line along is not documented, so the lines are asked for.
        made = self._with_lines(made)
        warnings = [w for dated in self._dated for w in self._write_lines(made, dated, self._rows(made, dated, wanted))]
        # What we wrote with the employment before stands on the employee still, as its last day of work does.
        cleared = {
            ON_EMPLOYEE[key]: None
            for key, old in on_employee.items()
            if key in wanted.values and key not in values and old is not None and wanted.wrote.get(key) == old
        }
        self._write_employee(employee, record, cleared | dict(ready.employee))
        return Written(made.id, (*ready.warnings, *warnings), not_ours=kept)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        employment: Employment = remote.raw
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
            employment = self._move_first_lines(employment, start)
        just_made = employment.id != employee.record_id and self._just_made(employment, wanted)
        warnings = list(ready.warnings)
        for dated in self._dated:
            if dated.ours in changes:
                rows = () if just_made else changes[dated.ours].rows
                warnings += self._write_lines(employment, dated, rows or self._rows(employment, dated, wanted))
        self._patch(f"Employees/{employee.id}", "Employee_Full", ready.employee)
        return Written(remote.id, tuple(warnings))

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        """Deleted; one that was reported ends on its first day as one that should never have been."""
        employment: Employment = remote.raw
        self._require_open(employment, {"end_date": Change(None, None)})
        path = f"Employees/{employee.id}/Employments/{remote.id}"
        try:
            self.http.delete(path, classify=self._needing("Employment_Full"))
        except DataRefusedError as error:
            if error.vendor_code != "409":
                raise
            never = {"EndDate": employment.start, "EndDateReason": NEVER_REPORTED}
            self._patch(path, "Employment_Full", never)
            return Written(remote.id, note=texts.CANCELLED())
        return Written(remote.id)

    def _require_open(self, employment: Employment, changes: Mapping[str, Change]) -> None:
        if employment.closed and {*ON_EMPLOYMENT, PERCENTAGES.ours, SALARIES.ours} & set(changes):
            raise DataRefusedError(texts.EMPLOYMENT_CLOSED(end=employment.end))

    def _ready(self, person: Person, values: Mapping[str, Any], old: Mapping[str, Any]) -> _Ready:
        """Everything is looked up before the first write, so that nothing is half written for want of a department."""
        on_employment = {name: values[key] for key, name in ON_EMPLOYMENT.items() if key in values}
        on_employee = {name: values[key] for key, name in ON_EMPLOYEE.items() if key in values}
        if values.get("working_hours_scheme"):
            on_employment["FullTimeHoursPerWeek"] = self._full_week(values["working_hours_scheme"])
        if values.get("contract_type"):
            kind, _, on_employment["EmploymentForm"] = values["contract_type"].rpartition("/")
            if kind or str(old.get("contract_type")).startswith(FREELANCERS):
                on_employment["EmploymentType"] = kind or self._usual_type
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
            ids = self._manager_ids(person.manager or Manager(str(values["manager"])))
            if len(ids) == 1:
                on_employee["ManagerEmployeeId"] = ids[0]
            else:
                del on_employee["ManagerEmployeeId"]
                number = str(values["manager"])
                said = (
                    texts.MANAGER_NOT_UNIQUE(found=len(ids), number=number)
                    if ids
                    else texts.MANAGER_MISSING(number=number)
                )
                warnings.append(Warning(said, "manager"))
        return _Ready(on_employment, on_employee, tuple(warnings))

    @property
    def _usual_type(self) -> str:
        return str(self.settings.get("employment_type") or "Ordinary")

    @property
    def _tells_freelancers(self) -> bool:
        """Whether the connection says who is a freelancer; where it does not, the type there is a clerk's."""
        rows = self.settings.get("employment_forms") or {}
        return not dict(FREELANCER_FORMS).keys().isdisjoint(rows.values())

    def _full_week(self, arrangement: str) -> Decimal:
        hours = FULL_TIME_HOURS.of(arrangement, self.settings)
        if not hours:
            raise DataRefusedError(texts.FULL_WEEK_MISSING(scheme=Label(dict(ARRANGEMENTS)[arrangement])))
        return hours

    def _write_employee(self, employee: RemoteEmployee, record: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        differs = {name: value for name, value in values.items() if record.get(name) != written(value)}
        self._patch(f"Employees/{employee.id}", "Employee_Full", differs)

    # -- dated lines -------------------------------------------------------------------------------------

    def _rows(self, employment: Employment, dated: Dated, wanted: Wanted) -> Timeline:
        """What an employment is to have that we made, up to today."""
        timeline, start = wanted.timeline(dated.ours), employment.start or wanted.start
        days = {start, *(day for day, _ in (*timeline, *employment.rows(dated)))}
        return [(day, at(timeline, day)) for day in sorted(days) if start <= day <= max(start, self.context.today)]

    def _just_made(self, employment: Employment, wanted: Wanted) -> bool:
        """Whether an employment that we do not know of is most likely one whose answer got lost."""
        made = employment.made
        return made is not None and employment.start == wanted.start and self.context.now() - made < JUST_MADE

    def _write_lines(self, employment: Employment, dated: Dated, rows: Timeline) -> list[Warning]:
        """A line from each day on that has no such one: an edit where that day has a line. No line is ever taken
        away. A salary's amount is never sent, so that whoever pays is told to look at it."""
        path, privilege = f"Employees/Employments/{employment.id}/{dated.path}", f"{dated.privilege}_Full"
        lines = {date_of(line.get("FromDate")): line for line in employment.lines[dated.ours]}
        held, touched = employment.rows(dated), []
        for day, value in rows:
            line = lines.get(day)
            if value is None or at(held, day) == value:
                continue
            held = put(held, day, value)
            touched.append(day)
            if line is None:
                body = {"FromDate": day.isoformat(), dated.name: written(value)}
                self.http.post(path, json=body, classify=self._needing(privilege, dated.ours))
            else:
                self._patch(f"{path}/{line['Id']}", privilege, {dated.name: value}, dated.ours)
        return [Warning(texts.AMOUNT_TO_BE_FILLED_IN(start=day)) for day in touched if dated is SALARIES]

    def _move_first_lines(self, employment: Employment, start: date) -> Employment:
        """The first lines go with a start date that they began on, so that no day of the employment is without one."""
        for dated in self._dated:
            if not employment.lines[dated.ours]:
                continue
            first, *later = employment.lines[dated.ours]
            others = [date_of(line.get("FromDate")) or date.min for line in later]
            if date_of(first.get("FromDate")) != employment.start or any(day <= start for day in others):
                continue
            path = f"Employees/Employments/{employment.id}/{dated.path}/{first['Id']}"
            self._patch(path, f"{dated.privilege}_Full", {"FromDate": start}, dated.ours)
            moved = ({**first, "FromDate": start.isoformat()}, *later)
            employment = replace(employment, lines={**employment.lines, dated.ours: moved})
        return employment
