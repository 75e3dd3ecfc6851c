"""What is committed before the calls of a run: should their answers be lost, the next run knows what to look for."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from integrations import adapt
from integrations.connectors.system import Model
from integrations.connectors.values import Wanted
from integrations.models import Integration
from integrations.runner import Work, about_to_write
from synclog.models import Job

# Positions often start on the same days. `bulk_update` takes as long for these rows as a plain UPDATE for any number.
WORTH_AN_UPDATE = 8


def say(integration: Integration, loaded: Sequence[tuple[Work, Mapping[str, Job]]]) -> None:
    """History: the start dates of new records, by which they are found even when the position has moved or is deleted
    by then. Flat: all that is to stand there, when it is for another position than the last time."""
    alike: defaultdict[str, list[Job]] = defaultdict(list)
    columns = {"tried"}
    for work, jobs in loaded:
        for job in jobs.values():
            starts, meant = tried(job, work), meanings(integration, job, work)
            if (starts, meant) != (job.tried, job.meant):
                columns |= {"meant"} if meant != job.meant else set()
                alike[json.dumps([starts, meant])].append(Job(pk=job.pk, tried=starts, meant=meant))
    rest = []
    for group in alike.values():
        if len(group) < WORTH_AN_UPDATE:
            rest += group
            continue
        values = {column: getattr(group[0], column) for column in columns}
        Job.objects.filter(pk__in=[job.pk for job in group]).update(**values)
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
    meant = _as_json(wanted)
    known = any(said["values"] == meant["values"] and said["defaulted"] == meant["defaulted"] for said in job.meant)
    return [*job.meant, *([] if known else [meant])]


def _as_json(wanted: Wanted) -> dict[str, Any]:
    return {"values": adapt.to_json(wanted.values), "defaulted": sorted(wanted.defaulted)}


def before(job: Job, there: Mapping[str, Any]) -> None:
    """Flat: what the record holds before the job's try, whose meaning was said last, writes to it. A try that is cut
    off between its calls is recognised by it."""
    if not job.meant:
        return
    held, newest = adapt.to_json(there), job.meant[-1]
    if held not in newest.get("before", ()):
        job.meant = [*job.meant[:-1], {**newest, "before": [*newest.get("before", ()), held]}]
        Job.objects.filter(pk=job.pk).update(meant=job.meant)
