"""The second factor at sign-in: who must have one, who has passed it, and what a code is worth.

`SecondFactorMiddleware` holds it, not the pages: a person who has given the password alone is nobody to whatever asks
`request.user`, be it in the admin or in the API.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urlencode

import django_otp
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_login_failed
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions import roles
from positions.accounts import federation, sessions
from positions.models import SecondFactor

Step = Literal["", "code", "set_up", "connect"]

_KEPT = "_second_factor_missing"


def factor_of(user: Any) -> SecondFactor | None:
    return SecondFactor.objects.filter(user_id=user.pk).first()


def removable() -> QuerySet[SecondFactor]:
    """Everybody's, without what is encrypted: to be removed even when the key of the encryption is lost."""
    return SecondFactor.objects.select_related("user").defer("key", "recovery_codes")


def required_of(user: Any) -> bool:
    wanted = settings.REQUIRE_SECOND_FACTOR
    return bool(wanted == "all" or (wanted == "operators" and roles.is_operator(user)))


def missing(request: HttpRequest) -> Step:
    """What lies between the password and the sign-in: a code, the setting up of a factor that is required, connecting
    the user with an issuer by which alone they come in (positions/accounts/federation.py), or ""."""
    kept: Step | None = getattr(request, _KEPT, None)
    if kept is None:
        kept = _missing(request)
        setattr(request, _KEPT, kept)
    return kept


def is_the_issuers(request: HttpRequest) -> bool:
    """Whether the operator leaves it to the issuer by which this session was signed in (OIDC_SECOND_FACTOR)."""
    return bool(settings.OIDC_SECOND_FACTOR == "issuer" and sessions.is_by_issuer(request))


def _missing(request: HttpRequest) -> Step:
    person = request.signed_in  # type: ignore[attr-defined]
    if not person.is_authenticated:
        return ""
    if not person.is_verified() and not is_the_issuers(request):
        if SecondFactor.objects.filter(user_id=person.pk).exists():
            return "code"
        if required_of(person):
            return "set_up"
    return _beyond(request)


def _beyond(request: HttpRequest) -> Step:
    return "connect" if federation.connects_first(request) else ""


def passed(request: HttpRequest, factor: SecondFactor) -> None:
    """From now on this session has passed it; under another key, as with every gain of rights."""
    django_otp.login(request, factor)
    request.session.cycle_key()
    setattr(request, _KEPT, _beyond(request))


def refusal(request: HttpRequest, factor: SecondFactor, code: str) -> str:
    """ "" when the code is taken: one of the app, or an unused recovery code. Else why not, and what to do.

    A wrong one counts as a failed sign-in too; after too many of them AxesMiddleware answers in the page's stead.
    """
    name = {"username": factor.user.get_username()}
    if not AxesProxyHandler.is_allowed(request, name):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        return _("Too many wrong codes.")
    seconds = factor.wait_for(code)
    if seconds:
        said = _("Not looked at, because of wrong codes before. Wait {time} for it, or use a recovery code.")
        return said.format(time=_words(seconds))
    if django_otp.verify_token(factor.user, factor.persistent_id, code) is not None:
        return ""
    user_login_failed.send(sender=__name__, credentials=name, request=request)
    return _("This code is wrong or was used already. Wait for the next one in your app, or use another recovery code.")


def _words(seconds: int) -> str:
    if seconds >= 120:
        minutes = round(seconds / 60)
        return ngettext("{number} minute", "{number} minutes", minutes).format(number=minutes)
    return ngettext("{number} second", "{number} seconds", seconds).format(number=seconds)


class SecondFactorMiddleware:
    """`request.user` is the person who has passed everything; `request.signed_in` the one who gave the password.

    To be placed after django_otp's OTPMiddleware. Costs a signed-in request one query.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.signed_in = request.user  # type: ignore[attr-defined]
        # Lazy like Django's own: an answer that asks for nobody costs no query.
        request.user = SimpleLazyObject(lambda: AnonymousUser() if missing(request) else person)  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The sign-in page, where everything leads that is refused to nobody, asks for what is missing."""
        match = request.resolver_match
        if match is None or match.view_name != "admin:login" or request.method not in ("GET", "HEAD"):
            return None
        step = missing(request)
        # Who may not sign in any more would be sent back here.
        if not step or not request.signed_in.is_staff:  # type: ignore[attr-defined]
            return None
        if step == "connect":
            return HttpResponseRedirect(reverse("sign_in_arrived"))
        address = reverse(f"second_factor_{step}")
        then = request.GET.get("next", "")
        return HttpResponseRedirect(f"{address}?{urlencode({'next': then})}" if then else address)
