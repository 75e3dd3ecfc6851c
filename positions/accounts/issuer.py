"""Signing in at an OpenID issuer (OIDC_ISSUER): the authorization code flow with PKCE, state and nonce, by Authlib.

Authlib has no pages, models or users of its own. What it leaves to its caller is here: that the issuer is the one that
was configured and this installation the audience, which signatures are taken, when the person last showed there that it
is them, and that calls are short, small, few at a time and lead nowhere else.

OpenID Connect Core 1.0 (3.1), Discovery 1.0 (4.3), RFC 7636 (PKCE), RFC 9207 (issuer in the answer).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
import urllib3
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import DjangoIntegration, DjangoOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from joserfc.errors import JoseError

logger = logging.getLogger(__name__)

Step = Literal["sign_in", "confirm"]

SECONDS = 10.0  # of one call, however its bytes come
PATIENCE = 1.0  # for a turn to call: whoever waits keeps a thread of the web process
AT_ONCE = 3  # calls of one process: the other threads go on serving while the issuer does not answer
LARGEST = 2**20  # bytes of an answer
KNOWN_FOR = 3600  # seconds in which its metadata and keys are not asked for again; an unknown key is
SKEW = 60  # seconds by which its clock may differ
MANY = 1000  # groups
TOGETHER = 5  # sign-ins that wait in one browser: whoever begins one needs no user, and each lies in the database
# Of signatures with a private key of the issuer's. Never HS256: its key would be our own secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_ALGORITHMS_OF, _WAYS_OF = "id_token_signing_alg_values_supported", "token_endpoint_auth_methods_supported"
_USED = {"issuer", *_ENDPOINTS, _ALGORITHMS_OF, _WAYS_OF, "jwks", "_loaded_at"}
# What the library raises for an answer that is not what it should be, or not even of its form.
_WRONG = (
    *(AuthlibBaseError, JoseError, requests.RequestException),
    *(ValueError, TypeError, KeyError, AttributeError, AssertionError, OverflowError),
)
_STATE = "_state_oidc_"  # before the state of each, in the session (authlib.integrations.base_client)
_turns = BoundedSemaphore(AT_ONCE)


class Unreachable(Exception):
    """The issuer does not answer, or not as an issuer does. The text is for the log."""


class Refused(Exception):
    """The answer is not one to a sign-in that began in this browser, or proves nothing. The text is for the log."""


class Cancelled(Exception):
    """The person, or the issuer, broke it off there."""


@dataclass(frozen=True, slots=True)
class Person:
    """What the issuer says of whoever signed in, as far as it is used. `seen_at`: seconds since 1970 at which they last
    showed there that it is them; 0 when it does not say. `email` may be anybody's unless `verified`."""

    issuer: str
    subject: str
    email: str
    verified: bool
    first_name: str
    last_name: str
    groups: frozenset[str]
    seen_at: int


@dataclass(frozen=True, slots=True)
class Begun:
    """What a sign-in was begun for, and when; `then`: where it is to lead."""

    step: Step
    then: str
    at: int


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET)


def is_alone() -> bool:
    """Whether nobody but operators signs in by password."""
    return is_on() and bool(settings.OIDC_ONLY)


def name() -> str:
    """As people call it; "" when nobody signs in there."""
    return str(settings.OIDC_NAME) if is_on() else ""


def begin(request: HttpRequest, back: str, step: Step, then: str) -> str:
    """The address at the issuer to which the browser is to be sent; `back` is the one to which it returns. Raises
    Unreachable."""
    app = _app_now()
    # Whoever confirms has to show it anew, however long ago they signed in there.
    anew = {"prompt": "login", "max_age": 0} if step == "confirm" else {}
    try:
        begun = app.create_authorization_url(back, **anew)
    except _WRONG as error:
        raise Unreachable(_told(error)) from error
    address = str(begun.pop("url"))
    app.save_authorize_data(request, redirect_uri=back, **begun, step=step, then=then, at=int(time.time()))
    begun_here = [(name, kept["exp"]) for name, kept in request.session.items() if name.startswith(_STATE)]
    for name, _until in sorted(begun_here, key=lambda one: float(one[1]))[:-TOGETHER]:
        del request.session[name]
    return address


def answer(request: HttpRequest) -> tuple[Person, Begun]:
    """Who it is, from the issuer's answer in the address that the browser was sent back to. It counts once. Raises
    Refused, Cancelled and Unreachable."""
    app, state = _app_now(), request.GET.get("state", "")
    kept = app.framework.get_state_data(request.session, state)
    if kept is None:
        raise Refused("no sign-in was begun with this state in this session")
    if "error" in request.GET or "code" not in request.GET:
        app.framework.clear_state_data(request.session, state)
        raise Cancelled
    if request.GET.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
        app.framework.clear_state_data(request.session, state)
        raise Refused("the answer is another issuer's")
    wanted = {
        "iss": {"essential": True, "value": settings.OIDC_ISSUER},
        "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
    }
    try:
        token = app.authorize_access_token(request, claims_options=wanted, leeway=SKEW)
        if "userinfo" not in token:
            raise Refused("it sent no ID token")
        person = _person(token["userinfo"])
    except (requests.ConnectionError, requests.Timeout, requests.HTTPError) as error:
        raise Unreachable(_told(error)) from error
    except _WRONG as error:
        raise Refused(_told(error)) from error
    return person, Begun(kept["step"], kept["then"], kept["at"])


def _told(error: Exception) -> str:
    """Which error it was, and in the library's words only where they repeat nothing that came from outside."""
    return f"{type(error).__name__}: {error}" if isinstance(error, JoseError) else type(error).__name__


def _person(claims: Mapping[str, Any]) -> Person:
    def text(name: str, longest: int) -> str:
        value = claims.get(name)
        return value if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""

    subject = text("sub", 255)
    if not subject:
        raise Refused("it names no subject")
    seen, groups = claims.get("auth_time"), claims.get(settings.OIDC_GROUPS_CLAIM)
    if settings.OIDC_GROUPS_CLAIM in (claims.get("_claim_names") or ()):
        logger.warning("The issuer left out somebody's groups, for there are too many: they count as none")
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return Person(
        issuer=str(settings.OIDC_ISSUER),
        subject=subject,
        email=_address(text("email", 254)),
        # Entra ID says it as a number or as text (learn.microsoft.com/entra/identity-platform/optional-claims).
        verified=str(claims.get(settings.OIDC_EMAIL_VERIFIED_CLAIM)).lower() in ("true", "1"),
        first_name=text("given_name", 150),
        last_name=text("family_name", 150),
        groups=frozenset(filter(_is_group, listed[:MANY])),
        seen_at=int(seen) if isinstance(seen, int | float) and not isinstance(seen, bool) else 0,
    )


def _address(given: str) -> str:
    try:
        validate_email(given)
    except ValidationError:
        return ""
    return given


def _is_group(given: Any) -> bool:
    return isinstance(given, str) and 0 < len(given) <= 255 and given.isprintable()


# -- the library, and its calls


class _Session(OAuth2Session):
    """Every call to the issuer."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        if not _turns.acquire(timeout=PATIENCE):
            raise requests.Timeout("too many calls wait for the issuer")
        try:
            return self._bounded(method, url, *args, **kwargs)
        finally:
            _turns.release()

    def _bounded(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        until = time.monotonic() + SECONDS
        # Compressed, a small answer could be a huge one.
        headers = {**(kwargs.pop("headers", None) or {}), "Accept-Encoding": "identity"}
        fixed = {"allow_redirects": False, "stream": True, "timeout": SECONDS / 2, "headers": headers}
        found = super().request(method, url, *args, **{**kwargs, **fixed})
        try:
            if 300 <= found.status_code < 400:
                raise requests.HTTPError("it sends elsewhere", response=found)
            found._content = _read(found, until)
        finally:
            found.close()
        return found


def _read(found: requests.Response, until: float) -> bytes:
    """What comes is looked at as it comes: neither its size nor its slowness is unbounded."""
    body = b""
    try:
        while piece := found.raw.read1(64 * 1024):
            body += piece
            if len(body) > LARGEST:
                raise requests.ConnectionError("its answer is too large")
            if time.monotonic() > until:
                raise requests.Timeout("its answer takes too long")
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError("its answer breaks off") from error
    return body


class _App(DjangoOAuth2App):
    client_cls = _Session

    def load_server_metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = super().load_server_metadata()
        if found.get("issuer") != settings.OIDC_ISSUER:
            raise ValueError("its metadata names another issuer")
        # The library takes all of it for options of its calls, how certificates are checked among them.
        for other in found.keys() - _USED:
            del found[other]
        scheme = urlsplit(settings.OIDC_ISSUER).scheme
        if any(urlsplit(str(found.get(endpoint))).scheme != scheme for endpoint in _ENDPOINTS):
            raise ValueError("its metadata lacks an address, or has one without https")
        found[_ALGORITHMS_OF] = ALGORITHMS
        ways = found.get(_WAYS_OF) or ["client_secret_basic"]
        # In a header the library does not encode it as RFC 6749 (2.3.1) says: issuers differ in how they read that.
        way = "client_secret_post" if "client_secret_post" in ways else "client_secret_basic"
        self.client_kwargs["token_endpoint_auth_method"] = way
        return found


def _app_now() -> _App:
    if not is_on():
        raise Unreachable("there is none")
    given = (settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET, settings.OIDC_SCOPES)
    return _app(*given, int(time.time() // KNOWN_FOR))


@lru_cache(2)
def _app(issuer: str, client: str, secret: str, scopes: str, hour: int) -> _App:
    return _App(
        DjangoIntegration("oidc"),
        name="oidc",
        client_id=client,
        client_secret=secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": scopes, "code_challenge_method": "S256"},
    )
