"""What Django keeps of each page is words: they are English, whoever writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

_in_english = translation.override(settings.LANGUAGE_CODE)


class EnglishHistory:
    """Mix into a ModelAdmin before its own class: the name of the object, and a sentence that is given as what says
    it, are made with English active."""

    @_in_english
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    @_in_english
    def log_change(self, request: HttpRequest, obj: Any, message: str | list[Any] | Callable[[], str]) -> Any:
        said = message() if callable(message) else message
        return super().log_change(request, obj, said)  # type: ignore[misc]

    @_in_english
    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return super().log_deletions(request, queryset)  # type: ignore[misc]
