"""Tripletex' objects as its contract has them (openapi.json 2.74.00): their fields, their codes, and its refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

Row = dict[str, Any]

DOCS = "https://tripletex.no/v2-docs/"
PAGE = 1000
HOURS_OF_A_YEAR = 1950

INT, NUMBER, TEXT, DATE, BOOL = "int", "number", "text", "date", "bool"
FORMS = (
    "PERMANENT",
    "TEMPORARY",
    "PERMANENT_AND_HIRED_OUT",
    "TEMPORARY_AND_HIRED_OUT",
    "TEMPORARY_ON_CALL",
    "NOT_CHOSEN",
)
REMUNERATIONS = ("MONTHLY_WAGE", "HOURLY_WAGE", "COMMISION_PERCENTAGE", "FEE", "NOT_CHOSEN", "PIECEWORK_WAGE")
SHIFTS = ("ROUND_THE_CLOCK", "SHIFT_365", "OFFSHORE_336", "CONTINUOUS", "OTHER_SHIFT")
END_REASONS = tuple(
    "EMPLOYMENT_END_" + reason
    for reason in (
        "EXPIRED",
        "EMPLOYEE",
        "EMPLOYER",
        "WRONGLY_REPORTED",
        "SYSTEM_OR_ACCOUNTANT_CHANGE",
        "INTERNAL_CHANGE",
    )
)
# Cancels an employment: it counts as never having been, so that its days are free.
WRONGLY_REPORTED = "EMPLOYMENT_END_WRONGLY_REPORTED"
TAX_CODES = (
    "loennFraHovedarbeidsgiver",
    "loennFraBiarbeidsgiver",
    "pensjon",
    "loennTilUtenrikstjenestemann",
    "loennKunTrygdeavgiftTilUtenlandskBorger",
    "loennKunTrygdeavgiftTilUtenlandskBorgerSomGrensegjenger",
    "introduksjonsstoenad",
    "ufoereytelserFraAndre",
    "",
)

# Each object's fields: a plain type, a tuple of the values it takes, or another object ("Name", "[Name]" = a list).
MODELS: dict[str, dict[str, Any]] = {
    "Employee": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "firstName": TEXT,
        "lastName": TEXT,
        "displayName": TEXT,
        "employeeNumber": TEXT,
        "dateOfBirth": DATE,
        "email": TEXT,
        "nationalIdentityNumber": TEXT,
        "dnumber": TEXT,
        "userType": ("STANDARD", "EXTENDED", "NO_ACCESS"),
        "isContact": BOOL,
        "department": "Department",
        "employments": "[Employment]",
        "companyId": INT,
        "phoneNumberMobileCountry": "Country",
        "phoneNumberMobile": TEXT,
        "phoneNumberHome": TEXT,
        "phoneNumberWork": TEXT,
        "internationalId": "InternationalId",
        "bankAccountNumber": TEXT,
        "iban": TEXT,
        "bic": TEXT,
        "creditorBankCountryId": INT,
        "usesAbroadPayment": BOOL,
        "allowInformationRegistration": BOOL,
        "isProxy": BOOL,
        "comments": TEXT,
        "address": "Address",
        "holidayAllowanceEarned": "HolidayAllowanceEarned",
        "employeeCategory": "EmployeeCategory",
        "isAuthProjectOverviewURL": BOOL,
        "pictureId": INT,
        "vismaConnect2FAactive": BOOL,
    },
    "Employment": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "employee": "Employee",
        "employmentId": TEXT,
        "startDate": DATE,
        "endDate": DATE,
        "employmentEndReason": END_REASONS,
        "division": "Division",
        "lastSalaryChangeDate": DATE,
        "noEmploymentRelationship": BOOL,
        "isMainEmployer": BOOL,
        "taxDeductionCode": TAX_CODES,
        "employmentDetails": "[EmploymentDetails]",
        "isRemoveAccessAtEmploymentEnded": BOOL,
        "latestSalary": "EmploymentDetails",
    },
    "EmploymentDetails": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "employment": "Employment",
        "date": DATE,
        "employmentType": ("ORDINARY", "MARITIME", "FREELANCE", "NOT_CHOSEN"),
        "employmentForm": FORMS,
        "maritimeEmployment": "MaritimeEmployment",
        "remunerationType": REMUNERATIONS,
        "workingHoursScheme": ("NOT_SHIFT", *SHIFTS, "NOT_CHOSEN"),
        "shiftDurationHours": NUMBER,
        "occupationCode": "OccupationCode",
        "percentageOfFullTimeEquivalent": NUMBER,
        "annualSalary": NUMBER,
        "hourlyWage": NUMBER,
        "payrollTaxMunicipalityId": "Municipality",
        "monthlySalary": NUMBER,
    },
    "MaritimeEmployment": {
        "shipRegister": ("NIS", "NOR", "FOREIGN"),
        "shipType": ("OTHER", "DRILLING_PLATFORM", "TOURIST"),
        "tradeArea": ("DOMESTIC", "FOREIGN"),
    },
    "OccupationCode": {"id": INT, "version": INT, "url": TEXT, "nameNO": TEXT, "code": TEXT},
    "Municipality": {"id": INT, "version": INT, "url": TEXT, "number": TEXT, "name": TEXT},
    "Division": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "name": TEXT,
        "organizationNumber": TEXT,
        "startDate": DATE,
        "endDate": DATE,
        "displayName": TEXT,
        "municipality": "Municipality",
        "municipalityDate": DATE,
    },
    "Department": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "name": TEXT,
        "departmentNumber": TEXT,
        "departmentManager": "Employee",
        "displayName": TEXT,
        "isInactive": BOOL,
    },
    "EmployeeCategory": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "displayName": TEXT,
        "name": TEXT,
        "number": TEXT,
        "description": TEXT,
    },
    "StandardTime": {
        "id": INT,
        "version": INT,
        "url": TEXT,
        "employee": "Employee",
        "fromDate": DATE,
        "hoursPerDay": NUMBER,
    },
    "Client": {"id": INT, "version": INT, "url": TEXT, "name": TEXT, "organizationNumber": TEXT},
    "LoggedInUserInfo": {
        "employeeId": INT,
        "actualEmployeeId": INT,
        "employee": "Employee",
        "companyId": INT,
        "company": "Company",
        "language": TEXT,
    },
    "Company": {"id": INT, "version": INT, "url": TEXT},
}
PATHS = {
    "Employee": "employee",
    "Employment": "employee/employment",
    "EmploymentDetails": "employee/employment/details",
    "OccupationCode": "employee/employment/occupationCode",
    "Municipality": "municipality",
    "Division": "division",
    "Department": "department",
    "EmployeeCategory": "employee/category",
    "StandardTime": "employee/standardTime",
    "Client": "company",
    "Company": "company",
}
# Taken in a body, and ignored (recorded for monthlySalary); `changes` are asked for with a filter of their own.
READ_ONLY = (
    *("url", "changes", "displayName", "companyId", "latestSalary", "monthlySalary", "lastSalaryChangeDate"),
    *("allowInformationRegistration", "isProxy", "isAuthProjectOverviewURL", "pictureId", "vismaConnect2FAactive"),
)
# Of an employee, and kept as they come: no part of an employment depends on them.
OTHERS_OF_AN_EMPLOYEE = {
    **dict.fromkeys(("phoneNumberMobile", "phoneNumberHome", "phoneNumberWork", "comments"), ""),
    **dict.fromkeys(("bankAccountNumber", "iban", "bic"), ""),
    **dict.fromkeys(("phoneNumberMobileCountry", "internationalId", "address", "holidayAllowanceEarned"), None),
    **dict.fromkeys(("employeeCategory", "pictureId"), None),
    "creditorBankCountryId": 0,
    **dict.fromkeys(("usesAbroadPayment", "isProxy", "isAuthProjectOverviewURL", "vismaConnect2FAactive"), False),
    "allowInformationRegistration": True,
}


class Refused(Exception):
    """An answer in Tripletex' error envelope."""

    def __init__(self, status: int, code: int, message: str, developer: str = "", found: Iterable[Row] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.developer = status, code, message, developer
        self.found = list(found)


def remark(field: str | None, message: str, path: str | None = None) -> Row:
    return {"field": field, "message": message, "path": path, "rootId": None}


def invalid(*found: Row, developer: str = "VALIDATION_ERROR") -> Refused:
    return Refused(422, 18000, "Validering feilet.", developer, found)


def unmappable(field: str, message: str, path: str | None = "") -> Refused:
    return Refused(422, 16000, "Request mapping failed", "", [remark(field, message, field if path == "" else path)])


def fits(there: Any, value: Any) -> bool:
    if isinstance(there, tuple):
        return value in there
    if there == INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if there == NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if there == BOOL:
        return isinstance(value, bool)
    if there == DATE:
        return isinstance(value, str) and is_date(value)
    if there == TEXT:
        return isinstance(value, str)
    return isinstance(value, list if there.startswith("[") else dict)  # an object, or a list of them


def is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and date.fromisoformat(text) > date.min + timedelta(1)
    except ValueError:
        return False


def parse(fields: str) -> dict[str, str]:
    """ "id,division(id,name)" -> {"id": "", "division": "id,name"}."""
    found: dict[str, str] = {}
    depth, name, inner = 0, "", ""
    for letter in fields + ",":
        if letter == ")":
            depth -= 1
        if depth:
            inner += letter
        elif letter == ",":
            if name.strip():
                found[name.strip()] = inner
            name, inner = "", ""
        elif letter not in "()":
            name += letter
        if letter == "(":
            depth += 1
    return found
