"""The first day of the unbroken employment, where a system keeps it with each record: it is written once, when a record
is made, so that a person is to know when the period of an earlier position changes it. Pure, as `planner`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from integrations.planning import texts
from integrations.planning.planner import Action, Plan, Step
from integrations.sdk.declaration import System
from integrations.sdk.values import Remote, Warning


def telling(system: System, plan: Plan, remotes: Sequence[Remote], firsts: Mapping[str, date]) -> Plan:
    """The plan, which tells with the first of its steps that changes a period where another day stands than it leads
    to. `firsts`: by the records of the positions here, the first day of the employment that each goes on with."""
    changing = next((step for step in plan.steps if _changes_a_period(step)), None)
    if changing is None:
        return plan
    told = tuple(_told(system, plan.steps, remotes, firsts))
    steps = (replace(s, warnings=(*s.warnings, *told)) if s is changing else s for s in plan.steps)
    return replace(plan, steps=tuple(steps))


def _changes_a_period(step: Step) -> bool:
    return step.action is Action.DELETE or bool(step.remote and {"start_date", "end_date"} & step.changes.keys())


def _told(
    system: System, steps: Sequence[Step], remotes: Sequence[Remote], firsts: Mapping[str, date]
) -> Iterator[Warning]:
    written = {step.remote.id: step for step in steps if step.remote is not None}
    ours = [r.start for r in remotes if r.start and (r.id in firsts or r.id in written)]
    for remote in remotes:
        step, first, there = written.get(remote.id), firsts.get(remote.id), remote.employed_since
        if first is None or there is None or (step is not None and step.wanted is None):
            continue
        start = step.wanted.start if step and step.wanted else remote.start
        there = start if there == remote.start else there
        # A day before all that is known here was entered by somebody who knows of years before HR's first.
        if there is not None and there != first and there >= min(ours):
            yield Warning(texts.EMPLOYED_SINCE_STAYS(system=system.name, start=start, there=there, first=first))
