"""Calls to a target that a person waits for, made by a worker: no page and no answer of the API hangs on a target.

Whoever asks waits for a moment; after that the page shows how far it is. A few at a time for each organization may be
open, and one is worked on, so that a target that answers slowly costs its own organization's people alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from integrations.models import Integration
from integrations.runtime import occupations, opening
from integrations.sdk.messages import Message
from integrations.sdk.values import CheckLine
from synclog.engine.lease import ready_integrations
from synclog.engine.notify import wake
from synclog.engine.shares import LONGEST, all_at_work, left_waiting, may_take
from synclog.models import Batch, DriftCheck, Forecast, Job, Question
from synclog.models.walk import Walk
from synclog.questions import checks, forecasts, preview, previews_of_many, texts, walks

OPEN_AT_ONCE = 3  # of each organization
WAIT = 3.0  # seconds that a page or the API waits before it shows progress
LOOK_EVERY = 0.1
FORGET_AFTER = timedelta(hours=1)
REGISTERS_AT_ONCE = 20
HAND_ON = 0.5  # seconds, before another process is rung for
_BY_ITSELF = (
    Question.Kind.BATCH,
    Question.Kind.REGISTER,
    Question.Kind.DRIFT,
    Question.Kind.FORECAST,
)  # no person waits for these


class TooManyError(Exception):
    """The organization has enough open: `said` tells people so."""

    def __init__(self, said: Message) -> None:
        super().__init__(said)
        self.said = said


def ask_check(integration: Integration, by: str) -> Question:
    """*Test connection*. Raises TooManyError."""
    return _ask(Question(integration=integration, kind=Question.Kind.CHECK, asked_by=by))


def ask_preview(integration: Integration, job: Job, by: str) -> Question:
    """What would be sent for `job`, an entry of the log or one that was made for this question. Raises TooManyError."""
    return _ask(
        Question(
            integration=integration,
            kind=Question.Kind.PREVIEW,
            employee_key=job.employee_key,
            position_key=job.position_key,
            job_key=job.pk or 0,
            asked_by=by,
        )
    )


def _ask(question: Question) -> Question:
    question.organization_id = question.integration.organization_id
    with transaction.atomic():
        waited_for = _open(question.organization_id).exclude(kind__in=_BY_ITSELF)
        if waited_for.count() >= OPEN_AT_ONCE:
            raise TooManyError(texts.TOO_MANY(number=OPEN_AT_ONCE))
        question.save()
        transaction.on_commit(lambda: ring(question))
    return question


def ask_of_many(pk: int) -> None:
    """Some previews of a batch, unless they are asked for already: in line behind what people wait for."""
    with transaction.atomic():
        asked = Batch.objects.select_for_update(of=("self",)).filter(pk=pk, done_at=None).first()
        if asked is None or asked.integration is None:
            return
        if _open(asked.integration.organization_id).filter(batch=asked).exists():
            return
        question = Question.objects.create(
            organization_id=asked.integration.organization_id, integration=asked.integration,
            kind=Question.Kind.BATCH, batch=asked, asked_by=asked.by,
        )  # fmt: skip
        transaction.on_commit(lambda: ring(question))


def ask_for_registers() -> None:
    """For the lists of occupation codes that are to be fetched, one at a time for each organization: nobody waits for
    them."""
    asked = Question.objects.filter(kind=Question.Kind.REGISTER, done_at=None).values("organization")
    due = occupations.due().filter(ready_integrations()).exclude(organization__in=asked)
    for integration in {one.organization_id: one for one in due[:REGISTERS_AT_ONCE]}.values():
        question = Question.objects.create(
            organization_id=integration.organization_id, integration=integration, kind=Question.Kind.REGISTER
        )
        ring(question)


def compare_everything(integration: Integration, by: str, origin: str = DriftCheck.Origin.PERSON) -> DriftCheck:
    """Begins a check. Raises `walks.NotPossibleError`."""
    made = checks.begin(integration, by, origin)
    ask_to_go_on(made)
    return made


def preview_start(integration: Integration, by: str) -> Forecast:
    """Begins to find out what would be sent if it were switched on. Raises `walks.NotPossibleError`."""
    made = forecasts.begin(integration, by)
    ask_to_go_on(made)
    return made


def preview_settings(
    integration: Integration, settings: Mapping[str, Any], by: str, others: Sequence[str] = ()
) -> Forecast:
    """Begins to find out what would be sent otherwise with these settings, as a connection stores them. `others`: what
    else is not as it was, and is not looked at. Raises `walks.NotPossibleError`."""
    made = forecasts.begin_with(integration, settings, by, others)
    ask_to_go_on(made)
    return made


def ask_to_go_on(walk: Walk) -> None:
    """Some more of it, unless that is asked for already."""
    organization = walk.integration.organization_id
    name, kind = _WALKS[type(walk)]
    with transaction.atomic():
        if _open(organization).filter(**{name: walk}).exists():
            return
        question = Question.objects.create(
            organization_id=organization, integration=walk.integration, kind=kind, asked_by=walk.by, **{name: walk}
        )
        transaction.on_commit(lambda: ring(question))


def ring(question: Question) -> None:
    async_task("synclog.queue.tasks.answer", question.pk, task_name="answer")


def _open(organization: int) -> Any:
    return Question.objects.filter(
        organization=organization, done_at=None, asked_at__gt=timezone.now() - 2 * OPEN_AT_ONCE * LONGEST
    ).exclude(begun_at__lt=timezone.now() - LONGEST)


def wait(question: Question, seconds: float | None = None) -> Question:
    """The question with its answer, or without it when the time is up first. Not inside a transaction."""
    until = time.monotonic() + (WAIT if seconds is None else seconds)
    while question.done_at is None and time.monotonic() < until:
        time.sleep(LOOK_EVERY)
        question.refresh_from_db(fields=["begun_at", "done_at", "answer"])
    return question


def last_check(integration: Integration) -> Question | None:
    """The newest test that was answered. It is kept for as long as it holds."""
    newest: Question | None = _answered_checks(integration).order_by("-pk").first()
    return newest


def forget_checks(integration: Integration) -> None:
    """Also those that are on their way: what they find is of what the connection was."""
    Question.objects.filter(integration=integration, kind=Question.Kind.CHECK).delete()


def _answered_checks(integration: Any) -> Any:
    return Question.objects.filter(integration=integration, kind=Question.Kind.CHECK, done_at__isnull=False)


def lost(question: Question) -> bool:
    """Whether the worker that had it was ended before it had the answer."""
    return question.done_at is None and question.begun_at is not None and question.begun_at < timezone.now() - LONGEST


def progress(question: Question) -> dict[str, Any]:
    """How far an unanswered question is: `words`, and `reload` when the answer may still come."""
    name = question.integration.system.name
    if lost(question):
        return {"words": _("The worker that asked was ended before it had the answer. Ask again."), "reload": False}
    if question.begun_at is not None:
        return {
            "words": _("A worker is asking {system}. It takes half a minute at most.").format(system=name),
            "reload": True,
        }
    waited = timezone.now() - question.asked_at
    if waited > timedelta(seconds=20) and not _open(question.organization_id).filter(begun_at__isnull=False).exists():
        words = _("No worker has taken this up yet. Should it stay so, tell your operator: no worker may be running.")
        return {"words": words, "reload": True}
    return {"words": _("It waits for its turn: one question of an organization is asked at a time."), "reload": True}


# -- the worker's side ---------------------------------------------------------------------------------------


def answer(pk: int) -> None:
    if _handed_on(pk):
        return
    question = _begin(pk)
    if question is None:
        return
    try:
        found = _ANSWERS[Question.Kind(question.kind)](question)
        Question.objects.filter(pk=pk).update(done_at=timezone.now(), answer=found)
        batch = question.batch_id
        if batch is not None and Batch.objects.filter(pk=batch, misses=0).exists():  # else the next sweep asks again
            ask_of_many(batch)
        walk = question.walk
        if walk is not None:
            for still in walks.due(type(walk)).filter(pk=walk.pk):
                ask_to_go_on(still)
    finally:
        ring_next(question.organization_id)
        for other in left_waiting(question.organization_id):
            wake([other])


def _handed_on(pk: int) -> bool:
    """Whether it is rung for once more, since another process has what it goes on with."""
    whose = Question.objects.filter(Q(drift_check__isnull=False) | Q(forecast__isnull=False), pk=pk, begun_at=None)
    question = whose.select_related("drift_check", "forecast").first()
    if question is None or question.walk is None or not walks.elsewhere(question.walk):
        return False
    time.sleep(HAND_ON)
    ring(question)
    return True


def ring_next(organization: int) -> None:
    """For the oldest question that nobody has begun."""
    following = _open(organization).filter(begun_at=None).order_by("pk").first()
    if following is not None:
        ring(following)


def _begin(pk: int) -> Question | None:
    """None when somebody else has it, or has another one of this organization in hand, or all that the organization may
    have at work is (and rings when it is done)."""
    with transaction.atomic():
        question = Question.objects.filter(pk=pk).first()
        if question is None:
            return None
        if not may_take(question.organization_id):
            return None
        if _open(question.organization_id).filter(begun_at__isnull=False).exists():
            return None
        if not Question.objects.filter(pk=pk, begun_at=None).update(begun_at=timezone.now()):
            return None
    return Question.objects.select_related("integration__organization").get(pk=pk)


def _check(question: Question) -> Mapping[str, Any]:
    return {"lines": [line.to_json() for line in opening.check(question.integration)]}


def _preview(question: Question) -> Mapping[str, Any]:
    return preview.packed(preview.find(question.integration, question.position_key, question.job_key))


def _batch(question: Question) -> Mapping[str, Any]:
    if question.batch_id is not None:
        previews_of_many.carry_on(question.batch_id, question.integration)
    return {}


def _walk(question: Question) -> Mapping[str, Any]:
    def alone() -> bool:
        """Nobody waits for this process; it is still at work with the question."""
        Question.objects.filter(pk=question.pk).update(begun_at=timezone.now())
        return not _open(question.organization_id).filter(begun_at=None).exists() and not all_at_work()

    if question.drift_check_id is not None:
        walks.carry_on(checks.CheckTurn, question.drift_check_id, alone)
    if question.forecast is not None:
        walks.carry_on(forecasts.turn_of(question.forecast), question.forecast.pk, alone)
    return {}


def _register(question: Question) -> Mapping[str, Any]:
    return {"codes": occupations.fetch(question.integration)}


_ANSWERS: Mapping[Question.Kind, Callable[[Question], Mapping[str, Any]]] = {
    Question.Kind.CHECK: _check,
    Question.Kind.PREVIEW: _preview,
    Question.Kind.BATCH: _batch,
    Question.Kind.REGISTER: _register,
    Question.Kind.DRIFT: _walk,
    Question.Kind.FORECAST: _walk,
}
# How a question names the walk that it is some of, and its kind.
_WALKS: Mapping[type[Walk], tuple[str, Question.Kind]] = {
    DriftCheck: ("drift_check", Question.Kind.DRIFT),
    Forecast: ("forecast", Question.Kind.FORECAST),
}


def lines_of(question: Question) -> list[CheckLine]:
    """The answer of a test."""
    return [CheckLine.from_json(line) for line in question.answer["lines"]]


# -- what runs by itself -------------------------------------------------------------------------------------


def look_after() -> None:
    """Every minute: rings for what nobody has begun, and forgets what is over, but not each connection's last test."""
    now = timezone.now()
    waiting = Question.objects.filter(begun_at=None, done_at=None, asked_at__gt=now - timedelta(minutes=5))
    for question in waiting.order_by("pk")[:50]:
        ring(question)
    newest = _answered_checks(OuterRef("integration")).order_by("-pk").values("pk")[:1]
    last_tests = Q(kind=Question.Kind.CHECK, done_at__isnull=False, pk=Subquery(newest))
    Question.objects.filter(~last_tests, asked_at__lt=now - FORGET_AFTER).delete()
    ask_for_registers()
    for model in _WALKS:
        for walk in walks.due(model).select_related("integration"):
            ask_to_go_on(walk)
    forecasts.forget()
