"""Three built-in translations change, so that one code means one thing in every system. Connections that exist keep what
they have sent until now: it becomes a row of their own table, where an admin sees it and can change it."""

from typing import Any

from django.db import migrations

# system -> table -> our code -> what it was translated into when the table had no row for it
BEFORE = {
    "unimicro": {
        "contract_types": {"casual": "Temporary"},
        "working_hours_schemes": {"shift": "ShiftWork"},
    },
    "finago": {"working_hours_schemes": {"shift": "andreSkift"}},
}


def keep_what_codes_meant(apps: Any, schema_editor: Any) -> None:
    for integration in apps.get_model("integrations", "Integration").objects.filter(system_key__in=BEFORE):
        settings = dict(integration.settings)
        for table, rows in BEFORE[integration.system_key].items():
            stored = settings.get(table)
            given = {code: value for code, value in (stored or {}).items() if value not in (None, "")}
            settings[table] = {**rows, **given}
        integration.settings = settings
        integration.save(update_fields=["settings"])


class Migration(migrations.Migration):
    dependencies = [("integrations", "0013_late_reads")]

    operations = [migrations.RunPython(keep_what_codes_meant, migrations.RunPython.noop)]
