"""The occupation code is chosen from what a connected system lists, by code or title, or typed as it is."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from positions.admin.scoped import ScopedAdmin, as_key

FIELD = "occupation_code"
_LIST = "ps-occupations"


class OccupationInput(UnfoldAdminTextInputWidget):
    """A text input whose suggestions the server gives: of the connections of this employee's organization."""

    def __init__(self, attrs: dict[str, Any] | None = None, employee: int | None = None) -> None:
        address = reverse("admin:positions_position_occupations")
        asks = {
            "list": _LIST,
            "autocomplete": "off",
            "hx-get": f"{address}?{urlencode({'employee': employee})}" if employee else address,
            "hx-include": "[name=company], [name=employee]",
            "hx-trigger": "input changed delay:250ms",
            "hx-target": f"#{_LIST}",
            "hx-sync": "this:replace",
        }
        super().__init__({**(attrs or {}), **asks})

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return format_html('{}<datalist id="{}"></datalist>', super().render(*args, **kwargs), _LIST)


class OccupationsPage:
    """For whoever may add positions somewhere. `admin.occupations(request, employee, company, text)` finds them."""

    def __init__(self, admin: ScopedAdmin) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        guarded = self.admin.admin_site.admin_view(self.view)
        return [path("occupations/", guarded, name="positions_position_occupations")]

    def view(self, request: HttpRequest) -> HttpResponse:
        if not self.admin.has_add_permission(request):
            raise PermissionDenied
        text = request.GET.get(FIELD, "").strip()
        employee, company = (as_key(request.GET.get(name)) for name in ("employee", "company"))
        pages: Any = self.admin
        found = pages.occupations(request, employee, company, text) if text else []
        return render(request, "positions/occupations.html", {"found": found})
