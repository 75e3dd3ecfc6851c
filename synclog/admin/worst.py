"""The state of sync in the list of employees: a column, and the filter by it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from positions import roles
from positions.models import Employee
from synclog.log.truth import Truth
from synclog.log.worst import MARKS, connections_of, with_worst


class WorstFilter(DropdownFilter):
    title = gettext_lazy("sync")
    parameter_name = "sync"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(truth.value, mark.word) for truth, mark in MARKS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = next((truth for truth in MARKS if truth.value == self.value()), None)
        if chosen is None:
            return queryset
        return with_worst(queryset, chosen, connections_of(roles.organization_ids(request.user)))


def worst_cell(employee: Employee, worst: Truth | None) -> SafeString:
    """A link to what the log has of the person."""
    if worst is None:
        return SafeString("–")
    mark = MARKS[worst]
    return format_html(
        '<a class="sy-chip sy-{}" href="{}?tab=all&amp;employee={}" title="{}"><span class="material-symbols-outlined" '
        'aria-hidden="true">{}</span>{}</a>',
        mark.tone,
        reverse("admin:synclog_job_changelist"),
        str(employee.pk),
        _("The worst of all connections. Open the log of this employee."),
        mark.glyph,
        mark.word,
    )
