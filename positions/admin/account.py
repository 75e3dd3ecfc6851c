"""One's own name and e-mail address. Whoever changes them shows again that it is them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from positions import mailing
from positions.accounts import own_address
from positions.admin import confirming
from positions.models.text import AddressField

MOST, WITHIN = 5, 3600  # links of one user, in seconds


class AccountForm(forms.Form):
    first_name = forms.CharField(
        label=gettext_lazy("First name"), max_length=150, required=False, widget=UnfoldAdminTextInputWidget
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"), max_length=150, required=False, widget=UnfoldAdminTextInputWidget
    )
    email = AddressField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        required=False,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email"}),
        help_text=gettext_lazy("A new one counts when you open the link that is mailed there. The former one is told."),
    )

    def __init__(self, user: Any, data: Any = None) -> None:
        self.names = ("first_name", "last_name")
        super().__init__(data, initial={name: getattr(user, name) for name in (*self.names, "email")})
        self.user = user
        if not mailing.links_are_sent():
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _("No mails are sent here: your operator enters another one.")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if "email" in self.changed_data:
            if not email:
                raise forms.ValidationError(_("Type the new address, or leave the one that you have."))
            if mailing.too_many(f"address:{self.user.pk}", MOST, WITHIN):
                raise forms.ValidationError(_("Too many were asked for. Nothing was saved. Try again in an hour."))
        return email


def account(request: HttpRequest) -> HttpResponse:
    return confirming.first(request, partial(_account, request))


def _account(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = AccountForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        names = [name for name in form.names if name in form.changed_data]
        for name in names:
            setattr(user, name, form.cleaned_data[name])
        if names:
            user.save(update_fields=names)
            messages.success(request, _("Your name is saved."))
        if "email" in form.changed_data:
            own_address.ask(user, form.cleaned_data["email"])
            said = _("A link was mailed to %(address)s, good for a day. Until you open it your address is as before.")
            messages.info(request, said % {"address": form.cleaned_data["email"]})
        return HttpResponseRedirect(reverse("account"))
    context = {**admin.site.each_context(request), "title": _("Name and e-mail"), "form": form}
    return TemplateResponse(request, "positions/account.html", context)


def address(request: HttpRequest, token: str) -> HttpResponse:
    """Where the mailed link leads: by POST the new address counts, so that no program that looks at mails does it."""
    change = own_address.asked_by(request.user, token)
    if change is not None and request.method == "POST":
        if own_address.confirm(change, request.user):
            said = _("Your e-mail address is %(address)s now.")
            messages.success(request, said % {"address": change.email})
        return HttpResponseRedirect(reverse("account"))
    context = {**admin.site.each_context(request), "title": _("Your new e-mail address"), "change": change}
    return TemplateResponse(request, "positions/own_address.html", context, status=404 if change is None else 200)
