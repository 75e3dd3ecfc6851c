"""Links that are mailed: for choosing a password, for a new address, into an organization, and to where one sees what
was done with one's user. A row names whom they are for; the link is made when the mail is sent, and lies nowhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from positions import languages, mailing
from positions.accounts import forgotten, invitations, issuer, joining, own_address
from positions.models import AddressChange, FederatedIdentity, Invitation
from positions.signals import address_to_confirm, identity_connected, invitation_to_mail, password_forgotten
from synclog.engine.clock_skew import at_once
from synclog.models import Mail
from synclog.telling.outbox import ring

ONCE_IN = 900  # seconds: so often a user is mailed a link for a password


@dataclass(frozen=True, slots=True)
class Link:
    """`organization`: that invites; None: for the user of this name."""

    email: str
    path: str
    language: str
    name: str = ""
    organization: str | None = None


def connect() -> None:
    password_forgotten.connect(_password_forgotten, sender=get_user_model(), dispatch_uid="synclog.telling.password")
    address_to_confirm.connect(_address_asked, sender=AddressChange, dispatch_uid="synclog.telling.address")
    identity_connected.connect(_connected, sender=FederatedIdentity, dispatch_uid="synclog.telling.connected")
    invitation_to_mail.connect(_invited, sender=Invitation, dispatch_uid="synclog.telling.invitation")


def _password_forgotten(sender: Any, users: Sequence[Any], **kwargs: Any) -> None:
    """Nobody's address makes a row as well: how long the answer takes tells nothing."""
    about = f"password:{int(time.time() // ONCE_IN)}"
    rows = [_row(user=user, about=about, topic=Mail.PASSWORD) for user in users or [None]]
    Mail.objects.bulk_create(rows, ignore_conflicts=True)
    ring()


def _address_asked(sender: Any, change: AddressChange, **kwargs: Any) -> None:
    asked = f"{change.asked_at.timestamp():.6f}"
    topics = [Mail.ADDRESS, *([Mail.FORMER] if change.former else ())]
    Mail.objects.bulk_create(_row(user=change.user, about=f"{topic}:{asked}", topic=topic) for topic in topics)
    ring()


def _connected(sender: Any, identity: FederatedIdentity, **kwargs: Any) -> None:
    if mailing.are_sent() and identity.user.email:
        _row(user=identity.user, about=f"connected:{identity.pk}", topic=Mail.CONNECTED).save()
        ring()


def _invited(sender: Any, invitation: Invitation, **kwargs: Any) -> None:
    _row(invitation_key=invitation.pk, about=f"invitation:{invitation.pk}", topic=Mail.INVITATION).save()
    ring()


def _row(**values: Any) -> Mail:
    return Mail(created_at=timezone.now(), due_at=at_once(), **values)


def link_of(mail: Mail) -> Link | None:
    """None when it would lead nowhere: the user is gone or changed, the invitation was answered or has a newer link."""
    if mail.topic == Mail.PASSWORD:
        user = mail.user
        if user is None or user not in forgotten.users_of(user.email):
            return None
        return Link(user.email, invitations.address_of(user), languages.to_write_in(user), user.get_username())
    if mail.topic in (Mail.ADDRESS, Mail.FORMER):
        return _of_address(mail)
    if mail.topic == Mail.CONNECTED:
        return _of_connected(mail)
    rows = Invitation.objects.filter(pk__in=[mail.invitation_key])
    found = joining.judged(rows.select_related("organization")).first()
    if found is None or not found.seed or not joining.usable(found):
        return None
    token = found.mailed_token()
    if Invitation.digest_of(token) != found.digest:
        return None
    language = languages.of_organization(found.organization)
    return Link(found.email, reverse("join_by_link", args=[token]), language, organization=found.organization.name)


def _of_connected(mail: Mail) -> Link | None:
    """Told whatever has become of it."""
    user = mail.user
    if user is None or not user.is_active or not issuer.is_on():
        return None
    return Link(user.email, reverse("sign_in"), languages.to_write_in(user), user.get_username())


def _of_address(mail: Mail) -> Link | None:
    change = AddressChange.objects.filter(user=mail.user_id).select_related("user").first()
    if change is None or not mail.about.endswith(f":{change.asked_at.timestamp():.6f}"):
        return None
    language, name = languages.to_write_in(change.user), change.user.get_username()
    if mail.topic == Mail.FORMER:  # is told whatever has become of it
        return Link(change.former, reverse("account"), language, name)
    return Link(change.email, own_address.path_of(change), language, name) if own_address.usable(change) else None
