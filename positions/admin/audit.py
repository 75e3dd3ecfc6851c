"""The audit trail: listed, narrowed, and exported as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.views import ChangeList

from positions import dates, spreadsheets
from positions.admin.audit_words import in_words, kind_in_words
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


class KindFilter(admin.AllValuesFieldListFilter):
    def choices(self, changelist: Any) -> Iterator[Any]:
        for number, choice in enumerate(super().choices(changelist)):
            yield choice if number == 0 else {**choice, "display": kind_in_words(str(choice["display"]))}


@admin.register(AuditEntry)
class AuditEntryAdmin(ScopedAdmin):
    """For the organization's admins, and all of it for operators. Nobody writes it."""

    needs = {"view": "administer", "add": None, "change": None, "delete": None}
    list_display = ("at_shown", "actor", "via", "action", "kind_shown", "object_name", "changes_shown")
    list_filter = ("action", ("kind", KindFilter), "via")
    search_fields = ("actor", "object_name")
    search_help_text = gettext_lazy("Who, or what")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    actions = ("export_selected",)
    readonly_fields = ("at_shown", "kind_shown", "changes_shown")
    fields = ("at_shown", "actor", "via", "action", "kind_shown", "object_key", "object_name", "changes_shown")

    def get_urls(self) -> list[Any]:
        export = path("export.csv", self.admin_site.admin_view(self.export_view), name="positions_auditentry_export")
        return [export, *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """What the list shows with the same filters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{reverse('admin:positions_auditentry_changelist')}?{ERROR_FLAG}=1")
        return self._csv(found.get_queryset(request))

    @admin.action(description=gettext_lazy("Export as CSV"))
    def export_selected(self, request: HttpRequest, queryset: QuerySet) -> StreamingHttpResponse:
        return self._csv(queryset)

    @staticmethod
    def _csv(found: QuerySet) -> StreamingHttpResponse:
        response = StreamingHttpResponse(csv_lines(found), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
        return response

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Audit trail"), **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Trail

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("organization")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AuditEntry | None:
        entry: AuditEntry | None = super().get_object(request, object_id, from_field)
        if entry is not None:
            _put_into_words([entry])
        return entry

    @admin.display(description=gettext_lazy("time"), ordering="at")
    def at_shown(self, entry: AuditEntry) -> str:
        """In the zone of the organization; of the whole installation in that of the server."""
        zone = entry.organization.zone if entry.organization else ZoneInfo(settings.TIME_ZONE)
        here = entry.at.astimezone(zone)
        return f"{dates.show(here.date())} {dates.clock(here)}"

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def kind_shown(self, entry: AuditEntry) -> str:
        return kind_in_words(entry.kind)

    @admin.display(description=gettext_lazy("changes"))
    def changes_shown(self, entry: AuditEntry) -> SafeString | str:
        lines: Any = entry.in_words  # type: ignore[attr-defined]  # `_put_into_words`
        return format_html_join("", "<div>{}: {} → {}</div>", lines) if lines else "–"


class Trail(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[AuditEntry] = list(self.result_list)
        _put_into_words(self.result_list)


def _put_into_words(entries: list[Any]) -> None:
    words = in_words(entries)
    for entry in entries:
        entry.in_words = words[entry.pk]
