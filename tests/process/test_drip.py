"""While everything that one organization calls drips, another one's changes are sent and its pages answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.sandboxes.server import running
from tests.integrations.hostile import Hostile, body_with_length
from tests.process.product import SLOWER, Product, login, started, wait_for
from tests.process.test_one_call import process

pytestmark = pytest.mark.process
WITHIN = 2.0  # seconds
CHANGES = 10
PREPARE = """
from datetime import date
from django.contrib.auth.models import User
from integrations.models import Integration
from integrations.systems.netvisor.sandbox import NetvisorSandbox
from positions.models import ApiKey, Employee, Member, Organization, Position

def made(name, address, connections):
    organization = Organization.objects.create(name=name, time_zone="Europe/Helsinki")
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    Member.objects.create(organization=organization, user=user, role="admin")
    for number in range(connections):
        integration = Integration(
            organization=organization,
            system_key="netvisor",
            name=f"{name}{number}",
            base_urls={"api": f"{address}{number}"},  # another customer each: none waits for another one's call
        )
        integration.switch(True)
        integration.set_credentials(NetvisorSandbox.credentials, by="test")
        integration.save()
    person = Employee.objects.create(organization=organization, number=name, first_name="A", last_name="B")
    position = Position.objects.create(employee=person, title="Baker", start_date=date(2026, 1, 1))
    key = ApiKey(organization=organization, name="test", scopes=["positions:read", "positions:write"])
    text = key.issue()
    key.save()
    print(integration.pk, position.pk, text)

made("fine", FINE, 1)
made("drips", DRIPS, 10)
"""


def took(call: Callable[[], Any]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def post(session: requests.Session, product: Product, path: str, **data: object) -> None:
    page = product.address + path
    token = session.cookies["csrftoken"]
    session.post(page, {**data, "csrfmiddlewaretoken": token}, headers={"Referer": product.address}, timeout=60)


def test_anothers_changes_and_pages_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, already_migrated: Callable[[Path], None]
) -> None:
    already_migrated(tmp_path / "data")
    monkeypatch.setenv("ALLOW_PRIVATE_TARGETS", "1")
    with running() as (address, tenants), Hostile(address).running() as hostile, started(tmp_path) as product:
        sandbox = tenants.get("netvisor", "fine0")
        sandbox.add_employee("fine", "A", "B")
        hostile.answer = body_with_length
        prepared = process(
            tmp_path / "data",
            PREPARE,
            PASSWORD=product.password,
            FINE=f"{address}/netvisor/fine",
            DRIPS=f"{hostile.address}/netvisor/drips",
        )
        (_, position, key), (last, dripping, _) = (line.split() for line in prepared.communicate()[0].splitlines())
        fine, drips = login(product, "fine"), login(product, "drips")
        wait_for(lambda: hostile.hanging and sandbox.employments("fine"))

        api = {"Authorization": f"Bearer {key}"}

        def change(day: int) -> None:
            end = f"2027-01-{day:02}"
            path = f"{product.address}api/v1/positions/{position}/"
            assert (
                requests.patch(
                    path, json={"end_date": end, "end_reason": "resigned"}, headers=api, timeout=60
                ).status_code
                == 200
            )
            wait_for(lambda: end in str(sandbox.employments("fine")))

        def look(path: str) -> None:
            answer = fine.get(product.address + path, timeout=60)
            assert answer.status_code == 200 and "/login/" not in answer.url

        # Whatever else calls for people: tests of connections and previews, which somebody presses all the time.
        pages: dict[str, float] = {}
        changes, hanging = [], []
        with ThreadPoolExecutor(3) as others:
            asked = [
                others.submit(post, drips, product, f"admin/integrations/integration/{last}/test/"),
                others.submit(post, drips, product, "admin/synclog/job/preview/", position=dripping, integration=last),
                others.submit(post, drips, product, f"admin/integrations/integration/{int(last) - 1}/test/"),
            ]
            for day in range(1, CHANGES + 1):
                hanging.append(hostile.hanging)
                changes.append(took(lambda day=day: change(day)))  # type: ignore[misc]
                for path in ("", "admin/positions/employee/", "admin/synclog/job/", "admin/integrations/integration/"):
                    pages[path] = max(pages.get(path, 0.0), took(lambda path=path: look(path)))  # type: ignore[misc]
            for one in asked:
                one.result()
        hostile.let_go()
    print(f"changes {[round(s, 2) for s in changes]}, pages {pages}, hanging {hanging}")
    assert all(hanging), "it was measured while the calls hang"
    assert max(changes) < SLOWER * WITHIN and max(pages.values()) < SLOWER * WITHIN
