"""The page of the API's documentation, on which a person who is signed in tries it with the rights of their role."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.authentication import SessionAuthentication

from positions.api.members import HEADER, memberships


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
