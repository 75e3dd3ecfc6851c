"""The demo sends no mail: it keeps each in a folder (DEMO_MAILS) and shows them on a page, to each person their own."""

from __future__ import annotations

import email
import email.policy
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage as Parsed
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.contrib import admin
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from positions import moments, roles

SHOWN = 50
_KEPT = 500


class Backend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.DEMO_MAILS)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            with open(folder / f"{time.time_ns()}.eml", "xb", opener=lambda p, f: os.open(p, f, 0o600)) as file:
                file.write(message.message().as_bytes())
        for old in sorted(folder.glob("*.eml"))[:-_KEPT]:
            old.unlink(missing_ok=True)
        return len(email_messages)


@dataclass(frozen=True, slots=True)
class Kept:
    to: str
    subject: str
    at: str
    lines: list[str]


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Mails of the demo"),
        "mails": list(_shown(request)),
        "shown": SHOWN,
    }
    return TemplateResponse(request, "admin/demo_mails.html", context)


def _shown(request: HttpRequest) -> Iterator[Kept]:
    """The newest first. Operators see everybody's."""
    own = None if roles.is_operator(request.user) else request.user.email  # type: ignore[union-attr]
    zone = next((o.zone for o in roles.organizations_of(request.user)[:1]), None)
    left = SHOWN
    for file in sorted(Path(settings.DEMO_MAILS).glob("*.eml"), reverse=True):
        kept: Parsed = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        body = kept.get_body(("plain",))
        if own in (None, str(kept["To"])) and body is not None and left:
            left -= 1
            at = parsedate_to_datetime(str(kept["Date"]))
            said = moments.clock(at, zone) if zone else str(kept["Date"])
            yield Kept(str(kept["To"]), str(kept["Subject"]), said, body.get_content().splitlines())
