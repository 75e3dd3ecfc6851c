"""Holds what connectors send and sandboxes answer against the vendors' published contracts.

The contract files are not ours to ship: `CONTRACTS_DIR` says where they lie; without them these checks are left out.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from integrations.sandboxes.base import Call

FOLDER = Path(os.environ.get("CONTRACTS_DIR") or Path(__file__).resolve().parents[2] / "shared" / "vendors" / "specs")


def contract_file(name: str) -> Path | None:
    file = FOLDER / name
    return file if file.exists() else None


@cache
def _document(name: str) -> dict[str, Any] | None:
    file = contract_file(name)
    return json.loads(file.read_text("utf-8")) if file else None


@cache
def _paths(name: str) -> list[tuple[re.Pattern[str], str]]:
    """What an address looks like, with its template, those first that say most of it."""
    document = _document(name) or {"paths": {}}
    said = sorted(document["paths"], key=lambda t: t.count("{"))
    return [(re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(t))), t) for t in said]


@cache
def _validator(name: str, pointer: str) -> OAS30Validator:
    registry = Registry().with_resource("urn:contract", DRAFT202012.create_resource(_document(name)))
    return OAS30Validator({"$ref": f"urn:contract#{pointer}"}, registry=registry)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def check_openapi(name: str, call: Call, *, strip: str = "") -> list[str]:
    """What is wrong with one call by an OpenAPI 3 contract: path, method, body, status, answer. [] is fine.

    `strip` is a prefix of the sandbox's path that the contract's paths do not have ("v2/").
    An undeclared status is not held against an answer of 4xx or 5xx: contracts rarely list their errors.
    """
    document = _document(name)
    if document is None:
        return []
    path = "/" + call.path.removeprefix(strip).lstrip("/")
    template = next((template for pattern, template in _paths(name) if pattern.fullmatch(path)), None)
    if template is None:
        return [f"{call.method} {path}: no such path in the contract"]
    operation = document["paths"][template].get(call.method.lower())
    if operation is None:
        return [f"{call.method} {template}: no such method in the contract"]
    base = f"/paths/{_escape(template)}/{call.method.lower()}"
    wrong: list[str] = []
    known = {
        p.get("name")
        for p in (
            _deref(document, raw)
            for raw in [*operation.get("parameters", []), *document["paths"][template].get("parameters", [])]
        )
        if p.get("in") == "query"
    }
    for part in filter(None, call.query.split("&")):
        if part.split("=")[0] not in known:
            wrong.append(f"{call.method} {template}: query parameter {part.split('=')[0]} is not in the contract")
    if call.body and "requestBody" in operation and call.status < 400:
        wrong += _body(
            name, document, operation["requestBody"], f"{base}/requestBody", call.body, f"{call.method} {path} body"
        )
    responses = operation.get("responses", {})
    key = str(call.status) if str(call.status) in responses else ("default" if "default" in responses else "")
    if not key and call.status < 400:
        wrong.append(f"{call.method} {template}: status {call.status} is not in the contract")
    elif key and call.answer and call.status < 400:
        wrong += _body(
            name, document, responses[key], f"{base}/responses/{key}", call.answer, f"{call.method} {path} answer"
        )
    return wrong


def _deref(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _body(name: str, document: dict[str, Any], node: dict[str, Any], pointer: str, text: str, what: str) -> list[str]:
    if "$ref" in node:
        pointer = node["$ref"].removeprefix("#")
        node = _deref(document, node)
    for media, content in node.get("content", {}).items():
        if "json" not in media or "schema" not in content:
            continue
        try:
            body = json.loads(text)
        except ValueError:
            return [f"{what}: not JSON"]
        found = _validator(name, f"{pointer}/content/{_escape(media)}/schema").iter_errors(body)
        return [f"{what}: {'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in found]
    return []
