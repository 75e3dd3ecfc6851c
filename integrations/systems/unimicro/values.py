"""Unimicro's employments as values of ours, and the other way round.

Names are those of the vendor's biz API contract of 2020-12 and of its web client's unientities.ts.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import IntEnum
from typing import Any

from integrations.sdk import BY_KEY, Marks, RemoteEmployee, date_of, number_of, sure_date, text_of
from integrations.systems.unimicro.declaration import (
    WITHOUT_HOURS,
    EmploymentType,
    EndDateReason,
    RemunerationType,
    TypeOfEmployment,
    WorkingHoursScheme,
)

Record = Mapping[str, Any]

EMPLOYED = (TypeOfEmployment.OrdinaryEmployment, TypeOfEmployment.MaritimeEmployment)
DATES = {"start_date": "StartDate", "end_date": "EndDate"}
NUMBERS = {"percentage": "WorkPercent", "weekly_hours": "HoursPerWeek"}
ENUMS: dict[str, tuple[str, type[IntEnum]]] = {
    "end_reason": ("EndDateReason", EndDateReason),
    "remuneration_type": ("RemunerationType", RemunerationType),
    "working_hours_scheme": ("WorkingHoursScheme", WorkingHoursScheme),
}
OUR_FIELDS = {
    **{theirs: ours for ours, theirs in (*DATES.items(), *NUMBERS.items())},
    **{theirs: ours for ours, (theirs, _) in ENUMS.items()},
    "JobCode": "occupation_code",
    "JobName": "occupation_code",
    "SubEntityID": "company",
    "DepartmentID": "department",
    **dict.fromkeys(("ProjectID", "RegionID", *(f"Dimension{n}ID" for n in range(5, 11))), "cost_centre"),
    "EmploymentType": "contract_type",
    "TypeOfEmployment": "contract_type",
}


# -- reading ---------------------------------------------------------------------------------------------------


def shown(record: Record) -> dict[str, Any]:
    """An employment in our fields, but for those that stand there as ids; what was not sent along is left out, but the
    dates that make the period."""
    values: dict[str, Any] = {ours: sure_date(record.get(theirs)) for ours, theirs in DATES.items()}
    values |= {ours: number_of(record[theirs]) for ours, theirs in NUMBERS.items() if theirs in record}
    values |= {ours: name_of(enum, record[theirs]) for ours, (theirs, enum) in ENUMS.items() if theirs in record}
    if "JobCode" in record:
        values["occupation_code"] = text_of(record["JobCode"])
    if {"TypeOfEmployment", "EmploymentType"} <= set(record):
        values["contract_type"] = _contract(record)
        if WITHOUT_HOURS.applies(values):
            values |= {ours: None for ours in NUMBERS if ours in values and not values[ours]}
    return values


def name_of(enum: type[IntEnum], value: Any) -> str | None:
    """An enum's name, whether it came as a number or as a name; a value newer than this list as it stands."""
    text = str(value or "0")
    if text.isdigit():
        member = enum(int(text)) if int(text) in list(enum) else None
        return (member.name if member else None) if int(text) == 0 or member else text
    return text if text.lower() != "notset" else None


def _contract(record: Record) -> str | None:
    kind = name_of(TypeOfEmployment, record["TypeOfEmployment"])
    form = name_of(EmploymentType, record["EmploymentType"])
    return form if _employed(kind) or (kind is None and form not in EmploymentType.__members__) else kind


def _employed(kind: str | None) -> bool:
    return kind in {member.name for member in EMPLOYED}


def cancelled(record: Record) -> bool:
    """Ended as never to have been reported: it counts as not there."""
    return name_of(EndDateReason, record.get("EndDateReason")) == EndDateReason.ShouldNotHaveBeenReported.name


def seniority(employments: Sequence[Record]) -> Iterator[tuple[date | None, date | None]]:
    """The start of each employment that counts, with the day from which its seniority does."""
    for record in employments:
        if not cancelled(record):
            yield sure_date(record.get("StartDate")), sure_date(record.get("SeniorityDate"))


def added(employments: Sequence[Record], before: set[Any], start: date) -> Record | None:
    return next((e for e in employments if e.get("ID") not in before and sure_date(e.get("StartDate")) == start), None)


def email(employee: Record) -> str:
    relation = employee.get("BusinessRelationInfo") or {}
    return str((relation.get("DefaultEmail") or {}).get("EmailAddress") or "")


def found(record: Record) -> RemoteEmployee:
    name = str((record.get("BusinessRelationInfo") or {}).get("Name") or "")
    number, national_id = (str(record.get(key) or "") for key in ("EmployeeNumber", "SocialSecurityNumber"))
    marks = Marks(number, national_id, email(record), date_of(record.get("BirthDate")), last_name=name)
    return RemoteEmployee(str(record["ID"]), marks=marks)


def custom_of(record: Record, names: Mapping[str, str]) -> dict[str, Any]:
    """What the company's own fields of an employment hold, by our names; `names`: our field -> their name."""
    own = record.get("CustomValues") or {}
    read = {key: date_of if BY_KEY[key].kind == "date" else text_of for key in names}
    return {key: read[key](own.get(name)) for key, name in names.items()}


# -- writing ---------------------------------------------------------------------------------------------------


def filled(ours: Mapping[str, Any], before: Record, after: Record) -> frozenset[str]:
    """The hours of a full position, where they are empty here and the connection's settings gave a value."""
    hours = after.get("HoursPerWeek")
    given = not ours.get("weekly_hours") and hours not in (None, 0, before.get("HoursPerWeek"))
    return frozenset(("weekly_hours",)) if given else frozenset()


def place(record: dict[str, Any], key: str, value: Any) -> None:
    """Writes a translated value into an employment; None clears."""
    if key in DATES:
        record[DATES[key]] = value.isoformat() if value else None
    elif key in NUMBERS:
        record[NUMBERS[key]] = float(value or 0)
    elif key in ENUMS:
        name, enum = ENUMS[key]
        record[name] = int(enum[value]) if value else 0
    elif key == "contract_type":
        _place_contract(record, value)


def _place_contract(record: dict[str, Any], value: str) -> None:
    if value in EmploymentType.__members__:
        record["EmploymentType"] = int(EmploymentType[value])
        if not _employed(name_of(TypeOfEmployment, record.get("TypeOfEmployment"))):
            record["TypeOfEmployment"] = int(TypeOfEmployment.OrdinaryEmployment)
    else:
        record["EmploymentType"] = int(EmploymentType.NotSet)
        record["TypeOfEmployment"] = int(TypeOfEmployment[value])


def place_dimension(record: dict[str, Any], name: str, value: int | None) -> None:
    """One of the employment's dimensions (`DepartmentID`, `ProjectID`, ...), the others as they are."""
    if record.get("Dimensions"):
        record["Dimensions"] = {**record["Dimensions"], name: value}
    else:
        record["Dimensions"] = {"ID": 0, "_createguid": str(uuid.uuid4()), name: value}


def place_custom(record: dict[str, Any], name: str, value: Any) -> None:
    """One of the company's own fields, the others as they are; None clears."""
    said = value.isoformat() if isinstance(value, date) else value
    record["CustomValues"] = {**(record.get("CustomValues") or {}), name: said}


def sendable(record: Record) -> dict[str, Any]:
    """A record as it was read, to be sent back: without links and whatever else is marked with an underscore, and
    without what is empty anyway."""
    return {
        name: sendable(value) if isinstance(value, dict) else value
        for name, value in record.items()
        if value is not None and not name.startswith("_")
    }


def with_employment(owner: Record, there: Sequence[Record], new: Record, guid: uuid.UUID) -> dict[str, Any]:
    """The employee to be sent back with a new employment beside those that are there."""
    body = sendable(owner)
    body["Employments"] = [
        *(sendable(e) for e in there),
        {
            "SubEntityID": owner.get("SubEntityID"),
            "EmployeeNumber": owner.get("EmployeeNumber"),
            "Standard": not any(e.get("Standard") for e in there),
            **_with_guid(new, guid),
        },
    ]
    if not str(owner.get("SocialSecurityNumber") or "").isdigit():
        body.pop("SocialSecurityNumber", None)  # shown masked: sent back, it would replace the real one
    return body


def _with_guid(new: Record, guid: uuid.UUID) -> dict[str, Any]:
    made = {**new, "_createguid": str(guid)}
    if made.get("Dimensions"):
        made["Dimensions"] = {**made["Dimensions"], "_createguid": str(uuid.uuid5(guid, "Dimensions"))}
    return made
