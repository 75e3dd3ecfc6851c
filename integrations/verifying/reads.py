"""What is looked at without writing anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from integrations.planning.run import find
from integrations.sdk.confirming import Act
from integrations.sdk.declaration import Transport
from integrations.sdk.errors import EmployeeNotFoundError
from integrations.sdk.identity import Mark, mark_of, same
from integrations.sdk.params import FieldName, Label
from integrations.sdk.snapshot import Seen, Snapshot
from integrations.sdk.values import Person, RemoteEmployee
from integrations.verifying import texts
from integrations.verifying.trial import Trial

# Digits alone, since some systems take no others; short enough for all.
NOBODY = Person("verify", "99999931", "Nobody", "Nobody", "nobody@position-sync.invalid")


def read(trial: Trial) -> None:
    """Raises nothing: whatever happens is a finding."""
    with trial.trying(Act.SIGN_IN):
        _sign_in(trial)
    if trial.connector.system.transport is Transport.FILE:  # nothing can be looked up there
        return
    with trial.trying(Act.MATCH):
        _match(trial)
    with trial.trying(Act.NOBODY):
        _nobody(trial)
    if not trial.connector.system.sight.unsupported:
        with trial.trying(Act.EVERYBODY):
            _everybody(trial)
    if trial.connector.system.occupations:
        with trial.trying(Act.OCCUPATIONS):
            number = sum(1 for _code in islice(trial.connector.occupations(), 100_000))
            if number:
                trial.confirm(Act.OCCUPATIONS, texts.CODES(number=number))
            else:
                trial.odd(Act.OCCUPATIONS, texts.NO_CODES())


def _sign_in(trial: Trial) -> None:
    lines = trial.connector.check()
    for line in lines:
        if not line.ok:
            trial.odd(Act.SIGN_IN, texts.IT_SAYS(what=line.what, found=line.found))
    trial.confirm(Act.SIGN_IN, texts.TESTS(number=len(lines)))


def _match(trial: Trial) -> None:
    """By every mark that the record there shows: a search that does not find what it shows is no search."""
    person, connector = trial.person, trial.connector
    if person is None:
        trial.skip(Act.MATCH, texts.ASKS_FOR_PERSON())
        return
    found = trial.patiently(lambda: find(connector, person, trial.known, trial.match))
    trial.employee = found
    finds: dict[Mark, list[Label]] = {}
    for name, value, search in connector.searches(person):
        if value and _shows(found, mark_of(name), value):
            hits = finds.setdefault(mark_of(name), [])
            hits += [Label(name)] if found.id in {one.id for one in search()} else []
    for mark, hits in finds.items():
        if not hits:
            trial.odd(Act.MATCH, texts.NOT_FOUND_BY(mark=Label(mark)))
    by = tuple(name for hits in finds.values() for name in hits)
    trial.confirm(Act.MATCH, texts.FOUND_BY(marks=by or (Label(found.matched_by),)))


def _shows(found: RemoteEmployee, mark: Mark, value: str) -> bool:
    shown = {Mark.NUMBER: found.marks.number, Mark.NATIONAL_ID: found.marks.national_id, Mark.EMAIL: found.marks.email}
    return same(mark, value, shown.get(mark, "")) is True


def _nobody(trial: Trial) -> None:
    try:
        trial.patiently(lambda: trial.connector.find_employee(NOBODY))
    except EmployeeNotFoundError:
        trial.confirm(Act.NOBODY)
    else:
        trial.odd(Act.NOBODY, texts.FOUND_SOMEBODY())


def _everybody(trial: Trial) -> None:
    number, unreadable, mine = 0, [], None
    for seen in _waiting(trial, trial.connector.snapshot()):
        number += 1
        if seen.refusal is not None:
            unreadable.append(seen.refusal)
        if trial.employee is not None and seen.id == trial.employee.id:
            mine = seen
    if unreadable:
        said = texts.UNREADABLE(all=number, number=len(unreadable), cause=unreadable[0].cause)
        trial.odd(Act.EVERYBODY, said)
    if trial.employee is not None and mine is None:
        trial.odd(Act.EVERYBODY, texts.NOT_IN_LIST(number=number))
    trial.confirm(Act.EVERYBODY, texts.COUNTED(number=number))
    if trial.employee is None:
        trial.skip(Act.AGREES, texts.ASKS_FOR_PERSON() if trial.person is None else texts.NOT_REACHED())
    elif mine is not None and mine.refusal is None:
        with trial.trying(Act.AGREES):
            _agrees(trial, trial.employee, mine)


def _waiting(trial: Trial, everybody: Snapshot) -> Iterator[Seen]:
    while (seen := trial.patiently(lambda: next(everybody, None))) is not None:
        yield seen


def _agrees(trial: Trial, employee: RemoteEmployee, seen: Seen) -> None:
    hidden = trial.connector.system.sight.hides
    alone = {r.id: r.values for r in trial.connector.read(employee)}
    listed = {r.id: r.values for r in seen.records}
    differ = {
        key
        for id in {*alone, *listed}
        for key in {*alone.get(id, {}), *listed.get(id, {})} - {*hidden}
        if alone.get(id, {}).get(key) != listed.get(id, {}).get(key)
    }
    if differ:
        trial.odd(Act.AGREES, texts.LIST_DIFFERS(fields=tuple(FieldName(key) for key in sorted(differ))))
    trial.confirm(Act.AGREES)
