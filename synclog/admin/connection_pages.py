"""What pages of one connection share that belong to the log."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse

from integrations.models import Integration
from positions import roles
from positions.roles import Need


class ConnectionPages:
    """Their scope is the log's: of another organization's connection nobody learns that it is there.

    acts    what whoever presses something needs
    folder  of the templates
    """

    acts: ClassVar[Need]
    folder: ClassVar[str]

    def __init__(self, log: Any) -> None:
        self._log = log

    def _one(self, request: HttpRequest, pk: int) -> Integration | HttpResponse:
        if not self._log.has_view_permission(request):
            raise PermissionDenied
        ids = self._log.visible(request)
        known = Integration.objects.select_related("organization")
        integration = (known if ids is None else known.filter(organization__in=ids)).filter(pk=pk).first()
        if integration is None:
            missing: HttpResponse = self._log._get_obj_does_not_exist_redirect(request, Integration._meta, str(pk))
            return missing
        return integration

    def _may_act(self, request: HttpRequest, integration: Integration) -> bool:
        return roles.can(request.user, integration.organization_id, self.acts)

    def _acted_on(self, request: HttpRequest, pk: int) -> Integration | HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        integration = self._one(request, pk)
        if isinstance(integration, Integration) and not self._may_act(request, integration):
            raise PermissionDenied
        return integration

    def _rendered(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        site = self._log.admin_site
        request.current_app = site.name
        context = {**site.each_context(request), **context}
        return TemplateResponse(request, f"admin/synclog/{self.folder}/{template}", context)
