"""What every system takes of a position, side by side: for everybody who may sign in, since it holds no data."""

from __future__ import annotations

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from integrations import supported
from integrations.systems.registry import connectors


def supported_fields(request: HttpRequest) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Supported fields"),
        "matrix": supported.matrix(),
        "marks": supported.MARKS.values(),
    }
    return TemplateResponse(request, "admin/integrations/supported.html", context)


def supported_fields_csv(request: HttpRequest) -> HttpResponse:
    """All systems, or the one named by `system`."""
    key = request.GET.get("system", "")
    if key and key not in connectors():
        raise Http404
    response = HttpResponse(supported.as_csv(supported.matrix(key)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="supported-fields{f"-{key}" if key else ""}.csv"'
    return response
