"""Who signed in or tried to, in the audit trail and the log; and guessing with many names from one address slowed down.

axes counts failures by user name and address together (config/settings.py). Whoever tries one password on many names
fails once or twice with each: here the address is asked to wait, twice as long after each further name. A person who
has signed in from that address before is not asked, so that nobody who guesses locks out whoever shares the address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_noop, ngettext

from positions.audit import kind_of, shown
from positions.hosts import place_of
from positions.models import AuditEntry, FederatedIdentity, Member
from positions.tracing import address_of

logger = logging.getLogger("positions.accounts.signing_in")

SPRAYED = 10  # names that failed from one address, from which on it waits
WITHIN = timedelta(minutes=15)
LONGEST = timedelta(minutes=1)
KNOWN_FOR = timedelta(days=90)
KEPT = 50  # refusals of one name in the trail within that time


# -- many names from one address -----------------------------------------------------------------------------


def _tried_from(address: str) -> list[tuple[str, datetime]]:
    """Names that failed from there lately, and when. Of IPv6 whoever has one address has the whole /64."""
    # Of one network all begin alike up to the first colon, however each is written; the rest is compared as numbers.
    alike = Q(ip_address__startswith=f"{address.partition(':')[0]}:") if ":" in address else Q(ip_address=address)
    failed = AccessAttempt.objects.filter(alike, attempt_time__gt=timezone.now() - WITHIN)
    place = place_of(address)
    rows = failed.values_list("ip_address", "username", "attempt_time")
    return [(username, at) for written, username, at in rows if place_of(written) == place]


def wait_for(address: str, username: str) -> float:
    """Seconds that a sign-in from this address has to wait; 0 for most."""
    now = timezone.now()
    tried = _tried_from(address)
    names = len({username for username, _ in tried})
    if names < SPRAYED:
        return 0.0
    wait = min(timedelta(seconds=2 ** min(names - SPRAYED, 10)), LONGEST)
    left = (max(at for _, at in tried) + wait - now).total_seconds()
    if left <= 0 or _known(address, username):
        return 0.0
    return left


def _known(address: str, username: str) -> bool:
    signed_in = AuditEntry.objects.filter(
        action=AuditEntry.Action.SIGNED_IN, actor=username, at__gt=timezone.now() - KNOWN_FOR
    )
    return signed_in.filter(changes__address__1=address).exists()


class ManyNamesMiddleware:
    """Before anybody looks at name and password. Places where passwords are given: the admin's sign-in alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.method != "POST" or getattr(request.resolver_match, "view_name", "") != "admin:login":
            return None
        address = address_of(request)
        seconds = ceil(wait_for(address, request.POST.get("username", "")))
        if not seconds:
            return None
        logger.warning("refused: %s has to wait, too many names failed from there", address)
        said = ngettext(
            "Too many different user names failed to sign in from your address. Try again in {seconds} second.",
            "Too many different user names failed to sign in from your address. Try again in {seconds} seconds.",
            seconds,
        )
        return HttpResponse(
            said.format(seconds=seconds),
            status=429,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": str(seconds)},
        )


# -- in the audit trail --------------------------------------------------------------------------------------


def _write(
    action: str,
    user: Any,
    name: str,
    request: HttpRequest | None,
    reason: str = "",
    kind: str = gettext_noop("sign-in"),
) -> None:
    address = address_of(request) if request is not None else ""
    by = getattr(request, "signed_in_by", "")  # an issuer's name (positions/admin/sign_in.py)
    more = ((gettext_noop("reason"), reason), (gettext_noop("by"), by))
    changes = {gettext_noop("address"): ["", address], **{key: ["", value] for key, value in more if value}}
    organizations: list[int | None] = (
        list(Member.objects.filter(user_id=user.pk).values_list("organization_id", flat=True)) if user else []
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            organization_id=organization,
            actor=str(shown(name))[:150],
            via=AuditEntry.Via.ADMIN,
            action=action,
            kind=kind,
            object_key=user.pk if user else None,
            object_name=str(shown(name))[:250],
            changes=changes,
        )
        # Once for each organization whose admins may know of it; else for the operators.
        for organization in organizations or [None]
    )
    logger.info("%s: %s from %s %s", action, shown(name), address, reason)


def _signed_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    _write(AuditEntry.Action.SIGNED_IN, user, user.get_username(), request)


def _signed_out(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        _write(AuditEntry.Action.SIGNED_OUT, user, user.get_username(), request)


def connected(request: HttpRequest, user: Any) -> None:
    """With an issuer. As whom it knows them, operators alone read, in the entry of the row itself."""
    _write(AuditEntry.Action.CREATED, user, user.get_username(), request, kind=kind_of(FederatedIdentity))


def refuse(request: HttpRequest | None, user: Any, name: str, reason: str) -> None:
    """`user`: whose name it is, or None."""
    recent = AuditEntry.objects.filter(
        action=AuditEntry.Action.REFUSED, actor=str(shown(name))[:150], at__gt=timezone.now() - WITHIN
    )
    if user is None or recent.count() >= KEPT:
        # In the log alone: whoever guesses could fill the trail.
        address = address_of(request) if request is not None else ""
        logger.warning("refused: %s from %s: %s", shown(name) if user else "an unknown name", address, reason)
    else:
        _write(AuditEntry.Action.REFUSED, user, name, request, reason)


def _refused(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    reason = (
        gettext_noop("wrong code")
        if sender == "positions.accounts.second_factor"
        else gettext_noop("wrong name or password")
    )
    name = str(credentials.get("username") or "")
    refuse(request, get_user_model()._default_manager.filter(username=name).first(), name, reason)


def connect() -> None:
    user_logged_in.connect(_signed_in, dispatch_uid="positions.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="positions.signed_out")
    user_login_failed.connect(_refused, dispatch_uid="positions.refused")
