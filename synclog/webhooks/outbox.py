"""Writes down what webhooks are to be told, in the transaction of what happened: both are there, or neither.

A body holds ids, states, causes and times. Names, numbers of employees and systems' own words stay here: whoever may
know them asks the API.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django_q.tasks import async_task

from synclog.engine.clock_skew import at_once
from synclog.engine.notify import with_the_commit
from synclog.models import Webhook, WebhookDelivery

Data = Mapping[str, Any]


def listening(organization: int) -> list[tuple[int, frozenset[str]]]:
    """The webhooks of an organization that are on, with what each is told. One that is paused is among them: what
    happens meanwhile waits until it is resumed."""
    found = Webhook.objects.filter(organization=organization, active=True).order_by("pk")
    return [(pk, frozenset(events)) for pk, events in found.values_list("pk", "events")]


def tell(webhooks: Sequence[tuple[int, frozenset[str]]], facts: Sequence[tuple[str, datetime, Data]]) -> None:
    """Of each (topic, when, data) those webhooks that are told of it. Two queries, however many there are."""
    rows = []
    for topic, at, data in facts:
        concerned = [pk for pk, events in webhooks if topic in events]
        rows += _rows(concerned, topic, at, data) if concerned else []
    if rows:
        WebhookDelivery.objects.bulk_create(rows)
        ring()


def tell_one(webhook: Webhook, topic: str, data: Data) -> WebhookDelivery:
    (row,) = _rows([webhook.pk], topic, timezone.now(), data)
    row.save(force_insert=True)
    ring()
    return row


def _rows(webhooks: Sequence[int], topic: str, at: datetime, data: Data) -> list[WebhookDelivery]:
    message_id = f"msg_{uuid.uuid4().hex}"
    body = json.dumps({"type": topic, "timestamp": moment(at), "data": data}, separators=(",", ":"))
    now, due = timezone.now(), at_once()
    return [
        WebhookDelivery(webhook_id=pk, message_id=message_id, topic=topic, body=body, created_at=now, due_at=due)
        for pk in webhooks
    ]


def moment(at: datetime) -> str:
    """As the API writes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ring() -> None:
    """For whoever is free to send."""
    with_the_commit(_ring)


def _ring() -> None:
    async_task("synclog.queue.tasks.deliver", task_name="deliver")
