"""Nobody who sends something chooses the codec that it is read with."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application

from config.content_types import screened

SLOW, NO_TEXT = "punycode", "zip"  # square of the length; none of text
WHERE = ["/admin/login/", "/api/v1/positions/", "/api/schema/", "/metrics"]


def asked(path: str, body: bytes = b"", **more: str) -> tuple[int, dict[str, str], bytes]:
    """What the whole application answers, as a server would ask it."""
    answer: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        answer.update(status=int(status.split(maxsplit=1)[0]), headers=dict(headers))

    environ = {
        "REQUEST_METHOD": "POST" if body else "GET", "PATH_INFO": path, "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http",
        "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": str(len(body)), "QUERY_STRING": "x=xn--aaa", **more,
    }  # fmt: skip
    content = b"".join(screened(get_wsgi_application())(environ, start))
    return answer["status"], answer["headers"], content


@pytest.mark.django_db
@pytest.mark.parametrize("path", WHERE)
@pytest.mark.parametrize(
    "kind",
    [
        f"text/plain; charset={SLOW}", f'text/plain; Charset = "{NO_TEXT}"', "text/plain; charset=rot13",
        f"multipart/form-data; boundary=xx; charset={SLOW}", f"text/plain; charset=utf-8; charset={SLOW}",
        f"text/plain; charset*0={SLOW}", f"text/plain; x*={SLOW}''%41", "text/plain; x*=nosuch''a",
        'text/plain; charset="puny\\code"', "text/plain" + ";a=b" * 200,
    ],
)  # fmt: skip
def test_a_content_type_that_names_another_codec_is_refused(path: str, kind: str) -> None:
    status, headers, content = asked(path, b"--xx", CONTENT_TYPE=kind)
    assert status == 415
    assert headers["X-Request-ID"]
    if path.startswith("/api/"):
        assert json.loads(content)["code"] == "unsupported_media_type"
    elif path.startswith("/admin/"):
        assert "text is to be UTF-8" in content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "text/plain; charset=UTF-8",
        'text/html; charset="iso-8859-1"',
        "text/csv; charset='utf-8'",
        "text/plain; charset=",
        "text/plain; charset=utf_8",
        "text/plain; charset=cp1252",
        "text/plain; charset=nosuch",
    ],
)
@pytest.mark.parametrize("accept", ["*/*", f"text/html; x*={SLOW}''%41", "text/html; x*=nosuch''a", ";a=b" * 9999])
def test_others_are_read_and_an_accept_never_names_one(kind: str, accept: str) -> None:
    assert asked("/admin/login/", CONTENT_TYPE=kind, HTTP_ACCEPT=accept)[0] == 200
    assert asked("/api/v1/positions/", CONTENT_TYPE=kind, HTTP_ACCEPT=accept)[0] == 401


@pytest.mark.django_db
def test_the_parts_of_a_form_do_not_choose_it_either() -> None:
    for codec in (SLOW, NO_TEXT, "nosuch"):
        part = f"--xx\r\nContent-Disposition: form-data; name=a; filename*={codec}''%41\r\n\r\nx\r\n--xx--\r\n".encode()
        assert asked("/admin/login/", part, CONTENT_TYPE="multipart/form-data; boundary=xx")[0] == 403  # no token
