"""Three built-in answers go, because only the customer has them. Connections that exist keep what they have sent until
now: it becomes a setting of their own, where an admin sees it and can change it."""

from typing import Any

from django.db import migrations

BEFORE = {"netvisor": {"default_end_reason": "13"}, "fortnox": {"salary_form": "MAN"}}
# system -> table -> our code -> what it was translated into when the table had no row for it
ROWS_BEFORE = {"netvisor": {"contract_types": {"job_training_program": "2/4"}}}


def keep_what_was_built_in(apps: Any, schema_editor: Any) -> None:
    for integration in apps.get_model("integrations", "Integration").objects.filter(system_key__in=BEFORE):
        settings = {**BEFORE[integration.system_key], **integration.settings}
        for table, rows in ROWS_BEFORE.get(integration.system_key, {}).items():
            given = {code: value for code, value in (settings.get(table) or {}).items() if value not in (None, "")}
            settings[table] = {**rows, **given}
        integration.settings = settings
        integration.save(update_fields=["settings"])


class Migration(migrations.Migration):
    dependencies = [("integrations", "0017_terms")]

    operations = [migrations.RunPython(keep_what_was_built_in, migrations.RunPython.noop)]
