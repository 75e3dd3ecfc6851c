"""Where connections may lead: addresses of the public internet, checked at the very address that is connected to.

Nothing is looked up twice: a name whose answer changes between a check and the connection (DNS rebinding) would
otherwise lead inside.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager
from urllib3.util.connection import create_connection

from integrations.connectors.errors import Unavailable

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


def resolve(host: str, port: int) -> list[str]:
    """Every IP address of a host, in the order in which to try them. Raises socket.gaierror."""
    return list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


class PrivateAddress(Unavailable):
    """The address leads inside, which the operator does not allow. Nothing was sent, no connection was opened."""

    cause = "private_address"


def private_address(host: str) -> PrivateAddress:
    # The IP address itself is left out: who may enter names must not learn from it how they resolve inside.
    return PrivateAddress(
        f"{host} leads into a private network, so it was not called. Correct the address under the connection's "
        "Settings, or ask your operator to allow private addresses."
    )


class _Connection(HTTPSConnection):
    """Connects to an address that it has checked; certificate, SNI and Host stay those of the name."""

    def _new_conn(self) -> socket.socket:
        # As urllib3's own, which would look the name up once more.
        try:
            found = resolve(self._dns_host, self.port)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        # All of them: one public address beside a private one is how rebinding looks.
        if not found or not all(is_public(address) for address in found):
            raise private_address(self.host)
        trouble: OSError = OSError("no address")
        for address in found:
            try:
                made = create_connection(
                    (address, self.port),
                    self.timeout,
                    source_address=self.source_address,
                    socket_options=self.socket_options,
                )
            except OSError as error:
                trouble = error
                continue
            sys.audit("http.client.connect", self, self.host, self.port)
            return made
        if isinstance(trouble, TimeoutError):
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from trouble
        raise NewConnectionError(self, f"Failed to establish a new connection: {trouble}") from trouble


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class _PublicOnly(HTTPAdapter):
    """Through a proxy (`proxy_manager_for`, left as it is) the proxy looks the name up, and has to refuse it."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"https": _Pool}


def keep_to_the_public(session: requests.Session) -> None:
    """From here on the session opens TLS connections to public addresses only; `PrivateAddress` comes out else."""
    session.mount("https://", _PublicOnly())
