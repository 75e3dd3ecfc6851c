"""What is kept of each link is looked at again: a few there and then, the rest in pieces, on the right day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.models import Integration, PeriodLink
from integrations.runtime import mapping
from positions.models import Position
from synclog.engine import agreeing
from synclog.engine.agreeing import AT_ONCE, look, look_again, look_at_due, unknown
from tests.factories import CompanyFactory, DepartmentFactory, EmployeeFactory, PositionFactory
from tests.synclog.test_results import FLAT, HISTORY, Desk, new_desk, wanted

START = date(2026, 1, 1)
# What Tripletex requires of a position.
TRIPLETEX: dict[str, Any] = {
    "contract_type": "permanent",
    "occupation_code": "2511102",
    "percentage": Decimal(80),
    "remuneration_type": "monthly",
    "working_hours_scheme": "not_shift",
}


@pytest.fixture
def history(db: Any) -> Desk:
    return new_desk(HISTORY)


@pytest.fixture
def flat(db: Any) -> Desk:
    return new_desk(FLAT)


def linked(desk: Desk, title: str = "Baker", **values: Any) -> PeriodLink:
    """A position here with what was written for it, of which nothing is known yet."""
    person = EmployeeFactory(organization=desk.integration.organization)
    position = PositionFactory(employee=person, title="Baker", start_date=START)
    written = mapping.to_json({**wanted(desk, position), "title": title})
    return desk.sent(position, f"r{position.pk}", **{"values": written, "look_on": AT_ONCE, **values})


def known(link: PeriodLink) -> tuple[bool, bool]:
    """(looked at, stale)."""
    link.refresh_from_db()
    return link.look_on != AT_ONCE, link.stale


def test_what_changed_is_stale_and_what_did_not_is_not(history: Desk) -> None:
    same, other = linked(history), linked(history, "Cook")
    written = other.values
    assert look(PeriodLink.objects.all()) == 2
    assert known(same) == (True, False)
    assert known(other) == (True, True)
    assert other.look_on is None, "no day changes a history by itself"
    assert (other.values, other.remote_id) == (written, f"r{other.position_key}"), "nothing else is touched"


def test_what_was_left_stays_left(history: Desk) -> None:
    link = linked(history, "Cook", left={"title": "Baker"})
    look(PeriodLink.objects.all())
    assert known(link) == (True, False)
    assert link.left == {"title": "Baker"}


def test_only_the_positions_of_its_companies_count(history: Desk) -> None:
    link = linked(history, "Cook")
    history.integration.companies.add(CompanyFactory(organization=history.integration.organization))
    look(PeriodLink.objects.all())
    assert known(link) == (True, False), "what becomes of it is a deletion's affair"


def test_of_a_position_that_is_gone_nothing_is_stale(history: Desk) -> None:
    link = linked(history, "Cook")
    Position.objects.all().delete()
    look(PeriodLink.objects.all())
    assert known(link) == (True, False)


def test_the_day_on_which_a_flat_one_may_change_by_itself_is_kept(flat: Desk) -> None:
    link = linked(flat)
    person = Position.objects.get().employee
    soon = timezone.now().date() + timedelta(days=9)
    PositionFactory(employee=person, start_date=soon, percentage=100)
    look(PeriodLink.objects.all())
    link.refresh_from_db()
    assert link.look_on == soon


def test_no_day_changes_a_history(history: Desk) -> None:
    link = linked(history)
    Position.objects.update(end_date=timezone.now().date() + timedelta(days=9), end_reason="resigned")
    look(PeriodLink.objects.all())
    assert link.look_on is not None
    assert known(link) == (True, True)
    assert link.look_on is None


@pytest.mark.parametrize(("few", "looked"), [(2, True), (1, False)])
def test_a_few_are_looked_at_there_and_then(history: Desk, few: int, looked: bool) -> None:
    links = [linked(history, "Cook", look_on=None) for _ in range(2)]
    bystander = linked(history, "Cook", look_on=None)
    look_again(PeriodLink.objects.exclude(pk=bystander.pk), few=few)
    assert [known(link) for link in links] == [(looked, looked)] * 2
    assert known(bystander) == (True, False)
    look_again(PeriodLink.objects.none())


def test_the_rest_is_looked_at_in_pieces(history: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreeing, "PIECE", 2)
    links = [linked(history, "Cook") for _ in range(3)]
    assert look_at_due()
    assert sum(known(link)[0] for link in links) == 2
    assert look_at_due()
    assert all(known(link) == (True, True) for link in links)
    assert not look_at_due()


def test_it_is_the_organizations_day_that_counts(history: Desk) -> None:
    """At noon in London it is tomorrow in Auckland already, and today in Los Angeles still."""
    links = []
    for zone in ("Pacific/Auckland", "UTC", "America/Los_Angeles"):
        desk = new_desk(HISTORY)
        desk.integration.organization.time_zone = zone
        desk.integration.organization.save()
        links.append(linked(desk, "Cook", look_on=date(2026, 6, 16)))
    with time_machine.travel(datetime(2026, 6, 15, 12, 0, tzinfo=UTC), tick=False):
        integrations = Integration.objects.select_related("organization")
        assert set(PeriodLink.objects.filter(unknown(integrations))) == {links[0]}
        assert not PeriodLink.objects.filter(unknown([])).exists()
        assert look_at_due()
        assert not look_at_due()
    with time_machine.travel(datetime(2026, 6, 16, 12, 0, tzinfo=UTC), tick=False):
        assert look_at_due()
    for link in links:
        link.refresh_from_db()
    assert [link.stale for link in links] == [True, True, True]


def test_what_stands_on_the_employee_is_missing_from_the_first_day(db: Any) -> None:
    """Also where the connection began to send it only after the position to come had been sent."""
    desk = new_desk("tripletex")
    soon = desk.integration.organization.today() + timedelta(days=20)
    organization = desk.integration.organization
    employee = EmployeeFactory(organization=organization)
    department = DepartmentFactory(organization=organization)
    company = CompanyFactory(organization=organization, organization_number="974760673")
    position = PositionFactory(employee=employee, start_date=soon, company=company, department=department, **TRIPLETEX)
    link = desk.sent(position, "r1", values=mapping.to_json(wanted(desk, position)), look_on=AT_ONCE)
    look(PeriodLink.objects.all())
    assert known(link) == (True, False) and link.look_on is None, "nothing of it stands on the employee"

    desk.integration.settings = {**desk.integration.settings, "send_department": True}
    desk.integration.save()
    PeriodLink.objects.update(look_on=AT_ONCE)
    look(PeriodLink.objects.all())
    assert known(link) == (True, False) and link.look_on == soon
    with time_machine.travel(datetime(soon.year, soon.month, soon.day, 12, tzinfo=UTC), tick=False):
        look_at_due()
        assert known(link) == (True, True)
