"""An employment is with an employer: a connection that is limited to companies takes the positions of those companies,
everywhere and always, and what leaves them is treated there as deleted here. Through the real engine, all systems."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
import requests
import time_machine
from hypothesis import strategies as st

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.runtime import export_files
from integrations.scope import Scope, scope_of
from positions.bulk import save_positions
from positions.models import Company, Position
from synclog.engine import actions
from synclog.engine.loading import load_work
from synclog.log import bulk_actions
from synclog.models import Job
from synclog.questions.preview import find
from synclog.queue import tasks
from tests.factories import CompanyFactory, PositionFactory
from tests.synclog.world import World

NOON = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
FLAT_ENDS = {
    "fortnox": "EmployedTo",
    "crona_lon": "avgdatum",
    "xledger": "employmentTo",
    "poweroffice_go": "EndDate",
    "entra_id": "employeeLeaveDateTime",
}
HISTORY = {
    "netvisor": ("startdate", "enddate"),
    "tripletex": ("startDate", "endDate"),
    "unimicro": ("StartDate", "EndDate"),
    "finago": ("startdate", "enddate"),
    "visma_net_payroll": ("activeStart", "activeEnd"),
}
EVERY = [*FLAT_ENDS, *HISTORY]


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def other(world: World) -> Company:
    return CompanyFactory(organization=world.organization, name="Company B", organization_number="999888777")


def limited(world: World, key: str, *companies: Company, **values: Any) -> Integration:
    """A connection for these companies only; without any, for the employee's own."""
    integration = world.connect(key, **values)
    if key == "entra_id":
        integration.settings |= {"send_leave_date": True}
        integration.save()
    own: Any = world.employee.company
    integration.companies.set(companies or [own])
    return integration


def job_of(world: World, key: str, **values: Any) -> Position:
    code = {"netvisor": "51201"}.get(key, "5221126")
    return world.save(**{"start_date": date(2026, 1, 1), "occupation_code": code, "title": "Baker", **values})


def there(world: World, integration: Integration) -> list[dict[str, Any]]:
    """What the system holds, after a clerk has carried over the files where there are any."""
    world.drain(integration)
    tenant = world.sandboxes[integration.pk].tenant.name
    for file in integration.export_files.filter(imported_at=None):
        export_files.fetch(file, "clerk")
        _, body = export_files.content(file)
        requests.post(f"{world.address}/crona_lon/{tenant}/import", data=body, timeout=5).raise_for_status()
        export_files.mark_imported(file, "clerk")
    return world.there(integration)


def end(position: Position) -> None:
    position.end_date, position.end_reason = date(2026, 6, 14), "internal_transfer"
    position.save()


ORDERS = {
    "the end first": "end drain company drain new drain",
    "the company first": "company drain new drain end drain",
    "the new job first": "company new drain end drain",
    "all at once": "new company end drain",
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("key", EVERY)
def test_a_person_who_moves_to_another_company_is_ended_here_and_nothing_more(
    world: World, other: Company, key: str, order: str
) -> None:
    integration = limited(world, key)
    first = job_of(world, key)
    assert len(there(world, integration)) == 1
    for step in ORDERS[order].split():
        match step:
            case "end":
                end(Position.objects.get(pk=first.pk))
            case "company":
                world.employee.company = other
                world.employee.save()
            case "new":
                second = job_of(
                    world, key, title="Brand new", start_date=date(2026, 6, 15), percentage=Decimal(37), company=other
                )
            case "drain":
                there(world, integration)
    ended = world.job(integration, first)
    assert (ended.state, ended.action) == (Job.State.SUCCEEDED, Job.Action.END), (ended.cause, ended.message)
    assert not Job.objects.filter(integration=integration, position_key=second.pk).exists()
    rows = there(world, integration)
    _as_ended(key, rows)
    # Every entry of the log, sent again, says the same once more.
    bulk_actions.resync(Job.objects.filter(integration=integration), "anna")
    assert there(world, integration) == rows
    assert _sent_nothing_of("Brand new", world, integration)


def _as_ended(key: str, rows: list[dict[str, Any]]) -> None:
    name = FLAT_ENDS.get(key) or HISTORY[key][1]
    assert [str(row[name])[:10] for row in rows] == ["2026-06-14"], rows


def _sent_nothing_of(title: str, world: World, integration: Integration) -> bool:
    return not any(title in call.body for call in world.sandboxes[integration.pk].tenant.calls)


@pytest.mark.parametrize("key", EVERY)
@pytest.mark.parametrize("delete", [True, False])
def test_a_sent_position_that_is_given_another_company_is_treated_as_deleted_and_said_so(
    world: World, other: Company, key: str, delete: bool
) -> None:
    integration = limited(world, key, delete_positions=delete)
    position = job_of(world, key)
    before = there(world, integration)
    calls = len(world.sandboxes[integration.pk].tenant.calls)
    position.company, position.title, position.percentage = other, "Brand new", Decimal(37)
    position.save()
    job = world.job(integration, position)
    assert (job.state, job.action, job.outside, job.deleted) == (Job.State.WAITING, Job.Action.DELETE, True, False)
    after = there(world, integration)
    job.refresh_from_db()
    assert job.outside and "deleted here" not in job.message
    if job.state != Job.State.SUCCEEDED:
        assert after == before, "nothing is sent of what it is now"
        assert "left this connection's companies" in job.message, job.message
        assert job.cause == ("delete_by_hand" if delete else "delete_switched_off")
    else:
        assert delete and integration.system.delete != "by_hand"
        assert len(world.sandboxes[integration.pk].tenant.calls) > calls
    assert _sent_nothing_of("Brand new", world, integration)
    # A later change of it concerns the other company alone: the log here has been told.
    position.percentage = Decimal(41)
    position.save()
    assert Job.objects.filter(integration=integration).count() == 2
    bulk_actions.resync(Job.objects.filter(integration=integration), "anna")
    assert there(world, integration) == after
    assert _sent_nothing_of("Brand new", world, integration)


@pytest.mark.parametrize("key", ["netvisor", "fortnox"])
def test_a_position_that_comes_in_is_a_change_there_and_comes_back_whole(
    world: World, other: Company, key: str
) -> None:
    ours, theirs = limited(world, key, delete_positions=True), limited(world, key, other)
    position = job_of(world, key)
    assert len(there(world, ours)) == 1 and there(world, theirs) == []
    position.company = other
    position.save()
    assert len(there(world, theirs)) == 1
    there(world, ours)
    position.company = world.employee.company
    position.save()
    job = world.job(ours, position)
    assert (job.outside, job.action, job.changed) == (False, Job.Action.SAVE, None)
    there(world, ours)
    job.refresh_from_db()
    assert job.state in (Job.State.SUCCEEDED, Job.State.SKIPPED) and job.cause in ("", "nothing_to_change"), job.message


def test_what_was_never_sent_leaves_without_an_entry(world: World, other: Company) -> None:
    integration = limited(world, "netvisor", on=False)
    position = job_of(world, "netvisor")
    actions.switch(integration, True, by="anna")
    position.company = other
    position.save()
    assert not Job.objects.exists()


def test_what_waits_to_be_sent_and_leaves_first_is_not_sent(world: World, other: Company) -> None:
    integration = limited(world, "netvisor")
    position = job_of(world, "netvisor")
    position.company = other
    position.save()
    assert there(world, integration) == []
    job = world.job(integration, position)
    assert (job.state, job.cause, job.outside) == (Job.State.SKIPPED, "out_of_scope", True)
    assert Job.objects.count() == 1


def test_leaving_while_it_was_off_is_told_at_the_next_change(world: World, other: Company) -> None:
    integration = limited(world, "netvisor", delete_positions=True)
    position = job_of(world, "netvisor")
    assert len(there(world, integration)) == 1
    actions.switch(integration, False, by="anna")
    position.company = other
    position.save()
    actions.switch(integration, True, by="anna")
    assert len(there(world, integration)) == 1, "switching on sends nothing by itself"
    position.title = "Cook"
    position.save()
    assert there(world, integration) == []


def test_a_deleted_position_that_had_left_is_not_told_twice(world: World, other: Company) -> None:
    integration = limited(world, "netvisor")
    position = job_of(world, "netvisor")
    there(world, integration)
    position.company = other
    position.save()
    there(world, integration)
    position.delete()
    assert Job.objects.filter(integration=integration).count() == 2


_STEPS = st.sampled_from(
    ["new A", "new B", "move", "end", "employee A", "employee B", "delete", "drain", "resync", "day", "off", "on"]
)


@pytest.mark.long
@pytest.mark.parametrize("key", ["netvisor", "fortnox"])
def test_nothing_of_another_company_is_ever_sent(world: World, other: Company, key: str) -> None:
    """Whatever is done and in whatever order: the limited connection is never sent a word of the other company's, and
    of each position that it was sent and that left, its log has been told."""
    integration = limited(world, key, delete_positions=True)
    companies = {"A": world.employee.company, "B": other}
    numbers = itertools.count(1)

    @hypothesis.settings(max_examples=12, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(steps=st.lists(_STEPS, min_size=4, max_size=12), which=st.randoms(use_true_random=False))
    def whatever(steps: list[str], which: Any) -> None:
        person = world.hire(number=f"5{next(numbers)}", company=companies["A"])
        world.introduce(integration, person)
        actions.switch(integration, True, by="anna")
        with time_machine.travel(NOON, tick=True) as clock:
            for step in [*steps, "on", "drain"]:
                mine = list(Position.objects.filter(employee=person))
                position = which.choice(mine) if mine else None
                match step.split():
                    case ["new", name]:
                        day = integration.organization.today() + timedelta(days=which.randint(-3, 3))
                        values = {"start_date": day, "title": f"Job in {name}", "company": companies[name]}
                        job_of(world, key, employee=person, **values)
                    case ["employee", name]:
                        person.company = companies[name]
                        person.save()
                    case ["move"] if position is not None:
                        name = "B" if position.company == companies["A"] else "A"
                        position.company, position.title = companies[name], f"Job in {name}"
                        position.save()
                    case ["end"] if position is not None:
                        position.end_date = max(position.start_date, integration.organization.today())
                        position.save()
                    case ["delete"] if position is not None:
                        position.delete()
                    case ["resync"]:
                        bulk_actions.resync(Job.objects.filter(integration=integration), "anna")
                    case ["day"]:
                        clock.shift(timedelta(days=1))
                        tasks.take_over_the_day()
                    case ["off" | "on"]:
                        actions.switch(integration, step == "on", by="anna")
                    case ["drain"]:
                        world.drain(integration)
        assert _sent_nothing_of("Job in B", world, integration)
        was_off = "off" in steps
        for link in PeriodLink.objects.filter(integration=integration, employee_key=person.pk):
            left = Position.objects.filter(pk=link.position_key, company=other).first()
            assert left is None or was_off or world.job(integration, left).outside

    whatever()


# -- whoever makes a job or a plan asks the same


@pytest.mark.parametrize("key", ["netvisor", "fortnox"])
def test_the_worker_is_given_the_positions_in_scope_and_told_of_the_others(
    world: World, other: Company, key: str
) -> None:
    integration = limited(world, key)
    ours = job_of(world, key, end_date=date(2026, 5, 31), end_reason="resigned")
    theirs = job_of(world, key, start_date=date(2026, 6, 1), company=other)
    nobodys = job_of(world, key, start_date=date(2020, 1, 1), end_date=date(2020, 2, 1), company=other)
    PeriodLink.objects.create(
        integration=integration, employee_key=world.employee.pk, position_key=theirs.pk, remote_id="7"
    )
    ((work, _),) = load_work(integration, list(Job.objects.filter(integration=integration)))
    assert [p.id for p in work.positions] == [str(ours.pk)]
    assert work.outside == {str(theirs.pk)}, f"and not {nobodys.pk}, of which nothing was ever sent"


def test_a_company_of_its_own_goes_along_whatever_the_employees_is(world: World, other: Company) -> None:
    integration = world.connect("entra_id")
    integration.settings |= {"send_company": True}
    integration.save()
    position = job_of(world, "entra_id", company=other)
    assert there(world, integration)[0]["companyName"] == "Company B"
    assert world.job(integration, position).state == Job.State.SUCCEEDED


def test_the_day_change_asks(world: World, other: Company) -> None:
    integration = limited(world, "fortnox")
    ours = job_of(world, "fortnox", end_date=date(2026, 6, 20), end_reason="resigned")
    theirs = job_of(world, "fortnox", start_date=date(2026, 6, 21), company=other, title="Brand new")
    there(world, integration)
    link = EmployeeLink.objects.get()
    assert link.next_change_on == date(2026, 6, 21)
    with time_machine.travel(datetime(2026, 6, 21, 10, 0, tzinfo=UTC), tick=True):
        tasks.take_over_the_day()
        assert [job.position_key for job in Job.objects.open()] == [ours.pk]
        assert not Job.objects.filter(position_key=theirs.pk).exists()
        there(world, integration)
    assert _sent_nothing_of("Brand new", world, integration)


def test_send_now_preview_and_resync_ask(world: World, other: Company) -> None:
    integration = limited(world, "netvisor", on=False)
    theirs = job_of(world, "netvisor", company=other)
    actions.switch(integration, True, by="anna")
    assert not actions.send_now([theirs], integration, "anna")
    assert find(integration, theirs.pk, 0).refused == (
        f"This position is with Company B; {integration.name} takes only positions with {world.employee.company}. "
        "Nothing of it is sent there."
    )
    closed = Job.objects.create(
        organization=world.organization, integration=integration, employee_key=world.employee.pk,
        position_key=theirs.pk, employee_name="Åse", title="Baker", start_date=theirs.start_date,
        state="skipped", due_at=NOON, recorded_at=NOON, changed_at=NOON,
    )  # fmt: skip
    done = bulk_actions.resync(Job.objects.filter(pk=closed.pk), "anna")
    assert (done.sent, done.left_out) == (0, 1) and not Job.objects.open().exists()


def test_a_bulk_asks(world: World, other: Company) -> None:
    integration = limited(world, "netvisor")
    rows = [
        PositionFactory.build(employee=world.employee, title=name, start_date=date(2026, 1, 1), company=company)
        for name, company in (("ours", None), ("theirs", other))
    ]
    save_positions(rows)
    assert [p.company for p in rows] == [world.employee.company, other]
    assert [job.title for job in Job.objects.filter(integration=integration)] == ["ours"]


def test_nobody_is_taken_by_an_empty_list(world: World) -> None:
    integration = limited(world, "netvisor")
    integration.companies.clear()
    assert scope_of(integration.pk) == Scope(everybody=False)
    job_of(world, "netvisor")
    assert not Job.objects.exists()
    Integration.objects.update(everybody=True)
    job_of(world, "netvisor")
    assert Job.objects.count() == 1


# -- at what cost


def _queries(captured: Any) -> list[str]:
    kept = [q["sql"] for q in captured.captured_queries]
    return [q for q in kept if not q.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


@pytest.mark.parametrize("rows", [3, 60])
def test_leaving_and_coming_in_add_one_query_whatever_the_rows(
    world: World, other: Company, rows: int, django_assert_max_num_queries: Any
) -> None:
    ours, theirs = limited(world, "netvisor"), limited(world, "tripletex", other)
    world.connect("fortnox")
    positions = [
        PositionFactory.build(employee=world.hire(number=str(n), company=world.employee.company), title="Baker")
        for n in range(rows)
    ]
    save_positions(positions)
    PeriodLink.objects.bulk_create(
        PeriodLink(integration=ours, employee_key=p.employee_id, position_key=p.pk, remote_id=str(p.pk))
        for p in positions
    )
    Job.objects.all().delete()
    for position in positions:
        position.company = other
    with django_assert_max_num_queries(60) as captured:
        save_positions(positions)
    added = [q for q in _queries(captured) if 'UPDATE "positions_position"' not in q]
    assert len(added) <= 6, "integrations, what was sent, jobs, wake-up; audit trail and change feed"
    assert Job.objects.filter(integration=ours, outside=True).count() == rows
    assert Job.objects.filter(integration=theirs, outside=False).count() == rows


def test_a_plain_save_costs_one_query_more_only_where_a_limited_connection_does_not_take_it(
    world: World, other: Company, django_assert_max_num_queries: Any
) -> None:
    def added() -> int:
        with django_assert_max_num_queries(40) as captured:
            world.save()
        return len([q for q in _queries(captured) if "positions_position" not in q.split("WHERE")[0]])

    world.connect("fortnox")
    world.save()  # rings
    plain = added()
    limited(world, "netvisor")
    world.save()
    assert added() == plain
    limited(world, "netvisor", other)
    world.save()
    assert added() == plain + 1
