"""What a run goes through, as the log lists it: the titles of the lines of a trace."""

from __future__ import annotations

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text

REQUIRED_FIELDS = Text("step.required_fields", _("Required fields"))
MATCHED = Text("step.matched", _("Employee matched"))
MATCHED_BY = Text("step.matched_by", _("Employee matched by {by}"))
READ = Text("step.read", _("Read there"))
COMPARED_WITH_LIST = Text("step.compared_with_list", _("Compared with the list of everybody of {time}"))
READ_SINCE_LIST = Text("step.read_since_list", _("Read there, changed since the list of everybody of {time}"))
CHANGED_MEANWHILE = Text("step.changed_meanwhile", _("Changed there meanwhile"))
PLANNED = Text("step.planned", _("Planned"))
PERIOD_MATCHED = Text("step.period_matched", _("Period matched"))
SENT = Text("step.sent", _("{action:cap} sent"))
ACCEPTED = Text("step.accepted", _("{action:cap} accepted"))
ACCEPTED_THERE = Text("step.accepted_there", _("Accepted there"))
REFUSED = Text("step.refused", _("{action:cap} refused"))
ANSWERED = Text("step.answered", _("Answered there"))
WRITTEN_TO_RECORD = Text("step.written_to_record", _("Written to record {record}"))

# The details beside them.
ALL_THERE = Text("step.all_there", _("All there"))
NOTHING_YET = Text("step.nothing_yet", _("Nothing there yet"))
ONE_PERIOD = Text("step.one_period", _("1 period"))
PERIODS = Text("step.periods", _("{number} periods"))
STARTS = Text("step.starts", _("Starts {start} there"))
NO_ANSWER = Text("step.no_answer", _("No answer came; the next try reads first and adopts what it finds."))
READING_AGAIN = Text("step.reading_again", _("{what} Reading again."))
FOUND = Text("step.found", "{record}")
THEIR_WORDS = Text("step.their_words", "{words}")
RECORD = Text("step.record", _("Record {record}"))
EARLIER_WRITE = Text("step.earlier_write", _("{title}: record {record}, last written {moment}"))
EARLIER_WRITE_FROM = Text("step.earlier_write_from", _("{title} from {start}: record {record}, last written {moment}"))

# Those that every write goes through, in their order; a trace that ends early names the rest as not reached.
WAY = (REQUIRED_FIELDS, MATCHED, PERIOD_MATCHED, ACCEPTED_THERE)
# Where on it a run was that failed at this step.
REACHED = {
    REQUIRED_FIELDS.id: 0,
    MATCHED.id: 1,
    PLANNED.id: 2,  # refused while planning: everything up to the period was looked at
    PERIOD_MATCHED.id: 2,
}
