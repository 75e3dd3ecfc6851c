"""What is stored is English, or data, whoever writes it: the next reader may have another language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client

from positions.models import AuditEntry, Organization, Position
from synclog.models import WebhookDelivery
from tests.factories import EmployeeFactory, MemberFactory, OrganizationFactory, PositionFactory
from tests.languages import pseudo
from tests.positions.test_admin_opened import inputs
from tests.synclog.test_admin_webhooks import hook

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2026-03-10T12:00:00Z", tick=False), pseudo.installed():
        yield


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def admin(organization: Organization) -> Client:
    browser = Client(headers={"Accept-Language": pseudo.LANGUAGE})
    browser.force_login(MemberFactory(organization=organization, role="admin").user)
    return browser


@pytest.fixture
def position(organization: Organization) -> Position:
    employee = EmployeeFactory(organization=organization)
    return PositionFactory(
        employee=employee, title="Cook", start_date=date(2026, 1, 1), end_date=None, end_reason="", percentage=80
    )


def send(browser: Client, address: str, **typed: Any) -> None:
    page = browser.get(address)
    assert page.status_code == 200 and page.headers["Content-Language"] == pseudo.LANGUAGE
    shown = page.content.decode()
    form = inputs(shown) if 'id="content-main"' in shown else {}
    assert browser.post(address, {**form, **typed}).status_code == 302


def kept() -> list[str]:
    """Of the history of pages and of the audit trail, the oldest first; the name of the object before what is said."""
    pages = [f"{one.object_repr}: {one.get_change_message()}" for one in LogEntry.objects.order_by("pk")]
    trail = AuditEntry.objects.order_by("pk").values_list("kind", "object_name", "changes")
    said = [json.dumps(entry, ensure_ascii=False) for entry in trail]
    assert pages or said
    assert not [words for words in (*pages, *said) if "⟦" in words or "mars" in words or "apr." in words]
    return pages


POSITION = "/admin/positions/position/"


def test_of_a_position_that_is_changed_taken_back_followed_and_deleted(admin: Client, position: Position) -> None:
    address = f"{POSITION}{position.pk}/"
    send(admin, f"{address}change/", percentage="60", effective_from="2026-04-01")
    send(admin, f"{address}terms/2026-04-01/withdraw/")
    send(admin, f"{POSITION}add/?after={position.pk}", title="Head cook", start_date="2026-05-01")
    send(admin, f"{address}delete/", post="yes")
    now = "Cook, from 1 Jan 2026: "
    assert kept() == [
        f"{now}Changed Percentage from 1 Apr 2026.",
        f"{now}Withdrew the change from 1 Apr 2026.",
        "Cook, 1 Jan 2026 – 30 Apr 2026: “Cook” ends on 30 Apr 2026. Followed by “Head cook”.",
        "Head cook, from 1 May 2026: Added.",
        "Cook, 1 Jan 2026 – 30 Apr 2026: ",
    ]


def test_of_an_employment_that_is_ended_and_of_an_employee_who_is_deleted(admin: Client, position: Position) -> None:
    employee = position.employee
    address = f"/admin/positions/employee/{employee.pk}/"
    send(admin, f"{address}end/", last_day="2026-04-30", end_reason="resigned")
    send(admin, f"{address}change/", first_name="Karin")
    send(admin, f"{address}delete/", post="yes")
    assert [words.partition(": ")[2] for words in kept()] == [
        "1 position ends on 30 Apr 2026.", "Changed First name.", ""
    ]  # fmt: skip


def test_of_a_webhook(admin: Client, organization: Organization) -> None:
    webhook = hook(organization)
    address = f"/admin/synclog/webhook/{webhook.pk}/"
    admin.post(f"{address}test/")
    admin.post(f"/admin/synclog/webhookdelivery/{WebhookDelivery.objects.get().pk}/replay/")
    assert AuditEntry.objects.filter(kind=WebhookDelivery._meta.verbose_name_raw).count() == 2
    send(admin, f"{address}delete/", post="yes")
    assert kept()[-1].startswith(f"Webhook {webhook.pk}: ")
