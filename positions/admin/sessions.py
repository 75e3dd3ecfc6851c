"""One's own sessions: where one is signed in, and ending the others for the password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminPasswordWidget

from positions import sessions


class EndForm(forms.Form):
    """`which`: the name of one of the others, or "" for all of them."""

    which = forms.CharField(required=False)
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, data: Any, request: HttpRequest) -> None:
        super().__init__(data)
        self._request = request

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        # Counted like a sign-in: an open browser is no place to guess.
        user = authenticate(self._request, username=self._request.user.get_username(), password=password)
        if user is None or user.pk != self._request.user.pk:
            raise forms.ValidationError("This is not your password, or it was wrong too often. Nothing was ended.")
        return password


def overview(request: HttpRequest) -> HttpResponse:
    form = EndForm(request.POST or None, request)
    if form.is_valid():
        which = form.cleaned_data["which"] or None
        number = sessions.end([request.user], but=request.session.session_key, only=which)
        messages.success(request, f"Ended {number} other session{'s' if number != 1 else ''}.")
        return HttpResponseRedirect(reverse("sessions"))
    here, *others = sessions.of(request.user, request.session.session_key)
    context = {**admin.site.each_context(request), "title": "Sessions", "here": here, "others": others, "form": form}
    return TemplateResponse(request, "positions/sessions.html", context)
