"""The pages of integrations: who may what, the switches, secrets, the test of a connection."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations import history
from integrations.admin import IntegrationAdmin
from integrations.admin.showing import Health, Tab, _for_python_markdown
from integrations.admin.steps import Step
from integrations.models import EmployeeLink, Integration
from integrations.runtime import opening
from integrations.sandboxes.server import Tenants, sandboxes
from integrations.sdk.values import CheckLine
from positions.models import Member, Organization
from synclog.admin.integration_pages import SyncedIntegrationAdmin
from synclog.models import Event, Heartbeat, Job
from tests.factories import (
    CompanyFactory,
    EmployeeFactory,
    IntegrationFactory,
    MemberFactory,
    OperatorFactory,
    OrganizationFactory,
    PositionFactory,
    UserFactory,
)
from tests.said import kept

pytestmark = pytest.mark.django_db

CANARY = "Zyxwvut"
SECRET = "sk-2f7e91aa-kept-q8Zx"

SignIn = Callable[..., Client]
READ = ("change", "fields", "settings", "history", "help")
WRITE = ("switch", "option", "pause", "resume", "test")
STEPS = tuple(f"switch_on_{step}" for step in Step)
# What they would do is told before; by GET nothing is done.
ASKS = ("switch", "pause", "resume")


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return IntegrationFactory(organization=organization, name="Fortnox, Malmö")


@pytest.fixture
def sign_in(organization: Organization) -> SignIn:
    def signed_in(role: str, *more: Organization) -> Client:
        client = Client()
        user = OperatorFactory() if role == "operator" else UserFactory()
        if role in Member.Role.values:
            for one in (organization, *more):
                MemberFactory(organization=one, user=user, role=role)
        client.force_login(user)
        client.user = user  # type: ignore[attr-defined]
        return client

    return signed_in


def _url(name: str, pk: Any = None, **query: str) -> str:
    asked = "&".join(f"{k}={v}" for k, v in query.items())
    return reverse(f"admin:integrations_integration_{name}", args=[] if pk is None else [pk]) + (
        f"?{asked}" if asked else ""
    )


def _text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


# -- who may what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "editor", "admin", "operator", "stranger"])
def test_each_role_opens_just_what_it_may(integration, sign_in, monkeypatch, role):
    monkeypatch.setattr(opening, "check", lambda obj: [CheckLine(True, "Log in")])
    client = sign_in(role)
    reads, changes = role != "stranger", role in ("admin", "operator")
    assert client.get(_url("changelist")).status_code == (200 if reads else 403)
    for page in READ:
        # To a stranger a connection of others is one that does not exist.
        assert client.get(_url(page, integration.pk)).status_code == (200 if reads else 302), page
    denied = 403 if reads else 302
    for page in STEPS:
        assert client.get(_url(page, integration.pk)).status_code == (200 if changes else denied), page
    for page in ("switch_on", *ASKS):
        assert client.get(_url(page, integration.pk)).status_code == (302 if changes else denied), page
    assert client.get(_url("delete", integration.pk)).status_code == (200 if changes else denied)
    assert client.get(_url("add")).status_code == (200 if changes else 403)
    for page in WRITE:
        data = {"on": "1", "name": "delete_positions"}
        expected = (200 if page == "test" else 302) if changes else denied
        assert client.post(_url(page, integration.pk), data).status_code == expected, page
    assert client.post(_url("settings", integration.pk), {"name": "x"}).status_code == (200 if changes else denied)
    integration.refresh_from_db()
    assert integration.send_positions is integration.delete_positions is changes
    assert client.post(_url("delete", integration.pk), {"post": "yes"}).status_code == (302 if changes else denied)
    assert Integration.objects.filter(pk=integration.pk).exists() is not changes


def test_nothing_of_another_organization_is_seen_or_touched(organization, integration, sign_in):
    other = OrganizationFactory(name=f"{CANARY} AS")
    theirs = IntegrationFactory(organization=other, name=CANARY, settings={"scope": CANARY})
    CompanyFactory(organization=other, name=CANARY)
    Event.objects.create(integration=theirs, kind="on", said=kept(CANARY))
    client = sign_in("admin")
    for address in (_url("changelist"), _url("changelist", q=CANARY[:3]), _url("add"), _url("add", system="fortnox")):
        assert CANARY not in client.get(address).content.decode(), address
    missing_pk = theirs.pk + 1000
    for page in (*READ, "switch_on", *STEPS, *ASKS, "delete"):
        ours, nobodys = (client.get(_url(page, pk)) for pk in (theirs.pk, missing_pk))
        assert (
            (ours.status_code, ours.headers["Location"])
            == (nobodys.status_code, nobodys.headers["Location"])
            == (
                302,
                reverse("admin:index"),
            )
        ), page
    for page in (*WRITE, "settings", "switch_on_credentials", "switch_on_settings"):
        answer = client.post(_url(page, theirs.pk), {"on": "1", "name": "delete_positions"}, follow=True)
        assert CANARY not in answer.content.decode(), page
    connected = client.post(
        _url("add"), {"system": "fortnox", "organization": str(other.pk), "name": "Mine now"}, follow=True
    )
    assert "Mine now" not in connected.content.decode()
    found = reverse("admin:autocomplete") + "?term=" + CANARY
    assert CANARY not in client.get(found).content.decode()
    theirs.refresh_from_db()
    assert not theirs.send_positions and not theirs.delete_positions
    assert list(Integration.objects.filter(organization=other)) == [theirs]


def test_an_admin_here_is_not_an_admin_there(integration, sign_in):
    other = OrganizationFactory()
    theirs = IntegrationFactory(organization=other)
    client = sign_in("admin")
    MemberFactory(organization=other, user=client.user, role="viewer")
    assert client.post(_url("switch", theirs.pk), {"on": "1"}).status_code == 403
    page = client.get(_url("changelist")).content.decode()
    assert _url("switch_on", integration.pk) in page and _url("switch_on", theirs.pk) not in page


def test_somebody_who_is_not_signed_in_is_sent_to_sign_in(integration):
    for address in (_url("changelist"), _url("change", integration.pk), reverse("integrations_supported_fields")):
        answer = Client().get(address)
        assert answer.status_code == 302 and "/login/" in answer.headers["Location"]


@pytest.mark.parametrize("page", ["switch", "option", "pause", "resume"])
def test_what_changes_something_takes_a_post_with_its_token_only(integration, sign_in, page):
    client = sign_in("admin")
    integration.switch(True)
    integration.save()
    before = Integration.objects.values().get(pk=integration.pk)
    asks = {"option": 405, "resume": 302}  # and there is nothing to resume
    assert client.get(_url(page, integration.pk)).status_code == asks.get(page, 200)
    assert Integration.objects.values().get(pk=integration.pk) == before
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(client.user)
    assert strict.post(_url(page, integration.pk), {"on": "1"}).status_code == 403


# -- the list ------------------------------------------------------------------------------------------------


def test_the_switch_is_one_click_on_and_says_first_what_off_would_do(integration, sign_in):
    client = sign_in("admin")
    here = _url("changelist")
    assert "Set up" in _text(client.get(here)), "the first time, by the steps"
    Integration.objects.filter(pk=integration.pk).update(activated_at=timezone.now())
    page = client.get(here).content.decode()
    assert 'role="switch" aria-checked="false"' in page
    answer = client.post(_url("switch", integration.pk), {"on": "1", "next": here}, follow=True)
    assert answer.redirect_chain == [(here, 302)]
    assert "is on: changes from now on are sent" in _text(answer)
    assert 'role="switch" aria-checked="true"' in answer.content.decode()
    integration.refresh_from_db()
    assert integration.send_positions and integration.activated_at
    assert Event.objects.get(integration=integration, kind="on").by == client.user.username
    client.post(_url("switch", integration.pk), {"on": "1"})
    assert Event.objects.filter(integration=integration).count() == 1, "pressing twice does nothing more"
    asked = client.get(_url("switch", integration.pk, next=here))
    assert "Switch off Fortnox, Malmö?" in _text(asked) and "No change is waiting." in _text(asked)
    assert client.post(_url("switch", integration.pk), {"on": "0", "next": here}).headers["Location"] == here
    integration.refresh_from_db()
    assert not integration.send_positions


def test_switching_on_without_credentials_leads_to_what_is_missing(integration, sign_in):
    Integration.objects.filter(pk=integration.pk).update(credentials={})
    client = sign_in("admin")
    assert "Set up" in _text(client.get(_url("changelist")))
    answer = client.post(_url("switch", integration.pk), {"on": "1"}, follow=True)
    steps = [_url("switch_on", integration.pk), _url("switch_on_credentials", integration.pk)]
    assert answer.redirect_chain == [(step, 302) for step in steps]
    assert "Client-ID, Client-Secret is missing" in _text(answer)
    integration.refresh_from_db()
    assert not integration.send_positions


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_back_never_leaves_this_site(integration, sign_in, address):
    client, here = sign_in("admin"), _url("change", integration.pk)
    assert client.post(_url("switch", integration.pk), {"on": "1", "next": address}).headers["Location"] == here
    asked = client.get(_url("pause", integration.pk), {"next": address}).content.decode()
    assert address not in asked and f'value="{here}"' in asked


def test_a_line_tells_health_counters_and_where_they_lead(integration, sign_in, make_job):
    integration.switch(True)
    integration.save()
    make_job(integration, "failed")
    make_job(integration, "retrying")
    page = sign_in("viewer").get(_url("changelist"))
    text = _text(page)
    assert "Fortnox, Malmö" in text and "Current only" in text and "Warnings" in text and "1 change needs you" in text
    assert "0 In sync 1 Waiting 1 Needs you 0 Excluded" in text
    assert f"integration__id__exact={integration.pk}&amp;tab=needs_action" in page.content.decode()


def test_the_organization_is_named_only_to_who_has_several(organization, integration, sign_in):
    assert organization.name not in _text(sign_in("admin").get(_url("changelist")))
    second = OrganizationFactory()
    IntegrationFactory(organization=second)
    text = _text(sign_in("admin", second).get(_url("changelist")))
    assert organization.name in text and second.name in text


def test_an_empty_list_says_what_to_do(sign_in):
    assert "Connect a system" in _text(sign_in("admin").get(_url("changelist")))
    viewer = _text(sign_in("viewer").get(_url("changelist")))
    assert "No system is connected yet" in viewer and "Connect a system" not in viewer


def test_it_is_said_when_no_worker_looks(integration, sign_in):
    client = sign_in("viewer")
    assert "No worker has looked for work yet" in _text(client.get(_url("changelist")))
    beat = Heartbeat.objects.create(worker="h", seen_at=timezone.now())
    assert "No worker" not in _text(client.get(_url("changelist")))
    Heartbeat.objects.filter(pk=beat.pk).update(seen_at=timezone.now() - timedelta(minutes=14))
    assert "No worker has looked for work for 14 minutes" in _text(client.get(_url("changelist")))


@pytest.mark.parametrize("role", ["viewer", "admin", "operator"])
def test_queries_do_not_grow_with_connections(organization, sign_in, make_job, role):
    def count(client: Client) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(_url("changelist")).status_code == 200
        return len(queries)

    for number in range(3):
        IntegrationFactory(organization=organization, name=f"C{number}")
    client = sign_in(role, OrganizationFactory())
    client.get(_url("changelist"))
    few = count(client)
    for number in range(3, 30):
        make_job(IntegrationFactory(organization=organization, name=f"C{number}"), "failed")
    assert count(client) == few


def test_long_lists_have_pages_and_a_search(organization, sign_in):
    for number in range(52):
        IntegrationFactory(organization=organization, name=f"Number {number:02}")
    client = sign_in("viewer")
    assert "Page 1 of 2" in _text(client.get(_url("changelist")))
    assert "Number 51" in _text(client.get(_url("changelist", page="2")))
    found = _text(client.get(_url("changelist", q="Number 07")))
    assert "Number 07" in found and "Number 08" not in found
    assert "Number 08" in _text(client.get(_url("changelist", q="fortnox")))
    assert "No connection is called" in _text(client.get(_url("changelist", q="nothing")))


# -- connecting and settings -----------------------------------------------------------------------------------


def _keys(**changes: str) -> dict[str, str]:
    return {
        "name": "Fortnox",
        "credential__client_id": "client-id-1234",
        "credential__client_secret": SECRET,
        **changes,
    }


def _filled_in(**changes: str) -> dict[str, str]:
    return {
        **_keys(),
        "setting__personel_type": "TJM",
        "setting__salary_form": "MAN",
        **changes,
    }


def test_connecting_a_system(organization, sign_in, monkeypatch):
    monkeypatch.setattr(opening, "check", lambda obj: [CheckLine(True, "Log in")])
    client = sign_in("admin")
    choice = _text(client.get(_url("add")))
    assert "Fortnox" in choice and "Current only" in choice and "Sweden" in choice and "With history" in choice
    assert "Client-Secret" in _text(client.get(_url("add", system="fortnox")))
    answer = client.post(_url("add"), {"system": "fortnox", **_keys()}, follow=True)
    made = Integration.objects.get(organization=organization)
    assert answer.redirect_chain == [(_url("switch_on_rights", made.pk), 302)], "saved and tested at once"
    assert made.credentials["client_secret"] == SECRET and not made.send_positions
    assert made.credential_hints["client_secret"]["by"] == client.user.username
    assert SECRET not in answer.content.decode()
    assert history.words(LogEntry.objects.get(object_id=str(made.pk))) == "Connected Fortnox."


def test_what_is_missing_is_told_and_nothing_is_saved(organization, sign_in):
    answer = sign_in("admin").post(_url("add"), {"system": "fortnox", **_keys(credential__client_id="")})
    assert "Client-ID is required to connect to Fortnox." in _text(answer)
    assert "enter keys and passwords again" in _text(answer)
    assert SECRET not in answer.content.decode()
    assert not Integration.objects.exists()


def test_with_several_organizations_one_is_chosen_first(organization, sign_in, monkeypatch):
    monkeypatch.setattr(opening, "check", lambda obj: [CheckLine(True, "Log in")])
    second = OrganizationFactory()
    client = sign_in("admin", second)
    assert "Organization" in _text(client.get(_url("add", system="fortnox")))
    assert "Client-Secret" in _text(client.get(_url("add", system="fortnox", organization=str(second.pk))))
    client.post(_url("add"), {"system": "fortnox", "organization": str(second.pk), **_keys()})
    assert Integration.objects.get().organization == second


def test_credentials_are_written_and_never_shown(integration, sign_in):
    client = sign_in("admin")
    posted = client.post(_url("settings", integration.pk), _filled_in(name=integration.name), follow=True)
    assert "Saved." in _text(posted)
    integration.refresh_from_db()
    assert integration.credentials["client_secret"] == SECRET
    assert f"…{SECRET[-4:]}, set by {client.user.username} on" in _text(client.get(_url("settings", integration.pk)))
    for role in ("admin", "viewer"):
        other = sign_in(role)
        for page in (*READ, "delete"):
            assert SECRET not in other.get(_url(page, integration.pk)).content.decode(), page
    viewer = _text(sign_in("viewer").get(_url("settings", integration.pk)))
    assert SECRET[-4:] not in viewer and f"set by {client.user.username}" in viewer
    assert SECRET not in "".join(LogEntry.objects.values_list("change_message", flat=True))
    assert SECRET not in "".join(str(said) for said in Event.objects.values_list("said", flat=True))
    history = _text(client.get(_url("history", integration.pk)))
    assert "Client-Secret: changed" in history and client.user.username in history


def test_new_credentials_restart_what_was_stopped(integration, sign_in):
    Integration.objects.filter(pk=integration.pk).update(
        stopped_at=timezone.now(), stopped_cause="not_authorized", stopped_said=kept("Fortnox refused our token.")
    )
    client = sign_in("admin")
    overview = _text(client.get(_url("change", integration.pk)))
    assert "Stopped" in overview and "Fortnox refused our token." in overview and "Renew the credentials" in overview
    client.post(_url("settings", integration.pk), _filled_in(name=integration.name, credential__client_id=""))
    integration.refresh_from_db()
    assert not integration.stopped
    assert integration.credentials["client_id"] == sandboxes()["fortnox"].credentials["client_id"], "empty = keep"
    assert Event.objects.filter(integration=integration, kind="credentials").exists()


def test_saving_settings_leaves_the_engines_columns_alone(integration, sign_in, monkeypatch):
    """A worker that saves its tokens while somebody has the page open must not lose them."""
    from integrations.settings_form import ConnectionForm

    valid = ConnectionForm.is_valid

    def meanwhile(form: ConnectionForm) -> bool:
        Integration.objects.filter(pk=integration.pk).update(vault={"token": "fresh"}, retry_count=3)
        return valid(form)

    monkeypatch.setattr(ConnectionForm, "is_valid", meanwhile)
    data = _filled_in(name="Renamed", credential__client_id="", credential__client_secret="")
    assert sign_in("admin").post(_url("settings", integration.pk), data).status_code == 302
    integration.refresh_from_db()
    assert (integration.name, integration.vault, integration.retry_count) == ("Renamed", {"token": "fresh"}, 3)


def test_history_tells_who_changed_what_from_what_to_what(integration, sign_in):
    client = sign_in("admin")
    client.post(_url("option", integration.pk), {"name": "delete_positions", "on": "1"})
    client.post(
        _url("settings", integration.pk),
        _filled_in(name=integration.name, credential__client_id="", credential__client_secret="",
                   setting__salary_form="TIM"),
    )  # fmt: skip
    client.post(_url("pause", integration.pk))
    history = _text(client.get(_url("history", integration.pk)))
    assert "“Delete there too” was switched on." in history
    assert "Salary form of employees without one: MAN – monthly salary → TIM – hourly pay" in history
    assert "Paused: changes are recorded" in history
    assert history.count(client.user.username) >= 3


def test_pause_and_resume(integration, sign_in):
    integration.switch(True)
    integration.save()
    client = sign_in("admin")
    client.post(_url("pause", integration.pk))
    integration.refresh_from_db()
    assert integration.paused_by == client.user.username
    assert "Resume" in _text(client.get(_url("change", integration.pk)))
    client.post(_url("resume", integration.pk))
    integration.refresh_from_db()
    assert not integration.paused


def test_a_switch_that_the_system_cannot_follow_is_not_taken(integration, sign_in):
    client = sign_in("admin")
    for name in ("move_periods", "send_positions", "organization"):
        answer = client.post(_url("option", integration.pk), {"name": name, "on": "1"}, follow=True)
        assert "no such switch" in _text(answer)
    integration.refresh_from_db()
    assert not integration.move_periods and not integration.send_positions


# -- switching on, testing -----------------------------------------------------------------------------------


def test_the_preview_counts_who_it_is_about(organization, integration, sign_in):
    company = CompanyFactory(organization=organization, name="Sverige AB")
    for employee in (
        EmployeeFactory(organization=organization, company=company),
        EmployeeFactory(organization=organization),
    ):
        PositionFactory(employee=employee)
    PositionFactory(employee=employee, start_date="2020-01-01", end_date="2020-12-31", end_reason="resigned")
    PositionFactory()
    client = sign_in("admin")
    text = _text(client.get(_url("switch_on_preview", integration.pk)))
    assert "Employees 2 Positions 3 Current today 2 It keeps" in text
    started = _text(client.get(_url("switch_on_start", integration.pk)))
    assert "Only changes from now on (recommended)" in started and "3 positions; not previewed." in started
    integration.companies.add(company)
    text = _text(client.get(_url("switch_on_preview", integration.pk)))
    assert "Employees 1 Positions 1 Current today 1 Companies Sverige AB" in text


@pytest.fixture
def at_sandbox(
    sandbox_server: tuple[str, Tenants], settings: Any, integration: Integration, request: pytest.FixtureRequest
) -> Any:
    settings.ALLOW_PRIVATE_TARGETS = True
    address, tenants = sandbox_server
    name = re.sub(r"\W", "-", request.node.name)[:50]
    urls = {n: f"{address}/fortnox/{name}{path}" for n, path in integration.system.sandbox_urls.items()}
    Integration.objects.filter(pk=integration.pk).update(base_urls=urls)
    return tenants.get("fortnox", name).tenant


def test_test_connection_shows_a_checklist(integration, at_sandbox, sign_in):
    client = sign_in("admin")
    page = client.post(_url("test", integration.pk), {"page": "switch_on"}, follow=True)
    assert page.redirect_chain == [(_url("switch_on_rights", integration.pk), 302)]
    assert page.content.decode().count("check_circle") > 1
    assert "works" in _text(page) and "Switch on" in _text(page)
    assert at_sandbox.calls


def test_a_failed_test_says_what_to_mend(integration, at_sandbox, sign_in):
    credentials = {**integration.credentials, "client_secret": SECRET}
    Integration.objects.filter(pk=integration.pk).update(credentials=credentials)
    page = sign_in("admin").post(_url("test", integration.pk))
    text = _text(page)
    assert "does not work" in text
    assert SECRET not in page.content.decode()


def test_a_test_does_not_keep_anybody_waiting(integration, at_sandbox, sign_in, monkeypatch):
    monkeypatch.setattr(opening, "CALL_SECONDS", 0.2)
    monkeypatch.setattr(opening, "CHECK_SECONDS", 0.3)
    at_sandbox.fail(kind="hang", seconds=20, times=20)
    started = timezone.now()
    page = sign_in("admin").post(_url("test", integration.pk))
    assert (timezone.now() - started).total_seconds() < 15
    assert "does not work" in _text(page)


def test_our_own_mistake_in_a_test_is_no_error_page(integration, sign_in, monkeypatch):
    def broken(self: Any) -> Any:
        raise KeyError(SECRET)

    monkeypatch.setattr(integration.connector_class, "check", broken)
    page = sign_in("admin").post(_url("test", integration.pk))
    assert page.status_code == 200
    assert "Position Sync made a mistake" in _text(page) and SECRET not in page.content.decode()


def test_a_secret_that_the_system_repeats_is_hidden(integration, sign_in, monkeypatch):
    secret = integration.credentials["client_secret"]
    monkeypatch.setattr(
        integration.connector_class,
        "check",
        lambda self: [CheckLine(False, "Log in", f"bad {secret}", f"see {secret}")],
    )
    page = sign_in("admin").post(_url("test", integration.pk)).content.decode()
    assert secret not in page and "bad •••" in page


def test_nothing_is_asked_while_credentials_are_missing(integration, sign_in):
    Integration.objects.filter(pk=integration.pk).update(credentials={})
    text = _text(sign_in("admin").post(_url("test", integration.pk)))
    assert "Missing: Client-ID, Client-Secret." in text


def test_the_address_of_a_test_can_be_opened_again(integration, sign_in):
    answer = sign_in("admin").get(_url("test", integration.pk))
    assert answer.headers["Location"] == _url("change", integration.pk)


# -- deleting, fields, help -----------------------------------------------------------------------------------


def test_deleting_says_what_is_lost(integration, sign_in, make_job):
    make_job(integration, "failed")
    EmployeeLink.objects.create(integration=integration, employee_key=1, remote_id="1")
    client = sign_in("admin")
    text = _text(client.get(_url("delete", integration.pk)))
    assert "Nothing is deleted in Fortnox" in text and "error log: 1 entry" in text
    assert "1 change needs you. It will not be sent either." in text
    assert "1 employee" in text
    client.post(_url("delete", integration.pk), {"post": "yes"})
    assert not Integration.objects.exists() and not Job.objects.exists()


def test_supported_fields_of_all_and_of_one(integration, sign_in):
    client = sign_in("viewer")
    text = _text(client.get(reverse("integrations_supported_fields")))
    for word in ("required", "not supported", "translated", "opt-in", "Identity", "Period", "Contract", "Hours", "End"):
        assert word in text
    assert "Tripletex" in text and "Fortnox" in text
    own = _text(client.get(_url("fields", integration.pk)))
    assert "JobTitle" in own and "interface has a last day of employment, but not the reason." in own
    csv = client.get(reverse("integrations_supported_fields_csv"))
    assert csv.headers["Content-Type"].startswith("text/csv") and "attachment" in csv.headers["Content-Disposition"]
    one = client.get(reverse("integrations_supported_fields_csv") + "?system=fortnox").content.decode()
    assert "Fortnox" in one and "Tripletex," not in one
    assert client.get(reverse("integrations_supported_fields_csv") + "?system=nope").status_code == 404


def test_our_templates_hold_no_inline_style_or_script():
    """A strict content security policy would break them."""
    files = list((Path(settings.BASE_DIR) / "templates" / "admin" / "integrations").glob("*.html"))
    assert len(files) > 10
    for file in files:
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script>|javascript:", file.read_text("utf-8")), file.name


def test_supported_fields_need_no_query_of_their_own(sign_in, django_assert_max_num_queries):
    client = sign_in("viewer")
    client.get(reverse("integrations_supported_fields"))
    with django_assert_max_num_queries(6):
        client.get(reverse("integrations_supported_fields"))


def test_help_is_our_own_page_about_the_system(integration, sign_in):
    page = sign_in("viewer").get(_url("help", integration.pk))
    assert "<h2>" in page.content.decode() and "Developer portal" in _text(page)


def test_help_reads_lists_with_code_as_github_does():
    made = _for_python_markdown("1. First:\n\n   ```\n   one\n     two\n   ```\n   More.\n2. Second.\n\n```\ncode\n```")
    assert made.splitlines() == [
        *("1. First:", "", "", "      one", "        two", "", "   More.", "", "2. Second.", "", "```", "code", "```")
    ]


@pytest.mark.parametrize("page", ["change", "settings", "history", *STEPS, "switch", "pause", "delete"])
def test_a_connections_pages_ask_a_fixed_number_of_questions(integration, sign_in, make_job, page):
    client = sign_in("admin")
    integration.switch(True)
    integration.save()
    client.get(_url(page, integration.pk))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(_url(page, integration.pk)).status_code == 200
        return len(queries)

    few = count()
    for _ in range(20):
        make_job(integration, "failed")
        Event.objects.create(integration=integration, kind="on", said=kept("x"))
    for _ in range(5):
        client.post(_url("option", integration.pk), {"name": "delete_positions", "on": "1"})
        client.post(_url("option", integration.pk), {"name": "delete_positions", "on": "0"})
    client.get(_url(page, integration.pk))  # takes the messages
    assert count() == few


def test_pages_stand_without_an_engine(integration, sign_in, monkeypatch):
    told = ("losses", "of_pausing", "of_resuming", "of_switching_off")
    for name in ("health_of", "banners", "tabs", "happenings", "panels", "samples", *told):
        monkeypatch.setattr(SyncedIntegrationAdmin, name, getattr(IntegrationAdmin, name))
    client = sign_in("admin")
    integration.switch(True)
    integration.save()
    for address in (_url("changelist"), *(_url(page, integration.pk) for page in (*READ, *STEPS, "pause", "delete"))):
        assert client.get(address).status_code == 200


def test_panels_and_tabs_of_others_are_shown(integration, sign_in, monkeypatch):
    monkeypatch.setattr(SyncedIntegrationAdmin, "panels", lambda self, request, obj: [f"panel of {obj}", ""])
    monkeypatch.setattr(SyncedIntegrationAdmin, "tabs", lambda self, request, obj, health: [Tab("Extra", "/x/", 3)])
    splendid = Health("Splendid", "success", "All well.")
    monkeypatch.setattr(SyncedIntegrationAdmin, "health_of", lambda self, found: {i.pk: splendid for i in found})
    text = _text(sign_in("viewer").get(_url("change", integration.pk)))
    assert "panel of Fortnox, Malmö" in text and "Extra 3" in text and "Splendid" in text and "All well." in text


@pytest.fixture
def make_job() -> Callable[[Integration, str], Job]:
    numbers = iter(range(1, 10_000))

    def made(integration: Integration, state: str) -> Job:
        number, now = next(numbers), timezone.now()
        return Job.objects.create(
            organization_id=integration.organization_id, integration=integration, employee_key=number,
            position_key=number, open_key=number, employee_name="Kari", title="Baker", start_date="2026-01-01",
            state=state, due_at=now, recorded_at=now, changed_at=now,
        )  # fmt: skip

    return made


def test_a_connection_to_a_sandbox_leads_to_its_page(integration, sign_in, settings):
    browser, address = sign_in("viewer"), f"/admin/integrations/integration/{integration.pk}/change/"
    settings.SANDBOX_URL = ""
    assert "Open its sandbox" not in browser.get(address).content.decode()
    settings.SANDBOX_URL = "http://127.0.0.1:8500"
    urls = {"api": f"http://127.0.0.1:8500/{integration.system_key}/demo/v2"}
    Integration.objects.filter(pk=integration.pk).update(base_urls=urls)
    page = browser.get(address).content.decode()
    assert f'href="http://127.0.0.1:8500/{integration.system_key}/demo/"' in page
    assert f"<title> {integration.name}: Overview | Position Sync</title>" in " ".join(page.split())
