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


class KeyThrottle(SimpleRateThrottle):
    """Requests of one key in each minute (or second, hour, day) of the clock, in all web processes together. What is
    left is kept on the request, for the headers of the answer. While they cannot be counted, nothing is written."""

    scope = "key"
    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = cast(ApiKey | None, request.auth)
        if key is None:
            return True
        number, passed = divmod(self.timer(), self.duration)
        # By the key's own hash: ids begin anew in another database behind the same counter.
        hits = hit(f"{key.hash[:32]}:{self.duration}:{int(number)}", self.duration)
        if not hits and request.method not in SAFE_METHODS:
            raise NotCounted
        self._left = max(1, math.ceil(self.duration - passed))
        request.rate_limit = {  # type: ignore[attr-defined]
            "RateLimit-Limit": str(self.num_requests),
            "RateLimit-Remaining": str(max(0, self.num_requests - hits)),
            "RateLimit-Reset": str(self._left),
        }
        return hits <= self.num_requests

    def wait(self) -> float:
        return self._left
