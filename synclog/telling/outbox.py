"""Writes down what members are to be told, in the transaction of what happened: notices and mails are there, each once,
or none is.

An event is told by whoever marks it as told; a row is of one member and one event, which the database holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django_q.tasks import async_task

from integrations.models import Integration
from positions import mailing
from positions.models import Member
from positions.transactions import repeated
from synclog.engine.clock_skew import at_once
from synclog.engine.notify import with_the_commit
from synclog.models import Event, Mail, MailChoice, Notice, Topic


def topics_of(member: Member) -> Iterable[str]:
    """What a member (with their choice) is mailed."""
    choice = getattr(member, "mail_choice", None)
    return MailChoice.of_role(member.role) if choice is None else choice.topics


@repeated
def tell(event: Event, topic: Topic) -> None:
    """Of an event, whatever calls it how often; to every member of the organization."""
    now = timezone.now()
    if not Event.objects.filter(pk=event.pk, told_at=None).update(told_at=now):
        return
    integration = event.integration
    members = Member.objects.filter(organization=integration.organization_id, user__is_active=True)
    concerned = list(members.select_related("mail_choice"))
    cause = _cause(integration) if topic == Topic.STOPPED else ""
    Notice.objects.bulk_create(
        Notice(member=member, integration=integration, event_key=event.pk, topic=topic.value, cause=cause, at=now)
        for member in concerned
    )
    wanted = [member for member in concerned if topic.value in topics_of(member)]
    mail(wanted, f"event:{event.pk}", topic.value, {"cause": cause, "at": event.at.isoformat()}, integration)


def _cause(integration: Integration) -> str:
    """As it is stored: what the caller has may be older."""
    return Integration.objects.values_list("stopped_cause", flat=True).get(pk=integration.pk)


def mail(
    members: Iterable[Member], about: str, topic: str, facts: Mapping[str, Any], integration: Integration | None = None
) -> None:
    """To each of them, unless no mails are sent here."""
    now, due = timezone.now(), at_once()
    rows = [
        Mail(member=member, about=about, topic=topic, integration=integration, facts=facts, created_at=now, due_at=due)
        for member in members
    ]
    if rows and mailing.are_sent():
        Mail.objects.bulk_create(rows)
        ring()


def ring() -> None:
    """For whoever is free to send."""
    with_the_commit(_ring)


def _ring() -> None:
    async_task("synclog.queue.tasks.mail", task_name="mail")
