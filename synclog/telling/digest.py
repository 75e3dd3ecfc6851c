"""The digest: what needs action in an organization, in the morning of its own time zone, for each member who wants it.
Where nothing does, nothing is sent.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils import timezone

from integrations.models import Integration
from positions import api_keys, mailing
from positions.models import Member
from positions.transactions import repeated
from synclog.models import Job, JobQuerySet, Mail, MailChoice, Webhook
from synclog.telling.outbox import mail

HOUR = 7  # of the organization's clock
_CAUSES = 20
_Digest = MailChoice.Digest


def look_after() -> None:
    """Every minute. A morning on which no worker ran is made up for later in the day, or in the week."""
    if not mailing.are_sent():
        return
    now = timezone.now()
    wanting = MailChoice.objects.exclude(digest=_Digest.NEVER).filter(member__user__is_active=True)
    zones = set(wanting.order_by().values_list("member__organization__time_zone", flat=True).distinct())
    for name in zones:
        due = _due(now.astimezone(ZoneInfo(name)))
        if due is None:
            continue
        day, asked = due
        theirs = wanting.filter(asked, member__organization__time_zone=name)
        for pk in theirs.order_by().values_list("member__organization", flat=True).distinct():
            _send(pk, day, asked)


def _due(here: datetime) -> tuple[date, Q] | None:
    """(today, whose turn it is) where the clock shows this; None before the hour."""
    if here.hour < HOUR:
        return None
    today = here.date()
    monday = today - timedelta(days=today.weekday())
    return today, Q(digest=_Digest.DAILY, digested_on__lt=today) | Q(digest=_Digest.WEEKLY, digested_on__lt=monday)


@repeated
def _send(organization: int, day: date, asked: Q) -> None:
    """To all of an organization whose turn it is. Whoever moves their day on writes their mail."""
    choices = MailChoice.objects.filter(asked, member__organization=organization, member__user__is_active=True)
    held = list(choices.select_for_update(of=("self",)).order_by("pk").select_related("member"))
    MailChoice.objects.filter(pk__in=[choice.pk for choice in held]).update(digested_on=day)
    if not held:
        return
    found, of_admins = facts(organization), facts_for_admins(organization)
    everybody, admins = any(found.values()), any(of_admins.values())
    members = [c.member for c in held if everybody or (admins and c.member.role == Member.Role.ADMIN)]
    if members:
        mail(members, f"{Mail.DIGEST}:{day.isoformat()}", Mail.DIGEST, {**found, **of_admins})


def facts(organization: int) -> dict[str, Any]:
    """Ids, causes and numbers of what needs somebody."""
    connections = Integration.objects.filter(organization=organization, send_positions=True).order_by("name")
    stopped = connections.filter(stopped_at__isnull=False).values("pk", "stopped_cause")
    held = Job.objects.open().filter(state__in=Job.ACTIVE, integration__in=connections.filter(stopped_at=None))
    paused = held.filter(integration__paused_at__isnull=False).exclude(JobQuerySet.put_off(timezone.now())).order_by()
    failed = Job.objects.open().filter(integration__in=connections, state=Job.State.FAILED).order_by()
    causes = failed.values("cause", "field").annotate(
        number=Count("pk"), people=Count("employee_key", distinct=True), systems=Count("integration", distinct=True)
    ).order_by("-number", "cause", "field")  # fmt: skip
    return {
        "stopped": list(stopped),
        "paused": list(paused.values("integration").annotate(number=Count("pk")).order_by("integration")),
        "causes": list(causes[:_CAUSES]),
    }


def facts_for_admins(organization: int) -> dict[str, int]:
    """How many of what only admins see and can do something about."""
    paused = Webhook.objects.filter(organization=organization, active=True, paused_at__isnull=False)
    return {"api_keys": len(api_keys.wanting([organization])), "webhooks": paused.count()}
