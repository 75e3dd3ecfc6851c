"""The few exceptions that a connector raises; the engine understands these and no others.

ConnectorError
├── DataRefusedError           this employee's data: a person or a change must mend it
├── EmployeeNotFoundError      nobody there is this employee
├── EmployeeNotUniqueError     several are
├── MatchRefusedError          somebody is, and must not be taken for this employee
├── NotAuthorizedError         credentials or rights: the connection stops
│   └── RecordRefusedError     access to one employee's record: that employee's failure
├── RateLimitedError           too many requests: later
├── UnavailableError           it is down or answers nonsense, and nothing was written: later
│   └── PrivateAddressError    its address leads into a private network (`sdk.connection`)
├── UnclearOutcomeError        a write was sent and not answered: look first, then go on
├── StaleError                 it changed there meanwhile: read and plan again
└── InterruptedRunError        this worker may start no further call
"""

from __future__ import annotations

import math
from typing import Self

from integrations.sdk import texts
from integrations.sdk.masking import without_emails
from integrations.sdk.messages import Message, as_message

LONGEST_WAIT = 24 * 3600.0


def believed(wait: float | None) -> float | None:
    """What a system asks to wait, in seconds: believed up to a day, None when it is no number."""
    if wait is None or math.isnan(wait):
        return None
    return min(max(0.0, wait), LONGEST_WAIT)


class ConnectorError(Exception):
    """Base of all. `said` is what we say; `vendor_text` and `vendor_code` are the system's own words, without the
    e-mail addresses that it may name in them. Cause and field are the text's, unless they are given."""

    cause = "connector_error"

    def __init__(
        self, said: Message | str, *, cause: str = "", field: str = "", vendor_text: str = "", vendor_code: str = ""
    ) -> None:
        self.said = as_message(said)
        super().__init__(self.said)
        text = self.said.text
        self.cause = cause or (text and text.cause) or self.cause
        self.field = field or (text.field if text else "")
        self.vendor_text = without_emails(vendor_text)
        self.vendor_code = without_emails(vendor_code)

    @property
    def message(self) -> str:
        """In words."""
        return str(self.said)

    def kept(self) -> Self:
        """The same, for whoever keeps it: what it says, and not the way it came. That leads back to who keeps it,
        through everything that was in hand: an answer of many megabytes would stay until Python looks for circles."""
        self.__traceback__ = self.__cause__ = self.__context__ = None
        return self


class DataRefusedError(ConnectorError):
    """The system refuses this employee's data. No retry by itself: a person or a change must mend it."""

    cause = "refused_by_target"


class EmployeeNotFoundError(ConnectorError):
    """No employee there matches. The message says what was searched for, never a national id."""

    cause = "employee_not_found"


class EmployeeNotUniqueError(ConnectorError):
    """More than one employee there matches."""

    cause = "employee_not_unique"


class MatchRefusedError(ConnectorError):
    """A record was found that must not be taken for this employee's. `candidate` is its id: a person may confirm it.

    Causes: not_the_same_person, marks_disagree, already_matched; match_released and match_stopped where a person has to
    say anew who the employee is there.
    """

    cause = "not_the_same_person"

    def __init__(self, said: Message | str, *, candidate: str = "", **kwargs: str) -> None:
        super().__init__(said, **kwargs)
        self.candidate = candidate


class NotAuthorizedError(ConnectorError):
    """Credentials, company or rights are refused: the whole connection stops until they are renewed.

    `sign_in`: it was the sign-in itself that was refused. Of any other call the runner finds out whether it was refused
    for everybody, or for one record (`RecordRefusedError`).
    """

    cause = "not_authorized"
    sign_in = False


class RecordRefusedError(NotAuthorizedError):
    """Access to one employee's record is refused while the connection is let through: that employee's failure, until
    it turns out that it is everybody's (`synclog.engine.results`). Made by the runner only, out of the `refusal`."""

    cause = "record_refused"

    def __init__(self, system: str, refusal: NotAuthorizedError) -> None:
        super().__init__(
            texts.RECORD_REFUSED(system=system, refusal=refusal.said),
            field=refusal.field,
            vendor_text=refusal.vendor_text,
            vendor_code=refusal.vendor_code,
        )
        self.refusal = refusal


class RateLimitedError(ConnectorError):
    """Too many requests. `wait` is in seconds (at most a day), None when the system did not say."""

    cause = "rate_limited"

    def __init__(self, said: Message | str, *, wait: float | None = None, **kwargs: str) -> None:
        super().__init__(said, **kwargs)
        self.wait = believed(wait)


class UnavailableError(ConnectorError):
    """The system is down or answers nonsense; nothing was written by this call. `wait` as in RateLimitedError."""

    cause = "target_unavailable"

    def __init__(self, said: Message | str, *, wait: float | None = None, **kwargs: str) -> None:
        super().__init__(said, **kwargs)
        self.wait = believed(wait)


class UnclearOutcomeError(ConnectorError):
    """A write was sent and its answer never came: it may or may not have been carried out."""

    cause = "unclear_outcome"


class StaleError(ConnectorError):
    """The record changed there since it was read: the runner reads and plans again, once."""

    cause = "changed_in_target"


class InterruptedRunError(ConnectorError):
    """This worker no longer owns the integration and may not start another call."""

    cause = "interrupted"
