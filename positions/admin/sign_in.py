"""The pages of signing in by an OpenID issuer: the way there, the way back, and one's own connection to it.

Each way there is a link: a browser holds `form-action` against redirects of forms too, and the issuer is elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth import login, logout
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from positions import rates
from positions.accounts import federation, issuer, joining, second_factor, sessions, signing_in
from positions.accounts.issuer import Person
from positions.admin.confirming import ConfirmForm
from positions.admin.joining import linked_in
from positions.admin.second_factor import then_of
from positions.hosts import place_of
from positions.tracing import address_of

logger = logging.getLogger(__name__)

MOST, WITHIN = 300, 600  # sign-ins begun from one place, in seconds
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def of_issuer(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A page that is there only where the operator named an issuer."""

    @never_cache
    @wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        if not issuer.is_on():
            raise Http404
        return view(request)

    return page


# -- there and back


@of_issuer
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """With `confirm`: whoever is signed in shows there anew that it is them."""
    place = hashlib.sha256(place_of(address_of(request)).encode()).hexdigest()[:32]
    if rates.hit(f"oidc:{place}:{int(time.time() // WITHIN)}", WITHIN) > MOST:
        said = _("Too many sign-ins were begun from your address. Try again in some minutes.")
        return _page(request, _("Too often"), said, status=429)
    step: issuer.Step = "confirm" if "confirm" in request.GET else "sign_in"
    try:
        back = request.build_absolute_uri(reverse("sign_in_callback"))
        return HttpResponseRedirect(issuer.begin(request, back, step, then_of(request)))
    except issuer.Unreachable as error:
        return _unreachable(request, error)


@of_issuer
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    try:
        person, begun = issuer.answer(request)
    except issuer.Cancelled:
        logger.info("A sign-in by the issuer was broken off there")
        said = _("%(name)s signed nobody in: it was cancelled there, or you may not use Position Sync there.")
        return _page(request, _("Not signed in"), said % {"name": issuer.name()}, status=403)
    except issuer.Unreachable as error:
        return _unreachable(request, error)
    except issuer.Refused as error:
        logger.warning("refused: what came from the issuer: %s", error)
        said = _(
            "What came back from %(name)s belongs to no sign-in that waits in this browser. It may have taken too "
            "long, or this page was opened twice. Begin again."
        )
        return _page(request, _("Not signed in"), said % {"name": issuer.name()}, status=403)
    if begun.step == "confirm":
        return _confirmed(request, person, begun)
    return _arrived(request, person, begun.then)


def _unreachable(request: HttpRequest, error: issuer.Unreachable) -> HttpResponse:
    logger.warning("The issuer cannot be reached: %s", error)
    said = _("%(name)s does not answer. Try again in a few minutes; who has a password here can use that meanwhile.")
    return _page(request, _("Not now"), said % {"name": issuer.name()}, status=503)


def _arrived(request: HttpRequest, person: Person, then: str) -> HttpResponse:
    user = federation.user_of(person)
    if user is None:
        federation.keep_waiting(request, person)
        return HttpResponseRedirect(reverse("sign_in_arrived"))
    if not (user.is_active and user.is_staff):
        signing_in.refuse(request, user, user.get_username(), "may not sign in")
        said = _("Your user may not sign in here any more. An operator of Position Sync can change that.")
        return _page(request, _("Not signed in"), said, status=403)
    federation.renew(user, person.groups)
    _sign_in(request, user, person)
    return HttpResponseRedirect(then)


def _sign_in(request: HttpRequest, user: Any, person: Person) -> None:
    request.signed_in_by = issuer.name()  # type: ignore[attr-defined]
    login(request, user, backend=_BACKEND)
    sessions.by_issuer(request, person.seen_at)


def _confirmed(request: HttpRequest, person: Person, begun: issuer.Begun) -> HttpResponse:
    # Whoever still lacks the second factor may be setting it up.
    user = request.signed_in  # type: ignore[attr-defined]
    known = federation.user_of(person)
    if not user.is_authenticated or known is None or known.pk != user.pk:
        logger.warning("refused: somebody else confirmed at the issuer")
        said = _("Somebody else is signed in at %(name)s. Sign out there, and confirm as yourself.")
        return _page(request, _("Not confirmed"), said % {"name": issuer.name()}, status=403)
    if person.seen_at < begun.at - issuer.SKEW:
        logger.warning("refused: the issuer did not ask anew, or does not say that it did")
        said = _("%(name)s did not say that it asked you anew. An operator can do for you what you wanted to do.")
        return _page(request, _("Not confirmed"), said % {"name": issuer.name()}, status=403)
    sessions.seen_by_issuer(request, person.seen_at)
    return HttpResponseRedirect(begun.then)


@of_issuer
@require_safe
def confirmed(request: HttpRequest) -> HttpResponse:
    said = _("You have shown that it is you. Close this page, and go on where you were.")
    return _page(request, _("Confirmed"), said, done=True)


# -- the first time


@of_issuer
@require_http_methods(["GET", "HEAD", "POST"])
def arrived(request: HttpRequest) -> HttpResponse:
    """Somebody whom no user here is connected with: they connect the user as whom they are signed in, or get one when
    they are expected. Nothing looks for a user with their address."""
    if second_factor.missing(request) == "connect":
        request.user = request.signed_in  # type: ignore[attr-defined]
    person = federation.waiting_in(request)
    if person is None:
        return _left(request)
    return _connect(request, person) if request.user.is_authenticated else _new(request, person)


def _left(request: HttpRequest) -> HttpResponse:
    federation.forget(request)
    if federation.connects_first(request):
        logout(request)
    return HttpResponseRedirect(reverse("sign_in" if request.user.is_authenticated else "admin:login"))


def _new(request: HttpRequest, person: Person) -> HttpResponse:
    linked = linked_in(request)
    expected = federation.is_expected(person, linked)
    if request.method == "POST" and expected:
        if not _is_named(request, person):
            return HttpResponseRedirect(reverse("sign_in_arrived"))
        try:
            user = federation.new_user(person, linked)
        except (joining.Over, IntegrityError):
            return HttpResponseRedirect(reverse("sign_in_arrived"))
        federation.forget(request)
        _sign_in(request, user, person)
        return HttpResponseRedirect(reverse("join" if joining.waiting_for(user) else "admin:index"))
    context = {"expected": expected, "linked": linked, "arrived": True}
    return _of(person, request, _("New here"), status=200 if expected else 403, **context)


def _mark_of(person: Person) -> str:
    """By which a page's form names them: what is answered is about whom the page showed."""
    named = json.dumps([person.issuer, person.subject])
    return salted_hmac("positions.admin.sign_in", named, algorithm="sha256").hexdigest()


def _is_named(request: HttpRequest, person: Person) -> bool:
    if constant_time_compare(request.POST.get("account", ""), _mark_of(person)):
        return True
    said = _("Somebody else has come from %(name)s in this browser since that page was shown. Nothing was done.")
    messages.warning(request, said % {"name": issuer.name()})
    return False


def _of(person: Person, request: HttpRequest, title: str, status: int = 200, **context: Any) -> HttpResponse:
    return _page(request, title, "", status=status, person=person, account=_mark_of(person), **context)


def _connect(request: HttpRequest, person: Person) -> HttpResponse:
    """Asked on a page: else another site could have somebody connect the account of whoever sits behind it. With
    password and code however fresh the sign-in is: this way in stays when they are changed."""
    if request.method == "POST" and request.POST.get("answer") != "connect":
        return _left(request)
    if federation.identity_of(request.user) is not None:
        return _of(person, request, _("Connect your user"), connects=True, taken=True)
    if request.method == "POST" and not _is_named(request, person):
        return HttpResponseRedirect(reverse("sign_in_arrived"))
    form = ConfirmForm(request.POST or None, request)
    if form.is_valid():
        try:
            federation.connect(request, request.user, person)
        except IntegrityError:  # sent twice: the first one counts
            return HttpResponseRedirect(reverse("sign_in"))
        federation.forget(request)
        said = _("From now on you may sign in with %(name)s too.")
        messages.success(request, said % {"name": issuer.name()})
        return HttpResponseRedirect(reverse("sign_in"))
    return _of(person, request, _("Connect your user"), connects=True, form=form)


# -- one's own connection


@of_issuer
def overview(request: HttpRequest) -> HttpResponse:
    identity = federation.identity_of(request.user)
    form = None
    # Who has no password could not come in any more.
    if identity is not None and identity.user.has_usable_password():
        form = ConfirmForm(request.POST or None, request)
        if form.is_valid():
            federation.disconnect([request.user])
            sessions.end([request.user], but=request.session.session_key)
            said = _("You sign in by password alone now.")
            messages.success(request, said)
            return HttpResponseRedirect(reverse("sign_in"))
    context = {
        **admin.site.each_context(request),
        "title": _("Sign-in"),
        "identity": identity,
        "form": form,
        "name": issuer.name(),
        "begins": f"{reverse('sign_in_begin')}?{urlencode({'next': reverse('sign_in')})}",
    }
    return TemplateResponse(request, "positions/sign_in/overview.html", context)


def _page(request: HttpRequest, title: str, said: str, status: int = 200, **context: Any) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": title, "said": said, "name": issuer.name(), **context}
    if request.path == reverse("sign_in_callback"):  # an address that counts once, and is another's words
        frame["language_leads_to"] = reverse("admin:login")
    return TemplateResponse(request, "positions/sign_in/page.html", frame, status=status)


urlpatterns = [
    path("", admin.site.admin_view(overview), name="sign_in"),
    path("begin/", begin, name="sign_in_begin"),
    path("callback/", callback, name="sign_in_callback"),
    path("arrived/", arrived, name="sign_in_arrived"),
    path("confirmed/", confirmed, name="sign_in_confirmed"),
]
