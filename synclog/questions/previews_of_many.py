"""Previews of a batch: one position after the other, some at a time, so that people's own questions come between."""

from __future__ import annotations

import time
from collections import Counter

from integrations.models import Integration
from integrations.planning.states import State
from integrations.planning.work import Outcome
from positions.transactions import repeated
from synclog.engine.fitted import said_fitted
from synclog.log import batches
from synclog.log.batches import Piece
from synclog.models import Batch, BatchError, Job
from synclog.questions import preview
from synclog.questions.preview import Preview
from synclog.questions.still_held import of_people_still_held

SECONDS = 8.0  # after which no further position is begun
AT_ONCE = 50
# One to which the system gives no answer is tried again in a minute, so often; after as many of another one nothing
# more is tried.
TRIES = 3
NOTHING = "nothing"  # the result of one of which nothing would be sent, as it is or since it was deleted


def carry_on(batch: int, integration: Integration) -> None:
    """Asks the target of some more; their outcome is stored in one transaction, after the calls."""
    asked = Batch.objects.filter(pk=batch, done_at=None).first()
    if asked is None:
        return
    until = time.monotonic() + SECONDS
    found: list[Preview] = []
    for position in asked.piece(AT_ONCE):
        found.append(preview.find(integration, position, 0))
        if time.monotonic() > until or _missed(found[-1]):
            break
    _store(asked.pk, asked.taken, integration, found)


@repeated
def _store(pk: int, taken: int, integration: Integration, found: list[Preview]) -> None:
    asked = Batch.objects.select_for_update(of=("self",)).filter(pk=pk, taken=taken, done_at=None).first()
    if asked is None:
        return  # cancelled meanwhile, or another worker was faster
    missed = _missed(found[-1])
    through = found[:-1] if missed else found
    asked.misses = (0 if through else asked.misses) + missed
    if missed and asked.misses % TRIES == 0:
        through = found
    asked.outcomes = dict(Counter(asked.outcomes) + Counter(result_of(one) for one in through))
    errors = [
        _error(asked, integration, one.job, one.outcome)
        for one in through
        if one.outcome is not None and one.outcome.state in (State.FAILED, State.RETRYING)
    ]
    batches.store(asked, len(through), Piece(len(through), 0, of_people_still_held(integration.pk, errors)))
    if asked.misses == 2 * TRIES and asked.done_at is None:
        batches.end_early(asked, errors[-1].cause)


def result_of(one: Preview) -> str:
    """A state as of `integrations.planning.states`, or NOTHING."""
    return one.outcome.state.value if one.outcome is not None else NOTHING


def _missed(one: Preview) -> bool:
    return one.outcome is not None and one.outcome.state is State.RETRYING


def _error(asked: Batch, integration: Integration, job: Job, outcome: Outcome) -> BatchError:
    return BatchError(
        batch=asked, integration=integration, employee_key=job.employee_key, position_key=job.position_key,
        cause=outcome.cause[:60], said=said_fitted(outcome.said), field=outcome.field[:40],
    )  # fmt: skip
