"""What planning says of a position: why it is not written, what stays as it is there, what was left out.

A text without a remedy has that of its cause (`synclog.log.causes`). What is said along with something else (a warning)
has none of its own: what goes first says what is to be done.
"""

from __future__ import annotations

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text

# -- our values in the system's words (`translate`)

_FILL_IN = _("Fill it in on {place}; it is sent when you save.")
MISSING = Text(
    "plan.missing",
    _("{field} is missing, and {system} needs it."),
    remedy=_FILL_IN,
    cause="missing_required_field",
)
MISSING_WITH = Text(
    "plan.missing_with",
    _("{field} is missing, and {system} needs it because {other:lower} is set."),
    remedy=_FILL_IN,
    cause="missing_required_field",
)
_CHOOSE_ANOTHER = _("Fill in the {field:lower}, or choose another {other:lower}; it is sent when you save.")
NEEDS_A = Text(
    "plan.needs_a",
    _("{what:cap} needs a {field:lower} in {system}."),
    remedy=_CHOOSE_ANOTHER,
    cause="missing_required_field",
)
NEEDS_AN = Text(
    "plan.needs_an",
    _("{what:cap} needs an {field:lower} in {system}."),
    remedy=_CHOOSE_ANOTHER,
    cause="missing_required_field",
)
NO_COUNTERPART = Text(
    "plan.no_counterpart", _("{field} “{value}” has no counterpart in {system}."), cause="no_translation"
)
NO_COUNTERPART_CHOSEN = Text(
    "plan.no_counterpart_chosen",
    _("{field} “{value}” has no counterpart in {system}. Choose one in the connection's settings."),
    cause="no_translation",
)
NOT_ENCODED = Text("plan.not_encoded", _("{field}: {why}"), cause="value_refused")
NO_NUMBER = Text("plan.no_number", _("{field} “{value}” is not a number."), cause="value_refused")
TOO_LOW = Text("plan.too_low", _("{field} {value} is below {system}'s minimum of {limit}."), cause="value_refused")
TOO_HIGH = Text("plan.too_high", _("{field} {value} is above {system}'s maximum of {limit}."), cause="value_refused")
TOO_MANY_DECIMALS = Text(
    "plan.too_many_decimals",
    _("{field} {value} has more decimals than the {limit} that {system} keeps."),
    cause="value_refused",
)
TOO_LONG = Text(
    "plan.too_long", _("{field} has {number} characters; {system} takes at most {limit}."), cause="too_long"
)
_NOT_ACCEPTED = _("{field} “{value}” is not accepted by {system}: {allowed}.")
NOT_ACCEPTED_AS = Text("plan.not_accepted_as", _NOT_ACCEPTED, cause="bad_characters")
OTHER_FORM = Text("plan.other_form", _NOT_ACCEPTED, cause="wrong_form")
NOT_A_CHOICE = Text("plan.not_a_choice", _("{field} “{value}” is not one of {system}'s values."), cause="value_refused")
LACKING = Text(
    "plan.lacking",
    _("{field} is empty, but {why}."),
    remedy=_("Fill it in on the position; it is sent when you save."),
)
ONLY_UNSENT_CHANGED = Text(
    "plan.only_unsent_changed",
    _("Nothing to send: the only change was {fields}, which {system} is never sent."),
    cause="no_supported_change",
)
ONLY_SWITCHED_OFF_CHANGED = Text(
    "plan.only_switched_off_changed",
    _("Nothing to send: the only change was {fields}, which this connection does not send to {system}."),
    cause="no_supported_change",
)

# Why a field of ours is not sent.
SWITCHED_OFF = Text("plan.switched_off", _("Switched off in this connection's settings."))
UNSUPPORTED = Text("plan.unsupported", "{why}")
NOT_OF_TODAY = Text(
    "plan.not_of_today",
    _("It is the employee's, one value for all periods: it is sent to {system} while this position is that of today."),
)
NOT_SENT_WITH = Text("plan.not_sent_with", _("It is not sent with {what}: {system} reports none then."))

# -- rules across a record (`rules`)

LOCKED = Text(
    "plan.locked",
    _(
        "This employment has the {what} {old} in {system} and {new} here, and {why}. Put the old one back, end this "
        "position and add a new one."
    ),
)
LOCKED_UNLESS = Text(
    "plan.locked_unless",
    _(
        "This employment has the {what} {old} in {system} and {new} here, and {why}. Put the old one back, end this "
        "position and add a new one; or switch on “{setting}” in the connection's settings."
    ),
)
CHANGED_ALL_THE_SAME = Text(
    "plan.changed_all_the_same",
    _("The {what} of this employment was changed from {old} to {new}, as the connection's settings say. {why}."),
)
ENDS_BEFORE_START = Text(
    "plan.ends_before_start",
    _("The employment in {system} would end on {end} before it starts on {start}."),
    remedy=_("Correct the end date here, or the start date there, then press Re-sync."),
    cause="value_refused",
    field="end_date",
)

# -- what stays as it is there (`planner.compare`)

STAYS = Text("plan.stays", _("{field} stays {shown}: {why}."))
SHOWN_EMPTY = Text("plan.shown_empty", _("empty there"))
SHOWN_AS_IT_IS = Text("plan.shown_as_it_is", _("as it is there"))
SHOWN_DAY = Text("plan.shown_day", _("{value} there"))
SHOWN = Text("plan.shown", _("“{value}” there"))
# Why.
NO_WORD_FOR_IT = Text(
    "plan.no_word_for_it",
    _("that was chosen there, and we have no word for it, so that “{value}” was not written"),
)
NOT_WRITTEN_BECAUSE = Text("plan.not_written_because", _("“{value}” was not written, because {why}"))
DAYS_THAT_ARE_OVER = Text(
    "plan.days_that_are_over",
    _("it holds for days that are over, and nothing was changed here since: “{value}” was not written"),
)
FILED_OTHERWISE = Text(
    "plan.filed_otherwise",
    _("For days that are over, earlier files say another {field:lower}, which no file takes away: it is {values}."),
    remedy=_("Correct those days there by hand."),
)
VALUE_OF_DAYS = Text("plan.value_of_days", _("{value} in {period}"))
ONLY_AT_FIRST = Text("plan.only_at_first", _("it is sent only when the record is made"))
ONLY_IF_EMPTY = Text("plan.only_if_empty", _("it is filled in only where it is empty"))
FIRST_DAY_BY_HAND = Text(
    "plan.first_day_by_hand", _("the employment begins on {start} here, so correct it in {system} by hand")
)
NO_DEFAULT_OVER_IT = Text(
    "plan.no_default_over_it", _("it was chosen there, and a default of this connection replaces nothing")
)
NOT_EMPTIED = Text("plan.not_emptied", _("{system} does not let us empty it"))
FILLED_IN_THERE = Text("plan.filled_in_there", _("it was filled in there, and is empty here"))

NOT_SHOWN = Text("plan.not_shown", _("{system} shows no {field:lower}, so that is not compared."))
NOT_SHOWN_YET = Text(
    "plan.not_shown_yet", _("{system} shows no {field:lower}, so that is not compared."), remedy="{hidden}"
)
# Nothing is written.
AGREES = Text("plan.agrees", _("{system} already agrees: nothing to change."))
AGREES_AS_SHOWN = Text("plan.agrees_as_shown", _("What {system} shows agrees: nothing to change."))
AGREES_IN_FILE = Text("plan.agrees_in_file", _("The newest record for {system} says this already: nothing to change."))
NOT_ALL_AGREES = Text(
    "plan.not_all_agrees", _("Nothing was written to {system}, and not everything there is as it is here.")
)

# -- what is no longer to be there (`planner.delete_outcome`)

DELETED_HERE = _("It was deleted here")
LEFT_SCOPE = _("It left this connection's companies")
OUT_OF_SCOPE = Text(
    "plan.out_of_scope",
    _("It is not of this connection's companies, and {system} does not hold it: nothing to do."),
    cause="out_of_scope",
    complete=True,
)
NEVER_SENT = Text(
    "plan.never_sent",
    _("It was never sent to {system}, so there is nothing to delete there."),
    cause="never_sent",
)
NOT_HELD = Text(
    "plan.not_held",
    _("{system} does not hold this position, so there is nothing to delete there."),
    cause="never_sent",
)
DELETING_OFF = Text(
    "plan.deleting_off",
    _(
        "{why}; deleting in {system} is switched off for this connection, so its record stays there. Delete or end it "
        "there by hand."
    ),
    cause="delete_switched_off",
)
DELETING_OFF_BY_HAND = Text(
    "plan.deleting_off_by_hand",
    _(
        "{why}; deleting in {system} is switched off for this connection, so its record stays there. {system} cannot "
        "delete it: {how}"
    ),
    cause="delete_switched_off",
)
DELETE_BY_HAND = Text("plan.delete_by_hand", _("{why}, and {system} cannot delete it: {how}"), cause="delete_by_hand")
DELETE_ONE_RECORD_BY_HAND = Text(
    "plan.delete_one_record_by_hand",
    _("{why}, and {system} holds one record for each employee: {how}"),
    cause="delete_by_hand",
)
REMOVED_OUT_OF_SCOPE = Text(
    "plan.removed_out_of_scope", _("It left this connection's companies, so its record was removed there.")
)
ALREADY_GONE = Text("plan.already_gone", _("The record is no longer in {system}."), cause="already_gone")
NOTHING_TO_END = Text(
    "plan.nothing_to_end",
    _("The record that was sent is no longer in {system}: there is nothing to be ended."),
    cause="already_gone",
)
ANOTHER_STANDS_FOR_IT = Text(
    "plan.another_stands_for_it", _("Another position here now stands for that record in {system}."), cause="taken_over"
)

# -- periods (`history`)

LEFT_BEHIND = Text(
    "plan.left_behind",
    _(
        "{system} still has what an earlier start date of this position left behind ({periods}). Remove it there if it "
        "was never valid; it is told of for as long as it is there."
    ),
    field="start_date",
)
EMPLOYED_SINCE_STAYS = Text(
    "plan.employed_since_stays",
    _("What starts on {start} in {system} belongs to an employment since {there} there, and since {first} here."),
    remedy=_("Correct that day there by hand: years of service and holiday may be counted by it."),
)
NOT_UNIQUE = Text(
    "plan.not_unique",
    _("{system} has {number} periods that start on {start}."),
    remedy=_("Remove or move one of them there, then press Re-sync."),
    cause="period_not_unique",
    field="start_date",
)
ANOTHERS_PERIOD = Text(
    "plan.anothers_period",
    _(
        "{system}'s period {period} belongs to another position here ({owner}), and one employee cannot hold two "
        "periods at once there."
    ),
    remedy=_("Change the dates of one of them, then press Re-sync."),
    cause="overlap_in_target",
    field="start_date",
)
# The owner: which of our positions.
OWNER_POSITION = Text("plan.owner_position", _("position {position}"))
OWNER_FROM = Text("plan.owner_from", _("from {start}"))
OWNER_ELSEWHERE = Text("plan.owner_elsewhere", _("of another company"))

OVERLAPS_ANOTHER = Text(
    "plan.overlaps_another",
    _("Another position of this employee ({period}) overlaps this one, and {system} takes one at a time."),
    remedy=_("Change the dates of one of them, then press Re-sync."),
    cause="overlap_in_target",
    field="start_date",
)
OVERLAPS_WHILE_OFF = Text(
    "plan.overlaps_while_off",
    _("Another position of this employee ({period}) overlaps this one, and this connection sends one at a time."),
    remedy=_(
        "Change the dates of one of them, or switch on Send several employments at once in the connection's settings, "
        "then press Re-sync."
    ),
    cause="overlap_in_target",
    field="start_date",
    setting="several_at_once",
)
OVERLAPS_ALIKE = Text(
    "plan.overlaps_alike",
    _(
        "Another position of this employee ({period}) overlaps this one. {system} takes several employments at once, "
        "but these two are one there: they are told apart by {fields:lower}."
    ),
    remedy=_("Change the dates of one of them, or what tells them apart, then press Re-sync."),
    cause="overlap_in_target",
    field="start_date",
)
SEVERAL_ARE_TAKEN = Text(
    "plan.several_are_taken",
    _(
        "{system} takes several employments at once: if these are two, switch on Send several employments at once in "
        "the connection's settings."
    ),
)
_OVERLAPS = _("{system} already has a period {period} that overlaps this one.")
OVERLAPS_EARLIER = Text(
    "plan.overlaps_earlier",
    _OVERLAPS,
    remedy=_("End it there on {day} at the latest, or change the start date here, then press Re-sync."),
    cause="overlap_in_target",
    field="start_date",
)
OVERLAPS_SAME_START = Text(
    "plan.overlaps_same_start",
    _OVERLAPS,
    remedy=_("Remove it there or change its dates, or change the start date here, then press Re-sync."),
    cause="overlap_in_target",
    field="start_date",
)
OVERLAPS_LATER = Text(
    "plan.overlaps_later",
    _OVERLAPS,
    remedy=_(
        "End this one on {day} at the latest; it is sent when you save. Or remove the other one there, then press "
        "Re-sync."
    ),
    cause="overlap_in_target",
    field="start_date",
)
_START_CHANGED = _(
    "The start date was changed here. {system} still has the period {period} that was sent before, and the new one "
    "would overlap it."
)
# An end there makes room only for a later start: before an earlier one, the record would have to be gone.
START_LATER_MOVES = Text(
    "plan.start_later_moves",
    _START_CHANGED,
    remedy=_("Press Move the existing period. Or end it there on {day} at the latest, then press Re-sync."),
    cause="start_date_changed",
    field="start_date",
)
START_LATER = Text(
    "plan.start_later",
    _START_CHANGED,
    remedy=_("{system} cannot move it from here: end it there on {day} at the latest, then press Re-sync."),
    cause="start_date_changed",
    field="start_date",
)
START_EARLIER_MOVES = Text(
    "plan.start_earlier_moves",
    _START_CHANGED,
    remedy=_(
        "Press Move the existing period. Or change its start there to {day} by hand, or remove it there, then press "
        "Re-sync."
    ),
    cause="start_date_changed",
    field="start_date",
)
START_EARLIER = Text(
    "plan.start_earlier",
    _START_CHANGED,
    remedy=_(
        "{system} cannot move it from here: change its start there to {day} by hand, or remove it there, then press "
        "Re-sync."
    ),
    cause="start_date_changed",
    field="start_date",
)

# -- the current position only (`flat`)

NOT_YET_CURRENT = Text(
    "plan.not_yet_current",
    _("{system} takes the current position only: it is sent on {day}."),
    cause="not_yet_current",
)
FROM_A_DAY = Text("plan.from_a_day", _("From {day}: {said}"))
COUNTS_LATER = Text(
    "plan.counts_later",
    _("From {day} on it has another {fields:lower}: that is sent on that day."),
    cause="counts_later",
)
OVER = Text("plan.over", _("{system} takes the current position only, and this one is over."), cause="not_current")
NOT_CURRENT = Text(
    "plan.not_current",
    _("{system} takes the current position only, which is another one ({period})."),
    cause="not_current",
)
NOT_CURRENT_BUT = Text(
    "plan.not_current_but",
    _("{system} takes the current position only, which is “{title}” ({period})."),
    cause="not_current",
)
TAKEN_OVER = Text(
    "plan.taken_over", _("Another position is current now and takes its place in {system}."), cause="taken_over"
)
NOT_YET_TAKEN_OVER = Text(
    "plan.not_yet_taken_over",
    _("Another position is current now and is to take its place in {system}, but could not be written yet."),
    remedy=_("Mend what the other position's entry says: this one ends with it."),
    cause="not_yet_taken_over",
)
START_CORRECTED = Text(
    "plan.start_corrected",
    _("It starts on {start} now: that was corrected in {system}."),
    next=_("The rest of it is sent on that day."),
)
START_STAYS = Text(
    "plan.start_stays",
    _(
        "It starts on {start} now, but {system} goes on showing it, because {why}. If that matters before then, "
        "correct it there by hand."
    ),
    field="start_date",
)
START_STAYS_FROM = Text(
    "plan.start_stays_from",
    _(
        "It starts on {start} now, but {system} goes on showing it from {since}, because {why}. If that matters before "
        "then, correct it there by hand."
    ),
    field="start_date",
)
# Why.
NO_START_TAKEN = Text("plan.no_start_taken", _("{system} takes no start date"))
START_NOT_SENT = Text("plan.start_not_sent", _("sending the start date is switched off in this connection's settings"))
START_NOT_SHOWN = Text("plan.start_not_shown", _("{system} does not show its start date"))

# -- the run

ID_TOO_LONG = Text(
    "plan.id_too_long",
    _("{system} gave an id of {number} characters for this employee, which cannot be kept."),
    next=_("Nothing was written; it is tried again."),
)
