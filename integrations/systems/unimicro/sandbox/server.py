"""A pretend Unimicro: the identity server with signed client assertions, and the biz API around employments."""

from __future__ import annotations

import copy
import re
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import State, Table, json_answer, json_body, overlaps, route
from integrations.systems.unimicro.sandbox.identity import CLIENT_ID, PEM, Identity
from integrations.systems.unimicro.sandbox.query import Filter

# -- what an employment may hold ---------------------------------------------------------------------------

# The greatest value of each list on today's platform, which goes beyond the published web client's, and of the forms of
# employment one more, which may come.
_ENUMS = {
    "EndDateReason": 6,
    "TypeOfEmployment": 4,
    "EmploymentType": 6,
    "RemunerationType": 5,
    "WorkingHoursScheme": 6,
    "ShipReg": 3,
    "ShipType": 3,
    "TradeArea": 2,
}
CANCELLED = 1  # the EndDateReason "should not have been reported": the days of such an employment are free
_DATES = ("StartDate", "EndDate", "LastSalaryChangeDate", "LastWorkPercentChangeDate", "SeniorityDate")
_NUMBERS = ("WorkPercent", "HoursPerWeek", "MonthRate", "HourRate", "UserDefinedRate")
_TEXTS = ("JobCode", "JobName", "LedgerAccount", "PayGrade")
_IDS = ("SubEntityID", "RegulativeGroupID", "RegulativeStepNr", "DimensionsID")
_READ_ONLY = ("ID", "EmployeeID", "EmployeeNumber", "StatusCode", "Deleted", "CreatedAt", "CreatedBy", "UpdatedAt")
_DIMENSIONS = ("DepartmentID", "ProjectID", "RegionID", "ResponsibleID", *(f"Dimension{n}ID" for n in range(5, 11)))
_EMPLOYEE_OWN = ("SocialSecurityNumber", "BirthDate", "Sex", "Active", "EmploymentDate", "SubEntityID", "FreeText")
_EMPLOYEE_READ_ONLY = ("ID", "EmployeeNumber", "BusinessRelationID", "Deleted", "CreatedAt", "UpdatedAt")
_RELATIONS = {
    "employees": ("BusinessRelationInfo", "Employments"),
    "employments": ("Dimensions", "CustomValues", "SubEntity", "Employee", "Leaves"),
    "subentities": ("BusinessRelationInfo",),
    "STYRK": (),
    "departments": (),
}
_QUERY = {"filter", "select", "expand", "orderby", "top", "skip", "hateoas"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T[\d:.]+Z?)?")


class Refused(Exception):
    """The answer to a body that cannot be saved: property ("" for the whole) -> what is wrong."""

    def __init__(self, results: Mapping[str, str], form: str = "results") -> None:
        self.results, self.form = results, form

    def answer(self) -> HttpResponse:
        messages = [{"Message": text} for text in self.results.values()]
        if self.form == "one":
            return json_answer(messages[0], 400)
        if self.form == "many":
            return json_answer({"Messages": messages}, 400)
        return json_answer({"_validationResults": {k: [{"Message": v}] for k, v in self.results.items()}}, 400)


class UnimicroSandbox(Identity):
    key = "unimicro"
    name = "Unimicro"
    credentials: ClassVar[Mapping[str, str]] = {
        "client_id": CLIENT_ID,
        "private_key": PEM,
        "organization_number": "999888777",
    }

    # -- registers -----------------------------------------------------------------------------------------

    @classmethod
    def seed(cls, tenant: str) -> State:
        styrk = {
            "2130109": "SYSTEMUTVIKLER",
            "2511102": "AUTORISERT REGNSKAPSFØRER",
            "3341103": "ADJUNKT",
            "4114111": "KONTORMEDARBEIDER",
            "5122101": "KOKK",
            "5221126": "BUTIKKMEDARBEIDER",
            "7137107": "ELEKTRIKER",
            "8323101": "SJÅFØR",
            "9132101": "RENHOLDER",
            "1233101": "SALGSSJEF",
            "1142109": "ADMINISTRERENDE DIREKTØR",
            "7412101": "BAKER",
        }
        departments = {"BUT1": "Butikk", "LAG1": "Lager", "ADM1": "Administrasjon", "10": "Drift", "BAK1": "Bakeri"}
        return {
            "companies": [
                {
                    "Key": str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox/{tenant}/{number}")),
                    "Name": name,
                    "OrganizationNumber": number,
                }
                for number, name in (("999888777", "Fjellheim AS"), ("999888666", "Et annet selskap AS"))
            ],
            "subentities": [
                {"ID": 1, "OrgNumber": "999888777", "SuperiorOrganizationID": 0, "Name": "Fjellheim AS"},
                {"ID": 3, "OrgNumber": "974760673", "SuperiorOrganizationID": 1, "Name": "Fjellheim Drift"},
                {"ID": 4, "OrgNumber": "974760681", "SuperiorOrganizationID": 1, "Name": "Fjellheim Kafé"},
            ],
            "STYRK": [
                {"ID": n, "styrk": code, "ynr": n, "lnr": n, "tittel": title}
                for n, (code, title) in enumerate(styrk.items(), 1)
            ],
            "departments": [
                {"ID": n, "DepartmentNumber": number, "Name": name}
                for n, (number, name) in enumerate(departments.items(), 11)
            ],
            "employees": [],
            "employments": [],
            "dimensions": [],
            "customFields": ["HrTitle", "FirstDay", "LastDay", "ProbationEnd", "NoticeDate", "Manager"],  # activated
            "dimensionValues": {"ProjectID": [7, 21], "Dimension5ID": [51, 52]},
            "guids": [],  # every _createguid that was ever saved
            "reported": [],  # employments that an a-melding was sent for
            "tokens": {},
            "jtis": [],
            "max_page": 50,
            "masked": False,  # whether national ids are shown as stars
            "ignores": [],  # query parameters that are not looked at
            "thin": False,  # whether the answer to a PUT leaves the nested parts out
        }

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
        made = self.tenant.new_id("employee", 17)
        address = {"ID": made + 2000, "EmailAddress": email} if email else None
        self.state["employees"].append(
            {
                "ID": made,
                "EmployeeNumber": int(number),
                "SocialSecurityNumber": national_id,
                "BirthDate": birth_date or None,
                "Sex": "0",
                "Active": True,
                "EmploymentDate": None,
                "SubEntityID": 3,
                "FreeText": "",
                "Deleted": False,
                "BusinessRelationID": made + 1000,
                "BusinessRelationInfo": {
                    "ID": made + 1000,
                    "Name": f"{first_name} {last_name}",
                    "DefaultEmail": address,
                },
                "CreatedAt": _now(),
                "UpdatedAt": None,
            }
        )
        return str(made)

    def employments(self, number: str) -> list[dict[str, Any]]:
        found = [dict(e) for e in self.state["employments"] if str(e["EmployeeNumber"]) == number]
        for employment in found:
            employment["Dimensions"] = self._dimensions(employment)
        return sorted(found, key=lambda e: (e["StartDate"] or "", e["ID"]))

    def tables(self) -> list[Table]:
        sub_entities = {s["ID"]: f"{s['OrgNumber']} {s['Name']}" for s in self.state["subentities"]}
        departments = {d["ID"]: d["DepartmentNumber"] for d in self.state["departments"]}
        return [
            Table(
                "Employees",
                ("EmployeeNumber", "Name", "DefaultEmail", "BirthDate"),
                tuple(
                    (
                        e["EmployeeNumber"],
                        e["BusinessRelationInfo"]["Name"],
                        (e["BusinessRelationInfo"]["DefaultEmail"] or {}).get("EmailAddress", ""),
                        e["BirthDate"] or "",
                    )
                    for e in self.state["employees"]
                ),
            ),
            Table(
                "Employments",
                (
                    "EmployeeNumber",
                    "StartDate",
                    "EndDate",
                    "EndDateReason",
                    "JobCode",
                    "JobName",
                    "WorkPercent",
                    "HoursPerWeek",
                    "SubEntity",
                    "Department",
                    "Standard",
                ),
                tuple(
                    (
                        e["EmployeeNumber"],
                        e["StartDate"] or "",
                        e["EndDate"] or "",
                        e["EndDateReason"],
                        e["JobCode"],
                        e["JobName"],
                        e["WorkPercent"],
                        e["HoursPerWeek"],
                        sub_entities.get(e["SubEntityID"], ""),
                        departments.get((self._dimensions(e) or {}).get("DepartmentID"), ""),
                        "yes" if e["Standard"] else "",
                    )
                    for e in sorted(self.state["employments"], key=lambda e: (e["EmployeeNumber"], e["StartDate"]))
                ),
                "HoursPerWeek is the full-time week of the position, not the person's own hours.",
            ),
        ]

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        if not vendor_path.startswith("api/"):
            return None
        scheme, _, made = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or self.state["tokens"].get(made, 0) < time.time():
            return json_answer({"Message": "Authorization has been denied for this request."}, 401)
        if vendor_path.startswith("api/biz/"):
            company = request.headers.get("CompanyKey", "")
            if company != self.state["companies"][0]["Key"]:
                return json_answer({"Message": "The client has no access to this company."}, 403)
            if request.method in ("POST", "PUT") and request.content_type != "application/json":
                return json_answer({"Message": "The body has to be application/json."}, 415)
        return None

    def not_found(self, request: HttpRequest) -> HttpResponse:
        return json_answer({"Message": "No HTTP resource was found that matches the request."}, 404)

    def method_not_allowed(self, request: HttpRequest) -> HttpResponse:
        return json_answer({"Message": f"The resource does not support the method {request.method}."}, 405)

    @route("GET", "api/endpoints")
    def endpoints(self, request: HttpRequest) -> HttpResponse:
        identity = self._identity(request)
        root = identity.removesuffix("/identity")
        return json_answer({"AppFramework": f"{root}/api", "Identity": identity, "Files": f"{root}/files"})

    @route("GET", "api/init/companies")
    def companies(self, request: HttpRequest) -> HttpResponse:
        wanted = request.GET.get("filter", "").partition("OrganizationNumber=")[2]
        return json_answer([c for c in self.state["companies"] if not wanted or c["OrganizationNumber"] == wanted])

    # -- reading -------------------------------------------------------------------------------------------

    @route("GET", "api/biz/<str:entity>")
    def collection(self, request: HttpRequest, entity: str) -> HttpResponse:
        if entity not in _RELATIONS:
            return json_answer({"Message": "No such entity."}, 404)
        query = {k: str(v) for k, v in request.GET.items() if k not in self.state["ignores"]}
        unknown = set(query) - _QUERY
        if unknown and self.strict:
            return json_answer({"Message": f"Unknown query parameter {sorted(unknown)[0]}."}, 400)
        try:
            expand = self._expand(entity, query.get("expand", ""))
            records = [self._full(entity, record) for record in self.state[entity] if not record.get("Deleted")]
            if query.get("filter"):
                wanted = Filter(query["filter"]).parse()
                records = [record for record in records if wanted(record)]
            order, _, direction = query.get("orderby", "ID").partition(" ")
            records.sort(key=lambda r: r.get(order) or 0, reverse=direction == "desc")
            skip, top = int(query.get("skip", 0)), int(query.get("top", 10))
        except (ValueError, TypeError) as error:
            return json_answer({"Message": f"The query cannot be read: {error}"}, 400)
        page = records[skip : skip + min(top, self.state["max_page"])]
        linked = query.get("hateoas") != "false"
        shown = [self._shown(entity, record, expand, listed=True, linked=linked) for record in page]
        return json_answer([_selected(record, query.get("select", "")) for record in shown])

    @route("GET", "api/biz/<str:entity>/<int:number>")
    def single(self, request: HttpRequest, entity: str, number: int) -> HttpResponse:
        record = self._stored(entity, number) if entity in _RELATIONS else None
        if record is None:
            return json_answer({"Message": "The entity does not exist."}, 404)
        if request.GET.get("action") == "history":
            return json_answer([])  # nothing of an employment was changed in a way that it keeps
        if set(request.GET) - {"expand", "action", "top", "skip", "select", "hateoas"} and self.strict:
            return json_answer({"Message": "Unknown query parameter."}, 400)
        try:
            expand = self._expand(entity, request.GET.get("expand", ""))
        except ValueError as error:
            return json_answer({"Message": str(error)}, 400)
        shown = self._shown(entity, self._full(entity, record), expand, linked=True)
        return json_answer(_selected(shown, request.GET.get("select", "")))

    def _stored(self, entity: str, number: int) -> dict[str, Any] | None:
        return next((r for r in self.state[entity] if r["ID"] == number and not r.get("Deleted")), None)

    def _dimensions(self, employment: Mapping[str, Any]) -> dict[str, Any] | None:
        return next((d for d in self.state["dimensions"] if d["ID"] == employment["DimensionsID"]), None)

    def _full(self, entity: str, record: dict[str, Any]) -> dict[str, Any]:
        """The record with everything that hangs on it."""
        if entity == "employments":
            sub_entity = self._stored("subentities", record["SubEntityID"])
            return {**record, "Dimensions": self._dimensions(record), "SubEntity": sub_entity}
        if entity == "subentities":
            return {**record, "BusinessRelationInfo": {"Name": record["Name"]}}
        if entity == "employees":
            own = [e for e in self.state["employments"] if e["EmployeeID"] == record["ID"]]
            return {**record, "Employments": own}
        return record

    @staticmethod
    def _expand(entity: str, text: str) -> set[str]:
        paths = {part.strip() for part in text.split(",") if part.strip()}
        for path in paths:
            first, _, inner = path.partition(".")
            if first not in _RELATIONS[entity] or (
                first == "Employments" and inner not in ("", *_RELATIONS["employments"])
            ):
                raise ValueError(f"{path} cannot be expanded")
        return paths

    def _shown(
        self, entity: str, record: dict[str, Any], expand: set[str], *, listed: bool = False, linked: bool = False
    ) -> dict[str, Any]:
        """The record as it goes over the wire: a list writes dates with a time, a single answer without."""
        shown = copy.deepcopy(record)
        for relation in _RELATIONS[entity]:
            if relation not in {path.split(".")[0] for path in expand}:
                shown.pop(relation, None)
        if entity == "employees":
            if self.state["masked"] and shown["SocialSecurityNumber"]:
                shown["SocialSecurityNumber"] = "***********"
            for nested in shown.get("Employments", ()):
                nested |= {"Dimensions": self._dimensions(nested)} if "Employments.Dimensions" in expand else {}
                if "Employments.CustomValues" not in expand:
                    nested.pop("CustomValues", None)
            if "BusinessRelationInfo" in shown and "BusinessRelationInfo.DefaultEmail" not in expand:
                shown["BusinessRelationInfo"]["DefaultEmail"] = None
        if entity == "subentities":
            shown.pop("Name")
        for part in (shown, *shown.get("Employments", ())) if listed else ():
            part.update({name: f"{part[name]}T00:00:00Z" for name in _DATES if part.get(name)})
        if linked:
            shown["_links"] = {"self": f"/api/biz/{entity}/{shown['ID']}"}
        return shown

    # -- writing -------------------------------------------------------------------------------------------

    @route("PUT", "api/biz/employees/<int:number>")
    def put_employee(self, request: HttpRequest, number: int) -> HttpResponse:
        employee = self._stored("employees", number)
        body = json_body(request)
        if employee is None:
            return json_answer({"Message": "The entity does not exist."}, 404)
        return self._all_or_nothing(lambda: self._save_employee(employee, body))

    @route("POST", "api/biz/employees")
    def post_employee(self, request: HttpRequest) -> HttpResponse:
        """With the next number where none is given."""
        body = json_body(request)
        if not isinstance(body, dict) or not (body.get("BusinessRelationInfo") or {}).get("Name"):
            return Refused({"BusinessRelationInfo.Name": "A name is required."}).answer()

        def save() -> dict[str, Any]:
            numbers = [e["EmployeeNumber"] for e in self.state["employees"]]
            number = body.get("EmployeeNumber") or max(numbers, default=0) + 1
            if number in numbers:
                raise Refused({"EmployeeNumber": "The employee number is taken."})
            email = ((body["BusinessRelationInfo"].get("DefaultEmail") or {}).get("EmailAddress")) or ""
            self.add_employee(str(number), body["BusinessRelationInfo"]["Name"], "", email=email)
            made = self.state["employees"][-1]
            made["BusinessRelationInfo"]["Name"] = body["BusinessRelationInfo"]["Name"]
            own = {name: made[name] for name in (*_EMPLOYEE_OWN, "EmployeeNumber")}
            return self._save_employee(made, {**own, **body, "EmployeeNumber": number, "ID": made["ID"]})

        return self._all_or_nothing(save, 201)

    @route("POST", "api/biz/departments")
    def post_department(self, request: HttpRequest) -> HttpResponse:
        body = json_body(request)
        if not isinstance(body, dict) or not body.get("Name"):
            return Refused({"Name": "A name is required."}).answer()
        made = {"ID": self.tenant.new_id("department", 101), "DepartmentNumber": "", **body}
        self.state["departments"].append(made)
        return json_answer(made, 201)

    @route("POST", "api/biz/employments")
    def post_employment(self, request: HttpRequest) -> HttpResponse:
        body = json_body(request)
        return self._all_or_nothing(lambda: self._post_employment(body), 201)

    @route("PUT", "api/biz/employments/<int:number>")
    def put_employment(self, request: HttpRequest, number: int) -> HttpResponse:
        stored = self._stored("employments", number)
        body = json_body(request)
        if stored is None:
            return json_answer({"Message": "The entity does not exist."}, 404)

        def save() -> dict[str, Any]:
            self._save_employment(stored, body)
            expand = set() if self.state["thin"] else {"Dimensions", "CustomValues"}
            return self._shown("employments", self._full("employments", stored), expand)

        return self._all_or_nothing(save)

    @route("DELETE", "api/biz/employments/<int:number>")
    def delete_employment(self, request: HttpRequest, number: int) -> HttpResponse:
        stored = self._stored("employments", number)
        if stored is None:
            return json_answer({"Message": "The entity does not exist."}, 404)
        if number in self.state["reported"]:
            return Refused({"": "The employment is part of an a-melding and cannot be deleted."}, "one").answer()
        self.state["employments"].remove(stored)
        return json_answer(stored)

    def _all_or_nothing(self, save: Callable[[], dict[str, Any]], status: int = 200) -> HttpResponse:
        kept = copy.deepcopy(self.state)
        try:
            return json_answer(save(), status)
        except Refused as refused:
            self.tenant.state.clear()
            self.tenant.state.update(kept)
            return refused.answer()

    def _save_employee(self, employee: dict[str, Any], body: Any) -> dict[str, Any]:
        """What the body leaves out is emptied, but the national id; employments that it leaves out stay."""
        if not isinstance(body, dict):
            raise Refused({"": "The body is not an object."}, "one")
        if self.strict:
            _only(body, {*_EMPLOYEE_OWN, *_EMPLOYEE_READ_ONLY, "Employments", "BusinessRelationInfo"})
        else:
            body = {**{name: employee[name] for name in (*_EMPLOYEE_OWN, "EmployeeNumber")}, **body}
        if body.get("ID", employee["ID"]) != employee["ID"]:
            raise Refused({"ID": "The ID differs from the address."})
        if body.get("EmployeeNumber") != employee["EmployeeNumber"]:
            raise Refused({"EmployeeNumber": "The employee number is required and cannot be changed."})
        national_id = body.get("SocialSecurityNumber", employee["SocialSecurityNumber"])
        if national_id and not re.fullmatch(r"\d{11}", national_id):
            raise Refused({"SocialSecurityNumber": "The national identity number is not valid."})
        employee.update({name: body.get(name) for name in _EMPLOYEE_OWN}, UpdatedAt=_now())
        employee["SocialSecurityNumber"] = national_id
        for item in body.get("Employments") or []:
            self._save_nested(employee, item)
        expand = set() if self.state["thin"] else {"Employments"}
        return self._shown("employees", self._full("employees", employee), expand)

    def _save_nested(self, employee: dict[str, Any], item: Any) -> None:
        if not isinstance(item, dict):
            raise Refused({"Employments": "An employment is not an object."})
        if not item.get("ID"):
            self._spend_guid(item)
            self._save_employment(self._new_employment(employee), item)
            return
        stored = self._stored("employments", item["ID"])
        if stored is None or stored["EmployeeID"] != employee["ID"]:
            raise Refused({"Employments": f"Employment {item['ID']} does not belong to this employee."})
        if item.get("Deleted"):
            self.state["employments"].remove(stored)
        else:
            self._save_employment(stored, item)

    def _spend_guid(self, item: Mapping[str, Any]) -> None:
        made = item.get("_createguid")
        try:
            uuid.UUID(str(made))
        except ValueError:
            raise Refused({"": "A new sub-entity needs a _createguid."}, "many") from None
        if made in self.state["guids"]:
            raise Refused({"": f"A sub-entity with _createguid {made} has been saved already."}, "many")
        self.state["guids"].append(made)

    def _post_employment(self, body: Any) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise Refused({"": "The body is not an object."}, "one")
        employee = self._stored("employees", body.get("EmployeeID") or 0)
        if employee is None:
            raise Refused({"EmployeeID": "The employee does not exist."})
        made = self._new_employment(employee)
        self._save_employment(made, body)
        return self._shown("employments", self._full("employments", made), {"Dimensions"})

    def _new_employment(self, employee: Mapping[str, Any]) -> dict[str, Any]:
        made = {
            "ID": self.tenant.new_id("employment", 501),
            "EmployeeID": employee["ID"],
            "EmployeeNumber": employee["EmployeeNumber"],
            **dict.fromkeys(_DATES),
            **dict.fromkeys(_NUMBERS, 0.0),
            **dict.fromkeys(_ENUMS, 0),
            **dict.fromkeys(_TEXTS, ""),
            **dict.fromkeys(_IDS),
            "Standard": False,
            "CustomValues": {},
            "StatusCode": None,
            "Deleted": False,
            "CreatedAt": _now(),
            "CreatedBy": "sandbox",
            "UpdatedAt": None,
        }
        self.state["employments"].append(made)
        return made

    def _save_employment(self, stored: dict[str, Any], body: Any) -> None:
        """Takes the whole object: what the body leaves out is emptied."""
        if not isinstance(body, dict):
            raise Refused({"": "The body is not an object."}, "one")
        if self.strict:
            objects = ("Dimensions", "CustomValues")
            _only(body, {*_READ_ONLY, *_DATES, *_NUMBERS, *_ENUMS, *_TEXTS, *_IDS, "Standard", *objects, "_createguid"})
        else:
            body = {**stored, **body}
        if body.get("EmployeeID", stored["EmployeeID"]) != stored["EmployeeID"]:
            raise Refused({"EmployeeID": "The employment belongs to another employee."})
        new = dict(stored)
        for name in (*_DATES, *_NUMBERS, *_ENUMS, *_TEXTS, *_IDS):
            new[name] = _checked(name, body.get(name))
        new["Standard"] = bool(body.get("Standard"))
        wrong = self._wrong(stored, new) if self.strict else {}
        if wrong:
            raise Refused(wrong)
        if (own := body.get("CustomValues")) is not None:
            if self.strict:
                _only(own, set(self.state["customFields"]))
            new["CustomValues"] = {name: own[name] for name in self.state["customFields"] if own.get(name) is not None}
        dimensions = body.get("Dimensions")
        if dimensions is not None:
            new["DimensionsID"] = self._save_dimensions(stored, dimensions)
        comparable = {k: v for k, v in new.items() if k != "UpdatedAt"}
        if dimensions is not None or comparable != {k: v for k, v in stored.items() if k != "UpdatedAt"}:
            new["UpdatedAt"] = _now()
        stored.update(new)

    def _save_dimensions(self, stored: Mapping[str, Any], dimensions: Any) -> int:
        if not isinstance(dimensions, dict):
            raise Refused({"Dimensions": "The dimensions are not an object."})
        if self.strict:
            _only(dimensions, {"ID", "_createguid", "Deleted", *_DIMENSIONS})
        known_ids = self.state["dimensionValues"]
        for name, ids in known_ids.items():
            if dimensions.get(name) is not None and dimensions[name] not in ids:
                raise Refused({f"Dimensions.{name}": "There is no such value of the dimension."})
        known = {d["ID"] for d in self.state["departments"]}
        if dimensions.get("DepartmentID") is not None and dimensions["DepartmentID"] not in known:
            raise Refused({"Dimensions.DepartmentID": "The department does not exist."})
        values = {name: dimensions.get(name) for name in _DIMENSIONS}
        if not dimensions.get("ID"):
            self._spend_guid(dimensions)
            made = self.tenant.new_id("dimensions", 301)
            self.state["dimensions"].append({"ID": made, **values})
            return made
        if dimensions["ID"] != stored["DimensionsID"]:
            raise Refused({"Dimensions": "The dimensions belong to something else."})
        current = self._dimensions(stored)
        assert current is not None
        current.update(values)
        return int(dimensions["ID"])

    def _wrong(self, stored: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
        """Every rule that the record breaks; what the vendor leaves open is judged strictly."""
        wrong: dict[str, str] = {}
        title = next((s["tittel"] for s in self.state["STYRK"] if s["styrk"] == new["JobCode"]), None)
        if not new["JobCode"]:
            wrong["JobCode"] = "The occupation code is required."
        elif title is None:
            wrong["JobCode"] = "The occupation code is not in the register."
        elif new["JobName"] != title:
            wrong["JobName"] = "The occupation title differs from the register's."
        units = {s["ID"]: s["SuperiorOrganizationID"] for s in self.state["subentities"]}
        if not new["SubEntityID"] or (len(units) > 1 and not units.get(new["SubEntityID"])):
            wrong["SubEntityID"] = "Choose a sub-unit below the legal entity."
        if stored["SubEntityID"] and new["SubEntityID"] != stored["SubEntityID"]:
            wrong["SubEntityID"] = "The sub-unit of an employment cannot be changed."
        if not 0 <= new["WorkPercent"] <= 100 or round(new["WorkPercent"], 2) != new["WorkPercent"]:
            wrong["WorkPercent"] = "The percentage lies between 0 and 100, with two decimals."
        if not 0 <= new["HoursPerWeek"] <= 168:
            wrong["HoursPerWeek"] = "The hours of a full week lie between 0 and 168."
        if not new["StartDate"]:
            wrong["StartDate"] = "The start date is required."
        elif new["EndDate"] and new["EndDate"] < new["StartDate"]:
            wrong["EndDate"] = "The end date is before the start date."
        elif overlaps(new["StartDate"], new["EndDate"], self._beside(new)):
            wrong[""] = "The employee has another employment in this sub-unit at that time."
        if bool(new["EndDate"]) != bool(new["EndDateReason"]):
            wrong["EndDateReason"] = "An end date and a reason for it go together."
        return wrong

    @staticmethod
    def _place(employment: Mapping[str, Any]) -> tuple[Any, ...]:
        """In which an employee has one employment at a time: the help allows several for other sub-units, and to split
        dimensions; another occupation is another employment in the a-melding."""
        dimensions = {k: v for k, v in (employment.get("Dimensions") or {}).items() if k != "ID" and v}
        return employment["SubEntityID"], employment.get("JobCode"), sorted(map(str, dimensions.items()))

    def _beside(self, employment: Mapping[str, Any]) -> list[tuple[str, str | None]]:
        return [
            (e["StartDate"], e["EndDate"])
            for e in self.state["employments"]
            if e["EmployeeID"] == employment["EmployeeID"]
            and self._place(e) == self._place(employment)
            and e["ID"] != employment["ID"]
            and e["StartDate"]
            and CANCELLED not in (e["EndDateReason"], employment["EndDateReason"])
        ]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _selected(record: dict[str, Any], names: str) -> dict[str, Any]:
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    return {name: value for name, value in record.items() if not wanted or name in wanted}


def _only(body: Mapping[str, Any], allowed: set[str]) -> None:
    for name in body:
        if name not in allowed:
            raise Refused({name: f"There is no property {name}."})


def _checked(name: str, value: Any) -> Any:
    """The value as it is stored, or a refusal of its type."""
    if name in _ENUMS:
        if value is None:
            return 0
        if type(value) is not int or not 0 <= value <= _ENUMS[name]:
            raise Refused({name: "The value is not one of the list."})
    elif name in _NUMBERS:
        if value is None:
            return 0.0
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refused({name: "The value is not a number."})
    elif name in _DATES:
        if value is None:
            return None
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise Refused({name: "The value is not a date."})
        try:
            return date.fromisoformat(value[:10]).isoformat()
        except ValueError:
            raise Refused({name: "There is no such day."}) from None
    elif name in _TEXTS:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Refused({name: "The value is not text."})
    elif value is not None and type(value) is not int:
        raise Refused({name: "The value is not an ID."})
    return value
