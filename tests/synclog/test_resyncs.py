"""Many entries sent again from the log: how far they are, and cancelling what was not taken up yet."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.models import Batch, Job
from synclog.queue import tasks
from tests.factories import MemberFactory, OrganizationFactory
from tests.synclog.pages import LOG, client_of, connection, job, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def integration(organization: Organization) -> Integration:
    tasks.beat()
    return connection(organization)


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synclog.log.batches.PIECE", 2)


def begun(client: Client, number: int, integration: Integration) -> str:
    """The page to which pressing *Re-sync all* leads."""
    for _ in range(number):
        job(integration)
    address: str = client.post(f"{LOG}resync/?tab=needs_action")["Location"]
    return address


def told(client: Client, address: str) -> dict[str, int]:
    """Each number of the page, which is how many rows its link opens."""
    found = {title: number for title, number, _url, _tab in client.get(address).context["rows"]}
    for title, number, url, _tab in client.get(address).context["rows"]:
        assert client.get(url).context["cl"].result_count == number, title
    return found


def test_few_are_followed_until_they_are_done(organization: Organization, integration: Integration) -> None:
    client = client_of(organization)
    done_before = job(integration, state="succeeded")
    address = begun(client, 3, integration)
    page = client.get(address)
    assert page.context["said"] == "3 of 3 still to go. You may leave this page."
    assert page.context["live"] and "hx-trigger=" in text_of(page) and "Cancel the rest" not in text_of(page)
    assert told(client, address) == {"Waiting": 3}
    rows = list(Job.objects.exclude(pk=done_before.pk))
    for row, state in zip(rows, ("succeeded", "succeeded", "failed"), strict=True):
        open_key = row.open_key if state == "failed" else None
        Job.objects.filter(pk=row.pk).update(state=state, open_key=open_key)
    page = client.get(address)
    assert page.context["said"] == "All done, but some still need you." and not page.context["live"]
    assert told(client, address) == {"Succeeded": 2, "Needs action": 1}


def test_what_is_held_back_is_not_waited_for(organization: Organization, integration: Integration) -> None:
    client = client_of(organization)
    address = begun(client, 2, integration)
    Integration.objects.update(paused_at=timezone.now())
    page = client.get(address)
    assert not page.context["live"] and "2 of 2 still to go, but nothing goes out now" in page.context["said"]
    Integration.objects.update(paused_at=None)
    Job.objects.update(state="retrying")
    assert "tried again by themselves" in client.get(address).context["said"]
    assert client.get(f"{LOG}resync/progress/?request=nothing").context["said"].startswith("Nothing of it is left")


@pytest.mark.usefixtures("pieces")
def test_the_rest_of_many_is_cancelled(organization: Organization, integration: Integration) -> None:
    client = client_of(organization)
    address = begun(client, 5, integration)
    asked = Batch.objects.get()
    assert f"batch={asked.pk}" in address
    page = client.get(address)
    assert page.context["working"] and "Cancel the rest" in text_of(page)
    assert page.context["total"] == 5
    cancel = f"{LOG}resync/{asked.pk}/cancel/"
    assert client.get(cancel).status_code == 405
    answer: Any = client.post(cancel)
    assert answer["Location"] == address
    asked.refresh_from_db()
    assert asked.cancelled_by and asked.done_at
    assert "Cancelled by" in client.get(address).context["said"]
    tasks.carry_on(asked.pk)
    assert Job.objects.filter(state="failed").count() == 5, "nothing more was taken up"
    assert "It was over already" in text_of(client.post(cancel, follow=True))


@pytest.mark.usefixtures("pieces")
def test_a_batch_is_of_its_organization_and_for_its_editors(
    organization: Organization, integration: Integration
) -> None:
    address = begun(client_of(organization), 5, integration)
    asked = Batch.objects.get()
    cancel = f"{LOG}resync/{asked.pk}/cancel/"
    viewer, stranger = client_of(organization, "viewer"), client_of(OrganizationFactory())
    assert viewer.get(address).context["batch"] == asked
    assert "Cancel the rest" not in text_of(viewer.get(address))
    assert viewer.post(cancel).status_code == 403
    page = stranger.get(address)
    assert (page.context["batch"], page.context["total"]) == (None, 0)
    assert stranger.post(cancel).status_code == 302
    asked.refresh_from_db()
    assert asked.done_at is None


@pytest.mark.usefixtures("pieces")
def test_a_batch_of_several_organizations_is_its_askers(organization: Organization, integration: Integration) -> None:
    both = client_of(organization, name="erik")
    MemberFactory(organization=OrganizationFactory(), user=both.get("/admin/").wsgi_request.user)
    address = begun(both, 5, integration)
    asked = Batch.objects.get()
    assert asked.organization is None
    assert both.get(address).context["batch"] == asked
    assert client_of(organization).get(address).context["batch"] is None
    assert client_of(None).get(address).context["batch"] == asked
    both.post(f"{LOG}resync/{asked.pk}/cancel/")
    asked.refresh_from_db()
    assert asked.cancelled_by == "erik"
