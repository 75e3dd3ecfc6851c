"""How Tripletex says no: an object with a code, and the fields that it refuses, several at once. Their words are in
the token owner's language, so that codes and names of fields decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from integrations.sdk import (
    EVERYWHERE,
    NO_SIGN_IN,
    NOT_UNDERSTOOD,
    NOTHING_AT_ADDRESS,
    DataRefusedError,
    Message,
    NotAuthorizedError,
    Refusal,
    Response,
    Says,
    StaleError,
    Trouble,
    UnavailableError,
    unknown_trouble,
)
from integrations.systems.tripletex import texts

TOO_MANY_HITS = "23000"
BAD_REQUEST = "4000"
# Our own mistakes: not understood at all, an unknown filter, a wrong part of the path, a body that does not fit, an
# unknown order, no JSON.
OUR_FAULT = (BAD_REQUEST, "11000", "12000", "16000", "17000", "22000")

# Their answer for a path that they do not have.
_ELSEWHERE = Refusal(status=404, code="21000", error=UnavailableError, text=NOTHING_AT_ADDRESS)

# What it leaves is a refusal of the data (`of_data`).
REFUSALS = (
    *EVERYWHERE,
    Refusal(code="1000", error=UnavailableError, text=texts.ERROR_OF_THEIRS),  # also seen with status 400
    Refusal(status=401, error=NotAuthorizedError, text=texts.SESSION_REFUSED),
    Refusal(status=403, error=NotAuthorizedError, text=texts.RIGHT_MISSING),
    Refusal(status=409, code="8000", error=StaleError, text=texts.CHANGED),
    Refusal(status=409, code="10000", text=texts.LOCKED),
    Refusal(code=OUR_FAULT, text=NOT_UNDERSTOOD),
    _ELSEWHERE,
    Refusal(status=404, known=False, error=UnavailableError, text=NOTHING_AT_ADDRESS),
)
SIGN_IN = (
    NO_SIGN_IN,
    _ELSEWHERE,
    Refusal(status=(404, 405, 415), error=UnavailableError, text=NOTHING_AT_ADDRESS),
    Refusal(code=BAD_REQUEST, error=UnavailableError, text=NOTHING_AT_ADDRESS),
    *EVERYWHERE,
    Refusal(code="1000", error=UnavailableError, text=texts.ERROR_OF_THEIRS),
    Refusal(error=NotAuthorizedError, text=texts.TOKENS_REFUSED),
)
MISSING = Says(status=404, code="6000")
# Of a record that was just read: it is time to read again.
GONE = Refusal(status=404, error=StaleError, text=texts.RECORD_GONE)

# The last known name in a refused field's path ("employments.division.id") -> our field.
OURS = {
    "startDate": "start_date",
    "endDate": "end_date",
    "employmentEndReason": "end_reason",
    "division": "company",
    "department": "department",
    "employmentType": "contract_type",
    "employmentForm": "contract_type",
    "remunerationType": "remuneration_type",
    "workingHoursScheme": "working_hours_scheme",
    "shiftDurationHours": "working_hours_scheme",
    "occupationCode": "occupation_code",
    "percentageOfFullTimeEquivalent": "percentage",
    "hoursPerDay": "weekly_hours",
    "dateOfBirth": "",
    "date": "start_date",
}
OF_FIELDS = {
    "startDate": texts.START_REFUSED(),
    "division": texts.DIVISION_REFUSED(),
    "dateOfBirth": texts.BIRTH_DATE_MISSING(whom=texts.THIS_EMPLOYEE),
    "shiftDurationHours": texts.SHIFT_HOURS_REFUSED(),
    "date": texts.ROW_DATE_REFUSED(),
}


def trouble(response: Response) -> Trouble | None:
    """Too many requests come with the seconds left in X-Rate-Limit-Reset (README, "Rate limiting")."""
    if response.ok:
        return None
    error, reset = response.json_object(), response.headers.get("X-Rate-Limit-Reset", "").strip()
    wait = response.retry_after()
    if wait is None and response.status == 429 and reset.isdecimal():
        wait = float(reset)
    if not error:
        return replace(unknown_trouble(response), wait=wait)
    words: list[Any] = [error.get("message")]
    words += [": ".join(str(found[k]) for k in ("field", "message") if found.get(k)) for found in _refused(error)]
    if len(words) == 1:
        words.append(error.get("developerMessage"))
    text = " ".join(str(part) for part in words if part)
    code = str(error.get("code") or "")
    return Trouble(response.status, text, code, known=code.isdecimal(), wait=wait)


def session_trouble(response: Response) -> Trouble | None:
    return None if no_such_call(response) else trouble(response)


def no_such_call(response: Response) -> bool:
    """Whether it says that it does not know this method or this path. A wrong method is answered with 400 and code
    4000 (recorded), and others are conceivable."""
    if response.status == 400:
        return str(response.json_object().get("code")) == BAD_REQUEST
    return response.status in (404, 405, 415, 422, 501)


def of_data(response: Response, found: Trouble, settings: Mapping[str, Any]) -> DataRefusedError:
    """A refusal by the fields that it names, all of them: several come together. The department there is what the
    connection sends as one."""
    paths = [str(refused.get("field") or "").split(".") for refused in _refused(response.json_object())]
    known = [next((part for part in reversed(path) if part in OURS), "") for path in paths]
    named = list(dict.fromkeys(name for name in known if name))
    said = [OF_FIELDS.get(name) or texts.FIELD_REFUSED(name=name) for name in named] or [texts.REFUSED()]
    cause = said[0].text.cause if said[0].text else ""
    all_said = reduce(_and, dict.fromkeys(said))
    field = OURS[named[0]] if named else ""
    if field == "department" and settings.get("send_cost_centre"):
        field = "cost_centre"
    return DataRefusedError(all_said, cause=cause, field=field, **found.words)


def _and(refusal: Message, another: Message) -> Message:
    return texts.SEVERAL_REFUSED(refusal=refusal, another=another)


def _refused(error: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = error.get("validationMessages")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
