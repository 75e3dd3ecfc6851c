"""An employment is with an employer: the company of a position, where it comes from and who changes it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from positions.bulk import save_positions
from positions.models import AuditEntry, Employee, Position
from tests.factories import CompanyFactory, EmployeeFactory, PositionFactory

pytestmark = pytest.mark.django_db

POSITION = {"title": "Baker", "start_date": "2026-03-01", "contract_type": "permanent", "percentage": "80"}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel("2026-06-15T10:00:00Z", tick=True):
        yield


@pytest.fixture
def ours(organization):
    return CompanyFactory(organization=organization, name="Ours AS")


@pytest.fixture
def other(organization):
    return CompanyFactory(organization=organization, name="Other AS")


@pytest.fixture
def employee(organization, ours):
    return EmployeeFactory(
        organization=organization, first_name="Kari", last_name="Nordmann", number="1042", company=ours
    )


@pytest.fixture
def editor(organization, sign_in):
    return sign_in(organization, "editor")


# -- where it comes from


def test_a_new_position_has_the_employees_company_whoever_makes_it(api, editor, employee, ours):
    made = [Position(employee_id=employee.pk, title="model", start_date=date(2026, 1, 1))]
    made[0].save()
    made += [PositionFactory.build(employee=employee, employee_id=employee.pk, title=t) for t in ("bulk", "bulk 2")]
    save_positions(made[1:])
    answer = api.post("/positions/", {"employee": employee.pk, "title": "api", "start_date": "2026-01-01"})
    assert answer.json()["company"] == ours.pk
    api.post(
        "/positions/bulk/",
        {"positions": [{"employee": employee.pk, "title": "api bulk", "start_date": "2026-01-01"}]},
    )
    api.put(f"/employees/{employee.pk}/positions/by-external-id/x/", {"title": "put", "start_date": "2026-01-01"})
    editor.post(reverse("admin:positions_position_add"), {**POSITION, "employee": employee.pk})
    assert Position.objects.count() == 7
    assert set(Position.objects.values_list("company", flat=True)) == {ours.pk}
    assert [p.company_id for p in made] == [ours.pk] * 3


def test_another_one_is_kept(api, editor, employee, other):
    PositionFactory(employee=employee, company=other)
    save_positions([PositionFactory.build(employee=employee, company=other)])
    body = {"title": "Baker", "start_date": "2026-01-01", "company": other.pk}
    assert api.post("/positions/", {"employee": employee.pk, **body}).json()["company"] == other.pk
    assert api.post("/positions/bulk/", {"positions": [{"employee": employee.pk, **body}]}).status_code == 200
    editor.post(reverse("admin:positions_position_add"), {**POSITION, "employee": employee.pk, "company": other.pk})
    assert list(Position.objects.values_list("company", flat=True)) == [other.pk] * 5


def test_the_form_offers_the_employees_and_nobody_elses(editor, employee, ours):
    address = reverse("admin:positions_position_add")
    assert f'value="{ours.pk}" selected' in editor.get(f"{address}?employee={employee.pk}").content.decode()
    foreign = EmployeeFactory(company=CompanyFactory(name="Zyxwvut"))
    for pk in (foreign.pk, 10**30, "x"):
        page = editor.get(f"{address}?employee={pk}")
        assert page.status_code == 200 and "Zyxwvut" not in page.content.decode()


def test_it_stays_when_the_employees_changes(employee, other):
    position = PositionFactory(employee=employee)
    employee.company = other
    employee.save()
    position.refresh_from_db()
    assert position.company.name == "Ours AS"


def test_a_change_of_it_is_a_change_of_the_position(employee, other):
    position = Position.objects.get(pk=PositionFactory(employee=employee).pk)
    position.company = other
    assert position.changed_fields() == ["company"]
    position.refresh_from_db()
    assert position.changed_fields() == []


def test_only_a_company_of_the_organization(api, editor, employee):
    foreign = CompanyFactory(name="Zyxwvut")
    position = PositionFactory(employee=employee)
    position.company = foreign
    with pytest.raises(ValidationError, match="This company belongs to another organization"):
        position.full_clean()
    for send, path in ((api.post, "/positions/"), (api.patch, f"/positions/{position.pk}/")):
        body = {"company": foreign.pk} | ({"employee": employee.pk, **POSITION} if send == api.post else {})
        answer = send(path, body)
        assert answer.status_code == 400
        assert [e["message"] for e in answer.json()["errors"]] == [
            f"There is no company “{foreign.pk}” in your organization."
        ]
    rows = {"positions": [{"id": position.pk, "company": foreign.pk}]}
    assert api.post("/positions/bulk/", rows).json()["errors"][0]["field"] == "positions[0].company"
    data = {**POSITION, "employee": employee.pk, "company": foreign.pk}
    page = editor.post(reverse("admin:positions_position_add"), data).content.decode()
    assert "Select a valid choice" in page and "Zyxwvut" not in page
    assert Position.objects.exclude(company__name="Ours AS").count() == 0


# -- the API


def test_the_api_reads_writes_clears_and_filters_it(api, employee, ours, other):
    position = PositionFactory(employee=employee)
    path = f"/positions/{position.pk}/"
    assert api.get(path).json()["company"] == ours.pk
    assert api.patch(path, {"company": other.pk}).json()["company"] == other.pk
    assert [p["id"] for p in api.get(f"/positions/?company={other.pk}").json()["results"]] == [position.pk]
    assert api.get(f"/positions/?company={ours.pk}").json()["results"] == []
    assert api.patch(path, {"title": "Cook"}).json()["company"] == other.pk
    assert api.patch(path, {"company": None}).json()["company"] is None


def test_what_a_replacement_leaves_out_stays(api, employee, other):
    """An import that does not know of companies does not move anybody, whatever the employee's is by then."""
    position = PositionFactory(employee=employee, external_id="x", company=other)
    path = f"/employees/{employee.pk}/positions/by-external-id/x/"
    assert api.put(path, {"title": "Cook", "start_date": "2026-01-01"}).json()["company"] == other.pk
    assert api.put(path, {"title": "Cook", "start_date": "2026-01-01", "company": None}).json()["company"] is None
    position.refresh_from_db()
    assert position.company is None


# -- the employee's company changes


@pytest.fixture
def three(employee) -> dict[str, Position]:
    return {
        "ended": PositionFactory(
            employee=employee, title="Trainee", start_date=date(2025, 1, 1), end_date=date(2026, 6, 14)
        ),
        "current": PositionFactory(employee=employee, title="Baker", start_date=date(2026, 6, 15)),
        "upcoming": PositionFactory(employee=employee, title="Leader", start_date=date(2027, 1, 1)),
    }


def names(rows: dict[str, Position]) -> list[str]:
    return [Position.objects.get(pk=row.pk).company.name for row in rows.values()]


def save_company(client: Any, employee: Employee, company: Any) -> Any:
    data = {"number": employee.number, "first_name": "Kari", "last_name": "Nordmann", "company": company.pk}
    return client.post(reverse("admin:positions_employee_change", args=[employee.pk]), data)


def test_the_admin_lists_what_stays_and_asks_what_goes_along(editor, employee, three, other):
    page = reverse("admin:positions_employee_employer", args=[employee.pk])
    response = save_company(editor, employee, other)
    assert response["Location"] == page
    text = editor.get(page).content.decode()
    for words in ("Kari Nordmann is with Other AS now", "Positions keep their company", "Baker", "Leader",
                  "Ended positions stay as they are", "Trainee", "With Ours AS"):  # fmt: skip
        assert words in text
    assert names(three) == ["Ours AS"] * 3
    assert "tick the positions that go along" in editor.post(page, {"company": other.pk}).content.decode()
    body = {"company": other.pk, "position": [three["upcoming"].pk, three["ended"].pk]}
    assert editor.post(page, body)["Location"] == reverse("admin:positions_employee_change", args=[employee.pk])
    assert names(three) == ["Ours AS", "Ours AS", "Other AS"], "an ended one is never moved"
    entry = AuditEntry.objects.filter(kind="position").latest("pk")
    assert (entry.object_key, list(entry.changes), entry.via) == (three["upcoming"].pk, ["company"], "admin")
    assert entry.actor == editor.user.get_username()


def test_an_answer_to_an_older_question_changes_nothing(editor, employee, three, ours, other):
    page = reverse("admin:positions_employee_employer", args=[employee.pk])
    save_company(editor, employee, other)
    Employee.objects.update(company=CompanyFactory(organization=employee.organization))
    text = editor.post(page, {"company": other.pk, "position": [three["current"].pk]}).content.decode()
    assert "Somebody has changed the employee’s company" in text.replace("&#x27;", "’")
    assert names(three) == ["Ours AS"] * 3


def test_nothing_is_asked_where_nothing_is_to_be_asked(editor, employee, three, ours, other):
    assert save_company(editor, employee, ours)["Location"] == reverse("admin:positions_employee_changelist")
    three["current"].delete()
    three["upcoming"].delete()
    response = save_company(editor, employee, other)
    assert response["Location"] == reverse("admin:positions_employee_changelist")
    assert "1 ended position keeps its company" in editor.get(response["Location"]).content.decode()


def test_only_who_may_edit_is_asked(organization, employee, three, other, sign_in):
    Employee.objects.update(company=other)
    page = reverse("admin:positions_employee_employer", args=[employee.pk])
    body = {"company": other.pk, "position": [three["current"].pk]}
    assert sign_in(organization, "viewer").post(page, body).status_code == 403
    stranger = sign_in(EmployeeFactory().organization, "admin")
    assert stranger.post(page, body)["Location"] == reverse("admin:index")
    assert names(three) == ["Ours AS"] * 3


def test_the_api_takes_the_positions_along_when_asked(api, employee, three, ours, other):
    path = f"/employees/{employee.pk}/"
    assert api.patch(path, {"company": other.pk}).json()["company"] == other.pk
    assert names(three) == ["Ours AS"] * 3
    answer = api.patch(path, {"company": other.pk, "positions_follow": True})
    assert answer.status_code == 200 and "positions_follow" not in answer.json()
    assert names(three) == ["Ours AS", "Other AS", "Other AS"]
    assert AuditEntry.objects.filter(kind="position", via="api", action="changed").count() == 2
    assert api.patch(path, {"positions_follow": "perhaps"}).status_code == 400


# -- a company that is in use


def test_a_company_with_positions_is_not_deleted(sign_in, organization, employee, other):
    PositionFactory(employee=employee, company=other, title="Baker of other")
    admin = sign_in(organization, "admin")
    address = reverse("admin:positions_company_delete", args=[other.pk])
    page = admin.get(address).content.decode()
    assert "Baker of other" in page
    admin.post(address, {"post": "yes"})
    assert type(other).objects.filter(pk=other.pk).exists()
