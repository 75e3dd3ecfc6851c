"""What an object was loaded with: whoever hears of a save asks what changed, and from what, without a query.

`follow` names a model; an object of it then remembers its columns as they were read or saved last. Deferred ones are
not fetched for this. An object that was made in code has nothing to remember until it is saved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

_LOADED = "_loaded"
_columns: dict[type[models.Model], tuple[str, ...]] = {}


def follow(model: type[models.Model], skipped: Collection[str] = ()) -> None:
    """From now on, and once for each model; it need not be ours. `skipped`: columns that nobody asks about."""
    _columns[model] = tuple(f.attname for f in model._meta.concrete_fields if f.attname not in skipped)
    read, read_again, save = model.from_db.__func__, model.refresh_from_db, model.save  # type: ignore[attr-defined]

    @wraps(read)
    def from_db(cls: type[models.Model], *args: Any, **kwargs: Any) -> models.Model:
        row: models.Model = read(cls, *args, **kwargs)
        remember(row)
        return row

    @wraps(read_again)
    def refresh_from_db(self: models.Model, *args: Any, **kwargs: Any) -> None:
        read_again(self, *args, **kwargs)
        remember(self, kwargs["fields"] if "fields" in kwargs else args[1] if len(args) > 1 else None)

    @wraps(save)
    def saved(self: models.Model, *args: Any, **kwargs: Any) -> None:
        save(self, *args, **kwargs)
        remember(self, kwargs.get("update_fields"))  # only now: everybody has heard of it

    model.from_db = classmethod(from_db)  # type: ignore[assignment]
    model.refresh_from_db = refresh_from_db  # type: ignore[method-assign]
    model.save = saved  # type: ignore[method-assign]


def loaded(row: models.Model) -> dict[str, Any] | None:
    """Its columns as they were; None for a new object, or an unknown past."""
    found: dict[str, Any] | None = row.__dict__.get(_LOADED)
    return found


def remember(row: models.Model, fields: Iterable[str] | None = None) -> None:
    """From here on, `different` compares with the columns (those of these fields) as they are now."""
    now, wanted = row.__dict__, None if fields is None else set(fields)
    kept = {} if wanted is None else dict(loaded(row) or {})
    for name in _columns.get(row._meta.concrete_model or type(row), ()):
        if name in now and (wanted is None or wanted & {name, row._meta.get_field(name).name}):
            value = now[name]
            kept[name] = dict(value) if isinstance(value, dict) else value
    now[_LOADED] = kept


def correct(row: models.Model, stored: Mapping[str, Any]) -> None:
    """These columns were something else than was remembered."""
    row.__dict__[_LOADED] = {**(loaded(row) or {}), **stored}


def different(
    row: models.Model, then: Mapping[str, Any], columns: Collection[str], only: Iterable[str] | None = None
) -> Iterator[models.Field[Any, Any]]:
    """Those of these columns (and fields, as in `update_fields`) that are not as they were then."""
    now, wanted = row.__dict__, None if only is None else set(only)
    for field in row._meta.concrete_fields:
        name = field.attname
        if name not in columns or name not in now or not (wanted is None or wanted & {field.name, name}):
            continue
        if not (name in then and alike(field, then[name], now[name])):
            yield field


def followed(model: type[models.Model]) -> tuple[str, ...]:
    """The columns that are remembered."""
    return _columns[model]


def alike(field: models.Field[Any, Any], a: Any, b: Any) -> bool:
    """Whether a column stores both alike: 80 and "80.00", nothing and an empty text, a day and its text."""
    if a == b or (a in (None, "") and b in (None, "")):
        return True
    try:
        return bool(field.to_python(a) == field.to_python(b))
    except (ValidationError, TypeError, ValueError):  # an expression, or what the field does not take at all
        return False
