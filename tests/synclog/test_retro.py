"""What is kept of a change that is about days before a payroll cut-off: for which connection, and in what words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from integrations.models import Integration, PeriodLink
from integrations.planning.cutoff import After, Calendar, DayAndHour
from positions.models import Company, Department, Organization, Position
from positions.origin import Origin, started_by
from positions.terms import CORRECTION, FromDay
from synclog.models import Job, RetroChange
from tests.factories import CompanyFactory, DepartmentFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.synclog.pages import connection

pytestmark = pytest.mark.django_db

OSLO = ZoneInfo("Europe/Oslo")
CALENDAR = Calendar(After.SEND, DayAndHour(13, 12))
CUTOFF = datetime(2026, 11, 13, 12, tzinfo=OSLO)
NOW = datetime(2026, 11, 20, 10, tzinfo=OSLO)


@pytest.fixture(autouse=True)
def _after_the_cutoff() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def company(organization: Organization) -> Company:
    return CompanyFactory(organization=organization, name="North")


def closing(organization: Organization, key: str = "poweroffice_go", by: Calendar | None = CALENDAR) -> Integration:
    return connection(organization, key, cutoff=by.to_json() if by else {})


def hired(company: Company, **values: Any) -> Position:
    """Before anything is kept."""
    employee = EmployeeFactory(organization=company.organization, company=company, first_name="Åse", last_name="Sørlie")
    made = PositionFactory(employee=employee, company=company, title="Baker", **values)
    RetroChange.objects.all().delete()
    Job.objects.all().delete()
    return made


def saved(position: Position, counting: Any = CORRECTION, **values: Any) -> list[RetroChange]:
    """What is kept of it, by connection."""
    fresh = Position.objects.get(pk=position.pk)
    for name, value in values.items():
        setattr(fresh, name, value)
    fresh.counting = counting
    fresh.save()
    return kept()


def kept() -> list[RetroChange]:
    return list(RetroChange.objects.order_by("integration_id", "pk"))


def fields(row: RetroChange) -> list[tuple[str, str, str, str | None, str | None]]:
    return [(f["field"], f["first"], f["last"], f["old"], f["new"]) for f in row.concerns["fields"]]


def test_a_row_says_whose_what_when_and_by_whom(organization: Organization, company: Company) -> None:
    integration, position = closing(organization), hired(company, percentage=Decimal(80))
    with started_by(Origin("api", "anna")):
        [row] = saved(position, percentage=Decimal(70), title="Cook")
    assert (row.integration, row.kind, row.position_key, row.employee_key) == (
        integration, RetroChange.Kind.CHANGED, position.pk, position.employee_id,
    )  # fmt: skip
    assert (row.employee_name, row.employee_number, row.title) == ("Åse Sørlie", position.employee.number, "Cook")
    assert (row.cutoff_at, row.saved_at, row.origin, row.by) == (CUTOFF, NOW, "api", "anna")
    assert (row.first_on, row.last_on) == (date(2026, 1, 1), date(2026, 11, 13))
    assert sorted(fields(row)) == [
        ("percentage", "2026-01-01", "2026-11-13", "80", "70"),
        ("title", "2026-01-01", "2026-11-13", "Baker", "Cook"),
    ]


def test_each_connection_keeps_what_it_sends_by_its_own_cutoff(organization: Organization, company: Company) -> None:
    payroll, dates_only = closing(organization), closing(organization, "xledger")
    early = closing(organization, by=Calendar(After.HOLD, DayAndHour(5)))
    named = closing(organization, by=Calendar(After.SEND, None, (datetime(2026, 12, 1),)))  # none yet
    closing(organization, by=None)
    elsewhere = closing(OrganizationFactory(time_zone="America/Santiago"))
    position = hired(company)
    rows = saved(position, FromDay(date(2026, 11, 5)), title="Cook")
    assert [(row.integration, row.cutoff_at) for row in rows] == [(payroll, CUTOFF)]
    RetroChange.objects.all().delete()
    rows = saved(position, FromDay(date(2026, 11, 2)), percentage=Decimal(60))
    assert [(row.integration, row.cutoff_at, fields(row)[0][1:3]) for row in rows] == [
        (payroll, CUTOFF, ("2026-11-02", "2026-11-13")),
        (early, datetime(2026, 11, 5, tzinfo=OSLO), ("2026-11-02", "2026-11-04")),
    ]
    assert not RetroChange.objects.filter(integration__in=[dates_only, named, elsewhere]).exists()
    RetroChange.objects.all().delete()
    rows = saved(position, start_date=date(2025, 12, 1))
    assert [row.integration for row in rows] == [payroll, dates_only, early], "of dates everybody is told"
    assert [fields(row) for row in rows] == [
        [("start_date", "2025-12-01", "2025-12-31", "2026-01-01", "2025-12-01")]
    ] * 3


def test_the_cutoff_is_by_the_clock_of_the_organization(company: Company) -> None:
    far = OrganizationFactory(time_zone="Pacific/Apia")
    closing(far)
    position = hired(CompanyFactory(organization=far))
    [row] = saved(position, title="Cook")
    assert row.cutoff_at == datetime(2026, 11, 13, 12, tzinfo=ZoneInfo("Pacific/Apia"))


def test_jobs_of_what_is_kept_are_marked_and_no_others(organization: Organization, company: Company) -> None:
    payroll, second, dates_only = (closing(organization, key) for key in ("poweroffice_go", "unimicro", "xledger"))
    position, other = hired(company), hired(company)
    saved(other, FromDay(date(2026, 11, 20)), title="Cook")
    saved(position, title="Cook", percentage=Decimal(70))
    marked = Job.objects.filter(retro=True).values_list("integration_id", "position_key")
    assert set(marked) == {(payroll.pk, position.pk), (second.pk, position.pk)}
    assert Job.objects.filter(integration=dates_only, position_key=position.pk, retro=False).exists()


def test_departments_and_companies_stand_there_by_their_names(organization: Organization, company: Company) -> None:
    closing(organization)
    bakery: Department = DepartmentFactory(organization=organization, code="10", name="Bakery")
    south: Company = CompanyFactory(organization=organization, name="South")
    position = hired(company)
    [row] = saved(position, department=bakery, company=south)
    assert sorted(fields(row)) == [
        ("company", "2026-01-01", "2026-11-13", str(company), str(south)),
        ("department", "2026-01-01", "2026-11-13", None, str(bakery)),
    ]
    row = saved(position, department=None)[-1]
    assert fields(row) == [("department", "2026-01-01", "2026-11-13", str(bakery), None)]


def test_a_position_that_ends_is_told_with_its_reason(organization: Organization, company: Company) -> None:
    closing(organization)
    [row] = saved(hired(company), end_date=date(2026, 11, 11), end_reason="resigned")
    assert fields(row) == [
        ("end_date", "2026-11-12", "2026-11-13", None, "2026-11-11"),
        ("end_reason", "2026-11-11", "2026-11-11", None, "resigned"),
    ]
    assert (row.first_on, row.last_on) == (date(2026, 11, 11), date(2026, 11, 13))
    [row] = saved(hired(company), start_date="2026-01-05", end_date="2026-11-11", end_reason="resigned")
    assert [f[:3] for f in fields(row)][:2] == [
        ("start_date", "2026-01-01", "2026-01-04"), ("end_date", "2026-11-12", "2026-11-13"),
    ], "a day in words is a day"  # fmt: skip


# -- as a whole -----------------------------------------------------------------------------------------------


def whole(row: RetroChange) -> tuple[Integration, str, date, date]:
    assert row.concerns["fields"] == []
    return row.integration, row.kind, row.first_on, row.last_on


def test_what_is_new_or_deleted_is_told_as_a_whole(organization: Organization, company: Company) -> None:
    integration = closing(organization)
    employee = EmployeeFactory(organization=organization, company=company)
    made = PositionFactory(employee=employee, company=company, start_date=date(2026, 3, 1), end_date=date(2026, 9, 30))
    PositionFactory(employee=employee, company=company, start_date=date(2026, 11, 14))  # nothing of it is earlier
    assert [whole(row) for row in kept()] == [(integration, RetroChange.Kind.MADE, date(2026, 3, 1), date(2026, 9, 30))]
    RetroChange.objects.all().delete()
    fresh = Position.objects.get(pk=made.pk)
    fresh.start_date = date(2026, 2, 1)  # never saved so
    fresh.delete()
    [row] = kept()
    assert whole(row)[:2] == (integration, RetroChange.Kind.DELETED)
    assert (row.first_on, row.last_on) == (date(2026, 3, 1), date(2026, 9, 30))


def test_what_moves_to_another_company_comes_to_one_connection_and_leaves_another(
    organization: Organization, company: Company
) -> None:
    south = CompanyFactory(organization=organization)
    of_north, of_south = closing(organization), closing(organization)
    of_north.companies.set([company])
    of_south.companies.set([south])
    Integration.objects.update(everybody=False)
    position = hired(company)
    came = (of_south, RetroChange.Kind.MADE, date(2025, 12, 1), date(2026, 11, 13))
    rows = saved(position, company=south, start_date=date(2025, 12, 1))
    assert [whole(row) for row in rows] == [came], "nothing of it was ever sent to the other one"
    position = hired(company)
    PeriodLink.objects.create(
        integration=of_north, employee_key=position.employee_id, position_key=position.pk, remote_id="r1"
    )
    rows = saved(position, company=south, start_date=date(2025, 12, 1))
    left = (of_north, RetroChange.Kind.DELETED, date(2026, 1, 1), date(2026, 11, 13))
    assert [whole(row) for row in rows] == [left, came]
