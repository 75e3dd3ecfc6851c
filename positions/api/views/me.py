"""Where a client begins: what its key may read, whose key it is, and a new secret for it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from positions.api.base import ApiView, key_of
from positions.api.fields import AnswerId
from positions.api.permissions import HasKey
from positions.api.problems import Conflict
from positions.api.throttling import KeyThrottle
from positions.models import ApiKey, Organization
from positions.models.api_key import SCOPES
from positions.origin import Origin, started_by
from positions.transactions import repeated

_ROOT = "api/v1/"


@cache
def collections() -> dict[str, str | None]:
    """Each list of the API, by the first part of its address: the scope that reading it needs, None where any key
    will do."""
    found: dict[str, str | None] = {}
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver) and str(resolver.pattern) == _ROOT:
            for pattern in resolver.url_patterns:
                name = str(pattern.pattern).removesuffix("/")
                if isinstance(pattern, URLPattern) and name and not set(name) & set("/<") and _reads(pattern):
                    found[name] = pattern.callback.cls.scopes.get("GET")  # type: ignore[attr-defined]
    return found


def _reads(pattern: URLPattern) -> bool:
    view: Any = pattern.callback
    return "get" in (getattr(view, "actions", None) or dir(view.cls))


class RootSerializer(serializers.Serializer):
    about = "Where everything is."

    collections = serializers.DictField(
        child=serializers.URLField(), help_text="The address of each list that this key may read, by its name."
    )
    document = serializers.URLField(help_text="The OpenAPI document.")
    docs = serializers.URLField(help_text="The same for people.")


class MyOrganizationSerializer(serializers.Serializer):
    about = "The organization of the key."

    id = AnswerId(help_text="Our id.")
    name = serializers.CharField(read_only=True, help_text="Its name.")
    country = serializers.ChoiceField(Organization.Country.choices, help_text="The country, by ISO 3166.")
    time_zone = serializers.CharField(
        read_only=True, help_text="Decides which day it is: a position becomes current at midnight there."
    )
    today = serializers.DateField(read_only=True, help_text="Which day it is there.")


class MyKeySerializer(serializers.Serializer):
    about = "The key that the request came with."

    name = serializers.CharField(read_only=True, help_text="What an admin called it.")
    prefix = serializers.CharField(read_only=True, help_text="How its secret begins.")
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), help_text="What it may do.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was made.")
    expires_at = serializers.DateTimeField(
        read_only=True, source="expires", help_text="When it ends, if nothing ends it before."
    )
    former_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="How long the secret of before the last rotation goes on, or did."
    )


class MyRateSerializer(serializers.Serializer):
    about = "How often the key may ask."

    requests = serializers.IntegerField(min_value=1, help_text="Requests in each window.")
    seconds = serializers.IntegerField(min_value=1, help_text="How long a window is.")


class MeSerializer(serializers.Serializer):
    about = "Whose key it is, and what it may do."

    organization = MyOrganizationSerializer(help_text="Whose employees and positions the key reads and writes.")
    key = MyKeySerializer(help_text="The key itself.")
    rate_limit = MyRateSerializer(help_text="How often it may ask; see the headers `RateLimit-…` for what is left.")


class RotatedSerializer(serializers.Serializer):
    about = "The new secret, which is shown this once."

    key = serializers.CharField(read_only=True, help_text="The new secret. Store it before you use it.")
    former_until = serializers.DateTimeField(read_only=True, help_text="How long the one of before goes on.")
    expires_at = serializers.DateTimeField(
        read_only=True, source="expires", help_text="When the key ends, as before: a rotation prolongs nothing."
    )


class RootView(ApiView):
    """What the key may read."""

    permission_classes = (HasKey,)

    @extend_schema(
        summary="Find what there is",
        description="The lists that this key may read, and the document. Any key may ask.",
        operation_id="root_retrieve",
        tags=["me"],
        responses=RootSerializer,
    )
    def get(self, request: Request) -> Response:
        scopes = key_of(request).scopes
        root = reverse("positions_api:root")
        readable = [name for name, needed in collections().items() if needed is None or needed in scopes]
        return Response(
            {
                "collections": {name: request.build_absolute_uri(f"{root}{name}/") for name in sorted(readable)},
                "document": request.build_absolute_uri(reverse("api-schema")),
                "docs": request.build_absolute_uri(reverse("api-docs")),
            }
        )


class MeView(ApiView):
    """The key that asks."""

    permission_classes = (HasKey,)
    detail = True

    @extend_schema(
        summary="Read whose key it is",
        description="The key's organization, its scopes, its end and its limits. Any key may ask.",
        operation_id="me_retrieve",
        responses=MeSerializer,
    )
    def get(self, request: Request) -> Response:
        key = key_of(request)
        rate = KeyThrottle()
        limit = {"requests": rate.num_requests, "seconds": rate.duration}
        return Response(MeSerializer({"organization": key.organization, "key": key, "rate_limit": limit}).data)


class RotateView(ApiView):
    """A new secret for the key that asks. Not one of the `writes`: no answer with a secret is kept for a replay."""

    permission_classes = (HasKey,)

    @extend_schema(
        summary="Make a new secret for this key",
        description="Any key may, for itself. The secret of before goes on for one hour (`former_until`), so that all "
        "that uses it can be given the new one; every older one ends at once. Was the answer lost? Ask again with "
        "the secret of before: the one that never arrived ends. Did somebody else learn a secret? Rotate twice, the "
        "second time with the new one, and the known one ends at once. Name, scopes and the end of the key stay. It "
        "is in the audit trail. An `Idempotency-Key` has no effect here: secrets are not kept.",
        operation_id="me_rotate",
        request=None,
        responses=RotatedSerializer,
    )
    def post(self, request: Request) -> Response:
        return Response(RotatedSerializer(_rotated(key_of(request), request.secret_digest)).data)  # type: ignore[attr-defined]


@repeated
def _rotated(key: ApiKey, used: str) -> dict[str, Any]:
    with started_by(Origin("api", key.name)):
        locked = ApiKey.objects.select_for_update().get(pk=key.pk)
        if used not in (locked.hash, locked.former_hash):
            raise Conflict
        secret = locked.rotate(used)
        locked.save(update_fields=["prefix", "hash", "former_hash", "former_until"])
    return {"key": secret, "former_until": locked.former_until, "expires": locked.expires}
