"""Finago Payday (24SevenOffice Payroll): employments ("arbeidsforhold") with history.

Every value is text there ("1", "90.00", ""), and one call, POST /employment/v2/{empId}, creates, changes, ends and
cancels: an employment with a known id is changed, one without an id or with an unknown one is new.

Facts: the vendor's Swagger page "24SevenOffice Payroll API 2.0.0" (swagger.api.24sevenoffice.com), and
support.24sevenoffice.com, "Lær mer om avstemming av arbeidsforhold".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from integrations.sdk import (
    Change,
    CheckLine,
    Connector,
    ConnectorError,
    DataRefusedError,
    Grant,
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
    number_of,
    raise_for_trouble,
    sure_date,
    value_of,
)
from integrations.systems.finago.declaration import (
    FORMS,
    KEY_PLACE,
    MARITIME,
    OCCUPATIONS,
    ORDINARY,
    REASONS,
    SYSTEM,
    TYPES_WITHOUT_FORM,
    WITHOUT_HOURS,
)

Row = dict[str, str]

# -- their words -----------------------------------------------------------------------------------------

NEVER_REPORTED = "arbeidsforholdetSkulleAldriVaertRapportert"
# Lists without a word for nothing: what is not there is left out.
NO_WORD_FOR_NOTHING = ("employment_form", "working_times")
COUNTRIES = {"NO": "Norwegian", "SE": "Swedish"}

_OURS = {f.remote: f.ours for f in SYSTEM.fields if f.supported}

# -- their forms -----------------------------------------------------------------------------------------

_NO_OFFSET = timezone(timedelta(hours=2))  # the earliest instant that a Norwegian clock time can mean

_KEY_REFUSED = (
    "Finago refused our API key: it was revoked, replaced or mistyped. Generate a new one in Finago Payday under "
    "Settings, tab Misc, at the bottom of the page, and paste it into this connection's credentials."
)
_WRITE_REFUSED = (
    "Finago refused the employment as bad input, also with a fresh access token, and does not say which value it "
    "means. Compare occupation code, enterprise number, dates and end reason with the employee's other employments in "
    "Finago; correct them here and it is sent when you save."
)
_READ_REFUSED = (
    "Finago refused to show the employments of this employee, also with a fresh access token. Check that the employee "
    "still exists in Finago, then press Re-sync."
)
_LIST_REFUSED = (
    "Finago refused to show its {what}, also with a fresh access token, so our API key lacks the right. Generate a new "
    "one in Finago Payday under Settings, tab Misc, and paste it into this connection's credentials."
)


@dataclass(frozen=True, slots=True)
class _Listed:
    """What matching needs of one of their employees; pay, bank and tax are not kept."""

    id: str
    first_name: str
    last_name: str
    email: str
    national_id: str = field(repr=False)
    birth_date: date | None = None


@dataclass(frozen=True, slots=True)
class _Organization:
    name: str
    country: str
    enterprises: Mapping[str, str]


def _text(value: Any) -> str:
    """As they write it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _number(text: Any) -> Decimal | None:
    return number_of(_text(text).replace(",", "."))


def _instant(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=_NO_OFFSET)


def _found(person: _Listed) -> RemoteEmployee:
    marks = Marks(person.id, person.national_id, person.email, person.birth_date, person.first_name, person.last_name)
    return RemoteEmployee(person.id, marks=marks)


def _employee_number(text: Any) -> str:
    """Without leading zeros; empty when it cannot be a number there, where only integers are."""
    text = _text(text)
    return str(int(text)) if re.fullmatch(r"[0-9]{1,30}", text) else ""


def _same_person(a: str, b: str) -> bool:
    """Whether two national ids are one: a birth date alone never is, and Swedish ones come with or without century."""
    if len(a) < 10 or len(b) < 10:
        return False
    return a == b or ({len(a), len(b)} == {10, 12} and a[-10:] == b[-10:])


def _cancelled(row: Row) -> bool:
    """Whether it counts as not there: by the reason, on whatever day somebody let it end."""
    return row.get("enddate_reason") == NEVER_REPORTED


def _values(row: Row) -> dict[str, Any]:
    """An employment in our fields. What is not shown is left out; the lists of codes have no word for nothing, so that
    one of those which is not there is empty."""
    values: dict[str, Any] = {
        "start_date": sure_date(row.get("startdate")),
        "end_date": sure_date(row.get("enddate")),
        "end_reason": row.get("enddate_reason") or None,
        "contract_type": row.get("employment_form") or None,
        "working_hours_scheme": row.get("working_times") or None,
    }
    kind = row.get("employment_type")
    if kind and kind not in (ORDINARY, MARITIME):
        values["contract_type"] = kind  # a freelancer, say, or a kind that we do not know
    if "profession_code" in row:
        values["occupation_code"] = row["profession_code"] or None
    if "enterprise_number" in row:
        values["company"] = row["enterprise_number"] or None
    if "employment_rate" in row:
        values["percentage"] = _number(row["employment_rate"])
        if WITHOUT_HOURS.applies(values) and not values["percentage"]:
            values["percentage"] = None
    return values


def _primary(row: Row) -> bool:
    return row.get("primary_employment") == "1" and not _cancelled(row)


def _key(row: Mapping[str, str]) -> tuple[str, ...]:
    """What tells employments apart where no id does; a-melding recognises them by the same three."""
    return tuple(row.get(name, "") for name in ("startdate", "profession_code", "enterprise_number"))


def _row(rows: Iterable[Row], employment_id: str) -> Row | None:
    return next((row for row in rows if row["employment_id"] == employment_id), None)


def _placed(values: Mapping[str, Any]) -> Row:
    """Our translated values under their names."""
    placed: Row = {}
    for ours, value in values.items():
        name = SYSTEM.field(ours).remote
        if ours == "contract_type" and value in TYPES_WITHOUT_FORM:
            name = "employment_type"
        placed[name] = _text(value)
    return placed


def _equal(a: str, b: str) -> bool:
    return a == b or (_number(a) is not None and _number(a) == _number(b) and "." in a + b)


class FinagoConnector(Connector):
    system = SYSTEM

    def setup(self) -> None:
        self._secret = self.credentials.get("token", "").strip()
        self.http.masker.add(self._secret)
        # 401 means a dead token or bad input alike: what is refused with a renewed token is the input.
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in)
        self._rows: dict[str, list[Row]] = {}  # employee -> the employments as last read or answered

    # -- access ------------------------------------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        """The API key stands in the address (the vendor knows no other way), hence no headers or bodies of ours carry
        it, and `Http` masks it in what is kept."""
        response = self.http.get("auth", params={"token": self._secret}, sign=False, classify=self._judge_key)
        answer = _json(response)
        answer = answer if isinstance(answer, dict) else {}
        end = _instant(answer.get("expiresOn"))
        return Grant(_text(answer.get("accessToken")), (end - self.context.now()).total_seconds() if end else None)

    # -- answers -----------------------------------------------------------------------------------------

    def classify(self, response: Response) -> None:
        self._judge(response, DataRefusedError, _WRITE_REFUSED)

    def _judge_key(self, response: Response) -> None:
        self._judge(
            response, NotAuthorizedError if response.status in (400, 401, 403) else UnavailableError, _KEY_REFUSED
        )

    def _judge_list(self, what: str, response: Response) -> None:
        """A list takes no input, so a refusal of it can only be one of rights."""
        self._judge(response, NotAuthorizedError, _LIST_REFUSED.format(what=what))

    def _judge_read(self, response: Response) -> None:
        self._judge(response, DataRefusedError, _READ_REFUSED)

    def _judge(self, response: Response, refusal: type[ConnectorError], message: str) -> None:
        words, code = self._words(response), str(response.status)
        try:
            raise_for_trouble(response)
        except (RateLimitedError, UnavailableError) as error:
            error.vendor_text = words
            raise
        if response.ok:
            return
        if response.status == 403:
            refusal = NotAuthorizedError
        if refusal is UnavailableError:
            message = "Finago's address for access tokens did not answer as expected. Check the connection's address."
        named = next((ours for name, ours in _OURS.items() if re.search(rf"\b{name}\b", words)), "")
        raise refusal(message, field=named if refusal is DataRefusedError else "", vendor_text=words, vendor_code=code)

    def _words(self, response: Response) -> str:
        """Their own words, without the HTML around them and without secrets."""
        return "" if response.ok else self.http.masker.text(response.kept)[:300]

    def _employments(self, response: Response) -> list[Row]:
        """Their array of one employee's employments, all values as text; no employments may come as nothing."""
        nothing = response.content.strip() in (b"null", b"{}")
        rows = [] if nothing else _json(response)
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("employment_id") for row in rows):
            raise UnavailableError(
                "Finago's answer is not the list of employments that it should be. Nothing to do: it is tried again.",
                vendor_code=str(response.status),
            )
        return [{name: _text(value) for name, value in row.items()} for row in rows]

    # -- registers ---------------------------------------------------------------------------------------

    def _organization(self) -> _Organization:
        def load() -> _Organization:
            response = self.http.get("organization/v2", classify=lambda r: self._judge_list("company", r))
            answer = _json(response)
            if not isinstance(answer, dict):
                raise UnavailableError("Finago's answer about the company could not be read. It is tried again.")
            sites = answer.get("sites")
            units = [answer, *(s for s in (sites if isinstance(sites, list) else []) if isinstance(s, dict))]
            return _Organization(
                name=_text(answer.get("name")),
                country=_text(answer.get("country_code")).upper() or "NO",
                enterprises={
                    _text(unit["enterprise_number"]): _text(unit.get("name"))
                    for unit in units
                    if _text(unit.get("enterprise_number"))
                },
            )

        return self.once("organization", load)

    def _index(self) -> tuple[_Listed, ...]:
        """Everybody, once per turn: the vendor has no search, and no paging."""

        def load() -> tuple[_Listed, ...]:
            response = self.http.get(
                "employee/v2", classify=lambda r: self._judge_list("employees", r), keep_answer=False
            )
            answer = _json(response)
            if not isinstance(answer, list):
                raise UnavailableError("Finago's list of employees could not be read. It is tried again.")
            return tuple(
                _Listed(
                    id=_text(row["empId"]),
                    first_name=_text(row.get("firstname")),
                    last_name=_text(row.get("lastname")),
                    email=_text(row.get("email")).casefold(),
                    national_id=digits_of(row.get("personnr")),
                    birth_date=date_of(row.get("personnr")),  # where there is no national id, it may be a date
                )
                for row in answer
                if isinstance(row, dict) and _text(row.get("empId"))
            )

        return self.once("employees", load)

    def _valid(self, placed: Row) -> None:
        """Refuses here what this company cannot take, since Finago's own refusal would not say what is wrong."""
        named = {"enterprise_number", "employment_form", "enddate_reason", "profession_code"}
        checked = named & {k for k, v in placed.items() if v}
        if not checked:
            return
        organization = self._organization()
        number = placed.get("enterprise_number")
        if number and number not in organization.enterprises:
            known = ", ".join(f"{n} ({name})" if name else n for n, name in organization.enterprises.items())
            raise DataRefusedError(
                f"Finago has no enterprise number {number}. It knows {known or 'none at all'}. Choose one of them "
                "under Companies in the connection's settings, or correct the company's organisation number here.",
                cause="enterprise_not_in_target",
                field="company",
            )
        for name, by_country in (("employment_form", FORMS), ("enddate_reason", REASONS)):
            value = placed.get(name)
            if value and value not in by_country.get(organization.country, {}):
                country = COUNTRIES.get(organization.country, organization.country)
                raise DataRefusedError(
                    f"{organization.name or 'The company'} is {country} in Finago, and “{value}” is not one of its "
                    "values there. Choose another under Translation or Defaults in the connection's settings.",
                    cause="value_of_other_country",
                    field=_OURS[name],
                )
        code, listed = placed.get("profession_code"), OCCUPATIONS.get(organization.country)
        if code and listed is not None and not re.fullmatch(listed.pattern, code):
            raise DataRefusedError(
                f"{organization.name or 'The company'} is {COUNTRIES[organization.country]} in Finago, where the "
                f"occupation code “{code}” means nothing: {listed.note}. Correct it on the position; it is sent when "
                "you save.",
                cause="value_of_other_country",
                field="occupation_code",
            )

    # -- the contract ------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        lines, reads = self.try_each(
            ("API key", KEY_PLACE, self._check_key),
            ("Company", KEY_PLACE, self._check_company),
            ("Employees", KEY_PLACE, lambda: f"{len(self._index())} can be matched."),
            ("Employments", KEY_PLACE, self._check_employments),
            needed=4,
        )
        if not reads:
            return lines
        organization = self._organization()
        return [*lines, self._check_enterprises(organization), *self._check_values(organization)]

    def _check_key(self) -> str:
        self.tokens.prove()
        return "Finago takes it."

    def _check_company(self) -> str:
        organization = self._organization()
        return f"{organization.name} ({COUNTRIES.get(organization.country, organization.country)})"

    def _check_employments(self) -> str:
        people = self._index()
        if not people:
            return "There is no employee to try with."
        self._read(people[0].id)
        return "They can be read."

    def _check_enterprises(self, organization: _Organization) -> CheckLine:
        rows = self.settings.get("enterprise_numbers") or {}
        chosen = {str(v) for v in (self.settings.get("enterprise_number"), *rows.values()) if v}
        wrong = sorted(chosen - set(organization.enterprises))
        known = ", ".join(f"{number} ({name})" for number, name in organization.enterprises.items()) or "none"
        if wrong:
            return CheckLine(
                False,
                "Enterprise numbers",
                f"Finago does not have {', '.join(wrong)}. It has {known}.",
                where="This connection's settings, Companies",
            )
        return CheckLine(bool(organization.enterprises), "Enterprise numbers", f"Finago has {known}.")

    def _check_values(self, organization: _Organization) -> Sequence[CheckLine]:
        """Swedish companies have values of their own, which only the tables of the settings can give."""
        if organization.country == "NO":
            return []
        wrong = []
        for ours, by_country in (("contract_type", FORMS), ("end_reason", REASONS)):
            declared = SYSTEM.field(ours)
            assert declared.codes is not None
            rows = {k: v for k, v in (value_of(declared.table, self.settings) or {}).items() if v}
            used = {code for code in {**declared.codes, **rows}.values() if code} - set(TYPES_WITHOUT_FORM)
            if used - set(by_country.get(organization.country, {})):
                wrong.append("contract types" if ours == "contract_type" else "end reasons")
        country = COUNTRIES.get(organization.country, organization.country)
        if not wrong:
            return [CheckLine(True, "Values for this country", f"All are {country}.")]
        return [
            CheckLine(
                False,
                "Values for this country",
                f"The company is {country}, but some {' and '.join(wrong)} translate into Norwegian values.",
                where="This connection's settings, Translation",
            )
        ]

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        return next((_found(listed) for listed in self._index() if listed.id == known_id), None)

    def searches(self, person: Person) -> Sequence[Search]:
        number, email, national_id = (
            _employee_number(person.number),
            person.email.strip().casefold(),
            digits_of(person.national_id),
        )

        def those(matches: Callable[[_Listed], bool]) -> list[RemoteEmployee]:
            return [_found(listed) for listed in self._index() if matches(listed)]

        return (
            ("employee number", number, lambda: those(lambda p: _employee_number(p.id) == number)),
            ("national id", national_id, lambda: those(lambda p: _same_person(p.national_id, national_id))),
            ("e-mail", email, lambda: those(lambda p: p.email == email)),
        )

    def hint(self, person: Person) -> str:
        return "Employee numbers there have digits only."

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        return [Remote(row["employment_id"], _values(row)) for row in self._read(employee.id) if not _cancelled(row)]

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        placed = _placed({ours: value for ours, value in wanted.values.items() if value is not None})
        self._valid(placed)
        before = self._held(employee)
        # A create is not safe to repeat: what an earlier, unanswered one left is changed instead of made twice.
        earlier = next((row for row in before if _key(row) == _key(placed) and not _cancelled(row)), None)
        if earlier is not None:
            return self._save(employee, earlier, {"enddate": "", "enddate_reason": "", **placed})
        start = placed["startdate"]
        led = any(_primary(row) and (not row.get("enddate") or row["enddate"] >= start) for row in before)
        body = {
            "primary_employment": "0" if led else "1",
            "enddate": "",
            "enddate_reason": "",
            "employment_type": _text(self.settings.get("employment_type")) or ORDINARY,
            **placed,
        }
        after = self._post(employee, body)
        made = self._made(before, after, placed)
        if made is None:
            after = self._read(employee.id)
            made = self._made(before, after, placed)
        if made is None:
            raise DataRefusedError(
                "Finago accepted the new employment, but does not show it. Look at the employee's employments in "
                "Finago, then press Re-sync.",
                cause="not_kept_by_target",
            )
        return self._written(made, body, before, after)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        placed = _placed({ours: change.new for ours, change in changes.items()})
        self._valid(placed)
        return self._save(employee, self._current(employee, remote), placed)

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        organization = self._organization()
        if organization.country != "NO":
            raise DataRefusedError(
                f"A {COUNTRIES.get(organization.country, organization.country)} company in Finago has no end reason "
                "for an employment that should never have been reported, so it cannot be cancelled from here: end it "
                "in Finago by hand.",
                cause="delete_by_hand",
            )
        current = self._current(employee, remote)
        return self._save(employee, current, {"enddate": current["startdate"], "enddate_reason": NEVER_REPORTED})

    # -- reading and writing employments -----------------------------------------------------------------

    def _read(self, employee_id: str) -> list[Row]:
        response = self.http.get(f"employment/v2/{quote(employee_id, safe='')}", classify=self._judge_read)
        self._rows[employee_id] = self._employments(response)
        return self._rows[employee_id]

    def _held(self, employee: RemoteEmployee) -> list[Row]:
        """What was read, or answered to the last write, in this turn."""
        return self._rows[employee.id] if employee.id in self._rows else self._read(employee.id)

    def _current(self, employee: RemoteEmployee, remote: Remote) -> Row:
        """The employment as it stands there. One that is gone is never written to: its id would make a new one."""
        current = _row(self._held(employee), remote.id)
        if current is None:
            raise StaleError("The employment is no longer in Finago.")
        return current

    def _save(self, employee: RemoteEmployee, current: Row, placed: Row) -> Written:
        """Writes the whole object with `placed` in it: whether Finago keeps what is left out, nobody says."""
        before = self._held(employee)
        body = {**current, **placed}
        if placed.get("employment_form") and current.get("employment_type") in TYPES_WITHOUT_FORM:
            body["employment_type"] = _text(self.settings.get("employment_type")) or ORDINARY
        if placed.get("employment_type") in TYPES_WITHOUT_FORM:
            body["employment_form"] = ""
        if not body.get("enddate"):
            body["enddate_reason"] = ""
        body = {name: value for name, value in body.items() if value or name not in NO_WORD_FOR_NOTHING}
        after = self._post(employee, body)
        return self._written(current["employment_id"], {n: body.get(n, "") for n in placed}, before, after)

    def _post(self, employee: RemoteEmployee, body: Row) -> list[Row]:
        """Upserts one employment; the array may name several, those left out stay as they are."""
        response = self.http.post(f"employment/v2/{quote(employee.id, safe='')}", json=[body])
        self._rows.pop(employee.id, None)
        try:
            after = self._employments(response)
        except UnavailableError as error:
            raise UnclearOutcomeError(
                "Finago took the employment, but its answer could not be read. The next try reads first.",
                vendor_code=error.vendor_code,
            ) from None
        self._rows[employee.id] = after
        return after

    @staticmethod
    def _made(before: Iterable[Row], after: Iterable[Row], placed: Row) -> str | None:
        """The id that Finago gave the new employment."""
        old = {row["employment_id"] for row in before}
        new = [row for row in after if row["employment_id"] not in old]
        alike = [row for row in new if _key(row) == _key(placed)]
        return alike[0]["employment_id"] if alike else None

    def _written(self, made: str, sent: Row, before: Sequence[Row], after: Sequence[Row]) -> Written:
        """What the answer says became of it: our values, the employee's other employments, the primary one; and what
        the a-melding will ask for."""
        row = _row(after, made) or {}
        warnings = [
            Warning(f"Finago kept “{row.get(name, '')}” as {name} instead of “{value}”.", _OURS.get(name, ""))
            for name, value in sent.items()
            if not _equal(row.get(name, ""), value)
        ]
        reported = row.get("employment_type") in (ORDINARY, MARITIME) and not _cancelled(row)
        if reported and not row.get("working_times") and self._organization().country == "NO":
            warnings.append(
                Warning(
                    "Working-hours scheme is empty, and the a-melding needs it. Fill it in here, in Finago, or in the "
                    "connection's settings for positions that have none.",
                    "working_hours_scheme",
                )
            )
        touched = [
            other["employment_id"]
            for other in before
            if other["employment_id"] != made and _row(after, other["employment_id"]) != other
        ]
        if touched:
            warnings.append(
                Warning(
                    f"Finago changed another employment of this employee in the same breath ({', '.join(touched)}). "
                    "Check it in Finago."
                )
            )
        if self._leaderless(after) and not self._leaderless(before):
            warnings.append(
                Warning(
                    "None of this employee's open employments is the primary one any longer. Mark one of them as "
                    "primary in Finago."
                )
            )
        return Written(made, tuple(warnings))

    @staticmethod
    def _leaderless(rows: Iterable[Row]) -> bool:
        running = [row for row in rows if not row.get("enddate")]
        return bool(running) and not any(_primary(row) for row in running)


def _json(response: Response) -> Any:
    """The answer's JSON; a page of HTML or nothing at all gives None."""
    try:
        return response.json()
    except UnavailableError:
        return None
