"""Rows that are inserted many at a time are those that `bulk_create` would have made."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import models

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.sdk.storable import Encoded
from synclog.engine import rows
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
VALUES: list[dict[str, Any]] = [
    {"values": {}, "left": None, "stale": False},
    {"values": {"a": [1, None, "ø\u2028'\"%s"]}, "left": {"b": "ü"}, "stale": True, "written_at": MOMENT},
    {"look_on": date(2026, 1, 2), "left_behind": ["x"], "remote_id": "%s'"},
]


def links(integration: Integration, **values: Any) -> list[PeriodLink]:
    return [
        PeriodLink(
            integration_id=integration.pk, employee_key=1, position_key=n, **{"sent_at": MOMENT, **one, **values}
        )
        for n, one in enumerate(VALUES)
    ]


def stored(model: type[models.Model], integration: Integration) -> list[dict[str, Any]]:
    found = model._default_manager.filter(integration=integration).order_by("pk").values()
    return [{k: v for k, v in row.items() if k not in ("id", "integration_id", "sent_at")} for row in found]


def test_each_column_holds_what_bulk_create_writes() -> None:
    one, other = IntegrationFactory(), IntegrationFactory()
    rows.insert(links(one))
    PeriodLink.objects.bulk_create(links(other))
    assert stored(PeriodLink, one) == stored(PeriodLink, other)
    assert set(PeriodLink.objects.filter(integration=one).values_list("sent_at", flat=True)) == {MOMENT}


def test_a_row_that_is_there_gets_only_what_is_to_be_updated() -> None:
    integration = IntegrationFactory()
    rows.insert(links(integration))
    before = stored(PeriodLink, integration)
    changed = links(integration, remote_id="new", terms={"a": []}, look_on=date(2027, 1, 1))
    rows.insert(changed, unique=["integration", "position_key"], update=["remote_id", "look_on"])
    expected = copy.deepcopy(before)
    for row in expected:
        row |= {"remote_id": "new", "look_on": date(2027, 1, 1)}
    assert stored(PeriodLink, integration) == expected


def test_more_than_a_piece_and_none_at_all(django_assert_num_queries: Any) -> None:
    integration = IntegrationFactory()
    with django_assert_num_queries(0):
        rows.insert([])
    many = [
        EmployeeLink(integration=integration, employee_key=n, remote_id=str(n), fingerprints=Encoded('{"a": 1}'))
        for n in range(rows.PIECE + 1)
    ]
    rows.insert(many)
    found = EmployeeLink.objects.filter(integration=integration)
    assert (found.count(), found[0].fingerprints) == (len(many), {"a": 1})


def test_a_field_of_which_nothing_is_known_is_not_guessed() -> None:
    with pytest.raises(TypeError):
        rows._writer(models.BinaryField())
