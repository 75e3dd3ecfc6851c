"""People who sign in, for operators."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline
from unfold.forms import UserChangeForm

from positions.accounts import federation, invitations, issuer, second_factor, sessions
from positions.admin import confirming
from positions.admin.api_key import say_ended
from positions.admin.opened import OpenedInline
from positions.admin.scoped import OperatorAdmin, list_title
from positions.models import Member, SecondFactor, SelfMadeUser

logger = logging.getLogger(__name__)

# Django registered its own; roles stand in for groups and permissions.
admin.site.unregister(User)
admin.site.unregister(Group)


class MembershipInline(OpenedInline, TabularInline):
    model = Member
    fields = ("organization", "role")
    extra = 0
    verbose_name_plural = gettext_lazy("member of")
    hide_title = True


class NewUserForm(forms.ModelForm):
    """Without a password: the person chooses one by the link that is shown."""

    class Meta:
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Nobody but those who sign in here needs a user.
        self.instance.is_staff = True
        self.instance.set_unusable_password()


@admin.register(User)
class UserAdmin(DjangoUserAdmin, OperatorAdmin):  # type: ignore[misc]
    form = UserChangeForm
    add_form = NewUserForm
    list_display = (
        *("username", "email", "first_name", "last_name", "is_active", "is_superuser", "second_factor", "last_login"),
    )
    list_filter = ("is_active", "is_superuser")
    actions = ("invite", "end_sessions", "remove_second_factor", "disconnect")
    filter_horizontal = ()
    compressed_fields = False
    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ("last_login", "date_joined")
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": (("username", "email"), ("first_name", "last_name"))}),
        (gettext_lazy("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (gettext_lazy("Seen"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": ("username", "email"),
                "description": gettext_lazy(
                    "They choose their password by a link, which is shown when you have saved."
                ),
            },
        ),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        labels = {"is_staff": _("May sign in"), "is_superuser": _("Operator")}
        texts = {
            "is_staff": _("What they see then is decided by the organizations they are a member of."),
            "is_superuser": _("Sees and changes everything in every organization."),
        }
        return super().get_form(request, obj, change=change, labels=labels, help_texts=texts, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        has_one = Exists(SecondFactor.objects.filter(user=OuterRef("pk")))
        return super().get_queryset(request).annotate(has_second_factor=has_one)

    def get_urls(self) -> list[Any]:
        # Nobody sets a password for somebody else.
        return [url for url in super().get_urls() if url.name != "auth_user_password_change"]

    # -- whoever changes an account, also by an action of the list, shows again that it is them

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._confirmed(request, super().changeform_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"title": list_title(self.opts), **(extra_context or {})}
        return self._confirmed(request, super().changelist_view, context)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._confirmed(request, super().delete_view, *args, **kwargs)

    def _confirmed(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        go_on = partial(view, request, *args, **kwargs)
        return confirming.first(request, go_on) if self.has_view_permission(request) else go_on()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        since = timezone.now()
        super().save_model(request, obj, form, change)
        say_ended(request, obj.api_keys, since)
        if not change:
            self._show_link(request, obj)
        elif "email" in form.changed_data:
            # An operator says now whose address it is.
            SelfMadeUser.objects.filter(user=obj).delete()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        since = timezone.now()
        super().save_related(request, form, formsets, change)
        say_ended(request, form.instance.api_keys, since)

    def _show_link(self, request: HttpRequest, user: Any) -> None:
        link = request.build_absolute_uri(invitations.address_of(user))
        said = _("{user} chooses a password at this link, which is good for one day and for once: {link}").format(
            user=user.get_username(), link=link
        )
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Show a link for choosing a password"))
    def invite(self, request: HttpRequest, queryset: QuerySet) -> None:
        for user in queryset.filter(is_active=True)[:20]:
            self._show_link(request, user)

    @admin.action(description=gettext_lazy("End sessions"))
    def end_sessions(self, request: HttpRequest, queryset: QuerySet) -> None:
        number = sessions.end(queryset, but=request.session.session_key)
        logger.info("ended: %s sessions of %s users", number, queryset.count())
        said = ngettext(
            "Ended {number} session; your own in this browser goes on.",
            "Ended {number} sessions; your own in this browser goes on.",
            number,
        )
        self.message_user(request, said.format(number=number), messages.SUCCESS)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        left_out = set() if issuer.is_on() else {"disconnect"}
        return {name: action for name, action in super().get_actions(request).items() if name not in left_out}

    @admin.action(description=gettext_lazy("Disconnect from the issuer"))
    def disconnect(self, request: HttpRequest, queryset: QuerySet) -> None:
        # Whoever may not sign in stays known: as somebody new they would come in again.
        may = queryset.filter(is_active=True, is_staff=True)
        left_out = queryset.count() - may.count()
        number = federation.disconnect(list(may))
        sessions.end(may, but=request.session.session_key)
        if number or not left_out:
            said = _(
                "Disconnected %(number)s: they sign in by password alone, and groups of the issuer give them no role."
            )
            self.message_user(request, said % {"number": number}, messages.SUCCESS)
        if left_out:
            said = ngettext(
                "%(number)s user who may not sign in stays connected: as somebody new they could come in again.",
                "%(number)s users who may not sign in stay connected: as somebody new they could come in again.",
                left_out,
            )
            self.message_user(request, said % {"number": left_out}, messages.WARNING)

    @admin.display(description=gettext_lazy("second factor"), boolean=True, ordering="has_second_factor")
    def second_factor(self, user: Any) -> bool:
        return user.has_second_factor

    @admin.action(description=gettext_lazy("Remove second factor (lost phone)"))
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet) -> None:
        # One's own is turned off with a code, so that an open browser is not enough.
        found = list(second_factor.removable().filter(user__in=queryset).exclude(user_id=request.user.pk))
        if not found:
            said = _("Nobody else among the selected has a second factor. Your own: menu of your name > Second factor.")
            self.message_user(request, said, messages.INFO)
            return
        for factor in found:
            factor.delete()
        names = ", ".join(factor.user.get_username() for factor in found)
        said = _("Removed the second factor of {names}. They sign in by password now.").format(names=names)
        self.message_user(request, said, messages.SUCCESS)
