"""How Graph says no, and its sign-in, whose errors have a shape of their own. By the status first: the body of a 429
may say nothing at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from integrations.sdk import (
    DATA_REFUSED,
    EMPLOYEE_GONE,
    EVERYWHERE,
    NO_SIGN_IN,
    NOT_UNDERSTOOD,
    EmployeeNotFoundError,
    NotAuthorizedError,
    RateLimitedError,
    Refusal,
    Response,
    StaleError,
    Trouble,
    UnavailableError,
    oauth_trouble,
)
from integrations.systems.entra_id import texts
from integrations.systems.entra_id.declaration import ATTRIBUTES, SYSTEM

LONGEST_MESSAGE = 440  # leaves room for the id of the request

_MASTERED = r"on-premises mastered|directory sync objects"
ATTRIBUTES_ELSEWHERE = Refusal(words=_MASTERED, text=texts.ATTRIBUTES_ELSEWHERE)
_TOO_MANY = Refusal(status=429, error=RateLimitedError, text=texts.TOO_MANY_REQUESTS)
REFUSALS = (
    _TOO_MANY,
    *EVERYWHERE,
    Refusal(status=401, error=NotAuthorizedError, text=texts.TOKEN_REFUSED),
    Refusal(status=403, error=NotAuthorizedError, text=texts.PERMISSION_MISSING),
    Refusal(code="Directory_ConcurrencyViolation", error=StaleError, text=texts.CHANGED_MEANWHILE),
    Refusal(status=404, error=UnavailableError, text=texts.ADDRESS_UNKNOWN),
    Refusal(words=_MASTERED, text=texts.ON_PREMISES),
    Refusal(code="Request_UnsupportedQuery", text=NOT_UNDERSTOOD),
    Refusal(text=DATA_REFUSED, named=True),
)
# An object is not there; a wrong address gives a 404 with another code.
GONE = Refusal(status=404, code="Request_ResourceNotFound", error=EmployeeNotFoundError, text=EMPLOYEE_GONE)
SIGN_IN = (
    _TOO_MANY,
    NO_SIGN_IN,
    *EVERYWHERE,
    Refusal(code="AADSTS7000222", error=NotAuthorizedError, text=texts.SECRET_EXPIRED),
    Refusal(code="AADSTS7000215", error=NotAuthorizedError, text=texts.SECRET_WRONG),
    Refusal(code="AADSTS7000218", error=NotAuthorizedError, text=texts.SECRET_MISSING),
    Refusal(code="AADSTS700016", error=NotAuthorizedError, text=texts.APP_UNKNOWN),
    Refusal(code="AADSTS90002", error=NotAuthorizedError, text=texts.TENANT_UNKNOWN),
    Refusal(error=NotAuthorizedError, text=texts.SIGN_IN_REFUSED),
)
_PROPERTY = re.compile(r"propert(?:y|ies) '?(\w+)'?", re.I)  # "Update user" names the properties in its errors


def trouble(response: Response) -> Trouble | None:
    """Of one of Graph's errors, with the id by which Microsoft's support finds the request."""
    if response.ok:
        return None
    error = response.json_object().get("error")
    if not isinstance(error, dict):
        text = "" if response.status == 429 else response.said
        return Trouble(response.status, text, known=False)
    inner = error.get("innerError") or error.get("innererror")
    request_id = response.headers.get("request-id") or (inner.get("request-id") if isinstance(inner, dict) else "")
    listed = error.get("details")
    details = [detail for detail in listed if isinstance(detail, dict)] if isinstance(listed, list) else []
    said = dict.fromkeys(str(one.get("message") or "") for one in (error, *details))
    text = " ".join(words for words in said if words)[:LONGEST_MESSAGE]
    if text and request_id:
        text = f"{text} (request-id {request_id})"
    code = "" if response.status == 429 else str(error.get("code") or "")
    field, *also = _fields(text, details) or ("",)
    return Trouble(response.status, text, code, field, also=tuple(also))


def sign_in_trouble(response: Response) -> Trouble | None:
    """`error` is a text here, an object in Graph; its first line begins with a number of Entra's own."""
    found = oauth_trouble(response)
    if found is None:
        return None
    text = found.text.partition("\n")[0].strip()
    number = re.search(r"AADSTS\d+", text)
    return replace(found, text=text, code=number[0] if number else found.code, known=bool(number) or found.known)


def _fields(text: str, details: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Our fields for the properties that an error names in its text or as the targets of its details."""
    targets = [str(detail.get("target") or "") for detail in details]
    named = [name.split("/")[0] for name in (*_PROPERTY.findall(text), *targets)]
    ours = {f.remote.split(".")[0]: f.ours for f in reversed(SYSTEM.fields) if f.remote}
    return tuple(dict.fromkeys(ours[name] for name in named if name in ours and name != ATTRIBUTES))
