"""Tripletex (API 2.0): employments, each with dated rows of details, and references by id.

Sources named in the comments: the contract openapi.json 2.74.00, the README, FAQ and changelog of
github.com/Tripletex/tripletex-api2, and developer.tripletex.no.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sdk import (
    Change,
    CheckLine,
    Connector,
    ConnectorError,
    DataRefusedError,
    Grant,
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
    digits_of,
    no_sign_in,
    number_of,
    raise_for_trouble,
    sure_date,
    text_of,
    which,
)
from integrations.systems.tripletex.declaration import FREELANCE, FREELANCER, HOURS_LABELS, SHIFT_HOURS, SYSTEM

# Tripletex' own way to cancel an employment, which cannot be deleted there: no reason for the end of a real one.
WRONGLY_REPORTED = "EMPLOYMENT_END_WRONGLY_REPORTED"
NOT_CHOSEN = "NOT_CHOSEN"

PAGE = 1000
MAX_PAGES = 100
OSLO = ZoneInfo("Europe/Oslo")
SESSION_DAYS = 2
TOO_MANY_HITS = "23000"
BAD_REQUEST = 4000
# Not understood at all, an unknown name among the fields asked for, a body that does not fit: our own mistakes.
OUR_FAULT = (BAD_REQUEST, 11000, 16000)

EMPLOYEE = "id,firstName,lastName,employeeNumber,email,dateOfBirth,nationalIdentityNumber,dnumber"
EMPLOYMENT = (
    "id,version,employee(id),startDate,endDate,employmentEndReason,division(id,organizationNumber),"
    "employmentDetails(*,occupationCode(id,code),maritimeEmployment(*))"
)
PERIOD_FIELDS = {"start_date": "startDate", "end_date": "endDate", "end_reason": "employmentEndReason"}
ROW_FIELDS = {
    "remuneration_type": "remunerationType",
    "percentage": "percentageOfFullTimeEquivalent",
    "working_hours_scheme": "workingHoursScheme",
}
TERMS = ("contract_type", "occupation_code", *ROW_FIELDS)
DATED = (*TERMS, "weekly_hours")

# The last known name in a refused field's path ("employments.division.id") -> our field.
OURS = {
    "startDate": "start_date",
    "endDate": "end_date",
    "employmentEndReason": "end_reason",
    "division": "company",
    "employmentType": "contract_type",
    "employmentForm": "contract_type",
    "remunerationType": "remuneration_type",
    "workingHoursScheme": "working_hours_scheme",
    "shiftDurationHours": "working_hours_scheme",
    "occupationCode": "occupation_code",
    "percentageOfFullTimeEquivalent": "percentage",
    "hoursPerDay": "weekly_hours",
    "dateOfBirth": "",
    "date": "start_date",
}
REFUSED = {
    "startDate": "Tripletex refuses the start date. Usually another employment of this employee there covers some of "
    "the same days (it may be one that was ended as wrongly reported): end it there or change the dates here, then "
    "press Re-sync.",
    "division": "Tripletex refuses the sub-unit. It must be a sub-unit (not the legal entity) and cannot be changed on "
    "an existing employment: correct the company here or Sub-units in the connection's settings.",
    "dateOfBirth": "Tripletex has no date of birth for this employee and takes no employment without one. Fill it in "
    "on the employee's card there, then press Re-sync.",
    "shiftDurationHours": "Tripletex wants other shift hours with this working-hours scheme. Fill in the scheme's row "
    "under Hours of a full week in each scheme in the connection's settings, then press Re-sync.",
    "date": "Tripletex refuses the date of the details row: there is one for that day already, or the employment does "
    "not run then. Compare the employment's rows there with the dates here, then press Re-sync.",
}


class TripletexConnector(Connector):
    system = SYSTEM

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
        path = "token/session/:create"
        answer = self.http.post(path, json=given, sign=False, write=False, classify=self._session_answer)
        if _no_such_call(answer):
            answer = self.http.put(path, params=given, sign=False, write=False, classify=self._session_answer)
        if _no_such_call(answer):
            raise no_sign_in(answer)
        end = datetime.combine(expires, time.min, OSLO)
        return Grant(str(_value(answer).get("token") or ""), (end - now).total_seconds())

    def _session_answer(self, response: Response) -> None:
        if response.ok or _no_such_call(response):
            return
        _raise_for_load(response)
        raise NotAuthorizedError(
            "Tripletex refuses the consumer token or the employee token. Make a new employee token in Tripletex under "
            "Company > Employees > the owner > API access, and paste it into this connection.",
            **_words(response),
        )

    # -- answers -----------------------------------------------------------------------------------------

    def classify(self, response: Response) -> None:
        if response.ok:
            return
        _raise_for_load(response)
        words, code = _words(response), response.json_object().get("code")
        if code == 1000:  # "Unspecified exception", also seen with status 400
            raise UnavailableError("Tripletex met an error of its own.", **words)
        if response.status == 401:
            raise NotAuthorizedError(
                "Tripletex does not let us in with a new session token. Check Company ID in this connection, and "
                "that the employee token still exists under Company > Employees > the owner > API access.",
                **words,
            )
        if response.status == 403:
            raise NotAuthorizedError(
                "Tripletex does not give our employee token the right to do this. Give its owner access to employees "
                "and salary on the employee's card (Company > Employees), or make a token for someone who has it.",
                **words,
            )
        if response.status == 409 and code == 8000:
            raise StaleError("The employment was changed in Tripletex since it was read.", **words)
        if response.status == 409 and code == 10000:
            raise DataRefusedError(
                "The record is locked in Tripletex just now. Finish what holds it there, then press Re-sync.",
                cause="locked_in_target",
                **words,
            )
        raise self._refusal(response)

    def _classify_update(self, response: Response) -> None:
        """As `classify`, for a record that was just read: if it is gone, it is time to read again."""
        if response.status == 404:
            raise StaleError("The record is no longer in Tripletex.", **_words(response))
        self.classify(response)

    def _refusal(self, response: Response) -> DataRefusedError:
        """A refusal by the fields it names, all of them: several messages come together. The words are in the token
        owner's language: never a basis for a choice."""
        words = _words(response)
        error = response.json_object()
        if error.get("code") in OUR_FAULT:
            return self.not_understood(**words)
        named = []
        for found in error.get("validationMessages") or ():
            parts = str(found.get("field") or "").split(".")
            name = next((part for part in reversed(parts) if part in OURS), "")
            if name and name not in named:
                named.append(name)
        if not named:
            return DataRefusedError(
                "Tripletex refuses this employment. Its own words say why: correct it here or there, then press "
                "Re-sync.",
                **words,
            )
        messages = [
            REFUSED.get(name, f"Tripletex refuses {name}. Correct it on the position, then press Re-sync.")
            for name in named
        ]
        cause = {"dateOfBirth": "birth_date_missing", "shiftDurationHours": "shift_hours_missing"}.get(named[0], "")
        return DataRefusedError(" ".join(dict.fromkeys(messages)), cause=cause, field=OURS[named[0]], **words)

    def _list(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every item, page by page. `fullResultSize` is not the total (README, "Response envelope"), so a short page
        is what ends the list."""
        for page in range(MAX_PAGES):
            values = _values(self.http.get(path, params={**params, "from": page * PAGE, "count": PAGE}))
            yield from values
            if len(values) < PAGE:
                return

    # -- the check ---------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        access = "Tripletex: Company > Employees > the owner of the token, access rights"
        token_page = "Tripletex: Company > Employees > the owner of the token > API access"
        units = "Tripletex: the company's sub-units (virksomheter), and the token owner's right to see them"
        return self.try_each(
            ("Log in", token_page, self._check_login),
            ("See employees, with date of birth", access, self._check_employees),
            ("See employments and wages", access, self._check_employments),
            ("See sub-units", units, self._check_divisions),
            ("See occupation codes", access, self._check_occupation_codes),
            needed=1,
        )[0]

    def _check_login(self) -> CheckLine | str:
        company = _value(self.http.get("token/session/%3EwhoAmI")).get("companyId")
        return f"Company {company}"

    def _check_employees(self) -> CheckLine | str:
        found = self._first("employee", EMPLOYEE)
        if found and "dateOfBirth" not in found[0]:
            return CheckLine(False, "", "Tripletex leaves the date of birth out of its answers: a right is missing.")
        return ""

    def _check_employments(self) -> CheckLine | str:
        rows = self._first("employee/employment/details", "id,date,percentageOfFullTimeEquivalent,annualSalary")
        if rows and "annualSalary" not in rows[0] and self.settings.get("details_from") != "row":
            return CheckLine(
                False, "", "Wages are hidden from the token, and a new details row must take over the wage before it."
            )
        return ""

    def _check_divisions(self) -> CheckLine | str:
        default = self.settings.get("default_division")
        if not self._divisions:
            return CheckLine(
                False, "", "No sub-unit is registered: Tripletex runs no payroll for an employment without one."
            )
        if default and default not in self._divisions:
            return CheckLine(False, "", f"The default sub-unit {default} is not registered there.")
        return f"{len(self._divisions)} registered"

    def _check_occupation_codes(self) -> CheckLine | str:
        self._first("employee/employment/occupationCode", "id,code")
        return ""

    def _first(self, path: str, fields: str) -> list[dict[str, Any]]:
        """One item, to see what the token may see; none where there are too many to list at all."""
        try:
            return _values(self.http.get(path, params={"count": 1, "fields": fields}))
        except DataRefusedError as error:
            if error.vendor_code != TOO_MANY_HITS:
                raise
            return []

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        if not known_id.isdigit():
            return None
        answer = self.http.get(
            f"employee/{known_id}", params={"fields": EMPLOYEE}, classify=self._classify_known_employee
        )
        return _employee(_value(answer), person) if answer.ok else None

    def searches(self, person: Person) -> Sequence[Search]:
        """Each hit is checked here: a filter may be "containing" (e-mail), and one that Tripletex does not know is
        ignored without a word, so that everybody comes back."""
        number, email, digits = person.number.strip(), person.email.strip(), digits_of(person.national_id)

        def those_with(name: str, value: str) -> list[RemoteEmployee]:
            found = self._list("employee", **{name: value}, fields=EMPLOYEE)
            return [_employee(e, person) for e in found if _same_text(e.get(name), value)]

        return (
            ("employee number", number, lambda: those_with("employeeNumber", number)),
            ("national id", digits, lambda: [_employee(e, person) for e in self._everybody().get(digits, [])]),
            ("e-mail", email, lambda: those_with("email", email)),
        )

    def hint(self, person: Person) -> str:
        return "Our token sees no national id there." if person.national_id and not self._everybody() else ""

    def _everybody(self) -> dict[str, list[dict[str, Any]]]:
        return self.once("by national id", self._by_national_id)

    def _classify_known_employee(self, response: Response) -> None:
        if response.status != 404:
            self.classify(response)

    def _by_national_id(self) -> dict[str, list[dict[str, Any]]]:
        """There is no filter for it, so that everybody is looked through, once per turn."""
        found: dict[str, list[dict[str, Any]]] = {}
        try:
            for employee in self._list("employee", fields=EMPLOYEE):
                for number in _national_ids(employee):
                    found.setdefault(number, []).append(employee)
        except DataRefusedError as error:
            if error.vendor_code != TOO_MANY_HITS:
                raise
            return {}  # more than 10,000 employees are not listed: this way of matching is closed
        return found

    # -- reading -----------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        times = self._standard_times(employee.id) if self.settings.get("send_weekly_hours") else []
        found = self._list("employee/employment", employeeId=employee.id, fields=EMPLOYMENT)
        own = [e for e in found if str((e.get("employee") or {}).get("id")) == employee.id]
        return [self._remote(e, times) for e in own if e.get("employmentEndReason") != WRONGLY_REPORTED]

    def _remote(self, employment: dict[str, Any], times: Sequence[dict[str, Any]]) -> Remote:
        if not {"startDate", "endDate", "employmentDetails"} <= set(employment):
            raise NotAuthorizedError(
                "Tripletex hides dates or details of employments from our employee token. Give its owner access to "
                "employees and salary on the employee's card (Company > Employees)."
            )
        employment["employmentDetails"] = employment["employmentDetails"] or []
        start, end = sure_date(employment["startDate"]), sure_date(employment["endDate"])
        employment["standardTimes"] = list(times)
        values: dict[str, Any] = {"start_date": start, "end_date": end}
        if "employmentEndReason" in employment:
            values["end_reason"] = employment["employmentEndReason"] or None
        if "division" in employment:
            values |= _division(employment["division"])
        values |= self._terms_on(employment, self._counts_on(start, end))
        return Remote(str(employment["id"]), values, employment.get("version"), employment)

    def _terms_on(self, employment: Mapping[str, Any], day: date) -> dict[str, Any]:
        """The dated terms as they hold on a day."""
        terms = _terms(_in_force(employment["employmentDetails"], "date", day))
        if self.settings.get("send_weekly_hours"):
            time = _in_force(employment["standardTimes"], "fromDate", day, or_first=False)
            terms["weekly_hours"] = number_of(time.get("hoursPerDay")) if time else None
        return terms

    def seen(self, remote: Remote, wanted: Wanted) -> Remote:
        """By the terms of the day of which a change would be written. Those of an employment that is over by then are
        past: whatever row is in force on its last day stays, unless this position's terms were changed here."""
        terms = self._terms_on(remote.raw, self._counts_on(wanted.start, wanted.end))
        over = wanted.end is not None and wanted.end < self.context.today
        return replace(remote, values={**remote.values, **terms}, past=frozenset(DATED if over else ()))

    def _counts_on(self, start: date | None, end: date | None) -> date:
        """The day whose terms are compared: today, or the nearest day of the period."""
        day = self.context.today
        if start is not None:
            day = max(day, start)
        return min(day, end) if end is not None else day

    # -- writing -----------------------------------------------------------------------------------------

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        raw = employee.raw or {}
        if "dateOfBirth" in raw and not raw["dateOfBirth"]:
            raise DataRefusedError(
                f"Tripletex has no date of birth for {person.name} and takes no employment without one. Fill it in on "
                "the employee's card there, then press Re-sync.",
                cause="birth_date_missing",
            )
        values = wanted.values
        period = {name: value for name, value in self._period_body(values, values).items() if value is not None}
        body: dict[str, Any] = {"employee": {"id": int(employee.id)}, **period}
        if self.settings.get("tax_deduction_code"):
            body["taxDeductionCode"] = self.settings["tax_deduction_code"]
        row = self._row_body({k: values[k] for k in TERMS if values.get(k) is not None}, {})
        body["employmentDetails"] = [{"date": wanted.start.isoformat(), **row}]
        made = _value(self.http.post("employee/employment", json=body), written=True)
        return Written(str(made["id"]), self._weekly_hours(employee.id, wanted, wanted.start))

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
        terms = {key: new[key] for key in TERMS if key in new}
        row_id, row = self._row_write(employment, terms, wanted)  # so that we refuse before anything is written
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
            self._insist_on_clearing(_value(answer, written=True), new)
        if row and row_id is None:
            self._post_row(row)
        elif row:
            path = f"employee/employment/details/{row_id}"
            if "start_date" in changes:  # the first row went along and has another version now
                fresh = self.http.get(path, params={"fields": "id,version,date"}, classify=self._classify_update)
                row |= {name: _value(fresh).get(name) for name in ("version", "date")}
            self.http.put(path, json=row, classify=self._classify_update)
        if row:
            warnings += self._later_terms(employment, wanted)
        if "weekly_hours" in changes:
            warnings += self._weekly_hours(employee.id, wanted, self._terms_from(wanted))
        return Written(remote.id, tuple(warnings))

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
            raise DataRefusedError(
                f"Tripletex cannot move the start to {_day(start)}: its terms changed on {_day(sure_date(dates[1]))} "
                "(a second details row). Correct the rows there, then press Re-sync.",
                cause="later_details_row",
                field="start_date",
            )

    @staticmethod
    def _insist_on_clearing(answer: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """What an explicit null does is not documented, so that the answer is what counts."""
        for key in ("end_date", "end_reason"):
            if key in new and new[key] is None and answer.get(PERIOD_FIELDS[key]):
                raise DataRefusedError(
                    f"It was emptied here, but Tripletex kept {answer[PERIOD_FIELDS[key]]}. Empty it on the employment "
                    "there, then press Re-sync.",
                    cause="not_cleared",
                    field=key,
                )

    # -- details rows ------------------------------------------------------------------------------------

    def _terms_from(self, wanted: Wanted) -> date | None:
        """The date of the row that a change of terms asks for; None: correct the row in force."""
        today = self.context.today
        running = wanted.start < today and (wanted.end is None or today <= wanted.end)
        return today if running and self.settings.get("details_from") != "row" else None

    def _row_write(
        self, employment: Mapping[str, Any], terms: Mapping[str, Any], wanted: Wanted
    ) -> tuple[int | None, dict[str, Any]]:
        """The row for changed terms: (id of the row to correct, or None for a new one; the body, empty without any)."""
        if not terms:
            return None, {}
        row = _in_force(employment["employmentDetails"], "date", self._counts_on(wanted.start, wanted.end))
        since, target = self._terms_from(wanted), {"id": int(employment["id"])}
        if row is None:
            every = {key: wanted.values[key] for key in TERMS if wanted.values.get(key) is not None}
            return None, {"employment": target, "date": wanted.start.isoformat(), **self._row_body(every, {})}
        body = self._row_body(terms, row)
        if since is not None and str(row["date"]) < since.isoformat():
            return None, {"employment": target, "date": since.isoformat(), **self._taken_over(row), **body}
        own = {"id": row["id"], "version": row.get("version"), "employment": target, "date": row["date"]}
        return row["id"], {**own, **body}  # as every recorded PUT of a row: with its employment and its date

    def _post_row(self, row: Mapping[str, Any]) -> None:
        try:
            self.http.post("employee/employment/details", json=row)
        except DataRefusedError as refusal:
            # One row for each day: somebody may have made it since we looked.
            rows = self._list("employee/employment/details", employmentId=row["employment"]["id"], fields="id,date")
            if any(there.get("date") == row["date"] for there in rows):
                raise StaleError("A details row for that day was made in Tripletex meanwhile.") from refusal
            raise

    def _later_terms(self, employment: Mapping[str, Any], wanted: Wanted) -> Iterator[Warning]:
        """Rows that a clerk has planned after the day of the change stay, and are told of."""
        rows, counts = employment["employmentDetails"], self._counts_on(wanted.start, wanted.end)
        begun = str((_in_force(rows, "date", counts) or {}).get("date") or "")
        later = sorted(str(r["date"]) for r in rows if str(r["date"]) > max(begun, counts.isoformat()))
        if later:
            yield Warning(
                f"Tripletex has other terms from {_day(sure_date(later[0]))} on, which were left as they are."
            )

    @staticmethod
    def _taken_over(row: Mapping[str, Any]) -> dict[str, Any]:
        """What a new row must repeat of the row before it: whatever is left out counts as not chosen, and a wage left
        out would be no wage. The hourly wage follows from the annual salary, so that only one of them is repeated."""
        if "annualSalary" not in row or "hourlyWage" not in row:
            raise DataRefusedError(
                "Tripletex hides the wage from our employee token, and a new details row without it would leave the "
                "employee without pay. Give the token's owner the right to see wages, or choose in the connection's "
                "settings that a change of terms corrects the row in force.",
                cause="wage_hidden",
            )
        kept = {
            name: row[name]
            for name in (
                "employmentType",
                "employmentForm",
                "remunerationType",
                "workingHoursScheme",
                "shiftDurationHours",
                "percentageOfFullTimeEquivalent",
                "maritimeEmployment",
            )
            if row.get(name) is not None
        }
        if "maritimeEmployment" in kept:
            kept["maritimeEmployment"] = {k: v for k, v in kept["maritimeEmployment"].items() if v is not None}
        for name in ("occupationCode", "payrollTaxMunicipalityId"):
            if row.get(name):
                kept[name] = {"id": row[name]["id"]}
        wages = ["annualSalary", "hourlyWage"]
        if row.get("remunerationType") == "HOURLY_WAGE":
            wages.reverse()
        wage = next((name for name in wages if row[name]), None)
        return {**kept, wage: row[wage]} if wage else kept

    def _row_body(self, terms: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """Our fields in a row's own; `row` is the one that is corrected or followed."""
        body: dict[str, Any] = {}
        for key, value in terms.items():
            if key == "contract_type":
                body |= _employment_form(value, row)
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
            raise DataRefusedError(
                f"Tripletex wants shift hours with “{dict(HOURS_LABELS)[scheme]}”, and only your agreement says how "
                "many. Fill in its row under Hours of a full week in each scheme in the connection's settings, then "
                "press Re-sync.",
                cause="shift_hours_missing",
                field="working_hours_scheme",
            )
        return float(hours)

    # -- weekly hours: the employee's standard time ------------------------------------------------------

    def _standard_times(self, employee_id: str) -> list[dict[str, Any]]:
        found = self._list(
            "employee/standardTime", employeeId=employee_id, fields="id,version,employee(id),fromDate,hoursPerDay"
        )
        return [t for t in found if str((t.get("employee") or {}).get("id")) == employee_id]

    def _weekly_hours(self, employee_id: str, wanted: Wanted, since: date | None) -> tuple[Warning, ...]:
        """Written once the employment is; a refusal of these alone is a warning, for the employment stands."""
        hours = wanted.values.get("weekly_hours")
        if hours is None:
            return ()
        times = self._standard_times(employee_id)
        row = _in_force(times, "fromDate", self._counts_on(wanted.start, wanted.end), or_first=False)
        if row is not None and number_of(row.get("hoursPerDay")) == hours:
            return ()
        day = (since or wanted.start).isoformat()
        if row is not None and str(row["fromDate"]) > day:
            # Somebody has made the row that is in force since the start: it is followed, or corrected where it is past.
            day = (self._terms_from(wanted) or sure_date(row["fromDate"]) or wanted.start).isoformat()
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
            return (Warning(f"The weekly hours were not taken: {error.vendor_text or error.message}", "weekly_hours"),)
        return ()

    # -- look-ups ----------------------------------------------------------------------------------------

    @property
    def _divisions(self) -> dict[str, int]:
        def fetch() -> dict[str, int]:
            found = self._list("division", fields="id,organizationNumber")
            return {digits_of(d.get("organizationNumber")): d["id"] for d in found}

        return self.once("divisions", fetch)

    def _division_id(self, number: str) -> int:
        if number not in self._divisions:
            raise DataRefusedError(
                f"Tripletex has no sub-unit with organization number {number}. Register it there as a sub-unit "
                "(virksomhet), or name another one in the connection's settings under Sub-units.",
                cause="unknown_division",
                field="company",
            )
        return self._divisions[number]

    def _occupation_code_id(self, code: str) -> int:
        """By the exact code in the full list: Tripletex' own search is "containing", and a code sent without an id is
        taken without complaint and stored as nothing."""

        def fetch() -> dict[str, int]:
            found = self._list("employee/employment/occupationCode", fields="id,code")
            return {str(c.get("code")): c["id"] for c in found}

        codes = self.once("occupation codes", fetch)
        if code not in codes:
            raise DataRefusedError(
                f"Tripletex has no occupation code {code}. Choose one from its list, on the position or in the "
                "connection's settings under Occupation codes.",
                cause="unknown_occupation_code",
                field="occupation_code",
            )
        return codes[code]


# -- plain helpers ---------------------------------------------------------------------------------------


def _basic(company_id: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{company_id}:{token}".encode()).decode()


def _words(response: Response) -> dict[str, Any]:
    """Tripletex' own words and code, as an error takes them."""
    error = response.json_object()
    if not error:
        return response.words
    text = [str(error.get("message") or "")]
    for found in error.get("validationMessages") or ():
        text.append(": ".join(str(found[k]) for k in ("field", "message") if found.get(k)))
    if len(text) == 1 and error.get("developerMessage"):
        text.append(str(error["developerMessage"]))
    return {"vendor_text": " ".join(filter(None, text))[:500], "vendor_code": str(error.get("code") or response.status)}


def _no_such_call(response: Response) -> bool:
    """Whether it says that it does not know this method or this path. A wrong method is answered with 400 and code
    4000 (recorded), and others are conceivable."""
    if response.status == 400:
        return response.json_object().get("code") == BAD_REQUEST
    return response.status in (404, 405, 415, 422, 501)


def _raise_for_load(response: Response) -> None:
    """Too many requests, with the seconds left in X-Rate-Limit-Reset (README, "Rate limiting"), and server trouble."""
    if response.status == 429:
        wait = response.retry_after()
        reset = response.headers.get("X-Rate-Limit-Reset", "")
        if wait is None and reset.strip().isdigit():
            wait = float(reset)
        raise RateLimitedError("Tripletex has had too many requests from us for now.", wait=wait, **_words(response))
    raise_for_trouble(response)


def _value(response: Response, *, written: bool = False) -> dict[str, Any]:
    """The one object in an answer. After a write, an unreadable answer leaves it open what became of it."""
    try:
        return dict(response.json()["value"])
    except (ConnectorError, KeyError, TypeError, ValueError) as error:
        if written:
            raise UnclearOutcomeError("Tripletex' answer could not be read.") from error
        raise UnavailableError("What answered is not Tripletex' API.", **response.words) from error


def _values(response: Response) -> list[dict[str, Any]]:
    """The objects in the answer to a list."""
    body = response.json()
    if not isinstance(body, dict) or not isinstance(body.get("values"), list):
        raise UnavailableError("What answered is not Tripletex' API.", **response.words)
    return body["values"]


def _in_force(
    rows: Sequence[Mapping[str, Any]], date_name: str, day: date, *, or_first: bool = True
) -> Mapping[str, Any] | None:
    """The latest dated row on or before the day; failing that, the first of all."""
    ordered = sorted(rows, key=lambda row: str(row[date_name]))
    begun = [row for row in ordered if str(row[date_name]) <= day.isoformat()]
    if begun:
        return begun[-1]
    return ordered[0] if ordered and or_first else None


def _division(division: Mapping[str, Any] | None) -> dict[str, str | None]:
    """The company; not shown where there is a sub-unit whose number is hidden."""
    if not division:
        return {"company": None}
    number = division.get("organizationNumber")
    return {"company": str(number)} if number else {}


def _terms(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """A details row in our fields, in the same form as `Field`s give them; never anything of its wages. What the row
    does not show is left out; without a row there is nothing."""
    if row is None:
        return dict.fromkeys(TERMS)
    terms: dict[str, Any] = {key: _chosen(row[name]) for key, name in ROW_FIELDS.items() if name in row}
    if "percentage" in terms:
        terms["percentage"] = number_of(row[ROW_FIELDS["percentage"]])
    if {"employmentType", "employmentForm"} <= set(row):
        kind, form = row["employmentType"], row["employmentForm"]
        # Another kind than those two is nothing that a form says, nor anything that we know.
        terms["contract_type"] = _chosen(form if kind in ("ORDINARY", "MARITIME") else kind)
    if "occupationCode" in row:
        code = row["occupationCode"]
        if not code or "code" in code:
            terms["occupation_code"] = (code or {}).get("code") or None
    if FREELANCER.applies(terms) and terms.get("percentage") == 0:
        terms["percentage"] = None
    return terms


def _employment_form(code: str, row: Mapping[str, Any]) -> dict[str, str]:
    if code == FREELANCE:
        return {"employmentType": FREELANCE, "employmentForm": NOT_CHOSEN}
    kind = "MARITIME" if row.get("employmentType") == "MARITIME" else "ORDINARY"
    return {"employmentType": kind, "employmentForm": code}


def _same_text(there: Any, ours: str) -> bool:
    return bool(ours.strip()) and str(there or "").strip().casefold() == ours.strip().casefold()


def _national_ids(employee: Mapping[str, Any]) -> set[str]:
    numbers = (digits_of(employee.get(name)) for name in ("nationalIdentityNumber", "dnumber"))
    return {number for number in numbers if number}


def _employee(employee: dict[str, Any], person: Person) -> RemoteEmployee:
    number, email, first, last = (
        text_of(employee.get(name)) or "" for name in ("employeeNumber", "email", "firstName", "lastName")
    )
    national_id = which(Mark.NATIONAL_ID, person.national_id, sorted(_national_ids(employee)))
    marks = Marks(number, national_id, email, date_of(employee.get("dateOfBirth")), first, last)
    return RemoteEmployee(str(employee["id"]), raw=employee, marks=marks)


def _chosen(value: Any) -> str | None:
    return None if value in (None, "", NOT_CHOSEN) else str(value)


def _day(value: date | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else "open"
