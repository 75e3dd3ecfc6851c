"""What was written under other settings than the connection has now: to another place there, or with something else
beside it. A value alone does not tell. Pure, as `planner`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from integrations.planning.planner import Sent
from integrations.planning.translate import active_fields, empty
from integrations.sdk.declaration import System
from integrations.sdk.values import Wanted


def written_as(system: System, settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """To keep with values that were written with these settings: our field -> `Field.written_as`."""
    return {
        f.ours: f.written_as(values[f.ours], settings)
        for f in active_fields(system, settings)
        if f.says_more and not empty(values.get(f.ours))
    }


def as_written(system: System, settings: Mapping[str, Any], wanted: Wanted) -> Sent:
    """As if it had been written with these settings, and were all there."""
    dated = wanted.terms[0][1] if wanted.terms else ()
    terms = {key: wanted.timeline(key) for key in dated}
    return Sent("", wanted.values, terms=terms, written_as=written_as(system, settings, wanted.values))


def where_it_goes_now(system: System, settings: Mapping[str, Any], sent: Sent) -> Sent:
    """Without what went to another place: where it goes now, it was never written."""
    if not sent.written_as:
        return sent
    now = {f.ours: f.where(settings) for f in active_fields(system, settings)}
    moved = {key for key, (place, _) in sent.written_as.items() if now.get(key, place) != place}
    return replace(
        sent,
        values={key: value for key, value in sent.values.items() if key not in moved},
        terms={key: rows for key, rows in sent.terms.items() if key not in moved},
        found={key: value for key, value in sent.found.items() if key not in moved},
    )


def written_otherwise(
    system: System, settings: Mapping[str, Any], wanted: Wanted, sent: Sent | None, today: date
) -> set[str]:
    """Fields whose value would be written with something else beside it now. What is over keeps what it has: a
    position, and a day."""
    if sent is None or not sent.written_as or (wanted.end is not None and wanted.end < today):
        return set()
    found = set()
    for key, (_, along) in written_as(system, settings, wanted.values).items():
        value = wanted.values[key]
        if key in sent.values and key in sent.written_as and not (isinstance(value, date) and value < today):
            found |= {key} if sent.written_as[key][1] != along else set()
    return found
