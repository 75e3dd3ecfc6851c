"""Messages become data: what the log said so far stays as it was written, as the one parameter of a message."""

import re
from collections.abc import Iterator
from typing import Any

from django.db import migrations, models

# What the product looked for, until this version, to know whether a sentence says itself what to do.
TOLD = ("press re-sync", "when you save", "press move", "nothing to do")
STEPS = {
    "Required fields": "step.required_fields",
    "Employee matched": "step.matched",
    "Read there": "step.read",
    "Changed there meanwhile": "step.changed_meanwhile",
    "Planned": "step.planned",
    "Period matched": "step.period_matched",
    "Answered there": "step.answered",
}
PIECE = 500
NOT_YET_IMPORTED = re.compile(r"^In (.*), not yet imported\.$", re.S)


def message(text: str) -> dict[str, Any]:
    told = any(words in text.lower() for words in TOLD)
    return {"id": "as_written" if told else "as_written_in_part", "params": {"text": text}}


def of_job(text: str, *, filed: bool) -> list[dict[str, Any]]:
    """A file that somebody imports later is told in the job's message: that one has to be known again."""
    found = NOT_YET_IMPORTED.match(text) if filed else None
    return [{"id": "file.pending", "params": {"file": found[1]}} if found else message(text)] if text else []


def step(line: dict[str, Any]) -> dict[str, Any]:
    title = line["title"]
    known = {"id": STEPS[title]} if title in STEPS else message(title)
    if title.startswith("Employee matched by "):
        known = {"id": "step.matched_by", "params": {"by": title.removeprefix("Employee matched by ")}}
    detail = line.get("detail") or ""
    return {**line, "title": known, "detail": message(detail) if detail else None}


def pieces(rows: Any) -> Iterator[list[Any]]:
    """By the key, a piece at a time: a log may have millions of rows."""
    last = 0
    while piece := list(rows.filter(pk__gt=last).order_by("pk")[:PIECE]):
        last = piece[-1].pk
        yield piece


def as_messages(apps: Any, schema_editor: Any) -> None:
    jobs = apps.get_model("synclog", "Job").objects
    for piece in pieces(jobs.exclude(message="").only("message", "file_key", "said")):
        for job in piece:
            job.said = of_job(job.message, filed=job.file_key is not None)
        jobs.bulk_update(piece, ["said"])
    events = apps.get_model("synclog", "Event").objects
    for piece in pieces(events.only("text", "said")):
        for event in piece:
            event.said = [message(event.text)]
        events.bulk_update(piece, ["said"])
    apps.get_model("synclog", "Question").objects.all().delete()  # forgotten after an hour anyway
    attempts = apps.get_model("synclog", "Attempt").objects
    for piece in pieces(attempts.only("message", "said", "trace", "unsent", "warnings")):
        for attempt in piece:
            attempt.said = [message(attempt.message)] if attempt.message else []
            attempt.trace = [step(line) for line in attempt.trace]
            attempt.unsent = {key: message(reason) for key, reason in attempt.unsent.items()}
            attempt.warnings = [{"field": w["field"], "said": message(w["message"])} for w in attempt.warnings]
        attempts.bulk_update(piece, ["said", "trace", "unsent", "warnings"])


class Migration(migrations.Migration):
    dependencies = [("integrations", "0015_messages"), ("synclog", "0013_batch")]

    operations = [
        migrations.AddField("attempt", "said", models.JSONField(default=list)),
        migrations.AddField("event", "said", models.JSONField(default=list)),
        migrations.AddField("job", "said", models.JSONField(blank=True, default=list)),
        migrations.RunPython(as_messages, migrations.RunPython.noop),
        migrations.RemoveField("attempt", "message"),
        migrations.RemoveField("event", "text"),
        migrations.RemoveField("job", "message"),
    ]
