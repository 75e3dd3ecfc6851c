"""The settings of a connection: what another admin has saved since they were opened is not put back unseen."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from integrations.models import Integration
from integrations.settings_form import SECRETS
from tests.factories import CompanyFactory, IntegrationFactory, OperatorFactory
from tests.positions.test_admin_opened import inputs

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Any) -> Any:
    client.force_login(OperatorFactory())
    return client


@pytest.fixture
def integration(db: Any) -> Integration:
    made: Integration = IntegrationFactory(system_key="fortnox", name="Fortnox")
    return made


def address(integration: Integration) -> str:
    return reverse("admin:integrations_integration_settings", args=[integration.pk])


def form_of(page: str) -> dict[str, Any]:
    return inputs(
        page.replace('<form method="post" id="settings" class="ig-form', 'id="content-main"<form class="ig-form')
    )


def test_settings_and_companies_of_another_admin_stay(operator: Any, integration: Integration) -> None:
    company = CompanyFactory(organization=integration.organization, name="Bakery AB")
    data = form_of(operator.get(address(integration)).content.decode())
    other = Integration.objects.get(pk=integration.pk)
    other.base_urls, other.everybody = {"api": "https://test.example.com"}, False
    other.save()
    other.companies.add(company)
    data["name"] = ["Mine"]
    answer = operator.post(address(integration), data)
    page = answer.content.decode()
    assert answer.status_code == 200 and "Changed by somebody else meanwhile" in page
    assert "https://test.example.com" in page and "Bakery AB" in page
    assert Integration.objects.get().name == "Fortnox", "nothing is saved yet"
    assert operator.post(address(integration), form_of(page)).status_code == 302
    now = Integration.objects.get()
    assert (now.name, now.base_urls, now.everybody) == ("Mine", {"api": "https://test.example.com"}, False)
    assert list(now.companies.all()) == [company]


def test_credentials_that_were_renewed_meanwhile_are_not_replaced_unseen(
    operator: Any, integration: Integration
) -> None:
    name = next(s.name for s in integration.system.credentials if s.kind in SECRETS)
    data = form_of(operator.get(address(integration)).content.decode())
    integration.set_credentials({name: "the other admin's"}, by="bjorn")
    integration.save()
    data[f"credential__{name}"] = ["mine"]
    page = operator.post(address(integration), data).content.decode()
    assert "set by bjorn" in page and "what you entered" in page
    assert Integration.objects.get().credentials[name] == "the other admin's"
    again = form_of(page)
    assert "the other admin's" not in page and "mine" not in again.get(f"credential__{name}", [""])
    again[f"credential__{name}"], again[f"choose-credential__{name}"] = ["mine"], ["mine"]
    assert operator.post(address(integration), again).status_code == 302
    assert Integration.objects.get().credentials[name] == "mine"


def test_credentials_that_were_renewed_meanwhile_hold_up_nobody_who_enters_none(
    operator: Any, integration: Integration
) -> None:
    name = next(s.name for s in integration.system.credentials if s.kind in SECRETS)
    data = form_of(operator.get(address(integration)).content.decode())
    integration.set_credentials({name: "the other admin's"}, by="bjorn")
    integration.save()
    data["name"] = ["Mine"]
    assert operator.post(address(integration), data).status_code == 302
    assert Integration.objects.get().credentials[name] == "the other admin's"
