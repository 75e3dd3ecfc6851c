"""Any number of rows, some at a time."""

from __future__ import annotations

import pytest

from positions import batches
from positions.models import Organization
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("newest_first", [False, True])
def test_pieces_hold_each_row_once_whatever_is_deleted_meanwhile(
    newest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "SIZE", 2)
    keys = sorted((row.pk for row in OrganizationFactory.create_batch(5)), reverse=newest_first)
    found = []
    for piece in batches.in_pieces(Organization.objects.filter(pk__in=keys), newest_first=newest_first):
        assert len(piece) <= 2
        found += [row.pk for row in piece]
        Organization.objects.filter(pk=keys[0]).delete()
    assert found == keys
