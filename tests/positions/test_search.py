"""People are found whatever the case and the accents, on both databases, and by an index."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from django.contrib import admin
from django.core import serializers
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from positions.folding import LONGEST, fold, terms, words
from positions.models import Employee, EmployeeWord, Organization
from positions.models.words import words_of
from tests.factories import ApiKeyFactory, EmployeeFactory, OperatorFactory, OrganizationFactory, PositionFactory
from tests.migrated import step_by_step
from tests.positions.conftest import Api
from tests.synclog.pages import connection as connected
from tests.synclog.pages import job

NFD = unicodedata.normalize("NFD", "Åse")
FOUND = [
    ("Åse", "ase"), ("Åse", "ÅSE"), ("Åse", "åse"), ("Åse", NFD), (NFD, "åse"), (NFD, "ASE"), ("Ase", "åse"),
    ("Øystein", "oystein"), ("Oystein", "øy"), ("Kjærsti", "kjaersti"), ("Kjaersti", "KJÆR"), ("Mäki", "maki"),
    ("Maki", "mäki"), ("Sjöström", "sjostrom"), ("Strauß", "strauss"), ("Strauss", "strauß"), ("Œuvre", "oeuvre"),
    ("Łukasz", "lukasz"), ("Đorđe", "dorde"), ("Þóra", "thora"), ("Guðrún", "gudrun"), ("Işıl", "isil"),
    ("Anne-Marie", "marie"), ("Anne-Marie", "anne-m"), ("O’Brien", "o'brien"), ("O'Brien", "brien"),
    ("Anne Kari", "kari"), ("Anne Kari", "kari anne"), ("ΝΊΚΗ", "νικη"),
]  # fmt: skip


@pytest.fixture
def organization(db: Any) -> Organization:
    return OrganizationFactory()


def found(organization: Organization, text: str) -> list[str]:
    return sorted(Employee.objects.search(text, [organization.pk]).values_list("number", flat=True))


@pytest.mark.parametrize(("name", "typed"), FOUND)
def test_case_and_accents_do_not_matter(organization: Organization, name: str, typed: str) -> None:
    EmployeeFactory(organization=organization, number="1", first_name=name, last_name="Zz", email="")
    EmployeeFactory(organization=organization, number="2", first_name="Zz", last_name=name, email="")
    EmployeeFactory(organization=organization, number="3", first_name="Zz", last_name="Zz", email="")
    assert found(organization, typed) == ["1", "2"]


def test_by_number_and_address_and_several_at_once(organization: Organization) -> None:
    EmployeeFactory(
        organization=organization, number="A-1042", first_name="Åse", last_name="Berg", email="aase.li@fjell.example"
    )
    EmployeeFactory(
        organization=organization, number="2000", first_name="Fjell", last_name="Bø", email="x@fjell.example"
    )
    for typed in ("A-1042", "a-10", "1042", "aase.li@FJELL", "li@fjell.example", "åse berg", "berg åse", "ase 10 li"):
        assert found(organization, typed) == ["A-1042"], typed
    assert found(organization, "fjell") == ["2000"], "everybody shares the part behind the @"
    assert found(organization, "b") == ["2000", "A-1042"]
    assert found(organization, "042") == found(organization, "åse bø") == found(organization, "%") == []
    assert found(organization, "  ") == found(organization, "") == ["2000", "A-1042"]
    assert found(OrganizationFactory(), "b") == []
    assert Employee.objects.search("b", None).count() == 2


@given(st.text(max_size=30))
def test_folding_is_done_once_and_forgets_composition(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text)) == once


@given(st.text(st.characters(max_codepoint=0x24F), max_size=30))
def test_folding_forgets_case(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text)


@given(st.lists(st.text(min_size=1, max_size=150), min_size=1, max_size=3), st.text(max_size=80))
def test_whoever_is_here_is_found_by_the_beginning_of_each_word(names: list[str], email: str) -> None:
    held = words(*names, email=email)
    assert all(len(word) <= LONGEST for word in held)
    for name in [*names, email]:
        for typed in terms(name):
            assert any(word.startswith(typed) or word.strip("\"'").startswith(typed) for word in held)


# -- kept by every way of saving


def kept(organization: Organization) -> None:
    people = Employee.objects.filter(organization=organization)
    rows = EmployeeWord.objects.filter(organization=organization)
    assert sorted(rows.values_list("employee", "word")) == sorted((e.pk, w) for e in people for w in words_of(e))


def test_kept_by_every_way_of_saving(organization: Organization) -> None:
    first = EmployeeFactory(organization=organization, first_name="Åse")
    kept(organization)
    first.first_name = "Øyvind"
    first.save()
    kept(organization)
    first.last_name = "Ås"
    first.save(update_fields=["last_name"])
    kept(organization)
    with CaptureQueriesContext(connection) as seen:
        first.save(update_fields=["birth_date"])
    assert not [q for q in seen if "employeeword" in q["sql"]], "nothing that is searched by was saved"
    many = Employee.objects.bulk_create(
        [Employee(organization=organization, number=f"b{n}", first_name="Eli", last_name=f"Ås{n}") for n in range(30)]
    )
    kept(organization)
    for employee in many:
        employee.email = f"{employee.number}@example.com"
    Employee.objects.bulk_update(many, ["email"])
    kept(organization)
    Employee.objects.filter(last_name__startswith="Ås1").update(last_name="Berg")
    kept(organization)
    assert found(organization, "ås1") == []
    Employee.objects.filter(number="b1").delete()
    kept(organization)
    for loaded in serializers.deserialize("json", serializers.serialize("json", [first])):
        person: Any = loaded.object
        person.first_name = "Lest"
        loaded.save()
    kept(organization)


def test_bulk_ways_ask_the_same_however_many(organization: Organization) -> None:
    def queries(number: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            Employee.objects.bulk_create(
                [
                    Employee(organization=organization, number=f"{number}-{n}", first_name="Eli", last_name=f"Ås{n}")
                    for n in range(number)
                ]
            )
            Employee.objects.filter(number__startswith=f"{number}-").update(first_name="Kari")
        return len(seen)

    assert queries(5) == queries(50)


def test_a_national_id_is_never_among_them(organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization, national_id="02049012345")
    assert not [word for word in words_of(employee) if "0204" in word]
    assert found(organization, "02049012345") == []


def test_whoever_was_here_before_is_found_after_the_migration(organization: Organization) -> None:
    Employee.objects.bulk_create(
        [Employee(organization=organization, number=str(n), first_name="Åse", last_name="Bø") for n in range(2100)]
    )
    EmployeeWord.objects.all()._raw_delete("default")
    state = step_by_step().loader.project_state(("positions", "0007_people_search"))
    from importlib import import_module

    import_module("positions.migrations.0007_people_search").write_words(state.apps, None)
    assert len(found(organization, "åse bø")) == 2100
    kept(organization)


# -- where it is asked


def test_every_search_for_people_is_this_one(organization: Organization, sign_in: Any) -> None:
    employee = EmployeeFactory(organization=organization, first_name="Åse", last_name="Strauß", number="A-7", email="")
    other = EmployeeFactory(organization=organization, first_name="Per", last_name="Bø")
    PositionFactory(employee=employee, title="Bäcker")
    PositionFactory(employee=other, title="Cook")
    integration = connected(organization)
    job(integration, employee_key=employee.pk, employee_name="Åse Strauß", title="Bäcker")
    job(integration, employee_key=0, employee_name="Asepto Gone", title="Cook")
    api = Api(ApiKeyFactory(organization=organization))
    for role in ("admin", "operator"):
        browser = sign_in(organization, role)
        for typed in ("ase", "ÅSE", "strauss", "a-7"):
            asked = {"q": typed}
            pages = [reverse(f"admin:positions_{name}_changelist") for name in ("employee", "position")]
            for address in pages:
                listed = browser.get(address, asked).context["cl"].result_list
                assert len(listed) == 1, (role, typed, address)
            log = browser.get(reverse("admin:synclog_job_changelist"), asked).context["cl"].result_list
            assert [j.employee_name for j in log if j.employee_key] == ["Åse Strauß"]
            field = {"app_label": "positions", "model_name": "position", "field_name": "employee", "term": typed}
            offered = browser.get(reverse("admin:autocomplete"), field).json()["results"]
            assert [row["id"] for row in offered] == [str(employee.pk)]
        assert (
            len(
                browser.get(reverse("admin:positions_position_changelist"), {"q": "bäck åse"}).context["cl"].result_list
            )
            == 1
        )
        gone = browser.get(reverse("admin:synclog_job_changelist"), {"q": "asepto cook"}).context["cl"].result_list
        assert [j.employee_name for j in gone] == ["Asepto Gone"], "who is not here any more is found as written"
    for typed in ("ase", "ÅSE", "strauss a-7"):
        answer = api.get(f"/employees/?search={typed}").json()
        assert [row["id"] for row in answer["results"]] == [employee.pk]


def test_an_address_is_found_whole_and_whatever_its_case(organization: Organization) -> None:
    api = Api(ApiKeyFactory(organization=organization))
    mine = EmployeeFactory(organization=organization, email="Kari.Berg@example.com")
    EmployeeFactory(organization=organization, email="kari.berg@example.com.au")
    EmployeeFactory(email="kari.berg@example.com")
    answer = api.get("/employees/?email=kari.BERG@example.com").json()
    assert [row["id"] for row in answer["results"]] == [mine.pk]


def test_it_is_found_by_the_index(organization: Organization) -> None:
    others = [OrganizationFactory() for _ in range(3)]
    for where in (organization, *others):
        Employee.objects.bulk_create(
            [
                Employee(organization=where, number=f"{n}", first_name=f"Kari{n}", last_name=f"Nordmann{n}")
                for n in range(2000)
            ]
        )
    EmployeeFactory(organization=organization, first_name="Åse", last_name="Bø")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE positions_employee, positions_employeeword, positions_organization")
    for organizations in ([organization.pk], [o.pk for o in (organization, *others)], None):
        for text in ("åse", "kari19 nordm"):
            plan = Employee.objects.search(text, organizations).order_by("last_name", "first_name")[:100].explain()
            # SQLite: SEARCH ... USING COVERING INDEX employee_word_found (organization_id=? AND word>? AND word<?)
            # PostgreSQL: Index Only Scan using employee_word_found ... Index Cond: (... AND word >= ... AND word < ...)
            assert "employee_word_found" in plan, plan
            assert re.search(r"word>\? AND word<\?|Index Cond: .*word.* >= '.* AND .*word.* < '", plan), plan
            if text == "åse":
                assert not re.search(r"SCAN positions_employee\b|Seq Scan on positions_employee\b", plan), plan


# The connections' list takes all that is typed for one name.
_SEARCHED = sorted(
    {p.opts.label for p in admin.site._registry.values() if p.search_fields} - {"integrations.Integration"}
)


def _long(words: int) -> str:
    return " ".join(f"a{number}" for number in range(words))


@pytest.mark.django_db
@pytest.mark.parametrize("page", _SEARCHED)
def test_no_page_asks_for_more_words_the_more_are_typed(client: Client, page: str) -> None:
    """Each word is a condition of its own: a thousand are more than a database takes."""
    client.force_login(OperatorFactory())
    address = reverse(f"admin:{page.lower().replace('.', '_')}_changelist")
    asked = {}
    for number in (200, 2000):
        with CaptureQueriesContext(connection) as queries:
            shown = client.get(address, {"q": _long(number)})
        assert "The search goes by the first ten words." in shown.content.decode()
        asked[number] = max(len(query["sql"]) for query in queries)
    assert asked[2000] == asked[200]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [("/api/v1/employees/", "search"), ("/api/v1/employees/", "email"), ("/api/v1/positions/", "search")],
)
def test_the_api_says_how_many_words_it_takes(api: Api, path: str, parameter: str) -> None:
    assert api.get(f"{path}?{parameter}={_long(10)}").status_code == 200
    refused = api.get(f"{path}?{parameter}={_long(11)}")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == parameter
