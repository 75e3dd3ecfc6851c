"""What all connectors promise of a snapshot: it is what `read` gives of everybody, in the calls that are declared, and
nobody is lost or doubled whatever happens on the way. A part of `kit.Behaviour`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from integrations.planning.drift import Finding, Kind, drift_among
from integrations.planning.work import Work
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import Model
from integrations.sdk.errors import ConnectorError, RateLimitedError, UnavailableError
from integrations.sdk.everybody import Everybody
from integrations.sdk.snapshot import Seen
from integrations.sdk.values import Person, Position, Remote

if TYPE_CHECKING:
    from tests.systems.kit import Rig

OTHERS = (("1043", "Kari", "Lie"), ("1044", "Ola", "Moen"), ("1045", "Siv", "Dahl"), ("1046", "Jon", "Vik"))
PAGE = 2


class SnapshotBehaviour:
    """`page_of_two` and `vanish` are for the systems to override; `breaks_at` is a part of the address of the calls
    by which a snapshot goes on after its first employee."""

    person: ClassVar[Person]
    changed: ClassVar[tuple[str, Any]]
    breaks_at: ClassVar[str] = ""

    def position(self, *args: Any, **kwargs: Any) -> Position:
        raise NotImplementedError

    def page_of_two(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """From here on the system gives two employees on a page."""
        module = sys.modules[rig.connector_class.__module__]
        monkeypatch.setattr(module, "SIGHT", replace(module.SIGHT, size=PAGE))

    def vanish(self, rig: Rig, employee_id: str) -> None:
        """A clerk removes an employee there."""
        raise NotImplementedError

    @pytest.fixture
    def everybody(self, rig: Rig) -> dict[str, tuple[Person, str]]:
        """Five employees there, with several records, a future one, an empty field and nothing: by their ids there
        the person, and the record that was written last."""
        if rig.system.sight.unsupported:
            pytest.skip(rig.system.sight.unsupported)
        people = [self.person]
        for number, first, last in OTHERS:
            one = replace(self.person, id=number, number=number, first_name=first, last_name=last, national_id="")
            people.append(replace(one, email=f"{first.lower()}@firma.test"))
            rig.add(people[-1])
        several: tuple[Position, ...] = (self.position("1", end="2026-12-31"),)
        if rig.system.model is Model.HISTORY:
            several = self.position("1", end="2026-05-31"), self.position("2", "2026-06-01")
        saved = (
            several,
            (self.position("3", "2026-09-01"),),
            (self.position("4", without=(self.changed[0],)),),
            (),
            (self.position("5"),),
        )
        found: dict[str, tuple[Person, str]] = {}
        for person, positions in zip(people, saved, strict=True):
            rig.somebody_else(person)
            report = rig.sync(*positions)
            if {outcome.cause for outcome in report.outcomes.values()} == {"missing_required_field"}:
                rig.sync(self.position("4"))
            connector = rig.connector()
            last = next(iter(rig.sent.values())).remote_id if rig.sent else ""
            found[connector.find_employee(person).id] = person, last
            connector.close()
        rig.forget_calls()
        return found

    @pytest.fixture
    def in_pages(
        self, rig: Rig, everybody: dict[str, tuple[Person, str]], monkeypatch: pytest.MonkeyPatch
    ) -> dict[str, tuple[Person, str]]:
        """The same on three pages."""
        self.page_of_two(rig, monkeypatch)
        return everybody

    @staticmethod
    def written(everybody: dict[str, tuple[Person, str]]) -> dict[str, str]:
        return {employee_id: record for employee_id, (_, record) in everybody.items() if record}

    def test_a_snapshot_is_what_read_gives(self, rig: Rig, in_pages: dict[str, tuple[Person, str]]) -> None:
        connector = rig.connector()
        snapshot = {seen.id: seen for seen in connector.snapshot(self.written(in_pages))}
        assert set(in_pages) <= set(snapshot)
        assert sum(len(seen.records) for seen in snapshot.values()) >= 3
        for employee_id, (person, record_id) in in_pages.items():
            seen = snapshot[employee_id]
            employee = replace(connector.find_confirmed(person, seen.id), record_id=record_id)
            assert seen.refusal is None
            assert [self.compared(rig, r) for r in seen.records] == [
                self.compared(rig, r) for r in connector.read(employee)
            ]
            marks = replace(seen.marks.beside(person), national_id=employee.marks.national_id)
            assert marks == employee.marks
            if employee.marks.national_id and not rig.system.sight.each:
                assert seen.marks.beside(person).national_id == employee.marks.national_id
        connector.close()

    def compared(self, rig: Rig, remote: Remote) -> Remote:
        values = {key: value for key, value in remote.values.items() if key not in rig.system.sight.hides}
        return replace(remote, values=values)

    @pytest.mark.parametrize("dearer", [False, True], ids=["", "where it costs more"])
    def test_a_snapshot_takes_the_declared_calls(
        self, rig: Rig, in_pages: dict[str, tuple[Person, str]], dearer: bool
    ) -> None:
        if dearer:
            if rig.system.sight.dearer is None:
                pytest.skip("It costs every connection the same")
            rig.settings[rig.system.sight.dearer.switch] = True
        connector, sight = rig.connector(), rig.system.sight.where(rig.settings)
        list(connector.snapshot(self.written(in_pages)))  # what a turn fetches once is there now
        rig.forget_calls()
        number = len(list(connector.snapshot(self.written(in_pages))))
        most = replace(sight, page=PAGE if sight.page else 0).calls(number)
        if sight.each:
            most = self.most_calls(most, in_pages)
        assert most - sight.lists <= len(rig.calls) <= most  # a last page that is full may say that it is the last
        connector.close()

    def test_a_snapshot_leaves_nobodys_marks_in_what_is_kept(
        self, rig: Rig, in_pages: dict[str, tuple[Person, str]]
    ) -> None:
        connector, kept = rig.connector(), []
        for seen in connector.snapshot(self.written(in_pages)):
            kept.append(repr((seen, connector.http.take_exchanges())))
        said = "".join(kept).casefold()
        assert "exchange(" in said
        for person, _ in in_pages.values():
            for mark in (person.email, person.national_id, person.last_name):
                assert not mark or mark.casefold() not in said
        connector.close()

    def most_calls(self, declared: int, everybody: dict[str, tuple[Person, str]]) -> int:
        """Where those without records cost less."""
        return declared

    def gone_through(self, connector: Connector, rig: Rig, fault: dict[str, Any], **written: Any) -> Iterator[Any]:
        """What a snapshot gives and raises, when the call after its first employee meets this fault."""
        snapshot = connector.snapshot(**written)
        yield next(snapshot)
        rig.fail(path=self.breaks_at, **fault)
        while True:
            try:
                yield next(snapshot)
            except StopIteration:
                return
            except ConnectorError as error:
                yield error

    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ({"status": 429, "headers": {"Retry-After": "1"}}, RateLimitedError),
            ({"status": 503}, UnavailableError),
            ({"kind": "truncate"}, UnavailableError),
        ],
        ids=["rate limit", "server trouble", "broken answer"],
    )
    def test_a_snapshot_goes_on_after_trouble(
        self, rig: Rig, in_pages: dict[str, tuple[Person, str]], fault: dict[str, Any], expected: type[ConnectorError]
    ) -> None:
        """Nobody twice, and nobody is missing."""
        connector = rig.connector()
        everything = list(self.gone_through(connector, rig, fault, written=self.written(in_pages)))
        [trouble] = [found for found in everything if isinstance(found, ConnectorError)]
        assert type(trouble) is expected
        assert not isinstance(trouble, RateLimitedError) or trouble.wait == 1
        seen = [found for found in everything if isinstance(found, Seen)]
        assert all(s.refusal is None for s in seen)
        whole = list(connector.snapshot(self.written(in_pages)))
        assert set(in_pages) <= {s.id for s in whole}
        assert [(s.id, s.records) for s in seen] == [(s.id, s.records) for s in whole]
        connector.close()

    def test_whose_a_record_is_is_decided_as_in_the_system(
        self, rig: Rig, everybody: dict[str, tuple[Person, str]]
    ) -> None:
        connector = rig.connector()
        seen = Everybody(connector, connector.snapshot(self.written(everybody)))
        rig.forget_calls()
        for employee_id, (person, _) in everybody.items():
            assert seen.find(person).id == seen.find(person, employee_id).id == employee_id
        nobody = replace(self.person, number="9999", email="nobody@firma.test", national_id="")
        other_name = replace(nobody, number=self.person.number, first_name="Bo", last_name="Berg", birth_date=None)
        errors = []
        for person in (nobody, other_name):
            with pytest.raises(ConnectorError) as caught:
                seen.find(person)
            errors.append(caught.value)
        assert rig.calls == []
        for person, error in zip((nobody, other_name), errors, strict=True):
            with pytest.raises(type(error)) as there:
                connector.find_employee(person)
            assert there.value.cause == error.cause
        connector.close()
        own, other = list(everybody)[:2]
        for _ in self.marks_elsewhere(rig, own, other):
            connector = rig.connector()
            seen = Everybody(connector, connector.snapshot(self.written(everybody)))
            assert self.whose(seen.find) == self.whose(connector.find_employee)
            connector.close()

    def marks_elsewhere(self, rig: Rig, own: str, other: str) -> Iterator[None]:
        """Puts marks of our own, one after another, where the connection does not look for them, or looks later. Where
        a system keeps several of a kind."""
        yield from ()

    def whose(self, find: Callable[[Person], Any]) -> str:
        try:
            return str(find(self.person).id)
        except ConnectorError as error:
            return f"{type(error).__name__} {error.cause}"

    def test_what_was_sent_is_equal_and_what_changed_since_is_not(self, rig: Rig) -> None:
        if rig.system.sight.unsupported:
            pytest.skip(rig.system.sight.unsupported)
        rig.sync(self.position(end="2026-12-31"))
        [found] = self.drift(rig)
        assert (found.kind, found.position_id, found.fields) == (Kind.EQUAL, "1", {})
        key, value = self.changed
        rig.save(self.position(end="2026-12-31", **{key: value}))
        [found] = self.drift(rig)
        assert found.kind is Kind.NEWER_HERE and set(found.fields) == {key}
        rig.sync(*rig.positions.values())
        assert self.drift(rig)[0].kind is Kind.EQUAL

    def drift(self, rig: Rig) -> tuple[Finding, ...]:
        connector = rig.connector()
        last = next(iter(rig.sent.values())).remote_id
        seen = Everybody(connector, connector.snapshot({rig.employee_id: last}))
        work = Work(rig.person, [*rig.positions.values()], (), rig.sent, rig.employee_id, rig.rules, rig.today)
        connector.close()
        return drift_among(seen, rig.system, connector.settings, work)

    def test_who_vanishes_between_list_and_detail(self, rig: Rig, everybody: dict[str, tuple[Person, str]]) -> None:
        if not rig.system.sight.each:
            pytest.skip("The records come along")
        connector = rig.connector()
        snapshot = connector.snapshot(self.written(everybody))
        first = next(snapshot)
        gone = next(employee_id for employee_id in everybody if employee_id != first.id)
        self.vanish(rig, gone)
        rest = {seen.id: seen for seen in snapshot}
        assert set(everybody) - {first.id, gone} <= set(rest)
        assert gone not in rest or (rest[gone].refusal is not None and not rest[gone].records)
        connector.close()
