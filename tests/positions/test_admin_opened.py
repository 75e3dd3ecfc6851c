"""What somebody else has saved since a form was opened is not put back unseen: both values are shown, one is chosen."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from positions.models import ApiKey, Company, Department, Employee, Member, Organization, Position
from tests.factories import (
    ApiKeyFactory,
    CompanyFactory,
    DepartmentFactory,
    EmployeeFactory,
    MemberFactory,
    OperatorFactory,
    PositionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def address(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def inputs(page: str) -> dict[str, Any]:
    """What a browser would post of the form that is shown, as far as these pages need."""
    form = page[page.index("<form", page.index('id="content-main"')) :]
    form = form[: form.index("</form>")]
    data: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        kind, name, value = (_attribute(tag, a) for a in ("type", "name", "value"))
        if name and (kind not in ("checkbox", "radio") or re.search(r"\schecked(?=[\s>])", tag)) and kind != "submit":
            data.setdefault(name, []).append(value or ("on" if kind == "checkbox" else ""))
    for attributes, text in re.findall(r"<textarea([^>]*)>(.*?)</textarea>", form, re.S):
        data[_attribute(attributes, "name")] = [html.unescape(text).strip()]
    for attributes, options in re.findall(r"<select([^>]*)>(.*?)</select>", form, re.S):
        chosen = [_attribute(o, "value") for o in re.findall(r"<option[^>]*selected[^>]*>", options)]
        data[_attribute(attributes, "name")] = chosen or [""]
    return data


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


@pytest.fixture
def operator(client: Any) -> Any:
    client.force_login(OperatorFactory())
    return client


def opened(client: Any, row: Any) -> dict[str, Any]:
    return inputs(client.get(address(row)).content.decode())


def saved(client: Any, row: Any, data: dict[str, Any]) -> Any:
    return client.post(address(row), data)


def _employee(organization: Organization) -> Employee:
    return EmployeeFactory(organization=organization, first_name="Kari", email="kari@example.com")


# model, the field that the other one changes, to what, and the field that is changed in the form, to what
CASES: list[Any] = [
    pytest.param(_employee, "email", "other@example.com", "first_name", "Karin", id="employee"),
    pytest.param(lambda o: PositionFactory(employee=_employee(o)), "percentage", "50", "title", "Cook", id="position"),
    pytest.param(lambda o: CompanyFactory(organization=o), "organization_number", "912", "name", "New", id="company"),
    pytest.param(lambda o: DepartmentFactory(organization=o), "name", "Bakery", "code", "D77", id="department"),
    pytest.param(lambda o: o, "time_zone", "Europe/Helsinki", "name", "New", id="organization"),
    pytest.param(lambda o: ApiKeyFactory(organization=o), "scopes", ["sync:read"], "name", "New", id="key"),
    pytest.param(lambda o: UserFactory(), "email", "other@example.com", "first_name", "New", id="user"),
]


@pytest.mark.parametrize(("make", "other", "to", "mine", "typed"), CASES)
def test_what_was_changed_meanwhile_is_not_put_back(
    organization: Organization, operator: Any, make: Any, other: str, to: Any, mine: str, typed: str
) -> None:
    row = make(organization)
    model = type(row)
    data = opened(operator, row)
    setattr(row, other, to)
    row.save()
    row.refresh_from_db()
    now = getattr(row, other)
    data[mine] = [typed]
    answer = saved(operator, row, data)
    assert answer.status_code == 200, "nothing is saved yet"
    page = answer.content.decode()
    assert "Changed by somebody else meanwhile" in page and "Somebody else has saved this" in page
    assert getattr(model.objects.get(pk=row.pk), mine) != typed
    # As a browser sends it: what the person has not touched is theirs unless they choose otherwise.
    assert saved(operator, row, inputs(page)).status_code == 302
    row = model.objects.get(pk=row.pk)
    assert (getattr(row, other), getattr(row, mine)) == (now, typed)


def _both_changed(operator: Any, employee: Employee) -> dict[str, Any]:
    data = opened(operator, employee)
    Employee.objects.filter(pk=employee.pk).update(first_name="Theirs", email="theirs@example.com")
    data["first_name"] = ["Mine"]
    page = saved(operator, employee, data).content.decode()
    assert "Theirs" in page and "Mine" in page and "theirs@example.com" in page
    return inputs(page)


@pytest.mark.parametrize(("choice", "name"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_where_both_have_changed_the_same_one_chooses(
    organization: Organization, operator: Any, choice: str, name: str
) -> None:
    employee = _employee(organization)
    data = _both_changed(operator, employee)
    assert data["choose-first_name"] == ["mine"] and data["choose-email"] == ["theirs"]
    data["choose-first_name"] = [choice]
    assert saved(operator, employee, data).status_code == 302
    employee.refresh_from_db()
    assert (employee.first_name, employee.email) == (name, "theirs@example.com")


def test_a_third_change_while_one_chooses_is_shown_too(organization: Organization, operator: Any) -> None:
    employee = _employee(organization)
    data = _both_changed(operator, employee)
    Employee.objects.filter(pk=employee.pk).update(first_name="Of a third")
    answer = saved(operator, employee, data)
    assert answer.status_code == 200 and "Of a third" in answer.content.decode()


def test_who_wants_the_same_is_asked_nothing(organization: Organization, operator: Any) -> None:
    employee = _employee(organization)
    data = opened(operator, employee)
    Employee.objects.filter(pk=employee.pk).update(first_name="Same")
    data["first_name"] = ["Same"]
    assert saved(operator, employee, data).status_code == 302


def test_it_says_who_has_saved_it(organization: Organization, operator: Any) -> None:
    employee = _employee(organization)
    data = opened(operator, employee)
    key = ApiKeyFactory(organization=organization, name="nightly import").key
    operator.patch(
        f"/api/v1/employees/{employee.pk}/",
        {"email": "api@example.com"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert "Saved last by nightly import" in saved(operator, employee, data).content.decode()


def test_a_members_role_is_not_put_back(organization: Organization, operator: Any) -> None:
    _, anna = (MemberFactory(organization=organization, role=role) for role in ("admin", "viewer"))
    data = opened(operator, organization)
    Member.objects.filter(pk=anna.pk).update(role="editor")
    page = saved(operator, organization, data).content.decode()
    assert "Changed by somebody else meanwhile" in page and "Editor" in page and "Viewer" in page
    assert saved(operator, organization, inputs(page)).status_code == 302
    assert Member.objects.get(pk=anna.pk).role == "editor"


def test_whoever_may_only_look_carries_nothing_along(organization: Organization, sign_in: Any) -> None:
    employee = _employee(organization)
    page = sign_in(organization, "viewer").get(address(employee)).content.decode()
    assert 'name="opened"' not in page


def test_every_form_that_edits_a_row_knows_what_it_was_opened_with() -> None:
    from django.contrib import admin

    from positions.admin.opened import OpenedAdmin, OpenedInline

    editable = {Employee, Position, Company, Department, Organization, ApiKey, User}
    for model in editable:
        page = admin.site._registry[model]
        assert isinstance(page, OpenedAdmin), model
        assert all(issubclass(inline, OpenedInline) for inline in page.inlines), model
