"""Which positions a connection takes. Every path that records, plans, previews or shows one asks here.

An employment is with an employer: a connection that is limited to companies takes the positions of those companies,
whatever the employee's own company is. What it was sent and does not take any more has *left its scope*: it is treated
there as a position that was deleted here (`Work.outside`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.db.models.signals import m2m_changed

from integrations.models import Integration, IntegrationCompany, PeriodLink
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Message, Text
from positions.models import Company, Position


@dataclass(frozen=True, slots=True)
class Scope:
    """One connection's. Not for everybody and without companies: it takes nothing."""

    everybody: bool
    companies: frozenset[int] = frozenset()

    def takes(self, position: Position) -> bool:
        return self.takes_company(position.company_id)

    def takes_company(self, company: int | None) -> bool:
        return self.everybody or company in self.companies

    def positions(self) -> Q:
        """The same as a condition on positions."""
        return Q() if self.everybody else Q(company__in=self.companies)


NOTHING = Scope(everybody=False)


def scope_of(integration: int) -> Scope:
    """As it is in the database now, in one query; nothing for a connection that is gone."""
    return scopes_of([integration]).get(integration, NOTHING)


def scopes_of(integrations: Iterable[int]) -> dict[int, Scope]:
    """Of several, by id, in one query."""
    rows = Integration.objects.filter(pk__in=integrations).order_by()
    return scopes_from(rows.values_list("pk", "everybody", "companies"))


def scopes_from(rows: Iterable[tuple[int, bool, int | None]]) -> dict[int, Scope]:
    """From rows of (integration, everybody, company): one for each company, or one with None."""
    everybody: dict[int, bool] = {}
    companies: defaultdict[int, set[int]] = defaultdict(set)
    for pk, for_everybody, company in rows:
        everybody[pk] = for_everybody
        if company is not None:
            companies[pk].add(company)
    return {pk: Scope(to_all, frozenset(companies[pk])) for pk, to_all in everybody.items()}


def left_behind(integration: int) -> int:
    """How many positions were sent that the connection does not take any more."""
    scope = scope_of(integration)
    if scope.everybody:
        return 0
    sent = PeriodLink.objects.filter(integration=integration).values("position_key")
    return Position.objects.filter(pk__in=sent).exclude(scope.positions()).count()


# -- in words


NOT_TAKEN = Text("scope.not_taken", _("This position {belongs}; {connection} {takes}."))
# These stand in the one above.
WITH_COMPANY = Text("scope.with_company", _("is with {company}"))
WITHOUT_COMPANY = Text("scope.without_company", _("has no company"))
TAKES_ONLY = Text("scope.takes_only", _("takes only positions with {companies:or}"))
TAKES_NONE = Text("scope.takes_none", _("takes none: no company is chosen for it"))


def why_not_taken(name: str, position: Position, companies: Iterable[str]) -> Message:
    """Why the connection of this name does not take the position. `companies`: those that it is limited to."""
    company, only = position.company, tuple(sorted(companies))
    return NOT_TAKEN(
        belongs=WITH_COMPANY(company=company.name) if company else WITHOUT_COMPANY(),
        connection=name,
        takes=TAKES_ONLY(companies=only) if only else TAKES_NONE(),
    )


def not_taken(name: str, position: Position, companies: Iterable[str]) -> str:
    """The same in words, for a page."""
    return str(why_not_taken(name, position, companies))


def company_names(integrations: Iterable[Integration]) -> Mapping[int, list[str]]:
    """The names of the companies that each is limited to, in one query."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    rows = IntegrationCompany.objects.filter(integration__in=integrations)
    for integration, name in rows.values_list("integration_id", "company__name").order_by("company__name"):
        found[integration].append(name)
    return found


# -- kept true


def connect() -> None:
    m2m_changed.connect(_companies_added, IntegrationCompany, dispatch_uid="integrations.scope")


def _companies_added(sender: Any, instance: Any, action: str, pk_set: Any, **kwargs: Any) -> None:
    """Whoever gives a connection companies limits it to them, in code as in the form. The last one taken away does not
    open it to everybody: that is a choice of its own."""
    if action != "post_add" or not pk_set:
        return
    integrations = pk_set if isinstance(instance, Company) else {instance.pk}
    Integration.objects.filter(pk__in=integrations).update(everybody=False)
    if isinstance(instance, Integration):
        instance.everybody = False
