"""What people and programs do to webhooks. Callers check that they may."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.utils import translation

from positions.audit import actor, kind_of
from positions.models import AuditEntry
from positions.transactions import repeated
from synclog.engine.clock_skew import at_once
from synclog.models import Webhook, WebhookDelivery
from synclog.webhooks.outbox import ring, tell_one


@repeated
def rotate(pk: int) -> Webhook:
    """Gives it a new secret, which is on the answer; the one before signs beside it for a day."""
    webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=pk)
    webhook.rotate()
    webhook.save(update_fields=["secret", "former_secrets", "former_until", "updated_at"])
    return webhook


@repeated
def resume(pk: int) -> Webhook:
    """After a pause: what waited goes out now, as does what was put off."""
    webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=pk)
    webhook.resume()
    webhook.save(update_fields=list(Webhook.RESUMED_FIELDS))
    WebhookDelivery.objects.filter(webhook=webhook, state__in=WebhookDelivery.ACTIVE).update(due_at=at_once())
    ring()
    return webhook


def edited(webhook: Webhook, changed: Collection[str]) -> None:
    """After it was saved with other values of these names: a new address and switching it on end a pause."""
    if webhook.active and {"url", "active"} & set(changed):
        resume(webhook.pk)
        webhook.refresh_from_db()


@repeated
def send_test(webhook: Webhook) -> WebhookDelivery:
    """An event that tells of nothing, whatever the webhook is told of otherwise."""
    made = tell_one(webhook, Webhook.TEST, {"webhook": webhook.pk})
    _audit(made, AuditEntry.Action.CREATED, {})
    return made


@repeated
def replay(pk: int) -> WebhookDelivery:
    """Sends it once more, under the same id, be it delivered, given up or waiting for its next try."""
    delivery = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("webhook").get(pk=pk)
    before, delivery.state = delivery.state, WebhookDelivery.State.WAITING
    delivery.attempts, delivery.first_failed_at, delivery.due_at = 0, None, at_once()
    delivery.save(update_fields=["state", "attempts", "first_failed_at", "due_at"])
    _audit(delivery, AuditEntry.Action.CHANGED, {"replay": [before, delivery.state]})
    ring()
    return delivery


@translation.override(settings.LANGUAGE_CODE)
def _audit(delivery: WebhookDelivery, action: str, changes: dict[str, Any]) -> None:
    """By hand: deliveries are written many at a time, and what the sender makes of them is told in their own log."""
    by, via = actor()
    AuditEntry.objects.create(
        organization_id=delivery.webhook.organization_id,
        actor=by[:150],
        via=via,
        action=action,
        kind=kind_of(delivery),
        object_key=delivery.pk,
        object_name=str(delivery)[:250],
        changes=changes,
    )
