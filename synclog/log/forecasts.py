"""What pages, files and the API say of a preview of everything: what would become of how many positions, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from integrations.engine import Start
from integrations.models import Integration
from integrations.planning.other_settings import Told
from integrations.planning.states import State
from integrations.sdk.marking import gettext_noop
from integrations.sdk.messages import unpacked
from integrations.sdk.wording import say
from positions.models import Employee, Position
from positions.models.words import matching
from positions.numbers import figure
from synclog.log import figures, walks
from synclog.log.causes import cause_title
from synclog.log.sentences import MARKS, Mark, field_label, fix, together
from synclog.log.subjects import subjects_of
from synclog.models import Forecast, ForecastRow

# What can become of a position, in the order of the page.
OF_START = tuple(state.value for state in (State.PLANNED, State.FAILED, State.RETRYING, State.WAITING, State.SKIPPED))
OF_SETTINGS: Mapping[str, Mark] = {
    Told.OTHERWISE.value: Mark(gettext_noop("Would be sent otherwise"), "edit", "info"),
    Told.NOW.value: Mark(gettext_noop("Could be sent then"), "check_circle", "success"),
    Told.NO_MORE.value: Mark(gettext_noop("Could not be sent any more"), "block", "danger"),
}
RESULTS = (*OF_START, *OF_SETTINGS)
_ACTIONS = {
    "create": gettext_noop("A new record there"),
    "update": gettext_noop("The record there is updated"),
    "move": gettext_noop("The period there is moved"),
    "end": gettext_noop("The period there is ended"),
    "delete": gettext_noop("The record there is deleted"),
}


def key_of(start: str, row: ForecastRow) -> str:
    """Under which a position is counted: no code of these has a bar in it."""
    return "|".join((start, row.result, row.action, row.cause, row.field))


def mark_of(result: str) -> Mark:
    """Of one of RESULTS."""
    mark = OF_SETTINGS[result] if result in OF_SETTINGS else MARKS[result].preview
    assert mark is not None
    return mark


@dataclass(frozen=True, slots=True)
class Group:
    """Positions of which the same would become, for the same cause."""

    result: str
    action: str
    cause: str
    field: str
    number: int

    @property
    def mark(self) -> Mark:
        return mark_of(self.result)

    @property
    def title(self) -> str:
        """Why, or what would be done; "" where the mark says it all."""
        return _why(self.action, self.cause, self.field)


def _why(action: str, cause: str, field: str) -> str:
    if cause:
        return f"{cause_title(cause)} ({field_label(field)})" if field else cause_title(cause)
    return say(_ACTIONS[action]) if action in _ACTIONS else ""


def groups(forecast: Forecast, start: str = "") -> list[Group]:
    """With this start; of other settings there is none. The largest of a result first."""
    found = []
    for key, number in forecast.counts.items():
        begun, result, action, cause, field = key.split("|")
        if begun == start and result in RESULTS:
            found.append(Group(result, action, cause, field, number))
    return sorted(found, key=lambda group: (RESULTS.index(group.result), -group.number, group.cause, group.field))


def counts(forecast: Forecast, start: str = "") -> dict[str, int]:
    """How many positions by result, in the order of the page; without those of which there is none."""
    found: dict[str, int] = {}
    for group in groups(forecast, start):
        found[group.result] = found.get(group.result, 0) + group.number
    return found


def total(forecast: Forecast, start: str = "") -> int:
    """All positions that were looked at, also those of which nothing is to be said."""
    return sum(number for key, number in forecast.counts.items() if key.partition("|")[0] == start)


def sentence(forecast: Forecast, start: str = "") -> str:
    """ "248 positions. Would be sent: 231. A required field is missing (Occupation code): 9." """
    parts = [figures.positions(total(forecast, start))]
    sent = counts(forecast, start).get(State.PLANNED.value, 0)
    if start:
        parts.append(_("{what}: {number}").format(what=mark_of(State.PLANNED.value).word, number=figure(sent)))
    parts += [
        _("{what}: {number}").format(what=group.title or group.mark.word, number=figure(group.number))
        for group in groups(forecast, start)
        if group.result != State.PLANNED.value
    ]
    return ". ".join(parts) + "."


@dataclass(frozen=True, slots=True)
class Line:
    """A field in the system's words; None: empty."""

    field: str
    label: str
    old: str | None
    new: str | None
    since: date | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A row in words. Employee and position are None where they were deleted here."""

    row: ForecastRow
    mark: Mark
    why: str
    message: str
    remedy: str
    employee: Employee | None
    position: Position | None
    lines: Sequence[Line]

    @property
    def more(self) -> int:
        """Fields beside the two that a list shows."""
        return len(self.lines) - 2


def in_words(rows: Iterable[ForecastRow]) -> list[Foreseen]:
    """Two queries for all of them."""
    rows = list(rows)
    employees, positions = subjects_of(rows)
    return [_foreseen(row, employees.get(row.employee_key), positions.get(row.position_key)) for row in rows]


def _foreseen(row: ForecastRow, employee: Employee | None, position: Position | None) -> Foreseen:
    said = unpacked(row.said)
    words = together(said)
    hindered = row.result in (State.FAILED, State.RETRYING, Told.NO_MORE)
    return Foreseen(
        row,
        mark_of(row.result),
        _why(row.action, row.cause, row.field),
        " ".join(part for part in (words.why, words.next) if part),
        fix(row.cause, said) if hindered else words.remedy,
        employee,
        position,
        [_line(line) for line in row.changes],
    )


def _line(line: Mapping[str, Any]) -> Line:
    since = date.fromisoformat(line["since"]) if line["since"] else None
    return Line(line["field"], field_label(line["field"]), line["old"], line["new"], since)


def found(
    forecast: Forecast, start: str = "", result: str = "", why: tuple[str, str] | None = None, words: str = ""
) -> QuerySet[ForecastRow]:
    """Rows with this start, of one result, for one cause (or action) and its field, of employees by their words."""
    rows = forecast.rows.filter(start__in=("", start)).order_by("pk")
    if result:
        rows = rows.filter(result=result)
    if why is not None:
        cause, field = why
        rows = rows.filter(Q(cause=cause) | Q(cause="", action=cause), field=field)
    if words.strip():
        rows = rows.filter(matching(words, [forecast.integration.organization_id], "employee_key"))
    return rows


def progress(forecast: Forecast) -> str:
    """How far it is, or how it ended."""
    return walks.progress(forecast, _("{number} of {total} employees are looked at."), _("Found out {when}."))


def outdated(forecast: Forecast, integration: Integration) -> bool:
    """Whether the connection was changed since: keys, settings, companies or a switch."""
    return forecast.version != integration.version


def whole(integration: Integration, kind: str) -> QuerySet[Forecast]:
    """Those that were through, newest first."""
    return integration.forecasts.filter(walks.WHOLE, kind=kind).order_by("-pk")


def newest(integration: Integration, kind: str) -> Forecast | None:
    """However far it is."""
    return integration.forecasts.filter(kind=kind).order_by("-pk").first()


def starts(forecast: Forecast | None) -> dict[str, int]:
    """How many positions would be sent with each start, as far as that was found out."""
    if forecast is None or forecast.state is not Forecast.State.DONE:
        return {}
    return {start.value: counts(forecast, start).get(State.PLANNED.value, 0) for start in (Start.CURRENT, Start.ALL)}
