"""What schemathesis is told of the product besides its document: for which reasons a request may be refused that is
right in form. Whatever else is refused is a fault: of the document, which should say so, or of the server."""

from __future__ import annotations

import re
import uuid
from typing import Any, NamedTuple

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

_ROW = r"(positions|employees)\[\d+\]"


class Reason(NamedTuple):
    code: str  # of the problem, or of each of its errors
    why: str  # no schema can say it
    field: str = ".*"  # a regular expression


BEYOND_A_SCHEMA = (
    Reason("does_not_exist", "It names another object, and whether there is one is known here alone."),
    Reason("taken", "Another object has the number, name, code or id."),
    Reason("ambiguous", "Several objects have the id."),
    Reason("immutable", "It has another employee, and whose a position is stays."),
    Reason("mismatch", "Two values speak of the same and disagree, in the body, the address or what is stored."),
    Reason("duplicate", "Two rows are of the same object."),
    Reason("required", "One of several names is needed, any of them.", rf"({_ROW}\.)?(employee|id)"),
    Reason("required", "What a row has to say depends on whether it finds something.", rf"{_ROW}\.\w+"),
    Reason(
        "invalid",
        "Days are compared with each other and with today, and their years with what can be.",
        rf"({_ROW}\.)?(start_date|end_date|end_reason|last_day_of_work|probation_end|notice_date|effective_from|correction|birth_date)",
    ),
    Reason("invalid", "Nobody is their own manager.", rf"({_ROW}\.)?manager"),
    Reason(
        "unknown_cause",
        "Which causes there are is said by the systems of the installation, and grows.",
        r"(filter\.)?cause.*",
    ),
    Reason("unknown_cursor", "A cursor is of the list that gave it.", "cursor"),
    Reason("not_open", "It is over by now."),
    Reason("not_possible", "What is there does not allow it, as the answer says."),
    Reason("too_many", "There are as many as an organization may have."),
    Reason("not_connected", "The connection lacks keys or settings."),
    Reason("precondition_failed", "It was changed since (If-Match)."),
    Reason("cursor_gone", "What came after the cursor is not kept any more."),
)


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """False for what is no fault."""
    if isinstance(failure, AcceptedNegativeData):
        return not _is_refused_otherwise(response)
    return not (isinstance(failure, RejectedPositiveData) and _is_beyond_a_schema(response.json()))


def _is_refused_otherwise(response: Any) -> bool:
    """Whether it was changed (If-Match) is asked before what the body says; and where each row of a bulk stands for
    itself (mode "each"), the answer is good and refuses rows."""
    return response.status_code == 412 or (response.status_code == 200 and bool(response.json().get("failed")))


def _is_beyond_a_schema(problem: dict[str, Any]) -> bool:
    errors = problem["errors"] or [{"code": problem["code"], "field": ""}]
    return all(
        any(one["code"] == reason.code and re.fullmatch(reason.field, one["field"]) for reason in BEYOND_A_SCHEMA)
        for one in errors
    )


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Each request is meant as a new one: a key of one before would be answered by that one's answer, or 422. And to
    If-Match the phase `coverage` gives a 0, whatever its pattern is."""
    headers, meta = case.headers or {}, case.meta
    about = meta and meta.components.get(ParameterLocation.HEADER)
    if "Idempotency-Key" in headers and (headers["Idempotency-Key"] == "0" or (about and about.mode.is_positive)):
        headers["Idempotency-Key"] = uuid.uuid4().hex
    if headers.get("If-Match") == "0" and meta.generation.mode.is_positive:
        headers["If-Match"] = '"0"'
