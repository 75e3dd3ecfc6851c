"""The page of one job, its buttons, and the preview: over real HTTP where something is sent or asked."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.sdk.messages import TEXTS, packed
from integrations.sdk.params import FieldName
from integrations.sdk.settings import Kind
from synclog.engine import actions
from synclog.log import exchanges
from synclog.models import Attempt, Job
from tests.factories import CompanyFactory, OrganizationFactory
from tests.said import kept
from tests.synclog.pages import LOG, attempt, client_of, connection, job, text_of, unrecorded
from tests.synclog.test_engine import complete
from tests.synclog.world import World

TOMORROW = timedelta(days=1)


def page_of(client: Client, row: Job, query: str = "") -> str:
    response = client.get(f"{LOG}{row.pk}/change/{query}")
    assert response.status_code == 200
    return text_of(response)


@pytest.fixture
def client(world: World) -> Client:
    return client_of(world.organization, "admin", "erik")


# -- every outcome, from the engine


def test_a_sent_position_shows_steps_fields_and_calls(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    position = world.save(percentage=80, occupation_code="25140")
    world.drain(integration)
    page = page_of(client, world.job(integration, position))
    for words in (
        "Created in Netvisor", "Succeeded", "Changed here", "In scope", "Required fields", "Employee matched",
        "accepted", "Changed fields", "Request and response", "Secrets and national ids are masked", "curl -X POST",
        "took", "Accepted", "Re-sync now", "Preview", "Open position", "Open employee",
    ):  # fmt: skip
        assert words in page, words
    assert "Dismiss…" not in page


def test_an_entry_that_waits_again_does_not_show_the_steps_of_before(world: World, client: Client) -> None:
    integration = world.connect("tripletex")
    position = world.save(occupation_code="")
    world.drain(integration)
    row = world.job(integration, position)
    failed = "Occupation code is missing"
    assert failed in steps(client, row)
    actions.resync(Job.objects.filter(pk=row.pk), by="anna")
    assert failed not in steps(client, row) and "Sent" in steps(client, row)
    # Whoever wants to know what was before finds it, and is told that it was before.
    tried = f"?attempt={row.tries.get().pk}"
    assert failed in steps(client, row, tried) and "An earlier attempt is shown below" in page_of(client, row, tried)


def steps(client: Client, row: Job, query: str = "") -> str:
    page = client.get(f"{LOG}{row.pk}/change/{query}").content.decode()
    return page.partition("<h2>Steps</h2>")[2].partition("</section>")[0]


def test_no_secret_is_ever_on_the_page(world: World, client: Client) -> None:
    world.employee.national_id = "14038512345"
    world.employee.save()
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    row = world.job(integration, position)
    # Also not one that slipped into what was kept.
    kinds = (Kind.SECRET, Kind.LONG_SECRET)
    secrets = [integration.credentials[s.name] for s in integration.system.credentials if s.kind in kinds]
    assert secrets
    tried = row.tries.get()
    tried.exchanges.append(
        {
            "at": 0, "method": "POST", "url": f"https://x.example/?a={secrets[0]}", "status": 500, "milliseconds": 3,
            "request_headers": {"X-Other": secrets[0], "Authorization": "Bearer abc"},
            "request_body": json.dumps({"a": [secrets[0], "14038512345"]}), "response_headers": {},
            "response_body": f"<a><b>{secrets[0]}</b></a>", "error": "",
        }
    )  # fmt: skip
    tried.vendor_text = f"no {secrets[0]}"
    tried.said = kept(f"no {secrets[0]}")
    tried.trace[0]["detail"] = kept(f"because {secrets[0]}")[0]
    tried.changes = [{"field": "title", "remote": "x", "old": secrets[0], "new": "14038512345"}]
    tried.save()
    Job.objects.filter(pk=row.pk).update(said=kept(f"We sent {secrets[0]}"), vendor_text=f"You sent {secrets[0]}")
    page = page_of(client, row)
    assert "•••" in page and "x.example" in page
    for secret in [*secrets, "14038512345"]:
        assert secret not in page


def test_a_system_that_repeats_a_secret_does_not_get_it_into_the_log(world: World, client: Client) -> None:
    world.employee.national_id = "14038512345"
    world.employee.save()
    integration = world.connect("tripletex")
    position = world.save(**complete("tripletex"))
    token = integration.credentials["employee_token"]
    body = json.dumps({"message": f"14038512345 with {token} is wrong", "code": 18000})
    world.fail(integration, method="POST", path="employment", status=422, body=body)
    world.drain(integration)
    row = world.job(integration, position)
    assert "is wrong" in row.vendor_text
    log = json.dumps([row.said, row.vendor_text, *row.tries.values_list("said", "vendor_text", "trace")])
    assert "14038512345" not in log and token not in log
    assert "14038512345" not in page_of(client, row)
    assert "14038512345" not in text_of(client.get(f"{LOG}export.csv"))


def test_a_missing_field_names_it_and_says_where(world: World, client: Client) -> None:
    integration = world.connect("tripletex")
    position = world.save()
    world.drain(integration)
    page = page_of(client, world.job(integration, position))
    assert "Not sent to Tripletex: Åse Sørlie" in page
    assert "missing_required_field" in page
    assert "Not reached" in page
    assert "No call was made" in page
    assert "Dismiss…" in page


def test_retrying_says_when_and_which_try(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.fail(integration, status=503, times=9)
    world.drain(integration)
    page = page_of(client, world.job(integration, position))
    assert "Nothing to do: next try" in page
    assert "2 of 13" in page
    assert "Netvisor" in page and "503" in page


@pytest.mark.django_db
@pytest.mark.parametrize("state", Job.State.values)
@pytest.mark.parametrize("key", ["netvisor", "fortnox"])
def test_every_state_has_a_page_for_every_role(state: str, key: str) -> None:
    integration = connection(OrganizationFactory(), key)
    row = job(integration, state=state, message="Something." if state == "failed" else "")
    for role in ("viewer", "editor", "admin"):
        page = page_of(client_of(integration.organization, role), row)
        assert ("Re-sync now" in page) is (role != "viewer" and state != "running")
    assert client_of(None).get(f"{LOG}{row.pk}/change/").status_code == 200


@pytest.mark.django_db
def test_a_job_outlives_its_position_its_attempts_and_unknown_words() -> None:
    integration = connection(OrganizationFactory())
    row = job(integration, state="failed", cause="delete_by_hand", deleted=True, position_key=987654, open_key=987654,
              employee_key=987655)  # fmt: skip
    attempt(row, state="brand_new", cause="brand_new", trace=[], message="")
    page = page_of(client_of(integration.organization), row)
    assert "Not deleted in Netvisor" in page
    assert "Open position" not in page and "Open employee" not in page
    assert "Re-sync now" in page  # it is open: the deletion itself is tried again


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"send_positions": False}, "Send positions is switched off"),
        ({"paused_at": timezone.now(), "paused_by": "anna"}, "The connection was paused by anna"),
        ({"stopped_at": timezone.now(), "stopped_said": kept("Token refused.")}, "The connection is stopped: Token"),
        ({"retry_at": timezone.now() + TOMORROW, "retry_said": kept("It is down.")}, "It is down. It goes out"),
        ({}, "as soon as a worker is free"),
    ],
)
def test_a_waiting_job_says_what_it_waits_for(change: dict[str, Any], words: str) -> None:
    integration = connection(OrganizationFactory())
    row = job(integration, state="waiting")
    Integration.objects.update(**change)
    assert words in page_of(client_of(integration.organization), row)


@pytest.mark.django_db
def test_an_earlier_attempt_can_be_looked_at(django_assert_max_num_queries: Any) -> None:
    integration = connection(OrganizationFactory())
    row = job(integration)
    first = attempt(row, message="First trouble.", trace=[{"title": "Required fields", "ok": False, "at": 0}])
    for number in range(2, 40):
        attempt(row, number=number, message=f"Trouble {number}.")
    client = client_of(integration.organization)
    assert "An earlier attempt is shown" not in page_of(client, row)
    with django_assert_max_num_queries(16):
        page = page_of(client, row, f"?attempt={first.pk}")
    assert "An earlier attempt is shown" in page and "First trouble." in page
    other = attempt(job(integration), message="Of another job")
    assert "Of another job" not in page_of(client, row, f"?attempt={other.pk}")
    assert page_of(client, row, "?attempt=x")


@pytest.mark.django_db
def test_markup_in_words_of_others_stays_text() -> None:
    integration = connection(OrganizationFactory())
    row = job(integration, title="<script>alert(1)</script>", message="<b>x</b>", vendor_text="<i>y</i>")
    attempt(row, message="<u>z</u>", exchanges=[{
        "at": 0, "method": "GET", "url": "https://x.example/</textarea><script>", "status": 200, "milliseconds": 1,
        "request_headers": {}, "request_body": "", "response_headers": {}, "response_body": "<script>1</script>",
        "error": "",
    }])  # fmt: skip
    for address in (f"{row.pk}/change/", "", "by-cause/", f"{row.pk}/dismiss/"):
        page = text_of(client_of(integration.organization).get(LOG + address))
        for bad in ("<script>alert", "<b>x", "<i>y", "<u>z", "</textarea><script>", "<script>1"):
            assert bad not in page, (address, bad)


# -- its buttons


def test_resync_opens_a_closed_job_anew_once(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    done = world.job(integration, position)
    for _ in range(2):
        response = client.post(f"{LOG}{done.pk}/resync/")
    newest = world.job(integration, position)
    assert newest.pk != done.pk and Job.objects.count() == 2
    assert response["Location"] == f"{LOG}{newest.pk}/change/"
    world.drain(integration)
    assert world.job(integration, position).cause == "nothing_to_change"
    assert len(world.there(integration)) == 1


def test_acting_needs_post(world: World, client: Client) -> None:
    row = job(connection(world.organization))
    for act in ("resync", "move"):
        assert client.get(f"{LOG}{row.pk}/{act}/").status_code == 405
    assert client.get(f"{LOG}send-now/").status_code == 405
    assert client.get(f"{LOG}{row.pk}/preview/")["Location"].endswith(f"/{row.pk}/change/")
    assert client.get(f"{LOG}preview/").status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    for act in ("resync", "move", "dismiss", "preview"):
        assert strict.post(f"{LOG}{row.pk}/{act}/").status_code == 403, act
    row.refresh_from_db()
    assert row.state == "failed"


def test_dismissal_keeps_reason_and_name(world: World, client: Client) -> None:
    row = job(connection(world.organization))
    assert "Why?" in text_of(client.get(f"{LOG}{row.pk}/dismiss/"))
    client.post(f"{LOG}{row.pk}/dismiss/", {"reason": "Done by hand" + "x" * 500})
    row.refresh_from_db()
    assert row.state == "dismissed" and row.dismissed_reason.startswith("Done by hand")
    assert "(erik)" in row.dismissed_reason
    assert "Dismissed" in page_of(client, row)
    assert "closed already" in text_of(client.post(f"{LOG}{row.pk}/dismiss/", follow=True))


def test_moving_the_existing_period(world: World, client: Client) -> None:
    integration = world.connect("tripletex")
    position = world.save(**complete("tripletex"))
    world.drain(integration)
    position.start_date = date(2026, 2, 1)
    position.save()
    world.drain(integration)
    row = world.job(integration, position)
    assert row.cause == "start_date_changed", row.message
    assert "Move the existing period</button>" in page_of(client, row)
    at_position = client.get(f"/admin/positions/position/{position.pk}/change/").content.decode()
    assert "Press Move the existing period" in at_position and "Move the existing period</button>" in at_position
    client.post(f"{LOG}{row.pk}/move/")
    world.drain(integration)
    row.refresh_from_db()
    assert (row.state, row.action) == ("succeeded", "move"), row.message
    assert "Re-sync: " not in page_of(client, row)
    assert len(world.there(integration)) == 1
    assert "no earlier period" in text_of(client.post(f"{LOG}{row.pk}/move/", follow=True))


# -- preview


def test_preview_shows_the_plan_and_writes_nothing(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    position = world.save(percentage=80)
    Job.objects.all().delete()
    data = {"position": position.pk, "integration": integration.pk}
    page = text_of(client.post(f"{LOG}preview/", data))
    for words in ("Would be sent", "A new record would be created in Netvisor.", "Fields that would change",
                  "nothing was written", "Employee matched"):  # fmt: skip
        assert words in page, words
    assert world.there(integration) == []
    for model in (Job, Attempt, PeriodLink, EmployeeLink, LogEntry):
        assert not model._default_manager.exists(), model
    integration.refresh_from_db()
    assert integration.last_success_at is None


def test_preview_of_a_job_after_it_was_sent(world: World, client: Client) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    row = world.job(integration, position)
    page = text_of(client.post(f"{LOG}{row.pk}/preview/"))
    assert "Would be skipped" in page and "already agrees" in page
    position.end_date, position.end_reason = date(2026, 12, 31), "resigned"
    position.save()
    page = text_of(client.post(f"{LOG}{row.pk}/preview/"))
    assert "would be ended" in page
    assert world.there(integration)[0]["enddate"] is None
    assert Job.objects.open().get().state == "waiting"


def test_preview_of_a_deletion(world: World, client: Client) -> None:
    integration = world.connect("netvisor", delete_positions=True)
    position = world.save()
    world.drain(integration)
    key = position.pk
    position.delete()
    row = world.job(integration, key)
    page = text_of(client.post(f"{LOG}{row.pk}/preview/"))
    assert "would be deleted" in page or "cannot delete" in page
    assert len(world.there(integration)) == 1


def test_preview_says_why_it_cannot(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    data = {"position": position.pk, "integration": integration.pk}
    world.fail(integration, status=503, times=9)
    page = text_of(client.post(f"{LOG}preview/", data))
    assert "Could not be found out" in page and "503" in page
    monkeypatch.setattr("synclog.questions.preview.run", lambda *a, **k: 1 / 0)
    assert "Position Sync made a mistake" in text_of(client.post(f"{LOG}preview/", data))
    integration.companies.add(CompanyFactory(organization=world.organization, name="Elsewhere AS"))
    assert "takes only positions with Elsewhere AS" in text_of(client.post(f"{LOG}preview/", data))
    integration.companies.clear()
    Integration.objects.update(paused_at=timezone.now())
    monkeypatch.undo()
    integration.credentials = {}
    integration.save()
    assert "is not connected" in text_of(client.post(f"{LOG}preview/", data))


def test_preview_ends_in_time(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    monkeypatch.setattr("synclog.questions.preview.CALL_SECONDS", 0.3)
    world.fail(integration, kind="hang", seconds=1.2, times=1)
    page = text_of(client.post(f"{LOG}preview/", {"position": position.pk, "integration": integration.pk}))
    assert "did not answer in time" in page


# -- send now


def test_send_now_twice_gives_one_job(world: World, client: Client) -> None:
    integration = world.connect("netvisor", on=False)
    position = world.save()
    data = {"position": position.pk, "integration": integration.pk}
    assert "switched off" in text_of(client.post(f"{LOG}send-now/", data, follow=True))
    actions.switch(integration, True, by="anna")
    for _ in range(2):
        response = client.post(f"{LOG}send-now/", {**data, "next": f"/admin/positions/position/{position.pk}/change/"})
    assert response["Location"].endswith(f"/{position.pk}/change/")
    row = Job.objects.get()
    assert (row.origin, row.origin_name) == ("resync", "erik")
    world.drain(integration)
    assert len(world.there(integration)) == 1
    integration.companies.add(CompanyFactory(organization=world.organization))
    assert "takes only positions with" in text_of(client.post(f"{LOG}send-now/", data, follow=True))


# -- showing calls


def test_pretty_bodies_and_curl() -> None:
    assert exchanges.pretty('{"a":1}') == '{\n  "a": 1\n}'
    assert exchanges.pretty("<a><b>1</b></a>").splitlines()[-1] == "</a>"
    assert exchanges.pretty('{"cut off') == '{"cut off'
    assert exchanges.pretty("<not xml") == "<not xml"
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    assert exchanges.pretty(bomb) == bomb
    command = exchanges.curl("POST", "https://x.example/?a='b'", {"Content-Length": "3", "X": "y'z"}, "it's")
    assert "Content-Length" not in command
    assert "'https://x.example/?a='\"'\"'b'\"'\"''" in command and "--data-raw" in command


@pytest.mark.django_db
def test_vault_tokens_are_masked_too() -> None:
    integration = connection(OrganizationFactory())
    integration.vault = {"access": {"token": "a-token-in-the-vault"}, "n": 3}
    masker = exchanges.masker_of(integration, "140385-12345")
    assert masker.words("x a-token-in-the-vault 140385-12345") == "x ••• •••"
    assert unrecorded(integration.organization).pk


@pytest.mark.django_db
def test_an_entry_opens_the_place_where_it_is_put_right() -> None:
    integration = connection(OrganizationFactory(), "netvisor")
    of_credential = next(text for text in TEXTS.values() if text.setting == "customer_key")
    inner = of_credential(**dict.fromkeys(of_credential.names, "x"))  # what stands in a message counts, too
    said = packed([TEXTS["plan.not_encoded"](field=FieldName("title"), why=inner)])
    row = job(integration, field="occupation_code", said=said)
    page = page_of(client_of(integration.organization), row)
    entry = f"%2Fadmin%2Fsynclog%2Fjob%2F{row.pk}%2Fchange%2F"
    assert f"/admin/positions/position/{row.position_key}/change/?next={entry}#id_occupation_code" in page
    settings = f"/admin/integrations/integration/{integration.pk}/settings/"
    assert f"{settings}?next={entry}%3Fagain%3D1#id_credential__customer_key" in page
    assert "#id_" not in page_of(client_of(integration.organization, "viewer"), row)
    job_done = job(integration, state="succeeded", field="occupation_code")
    assert "#id_" not in page_of(client_of(integration.organization), job_done)
