"""Who is invited to an organization, and is no member of it yet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from positions import mailing
from positions.accounts import joining
from positions.admin.scoped import ScopedAdmin, ScopedForm
from positions.models import Invitation, Member
from positions.models.invitation import GOOD_FOR
from positions.signals import invitation_to_mail

MAILED_MOST, MAILED_WITHIN = 50, 3600  # by one organization, in seconds
ADDRESS_WITHIN = 900  # seconds: so often one of them mails an address


class InvitationForm(ScopedForm):
    """Looks at what the inviting organization knows anyway, its members and its invitations, and at nothing else."""

    by_mail = forms.BooleanField(
        label=_("Mail the link"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Only the mail has it then. Otherwise it is shown to you, to be handed over."),
    )

    class Meta:
        model = Invitation
        fields = ("organization", "email", "role")

    def clean(self) -> Any:
        cleaned = super().clean()
        email = self.cleaned_data.get("email", "")
        organization = self.cleaned_data.get("organization") or self.instance.organization_id
        if email and organization:
            members = Member.objects.filter(organization=organization).select_related("user")
            if any(joining.alike(email, joining.address_of(member.user)) for member in members):
                self.add_error("email", ValidationError(_("This is a member already."), code="member"))
            invited = Invitation.objects.filter(organization=organization).values_list("email", flat=True)
            if any(joining.alike(email, one) for one in invited):
                words = _("This address is invited already: make a new link in the list, or withdraw it there.")
                self.add_error("email", ValidationError(words, code="invited"))
        return cleaned


@admin.register(Invitation)
class InvitationAdmin(ScopedAdmin):
    needs = {"view": "administer", "add": "administer", "change": None, "delete": "administer"}
    form = InvitationForm
    list_display = ("email", "role", "invited_by_shown", "until_shown", "state_shown")
    search_fields = ("email",)
    unsearchable = ("digest", "seed")
    list_select_related = ("invited_by",)
    fields = ("email", "role")
    actions = ("mail_again", "send_again", "withdraw")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return joining.judged(super().get_queryset(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        (title, options), *rest = super().get_fieldsets(request, obj)
        if obj is not None:
            shown = (*options["fields"], "invited_by_shown", "until_shown", "state_words")
            return [(title, {**options, "fields": shown}), *rest]
        words = _(
            "They become a member when they accept, by a link. "
            "Whether they have a user here already makes no difference."
        )
        fields = (*options["fields"], "by_mail") if mailing.links_are_sent() else options["fields"]
        return [(title, {**options, "fields": fields, "description": words}), *rest]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        left_out = {"delete_selected", *(() if mailing.links_are_sent() else ("mail_again",))}
        return {name: action for name, action in super().get_actions(request).items() if name not in left_out}

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        obj.invited_by = request.user  # type: ignore[assignment]
        if not (form.cleaned_data.get("by_mail") and mailing.links_are_sent() and self._mail(request, obj)):
            self._issue(request, obj)

    def _mail(self, request: HttpRequest, invitation: Invitation) -> bool:
        """False, and nothing is changed, where it would be a mail too many."""
        by = f"invitations:{invitation.organization_id}"
        if mailing.too_many(f"{by}:{invitation.email.lower()}", 1, ADDRESS_WITHIN) or mailing.too_many(
            by, MAILED_MOST, MAILED_WITHIN
        ):
            said = _(
                "No link was mailed to {email}: an organization mails {most} invitations an hour, and one to an "
                "address in a quarter of an hour."
            )
            self.message_user(request, said.format(email=invitation.email, most=MAILED_MOST), messages.WARNING)
            return False
        with transaction.atomic():
            invitation.issue_by_mail()
            invitation.save()
            invitation_to_mail.send(Invitation, invitation=invitation)
        said = _("A link, good for {days} days and for once, is mailed to {email}.")
        self.message_user(request, said.format(days=GOOD_FOR.days, email=invitation.email), messages.SUCCESS)
        return True

    def _issue(self, request: HttpRequest, invitation: Invitation) -> None:
        token = invitation.issue()
        invitation.save()
        link = request.build_absolute_uri(reverse("join_by_link", args=[token]))
        said = _("Give {email} this link, good for {days} days and for once: {link}")
        words = said.format(email=invitation.email, days=GOOD_FOR.days, link=link)
        self.message_user(request, words, messages.SUCCESS)

    @admin.action(description=_("Mail a new link"), permissions=["add"])
    def mail_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Not to whoever declined."""
        for invitation in queryset[:20]:
            if invitation.declined_at is not None:
                said = _("{email} declined, and is not mailed again.")
                self.message_user(request, said.format(email=invitation.email), messages.WARNING)
                continue
            invitation.invited_by = request.user
            self._mail(request, invitation)

    @admin.action(description=_("Make a new link"), permissions=["add"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        for invitation in queryset[:20]:
            # Whoever makes the link answers for it.
            invitation.invited_by = request.user
            self._issue(request, invitation)

    @admin.action(description=_("Withdraw"), permissions=["delete"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet) -> None:
        number = queryset.count()
        queryset.delete()
        self.message_user(request, _("Withdrew {number}: the links are over.").format(number=number), messages.SUCCESS)

    @admin.display(description=_("invited by"), ordering="invited_by")
    def invited_by_shown(self, invitation: Invitation) -> str:
        return joining.address_of(invitation.invited_by)

    @admin.display(description=_("until"), ordering="until")
    def until_shown(self, invitation: Invitation) -> str:
        return date_format(invitation.until, "DATETIME_FORMAT").replace(" ", "\N{NO-BREAK SPACE}")

    @display(description=_("state"), label={"waiting": "info", "declined": "warning", "over": "warning"})
    def state_shown(self, invitation: Invitation) -> tuple[str, str]:
        return joining.state_of(invitation).value, self.state_words(invitation)

    @admin.display(description=_("state"))
    def state_words(self, invitation: Invitation) -> str:
        """On the invitation's own page."""
        return str(joining.state_of(invitation).label)

    # The audit trail tells of it; the history of pages knows no organization.

    def log_addition(self, *args: Any) -> None: ...

    def log_deletions(self, *args: Any) -> None: ...
