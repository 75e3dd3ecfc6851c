"""Keeps connections from being pointed at the inside of the operator's own network.

This is said when an address is saved; what is really connected to is checked in `integrations.sdk.addresses`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from integrations.sdk.addresses import is_public, resolve

_LOOK_UP = 2  # seconds that a person who saves waits for a name server


def refuse_private(name: str, url: str) -> None:
    """Raises ValidationError for an address that is not https or that leads to a private network."""
    if reason := _why_not(url):
        raise ValidationError({"base_urls": f"{name}: {reason[0].lower()}{reason[1:]}"})


def refused(url: str) -> str:
    """Why nothing may be sent to an address that somebody gives, in words; "" where it may. Where the operator allows
    addresses inside, it only has to be one."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, whole = urlsplit(""), False
    if parts.username is not None or parts.password is not None:
        return _("Write it without a name or password in front of the host.")
    if parts.fragment or any(character.isspace() for character in url):
        return _("Write it without “#” and blanks.")
    if not settings.ALLOW_PRIVATE_TARGETS:
        return _why_not(url)
    return "" if whole else _("Write a full address that starts with https://.")


def _why_not(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError:
        parts, host, port = urlsplit(""), None, 443
    if parts.scheme != "https" or not host:
        return _("Write a full address that starts with https://.")
    try:
        found = resolve(host, port, _LOOK_UP)
    except (OSError, UnicodeError):
        return ""  # a name that does not resolve reaches nothing, and each connection looks it up again
    if not all(is_public(address) for address in found):
        return _("{host} is inside a private network, which the operator does not allow.").format(host=host)
    return ""
