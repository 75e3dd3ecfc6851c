"""What the engine itself says of jobs, matches and connections."""

from __future__ import annotations

from integrations.engine import Start
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text
from integrations.sdk.params import Label

# -- of a job

ACCEPTED = Text("engine.accepted", _("Accepted by {system}."))
SWITCHED_OFF = Text("engine.switched_off", _("Sync was switched off before this was sent."))
TAKEN_OVER = Text("engine.taken_over", _("Another position took over its record in {system} on {moment}."))
HELD = Text("engine.held", _("It is held until {until} because of the payroll cut-off."))
GAVE_UP = Text("engine.gave_up", _("It was tried for seven days."))
MISTAKE = Text(
    "engine.mistake",
    _("Position Sync made a mistake with this position (job {job}). Nothing may have been written."),
    cause="internal_error",
)
NOT_KEPT = Text(
    "engine.not_kept",
    _(
        "What came back for this position could not be kept here (job {job}). It may have been written there: the next "
        "try looks first."
    ),
    cause="answer_not_kept",
)
WRONG_RECORD = Text(
    "engine.wrong_record",
    _(
        "Until now this employee was matched to record {record} in {system}, which does not show any more that it is "
        "theirs. {number} {positions} written there (listed under Steps): look at that record in {system} and put "
        "right what is wrong there. Nothing is written to it any more."
    ),
)

CONNECTION_CHANGED = Text(
    "engine.connection_changed", _("The connection was paused, switched or changed before this was sent.")
)
NOT_KNOWN_WHETHER_TO_SEND = Text(
    "engine.not_known_whether_to_send",
    _("The database did not say whether this may still be sent."),
    next=_("It goes on by itself."),
)
WORKER_STOPPED = Text(
    "engine.worker_stopped", _("The worker stopped before this was sent."), next=_("It goes on by itself.")
)

# -- of a match

RELEASED = Text(
    "match.released",
    _("Released by {by}. Nothing is written until somebody presses Match anew, or confirms a record."),
    cause="match_released",
)
MATCH_DECIDED = Text("match.decided", _("A person has decided about this match."), next=_("It goes on by itself."))
MATCH_NOT_KEPT = Text(
    "match.not_kept", _("It could not be kept whose record it is: {why}"), next=_("It goes on by itself.")
)
NOTHING_TO_CONFIRM = Text(
    "match.nothing_to_confirm",
    _("No record was found that could be confirmed."),
    remedy=_("Press Match anew once it is there."),
)
MATCHED_TO_ANOTHER = Text(
    "match.matched_to_another",
    _("Record {record} is matched to another employee here."),
    remedy=_("Release that match first: look for {record} under People."),
)
EMPLOYEE_DELETED = Text("match.employee_deleted", _("This employee was deleted here."))
ANEW = Text("match.anew", _("To be matched anew: {by} asked for it."))

# What waits until a person has decided.
NOT_MATCHED_ANEW = Text(
    "match.not_matched_anew",
    _("This employee's match in {system} was released, so nothing is written there."),
    remedy=_("Press Match anew under People, or confirm the record there: what waits goes out by itself then."),
    cause="match_released",
)
BOTH_STOPPED = Text(
    "match.both_stopped",
    _("Two employees here were matched to record {record} in {system}, so both matches were stopped."),
    remedy=_(
        "Confirm under People whose record it is, and press Match anew for the other one: what waits goes out by "
        "itself then."
    ),
    cause="match_stopped",
)

# -- of a connection, in its history

ON = Text("event.on", _("Send positions was switched on: changes from now on are sent."))
ON_WITH = {
    Start.CURRENT: Text(
        "event.on_with_current",
        _("Send positions was switched on: changes from now on are sent, and {number} current and upcoming positions."),
    ),
    Start.ALL: Text(
        "event.on_with_all",
        _("Send positions was switched on: changes from now on are sent, and all {number} positions."),
    ),
}
OFF = Text("event.off", _("Send positions was switched off: nothing is recorded any more."))
PAUSED = Text("event.paused", _("Paused: changes are recorded and go out on resume."))
RESUMED = Text("event.resumed", _("Resumed: what was waiting goes out now."))
OPTIONS = {
    "delete_positions": Label(_("Delete there too")),
    "move_periods": Label(_("Move on a changed start date")),
}
OPTION_ON = Text("event.option_on", _("“{option}” was switched on."))
OPTION_OFF = Text("event.option_off", _("“{option}” was switched off."))
CREDENTIALS = Text("event.credentials", _("The credentials were changed."))
ADDRESS = Text("event.address", _("The address was changed from {was} to {now}."))
STOPPED = Text("event.stopped", _("Stopped: {why}"))
RETRYING = Text("event.retrying", _("{system}: {why} It is tried again."))
RECOVERED = Text("event.recovered", _("{system} answers again."))
SOME_NEED_YOU = Text("event.warnings", _("Some positions need you: see the log."))
NOBODY_NEEDS_YOU = Text("event.healthy", _("No position needs you any more."))
CUTOFF_CHANGED = Text("event.cutoff_changed", _("The payroll cut-off was changed."))
CUTOFF_REMOVED = Text("event.cutoff_removed", _("The payroll cut-off was removed: what was held goes out now."))
CUTOFF_HELD = Text(
    "event.cutoff_held", _("Changes were saved after the cut-off of {cutoff}: they are held until {until}.")
)
CUTOFF_TAGGED = Text(
    "event.cutoff_tagged", _("Changes were saved after the cut-off of {cutoff}. They are sent at once, and marked.")
)
CUTOFF_OPENED = Text("event.cutoff_opened", _("The period opened: what was held since {cutoff} goes out."))
CUTOFF_SENT_ONE = Text("event.cutoff_sent_one", _("1 change that was held by the cut-off was sent all the same."))
CUTOFF_SENT = Text("event.cutoff_sent", _("{number} changes that were held by the cut-off were sent all the same."))
RESYNCED_ONE = Text("event.resynced_one", _("Re-sync: 1 position looked at again."))
RESYNCED = Text("event.resynced", _("Re-sync: {number} positions looked at again."))
