"""One organization with one employee, connected to sandboxes over real HTTP."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from django.db import connection

from integrations.models import Integration
from integrations.sandboxes.base import Sandbox
from integrations.sandboxes.server import Tenants
from integrations.systems.registry import connector_for
from positions.models import Employee, Organization, Position
from synclog.engine import worker_turn
from synclog.models import Attempt, Job
from synclog.queue import tasks
from tests.factories import CompanyFactory, EmployeeFactory, OrganizationFactory, PositionFactory

TURN = 60.0  # seconds that a test's turn may take: on a slow machine it is not cut short either

_tenant = itertools.count(1)


@dataclass
class World:
    address: str
    tenants: Tenants
    organization: Organization
    employee: Employee
    sandboxes: dict[int, Sandbox] = field(default_factory=dict)

    def connect(self, key: str, *, on: bool = True, known: bool = True, **values: Any) -> Integration:
        """A connection to a sandbox tenant of its own that knows the employee (unless told otherwise)."""
        tenant = f"world-{next(_tenant)}"
        sandbox = self.tenants.get(key, tenant)
        system = connector_for(key).system
        integration = Integration(
            organization=self.organization,
            system_key=key,
            name=f"{system.name} {tenant}",
            settings=dict(sandbox.settings),
            base_urls={n: f"{self.address}/{key}/{tenant}{path}" for n, path in system.sandbox_urls.items()},
            **values,
        )
        integration.switch(on)
        integration.set_credentials(dict(sandbox.credentials), by="test")
        integration.save()
        self.sandboxes[integration.pk] = sandbox
        if known:
            self.introduce(integration, self.employee)
        return integration

    def introduce(self, integration: Integration, employee: Employee) -> None:
        """The person exists there already."""
        self.sandboxes[integration.pk].add_employee(
            employee.number,
            employee.first_name,
            employee.last_name,
            email=employee.email,
            birth_date=employee.birth_date.isoformat() if employee.birth_date else "",
        )

    def hire(self, **values: Any) -> Employee:
        return employee(self.organization, **values)

    def save(self, employee: Employee | None = None, **values: Any) -> Position:
        return PositionFactory(
            employee=employee or self.employee,
            **{
                "title": "Baker",
                "start_date": date(2026, 1, 1),
                "end_date": None,
                "end_reason": "",
                "occupation_code": "",
                "department": None,
                **values,
            },
        )

    def drain(self, integration: Integration, seconds: float = TURN) -> None:
        with pytest.MonkeyPatch.context() as patched:
            if connection.in_atomic_block:  # the test's own: nobody else can save, for whom a turn would linger
                patched.setattr(worker_turn, "LINGER", 1.2 * worker_turn.ASK)
            tasks.drain(integration.pk, seconds)
        integration.refresh_from_db()

    def there(self, integration: Integration, employee: Employee | None = None) -> list[dict[str, Any]]:
        return self.sandboxes[integration.pk].employments((employee or self.employee).number)

    def fail(self, integration: Integration, **fault: Any) -> None:
        self.sandboxes[integration.pk].tenant.fail(**fault)

    def job(self, integration: Integration, position: Position | int) -> Job:
        """The newest job of a position in an integration."""
        key = position if isinstance(position, int) else position.pk
        return Job.objects.filter(integration=integration, position_key=key).order_by("-pk")[0]

    def attempt(self, integration: Integration, position: Position) -> Attempt:
        return self.job(integration, position).tries.all()[0]


def employee(organization: Organization, **values: Any) -> Employee:
    return EmployeeFactory(organization=organization, **values)


def new_world(server: tuple[str, Tenants]) -> World:
    address, tenants = server
    organization = OrganizationFactory(time_zone="Europe/Oslo")
    company = CompanyFactory(organization=organization, organization_number="974760673")
    person = employee(
        organization,
        number="1042",
        first_name="Åse",
        last_name="Sørlie",
        email="ase.sorlie@example.com",
        birth_date=date(1985, 3, 14),
        national_id="",
        company=company,
        department=None,
    )
    return World(address, tenants, organization, person)
