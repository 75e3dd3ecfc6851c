"""The admin's site: Unfold's, without the list of every model that each page would make."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class Site(UnfoldAdminSite):
    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """The apps with the models that the person may see. Made when it is asked for: the frame of every page is given
        it, and shows the sidebar of config/unfold.py instead."""
        return SimpleLazyObject(lambda: super(Site, self).get_app_list(request, app_label))
