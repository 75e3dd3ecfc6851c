"""Fortnox Lön: one employee record, which holds the current employment.

Documents named below are pages of Fortnox' developer site (fortnox.se/developer); fields are those of its OpenAPI
(apps.fortnox.se/apidocs).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from requests.auth import HTTPBasicAuth

from integrations.sdk import (
    BY_KEY,
    Change,
    CheckLine,
    Connector,
    ConnectorError,
    DataRefusedError,
    EmployeeNotFoundError,
    Grant,
    Marks,
    NotAuthorizedError,
    Person,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Tokens,
    UnavailableError,
    Wanted,
    Warning,
    Written,
    digits_of,
    email_of,
    fingerprint,
    no_sign_in,
    nonsense,
    number_of,
    oauth_grant,
    raise_for_trouble,
    sure_date,
    text_of,
)
from integrations.systems.fortnox.declaration import SYSTEM

BLANK = "API_BLANK"  # "Delete values": the word that empties a field; an empty text leaves it as it is
PAGE = 500  # "Parameters": the largest `limit`
EMPLOYEE_ID_LENGTH = 15

CLEAR_END_BY_HAND = (
    "Clear the last day of employment (Anställd t.o.m.) on the employee in Fortnox Lön by hand, then press Re-sync."
)
RECONNECT = (
    "Connect again: let a system administrator approve the integration in Fortnox, and enter the new credentials "
    "in this connection."
)
SIGN_IN_CODES = ("2000310", "2000311", "2003275")
REQUEST_CODES = ("1000030", "1000031", "2000588", "2001392", "2001399", "2001740", "2002115")
MISSING_CODES = ("2000423", "2000729")
MISSING_WORDS = re.compile(r"kan inte hitta|hittades inte|finns inte|not found", re.I)
NAMES_IN_ERRORS = (
    ("start_date", r"EmploymentDate|anställningsdatum"),
    ("end_date", r"EmployedTo|anställd t\.?o\.?m"),
    ("title", r"JobTitle|befattning"),
    ("contract_type", r"EmploymentForm|anställningsform"),
    ("remuneration_type", r"SalaryForm|löneform"),
    ("cost_centre", r"CostCenter|kostnadsställe"),
    ("weekly_hours", r"AverageWeeklyHours"),
    ("percentage", r"FullTimeEquivalent"),
)

# What Fortnox needs to pick an employee's salary agreement, and the setting that gives it where Fortnox has nothing.
AGREEMENT = {
    "PersonelType": "personel_type",
    "SalaryForm": "salary_form",
    "EmploymentForm": "employment_form",
}


@dataclass(frozen=True, slots=True)
class _Index:
    """All employees there, by e-mail and by the last ten digits of the national id."""

    by_email: dict[str, list[RemoteEmployee]] = field(default_factory=dict)
    by_national_id: dict[str, list[RemoteEmployee]] = field(default_factory=dict)


class FortnoxConnector(Connector):
    system = SYSTEM

    def setup(self) -> None:
        self.http.headers = {"Accept": "application/json"}
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in)

    # -- sign-in -----------------------------------------------------------------------------------------

    def refused(self, response: Response) -> bool:
        trouble = _trouble(response)
        return response.status == 401 or (trouble is not None and trouble[1] in SIGN_IN_CODES)

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
            raise NotAuthorizedError(
                "This connection has neither a tenant ID nor a refresh token. Enter one of the two under Credentials."
            )
        response = self.http.post(
            self.context.urls["oauth"].rstrip("/") + "/token",
            data=form,
            headers={"TenantId": tenant} if tenant else {},
            auth=HTTPBasicAuth(client_id.encode(), secret.encode()),
            sign=False,
            write=False,
            classify=self._classify_token,
        )
        return oauth_grant(response, *(() if tenant else ("refresh_token",)), **chain)

    @staticmethod
    def _classify_token(response: Response) -> None:
        raise_for_trouble(response)
        trouble = _trouble(response)
        if response.ok and trouble is None:
            return
        text, code = trouble or (response.said, "")
        if response.status == 404 and trouble is None:
            raise no_sign_in(response)
        if re.search("refresh token", text, re.I):
            message = (
                "Fortnox no longer takes the refresh token: it was used by something else, or not for 45 days. "
                + RECONNECT
            )
        elif re.search("service account", text, re.I):
            message = (
                "This integration has no service account in Fortnox. Switch service accounts on for it in the "
                "Developer portal and let a system administrator approve it anew, or enter a refresh token instead of "
                "the tenant ID."
            )
        elif re.search("client", text + code, re.I):
            message = (
                "Fortnox refused the Client-ID or the Client-Secret. Compare both with the integration in Fortnox's "
                "Developer portal and enter them anew under Credentials."
            )
        else:
            message = "Fortnox refused the sign-in for this company. " + RECONNECT
        raise NotAuthorizedError(message, vendor_text=text[:300], vendor_code=code or str(response.status))

    # -- answers -----------------------------------------------------------------------------------------

    def classify(self, response: Response) -> None:
        raise_for_trouble(response)
        trouble = _trouble(response)
        if response.ok and trouble is None:
            return
        text, code = trouble or (response.said, "")
        words: dict[str, str] = {"vendor_text": text[:500], "vendor_code": code or str(response.status)}
        if code == "2000663":
            raise NotAuthorizedError(
                "Fortnox does not let this connection use a part of its data (scope). Add the scopes salary and "
                "costcenter to the integration in the Developer portal, let the customer approve it again, and enter "
                "the new credentials here.",
                cause="scope_missing",
                **words,
            )
        if code == "2001101":
            raise NotAuthorizedError(
                "The customer has no active Fortnox licence for this data. Order Fortnox Lön for the company in "
                "Fortnox, then press Resume.",
                cause="licence_missing",
                **words,
            )
        if code == "2001103":
            raise NotAuthorizedError(
                "The customer has no licence for integrations in Fortnox. Order the integration licence for the "
                "company in Fortnox, then press Resume.",
                cause="licence_missing",
                **words,
            )
        if response.status == 401 or code in SIGN_IN_CODES:
            raise NotAuthorizedError("Fortnox refused our access token. " + RECONNECT, **words)
        if response.status == 403:
            raise NotAuthorizedError(
                "Fortnox refused access. Check that the company has the licences for Fortnox Lön and for integrations, "
                "and that the integration has the scopes salary and costcenter. " + RECONNECT,
                **words,
            )
        if code == "1000003" or (response.status == 404 and trouble is None):
            raise UnavailableError(
                "Fortnox could not carry out the request. Nothing to do: it is tried again.", wait=None, **words
            )
        raise self._data_refused(text, code, words)

    def _data_refused(self, text: str, code: str, words: Mapping[str, str]) -> DataRefusedError:
        if "ftgavtalid" in text.lower():
            return DataRefusedError(
                "Fortnox found no salary agreement for this employee. Set personnel type, salary form and employment "
                "form on the employee in Fortnox Lön, or fill in these defaults in the connection's settings, then "
                "press Re-sync.",
                cause="agreement_missing",
                **words,
            )
        if code in REQUEST_CODES:
            return self.not_understood(**words)
        named = next((key for key, pattern in NAMES_IN_ERRORS if re.search(pattern, text, re.I)), "")
        if named == "cost_centre" and not self.settings.get("send_cost_centre"):
            named = "department"
        if code == "2000359":
            what = f"the field {BY_KEY[named].label}" if named else "this employee's data"
            return DataRefusedError(
                f"Fortnox refused a sign in {what}. Use letters, digits and common signs only; it is sent when you "
                "save.",
                field=named,
                **words,
            )
        return self.data_refused(named, **words)

    # -- connection --------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        lines, signed_in = self.try_each(
            ("Sign in", "This connection > Credentials", self._check_sign_in),
            (
                "Read and write employees (scope salary)",
                "Fortnox Developer portal > your integration > scope Lön (salary), then approve it anew; "
                "the company needs Fortnox Lön",
                lambda: self._allowed("employees"),
            ),
            needed=1,
        )
        if not signed_in:
            return lines
        if self.settings.get("send_cost_centre") or self.settings.get("send_department"):
            lines.append(
                self.tried(
                    "Look up cost centres (scope costcenter)",
                    "Fortnox Developer portal > your integration > scope for cost centres (costcenter), then approve "
                    "it anew; or switch the cost centre off in this connection's settings",
                    lambda: self._allowed("costcenters"),
                )
            )
        if self.settings.get("send_cost_centre") and self.settings.get("send_department"):
            lines.append(
                CheckLine(
                    False,
                    "One source for the cost centre",
                    "Both the cost centre and the department are switched on, but Fortnox has one field for them.",
                    "This connection > Settings > What is sent",
                )
            )
        lines.append(self._company())
        return lines

    def _check_sign_in(self) -> str:
        self.tokens.get()
        return "Fortnox accepts the credentials."

    def _allowed(self, path: str) -> str:
        self.http.get(path, params={"limit": 1}, keep_answer=False)
        return "Allowed."

    def _company(self) -> CheckLine:
        """Which company this is: a help for the reader, for which syncing needs no right."""
        try:
            company = self.http.get("companyinformation").json().get("CompanyInformation", {})
        except ConnectorError:
            return CheckLine(True, "Company", "Fortnox does not show it without the scope companyinformation.")
        parts = (company.get("CompanyName"), company.get("OrganizationNumber"))
        return CheckLine(True, "Company", ", ".join(str(part) for part in parts if part))

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        record = self._employee(known_id)
        return _found(record) if record is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        number, email, digits = person.number.strip(), email_of(person.email), _last_digits(person.national_id)

        def by_number() -> Iterator[RemoteEmployee]:
            if len(number) <= EMPLOYEE_ID_LENGTH and (record := self._employee(number)):
                yield _found(record)

        return (
            ("employee number", number, by_number),
            ("national id", digits, lambda: self._listed().by_national_id.get(digits, ())),
            ("e-mail", email, lambda: self._listed().by_email.get(email, ())),
        )

    def _listed(self) -> _Index:
        return self.once("employees", self._index)

    def _employee(self, number: str) -> dict[str, Any] | None:
        return self._lookup(f"employees/{quote(number, safe='')}", "Employee")

    def _lookup(self, path: str, wrapper: str) -> dict[str, Any] | None:
        """One record, None if Fortnox says that there is none: by status first, then code, then words."""
        missing = False

        def classify(response: Response) -> None:
            nonlocal missing
            text, code = _trouble(response) or ("", "")
            missing = (response.status == 404 and bool(text or code)) or (
                response.status == 400 and (code in MISSING_CODES or bool(MISSING_WORDS.search(text)))
            )
            if not missing:
                self.classify(response)

        response = self.http.get(path, classify=classify)
        return None if missing else _unwrapped(response, wrapper)

    def _index(self) -> _Index:
        index = _Index()
        for record in self._everybody():
            number = str(record.get("EmployeeId") or "")
            employee = RemoteEmployee(number, raw={}, marks=_marks(record))
            for table, key in (
                (index.by_email, email_of(record.get("Email"))),
                (index.by_national_id, _last_digits(record.get("PersonalIdentityNumber"))),
            ):
                if number and key:
                    table.setdefault(key, []).append(employee)
        return index

    def _everybody(self) -> Iterator[Mapping[str, Any]]:
        """Employees of every page. There is no search, and leaving out the inactive ones would hide who comes back."""
        page = 1
        while True:
            body = self.http.get("employees", params={"limit": PAGE, "page": page}, keep_answer=False).json()
            records = body.get("Employees") or []
            yield from records
            pages = _number((body.get("MetaInformation") or {}).get("@TotalPages"))
            if not records or (page >= pages if isinstance(pages, Decimal) else len(records) < PAGE):
                return
            page += 1

    # -- the employment ----------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        # What the match has just read is used once; reading again asks again.
        record = employee.raw.pop("record", None) or self._employee(employee.id)
        if record is None:
            raise _gone(employee)
        values = _values(record)
        end = values["end_date"]
        # Whoever comes back after a gap is employed anew; what follows at once belongs to the same employment.
        renews = end + timedelta(days=2) if end and self.settings.get("send_start_date") else None
        return [Remote(employee.id, values, raw=record, renews_from=renews)]

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """A new employment after a gap, written into the employee's one record."""
        record = self._employee(employee.id)
        if record is None:
            raise _gone(employee)
        return self.write_into(employee, person, Remote(employee.id, _values(record), raw=record), wanted)

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
        for name, setting in AGREEMENT.items():
            if not remote.raw.get(name) and name not in body and self.settings.get(setting):
                body[name] = self.settings[setting]

        def classify(response: Response) -> None:
            if response.status == 404 and _trouble(response) is not None:
                raise _gone(employee)
            self.classify(response)

        try:
            response = self.http.put(
                f"employees/{quote(employee.id, safe='')}", json={"Employee": body}, classify=classify
            )
        except DataRefusedError as error:
            if body.get("EmployedTo") != BLANK or error.field not in ("", "end_date"):
                raise
            raise DataRefusedError(
                f"{error.message} The end date was taken away here, and Fortnox may not let that be done from outside. "
                + CLEAR_END_BY_HAND,
                cause=error.cause,
                field=error.field,
                vendor_text=error.vendor_text,
                vendor_code=error.vendor_code,
            ) from error
        record = _unwrapped(response, "Employee")
        return Written(employee.id, (*_not_taken(record, changes), *self._inactive(record, wanted)))

    def _require_cost_centre(self, code: str, key: str) -> None:
        record = self.once(
            f"cost centre {code}", lambda: self._lookup(f"costcenters/{quote(code, safe='')}", "CostCenter") or {}
        )
        if not record:
            trouble = "There is no cost centre “{code}” in Fortnox. Create it there"
        elif record.get("Active") in (False, "false"):
            trouble = "The cost centre “{code}” is not active in Fortnox. Activate it there"
        else:
            return
        raise DataRefusedError(
            trouble.format(code=code) + f", or choose another {BY_KEY[key].label.lower()} here, then press Re-sync.",
            cause="cost_centre_missing",
            field=key,
        )

    def _inactive(self, record: Mapping[str, Any], wanted: Wanted) -> Iterator[Warning]:
        if record.get("Inactive") in (True, "true") and (wanted.end is None or wanted.end >= self.context.today):
            yield Warning(
                "The employee is marked as inactive in Fortnox, and we never change that. If the employee is back, "
                "take the mark away on the employee in Fortnox Lön."
            )


# -- words and values ----------------------------------------------------------------------------------------


def _trouble(response: Response) -> tuple[str, str] | None:
    """(words, code) of an error body. Fortnox writes its keys in either capitals, and an error may come with 2xx."""
    if response.ok and b"rrorinformation" not in response.content.lower():
        return None
    body = response.json_object()
    info = next((v for k, v in body.items() if k.lower() == "errorinformation"), None)
    if isinstance(info, dict):
        low = {k.lower(): v for k, v in info.items()}
        return text_of(low.get("message")) or "", text_of(low.get("code")) or ""
    if response.ok:
        return None
    text = body.get("error_description") or body.get("message") or body.get("error")
    return (str(text), text_of(body.get("error")) or "") if text else None


def _unwrapped(response: Response, wrapper: str) -> dict[str, Any]:
    body = response.json()
    record = body.get(wrapper) if isinstance(body, dict) else None
    if not isinstance(record, dict):
        raise nonsense(response)
    return record


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


def _not_taken(record: Mapping[str, Any], changes: Mapping[str, Change]) -> Iterator[Warning]:
    """A warning for each field that Fortnox's answer shows otherwise than we sent it."""
    shown = _values(record)
    for key, change in changes.items():
        now, label = shown.get(key), BY_KEY[key].label
        if now == change.new or (change.new is not None and SYSTEM.field(key).remote not in record):
            continue
        if key == "end_date" and change.new is None:
            yield Warning(f"The end date was taken away here, but Fortnox still shows {now}. {CLEAR_END_BY_HAND}", key)
        elif change.new is None:
            yield Warning(
                f"{label} was taken away here, but Fortnox still shows “{now}”. Clear it on the employee in Fortnox "
                "Lön by hand, then press Re-sync.",
                key,
            )
        else:
            yield Warning(
                f"{label} “{change.new}” was sent, but Fortnox still shows {'nothing' if now is None else f'“{now}”'}. "
                "Correct it on the employee in Fortnox Lön, then press Re-sync.",
                key,
            )


def _number(value: Any) -> Decimal | str | None:
    text = text_of(value)
    if text is None:
        return None
    number = number_of(text.replace(",", "."))
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
)


def _last_digits(value: Any) -> str:
    """The last ten digits of a national id: Fortnox shows it with and without the century and the dash."""
    digits = digits_of(value)
    return digits[-10:] if len(digits) >= 10 else ""


def _marks(record: Mapping[str, Any]) -> Marks:
    names = ("EmployeeId", "PersonalIdentityNumber", "Email", "FirstName", "LastName")
    number, national_id, email, first, last = (text_of(record.get(name)) or "" for name in names)
    full = text_of(record.get("FullName")) or ""
    return Marks(number, national_id, email, None, first, last or ("" if first else full))


def _found(record: dict[str, Any]) -> RemoteEmployee:
    return RemoteEmployee(str(record.get("EmployeeId")), raw={"record": record}, marks=_marks(record))


def _gone(employee: RemoteEmployee) -> EmployeeNotFoundError:
    return EmployeeNotFoundError(
        f"Employee {employee.id} is no longer in Fortnox. Add the employee there, or correct the employee number here, "
        "then press Re-sync."
    )
