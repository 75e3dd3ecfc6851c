"""What Xledger's connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

# -- of the token and its limits

_NEW_TOKEN = _(
    "Make a new token under Xledger > Administration > System Access > GraphQL > API tokens, tick Employee (read, "
    "write), Object Value (read) and System Value (read), and enter it in this connection."
)
TOKEN_REFUSED = Text(
    "xledger.token_refused",
    _("Xledger refused our token: it was revoked, has expired, or lacks a right."),
    remedy=_NEW_TOKEN,
    setting="token",
)
RIGHT_MISSING = Text(
    "xledger.right_missing", _("Xledger says that our token lacks a right."), remedy=_NEW_TOKEN, setting="token"
)
PAGE_INSTEAD = Text(
    "xledger.page_instead",
    _(
        "A page answered instead of Xledger's data: something else is at this address, or Xledger does not take the "
        "token."
    ),
    remedy=_(
        "Check the address of this connection. If it is right, make a new token under Xledger > Administration > "
        "System Access > GraphQL > API tokens, and enter it in this connection."
    ),
    setting="token",
)
NO_TOKEN = Text(
    "xledger.no_token",
    _("Xledger does not take what is entered as a token."),
    remedy=_(
        "Enter the token alone, without the word “token” and without quotes. Make a new token under Xledger > "
        "Administration > System Access > GraphQL > API tokens, tick Employee (read, write), Object Value (read) and "
        "System Value (read), and enter it in this connection."
    ),
    setting="token",
)
BURST = Text("xledger.burst", _("Too many requests to Xledger in 5 seconds."))
CONCURRENCY = Text("xledger.concurrency", _("Too many requests to Xledger at the same time."))
CREDITS = Text("xledger.credits", _("The credits of this Xledger token are used up for now."))

# -- of a call

TOOK_TOO_LONG = Text(
    "xledger.took_too_long",
    _("Xledger took too long and gave up."),
    next=_("Nothing to do: it is tried again."),
)
NOT_CARRIED_OUT = Text(
    "xledger.not_carried_out",
    _("Xledger could not carry out the request."),
    next=_("Nothing to do: it is tried again."),
)
NOT_CONFIRMED = Text(
    "xledger.not_confirmed",
    _("Xledger did not confirm the change."),
    next=_("Nothing to do: it is read and compared again."),
)
INTERFACE_CHANGED = Text(
    "xledger.interface_changed",
    _("Xledger did not understand what we sent: its interface may have changed."),
    remedy=_("This is not a fault of your data: report it with the words below."),
    cause="interface_changed",
)

# -- of the data

EMPLOYEE_LEFT = Text(
    "xledger.employee_left",
    _("This employee is no longer in Xledger."),
    remedy=_("Add the employee there, or correct the employee number here, then press Re-sync."),
)
VALUE_REFUSED = Text(
    "xledger.value_refused",
    _("Xledger does not find a value of {what} in its lists."),
    remedy=_("Add or open it there, or choose another one here, then press Re-sync."),
    cause="value_missing",
)
VALUE_MISSING = Text(
    "xledger.value_missing",
    _("Xledger has no open value “{value}” for {field:lower}."),
    remedy=_("Add it there, or choose another one {where}, then press Re-sync."),
    cause="value_missing",
)
IN_SETTINGS = Label(_("in the connection's settings"))
ON_POSITION = Label(_("on the position here"))
VALUE_TWICE = Text(
    "xledger.value_twice",
    _("Xledger has {number} values “{value}” for {field:lower} (codes {codes:comma}), and we never guess."),
    remedy=_("Close or rename all but one there, then press Re-sync."),
    cause="value_not_unique",
)
_ONE_KIND = _(
    "Enter the right number under {setting} in the connection's settings (Test connection lists them), then press "
    "Re-sync."
)
NO_KIND = Text(
    "xledger.no_kind", _("Xledger has no object kind called “{name}”."), remedy=_ONE_KIND, cause="list_missing"
)
SEVERAL_KINDS = Text(
    "xledger.several_kinds",
    _("Xledger has more than one object kind called “{name}”."),
    remedy=_ONE_KIND,
    cause="list_missing",
)
_ONE_MANAGER = _(
    "Correct it there, choose another manager here, or switch the manager off in the connection's settings, then press "
    "Re-sync."
)
NO_MANAGER = Text(
    "xledger.no_manager",
    _("No open employee in Xledger has the manager's employee number {number}."),
    remedy=_ONE_MANAGER,
    cause="value_missing",
    field="manager",
)
SEVERAL_MANAGERS = Text(
    "xledger.several_managers",
    _("More than one employee in Xledger has the manager's employee number {number}."),
    remedy=_ONE_MANAGER,
    cause="value_not_unique",
    field="manager",
)

# -- of what a write left there

ON_THE_EMPLOYEE = Label(_("on the employee in Xledger"))
REASON_STAYS = Text(
    "xledger.reason_stays",
    _(
        "The employment has no end in Xledger, but still the exit reason “{reason}”, which cannot be cleared from "
        "outside."
    ),
    remedy=_("Clear it on the employee in Xledger by hand."),
    field="end_reason",
)

# -- of a test of the connection

TOKENS_PLACE = Label(_("Xledger > Administration > System Access > GraphQL > API tokens"))
TAKEN = Text("xledger.taken", _("Xledger takes the token."))
TAKEN_FOR = Text("xledger.taken_for", _("The token belongs to entity {entity}."))
READING = Label(_("Read employees (scope Employee, read)"))
READING_PLACE = Label(_("Xledger > Administration > System Access > GraphQL > API tokens: tick Employee, read"))
WRITING = Label(_("Change employees (scope Employee, write)"))
WRITING_PLACE = Label(_("Xledger > Administration > System Access > GraphQL > API tokens: tick Employee, write"))
UPDATE_MISSING = Text("xledger.update_missing", _("Xledger does not offer updateEmployees to this token."))
UPDATE_OFFERED = Text(
    "xledger.update_offered",
    _(
        "Xledger offers updateEmployees. Whether the token may use it shows with the first change: nothing is changed "
        "to try it."
    ),
)
LOOKING_UP = Label(_("Look up values (scope Object Value, read)"))
LOOKING_UP_PLACE = Label(_("Xledger > Administration > System Access > GraphQL > API tokens: tick Object Value, read"))
KIND = Text("xledger.kind", "{name} ({number})")
KINDS = Text("xledger.kinds", _("Object kinds there: {kinds:comma}."))
NONE = Label(_("none"))
NO_KINDS_NEEDED = Text(
    "xledger.no_kinds_needed", _("Xledger lists no object kinds to this token; the settings name none.")
)
LIST_FOR = Text("xledger.list_for", _("List for {field:lower}"))
OPEN_VALUES = Text("xledger.open_values", _("{number} open values."))
CODES_MISSING = Text(
    "xledger.codes_missing",
    _("These codes of the settings are not among its {number} open values: {codes:comma}."),
)
TRANSLATION_PLACE = Label(_("This connection > Settings > Translation"))
CURRENT_ONLY = Label(_("Current position only"))
HISTORY_OFFERED = Text(
    "xledger.history_offered",
    _("Xledger now also offers {names:comma}, which Position Sync does not use yet: tell us."),
)
NO_HISTORY = Text("xledger.no_history", _("Xledger offers no way to write positions with their history."))
ONE_SOURCE = Text("xledger.one_source", _("One source for {object}"))
TWO_SOURCES = Text("xledger.two_sources", _("Both the department and the cost centre are sent to {object}."))

# -- a value that cannot be given as Xledger takes it: "Department: …"
BOTH_TO_ONE = Text(
    "xledger.both_to_one",
    _("this connection sends both the department and the cost centre to {kind}."),
    remedy=_("Choose different ones in the connection's settings."),
)
KIND_NOT_CHOSEN = Text(
    "xledger.kind_not_chosen",
    _("choose in the connection's settings in which object kind Xledger keeps it."),
    complete=True,
)
