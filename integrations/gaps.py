"""Which of a connection's settings keep positions that are here now from being sent."""

from __future__ import annotations

from django.db.models import Count, Q

from integrations.connectors.system import Model
from integrations.models import Integration
from integrations.scope import scope_of
from integrations.settings_form import Gap, gaps
from positions.employer import current_and_upcoming
from positions.models import Position

# What goes along from the employee where the position has none of its own.
_ALONG = {"department": Q(employee__department=None), "manager": Q(employee__manager=None)}
_TEXTS = {f.name for f in Position._meta.concrete_fields if not f.null and f.get_internal_type() == "CharField"}


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
    empty = Q(**{field: ""}) if field in _TEXTS else Q(**{field: None})
    return empty & _ALONG.get(field, Q())
