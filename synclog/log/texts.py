"""Why nothing of a connection, or of an employee in it, goes out now."""

from __future__ import annotations

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text

OFF = Text(
    "held.off", _("Send positions is switched off: nothing is sent. What is saved from when you switch it on goes out.")
)
STOPPED = Text("held.stopped", _("The connection is stopped: {why} It goes out when that is mended."))
PAUSED = Text("held.paused", _("The connection was paused: it goes out on resume."))
PAUSED_BY = Text("held.paused_by", _("The connection was paused by {by}: it goes out on resume."))
NOBODY_YET = Text(
    "unmatched.nobody_yet",
    _("Nobody in {connection} is matched with this employee yet. They are looked for when a position is sent."),
    remedy=_("Make sure that payroll has the person by then, with the same number: nobody is added to it from here."),
)
