"""Finds and masks one person in what is kept about others: a list that a system sent, a refusal that names two.

A name, an e-mail address, a national id or a long remote id is masked wherever it stands. In the body of a recorded
call, the object or element that is about the person is masked whole. A short employee number may mean anything: it is
masked where it names somebody's manager, and in a call that names the person otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import Any
from urllib.parse import quote, quote_plus
from xml.etree import ElementTree as Xml

from defusedxml.ElementTree import fromstring
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from positions.nesting import shallow

MASK = "[erased]"
_AT_A_TIME = 50
# What stands under such a name is said of whoever has this manager.
_MANAGER_WORDS = ("manager", "supervisor", "leader", "leder", "chef", "esimies", "attest")
_MANAGER = re.compile("|".join(_MANAGER_WORDS), re.I)


@dataclass(frozen=True, slots=True)
class Marks:
    """What gives a person away. `values` and `pairs` are casefolded; `pattern` finds all of it in a text."""

    values: frozenset[str]
    pairs: frozenset[tuple[str, str]]  # first and last name, where an object has them apart
    pattern: re.Pattern[str]
    needles: frozenset[str]  # plain letters and digits that stand in every way of writing one of them
    number: str

    @classmethod
    def of(
        cls,
        names: Collection[str],
        *,
        first_and_last: tuple[str, str] | None,
        others: Iterable[str] = (),
        number: str = "",
    ) -> Marks:
        """`names` as "First Last"; `others` are e-mail addresses and ids, of which short ones are left out."""
        pairs = {first_and_last} if first_and_last else set()
        pairs |= {(first, last) for name in names for first, _, last in [name.partition(" ")] if last}
        whole = {w for first, last in pairs for w in (f"{first} {last}", f"{last} {first}", f"{last}, {first}")}
        telling = {number} if len(number) >= 5 or (len(number) == 4 and not number.isdecimal()) else set()
        values = {text.strip() for text in {*names, *whole, *others, *telling} if len(text.strip()) >= 4}
        written = {
            form for v in values for form in (v, json.dumps(v)[1:-1], quote(v), quote(v, safe=""), quote_plus(v))
        }
        longest_first = sorted(written, key=len, reverse=True)
        return cls(
            values=frozenset(v.casefold() for v in values),
            pairs=frozenset((first.casefold(), last.casefold()) for first, last in pairs),
            pattern=re.compile("|".join(rf"(?<!\w){re.escape(w)}(?!\w)" for w in longest_first) or r"(?!)", re.I),
            needles=frozenset(_needle(v) for v in {*values, *(last for _, last in pairs)}),
            number=number,
        )

    def about(self, values: Iterable[str]) -> bool:
        """Whether these values of one object are the person's."""
        found = {v.strip().casefold() for v in values}
        return bool(found & self.values) or any(first in found and last in found for first, last in self.pairs)


def _needle(text: str) -> str:
    """The longest run of plain letters and digits, of an e-mail address before its @."""
    return max(re.findall(r"[A-Za-z0-9]+", text.partition("@")[0]) or [""], key=len)


# -- texts


Whole = Callable[[Mapping[str, Any]], bool]


def masked(value: Any, marks: Marks, whole: Whole = lambda value: False) -> Any:
    """The same value (text, list or dict) without the person. `whole` says of which objects nothing is to be left."""
    if isinstance(value, str):
        return _text(value, marks)
    if isinstance(value, Mapping):
        if whole(value):
            return _blank(value)
        if {"method", "url", "request_body"} <= value.keys():
            return _call(value, marks)
        of_manager = _MANAGER.search(str(value.get("field", "")))  # as attempts list what was changed
        return {
            key: MASK
            if isinstance(one, str) and one == marks.number and (of_manager or _MANAGER.search(str(key)))
            else masked(one, marks, whole)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(one, marks, whole) for one in value]
    return value


def _call(call: Mapping[str, Any], marks: Marks) -> dict[str, Any]:
    """A recorded call, whose headers are a dict and the rest of which is text."""
    found = {
        key: {name: _text(text, marks) for name, text in value.items()}
        if isinstance(value, dict)
        else masked(value, marks)
        for key, value in call.items()
    }
    if found == call or len(marks.number) < 3:
        return found
    number = re.compile(rf"(?<!\w){re.escape(marks.number)}(?!\w)")
    return {key: number.sub(MASK, value) if isinstance(value, str) else value for key, value in found.items()}


def about(value: Mapping[str, Any], marks: Marks) -> bool:
    """Whether an object is about the person, whoever wrote it."""
    return marks.about(
        str(one) for key, one in value.items() if isinstance(one, str | int) and not _MANAGER.search(str(key))
    )


def _blank(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _blank(one) for key, one in value.items()}
    return [_blank(one) for one in value] if isinstance(value, list | tuple) else MASK


def _text(text: str, marks: Marks) -> str:
    """A text, which may be the body of a call."""
    if not any(part.casefold() in text.casefold() for part in {*marks.needles, marks.number}):
        return text
    body = text.strip()
    try:
        if body[:1] in ("{", "["):
            before = json.loads(shallow(body))
            after = masked(before, marks, partial(about, marks=marks))
            return text if after == before else json.dumps(after, ensure_ascii=False)
        if body[:1] == "<":
            return _xml(text, marks)
    except Exception:  # noqa: S110 (foreign text that was cut off, or looks like something that it is not)
        pass
    found = marks.pattern.sub(MASK, text)
    # A list that cannot be read any more: the names apart, which may hit a namesake's too.
    for first, last in marks.pairs if body[:1] in ("{", "[", "<") else ():
        if first in found.casefold() and last in found.casefold():
            found = re.sub(rf"(?<!\w)(?:{re.escape(first)}|{re.escape(last)})(?!\w)", MASK, found, flags=re.I)
    return found


def _xml(text: str, marks: Marks) -> str:
    root = fromstring(text.strip().encode())
    changed = False
    for element in list(root.iter()):
        own = [*element.attrib.values(), *(c.text or "" for c in element if not _MANAGER.search(str(c.tag)))]
        if marks.about(own):
            changed = True
            for inner in element.iter():
                inner.attrib.update(dict.fromkeys(inner.attrib, MASK))
                inner.text = MASK if (inner.text or "").strip() else inner.text
            continue
        hidden = marks.pattern.sub(MASK, element.text or "")
        if element.text == marks.number and _MANAGER.search(str(element.tag)):
            hidden = MASK
        if hidden != (element.text or ""):
            changed, element.text = True, hidden
    return Xml.tostring(root, encoding="unicode") if changed else text


# -- rows


def naming_rows(
    rows: models.QuerySet, fields: Sequence[str], marks: Marks, whole: Whole, *, narrow: bool = True
) -> tuple[list[Any], Any]:
    """The keys of the rows that name the person, and the newest key of all rows.

    The database narrows them down, unless told not to; what is left is read piece by piece.
    """
    newest = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
    needles = [needle for needle in marks.needles if len(needle) >= 2]
    if narrow and len(needles) == len(marks.needles):
        texts = {f"text_of_{name}": Cast(name, models.TextField()) for name in fields}
        conditions = [Q(**{f"{text}__icontains": needle}) for text in texts for needle in needles]
        conditions += [
            Q(**{f"{text}__icontains": _needle(marks.number)}) & Q(**{f"{text}__icontains": word})
            for text in texts
            for word in _MANAGER_WORDS
        ]
        rows = rows.annotate(**texts).filter(reduce(or_, conditions, Q(pk__in=())))
    may = list(rows.filter(pk__lte=newest).order_by("pk").values_list("pk", flat=True))
    return [row.pk for row, _ in _masked_rows(rows.model, may, fields, marks, whole)], newest


def mask_rows(model: type[models.Model], keys: Iterable[Any], fields: Sequence[str], marks: Marks, whole: Whole) -> int:
    """Writes the rows that do name the person, without the person; gives their number."""
    number, held = 0, list(keys)
    # Nobody writes them between the reading and the writing.
    list(model._base_manager.filter(pk__in=held).order_by("pk").select_for_update().values_list("pk"))
    for row, found in _masked_rows(model, held, fields, marks, whole):
        model._base_manager.filter(pk=row.pk).update(**found)
        number += 1
    return number


def _masked_rows(
    model: type[models.Model], keys: list[Any], fields: Sequence[str], marks: Marks, whole: Whole
) -> Iterator[tuple[models.Model, dict[str, Any]]]:
    """Each row that names the person, with its fields as they are without."""
    for start in range(0, len(keys), _AT_A_TIME):
        for row in model._base_manager.filter(pk__in=keys[start : start + _AT_A_TIME]).only("pk", *fields):
            found = {name: masked(getattr(row, name), marks, whole) for name in fields}
            if any(value != getattr(row, name) for name, value in found.items()):
                yield row, found
