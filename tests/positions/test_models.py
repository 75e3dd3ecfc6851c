from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from positions.bulk import save_positions
from positions.models import ApiKey, Organization, Position, tracking
from positions.models.base import Tracked
from positions.origin import Origin, current_origin, started_by
from positions.signals import positions_changed
from tests.factories import (
    DepartmentFactory,
    EmployeeFactory,
    PositionFactory,
)

pytestmark = pytest.mark.django_db


# -- models


def test_a_time_zone_must_exist():
    with pytest.raises(ValidationError, match="Write it as in Europe/Oslo"):
        Organization(name="X", time_zone="Mars/North").full_clean()


def test_what_belongs_to_another_organization_is_refused(organization):
    department = DepartmentFactory()
    employee = EmployeeFactory(organization=organization)
    employee.department = department
    with pytest.raises(ValidationError) as caught:
        employee.full_clean()
    assert caught.value.message_dict == {"department": ["This department belongs to another organization."]}
    position = PositionFactory.build(employee=EmployeeFactory(organization=organization), department=department)
    with pytest.raises(ValidationError) as caught:
        position.full_clean()
    assert set(caught.value.message_dict) == {"department"}


def test_the_database_keeps_its_own_guard(organization):
    employee = EmployeeFactory(organization=organization)
    for wrong in ({"end_date": date(2025, 1, 1)}, {"percentage": Decimal("100.01")}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PositionFactory(employee=employee, start_date=date(2026, 1, 1), **wrong)
    PositionFactory(employee=employee, external_id="")
    PositionFactory(employee=employee, external_id="")
    PositionFactory(employee=employee, external_id="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        PositionFactory(employee=employee, external_id="a")


def test_what_changed_is_known(organization):
    position = PositionFactory(employee=EmployeeFactory(organization=organization))
    loaded = Position.objects.get(pk=position.pk)
    assert loaded.changed_fields() == []
    loaded.title, loaded.department = "New", DepartmentFactory(organization=organization)
    assert loaded.changed_fields() == ["title", "department"]
    tracking.remember(loaded)
    assert loaded.changed_fields() == []
    assert Position(title="x").changed_fields() is None


def test_every_tracked_model_is_followed():
    for model in (found for found in apps.get_models() if issubclass(found, Tracked)):
        assert set(model.TRACKED) <= set(tracking.followed(model)), model


def test_many_are_saved_in_few_queries_and_all_are_told(organization, django_assert_max_num_queries):
    employee = EmployeeFactory(organization=organization)
    old = [PositionFactory(employee=employee) for _ in range(20)]
    rows = list(Position.objects.select_related("employee"))
    for row in rows:
        row.title = "Changed"
    rows += [Position(employee=employee, title="New", start_date=date(2026, 1, 1)) for _ in range(20)]
    heard = []

    def hear(sender, saved, **kwargs):
        heard.extend(saved)

    positions_changed.connect(hear)
    try:
        with django_assert_max_num_queries(12):
            save_positions(rows)
    finally:
        positions_changed.disconnect(hear)
    assert [fields for _, fields in heard] == [["title"]] * 20 + [None] * 20
    assert Position.objects.filter(title="Changed").count() == len(old)
    assert all(row.pk and row.changed_fields() == [] for row in rows)


def test_an_api_key_is_only_kept_as_a_hash(organization):
    row = ApiKey(organization=organization, name="n")
    key = row.issue()
    row.save()
    assert key.startswith("psk_") and len(key) > 40
    assert key not in str(row.__dict__) and row.hash == ApiKey.digest(key) and key.startswith(row.prefix)


def test_the_origin_of_a_change_is_scoped():
    assert current_origin() == Origin("edit", "")
    with started_by(Origin("api", "key")):
        with started_by(Origin("schedule")):
            assert current_origin().kind == "schedule"
        assert current_origin() == Origin("api", "key")
    assert current_origin() == Origin("edit", "")
