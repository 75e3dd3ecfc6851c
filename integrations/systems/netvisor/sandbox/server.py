"""Netvisor's web service interface as a local server: signed XML calls on employment periods here, on employees and
dimensions in `people`.

What Netvisor's documentation leaves open is refused while `strict`: overlapping periods, an end without a reason (and
the other way round), deleting a period that has been paid; and, always, a clock that is five minutes off.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import State, Table, overlaps, route
from integrations.systems.netvisor.sandbox.elements import (
    INVALID,
    MANDATORY,
    NOT_XML,
    ORDER,
    Refusal,
    meaning,
    period_in,
    shown,
)
from integrations.systems.netvisor.sandbox.people import (
    ECHOED,
    RESOURCES_OF_PEOPLE,
    People,
    new_employee,
    seeded_dimensions,
)

KEY_PLACEHOLDER = "YOUR_PRIVATE_KEY_HERE"
CLOCK_SKEW = 300
RESOURCES = ("addjobperiod.nv", "editjobperiod.nv", "deletejobperiod.nv", *RESOURCES_OF_PEOPLE)


class NetvisorSandbox(People):
    key = "netvisor"
    name = "Netvisor"
    credentials = {
        "sender": "Position Sync",
        "customer_id": "KA_demo_2026",
        "customer_key": "q7Wk2-netvisor-customer-key",
        "partner_id": "PA_demo_2026",
        "partner_key": "m4Xt9-netvisor-partner-key",
        "organisation_id": "1967543-8",
    }

    @classmethod
    def seed(cls, tenant: str) -> State:
        """Switches a test may turn: `status_codes` (False: 200 whatever happens, as older environments do), `allowed`
        (resources that the company has opened), `locked_until` (accounting locked up to and with this day)."""
        return {
            "company": {"name": "Tunturi Palvelut Oy", "organisation_id": cls.credentials["organisation_id"]},
            "customer": {"id": cls.credentials["customer_id"], "key": cls.credentials["customer_key"]},
            "partner": {"id": cls.credentials["partner_id"], "key": cls.credentials["partner_key"]},
            "allowed": list(RESOURCES),
            "status_codes": True,
            "locked_until": "",
            "transactions": {},
            "employees": {},
            "periods": {},
            "dimensions": seeded_dimensions(),
        }

    # -- for tests, the demo and people ------------------------------------------------------------------

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
        key = str(self.tenant.new_id("employee", 10))
        self.state["employees"][key] = new_employee(
            key, number, first_name, last_name, email=email, national_id=national_id, birth_date=birth_date
        )
        return key

    def add_period(self, number: str, **elements: str) -> str:
        """A period typed in by a payroll clerk, in the service's own element names."""
        employee = next(e for e in self.state["employees"].values() if e["employeenumber"] == number)
        return self._store(employee["netvisorkey"], elements)

    def employments(self, number: str) -> list[dict[str, Any]]:
        keys = {e["netvisorkey"] for e in self.state["employees"].values() if e["employeenumber"] == number}
        found = [p for p in self.state["periods"].values() if p["employee"] in keys]
        return [
            {"netvisorkey": p["netvisorkey"], **{name: p["elements"].get(name) for name in ORDER}}
            for p in sorted(found, key=lambda p: p["elements"]["startdate"])
        ]

    def tables(self) -> list[Table]:
        columns = ("Start", "End", "Profession", "Contract", "Form", "Percent", "Hours a week", "End reason", "Key")
        company = self.state["company"]
        tables = [
            Table(
                "Employees",
                ("Number", "Name", "E-mail", "Employment", "Netvisor key"),
                tuple(
                    (
                        e["employeenumber"],
                        f"{e['lastname']} {e['firstname']}",
                        e["email"],
                        "in force" if e["employmentstatus"] == "1" else "ended",
                        e["netvisorkey"],
                    )
                    for e in self.state["employees"].values()
                ),
                f"{company['name']}, business ID {company['organisation_id']}",
            )
        ]
        for employee in self.state["employees"].values():
            rows = tuple(
                (
                    p["startdate"],
                    p["enddate"] or "",
                    p["profession"],
                    meaning(p, "employmentcontract"),
                    meaning(p, "employmentform"),
                    p["parttimepercent"] or "",
                    p["regularworkinghours"] or "",
                    meaning(p, "endreason"),
                    p["netvisorkey"],
                )
                for p in self.employments(employee["employeenumber"])
            )
            if rows:
                title = f"Employment periods of {employee['employeenumber']} {employee['lastname']}"
                tables.append(Table(title, columns, rows))
        return tables

    # -- every call --------------------------------------------------------------------------------------

    def _view(self, request: HttpRequest, vendor_path: str) -> HttpResponse:
        return super()._view(request, vendor_path.lower())

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        if vendor_path not in RESOURCES:
            return None  # not found, whoever asks
        try:
            self._authenticate(request)
            if vendor_path not in self.state["allowed"]:
                raise Refusal("SERVICE_ACCESS_ERROR", f"No access to resource {vendor_path}")
        except Refusal as refusal:
            return self.failed(request, refusal)
        return None

    def _authenticate(self, request: HttpRequest) -> None:
        state = self.state
        sent = {
            name: request.headers.get(ECHOED + name, "")
            for name in (
                "Sender",
                "CustomerId",
                "PartnerId",
                "Timestamp",
                "TimestampUnix",
                "TransactionId",
                "MAC",
                "MACHashCalculationAlgorithm",
            )
        }
        language = request.headers.get("X-Netvisor-Interface-Language", "")
        organisation = request.headers.get("X-Netvisor-Organisation-ID", "")
        for name, value in {**sent, "Interface-Language": language, "Organisation-ID": organisation}.items():
            if not value:
                raise Refusal("AUTHENTICATION_FAILED", f"Required header is missing: {name}")
        if sent["MACHashCalculationAlgorithm"] != "HMACSHA256":
            raise Refusal("AUTHENTICATION_FAILED", "MAC hash calculation algorithm is not supported")
        if language.upper() not in ("FI", "SE", "EN"):
            raise Refusal("AUTHENTICATION_FAILED", "Interface language is not supported")
        if sent["CustomerId"] != state["customer"]["id"] or sent["PartnerId"] != state["partner"]["id"]:
            raise Refusal(
                "AUTHENTICATION_FAILED",
                "Integration keys are not valid. Please check the keys specific to the user and partner.",
            )
        if organisation != state["company"]["organisation_id"]:
            raise Refusal("AUTHENTICATION_FAILED", "Organisation not found or the user has no access to it")
        self._check_mac(request, sent, language, organisation)
        self._check_time(sent)
        self._check_transaction(sent["TransactionId"])

    def _check_mac(self, request: HttpRequest, sent: Mapping[str, str], language: str, organisation: str) -> None:
        url = f"{request.scheme}://{request.META['HTTP_HOST']}{request.META['REQUEST_URI']}"
        parts = [
            url,
            sent["Sender"],
            sent["CustomerId"],
            sent["Timestamp"],
            language,
            organisation,
            sent["TransactionId"],
            sent["TimestampUnix"],
        ]
        secrets = [self.state["customer"]["key"], self.state["partner"]["key"]]
        message = "&".join(parts + secrets).encode("iso-8859-1")
        right = hmac.new("&".join(secrets).encode("iso-8859-1"), message, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, sent["MAC"].lower()):
            echo = "&".join([*parts, KEY_PLACEHOLDER])
            raise Refusal(
                "AUTHENTICATION_FAILED",
                f"MAC does not match, see the documentation. Use this string to calculate the MAC: {echo}",
            )

    @staticmethod
    def _check_time(sent: Mapping[str, str]) -> None:
        stamp = sent["Timestamp"]
        if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", stamp) or not sent["TimestampUnix"].isdecimal():
            raise Refusal("AUTHENTICATION_FAILED", "Timestamp is not in the right form")
        seconds = int(sent["TimestampUnix"])
        if int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()) != seconds:
            raise Refusal("AUTHENTICATION_FAILED", "Timestamp and TimestampUnix do not agree")
        if abs(seconds - time.time()) > CLOCK_SKEW:
            raise Refusal("AUTHENTICATION_FAILED", "Timestamp is too far from the time of the server")

    def _check_transaction(self, transaction: str) -> None:
        now = time.time()
        kept = {k: at for k, at in self.state["transactions"].items() if at > now - 2 * CLOCK_SKEW}
        if transaction in kept:
            raise Refusal("REQUEST_NOT_UNIQUE", "Transaction identifier has been used before")
        self.state["transactions"] = {**kept, transaction: now}

    # -- periods -----------------------------------------------------------------------------------------

    @route("POST", "addjobperiod.nv")
    def add_job_period(self, request: HttpRequest) -> HttpResponse:
        try:
            wanted = self._parameter(request, "employeeidentifier")
            employee = self.state["employees"].get(wanted)
            if employee is None:
                text = f"Employee not found with Netvisor identifier: {wanted}"
                raise Refusal("INVALID_DATA", INVALID + text)
            given = period_in(request.body, strict=self.strict)
            missing = [name for name in MANDATORY if name not in given]
            if missing or "" in given.values():
                raise Refusal("INVALID_DATA", NOT_XML)
            if given.get("employmentform") != "2":
                given.pop("parttimepercent", None)  # it is not recognized then
            self._check_rules(given, employee["netvisorkey"], "")
            key = self._store(employee["netvisorkey"], given)
        except Refusal as refusal:
            return self.failed(request, refusal)
        return self.answer(f"<Replies><InsertedDataIdentifier>{key}</InsertedDataIdentifier></Replies>")

    @route("POST", "editjobperiod.nv")
    def edit_job_period(self, request: HttpRequest) -> HttpResponse:
        try:
            period = self._period(request)
            given = period_in(request.body, strict=self.strict)
            if any(given.get(name) == "" for name in MANDATORY):
                raise Refusal("INVALID_DATA", INVALID + "A mandatory element must not be empty")
            if given.get("employmentform", period["elements"].get("employmentform")) != "2" and given.get(
                "parttimepercent"
            ):
                del given["parttimepercent"]  # it is not recognized then
            merged = {k: v for k, v in {**period["elements"], **given}.items() if v}
            self._check_rules(merged, period["employee"], period["netvisorkey"])
            period["elements"] = shown(merged)
        except Refusal as refusal:
            return self.failed(request, refusal)
        return self.answer()

    @route("GET POST", "deletejobperiod.nv")
    def delete_job_period(self, request: HttpRequest) -> HttpResponse:
        try:
            period = self._period(request)
            if self.strict and period.get("payslips"):
                raise Refusal("INVALID_DATA", INVALID + "Employment period has payslips and cannot be deleted")
            del self.state["periods"][period["netvisorkey"]]
        except Refusal as refusal:
            return self.failed(request, refusal)
        return self.answer()

    def _store(self, employee_key: str, elements: Mapping[str, str]) -> str:
        key = str(self.tenant.new_id("period", 1802))
        self.state["periods"][key] = {"netvisorkey": key, "employee": employee_key, "elements": shown(elements)}
        return key

    def _parameter(self, request: HttpRequest, needed: str) -> str:
        found = self.asked(request, needed).get(needed, "")
        if not found:
            raise Refusal("INVALID_DATA", INVALID + f"Parameter {needed} is needed, and no other")
        return found

    def _period(self, request: HttpRequest) -> dict[str, Any]:
        wanted = self._parameter(request, "netvisorkey")
        period: dict[str, Any] | None = self.state["periods"].get(wanted)
        if period is None:
            text = f"Employment period not found with Netvisor identifier: {wanted}"
            raise Refusal("INVALID_DATA", INVALID + text)
        return period

    def _check_rules(self, period: Mapping[str, str], employee_key: str, own_key: str) -> None:
        start, end = period["startdate"], period.get("enddate", "")
        if period.get("employmentcontract") == "2" and not end:
            raise Refusal("INVALID_DATA", INVALID + "A temporary job period must be given an end date (enddate)")
        if end and end < start:
            raise Refusal("INVALID_DATA", INVALID + "enddate is before startdate")
        if self.strict and bool(end) != bool(period.get("endreason")):
            raise Refusal("INVALID_DATA", INVALID + "enddate and endreason must be given together")
        if self.state["locked_until"] and start <= self.state["locked_until"]:
            raise Refusal("PERIOD_LOCK", "Accounting period is locked")
        others = [
            (p["elements"]["startdate"], p["elements"].get("enddate"))
            for p in self.state["periods"].values()
            if p["employee"] == employee_key and p["netvisorkey"] != own_key
        ]
        if self.strict and overlaps(start, end, others):
            raise Refusal("INVALID_DATA", INVALID + "Employment periods overlap")
