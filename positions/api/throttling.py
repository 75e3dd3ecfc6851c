from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from positions.api.problems import NotCounted
from positions.api.rates import hit
from positions.models import ApiKey

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


class KeyThrottle(Windowed):
    """Requests of one key. What is left is kept on the request, for the headers of the answer. While they cannot be
    counted, nothing is written."""

    scope = "key"

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = cast(ApiKey | None, request.auth)
        if key is None:
            return True
        # By the key's own hash: ids begin anew in another database behind the same counter.
        hits = self.hits(key.hash[:32])
        if not hits and request.method not in SAFE_METHODS:
            raise NotCounted
        request.rate_limit = {  # type: ignore[attr-defined]
            "RateLimit-Limit": str(self.num_requests),
            "RateLimit-Remaining": str(max(0, self.num_requests - hits)),
            "RateLimit-Reset": str(self.wait()),
        }
        return hits <= self.num_requests
