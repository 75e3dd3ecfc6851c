"""Previews of everything: what would be sent of all positions when a connection is switched on (by the run that would
send them, held against everybody there), or with other settings than it has (by the translation, which asks nobody)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from integrations.engine import Start
from integrations.models import Integration
from integrations.planning.foresee import foresee
from integrations.planning.other_settings import Otherwise, Told, beyond, otherwise
from integrations.planning.translate import active_fields
from integrations.planning.work import Outcome, Report, Work
from integrations.scope import scope_of
from integrations.sdk.context import Matches
from integrations.sdk.messages import Message, unpacked
from integrations.sdk.values import Person, RemoteEmployee
from positions.batches import delete, in_batches
from positions.models import Employee, Position
from positions.origin import Origin
from synclog.engine.fitted import json_fitted, said_fitted, shown_changes, shown_value
from synclog.engine.loading import load_employees, load_work
from synclog.engine.matches import DatabaseMatches
from synclog.engine.record import Changed, job_for
from synclog.log import forecasts
from synclog.log.starting import positions_of
from synclog.models import Forecast, ForecastRow, Job
from synclog.questions import texts, walks
from synclog.questions.walks import Found, Held

KEPT = timedelta(days=1)
SECONDS = 5.0  # of forgetting, each time
STARTS = (Start.CURRENT, Start.ALL)  # those that send something


def why_not(integration: Integration) -> Message | None:
    """Why it cannot be found out now what would be sent; None when it can."""
    if not integration.connected:
        return texts.NOT_CONNECTED(connection=integration.name)
    if integration.stopped:
        return texts.PREVIEW_STOPPED(why=unpacked(integration.stopped_said))
    return texts.PREVIEW_PAUSED() if integration.paused else None


def begin(integration: Integration, by: str) -> Forecast:
    """Of switching on. Raises `walks.NotPossibleError`."""
    made = Forecast(integration=integration, by=by, version=integration.version)
    return walks.begin(made, why_not(integration), texts.PREVIEW_UNDER_WAY())


def begin_with(integration: Integration, settings: Mapping[str, Any], by: str, others: Sequence[str] = ()) -> Forecast:
    """Of these settings; one that is under way for others ends. `others`: what else is not as it was, by its name.
    Raises `walks.NotPossibleError`."""
    kind = Forecast.Kind.SETTINGS
    for other in Forecast.objects.filter(integration=integration, kind=kind, done_at=None):
        walks.cancel(other, by)
    made = Forecast(
        integration=integration, kind=kind, by=by, version=integration.version, settings=dict(settings),
        beyond=[*others, *beyond(integration.system, integration.cleaned_settings(), _cleaned(integration, settings))],
    )  # fmt: skip
    return walks.begin(made, None, texts.PREVIEW_UNDER_WAY())


def _cleaned(integration: Integration, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return Integration(system_key=integration.system_key, settings=dict(settings)).cleaned_settings()


def turn_of(forecast: Forecast) -> type[walks.Turn[Forecast]]:
    return SettingsTurn if forecast.kind == Forecast.Kind.SETTINGS else StartTurn


def forget() -> None:
    """Every minute: what was found a day ago."""
    old = Forecast.objects.filter(done_at__lt=timezone.now() - KEPT)
    in_batches(ForecastRow.objects.filter(part_of__in=old), delete, until=time.monotonic() + SECONDS)
    old.filter(~Exists(ForecastRow.objects.filter(part_of=OuterRef("pk")))).delete()


class _Turn(walks.Turn[Forecast]):
    model = Forecast

    def keys(self, after: int = 0, number: int | None = None) -> list[int]:
        """Those who have a position that the connection takes."""
        positions = Position.objects.filter(
            scope_of(self.integration.pk).positions(), employee__organization=self.integration.organization_id,
            employee__gt=after,
        )  # fmt: skip
        return list(positions.order_by("employee").values_list("employee", flat=True).distinct()[:number])

    def finished(self, walk: Forecast) -> None:
        """What the ones before found is of the past; and so is whoever was deleted here, or erased, while it ran."""
        walk.rows.exclude(employee_key__in=Employee.objects.values("pk")).delete()
        others = ForecastRow.objects.filter(part_of__integration=walk.integration_id, part_of__kind=walk.kind)
        others.exclude(part_of=walk).delete()


# -- switching on -------------------------------------------------------------------------------------------


class _Claims(DatabaseMatches):
    """Nothing is claimed by a preview: it remembers who would have claimed which record, with each start."""

    def __init__(self, integration: Integration) -> None:
        super().__init__(integration)
        self._start = Start.CURRENT
        self._by: dict[tuple[Start, str], str] = {}
        self._asked: dict[str, str] = {}  # in this run: the record, and whose it is

    def begin(self, start: Start) -> None:
        """A run with this start."""
        self._start, self._asked = start, {}

    def free(self, person: Person, found: RemoteEmployee) -> bool:
        if not super().free(person, found):
            return False
        owner = self._by.setdefault((self._start, found.id), person.id)
        self._asked[found.id] = owner
        return owner == person.id

    def same(self, start: Start) -> bool:
        """Whether all that was asked in this run is answered alike with that start."""
        return all(self._by.setdefault((start, record), owner) == owner for record, owner in self._asked.items())


def _claims(held: Held) -> _Claims:
    claims = held.connector.context.matches
    assert isinstance(claims, _Claims)
    return claims


class StartTurn(_Turn):
    def why_not(self) -> Message | None:
        return why_not(self.integration)

    def matches(self) -> Matches | None:
        return _Claims(self.integration)

    def sees(self) -> bool:
        """Not where a field is sent that only reading one employee shows: what differs of it would not be seen."""
        hidden = set(self.integration.system.sight.hides)
        sent = {f.ours for f in active_fields(self.integration.system, self.integration.cleaned_settings())}
        return super().sees() and not hidden & sent

    def looking(self, held: Held | None, keys: Sequence[int]) -> Callable[[int], Sequence[Found]]:
        assert held is not None
        works = self._works(keys)
        current = positions_of(self.integration, Start.CURRENT).filter(employee__in=keys)
        here = {str(key) for key in current.values_list("pk", flat=True)}

        def look(key: int) -> Sequence[Found]:
            work, waiting = works.get(key, (None, frozenset()))
            if work is None:  # all of theirs was deleted meanwhile
                return []
            outcomes: dict[Start, Mapping[str, Outcome]] = {}
            for start in STARTS:
                ids = {t.position_id for t in work.touched if start is Start.ALL or t.position_id in here}
                if start is Start.ALL and ids <= here and _claims(held).same(start):
                    outcomes[start] = outcomes[Start.CURRENT]
                    continue
                touched = [t for t in work.touched if t.position_id in ids or t.position_id in waiting]
                outcomes[start] = self._foreseen(held, start, replace(work, touched=touched)) if ids else {}
            return list(_found(self.walk, key, outcomes))

        return look

    def _foreseen(self, held: Held, start: Start, work: Work) -> Mapping[str, Outcome]:
        _claims(held).begin(start)
        with self.counted(held):
            report: Report = foresee(held.connector, held.everybody if held.snapshot is not None else None, work)
            self.called(len(report.exchanges))
        return report.outcomes

    def _works(self, keys: Sequence[int]) -> dict[int, tuple[Work, frozenset[str]]]:
        """By employee, as if all positions were to be sent; and the ids of those that wait to be sent anyway."""
        rows = positions_of(self.integration, Start.ALL).filter(employee__in=keys).select_related("employee")
        origin = Origin(Job.Origin.RESYNC, self.walk.by)
        fresh = {p.pk: job_for(Changed(p), p.employee, self.integration.pk, origin) for p in rows}
        waiting = Job.objects.open().filter(integration=self.integration, employee_key__in=keys)
        for job in waiting:
            if job.position_key in fresh:
                fresh[job.position_key].tried, fresh[job.position_key].meant = job.tried, job.meant
        jobs = {job.position_key: job for job in waiting} | fresh
        open_ids = {str(job.position_key) for job in waiting}
        return {
            int(work.person.id): (work, frozenset(open_ids & by_position.keys()))
            for work, by_position in load_work(self.integration, list(jobs.values()))
        }


def _found(walk: Forecast, employee: int, outcomes: Mapping[Start, Mapping[str, Outcome]]) -> Iterable[Found]:
    """A row of each position with each start, or one where both come to the same."""
    names = {declared.ours: declared.remote for declared in walk.integration.system.fields}
    rows = {
        start: {key: _row(walk, employee, outcome, names) for key, outcome in of_one.items()}
        for start, of_one in outcomes.items()
    }
    for start, of_one in rows.items():
        for key, row in of_one.items():
            twin = rows[Start.CURRENT].get(key) if start is Start.ALL else rows[Start.ALL].get(key)
            both = twin is not None and _told(row) == _told(twin)
            row.start = "" if both else start
            yield forecasts.key_of(start, row), None if both and start is Start.ALL else row


def _told(row: ForecastRow) -> tuple[Any, ...]:
    return row.result, row.action, row.cause, row.field, row.changes, row.said


def _row(walk: Forecast, employee: int, outcome: Outcome, names: Mapping[str, str]) -> ForecastRow:
    return ForecastRow(
        part_of=walk, employee_key=employee, position_key=int(outcome.position_id), result=outcome.state.value,
        action=outcome.action[:10], cause=outcome.cause[:60],
        field=outcome.field[:40], changes=json_fitted(shown_changes(outcome.changes, names)),
        said=said_fitted(outcome.everything),
    )  # fmt: skip


# -- other settings -----------------------------------------------------------------------------------------


class SettingsTurn(_Turn):
    reads = False

    def why_not(self) -> Message | None:
        return None

    def looking(self, held: Held | None, keys: Sequence[int]) -> Callable[[int], Sequence[Found]]:
        system, old = self.integration.system, self.integration.cleaned_settings()
        new = _cleaned(self.integration, self.walk.settings)
        works = load_employees(self.integration, keys)

        def look(key: int) -> Sequence[Found]:
            work = works[key]
            told = [
                (position.id, otherwise(system, position, old, new, work.today))
                for position in work.positions
                if position.end is None or position.end >= work.today or position.id in work.sent
            ]
            return [_told_otherwise(self.walk, key, position, one) for position, one in told]

        return look


def _told_otherwise(walk: Forecast, employee: int, position: str, one: Otherwise) -> Found:
    row = ForecastRow(
        part_of=walk, employee_key=employee, position_key=int(position), result=one.told.value, cause=one.cause[:60],
        field=one.field[:40], said=said_fitted(one.said),
        changes=json_fitted([
            {"field": line.field, "remote": line.remote, "old": shown_value(line.old), "new": shown_value(line.new),
             "since": line.since.isoformat() if line.since else None}
            for line in one.lines
        ]),
    )  # fmt: skip
    return forecasts.key_of("", row), None if one.told is Told.SAME else row
