from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, models

from positions.encryption import EncryptedJSONField, EncryptedTextField, rotate

_TRIES = 20


def encrypted_columns() -> list[tuple[type[models.Model], models.Field[Any, Any]]]:
    """Every encrypted column of every model, whoever declares it."""
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField | EncryptedJSONField)
    ]


class Command(BaseCommand):
    help = (
        "Encrypts every credential, token, national id and export record anew with the first of ENCRYPTION_KEYS. "
        "Safe while web and worker run; the former keys may be removed afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows read at a time")

    def handle(self, *args: Any, batch: int, **options: Any) -> None:
        for model, field in encrypted_columns():
            try:
                count = rotate_column(model, field, batch)
            except ImproperlyConfigured as error:
                raise CommandError(
                    f"{model._meta.label}.{field.name}: {error} Nothing was lost; add the key."
                ) from None
            self.stdout.write(f"{model._meta.label}.{field.name}: {count} encrypted anew")


def rotate_column(model: type[models.Model], field: models.Field[Any, Any], batch: int) -> int:
    """Row by row, each in a statement of its own that no one waits for: written only if it still is what was read."""
    quote = connection.ops.quote_name
    table, column, key = quote(model._meta.db_table), quote(str(field.column)), quote(str(model._meta.pk.column))
    read = f"SELECT {key}, {column} FROM {table} WHERE {key} > %s AND {column} <> '' ORDER BY {key} LIMIT %s"  # noqa: S608
    again = f"SELECT {column} FROM {table} WHERE {key} = %s"  # noqa: S608
    write = f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s"  # noqa: S608
    count, last = 0, 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(read, [last, batch])
            rows = cursor.fetchall()
            if not rows:
                return count
            for pk, stored in rows:
                for _ in range(_TRIES):
                    cursor.execute(write, [rotate(stored), pk, stored])
                    if cursor.rowcount:
                        count += 1
                        break
                    # Somebody else wrote meanwhile, perhaps a process that still has the former first key.
                    cursor.execute(again, [pk])
                    found = cursor.fetchone()
                    if found is None or not found[0]:
                        break
                    stored = found[0]
                else:
                    raise CommandError(f"{model._meta.label} {pk} is written all the time: run this again.")
            last = rows[-1][0]
