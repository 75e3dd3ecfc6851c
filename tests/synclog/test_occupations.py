"""The lists of occupation codes: fetched by a worker from systems that have one, kept, offered, and told of a code."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import removal
from integrations.models import Integration, Occupation, OccupationRegister
from integrations.runtime import occupations
from integrations.systems.registry import connectors, systems
from positions.models import Organization
from synclog.models import Question
from synclog.questions import asking
from tests.factories import CompanyFactory, EmployeeFactory, OrganizationFactory
from tests.synclog.pages import client_of, connection, text_of
from tests.synclog.test_needs import said, typed
from tests.synclog.world import World

OFFERED = "/admin/positions/position/occupations/"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


def listed(integration: Integration, **titles: str) -> None:
    now = timezone.now()
    register = OccupationRegister.objects.create(integration=integration, tried_at=now, fetched_at=now)
    Occupation.objects.bulk_create(
        [
            Occupation(
                register=register, code=code.removeprefix("c"), title=title, folded=f"{code[1:]} {title.lower()}"
            )
            for code, title in titles.items()
        ]
    )


# -- fetched


def test_whoever_declares_a_list_gives_it() -> None:
    listing = {system.key for system in systems() if system.occupations}
    assert listing == {key for key, cls in connectors().items() if "occupations" in vars(cls)}
    assert listing == {"tripletex", "unimicro"}


@pytest.mark.django_db
@pytest.mark.unanswered
@pytest.mark.parametrize("key", ["tripletex", "unimicro"])
def test_a_worker_fetches_it_and_once_a_week_again(world: World, key: str) -> None:
    integration = world.connect(key)
    asking.look_after()
    question = Question.objects.get()
    assert question.kind == Question.Kind.REGISTER
    asking.look_after()
    assert Question.objects.count() == 1, "it is asked for already"
    asking.answer(question.pk)
    codes = set(Occupation.objects.filter(register__integration=integration).values_list("code", flat=True))
    assert "5122111" in codes or len(codes) > 2
    assert all(Occupation.objects.values_list("title", flat=True))
    asking.look_after()
    assert Question.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        asking.look_after()
        (again,) = Question.objects.filter(done_at=None)
        asking.answer(again.pk)
    assert codes == set(Occupation.objects.values_list("code", flat=True)), "replaced, not doubled"


@pytest.mark.django_db
@pytest.mark.unanswered
def test_what_cannot_be_fetched_keeps_what_is_there_and_is_tried_the_next_day(world: World) -> None:
    integration = world.connect("tripletex")
    Integration.objects.filter(pk=integration.pk).update(base_urls={"api": "http://127.0.0.1:9/"})
    integration.refresh_from_db()
    listed(integration, c5122111="KOKK")
    OccupationRegister.objects.update(fetched_at=timezone.now() - timedelta(days=30))
    assert occupations.fetch(integration) == 0 and Occupation.objects.count() == 1
    assert not occupations.due().exists()
    with time_machine.travel(timezone.now() + timedelta(days=1.1), tick=True):
        assert occupations.due().exists()
    integration.refresh_from_db()
    assert integration.stopped_at is None


@pytest.mark.django_db
def test_nothing_is_asked_of_a_connection_that_is_off_or_has_no_list(organization: Organization) -> None:
    connection(organization, "tripletex", send_positions=False)
    connection(organization, "netvisor")
    asking.ask_for_registers()
    assert not Question.objects.exists()


@pytest.mark.django_db
def test_it_goes_with_its_connection(organization: Organization) -> None:
    integration = connection(organization, "tripletex")
    listed(integration, c5122111="KOKK")

    class Nothing:
        def forget(self, integration: Integration) -> None: ...

    removal.empty(integration, Nothing())  # type: ignore[arg-type]
    assert not Occupation.objects.exists()


# -- offered


@pytest.mark.django_db
def test_it_is_found_by_code_and_title_whatever_case_and_accents(organization: Organization) -> None:
    listed(
        connection(organization, "tripletex"), c5122111="KOKK", c5122107="KOKK (STORKJØKKEN)", c2130109="SYSTEMUTVIKLER"
    )
    client = client_of(organization, "editor")
    for text, codes in (("5122", ["5122107", "5122111"]), ("kokk", ["5122107", "5122111"]), ("system", ["2130109"]),
                        ("kokk 107", ["5122107"]), ("", []), ("  ", []), ("%", [])):  # fmt: skip
        page = text_of(client.get(OFFERED, {"occupation_code": text}))
        assert [code for code in ("2130109", "5122107", "5122111") if f'value="{code}"' in page] == codes, text


@pytest.mark.django_db
def test_only_connections_of_the_organization_that_are_on_and_take_the_company(organization: Organization) -> None:
    company, other = CompanyFactory(organization=organization), CompanyFactory(organization=organization)
    limited = connection(organization, "tripletex")
    limited.companies.add(company)
    listed(limited, c5122111="KOKK")
    listed(connection(organization, "tripletex", send_positions=False), c5122222="KOKK OFF")
    foreign = OrganizationFactory()
    listed(connection(foreign, "tripletex"), c5122333="KOKK FOREIGN")
    client = client_of(organization, "editor")
    seen = text_of(client.get(OFFERED, {"occupation_code": "kokk", "company": str(company.pk)}))
    assert "5122111" in seen and "OFF" not in seen and "FOREIGN" not in seen
    assert "5122111" not in text_of(client.get(OFFERED, {"occupation_code": "kokk", "company": str(other.pk)}))
    employee = EmployeeFactory(organization=foreign)
    assert "KOKK" not in text_of(client.get(OFFERED, {"occupation_code": "kokk", "employee": str(employee.pk)}))
    assert client_of(organization, "viewer").get(OFFERED, {"occupation_code": "kokk"}).status_code == 403
    assert client.get(OFFERED, {"occupation_code": "kokk", "company": "x" * 30}).status_code == 200


@pytest.mark.django_db
def test_the_form_says_what_a_code_is_and_who_does_not_have_it(organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization)
    listed(connection(organization, "tripletex", name="Payroll"), c5122111="KOKK")
    connection(organization, "unimicro", name="Not fetched yet")
    client = client_of(organization, "editor")
    hints = "/admin/positions/position/hints/"
    assert (
        "5122111: KOKK"
        in said(client.post(hints, typed(client, employee, occupation_code="5122111")))["occupation_code"]
    )
    unknown = said(client.post(hints, typed(client, employee, occupation_code="9999999")))["occupation_code"]
    assert (
        "Not among the occupation codes of Payroll." in unknown
        and "Not fetched yet" not in unknown.partition("Not among")[2]
    )


@pytest.mark.django_db
def test_as_many_queries_with_six_connections_as_with_one(organization: Organization) -> None:
    client, numbers = client_of(organization, "editor"), []
    for more in (1, 5):
        for _ in range(more):
            listed(connection(organization, "tripletex"), c5122111="KOKK")
        with CaptureQueriesContext(database) as seen:
            client.get(OFFERED, {"occupation_code": "kokk"})
        numbers.append(len(seen))
    assert numbers[0] == numbers[1]
