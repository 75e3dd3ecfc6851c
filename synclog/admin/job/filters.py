"""The filters of the error log. All of them live in the address, so that a view of the log can be mailed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.widgets import INPUT_CLASSES

from positions import dates, roles
from positions.admin.scoped import ScopedAutocompleteFilter, as_key
from positions.models import Employee, Organization, Position
from synclog.log.causes import cause_title, causes
from synclog.log.groups import NO_FIELD
from synclog.log.sentences import field_label
from synclog.models import Job, JobQuerySet


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The clock that days in a filter are meant on: the organization's, UTC for people with several."""
    only = roles.only_organization(request.user)
    organization = Organization.objects.filter(pk=only).only("time_zone").first() if only else None
    return organization.zone if organization else ZoneInfo("UTC")


class StatusFilter(ChoicesDropdownFilter):
    title = gettext_lazy("status")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext_lazy("status")

    def said(self) -> str:
        return str(dict(Job.State.choices).get(self.value(), self.value()))


class ActionFilter(ChoicesDropdownFilter):
    def said(self) -> str:
        return str(dict(Job.Action.choices).get(self.value(), self.value()))


class CauseFilter(DropdownFilter):
    title = gettext_lazy("cause")
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((code, cause_title(code)) for code in causes()), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: JobQuerySet) -> QuerySet:
        return queryset.by_cause(timezone.now()).filter(cause=self.value()) if self.value() else queryset

    def said(self) -> str:
        return cause_title(str(self.value()))


class CutoffFilter(DropdownFilter):
    title = gettext_lazy("payroll cut-off")
    parameter_name = "cutoff"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("held", _("Held")), ("after", _("Saved after it")), ("retro", _("Retroactive"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        match self.value():
            case "held":
                return queryset.held(timezone.now())
            case "after":
                return queryset.filter(cutoff_at__isnull=False)
            case "retro":
                return queryset.filter(retro=True)
        return queryset

    def said(self) -> str:
        return dict(self.lookup_choices).get(self.value(), _("unknown"))


class _AlwaysThere(admin.SimpleListFilter):
    """Django leaves out a filter that has nothing to choose from."""

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []


class _ByKey(_AlwaysThere):
    """By the number of a row, which `column` holds: also of one that was deleted since."""

    column: ClassVar[str]

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.request, self.model_admin = request, model_admin

    @property
    def key(self) -> int | None:
        return as_key(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.none() if self.key is None else queryset.filter(**{self.column: self.key})

    def newest(self) -> Job | None:
        """Its newest entry, which tells what it was called."""
        rows = self.model_admin.get_queryset(self.request)
        job: Job | None = rows.filter(**{self.column: self.key}).first() if self.key else None
        return job


class EmployeeFilter(_ByKey):
    """By an employee of the user's organizations, also one who was deleted since (then by the address only)."""

    title = gettext_lazy("employee")
    parameter_name = "employee"
    template = "unfold/filters/filters_field.html"
    form_class = ScopedAutocompleteFilter.form_class
    column = "employee_key"

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "form": self.form_class(
                request=self.request,
                label=_("By employee"),
                name=self.parameter_name,
                choices=(),
                field=Position._meta.get_field("employee"),
                model_admin=self.model_admin,
                data={self.parameter_name: self.value() if self.key else None},
            )
        }

    def said(self) -> str:
        if (job := self.newest()) is not None:
            return job.employee_name
        shown = self.model_admin.offered(
            self.request, Employee.objects.defer("national_id"), self.model_admin.visible(self.request)
        )
        employee = shown.filter(pk=self.key).first() if self.key else None
        return employee.name if employee else _("unknown")


class _Hidden(_AlwaysThere):
    """Comes with a link; it is shown above the list, where it can be taken off, and not among the filters."""

    template = "admin/synclog/job/hidden_filter.html"

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {"form": ()}


class PositionFilter(_Hidden, _ByKey):
    title = gettext_lazy("position")
    parameter_name = "position"
    column = "position_key"

    def said(self) -> str:
        job = self.newest()
        return f"{job.title}, {dates.span(job.start_date, job.end_date)}" if job else _("unknown")


class FieldFilter(_Hidden):
    title = gettext_lazy("field")
    parameter_name = "field"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(field="" if self.value() == NO_FIELD else self.value())

    def said(self) -> str:
        return _("none") if self.value() == NO_FIELD else field_label(str(self.value()))


class RequestFilter(_Hidden):
    """What one request caused: all that was sent again together."""

    title = gettext_lazy("request")
    parameter_name = "request"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(request_id=self.value()) if self.value() else queryset

    def said(self) -> str:
        return str(self.value())


class DayForm(forms.Form):
    """The browser's own date picker."""

    def __init__(self, name: str, label: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[name] = forms.DateField(
            label=label,
            required=False,
            widget=forms.DateInput(attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}, format="%Y-%m-%d"),
        )


class _DayFilter(_AlwaysThere):
    template = "unfold/filters/filters_field.html"

    @property
    def day(self) -> date | None:
        try:
            day = parse_date(self.value() or "")
        except ValueError:
            return None
        # A day more or less is looked at: the first and last years of the calendar have none.
        return day if day and 1900 <= day.year <= 2999 else None

    def condition(self, day: date, zone: ZoneInfo) -> Q:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(self.condition(self.day, zone_of(request))) if self.day else queryset.none()

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        name = str(self.parameter_name)
        yield {
            "form": DayForm(
                name=name,
                label=str(self.title).capitalize(),
                data={name: self.day.isoformat() if self.day else None},
            )
        }

    def said(self) -> str:
        return dates.show(self.day) if self.day else _("not a day")


class ActiveOnFilter(_DayFilter):
    title = gettext_lazy("position active on")
    parameter_name = "active_on"

    def condition(self, day: date, zone: ZoneInfo) -> Q:
        return Q(start_date__lte=day) & (Q(end_date=None) | Q(end_date__gte=day))


class SinceFilter(_DayFilter):
    title = gettext_lazy("time from")
    parameter_name = "since"

    def condition(self, day: date, zone: ZoneInfo) -> Q:
        return Q(changed_at__gte=datetime.combine(day, time.min, zone))


class UntilFilter(_DayFilter):
    title = gettext_lazy("time until")
    parameter_name = "until"

    def condition(self, day: date, zone: ZoneInfo) -> Q:
        return Q(changed_at__lt=datetime.combine(day + timedelta(days=1), time.min, zone))
