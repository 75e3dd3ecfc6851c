"""What the stored settings of a connection say, by its system's declaration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sdk.declaration import System
from integrations.sdk.settings import Kind, Setting


def clean_value(setting: Setting, raw: Any) -> Any:
    """A stored value as the connector takes it: bool, int, Decimal, str or dict. Falls back to the default.

    What an administrator emptied on purpose stays empty, where the connector can do without.
    """
    if raw == "" and not setting.required and setting.kind not in (Kind.BOOLEAN, Kind.TABLE):
        return None if setting.default is None else ""
    if raw is None or raw == "":
        return setting.default
    try:
        match setting.kind:
            case Kind.BOOLEAN:
                return bool(raw)
            case Kind.INTEGER:
                return int(raw)
            case Kind.DECIMAL:
                return Decimal(str(raw))
            case Kind.TABLE:
                return {str(k): str(v) for k, v in dict(raw).items() if v not in (None, "")}
            case _:
                return str(raw)
    except (ValueError, InvalidOperation, TypeError):
        return setting.default


def missing(system: System, given: Mapping[str, Any]) -> list[Setting]:
    """Required credentials and settings without a value: while there is one, nothing at all is sent."""
    return [s for s in system.required_settings if given.get(s.name) in (None, "", {}) and s.default in ("", None)]
