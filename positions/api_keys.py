"""API keys end with their owner's right to hold them: at once, for good, and with an entry in the audit trail.

The right is also asked with each use of a key (`ApiKeys.with_right`), so that one that ended in another way opens
nothing either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.signals import post_delete, post_save, pre_delete
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions import roles
from positions.dates import show
from positions.models import ApiKey, Member
from positions.models.api_key import SOON, VERY_SOON

_DECIDE = {"is_active", "is_superuser"}


def connect() -> None:
    user = get_user_model()
    post_save.connect(_member_saved, sender=Member, dispatch_uid="api_keys.member_saved")
    post_delete.connect(_member_deleted, sender=Member, dispatch_uid="api_keys.member_deleted")
    post_save.connect(_user_saved, sender=user, dispatch_uid="api_keys.user_saved")
    # Before: afterwards nobody owns them.
    pre_delete.connect(_user_deleted, sender=user, dispatch_uid="api_keys.user_deleted")


def _end(keys: Iterable[ApiKey], why: ApiKey.Ended) -> None:
    for key in keys:
        key.ended_at, key.ended_why = timezone.now(), why
        key.save(update_fields=["ended_at", "ended_why"])


def _without_right(**of: Any) -> list[ApiKey]:
    return [key for key in ApiKey.objects.filter(**of, ended_at=None).with_right() if not key.owner_may]  # type: ignore[attr-defined]


def _member_saved(sender: Any, instance: Member, created: bool, **kwargs: Any) -> None:
    if not created and instance.role != Member.Role.ADMIN:
        keys = _without_right(owner=instance.user_id, organization=instance.organization_id)
        _end(keys, ApiKey.Ended.ROLE)


def _member_deleted(sender: Any, instance: Member, **kwargs: Any) -> None:
    keys = _without_right(owner=instance.user_id, organization=instance.organization_id)
    _end(keys, ApiKey.Ended.MEMBERSHIP)


def _user_saved(sender: Any, instance: Any, created: bool, update_fields: Any = None, **kwargs: Any) -> None:
    if created or (update_fields is not None and not _DECIDE & set(update_fields)):
        return
    why = ApiKey.Ended.MEMBERSHIP if instance.is_active else ApiKey.Ended.INACTIVE
    _end(_without_right(owner=instance.pk), why)


def _user_deleted(sender: Any, instance: Any, **kwargs: Any) -> None:
    _end(ApiKey.objects.filter(owner=instance.pk, ended_at=None), ApiKey.Ended.DELETED)


# -- what an admin is to know


def days_left(key: ApiKey, now: datetime) -> str:
    days = (key.expires - now).days
    return ngettext("in {days} day", "in {days} days", days).format(days=days) if days >= 1 else _("today")


def wanting(organizations: Collection[int] | None) -> list[tuple[ApiKey, str, bool]]:
    """(key, what is to be done, urgently?) of keys that end within 30 days, ended or expired in the last 30, or that
    nobody owns; None: of all organizations. The soonest first."""
    now = timezone.now()
    near = Q(expires_at__gt=now - SOON, expires_at__lt=now + SOON) | Q(ended_at__gt=now - SOON)
    found = ApiKey.objects.filter(near | Q(owner=None, ended_at=None, expires_at__gt=now)).with_right()
    return [
        (key, said, key.state(now) != key.State.EXPIRING or key.expires - now <= VERY_SOON)
        for key in roles.limited(found, organizations).select_related("organization").order_by("expires_at", "pk")
        if (said := advice(key, now))
    ]


def advice(key: ApiKey, now: datetime) -> str:
    """What its admins are told of a key that was read `with_right`; "" when there is nothing to be said."""
    state = key.state(now)
    if state == key.State.ENDED:
        return _("ended because {why}. Make a new one where it is still needed, and delete it.").format(
            why=key.why_ended()
        )
    if state == key.State.EXPIRED:
        return _("expired on {day}. Make a new one where it is still needed, and delete it.").format(
            day=show(key.expires.date())
        )
    if state == key.State.EXPIRING:
        return _("expires {when}. Make its successor: both work until then.").format(when=days_left(key, now))
    if key.owner_id is None:
        return _("belongs to nobody, so it ends with nobody's membership. Become its owner, or make its successor.")
    return ""
