"""No organization holds all of a host's worker processes: one that has some leaves one to the others.

A target that drips keeps a worker process as long as a turn may last. However many connections of one organization hang
like that, somebody else's change finds a process at once.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization
from synclog.engine.lease import HOST, free, ready_integrations
from synclog.models import Job, Lease, Question

LONGEST = timedelta(seconds=60)  # of a question; then its worker was killed
RUNG_AT_ONCE = 8


def held_here() -> list[int]:
    """The organization of each process of this host that is at work: with a connection, or with a question."""
    now = timezone.now()
    turns = Lease.objects.filter(host=HOST, until__gt=now).values_list("integration__organization_id", flat=True)
    # A question does not say on which host it is asked: there are few.
    asked = Question.objects.filter(done_at=None, begun_at__gt=now - LONGEST)
    return [*turns, *asked.values_list("organization_id", flat=True)]


def may_take(organization: int) -> bool:
    """Whether one more of this host's processes may work for the organization. Decided for one after the other: within
    the transaction that takes it up, which holds the organization until then."""
    list(Organization.objects.filter(pk=organization).select_for_update(no_key=True).values_list("pk"))
    held = held_here()
    mine, workers = held.count(organization), int(settings.Q_CLUSTER["workers"])
    if mine == 0 or len(held) + 1 < workers:
        return True
    others = Integration.objects.filter(send_positions=True).exclude(organization=organization)
    return not others.exists()


def all_at_work() -> bool:
    """Whether this host has no process left for whoever comes."""
    return len(held_here()) >= int(settings.Q_CLUSTER["workers"])


def left_waiting(organization: int) -> list[int]:
    """Connections of the organization that are due and that nobody has in hand: to be rung for when one is done."""
    now = timezone.now()
    due = Job.objects.due(now).filter(integration=OuterRef("pk"))
    found = Integration.objects.filter(ready_integrations(), free(now, "lease__"), Exists(due))
    return list(found.filter(organization=organization).values_list("pk", flat=True)[:RUNG_AT_ONCE])
