"""Serializer fields: strict in what they take, plain in what they answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from positions.api.base import unknown

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NOT_NULL = "This cannot be cleared. Leave it out to keep it as it is."


class Text(serializers.CharField):
    """Text that may be empty: null and "" both clear it, and empty is answered as null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "allow_blank": True, "default": None, **kwargs})

    def run_validation(self, data: Any = empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None else value

    def to_representation(self, value: Any) -> Any:
        return value or None


class Email(Text):
    def run_validation(self, data: Any = empty) -> Any:
        value = super().run_validation(data)
        if value:
            serializers.EmailField().run_validation(value)
        return value


class Choice(serializers.ChoiceField):
    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages["invalid_choice"] = f"“{{input}}” is not one of: {', '.join(map(str, self.choices))}."
        self.error_messages["null"] = _NOT_NULL


class OptionalChoice(Choice):
    """null clears it, and none is answered as null."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(
            choices, **{"required": False, "allow_null": True, "allow_blank": True, "default": None, **kwargs}
        )

    def run_validation(self, data: Any = empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None else value

    def to_representation(self, value: Any) -> Any:
        return value or None


class Day(serializers.DateField):
    """A date as 2026-03-01 and in no other form."""

    def to_internal_value(self, value: Any) -> date:
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                raise ValidationError(f"There is no day {value} in the calendar.", "invalid") from None
        raise ValidationError(f"“{str(value)[:40]}” is not a date. Write it as 2026-03-01.", "invalid")


class OptionalDay(Day):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "default": None, **kwargs})


class Id(serializers.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "min_value": 1, "max_value": 2**63 - 1, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        # DRF also takes true and "12.0".
        if isinstance(data, bool) or not isinstance(data, int):
            raise ValidationError("An id is a whole number.", "invalid")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer):
    """Refuses names that it does not know, and values that it computes itself."""

    default_error_messages = {"invalid": "Send a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [ErrorDetail("Send a JSON object.", "invalid")]})
        fields = self.fields
        writable = [name for name, field in fields.items() if not field.read_only]
        errors: dict[str, Any] = {}
        for name in data:
            if name not in fields:
                errors[str(name)] = [ErrorDetail(unknown(str(name), writable, "field"), "unknown_field")]
            elif fields[name].read_only:
                errors[name] = [ErrorDetail("This is computed. Leave it out.", "read_only")]
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**errors, **error.detail}) from None  # type: ignore[dict-item]
        if errors:
            raise ValidationError(errors)
        return value


def required(**kwargs: Any) -> dict[str, Any]:
    """Keyword arguments of a field that every object has."""
    return {
        "error_messages": {
            "required": "This is required.",
            "null": _NOT_NULL,
            "blank": "This cannot be empty.",
        },
        **kwargs,
    }
