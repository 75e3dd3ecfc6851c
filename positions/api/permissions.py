from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from positions.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView


HOW = "Send the header “Authorization: Bearer psk_…” with a key from Organization > API keys."


class HasScope(BasePermission):
    """The view's `scopes`, {"GET": "positions:read", ...}, say which scope a method needs. Not named: refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            raise NotAuthenticated(HOW)
        method = "GET" if request.method in ("HEAD", "OPTIONS") else str(request.method)
        if not hasattr(view, method.lower()):
            return True  # 405 is the better answer
        needed = getattr(view, "scopes", {}).get(method)
        if needed in cast(ApiKey, request.auth).scopes:
            return True
        raise PermissionDenied(
            f"This key lacks the scope {needed}. An admin can tick it under Organization > API keys.", "missing_scope"
        )


class HasKey(BasePermission):
    """Any key of any scopes: what is asked concerns the key itself."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            raise NotAuthenticated(HOW)
        return True
