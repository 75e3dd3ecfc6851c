"""The elements of an employment period in Netvisor's sandbox, and how they are read and refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree as Xml

from defusedxml.ElementTree import fromstring

INVALID = "Data form incorrect:. "
NOT_XML = INVALID + "XML message validation failed: Could not validate xml"
Check = Callable[[str], bool]


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _one_of(*codes: str) -> Check:
    return lambda text: text in codes


def _number(top: int) -> Check:
    def check(text: str) -> bool:
        try:
            return bool(re.fullmatch(r"\d+([.]\d+)?", text)) and 0 <= Decimal(text) <= top
        except InvalidOperation:
            return False

    return check


def _text(longest: int) -> Check:
    return lambda text: 0 < len(text) <= longest


ANSI = {"format": "ansi"}
NETVISOR = {"type": "netvisor"}
FLAG = _one_of("0", "1")
# Every element of an employment period, in the only order that is taken: name, attributes, what may stand in it.
ELEMENTS: tuple[tuple[str, dict[str, str], Check], ...] = (
    ("companystartdate", ANSI, _is_date),
    ("startdate", ANSI, _is_date),
    ("probationenddate", ANSI, _is_date),
    ("employmentmode", NETVISOR, _one_of("1", "2", "3", "4", "5")),
    ("profession", {}, _text(250)),
    ("comment", {}, _text(500)),
    ("enddate", ANSI, _is_date),
    ("endreason", NETVISOR, _one_of("2", "4", "5", "6", "11", "12", "13")),
    ("occupationclassification", {"type": "isco"}, lambda text: bool(re.fullmatch(r"\d{5}", text))),
    ("employmentcontract", NETVISOR, _one_of("1", "2")),
    ("employmentform", NETVISOR, _one_of("1", "2", "3")),
    ("parttimepercent", {}, _number(100)),
    ("regularworkinghours", {}, _number(168)),
    ("groundsforemployment", {}, FLAG),
    ("kevaprofessionalclasscode", {"type": "keva"}, _text(50)),
    ("ispaymenttypemonthlywage", {}, FLAG),
    ("ispaymenttypehourlywage", {}, FLAG),
    ("ispaymenttypepiecewage", {}, FLAG),
    ("collectiveagreement", {"type": "cbacode"}, _text(50)),
    ("stateemploymentfund", {}, FLAG),
    ("carbenefityear", {}, lambda text: bool(re.fullmatch(r"\d{4}", text))),
    ("isabroadcarbenefit", {}, FLAG),
)
ORDER = {name: place for place, (name, _, _) in enumerate(ELEMENTS)}
MANDATORY = ("startdate", "profession")
NUMBERS = ("parttimepercent", "regularworkinghours")
MEANING = {
    "employmentmode": {"1": "employed", "2": "leased", "3": "self-employed", "4": "trainee", "5": "voluntary"},
    "employmentcontract": {"1": "permanent", "2": "temporary"},
    "employmentform": {"1": "full-time", "2": "part-time", "3": "not available"},
    "endreason": {
        "2": "retirement",
        "4": "own request",
        "5": "attributable to the employee",
        "6": "fixed-term employment ended",
        "11": "financial or production grounds",
        "12": "mutual agreement",
        "13": "other",
    },
}


class Refusal(Exception):
    """What Netvisor answers instead of doing something."""

    def __init__(self, code: str, *texts: str) -> None:
        super().__init__("; ".join(texts))
        self.code, self.texts = code, texts


def shown(elements: Mapping[str, str]) -> dict[str, str]:
    """As Netvisor gives them back: decimals with a comma."""
    return {k: v.replace(".", ",") if k in NUMBERS else v for k, v in elements.items()}


def meaning(period: Mapping[str, Any], name: str) -> str:
    value = period[name] or ""
    return f"{value} {MEANING[name].get(value, '')}".strip()


def tree(content: bytes) -> Xml.Element:
    """The root of a body. In UTF-8 it is read as that, else as Latin-9, as it is without a word of which it is."""
    try:
        root: Xml.Element = fromstring(content if b"encoding=" in content[:80] else _decoded(content))
    except (Xml.ParseError, ValueError):
        raise Refusal("INVALID_DATA", NOT_XML) from None
    return root


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("iso-8859-15")


def period_in(content: bytes, *, strict: bool) -> dict[str, str]:
    """The elements of the one period in a body, in capitals or not; they must be known ones, in order, each at most
    once. All that is wrong with their values is said at once."""
    root = tree(content)
    wrappers = list(root)
    if root.tag.lower() != "root" or [w.tag.lower() for w in wrappers] != ["employmentperiods"]:
        raise Refusal("INVALID_DATA", NOT_XML)
    if [p.tag.lower() for p in wrappers[0]] != ["employmentperiod"]:
        raise Refusal("INVALID_DATA", NOT_XML)
    elements = list(wrappers[0][0])
    places = [ORDER.get(e.tag.lower(), -1) for e in elements]
    if -1 in places or places != sorted(set(places)) or not elements:
        raise Refusal("INVALID_DATA", NOT_XML)
    given, wrong = {}, []
    for element in elements:
        name, attributes, right = ELEMENTS[ORDER[element.tag.lower()]]
        text = (element.text or "").strip()
        if len(element) or (strict and dict(element.attrib) != attributes):
            raise Refusal("INVALID_DATA", NOT_XML)
        if len(text) > 250 and name == "profession":
            raise Refusal("INVALID_DATA_SIZE", f"{name} is too long")
        if name in NUMBERS and not strict:
            text = text.replace(",", ".")
        if text and not right(text):
            wrong.append(f"{INVALID}Value of {name} is not valid")
        given[name] = text
    if wrong:
        raise Refusal("INVALID_DATA", *wrong)
    return given
