"""Whether mails are sent here, where their links lead, and how many somebody may cause. Who writes and sends them is
above (`synclog.telling`)."""

from __future__ import annotations

import hashlib
import re
import time

from django.conf import settings

from positions import rates
from positions.hosts import elsewhere

_NO_MAILS = "django.core.mail.backends.dummy.EmailBackend"


def are_sent() -> bool:
    """Whether the operator gave a mail server (EMAIL_URL)."""
    return bool(settings.EMAIL_BACKEND != _NO_MAILS)


def links_are_sent() -> bool:
    """Whether a mail that is nothing without its link can be sent."""
    return are_sent() and bool(site_address())


def site_address() -> str:
    """Where people reach this installation, as far as its settings say; "" when they do not: a pattern of hosts or this
    machine's own name leads nobody there. Never what a request says: whoever sends it chooses its Host."""
    if settings.PUBLIC_ADDRESS:
        return str(settings.PUBLIC_ADDRESS)
    scheme = "https" if settings.PRODUCTION else "http"
    hosts = [f"{scheme}://{host}" for host in settings.ALLOWED_HOSTS if not host.startswith(".")]
    known = [*settings.CSRF_TRUSTED_ORIGINS, *hosts]
    return next((origin for origin in known if "*" not in origin and elsewhere(origin)), "")


def too_many(who: str, most: int, seconds: int) -> bool:
    """Counts one more mail that somebody causes: whether it is beyond so many in each of these stretches of time. While
    mails cannot be counted, each is one too many."""
    hashed = hashlib.sha256(who.encode()).hexdigest()[:32]
    return not 0 < rates.hit(f"mails:{hashed}:{int(time.time() // seconds)}", seconds) <= most


def unlinked(name: str) -> str:
    """A name that an organization gave itself, for a mail to people who are not of it: nothing in it becomes a link or
    an address in whatever shows the mail."""
    return re.sub(r"(://|@)|(?<=\w)\.(?=\w\w)", lambda found: " " if found[1] else ". ", name)
