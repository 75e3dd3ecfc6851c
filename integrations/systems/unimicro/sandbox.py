"""A pretend Unimicro: the identity server with signed client assertions, and the biz API around employments."""

from __future__ import annotations

import copy
import hashlib
import math
import re
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, overlaps, route

CLIENT_ID = "00000000-0000-4000-8000-000000000111"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "AppFramework"
TOKEN_SECONDS = 3600
LONGEST_ASSERTION = 300

_SMALL_PRIMES = math.prod(n for n in range(3, 2000) if all(n % d for d in range(2, math.isqrt(n) + 1)))


def _prime(seed: str) -> int:
    """The first probable prime of 1024 bits above a number made from the seed; the same in every process."""
    digests = (hashlib.sha256(f"{seed}/{part}".encode()).digest() for part in range(4))
    number = int.from_bytes(b"".join(digests), "big") | (3 << 1022) | 1
    while math.gcd(number, _SMALL_PRIMES) != 1 or any(pow(base, number - 1, number) != 1 for base in (2, 3, 5)):
        number += 2
    return number


def key_of(client_id: str) -> rsa.RSAPrivateKey:
    """The sandbox's key pair for a client. It is worked out from the client id, so that the demo's processes and a
    restarted sandbox agree on it although it is stored nowhere. Worth nothing outside the sandbox."""
    p, q, e = _prime(f"{client_id}/p"), _prime(f"{client_id}/q"), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public).private_key()


_KEY = key_of(CLIENT_ID)
_PEM = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()

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
    "employments": ("Dimensions", "SubEntity", "Employee", "Leaves"),
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


class UnimicroSandbox(Sandbox):
    key = "unimicro"
    name = "Unimicro"
    credentials: ClassVar[Mapping[str, str]] = {
        "client_id": CLIENT_ID,
        "private_key": _PEM,
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

    # -- identity ------------------------------------------------------------------------------------------

    @staticmethod
    def _identity(request: HttpRequest) -> str:
        return f"{request.scheme}://{request.META['HTTP_HOST']}{request.path.rsplit('/identity/', 1)[0]}/identity"

    @route("GET", "identity/.well-known/openid-configuration")
    def discovery(self, request: HttpRequest) -> HttpResponse:
        base = self._identity(request)
        return json_answer({"issuer": base, "token_endpoint": f"{base}/connect/token"})

    @route("POST", "identity/connect/token")
    def token(self, request: HttpRequest) -> HttpResponse:
        form = request.POST
        if form.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        client = form.get("client_id", "")
        if client != CLIENT_ID or form.get("client_assertion_type") != ASSERTION_TYPE:
            return json_answer({"error": "invalid_client"}, 400)
        try:
            claims = jwt.decode(
                form.get("client_assertion", ""),
                _KEY.public_key(),
                algorithms=["RS256"],
                audience=f"{self._identity(request)}/connect/token",
                issuer=client,
                options={"require": ["jti", "sub", "iss", "aud", "iat", "nbf", "exp"]},
            )
        except jwt.PyJWTError:
            return json_answer({"error": "invalid_client"}, 400)
        lives = claims["exp"] - claims["iat"]
        if claims["sub"] != client or claims["jti"] in self.state["jtis"] or lives > LONGEST_ASSERTION:
            return json_answer({"error": "invalid_client"}, 400)
        self.state["jtis"].append(claims["jti"])
        if form.get("scope") != SCOPE:
            return json_answer({"error": "invalid_scope"}, 400)
        made = f"at-{uuid.uuid4().hex}"
        self.state["tokens"][made] = time.time() + TOKEN_SECONDS
        return json_answer(
            {"access_token": made, "expires_in": TOKEN_SECONDS, "token_type": "Bearer", "scope": SCOPE},
            Cache_Control="no-store",
        )

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
        if unknown:
            return json_answer({"Message": f"Unknown query parameter {sorted(unknown)[0]}."}, 400)
        try:
            expand = self._expand(entity, query.get("expand", ""))
            records = [self._full(entity, record) for record in self.state[entity] if not record.get("Deleted")]
            if query.get("filter"):
                wanted = _Filter(query["filter"]).parse()
                records = [record for record in records if wanted(record)]
            order, _, direction = query.get("orderby", "ID").partition(" ")
            records.sort(key=lambda r: r.get(order) or 0, reverse=direction == "desc")
            skip, top = int(query.get("skip", 0)), int(query.get("top", 10))
        except (ValueError, TypeError) as error:
            return json_answer({"Message": f"The query cannot be read: {error}"}, 400)
        page = records[skip : skip + min(top, self.state["max_page"])]
        linked = query.get("hateoas") != "false"
        return json_answer([self._shown(entity, record, expand, listed=True, linked=linked) for record in page])

    @route("GET", "api/biz/<str:entity>/<int:number>")
    def single(self, request: HttpRequest, entity: str, number: int) -> HttpResponse:
        record = self._stored(entity, number) if entity in _RELATIONS else None
        if record is None:
            return json_answer({"Message": "The entity does not exist."}, 404)
        if set(request.GET) - {"expand", "action"}:
            return json_answer({"Message": "Unknown query parameter."}, 400)
        try:
            expand = self._expand(entity, request.GET.get("expand", ""))
        except ValueError as error:
            return json_answer({"Message": str(error)}, 400)
        return json_answer(self._shown(entity, self._full(entity, record), expand, linked=True))

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
            expand = set() if self.state["thin"] else {"Dimensions"}
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
        allowed = {*_EMPLOYEE_OWN, *_EMPLOYEE_READ_ONLY, "Employments", "BusinessRelationInfo"}
        _only(body, allowed)
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
        _only(body, {*_READ_ONLY, *_DATES, *_NUMBERS, *_ENUMS, *_TEXTS, *_IDS, "Standard", "Dimensions", "_createguid"})
        if body.get("EmployeeID", stored["EmployeeID"]) != stored["EmployeeID"]:
            raise Refused({"EmployeeID": "The employment belongs to another employee."})
        new = dict(stored)
        for name in (*_DATES, *_NUMBERS, *_ENUMS, *_TEXTS, *_IDS):
            new[name] = _checked(name, body.get(name))
        new["Standard"] = bool(body.get("Standard"))
        wrong = self._wrong(stored, new)
        if wrong:
            raise Refused(wrong)
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
        _only(dimensions, {"ID", "_createguid", "Deleted", *_DIMENSIONS})
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


_Test = Callable[[Mapping[str, Any]], bool]


class _Filter:
    """The part of the query language that compares: eq ne gt lt ge le, and, or, parentheses, dotted paths."""

    TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_][\w.]*)|([()]))")

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = self.TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"filter: {text[at:]}")
            kind = ("text", "number", "word", "sign")[(match.lastindex or 1) - 1]
            self.tokens.append((kind, match.group(match.lastindex or 1)))
            at = match.end()

    def parse(self) -> _Test:
        test = self._any()
        if self.tokens:
            raise ValueError(f"filter: {self.tokens[0][1]} is not understood")
        return test

    def _take(self, *kinds: str) -> tuple[str, str]:
        if not self.tokens or self.tokens[0][0] not in kinds:
            raise ValueError("filter: something is missing")
        return self.tokens.pop(0)

    def _any(self) -> _Test:
        tests = [self._every()]
        while self.tokens and self.tokens[0] == ("word", "or"):
            self.tokens.pop(0)
            tests.append(self._every())
        return lambda record: any(test(record) for test in tests)

    def _every(self) -> _Test:
        tests = [self._one()]
        while self.tokens and self.tokens[0] == ("word", "and"):
            self.tokens.pop(0)
            tests.append(self._one())
        return lambda record: all(test(record) for test in tests)

    def _one(self) -> _Test:
        if self.tokens and self.tokens[0] == ("sign", "("):
            self.tokens.pop(0)
            test = self._any()
            if self._take("sign")[1] != ")":
                raise ValueError("filter: ) is missing")
            return test
        path, operator = self._take("word")[1], self._take("word")[1]
        kind, text = self._take("text", "number")
        value = text[1:-1].replace("''", "'") if kind == "text" else text
        if operator not in ("eq", "ne", "gt", "lt", "ge", "le"):
            raise ValueError(f"filter: {operator} is not an operator")
        return lambda record: _compare(_follow(record, path), operator, kind, value)


def _follow(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for part in path.split("."):
        if value is None:
            return None
        if part not in value:
            raise ValueError(f"there is no property {part}")
        value = value[part]
    return value


def _compare(have: Any, operator: str, kind: str, text: str) -> bool:
    if have is None:
        return operator == "ne"
    want: Any = text
    if isinstance(have, bool):
        have = str(have).lower()
    elif isinstance(have, int | float):
        if kind == "text":
            raise ValueError(f"a number is compared with '{text}'")
        want = float(text)
    return bool(
        {
            "eq": have == want,
            "ne": have != want,
            "gt": have > want,
            "lt": have < want,
            "ge": have >= want,
            "le": have <= want,
        }[operator]
    )
