"""A number or an e-mail that looks like somebody else's of the same organization is told, while it is typed and after
it was saved; and everything typed finds people, also in the command palette."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from positions.lookalikes import lookalikes, of_the_same_national_id
from positions.models import Employee, Organization
from tests.factories import EmployeeFactory, OrganizationFactory
from tests.positions.test_admin_opened import inputs

pytestmark = pytest.mark.django_db
HINTS = "/admin/positions/employee/hints/"


@pytest.fixture
def kari(organization: Organization) -> Employee:
    return EmployeeFactory(
        organization=organization, first_name="Kari", last_name="Dahl", number="01042", email="Kari.Dahl@example.com",
        external_id="HR-77", national_id="13097248022",
    )  # fmt: skip


@pytest.fixture
def editor(organization: Organization, sign_in: Any) -> Client:
    return sign_in(organization, "editor")


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.mark.parametrize("number", ["1042", "01042", "001042", "01 042", "01-042", " 1042"])
def test_a_number_written_otherwise(kari: Employee, number: str) -> None:
    other = Employee(organization=kari.organization, number=number, first_name="A", last_name="B")
    assert lookalikes(other) == {"number": ["This looks like the number of Kari Dahl (01042)."]}


def test_an_address_in_other_letters(kari: Employee) -> None:
    other = Employee(organization=kari.organization, number="7", email="kari.dahl@EXAMPLE.com")
    assert lookalikes(other) == {"email": ["Kari Dahl (01042) has this e-mail address."]}


@pytest.mark.parametrize(("number", "email"), [("10420", "kari.dahl@example.co"), ("", ""), ("2", "dahl@example.com")])
def test_others_are_not_alike(kari: Employee, number: str, email: str) -> None:
    assert lookalikes(Employee(organization=kari.organization, number=number, email=email)) == {}


def test_nobody_is_like_themselves_or_like_somebody_of_another_organization(kari: Employee) -> None:
    assert lookalikes(kari) == {}
    assert lookalikes(Employee(organization=OrganizationFactory(), number="1042", email=kari.email)) == {}
    assert lookalikes(Employee(number="1042")) == {}


def test_it_is_told_while_typing_and_after_saving(editor: Client, kari: Employee) -> None:
    add = "/admin/positions/employee/add/"
    data = {**inputs(editor.get(add).content.decode()), "number": "1042", "first_name": "Karin", "last_name": "D"}
    assert "looks like the number of Kari Dahl (01042)" in words(editor.post(HINTS, data))
    assert Employee.objects.count() == 1
    saved = editor.post(add, data, follow=True)
    assert Employee.objects.count() == 2 and "looks like the number of Kari Dahl (01042)" in words(saved)


@pytest.mark.parametrize("typed", ["13097248022", "130972 48022", "130972-48022"])
def test_the_same_national_id_is_told_when_it_is_saved_and_never_shown(
    editor: Client, kari: Employee, typed: str
) -> None:
    """Told while it is typed, it would tell whoever tries them all out."""
    data = {"number": "5", "first_name": "A", "last_name": "B", "new_national_id": typed}
    assert "national id" not in words(editor.post(HINTS, data))
    saved = editor.post("/admin/positions/employee/add/", data, follow=True)
    assert "Kari Dahl (01042) has this national id." in words(saved) and b"48022" not in saved.content


def test_a_swedish_one_is_the_same_with_and_without_its_century(organization: Organization) -> None:
    EmployeeFactory(organization=organization, first_name="Maja", last_name="Ek", number="1", national_id="8507099805")
    other = Employee(organization=organization, number="2")
    assert of_the_same_national_id(other, "19850709-9805") == ["Maja Ek (1) has this national id."]
    assert of_the_same_national_id(Employee(organization=OrganizationFactory()), "19850709-9805") == []


def test_whoever_was_born_on_the_same_day_is_compared_first(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positions.lookalikes._COMPARED", 2)
    born = date(1985, 7, 9)
    for number in range(3):
        EmployeeFactory(organization=organization, number=f"9{number}", national_id="01010112345", birth_date=None)
    EmployeeFactory(organization=organization, number="1", national_id="8507099805", birth_date=born)
    assert of_the_same_national_id(Employee(organization=organization, birth_date=born), "8507099805")


def test_the_national_id_is_not_looked_for(editor: Client, kari: Employee) -> None:
    assert "Kari" not in words(editor.get("/admin/search/?extended=1&s=13097248022"))


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("stranger", 302)])
def test_nobody_else_is_told(organization: Organization, kari: Employee, sign_in: Any, role: str, status: int) -> None:
    stranger = role == "stranger"
    client = sign_in(OrganizationFactory() if stranger else organization, "admin" if stranger else role)
    asked = {"number": "1042", "first_name": "A", "last_name": "B"}
    answer = client.post(f"/admin/positions/employee/{kari.pk}/hints/", asked)
    assert answer.status_code == status and b"Kari" not in answer.content
    assert b"Kari" not in client.post(HINTS, asked).content
    assert b"Kari" not in client.get("/admin/search/?extended=1&s=kari").content or role == "viewer"


@pytest.mark.parametrize("typed", ["kari", "dahl kari", "1042", "01042", "kari.dahl@exa", "HR-77", "77", "KÅRI DAHL"])
def test_whatever_is_typed_finds_the_person(editor: Client, kari: Employee, typed: str) -> None:
    expected = typed != "1042"  # a number is found from its beginning
    address = f"/admin/positions/employee/{kari.pk}/change/"
    for page in ("/admin/positions/employee/?q=", "/admin/search/?extended=1&s="):
        assert (address in editor.get(f"{page}{typed}").content.decode()) is expected, page
    assert "Employee 01042" in words(editor.get("/admin/search/?extended=1&s=kari"))


def test_the_palette_keeps_nothing_and_has_pages_too(editor: Client, kari: Employee) -> None:
    cache.clear()
    assert "Kari Dahl" in words(editor.get("/admin/search/?extended=1&s=kari"))
    kari.delete()
    assert "Kari Dahl" not in words(editor.get("/admin/search/?extended=1&s=kari"))
    assert "Companies" in words(editor.get("/admin/search/?extended=1&s=compan"))
    assert editor.get("/admin/search/?extended=1&s=").content == b""


def test_as_many_queries_for_thirty_found_as_for_one(editor: Client, kari: Employee) -> None:
    numbers = []
    for more in (0, 29):
        for number in range(more):
            EmployeeFactory(organization=kari.organization, first_name="Kari", number=f"9{number}", email=kari.email)
        with CaptureQueriesContext(connection) as seen:
            editor.get("/admin/search/?extended=1&s=kari")
            editor.post(HINTS, {"number": "1042", "email": kari.email})
        numbers.append(len(seen))
    assert numbers[0] == numbers[1]
