"""Why nothing of a connection goes out now."""

from __future__ import annotations

from integrations.sdk.messages import Text
from integrations.sdk.messages import gettext_noop as _

OFF = Text("held.off", _("Send positions is switched off: it goes out when you switch it on."))
STOPPED = Text("held.stopped", _("The connection is stopped: {why} It goes out when that is mended."))
PAUSED = Text("held.paused", _("The connection was paused: it goes out on resume."))
PAUSED_BY = Text("held.paused_by", _("The connection was paused by {by}: it goes out on resume."))
