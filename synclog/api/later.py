"""What a worker carries on after the answer: where it is followed, and that it is over."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request


def where(request: Request, name: str, *keys: int) -> dict[str, str]:
    """The headers of an answer that leaves the rest to a worker. `name`: of its addresses ("batch")."""
    address = reverse(f"sync_api:{name}-detail", args=keys)
    return {"Location": request.build_absolute_uri(address), "Retry-After": "5"}


def over() -> ValidationError:
    """Of what is to be cancelled and is over."""
    return ValidationError({"state": [ErrorDetail(_("It is over: there is nothing to cancel."), "not_open")]})
