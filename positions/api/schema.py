"""What the OpenAPI document says of every operation: the key, its scope, common headers and errors.

What operations refer to stands in `positions.api.document`.
"""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, force_instance, is_patched_serializer
from drf_spectacular.utils import Direction, OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from positions import text
from positions.api.document import answer_headers, error_ref
from positions.api.expand import EXPANDED, EXPANSIONS, expandable

HIGHEST_ID = 2**63 - 1
MOST_VALUES = 100  # of one filter by `__in`
# Of headers, whose blanks at both ends do not count; without those of Latin-1 that are not printable.
_PRINTABLE = r"^[!-~\xa1-\xac\xae-\xff]([ -~\xa1-\xac\xae-\xff]*[!-~\xa1-\xac\xae-\xff])?$"
_ETAGS = r'^(\*|(W/)?"[!#-+\--~]*"( *, *(W/)?"[!#-+\--~]*")*)$'
_EVERYWHERE = ("400", "401", "403", "405", "406", "429", "500", "503")


class FieldErrorSerializer(serializers.Serializer):
    field = serializers.CharField(help_text="Where: `start_date`, in a bulk `positions[3].start_date`.")
    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="For people.")
    example = serializers.CharField(required=False, help_text="A value that is right in form.")
    # Not of every error: a value that is taken is right in form.
    sometimes = ("example",)


class ProblemSerializer(serializers.Serializer):
    about = "An error, as RFC 9457 describes it. Nothing was changed."

    type = serializers.CharField(help_text="`urn:position-sync:problem:` and the code.")
    title = serializers.CharField(help_text="The kind of error, the same for each status.")
    status = serializers.IntegerField(min_value=400, max_value=599, help_text="The HTTP status.")
    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="What happened and what to do.")
    errors = FieldErrorSerializer(many=True, help_text="The wrong values, when there are any.")  # type: ignore[assignment]
    request_id = serializers.CharField(help_text="Name it when you ask for help. Also in X-Request-ID.")


class ApiSchema(AutoSchema):
    """Of a serializer it says what holds on the wire:

    - in an answer every property is there, but for those in the serializer's `sometimes`;
    - where what is left out stays (PATCH, rows of a bulk), nothing is required and nothing has a default: a client
      that fills in defaults would overwrite what it never named;
    - `about` describes it; docstrings are for whoever reads the code.

    Every read of one object gives an ETag, which every write of one takes; a write gives one where its view has
    `etags`. `problems` names the statuses of errors that only a view has.
    """

    # -- schemas

    def _postprocess_serializer_schema(self, schema: dict[str, Any], serializer: Any, direction: Direction) -> Any:
        schema = super()._postprocess_serializer_schema(schema, serializer, direction)
        properties = schema.get("properties", {})
        if about := getattr(serializer, "about", ""):
            schema["description"] = about
        if direction == "response":
            sometimes = getattr(serializer, "sometimes", ())
            schema["required"] = sorted(name for name in properties if name not in sometimes)
        elif getattr(serializer, "strict", False):
            schema["additionalProperties"] = False
        for name, one in properties.items():
            if direction == "response" and hasattr(serializer.fields.get(name), "pattern"):
                one.pop("pattern", None)  # what is taken is more narrowly said than what may be stored
            # The component's name says which way it goes.
            one.pop("readOnly", None)
            one.pop("writeOnly", None)
            if direction == "response" or is_patched_serializer(serializer, direction):
                one.pop("default", None)
            # "" is taken like null, which is how it is answered.
            if "" in one.get("enum", ()) and None in one["enum"]:
                one["enum"] = [value for value in one["enum"] if value != ""]
        return schema

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        super()._insert_field_validators(field, schema)
        if hasattr(field, "pattern") and not field.read_only:
            schema["pattern"] = field.pattern

    # -- operations

    @property
    def _handler(self) -> Any:
        return getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)

    @property
    def _changes(self) -> bool:
        """Whether the operation is one of those that `positions.api.base.writes` carries out."""
        return getattr(self._handler, "writes", False)

    @property
    def _once(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return self._changes or getattr(self._handler, "once", False)

    @property
    def _reads_one(self) -> bool:
        found = self.get_response_serializers()
        if isinstance(found, dict):
            found = found.get(200)
        return self.method == "GET" and not self._is_list_view() and not getattr(found, "many", False)

    @property
    def _has_etag(self) -> bool:
        written = getattr(self.view, "detail", False) or getattr(self.view, "action", "") == "create"
        return self._reads_one or bool(self.method in ("POST", "PUT", "PATCH") and self._returns_written and written)

    @property
    def _returns_written(self) -> bool:
        return bool(getattr(self.view, "etags", False) and self._changes)

    def _takes_if_match(self) -> bool:
        read = hasattr(self.view, "retrieve") or hasattr(self.view, "get")
        return bool(self._changes and getattr(self.view, "detail", False) and read)

    def answered(self) -> serializers.Serializer | None:
        """What GET answers with: of a list, one row of it. None when that is no object."""
        found = self.get_response_serializers()
        if isinstance(found, dict):
            found = found.get(200)
        found = force_instance(found)
        found = getattr(found, "child", found)
        return found if isinstance(found, serializers.Serializer) else None

    def answered_names(self) -> list[str]:
        answered = self.answered()
        return [] if answered is None else [name for name, field in answered.fields.items() if not field.write_only]

    def _errors(self, operation: dict[str, Any]) -> list[str]:
        found = list(_EVERYWHERE)
        if "{" in self.path:
            found.append("404")
        if self._once or "requestBody" in operation:
            found += ["413", "415"]
        if self._changes:
            found.append("409")
        if self._once:
            found.append("422")
        if self._takes_if_match():
            found.append("412")
        return [*found, *getattr(self.view, "problems", ())]

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        if self.method == "GET":
            found += self._shaping()
        if self._once:
            found.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {"type": "string", "pattern": _PRINTABLE, "minLength": 1, "maxLength": 255},
                    OpenApiParameter.HEADER,
                    description="A new value for each new request, for example a UUID. Kept for 24 hours: the same "
                    "request again gets the same answer, with `Idempotent-Replay: true`, and changes nothing.",
                )
            )
        if self._takes_if_match():
            found.append(
                OpenApiParameter(
                    "If-Match",
                    {"type": "string", "pattern": _ETAGS},
                    OpenApiParameter.HEADER,
                    description="The ETag that you read: 412 when it was changed since. Without it the last one wins.",
                )
            )
        if self._reads_one:
            found.append(
                OpenApiParameter(
                    "If-None-Match",
                    str,
                    OpenApiParameter.HEADER,
                    description="The ETag that you have: 304 without a body when nothing changed.",
                )
            )
        return found

    def _shaping(self) -> list[OpenApiParameter]:
        """`fields` and `expand`, where there are any."""
        words = {
            "fields": "Only these, with commas between them; the answer is of the media type for partial objects.",
            "expand": "Objects to be answered along with it, below `expanded`, with commas between them.",
        }
        names = {"fields": self.answered_names(), "expand": expandable(self.answered())}
        return [
            OpenApiParameter(
                parameter,
                {"type": "array", "items": {"type": "string", "enum": known}, "minItems": 1},
                style="form",
                explode=False,
                description=words[parameter],
            )
            for parameter, known in names.items()
            if known
        ]

    def _with_expanded(self) -> None:
        """`expanded` in the schema of what GET answers with, which is there only when it is asked for."""
        answered = self.answered()
        names = expandable(answered)
        if answered is None or not names:
            return
        schema = cast(dict[str, Any], self.resolve_serializer(answered, "response").schema)
        properties = {
            name: {
                "oneOf": [self.resolve_serializer(EXPANSIONS[name].serializer, "response").ref, {"type": "null"}],
                "description": f"Whom or what `{name}` names. null: there is none (any more).",
            }
            for name in names
        }
        schema["properties"][EXPANDED] = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "description": "Only with `expand`, and only what that names.",
        }

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found = super()._resolve_path_parameters(variables)
        for parameter in found:
            parameter["description"] = f"Id of the {getattr(self.view, 'basename', None) or 'object'}."
        return found

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        found = super()._get_filter_parameters()
        filters = getattr(getattr(self.view, "filterset_class", None), "base_filters", {})
        for parameter in found:
            if "description" not in parameter:
                parameter["description"] = filters[parameter["name"]].extra["help_text"]
        return found

    def _as_taken(self, parameter: dict[str, Any]) -> None:
        """A parameter's schema takes no more than the server does."""
        schema = parameter["schema"]
        if parameter["in"] == "path" and schema["type"] == "integer":
            parameter["schema"] = {"type": "integer", "format": "int64", "minimum": 1, "maximum": HIGHEST_ID}
        if parameter["in"] == "query" and schema == {"type": "string"}:
            parameter["schema"] = {"type": "string", "pattern": text.SOME_LINE}  # what ApiView.initial lets in
        if parameter["name"].endswith("__in"):
            schema |= {"minItems": 1, "maxItems": MOST_VALUES}
            if schema["items"] == {"type": "string"}:
                schema["items"] = {"type": "string", "pattern": text.SOME_LINE.replace("[^", "[^,")}

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        if scope := getattr(self.view, "scopes", {}).get(method):
            operation["description"] += f"\n\nScope: `{scope}`"
        self.resolve_serializer(ProblemSerializer, "response")
        if "requestBody" in operation and isinstance(self.get_request_serializer(), PolymorphicProxySerializer):
            operation["requestBody"]["required"] = True  # it is one of the forms
        for parameter in operation.get("parameters", ()):
            self._as_taken(parameter)
        responses = operation["responses"]
        for status, response in responses.items():
            response["description"] = response["description"] or _SUCCESS[status]
            response["headers"] = answer_headers(*self._own_headers(status))
        if self.method == "GET":
            self._with_expanded()
        if self._reads_one:
            responses["304"] = {
                "description": "Nothing changed since (If-None-Match).",
                "headers": answer_headers("ETag"),
            }
        for status in self._errors(operation):
            responses[status] = error_ref(status)
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def _own_headers(self, status: str) -> list[str]:
        found = []
        if self._has_etag:
            found.append("ETag")
        if self.method == "GET" and self._is_list_view() and getattr(self.view, "pagination_class", None):
            found.append("Link")
        if status in ("201", "202"):
            found.append("Location")
        if status == "202":
            found.append("Retry-After")
        if self._once:
            found.append("Idempotent-Replay")
        return found


_SUCCESS = {"200": "Done: as it is now.", "201": "Made.", "202": "Not finished yet: see `Location`."}


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
