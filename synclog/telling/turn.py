"""Sends the mails that are due, one after the other.

A mail is claimed by putting off when it is due: whoever does has it for as long. A worker that dies meanwhile leaves it
to be sent then, under the same Message-ID: between the server's taking it and our writing that down, nothing but that
tells whether it went out.
"""

from __future__ import annotations

import logging
import smtplib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import QuerySet
from django.utils import timezone

from integrations.sdk.messages import Message
from positions import mailing
from synclog.engine import outgoing
from synclog.models import Mail, MailChoice
from synclog.telling import accounts, letters, texts
from synclog.telling.outbox import ring, topics_of

logger = logging.getLogger("synclog.telling.turn")

SECONDS = 8.0  # then others have their turn
CLAIM = timedelta(minutes=10)  # longer than a task may take
GIVE_UP_AFTER = timedelta(days=1)  # what it says is of a day
_RESULT = ["state", "attempts", "due_at", "first_failed_at", "tried_at", "said"]


class DownError(Exception):
    """The mail server: another mail would fare no better."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`said`: why it was not taken; None: it was."""

    said: Message | None
    for_good: bool = False
    down: bool = False


def look_after() -> None:
    """Every minute: rings for what nobody was rung for, was left by a worker that died, or has become due."""
    now = timezone.now()
    outgoing.tried_ahead(Mail.objects.all(), now).update(due_at=now, tried_at=now)
    if mailing.are_sent() and outgoing.due(Mail.objects.all(), now).exists():
        ring()


def take(seconds: float = SECONDS) -> None:
    """One turn; whoever takes another beside it has other mails."""
    end = time.monotonic() + seconds
    server = get_connection()
    try:
        while mail := _claimed():
            _send(server, mail)
            if time.monotonic() > end:
                ring()
                return
    except DownError:
        pass  # the minute's look tries the others
    finally:
        _close(server)


def _claimed() -> Mail | None:
    now = timezone.now()
    for mail in _rows(now):
        mine = Mail.objects.filter(pk=mail.pk, state__in=Mail.ACTIVE, due_at=mail.due_at)
        if mine.update(due_at=now + CLAIM, tried_at=now):
            return mail
    return None


def _rows(now: datetime) -> QuerySet[Mail]:
    rows = outgoing.due(Mail.objects.all(), now)
    related = (
        "member__user", "member__organization", "member__mail_choice", "integration__organization", "user"
    )  # fmt: skip
    return rows.select_related(*related).defer("integration__vault").order_by("due_at", "pk")[:50]


def _send(server: BaseEmailBackend, mail: Mail) -> None:
    """Raises DownError, with the result stored."""
    if not _wanted(mail):
        mail.delete()
        return
    answer = _posted(server, mail)
    if answer.said is not None:
        _close(server)
    patience = timedelta() if answer.for_good else GIVE_UP_AFTER
    outgoing.tried(mail, answer.said, timezone.now(), give_up_after=patience)
    # Its member may have left meanwhile, and the row with them.
    Mail.objects.filter(pk=mail.pk).update(**{name: getattr(mail, name) for name in _RESULT})
    if answer.down:
        raise DownError


def _posted(server: BaseEmailBackend, mail: Mail) -> Answer:
    """What the log keeps of a refusal is its kind: its words may repeat the address."""
    try:
        letter = letters.written(mail)
        if not all(letter.to):
            return Answer(texts.NO_ADDRESS(), for_good=True)
        server.open()
        server.send_messages([letter])
    except smtplib.SMTPRecipientsRefused as error:
        return _refused(max((code for code, _ in error.recipients.values()), default=0))
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code)
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("Mail %s waits: the mail server failed with %s", mail.pk, type(error).__name__)
        return Answer(texts.NOT_REACHED(), down=True)
    except Exception as error:  # a mistake of ours keeps no other mail waiting
        logger.error("Mail %s could not be written: %s", mail.pk, type(error).__name__)
        return Answer(texts.MISTAKE(), for_good=True)
    return Answer(None)


def _refused(status: int) -> Answer:
    """4xx is of the moment, 5xx for good (RFC 5321, 4.2.1)."""
    return Answer(texts.REFUSED(status=status), for_good=status >= 500)


def _wanted(mail: Mail) -> bool:
    """Whether the member may still sign in, and has not chosen otherwise since; whether the link is still good."""
    if mail.member is None:
        return accounts.link_of(mail) is not None
    if not mail.member.user.is_active:
        return False
    if mail.topic != Mail.DIGEST:
        return mail.topic in topics_of(mail.member)
    choice = getattr(mail.member, "mail_choice", None)
    return choice is not None and choice.digest != MailChoice.Digest.NEVER


def _close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (smtplib.SMTPException, OSError):
        logger.warning("The mail server did not say goodbye")
