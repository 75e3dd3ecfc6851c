"""What is committed before the calls of a run. No system is asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from positions.models import Position
from synclog.engine import write_intents
from synclog.engine.loading import load_work
from synclog.models import Job
from tests.synclog.test_results import FLAT, HISTORY, Desk, new_desk

TODAY = timezone.now().date()
START = date(2026, 1, 1)


@pytest.fixture
def history(db: Any) -> Desk:
    return new_desk(HISTORY)


@pytest.fixture
def flat(db: Any) -> Desk:
    return new_desk(FLAT)


def say(desk: Desk) -> None:
    write_intents.say(desk.integration, load_work(desk.integration, list(Job.objects.open().order_by("pk"))))


@pytest.mark.parametrize("number", [1, write_intents.WORTH_AN_UPDATE + 1])
def test_a_new_record_is_looked_for_by_its_start(history: Desk, number: int) -> None:
    """One or many that begin on one day."""
    positions = [history.hire() for _ in range(number)]
    other = history.hire(start_date=date(2026, 2, 1))
    say(history)
    assert {tuple(history.job(p).tried) for p in positions} == {("2026-01-01",)}
    assert history.job(other).tried == ["2026-02-01"]
    assert history.job(other).meant == []


def test_of_what_was_sent_the_record_is_known(history: Desk) -> None:
    position = history.hire()
    history.sent(position)
    say(history)
    assert history.job(position).tried == []


def test_every_start_under_which_it_was_tried_stays(history: Desk) -> None:
    position = history.hire()
    for day in (START, date(2026, 2, 1), START):
        Position.objects.update(start_date=day)
        say(history)
    assert history.job(position).tried == ["2026-01-01", "2026-02-01"]


def test_one_that_is_deleted_by_now_keeps_them(history: Desk) -> None:
    position = history.hire()
    say(history)
    key = position.pk
    position.delete()
    position.pk = key
    say(history)
    assert history.job(position).tried == ["2026-01-01"]


@pytest.mark.parametrize("number", [1, write_intents.WORTH_AN_UPDATE + 1])
def test_what_a_flat_record_is_to_say_is_kept_for_another_position_than_the_last(flat: Desk, number: int) -> None:
    positions = [flat.hire() for _ in range(number)]
    say(flat)
    for position in positions:
        [meant] = flat.job(position).meant
        assert meant["values"]["title"] == "Baker"
        assert "before" not in meant
        assert flat.job(position).tried == ["2026-01-01"]


def test_what_it_says_for_the_same_position_is_known(flat: Desk) -> None:
    position = flat.hire()
    flat.sent(position)
    say(flat)
    assert flat.job(position).meant == []


def test_only_the_position_to_be_written_means_something(flat: Desk) -> None:
    now = flat.hire()
    later = flat.position(now.employee, start_date=TODAY + timedelta(days=30))
    say(flat)
    assert len(flat.job(now).meant) == 1
    assert flat.job(later).meant == []


def test_of_several_tries_the_last_one_stands_last_and_none_twice(flat: Desk) -> None:
    position = flat.hire()
    for title in ("Baker", "Cook", "Baker"):
        Position.objects.update(title=title)
        say(flat)
    assert [m["values"]["title"] for m in flat.job(position).meant] == ["Cook", "Baker"]


def told(desk: Desk, position: Position, there: dict[str, Any]) -> list[dict[str, Any]]:
    """What the record holds is said just before it is written to."""
    job = desk.job(position)
    [(work, _)] = load_work(desk.integration, [job])
    said = write_intents.before(desk.integration, job, work, there)
    assert desk.job(position).meant == said, "committed"
    return said


def test_what_was_there_before_is_kept_with_what_is_meant(flat: Desk) -> None:
    position = flat.hire()
    other = flat.hire()
    say(flat)
    [meant] = told(flat, position, {"title": "Cook", "start_date": START})
    assert meant["values"]["title"] == "Baker"
    assert [b["title"] for b in meant["before"]] == ["Cook"]
    assert told(flat, position, {"title": "Cook", "start_date": START}) == [meant], "the same once more"
    [meant] = told(flat, position, {"title": "Chef", "start_date": START})
    assert [b["title"] for b in meant["before"]] == ["Cook", "Chef"]
    Position.objects.filter(pk=position.pk).update(title="Smith")
    older, newest = told(flat, position, {"title": "Baker", "start_date": START})
    assert ([b["title"] for b in older["before"]], older["values"]["title"]) == (["Cook", "Chef"], "Baker")
    assert ([b["title"] for b in newest["before"]], newest["values"]["title"]) == (["Baker"], "Smith")
    say(flat)
    assert [len(m["before"]) for m in flat.job(position).meant] == [2, 1], "the next try forgets nothing"
    assert "before" not in flat.job(other).meant[0]


def test_where_nothing_is_meant_nothing_is_said(history: Desk) -> None:
    position = history.hire()
    assert told(history, position, {"title": "Cook"}) == []
