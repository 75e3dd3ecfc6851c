"""Puts the request's and the job's id on each log line, as text or as JSON fields."""

import logging

from positions.tracing import job_id, request_id


class IdsFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        request, job = request_id.get(), job_id.get()
        shown = " ".join(f"{name}={value}" for name, value in (("request", request), ("job", job)) if value)
        record.__dict__ |= {"request_id": request, "job_id": job, "ids": f" [{shown}]" if shown else ""}
        return True
