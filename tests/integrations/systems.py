"""Two made-up systems for the tests of the pure parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.sdk.declaration import Calls, Delete, Limits, Model, System
from integrations.sdk.declared_field import Field, When
from integrations.sdk.fields import FIELDS
from integrations.sdk.settings import Setting, code_table, switch

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
        table=code_table("end_reasons"),
        owned=True,
    ),
    "percentage": Field(
        ours="percentage",
        remote="fte",
        minimum=Decimal(0),
        maximum=Decimal(100),
        decimals=2,
        default_setting=Setting(name="fte", label="FTE"),
    ),
    "occupation_code": Field(ours="occupation_code", remote="occ", when=When.IF_EMPTY),
    "contract_type": Field(ours="contract_type", remote="form", when=When.ON_CREATE, codes={"permanent": "P"}),
    "weekly_hours": Field(ours="weekly_hours", remote="hours", decimals=2, opt_in=switch("send_hours", "Hours")),
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
        "settings": (),
        "fields": tuple(_SENT.values()),
        "unsupported": {f.key: "Made Up has no such field." for f in FIELDS if f.key not in _SENT},
        "calls": Calls(3, 3, 2),
        "limits": Limits(),
        "moves": True,
    }
    if "fields" in overrides:
        del values["unsupported"]
    return System(**{**values, **overrides})
