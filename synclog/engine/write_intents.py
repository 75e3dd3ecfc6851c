"""What is committed before the calls of a run: should their answers be lost, the next run knows what to look for."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.models import Integration
from integrations.planning.run_flat import about_to_write
from integrations.planning.work import Work
from integrations.runtime import mapping
from integrations.sdk.declaration import Model
from synclog.models import Job

# Positions often start on the same days. `bulk_update` takes as long for these rows as a plain UPDATE for any number.
WORTH_AN_UPDATE = 8


def say(integration: Integration, loaded: Sequence[tuple[Work, Mapping[str, Job]]]) -> None:
    """History: the start dates of new records, by which they are found even when the position has moved or is deleted
    by then. Flat: all that is to stand there, when it is for another position than the last time."""
    alike: defaultdict[str, list[int]] = defaultdict(list)
    columns = {"tried"}
    for work, jobs in loaded:
        for job in jobs.values():
            starts, meant = tried(job, work), meanings(integration, job, work)
            if (starts, meant) != (job.tried, job.meant):
                columns |= {"meant"} if meant != job.meant else set()
                alike[json.dumps([starts, meant])].append(job.pk)
    rest = []
    for said, keys in alike.items():
        starts, meant = json.loads(said)
        values = {"tried": starts, "meant": meant}
        if len(keys) < WORTH_AN_UPDATE:
            rest += [Job(pk=pk, **values) for pk in keys]
        else:
            Job.objects.filter(pk__in=keys).update(**{column: values[column] for column in columns})
    if rest:
        Job.objects.bulk_update(rest, columns)


def tried(job: Job, work: Work) -> list[str]:
    """The job's start dates with that of the next creation."""
    key = str(job.position_key)
    starts = [p.start.isoformat() for p in work.positions if p.id == key and key not in work.sent]
    return [*job.tried, *(start for start in starts if start not in job.tried)]


def meanings(integration: Integration, job: Job, work: Work) -> list[dict[str, Any]]:
    """What the job's tries meant to write, with the next one's."""
    system = integration.system
    wanted = about_to_write(system, integration.cleaned_settings(), work) if system.model is Model.FLAT else None
    if wanted is None or wanted.position_id != str(job.position_key):
        return list(job.meant)
    meant = {"values": mapping.to_json(wanted.values), "defaulted": sorted(wanted.defaulted)}
    known = [said for said in job.meant if {k: v for k, v in said.items() if k != "before"} == meant]
    return [*(said for said in job.meant if said not in known), *(known or [meant])]  # the next try's is the last one


def before(integration: Integration, job: Job, work: Work, there: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Flat: says what the record holds before the next try writes to it, and gives `meanings` with that. A try that is
    cut off between its calls is recognised by it."""
    *others, newest = meanings(integration, job, work) or [{}]
    held = mapping.to_json(there)
    known = newest.get("before", [])
    said = [*others, {**newest, "before": [*known, *([] if held in known else [held])]}] if newest else []
    Job.objects.filter(pk=job.pk).update(meant=said)
    return said
