"""Lists a page at a time, by cursors."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from positions.nesting import shallow

if TYPE_CHECKING:
    from rest_framework.views import APIView


def unknown_cursor(words: str) -> ValidationError:
    return ValidationError({"cursor": [ErrorDetail(words, "unknown_cursor")]})


class Pages(BasePagination):
    """Pages by a cursor that names the last row seen, so that rows added or changed meanwhile shift nothing.

    Unlike DRF's cursor it compares the whole ordering with the primary key last: thousands of positions may start on
    the same day. The ordering is the queryset's; its fields must not be null.
    """

    default_limit = 50
    max_limit = 1000
    counted = 100_000  # so many rows at most: what a total costs is bounded, however long the list
    query_parameters = ("cursor", "limit", "count")

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        limit = self._limit(request)
        self.total = self._total(queryset)
        self.ordering = self._ordering(queryset)
        self.backwards, values = self._read(request.query_params.get("cursor"), queryset.model)
        ordering = [self._flip(name) for name in self.ordering] if self.backwards else self.ordering
        if values is not None:
            queryset = queryset.filter(self._after(ordering, values))
        rows = list(queryset.order_by(*ordering)[: limit + 1])
        more = len(rows) > limit
        rows = rows[:limit]
        if self.backwards:
            rows.reverse()
        self.has_next = more if not self.backwards else True
        self.has_previous = more if self.backwards else values is not None
        self.rows = rows
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self.next_link(), "previous": self.previous_link()}
        response = Response({**links, **self.total, "results": data})
        response.rows = data  # type: ignore[attr-defined]  # for positions/api/reading.py
        # RFC 8288, whose registered name of the page before is “prev”.
        rels = {"next": links["next"], "prev": links["previous"]}
        if told := [f'<{url}>; rel="{rel}"' for rel, url in rels.items() if url]:
            response.headers["Link"] = ", ".join(told)
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The address of the next page, null on the last."},
                "previous": {**link, "description": "The address of the page before, null on the first."},
                "count": {
                    "type": "integer",
                    "minimum": 0,
                    "description": f"Rows of all pages together, {self.counted:,} at most. Only with `count=true`.",
                },
                "count_is": {
                    "type": "string",
                    "enum": ["exact", "at_least"],
                    "description": "Whether `count` is all of them. Only with `count=true`.",
                },
                "results": {**schema, "description": "The rows of this page."},
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "count",
                "in": "query",
                "description": f"true: say how many rows there are in all, up to {self.counted:,}. It costs a look at "
                "each of them: ask once, with the first page.",
                "schema": {"type": "boolean", "default": False},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "Where a page begins: follow `next` and `previous` instead of making one.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "description": "Rows on a page.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": self.max_limit,
                    "default": self.default_limit,
                },
            },
        ]

    def next_link(self) -> str | None:
        if not (self.has_next and self.rows):
            return None
        return self._link(self.rows[-1], backwards=False)

    def previous_link(self) -> str | None:
        if not (self.has_previous and self.rows):
            return None
        return self._link(self.rows[0], backwards=True)

    def _link(self, row: Model, *, backwards: bool) -> str:
        values = [getattr(row, name.lstrip("-")) for name in self.ordering]
        text = json.dumps([backwards, self.ordering, [v.isoformat() if isinstance(v, date) else v for v in values]])
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        url = remove_query_param(self.request.build_absolute_uri(), "cursor")
        return replace_query_param(url, "cursor", cursor)

    def _total(self, queryset: QuerySet) -> dict[str, Any]:
        text = self.request.query_params.get("count", "false")
        if text not in ("true", "false"):
            raise ValidationError({"count": [_("Write true or false.")]})
        if text == "false":
            return {}
        number = queryset.order_by()[: self.counted + 1].count()
        most = min(number, self.counted)
        return {"count": most, "count_is": "exact" if number == most else "at_least"}

    def _limit(self, request: Request) -> int:
        text = request.query_params.get("limit")
        if text is None:
            return self.default_limit
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:6]) <= self.max_limit:
            raise ValidationError(
                {"limit": [_("Write a whole number from 1 to {max_limit}.").format(max_limit=self.max_limit)]}
            )
        return int(text)

    @staticmethod
    def _flip(name: str) -> str:
        return name[1:] if name.startswith("-") else f"-{name}"

    @staticmethod
    def _ordering(queryset: QuerySet) -> list[str]:
        """The queryset's own, ended by the primary key: no two rows are equal in it."""
        names = [str(name) for name in queryset.query.order_by] or list(queryset.model._meta.ordering or ())
        key = "-id" if names and names[0].startswith("-") else "id"
        return [*(name for name in names if name.lstrip("-") not in ("id", "pk")), next(
            (name.replace("pk", "id") for name in names if name.lstrip("-") in ("id", "pk")), key
        )]  # fmt: skip

    @staticmethod
    def _after(ordering: Sequence[str], values: Sequence[Any]) -> Q:
        """(a, b, id) > (x, y, z), field by field; "<" where a field is ordered downwards."""
        after = Q()
        equal = Q()
        for name, value in zip(ordering, values, strict=True):
            field = name.lstrip("-")
            after |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
            equal &= Q(**{field: value})
        return after

    def _read(self, cursor: str | None, model: type[Model]) -> tuple[bool, list[Any] | None]:
        if cursor is None:
            return False, None
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            backwards, ordering, values = json.loads(shallow(text.decode(), 2))
            if not isinstance(backwards, bool) or ordering != self.ordering or len(values) != len(self.ordering):
                raise ValueError
            read = [self._value(model, name.lstrip("-"), v) for name, v in zip(self.ordering, values, strict=True)]
        except (ValueError, TypeError, OverflowError, binascii.Error):
            words = _("This cursor is not of this list. Start without one, then follow “next”.")
            raise unknown_cursor(words) from None
        return backwards, read

    @staticmethod
    def _value(model: type[Model], name: str, value: Any) -> Any:
        kind = model._meta.get_field(name).get_internal_type()
        if kind in ("DateTimeField", "DateField"):
            parsed: datetime | date | None = (parse_datetime if kind == "DateTimeField" else parse_date)(value)
            if parsed is None or (isinstance(parsed, datetime) and parsed.tzinfo is None):
                raise ValueError
            # At the edges of the calendar, an offset leads out of it.
            return parsed.astimezone(UTC) if isinstance(parsed, datetime) else parsed
        expected: type = int if kind in ("BigAutoField", "IntegerField", "BigIntegerField", "ForeignKey") else str
        if not isinstance(value, expected) or isinstance(value, bool):
            raise ValueError
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ValueError
        return value
