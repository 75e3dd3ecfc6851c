"""How Visma.net Payroll says no: of its errors no form is published, so that the status is all there is to go by."""

from __future__ import annotations

from dataclasses import replace

from integrations.sdk import (
    EMPLOYEE_GONE,
    EVERYWHERE,
    NO_SIGN_IN,
    NOTHING_AT_ADDRESS,
    EmployeeNotFoundError,
    NotAuthorizedError,
    Refusal,
    Response,
    Says,
    StaleError,
    Trouble,
    UnavailableError,
    unknown_trouble,
)
from integrations.systems.visma_net_payroll import texts

REFUSALS = (
    *EVERYWHERE,
    # docs.vismasoftware.no, "fix401error": the customer's tenant id gets a token that no call accepts.
    Refusal(status=401, error=NotAuthorizedError, text=texts.ACCESS_REFUSED),
    Refusal(status=403, error=NotAuthorizedError, text=texts.RIGHT_MISSING),
    Refusal(status=404, known=False, error=UnavailableError, text=NOTHING_AT_ADDRESS),
    Refusal(status=(404, 409, 412), call="write", error=StaleError, text=texts.POSITION_CHANGED),
    Refusal(call="write", text=texts.NOT_TAKEN),
    Refusal(status=404, error=UnavailableError, text=NOTHING_AT_ADDRESS),
    Refusal(error=UnavailableError, text=texts.READING_REFUSED),
)
MISSING = Says(status=404, known=True)
GONE = Refusal(status=404, known=True, error=EmployeeNotFoundError, text=EMPLOYEE_GONE)


def trouble(response: Response) -> Trouble | None:
    """A page for people, whatever its status, is somebody else's."""
    return None if response.ok else replace(unknown_trouble(response), known=not response.is_page)


SIGN_IN = (
    NO_SIGN_IN,
    *EVERYWHERE,
    Refusal(code="invalid_client", error=NotAuthorizedError, text=texts.CLIENT_REFUSED),
    Refusal(code="invalid_scope", error=NotAuthorizedError, text=texts.SCOPES_REFUSED),
    Refusal(error=NotAuthorizedError, text=texts.COMPANY_REFUSED),
)
