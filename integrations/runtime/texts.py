"""What is said of calls that could not be made or kept, and of a test of a connection."""

from __future__ import annotations

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text
from integrations.sdk.params import Label

# -- of a run that ends early

STOPPED_BEFORE_FILED = Text(
    "runtime.stopped_before_filed", _("The worker stopped before this was filed."), next=_("It goes on by itself.")
)
RENEWED_MEANWHILE = Text(
    "runtime.renewed_meanwhile",
    _("The credentials or their token were renewed meanwhile."),
    next=_("It goes on by itself."),
)
TOKEN_BEING_RENEWED = Text(
    "runtime.token_being_renewed", _("Another process is still renewing this connection's token.")
)

# -- of a test of a connection

REQUIRED = Label(_("Credentials"))
IN_SETTINGS = Label(_("Settings of this connection"))
CARRIED_OUT = Label(_("The test was carried out"))
ANSWERS = Text("check.answers", _("{system} answers"))
MISSING = Text("check.missing", _("Missing: {settings:comma}."))
TOO_SLOW = Text("check.too_slow", _("{system} answers too slowly: the test was ended after {seconds} seconds."))
MISTAKE = Text(
    "check.mistake",
    _("Position Sync made a mistake while testing."),
    remedy=_("It is in the server's log; tell your operator."),
)

# -- of a folder

NO_FOLDERS = Text(
    "folder.none",
    _("Files cannot be put into folders here: the operator has not said where (EXPORT_ROOT)."),
    remedy=_("Leave this empty."),
)
NOT_A_NAME = Text("folder.name", _("Write a folder's name, for example crona, or several with / between them."))
TOO_LONG = Text("folder.too_long", _("This name has {number} characters; at most {most} can be used."))
LEADS_OUT = Text(
    "folder.leads_out",
    _("This folder leads out of the place that the operator has set aside for your organization."),
)
NO_PLACE = Text(
    "folder.no_place",
    _("The operator's place for files (EXPORT_ROOT) is not there."),
    remedy=_("Tell your operator."),
)
OF_THE_SERVER = Text("folder.of_the_server", "{words}.")
