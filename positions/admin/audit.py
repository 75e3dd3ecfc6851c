from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from positions import spreadsheets
from positions.admin.scoped import ScopedAdmin
from positions.models import AuditEntry

COLUMNS = ("time", "organization", "by", "via", "action", "kind", "number", "what", "changes")


def csv_lines(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    return spreadsheets.lines(chain([COLUMNS], (_row(entry) for entry in entries.iterator(2000))))


def _row(e: AuditEntry) -> Iterable[Any]:
    changes = json.dumps(e.changes, ensure_ascii=False)
    return (
        *(e.at.isoformat(), e.organization_id, e.actor, e.via, e.action, e.kind, e.object_key, e.object_name),
        changes,
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(ScopedAdmin):
    """For the organization's admins, and all of it for operators. Nobody writes it."""

    needs = {"view": "administer", "add": None, "change": None, "delete": None}
    list_display = ("at", "actor", "via", "action", "kind", "object_name", "changes_shown")
    list_filter = ("action", "kind", "via")
    search_fields = ("actor", "object_name")
    search_help_text = "Who, or what"
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    actions = ("export_selected",)
    readonly_fields = ("changes_shown",)
    fields = ("at", "actor", "via", "action", "kind", "object_key", "object_name", "changes_shown")

    def get_urls(self) -> list[Any]:
        export = path("export.csv", self.admin_site.admin_view(self.export_view), name="positions_auditentry_export")
        return [export, *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """What the list shows with the same filters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_changelist_instance(request).get_queryset(request)
        return self._csv(found)

    @admin.action(description="Export as CSV")
    def export_selected(self, request: HttpRequest, queryset: QuerySet) -> StreamingHttpResponse:
        return self._csv(queryset)

    @staticmethod
    def _csv(found: QuerySet) -> StreamingHttpResponse:
        response = StreamingHttpResponse(csv_lines(found), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
        return response

    @admin.display(description="changes")
    def changes_shown(self, entry: AuditEntry) -> SafeString | str:
        lines = [(name, _word(old), _word(new)) for name, (old, new) in entry.changes.items()]
        return format_html_join("", "<div>{}: {} → {}</div>", lines) if lines else "–"


def _word(value: Any) -> str:
    if value is None or value == "":
        return "(empty)"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
