"""Keeps connections from being pointed at the inside of the operator's own network."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError


def refuse_private(name: str, url: str) -> None:
    """Raises ValidationError for an address that is not https or that leads to a private network."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValidationError({"base_urls": f"{name}: write a full address that starts with https://."})
    try:
        found = {info[4][0] for info in socket.getaddrinfo(parts.hostname, parts.port or 443)}
    except OSError:
        return  # a name that does not resolve reaches nothing
    if any(not ipaddress.ip_address(address).is_global for address in found):
        raise ValidationError(
            {"base_urls": f"{name}: {parts.hostname} is inside a private network, which the operator does not allow."}
        )
