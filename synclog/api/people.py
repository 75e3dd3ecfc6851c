"""Matches: who an employee is in a connection, or why nobody there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import EmployeeLink
from positions.api.base import key_of, writes
from positions.api.fields import AnswerId, Said
from positions.api.filters import ChoiceFilter, Filters, IdFilter, TextFilter
from positions.api.listed import Listed
from synclog.api.filters import CauseFilter
from synclog.engine import matches
from synclog.log.people import matches as in_words


class MatchFilters(Filters):
    id = IdFilter(also=("in",), alone=True, help_text="Our id.")
    state = ChoiceFilter(choices=EmployeeLink.State.choices, also=("in",), help_text="Whether somebody is matched.")
    cause = CauseFilter(also=("in",), help_text="Why nobody is matched, as a cause's code: `not_the_same_person`.")
    integration = IdFilter(field_name="integration_id", also=("in",), help_text="Id of an integration.")
    employee = IdFilter(field_name="employee_key", also=("in",), help_text="Id of an employee.")
    remote_id = TextFilter(also=("in",), help_text="The id of a record there.")

    class Meta:
        model = EmployeeLink
        fields: list[str] = []


class MatchSerializer(serializers.Serializer):
    about = "Who an employee is in one connection. Only in the state `matched` is anything written."

    id = AnswerId(source="link.pk", help_text="Our id.")
    integration = AnswerId(source="link.integration_id", help_text="Id of the integration.")
    employee = AnswerId(source="link.employee_key", help_text="Id of the employee, who may be deleted since.")
    employee_number = Said(
        source="employee.number", help_text="The employee's number. null: the employee was deleted here."
    )
    state = serializers.ChoiceField(
        EmployeeLink.State.choices, source="link.state", help_text="Whether somebody is matched."
    )
    remote_id = Said(
        source="link.remote_id", help_text="The record there; where nobody is matched, the one that may be confirmed."
    )
    matched_by = Said(
        source="link.matched_by",
        help_text="The mark that they have in common, in English: `employee number`, `national id`, `e-mail`.",
    )
    since = serializers.DateTimeField(source="link.matched_at", help_text="Since when it is so.")
    confirmed_by = Said(source="link.confirmed_by", help_text="The person or key that confirmed it.")
    confirmed_at = serializers.DateTimeField(
        source="link.confirmed_at", allow_null=True, help_text="When. null: nobody confirmed it."
    )
    cause = Said(source="link.cause", help_text="Why nobody is matched, as a code.")
    message = Said(source="why", help_text="Why nobody is matched, and what to do.")


class MatchViewSet(Listed):
    """Who is who in the connected systems, and who is nobody there and why. Newest first."""

    scopes = {"GET": "sync:read", "POST": "sync:write"}
    needs = {"GET": "view", "POST": "administer"}
    serializer_class = MatchSerializer
    filterset_class = MatchFilters
    lookup_value_converter = "int"
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[EmployeeLink]:
        if getattr(self, "swagger_fake_view", False):
            return EmployeeLink.objects.none()
        return (
            EmployeeLink.objects.filter(integration__organization=self.organization)
            .select_related("integration__organization")
            .defer("integration__credentials", "integration__vault")
        )

    @extend_schema(
        summary="List matches", description="Who is who there, and who is nobody there and why, newest first."
    )
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(MatchSerializer(in_words(page), many=True).data)

    @extend_schema(summary="Read a match", description="One employee in one connection.")
    def retrieve(self, request: Request, pk: int) -> Response:
        return self._answer(pk)

    @extend_schema(
        summary="Confirm a match",
        description="The record is this employee's, whatever it shows. What failed goes out now.",
        request=None,
        responses=MatchSerializer,
    )
    @action(detail=True, methods=["post"], url_path="confirm")
    @writes
    def confirm(self, request: Request, pk: int) -> Response:
        return self._decide(request, pk, matches.confirm)

    @extend_schema(
        summary="Release a match",
        description="The record is not this employee's: nothing is written until it is matched anew or confirmed.",
        request=None,
        responses=MatchSerializer,
    )
    @action(detail=True, methods=["post"], url_path="release")
    @writes
    def release(self, request: Request, pk: int) -> Response:
        return self._decide(request, pk, matches.release)

    @extend_schema(
        summary="Match anew",
        description="Forgets the match; the employee is looked for at once, with what failed and what was sent so far.",
        request=None,
        responses=MatchSerializer,
    )
    @action(detail=True, methods=["post"], url_path="match-anew")
    @writes
    def match_anew(self, request: Request, pk: int) -> Response:
        return self._decide(request, pk, matches.match_anew)

    def _decide(self, request: Request, pk: int, act: Callable[[EmployeeLink, str], Any]) -> Response:
        link = get_object_or_404(self.get_queryset(), pk=pk)
        try:
            act(link, key_of(request).name)
        except matches.NotPossibleError as reason:
            raise ValidationError({"remote_id": [ErrorDetail(str(reason), "not_possible")]}) from None
        return self._answer(pk)

    def _answer(self, pk: int) -> Response:
        [match] = in_words([get_object_or_404(self.get_queryset(), pk=pk)])
        return Response(MatchSerializer(match).data)
