"""Why a file could not be put into its folder becomes data, as every other message has (0015)."""

from typing import Any

from django.db import migrations, models


def as_messages(apps: Any, schema_editor: Any) -> None:
    files = apps.get_model("integrations", "ExportFile").objects
    for file in files.exclude(trouble="").only("trouble").iterator(chunk_size=1000):
        said = [{"id": "as_written", "params": {"text": file.trouble}}]
        files.filter(pk=file.pk).update(trouble_said=said)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0015_messages")]

    operations = [
        migrations.AddField("exportfile", "trouble_said", models.JSONField(blank=True, default=list)),
        migrations.RunPython(as_messages, migrations.RunPython.noop),
        migrations.RemoveField("exportfile", "trouble"),
    ]
