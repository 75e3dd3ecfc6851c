"""Tripletex' employees with their standard time, and the registers that they and their employments refer to."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import json_answer, route
from integrations.systems.tripletex.sandbox.objects import OTHERS_OF_AN_EMPLOYEE, Refused, Row, invalid, remark
from integrations.systems.tripletex.sandbox.records import Records

MUST = "Feltet må fylles ut."


class People(Records):
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
        return str(
            self._new_employee(
                {
                    "firstName": first_name,
                    "lastName": last_name,
                    "employeeNumber": number,
                    "dateOfBirth": birth_date or None,
                    "email": email,
                    "nationalIdentityNumber": national_id,
                    "userType": "NO_ACCESS",
                    "department": 701,
                }
            )["id"]
        )

    def _new_employee(self, given: Row) -> Row:
        made = {
            "id": self.tenant.new_id("Employee", 18_638_370),
            "version": 0,
            **dict.fromkeys(("firstName", "lastName", "employeeNumber", "email"), ""),
            **dict.fromkeys(("nationalIdentityNumber", "dnumber"), ""),  # recorded: empty, not null
            "dateOfBirth": None,
            "isContact": False,
            "department": None,
            **OTHERS_OF_AN_EMPLOYEE,
            **given,
        }
        self.state["Employee"].append(made)
        return made

    # -- employees ---------------------------------------------------------------------------------------

    @route("GET", "employee")
    def list_employees(self, request: HttpRequest) -> HttpResponse:
        """Filters that are not in the contract are ignored, so that everybody comes back."""
        asked: Mapping[str, str] = request.GET if self.state["filters"] else {}
        rows = [e for e in self.state["Employee"] if not e["isContact"] or asked.get("includeContacts") == "true"]
        if "employeeNumber" in asked:
            rows = [e for e in rows if e["employeeNumber"] == asked["employeeNumber"]]
        for name in ("email", "firstName", "lastName"):
            if asked.get(name):
                rows = [e for e in rows if asked[name].casefold() in (e[name] or "").casefold()]
        for name, key in (("id", "id"), ("departmentId", "department")):
            if asked.get(name):
                rows = [e for e in rows if str(e[key]) in asked[name].split(",")]
        return self._list(request, "Employee", rows)

    @route("GET", "employee/<int:pk>")
    def get_employee(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._one(request, "Employee", pk)

    @route("POST", "employee")
    def post_employee(self, request: HttpRequest) -> HttpResponse:
        """With employments in it, and their rows, if they are given."""
        made = self._hire(self._body(request, "Employee"))
        return json_answer({"value": self._shape("Employee", made, request.GET.get("fields", ""))}, 201)

    @route("POST", "employee/list")
    def post_employees(self, request: HttpRequest) -> HttpResponse:
        made = [self._hire(body) for body in self._bodies(request, "Employee")]
        return json_answer({"values": [self._shape("Employee", one) for one in made]}, 201)

    def _hire(self, body: Row) -> Row:
        self._no_id(body)
        employments = body.pop("employments", None) or []
        given = self._stored("Employee", body)
        found = self._employee_rules(given, None)
        if given.get("userType") not in ("STANDARD", "EXTENDED", "NO_ACCESS"):
            found.append(remark(None, 'Brukertype kan ikke være "0" eller tom.'))
        if found:
            raise invalid(*found)
        made = self._new_employee(given)
        try:
            for employment in employments:
                self._employ({**employment, "employee": {"id": made["id"]}}, "employments.")
        except Refused:
            self.state["Employee"].remove(made)
            raise
        return made

    def _employ(self, body: Row, field: str = "") -> Row:
        raise NotImplementedError

    @route("PUT", "employee/<int:pk>")
    def put_employee(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A partial update; employments have paths of their own."""
        old = self._find("Employee", pk)
        body = self._body(request, "Employee")
        self._guard(body, old)
        new = {**old, **self._partial("Employee", {k: v for k, v in body.items() if k != "employments"})}
        found = self._employee_rules(new, old)
        if found:
            raise invalid(*found)
        self._replace(old, new)
        return json_answer({"value": self._shape("Employee", old)})

    def _employee_rules(self, new: Row, old: Row | None) -> list[Row]:
        found = []
        email = new.get("email") or ""
        if self.state["Department"] and not new.get("department"):
            found.append(remark("department.id", MUST))
        if email and any(e is not old and e["email"] == email for e in self.state["Employee"]):
            found.append(remark("email", "Det finnes allerede en bruker med denne e-postadressen."))
        if not email and new.get("userType") in ("STANDARD", "EXTENDED"):
            found.append(remark("email", "Må angis for Tripletex-brukere."))
        return found

    # -- registers ---------------------------------------------------------------------------------------

    @route("GET", "employee/employment/occupationCode")
    def list_occupation_codes(self, request: HttpRequest) -> HttpResponse:
        rows = self._containing(request, "OccupationCode", "code", "nameNO")
        return self._list(request, "OccupationCode", sorted(rows, key=lambda c: str(c["nameNO"])))

    @route("GET", "employee/employment/occupationCode/<int:pk>")
    def get_occupation_code(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._one(request, "OccupationCode", pk)

    @route("GET", "division")
    def list_divisions(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("query", "").casefold()
        rows = [d for d in self.state["Division"] if text in f"{d['name']} {d['organizationNumber']}".casefold()]
        return self._list(request, "Division", rows)

    @route("POST", "division")
    def post_division(self, request: HttpRequest) -> HttpResponse:
        """All five are required, and the company's own number is no sub-unit's (recorded)."""
        body = self._body(request, "Division")
        self._no_id(body)
        given = {"endDate": None, **self._stored("Division", body)}
        names = ("name", "organizationNumber", "startDate", "municipalityDate", "municipality")
        found = [remark(name, MUST) for name in names if not given.get(name)]
        if given.get("organizationNumber") == self.state["company"]["organizationNumber"]:
            found.append(remark("organizationNumber", "Juridisk enhet kan ikke registreres som virksomhet/underenhet."))
        return self._made("Division", given, found)

    @route("PUT", "division/<int:pk>")
    def put_division(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._changed(request, "Division", pk)

    @route("GET", "department")
    def list_departments(self, request: HttpRequest) -> HttpResponse:
        rows = self._containing(request, "Department", "departmentNumber", "name")
        if inactive := request.GET.get("isInactive"):
            rows = [d for d in rows if d["isInactive"] is (inactive.casefold() == "true")]
        return self._list(request, "Department", rows)

    @route("GET", "department/<int:pk>")
    def get_department(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._one(request, "Department", pk)

    @route("POST", "department")
    def post_department(self, request: HttpRequest) -> HttpResponse:
        body = self._body(request, "Department")
        self._no_id(body)
        given = {"departmentNumber": "", "isInactive": False, **self._stored("Department", body)}
        return self._made("Department", given, [] if given.get("name") else [remark("name", MUST)])

    @route("PUT", "department/<int:pk>")
    def put_department(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._changed(request, "Department", pk)

    @route("DELETE", "department/<int:pk>")
    def delete_department(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.state["Department"].remove(self._find("Department", pk))
        return HttpResponse(status=204)

    @route("GET", "municipality")
    def list_municipalities(self, request: HttpRequest) -> HttpResponse:
        return self._list(request, "Municipality", self.state["Municipality"])

    @route("GET", "employee/category")
    def list_categories(self, request: HttpRequest) -> HttpResponse:
        return self._list(request, "EmployeeCategory", self._containing(request, "EmployeeCategory", "name", "number"))

    def _containing(self, request: HttpRequest, kind: str, *names: str) -> list[Row]:
        rows: list[Row] = self.state[kind]
        for name in names:
            if text := request.GET.get(name, "").casefold():
                rows = [row for row in rows if text in str(row[name]).casefold()]
        return rows

    def _made(self, kind: str, given: Row, found: list[Row]) -> HttpResponse:
        if found:
            raise invalid(*found)
        made = {"id": self.tenant.new_id(kind, 200_000_001), "version": 0, **given}
        self.state[kind].append(made)
        return json_answer({"value": self._shape(kind, made)}, 201)

    def _changed(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        old = self._find(kind, pk)
        body = self._body(request, kind)
        self._guard(body, old)
        self._replace(old, {**old, **self._partial(kind, body)})
        return json_answer({"value": self._shape(kind, old)})

    # -- standard time (the only place for weekly hours, on the employee) --------------------------------

    @route("GET", "employee/standardTime")
    def list_standard_times(self, request: HttpRequest) -> HttpResponse:
        """Of one employee: without its id, of the owner of the token (the contract, on `employeeId`)."""
        return self._list(request, "StandardTime", self._times(request))

    @route("GET", "employee/standardTime/<int:pk>")
    def get_standard_time(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._one(request, "StandardTime", pk)

    @route("GET", "employee/standardTime/byDate")
    def standard_time_of_a_day(self, request: HttpRequest) -> HttpResponse:
        begun = [s for s in self._times(request) if s["fromDate"] <= request.GET.get("date", "9999")]
        if not begun:
            raise Refused(404, 6000, "Object not found")
        return self._one(request, "StandardTime", max(begun, key=lambda s: str(s["fromDate"]))["id"])

    def _times(self, request: HttpRequest) -> list[Row]:
        whose = request.GET.get("employeeId") or str(self.state["owner"])
        return [s for s in self.state["StandardTime"] if str(s["employee"]) == whose]

    @route("POST", "employee/standardTime")
    def post_standard_time(self, request: HttpRequest) -> HttpResponse:
        body = self._body(request, "StandardTime")
        self._no_id(body)
        row = {"employee": None, "fromDate": None, "hoursPerDay": None, **self._stored("StandardTime", body)}
        self._standard_time_rules(row, None)
        made = {"id": self.tenant.new_id("StandardTime", 60_001), "version": 0, **row}
        self.state["StandardTime"].append(made)
        return json_answer({"value": self._shape("StandardTime", made)}, 201)

    @route("PUT", "employee/standardTime/<int:pk>")
    def put_standard_time(self, request: HttpRequest, pk: int) -> HttpResponse:
        old = self._find("StandardTime", pk)
        body = self._body(request, "StandardTime")
        self._guard(body, old)
        new = {**old, **self._partial("StandardTime", body)}
        self._standard_time_rules(new, old)
        self._replace(old, new)
        return json_answer({"value": self._shape("StandardTime", old)})

    def _standard_time_rules(self, row: Row, old: Row | None) -> None:
        found = [remark(k, "Kan ikke være null.") for k in ("employee", "fromDate", "hoursPerDay") if row[k] is None]
        if any(
            s is not old and (s["employee"], s["fromDate"]) == (row["employee"], row["fromDate"])
            for s in self.state["StandardTime"]
        ):
            found.append(remark("fromDate", "Finnes fra før."))
        if not found and not 0 <= row["hoursPerDay"] <= 24:
            found.append(remark("hoursPerDay", "Må være mellom 0 og 24."))
        if found:
            raise invalid(*found)
