"""What else the settings said of what was sent: until now nobody kept it. The settings of today are taken for those of
the last write, so that another place that is chosen from here on is noticed."""

from typing import Any

from django.db import migrations, models

from integrations.models import Integration as Current
from integrations.planning.placed import written_as
from integrations.runtime.mapping import from_json
from integrations.systems.registry import connectors


def as_of_today(apps: Any, schema_editor: Any) -> None:
    links = apps.get_model("integrations", "PeriodLink").objects
    systems = [key for key, one in connectors().items() if any(f.says_more for f in one.system.fields)]
    for kept in apps.get_model("integrations", "Integration").objects.filter(system_key__in=systems):
        integration = Current(system_key=kept.system_key, settings=kept.settings)
        settings, rows = integration.cleaned_settings(), []
        for link in links.filter(integration=kept).only("values").iterator(1000):
            link.written_as = written_as(integration.system, settings, from_json(link.values))
            rows.append(link)
            if len(rows) == 1000:
                links.bulk_update(rows, ["written_as"])
                rows = []
        links.bulk_update(rows, ["written_as"])


class Migration(migrations.Migration):
    dependencies = [("integrations", "0023_delete_asked_anew")]

    operations = [
        migrations.AddField(
            model_name="periodlink", name="written_as", field=models.JSONField(db_default={}, default=dict)
        ),
        migrations.RunPython(as_of_today, migrations.RunPython.noop),
    ]
