"""A details row of an employment, which holds its terms from a date on, in our fields and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from integrations.sdk import DataRefusedError, Timeline, number_of
from integrations.systems.tripletex import texts
from integrations.systems.tripletex.declaration import FREELANCE, FREELANCER

NOT_CHOSEN = "NOT_CHOSEN"
ROW_FIELDS = {
    "remuneration_type": "remunerationType",
    "percentage": "percentageOfFullTimeEquivalent",
    "working_hours_scheme": "workingHoursScheme",
}
TERMS = ("contract_type", "occupation_code", *ROW_FIELDS)
_REPEATED = (
    *("employmentType", "employmentForm", "remunerationType", "workingHoursScheme", "shiftDurationHours"),
    *("percentageOfFullTimeEquivalent", "maritimeEmployment"),
)


def in_force(
    rows: Sequence[Mapping[str, Any]], date_name: str, day: date, *, or_first: bool = True
) -> Mapping[str, Any] | None:
    """The latest dated row on or before the day; failing that, the first of all."""
    ordered = sorted(rows, key=lambda row: str(row[date_name]))
    begun = [row for row in ordered if str(row[date_name]) <= day.isoformat()]
    if begun:
        return begun[-1]
    return ordered[0] if ordered and or_first else None


def terms_of(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """A details row in our fields, in the same form as `Field`s give them; never anything of its wages. What the row
    does not show is left out; without a row there is nothing."""
    if row is None:
        return dict.fromkeys(TERMS)
    terms: dict[str, Any] = {key: chosen(row[name]) for key, name in ROW_FIELDS.items() if name in row}
    if "percentage" in terms:
        terms["percentage"] = number_of(row[ROW_FIELDS["percentage"]])
    if {"employmentType", "employmentForm"} <= set(row):
        kind, form = row["employmentType"], row["employmentForm"]
        # Another kind than those two is nothing that a form says, nor anything that we know.
        terms["contract_type"] = chosen(form if kind in ("ORDINARY", "MARITIME") else kind)
    if "occupationCode" in row:
        code = row["occupationCode"]
        if not code or "code" in code:
            terms["occupation_code"] = (code or {}).get("code") or None
    if FREELANCER.applies(terms) and terms.get("percentage") == 0:
        terms["percentage"] = None
    return terms


def rows_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Timeline]:
    """The terms by day, of those that every row shows."""
    ordered = sorted(rows, key=lambda row: str(row["date"]))
    by_day = [(date.fromisoformat(str(row["date"])[:10]), terms_of(row)) for row in ordered]
    shown = set(TERMS).intersection(*(terms for _, terms in by_day)) if by_day else ()
    return {key: [(day, terms[key]) for day, terms in by_day] for key in shown}


def employment_form(code: str, row: Mapping[str, Any]) -> dict[str, str]:
    if code == FREELANCE:
        return {"employmentType": FREELANCE, "employmentForm": NOT_CHOSEN}
    kind = "MARITIME" if row.get("employmentType") == "MARITIME" else "ORDINARY"
    return {"employmentType": kind, "employmentForm": code}


def taken_over(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a new row must repeat of the row before it: whatever is left out counts as not chosen, and a wage left
    out would be no wage. The hourly wage follows from the annual salary, so that only one of them is repeated."""
    if "annualSalary" not in row or "hourlyWage" not in row:
        raise DataRefusedError(texts.WAGE_HIDDEN())
    kept = {name: row[name] for name in _REPEATED if row.get(name) is not None}
    if "maritimeEmployment" in kept:
        kept["maritimeEmployment"] = {k: v for k, v in kept["maritimeEmployment"].items() if v is not None}
    for name in ("occupationCode", "payrollTaxMunicipalityId"):
        if row.get(name):
            kept[name] = {"id": row[name]["id"]}
    wages = ["annualSalary", "hourlyWage"]
    if row.get("remunerationType") == "HOURLY_WAGE":
        wages.reverse()
    wage = next((name for name in wages if row[name]), None)
    return {**kept, wage: row[wage]} if wage else kept


def chosen(value: Any) -> str | None:
    return None if value in (None, "", NOT_CHOSEN) else str(value)
