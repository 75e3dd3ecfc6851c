"""Everything compared, through the API: asked for, followed, cancelled, read by kind."""

from __future__ import annotations

import pytest

from integrations.models import Integration
from positions.models import Organization
from synclog.models import DriftCheck, Question
from synclog.questions import asking
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.positions.conftest import Api
from tests.synclog.pages import connection, unrecorded
from tests.synclog.test_differences import checked, differing
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, "fortnox")


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization, name="nightly"))


def test_it_is_begun_followed_and_read(world: World) -> None:
    integration = world.connect("netvisor")
    world.save()
    api = Api(ApiKeyFactory(organization=world.organization, name="nightly"))
    begun = api.post(f"/integrations/{integration.pk}/checks/", {})
    assert begun.status_code == 202 and begun.json()["state"] == "waiting" and begun.json()["by"] == "nightly"
    assert api.post(f"/integrations/{integration.pk}/checks/", {}).status_code == 400, "it is under way"
    asking.answer(Question.objects.get().pk)
    place = f"/integrations/{integration.pk}/checks/{begun.json()['id']}/"
    assert begun["Location"].endswith(place)
    read = api.get(place).json()
    assert (read["state"], read["counts"], read["compared"]) == ("done", {"only_here": 1}, 1)
    [row] = api.get(f"{place}differences/?kind=only_here").json()["results"]
    assert row["employee_number"] == "1042" and row["sendable"] and row["differs"] == []
    assert api.get(f"{place}differences/?kind=only_there").json()["results"] == []
    assert api.post(f"{place}cancel/", {}).status_code == 400, "it is over"


def test_it_is_cancelled(api: Api, integration: Integration) -> None:
    check = checked(integration, done_at=None, read_at=None)
    answer = api.post(f"/integrations/{integration.pk}/checks/{check.pk}/cancel/", {})
    assert answer.status_code == 200 and answer.json()["state"] == "cancelled"
    assert answer.json()["cancelled_by"] == "nightly"


def test_a_connection_that_cannot_says_why(api: Api, organization: Organization) -> None:
    blind = connection(organization, "crona_lon")
    answer = api.post(f"/integrations/{blind.pk}/checks/", {})
    assert answer.status_code == 400 and "only takes files in" in answer.content.decode()


def test_its_rows_say_what_differs_and_ask_no_more_for_many(
    api: Api, integration: Integration, organization: Organization, django_assert_max_num_queries: object
) -> None:
    check = checked(integration)
    differing(check, unrecorded(organization))
    differing(check, None, "only_there", remote_id="REC-9")
    first, second = api.get(f"/integrations/{integration.pk}/checks/{check.pk}/differences/").json()["results"]
    line = {"field": "title", "here": "Baker", "there": "Chef", "since": None, "stays": None}
    assert first["differs"][0] == line
    assert second["position"] is None and second["employee_number"] is None and second["remote_id"] == "REC-9"


def test_another_organization_has_nothing_of_it(integration: Integration) -> None:
    check = checked(integration)
    stranger = Api(ApiKeyFactory(organization=OrganizationFactory()))
    for rest in ("", f"{check.pk}/", f"{check.pk}/differences/"):
        assert stranger.get(f"/integrations/{integration.pk}/checks/{rest}").status_code == 404
    assert stranger.post(f"/integrations/{integration.pk}/checks/", {}).status_code == 404
    assert DriftCheck.objects.count() == 1


def test_who_may_only_read_begins_none(organization: Organization, integration: Integration) -> None:
    reader = Api(ApiKeyFactory(organization=organization, scopes=["sync:read"]))
    assert reader.get(f"/integrations/{integration.pk}/checks/").status_code == 200
    assert reader.post(f"/integrations/{integration.pk}/checks/", {}).status_code == 403
