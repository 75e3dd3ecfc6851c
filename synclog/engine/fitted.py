"""The last lock before the database: as any takes it, whatever a connector made of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk.messages import Message, packed
from integrations.sdk.reading import number_of
from integrations.sdk.storable import Encoded, fit_id, storable, storable_json, storable_value
from integrations.sdk.values import Change

LONGEST_TEXT = 2_000
LONGEST_SAID = 10_000


def said_fitted(said: Iterable[Message]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = storable_value(packed(said), LONGEST_SAID)
    return kept


def said_text_fitted(said: Iterable[Message]) -> Encoded:
    """The same for `rows.insert`, encoded once."""
    return storable_json(packed(said), LONGEST_SAID)


def text_fitted(text: str, longest: int) -> str:
    return storable(str(text))[:longest]


def json_fitted(value: Any) -> Any:
    return storable_value(value, LONGEST_TEXT)


def json_text_fitted(value: Any) -> Encoded:
    """The same for `rows.insert`, encoded once."""
    return storable_json(value, LONGEST_TEXT)


def id_fitted(remote_id: str) -> str:
    """Never cut, never mended: it would be the id of something else. Raises ValueError where it cannot be kept."""
    if not fit_id(remote_id):
        raise ValueError(f"an id of {len(remote_id)} characters cannot be kept")
    return remote_id


def shown_changes(changes: Mapping[str, Change], names: Mapping[str, str]) -> list[dict[str, str | None]]:
    """Each field in both sides' words (`names`: ours -> theirs), and from which day on; a dated one for each day."""
    return [
        {
            "field": key,
            "remote": names.get(key, ""),
            "old": shown_value(old),
            "new": shown_value(new),
            "since": since.isoformat() if since else None,
        }
        for key, change in changes.items()
        for old, new, since in change.by_day()
    ]


def shown_value(value: Any) -> str | None:
    """A field's value as people read it; None for an empty one."""
    if value is None or value == "":
        return None
    if isinstance(value, Decimal) and number_of(value) is not None:
        return f"{value.normalize():f}"
    return str(value)[:LONGEST_TEXT]
