"""From an entry that needs a person to the place where it is put right, and back to see it become green."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Integration
from integrations.sdk.messages import TEXTS, packed
from integrations.sdk.params import FieldName
from integrations.systems.registry import systems
from positions.models import Organization
from synclog.models import Job
from synclog.queue import tasks
from tests.factories import IntegrationFactory, OrganizationFactory
from tests.integrations.test_admin_opened import form_of
from tests.synclog.pages import LOG, client_of, connection, job, text_of, unrecorded
from tests.synclog.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration() -> Integration:
    made: Integration = IntegrationFactory(system_key="tripletex", send_positions=True)
    return made


def entry(row: Job) -> str:
    return f"{LOG}{row.pk}/change/"


def position(row: Job) -> str:
    return f"/admin/positions/position/{row.position_key}/change/"


def speaking_of(setting: str) -> list[Any]:
    of_setting = next(text for text in TEXTS.values() if text.setting == setting)
    inner = of_setting(**dict.fromkeys(of_setting.names, "x"))
    return packed([TEXTS["plan.not_encoded"](field=FieldName("title"), why=inner)])


# -- one button, on the entry, in the list, on the overview


def test_the_same_button_on_the_entry_in_the_list_and_on_the_cards(integration: Integration) -> None:
    row = job(integration, field="occupation_code")
    address = f"{position(row)}?next={quote(entry(row), safe='')}#id_occupation_code"
    client = client_of(integration.organization)
    for page in (entry(row), LOG, f"{LOG}by-cause/", "/admin/"):
        text = text_of(client.get(page))
        assert f'href="{address}">Fill in Occupation code</a>' in text, page
    assert client.get(entry(row)).context["main"].words == "Fill in Occupation code"
    reader = client_of(integration.organization, "viewer")
    for page in (entry(row), LOG, f"{LOG}by-cause/", "/admin/"):
        assert "Fill in Occupation code" not in text_of(reader.get(page)), page


def test_what_helps_most_comes_first(integration: Integration) -> None:
    client, editor = client_of(integration.organization), client_of(integration.organization, "editor")

    def buttons(row: Job, who: Client = client) -> list[str]:
        context = who.get(entry(row)).context
        return [remedy.words for remedy in (context["main"], *context["places"]) if remedy]

    value = job(integration, cause="value_refused", field="percentage")
    assert buttons(value) == ["Correct Percentage"]
    of_person = job(integration, cause="value_refused", field="manager")
    assert buttons(of_person) == ["Correct Manager"]
    table = job(integration, cause="no_translation", field="occupation_code", said=speaking_of("occupation_codes"))
    label = next(s.label for s in integration.system.settings if s.name == "occupation_codes")
    assert buttons(table) == [f"Open Settings › {label}", "Correct Occupation code"]
    assert buttons(table, editor) == ["Correct Occupation code"], "settings are for admins"
    assert buttons(job(integration, cause="not_the_same_person")) == ["Open the match"]
    assert buttons(job(integration, cause="not_the_same_person"), editor) == ["Open employee"]
    assert buttons(job(integration, cause="employee_not_found")) == ["Open employee"]
    assert buttons(job(integration, cause="delete_by_hand")) == ["Dismiss…"]
    assert buttons(job(integration, cause="record_refused")) == ["Re-sync now"]
    fortnox = connection(integration.organization, "fortnox")
    of_table = job(fortnox, cause="no_translation", field="contract_type")
    assert buttons(of_table) == ["Open Settings › Contract types", "Correct Contract type"]
    default = job(integration, field="contract_type")
    assert buttons(default) == ["Fill in Contract type", "Open Settings › Contract type when the position has none"]
    moved = job(connection(integration.organization), cause="start_date_changed", field="start_date")
    assert buttons(moved)[0] == "Move the existing period"
    assert buttons(job(integration, state="succeeded", field="occupation_code")) == []


def test_after_the_settings_sending_again_is_what_is_left(integration: Integration) -> None:
    row = job(integration, cause="no_translation", said=speaking_of("occupation_codes"))
    client = client_of(integration.organization)
    settings = client.get(entry(row)).context["main"].url.partition("#")[0]
    answer = client.post(settings, form_of(text_of(client.get(settings))))
    assert answer["Location"] == f"{entry(row)}?again=1"
    context = client.get(answer["Location"]).context
    assert context["main"].act == "resync" and context["places"][0].act == "settings"


def test_every_place_of_a_setting_is_on_the_form(integration: Integration) -> None:
    """An address that ends at nothing would open the top of a long page."""
    for system in systems():
        one = connection(integration.organization, system.key)
        page = text_of(client_of(integration.organization).get(f"/admin/integrations/integration/{one.pk}/settings/"))
        for setting in system.settings:
            assert f'id="id_setting__{setting.name}"' in page, (system.key, setting.name)


def test_the_list_asks_the_same_however_many_need_a_place(integration: Integration) -> None:
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    client = client_of(integration.organization)
    numbers = []
    for _ in range(2):
        for _ in range(8):
            job(integration, field="occupation_code")
        with CaptureQueriesContext(database) as ran:
            client.get(LOG)
        numbers.append(len(ran))
    assert numbers[0] == numbers[1]


# -- the way back


def saved(client: Client, row: Job, back: str) -> Any:
    address = f"{position(row)}?next={quote(back, safe='')}"
    form = client.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    return client.post(address, {**data, "occupation_code": "7412101"})


def test_saving_returns_to_the_entry_and_nowhere_else(integration: Integration) -> None:
    row = job(integration, field="occupation_code")
    client = client_of(integration.organization)
    assert saved(client, row, entry(row))["Location"] == entry(row)
    ours = "/admin/positions/position/"
    for evil in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/api/v1/", "x"):
        assert saved(client, row, evil)["Location"].startswith(ours), evil


# -- while it is under way


def looked(client: Client, row: Job, seen: str) -> Any:
    return client.get(f"{entry(row)}?seen={seen}", headers={"HX-Request": "true"})


def test_the_entry_shows_itself_until_it_is_over(world: World) -> None:
    integration = world.connect("netvisor")
    tasks.beat()
    world.save()
    row, client = Job.objects.get(), client_of(world.organization)
    page = client.get(entry(row))
    seen = page.context["seen"]
    assert page.context["live"] and f'hx-get="{entry(row)}?seen={seen}"' in text_of(page)
    nothing_new = looked(client, row, seen)
    assert (nothing_new.status_code, nothing_new.content) == (204, b"")
    world.drain(integration)
    over = looked(client, row, seen)
    assert over.status_code == 200 and "seen=" not in text_of(over)
    assert over.context["job"].state == "succeeded"
    assert client_of(OrganizationFactory()).get(f"{entry(row)}?seen={seen}").status_code == 302, "not theirs"


@pytest.mark.parametrize(
    "held",
    [
        {"paused_at": timezone.now(), "paused_by": "Kari"},
        {"stopped_at": timezone.now()},
        {"send_positions": False},
        {"retry_at": timezone.now() + timedelta(hours=1)},
    ],
)
def test_nobody_looks_again_where_nothing_is_about_to_happen(integration: Integration, held: dict[str, Any]) -> None:
    tasks.beat()
    row, client = job(integration, state="waiting"), client_of(integration.organization)
    assert client.get(entry(row)).context["live"]
    Integration.objects.update(**held)
    assert not client.get(entry(row)).context["live"]


def test_nobody_looks_again_while_no_worker_does(integration: Integration) -> None:
    row = job(integration, state="waiting")
    assert not client_of(integration.organization).get(entry(row)).context["live"]


# -- one cause, one card


def test_one_card_for_one_cause_in_all_connections(integration: Integration) -> None:
    organization: Organization = integration.organization
    other = connection(organization, "netvisor")
    people = [unrecorded(organization) for _ in range(3)]
    for one in (integration, other):
        for person in people:
            job(one, person, field="occupation_code")
    *_held, need = client_of(organization).get("/admin/").context["needs"]
    assert need.said == "Occupation code: 3 employees, 2 systems"
    assert need.main is None, "each has a position of their own"
    assert [button.words for button in need.buttons] == ["Open 6 entries", "Re-sync all…"]
    assert [(i.pk, n) for i, n, _url in need.where] == [(integration.pk, 3), (other.pk, 3)]


def test_one_person_in_all_connections_is_put_right_at_once(integration: Integration) -> None:
    person = unrecorded(integration.organization)
    for one in (integration, connection(integration.organization, "netvisor")):
        job(one, person, field="occupation_code")
    (need,) = client_of(integration.organization).get(f"{LOG}by-cause/").context["needs"]
    assert (need.said, need.main.words) == ("Occupation code: 1 employee, 2 systems", "Fill in Occupation code")


def test_one_setting_puts_all_of_a_connection_right(integration: Integration) -> None:
    for _ in range(3):
        job(integration, cause="no_translation", field="occupation_code", said=speaking_of("occupation_codes"))
    client = client_of(integration.organization)
    (need,) = client.get(f"{LOG}by-cause/").context["needs"]
    assert need.main.act == "settings"
    back = quote(f"{LOG}by-cause/?tab=needs_action&cause=no_translation", safe="")
    assert f"?next={back}#id_setting__occupation_codes" in need.main.url
    (need,) = client_of(integration.organization, "editor").get(f"{LOG}by-cause/").context["needs"]
    assert need.main is None
