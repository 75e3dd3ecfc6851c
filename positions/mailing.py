"""Whether mails are sent here, where their links lead, and how many somebody may cause. Who writes and sends them is
above (`synclog.telling`)."""

from __future__ import annotations

import hashlib
import time

from django.conf import settings

from positions import rates

_NO_MAILS = "django.core.mail.backends.dummy.EmailBackend"


def are_sent() -> bool:
    """Whether the operator gave a mail server (EMAIL_URL)."""
    return bool(settings.EMAIL_BACKEND != _NO_MAILS)


def links_are_sent() -> bool:
    """Whether a mail that is nothing without its link can be sent."""
    return are_sent() and bool(site_address())


def site_address() -> str:
    """Where people reach this installation, as far as its settings say; "" when they do not. Never what a request says:
    whoever sends it chooses its Host."""
    if settings.PUBLIC_ADDRESS:
        return str(settings.PUBLIC_ADDRESS)
    if settings.CSRF_TRUSTED_ORIGINS:
        return str(settings.CSRF_TRUSTED_ORIGINS[0])
    hosts = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    return f"{'https' if settings.PRODUCTION else 'http'}://{hosts[0]}" if hosts else ""


def too_many(who: str, most: int, seconds: int) -> bool:
    """Counts one more mail that somebody causes: whether it is beyond so many in each of these stretches of time."""
    hashed = hashlib.sha256(who.encode()).hexdigest()[:32]
    return rates.hit(f"mails:{hashed}:{int(time.time() // seconds)}", seconds) > most
