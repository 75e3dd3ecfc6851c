"""The pages behind *Import* and *Export* above a list: a file is sent, looked at and confirmed; its form is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
)

from positions import moments, roles
from positions.admin.inputs import DayField
from positions.audit import actor
from positions.dates import odd_year
from positions.importing import work, writing
from positions.importing.columns import named
from positions.importing.files import MOST_ROWS
from positions.importing.rows import Row
from positions.models import AuditEntry, Import, Organization
from positions.numbers import figure
from positions.privacy.national_ids import masked_strictly

# So many rows are shown on the page; the file has the others.
_SHOWN = 50
_SHOWN_CHANGES = 10


class OrganizationForm(forms.Form):
    """Of whoever works for several organizations: for which one."""

    organization = forms.ModelChoiceField(
        label=gettext_lazy("Organization"), queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, organizations: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(organizations[:2])
        self._only = rows[0] if len(rows) == 1 else None
        if self._only is not None:
            del self.fields["organization"]
        else:
            field = self.fields["organization"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = organizations

    def organization_chosen(self) -> Organization:
        return self._only or self.cleaned_data["organization"]


class ImportForm(OrganizationForm):
    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
        help_text=gettext_lazy("CSV or Excel (.xlsx), up to 20,000 rows and 5 MB."),
        allow_empty_file=False,
    )
    empty = forms.ChoiceField(
        label=gettext_lazy("Empty cells"),
        choices=[
            ("keep", gettext_lazy("Keep what is stored")),
            ("clear", gettext_lazy("Clear what is stored")),
        ],
        initial="keep",
        widget=UnfoldAdminRadioSelectWidget(),
    )
    effective_from = DayField(
        label=gettext_lazy("Changes count from"),
        required=False,
        help_text=gettext_lazy(
            "Of rows whose own “Counts from” is empty, where they change what may change while a position lasts: "
            "title, contract type, percentage, hours, occupation code, department, cost centre. Empty: from today on, "
            "of a position to come from its first day."
        ),
    )

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != Import.Kind.POSITIONS:
            del self.fields["effective_from"]

    def clean_effective_from(self) -> Any:
        day = self.cleaned_data["effective_from"]
        if day is not None and (wrong := odd_year(day)):
            raise forms.ValidationError(wrong)
        return day


class ExportForm(OrganizationForm):
    form = forms.ChoiceField(
        label=gettext_lazy("As"), choices=writing.FORMS, initial=writing.XLSX, widget=UnfoldAdminRadioSelectWidget()
    )


class WithImport:
    """Mix into the ScopedAdmin of what `import_kind` names. For whoever may edit there; an import of another
    organization is not there."""

    import_kind: ClassVar[str]
    admin_site: Any
    opts: Any
    media: Any
    actions_list = ("import_rows", "export_rows")

    def get_urls(self) -> list[URLPattern]:
        def at(suffix: str, view: Any, name: str) -> URLPattern:
            return path(suffix, self.admin_site.admin_view(view), name=f"{self._address}_{name}")

        return [
            at("import/template/<str:form>/", self.template_view, "import_template"),
            at("import/<uuid:uuid>/", self.import_view, "import"),
            at("import/<uuid:uuid>/refused/<str:form>/", self.refused_view, "import_refused"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    @property
    def _address(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    @property
    def _import_title(self) -> str:
        return _("Import employees") if self.import_kind == Import.Kind.EMPLOYEES else _("Import positions")

    def has_import_permission(self, request: HttpRequest) -> bool:
        return roles.can_somewhere(request.user, "edit")

    def _organizations(self, request: HttpRequest) -> Any:
        """Where the person may edit."""
        ids = roles.organization_ids(request.user, "edit")
        found = roles.limited(Organization.objects.all(), ids, "pk")
        return found.order_by("name", "pk")

    def _page(self, request: HttpRequest, template: str, title: str, **more: Any) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "kind": self.import_kind,
            "list_url": reverse(f"admin:{self._address}_changelist"),
            "import_url": reverse(f"admin:{self._address}_import_rows"),
            **more,
        }
        return TemplateResponse(request, template, context)

    # -- import

    @action(description=gettext_lazy("Import"), url_path="import", permissions=["import"], icon="upload")
    def import_rows(self, request: HttpRequest) -> HttpResponse:
        """The form to send a file with, and the files of the last day."""
        organizations = self._organizations(request)
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ImportForm(self.import_kind, organizations, *sent)
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            try:
                asked = work.begin(
                    form.organization_chosen(),
                    request.user,
                    self.import_kind,
                    values["file"].read(),
                    effective_from=values.get("effective_from"),
                    empty_clears=values["empty"] == "clear",
                )
            except work.TooManyError:
                form.add_error("file", _("There are too many files already. Throw some of them away below."))
            else:
                return HttpResponseRedirect(self._url(asked))
        recent = Import.objects.filter(kind=self.import_kind, organization__in=organizations)
        recent = recent.select_related("organization", "user").defer("file", "problem", "managers")
        return self._page(
            request,
            "positions/import_form.html",
            self._import_title,
            form=form,
            media=self.media + form.media,
            recent=[
                (asked, self._url(asked), moments.clock(asked.asked_at, asked.organization.zone))
                for asked in recent.order_by("-pk")[: work.MOST_KEPT]
            ],
            templates=[
                (label, reverse(f"admin:{self._address}_import_template", args=(form,)))
                for form, label in writing.FORMS
            ],
        )

    def _url(self, asked: Import) -> str:
        return reverse(f"admin:{self._address}_import", args=(asked.uuid,))

    def template_view(self, request: HttpRequest, form: str) -> Any:
        if not self.has_import_permission(request):
            raise PermissionDenied
        if form not in dict(writing.FORMS):
            raise Http404
        organization = self._organizations(request).first()
        country = organization.country if organization is not None else Organization.Country.NORWAY
        return writing.response(writing.template(self.import_kind, country), form, f"{self.import_kind}-template")

    def import_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """How far it is, what is wrong with which rows, and what would follow; by POST what the person says to it."""
        asked = self._asked(request, uuid)
        if request.method == "POST":
            return self._answered(request, asked)
        return self._page(
            request,
            "positions/import.html",
            self._import_title,
            asked=asked,
            several=roles.only_organization(request.user) is None,
            problems=asked.problem.splitlines(),
            own=asked.user_id == request.user.pk,
            good=asked.created + asked.updated,
            changed=_by_column(asked),
            follows=sorted(asked.follows.items()),
            wrong=list(_wrong(asked)),
            changes=list(_changes(asked)) if asked.state == Import.State.CHECKED else [],
            refused_urls=[
                (label, reverse(f"admin:{self._address}_import_refused", args=(asked.uuid, form)))
                for form, label in writing.FORMS
                if asked.user_id == request.user.pk
            ],
        )

    def _asked(self, request: HttpRequest, uuid: UUID) -> Import:
        found = Import.objects.select_related("organization", "user").defer("file", "managers")
        asked = found.filter(uuid=uuid, kind=self.import_kind).first()
        if asked is None or not roles.can(request.user, asked.organization_id, "view"):
            raise Http404
        if not roles.can(request.user, asked.organization_id, "edit"):
            raise PermissionDenied
        return asked

    def _answered(self, request: HttpRequest, asked: Import) -> HttpResponse:
        said = request.POST.get("do", "")
        if said == "forget" and not asked.working:
            work.forget(asked)
            messages.success(request, _("The file is thrown away."))
            return HttpResponseRedirect(reverse(f"admin:{self._address}_import_rows"))
        if said == "confirm" and asked.user_id != request.user.pk:  # what it does is done in the sender's name
            raise PermissionDenied
        done = {"confirm": work.confirm, "cancel": work.cancel}.get(said, lambda _pk: False)(asked.pk)
        if not done:
            messages.warning(request, _("Nothing was done: somebody was faster. This is how it stands."))
        return HttpResponseRedirect(self._url(asked))

    def refused_view(self, request: HttpRequest, uuid: UUID, form: str) -> Any:
        """For whoever sent the file: it may hold national ids, which nobody else is shown."""
        asked = self._asked(request, uuid)
        if asked.user_id != request.user.pk:
            raise PermissionDenied
        if form not in dict(writing.FORMS) or not asked.refused:
            raise Http404
        return writing.response(writing.refused(asked), form, f"{self.import_kind}-refused")

    # -- export

    @action(description=gettext_lazy("Export"), url_path="export", permissions=["import"], icon="download")
    def export_rows(self, request: HttpRequest) -> Any:
        """All of an organization. By POST: it is noted in the audit trail."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        organizations = self._organizations(request)
        form = ExportForm(organizations, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            organization, chosen = form.organization_chosen(), form.cleaned_data["form"]
            number = writing.stored(self.import_kind, organization).count()
            if writing.fits(number, chosen):
                return self._exported(organization, chosen, number)
            words = _("These are %(number)s rows, and a workbook has at most %(most)s. Take CSV.")
            form.add_error("form", words % {"number": figure(number), "most": figure(MOST_ROWS)})
        employees = self.import_kind == Import.Kind.EMPLOYEES
        title = _("Export employees") if employees else _("Export positions")
        return self._page(request, "positions/export_form.html", title, form=form)

    def _exported(self, organization: Organization, form: str, number: int) -> Any:
        name, via = actor()
        AuditEntry.objects.create(
            organization=organization,
            actor=name[:150],
            via=via,
            action=AuditEntry.Action.EXPORTED,
            kind=self.import_kind,
            object_name=f"{number} rows ({form})",
        )
        return writing.response(writing.export(self.import_kind, organization), form, self.import_kind)


def _by_column(asked: Import) -> Sequence[tuple[str, int]]:
    """How many rows change which column, most first."""
    found = [(named(asked.kind, name), number) for name, number in asked.changed.items()]
    said = [(str(column.label), number) for column, number in found if column is not None]
    return sorted(said, key=lambda one: (-one[1], one[0]))


def _rows(asked: Import, **which: Any) -> Iterator[Row]:
    for piece in asked.pieces.filter(**which).iterator(chunk_size=1):
        yield from (Row(**one) for one in piece.content["rows"])


def _wrong(asked: Import) -> Iterator[tuple[Row, list[str]]]:
    """The first refused rows, with what is wrong with them."""
    if not asked.refused:
        return
    number = 0
    for row in _rows(asked, refused__gt=0):
        if row.errors:
            number += 1
            yield row, row.told(asked.kind)
        if number == _SHOWN:
            return


def _changes(asked: Import) -> Iterator[tuple[int, list[tuple[str, str, str]]]]:
    """The first rows that change something: line, and (column, old, new) of each."""
    if not asked.updated:
        return
    number = 0
    for row in _rows(asked, updated__gt=0):
        said = [(named(asked.kind, name), pair) for name, pair in row.changes.items()]
        shown = [
            (str(column.label), masked_strictly(old), masked_strictly(new))
            for column, (old, new) in said
            if column is not None
        ]
        if shown:
            number += 1
            yield row.line, shown
        if number == _SHOWN_CHANGES:
            return
