"""Pages that belong to those of the log, whose scope and roles they have."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from integrations.models import Integration


class LogPages:
    """`folder`: of their templates."""

    folder = ""

    def __init__(self, log: Any) -> None:
        self._log = log

    def _one(self, request: HttpRequest, pk: int) -> Integration | HttpResponse:
        """A connection that the user may see, or the same answer as for one that does not exist."""
        if not self._log.has_view_permission(request):
            raise PermissionDenied
        ids = self._log.visible(request)
        known = Integration.objects.select_related("organization")
        integration = (known if ids is None else known.filter(organization__in=ids)).filter(pk=pk).first()
        if integration is None:
            missing: HttpResponse = self._log._get_obj_does_not_exist_redirect(request, Integration._meta, str(pk))
            return missing
        return integration

    def _rendered(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        site = self._log.admin_site
        request.current_app = site.name
        context = {**site.each_context(request), **context}
        return TemplateResponse(request, f"admin/synclog/{self.folder}/{template}", context)
