"""Unimicro (Uni Economy / Unimicro Platform, formerly Softrig): employments through the biz API.

Names below follow the vendor's guides on developer.unimicro.no ("authentication/server", "api/filtering",
"api/troubleshooting", "endpoints/payroll"), its biz API contract of 2020-12 and its web client's unientities.ts.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import IntEnum
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from integrations.sdk import (
    Change,
    CheckLine,
    Connector,
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
    StaleError,
    Tokens,
    UnavailableError,
    Wanted,
    Warning,
    Written,
    date_of,
    digits_of,
    no_sign_in,
    number_of,
    oauth_grant,
    raise_for_trouble,
    sure_date,
    text_of,
    to_count_from,
)
from integrations.sdk.messages import as_message
from integrations.systems.unimicro.declaration import (
    FULL_TIME_HOURS,
    SYSTEM,
    WITHOUT_HOURS,
    EmploymentType,
    EndDateReason,
    RemunerationType,
    TypeOfEmployment,
    WorkingHoursScheme,
)

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
SCOPE = "AppFramework"
PAGE = 100
# Neither a default nor a largest page size is published: a page this short is taken for the last one, a longer one
# may have been cut by the server, and the next is asked for.
SURELY_LAST = 20
WHO = "BusinessRelationInfo.DefaultEmail"  # what is asked for with an employee: name and e-mail
GUIDS = 5
LARGEST_INTEGER = 2**31 - 1


EMPLOYED = (TypeOfEmployment.OrdinaryEmployment, TypeOfEmployment.MaritimeEmployment)
DATES = {"start_date": "StartDate", "end_date": "EndDate"}
NUMBERS = {"percentage": "WorkPercent", "weekly_hours": "HoursPerWeek"}
ENUMS: dict[str, tuple[str, type[IntEnum]]] = {
    "end_reason": ("EndDateReason", EndDateReason),
    "remuneration_type": ("RemunerationType", RemunerationType),
    "working_hours_scheme": ("WorkingHoursScheme", WorkingHoursScheme),
}
OUR_FIELDS = {
    **{theirs: ours for ours, theirs in (*DATES.items(), *NUMBERS.items())},
    **{theirs: ours for ours, (theirs, _) in ENUMS.items()},
    "JobCode": "occupation_code",
    "JobName": "occupation_code",
    "SubEntityID": "company",
    "DepartmentID": "department",
    "EmploymentType": "contract_type",
    "TypeOfEmployment": "contract_type",
}


class UnimicroConnector(Connector):
    system = SYSTEM

    def setup(self) -> None:
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in)
        self.http.headers = {"Accept": "application/json"}

    @property
    def _organization(self) -> str:
        return digits_of(self.credentials["organization_number"])

    # -- signing in ("authentication/server") ----------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        key = self._private_key()
        identity = self.context.urls["identity"].rstrip("/")
        found = self.http.get(f"{identity}/.well-known/openid-configuration", sign=False, classify=raise_for_trouble)
        endpoint = _object(found).get("token_endpoint") if found.ok else None
        if not endpoint:
            raise UnavailableError(
                "Unimicro's login server did not say where to sign in. Check the identity address of this connection.",
                vendor_text=found.said,
            )
        client, now = self.credentials["client_id"], int(self.context.now().timestamp())
        claims = {
            "jti": str(uuid.uuid4()),
            "sub": client,
            "iss": client,
            "aud": endpoint,
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_SECONDS,
        }
        answer = self.http.post(
            endpoint,
            data={
                "grant_type": "client_credentials",
                "scope": SCOPE,
                "client_id": client,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": jwt.encode(claims, key, algorithm="RS256"),
            },
            sign=False,
            write=False,
            classify=self._classify_sign_in,
        )
        return oauth_grant(answer)

    def _private_key(self) -> RSAPrivateKey:
        found = re.search(
            r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", self.credentials["private_key"], re.S
        )
        try:
            key = load_pem_private_key(found.group().encode(), password=None) if found else None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPrivateKey):
            raise NotAuthorizedError(
                "The private key of this connection cannot be read: it has to be an RSA key in PEM form without a "
                "password. Take it out of the server client's .p12 certificate once more and paste it whole."
            )
        return key

    @staticmethod
    def _classify_sign_in(response: Response) -> None:
        raise_for_trouble(response)
        if response.ok:
            return
        code = str(response.json_object().get("error", ""))
        if response.status == 404 and not code:
            raise no_sign_in(response)
        if code == "invalid_scope":
            message = (
                "Unimicro's login server does not grant this client the scope AppFramework. Add it to the server "
                "client in Unimicro's developer portal."
            )
        else:
            message = (
                "Unimicro's login server refused our client. Check the client id, and renew the certificate of the "
                "server client in Unimicro's developer portal if it has run out; then paste its private key. A wrong "
                "clock on this server has the same effect."
            )
        raise NotAuthorizedError(message, vendor_text=response.said, vendor_code=code)

    # -- the company -----------------------------------------------------------------------------------------

    def _company_key(self) -> str:
        return self.once("company", lambda: self.tokens.kept("company_key") or self._find_company()["Key"])

    def _find_company(self) -> Mapping[str, Any]:
        """The company with our organisation number among those that the client may act for; its key is kept."""
        asked = self.credentials.get("company_key", "").strip().lower()
        found = [
            company
            for company in self._array(self.http.get("init/companies"))
            if digits_of(company.get("OrganizationNumber")) == self._organization
            and (not asked or str(company.get("Key", "")).lower() == asked)
        ]
        if not found:
            raise NotAuthorizedError(
                f"This client has no company with organisation number {self._organization} in Unimicro. Activate the "
                "integration for that company in Unimicro Marketplace, or correct the number in this connection."
            )
        if len(found) > 1:
            raise NotAuthorizedError(
                f"Unimicro has {len(found)} companies with organisation number {self._organization}. Enter the company "
                "key of the one meant in this connection."
            )
        self.tokens.keep("company_key", str(found[0]["Key"]))
        return found[0]

    # -- calls -----------------------------------------------------------------------------------------------

    def _biz(self, method: str, path: str, **kwargs: Any) -> Response:
        return self.http.request(method, f"biz/{path}", headers={"CompanyKey": self._company_key()}, **kwargs)

    def _entity(self, path: str, expand: str) -> dict[str, Any] | None:
        """One entity, or None when there is none with this ID."""
        response = self._biz("GET", path, params={"expand": expand})
        if response.status == 404:
            return None
        entity = _object(response)
        return None if entity.get("Deleted") else entity

    @staticmethod
    def _array(response: Response) -> list[dict[str, Any]]:
        """A collection is a bare array, without an envelope."""
        rows = response.json() if response.ok else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnavailableError(
                "Unimicro answered with something other than a list of records. Check the address of this connection.",
                **response.words,
            )
        return rows

    def _some(self, entity: str, top: int, **params: str) -> list[dict[str, Any]]:
        """The first few of a collection that are not deleted."""
        rows = self._array(self._biz("GET", entity, params={**params, "top": top, "hateoas": "false"}))
        return [row for row in rows if not row.get("Deleted")]

    def _every(self, entity: str, **params: str) -> Iterator[dict[str, Any]]:
        """A whole collection, page by page."""
        seen: set[Any] = set()
        while True:
            query = {**params, "orderby": "ID", "top": PAGE, "skip": len(seen), "hateoas": "false"}
            page = self._array(self._biz("GET", entity, params=query))
            if seen & {row.get("ID") for row in page}:
                raise UnavailableError(f"Unimicro gave the same page of {entity} twice.")
            seen |= {row.get("ID") for row in page}
            yield from (row for row in page if not row.get("Deleted"))
            if len(page) < SURELY_LAST:
                return

    def classify(self, response: Response) -> None:
        raise_for_trouble(response)
        if response.ok or response.status == 404:
            return
        texts, names = _complaints(response)
        said = " ".join(texts)[:1000]
        if response.status in (401, 403):
            self.tokens.keep("company_key", "")
            message = (
                "Unimicro no longer takes our access token, even a new one. Check in Unimicro Marketplace that the "
                "integration is still activated for the company."
                if response.status == 401
                else "Unimicro does not let this client work in the company. Activate the integration for it in "
                "Unimicro Marketplace, and give the client a role for payroll (employees and employments)."
            )
            raise NotAuthorizedError(message, vendor_text=said, vendor_code=str(response.status))
        if response.status == 408:
            raise UnavailableError("Unimicro did not get the request in time.", vendor_text=said, vendor_code="408")
        raise DataRefusedError(
            "Unimicro refused it. Correct what it names below, here or in Unimicro, then press Re-sync.",
            field=next((OUR_FIELDS[name] for name in names if name in OUR_FIELDS), ""),
            vendor_text=said,
            vendor_code=str(response.status),
        )

    # -- test connection -------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        portal = "Unimicro's developer portal, server client"
        market = "Unimicro Marketplace, and the roles of the client in Unimicro"
        return self.try_each(
            ("Sign in", portal, self._check_sign_in),
            ("Company", market, lambda: str(self._find_company().get("Name", ""))),
            ("Read employees", market, lambda: _readable(self._some("employees", 1))),
            ("Read employments", market, lambda: _readable(self._some("employments", 1))),
            ("Read the occupation register", market, lambda: _readable(self._some("STYRK", 1))),
            ("Read sub-units", market, lambda: f"{len(self._sub_units())} to choose from."),
            ("Read departments", market, lambda: _readable(self._some("departments", 1))),
            needed=2,
        )[0]

    def _check_sign_in(self) -> str:
        self.tokens.prove()
        return "Signed in."

    # -- employees -------------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        known = self._entity(f"employees/{known_id}", WHO)
        return _employee(known) if known is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        number, email, digits = person.number.strip(), person.email.strip(), digits_of(person.national_id)
        plain = str(int(number)) if number.isascii() and number.isdigit() else ""
        return (
            (
                "employee number",
                plain if int(plain or 0) <= LARGEST_INTEGER else "",
                lambda: self._those(f"EmployeeNumber eq {plain}", lambda e: str(e.get("EmployeeNumber")) == plain),
            ),
            (
                "national id",
                digits,
                lambda: self._those(
                    f"SocialSecurityNumber eq '{digits}'", lambda e: digits_of(e.get("SocialSecurityNumber")) == digits
                ),
            ),
            (
                "e-mail",
                email,
                lambda: self._those(
                    # Whether capitals make a difference in a filter is not documented.
                    " or ".join(f"{WHO}.EmailAddress eq {_quoted(e)}" for e in dict.fromkeys((email, email.lower()))),
                    lambda e: _email(e).lower() == email.lower(),
                ),
            ),
        )

    def hint(self, person: Person) -> str:
        return "Employee numbers there have digits only."

    def _those(self, condition: str, matches: Callable[[Mapping[str, Any]], bool]) -> list[RemoteEmployee]:
        """Compared here again: a filter that Unimicro does not know may be left out without a word."""
        return [_employee(e) for e in self._employees(condition) if matches(e)]

    def _employees(self, condition: str) -> list[dict[str, Any]]:
        return self._some("employees", 2, filter=condition, expand=WHO)

    # -- periods ---------------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        return [
            Remote(str(record["ID"]), self._values(record), record.get("UpdatedAt"), record)
            for record in self._employments(employee)
        ]

    def _employments(self, employee: RemoteEmployee) -> list[dict[str, Any]]:
        """Without those that were ended as never to have been reported: they count as not there."""
        found = self._every("employments", filter=f"EmployeeID eq {employee.id}", expand="Dimensions")
        own = [record for record in found if str(record.get("EmployeeID")) == employee.id]
        cancelled = EndDateReason.ShouldNotHaveBeenReported.name
        return [record for record in own if _name(EndDateReason, record.get("EndDateReason")) != cancelled]

    def _values(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """An employment in our fields; what was not sent along is left out, but the dates that make the period."""
        values: dict[str, Any] = {ours: sure_date(record.get(theirs)) for ours, theirs in DATES.items()}
        values |= {ours: number_of(record[theirs]) for ours, theirs in NUMBERS.items() if theirs in record}
        values |= {ours: _name(enum, record[theirs]) for ours, (theirs, enum) in ENUMS.items() if theirs in record}
        if "JobCode" in record:
            values["occupation_code"] = text_of(record["JobCode"])
        if {"TypeOfEmployment", "EmploymentType"} <= set(record):
            values["contract_type"] = _contract(record)
            if WITHOUT_HOURS.applies(values):
                values |= {ours: None for ours in NUMBERS if ours in values and not values[ours]}
        if "SubEntityID" in record:
            values |= self._sub_unit_number(record["SubEntityID"])
        if "Dimensions" in record:
            values["department"] = self._department_number((record["Dimensions"] or {}).get("DepartmentID"))
        return values

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """Through the employee: only a nested new entity is guarded by `_createguid` ("api/troubleshooting")."""
        new = self._new_employment(wanted)
        for guid in self._guids(wanted.position_id):
            owner = self._entity(f"employees/{employee.id}", "Employments")
            if owner is None:
                raise EmployeeNotFoundError(
                    "The employee was removed in Unimicro a moment ago. Press Re-sync to search again."
                )
            there = [e for e in owner.get("Employments") or [] if not e.get("Deleted")]
            since = to_count_from(wanted.employed_since or wanted.start, wanted.start, _seniority(there))
            if since:
                new["SeniorityDate"] = since.isoformat()
            body = _sendable(owner)
            body["Employments"] = [
                *(_sendable(e) for e in there),
                {
                    "SubEntityID": owner.get("SubEntityID"),
                    "EmployeeNumber": owner.get("EmployeeNumber"),
                    "Standard": not any(e.get("Standard") for e in there),
                    **_with_guid(new, guid),
                },
            ]
            if not str(owner.get("SocialSecurityNumber") or "").isdigit():
                body.pop("SocialSecurityNumber", None)  # shown masked: sent back, it would replace the real one
            try:
                answer = self._biz("PUT", f"employees/{employee.id}", json=body)
            except DataRefusedError as refusal:
                if any(sure_date(e.get("StartDate")) == wanted.start for e in self._employments(employee)):
                    raise StaleError("An earlier try had created it after all.") from refusal
                if "guid" not in refusal.vendor_text.lower():
                    raise
                continue
            if answer.status == 404:
                raise StaleError("The employee is no longer in Unimicro.")
            return self._created(employee, answer, {e["ID"] for e in there}, wanted, body["Employments"][-1])
        raise DataRefusedError(
            f"Unimicro says that this employment was created before, but shows none from {wanted.start}. Look there "
            "for one that was deleted or moved.",
            cause="created_before",
            field="start_date",
        )

    def _guids(self, position_id: str) -> Iterator[uuid.UUID]:
        """The same for every try, so that a repeated create is refused instead of doubled. Those after the first are
        for a position whose employment was deleted or moved there, or that got another start date here."""
        namespace = uuid.UUID(self.context.namespace)
        yield uuid.uuid5(namespace, position_id)
        for again in range(1, GUIDS):
            yield uuid.uuid5(namespace, f"{position_id}/{again}")

    def _created(
        self,
        employee: RemoteEmployee,
        answer: Response,
        before: set[Any],
        wanted: Wanted,
        sent: Mapping[str, Any],
    ) -> Written:
        """The new employment's ID, from the answer or by reading again; and a look at whether the others are left."""
        after = _object(answer).get("Employments") or []
        new = _added(after, before, wanted.start)
        if new is None or not before <= {e.get("ID") for e in after}:
            after = self._employments(employee)
            new = _added(after, before, wanted.start)
        if new is None:
            raise UnavailableError("Unimicro accepted the employment but does not show it yet.")
        warnings = self._incomplete(sent)
        lost = before - {e.get("ID") for e in after}
        if lost:
            numbers = ", ".join(str(n) for n in sorted(lost))
            warnings = (*warnings, Warning(f"Unimicro no longer shows employment {numbers} of this employee."))
        return Written(str(new["ID"]), warnings)

    def _new_employment(self, wanted: Wanted) -> dict[str, Any]:
        record: dict[str, Any] = {"ID": 0, "TypeOfEmployment": int(TypeOfEmployment.OrdinaryEmployment)}
        self._place(record, {k: v for k, v in wanted.values.items() if v is not None and v != ""})
        if record["TypeOfEmployment"] in EMPLOYED:
            scheme = wanted.values.get("working_hours_scheme") or self.settings.get("default_working_hours_scheme")
            if scheme:
                record.setdefault("WorkingHoursScheme", int(WorkingHoursScheme[scheme]))
            hours = FULL_TIME_HOURS.of(scheme, self.settings)
            if hours is not None:
                record.setdefault("HoursPerWeek", float(hours))
            record["LastSalaryChangeDate"] = record["LastWorkPercentChangeDate"] = record["StartDate"]
        return record

    def _place_full_week(self, record: dict[str, Any], changes: Mapping[str, Change], wanted: Wanted) -> None:
        """The hours of a full position go with the scheme, and with the kind of employment; else they are a clerk's."""
        becomes, scheme = "contract_type" in changes, changes.get("working_hours_scheme")
        if WITHOUT_HOURS.applies(wanted.values):
            if becomes:
                record["HoursPerWeek"] = 0.0
        elif wanted.values.get("weekly_hours"):
            pass  # they are sent by themselves
        elif (scheme is not None and scheme.new) or (becomes and not record.get("HoursPerWeek")):
            hours = FULL_TIME_HOURS.of(_name(WorkingHoursScheme, record.get("WorkingHoursScheme")), self.settings)
            if hours is not None:  # a scheme that is newer than our list, chosen there, goes with hours chosen there
                record["HoursPerWeek"] = float(hours)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        fresh = self._entity(f"employments/{remote.id}", "Dimensions")
        if fresh is None:
            raise StaleError("The employment is no longer in Unimicro.")
        if self._values(fresh) != remote.values:
            raise StaleError("The employment was changed in Unimicro.")
        record = _sendable(fresh)
        self._place(record, {key: change.new for key, change in changes.items()})
        self._place_full_week(record, changes, wanted)
        if "start_date" in changes:
            for name in ("LastWorkPercentChangeDate", "LastSalaryChangeDate"):
                if sure_date(fresh.get(name)) == changes["start_date"].old:
                    record[name] = record["StartDate"]
        if "percentage" in changes and changes["percentage"].new is not None:
            record["LastWorkPercentChangeDate"] = self._percentage_since(fresh, wanted).isoformat()
        answer = self._biz("PUT", f"employments/{remote.id}", json=record)
        if answer.status == 404:
            raise StaleError("The employment is no longer in Unimicro.")
        return Written(remote.id, (*self._incomplete(record), *self._ignored(answer, changes)))

    def _percentage_since(self, record: Mapping[str, Any], wanted: Wanted) -> date:
        """The day of the new percentage: there is no dated change here, so it holds from today, within the period;
        a first percentage holds from the start."""
        if sure_date(record.get("LastWorkPercentChangeDate")) is None:
            return wanted.start
        return max(wanted.start, min(self.context.today, wanted.end or self.context.today))

    def _ignored(self, answer: Response, changes: Mapping[str, Change]) -> tuple[Warning, ...]:
        """A warning for each change that the answer does not show."""
        data = _object(answer)
        shown = self._values(data) if "StartDate" in data else {}
        return tuple(
            Warning(f"Unimicro accepted the change but still shows {shown[key]}.", key)
            for key, change in changes.items()
            if key in shown and shown[key] != change.new
        )

    @staticmethod
    def _incomplete(record: Mapping[str, Any]) -> tuple[Warning, ...]:
        """What Unimicro's web client warns of: an ordinary employment needs these in the a-melding."""
        if record.get("TypeOfEmployment") not in EMPLOYED:
            return ()
        empty = {
            "percentage": ("Percentage", record.get("WorkPercent") is None),
            "working_hours_scheme": ("Working-hours scheme", not record.get("WorkingHoursScheme")),
        }
        return tuple(
            Warning(f"{label} is empty, and the a-melding needs it. Fill it in here or in Unimicro.", key)
            for key, (label, missing) in empty.items()
            if missing
        )

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        """What may have been reported is taken back in the way of the a-melding, not made to vanish: a deletion is
        never reported, so that the authorities would keep the employment for good. Whether it was reported cannot be
        asked in any published way, but one that has not begun is not part of a report yet as a rule; where it is,
        Unimicro refuses to delete it."""
        if remote.start is None or remote.start > self.context.today:
            try:
                self._biz("DELETE", f"employments/{remote.id}")  # gone already is as good
            except DataRefusedError as refusal:
                said = f" Unimicro did not delete it: {refusal.vendor_text}" if refusal.vendor_text else ""
                return self._cancel(remote, f"It had not begun, but has been used or reported there already.{said}")
            return Written(remote.id, note=as_message("It had not begun, so it was deleted in Unimicro."))
        return self._cancel(remote, "It had begun, so it may have been reported.")

    def _cancel(self, remote: Remote, why: str) -> Written:
        fresh = self._entity(f"employments/{remote.id}", "Dimensions")
        if fresh is None:
            return Written(remote.id, note=as_message("It was deleted in Unimicro already."))
        record = _sendable(fresh)
        record["EndDate"] = fresh["StartDate"]
        record["EndDateReason"] = int(EndDateReason.ShouldNotHaveBeenReported)
        answer = self._biz("PUT", f"employments/{remote.id}", json=record)
        if answer.status == 404:
            raise StaleError("The employment is no longer in Unimicro.")
        return Written(
            remote.id,
            note=as_message(
                f"{why} It was cancelled: it ends on its start date as one that should not have been reported. Send "
                "the next a-melding for the authorities to know."
            ),
        )

    # -- placing values --------------------------------------------------------------------------------------

    def _place(self, record: dict[str, Any], values: Mapping[str, Any]) -> None:
        """Writes translated values into an employment; None clears."""
        for key, value in values.items():
            if key in DATES:
                record[DATES[key]] = value.isoformat() if value else None
            elif key in NUMBERS:
                record[NUMBERS[key]] = float(value or 0)
            elif key in ENUMS:
                name, enum = ENUMS[key]
                record[name] = int(enum[value]) if value else 0
            elif key == "occupation_code":
                record["JobCode"], record["JobName"] = value, self._job_name(value)
            elif key == "company":
                record["SubEntityID"] = self._sub_entity_id(value)
            elif key == "department":
                self._place_department(record, value)
            elif key == "contract_type":
                _place_contract(record, value)

    def _place_department(self, record: dict[str, Any], value: str | None) -> None:
        department = self._department_id(value) if value else None
        if record.get("Dimensions"):
            record["Dimensions"] = {**record["Dimensions"], "DepartmentID": department}
        else:
            record["Dimensions"] = {"ID": 0, "_createguid": str(uuid.uuid4()), "DepartmentID": department}

    # -- registers -------------------------------------------------------------------------------------------

    def _job_name(self, code: str) -> str:
        """The register's title: Unimicro's help forbids any other ("lonn/arbeidsforhold")."""

        def look_up() -> set[str]:
            rows = self._some("STYRK", PAGE, filter=f"styrk eq {_quoted(code)}")
            return {str(row.get("tittel") or "") for row in rows if row.get("styrk") == code} - {""}

        titles = self.once(f"styrk {code}", look_up)
        if len(titles) != 1:
            raise DataRefusedError(
                f"Unimicro's occupation register has {len(titles) or 'no'} title{'s' if titles else ''} for the code "
                f"{code}. Choose another under Position > Occupation code; it is sent when you save.",
                cause="occupation_code_not_found",
                field="occupation_code",
            )
        return next(iter(titles))

    def _sub_units(self) -> dict[str, list[int]]:
        """Organisation number -> ids. Where there are several, employments belong below the legal entity."""

        rows = self._sub_entities()
        found: dict[str, list[int]] = {}
        for row in rows:
            if len(rows) == 1 or row.get("SuperiorOrganizationID"):
                found.setdefault(digits_of(row.get("OrgNumber")), []).append(row["ID"])
        return found

    def _sub_entities(self) -> list[dict[str, Any]]:
        return self.once("sub-units", lambda: list(self._every("subentities")))

    def _sub_unit_number(self, sub_entity_id: Any) -> dict[str, str | None]:
        """The company by the id on an employment; not shown where the register does not show that number."""
        if not sub_entity_id:
            return {"company": None}
        numbers = (digits_of(row.get("OrgNumber")) for row in self._sub_entities() if row["ID"] == sub_entity_id)
        return {"company": number} if (number := next(numbers, "")) else {}

    def _sub_entity_id(self, number: str) -> int:
        ids = self._sub_units().get(number, [])
        if len(ids) != 1:
            raise DataRefusedError(
                f"Unimicro has {'more than one sub-unit' if ids else 'no sub-unit'} with organisation number {number}. "
                "Correct it there or on the company here, or name Unimicro's number in the connection's settings under "
                "Sub-units; then press Re-sync.",
                cause="sub_unit_not_found",
                field="company",
            )
        return ids[0]

    def _departments(self) -> list[tuple[int, str]]:
        return self.once(
            "departments",
            lambda: [(row["ID"], str(row.get("DepartmentNumber") or "")) for row in self._every("departments")],
        )

    def _department_number(self, department_id: Any) -> str | None:
        if not department_id:
            return None
        return next((number for i, number in self._departments() if i == department_id), f"(id {department_id})")

    def _department_id(self, number: str) -> int:
        ids = [i for i, theirs in self._departments() if theirs == number]
        if len(ids) != 1:
            raise DataRefusedError(
                f"Unimicro has {'more than one department' if ids else 'no department'} with number {number}. Correct "
                "it there, or name Unimicro's number in the connection's settings under Departments; then press "
                "Re-sync.",
                cause="department_not_found",
                field="department",
            )
        return ids[0]


# -- reading what they send --------------------------------------------------------------------------------


def _object(response: Response) -> dict[str, Any]:
    data = response.json()
    if not isinstance(data, dict):
        raise UnavailableError("Unimicro answered with something other than one record.", **response.words)
    return data


def _name(enum: type[IntEnum], value: Any) -> str | None:
    """An enum's name, whether it came as a number or as a name; a value newer than this list as it stands."""
    text = str(value or "0")
    if text.isdigit():
        member = enum(int(text)) if int(text) in list(enum) else None
        return (member.name if member else None) if int(text) == 0 or member else text
    return text if text.lower() != "notset" else None


def _contract(record: Mapping[str, Any]) -> str | None:
    kind = _name(TypeOfEmployment, record["TypeOfEmployment"])
    form = _name(EmploymentType, record["EmploymentType"])
    if kind in {member.name for member in EMPLOYED} or (kind is None and form not in EmploymentType.__members__):
        return form
    return kind


def _place_contract(record: dict[str, Any], value: str) -> None:
    if value in EmploymentType.__members__:
        record["EmploymentType"] = int(EmploymentType[value])
        if _name(TypeOfEmployment, record.get("TypeOfEmployment")) not in {member.name for member in EMPLOYED}:
            record["TypeOfEmployment"] = int(TypeOfEmployment.OrdinaryEmployment)
    else:
        record["EmploymentType"] = int(EmploymentType.NotSet)
        record["TypeOfEmployment"] = int(TypeOfEmployment[value])


def _sendable(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it was read, to be sent back: without links and whatever else is marked with an underscore, and
    without what is empty anyway."""
    return {
        name: _sendable(value) if isinstance(value, dict) else value
        for name, value in record.items()
        if value is not None and not name.startswith("_")
    }


def _with_guid(new: Mapping[str, Any], guid: uuid.UUID) -> dict[str, Any]:
    made = {**new, "_createguid": str(guid)}
    if made.get("Dimensions"):
        made["Dimensions"] = {**made["Dimensions"], "_createguid": str(uuid.uuid5(guid, "Dimensions"))}
    return made


def _added(employments: Sequence[Mapping[str, Any]], before: set[Any], start: date) -> Mapping[str, Any] | None:
    return next((e for e in employments if e.get("ID") not in before and sure_date(e.get("StartDate")) == start), None)


def _complaints(response: Response) -> tuple[list[str], list[str]]:
    """The texts and the property names of an error body. The vendor's web client reads three forms: `Message`,
    `Messages` and `_validationResults` (an object keyed by property, "" for the whole entity)."""
    data = response.json_object()
    results = data.get("_validationResults")
    rows = [data, *_dicts(data.get("Messages"))]
    names: list[str] = []
    for name, said in (results if isinstance(results, dict) else {}).items():
        names.append(str(name).split(".")[-1])
        rows += _dicts(said)
    texts = [str(row["Message"]) for row in rows if row.get("Message")]
    return texts or [response.said], names


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _seniority(employments: Sequence[Mapping[str, Any]]) -> Iterator[tuple[date | None, date | None]]:
    """The start of each employment that counts, with the day from which its seniority does."""
    for record in employments:
        if _name(EndDateReason, record.get("EndDateReason")) != EndDateReason.ShouldNotHaveBeenReported.name:
            yield sure_date(record.get("StartDate")), sure_date(record.get("SeniorityDate"))


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _readable(rows: Sequence[Any]) -> str:
    return "Can be read." if rows else "Can be read; there are none yet."


def _email(employee: Mapping[str, Any]) -> str:
    relation = employee.get("BusinessRelationInfo") or {}
    return str((relation.get("DefaultEmail") or {}).get("EmailAddress") or "")


def _employee(record: Mapping[str, Any]) -> RemoteEmployee:
    name = str((record.get("BusinessRelationInfo") or {}).get("Name") or "")
    number, national_id = (str(record.get(key) or "") for key in ("EmployeeNumber", "SocialSecurityNumber"))
    marks = Marks(number, national_id, _email(record), date_of(record.get("BirthDate")), last_name=name)
    return RemoteEmployee(str(record["ID"]), raw=dict(record), marks=marks)
