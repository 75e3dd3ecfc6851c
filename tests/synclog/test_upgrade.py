"""From the last version's database to the newest: everything is still there, right, and readable."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps as newest_apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import ExportFile, ExportRecord, Integration, PeriodLink
from positions.models import ApiKey, Employee
from synclog.engine import agreeing
from synclog.models import Batch, Heartbeat
from tests.migrated import step_by_step
from tests.positions.conftest import Api
from tests.synclog import former, last_version
from tests.synclog.last_version import SAID, Before, Made

KEY = "psk_of_before"
APPS = ("positions", "integrations", "synclog")
LOG = "/admin/synclog/job/"


def rows(apps: Any) -> Counter[str]:
    """How many rows each model of ours has."""
    models = (model for label in APPS for model in apps.get_app_config(label).get_models())
    return Counter({model._meta.label: model._default_manager.count() for model in models})


def tables() -> dict[str, Any]:
    """What the database itself says of each: its columns and all that holds for them, in whatever order."""
    found = {}
    with connection.cursor() as cursor:
        look = connection.introspection
        for table in look.table_names(cursor):
            columns = {
                (c.name, c.type_code, c.display_size, c.null_ok) for c in look.get_table_description(cursor, table)
            }
            held = look.get_constraints(cursor, table).values()
            found[table] = columns, sorted(str(sorted(one.items(), key=str)) for one in held)
    return found


@pytest.fixture
def upgraded(transactional_db: Any) -> Iterator[tuple[Made, Counter[str]]]:
    """What was made in the last version's database, which then was brought to the newest; and how much it was. On the
    way there from the oldest, each step that turns something into something else is seen to do it."""
    made_at_once, limits = tables(), former.Limits()
    try:
        former.at(*former.OLDEST)
        former.matches_of_two_with_one_record_are_stopped_and_the_others_kept()
        former.keys_of_before_end_a_year_after_the_upgrade_and_are_of_their_maker()
        former.what_was_exchanged_before_is_blanked()
        old_apps = former.at(*last_version.LAST)
        made = Before(old_apps, ApiKey.digest(KEY))()
        before = rows(old_apps)
        executor = step_by_step()
        executor.migrate(executor.loader.graph.leaf_nodes())
        before.pop("synclog.Question")  # forgotten after an hour, and by an upgrade that gives answers another form
        now = rows(newest_apps)
        assert {label: now[label] for label in before} == before, "every row is there"
        limits.hold()
        assert tables() == made_at_once
        yield made, before
    finally:
        # Also when a migration fails half way: without rows, the others of it hold, and the next test finds the newest.
        call_command("flush", interactive=False, inhibit_post_migrate=True, verbosity=0)
        executor = step_by_step()
        executor.migrate(executor.loader.graph.leaf_nodes())


def words_of(response: Any) -> str:
    """A page as a person reads it."""
    assert response.status_code == 200, response
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))
    return re.sub(r"\s+", " ", text)


def test_what_the_last_version_wrote_is_there_and_readable(upgraded: tuple[Made, Counter[str]]) -> None:
    made, before = upgraded
    Heartbeat.objects.update(seen_at=timezone.now())  # on a slow machine the way here has taken long
    assert before["synclog.Job"] == len(SAID) and before["synclog.Attempt"] > len(SAID)

    browser = Client()
    browser.force_login(get_user_model().objects.get(pk=made.admin))
    key = ApiKey.objects.get()
    key.key = KEY  # type: ignore[attr-defined]
    api = Api(key)
    the_log(browser, made)
    the_api(api, made)
    connections(browser, api, made)
    people(browser, api, made)
    files(browser, api, made)
    a_place_that_was_chosen_later(api, made)
    what_no_page_shows(made)


def the_log(browser: Client, made: Made) -> None:
    listed = words_of(browser.get(f"{LOG}?tab=all"))
    for name, said in SAID.items():
        assert f"Baker, {name}" in listed
        page = words_of(browser.get(reverse("admin:synclog_job_change", args=[made.jobs[name]])))
        told = said.get("message", "")
        if told and not told.startswith("Accepted by"):  # that alone is told by what happened
            assert sentence(told) in page, name
        for column in ("vendor_text", "vendor_code"):
            assert said.get(column, "") in page, name
        if said["state"] in ("failed", "skipped", "succeeded", "dismissed", "retrying"):
            for words in ("Employee matched", "Åse Sørlie", "2 periods", "employmentDetails.occupation", "80.5"):
                assert words in page, (name, words)
            assert "Ansettelsesforhold overlapper" in page, name  # the call's answer
            assert "It did not answer within 30 seconds." in page, name  # the try before
            first = words_of(browser.get(f"{LOG}{made.jobs[name]}/change/?attempt={first_try(made.jobs[name])}"))
            assert "It did not answer within 30 seconds." in first, name
    assert last_version.WARNED in words_of(browser.get(f"{LOG}{made.jobs['warned']}/change/"))
    assert "Done by hand, kari." in words_of(browser.get(f"{LOG}{made.jobs['dismissed']}/change/"))
    assert "Baker, overlap" in words_of(browser.get(f"{LOG}?q=sorlie"))
    assert b"Ansettelsesforhold overlapper" in b"".join(browser.get(f"{LOG}export.csv"))
    assert "The employee was not found there" in words_of(browser.get(f"{LOG}by-cause/"))


def sentence(told: str) -> str:
    """Our words about a system, which a page may begin with its name."""
    return told.removeprefix("It ").rstrip(".")


def first_try(job: int) -> int:
    return newest_apps.get_model("synclog", "Attempt").objects.filter(job=job).order_by("number")[0].pk


def the_api(api: Api, made: Made) -> None:
    listed = {job["id"]: job for job in api.get("/jobs/?limit=100").json()["results"]}
    assert set(listed) == set(made.jobs.values())
    for name, said in SAID.items():
        job = listed[made.jobs[name]]
        assert job["title"] == f"Baker, {name}"
        shown = ("state", "cause", "message", "field", "vendor_text", "vendor_code", "warning", "deleted")
        answered = {"vendor_text": "system_text", "vendor_code": "system_code"}
        for column in shown:
            assert job[answered.get(column, column)] == (
                said.get(column) or None if column not in ("warning", "deleted") else said.get(column, False)
            ), (name, column)
        assert job["open"] is (said["state"] in ("waiting", "running", "retrying", "failed"))
    (last, first) = api.get(f"/jobs/{made.jobs['overlap']}/").json()["attempts"]
    assert (last["message"], first["message"]) == (
        SAID["overlap"]["message"],
        "It did not answer within 30 seconds.",
    )
    told = [(step["title"], step["ok"], step["detail"]) for step in last["steps"]]
    assert told[: len(last_version.TRACE)] == [(s["title"], s["ok"], s["detail"]) for s in last_version.TRACE]
    changes = [{**change, "since": None} for change in last_version.CHANGES]
    assert (last["changes"], last["unsent"]) == (changes, last_version.UNSENT)
    warned = api.get(f"/jobs/{made.jobs['warned']}/").json()["attempts"][0]
    assert warned["warnings"] == [last_version.WARNED]
    batch = api.get(f"/batches/{made.batch}/").json()
    assert (batch["total"], batch["looked_at"], batch["off"]) == (len(SAID), 3, ["netvisor of before"])
    assert api.get(f"/questions/{last_version.QUESTION}/").status_code == 404, "its answer has another form now"


def connections(browser: Client, api: Api, made: Made) -> None:
    names = {row["name"] for row in api.get("/integrations/").json()["results"]}
    assert names == {f"{key} of before" for key in made.integrations}
    pages = {
        key: words_of(browser.get(reverse("admin:integrations_integration_change", args=[pk])))
        for key, pk in made.integrations.items()
    }
    for page in pages.values():
        for _, text, _ in last_version.EVENTS:
            assert text in page
    assert last_version.STOPPED in pages["poweroffice_go"]
    assert last_version.PUT_OFF in pages["netvisor"]
    assert "by kari" in pages["crona_lon"]
    deleting = {
        row.system_key: row.delete_positions for row in Integration.objects.filter(pk__in=made.integrations.values())
    }
    assert [key for key, on in deleting.items() if not on] == ["poweroffice_go", "tripletex"], "they did not act on it"
    words_of(browser.get("/admin/"))
    assert "Baker of before" in words_of(browser.get("/admin/positions/auditentry/"))


def people(browser: Client, api: Api, made: Made) -> None:
    listed = words_of(browser.get(reverse("admin:integrations_employeelink_changelist")))
    assert last_version.LEFT_ALONE in listed and "77" in listed
    known, nobody = sorted(api.get("/matches/").json()["results"], key=lambda match: match["id"])
    assert (known["state"], known["remote_id"], known["confirmed_by"]) == ("matched", "77", "kari")
    assert (nobody["state"], nobody["cause"]) == ("not_matched", "not_the_same_person")
    assert last_version.LEFT_ALONE in nobody["message"]
    for number, name in (("1042", "overlap"), ("1043", "missing")):
        employee = browser.get(reverse("admin:positions_employee_change", args=[made.employees[number]]))
        assert f"Baker, {name}" in words_of(employee)
        assert str(SAID[name]["message"]) in html.unescape(employee.content.decode()), "as the mark's title"
        position = browser.get(reverse("admin:positions_position_change", args=[made.positions[name]]))
        assert str(SAID[name]["message"]) in words_of(position)
        states = api.get(f"/positions/{made.positions[name]}/sync/").json()
        assert str(SAID[name]["message"]) in " ".join(state["why"] for state in states)
    assert last_version.LEFT_ALONE in words_of(employee)


def files(browser: Client, api: Api, made: Made) -> None:
    crona = made.integrations["crona_lon"]
    page = words_of(browser.get(reverse("admin:integrations_integration_files", args=[crona])))
    for words in ("crona-lon-20260615-140207-1.pax", "says kari", last_version.TROUBLE, "Being filled"):
        assert words in page
    address = reverse("admin:integrations_integration_file_download", args=[crona, made.files[0]])
    assert browser.get(address).content == last_version.FILE
    marked = browser.post(
        reverse("admin:integrations_integration_files_imported", args=[crona]), {"file": made.files[1]}
    )
    assert marked.status_code == 302
    entry = api.get(f"/jobs/{made.jobs['in a file']}/").json()
    assert entry["message"] == "In the file of 14:02, imported by kari.", "what is not true any more is not said"


def a_place_that_was_chosen_later(api: Api, made: Made) -> None:
    """What was sent before has nothing there: nobody says that it is in sync, before or after it was looked at."""

    def states(name: str) -> list[str]:
        told = api.get(f"/positions/{made.positions[name]}/sync/").json()
        return [one["state"] for one in told if one["integration"] == made.integrations["xledger"]]

    assert (states("placed"), states("not placed")) == (["in_sync"], ["unknown"])
    assert agreeing.look_at_due() and not agreeing.look_at_due()
    assert (states("placed"), states("not placed")) == (["in_sync"], ["changed"])


def what_no_page_shows(made: Made) -> None:
    """Secrets and what the engine goes on with."""
    for key, pk in made.integrations.items():
        assert Integration.objects.get(pk=pk).credentials == made.credentials[key]
    assert {employee.national_id for employee in Employee.objects.all()} == {"14038512345"}
    assert ExportFile.objects.get(pk=made.files[0]).content == last_version.FILE
    assert ExportRecord.objects.first().record == {"anstid": "1042", "befattning": "Bagare"}
    assert {link.values["start_date"] for link in PeriodLink.objects.all()} == {"2026-01-01"}
    assert list(Batch.objects.get().piece(100)) == sorted(made.jobs.values())[3:]
