"""What holds for every address that is read: `fields`, `expand`, and the ETag of one object.

All of it is done to the answer that a view gave (positions/api/base.py), which does nothing for it. What may be named
follows from the serializer that the view answers with as the document says.

An ETag is of the object itself; what is `volatile` (changes by itself, as the health of a connection) and what was
expanded has a second part, behind a point. If-Match of a write compares the first part alone, If-None-Match both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, cast

from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from positions.api.document import PARTIAL
from positions.api.expand import EXPANDED, EXPANSIONS, expand, expandable
from positions.api.names import unknown
from positions.api.permissions import require
from positions.api.problems import PreconditionFailed
from positions.api.schema import ApiSchema

_FIELD, _EXPANSION = gettext_noop("field"), gettext_noop("expansion")


def named(view: Any, request: Request) -> None:
    """Refuses what `fields` and `expand` name and nobody knows, or may not read, before anything is looked up."""
    errors = {}
    for parameter in ("fields", "expand"):
        names = _names(request, parameter)
        known = _known(view, parameter) if names else []
        wrong = [name for name in names if name not in known]
        if wrong:
            errors[parameter] = [unknown(wrong[0], known, _FIELD if parameter == "fields" else _EXPANSION)]
    if errors:
        raise ValidationError(errors)
    for name in _names(request, "expand"):
        require(request, EXPANSIONS[name].scope, "view")


def _names(request: Request, parameter: str) -> list[str]:
    given = request.query_params.get(parameter)
    return [name.strip() for name in given.split(",")] if given is not None else []


def _known(view: Any, parameter: str) -> list[str]:
    """Names that the document has for this parameter of the operation at hand."""
    handler = getattr(view, getattr(view, "action", None) or "get", None)
    # Made anew: what hangs on a class is shared by threads.
    schema = cast(ApiSchema, getattr(handler, "kwargs", {}).get("schema", type(view.schema))())
    schema.view, schema.method = view, "GET"
    return expandable(schema.answered()) if parameter == "expand" else schema.answered_names()


def shown(view: Any, request: Request, response: Response) -> Response:
    """The answer to a read as it was asked for."""
    data: Any = response.data
    of_one = not isinstance(data, list) and not hasattr(response, "rows")
    rows = [data] if of_one else getattr(response, "rows", data)
    expanded, fields = _names(request, "expand"), _names(request, "fields")
    own = dict(data) if of_one else {}
    rest = {name: own.pop(name) for name in view.volatile if name in own}
    if expanded:
        expand(rows, expanded, view.organization)
        rest[EXPANDED] = rows[0][EXPANDED] if of_one else None
    if of_one:
        etag = f'"{_digest(own)}.{_digest(rest)}"' if rest else etag_of(own)
        if _has(request, etag):
            return Response(status=304, headers={"ETag": etag})
        response.headers["ETag"] = etag
    if fields:
        kept = {*fields, EXPANDED}
        for row in rows:
            for name in row.keys() - kept:
                del row[name]
        response.content_type = PARTIAL
    return response


def _digest(data: Any) -> str:
    return hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]


def etag_of(data: Any) -> str:
    """Of what a reader sees, so that it also changes when a department is renamed."""
    return f'"{_digest(data)}"'


def tags_to_match(request: Request) -> list[str] | None:
    """Of If-Match; None without it: the last write wins. Raises ValidationError."""
    given = request.headers.get("If-Match")
    if given is None:
        return None
    tags = parse_etags(given)
    if not tags:
        raise ValidationError({"If-Match": [_("Send the ETag as it was given, with its quotes.")]})
    return tags


def require_match(tags: Sequence[str], current: Callable[[], str]) -> None:
    """412 unless the object is as the client read it."""
    if tags != ["*"] and _first_part(current()) not in map(_first_part, tags):
        raise PreconditionFailed


def _first_part(etag: str) -> str:
    return etag.strip('"').partition(".")[0]


def _has(request: Request, etag: str) -> bool:
    """Whether the reader already has this (If-None-Match)."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    return etag in tags or tags == ["*"]
