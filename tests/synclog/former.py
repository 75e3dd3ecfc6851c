"""What former versions wrote, in their databases, and what the migration that turned it into something else made of it.

Each step brings the database to a version, writes there, goes on, looks, and takes away what it wrote.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from integrations.scope import Scope, scope_of
from integrations.sdk.kept import NOT_KEPT
from tests.factories import CompanyFactory, EmployeeFactory, IntegrationFactory, PositionFactory
from tests.migrated import step_by_step
from tests.security.test_canaries import contents

# The oldest that these steps go back to.
OLDEST = [("positions", "0005_erasure"), ("integrations", "0007_shared_place")]


def at(*targets: tuple[str, str]) -> Any:
    """The models of that version, whose database it is from now on."""
    executor = step_by_step()
    executor.migrate(list(targets))
    loader = step_by_step().loader
    return loader.project_state([key for key in loader.applied_migrations if key in loader.graph.nodes]).apps


class Limits:
    """Whose positions a connection takes: rows of today, which go back and come again with the whole database.
    (PostgreSQL refuses changes of a table with pending events.)"""

    def __init__(self) -> None:
        self.company = CompanyFactory()
        organization = self.company.organization
        self.limited = IntegrationFactory(organization=organization)
        self.limited.companies.add(self.company)
        self.everybodys = IntegrationFactory(organization=organization)
        employee = EmployeeFactory(organization=organization, company=self.company)
        self.position = PositionFactory(employee=employee)

    def hold(self) -> None:
        self.position.refresh_from_db()
        assert self.position.company == self.company
        assert scope_of(self.limited.pk) == Scope(False, frozenset({self.company.pk}))
        assert scope_of(self.everybodys.pk) == Scope(True)
        self.company.organization.delete()


def matches_of_two_with_one_record_are_stopped_and_the_others_kept() -> None:
    apps = at(("integrations", "0010_truth"))
    organization = apps.get_model("positions", "Organization").objects.create(name="Fjellheim")
    integrations = apps.get_model("integrations", "Integration").objects
    one, two = (
        integrations.create(organization=organization, system_key="fortnox", name=name) for name in ("One", "Two")
    )
    links = apps.get_model("integrations", "EmployeeLink").objects
    for integration, employee, record in ((one, 1, "1042"), (one, 2, "1042"), (one, 3, "7"), (two, 1, "1042")):
        links.create(integration=integration, employee_key=employee, remote_id=record, matched_by="e-mail")
    apps = at(("integrations", "0009_identity"))
    rows = apps.get_model("integrations", "EmployeeLink").objects.order_by("pk")
    assert [(r.state, r.cause, r.remote_id, r.written_to) for r in rows] == [
        ("stopped", "match_stopped", "1042", "1042"),
        ("stopped", "match_stopped", "1042", "1042"),
        ("matched", "", "7", "7"),
        ("matched", "", "1042", "1042"),
    ]
    assert all(r.message for r in rows if r.state == "stopped") and {r.matched_by for r in rows} == {"e-mail"}
    keys = [i.fingerprint_key for i in apps.get_model("integrations", "Integration").objects.all()]
    assert len(keys) > 3 and len(set(keys)) == len(keys) and all(len(key) == 64 for key in keys)
    apps.get_model("positions", "Organization").objects.filter(pk=organization.pk).delete()


def keys_of_before_end_a_year_after_the_upgrade_and_are_of_their_maker() -> None:
    apps = at(("positions", "0007_people_search"))
    user = get_user_model().objects
    maker, gone, left = (user.create(username=name, is_active=name != "left") for name in ("ada", "gone", "left"))
    organization = apps.get_model("positions", "Organization").objects.create(name="Fjellheim")
    members = apps.get_model("positions", "Member").objects
    for person, role in ((maker, "admin"), (gone, "editor"), (left, "admin")):
        members.create(organization=organization, user_id=person.pk, role=role)
    keys, now = apps.get_model("positions", "ApiKey").objects, timezone.now()
    near = now + timedelta(days=20)

    def key(name: str, by: Any, until: datetime | None) -> Any:
        return keys.create(
            organization=organization, name=name, hash=name, expires_at=until, created_by_id=by and by.pk
        )

    key("of an admin", maker, None)
    key("soon", maker, near)
    key("far", gone, now + timedelta(days=5000))
    key("left", left, None)
    told = key("told by the trail", None, None)
    key("of nobody", None, None)
    apps.get_model("positions", "AuditEntry").objects.create(
        organization=organization, actor="ada", via="admin", action="created", kind="API key", object_key=told.pk
    )
    apps = at(("positions", "0010_api_keys_of_before"))
    found = {row.name: row for row in apps.get_model("positions", "ApiKey").objects.select_related("owner")}
    assert {name: row.owner and row.owner.username for name, row in found.items()} == {
        "of an admin": "ada", "soon": "ada", "far": None, "left": None, "told by the trail": "ada", "of nobody": None,
    }  # fmt: skip
    assert found["soon"].expires_at == near
    assert {(row.expires_at - now).days for name, row in found.items() if name != "soon"} == {365}
    assert all(row.ended_at is None for row in found.values())
    apps.get_model("positions", "Organization").objects.filter(pk=organization.pk).delete()
    for person in (maker, gone, left):
        apps.get_model("auth", "User").objects.filter(pk=person.pk).delete()


def what_was_exchanged_before_is_blanked() -> None:
    """By what its system declares; of a system that is not known, all but the words of refusals."""
    apps = at(("synclog", "0011_outside"))
    now = timezone.now()
    organization = apps.get_model("positions", "Organization").objects.create(name="Fjellheim")
    attempts = apps.get_model("synclog", "Attempt").objects
    body = json.dumps({"value": {"id": 5, "annualSalary": 765_432_100, "message": "no"}})
    for n, key in enumerate(("tripletex", "gone")):
        integration = apps.get_model("integrations", "Integration").objects.create(
            organization=organization, system_key=key, name=key
        )
        job = apps.get_model("synclog", "Job").objects.create(
            organization=organization, integration=integration, employee_key=n, position_key=n, title="x",
            start_date=date(2026, 1, 1), due_at=now, recorded_at=now, changed_at=now, vendor_text=body[:40],
        )  # fmt: skip
        call = {
            "at": 1.0, "method": "PUT", "url": "https://a.example/x?fields=id&pay=7654321", "milliseconds": 1,
            "request_headers": {}, "request_body": body, "response_headers": {"A": "b"}, "error": "",
        }  # fmt: skip
        calls = [
            {**call, "status": 200, "response_body": body},
            {**call, "status": 400, "response_body": '{"message": "no", "annualSalary": 7654321}'},
            {**call, "status": 200, "response_body": body[:30]},
        ]
        attempts.create(
            job=job, number=1, started_at=now, finished_at=now, result="sent", exchanges=calls, vendor_text="in words",
        )  # fmt: skip
        attempts.create(job=job, number=2, started_at=now, finished_at=now, result="sent", vendor_text=body[:40])
    assert "7654321" in "".join(contents())
    apps = at(("synclog", "0012_calls_blanked"))
    rows = apps.get_model("synclog", "Attempt").objects
    assert "7654321" not in "".join(contents())
    known, unknown = (rows.get(job__integration__system_key=key, number=1) for key in ("tripletex", "gone"))
    assert known.vendor_text == "in words"
    assert json.loads(known.exchanges[0]["response_body"])["value"]["id"] == 5
    assert json.loads(unknown.exchanges[0]["response_body"])["value"]["id"] == NOT_KEPT
    for row in (known, unknown):
        assert json.loads(row.exchanges[1]["response_body"])["message"] == "no"
        assert row.exchanges[0]["response_headers"] == {"A": "b"} and row.exchanges[0]["method"] == "PUT"
    apps.get_model("positions", "Organization").objects.filter(pk=organization.pk).delete()
