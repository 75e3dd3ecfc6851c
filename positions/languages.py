"""Which language somebody reads: the one that they chose, else what their browser asks for, else English.

The choice is kept on the person, and in their session from its beginning: no page asks the database for it. Before a
sign-in it is kept in a cookie. Who is written to without a request is spoken to as their organization's country is.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from positions.models import LanguageChoice, Member, Organization

ENGLISH = settings.LANGUAGE_CODE
_SPOKEN_IN = {"NO": "nb", "SE": "sv", "FI": "fi"}
# Who asks for Norwegian, or for its other written form, reads bokmål.
_READ_AS = {"no": "nb", "nn": "nb"}
_IN_SESSION = "language"
_LONGEST = 35  # letters of a tag (RFC 5646, 4.4.1); of a longer one Django tries each shorter one


def known(language: str) -> str:
    """The one of LANGUAGES that is meant, "" for none."""
    return language if language in dict(settings.LANGUAGES) else ""


def of_browser(request: HttpRequest) -> str:
    """Chosen in this browser before anybody signed in, else by Accept-Language."""
    chosen = known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
    return chosen or asked_for(request)


def asked_for(request: HttpRequest) -> str:
    """By Accept-Language alone, as programs ask."""
    header = request.headers.get("Accept-Language", "")
    for asked, _quality in parse_accept_lang_header(header.lower()[:500]):
        if len(asked) > _LONGEST:
            continue
        try:
            return get_supported_language_variant(_READ_AS.get(asked.partition("-")[0], asked))
        except LookupError:
            continue
    return ENGLISH


def of_session(request: HttpRequest) -> str:
    """What the person who is signed in chose; "" when that is left to the browser."""
    return known(request.session.get(_IN_SESSION, ""))


def of_user(user: Any) -> str:
    """The same, from where it is kept."""
    chosen = LanguageChoice.objects.filter(user_id=user.pk).values_list("language", flat=True).first()
    return known(chosen or "")


def of_organization(organization: Organization) -> str:
    return _SPOKEN_IN.get(organization.country, ENGLISH)


def to_write_in(user: Any, organization: Organization | None = None) -> str:
    """For a mail to them: their choice, else as in this country, or in that of the organizations that they are in."""
    if user is not None and (chosen := of_user(user)):
        return chosen
    if organization is None and user is not None:
        member = Member.objects.filter(user_id=user.pk).select_related("organization").order_by("pk").first()
        organization = member.organization if member else None
    return of_organization(organization) if organization else ENGLISH


def choose(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """`language`: of LANGUAGES, or "" for what the browser asks for. Kept on who is signed in, else in a cookie."""
    user = request.user
    if user.is_authenticated:
        if language:
            LanguageChoice.objects.update_or_create(user_id=user.pk, defaults={"language": language})
        else:
            LanguageChoice.objects.filter(user_id=user.pk).delete()
        request.session[_IN_SESSION] = language
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    elif language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)


def _begin(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    request.session[_IN_SESSION] = of_user(user)


def connect() -> None:
    user_logged_in.connect(_begin, dispatch_uid="positions.languages")
