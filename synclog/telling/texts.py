"""Why a mail was not taken, as operators see it on the queue's page."""

from __future__ import annotations

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text

NO_ADDRESS = Text("mail.no_address", _("The user has no e-mail address."))
NOT_REACHED = Text(
    "mail.not_reached",
    _("The mail server could not be reached, or refused to talk to us."),
    next=_("It is tried again."),
)
REFUSED = Text("mail.refused", _("The mail server refused it with {status}."))
MISTAKE = Text("mail.mistake", _("Position Sync made a mistake with this mail. The server's log says more."))
