"""Keeps connections from being pointed at the inside of the operator's own network.

This is said when an address is saved; what is really connected to is checked in `integrations.sdk.addresses`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from integrations.sdk.addresses import is_public, resolve

_LOOK_UP = 2  # seconds that a person who saves waits for a name server


def refuse_private(name: str, url: str) -> None:
    """Raises ValidationError for an address that is not https or that leads to a private network."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError:
        parts, host, port = urlsplit(""), None, 443
    if parts.scheme != "https" or not host:
        raise ValidationError({"base_urls": f"{name}: write a full address that starts with https://."})
    try:
        found = resolve(host, port, _LOOK_UP)
    except (OSError, UnicodeError):
        return  # a name that does not resolve reaches nothing, and each connection looks it up again
    if not all(is_public(address) for address in found):
        raise ValidationError(
            {"base_urls": f"{name}: {host} is inside a private network, which the operator does not allow."}
        )
