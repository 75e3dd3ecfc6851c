"""Keeps of each change what it is about of days before its connection's last payroll cut-off: in the transaction of the
save, beside the job, whether or not anything is held (docs/cutoff.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from integrations.models import Integration
from integrations.planning.cutoff import Calendar, first_open_day
from integrations.planning.retro import DAYS, Held, Stretch, retroactive, stretches
from integrations.planning.translate import active_fields
from positions import terms
from positions.models import Company, Department, Organization, Position, tracking
from synclog.engine.fitted import shown_value
from synclog.models import Job, RetroChange

_NAMES = dict(zip(terms.COLUMNS, terms.TERMS, strict=True))
_WHOLE = {"company_id": "company", "end_reason": "end_reason", **{name: name for name in DAYS}}
_PERIOD = frozenset({"start_date", "end_date"})


@dataclass(frozen=True, slots=True)
class _Found:
    job: Job
    cutoff: Any
    stretches: Sequence[Stretch]


def keep(positions: Mapping[int, Position], jobs: Sequence[Job], calendars: Mapping[int, Calendar]) -> None:
    """`positions` by their keys, as they are being saved (with what they were), and the jobs recorded for them. Two
    queries, and one for each kind of name, where something is retroactive; one where there is a calendar."""
    concerned = [job for job in jobs if job.integration_id in calendars]
    if not concerned:
        return
    zones = {
        one.pk: one.zone
        for one in Organization.objects.filter(pk__in={job.organization_id for job in concerned}).only("time_zone")
    }
    found: list[_Found] = []
    about: dict[tuple[int, bool, bool], list[Stretch]] = {}
    for job in concerned:
        zone = zones[job.organization_id]
        cutoff = calendars[job.integration_id].last(job.recorded_at, zone)
        if cutoff is None:
            continue
        key = job.position_key, _is_gone(job), _as_a_whole(job)
        if key not in about:
            about[key] = _stretches(positions[job.position_key], job)
        late = retroactive(about[key], first_open_day(cutoff, zone))
        if late:
            found.append(_Found(job, cutoff, late))
    if found:
        _write(found)


def _is_gone(job: Job) -> bool:
    return job.deleted or job.outside


def _as_a_whole(job: Job) -> bool:
    return _is_gone(job) or job.changed is None


def _stretches(position: Position, job: Job) -> list[Stretch]:
    """Of a position that came or went there, the whole of it as it is or was."""
    before = _held(position, tracking.loaded(position))
    if _is_gone(job):
        return stretches(before, None)
    return stretches(None if _as_a_whole(job) else before, _held(position, None))


def _held(position: Position, then: Mapping[str, Any] | None) -> Held:
    """As it is, or as it was when these columns were read."""

    def value(name: str) -> Any:
        if then is not None and name in then:
            return then[name]
        field: Any = Position._meta.get_field(name)
        return field.to_python(getattr(position, name))

    start = value("start_date")
    rows: terms.Rows = position.moved[then is None] if position.moved else [(None, {})]
    return Held(
        start,
        value("end_date"),
        [(since or start, {_NAMES[column]: held for column, held in values.items()}) for since, values in rows],
        {name: value(column) or None for column, name in _WHOLE.items()},
    )


def _write(found: Sequence[_Found]) -> None:
    integrations = Integration.objects.defer("credentials", "vault").in_bulk({one.job.integration_id for one in found})
    sent: dict[int, Collection[str]] = {
        pk: {field.ours for field in active_fields(one.system, one.cleaned_settings())} | _PERIOD
        for pk, one in integrations.items()
    }
    rows, names = [], _names([one for late in found for one in late.stretches])
    for one in found:
        job, late = one.job, [s for s in one.stretches if s.field is None or s.field in sent[one.job.integration_id]]
        if late:
            rows.append(_row(job, one.cutoff, late, names))
    RetroChange.objects.bulk_create(rows, batch_size=500)
    marked = Q(pk__in=())
    for integration in {row.integration_id for row in rows}:
        keys = [row.position_key for row in rows if row.integration_id == integration]
        marked |= Q(integration=integration, open_key__in=keys)
    if rows:
        Job.objects.filter(marked).update(retro=True)


def _row(job: Job, cutoff: Any, late: Sequence[Stretch], names: Mapping[tuple[str, Any], str]) -> RetroChange:
    if _is_gone(job):
        kind = RetroChange.Kind.DELETED
    else:
        kind = RetroChange.Kind.MADE if late[0].field is None else RetroChange.Kind.CHANGED
    return RetroChange(
        integration_id=job.integration_id,
        kind=kind,
        employee_key=job.employee_key,
        position_key=job.position_key,
        employee_name=job.employee_name,
        employee_number=job.employee_number,
        title=job.title,
        cutoff_at=cutoff,
        first_on=min(one.first for one in late),
        last_on=max(one.last or date.max for one in late),
        concerns={
            "fields": [
                {
                    "field": one.field,
                    "first": one.first.isoformat(),
                    "last": one.last.isoformat() if one.last else None,
                    "old": names.get((one.field, one.old)) or shown_value(one.old),
                    "new": names.get((one.field, one.new)) or shown_value(one.new),
                }
                for one in late
                if one.field is not None
            ]
        },
        saved_at=job.recorded_at,
        origin=job.origin,
        by=job.origin_name,
    )


def _names(found: Sequence[Stretch]) -> dict[tuple[str, Any], str]:
    """What people call the departments and companies among them, by field and key."""
    names: dict[tuple[str, Any], str] = {}
    models: tuple[tuple[str, Any], ...] = (("department", Department), ("company", Company))
    for field, model in models:
        keys = {key for one in found if one.field == field for key in (one.old, one.new) if key is not None}
        if keys:
            names |= {(field, row.pk): str(row) for row in model.objects.filter(pk__in=keys)}
    return names
