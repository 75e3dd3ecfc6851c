"""Who may do what. The roles of an organization's members decide, Django's own permissions do not.

A user's memberships are read once and kept on the user object, which lives as long as one request.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from positions.models import Member, Organization

_Rows = TypeVar("_Rows", bound=QuerySet)
Need = Literal["view", "edit", "administer", "operate"]

_RANK = {Member.Role.VIEWER: 1, Member.Role.EDITOR: 2, Member.Role.ADMIN: 3}
# No role reaches "operate": it is for operators (superusers) alone.
_NEEDED: dict[str, int] = {"view": 1, "edit": 2, "administer": 3, "operate": 4}
_KEPT = "_position_sync_roles"


def is_operator(user: Any) -> bool:
    return bool(user.is_active and user.is_superuser)


def _roles(user: Any) -> dict[int, str]:
    """Organization id -> role, of a member."""
    if not user.is_active or user.pk is None:
        return {}
    kept: dict[int, str] | None = getattr(user, _KEPT, None)
    if kept is None:
        kept = dict(Member.objects.filter(user_id=user.pk).values_list("organization_id", "role"))
        setattr(user, _KEPT, kept)
    return kept


def organization_ids(user: Any, need: Need = "view") -> frozenset[int] | None:
    """Where the user may do this. None: everywhere (operators), without asking the database which that is."""
    if is_operator(user):
        return None
    return _with(need, tuple(_roles(user).items()))


@lru_cache(1024)
def _with(need: Need, roles: tuple[tuple[int, str], ...]) -> frozenset[int]:
    """A page asks a hundred times."""
    return frozenset(pk for pk, role in roles if reaches(role, need))


def limited(rows: _Rows, ids: Collection[int] | None, path: str = "organization") -> _Rows:
    """Those of these organizations; None: all of them. `path`: the lookup from a row to its organization."""
    return rows if ids is None else rows.filter(**{f"{path}__in": ids})


def organizations_of(user: Any) -> QuerySet[Organization]:
    return limited(Organization.objects.all(), organization_ids(user), "pk")


def role_in(user: Any, organization: Organization | int) -> str | None:
    """The role's value, "admin" for operators, None for strangers."""
    if is_operator(user):
        return Member.Role.ADMIN.value
    return _roles(user).get(organization if isinstance(organization, int) else organization.pk)


def rank(role: str) -> int:
    """The more it allows, the higher."""
    return _RANK[Member.Role(role)]


def reaches(role: str, need: Need) -> bool:
    """Whether members with this role may do this."""
    return rank(role) >= _NEEDED[need]


def can(user: Any, organization: Organization | int, need: Need) -> bool:
    ids = organization_ids(user, need)
    return ids is None or (organization if isinstance(organization, int) else organization.pk) in ids


def can_somewhere(user: Any, need: Need) -> bool:
    ids = organization_ids(user, need)
    return ids is None or bool(ids)


def only_organization(user: Any) -> int | None:
    """The organization's id when there is just one for this user: nobody is asked to choose then."""
    ids = organization_ids(user)
    if ids is None:
        kept: tuple[int, ...] | None = getattr(user, f"{_KEPT}_first", None)
        if kept is None:
            kept = tuple(Organization.objects.order_by("pk").values_list("pk", flat=True)[:2])
            setattr(user, f"{_KEPT}_first", kept)
        return kept[0] if len(kept) == 1 else None
    return next(iter(ids)) if len(ids) == 1 else None


def days_of(user: Any) -> list[tuple[date, list[str]]]:
    """Which day it is for the user's organizations, with the time zones where it is that day: two days at most."""
    now = timezone.now()
    days: dict[date, list[str]] = {}
    for name in organizations_of(user).order_by().values_list("time_zone", flat=True).distinct():
        days.setdefault(now.astimezone(ZoneInfo(name)).date(), []).append(name)
    return list(days.items())
