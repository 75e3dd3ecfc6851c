"""Whom an issuer's person is here: the user with that issuer and subject, and nobody else. Never one with the same
e-mail address, which at the issuer may be somebody else's tomorrow.

Groups of the issuer give roles in organizations (`GroupRole`). What came from a group is renewed at each sign-in, and
ends when no sign-in has renewed it for a month; what somebody gave here stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from positions.accounts import issuer, joining, signing_in
from positions.accounts.issuer import Person
from positions.encryption import decrypt, encrypt
from positions.models import FederatedIdentity, GroupRole, Invitation, Member, SelfMadeUser
from positions.origin import Origin, started_by
from positions.roles import rank
from positions.signals import identity_connected

RENEWED_WITHIN = timedelta(days=30)
_WAITING = "waiting_from_issuer"
_WAITS = 600  # seconds
_FIRST = "connects_first"


def user_of(person: Person) -> Any | None:
    """Active or not: whoever asks decides what that means."""
    found = FederatedIdentity.objects.filter(issuer=person.issuer, subject=person.subject).select_related("user")
    identity = found.first()
    return identity.user if identity is not None else None


def identity_of(user: Any) -> FederatedIdentity | None:
    """At the issuer of now."""
    found = FederatedIdentity.objects.filter(user_id=user.pk, issuer=settings.OIDC_ISSUER)
    return found.select_related("user").first()


def connect(request: HttpRequest, user: Any, person: Person) -> None:
    """From now on this person of the issuer is this user, who was here before: they are mailed, and the trail of each
    of their organizations tells it. Raises IntegrityError when one of them is taken."""
    with transaction.atomic():
        identity = _identify(user, person)
        request.session.pop(_FIRST, None)
        signing_in.connected(request, user)
        identity_connected.send(FederatedIdentity, identity=identity)


def _identify(user: Any, person: Person) -> FederatedIdentity:
    with transaction.atomic(), started_by(Origin("edit", user.get_username())):
        identity = FederatedIdentity.objects.create(user=user, issuer=person.issuer, subject=person.subject)
        renew(user, person.groups)
    return identity


def disconnect(users: Collection[Any]) -> int:
    """Nobody signs in as them by an issuer any more, and what its groups gave them is over. How many there were."""
    with transaction.atomic():
        identities = list(FederatedIdentity.objects.filter(user__in=users))
        for row in [*identities, *Member.objects.filter(user__in=users).exclude(group="")]:
            row.delete()
    return len(identities)


# -- first time


def keep_waiting(request: HttpRequest, person: Person) -> None:
    """They say now whether they are somebody here. Encrypted: sessions live in the database."""
    kept = {**asdict(person), "groups": sorted(person.groups), "until": int(time.time()) + _WAITS}
    request.session[_WAITING] = encrypt(json.dumps(kept), "session")


def waiting_in(request: HttpRequest) -> Person | None:
    """Whoever has come from the issuer in this browser, and is nobody here yet."""
    stored = decrypt(request.session.get(_WAITING, ""), "session")
    kept: dict[str, Any] = json.loads(stored) if stored else {}
    if kept.pop("until", 0) < time.time():
        return None
    person = Person(**{**kept, "groups": frozenset(kept["groups"])})
    return person if person.issuer == settings.OIDC_ISSUER and user_of(person) is None else None


def forget(request: HttpRequest) -> None:
    request.session.pop(_WAITING, None)


def is_expected(person: Person, linked: Invitation | None) -> bool:
    """Whether a user may be made: somebody invited them, by a link or under an address that the issuer says is theirs,
    or a group of theirs has a role."""
    if linked is not None or (person.verified and person.email and joining.waiting_at(person.email)):
        return True
    return GroupRole.objects.filter(group__in=person.groups).exists()


def new_user(person: Person, linked: Invitation | None) -> Any:
    """A user without a password. By a link they are a member then; else they accept what waits for their address.
    Raises joining.Over, and IntegrityError when they have a user by now."""
    digest = hashlib.sha256(f"{person.issuer} {person.subject}".encode()).hexdigest()
    user = joining.new_user(linked) if linked is not None else joining.user_of(person.email, digest)
    user.first_name, user.last_name = person.first_name, person.last_name
    user.set_unusable_password()
    with transaction.atomic(), started_by(Origin("edit", user.get_username())):
        if linked is not None:
            joining.join_as_new(linked, user, person.verified and joining.alike(person.email, linked.email))
        else:
            user.save()
            if person.email and not person.verified:
                SelfMadeUser.objects.create(user=user)
        _identify(user, person)
    return user


# -- groups


def renew(user: Any, groups: Collection[str]) -> None:
    """The user's memberships that come from groups are those that these groups give now, each with the highest role."""
    given: dict[int, GroupRole] = {}
    for row in sorted(GroupRole.objects.filter(group__in=groups), key=lambda row: rank(row.role)):
        given[row.organization_id] = row
    with transaction.atomic(), started_by(Origin("edit", user.get_username())):
        # Two sign-ins of one person take turns.
        get_user_model()._default_manager.select_for_update().get(pk=user.pk)
        for member in Member.objects.filter(user=user):
            gives = given.pop(member.organization_id, None)
            if not member.group:
                continue
            if gives is None:
                member.delete()
                continue
            member.role, member.group, member.renewed_at = gives.role, gives.group, timezone.now()
            member.save(update_fields=["role", "group", "renewed_at"])
        for organization, gives in given.items():
            Member.objects.create(
                organization_id=organization, user=user, role=gives.role, group=gives.group, renewed_at=timezone.now()
            )


def left() -> QuerySet[Member]:
    """Those whom a group made members, and who have not come by it for so long: whoever was removed at the issuer never
    comes again, and neither a list nor an API key is to count on them. Nobody, where there is no issuer any more:
    people have passwords then."""
    if not issuer.is_on():
        return Member.objects.none()
    return Member.objects.exclude(group="").filter(renewed_at__lt=timezone.now() - RENEWED_WITHIN)


def end(members: QuerySet[Member]) -> None:
    """Of `left`. One by one: API keys end with them, and the audit trail tells of each. That they came by the issuer
    stays known."""
    for member in members:
        with transaction.atomic():
            FederatedIdentity.objects.filter(user=member.user_id).update(stayed_away=True)
            member.delete()


# -- passwords beside it


def password_is_enough(request: HttpRequest, user: Any) -> bool:
    """To sign in, as this user, with the right one. For whom it is not, it is good for connecting their user with whom
    they have just signed in at the issuer."""
    return not _comes_by_issuer(user) or (waiting_in(request) is not None and identity_of(user) is None)


def _comes_by_issuer(user: Any) -> bool:
    """And by no password: where people sign in by the issuer alone; and a member by a group, for a password would go on
    when the group, or the person there, is no more, also when that membership has ended because they came no more.
    Operators have one for the day on which the issuer is away."""
    if not issuer.is_on() or user.is_superuser:
        return False
    if issuer.is_alone() or Member.objects.filter(user=user).exclude(group="").exists():
        return True
    return FederatedIdentity.objects.filter(user=user, stayed_away=True).exists()


def begin_session(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Of whoever has just signed in: by a password that is good for connecting alone, it opens that page alone."""
    request.session.pop(_FIRST, None)
    if _comes_by_issuer(user) and identity_of(user) is None:
        request.session[_FIRST] = True


def connects_first(request: HttpRequest) -> bool:
    return issuer.is_on() and _FIRST in request.session
