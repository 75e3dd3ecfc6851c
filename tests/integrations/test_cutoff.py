"""When a payroll period is closed, and what of a change is about days before that: properties of the pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.planning.cutoff import After, Calendar, DayAndHour, first_open_day
from integrations.planning.retro import DAYS, Held, Stretch, retroactive, stretches

OSLO, UTC_ZONE = ZoneInfo("Europe/Oslo"), ZoneInfo("UTC")
ZONES = [OSLO, ZoneInfo("Europe/Helsinki"), ZoneInfo("America/Santiago"), ZoneInfo("Pacific/Apia"), ZoneInfo("UTC")]
FIRST, LAST = datetime(2024, 1, 1), datetime(2028, 12, 31)

days_and_hours = st.builds(DayAndHour, st.integers(1, 31), st.integers(0, 23))
hours = st.datetimes(FIRST, LAST).map(lambda at: at.replace(minute=0, second=0, microsecond=0))
calendars = st.builds(
    Calendar,
    st.sampled_from(After),
    st.one_of(st.none(), days_and_hours),
    st.lists(hours, max_size=6, unique=True).map(lambda found: tuple(sorted(found))),
    days_and_hours,
)
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def oslo(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=OSLO)


@given(calendars, moments, st.sampled_from(ZONES))
def test_the_last_cutoff_is_the_one_before_the_next(calendar: Calendar, moment: datetime, zone: ZoneInfo) -> None:
    last, following = calendar.last(moment, zone), calendar.next(moment, zone)
    if last is not None:
        assert last <= moment
        # None is between: each is the other's neighbour.
        assert calendar.last(last, zone) == last
        assert calendar.next(last, zone) == following
    if following is not None:
        assert following > moment
        assert calendar.last(following, zone) == following
        assert calendar.last(following - timedelta(microseconds=1), zone) == last
    if calendar.monthly is not None:
        assert last is not None and following is not None
        # In every month, however short: never more than a month and a bit without one.
        assert following - last <= timedelta(days=32)


@given(calendars, moments, st.sampled_from(ZONES))
def test_what_is_held_goes_out_within_a_month(calendar: Calendar, moment: datetime, zone: ZoneInfo) -> None:
    closed = calendar.closed(moment, zone)
    last = calendar.last(moment, zone)
    if closed is None:
        assert last is None or calendar.opening(last, zone) <= moment
        return
    cutoff, opens = closed
    assert cutoff == last
    assert cutoff <= moment < opens <= cutoff + timedelta(days=32)
    # Once it is open, the same moment is not held any more, whatever came after it.
    assert (cutoff, opens) not in [(c, o) for c, _, o in calendar.closures(opens, zone)]


@given(calendars, moments, st.integers(0, 60 * 24 * 40), st.sampled_from(ZONES))
def test_looking_anew_holds_what_the_save_would_have_held(
    calendar: Calendar, now: datetime, minutes: int, zone: ZoneInfo
) -> None:
    """`closures` for many at once is `closed` of each."""
    saved = now - timedelta(minutes=minutes)
    at_the_save = calendar.closed(saved, zone)
    still = at_the_save if at_the_save and at_the_save[1] > now else None
    found = [(cutoff, opens) for cutoff, until, opens in calendar.closures(now, zone) if cutoff <= saved < until]
    assert found == ([still] if still else [])


last_days = st.builds(DayAndHour, st.integers(26, 31), st.sampled_from([0, 6, 12]))


@given(st.one_of(days_and_hours, last_days), st.one_of(days_and_hours, last_days))
def test_the_period_opens_between_two_cutoffs_of_every_month(monthly: DayAndHour, opens: DayAndHour) -> None:
    """Else it is refused: months of 28 to 31 days, so four years are all there are."""
    calendar = Calendar(After.HOLD, monthly, opens=opens)
    stays = False
    cutoff = calendar.next(utc(2025, 1, 1), UTC_ZONE)
    while cutoff is not None and cutoff.year < 2029:
        following = calendar.next(cutoff, UTC_ZONE)
        assert following is not None
        stays = stays or calendar.opening(cutoff, UTC_ZONE) >= following
        cutoff = following
    assert calendar.skips_an_opening is stays


@given(calendars)
def test_a_calendar_is_kept_whole(calendar: Calendar) -> None:
    kept = Calendar.from_json(calendar.to_json())
    assert kept is not None
    assert (kept.after, kept.monthly, kept.opens) == (calendar.after, calendar.monthly, calendar.opens)
    assert kept.dates == (() if calendar.monthly else calendar.dates)


MONTHLY = Calendar(After.HOLD, DayAndHour(13, 12))
SHORT = Calendar(After.HOLD, DayAndHour(31, 12))


@pytest.mark.parametrize(
    ("calendar", "moment", "closed"),
    [
        (MONTHLY, oslo(2026, 11, 13, 11, 59), None),
        (MONTHLY, oslo(2026, 11, 13, 12), (oslo(2026, 11, 13, 12), oslo(2026, 12, 1))),
        (MONTHLY, oslo(2026, 11, 30, 23, 59), (oslo(2026, 11, 13, 12), oslo(2026, 12, 1))),
        (MONTHLY, oslo(2026, 12, 1), None),
        # A month without a 31st: its last day; the period opens a midnight later.
        (SHORT, oslo(2026, 2, 28, 12), (oslo(2026, 2, 28, 12), oslo(2026, 3, 1))),
        (SHORT, oslo(2028, 2, 28, 12), None),
        (SHORT, oslo(2028, 2, 29, 13), (oslo(2028, 2, 29, 12), oslo(2028, 3, 1))),
        # The year turns in between.
        (MONTHLY, oslo(2026, 12, 31, 23), (oslo(2026, 12, 13, 12), oslo(2027, 1, 1))),
        # An opening later in the same month, and one that comes round in a month only.
        (
            Calendar(After.HOLD, DayAndHour(10, 8), opens=DayAndHour(20, 6)),
            oslo(2026, 5, 19),
            (oslo(2026, 5, 10, 8), oslo(2026, 5, 20, 6)),
        ),
        (
            Calendar(After.HOLD, DayAndHour(10, 8), opens=DayAndHour(10, 7)),
            oslo(2026, 5, 19),
            (oslo(2026, 5, 10, 8), oslo(2026, 6, 10, 7)),
        ),
        # Dates: nothing before the first, and the last one stays the last.
        (Calendar(After.HOLD, None, (datetime(2026, 6, 15, 9),)), oslo(2026, 6, 1), None),
        (
            Calendar(After.HOLD, None, (datetime(2026, 6, 15, 9),)),
            oslo(2026, 6, 16),
            (oslo(2026, 6, 15, 9), oslo(2026, 7, 1)),
        ),
        (Calendar(After.HOLD, None, (datetime(2026, 6, 15, 9),)), oslo(2026, 9, 1), None),
        # The clock goes forward from 2 to 3 on 29 March: 2 o'clock is 3 then.
        (Calendar(After.HOLD, DayAndHour(29, 2)), utc(2026, 3, 29, 0, 59), None),
        (Calendar(After.HOLD, DayAndHour(29, 2)), utc(2026, 3, 29, 1), (utc(2026, 3, 29, 1), oslo(2026, 4, 1))),
        # It goes back from 3 to 2 on 25 October: the first of the two.
        (Calendar(After.HOLD, DayAndHour(25, 2)), utc(2026, 10, 25), (utc(2026, 10, 25), oslo(2026, 11, 1))),
    ],
)
def test_when_a_period_is_closed(
    calendar: Calendar, moment: datetime, closed: tuple[datetime, datetime] | None
) -> None:
    assert calendar.closed(moment, OSLO) == closed


@pytest.mark.parametrize(
    ("cutoff", "first"),
    [
        (oslo(2026, 11, 13, 12), date(2026, 11, 14)),  # the day itself had begun
        (oslo(2026, 11, 13), date(2026, 11, 13)),  # at midnight it had not
        (oslo(2026, 11, 13, 0, 30), date(2026, 11, 14)),  # by the clock there
        (oslo(2026, 11, 13, 23), date(2026, 11, 14)),
    ],
)
def test_which_days_are_before_a_cutoff(cutoff: datetime, first: date) -> None:
    assert first_open_day(cutoff.astimezone(UTC), OSLO) == first


def test_a_calendar_is_stored_as_it_is_told_and_none_as_nothing() -> None:
    opens = {"opens": {"day": 1, "hour": 0}}
    assert MONTHLY.to_json() == {"after": "hold", "monthly": {"day": 13, "hour": 12}, **opens}
    named = Calendar(After.TAG, None, (datetime(2026, 6, 15, 9), datetime(2026, 7, 15)))
    assert named.to_json() == {"after": "tag", "dates": ["2026-06-15T09:00", "2026-07-15T00:00"], **opens}
    mixed = named.to_json() | {"dates": ["2026-07-15T00:00", "2026-06-15T09:00"]}
    assert (Calendar.from_json(mixed), Calendar.from_json({})) == (named, None)


def test_what_is_saved_at_the_very_moment_of_a_cutoff_belongs_to_it() -> None:
    """Looked at in that moment."""
    cutoff = oslo(2026, 11, 13, 12)
    [(begun, until, opens)] = MONTHLY.closures(cutoff, OSLO)
    assert (begun, opens) == (cutoff, oslo(2026, 12, 1)) and begun < until
    before, latest = MONTHLY.periods(cutoff, OSLO)[-2:]
    assert before == (oslo(2026, 10, 13, 12), oslo(2026, 11, 1), oslo(2026, 11, 1)) and latest[0] == cutoff


# -- what a change is about --------------------------------------------------------------------------------

BEGIN = date(2026, 1, 1)
some_days = st.dates(BEGIN, BEGIN + timedelta(days=20))


@st.composite
def positions(draw: Any) -> Held:
    start = draw(some_days)
    end = draw(st.one_of(st.none(), st.dates(start, BEGIN + timedelta(days=25))))
    later = sorted(draw(st.sets(some_days, max_size=3)))
    values = st.fixed_dictionaries({"title": st.sampled_from("ab"), "percentage": st.sampled_from([80, 100])})
    terms = [(start, draw(values)), *((day, draw(values)) for day in later if day > start)]
    whole = {"company": draw(st.sampled_from([1, 2])), "end_reason": None, **dict.fromkeys(DAYS)}
    whole["notice_date"] = draw(st.one_of(st.none(), some_days))
    return Held(start, end, terms, whole)


def at(held: Held | None, day: date) -> dict[str, Any] | None:
    """What holds on a day; None: it is not there."""
    if held is None or not (held.start <= day <= (held.end or date.max)):
        return None
    return dict(held.on(day))


def about(found: list[Stretch], day: date) -> set[str | None]:
    return {one.field for one in found if one.first <= day <= (one.last or date.max)}


@given(st.one_of(st.none(), positions()), st.one_of(st.none(), positions()))
def test_every_day_that_is_another_is_named_with_its_fields(before: Held | None, after: Held | None) -> None:
    """Seen from each single day, as whoever pays it sees it."""
    found = stretches(before, after)
    for number in range(-1, 40):
        day = BEGIN + timedelta(days=number)
        was, now = at(before, day), at(after, day)
        named = about(found, day)
        if (was is None) != (now is None):
            assert named & {None, "start_date", "end_date"}, day
        elif was is not None and now is not None:
            assert {name for name in was if was[name] != now[name]} <= named, day
    for one in found:  # and none is invented: something is another on its first and its last day
        if one.field in ("title", "percentage"):
            for day in (one.first, one.last or one.first):
                was, now = at(before, day), at(after, day)
                assert was is not None and now is not None
            assert at(before, one.first) != at(after, one.first)
            assert (one.old, one.new) == (before.on(one.first)[one.field], after.on(one.first)[one.field])
    if before == after:
        assert not found


@given(positions(), positions(), some_days)
def test_retroactive_is_what_is_before_the_boundary(before: Held, after: Held, boundary: date) -> None:
    found = stretches(before, after)
    late = retroactive(found, boundary)
    for number in range(-1, 40):
        day = BEGIN + timedelta(days=number)
        assert about(late, day) == (about(found, day) if day < boundary else set()), day
    assert all(one.first <= (one.last or date.max) for one in late), "none of it is about no day at all"


def held(start: int, end: int | None, later: Mapping[int, str] | None = None, **whole: Any) -> Held:
    """The title is "a" at first, and another one from later days on."""
    titles = {start: "a", **(later or {})}
    return Held(
        january(start),
        january(end) if end else None,
        [(january(day), {"title": title}) for day, title in titles.items()],
        {"company": 1, "end_reason": None, **dict.fromkeys(DAYS), **whole},
    )


def january(day: int) -> date:
    return date(2026, 1, day)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (None, held(5, None), [(None, 5, None, None, None)]),
        (held(5, 9), None, [(None, 5, 9, None, None)]),
        # The days that came or went at either end.
        (held(5, 9), held(8, 9), [("start_date", 5, 7, january(5), january(8))]),
        (held(8, 9), held(5, 9), [("start_date", 5, 7, january(8), january(5))]),
        (held(5, 9), held(5, 12), [("end_date", 10, 12, january(9), january(12))]),
        (held(5, 12), held(5, 9), [("end_date", 10, 12, january(12), january(9))]),
        (held(5, 9), held(5, None), [("end_date", 10, None, january(9), None)]),
        (held(5, None), held(5, 9), [("end_date", 10, None, None, january(9))]),
        # Terms: until they are alike again, the position ends, or for good.
        (held(5, None), held(5, None, {8: "b", 9: "a"}), [("title", 8, 8, "a", "b")]),
        (held(5, 9), held(5, 9, {8: "b"}), [("title", 8, 9, "a", "b")]),
        (held(5, 9), held(5, 9, {9: "b"}), [("title", 9, 9, "a", "b")]),
        (held(5, 9), held(5, 9, {6: "b", 7: "c"}), [("title", 6, 9, "a", "b")]),
        (held(5, None, {8: "b"}), held(5, None, {10: "b"}), [("title", 8, 9, "b", "a")]),
        (held(5, None), held(5, None, {8: "b", 9: "c"}), [("title", 8, None, "a", "b")]),
        (held(5, None), held(5, None, {8: "b", 9: "a", 10: "c"}), [("title", 8, None, "a", "b")]),
        # One day that both have, and none.
        (held(5, 8), held(8, 9, {8: "b"}), [
            ("start_date", 5, 7, january(5), january(8)), ("end_date", 9, 9, january(8), january(9)),
            ("title", 8, 8, "a", "b"),
        ]),
        (held(5, 7), held(8, 9, {8: "b"}), [
            ("start_date", 5, 7, january(5), january(8)), ("end_date", 8, 9, january(7), january(9)),
        ]),
        # What holds as a whole: on all of its days, on the one that it names, or on the last.
        (held(5, 9), held(5, 9, company=2), [("company", 5, 9, 1, 2)]),
        (held(5, None), held(5, None, company=None), [("company", 5, None, 1, None)]),
        (held(5, 9), held(5, 9, end_reason="resigned"), [("end_reason", 9, 9, None, "resigned")]),
        (held(5, None, end_reason="resigned"), held(5, None), [("end_reason", 5, 5, "resigned", None)]),
        (held(5, 9, end_reason="resigned"), held(5, None), [
            ("end_date", 10, None, january(9), None), ("end_reason", 9, 9, "resigned", None),
        ]),
        *(
            (held(5, None, {}, **{name: january(3)}), held(5, None, {}, **{name: new}), [(name, a, z, january(3), new)])
            for name in DAYS
            for a, z, new in [(2, 3, january(2)), (3, 4, january(4)), (3, 3, None)]
        ),
    ],
)  # fmt: skip
def test_what_a_change_is_about(
    before: Held | None, after: Held | None, found: list[tuple[str | None, int, int | None, Any, Any]]
) -> None:
    assert stretches(before, after) == [
        Stretch(field, january(first), january(last) if last else None, old, new)
        for field, first, last, old, new in found
    ]


def test_what_is_both_new_and_gone_is_about_nothing() -> None:
    assert stretches(None, None) == []
