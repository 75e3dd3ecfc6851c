"""A measured figure, and how figures are printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass
class Figure:
    """`target` is an upper bound, or a lower one with `at_least`. `plain` is the same of the plain pattern."""

    scenario: str
    name: str
    value: float
    unit: str = ""
    target: float | None = None
    at_least: bool = False
    plain: float | None = None
    ratio: float | None = None  # how many times better than the plain pattern, where that is meant

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed."""
    found = sorted(values)
    return found[max(0, math.ceil(len(found) * percent / 100) - 1)]


def table(figures: Iterable[Figure]) -> str:
    rows = [("scenario", "figure", "measured", "plain pattern", "ratio", "target", "")]
    for f in figures:
        bound = "" if f.target is None else f"{'>=' if f.at_least else '<='} {shown(f.target, f.unit)}"
        rows.append(
            (
                f.scenario,
                f.name,
                shown(f.value, f.unit),
                "" if f.plain is None else shown(f.plain, f.unit),
                "" if f.ratio is None else f"{f.ratio:.1f}x",
                bound,
                {None: "", True: "met", False: "MISSED"}[f.met],
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def shown(value: float, unit: str) -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"
    return f"{text} {unit}".rstrip()
