"""The overview: how each connection does, what needs a person, and that it costs the same however much there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.admin.dashboard import _bars
from synclog.log.health import health_of
from synclog.log.trend import DAYS
from synclog.models import Heartbeat, Job
from synclog.queue import tasks
from tests.factories import MemberFactory, OrganizationFactory
from tests.said import kept
from tests.synclog.pages import attempt, client_of, connection, job, text_of
from tests.synclog.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


def test_welcome_when_there_is_nothing(organization: Organization) -> None:
    assert "Connect a system" in text_of(client_of(organization).get("/admin/"))
    page = text_of(client_of(organization, "viewer").get("/admin/"))
    assert "Welcome to Position Sync" in page and "Connect a system" not in page
    assert "No worker" not in page


def test_the_numbers_of_a_connection(organization: Organization) -> None:
    integration = connection(organization, name="Netvisor Oulu")
    done = job(integration, state="succeeded")
    now = timezone.now()
    Job.objects.filter(pk=done.pk).update(recorded_at=now - timedelta(seconds=12), finished_at=now)
    attempt(done, state="succeeded")
    attempt(done, state="retrying")  # nobody refused anything
    failed = job(integration, field="occupation_code")
    attempt(failed, finished_at=now - timedelta(days=2))
    attempt(failed, finished_at=now - timedelta(days=DAYS + 1))
    waiting = job(integration, state="waiting")
    Job.objects.filter(pk=waiting.pk).update(recorded_at=now - timedelta(minutes=5))
    response = client_of(organization).get("/admin/")
    (card,) = response.context["cards"]
    assert (card.sent, card.failed) == (1, 1)
    assert card.days[-1].sent == 1 and card.days[-3].failed == 1
    assert (card.oldest, card.median, card.health.counts.waiting) == ("5 min", "12 s", 1)
    page = text_of(response)
    assert "Occupation code: 1 employee, 1 system" in page
    assert "As a table" in page and "1 accepted" in page and "1 refused" in page
    (need,) = response.context["needs"]
    log = client_of(organization).get(need.where[0][2])
    assert [row.pk for row in log.context["cl"].result_list] == [failed.pk]


def test_the_banner_says_that_nobody_works(organization: Organization) -> None:
    connection(organization)
    assert "No worker has looked for work yet" in text_of(client_of(organization).get("/admin/"))
    tasks.beat()
    assert "No worker" not in text_of(client_of(organization).get("/admin/"))
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=7))
    assert "for 7 minutes" in text_of(client_of(organization).get("/admin/"))
    assert "manage.py worker" in text_of(client_of(None).get("/admin/"))


def test_nothing_is_ready_healthy_or_tried_again_while_nobody_works(world: World) -> None:
    integration = world.connect("netvisor")
    word = lambda: health_of([Integration.objects.get(pk=integration.pk)])[integration.pk]  # noqa: E731
    assert word().word == "No worker" and "No worker has looked for work yet" in word().detail
    client = client_of(world.organization)
    for page in ("/admin/", "/admin/integrations/integration/"):
        assert "Ready" not in text_of(client.get(page))
    tasks.beat()
    assert word().word == "Ready"
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    world.save()
    assert word().detail == "No worker has looked for work for 5 minutes, so nothing is sent. 1 change recorded."
    Integration.objects.update(retry_count=1, retry_said=kept("It does not answer."))
    assert word().word == "No worker", "nobody tries again"
    Integration.objects.update(paused_at=timezone.now(), paused_by="Kari")
    assert word().word == "Paused", "that is so whoever works"


def test_bars_fit_and_show_one_among_thousands() -> None:
    day = timezone.now().date()
    bars = _bars([(day, sent, failed) for sent, failed in ((0, 0), (5000, 1), (1, 5000), *[(0, 0)] * (DAYS - 3))])
    assert bars[0].sent_height == bars[0].failed_height == 0
    for bar in bars[1:3]:
        assert min(bar.sent_height, bar.failed_height) == 4
        assert bar.sent_height + bar.failed_height <= 100
        assert bar.failed_y >= 0


def test_it_costs_the_same_with_more(organization: Organization, django_assert_max_num_queries: Any) -> None:
    client = client_of(organization)
    integration = connection(organization)
    job(integration)
    client.get("/admin/")
    with django_assert_max_num_queries(25) as few:
        client.get("/admin/")
    for _ in range(12):
        other = connection(organization, "fortnox")
        for cause in ("missing_required_field", "overlap_in_target"):
            attempt(job(other, cause=cause))
    client.get("/admin/")  # counts the days that are over, once
    with django_assert_max_num_queries(25) as many:
        client.get("/admin/")
    assert len(many) == len(few)


def test_each_sees_their_own(organization: Organization) -> None:
    connection(organization, name="Ours")
    foreign = connection(OrganizationFactory(name="Zyxwvut AS", time_zone="Europe/Helsinki"), name="Zyxwvut system")
    job(foreign, cause="overlap_in_target")
    client = client_of(organization)
    page = text_of(client.get("/admin/"))
    assert "Ours" in page and "Zyxwvut" not in page
    MemberFactory(organization=foreign.organization, user=client.get("/admin/").wsgi_request.user)
    page = text_of(client.get("/admin/"))
    assert "Zyxwvut system" in page and "Zyxwvut AS" in page
    assert "Zyxwvut system" in text_of(client_of(None).get("/admin/"))


def test_of_many_connections_those_in_trouble_come_first(organization: Organization) -> None:
    for number in range(25):
        connection(organization, name=f"A{number:02}")
    last = connection(organization, name="Z")
    Integration.objects.filter(pk=last.pk).update(stopped_at=timezone.now(), stopped_said=kept("Token refused."))
    Integration.objects.update(credentials={"x": "y"})
    response = client_of(organization).get("/admin/")
    assert len(response.context["cards"]) == 24 and response.context["left_out"] == 2


def test_after_a_real_run(world: World) -> None:
    integration = world.connect("netvisor")
    world.save()
    world.drain(integration)
    (card,) = client_of(world.organization).get("/admin/").context["cards"]
    assert (card.sent, card.health.word) == (1, "Healthy")
    assert card.median.endswith("s")
