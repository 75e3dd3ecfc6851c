"""Finago Payday (24SevenOffice Payroll) as a local server: /auth, organisation, employees, employments, dimensions and
fields of employees.

Where the vendor says nothing, this server takes the strictest reading while `strict`: periods of one job may not
overlap, fields left out of an update are blanked, values that are not text are refused. Refusals are an HTML page that
names no field.
"""

from __future__ import annotations

import copy
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, overlaps, route

NEVER_REPORTED = "arbeidsforholdetSkulleAldriVaertRapportert"
REASONS = {
    "NO": (
        NEVER_REPORTED,
        "arbeidsgiverHarSagtOppArbeidstaker",
        "arbeidstakerHarSagtOppSelv",
        "byttetLoenssystemEllerRegnskapsfoerer",
        "endringIOrganisasjonsstrukturEllerByttetJobbInternt",
        "kontraktEngasjementEllerVikariatErUtloept",
    ),
    "SE": (
        "Ingen",
        "UppsagdArbetsbrist",
        "TidsbegransadAnstallning",
        "EgenBegaran",
        "SlutProvanstallningAnstalldBeslut",
        "SlutProvanstallningArbetsgivareBeslut",
        "Konkurs",
        "AnnanOrsak",
    ),
}
FORMS = {
    "NO": (
        "fast",
        "fastAnsattUtleid",
        "midlertidig",
        "midlertidigAnsattUtleid",
        "midlertidigAnsattSomTilkallingsvikar",
    ),
    "SE": ("Ingen", "Tillsvidare", "Provanstallning", "Behovsanstalld", "Tidsbegransad"),
}
TYPES = (
    "ordinaertArbeidsforhold",
    "maritimtArbeidsforhold",
    "frilanserOppdragstakerHonorarPersonerMm",
    "pensjonOgAndreTyperYtelserUtenAnsettelsesforhold",
)
TIMES = (
    "ikkeSkift",
    "offshore336",
    "doegnkontinuerligSkiftOgTurnus355",
    "helkontinuerligSkiftOgAndreOrdninger336",
    "skift365",
    "andreSkift",
)
FIELDS = (
    "employment_id",
    "primary_employment",
    "startdate",
    "enddate",
    "enddate_reason",
    "employment_form",
    "profession_code",
    "employment_rate",
    "employment_type",
    "enterprise_number",
    "working_times",
)
# The lists of values know no empty one, except the end reason's: an employment without such a value shows no such key.
NEVER_BLANK = ("employment_form", "employment_type", "working_times")
LIFETIME = timedelta(hours=1)

Employment = dict[str, str]


def _job(row: Mapping[str, Any]) -> tuple[str, str]:
    """Several employments at once are reported under different ids; of one job in one enterprise there is one."""
    return row.get("profession_code", ""), row.get("enterprise_number", "")


def _booked(rows: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{row.get('percentage')} % " + ", ".join(f"{d['dimid']}={d['value']}" for d in row.get("dimensions") or ())
        for row in rows
    )


def _written(value: Any) -> str:
    """As Finago keeps it: all is text."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


class Refused(Exception):
    """Bad input. What was wrong is for this server's own page; the caller is not told."""


class FinagoSandbox(Sandbox):
    key = "finago"
    name = "Finago Payday"
    credentials: ClassVar[dict[str, str]] = {"token": "fp_01-sandbox-persistent-token-0001"}
    settings: ClassVar[dict[str, Any]] = {}

    @classmethod
    def seed(cls, tenant: str) -> State:
        return {
            "persistent": cls.credentials["token"],
            "tokens": {},
            "offset": "+02:00",
            "organization": {
                "name": "Fjellheim AS",
                "orgno": "914778271",
                "enterprise_number": "974760673",
                "address": "Storgata 1",
                "zipcode": "0155",
                "tax_zone": "1",
                "industry": "ordinarie",
                "tax_rule": "standard",
                "retirement_age": "67",
                "country_code": "NO",
                "sites": [
                    {"id": "3", "name": "Fjellheim Lager", "enterprise_number": "811010472", "tax_zone": "1"},
                    {"id": "4", "name": "Fjellheim Nord", "enterprise_number": "217733234", "tax_zone": "3"},
                ],
            },
            "employees": {},
            "employments": {},
            "dimensions": {
                "1": {
                    "name": "Avdeling",
                    "values": {"BUT1": ["Butikk Sentrum", "1"], "GML": ["Gammel", "0"], "BUT2": ["Butikk Nord", "1"]},
                },
                "2": {"name": "Prosjekt", "values": {"10": ["Ombygging", "1"]}},
                "3": {"name": "Kostnadssted", "values": {"4010": ["Drift", "1"], "4020": ["Salg", "1"]}},
            },
            "employee_fields": [
                {"id": "1", "name": "Nøkkelkort", "type": "1", "export": "1", "available_values": ["Ja", "Nei"]},
                {"id": "2", "name": "Stilling", "type": "0", "export": "0", "available_values": []},
            ],
            "refusals": [],
            "newer": [],  # employment forms that came after the published contract
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
        self.state["employees"][number] = self._person(number) | {
            "email": email,
            "firstname": first_name,
            "lastname": last_name,
            "personnr": national_id or birth_date,
        }
        self.state["employments"].setdefault(number, [])
        return number

    @staticmethod
    def _person(number: str) -> dict[str, Any]:
        return {
            "empId": number,
            "email": "",
            "email_copy": "",
            "firstname": "",
            "lastname": "",
            "postaddress": "",
            "zipcode": "",
            "city": "",
            "countryCode": "NO",
            "telefon": "",
            "personnr": "",
            "internationalID": {"countryCode": "", "ID": "", "type": "passnummer"},
            "employee_date": "",
            "salary_type": "monthly",
            "salary": "43210.00",
            "salary_valid_from": "",
            "employment_rate": "100.00",
            "employment_rate_valid_from": "",
            "hours_per_week": "37.50",
            "hours_per_week_valid_from": "",
            "hidden": "0",
            "accounting": [],
            "employee_field_1": "",
            "employee_field_2": "",
        }

    def employments(self, number: str) -> list[dict[str, Any]]:
        rows = sorted(self.state["employments"].get(number, []), key=lambda e: e["startdate"])
        return [dict(row) for row in rows]

    def tables(self) -> list[Table]:
        organization = self.state["organization"]
        units = [organization, *organization["sites"]]
        people = self.state["employees"]
        columns = (
            *("empId", "firstname", "lastname", "email", "employee_date", "salary_type", "hours_per_week"),
            *("employee_field_2", "accounting"),
        )
        return [
            Table(
                "Ansatte",
                columns,
                tuple(
                    (*(person.get(k, "") for k in columns[:-1]), _booked(person.get("accounting", ())))
                    for person in people.values()
                ),
            ),
            Table(
                "Arbeidsforhold",
                ("empId", *FIELDS),
                tuple(
                    (number, *(row.get(name, "") for name in FIELDS))
                    for number in people
                    for row in self.employments(number)
                ),
                note=f"{NEVER_REPORTED} with the end on the first day: it counts as never having existed.",
            ),
            Table(
                "Virksomheter",
                ("name", "enterprise_number"),
                tuple((unit["name"], unit["enterprise_number"]) for unit in units),
            ),
            Table("Avvist", ("empId", "why"), tuple(tuple(row) for row in self.state["refusals"][-20:])),
        ]

    # -- access ------------------------------------------------------------------------------------------

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        if vendor_path == "api/auth":
            return None
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        until = self.state["tokens"].get(token)
        if kind.lower() != "bearer" or until is None or datetime.fromisoformat(until) <= datetime.now(UTC):
            return self._bad_input()
        return None

    @route("GET", "api/auth")
    def auth(self, request: HttpRequest) -> HttpResponse:
        if (self.strict and "Authorization" in request.headers) or request.GET.get("token") != self.state["persistent"]:
            return self._bad_input()
        token = secrets.token_urlsafe(32)
        until = datetime.now(UTC) + LIFETIME
        self.state["tokens"][token] = until.isoformat()
        zone = datetime.fromisoformat(f"2026-01-01T00:00:00{self.state['offset']}").tzinfo
        shown = until.astimezone(zone).replace(microsecond=0)
        return json_answer({"accessToken": token, "expiresOn": shown.isoformat()})

    @staticmethod
    def _bad_input() -> HttpResponse:
        """The one refusal there is, for a dead token as for bad values: a page that says no more than this."""
        return FinagoSandbox._page(401, "Error, bad input parameter")

    @staticmethod
    def _page(status: int, words: str) -> HttpResponse:
        page = f"<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{words}</h1></body></html>"
        return HttpResponse(page, status=status, content_type="text/html; charset=utf-8")

    def not_found(self, request: HttpRequest) -> HttpResponse:
        return self._page(404, "Not Found")

    def method_not_allowed(self, request: HttpRequest) -> HttpResponse:
        return self._page(405, "Method Not Allowed")

    def _refuse(self, number: str, refusal: Refused, status: int) -> HttpResponse:
        self.state["refusals"].append([number, str(refusal)])
        return self._page(400, "Invalid input, object invalid") if status == 400 else self._bad_input()

    # -- registers ---------------------------------------------------------------------------------------

    @route("GET", "api/organization/v2")
    def organization(self, request: HttpRequest) -> HttpResponse:
        return json_answer(self.state["organization"])

    @route("GET", "api/employee/v2")
    def employee_list(self, request: HttpRequest) -> HttpResponse:
        return json_answer(list(self.state["employees"].values()))

    @route("GET", "api/employee/v2/<int:number>")
    def employee(self, request: HttpRequest, number: int) -> HttpResponse:
        found = self.state["employees"].get(str(number))
        return json_answer([found]) if found else self._bad_input()

    @route("POST", "api/employee/v2")
    def create_employee(self, request: HttpRequest) -> HttpResponse:
        body = json_body(request)
        number = str(body.get("empId", "")) if isinstance(body, dict) else ""
        if not number.isdecimal():
            return self._page(400, "Invalid input, object invalid")
        if number in self.state["employees"]:
            return self._page(409, "An existing item already exists")
        try:
            self.state["employees"][number] = self._checked_person({**self._person(number), **body})
        except Refused as refusal:
            return self._refuse(number, refusal, 400)
        self.state["employments"].setdefault(number, [])
        return json_answer(self.state["employees"][number])

    @route("POST", "api/employee/v2/<int:number>")
    def change_employee(self, request: HttpRequest, number: int) -> HttpResponse:
        """Whether what is left out is kept, nobody says: strictly, it is blanked."""
        body, kept = json_body(request), self.state["employees"].get(str(number))
        if kept is None or not isinstance(body, dict):
            return self._bad_input()
        try:
            base = self._person(str(number)) if self.strict else kept
            new = self._checked_person({**base, **body, "empId": str(number)})
            if new["hidden"] != kept["hidden"] and self.strict:
                raise Refused("hidden cannot be changed")
        except Refused as refusal:
            return self._refuse(str(number), refusal, 400)
        self.state["employees"][str(number)] = new
        return json_answer(new)

    def _checked_person(self, person: dict[str, Any]) -> dict[str, Any]:
        if person["salary_type"] not in ("monthly", "hourly"):
            raise Refused("salary_type is unknown")
        for name in ("employee_date", "hours_per_week_valid_from", "salary_valid_from", "employment_rate_valid_from"):
            if person[name] and not self._is_date(person[name]):
                raise Refused(f"{name} is no date")
        if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?|", str(person["hours_per_week"])):
            raise Refused("hours_per_week is badly written")
        shares = sum(float(row.get("percentage") or 0) for row in person["accounting"])
        if shares > 100:
            raise Refused("more than all of the cost is booked")
        for row in person["accounting"]:
            for booked in row.get("dimensions") or ():
                known = self.state["dimensions"].get(str(booked.get("dimid")), {}).get("values", {})
                if known.get(str(booked.get("value")), ["", "0"])[1] != "1":
                    raise Refused(f"{booked} is no active value of a dimension")
        for row in self.state["employee_fields"]:
            value = person.get(f"employee_field_{row['id']}")
            if value and row["type"] == "1" and value not in row["available_values"]:
                raise Refused(f"{value} is not offered in field {row['id']}")
        return person

    # -- dimensions and fields ---------------------------------------------------------------------------

    @route("GET", "api/dimension/v2")
    def dimensions(self, request: HttpRequest) -> HttpResponse:
        return json_answer([{"dimid": k, "name": d["name"]} for k, d in self.state["dimensions"].items()])

    @route("GET", "api/dimension/v2/<int:number>")
    def dimension(self, request: HttpRequest, number: int) -> HttpResponse:
        values = self.state["dimensions"].get(str(number), {}).get("values")
        if values is None:
            return self._bad_input()
        return json_answer([self._value(value, *row) for value, row in values.items()])

    @route("GET", "api/dimension/v2/<int:number>/<str:value>")
    def dimension_value(self, request: HttpRequest, number: int, value: str) -> HttpResponse:
        row = self.state["dimensions"].get(str(number), {}).get("values", {}).get(value)
        return json_answer([self._value(value, *row)]) if row else self._bad_input()

    @route("POST", "api/dimension/v2/<int:number>")
    def upsert_value(self, request: HttpRequest, number: int) -> HttpResponse:
        body, dimension = json_body(request), self.state["dimensions"].get(str(number))
        if dimension is None or not isinstance(body, dict) or not body.get("value"):
            return self._bad_input()
        before = dimension["values"].get(str(body["value"]), ["", "1"])
        row = [str(body.get("name", before[0])), str(body.get("active", before[1]))]
        dimension["values"][str(body["value"])] = row
        return json_answer(self._value(str(body["value"]), *row))

    @staticmethod
    def _value(value: str, name: str, active: str) -> dict[str, str]:
        return {"value": value, "name": name, "active": active}

    @route("GET", "api/employee_field/v2/")
    def employee_fields(self, request: HttpRequest) -> HttpResponse:
        return json_answer(self.state["employee_fields"])

    @route("GET", "api/employee_field/v2/<int:number>")
    def employee_field(self, request: HttpRequest, number: int) -> HttpResponse:
        found = [row for row in self.state["employee_fields"] if row["id"] == str(number)]
        return json_answer(found) if found else self._bad_input()

    # -- employments -------------------------------------------------------------------------------------

    @route("GET", "api/employment/v2/<int:number>")
    def employment_list(self, request: HttpRequest, number: int) -> HttpResponse:
        if str(number) not in self.state["employees"]:
            return self._bad_input()
        return json_answer(self.state["employments"][str(number)])

    @route("POST", "api/employment/v2/<int:number>")
    def employment_upsert(self, request: HttpRequest, number: int) -> HttpResponse:
        body = json_body(request)
        try:
            if str(number) not in self.state["employees"]:
                raise Refused("no such employee")
            if isinstance(body, dict) and not self.strict:
                body = [body]  # whether a bare one is taken, nobody says
            if not isinstance(body, list) or not body:
                raise Refused("the body is not an array of employments")
            rows: list[Employment] = copy.deepcopy(self.state["employments"][str(number)])
            for sent in body:
                self._upsert(rows, sent, number)
        except Refused as refusal:
            return self._refuse(str(number), refusal, 401)
        self.state["employments"][str(number)] = rows
        return json_answer(rows)

    def _upsert(self, rows: list[Employment], sent: Any, number: int) -> None:
        """One employment into `rows`: a known id is updated, a missing or unknown one is a new employment."""
        if not isinstance(sent, dict):
            raise Refused("an employment is not an object")
        for name, value in sent.items():
            if name not in FIELDS and self.strict:
                raise Refused(f"{name} is not a field of an employment")
            if not isinstance(value, str) and self.strict:
                raise Refused(f"{name} is not text")
        index = next((i for i, row in enumerate(rows) if row["employment_id"] == sent.get("employment_id")), None)
        if not self.strict:
            kept = rows[index] if index is not None else {"primary_employment": "1" if not rows else "0"}
            sent = {**kept, **{name: _written(sent[name]) for name in FIELDS if name in sent}}
        self._check(sent)
        if index is None:
            given = sent.get("employment_id") or f"{32000 + number}-{self.tenant.new_id(f'employment-{number}')}"
            row = self._full({**sent, "employment_id": given})
            others = rows
        else:
            row = self._full(sent)
            others = rows[:index] + rows[index + 1 :]
        living = [other for other in others if not self._cancelled(other)]
        if self.strict and not self._cancelled(row):
            alike = [o for o in living if _job(o) == _job(row)]
            if overlaps(row["startdate"], row["enddate"], [(o["startdate"], o["enddate"]) for o in alike]):
                raise Refused("the period overlaps another employment")
            running = [o for o in living if o["primary_employment"] == "1" and not o["enddate"]]
            if row["primary_employment"] == "1" and not row["enddate"] and running:
                raise Refused("there is a primary employment already")
        if index is None:
            rows.append(row)
        else:
            rows[index] = row

    def _check(self, sent: dict[str, str]) -> None:
        country = self.state["organization"].get("country_code", "NO")
        start, end, reason = (sent.get(k, "") for k in ("startdate", "enddate", "enddate_reason"))
        if not self._is_date(start):
            raise Refused("startdate is missing or no date")
        if end and (not self._is_date(end) or end < start):
            raise Refused("enddate is no date, or before startdate")
        if (end and not reason) or (self.strict and reason and not end):
            raise Refused("enddate and enddate_reason belong together")
        if sent.get("primary_employment") not in ("0", "1"):
            raise Refused("primary_employment is neither 0 nor 1")
        allowed = {
            "enddate_reason": ("", *REASONS[country]),
            "employment_form": (*FORMS[country], *self.state["newer"]),
            "employment_type": TYPES,
            "working_times": TIMES,
        }
        for name, values in allowed.items():
            if name in sent and sent[name] not in values:
                raise Refused(f"{name} has an unknown value")
        # Seven digits in every Norwegian example of the specification. It has no Swedish one; Sweden's list of
        # occupations (SSYK 2012) has four.
        occupation = r"\d{4}|" if country == "SE" else r"\d{7}|"
        rate = r"\d{1,3}\.\d\d|" if self.strict else r"\d{1,3}(\.\d+)?|"
        shapes = {"profession_code": occupation, "employment_rate": rate}
        for name, shape in shapes.items():
            if not re.fullmatch(shape, sent.get(name, ""), re.ASCII):
                raise Refused(f"{name} is badly written")
        if sent.get("employment_rate") and float(sent["employment_rate"]) > 100:
            raise Refused("employment_rate is over 100")
        organization = self.state["organization"]
        known = {organization["enterprise_number"], *(site["enterprise_number"] for site in organization["sites"])}
        if sent.get("enterprise_number") and sent["enterprise_number"] not in known:
            raise Refused("enterprise_number is not one of this company's")

    @staticmethod
    def _full(sent: dict[str, str]) -> Employment:
        return {name: sent.get(name, "") for name in FIELDS if sent.get(name) or name not in NEVER_BLANK}

    @staticmethod
    def _cancelled(row: Employment) -> bool:
        return row["enddate_reason"] == NEVER_REPORTED

    @staticmethod
    def _is_date(text: str) -> bool:
        try:
            return date.fromisoformat(text).isoformat() == text
        except ValueError:
            return False
