"""A user of Graph as the sandbox keeps it: its properties, how long they may be, and how Graph refuses."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse

from integrations.sandboxes.base import json_answer

_LENGTHS: dict[str, int | None] = {
    "jobTitle": 128,
    "department": 64,
    "companyName": 64,
    "employeeId": 16,
    "officeLocation": 128,
    "employeeType": None,
}
_DATES = ("employeeHireDate", "employeeLeaveDateTime")
ATTRIBUTES = tuple(f"extensionAttribute{number}" for number in range(1, 16))
_GROUPS: dict[str, tuple[tuple[str, ...], int | None]] = {
    "employeeOrgData": (("division", "costCenter"), None),
    "onPremisesExtensionAttributes": (ATTRIBUTES, 1024),
}
_READ_ONLY = ("id", "userType", "onPremisesSyncEnabled")
# What a position has nothing to do with, and the longest of each: who else writes users may.
_OF_THE_PERSON = {
    "displayName": 256,
    "givenName": 64,
    "surname": 64,
    "userPrincipalName": 113,
    "mailNickname": 64,
    "mail": 256,
    "mobilePhone": 64,
    "city": 128,
    "country": 128,
    "state": 128,
    "streetAddress": 1024,
    "postalCode": 40,
    "usageLocation": 2,
    "preferredLanguage": 40,
}
_NEEDED = ("displayName", "mail", "userPrincipalName", "mailNickname")
LISTS = ("businessPhones", "otherMails")
PROPERTIES = (
    *("id", "userType", "onPremisesSyncEnabled", "accountEnabled", *_OF_THE_PERSON, *LISTS),
    *(*_LENGTHS, *_DATES, *_GROUPS),
)
BY_DEFAULT = (
    *("businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation"),
    *("preferredLanguage", "surname", "userPrincipalName"),
)
_MOMENT = re.compile(
    r"\d{4,}-(0[1-9]|1[012])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.]\d{1,12})?(Z|[+-]\d\d:\d\d)"
)


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> HttpResponse:
        inner = {
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": str(uuid.uuid4()),
            "client-request-id": str(uuid.uuid4()),
        }
        return json_answer(
            {"error": {"code": self.code, "message": self.message, "innerError": inner}},
            self.status,
            request_id=inner["request-id"],
        )


def bad(message: str) -> Refused:
    return Refused(400, "Request_BadRequest", message)


def missing(resource: str) -> Refused:
    return Refused(
        404,
        "Request_ResourceNotFound",
        f"Resource '{resource}' does not exist or one of its queried reference-property objects are not present.",
    )


def denied() -> Refused:
    return Refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def invalid(name: str) -> Refused:
    return bad(f"Invalid value specified for property '{name}' of resource 'User'.")


def checked(name: str, value: Any, strict: bool) -> Any:
    """A property as it is kept; `strict`: only what has to do with a position may be written."""
    if name in _LENGTHS:
        return _text(name, value, _LENGTHS[name])
    if name in _DATES:
        if value is not None and not (isinstance(value, str) and _MOMENT.fullmatch(value)):
            raise invalid(name)
        return value
    if name in _GROUPS:
        return _group(name, value)
    if strict or name in _READ_ONLY or name not in PROPERTIES:
        raise bad("One or more properties contains invalid values.")
    return _of_the_person(name, value)


def _group(name: str, value: Any) -> dict[str, str | None] | None:
    """Of the attributes those that were sent; of employeeOrgData both, as a half that is left out is emptied."""
    names, limit = _GROUPS[name]
    whole = name == "employeeOrgData"
    if value is None and whole:
        return None
    if not isinstance(value, dict) or set(value) - set(names):
        raise invalid(name)
    return {inner: _text(name, value.get(inner), limit) for inner in names if whole or inner in value}


def _of_the_person(name: str, value: Any) -> Any:
    if name == "accountEnabled" or name in LISTS:
        if not isinstance(value, bool if name == "accountEnabled" else list):
            raise invalid(name)
        return value
    if value is None and name in _NEEDED:
        raise invalid(name)
    return _text(name, value, _OF_THE_PERSON[name])


def _text(name: str, value: Any, limit: int | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or (limit is not None and len(value) > limit):
        raise invalid(name)
    return value
