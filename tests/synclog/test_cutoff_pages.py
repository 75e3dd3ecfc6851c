"""The payroll cut-off on its pages and over the API: entered, shown before it is saved, held and sent all the same, and
the list of what is about earlier days."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.engine import actions
from synclog.log.truth import counts_of
from synclog.models import Event, Job, RetroChange
from tests.factories import ApiKeyFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.positions.conftest import Api
from tests.synclog.pages import client_of, connection, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]

OSLO = ZoneInfo("Europe/Oslo")
HOLD = {"after": "hold", "monthly": {"day": 13, "hour": 12}, "opens": {"day": 1, "hour": 0}}
FORM: dict[str, str | int] = {
    "kind": "monthly",
    "day": 13,
    "hour": 12,
    "opens_day": 1,
    "opens_hour": 0,
    "after": "hold",
    "dates": "",
}


@pytest.fixture(autouse=True)
def _after_the_cutoff() -> Any:
    with time_machine.travel(datetime(2026, 11, 20, 10, tzinfo=OSLO), tick=True):
        yield


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, "netvisor")


@pytest.fixture
def api(organization: Organization) -> Api:
    return Api(ApiKeyFactory(organization=organization, name="nightly"))


def saved(organization: Organization, **values: Any) -> Any:
    person = EmployeeFactory(organization=organization, first_name="Kari", last_name="Nordmann", number="1042")
    return PositionFactory(employee=person, title="Baker", start_date="2026-11-01", end_date=None, **values)


def test_an_admin_enters_it_and_sees_what_it_means(organization: Organization, integration: Integration) -> None:
    page = f"/admin/synclog/job/cutoff/{integration.pk}/"
    admin, editor = client_of(organization), client_of(organization, "editor", "ed")
    assert "This connection has no payroll cut-off." in text_of(admin.get(page))
    example = admin.get(f"{page}example/", FORM)
    assert "Next cut-off: Sun 13 Dec 12:00; opens Fri 1 Jan 2027 00:00." in text_of(example)
    assert "closed since Fri 13 Nov 12:00 and opens Tue 1 Dec 00:00" in text_of(example)
    assert "At least" not in text_of(example)
    wrongs: tuple[tuple[dict[str, str | int], str], ...] = (
        ({"opens_day": 13, "opens_hour": 12}, "a month later"),
        ({"kind": "dates"}, "Name at least one date"),
        ({"kind": "dates", "dates": "13.11.2026 12"}, "is not a date with an hour"),
        ({"kind": "dates", "dates": "2026-11-13 12:30"}, "at a full hour"),
        ({"kind": "dates", "dates": "0001-01-01 00:00"}, "The year 1 cannot be right"),
        ({"kind": "dates", "dates": "9999-12-31 23:00"}, "The year 9999 cannot be right"),
        ({"kind": "dates", "dates": "2026-11-13T12:00+01:00"}, "Leave out the time zone"),
    )
    for wrong, words in wrongs:
        for answer in (admin.get(f"{page}example/", FORM | wrong), admin.post(page, FORM | wrong)):
            assert words in text_of(answer), wrong
    assert editor.post(page, FORM).status_code == 403
    integration.refresh_from_db()
    assert integration.cutoff == {}
    assert admin.post(page, FORM).status_code == 302
    integration.refresh_from_db()
    assert integration.cutoff == HOLD
    shown = text_of(editor.get(page))
    assert "Hold until the period opens" in shown
    assert 'id="cutoff"' not in editor.get(page).content.decode()
    assert admin.post(page, FORM | {"kind": "dates", "dates": "2026-12-11 12\n2026-11-13 12:00"}).status_code == 302
    integration.refresh_from_db()
    assert integration.cutoff["dates"] == ["2026-11-13T12:00", "2026-12-11T12:00"]
    assert admin.post(page, FORM | {"kind": "none"}).status_code == 302
    integration.refresh_from_db()
    assert integration.cutoff == {}
    assert Event.objects.filter(integration=integration, kind=Event.Kind.OPTION).count() == 3


def test_what_is_held_is_seen_everywhere_and_sent_all_the_same(
    organization: Organization, integration: Integration, api: Api
) -> None:
    integration.cutoff = HOLD
    integration.save()
    position = saved(organization)
    job = Job.objects.get()
    editor, viewer = client_of(organization, "editor", "ed"), client_of(organization, "viewer", "vi")
    page = f"/admin/synclog/job/cutoff/{integration.pk}/"
    assert "1 change held by the cut-off" in text_of(editor.get(page))
    assert "Waiting, held by the cut-off" in text_of(editor.get("/admin/"))
    previews = editor.get(f"/admin/synclog/job/previews/{integration.pk}/")
    assert "1 change held by the cut-off" in text_of(previews)
    log = text_of(editor.get(f"/admin/synclog/job/?tab=all&cutoff=held&integration__id__exact={integration.pk}"))
    assert "Kari Nordmann" in log and "after cut-off" in log and "· retro" in log
    entry = text_of(editor.get(f"/admin/synclog/job/{job.pk}/change/"))
    assert "It is held until 1 Dec 2026 00:00 because of the payroll cut-off." in entry
    assert "Re-sync or Send now sends it at once" in entry
    assert "Held until 1 Dec 00:00" in text_of(editor.get(f"/admin/positions/position/{position.pk}/change/"))
    # The same over the API.
    answer = api.get(f"/integrations/{integration.pk}/").json()
    assert (answer["health"]["held"], answer["health"]["waiting"]) == (1, 1)
    assert answer["cutoff"]["closed_until"] == "2026-11-30T23:00:00Z"
    [found] = api.get("/jobs/?held=true&after_cutoff=true&retro=true").json()["results"]
    assert found["held_until"] == found["next_attempt_at"] == "2026-11-30T23:00:00Z"
    assert found["after_cutoff"] and found["retro"]
    assert found["message"] == "It is held until 1 Dec 2026 00:00 because of the payroll cut-off."
    for none in ("held=false", "after_cutoff=false", "retro=false"):
        assert api.get(f"/jobs/?{none}").json()["results"] == []
    refused = api.get("/jobs/?held=yes")
    assert refused.status_code == 400 and refused.json()["errors"][0]["field"] == "held"
    counted = api.post("/jobs/resync/", {"held": True, "state": "waiting", "count_only": True}).json()
    assert counted["matching"] == 1
    assert api.get(f"/positions/{position.pk}/sync/").json()[0]["state"] == "held"
    # Whoever may act sends it all the same.
    assert viewer.post(f"{page}send/").status_code == 403
    assert "before the period opens: 1 change?" in text_of(editor.get(f"{page}send/"))
    assert Job.objects.held(timezone.now()).exists()
    assert editor.post(f"{page}send/").status_code == 302
    job.refresh_from_db()
    assert (job.is_held(timezone.now()), job.cause, job.origin_name) == (False, "", "ed")
    assert Job.objects.due(timezone.now()).get() == job
    assert "Nothing is held" in text_of(editor.get(f"{page}send/"))


def csv_row(client: Client, which: str) -> dict[str, str]:
    [row] = csv.DictReader(
        io.StringIO(text_of(client.get(f"/admin/synclog/job/export.csv?{which}")).removeprefix("\ufeff"))
    )
    return row


def test_page_api_and_file_say_the_same_of_it_also_once_the_period_is_open(
    organization: Organization, integration: Integration, api: Api
) -> None:
    """Paused, so that nothing else becomes of it: once the period opens it is held no more, and waits to be resumed."""
    integration.cutoff = HOLD
    integration.save()
    actions.pause(integration, by="anna")
    saved(organization)
    job, client = Job.objects.get(), client_of(organization)
    facts = ("Saved after the payroll cut-off", "Held until", "Retroactive", "Cause code", "Next attempt")
    row, [told] = csv_row(client, "tab=all"), api.get("/jobs/").json()["results"]
    assert [row[name] for name in facts] == ["yes", "2026-12-01 00:00:00", "yes", "held_by_cutoff", "on resume"]
    assert (told["after_cutoff"], told["held_until"], told["retro"]) == (True, "2026-11-30T23:00:00Z", True)
    assert (told["cause"], told["next_attempt_at"]) == ("held_by_cutoff", None)
    listed, groups = "/admin/synclog/job/?tab=all&cause=held_by_cutoff", "/admin/synclog/job/by-cause/?tab=all"
    assert "Kari Nordmann" in text_of(client.get(listed))
    assert "1 employee" in text_of(client.get(groups))
    with time_machine.travel(datetime(2026, 12, 1, 9, tzinfo=UTC), tick=True):
        client = client_of(organization, "admin", "later")  # whose session has not ended meanwhile
        row, [told] = csv_row(client, "tab=all"), api.get("/jobs/").json()["results"]
        assert [row[name] for name in facts] == ["yes", "", "yes", "", "on resume"]
        assert (told["after_cutoff"], told["held_until"], told["retro"]) == (True, None, True)
        assert (told["cause"], told["cause_title"], told["state"]) == (None, None, "waiting")
        assert "paused" in told["what_to_do"]
        assert api.get("/jobs/?cause=held_by_cutoff").json()["results"] == []
        assert api.get("/jobs/?cause__in=held_by_cutoff").json()["results"] == []
        assert "Kari Nordmann" not in text_of(client.get(listed))
        assert "1 employee" not in text_of(client.get(groups))
        entry = text_of(client.get(f"/admin/synclog/job/{job.pk}/change/"))
        assert "held_by_cutoff" not in entry and "because of the payroll cut-off" not in entry
        assert counts_of([integration])[integration.pk].held == 0


def test_the_pages_of_a_connection_s_tabs_have_its_tabs(organization: Organization, integration: Integration) -> None:
    client = client_of(organization)
    for page in ("cutoff", "differences"):
        address = f"/admin/synclog/job/{page}/{integration.pk}/"
        shown = client.get(address).content.decode()
        assert f'href="{address}" aria-current="page"' in shown
        assert f"/admin/integrations/integration/{integration.pk}/settings/" in shown


def test_the_list_of_retroactive_changes(organization: Organization, integration: Integration, api: Api) -> None:
    other = connection(organization, "fortnox", name="Other")
    for one in (integration, other):
        one.cutoff = {**HOLD, "after": "send"}
        one.save()
    position = saved(organization)
    position.title = "Chef"
    position.save()
    theirs = OrganizationFactory()
    assert RetroChange.objects.count() == 2, "from today on, a title is about no day before the cut-off"
    position.start_date = datetime(2026, 11, 5).date()
    position.save()
    viewer = client_of(organization, "viewer", "vi")
    page = "/admin/synclog/job/retro/"
    whole = viewer.get(page)
    assert text_of(whole).count("Kari Nordmann") == 4
    row = RetroChange.objects.filter(integration=integration).latest("pk")
    assert row.concerns["fields"] == [
        {"field": "start_date", "old": "2026-11-01", "new": "2026-11-05", "first": "2026-11-01", "last": "2026-11-04"}
    ]
    for asked, number in (
        (f"integration={integration.pk}", 2),
        (f"integration={integration.pk}&cutoff=2026-11-13T11:00:00%2B00:00", 2),
        (f"integration={integration.pk}&cutoff=2026-10-13T10:00:00%2B00:00", 0),
        ("q=kari+1042", 4),
        ("q=nobody", 0),
        ("cutoff=x&integration=y&page=z", 4),
        ("cutoff=0001-01-01T00:00%2B14:00", 4),
    ):
        assert text_of(viewer.get(f"{page}?{asked}")).count("Nordmann") == number, asked
        file: Any = viewer.get(f"{page}export.csv?{asked}")
        lines = b"".join(file.streaming_content).decode().splitlines()
        assert len(lines) == number + 1, asked
    assert "Nordmann" not in text_of(client_of(theirs, "admin", "their").get(page))
    # Over the API.
    rows = api.get(f"/retro-changes/?integration={integration.pk}").json()["results"]
    assert [(one["kind"], one["first_on"], one["last_on"]) for one in rows] == [
        ("changed", "2026-11-01", "2026-11-04"),
        ("made", "2026-11-01", "2026-11-13"),
    ]
    assert rows[0]["changes"] == [
        {
            "field": "start_date", "old": "2026-11-01", "new": "2026-11-05", "first_on": "2026-11-01",
            "last_on": "2026-11-04",
        }
    ]  # fmt: skip
    assert rows[0]["job"] == Job.objects.get(integration=integration).pk
    assert rows[0]["cutoff_at"] == "2026-11-13T11:00:00Z"
    assert len(api.get("/retro-changes/?kind=made&cutoff_at__lte=2026-11-13T11:00:00Z").json()["results"]) == 2
    assert api.get("/retro-changes/?saved_at__lt=2026-11-13").json()["results"] == []
    assert Api(ApiKeyFactory(organization=theirs)).get("/retro-changes/").json()["results"] == []
    assert (
        Api(ApiKeyFactory(organization=organization, scopes=["positions:read"])).get("/retro-changes/").status_code
        == 403
    )


def test_it_is_set_over_the_api(organization: Organization, integration: Integration, api: Api) -> None:
    place = f"/integrations/{integration.pk}/"
    assert api.get(place).json()["cutoff"] is None
    given = api.patch(place, {"cutoff": {"after": "hold", "monthly": {"day": 13, "hour": 12}}})
    assert given.status_code == 200
    answered = given.json()["cutoff"]
    assert answered == {
        **HOLD, "dates": [], "last_at": "2026-11-13T11:00:00Z", "next_at": "2026-12-13T11:00:00Z",
        "next_opens_at": "2026-12-31T23:00:00Z", "closed_until": "2026-11-30T23:00:00Z",
    }  # fmt: skip
    assert api.patch(place, {"cutoff": answered}).json()["cutoff"] == answered, "what was answered may be sent back"
    for wrong, field, code in (
        ({"after": "later"}, "cutoff.after", "invalid_choice"),
        ({"after": "hold"}, "cutoff.dates", "required"),
        ({"after": "hold", "monthly": {"day": 32, "hour": 1}}, "cutoff.monthly.day", "max_value"),
        ({"after": "hold", "monthly": {"day": "3", "hour": 1}}, "cutoff.monthly.day", "invalid"),
        ({"after": "hold", "monthly": {"day": 1, "hour": 0}}, "cutoff.opens", "always_closed"),
        ({"after": "hold", "dates": ["2026-11-31T12:00"]}, "cutoff.dates[0]", "invalid"),
        ({"after": "hold", "dates": ["2026-11-13T12:30"]}, "cutoff.dates[0]", "invalid"),
        ({**HOLD, "dates": ["2026-11-13T12:00"]}, "cutoff.dates", "not_both"),
        ({**HOLD, "hold": True}, "cutoff.hold", "unknown_field"),
    ):
        refused = api.patch(place, {"cutoff": wrong, "paused": True})
        assert refused.status_code == 400, wrong
        assert (refused.json()["errors"][0]["field"], refused.json()["errors"][0]["code"]) == (field, code), wrong
    integration.refresh_from_db()
    assert not integration.paused, "nothing of it is done"
    dated = api.patch(place, {"cutoff": {"after": "tag", "dates": ["2026-12-11T12:00", "2026-11-13T12:00"]}}).json()
    assert dated["cutoff"]["dates"] == ["2026-11-13T12:00", "2026-12-11T12:00"]
    assert dated["cutoff"]["monthly"] is None
    assert api.patch(place, {"paused": True}).json()["cutoff"] == dated["cutoff"], "left out, it stays"
    assert api.patch(place, {"cutoff": None}).json()["cutoff"] is None
