"""One's own sessions: where one is signed in, and ending the others for the password."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions.accounts import sessions
from positions.admin.confirming import PasswordForm


class EndForm(PasswordForm):
    """`which`: the name of one of the others, or "" for all of them."""

    which = forms.CharField(required=False)


def overview(request: HttpRequest) -> HttpResponse:
    form = EndForm(request.POST or None, request)
    if form.is_valid():
        which = form.cleaned_data["which"] or None
        number = sessions.end([request.user], but=request.session.session_key, only=which)
        said = ngettext("Ended {number} other session.", "Ended {number} other sessions.", number)
        messages.success(request, said.format(number=number))
        return HttpResponseRedirect(reverse("sessions"))
    here, *others = sessions.of(request.user, request.session.session_key)
    context = {**admin.site.each_context(request), "title": _("Sessions"), "here": here, "others": others, "form": form}
    return TemplateResponse(request, "positions/sessions.html", context)
