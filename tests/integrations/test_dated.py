"""From which day a value counts, and which days are written: over all small timelines."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integrations.planning.dated import NOTHING, Dated, with_day
from integrations.sdk.timelines import Timeline, at, put
from integrations.sdk.values import Change

START = date(2026, 1, 1)
DAYS = [START + timedelta(days=n) for n in range(7)]


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """What holds from the first day on."""
    later = draw(st.dictionaries(st.sampled_from(DAYS[1:]), st.sampled_from("abc"), max_size=3))
    return ((START, draw(st.sampled_from("abc"))), *sorted(later.items()))


def until(timeline: Timeline, day: date) -> Timeline:
    return [row for row in timeline if row[0] <= day]


@given(timelines(), timelines() | st.just(NOTHING) | st.none(), st.sampled_from("abc"), st.sampled_from(DAYS))
def test_a_value_counts_from_a_day_since_which_it_holds(
    wanted: Timeline, said: Timeline | None, there: str, today: date
) -> None:
    value = at(wanted, today)
    change = Change(there, value) if there != value else None
    found = with_day(change, wanted, said, START, today)
    if found is not None:
        assert found.since is not None
        assert all(at(wanted, day) == value for day in DAYS if found.since <= day <= today)
        assert found.since == today or said is not None
    if change is None and said is not None and found is not None:  # its day alone, which HR has moved
        assert at(said, today) == value
    assert with_day(None, wanted, until(wanted, today), START, today) is None, "it was said: nothing is left to say"


@given(timelines(), timelines(), timelines() | st.none(), st.sampled_from(DAYS))
def test_days_of_which_hr_has_said_nothing_new_stay(
    wanted: Timeline, there: Timeline, said: Timeline | None, today: date
) -> None:
    """As in a system with one record: what is over is written where HR has changed it since, and nothing to come."""
    differs = at(there, today) != at(wanted, today)
    dated = Dated(wanted, there, said, START, today, today)
    after: Timeline = there
    for day, value in dated.rows(lambda new, old, wrote: True, today=differs):
        assert day <= today
        after = put(after, day, value)
    assert at(after, today) == at(wanted, today)
    for day in (d for d in DAYS if d < today):
        changed = said is not None and at(said, day) != at(wanted, day)
        assert at(after, day) == (at(wanted, day) if changed else at(there, day))
    coming: dict[date, Any] = {day: value for day, value in there if day > today}
    assert {day: value for day, value in after if day > today} == coming
