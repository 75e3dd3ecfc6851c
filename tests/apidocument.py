"""Holds answers of the API against its own OpenAPI document."""

from __future__ import annotations

import re
from functools import cache
from threading import Lock
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_making = Lock()


@cache
def _made() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def document() -> dict[str, Any]:
    with _making:  # its maker loads its parts when first used, and not for several threads at once
        return _made()


@cache
def _registry() -> Registry:
    return Registry().with_resource("urn:api", DRAFT202012.create_resource(document()))


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value by a schema of the document, which may refer to other parts of it. [] is fine."""
    absolute = _absolute(schema)
    validator = OAS31Validator(absolute, registry=_registry(), format_checker=oas31_format_checker)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def _absolute(schema: Any) -> Any:
    """The schema with references that hold outside of the document too."""
    if isinstance(schema, dict):
        return {key: f"urn:api{v}" if key == "$ref" else _absolute(v) for key, v in schema.items()}
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference names, or the part itself."""
    while "$ref" in part:
        found: Any = document()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Of all addresses, those with the fewest parameters first: `bulk` is no id."""
    return [
        (re.compile(_pattern(path, operations)), path)
        for path, operations in sorted(document()["paths"].items(), key=lambda item: item[0].count("{"))
    ]


_FORMATS = {"int64": r"\d+", "uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"}


def _pattern(path: str, operations: dict[str, Any]) -> str:
    kinds = {
        parameter["name"]: parameter["schema"].get("format", "")
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "path"
    }
    parts = re.split(r"\{(\w+)\}", path)
    values = [_FORMATS.get(kinds[name], ".+") for name in parts[1::2]]
    pieces = [re.escape(part) for part in parts[::2]]
    return "".join(a + b for a, b in zip(pieces, [*values, ""], strict=True))


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a request is, or None for what the document does not have."""
    for pattern, template in _templates():
        if pattern.fullmatch(path):
            found: dict[str, Any] | None = document()["paths"][template].get(method.lower())
            return found
    return None


def check_told(body: Any) -> None:
    """Fails when a webhook is told something else than the document says."""
    (content,) = document()["webhooks"][body["type"]]["post"]["requestBody"]["content"].values()
    wrong = problems(content["schema"], body)
    assert not wrong, f"{body['type']}: {wrong}"


def check_answer(response: Any) -> None:
    """Fails when an answer is another than the document says: its status, headers, media type or body."""
    request = response.wsgi_request
    operation = operation_of(request.method, request.path)
    if operation is None:
        return
    said = f"{request.method} {request.path} -> {response.status_code}"
    assert str(response.status_code) in operation["responses"], f"{said}: the document does not have this status"
    answer = resolved(operation["responses"][str(response.status_code)])
    for name, declared in answer["headers"].items():
        header, value = resolved(declared), response.headers.get(name)
        assert value is not None or not header["required"], f"{said}: no {name}"
        if value is not None:
            number = header["schema"]["type"] == "integer"
            assert not problems(header["schema"], int(value) if number else value), f"{said}: {name}: {value}"
    if "content" not in answer:
        assert response.content == b"", said
        return
    media = response.headers["Content-Type"].partition(";")[0]
    assert media in answer["content"], f"{said}: {media}"
    wrong = problems(answer["content"][media]["schema"], response.json())
    assert not wrong, f"{said}: {wrong}"
