"""How an integration is, in one word and four numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from integrations.models import Integration, PeriodLink
from synclog.models import Job
from synclog.silence import silent


@dataclass(frozen=True, slots=True)
class Health:
    """word: Not connected, Off, Ready, Healthy, Warnings, Retrying, Stopped, Paused or No worker; tone: its colour."""

    word: str
    tone: str
    detail: str
    in_sync: int
    waiting: int
    needs_you: int
    excluded: int


def health_of(integrations: Sequence[Integration]) -> dict[int, Health]:
    """For all of them in three queries."""
    keys = [i.pk for i in integrations]
    counts: dict[tuple[int, str], int] = {
        (row["integration"], row["state"]): row["n"]
        for row in Job.objects.filter(integration__in=keys)
        .filter(Q(open_key__isnull=False) | Q(state=Job.State.SKIPPED, cause="not_current"))
        .order_by()
        .values("integration", "state")
        .annotate(n=Count("pk"))
    }
    # What was sent and has no newer change on its way.
    on_the_way = Job.objects.open().filter(integration=OuterRef("integration"), open_key=OuterRef("position_key"))
    in_sync = dict(
        PeriodLink.objects.filter(~Exists(on_the_way), integration__in=keys)
        .order_by()
        .values_list("integration")
        .annotate(n=Count("pk"))
    )
    silence = silent()
    return {i.pk: _health(i, counts, in_sync.get(i.pk, 0), silence) for i in integrations}


def _health(integration: Integration, counts: dict[tuple[int, str], int], in_sync: int, silence: str) -> Health:
    def number(*states: str) -> int:
        return sum(counts.get((integration.pk, state), 0) for state in states)

    waiting = number(Job.State.WAITING, Job.State.RUNNING, Job.State.RETRYING)
    failed = number(Job.State.FAILED)
    word, tone, detail = _word(integration, failed, waiting, silence)
    return Health(word, tone, detail, in_sync, waiting, failed, number(Job.State.SKIPPED))


def _word(integration: Integration, failed: int, waiting: int, silence: str) -> tuple[str, str, str]:
    if not integration.connected:
        return "Not connected", "neutral", "Credentials or required settings are missing."
    if integration.stopped:
        return "Stopped", "danger", integration.stopped_message
    if not integration.send_positions:
        return "Off", "neutral", "Send positions is switched off: changes are not recorded."
    if integration.paused:
        return "Paused", "warning", f"Paused by {integration.paused_by}. {_changes(waiting)} recorded."
    if silence and not failed:  # whatever is promised below, nobody would do
        return "No worker", "danger", f"{silence} {_changes(waiting)} recorded."
    if integration.retry_count and not silence:
        return "Retrying", "warning", f"{integration.retry_message} It is tried again by itself."
    if failed:
        return "Warnings", "warning", f"{_changes(failed)} need{'s' if failed == 1 else ''} you."
    if not integration.last_success_at:
        return "Ready", "info", "Nothing has been sent yet: the next change will be."
    return "Healthy", "success", "Everything is in sync." if not waiting else f"{_changes(waiting)} on the way."


def _changes(number: int) -> str:
    return f"{number} change{'' if number == 1 else 's'}"
