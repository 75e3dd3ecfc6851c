"""What becomes of what is not sent yet when a connection is switched off, paused, resumed or deleted: told before it is
done, in numbers and as `synclog.engine.actions` does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from integrations.models import EmployeeLink, Integration
from synclog.log.silence import silent
from synclog.models import Job, JobQuerySet


class Open(StrEnum):
    """How a change that is not sent yet is; each is in one of these."""

    SENDING = "sending"
    WAITING = "waiting"  # also what is tried again
    LATER = "later"  # waits for its day, or until a payroll period opens
    NEEDS_YOU = "needs_you"


def open_changes(integration: Integration) -> dict[Open, int]:
    """How many there are of each."""
    for_its_day = Q(state=Job.State.WAITING) & JobQuerySet.put_off(timezone.now())
    which = {
        Open.SENDING: Q(state=Job.State.RUNNING),
        Open.WAITING: Q(state__in=Job.ACTIVE) & ~for_its_day,
        Open.LATER: for_its_day,
        Open.NEEDS_YOU: Q(state=Job.State.FAILED),
    }
    counts: dict[str, Any] = {kind.value: Count("pk", filter=q) for kind, q in which.items()}
    found = Job.objects.filter(integration=integration, open_key__gt=0).aggregate(**counts)
    return {kind: found[kind.value] for kind in which}


# What becomes of so many of each kind, by what is about to be done.
_PAUSED: Mapping[Open, Any] = {
    Open.SENDING: ngettext_lazy(
        "%(number)s change is being sent right now. What has reached %(system)s by then stays there.",
        "%(number)s changes are being sent right now. What has reached %(system)s by then stays there.",
        "number",
    ),
    Open.WAITING: ngettext_lazy(
        "%(number)s change is waiting. It stays, and is sent when you resume.",
        "%(number)s changes are waiting. They stay, and are sent when you resume.",
        "number",
    ),
    Open.LATER: ngettext_lazy(
        "%(number)s change waits for a later day. Should that come meanwhile, it is sent when you resume.",
        "%(number)s changes wait for a later day. Should that come meanwhile, they are sent when you resume.",
        "number",
    ),
    Open.NEEDS_YOU: ngettext_lazy(
        "%(number)s change needs you. It stays in the error log, and can be mended meanwhile.",
        "%(number)s changes need you. They stay in the error log, and can be mended meanwhile.",
        "number",
    ),
}
_RESUMED: Mapping[Open, Any] = {
    Open.WAITING: ngettext_lazy(
        "%(number)s change is waiting. It is sent now.",
        "%(number)s changes are waiting. They are sent now.",
        "number",
    ),
    Open.LATER: ngettext_lazy(
        "%(number)s change waits for a later day, and is sent then.",
        "%(number)s changes wait for a later day, and are sent then.",
        "number",
    ),
    Open.NEEDS_YOU: ngettext_lazy(
        "%(number)s change needs you. It is not sent by this, but when it is mended or re-synced.",
        "%(number)s changes need you. They are not sent by this, but when they are mended or re-synced.",
        "number",
    ),
}
_DROPPED: Mapping[Open, Any] = {
    Open.SENDING: ngettext_lazy(
        "%(number)s change is being sent right now, and may still arrive.",
        "%(number)s changes are being sent right now, and may still arrive.",
        "number",
    ),
    Open.WAITING: ngettext_lazy(
        "%(number)s change is waiting. It will not be sent.",
        "%(number)s changes are waiting. They will not be sent.",
        "number",
    ),
    Open.LATER: ngettext_lazy(
        "%(number)s change waits for a later day. It will not be sent then.",
        "%(number)s changes wait for a later day. They will not be sent then.",
        "number",
    ),
    Open.NEEDS_YOU: ngettext_lazy(
        "%(number)s change needs you. It will not be sent either.",
        "%(number)s changes need you. They will not be sent either.",
        "number",
    ),
}


@dataclass(frozen=True, slots=True)
class Consequence:
    """A sentence; with `of`, it tells what becomes of the changes that are so."""

    sentence: str
    of: Open | None = None


def of_pausing(integration: Integration) -> list[Consequence]:
    later = _("What is saved meanwhile is recorded, and each position is sent in its latest state when you resume.")
    return [*_told(integration, _PAUSED), Consequence(later)]


def of_resuming(integration: Integration) -> list[Consequence]:
    """Of a connection that is paused, stopped, or waits for its system."""
    said = _told(integration, _RESUMED)
    if not integration.send_positions:
        said.append(Consequence(_("Send positions is switched off: nothing is sent before that is switched on.")))
    elif integration.stopped:
        asked = _(
            "%(system)s has refused this connection and is asked again. Refused once more, all of it goes on waiting."
        )
        said.append(Consequence(asked % {"system": integration.system.name}))
    elif integration.retry_count:
        asked = _(
            "%(system)s has not let us send for now and is asked again at once. Should it still not, all of it goes on "
            "waiting."
        )
        said.append(Consequence(asked % {"system": integration.system.name}))
    silence = silent()
    return [*said, Consequence(silence)] if silence else said


def of_switching_off(integration: Integration) -> list[Consequence]:
    names = {"system": integration.system.name}
    return [
        *_told(integration, _DROPPED),
        *_planned(integration),
        Consequence(_("What is saved while it is off is not recorded, and not sent after switching on again either.")),
        Consequence(
            _("What was sent stays in %(system)s as it is; settings, matches and error log stay here.") % names
        ),
    ]


def of_deleting(integration: Integration) -> list[Consequence]:
    """Of what is not sent yet alone: what else is lost is known to those who keep it."""
    dropped = _told(integration, _DROPPED)
    return [*(dropped if any(one.of for one in dropped) else ()), *_planned(integration)]


def _told(integration: Integration, words: Mapping[Open, Any]) -> list[Consequence]:
    names = {"system": integration.system.name}
    said = [
        Consequence(words[kind] % {"number": number, **names}, kind)
        for kind, number in open_changes(integration).items()
        if number and kind in words
    ]
    return said or [Consequence(_("No change is waiting."))]


def _planned(integration: Integration) -> list[Consequence]:
    """What a day would have sent by itself (`synclog.queue.tasks`)."""
    days = EmployeeLink.objects.filter(
        integration=integration, next_change_on__isnull=False, planned_in=integration.activated_at
    )
    number = days.count() if integration.send_positions else 0
    if not number:
        return []
    sentence = ngettext(
        "A position of %(number)s employee begins or ends on a later day. Nothing is sent on that day.",
        "Positions of %(number)s employees begin or end on a later day. Nothing is sent on those days.",
        number,
    )
    return [Consequence(sentence % {"number": number})]
