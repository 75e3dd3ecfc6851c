"""How a system says no: a table of rows, read from above, of which the first one that fits says what is raised.

    REFUSALS = (
        *EVERYWHERE,
        Refusal(code="2000663", error=NotAuthorizedError, text=texts.SCOPE_MISSING),
        Refusal(status=(401, 403), error=NotAuthorizedError, text=texts.ACCESS_REFUSED),
        Refusal(status=404, known=False, error=UnavailableError, text=texts.NO_SUCH_ADDRESS),
        Refusal(words="salary agreement", text=texts.AGREEMENT_MISSING),
        Refusal(text=DATA_REFUSED, named=True),
    )

What an answer says is read out of it by the system's own `Connector.trouble`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from integrations.sdk import texts
from integrations.sdk.errors import ConnectorError, DataRefusedError, RateLimitedError, UnavailableError
from integrations.sdk.http import Response
from integrations.sdk.messages import Message, Text
from integrations.sdk.params import FieldName
from integrations.sdk.reading import text_of

LONGEST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an answer says that is no good one.

    text   the system's own words, for people, and for the patterns of the table
    code   its own code
    field  our field that it names
    also   further fields of ours that it names: several messages may come together
    known  whether it is one of the system's own errors, and not whatever else stood at that address
    wait   for how many seconds it asks us to wait, where it says so elsewhere than in Retry-After
    """

    status: int
    text: str = ""
    code: str = ""
    field: str = ""
    known: bool = True
    wait: float | None = None
    also: tuple[str, ...] = ()

    @property
    def words(self) -> dict[str, Any]:
        """The system's own words and code, as the exceptions of `errors` take them."""
        return {"vendor_text": self.text[:LONGEST_WORDS], "vendor_code": self.code or str(self.status)}


def unknown_trouble(response: Response) -> Trouble:
    """An answer of which the status is all that can be read."""
    return Trouble(response.status, response.said, known=False)


def oauth_trouble(response: Response) -> Trouble | None:
    """Of a sign-in that speaks OAuth: its own errors are a 400, 401 or 403 with an `error` (RFC 6749, 5.2)."""
    if response.ok:
        return None
    body = response.json_object()
    code = text_of(body.get("error")) or ""
    text = text_of(body.get("error_description")) or text_of(body.get("message")) or response.said
    return Trouble(response.status, text, code, known=bool(code) and response.status in (400, 401, 403))


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What an answer says: all of these that are given, each of them one value or several.

    words  a pattern (capitals make no difference) of the system's words or its code
    call   the call that was answered, where the same answer means another thing ("write"; see `Connector.judging`)
    """

    status: int | Container[int] = ()
    code: str | Container[str] = ()
    words: str = ""
    known: bool | None = None
    call: str = ""

    def fits(self, trouble: Trouble, call: str = "") -> bool:
        return (
            _among(trouble.status, self.status)
            and _among(trouble.code, self.code)
            and (not self.words or bool(_pattern(self.words).search(f"{trouble.text} {trouble.code}")))
            and self.known in (None, trouble.known)
            and self.call in ("", call)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Says):
    """A row: what is raised for an answer that says this, and what is said then. Cause and field are the text's.

    text   may name {system}, {status}, {what} ("the field Title" or "this employee's data"), {field}, and what the
           call gives besides
    named  it is about the field that the system names
    """

    text: Text
    error: type[ConnectorError] = DataRefusedError
    named: bool = False

    def of(self, trouble: Trouble, **params: Any) -> ConnectorError:
        field = trouble.field if self.named else ""
        also = trouble.also if field else ()
        params |= {"status": trouble.status, "what": what(field, *also), "field": FieldName(field)}
        more = {"field": field, **trouble.words}
        if issubclass(self.error, RateLimitedError | UnavailableError):
            more["wait"] = trouble.wait
        return self.error(self.text(**{name: params[name] for name in self.text.names}), **more)


# HTTP's words for a request that is wrong as such (method, form, length), which no change of data mends.
WRONG_FORM = Refusal(status=(405, 406, 411, 413, 414, 415, 428, 431), text=texts.NOT_UNDERSTOOD)
# What is trouble in every system; where the table begins with them, before anything that a body says.
EVERYWHERE = (
    Refusal(status=429, error=RateLimitedError, text=texts.TOO_MANY_REQUESTS),
    Refusal(status=range(500, 1000), error=UnavailableError, text=texts.BAD_ANSWER),
    Refusal(status=(*range(300, 304), *range(305, 400)), error=UnavailableError, text=texts.REDIRECTED),
    WRONG_FORM,
)
# Before them, where the address for signing in, or the only one there is, may be somebody else's: what is none of the
# system's own errors, nor HTTP's words for it (401, 403), says nothing of the credentials.
NO_SIGN_IN = Refusal(
    status=(400, 402, *range(404, 429), *range(430, 500)),
    known=False,
    error=UnavailableError,
    text=texts.NOTHING_AT_ADDRESS,
)


def meaning(rows: Iterable[Refusal], trouble: Trouble, call: str = "", **params: Any) -> ConnectorError | None:
    """The error of the first row that fits, None without any."""
    row = next((row for row in rows if row.fits(trouble, call)), None)
    return row.of(trouble, **params) if row else None


def what(field: str, *also: str) -> Message:
    """What was refused: the field, several of them, or all of it."""
    if also:
        return texts.THE_FIELDS(fields=tuple(FieldName(key) for key in (field, *also)))
    return texts.THE_FIELD(field=FieldName(field)) if field else texts.THIS_DATA()


def field_in(words: str, names: Sequence[tuple[str, str]]) -> str:
    """Our field of the first row (our field, pattern of the system's words) that the words fit; "" without any."""
    return next((ours for ours, pattern in names if _pattern(pattern).search(words)), "")


def fields_in(words: str, names: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """All of our fields of whose rows the words fit the pattern, as they name them one after the other."""
    found = ((_pattern(pattern).search(words), ours) for ours, pattern in names)
    hits = sorted(((hit.start(), ours) for hit, ours in found if hit), key=lambda one: one[0])
    return tuple(dict.fromkeys(ours for _, ours in hits))


def _among(value: Any, wanted: Any) -> bool:
    if wanted == ():
        return True
    return value == wanted if isinstance(wanted, str | int) else value in wanted


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.I)
