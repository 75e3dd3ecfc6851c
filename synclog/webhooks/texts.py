"""Why an event was not taken, as the log of deliveries says it."""

from __future__ import annotations

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text

REFUSED = Text("webhook.refused", _("It was answered with {status}. Whatever is not 2xx counts as not taken."))
REDIRECTED = Text(
    "webhook.redirected",
    _("It was redirected ({status}), which is never followed."),
    remedy=_("Enter the address that it leads to."),
)
GONE = Text(
    "webhook.gone",
    _("It answered 410: the address is gone for good, so nothing more is sent to it."),
    remedy=_("Enter another address, or delete the webhook."),
)
NOT_REACHED = Text("webhook.not_reached", _("{host} could not be reached in time."))
NOT_ANSWERED = Text("webhook.not_answered", _("{host} did not answer in time."))
BROKE_OFF = Text("webhook.broke_off", _("The connection to {host} failed."))
PRIVATE = Text(
    "webhook.private",
    _("{host} is inside a private network or has no TLS, which the operator does not allow."),
    remedy=_("Enter an address on the public internet that starts with https://."),
)
MISTAKE = Text("webhook.mistake", _("Position Sync made a mistake with this event. It may have been sent."))
