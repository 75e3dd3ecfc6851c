"""What the SDK itself says: of whose record it is."""

from __future__ import annotations

from integrations.sdk.messages import Text
from integrations.sdk.messages import gettext_noop as _

# -- whose record it is (`identity`)

_SOMEBODY_ELSES = _("Record {record} in {system} has the same {by}, but {against}: it may be somebody else.")
SOMEBODY_ELSES = Text(
    "sdk.somebody_elses",
    _SOMEBODY_ELSES,
    remedy=_(
        "Correct the {by} or what differs here or there, then press Re-sync; or confirm under People that it is the "
        "same person, and it goes out by itself."
    ),
    cause="not_the_same_person",
)
SOMEBODY_ELSES_NUMBER = Text(
    "sdk.somebody_elses_number",
    _SOMEBODY_ELSES,
    remedy=_(
        "Correct the number here or there, then press Re-sync; or confirm under People that it is the same person, and "
        "it goes out by itself."
    ),
    cause="not_the_same_person",
)
MARKS_DISAGREE = Text(
    "sdk.marks_disagree",
    _("In {system} the {by} points at record {record} and the {other_by} at record {other}."),
    remedy=_(
        "Correct the one that is wrong, here or there, then press Re-sync; or confirm under People that record "
        "{record} is the right one, and it goes out by itself."
    ),
    cause="marks_disagree",
)
ALREADY_MATCHED = Text(
    "sdk.already_matched",
    _("Record {record} in {system} is matched to another employee here, and one record is one employee's."),
    remedy=_(
        "If that match is the wrong one, look for {record} under People and release it: this goes out by itself then. "
        "Otherwise correct the number, national id or e-mail here or there, then press Re-sync."
    ),
    cause="already_matched",
)
