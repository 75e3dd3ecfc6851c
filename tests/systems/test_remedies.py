"""Every message that asks a person to do something names something that works: done as it says, with Re-sync pressed
at the end, the entry succeeds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.sandboxes.server import Tenants
from integrations.sdk.declaration import Delete, Model, Transport
from integrations.systems.registry import connector_for, systems
from synclog.engine import actions
from synclog.log.causes import causes, remedy
from synclog.models import Job
from tests.synclog.world import World, new_world
from tests.systems import remedies
from tests.systems.remedies import COMMON, ELSEWHERE, OWN, Case

pytestmark = pytest.mark.django_db
DONE = object()


@pytest.fixture
def world(sandbox_server: tuple[str, Tenants], settings: Any) -> World:
    settings.ALLOW_PRIVATE_TARGETS = True
    return new_world(sandbox_server)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector_for("visma_net_payroll"), "poll_pauses", (0.02,))


class _Declared:
    """Enough of a case to ask whether a common recipe is for a system."""

    def __init__(self, key: str) -> None:
        self.key, self.system, self.behaviour = key, connector_for(key).system, remedies.behaviour(key)


def every() -> Iterator[Any]:
    for system in systems():
        for cause, (_, applies) in COMMON.items():
            if (system.key, cause) not in OWN and applies(_Declared(system.key)):  # type: ignore[arg-type]
                yield pytest.param(system.key, cause, id=f"{system.key}-{cause}")
    for key, cause in OWN:
        yield pytest.param(key, cause, id=f"{key}-{cause}")


@pytest.mark.parametrize(("key", "cause"), list(every()))
def test_done_as_it_says_it_heals(key: str, cause: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(world, key, monkeypatch)
    steps = (OWN.get((key, cause)) or COMMON[cause][0])(case)
    next(steps)
    case.drain()
    job = case.job
    limits = {"too_long", "wrong_form", "value_refused"}  # a system may know a limit by another name
    # A right that one employee's record lacks is told as that record's, with the same words and remedy.
    of_a_right = {"privilege_missing", "permission_missing"}
    told = job.cause == cause or {job.cause, cause} <= limits or (job.cause == "record_refused" and cause in of_a_right)
    assert told, (job.cause, job.message)
    assert job.message and remedy(job.cause)
    end = ""
    try:
        next(steps)
    except StopIteration as stop:
        end = stop.value or ""
    if end == "dismissed":
        assert actions.dismiss(Job.objects.filter(pk=job.pk), "", by="kari") == 1
        return
    actions.resync(Job.objects.filter(pk=case.job.pk), by="kari")
    case.drain()
    healed = case.job
    agrees = healed.state == Job.State.SKIPPED and healed.cause == "nothing_to_change"
    assert healed.state == Job.State.SUCCEEDED or agrees, (healed.state, healed.cause, healed.message)


def test_no_cause_is_without_a_recipe() -> None:
    declared = {(system.key, cause.code) for system in systems() for cause in system.causes}
    assert declared <= set(OWN), declared - set(OWN)
    ours = set(causes()) - {cause for _, cause in declared}
    known = {*COMMON, *ELSEWHERE, *(cause for _, cause in OWN)}
    assert ours <= known, f"no recipe, and no word on why there is none: {ours - known}"
    assert not set(ELSEWHERE) & set(COMMON)


def test_every_system_that_can_give_a_common_cause_has_it() -> None:
    tried = {param.values for param in every()}
    for system in systems():
        if system.model is Model.HISTORY:
            assert {(system.key, c) for c in ("overlap_in_target", "start_date_changed", "period_not_unique")} <= tried
        if system.delete is Delete.BY_HAND:
            assert (system.key, "delete_by_hand") in tried
        if system.transport is Transport.HTTP:
            named = ("employee_not_found", "employee_not_unique", "refused_by_target", "not_authorized", "gave_up")
            assert {(system.key, c) for c in named} <= tried


# What makes a remedy count: nothing is tried again because something was put right there or in the settings.
STARTS = re.compile(
    "Re-sync|when you save|Resume|Dismiss|Nothing to do|by itself|goes out then|it is sent then|[Cc]redentials|"
    "Move the existing period|end the position|Save the position|For the next ones|change the value back|ends with it"
)


@pytest.mark.parametrize("code", sorted(causes()))
def test_a_remedy_ends_with_what_makes_it_count(code: str) -> None:
    assert STARTS.search(remedy(code)), remedy(code)
