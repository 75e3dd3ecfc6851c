"""Serializer fields: strict in what they take, plain in what they answer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import SkipField, empty
from rest_framework.settings import api_settings

from positions.api.names import Unknown
from positions.api.schema import HIGHEST_ID
from positions.numbers import too_long
from positions.text import NO_ADDRESS, ONE_LINE, SEVERAL_LINES, SOME_LINE, one_line, plain_number, several_lines

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NOT_NULL = gettext_lazy("This cannot be cleared. Leave it out to keep it as it is.")


class Quoted(serializers.Field):
    """Mixed in first: a text is sent as one. DRF takes a number for it, too, and JSON's have no zeros in front: 0042
    would be somebody else."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise ValidationError(_("Write it as a text, in quotes."), "invalid")
        return super().to_internal_value(data)


class Line(Quoted, serializers.CharField):
    """One line of text. `pattern` of a field of text is what the document says of it: positions/api/schema.py."""

    default_validators = [one_line]
    pattern = SOME_LINE


class Matching(Quoted, serializers.RegexField):
    """A text of a form."""


class Text(Quoted, serializers.CharField):
    """Text that may be empty: null and "" both clear it, and empty is answered as null. `lines`: several of them."""

    pattern = ONE_LINE

    def __init__(self, *, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "allow_blank": True, "default": None, **kwargs})
        self.validators.append(several_lines if lines else one_line)
        if lines:
            self.pattern = SEVERAL_LINES

    def run_validation(self, data: Any = empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None else value

    def to_representation(self, value: Any) -> Any:
        return value or None


class Said(serializers.CharField):
    """Text of an answer: null where there is none, as everywhere."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"read_only": True, "allow_null": True, **kwargs})

    def to_representation(self, value: Any) -> Any:
        return str(value) if value else None


_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LETTERS = r"A-Za-z\u00a1-\u2027\u202a-\ufffd"
_LABEL = f"[{_LETTERS}0-9]([{_LETTERS}0-9-]{{0,61}}[{_LETTERS}0-9])?"


class Email(Text):
    pattern = rf"^({_ATOM}(\.{_ATOM})*@({_LABEL}\.)+[{_LETTERS}][{_LETTERS}-]{{0,61}}[{_LETTERS}])?$"

    def run_validation(self, data: Any = empty) -> Any:
        value = super().run_validation(data)
        if value:
            serializers.EmailField(error_messages={"invalid": NO_ADDRESS}).run_validation(value)
        return value


class Switch(serializers.BooleanField):
    """true or false, and no word or number for them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise ValidationError(_("Write true or false."), "invalid")
        return data


class Choice(serializers.ChoiceField):
    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages["invalid_choice"] = format_lazy(
            gettext_lazy("“{{input}}” is not one of: {choices}."), choices=", ".join(map(str, self.choices))
        )
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
                raise ValidationError(
                    _("There is no day {value} in the calendar.").format(value=value), "invalid"
                ) from None
        raise ValidationError(
            _("“{value}” is not a date. Write it as 2026-03-01.").format(value=str(value)[:40]), "invalid"
        )


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


def moment_of(text: str) -> datetime:
    """A moment as 2026-03-01T09:14:00Z, in UTC; without an offset it is UTC. Raises ValidationError."""
    if _MOMENT.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
            # At the edges of the calendar, an offset leads out of it.
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError(
                _("There is no moment {text} in the calendar.").format(text=text), "invalid"
            ) from None
    raise ValidationError(
        _("“{value}” is not a time. Write it as 2026-03-01T09:14:00Z.").format(value=text[:40]), "invalid"
    )


class Moment(serializers.DateTimeField):
    def to_internal_value(self, value: Any) -> datetime:
        return moment_of(value if isinstance(value, str) else str(value)[:40])


class Number(serializers.DecimalField):
    """A number, or a text that says one as 80 or 37.5."""

    def to_internal_value(self, data: Any) -> Any:
        number = None if isinstance(data, bool | list | dict) else plain_number(str(data)[:50])
        if number is None:
            self.fail("invalid")
        return super().to_internal_value(str(number))


class OptionalDay(Day):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "default": None, **kwargs})


class Id(serializers.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "min_value": 1, "max_value": HIGHEST_ID, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        # DRF also takes true and "12.0".
        if isinstance(data, bool) or not isinstance(data, int):
            raise ValidationError(_("An id is a whole number."), "invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?)$"})
class Percentage(Number):
    """0 to 100, up to two decimals; sent as text or as a number, answered as text."""

    def __init__(self, **kwargs: Any) -> None:
        words = gettext_lazy("A percentage lies between 0 and 100, for example 80 or 37.5.")
        super().__init__(
            max_digits=5,
            decimal_places=2,
            min_value=Decimal(0),
            max_value=Decimal(100),
            error_messages={
                "invalid": gettext_lazy("Write a number such as 80 or 37.5."),
                "min_value": words,
                "max_value": words,
                **too_long(words),
                "null": _NOT_NULL,
            },
            **kwargs,
        )


@extend_schema_field(
    {
        "type": "string",
        "format": "decimal",
        "pattern": r"^(168(\.0{1,2})?|(1[0-5]\d|16[0-7]|\d{1,2})(\.\d{1,2})?)$",
    }
)
class WeeklyHours(Number):
    """0 to 168, up to two decimals; sent as text or as a number, answered as text."""

    def __init__(self, **kwargs: Any) -> None:
        words = gettext_lazy("Weekly hours lie between 0 and 168.")
        super().__init__(
            max_digits=5,
            decimal_places=2,
            min_value=Decimal(0),
            max_value=Decimal(168),
            error_messages={
                "invalid": gettext_lazy("Write a number such as 37.5."),
                "min_value": words,
                "max_value": words,
                **too_long(words),
            },
            **kwargs,
        )


class AnswerId(Id):
    """An id that is only answered."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"read_only": True, "allow_null": False, **kwargs})


class StrictSerializer(serializers.Serializer):
    """Refuses names that it does not know. What is only answered may be sent back with the rest, and is ignored: who
    reads an object, changes a value and sends it all means just that value."""

    strict = True  # for the document: positions/api/schema.py

    default_error_messages = {"invalid": gettext_lazy("Send a JSON object.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unknown = Unknown(gettext_noop("field"), "unknown_field")  # of all the objects that it is asked of

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError(
                {api_settings.NON_FIELD_ERRORS_KEY: [ErrorDetail(_("Send a JSON object."), "invalid")]}
            )
        writable = [name for name, field in self.fields.items() if not field.read_only]
        known = {*self.fields, *self.also_answered}
        errors: dict[str, Any] = {**self._unknown.errors([name for name in data if name not in known], writable)}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            errors |= error.detail  # type: ignore[arg-type]
            value = self._right(data, errors)
        errors = {**self.across(value), **errors}
        if errors:
            raise ValidationError(errors)
        return value

    def _right(self, data: Mapping[str, Any], errors: Collection[str]) -> dict[str, Any]:
        """The values that have no error."""
        found: dict[str, Any] = {}
        for name, field in self.fields.items():
            if not field.read_only and name not in errors:
                with suppress(SkipField):
                    found[name] = field.run_validation(field.get_value(data))
        return found

    def across(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What is wrong with values that each have the right form: told along with what is wrong with others, which
        are not among them."""
        return {}

    @property
    def also_answered(self) -> Collection[str]:
        """Names that answers have besides the fields: ignored like those that are only read."""
        return ()


def required(**kwargs: Any) -> dict[str, Any]:
    """Keyword arguments of a field that every object has."""
    return {
        "error_messages": {
            "required": gettext_lazy("This is required."),
            "null": _NOT_NULL,
            "blank": gettext_lazy("This cannot be empty."),
        },
        **kwargs,
    }
