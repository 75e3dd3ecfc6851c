"""Texts of before in the one form of each letter (positions/text.py): whoever looks for them looks for that form."""

from typing import Any

from django.db import IntegrityError, migrations, transaction

from positions.text import composed

TEXTS = {
    "organization": ("name",),
    "company": ("name", "organization_number"),
    "department": ("code", "name"),
    "employee": ("number", "first_name", "last_name", "email", "external_id"),
    "position": ("title", "occupation_code", "cost_centre", "note", "external_id"),
    "apikey": ("name",),
}


def compose(apps: Any, schema_editor: Any) -> None:
    for name, fields in TEXTS.items():
        model = apps.get_model("positions", name)
        changes = []
        for pk, *values in model.objects.values_list("pk", *fields).iterator(chunk_size=2000):
            changed = {field: composed(value) for field, value in zip(fields, values, strict=True)}
            if list(changed.values()) != values:
                changes.append((pk, changed))
        for pk, changed in changes:
            try:
                with transaction.atomic():
                    model.objects.filter(pk=pk).update(**changed)
            except IntegrityError:
                # Two that look the same, in two forms: a person decides which of them is meant.
                print(f"  {name} {pk} looks the same as another one in {', '.join(fields)}: correct it by hand.")


class Migration(migrations.Migration):
    dependencies = [("positions", "0011_invitation")]
    operations = [migrations.RunPython(compose, migrations.RunPython.noop)]
