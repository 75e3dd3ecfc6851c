"""The rows of one request, whatever they are of: looked at in themselves before anything is locked, then together with
what is stored, then carried out, all or each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.serializers import Serializer

from positions.api.bulk.serializers import OPERATIONS
from positions.api.caused import caused
from positions.api.problems import MOST_ERRORS, Conflict, of_a_row
from positions.api.references import Errors, storable
from positions.models import Organization, Position

_OPERATIONS = {name for name, _ in OPERATIONS}
_STATUSES = {
    "created": "created",
    "updated": "updated",
    "deleted": "deleted",
    "unchanged": "unchanged",
    "failed": "error",
}


def text_of(row: Mapping[str, Any], name: str) -> str:
    """A text that names something, as it is stored (the parser has composed its letters)."""
    value = row.get(name)
    return value.strip() if isinstance(value, str) and storable(value) else ""


def is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


@dataclass(frozen=True, slots=True)
class Checked:
    """A row in itself: its values, or what is wrong with it."""

    values: Mapping[str, Any]
    errors: Errors


@dataclass(slots=True)
class Asked:
    """One row. Whether it makes or changes something, only the database knows: it was checked for what it can be."""

    index: int
    row: Mapping[str, Any]
    operation: str
    as_new: Checked | None
    as_change: Checked | None
    # What is found out later:
    one: Any = None
    errors: Errors = field(default_factory=dict)
    problem: APIException | None = None
    became: str = ""
    concerned: Sequence[Position] = ()

    def form(self, stored: Any) -> Checked:
        chosen = (self.as_change if stored is not None else self.as_new) or self.as_change or self.as_new
        assert chosen is not None
        return chosen

    @property
    def certain(self) -> Errors:
        """What is wrong with it in either case."""
        one = self.as_change or self.as_new
        return one.errors if one is not None else {}


class BulkWrite(ABC):
    """One request. `name` is what its rows stand under, `row_form` looks at one of them."""

    name: ClassVar[str]
    row_form: ClassVar[type[Serializer]]

    def __init__(self, body: Mapping[str, Any], mode: str, operation: str) -> None:
        """Asks no database. Raises when so much is wrong with the rows that no more errors would be told."""
        self.mode = mode
        new, change = self.row_form(), self.row_form(partial=True)
        self.rows = [self._asked(index, row, operation, new, change) for index, row in enumerate(body[self.name])]
        wrong = self._named({one.index: one.certain for one in self.rows if one.certain})
        if mode == "atomic" and sum(map(len, wrong.values())) >= MOST_ERRORS:
            raise ValidationError(wrong)  # what the database would say of them could not be told any more

    def _asked(self, index: int, row: Mapping[str, Any], operation: str, new: Serializer, change: Serializer) -> Asked:
        own = row.get("operation")
        operation = own if isinstance(own, str) and own in _OPERATIONS else operation
        # A row with an id never makes anything: what it lacks is not missed.
        by_id = row.get("id") is not None
        may_create = operation == "create" or (operation == "upsert" and not by_id)
        may_change = operation != "create" and (not may_create or self.is_named(row))
        return Asked(
            index,
            row,
            operation,
            _checked(new, row) if may_create else None,
            _checked(change, row) if may_change else None,
        )

    def _named(self, errors: Mapping[int, Errors]) -> dict[str, Errors]:
        return {f"{self.name}[{index}]": found for index, found in errors.items()}

    # -- what it is of

    @abstractmethod
    def is_named(self, row: Mapping[str, Any]) -> bool:
        """Whether it may be found without its id."""

    @abstractmethod
    def load(self, organization: Organization) -> None:
        """All that the rows speak of, locked as far as it is changed, in a fixed number of queries."""

    @abstractmethod
    def judge(self) -> None:
        """Each row's object, not yet saved, or what is wrong with it. In the memory alone."""

    @abstractmethod
    def save(self, rows: Sequence[Asked]) -> None:
        """Sets what became of them. Raises IntegrityError; nothing is saved then."""

    @abstractmethod
    def delete(self, rows: Sequence[Asked]) -> None: ...

    @abstractmethod
    def groups(self, rows: Sequence[Asked]) -> list[list[Asked]]:
        """Those that may need each other in one statement stay together."""

    def describe(self, one: Asked) -> dict[str, Any]:
        """What an answer says besides of a row."""
        return {}

    # -- carrying out

    def carry_out(self, organization: Organization) -> None:
        """Raises ValidationError in the mode `atomic`."""
        for one in self.rows:  # it may be begun anew
            one.problem, one.became, one.concerned = None, "", ()
        self.load(organization)
        self.judge()
        wrong = {one.index: one.errors for one in self.rows if one.errors}
        if self.mode == "atomic" and wrong:
            raise ValidationError(self._named(wrong))
        for one in self.rows:
            if one.errors:
                one.problem = ValidationError(one.errors)
        good = [one for one in self.rows if one.problem is None]
        leaving = [one for one in good if one.operation == "delete"]
        staying = [one for one in good if one.operation != "delete"]
        if leaving:
            self.delete(leaving)
        if self.mode == "atomic":
            self.save(staying)
        else:
            self._save_each(self.groups(staying))

    def _save_each(self, groups: list[list[Asked]]) -> None:
        """All at once; where the database refuses something, half by half until it is found, so that it takes no other
        row along."""
        rows = [one for group in groups for one in group]
        new = [one for one in rows if one.one.pk is None]
        try:
            with transaction.atomic():
                self.save(rows)
        except IntegrityError:
            for one in new:  # as they were: some had been inserted
                one.one.pk, one.one._state.adding = None, True
            if len(rows) == 1:
                rows[0].problem = Conflict()
                return
            parts = groups if len(groups) > 1 else [[one] for one in rows]
            middle = len(parts) // 2
            self._save_each(parts[:middle])
            self._save_each(parts[middle:])

    # -- answering

    def answer(self, request: Any) -> dict[str, Any]:
        words = ["failed" if one.problem is not None else one.became for one in self.rows]
        return {
            **{word: words.count(word) for word in _STATUSES},
            "results": [
                self._result(request, one, _STATUSES[word]) for one, word in zip(self.rows, words, strict=True)
            ],
            **caused([position for one in self.rows for position in one.concerned]),
        }

    def _result(self, request: Any, one: Asked, status: str) -> dict[str, Any]:
        known = one.one if one.problem is None else None
        named = one.row.get("id")
        return {
            "index": one.index,
            "id": known.pk if known is not None else named if is_id(named) else None,
            "external_id": (known.external_id if known is not None else text_of(one.row, "external_id")) or None,
            **self.describe(one),
            "status": status,
            "action": status,
            "problem": None if one.problem is None else of_a_row(request, one.problem),
            **caused(one.concerned),
        }


def _checked(form: Serializer, row: Mapping[str, Any]) -> Checked:
    try:
        return Checked(form.run_validation(row), {})
    except ValidationError as error:
        return Checked({}, error.detail)  # type: ignore[arg-type]


def doubles(keys: Mapping[str, Any], index: int, first: dict[Any, int], what: str) -> Errors:
    """Two rows that mean the same object; `first` remembers the rows before."""
    return {
        name: [ErrorDetail(_("Row {value} is the same {what}.").format(value=first[name, key], what=what), "duplicate")]
        for name, key in keys.items()
        if first.setdefault((name, key), index) != index
    }


def unfinished(rows: Iterable[Asked], giving: Mapping[int, Any]) -> set[Any]:
    """What the rows give away (by their index) that are refused themselves."""
    return {giving[one.index] for one in rows if one.errors and one.index in giving}
