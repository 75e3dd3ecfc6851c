"""The demo organization: people of a bakery chain in three countries, connected to every system's sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import requests
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction

from config.demo_sign_ins import SIGN_INS
from integrations.models import Integration
from integrations.sandboxes.server import sandboxes
from integrations.sdk.declaration import System, Transport
from integrations.systems.registry import systems
from positions.bulk import save_positions
from positions.models import Company, Department, Employee, Member, Organization, Position
from positions.origin import Origin, started_by
from synclog.engine import actions

NAME = "Fjellheim Bakeri (demo)"
TENANT = "demo"
# In these companies' country; the organization number is the one that the sandboxes know.
COMPANIES = {
    "NO": ("Fjellheim Bakeri Drift AS", "974760673"),
    "SE": ("Fjellheim Bageri AB", "556123-4567"),
    "FI": ("Fjellheim Leipomo Oy", "1234567-8"),
}
DEPARTMENTS = {"BUT1": "Butikk", "BAK1": "Bakeri", "ADM1": "Administrasjon"}


@dataclass(frozen=True)
class Somebody:
    country: str
    first_name: str
    last_name: str
    title: str
    department: str
    percentage: str = "100"
    years: int = 4
    occupation_code: str = "7412101"
    contract_type: str = "permanent"
    remuneration_type: str = "monthly"
    promoted: str = ""  # a second position since the beginning of this year


PEOPLE = (
    Somebody("NO", "Ingrid", "Solbakken", "Daglig leder", "ADM1", years=9, occupation_code="1142109"),
    Somebody("NO", "Åse", "Sørlie", "Baker", "BAK1", "80", promoted="Skiftleder"),
    Somebody("NO", "Bjørn Erik", "Hægstad", "Baker", "BAK1"),
    Somebody("NO", "Marte", "Kvåle", "Butikkmedarbeider", "BUT1", "60", 2, "5221126", remuneration_type="hourly"),
    Somebody("NO", "Øystein", "Nygård", "Konditor", "BAK1", years=6),
    Somebody("NO", "Siri", "Bakke-Lund", "Butikkleder", "BUT1", years=5, occupation_code="5221126"),
    Somebody("NO", "Håkon", "Tveit", "Sjåfør", "ADM1", "50", 1, "8323101", "temporary"),
    # No occupation code: the systems that require one refuse this one until somebody fills it in.
    Somebody("NO", "Amalie", "Rønning", "Lærling", "BAK1", years=1, occupation_code=""),
    Somebody("SE", "Elin", "Åkesson", "Butikssäljare", "BUT1", "75", 3, ""),
    Somebody("SE", "Göran", "Lindström", "Bagare", "BAK1", years=7, occupation_code="", promoted="Produktionschef"),
    Somebody("SE", "Maja", "Öberg", "Konditor", "BAK1", years=2, occupation_code=""),
    Somebody("SE", "Sven-Erik", "Håkansson", "Chaufför", "ADM1", "40", 1, "", "seasonal", "hourly"),
    Somebody("FI", "Aino", "Mäkelä", "Leipuri", "BAK1", years=5, occupation_code=""),
    Somebody("FI", "Jukka-Pekka", "Hämäläinen", "Myymäläpäällikkö", "BUT1", "90", 8, ""),
    Somebody("FI", "Åsa", "Sjöblom", "Kondittori", "BAK1", "60", 2, "", promoted="Vuoropäällikkö"),
)


def people(password: str) -> None:
    """Members of the demo organization, one for each role, unless they are there."""
    organization = Organization.objects.get(name=NAME)
    users = get_user_model().objects
    lacking = [(name, role) for name, role, _ in SIGN_INS if role and not users.filter(username=name).exists()]
    hashed = make_password(password) if lacking else ""  # made to take long, and the same for all of them
    for name, role in lacking:
        user = users.create(username=name, email=f"{name}@fjellheim.example", password=hashed, is_staff=True)
        Member.objects.create(organization=organization, user=user, role=role)


def prepare(address: str) -> None:
    """Creates the demo organization unless it is there; points its connections at the sandboxes' address."""
    organization = Organization.objects.filter(name=NAME).first()
    if organization is None:
        with transaction.atomic():
            organization = _create(address)
    for integration in organization.integrations.all():
        integration.base_urls = sandbox_urls(integration.system, address)
        integration.save(update_fields=["base_urls"])


def sandbox_urls(system: System, address: str) -> dict[str, str]:
    return {name: f"{address}/{system.key}/{TENANT}{path}" for name, path in system.sandbox_urls.items()}


def _create(address: str) -> Organization:
    organization = Organization.objects.create(name=NAME, country="NO", time_zone="Europe/Oslo")
    companies = {
        country: Company.objects.create(organization=organization, name=name, organization_number=number)
        for country, (name, number) in COMPANIES.items()
    }
    departments = {
        code: Department.objects.create(organization=organization, code=code, name=name)
        for code, name in DEPARTMENTS.items()
    }
    employees = [
        Employee.objects.create(
            organization=organization,
            number=str(1001 + index),
            first_name=who.first_name,
            last_name=who.last_name,
            email=_email(who),
            birth_date=date(1970 + index * 2, 1 + index % 12, 3 + index),
            company=companies[who.country],
            department=departments[who.department],
        )
        for index, who in enumerate(PEOPLE)
    ]
    for system in systems():
        if system.key in sandboxes():
            _connect(organization, companies, system, address)
            _fill_sandbox(system, address, [e for e in employees if _takes(system, e, companies)])
    with started_by(Origin("edit", "demo")):
        save_positions(
            position
            for who, employee in zip(PEOPLE, employees, strict=True)
            for position in _positions(who, employee, organization.today())
        )
    return organization


def _connect(organization: Organization, companies: dict[str, Company], system: System, address: str) -> None:
    sandbox = sandboxes()[system.key]
    integration = Integration(
        organization=organization,
        system_key=system.key,
        name=system.name,
        settings=dict(sandbox.settings),
        base_urls=sandbox_urls(system, address),
        everybody=system.country not in companies,
    )
    if system.transport is Transport.FILE:
        _share_a_folder(integration, address)
    integration.set_credentials(dict(sandbox.credentials), by="demo")
    integration.save()
    if system.country in companies:
        integration.companies.add(companies[system.country])
    # Switched on before the first position is saved: what is saved from then on is sent.
    actions.switch(integration, True, by="demo")


def _share_a_folder(integration: Integration, address: str) -> None:
    """Where the connection drops its files, the sandbox takes them: its clerk never sleeps."""
    folder = integration.system_key
    integration.settings["folder"] = folder
    _post(f"{address}/{integration.system_key}/{TENANT}/watch", {"folder": f"{integration.organization_id}/{folder}"})


def _takes(system: System, employee: Employee, companies: dict[str, Company]) -> bool:
    return system.country not in companies or employee.company == companies[system.country]


def _fill_sandbox(system: System, address: str, employees: list[Employee]) -> None:
    """The target systems know these people already, as they would in real life."""
    people = [
        {
            "number": e.number,
            "first_name": e.first_name,
            "last_name": e.last_name,
            "email": e.email,
            "birth_date": e.birth_date.isoformat() if e.birth_date else "",
        }
        for e in employees
    ]
    _post(f"{address}/{system.key}/{TENANT}/-/employees", people)


def _post(url: str, data: Any) -> None:
    requests.post(url, json=data, timeout=10).raise_for_status()


def _positions(who: Somebody, employee: Employee, today: date) -> Iterator[Position]:
    start = date(today.year - who.years, 1 + employee.pk % 12, 1)
    common: dict[str, Any] = {
        "employee": employee,
        "percentage": Decimal(who.percentage),
        "contract_type": who.contract_type,
        "occupation_code": who.occupation_code,
        "remuneration_type": who.remuneration_type,
        "working_hours_scheme": "not_shift",
        "department": employee.department,
    }
    end = date(today.year, 12, 31) if who.contract_type in ("temporary", "seasonal") else None
    reason = "contract_ended" if end else ""
    if who.promoted:
        change = date(today.year, 1, 1)
        before = change - timedelta(days=1)
        yield Position(title=who.title, start_date=start, end_date=before, end_reason="internal_transfer", **common)
        yield Position(title=who.promoted, start_date=change, end_date=end, end_reason=reason, **common)
    else:
        yield Position(title=who.title, start_date=start, end_date=end, end_reason=reason, **common)


def _email(who: Somebody) -> str:
    plain = str.maketrans("åäæøöÅÄÆØÖé", "aaaooAAAOOe")
    first = who.first_name.split()[0].replace("-", ".")
    return f"{first}.{who.last_name}@fjellheim.example".translate(plain).lower()
