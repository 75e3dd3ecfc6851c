"""How Netvisor says no ("Controlling errors", support.netvisor.fi 77000500440): its XML counts first, with any status;
where there is none, the status is all there is to go by."""

from __future__ import annotations

import re

from integrations.sdk import (
    BROKE_DOWN,
    EVERYWHERE,
    NOT_UNDERSTOOD,
    TOO_MANY_REQUESTS,
    NotAuthorizedError,
    RateLimitedError,
    Refusal,
    Response,
    StaleError,
    Trouble,
    UnavailableError,
    UnclearOutcomeError,
    unknown_trouble,
)
from integrations.systems.netvisor import texts
from integrations.systems.netvisor.elements import parsed, statuses
from integrations.systems.netvisor.periods import OURS

TOO_MANY = (Refusal(status=429, error=RateLimitedError, text=TOO_MANY_REQUESTS),)
REFUSALS = (
    Refusal(code="AUTHENTICATION_FAILED", error=NotAuthorizedError, text=texts.KEYS_REFUSED),
    Refusal(code="SERVICE_ACCESS_ERROR", error=NotAuthorizedError, text=texts.NOT_ALLOWED),
    # Each of our requests has an id of its own: something on the way sent this one twice, and the first may have been
    # carried out.
    Refusal(code="REQUEST_NOT_UNIQUE", call="write", error=UnclearOutcomeError, text=texts.HAD_BEFORE),
    Refusal(code="REQUEST_NOT_UNIQUE", error=UnavailableError, text=texts.HAD_BEFORE),
    Refusal(words=r"(?<!\S)SYSTEM_MAINT\S*$", error=UnavailableError, text=texts.MAINTENANCE),
    Refusal(code="DUPLICATE_DATA", call="write", error=StaleError, text=texts.ALREADY_THERE),
    Refusal(code="PERIOD_LOCK", text=texts.LOCKED),
    Refusal(known=True, status=BROKE_DOWN, call="write", error=UnclearOutcomeError, text=texts.FAULT),
    Refusal(known=True, status=range(500, 1000), error=UnavailableError, text=texts.FAULT),
    Refusal(code="TECHNICAL_ERROR", error=UnavailableError, text=texts.FAULT),
    # The form of what we sent, which no value of ours changes.
    Refusal(words="xml message validation failed|could not validate xml", text=NOT_UNDERSTOOD),
    Refusal(known=True, text=texts.REFUSED, named=True),
    # No XML of theirs.
    Refusal(status=(401, 403), error=NotAuthorizedError, text=texts.KEYS_OR_RIGHT_REFUSED),
    Refusal(status=404, error=UnavailableError, text=texts.NO_RESOURCE),
    Refusal(
        status=(*range(200, 300), *BROKE_DOWN), call="write", error=UnclearOutcomeError, text=texts.WRITE_UNREADABLE
    ),
    *EVERYWHERE,
    Refusal(error=UnavailableError, text=texts.UNREADABLE),
)


def trouble(response: Response) -> Trouble | None:
    root = parsed(response.content)
    said = statuses(root) if root is not None else []
    if not said:
        return unknown_trouble(response)
    if said[0].upper() == "OK":
        return None
    first, *more = said[1:] or said
    code, _, text = (part.strip() for part in first.partition(" :: "))
    if code.upper() == "AUTHENTICATION_FAILED":
        # It can repeat the whole string to be signed; its words end where the address begins.
        text = re.split(r"https?://", text)[0].rstrip()
    else:
        # Several may come together; the first one's code says what is raised.
        text = " ".join([text, *(one.partition(" :: ")[2] or one for one in more)])
    named = dict.fromkeys(OURS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in OURS)
    field, *also = named or [""]
    return Trouble(response.status, text, code.upper(), field, also=tuple(also))
