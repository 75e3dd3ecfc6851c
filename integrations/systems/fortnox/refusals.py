"""How Fortnox says no ("Error handling", "Errors" of the developer site): by code first, then status, then words."""

from __future__ import annotations

from integrations.sdk import (
    DATA_REFUSED,
    EMPLOYEE_GONE,
    EVERYWHERE,
    NO_SIGN_IN,
    NOT_UNDERSTOOD,
    NOTHING_AT_ADDRESS,
    EmployeeNotFoundError,
    NotAuthorizedError,
    Refusal,
    Response,
    Says,
    Trouble,
    UnavailableError,
    field_in,
    text_of,
    unknown_trouble,
)
from integrations.systems.fortnox import texts

SIGN_IN_CODES = ("2000310", "2000311", "2003275")
_REQUEST_CODES = ("1000030", "1000031", "2000588", "2001392", "2001399", "2001740", "2002115")

REFUSALS = (
    *EVERYWHERE,
    Refusal(code="2000663", error=NotAuthorizedError, text=texts.SCOPE_MISSING),
    Refusal(code="2001101", error=NotAuthorizedError, text=texts.PAYROLL_LICENCE_MISSING),
    Refusal(code="2001103", error=NotAuthorizedError, text=texts.INTEGRATION_LICENCE_MISSING),
    Refusal(status=401, error=NotAuthorizedError, text=texts.TOKEN_REFUSED),
    Refusal(code=SIGN_IN_CODES, error=NotAuthorizedError, text=texts.TOKEN_REFUSED),
    Refusal(status=403, error=NotAuthorizedError, text=texts.ACCESS_REFUSED),
    Refusal(code="1000003", error=UnavailableError, text=texts.NOT_CARRIED_OUT),
    Refusal(status=404, known=False, error=UnavailableError, text=NOTHING_AT_ADDRESS),
    Refusal(words="ftgavtalid", text=texts.AGREEMENT_MISSING),
    Refusal(code=_REQUEST_CODES, text=NOT_UNDERSTOOD),
    Refusal(code="2000359", text=texts.SIGN_REFUSED, named=True),
    Refusal(text=DATA_REFUSED, named=True),
)
SIGN_IN = (
    NO_SIGN_IN,
    *EVERYWHERE,
    Refusal(words="refresh token", error=NotAuthorizedError, text=texts.REFRESH_TOKEN_REFUSED),
    Refusal(words="service account", error=NotAuthorizedError, text=texts.NO_SERVICE_ACCOUNT),
    Refusal(words="client", error=NotAuthorizedError, text=texts.CLIENT_REFUSED),
    Refusal(error=NotAuthorizedError, text=texts.COMPANY_REFUSED),
)
GONE = Refusal(status=404, known=True, error=EmployeeNotFoundError, text=EMPLOYEE_GONE)
# There is no such record: by status first, then code, then words.
MISSING = (
    Says(status=404, known=True),
    Says(status=400, code=("2000423", "2000729")),
    Says(status=400, words=r"kan inte hitta|hittades inte|finns inte|not found"),
)
_NAMES = (
    ("start_date", r"EmploymentDate|anställningsdatum"),
    ("end_date", r"EmployedTo|anställd t\.?o\.?m"),
    ("title", r"JobTitle|befattning"),
    ("contract_type", r"EmploymentForm|anställningsform"),
    ("remuneration_type", r"SalaryForm|löneform"),
    ("cost_centre", r"CostCenter|kostnadsställe"),
    ("weekly_hours", r"AverageWeeklyHours"),
    ("percentage", r"FullTimeEquivalent"),
    ("working_hours_scheme", r"ScheduleId|schema"),
)


def trouble(response: Response) -> Trouble | None:
    """Fortnox writes its keys in either capitals, and an error may come with 2xx."""
    if response.ok and b"rrorinformation" not in response.content.lower():
        return None
    body = response.json_object()
    info = next((v for k, v in body.items() if k.lower() == "errorinformation"), None)
    if isinstance(info, dict):
        low = {k.lower(): v for k, v in info.items()}
        text, code = text_of(low.get("message")) or "", text_of(low.get("code")) or ""
    elif response.ok:
        return None
    else:
        text = str(body.get("error_description") or body.get("message") or body.get("error") or "")
        code = (text and text_of(body.get("error"))) or ""
    if not (text or code):
        return unknown_trouble(response)
    return Trouble(response.status, text, code, field_in(text, _NAMES), known=isinstance(info, dict))
