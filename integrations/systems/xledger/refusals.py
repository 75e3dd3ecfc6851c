"""How Xledger says no ("General tips", and GraphQLClient.cs of graphql-samples). The body comes before the status, as
errors come with 200, and the same ones with 400."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from integrations.sdk import (
    DATA_REFUSED,
    EVERYWHERE,
    NO_SIGN_IN,
    TOO_MANY_REQUESTS,
    WRONG_FORM,
    EmployeeNotFoundError,
    NotAuthorizedError,
    RateLimitedError,
    Refusal,
    Response,
    Says,
    Trouble,
    UnavailableError,
    UnclearOutcomeError,
    record_in,
    unknown_trouble,
)
from integrations.systems.xledger import texts
from integrations.systems.xledger.queries import mapping


class TimedOutError(UnavailableError):
    """Xledger gave up on a query; a smaller page may pass."""


_BURST = r"^too many requests|BURST_RATE_LIMIT_REACHED$"
_CONCURRENCY = r"CONCURRENCY_LIMIT_REACHED$"
_CREDITS = r"^insufficient credits|INSUFFICIENT_CREDITS$"
_WAITS = ((Says(words=_BURST), 5.0), (Says(words=_CONCURRENCY), 1.0))  # as GraphQLClient.cs waits
_DENIED = r"unauthori[sz]ed|unauthenticated"
_LACKING = r"not authori[sz]ed|forbidden|no access|access denied|permission|\bscope"
_NOT_UNDERSTOOD = r"^(?:cannot query field|unknown (?:argument|type|field)|syntax error|variable \"?\$)"

REFUSALS = (
    Refusal(known=True, words=_BURST, error=RateLimitedError, text=texts.BURST),
    Refusal(known=True, words=_CONCURRENCY, error=RateLimitedError, text=texts.CONCURRENCY),
    Refusal(known=True, words=_CREDITS, error=RateLimitedError, text=texts.CREDITS),
    Refusal(status=429, error=RateLimitedError, text=TOO_MANY_REQUESTS),
    Refusal(
        known=True,
        words=r"^(?:inputs\S*\.)?(?:node\.)?dbId:.*no value matching",
        error=EmployeeNotFoundError,
        text=texts.EMPLOYEE_LEFT,
    ),
    Refusal(known=True, words="no value matching", text=texts.VALUE_REFUSED, named=True),
    Refusal(known=True, words="bad format for api token", error=NotAuthorizedError, text=texts.NO_TOKEN),
    Refusal(status=401, error=NotAuthorizedError, text=texts.TOKEN_REFUSED),
    Refusal(known=True, words=_LACKING, error=NotAuthorizedError, text=texts.RIGHT_MISSING),
    Refusal(status=403, error=NotAuthorizedError, text=texts.RIGHT_MISSING),
    Refusal(known=True, words=_DENIED, error=NotAuthorizedError, text=texts.TOKEN_REFUSED),
    Refusal(known=True, words="timed out", call="write", error=UnclearOutcomeError, text=texts.TOOK_TOO_LONG),
    Refusal(known=True, words="timed out", error=TimedOutError, text=texts.TOOK_TOO_LONG),
    Refusal(code=("ARGUMENTS_OF_CORRECT_TYPE", "INVALID_VALUE"), text=texts.INTERFACE_CHANGED, named=True),
    Refusal(known=True, words=_NOT_UNDERSTOOD, text=texts.INTERFACE_CHANGED, named=True),
    Refusal(code="UNHANDLED_ERROR", call="write", error=UnclearOutcomeError, text=texts.NOT_CARRIED_OUT),
    Refusal(
        known=True,
        status=range(500, 1000),
        call="write",
        error=UnclearOutcomeError,
        text=texts.NOT_CARRIED_OUT,
    ),
    Refusal(known=True, call="write", text=DATA_REFUSED, named=True),
    Refusal(known=True, error=UnavailableError, text=texts.NOT_CARRIED_OUT),
    # Without words of Xledger's own. There is one address: what answered the questions is there for the writes.
    replace(WRONG_FORM, call="write"),
    NO_SIGN_IN,
    *EVERYWHERE,
    # A page may also come where a token is not taken: the words name both, and no connection stops for an address.
    Refusal(error=UnavailableError, text=texts.PAGE_INSTEAD),
)


def trouble(response: Response, until: Callable[[Any], float]) -> Trouble | None:
    """By the first error, with the words of all; its code stands beside the words or in the extensions. `until`:
    seconds until a `resetAt`."""
    try:
        body = record_in(response)
    except UnavailableError:
        return unknown_trouble(response)
    listed = body.get("errors")
    if not isinstance(listed, list) or not listed:
        return None if response.ok else unknown_trouble(response)
    error = listed[0] if isinstance(listed[0], dict) else {"message": listed[0]}
    extensions = mapping(error.get("extensions"))
    code = str(error.get("code") or extensions.get("code") or "")
    found = Trouble(response.status, str(error.get("message") or ""), code, wait=response.retry_after())
    wait = next((seconds for limit, seconds in _WAITS if limit.fits(found)), None)
    if wait is None and Says(words=_CREDITS).fits(found):
        wait = until(extensions.get("resetAt"))
    others = [str(mapping(other).get("message") or other) for other in listed[1:]]
    return replace(found, text=" ".join([found.text, *others]), wait=found.wait if wait is None else wait)
