"""How PowerOffice Go says no: problem details of its own in either capitals, or what its gateway or its sign-in says. A
404 may be about the data: a department that is not there is a validation error."""

from __future__ import annotations

import re
from dataclasses import replace

from integrations.sdk import (
    DATA_REFUSED,
    EVERYWHERE,
    NO_SIGN_IN,
    NOT_UNDERSTOOD,
    NOTHING_AT_ADDRESS,
    EmployeeNotFoundError,
    NotAuthorizedError,
    RateLimitedError,
    Refusal,
    Response,
    Says,
    StaleError,
    Trouble,
    UnavailableError,
    fields_in,
    oauth_trouble,
)
from integrations.systems.poweroffice_go import texts

_SUBSCRIPTION_KEY = "subscription key"
_EMPLOYEE_MISSING = r"Employee with id = \d+ not found"
_EMPLOYMENT_MISSING = r"(Employment|.{0,80}\(line\)) with id = \d+ not found"
_NOT_OF_THE_DATA = r"^(((?!validation)[^:]){1,100}: )?"  # the title, before the detail
_OUR_FAULT = r"path segment|represented as integers|object is missing|resourceParameter|patch document"

_TOO_MANY = Refusal(status=429, error=RateLimitedError, text=texts.TOO_MANY_REQUESTS)
# The gateway's, no matter of tokens.
KEY_REFUSED = Refusal(
    status=401, words=_SUBSCRIPTION_KEY, error=NotAuthorizedError, text=texts.SUBSCRIPTION_KEY_REFUSED
)
REFUSALS = (
    _TOO_MANY,
    *EVERYWHERE,
    KEY_REFUSED,
    Refusal(status=401, error=NotAuthorizedError, text=texts.TOKEN_REFUSED),
    Refusal(status=403, words="quota", error=RateLimitedError, text=texts.TOO_MANY_REQUESTS),
    Refusal(status=403, error=NotAuthorizedError, text=texts.PRIVILEGE_MISSING),
    Refusal(
        status=404, words=_NOT_OF_THE_DATA + _EMPLOYEE_MISSING, error=EmployeeNotFoundError, text=texts.EMPLOYEE_GONE
    ),
    Refusal(status=404, words=_NOT_OF_THE_DATA + _EMPLOYMENT_MISSING, error=StaleError, text=texts.EMPLOYMENT_GONE),
    Refusal(status=404, known=False, error=UnavailableError, text=NOTHING_AT_ADDRESS),
    Refusal(status=415, text=NOT_UNDERSTOOD),
    Refusal(words=_OUR_FAULT, text=NOT_UNDERSTOOD),
    Refusal(text=DATA_REFUSED, named=True),
)
# A wrong key is answered with 400, not 401; a wrong subscription key stops at the gateway.
SIGN_IN = (
    _TOO_MANY,
    NO_SIGN_IN,
    *EVERYWHERE,
    Refusal(words=_SUBSCRIPTION_KEY, error=NotAuthorizedError, text=texts.SUBSCRIPTION_KEY_REFUSED),
    Refusal(status=(401, 403), error=NotAuthorizedError, text=texts.TOKEN_REFUSED),
    Refusal(error=NotAuthorizedError, text=texts.KEYS_REFUSED),
)
NO_EMPLOYEE = Says(status=404, words=_EMPLOYEE_MISSING)
# An employee has dates of the same names as an employment.
_ON_EMPLOYEE = {"start_date": "first_day_of_work", "end_date": "last_day_of_work"}
_NAMES = (
    ("end_reason", r"EndDateReason"),
    ("end_date", r"EndDate\b"),
    ("start_date", r"StartDate\b"),
    ("percentage", r"\bFTE\b|FtePercentage"),
    ("remuneration_type", r"RemunerationType|\bsalary\b"),
    ("occupation_code", r"profession"),
    ("contract_type", r"EmploymentForm|EmploymentType"),
    ("working_hours_scheme", r"WorkingHours"),
    ("company", r"enterprise"),
    ("manager", r"manager"),
    ("department", r"department"),
    ("cost_centre", r"(?<!target )\blocation"),
    ("title", r"JobTitle"),
)


def trouble(response: Response, field: str = "") -> Trouble | None:
    """`field`: what the call wrote, where the answer names nothing."""
    if response.ok:
        return None
    said = {name.lower(): str(value) for name, value in response.json_object().items() if value not in (None, "")}
    detail = said.get("detail") or said.get("title") or ""
    parts = [said.get(name, "") for name in ("title", "detail", "error_description", "message")]
    text = ": ".join(part for part in parts if part) or said.get("error") or response.said
    named, *also = fields_in(detail, _NAMES) or (field,)
    if (said.get("title") or "").startswith("Employee "):
        named, *also = (_ON_EMPLOYEE.get(name, name) for name in (named, *also))
    seconds = re.search(r"again in (\d{1,9}) second", text)
    wait = float(seconds[1]) if seconds and response.retry_after() is None else None
    return Trouble(response.status, text, said.get("error", ""), named, bool(detail), wait, tuple(also))


def sign_in_trouble(response: Response) -> Trouble | None:
    """It speaks OAuth; the gateway before it says in words how long to wait."""
    found, at_gateway = oauth_trouble(response), trouble(response)
    return replace(found, wait=at_gateway.wait) if found and at_gateway else found
