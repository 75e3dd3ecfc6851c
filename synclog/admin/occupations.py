"""Which connections' lists of occupation codes a position's form offers, and what they say of a code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.runtime import occupations
from integrations.scope import scopes_of
from integrations.sdk.settings import value_of
from positions import roles
from positions.admin.hints import Hint

_OFFERED = 20


def offered(request: HttpRequest, employee: int | None, company: int | None, text: str) -> list[tuple[str, str]]:
    """(code, title) of connections that are on, of organizations where this person may save positions: of the
    employee's alone where one is given, and of those that take the company."""
    ids = roles.organization_ids(request.user, "edit")
    found = roles.limited(Integration.objects.filter(send_positions=True), ids)
    if employee is not None:
        found = found.filter(organization__employees=employee)
    keys = [
        pk
        for pk, scope in scopes_of(found.values_list("pk", flat=True)).items()
        if company is None or scope.takes_company(company)
    ]
    return occupations.search(keys, text, _OFFERED)


def hints(taking: Sequence[Integration], code: str) -> Iterator[Hint]:
    """What the code is called, and who does not have it. One that a connection translates is not looked for there."""
    if not code:
        return
    asked = {i.pk: i for i in taking if i.system.occupations and not _translated(i, code)}
    known = occupations.known(asked, code)
    title = next((title for title in known.values() if title), None)
    if title:
        yield Hint(f"{code}: {title}")
    without = [asked[pk].name for pk, title in known.items() if title is None]
    if without:
        yield Hint(_("Not among the occupation codes of %(systems)s.") % {"systems": ", ".join(without)}, True)


def _translated(integration: Integration, code: str) -> bool:
    table = integration.system.field("occupation_code").table
    rows = value_of(table, integration.cleaned_settings()) if table else None
    return isinstance(rows, dict) and bool(rows.get(code))
