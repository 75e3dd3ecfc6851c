"""What PowerOffice Go's published models say, the shape of its refusals, and JSON Patch, for its sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import json_answer, json_body

ENUMS = {
    "EmploymentForm": (
        "Permanent",
        "Temporary",
        "PermanentEmploymentAndHiredOut",
        "TemporaryEmploymentAndHiredOut",
        "TemporaryEmploymentAsOnCallCoverstaff",
    ),
    "EmploymentType": ("Ordinary", "Maritime", "FreelancersEtc", "PensionEtc"),
    "WorkingHoursArrangement": (
        "NonShift",
        "SemiContinuousShift",
        "ContinuousShift",
        "ShiftWork",
        "Offshore",
        "OtherShifts",
    ),
    "EndDateReason": (
        "EmploymentRelationshipShouldNeverHaveBeenReported",
        "EmployerHasDismissedTheEmployee",
        "EmployeeHasResigned",
        "ChangeOfPayrollSystemOrAccountant",
        "ChangeOfOrganizationStructureOrChangedJobInternally",
        "ContractCommitmentOrTemporaryEmploymentExpired",
    ),
    "EmploymentSpecification": ("None", "CrossBorderCommuter"),
    "TaxRule": ("Ordinary", "Svalbard", "JanMayenAndDependencies", "SpecialAllowanceForSeafarers",
                "TaxFreeOrganisation"),
    "Gender": ("Male", "Female", "Hidden"),
    "RemunerationType": ("Commission", "FixedWage", "HourlyWage"),
}  # fmt: skip
EMPLOYMENT = {
    "StartDate": "date",
    "EndDate": "date",
    "EndDateReason": "enum",
    "EmploymentForm": "enum",
    "EmploymentType": "enum",
    "EmploymentSpecification": "enum",
    "EnterpriseId": "id",
    "FullTimeHoursPerWeek": "number",
    "IsDefault": "bool",
    "ProfessionCode": "text",
    "ReportingId": "text",
    "TaxCountryCode": "text",
    "TaxRule": "enum",
    "WorkingHoursArrangement": "enum",
}
EMPLOYMENT_NEEDS = (
    "EmploymentForm",
    "EmploymentType",
    "EnterpriseId",
    "FullTimeHoursPerWeek",
    "IsDefault",
    "ProfessionCode",
    "StartDate",
    "WorkingHoursArrangement",
)
LINES = {
    "FtePercentages": {"FromDate": "date", "FtePercentage": "number"},
    "Salaries": {"FromDate": "date", "RemunerationType": "enum", "AnnualSalary": "number", "HourlyRate": "number"},
}
REGISTERED = {"Code": "text", "Name": "text", "IsActive": "bool", "ManagerEmployeeId": "id"}
EMPLOYEE = {
    "DateOfBirth": "date",
    "DepartmentId": "id",
    "EmailAddress": "text",
    "EndDate": "date",
    "ExternalImportReference": "text",
    "ExternalNumber": "id",
    "FirstName": "text",
    "Gender": "enum",
    "HiredDate": "date",
    "IsArchived": "bool",
    "JobTitle": "text",
    "LastName": "text",
    "LocationId": "id",
    "ManagerEmployeeId": "id",
    "NationalIdNumber": "text",
    "Number": "id",
    "PhoneNumber": "text",
    "StartDate": "date",
}
PROFESSIONS = {
    "2511102": "AUTORISERT REGNSKAPSFØRER",
    "2554102": "RÅDGIVER",
    "5221126": "BUTIKKMEDARBEIDER",
    "5223108": "BUTIKKSJEF",
    "3231109": "SYKEPLEIER",
    "5120105": "KOKK",
}
PAGING = ("PageNumber", "PageSize", "Fields", "OrderBy", "UseDatabaseValidation")
PAGE_SIZE = 5000
MAX_PAGE_SIZE = 20_000
JSON = ("application/json", "application/json-patch+json", "text/json")


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def problem(status: int, title: str, detail: str) -> HttpResponse:
    answer = json_answer({"title": title, "detail": detail}, status)
    answer.headers["Content-Type"] = "application/problem+json"
    return answer


def gateway(status: int, message: str, code: Any = None) -> HttpResponse:
    return json_answer({"statusCode": status if code is None else code, "message": message}, status)


def iso_day(value: Any) -> str | None:
    """The ISO day in a text, None if there is none."""
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


class Refused(Exception):
    """Why a write is not carried out, in the words of a problem's detail."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


def numbers(text: str, name: str) -> Callable[[Any], bool]:
    """The filter "1, 100-200, 500-" as a test of a number."""
    ranges: list[tuple[int, float]] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(-?)\s*(\d*)\s*", part)
        if match is None or (match[3] and not match[2]):
            raise Refused(f"{name} can only contain numbers and ranges of numbers.")
        low = int(match[1])
        ranges.append((low, float(match[3] or "inf") if match[2] else low))
    return lambda value: value is not None and any(low <= value <= high for low, high in ranges)


def posted(request: HttpRequest, columns: Mapping[str, str], dto: str, missing: str, *, strict: bool) -> dict[str, Any]:
    """The object in a POST, of these columns. Whether an unknown property is refused, nobody says: strictly, it is."""
    sent = json_body(request)
    if not isinstance(sent, dict) or not sent:
        raise Refused(missing)
    by_name = {name.lower(): name for name in columns}
    given = {}
    for name, value in sent.items():
        known = name if name in columns else by_name.get(name.lower()) if not strict else None
        if known is None and strict:
            raise Refused(f"{dto}: {name} is not a known property.")
        if known is not None:
            typed(known, value, columns, dto)
            given[known] = value
    return given


def patched(
    request: HttpRequest, kept: Mapping[str, Any], columns: Mapping[str, str], dto: str, *, strict: bool
) -> dict[str, Any]:
    """A copy of what is kept with the patch document (RFC 6902) carried out, all or nothing."""
    operations = json_body(request)
    if not isinstance(operations, list) or not operations:
        raise Refused(f"{dto}: the patch document is missing.")
    new = dict(kept)
    for operation in operations:
        if not isinstance(operation, dict) or set(operation) - {"op", "path", "value", "from"}:
            raise Refused(f"{dto}: the patch document is not formatted correct.")
        new |= _carried_out(operation, new, columns, dto, strict=strict)
    return new


def _carried_out(
    operation: Mapping[str, Any], now: Mapping[str, Any], columns: Mapping[str, str], dto: str, *, strict: bool
) -> dict[str, Any]:
    """What one operation of a patch document gives other values."""
    name, op, value = _named(operation.get("path"), columns, dto), operation.get("op"), operation.get("value")
    match op:
        case "remove":
            if strict and now.get(name) is None:
                raise Refused(f"{dto}: '{name}' has no value to remove.")
            return {name: None}
        case "add" | "replace":
            if "value" not in operation:
                raise Refused(f"{dto}: '{op}' needs a value.")
            typed(name, value, columns, dto)
            return {name: value}
        case "copy" | "move":
            source = _named(operation.get("from"), columns, dto)
            typed(name, now.get(source), columns, dto)
            return {**({source: None} if op == "move" else {}), name: now.get(source)}
        case "test":
            if now.get(name) != value:
                raise Refused(f"{dto}: The current value '{now.get(name)}' is not equal to the test value '{value}'.")
            return {}
    raise Refused(f"{dto}: '{op}' is not a supported operation here.")


def _named(path: Any, columns: Mapping[str, str], dto: str) -> str:
    """The column that a path of a patch names, in capitals or not."""
    segment = str(path or "").lstrip("/").lower()
    name = next((column for column in columns if column.lower() == segment), None)
    if name is None or not str(path).startswith("/"):
        raise Refused(f"{dto}: The target location specified by path segment '{segment}' was not found.")
    return name


def typed(name: str, value: Any, columns: Mapping[str, str], dto: str) -> None:
    """Raises what a value of the wrong type is refused with."""
    if value is None:
        return
    kind = columns[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "enum" and number:
        raise Refused(
            f"Enum '{name.lower()}' with value = {value} is not valid. (Enums is not allowed to be represented as "
            "integers)."
        )
    fine = {
        "enum": kind != "enum" or value in ENUMS[name],
        "date": iso_day(value) == value,
        "id": isinstance(value, int) and number,
        "number": number,
        "bool": isinstance(value, bool),
        "text": isinstance(value, str),
    }[kind]
    if not fine:
        raise Refused(f"{dto}: The value '{value}' is invalid for target location.")
