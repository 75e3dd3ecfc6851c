"""An employee's default dimensions in Netvisor ("employeedimensioncurve.nv", support.netvisor.fi 77000573695): one
message replaces all of them, and makes a dimension or an item that is not there. So what is to stay goes along, and
nothing is sent that the list of dimensions ("dimensionlist.nv", 766895) does not have once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from integrations.sdk import DataRefusedError, Foreign
from integrations.systems.netvisor import texts
from integrations.systems.netvisor.declaration import SYSTEM
from integrations.systems.netvisor.elements import every, text_at

# Our field -> the setting with the name of the dimension that carries it.
NAMED_BY = {"department": "department_dimension", "cost_centre": "cost_centre_dimension"}


def sent(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Which of these fields a connection with these settings sends."""
    return tuple(key for key in NAMED_BY if SYSTEM.field(key).sent(settings))


def defaults_of(employee: Element) -> dict[str, list[str]] | None:
    """The default items of an employee by dimension; None where no payroll information came along."""
    told = next(every(employee, "employeepayrollinformation"), None)
    if told is None:
        return None
    found: dict[str, list[str]] = {}
    for default in every(told, "defaultdimension"):
        found.setdefault(text_at(default, "dimensionname"), []).append(text_at(default, "dimensionitem"))
    return found


def values_of(employee: Element, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same in our fields; several items of one dimension are no word of ours."""
    held = defaults_of(employee)
    if held is None:
        return {}
    items = {key: held.get(str(settings[NAMED_BY[key]]), []) for key in sent(settings)}
    return {key: Foreign(", ".join(some)) if len(some) > 1 else next(iter(some), None) for key, some in items.items()}


def _hidden(element: Element) -> bool:
    return text_at(element, "ishidden").lower() in ("1", "true")


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    father: str  # the key of the item above it, "" at the top
    hidden: bool = False


class Listed:
    """The dimensions of a company with their items: hidden ones are kept where somebody chose them, and never chosen
    from here."""

    def __init__(self, root: Element) -> None:
        self._items = {
            text_at(dimension, "name"): list(self._all(dimension))
            for dimension in every(root, "dimensionname")
            if text_at(dimension, "name")
        }

    @staticmethod
    def _all(dimension: Element) -> Iterator[Item]:
        whole = _hidden(dimension)
        for item in every(dimension, "dimensiondetail"):
            father = text_at(item, "fatherid")
            above = "" if father in ("", "0", "-1") else father
            yield Item(text_at(item, "name"), above, whole or _hidden(item))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, items in self._items.items() if not items or any(not i.hidden for i in items))

    def item(self, dimension: str, name: str, field: str = "") -> Item:
        """The one item of this name; without a field of ours, one that is there already and may be hidden. Raises
        `DataRefusedError` where there is none, or several."""
        if dimension not in self._items:
            raise DataRefusedError(texts.NO_DIMENSION(name=dimension, known=self.names or (texts.NONE,)), field=field)
        hits = [item for item in self._items[dimension] if item.name == name and not (field and item.hidden)]
        if len(hits) != 1:
            said = texts.SEVERAL_ITEMS if hits else texts.NO_ITEM
            raise DataRefusedError(said(item=name, dimension=dimension), field=field)
        return hits[0]


def body_of(
    held: Mapping[str, Sequence[str]], wanted: Mapping[str, Any], settings: Mapping[str, Any], listed: Listed
) -> bytes:
    """All default dimensions: those held, with ours (None: none of that dimension). Raises as `Listed.item`."""
    ours = {str(settings[NAMED_BY[key]]): (key, value) for key, value in wanted.items()}
    whole = {name: [(item, "") for item in items] for name, items in held.items() if name not in ours}
    whole |= {name: [(value, key)] for name, (key, value) in ours.items() if value}
    root = Element("root")
    dimensions = SubElement(SubElement(root, "employeedimensioncurve"), "employeedimensions")
    for name, items in whole.items():
        dimension = SubElement(dimensions, "employeedimension")
        SubElement(dimension, "name").text = name
        for value, key in items:
            found = listed.item(name, value, key)
            item = SubElement(dimension, "employeedimensionitem")
            SubElement(item, "name").text = found.name
            if found.father:
                SubElement(item, "fatherid").text = found.father
    body: bytes = tostring(root, encoding="us-ascii")
    return body
