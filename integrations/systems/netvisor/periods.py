"""A period in Netvisor's XML and in our values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from integrations.sdk import Foreign, Remote, UnavailableError, number_of, sure_date
from integrations.systems.netvisor import texts
from integrations.systems.netvisor.declaration import CONTRACTS, MODES, PAY_TYPES
from integrations.systems.netvisor.elements import tag_of, text_at

# The elements that we write, in the order of addjobperiod.nv, which editjobperiod.nv shares: any other is refused.
ANSI = {"format": "ansi"}
NETVISOR = {"type": "netvisor"}
ELEMENTS: Mapping[str, Mapping[str, str]] = {
    "companystartdate": ANSI,
    "startdate": ANSI,
    "probationenddate": ANSI,
    "employmentmode": NETVISOR,
    "profession": {},
    "enddate": ANSI,
    "endreason": NETVISOR,
    "occupationclassification": {"type": "isco"},
    "employmentcontract": NETVISOR,
    "employmentform": NETVISOR,
    "parttimepercent": {},
    "regularworkinghours": {},
    "ispaymenttypemonthlywage": {},
    "ispaymenttypehourlywage": {},
    "ispaymenttypepiecewage": {},
}
# Our fields that are one element there; contract type, percentage and remuneration type are two or three.
PLAIN = {
    "start_date": "startdate",
    "end_date": "enddate",
    "end_reason": "endreason",
    "probation_end": "probationenddate",
    "title": "profession",
    "occupation_code": "occupationclassification",
    "weekly_hours": "regularworkinghours",
}
DATES = ("start_date", "end_date", "probation_end")
FULL_TIME, PART_TIME = "1", "2"
# Their element -> our field.
OURS = {
    **{name: ours for ours, name in PLAIN.items()},
    "employmentcontract": "contract_type",
    "employmentmode": "contract_type",
    "employmentform": "percentage",
    "parttimepercent": "percentage",
    **{f"ispaymenttype{name}": "remuneration_type" for name, _ in PAY_TYPES},
}


def remote_of(period: Element) -> Remote:
    """A period as it is there, in the words of `Wanted`; elements that did not come along are left out, but the dates
    that make the period."""
    came = {tag_of(e) for e in period}
    values: dict[str, Any] = {ours: text_at(period, name) or None for ours, name in PLAIN.items() if name in came}
    values |= {ours: sure_date(text_at(period, PLAIN[ours])) for ours in DATES}
    if "weekly_hours" in values:
        values["weekly_hours"] = _decimal(values["weekly_hours"])
    if {"employmentcontract", "employmentmode"} <= came:
        values["contract_type"] = _contract(text_at(period, "employmentcontract"), text_at(period, "employmentmode"))
    form = text_at(period, "employmentform")
    if form == FULL_TIME:
        values["percentage"] = Decimal(100)
    elif form == PART_TIME and "parttimepercent" in came:
        values["percentage"] = _decimal(text_at(period, "parttimepercent"))
    elif not form and "employmentform" in came:
        # "addjobperiod.nv": a percentage counts for part-time only, whatever else may stand there.
        values["percentage"] = None
    elif form and form != PART_TIME:
        values["percentage"] = Foreign(f"employment form {form}")
    if {f"ispaymenttype{name}" for name, _ in PAY_TYPES} <= came:
        paid = [name for name, _ in PAY_TYPES if text_at(period, f"ispaymenttype{name}") == "1"]
        values["remuneration_type"] = "+".join(paid) or None
    since = sure_date(text_at(period, "companystartdate")) or values.get("start_date")
    return Remote(text_at(period, "netvisorkey"), values, employed_since=since)


def _contract(contract: str, mode: str) -> str | None:
    """Both codes as one word; nothing where one is missing, unless the other is a choice that we do not know."""
    known = (not contract or contract in CONTRACTS) and (not mode or mode in MODES)
    return f"{contract}/{mode}" if (contract and mode) or not known else None


def _decimal(text: str | None) -> Decimal | None:
    """Netvisor writes decimals with a comma in its answers."""
    if not text:
        return None
    number = number_of(text, comma=True)
    if number is None:
        raise UnavailableError(texts.NO_NUMBER(), vendor_text=text[:100])
    return number


def body_of(values: Mapping[str, Any], more: Mapping[str, str] | None = None, *, comma: bool) -> bytes:
    """The XML of one period, in ASCII: other letters become numeric character references, so that it does not matter
    which character set Netvisor takes the body for ("Resources - general" names two). `more`: element -> text. `comma`:
    decimals are written with one."""
    written = {**_written(values, comma), **(more or {})}
    root = Element("root")
    period = SubElement(SubElement(root, "employmentperiods"), "employmentperiod")
    for name, attributes in ELEMENTS.items():
        if name in written:
            SubElement(period, name, dict(attributes)).text = written[name]
    body: bytes = tostring(root, encoding="us-ascii", short_empty_elements=False)
    return body


def _written(values: Mapping[str, Any], comma: bool) -> dict[str, str]:
    """Element -> text for our fields; "" wipes."""
    written: dict[str, str] = {}
    for ours, value in values.items():
        if ours == "contract_type":
            written["employmentcontract"], _, written["employmentmode"] = (value or "").partition("/")
        elif ours == "percentage" and value is not None and value >= 100:
            written["employmentform"] = FULL_TIME
        elif ours == "percentage":
            written["employmentform"] = "" if value is None else PART_TIME
            written["parttimepercent"] = _text(value, comma)
        elif ours == "remuneration_type":
            written |= {f"ispaymenttype{name}": "1" if name == value else "0" for name, _ in PAY_TYPES}
        else:
            written[PLAIN[ours]] = _text(value, comma)
    return written


def _text(value: Any, comma: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        text = f"{value:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace(".", ",") if comma else text
    return str(value)
