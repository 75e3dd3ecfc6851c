"""The employees of Netvisor's sandbox, with their default dimensions, and how it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, route
from integrations.systems.netvisor.sandbox.elements import ELEMENTS, INVALID, NOT_XML, Refusal, tree

RESOURCES_OF_PEOPLE = (
    *("getemployees.nv", "getemployee.nv", "employee.nv", "patchemployee.nv"),
    *("dimensionlist.nv", "employeedimensioncurve.nv"),
)
ECHOED = "X-Netvisor-Authentication-"
STATUS = {
    "AUTHENTICATION_FAILED": 401,
    "SERVICE_ACCESS_ERROR": 403,
    "SYSTEM_MAINTENANCE": 500,
    "TECHNICAL_ERROR": 500,
}
FINNISH_ID = re.compile(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]", re.I)
FLAGS = (
    *("employmentperiods", "employeepayrollinformation", "educationalinformation", "additionalinformationfields"),
    "employeesettlementpoints",
)
BASE = ("netvisorkey", "employeenumber", "firstname", "lastname", "dateofbirth", "email")
# Element of a message -> where it is kept.
EDITED = {
    "employeeidentifier": "personalid",
    "firstname": "firstname",
    "lastname": "lastname",
    "email": "email",
    "phonenumber": "phonenumber",
    "employeenumber": "employeenumber",
}


def seeded_dimensions() -> dict[str, Any]:
    """Name -> items: (name, key of the one above, whether it is hidden)."""
    return {
        "Osasto": [["BUT1", "", False], ["BUT2", "", False], ["GML", "", True], ["Tiimi", "1", False],
                   ["Tiimi", "2", False]],
        "Kustannuspaikka": [["4010", "", False], ["4020", "", False]],
        "Projekti": [["Remontti", "4", False]],
    }  # fmt: skip


def new_employee(key: str, number: str, first_name: str, last_name: str, **more: str) -> dict[str, Any]:
    """As the sandbox keeps one."""
    national_id = more.get("national_id", "")
    return {
        "netvisorkey": key,
        "employeenumber": number,
        "firstname": first_name,
        "lastname": last_name,
        "email": more.get("email", ""),
        "phonenumber": "",
        "personalid": national_id,
        "personalidtype": "finnishidentifier" if FINNISH_ID.fullmatch(national_id) else "foreignidentifier",
        "dateofbirth": more.get("birth_date", ""),
        "employmentstatus": "1",
        "dimensions": [],
    }


class People(Sandbox):
    # -- questions and answers ---------------------------------------------------------------------------

    @staticmethod
    def query(request: HttpRequest) -> dict[str, str]:
        """The parameters of a call, whose names may be in capitals."""
        return {name.lower(): str(value) for name, value in request.GET.items()}

    def asked(self, request: HttpRequest, *known: str) -> dict[str, str]:
        """The same; another one than these is refused, if strict."""
        given = self.query(request)
        if self.strict and (set(request.GET) - set(known)):
            raise Refusal("INVALID_DATA", INVALID + "Unknown parameter")
        return given

    def answer(self, inner: str = "", *, statuses: tuple[str, ...] = ("OK",), status: int = 200) -> HttpResponse:
        said = "".join(f"<Status>{escape(s)}</Status>" for s in statuses)
        stamp = datetime.now(UTC)
        time_stamp = f"{stamp.day}.{stamp.month}.{stamp:%Y %H:%M:%S}"
        text = (
            '<?xml version="1.0" encoding="utf-8" standalone="yes"?>'
            f"<Root><ResponseStatus>{said}<TimeStamp>{time_stamp}</TimeStamp></ResponseStatus>{inner}</Root>"
        )
        return HttpResponse(text, status=status, content_type="text/xml; charset=utf-8")

    def failed(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:
        real = self.state["status_codes"] and request.headers.get(ECHOED + "UseHTTPResponseStatusCodes") == "1"
        return self.answer(
            statuses=("FAILED", *(f"{refusal.code} :: {text}" for text in refusal.texts)),
            status=STATUS.get(refusal.code, 400) if real else 200,
        )

    # -- employees ---------------------------------------------------------------------------------------

    @route("GET", "getemployees.nv")
    def get_employees(self, request: HttpRequest) -> HttpResponse:
        try:
            everybody = self.asked(request, "includeendedemployments").get("includeendedemployments") == "1"
        except Refusal as refusal:
            return self.failed(request, refusal)
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
        return self.answer(f"<Employees>{''.join(rows)}</Employees>")

    @route("GET", "getemployee.nv")
    def get_employee(self, request: HttpRequest) -> HttpResponse:
        try:
            asked = self.asked(request, "netvisorkey", "employeenumber", *FLAGS)
            if ("netvisorkey" in asked) == ("employeenumber" in asked):
                raise Refusal("INVALID_DATA", INVALID + "Give netvisorkey or employeenumber")
            employee = self._asked_for(asked)
        except Refusal as refusal:
            return self.failed(request, refusal)
        if employee is None:
            return self.answer("<employee></employee>")
        base = "".join(f"<{name}>{escape(employee[name])}</{name}>" for name in BASE)
        if employee["personalid"]:
            base += (
                f'<employeeidentifier type="{employee["personalidtype"]}">'
                f"{escape(employee['personalid'])}</employeeidentifier>"
            )
        base += "".join(f'<{name} type="ISO-3166">fi</{name}>' for name in ("nationality", "language", "country"))
        parts = f"<employeebaseinformation>{base}</employeebaseinformation>"
        if asked.get("employmentperiods") == "1":
            parts += f"<employmentperiods>{self._periods_of(employee['netvisorkey'])}</employmentperiods>"
        if asked.get("employeepayrollinformation") == "1":
            parts += f"<employeepayrollinformation>{self._payroll_of(employee)}</employeepayrollinformation>"
        return self.answer(f"<employee>{parts}</employee>")

    def _asked_for(self, asked: Mapping[str, str]) -> dict[str, Any] | None:
        employees: dict[str, dict[str, Any]] = self.state["employees"]
        if "netvisorkey" in asked:
            if asked["netvisorkey"] not in employees:
                text = f"Employee not found with Netvisor identifier: {asked['netvisorkey']}"
                raise Refusal("INVALID_DATA", INVALID + text)
            return employees[asked["netvisorkey"]]
        # By number only people in force are found, and nobody is an answer of its own: OK with nothing in it.
        number = asked["employeenumber"]
        hits = [e for e in employees.values() if e["employeenumber"] == number and e["employmentstatus"] == "1"]
        return next(iter(hits), None)

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
            inner += '<kevaemploymentregistration type="keva"></kevaemploymentregistration>'
            found.append(f"<employmentperiod>{inner}</employmentperiod>")
        return "".join(found)

    @staticmethod
    def _payroll_of(employee: Mapping[str, Any]) -> str:
        defaults = "".join(
            f"<defaultdimension><dimensionname>{escape(name)}</dimensionname>"
            f"<dimensionitem>{escape(item)}</dimensionitem></defaultdimension>"
            for name, item, _ in employee.get("dimensions", [])
        )
        return (
            "<payrollrulegroup><netvisorkey>1</netvisorkey><name>Kuukausipalkka</name></payrollrulegroup>"
            f"<foreclosure>0</foreclosure><defaultdimensions>{defaults}</defaultdimensions>"
        )

    @route("POST", "employee.nv")
    def employee(self, request: HttpRequest) -> HttpResponse:
        """A person is made, or changed by their national id."""
        try:
            given, method = self._person_in(request), self.query(request).get("method")
            if method == "add":
                if not given.get("firstname") or not given.get("lastname"):
                    raise Refusal("INVALID_DATA", NOT_XML)
                key = str(self.tenant.new_id("employee", 10))
                made = new_employee(key, given.get("employeenumber") or key, "", "")
                self.state["employees"][key] = {**made, **given}
                return self.answer(f"<Replies><InsertedDataIdentifier>{key}</InsertedDataIdentifier></Replies>")
            hits = [e for e in self.state["employees"].values() if e["personalid"] == (given.get("personalid") or "?")]
            if method != "edit" or len(hits) != 1:
                raise Refusal("INVALID_DATA", INVALID + "Employee not found")
            hits[0].update(given)
        except Refusal as refusal:
            return self.failed(request, refusal)
        return self.answer()

    @route("POST", "patchemployee.nv")
    def patch_employee(self, request: HttpRequest) -> HttpResponse:
        try:
            self._identified(request).update(self._person_in(request))
        except Refusal as refusal:
            return self.failed(request, refusal)
        return self.answer()

    @staticmethod
    def _person_in(request: HttpRequest) -> dict[str, str]:
        elements = ((e.tag.lower(), (e.text or "").strip()) for e in tree(request.body).iter())
        return {EDITED[name]: text for name, text in elements if name in EDITED}

    def _identified(self, request: HttpRequest) -> dict[str, Any]:
        """The employee of `identifiertype` and `identifier`."""
        asked = self.asked(request, "identifiertype", "identifier")
        kinds = {"number": "employeenumber", "personalidentificationnumber": "personalid"}
        column = kinds.get(asked.get("identifiertype", ""), asked.get("identifiertype"))
        for employee in self.state["employees"].values():
            if employee.get(column) == asked.get("identifier"):
                found: dict[str, Any] = employee
                return found
        raise Refusal("INVALID_DATA", f"{INVALID}Employee not found with identifier: {asked.get('identifier')}")

    # -- dimensions --------------------------------------------------------------------------------------

    @route("GET", "dimensionlist.nv")
    def dimension_list(self, request: HttpRequest) -> HttpResponse:
        hidden = self.query(request).get("showhidden") == "1"
        shown = []
        for number, (name, items) in enumerate(self.state["dimensions"].items(), 1):
            details = "".join(
                f"<DimensionDetail><Netvisorkey>{number}{place}</Netvisorkey><Name>{escape(item)}</Name><Code></Code>"
                f"<IsHidden>{int(is_hidden)}</IsHidden><Level>{2 if father else 1}</Level><Sort>{place}</Sort>"
                f"<FatherId>{father or 0}</FatherId></DimensionDetail>"
                for place, (item, father, is_hidden) in enumerate(items)
                if hidden or not is_hidden
            )
            shown.append(
                f"<DimensionName><Netvisorkey>{number}</Netvisorkey><Name>{escape(name)}</Name><IsHidden>0</IsHidden>"
                f"<LinkType>none</LinkType><DimensionDetails>{details}</DimensionDetails></DimensionName>"
            )
        return self.answer(f"<DimensionNameList>{''.join(shown)}</DimensionNameList>")

    @route("POST", "employeedimensioncurve.nv")
    def dimension_curve(self, request: HttpRequest) -> HttpResponse:
        """Replaces all default dimensions of an employee; what is not there is made."""
        try:
            employee, root = self._identified(request), tree(request.body)
            if not any(e.tag.lower() == "employeedimensions" for e in root.iter()):
                raise Refusal("INVALID_DATA", NOT_XML)
            chosen = [
                [_text(dimension, "name"), _text(item, "name"), _text(item, "fatherid")]
                for dimension in _all(root, "employeedimension")
                for item in _all(dimension, "employeedimensionitem")
            ]
            if any(not name or not item for name, item, _ in chosen):
                raise Refusal("INVALID_DATA", NOT_XML)
        except Refusal as refusal:
            return self.failed(request, refusal)
        for name, item, father in chosen:
            items = self.state["dimensions"].setdefault(name, [])
            if not any(known[:2] == [item, father] for known in items):
                items.append([item, father, False])
        employee["dimensions"] = chosen
        return self.answer()


def _all(element: Element, name: str) -> list[Element]:
    return [e for e in element.iter() if e.tag.lower() == name]


def _text(element: Element, name: str) -> str:
    return next(((e.text or "").strip() for e in element if e.tag.lower() == name), "")
