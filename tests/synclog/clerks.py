"""How a clerk edits an employee's record in each system that can be compared, by hand in its sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integrations.sandboxes.base import Sandbox
from integrations.systems.xledger.sandbox import XledgerSandbox

Record = dict[str, Any]
Values = Mapping[Any, Mapping[str, Any]]  # a value here, and what a clerk types for it there

# Xledger takes those of its list alone, in which these are too.
TITLES = ("Baker", "Konditor", "Skiftleder", "Kokk")
SHARES = (Decimal(100), Decimal(80), Decimal("62.5"), Decimal(40))


@dataclass(frozen=True)
class Clerk:
    """`record` finds what there is of an employee by number; `fields` are the ones that are edited, by our names, and
    `elsewhere` finds those that stand on another record."""

    record: Callable[[Any, str], Record]
    fields: Mapping[str, Values]
    needs: Mapping[str, Any] = field(default_factory=dict)  # of a position here
    elsewhere: Mapping[str, Callable[[Any, str], Record]] = field(default_factory=dict)

    def edit(self, sandbox: Sandbox, number: str, name: str, value: Any) -> None:
        self.elsewhere.get(name, self.record)(sandbox.state, number).update(self.fields[name][value])


def _titles(name: str) -> Values:
    return {title: {name: title} for title in TITLES}


def _shares(name: str, there: Callable[[Decimal], Any] = float) -> Values:
    return {share: {name: there(share)} for share in SHARES}


def _forms(name: str, permanent: Any, temporary: Any) -> Values:
    return {"permanent": {name: permanent}, "temporary": {name: temporary}}


def _one(rows: Iterable[Record], name: str, value: Any) -> Record:
    [found] = [row for row in rows if str(row[name]) == str(value)]
    return found


def _of_tripletex(state: Any, number: str) -> Record:
    employment = _one(state["Employment"], "employee", _one(state["Employee"], "employeeNumber", number)["id"])
    return _one(state["EmploymentDetails"], "employment", employment["id"])


def _of_visma(state: Any, number: str) -> Record:
    employee = _one(state["employees"].values(), "number", number)
    return _one((held["document"] for held in state["positions"].values()), "employeeId", employee["id"])


def _of_netvisor(state: Any, number: str) -> Record:
    employee = _one(state["employees"].values(), "employeenumber", number)
    elements: Record = _one(state["periods"].values(), "employee", employee["netvisorkey"])["elements"]
    return elements


def _of_poweroffice(state: Any, number: str) -> Record:
    return _one(state["employees"].values(), "Number", number)


def _line_of_poweroffice(state: Any, number: str) -> Record:
    return _one(state["lines"].values(), "EmployeeId", _of_poweroffice(state, number)["Id"])


def _xledgers(name: str, kind: int, words: Mapping[Any, str]) -> Values:
    listed = {
        value["description"]: value["dbId"]
        for value in XledgerSandbox.seed("")["values"]
        if value["objectKindDbId"] == kind
    }
    return {value: {name: listed[word]} for value, word in words.items()}


OCCUPATION = {"occupation_code": "2511102"}

CLERKS: Mapping[str, Clerk] = {
    "fortnox": Clerk(
        lambda state, number: state["employees"][number],
        {"title": _titles("JobTitle"), "contract_type": _forms("EmploymentForm", "TV", "TID")},
    ),
    "xledger": Clerk(
        lambda state, number: _one(state["employees"], "code", number),
        {
            "title": _xledgers("positionValue", 20100, {title: title for title in TITLES}),
            "contract_type": _xledgers("employmentType", 20110, {"permanent": "Fast", "temporary": "Midlertidig"}),
        },
    ),
    "poweroffice_go": Clerk(
        _of_poweroffice,
        {"title": _titles("JobTitle"), "percentage": _shares("FtePercentage")},
        OCCUPATION | {"contract_type": "permanent"},
        {"percentage": _line_of_poweroffice},
    ),
    "entra_id": Clerk(
        lambda state, number: _one(state["users"].values(), "employeeId", number),
        {
            "title": _titles("jobTitle"),
            "contract_type": {
                "permanent": {"employeeType": "Employee"},
                "consultant": {"employeeType": "Consultant"},
            },
        },
    ),
    "tripletex": Clerk(
        _of_tripletex,
        {
            "percentage": _shares("percentageOfFullTimeEquivalent"),
            "contract_type": _forms("employmentForm", "PERMANENT", "TEMPORARY"),
        },
        OCCUPATION,
    ),
    "visma_net_payroll": Clerk(
        _of_visma,
        {
            "percentage": _shares("partTimeFactors", lambda share: [{"value": float(share)}]),
            "contract_type": _forms("employmentForm", [{"value": "fast"}], [{"value": "midlertidig"}]),
        },
        OCCUPATION | {"working_hours_scheme": "not_shift"},
    ),
    "unimicro": Clerk(
        lambda state, number: _one(state["employments"], "EmployeeNumber", number),
        {"percentage": _shares("WorkPercent"), "contract_type": _forms("EmploymentType", 1, 2)},
        OCCUPATION,
    ),
    "finago": Clerk(
        lambda state, number: state["employments"][number][0],
        {
            "percentage": _shares("employment_rate", lambda share: f"{share:.2f}"),
            "contract_type": _forms("employment_form", "fast", "midlertidig"),
        },
        OCCUPATION | {"working_hours_scheme": "not_shift"},
    ),
    "netvisor": Clerk(
        _of_netvisor,
        {
            "title": _titles("profession"),
            "percentage": {
                share: {"employmentform": "1" if share == 100 else "2", "parttimepercent": f"{share:f}"}
                for share in SHARES
            },
        },
    ),
}
