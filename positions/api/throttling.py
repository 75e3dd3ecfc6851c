from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class KeyThrottle(SimpleRateThrottle):
    """Requests of one key within a window. What is left is kept on the request, for the headers of the answer."""

    scope = "key"
    num_requests: int
    duration: int

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        key = getattr(request.auth, "pk", None)
        return None if key is None else self.cache_format % {"scope": self.scope, "ident": key}

    def allow_request(self, request: Request, view: APIView) -> bool:
        allowed = super().allow_request(request, view)
        if getattr(self, "key", None) is not None:
            oldest = self.history[-1] if self.history else self.now
            request.rate_limit = {  # type: ignore[attr-defined]
                "RateLimit-Limit": str(self.num_requests),
                "RateLimit-Remaining": str(max(0, self.num_requests - len(self.history))),
                "RateLimit-Reset": str(max(1, math.ceil(self.duration - (self.now - oldest)))),
            }
        return allowed
