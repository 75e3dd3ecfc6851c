"""A save that changes nothing does nothing: no job, no new `updated_at`. And no real change is ever taken for none."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import ANY

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from positions.bulk import save_positions
from positions.models import Position
from synclog.models import Job
from tests.factories import ApiKeyFactory, DepartmentFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.positions.conftest import Api
from tests.synclog.pages import client_of, connection

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=30)


@pytest.fixture
def position() -> Position:
    organization = OrganizationFactory()
    made = PositionFactory(
        employee=EmployeeFactory(organization=organization, number="1042"),
        title="Baker",
        start_date=date(2026, 3, 1),
        percentage=Decimal("80"),
        weekly_hours=Decimal("30"),
        department=DepartmentFactory(organization=organization, code="BUT1"),
        external_id="hr-1",
        note="Likes rye.",
    )
    connection(organization, "netvisor")
    Position.objects.update(updated_at=LONG_AGO)
    return Position.objects.select_related("employee").get(pk=made.pk)


def untouched(position: Position) -> bool:
    return not Job.objects.exists() and Position.objects.get(pk=position.pk).updated_at == LONG_AGO


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"percentage": "80.00"},
        {"percentage": 80},
        {"weekly_hours": 30.0},
        {"end_reason": None, "cost_centre": None},
        {"start_date": "2026-03-01"},
    ],
)
def test_a_save_that_changes_no_value_does_nothing(position: Position, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(position, name, value)
    position.save()
    assert save_positions([position]) == ["unchanged"]
    assert untouched(position)


def test_what_is_sent_nowhere_is_kept_but_not_recorded(position: Position) -> None:
    position.note, position.external_id = "Likes wheat.", "hr-2"
    position.save()
    stored = Position.objects.get(pk=position.pk)
    assert (stored.note, stored.external_id) == ("Likes wheat.", "hr-2") and stored.updated_at > LONG_AGO
    stored.note = ""
    assert save_positions([stored]) == ["updated"]
    assert Position.objects.get(pk=position.pk).note == ""
    assert not Job.objects.exists()


def test_the_form_saved_as_it_was_opened(position: Position) -> None:
    client = client_of(position.employee.organization)
    address = f"/admin/positions/position/{position.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: "" if form[name].value() is None else str(form[name].value()) for name in form.fields}
    assert client.post(address, data).status_code == 302
    assert untouched(position)
    assert client.post(address, {**data, "title": "Cook"}).status_code == 302
    assert Job.objects.count() == 1


def test_the_api_told_what_it_knows(position: Position) -> None:
    row = {
        "title": "Baker",
        "start_date": "2026-03-01",
        "percentage": "80.00",
        "weekly_hours": 30,
        "department_code": "BUT1",
        "note": "Likes rye.",
    }
    api = Api(ApiKeyFactory(organization=position.employee.organization))
    own = api.get(f"/positions/{position.pk}/").json()
    written = {**own, "action": "unchanged", "jobs": [], "unmatched": ANY}
    assert api.patch(f"/positions/{position.pk}/", row).json() == written
    by_own_id = f"/employees/{position.employee_id}/positions/by-external-id/hr-1/"
    assert api.put(by_own_id, row).json() == written
    answer = api.post("/positions/bulk/", {"positions": [{"id": position.pk, **row}]}).json()
    assert (answer["created"], answer["updated"], answer["unchanged"], answer["jobs"]) == (0, 0, 1, [])
    assert untouched(position)
    # What is left out of a PUT goes back to its default: that is a change.
    row.pop("weekly_hours")
    assert len(api.put(by_own_id, row).json()["jobs"]) == 1


def test_a_thousand_identical_rows_make_no_job(django_assert_max_num_queries: Any) -> None:
    organization = OrganizationFactory()
    for key in ("netvisor", "fortnox", "tripletex"):
        connection(organization, key)
    person = EmployeeFactory(organization=organization, number="1042")
    rows = [
        {"employee_number": "1042", "external_id": f"hr-{n}", "title": f"P {n}", "start_date": "2026-03-01"}
        for n in range(1000)
    ]
    api = Api(ApiKeyFactory(organization=organization))
    assert api.post("/positions/bulk/", {"positions": rows}).json()["created"] == 1000
    Job.objects.all().delete()
    with django_assert_max_num_queries(25) as captured:
        answer = api.post("/positions/bulk/", {"positions": rows}).json()
    assert (answer["unchanged"], answer["updated"], answer["jobs"]) == (1000, 0, [])
    assert {result["action"] for result in answer["results"]} == {"unchanged"}
    assert not Job.objects.exists()
    assert not [q for q in captured.captured_queries if q["sql"].startswith('UPDATE "positions_position"')]
    rows[7]["title"] = "Another"
    answer = api.post("/positions/bulk/", {"positions": rows}).json()
    assert (answer["unchanged"], answer["updated"], len(answer["jobs"])) == (999, 1, 3)
    assert answer["results"][7]["action"] == "updated"
    assert person.positions.filter(title="Another").count() == 1


# -- never lose a real change


def test_saved_back_over_somebody_elses_change_is_a_change(position: Position) -> None:
    """The last save wins, as in any form of Django; then it is recorded like any other."""
    stale = Position.objects.get(pk=position.pk)
    position.title = "Cook"
    position.save()
    Job.objects.all().delete()
    stale.save()
    assert Position.objects.get(pk=position.pk).title == "Baker"
    assert Job.objects.get().changed == ["title"]


def test_a_note_saved_over_somebody_elses_change_is_more_than_a_note(position: Position) -> None:
    for save in (Position.save, lambda row: save_positions([row])):
        fresh, stale = (Position.objects.get(pk=position.pk) for _ in range(2))
        fresh.title = f"{fresh.title}!"
        fresh.save()
        Job.objects.all().delete()
        stale.note += "."
        save(stale)
        assert Position.objects.get(pk=position.pk).title == stale.title
        assert Job.objects.get().changed == ["title", "note"]


def test_saved_again_after_a_rollback(position: Position) -> None:
    position.title = "Cook"
    with transaction.atomic():
        position.save()
        transaction.set_rollback(True)
    assert untouched(position)
    position.save()
    assert Position.objects.get(pk=position.pk).title == "Cook" and Job.objects.count() == 1
    position.title = "Chef"
    with transaction.atomic():
        save_positions([position])
        transaction.set_rollback(True)
    assert save_positions([position]) == ["updated"]


def test_read_again_is_not_changed(position: Position) -> None:
    Position.objects.filter(pk=position.pk).update(title="Cook")
    position.refresh_from_db()
    assert position.changed_fields() == []
    position.save()
    assert untouched(position)


def test_only_some_fields_are_saved(position: Position) -> None:
    position.title, position.note = "Cook", "-"
    position.save(update_fields=["note"])
    assert not Job.objects.exists() and Position.objects.get(pk=position.pk).title == "Baker"
    position.save()
    assert Job.objects.get().changed == ["title"]


def test_what_was_not_loaded_is_not_lost(position: Position) -> None:
    partly = Position.objects.only("title", "employee").get(pk=position.pk)
    partly.cost_centre = "4100"
    partly.save()
    assert Position.objects.get(pk=position.pk).cost_centre == "4100" and Job.objects.count() == 1


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["Baker", "Cook"]),
        "percentage": st.sampled_from([80, "80", "80.00", Decimal("80.5"), 80.5]),
        "weekly_hours": st.sampled_from([None, 30, "30.00", Decimal(31)]),
        "cost_centre": st.sampled_from(["", "4100"]),
        "end_date": st.sampled_from([None, date(2027, 1, 1), "2027-01-01"]),
        "note": st.sampled_from(["", "x"]),
    },
)


@given(st.lists(st.tuples(st.integers(0, 2), VALUES, st.booleans()), max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_saved_from_whatever_copy(
    position: Position, saves: list[tuple[int, dict[str, Any], bool]]
) -> None:
    """Three copies, each loaded at first: after each save the row says what the copy says, and there is a job whenever
    something that is sent became another."""
    with transaction.atomic():
        copies = [Position.objects.get(pk=position.pk) for _ in range(3)]
        sent = [f.attname for f in Position._meta.concrete_fields if f.attname in Position.TRACKED]
        sent = [name for name in sent if name not in Position.HERE_ONLY]
        for which, values, many in saves:
            before = Position.objects.values(*sent).get(pk=position.pk)
            Job.objects.all().delete()
            for name, value in values.items():
                setattr(copies[which], name, value)
            save_positions([copies[which]]) if many else copies[which].save()
            after = Position.objects.get(pk=position.pk)
            copy = Position(**{name: getattr(copies[which], name) for name in sent})
            copy.clean_fields(exclude=["employee", "department"])
            assert {name: getattr(after, name) for name in sent} == {name: getattr(copy, name) for name in sent}
            assert Job.objects.exists() or before == {name: getattr(after, name) for name in sent}
            Job.objects.all().delete()
            save_positions([copies[which]]) if many else copies[which].save()
            assert not Job.objects.exists()
        transaction.set_rollback(True)
