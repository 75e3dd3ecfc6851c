"""What is said of a question that a worker answers: a preview above all."""

from __future__ import annotations

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text

TOO_MANY = Text(
    "question.too_many",
    _("{number} tests and previews of this organization are under way."),
    remedy=_("Wait until one of them is finished: each takes half a minute at most."),
)

# -- of a preview: why nothing could be tried

GONE = Text("preview.gone", _("It was deleted meanwhile."))
NOT_TAKEN = Text("preview.not_taken", _("{why} Nothing of it is sent there."))
NOT_CONNECTED = Text(
    "preview.not_connected",
    _("{connection} is not connected. Credentials or required settings are missing."),
    remedy=_("Fill them in under the connection's Settings."),
)
TOO_SLOW = Text("preview.too_slow", _("It answers too slowly: the preview was ended after {seconds} seconds."))
MISTAKE = Text(
    "preview.mistake",
    _("Position Sync made a mistake."),
    remedy=_("It is in the server's log; tell your operator."),
)
NOTHING = Text("preview.nothing", _("Nothing would be sent: there is nothing to do for this position."))

# -- of everything compared: why it cannot be, or ended early

CANNOT_BE_SEEN = Text("drift.cannot_be_seen", _("{why} So nothing can be compared."))
CHECK_UNDER_WAY = Text(
    "drift.under_way", _("Everything is being compared already."), remedy=_("Wait until it is through, or cancel it.")
)
CHECK_STOPPED = Text("drift.stopped", _("The connection is stopped: {why} Compare once that is mended."))
CHECK_PAUSED = Text("drift.paused", _("The connection was paused."), remedy=_("Resume it, then compare."))
LESS_AGREES = Text("event.less_agrees", _("Everything was compared: {differing} of {total} differ, more than before."))
TOO_OLD = Text(
    "drift.too_old",
    _("Reading everybody in {system} took so long that what was read first was too old, three times."),
    remedy=_("Compare when less is going on there: at night, or while nothing waits to be sent."),
    cause="target_unavailable",
)

# -- of a preview of everything

WOULD_BE_HELD = Text(
    "preview.would_be_held", _("What is saved now is held until {until} because of the payroll cut-off.")
)
PREVIEW_UNDER_WAY = Text(
    "forecast.under_way", _("A preview is under way already."), remedy=_("Wait until it is through, or cancel it.")
)
PREVIEW_STOPPED = Text("forecast.stopped", _("The connection is stopped: {why} Preview once that is mended."))
PREVIEW_PAUSED = Text("forecast.paused", _("The connection was paused."), remedy=_("Resume it, then preview."))
