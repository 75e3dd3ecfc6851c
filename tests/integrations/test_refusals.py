"""The table of refusals: the first row that fits says what is raised."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sdk.errors import (
    ConnectorError,
    DataRefusedError,
    NotAuthorizedError,
    RateLimitedError,
    UnavailableError,
)
from integrations.sdk.http import Response
from integrations.sdk.messages import Text
from integrations.sdk.refusals import (
    EVERYWHERE,
    NO_SIGN_IN,
    Refusal,
    Says,
    Trouble,
    field_in,
    meaning,
    oauth_trouble,
    unknown_trouble,
)

RIGHT = Text("test.refusals.right", "{system} does not give us the right {right} ({status}).", cause="right_missing")
LOCKED = Text("test.refusals.locked", "It is locked.", field="end_date")
REST = Text("test.refusals.rest", "{system} refused {what}.")
TABLE = (
    *EVERYWHERE,
    Refusal(status=(401, 403), error=NotAuthorizedError, text=RIGHT),
    Refusal(status=409, code=("7", "8"), words="locked|låst", text=LOCKED),
    Refusal(status=404, known=False, error=UnavailableError, text=LOCKED),
    Refusal(call="write", code="9", error=UnavailableError, text=LOCKED),
    Refusal(text=REST, named=True),
)


def of(trouble: Trouble, call: str = "") -> ConnectorError:
    error = meaning(TABLE, trouble, call, system="Xledger", right="payroll")
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("trouble", "kind", "message"),
    [
        (Trouble(403), NotAuthorizedError, "Xledger does not give us the right payroll (403)."),
        (Trouble(409, "Är LÅST", "8"), DataRefusedError, "It is locked."),
        (Trouble(409, "Är LÅST", "6"), DataRefusedError, "Xledger refused this employee's data."),
        (Trouble(409, "Är öppen", "8"), DataRefusedError, "Xledger refused this employee's data."),
        (Trouble(404, known=False), UnavailableError, "It is locked."),
        (Trouble(404, field="title"), DataRefusedError, "Xledger refused the field Title."),
        (Trouble(429, "slowly", wait=7), RateLimitedError, "Xledger takes no more requests for now."),
        (Trouble(503), UnavailableError, "Xledger did not answer properly (503)."),
        (
            Trouble(302),
            UnavailableError,
            "Xledger redirected the request (302), which is never followed. "
            "Check the addresses of this connection; it is tried again.",
        ),
        (Trouble(304), DataRefusedError, "Xledger refused this employee's data."),
    ],
)
def test_the_first_row_that_fits_counts(trouble: Trouble, kind: type[ConnectorError], message: str) -> None:
    error = of(trouble)
    assert (type(error), error.message) == (kind, message)


def test_a_row_may_be_one_calls() -> None:
    assert isinstance(of(Trouble(400, code="9"), "write"), UnavailableError)
    assert isinstance(of(Trouble(400, code="9")), DataRefusedError)


def test_what_it_is_about_stands_in_the_error() -> None:
    error: Any = of(Trouble(400, "x" * 900, "12", "title"))
    assert (error.field, error.vendor_code, len(error.vendor_text)) == ("title", "12", 500)
    assert of(Trouble(409, "locked", "7", "title")).field == "end_date", "the text's own, where none is asked for"
    assert (of(Trouble(403)).cause, of(Trouble(403)).vendor_code) == ("right_missing", "403")
    limited: Any = of(Trouble(429, wait=7))
    assert limited.wait == 7


def test_without_a_row_nothing_is_said() -> None:
    assert meaning(EVERYWHERE, Trouble(404)) is None


def test_an_answer_of_which_nothing_is_known() -> None:
    found = unknown_trouble(Response(404, {}, b"<html>no</html>", None))
    assert (found.status, found.code, found.known) == (404, "", False)
    assert NO_SIGN_IN.fits(found) and not Says(status=404, known=True).fits(found)


@pytest.mark.parametrize(
    ("status", "body", "known"),
    [
        (400, b'{"error":"invalid_client"}', True),
        (404, b'{"status":404,"error":"Not Found"}', False),
        (400, b'{"message":"Bad"}', False),
        (400, b"<html>no</html>", False),
    ],
)
def test_only_an_error_as_oauth_has_it_is_the_sign_in_s_own(status: int, body: bytes, known: bool) -> None:
    found = oauth_trouble(Response(status, {}, body, None))
    assert found is not None and found.known is known and NO_SIGN_IN.fits(found) is not known


@pytest.mark.parametrize("status", [401, 403])
def test_what_http_itself_calls_a_refusal_of_access_is_no_wrong_address(status: int) -> None:
    assert not NO_SIGN_IN.fits(Trouble(status, known=False))


def test_the_field_is_the_first_row_s_that_the_words_fit() -> None:
    names = (("end_date", r"EndDate"), ("start_date", r"Date"))
    assert [field_in(words, names) for words in ("enddate is bad", "Date is bad", "bad")] == [
        "end_date",
        "start_date",
        "",
    ]
