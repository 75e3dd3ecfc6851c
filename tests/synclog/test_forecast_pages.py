"""The pages and the API of previews of everything: who sees them, who asks, what they are narrowed to, and what the
start of switching on does with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from integrations.models import Integration
from integrations.systems.netvisor.declaration import END_REASONS
from positions.models import Organization, Position
from positions.privacy import personal_data
from synclog.models import Forecast, ForecastRow, Job, Question
from synclog.questions import asking, walks
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.positions.conftest import Api
from tests.said import kept
from tests.synclog.pages import client_of, connection, text_of, unrecorded
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, "fortnox", name="Fortnox Oslo", send_positions=False)


def page_of(integration: Integration, rest: str = "") -> str:
    return f"/admin/synclog/job/previews/{integration.pk}/{rest}"


def found_out(integration: Integration, **values: Any) -> Forecast:
    now = timezone.now()
    return Forecast.objects.create(
        **{
            "integration": integration, "by": "anna", "asked_at": now, "due_at": now, "moved_at": now, "begun_at": now,
            "read_at": now, "done_at": now, "version": integration.version, **values,
        }
    )  # fmt: skip


def row(forecast: Forecast, position: Position, result: str, what: str = "", start: str = "", **values: Any) -> Any:
    """`what`: the action of what would be sent, the cause of what would not."""
    names = {"action" if result == "planned" else "cause": what, "field": "", **values}
    of = [start] if start or forecast.kind == Forecast.Kind.SETTINGS else ["current", "all"]
    for one in of:
        key = "|".join((one, result, names.get("action", ""), names.get("cause", ""), names["field"]))
        forecast.counts = {**forecast.counts, key: forecast.counts.get(key, 0) + 1}
    forecast.save()
    line = {"field": "title", "remote": "JobTitle", "old": None, "new": "Baker", "since": None}
    return ForecastRow.objects.create(
        **{
            "part_of": forecast, "employee_key": position.employee_id, "position_key": position.pk, "start": start,
            "result": result, "changes": [line] if result in ("planned", "otherwise") else [], **names,
        }
    )  # fmt: skip


@pytest.fixture
def forecast(integration: Integration) -> Forecast:
    organization = integration.organization
    kari = unrecorded(organization, first_name="Kari", last_name="Lie", number="4711")
    bo = unrecorded(organization, first_name="Bo", last_name="Berg", number="4712")
    made = found_out(integration)
    row(made, kari, "planned", "create")
    row(made, bo, "failed", "missing_required_field", field="title", said=kept("Nobody may be without a title."))
    row(made, unrecorded(organization, first_name="Old", last_name="Timer"), "planned", "create", "all")
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Kari Lie", "Bo Berg"}),
        ("?start=all", {"Kari Lie", "Bo Berg", "Old Timer"}),
        ("?result=planned", {"Kari Lie"}),
        ("?result=failed&why=missing_required_field+title", {"Bo Berg"}),
        ("?why=create+", {"Kari Lie"}),
        ("?q=lie", {"Kari Lie"}),
        ("?result=failed&q=kari", set()),
        ("?start=unheard&result=of&why=it&page=9", set()),
    ],
)
def test_it_is_narrowed_and_so_is_its_file(
    organization: Organization, integration: Integration, forecast: Forecast, query: str, found: set[str]
) -> None:
    client = client_of(organization, "viewer")
    for address in (page_of(integration), page_of(integration, "export.csv")):
        text = text_of(client.get(address + query))
        assert {name for name in ("Kari Lie", "Bo Berg", "Old Timer") if name in text} == found, address


def test_the_page_and_the_step_say_what_would_become_of_how_many(
    organization: Organization, integration: Integration, forecast: Forecast, django_assert_max_num_queries: Any
) -> None:
    viewer = client_of(organization, "viewer")
    text = text_of(viewer.get(page_of(integration)))
    for words in ("2 positions", "Would be sent", "A required field is missing (Title)", "</i> → Baker",
                  "Nobody may be without a title."):  # fmt: skip
        assert words in text, words
    assert "Preview again" not in text, "a viewer asks for none"
    Integration.objects.filter(pk=integration.pk).update(version=99)
    assert "The connection was changed since" in text_of(viewer.get(page_of(integration)))
    with django_assert_max_num_queries(30) as few:
        viewer.get(page_of(integration))
    for _ in range(20):
        row(forecast, unrecorded(organization), "planned", "create")
    with django_assert_max_num_queries(30) as many:
        viewer.get(page_of(integration))
    assert len(many) == len(few)


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
def test_admins_ask_and_cancel(organization: Organization, integration: Integration, role: str) -> None:
    client, may = client_of(organization, role), role == "admin"
    for rest in ("begin/", "cancel/", "settings/begin/", "settings/cancel/"):
        assert client.post(page_of(integration, rest)).status_code in ((200, 302) if may else (403,)), rest
        assert client.get(page_of(integration, rest)).status_code == 405
    assert client.get(page_of(integration)).status_code == client.get(page_of(integration, "settings/")).status_code


def test_nobody_sees_or_asks_anything_of_another_organization(integration: Integration, forecast: Forecast) -> None:
    stranger = client_of(OrganizationFactory(), "admin")
    for rest in ("", "export.csv", "settings/", "settings/?panel=1", "settings/export.csv"):
        assert "Kari" not in text_of(stranger.get(page_of(integration, rest), follow=True))
    for rest in ("begin/", "cancel/", "settings/begin/", "settings/cancel/"):
        stranger.post(page_of(integration, rest))
    theirs = Api(ApiKeyFactory(organization=OrganizationFactory()))
    for rest in ("", f"{forecast.pk}/", f"{forecast.pk}/positions/"):
        assert theirs.get(f"/integrations/{integration.pk}/previews/{rest}").status_code == 404
    assert theirs.post(f"/integrations/{integration.pk}/previews/", {}).status_code == 404
    assert theirs.post(f"/integrations/{integration.pk}/previews/{forecast.pk}/cancel/", {}).status_code == 404
    assert Forecast.objects.count() == 1


def test_how_far_it_is_is_followed_and_cancelled(world: World) -> None:
    client, integration = client_of(world.organization, "admin"), world.connect("fortnox", on=False)
    assert "It has not been found out yet" in text_of(client.get(page_of(integration)))
    text = text_of(client.post(page_of(integration, "begin/"), follow=True))
    assert "It waits for a worker" in text and "Cancel the preview" in text
    Forecast.objects.update(begun_at=timezone.now(), there=12)
    assert "12 so far" in text_of(client.get(page_of(integration)))
    step = f"/admin/integrations/integration/{integration.pk}/switch-on/preview/"
    assert "12 so far" in text_of(client.get(step)) and "Cancel the preview" in text_of(client.get(step))
    Forecast.objects.update(read_at=timezone.now(), employees=3, total=8)
    assert "3 of 8 employees are looked at" in text_of(client.get(page_of(integration)))
    Forecast.objects.update(misses=1, due_at=timezone.now() + timedelta(minutes=1))
    assert "Fortnox gave no answer" in text_of(client.get(page_of(integration)))
    client.post(page_of(integration, "cancel/"))
    assert "It was cancelled by" in text_of(client.get(page_of(integration)))
    Integration.objects.update(paused_at=timezone.now())
    assert "Resume it, then preview" in text_of(client.post(page_of(integration, "begin/"), follow=True))


def test_whoever_is_erased_is_erased_here_too(
    organization: Organization, integration: Integration, forecast: Forecast
) -> None:
    line = {"field": "manager", "remote": "", "old": None, "new": "Kari Lie (4711)", "since": None}
    other = forecast.rows.get(result="failed")
    ForecastRow.objects.filter(pk=other.pk).update(changes=[line])
    personal_data.erase(personal_data.find(organization, "4711"), "anna", "admin")
    other.refresh_from_db()
    assert forecast.rows.count() == 2 and "Kari" not in str(other.changes)
    assert client_of(organization).get(page_of(integration)).status_code == 200


# -- the start ------------------------------------------------------------------------------------------------


def test_the_choice_decides_what_goes_out(world: World) -> None:
    client, integration = client_of(world.organization, "admin"), world.connect("netvisor", on=False)
    today = world.organization.today()
    world.save(start_date=today - timedelta(days=90), end_date=today - timedelta(days=1))
    current = world.save(world.hire())
    step = f"/admin/integrations/integration/{integration.pk}/switch-on/start/"
    assert "1 position; not previewed." in text_of(client.get(step))
    row(found_out(integration), current, "planned", "create")
    assert "1 position; by the preview, 1 would be sent." in text_of(client.get(step))
    Integration.objects.filter(pk=integration.pk).update(version=99)
    assert "by the preview" not in text_of(client.get(step)), "it is of what the connection was"
    switch = f"/admin/integrations/integration/{integration.pk}/switch/"
    assert "There is no such start" in text_of(client.post(switch, {"on": "1", "start": "some"}, follow=True))
    integration.refresh_from_db()
    assert not integration.send_positions
    text = text_of(client.post(switch, {"on": "1", "start": "current"}, follow=True))
    assert "1 position is on its way" in text and Job.objects.count() == 1
    client.post(switch, {"on": "0"})
    client.post(switch, {"on": "1"})
    assert not Job.objects.open().exists(), "nothing but changes from now on, where nothing is said"


def test_the_api_starts_previews_and_refuses_a_start_of_what_is_on(world: World) -> None:
    integration, today = world.connect("netvisor", on=False), world.organization.today()
    world.save(start_date=today - timedelta(days=90), end_date=today - timedelta(days=1), end_reason="resigned")
    world.save(start_date=today)
    api = Api(ApiKeyFactory(organization=world.organization, name="nightly"))
    reader = Api(ApiKeyFactory(organization=world.organization, scopes=["sync:read"]))
    place = f"/integrations/{integration.pk}/previews/"
    assert reader.post(place, {}).status_code == 403
    begun = api.post(place, {})
    assert begun.status_code == 202 and begun.json()["starts"] == [] and begun.json()["by"] == "nightly"
    assert api.post(place, {}).status_code == 400, "it is under way"
    asking.answer(Question.objects.get().pk)
    at = f"{place}{begun.json()['id']}/"
    assert begun["Location"].endswith(at)
    read = reader.get(at).json()
    current, everything = read["starts"]
    assert (read["state"], current["start"], current["positions"], everything["positions"]) == ("done", "current", 1, 2)
    assert [(g["result"], g["action"], g["positions"]) for g in everything["groups"]] == [("planned", "create", 2)]
    assert current["summary"] == "1 position. Would be sent: 1."
    rows = reader.get(f"{at}positions/").json()["results"]
    assert sorted(one["starts"] for one in rows) == [["all"], ["current", "all"]]
    assert reader.get(f"{at}positions/?start=all").json()["results"] == rows
    assert len(reader.get(f"{at}positions/?start=current&result=planned").json()["results"]) == 1
    assert reader.get(f"{at}positions/?start=changes").status_code == 400
    assert api.post(f"{at}cancel/", {}).status_code == 400, "it is over"
    path = f"/integrations/{integration.pk}/"
    for body, status in (({"start": "all"}, 400), ({"send_positions": True, "start": "some"}, 400)):
        assert api.patch(path, body).status_code == status, body
    assert reader.patch(path, {"send_positions": True, "start": "all"}).status_code == 403
    assert api.patch(path, {"send_positions": True, "start": "current"}).status_code == 200
    assert set(Job.objects.values_list("origin", "origin_name")) == {("api", "nightly")} and Job.objects.count() == 1
    assert api.patch(path, {"send_positions": True, "start": "all"}).status_code == 400, "it is on"


# -- other settings -------------------------------------------------------------------------------------------


def test_what_would_change_is_seen_before_it_is_saved(world: World) -> None:
    client, integration = client_of(world.organization, "admin"), world.connect("netvisor")
    position = world.save(end_date=world.organization.today())
    begin = page_of(integration, "settings/begin/")
    assert begin in client.get(f"/admin/integrations/integration/{integration.pk}/settings/").content.decode()
    base_urls = {f"url__{name}": url for name, url in integration.base_urls.items()}
    typed = {
        "name": integration.name, "everybody": "everybody", "setting__decimal_mark": "point",
        "setting__default_end_reason": END_REASONS[0][0], "credential__partner_key": "never-to-be-kept", **base_urls,
    }  # fmt: skip
    assert "Not previewed" in text_of(client.post(begin, {**typed, "name": ""}))
    text = text_of(client.post(f"{begin}?panel=1", typed))
    assert "It waits for a worker" in text and "Cancel the preview" in text
    assert "never-to-be-kept" not in str(Forecast.objects.values()) + str(Forecast.objects.get().settings)
    assert "Cancelled" not in text_of(client.post(page_of(integration, "settings/cancel/?panel=1")))
    assert Forecast.objects.get().settings == {}, "what was tried is not kept either where it was not gone through"
    client.post(begin, typed)
    # Two who press it at once: the other one's is made between our look and our own.
    with patch.object(walks, "cancel"):
        for answer in (client.post(begin, typed, follow=True), client.post(f"{begin}?panel=1", typed)):
            assert "preview is under way already" in text_of(answer)
    for question in Question.objects.filter(forecast__done_at=None):
        asking.answer(question.pk)
    panel, whole = (text_of(client.get(page_of(integration, f"settings/{rest}"))) for rest in ("?panel=1", ""))
    for text in (panel, whole):
        assert "Could be sent then" in text and "→" in text and str(position) in text
    assert "Not counted here" not in panel and "Nothing is saved yet" in panel and "Netvisor was not asked" in whole
    assert f"empty</i> → {END_REASONS[0][0]}" in whole
    integration.refresh_from_db()
    assert not integration.settings.get("default_end_reason")
