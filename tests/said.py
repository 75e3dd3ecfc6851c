"""What the log keeps of plain sentences, for tests to which the words do not matter."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from integrations.sdk.values import Problem

_earlier = import_module("synclog.migrations.0014_messages")


def told(problem: Problem | None) -> tuple[str, str, str, dict[str, str]] | None:
    """Its cause, every word of it, its field and what clashes."""
    return (problem.cause, problem.message, problem.field, dict(problem.params)) if problem else None


def kept(*sentences: str) -> list[dict[str, Any]]:
    return [_earlier.message(sentence) for sentence in sentences if sentence]


def as_kept(values: dict[str, Any]) -> dict[str, Any]:
    """A row's values, of which message, trace, unsent and warnings are given as plain words."""
    found = dict(values)
    if "message" in found:
        found["said"] = kept(found.pop("message"))
    if "trace" in found:
        found["trace"] = [_earlier.step(line) for line in found["trace"]]
    if "unsent" in found:
        found["unsent"] = {key: kept(reason)[0] for key, reason in found["unsent"].items()}
    if "warnings" in found:
        found["warnings"] = [{"field": w["field"], "said": kept(w["message"])[0]} for w in found["warnings"]]
    return found
