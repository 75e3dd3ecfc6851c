"""How Finago says no: 401 means a dead token or bad input alike, so that what is refused with a renewed token is the
input; what that was it says in words at most, so that it depends on the call what a refusal means."""

from __future__ import annotations

from integrations.sdk import EVERYWHERE, NO_SIGN_IN, NOTHING_AT_ADDRESS, NotAuthorizedError, Refusal, UnavailableError
from integrations.systems.finago import texts
from integrations.systems.finago.declaration import SYSTEM

WRITE = (
    *EVERYWHERE,
    Refusal(status=403, error=NotAuthorizedError, text=texts.WRITE_REFUSED),
    Refusal(text=texts.WRITE_REFUSED, named=True),
)
EMPLOYEE = (
    *EVERYWHERE,
    Refusal(status=403, error=NotAuthorizedError, text=texts.EMPLOYEE_REFUSED),
    Refusal(text=texts.EMPLOYEE_REFUSED, named=True),
)
READ = (
    *EVERYWHERE,
    Refusal(status=403, error=NotAuthorizedError, text=texts.READ_REFUSED),
    Refusal(text=texts.READ_REFUSED, named=True),
)
# A list takes no input, so a refusal of it can only be one of rights.
LIST = (
    *EVERYWHERE,
    Refusal(status=(400, 401, 403), error=NotAuthorizedError, text=texts.LIST_REFUSED),
    Refusal(error=UnavailableError, text=NOTHING_AT_ADDRESS),
)
KEY = (NO_SIGN_IN, *EVERYWHERE, Refusal(error=NotAuthorizedError, text=texts.KEY_REFUSED))
NAMES = tuple((f.ours, rf"\b{f.remote}\b") for f in SYSTEM.fields if f.supported)
