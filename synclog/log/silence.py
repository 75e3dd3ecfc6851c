"""Whether anybody works at all, in words: every page, state and answer that would promise something asks here."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from synclog.engine.heartbeats import silent_for
from synclog.log import figures

# The sweep looks every minute: two without one mean that nobody works.
SILENCE = timedelta(minutes=2)


def silent() -> str:
    """How long no worker has looked for work, as a sentence that says what follows; "" while one does."""
    time = silent_for()
    if time is not None and time < SILENCE:
        return ""
    if time is None:
        return _("No worker has looked for work yet, so nothing is sent.")
    return _("No worker has looked for work for {time}, so nothing is sent.").format(time=_said(time))


def _said(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return figures.minutes(minutes)
    return figures.hours(minutes // 60) if minutes < 48 * 60 else figures.days(minutes // (24 * 60))
