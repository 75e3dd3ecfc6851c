"""Holds what is to be so against what was found, as lines for a terminal or as JSON, without naming anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.planning.translate import active_fields
from integrations.sdk.confirming import Act, Confirmation
from integrations.sdk.declaration import Delete, Model, Transport
from integrations.sdk.masking import MASK, Masker, without_emails
from integrations.sdk.messages import Message, Shown
from integrations.sdk.params import FieldName
from integrations.sdk.values import Person
from integrations.sdk.wording import say
from integrations.verifying import texts
from integrations.verifying.trial import Finding, Result, Trial
from integrations.verifying.writes import OF_THE_PERIOD

_READS = (Act.SIGN_IN, Act.MATCH, Act.NOBODY, Act.EVERYBODY, Act.AGREES, Act.OCCUPATIONS)
_ROUND_TRIPS = (Act.CREATE, Act.CHANGE, Act.CLEAR, Act.END, Act.REOPEN, Act.MOVE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a system's own words may hold what a terminal would obey
SHORTEST = 3  # letters of a name that is hidden however it is written, and digits of a number


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    what: Shown
    how: Shown
    finding: Finding

    @property
    def odd(self) -> bool:
        return self.finding.result is Result.ODD


def lines_of(trial: Trial, asked: Iterable[Confirmation], *, writes: bool) -> list[Line]:
    """One for each thing that is to be so: the same ones whatever was tried."""
    found = _Found(trial, writes)
    lines = [Line(str(act), texts.BASICS[act], texts.HOW[act], found.of(act)) for act in _basics(trial)]
    if trial.connector.system.transport is not Transport.FILE:
        lines += [
            Line(
                f"field.{f.ours}", texts.ROUND_TRIP(field=FieldName(f.ours)), texts.HOW[Act.CHANGE], found.trips(f.ours)
            )
            for f in active_fields(trial.connector.system, trial.settings)
        ]
    key = trial.connector.system.key
    lines += [Line(f"{key}.{one.id}", one.what, texts.HOW[one.by], found.of(one.by, one.field)) for one in asked]
    return lines


def _basics(trial: Trial) -> Iterator[Act]:
    system, fields = trial.connector.system, active_fields(trial.connector.system, trial.settings)
    if system.transport is Transport.FILE:
        yield from (Act.SIGN_IN, Act.FILE)
        return
    history = system.model is Model.HISTORY
    there = {
        Act.EVERYBODY: not system.sight.unsupported,
        Act.AGREES: not system.sight.unsupported,
        Act.OCCUPATIONS: system.occupations,
        Act.MOVE: history and system.moves,
        Act.BY_DAY: history and any(f.in_rows(trial.settings) for f in fields),
        Act.CLEAR: any(f.clearable and not f.required and f.ours not in OF_THE_PERIOD for f in fields),
        Act.DELETE: history and system.delete is not Delete.BY_HAND,
        Act.RESTORE: not history,
        Act.FILE: False,
    }
    yield from (act for act in texts.BASICS if there.get(act, True))


class _Found:
    def __init__(self, trial: Trial, writes: bool) -> None:
        self.trial, self.writes = trial, writes
        self.sent = {f.ours for f in active_fields(trial.connector.system, trial.settings)}

    def of(self, act: Act, field: str = "") -> Finding:
        if act is Act.BY_HAND:
            return Finding(Result.BY_HAND)
        if field and field not in self.sent:
            return Finding(Result.NOT_TRIED, (texts.SWITCHED_OFF(),))
        whole = field or act is Act.CREATE
        found = [one for (a, f), one in self.trial.found.items() if a is act and (f == field or not whole)]
        return self._worst(found) or Finding(Result.NOT_TRIED, (self._why_not(act),))

    def trips(self, field: str) -> Finding:
        """Of one field, over all that was done with it."""
        found = {act: one for (act, f), one in self.trial.found.items() if f == field and act in _ROUND_TRIPS}
        worst = self._worst(list(found.values()))
        if worst is None:
            return Finding(Result.NOT_TRIED, (self._why_not(Act.CREATE),))
        if worst.result is not Result.CONFIRMED:
            return worst
        acts = tuple(texts.HOW[act] for act, one in found.items() if one.result is Result.CONFIRMED)
        return Finding(Result.CONFIRMED, (texts.SHOWN_AFTER(acts=acts),))

    @staticmethod
    def _worst(found: Sequence[Finding]) -> Finding | None:
        odd = [one for one in found if one.result is Result.ODD]
        if odd:
            said = tuple(message for one in odd for message in one.said)
            return Finding(Result.ODD, said, tuple(dict.fromkeys(call for one in odd for call in one.calls)))
        confirmed = next((one for one in found if one.result is Result.CONFIRMED), None)
        return confirmed or next(iter(found), None)

    def _why_not(self, act: Act) -> Message:
        if act is Act.FILE:
            return texts.ASKS_FOR_FILE()
        if act in _READS or self.writes:
            return texts.NOT_REACHED()
        return texts.ASKS_FOR_WRITE()


# -- in words ------------------------------------------------------------------------------------------------


def hiding(masker: Masker, person: Person | None) -> Callable[[str], str]:
    """Takes out secrets, addresses of e-mail, and all that is known of the test person but the number: systems repeat
    what they hold. A short name is a word in small letters: only as it is written, or in capitals."""
    known = [person.first_name, person.last_name, person.email, person.national_id] if person else []
    known += [person.birth_date.isoformat()] if person and person.birth_date else []
    if person and person.manager:
        known += [*person.manager.name.split(), person.manager.email, person.manager.number]
    known += [word.upper() for word in known if len(word) < SHORTEST]
    hidden = sorted((w for w in known if len(w) >= SHORTEST or w.isalpha()), key=len, reverse=True)
    one_of = "|".join(re.escape(word) if len(word) < SHORTEST else f"(?i:{re.escape(word)})" for word in hidden)
    pattern = re.compile(rf"(?<!\w)(?:{one_of})(?!\w)") if hidden else None

    def hide(text: str) -> str:
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", masker.text(text))
        return without_emails(pattern.sub(MASK, text) if pattern else text)

    return hide


def _words(shown: Shown) -> str:
    return str(shown) if isinstance(shown, Message) else say(shown)


def as_json(lines: Iterable[Line], left: Iterable[Message], hide: Callable[[str], str]) -> dict[str, Any]:
    return {
        "lines": [
            {
                "id": line.id,
                "result": str(line.finding.result),
                "what": hide(_words(line.what)),
                "how": hide(_words(line.how)),
                "found": [hide(str(message)) for message in line.finding.said],
                "calls": [hide(call) for call in line.finding.calls],
            }
            for line in lines
        ],
        "left": [hide(str(message)) for message in left],
    }


def as_text(report: dict[str, Any]) -> Iterator[str]:
    """The same for a terminal."""
    for line in report["lines"]:
        word = "ODD" if line["result"] == Result.ODD else line["result"].replace("_", " ")
        yield f"{word:<11} {line['what']} ({line['id']}, {line['how']})"
        yield from (f"{'':<12}{found}" for found in line["found"])
        yield from (f"{'':<12}> {call}" for call in line["calls"])
    for left in report["left"]:
        yield f"left there  {left}"
