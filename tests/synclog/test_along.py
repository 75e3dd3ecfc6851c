"""What goes along from the employee, and names of companies and departments: a change of the current and upcoming
positions in exactly those connections that send it, and in no other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from integrations.models import Integration
from positions.models import Department, Employee, Position
from synclog.engine import actions
from synclog.models import Job
from tests.factories import ApiKeyFactory, CompanyFactory, DepartmentFactory, MemberFactory, UserFactory
from tests.synclog.world import World

_CONNECTIONS = 'FROM "integrations_integration"'
NOON = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOON, tick=True):
        yield


def connect(world: World, key: str, **settings: Any) -> Integration:
    integration = world.connect(key)
    integration.settings |= settings
    integration.save()
    return integration


@pytest.fixture
def entra(world: World) -> Integration:
    return connect(world, "entra_id", send_company=True, send_manager=True)


@pytest.fixture
def boss(world: World) -> Employee:
    return world.hire(number="1", first_name="Ola", last_name="Berg", email="ola@example.com")


@pytest.fixture
def department(world: World) -> Department:
    return DepartmentFactory(organization=world.organization, code="BUT1", name="Butikk")


@pytest.fixture
def rows(world: World, boss: Employee, department: Department) -> dict[str, Position]:
    """One that is over, one that is current, one to come; the last has a department of its own."""
    world.employee.manager, world.employee.department = boss, department
    world.employee.save()
    other = DepartmentFactory(organization=world.organization)
    return {
        "over": world.save(start_date=date(2025, 1, 1), end_date=date(2026, 6, 14), end_reason="resigned"),
        "now": world.save(start_date=date(2026, 6, 15), end_date=date(2026, 12, 31), end_reason="resigned"),
        "next": world.save(start_date=date(2027, 1, 1), department=other),
    }


def recorded(rows: dict[str, Position], integration: Integration) -> set[str]:
    """The positions with an open job, and the fields that are said to have changed; then they are forgotten."""
    names = {row.pk: name for name, row in rows.items()}
    jobs = Job.objects.open().filter(integration=integration)
    found = {f"{names[job.position_key]}: {', '.join(job.changed or ['?'])}" for job in jobs}
    Job.objects.all().delete()
    return found


def forget(rows: dict[str, Position]) -> None:
    Job.objects.all().delete()


def load(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def change(row: Any, **values: Any) -> None:
    row = load(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def test_another_department_of_the_employee_is_one_of_the_positions_without_their_own(
    world: World, entra: Integration, rows: dict[str, Position]
) -> None:
    forget(rows)
    change(world.employee, department=DepartmentFactory(organization=world.organization))
    assert recorded(rows, entra) == {"now: department"}


def test_another_manager(world: World, entra: Integration, rows: dict[str, Position]) -> None:
    forget(rows)
    change(world.employee, manager=world.hire(number="2"))
    assert recorded(rows, entra) == {"now: manager", "next: manager"}


@pytest.mark.parametrize("values", [{"number": "77"}, {"email": "berg@example.com"}])
def test_the_manager_has_another_number_or_e_mail(
    world: World, entra: Integration, rows: dict[str, Position], boss: Employee, values: dict[str, str]
) -> None:
    forget(rows)
    change(boss, **values)
    assert recorded(rows, entra) == {"now: manager", "next: manager"}


def test_the_manager_is_deleted(world: World, entra: Integration, rows: dict[str, Position], boss: Employee) -> None:
    forget(rows)
    load(boss).delete()
    assert load(world.employee).manager is None
    assert recorded(rows, entra) == {"now: manager", "next: manager"}


def test_the_company_has_another_name(world: World, entra: Integration, rows: dict[str, Position]) -> None:
    forget(rows)
    change(world.employee.company, name="New name AS")
    assert recorded(rows, entra) == {"now: company", "next: company"}
    change(world.employee.company, organization_number="1")
    assert recorded(rows, entra) == set(), "Entra ID is sent the name alone"


def test_the_department_has_another_name(
    world: World, entra: Integration, rows: dict[str, Position], department: Department
) -> None:
    forget(rows)
    change(department, name="Store")
    assert recorded(rows, entra) == {"now: department"}
    change(rows["next"].department, name="Bakery")
    assert recorded(rows, entra) == {"next: department"}
    change(department, code="BUT9")
    assert recorded(rows, entra) == set(), "the name is what is sent"


def test_the_number_of_a_company_is_a_change_where_the_number_is_sent(world: World, rows: dict[str, Position]) -> None:
    unimicro = connect(world, "unimicro")
    change(world.employee.company, organization_number="999888777")
    assert recorded(rows, unimicro) == {"now: company", "next: company"}
    change(world.employee.company, name="New name AS")
    assert recorded(rows, unimicro) == set()


def test_what_no_connection_sends_records_nothing_and_costs_one_query(
    world: World, rows: dict[str, Position], boss: Employee, department: Department
) -> None:
    connect(world, "netvisor")  # sends none of these
    connect(world, "entra_id", send_company=False, send_manager=False)
    actions.switch(connect(world, "entra_id", send_company=True, send_manager=True), False, by="anna")
    forget(rows)
    change(world.employee, manager=None, birth_date=date(1985, 3, 15), first_name="Åsa")
    change(boss, number="78", email="o@example.com")
    change(world.employee.company, name="New name AS", organization_number="1")
    assert not Job.objects.exists()
    company = load(world.employee.company)
    company.name = "Once more AS"
    with CaptureQueriesContext(connection) as captured:
        company.save()
    assert len([q for q in captured if q["sql"].startswith("SELECT") and _CONNECTIONS in q["sql"]]) == 1
    assert not [q for q in captured if 'INTO "synclog_job"' in q["sql"] or 'FROM "positions_position"' in q["sql"][:60]]


def test_a_save_without_a_change_records_nothing(
    world: World, entra: Integration, rows: dict[str, Position], boss: Employee, department: Department
) -> None:
    forget(rows)
    for row in (world.employee, boss, department, world.employee.company):
        load(row).save()
    boss = load(boss)
    boss.number = "9"
    boss.save(update_fields=["email"])
    assert not Job.objects.exists()
    boss.save()
    assert recorded(rows, entra) == {"now: manager", "next: manager"}, "what was not saved then is saved now"


def test_only_positions_that_the_connection_takes(world: World, entra: Integration, rows: dict[str, Position]) -> None:
    entra.companies.add(CompanyFactory(organization=world.organization))
    forget(rows)
    change(world.employee, manager=None)
    assert not Job.objects.exists()


def test_it_goes_with_the_change_or_not_at_all(world: World, entra: Integration, rows: dict[str, Position]) -> None:
    forget(rows)
    with transaction.atomic():
        change(world.employee, manager=None)
        assert Job.objects.count() == 2
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_deleting_the_organization_records_nothing(world: World, entra: Integration, rows: dict[str, Position]) -> None:
    world.organization.delete()
    assert not Job.objects.exists()


def test_it_is_sent(world: World, entra: Integration, rows: dict[str, Position], boss: Employee) -> None:
    world.introduce(entra, boss)
    world.drain(entra)
    assert world.there(entra)[0]["companyName"] == world.employee.company.name
    change(world.employee.company, name="New name AS")
    world.drain(entra)
    assert world.there(entra)[0]["companyName"] == "New name AS"
    assert world.job(entra, rows["now"]).state == Job.State.SUCCEEDED


def test_the_queries_do_not_grow_with_the_rows(world: World, entra: Integration) -> None:
    connect(world, "entra_id", send_company=True)
    company = CompanyFactory(organization=world.organization)
    counts = []
    for people in (3, 60):
        for n in range(people):
            world.save(world.hire(number=f"{people}-{n}", company=company))
        Job.objects.all().delete()
        company = load(company)
        company.name = f"New name {people}"
        with CaptureQueriesContext(connection) as captured:
            company.save()
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert Job.objects.count() == 2 * 63


# -- the ways


def test_through_the_api(world: World, entra: Integration, rows: dict[str, Position]) -> None:
    forget(rows)
    client = APIClient(headers={"Authorization": f"Bearer {ApiKeyFactory(organization=world.organization).key}"})
    answer = client.patch(f"/api/v1/employees/{world.employee.pk}/", {"manager": None}, format="json")
    assert answer.status_code == 200, answer.json()
    job = Job.objects.open()[0]
    assert (job.origin, job.changed) == ("api", ["manager"])
    assert recorded(rows, entra) == {"now: manager", "next: manager"}


def test_through_the_admin(world: World, entra: Integration, rows: dict[str, Position], client: Any) -> None:
    forget(rows)
    user = UserFactory(username="anna")
    MemberFactory(organization=world.organization, user=user, role="admin")
    client.force_login(user)
    company = world.employee.company
    assert company is not None
    address = f"/admin/positions/company/{company.pk}/change/"
    client.post(address, {"name": "New name AS", "organization_number": company.organization_number})
    assert Job.objects.open()[0].origin_name == "anna"
    assert recorded(rows, entra) == {"now: company", "next: company"}
