"""What is said beside positions: why one is, or is not, in payroll; before a deletion; after a save."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Integration, PeriodLink
from integrations.runtime import mapping
from positions.models import Organization, Position
from synclog.admin import panels
from synclog.admin.before_saving import hints_of
from synclog.models import Job
from tests.factories import CompanyFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.said import as_kept
from tests.synclog.pages import attempt, client_of, connection, job, text_of, unrecorded
from tests.synclog.world import World

pytestmark = pytest.mark.django_db
TODAY = date.today()


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, name="Netvisor Oulu")


@pytest.fixture
def position(organization: Organization) -> Position:
    return unrecorded(organization, "Baker", first_name="Åse", last_name="Sørlie")


def state_of(position: Position) -> panels.State:
    position = Position.objects.select_related("employee__organization").get(pk=position.pk)
    (state,) = panels.states_of(panels.connections_of(position.employee.organization), [position])[position.pk]
    return state


def link(integration: Integration, position: Position) -> PeriodLink:
    return PeriodLink.objects.create(
        integration=integration, employee_key=position.employee_id, position_key=position.pk, remote_id="7"
    )


# -- the states


def test_saved_before_the_switch_was_on(integration: Integration, position: Position) -> None:
    Position.objects.update(updated_at=timezone.now() - timedelta(days=400))
    state = state_of(position)
    assert state.mark.word == "Not sent" and state.may_send
    assert state.why.startswith("Saved on ") and "sync has been on since " in state.why
    assert state.why.endswith("Change it or press Send now.")


def test_saved_and_switched_on_the_same_day_tells_the_times(integration: Integration, position: Position) -> None:
    Integration.objects.update(activated_at=timezone.now() + timedelta(seconds=1))
    assert state_of(position).why.count(":") == 2


def test_saved_while_it_was_not_taken(integration: Integration, position: Position) -> None:
    Integration.objects.update(activated_at=timezone.now() - timedelta(days=400))
    assert "It was not recorded for Netvisor Oulu when it was saved." in state_of(position).why


def test_sent_waiting_and_needs_you(integration: Integration, position: Position) -> None:
    row = job(integration, position, state="waiting", cause="")
    assert state_of(position).mark.word == "Waiting"
    stories: list[tuple[dict[str, Any], str, str]] = [
        ({"state": "running"}, "Sending", "The result is here in a moment."),
        ({"state": "retrying", "message": "It is down.", "cause": "target_unavailable"}, "Retrying", "next try"),
        ({"state": "failed", "message": "No occupation code.", "cause": "missing_required_field"}, "Needs you",
         "No occupation code. Fill in"),
        ({"state": "waiting", "cause": "not_yet_current", "message": "It takes the current one only."},
         "Becomes current on", "It takes the current one only."),
        ({"state": "dismissed", "open_key": None, "dismissed_reason": "by hand (anna)"}, "Dismissed", "by hand"),
        ({"state": "dismissed", "open_key": None, "dismissed_reason": " (anna)"}, "Dismissed", " by anna. The next"),
        ({"state": "skipped", "cause": "switched_off", "message": "Sync was switched off before this was sent."},
         "Not sent", "press Send now"),
        ({"state": "skipped", "cause": "no_supported_change", "message": "Only Note."}, "Skipped", "Only Note."),
        ({"state": "succeeded", "cause": "", "message": "Accepted by Netvisor."}, "Not sent", "is known for it"),
    ]  # fmt: skip
    for values, word, why in stories:
        Job.objects.filter(pk=row.pk).update(**as_kept(values))
        state = state_of(position)
        assert word in state.mark.word, values
        assert why in state.why, values
    link(integration, position)
    changes: list[tuple[dict[str, Any], str]] = [
        ({"message": "Accepted by Netvisor."}, "Accepted by Netvisor."),
        ({"warning": True, "message": "It is told once a year."}, "It is told once a year."),
        ({"state": "skipped", "cause": "no_supported_change", "message": "Only Hours."}, "Only Hours."),
        ({"state": "dismissed", "dismissed_reason": "by hand (anna)"}, "Everything that is sent agrees"),
    ]
    for values, why in changes:
        Job.objects.filter(pk=row.pk).update(**as_kept({"warning": False, **values}))
        assert state_of(position).mark.word.startswith("Sent ")
        assert why in state_of(position).why


def test_the_newest_job_counts(integration: Integration, position: Position) -> None:
    job(integration, position, state="succeeded")
    job(integration, position, state="failed")
    assert state_of(position).mark.word == "Needs you"


def test_sent_long_ago_without_a_job(integration: Integration, position: Position) -> None:
    link(integration, position)
    state = state_of(position)
    assert state.mark.word.startswith("Sent ") and state.settled


def test_off_and_excluded(integration: Integration, position: Position) -> None:
    integration.companies.add(CompanyFactory(organization=integration.organization, name="Elsewhere AS"))
    state = state_of(position)
    assert state.mark.word == "Excluded" and not state.may_send
    assert "This position has no company; Netvisor Oulu takes only positions with Elsewhere AS." in state.why
    Integration.objects.update(send_positions=False)
    state = state_of(position)
    assert state.mark.word == "Off" and not state.may_send
    link(integration, position)
    assert "It was last sent" in state_of(position).why


def test_a_flat_system_does_not_take_what_is_over(organization: Organization) -> None:
    connection(organization, "fortnox")
    over = {"start_date": date(2020, 1, 1), "end_date": date(2020, 12, 31)}
    state = state_of(unrecorded(organization, dates=over))
    assert state.mark.word == "Not supported" and "this one is over" in state.why


# -- on the pages


def test_the_position_page_says_why_and_offers_what_helps(integration: Integration, position: Position) -> None:
    page = text_of(client_of(integration.organization).get(f"/admin/positions/position/{position.pk}/change/"))
    for words in ("Why is this not in payroll?", "Send now", "Preview", "Netvisor Oulu", "Not sent", "Log of this"):
        assert words in page, words
    page = text_of(
        client_of(integration.organization, "viewer").get(f"/admin/positions/position/{position.pk}/change/")
    )
    assert "Why is this not in payroll?" in page and "Send now</button>" not in page


def test_pages_without_connections_say_nothing(position: Position) -> None:
    client = client_of(position.employee.organization)
    assert "In the connected systems" not in text_of(client.get(f"/admin/positions/position/{position.pk}/change/"))
    assert "sy-chip" not in text_of(client.get(f"/admin/positions/employee/{position.employee_id}/change/"))


def test_the_employee_page_has_chips_in_a_fixed_number_of_queries(
    integration: Integration, position: Position, django_assert_max_num_queries: Any
) -> None:
    connection(integration.organization, "fortnox")
    client = client_of(integration.organization)
    address = f"/admin/positions/employee/{position.employee_id}/change/"
    page = text_of(client.get(address))
    assert f"/admin/positions/position/{position.pk}/change/#sync-{integration.pk}" in page
    assert "Netvisor Oulu: Not sent" in page
    with django_assert_max_num_queries(40) as few:
        client.get(address)
    for year in range(2000, 2020):
        PositionFactory(employee=position.employee, start_date=date(year, 1, 1), end_date=date(year, 6, 30))
    for row in Job.objects.all():
        attempt(row)
    with django_assert_max_num_queries(40) as many:
        client.get(address)
    assert len(many) == len(few)


def test_nothing_of_another_organization_is_said(integration: Integration, position: Position) -> None:
    connection(OrganizationFactory(), name="Zyxwvut")
    client = client_of(integration.organization)
    for address in (f"position/{position.pk}", f"employee/{position.employee_id}"):
        for page in ("change", "delete"):
            assert "Zyxwvut" not in text_of(client.get(f"/admin/positions/{address}/{page}/"))


# -- before a deletion


@pytest.mark.parametrize(
    ("key", "values", "sent", "words"),
    [
        ("netvisor", {"delete_positions": True}, True, "“Baker” is removed there too."),
        ("tripletex", {}, True, "“Baker” stays there. Delete there too is switched off"),
        ("tripletex", {"delete_positions": True}, False, "nothing happens there, it was never sent"),
        ("tripletex", {"send_positions": False}, True, "Send positions is switched off"),
        ("fortnox", {"delete_positions": True}, True, "the employee's record stays there as it is."),
        ("fortnox", {}, True, "Delete there too is switched off."),
        ("poweroffice_go", {"delete_positions": True}, True, "if it was made for this position."),
        ("poweroffice_go", {}, True, "the employee's record stays there as it is."),
    ],
)
def test_one_line_for_each_connection(
    organization: Organization, position: Position, key: str, values: dict[str, Any], sent: bool, words: str
) -> None:
    integration = connection(organization, key, **values)
    if sent:
        link(integration, position)
    client = client_of(organization)
    for address in (f"position/{position.pk}", f"employee/{position.employee_id}"):
        page = text_of(client.get(f"/admin/positions/{address}/delete/"))
        assert words in page.replace("&#x27;", "'"), address


def test_the_other_kinds_of_deletion(organization: Organization, position: Position) -> None:
    from integrations.sdk.declaration import Delete, Model
    from integrations.systems.registry import systems

    for system in systems():
        if system.model is not Model.HISTORY:
            continue
        integration = connection(organization, system.key, delete_positions=True)
        link(integration, position)
        (note,) = [n for n in panels.delete_notes([position]) if n.startswith(integration.name)]
        said = {Delete.REMOVE: "is removed", Delete.CANCEL: "is cancelled", Delete.BY_HAND: "cannot delete it"}
        assert said[system.delete] in note
        assert system.delete_note in note
        assert ("Or do not delete here" in note) == (system.delete is Delete.BY_HAND), "after it, that is too late"


def test_what_is_said_of_deleting_is_true_before_and_after_it() -> None:
    """One note for the confirmation and for the entry: it tells what a person does there, and nothing to be done
    here, where the position is gone by then."""
    from integrations.systems.registry import systems

    assert [s.key for s in systems() if re.search(r"\bhere\b", s.delete_note)] == []


def test_a_flat_record_is_taken_over(organization: Organization, position: Position) -> None:
    integration = connection(organization, "fortnox")
    link(integration, position)
    PositionFactory(employee=position.employee, start_date=date(2020, 1, 1))
    (note,) = panels.delete_notes([position])
    assert "another current position takes its place" in note


def test_many_deleted_at_once_in_a_fixed_number_of_queries(
    integration: Integration, django_assert_max_num_queries: Any
) -> None:
    integration.delete_positions = True
    integration.save()
    rows = [unrecorded(integration.organization) for _ in range(30)]
    for row in rows[:2]:
        link(integration, row)
    client = client_of(integration.organization)
    data = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "index": 0}
    with django_assert_max_num_queries(25):
        page = text_of(client.post("/admin/positions/position/", data))
    assert "the 2 positions that were sent" in page
    assert "take this position" not in page


# -- after a save


def test_an_overlap_names_the_systems_that_will_refuse_it(organization: Organization) -> None:
    connection(organization, "netvisor", name="Netvisor Oulu")
    connection(organization, "tripletex", name="Tripletex Oslo")
    connection(organization, "fortnox", name="Fortnox Kiruna")
    connection(organization, "netvisor", name="Off", send_positions=False)
    company = CompanyFactory(organization=organization, organization_number="974760673")
    employee = EmployeeFactory(organization=organization, company=company)
    first = PositionFactory(
        employee=employee,
        start_date=date(2026, 1, 1),
        end_date=date(2026, 6, 30),
        end_reason="resigned",
        occupation_code="5221126",
        department=None,
    )
    Integration.objects.filter(system_key="netvisor").update(settings={"occupation_codes": {"5221126": "52211"}})
    assert panels.save_notes(first) == []
    first.pk, first.start_date = None, date(2026, 6, 1)
    first.save()
    second = first
    (note,) = panels.save_notes(second)
    assert note.startswith("Netvisor Oulu and Tripletex Oslo will refuse one of the overlapping positions.")


def test_a_save_names_what_a_system_will_not_take(organization: Organization) -> None:
    connection(organization, "netvisor", name="Netvisor Oulu")
    connection(organization, "netvisor", name="Off", send_positions=False)
    employee = EmployeeFactory(organization=organization)
    position = PositionFactory(
        employee=employee, contract_type="temporary", start_date=TODAY, end_date=None, end_reason="", occupation_code=""
    )
    (note,) = panels.save_notes(position)
    assert note == (
        "Netvisor Oulu will not take this position. A temporary contract needs an end date in Netvisor. Fill in the "
        "end date, or choose another contract type; it is sent when you save."
    )
    position.contract_type = "permanent"
    assert panels.save_notes(position) == []


def test_a_position_without_a_company_is_said_to_go_nowhere(integration: Integration, position: Position) -> None:
    assert panels.save_notes(position) == []
    company = CompanyFactory(organization=integration.organization, name="Elsewhere AS")
    integration.companies.add(company)
    said = "Without a company it is not sent to Netvisor Oulu. Choose its company; it is sent when you save."
    assert panels.save_notes(position) == [said]
    assert [hint.words for hint in hints_of(position).fields["company"]] == [said]
    client = client_of(integration.organization)
    page = client.get(f"/admin/positions/position/{position.pk}/change/").content.decode()
    assert "1 connection takes only positions with a company" in page
    assert "for other companies" not in page
    position.company = CompanyFactory(organization=integration.organization)
    position.save()
    page = client.get(f"/admin/positions/position/{position.pk}/change/").content.decode()
    assert "1 connection for other companies" in page
    position.company = company
    assert panels.save_notes(position) == []
    assert not hints_of(position).fields.get("company")


def test_a_save_names_what_cannot_be_changed_there_any_more(organization: Organization) -> None:
    integration = connection(organization, "unimicro", name="Unimicro Bergen")
    employee = EmployeeFactory(organization=organization, company=None)
    position = PositionFactory(employee=employee, occupation_code="1233101", end_date=None, end_reason="")
    assert panels.save_notes(position) == []
    sent = {"occupation_code": "5221126", "start_date": position.start_date}
    values = mapping.to_json(sent)
    PeriodLink.objects.create(
        integration=integration, employee_key=employee.pk, position_key=position.pk, remote_id="7", values=values
    )
    (note,) = panels.save_notes(position)
    assert "has the occupation code 5221126 in Unimicro and 1233101 here" in note
    position.start_date += timedelta(days=1)
    assert panels.save_notes(position) == [], "a new record there"


def test_a_save_says_nothing_of_a_position_that_a_flat_system_does_not_look_at(organization: Organization) -> None:
    connection(organization, "poweroffice_go")
    employee = EmployeeFactory(organization=organization)
    over = PositionFactory(
        employee=employee, occupation_code="", start_date=date(2020, 1, 1), end_date=date(2020, 6, 30)
    )
    assert panels.save_notes(over) == []
    now = PositionFactory(employee=employee, occupation_code="", start_date=TODAY, end_date=None, end_reason="")
    assert len(panels.save_notes(now)) == 1


@pytest.mark.parametrize("first", ["positions", "integrations", "synclog"])
def test_the_pages_that_know_of_sync_are_registered_whichever_app_comes_first(first: str) -> None:
    code = f"""if True:
        import os
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django
        from django.conf import settings
        settings.INSTALLED_APPS = sorted(settings.INSTALLED_APPS, key=lambda name: not name.startswith("{first}."))
        django.setup()
        from django.contrib import admin
        print(*(type(pages).__name__ for pages in admin.site._registry.values()))
    """
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert {"SyncedIntegrationAdmin", "SyncedPositionAdmin", "SyncedEmployeeAdmin"} <= set(told)
    assert not {"IntegrationAdmin", "PositionAdmin", "EmployeeAdmin"} & set(told)


def test_chips_after_a_real_run(world: World) -> None:
    integration = world.connect("netvisor")
    world.save()
    world.drain(integration)
    client: Client = client_of(world.organization)
    page = text_of(client.get(f"/admin/positions/employee/{world.employee.pk}/change/"))
    assert f"{integration.name}: Sent " in page


def test_what_a_gap_keeps_back_is_listed_with_the_way_to_each_field() -> None:
    organization = OrganizationFactory()
    lacking = [unrecorded(organization, title=f"Baker {n}") for n in range(52)]
    whole = unrecorded(organization, title="Complete")
    Position.objects.update(occupation_code="")
    Position.objects.filter(pk=whole.pk).update(occupation_code="2512102")
    integration = connection(organization, "tripletex")
    viewer = client_of(organization, "viewer", "vera")
    overview = viewer.get(f"/admin/integrations/integration/{integration.pk}/change/").content.decode()
    link = re.search(r'without an occupation code[^<]*<a href="([^"]+)">Now: 52\.</a>', overview)
    assert link is not None
    pages = [viewer.get(link[1], {"page": n}).content.decode() for n in (1, 2)]
    assert "52 positions are not sent yet" in pages[0] and "Complete" not in "".join(pages)
    for row in lacking:
        assert sum(f"/position/{row.pk}/change/#id_occupation_code" in page for page in pages) == 1
    Position.objects.update(occupation_code="2512102")
    assert "None any more." in viewer.get(link[1]).content.decode()
    gone = viewer.get(f"/admin/integrations/integration/{integration.pk}/gaps/nothing./")
    assert gone.headers["Location"].endswith(f"/{integration.pk}/change/")
