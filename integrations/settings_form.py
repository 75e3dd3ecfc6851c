"""Forms for what a connector declares: credentials (written, never shown) and settings."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.connectors.system import Kind, Setting


def clean_value(setting: Setting, raw: Any) -> Any:
    """A stored value as the connector takes it: bool, int, Decimal, str or dict. Falls back to the default."""
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
