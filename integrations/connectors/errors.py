"""The few exceptions that a connector raises; the engine understands these and no others."""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of all. `message` is our sentence; `vendor_text` and `vendor_code` are the system's own words."""

    cause = "connector_error"

    def __init__(
        self, message: str, *, cause: str = "", field: str = "", vendor_text: str = "", vendor_code: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause or self.cause
        self.field = field
        self.vendor_text = vendor_text
        self.vendor_code = vendor_code


class DataRefused(ConnectorError):
    """The system refuses this employee's data. No retry by itself: a person or a change must mend it."""

    cause = "refused_by_target"


class EmployeeNotFound(ConnectorError):
    """No employee there matches. The message says what was searched for, never a national id."""

    cause = "employee_not_found"


class EmployeeNotUnique(ConnectorError):
    """More than one employee there matches."""

    cause = "employee_not_unique"


class MatchRefused(ConnectorError):
    """A record was found that must not be taken for this employee's. `candidate` is its id: a person may confirm it.

    Causes: not_the_same_person, marks_disagree, already_matched; match_released and match_stopped where a person has to
    say anew who the employee is there.
    """

    cause = "not_the_same_person"

    def __init__(self, message: str, *, candidate: str = "", **kwargs: str) -> None:
        super().__init__(message, **kwargs)
        self.candidate = candidate


class NotAuthorized(ConnectorError):
    """Credentials, company or rights are refused: the whole connection stops until they are renewed."""

    cause = "not_authorized"


class RateLimited(ConnectorError):
    """Too many requests. `wait` is in seconds, None when the system did not say."""

    cause = "rate_limited"

    def __init__(self, message: str, *, wait: float | None = None, **kwargs: str) -> None:
        super().__init__(message, **kwargs)
        self.wait = wait


class Unavailable(ConnectorError):
    """The system is down or answers nonsense; nothing was written by this call. `wait` as in RateLimited."""

    cause = "target_unavailable"

    def __init__(self, message: str, *, wait: float | None = None, **kwargs: str) -> None:
        super().__init__(message, **kwargs)
        self.wait = wait


class UnclearOutcome(ConnectorError):
    """A write was sent and its answer never came: it may or may not have been carried out."""

    cause = "unclear_outcome"


class Stale(ConnectorError):
    """The record changed there since it was read: the runner reads and plans again, once."""

    cause = "changed_in_target"


class Interrupted(ConnectorError):
    """This worker no longer owns the integration and may not start another call."""

    cause = "interrupted"
