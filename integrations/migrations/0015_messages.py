"""Messages become data: what was said so far stays as it was written, as the one parameter of a message."""

from typing import Any

from django.db import migrations, models

# What the product looked for, until this version, to know whether a sentence says itself what to do.
TOLD = ("press re-sync", "when you save", "press move", "nothing to do")


def message(text: str) -> dict[str, Any]:
    told = any(words in text.lower() for words in TOLD)
    return {"id": "as_written" if told else "as_written_in_part", "params": {"text": text}}


def as_messages(apps: Any, schema_editor: Any) -> None:
    for integration in apps.get_model("integrations", "Integration").objects.all():
        integration.stopped_said = [message(integration.stopped_message)] if integration.stopped_message else []
        integration.retry_said = [message(integration.retry_message)] if integration.retry_message else []
        integration.save(update_fields=["stopped_said", "retry_said"])
    links = apps.get_model("integrations", "EmployeeLink").objects.exclude(message="")
    for link in links.iterator(chunk_size=1000):
        link.said = [message(link.message)]
        link.save(update_fields=["said"])


class Migration(migrations.Migration):
    dependencies = [("integrations", "0014_meaning")]

    operations = [
        migrations.AddField("employeelink", "said", models.JSONField(blank=True, default=list)),
        migrations.AddField("integration", "retry_said", models.JSONField(blank=True, default=list, editable=False)),
        migrations.AddField("integration", "stopped_said", models.JSONField(blank=True, default=list, editable=False)),
        migrations.RunPython(as_messages, migrations.RunPython.noop),
        migrations.RemoveField("employeelink", "message"),
        migrations.RemoveField("integration", "retry_message"),
        migrations.RemoveField("integration", "stopped_message"),
    ]
