"""What waitress itself puts on the wire, where that is not what we promise: its own refusals, and the end of HEAD."""

from __future__ import annotations

import json
import uuid
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import ErrorTask, WSGITask

from positions.api.problems import MEDIA_TYPE, TooLarge, document, plain_words


class Answer(WSGITask):
    """An answer to HEAD has no body, the end of a body sent in chunks neither (config.middleware.HeadMiddleware)."""

    def finish(self) -> None:
        if self.request.command == "HEAD":
            if not self.wrote_header:
                self.write(b"")
            self.chunked_response = False
        super().finish()


class Refusal(ErrorTask):
    """What is refused before Django sees it (a body of more than `serve.LIMITS`, a header that is none): a problem
    document for programs."""

    def execute(self) -> None:
        # What could not be parsed names no address and no method.
        if getattr(self.request, "path", "").startswith("/api/"):
            self.request.error = _Problem(self.request.error)
        super().execute()

    def write(self, data: bytes) -> None:
        super().write(b"" if getattr(self.request, "command", "") == "HEAD" else data)


class _Problem:
    """In the form of `waitress.utilities.Error`."""

    def __init__(self, error: Any) -> None:
        self._error = error

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        status, _, _ = self._error.to_response(ident)
        number = int(self._error.code)
        code, words = (TooLarge.default_code, TooLarge.default_detail) if number == 413 else plain_words(number)
        body = document(None, number, code, words)
        body["request_id"] = uuid.uuid4().hex
        headers = [("Content-Type", MEDIA_TYPE), ("X-Request-ID", body["request_id"]), ("Cache-Control", "no-store")]
        return status, headers, json.dumps(body).encode()


class Channel(HTTPChannel):
    task_class = Answer
    error_task_class = Refusal


def install() -> None:
    """For every server that this process makes; `create_server` takes no class."""
    BaseWSGIServer.channel_class = Channel
