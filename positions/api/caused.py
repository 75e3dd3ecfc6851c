"""What an answer to a write of positions has besides: what the write caused where HR does not look.

`settings.API_CAUSED` names the serializer that knows. Its fields are added to these answers, and their values are what
it makes of the list of the positions as they were saved (deleted ones still have their id), inside the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework import serializers

from positions.models import Position


def _serializer(positions: Sequence[Position] = ()) -> serializers.Serializer:
    made: serializers.Serializer = import_string(settings.API_CAUSED)(positions)
    return made


def caused_fields() -> dict[str, serializers.Field]:
    return _serializer().get_fields()


def caused(positions: Sequence[Position]) -> dict[str, Any]:
    return _serializer(positions).data


class WithCaused(serializers.Serializer):
    """An answer to a write, for the document."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), **caused_fields()}
