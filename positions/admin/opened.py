"""Pages whose forms know what they were opened with (positions/opened.py)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import connection
from django.http import HttpRequest

from positions.opened import Opened, opened


class OpenedAdmin:
    """Mix into a ModelAdmin: its form and those of its `OpenedInline`s."""

    change_form_before_template: ClassVar[str] = "positions/opened.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return opened(super().get_form(request, obj, change, **kwargs))  # type: ignore[misc]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        if request.method == "POST" and connection.in_atomic_block:
            # Nobody saves it between the comparison and the saving.
            model: Any = self.model  # type: ignore[attr-defined]
            with suppress(ValidationError, ValueError):
                key = model._meta.pk.to_python(object_id)
                visible = self.get_queryset(request).filter(pk=key).values("pk")  # type: ignore[attr-defined]
                list(model._base_manager.filter(pk__in=visible).select_for_update().values_list("pk"))
        return super().get_object(request, object_id, from_field)  # type: ignore[misc]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if self.has_change_permission(request, kwargs.get("obj")):  # type: ignore[attr-defined]
            formsets: Iterable[Any] = context.get("inline_admin_formsets") or ()
            forms = [context["adminform"].form, *(form for one in formsets for form in one.formset.initial_forms)]
            context["opened_forms"] = [form for form in forms if isinstance(form, Opened)]
            if context["adminform"].form.errors.keys() <= {NON_FIELD_ERRORS} and context["adminform"].form.conflicts:
                context["errors"] = None  # the choice says what is to be done
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]


class OpenedInline:
    """Mix into an inline on the page of an `OpenedAdmin`."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]
        formset.form = opened(formset.form)
        return formset
