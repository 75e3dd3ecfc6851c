"""Connections through the API: their switches, what keeps positions back, and what happened to them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Integration
from positions.models import AuditEntry, Organization, Position
from synclog.models import Event, Job
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.positions.conftest import Api
from tests.said import kept
from tests.synclog.pages import connection, job, unrecorded
from tests.synclog.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, name="Netvisor Oulu")


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization, name="nightly"))


def test_switches_do_what_the_page_s_do_and_are_told_and_audited(world: World) -> None:
    api = Api(ApiKeyFactory(organization=world.organization, name="nightly"))
    integration = world.connect("netvisor")
    path = f"/integrations/{integration.pk}/"
    whole = api.get(path).json()
    assert api.patch(path, whole).json() == whole and not Event.objects.exists(), "nothing differs"
    world.save()
    for body, kind in [
        ({"paused": True}, "paused"),
        ({"paused": False}, "resumed"),
        ({"delete_positions": True}, "option"),
        ({"send_positions": False}, "off"),
        ({"send_positions": True}, "on"),
    ]:
        answer = api.patch(path, body)
        [(name, on)] = body.items()
        assert answer.status_code == 200 and answer.json()[name] is on
        told = Event.objects.latest("pk")
        assert (told.kind, told.by) == (kind, "nightly")
        entry = AuditEntry.objects.filter(kind="integration").latest("pk")
        assert (entry.actor, entry.via) == ("nightly", "api")
    assert Job.objects.get().cause == "switched_off"
    Integration.objects.update(stopped_at=timezone.now(), stopped_cause="not_authorized")
    assert api.patch(path, {"stopped": True, "send_positions": True}).status_code == 200  # as it is
    assert api.patch(path, {"stopped": False}).json()["stopped"] is False
    assert Event.objects.latest("pk").kind == "resumed"


def test_what_cannot_be_switched_is_refused_as_a_whole(api: Api, organization: Organization) -> None:
    off = connection(organization, "netvisor", send_positions=False)
    flat = connection(organization, "fortnox")
    for integration, body, field, code in [
        (off, {"send_positions": True, "delete_positions": True}, "send_positions", "not_connected"),
        (flat, {"move_periods": True, "delete_positions": True}, "move_periods", "not_possible"),
        (flat, {"stopped": True, "delete_positions": True}, "stopped", "not_possible"),
        (flat, {"pause": True, "delete_positions": True}, "pause", "unknown_field"),
        (flat, {"paused": "perhaps"}, "paused", "invalid"),
        (flat, {"credentials": {"key": "x"}}, "credentials", "unknown_field"),
        (flat, {"settings": {}}, "settings", "unknown_field"),
    ]:  # fmt: skip
        answer = api.patch(f"/integrations/{integration.pk}/", body)
        assert answer.status_code == 400, (body, answer.json())
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, code)
    assert not Integration.objects.filter(delete_positions=True).exists() and not Event.objects.exists()
    reader = Api(ApiKeyFactory(organization=organization, scopes=["sync:read", "positions:write"]))
    assert reader.patch(f"/integrations/{flat.pk}/", {"paused": True}).status_code == 403
    foreign = connection(OrganizationFactory())
    for path in ("", "fields/", "gaps/", "gaps/positions/"):
        assert api.get(f"/integrations/{foreign.pk}/{path}").status_code == 404
    assert api.patch(f"/integrations/{foreign.pk}/", {"paused": True}).status_code == 404
    foreign.refresh_from_db()
    assert not foreign.paused


def test_gaps_say_what_is_lacking_and_of_whom(api: Api, integration: Integration) -> None:
    lacking = [unrecorded(integration.organization) for _ in range(2)]
    whole = unrecorded(integration.organization)
    Position.objects.update(occupation_code="")
    Position.objects.filter(pk=whole.pk).update(occupation_code="2512102")
    integration = connection(integration.organization, "tripletex")
    found = api.get(f"/integrations/{integration.pk}/gaps/").json()
    assert found["missing_settings"], "its keys"
    (gap,) = [gap for gap in found["gaps"] if gap["field"] == "occupation_code"]
    assert gap["positions"] == 2 and gap["values"] is None
    rows = api.get(f"/integrations/{integration.pk}/gaps/positions/").json()["results"]
    lacks = {row["position"]: "occupation_code" in row["fields_lacking"] for row in rows}
    assert [lacks.get(row.pk, False) for row in (*lacking, whole)] == [True, True, False]


def test_fields_are_those_of_the_page(api: Api, integration: Integration) -> None:
    fields = {row["ours"]: row for row in api.get(f"/integrations/{integration.pk}/fields/").json()}
    assert fields["start_date"]["required"] and fields["start_date"]["format"] == "YYYY-MM-DD"
    assert fields["percentage"]["when_wrong"]


def test_events_are_told_in_order_and_filtered(api: Api, integration: Integration) -> None:
    other = connection(integration.organization, "fortnox")
    foreign = connection(OrganizationFactory())
    rows = [
        Event.objects.create(integration=one, kind=kind, said=kept("words"), by=by)
        for one, kind, by in [(integration, "stopped", ""), (other, "paused", "kari"), (foreign, "off", "x")]
    ]

    def found(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"/events/{query}").json()["results"]]

    assert found("") == [rows[1].pk, rows[0].pk] and found("?ordering=id") == [rows[0].pk, rows[1].pk]
    assert found("?kind=paused") == found(f"?integration={other.pk}") == [rows[1].pk]
    assert found(f"?integration={foreign.pk}") == [] and found("?since=2999-01-01") == []
    assert api.get("/events/?kind=broken").status_code == 400
    listed = api.get("/events/").json()["results"]
    assert [(row["message"], row["by"]) for row in listed] == [("words", "kari"), ("words", None)]


def test_queries_do_not_grow(api: Api, integration: Integration) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(database) as ran:
            assert api.get(path).status_code == 200
        return len(ran)

    paths = [f"/integrations/{integration.pk}/gaps/", f"/integrations/{integration.pk}/gaps/positions/", "/events/"]
    api.get("/events/")
    more: Any = lambda: (job(integration), Event.objects.create(integration=integration, kind="on", said=kept("x")))  # noqa: E731
    more()
    few = [queries(path) for path in paths]
    for _ in range(20):
        more()
    assert [queries(path) for path in paths] == few and max(few) <= 8
