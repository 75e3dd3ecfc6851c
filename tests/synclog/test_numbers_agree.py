"""Every number on the overview, on the cards by cause and on the log's tabs is how many rows its link opens."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.log.truth import Truth
from synclog.models import Job
from tests.factories import IntegrationFactory, OrganizationFactory
from tests.said import kept
from tests.synclog.pages import LOG, client_of, connection, job, text_of
from tests.synclog.test_truth import one_of_each

pytestmark = pytest.mark.django_db

OPENED = re.compile(rf"^{LOG}(\?|positions/\d+/\?)")


class Links(HTMLParser):
    """(address, words) of each link."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._inside = True
            self.found.append((dict(attrs).get("href") or "", ""))

    def handle_data(self, data: str) -> None:
        if self._inside:
            address, words = self.found[-1]
            self.found[-1] = (address, words + data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "a"


def numbers(client: Client, page: str) -> dict[tuple[str, str], int]:
    """{(address, words): the number in the words} of all links to lists of entries or positions on a page."""
    parser = Links()
    parser.feed(text_of(client.get(page)))
    found = {}
    for link, words in parser.found:
        counted = re.findall(r"\d+(?![\w.])", words)  # the last: a connection's name may hold one, too
        address = page.partition("?")[0] + link if link.startswith("?") else link
        if counted and OPENED.match(address.replace("by-cause/", "")):
            found[address, words.strip()] = int(counted[-1])
    return found


def rows(client: Client, address: str, words: str) -> int:
    if words.endswith("causes"):
        return len(client.get(address).context["needs"])
    context: Any = client.get(address.replace("by-cause/", "")).context  # its tabs are those of the list
    return context["cl"].result_count if "cl" in context else context["page"].paginator.count


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


def everything(organization: Organization) -> list[Integration]:
    """Three connections: one with every truth, one that is stopped, one that is tried again."""
    first, stopped, retrying = (
        IntegrationFactory(organization=organization, system_key=key, name=f"{key} {number}", send_positions=True)
        for number, key in enumerate(("netvisor", "tripletex", "fortnox"), 2)
    )
    one_of_each(first, 2)
    Integration.objects.filter(pk=stopped.pk).update(stopped_at=timezone.now(), stopped_said=kept("Token refused."))
    Integration.objects.filter(pk=retrying.pk).update(retry_count=2, retry_said=kept("It does not answer."))
    for integration in (first, stopped, retrying):
        for number, field in enumerate(("occupation_code", "", "contract_type"), 1):
            for _ in range(number):
                job(integration, field=field)
        job(integration, cause="overlap_in_target")
        for state in ("waiting", "running", "retrying", "succeeded", "skipped", "dismissed"):
            job(integration, state=state)
    return [first, stopped, retrying]


PAGES = ["/admin/", f"{LOG}by-cause/", f"{LOG}by-cause/?tab=all", LOG, f"{LOG}?tab=retrying"]


@pytest.mark.parametrize(
    ("page", "role"), [*((page, "admin") for page in PAGES), ("/admin/", "viewer"), ("/admin/", "operator")]
)
def test_a_number_is_how_many_rows_its_link_opens(organization: Organization, page: str, role: str) -> None:
    everything(organization)
    client = client_of(None if role == "operator" else organization, role)
    found = numbers(client, page)
    assert len(found) > 5
    assert {link: rows(client, *link) for link in found} == found


def test_the_overview_counts_the_connection_and_its_causes(organization: Organization) -> None:
    first, stopped, _retrying = everything(organization)
    client = client_of(organization)
    found = numbers(client, "/admin/")
    failed = Job.objects.filter(state="failed")
    by_cause = f"{LOG}?tab=needs_action&cause=missing_required_field&field=contract_type"
    assert found[by_cause, "Open 9 entries"] == failed.filter(field="contract_type").count() == 9
    of_none = f"{LOG}?tab=needs_action&cause=missing_required_field&field=-"
    assert found[of_none, "Open 6 entries"] == failed.filter(field="", cause="missing_required_field").count() == 6
    needs_you = f"{LOG}?integration__id__exact={first.pk}&tab=needs_action"
    assert [n for (address, _words), n in found.items() if address == needs_you] == [
        failed.filter(integration=first).count()
    ]
    said = [need.said for need in client.get("/admin/").context["needs"]]
    assert said[0].startswith("No worker looks for work"), "what nobody can do for themselves comes first"
    assert said[1] == f"{stopped.name} is stopped: 3 changes waiting"
    assert said[2].startswith("fortnox") and "does not let us send: 3 changes waiting" in said[2]
    assert "Contract type: 9 employees, 3 systems" in said


def test_what_was_changed_since_opens_its_list(organization: Organization) -> None:
    integration = connection(organization)
    expected = one_of_each(integration, 3)[Truth.CHANGED]
    found = numbers(client_of(organization), "/admin/")
    address = f"{LOG}positions/{integration.pk}/?state=changed"
    assert [n for (link, _words), n in found.items() if link == address] == [len(expected)]
