"""An attempt says what came of it in the words of a job's state: "sent" was `succeeded`, "error" was `retrying`."""

from typing import Any

from django.db import migrations

WORDS = {"sent": "succeeded", "error": "retrying"}


def forwards(apps: Any, schema_editor: Any) -> None:
    attempts = apps.get_model("synclog", "Attempt").objects
    for before, now in WORDS.items():
        attempts.filter(state=before).update(state=now)


def backwards(apps: Any, schema_editor: Any) -> None:
    attempts = apps.get_model("synclog", "Attempt").objects
    for before, now in WORDS.items():
        attempts.filter(state=now).update(state=before)


class Migration(migrations.Migration):
    dependencies = [("synclog", "0014_messages")]

    operations = [
        migrations.RenameField("attempt", "result", "state"),
        migrations.RunPython(forwards, backwards),
    ]
