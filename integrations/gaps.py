"""Which of a connection's settings keep positions that are here now from being sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from integrations.models import Integration
from integrations.planning.translate import active_fields, empty
from integrations.scope import scope_of
from integrations.sdk.declaration import Model, System
from integrations.sdk.declared_field import Field
from integrations.sdk.fields import BY_KEY
from integrations.supported import our_word
from positions.employer import current_and_upcoming
from positions.models import Position

# What goes along from the employee where the position has none of its own.
_ALONG = {"department": Q(employee__department=None), "manager": Q(employee__manager=None)}
_TEXTS = {f.name for f in Position._meta.concrete_fields if not f.null and f.get_internal_type() == "CharField"}


@dataclass(frozen=True, slots=True)
class Gap:
    """Positions that are not sent until a setting is filled in: those whose `field` is one of `codes` (None: empty),
    and that have a value in `having` ("": all of them)."""

    sentence: str
    field: str
    codes: tuple[str, ...] | None = None
    having: str = ""


def gaps(system: System, settings: Mapping[str, Any]) -> list[Gap]:
    """For which positions nothing would be sent, and which setting would change that. `settings` are cleaned."""
    return [gap for declared in active_fields(system, settings) for gap in _gaps(declared, settings)]


def _gaps(declared: Field, settings: Mapping[str, Any]) -> Iterator[Gap]:
    label = BY_KEY[declared.ours].label.lower()
    default = declared.default_setting
    if default is not None and empty(settings.get(default.name)):
        ended = f" that have {_a(BY_KEY[declared.required_with].label.lower())}" if declared.required_with else ""
        if declared.required or declared.required_with:
            yield Gap(
                f"Positions{ended} without {_a(label)} are not sent until “{default.label}” is filled in.",
                declared.ours,
                having=declared.required_with,
            )
    table = declared.table
    if declared.codes is not None and table is not None:
        rows = settings.get(table.name)
        given = rows if isinstance(rows, Mapping) else {}
        without = tuple(ours for ours, theirs in declared.codes.items() if empty(theirs) and empty(given.get(ours)))
        if without:
            words = [our_word(declared.ours, code) for code in without]
            yield Gap(
                f"Positions with {label} {_either(words)} are not sent until a counterpart is chosen under "
                f"“{table.label}”.",
                declared.ours,
                without,
            )


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def gaps_here(integration: Integration) -> list[tuple[Gap, int]]:
    """Each gap with the number of positions that it keeps back today: current and upcoming ones that the connection
    takes (only the current ones in a system that knows no others). A gap that keeps nothing back is none."""
    found = gaps(integration.system, integration.cleaned_settings())
    if not found:
        return []
    today = integration.organization.today()
    rows = Position.objects.filter(
        scope_of(integration.pk).positions(),
        current_and_upcoming(today),
        employee__organization=integration.organization_id,
    )
    if integration.system.model is Model.FLAT:
        rows = rows.filter(start_date__lte=today)
    numbers = rows.aggregate(**{f"gap{n}": Count("pk", filter=_kept_back(gap)) for n, gap in enumerate(found)})
    return [(gap, number) for gap, number in zip(found, numbers.values(), strict=True) if number]


def _kept_back(gap: Gap) -> Q:
    which = Q(**{f"{gap.field}__in": gap.codes}) if gap.codes is not None else _without(gap.field)
    return which & ~_without(gap.having) if gap.having else which


def _without(field: str) -> Q:
    if field == "manager":
        return _ALONG[field]
    nothing = Q(**{field: ""}) if field in _TEXTS else Q(**{field: None})
    return nothing & _ALONG.get(field, Q())
