"""Whose positions a connection takes: a choice of its own on the form, and companies that are not deleted under it."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import RestrictedError
from django.test import Client
from django.urls import reverse

from integrations.models import Integration, PeriodLink
from integrations.scope import NOTHING, Scope, company_names, left_behind, not_taken, scope_of, scopes_of
from integrations.settings_form import ConnectionForm
from positions.models import AuditEntry, Company, Position
from tests.factories import (
    ApiKeyFactory,
    CompanyFactory,
    EmployeeFactory,
    IntegrationFactory,
    MemberFactory,
    PositionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def words(form: ConnectionForm) -> list[str]:
    return [str(said) for said in form.changes()]


@pytest.fixture
def integration() -> Integration:
    return IntegrationFactory(system_key="netvisor", name="Netvisor Oulu")


@pytest.fixture
def company(integration: Integration) -> Company:
    return CompanyFactory(organization=integration.organization, name="Ours AS")


def admin_of(integration: Integration) -> Client:
    client = Client()
    user = UserFactory(username="anna")
    MemberFactory(organization=integration.organization, user=user, role="admin")
    client.force_login(user)
    return client


def data(integration: Integration, **changes: Any) -> dict[str, Any]:
    """The form as it is shown, with these changes."""
    form = ConnectionForm(integration)
    shown = {name: form[name].value() for name in form.fields if not name.startswith(("credential__", "setting__"))}
    settings = {f"setting__{s.name}": form[f"setting__{s.name}"].value() for s in integration.system.settings}
    plain = {k: v for k, v in settings.items() if v not in (None, "", False) and not isinstance(v, dict)}
    return {k: v for k, v in {**shown, **plain, **changes}.items() if v is not None}


def form(integration: Integration, **changes: Any) -> ConnectionForm:
    return ConnectionForm(Integration.objects.get(pk=integration.pk), data(integration, **changes))


# -- the choice


def test_everybody_is_a_choice_and_an_empty_list_is_none(integration: Integration, company: Company) -> None:
    only = form(integration, everybody="companies", companies=[company.pk])
    assert only.is_valid() and only.cleaned_data["everybody"] is False
    assert words(only) == ["Companies: everybody → Ours AS"]
    nothing = form(integration, everybody="companies", companies=[])
    assert nothing.errors["companies"] == ["Choose at least one company, or everybody."]
    both = form(integration, everybody="everybody", companies=[company.pk])
    assert "Everybody is chosen, and Ours AS too." in both.errors["everybody"][0]
    assert form(integration, everybody="perhaps").errors["everybody"]


def test_a_limited_connection_does_not_become_everybodys_by_leaving_the_list_empty(
    integration: Integration, company: Company
) -> None:
    integration.companies.add(company)
    for said in (None, "companies"):
        assert form(integration, everybody=said, companies=[]).errors["companies"]
    open_to_all = form(integration, everybody="everybody", companies=[])
    assert open_to_all.is_valid() and words(open_to_all) == ["Companies: Ours AS → everybody"]


def test_without_companies_nothing_is_asked(integration: Integration) -> None:
    assert "everybody" not in ConnectionForm(integration).fields
    unasked = form(integration)
    assert unasked.is_valid() and unasked.cleaned_data["everybody"] is True


def test_the_page_saves_it_audits_it_and_says_what_stays_there(integration: Integration, company: Company) -> None:
    client, address = admin_of(integration), reverse("admin:integrations_integration_settings", args=[integration.pk])
    page = client.get(address).content.decode()
    assert "Whose positions" in page and "Ours AS" in page and 'type="radio"' in page
    elsewhere = PositionFactory(employee=EmployeeFactory(organization=integration.organization, company=None))
    PeriodLink.objects.create(
        integration=integration, employee_key=elsewhere.employee_id, position_key=elsewhere.pk, remote_id="7"
    )
    answer = client.post(address, data(integration, everybody="companies", companies=[company.pk]), follow=True)
    assert scope_of(integration.pk) == Scope(False, frozenset({company.pk}))
    assert "1 of the positions that were sent is not taken any more" in answer.content.decode()
    changes = [entry.changes for entry in AuditEntry.objects.filter(kind="integration")]
    assert [True, False] in [change.get("everybody") for change in changes]
    assert {"companies": ["", str(company.pk)]} in changes
    client.post(address, data(integration, everybody="everybody", companies=[]))
    assert scope_of(integration.pk) == Scope(True)


def test_companies_given_in_code_limit_it_and_the_last_one_taken_opens_it_to_nobody(
    integration: Integration, company: Company
) -> None:
    integration.companies.add(company)
    assert integration.everybody is False
    integration.companies.remove(company)
    position = PositionFactory(employee=EmployeeFactory(organization=integration.organization, company=company))
    assert scope_of(integration.pk) == Scope(False) and not scope_of(integration.pk).takes(position)
    assert not Position.objects.filter(scope_of(integration.pk).positions()).exists()


def test_the_api_tells_it(integration: Integration, company: Company, client: Client) -> None:
    key = ApiKeyFactory(organization=integration.organization).key
    path = f"/api/v1/integrations/{integration.pk}/"

    def told() -> tuple[bool, list[int]]:
        body = client.get(path, headers={"Authorization": f"Bearer {key}"}).json()
        return body["everybody"], body["companies"]

    assert told() == (True, [])
    integration.companies.add(company)
    assert told() == (False, [company.pk])


# -- companies that a connection is limited to


def test_a_company_is_not_deleted_while_a_connection_is_limited_to_it(
    integration: Integration, company: Company
) -> None:
    integration.companies.add(company)
    with pytest.raises(RestrictedError):
        company.delete()
    client, address = admin_of(integration), reverse("admin:positions_company_delete", args=[company.pk])
    words = "Connection that is limited to it: Netvisor Oulu. Choose other companies, or everybody, under its Settings"
    assert words in client.get(address).content.decode()
    client.post(address, {"post": "yes"})
    many = {"action": "delete_selected", "_selected_action": [company.pk], "post": "yes"}
    assert words in client.post("/admin/positions/company/", many).content.decode()
    assert Company.objects.filter(pk=company.pk).exists()
    assert scope_of(integration.pk).companies == {company.pk}
    # The remedy, as it says.
    settings = reverse("admin:integrations_integration_settings", args=[integration.pk])
    client.post(settings, data(integration, everybody="everybody", companies=[]))
    client.post(address, {"post": "yes"})
    assert not Company.objects.filter(pk=company.pk).exists()


def test_an_organization_or_a_connection_goes_with_its_limits(integration: Integration, company: Company) -> None:
    integration.companies.add(company)
    other = IntegrationFactory(organization=integration.organization)
    other.companies.add(company)
    other.delete()
    assert Company.objects.filter(pk=company.pk).exists()
    integration.organization.delete()
    assert not Company.objects.exists()


# -- the migration (tests/synclog/former.py goes there and back)


def test_the_companies_of_positions_are_copied_in_one_statement(
    company: Company, django_assert_num_queries: Any
) -> None:
    employee = EmployeeFactory(organization=company.organization, company=company)
    rows = [PositionFactory(employee=employee), PositionFactory(employee=EmployeeFactory(company=None))]
    Position.objects.update(company=None)
    before = list(Position.objects.order_by("pk").values_list("updated_at", flat=True))
    copy = import_module("positions.migrations.0006_position_company").copy_the_employees_company
    with django_assert_num_queries(1):
        copy(apps, SimpleNamespace(connection=connection))
    companies = dict(Position.objects.values_list("pk", "company"))
    assert companies == {rows[0].pk: company.pk, rows[1].pk: None}
    assert list(Position.objects.order_by("pk").values_list("updated_at", flat=True)) == before


def test_why_a_position_is_not_taken_names_both_companies(company: Company) -> None:
    position = Position(company=company)
    said = not_taken("Fortnox", position, ["Zoo", "Alpha", "Mill"])
    assert company.name in said
    assert "Fortnox takes only positions with Alpha, Mill or Zoo" in said
    assert "with Zoo." in not_taken("Fortnox", position, ["Zoo"])
    assert "takes none" in not_taken("Fortnox", position, [])
    assert "has no company" in not_taken("Fortnox", Position(company=None), ["Zoo"])


def test_the_names_of_the_companies_that_each_is_limited_to(integration: Integration, company: Company) -> None:
    first = CompanyFactory(organization=integration.organization, name="0 comes first")
    integration.companies.set([company, first])
    other, free = (IntegrationFactory(organization=integration.organization) for _ in range(2))
    other.companies.set([first])
    found = company_names([integration, free])
    assert dict(found) == {integration.pk: ["0 comes first", company.name]}
    assert found.get(free.pk) is None


def test_what_was_sent_and_is_not_taken_any_more_is_counted(integration: Integration, company: Company) -> None:
    outside = CompanyFactory(organization=integration.organization)
    person = EmployeeFactory(organization=integration.organization, company=company)
    positions = [PositionFactory(employee=person, company=c) for c in (company, outside, outside, None)]
    for position in positions[:2]:
        PeriodLink.objects.create(
            integration=integration, employee_key=person.pk, position_key=position.pk, remote_id="r"
        )
    PeriodLink.objects.create(integration=integration, employee_key=person.pk, position_key=10**9, remote_id="gone")
    integration.companies.set([company])
    assert left_behind(integration.pk) == 1
    Integration.objects.update(everybody=True)
    assert left_behind(integration.pk) == 0
    assert left_behind(987654321) == 0


def test_several_are_told_apart(integration: Integration, company: Company) -> None:
    everybody = IntegrationFactory(organization=integration.organization)
    integration.companies.set([company])
    assert scopes_of([integration.pk, everybody.pk, 987654321]) == {
        integration.pk: Scope(False, frozenset({company.pk})),
        everybody.pk: Scope(True),
    }
    assert scope_of(987654321) == NOTHING
    assert not NOTHING.takes(Position(company=company))


def test_whom_a_scope_takes(company: Company) -> None:
    ours, without = Position(company=company), Position(company=None)
    for scope, taken in (
        (Scope(True), (True, True)),
        (Scope(False, frozenset({company.pk})), (True, False)),
        (Scope(False, frozenset({company.pk + 1})), (False, False)),
        (NOTHING, (False, False)),
    ):
        assert (scope.takes(ours), scope.takes(without)) == taken


def test_a_company_that_is_given_connections_limits_them_too(integration: Integration, company: Company) -> None:
    assert scope_of(integration.pk).everybody
    company.integration_set.add(integration)
    assert scope_of(integration.pk) == Scope(False, frozenset({company.pk}))
