"""What an address narrows a list to is seen and can be taken off, and what a list does not know is said: whoever is
mailed such an address never reads that all is well because of it."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Integration
from positions.models import Organization
from synclog.models import Job
from tests.factories import OrganizationFactory
from tests.synclog.pages import client_of, connection, job, text_of, unrecorded

pytestmark = pytest.mark.django_db
LOG = "/admin/synclog/job/"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def client(organization: Organization) -> Any:
    integration = connection(organization, send_positions=True)
    position = unrecorded(organization)
    job(integration, position, state=Job.State.FAILED)
    Integration.objects.update(last_success_at="2026-03-01T08:14:00Z")
    return client_of(organization)


@pytest.mark.parametrize("asked", ["integration=99", "state=zzz", "request_id=abc", "position_key=99"])
def test_the_log_says_to_what_no_filter_of_its_own_narrows_it(client: Any, asked: str) -> None:
    page = client.get(f"{LOG}?{asked}")
    text = text_of(page)
    assert "Nothing matches" in text and "Everything is in sync" not in text
    name, _, value = asked.partition("=")
    (chip,) = page.context_data["cl"].active_filters()
    assert (chip.name, chip.value) == (name, value)
    assert client.get(f"{LOG}{chip.without}").context_data["cl"].result_count == 1


def test_a_filter_of_the_log_has_one_chip(client: Any) -> None:
    page = client.get(f"{LOG}?state__exact=failed&since=&employee=")
    assert [chip.name for chip in page.context_data["cl"].active_filters()] == ["status"]


@pytest.mark.parametrize(
    "address",
    [f"{LOG}?batch=9", f"{LOG}export.csv?batch=9", "/admin/positions/employee/?nothing=1",
     "/admin/positions/auditentry/?nothing=1", "/admin/positions/auditentry/export.csv?nothing=1"],
)  # fmt: skip
def test_what_a_list_does_not_know_is_said(client: Any, address: str) -> None:
    page = client.get(address, follow=True)
    assert page.redirect_chain and "something that this list does not know" in text_of(page)


@pytest.mark.parametrize(
    ("address", "nothing_yet"),
    [("/admin/positions/employee/?company=99", "Nothing here yet"),
     ("/admin/integrations/employeelink/?state=zzz", "Nobody was looked for yet")],
)  # fmt: skip
def test_a_narrowed_list_is_not_one_without_rows(client: Any, address: str, nothing_yet: str) -> None:
    assert nothing_yet not in text_of(client.get(address))
