from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from positions.api.base import ApiView
from positions.models import Position
from synclog.api.serializers.jobs import StateSerializer
from synclog.api.views.scopes import EDITORS_ASK, SYNC
from synclog.log.states import connections_of, states_of


class PositionStatesView(ApiView):
    """What holds of a position in each connection."""

    scopes = SYNC
    needs = EDITORS_ASK
    queryset = Position.objects.none()  # for the document: what the address names

    @extend_schema(
        operation_id="positions_sync",
        summary="Read what holds of a position in each connection",
        description="Whether it is there, on its way, or why not.",
        parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH, description="Id of the position.")],
        responses=StateSerializer(many=True),
    )
    def get(self, request: Request, id: int) -> Response:
        found = Position.objects.filter(employee__organization=self.organization).select_related("employee", "company")
        position = get_object_or_404(found.defer("employee__national_id"), pk=id)
        states = states_of(connections_of(self.organization), [position])[id]
        return Response(StateSerializer(states, many=True).data)
