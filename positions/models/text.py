"""Columns of what people and programs write, by the rules of positions/text.py. Migrations know them as Django's own:
the columns are the same."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

from positions import numbers, text


class _Composed:
    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)  # type: ignore[misc]
        return text.composed(found) if isinstance(found, str) else found

    def get_prep_value(self, value: Any) -> Any:
        """What is stored, and what is looked for."""
        found = super().get_prep_value(value)  # type: ignore[misc]
        return text.composed(found) if isinstance(found, str) else found

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, f"django.db.models.{self.KNOWN_AS}", args, kwargs  # type: ignore[attr-defined]


class Line(_Composed, models.CharField):
    KNOWN_AS = "CharField"
    default_validators = [text.one_line]


class Lines(_Composed, models.TextField):
    KNOWN_AS = "TextField"
    default_validators = [text.several_lines]


class Email(_Composed, models.EmailField):
    KNOWN_AS = "EmailField"
    default_validators = [*models.EmailField.default_validators, text.one_line]

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": AddressField, **kwargs})


class AddressField(forms.EmailField):
    default_error_messages = {"invalid": text.NO_ADDRESS}


class NumberField(forms.DecimalField):
    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            # Written with a comma where the reader's language does so.
            value = text.plain_number(value.replace(get_format("DECIMAL_SEPARATOR"), ".", 1))
            if value is None:
                raise ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(value)


class Number(models.DecimalField):
    def formfield(self, **kwargs: Any) -> Any:
        (limits,) = {one.message for one in self.validators if isinstance(one, MaxValueValidator)}
        said = {"invalid": _("Write a number such as 80 or 37.5."), **numbers.too_long(limits)}
        return super().formfield(**{"form_class": NumberField, "error_messages": said, **kwargs})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DecimalField", args, kwargs
