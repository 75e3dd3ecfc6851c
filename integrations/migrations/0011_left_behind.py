from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def planned_now(apps: Any, schema_editor: Any) -> None:
    """What is planned already was planned under the activation that goes on."""
    links, integrations = apps.get_model("integrations", "EmployeeLink"), apps.get_model("integrations", "Integration")
    activated = integrations.objects.filter(pk=OuterRef("integration")).values("activated_at")
    links.objects.filter(next_change_on__isnull=False, integration__send_positions=True).update(
        planned_in=Subquery(activated[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("integrations", "0008_everybody")]

    operations = [
        migrations.AddField("periodlink", "left_behind", models.JSONField(default=list)),
        migrations.AddField(
            "employeelink", "planned_in", models.DateTimeField(null=True, blank=True, editable=False)
        ),
        migrations.RunPython(planned_now, migrations.RunPython.noop),
    ]
