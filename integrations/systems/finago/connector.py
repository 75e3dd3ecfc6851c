"""Finago Payday (24SevenOffice Payroll): employments ("arbeidsforhold") with history.

Every value is text there ("1", "90.00", ""), and one call, POST /employment/v2/{empId}, creates, changes, ends and
cancels: an employment with a known id is changed, one without an id or with an unknown one is new.

Facts: the vendor's Swagger page "24SevenOffice Payroll API 2.0.0" (swagger.api.24sevenoffice.com), and
support.24sevenoffice.com, "Lær mer om avstemming av arbeidsforhold".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote

from integrations.sdk import (
    DIGITS_ONLY,
    Change,
    CheckLine,
    DataRefusedError,
    Directory,
    EveryMark,
    Grant,
    Label,
    Looking,
    Mark,
    Marks,
    Message,
    Person,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Seen,
    StaleError,
    Tokens,
    Trouble,
    UnavailableError,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    date_of,
    digits_of,
    email_of,
    field_in,
    no_sign_in,
    nonsense,
    number_of,
    plain,
    record_in,
    rows_in,
    sure_date,
    value_of,
)
from integrations.systems.finago import on_employee, refusals, texts
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
from integrations.systems.finago.employee_side import EmployeeSide

Row = dict[str, str]

# -- their words -----------------------------------------------------------------------------------------

NEVER_REPORTED = "arbeidsforholdetSkulleAldriVaertRapportert"
# Lists without a word for nothing: what is not there is left out.
NO_WORD_FOR_NOTHING = ("employment_form", "working_times")

SWEDEN = "SE"

_OURS = {f.remote: f.ours for f in SYSTEM.fields if f.supported}

# -- their forms -----------------------------------------------------------------------------------------

_NO_OFFSET = timezone(timedelta(hours=2))  # the earliest instant that a Norwegian clock time can mean


@dataclass(frozen=True, slots=True)
class _Organization:
    name: str
    country: str
    enterprises: Mapping[str, str]

    @property
    def called(self) -> str:
        return self.name or texts.THE_COMPANY

    @property
    def nationality(self) -> str:
        return texts.COUNTRIES.get(self.country, self.country)

    def known(self, none: Label) -> tuple[Message | str, ...]:
        """Its enterprise numbers with their names."""
        listed = self.enterprises.items()
        return tuple(texts.ENTERPRISE(number=n, name=name) if name else n for n, name in listed) or (none,)


def _text(value: Any) -> str:
    """As they write it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _instant(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=_NO_OFFSET)


def _found(row: Mapping[str, Any]) -> RemoteEmployee:
    """What matching needs of one of their employees; pay, bank and tax are not kept."""
    employee_id, first, last, email = (_text(row.get(name)) for name in ("empId", "firstname", "lastname", "email"))
    # Where there is no national id, it may be a date.
    national_id, birth_date = digits_of(row.get("personnr")), date_of(row.get("personnr"))
    return RemoteEmployee(employee_id, marks=Marks(employee_id, national_id, email_of(email), birth_date, first, last))


def _employee_number(text: Any) -> str:
    """Without leading zeros; empty when it cannot be a number there, where only integers are."""
    text = _text(text)
    return str(int(text)) if re.fullmatch(r"[0-9]{1,30}", text) else ""


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
        values["percentage"] = number_of(row["employment_rate"], comma=True)
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
    if a == b:
        return True
    number = number_of(a, comma=True)
    return number is not None and number == number_of(b, comma=True) and "." in a + b


class FinagoConnector(EmployeeSide):
    system = SYSTEM
    refusals = refusals.WRITE

    def setup(self) -> None:
        self._secret = self.credentials.get("token", "").strip()
        self.http.masker.add(self._secret)
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in)

    # -- access ------------------------------------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        """The API key stands in the address (the vendor knows no other way), hence no headers or bodies of ours carry
        it, and `Http` masks it in what is kept."""
        classify = self.judging(rows=refusals.KEY, read=self._key_trouble)
        response = self.http.get("auth", params={"token": self._secret}, sign=False, classify=classify)
        answer = response.json_object()
        if "accessToken" not in answer:
            raise no_sign_in(response)
        end = _instant(answer.get("expiresOn"))
        return Grant(_text(answer.get("accessToken")), (end - self.context.now()).total_seconds() if end else None)

    def _key_trouble(self, response: Response) -> Trouble | None:
        """No form is published by which an error would be known as theirs: a key is refused with 401 alone."""
        found = self.trouble(response)
        return found and replace(found, known=False)

    # -- answers -----------------------------------------------------------------------------------------

    def trouble(self, response: Response) -> Trouble | None:
        """Their own words, without the HTML around them and without secrets."""
        if response.ok:
            return None
        words = self.http.masker.text(response.kept)[:300]
        return Trouble(response.status, words, field=field_in(words, refusals.NAMES))

    def _employments(self, response: Response) -> list[Row]:
        """Their array of one employee's employments, all values as text; no employments may come as nothing."""
        rows = [] if response.content.strip() in (b"null", b"{}") else rows_in(response)
        if not all(row.get("employment_id") for row in rows):
            raise nonsense(response)
        return [{name: _text(value) for name, value in row.items()} for row in rows]

    # -- registers ---------------------------------------------------------------------------------------

    def _organization(self) -> _Organization:
        def load() -> _Organization:
            classify = self.judging(rows=refusals.LIST, list=texts.COMPANY_LIST)
            answer = record_in(self.http.get("organization/v2", classify=classify))
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

    @property
    def _directory(self) -> Directory[RemoteEmployee]:
        """Once per turn: the vendor has no search."""

        def load() -> Directory[RemoteEmployee]:
            directory = Directory[RemoteEmployee]()
            for row in self._listed():
                found = _found(row)
                if found.id:
                    marks = found.marks
                    directory.add(
                        found.id, found, number=marks.number, national_id=marks.national_id, email=marks.email
                    )
            return directory

        return self.once("employees", load)

    def _listed(self) -> list[dict[str, Any]]:
        """Everybody in one answer: the vendor has no paging."""
        classify = self.judging(rows=refusals.LIST, list=texts.EMPLOYEE_LIST)
        return rows_in(self.http.get("employee/v2", classify=classify, keep_answer=False))

    def _valid(self, placed: Row) -> None:
        """Refuses here what this company cannot take, since Finago's own refusal would not say what is wrong."""
        named = {"enterprise_number", "employment_form", "enddate_reason", "profession_code"}
        checked = named & {k for k, v in placed.items() if v}
        if not checked:
            return
        organization = self._organization()
        number = placed.get("enterprise_number")
        if number and number not in organization.enterprises:
            known = organization.known(texts.NONE_AT_ALL)
            raise DataRefusedError(texts.ENTERPRISE_UNKNOWN(number=number, known=known))
        whose = {"company": organization.called, "country": organization.nationality}
        for name, by_country in (("employment_form", FORMS), ("enddate_reason", REASONS)):
            value = placed.get(name)
            if value and value not in by_country.get(organization.country, {}):
                raise DataRefusedError(texts.VALUE_OF_OTHER_COUNTRY(**whose, value=value), field=_OURS[name])
        code, listed = placed.get("profession_code"), OCCUPATIONS.get(organization.country)
        if code and listed is not None and not re.fullmatch(listed.pattern, code):
            raise DataRefusedError(texts.OCCUPATION_OF_OTHER_COUNTRY(**whose, code=code, note=Label(listed.note)))

    # -- the contract ------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        lines, reads = self.try_each(
            (texts.KEY, KEY_PLACE, self._check_key),
            (texts.COMPANY, KEY_PLACE, self._check_company),
            (texts.EMPLOYEES, KEY_PLACE, lambda: texts.MATCHABLE(number=len(self._directory))),
            (texts.EMPLOYMENTS, KEY_PLACE, self._check_employments),
            needed=4,
        )
        if not reads:
            return lines
        organization = self._organization()
        lines = [*lines, self._check_enterprises(organization), *self._check_values(organization)]
        return [*lines, *self._check_on_employee()] if self._on_employee else lines

    def _check_key(self) -> Message:
        self.tokens.prove()
        return texts.KEY_TAKEN()

    def _check_company(self) -> Message:
        organization = self._organization()
        return texts.COMPANY_OF(name=organization.name, country=organization.nationality)

    def _check_employments(self) -> Message:
        anybody = next(iter(self._directory.ids()), None)
        if anybody is None:
            return texts.NOBODY_TO_TRY()
        self._read(anybody)
        return texts.READABLE()

    def _check_enterprises(self, organization: _Organization) -> CheckLine:
        rows = self.settings.get("enterprise_numbers") or {}
        chosen = {str(v) for v in (self.settings.get("enterprise_number"), *rows.values()) if v}
        wrong, known = tuple(sorted(chosen - set(organization.enterprises))), organization.known(texts.NONE)
        if wrong:
            found = texts.ENTERPRISES_MISSING(missing=wrong, known=known)
            return CheckLine(False, texts.ENTERPRISES, found, texts.COMPANIES_PLACE)
        return CheckLine(bool(organization.enterprises), texts.ENTERPRISES, texts.ENTERPRISES_KNOWN(known=known))

    def _check_values(self, organization: _Organization) -> Iterator[CheckLine]:
        """Swedish companies have values of their own, which only the tables of the settings can give."""
        if organization.country == "NO":
            return
        wrong = []
        for ours, by_country in (("contract_type", FORMS), ("end_reason", REASONS)):
            declared = SYSTEM.field(ours)
            assert declared.codes is not None
            rows = {k: v for k, v in (value_of(declared.table, self.settings) or {}).items() if v}
            used = {code for code in {**declared.codes, **rows}.values() if code} - set(TYPES_WITHOUT_FORM)
            if used - set(by_country.get(organization.country, {})):
                wrong.append(texts.KINDS[ours])
        country = organization.nationality
        if wrong:
            found = texts.VALUES_NORWEGIAN(country=country, kinds=tuple(wrong))
            yield CheckLine(False, texts.VALUES, found, texts.TRANSLATION_PLACE)
        else:
            yield CheckLine(True, texts.VALUES, texts.VALUES_FIT(country=country))

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        return self._directory.get(known_id)

    def searches(self, person: Person) -> Sequence[Search]:
        marks = (
            (Mark.NUMBER, _employee_number(person.number)),
            (Mark.NATIONAL_ID, plain(Mark.NATIONAL_ID, person.national_id)),
            (Mark.EMAIL, email_of(person.email)),
        )
        return tuple((mark, value, partial(self._with_mark, mark, value)) for mark, value in marks)

    def _with_mark(self, mark: Mark, value: str) -> list[RemoteEmployee]:
        return self._directory.by(mark, value)

    def hint(self, person: Person) -> Message:
        return DIGITS_ONLY()

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        return self._remotes(self._read(employee.id), self._record(employee.id) if self._on_employee else {})

    def _remotes(self, rows: Iterable[Row], record: Mapping[str, Any]) -> list[Remote]:
        """What stands on the employee is said by the employment that counts today."""
        living = [row for row in rows if not _cancelled(row)]
        own = on_employee.values_of(record, self.settings)
        return [
            Remote(
                row["employment_id"],
                self._shown(row) | (own if on_employee.leads(row, living, self.context.today) else {}),
            )
            for row in living
        ]

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """The list of employees holds no employments."""
        if self.settings.get("working_times"):
            yield from self.trying(self._organization)

        def see(id: str, row: dict[str, Any]) -> Looking:
            who = Seen(id, EveryMark.of(_found(row).marks))
            yield from self.asking(who, partial(self._read, id), partial(self._seen, who, row))

        rows = yield from self.trying(self._listed)
        yield from self.looking(iter((rows,)), "empId", see)

    def _seen(self, who: Seen, record: Mapping[str, Any], rows: Sequence[Row]) -> Seen:
        return self.seen(who.id, who.marks, lambda: self._remotes(rows, record))

    def _shown(self, row: Row) -> dict[str, Any]:
        """In a Swedish company no scheme is what the connection's default, a code of the a-melding, stands for."""
        values, default = _values(row), self.settings.get("working_times")
        without = not values["working_hours_scheme"] and not WITHOUT_HOURS.applies(values)
        if default and without and self._organization().country == SWEDEN:
            values["working_hours_scheme"] = default
        return values

    def _place(self, values: Mapping[str, Any], wanted: Wanted) -> Row:
        placed = _placed(values)
        if "working_hours_scheme" in wanted.defaulted and placed.get("working_times"):
            placed |= {"working_times": ""} if self._organization().country == SWEDEN else {}
        return placed

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        given = {ours: value for ours, value in wanted.values.items() if value is not None}
        placed = self._place({ours: value for ours, value in given.items() if ours not in on_employee.KEYS}, wanted)
        self._valid(placed)
        before = self._held(employee)
        added = {"primary_employment": "0" if self._led(before, placed["startdate"]) else "1", **placed}
        todays = on_employee.leads(added, [*(row for row in before if not _cancelled(row)), added], self.context.today)
        own = {ours: Change(None, given[ours]) for ours in on_employee.KEYS if ours in given}
        if todays:
            self._require({ours: change.new for ours, change in own.items()})
        written = self._create(employee, wanted, placed, before)
        return self._with_own(employee, written, own, wanted, todays=todays, beside=True)

    @staticmethod
    def _led(rows: Iterable[Row], start: str) -> bool:
        """Whether another employment is the primary one on the day on which a new one starts."""
        return any(_primary(row) and (not row.get("enddate") or row["enddate"] >= start) for row in rows)

    def _create(self, employee: RemoteEmployee, wanted: Wanted, placed: Row, before: Sequence[Row]) -> Written:
        # A create is not safe to repeat: what an earlier, unanswered one left is changed instead of made twice.
        earlier = next((row for row in before if _key(row) == _key(placed) and not _cancelled(row)), None)
        if earlier is not None:
            return self._save(employee, earlier, {"enddate": "", "enddate_reason": "", **placed})
        body = {
            "primary_employment": "0" if self._led(before, placed["startdate"]) else "1",
            "enddate": "",
            "enddate_reason": "",
            "employment_type": _text(self.settings.get("employment_type")) or ORDINARY,
            **placed,
        }
        body = {name: value for name, value in body.items() if value or name not in NO_WORD_FOR_NOTHING}
        after = self._post(employee, body)
        made = self._made(before, after, placed)
        if made is None:
            after = self._read(employee.id)
            made = self._made(before, after, placed)
        if made is None:
            raise DataRefusedError(texts.NOT_KEPT())
        return self._written(made, body, before, after)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        own = {ours: change for ours, change in changes.items() if ours in on_employee.KEYS}
        placed = self._place({ours: change.new for ours, change in changes.items() if ours not in own}, wanted)
        self._valid(placed)
        current = self._current(employee, remote)
        living = [row for row in self._held(employee) if not _cancelled(row) and row is not current]
        after = {**current, **placed}
        todays = on_employee.leads(after, [*living, after], self.context.today)
        if todays:
            self._require({ours: change.new for ours, change in own.items()})
        written = self._save(employee, current, placed) if placed else Written(remote.id)
        return self._with_own(employee, written, own, wanted, todays=todays, beside=bool(placed))

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        organization = self._organization()
        if organization.country != "NO":
            raise DataRefusedError(texts.DELETE_BY_HAND(country=organization.nationality))
        current = self._current(employee, remote)
        return self._save(employee, current, {"enddate": current["startdate"], "enddate_reason": NEVER_REPORTED})

    # -- reading and writing employments -----------------------------------------------------------------

    def _read(self, employee_id: str) -> list[Row]:
        classify = self.judging(rows=refusals.READ)
        rows = self._employments(self.http.get(f"employment/v2/{quote(employee_id, safe='')}", classify=classify))
        self.ahead[employee_id] = rows
        return rows

    def _held(self, employee: RemoteEmployee) -> list[Row]:
        """What was read, or answered to the last write, in this run."""
        rows: list[Row] | None = self.ahead.get(employee.id)
        return self._read(employee.id) if rows is None else rows

    def _current(self, employee: RemoteEmployee, remote: Remote) -> Row:
        """The employment as it stands there. One that is gone is never written to: its id would make a new one."""
        current = _row(self._held(employee), remote.id)
        if current is None:
            raise StaleError(texts.EMPLOYMENT_GONE())
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
        self.ahead.pop(employee.id, None)
        try:
            after = self._employments(response)
        except UnavailableError as error:
            raise UnclearOutcomeError(texts.ANSWER_LOST(), vendor_code=error.vendor_code) from None
        self.ahead[employee.id] = after
        return after

    @staticmethod
    def _made(before: Iterable[Row], after: Iterable[Row], placed: Row) -> str | None:
        """The id that Finago gave the new employment."""
        old = {row["employment_id"] for row in before}
        new = [row for row in after if row["employment_id"] not in old]
        alike = [row for row in new if _key(row) == _key(placed)]
        return alike[0]["employment_id"] if alike else None

    def _written(self, made: str, sent: Row, before: Sequence[Row], after: Sequence[Row]) -> Written:
        return Written(made, tuple(self._warnings(made, sent, before, after)))

    def _warnings(self, made: str, sent: Row, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Warning]:
        """What the answer says became of it: our values, the employee's other employments, the primary one; and what
        the a-melding will ask for."""
        row = _row(after, made) or {}
        for name, value in sent.items():
            kept = row.get(name, "")
            if not _equal(kept, value):
                yield Warning(texts.KEPT_OTHERWISE(kept=kept, name=name, sent=value), _OURS.get(name, ""))
        reported = row.get("employment_type") in (ORDINARY, MARITIME) and not _cancelled(row)
        if reported and not row.get("working_times") and self._organization().country == "NO":
            yield Warning(texts.NO_SCHEME())
        others = (other["employment_id"] for other in before if _row(after, other["employment_id"]) != other)
        if touched := tuple(other for other in others if other != made):
            yield Warning(texts.OTHERS_CHANGED(others=touched))
        if self._leaderless(after) and not self._leaderless(before):
            yield Warning(texts.NO_PRIMARY())

    @staticmethod
    def _leaderless(rows: Iterable[Row]) -> bool:
        running = [row for row in rows if not row.get("enddate")]
        return bool(running) and not any(_primary(row) for row in running)
