"""What one record of the current position holds: what is ours, what is equal, and what stays. The chip says in sync
exactly where every field that is sent stands there as here, and the newest entry says the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
import time_machine

from integrations.models import EmployeeLink, PeriodLink
from integrations.runtime import export_files
from positions.models import Position
from synclog.engine import actions
from synclog.log.truth import Truth
from synclog.models import Job, Question
from synclog.questions import asking
from synclog.queue import tasks
from tests.synclog.test_flat_stories import day_of
from tests.synclog.test_truth import health, state
from tests.synclog.world import World

# Where the first day of the employment stands, and what sends it.
FIRST_DAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "fortnox": ("EmploymentDate", {"send_start_date": True}),
    "crona_lon": ("anstdatum", {}),
    "xledger": ("employmentFrom", {}),
    "poweroffice_go": ("StartDate", {}),
    "entra_id": ("employeeHireDate", {"send_hire_date": True, "send_leave_date": True}),
}
OF_THE_EMPLOYMENT = [key for key in FIRST_DAYS if key != "poweroffice_go"]
JUNE = date(2026, 6, 20)


@contextmanager
def on(day: date, hour: int = 10) -> Iterator[None]:
    with time_machine.travel(datetime(day.year, day.month, day.day, hour, tzinfo=UTC), tick=True):
        yield


class Desk:
    """One connection, and a clerk who imports what is filed."""

    def __init__(self, world: World, key: str, **settings: Any) -> None:
        self.world, self.key, self.is_imported = world, key, True
        self.integration = world.connect(key, delete_positions=True)
        self.integration.settings |= FIRST_DAYS.get(key, ("", {}))[1] | settings
        self.integration.save()

    def hires(self, **values: Any) -> Position:
        code = {"fortnox": "5221", "crona_lon": "", "netvisor": "52230"}.get(self.key, "5221126")
        common = {"contract_type": "permanent", "percentage": Decimal(80), "working_hours_scheme": "not_shift"}
        given = {"occupation_code": code, "remuneration_type": "monthly", **common, **values}
        return self.turned(self.world.save(**given))

    def changes(self, position: Position, **values: Any) -> Position:
        position = Position.objects.get(pk=position.pk)
        for name, value in values.items():
            setattr(position, name, value)
        position.save()
        return self.turned(position)

    def ends(self, position: Position, end: date, reason: str = "resigned") -> Position:
        return self.changes(position, end_date=end, end_reason=reason)

    def turned(self, position: Position) -> Position:
        self.turns()
        return position

    def turns(self) -> None:
        tasks.sweep()
        self.world.drain(self.integration)
        if self.key == "crona_lon" and self.is_imported:
            self.imports()

    def resyncs(self, position: Position) -> None:
        actions.resync(Job.objects.filter(pk=self.job(position).pk), by="anna")
        self.turns()

    def imports(self) -> None:
        tenant = self.world.sandboxes[self.integration.pk].tenant.name
        for file in self.integration.export_files.filter(imported_at=None):
            export_files.fetch(file, "clerk")
            _, body = export_files.content(file)
            answer = requests.post(f"{self.world.address}/crona_lon/{tenant}/import", data=body, timeout=5)
            assert answer.status_code < 300, answer.text
            export_files.mark_imported(file, "clerk")

    def forgets(self) -> None:
        """As if a clerk had made what stands there."""
        for model in (PeriodLink, EmployeeLink, Job):
            model._default_manager.all().delete()
        self.integration.export_files.all().delete()

    def job(self, position: Position) -> Job:
        return self.world.job(self.integration, position)

    def truth(self, position: Position) -> Truth:
        return state(self.integration, position).truth

    def says(self, position: Position) -> str:
        return state(self.integration, position).why

    def there(self) -> dict[str, Any]:
        return self.world.there(self.integration)[0]

    def first_day(self) -> str:
        return day_of(self.there()[FIRST_DAYS[self.key][0]])

    def drift(self) -> set[str]:
        """What the report of this moment says of all positions."""
        check = asking.compare_everything(self.integration, "anna")
        while (question := Question.objects.filter(drift_check=check, done_at=None).first()) is not None:
            asking.answer(question.pk)
        return {row.kind for row in check.rows.all()}


# -- what stood there before ------------------------------------------------------------------------------


@pytest.mark.parametrize("key", FIRST_DAYS)
def test_who_stood_in_payroll_before_with_the_same_day_is_in_sync(world: World, key: str) -> None:
    with on(JUNE):
        desk = Desk(world, key)
        position = desk.hires()
        desk.forgets()
        position = desk.changes(position, title="Kokk")
        assert desk.truth(position) is Truth.IN_SYNC, desk.says(position)
        assert "in sync" in health(desk.integration).detail
        assert key == "crona_lon" or desk.drift() <= {"equal"}
        desk.resyncs(position)
        assert desk.truth(position) is Truth.IN_SYNC and not desk.job(position).warning


@pytest.mark.parametrize("key", FIRST_DAYS)
def test_what_comes_back_to_its_record_is_in_sync(world: World, key: str) -> None:
    with on(JUNE):
        desk = Desk(world, key)
        first = desk.hires(percentage=Decimal(60))
        second = desk.hires(title="Kokk", start_date=date(2026, 6, 1), percentage=Decimal(80))
        assert desk.truth(second) is Truth.IN_SYNC, desk.says(second)
        desk.changes(second, percentage=Decimal(20))
        assert desk.truth(first) is Truth.IN_SYNC, desk.says(first)


@pytest.mark.parametrize("key", [k for k in FIRST_DAYS if k != "poweroffice_go"])
def test_what_is_deleted_and_made_anew_is_in_sync(world: World, key: str) -> None:
    with on(JUNE):
        desk = Desk(world, key)
        Position.objects.get(pk=desk.hires().pk).delete()
        desk.turns()
        again = desk.hires(title="Kokk")
        assert desk.truth(again) is Truth.IN_SYNC, desk.says(again)


# -- the first day ----------------------------------------------------------------------------------------


def followed(desk: Desk) -> tuple[Position, Position]:
    first = desk.hires()
    first.end_date, first.end_reason = date(2026, 6, 14), "internal_transfer"
    first.save()
    second = desk.hires(title="Kokk", start_date=date(2026, 6, 15))
    assert desk.truth(second) is Truth.IN_SYNC, desk.says(second)
    return first, second


@pytest.mark.parametrize("key", OF_THE_EMPLOYMENT)
def test_the_first_day_we_wrote_is_corrected_when_a_successor_has_taken_over(world: World, key: str) -> None:
    with on(JUNE):
        desk = Desk(world, key)
        first, second = followed(desk)
        desk.changes(first, start_date=date(2025, 12, 1))
        assert desk.first_day() == "2025-12-01"
        assert desk.truth(second) is Truth.IN_SYNC, desk.says(second)
        desk.resyncs(second)
        assert desk.first_day() == "2025-12-01" and desk.truth(second) is Truth.IN_SYNC


@pytest.mark.parametrize("whose", ["first", "second"])
@pytest.mark.parametrize("key", OF_THE_EMPLOYMENT)
def test_a_gap_that_appears_begins_it_anew(world: World, key: str, whose: str) -> None:
    with on(JUNE):
        desk = Desk(world, key)
        first, second = followed(desk)
        if whose == "first":
            desk.changes(first, end_date=date(2026, 5, 31))
        else:
            desk.changes(second, start_date=date(2026, 6, 18))
        assert desk.first_day() == ("2026-06-15" if whose == "first" else "2026-06-18")
        assert desk.truth(second) is Truth.IN_SYNC, desk.says(second)


def test_the_first_day_of_an_employment_that_goes_on_is_as_it_should_be(world: World) -> None:
    with on(JUNE):
        desk = Desk(world, "poweroffice_go")
        _, second = followed(desk)
        desk.resyncs(second)
        assert desk.truth(second) is Truth.IN_SYNC
        assert "already agrees" in desk.job(second).message, "the words say what the chip says"


@pytest.mark.parametrize("how", ["earlier", "later", "gap", "gap before"])
def test_a_first_day_that_is_corrected_by_hand_is_told_of(world: World, how: str) -> None:
    with on(JUNE):
        desk = Desk(world, "poweroffice_go")
        first, second = followed(desk)
        if how in ("earlier", "later"):
            desk.changes(first, start_date=date(2025, 12, 1) if how == "earlier" else date(2026, 2, 1))
        elif how == "gap":
            desk.changes(second, start_date=date(2026, 6, 18))
        else:
            desk.changes(first, end_date=date(2026, 5, 31))
        assert desk.first_day() == "2026-01-01"
        here = {"earlier": "1 Dec 2025", "later": "1 Feb 2026", "gap": "18 Jun 2026", "gap before": "15 Jun 2026"}[how]
        job = desk.job(second)
        assert job.warning and f"Start date stays 1 Jan 2026 there: the employment begins on {here} here" in job.message
        assert desk.truth(second) is Truth.PARTLY
        assert desk.drift() - {"equal"}


# -- what stays -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [date(2026, 6, 11), date(2026, 6, 14)])
@pytest.mark.parametrize("key", ["crona_lon", "xledger"])
def test_what_stays_of_an_end_is_not_called_in_sync(world: World, key: str, start: date) -> None:
    """Crona Lön keeps the leaving date, Xledger the exit reason, of whoever goes on working."""
    with on(JUNE):
        desk = Desk(world, key)
        first = desk.ends(desk.hires(), date(2026, 6, 10))
        assert desk.truth(first) is Truth.IN_SYNC
        desk.is_imported = False
        second = desk.hires(title="Kokk", start_date=start)
        kept = {"crona_lon": "End date", "xledger": "End reason"}[key]
        for title in ("Kokk", "Skiftleder"):
            second = desk.changes(second, title=title)
            assert desk.truth(second) is Truth.PARTLY and f"{kept} is not there as here" in desk.says(second)
            assert "in sync" not in health(desk.integration).detail
        assert key == "crona_lon" or "edited_there" not in desk.drift()


@pytest.mark.parametrize("key", ["crona_lon", "xledger"])
def test_what_stays_of_an_end_that_was_taken_back_is_not_called_in_sync(world: World, key: str) -> None:
    with on(JUNE):
        desk = Desk(world, key)
        position = desk.ends(desk.hires(), date(2026, 6, 10))
        for values in ({"end_date": None, "end_reason": ""}, {"title": "Kokk"}):
            position = desk.changes(position, **values)
            assert desk.truth(position) is Truth.PARTLY, desk.says(position)
        position = desk.ends(position, date(2026, 6, 30))
        assert desk.truth(position) is Truth.IN_SYNC, desk.says(position)


EMPTIED: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "tripletex": ("weekly_hours", None, {"send_weekly_hours": True}),
    "visma_net_payroll": ("working_hours_scheme", "", {}),
    "finago": ("weekly_hours", None, {"send_weekly_hours": True}),
    "poweroffice_go": ("remuneration_type", "", {"send_remuneration_type": True}),
}


@pytest.mark.parametrize("key", EMPTIED)
def test_a_dated_value_that_was_not_taken_away_is_not_remembered_as_empty(world: World, key: str) -> None:
    name, nothing, settings = EMPTIED[key]
    with on(JUNE):
        desk = Desk(world, key, **settings)
        position = desk.hires(weekly_hours=Decimal(30))
        assert desk.truth(position) is Truth.IN_SYNC, desk.says(position)
        position = desk.changes(position, **{name: nothing})
        for _ in range(2):
            assert desk.truth(position) is Truth.PARTLY, desk.says(position)
            assert name in (PeriodLink.objects.get(position_key=position.pk).left or {})
            desk.resyncs(position)


# -- a successor that cannot be sent ---------------------------------------------------------------------


@pytest.mark.parametrize("key", ["xledger", "fortnox"])
def test_what_a_refused_successor_leaves_is_nothing_that_changed(world: World, key: str) -> None:
    with on(JUNE):
        desk = Desk(world, key)
        first = desk.ends(desk.hires(), date(2026, 6, 19))
        second = desk.hires(title="Kokk", start_date=JUNE, contract_type="other")
        assert desk.truth(second) is Truth.NEEDS_YOU
        assert desk.truth(first) is Truth.IN_SYNC, desk.says(first)
