"""A person who is signed in calls the API: from the page of its documentation, with the rights of their role.

It is safe for three reasons, each of which is enough against another site's page. The header X-Organization must be
there, by which nothing is a plain form or image any more: a browser asks first whether another site may send it, and
is never told so. What changes anything needs Django's CSRF token. A browser that says that the request comes from
elsewhere (Sec-Fetch-Site) is refused. The cookie itself is `SameSite=Lax`.

Nobody gets more than on the pages: who has given the password alone is nobody here too
(positions/accounts/second_factor.py), a view says what it needs of a role, as the pages do, and is closed to members
where it says nothing, and operators have the rights of their own membership alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from positions.models import Member, Organization

HEADER = "X-Organization"


@dataclass(frozen=True, slots=True)
class Membership:
    """request.auth of a member, in a key's place: `name` is what changes are noted under, `hash` what is counted."""

    organization: Organization
    name: str
    role: str
    hash: str


class MemberAuthentication(SessionAuthentication):
    """request.user is the person, request.auth their `Membership` in the organization that X-Organization names."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        named = request.headers.get(HEADER)
        if named is None:
            return None
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise PermissionDenied(_("A session is taken from our own pages alone. Use an API key."), "cross_site")
        signed_in = super().authenticate(request)  # and asks for the CSRF token of what changes anything
        if signed_in is None or not signed_in[0].is_staff:
            raise AuthenticationFailed(_("You are not signed in (any more). Sign in, then try again."), "not_signed_in")
        person = signed_in[0]
        member = _memberships(person).filter(organization=int(named)).first() if _is_id(named) else None
        if member is None:
            raise PermissionDenied(_("You are no member of this organization."), "no_member")
        counted = f"{person.pk}:{person.get_session_auth_hash()}"
        hashed = hashlib.sha256(counted.encode()).hexdigest()
        return person, Membership(member.organization, person.get_username(), member.role, hashed)

    def enforce_csrf(self, request: Request) -> None:
        request._request.body  # noqa: B018  # kept: the check looks for a token in it, and it is read once more
        super().enforce_csrf(request._request)  # type: ignore[arg-type]  # it asks of it what Django asks


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _memberships(person: Any) -> Any:
    return Member.objects.filter(user=person.pk).select_related("organization").order_by("organization__name")


def memberships(person: Any) -> list[Member]:
    """Of somebody who is signed in: where they may try the API."""
    return list(_memberships(person)) if person.is_active and person.is_staff else []
