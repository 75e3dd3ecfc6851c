"""How Unimicro says no ("api/troubleshooting"). A 404 is an answer: there is no such record (any more); one that is a
page for people comes from somewhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.sdk import (
    EVERYWHERE,
    NO_SIGN_IN,
    NOTHING_AT_ADDRESS,
    DataRefusedError,
    Message,
    NotAuthorizedError,
    Refusal,
    Response,
    Trouble,
    UnavailableError,
)
from integrations.systems.unimicro import texts
from integrations.systems.unimicro.values import OUR_FIELDS


class GuidSpentError(DataRefusedError):
    """Something was created under this `_createguid` before."""


REFUSALS = (
    *EVERYWHERE,
    Refusal(status=401, error=NotAuthorizedError, text=texts.TOKEN_REFUSED),
    Refusal(status=403, error=NotAuthorizedError, text=texts.COMPANY_REFUSED),
    Refusal(status=404, error=UnavailableError, text=NOTHING_AT_ADDRESS),
    Refusal(status=408, error=UnavailableError, text=texts.TOO_SLOW),
    Refusal(words="guid", error=GuidSpentError, text=texts.REFUSED, named=True),
    Refusal(text=texts.REFUSED, named=True),
)
SIGN_IN = (
    NO_SIGN_IN,
    *EVERYWHERE,
    Refusal(code="invalid_scope", error=NotAuthorizedError, text=texts.SCOPE_MISSING),
    Refusal(error=NotAuthorizedError, text=texts.CLIENT_REFUSED),
)


def trouble(response: Response) -> Trouble | None:
    """The vendor's web client reads three forms: `Message`, `Messages` and `_validationResults` (an object keyed by
    property, "" for the whole entity)."""
    if response.ok or (response.status == 404 and not response.is_page):
        return None
    data = response.json_object()
    results = data.get("_validationResults")
    rows = [data, *_dicts(data.get("Messages"))]
    names: list[str] = []
    for name, said in (results if isinstance(results, dict) else {}).items():
        names.append(str(name).rpartition(".")[2])
        rows += _dicts(said)
    said = " ".join(str(row["Message"]) for row in rows if row.get("Message")) or response.said
    field = next((OUR_FIELDS[name] for name in names if name in OUR_FIELDS), "")
    return Trouble(response.status, said, field=field, wait=response.retry_after())


def of_choice(response: Response, refusal: DataRefusedError, custom: Mapping[str, str]) -> DataRefusedError | None:
    """The same of what the settings choose: a field of the company's own (`custom`: our field -> its name there) or a
    dimension. Named as a property, or in their words alone."""
    if isinstance(refusal, GuidSpentError) or refusal.field not in ("", "cost_centre"):
        return None
    results = response.json_object().get("_validationResults")
    named = " ".join([refusal.vendor_text, *(results if isinstance(results, dict) else ())])
    said: Message | None = None
    field = next((ours for ours, name in custom.items() if re.search(rf"\b{re.escape(name)}\b", named)), "")
    if field:
        said = texts.OWN_FIELD_REFUSED[field](name=custom[field])
    elif refusal.field:
        field, said = refusal.field, texts.DIMENSION_REFUSED()
    words = {"vendor_text": refusal.vendor_text, "vendor_code": refusal.vendor_code}
    return DataRefusedError(said, field=field, **words) if said else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
