"""Whatever the marks and the order of changes: no run writes to a record that another employee here is matched to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integrations.models import EmployeeLink, Integration
from integrations.sandboxes.server import Tenants
from positions.models import Employee, Position
from synclog.engine import matches
from synclog.queue import tasks
from tests.synclog.world import TURN, World, new_world

PEOPLE = 3
NUMBERS = ("1", "2", "3", "4")
EMAILS = ("", "a@example.com", "b@example.com")
DECISIONS = {"confirm": matches.confirm, "release": matches.release, "anew": matches.match_anew}
person = st.integers(0, PEOPLE - 1)
operations = st.one_of(
    st.tuples(st.just("number"), person, st.sampled_from(NUMBERS)),
    st.tuples(st.just("email"), person, st.sampled_from(EMAILS)),
    st.tuples(st.just("there number"), person, st.sampled_from(("", *NUMBERS))),
    st.tuples(st.just("there email"), person, st.sampled_from(EMAILS)),
    st.tuples(st.just("save"), person, st.just("")),
    st.tuples(st.sampled_from(("confirm", "release", "anew")), person, st.just("")),
    st.tuples(st.just("differ"), st.just(0), st.sampled_from(("", "yes"))),
    st.tuples(st.just("send"), st.just(0), st.just("")),
)


class Story:
    """Three people here, three accounts in Entra ID, and what each run wrote to whom."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.entra: Integration = world.connect("entra_id", known=False)
        world.employee.delete()
        self.people = [
            world.hire(number=f"x{n}", first_name=f"First{n}", last_name=f"Last{n}", email="") for n in range(PEOPLE)
        ]
        sandbox = world.sandboxes[self.entra.pk]
        self.users: dict[str, dict[str, Any]] = sandbox.state["users"]
        self.accounts = [sandbox.add_employee("", f"There{n}", f"Also{n}") for n in range(PEOPLE)]
        self.positions = [world.save(p, title=f"P{n} v0") for n, p in enumerate(self.people)]
        self.versions = 0

    def holders(self) -> dict[str, int]:
        """Record there -> index of the employee who is matched to it."""
        keys = {p.pk: n for n, p in enumerate(self.people)}
        rows = EmployeeLink.objects.filter(integration=self.entra, state="matched")
        found = {row.remote_id: keys[row.employee_key] for row in rows}
        assert len(found) == rows.count(), "one record is two employees'"
        return found

    def do(self, what: str, who: int, value: str) -> None:
        employee, account = self.people[who], self.users[self.accounts[who]]
        if what in ("number", "email"):
            employee = Employee.objects.get(pk=employee.pk)
            setattr(employee, what, value)
            try:
                with transaction.atomic():
                    employee.save()
            except IntegrityError:
                return  # a number that another employee has here
        elif what == "there number":
            account["employeeId"] = value or None
        elif what == "there email":
            account["mail"] = value or None
        elif what == "save":
            self.versions += 1
            position = Position.objects.get(pk=self.positions[who].pk)
            position.title = f"P{who} v{self.versions}"
            position.save()
        elif what == "differ":
            self.entra.settings["numbers_differ"] = bool(value)
            self.entra.save()
        elif what == "send":
            self.send()
        else:
            link = EmployeeLink.objects.filter(integration=self.entra, employee_key=employee.pk).first()
            try:
                if link is not None:
                    {"confirm": matches.confirm, "release": matches.release, "anew": matches.match_anew}[what](
                        link, "a"
                    )
            except matches.NotPossibleError:
                return

    def send(self) -> None:
        tenant = self.world.sandboxes[self.entra.pk].tenant
        tenant.calls.clear()
        before = self.holders()
        tasks.drain(self.entra.pk, TURN)
        after = self.holders()
        writers: dict[str, set[int]] = {}
        for call in tenant.calls:
            written = re.search(r'"jobTitle": ?"P(\d) v', call.body)
            if call.method == "PATCH" and written:
                writers.setdefault(call.path.split("/")[-1], set()).add(int(written[1]))
        for record, who in writers.items():
            assert len(who) == 1, "two employees' runs wrote to one record"
            [writer] = who
            kept = before.get(record) if before.get(record) == after.get(record) else None
            assert kept in (None, writer), "written for somebody else's record"
            assert after.get(record, writer) == writer


@pytest.mark.django_db
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(operations, min_size=4, max_size=14))
@example(
    [
        ("email", 0, "a@example.com"), ("email", 1, "a@example.com"), ("there email", 2, "a@example.com"),
        ("send", 0, ""), ("save", 0, ""), ("save", 1, ""), ("send", 0, ""),
    ]
)  # fmt: skip
@example(
    [
        ("number", 0, "1"), ("number", 1, "2"), ("there number", 0, "1"), ("there number", 1, "2"), ("send", 0, ""),
        ("number", 0, "4"), ("number", 1, "1"), ("number", 0, "2"), ("send", 0, ""), ("send", 0, ""),
    ]
)  # fmt: skip
def test_no_run_writes_to_a_record_that_another_employee_is_matched_to(
    sandbox_server: tuple[str, Tenants], monkeypatch: pytest.MonkeyPatch, story: list[tuple[str, int, str]]
) -> None:
    monkeypatch.setattr("synclog.engine.worker_turn.LINGER", 0.02)
    monkeypatch.setattr("django.conf.settings.ALLOW_PRIVATE_TARGETS", True)
    told = Story(new_world(sandbox_server))
    for what, who, value in [*story, ("send", 0, "")]:
        told.do(what, who, value)
