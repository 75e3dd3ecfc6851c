"""Hints beside the fields of a form, which follow what is typed: the server says them again whenever something was
changed. They hold up nothing: whatever is typed can be saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters


@dataclass(frozen=True, slots=True)
class Hint:
    """`heed`: something is to be looked at; else it only says what holds."""

    words: str
    heed: bool = False


@dataclass(frozen=True, slots=True)
class Hints:
    """By field of the form, and above all of them."""

    fields: Mapping[str, Sequence[Hint]] = field(default_factory=dict)
    above: Sequence[str] = ()

    def of(self, name: str) -> SafeString:
        """What stands below a field, with the place for what will."""
        hints = self.fields.get(name, ())
        return render_to_string("positions/hint.html", {"name": name, "hints": hints})


class HintsPage:
    """For whoever may save the form. `admin.hints(request, form)` says them, of a form that was cleaned or is new."""

    def __init__(self, admin: Any) -> None:
        self.admin = admin
        self.name = f"{admin.opts.app_label}_{admin.opts.model_name}_hints"

    def urls(self) -> list[URLPattern]:
        guarded = self.admin.admin_site.admin_view(self.view)
        return [
            path("hints/", guarded, name=self.name),
            path("<int:pk>/hints/", guarded, name=f"{self.name}_of"),
        ]

    @method_decorator(sensitive_post_parameters("new_national_id"))
    def view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = None if pk is None else self.admin.get_object(request, str(pk))
        if pk is not None and row is None:
            answer: HttpResponse = self.admin._get_obj_does_not_exist_redirect(request, self.admin.opts, str(pk))
            return answer
        may = self.admin.has_change_permission(request, row) if row else self.admin.has_add_permission(request)
        if not may:
            raise PermissionDenied
        form = self.admin.get_form(request, row, change=row is not None)(request.POST, instance=row)
        form.is_valid()
        hints = self.admin.hints(request, form)
        context = {"address": request.get_full_path(), "above": hints.above, "fields": _of_each(form, hints)}
        return render(request, "positions/hints.html", context)

    def place(self, request: HttpRequest, context: dict[str, Any], row: Any) -> None:
        """Puts the hints, and what asks for them anew, on the page that shows this form."""
        form = context["adminform"].form
        hints = self.admin.hints(request, form)
        for name in form.fields:
            said = form[name].help_text
            form[name].help_text = format_html("<span>{}</span>{}" if said else "{}{}", said, hints.of(name))
        of_row = (f"admin:{self.name}", []) if row is None else (f"admin:{self.name}_of", [row.pk])
        asked = request.GET.urlencode()
        address = reverse(of_row[0], args=of_row[1])
        context["hints"] = {"address": f"{address}?{asked}" if asked else address, "above": hints.above}


def _of_each(form: Any, hints: Hints) -> list[tuple[str, Sequence[Hint]]]:
    return [(name, hints.fields.get(name, ())) for name in form.fields]
