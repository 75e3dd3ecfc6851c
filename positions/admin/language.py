"""The language that one reads, for who is signed in and for who is about to."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from positions import languages


@require_http_methods(["GET", "HEAD", "POST"])
def choice(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        response = HttpResponseRedirect(reverse("language"))
        _chosen(request, response)
        messages.success(request, _("Saved."))
        return response
    context = {
        **admin.site.each_context(request),
        "title": _("Language"),
        "chosen": languages.of_session(request),
        "languages": settings.LANGUAGES,
    }
    return TemplateResponse(request, "positions/language.html", context)


@require_POST
def before_signing_in(request: HttpRequest) -> HttpResponse:
    """Back to the page where it was chosen, in that language."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(wanted if safe else reverse("admin:login"))
    _chosen(request, response)
    return response


def _chosen(request: HttpRequest, response: HttpResponse) -> None:
    language = languages.known(request.POST.get("language", ""))
    languages.choose(request, response, language)
    translation.activate(language or languages.of_browser(request))
