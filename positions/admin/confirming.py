"""Confirm that it is you: the password, and a code where there is a second factor, before what is sensitive is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from positions.accounts import second_factor, sessions

_PREFIX = "confirm"


class PasswordForm(forms.Form):
    """One's own password. Whoever has none, for they sign in by an issuer, has shown there within minutes that it is
    them: the form has a link for that (templates/positions/confirm_fields.html)."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, data: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._request = request
        if not request.user.has_usable_password():  # type: ignore[union-attr]
            del self.fields["password"]

    @property
    def issuer(self) -> str:
        """The name of the issuer where one has still to show it; else ""."""
        return "" if "password" in self.fields or sessions.is_fresh_there(self._request) else settings.OIDC_NAME

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        # Counted like a sign-in: an open browser is no place to guess.
        user = authenticate(self._request, username=self._request.user.get_username(), password=password)
        if user is None or user.pk != self._request.user.pk:
            raise forms.ValidationError(_("This is not your password, or it was wrong too often. Nothing was done."))
        return password

    def clean(self) -> dict[str, Any]:
        if self.issuer:
            said = _("You have not shown %(name)s within the last minutes that it is you. Nothing was done.")
            raise forms.ValidationError(said % {"name": self.issuer})
        return self.cleaned_data


class ConfirmForm(PasswordForm):
    """With a code of whoever has a second factor, looked at (and spent) only with the right password."""

    code = forms.CharField(
        max_length=40,
        help_text=gettext_lazy("From your app, or one of your recovery codes."),
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, data: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(data, request, **kwargs)
        self._factor = None if second_factor.is_the_issuers(request) else second_factor.factor_of(request.user)
        if self._factor is None:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if self._factor is not None and given.keys() >= self.fields.keys():
            refused = second_factor.refusal(self._request, self._factor, given["code"])
            if refused:
                self.add_error("code", refused)
        return given


def first(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """The view. Where something is sent to it, and the password was given too long ago, a page that asks for it comes
    first, which sends the same once more."""
    if request.method != "POST" or sessions.is_fresh(request):
        return view()
    asked = {name for name in request.POST if name.startswith(f"{_PREFIX}-")}
    form = ConfirmForm(request.POST if asked else None, request, prefix=_PREFIX)
    sent = request.POST.copy()
    for name in asked:
        del sent[name]
    if form.is_valid():
        sessions.prove(request)
        request.POST = sent  # type: ignore[assignment]
        return view()
    sent.pop("csrfmiddlewaretoken", None)
    context = {
        **admin.site.each_context(request),
        "title": _("Confirm that it is you"),
        "form": form,
        "sent": [(name, value) for name, values in sent.lists() for value in values],
        "here": request.get_full_path(),
        "minutes": round(sessions.FRESH.total_seconds() / 60),
    }
    return TemplateResponse(request, "positions/confirm.html", context)
