"""Where connections may lead: addresses of the public internet, checked at the very address that is connected to.

Nothing is looked up twice: a name whose answer changes between a check and the connection (DNS rebinding) would
otherwise lead inside.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import sys
import threading
import time
from typing import Any

from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from integrations.sdk import texts
from integrations.sdk.errors import UnavailableError

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is reached


def is_public(address: str) -> bool:
    """Whether an IP address, as getaddrinfo gives it, belongs to the public internet.

    What wraps an IPv4 address (mapped, NAT64) counts as that one; the tunnels 6to4 and Teredo never count as public.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is None:
            return ip in _GLOBAL_UNICAST and ip.is_global and ip.sixtofour is None and ip.teredo is None
        ip = wrapped
    return ip.is_global and not ip.is_multicast


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Every IP address of a host, in the order in which to try them.

    Raises socket.gaierror, UnicodeError for what is no name, and TimeoutError after so many seconds: whoever owns a
    name owns the server that is asked for it, and the system's own look-up knows no deadline.
    """
    answer: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        found = answer.get(timeout=max(0.05, seconds))
    except queue.Empty:
        raise TimeoutError(f"No name server told the address of {host} in time.") from None
    if isinstance(found, Exception):
        raise found
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class PrivateAddressError(UnavailableError):
    """The address leads inside, which the operator does not allow. Nothing was sent, no connection was opened."""

    cause = "private_address"


def private_address(host: str) -> PrivateAddressError:
    # The IP address itself is left out: who may enter names must not learn from it how they resolve inside.
    return PrivateAddressError(texts.PRIVATE_ADDRESS(host=host))


def open_socket(connection: Any, *, public_only: bool) -> socket.socket:
    """Connected to the host of one of urllib3's connections, within its `timeout` whatever the number of its addresses.
    Raises urllib3's own errors, and `PrivateAddressError` where one of them is inside and `public_only`."""
    # As urllib3's own, which would look the name up once more, and give each address the whole time.
    until = time.monotonic() + connection.timeout
    try:
        found = resolve(connection._dns_host, connection.port, connection.timeout)
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, str(error)) from error
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(connection.host, connection, error) from error  # type: ignore[arg-type]
    # All of them: one public address beside a private one is how rebinding looks.
    if public_only and not (found and all(is_public(address) for address in found)):
        raise private_address(connection.host)
    trouble: OSError = OSError("no address")
    for address in found:
        try:
            made = create_connection(
                (address, connection.port),
                max(0.05, until - time.monotonic()),
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            trouble = error
            if time.monotonic() > until:
                break
            continue
        made.settimeout(connection.timeout)
        sys.audit("http.client.connect", connection, connection.host, connection.port)
        return made
    if isinstance(trouble, TimeoutError):
        raise ConnectTimeoutError(connection, f"Connection to {connection.host} timed out.") from trouble
    raise NewConnectionError(connection, f"Failed to establish a new connection: {trouble}") from trouble
