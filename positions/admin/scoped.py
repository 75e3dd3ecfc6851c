"""The base of every admin page that shows an organization's data: nobody sees or touches another organization's."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import NestedObjects, get_fields_from_path, unquote
from django.contrib.admin.widgets import AutocompleteMixin
from django.core.exceptions import PermissionDenied
from django.db import models, router
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RelatedDropdownFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from positions import roles
from positions.admin.history import EnglishHistory
from positions.admin.inputs import DateInput, DayField
from positions.admin.looking_up import LookingUp, way_of
from positions.admin.once import OnceAdmin
from positions.admin.opened import OpenedAdmin, OpenedInline
from positions.admin.returning import back
from positions.audit import kind_of
from positions.encryption import EncryptedJSONField, EncryptedTextField
from positions.models import AuditEntry
from positions.models.text import AddressField
from positions.origin import Origin, started_by
from positions.transactions import repeated

logger = logging.getLogger(__name__)

# Above this many, the confirmation of a deletion counts the rest instead of listing it.
_LISTED_ON_DELETE = 100
_INPUTS: Any = {
    models.DateField: {"form_class": DayField, "widget": DateInput},
    models.EmailField: {"form_class": AddressField},
}


class _Permissions:
    """Permissions from the roles of positions/roles.py, shared by pages and inlines."""

    _DEFAULT_NEEDS: ClassVar[Mapping[str, roles.Need]] = {
        "view": "view",
        "add": "edit",
        "change": "edit",
        "delete": "edit",
    }
    needs: ClassVar[Mapping[str, roles.Need | None]] = {}

    def need(self, action: str) -> roles.Need | None:
        return self.needs[action] if action in self.needs else self._DEFAULT_NEEDS[action]

    def allowed(self, request: HttpRequest, action: str, obj: Any = None) -> bool:
        raise NotImplementedError

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allowed(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allowed(request, "add", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allowed(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allowed(request, "delete", obj)


class ScopedForm(forms.ModelForm):
    """A form inside one organization: fills it in where it is not asked for, and offers nothing of another."""

    _scope: ClassVar[ScopedAdmin]
    _request: ClassVar[HttpRequest]
    _filled_in: ClassVar[int | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            return
        field = self._scope.organization_field
        if self._filled_in is not None and field is not None:
            setattr(self.instance, field.attname, self._filled_in)
        elif field is not None and field.name in self.fields and self.is_bound:
            chosen = self.data.get(self.add_prefix(field.name), "")
            if isinstance(chosen, str) and chosen.isdecimal():
                for name, other in self.fields.items():
                    if name != field.name and isinstance(other, forms.ModelChoiceField):
                        other.queryset = self._scope.offered(self._request, other.queryset, {int(chosen)})

    def _get_validation_exclusions(self) -> set[str]:
        # Django leaves out a constraint when one of its fields is not on the form. An organization that was filled in
        # or is read-only still counts for "this number is taken": else the database would answer, with an error page.
        counted = {
            name
            for constraint in self.instance._meta.constraints
            for name in getattr(constraint, "fields", ())
            if name not in self.fields
            and getattr(self.instance, self.instance._meta.get_field(name).attname) is not None
        }
        return set(super()._get_validation_exclusions()) - counted  # type: ignore[misc]


def _is_key(text: Any) -> bool:
    """Whether it can be the number of a row: 18 digits are less than any database has."""
    return isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 18


def as_key(text: Any) -> int | None:
    """A row's number as it stands in an address or a form; None for anything else."""
    return int(text) if _is_key(text) else None


class ScopedAdmin(EnglishHistory, OnceAdmin, OpenedAdmin, _Permissions, LookingUp, ModelAdmin):
    """A ModelAdmin for a model that belongs to an organization. Subclass it and set:

    `organization_path`: the lookup from the model to its organization: "organization" (default),
    "integration__organization", or "" for Organization itself.

    `needs`: what a person must be allowed to do (positions/roles.py) to view, add, change, delete. What is not named
    keeps its default: {"view": "view", "add": "edit", "change": "edit", "delete": "edit"}. Viewers may "view", editors
    also "edit", admins also "administer"; "operate" is for operators; None is for nobody, operators included::

        class IntegrationAdmin(ScopedAdmin):
            needs = {"add": "administer", "change": "administer", "delete": "administer"}

        class JobAdmin(ScopedAdmin):
            organization_path = "integration__organization"
            needs = {"add": None, "change": "administer", "delete": None}

    You get, without doing anything: lists, pages, autocompletes, actions and deletions limited to the user's
    organizations; another organization's object by its address answered like one that does not exist; related fields,
    also of inlines (ScopedTabularInline, ScopedStackedInline), offering only what belongs to the object's organization;
    foreign keys named in `list_filter` made into scoped filters (use `ScopedAutocompleteFilter` for long lists); an
    organization field, column and filter for people with several organizations and none for the others (do not name it
    in `fields` or `list_display`); encrypted fields barred from lookups; everything saved here started by the user.

    Ask `self.has_change_permission(request, obj)` in a view of your own, after `self.get_object(request, pk)`, which
    is None for a foreign object. `obj` may also be its id. An action with `permissions=["change"]` gets only the
    selected objects that the user may change. `self.limited(queryset, ids)` limits any queryset of this model.
    """

    formfield_overrides = _INPUTS
    organization_path: ClassVar[str] = "organization"
    # Fields that no one may filter by in the address, besides the encrypted ones.
    unsearchable: ClassVar[Collection[str]] = ()
    form = ScopedForm
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    warn_unsaved_form = True
    compressed_fields = False  # labels above their fields, so that two of these stand side by side

    # -- the scope

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What an address gives for a field that names an object, as a key: anything else is nothing."""
        initial = super().get_changeform_initial_data(request)
        keys = [f.name for f in self.opts.concrete_fields if f.remote_field and f.name in initial]
        return initial | {name: "" for name in keys if not _is_key(initial[name])}

    @property
    def organization_field(self) -> models.ForeignKey | None:
        """The model's own foreign key to Organization, if it has one."""
        if not self.organization_path or "__" in self.organization_path:
            return None
        field = self.opts.get_field(self.organization_path)
        assert isinstance(field, models.ForeignKey)
        return field

    def organization_id_of(self, obj: Any) -> int | None:
        if not self.organization_path:
            return obj.pk
        *steps, last = self.organization_path.split("__")
        for step in steps:
            obj = getattr(obj, step, None)
            if obj is None:
                return None
        return getattr(obj, f"{last}_id")

    def visible(self, request: HttpRequest) -> Collection[int] | None:
        """The organizations in which the user may view this model; None: all of them."""
        need = self.need("view")
        return roles.organization_ids(request.user, need) if need else frozenset()

    def limited(self, queryset: models.QuerySet, ids: Collection[int] | None) -> models.QuerySet:
        """The part of a queryset of this model that belongs to these organizations; None: all of it."""
        return roles.limited(queryset, ids, self.organization_path or "pk")

    def offered(self, request: HttpRequest, queryset: Any, ids: Collection[int] | None) -> models.QuerySet:
        """What a related field may offer: objects of these organizations, as the admin of their model knows them.

        Objects that belong to no organization (users) are offered to operators only.
        """
        admin = self.admin_site._registry.get(queryset.model)
        if isinstance(admin, ScopedAdmin):
            return admin.limited(queryset, ids)
        return queryset if roles.is_operator(request.user) else queryset.none()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        queryset = self.limited(super().get_queryset(request), self.visible(request))
        steps, _, _ = self.organization_path.rpartition("__")
        if not steps:
            return queryset
        # The way to the organization comes along: permissions of each row are asked without a query. What the list
        # wants is named here too, because a list adds nothing to a queryset that has related objects already.
        related = self.get_list_select_related(request)
        return queryset.select_related(steps, *(() if isinstance(related, bool) else related))

    def to_change(self, request: HttpRequest, pk: int) -> Any:
        """What a page that changes one object begins with: the object, or the answer to who asks for one that is not
        there or not theirs. Raises PermissionDenied for whoever may only see it."""
        found = self.get_object(request, str(pk))
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_change_permission(request, found):
            raise PermissionDenied
        return found

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        # Foreign ones are not there either: somebody who tries numbers is seen in the log, by name and address.
        logger.warning("refused: %s %.40r is not there, or not theirs", opts.model_name, object_id)
        self.message_user(
            request, _("Nothing is at this address: it was deleted, or the address is wrong."), messages.WARNING
        )
        return HttpResponseRedirect(reverse("admin:index"))

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        match = request.resolver_match
        if match is not None and match.url_name == "autocomplete":
            # A form of one organization names it (see `_narrow`); the queryset is already the user's own.
            named = request.GET.get("organization", "")
            if _is_key(named):
                queryset = self.limited(queryset, {int(named)})
        return super().get_search_results(request, queryset, search_term)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        for field in way_of(self.model, lookup)[0]:
            if isinstance(field, EncryptedTextField | EncryptedJSONField) or field.name in self.unsearchable:
                return False
        return super().lookup_allowed(lookup, value, request)

    # -- permissions

    def allowed(self, request: HttpRequest, action: str, obj: Any = None) -> bool:
        need = self.need(action)
        if need is None:
            return False
        if isinstance(obj, str | int):
            obj = self.get_object(request, unquote(str(obj)))
            if obj is None:
                return False
        if obj is None or obj.pk is None:
            return roles.can_somewhere(request.user, need)
        organization = self.organization_id_of(obj)
        if organization is None:  # the installation's own
            return roles.is_operator(request.user)
        return roles.can(request.user, organization, need)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.allowed(request, "view")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {
            name: (self._guarded(function, name), name, description)
            for name, (function, _, description) in super().get_actions(request).items()
        }

    def _guarded(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """The same action, on those selected objects only whose organization gives the user the needed role."""

        def guarded(admin: ScopedAdmin, request: HttpRequest, queryset: models.QuerySet) -> Any:
            for permission in getattr(function, "allowed_permissions", ()):
                need = admin.need(permission) if permission in admin._DEFAULT_NEEDS else None
                ids = roles.organization_ids(request.user, need) if need else None
                if ids is not None and ids != admin.visible(request):
                    permitted = admin.limited(queryset, ids)
                    left_out = queryset.count() - permitted.count()
                    if left_out:
                        said = _("{number} left out: your role there does not allow this.").format(number=left_out)
                        self.message_user(request, said, messages.WARNING)
                    queryset = permitted
            return function(admin, request, queryset)

        guarded.__name__ = name
        return guarded

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[str], list]:
        """Whoever may delete an object may delete what hangs on it, also what nobody may delete by hand (a log)."""
        objs = list(objs)
        if not objs:
            return [], {}, set(), []
        collector: Any = NestedObjects(using=router.db_for_write(self.model), origin=objs)
        collector.collect(objs)
        lacking = {str(self.opts.verbose_name) for obj in objs if not self.has_delete_permission(request, obj)}
        # Rows without a page of their own mean nothing to the reader: they go unmentioned.
        shown = {model: rows for model, rows in collector.model_objs.items() if self.admin_site.is_registered(model)}
        lines = [
            f"{capfirst(str(model._meta.verbose_name))}: {row}"
            for model, rows in shown.items()
            for row in sorted(rows, key=lambda row: row.pk)[:_LISTED_ON_DELETE]
        ]
        left_out = sum(len(rows) for rows in shown.values()) - len(lines[:_LISTED_ON_DELETE])
        lines = lines[:_LISTED_ON_DELETE] + ([_("and {number} more").format(number=left_out)] if left_out else [])
        counts = {str(model._meta.verbose_name_plural): len(rows) for model, rows in shown.items()}
        protected = [f"{capfirst(str(row._meta.verbose_name))}: {row}" for row in collector.protected]
        return lines, counts, lacking, protected[:_LISTED_ON_DELETE]

    # -- forms

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type:
        form = super().get_form(request, obj, change, **kwargs)
        ids = self._ids_of_form(request, obj)
        self._narrow(request, form, ids)
        form._scope, form._request = self, request
        form._filled_in = roles.only_organization(request.user)
        return form

    def _ids_of_form(self, request: HttpRequest, obj: Any) -> Collection[int] | None:
        organization = None if obj is None or obj.pk is None else self.organization_id_of(obj)
        return (
            {organization}
            if organization is not None
            else roles.organization_ids(request.user, self.need("add") or "view")
        )

    def _narrow(self, request: HttpRequest, form: Any, ids: Collection[int] | None) -> None:
        """Limits the choices of each related field of a form class to these organizations."""
        for name, declared in form.base_fields.items():
            if not isinstance(declared, forms.ModelChoiceField):
                continue
            # A field that was declared on a form class is shared by all requests: never change it in place.
            field = form.base_fields[name] = copy.deepcopy(declared)
            field.queryset = self.offered(request, field.queryset, ids)
            widget = getattr(field.widget, "widget", field.widget)
            if isinstance(widget, AutocompleteMixin) and ids is not None and len(ids) == 1:
                address = f"{widget.get_url()}?organization={next(iter(ids))}"
                widget.get_url = partial(str, address)  # type: ignore[method-assign]

    def _asks_for_organization(self, request: HttpRequest) -> bool:
        return self.organization_field is not None and roles.only_organization(request.user) is None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        field = self.organization_field
        if field is None:
            return fieldsets
        (title, options), *rest = fieldsets
        names = [name for name in options["fields"] if name != field.name]
        if self._asks_for_organization(request):
            names.insert(0, field.name)
        return [(title, {**options, "fields": names}), *rest]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = [self.organization_field.name] if obj is not None and self._asks_for_organization(request) else []  # type: ignore[union-attr]
        return [*super().get_readonly_fields(request, obj), *fixed]

    # -- lists

    def get_list_display(self, request: HttpRequest) -> Any:
        field = self.organization_field if self._asks_for_organization(request) else None
        return [*super().get_list_display(request), *([field.name] if field else [])]

    def get_list_select_related(self, request: HttpRequest) -> Any:
        related = super().get_list_select_related(request)
        field = self.organization_field
        return [*related, field.name] if field is not None and not isinstance(related, bool) else related

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = list(super().get_list_filter(request))
        filters = [
            (item, ScopedFilter)
            if isinstance(item, str) and get_fields_from_path(self.model, item)[-1].is_relation
            else item
            for item in filters
        ]
        if self.organization_path and roles.only_organization(request.user) is None:
            filters.insert(0, (self.organization_path, ScopedFilter))
        return filters

    # -- whoever saves here started it; what the database undid for somebody else's sake is done once more

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with started_by(Origin("edit", request.user.get_username())):
            return _repeated(request, super().changeform_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        with started_by(Origin("edit", request.user.get_username())):
            return super().changelist_view(request, {"title": list_title(self.opts), **(extra_context or {})})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The audit trail of the object, for whoever may see the trail: Django's own history knows only what was done
        on pages."""
        trail = self.admin_site.get_model_admin(AuditEntry)
        if not trail.has_view_permission(request) or self.get_object(request, unquote(object_id)) is None:
            return super().history_view(request, object_id, extra_context)
        asked = urlencode({"kind": kind_of(self.model), "object_key": unquote(object_id)})
        return HttpResponseRedirect(f"{reverse('admin:positions_auditentry_changelist')}?{asked}")

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with started_by(Origin("edit", request.user.get_username())):
            return _repeated(request, super().delete_view, *args, **kwargs)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        found = super().response_post_save_change(request, obj)
        return HttpResponseRedirect(back(request, found["Location"]))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        repeated(super().delete_queryset)(request, queryset)


def list_title(opts: Any) -> str:
    """What the browser's tab says of a list, in place of Django's "Select employee to change"."""
    return str(capfirst(opts.verbose_name_plural))


def _repeated(request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any) -> HttpResponse:
    """A view that is one transaction when something is posted to it."""
    if request.method != "POST":
        return view(request, *args, **kwargs)
    said = messages.get_messages(request)._queued_messages  # type: ignore[union-attr]
    before = len(said)

    @repeated
    def once() -> HttpResponse:
        del said[before:]  # of a try that was undone
        return view(request, *args, **kwargs)

    return once()


class _ScopedInline(OpenedInline, _Permissions):
    """An inline of a page that is a ScopedAdmin; `needs` as there, asked of the page's object."""

    extra = 0

    @property
    def _page(self) -> ScopedAdmin:
        page = self.admin_site._registry[self.parent_model]  # type: ignore[attr-defined]
        assert isinstance(page, ScopedAdmin), f"{type(self).__name__} belongs on a ScopedAdmin page"
        return page

    def allowed(self, request: HttpRequest, action: str, obj: Any = None) -> bool:
        need = self.need(action)
        if need is None:
            return False
        if obj is None or obj.pk is None:
            return roles.can_somewhere(request.user, need)
        organization = self._page.organization_id_of(obj)
        return organization is not None and roles.can(request.user, organization, need)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        self._page._narrow(request, formset.form, self._page._ids_of_form(request, obj))
        return formset


class ScopedTabularInline(_ScopedInline, TabularInline):
    formfield_overrides = _INPUTS


class ScopedStackedInline(_ScopedInline, StackedInline):
    formfield_overrides = _INPUTS


class ScopedFilter(RelatedDropdownFilter):
    """A filter by a related object that lists only those of the user's organizations."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: ScopedAdmin) -> list[tuple[Any, str]]:
        queryset = model_admin.offered(
            request, field.remote_field.model._default_manager.all(), model_admin.visible(request)
        )
        return [(row.pk, str(row)) for row in queryset]


class _ScopedDropdownForm(AutocompleteDropdownForm):
    def __init__(
        self, request: HttpRequest, name: str, *args: Any, field: Any, model_admin: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, name, *args, field=field, model_admin=model_admin, **kwargs)
        # The chosen object's name is shown: it comes from the user's organizations, or not at all.
        self.fields[name].queryset = model_admin.offered(
            request, field.remote_field.model._default_manager.all(), model_admin.visible(request)
        )


class ScopedAutocompleteFilter(AutocompleteSelectFilter):
    """The same for long lists: ("employee", ScopedAutocompleteFilter)."""

    form_class = _ScopedDropdownForm


class OperatorAdmin(EnglishHistory, OnceAdmin, OpenedAdmin, LookingUp, ModelAdmin):
    """A page for operators only."""

    def _operator(self, request: HttpRequest) -> bool:
        return roles.is_operator(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._operator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._operator(request)
