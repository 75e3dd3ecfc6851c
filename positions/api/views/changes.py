"""What was changed since a cursor, for clients that keep a copy."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import GenericViewSet

from positions import changes
from positions.api.base import ApiView
from positions.api.fields import AnswerId, Text
from positions.api.pagination import Pages, unknown_cursor
from positions.api.problems import CursorGone
from positions.api.serializers import EmployeeSerializer, PositionSerializer
from positions.api.views.employees import EmployeeViewSet
from positions.api.views.positions import PositionsView
from positions.changes import Place
from positions.models import Change
from positions.nesting import shallow


class FeedChangeSerializer(serializers.Serializer):
    about = "That an employee or a position was made, changed or deleted."

    kind = serializers.ChoiceField(Change.Kind.choices, help_text="Of what.")
    id = AnswerId(help_text="Our id of it.")
    employee = AnswerId(help_text="Our id of the employee: of the position's, or the same as `id`.")
    external_id = Text(
        read_only=True, default=serializers.empty, help_text="Your own id of it, as it was then. null also when it is "
        "of a person who was erased.",
    )  # fmt: skip
    operation = serializers.ChoiceField(Change.Operation.choices, help_text="What was done.")
    at = serializers.DateTimeField(help_text="When. The order is that of the rows, not of these times.")
    current_employee = EmployeeSerializer(
        allow_null=True,
        help_text="The employee as they are now. null of a position, and when they are not there any more.",
    )
    current_position = PositionSerializer(
        allow_null=True, help_text="The position as it is now. null of an employee, and when it is not there any more."
    )


class ChangesSerializer(serializers.Serializer):
    about = "What was made, changed and deleted behind a cursor."

    results = FeedChangeSerializer(many=True, help_text="In the order of the feed.")
    cursor = serializers.CharField(help_text="Of the end of these rows: go on from it, now or another day.")
    next = serializers.URLField(allow_null=True, help_text="Where more is now; null: nothing more at the moment.")


class Cursors:
    """What a cursor says, as text: the place behind the last row that was read."""

    @staticmethod
    def write(place: Place) -> str:
        return base64.urlsafe_b64encode(json.dumps([place.turn, place.key]).encode()).decode().rstrip("=")

    @staticmethod
    def read(text: str) -> Place:
        try:
            turn, key = json.loads(shallow(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode(), 2))
            for number in (turn, *(() if key is None else (key,))):
                if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
                    raise ValueError
        except (ValueError, TypeError, binascii.Error):
            words = _("This cursor is not of the change feed. Send one that it gave you, or none to begin.")
            raise unknown_cursor(words) from None
        return Place(turn, key)


class ChangesView(ApiView, GenericViewSet):
    """The change feed (positions/changes.py)."""

    scopes = {"GET": "positions:read"}
    needs = {"GET": "view"}
    model = Change
    query_parameters = ("cursor", "limit")
    filter_backends = ()
    pagination_class = None
    problems = ("410",)

    @extend_schema(
        summary="Follow all changes",
        description="Employees and positions that were made, changed or deleted behind `cursor`, in an order in which "
        "nothing is missed, each with what it is now. Without a cursor nothing is listed: the answer has the cursor "
        "to begin with. Take it first, then read all employees and positions, then go on from it. A change may come "
        "more than once. Changes are kept for 90 days; an older cursor is answered with 410: begin anew.",
        operation_id="changes_list",
        responses=ChangesSerializer,
        parameters=[
            OpenApiParameter("cursor", {"type": "string"}, description="Of an answer before."),
            next(
                OpenApiParameter("limit", p["schema"], description="At most so many changes.")
                for p in Pages().get_schema_operation_parameters(None)  # type: ignore[arg-type]
                if p["name"] == "limit"
            ),
        ],
    )
    def follow(self, request: Request) -> Response:
        organization, cursor = self.organization.pk, request.query_params.get("cursor")
        limit = Pages()._limit(request)
        if cursor is None:
            return self._answer([], changes.end(organization), more=False)
        place = Cursors.read(cursor)
        try:
            found, place, more = changes.behind(organization, place, limit)
        except changes.Gone:
            raise CursorGone from None
        return self._answer(found, place, more=more)

    def _answer(self, found: Sequence[Change], place: Place, *, more: bool) -> Response:
        # Asked after the changes: what is newer than a row is behind it in the feed, too.
        employees = self._current(EmployeeViewSet, self._keys(found, Change.Kind.EMPLOYEE))
        positions = self._current(PositionsView, self._keys(found, Change.Kind.POSITION))
        cursor = Cursors.write(place)
        address = self.request.build_absolute_uri()
        return Response(
            {
                "results": [
                    {
                        "kind": one.kind,
                        "id": one.object_key,
                        "employee": one.employee_key,
                        "external_id": one.external_id or None,
                        "operation": one.operation,
                        "at": one.at,
                        "current_employee": employees.get(one.object_key) if one.kind == "employee" else None,
                        "current_position": positions.get(one.object_key) if one.kind == "position" else None,
                    }
                    for one in found
                ],
                "cursor": cursor,
                "next": replace_query_param(address, "cursor", cursor) if more else None,
            }
        )

    @staticmethod
    def _keys(found: Iterable[Change], kind: str) -> set[int]:
        return {one.object_key for one in found if one.kind == kind and one.operation != Change.Operation.DELETED}

    def _current(self, view: type[EmployeeViewSet | PositionsView], keys: set[int]) -> dict[int, Any]:
        """Those that are there, each as its own address answers it."""
        if not keys:
            return {}
        own = view(request=self.request, format_kwarg=None)
        rows = own.get_queryset().filter(pk__in=keys)
        return {row["id"]: row for row in own.get_serializer(rows, many=True).data}
