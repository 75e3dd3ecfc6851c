"""Employees, with their positions as the timeline of their pages shows them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import RegexValidator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from positions import roles
from positions.admin.employer import EmployerPage
from positions.admin.end_employment import EndEmploymentPage
from positions.admin.hints import Hint, Hints, HintsPage
from positions.admin.importing import WithImport
from positions.admin.personal_data import PersonalDataPages
from positions.admin.position import WithDeleteNotes
from positions.admin.scoped import ScopedAdmin, ScopedForm
from positions.employer import current_and_upcoming
from positions.lookalikes import lookalikes, of_the_same_national_id
from positions.models import Employee, Organization, Position, Terms
from positions.models.words import matching
from positions.timeline import draw, employed_since

# More than this many positions are not drawn; the list of positions has them all.
_DRAWN = 60


class WriteOnlyInput(UnfoldAdminTextInputWidget):
    """Never shows what was typed, also not when another field is refused."""

    def format_value(self, value: Any) -> None:
        return None


class EmployeeForm(ScopedForm):
    new_national_id = forms.CharField(
        label=gettext_lazy("National id"),
        required=False,
        max_length=20,
        widget=WriteOnlyInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        validators=[
            RegexValidator(
                r"^[0-9A-Za-z+\- ]{6,20}\Z", gettext_lazy("A national id has 6 to 20 digits, letters, “-” or “+”.")
            )
        ],
        help_text=gettext_lazy(
            "Encrypted, and never shown again. Used only to find the person in a target system, and to tell who "
            "is entered twice."
        ),
    )
    clear_national_id = forms.BooleanField(
        label=gettext_lazy("Remove the stored national id"), required=False, widget=UnfoldBooleanWidget()
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("new_national_id") and self.cleaned_data.get("clear_national_id"):
            self.add_error("clear_national_id", _("Either type a new national id or remove the stored one, not both."))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors and self.data.get(self.add_prefix("new_national_id")) and "new_national_id" not in self.errors:
            self["new_national_id"].help_text = _("Nothing was saved yet: type the national id again.")

    def save(self, commit: bool = True) -> Any:
        if typed := self.cleaned_data.get("new_national_id"):
            self.instance.national_id = typed.replace(" ", "")
        elif self.cleaned_data.get("clear_national_id"):
            self.instance.national_id = ""
        return super().save(commit)


class PositionStatusFilter(DropdownFilter):
    title = gettext_lazy("positions")
    parameter_name = "positions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("current", _("With a current position")),
            ("upcoming", _("With an upcoming position")),
            ("ended", _("Only ended positions")),
            ("none", _("No position")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("current", "upcoming", "ended", "none"):
            return queryset
        found = Q(pk__in=())
        all_of_them = Position.objects.filter(employee=OuterRef("pk"))
        if self.value() == "none":
            return queryset.filter(~Exists(all_of_them))
        for today, zones in roles.days_of(request.user):
            current = all_of_them.filter(start_date__lte=today).filter(Q(end_date=None) | Q(end_date__gte=today))
            upcoming = all_of_them.filter(start_date__gt=today)
            condition = {
                "current": Q(Exists(current)),
                "upcoming": Q(Exists(upcoming)),
                "ended": Q(Exists(all_of_them)) & ~Q(Exists(current)) & ~Q(Exists(upcoming)),
            }[str(self.value())]
            found |= Q(organization__time_zone__in=zones) & condition
        return queryset.filter(found)


@admin.register(Employee)
class EmployeeAdmin(WithDeleteNotes, WithImport, ScopedAdmin):
    """An app that knows more of a person registers a subclass instead, with more `panels`."""

    import_kind = "employees"
    form = EmployeeForm
    list_display = ("name_shown", "number", "company", "department")
    list_select_related = ("company", "department")
    list_filter = (PositionStatusFilter, "company", "department")
    search_fields = ("number",)  # that there is a search; see get_search_results
    search_help_text = gettext_lazy("Number, name, e-mail or external id")
    ordering = ("last_name", "first_name", "number")
    autocomplete_fields = ("company", "department", "manager")
    change_form_before_template = "positions/form_before.html"
    change_form_outer_before_template = "positions/panels.html"
    change_form_outer_after_template = "positions/personal_data.html"
    fieldsets = (
        (None, {"fields": (("number", "birth_date"), ("first_name", "last_name"), "email")}),
        (gettext_lazy("Belongs to"), {"fields": (("company", "department"), "manager")}),
        (gettext_lazy("National id"), {"fields": ("national_id_state", "new_national_id", "clear_national_id")}),
        (gettext_lazy("For the API"), {"fields": ("external_id",)}),
    )
    readonly_fields = ("national_id_state",)

    def get_urls(self) -> list[URLPattern]:
        pages = (PersonalDataPages(self), EmployerPage(self), EndEmploymentPage(self), HintsPage(self))
        return [*(url for page in pages for url in page.urls()), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # The national id stays in the database: no page needs more than whether there is one.
        return super().get_queryset(request).annotate(has_national_id=~Q(national_id="")).defer("national_id")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        narrowed, _ = super().get_search_results(request, queryset, "")
        return narrowed.filter(matching(search_term, self.visible(request))), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden: set[str] = set()
        if obj is None:
            hidden = {"national_id_state", "clear_national_id"}
        elif not self.has_change_permission(request, obj):
            hidden = {"new_national_id", "clear_national_id"}
        elif not obj.has_national_id:
            hidden = {"clear_national_id"}
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    @display(description=gettext_lazy("name"), header=True, ordering="last_name")
    def name_shown(self, employee: Employee) -> tuple[str, str]:
        return employee.name, employee.email

    @admin.display(description=gettext_lazy("stored"))
    def national_id_state(self, employee: Any) -> str:
        return _("•••••• set") if employee.has_national_id else _("Not set")

    @method_decorator(sensitive_post_parameters("new_national_id"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        employee = kwargs.get("obj")
        if self.has_change_permission(request, employee):
            HintsPage(self).place(request, context, employee)
        if employee is not None:
            context["panels"] = self.panels(request, employee)
            open_positions = employee.positions.filter(current_and_upcoming(employee.organization.today()))
            context["may_end"] = self.has_change_permission(request, employee) and open_positions.exists()
            context["may_erase"] = PersonalDataPages.may(request, employee)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        response = super().response_change(request, obj)
        return EmployerPage(self).after_save(request, obj, response) if obj.company_changed else response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        obj.company_changed = change and "company" in form.changed_data
        super().save_model(request, obj, form, change)
        found = lookalikes(form.instance)
        # Told of what is saved, and so stands in the audit trail: whoever only tried ids out could read everybody's.
        if typed := form.cleaned_data.get("new_national_id", ""):
            found["new_national_id"] = of_the_same_national_id(form.instance, typed)
        alike = {"number", "email", "new_national_id"}.intersection(form.changed_data)
        for sentence in (sentence for name in sorted(alike) for sentence in found.get(name, ())):
            self.message_user(request, sentence, messages.WARNING)

    def hints(self, request: HttpRequest, form: Any) -> Hints:
        found = lookalikes(form.instance)
        return Hints({name: [Hint(sentence, True) for sentence in sentences] for name, sentences in found.items()})

    def positions_to_delete(self, employees: list[Any]) -> list[Position]:
        return list(Position.objects.filter(employee__in=employees).select_related("employee"))

    def panels(self, request: HttpRequest, employee: Employee) -> list[str]:
        """Safe HTML above the form, "" for nothing."""
        return [self._timeline(request, employee)]

    def _timeline(self, request: HttpRequest, employee: Employee) -> str:
        every = list(
            employee.positions.order_by("-start_date", "-pk")
            .select_related("company", "department")
            .prefetch_related(Prefetch("terms", Terms.objects.select_related("department")))
        )
        for position in every:
            position.employee = employee
        shown = every[:_DRAWN]
        pages: Any = self.admin_site.get_model_admin(Position)
        chips = pages.chips(request, shown)
        organization: Organization = employee.organization
        today, left_out = organization.today(), len(every) > _DRAWN
        picture = draw(shown, today)
        return render_to_string(
            "positions/timeline.html",
            {
                "employee": employee,
                "picture": picture,
                "rows": [(row, chips.get(row.position.pk, "")) for row in picture.rows],
                "left_out": left_out,
                "since": employed_since(every, today),
                "may_add": roles.can(request.user, employee.organization_id, "edit"),
            },
            request,
        )
