"""Puts the request's and the job's id on each log line, as text or as JSON fields."""

import logging
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")


class IdsFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        record.job_id = getattr(record, "job_id", "")
        parts = [
            f"request={record.request_id}" if record.request_id else "",
            f"job={record.job_id}" if record.job_id else "",
        ]
        shown = " ".join(part for part in parts if part)
        record.ids = f" [{shown}]" if shown else ""
        return True
