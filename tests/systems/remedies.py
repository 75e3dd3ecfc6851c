"""For each cause that a system can give: how it comes about in the sandbox, and its remedy carried out as it is worded.

A recipe is a generator. Up to its `yield` it brings the trouble about and saves a position; after it, it does as the
remedy says: there, here, or in the settings. `test_remedies.py` looks at the cause in between, presses Re-sync at the
end, and expects success. A recipe that returns "dismissed" ends with Dismiss, as its remedy says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.http import HttpRequest
from django.utils import timezone

from integrations.models import Integration
from integrations.runtime import opening
from integrations.sandboxes.base import Fault
from integrations.sdk.declaration import Delete, Model, Transport
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.values import Company, Department
from integrations.systems.registry import connector_for
from positions import models as positions
from positions.models import Position
from synclog.engine import actions, worker_turn
from synclog.models import Job
from tests.factories import CompanyFactory, DepartmentFactory
from tests.synclog.world import World
from tests.systems.kit import Behaviour

Recipe = Callable[["Case"], Iterator[None]]
STRANGER = "999888777"  # the number of a company that no system knows


class Case:
    """One connection to one system, whose sandbox knows the employee."""

    def __init__(self, world: World, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.key, self.monkeypatch = world, key, monkeypatch
        self.system = connector_for(key).system
        self.behaviour = behaviour(key)
        self.integration: Integration = world.connect(key)
        self.set(**self.behaviour.connection_settings)
        # Limits have tests of their own, and nobody is to wait for them here.
        monkeypatch.setattr(worker_turn, "shared_limiter", lambda integration, on_owner: WindowLimiter(10_000, 1.0))
        self.state.update({name: 10_000 for name in ("burst", "per_second") if name in self.state})
        self.position: Position | None = None

    @property
    def sandbox(self) -> Any:
        return self.world.sandboxes[self.integration.pk]

    @property
    def state(self) -> dict[str, Any]:
        return self.sandbox.state

    @property
    def employee(self) -> Any:
        return self.world.employee

    @property
    def saved(self) -> Position:
        assert self.position is not None
        return self.position

    def set(self, **settings: Any) -> None:
        """In the connection's settings."""
        self.integration.refresh_from_db()
        self.integration.settings = {**self.integration.settings, **settings}
        self.integration.save()

    def save(self, **values: Any) -> Position:
        """A position that the system takes, but for `values`; the last one saved is the case's own."""
        every = {**self.behaviour.values, **(self.behaviour.end_values if values.get("end_date") else {}), **values}
        for name, value in list(every.items()):
            if isinstance(value, Department):
                found = positions.Department.objects.filter(organization=self.world.organization)
                every[name] = found.filter(code=value.code).first() or DepartmentFactory(
                    organization=self.world.organization, code=value.code, name=value.name
                )
            elif isinstance(value, Company):
                del every[name]
        self.position = self.world.save(**every)
        return self.position

    def change(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.saved, name, value)
        self.saved.save()

    def company(self, number: str) -> Any:
        return CompanyFactory(organization=self.world.organization, organization_number=number)

    def move_to(self, number: str) -> None:
        """The employee to another company, before anything is saved."""
        self.employee.company = self.company(number)
        self.employee.save()

    def fail(self, **fault: Any) -> None:
        self.sandbox.tenant.fail(**fault)

    def drain(self) -> None:
        self.world.drain(self.integration)

    def send(self, **values: Any) -> None:
        self.save(**values)
        self.drain()
        assert self.job.state == Job.State.SUCCEEDED, (self.job.cause, self.job.message)

    @property
    def job(self) -> Job:
        return self.world.job(self.integration, self.saved_key)

    @property
    def saved_key(self) -> int:
        return self._key or self.saved.pk

    _key = 0

    def delete(self) -> None:
        self._key = self.saved.pk
        self.saved.delete()

    def resume(self) -> None:
        self.integration.refresh_from_db()
        actions.resume(self.integration, by="kari")

    def renew(self) -> None:
        """Types in the credentials that the system takes."""
        self.integration.refresh_from_db()
        self.integration.set_credentials(dict(self.sandbox.credentials), by="kari")
        self.integration.save()
        actions.credentials_renewed(self.integration, by="kari")


def behaviour(key: str) -> Behaviour:
    module = import_module(f"tests.systems.{key}.test_connector")
    classes = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, Behaviour)]
    return next(c for c in classes if getattr(c, "system", "") == key)()


# -- causes that many systems give -----------------------------------------------------------------------

COMMON: dict[str, tuple[Recipe, Callable[[Case], bool]]] = {}


def common(cause: str, applies: Callable[[Case], bool] = lambda case: True) -> Callable[[Recipe], Recipe]:
    def kept(recipe: Recipe) -> Recipe:
        COMMON[cause] = (recipe, applies)
        return recipe

    return kept


def over_http(case: Case) -> bool:
    return case.system.transport is Transport.HTTP


def with_history(case: Case) -> bool:
    return case.system.model is Model.HISTORY


@common("missing_required_field", lambda case: bool(case.behaviour.required))
def _missing(case: Case) -> Iterator[None]:
    name = case.behaviour.required
    case.save(**{name: ""})
    yield
    case.change(**{name: case.behaviour.values[name]})


def translated(case: Case) -> bool:
    field = case.system.field("contract_type")
    return field.supported and bool(field.table) and None in (field.codes or {}).values()


@common("no_translation", translated)
def _no_translation(case: Case) -> Iterator[None]:
    field = case.system.field("contract_type")
    assert field.codes is not None and field.table is not None
    rows = case.integration.settings.get(field.table.name) or {}
    ours = next(code for code, theirs in field.codes.items() if theirs is None and code not in rows)
    case.save(contract_type=ours)
    yield
    case.set(**{field.table.name: {**rows, ours: field.codes["permanent"] or rows["permanent"]}})


def _spoilt(case: Case, pair: tuple[str, Any] | None) -> dict[str, Any]:
    assert pair is not None
    return {pair[0]: pair[1]}


@common("too_long", lambda case: case.behaviour.too_long is not None)
def _too_long(case: Case) -> Iterator[None]:
    case.save(**_spoilt(case, case.behaviour.too_long))
    yield
    _as_it_should_be(case, case.behaviour.too_long)


@common("bad_characters", lambda case: case.behaviour.bad is not None and case.behaviour.bad[0] == "title")
def _bad_characters(case: Case) -> Iterator[None]:
    case.save(**_spoilt(case, case.behaviour.bad))
    yield
    _as_it_should_be(case, case.behaviour.bad)


@common("wrong_form", lambda case: "[0-9]" in case.system.field("occupation_code").allowed)
def _wrong_form(case: Case) -> Iterator[None]:
    """No characters that could be taken away make a code of two digits."""
    case.save(occupation_code="12")
    yield
    case.change(occupation_code=case.system.field("occupation_code").example)


def _as_it_should_be(case: Case, pair: tuple[str, Any] | None) -> None:
    assert pair is not None
    right = case.behaviour.values.get(pair[0])
    if isinstance(right, Department):
        right = DepartmentFactory(organization=case.world.organization, code=right.code)
    case.change(**{pair[0]: right})


@common("employee_not_found", over_http)
def _not_found(case: Case) -> Iterator[None]:
    stranger = case.world.hire(number="3001", first_name="Ola", last_name="Dahl", email="ola.dahl@example.com",
                               birth_date=date(1990, 1, 1), company=case.employee.company)  # fmt: skip
    case.world.employee = stranger
    case.save()
    yield
    case.world.introduce(case.integration, stranger)


@common("employee_not_unique", lambda case: over_http(case) and case.key != "netvisor")
def _not_unique(case: Case) -> Iterator[None]:
    """Two people there have this e-mail and other numbers: the employee here is given the number of the right one."""
    email = "ola.dahl@example.com"
    ola = case.world.hire(number="3001", first_name="Ola", last_name="Dahl", email=email, company=case.employee.company)
    for number in ("2001", "2002"):
        case.sandbox.add_employee(number, "Ola", "Dahl", email=email, birth_date="1990-01-01")
    case.world.employee = ola
    case.save()
    yield
    ola.number = "2001"
    ola.save()


@common("overlap_in_target", with_history)
def _overlap(case: Case) -> Iterator[None]:
    case.send(end_date=date(2026, 6, 30))
    case.position, _ = None, case.saved.delete()  # theirs from now on
    case.drain()
    case.save(start_date=date(2026, 3, 1))
    yield
    case.change(start_date=date(2026, 7, 1))


@common("start_date_changed", with_history)
def _start_changed(case: Case) -> Iterator[None]:
    case.send()
    case.change(start_date=date(2026, 2, 1))
    yield
    if case.system.moves:
        actions.move_period(case.job, by="kari")
    else:  # "end it there"
        [position] = case.state["positions"].values()
        position["document"] |= {"activeEnd": "2026-01-31", "positionEndReason": ["arbeidstakerHarSagtOppSelv"]}


@common("delete_by_hand", lambda case: case.system.delete is Delete.BY_HAND)
def _by_hand(case: Case) -> Any:
    case.integration.delete_positions = True
    case.integration.save()
    case.send()
    case.delete()
    yield
    return "dismissed"


REFUSALS: dict[str, dict[str, Any]] = {
    "tripletex": {"status": 422, "body": json.dumps({"code": 18000, "validationMessages": []})},
    "finago": {"status": 401, "times": 2},
    "netvisor": {
        "status": 200,
        "body": "<Root><ResponseStatus><Status>FAILED</Status><Status>INVALID_DATA :: No</Status></ResponseStatus>"
        "</Root>",
    },
    "fortnox": {"status": 400, "body": json.dumps({"ErrorInformation": {"error": 1, "message": "Nej", "code": 0}})},
}


def on_writes(case: Case) -> dict[str, str]:
    """How the calls that write are told from the others. Xledger has one address for all of them."""
    if case.key == "xledger":
        return {}
    if case.system.model is Model.FLAT:
        return {"method": "PUT" if case.key == "fortnox" else "PATCH" if case.key == "entra_id" else "POST",
                "path": "mployments" if case.key == "poweroffice_go" else "employees" if case.key == "fortnox" else
                "users"}  # fmt: skip
    return {"method": case.behaviour.write_method, "path": case.behaviour.write_path}


@common("refused_by_target", lambda case: over_http(case) and case.key != "xledger")
def _refused(case: Case) -> Iterator[None]:
    """What it refused is right now, there or here: Re-sync."""
    case.fail(**{"status": 400, "body": json.dumps({"message": "No"}), **on_writes(case), **REFUSALS.get(case.key, {})})
    case.save()
    yield


@common("target_unavailable", over_http)
def _down(case: Case) -> Iterator[None]:
    case.fail(status=503)
    case.save()
    yield


@common("rate_limited", over_http)
def _limited(case: Case) -> Iterator[None]:
    case.fail(status=429, headers={"Retry-After": "1"})
    case.save()
    yield
    Integration.objects.filter(pk=case.integration.pk).update(retry_at=None)  # the second is over


@common("unclear_outcome", lambda case: over_http(case) and case.key != "xledger")
def _unclear(case: Case) -> Iterator[None]:
    case.fail(status=500, body="{", **on_writes(case))
    case.save()
    yield


@common("not_authorized", over_http)
def _not_authorized(case: Case) -> Iterator[None]:
    secrets = {s.name for s in case.system.credentials if "secret" in s.kind}
    good = dict(case.sandbox.credentials)
    wrong = {k: ("wrong" + v[5:] if k in secrets else v) for k, v in good.items()}
    case.integration.set_credentials(wrong, by="kari")
    case.integration.save()
    case.save()
    yield
    case.renew()


@common("gave_up", over_http)
def _gave_up(case: Case) -> Iterator[None]:
    case.save()
    Job.objects.filter(pk=case.job.pk).update(first_failed_at=timezone.now() - timedelta(days=8))
    case.fail(status=503)
    yield


@common("internal_error")
def _mistake(case: Case) -> Iterator[None]:
    connector = connector_for(case.key)
    find = connector.find_employee

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    case.monkeypatch.setattr(connector, "find_employee", broken)
    case.save()
    yield
    case.monkeypatch.setattr(connector, "find_employee", find)


# Asks nobody to do anything, or is tested where it comes about.
ELSEWHERE = {
    "changed_in_target": "goes on by itself: tests/systems/kit.py and the systems' own tests of StaleError",
    "private_address": "the operator's: tests/integrations/test_addresses.py",
    "interrupted": "goes on by itself: tests/synclog/test_engine.py",
    "held_by_cutoff": "goes out by itself: tests/synclog/test_cutoff.py",
    "switched_off": "tests/synclog/test_recording.py::test_activation_sends_nothing",
    "delete_switched_off": "tests/integrations/test_planner.py::test_delete",
    **dict.fromkeys(
        (
            "nothing_to_change",
            "no_supported_change",
            "not_current",
            "not_yet_current",
            "counts_later",
            "position_deleted",
            "being_sent",
            "never_sent",
            "already_gone",
            "taken_over",
            "out_of_scope",
        ),
        "nothing to do",
    ),
    **dict.fromkeys(
        ("not_the_same_person", "already_matched", "marks_disagree", "match_released", "match_stopped"),
        "whose record it is: tests/synclog/test_identity.py does as each of them says",
    ),
    "record_refused": "a protected record, or a right of everybody's: tests/synclog/test_isolation.py",
    "answer_not_kept": "by itself: tests/synclog/test_isolation.py",
    "not_yet_taken_over": "ends with another entry: docs/flat.md and its tests",
}


# -- causes of one system --------------------------------------------------------------------------------

OWN: dict[tuple[str, str], Recipe] = {}


def own(system: str, cause: str) -> Callable[[Recipe], Recipe]:
    def kept(recipe: Recipe) -> Recipe:
        OWN[system, cause] = recipe
        return recipe

    return kept


def doubled(system: str, rows: Callable[[Case], Any]) -> None:
    """Two periods of one day there: one of them is removed."""

    @own(system, "period_not_unique")
    def recipe(case: Case) -> Iterator[None]:
        case.send()
        case.position, _ = None, case.saved.delete()
        case.drain()
        undo = rows(case)
        case.save()
        yield
        undo()


def _second_in_list(name: str, **other: Any) -> Callable[[Case], Any]:
    def make(case: Case) -> Any:
        found = case.state[name]
        held = found[case.employee.number] if isinstance(found, dict) else found
        held.append({**held[0], **other})
        return held.pop

    return make


def _second_in_dict(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Case], Any]:
    def make(case: Case) -> Any:
        case.state[name]["77"] = change(next(iter(case.state[name].values())))
        return lambda: case.state[name].pop("77")

    return make


doubled("tripletex", _second_in_list("Employment", id=77))
doubled("unimicro", _second_in_list("employments", ID=77))
doubled("finago", _second_in_list("employments", employment_id="77-7"))
doubled("netvisor", _second_in_dict("periods", lambda p: {**p, "netvisorkey": "77"}))
doubled(
    "visma_net_payroll",
    _second_in_dict("positions", lambda p: {**p, "document": {**p["document"], "id": "77"}}),
)


@own("netvisor", "employee_not_unique")
def _two_with_one_number(case: Case) -> Iterator[None]:
    """Netvisor is searched by number and national id: two have this number, and neither is in force."""
    first = next(iter(case.state["employees"].values()))
    first["employmentstatus"] = "0"
    key = case.sandbox.add_employee("2001", "Ola", "Dahl")
    other = next(e for e in case.state["employees"].values() if e["employeenumber"] == "2001")
    other |= {"employeenumber": case.employee.number, "employmentstatus": "0"}
    assert key
    case.save()
    yield
    other["employeenumber"] = "2001"  # corrected there


# Tripletex


def _tripletex_person(case: Case) -> dict[str, Any]:
    return case.state["Employee"][-1]


@own("tripletex", "birth_date_missing")
def _birth_date(case: Case) -> Iterator[None]:
    _tripletex_person(case)["dateOfBirth"] = None
    case.save()
    yield
    _tripletex_person(case)["dateOfBirth"] = "1985-03-14"


@own("tripletex", "unknown_occupation_code")
def _tripletex_code(case: Case) -> Iterator[None]:
    case.save(occupation_code="9999999")
    yield
    case.set(occupation_codes={"9999999": "2511102"})


@own("tripletex", "unknown_division")
def _division(case: Case) -> Iterator[None]:
    case.move_to(STRANGER)
    case.save()
    yield
    case.set(divisions={STRANGER: "974760681"})


@own("tripletex", "unknown_department")
def _tripletex_department(case: Case) -> Iterator[None]:
    case.set(send_cost_centre=True)
    case.save(cost_centre="NY9")
    yield
    case.set(cost_centres={"NY9": "LAG1"})


@own("tripletex", "shift_hours_missing")
def _shift_hours(case: Case) -> Iterator[None]:
    case.save(working_hours_scheme="other_shift")
    yield
    case.set(full_time_hours_by_scheme={"OTHER_SHIFT": "35.5"})


@own("tripletex", "wage_hidden")
def _wage(case: Case) -> Iterator[None]:
    case.send()
    case.state["hidden"] = ["annualSalary", "hourlyWage"]
    case.change(percentage=Decimal("60"))
    yield
    case.set(details_from="row")  # the second way; the first is tried in the system's own tests


@own("tripletex", "later_details_row")
def _later_row(case: Case) -> Iterator[None]:
    case.integration.move_periods = True
    case.integration.save()
    case.send()
    first = case.state["EmploymentDetails"][0]
    case.state["EmploymentDetails"].append({**first, "id": 77, "date": "2026-02-01"})
    case.change(start_date=date(2026, 3, 1))
    yield
    case.state["EmploymentDetails"].pop()


@own("tripletex", "not_cleared")
def _not_cleared(case: Case) -> Iterator[None]:
    case.state["null_clears"] = False
    case.send(end_date=date(2026, 12, 31))
    case.change(end_date=None, end_reason="")
    yield
    case.state["Employment"][0] |= {"endDate": None, "employmentEndReason": None}


@own("tripletex", "locked_in_target")
def _locked(case: Case) -> Iterator[None]:
    case.send()
    case.fail(status=409, body=json.dumps({"code": 10000, "message": "Locked"}), method="PUT")
    case.change(end_date=date(2026, 12, 31), end_reason="resigned")
    yield


@own("tripletex", "stays_there")
def _stays(case: Case) -> Iterator[None]:
    """A company that alone was changed: it is put back."""
    case.send()
    before = case.saved.company
    case.change(company=case.company("974760681"))
    yield
    case.change(company=before)


@own("tripletex", "value_refused")
def _hours_of_a_day(case: Case) -> Iterator[None]:
    case.set(send_weekly_hours=True)
    case.save(weekly_hours=Decimal("130"))
    yield
    case.change(weekly_hours=Decimal("37.5"))


# Visma.net Payroll


@own("visma_net_payroll", "value_refused")
def _tax_unit(case: Case) -> Iterator[None]:
    """A value that the settings do not know: they are filled in."""
    unit = case.integration.settings["tax_unit"]
    case.set(send_company=True)
    case.save()
    yield
    case.set(tax_units={case.employee.company.organization_number: unit})


@own("visma_net_payroll", "values_for_new_positions")
def _new_values(case: Case) -> Iterator[None]:
    salary = case.integration.settings["salary"]
    case.set(salary="")
    case.save()
    yield
    case.set(salary=salary)


@own("visma_net_payroll", "position_is_over")
def _over(case: Case) -> Iterator[None]:
    case.send(end_date=date(2026, 3, 31))
    case.change(percentage=Decimal("60"))
    yield
    [position] = case.state["positions"].values()
    position["document"]["partTimeFactors"] = [{"value": 60}]


# Unimicro


@own("unimicro", "job_code_locked")
def _job_code(case: Case) -> Iterator[None]:
    case.send()
    case.change(occupation_code="2511102")
    yield
    case.change(occupation_code="5221126")


@own("unimicro", "sub_entity_locked")
def _sub_entity(case: Case) -> Iterator[None]:
    case.send()
    before = case.saved.company
    case.change(company=case.company("974760681"))
    yield
    case.change(company=before)


@own("unimicro", "sub_unit_not_found")
def _sub_unit(case: Case) -> Iterator[None]:
    case.move_to(STRANGER)
    case.save()
    yield
    case.set(sub_units={STRANGER: "974760673"})


@own("unimicro", "department_not_found")
def _department(case: Case) -> Iterator[None]:
    case.save(department=Department("ELSEWHERE", "Elsewhere"))
    yield
    case.set(departments={"ELSEWHERE": "BUT1"})


@own("unimicro", "occupation_code_not_found")
def _styrk(case: Case) -> Iterator[None]:
    case.save(occupation_code="9999999")
    yield
    case.change(occupation_code="5221126")


@own("unimicro", "created_before")
def _created_before(case: Case) -> Iterator[None]:
    case.save()
    connector: Any = opening.open_connector(case.integration)
    case.state["guids"] += [str(guid) for guid in connector._guids(str(case.saved.pk))]
    connector.close()
    yield
    employee = case.state["employees"][0]
    made = case.sandbox._new_employment(employee)
    made |= {"StartDate": "2026-01-01", "JobCode": "5221126", "JobName": "BUTIKKMEDARBEIDER", "SubEntityID": 3,
             "TypeOfEmployment": 1, "EmploymentType": 1}  # fmt: skip
    made["JobName"] = next(s["tittel"] for s in case.state["STYRK"] if s["styrk"] == "5221126")


# Finago


@own("finago", "enterprise_not_in_target")
def _enterprise(case: Case) -> Iterator[None]:
    case.move_to(STRANGER)
    case.save()
    yield
    case.set(enterprise_numbers={STRANGER: "974760673"})


@own("finago", "value_of_other_country")
def _country(case: Case) -> Iterator[None]:
    case.state["organization"]["country_code"] = "SE"
    case.save()
    yield
    case.set(contract_types={"permanent": "Tillsvidare"})
    case.change(occupation_code="5223")


@own("finago", "not_on_employee")
def _not_on_employee(case: Case) -> Iterator[None]:
    case.set(department_dimension="1")
    case.save(department=Department("NEW1", "New"))
    yield
    case.state["dimensions"]["1"]["values"]["NEW1"] = ["New", "1"]


@own("finago", "not_kept_by_target")
def _not_kept(case: Case) -> Iterator[None]:
    case.fail(status=200, body="[]", method="POST", path="employment/")
    case.save()
    yield


# Netvisor


@own("netvisor", "dimension_not_in_target")
def _no_item(case: Case) -> Iterator[None]:
    case.set(department_dimension="Osasto")
    case.save(department=Department("NEW1", "New"))
    yield
    case.state["dimensions"]["Osasto"].append(["NEW1", "", False])


@own("netvisor", "period_locked")
def _period_locked(case: Case) -> Iterator[None]:
    case.state["locked_until"] = "2026-12-31"
    case.save()
    yield
    case.state["locked_until"] = ""


# Fortnox


@own("fortnox", "scope_missing")
def _scope(case: Case) -> Iterator[None]:
    case.state["scopes"].remove("salary")
    case.save()
    yield
    case.state["scopes"].append("salary")
    case.renew()


@own("fortnox", "licence_missing")
def _licence(case: Case) -> Iterator[None]:
    case.state["licences"]["salary"] = False
    case.save()
    yield
    case.state["licences"]["salary"] = True
    case.resume()


@own("fortnox", "agreement_missing")
def _agreement(case: Case) -> Iterator[None]:
    person = case.state["employees"][case.employee.number]
    person |= {"PersonelType": "TJM", "SalaryForm": ""}
    info = {"error": 1, "message": "Värdet kan inte vara null. (ftgavtalid)", "code": 0}
    case.fail(status=400, body=json.dumps({"ErrorInformation": info}), method="PUT")
    case.save()
    yield
    person["SalaryForm"] = "MAN"


@own("fortnox", "cost_centre_missing")
def _cost_centre(case: Case) -> Iterator[None]:
    case.save(cost_centre="NEW1")
    yield
    case.state["cost_centers"]["NEW1"] = {**next(iter(case.state["cost_centers"].values())), "Code": "NEW1"}


# Crona Lön


@own("crona_lon", "employee_number_missing")
def _number(case: Case) -> Iterator[None]:
    type(case.employee).objects.filter(pk=case.employee.pk).update(number=" ")
    case.employee.refresh_from_db()
    case.save()
    yield
    case.employee.number = "1042"
    case.employee.save()


# Xledger


def _xledger_value(case: Case, code: str, text: str) -> dict[str, Any]:
    like = next(v for v in case.state["values"] if v["objectKindDbId"] == 20100)
    return {**like, "dbId": 39999, "code": code, "description": text}


@own("xledger", "value_missing")
def _value(case: Case) -> Iterator[None]:
    case.save(title="Pilot")
    yield
    case.state["values"].append(_xledger_value(case, "7777", "Pilot"))


@own("xledger", "value_not_unique")
def _value_twice(case: Case) -> Iterator[None]:
    case.state["values"] += [
        _xledger_value(case, "7777", "Pilot"),
        {**_xledger_value(case, "7778", "Pilot"), "dbId": 39998},
    ]
    case.save(title="Pilot")
    yield
    case.state["values"].pop()


@own("xledger", "list_missing")
def _list(case: Case) -> Iterator[None]:
    case.set(title_kind="Nowhere")
    case.save()
    yield
    case.set(title_kind="Stilling")


@own("xledger", "interface_changed")
def _interface(case: Case) -> Iterator[None]:
    error = {"message": 'Cannot query field "x" on type "Employee".', "extensions": {"code": "GRAPHQL_VALIDATION"}}
    case.fail(status=200, body=json.dumps({"errors": [error]}))
    case.save()
    yield


@dataclass
class OnUpdate(Fault):
    """Xledger has one address for everything: the mutation alone."""

    def matches(self, request: HttpRequest, vendor_path: str) -> bool:
        return super().matches(request, vendor_path) and b"updateEmployees" in request.body


@own("xledger", "refused_by_target")
def _xledger_refusal(case: Case) -> Iterator[None]:
    body = json.dumps({"errors": [{"message": "The value is not allowed."}]})
    case.sandbox.tenant.faults.append(OnUpdate(status=200, body=body))
    case.save()
    yield


@own("xledger", "unclear_outcome")
def _xledger_unclear(case: Case) -> Iterator[None]:
    case.sandbox.tenant.faults.append(OnUpdate(status=500, body="{"))
    case.save()
    yield


# PowerOffice Go


def _go_person(case: Case) -> str:
    return next(str(e["Id"]) for e in case.state["employees"].values() if str(e["Number"]) == case.employee.number)


@own("poweroffice_go", "full_time_hours_missing")
def _full_time_hours(case: Case) -> Iterator[None]:
    case.save(working_hours_scheme="other_shift")
    yield
    case.set(full_time_hours_by_scheme={"OtherShifts": "35.5"})


@own("poweroffice_go", "privilege_missing")
def _privilege(case: Case) -> Iterator[None]:
    case.state["privileges"].remove("Employment_Full")
    case.save()
    yield
    case.state["privileges"].append("Employment_Full")
    case.resume()


@own("poweroffice_go", "department_missing")
def _go_department(case: Case) -> Iterator[None]:
    case.save(department=Department("NEW1", "New"))
    yield
    case.state["departments"]["79"] = {**next(iter(case.state["departments"].values())), "Id": 79, "Code": "NEW1"}


@own("poweroffice_go", "location_missing")
def _location(case: Case) -> Iterator[None]:
    case.set(send_cost_centre=True)
    case.save(cost_centre="NEW1")
    yield
    case.state["locations"]["79"] = {**next(iter(case.state["locations"].values())), "Id": 79, "Code": "NEW1"}


@own("poweroffice_go", "enterprise_missing")
def _go_enterprise(case: Case) -> Iterator[None]:
    case.move_to(STRANGER)
    case.save()
    yield
    known = next(iter(case.state["enterprises"].values()))["EnterpriseNo"]
    case.set(enterprises={STRANGER: known})


@own("poweroffice_go", "employment_closed")
def _closed(case: Case) -> Iterator[None]:
    case.send(end_date=date(2027, 12, 31))
    [employment] = case.state["employments"].values()
    employment["EndedAndReported"] = True
    case.change(end_date=None, end_reason="")
    yield
    employment["EndedAndReported"] = False


@own("poweroffice_go", "employment_not_unique")
def _two_employments(case: Case) -> Iterator[None]:
    for start in ("2024-01-01", "2025-01-01"):
        made = case.sandbox.add_employment(_go_person(case), start, 50, IsDefault=False)
    case.save()
    yield
    case.state["employments"][made]["IsDefault"] = True


@own("poweroffice_go", "employment_in_the_way")
def _in_the_way(case: Case) -> Iterator[None]:
    """Our own is over; a clerk has made another one meanwhile, and the person comes back here."""
    case.send()
    case.change(end_date=date(2026, 3, 31), end_reason="resigned")
    case.drain()
    made = case.sandbox.add_employment(_go_person(case), "2026-08-01", 80)
    case.save(start_date=date(2026, 7, 1))
    yield
    del case.state["employments"][made]


# Entra ID


def _user(case: Case) -> dict[str, Any]:
    return next(u for u in case.state["users"].values() if u["employeeId"] == case.employee.number)


@own("entra_id", "managed_on_premises")
def _on_premises(case: Case) -> Iterator[None]:
    _user(case)["onPremisesSyncEnabled"] = True
    case.save()
    yield
    _user(case)["onPremisesSyncEnabled"] = None


@own("entra_id", "guest_account")
def _guest(case: Case) -> Iterator[None]:
    _user(case)["userType"] = "Guest"
    case.save()
    yield
    case.set(skip_guests=False)


@own("entra_id", "account_disabled")
def _disabled(case: Case) -> Iterator[None]:
    _user(case)["accountEnabled"] = False
    case.set(skip_disabled=True)
    case.save()
    yield
    _user(case)["accountEnabled"] = True


@own("entra_id", "permission_missing")
def _permission(case: Case) -> Iterator[None]:
    granted = list(case.state["permissions"])
    case.state["permissions"] = ["User.Read.All"]
    case.save()
    yield
    case.state["permissions"] = granted
    case.resume()


@own("entra_id", "secret_expired")
def _expired(case: Case) -> Iterator[None]:
    case.state["secret"] = "expired"
    case.save()
    yield
    case.state["secret"] = "valid"
    case.renew()
