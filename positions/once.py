"""A form that makes something makes one, however often it is sent: by a double click, by reloading, or from the page
before.

Each form that is shown carries a token of its own. The first that is sent with it is carried out; who sends it again
meanwhile waits for that. Then the same is answered as the first time, or, where something else was typed since, where
to change it. Whoever posts without a token (no browser does) is not held up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from positions.models.sent_form import SentForm

FIELD = "once"
KEPT = timedelta(days=2)
_MADE = "_made_once"


def field(request: HttpRequest) -> SafeString:
    """What a form that makes something carries: a new token, or its own where it comes back with errors."""
    token = _token(request) or uuid4()
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, token)


def made(request: HttpRequest, key: object) -> None:
    """To be called by what `once` carries out: it made this."""
    setattr(request, _MADE, str(key))


def once(
    request: HttpRequest,
    carry_out: Callable[[], HttpResponse],
    again: Callable[[str, bool], HttpResponse],
) -> HttpResponse:
    """What a posted form is answered with, in one transaction. `carry_out` is called the first time, and again for as
    long as it makes nothing, since the form is wrong. Afterwards `again(key, same)` answers: the key is what was given
    to `made`; not the `same` is another content, of which nothing is saved, as a message tells."""
    token = _token(request)
    if token is None:
        return carry_out()
    setattr(request, _MADE, "")
    with transaction.atomic():
        digest, user = _digest(request), request.user.pk or 0
        form, first = SentForm.objects.get_or_create(user_id=user, token=token, defaults={"digest": digest})
        if not first:
            same = form.digest == digest
            if not same:
                said = _("This form was sent before, and what it made is here. Nothing was saved now: change it here.")
                messages.warning(request, said)
            return again(form.made, same)
        response = carry_out()
        form.made = getattr(request, _MADE)
        if form.made:
            form.save(update_fields=["made"])
        else:
            form.delete()
    return response


def _token(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get(FIELD, ""))
    except ValueError:
        return None


def _digest(request: HttpRequest) -> str:
    sent = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    return salted_hmac("positions.once", repr(sent), algorithm="sha256").hexdigest()
