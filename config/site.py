"""The admin's site: Unfold's, without the list of every model that each page would make."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite

from config.demo_sign_ins import SIGN_INS


class Site(UnfoldAdminSite):
    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """The apps with the models that the person may see. Made when it is asked for: the frame of every page is given
        it, and shows the sidebar of config/unfold.py instead."""
        return SimpleLazyObject(lambda: super(Site, self).get_app_list(request, app_label))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """In the demo, with a button for each of its people."""
        more = {"demo_password": settings.DEMO_PASSWORD, "demo_sign_ins": SIGN_INS if settings.DEMO_PASSWORD else ()}
        return super().login(request, {**more, **(extra_context or {})})
