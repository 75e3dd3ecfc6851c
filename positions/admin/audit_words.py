"""What an entry of the audit trail says changed, in the words of the pages: names of fields, of choices, and of what
a key stands for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from positions import dates
from positions.audit import kind_of, watched_models
from positions.models import AuditEntry

Change = tuple[str, str, str]  # the field, from, to


def in_words(entries: Iterable[AuditEntry]) -> dict[int, list[Change]]:
    """Entry's id -> its changes, in as many queries as there are models that the changed fields refer to."""
    entries = list(entries)
    kinds = {kind_of(model): model for model in watched_models()}
    fields = {entry.pk: {name: _field(kinds.get(entry.kind), name) for name in entry.changes} for entry in entries}
    keys: defaultdict[type[models.Model], set[int]] = defaultdict(set)
    for entry in entries:
        for name, pair in entry.changes.items():
            target = _target(fields[entry.pk][name])
            if target is not None:
                keys[target].update(int(key) for key in pair if str(key).isdecimal())
    names = {target: target._default_manager.in_bulk(ids) for target, ids in keys.items()}
    return {
        entry.pk: [
            (
                _label(fields[entry.pk][name], name),
                *(_word(fields[entry.pk][name], value, names) for value in pair),  # type: ignore[misc]
            )
            for name, pair in entry.changes.items()
        ]
        for entry in entries
    }


def _field(model: type[models.Model] | None, name: str) -> Any:
    """A change may name a part of a field, or the day from which it counts: "settings.folder", "title from 1 Mar"."""
    try:
        return model._meta.get_field(name.partition(".")[0].partition(" ")[0]) if model else None
    except FieldDoesNotExist:
        return None


def _target(field: Any) -> type[models.Model] | None:
    return field.related_model if isinstance(field, models.ForeignKey) else None


def _label(field: Any, name: str) -> str:
    if field is None:
        return gettext(name)
    label, rest = capfirst(str(field.verbose_name)), name.removeprefix(field.name)
    return _counting(label, rest[1:]) if rest.startswith(" ") else f"{label}{rest}"


def _counting(field: str, said: str) -> str:
    """With from when a change of terms counts, as positions/models/dating.py says it."""
    if said == "corrected":
        return _("{field} (corrected)").format(field=field)
    day, _comma, withdrawn = said.removeprefix("from ").partition(", ")
    try:
        shown = dates.show(date.fromisoformat(day))
    except ValueError:  # an entry of an older version
        return f"{field} {said}"
    words = _("{field} from {day}, withdrawn") if withdrawn else _("{field} from {day}")
    return words.format(field=field, day=shown)


def kind_in_words(kind: str) -> str:
    """The name of a model, or "sign-in"."""
    return gettext(kind) if kind else ""


def _word(field: Any, value: Any, names: dict[type[models.Model], dict[Any, models.Model]]) -> str:
    if value is None or value == "":
        return _("(empty)")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    target = _target(field)
    if target is not None:
        named = names[target].get(int(value)) if str(value).isdecimal() else None
        return str(named) if named is not None else _("no. %(key)s, deleted") % {"key": value}
    choices = dict(getattr(field, "flatchoices", None) or ())
    if field is None and isinstance(value, str):  # why a sign-in was refused, for example
        return gettext(value)
    return str(choices.get(value, value))
