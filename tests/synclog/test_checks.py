"""Everything compared: every difference is found and named rightly, none is invented, and nothing is changed by it."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Integration, PeriodLink
from integrations.planning.drift import Kind
from integrations.runtime.shared_limiter import SharedLimiter
from integrations.sandboxes.base import Tenant
from integrations.systems.registry import systems
from positions.models import Employee, Position
from synclog.engine import actions
from synclog.log import differences
from synclog.models import Attempt, DriftCheck, DriftRow, Job, Question
from synclog.models.drift import STAYS
from synclog.questions import asking, checks, walks
from tests.synclog.clerks import CLERKS
from tests.synclog.pages import connection
from tests.synclog.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]

EDITS = int(os.environ.get("DRIFT_EDITS") or 40)
State = DriftCheck.State


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Any:
    yield
    for key in list(walks._held):
        walks._let_go(key)


def worked(check: DriftCheck) -> DriftCheck:
    """As far as workers get with it now."""
    for _ in range(20):
        question = Question.objects.filter(drift_check=check, done_at=None).first()
        if question is None:
            break
        asking.answer(question.pk)
    check.refresh_from_db()
    return check


def drained(world: World, integration: Integration) -> None:
    """Turn after turn, however many there are."""
    for _ in range(50):
        world.drain(integration)
        if not Job.objects.filter(integration=integration, state__in=Job.ACTIVE).exists():
            break


def compared(integration: Integration) -> DriftCheck:
    return worked(asking.compare_everything(integration, "anna"))


def kinds(check: DriftCheck) -> dict[int | None, str]:
    return dict(check.rows.exclude(kind=STAYS).values_list("position_key", "kind"))


def counts(check: DriftCheck) -> dict[str, int]:
    """What stays as it is there is what these systems filled in by themselves."""
    found = {kind: number for kind, number in check.counts.items() if kind not in ("equal", STAYS)}
    return {"agree": check.agreeing, **found} if check.agreeing else found


# -- edits on both sides -------------------------------------------------------------------------------------


@dataclass
class Sides:
    """What stands on either side of one field, as far as the test has put it there."""

    wrote: Any
    here: Any = field(init=False)
    there: Any = field(init=False)

    def __post_init__(self) -> None:
        self.here = self.there = self.wrote

    def named(self) -> Kind:
        if self.here == self.there:
            return Kind.EQUAL
        if self.there == self.wrote:
            return Kind.NEWER_HERE
        return Kind.EDITED_THERE if self.here == self.wrote else Kind.BOTH_CHANGED


def together(fields: Mapping[str, Sides]) -> Kind:
    """What a position's row says, by those of its fields that differ."""
    kinds = {sides.named() for sides in fields.values()} - {Kind.EQUAL}
    return Kind.BOTH_CHANGED if len(kinds) > 1 else next(iter(kinds), Kind.EQUAL)


def test_every_system_that_can_be_compared_has_a_clerk() -> None:
    assert set(CLERKS) == {system.key for system in systems() if not system.sight.unsupported}


@pytest.mark.parametrize("key", CLERKS)
def test_after_random_edits_on_both_sides_every_one_is_found_and_named_rightly_and_none_invented(
    world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many: DRIFT_EDITS."""
    monkeypatch.setattr(Tenant, "window", lambda *_: (True, 1000, 1.0))  # no rate limit keeps the test waiting
    monkeypatch.setattr(SharedLimiter, "acquire", lambda *_: None)
    clerk, chance = CLERKS[key], random.Random(f"{key} {EDITS}")
    integration = world.connect(key)
    sandbox = world.sandboxes[integration.pk]
    people = [world.employee]
    for n in range(max(EDITS // 4, 5)):
        same = {"company": world.employee.company, "birth_date": date(1985, 3, 14), "national_id": ""}
        people.append(world.hire(number=str(2000 + n), **same))
        world.introduce(integration, people[-1])
    # From today on: what is changed today is changed from the first day on, as by whoever edits the record there.
    begun = {name: next(iter(values)) for name, values in clerk.fields.items()}
    positions = {
        person.pk: world.save(person, start_date=world.organization.today(), **clerk.needs, **begun)
        for person in people
    }
    sides = {person.pk: {name: Sides(value) for name, value in begun.items()} for person in people}
    drained(world, integration)
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.SUCCEEDED}, Job.objects.values("said")[0]
    check = compared(integration)
    assert (check.state, counts(check)) == (State.DONE, {"agree": len(people)}), [r.differs for r in check.rows.all()]
    for _ in range(EDITS):
        person, name = chance.choice(people), chance.choice(list(begun))
        value, one = chance.choice(list(clerk.fields[name])), sides[person.pk][name]
        if chance.random() < 0.5:
            position = positions[person.pk]
            setattr(position, name, value)
            position.save()
            one.here = value
        else:
            clerk.edit(sandbox, person.number, name, value)
            one.there = value
    before = {person.pk: world.there(integration, person) for person in people}
    check = compared(integration)
    tally = Counter(together(fields).value for fields in sides.values())
    expected = {positions[pk].pk: together(fields).value for pk, fields in sides.items()}
    assert kinds(check) == {position: kind for position, kind in expected.items() if kind != "equal"}
    assert counts(check) == {"agree" if kind == "equal" else kind: number for kind, number in tally.items()}
    assert len(tally) > 2
    words: dict[str, dict[Any, Any]] = {name: {} for name in begun}  # in the system's words, one for each value
    for row in check.rows.exclude(kind=STAYS):
        found = {line["field"]: line for line in row.differs["fields"] if not line["stays"]}
        edited = {name: one for name, one in sides[row.employee_key].items() if one.named() is not Kind.EQUAL}
        assert {name: line["kind"] for name, line in found.items()} == {n: o.named().value for n, o in edited.items()}
        for name, one in edited.items():
            for value, shown in ((one.here, found[name]["here"]), (one.there, found[name]["there"])):
                assert words[name].setdefault(value, shown) == shown
    for said in words.values():
        assert len(set(said.values())) == len(said) > 1
        assert all(shown == f"{v.normalize():f}" for v, shown in said.items() if isinstance(v, Decimal))
    assert before == {person.pk: world.there(integration, person) for person in people}, "nothing was changed"
    actions.send_now(list(positions.values()), integration, "anna")
    drained(world, integration)
    check = compared(integration)
    assert counts(check) == {"agree": len(people)}, "ours was sent"
    assert not DriftRow.objects.exclude(part_of=check).exists()


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("visma_net_payroll", "working_hours_scheme", "shift"),
        ("fortnox", "remuneration_type", "hourly"),
    ],
)
def test_what_a_setting_filled_in_for_a_new_record_was_edited_by_nobody(
    world: World, key: str, name: str, value: str
) -> None:
    integration = world.connect(key)
    if key == "fortnox":
        del world.sandboxes[integration.pk].state["employees"]["1042"]["SalaryForm"]
    needs = {**CLERKS[key].needs, "contract_type": "permanent", name: ""}
    position = world.save(start_date=world.organization.today(), **needs)
    drained(world, integration)
    check = compared(integration)
    assert check.counts == {STAYS: 1} and check.agreeing == 1
    [line] = check.rows.get().differs["fields"]
    assert (line["field"], line["kind"], line["here"]) == (name, "differs", None) and line["there"] and line["stays"]
    setattr(position, name, value)
    position.save()
    assert kinds(compared(integration)) == {position.pk: Kind.DIFFERS.value}
    drained(world, integration)
    assert counts(compared(integration)) == {"agree": 1}


# -- who is there --------------------------------------------------------------------------------------------


def test_who_is_unknown_there_was_looked_for_and_whose_record_is_gone_is_here_only(world: World) -> None:
    integration = world.connect("fortnox")
    known = world.save()
    world.drain(integration)
    stranger = world.save(world.hire(number="3001"), title="Cook")
    sandbox = world.sandboxes[integration.pk]
    before = len(sandbox.tenant.calls)
    check = compared(integration)
    assert kinds(check) == {stranger.pk: Kind.UNKNOWN_THERE.value}
    assert counts(check) == {"agree": 1, "unknown_there": 1} and check.there == 1 and check.total == 2
    assert any("3001" in call.path + call.query for call in list(sandbox.tenant.calls)[before:])
    assert check.rows.get(kind="unknown_there").message
    assert check.calls == len(sandbox.tenant.calls) - before
    Position.objects.filter(pk=known.pk).update(title="Gone from the log")
    assert counts(compared(integration)) == {"newer_here": 1, "unknown_there": 1}


def test_what_is_written_while_it_is_read_is_no_difference(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = world.connect("fortnox")
    position = world.save()
    world.drain(integration)
    read = checks.CheckTurn._read

    def meanwhile(self: Any, held: Any) -> None:
        read(self, held)
        position.title = "Cook"
        position.save()
        world.drain(integration)

    monkeypatch.setattr(checks.CheckTurn, "_read", meanwhile)
    assert counts(compared(integration)) == {"agree": 1}


def test_what_was_deleted_here_and_could_not_be_there_is_there_only(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    Position.objects.filter(pk=position.pk).delete()
    check = compared(integration)
    assert check.counts == {"only_there": 1}
    assert check.rows.get().position_key == position.pk


# -- what keeps it from going on -----------------------------------------------------------------------------


def test_a_connection_that_cannot_says_why(world: World) -> None:
    blind, stopped, paused = (
        world.connect("crona_lon", known=False),
        world.connect("fortnox"),
        world.connect("netvisor"),
    )
    Integration.objects.filter(pk=stopped.pk).update(stopped_at=timezone.now())
    Integration.objects.filter(pk=paused.pk).update(paused_at=timezone.now())
    unset = connection(world.organization)
    for integration, words in (
        (blind, "only takes files in"), (stopped, "is stopped"), (paused, "was paused"), (unset, "is not connected"),
    ):  # fmt: skip
        integration.refresh_from_db()
        with pytest.raises(walks.NotPossibleError) as refused:
            asking.compare_everything(integration, "anna")
        assert words in str(refused.value.said)
    assert not DriftCheck.objects.exists()


def test_one_that_is_paused_meanwhile_ends(world: World) -> None:
    integration = world.connect("fortnox")
    check = asking.compare_everything(integration, "anna")
    Integration.objects.update(paused_at=timezone.now())
    worked(check)
    assert check.state is State.ENDED and "was paused" in check.message


def test_one_that_is_off_is_compared_too_and_one_at_a_time(world: World) -> None:
    integration = world.connect("netvisor", on=False)
    position = world.save()
    check = asking.compare_everything(integration, "anna")
    with pytest.raises(walks.NotPossibleError, match="already"):
        asking.compare_everything(integration, "bo")
    assert kinds(worked(check)) == {position.pk: Kind.ONLY_HERE.value}


def test_one_that_is_cancelled_leaves_what_the_one_before_found(world: World) -> None:
    integration = world.connect("fortnox")
    world.save(world.hire(number="3001"))
    whole = compared(integration)
    check = asking.compare_everything(integration, "anna")
    assert walks.cancel(check, "bo") and not walks.cancel(check, "bo")
    worked(check)
    assert (check.state, check.cancelled_by, check.calls) == (State.CANCELLED, "bo", 0)
    assert differences.last_whole(integration) == whole and whole.rows.count() == 1


def test_cancelled_in_the_middle_it_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = world.connect("fortnox")
    world.save()
    read = checks.CheckTurn._read
    monkeypatch.setattr(checks.CheckTurn, "_read", lambda self, held: (read(self, held), walks.cancel(self.walk, "bo")))
    check = compared(integration)
    assert check.state is State.CANCELLED and not check.rows.exists() and not walks._held


@pytest.mark.parametrize("status", [429, 503])
def test_trouble_on_the_way_is_waited_for(world: World, status: int) -> None:
    integration = world.connect("fortnox")
    world.save()
    world.drain(integration)
    world.fail(integration, path="3/employees", status=status)
    check = compared(integration)
    assert (check.state, check.misses) == (State.READING, 1) and check.due_at > timezone.now()
    DriftCheck.objects.update(due_at=timezone.now())
    asking.look_after()
    assert counts(worked(check)) == {"agree": 1} and check.restarts == 0


def test_a_system_that_never_answers_ends_it(world: World) -> None:
    integration = world.connect("fortnox")
    world.save()
    world.fail(integration, path="3/employees", times=50)
    check = compared(integration)
    for _ in range(walks.TRIES - 1):
        assert check.state is State.READING
        DriftCheck.objects.update(due_at=timezone.now())
        asking.ask_to_go_on(check)
        worked(check)
    assert check.state is State.ENDED and check.cause and check.message


def test_refused_credentials_end_it_at_once(world: World) -> None:
    integration = world.connect("fortnox")
    world.save()
    world.fail(integration, path="3/employees", times=50, status=403)
    check = compared(integration)
    assert check.state is State.ENDED and check.misses == 0


def test_what_was_read_too_long_ago_is_read_anew_and_not_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = world.connect("fortnox")
    world.save()
    monkeypatch.setattr(walks, "LOOK_EVERY", 0)
    began = walks._start_anew

    def long_ago(check: DriftCheck, at: Any, total: int, *, again: bool) -> None:
        began(check, at - timedelta(hours=2), total, again=again)
        walks._held[DriftCheck, check.pk].begun_at = at - timedelta(hours=2)

    monkeypatch.setattr(walks, "_start_anew", long_ago)
    check = compared(integration)
    assert check.state is State.ENDED and check.restarts == walks.BEGINNINGS - 1
    assert "too old" in check.message


def test_one_turn_after_the_other_compares_each_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = world.connect("fortnox")
    for n in range(5):
        world.save(world.hire(number=str(3000 + n)))
    for name, value in (("LOOK_EVERY", 0), ("SHORT", 0), ("PIECE", 2)):
        monkeypatch.setattr(walks, name, value)
    monkeypatch.setattr(asking, "all_at_work", lambda: True)
    check = compared(integration)
    assert check.state is State.DONE and check.counts == {"unknown_there": 5} and check.rows.count() == 5
    assert Question.objects.filter(drift_check=check).count() > 2


def test_who_holds_what_was_read_goes_on_with_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = world.connect("fortnox")
    rung: list[int] = []
    monkeypatch.setattr(asking, "ring", lambda question: rung.append(question.pk))
    monkeypatch.setattr(asking, "HAND_ON", 0)
    check = asking.compare_everything(integration, "anna")
    question = Question.objects.get(drift_check=check)
    DriftCheck.objects.update(holder=f"{walks.HOST}/{os.getppid()}")
    asking.answer(question.pk)
    assert rung == [question.pk], "it is handed on"
    DriftCheck.objects.update(moved_at=timezone.now() - walks.KEPT)
    asking.answer(question.pk)
    check.refresh_from_db()
    assert check.state is State.DONE


def test_our_own_mistake_ends_it_with_a_word(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = world.connect("fortnox")
    monkeypatch.setattr(walks, "last_records", lambda integration: 1 / 0)
    check = compared(integration)
    assert (check.state, check.cause) == (State.ENDED, "internal_error")


def test_nothing_is_recorded_by_it(world: World) -> None:
    integration = world.connect("fortnox")
    position = world.save()
    world.drain(integration)
    before = [model.objects.count() for model in (Job, Attempt, PeriodLink, Employee)]
    compared(integration)
    assert before == [model.objects.count() for model in (Job, Attempt, PeriodLink, Employee)]
    position.refresh_from_db()
