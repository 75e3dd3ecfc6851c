"""Tripletex (API 2.0): employments, each with dated rows of details, and references by id.

Sources named in the comments: the contract openapi.json 2.74.00, the README, FAQ and changelog of
github.com/Tripletex/tripletex-api2, and developer.tripletex.no.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sdk import (
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    Directory,
    EveryMark,
    Grant,
    Label,
    Looking,
    Mark,
    Message,
    NotAuthorizedError,
    OffsetPages,
    Person,
    Register,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Seen,
    Shown,
    StaleError,
    Tokens,
    Trouble,
    UnavailableError,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    at,
    date_of,
    digits_of,
    held_since,
    nearest,
    no_sign_in,
    number_of,
    plain,
    record_in,
    rows_in,
    sure_date,
    text_of,
)
from integrations.systems.tripletex import refusals, texts
from integrations.systems.tripletex.declaration import HOURS_LABELS, SHIFT_HOURS, SYSTEM
from integrations.systems.tripletex.terms import (
    NOT_CHOSEN,
    ROW_FIELDS,
    TERMS,
    employment_form,
    in_force,
    rows_of,
    taken_over,
    terms_of,
)

# Tripletex' own way to cancel an employment, which cannot be deleted there: no reason for the end of a real one.
WRONGLY_REPORTED = "EMPLOYMENT_END_WRONGLY_REPORTED"

PAGES = OffsetPages("from", "count", 1000)
SIGHT = OffsetPages("from", "count", SYSTEM.sight.page)
OSLO = ZoneInfo("Europe/Oslo")
SESSION_DAYS = 2

EMPLOYEE = "id,firstName,lastName,employeeNumber,email,dateOfBirth,nationalIdentityNumber,dnumber"
EMPLOYMENT = (
    "id,version,employee(id,version,department(id,departmentNumber)),startDate,endDate,employmentEndReason,division(id,organizationNumber),"
    "employmentDetails(*,occupationCode(id,code),maritimeEmployment(*))"
)
EVERYBODY = f"{EMPLOYEE},employments({EMPLOYMENT})"
STANDARD_TIME = "id,version,employee(id),fromDate,hoursPerDay"
DEPARTMENTS = ("department", "cost_centre")  # of ours, that may be the employee's department there
PERIOD_FIELDS = {"start_date": "startDate", "end_date": "endDate", "end_reason": "employmentEndReason"}


class TripletexConnector(Connector):
    system = SYSTEM
    refusals = refusals.REFUSALS

    def setup(self) -> None:
        company = self.credentials.get("company_id") or "0"
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in, header=lambda token: _basic(company, token))

    # -- session tokens ----------------------------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        """By POST, which keeps the secrets out of the address; by PUT where an older Tripletex has no POST.

        A session token dies when Norwegian time passes midnight at the start of its expiration date
        (developer.tripletex.no, Authentication and tokens).
        """
        now = self.context.now()
        expires = now.astimezone(OSLO).date() + timedelta(days=SESSION_DAYS)
        given = {
            "consumerToken": self.credentials.get("consumer_token", ""),
            "employeeToken": self.credentials.get("employee_token", ""),
            "expirationDate": expires.isoformat(),
        }
        path, classify = "token/session/:create", self.judging(rows=refusals.SIGN_IN)
        by_post = self.judging(rows=refusals.SIGN_IN, read=refusals.session_trouble)
        answer = self.http.post(path, json=given, sign=False, write=False, classify=by_post)
        if refusals.no_such_call(answer):
            answer = self.http.put(path, params=given, sign=False, write=False, classify=classify)
        session, end = answer.json_object().get("value"), datetime.combine(expires, time.min, OSLO)
        if not isinstance(session, dict):
            raise no_sign_in(answer)
        return Grant(str(session.get("token") or ""), (end - now).total_seconds())

    # -- answers -----------------------------------------------------------------------------------------

    def trouble(self, response: Response) -> Trouble | None:
        return refusals.trouble(response)

    def classify(self, response: Response) -> None:
        super().classify(response)
        found = self.trouble(response)
        if found is not None:
            raise refusals.of_data(response, found, self.settings)

    def _classify_update(self, response: Response) -> None:
        """As `classify`, for a record that was just read."""
        self.judge(response, (refusals.GONE,))
        self.classify(response)

    def _list(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """`fullResultSize` is not the total (README, "Response envelope"), so a short page is what ends the list."""
        return self.pages(PAGES, path, params, rows=_values)

    # -- the check ---------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        departments = (texts.DEPARTMENTS, texts.ACCESS_PLACE, self._check_departments)
        return self.try_each(
            (texts.LOG_IN, texts.TOKEN_PLACE, self._check_login),
            (texts.EMPLOYEES, texts.ACCESS_PLACE, self._check_employees),
            (texts.EMPLOYMENTS, texts.ACCESS_PLACE, self._check_employments),
            (texts.DIVISIONS, texts.DIVISIONS_PLACE, self._check_divisions),
            *([departments] if any(self.settings.get(f"send_{key}") for key in DEPARTMENTS) else []),
            (texts.OCCUPATION_CODES, texts.ACCESS_PLACE, self._check_occupation_codes),
            needed=1,
        )[0]

    def _check_login(self) -> Message:
        answer = self.http.get("token/session/%3EwhoAmI")
        return texts.COMPANY(company=str(record_in(answer, "value").get("companyId")))

    def _check_employees(self) -> CheckLine | Shown:
        found = self._first("employee", EMPLOYEE)
        return CheckLine(False, "", texts.BIRTH_DATES_HIDDEN()) if found and "dateOfBirth" not in found[0] else ""

    def _check_employments(self) -> CheckLine | Shown:
        rows = self._first("employee/employment/details", "id,date,percentageOfFullTimeEquivalent,annualSalary")
        hidden = rows and "annualSalary" not in rows[0] and self.settings.get("details_from") != "row"
        return CheckLine(False, "", texts.WAGES_HIDDEN()) if hidden else ""

    def _check_divisions(self) -> CheckLine | Shown:
        divisions, default = self._divisions, self.settings.get("default_division")
        if not divisions:
            return CheckLine(False, "", texts.NO_DIVISIONS())
        if default and default not in divisions:
            return CheckLine(False, "", texts.NO_DEFAULT_DIVISION(number=default))
        return texts.DIVISIONS_REGISTERED(number=len(divisions))

    def _check_departments(self) -> Shown:
        self._first("department", "id,departmentNumber")
        return ""

    def _check_occupation_codes(self) -> Shown:
        self._first("employee/employment/occupationCode", "id,code")
        return ""

    def _first(self, path: str, fields: str) -> list[dict[str, Any]]:
        """One item, to see what the token may see; none where there are too many to list at all."""
        try:
            return _values(self.http.get(path, params={"count": 1, "fields": fields}))
        except DataRefusedError as error:
            if error.vendor_code != refusals.TOO_MANY_HITS:
                raise
            return []

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        if not known_id.isdigit():
            return None
        answer = self.get_or_none(f"employee/{known_id}", refusals.MISSING, params={"fields": EMPLOYEE})
        return None if answer is None else _employee(record_in(answer, "value"), person)

    def searches(self, person: Person) -> Sequence[Search]:
        """Each hit is checked here: a filter may be "containing" (e-mail), and one that Tripletex does not know is
        ignored without a word, so that everybody comes back."""
        number, email = person.number.strip(), person.email.strip()
        national_id = plain(Mark.NATIONAL_ID, person.national_id)

        def those_with(name: str, value: str) -> list[RemoteEmployee]:
            found = self._list("employee", **{name: value}, fields=EMPLOYEE)
            return [_employee(e, person) for e in found if _same_text(e.get(name), value)]

        def those_of() -> list[RemoteEmployee]:
            return [_employee(e, person) for e in self._everybody().by(Mark.NATIONAL_ID, national_id)]

        return (
            (Mark.NUMBER, number, lambda: those_with("employeeNumber", number)),
            (Mark.NATIONAL_ID, national_id, those_of),
            (Mark.EMAIL, email, lambda: those_with("email", email)),
        )

    def hint(self, person: Person) -> Message | str:
        return texts.NO_NATIONAL_IDS() if person.national_id and not self._everybody() else ""

    def _everybody(self) -> Directory[dict[str, Any]]:
        return self.once("by national id", self._by_national_id)

    def _by_national_id(self) -> Directory[dict[str, Any]]:
        """There is no filter for it, so that everybody is looked through, once per turn."""
        directory = Directory[dict[str, Any]]()
        try:
            for employee in self._list("employee", fields=EMPLOYEE):
                if numbers := _national_ids(employee):
                    directory.add(str(employee["id"]), employee, national_id=numbers)
        except DataRefusedError as error:
            if error.vendor_code != refusals.TOO_MANY_HITS:
                raise
            return Directory()  # more than 10,000 employees are not listed: this way of matching is closed
        return directory

    # -- reading -----------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        times = self._standard_times(employee.id) if self.settings.get("send_weekly_hours") else []
        found = self._list("employee/employment", employeeId=employee.id, fields=EMPLOYMENT)
        return self._remotes([e for e in found if _whose(e) == employee.id], times)

    def _remotes(self, employments: Sequence[dict[str, Any]], times: Sequence[dict[str, Any]]) -> list[Remote]:
        return [self._remote(e, times) for e in employments if e.get("employmentEndReason") != WRONGLY_REPORTED]

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """With the employments and their rows in the list itself (README, "Fields filtering"). No list holds more than
        10 000, and there is no filter that would part it. Standard times are listed for one employee alone: without an
        `employeeId`, for the owner of the token (the contract)."""

        def see(id: str, employee: dict[str, Any]) -> Looking:
            if "employments" not in employee:
                raise NotAuthorizedError(texts.EMPLOYMENTS_HIDDEN())
            who, employments = Seen(id, _marks(employee)), employee["employments"] or []
            if employments and self.settings.get("send_weekly_hours"):
                yield from self.asking(who, partial(self._standard_times, id), partial(seen, who, employments))
            else:
                yield seen(who, employments, ())

        def seen(who: Seen, employments: Sequence[dict[str, Any]], times: Sequence[dict[str, Any]]) -> Seen:
            return self.seen(who.id, who.marks, lambda: self._remotes(employments, times))

        yield from self.looking(
            self.paged(SIGHT, "employee", {"fields": EVERYBODY}, rows=_values, keep_answer=False), "id", see
        )

    def _remote(self, employment: dict[str, Any], times: Sequence[dict[str, Any]]) -> Remote:
        if not {"startDate", "endDate", "employmentDetails"} <= set(employment):
            raise NotAuthorizedError(texts.EMPLOYMENTS_HIDDEN())
        employment["employmentDetails"] = employment["employmentDetails"] or []
        start, end = sure_date(employment["startDate"]), sure_date(employment["endDate"])
        employment["standardTimes"] = list(times)
        values: dict[str, Any] = {"start_date": start, "end_date": end}
        if "employmentEndReason" in employment:
            values["end_reason"] = employment["employmentEndReason"] or None
        if "division" in employment:
            values |= _division(employment["division"])
        values |= self._department_shown(employment.get("employee") or {})
        values |= self._terms_on(employment, self._counts_on(start, end))
        rows = rows_of(employment["employmentDetails"]) if self._adds_rows else {}
        return Remote(str(employment["id"]), values, employment.get("version"), employment, rows=rows)

    @property
    def _adds_rows(self) -> bool:
        """Whether a change of terms gets a row of its own; else the row in force is corrected."""
        return self.settings.get("details_from") != "row"

    def _terms_on(self, employment: Mapping[str, Any], day: date) -> dict[str, Any]:
        """The dated terms as they hold on a day."""
        terms = terms_of(in_force(employment["employmentDetails"], "date", day))
        if self.settings.get("send_weekly_hours"):
            time = in_force(employment["standardTimes"], "fromDate", day, or_first=False)
            terms["weekly_hours"] = number_of(time.get("hoursPerDay")) if time else None
        return terms

    def _counts_on(self, start: date | None, end: date | None) -> date:
        """The day whose terms are compared: today, or the nearest day of the period."""
        return nearest(self.context.today, start or self.context.today, end)

    # -- writing -----------------------------------------------------------------------------------------

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        raw = employee.raw or {}
        if "dateOfBirth" in raw and not raw["dateOfBirth"]:
            raise DataRefusedError(texts.BIRTH_DATE_MISSING(whom=person.name))
        values = wanted.values
        period = {name: value for name, value in self._period_body(values, values).items() if value is not None}
        body: dict[str, Any] = {"employee": {"id": int(employee.id)}, **period}
        if self.settings.get("tax_deduction_code"):
            body["taxDeductionCode"] = self.settings["tax_deduction_code"]
        row = self._row_body({k: values[k] for k in TERMS if values.get(k) is not None}, {})
        body["employmentDetails"] = [{"date": wanted.start.isoformat(), **row}]
        department = self._department_wanted(values)
        made = _written(self.http.post("employee/employment", json=body))
        warnings = self._weekly_hours(employee.id, wanted, self._hours_since(wanted))
        if department:
            warnings += self._tried_department(employee.id, *department)
        return Written(str(made["id"]), warnings)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        new = {key: change.new for key, change in changes.items()}
        employment: dict[str, Any] = remote.raw
        warnings: list[Warning] = []
        department = self._department_wanted(new)
        days = self._days_to_write(employment, changes, wanted)
        row_id, row = next(self._rows(employment, days, wanted), (None, {}))  # we refuse before anything is written
        # End date and reason go together, and a reason that stays there goes along as it is.
        period = self._period_body(new, {**wanted.values, **remote.values, **new})
        if period:
            if "start_date" in changes:
                self._check_move(employment, wanted.start)
            body = {
                "id": int(remote.id),
                "version": remote.version,
                "employee": {"id": int(employee.id)},
                "startDate": employment["startDate"],
                **period,
            }
            answer = self.http.put(f"employee/employment/{remote.id}", json=body, classify=self._classify_update)
            self._insist_on_clearing(_written(answer), new)
        if row:
            if row_id is not None and "start_date" in changes:  # the first row went along and has another version now
                path, only = f"employee/employment/details/{row_id}", {"fields": "id,version,date"}
                fresh = self.http.get(path, params=only, classify=self._classify_update)
                row |= {name: record_in(fresh, "value").get(name) for name in ("version", "date")}
            self._write_row(row_id, row)
            for day in list(days)[1:]:
                employment["employmentDetails"] = self._rows_there(remote.id)
                for following in self._rows(employment, {day: days[day]}, wanted):
                    self._write_row(*following)
            warnings += self._later_terms(employment, wanted)
        if "weekly_hours" in changes:
            hours = changes["weekly_hours"]
            since = hours.since if self._adds_rows else None
            warnings += self._weekly_hours(employee.id, wanted, since, day_alone=hours.old == hours.new)
        if department and set(changes) == {department[0]}:
            self._write_department(employee.id, department[1])
        elif department:
            warnings += self._tried_department(employee.id, *department)
        return Written(remote.id, tuple(warnings))

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        """Cancelled: it ends on its first day as wrongly reported, and `read` leaves it out from then on."""
        start = remote.raw["startDate"]
        body = {
            "id": int(remote.id),
            "version": remote.version,
            "employee": {"id": int(employee.id)},
            "startDate": start,
            "endDate": start,
            "employmentEndReason": WRONGLY_REPORTED,
        }
        _written(self.http.put(f"employee/employment/{remote.id}", json=body, classify=self._classify_update))
        return Written(remote.id)

    def guards(self, remote: Remote, changes: Mapping[str, Change], wanted: Wanted) -> bool:
        """A PUT bears the version of what it changes; a new row bears none, nor does what follows a moved start, nor is
        the employee's own department looked at."""
        if changes.keys() & {"start_date", "weekly_hours", "department", "cost_centre"} or remote.version is None:
            return False
        days = self._days_to_write(remote.raw, changes, wanted)
        rows = [(day, in_force(remote.raw["employmentDetails"], "date", day)) for day in days]
        return len(rows) < 2 and all(
            row is not None and row.get("version") is not None and str(row["date"]) >= day.isoformat()
            for day, row in rows
        )

    def _period_body(self, new: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        """The employment's own part of a write, `after` being all that it holds then; end date and reason always go
        together."""
        names = set(new) & set(PERIOD_FIELDS)
        if names & {"end_date", "end_reason"}:
            names |= {"end_date", "end_reason"}
        body: dict[str, Any] = {}
        for key in sorted(names):
            value = after.get(key)
            body[PERIOD_FIELDS[key]] = value.isoformat() if isinstance(value, date) else value
        if new.get("company"):
            body["division"] = {"id": self._division_id(new["company"])}
        return body

    @staticmethod
    def _check_move(employment: Mapping[str, Any], start: date) -> None:
        """The start may not pass the second row (changelog 2.68.9); the first one moves with it."""
        dates = sorted(str(row["date"]) for row in employment.get("employmentDetails") or ())
        if len(dates) > 1 and start.isoformat() >= dates[1]:
            raise DataRefusedError(texts.SECOND_ROW(start=start, changed=sure_date(dates[1])))

    @staticmethod
    def _insist_on_clearing(answer: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """What an explicit null does is not documented, so that the answer is what counts."""
        for key in ("end_date", "end_reason"):
            if key in new and new[key] is None and answer.get(PERIOD_FIELDS[key]):
                raise DataRefusedError(texts.NOT_CLEARED(kept=str(answer[PERIOD_FIELDS[key]])), field=key)

    # -- details rows ------------------------------------------------------------------------------------

    def _days_to_write(
        self, employment: Mapping[str, Any], changes: Mapping[str, Change], wanted: Wanted
    ) -> dict[date, dict[str, Any]]:
        """The terms that are to be written, by the day from which they count."""
        days: dict[date, dict[str, Any]] = {}
        in_force_since = in_force(employment["employmentDetails"], "date", self._counts_on(wanted.start, wanted.end))
        there = sure_date(in_force_since["date"]) if in_force_since else None
        for key in TERMS:
            change = changes.get(key)
            for day, value in change.rows or ((there or wanted.start, change.new),) if change else ():
                days.setdefault(day, {})[key] = value
        return dict(sorted(days.items()))

    def _rows(
        self, employment: Mapping[str, Any], days: Mapping[date, Mapping[str, Any]], wanted: Wanted
    ) -> Iterator[tuple[int | None, dict[str, Any]]]:
        """The row for each day: the id of the one to correct, or None for a new one; and its body."""
        target = {"id": int(employment["id"])}
        for day, terms in days.items():
            row = in_force(employment["employmentDetails"], "date", day)
            if row is None:
                every = {key: at(wanted.timeline(key), day) for key in TERMS}
                body = self._row_body({key: value for key, value in every.items() if value is not None}, {})
                yield None, {"employment": target, "date": wanted.start.isoformat(), **body}
            elif str(row["date"]) < day.isoformat():
                body = self._row_body(terms, row)
                yield None, {"employment": target, "date": day.isoformat(), **taken_over(row), **body}
            else:  # as every recorded PUT of a row: with its employment and its date
                own = {"id": row["id"], "version": row.get("version"), "employment": target, "date": row["date"]}
                yield row["id"], {**own, **self._row_body(terms, row)}

    def _rows_there(self, employment_id: str) -> list[dict[str, Any]]:
        fields = "*,occupationCode(id,code),maritimeEmployment(*)"
        return list(self._list("employee/employment/details", employmentId=employment_id, fields=fields))

    def _write_row(self, row_id: int | None, row: dict[str, Any]) -> None:
        if row_id is None:
            self._post_row(row)
        else:
            self.http.put(f"employee/employment/details/{row_id}", json=row, classify=self._classify_update)

    def _post_row(self, row: Mapping[str, Any]) -> None:
        try:
            self.http.post("employee/employment/details", json=row)
        except DataRefusedError as refusal:
            # One row for each day: somebody may have made it since we looked.
            rows = self._list("employee/employment/details", employmentId=row["employment"]["id"], fields="id,date")
            if any(there.get("date") == row["date"] for there in rows):
                raise StaleError(texts.ROW_MADE()) from refusal
            raise

    def _later_terms(self, employment: Mapping[str, Any], wanted: Wanted) -> Iterator[Warning]:
        """Rows that a clerk has planned after the day of the change stay, and are told of."""
        rows, counts = employment["employmentDetails"], self._counts_on(wanted.start, wanted.end)
        begun = str((in_force(rows, "date", counts) or {}).get("date") or "")
        ours = {day.isoformat() for day, _ in wanted.terms}
        later = sorted(str(r["date"]) for r in rows if str(r["date"]) > max(begun, counts.isoformat()))
        later = [day for day in later if day not in ours]
        if later:
            yield Warning(texts.LATER_TERMS(day=sure_date(later[0])))

    def _row_body(self, terms: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """Our fields in a row's own; `row` is the one that is corrected or followed."""
        body: dict[str, Any] = {}
        for key, value in terms.items():
            if key == "contract_type":
                body |= employment_form(value, row)
            elif key == "occupation_code":
                body["occupationCode"] = {"id": self._occupation_code_id(value)}
            elif key == "percentage":
                body[ROW_FIELDS[key]] = float(value or 0)
            else:
                body[ROW_FIELDS[key]] = NOT_CHOSEN if value is None else value
        scheme = body.get("workingHoursScheme")
        if scheme is not None and scheme in SHIFT_HOURS.hours:
            body["shiftDurationHours"] = self._shift_hours(scheme)
        elif scheme and row.get("shiftDurationHours"):
            body["shiftDurationHours"] = 0  # those of the scheme before; a row that was never given any shows 0
        return body

    def _shift_hours(self, scheme: str) -> float:
        hours = SHIFT_HOURS.of(scheme, self.settings)
        if not hours:
            raise DataRefusedError(texts.SHIFT_HOURS_MISSING(scheme=Label(dict(HOURS_LABELS)[scheme])))
        return float(hours)

    # -- weekly hours: the employee's standard time ------------------------------------------------------

    def _standard_times(self, employee_id: str) -> list[dict[str, Any]]:
        found = self._list("employee/standardTime", employeeId=employee_id, fields=STANDARD_TIME)
        return [t for t in found if _whose(t) == employee_id]

    def _hours_since(self, wanted: Wanted) -> date | None:
        return held_since(wanted.timeline("weekly_hours"), self._counts_on(wanted.start, wanted.end))

    def _weekly_hours(
        self, employee_id: str, wanted: Wanted, since: date | None, *, day_alone: bool = False
    ) -> tuple[Warning, ...]:
        """Written once the employment is; a refusal of these alone is a warning, for the employment stands."""
        hours = wanted.values.get("weekly_hours")
        if hours is None:
            return ()
        times = self._standard_times(employee_id)
        row = in_force(times, "fromDate", self._counts_on(wanted.start, wanted.end), or_first=False)
        day = (since or wanted.start).isoformat()
        earlier = day_alone and since is not None and row is not None and day < str(row["fromDate"])
        if row is not None and number_of(row.get("hoursPerDay")) == hours and not earlier:
            return ()
        if row is not None and str(row["fromDate"]) > day and not earlier:
            # Somebody has made the row that is in force since then: it is followed where the days before are not ours.
            day = str(row["fromDate"])
        same = next((t for t in times if str(t["fromDate"]) == day), None)
        try:
            if same is not None:
                body = {"id": same["id"], "version": same.get("version"), "hoursPerDay": float(hours)}
                path = f"employee/standardTime/{same['id']}"
                self.http.put(path, json=body, classify=self._classify_update)
            else:
                body = {"employee": {"id": int(employee_id)}, "fromDate": day, "hoursPerDay": float(hours)}
                self.http.post("employee/standardTime", json=body)
        except DataRefusedError as error:
            return (Warning(texts.HOURS_NOT_TAKEN(refusal=error.vendor_text or error.said), "weekly_hours"),)
        return ()

    # -- the employee's department -----------------------------------------------------------------------

    def _department_shown(self, employee: Mapping[str, Any]) -> dict[str, str | None]:
        """Under our name for it; not shown where it, or its number, is hidden."""
        department = employee.get("department")
        if "department" not in employee or (department and "departmentNumber" not in department):
            return {}
        shown = (department["departmentNumber"] or f"(id {department['id']})") if department else None
        return {key: shown for key in DEPARTMENTS if self.settings.get(f"send_{key}")}

    def _department_wanted(self, values: Mapping[str, Any]) -> tuple[str, int] | None:
        """Which of our fields is to be written to it, and its id there."""
        key = next((key for key in DEPARTMENTS if values.get(key)), "")
        return (key, self._department_id(str(values[key]), key)) if key else None

    def _tried_department(self, employee_id: str, key: str, department_id: int) -> tuple[Warning, ...]:
        """Beside an employment that stands: a refusal of this alone is a warning."""
        try:
            self._write_department(employee_id, department_id)
        except DataRefusedError as error:
            return (Warning(texts.DEPARTMENT_NOT_TAKEN(refusal=error.vendor_text or error.said), key),)
        return ()

    def _write_department(self, employee_id: str, department_id: int) -> None:
        path, only = f"employee/{employee_id}", {"fields": "id,version,department(id)"}
        there = record_in(self.http.get(path, params=only, classify=self._classify_update), "value")
        if (there.get("department") or {}).get("id") == department_id:
            return
        body = {"id": there["id"], "version": there.get("version"), "department": {"id": department_id}}
        self.http.put(path, json=body, classify=self._classify_update)

    # -- look-ups ----------------------------------------------------------------------------------------

    @property
    def _divisions(self) -> Register[int]:
        found = partial(self._list, "division", fields="id,organizationNumber")
        return self.register("divisions", lambda: ((digits_of(d.get("organizationNumber")), d["id"]) for d in found()))

    def _division_id(self, number: str) -> int:
        return self._divisions.the(number, missing=texts.NO_DIVISION(number=number))

    def _department_id(self, number: str, key: str) -> int:
        found = partial(self._list, "department", isInactive="false", fields="id,departmentNumber,isInactive")
        departments: Register[int] = self.register(
            "departments",
            lambda: ((str(d.get("departmentNumber") or ""), d["id"]) for d in found() if not d.get("isInactive")),
        )
        missing, several = (say[key](number=number) for say in (texts.NO_DEPARTMENT, texts.SEVERAL_DEPARTMENTS))
        return departments.the(number, missing=missing, several=several)

    def _occupation_code_id(self, code: str) -> int:
        """By the exact code among those that contain it, as Tripletex' own search has it (the contract); a code sent
        without an id is taken without complaint and stored as nothing (recorded)."""
        found = partial(self._list, "employee/employment/occupationCode", code=code, fields="id,code")
        codes: Register[int] = self.register(
            f"occupation code {code}", lambda: ((str(c.get("code")), c["id"]) for c in found())
        )
        return codes.the(code, missing=texts.NO_OCCUPATION_CODE(code=code))

    def occupations(self) -> Iterator[tuple[str, str]]:
        for row in self._list("employee/employment/occupationCode", fields="id,nameNO,code"):
            yield str(row.get("code") or ""), str(row.get("nameNO") or "")


# -- plain helpers ---------------------------------------------------------------------------------------


def _basic(company_id: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{company_id}:{token}".encode()).decode()


def _values(response: Response) -> list[dict[str, Any]]:
    return rows_in(response, "values")


def _written(response: Response) -> dict[str, Any]:
    """After a write, an answer that cannot be read, or that names no record, leaves it open what became of it."""
    try:
        written = record_in(response, "value")
    except UnavailableError as error:
        raise UnclearOutcomeError(texts.ANSWER_LOST()) from error
    if not written.get("id"):
        raise UnclearOutcomeError(texts.ANSWER_LOST())
    return written


def _division(division: Mapping[str, Any] | None) -> dict[str, str | None]:
    """The company; not shown where there is a sub-unit whose number is hidden."""
    if not division:
        return {"company": None}
    number = division.get("organizationNumber")
    return {"company": str(number)} if number else {}


def _same_text(there: Any, ours: str) -> bool:
    return bool(ours.strip()) and str(there or "").strip().casefold() == ours.strip().casefold()


def _national_ids(employee: Mapping[str, Any]) -> set[str]:
    numbers = (digits_of(employee.get(name)) for name in ("nationalIdentityNumber", "dnumber"))
    return {number for number in numbers if number}


def _whose(row: Mapping[str, Any]) -> str:
    return str((row.get("employee") or {}).get("id"))


def _marks(employee: Mapping[str, Any]) -> EveryMark:
    number, email, first, last = (
        text_of(employee.get(name)) or "" for name in ("employeeNumber", "email", "firstName", "lastName")
    )
    national_ids = tuple(sorted(_national_ids(employee)))
    return EveryMark((number,), national_ids, (email,), date_of(employee.get("dateOfBirth")), first, last)


def _employee(employee: dict[str, Any], person: Person) -> RemoteEmployee:
    return RemoteEmployee(str(employee["id"]), raw=employee, marks=_marks(employee).beside(person))
