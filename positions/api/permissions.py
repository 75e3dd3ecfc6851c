from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from positions import roles
from positions.api.members import Membership

if TYPE_CHECKING:
    from rest_framework.views import APIView


def require(request: Request, scope: str | None, need: roles.Need | None) -> None:
    """403 unless whoever calls may: a key by its scopes, a member by their role. None: nobody."""
    caller = request.auth
    if not isinstance(caller, Membership):
        if scope not in caller.scopes:  # type: ignore[union-attr]  # a key
            words = f"This key lacks the scope {scope}. An admin can tick it under Organization > API keys."
            raise PermissionDenied(words, "missing_scope")
    elif need is None:
        words = "This is not for people who are signed in: use an API key, or the pages."
        raise PermissionDenied(words, "keys_only")
    elif not roles.reaches(caller.role, need):
        words = f"In {caller.organization} you are a {caller.role}, who may not do this."
        raise PermissionDenied(words, "missing_role")


class HasScope(BasePermission):
    """The view's `scopes`, {"GET": "positions:read", ...}, say which scope a method needs of a key, its `needs` what
    it needs of a member (positions/roles.py). Not named: refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            raise NotAuthenticated(
                "Send the header “Authorization: Bearer psk_…” with a key from Organization > API keys."
            )
        method = "GET" if request.method in ("HEAD", "OPTIONS") else str(request.method)
        # 405 is the better answer where there is no such method.
        if hasattr(view, method.lower()):
            require(request, getattr(view, "scopes", {}).get(method), getattr(view, "needs", {}).get(method))
        return True
