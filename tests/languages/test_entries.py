"""The pages of entries and connections in another language, however these are: nothing of ours is English there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning import texts
from integrations.sdk.messages import packed
from integrations.sdk.params import FieldName, Label
from positions.models import Organization
from synclog.models import Event, Job, Resync
from tests.factories import OrganizationFactory
from tests.languages import pseudo
from tests.languages.test_pages import _theirs, data, read, told
from tests.synclog.pages import attempt, client_of, connection, job

pytestmark = pytest.mark.django_db

S, A, FROM = Job.State, Job.Action, Job.Origin
SAID = texts.MISSING_WITH(
    field=FieldName("end_reason"), system="Netvisor", place=Label("the position"), other=FieldName("end_date")
)
NEEDED = {"said": packed([SAID]), "field": "end_reason"}
ENTRIES: list[dict[str, Any]] = [
    {"state": S.WAITING},
    {"state": S.WAITING, "cause": "not_yet_current", "due_at": timezone.now() + timedelta(days=9)},
    {"state": S.RUNNING, "origin": FROM.API, "origin_name": "anna"},
    {"state": S.RETRYING, "cause": "target_unavailable", "attempts": 3, "first_failed_at": timezone.now()},
    {"state": S.FAILED, **NEEDED},
    {"state": S.FAILED, "cause": "no_translation", "field": "contract_type", "deleted": True, "action": A.DELETE},
    {"state": S.FAILED, "cause": "start_date_changed", "outside": True},
    {"state": S.FAILED, "cause": "not_authorized", "origin": FROM.SCHEDULE, "attempts": 1},
    {"state": S.FAILED, "cause": "delete_by_hand", "origin": FROM.RESYNC, "origin_name": "anna"},
    *({"state": S.SUCCEEDED, "action": action} for action in A.values),
    {"state": S.SUCCEEDED, "warning": True},
    {"state": S.SUCCEEDED, "cause": "taken_over"},
    {"state": S.SKIPPED, "cause": "nothing_to_change"},
    {"state": S.SKIPPED, "cause": "switched_off"},
    {"state": S.SKIPPED, "cause": "not_current"},
    {"state": S.DISMISSED, "cause": "too_long", "dismissed_reason": "anna (anna)"},
]
LATER = {"retry_at": timezone.now() + timedelta(hours=1), "retry_count": 2}
CONNECTIONS: list[dict[str, Any]] = [
    {},
    {"send_positions": False},
    {"paused_at": timezone.now(), "paused_by": "anna"},
    {"stopped_at": timezone.now(), "stopped_cause": "not_authorized"},
    LATER,
    {"settings": {}, "credentials": {}},
]


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(name="Anna AS")


def entry(integration: Integration, given: dict[str, Any]) -> Job:
    made = job(integration, **given)
    Job.objects.filter(pk=made.pk).update(employee_name="Anna", title="Anna")
    attempt(made, state=made.state, cause=made.cause, **({"warnings": []} if made.warning else {}))
    return made


def pages_of(entries: list[Job]) -> Iterator[str]:
    for one in entries:
        yield reverse("admin:synclog_job_change", args=[one.pk])
        yield reverse("admin:synclog_job_dismiss", args=[one.pk])
        yield reverse("admin:positions_position_change", args=[one.position_key])
        yield reverse("admin:positions_employee_change", args=[one.employee_key])
    for tab in ("needs_action", "retrying", "skipped", "succeeded", "dismissed", "all"):
        yield f"/admin/synclog/job/?tab={tab}"
        yield f"/admin/synclog/job/by-cause/?tab={tab}"


def known() -> re.Pattern[str]:
    """Names of rows, also where another word follows without a blank between."""
    return re.compile(rf"Anna|Kari Nordmann|netvisor|fortnox|crona_lon|{data('anna', 'Baker', *_theirs()).pattern}")


@pytest.mark.long
def test_every_entry(organization: Organization) -> None:
    integration = connection(organization)
    entries = [entry(integration, given) for given in ENTRIES]
    browser = client_of(organization, name="anna")
    with pseudo.installed():
        found = read(browser, list(pages_of(entries)), known())
    assert not found, told(found)


@pytest.mark.long
@pytest.mark.parametrize("key", ["netvisor", "fortnox", "crona_lon"])
def test_every_state_of_a_connection(organization: Organization, key: str) -> None:
    addresses = ["/admin/", "/admin/integrations/integration/"]
    for given in CONNECTIONS:
        integration = connection(organization, key, **given)
        for state in (S.WAITING, S.FAILED, S.SUCCEEDED):
            made = entry(integration, {"state": state})
            link = {"integration": integration, "employee_key": made.employee_key}
            EmployeeLink.objects.create(**link, remote_id=str(made.pk), state="stopped", cause="match_stopped")
            PeriodLink.objects.create(**link, position_key=made.position_key, remote_id="7", stale=True)
            addresses.append(reverse("admin:positions_position_change", args=[made.position_key]))
        for kind in Event.Kind.values:
            Event.objects.create(integration=integration, kind=kind, by="anna")
        Resync.objects.create(integration=integration, at=timezone.now() - timedelta(minutes=9), total=300, by="anna")
        for page in (
            "change",
            "history",
            "settings",
            "switch_on_preview",
            "switch_on_start",
            "switch",
            "pause",
            "delete",
        ):
            addresses.append(reverse(f"admin:integrations_integration_{page}", args=[integration.pk]))
        for truth in ("changed", "in_sync", "not_sent", "unknown", "partly", "out_of_scope"):
            addresses.append(f"{reverse('admin:synclog_job_positions', args=[integration.pk])}?state={truth}")
    addresses.append("/admin/integrations/employeelink/")
    browser = client_of(organization, name="anna")
    with pseudo.installed():
        found = read(browser, addresses, known())
    assert not found, told(found)
