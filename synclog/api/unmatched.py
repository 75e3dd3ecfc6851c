"""What writes of one employee or position say of payroll systems that do not know the employee
(`settings.API_UNMATCHED`)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from positions.api.fields import AnswerId, Said
from positions.api.unmatched import Concerned
from synclog.log.unmatched import unmatched


class UnmatchedSerializer(serializers.Serializer):
    about = (
        "A connection that is on and in which nobody is matched with this employee: nothing of theirs is sent there."
    )

    integration = AnswerId(help_text="Id of the integration.")
    integration_name = serializers.CharField(help_text="Its name.")
    system = serializers.CharField(help_text="Its system's key.")
    cause = Said(help_text="Why, as a code. null: they were not looked for yet.")
    message = serializers.CharField(help_text="What is so.")
    what_to_do = serializers.CharField(help_text="What makes their positions go out.")


class UnmatchedInSerializer(serializers.Serializer):
    unmatched = UnmatchedSerializer(
        many=True,
        read_only=True,
        help_text="Where payroll does not know the employee, as far as is known here: no system was asked.",
    )

    def to_representation(self, concerned: Concerned) -> dict[str, Any]:
        found = unmatched(concerned.employee, concerned.companies)
        return {"unmatched": UnmatchedSerializer(found, many=True).data}
