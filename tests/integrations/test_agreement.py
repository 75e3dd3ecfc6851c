"""Whether a run would write something: every kind of field and every standing of a flat record, without any run."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.planning.agreement import Agreement, Written, agreement
from integrations.planning.planner import Sent
from integrations.sdk.declaration import Model, System
from integrations.sdk.declared_field import When
from integrations.sdk.settings import switch
from integrations.sdk.values import Position
from tests.integrations.systems import made_up
from tests.integrations.test_planner import day

SETTINGS: dict[str, Any] = {"fte": "", "send_hours": False, "end_reasons": {}}
TODAY = 15


def job(position_id: str, start: int, end: int | None = None, **values: Any) -> Position:
    reason = {"end_reason": "resigned"} if end is not None else {}
    return Position(
        position_id,
        day(start),
        day(end) if end is not None else None,
        {"title": "Baker", "percentage": Decimal(100), **reason, **values},
    )


def was(start: int, end: int | None = None, **values: Any) -> dict[str, Any]:
    """What was written for such a job, in the system's own words."""
    return {
        "title": "Baker",
        "percentage": Decimal(100),
        "start_date": day(start),
        "end_date": day(end) if end is not None else None,
        "end_reason": "OWN" if end is not None else None,
        **dict.fromkeys(("occupation_code", "contract_type", "cost_centre")),
        **values,
    }


def asked(
    positions: list[Position],
    written: dict[str, Any],
    *,
    position_id: str = "1",
    system: System | None = None,
    settings: dict[str, Any] | None = None,
    left: dict[str, Any] | None = None,
    **how: Any,
) -> Agreement:
    return agreement(
        system or made_up(),
        SETTINGS if settings is None else settings,
        positions,
        Written(position_id, Sent("a", written), left or {}),
        day(TODAY),
        **how,
    )


def test_what_was_written_and_is_here_agrees() -> None:
    assert asked([job("2", 40), job("1", 0)], was(0)) == Agreement()


@pytest.mark.parametrize("values", [{"title": "Cook"}, {"cost_centre": "10"}, {"percentage": Decimal(80)}])
def test_what_changed_here_since_is_stale(values: dict[str, Any]) -> None:
    assert asked([job("1", 0, **values)], was(0)) == Agreement(stale=True)
    assert asked([job("1", 0)], was(0, **values)) == Agreement(stale=True)


def test_what_a_run_that_ended_well_did_not_write_another_one_does_not_write_either() -> None:
    assert asked([job("1", 0, title="Cook")], was(0), just_now=True) == Agreement(left={"title": "Cook"})


def test_what_was_left_stays_left_until_it_changes_here_again() -> None:
    left = {"title": "Cook"}
    assert asked([job("1", 0, title="Cook")], was(0), left=left) == Agreement(left=left)
    assert asked([job("1", 0, title="Chef")], was(0), left=left) == Agreement(stale=True)
    assert asked([job("1", 0)], was(0), left=left) == Agreement()


def test_what_is_sent_only_at_first_is_left_and_not_stale() -> None:
    """Contract type is sent when the record is made, occupation code where it is empty."""
    assert asked([job("1", 0, contract_type="permanent")], was(0, contract_type="T")).left == {"contract_type": "P"}
    assert asked([job("1", 0, occupation_code="2")], was(0, occupation_code="1")).left == {"occupation_code": "2"}
    assert not asked([job("1", 0, contract_type="permanent")], was(0, contract_type="T")).stale


def test_a_setting_that_sends_it_always_makes_it_stale() -> None:
    fields = tuple(replace(f, always_by=switch("terms")) if f.ours == "contract_type" else f for f in made_up().fields)
    system = made_up(fields=fields)
    here, there = [job("1", 0, contract_type="permanent")], was(0, contract_type="T")
    assert not asked(here, there, system=system).stale
    assert asked(here, there, system=system, settings={**SETTINGS, "terms": True}) == Agreement(stale=True)
    unseen = {k: v for k, v in there.items() if k != "contract_type"}
    assert not asked(here, unseen, system=system).stale
    assert asked(here, unseen, system=system, settings={**SETTINGS, "terms": True}).stale


def test_what_was_never_shown_and_never_written_is_stale_unless_it_is_sent_only_at_first() -> None:
    hidden = {k: v for k, v in was(0).items() if k not in ("cost_centre", "contract_type")}
    assert asked([job("1", 0)], hidden) == Agreement()
    assert asked([job("1", 0, cost_centre="10")], hidden) == Agreement(stale=True)
    assert asked([job("1", 0, cost_centre="10")], hidden, just_now=True) == Agreement(left={"cost_centre": "10"})
    assert asked([job("1", 0, contract_type="permanent")], hidden) == Agreement()
    found = asked([job("1", 0, contract_type="permanent")], hidden, just_now=True)
    assert found == Agreement(left={"contract_type": "P"})


def test_a_field_that_was_switched_on_since_is_stale() -> None:
    here = [job("1", 0, weekly_hours=Decimal("37.5"))]
    assert asked(here, was(0)) == Agreement()
    assert asked(here, was(0), settings={**SETTINGS, "send_hours": True}) == Agreement(stale=True)


@pytest.mark.parametrize("when", [When.ON_CREATE, When.IF_EMPTY])
@pytest.mark.parametrize("just_now", [True, False])
def test_the_first_day_of_an_employment_that_goes_on_is_nothing_that_is_missing(when: When, just_now: bool) -> None:
    """It stays as it was written for the position before, unless the connection lets every position replace it."""
    kept = [
        replace(f, when=when, corrected=True, always_by=switch("follow")) if f.ours == "start_date" else f
        for f in made_up().fields
    ]
    system = made_up(Model.FLAT, fields=tuple(kept))
    taken_over = {k: v for k, v in was(10).items() if k != "start_date"}
    before, after = job("1", 0, 9), job("2", 10)
    found = asked([before, after], taken_over, position_id="2", system=system, just_now=just_now)
    assert found == Agreement()
    assert asked(
        [before, after], taken_over, position_id="2", system=system, settings={**SETTINGS, "follow": True}
    ).stale
    anew = asked([job("1", 0, 8), after], taken_over, position_id="2", system=system, just_now=True)
    assert anew == Agreement(left={"start_date": day(10)}), "after a gap it is the position's own"


@pytest.mark.parametrize("model", list(Model))
def test_what_is_here_no_more_is_not_stale(model: Model) -> None:
    """What becomes of a record that nothing here stands for is `left_behind`'s, not a change to be sent."""
    assert asked([], was(0), system=made_up(model)) == Agreement()
    assert asked([], was(0), system=made_up(model), outside=("1",)) == Agreement()


def test_what_cannot_be_sent_any_more_is_stale() -> None:
    assert asked([job("1", 0, title="")], was(0)) == Agreement(stale=True)
    assert asked([job("1", 0, title="<>")], was(0)) == Agreement(stale=True)
    assert asked([job("1", 0, 9, title="")], was(0, 9), system=made_up(Model.FLAT)) == Agreement(stale=True)


# -- the one record of a flat system ---------------------------------------------------------------------

FLAT = made_up(Model.FLAT)


def test_a_record_that_is_to_stand_for_another_position_is_stale() -> None:
    assert asked([job("1", 0, 9), job("2", 10)], was(0, 9), system=FLAT) == Agreement(stale=True)
    assert asked([job("1", 0, 9), job("2", 10)], was(0, 9)) == Agreement(), "a history has a record for each"
    assert asked([job("1", 0), job("2", 20)], was(0), system=FLAT) == Agreement(), "not yet"


def test_one_with_an_open_entry_says_by_itself_what_becomes_of_it() -> None:
    left, jobs = {"title": "Cook"}, [job("1", 0, 9), job("2", 10)]
    assert asked(jobs, was(0), system=FLAT, left=left).stale
    assert asked(jobs, was(0), system=FLAT, left=left, open_ones=("2",)) == Agreement(left=left)


@pytest.mark.parametrize(("there", "left"), [("P", {}), ("T", {"contract_type": "P"})])
def test_what_was_found_there_counts_as_it_stands(there: str, left: dict[str, Any]) -> None:
    """Whoever put it there: it is equal, or it is not."""
    ours = {k: v for k, v in was(0).items() if k != "contract_type"}
    written = Written("1", Sent("a", ours, found={"contract_type": there}))
    here = [job("1", 0, contract_type="permanent")]
    for just_now in (True, False):
        assert agreement(made_up(), SETTINGS, here, written, day(TODAY), just_now=just_now) == Agreement(left=left)


def test_of_what_is_over_only_the_end_counts() -> None:
    assert asked([job("1", 0, 9)], was(0, 9), system=FLAT) == Agreement()
    assert asked([job("1", 0, 9, title="Cook")], was(0, 9), system=FLAT) == Agreement()
    assert asked([job("1", 0, 9)], was(0), system=FLAT) == Agreement(stale=True)
    assert asked([job("1", 0, 9)], was(0, 8), system=FLAT) == Agreement(stale=True)


def test_what_the_connection_empties_at_the_end_is_empty_then() -> None:
    fields = tuple(replace(f, cleared_by=switch("empty")) if f.ours == "title" else f for f in FLAT.fields)
    system, on = replace(FLAT, fields=fields), {**SETTINGS, "empty": True}
    assert asked([job("1", 0, 9)], was(0, 9), system=system, settings=on) == Agreement(stale=True)
    assert asked([job("1", 0, 9)], was(0, 9, title=None), system=system, settings=on) == Agreement()
    assert asked([job("1", 0, 9)], was(0, 9), system=system) == Agreement()
    assert asked([job("1", 0)], was(0), system=system, settings=on) == Agreement(), "it is not over"


def test_of_a_start_that_was_moved_into_the_future_only_the_dates_count() -> None:
    assert asked([job("1", 20)], was(0), system=FLAT) == Agreement(stale=True)
    assert asked([job("1", 20, title="Cook")], was(20), system=FLAT) == Agreement()
    assert asked([job("1", 20, 30)], was(20), system=FLAT) == Agreement(stale=True)
    fields = tuple(replace(f, cleared_by=switch("empty")) if f.ours == "title" else f for f in FLAT.fields)
    system, on = replace(FLAT, fields=fields), {**SETTINGS, "empty": True}
    assert asked([job("1", 20)], was(20, title="Cook"), system=system, settings=on) == Agreement()
