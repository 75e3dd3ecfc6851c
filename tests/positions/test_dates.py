"""The pure parts: dates, the timeline."""

from __future__ import annotations

from datetime import date, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positions import dates, periods, timeline
from positions.models import Position
from positions.models.terms import Terms

days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
near = st.dates(date(2026, 1, 1), date(2026, 2, 28))


@st.composite
def pairs(draw, day=near):
    start = draw(day)
    end = draw(st.none() | day)
    return (start, end) if end is None or end >= start else (end, start)


def within(day, period):
    start, end = period
    return start <= day and (end is None or day <= end)


@given(pairs(), pairs())
def test_periods_overlap_when_they_share_a_day(a, b):
    horizon = [date(2026, 1, 1) + timedelta(days=n) for n in range(60)]
    shared = any(within(day, a) and within(day, b) for day in horizon)
    assert periods.overlap(*a, *b) == periods.overlap(*b, *a) == shared


@given(pairs(), near)
def test_every_day_is_before_in_or_after_a_position(period, today):
    start, end = period
    status = periods.status(start, end, today)
    assert (status == "current") == within(today, period)
    assert (status == "upcoming") == (today < period[0])


@given(pairs(days))
def test_a_right_period_has_no_problem(period):
    start, end = period
    assert dates.problems(start=start, end=end, has_end_reason=end is not None) == {}


@given(
    st.none() | st.dates(), st.none() | st.dates(), st.booleans(), st.dates(), st.none() | st.dates(), st.dates(),
    st.none() | st.dates(),
)  # fmt: skip
def test_problems_never_break_and_name_fields(start, end, reason, first, last, probation, notice):
    found = dates.problems(
        start=start,
        end=end,
        has_end_reason=reason,
        first_day_of_work=first,
        last_day_of_work=last,
        probation_end=probation,
        notice_date=notice,
    )
    days = {"start_date", "end_date", "first_day_of_work", "last_day_of_work", "probation_end", "notice_date"}
    assert set(found) <= {*days, "end_reason"}
    assert all(words.endswith(".") for words in found.values())
    if start is not None and end is not None and end < start:
        assert "end_date" in found


@pytest.mark.parametrize(
    ("given_", "field", "words"),
    [
        ({"end": date(2026, 2, 28)}, "end_date", "The end date 28 Feb 2026 is before the start date 1 Mar 2026."),
        ({"has_end_reason": True}, "end_reason", "An end reason needs an end date."),
        ({"last_day_of_work": date(2026, 2, 1)}, "last_day_of_work", "before the first, 1 Mar 2026"),
        ({"probation_end": date(2026, 2, 1)}, "probation_end", "Probation ends 1 Feb 2026, before"),
        ({"end": date(2999, 1, 1)}, "end_date", "The year 2999 cannot be right"),
        ({"first_day_of_work": date(1026, 3, 1)}, "first_day_of_work", "The year 1026 cannot be right"),
        (
            {"end": date(2026, 4, 1), "notice_date": date(2026, 4, 2)},
            "notice_date",
            "Notice was given 2 Apr 2026, after the last day 1 Apr 2026",
        ),
    ],
)
def test_what_is_said(given_, field, words):
    found = dates.problems(**{"start": date(2026, 3, 1), "end": None, "has_end_reason": False, **given_})
    assert words in found[field]


def test_words():
    assert dates.span(date(2026, 3, 1), None) == "from 1 Mar 2026"
    assert dates.span(date(2026, 3, 1), date(2026, 12, 31)) == "1 Mar 2026 – 31 Dec 2026"
    assert dates.span(None, None) == "no dates"


def test_an_employment_begins_with_the_first_position_of_the_unbroken_chain():
    jan, jul, start = date(2024, 1, 1), date(2024, 7, 1), date(2026, 1, 1)
    eve = date(2025, 12, 31)
    own = (start, None, "permanent")

    def since(*rows, kind="permanent"):
        return periods.employed_since(start, kind, [own, *rows])

    assert since() == periods.employed_since(start, "", []) == start
    assert since((jan, eve, "")) == jan
    assert since((jan, None, "")) == since((jan, start, "")) == jan, "one that runs on beside it leads to it too"
    assert since((jan, date(2025, 12, 30), "")) == start, "a day between is a break"
    assert since((jul, eve, "temporary"), (jan, date(2024, 6, 30), "seasonal")) == jan
    assert since((jul, eve, ""), (jan, date(2024, 6, 29), "")) == jul
    assert since((date(2026, 2, 1), None, "")) == start, "what comes later leads to nothing"
    for kind in periods.NOT_EMPLOYED:
        assert since((jan, eve, kind)) == start, "not a year of service"
        assert since((jan, eve, "permanent"), kind=kind) == start
    assert periods.employed_since(date.min, "", [(date.min, None, "")]) == date.min


@given(st.lists(pairs(), max_size=6), near)
def test_the_chain_leads_back_without_a_gap(spans, start):
    since = periods.employed_since(start, "", [(s, e, "") for s, e in spans])
    covered = {start}
    for begin, end in spans:
        last = min(end or start, start)
        covered |= {begin + timedelta(n) for n in range((last - begin).days + 1)} if last >= begin else set()
    day = start
    while day - timedelta(1) in covered:
        day -= timedelta(1)
    assert since == day


# -- the timeline


def test_who_is_employed_today_and_since_when():
    def row(start, end=None, kind=""):
        return Position(start_date=start, end_date=end, contract_type=kind)

    today, old, new = date(2026, 3, 1), row(date(2024, 1, 1), date(2025, 12, 31)), row(date(2026, 1, 1))
    assert timeline.employed_since([new, old], today) == date(2024, 1, 1)
    assert timeline.employed_since([old], today) is None, "it is over"
    assert timeline.employed_since([row(date(2026, 4, 1))], today) is None, "it has not begun"
    assert timeline.employed_since([row(date(2024, 1, 1), kind="freelance")], today) is None
    assert timeline.employed_since([row(date(2024, 1, 1), kind="consultant"), new], today) == date(2026, 1, 1)
    assert timeline.employed_since([], today) is None
    became = row(date(2024, 1, 1))
    rows = [
        Terms(effective_from=day, contract_type=k)
        for day, k in ((became.start_date, "freelance"), (date(2025, 5, 1), ""))
    ]
    with patch.object(Position, "by_day", rows):
        assert timeline.employed_since([became], today) == date(2025, 5, 1)


@given(st.lists(pairs(days), max_size=6), days)
def test_the_picture_stays_inside_its_frame(spans, today):
    positions = [Position(pk=n + 1, title=f"P{n}", start_date=s, end_date=e) for n, (s, e) in enumerate(spans)]
    picture = timeline.draw(positions, today)
    assert len(picture.rows) == len(positions)
    assert 0 <= picture.today_x <= 100
    assert 1 <= len(picture.marks) <= 12 and [m.x for m in picture.marks] == sorted({m.x for m in picture.marks})
    for row in picture.rows:
        for bar in (row.bar, *row.clashes):
            assert 0 <= bar.x <= 100 and bar.width > 0 and bar.x + bar.width <= 100.5
        assert row.open == (row.position.end_date is None)
        if row.open:
            assert row.bar.x + row.bar.width == pytest.approx(100, abs=0.5)
        for clash in row.clashes:
            assert row.bar.x - 0.1 <= clash.x and clash.x + clash.width <= row.bar.x + row.bar.width + 0.5
    assert len(picture.overlaps) == min(len(timeline.overlapping(positions)), 6)
    starts = [row.position.start_date for row in picture.rows]
    assert starts == sorted(starts, reverse=True)


def test_a_current_bar_holds_today():
    today = date(2026, 11, 23)
    picture = timeline.draw([Position(pk=1, title="P", start_date=date(2024, 1, 1), end_date=today)], today)
    (row,) = picture.rows
    assert row.status == "current" and row.bar.x <= picture.today_x <= row.bar.x + row.bar.width
    assert picture.marks[0].label.startswith(("2024", "Jan 2024"))


def test_nothing_to_draw():
    picture = timeline.draw([], date(2026, 11, 23))
    assert picture.rows == () and picture.overlaps == ()
