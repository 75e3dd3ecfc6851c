"""What holds of a position in a connection: chip, counter, health, list, dashboard and API say the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.gaps import gaps, gaps_here
from integrations.models import Integration, PeriodLink
from integrations.planning.translate import translate
from integrations.runtime import mapping
from positions.bulk import save_positions
from positions.models import Organization, Position
from synclog.engine import actions, agreeing
from synclog.engine.record import Changed, job_for
from synclog.log.health import Health, health_of
from synclog.log.states import State, connections_of, states_of
from synclog.log.truth import LISTED, Truth, counts_of, keys_in
from synclog.models import Heartbeat, Job
from synclog.queue import tasks
from tests.factories import (
    ApiKeyFactory,
    CompanyFactory,
    DepartmentFactory,
    EmployeeFactory,
    OrganizationFactory,
    PositionFactory,
)
from tests.positions.conftest import Api
from tests.said import kept
from tests.synclog.pages import client_of, connection, job, text_of
from tests.synclog.world import World

pytestmark = pytest.mark.django_db


def state(integration: Integration, position: Position) -> State:
    position = Position.objects.select_related("employee__organization", "company").get(pk=position.pk)
    connections = connections_of(position.employee.organization)
    return next(s for s in states_of(connections, [position])[position.pk] if s.integration.pk == integration.pk)


def health(integration: Integration) -> Health:
    fresh = Integration.objects.select_related("organization").get(pk=integration.pk)
    return health_of([fresh])[fresh.pk]


def sent(world: World, key: str, **values: Any) -> tuple[Integration, Position]:
    """A position that was sent and is in sync."""
    integration = world.connect(key, **values.pop("connect", {}))
    position = world.save(**values)
    world.drain(integration)
    assert state(integration, position).truth is Truth.IN_SYNC
    return integration, position


def while_off(integration: Integration, position: Position, **values: Any) -> None:
    actions.switch(integration, False, by="anna")
    for name, value in values.items():
        setattr(position, name, value)
    position.save()
    integration.refresh_from_db()
    actions.switch(integration, True, by="anna")


def work() -> None:
    tasks.beat()


# -- changed here since it was sent


def test_what_was_changed_while_it_was_off_is_not_in_sync(world: World) -> None:
    work()
    integration, position = sent(world, "netvisor")
    while_off(integration, position, title="Cook")
    found = state(integration, position)
    assert found.truth is Truth.CHANGED and found.mark.word == "Changed here since" and found.may_send
    assert "Press Send now" in found.why
    said = health(integration)
    assert (said.word, said.counts.changed, said.counts.in_sync) == ("Warnings", 1, 0)
    assert said.detail == "1 position was changed here since it was sent, and is not on the way: Send now."
    # The pages say it, and lead to the list of them.
    client = client_of(world.organization)
    assert "Changed here since" in text_of(client.get(f"/admin/positions/position/{position.pk}/change/"))
    page = text_of(client.get(f"/admin/integrations/integration/{integration.pk}/change/"))
    assert "Send 1 position now" in page and "Everything is in sync" not in page
    assert "Everything is in sync" not in text_of(client.get("/admin/synclog/job/"))
    (need,) = client.get("/admin/").context["needs"]
    listed = client.get(need.where[0][2])
    assert [row.pk for row, _ in listed.context["rows"]] == [position.pk]
    # One button for all of it; then it is there.
    client.post(f"/admin/synclog/job/positions/{integration.pk}/")
    world.drain(integration)
    assert [p["profession"] for p in world.there(integration)] == ["Cook"]
    assert state(integration, position).truth is Truth.IN_SYNC
    assert health(integration).detail == "Everything is in sync."


def test_changed_and_changed_back_is_in_sync(world: World) -> None:
    integration, position = sent(world, "netvisor")
    while_off(integration, position, title="Cook")
    while_off(integration, position, title="Baker")
    assert state(integration, position).truth is Truth.IN_SYNC


def test_what_the_system_does_not_take_leaves_it_equal(world: World) -> None:
    integration, position = sent(world, "netvisor")
    while_off(integration, position, cost_centre="4100", note="x")
    assert state(integration, position).truth is Truth.IN_SYNC


def test_what_cannot_be_sent_any_more_is_changed_too(world: World) -> None:
    integration, position = sent(world, "tripletex", occupation_code="5221126")
    while_off(integration, position, occupation_code="")
    assert state(integration, position).truth is Truth.CHANGED


@pytest.mark.parametrize("key", ["netvisor", "fortnox"])
def test_what_waited_when_it_was_switched_off_is_not_in_sync(world: World, key: str) -> None:
    integration, position = sent(world, key)
    actions.pause(integration, by="anna")
    position.title = "Cook"
    position.save()
    assert state(integration, position).truth is Truth.WAITING
    actions.switch(integration, False, by="anna")
    assert state(integration, position).truth is Truth.OFF
    tasks.agree()
    assert "It was changed here since." in state(integration, position).why
    assert "1 position was changed here since it was sent" in health(integration).detail
    integration.refresh_from_db()
    actions.switch(integration, True, by="anna")
    found = state(integration, position)
    assert found.truth is Truth.CHANGED and "switched off before what was changed since was sent" in found.why


def test_a_dismissed_change_is_not_in_sync(world: World) -> None:
    integration, position = sent(world, "netvisor")
    position.title = ""  # required there
    save_positions([position])
    world.drain(integration)
    assert state(integration, position).truth is Truth.NEEDS_YOU
    actions.dismiss(Job.objects.open(), "later", by="anna")
    found = state(integration, position)
    assert found.truth is Truth.CHANGED and "later" in found.why
    assert health(integration).counts.changed == 1


def test_settings_and_what_goes_along_are_part_of_it(world: World) -> None:
    department = DepartmentFactory(organization=world.organization, code="1")
    integration, position = sent(world, "fortnox", department=department)
    switch = integration.system.field("department").opt_in
    assert switch

    def set_to(on: bool) -> None:
        integration.settings = {**integration.settings, switch.name: on, "send_cost_centre": False}
        integration.save(update_fields=["settings"])

    set_to(True)
    assert state(integration, position).truth is Truth.CHANGED, "a field that is switched on was never sent"
    set_to(False)
    assert state(integration, position).truth is Truth.IN_SYNC
    set_to(True)
    row = Position.objects.select_related("employee__department", "employee__manager", "company").get()
    here = mapping.position(row, row.employee, integration.organization.today())
    wanted = translate(integration.system, here, integration.cleaned_settings()).wanted
    assert wanted is not None
    PeriodLink.objects.update(values=mapping.to_json(wanted.values))
    actions.switch(integration, False, by="anna")
    set_to(True)
    assert not PeriodLink.objects.get().stale
    department.code = "2"
    department.save()
    assert PeriodLink.objects.get().stale


def test_another_place_is_part_of_it_and_one_button_sends_to_it(world: World) -> None:
    """Xledger's free fields: it does not show what stands in them, and a value alone does not tell where it went."""
    integration, position = sent(world, "xledger", occupation_code="5223101")

    def record() -> dict[str, Any]:
        known = world.sandboxes[integration.pk].state["employees"]
        return next(one for one in known if one["code"] == world.employee.number)

    for place in ("text1", "text2"):
        integration.settings = {**integration.settings, "free_texts": {"occupation_code": place}}
        integration.save(update_fields=["settings"])
        assert state(integration, position).truth is Truth.CHANGED
        assert health(integration).counts.changed == 1
        client_of(world.organization).post(f"/admin/synclog/job/positions/{integration.pk}/")
        world.drain(integration)
        assert record()[place] == "5223101", world.job(integration, position).message
        assert state(integration, position).truth is Truth.IN_SYNC
    assert record()["text1"] == "5223101", "the earlier one keeps what it has"


def test_many_are_looked_at_by_a_worker_and_not_called_in_sync_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration, position = sent(world, "netvisor")
    monkeypatch.setattr(agreeing.look_again, "__kwdefaults__", {"few": 0})
    work()
    while_off(integration, position, title="Cook")
    assert state(integration, position).truth is Truth.UNKNOWN
    said = health(integration)
    assert (said.counts.in_sync, said.counts.unknown) == (0, 1)
    assert said.detail == "1 position is being compared with what was sent."
    tasks.agree()
    assert state(integration, position).truth is Truth.CHANGED


# -- flat


def test_the_record_stands_for_another_position_since(world: World) -> None:
    integration, first = sent(world, "fortnox", percentage=50)
    second = world.save(title="Cook", percentage=80, start_date=date(2026, 2, 1))
    world.drain(integration)
    assert state(integration, second).truth is Truth.IN_SYNC
    found = state(integration, first)
    assert found.truth is Truth.NOT_TAKEN and "another one" in found.why
    entry = Job.objects.filter(position_key=first.pk, state=Job.State.SUCCEEDED).get()
    assert "Another position took over its record in Fortnox" in entry.message and entry.cause == "taken_over"
    client = client_of(world.organization)
    page = text_of(client.get("/admin/synclog/job/?tab=succeeded"))
    assert "Replaced" in page
    # And back again: that is a new entry, the old one stays replaced.
    second.end_date, second.end_reason = date(2026, 3, 1), "resigned"
    second.save()
    world.drain(integration)
    assert state(integration, first).truth is Truth.IN_SYNC
    assert state(integration, second).truth is Truth.NOT_TAKEN


def test_another_position_counts_since_while_it_was_off(world: World) -> None:
    integration, first = sent(world, "fortnox", percentage=50)
    actions.switch(integration, False, by="anna")
    second = world.save(title="Cook", percentage=80, start_date=date(2026, 2, 1))
    integration.refresh_from_db()
    actions.switch(integration, True, by="anna")
    assert state(integration, first).truth is Truth.CHANGED
    assert state(integration, second).truth is Truth.NOT_SENT
    actions.send_now([first], integration, by="anna")
    world.drain(integration)
    assert state(integration, first).truth is Truth.NOT_TAKEN
    assert state(integration, second).truth is Truth.IN_SYNC


def test_the_day_alone_makes_a_flat_record_stale(world: World) -> None:
    integration, first = sent(world, "fortnox", end_date=date.today() + timedelta(days=5), end_reason="resigned")
    second = world.save(title="Cook", start_date=date.today() + timedelta(days=6))
    world.drain(integration)
    assert PeriodLink.objects.get().look_on == date.today() + timedelta(days=6)
    actions.switch(integration, False, by="anna")
    Position.objects.filter(pk=first.pk).update(end_date=date.today() - timedelta(days=2))
    Position.objects.filter(pk=second.pk).update(start_date=date.today() - timedelta(days=1))
    integration.refresh_from_db()
    actions.switch(integration, True, by="anna")
    assert state(integration, first).truth is Truth.CHANGED


def test_an_emptied_field_that_stays_there_is_not_called_in_sync(world: World) -> None:
    integration, position = sent(world, "fortnox", remuneration_type="monthly")
    position.remuneration_type = ""
    position.save()
    world.drain(integration)
    for _ in range(2):
        found = state(integration, position)
        assert found.truth is Truth.PARTLY and "Remuneration type is not there as here" in found.why
        said = health(integration)
        assert (said.counts.in_sync, said.counts.partly) == (0, 1) and "in sync" not in said.detail
        agreeing.look_again(PeriodLink.objects.all())
    position.remuneration_type = "hourly"
    position.save()
    world.drain(integration)
    assert state(integration, position).truth is Truth.IN_SYNC


# -- everywhere the same


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


def one_of_each(integration: Integration, number: int = 1) -> dict[Truth, list[int]]:
    """Positions in every state, `number` of each, without an engine."""
    organization = integration.organization
    ours = CompanyFactory(organization=organization)
    Integration.objects.filter(pk=integration.pk).update(everybody=False)
    integration.companies.add(ours)
    employees = [EmployeeFactory(organization=organization, company=ours) for _ in range(3)]
    found: dict[Truth, list[int]] = {}
    kinds = [*LISTED, Truth.WAITING, Truth.NEEDS_YOU, Truth.UPCOMING]
    for truth in kinds:
        company = CompanyFactory(organization=organization) if truth is Truth.OUT_OF_SCOPE else ours
        rows = Position.objects.bulk_create(
            PositionFactory.build(employee=employees[n % 3], company=company) for n in range(number)
        )
        found[truth] = [row.pk for row in rows]
        values: Any = {
            Truth.CHANGED: {"stale": True},
            Truth.PARTLY: {"left": {"title": "x"}},
            Truth.UNKNOWN: {"look_on": agreeing.AT_ONCE},
        }.get(truth, {})
        if truth not in (Truth.NOT_SENT,):
            PeriodLink.objects.bulk_create(
                PeriodLink(
                    integration=integration,
                    employee_key=r.employee_id,
                    position_key=r.pk,
                    remote_id=str(r.pk),
                    **values,
                )
                for r in rows
            )
        states = {Truth.WAITING: "retrying", Truth.NEEDS_YOU: "failed", Truth.UPCOMING: "waiting"}
        if truth in states:
            cause = "not_yet_current" if truth is Truth.UPCOMING else "x"
            Job.objects.bulk_create(_open(integration, r, states[truth], cause) for r in rows)
    # Deleted here, and still known there: of no position.
    PeriodLink.objects.create(
        integration=integration, employee_key=1, position_key=10**9 + Position.objects.count(), remote_id="gone"
    )
    return found


def _open(integration: Integration, position: Position, state: str, cause: str) -> Job:
    made = job_for(Changed(position), position.employee, integration.pk)
    made.state, made.cause = state, cause
    return made


def test_each_state_is_the_same_everywhere(organization: Organization) -> None:
    work()
    integration = connection(organization, name="Netvisor Oulu")
    expected = one_of_each(integration, 3)
    rows = list(Position.objects.select_related("employee", "company"))
    states = {pk: s.truth for pk, (s,) in states_of(connections_of(organization), rows).items()}
    assert states == {pk: truth for truth, keys in expected.items() for pk in keys}
    integration = Integration.objects.select_related("organization").get(pk=integration.pk)
    counts = counts_of([integration])[integration.pk]
    assert (counts.waiting, counts.needs_you) == (6, 3)
    client = client_of(organization, "viewer")
    for truth in LISTED:
        assert getattr(counts, truth) == 3, truth
        assert set(keys_in(integration, truth)) == set(expected[truth])
        page = client.get(f"/admin/synclog/job/positions/{integration.pk}/?state={truth}")
        assert {row.pk for row, s in page.context["rows"] if s.truth is truth} == set(expected[truth])
        assert "Send now" not in text_of(page).replace("press Send now", "").replace("Press Send now", "")
    api = Api(ApiKeyFactory(organization=organization))
    found = api.get(f"/integrations/{integration.pk}/").json()["health"]
    for name, truth in [
        ("in_sync", Truth.IN_SYNC), ("changed", Truth.CHANGED), ("partly", Truth.PARTLY),
        ("unknown", Truth.UNKNOWN), ("not_sent", Truth.NOT_SENT), ("excluded", Truth.OUT_OF_SCOPE),
    ]:  # fmt: skip
        assert found[name] == len(expected[truth])
    for truth, keys in expected.items():
        (said,) = api.get(f"/positions/{keys[0]}/sync/").json()
        assert said["state"] == truth.value and said["integration"] == integration.pk
    other = Api(ApiKeyFactory(organization=OrganizationFactory()))
    assert other.get(f"/positions/{expected[Truth.CHANGED][0]}/sync/").status_code == 404


@pytest.mark.parametrize("model", ["netvisor", "fortnox"])
def test_it_costs_the_same_for_few_and_for_many(
    organization: Organization, model: str, django_assert_max_num_queries: Any
) -> None:
    integration = connection(organization, model)
    client = client_of(organization)
    one_of_each(integration, 2)
    numbers = []
    for more in (0, 100):
        if more:
            one_of_each(connection(organization, model), more)
            one_of_each(integration, more)
        costs = []
        for address in (
            "/admin/", "/admin/integrations/integration/", f"/admin/integrations/integration/{integration.pk}/change/",
            *(f"/admin/synclog/job/positions/{integration.pk}/?state={truth}" for truth in LISTED),
        ):  # fmt: skip
            client.get(address)
            with django_assert_max_num_queries(40) as captured:
                assert client.get(address).status_code == 200
            costs.append(len(captured))
        rows = Position.objects.select_related("employee", "company")
        with django_assert_max_num_queries(7):
            states_of(connections_of(organization), list(rows))
        with django_assert_max_num_queries(5):
            counts_of(list(Integration.objects.select_related("organization")))
        numbers.append(costs)
    assert numbers[0] == numbers[1]


def test_looking_again_costs_the_same_for_few_and_for_many(
    organization: Organization, django_assert_max_num_queries: Any
) -> None:
    integration = connection(organization)
    one_of_each(integration, 100)
    for number in (10, 500):
        PeriodLink.objects.update(look_on=agreeing.AT_ONCE)
        with django_assert_max_num_queries(11):
            agreeing.look(PeriodLink.objects.filter(look_on=agreeing.AT_ONCE)[:number])


def test_a_save_asks_nothing_more_where_no_connection_is_off(world: World, django_assert_max_num_queries: Any) -> None:
    integration, position = sent(world, "netvisor")
    world.connect("fortnox")
    world.connect("tripletex", on=False)  # was never on: it was sent nothing
    position.title = "Cook"
    with django_assert_max_num_queries(14) as captured:
        position.save()
    assert not [q for q in captured.captured_queries if "periodlink" in q["sql"]]
    actions.switch(integration, False, by="anna")
    people = [world.hire(number=str(n)) for n in range(30)]
    rows = [PositionFactory.build(employee=person, title="Baker") for person in people]
    save_positions(rows)
    with django_assert_max_num_queries(20) as few:
        save_positions([_renamed(row) for row in rows[:2]])
    with django_assert_max_num_queries(20) as many:
        save_positions([_renamed(row) for row in rows[2:]])
    assert len(few) == len(many)


def _renamed(row: Position) -> Position:
    row.title += "!"
    return row


# -- what needs somebody now


def test_a_stopped_connection_with_many_waiting_comes_first(organization: Organization) -> None:
    work()
    integration = connection(organization, name="Netvisor Oulu")
    for _ in range(3):
        job(integration, state="waiting", cause="")
    Integration.objects.update(
        stopped_at=timezone.now(), stopped_cause="not_authorized", stopped_said=kept("The token was refused.")
    )
    Integration.objects.update(credentials=_complete(integration))
    response = client_of(organization).get("/admin/")
    first, *_ = response.context["needs"]
    assert first.said == "Netvisor Oulu is stopped: 3 changes waiting"
    assert "The token was refused. Renew the credentials under its Settings, or press Try again" in first.remedy
    assert "No change is waiting for a person" not in text_of(response)
    Integration.objects.update(stopped_at=None, retry_count=3, retry_said=kept("It did not answer."))
    first, *_ = client_of(organization).get("/admin/").context["needs"]
    assert first.said == "Netvisor Oulu does not let us send: 3 changes waiting" and "Nothing to do" in first.remedy
    Integration.objects.update(retry_count=0, paused_at=timezone.now(), paused_by="anna")
    first, *_ = client_of(organization).get("/admin/").context["needs"]
    assert first.said == "Netvisor Oulu is paused by anna: 3 changes waiting"
    Integration.objects.update(paused_at=None)
    Heartbeat.objects.all().delete()
    first, *_ = client_of(organization).get("/admin/").context["needs"]
    assert first.said == "No worker looks for work: 3 changes waiting"


def _complete(integration: Integration) -> dict[str, str]:
    return {s.name: "x" for s in (*integration.system.credentials, *integration.system.settings) if s.required}


def test_a_healthy_connection_has_no_banner_of_what_is_not_sent(world: World) -> None:
    """Contract types without a counterpart concern nobody while nobody has one."""
    integration = world.connect("tripletex")
    client = client_of(world.organization)
    overview = f"/admin/integrations/integration/{integration.pk}/change/"
    settings = {k: v for k, v in integration.settings.items() if k != "occupation_code"}
    Integration.objects.filter(pk=integration.pk).update(settings=settings)
    world.save(occupation_code="5221126", contract_type="permanent", working_hours_scheme="not_shift")
    assert "Some positions are not sent yet" not in text_of(client.get(overview))
    trainee = world.hire(number="77", company=world.employee.company)
    integration.refresh_from_db()
    coded = next(gap for gap in gaps(integration.system, integration.cleaned_settings()) if gap.codes)
    world.save(trainee, **{coded.field: coded.codes[0]}, occupation_code="5221126")  # type: ignore[index]
    found = {gap.sentence: number for gap, number in gaps_here(integration)}
    assert found[coded.sentence] == 1
    page = text_of(client.get(overview))
    assert "Some positions are not sent yet" in page and "Now: 1." in page
