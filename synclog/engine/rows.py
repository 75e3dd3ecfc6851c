"""Many rows in one statement, for what is stored after each run.

`bulk_create` asks each field of each row how it is to be written, and what the expression of its value is: half of the
time of storing. Here each column is asked once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from django.db import connection, models

from integrations.sdk.storable import Encoded

PIECE = 500  # rows in one statement on PostgreSQL
# Fields whose values any database takes as they are.
_PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.ForeignKey)


def insert(rows: Sequence[models.Model], *, unique: Sequence[str] = (), update: Sequence[str] = ()) -> None:
    """Inserts new rows of one model, in this order. Where one with the same `unique` fields is there, its `update`
    fields are overwritten instead. No row gets its key, a signal, or what a save fills in by itself. A JSON value may
    be `Encoded`."""
    if not rows:
        return
    meta, quoted = rows[0]._meta, connection.ops.quote_name
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    columns = {field.name: quoted(str(field.column)) for field in fields}
    # Names of our own models alone.
    sql = f"INSERT INTO {quoted(meta.db_table)} ({', '.join(columns.values())}) VALUES "  # noqa: S608  # nosec B608
    conflict = ""
    if unique:
        keys = ", ".join(columns[name] for name in unique)
        new = ", ".join(f"{columns[name]} = EXCLUDED.{columns[name]}" for name in update)
        conflict = f" ON CONFLICT ({keys}) DO UPDATE SET {new}"  # nosec B608
    values, writers = attrgetter(*(field.attname for field in fields)), [_writer(field) for field in fields]
    params = [
        [write(value) if write else value for write, value in zip(writers, values(row), strict=True)] for row in rows
    ]
    row_sql = f"({', '.join(['%s'] * len(fields))})"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # one statement, prepared once
            cursor.executemany(sql + row_sql + conflict, params)
            return
        for begin in range(0, len(params), PIECE):
            piece = params[begin : begin + PIECE]
            cursor.execute(sql + ", ".join([row_sql] * len(piece)) + conflict, [one for row in piece for one in row])


def _writer(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """What makes of a value what the database is given; None where it is the same."""
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, models.DateField):
        return connection.ops.adapt_datefield_value
    if isinstance(field, _PLAIN):
        return None
    raise TypeError(f"{field} is not written here")


def _json(value: Any) -> str | None:
    """None is no value, as where a JSONField is null."""
    if value is None or type(value) is Encoded:
        return value
    return json.dumps(value)
