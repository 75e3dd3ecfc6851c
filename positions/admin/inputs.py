"""Where dates are typed."""

from __future__ import annotations

from typing import Any

from unfold.widgets import UnfoldAdminSingleDateWidget

from positions import dates


class DateInput(UnfoldAdminSingleDateWidget):
    """With an example of how the reader's language writes a date; 2026-12-01 and 01.12.2026 are read in each."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, value, {"placeholder": dates.example(), **(attrs or {})})
