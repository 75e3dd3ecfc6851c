"""How an integration is, in one word and some numbers: of what `synclog.log.truth` counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration
from integrations.sdk.marking import gettext_noop
from positions import moments
from positions.numbers import figure
from synclog.log.figures import changes
from synclog.log.sentences import Mark
from synclog.log.silence import silent
from synclog.log.truth import Counts, counts_of


class HealthState(StrEnum):
    """How a connection is: the code of the API."""

    NOT_CONNECTED = "not_connected"
    STOPPED = "stopped"
    OFF = "off"
    PAUSED = "paused"
    NO_WORKER = "no_worker"
    RETRYING = "retrying"
    WARNINGS = "warnings"
    READY = "ready"
    HEALTHY = "healthy"


_MARKS = {
    HealthState.NOT_CONNECTED: Mark(gettext_noop("Not connected"), "", "neutral"),
    HealthState.STOPPED: Mark(gettext_noop("Stopped"), "", "danger"),
    HealthState.OFF: Mark(gettext_noop("Off"), "", "neutral"),
    HealthState.PAUSED: Mark(gettext_noop("Paused"), "pause_circle", "warning"),
    HealthState.NO_WORKER: Mark(gettext_noop("No worker"), "", "danger"),
    HealthState.RETRYING: Mark(gettext_noop("Retrying"), "sync", "warning"),
    HealthState.WARNINGS: Mark(gettext_noop("Warnings"), "", "warning"),
    HealthState.READY: Mark(gettext_noop("Ready"), "", "info"),
    HealthState.HEALTHY: Mark(gettext_noop("Healthy"), "", "success"),
}


@dataclass(frozen=True, slots=True)
class Health:
    """`state` and, from its mark, the word in the reader's language, the tone, and a glyph of its own ("": that of
    the tone); why, in a sentence; and how many positions are how."""

    state: HealthState
    detail: str
    counts: Counts

    @property
    def word(self) -> str:
        return _MARKS[self.state].word

    @property
    def tone(self) -> str:
        return _MARKS[self.state].tone

    @property
    def icon(self) -> str:
        return _MARKS[self.state].glyph


def health_of(integrations: Sequence[Integration]) -> dict[int, Health]:
    """For all of them (with their organizations) in five queries."""
    counts = counts_of(integrations)
    silence = silent()
    return {i.pk: _health(i, counts[i.pk], silence) for i in integrations}


def _health(integration: Integration, counts: Counts, silence: str) -> Health:
    if not integration.connected:
        return Health(HealthState.NOT_CONNECTED, _("Credentials or required settings are missing."), counts)
    if integration.stopped:
        held = _("{changes} waiting.").format(changes=changes(counts.waiting)) if counts.waiting else ""
        return Health(HealthState.STOPPED, f"{integration.stopped_message} {held}".strip(), counts)
    if not integration.send_positions:
        why = _("Send positions is switched off: changes are not recorded.")
        since = f"{since_sent(counts.stale_while_off)}." if counts.stale_while_off else ""
        return Health(HealthState.OFF, f"{why} {since}".strip(), counts)
    recorded = _("{changes} recorded.").format(changes=changes(counts.waiting))
    if integration.paused:
        by = _("Paused by {name}.").format(name=integration.paused_by)
        return Health(HealthState.PAUSED, f"{by} {recorded}", counts)
    if silence and not counts.needs_you:  # whatever is promised below, nobody would do
        return Health(HealthState.NO_WORKER, f"{silence} {recorded}" if counts.waiting else silence, counts)
    if integration.retry_count and not silence:
        again = _("It is tried again by itself.")
        return Health(HealthState.RETRYING, f"{integration.retry_message} {again}", counts)
    needs = _needs(counts)
    if needs:
        held = f" {held_words(integration, counts.held)}" if counts.held else ""
        return Health(HealthState.WARNINGS, f"{needs}{held}", counts)
    if not integration.last_success_at and counts.held:
        return Health(HealthState.READY, held_words(integration, counts.held), counts)
    if not integration.last_success_at:
        return Health(HealthState.READY, _("Nothing has been sent yet: the next change will be."), counts)
    return Health(HealthState.HEALTHY, _healthy(integration, counts), counts)


def _needs(counts: Counts) -> str:
    """What a person must do; "" when nothing."""
    said = []
    if counts.needs_you:
        number = counts.needs_you
        said.append(
            ngettext("{number} change needs you.", "{number} changes need you.", number).format(number=figure(number))
        )
    if counts.changed:
        number = counts.changed
        said.append(
            ngettext(
                "{number} position was changed here since it was sent, and is not on the way: Send now.",
                "{number} positions were changed here since they were sent, and are not on the way: Send now.",
                number,
            ).format(number=figure(number))
        )
    return " ".join(said)


def held_words(integration: Integration, number: int) -> str:
    """Of so many changes that the payroll cut-off holds."""
    calendar, zone = integration.calendar, integration.organization.zone
    closed = calendar.closed(timezone.now(), zone) if calendar else None
    if closed is None:  # it opens just now
        return _("{changes} held by the payroll cut-off.").format(changes=changes(number))
    until = moments.clock(closed[1], zone)
    return _("{changes} held until {moment} because of the payroll cut-off.").format(
        changes=changes(number), moment=until
    )


def _healthy(integration: Integration, counts: Counts) -> str:
    said = []
    if counts.held:
        said.append(held_words(integration, counts.held))
    if counts.waiting > counts.held:
        said.append(_("{changes} on the way.").format(changes=changes(counts.waiting - counts.held)))
    if counts.unknown:
        number = counts.unknown
        said.append(
            ngettext(
                "{number} position is being compared with what was sent.",
                "{number} positions are being compared with what was sent.",
                number,
            ).format(number=figure(number))
        )
    if counts.partly:
        number = counts.partly
        said.append(
            ngettext(
                "{number} position is there, but not all of it.",
                "{number} positions are there, but not all of it.",
                number,
            ).format(number=figure(number))
        )
    if said:
        return " ".join(said)
    return _("Everything that was sent is in sync.") if counts.not_sent else _("Everything is in sync.")


def since_sent(number: int) -> str:
    return ngettext(
        "{number} position was changed here since it was sent",
        "{number} positions were changed here since they were sent",
        number,
    ).format(number=figure(number))
