"""Fortnox Lön as a local server: OAuth token endpoint, employees, cost centres, company information.

From Fortnox' developer pages (authorization, errors, parameters, formats and encoding, rate limits) and its published
OpenAPI, and what public client programs send.

What a test or the demo may turn in `state`: `scopes`, `licences`, `blank` (what "API_BLANK" does to a date: "clears",
"kept" or "refused"), `wrapped_errors` (an error comes with status 200).
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, route, today

CLIENT_ID = "Kd8mSandboxFn"
CLIENT_SECRET = "q7Rw2sandbox-secret"
TENANT_ID = "1500123"
REFRESH_TOKEN = "b41fe0c2-sandbox-refresh"
TOKEN_SECONDS = 3600
REFRESH_SECONDS = 45 * 24 * 3600
CODE_SECONDS = 600
MAX_LIMIT = 500

_TEXT = {
    "EmployeeId": 15,
    "PersonalIdentityNumber": 13,
    "FirstName": 80,
    "LastName": 80,
    "Email": 255,
    "JobTitle": 30,
    "AverageWeeklyHours": 20,
    "AverageHourlyWage": 20,
    "ScheduleId": 10,
    "MonthlySalary": 20,
    "HourlyPay": 20,
    "CostCenter": 6,
    "Project": 20,
    "Phone1": 40,
    "Phone2": 40,
    "Address1": 80,
    "Address2": 80,
    "PostCode": 10,
    "City": 40,
    "Country": 40,
    "TaxTable": 10,
    "NonRecurringTax": 10,
    "ClearingNo": 10,
    "BankAccountNo": 30,
    "WorkingTimeEnumeration": 20,
}
_ENUMS = {
    "EmploymentForm": ("TV", "PRO", "TID", "SVT", "VIK", "PRJ", "PRA", "FER", "SES", "NEJ"),
    "SalaryForm": ("MAN", "TIM"),
    "PersonelType": ("TJM", "ARB"),
    "PayslipType": ("pdf", "digital", "kivra"),
    "TaxAllowance": ("HUV", "EXT", "TMP", "STU", "EJ", "???", "SNK"),
    "ForaType": (
        *("-", "A", "T", "T6", "A3"),
        *(f"A{n}" for first, last in ((11, 30), (41, 48), (51, 86), (91, 93)) for n in range(first, last + 1)),
    ),
}
_FLAGS = ("Inactive", "AutoNonRecurringTax")
_NUMBERS = ("FullTimeEquivalent", "TaxColumn")
# Read-only by its contract, and what else an employee has there: balances of vacation, absence and tax, children.
_SHOWN_ONLY = re.compile(r"@\w+|FullName|EmployeeCategories|VacationDays(Saved|Registered|Pending)\w*")
_BALANCES = re.compile(
    r"(Vacation|NonVacation|Absence|Initial|Current|Opening|Preliminary|Ingoing)\w+|AT[FK]Value|EmployeeChildren"
)
_DATES = ("EmploymentDate", "EmployedTo")
_LISTS = ("DatedSchedules", "DatedWages")
_DECIMALS = ("AverageWeeklyHours", "AverageHourlyWage", "MonthlySalary", "HourlyPay")
_CHARACTERS = re.compile(r"(?:[^\W_]|[ –:.`´’,;^¤#%§£$€¢¥©™°&/()=+\-*_!?²³®½@\n])*")
_SHOWN = (
    "EmployeeId",
    "FullName",
    "Email",
    "EmploymentDate",
    "EmployedTo",
    "EmploymentForm",
    "JobTitle",
    "PersonelType",
    "SalaryForm",
    "CostCenter",
    "AverageWeeklyHours",
    "FullTimeEquivalent",
    "ScheduleId",
    "Inactive",
)


def _error(status: int, message: str, code: int) -> HttpResponse:
    return json_answer({"ErrorInformation": {"error": 1, "message": message, "code": code}}, status)


def _oauth_error(status: int, error: str, description: str) -> HttpResponse:
    return json_answer({"error": error, "error_description": description}, status)


def _takes_json(accept: str) -> bool:
    kinds = [kind.split(";")[0].strip().lower() for kind in (accept or "*/*").split(",")]
    return not {"*/*", "application/*", "application/json"}.isdisjoint(kinds)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


class FortnoxSandbox(Sandbox):
    key = "fortnox"
    name = "Fortnox"
    credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "tenant_id": TENANT_ID}
    settings = {"personel_type": "TJM", "salary_form": "MAN"}

    @classmethod
    def seed(cls, tenant: str) -> State:
        return {
            "employees": {},
            "cost_centers": {
                "BUT1": {"Description": "Butik", "Active": True},
                "BAK1": {"Description": "Bageri", "Active": True},
                "ADM1": {"Description": "Administration", "Active": True},
                "LAGER": {"Description": "Lager", "Active": True},
                "ADM": {"Description": "Administration", "Active": True},
                "GML": {"Description": "Gamla kontoret", "Active": False},
            },
            "schedules": ["HEL", "DEL", "SKIFT"],
            "company": {"CompanyName": "Fjellheim Drift", "OrganizationNumber": "974760673"},
            "scopes": ["companyinformation", "costcenter", "salary"],
            "licences": {"salary": True, "api": True},
            "service_account": True,
            "refresh_tokens": {REFRESH_TOKEN: time.time() + REFRESH_SECONDS},
            "access_tokens": {},
            "codes": {},
            "blank": "clears",
            "wrapped_errors": False,
        }

    # -- for the tests, the demo and the page ------------------------------------------------------------

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
        self.state["employees"][number] = {
            "EmployeeId": number,
            "PersonalIdentityNumber": national_id,
            "FirstName": first_name,
            "LastName": last_name,
            "Email": email,
            "EmploymentDate": None,
            "EmployedTo": None,
            "EmploymentForm": "",
            "SalaryForm": "MAN",
            "PersonelType": "TJM",
            "JobTitle": "",
            "CostCenter": "",
            "AverageWeeklyHours": "",
            "FullTimeEquivalent": 0.0,
            "ForaType": "-",
            "Inactive": False,
            "TaxAllowance": "HUV",
            "TaxTable": "33",
            "AutoNonRecurringTax": "true",
            "VacationDaysSaved": 3.0,
            "DatedSchedules": [{"EmployeeId": number, "FirstDay": "1970-01-01", "ScheduleId": "HEL"}],
            "DatedWages": [
                {"EmployeeId": number, "FirstDay": "1970-01-01", "MonthlySalary": "31000", "HourlyPay": None}
            ],
        }
        return number

    def employments(self, number: str) -> list[dict[str, Any]]:
        kept = self.state["employees"].get(number)
        if kept is None or not kept["EmploymentDate"]:
            return []
        record = self._shown(kept)
        return [{name: record.get(name) for name in _SHOWN}]

    def tables(self) -> list[Table]:
        people = [self._shown(kept) for kept in self.state["employees"].values()]
        centres = self.state["cost_centers"]
        return [
            Table("Anställda", _SHOWN, tuple(tuple(p.get(name) for name in _SHOWN) for p in people)),
            Table(
                "Kostnadsställen",
                ("Code", "Description", "Active"),
                tuple((code, c["Description"], c["Active"]) for code, c in centres.items()),
            ),
        ]

    # -- sign-in -----------------------------------------------------------------------------------------

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        if not vendor_path.startswith("3/"):
            return None
        if not _takes_json(request.headers.get("Accept", "")):
            return _error(400, "Felaktig Accept-header.", 1000030)
        if request.method in ("POST", "PUT") and request.content_type != "application/json":
            return _error(400, "Felaktig Content-Type.", 1000031)
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self.state["access_tokens"].get(token, 0) < time.time():
            return _error(401, "Access-token saknas eller har gått ut.", 2000311)
        allowed, _, _ = self.tenant.window("api", 25, 5.0)
        if not allowed:
            return HttpResponse("Too Many Requests", status=429, content_type="text/plain")
        if not self.state["licences"]["api"]:
            return _error(403, "API-licens saknas.", 2001103)
        resource = vendor_path.split("/")[1]
        scope = {"employees": "salary", "costcenters": "costcenter", "companyinformation": "companyinformation"}.get(
            resource, ""
        )
        if scope and scope not in self.state["scopes"]:
            return _error(403, "Har inte behörighet för scope.", 2000663)
        if scope == "salary" and not self.state["licences"]["salary"]:
            return _error(400, "Har inte aktiv licens för begärt scope.", 2001101)
        return None

    def not_found(self, request: HttpRequest) -> HttpResponse:
        """In the words of what stands before Fortnox' own program, as clients meet them."""
        return json_answer({"message": "no Route matched with those values"}, 404)

    def method_not_allowed(self, request: HttpRequest) -> HttpResponse:
        return json_answer({"message": "Method not allowed"}, 405)

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if self.state["wrapped_errors"] and response.status_code == 400:
            response.status_code = 200
        return response

    @route("GET", "oauth-v1/auth")
    def authorize(self, request: HttpRequest) -> HttpResponse:
        """As if a system administrator had approved it at once."""
        asked = request.GET
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code" or not asked.get("state"):
            return _oauth_error(400, "invalid_request", "Auth code or ClientID supplied is invalid")
        code = secrets.token_hex(8)
        self.state["codes"][code] = {"until": time.time() + CODE_SECONDS, "redirect_uri": asked.get("redirect_uri")}
        where = asked.get("redirect_uri") or f"{request.path}/approved"
        return HttpResponseRedirect(f"{where}?{urlencode({'code': code, 'state': asked['state']})}")

    @route("POST", "oauth-v1/token")
    def token(self, request: HttpRequest) -> HttpResponse:
        wrong = self._client_refused(request)
        if wrong is not None:
            return wrong
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") == "client_credentials":
            if not self.state["service_account"]:
                return _oauth_error(400, "invalid_grant", "Client does not allow service account")
            if request.headers.get("TenantId") != TENANT_ID:
                return _oauth_error(400, "invalid_grant", "No consent for this tenant")
            return json_answer(self._granted())
        if form.get("grant_type") == "refresh_token":
            ends = self.state["refresh_tokens"].pop(form.get("refresh_token", ""), 0)
            if ends < time.time():
                return _oauth_error(400, "invalid_grant", "Invalid refresh token")
            return json_answer(self._renewable())
        if form.get("grant_type") == "authorization_code":
            code = self.state["codes"].pop(form.get("code", ""), {"until": 0, "redirect_uri": None})
            if code["until"] < time.time() or code["redirect_uri"] != form.get("redirect_uri"):
                return _oauth_error(400, "invalid_grant", "Auth code or ClientID supplied is invalid")
            return json_answer(self._renewable())
        return _oauth_error(400, "unsupported_grant_type", "The grant type is not supported")

    @route("POST", "oauth-v1/revoke")
    def revoke(self, request: HttpRequest) -> HttpResponse:
        wrong = self._client_refused(request)
        if wrong is not None:
            return wrong
        form = parse_qs(request.body.decode())
        gone = self.state["refresh_tokens"].pop(form.get("token", [""])[0], None)
        return json_answer({"revoked": gone is not None})

    def _client_refused(self, request: HttpRequest) -> HttpResponse | None:
        if request.content_type != "application/x-www-form-urlencoded":
            return _oauth_error(400, "invalid_request", "The body must be a form")
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {basic}":
            return _oauth_error(401, "invalid_client", "Auth code or ClientID supplied is invalid")
        return None

    def _renewable(self) -> dict[str, Any]:
        renewed = f"{secrets.token_hex(4)}-{secrets.token_hex(12)}"
        self.state["refresh_tokens"][renewed] = time.time() + REFRESH_SECONDS
        return {**self._granted(), "refresh_token": renewed}

    def _granted(self) -> dict[str, Any]:
        now = time.time()
        claims = base64.urlsafe_b64encode(json.dumps({"tenantId": int(TENANT_ID)}).encode()).decode().rstrip("=")
        token = f"eyJhbGciOiJub25lIn0.{claims}.{secrets.token_hex(16)}"
        live = {t: ends for t, ends in self.state["access_tokens"].items() if ends > now}
        self.state["access_tokens"] = {**live, token: now + TOKEN_SECONDS}
        return {
            "access_token": token,
            "scope": " ".join(self.state["scopes"]),
            "expires_in": TOKEN_SECONDS,
            "token_type": "bearer",
        }

    # -- registers ---------------------------------------------------------------------------------------

    @route("GET", "3/companyinformation")
    def company(self, request: HttpRequest) -> HttpResponse:
        return json_answer({"CompanyInformation": {**self.state["company"], "DatabaseNumber": int(TENANT_ID)}})

    @route("GET", "3/costcenters")
    def cost_centers(self, request: HttpRequest) -> HttpResponse:
        every = [self._cost_center(request, code) for code in sorted(self.state["cost_centers"])]
        return self._page(request, "CostCenters", every, ("lastmodified", "sortby"))

    @route("POST", "3/costcenters")
    def add_cost_center(self, request: HttpRequest) -> HttpResponse:
        sent = self._sent(request, "CostCenter")
        if isinstance(sent, HttpResponse):
            return sent
        code, described = str(sent.get("Code") or ""), sent.get("Description")
        if not 0 < len(code) <= _TEXT["CostCenter"] or not described or code in self.state["cost_centers"]:
            return _error(400, "Kostnadsstället kan inte sparas.", 2001795)
        self.state["cost_centers"][code] = {"Description": described, "Active": sent.get("Active", True)}
        return json_answer({"CostCenter": self._cost_center(request, code)}, 201)

    @route("GET PUT DELETE", "3/costcenters/<str:code>")
    def cost_center(self, request: HttpRequest, code: str) -> HttpResponse:
        if code not in self.state["cost_centers"]:
            return _error(404, "Kan inte hitta kostnadsstället.", 2000423)
        if request.method == "DELETE":
            del self.state["cost_centers"][code]
            return HttpResponse(status=204)
        if request.method == "PUT":
            sent = self._sent(request, "CostCenter")
            if isinstance(sent, HttpResponse):
                return sent
            kept = self.state["cost_centers"][code]
            kept.update({name: sent[name] for name in ("Description", "Active") if name in sent})
        return json_answer({"CostCenter": self._cost_center(request, code)})

    def _cost_center(self, request: HttpRequest, code: str) -> dict[str, Any]:
        return {"@url": f"https://api.fortnox.se/3/costcenters/{code}", "Code": code, "Note": ""} | self.state[
            "cost_centers"
        ][code]

    @route("GET", "3/employees")
    def employees(self, request: HttpRequest) -> HttpResponse:
        chosen = request.GET.get("filter")
        if chosen not in (None, "active", "inactive"):
            return _error(400, "Ogiltig parameter i anropet.", 2000588)
        every = [
            {"@url": f"https://api.fortnox.se/3/employees/{number}", **self._shown(kept)}
            for number, kept in self.state["employees"].items()
            if chosen is None or kept["Inactive"] is (chosen == "inactive")
        ]
        return self._page(request, "Employees", every, ("filter",))

    def _page(self, request: HttpRequest, name: str, every: list[Any], own: tuple[str, ...]) -> HttpResponse:
        if set(request.GET) - {"page", "limit", "offset", *own} or len(set(request.GET) & set(own)) > 1:
            return _error(400, "Ogiltig parameter i anropet.", 2000588)
        try:
            limit, page = int(request.GET.get("limit", "100")), int(request.GET.get("page", "1"))
            offset = int(request.GET.get("offset", (page - 1) * limit))
        except ValueError:
            return _error(400, "Ogiltig parameter i anropet.", 2000588)
        if not 1 <= limit <= MAX_LIMIT or page < 1 or offset < 0:
            return _error(400, "Ogiltig parameter i anropet.", 2000588)
        meta = {"@TotalResources": len(every), "@TotalPages": -(-len(every) // limit), "@CurrentPage": page}
        return json_answer({"MetaInformation": meta, name: every[offset : offset + limit]})

    # -- one employee ------------------------------------------------------------------------------------

    @route("GET", "3/employees/<str:number>")
    def employee(self, request: HttpRequest, number: str) -> HttpResponse:
        kept = self.state["employees"].get(number)
        if kept is None:
            return _error(404, "Kan inte hitta den anställda.", 2000423)
        return json_answer({"Employee": self._shown(kept)})

    @route("POST", "3/employees")
    def create(self, request: HttpRequest) -> HttpResponse:
        sent = self._sent(request)
        if isinstance(sent, HttpResponse):
            return sent
        if not all(sent.get(name) for name in ("FirstName", "LastName", "Email")):
            return _error(400, "Förnamn, efternamn och e-post måste anges.", 2001795)
        number = sent.get("EmployeeId") or self._free_number()
        if number in self.state["employees"]:
            return _error(400, "Anställningsnumret används redan.", 2000637)
        blank = dict.fromkeys((*_TEXT, *_ENUMS), "") | dict.fromkeys(_DATES) | {"Inactive": False}
        wrong = self._write({**blank, "EmployeeId": number}, sent, is_new=True)
        return wrong or json_answer({"Employee": self._shown(self.state["employees"][number])}, 201)

    def _free_number(self) -> str:
        while (number := str(self.tenant.new_id("employee"))) in self.state["employees"]:
            pass
        return number

    @route("PUT", "3/employees/<str:number>")
    def update(self, request: HttpRequest, number: str) -> HttpResponse:
        kept = self.state["employees"].get(number)
        if kept is None:
            return _error(404, "Kan inte hitta den anställda.", 2000423)
        sent = self._sent(request)
        if isinstance(sent, HttpResponse):
            return sent
        if sent.get("EmployeeId", number) != number:
            return _error(400, "Anställningsnumret kan inte ändras.", 2001399)
        wrong = self._write(kept, sent, is_new=False)
        return wrong or json_answer({"Employee": self._shown(self.state["employees"][number])})

    @staticmethod
    def _shown(kept: Mapping[str, Any]) -> dict[str, Any]:
        """An employee as read: the dated lists, plus what of them counts today."""
        shown = {**kept, "FullName": f"{kept['FirstName']} {kept['LastName']}"}
        for dated, names in (("DatedSchedules", ("ScheduleId",)), ("DatedWages", ("MonthlySalary", "HourlyPay"))):
            begun = [row for row in kept.get(dated) or () if row["FirstDay"] <= today().isoformat()]
            if begun:
                latest = max(begun, key=lambda row: row["FirstDay"])
                shown.update({name: latest.get(name) for name in names})
        return shown

    @staticmethod
    def _sent(request: HttpRequest, wrapper: str = "Employee") -> dict[str, Any] | HttpResponse:
        body = json_body(request)
        if body is None:
            return _error(400, "Felaktig JSON.", 2002115)
        if not isinstance(body, dict) or set(body) != {wrapper} or not isinstance(body[wrapper], dict):
            return _error(400, "Tom eller felaktig body.", 2001392)
        return body[wrapper] or _error(400, "Tom eller felaktig body.", 2001392)

    def _write(self, kept: Mapping[str, Any], sent: Mapping[str, Any], *, is_new: bool) -> HttpResponse | None:
        """Keeps the employee with what was sent, all or nothing."""
        new = dict(kept)
        for name, value in sent.items():
            if not self.strict and (value is None or _SHOWN_ONLY.fullmatch(name)):
                continue  # what no source tells of: left alone
            known = name in _TEXT or name in _ENUMS or name in _DATES or name in _LISTS
            if not known and name not in (*_FLAGS, *_NUMBERS) and (self.strict or not _BALANCES.fullmatch(name)):
                return _error(400, f"Felaktigt fältnamn ({name}).", 2001399)
            if value is None:
                return _error(400, f"Tomt värde ({name}).", 2001392)
            if value == "":
                continue  # an empty text leaves the field as it is
            wrong = self._put(new, name, value)
            if wrong is not None:
                return wrong
        if ("ScheduleId" in sent and "DatedSchedules" in sent) or (
            "DatedWages" in sent and ("MonthlySalary" in sent or "HourlyPay" in sent)
        ):
            return _error(400, "Endast ett av fälten får anges.", 2000729)
        if (is_new or self.strict) and not (new.get("PersonelType") and new.get("SalaryForm")):
            return _error(400, "Värdet kan inte vara null. (ftgavtalid)", 0)
        if (
            self.strict
            and new.get("EmployedTo")
            and (not new.get("EmploymentDate") or new["EmployedTo"] < new["EmploymentDate"])
        ):
            return _error(400, "Anställd t.o.m. ligger före anställningsdatum.", 2000729)
        self.state["employees"][new["EmployeeId"]] = new
        return None

    def _put(self, new: dict[str, Any], name: str, value: Any) -> HttpResponse | None:
        if value == "API_BLANK" and name in _DATES:
            if self.state["blank"] == "refused":
                return _error(400, f"Felaktigt datum ({name}).", 2000108)
            if self.state["blank"] == "clears":
                new[name] = None
            return None
        if value == "API_BLANK" and name in _TEXT and name not in (*_DECIMALS, "EmployeeId"):
            new[name] = ""
            return None
        if name in _DECIMALS and isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if name in _TEXT:
            if not isinstance(value, str) or len(value) > _TEXT[name]:
                return _error(400, f"Värdet är för långt eller inte en text ({name}).", 2000106)
            if not _CHARACTERS.fullmatch(value):
                return _error(400, f"Otillåtna tecken ({name}).", 2000359)
            if name in _DECIMALS and not re.fullmatch(r"\d+(\.\d+)?", value):
                return _error(400, f"Värdet måste vara numeriskt ({name}).", 2000108)
            if name == "CostCenter" and not self.state["cost_centers"].get(value, {}).get("Active"):
                return _error(400, "Kan inte hitta kostnadsstället.", 2000423)
            if name == "ScheduleId" and value not in self.state["schedules"]:
                return _error(400, "Kan inte hitta schemat (ScheduleId).", 2000423)
        elif name in _ENUMS and value not in _ENUMS[name]:
            return _error(400, f"Ogiltigt värde ({name}).", 2000729)
        elif name in _DATES and not _is_date(value):
            return _error(400, f"Felaktigt datum ({name}).", 2000108)
        elif name in _FLAGS and not isinstance(value, bool):
            return _error(400, f"Värdet måste vara sant eller falskt ({name}).", 2000134)
        elif name in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            return _error(400, f"Värdet måste vara numeriskt ({name}).", 2000108)
        elif name in _LISTS and not self._dated(new["EmployeeId"], value):
            return _error(400, f"Felaktiga datumrader ({name}).", 2000729)
        new[name] = value
        if name == "ScheduleId":
            new["DatedSchedules"] = []  # what becomes of rows to come is not documented; an answer shows the list
        if name in ("MonthlySalary", "HourlyPay"):
            new.pop("DatedWages", None)
        return None

    @staticmethod
    def _dated(number: str, rows: Any) -> bool:
        """Each row repeats the employee; first days differ, and one of them is 1970-01-01."""
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return False
        days = [row.get("FirstDay") for row in rows]
        return (
            all(row.get("EmployeeId") == number for row in rows)
            and all(_is_date(day) and day >= "1970-01-01" for day in days)
            and days.count("1970-01-01") == 1
            and len(days) == len(set(days))
        )
