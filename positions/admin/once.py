"""Add pages whose form makes one object, however often it is sent (positions/once.py)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from positions import once


class OnceAdmin:
    """Mix into a ModelAdmin before its own class; its page shows `once_field` in the form."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        view = partial(super().changeform_view, request, object_id, form_url, extra_context)  # type: ignore[misc]
        if object_id is not None or request.method != "POST":
            return view()
        return once.once(request, view, partial(self._sent_again, request))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("add"):
            context["once_field"] = once.field(request)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        if not change:
            once.made(request, form.instance.pk)

    def _sent_again(self, request: HttpRequest, key: str, same: bool) -> HttpResponse:
        row = self.get_object(request, key)  # type: ignore[attr-defined]
        opts = self.opts  # type: ignore[attr-defined]
        if row is None:  # deleted meanwhile
            return HttpResponseRedirect(reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"))
        if same:
            answer: HttpResponse = self.response_add(request, row)  # type: ignore[attr-defined]
            return answer
        return HttpResponseRedirect(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=(row.pk,)))
