"""What a report of `manage.py verify` says."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.sdk.confirming import Act
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text
from integrations.sdk.params import Label

# -- what is to be so in every system

BASICS: Mapping[Act, Label] = {
    Act.SIGN_IN: Label(_("The credentials are taken, and each right is there.")),
    Act.MATCH: Label(_("The test person is found, and by each mark that the record there shows.")),
    Act.NOBODY: Label(_("Somebody who is not there is not found, and nothing else is made of it.")),
    Act.EVERYBODY: Label(_("The list of everybody can be read to its end.")),
    Act.AGREES: Label(_("The list shows the same of the test person as their own record.")),
    Act.OCCUPATIONS: Label(_("The list of occupations can be read.")),
    Act.CREATE: Label(_("A position can be made there, and is found again.")),
    Act.AGAIN: Label(_("The same position once more writes nothing.")),
    Act.CHANGE: Label(_("What is changed is changed there.")),
    Act.MOVE: Label(_("Another start date moves the period there.")),
    Act.BY_DAY: Label(_("A change that counts from a day is there from that day on.")),
    Act.CLEAR: Label(_("What is emptied is empty there.")),
    Act.END: Label(_("A position can be ended there.")),
    Act.REOPEN: Label(_("An end can be taken away there.")),
    Act.DELETE: Label(_("A position can be deleted there, and is no longer read.")),
    Act.RESTORE: Label(_("The record is given back what it held before.")),
    Act.FILE: Label(_("A file with the test person can be made.")),
}
ROUND_TRIP = Text("verify.round_trip", _("“{field}” is shown as it was sent."))

# -- how it was looked at

HOW: Mapping[Act, Label] = {
    Act.SIGN_IN: Label(_("by the test of the connection")),
    Act.MATCH: Label(_("by looking for the test person")),
    Act.NOBODY: Label(_("by looking for a number that nobody has")),
    Act.EVERYBODY: Label(_("by reading everybody")),
    Act.AGREES: Label(_("by reading the test person twice")),
    Act.OCCUPATIONS: Label(_("by reading the list")),
    Act.CREATE: Label(_("by making a position and reading it")),
    Act.AGAIN: Label(_("by sending it twice")),
    Act.CHANGE: Label(_("by changing it and reading it")),
    Act.STALE: Label(_("by a change that knows an older version only")),
    Act.OVERLAP: Label(_("by sending a second period on the same days")),
    Act.MOVE: Label(_("by changing the start date and reading it")),
    Act.BY_DAY: Label(_("by a change on a day of the position")),
    Act.CLEAR: Label(_("by emptying it and reading it")),
    Act.END: Label(_("by ending it and reading it")),
    Act.REOPEN: Label(_("by taking the end away and reading it")),
    Act.DELETE: Label(_("by deleting it and reading what is left")),
    Act.RESTORE: Label(_("by writing back what was there")),
    Act.FILE: Label(_("by making a file")),
    Act.BY_HAND: Label(_("by hand: look in the system itself")),
}

# -- what was found

IT_SAYS = Text("verify.it_says", "{what}: {found}")
THEIR_WORDS = Text("verify.their_words", _("It said: {words}"))
TESTS = Text("verify.tests", _("Tests that went well: {number}."))
FOUND_BY = Text("verify.found_by", _("Found by {marks:comma}."))
NOT_FOUND_BY = Text("verify.not_found_by", _("The record there shows this {mark}, but no search by it finds it."))
FOUND_SOMEBODY = Text("verify.found_somebody", _("A search for a number that nobody has found a record."))
COUNTED = Text("verify.counted", _("Employees: {number}."))
UNREADABLE = Text("verify.unreadable", _("Of {all} employees, records that cannot be read: {number} ({cause})."))
NOT_IN_LIST = Text(
    "verify.not_in_list", _("The test person is found by a search, but is not among the {number} in the list.")
)
LIST_DIFFERS = Text("verify.list_differs", _("The list and the record differ in {fields:comma}."))
NO_CODES = Text("verify.no_codes", _("The list is empty."))
CODES = Text("verify.codes", _("Occupations: {number}."))
BROKE_DOWN = Text("verify.broke_down", _("Our own code broke down over an answer ({kind})."))
NOT_WRITTEN = Text("verify.not_written", _("Nothing was written: {said}"))
NOT_THERE = Text("verify.not_there", _("It was accepted, but the record is not there."))
STILL_THERE = Text("verify.still_there", _("It was accepted, but the record is still there."))
OTHERWISE = Text("verify.otherwise", _("{act}: “{sent}” was sent, “{shown}” is shown."))
WARNED = Text("verify.warned", "{act}: {said}")
WROTE_AGAIN = Text("verify.wrote_again", _("It was written once more: {fields:comma}."))
ACCEPTED = Text("verify.accepted", _("It was accepted."))
REFUSED = Text("verify.refused", _("Refused: {said}"))
RECORD = Text("verify.record", _("Record {record}."))
SHOWN_AFTER = Text("verify.shown_after", _("Shown after {acts:comma}."))
ENDED_TODAY = Text("verify.ended_today", _("There was nothing before: what was made ends today."))

# -- why not

ASKS_FOR_WRITE = Text("verify.asks_for_write", _("Not without --write."))
ASKS_FOR_PERSON = Text("verify.asks_for_person", _("Not without --employee."))
ASKS_FOR_FILE = Text("verify.asks_for_file", _("Not without --file."))
NOT_REACHED = Text("verify.not_reached", _("Something that it builds on did not go well."))
SWITCHED_OFF = Text("verify.switched_off", _("This connection's settings do not send it."))
NO_VALUE = Text("verify.no_value", _("No value to try it with: give one by --value {field}=…"))
NOT_SHOWN = Text("verify.not_shown", _("It was accepted; the system does not show it."))
STAYS = Text("verify.stays", _("The record holds a value already, which is left as it is."))
OPEN_PERIOD = Text(
    "verify.open_period", _("The test person has a period without an end there ({period}): end it first.")
)

# -- what is left there

LEFT_PERIOD = Text("verify.left_period", _("A period {period}: remove it there by hand."))
LEFT_RECORD = Text("verify.left_record", _("Record {record}: remove it there by hand."))
LEFT_BESIDE = Text(
    "verify.left_beside",
    _("Written to the employee too, and what was there before is not known: {fields:comma}. Look at it there by hand."),
)
LEFT_FIELD = Text("verify.left_field", _("“{field}” was “{before}” and is “{now}”: put it right there by hand."))
