"""Organizations: their settings, their members, and the roles that groups of an identity provider give."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from positions import roles
from positions.accounts import issuer
from positions.admin.api_key import say_ended
from positions.admin.scoped import ScopedAdmin, ScopedTabularInline
from positions.models import GroupRole, Member, Organization, SelfMadeUser


class MemberForm(forms.ModelForm):
    person = forms.CharField(
        label=gettext_lazy("E-mail or user name"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "kari@example.com"}),
        help_text=gettext_lazy("Of somebody who has a user here."),
    )

    class Meta:
        model = Member
        fields = ("role",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            # Another person is another member: this one is removed, that one added.
            self.fields["person"].disabled = True
            self.fields["person"].initial = self.instance.user.email or self.instance.user.get_username()
        if self.instance.group and issuer.is_on():
            self.fields["role"].disabled = True  # the next sign-in gives it anew

    def clean_person(self) -> str:
        person: str = self.cleaned_data["person"].strip()
        if self.instance.pk is not None:
            return person
        nobodys = Exists(SelfMadeUser.objects.filter(user=OuterRef("pk")))  # address, for nobody but its user says so
        users = get_user_model()._default_manager.filter(Q(username=person) | (Q(email__iexact=person) & ~nobodys))
        found = list(users.filter(is_active=True)[:2])
        if not found:
            raise ValidationError(
                _("No user here is called {person}. Check the spelling, or invite them.").format(person=person)
            )
        if len(found) > 1:
            raise ValidationError(_("Several users have this e-mail. Write the user name instead."))
        if not found[0].is_staff:
            raise ValidationError(_("This user may not sign in. Tick “May sign in” for them first."))
        self.instance.user = found[0]
        return person


class MemberFormSet(PaginationInlineFormSet):
    instance: Organization
    by_operator = False

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        users = [form.instance.user_id for form in kept]
        if len(users) != len(set(users)):
            raise ValidationError(_("The same person is listed twice."))
        if not self.by_operator and not any(form.cleaned_data.get("role") == Member.Role.ADMIN for form in kept):
            raise ValidationError(_("An organization keeps at least one admin. Make somebody else admin first."))


class MemberInline(ScopedTabularInline):
    model = Member
    form = MemberForm
    formset = MemberFormSet
    fields = ("person", "role", "given_by")
    readonly_fields = ("given_by",)
    # Others invite: whether somebody has a user here is for operators to know.
    needs = {"view": "administer", "add": "operate", "change": "administer", "delete": "administer"}
    verbose_name_plural = gettext_lazy("members")
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in super().get_fields(request, obj) if name != "given_by" or issuer.is_on()]

    @admin.display(description=gettext_lazy("given by"))
    def given_by(self, member: Member) -> str:
        told = _("the group %(group)s of %(name)s, at each sign-in")
        return told % {"group": member.group, "name": issuer.name()} if member.group else _("somebody here")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.by_operator = roles.is_operator(request.user)
        return formset


class GroupRoleInline(ScopedTabularInline):
    model = GroupRole
    fields = ("group", "role")
    # Another organization's people may be of the same group: who becomes a member is for operators to say.
    needs = {"view": "administer", "add": "operate", "change": "operate", "delete": "operate"}
    verbose_name, verbose_name_plural = gettext_lazy("group"), gettext_lazy("groups that give a role")
    hide_title = True


@admin.register(Organization)
class OrganizationAdmin(ScopedAdmin):
    organization_path = ""
    needs = {"add": "operate", "change": "administer", "delete": "operate"}
    list_display = ("name", "country", "time_zone")
    search_fields = ("name",)
    fields = ("name", ("country", "time_zone"))
    inlines = (MemberInline, GroupRoleInline)
    change_form_after_template = "positions/invite.html"

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        found = super().get_inlines(request, obj)
        return [inline for inline in found if inline is not GroupRoleInline or issuer.is_on()]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        since = timezone.now()
        super().save_related(request, form, formsets, change)
        say_ended(request, form.instance.api_keys, since)
