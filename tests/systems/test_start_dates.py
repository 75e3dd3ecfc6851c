"""A start date that was changed here, in every system with history: what is said of the record that was sent before
works when a person does it, and what an earlier start date left behind is told of for as long as it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from integrations.planning.work import Outcome
from integrations.sandboxes.server import Tenants
from tests.systems.finago.test_connector import TestFinago as Finago
from tests.systems.kit import HistoryBehaviour, Rig
from tests.systems.netvisor.test_connector import TestNetvisor as Netvisor
from tests.systems.tripletex.test_connector import TestTripletex as Tripletex
from tests.systems.unimicro.test_connector import TestUnimicro as Unimicro
from tests.systems.visma_net_payroll.test_connector import TestVismaNetPayroll as Visma

Row = dict[str, Any]


@dataclass
class Hand:
    """A clerk in front of the system. `rows` gives each period's own row with what removes it."""

    rows: Callable[[Mapping[str, Any], str], Iterator[tuple[Row, Callable[[], Any]]]]
    with_end: Mapping[str, Any] = field(default_factory=dict)  # what the system asks for beside an end


def _of_list(rows: list[Row]) -> Iterator[tuple[Row, Callable[[], Any]]]:
    for row in list(rows):
        yield row, lambda row=row: rows.remove(row)  # type: ignore[misc]


def _of_visma(state: Mapping[str, Any], number: str) -> Iterator[tuple[Row, Callable[[], Any]]]:
    for key, held in list(state["positions"].items()):
        yield held["document"], lambda key=key: state["positions"].pop(key)  # type: ignore[misc]


def _of_netvisor(state: Mapping[str, Any], number: str) -> Iterator[tuple[Row, Callable[[], Any]]]:
    for key, held in list(state["periods"].items()):
        yield held["elements"], lambda key=key: state["periods"].pop(key)  # type: ignore[misc]


HANDS: dict[type[HistoryBehaviour], Hand] = {
    Visma: Hand(_of_visma),
    Netvisor: Hand(_of_netvisor),
    Unimicro: Hand(lambda state, number: _of_list(state["employments"]), {"EndDateReason": 5}),
    Finago: Hand(lambda state, number: _of_list(state["employments"][number])),
    Tripletex: Hand(lambda state, number: _of_list(state["Employment"])),
}


@pytest.fixture(params=list(HANDS), ids=lambda system: system.system)
def system(request: pytest.FixtureRequest) -> HistoryBehaviour:
    made: HistoryBehaviour = request.param()
    return made


@pytest.fixture
def rig(system: HistoryBehaviour, sandbox_server: tuple[str, Tenants]) -> Rig:
    return Rig(sandbox_server, system.system, system.person, system.connection_settings, known=True)


def periods(system: HistoryBehaviour, rig: Rig) -> list[str]:
    rig.there()
    return [str(row[system.start_name])[:10] for row in rig.there()]


def said(outcome: Outcome) -> str:
    return " ".join([outcome.message, *(w.message for w in outcome.warnings)])


def clerk(system: HistoryBehaviour, rig: Rig, start: str) -> tuple[Row, Callable[[], Any]]:
    """The one period there that starts on this day."""
    rows = HANDS[type(system)].rows(rig.sandbox.state, rig.person.number)
    [found] = [(row, away) for row, away in rows if str(row[system.start_name])[:10] == start]
    return found


def test_an_earlier_start_is_refused_with_a_way_out(system: HistoryBehaviour, rig: Rig) -> None:
    rig.sync(system.position(start="2026-03-01"))
    refused = rig.one(system.position(start="2026-02-01"))
    assert (refused.state, refused.cause) == ("failed", "start_date_changed")
    assert "end it there" not in refused.message, "an end would leave the overlap, and end a running employment"
    assert "change its start there to 1 Feb 2026 by hand, or remove it there" in refused.message
    assert ("Move the existing period" in refused.message) == rig.system.moves
    assert periods(system, rig) == ["2026-03-01"]


def test_the_move_that_is_offered(system: HistoryBehaviour, rig: Rig) -> None:
    if not rig.system.moves:
        pytest.skip(f"{rig.system.name} cannot move a period, and is not said to")
    rig.sync(system.position(start="2026-03-01"))
    rig.one(system.position(start="2026-02-01"))
    assert rig.one(rig.positions["1"], move=True).state == "succeeded"
    assert periods(system, rig) == ["2026-02-01"]
    assert rig.one(rig.positions["1"]).cause == "nothing_to_change"


def test_the_start_that_is_changed_there_by_hand(system: HistoryBehaviour, rig: Rig) -> None:
    rig.sync(system.position(start="2026-03-01"))
    rig.one(system.position(start="2026-02-01"))
    row, _ = clerk(system, rig, "2026-03-01")
    row[system.start_name] = "2026-02-01"
    if rig.system.key == "tripletex":  # it takes the first row of terms along
        for details in rig.sandbox.state["EmploymentDetails"]:
            details["date"] = "2026-02-01"
    assert rig.one(rig.positions["1"]).state in ("succeeded", "skipped")
    assert periods(system, rig) == ["2026-02-01"]
    assert not rig.one(rig.positions["1"]).warnings


def test_the_record_that_is_removed_there_by_hand(system: HistoryBehaviour, rig: Rig) -> None:
    rig.sync(system.position(start="2026-03-01"))
    rig.one(system.position(start="2026-02-01"))
    _, away = clerk(system, rig, "2026-03-01")
    away()
    outcome = rig.one(rig.positions["1"])
    assert (outcome.state, outcome.action) == ("succeeded", "create"), outcome
    assert periods(system, rig) == ["2026-02-01"]
    assert not outcome.warnings


def test_a_later_start_beside_the_record_that_is_ended_there_as_told(system: HistoryBehaviour, rig: Rig) -> None:
    rig.sync(system.position())
    refused = rig.one(system.position(start="2026-03-01"))
    assert refused.cause == "start_date_changed"
    assert "end it there on 28 Feb 2026 at the latest" in refused.message
    row, _ = clerk(system, rig, "2026-01-01")
    row |= {system.end_name: "2026-02-28", **HANDS[type(system)].with_end}
    outcome = rig.one(rig.positions["1"])
    assert (outcome.state, outcome.action) == ("succeeded", "create"), outcome
    assert periods(system, rig) == ["2026-01-01", "2026-03-01"]
    [told] = outcome.warnings
    assert "1 Jan 2026 – 28 Feb 2026" in told.message


def test_what_an_earlier_start_left_behind_is_told_of_for_as_long_as_it_is_there(
    system: HistoryBehaviour, rig: Rig
) -> None:
    """Changed and changed back: the record made in between stays there."""
    behind = "left behind (1 May 2026 – 31 May 2026)"
    rig.sync(system.position(end="2026-01-31"))
    there = rig.one(system.position(start="2026-05-01", end="2026-05-31"))
    assert "left behind (1 Jan 2026 – 31 Jan 2026)" in there.warnings[0].message
    back = rig.one(system.position(end="2026-01-31"))
    assert back.cause == "nothing_to_change", back
    assert behind in back.warnings[0].message
    name, value = system.changed
    assert behind in said(rig.one(system.position(end="2026-01-31", **{name: value})))
    refused = rig.one(system.position(start="2026-05-15", end="2026-06-30"))
    assert refused.cause == "overlap_in_target", "it is in the way of its own position, too"
    assert behind in refused.message
    assert behind in said(rig.one(system.position(end="2026-01-31")))
    _, away = clerk(system, rig, "2026-05-01")
    away()
    assert rig.one(rig.positions["1"]).warnings == ()
    assert rig.sent["1"].left_behind == ()


def test_it_is_told_of_when_the_position_is_deleted(system: HistoryBehaviour, rig: Rig) -> None:
    rig.sync(system.position(end="2026-01-31"))
    rig.sync(system.position(start="2026-05-01", end="2026-05-31"))
    deleted = rig.sync(deleted=["1"]).outcomes["1"]
    assert "left behind (1 Jan 2026 – 31 Jan 2026)" in said(deleted)
