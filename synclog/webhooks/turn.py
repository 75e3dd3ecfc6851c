"""Sends what is due, in turns: one worker process at a time, whose threads post to many webhooks at once.

So webhooks take one process of all hosts at most, for some seconds at a time, however many of them hang; sync has the
others. One that is slow has few of the threads, one that fails has one of them: it delays nobody else's.

A delivery is claimed by nothing but the webhook's lease: a worker that dies between the post and its result leaves it
waiting, and it is sent again under the same id.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from positions.busy import is_busy
from positions.transactions import repeated
from synclog.engine import outgoing
from synclog.models import Webhook, WebhookDelivery
from synclog.webhooks import texts
from synclog.webhooks.outbox import ring
from synclog.webhooks.sending import Answer, Sender

logger = logging.getLogger("synclog.webhooks.turn")

SECONDS = 8.0  # after these nothing new is sent: whatever is left queues up behind the others
THREADS = 16
OF_ORGANIZATION = 8
OF_ONE = 4
PAGE = 50  # deliveries of one webhook that are read at a time
LOOK = 0.25  # seconds between looks for what has become due
LEASE = timedelta(seconds=45)  # longer than a turn and its last calls may take
IMPOSSIBLE = timedelta(minutes=5)  # ahead: the clock was set back
DOWN_AFTER = 3  # misses in a row, and the whole webhook waits
LONGEST_WAIT = 4  # steps of `backoff.STEPS`: an hour at most, then it is asked again whether it is back
PAUSE_AFTER = timedelta(days=5)

_RESULT = [
    "state", "attempts", "due_at", "first_failed_at", "tried_at", "status", "said", "answer", "milliseconds",
]  # fmt: skip


def due(now: datetime) -> QuerySet[WebhookDelivery]:
    ready = Webhook.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now), active=True, paused_at=None)
    return outgoing.due(WebhookDelivery.objects.filter(webhook__in=ready.values("pk")), now)


def look_after() -> None:
    """Every minute: rings for what nobody was rung for, was left by a worker that died, or has become due."""
    now = timezone.now()
    late = outgoing.tried_ahead(WebhookDelivery.objects.all(), now)
    if late.exists():
        Webhook.objects.filter(pk__in=late.values("webhook"), retry_at__gt=now).update(retry_at=now)
        late.update(due_at=now, tried_at=now)
    if due(now).exists():
        ring()


def take(seconds: float = SECONDS) -> None:
    """One turn, unless somebody else has it: whoever has it looks once more when it is over."""
    now = timezone.now()
    if Webhook.objects.filter(~_free(now)).exists() or not due(now).exists():
        return
    Turn(seconds).run()
    if due(timezone.now()).exists():
        ring()


def _free(now: datetime) -> Q:
    return Q(held_until=None) | Q(held_until__lte=now) | Q(held_until__gt=now + IMPOSSIBLE)


class Turn:
    """All SQL is this thread's; those of the pool post."""

    def __init__(self, seconds: float) -> None:
        self.owner = uuid.uuid4().hex
        self._end = time.monotonic() + seconds
        self._look_at = 0.0
        self._sender = Sender(private=settings.ALLOW_PRIVATE_TARGETS)
        self._webhooks: dict[int, Webhook] = {}  # that this turn holds
        self._pages: dict[int, deque[WebhookDelivery]] = {}
        self._flying: dict[Future[Answer], WebhookDelivery] = {}
        self._back: list[tuple[WebhookDelivery, Answer]] = []
        self._misses: Counter[int] = Counter()

    def run(self) -> None:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as pool:
            try:
                while self._step(pool):
                    pass
            finally:
                self._let_go()

    def _let_go(self) -> None:
        Webhook.objects.filter(held_by=self.owner).update(held_by="", held_until=None)

    def _step(self, pool: ThreadPoolExecutor) -> bool:
        """False: nothing is on its way any more."""
        if time.monotonic() < self._end:
            if not self._flying or time.monotonic() >= self._look_at:
                self._look()
            self._send(pool)
        if not (self._flying or self._back):
            return False
        if not self._flying:
            time.sleep(LOOK)  # for the database
        back, _ = wait(self._flying, timeout=LOOK, return_when=FIRST_COMPLETED)
        self._back += [(self._flying.pop(one), one.result()) for one in back]
        self._store()
        return True

    # -- what is due

    def _look(self) -> None:
        """Takes up webhooks that nobody holds, and reads on in those that it has."""
        self._look_at = time.monotonic() + LOOK
        now = timezone.now()
        until = now + LEASE
        theirs = due(now).filter(webhook=OuterRef("pk"))
        # What takes nothing comes last, however long it waits.
        found = Webhook.objects.filter(Exists(theirs)).order_by(F("failing_since").asc(nulls_first=True), "pk")
        for pk in [pk for pk in found.values_list("pk", flat=True) if not self._pages.get(pk)]:
            mine = Webhook.objects.filter(_free(now) | Q(held_by=self.owner), pk=pk)
            if mine.update(held_by=self.owner, held_until=until):
                self._webhooks[pk] = Webhook.objects.get(pk=pk)
                self._pages[pk] = deque(self._page(pk, now))

    def _page(self, pk: int, now: datetime) -> Iterable[WebhookDelivery]:
        in_hand = [one.pk for one in [*self._flying.values(), *(delivery for delivery, _ in self._back)]]
        found = due(now).filter(webhook=pk).exclude(pk__in=in_hand)
        return found.order_by("due_at", "pk")[:PAGE]

    def _send(self, pool: ThreadPoolExecutor) -> None:
        """In rounds, one of each webhook; whoever had its turn goes to the end, so that none waits for another's
        backlog."""
        of_webhook = Counter(one.webhook_id for one in self._flying.values())
        of_organization = Counter(self._webhooks[one.webhook_id].organization_id for one in self._flying.values())
        sent = True
        while sent:
            sent = False
            for pk in list(self._pages):
                webhook, page = self._webhooks[pk], self._pages[pk]
                few = 1 if webhook.failing_since or self._misses[pk] else OF_ONE
                if not page or of_webhook[pk] >= few or of_organization[webhook.organization_id] >= OF_ORGANIZATION:
                    continue
                if len(self._flying) >= THREADS:
                    return
                self._post(pool, webhook, page.popleft())
                self._pages[pk] = self._pages.pop(pk)
                of_webhook[pk] += 1
                of_organization[webhook.organization_id] += 1
                sent = True

    def _post(self, pool: ThreadPoolExecutor, webhook: Webhook, delivery: WebhookDelivery) -> None:
        flying = pool.submit(self._answer, webhook, delivery, webhook.signing(timezone.now()))
        self._flying[flying] = delivery

    def _answer(self, webhook: Webhook, delivery: WebhookDelivery, secrets: list[str]) -> Answer:
        try:
            return self._sender.post(webhook.url, delivery.message_id, delivery.body, secrets)
        except Exception:  # a mistake of ours keeps no other event waiting
            logger.exception("Delivery %s of webhook %s", delivery.pk, webhook.pk)
            return Answer(said=texts.MISTAKE())

    # -- what came of it

    def _store(self) -> None:
        """What is in the way of somebody who is saving is stored a moment later."""
        if not self._back:
            return
        try:
            _kept(self._back, {pk: self._misses[pk] for pk in self._webhooks})
        except OperationalError as error:
            if not is_busy(error) or time.monotonic() > self._end + LEASE.total_seconds():
                raise
            logger.warning("Results of webhooks wait for the database: %s", error)
            return
        back, self._back = self._back, []
        for delivery, answer in back:
            self._misses[delivery.webhook_id] = self._misses[delivery.webhook_id] + 1 if answer.down else 0
        for pk in {delivery.webhook_id for delivery, _ in back}:
            self._go_on(pk)

    def _go_on(self, pk: int) -> None:
        """With the webhook as it is now: paused, put off, changed or deleted ones are left."""
        now = timezone.now()
        found = Webhook.objects.filter(pk=pk).first()
        if found is None or not found.active or found.paused_at or (found.retry_at and found.retry_at > now):
            self._pages.pop(pk, None)
        if found is not None:
            self._webhooks[pk] = found


@repeated
def _kept(results: list[tuple[WebhookDelivery, Answer]], misses: dict[int, int]) -> None:
    """All of it in one transaction. `misses`: in a row, before these."""
    now = timezone.now()
    of_webhook: defaultdict[int, list[Answer]] = defaultdict(list)
    for delivery, answer in results:
        of_webhook[delivery.webhook_id].append(answer)
    rows = [_result(delivery, answer, now) for delivery, answer in results]
    WebhookDelivery.objects.bulk_update(rows, _RESULT)
    for webhook in Webhook.objects.select_for_update(of=("self",)).filter(pk__in=of_webhook).order_by("pk"):
        _judge(webhook, of_webhook[webhook.pk], misses.get(webhook.pk, 0), now)


def _result(of: WebhookDelivery, answer: Answer, now: datetime) -> WebhookDelivery:
    """As it is to be stored, apart from the one that it was read as: a transaction may be begun anew."""
    row = WebhookDelivery(pk=of.pk, attempts=of.attempts, due_at=of.due_at, first_failed_at=of.first_failed_at)
    row.status, row.answer, row.milliseconds = answer.status, answer.text, answer.milliseconds
    outgoing.tried(row, answer.said, now, wait=answer.wait)
    return row


def _judge(webhook: Webhook, answers: list[Answer], misses: int, now: datetime) -> None:
    """What these answers, in their order, mean for the webhook as a whole."""
    values: dict[str, Any] = {}
    for answer in answers:
        if answer.taken:
            misses = 0
            values |= {"failing_since": None, "retry_at": None, "retry_count": 0, "last_success_at": now}
            continue
        misses = misses + 1 if answer.down else 0
        values.setdefault("failing_since", webhook.failing_since)
        values["failing_since"] = values["failing_since"] or now
        count = values.get("retry_count", webhook.retry_count)
        if answer.down and (answer.wait is not None or count or misses >= DOWN_AFTER):
            values["retry_count"] = min(count + 1, 100)
            values["retry_at"] = now + outgoing.next_wait(answer.wait, min(count + 1, LONGEST_WAIT))
    Webhook.objects.filter(pk=webhook.pk).update(**values)
    since = values["failing_since"]
    if any(answer.gone for answer in answers):
        _pause(webhook, Webhook.Pause.GONE, now)
    elif since is not None and now - since >= PAUSE_AFTER:
        _pause(webhook, Webhook.Pause.FAILING, now)


def _pause(webhook: Webhook, cause: Webhook.Pause, now: datetime) -> None:
    """Told on its page, in the list, on the overview and in the audit trail, until somebody resumes it."""
    if webhook.paused_at is not None:
        return
    webhook.paused_at, webhook.paused_cause = now, cause
    webhook.save(update_fields=["paused_at", "paused_cause", "updated_at"])
    logger.warning("Webhook %s is paused: %s", webhook.pk, cause.value)
