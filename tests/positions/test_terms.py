"""Terms by day: the pure rules."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from positions import terms
from positions.models import Position, Terms
from positions.models.terms import TermsFields

drawn = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
START = date(2026, 1, 1)
AXIS = [START + timedelta(days=n) for n in range(12)]
days = st.sampled_from(AXIS)
# Few values of two columns: most changes meet a row that holds the same.
values = st.fixed_dictionaries({"title": st.sampled_from("abc"), "percentage": st.sampled_from([50, 80, 100])})
changes = st.fixed_dictionaries({}, optional={"title": st.sampled_from("abc"), "percentage": st.sampled_from([50, 80])})


@st.composite
def histories(draw):
    """Tidy rows of a position that starts on START."""
    later = sorted(draw(st.sets(st.sampled_from(AXIS[1:]), max_size=4)))
    return terms.tidy([(None, draw(values)), *((day, draw(values)) for day in later)], START)


def spread(rows):
    """What holds on each day."""
    return [terms.in_force(rows, day) for day in AXIS]


@drawn
@given(histories(), days, changes)
def test_a_change_holds_from_its_day_until_another_was_to_hold(rows, day, changed):
    before, after = spread(rows), spread(terms.change_from(rows, day, changed))
    at = AXIS.index(day)
    assert after[:at] == before[:at]
    assert after[at] == {**before[at], **changed}
    for name, new in changed.items():
        until = next((i for i in range(at, len(AXIS)) if before[i][name] != before[at][name]), len(AXIS))
        assert [one[name] for one in after[at:]] == [new] * (until - at) + [one[name] for one in before[until:]]
    for name in before[at].keys() - changed.keys():
        assert [one[name] for one in after] == [one[name] for one in before]


@drawn
@given(histories(), days, changes)
def test_a_correction_reaches_as_far_as_what_was_wrong(rows, day, changed):
    before, after = spread(rows), spread(terms.correct(rows, day, changed))
    at = AXIS.index(day)
    for name in before[at]:
        first, last = at, at
        while first and before[first - 1][name] == before[at][name]:
            first -= 1
        while last + 1 < len(AXIS) and before[last + 1][name] == before[at][name]:
            last += 1
        wanted = [changed.get(name, was[name]) if first <= i <= last else was[name] for i, was in enumerate(before)]
        assert [one[name] for one in after] == wanted


@drawn
@given(histories(), st.sampled_from(AXIS[1:]), changes)
def test_what_is_withdrawn_was_never_changed(rows, day, changed):
    said = [dict(values) for _, values in rows]
    changed = {name: new for name, new in changed.items() if all(one[name] != new for one in said)}
    if day in [since for since, _ in rows]:
        before = terms.withdraw(rows, day)
        assert day not in [since for since, _ in before]
        at = AXIS.index(day)
        assert spread(before)[:at] == spread(rows)[:at]
        assert spread(before)[at] == spread(rows)[at - 1]
    else:
        after = terms.change_from(rows, day, changed)
        assert terms.tidy(terms.withdraw(after, day), START) == rows
        with pytest.raises(KeyError):
            terms.withdraw(rows, day)


@drawn
@given(histories(), days, changes, days, st.none() | days, st.sampled_from([None, terms.CORRECTION]) | days, days)
def test_rows_stay_tidy_and_say_each_day_the_same(rows, day, changed, start, end, counting, today):
    if end is not None and end < start:
        start, end = end, start
    how = terms.FromDay(counting) if isinstance(counting, date) else counting
    found = terms.applied(rows, changed, how, start, end, today)
    assert terms.tidy(found, start) == found
    assert all(since is None or since > start for since, _ in found)
    # Said once more, it changes nothing more.
    same = terms.applied(found, changed, how, start, end, today)
    assert same == found or isinstance(how or terms.usual(start, end, today), terms.Correction)
    if not changed:
        for one in AXIS[AXIS.index(start) :]:
            assert terms.in_force(found, one) == terms.in_force(rows, one)


@drawn
@given(histories(), days, st.none() | days)
def test_the_timeline_says_what_held_on_each_day_of_the_position(rows, start, end):
    if end is not None and end < start:
        start, end = end, start
    position = Position(start_date=start, end_date=end)
    stored = [
        Terms(effective_from=since, title=held["title"], percentage=Decimal(held["percentage"])) for since, held in rows
    ]
    found = terms.timeline(position, reversed(stored))
    assert found[0][0] == start
    assert all(start <= since and (end is None or since <= end) for since, _ in found)
    assert all(a != b for (_, a), (_, b) in pairwise(found))
    for day in AXIS:
        if start <= day and (end is None or day <= end):
            held = [one for since, one in found if since <= day][-1]
            assert {name: held[name] for name in ("title", "percentage")} == terms.in_force(rows, day)


def test_without_rows_the_columns_hold_for_all_days():
    position = Position(title="Cook", start_date=START, percentage=Decimal(80))
    ((since, held),) = terms.timeline(position, [])
    assert since == START
    assert held["title"] == "Cook"
    assert held["percentage"] == 80
    assert held["department"] is None
    assert tuple(held) == Position.TERMS


def test_every_column_that_rows_share_with_positions_is_one_of_the_terms():
    assert sorted(field.name for field in TermsFields._meta.local_fields) == sorted(terms.TERMS)
