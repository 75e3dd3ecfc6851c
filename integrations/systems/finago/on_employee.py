"""What Finago keeps on the employee, and a connection may send besides: title, department, cost centre, first day of
work, how is paid and weekly hours. There is one of each for all employments and all time, so that only the position
that counts today says them (`leads`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sdk import Foreign, number_of, sure_date, text_of
from integrations.systems.finago.declaration import SYSTEM

Record = Mapping[str, Any]

DIMENSIONS = {"department": "department_dimension", "cost_centre": "cost_centre_dimension"}
# Our field -> its name there, and the name of the day from which it counts.
PLAIN = {
    "first_day_of_work": ("employee_date", ""),
    "remuneration_type": ("salary_type", "salary_valid_from"),
    "weekly_hours": ("hours_per_week", "hours_per_week_valid_from"),
}
KEYS = ("title", *DIMENSIONS, *PLAIN)
DATED = {key for key, (_, since) in PLAIN.items() if since}


def sent(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Which of these fields a connection with these settings sends."""
    return tuple(key for key in KEYS if SYSTEM.field(key).sent(settings))


def custom_field(settings: Mapping[str, Any]) -> str:
    """The name of the employee's own field that is chosen for titles."""
    return f"employee_field_{settings.get('title_field')}"


def leads(row: Mapping[str, str], rows: Iterable[Mapping[str, str]], today: date) -> bool:
    """Whether an employment is the one that counts today: the primary one, else the one that began last. `rows`: all
    of the employee's that were not cancelled, this one among them."""
    day = today.isoformat()
    counting = [r for r in rows if r.get("startdate", "") <= day and (not r.get("enddate") or r["enddate"] >= day)]
    first = max(counting, key=lambda r: (r.get("primary_employment") == "1", r.get("startdate", "")), default=None)
    return first is not None and first is row


def values_of(record: Record, settings: Mapping[str, Any]) -> dict[str, Any]:
    """An employee's record in our fields; what does not come along is left out."""
    found: dict[str, Any] = {}
    for key in sent(settings):
        if key == "title" and custom_field(settings) in record:
            found[key] = text_of(record[custom_field(settings)])
        elif key in DIMENSIONS and isinstance(record.get("accounting"), list):
            found[key] = _value_in(record["accounting"], str(settings.get(DIMENSIONS[key])))
        elif key in PLAIN and PLAIN[key][0] in record:
            held = record[PLAIN[key][0]]
            read = {"first_day_of_work": sure_date, "weekly_hours": _number}.get(key, text_of)
            found[key] = read(held)
    return found


def _number(value: Any) -> Decimal | None:
    return number_of(value, comma=True)


def _value_in(rows: Sequence[Any], dimension: str) -> str | None:
    """The value of one dimension that all of an employee's cost is booked on; a division that somebody made among
    several is no word of ours."""
    shares = [(str(row.get("percentage") or ""), _in_row(row, dimension)) for row in rows if isinstance(row, dict)]
    values = {value for _, value in shares}
    if len(values) <= 1:
        return next(iter(values), None)
    return Foreign(", ".join(f"{share} % {value or '–'}" for share, value in shares))


def _in_row(row: Record, dimension: str) -> str | None:
    held = (d for d in row.get("dimensions") or () if str(d.get("dimid")) == dimension)
    return next((text_of(d.get("value")) for d in held), None)


def body_of(
    record: Record, values: Mapping[str, Any], days: Mapping[str, date], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole record with these values of ours in it, each from its day: whether Finago keeps what is left out,
    nobody says."""
    body = dict(record)
    for key, value in values.items():
        if key == "title":
            body[custom_field(settings)] = value or ""
        elif key in DIMENSIONS:
            body["accounting"] = _booked(body.get("accounting") or [], str(settings[DIMENSIONS[key]]), value)
        elif value is not None:
            name, since = PLAIN[key]
            body[name] = f"{value:.2f}" if isinstance(value, Decimal) else str(value)
            if key in days:
                body[since] = days[key].isoformat()
    return body


def _booked(rows: Sequence[Record], dimension: str, value: str | None) -> list[dict[str, Any]]:
    """The division of an employee's cost with this value in all its parts; None takes the dimension out of them. A part
    of several stays a part, with its share, when nothing else was in it."""
    booked = []
    for row in rows or [{"percentage": "100.00", "dimensions": []}]:
        others = [d for d in row.get("dimensions") or () if str(d.get("dimid")) != dimension]
        ours = [{"dimid": dimension, "value": value}] if value else []
        if others or ours or len(rows) > 1:
            booked.append({**row, "dimensions": [*others, *ours]})
    return booked
