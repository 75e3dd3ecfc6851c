"""Fortnox Lön: one employee record, which holds the current employment.

Documents named below are pages of Fortnox' developer site (fortnox.se/developer); fields are those of its OpenAPI
(apps.fortnox.se/apidocs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote

from integrations.sdk import (
    ALLOWED,
    IN_CREDENTIALS,
    IN_SENT_SETTINGS,
    SIGN_IN,
    Change,
    CheckLine,
    Connector,
    ConnectorError,
    DataRefusedError,
    Directory,
    EveryMark,
    FieldName,
    Grant,
    Looking,
    Mark,
    Marks,
    Message,
    NotAuthorizedError,
    NumberedPages,
    Person,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Seen,
    Tokens,
    Trouble,
    Wanted,
    Warning,
    Written,
    after_a_gap,
    date_of,
    email_of,
    fingerprint,
    number_of,
    oauth_trouble,
    plain,
    record_in,
    rows_in,
    sure_date,
    text_of,
)
from integrations.systems.fortnox import refusals, texts
from integrations.systems.fortnox.declaration import SYSTEM

BLANK = "API_BLANK"  # "Delete values": the word that empties a field; an empty text leaves it as it is
EMPLOYEE_ID_LENGTH = 15

# What Fortnox needs to pick an employee's salary agreement, and the setting that gives it where Fortnox has nothing.
AGREEMENT = {
    "PersonelType": "personel_type",
    "SalaryForm": "salary_form",
    "EmploymentForm": "employment_form",
}


def _more_pages(response: Response, page: int) -> bool | None:
    pages = number_of((response.json().get("MetaInformation") or {}).get("@TotalPages"))
    return None if pages is None else page < pages


PAGES = SIGHT = NumberedPages("page", "limit", 500, _more_pages)  # "Parameters": the largest `limit`


class FortnoxConnector(Connector):
    system = SYSTEM
    refusals = refusals.REFUSALS

    def setup(self) -> None:
        self.http.headers = {"Accept": "application/json"}
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in)

    # -- sign-in -----------------------------------------------------------------------------------------

    def trouble(self, response: Response) -> Trouble | None:
        found = refusals.trouble(response)
        if found and found.field == "cost_centre" and not self.settings.get("send_cost_centre"):
            found = replace(found, field="department")  # what we send there instead
        return found

    def refused(self, response: Response) -> bool:
        found = self.trouble(response)
        return response.status == 401 or (found is not None and found.code in refusals.SIGN_IN_CODES)

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        """A refresh token dies with its first use ("Get refresh token"); the one that follows is kept, with the typed
        one from which it descends."""
        client_id, secret = self.credentials.get("client_id", ""), self.credentials.get("client_secret", "")
        tenant, typed = self.credentials.get("tenant_id", ""), self.credentials.get("refresh_token", "")
        chain = {name: str(kept[name]) for name in ("descends_from", "refresh_token") if name in kept}
        if tenant:
            form = {"grant_type": "client_credentials"}
        elif typed:
            if chain.get("descends_from") != fingerprint(client_id, typed):
                chain = {"descends_from": fingerprint(client_id, typed), "refresh_token": typed}
            form = {"grant_type": "refresh_token", "refresh_token": chain["refresh_token"]}
        else:
            raise NotAuthorizedError(texts.NO_CREDENTIALS())
        return self.oauth(
            self.context.urls["oauth"].rstrip("/") + "/token",
            form,
            self.judging(rows=refusals.SIGN_IN, read=oauth_trouble),
            *(() if tenant else ("refresh_token",)),
            basic=(client_id, secret),
            headers={"TenantId": tenant} if tenant else {},
            **chain,
        )

    # -- connection --------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        lines, signed_in = self.try_each(
            (SIGN_IN, IN_CREDENTIALS, self._check_sign_in),
            (texts.EMPLOYEES, texts.EMPLOYEES_PLACE, partial(self._allowed, "employees")),
            needed=1,
        )
        if not signed_in:
            return lines
        sent = [bool(self.settings.get(f"send_{name}")) for name in ("cost_centre", "department")]
        if any(sent):
            lines.append(
                self.tried(texts.COST_CENTRES, texts.COST_CENTRES_PLACE, partial(self._allowed, "costcenters"))
            )
        if all(sent):
            lines.append(CheckLine(False, texts.ONE_SOURCE, texts.TWO_SOURCES(), IN_SENT_SETTINGS))
        lines.append(self._company())
        return lines

    def _check_sign_in(self) -> Message:
        self.tokens.get()
        return texts.SIGNED_IN()

    def _allowed(self, path: str) -> Message:
        self.http.get(path, params={"limit": 1}, keep_answer=False)
        return ALLOWED()

    def _company(self) -> CheckLine:
        """Which company this is: a help for the reader, for which syncing needs no right."""
        try:
            company = record_in(self.http.get("companyinformation"), "CompanyInformation")
        except ConnectorError:
            return CheckLine(True, texts.COMPANY, texts.COMPANY_HIDDEN())
        parts = (company.get("CompanyName"), company.get("OrganizationNumber"))
        return CheckLine(True, texts.COMPANY, ", ".join(str(part) for part in parts if part))

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        return self._found(self._employee(known_id))

    def searches(self, person: Person) -> Sequence[Search]:
        number, email, national_id = person.number.strip(), email_of(person.email), person.national_id

        def by_number() -> Iterator[RemoteEmployee]:
            if len(number) <= EMPLOYEE_ID_LENGTH and (found := self._found(self._employee(number))):
                yield found

        def listed(mark: Mark, value: str) -> list[RemoteEmployee]:
            return self.once("employees", self._directory).by(mark, value)

        return (
            (Mark.NUMBER, number, by_number),
            (Mark.NATIONAL_ID, plain(Mark.NATIONAL_ID, national_id), partial(listed, Mark.NATIONAL_ID, national_id)),
            (Mark.EMAIL, email, partial(listed, Mark.EMAIL, email)),
        )

    def _found(self, record: dict[str, Any] | None) -> RemoteEmployee | None:
        if record is None:
            return None
        number = str(record.get("EmployeeId"))
        self.ahead[number] = record
        return RemoteEmployee(number, marks=_marks(record))

    def _employee(self, number: str) -> dict[str, Any] | None:
        return self._lookup(f"employees/{quote(number, safe='')}", "Employee")

    def _lookup(self, path: str, wrapper: str) -> dict[str, Any] | None:
        response = self.get_or_none(path, *refusals.MISSING)
        return None if response is None else record_in(response, wrapper)

    def _directory(self) -> Directory[RemoteEmployee]:
        """There is no search, and leaving out the inactive ones would hide who comes back."""
        directory = Directory[RemoteEmployee]()
        for record in self.pages(PAGES, "employees", rows=_employees, keep_answer=False):
            if number := text_of(record.get("EmployeeId")):
                marks = _marks(record)
                found = RemoteEmployee(number, marks=marks)
                directory.add(number, found, national_id=marks.national_id, email=marks.email)
        return directory

    # -- the employment ----------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        return [self._remote(employee.id, self.ahead.pop(employee.id, None) or self._current(employee))]

    def _remote(self, id: str, record: Mapping[str, Any]) -> Remote:
        values = _values(record)
        renews = after_a_gap(values["end_date"]) if self.settings.get("send_start_date") else None
        return Remote(id, values, raw=record, renews_from=renews)

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """The contract says that the list shows an employee's whole record; where it does not, each is read."""

        def see(id: str, row: dict[str, Any]) -> Looking:
            who = Seen(id, EveryMark.of(_marks(row)))
            read = partial(self._seen, who)
            if set(row) >= _WHOLE:
                yield read(row)
            else:
                yield from self.asking(who, lambda: self._current(RemoteEmployee(who.id)), read)

        yield from self.looking(self.paged(SIGHT, "employees", rows=_employees, keep_answer=False), "EmployeeId", see)

    def _seen(self, who: Seen, record: Mapping[str, Any]) -> Seen:
        return self.seen(who.id, who.marks, lambda: [self._remote(who.id, record)])

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """A new employment after a gap, written into the employee's one record."""
        record = self._current(employee)
        return self.write_into(employee, person, Remote(employee.id, _values(record), raw=record), wanted)

    def _current(self, employee: RemoteEmployee) -> dict[str, Any]:
        record = self._employee(employee.id)
        if record is None:
            raise self.gone(employee)
        return record

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        """Sends the changed fields alone: what is read holds salaries and balances that must not go back."""
        body = {SYSTEM.field(key).remote: _written(key, change.new) for key, change in changes.items()}
        if body.get("CostCenter", BLANK) != BLANK:
            self._require_cost_centre(
                str(body["CostCenter"]), "cost_centre" if "cost_centre" in changes else "department"
            )
        filled = {
            name: self.settings[setting]
            for name, setting in AGREEMENT.items()
            if not remote.raw.get(name) and name not in body and self.settings.get(setting)
        }
        body |= filled
        try:
            response = self.http.put(
                f"employees/{quote(employee.id, safe='')}",
                json={"Employee": body},
                classify=self.judging(refusals.GONE, employee=employee.id),
            )
        except DataRefusedError as error:
            if body.get("EmployedTo") == BLANK and error.field in ("", "end_date"):
                error.said = texts.END_NOT_CLEARABLE(refusal=error.said)
            raise
        record = record_in(response, "Employee")
        shown = {key: value for key, value in _values(record).items() if SYSTEM.field(key).remote in record}
        warnings = self.not_taken(shown, changes, texts.ON_THE_EMPLOYEE, end_date=texts.END_STAYS)
        lost = self._lost_schedules(remote.raw, record) if "working_hours_scheme" in changes else ()
        told = (*warnings, *lost, *self._inactive(record, wanted))
        return Written(employee.id, told, not_ours=frozenset(f.ours for f in SYSTEM.fields if f.remote in filled))

    def _lost_schedules(self, before: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Warning]:
        """What becomes of schedules of days to come, when one without a day is written, is not documented. An answer
        without the list says nothing of them."""
        if "DatedSchedules" not in record:
            return
        lost = self._planned(before).items() - self._planned(record).items()
        if lost:
            said = tuple(texts.SCHEDULE(day=day, code=code) for day, code in sorted(lost))
            yield Warning(texts.SCHEDULES_LOST(schedules=said))

    def _planned(self, record: Mapping[str, Any]) -> dict[date, str]:
        """Schedules that begin on a day to come."""
        listed = record.get("DatedSchedules")
        rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
        days = ((date_of(row.get("FirstDay")), text_of(row.get("ScheduleId")) or "") for row in rows)
        return {day: code for day, code in days if day and day > self.context.today}

    def _require_cost_centre(self, code: str, key: str) -> None:
        record = self.once(
            f"cost centre {code}", lambda: self._lookup(f"costcenters/{quote(code, safe='')}", "CostCenter") or {}
        )
        inactive = record.get("Active") in (False, "false")
        if record and not inactive:
            return
        text = texts.COST_CENTRE_INACTIVE if inactive else texts.COST_CENTRE_MISSING
        raise DataRefusedError(text(code=code, field=FieldName(key)), field=key)

    def _inactive(self, record: Mapping[str, Any], wanted: Wanted) -> Iterator[Warning]:
        if record.get("Inactive") in (True, "true") and (wanted.end is None or wanted.end >= self.context.today):
            yield Warning(texts.INACTIVE())


# -- values ----------------------------------------------------------------------------------------------


def _employees(response: Response) -> list[dict[str, Any]]:
    return rows_in(response, "Employees")


def _values(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record in the form in which our translation gives values; what it does not show is left out, but the dates
    that make the employment."""
    values: dict[str, Any] = {ours: read(record[name]) for ours, name, read in _SHOWN if name in record}
    dates = {ours: sure_date(record.get(name)) for ours, name in _DATES.items()}
    return {**values, **dates}


def _share(value: Any) -> Decimal | str | None:
    rate = _number(value)
    return round(rate, 4) if isinstance(rate, Decimal) else rate


def _written(key: str, value: Any) -> Any:
    """One of our translated values as JSON; None empties the field."""
    if value is None:
        return BLANK
    if isinstance(value, date):
        return value.isoformat()
    if key == "percentage":
        return float(value)
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _number(value: Any) -> Decimal | str | None:
    text = text_of(value)
    if text is None:
        return None
    number = number_of(text, comma=True)
    return text if number is None else number


_DATES = {"start_date": "EmploymentDate", "end_date": "EmployedTo"}
_SHOWN: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("title", "JobTitle", text_of),
    ("contract_type", "EmploymentForm", text_of),
    ("remuneration_type", "SalaryForm", text_of),
    ("weekly_hours", "AverageWeeklyHours", _number),
    ("percentage", "FullTimeEquivalent", _share),
    ("cost_centre", "CostCenter", text_of),
    ("department", "CostCenter", text_of),
    ("working_hours_scheme", "ScheduleId", text_of),
)
# What the list must show, or each employee is read.
_WHOLE = {*(name for _, name, _ in _SHOWN), *_DATES.values()}


def _marks(record: Mapping[str, Any]) -> Marks:
    names = ("EmployeeId", "PersonalIdentityNumber", "Email", "FirstName", "LastName")
    number, national_id, email, first, last = (text_of(record.get(name)) or "" for name in names)
    full = text_of(record.get("FullName")) or ""
    return Marks(number, national_id, email, None, first, last or ("" if first else full))
