"""How an integration is, in one word and some numbers: of what `synclog.log.truth` counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.models import Integration
from synclog.log.sentences import counted
from synclog.log.silence import silent
from synclog.log.truth import Counts, counts_of


@dataclass(frozen=True, slots=True)
class Health:
    """word: Not connected, Off, Ready, Healthy, Warnings, Retrying, Stopped, Paused or No worker; tone: its colour."""

    word: str
    tone: str
    detail: str
    counts: Counts


def health_of(integrations: Sequence[Integration]) -> dict[int, Health]:
    """For all of them (with their organizations) in five queries."""
    counts = counts_of(integrations)
    silence = silent()
    return {i.pk: Health(*_word(i, counts[i.pk], silence), counts[i.pk]) for i in integrations}


def _word(integration: Integration, counts: Counts, silence: str) -> tuple[str, str, str]:
    waiting = counted(counts.waiting, "change")
    if not integration.connected:
        return "Not connected", "neutral", "Credentials or required settings are missing."
    if integration.stopped:
        held = f" {waiting} waiting." if counts.waiting else ""
        return "Stopped", "danger", f"{integration.stopped_message}{held}"
    if not integration.send_positions:
        why = "Send positions is switched off: changes are not recorded."
        since = f" {since_sent(counts.stale_while_off)}." if counts.stale_while_off else ""
        return "Off", "neutral", f"{why}{since}"
    if integration.paused:
        return "Paused", "warning", f"Paused by {integration.paused_by}. {waiting} recorded."
    if silence and not counts.needs_you:  # whatever is promised below, nobody would do
        return "No worker", "danger", f"{silence} {waiting} recorded." if counts.waiting else silence
    if integration.retry_count and not silence:
        return "Retrying", "warning", f"{integration.retry_message} It is tried again by itself."
    needs = _needs(counts)
    if needs:
        return "Warnings", "warning", needs
    if not integration.last_success_at:
        return "Ready", "info", "Nothing has been sent yet: the next change will be."
    return "Healthy", "success", _healthy(counts)


def _needs(counts: Counts) -> str:
    """What a person must do; "" when nothing."""
    said = []
    if counts.needs_you:
        said.append(f"{counted(counts.needs_you, 'change')} need{'s' if counts.needs_you == 1 else ''} you.")
    if counts.changed:
        said.append(f"{since_sent(counts.changed)}, and {_are(counts.changed)} not on the way: Send now.")
    return " ".join(said)


def _healthy(counts: Counts) -> str:
    said = []
    if counts.waiting:
        said.append(f"{counted(counts.waiting, 'change')} on the way.")
    if counts.unknown:
        compared = counted(counts.unknown, "position")
        said.append(f"{compared} {_are(counts.unknown)} being compared with what was sent.")
    if counts.partly:
        said.append(f"{counted(counts.partly, 'position')} {_are(counts.partly)} there, but not all of it.")
    if said:
        return " ".join(said)
    return "Everything that was sent is in sync." if counts.not_sent else "Everything is in sync."


def since_sent(number: int) -> str:
    return f"{counted(number, 'position')} {'was' if number == 1 else 'were'} changed here since {_it(number)} sent"


def _it(number: int) -> str:
    return "it was" if number == 1 else "they were"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
