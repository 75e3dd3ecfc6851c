"""Who is invited into an organization becomes a member by accepting, and nobody else does.

A link that an admin hands over is all that is needed for a user of one's own making. A user who is there already must
have the invited e-mail address. What the inviting organization sees on the way is the same whether there is such a
user or not: the link's page offers both ways to everybody, no step looks for a user by address, and a new user's name
is one that nobody has, so that no error tells.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.utils import timezone

from positions.models import AuditEntry, Invitation, Member, SelfMadeUser
from positions.origin import Origin, started_by


class Over(Exception):
    """The invitation was used, withdrawn, declined or sent again, or its time is up."""


def address_of(user: Any) -> str:
    return str(user.email or user.get_username())


def alike(one: str, other: str) -> bool:
    """Letters of ASCII alone are the same in either case: what else looks alike may be another mailbox."""
    return one.encode().lower() == other.encode().lower()


def judged(rows: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """With `may_invite`: who may no longer invite leaves no way back in."""
    may = Member.may_administer("invited_by")
    return rows.annotate(may_invite=ExpressionWrapper(may, BooleanField()))


def state_of(invitation: Invitation) -> Invitation.State:
    """Of a row from `judged`."""
    waits = invitation.state == Invitation.State.WAITING
    return Invitation.State.OVER if waits and not invitation.may_invite else invitation.state  # type: ignore[attr-defined]


def usable(invitation: Invitation) -> bool:
    return state_of(invitation) == Invitation.State.WAITING


def of_link(digest: str) -> Invitation | None:
    found = _rows().filter(digest=digest).first()
    return found if found is not None and usable(found) else None


def waiting_for(user: Any) -> list[Invitation]:
    """Those that a signed-in person may accept without the link: none for a user of one's own making."""
    address = address_of(user)
    found = [one for one in _rows().filter(email__iexact=address) if alike(one.email, address) and usable(one)]
    return [] if found and SelfMadeUser.objects.filter(user_id=user.pk).exists() else found


def waiting_at(email: str) -> bool:
    """Whether somebody is invited under this address, which an issuer says is theirs."""
    return any(alike(one.email, email) and usable(one) for one in _rows().filter(email__iexact=email))


def _rows() -> QuerySet[Invitation]:
    return judged(Invitation.objects.select_related("organization"))


def accept(invitation: Invitation, user: Any) -> None:
    """Raises Over; PermissionError for a user of another address."""
    if not alike(invitation.email, address_of(user)):
        raise PermissionError
    with transaction.atomic():
        _join(_locked(invitation), user)


def join_as_new(invitation: Invitation, user: Any, verified: bool = False) -> None:
    """`user`: of `new_user`, with the password that the person chose, or without one; `verified`: an issuer says that
    the address is theirs. Raises Over."""
    with transaction.atomic(), started_by(Origin("edit", user.get_username())):
        locked = _locked(invitation)
        user.save()
        if not (locked.seed or verified):
            SelfMadeUser.objects.create(user=user)
        _join(locked, user)


def decline(invitation: Invitation) -> None:
    """Told under the invited address, whoever had the link or was signed in. Raises Over."""
    with transaction.atomic():
        locked = _locked(invitation)
        Invitation.objects.filter(pk=locked.pk).update(declined_at=timezone.now())
        AuditEntry.objects.create(
            organization_id=locked.organization_id,
            actor=locked.email[:150],
            via=AuditEntry.Via.ADMIN,
            action=AuditEntry.Action.CHANGED,
            kind="invitation",
            object_key=locked.pk,
            object_name=locked.email[:250],
            changes={"state": [Invitation.State.WAITING, Invitation.State.DECLINED]},
        )


def new_user(invitation: Invitation) -> Any:
    """Not yet saved. The name is the same each time that the link's page is asked for it."""
    return user_of(invitation.email, invitation.digest)


def user_of(email: str, digest: str) -> Any:
    """Not yet saved, under a name that nobody has; `digest` (hexadecimal) tells it from others of that address."""
    before = re.sub(r"[^a-z0-9.]+", "-", email.partition("@")[0].lower()).strip("-.")[:40] or "user"
    users = get_user_model()
    names = (f"{before}-{digest[:length]}" for length in range(5, 64))
    name = next(name for name in names if not users._default_manager.filter(username=name).exists())
    return users(username=name, email=email, is_staff=True)


def _locked(invitation: Invitation) -> Invitation:
    """As it is now, until the transaction ends."""
    same = judged(Invitation.objects.filter(pk=invitation.pk, digest=invitation.digest))
    found = same.select_for_update(of=("self",)).first()
    if found is None or not usable(found):
        raise Over
    return found


def _join(invitation: Invitation, user: Any) -> None:
    Member.objects.get_or_create(
        organization_id=invitation.organization_id, user=user, defaults={"role": invitation.role}
    )
    invitation.delete()
