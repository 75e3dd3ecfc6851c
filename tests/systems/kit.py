"""The behaviour that all connectors share, each through its own sandbox over real HTTP.

A system's test module subclasses `HistoryBehaviour` or `FlatBehaviour`, fills in the class attributes, overrides what
its system documents differently (saying why), and adds tests for that system's own traps.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from integrations.planning.planner import Rules, Sent
from integrations.planning.run import run
from integrations.planning.work import Match, Outcome, Report, Touched, Work
from integrations.sandboxes.base import Call, Sandbox
from integrations.sandboxes.server import Tenants
from integrations.sdk.connector import Connector
from integrations.sdk.context import Context, Limiter, MemoryMatches, MemoryOutbox, MemoryVault
from integrations.sdk.declaration import Model
from integrations.sdk.errors import (
    ConnectorError,
    EmployeeNotFoundError,
    NotAuthorizedError,
    RateLimitedError,
    RecordRefusedError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.periods import nearest
from integrations.sdk.values import Company, Department, Person, Position
from integrations.systems.registry import connector_for
from positions.terms import change_from, tidy
from tests.systems.kit_snapshot import SnapshotBehaviour

TODAY = date(2026, 6, 15)
# What may change from a day on.
TERMS = (
    *("title", "contract_type", "percentage", "weekly_hours", "occupation_code", "working_hours_scheme"),
    *("remuneration_type", "department", "cost_centre"),
)
_tenant = itertools.count(1)

PERSON = Person(
    id="77",
    number="1042",
    first_name="Åse",
    last_name="Sørlie",
    email="ase.sorlie@example.com",
    birth_date=date(1985, 3, 14),
    national_id="14038512345",
    company=Company("Fjellheim Drift", "974760673"),
)


def changed_from(before: Position, now: Position, day: date) -> Position:
    """The position with what differs of its terms counting from the day on, where that day is one of it; else (it has
    not begun, or is over) it was always so."""
    differs = {key: now.values.get(key) for key in TERMS if now.values.get(key) != before.values.get(key)}
    is_dated = now.start < day and (now.end is None or day <= now.end)
    if now.start != before.start or (differs and not is_dated):
        return now
    held = [
        (since, {key: values.get(key) for key in TERMS})
        for since, values in before.terms or [(before.start, before.values)]
    ]
    rows: list[Any] = [(None, held[0][1]), *held[1:]]
    rows = tidy(change_from(rows, day, differs), now.start) if differs else rows

    def whole(values: Mapping[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in {**now.values, **values}.items() if v is not None}

    return replace(
        now, terms=tuple((since or now.start, whole(values)) for since, values in rows) if len(rows) > 1 else ()
    )


def at_its_day(position: Position, today: date) -> Position:
    """With the values of today, or of the nearest day of it."""
    day = nearest(today, position.start, position.end)
    return replace(position.on(day), is_current=day == today)


# What is at an address that is not the system's.
SOMETHING_ELSE: tuple[Mapping[str, Any], ...] = (
    {"status": 200, "body": "<html>Welcome</html>"},
    {"status": 404, "body": "<html>Nothing here</html>"},
    {"status": 404, "body": '{"status":404,"error":"Not Found","message":"No handler"}'},
    {"status": 200, "body": '{"hello":"world"}'},
    {"status": 302, "headers": {"Location": "https://login.example.com/"}},
)


class Rig:
    """One employee, one connection, one fresh sandbox tenant; remembers what was sent as the engine would."""

    def __init__(
        self, server: tuple[str, Tenants], system: str, person: Person, settings: Mapping[str, Any], known: bool
    ) -> None:
        self.address, tenants = server
        self.connector_class = connector_for(system)
        self.system = self.connector_class.system
        self.sandbox: Sandbox = tenants.get(system, f"test-{next(_tenant)}")
        self.person = person
        self.settings = {s.name: s.default for s in self.system.settings} | dict(self.sandbox.settings) | dict(settings)
        self.credentials = dict(self.sandbox.credentials)
        self.vault = MemoryVault()
        self.outbox = MemoryOutbox()
        self.matches = MemoryMatches()
        self.rules = Rules()
        self.today = TODAY
        self.zone = ZoneInfo("Europe/Oslo")
        self.read_timeout: float | None = None
        self.limiter: Limiter | None = None  # None: the limits that the system declares
        self.positions: dict[str, Position] = {}
        self.sent: dict[str, Sent] = {}
        self.employee_id = ""
        self.confirmed = False
        self.written_to = ""
        if known:
            self.add(person)

    def add(self, person: Person) -> str:
        return self.sandbox.add_employee(
            person.number,
            person.first_name,
            person.last_name,
            email=person.email,
            national_id=person.national_id,
            birth_date=person.birth_date.isoformat() if person.birth_date else "",
        )

    def connector(self) -> Connector:
        base = f"{self.address}/{self.system.key}/{self.sandbox.tenant.name}"
        return self.connector_class(
            Context(
                credentials=self.credentials,
                settings=self.settings,
                urls={name: base + path for name, path in self.system.sandbox_urls.items()},
                namespace="6f1d7a52-0c55-4b0e-9f6e-0a1b2c3d4e5f",
                today=self.today,
                zone=self.zone,
                vault=self.vault,
                outbox=self.outbox,
                matches=self.matches,
                limiter=self.limiter,
                read_timeout=self.read_timeout,
                private_targets=True,
            )
        )

    def save(self, *positions: Position, correction: bool = False, since: date | None = None) -> None:
        """As HR saves: changes here, nothing sent yet. Terms that differ count from today, or from the day `since`; or
        it was always so (`correction`). A position that has its terms by day already is taken as it is."""
        for given in positions:
            before = self.positions.get(given.id)
            is_change = before is not None and not (given.terms or correction)
            position = changed_from(before, given, since or self.today) if before and is_change else given
            self.positions[position.id] = at_its_day(position, self.today)

    def sync(
        self,
        *positions: Position,
        deleted: Iterable[str] = (),
        move: bool = False,
        execute: bool = True,
        turn: Connector | None = None,
        **how: Any,
    ) -> Report:
        """Saves the positions (`how` as in `save`) and brings them in line in one run, in a turn of its own unless one
        is given."""
        self.save(*positions, **how)
        for position in self.positions.values():
            self.positions[position.id] = at_its_day(position, self.today)
        for position_id in deleted:
            self.positions.pop(position_id, None)
        connector = turn or self.connector()
        try:
            report = run(
                connector,
                Work(
                    person=self.person,
                    positions=tuple(self.positions.values()),
                    touched=tuple(Touched(i, move=move) for i in [*(p.id for p in positions), *deleted]),
                    sent=dict(self.sent),
                    remote_employee_id=self.employee_id,
                    rules=self.rules,
                    today=self.today,
                    match=Match(confirmed=self.confirmed, written_to=self.written_to),
                ),
                execute=execute,
            )
        finally:
            if turn is None:
                connector.close()
        if report.remote_employee is not None:
            self.employee_id = report.remote_employee.id
            self.written_to = self.employee_id
            if report.wrong_record:
                self.sent = {}
        for outcome in report.outcomes.values():
            if outcome.sent is not None and execute:
                if self.system.model is Model.FLAT:
                    self.sent.clear()
                self.sent[outcome.position_id] = outcome.sent
            if outcome.gone:
                self.sent.pop(outcome.position_id, None)
        return report

    def somebody_else(self, person: Person) -> None:
        """From here on, another employee of the same connection."""
        self.person, self.employee_id, self.written_to = person, "", ""
        self.positions, self.sent = {}, {}

    def one(self, position: Position, **kwargs: Any) -> Outcome:
        return self.sync(position, **kwargs).outcomes[position.id]

    def there(self, number: str = "") -> list[dict[str, Any]]:
        return self.sandbox.employments(number or self.person.number)

    def fail(self, **fault: Any) -> None:
        self.sandbox.tenant.fail(**fault)

    @property
    def calls(self) -> list[Call]:
        return list(self.sandbox.tenant.calls)

    def forget_calls(self) -> None:
        self.sandbox.tenant.calls.clear()


class Behaviour(SnapshotBehaviour):
    """What both models share. Class attributes to fill in:

    system            the key
    values            our values for a complete position (start and end apart), accepted by the sandbox as it is seeded
    changed           one of our fields with another valid value: ("percentage", Decimal("60"))
    shown             where an employment in `Sandbox.employments` shows that field, and what it then shows
    start_name, end_name  the names of the dates in `Sandbox.employments`; `end_open` is what an open end looks like
    required          one of our fields that this system requires, "" if it requires none (then say why in the module)
    too_long, bad     (our field, value) that the system would cut or refuse for its length / characters; None if the
                      system has no such text field
    clerks_element    where `clerk_chooses` stands there, if the code does not stand there as it is
    shows_national_id  whether it can be read there
    write_paths       a part of the path of the calls that write, for faults
    elsewhere         the error where something else answers at the address
    access            answers by which it says, each in its own way, that credentials have expired or a right is missing
    our_mistakes      answers to a write to which only a mistake of ours can lead
    refusal           an answer by which a write is refused for its data
    several           an answer by which a write is refused for two things at once, `both` of which are said in it;
                      `names` is what our words for it name. Empty: an answer has one message there, or no known form
    contract          file name of an OpenAPI contract, "" if there is none; `contract_strip` as in `check_openapi`
    """

    system: ClassVar[str]
    values: ClassVar[Mapping[str, Any]]
    changed: ClassVar[tuple[str, Any]] = ("percentage", Decimal("60"))
    shown: ClassVar[tuple[str, Any]]
    start_name: ClassVar[str]
    end_name: ClassVar[str]
    end_open: ClassVar[Any] = None
    end_values: ClassVar[Mapping[str, Any]] = {"end_reason": "resigned"}
    required: ClassVar[str] = ""
    too_long: ClassVar[tuple[str, Any] | None] = None
    bad: ClassVar[tuple[str, Any] | None] = None
    clerks_element: ClassVar[str] = ""
    shows_national_id: ClassVar[bool] = True
    looks_for: ClassVar[str] = ""  # why nobody can be looked for by anything but the number
    write_method: ClassVar[str] = "POST"
    write_path: ClassVar[str] = ""
    elsewhere: ClassVar[type[ConnectorError]] = UnavailableError
    access: ClassVar[Sequence[Mapping[str, Any]]] = ()
    our_mistakes: ClassVar[Sequence[Mapping[str, Any]]] = ()
    refusal: ClassVar[Mapping[str, Any]] = {"status": 400, "body": "{}"}
    several: ClassVar[Mapping[str, Any]] = {}
    both: ClassVar[tuple[str, str]] = ("First thing", "Second thing")
    names: ClassVar[tuple[str, ...]] = ()
    person: ClassVar[Person] = PERSON
    connection_settings: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture
    def rig(self, sandbox_server: tuple[str, Tenants]) -> Any:
        rig = Rig(sandbox_server, self.system, self.person, self.connection_settings, known=True)
        yield rig
        self.check_contract(rig.calls)

    @pytest.fixture
    def empty_rig(self, sandbox_server: tuple[str, Tenants]) -> Any:
        """The same with nobody in the system."""
        rig = Rig(sandbox_server, self.system, self.person, self.connection_settings, known=False)
        yield rig
        self.check_contract(rig.calls)

    def check_contract(self, calls: list[Call]) -> None:
        """Hold every call against the vendor's contract; override where there is one."""

    def position(
        self,
        position_id: str = "1",
        start: str = "2026-01-01",
        end: str | None = None,
        without: tuple[str, ...] = (),
        **values: Any,
    ) -> Position:
        every = {**self.values, **(self.end_values if end else {}), **values}
        return Position(
            position_id,
            date.fromisoformat(start),
            date.fromisoformat(end) if end else None,
            {k: v for k, v in every.items() if k not in without},
        )

    def ends(self, rig: Rig) -> list[Any]:
        return [e[self.end_name] for e in rig.there()]

    # -- connection --------------------------------------------------------------------------------------

    def test_check_says_that_all_is_well(self, rig: Rig) -> None:
        connector = rig.connector()
        lines = connector.check()
        assert lines
        assert all(line.ok for line in lines), lines

    def test_the_check_wants_credentials_alone(self, rig: Rig) -> None:
        """It comes before the settings when a connection is set up."""
        rig.settings = {s.name: s.default for s in rig.system.settings}
        lines = rig.connector().check()
        assert lines[0].ok, lines

    def test_wrong_credentials_stop_the_connection(self, rig: Rig) -> None:
        self.spoil_credentials(rig)
        report = rig.sync(self.position())
        assert isinstance(report.error, NotAuthorizedError), report.error
        assert report.outcomes["1"].state == "retrying"
        assert rig.there() == self.untouched(rig)
        lines = rig.connector().check()
        assert not all(line.ok for line in lines)

    def spoil_credentials(self, rig: Rig) -> None:
        """Make every secret wrong."""
        secret = {s.name for s in rig.system.credentials if "secret" in s.kind}
        rig.credentials = {k: ("wrong" + v[5:] if k in secret else v) for k, v in rig.credentials.items()}

    def untouched(self, rig: Rig) -> list[dict[str, Any]]:
        """What `employments` shows of an employee before anything was ever sent."""
        return []

    # -- writing -----------------------------------------------------------------------------------------

    def test_create(self, rig: Rig) -> None:
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("succeeded", ""), outcome
        [there] = rig.there()
        assert str(there[self.start_name])[:10] == "2026-01-01"
        assert there[self.end_name] == self.end_open

    def test_an_employment_that_follows_a_freelancers_days_begins_after_them(self, rig: Rig) -> None:
        """A freelancer's days are none of the employment: only where they are told as such, they are in its record."""
        free = rig.one(self.position(contract_type="freelance"))
        assert free.state == "succeeded" or free.cause == "no_translation"
        outcome = rig.one(self.position(), since=date(2026, 3, 1))
        assert outcome.state == "succeeded", outcome
        tells = rig.system.model is Model.HISTORY and free.state == "succeeded"
        [there] = rig.there()
        assert str(there[self.start_name])[:10] == ("2026-01-01" if tells else "2026-03-01")
        rig.forget_calls()
        assert rig.one(rig.positions["1"]).cause == "nothing_to_change"
        assert not self.writes(rig)

    def test_preview_writes_nothing(self, rig: Rig) -> None:
        outcome = rig.one(self.position(), execute=False)
        assert outcome.state == "planned"
        assert outcome.changes
        assert rig.there() == self.untouched(rig)

    def test_update_one_field(self, rig: Rig) -> None:
        rig.sync(self.position())
        name, value = self.changed
        outcome = rig.one(self.position(**{name: value}))
        assert outcome.state == "succeeded", outcome
        assert set(outcome.changes) == {name}
        shown_name, shown_value = self.shown
        assert rig.there()[-1][shown_name] == shown_value

    def test_unchanged_is_not_written(self, rig: Rig) -> None:
        rig.sync(self.position())
        before = rig.there()
        rig.forget_calls()
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("skipped", "nothing_to_change"), outcome
        assert rig.there() == before
        assert not self.writes(rig), "something was written although nothing differs"

    def clerk_chooses(self, rig: Rig) -> tuple[str, str]:
        """A clerk gives the last record a code that is in no list of ours: our field, and the code."""
        pytest.skip(f"{rig.system.name} has no list of codes")

    def test_a_code_that_we_do_not_know_stays(self, rig: Rig) -> None:
        rig.sync(self.position())
        field, code = self.clerk_chooses(rig)
        before = rig.there()
        rig.forget_calls()
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause, outcome.field) == ("skipped", "stays_there", field), outcome
        assert f"“{code}”" in outcome.message
        assert not self.writes(rig)
        name, value = self.changed
        assert name != field
        sent = rig.one(self.position(**{name: value}))
        assert sent.state == "succeeded"
        assert [w.field for w in sent.warnings] == [field]
        kept = {k: v for k, v in before[-1].items() if k == self.clerks_element or code in str(v)}
        assert any(rig.there()[-1][k] == v for k, v in kept.items()), kept
        rig.forget_calls()  # a code that is newer than the vendor's contract

    def test_every_field_that_is_sent_is_shown(self, rig: Rig) -> None:
        """Else it would never be compared; what a system does not show has its own test."""
        rig.sync(self.position(end="2026-12-31"))
        connector = rig.connector()
        person = replace(connector.find_employee(rig.person, rig.employee_id), record_id=rig.sent["1"].remote_id)
        [remote] = connector.read(person)
        assert set(rig.sent["1"].values) <= set(remote.values)

    def writes(self, rig: Rig) -> list[Call]:
        """The calls that changed something there."""
        return [c for c in rig.calls if c.method == self.write_method and self.write_path in c.path]

    def test_end(self, rig: Rig) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.position(end="2026-12-31"))
        assert outcome.state == "succeeded", outcome
        assert [str(e)[:10] for e in self.ends(rig)] == ["2026-12-31"]

    def test_reopen(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded", outcome
        assert self.ends(rig) == [self.end_open]

    def test_calls_are_as_few_as_declared(self, rig: Rig) -> None:
        """What one employee costs, once the turn has fetched what it needs for everybody."""
        other = replace(self.person, id="78", number="1043", email="kari.lie@example.com", national_id="")
        rig.add(other)
        turn = rig.connector()
        rig.sync(self.position(), turn=turn)
        rig.somebody_else(other)
        name, value = self.changed
        counted = []
        for position in (self.position("2"), self.position("2", **{name: value}), self.position("2", **{name: value})):
            rig.forget_calls()
            rig.one(position, turn=turn)
            counted.append(self.calls_counted(rig))
        turn.close()
        declared = rig.system.calls
        assert tuple(counted) == (declared.create, declared.update, declared.unchanged)

    def calls_counted(self, rig: Rig) -> int:
        return len(rig.calls)

    # -- refused here first ------------------------------------------------------------------------------

    def test_missing_field_writes_nothing_and_names_it(self, rig: Rig) -> None:
        if not self.required:
            pytest.skip(f"{rig.system.name} requires no field")
        outcome = rig.one(self.position(without=(self.required,)))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "missing_required_field", self.required)
        assert rig.calls == []

    def test_too_long_is_refused_here(self, rig: Rig) -> None:
        if self.too_long is None:
            pytest.skip(f"{rig.system.name} has no text field with a limit")
        name, value = self.too_long
        outcome = rig.one(self.position(**{name: value}))
        assert (outcome.state, outcome.field) == ("failed", name)
        assert outcome.cause in ("too_long", "value_refused", "wrong_form")
        assert rig.calls == []

    def test_bad_characters_are_refused_here(self, rig: Rig) -> None:
        if self.bad is None:
            pytest.skip(f"{rig.system.name} takes every character")
        name, value = self.bad
        outcome = rig.one(self.position(**{name: value}))
        assert (outcome.state, outcome.field) == ("failed", name)
        assert outcome.cause in ("bad_characters", "wrong_form", "value_refused")
        assert rig.calls == []

    # -- employees ---------------------------------------------------------------------------------------

    def test_unknown_employee(self, empty_rig: Rig) -> None:
        report = empty_rig.sync(self.position())
        outcome = report.outcomes["1"]
        assert isinstance(report.error, EmployeeNotFoundError)
        assert (outcome.state, outcome.cause) == ("failed", "employee_not_found")
        assert self.person.national_id not in outcome.message

    def test_two_matches(self, empty_rig: Rig) -> None:
        self.add_two(empty_rig)
        outcome = empty_rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "employee_not_unique"), outcome

    def add_two(self, rig: Rig) -> None:
        """Two people there whom the connector cannot tell apart: by default, one e-mail and other numbers."""
        rig.add(replace(self.person, number="2001", national_id=""))
        rig.add(replace(self.person, number="2002", national_id=""))
        rig.person = replace(self.person, national_id="")

    # -- trouble -----------------------------------------------------------------------------------------

    def trouble(self, rig: Rig, **fault: Any) -> None:
        rig.fail(times=50, **fault)

    def test_rate_limit_with_retry_after(self, rig: Rig) -> None:
        self.trouble(rig, status=429, headers={"Retry-After": "7"})
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert error.wait == 7

    def test_rate_limit_without_retry_after(self, rig: Rig) -> None:
        self.trouble(rig, status=429)
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)

    def test_server_error(self, rig: Rig) -> None:
        self.trouble(rig, status=503)
        report = rig.sync(self.position())
        assert isinstance(report.error, UnavailableError)
        assert report.outcomes["1"].state == "retrying"

    def test_a_wrong_address_is_not_told_as_wrong_credentials(self, rig: Rig) -> None:
        """Nothing of this system is there: neither are its credentials wrong nor is the employee missing."""
        self.trouble(rig, status=404, body="<html>Nothing here</html>")
        report = rig.sync(self.position())
        assert isinstance(report.error, UnavailableError), report.error

    def test_something_else_at_the_address_is_told_as_a_wrong_address(self, rig: Rig) -> None:
        """First at that of the sign-in, then where only the calls go elsewhere."""
        self.needs_calls(rig)
        for answer in SOMETHING_ELSE:
            rig.sandbox.tenant.faults.clear()
            self.trouble(rig, **answer)
            error = rig.sync(self.position()).error
            assert isinstance(error, self.elsewhere), (answer, error)
            tokens = getattr(rig.connector(), "tokens", None)
            # Where nobody signs in, an object of something else's is all that is known.
            words = "address|base URL" if tokens else "address|base URL|asked for"
            assert re.search(words, error.message), (answer, error.message)
            if tokens:
                rig.sandbox.tenant.faults.clear()
                tokens.get()
                self.trouble(rig, **answer)
                error = rig.sync(self.position()).error
                assert isinstance(error, UnavailableError), (answer, error)
                rig.vault = MemoryVault()
        rig.forget_calls()

    def test_each_refusal_of_access_has_its_own_words(self, rig: Rig) -> None:
        """Wrong credentials, expired ones and a missing right are mended in different places."""
        self.needs_calls(rig)
        credentials = rig.credentials
        self.spoil_credentials(rig)
        said = [self.refused_access(rig)]
        rig.credentials = credentials
        for answer in self.access:
            rig.sandbox.tenant.faults.clear()
            rig.vault = MemoryVault()
            self.trouble(rig, **answer)
            said.append(self.refused_access(rig))
        assert len(set(said)) == 1 + len(self.access), said
        rig.forget_calls()

    def needs_calls(self, rig: Rig) -> None:
        if not rig.system.base_urls:
            pytest.skip(f"Nothing of {rig.system.name} is called")

    def refused_access(self, rig: Rig) -> str:
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError), error
        return (error.refusal if isinstance(error, RecordRefusedError) else error).said.id

    def faulty_write(self, rig: Rig, **fault: Any) -> None:
        """The next call that writes is carried out, and answered so."""
        self.fail_write(rig, after=True, **fault)

    def fail_write(self, rig: Rig, **fault: Any) -> None:
        rig.fail(method=self.write_method, path=self.write_path, **fault)

    def test_a_breakdown_over_a_write_leaves_its_outcome_open(self, rig: Rig) -> None:
        """It was carried out, and a body that breaks off says nothing of that: it is found again, not made twice."""
        self.needs_calls(rig)
        self.faulty_write(rig, status=500, body='{"value":{"id":')
        report = rig.sync(self.position())
        assert isinstance(report.error, UnclearOutcomeError), report.error
        assert rig.one(self.position()).state in ("succeeded", "skipped")
        assert len(rig.there()) == 1
        rig.forget_calls()

    @pytest.mark.parametrize("status", [405, 415])
    def test_a_request_of_the_wrong_form_is_told_as_our_fault(self, rig: Rig, status: int) -> None:
        """Whoever reads it must not be sent to correct data."""
        self.needs_calls(rig)
        self.told_as_ours(rig, status=status)

    def test_what_only_our_mistakes_lead_to_is_told_as_our_fault(self, rig: Rig) -> None:
        for answer in self.our_mistakes:
            self.told_as_ours(rig, **answer)

    def test_several_messages_in_one_refusal_are_all_explained(self, rig: Rig) -> None:
        if not self.several:
            pytest.skip(f"{rig.system.name} says one thing at a time")
        self.fail_write(rig, times=9, **self.several)
        outcome = rig.one(self.position())
        assert outcome.state == "failed", outcome
        for words in self.both:
            assert words in outcome.vendor_text, outcome.vendor_text
        for name in self.names:
            assert name.lower() in outcome.message.lower(), outcome.message
        rig.forget_calls()

    def told_as_ours(self, rig: Rig, **answer: Any) -> None:
        self.fail_write(rig, **answer)
        outcome = rig.one(self.position())
        assert outcome.state == "failed", outcome
        assert "not of your data" in outcome.message or "not a fault of your data" in outcome.message, outcome.message
        assert "Re-sync" not in outcome.message and "orrect" not in outcome.message
        rig.sandbox.tenant.faults.clear()
        rig.forget_calls()

    def test_lost_answer_is_found_again_and_adopted(self, rig: Rig) -> None:
        connector = rig.connector()
        connector.check()  # whatever is fetched once (tokens) is there already
        rig.read_timeout = 0.4
        rig.fail(kind="hang", method=self.write_method, path=self.write_path, seconds=0.9, after=True)
        first = rig.sync(self.position())
        assert isinstance(first.error, UnclearOutcomeError), first.error
        rig.read_timeout = None
        second = rig.one(self.position())
        assert second.state in ("succeeded", "skipped"), second
        assert len(rig.there()) == 1
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_no_secret_in_what_is_kept(self, rig: Rig) -> None:
        report = rig.sync(self.position())
        kept = repr(report.exchanges)
        assert report.exchanges
        for setting in rig.system.credentials:
            if "secret" in setting.kind and rig.credentials.get(setting.name):
                assert rig.credentials[setting.name] not in kept
        assert self.person.national_id not in kept

    # -- whose record it is --------------------------------------------------------------------------------

    def twin(self, rig: Rig) -> Person:
        """A new person with the e-mail of 1042, and another number."""
        self.search_by_email(rig)
        return replace(
            self.person, id="78", number="2000", first_name="Ane", last_name="Lund", national_id="",
            email=self.person.email.upper(),
        )  # fmt: skip

    def search_by_email(self, rig: Rig) -> None:
        """Switch it on where it is not."""

    def refused_as(self, rig: Rig, outcome: Outcome, cause: str) -> None:
        assert (outcome.state, outcome.cause) == ("failed", cause), outcome
        assert not self.writes(rig)
        said = f"{outcome.message} {outcome.trace}".casefold()
        for value in (self.person.email, self.person.national_id, self.person.last_name, "example.com"):
            assert not value or value.casefold() not in said

    def test_somebody_elses_email_is_no_match(self, rig: Rig) -> None:
        if self.looks_for:
            pytest.skip(self.looks_for)
        rig.sync(self.position())
        before = rig.there()
        rig.somebody_else(self.twin(rig))
        rig.forget_calls()
        self.refused_as(rig, rig.one(self.position("2")), "not_the_same_person")
        assert rig.there("1042") == before
        # As the words say: the number is corrected there. Then each has their own.
        rig.add(rig.person)
        assert rig.one(self.position("2")).state == "succeeded"
        assert rig.there("1042") == before and len(rig.there("2000")) == 1

    def test_where_numbers_differ_on_purpose_the_email_decides(self, rig: Rig) -> None:
        if self.looks_for:
            pytest.skip(self.looks_for)
        rig.person = self.twin(rig)
        rig.settings["numbers_differ"] = True
        assert rig.one(self.position()).state == "succeeded"
        assert len(rig.there("1042")) == 1
        # One record, one employee, also then.
        rig.somebody_else(replace(rig.person, id="79", number="2001"))
        assert rig.one(self.position("2")).cause == "already_matched"

    def test_a_person_may_say_whose_record_it_is(self, rig: Rig) -> None:
        if self.looks_for:
            pytest.skip(self.looks_for)
        rig.sync(self.position(), execute=False)
        rig.person, rig.confirmed = self.twin(rig), True
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded", outcome
        assert len(rig.there("1042")) == 1

    def test_a_mistyped_number_is_refused_where_all_else_differs(self, rig: Rig) -> None:
        if self.looks_for:
            pytest.skip(self.looks_for)
        rig.person = Person("78", "1042", "Bo", "Berg", "bo.berg@firma.test", company=self.person.company)
        self.refused_as(rig, rig.one(self.position()), "not_the_same_person")
        rig.person = replace(rig.person, number="2000")
        rig.add(replace(rig.person, birth_date=date(1990, 1, 1)))
        assert rig.one(self.position()).state == "succeeded"
        assert rig.there("1042") == self.untouched(rig)

    def test_another_national_id_speaks_against_the_number(self, rig: Rig) -> None:
        if not self.shows_national_id:
            pytest.skip("It shows no national id")
        rig.person = replace(self.person, national_id="01018012345")
        self.refused_as(rig, rig.one(self.position()), "not_the_same_person")

    def test_number_and_national_id_that_point_at_two_records(self, empty_rig: Rig) -> None:
        if not self.shows_national_id:
            pytest.skip("It shows no national id")
        rig = empty_rig
        ids = [
            rig.add(replace(self.person, national_id="")),
            rig.add(replace(self.person, number="2001", email="x@firma.test")),
        ]
        outcome = rig.one(self.position())
        self.refused_as(rig, outcome, "marks_disagree")
        assert all(one in outcome.message for one in ids)
        rig.person = replace(rig.person, number="2001", email="x@firma.test")
        assert rig.one(self.position()).state == "succeeded"
        assert len(rig.there("2001")) == 1 and rig.there("1042") == self.untouched(rig)

    def test_a_corrected_number_leaves_the_wrong_record(self, empty_rig: Rig) -> None:
        """Saved as 1042, whose record shows nothing against it; then corrected to 1043."""
        rig = empty_rig
        bare = replace(self.person, email="", national_id="")
        wrong = rig.add(replace(bare, number="1042"))
        rig.person = replace(bare, number="1042")
        assert rig.one(self.position()).state == "succeeded"
        before = rig.there("1042")
        rig.add(replace(bare, number="1043"))
        rig.person = replace(bare, number="1043")
        name, value = self.changed
        report = rig.sync(self.position(**{name: value}))
        assert report.outcomes["1"].state == "succeeded", report.outcomes["1"]
        assert report.wrong_record == wrong
        assert rig.there("1042") == before and len(rig.there("1043")) == 1
        rig.forget_calls()
        assert rig.one(self.position(**{name: value})).cause == "nothing_to_change"
        assert not self.writes(rig)


class HistoryBehaviour(Behaviour):
    def test_a_record_that_appeared_meanwhile_is_read_again(self, rig: Rig) -> None:
        """Made there between our reading and our writing: it is refused for that, and then taken for what it is."""
        self.faulty_write(rig, **self.refusal)
        outcome = rig.one(self.position())
        assert outcome.state in ("succeeded", "skipped"), outcome
        assert len(rig.there()) == 1
        rig.forget_calls()

    def test_second_period(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-05-31"))
        assert rig.one(self.position("2", "2026-06-01")).state == "succeeded"
        assert [str(e[self.start_name])[:10] for e in rig.there()] == ["2026-01-01", "2026-06-01"]

    @pytest.mark.parametrize("ended_first", [True, False])
    def test_ending_one_and_starting_the_next_in_either_order(self, rig: Rig, ended_first: bool) -> None:
        rig.sync(self.position())
        ended, next_one = self.position(end="2026-05-31"), self.position("2", "2026-06-01")
        order = [ended, next_one] if ended_first else [next_one, ended]
        report = rig.sync(*order)
        assert [report.outcomes[i].state for i in ("1", "2")] == ["succeeded", "succeeded"]
        assert len(rig.there()) == 2

    def test_overlap_is_refused_before_any_write(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        before = rig.there()
        rig.forget_calls()
        outcome = rig.one(self.position("2", "2026-06-01"))
        assert (outcome.state, outcome.cause) == ("failed", "overlap_in_target")
        assert "1 Jan 2026 – 31 Dec 2026" in outcome.message
        assert rig.there() == before
        assert not self.writes(rig)

    def test_changed_start_date_clashes_with_what_was_sent(self, rig: Rig) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.position(start="2026-02-01"))
        assert (outcome.state, outcome.cause) == ("failed", "start_date_changed")
        assert len(rig.there()) == 1

    def test_move_the_existing_period(self, rig: Rig) -> None:
        if not rig.system.moves:
            pytest.skip(f"{rig.system.name} cannot move a period")
        rig.sync(self.position())
        outcome = rig.one(self.position(start="2026-02-01"), move=True)
        assert (outcome.state, outcome.action) == ("succeeded", "move"), outcome
        assert [str(e[self.start_name])[:10] for e in rig.there()] == ["2026-02-01"]

    # -- what counts as not there, what stays, what is left alone ----------------------------------------

    def cancel(self, rig: Rig) -> None:
        """A clerk ends everything there as never to have been reported."""
        pytest.skip(f"{rig.system.name} has no such end")

    def test_a_cancelled_period_counts_as_not_there(self, rig: Rig) -> None:
        """It neither comes back to life with the next position of the same start nor is in anybody's way."""
        rig.sync(self.position())
        self.cancel(rig)
        before = rig.there()
        rig.sent.clear()
        rig.positions.clear()
        earlier = rig.one(self.position("2", "2025-06-01", "2026-02-28"))
        assert (earlier.state, earlier.action) == ("succeeded", "create"), earlier
        again = rig.one(self.position("3", "2026-03-01"))
        assert (again.state, again.action) == ("succeeded", "create"), again
        assert [e for e in rig.there() if e in before] == before
        assert rig.one(self.position("3", "2026-03-01")).cause == "nothing_to_change"

    def test_the_same_start_as_a_cancelled_period(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.cancel(rig)
        before = rig.there()
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.action) == ("succeeded", "create"), outcome
        assert [e for e in rig.there() if e in before] == before
        assert len(rig.there()) == 2
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_other_periods_stay_byte_for_byte(self, rig: Rig) -> None:
        """Whatever a clerk has made before and after."""
        rig.sync(self.position("8", "2024-01-01", "2024-12-31"), self.position("9", "2028-01-01"))
        rig.positions.clear()
        rig.sent.clear()
        before = rig.there()
        name, value = self.changed
        for position in (
            self.position(end="2027-12-31"),
            self.position(end="2027-12-31", **{name: value}),
            self.position(end="2026-12-31", **{name: value}),
        ):
            assert rig.one(position).state == "succeeded"
            assert [e for e in rig.there() if e in before] == before
            rig.forget_calls()
            assert rig.one(position).cause == "nothing_to_change"
            assert not self.writes(rig)


# Percentages that a clerk has put there, by the day from which they count; the position has 80 from 1 January on.
CLERKS_ROWS: tuple[dict[str, int], ...] = (
    {},
    {"2026-02-01": 50},
    {"2026-01-01": 50},
    {"2026-02-01": 50, "2026-04-01": 80},
    {"2026-04-01": 90, "2026-06-15": 33},
    {"2026-09-01": 40},
    {"2026-01-20": 50, "2026-05-01": 80, "2026-09-01": 40},
)


class DatedTerms(Behaviour):
    """Systems in which the percentage is dated: what was is left as it was."""

    def dated(self, rig: Rig) -> list[dict[str, Any]]:
        """The rows there, by their days."""
        raise NotImplementedError

    def day_of(self, row: dict[str, Any]) -> str:
        raise NotImplementedError

    def clerk_writes(self, rig: Rig, day: str, percentage: int) -> None:
        """Puts a row there as a clerk would, or changes that day's."""
        raise NotImplementedError

    def past(self, rig: Rig) -> list[dict[str, Any]]:
        return [dict(row) for row in self.dated(rig) if self.day_of(row) < rig.today.isoformat()]

    @pytest.mark.parametrize("clerk", CLERKS_ROWS)
    @pytest.mark.parametrize("end", [None, "2026-01-31", "2026-06-14", "2026-12-31"])
    def test_rows_of_the_past_stay_byte_for_byte(self, rig: Rig, end: str | None, clerk: dict[str, int]) -> None:
        """Only the end of the position is changed here, and then nothing; a second run writes nothing."""
        rig.sync(self.position())
        for day, percentage in clerk.items():
            if end is None or day <= end:
                self.clerk_writes(rig, day, percentage)
        before = self.past(rig)
        rig.one(self.position(end=end))
        assert self.past(rig) == before
        rig.forget_calls()
        outcome = rig.one(self.position(end=end))
        assert outcome.state == "skipped", outcome
        assert not self.writes(rig)
        assert self.past(rig) == before

    @pytest.mark.parametrize("clerk", CLERKS_ROWS)
    def test_a_changed_percentage_leaves_the_past(self, rig: Rig, clerk: dict[str, int]) -> None:
        rig.sync(self.position())
        for day, percentage in clerk.items():
            self.clerk_writes(rig, day, percentage)
        before = self.past(rig)
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert self.past(rig) == before
        rig.forget_calls()
        assert rig.one(self.position(percentage=Decimal("60"))).cause == "nothing_to_change"
        assert not self.writes(rig)

    def test_rows_after_a_retroactive_end_do_not_count(self, rig: Rig) -> None:
        """The terms are compared on the day of which a change would be written: the position's last."""
        rig.sync(self.position(percentage=Decimal("50")))
        rig.today = date(2026, 3, 1)
        rig.sync(self.position(percentage=Decimal("70")))
        rig.today = TODAY
        before = self.past(rig)
        rig.sync(self.position(percentage=Decimal("70"), end="2026-01-31"))
        assert self.past(rig)[0] == before[0]
        rig.forget_calls()
        assert rig.one(rig.positions["1"]).state == "skipped"
        assert not self.writes(rig)
        assert self.past(rig)[0] == before[0]


class CountsWhenWritten(Behaviour):
    """Systems without a day beside any value that is sent: what holds today is written at once, the rest on its day."""

    def test_a_change_is_written_on_its_day(self, rig: Rig) -> None:
        name, value = self.changed
        shown_name, shown_value = self.shown
        rig.sync(self.position())
        before = rig.there()[0][shown_name]
        assert rig.one(self.position(**{name: value}), since=date(2026, 6, 1)).state == "succeeded"
        assert rig.there()[0][shown_name] == shown_value
        rig.forget_calls()
        outcome = rig.one(self.position(), since=date(2026, 7, 1))
        assert (outcome.state, outcome.wait_until) == ("skipped", date(2026, 7, 1))
        assert not self.writes(rig)
        rig.today = date(2026, 7, 1)
        assert rig.one(rig.positions["1"]).state == "succeeded"
        assert rig.there()[0][shown_name] == before

        rig.one(self.position(**{name: value}), since=date(2026, 7, 10))
        outcome = rig.one(replace(self.position(), terms=rig.positions["1"].terms[:-1]))  # withdrawn before its day
        assert (outcome.cause, outcome.wait_until) == ("nothing_to_change", None)
        rig.one(self.position(**{name: value}), correction=True)  # it was always so
        assert rig.there()[0][shown_name] == shown_value
        one, other = self.position(**{name: value}), self.position()
        days = (one.start, one), (date(2026, 7, 5), other), (date(2026, 7, 20), one)  # two in one month
        rig.one(replace(one, terms=tuple((day, then.values) for day, then in days)))
        for day, shown in ((6, before), (20, shown_value)):
            rig.today = date(2026, 7, day)
            rig.one(rig.positions["1"])
            assert rig.there()[0][shown_name] == shown
        # across a change of position: what one has planned for later is not the next one's
        rig.one(self.position(), since=date(2026, 9, 1))
        rig.today = date(2026, 9, 1)
        one = rig.positions["1"]
        terms = tuple((day, {**held, **self.end_values}) for day, held in one.terms)
        over = replace(one, end=date(2026, 8, 31), values={**one.values, **self.end_values}, terms=terms)
        rig.sync(over, self.position("2", "2026-09-01", **{name: value}))
        assert rig.there()[-1][shown_name] == shown_value


class CountsFrom(Behaviour):
    """Systems that are told the day from which a percentage counts. Those that keep one value with its day hold the
    last of what is expected; those with a row for each day (`keeps_rows`) all of it."""

    keeps_rows: ClassVar[bool] = False

    def told(self, rig: Rig) -> list[tuple[str, float]]:
        """What stands there: days, and the percentages that count from them."""
        raise NotImplementedError

    def stands(self, rig: Rig, *expected: tuple[str, float]) -> None:
        told = self.told(rig)
        held = [row for before, row in itertools.pairwise([("", None), *told]) if row[1] != before[1]]
        assert held == list(expected if self.keeps_rows else expected[-1:])
        rig.forget_calls()
        assert rig.one(rig.positions["1"]).state == "skipped"
        assert not self.writes(rig)

    def by_day(self, *rows: tuple[str, int]) -> Position:
        """A position with the percentages that hold from each of the days; the first is its own."""
        found = self.position(start=rows[0][0], percentage=Decimal(rows[-1][1]))
        terms = ((date.fromisoformat(day), {**found.values, "percentage": Decimal(share)}) for day, share in rows)
        return replace(found, terms=tuple(terms))

    def test_a_changed_percentage_counts_from_the_day_that_hr_says(self, rig: Rig) -> None:
        rig.sync(self.position(percentage=Decimal(80)))
        self.stands(rig, ("2026-01-01", 80))
        rig.sync(self.position(percentage=Decimal(60)), since=date(2026, 6, 1))
        self.stands(rig, ("2026-01-01", 80), ("2026-06-01", 60))
        rig.sync(self.position(percentage=Decimal(50)))
        self.stands(rig, ("2026-01-01", 80), ("2026-06-01", 60), ("2026-06-15", 50))
        outcome = rig.one(self.by_day(("2026-01-01", 80), ("2026-06-01", 60), ("2026-06-10", 50)))  # its day alone
        assert set(outcome.changes) == {"percentage"}
        self.stands(rig, ("2026-01-01", 80), ("2026-06-01", 60), ("2026-06-10", 50))
        rig.sync(self.position(percentage=Decimal(70)), correction=True)  # it was always so
        self.stands(rig, ("2026-01-01", 70))
        rig.sync(self.by_day(("2026-01-01", 70), ("2026-06-03", 60), ("2026-06-12", 40)))  # two before the worker came
        self.stands(rig, ("2026-01-01", 70), ("2026-06-03", 60), ("2026-06-12", 40))
        rig.sync(self.by_day(("2026-01-01", 70), ("2026-06-03", 60)))  # the last of them is withdrawn
        self.stands(rig, ("2026-01-01", 70), ("2026-06-03", 60))

    def test_a_percentage_whose_change_the_end_takes_back_counts_from_its_own_day(self, rig: Rig) -> None:
        """What stands there is not a clerk's: it was written for a later day than the one that is compared now."""
        every = self.by_day(("2026-01-01", 80), ("2026-04-01", 50))
        rig.sync(every)
        terms = tuple((day, {**held, **self.end_values}) for day, held in every.terms)
        rig.one(replace(every, end=date(2026, 3, 31), terms=terms))
        if not self.keeps_rows and rig.system.model is Model.HISTORY:  # the record there that is over gets its dates
            assert self.told(rig)[-1] == ("2026-01-01", 80)
        rig.one(every)
        self.stands(rig, ("2026-01-01", 80), ("2026-04-01", 50))

    def test_a_start_that_moves_across_a_change_takes_its_days_along(self, rig: Rig) -> None:
        """The days that were not the position's until then say what HR says of them, and none counts from before it."""
        rig.sync(self.by_day(("2026-01-01", 80), ("2026-03-01", 50)))
        for start in ("2026-04-01", "2026-02-01", "2025-12-01"):
            rig.one(self.position(start=start, percentage=Decimal(50)), move=True)
            first, share = next((d, s) for d, s in reversed(self.told(rig)) if d <= start)
            assert (max(first, start), share) == (start, 50)
            assert all(s == 50 for d, s in self.told(rig) if d > start)
            assert self.keeps_rows or first == start
            rig.forget_calls()
            assert rig.one(rig.positions["1"]).state == "skipped"
            assert not self.writes(rig)

    def test_a_position_that_begins_earlier_takes_its_days_from_the_one_before(self, rig: Rig) -> None:
        if rig.system.model is Model.HISTORY:
            return  # each has a record of its own
        rig.sync(self.position(percentage=Decimal(80)))
        for eve, start in (("2026-05-31", "2026-06-01"), ("2026-05-14", "2026-05-15")):
            before = self.position(end=eve, percentage=Decimal(80))
            rig.sync(before, self.position("2", start, percentage=Decimal(50)))
            rig.forget_calls()
            assert rig.one(rig.positions["2"]).state == "skipped"
            assert next(s for d, s in reversed(self.told(rig)) if d <= start) == 50
        assert not self.keeps_rows or self.told(rig)[0] == ("2026-01-01", 80)

    def test_a_percentage_of_a_coming_day_is_sent_on_that_day(self, rig: Rig) -> None:
        rig.sync(self.position(percentage=Decimal(80)))
        rig.forget_calls()
        later = self.position(percentage=Decimal(60))
        outcome = rig.one(later, since=date(2026, 7, 1))
        assert (outcome.state, outcome.wait_until) == ("skipped", date(2026, 7, 1))
        assert not self.writes(rig)
        rig.today = date(2026, 7, 3)  # the worker comes late
        assert rig.one(rig.positions["1"]).wait_until is None
        self.stands(rig, ("2026-01-01", 80), ("2026-07-01", 60))

    def test_what_is_sent_late_counts_from_the_day_of_its_last_change(self, rig: Rig) -> None:
        rig.sync(self.by_day(("2026-01-01", 80), ("2026-03-01", 60), ("2026-08-01", 50)))
        self.stands(rig, ("2026-01-01", 80), ("2026-03-01", 60))
        if rig.system.model is Model.HISTORY:
            return
        rig.positions["1"] = replace(rig.positions["1"], end=date(2026, 6, 4))
        following = replace(self.by_day(("2026-06-05", 50), ("2026-06-10", 40)), id="2")
        rig.sync(following)  # the one that takes over has changed, too
        assert self.told(rig)[-1] == ("2026-06-10", 40)
        assert rig.one(following).cause == "nothing_to_change"


class TermsByDay(DatedTerms):
    """Systems that keep a row for each day of a change: HR's days are theirs, in the past and to come."""

    def by_day(self, rig: Rig) -> list[tuple[str, Any]]:
        """The percentages there, by the days from which they count; not the rows that change nothing."""
        rows = sorted((self.day_of(row), self.percentage_of(row)) for row in self.dated(rig))
        return [row for before, row in itertools.pairwise([("", None), *rows]) if before[1] != row[1]]

    def percentage_of(self, row: dict[str, Any]) -> Any:
        raise NotImplementedError

    def at(self, percentage: int) -> Position:
        return self.position(percentage=Decimal(percentage))

    def unchanged(self, rig: Rig) -> None:
        """A second run writes nothing."""
        rig.forget_calls()
        outcome = rig.one(rig.positions["1"])
        assert (outcome.state, outcome.cause) == ("skipped", "nothing_to_change"), outcome
        assert not self.writes(rig)

    def test_changes_count_from_their_days(self, rig: Rig) -> None:
        """From the past, from a day to come, two in one month; corrected, and withdrawn."""
        rig.sync(self.at(80))
        rig.sync(self.at(60), since=date(2026, 6, 1))
        assert self.by_day(rig) == [("2026-01-01", 80), ("2026-06-01", 60)]
        self.unchanged(rig)
        outcome = rig.sync(self.at(40), since=date(2026, 9, 1)).outcomes["1"]
        assert (outcome.state, outcome.wait_until) == ("succeeded", None), "it has rows for days to come"
        rig.sync(self.at(50), since=date(2026, 6, 20))
        planned = [("2026-01-01", 80), ("2026-06-01", 60), ("2026-06-20", 50), ("2026-09-01", 40)]
        assert self.by_day(rig) == planned
        self.unchanged(rig)

        by_day = [(day, {**held, "percentage": held["percentage"]}) for day, held in rig.positions["1"].terms]
        by_day[1][1]["percentage"] = Decimal(70)
        rig.sync(replace(rig.positions["1"], terms=tuple(by_day)))
        assert self.by_day(rig) == [("2026-01-01", 80), ("2026-06-01", 70), *planned[2:]], "it was so from the 1st on"
        self.unchanged(rig)
        rig.sync(replace(rig.positions["1"], terms=tuple(by_day[:3])))
        assert self.by_day(rig) == [("2026-01-01", 80), ("2026-06-01", 70), ("2026-06-20", 50)], "the last is withdrawn"
        self.unchanged(rig)

        rig.today = date(2026, 9, 15)
        self.unchanged(rig)
        rig.sync(self.at(90), correction=True)
        assert {held for _, held in self.by_day(rig)} == {90}, "it was always so"
        self.unchanged(rig)

    def test_a_position_that_is_new_there_comes_with_all_its_days(self, rig: Rig) -> None:
        rig.save(self.at(80))
        rig.save(self.at(60), since=date(2026, 3, 1))
        outcome = rig.one(rig.positions["1"])
        assert (outcome.state, outcome.action) == ("succeeded", "create")
        assert self.by_day(rig) == [("2026-01-01", 80), ("2026-03-01", 60)]
        self.unchanged(rig)

    def test_a_change_goes_across_a_change_of_position(self, rig: Rig) -> None:
        """One is over, and the next one's terms change from a day that was the first one's last but one."""
        rig.sync(self.at(80))
        rig.sync(self.at(60), since=date(2026, 5, 30))
        over = self.position("1", end="2026-05-31", percentage=Decimal(60))
        report = rig.sync(over, self.position("2", "2026-06-01", percentage=Decimal(50)))
        assert {o.state for o in report.outcomes.values()} == {"succeeded"}
        before = [row for row in self.by_day(rig) if row[0] < "2026-06-01"]
        assert before == [("2026-01-01", 80), ("2026-05-30", 60)]
        rig.sync(self.position("2", "2026-06-01", percentage=Decimal(40)), since=date(2026, 6, 10))
        assert self.by_day(rig) == [*before, ("2026-06-01", 50), ("2026-06-10", 40)]

    @pytest.mark.parametrize("clerk", CLERKS_ROWS)
    def test_a_change_of_the_past_leaves_the_days_before_it(self, rig: Rig, clerk: dict[str, int]) -> None:
        rig.sync(self.at(80))
        for day, percentage in clerk.items():
            self.clerk_writes(rig, day, percentage)
        rig.today = date(2026, 3, 1)
        before = self.past(rig)
        rig.today = TODAY
        rig.sync(self.at(60), since=date(2026, 3, 1))
        rig.today = date(2026, 3, 1)
        assert self.past(rig) == before
        rig.today = TODAY
        ours = {held for day, held in self.by_day(rig) if "2026-03-01" <= day <= TODAY.isoformat()}
        assert ours == {60}
        self.unchanged(rig)


class KeepsFirstDayOfAll(Behaviour):
    """Mix in where each record bears the first day of the unbroken employment, too."""

    def test_the_first_day_of_all_is_told_where_an_earlier_position_changes_it(self, rig: Rig) -> None:
        """It is written once: whoever corrects the first position, or takes it away, is to correct it there."""
        rig.rules = Rules(delete=True, move=True)
        rig.sync(self.position("1", "2025-01-01", "2025-12-31"), self.position("2"))
        earlier = rig.one(self.position("1", "2024-12-01", "2025-12-31"))
        [warning] = earlier.warnings
        assert "since 1 Dec 2024 here" in warning.message
        assert "since 1 Jan 2025 there" in warning.message
        [warning] = rig.sync(deleted=["1"]).outcomes["1"].warnings
        assert "since 1 Jan 2026 here" in warning.message
        assert rig.one(self.position("2", title="Kokki")).warnings == ()


class SeveralAtOnce(Behaviour):
    """Systems that take several employments of one person at a time, where the connection sends them."""

    other_code: ClassVar[str]  # an occupation code that the sandbox knows, beside that of `values`

    def beside(self, start: str = "2026-03-01", **values: Any) -> Position:
        return self.position("2", start, **{"occupation_code": self.other_code, "percentage": Decimal(20), **values})

    def test_while_it_is_off_the_words_name_the_switch(self, rig: Rig) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.beside())
        assert (outcome.state, outcome.cause) == ("failed", "overlap_in_target")
        assert "Send several employments at once" in outcome.message

    @pytest.mark.parametrize("start", ["2026-03-01", "2026-01-01"])
    def test_two_are_made_changed_ended_and_deleted_each_by_itself(self, rig: Rig, start: str) -> None:
        rig.settings["several_at_once"] = True
        rig.rules = Rules(delete=True)
        report = rig.sync(self.position(), self.beside(start))
        assert {o.state for o in report.outcomes.values()} == {"succeeded"}, [
            o.message for o in report.outcomes.values()
        ]
        assert len(rig.there()) == 2
        first = rig.sent["1"].remote_id
        assert first != rig.sent["2"].remote_id
        rig.forget_calls()
        report = rig.sync(rig.positions["1"], rig.positions["2"])
        assert {o.cause for o in report.outcomes.values()} == {"nothing_to_change"}
        assert not self.writes(rig)
        before = rig.there()
        assert rig.one(self.beside(start, percentage=Decimal(40))).state == "succeeded"
        assert [e for e in rig.there() if e in before] == before[:1], "the first one stays as it was"
        assert rig.one(self.beside(start, percentage=Decimal(40), end="2026-12-31")).action == "end"
        assert rig.sync(deleted=["2"]).outcomes["2"].state == "succeeded"
        assert [e for e in rig.there() if e in before] == before[:1]
        assert rig.one(rig.positions["1"]).cause == "nothing_to_change"

    def test_what_is_one_employment_there_is_refused_with_what_tells_them_apart(self, rig: Rig) -> None:
        rig.settings["several_at_once"] = True
        rig.sync(self.position())
        rig.forget_calls()
        alike = self.beside(occupation_code=self.values["occupation_code"])
        outcome = rig.one(alike)
        assert (outcome.state, outcome.cause) == ("failed", "overlap_in_target")
        assert "told apart by" in outcome.message and "occupation code" in outcome.message
        assert not self.writes(rig)

    def test_a_change_that_makes_one_employment_of_two_is_refused(self, rig: Rig) -> None:
        """Their days stay as they were: nothing but what is changed told them apart."""
        rig.settings["several_at_once"] = True
        rig.sync(self.position(), self.beside())
        lock = rig.system.field("occupation_code").locked
        if lock is not None and lock.lifted_by is not None:
            rig.settings[lock.lifted_by.name] = True
        rig.forget_calls()
        outcome = rig.one(self.beside(occupation_code=self.values["occupation_code"]))
        assert (outcome.state, outcome.cause) == ("failed", "overlap_in_target")
        assert "1 Jan 2026" in outcome.message and "told apart by" in outcome.message
        assert not self.writes(rig)
        assert rig.one(self.beside(percentage=Decimal(40))).state == "succeeded"


class FlatBehaviour(Behaviour):
    def test_only_the_current_position_is_sent(self, rig: Rig) -> None:
        report = rig.sync(
            self.position("1", "2025-01-01", "2025-12-31"),
            self.position("2", "2026-01-01"),
            self.position("3", "2026-09-01"),
        )
        assert [report.outcomes[i].state for i in ("1", "2", "3")] == ["skipped", "succeeded", "waiting"]
        assert report.outcomes["3"].wait_until == date(2026, 9, 1)
        assert len(rig.there()) == 1

    def test_takeover_when_the_current_one_ends(self, rig: Rig) -> None:
        name, value = self.changed
        rig.sync(self.position("1", "2026-01-01", "2026-06-30"), self.position("2", "2026-07-01", **{name: value}))
        rig.today = date(2026, 7, 1)
        outcome = rig.one(rig.positions["2"])
        assert outcome.state == "succeeded", outcome
        shown_name, shown_value = self.shown
        [there] = rig.there()
        assert there[shown_name] == shown_value

    def test_a_change_of_position_planned_ahead_does_not_look_like_leaving(self, rig: Rig) -> None:
        """One employment there: the end of a position that another one follows the next day is not its end."""
        rig.sync(self.position("1", "2026-01-01", "2026-06-30"), self.position("2", "2026-07-01"))
        assert self.ends(rig) == [self.end_open]
        rig.sync(deleted=["2"])
        rig.sync(rig.positions["1"])
        assert [str(e)[:10] for e in self.ends(rig)] == ["2026-06-30"]

    def test_of_two_the_higher_percentage_counts(self, rig: Rig) -> None:
        report = rig.sync(
            self.position("1", percentage=Decimal("40")), self.position("2", "2026-02-01", percentage=Decimal("60"))
        )
        assert report.outcomes["1"].cause == "not_current"
        assert report.outcomes["2"].state == "succeeded"

    def test_the_last_one_is_ended_there(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.today = date(2026, 6, 20)
        outcome = rig.one(self.position(end="2026-06-17"))
        assert (outcome.state, outcome.action) == ("succeeded", "end"), outcome
        assert [str(e)[:10] for e in self.ends(rig)] == ["2026-06-17"]


DEPARTMENT = Department("BUT1", "Butikk")
