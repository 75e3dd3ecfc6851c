"""Two systems that left every deletion to a person now carry it out. Who had *Delete there too* on has not asked for
that: it is switched off there, and an admin who wants it switches it on again."""

from typing import Any

from django.db import migrations
from django.db.models import F

SYSTEMS = ("poweroffice_go", "tripletex")


def ask_anew(apps: Any, schema_editor: Any) -> None:
    integrations = apps.get_model("integrations", "Integration").objects
    asked = integrations.filter(system_key__in=SYSTEMS, delete_positions=True)
    asked.update(delete_positions=False, version=F("version") + 1)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0022_cutoff")]

    operations = [migrations.RunPython(ask_anew, migrations.RunPython.noop)]
