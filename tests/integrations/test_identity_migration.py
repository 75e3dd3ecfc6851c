"""Links of before: kept, except where two employees had one record."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("integrations", "0010_truth")]


@pytest.fixture
def migrate(transactional_db: Any) -> Any:
    def to(targets: list[tuple[str, str]]) -> Any:
        executor = MigrationExecutor(connection)
        executor.migrate(targets)
        return MigrationExecutor(connection).loader.project_state(targets).apps

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_links_that_break_the_rule_are_stopped_and_the_others_kept(migrate: Any) -> None:
    apps = migrate(BEFORE)
    organization = apps.get_model("positions", "Organization").objects.create(name="Fjellheim")
    integrations = apps.get_model("integrations", "Integration").objects
    one, two = (
        integrations.create(organization=organization, system_key="fortnox", name=name) for name in ("One", "Two")
    )
    links = apps.get_model("integrations", "EmployeeLink").objects
    for integration, employee, record in ((one, 1, "1042"), (one, 2, "1042"), (one, 3, "7"), (two, 1, "1042")):
        links.create(integration=integration, employee_key=employee, remote_id=record, matched_by="e-mail")
    apps = migrate([("integrations", "0009_identity")])
    rows = apps.get_model("integrations", "EmployeeLink").objects.order_by("pk")
    assert [(r.state, r.cause, r.remote_id, r.written_to) for r in rows] == [
        ("stopped", "match_stopped", "1042", "1042"),
        ("stopped", "match_stopped", "1042", "1042"),
        ("matched", "", "7", "7"),
        ("matched", "", "1042", "1042"),
    ]
    assert all(r.message for r in rows if r.state == "stopped") and {r.matched_by for r in rows} == {"e-mail"}
    keys = [i.fingerprint_key for i in apps.get_model("integrations", "Integration").objects.all()]
    assert len(set(keys)) == 2 and all(len(key) == 64 for key in keys)
