"""The error log as CSV, row by row: whatever is asked for is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext, pgettext

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.wording import say
from synclog.log import sentences
from synclog.log.causes import remedy
from synclog.models import Job

# All but the last.
COLUMNS = (
    _("Time"),
    _("Employee number"),
    _("Employee"),
    _("Position"),
    _("From"),
    _("To"),
    _("Integration"),
    _("System"),
    _("Action"),
    _("Status"),
    _("Cause"),
    _("Cause code"),
    _("What to do"),
    _("Message"),
    _("Field"),
    _("System's own words"),
    _("System's code"),
    _("Attempts"),
    _("Next attempt"),
    _("Started by"),
    _("Saved after the payroll cut-off"),
    _("Held until"),
    _("Retroactive"),
)


def table(jobs: QuerySet[Job]) -> tuple[Iterable[str], Iterator[Iterable[Any]]]:
    """(the names of the columns, the rows)."""
    return [*map(say, COLUMNS), pgettext("entry", "Number")], map(row, jobs.iterator(chunk_size=500))


def row(job: Job) -> Iterable[Any]:
    zone = job.integration.organization.zone
    return (
        _moment(job.changed_at, zone),
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
        job.cause_now,
        remedy(job.cause_now),
        job.message,
        sentences.field_label(job.field) if job.field else "",
        job.vendor_text,
        job.vendor_code,
        job.attempts,
        sentences.next_attempt(job),
        sentences.started_by(job),
        _yes_or_no(job.is_after_cutoff),
        _moment(job.held_now, zone),
        _yes_or_no(job.retro),
        job.pk,
    )


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else ""


def _yes_or_no(so: bool) -> str:
    return gettext("yes") if so else gettext("no")
