"""The admin's site: Unfold's, without the list of every model that each page would make, and with people in the search
of its command palette (Ctrl-K)."""

from __future__ import annotations

import time
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from config.demo_sign_ins import SIGN_INS
from positions.accounts import issuer

_PEOPLE = 20  # are shown; whoever wants more goes on typing


class Site(UnfoldAdminSite):
    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """The apps with the models that the person may see. Made when it is asked for: the frame of every page is given
        it, and shows the sidebar of config/unfold.py instead."""
        return SimpleLazyObject(lambda: super(Site, self).get_app_list(request, app_label))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """In the demo, with a button for each of its people; where there is an issuer, with the way there."""
        more: dict[str, Any] = {"issuer": issuer.name()}
        more |= {"demo_password": settings.DEMO_PASSWORD, "demo_sign_ins": SIGN_INS if settings.DEMO_PASSWORD else ()}
        return super().login(request, {**more, **(extra_context or {})})

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """People first, then pages. Unfold keeps what it found for five minutes, longer than a right or a person may be
        here: nothing is kept of this."""
        begun, text = time.monotonic(), request.GET.get("s", "").strip()
        if not text:
            return HttpResponse()
        found = [*self._people(request, text), *self._search_apps(self.get_app_list(request), text.lower())]
        page = Paginator(found, len(found) or 1)
        palette = "extended" in request.GET
        return TemplateResponse(
            request,
            "unfold/helpers/command_results.html" if palette else "unfold/helpers/search_results.html",
            {
                "page_obj": page,
                "results": page.page(1),
                "page_counter": 0,
                "execution_time": time.monotonic() - begun,
                "command_show_history": False,
            },
            headers={"HX-Trigger": "search"},
        )

    def _people(self, request: HttpRequest, text: str) -> list[SearchResult]:
        pages: Any = self.get_model_admin(apps.get_model("positions", "Employee"))
        if not pages.has_view_permission(request):
            return []
        rows, _may_repeat = pages.get_search_results(request, pages.get_queryset(request), text)
        return [
            SearchResult(
                title=employee.name,
                description=_("Employee %(number)s") % {"number": employee.number},
                link=reverse("admin:positions_employee_change", args=[employee.pk]),
                icon="person",
            )
            for employee in rows.order_by("last_name", "first_name", "number")[:_PEOPLE]
        ]
