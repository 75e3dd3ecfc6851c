"""Two made-up systems for the tests of the pure parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.sdk.declaration import Calls, Delete, Field, Limits, Model, Setting, System, When
from integrations.sdk.fields import FIELDS

_SENT = {
    "title": Field(
        ours="title", remote="job", required=True, max_length=20, allowed=r"[^<>]*", allowed_note="no < or >"
    ),
    "start_date": Field(ours="start_date", remote="from", required=True, owned=True),
    "end_date": Field(ours="end_date", remote="to", owned=True),
    "end_reason": Field(
        ours="end_reason",
        remote="why",
        required_with="end_date",
        codes={"resigned": "OWN", "dismissed": "FIRED", "other": None},
        table="end_reasons",
        owned=True,
    ),
    "percentage": Field(
        ours="percentage", remote="fte", minimum=Decimal(0), maximum=Decimal(100), decimals=2, default_setting="fte"
    ),
    "occupation_code": Field(ours="occupation_code", remote="occ", when=When.IF_EMPTY),
    "contract_type": Field(ours="contract_type", remote="form", when=When.ON_CREATE, codes={"permanent": "P"}),
    "weekly_hours": Field(ours="weekly_hours", remote="hours", decimals=2, enabled_by="send_hours"),
    "cost_centre": Field(ours="cost_centre", remote="cc"),
}


def made_up(model: Model = Model.HISTORY, **overrides: Any) -> System:
    values: dict[str, Any] = {
        "key": "made_up",
        "name": "Made Up",
        "country": "NO",
        "model": model,
        "protocol": "JSON",
        "delete": Delete.REMOVE,
        "delete_note": "Remove it there.",
        "matching": ("employee number",),
        "base_urls": {"api": "https://example.org"},
        "sandbox_urls": {"api": ""},
        "credentials": (),
        "settings": (
            Setting(name="fte", label="FTE"),
            Setting(name="send_hours", label="Hours"),
            Setting(name="end_reasons", label="End reasons"),
        ),
        "fields": tuple(
            _SENT.get(f.key) or Field(ours=f.key, unsupported="Made Up has no such field.") for f in FIELDS
        ),
        "calls": Calls(3, 3, 2),
        "limits": Limits(),
        "moves": True,
    }
    return System(**{**values, **overrides})
