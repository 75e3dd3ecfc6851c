"""The Employee API v2 with its asynchronous jobs, and Visma Connect's token endpoint."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import State, Table, json_answer, json_body, route
from integrations.systems.visma_net_payroll.sandbox.rules import OPTIONAL, READ_ONLY, REQUIRED, PositionRules, result

MEDIA_TYPE = "application/vnd.no.payroll.employee.V2.0+json"
READ, WRITE = "visma_net_employee:employees:read", "visma_net_employee:employees:write"
COMPANY_TENANT = "5d1f7a60-3c1e-4b6a-9c55-7b1f0a9e0001"
CUSTOMER_TENANT = "5d1f7a60-3c1e-4b6a-9c55-7b1f0a9e0002"
TAX_UNIT, TAX_UNIT_STORE = "7a3e2c10-58d4-4a0f-8b0e-2f6d1c9b0001", "7a3e2c10-58d4-4a0f-8b0e-2f6d1c9b0002"
DAYTIME, SHIFT = "0c6b1d2e-9f47-4d3a-a1b8-5e7c3f2a0001", "0c6b1d2e-9f47-4d3a-a1b8-5e7c3f2a0002"

JOB_KEYS = (
    "correlationId",
    "clientId",
    "id",
    "tenantId",
    "created",
    "artifactId",
    "artifactType",
    "status",
    "statusCode",
    "action",
    "lastChange",
    "validationResults",
)
STATUS_CODES = {"NotStarted": 1, "InProgress": 2, "Failed": 3, "Succeeded": 4}
LISTED_BY = {"page-size", "includeDrafts", "embed", "fields", "onlyActive", "manager", "fromLastChangedDate"}
EMBEDDABLE = "(positions)"  # "Embedding"
LARGEST_PAGE = 100


class VismaNetPayrollSandbox(PositionRules):
    key = "visma_net_payroll"
    name = "Visma.net Payroll"
    credentials = {
        "client_id": "isv_position_sync_demo",
        "client_secret": "vqkzp-not-a-real-secret-0001",
        "tenant_id": COMPANY_TENANT,
    }
    settings = {
        "salary": 30000,
        "tax_unit": TAX_UNIT,
        "work_time_agreement": DAYTIME,
        "send_working_hours": True,
        "work_time_agreements": {
            "not_shift": DAYTIME,
            "shift": SHIFT,
            "round_the_clock": SHIFT,
            "shift_365": SHIFT,
            "offshore_336": SHIFT,
            "continuous": SHIFT,
            "other_shift": SHIFT,
        },
        "send_department": True,
        "department_dimension": "1",
        "send_end_reason": True,
    }

    @classmethod
    def seed(cls, tenant: str) -> State:
        return {
            "companyTenant": COMPANY_TENANT,
            "customerTenant": CUSTOMER_TENANT,
            "grantedScopes": [READ, WRITE],
            "tokens": {},
            "employees": {},
            "positions": {},
            "jobs": {},
            "newer": [],  # employment forms that came after what the connector knows
            "taxUnits": [
                {"id": TAX_UNIT, "shortId": "2", "name": "Fjellheim Drift", "organizationNumber": "974760673"},
                {"id": TAX_UNIT_STORE, "shortId": "3", "name": "Fjellheim Lager", "organizationNumber": "971524960"},
            ],
            "workTimeAgreements": [
                {"id": DAYTIME, "name": "Dagtid 37,5 timer"},
                {"id": SHIFT, "name": "Skift 35,5 timer"},
            ],
            "tags": [],
            "pensions": [],
            "dimensions": {"1": ["BUT1", "LAG1", "BAK1", "ADM1"], "2": ["100", "200"]},
            "embeds": True,  # whether a list of employees mentions their positions where it is asked to
            "jobSeconds": 0.08,  # how long a job takes
            "tokenSeconds": 3600,
            "dropped": {},  # property of a position -> why a job that succeeds leaves it as it was
            "sunset": "",
        }

    # -- what the demo and the tests do ------------------------------------------------------------------

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
        employee_id = self._guid("employee")
        self.state["employees"][employee_id] = {
            "id": employee_id,
            "number": number,
            "tenantId": self.state["companyTenant"],
            "isDraft": False,
            "personNames": [{"firstName": first_name, "lastName": last_name}],
            "personIds": [{"typeOfId": "NationalID", "id": national_id}] if national_id else [],
            "dateOfBirth": birth_date,
            "emails": [{"type": "Private", "address": email}] if email else [],
            "address": {"countryCode": "NO"},
            "lastChange": _now(),
        }
        return employee_id

    def add_position(self, employee_id: str, **properties: Any) -> str:
        """A position that payroll itself made; properties replace those of a plain full-time one."""
        position_id = self._guid("position")
        document = {
            "id": position_id,
            "tenantId": self.state["companyTenant"],
            "employeeId": employee_id,
            "activeStart": "2026-01-01",
            "typeOfPosition": "Ordinary",
            "employmentForm": [{"value": "fast"}],
            "typeOfWork": [{"value": "1233101"}],
            "workTimeAgreement": [{"value": DAYTIME}],
            "partTimeFactors": [{"value": 100}],
            "salaryInformation": [
                {"salaryType": "Period", "contractSalaryType": "monthly", "monthlySalary": "41000"},
            ],
            "taxUnitIds": [{"value": TAX_UNIT}],
            **properties,
        }
        self.state["positions"][position_id] = {"version": 1, "document": document}
        return position_id

    def employments(self, number: str) -> list[dict[str, Any]]:
        self._run_jobs()
        ids = {e["id"] for e in self.state["employees"].values() if e["number"] == number}
        documents = [p["document"] for p in self.state["positions"].values() if p["document"]["employeeId"] in ids]
        return [
            copy.deepcopy({"activeEnd": None, **document})
            for document in sorted(documents, key=lambda d: d["activeStart"])
        ]

    def tables(self) -> list[Table]:
        employees = self.state["employees"]
        agreements = {a["id"]: a["name"] for a in self.state["workTimeAgreements"]}
        units = {u["id"]: u["name"] for u in self.state["taxUnits"]}
        positions = sorted(
            (p["document"] for p in self.state["positions"].values()),
            key=lambda d: (employees[d["employeeId"]]["number"], d["activeStart"]),
        )
        return [
            Table(
                "Employees",
                ("number", "name", "email", "dateOfBirth", "id"),
                tuple(
                    (
                        e["number"],
                        _name(e),
                        ", ".join(m["address"] for m in e["emails"]),
                        e["dateOfBirth"],
                        e["id"],
                    )
                    for e in sorted(employees.values(), key=lambda e: str(e["number"]))
                ),
            ),
            Table(
                "Positions",
                (
                    "employee",
                    "activeStart",
                    "activeEnd",
                    "positionEndReason",
                    "employmentForm",
                    "typeOfWork",
                    "partTimeFactors",
                    "workTimeAgreement",
                    "taxUnitIds",
                    "accountingDimensions",
                ),
                tuple(
                    (
                        f"{employees[d['employeeId']]['number']} {_name(employees[d['employeeId']])}",
                        d["activeStart"],
                        d.get("activeEnd") or "",
                        ", ".join(d.get("positionEndReason") or []),
                        _shown(d["employmentForm"]),
                        _shown(d["typeOfWork"]),
                        _shown(d["partTimeFactors"]),
                        _shown(d["workTimeAgreement"], agreements),
                        _shown(d["taxUnitIds"], units),
                        ", ".join(
                            f"{a['dimension']}: {_shown(a['dimensionValues'])}"
                            for a in d.get("accountingDimensions") or []
                        ),
                    )
                    for d in positions
                ),
                "A value with several periods shows them all, oldest first.",
            ),
            Table(
                "Jobs",
                ("created", "action", "status", "validationResults"),
                tuple(
                    (j["created"], j["action"], j["status"], "; ".join(r["message"] for r in j["validationResults"]))
                    for j in list(self.state["jobs"].values())[-20:]
                ),
                "The last twenty.",
            ),
        ]

    # -- Visma Connect -----------------------------------------------------------------------------------

    @route("POST", "connect/token")
    def token(self, request: HttpRequest) -> HttpResponse:
        form = request.POST
        if form.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        mine, given = self.credentials, (form.get("client_id"), form.get("client_secret"))
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic" and not given[1]:
            try:
                name, _, secret = base64.b64decode(text).decode().partition(":")
            except ValueError:
                name = secret = ""
            given = (unquote_plus(name), unquote_plus(secret))
        if given != (mine["client_id"], mine["client_secret"]):
            return json_answer({"error": "invalid_client"}, 400)
        asked = form.get("scope", "").split()
        if not asked or set(asked) - {READ, WRITE}:
            return json_answer({"error": "invalid_scope"}, 400)
        if form.get("tenant_id") not in (self.state["companyTenant"], self.state["customerTenant"]):
            return json_answer({"error": "invalid_grant"}, 400)
        granted = [s for s in asked if s in self.state["grantedScopes"]]
        token = f"eyJ.sandbox.{uuid.uuid4().hex}"
        self.state["tokens"][token] = {
            "tenant": form["tenant_id"],
            "scopes": granted,
            "expires": time.time() + self.state["tokenSeconds"],
        }
        return json_answer(
            {
                "access_token": token,
                "expires_in": self.state["tokenSeconds"],
                "token_type": "Bearer",
                "scope": " ".join(granted),
            }
        )

    # -- every call --------------------------------------------------------------------------------------

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        if not vendor_path.startswith("v2/"):
            return None
        self._run_jobs()
        token = self.state["tokens"].get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if token is None or token["expires"] <= time.time() or token["tenant"] != self.state["companyTenant"]:
            return HttpResponse(status=401)
        if (READ if request.method == "GET" else WRITE) not in token["scopes"]:
            return HttpResponse(status=403)
        if vendor_path.startswith("v2/employees"):
            accepted = request.headers.get("Accept", "")
            if MEDIA_TYPE not in accepted and self.strict:
                return _refused(406, "The answer is only given as " + MEDIA_TYPE)
            if request.method != "GET" and not request.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
                return _refused(415, "The body is only taken as " + MEDIA_TYPE)
        return None

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if "/v2/employees" in request.path_info and response.content:
            response.headers["Content-Type"] = MEDIA_TYPE
        if self.state["sunset"]:
            response.headers["Sunset"] = self.state["sunset"]
        return response

    # -- employees ---------------------------------------------------------------------------------------

    @route("GET", "v2/employees")
    def list_employees(self, request: HttpRequest) -> HttpResponse:
        asked = {k: str(v) for k, v in request.GET.items() if k != "cursor"}
        unknown = set(asked) - LISTED_BY
        if unknown and self.strict:
            return _refused(400, f"Query parameter {sorted(unknown)[0]} is not known")
        if asked.get("embed", EMBEDDABLE) != EMBEDDABLE:
            return _refused(400, "embed is not valid")
        size = asked.get("page-size") or asked.get("pageSize") or "50"
        if not size.isdigit() or not 1 <= int(size) <= LARGEST_PAGE:
            return _refused(400, "page-size is not valid")
        offset = 0
        if cursor := request.GET.get("cursor"):
            try:
                remembered = json.loads(base64.urlsafe_b64decode(cursor))
            except ValueError:
                return _refused(400, "cursor is not valid")
            if remembered["asked"] != asked:
                return _refused(400, "cursor belongs to other query parameters")
            offset = remembered["offset"]
        drafts = asked.get("includeDrafts", "").lower() == "true"
        rows = [e for e in self.state["employees"].values() if drafts or not e["isDraft"]]
        rows = [e for e in rows if e["lastChange"] >= asked.get("fromLastChangedDate", "")]
        if asked.get("onlyActive", "").lower() == "true":
            today = _now()[:10]
            running = [d for e in rows for d in self._documents(e["id"]) if (d.get("activeEnd") or today) >= today]
            rows = [e for e in rows if e["id"] in {d["employeeId"] for d in running}]
        if manager := asked.get("manager"):
            rows = [e for e in rows if e.get("manager") == manager]
        end = offset + int(size)
        shown = rows[offset:end]
        if "embed" in asked and self.state["embeds"]:
            shown = [{**e, "_embedded": {"positions": self._documents(e["id"])}} for e in shown]
        if names := re.findall(r"\w+", asked.get("fields", "")):
            shown = [{name: e[name] for name in names if name in e} for e in shown]
        answer: dict[str, Any] = {"data": shown}
        if end < len(rows):
            text = json.dumps({"asked": asked, "offset": end})
            answer["cursor"] = {"nextToken": base64.urlsafe_b64encode(text.encode()).decode()}
        return json_answer(answer)

    @route("GET", "v2/employees/<uuid:employee_id>")
    def employee(self, request: HttpRequest, employee_id: uuid.UUID) -> HttpResponse:
        found = self.state["employees"].get(str(employee_id))
        if found is None:
            return self.not_found(request)
        embedded = {"_embedded": {"positions": self._documents(found["id"])}} if request.GET.get("embed") else {}
        return json_answer({**found, **embedded}, ETag=f'"{self._version(found)}"')

    @staticmethod
    def _version(employee: dict[str, Any]) -> str:
        return hashlib.sha256(json.dumps(employee, sort_keys=True).encode()).hexdigest()[:12]

    @route("PUT", "v2/employees/<uuid:employee_id>")
    def overwrite_employee(self, request: HttpRequest, employee_id: uuid.UUID) -> HttpResponse:
        """The whole employee: what is left out is deleted."""
        found = self.state["employees"].get(str(employee_id))
        body = json_body(request)
        if found is None or not isinstance(body, dict):
            return self.not_found(request) if found is None else _refused(400, "The body is not a JSON object")
        version = request.headers.get("If-Match", "").strip('"')
        if version and version != self._version(found):
            return _refused(412, "The employee was changed meanwhile")
        own = {name: found[name] for name in ("id", "tenantId", "number", "isDraft")}
        made = {"personNames": found["personNames"], "personIds": [], "emails": [], **body, **own, "lastChange": _now()}
        made.pop("_embedded", None)
        self.state["employees"][found["id"]] = made
        return self._done(request, "Update", found["id"])

    @route("POST", "v2/employees/withPosition")
    def hire(self, request: HttpRequest) -> HttpResponse:
        """A new employee with their positions; `number` is the next one where it is left out."""
        body = json_body(request)
        if not isinstance(body, dict):
            return _refused(400, "The body is not a JSON object")
        draft, positions = bool(body.get("isDraft")), body.pop("positions", None) or []
        key = self._guid("employee")
        results = [] if body.get("personNames") else [result("personNames is mandatory.", "mandatoryFieldMissing",
                                                              "$.personNames", "error")]  # fmt: skip
        for index, position in enumerate(positions if not draft else []):
            for found in self._errors({"employeeId": key, "positionId": ""}, position, {}):
                results.append({**found, "jsonPath": found["jsonPath"].replace("$.", f"$.positions[{index}].")})
        if any(result["severity"] == "error" for result in results):
            return self._done(request, "Create", "", results)
        taken = [int(e["number"]) for e in self.state["employees"].values() if str(e["number"]).isdigit()]
        number = str(body.get("number") or max(taken, default=0) + 1)
        self.state["employees"][key] = {
            "personIds": [], "dateOfBirth": "", "emails": [], **body, "id": key, "number": number,
            "tenantId": self.state["companyTenant"], "isDraft": draft, "lastChange": _now(),
        }  # fmt: skip
        for position in positions:
            self.add_position(key, **position)
        return self._done(request, "Create", key)

    def _done(
        self, request: HttpRequest, action: str, employee_id: str, results: list[dict[str, Any]] | None = None
    ) -> HttpResponse:
        """The answer to what is carried out at once: a job that has ended, at the address of employees' jobs."""
        job_id = self._guid("job")
        self.state["jobs"][job_id] = {
            "id": job_id,
            "correlationId": str(uuid.uuid4()),
            "clientId": self.credentials["client_id"],
            "tenantId": self.state["companyTenant"],
            "created": _now(),
            "lastChange": _now(),
            "artifactType": "Employee",
            "artifactId": employee_id,
            "action": action,
            "status": "Failed" if results else "Succeeded",
            "validationResults": results or [],
            "employeeId": "",
            "accepted": time.time(),
        }
        root = request.path_info.split("/v2/")[0]
        return HttpResponse(status=202, headers={"Location": f"{root}/v2/employees/jobs/{job_id}"})

    @route("GET", "v2/employees/jobs")
    def list_jobs_of_employees(self, request: HttpRequest) -> HttpResponse:
        return json_answer([_public(j) for j in self.state["jobs"].values() if not j["employeeId"]])

    @route("GET", "v2/employees/jobs/<uuid:job_id>")
    def job_of_an_employee(self, request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
        found = self.state["jobs"].get(str(job_id))
        return json_answer(_public(found)) if found and not found["employeeId"] else self.not_found(request)

    # -- positions ---------------------------------------------------------------------------------------

    @route("GET", "v2/employees/<uuid:employee_id>/positions")
    def list_positions(self, request: HttpRequest, employee_id: uuid.UUID) -> HttpResponse:
        if str(employee_id) not in self.state["employees"]:
            return self.not_found(request)
        return json_answer(self._documents(str(employee_id)))

    def _documents(self, employee_id: str) -> list[dict[str, Any]]:
        return [p["document"] for p in self._positions(employee_id)]

    @route("GET", "v2/employees/<uuid:employee_id>/positions/<uuid:position_id>")
    def position(self, request: HttpRequest, employee_id: uuid.UUID, position_id: uuid.UUID) -> HttpResponse:
        found = self._position(str(employee_id), str(position_id))
        return json_answer(found["document"], ETag=f'"{found["version"]}"') if found else self.not_found(request)

    @route("POST", "v2/employees/<uuid:employee_id>/positions")
    def create_position(self, request: HttpRequest, employee_id: uuid.UUID) -> HttpResponse:
        if str(employee_id) not in self.state["employees"]:
            return self.not_found(request)
        body = json_body(request)
        return self._malformed(body, {*REQUIRED, *OPTIONAL}) or self._accept(request, str(employee_id), "", body)

    @route("PUT", "v2/employees/<uuid:employee_id>/positions/<uuid:position_id>")
    def overwrite_position(self, request: HttpRequest, employee_id: uuid.UUID, position_id: uuid.UUID) -> HttpResponse:
        found = self._position(str(employee_id), str(position_id))
        if found is None:
            return self.not_found(request)
        version = request.headers.get("If-Match", "").strip('"')
        if not version and self.strict:
            return _refused(428, "If-Match is missing")
        if version and version != str(found["version"]):
            return _refused(412, "The position was changed meanwhile")
        body = json_body(request)
        known = {*REQUIRED, *OPTIONAL, *READ_ONLY, *found["document"]}
        return self._malformed(body, known) or self._accept(request, str(employee_id), str(position_id), body)

    # -- jobs --------------------------------------------------------------------------------------------

    @route("GET", "v2/employees/<uuid:employee_id>/positions/jobs")
    def list_jobs(self, request: HttpRequest, employee_id: uuid.UUID) -> HttpResponse:
        if str(employee_id) not in self.state["employees"]:
            return self.not_found(request)
        return json_answer([_public(j) for j in self.state["jobs"].values() if j["employeeId"] == str(employee_id)])

    @route("GET", "v2/employees/<uuid:employee_id>/positions/jobs/<uuid:job_id>")
    def job(self, request: HttpRequest, employee_id: uuid.UUID, job_id: uuid.UUID) -> HttpResponse:
        found = self.state["jobs"].get(str(job_id))
        if found is None or found["employeeId"] != str(employee_id):
            return self.not_found(request)
        return json_answer(_public(found))

    # -- registers ---------------------------------------------------------------------------------------

    @route("GET", "v2/taxUnits")
    def tax_units(self, request: HttpRequest) -> HttpResponse:
        return json_answer(self.state["taxUnits"])

    @route("GET", "v2/<str:register>/<uuid:entry>")
    def entry(self, request: HttpRequest, register: str, entry: uuid.UUID) -> HttpResponse:
        rows = self.state[register] if register in ("taxUnits", "workTimeAgreements", "tags", "pensions") else []
        found = next((row for row in rows if row["id"] == str(entry)), None)
        return json_answer(found) if found else self.not_found(request)

    @route("GET", "v2/workTimeAgreements")
    def work_time_agreements(self, request: HttpRequest) -> HttpResponse:
        return json_answer(self.state["workTimeAgreements"])

    @route("GET", "v2/tags")
    def tags(self, request: HttpRequest) -> HttpResponse:
        return json_answer(self.state["tags"])

    @route("GET", "v2/pensions")
    def pensions(self, request: HttpRequest) -> HttpResponse:
        return json_answer(self.state["pensions"])

    # -- carrying out ------------------------------------------------------------------------------------

    def _guid(self, kind: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.tenant.name}/{kind}/{self.tenant.new_id(kind)}"))

    def _position(self, employee_id: str, position_id: str) -> dict[str, Any] | None:
        return next((p for p in self._positions(employee_id) if p["document"]["id"] == position_id), None)

    def _malformed(self, body: Any, known: set[str]) -> HttpResponse | None:
        if not isinstance(body, dict):
            return _refused(400, "The body is not a JSON object")
        unknown = set(body) - known if self.strict else ()
        return _refused(400, f"Property {sorted(unknown)[0]} is not known") if unknown else None

    def _accept(self, request: HttpRequest, employee_id: str, position_id: str, body: dict[str, Any]) -> HttpResponse:
        job_id = self._guid("job")
        self.state["jobs"][job_id] = {
            "id": job_id,
            "correlationId": str(uuid.uuid4()),
            "clientId": self.credentials["client_id"],
            "tenantId": self.state["companyTenant"],
            "created": _now(),
            "lastChange": _now(),
            "artifactType": "Position",
            "action": "Update" if position_id else "Create",
            "status": "NotStarted",
            "validationResults": [],
            "employeeId": employee_id,
            "positionId": position_id,
            "body": body,
            "accepted": time.time(),
        }
        root = request.path_info.split("/v2/")[0]
        return HttpResponse(
            status=202, headers={"Location": f"{root}/v2/employees/{employee_id}/positions/jobs/{job_id}"}
        )

    def _run_jobs(self) -> None:
        """Carries out every job whose time has come, in the order in which they were accepted."""
        for job in self.state["jobs"].values():
            waited = time.time() - job["accepted"]
            if job["status"] in ("Succeeded", "Failed"):
                continue
            if waited >= self.state["jobSeconds"]:
                self._run(job)
            elif waited >= self.state["jobSeconds"] / 2:
                job["status"] = "InProgress"

    def _run(self, job: dict[str, Any]) -> None:
        job["lastChange"] = _now()
        body = copy.deepcopy(job["body"])
        stored = self.state["positions"].get(job["positionId"])
        before = stored["document"] if stored else {}
        results = self._errors(job, body, before)
        if any(r["severity"] == "error" for r in results):
            job.update(status="Failed", validationResults=results)
            return
        for name, why in self.state["dropped"].items():
            if name in body and body[name] != before.get(name):
                results.append(result(why, "notSaved", f"$.{name}[0].value", "warning"))
                body.pop(name)
                if name in before:
                    body[name] = before[name]
        position_id = job["positionId"] or self._guid("position")
        self.state["positions"][position_id] = {
            "version": stored["version"] + 1 if stored else 1,
            "document": {
                "id": position_id,
                "tenantId": self.state["companyTenant"],
                "employeeId": job["employeeId"],
                **body,
            },
        }
        job.update(status="Succeeded", artifactId=position_id, validationResults=results)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _refused(status: int, message: str) -> HttpResponse:
    return json_answer({"message": message}, status)


def _public(job: dict[str, Any]) -> dict[str, Any]:
    shown = {**job, "statusCode": STATUS_CODES[job["status"]]}
    return {key: shown[key] for key in JOB_KEYS if key in shown}


def _name(employee: dict[str, Any]) -> str:
    name = employee["personNames"][-1]
    return f"{name['firstName']} {name['lastName']}"


def _shown(timeline: list[dict[str, Any]], names: dict[str, str] | None = None) -> str:
    parts = []
    for entry in timeline:
        value = str(entry["value"])
        text = (names or {}).get(value, value)
        if entry.get("activeStart"):
            text += f" from {entry['activeStart']}"
        if entry.get("activeEnd"):
            text += f" to {entry['activeEnd']}"
        parts.append(text)
    return ", ".join(parts)
