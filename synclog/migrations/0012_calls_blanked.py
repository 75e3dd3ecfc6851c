"""Calls and words of targets that were stored before: without what their connectors do not declare.

In short transactions of its own, and able to go on where it was broken off: a second time changes nothing more. Of a
system that is not known any more, bodies and queries go but for the words of refusals.
"""

from django.db import migrations, transaction
from django.db.models import F

from integrations.sdk.kept import NOTHING
from integrations.systems.registry import connectors
from synclog.log.exchanges import only_kept

BATCH = 200


def blank_attempts(apps, schema_editor):
    kept = {key: connector.system.kept for key, connector in connectors().items()}
    rows = apps.get_model("synclog", "Attempt").objects.only("exchanges", "vendor_text")
    rows = rows.annotate(system=F("job__integration__system_key")).exclude(exchanges=[], vendor_text="")
    for batch in _batches(rows):
        for attempt in batch:
            mine = kept.get(attempt.system, NOTHING)
            attempt.exchanges = [only_kept(exchange, mine) for exchange in attempt.exchanges]
            attempt.vendor_text = _words(attempt.vendor_text, mine)
        rows.model.objects.bulk_update(batch, ["exchanges", "vendor_text"])


def blank_words(apps, schema_editor):
    kept = {key: connector.system.kept for key, connector in connectors().items()}
    rows = apps.get_model("synclog", "Job").objects.only("vendor_text").exclude(vendor_text="")
    for batch in _batches(rows.annotate(system=F("integration__system_key"))):
        for job in batch:
            job.vendor_text = _words(job.vendor_text, kept.get(job.system, NOTHING))
        rows.model.objects.bulk_update(batch, ["vendor_text"])


def forget_answers(apps, schema_editor):
    """Previews hold calls too, and are forgotten after an hour anyway: whoever looks at one asks again."""
    apps.get_model("synclog", "Question").objects.filter(kind="preview").delete()


def _batches(rows):
    last = 0
    while True:
        with transaction.atomic():
            batch = list(rows.filter(pk__gt=last).order_by("pk")[:BATCH])
            if not batch:
                return
            last = batch[-1].pk
            yield batch


def _words(text, kept):
    """What begins as a body does is the beginning of one."""
    return kept.body(text, refused=True) if text.lstrip()[:1] in ("{", "[", "<") else text


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("synclog", "0011_outside"), ("integrations", "0001_initial")]

    operations = [
        migrations.RunPython(blank_attempts, migrations.RunPython.noop),
        migrations.RunPython(blank_words, migrations.RunPython.noop),
        migrations.RunPython(forget_answers, migrations.RunPython.noop),
    ]
