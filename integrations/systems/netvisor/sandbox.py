"""Netvisor's web service interface as a local server: signed XML calls on employees and their employment periods.

What Netvisor's documentation leaves open is refused here: overlapping periods, an end without a reason (and the
other way round), deleting a period that has been paid, a clock that is five minutes off.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree as Xml
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring
from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, State, Table, overlaps, route

KEY_PLACEHOLDER = "YOUR_PRIVATE_KEY_HERE"
CLOCK_SKEW = 300
ECHOED = "X-Netvisor-Authentication-"
RESOURCES = ("getemployees.nv", "getemployee.nv", "addjobperiod.nv", "editjobperiod.nv", "deletejobperiod.nv")
STATUS = {
    "AUTHENTICATION_FAILED": 401,
    "SERVICE_ACCESS_ERROR": 403,
    "SYSTEM_MAINTENANCE": 500,
    "TECHNICAL_ERROR": 500,
}
INVALID = "Data form incorrect:. "
NOT_XML = INVALID + "XML message validation failed: Could not validate xml"
FINNISH_ID = re.compile(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]", re.I)

Check = Callable[[str], bool]


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _one_of(*codes: str) -> Check:
    return lambda text: text in codes


def _number(top: int) -> Check:
    def check(text: str) -> bool:
        try:
            return bool(re.fullmatch(r"\d+([.]\d+)?", text)) and 0 <= Decimal(text) <= top
        except InvalidOperation:
            return False

    return check


def _text(longest: int) -> Check:
    return lambda text: 0 < len(text) <= longest


ANSI = {"format": "ansi"}
NETVISOR = {"type": "netvisor"}
FLAG = _one_of("0", "1")
# Every element of an employment period, in the only order that is taken: name, attributes, what may stand in it.
ELEMENTS: tuple[tuple[str, dict[str, str], Check], ...] = (
    ("companystartdate", ANSI, _is_date),
    ("startdate", ANSI, _is_date),
    ("probationenddate", ANSI, _is_date),
    ("employmentmode", NETVISOR, _one_of("1", "2", "3", "4", "5")),
    ("profession", {}, _text(250)),
    ("comment", {}, _text(500)),
    ("enddate", ANSI, _is_date),
    ("endreason", NETVISOR, _one_of("2", "4", "5", "6", "11", "12", "13")),
    ("occupationclassification", {"type": "isco"}, lambda text: bool(re.fullmatch(r"\d{5}", text))),
    ("employmentcontract", NETVISOR, _one_of("1", "2")),
    ("employmentform", NETVISOR, _one_of("1", "2", "3")),
    ("parttimepercent", {}, _number(100)),
    ("regularworkinghours", {}, _number(168)),
    ("groundsforemployment", {}, FLAG),
    ("kevaprofessionalclasscode", {"type": "keva"}, _text(50)),
    ("ispaymenttypemonthlywage", {}, FLAG),
    ("ispaymenttypehourlywage", {}, FLAG),
    ("ispaymenttypepiecewage", {}, FLAG),
    ("collectiveagreement", {"type": "cbacode"}, _text(50)),
    ("stateemploymentfund", {}, FLAG),
    ("carbenefityear", {}, lambda text: bool(re.fullmatch(r"\d{4}", text))),
    ("isabroadcarbenefit", {}, FLAG),
)
ORDER = {name: place for place, (name, _, _) in enumerate(ELEMENTS)}
MANDATORY = ("startdate", "profession")
NUMBERS = ("parttimepercent", "regularworkinghours")
MEANING = {
    "employmentmode": {"1": "employed", "2": "leased", "3": "self-employed", "4": "trainee", "5": "voluntary"},
    "employmentcontract": {"1": "permanent", "2": "temporary"},
    "employmentform": {"1": "full-time", "2": "part-time", "3": "not available"},
    "endreason": {
        "2": "retirement",
        "4": "own request",
        "5": "attributable to the employee",
        "6": "fixed-term employment ended",
        "11": "financial or production grounds",
        "12": "mutual agreement",
        "13": "other",
    },
}


class Refusal(Exception):
    """What Netvisor answers instead of doing something."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class NetvisorSandbox(Sandbox):
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
        self.state["employees"][key] = {
            "netvisorkey": key,
            "employeenumber": number,
            "firstname": first_name,
            "lastname": last_name,
            "email": email,
            "personalid": national_id,
            "personalidtype": "finnishidentifier" if FINNISH_ID.fullmatch(national_id) else "foreignidentifier",
            "dateofbirth": birth_date,
            "employmentstatus": "1",
        }
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
                    _meaning(p, "employmentcontract"),
                    _meaning(p, "employmentform"),
                    p["parttimepercent"] or "",
                    p["regularworkinghours"] or "",
                    _meaning(p, "endreason"),
                    p["netvisorkey"],
                )
                for p in self.employments(employee["employeenumber"])
            )
            if rows:
                title = f"Employment periods of {employee['employeenumber']} {employee['lastname']}"
                tables.append(Table(title, columns, rows))
        return tables

    # -- every call --------------------------------------------------------------------------------------

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        if vendor_path not in RESOURCES:
            return None  # not found, whoever asks
        try:
            self._authenticate(request)
            if vendor_path not in self.state["allowed"]:
                raise Refusal("SERVICE_ACCESS_ERROR", f"No access to resource {vendor_path}")
        except Refusal as refusal:
            return self._failed(request, refusal)
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
        if language not in ("FI", "SE", "EN"):
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

    def _answer(self, inner: str = "", *, statuses: tuple[str, ...] = ("OK",), status: int = 200) -> HttpResponse:
        said = "".join(f"<Status>{escape(s)}</Status>" for s in statuses)
        stamp = datetime.now(UTC)
        time_stamp = f"{stamp.day}.{stamp.month}.{stamp:%Y %H:%M:%S}"
        text = (
            '<?xml version="1.0" encoding="utf-8" standalone="yes"?>'
            f"<Root><ResponseStatus>{said}<TimeStamp>{time_stamp}</TimeStamp></ResponseStatus>{inner}</Root>"
        )
        return HttpResponse(text, status=status, content_type="text/xml; charset=utf-8")

    def _failed(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:
        real = self.state["status_codes"] and request.headers.get(ECHOED + "UseHTTPResponseStatusCodes") == "1"
        return self._answer(
            statuses=("FAILED", f"{refusal.code} :: {refusal.text}"),
            status=STATUS.get(refusal.code, 400) if real else 200,
        )

    # -- employees ---------------------------------------------------------------------------------------

    @route("GET", "getemployees.nv")
    def get_employees(self, request: HttpRequest) -> HttpResponse:
        if self._unknown(request, "includeendedemployments"):
            return self._failed(request, Refusal("INVALID_DATA", INVALID + "Unknown parameter"))
        everybody = request.GET.get("includeendedemployments") == "1"
        rows = []
        for employee in self.state["employees"].values():
            if everybody or employee["employmentstatus"] == "1":
                personal = (
                    f'<PersonalId type="{employee["personalidtype"]}">{escape(employee["personalid"])}</PersonalId>'
                )
                rows.append(
                    "<Employee>"
                    f"<EmployeeNumber>{escape(employee['employeenumber'])}</EmployeeNumber>"
                    f"<NetvisorKey>{employee['netvisorkey']}</NetvisorKey>"
                    f"{personal if employee['personalid'] else ''}"
                    f"<FirstName>{escape(employee['firstname'])}</FirstName>"
                    f"<LastName>{escape(employee['lastname'])}</LastName>"
                    f"<RealName>{escape(employee['lastname'] + ' ' + employee['firstname'])}</RealName>"
                    f"<EmploymentStatus>{employee['employmentstatus']}</EmploymentStatus>"
                    "<PayrollService>1</PayrollService><ResourceManagement>0</ResourceManagement>"
                    "<LunchBenefit>0</LunchBenefit></Employee>"
                )
        return self._answer(f"<Employees>{''.join(rows)}</Employees>")

    @route("GET", "getemployee.nv")
    def get_employee(self, request: HttpRequest) -> HttpResponse:
        query = request.GET
        if self._unknown(request, "netvisorkey", "employeenumber", "employmentperiods"):
            return self._failed(request, Refusal("INVALID_DATA", INVALID + "Unknown parameter"))
        if ("netvisorkey" in query) == ("employeenumber" in query):
            return self._failed(request, Refusal("INVALID_DATA", INVALID + "Give netvisorkey or employeenumber"))
        if "netvisorkey" in query:
            employee = self.state["employees"].get(query["netvisorkey"])
            if employee is None:
                text = f"Employee not found with Netvisor identifier: {query['netvisorkey']}"
                return self._failed(request, Refusal("INVALID_DATA", INVALID + text))
        else:
            # By number only people in force are found, and nobody is an answer of its own: OK with nothing in it.
            hits = [
                e
                for e in self.state["employees"].values()
                if e["employeenumber"] == query["employeenumber"] and e["employmentstatus"] == "1"
            ]
            if not hits:
                return self._answer("<employee></employee>")
            employee = hits[0]
        base = "".join(
            f"<{name}>{escape(employee[name])}</{name}>"
            for name in ("netvisorkey", "employeenumber", "firstname", "lastname", "dateofbirth", "email")
        )
        if employee["personalid"]:
            base += (
                f'<employeeidentifier type="{employee["personalidtype"]}">'
                f"{escape(employee['personalid'])}</employeeidentifier>"
            )
        periods = ""
        if query.get("employmentperiods") == "1":
            periods = f"<employmentperiods>{self._periods_of(employee['netvisorkey'])}</employmentperiods>"
        return self._answer(f"<employee><employeebaseinformation>{base}</employeebaseinformation>{periods}</employee>")

    def _periods_of(self, employee_key: str) -> str:
        """The employee's periods, with every element whether filled in or not, and decimals with a comma."""
        found = []
        for period in self.state["periods"].values():
            if period["employee"] != employee_key:
                continue
            inner = f"<netvisorkey>{period['netvisorkey']}</netvisorkey>"
            for name, attributes, _ in ELEMENTS:
                value = str(period["elements"].get(name) or "")
                attribute = "".join(f' {k}="{v}"' for k, v in attributes.items())
                inner += f"<{name}{attribute}>{escape(value)}</{name}>"
            found.append(f"<employmentperiod>{inner}</employmentperiod>")
        return "".join(found)

    # -- periods -----------------------------------------------------------------------------------------

    @route("POST", "addjobperiod.nv")
    def add_job_period(self, request: HttpRequest) -> HttpResponse:
        try:
            self._parameters(request, "employeeidentifier")
            employee = self.state["employees"].get(request.GET["employeeidentifier"])
            if employee is None:
                text = f"Employee not found with Netvisor identifier: {request.GET['employeeidentifier']}"
                raise Refusal("INVALID_DATA", INVALID + text)
            given = self._body(request)
            missing = [name for name in MANDATORY if name not in given]
            if missing or "" in given.values():
                raise Refusal("INVALID_DATA", NOT_XML)
            if given.get("employmentform") != "2":
                given.pop("parttimepercent", None)  # it is not recognized then
            self._check_rules(given, employee["netvisorkey"], "")
            key = self._store(employee["netvisorkey"], given)
        except Refusal as refusal:
            return self._failed(request, refusal)
        return self._answer(f"<Replies><InsertedDataIdentifier>{key}</InsertedDataIdentifier></Replies>")

    @route("POST", "editjobperiod.nv")
    def edit_job_period(self, request: HttpRequest) -> HttpResponse:
        try:
            period = self._period(request)
            given = self._body(request)
            if any(given.get(name) == "" for name in MANDATORY):
                raise Refusal("INVALID_DATA", INVALID + "A mandatory element must not be empty")
            if given.get("employmentform", period["elements"].get("employmentform")) != "2" and given.get(
                "parttimepercent"
            ):
                del given["parttimepercent"]  # it is not recognized then
            merged = {k: v for k, v in {**period["elements"], **given}.items() if v}
            self._check_rules(merged, period["employee"], period["netvisorkey"])
            period["elements"] = _shown(merged)
        except Refusal as refusal:
            return self._failed(request, refusal)
        return self._answer()

    @route("GET", "deletejobperiod.nv")
    def delete_job_period(self, request: HttpRequest) -> HttpResponse:
        try:
            period = self._period(request)
            if period.get("payslips"):
                raise Refusal("INVALID_DATA", INVALID + "Employment period has payslips and cannot be deleted")
            del self.state["periods"][period["netvisorkey"]]
        except Refusal as refusal:
            return self._failed(request, refusal)
        return self._answer()

    def _store(self, employee_key: str, elements: Mapping[str, str]) -> str:
        key = str(self.tenant.new_id("period", 1802))
        self.state["periods"][key] = {"netvisorkey": key, "employee": employee_key, "elements": _shown(elements)}
        return key

    @staticmethod
    def _unknown(request: HttpRequest, *known: str) -> bool:
        return any(name not in known for name in request.GET)

    def _parameters(self, request: HttpRequest, needed: str) -> None:
        if self._unknown(request, needed) or not request.GET.get(needed):
            raise Refusal("INVALID_DATA", INVALID + f"Parameter {needed} is needed, and no other")

    def _period(self, request: HttpRequest) -> dict[str, Any]:
        self._parameters(request, "netvisorkey")
        period: dict[str, Any] | None = self.state["periods"].get(request.GET["netvisorkey"])
        if period is None:
            text = f"Employment period not found with Netvisor identifier: {request.GET['netvisorkey']}"
            raise Refusal("INVALID_DATA", INVALID + text)
        return period

    @staticmethod
    def _body(request: HttpRequest) -> dict[str, str]:
        """The elements of the one period in the body; they must be known ones, in order, each at most once."""
        try:
            root: Xml.Element = fromstring(request.body.decode("iso-8859-15"))
        except (Xml.ParseError, ValueError):
            raise Refusal("INVALID_DATA", NOT_XML) from None
        wrappers = list(root)
        if root.tag != "root" or [w.tag for w in wrappers] != ["employmentperiods"]:
            raise Refusal("INVALID_DATA", NOT_XML)
        if [p.tag for p in wrappers[0]] != ["employmentperiod"]:
            raise Refusal("INVALID_DATA", NOT_XML)
        elements = list(wrappers[0][0])
        names = [e.tag for e in elements]
        places = [ORDER.get(name, -1) for name in names]
        if -1 in places or places != sorted(set(places)) or not names:
            raise Refusal("INVALID_DATA", NOT_XML)
        given = {}
        for element in elements:
            name, attributes, right = ELEMENTS[ORDER[element.tag]]
            text = (element.text or "").strip()
            if dict(element.attrib) != attributes or len(element):
                raise Refusal("INVALID_DATA", NOT_XML)
            if len(text) > 250 and name == "profession":
                raise Refusal("INVALID_DATA_SIZE", f"{name} is too long")
            if text and not right(text):
                raise Refusal("INVALID_DATA", f"{INVALID}Value of {name} is not valid")
            given[name] = text
        return given

    def _check_rules(self, period: Mapping[str, str], employee_key: str, own_key: str) -> None:
        start, end = period["startdate"], period.get("enddate", "")
        if period.get("employmentcontract") == "2" and not end:
            raise Refusal("INVALID_DATA", INVALID + "A temporary job period must be given an end date (enddate)")
        if end and end < start:
            raise Refusal("INVALID_DATA", INVALID + "enddate is before startdate")
        if bool(end) != bool(period.get("endreason")):
            raise Refusal("INVALID_DATA", INVALID + "enddate and endreason must be given together")
        if self.state["locked_until"] and start <= self.state["locked_until"]:
            raise Refusal("PERIOD_LOCK", "Accounting period is locked")
        others = [
            (p["elements"]["startdate"], p["elements"].get("enddate"))
            for p in self.state["periods"].values()
            if p["employee"] == employee_key and p["netvisorkey"] != own_key
        ]
        if overlaps(start, end, others):
            raise Refusal("INVALID_DATA", INVALID + "Employment periods overlap")


def _shown(elements: Mapping[str, str]) -> dict[str, str]:
    """As Netvisor gives them back: decimals with a comma."""
    return {k: v.replace(".", ",") if k in NUMBERS else v for k, v in elements.items()}


def _meaning(period: Mapping[str, Any], name: str) -> str:
    value = period[name] or ""
    return f"{value} {MEANING[name].get(value, '')}".strip()
