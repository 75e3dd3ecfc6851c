"""Log lines: the request's and the job's id on each, as text or as JSON fields, and no secret in any.

What is ours never logs a secret. A traceback may still quote one (the text of an exception that somebody else raised),
so every line is masked by the names and forms that give secrets away, the same ones as in recorded calls, and without
any secret of the connections that are in use.
"""

import logging
import re
from typing import Any

from django.http import HttpRequest
from pythonjsonlogger.json import JsonFormatter as _JsonFormatter

from integrations.sdk.masking import MASK, Masker
from positions.tracing import caller, job_id, request_id

_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=\-]{8,}", re.I)
_masker = Masker()


def masked(text: str) -> str:
    return _masker.text(_BEARER.sub(rf"\1 {MASK}", Masker.of_all(text)))


class IdsFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs refusals once all is over, and says of which request.
        asked = getattr(record, "request", None)
        asked = asked if isinstance(asked, HttpRequest) else None
        request, job = request_id.get() or getattr(asked, "request_id", ""), job_id.get()
        actor, address = caller(asked)
        known = (("request", request), ("job", job), ("by", actor), ("from", address))
        shown = " ".join(f"{name}={value}" for name, value in known if value)
        record.__dict__ |= {
            "request_id": request,
            "job_id": job,
            "actor": actor,
            "address": address,
            "ids": f" [{shown}]" if shown else "",
        }
        return True


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class JsonFormatter(_JsonFormatter):
    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        found = super().process_log_record(log_data)
        # Each text by itself: masking the finished line could break it.
        return {name: masked(value) if isinstance(value, str) else value for name, value in found.items()}
