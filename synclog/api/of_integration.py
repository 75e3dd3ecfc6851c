"""What views share that are below the address of an integration."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ErrorDetail, ValidationError

from integrations.models import Integration
from positions.api.listed import Listed
from synclog.questions.walks import NotPossibleError

INTEGRATION = OpenApiParameter("integration_pk", int, OpenApiParameter.PATH, description="Id of the integration.")


class OfIntegration(Listed):
    def integration(self) -> Integration:
        known = Integration.objects.filter(organization=self.organization).select_related("organization")
        return get_object_or_404(known, pk=self.kwargs["integration_pk"])


def not_possible(reason: NotPossibleError) -> ValidationError:
    """Why a worker cannot go through everybody now."""
    return ValidationError({"integration": [ErrorDetail(str(reason.said), "not_possible")]})
