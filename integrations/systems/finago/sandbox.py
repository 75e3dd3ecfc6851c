"""Finago Payday (24SevenOffice Payroll) as a local server: /auth, organisation, employees, employments.

Where the vendor says nothing, this server takes the strictest reading: periods of one job may not overlap, fields left
out of an update are blanked, values that are not text are refused, and refusals are an HTML page that names no field.
"""

from __future__ import annotations

import copy
import re
import secrets
from collections.abc import Mapping
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
        self.state["employees"][number] = {
            "empId": number,
            "email": email,
            "email_copy": "",
            "firstname": first_name,
            "lastname": last_name,
            "postaddress": "",
            "zipcode": "",
            "city": "",
            "countryCode": "NO",
            "telefon": "",
            "personnr": national_id or birth_date,
            "internationalID": {"countryCode": "", "ID": "", "type": "passnummer"},
            "employee_date": "",
            "salary_type": "monthly",
            "salary": "43210.00",
            "employment_rate": "100.00",
            "employment_rate_valid_from": "",
            "hours_per_week": "37.50",
            "hours_per_week_valid_from": "",
            "hidden": "0",
            "accounting": [],
        }
        self.state["employments"].setdefault(number, [])
        return number

    def employments(self, number: str) -> list[dict[str, Any]]:
        rows = sorted(self.state["employments"].get(number, []), key=lambda e: e["startdate"])
        return [dict(row) for row in rows]

    def tables(self) -> list[Table]:
        organization = self.state["organization"]
        units = [organization, *organization["sites"]]
        people = self.state["employees"]
        return [
            Table(
                "Ansatte",
                ("empId", "firstname", "lastname", "email", "hours_per_week"),
                tuple(
                    tuple(person[k] for k in ("empId", "firstname", "lastname", "email", "hours_per_week"))
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
        if kind != "Bearer" or until is None or datetime.fromisoformat(until) <= datetime.now(UTC):
            return self._bad_input()
        return None

    @route("GET", "api/auth")
    def auth(self, request: HttpRequest) -> HttpResponse:
        if "Authorization" in request.headers or request.GET.get("token") != self.state["persistent"]:
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
        page = "<!DOCTYPE html><html><head><title>401</title></head><body><h1>%s</h1></body></html>"
        page %= "Error, bad input parameter"
        return HttpResponse(page, status=401, content_type="text/html; charset=utf-8")

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
            if not isinstance(body, list) or not body:
                raise Refused("the body is not an array of employments")
            rows: list[Employment] = copy.deepcopy(self.state["employments"][str(number)])
            for sent in body:
                self._upsert(rows, sent, number)
        except Refused as refusal:
            self.state["refusals"].append([str(number), str(refusal)])
            return self._bad_input()
        self.state["employments"][str(number)] = rows
        return json_answer(rows)

    def _upsert(self, rows: list[Employment], sent: Any, number: int) -> None:
        """One employment into `rows`: a known id is updated, a missing or unknown one is a new employment."""
        if not isinstance(sent, dict):
            raise Refused("an employment is not an object")
        for name, value in sent.items():
            if name not in FIELDS:
                raise Refused(f"{name} is not a field of an employment")
            if not isinstance(value, str):
                raise Refused(f"{name} is not text")
        self._check(sent)
        index = next((i for i, row in enumerate(rows) if row["employment_id"] == sent.get("employment_id")), None)
        if index is None:
            given = sent.get("employment_id") or f"{32000 + number}-{self.tenant.new_id(f'employment-{number}')}"
            row = self._full({**sent, "employment_id": given})
            others = rows
        else:
            row = self._full(sent)
            others = rows[:index] + rows[index + 1 :]
        living = [other for other in others if not self._cancelled(other)]
        if not self._cancelled(row):
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
        if bool(end) != bool(reason):
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
        shapes = {"profession_code": occupation, "employment_rate": r"\d{1,3}\.\d\d|"}
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
