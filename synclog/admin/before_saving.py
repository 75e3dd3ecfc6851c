"""On the form of a position, before it is saved: what the connected systems need of it, and what they would refuse."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from integrations.models import Integration, PeriodLink
from integrations.planning.required import Need, needs
from integrations.planning.rules import changed_although_locked
from integrations.planning.translate import translate
from integrations.runtime import mapping
from integrations.sdk import values
from integrations.sdk.declaration import Model
from integrations.sdk.fields import BY_KEY
from integrations.sdk.values import Problem
from integrations.sdk.wording import say
from positions.admin.hints import Hint, Hints
from positions.models import Position
from synclog.admin import occupations
from synclog.log.states import Connections, connections_of


def hints_of(position: Position) -> Hints:
    """Of a position as it would be saved, with its employee: no system is asked. A fixed number of queries."""
    connections = connections_of(position.employee.organization)
    sending = [i for i in connections.integrations if i.send_positions]
    taking = [i for i in sending if connections.takes(i, position)]
    company = [Hint(sentence, True) for sentence in without_company(sending, connections, position)]
    if not taking:
        return Hints({"company": company})
    typed = copy.copy(position)
    typed.pk = None  # of what was typed, whatever is stored for other days
    today = position.employee.organization.today()
    wanted = mapping.position(typed, position.employee, today)
    links = links_of(position)
    needed: defaultdict[tuple[str, bool, str, str], list[str]] = defaultdict(list)
    said: defaultdict[str, list[str]] = defaultdict(list)
    refusing = []
    for integration in taking:
        if is_over(integration, wanted, today):
            continue
        problems = problems_of(integration, wanted, links.get(integration.pk))
        refusing += [integration.name] if problems else []
        missing = set()
        for need in needs(integration.system, wanted, integration.cleaned_settings()):
            needed[need.field, need.missing, need.because, need.of].append(integration.name)
            missing |= {need.field} if need.missing else set()
        for problem in problems:
            if problem.field not in missing:
                whose = "" if integration.name == integration.system.name else f"{integration.name}: "
                said[problem.field].append(f"{whose}{problem.message}")
    fields: defaultdict[str, list[Hint]] = defaultdict(list, company=company)
    for (key, missing_here, because, of), names in needed.items():
        if key in said and not missing_here:
            continue  # what is wrong with it says more
        fields[key].append(Hint(_words(Need(key, missing_here, because, of), names), missing_here))
    fields["occupation_code"] += occupations.hints(taking, position.occupation_code)
    for key, sentences in said.items():
        fields[key] += [Hint(sentence, True) for sentence in dict.fromkeys(sentences)]
    return Hints(fields, list(_above(refusing, fields)))


def _words(need: Need, names: Sequence[str]) -> str:
    given: dict[str, Any] = {"systems": _listed(names)}
    if need.because:
        said = _("Needed by %(systems)s because %(field)s is filled in.")
        return said % {**given, "field": say(BY_KEY[need.because].label).lower()}
    if need.of:
        return _("Needed by %(systems)s for %(what)s.") % {**given, "what": say(need.of)}
    return _("Needed by %(systems)s.") % given


def _above(refusing: Sequence[str], fields: Mapping[str, Sequence[Hint]]) -> Iterable[str]:
    if not refusing:
        return
    said = _("Not taken like this by %(systems)s: see what is marked below. You can save all the same.")
    yield said % {"systems": _listed(refusing)}
    for key, hints in fields.items():
        if BY_KEY[key].of == "employee" if key in BY_KEY else not key:
            label = _("%(field)s, on the employee’s page: ") % {"field": say(BY_KEY[key].label)} if key else ""
            yield from (f"{label}{hint.words}" for hint in hints if hint.heed)


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


# -- what a connection would refuse: before a save, and after it (panels.py)


def links_of(position: Position) -> dict[int, PeriodLink]:
    """By connection."""
    rows = PeriodLink.objects.filter(position_key=position.pk) if position.pk else ()
    return {link.integration_id: link for link in rows}


def without_company(sending: Sequence[Integration], connections: Connections, position: Position) -> Iterable[str]:
    """Where a position goes nowhere for want of a company: the connections are named."""
    left_out = [i.name for i in sending if not connections.takes(i, position)]
    if position.company_id is None and left_out:
        said = _("Without a company it is not sent to %(systems)s. Choose its company; it is sent when you save.")
        yield said % {"systems": _listed(left_out)}


def is_over(integration: Integration, wanted: values.Position, today: date) -> bool:
    """Whether a system that takes the current position only is past this one."""
    return integration.system.model is Model.FLAT and wanted.end is not None and wanted.end < today


def problems_of(integration: Integration, wanted: values.Position, link: PeriodLink | None) -> list[Problem]:
    """Why nothing of it would be written, as far as that can be said without asking there."""
    system, settings = integration.system, integration.cleaned_settings()
    translation = translate(system, wanted, settings)
    problems = list(translation.problems)
    if translation.wanted is not None and link is not None:
        problems += changed_although_locked(system, settings, mapping.from_json(link.values), translation.wanted)
    return problems
