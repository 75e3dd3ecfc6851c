"""Whether anybody works at all, in words: every page, state and answer that would promise something asks here."""

from __future__ import annotations

from datetime import timedelta

from synclog.engine.heartbeats import silent_for

# The sweep looks every minute: two without one mean that nobody works.
SILENCE = timedelta(minutes=2)


def silent() -> str:
    """How long no worker has looked for work, as a sentence that says what follows; "" while one does."""
    time = silent_for()
    if time is not None and time < SILENCE:
        return ""
    since = f"for {_said(time)}" if time is not None else "yet"
    return f"No worker has looked for work {since}, so nothing is sent."


def _said(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
