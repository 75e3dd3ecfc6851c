"""Which request, and which jobs, the code at hand works for: on each log line, and the request's kept with its jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")
request_of: ContextVar[HttpRequest | None] = ContextVar("request_of", default=None)


def address_of(request: HttpRequest) -> str:
    """Behind a proxy, the last address of X-Forwarded-For: the one that our own proxy saw and wrote."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))


def caller(request: HttpRequest | None = None) -> tuple[str, str]:
    """(name, address) of whoever this request, or the one at hand, came from; the name as far as it is known by now."""
    request = request or request_of.get()
    if request is None:
        return "", ""
    key = getattr(request, "api_key_name", "")
    user = request.__dict__.get("_cached_user")  # asking for it here would ask the database
    return key or (user.get_username() if user is not None and user.is_authenticated else ""), address_of(request)


@contextmanager
def working_on(jobs: Iterable[int | str], requests: Iterable[str] = ()) -> Iterator[None]:
    """Several are written with commas: an employee's jobs are sent together."""
    job = job_id.set(",".join(str(number) for number in jobs))
    request = request_id.set(",".join(sorted({known for known in requests if known})) or request_id.get())
    try:
        yield
    finally:
        request_id.reset(request)
        job_id.reset(job)
