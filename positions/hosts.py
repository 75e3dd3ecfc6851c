"""Which addresses on the net are of one place, and which of this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def place_of(address: str) -> str:
    """The address, of IPv6 the network of 64 bits in which one customer has all of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address


def elsewhere(url: str) -> bool:
    """Whether the address is that of another host; a socket file is not."""
    host = urlsplit(url).hostname
    if not host or host.rpartition(".")[2] == "localhost":
        return False
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return True
    return not (found.is_loopback or found.is_unspecified)
