"""Which request, and which jobs, the code at hand works for: on each log line, and the request's kept with its jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")


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
