"""What operations of the OpenAPI document share: headers, error answers, and examples made from good values.

`finished` is a postprocessing hook of drf-spectacular (settings.SPECTACULAR_SETTINGS).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from drf_spectacular.drainage import warn

from positions.api.examples import ANSWERS, EXAMPLES
from positions.api.problems import (
    MEDIA_TYPE,
    TITLES,
    Busy,
    Conflict,
    CursorGone,
    IdempotencyKeyReused,
    PreconditionFailed,
    TooLarge,
)

Schema = dict[str, Any]

# The media type of answers with `fields`: of whole objects, every property is there.
PARTIAL = "application/vnd.position-sync.partial+json"

_REFERENCE = re.compile(r"#/components/schemas/(\w+)")
_SECONDS: Schema = {"type": "integer", "minimum": 0}
# Name: (what it says, its schema, whether every answer that lists it has it).
_HEADERS: dict[str, tuple[str, Schema, bool]] = {
    "X-Request-ID": (
        "Name it when you ask for help: it is in the log. Yours, when you send one.", {"type": "string"}, True,
    ),
    "Cache-Control": ("No answer may be kept by a cache.", {"type": "string", "const": "no-store"}, True),
    "RateLimit-Policy": (
        "How many requests (`q`) may be made in how many seconds (`w`), by whom: `key`, a key or a signed-in person; "
        "`address`, whoever sent no right key.",
        {"type": "string", "pattern": r'^"\w+";q=\d+;w=\d+$'}, True,
    ),
    "RateLimit": (
        "How many are left (`r`), until the next window begins in `t` seconds.",
        {"type": "string", "pattern": r'^"\w+";r=\d+;t=\d+$'}, True,
    ),
    "RateLimit-Limit": ("The same as `q`.", {"type": "integer", "minimum": 1}, True),
    "RateLimit-Remaining": ("The same as `r`.", _SECONDS, True),
    "RateLimit-Reset": ("The same as `t`.", _SECONDS, True),
    "API-Key-Expires": (
        "When the key ends. Only within 30 days before: let an admin make its successor. To a secret of before a "
        "rotation: when that ends.",
        {"type": "string", "format": "date-time"}, False,
    ),
    "ETag": (
        "Of what is stored now. Send it as If-Match with a write, or as If-None-Match with a read.",
        {"type": "string", "pattern": '^"[^"]+"$'}, True,
    ),
    "Link": (
        "Pages around this one, as RFC 8288 has it: `rel` is `next` or `prev`. Not when this is the only one.",
        {"type": "string"}, False,
    ),
    "Location": ("Where it can be read.", {"type": "string", "format": "uri"}, True),
    "Retry-After": ("Seconds to wait before the next try.", _SECONDS, True),
    "WWW-Authenticate": ("How to authenticate.", {"type": "string"}, True),
    "Allow": ("The methods of this address.", {"type": "string"}, True),
    "Idempotent-Replay": (
        "The request was carried out before: this is its answer once more.", {"type": "string", "const": "true"}, False,
    ),
}  # fmt: skip
_ALWAYS = (
    "X-Request-ID", "RateLimit-Policy", "RateLimit", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
)  # fmt: skip
_OF_VIEWS = ("Cache-Control", "API-Key-Expires")  # the others may come from a middleware, which knows no key


@dataclass(frozen=True, slots=True)
class _Error:
    name: str  # of the component
    words: str
    code: str
    detail: str | Promise
    headers: tuple[str, ...] = _OF_VIEWS


_NOT_A_DATE = "“1.3.2026” is not a date. Write it as 2026-03-01."
ERRORS: dict[str, _Error] = {
    "400": _Error(
        "BadRequest", "The request is not right: each wrong value is named, with an example. Nothing was changed.",
        "validation_failed", f"start_date: {_NOT_A_DATE}", (),
    ),
    "401": _Error(
        "NotAuthenticated", "No API key, or one that is unknown, expired, or ended with its owner's membership.",
        "not_authenticated", "Send the header “Authorization: Bearer psk_…” with a key from Organization > API keys.",
        (*_OF_VIEWS, "WWW-Authenticate"),
    ),
    "403": _Error(
        "MissingScope", "The key lacks the scope.", "missing_scope",
        "This key lacks the scope positions:write. An admin can tick it under Organization > API keys.",
    ),
    "404": _Error(
        "NotFound", "There is nothing with this id in your organization.", "not_found",
        "There is nothing here with this id.",
    ),
    "405": _Error(
        "MethodNotAllowed", "The address has other methods: see the header Allow.", "method_not_allowed",
        "Method \"PUT\" not allowed.", (*_OF_VIEWS, "Allow"),
    ),
    "406": _Error(
        "NotAcceptable", "The header Accept asks for something else than JSON.", "not_acceptable",
        "Could not satisfy the request Accept header.",
    ),
    "409": _Error(
        "Conflict", "Somebody saved the same thing at the same moment, or what is to be deleted is in use (`in_use`). "
        "Nothing was changed.", "conflict",
        Conflict.default_detail,
    ),
    "410": _Error(
        "CursorGone", "What came after the cursor is not kept any more: start over.", CursorGone.default_code,
        CursorGone.default_detail,
    ),
    "412": _Error(
        "ChangedMeanwhile", "It was changed since you read it (If-Match). Nothing was changed.", "precondition_failed",
        PreconditionFailed.default_detail,
    ),
    "413": _Error(
        "TooLarge", "The body is too large. Nothing was changed.", "request_too_large",
        TooLarge.default_detail, (),
    ),
    "415": _Error(
        "WrongMediaType", "The body is no `application/json`. Nothing was changed.", "unsupported_media_type",
        "Unsupported media type \"text/plain\" in request.",
    ),
    "422": _Error(
        "KeyUsedBefore", "The Idempotency-Key was used for another request. Nothing was changed.",
        "idempotency_key_reused",
        IdempotencyKeyReused.default_detail,
    ),
    "429": _Error(
        "TooManyRequests", "Too many requests: wait as long as Retry-After says.", "throttled",
        "This key makes too many requests. Wait 24 s (Retry-After).", (*_OF_VIEWS, "Retry-After"),
    ),
    "500": _Error(
        "OurMistake", "Something broke on our side. Nothing was changed.", "internal_error",
        "Something broke on our side and nothing was changed. Repeat later; if it stays, report the request id.",
        (),
    ),
    "503": _Error(
        "Busy", "Busy, or requests cannot be counted. Nothing was changed: repeat after Retry-After.", "busy",
        Busy.default_detail, ("Retry-After",),
    ),
}  # fmt: skip


def header_refs(names: Iterable[str]) -> Schema:
    """References to headers of the document, for one answer."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def answer_headers(*more: str) -> Schema:
    """Of an answer that is no error, besides `more`."""
    return header_refs((*_ALWAYS, *_OF_VIEWS, *more))


def error_ref(status: str) -> Schema:
    return {"$ref": f"#/components/responses/{ERRORS[status].name}"}


def finished(result: Schema, generator: Any, **kwargs: Any) -> Schema:
    """The document with the headers and errors that its operations refer to, and an example of each success."""
    components = result["components"]
    components["headers"] = {
        name: {"description": words, "required": always, "schema": schema}
        for name, (words, schema, always) in _HEADERS.items()
    }
    components["responses"] = {
        error.name: {
            "description": error.words,
            "headers": header_refs((*_ALWAYS, *error.headers)),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": _problem(status, error),
                }
            },
        }
        for status, error in ERRORS.items()
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            if any(parameter["name"] == "fields" for parameter in operation.get("parameters", ())):
                _add_partial(operation["responses"]["200"]["content"], components["schemas"])
            for status, response in operation["responses"].items():
                content = response.get("content", {}) if status.startswith("2") else {}
                for media_type, media in content.items():
                    if media_type == PARTIAL:
                        media["example"] = _example_of_partial(content["application/json"])
                    elif "example" not in media and "examples" not in media:
                        media["example"] = _example(media["schema"], components["schemas"])
    _drop_unused(result, components["schemas"])
    return result


def _drop_unused(result: Schema, schemas: dict[str, Schema]) -> None:
    """Such as the request of an object that is only answered within others, which is made with its answer."""
    while unused := schemas.keys() - set(_REFERENCE.findall(json.dumps(result, default=str))):
        for name in unused:
            del schemas[name]


def _add_partial(content: Schema, schemas: dict[str, Schema]) -> None:
    """What is answered with `fields`: the same objects, of which each property may be missing."""
    whole = content["application/json"]["schema"]
    name = f"Partial{_name(whole.get('items', whole))}"
    page = schemas.get(_name(whole), {}) if "$ref" in whole else {}
    if {"results", "previous"} <= page.get("properties", {}).keys():
        rows = page["properties"]["results"]
        partial = _partial(_name(rows["items"]), schemas)
        schemas[name] = {**page, "properties": {**page["properties"], "results": {**rows, "items": partial}}}
        found: Schema = {"$ref": f"#/components/schemas/{name}"}
    elif whole.get("type") == "array":
        found = {**whole, "items": _partial(_name(whole["items"]), schemas)}
    else:
        found = _partial(_name(whole), schemas)
    content[PARTIAL] = {"schema": found}


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _partial(name: str, schemas: dict[str, Schema]) -> Schema:
    partial = {key: value for key, value in schemas[name].items() if key != "required"}
    words = f"{partial.get('description', '')} Only what `fields` names is there.".strip()
    schemas[f"Partial{name}"] = {**partial, "description": words}
    return {"$ref": f"#/components/schemas/Partial{name}"}


def _problem(status: str, error: _Error) -> dict[str, Any]:
    one = {"field": "start_date", "code": "invalid", "message": _NOT_A_DATE, "example": EXAMPLES["start_date"]}
    return {
        "type": f"urn:position-sync:problem:{error.code}",
        "title": TITLES[int(status)],
        "status": int(status),
        "code": error.code,
        "detail": str(error.detail),
        "errors": [one] if status == "400" else [],
        "request_id": ANSWERS["request_id"],
    }


_BY_FORMAT = {
    "date-time": "2026-03-01T09:14:00Z",
    "date": "2026-03-01",
    "uuid": "0b7c9a52-6f0e-4a53-9d2c-5b1f7c3e8a10",
}


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any], component: str = "", name: str = "") -> Any:
    """A value of this schema, from `ANSWERS` and `EXAMPLES` by the property's name; else the simplest there is."""
    for known in (f"{component}.{name}", name):
        if known in ANSWERS:
            return ANSWERS[known]
    if "$ref" in schema:
        target = str(schema["$ref"]).rpartition("/")[2]
        return _example(schemas[target], schemas, target, name)
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return _example(schema[several][0], schemas, component, name)
    kind = schema.get("type")
    if isinstance(kind, list):
        [kind] = [one for one in kind if one != "null"]
    if kind == "object":
        properties = schema.get("properties", {})
        there = schema.get("required", properties)  # the rest is there only when it is asked for
        return {inner: _example(s, schemas, component, inner) for inner, s in properties.items() if inner in there}
    if kind == "array":
        return [_example(schema["items"], schemas, component, name)]
    return _plain_example(schema, kind, component, name)


def _example_of_partial(whole: Schema) -> Any:
    """As if two fields were asked for."""

    def two(row: Schema) -> Schema:
        return dict(list(row.items())[:2])

    example = whole["example"] if "example" in whole else next(iter(whole["examples"].values()))["value"]
    if isinstance(example, list):
        return [two(row) for row in example]
    return {**example, "results": [two(row) for row in example["results"]]} if "previous" in example else two(example)


def _plain_example(schema: Mapping[str, Any], kind: Any, component: str, name: str) -> Any:
    """Of a schema with nothing inside."""
    if "enum" in schema:
        return EXAMPLES[name] if EXAMPLES.get(name) in schema["enum"] else schema["enum"][0]
    if kind == "boolean":
        return False
    if kind == "integer":
        return int(EXAMPLES.get(name, schema.get("minimum", 1)))
    if name in EXAMPLES:
        return EXAMPLES[name]
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    warn(f"There is no example of “{component}.{name}”: add one to positions.api.examples.ANSWERS.")
    return None
