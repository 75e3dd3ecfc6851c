"""What else the settings said of what was sent before that was kept: the settings of today are taken for those of the
last write, so that another place that is chosen from here on is noticed.

A place that was chosen since the last write was not noticed before, or taken for one that sending does not reach:
whoever has nothing in it is looked at again. A piece at a time, so that nobody waits for the whole.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import migrations, transaction

from integrations.models import Integration as Current
from integrations.planning.placed import written_as
from integrations.planning.translate import active_fields
from integrations.runtime.mapping import from_json
from integrations.systems.registry import connectors

PIECE = 1000
WRITTEN = ["written_as", "look_on", "left"]


def pieces(links: Any) -> Iterator[list[Any]]:
    last = 0
    while True:
        with transaction.atomic():
            piece = list(links.select_for_update().filter(pk__gt=last).order_by("pk")[:PIECE])
            if not piece:
                return
            last = piece[-1].pk
            yield piece


def as_of_today(apps: Any, schema_editor: Any) -> None:
    links = apps.get_model("integrations", "PeriodLink").objects
    systems = [key for key, one in connectors().items() if any(f.says_more for f in one.system.fields)]
    for kept in apps.get_model("integrations", "Integration").objects.filter(system_key__in=systems):
        integration = Current(system_key=kept.system_key, settings=kept.settings)
        settings = integration.cleaned_settings()
        chosen = {f.ours for f in active_fields(integration.system, settings) if f.place_is_chosen}
        for piece in pieces(links.filter(integration=kept)):
            for link in piece:
                link.written_as = written_as(integration.system, settings, from_json(link.values))
                if nothing_in := chosen - link.values.keys():
                    link.look_on = date(1970, 1, 1)
                    link.left = {key: link.left[key] for key in link.left or () if key not in nothing_in} or None
            # All of them are there: nothing is made anew. `bulk_update` takes far longer.
            links.bulk_create(piece, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("integrations", "0025_found")]

    operations = [migrations.RunPython(as_of_today, migrations.RunPython.noop)]
