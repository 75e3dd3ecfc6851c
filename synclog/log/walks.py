"""What is said alike of checks and previews of everything: which were through, and how far one is."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from positions import moments
from positions.numbers import figure
from synclog.models.walk import Walk

WHOLE = Q(done_at__isnull=False, cancelled_by="", cause="")


def progress(walk: Walk, looked_at: str, done: str, **words: str) -> str:
    """How far it is, or how it ended. `looked_at` tells of {number} and {total} employees here, `done` of {when} and
    of these words."""
    state, states = walk.state, Walk.State
    zone, system = walk.integration.organization.zone, walk.integration.system.name
    if state is states.WAITING:
        return _("It waits for a worker.")
    if walk.misses and walk.done_at is None:
        said = _("{system} gave no answer. It goes on {when}.")
        return said.format(system=system, when=moments.when(walk.due_at, zone))
    if state is states.READING:
        said = _("Everybody in {system} is being read: {number} so far.")
        return said.format(system=system, number=figure(walk.there))
    if state is states.COMPARING:
        return looked_at.format(number=figure(walk.employees), total=figure(walk.total))
    at = moments.when(walk.done_at, zone) if walk.done_at else ""
    if state is states.CANCELLED:
        return _("It was cancelled by {name} {when}.").format(name=walk.cancelled_by, when=at)
    if state is states.ENDED:
        return _("It ended early {when}. {why}").format(when=at, why=walk.message)
    return done.format(when=at, **words)
