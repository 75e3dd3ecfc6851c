"""Positions: the list, the form, and what is said before one is deleted."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from positions import dates, roles
from positions.admin import job_change
from positions.admin.hints import Hints, HintsPage
from positions.admin.importing import WithImport
from positions.admin.occupations import FIELD, OccupationInput, OccupationsPage
from positions.admin.scoped import ScopedAdmin, ScopedAutocompleteFilter
from positions.admin.terms import FROM_WHEN, TermsForm, TermsPages
from positions.folding import sought
from positions.models import Employee, Position
from positions.models.words import matching

# So many overlapping positions are named; the rest are counted.
_NAMED = 3
STATUS_LABELS = {"current": "success", "upcoming": "info", "ended": "default"}


class WithDeleteNotes:
    """Says before a deletion what will happen elsewhere: `delete_notes` of the pages of positions."""

    delete_confirmation_template = "positions/delete_confirmation.html"
    delete_selected_confirmation_template = "positions/delete_selected_confirmation.html"

    def positions_to_delete(self, objects: list[Any]) -> list[Position]:
        raise NotImplementedError

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        objs = list(objs)
        pages: Any = self.admin_site.get_model_admin(Position)  # type: ignore[attr-defined]
        notes = pages.delete_notes(request, self.positions_to_delete(objs))
        request.delete_notes = list(dict.fromkeys(notes))  # type: ignore[attr-defined]
        return super().get_deleted_objects(objs, request)  # type: ignore[misc]


class StatusFilter(DropdownFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status, str(words)) for status, words in dates.STATUSES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("current", "upcoming", "ended"):
            return queryset
        found = Q(pk__in=())
        for today, zones in roles.days_of(request.user):
            condition = {
                "current": Q(start_date__lte=today) & (Q(end_date=None) | Q(end_date__gte=today)),
                "upcoming": Q(start_date__gt=today),
                "ended": Q(end_date__lt=today, start_date__lte=today),
            }[str(self.value())]
            found |= Q(employee__organization__time_zone__in=zones) & condition
        return queryset.filter(found)


class PositionForm(TermsForm):
    class Meta:
        help_texts = {"start_date": gettext_lazy("The first day.")}
        widgets = {"note": UnfoldAdminTextareaWidget(attrs={"rows": 3})}


@admin.register(Position)
class PositionAdmin(WithDeleteNotes, WithImport, ScopedAdmin):
    """An app that knows what becomes of positions registers a subclass instead, which says more than `panels`,
    `chips`, `delete_notes`, `save_notes` and `hints_of` say here."""

    import_kind = "positions"
    organization_path = "employee__organization"
    form = PositionForm
    list_display = ("title", "employee", "start_date", "end_date", "percentage_shown", "status_shown")
    list_select_related = ("employee__organization",)
    list_filter = (
        StatusFilter,
        ("employee", ScopedAutocompleteFilter),
        "company",
        "department",
        ("contract_type", ChoicesDropdownFilter),
        ("start_date", RangeDateFilter),
        ("end_date", RangeDateFilter),
    )
    search_fields = ("title", "external_id")  # and by employee: get_search_results
    search_help_text = gettext_lazy("Title, employee or external id")
    ordering = ("-start_date", "-pk")
    autocomplete_fields = ("employee", "company", "department")
    change_form_before_template = "positions/form_before.html"
    change_form_outer_after_template = "positions/panels.html"
    fieldsets = (
        (
            gettext_lazy("Identity"),
            {"fields": (("employee", "title"), ("company", "department"), ("cost_centre", "external_id"))},
        ),
        (
            gettext_lazy("Period"),
            {"fields": (("start_date", "end_date"), ("first_day_of_work", "last_day_of_work"), "probation_end")},
        ),
        (gettext_lazy("Contract"), {"fields": (("contract_type", "remuneration_type"), "occupation_code")}),
        (gettext_lazy("Hours"), {"fields": (("percentage", "weekly_hours"), "working_hours_scheme")}),
        (gettext_lazy("End"), {"fields": (("end_reason", "notice_date"),)}),
        (gettext_lazy("Other"), {"fields": ("note",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        pages = (TermsPages(self), HintsPage(self), OccupationsPage(self))
        return [*(url for page in pages for url in page.urls()), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("employee__national_id")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if job_change.AFTER not in request.GET:
            return super().add_view(request, form_url, extra_context)
        former = job_change.former_of(self, request)
        if former is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, request.GET[job_change.AFTER])
        title = _("Change of job: %(name)s") % {"name": former.employee.name}
        context = {**(extra_context or {}), "title": title, "show_save_and_add_another": False}
        return super().add_view(request, form_url, context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type:
        former = None if obj else job_change.former_of(self, request)
        if former is not None:
            kwargs["form"] = job_change.following(former)
        form: Any = super().get_form(request, obj, change, **kwargs)
        if FIELD in form.base_fields:
            position, field = obj or former, form.base_fields[FIELD]
            field.widget = OccupationInput(field.widget.attrs, position.employee_id if position else None)
        return form

    def _ids_of_form(self, request: HttpRequest, obj: Any) -> Collection[int] | None:
        former = None if obj else job_change.former_of(self, request)
        return super()._ids_of_form(request, obj) if former is None else {former.employee.organization_id}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None and (former := job_change.former_of(self, request)) is not None:
            return [job_change.fieldset(former), *fieldsets]
        may = obj is not None and self.has_change_permission(request, obj)
        return [*fieldsets, FROM_WHEN] if may else fieldsets

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        narrowed, _may_repeat = super().get_search_results(request, queryset, "")
        for word in sought(search_term):
            person = matching(word, self.visible(request), "employee")
            narrowed = narrowed.filter(person | Q(title__icontains=word) | Q(external_id__icontains=word))
        return narrowed, False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        former = job_change.former_of(self, request)
        if former is not None:
            return job_change.initial(former, request.GET.get("start_date", ""))
        initial = super().get_changeform_initial_data(request)
        key = initial.pop("employee", "")
        if key:  # it is added from the employee's page
            own = self.offered(request, Employee.objects.filter(pk=key), self.visible(request))
            for employee, company in own.values_list("pk", "company"):
                initial |= {"employee": employee, "company": initial.get("company", company)}
        return initial

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # A position stays with its employee: another employee's is another position.
        fixed = obj is not None or job_change.former_of(self, request) is not None
        return [*super().get_readonly_fields(request, obj), *(["employee"] if fixed else [])]

    @admin.display(description=gettext_lazy("percentage"), ordering="percentage")
    def percentage_shown(self, position: Position) -> str:
        return f"{dates.number(position.percentage)} %"

    @display(description=gettext_lazy("status"), label=STATUS_LABELS)
    def status_shown(self, position: Position) -> tuple[str, str]:
        status = position.status(position.employee.organization.today())
        return status, str(dates.STATUSES[status])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if isinstance(form, job_change.JobChangeForm):
            form.end_former()
            self.log_change(request, form.former, lambda: f"{form.said_of_former()} Followed by “{obj.title}”.")
            self.message_user(request, form.said_of_former(), messages.SUCCESS)
        super().save_model(request, obj, form, change)
        for sentence in (*form.overtaken(), *self.save_notes(request, obj)):
            self.message_user(request, sentence, messages.WARNING)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        message = super().construct_change_message(request, form, formsets, add)
        return message if add else form.with_days(message)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        position = kwargs.get("obj")
        if self.has_change_permission(request, position):
            HintsPage(self).place(request, context, position)
        if position is not None:
            context["panels"] = self.panels(request, position)
            current = position.status(position.employee.organization.today()) == "current"
            context["may_follow"] = current and self.has_change_permission(request, position)
            context["after"] = str(position.pk)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if {"employee", job_change.AFTER} & set(request.GET):  # it was added from the employee's page
            return HttpResponseRedirect(reverse("admin:positions_employee_change", args=(obj.employee_id,)))
        return super().response_post_save_add(request, obj)

    def positions_to_delete(self, objects: list[Any]) -> list[Position]:
        return objects

    def hints(self, request: HttpRequest, form: Any) -> Hints:
        position = copy.copy(form.instance)
        if not form.is_bound and position.pk is None:
            for name in form.initial.keys() & form.fields.keys():
                with suppress(ValidationError):  # whoever makes an address may write anything into it
                    setattr(position, name, form.fields[name].to_python(form.initial[name]))
        if position.employee_id is None:
            return Hints()
        position.start_date = position.start_date or position.employee.organization.today()
        position.fill_in()
        hints = self.hints_of(request, position)
        if isinstance(form, job_change.JobChangeForm) and form.is_bound:
            shown = job_change.first_day(form.former, request.GET.get("start_date", ""))
            add = reverse("admin:positions_position_add")
            said = job_change.other_terms(form.former, shown, position.start_date, add)
            return Hints(hints.fields, [*hints.above, *([said] if said else ())])
        return hints

    # -- what other apps say more of

    def panels(self, request: HttpRequest, position: Position) -> list[str]:
        """Safe HTML below the form, "" for nothing."""
        return [TermsPages(self).panel(request, position)]

    def hints_of(self, request: HttpRequest, position: Position) -> Hints:
        """Beside the fields of its form: what is to be known before it is saved as it is here. The keys may also be
        those of what goes along from its employee."""
        return Hints()

    def occupations(
        self, request: HttpRequest, employee: int | None, company: int | None, text: str
    ) -> list[tuple[str, str]]:
        """(code, title) to choose from, by what was typed so far. The keys are as somebody has written them."""
        return []

    def chips(self, request: HttpRequest, positions: Sequence[Position]) -> Mapping[int, str]:
        """Beside each position of an employee: id -> safe HTML. Asked once for all of them."""
        return {}

    def delete_notes(self, request: HttpRequest, positions: Sequence[Position]) -> list[str]:
        """Sentences before a deletion is confirmed: what will happen elsewhere. Asked once for all of them."""
        return []

    def save_notes(self, request: HttpRequest, position: Position) -> list[str]:
        """Warnings after a save, for example about an overlap that a connected system will refuse."""
        return overlap_notes(position)


def overlap_notes(position: Position) -> list[str]:
    """One sentence that names the periods which this one overlaps."""
    others = Position.objects.filter(employee=position.employee_id).exclude(pk=position.pk)
    others = others.filter(Q(end_date=None) | Q(end_date__gte=position.start_date))
    if position.end_date is not None:
        others = others.filter(start_date__lte=position.end_date)
    names = [
        f"{other.title} ({dates.span(other.start_date, other.end_date)})" for other in others.order_by("start_date")
    ]
    if not names:
        return []
    said, more = ", ".join(names[:_NAMED]), len(names) - _NAMED
    if more > 0:
        said = _("{names} and {number} more").format(names=said, number=more)
    told = _("This position overlaps {names}. Many systems with employment history refuse overlapping periods.")
    return [told.format(names=said)]
