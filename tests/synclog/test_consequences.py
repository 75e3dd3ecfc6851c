"""What switching off, pausing, resuming and deleting say before they are done is what they then do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import EmployeeLink, Integration
from positions.models import Organization
from synclog.engine import actions
from synclog.log import consequences
from synclog.log.consequences import Open
from synclog.models import Heartbeat, Job
from tests.factories import OrganizationFactory
from tests.synclog.pages import client_of, connection, job

pytestmark = pytest.mark.django_db

WAITING, RUNNING, RETRYING, FAILED = Job.State.WAITING, Job.State.RUNNING, Job.State.RETRYING, Job.State.FAILED


@pytest.fixture
def organization() -> Organization:
    Heartbeat.objects.create(worker="one", seen_at=timezone.now())
    return OrganizationFactory()


@pytest.fixture
def busy(organization: Organization) -> Integration:
    """One is being sent, three wait (one of them to be tried again tomorrow), two wait for their day, one needs
    somebody, and two are over."""
    integration = connection(organization)
    tomorrow = timezone.now() + timedelta(days=1)
    states = [RUNNING, WAITING, WAITING, RETRYING, WAITING, WAITING, FAILED, Job.State.SUCCEEDED, Job.State.SKIPPED]
    jobs = [job(integration, state=state) for state in states]
    Job.objects.filter(state=RETRYING).update(due_at=tomorrow)
    for number, cause in ((4, "not_yet_current"), (5, "counts_later")):
        Job.objects.filter(pk=jobs[number].pk).update(cause=cause, due_at=tomorrow)
    return integration


def told(said: list[consequences.Consequence]) -> list[str]:
    return [one.sentence for one in said]


def states(integration: Integration) -> dict[str, int]:
    rows = Job.objects.open().filter(integration=integration)
    return {state: rows.filter(state=state).count() for state in Job.OPEN}


def test_each_open_change_is_counted_once(busy):
    found = consequences.open_changes(busy)
    assert found == {Open.SENDING: 1, Open.WAITING: 3, Open.LATER: 2, Open.NEEDS_YOU: 1}
    assert sum(found.values()) == Job.objects.open().count()


def test_pausing_keeps_what_it_says_stays(busy):
    said = told(consequences.of_pausing(busy))
    assert said[1:4] == [
        "3 changes are waiting. They stay, and are sent when you resume.",
        "2 changes wait for a later day. Should that come meanwhile, they are sent when you resume.",
        "1 change needs you. It stays in the error log, and can be mended meanwhile.",
    ]
    before = states(busy)
    actions.pause(busy, "kari")
    assert states(busy) == before


def test_resuming_sends_what_it_says_and_nothing_else(busy):
    actions.pause(busy, "kari")
    said = told(consequences.of_resuming(busy))
    assert said == [
        "3 changes are waiting. They are sent now.",
        "2 changes wait for a later day, and are sent then.",
        "1 change needs you. It is not sent by this, but when it is mended or re-synced.",
    ]
    before = states(busy)
    actions.resume(busy, "kari")
    due = Job.objects.open().filter(state__in=Job.ACTIVE, due_at__lte=timezone.now() + timedelta(seconds=5))
    assert due.count() == 3 and states(busy) == before


def test_switching_off_drops_all_that_is_open(busy):
    said = told(consequences.of_switching_off(busy))
    assert said[:4] == [
        "1 change is being sent right now, and may still arrive.",
        "3 changes are waiting. They will not be sent.",
        "2 changes wait for a later day. They will not be sent then.",
        "1 change needs you. It will not be sent either.",
    ]
    actions.switch(busy, False, "kari")
    assert not Job.objects.open().exists()
    actions.switch(busy, True, "kari")
    assert not Job.objects.open().exists()


def test_what_a_day_would_have_sent_is_counted_while_it_belongs_to_this_activation(organization):
    flat = connection(organization, "fortnox")
    assert flat.activated_at is not None
    day = organization.today() + timedelta(days=9)
    for number, planned in enumerate((flat.activated_at, flat.activated_at, flat.activated_at - timedelta(days=1))):
        EmployeeLink.objects.create(
            integration=flat, employee_key=number, remote_id=str(number), next_change_on=day, planned_in=planned
        )
    sentence = "Positions of 2 employees begin or end on a later day. Nothing is sent on those days."
    assert sentence in told(consequences.of_switching_off(flat)) and sentence in told(consequences.of_deleting(flat))
    actions.switch(flat, False, "kari")
    assert told(consequences.of_deleting(flat)) == []


def test_nothing_waiting_is_said_too(organization):
    integration = connection(organization)
    assert told(consequences.of_pausing(integration))[0] == "No change is waiting."
    assert told(consequences.of_switching_off(integration))[0] == "No change is waiting."


def test_of_a_connection_that_was_refused_no_more_is_promised_than_a_try(busy):
    Integration.objects.filter(pk=busy.pk).update(stopped_at=timezone.now(), stopped_cause="not_authorized")
    busy.refresh_from_db()
    assert told(consequences.of_resuming(busy))[-1] == (
        "Netvisor has refused this connection and is asked again. Refused once more, all of it goes on waiting."
    )
    page = client_of(busy.organization).get(f"/admin/integrations/integration/{busy.pk}/resume/").content.decode()
    assert "Try netvisor 0 again?" in page


def test_a_connection_that_waits_for_its_system_is_tried_now_only_after_its_numbers_were_told(busy):
    admin, address = client_of(busy.organization), f"/admin/integrations/integration/{busy.pk}/"
    Integration.objects.filter(pk=busy.pk).update(retry_at=timezone.now() + timedelta(hours=1), retry_count=3)
    overview = admin.get(f"{address}change/").content.decode()
    assert f'href="{address}resume/"' in overview and f'action="{address}resume/"' not in overview
    page = admin.get(f"{address}resume/").content.decode()
    for words in ("Try netvisor 0 again?", "3 changes are waiting. They are sent now.", "asked again at once"):
        assert words in page
    said = admin.post(f"{address}resume/", follow=True).content.decode()
    assert "netvisor 0 goes on: what was waiting goes out now." in said
    busy.refresh_from_db()
    assert busy.retry_at is None


def test_of_a_connection_that_is_off_it_is_not_said_that_it_goes_on(busy):
    admin = client_of(busy.organization)
    Integration.objects.filter(pk=busy.pk).update(stopped_at=timezone.now(), send_positions=False)
    said = admin.post(f"/admin/integrations/integration/{busy.pk}/resume/", follow=True).content.decode()
    assert "goes on" not in said
    assert "Nothing is sent before Send positions is switched on." in said


def test_it_is_said_where_nobody_would_do_it(busy):
    Heartbeat.objects.all().delete()
    actions.pause(busy, "kari")
    assert "No worker" in told(consequences.of_resuming(busy))[-1]


def test_each_number_leads_to_what_it_counts(busy):
    admin = client_of(busy.organization)
    for page in ("switch", "pause", "delete"):
        content = admin.get(f"/admin/integrations/integration/{busy.pk}/{page}/").content.decode()
        for tab in ("retrying", "needs_action"):
            assert f"integration__id__exact={busy.pk}&amp;tab={tab}" in content, page


def test_what_is_asked_about_leads_back_to_where_it_was_asked(busy):
    admin, here = client_of(busy.organization), "/admin/integrations/integration/?q=netvisor"
    page = admin.get(f"/admin/integrations/integration/{busy.pk}/switch/", {"next": here}).content.decode()
    assert page.count(f'"{here}"') == 2, "the way back, and where the button leads"
    answer = admin.post(f"/admin/integrations/integration/{busy.pk}/switch/", {"on": "0", "next": here})
    assert answer.headers["Location"] == here
    assert admin.get(f"/admin/integrations/integration/{busy.pk}/switch/", {"next": here}).headers["Location"] == here
