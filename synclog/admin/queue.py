"""The operators' page of the queue: who looks for work, what waits, what runs by itself, what broke off. Read only.

django-q2's own pages are taken away: whoever may write a schedule there may have the worker run any function.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django_q.admin  # noqa: F401  # registers what is unregistered below
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django_q.brokers import get_broker
from django_q.models import Failure, OrmQ, Schedule, Success
from django_q.signing import BadSignature, SignedPackage

from positions import mailing, roles
from synclog.models import Heartbeat, Mail
from synclog.queue.broker import no_answer
from synclog.queue.payloads import ALLOWED

for model in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(model):  # the messages are no table where Redis carries them
        admin.site.unregister(model)

SHOWN = 50
NOT_OURS = gettext_lazy("None of ours: it is not run")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that no worker has taken yet, or that one has in hand until `again` (it comes back then)."""

    what: Any
    since: datetime | None
    again: datetime | None


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    if not roles.is_operator(request.user):
        raise PermissionDenied
    context = {
        **admin.site.each_context(request),
        "title": _("Queue"),
        "workers": Heartbeat.objects.order_by("-seen_at")[:SHOWN],
        "size": _size(),
        "waiting": list(_waiting()),
        "schedules": [
            (row, "" if row.func in ALLOWED else NOT_OURS) for row in Schedule.objects.order_by("next_run")[:SHOWN]
        ],
        "failures": [
            (row.func, row.stopped, str(row.result or "").strip().splitlines()[-1:])
            for row in Failure.objects.order_by("-stopped")[:SHOWN]
        ],
        "mails_are_sent": mailing.are_sent(),
        "mails": [(Mail.State(state).label, number) for state, number in _mails()],
        "refused": Mail.objects.exclude(said=[]).exclude(state=Mail.State.DELIVERED).order_by("-tried_at").first(),
        "shown": SHOWN,
    }
    return TemplateResponse(request, "admin/synclog/queue.html", context)


def _mails() -> QuerySet[Mail, tuple[str, int]]:
    """How many there are of each state."""
    return Mail.objects.order_by("state").values_list("state").annotate(number=Count("pk"))


def _size() -> int | None:
    """None: the broker does not answer."""
    try:
        return int(get_broker().queue_size())
    except no_answer():
        return None


def _waiting() -> Iterator[Waiting]:
    now = timezone.now()
    for row in OrmQ.objects.order_by("pk")[:SHOWN]:
        held = row.lock if row.lock and row.lock > now else None
        try:
            task: dict[str, Any] = SignedPackage.loads(row.payload)
        except (BadSignature, TypeError, ValueError):
            yield Waiting(NOT_OURS, None, held)
            continue
        yield Waiting(f"{task['func']}{tuple(task['args'])}", task["started"], held)


urlpatterns = [path("", admin.site.admin_view(queue), name="synclog_queue")]
