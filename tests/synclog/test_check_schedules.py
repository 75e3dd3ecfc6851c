"""Everything compared by itself, at the hour of a connection's schedule, and of all connections after a restore."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.models import DriftCheck, DriftSchedule, Event, Notice
from synclog.questions import check_schedules, checks, walks
from synclog.queue import tasks
from tests.factories import OrganizationFactory
from tests.synclog.pages import client_of, connection, text_of
from tests.synclog.test_differences import checked, page_of
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]


@pytest.fixture
def integration(world: World) -> Integration:
    return world.connect("fortnox")  # of an organization in Oslo


def at(monkeypatch: pytest.MonkeyPatch, day: int, hour: int) -> int:
    """How many checks are begun when the clock shows this hour of UTC in March 2026; the 2nd is a Monday."""
    before = DriftCheck.objects.count()
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, day, hour, 30, tzinfo=UTC))
    check_schedules.begin_due()
    for check in DriftCheck.objects.filter(done_at=None):
        walks.cancel(check, "test")
    return DriftCheck.objects.count() - before


def test_every_day_at_its_hour_once_by_the_organizations_clock(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    DriftSchedule.objects.create(integration=integration, every="daily", hour=6)
    assert [at(monkeypatch, 3, hour) for hour in (4, 5, 6, 23)] == [0, 1, 0, 0]
    assert at(monkeypatch, 4, 12) == 1, "an hour at which no worker ran is made up for"
    assert set(DriftCheck.objects.values_list("origin", flat=True)) == {"schedule"}


def test_every_monday_and_made_up_for_in_the_week(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    DriftSchedule.objects.create(integration=integration, every="weekly", hour=6)
    assert [at(monkeypatch, day, 7) for day in (2, 3, 8, 9, 10, 18, 19)] == [1, 0, 0, 1, 0, 1, 0]


def test_without_a_schedule_never_and_a_paused_one_waits(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert at(monkeypatch, 3, 7) == 0
    DriftSchedule.objects.create(integration=integration, every="daily", hour=6)
    Integration.objects.update(paused_at=timezone.now())
    assert at(monkeypatch, 4, 7) == 0


def test_the_sweep_begins_them(integration: Integration) -> None:
    DriftSchedule.objects.create(integration=integration, every="daily", hour=0)
    tasks.sweep()
    assert DriftCheck.objects.get().origin == "schedule"


def test_admins_choose_when(integration: Integration) -> None:
    organization: Organization = integration.organization
    place = page_of(integration, "schedule/")
    assert client_of(organization, "editor").post(place, {"every": "daily", "hour": "6"}).status_code == 403
    assert client_of(OrganizationFactory()).post(place, {"every": "daily", "hour": "6"}).status_code == 302
    assert not DriftSchedule.objects.exists()
    admin = client_of(organization, "admin")
    admin.post(place, {"every": "weekly", "hour": "23"})
    found = DriftSchedule.objects.get()
    assert (found.every, found.hour, found.integration) == ("weekly", 23, integration)
    assert "Every Monday" in text_of(admin.get(page_of(integration)))
    admin.post(place, {"every": "daily", "hour": "24"})
    assert not DriftSchedule.objects.exists()


def test_after_a_restore_all_are_compared_by_a_command_or_by_operators(world: World, integration: Integration) -> None:
    blind = world.connect("crona_lon", known=False)
    other = connection(OrganizationFactory())  # not connected
    said = StringIO()
    call_command("check_everything", stdout=said)
    assert "1 connections are compared" in said.getvalue() and blind.name in said.getvalue()
    check = DriftCheck.objects.get()
    assert (check.integration, check.origin) == (integration, "restore")
    walks.cancel(check, "test")
    call_command("check_everything", organization=other.organization_id, stdout=said)
    assert DriftCheck.objects.count() == 1
    with pytest.raises(CommandError, match="no organization"):
        call_command("check_everything", organization=10**9)
    place = "/admin/synclog/job/differences/everywhere/"
    assert client_of(world.organization, "admin").post(place).status_code == 403
    operator = client_of(None)
    text = text_of(operator.post(place, follow=True))
    assert DriftCheck.objects.count() == 2 and integration.name in text and "It waits for a worker" in text


def test_that_more_differs_than_before_is_told_once(integration: Integration) -> None:
    client_of(integration.organization, "admin")
    checked(integration, counts={"equal": 9, "differs": 1})
    for counts, told in (({"equal": 9, "differs": 1}, 0), ({"equal": 8, "differs": 2}, 1), ({"equal": 10}, 1)):
        check = checked(integration, counts=counts, done_at=None)
        walks.finish(checks.CheckTurn(check, lambda: True))
        assert Event.objects.filter(kind="differs").count() == told
        assert Notice.objects.filter(topic="differs").count() == told


def test_the_dashboard_and_the_list_say_how_much_agrees(
    integration: Integration,
) -> None:
    client = client_of(integration.organization, "viewer")
    assert "Everything compared" not in text_of(client.get("/admin/"))
    checked(integration, counts={"equal": 249, "differs": 1})
    assert "99.6 % agree" in text_of(client.get("/admin/"))
    assert page_of(integration) in text_of(client.get("/admin/integrations/integration/"))
