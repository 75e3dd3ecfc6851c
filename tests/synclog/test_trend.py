"""The trend of the overview: by the organization's own days, and days that are over are counted once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from synclog.log.trend import DAYS, trends
from tests.factories import OrganizationFactory
from tests.synclog.pages import attempt, connection, job

pytestmark = pytest.mark.django_db


def test_days_are_the_organizations_own_and_each_has_its_number() -> None:
    now = timezone.now()
    for zone in ("Europe/Oslo", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        integration = connection(OrganizationFactory(time_zone=zone))
        done = job(integration, state="succeeded")
        when = [now - timedelta(hours=n * 5) for n in range(DAYS * 5)]
        for n, at in enumerate(when):
            attempt(done, state=("succeeded", "failed", "retrying")[n % 3], finished_at=at)
        today = now.astimezone(integration.organization.zone).date()
        expected = []
        for back in range(DAYS - 1, -1, -1):
            day = today - timedelta(days=back)
            mine = [n for n, at in enumerate(when) if at.astimezone(integration.organization.zone).date() == day]
            expected.append((day, sum(n % 3 == 0 for n in mine), sum(n % 3 == 1 for n in mine)))
        for _ in range(2):
            assert trends([integration], now)[integration.pk] == expected


def test_days_that_are_over_are_read_once(django_assert_num_queries: Any) -> None:
    integration, now = connection(OrganizationFactory()), timezone.now()
    done = job(integration, state="succeeded")
    for back in (0, 1, 5, 12):
        attempt(done, state="succeeded", finished_at=now - timedelta(days=back))
    with django_assert_num_queries(2):
        first = trends([integration], now)
    with django_assert_num_queries(1):
        assert trends([integration], now) == first
    tomorrow = trends([integration], now + timedelta(days=1))[integration.pk]
    assert tomorrow[:-1] == first[integration.pk][1:] and tomorrow[-1][1:] == (0, 0)
    assert trends([integration], now + timedelta(days=40))[integration.pk][0][1:] == (0, 0)
