"""Organizations, employees, positions and connections of a bench."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import count

from integrations.models import Integration
from positions.models import Company, Employee, Organization, Position

_number = count(1)


def organization() -> Organization:
    return Organization.objects.create(name=f"Bench {next(_number)}", country="NO", time_zone="Europe/Oslo")


def employees(organization: Organization, number: int, companies: Sequence[Company | None] = (None,)) -> list[Employee]:
    """Spread evenly over the companies."""
    return Employee.objects.bulk_create(
        [
            Employee(
                organization=organization,
                number=str(n),
                first_name="Kari",
                last_name=f"Nordmann {n}",
                company=companies[n % len(companies)],
            )
            for n in range(1, number + 1)
        ],
        batch_size=1000,
    )


def positions(employees: Iterable[Employee], of_each: int = 1) -> Iterator[Position]:
    """One year each, from 2020 on. Not saved."""
    for employee in employees:
        for n in range(of_each):
            yield position(employee, 2020 + n)


def position(employee: Employee, year: int = 2020) -> Position:
    return Position(
        employee=employee,
        title=f"Baker {year}",
        start_date=date(year, 1, 1),
        end_date=date(year, 12, 31),
        end_reason="contract_ended",
    )


def connection(
    organization: Organization, address: str, *, on: bool = True, company: Company | None = None
) -> Integration:
    integration = Integration(
        organization=organization,
        system_key="bench",
        name=f"Bench {next(_number)}",
        base_urls={"api": address},
        everybody=company is None,
    )
    integration.switch(on)
    integration.save()
    if company is not None:
        integration.companies.add(company)
    return integration
