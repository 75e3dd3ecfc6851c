"""Puts the request's and the job's id on each log line, as text or as JSON fields."""

import logging
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")


class IdsFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        request, job = request_id.get(), getattr(record, "job_id", "")
        shown = " ".join(f"{name}={value}" for name, value in (("request", request), ("job", job)) if value)
        record.__dict__ |= {"request_id": request, "job_id": job, "ids": f" [{shown}]" if shown else ""}
        return True
