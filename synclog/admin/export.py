"""The error log as CSV, row by row: whatever is asked for is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from positions import spreadsheets
from synclog.log import sentences
from synclog.log.causes import remedy
from synclog.models import Job

COLUMNS = (
    "Time", "Employee number", "Employee", "Position", "From", "To", "Integration", "System", "Action", "Status",
    "Cause", "Cause code", "What to do", "Message", "Field", "System's own words", "System's code", "Attempts",
    "Next attempt", "Started by", "Number",
)  # fmt: skip


def lines(jobs: QuerySet[Job]) -> Iterator[str]:
    return spreadsheets.lines(chain([COLUMNS], (row(job) for job in jobs.iterator(chunk_size=500))), mark=True)


def row(job: Job) -> Iterable[Any]:
    zone = job.integration.organization.zone
    return (
        f"{job.changed_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        job.employee_number,
        job.employee_name,
        job.title,
        job.start_date,
        job.end_date,
        job.integration.name,
        job.integration.system.name,
        sentences.action_words(job),
        sentences.mark_of(job).word,
        sentences.cause_words(job),
        job.cause,
        remedy(job.cause),
        job.message,
        sentences.field_label(job.field) if job.field else "",
        job.vendor_text,
        job.vendor_code,
        job.attempts,
        sentences.next_attempt(job),
        sentences.started_by(job),
        job.pk,
    )
