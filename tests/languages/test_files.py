"""A file that is made while it is sent is in one language from its first line to its last."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.utils import translation

from positions.models import LanguageChoice
from tests.factories import IntegrationFactory, MemberFactory, PositionFactory
from tests.synclog.pages import job

pytestmark = pytest.mark.django_db


def rows_of(browser: Client, address: str, delimiter: str, sent: dict[str, str] | None = None) -> list[dict[str, str]]:
    response = browser.get(address) if sent is None else browser.post(address, sent)
    assert response.status_code == 200 and response.streaming and translation.get_language() == "en-gb"
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


@pytest.mark.parametrize("chosen", [True, False], ids=["chosen", "asked for"])
def test_an_export_is_in_the_readers_language(chosen: bool) -> None:
    position = PositionFactory(contract_type="permanent")
    organization = position.employee.organization
    job(IntegrationFactory(organization=organization), position, state="retrying", cause="rate_limited")
    user = MemberFactory(organization=organization, role="admin").user
    browser = Client(headers={"Accept-Language": "sv" if chosen else "nb"})
    if chosen:
        LanguageChoice.objects.create(user=user, language="nb")
    browser.force_login(user)

    [row] = rows_of(browser, "/admin/positions/position/export/", ";", {"form": "csv"})
    assert row["Kontraktstype"] == "Fast"
    [entry] = rows_of(browser, "/admin/synclog/job/export.csv?tab=all", ",")
    assert (entry["Status"], entry["Årsak"]) == ("Prøves på nytt", "For mange forespørsler")
