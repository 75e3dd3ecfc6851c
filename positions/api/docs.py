"""The API's document, and the page on which a person who is signed in tries it with the rights of their role."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.authentication import SessionAuthentication

from positions.api.members import HEADER, memberships

# By form: YAML or JSON, as text, with its headers.
_MADE: dict[type, tuple[bytes, dict[str, str]]] = {}
_making = threading.Lock()  # what makes it loads its parts when first used, and not for several at once


class Document(SpectacularAPIView):
    """Open to everybody: it holds no data. Making it takes a processor a second, so that it is made once in a process,
    in each form: whoever asks for it over and over keeps nobody else waiting."""

    authentication_classes: Any = []

    def _get_schema_response(self, request: Any) -> Any:
        form = request.accepted_renderer
        with _making:
            if type(form) not in _MADE:
                made = super()._get_schema_response(request)
                made.accepted_renderer, made.accepted_media_type = form, form.media_type
                made.renderer_context = self.get_renderer_context()
                made.render()
                _MADE[type(form)] = made.content, dict(made.headers)
        content, headers = _MADE[type(form)]
        return HttpResponse(content, headers=headers)


@method_decorator(never_cache, "dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Open to everybody: the document holds no data."""

    authentication_classes: Any = [SessionAuthentication]

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().get(request, *args, **kwargs)
        if "script" in request.GET:
            response.data["organization_header"] = HEADER
            return response
        person = request.user
        sign_in = f"{reverse('admin:login')}?{urlencode({'next': request.path})}"
        response.data |= {"person": person, "memberships": memberships(person), "sign_in": sign_in}
        return response
