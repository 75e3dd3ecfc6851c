"""The list of employees says the worst of what holds of somebody in all connections, and is filtered by it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Integration, PeriodLink
from positions.models import Employee, Organization, Position
from synclog.log.truth import Truth
from synclog.log.worst import MARKS, connections_of, with_worst, worst_of
from synclog.models import Job
from tests.factories import CompanyFactory, EmployeeFactory, OrganizationFactory
from tests.synclog.pages import client_of, connection, job, text_of, unrecorded

pytestmark = pytest.mark.django_db
LIST = "/admin/positions/employee/"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, "tripletex")


def link(integration: Integration, position: Position, **values: Any) -> PeriodLink:
    return PeriodLink.objects.create(
        integration=integration, employee_key=position.employee_id, position_key=position.pk, remote_id="7", **values
    )


def worst(employee: Employee | Position) -> Truth | None:
    """By the column; the filter has to say the same."""
    employee = employee.employee if isinstance(employee, Position) else employee
    connections = connections_of({employee.organization_id})
    found = worst_of([employee], connections).get(employee.pk)
    one = Employee.objects.filter(pk=employee.pk)
    filtered = {truth for truth in MARKS if with_worst(one, truth, connections).exists()}
    assert filtered == ({found} if found else set())
    return found


def test_each_state_and_the_worst_of_two_connections(organization: Organization, integration: Integration) -> None:
    other = connection(organization, "finago")
    stories: list[tuple[Any, Truth]] = [
        (lambda p: None, Truth.NOT_SENT),
        (lambda p: link(integration, p), Truth.IN_SYNC),
        (lambda p: link(integration, p, stale=True), Truth.CHANGED),
        (lambda p: link(integration, p, left={"title": "X"}), Truth.PARTLY),
        (lambda p: link(integration, p, look_on=date.today() - timedelta(days=2)), Truth.UNKNOWN),
        (lambda p: job(integration, p, state="waiting"), Truth.WAITING),
        (lambda p: job(integration, p, state="retrying"), Truth.WAITING),
        (lambda p: job(integration, p, state="waiting", cause="not_yet_current"), Truth.UPCOMING),
        (lambda p: job(integration, p, state="failed"), Truth.NEEDS_YOU),
        # a job on its way says more than the link of the last write
        (lambda p: (link(integration, p, stale=True), job(integration, p, state="waiting")), Truth.WAITING),
        (lambda p: (link(integration, p), link(other, p, stale=True)), Truth.CHANGED),
        (lambda p: (link(integration, p, stale=True), job(other, p, state="failed")), Truth.NEEDS_YOU),
        (lambda p: (link(integration, p), job(other, p, state="succeeded")), Truth.IN_SYNC),
    ]
    for make, expected in stories:
        position = unrecorded(organization)
        make(position)
        assert worst(position) is expected


def test_nothing_is_said_where_nothing_is_sent(organization: Organization) -> None:
    position = unrecorded(organization)
    assert worst(position) is None
    integration = connection(organization, "tripletex", send_positions=False)
    link(integration, position, stale=True)
    assert worst(position) is None
    connection(organization, "finago")
    assert worst(position) is Truth.NOT_SENT
    assert worst(EmployeeFactory(organization=organization)) is None  # without a position


def test_what_a_connection_does_not_take_any_more_does_not_count(
    organization: Organization, integration: Integration
) -> None:
    position = unrecorded(organization)
    link(integration, position, stale=True)
    integration.companies.add(CompanyFactory(organization=organization))
    assert worst(position) is Truth.NOT_SENT


def test_the_column_has_a_word_and_a_glyph_and_opens_the_log(
    organization: Organization, integration: Integration
) -> None:
    position = unrecorded(organization, first_name="Åse")
    job(integration, position, state="failed")
    page = text_of(client_of(organization, "viewer").get(LIST))
    assert "Needs you" in page and "sy-danger" in page and ">error<" in page.replace("\n", "").replace(" ", "")
    assert f"/admin/synclog/job/?tab=all&amp;employee={position.employee_id}" in page


def test_the_filter_shows_those_alone_and_nobody_of_others(
    organization: Organization, integration: Integration
) -> None:
    foreign = OrganizationFactory()
    job(connection(foreign), unrecorded(foreign, last_name="Zyxwvut"), state="failed")
    job(integration, unrecorded(organization, last_name="Failing"), state="failed")
    link(integration, unrecorded(organization, last_name="Fine"))
    client = client_of(organization, "viewer")
    for value, seen, unseen in (("needs_you", "Failing", "Fine"), ("in_sync", "Fine", "Failing")):
        page = text_of(client.get(f"{LIST}?sync={value}"))
        assert seen in page and unseen not in page and "Zyxwvut" not in page
    assert "Fine" in text_of(client.get(f"{LIST}?sync=nonsense"))


def test_as_many_queries_for_forty_as_for_two(organization: Organization, integration: Integration) -> None:
    client, numbers = client_of(organization, "viewer"), []
    for more in (2, 38):
        for _ in range(more):
            link(integration, unrecorded(organization))
        for address in (LIST, f"{LIST}?sync=in_sync"):
            with CaptureQueriesContext(database) as seen:
                client.get(address)
            numbers.append(len(seen))
    assert numbers[:2] == numbers[2:]
    assert Job.objects.count() == 0
