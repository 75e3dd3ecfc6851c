"""Other settings than those with which a position was sent, in every system: what would be sent otherwise is *changed
since it was sent*, and sending it makes it agree or says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Integration
from integrations.planning.agreement import Agreement, Written, agreement
from integrations.planning.other_settings import Otherwise, Told, otherwise
from integrations.planning.placed import written_as
from integrations.planning.planner import Sent, written_at_first
from integrations.planning.translate import translate
from integrations.sandboxes.server import Tenants
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.settings import Kind, Setting
from integrations.sdk.values import Company, Department, Manager, Position
from integrations.systems.registry import connector_for
from tests.systems.crona_lon.test_connector import TestCronaLon as Crona
from tests.systems.entra_id.test_connector import TestEntraId as Entra
from tests.systems.finago.test_connector import TestFinago as Finago
from tests.systems.fortnox.test_connector import TestFortnox as Fortnox
from tests.systems.kit import Behaviour, Rig
from tests.systems.netvisor.test_connector import TestNetvisor as Netvisor
from tests.systems.poweroffice_go.test_connector import TestPowerOfficeGo as PowerOffice
from tests.systems.tripletex.test_connector import TestTripletex as Tripletex
from tests.systems.unimicro.test_connector import TestUnimicro as Unimicro
from tests.systems.visma_net_payroll.test_connector import TestVismaNetPayroll as Visma
from tests.systems.xledger.test_connector import TestXledger as Xledger

SYSTEMS: tuple[type[Behaviour], ...] = (
    Crona, Entra, Finago, Fortnox, Netvisor, PowerOffice, Tripletex, Unimicro, Visma, Xledger
)  # fmt: skip
VALUES: Mapping[str, Any] = {
    "title": "Kokk",
    "company": Company("Fjellheim Drift", "974760673"),
    "department": Department("BUT1", "Butikk"),
    "cost_centre": "4010",
    "manager": Manager("1007", "leder@example.com", "Leder Ledersen"),
    "contract_type": "permanent",
    "percentage": Decimal(80),
    "weekly_hours": Decimal(30),
    "working_hours_scheme": "not_shift",
    "remuneration_type": "monthly",
    "occupation_code": "5223101",
    "first_day_of_work": date(2026, 1, 2),
    "probation_end": date(2026, 7, 1),
}


# Each switch with which a system begins to send a field.
SWITCHES = [
    pytest.param(behaviour, field.ours, id=f"{behaviour.system}-{field.ours}")
    for behaviour in SYSTEMS
    for field in connector_for(behaviour.system).system.fields
    if field.opt_in and field.opt_in.kind is Kind.BOOLEAN
]


def rig_of(behaviour: type[Behaviour], server: tuple[str, Tenants]) -> Rig:
    rig = Rig(server, behaviour.system, behaviour.person, behaviour.connection_settings, known=True)
    rig.limiter = WindowLimiter(1000, 1.0)
    rig.sandbox.state.update(dict.fromkeys({"per_second", "burst"} & rig.sandbox.state.keys(), 1000))
    return rig


def held(rig: Rig, position: Position) -> Agreement:
    written = Written(position.id, rig.sent[position.id])
    return agreement(rig.system, rig.settings, tuple(rig.positions.values()), written, rig.today)


@pytest.mark.parametrize(("behaviour", "ours"), SWITCHES)
def test_a_field_that_is_switched_on_is_changed_since_until_it_is_sent(
    behaviour: type[Behaviour], ours: str, sandbox_server: tuple[str, Tenants]
) -> None:
    rig = rig_of(behaviour, sandbox_server)
    field = rig.system.field(ours)
    assert field.opt_in
    rig.settings[field.opt_in.name] = False
    given = behaviour.values.get(ours, VALUES.get(ours))
    end = date(2026, 12, 31) if ours in ("end_date", "end_reason", "last_day_of_work") else None
    more = {"last_day_of_work": date(2026, 12, 30)} if ours == "last_day_of_work" else {ours: given} if given else {}
    values = {**behaviour.values, **(behaviour.end_values if end else {}), **more}
    position = Position("1", date(2026, 1, 1), end, values)
    first = rig.one(position)
    assert first.state == "succeeded", first.message
    assert not held(rig, position).stale
    rig.settings[field.opt_in.name] = True
    assert held(rig, position).stale is not written_at_first(field, rig.settings)
    outcome = rig.one(position)
    told = {outcome.field, *(warning.field for warning in outcome.warnings)}
    assert ours in told or outcome.cause == "value_refused" or not held(rig, position).stale


# What a place is chosen by: our field, the settings of before, and those of now.
PLACES: tuple[tuple[type[Behaviour], str, Mapping[str, Any], Mapping[str, Any]], ...] = (
    (Unimicro, "title", {"title_field": "HrTitle"}, {"title_field": "PayTitle"}),
    (Finago, "title", {"title_field": "2"}, {"title_field": "3"}),
    (Finago, "department", {"department_dimension": "1"}, {"department_dimension": "3"}),
    (Netvisor, "department", {"department_dimension": "Osasto"}, {"department_dimension": "Kustannuspaikka"}),
    (Visma, "department", {}, {"department_dimension": "2"}),
    (Xledger, "department", {}, {"department_object": "glObject4"}),
    (
        Xledger,
        "occupation_code",
        {"free_texts": {"occupation_code": "text1"}},
        {"free_texts": {"occupation_code": "text2"}},
    ),
    (
        Entra,
        "occupation_code",
        {"attributes": {"occupation_code": "extensionAttribute1"}},
        {"attributes": {"occupation_code": "extensionAttribute2"}},
    ),
    (Entra, "company", {"send_company": True}, {"division_holds": "company"}),
    (Entra, "department", {"division_holds": "department"}, {"division_holds": "company"}),
)


@pytest.mark.parametrize(("behaviour", "ours", "then", "now"), PLACES, ids=lambda one: getattr(one, "system", None))
def test_what_goes_to_another_place_is_changed_since_until_it_is_sent(
    behaviour: type[Behaviour],
    ours: str,
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    sandbox_server: tuple[str, Tenants],
) -> None:
    rig = rig_of(behaviour, sandbox_server)
    rig.settings |= then
    position = Position(
        "1", date(2026, 1, 1), None, {**behaviour.values, ours: behaviour.values.get(ours, VALUES[ours])}
    )
    first = rig.one(position)
    assert first.state == "succeeded" and ours in rig.sent["1"].values, first.message
    before = dict(rig.settings)
    rig.settings |= now
    assert held(rig, position).stale
    assert otherwise(rig.system, position, before, rig.settings, rig.today).told is Told.OTHERWISE
    outcome = rig.one(position)
    assert ours in outcome.changes, outcome.message
    if outcome.state == "succeeded":
        assert not held(rig, position).stale
        assert rig.one(position).cause == "nothing_to_change"
    else:  # the sandbox has no such place, or nothing of this name in it
        assert outcome.field == ours, outcome.message


@pytest.mark.parametrize(
    ("behaviour", "ours", "now"),
    [
        (Crona, "remuneration_type", {"personnel_types": {"monthly_pay": "TJM"}}),
        (Entra, "end_date", {"leave_time": "20:00"}),
    ],
    ids=lambda one: getattr(one, "system", None),
)
def test_what_goes_along_with_a_value_is_changed_since_until_it_is_sent(
    behaviour: type[Behaviour], ours: str, now: Mapping[str, Any], sandbox_server: tuple[str, Tenants]
) -> None:
    rig = rig_of(behaviour, sandbox_server)
    position = Position("1", date(2026, 1, 1), date(2026, 12, 31), {**behaviour.values, **behaviour.end_values})
    assert rig.one(position).state == "succeeded"
    before = dict(rig.settings)
    rig.settings |= now
    assert held(rig, position).stale
    assert otherwise(rig.system, position, before, rig.settings, rig.today).told is Told.OTHERWISE
    outcome = rig.one(position)
    assert (outcome.state, set(outcome.changes)) == ("succeeded", {ours}), outcome.message
    assert not held(rig, position).stale
    assert rig.one(position).cause == "nothing_to_change"
    over = replace(position, start=date(2025, 1, 1), end=date(2026, 1, 31))
    rig.sync(over)
    now, rig.settings = rig.settings, before
    assert not held(rig, over).stale, "what is over keeps what it has"
    assert otherwise(rig.system, over, now, before, rig.today).told is Told.SAME


# -- what a preview counts is what is then changed since ----------------------------------------------------------

SAYING_MORE = [
    pytest.param(behaviour, field.ours, id=f"{behaviour.system}-{field.ours}")
    for behaviour in SYSTEMS
    for field in connector_for(behaviour.system).system.fields
    if field.says_more
]
TODAY = date(2026, 6, 15)
DAYS = {
    "over": (date(2025, 1, 1), date(2026, 1, 31)),
    "ends today": (date(2026, 1, 1), TODAY),
    "ends later": (date(2026, 1, 1), date(2026, 12, 31)),
    "goes on": (date(2026, 1, 1), None),
    "begins today": (TODAY, None),
}


def both(setting: Setting, ours: str) -> tuple[Any, Any]:
    """Two values of a setting that say where a field goes, or what goes along with it."""
    one, other = ([code for code, _ in setting.choices if code] or ["01:00", "05:00"])[:2]
    if setting.kind is Kind.TABLE:
        rows = [ours] if ours in setting.rows else setting.rows
        return dict.fromkeys(rows, one), dict.fromkeys(rows, other)
    return (True, True) if setting.kind is Kind.BOOLEAN else (one, other)


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize(("behaviour", "ours"), SAYING_MORE)
def test_a_preview_counts_what_is_then_changed_since(behaviour: type[Behaviour], ours: str, days: str) -> None:
    system = connector_for(behaviour.system).system
    field = system.field(ours)
    given = {key: value for key in (ours,) if (value := behaviour.values.get(key, VALUES.get(key)))}
    named = {s.name: both(s, ours) for s in (field.opt_in, *field.beside) if s}
    if field.table and not field.choices:  # the customer's own codes
        named[field.table.name] = (dict.fromkeys(field.table.rows or given.values(), "1"),) * 2
    base = Integration(system_key=system.key, settings=dict(behaviour.connection_settings)).cleaned_settings()
    old, new = ({**base, **{name: pair[n] for name, pair in named.items()}} for n in (0, 1))
    start, end = DAYS[days]
    values = {**behaviour.values, **given, **(behaviour.end_values if end else {})}
    position = Position("1", start, end, values)
    wanted = translate(system, position, old).wanted
    assert wanted is not None, translate(system, position, old).problems
    sent = Sent("1", wanted.values, written_as=written_as(system, old, wanted.values))
    stale = agreement(system, new, [position], Written("1", sent), TODAY).stale
    found = otherwise(system, position, old, new, TODAY)
    assert (found.told is Told.OTHERWISE) == stale == bool(found.lines)
    if field.along is None and days != "over" and wanted.values.get(ours):
        assert ours in {line.field for line in found.lines}
    if field.along is not None and days == "over":
        assert found == Otherwise(Told.SAME), "what is over keeps what it has"
