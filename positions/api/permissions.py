"""What a key's scopes and a member's role let a request do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from positions import roles
from positions.api.members import Membership

if TYPE_CHECKING:
    from rest_framework.views import APIView


HOW = gettext_lazy("Send the header “Authorization: Bearer psk_…” with a key from Organization > API keys.")
KEYS_ONLY = gettext_lazy("This is not for people who are signed in: use an API key, or the pages.")


def require(request: Request, scope: str | None, need: roles.Need | None) -> None:
    """403 unless whoever calls may: a key by its scopes, a member by their role. None: nobody."""
    caller = request.auth
    if not isinstance(caller, Membership):
        if scope not in caller.scopes:  # type: ignore[union-attr]  # a key
            words = _("This key lacks the scope {scope}. An admin can tick it under Organization > API keys.").format(
                scope=scope
            )
            raise PermissionDenied(words, "missing_scope")
    elif need is None:
        raise PermissionDenied(KEYS_ONLY, "keys_only")
    elif not roles.reaches(caller.role, need):
        words = _("In {organization} you are a {role}, who may not do this.").format(
            organization=caller.organization, role=caller.role
        )
        raise PermissionDenied(words, "missing_role")


class HasScope(BasePermission):
    """The view's `scopes`, {"GET": "positions:read", ...}, say which scope a method needs of a key, its `needs` what
    it needs of a member (positions/roles.py). Not named: refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            raise NotAuthenticated(HOW)
        method = "GET" if request.method in ("HEAD", "OPTIONS") else str(request.method)
        # 405 is the better answer where there is no such method.
        if hasattr(view, method.lower()):
            require(request, getattr(view, "scopes", {}).get(method), getattr(view, "needs", {}).get(method))
        return True


class HasKey(BasePermission):
    """Any key of any scopes: what is asked concerns the key itself."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            raise NotAuthenticated(HOW)
        if isinstance(request.auth, Membership):
            raise PermissionDenied(KEYS_ONLY, "keys_only")
        return True
