"""A user's own e-mail address: asked for here, theirs once the mailbox has said so. Invitations and forgotten passwords
go by it, so an address that nobody has looked into opens nothing."""

from __future__ import annotations

import logging
from typing import Any

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from positions.models import AddressChange, SelfMadeUser
from positions.signals import address_to_confirm

logger = logging.getLogger(__name__)

_SALT = "positions.own_address"


def ask(user: Any, email: str) -> None:
    """Mails a link to the new address and tells the former one. A link of before is good no more."""
    with transaction.atomic():
        values = {"email": email, "former": user.email, "asked_at": timezone.now(), "done_at": None}
        row, _ = AddressChange.objects.update_or_create(user=user, defaults=values)
        address_to_confirm.send(AddressChange, change=row)
    logger.info("address: %s asked for another e-mail address", user.get_username())


def path_of(change: AddressChange) -> str:
    """Of the page that the link leads to. It names no address: addresses of pages are written down in logs."""
    return reverse("own_address", args=[signing.dumps(_told(change), salt=_SALT)])


def _told(change: AddressChange) -> list[Any]:
    # With a new password whatever somebody else has asked for is over.
    password = salted_hmac(_SALT, change.user.password, algorithm="sha256").hexdigest()
    return [change.user_id, change.asked_at.timestamp(), password]


def asked_by(user: Any, token: str) -> AddressChange | None:
    """What the link is to confirm; None for a link that is too old, was used, is somebody else's, or is of before a new
    password or another new address."""
    try:
        told = signing.loads(token, salt=_SALT, max_age=AddressChange.GOOD_FOR)
    except signing.BadSignature:
        return None
    row = AddressChange.objects.filter(user=user.pk).select_related("user").first()
    return row if row is not None and usable(row) and told == _told(row) else None


def usable(change: AddressChange) -> bool:
    """However late its link was mailed. Not where an operator has entered another address meanwhile."""
    good = change.asked_at > timezone.now() - AddressChange.GOOD_FOR
    return change.done_at is None and good and change.former == change.user.email


def confirm(change: AddressChange, user: Any) -> bool:
    """False where another browser was quicker."""
    with transaction.atomic():
        waiting = AddressChange.objects.filter(user=user.pk, asked_at=change.asked_at, done_at=None)
        if not waiting.update(done_at=timezone.now()):
            return False
        user.email = change.email
        user.save(update_fields=["email"])
        SelfMadeUser.objects.filter(user=user.pk).delete()  # the mailbox says now whose it is
    logger.info("address: %s has another e-mail address", user.get_username())
    return True
