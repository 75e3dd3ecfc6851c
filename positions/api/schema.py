"""What the OpenAPI document says of every operation: the key, its scope, common headers and errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

_PROBLEM = "application/problem+json"

_ERRORS = {
    "400": ("The request is not right: each wrong value is named, with an example.", "validation_failed"),
    "401": ("No API key, or one that is unknown, expired, or ended with its owner's membership.", "not_authenticated"),
    "403": ("The key lacks the scope.", "missing_scope"),
    "404": ("There is nothing with this id in your organization.", "not_found"),
    "409": ("Somebody saved the same thing at the same moment.", "conflict"),
    "412": ("It was changed since you read it (If-Match).", "precondition_failed"),
    "422": ("The Idempotency-Key was used for another request.", "idempotency_key_reused"),
    "429": ("Too many requests: wait as long as Retry-After says.", "throttled"),
}


class FieldErrorSerializer(serializers.Serializer):
    field = serializers.CharField(help_text="Where: `start_date`, in a bulk `positions[3].start_date`.")
    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="For people.")
    example = serializers.CharField(required=False, help_text="A value that is right in form.")


class ProblemSerializer(serializers.Serializer):
    """An error, as RFC 9457 describes it. Nothing was changed."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="What happened and what to do.")
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField(help_text="Name it when you ask for help. Also in X-Request-ID.")


def _example(status: str, code: str) -> dict[str, Any]:
    errors = []
    detail = _ERRORS[status][0]
    if status == "400":
        message = "“1.3.2026” is not a date. Write it as 2026-03-01."
        detail = f"start_date: {message}"
        errors = [{"field": "start_date", "code": "invalid", "message": message, "example": "2026-03-01"}]
    return {
        "type": f"urn:position-sync:problem:{code}",
        "title": "The request is not right" if status == "400" else _ERRORS[status][0],
        "status": int(status),
        "code": code,
        "detail": detail,
        "errors": errors,
        "request_id": "5f2b7c1d9e",
    }


class ApiSchema(AutoSchema):
    def _errors(self) -> list[str]:
        found = ["400", "401", "403", "429"]
        if "{" in self.path:
            found.append("404")
        if self.method != "GET":
            found.append("409")
        if self.method == "POST":
            found.append("422")
        if self._takes_if_match():
            found.append("412")
        return sorted(found)

    def _takes_if_match(self) -> bool:
        return self.method in ("PUT", "PATCH", "DELETE")

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        if self.method == "POST":
            found.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    str,
                    OpenApiParameter.HEADER,
                    description="A new value for each new request, for example a UUID. Kept for 24 hours: the same "
                    "request again gets the same answer, with `Idempotent-Replay: true`, and changes nothing.",
                )
            )
        if self._takes_if_match():
            found.append(
                OpenApiParameter(
                    "If-Match",
                    str,
                    OpenApiParameter.HEADER,
                    description="The ETag that you read: 412 when it was changed since. Without it the last one wins.",
                )
            )
        return found

    def get_description(self) -> str:  # type: ignore[override]
        scope = getattr(self.view, "scopes", {}).get(self.method)
        text = super().get_description()
        return f"{text}\n\nScope: `{scope}`".strip() if scope else text

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        problem = self.resolve_serializer(ProblemSerializer, "response").ref
        for status in self._errors():
            words, code = _ERRORS[status]
            operation["responses"].setdefault(
                status,
                {"description": words, "content": {_PROBLEM: {"schema": problem, "example": _example(status, code)}}},
            )
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "positions.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key of your organization: `Authorization: Bearer psk_…`. Admins make keys under "
            "Organization > API keys. A key is shown once and has scopes: `positions:read`, `positions:write`, "
            "`sync:read`, `sync:write`. It expires a year after it was made at the latest: within 30 days before, each "
            "answer has the header `API-Key-Expires` with the time. Let an admin make its successor then: both work.",
        }
