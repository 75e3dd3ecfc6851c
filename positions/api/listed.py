"""What all views share that list their objects in pages."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from positions.api.base import ApiView
from positions.api.pagination import Pages


class Listed(ApiView, GenericViewSet):
    pagination_class = Pages

    def page(self, rows: QuerySet) -> Response:
        """Those of them that the address asks for, a page at a time."""
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
