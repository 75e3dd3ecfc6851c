"""What is remembered of one record is what it holds: whatever HR and a clerk have done to it, a position is in sync
exactly when every field that is sent stands there as here, and the words of the run say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.planning import texts
from integrations.planning.agreement import Agreement, Written, agreement
from integrations.planning.flat import plan_flat
from integrations.planning.flat_case import Case, LastSent, Standing, as_ended, keys_of_dates
from integrations.planning.planner import Action, Plan, Rules, Sent
from integrations.planning.translate import empty, same, translate
from integrations.sdk.declaration import Model, System
from integrations.sdk.declared_field import When
from integrations.sdk.periods import after_a_gap, employed_since
from integrations.sdk.values import Position, Remote, Wanted
from tests.integrations.systems import made_up
from tests.integrations.test_flat import EXAMPLES
from tests.integrations.test_planner import day

KINDS: Mapping[str, Mapping[str, Any]] = {
    "start_date": {"when": When.ON_CREATE, "corrected": True},
    "end_reason": {"clearable": False},
}


def system(*, whole: bool) -> System:
    """`whole`: its first day is the one of the whole employment."""
    kinds = {**KINDS, "start_date": {**KINDS["start_date"], "of_employment": whole}}
    return made_up(Model.FLAT, fields=tuple(replace(f, **kinds.get(f.ours, {})) for f in made_up().fields))


@dataclass
class Payroll:
    """One record there, what is kept of it here, and the newest plan."""

    system: System
    record: dict[str, Any] | None = None
    number: int = 0
    last: LastSent | None = None
    plan: Plan = field(default_factory=Plan)

    @property
    def remote(self) -> Remote | None:
        if self.record is None:
            return None
        return Remote(f"e{self.number}", self.record, renews_from=after_a_gap(self.record["end_date"]))

    def run(self, here: list[Position], today: int) -> tuple[Case, Wanted] | None:
        """The target and what it is to say, where it is remembered."""
        touched = frozenset(p.id for p in here)
        case = Case(self.system, {}, here, touched, self.last, Rules(), day(today))
        if case.target is None:
            return None
        wanted = translate(self.system, case.target, {}).wanted
        assert wanted is not None
        wanted = replace(wanted, employed_since=employed_since(case.target, here))
        wanted = as_ended(self.system, {}, wanted) if case.standing is Standing.OVER else wanted
        self.plan = plan_flat(case, wanted, self.remote)
        for step in self.plan.steps:
            before = {} if step.action is Action.CREATE or self.record is None else self.record
            self.number += step.action is Action.CREATE
            everything = dict.fromkeys(f.ours for f in self.system.fields if f.supported)
            self.record = {**everything, **before, **{k: c.new for k, c in step.changes.items()}}
            self.last = LastSent(step.position_id, Sent(f"e{self.number}", step.holds, found=step.found))
            return case, wanted
        skip = self.plan.skips.get(wanted.position_id)
        if skip is None or not skip.remote_id:
            return None
        self.last = LastSent(wanted.position_id, Sent(skip.remote_id, skip.holds, found=skip.found))
        return case, wanted

    def agrees(self, case: Case, *, just_now: bool, left: Mapping[str, Any]) -> Agreement:
        assert self.last is not None
        written = Written(self.last.position_id, self.last.sent, left)
        return agreement(self.system, {}, case.positions, written, case.today, just_now=just_now)

    def differs(self, case: Case, wanted: Wanted, said: Mapping[str, Any]) -> set[str]:
        """What is sent and does not stand there as here. A first day that is another position's of the same employment
        does, where the system takes each position's own; what is empty here and was not `said` before is not sent."""
        assert self.record is not None
        sent = {f.ours for f in case.fields}
        if case.standing in (Standing.OVER, Standing.UPCOMING):
            sent &= keys_of_dates(self.system, {}, upcoming=case.standing is Standing.UPCOMING)
        days = {wanted.start}
        if not self.system.field("start_date").of_employment and wanted.employed_since:
            days |= {p.start for p in case.positions if wanted.employed_since <= p.start <= wanted.start}
        found = {k for k in sent if not same(self.record[k], wanted.values.get(k))}
        owned = {f.ours for f in case.fields if f.owned}
        found -= {k for k in found - owned if empty(wanted.values.get(k)) and empty(said.get(k))}
        return found - {"start_date"} if self.record["start_date"] in days else found


VALUES = {
    "title": st.sampled_from(["Baker", "Cook"]),
    "percentage": st.sampled_from([Decimal(40), Decimal(60), Decimal(100)]),
    "occupation_code": st.sampled_from(["", "1", "2"]),
    "contract_type": st.sampled_from(["", "permanent"]),
    "cost_centre": st.sampled_from(["", "10", "20"]),
}
CLERKS = {
    **VALUES,
    "contract_type": st.sampled_from([None, "P", "T"]),
    "start_date": st.integers(0, 20).map(day),
    "end_reason": st.sampled_from([None, "OWN", "FIRED"]),
}


@st.composite
def positions(draw: st.DrawFn) -> list[Position]:
    here = []
    for number in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, 16))
        end = draw(st.none() | st.integers(start, 24))
        values = {key: draw(given) for key, given in VALUES.items()}
        reason = {"end_reason": "resigned"} if end is not None else {}
        given_values = {k: v for k, v in {**values, **reason}.items() if v != ""}
        here.append(Position(str(number), day(start), day(end) if end is not None else None, given_values))
    return here


@pytest.mark.parametrize("whole", [True, False])
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_in_sync_is_what_stands_there_as_here(whole: bool, data: st.DataObject) -> None:
    payroll = Payroll(system(whole=whole))
    if data.draw(st.booleans(), "in payroll before"):
        payroll.record = dict.fromkeys(f.ours for f in payroll.system.fields if f.supported)
    for _ in range(data.draw(st.integers(1, 4), "runs")):
        if payroll.record is not None:
            edits = data.draw(st.fixed_dictionaries({}, optional=CLERKS), "a clerk")
            payroll.record |= edits
        said = payroll.last.sent.there if payroll.last else {}
        found = payroll.run(data.draw(positions(), "here"), data.draw(st.integers(8, 22), "today"))
        if found is None:
            continue
        case, wanted = found
        differs = payroll.differs(case, wanted, said)
        now = payroll.agrees(case, just_now=True, left={})
        assert (set(now.left), now.stale) == (differs, False)
        assert payroll.agrees(case, just_now=False, left=now.left) == now, "looked at again, it says the same"
        skip = payroll.plan.skips.get(wanted.position_id)
        if skip is not None:
            assert (skip.said[0].text is texts.AGREES) == (not differs), skip.message
