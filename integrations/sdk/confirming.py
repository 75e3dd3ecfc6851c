"""What a system's documentation leaves open, or the connector takes for granted, as a list that `manage.py verify` goes
through on a real test tenant (docs/verify.md). A system declares its own in `confirmations.py` beside its connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from integrations.sdk.marking import gettext_noop as _


class Act(StrEnum):
    """What is done to see whether something is so. Up to `OCCUPATIONS` nothing is written."""

    SIGN_IN = "sign_in"  # Connector.check
    MATCH = "match"  # the test person is looked for by each mark
    NOBODY = "nobody"  # somebody is looked for whom there is not
    EVERYBODY = "everybody"  # Connector.snapshot, to its end
    AGREES = "agrees"  # what it shows of the test person is what `read` gives
    OCCUPATIONS = "occupations"
    CREATE = "create"  # from here on a position of the test person is written, and read again each time
    AGAIN = "again"  # the same once more: nothing is to be written
    CHANGE = "change"
    STALE = "stale"  # a change by a record that was read before the last one: it is to be refused
    OVERLAP = "overlap"  # a second period on the same days: it is to be refused
    MOVE = "move"  # another start date
    BY_DAY = "by_day"  # a change that counts from a day of the position
    CLEAR = "clear"
    END = "end"
    REOPEN = "reopen"  # the end is taken away
    DELETE = "delete"
    RESTORE = "restore"  # flat: the record is given back what it held
    FILE = "file"  # the file that a person carries over is made
    BY_HAND = "by_hand"  # somebody looks in the system itself


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One thing that is to be so. `what` says it; `by` and `field` (our field; "": the act as a whole) are what shows
    it. The id is stable: reports are compared by it."""

    id: str
    what: str
    by: Act
    field: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the test person's position says there: our `values` at first, and `other` ones to change to. Dates are
    given as days after the start. `on_employee`: our fields that the system keeps on the employee, beside those
    that are declared so (`Field.of_employee`): they stay when the position is taken away."""

    values: Mapping[str, Any] = field(default_factory=dict)
    other: Mapping[str, Any] = field(default_factory=dict)
    days: Mapping[str, int] = field(default_factory=dict)
    on_employee: frozenset[str] = frozenset()


# What several systems leave open.
OVERLAP_REFUSED = Confirmation("overlap", _("A second period on the same days is refused."), Act.OVERLAP)
OLDER_VERSION = Confirmation("older_version", _("A change that knows an older version only is refused."), Act.STALE)
END_CLEARS = Confirmation("clearing_the_end", _("An empty end date takes the end away."), Act.REOPEN, "end_date")
WHOLE_LIST = Confirmation("whole_list", _("The pages of the list of employees lead to its end."), Act.EVERYBODY)
REPORTED = Confirmation("reported", _("What has been reported or paid already can still be changed."), Act.BY_HAND)
TOO_MANY_CALLS = Confirmation("too_many_calls", _("The answer to too many calls tells how long to wait."), Act.BY_HAND)
