"""A field of a position is known wherever positions are: each place that lacks one is named.

The steps are those of CONTRIBUTING.md. The model, the change tracker, the API, the page, and for what is sent: our list
of fields, every system's declaration and the docs made of them. Its migration is asked for by `makemigrations --check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.db import models

from integrations.meaning import MEANINGS
from integrations.runtime import mapping
from integrations.sdk.fields import BY_KEY, NEVER_SENT
from integrations.supported import our_word
from integrations.systems.registry import systems
from positions.api.bulk.serializers import BulkRowSerializer
from positions.api.examples import EXAMPLES
from positions.api.serializers import PositionSerializer, WrittenPositionSerializer
from positions.importing.columns import POSITIONS
from positions.models import Company, Department, Employee, Position, tracking

ROOT = Path(__file__).resolve().parents[2]
# Whose it is, and what the database writes by itself.
NOT_FIELDS = {"id", "employee", "created_at", "updated_at"}
FIELDS = [field for field in Position._meta.concrete_fields if field.name not in NOT_FIELDS]
FILLED: dict[type[models.Field[Any, Any]], Any] = {models.DateField: date(2026, 3, 1), models.DecimalField: 50}
RELATED: dict[type[models.Model], models.Model] = {
    Company: Company(pk=1, name="Oslo"),
    Department: Department(pk=1, code="BUT1"),
}


def lacking(field: models.Field[Any, Any]) -> Iterator[str]:
    """The places that do not know it."""
    name = field.name
    if field.attname not in Position.TRACKED:
        yield "Position.TRACKED in positions/models/position.py: nobody hears that it was changed"
    if field.attname not in tracking.followed(Position):
        yield "positions/audit.py: its changes are not in the audit trail"
    for serializer in (PositionSerializer, BulkRowSerializer, WrittenPositionSerializer):
        if name not in serializer().fields:
            yield f"{serializer.__name__} in positions/api/serializers.py"
    if name not in EXAMPLES:
        yield "EXAMPLES in positions/api/examples.py"
    if name not in {column.name for column in POSITIONS}:
        yield "POSITIONS in positions/importing/columns.py: no file can say it"
    places = {n: group for group, options in _fieldsets() for n in flatten(options["fields"])}
    if name not in places:
        yield "PositionAdmin.fieldsets in positions/admin/position.py"
    if name in Position.HERE_ONLY or name in NEVER_SENT:
        if not (name in Position.HERE_ONLY and name in NEVER_SENT and name not in BY_KEY):
            yield "either Position.HERE_ONLY or NEVER_SENT in integrations/sdk/fields.py: both say that it is not sent"
        return
    if name not in BY_KEY:
        yield "FIELDS in integrations/sdk/fields.py"
    elif places.get(name) not in (None, BY_KEY[name].group):
        yield f"the group “{BY_KEY[name].group}” of the page in positions/admin/position.py"
    if name not in _given_to_planning():
        yield "position() in integrations/runtime/mapping.py"
    for system in systems():
        if name not in {declared.ours for declared in system.fields}:
            yield f"integrations/systems/{system.key}/declaration.py: its name there, or why it is not sent"
    if name not in BY_KEY or f"\n| {BY_KEY[name].label} |" not in _page("systems.md"):
        yield "docs/systems.md: run manage.py systems --docs"
    yield from _without_codes(field)


def _without_codes(field: models.Field[Any, Any]) -> Iterator[str]:
    codes = {str(code): str(word) for code, word in field.choices or ()}
    ours = BY_KEY.get(field.name)
    if codes and set(MEANINGS.get(field.name, ())) != set(codes):
        yield "MEANINGS in integrations/meaning.py: what each of its codes means"
    if ours is not None and set(ours.codes) != set(codes):
        yield f"the codes of {field.name} in integrations/sdk/fields.py"
    for code, word in codes.items():
        if our_word(field.name, code) != word:
            yield f"our_word() in integrations/supported.py: “{word}”"
        if f"`{code}` {word}" not in _page("meaning.md"):
            yield f"docs/meaning.md: “{word}”"


def _fieldsets() -> Any:
    return admin.site.get_model_admin(Position).fieldsets


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def _given_to_planning() -> set[str]:
    """What planning is told of a position in which every field says something."""
    row = Position(employee=Employee(pk=1))
    for field in FIELDS:
        if field.is_relation:
            setattr(row, field.name, RELATED[field.related_model])  # type: ignore[index]
        else:
            kind = next((kind for kind in FILLED if isinstance(field, kind)), None)
            setattr(row, field.name, FILLED[kind] if kind else "x")
    given = mapping.position(row, row.employee, date(2026, 1, 1))
    dates = {"start_date": given.start, "end_date": given.end}
    return {*given.values, *(name for name, value in dates.items() if value)}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_is_known_everywhere(field: models.Field[Any, Any]) -> None:
    assert not list(lacking(field))


def test_every_place_names_a_field_that_there_is() -> None:
    names = {field.name for field in FIELDS}
    assert {key for key, ours in BY_KEY.items() if ours.of == "position"} | set(NEVER_SENT) == names
    assert set(Position.TRACKED) == {field.attname for field in FIELDS} | {"employee_id"}
    assert set(flatten_fieldsets(_fieldsets())) == {*names, "employee"}


def test_a_new_field_is_missed_in_each_place() -> None:
    new: models.Field[Any, Any] = models.CharField(max_length=5, choices=[("a", "Grade A")])
    new.set_attributes_from_name("pay_grade")
    found = "\n".join(lacking(new))
    for place in (
        "Position.TRACKED", "audit.py", "PositionSerializer", "BulkRowSerializer", "WrittenPositionSerializer",
        "EXAMPLES", "PositionAdmin.fieldsets", "importing/columns.py", "FIELDS", "mapping.py", "docs/systems.md",
        "MEANINGS", "our_word()", "docs/meaning.md", *(f"systems/{system.key}/declaration.py" for system in systems()),
    ):  # fmt: skip
        assert place in found, place
