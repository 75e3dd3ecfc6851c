"""The page on which somebody accepts or declines an invitation: by the link, or signed in with the invited address."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from positions.accounts import issuer, joining
from positions.accounts.invitations import ChoosePasswordForm
from positions.models import Invitation

# The hash of the link's token: the session remembers it, no further address shows it.
_DIGEST = "invitation"


@never_cache
@require_safe
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    digest = Invitation.digest_of(token)
    if joining.of_link(digest) is None:
        return _page(request, status=404)
    request.session[_DIGEST] = digest
    return HttpResponseRedirect(reverse("join"))


def linked_in(request: HttpRequest) -> Invitation | None:
    """The one whose link was opened in this browser, while it is good."""
    digest = request.session.get(_DIGEST, "")
    return joining.of_link(digest) if digest else None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    person = request.user if request.user.is_authenticated else None
    linked = linked_in(request)
    waiting = [linked] if linked is not None else []
    if person is not None:
        waiting += [one for one in joining.waiting_for(person) if linked is None or one.pk != linked.pk]
    form = None
    if linked is not None and person is None and not issuer.is_alone():
        given = request.POST if request.POST.get("answer") == "new" else None
        form = ChoosePasswordForm(joining.new_user(linked), given)
    if request.method == "POST":
        asked = request.POST.get("invitation", "")
        chosen = next((one for one in waiting if str(one.pk) == asked), None)
        try:
            answered = chosen and _answer(request, chosen, form)
        except joining.Over:
            return _page(request, status=404)
        if answered:
            return answered
        if chosen is None:
            return _page(request, status=404)
    if not waiting:
        return _page(request, status=404)
    theirs = {one.pk for one in waiting if person is not None and joining.alike(one.email, joining.address_of(person))}
    return _page(request, waiting=waiting, theirs=theirs, form=form, linked=linked)


def _answer(request: HttpRequest, invitation: Invitation, form: ChoosePasswordForm | None) -> HttpResponse | None:
    """None: what was typed is wrong. Raises Over."""
    answer = request.POST.get("answer")
    if answer == "decline":
        joining.decline(invitation)
        said = _("You declined the invitation to {organization}.").format(organization=invitation.organization)
    elif answer == "accept" and request.user.is_authenticated:
        try:
            joining.accept(invitation, request.user)
        except PermissionError:
            raise PermissionDenied from None
        said = _("You are a member of {organization} now.").format(organization=invitation.organization)
    elif answer == "new" and form is not None:
        if not form.is_valid():
            return None
        user = form.save(commit=False)
        joining.join_as_new(invitation, user)
        said = _("You are a member of {organization}. Sign in: your user name is {user}").format(
            organization=invitation.organization, user=user.get_username()
        )
    else:
        return None
    request.session.pop(_DIGEST, None)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("admin:index"))


def _page(request: HttpRequest, status: int = 200, **context: Any) -> HttpResponse:
    frame = {
        **admin.site.each_context(request),
        "title": _("Invitation"),
        "issuer": issuer.name(),
        "alone": issuer.is_alone(),
        **context,
    }
    return TemplateResponse(request, "positions/join.html", frame, status=status)
