"""What one verification knows: the connector, the test person, and what each act has shown so far."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from integrations.planning.work import Match
from integrations.sdk.confirming import Act
from integrations.sdk.connector import Connector
from integrations.sdk.errors import ConnectorError, RateLimitedError
from integrations.sdk.http import Exchange
from integrations.sdk.messages import Message
from integrations.sdk.values import Person, RemoteEmployee
from integrations.verifying import texts

T = TypeVar("T")
WAITS = 5  # for a rate limit, before an act is given up
SHORT_WAIT, LONGEST_WAIT = 5.0, 60.0  # seconds

# A part of a path that names somebody's record: an id, a number, an address.
_A_RECORD = re.compile(r"/(?!v\d)(?=[^/]*[\d@%])[^/]{3,}")

logger = logging.getLogger("integrations.verifying")


class Result(StrEnum):
    CONFIRMED = "confirmed"
    ODD = "odd"
    NOT_TRIED = "not_tried"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Finding:
    """What an act has shown of one thing. `calls`: of an odd one, what was asked and how it was answered."""

    result: Result
    said: tuple[Message, ...] = ()
    calls: tuple[str, ...] = ()


class ActOverError(Exception):
    """The act goes no further, and why was noted."""


@dataclass
class Trial:
    """`known`: the record there that is the test person's as far as is known here, with the `match`.
    `found`: by act and our field ("": the act as a whole). `left`: what could not be taken back there.
    `patience`: seconds for which what was written may be looked for, of a system that shows it late."""

    connector: Connector
    person: Person | None
    known: str = ""
    match: Match = field(default_factory=Match)
    found: dict[tuple[Act, str], Finding] = field(default_factory=dict)
    left: list[Message] = field(default_factory=list)
    employee: RemoteEmployee | None = None
    patience: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    exchanges: Sequence[Exchange] = ()

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.connector.settings

    def confirm(self, act: Act, *said: Message, field: str = "") -> None:
        """Unless something odd was found of it already."""
        self.found.setdefault((act, field), Finding(Result.CONFIRMED, said))

    def skip(self, act: Act, said: Message, field: str = "") -> None:
        self.found.setdefault((act, field), Finding(Result.NOT_TRIED, (said,)))

    def odd(self, act: Act, *said: Message, field: str = "") -> None:
        self._took_along()
        before = self.found.get((act, field))
        kept = before.said if before is not None and before.result is Result.ODD else ()
        self.found[act, field] = Finding(Result.ODD, (*kept, *said), _calls(self.exchanges))

    def refused(self, act: Act, error: ConnectorError) -> None:
        words = (texts.THEIR_WORDS(words=error.vendor_text),) if error.vendor_text else ()
        self.odd(act, error.said, *words)

    @contextmanager
    def trying(self, act: Act) -> Iterator[None]:
        """Whatever goes wrong on the way is what is odd about the act, and ends nothing else."""
        self.connector.http.begin()
        self.exchanges = ()
        try:
            yield
        except ActOverError:
            pass
        except ConnectorError as error:
            self.refused(act, error)
        except Exception as error:
            logger.exception("Verifying %s broke down at %s", self.connector.system.key, act)
            self.odd(act, texts.BROKE_DOWN(kind=type(error).__name__))

    def _took_along(self) -> None:
        self.exchanges = (*self.exchanges, *self.connector.http.take_exchanges())

    def patiently(self, call: Callable[[], T]) -> T:
        """What the call gives; a limit is waited for, as a worker does."""
        for _try in range(WAITS):
            try:
                return call()
            except RateLimitedError as error:
                self.sleep(min(error.wait or SHORT_WAIT, LONGEST_WAIT))
        return call()


def _calls(exchanges: Sequence[Exchange]) -> tuple[str, ...]:
    """The last ones, without what they asked for and whose records they were about."""
    paths = ((e, _A_RECORD.sub("/…", urlsplit(e.url).path)) for e in exchanges[-6:])
    return tuple(f"{e.method} {path} -> {e.status or e.error}" for e, path in paths)
