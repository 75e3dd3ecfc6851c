"""Goes through all that is to be seen of a connection, in the order in which one thing builds on another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from integrations.sdk.confirming import Act, Confirmation, Sample
from integrations.sdk.declaration import Model, Transport
from integrations.sdk.params import Span
from integrations.verifying import reads, texts
from integrations.verifying.flat import FlatWrites
from integrations.verifying.history import HistoryWrites
from integrations.verifying.trial import Trial
from integrations.verifying.writes import Writes


def look(trial: Trial) -> None:
    """Writes nothing."""
    reads.read(trial)


def write(trial: Trial, asked: Iterable[Confirmation], sample: Sample, given: Sample) -> None:
    """After `look`: one position of the test person, which is taken away again. `asked`: the system's own list;
    `given`: values that go before those of the sample."""
    if trial.connector.system.transport is Transport.FILE or trial.employee is None:
        return
    with trial.trying(Act.CREATE):
        before = list(trial.connector.read(trial.employee))
        if trial.connector.system.model is Model.FLAT:
            FlatWrites(trial, sample, given, before).carry_out()
            return
        unended = [remote for remote in before if remote.end is None and remote.start is not None]
        if unended and unended[0].start is not None:
            trial.skip(Act.CREATE, texts.OPEN_PERIOD(period=Span(unended[0].start)))
            return
        also = frozenset(one.by for one in asked)
        HistoryWrites(trial, sample, given, before, also).carry_out()


def make_file(trial: Trial, sample: Sample, given: Sample, made_at: datetime, keep: Callable[[bytes], object]) -> None:
    """Of a system that takes files: one with the test person alone, for somebody to import."""
    with trial.trying(Act.FILE):
        assert trial.person is not None
        writes = Writes(trial, sample, given, made_at.date().replace(day=1))
        outcome = writes.bring(writes.position(writes.values))
        record = trial.connector.context.outbox.latest(trial.person.id)
        if record is None:
            trial.odd(Act.FILE, texts.NOT_WRITTEN(said=outcome.said[0]))
            return
        keep(trial.connector.render([record], made_at))
        trial.confirm(Act.FILE)
