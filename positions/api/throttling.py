"""How many requests a minute a key, a person or an address may make."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from positions.api.problems import NotCounted
from positions.hosts import place_of
from positions.rates import hit
from positions.tracing import address_of

if TYPE_CHECKING:
    from rest_framework.views import APIView


class Windowed(SimpleRateThrottle):
    """Counts in each minute (or second, hour, day) of the clock, in all web processes together."""

    num_requests: int
    duration: int

    def hits(self, name: str) -> int:
        """One more of this name: how many there were in this window. 0 when they cannot be counted."""
        number, passed = divmod(self.timer(), self.duration)
        self._left = max(1, math.ceil(self.duration - passed))
        return hit(f"{name}:{self.duration}:{int(number)}", self.duration)

    def wait(self) -> int:
        """Seconds until the next window."""
        return self._left

    def headers(self, hits: int) -> dict[str, str]:
        """What the answer says of it: `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers-10
        has them, and the three of its drafts until the sixth."""
        left = max(0, self.num_requests - hits)
        return {
            "RateLimit-Policy": f'"{self.scope}";q={self.num_requests};w={self.duration}',
            "RateLimit": f'"{self.scope}";r={left};t={self.wait()}',
            "RateLimit-Limit": str(self.num_requests),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(self.wait()),
        }


class KeyThrottle(Windowed):
    """Requests of one key, or of one signed-in person. While they cannot be counted, nothing is written."""

    scope = "key"

    def allow_request(self, request: Request, view: APIView) -> bool:
        caller: Any = request.auth
        if caller is None:
            return True
        # By the key's own hash: ids begin anew in another database behind the same counter.
        hits = self.hits(caller.hash[:32])
        if not hits and request.method not in SAFE_METHODS:
            raise NotCounted
        request._request.rate_limit = self.headers(hits)  # type: ignore[attr-defined]
        return hits <= self.num_requests


class AddressThrottle(Windowed):
    """Requests without a right key, of one address: who guesses keys does not keep us busy."""

    scope = "address"

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.auth is not None or self.count(request._request) <= self.num_requests

    def count(self, request: HttpRequest) -> int:
        place = hashlib.sha256(place_of(address_of(request)).encode()).hexdigest()[:32]
        hits = self.hits(place)
        request.rate_limit = self.headers(hits)  # type: ignore[attr-defined]
        return hits


def limits_of(request: HttpRequest) -> dict[str, str]:
    """The headers that say what is left. What was refused before anybody knew a key is counted by its address here."""
    if not hasattr(request, "rate_limit"):
        AddressThrottle().count(request)
    found: dict[str, str] = request.rate_limit  # type: ignore[attr-defined]
    return found
