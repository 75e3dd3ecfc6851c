"""A forgotten password: whoever has the mailbox of a user gets the link by which a password is chosen
(`positions.accounts.invitations`); it signs nobody in, and a second factor is asked for as ever.

The page says the same to everybody and does the same work, whether the address has a user or not: a mail is written
down in either case, and the worker drops the one that has nobody.
"""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminEmailInputWidget

from positions import mailing
from positions.accounts import issuer
from positions.accounts.joining import alike
from positions.hosts import place_of
from positions.models import SelfMadeUser
from positions.models.text import AddressField
from positions.signals import password_forgotten
from positions.tracing import address_of

logger = logging.getLogger(__name__)

MOST, WITHIN = 10, 3600  # asked from one place, in seconds
_OF_ONE_ADDRESS = 5  # users that are mailed


class ForgottenForm(forms.Form):
    email = AddressField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": True}),
    )


def users_of(email: str) -> list[Any]:
    """Those whose password may be chosen anew by whoever has this mailbox. Not operators, who see everybody and have
    the machine for it; not those whose address only an organization vouches for."""
    users = get_user_model()._default_manager.filter(email__iexact=email, is_active=True, is_staff=True)
    vouched = SelfMadeUser.objects.filter(user=OuterRef("pk"))
    found = users.filter(~Exists(vouched), is_superuser=False).order_by("pk")
    return [user for user in found if alike(user.email, email) and user.has_usable_password()][:_OF_ONE_ADDRESS]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    if not mailing.links_are_sent() or issuer.is_alone():
        raise Http404
    form, status, asked = ForgottenForm(request.POST or None), 200, False
    if form.is_valid():
        if mailing.too_many(f"password:{place_of(address_of(request))}", MOST, WITHIN):
            form.add_error(None, _("Too many were asked for from your address. Try again in an hour."))
            status = 429
        else:
            with transaction.atomic():
                password_forgotten.send(get_user_model(), users=users_of(form.cleaned_data["email"]))
            logger.info("forgotten: a link for a password was asked for from %s", address_of(request))
            asked = True
    context = {**admin.site.each_context(request), "title": _("Forgotten password"), "form": form, "asked": asked}
    return TemplateResponse(request, "positions/forgotten.html", context, status=status)


urlpatterns = [path("", forgotten, name="forgotten_password")]
