"""The pages of one's own second factor. Each speaks of the person who is signed in and of nobody else."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode

import segno
from django import forms
from django.contrib import admin, messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django_otp.util import random_hex
from unfold.widgets import UnfoldAdminTextInputWidget

from positions.accounts import second_factor, sessions
from positions.admin.confirming import ConfirmForm, PasswordForm
from positions.encryption import decrypt, encrypt
from positions.models import SecondFactor
from positions.models.second_factor import step_of

# Where they wait for the page that shows them, encrypted: sessions live in the database.
_KEY = "second_factor_key"
_CODES = "second_factor_codes"
_ISSUER = "Position Sync"


class CodeForm(forms.Form):
    """`refusal` tells why a code is not taken, "" when it is."""

    code = forms.CharField(
        max_length=40,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, data: Any, refusal: Callable[[str], str], label: str, help_text: str = "") -> None:
        super().__init__(data)
        self._refusal = refusal
        self.fields["code"].label, self.fields["code"].help_text = label, help_text

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        refused = self._refusal(code)
        if refused:
            raise forms.ValidationError(refused)
        return code


def open_at(step: second_factor.Step) -> Callable[..., Any]:
    """A page of the admin that is also for the person who gave the password and lacks just this step."""

    def opened(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        guarded = admin.site.admin_view(view)

        @wraps(view)
        def page(request: HttpRequest) -> HttpResponse:
            if step and second_factor.missing(request) == step:
                request.user = request.signed_in  # type: ignore[attr-defined]
            return guarded(request)

        return page

    return opened


@open_at("code")
def code(request: HttpRequest) -> HttpResponse:
    """After the password."""
    if not second_factor.missing(request):
        return HttpResponseRedirect(then_of(request))
    factor = SecondFactor.objects.get(user_id=request.user.pk)
    form = CodeForm(
        request.POST or None,
        lambda given: second_factor.refusal(request, factor, given),
        _("Code"),
        _("The six digits that your authenticator app shows now. Without your phone: one of your recovery codes."),
    )
    form.fields["code"].widget.attrs["autofocus"] = True
    if form.is_valid():
        second_factor.passed(request, factor)
        return HttpResponseRedirect(then_of(request))
    return _page(request, "code", _("Enter your code"), form=form)


@open_at("set_up")
def set_up(request: HttpRequest) -> HttpResponse:
    """Shows a new key, and takes it for the person's own once a code proves that their app has it."""
    if second_factor.factor_of(request.user) is not None:
        return HttpResponseRedirect(reverse("second_factor"))
    key = decrypt(request.session.get(_KEY, ""), "session") or random_hex(20)
    if _KEY not in request.session:
        request.session[_KEY] = encrypt(key, "session")
    factor = SecondFactor(user_id=request.user.pk, key=key)

    def refusal(given: str) -> str:
        step = step_of(key, given)
        if step is None:
            return _(
                "This is not the code that your app shows now. Check the time of your phone, and try the next code."
            )
        factor.last_step = step
        return ""

    form = CodeForm(request.POST or None, refusal, _("Code"), _("Six digits; a new code comes every 30 seconds."))
    form.fields["code"].widget.attrs["inputmode"] = "numeric"
    waiting = bool(second_factor.missing(request))
    # Who must set it up has just signed in.
    password = None if waiting and sessions.has_just_begun(request) else PasswordForm(request.POST or None, request)
    if (password is None or password.is_valid()) and form.is_valid():
        codes = factor.new_recovery_codes()
        try:
            with transaction.atomic():
                factor.save()
        except IntegrityError:  # sent twice: the first one counts
            return HttpResponseRedirect(reverse("second_factor"))
        del request.session[_KEY]
        second_factor.passed(request, factor)
        sessions.end([request.user], but=request.session.session_key)
        return _show(request, codes)
    secret = b32encode(bytes.fromhex(key)).decode()
    return _page(
        request,
        "set_up",
        _("Set up your second factor"),
        form=form,
        password=password,
        waiting=waiting,
        picture=picture(_address(request.user.get_username(), secret)),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
    )


def _address(name: str, secret: str) -> str:
    """What an authenticator app reads from the picture."""
    query = urlencode({"secret": secret, "issuer": _ISSUER}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{_ISSUER}:{name}')}?{query}"


@open_at("")
def overview(request: HttpRequest) -> HttpResponse:
    """Whether it is on; new recovery codes and turning it off, each for the password and a code."""
    factor = second_factor.factor_of(request.user)
    form = None
    if factor is not None:
        form = ConfirmForm(request.POST or None, request)
        if form.is_valid():
            return _changed(request, factor)
    context = {
        **admin.site.each_context(request),
        "title": _("Second factor"),
        "factor": factor,
        "form": form,
        "required": second_factor.required_of(request.user),
    }
    return TemplateResponse(request, "positions/second_factor/overview.html", context)


def _changed(request: HttpRequest, factor: SecondFactor) -> HttpResponse:
    with transaction.atomic():
        # Read again: the code that was just taken is spent.
        factor = SecondFactor.objects.select_for_update().get(pk=factor.pk)
        if "off" in request.POST:
            factor.delete()
            sessions.end([request.user], but=request.session.session_key)
            messages.success(request, _("Your second factor is off. Remove Position Sync from your app too."))
            return HttpResponseRedirect(reverse("second_factor"))
        codes = factor.new_recovery_codes()
        factor.save()
    return _show(request, codes)


def _show(request: HttpRequest, codes: Iterable[str]) -> HttpResponse:
    request.session[_CODES] = encrypt("\n".join(codes), "session")
    return HttpResponseRedirect(_with_then(request, reverse("second_factor_codes")))


@open_at("")
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Just made ones, once."""
    waiting = request.session.pop(_CODES, "")
    if not waiting:
        messages.info(request, _("Recovery codes are shown once. If you did not keep them, make new ones here."))
        return HttpResponseRedirect(reverse("second_factor"))
    return _page(
        request, "codes", _("Your recovery codes"), codes=decrypt(waiting, "session").split(), then=then_of(request)
    )


def picture(text: str) -> SafeString:
    """A QR code as inline SVG: no other host and no file ever gets to see the key."""
    drawn = segno.make(text, error="m", micro=False)
    svg = drawn.svg_inline(border=4, omitsize=True, dark="#000", light="#fff", title=_("QR code of the key"))
    # segno escapes the title; the rest are numbers.
    return mark_safe(svg)  # noqa: S308  # nosec B308 B703


def _page(request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
    """A page of one purpose, in the frame of the sign-in page."""
    frame = admin.site.each_context(request)
    return TemplateResponse(
        request,
        f"positions/second_factor/{name}.html",
        {**frame, "title": title, "here": request.get_full_path(), **context},
    )


def then_of(request: HttpRequest) -> str:
    """Where `next` leads, if that is a page of ours."""
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("admin:index")


def _with_then(request: HttpRequest, address: str) -> str:
    return f"{address}?{urlencode({'next': request.GET['next']})}" if "next" in request.GET else address
