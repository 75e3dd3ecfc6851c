"""Where dates are typed."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSingleDateWidget

from positions import dates
from positions.importing.values import quoted

_WRITTEN = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{4}|\d{4}[-./]\d{1,2}[-./]\d{1,2}", re.ASCII)


class DateInput(UnfoldAdminSingleDateWidget):
    """With an example of how the reader's language writes a date; 2026-12-01 and 01.12.2026 are read in each."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, value, {"placeholder": dates.example(), **(attrs or {})})


class DayField(forms.DateField):
    """Says what is wrong with what was typed, as the API and an import do."""

    widget = DateInput

    def to_python(self, value: Any) -> date | None:
        try:
            return super().to_python(value)
        except ValidationError:
            typed = str(value).strip()
            words = (
                _("There is no day %(text)s in the calendar.")
                if _WRITTEN.fullmatch(typed)
                else _("“%(text)s” is not a date. Write it as %(example)s.")
            )
            raise ValidationError(words % {"text": quoted(typed), "example": dates.example()}, "invalid") from None
