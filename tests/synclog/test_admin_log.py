"""The list of the error log: tabs, filters, counts, export, groups, and what is done to many at once."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.test import Client
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.admin.job import listing
from synclog.engine import actions
from synclog.models import Batch, Job
from synclog.queue import tasks
from tests.factories import MemberFactory, OperatorFactory, OrganizationFactory
from tests.synclog.pages import LOG, client_of, connection, job, text_of, unrecorded

pytestmark = pytest.mark.django_db
CANARY = "Zyxwvut"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, name="Netvisor Oulu")


@pytest.fixture
def client(organization: Organization) -> Client:
    return client_of(organization, "editor", "erik")


def listed(client: Client, query: str = "") -> list[int]:
    response = client.get(LOG + query)
    assert response.status_code == 200, response
    return [row.pk for row in response.context["cl"].result_list]


# -- tabs, counts, empty states


def test_each_tab_holds_its_states_and_needs_action_comes_first(client: Client, integration: Integration) -> None:
    by_state = {state: job(integration, state=state).pk for state in Job.State.values}
    assert listed(client) == listed(client, "?tab=needs_action") == [by_state["failed"]]
    assert set(listed(client, "?tab=retrying")) == {by_state[s] for s in ("waiting", "running", "retrying")}
    for tab in ("skipped", "succeeded", "dismissed"):
        assert listed(client, f"?tab={tab}") == [by_state[tab]]
    assert set(listed(client, "?tab=all")) == set(by_state.values())
    tabs = {tab.key: tab.count for tab in client.get(LOG).context["cl"].tabs()}
    assert tabs == {
        "needs_action": "1", "retrying": "3", "skipped": "1", "succeeded": "1", "dismissed": "1", "all": "7",
    }  # fmt: skip


def test_a_tab_is_called_as_the_counter_that_leads_to_it(client: Client, integration: Integration) -> None:
    """*Retrying* is what is tried again; what waits for its day, for the cut-off or for a second is not."""
    job(integration, state="waiting")
    titles = {tab.key: tab.title for tab in client.get(LOG).context["cl"].tabs()}
    page = client.get(f"/admin/integrations/integration/{integration.pk}/change/").content.decode()
    counter = re.search(r"tab=retrying[^>]*><b>1</b> <span>(.*?)</span>", page)
    assert counter is not None
    assert titles["retrying"] == counter[1] == "Waiting"


def test_an_empty_log_of_somebody_without_connections(organization: Organization) -> None:
    assert "No system is connected yet" in text_of(client_of(organization).get(LOG))


def test_an_unknown_tab_is_the_first_one(client: Client, integration: Integration) -> None:
    job(integration)
    assert len(listed(client, "?tab=nonsense")) == 1


def test_counting_stops_at_a_thousand(
    client: Client, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "CAP", 2)
    for _ in range(3):
        job(integration)
    page = text_of(client.get(LOG))
    assert "2+" in page and "The newest 1,000 are listed" in page
    assert issubclass(listing.JobPages, Paginator)


def test_the_empty_state_says_when_it_was_last_sent(client: Client, integration: Integration) -> None:
    assert "Nothing was sent yet either" in text_of(client.get(LOG))
    Integration.objects.update(last_success_at=timezone.now().replace(hour=7, minute=14))
    page = text_of(client.get(LOG))
    assert "Everything is in sync" in page
    assert re.search(r"Last sent (\d+ \w+ )?0[89]:14\.", page)
    job(integration, state="waiting")
    assert "on their way" in text_of(client.get(LOG))
    assert "Nothing matches" in text_of(client.get(LOG + "?q=nobody"))
    for tab in ("skipped", "succeeded", "dismissed"):
        assert client.get(f"{LOG}?tab={tab}").context["empty"]


def test_the_columns_say_it_in_words(client: Client, integration: Integration, organization: Organization) -> None:
    position = unrecorded(organization, first_name="Åse", last_name="Sørlie", number="1042")
    job(
        integration, position, state="retrying", cause="target_unavailable", attempts=2, origin="api",
        origin_name="nightly", due_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    page = text_of(client.get(LOG + "?tab=retrying"))
    for words in ("Åse Sørlie", "1042", "Baker", "from 1 Jan 2026", "Netvisor Oulu", "Retrying", "2 attempts",
                  "3 of 13", "The system does not answer", "Nothing to do", "API: nightly"):  # fmt: skip
        assert words in page, words


# -- filters


def test_whose_an_entry_is_stands_in_it_only_where_several_are_shown(integration: Integration) -> None:
    other = connection(OrganizationFactory(name="Another Oy"))
    job(integration)
    job(other)
    operator = Client()
    operator.force_login(OperatorFactory())
    assert " · Another Oy" in text_of(operator.get(LOG, {"tab": "all"}))
    assert " · Another Oy" not in text_of(operator.get(f"{LOG}?tab=all&integration__id__exact={other.pk}"))


def test_filters(client: Client, integration: Integration, organization: Organization) -> None:
    other = connection(organization, "fortnox")
    ase = unrecorded(organization, "Baker", last_name="Sørlie")
    ola = unrecorded(organization, "Cook", last_name="Nordmann")
    a = job(integration, ase, field="occupation_code", action="create", start_date=date(2026, 1, 1),
            end_date=date(2026, 3, 31))  # fmt: skip
    b = job(other, ola, cause="overlap_in_target", action="end", start_date=date(2026, 6, 1), end_date=None)
    Job.objects.filter(pk=b.pk).update(changed_at=timezone.now() - timedelta(days=40))
    day = (timezone.now() - timedelta(days=20)).date().isoformat()
    for query, found in {
        f"?integration__id__exact={integration.pk}": [a.pk],
        "?state__exact=failed": [a.pk, b.pk],
        "?state__exact=waiting": [],
        "?cause=overlap_in_target": [b.pk],
        "?action__exact=create": [a.pk],
        f"?employee={ola.employee_id}": [b.pk],
        f"?position={ase.pk}": [a.pk],
        "?field=occupation_code": [a.pk],
        "?active_on=2026-02-01": [a.pk],
        "?active_on=2026-04-01": [],
        "?active_on=2027-01-01": [b.pk],
        f"?since={day}": [a.pk],
        f"?until={day}": [b.pk],
        "?q=Sørlie": [a.pk],
        "?q=Cook": [b.pk],
        f"?q={ola.employee.number}": [b.pk],
        f"?cause=overlap_in_target&integration__id__exact={integration.pk}": [],
        "?employee=x": [],
        f"?employee={10**30}": [],
        "?since=2026-99-99": [],
        "?active_on=0001-01-01": [],
    }.items():
        assert listed(client, query) == found, query


def test_what_is_filtered_is_said_and_can_be_taken_off(
    client: Client, integration: Integration, organization: Organization
) -> None:
    position = unrecorded(organization, "Baker", first_name="Åse", last_name="Sørlie")
    job(integration, position)
    response = client.get(f"{LOG}?tab=all&employee={position.employee_id}&position={position.pk}&since=2026-01-01")
    said = {f.name: (f.value, f.without) for f in response.context["cl"].active_filters()}
    assert said["employee"][0] == "Åse Sørlie"
    assert said["position"][0] == "Baker, from 1 Jan 2026"
    assert said["time from"][0] == "1 Jan 2026"
    assert "employee" not in said["employee"][1] and "tab=all" in said["employee"][1]
    page = text_of(response)
    # What came with a link stays when another filter is applied, or when something is sought.
    assert page.count(f'name="position" value="{position.pk}"') >= 1
    assert page.count('name="tab" value="all"') >= 2


def test_newest_first_and_fifty_a_page(client: Client, integration: Integration) -> None:
    for _ in range(51):
        job(integration)
    first, second = listed(client), listed(client, "?p=2")
    assert (len(first), len(second)) == (50, 1)
    assert first == sorted(first, reverse=True)


def test_queries_do_not_grow_with_rows(
    client: Client, integration: Integration, django_assert_max_num_queries: Any
) -> None:
    job(integration)
    listed(client, "?tab=all")
    with django_assert_max_num_queries(25) as few:
        listed(client, "?tab=all")
    for _ in range(30):
        job(integration)
        job(connection(integration.organization))
    with django_assert_max_num_queries(25) as many:
        listed(client, "?tab=all")
    assert len(many) == len(few)


# -- export


def test_csv_holds_the_filter_and_no_formula(client: Client, integration: Integration, organization: Any) -> None:
    evil = unrecorded(organization, "=HYPERLINK(1)", last_name="+Nordmann", first_name="@Kari")
    job(integration, evil, message="-1 is not a percentage", vendor_text="\tcmd")
    job(integration, state="succeeded")
    response = client.get(f"{LOG}export.csv")
    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(text_of(response).removeprefix("\ufeff"))))
    assert len(rows) == 1
    assert rows[0]["Position"] == "'=HYPERLINK(1)"
    assert rows[0]["Employee"] == "'@Kari +Nordmann"
    assert rows[0]["Message"] == "'-1 is not a percentage"
    assert rows[0]["System's own words"] == "'\tcmd"
    assert rows[0]["Cause code"] == "missing_required_field"
    assert rows[0]["Next attempt"] == ""
    assert len(list(csv.reader(io.StringIO(text_of(client.get(f"{LOG}export.csv?tab=all")))))) == 3


def test_csv_queries_do_not_grow(client: Client, integration: Integration, django_assert_max_num_queries: Any) -> None:
    for _ in range(30):
        job(integration)
    with django_assert_max_num_queries(20):
        text_of(client.get(f"{LOG}export.csv"))


# -- by cause


def test_groups_by_cause(client: Client, integration: Integration) -> None:
    for _ in range(3):
        job(integration, field="occupation_code")
    job(integration, cause="overlap_in_target")
    response = client.get(f"{LOG}by-cause/")
    page = text_of(response)
    assert "Occupation code: 3 employees, 1 system" in page
    assert "It overlaps another period there: 1 employee, 1 system" in page
    opened, again = response.context["needs"][0].buttons
    assert opened.words == "Open 3 entries"
    assert len(client.get(opened.url).context["cl"].result_list) == 3
    assert "Send 3 entries again?" in text_of(client.get(again.url))


def test_groups_have_an_empty_state(client: Client, integration: Integration) -> None:
    assert "Nothing needs you" in text_of(client.get(f"{LOG}by-cause/"))


# -- many at once


def test_resync_selected_twice_gives_one_job(client: Client, integration: Integration) -> None:
    failed, done = job(integration), job(integration, state="succeeded")
    data = {"action": "resync_selected", "_selected_action": [failed.pk, done.pk], "index": 0}
    for _ in range(2):
        response = client.post(f"{LOG}?tab=all", data, follow=True)
        assert response.redirect_chain[-1][0].endswith("?tab=all")
    assert Job.objects.open().count() == 2
    assert Job.objects.filter(position_key=done.position_key).count() == 2
    failed.refresh_from_db()
    assert (failed.state, failed.origin, failed.origin_name) == ("waiting", "resync", "erik")


def test_resync_leaves_out_what_is_off_and_says_so(client: Client, integration: Integration) -> None:
    off = connection(integration.organization, "fortnox", name="Fortnox Kiruna", send_positions=False)
    closed = job(off, state="skipped", cause="switched_off")
    data = {"action": "resync_selected", "_selected_action": [closed.pk], "index": 0}
    page = text_of(client.post(f"{LOG}?tab=all", data, follow=True))
    assert "Send positions is switched off for Fortnox Kiruna" in page
    assert not Job.objects.open().exists()


def test_resync_all_counts_first_and_sends_on_post(client: Client, integration: Integration) -> None:
    rows = [job(integration, field="occupation_code") for _ in range(3)]
    job(integration, cause="overlap_in_target")
    address = f"{LOG}resync/?cause=missing_required_field"
    assert "Send 3 entries again?" in text_of(client.get(address))
    assert not Job.objects.filter(state="waiting").exists()
    page = text_of(client.post(address, follow=True))
    assert "3 positions will be sent again now." in page
    assert set(Job.objects.filter(state="waiting").values_list("pk", flat=True)) == {row.pk for row in rows}
    assert "Nothing to send again" in text_of(client.post(address, follow=True))


def test_resync_all_in_pieces(client: Client, integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synclog.log.batches.PIECE", 2)
    position = unrecorded(integration.organization)
    for _ in range(5):
        job(integration, position, state="succeeded")
    client.post(f"{LOG}resync/?tab=succeeded")
    tasks.carry_on(Batch.objects.get().pk)
    assert Job.objects.open().count() == 1


def test_dismiss_selected_asks_for_a_reason(client: Client, integration: Integration) -> None:
    row = job(integration)
    data = {"action": "dismiss_selected", "_selected_action": [row.pk], "index": 0}
    assert "Why?" in text_of(client.post(LOG, data))
    row.refresh_from_db()
    assert row.state == "failed"
    data.pop("index")
    client.post(LOG, {**data, "reason": "done  by hand"})
    row.refresh_from_db()
    assert (row.state, row.open_key, row.dismissed_reason) == ("dismissed", None, "done by hand (erik)")


def test_one_row_is_resynced_from_the_list(client: Client, integration: Integration) -> None:
    row = job(integration)
    page = text_of(client.get(f"{LOG}?q="))
    assert f'formaction="/admin/synclog/job/{row.pk}/resync/?next=' in page
    response = client.post(f"{LOG}{row.pk}/resync/?next={LOG}%3Ftab%3Dall")
    assert response["Location"] == f"{LOG}?tab=all"
    response = client.post(f"{LOG}{row.pk}/resync/?next=https://evil.example/")
    assert "evil" not in response["Location"]
    assert Job.objects.count() == 1


def test_nobody_writes_jobs_by_hand(integration: Integration) -> None:
    row = job(integration)
    for client in (client_of(integration.organization), client_of(None)):
        assert client.get(f"{LOG}add/").status_code == 403
        assert client.get(f"{LOG}{row.pk}/delete/").status_code == 403
        assert client.post(f"{LOG}{row.pk}/change/", {"state": "succeeded"}).status_code == 405
        data = {"action": "delete_selected", "_selected_action": [row.pk], "index": 0, "post": "yes"}
        client.post(LOG, data)
    assert Job.objects.get().state == "failed"


# -- roles and tenancy


def test_a_viewer_reads_and_changes_nothing(integration: Integration) -> None:
    row = job(integration)
    viewer = client_of(integration.organization, "viewer")
    page = text_of(viewer.get(LOG))
    assert "formaction" not in page and "matching…" not in page and f"{row.pk}/dismiss/" not in page
    assert viewer.get(f"{LOG}{row.pk}/change/").status_code == 200
    assert viewer.get(f"{LOG}export.csv").status_code == 200
    assert viewer.get(f"{LOG}by-cause/").status_code == 200
    assert viewer.get(f"{LOG}resync/").status_code == 403
    assert viewer.post(f"{LOG}resync/").status_code == 403
    for act in ("resync", "dismiss", "move", "preview"):
        assert viewer.post(f"{LOG}{row.pk}/{act}/").status_code == 403, act
    data = {"position": row.position_key, "integration": integration.pk}
    assert viewer.post(f"{LOG}preview/", data).status_code == 403
    assert viewer.post(f"{LOG}send-now/", data).status_code == 403
    for action in ("resync_selected", "dismiss_selected"):
        viewer.post(LOG, {"action": action, "_selected_action": [row.pk], "index": 0, "reason": "x"})
    row.refresh_from_db()
    assert row.state == "failed"


def test_nobody_sees_another_organizations_log(client: Client, integration: Integration) -> None:
    foreign = connection(OrganizationFactory(name=f"{CANARY} AS"), name=f"{CANARY} system")
    theirs = unrecorded(foreign.organization, CANARY, last_name=CANARY)
    row = job(foreign, theirs, message=CANARY, cause="overlap_in_target")
    mine = unrecorded(integration.organization)
    for address in (
        LOG, f"{LOG}?tab=all", f"{LOG}?tab=all&integration__id__exact={foreign.pk}", f"{LOG}?position={theirs.pk}",
        f"{LOG}?employee={theirs.employee_id}", f"{LOG}?q={CANARY[:4]}", f"{LOG}by-cause/?tab=all",
        f"{LOG}export.csv?tab=all", f"{LOG}resync/?tab=all", f"{LOG}{row.pk}/change/", f"{LOG}{row.pk}/dismiss/",
        f"{LOG}{row.pk}/history/", "/admin/",
    ):  # fmt: skip
        response = client.get(address, follow=True)
        assert CANARY not in text_of(response), address
    for act in ("resync", "dismiss", "move", "preview"):
        answer, missing = client.post(f"{LOG}{row.pk}/{act}/"), client.post(f"{LOG}999999/{act}/")
        assert (answer.status_code, answer.get("Location")) == (missing.status_code, missing.get("Location")), act
    for position, connected in ((theirs, foreign), (theirs, integration), (mine, foreign)):
        for act in ("preview", "send-now"):
            data = {"position": position.pk, "integration": connected.pk}
            response = client.post(f"{LOG}{act}/", data, follow=True)
            assert "There is no such position or connection" in text_of(response)
            assert CANARY not in text_of(response)
    client.post(LOG, {"action": "resync_selected", "_selected_action": [row.pk], "index": 0})
    client.post(f"{LOG}resync/?tab=all")
    row.refresh_from_db()
    assert row.state == "failed" and Job.objects.count() == 1


def test_an_editor_here_and_viewer_there_acts_here_only(client: Client, integration: Integration) -> None:
    there = connection(OrganizationFactory())
    user = client.get("/admin/").wsgi_request.user
    MemberFactory(organization=there.organization, user=user, role="viewer")
    mine, theirs = job(integration), job(there)
    assert set(listed(client)) == {mine.pk, theirs.pk}
    assert f" · {there.organization.name}" in text_of(client.get(LOG))
    client.post(f"{LOG}resync/")
    data = {"action": "resync_selected", "_selected_action": [theirs.pk], "index": 0}
    client.post(LOG, data)
    assert client.post(f"{LOG}{theirs.pk}/resync/").status_code == 403
    mine.refresh_from_db(), theirs.refresh_from_db()
    assert (mine.state, theirs.state) == ("waiting", "failed")


def test_what_runs_is_left_alone(client: Client, integration: Integration) -> None:
    row = job(integration, state="running")
    client.post(f"{LOG}{row.pk}/dismiss/", {"reason": "x"})
    assert "left out" in text_of(client.post(f"{LOG}{row.pk}/resync/", follow=True))
    row.refresh_from_db()
    assert row.state == "running"
    actions.dismiss(Job.objects.all(), "", "x")
