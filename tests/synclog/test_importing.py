"""What an import causes: told beforehand for each connection, recorded for each change, carried by the queue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from positions.importing import work
from positions.models import Change, Import, Position
from synclog.models import Job
from synclog.queue import imports, tasks
from tests.factories import CompanyFactory, EmployeeFactory, IntegrationFactory, PositionFactory
from tests.positions.files import became, carried_on, csv_of, editor_of, sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_orm(settings: Any) -> None:
    """Wake-ups lie in the database, where they can be counted."""
    settings.Q_CLUSTER = {k: v for k, v in settings.Q_CLUSTER.items() if k != "redis"} | {"orm": "default"}


HEADINGS = ["Employee number", "Title", "Contract start date", "Company", "Note"]


def connection_of(organization: Any, name: str, *companies: Any) -> Any:
    integration = IntegrationFactory(organization=organization, name=name)
    integration.switch(True)
    integration.save()
    integration.companies.add(*companies)
    return integration


def test_what_would_be_sent_is_told_and_nothing_of_it_is_left() -> None:
    everybody = connection_of(EmployeeFactory().organization, "For all")
    organization = everybody.organization
    oslo, bergen = (CompanyFactory(organization=organization, name=name) for name in ("Oslo", "Bergen"))
    only_oslo = connection_of(organization, "Only Oslo", oslo)
    IntegrationFactory(organization=organization, name="Off")
    connection_of(EmployeeFactory().organization, "Somebody else's")
    for number, company in (("1", oslo), ("2", bergen), ("3", oslo)):
        PositionFactory(
            employee=EmployeeFactory(organization=organization, number=number), company=company, title="T",
            start_date=date(2020, 1, 1),
        )  # fmt: skip
    Job.objects.all().delete()
    OrmQ.objects.all().delete()
    Change.objects.all().delete()
    before = list(Position.objects.order_by("pk").values())
    rows = [HEADINGS, ["1", "New", "1.1.2020", "Oslo", ""], ["2", "New", "1.1.2020", "Bergen", ""]]
    rows += [["3", "T", "1.1.2020", "Oslo", "a note goes nowhere"], ["3", "Next", "1.1.2027", "Oslo", ""]]
    asked = sent(organization, "positions", rows)
    assert asked.follows == {"For all": 3, "Only Oslo": 2} and became(asked) == (1, 3, 0, 0)
    assert not Job.objects.exists() and not Change.objects.exists()
    assert list(Position.objects.order_by("pk").values()) == before
    assert {task["func"] for task in map(_task, OrmQ.objects.all())} == {"synclog.queue.tasks.bring_in"}
    work.confirm(asked.pk)
    asked = carried_on(asked)
    found = {one.pk: one.jobs.count() for one in (everybody, only_oslo)}
    assert found == {everybody.pk: 3, only_oslo.pk: 2}
    assert set(Job.objects.values_list("origin_name", "request_id")) == {(asked.user.get_username(), asked.uuid.hex)}


def _task(row: OrmQ) -> dict[str, Any]:
    from django_q.signing import SignedPackage

    return SignedPackage.loads(row.payload)


def test_a_worker_takes_what_was_sent_and_what_was_left_lying(monkeypatch: pytest.MonkeyPatch) -> None:
    organization = EmployeeFactory().organization
    rows = [["Employee number", "First name", "Last name"], ["9", "Kari", "A"]]
    asked = work.begin(organization, editor_of(organization), "employees", csv_of(rows))
    (row,) = OrmQ.objects.all()
    assert _task(row)["args"] == [asked.pk] or tuple(_task(row)["args"]) == (asked.pk,)
    OrmQ.objects.all().delete()
    long_ago = timezone.now() - timedelta(hours=1)
    Import.objects.update(asked_at=long_ago, moved_at=long_ago)
    tasks.sweep()
    assert "synclog.queue.tasks.bring_in" in {_task(row)["func"] for row in OrmQ.objects.all()}
    tasks.bring_in(asked.pk)
    assert Import.objects.get().state == Import.State.CHECKED
    monkeypatch.setattr(imports, "SECONDS", 0)
    OrmQ.objects.all().delete()
    work.confirm(asked.pk)
    tasks.bring_in(asked.pk)
    assert Import.objects.get().state == Import.State.IMPORTING and OrmQ.objects.count() == 2
    tasks.bring_in(asked.pk)
    assert Import.objects.get().state == Import.State.DONE
