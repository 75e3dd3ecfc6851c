"""Everybody who is there, with their records: what `Connector.snapshot` gives, and what it goes through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from integrations.sdk.errors import ConnectorError
from integrations.sdk.http import Http
from integrations.sdk.identity import EveryMark
from integrations.sdk.values import Remote


@dataclass(frozen=True, slots=True)
class Seen:
    """One employee there. `records` are those that `Connector.read` gives. `refusal`: what it would raise instead,
    where the trouble is this employee's alone; of somebody whose record cannot be read at all, `id` is "". Marks are
    for matching: nobody logs or stores them."""

    id: str
    marks: EveryMark = field(repr=False)
    records: tuple[Remote, ...] = ()
    refusal: ConnectorError | None = None


# What a connector finds on its way: an employee, or an error after which it asks again when the next one is wanted.
Looking = Iterator[Seen | ConnectorError]


class Snapshot(Iterator[Seen]):
    """Everybody there, each once, read while it is gone through: no more than one answer is held at a time.

    Raises ConnectorError where a call fails that is not about one employee. Nothing is lost by that: the next step
    makes that call again. So whoever meets a RateLimitedError waits and goes on, or stops. Only a snapshot that was
    gone through to its end says who is not there. It is a run of its own in this thread (`Http.begin`).
    """

    def __init__(self, http: Http, looking: Looking) -> None:
        self._http, self._looking = http, looking
        self._ids: set[str] = set()  # a list that grows meanwhile may show somebody on two of its pages
        self._broken: Exception | None = None

    def __next__(self) -> Seen:
        if self._broken is not None:  # what is left of a generator that broke down looks like the end of the list
            raise self._broken
        while True:
            self._http.begin()
            try:
                found = next(self._looking)
            except StopIteration:
                raise
            except Exception as error:
                self._broken = error
                raise
            if isinstance(found, ConnectorError):
                raise found
            if not found.id or found.id not in self._ids:
                self._ids.add(found.id)
                return found
