"""What a record gets by day: as a property over whatever HR wants, a clerk has put there, and was said before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integrations.planning.dated import NOTHING, Dated, counts_from, with_day, with_rows
from integrations.sdk.timelines import Timeline, at, from_start, held_since, put, turns
from integrations.sdk.values import Change

START = date(2026, 1, 1)
DAYS = range(30)


def day(number: int) -> date:
    return START + timedelta(days=number)


def timelines(least: int = 1) -> st.SearchStrategy[Timeline]:
    """From the start on; a value for each of a few days."""
    later = st.dictionaries(st.integers(1, DAYS[-1]), st.integers(1, 4), max_size=4)
    return st.builds(
        lambda first, rows: ((START, first), *((day(n), value) for n, value in sorted(rows.items()))),
        st.integers(1, 4),
        later,
    )


def written(record: Dated, rows: Timeline) -> Timeline:
    """As a system carries it out: each value from its day until the next row there."""
    after = from_start(record.there, record.start)
    for begun, value in rows:
        after = put(after, begun, value)
    return after


@st.composite
def records(draw: st.DrawFn) -> Dated:
    end = draw(st.none() | st.integers(0, DAYS[-1]))
    today = draw(st.integers(-3, DAYS[-1] + 3))
    last = end if end is not None else DAYS[-1] + 5
    return Dated(
        draw(timelines()),
        draw(timelines()),
        draw(st.none() | timelines()),
        START,
        None if end is None else day(end),
        day(min(max(today, 0), last)),
        is_over=end is not None and end < today,
    )


def plan(record: Dated) -> Timeline:
    """As the planner asks: the day's value is to be written where it differs, on days that are over where HR has
    changed it."""
    differs = at(record.wanted, record.day) != at(record.there, record.day)
    changed = record.said is None or at(record.said, record.day) != at(record.wanted, record.day)
    return record.rows(lambda new, old, wrote: True, today=differs and (changed or not record.is_over))


@given(records())
def test_days_that_are_over_change_only_where_hr_has_changed_them(record: Dated) -> None:
    after = written(record, plan(record))
    for n in DAYS:
        one = day(n)
        if one >= record.day or (record.end is not None and one > record.end):
            continue
        is_changed = record.said is not None and at(record.said, one) != at(record.wanted, one)
        if not is_changed and not (record.is_over and record.said is None):
            assert at(after, one) == at(record.there, one)
        elif record.said is not None:
            assert at(after, one) == at(record.wanted, one)


@given(records())
def test_from_today_on_holds_what_hr_wants_but_for_what_a_clerk_has_planned(record: Dated) -> None:
    after = written(record, plan(record))
    ours = turns(record.wanted, record.said or ())
    for n in DAYS:
        one = day(n)
        if one < record.day or record.is_over or (record.end is not None and one > record.end):
            continue
        begun = max(b for b in {*ours, *turns(record.there), record.day} if record.day <= b <= one)
        holds = record.wanted if begun in ours or begun == record.day else record.there
        assert at(after, one) == at(holds, one)


@given(records())
def test_a_second_run_writes_nothing(record: Dated) -> None:
    after = written(record, plan(record))
    again = Dated(record.wanted, after, record.wanted, record.start, record.end, record.day, is_over=record.is_over)
    assert plan(again) == ()


@given(records())
def test_nothing_is_written_that_stands_there(record: Dated) -> None:
    same = Dated(record.there, record.there, record.there, record.start, record.end, record.day, is_over=record.is_over)
    assert plan(same) == ()


@given(records())
def test_after_the_end_nothing_is_written(record: Dated) -> None:
    assert all(record.end is None or begun <= record.end for begun, _ in plan(record))


def rows(*values: tuple[int, int]) -> tuple[tuple[date, int], ...]:
    return tuple((day(n), value) for n, value in values)


def asked(said: Timeline | None, *, there: Timeline, wanted: Timeline) -> list[tuple[Any, Any, bool]]:
    """On the eighth day, of an employment without an end: what of other days it is asked whether to write, with whether
    the old value is what was written."""
    found = []

    def writes(new: Any, old: Any, wrote: bool) -> bool:
        found.append((new, old, wrote))
        return False

    assert Dated(wanted, there, said, START, None, day(7)).rows(writes, today=False) == ()
    return found


def test_of_another_day_it_is_asked_whether_its_value_is_written_and_whose_the_old_one_is() -> None:
    there, wanted = rows((0, 1), (5, 9), (10, 4), (12, 6)), rows((0, 1), (5, 2), (10, 3))
    assert asked(rows((0, 1), (5, 9), (10, 4)), there=there, wanted=wanted) == [(2, 9, True), (3, 4, True)]
    assert asked(rows((0, 1), (5, 8), (10, 5)), there=there, wanted=wanted) == [(2, 9, False), (3, 4, False)]
    assert asked(rows((0, 1), (5, 2), (10, 3)), there=there, wanted=wanted) == [(3, 4, False)], "HR has changed neither"
    assert asked(None, there=there, wanted=wanted) == [(3, 4, False)], "what is over was never ours"


def test_rows_of_other_days_make_a_change_of_their_own_where_the_days_value_agrees() -> None:
    there, found, change = rows((0, 1), (5, 2), (8, 9)), rows((6, 3), (9, 4)), Change(1, 7)
    assert with_rows(None, there, ()) is None and with_rows(change, there, ()) is change
    alone, along = with_rows(None, there, found), with_rows(change, there, found)
    assert alone is not None and (alone.old, alone.new, alone.rows) == (2, 3, found)
    assert along is not None and (along.old, along.new, along.rows) == (1, 7, found)


@given(timelines(), timelines(), st.integers(0, DAYS[-1]))
def test_one_value_with_its_day_counts_for_as_long_as_it_has_held(wanted: Timeline, said: Timeline, today: int) -> None:
    since = counts_from(wanted, said, day(today))
    assert START <= since <= day(today)
    for n in range((since - START).days, today):
        assert at(wanted, day(n)) == at(wanted, day(today))
    if at(wanted, day(today)) == at(said, day(today)):
        assert since == day(today), "nothing that HR has changed: it is put back from today on"
    elif since > START:
        assert at(wanted, since - timedelta(days=1)) != at(wanted, day(today))


@given(timelines(), timelines(), st.integers(1, 4), st.integers(0, DAYS[-1]))
def test_what_was_written_for_another_day_is_no_clerks(
    wanted: Timeline, said: Timeline, there: int, today: int
) -> None:
    """However often the compared day goes back: the value that takes its place counts for as long as it has held."""
    value = at(wanted, day(today))
    if there != value:
        found = with_day(Change(there, value), wanted, said, START, day(today), there)
        assert found is not None and found.since == held_since(wanted, day(today))


@given(timelines(), timelines(), st.integers(-20, 20), st.integers(0, DAYS[-1]))
def test_a_value_is_never_told_with_a_day_before_the_start_that_has_moved(
    wanted: Timeline, said: Timeline, moved: int, today: int
) -> None:
    """And another day than what was said is told, be it the first one."""
    said = [(since + timedelta(days=moved), value) for since, value in said]
    now, then = held_since(wanted, day(today)), held_since(said, day(today))
    if then is None or at(said, day(today)) != at(wanted, day(today)):
        return
    found = with_day(None, wanted, said, START, day(today))
    assert (found is None) == (now == then)
    assert found is None or found.since == now


def test_of_what_was_never_written_nothing_is_known_before_today() -> None:
    assert counts_from(((START, 1),), None, day(5)) == day(5)


@given(timelines(), timelines() | st.just(NOTHING) | st.none(), st.integers(1, 4), st.integers(0, DAYS[-1]))
def test_a_value_is_told_with_a_day_since_which_it_holds(
    wanted: Timeline, said: Timeline | None, there: int, today: int
) -> None:
    """Also where the day alone was moved; and what was said is not said again."""
    value = at(wanted, day(today))
    change = Change(there, value) if there != value else None
    found = with_day(change, wanted, said, START, day(today))
    if found is not None:
        assert found.since is not None
        since = (found.since - START).days
        assert all(at(wanted, day(n)) == value for n in range(since, today + 1))
        assert change is not None or (said is not None and at(said, day(today)) == value)
    until = [row for row in wanted if row[0] <= day(today)]
    assert with_day(None, wanted, until, START, day(today)) is None


def test_the_day_that_a_value_is_told_with() -> None:
    """By what was there, what was said of it, and the first day of the record."""
    wanted = rows((0, 1), (5, 2))

    def since(change: Change | None, said: Timeline | None, first: int = 0) -> tuple[tuple[date, Any], ...] | None:
        found = with_day(change, wanted, said, day(first), day(8))
        assert found is None or (found.old, found.new) == (change.old if change else 2, 2)
        return None if found is None else found.rows

    assert since(Change(9, 2), wanted) == rows((8, 2)), "a clerk has changed it: it is put back from today on"
    assert since(Change(None, 2), wanted) == rows((5, 2)), "nothing was there: it has held here since then"
    assert since(Change(9, 2), rows((0, 1))) == rows((5, 2)), "HR has changed it"
    assert since(Change(9, 2), rows((0, 1)), first=6) == rows((6, 2)), "not before the record begins"
    assert since(None, rows((0, 1), (3, 2))) == rows((5, 2)), "the day alone was moved"
    assert since(None, rows((0, 1), (3, 2)), first=6) is None, "on both days the record was not there yet"
    assert since(None, rows((0, 2)), first=4) == rows((5, 2))
    assert since(None, rows((0, 1))) is None and since(None, None) is None, "no such value was ever said"
    assert with_day(None, ((START, ""),), ((day(3), ""),), START, day(8)) is None, "of nothing no day is told"
