"""What keeps positions that are here now from being sent: a setting of the connection, or a field that they lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.planning.translate import active_fields, empty
from integrations.scope import scope_of
from integrations.sdk.declaration import Model, System
from integrations.sdk.declared_field import Field
from integrations.sdk.fields import BY_KEY
from integrations.sdk.wording import either, say
from integrations.supported import our_word
from positions.employer import current_and_upcoming
from positions.models import Position

# What goes along from the employee where the position has none of its own.
_ALONG = {"department": Q(employee__department=None), "manager": Q(employee__manager=None)}
_TEXTS = {f.name for f in Position._meta.concrete_fields if not f.null and f.get_internal_type() == "CharField"}


@dataclass(frozen=True, slots=True)
class Gap:
    """Positions that are not sent until `setting` is filled in ("": until they have the field): those whose `field` is
    one of `codes` (None: empty), and that have a value in `having` ("": all of them)."""

    sentence: str
    field: str
    codes: tuple[str, ...] | None = None
    having: str = ""
    setting: str = ""

    @property
    def key(self) -> str:
        """Names it among those of its connection, in an address."""
        return f"{self.field}.{self.setting}"

    def positions(self) -> Q:
        """Those, as a condition."""
        which = Q(**{f"{self.field}__in": self.codes}) if self.codes is not None else _without(self.field)
        return which & ~_without(self.having) if self.having else which


def gaps(system: System, settings: Mapping[str, Any]) -> list[Gap]:
    """For which positions nothing would be sent, and which setting would change that. `settings` are cleaned."""
    return [gap for declared in active_fields(system, settings) for gap in _gaps(declared, settings)]


def _gaps(declared: Field, settings: Mapping[str, Any]) -> Iterator[Gap]:
    default = declared.default_setting
    needed = declared.required or declared.required_with
    if default is not None and empty(settings.get(default.name)) and needed:
        sentence = (
            _("Positions that have {other} without {field} are not sent until “{setting}” is filled in.")
            if declared.required_with
            else _("Positions without {field} are not sent until “{setting}” is filled in.")
        )
        yield Gap(
            sentence.format(**_said(declared), setting=say(default.label)),
            declared.ours,
            having=declared.required_with,
            setting=default.name,
        )
    table = declared.table
    if declared.codes is not None and table is not None:
        rows = settings.get(table.name)
        given = rows if isinstance(rows, Mapping) else {}
        without = tuple(ours for ours, theirs in declared.codes.items() if empty(theirs) and empty(given.get(ours)))
        if without:
            sentence = _("Positions with {field} {codes} are not sent until a counterpart is chosen under “{setting}”.")
            yield Gap(
                sentence.format(
                    field=say(BY_KEY[declared.ours].label).lower(),
                    codes=either(our_word(declared.ours, code) for code in without),
                    setting=say(table.label),
                ),
                declared.ours,
                without,
                setting=table.name,
            )


def lacking(system: System, settings: Mapping[str, Any]) -> list[Gap]:
    """Of positions that lack a field which the system needs and no setting can stand in for. What is needed of some
    records only, by values of theirs, is not among them."""
    return [
        Gap(
            (
                _("Positions that have {other} without {field} are not sent until they have one.")
                if declared.required_with
                else _("Positions without {field} are not sent until they have one.")
            ).format(**_said(declared)),
            declared.ours,
            having=declared.required_with,
        )
        for declared in active_fields(system, settings)
        if (declared.required or declared.required_with)
        and declared.default_setting is None
        and declared.absent_while is None
    ]


def _said(declared: Field) -> dict[str, str]:
    other = BY_KEY.get(declared.required_with)
    return {"field": say(BY_KEY[declared.ours].one), "other": say(other.one) if other else ""}


def gaps_here(integration: Integration) -> list[tuple[Gap, int]]:
    """Each gap with the number of positions that it keeps back today. One that keeps nothing back is none."""
    found = gaps_of(integration)
    if not found:
        return []
    counts = {f"gap{n}": Count("pk", filter=gap.positions()) for n, gap in enumerate(found)}
    numbers = positions_here(integration).order_by().aggregate(**counts)
    return [(gap, number) for gap, number in zip(found, numbers.values(), strict=True) if number]


def gaps_of(integration: Integration) -> list[Gap]:
    """Whether or not it keeps anything back."""
    settings = integration.cleaned_settings()
    return [*gaps(integration.system, settings), *lacking(integration.system, settings)]


def any_of(found: Sequence[Gap]) -> Q:
    """The positions that one of these keeps back, as a condition."""
    return reduce(or_, (gap.positions() for gap in found), Q(pk__in=[]))


def positions_here(integration: Integration) -> QuerySet[Position]:
    """The positions that would be sent today: current and upcoming ones that the connection takes (only the current
    ones in a system that knows no others)."""
    today = integration.organization.today()
    rows = Position.objects.filter(
        scope_of(integration.pk).positions(),
        current_and_upcoming(today),
        employee__organization=integration.organization_id,
    )
    return rows.filter(start_date__lte=today) if integration.system.model is Model.FLAT else rows


def _without(field: str) -> Q:
    if field == "manager":
        return _ALONG[field]
    nothing = Q(**{field: ""}) if field in _TEXTS else Q(**{field: None})
    return nothing & _ALONG.get(field, Q())
