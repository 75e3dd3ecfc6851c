"""The engine against a model: any order of saves, switches, faults and kills between any two statements of a worker's
turn. What must always hold is checked after every step, and what is there at the end is what was saved here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from integrations.models import Integration, PeriodLink
from integrations.runtime import mapping
from integrations.sdk.periods import current, end_of_chain
from integrations.systems.registry import connectors
from positions.bulk import save_positions
from positions.models import Employee, Organization, Position
from synclog.api.serializers.integrations import HealthSerializer
from synclog.engine import actions, listing, worker_turn
from synclog.log.health import health_of
from synclog.log.states import State, connections_of, states_of
from synclog.log.truth import LISTED, Truth, counts_of, keys_in
from synclog.models import Job, Lease
from synclog.queue import tasks
from tests.synclog.model_target import FlatModel, HistoryModel, Life, ModelTarget, targets
from tests.synclog.world import TURN

PEOPLE = 3
DAYS = st.integers(-60, 60)
LENGTH = st.one_of(st.none(), st.integers(0, 40))
FAULTS = st.sampled_from(["503", "429", "lost", "refused", "nonsense"])
START = datetime(2026, 6, 15, 10, tzinfo=UTC)


ON_THE_WAY = (Truth.NEEDS_YOU, Truth.WAITING, Truth.UPCOMING)
ALSO = {Truth.NOT_SENT: (Truth.NOT_TAKEN,)}


class Killed(BaseException):
    """What `kill -9` is to the code: nothing of it runs any more."""


class Engine(RuleBasedStateMachine):
    model: type[HistoryModel] = HistoryModel

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(START, tick=True)
        self.traveller = self.clock.start()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.saved = 0
        self.wanted: dict[int, Any] = {}  # position -> as saved last while it was recorded
        self.unsure: set[int] = set()  # employees of whom something was left unsent on purpose
        self.numbers: dict[int, str] = {}
        self.clerked: set[int] = set()  # employees of whom a record was changed there by hand
        targets["ours"] = self.target = ModelTarget(self.flat, prefix="o")
        targets["theirs"] = self.other = ModelTarget(self.flat, prefix="t")

    @property
    def flat(self) -> bool:
        return self.model is FlatModel

    def teardown(self) -> None:
        try:
            self.atomic.__exit__(Killed, Killed(), None)
        finally:
            self.clock.stop()
            targets.clear()
            listing._kept.clear()

    @initialize()
    def begin(self) -> None:
        self.integration = self._connected("ours")
        self.people = [self._hire(self.integration.organization, f"o{n}") for n in range(PEOPLE)]
        self.theirs = self._connected("theirs")
        self.stranger = self._hire(self.theirs.organization, "t0")

    def _connected(self, name: str) -> Integration:
        made = Integration(
            organization=Organization.objects.create(name=name, time_zone="Europe/Oslo"),
            system_key=self.model.system.key,
            name=name,
            base_urls={"api": f"http://{name}"},
            delete_positions=True,
            move_periods=True,
        )
        made.switch(True)
        made.save()
        return made

    def _hire(self, organization: Organization, number: str) -> Employee:
        made = Employee.objects.create(organization=organization, number=number, first_name="K", last_name="N")
        self.numbers[made.pk] = number
        return made

    def _positions(self, person: int) -> list[Position]:
        return list(Position.objects.filter(employee=self.people[person]).order_by("pk"))

    # -- people save -------------------------------------------------------------------------------------

    def _fill(self, row: Position, start: int, length: int | None) -> Position:
        self.saved += 1
        name = row.title.partition(" v")[0] or f"p{self.saved}"
        row.title = f"{name} v{self.saved}"
        row.start_date = START.date() + timedelta(days=start)
        row.end_date = None if length is None else row.start_date + timedelta(days=length)
        row.end_reason = "" if length is None else "resigned"
        return row

    def _was_saved(self, *rows: Position) -> None:
        on = Integration.objects.get(pk=self.integration.pk).send_positions
        for row in rows:
            if on:
                self.wanted[row.pk] = seen(row)
            else:
                self.unsure.add(row.employee_id)

    @rule(person=st.integers(0, PEOPLE - 1), start=DAYS, length=LENGTH)
    def create(self, person: int, start: int, length: int | None) -> None:
        row = self._fill(Position(employee=self.people[person]), start, length)
        row.save()
        self._was_saved(row)

    @rule(person=st.integers(0, PEOPLE - 1), which=st.integers(0, 9), start=DAYS, length=LENGTH)
    def change(self, person: int, which: int, start: int, length: int | None) -> None:
        rows = self._positions(person)
        if rows:
            row = self._fill(rows[which % len(rows)], start, length)
            row.save()
            self._was_saved(row)

    @rule(person=st.integers(0, PEOPLE - 1), start=DAYS, lengths=st.lists(st.integers(0, 20), min_size=2, max_size=3))
    def save_many(self, person: int, start: int, lengths: list[int]) -> None:
        """Periods in a row, the existing ones first."""
        rows = self._positions(person)[: len(lengths)]
        rows += [Position(employee=self.people[person]) for _ in range(len(lengths) - len(rows))]
        for row, length in zip(rows, lengths, strict=True):
            self._fill(row, start, length)
            start += length + 1
        save_positions(rows)
        self._was_saved(*rows)

    @rule(person=st.integers(0, PEOPLE - 1), which=st.integers(0, 9))
    def delete(self, person: int, which: int) -> None:
        rows = self._positions(person)
        if rows:
            row = rows[which % len(rows)]
            key = row.pk
            if not Integration.objects.get(pk=self.integration.pk).send_positions:
                self.unsure.add(row.employee_id)
            row.delete()
            self.wanted[key] = None

    @rule(person=st.integers(0, PEOPLE - 1))
    def touch_employee(self, person: int) -> None:
        self.people[person].first_name = f"K{self.saved}"
        self.people[person].save()

    @rule(start=DAYS)
    def others_save(self, start: int) -> None:
        row = Position.objects.filter(employee=self.stranger).first() or Position(employee=self.stranger)
        self._fill(row, start, None).save()

    # -- people press buttons ----------------------------------------------------------------------------

    @rule(on=st.booleans())
    def switch(self, on: bool) -> None:
        if not on:  # what waits is dropped
            self.unsure |= set(Job.objects.open().values_list("employee_key", flat=True))
        self.integration.refresh_from_db()
        actions.switch(self.integration, on, by="anna")

    @rule(on=st.booleans())
    def pause(self, on: bool) -> None:
        self.integration.refresh_from_db()
        (actions.pause if on else actions.resume)(self.integration, by="anna")

    @rule()
    def resync(self) -> None:
        jobs = Job.objects.filter(integration=self.integration, integration__send_positions=True)
        actions.resync(jobs, by="anna")
        for key in set(jobs.values_list("position_key", flat=True)):
            row = Position.objects.filter(pk=key).first()
            if row is not None and Job.objects.open().filter(integration=self.integration, position_key=key).exists():
                self.wanted[key] = seen(row)

    @rule()
    def dismiss(self) -> None:
        jobs = Job.objects.filter(integration=self.integration, state=Job.State.FAILED)
        self.unsure |= set(jobs.values_list("employee_key", flat=True))
        actions.dismiss(jobs, "", by="anna")

    # -- time and trouble --------------------------------------------------------------------------------

    @rule(person=st.integers(0, PEOPLE - 1), which=st.integers(0, 9))
    def clerk_edits(self, person: int, which: int) -> None:
        """Somebody changes a record there by hand: nobody is told."""
        held = list(self.target.people.get(self.people[person].number, {}).values())
        if held:
            held[which % len(held)]["title"] += " (clerk)"
            held[which % len(held)]["version"] += 1
            self.clerked.add(self.people[person].pk)

    @rule(seconds=st.sampled_from([1, 31, 200, 4000, 86_400, 5 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.traveller.shift(timedelta(seconds=seconds))

    @rule(faults=st.lists(FAULTS, min_size=1, max_size=4))
    def trouble(self, faults: list[str]) -> None:
        self.target.faults += faults

    @rule()
    def sweep(self) -> None:
        tasks.sweep()

    @rule()
    def drain(self) -> None:
        self._drain(self.integration, Life())

    @rule()
    def drain_theirs(self) -> None:
        tasks.drain(self.theirs.pk, TURN)

    @rule(calls=st.integers(0, 8), after=st.booleans(), same_host=st.booleans())
    def kill_at_a_call(self, calls: int, after: bool, same_host: bool) -> None:
        self._drain(self.integration, Life(calls_left=calls, after=after), same_host=same_host)

    @rule(statements=st.integers(1, 45), same_host=st.booleans())
    def kill_at_a_statement(self, statements: int, same_host: bool) -> None:
        self._drain(self.integration, Life(), statements, same_host)

    def _drain(
        self, integration: Integration, life: Life, statements: int | None = None, same_host: bool = True
    ) -> None:
        self.target.life = life
        left = statements

        def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal left
            if left is not None:
                left -= 1
                life.dead = life.dead or left < 0
            # What the dead one's transaction did, the database itself takes back.
            if life.dead and not sql.startswith(("ROLLBACK TO", "RELEASE")):
                raise Killed
            return run(sql, params, many, context)

        ready = Integration.objects.filter(tasks.ready_integrations(), pk=integration.pk).exists()
        calls = self.target.calls
        try:
            with connection.execute_wrapper(execute):
                tasks.drain(integration.pk, TURN)
        except Killed:
            # A transaction without a savepoint of its own marks the test's one, which goes on.
            connection.needs_rollback = False
            # Gone from this host, or one of another host whose lease must run out.
            gone = {"pid": 2**22 + 1} if same_host else {"host": "another"}
            Lease.objects.filter(integration=integration, until__isnull=False).update(**gone)
        finally:
            self.target.life = Life()
        assert ready or self.target.calls == calls, "something was sent while it was off, paused or waiting"

    # -- what always holds -------------------------------------------------------------------------------

    @invariant()
    def nothing_wrong_there(self) -> None:
        assert self.target.wrongs + self.other.wrongs == []
        assert not Job.objects.filter(cause="internal_error").exists()

    @invariant()
    def one_open_job(self) -> None:
        keys = list(Job.objects.open().values_list("integration", "position_key"))
        assert len(keys) == len(set(keys))

    @invariant()
    def one_record_for_one_position(self) -> None:
        for person in getattr(self, "people", []):
            held = self.target.people.get(person.number, {}).values()
            names = [p["title"].partition(" v")[0] for p in held]
            assert person.pk in self.unsure or len(names) == len(set(names)), held

    # -- what the pages say ------------------------------------------------------------------------------

    @invariant()
    def the_pages_say_what_is_so(self) -> None:
        states = self._states()
        self._chip_counter_list_and_health_agree(states)
        self._in_sync_is_what_is_there(states)

    def _chip_counter_list_and_health_agree(self, states: dict[int, State]) -> None:
        integration = Integration.objects.select_related("organization").get(pk=self.integration.pk)
        said = Counter(state.truth for state in states.values())
        counts = counts_of([integration])[integration.pk]
        gone = Job.objects.open().filter(integration=integration).exclude(open_key__in=list(states)).count()
        failed = Job.objects.filter(integration=integration, state=Job.State.FAILED).exclude(open_key__in=list(states))
        assert counts.waiting + counts.needs_you - gone == sum(said[t] for t in ON_THE_WAY)
        assert counts.needs_you - failed.count() == said[Truth.NEEDS_YOU]
        for truth in LISTED:
            listed = {pk for pk, s in states.items() if s.truth in (truth, *ALSO.get(truth, ()))}
            assert getattr(counts, truth) == len(listed), truth
            assert set(keys_in(integration, truth)) == listed, truth
        health = health_of([integration])[integration.pk]
        assert HealthSerializer(health).data["in_sync"] == said[Truth.IN_SYNC]
        if "in sync" in health.detail:
            assert not any(said[t] for t in (*ON_THE_WAY, Truth.CHANGED, Truth.PARTLY, Truth.UNKNOWN)) and not gone

    def _states(self) -> dict[int, State]:
        organization = Organization.objects.get(pk=self.integration.organization_id)
        rows = list(Position.objects.filter(employee__organization=organization).select_related("employee", "company"))
        found = states_of(connections_of(organization), rows)
        return {pk: state for pk, (state,) in found.items()}

    def _in_sync_is_what_is_there(self, states: dict[int, State]) -> None:
        """As far as anybody can know: what the records said when we last asked or wrote."""
        for row in Position.objects.filter(pk__in=states):
            state = states[row.pk]
            if state.truth not in (Truth.IN_SYNC, Truth.CHANGED):
                continue
            assert state.link is not None
            there = self.target.known.get(self.numbers[row.employee_id], {}).get(state.link.remote_id)
            if state.truth is Truth.IN_SYNC and row.employee_id not in self.clerked:
                assert there is not None, state
                assert self._as_here(row, there) == [], (state.why, there)
            elif state.truth is Truth.CHANGED and not self.flat and row.employee_id not in self.clerked:
                assert there is None or self._as_here(row, there) != [], "nothing of it was changed"

    def _as_here(self, row: Position, there: dict[str, Any]) -> list[str]:
        """The fields that differ; of a flat record those that it is given whatever else there is."""
        here = seen(row)
        names = ["title", "start", "end"]
        if self.flat:
            over = row.end_date is not None and row.end_date < self._today()
            names = ["start"] if over or row.start_date > self._today() else ["title", "start"]
        return [name for name in names if there[name] != here[name]]

    @precondition(lambda self: self.saved)
    @rule()
    def everything_arrives(self) -> None:
        """Trouble is over and time goes by: everything that is not refused is there as it was saved last."""
        self.target.faults.clear()
        self.integration.refresh_from_db()
        actions.resume(self.integration, by="anna")
        for _ in range(8):
            self.traveller.shift(timedelta(seconds=61))
            tasks.sweep()
            tasks.drain(self.integration.pk, TURN)
            due = Job.objects.due(timezone.now()).filter(integration=self.integration).exists()
            if not (due and tasks.is_ready(self.integration.pk)):
                break
        else:
            raise AssertionError(list(Job.objects.open().values()))
        assert not Job.objects.open().filter(integration=self.integration, state=Job.State.RUNNING).exists()
        assert not [s for s in self._states().values() if s.truth is Truth.UNKNOWN]
        if Integration.objects.get(pk=self.integration.pk).send_positions:
            for person in self.people:
                if person.pk not in self.unsure:
                    (self._flat_agrees if self.flat else self._agrees)(person)

    def _agrees(self, person: Employee) -> None:
        failed = set(
            Job.objects.filter(employee_key=person.pk, state=Job.State.FAILED).values_list("position_key", flat=True)
        )
        held = {p["title"].partition(" v")[0]: p for p in self.target.people.get(person.number, {}).values()}
        here = {p.pk: p for p in Position.objects.filter(employee=person)}
        for key, row in here.items():
            if key in failed or key not in self.wanted:
                continue
            there = held.get(row.title.partition(" v")[0])
            assert there is not None, f"{self.wanted[key]} is not there: {held}"
            said = {k: there[k] for k in ("title", "start", "end")}
            if self._by_the_clerk(person, said["title"]):
                said["title"] = self.wanted[key]["title"]
            assert said == self.wanted[key]
        known = {p.title.partition(" v")[0] for p in here.values()}
        assert set(held) <= known, f"more is there than here: {held}, {known}"

    def _by_the_clerk(self, person: Employee, title: str) -> bool:
        """What a clerk changed there stays until something is changed here."""
        return person.pk in self.clerked and title.endswith(" (clerk)")

    def _flat_agrees(self, person: Employee) -> None:
        now = current(
            [mapping.position(p, person, self._today()) for p in Position.objects.filter(employee=person)],
            self._today(),
        )
        link = PeriodLink.objects.filter(integration=self.integration, employee_key=person.pk).first()
        if now is None:
            self._is_ended(person)
            return
        if link is None:
            failed = Job.objects.filter(position_key=int(now.id), state=Job.State.FAILED).exists()
            assert failed or int(now.id) not in self.wanted, "the current position was saved and is not there"
            return
        [there] = self.target.people[person.number].values()
        assert link.position_key == int(now.id), "another position took over"
        assert there["title"] == now.values["title"] or self._by_the_clerk(person, there["title"])

    def _is_ended(self, person: Employee) -> None:
        """Nothing is current here, so whatever stands there is a position of here that is over (or was deleted)."""
        failed = set(
            Job.objects.filter(employee_key=person.pk, state=Job.State.FAILED).values_list("position_key", flat=True)
        )
        here = [mapping.position(row, person, self._today()) for row in Position.objects.filter(employee=person)]
        ends = {}
        for position in here:
            if position.start > self._today():
                continue  # it was put off: its first day is corrected at once, the rest of it is sent on that day
            if int(position.id) not in failed and int(position.id) in self.wanted:
                last = end_of_chain(position, here).end  # one employment there, if others followed at once
                name = str(position.values["title"]).partition(" v")[0]
                ends[name] = last.isoformat() if last else None
        for there in self.target.people.get(person.number, {}).values():
            name = there["title"].partition(" v")[0]
            assert name not in ends or there["end"] == ends[name], f"not ended there: {there}, {ends}"

    def _today(self) -> date:
        return self.integration.organization.today()


def seen(row: Position) -> dict[str, Any]:
    end = row.end_date.isoformat() if row.end_date else None
    return {"title": row.title, "start": row.start_date.isoformat(), "end": end}


class FlatEngine(Engine):
    model = FlatModel


@pytest.fixture
def two_systems(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(worker_turn, "SETTLE", 0)
    monkeypatch.setattr(worker_turn, "LINGER", -1)
    # Whatever is due is a backlog: a turn begins with a list of everybody, and the next one goes by it too.
    monkeypatch.setattr(listing, "MARGIN", 0)
    monkeypatch.setattr(listing, "may_be_many", lambda *_: True)
    monkeypatch.setattr(django_settings, "ALLOW_PRIVATE_TARGETS", True)
    known = connectors()
    known |= {"model_history": HistoryModel, "model_flat": FlatModel}
    yield
    for key in ("model_history", "model_flat"):
        known.pop(key)


DEEP = bool(os.environ.get("CI"))
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "20" if DEEP else "12"))


@pytest.mark.long
@pytest.mark.parametrize("machine", [Engine, FlatEngine])
def test_whatever_happens(machine: type[Engine], db: Any, two_systems: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a kill between two statements of the test's one transaction would end it; see tests/crash")
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=50 if DEEP else 30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            derandomize=not os.environ.get("MODEL_EXAMPLES"),
            print_blob=True,
        ),
    )
