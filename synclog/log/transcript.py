"""A job and one of its attempts as lines of text, for a terminal: what the job's page shows, masked as there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import inf
from textwrap import indent

from integrations.sdk.masking import Masker
from synclog.log import exchanges, sentences
from synclog.log.exchanges import Shown
from synclog.log.sentences import Step
from synclog.models import Attempt, Job

_OK = {True: "ok", False: "FAILED", None: "-"}
# A system's own words may hold what a terminal would obey.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def outcome(job: Job, masker: Masker) -> Iterator[str]:
    """What became of it, why, what to do, and what happens by itself; the system's own words last."""
    said = sentences.say(job)
    yield _plain(f"{sentences.mark_of(job).word}: {masker.words(said.happened)}")
    parts = (("Why", said.why), ("To do", said.fix), ("Next", said.next), ("It said", said.theirs), ("Code", said.code))
    for name, text in parts:
        if text:
            yield _plain(f"  {name}: {masker.words(text)}")


def trace(job: Job, attempt: Attempt, masker: Masker) -> Iterator[str]:
    """Each step and each call in the order of time, and then what was decided of each field."""
    zone = job.integration.organization.zone
    *before, _sent = sentences.steps_of(job, None)  # how it was sent, the attempt's own steps tell
    lines = sentences.trace_of(attempt)
    steps = sentences.trace_steps(lines, zone)
    shown = exchanges.shown(attempt.exchanges, masker, zone)
    timed = [(-inf, _step(step, masker)) for step in before]
    timed += [(kept["at"], _call(call)) for kept, call in zip(attempt.exchanges, shown, strict=True)]
    for number, step in enumerate(steps):
        timed.append((lines[number].at if number < len(lines) else inf, _step(step, masker)))
    for _, text in sorted(timed, key=lambda at_and_text: at_and_text[0]):
        yield _plain(text)
    for text in _decisions(attempt):
        yield _plain(masker.words(text))


def _step(step: Step, masker: Masker) -> str:
    detail = f": {masker.words(step.detail)}" if step.detail else ""
    return f"{step.time:<14}{_OK[step.ok]:<8}{step.title}{detail}"


def _call(call: Shown) -> str:
    lines = [f"{call.time:<14}{'call':<8}{call.method} {call.url} -> {call.outcome} ({call.milliseconds} ms)"]
    for sign, headers, body in (
        (">", call.request_headers, call.request_body),
        ("<", call.response_headers, call.response_body),
    ):
        lines += [f"{sign} {name}: {value}" for name, value in headers]
        lines += [f"{sign} {line}" for line in body.splitlines()]
    return indent("\n".join(lines), " " * 22, lambda line: line[:1] in "<>")


def _decisions(attempt: Attempt) -> Iterator[str]:
    for change in attempt.changes:
        there = f" ({change['remote']})" if change["remote"] else ""
        old, new = ("(empty)" if change[side] is None else change[side] for side in ("old", "new"))
        since = f", from {change['since']}" if change.get("since") else ""
        yield f"Field   {sentences.field_label(change['field'])}{there}: {old} -> {new}{since}"
    for key, reason in sentences.unsent_of(attempt).items():
        yield f"Unsent  {sentences.field_label(key)}: {reason}"
    for words in sentences.warnings_of(attempt):
        yield f"Warning {words}"


def _plain(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
