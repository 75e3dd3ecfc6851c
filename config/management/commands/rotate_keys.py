from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, models, transaction

from positions.encryption import EncryptedJSONField, EncryptedTextField, rotate


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
        "Encrypts every credential, token, national id, export record and second factor anew with the first of "
        "ENCRYPTION_KEYS. Safe while web and worker run; the former keys may be removed afterwards."
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
    """Row by row, each in a statement of its own that no one waits for: written only if it still is what was read. A
    row that somebody writes meanwhile (perhaps with the former first key) is locked, read again and written."""
    quote = connection.ops.quote_name
    table, column, key = quote(model._meta.db_table), quote(str(field.column)), quote(str(model._meta.pk.column))
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""  # SQLite's transactions lock by themselves
    # Only quoted names of our own models are put into these; values are parameters.
    read = f"SELECT {key}, {column} FROM {table} WHERE {key} > %s AND {column} <> '' ORDER BY {key} LIMIT %s"  # noqa: S608  # nosec B608
    again = f"SELECT {column} FROM {table} WHERE {key} = %s AND {column} <> '' {lock}"  # noqa: S608  # nosec B608
    write = f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s"  # noqa: S608  # nosec B608
    count, last = 0, 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(read, [last, batch])
            rows = cursor.fetchall()
            if not rows:
                return count
            for pk, stored in rows:
                cursor.execute(write, [rotate(stored), pk, stored])
                written = cursor.rowcount
                if not written:
                    with transaction.atomic():
                        cursor.execute(again, [pk])
                        for (newer,) in cursor.fetchall():
                            cursor.execute(write, [rotate(newer), pk, newer])
                            written = cursor.rowcount
                count += written
            last = rows[-1][0]
