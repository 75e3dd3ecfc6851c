"""No organization sees another's anything of HR, by any form, filter, search or call that is built for it.

tests/security/test_tenancy_walk.py walks every address of the product.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from positions.models import ApiKey, Company, Department, Employee, Member, Organization, Position
from tests.factories import ApiKeyFactory, MemberFactory, OrganizationFactory, UserFactory
from tests.positions.conftest import CANARY, Api

pytestmark = pytest.mark.django_db

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


def addresses(resolver: URLResolver | None = None, before: str = "/") -> list[str]:
    found = []
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern).lstrip("^").rstrip("$").replace(r"\Z", "")
        if isinstance(pattern, URLResolver):
            found += addresses(pattern, route)
        elif isinstance(pattern, URLPattern):
            found.append(route)
    return found


def filled(route: str, foreign: dict[str, Any]) -> set[str]:
    names = [a or b for a, b in _PARAMETER.findall(route)]
    values = [str(one.pk) for one in foreign.values()]
    if "external_id" in names:
        values += [foreign[kind].external_id for kind in ("position", "employee", "company", "department")]
    combinations = itertools.product(sorted(set(values)), repeat=len(names)) if len(names) < 3 else []
    template = _PARAMETER.sub("{}", route)
    return {template.format(*chosen) for chosen in combinations}


def everything(*roots: str) -> list[str]:
    skipped = ("/logout/", "/jsi18n/", "/static/")
    return sorted({a for a in addresses() if a.startswith(roots) and not any(s in a for s in skipped)})


def snapshot() -> list[Any]:
    models = (Organization, Company, Department, Employee, Position, ApiKey, Member)
    rows: list[Any] = [row for model in models for row in model.objects.order_by("pk").values()]
    for row in rows:
        row.pop("last_used_at", None)
    return rows


def test_a_foreign_object_answers_like_a_missing_one(organization, things, foreign, sign_in):
    client = sign_in(organization, "admin")
    for model in ("company", "department", "employee", "position", "apikey", "organization"):
        for page in ("change", "delete", "history"):
            answers = []
            for pk in (foreign[model].pk, 987654):
                response = client.get(reverse(f"admin:positions_{model}_{page}", args=[pk]), follow=True)
                answers.append((response.status_code, response.redirect_chain))
                said = "Nothing is at this address: it was deleted, or the address is wrong."
                assert response.status_code == 403 or said in response.content.decode()
            assert answers[0] == answers[1]


def test_lists_filters_searches_and_autocompletes_stay_inside(organization, things, foreign, sign_in):
    client = sign_in(organization, "admin")
    f = foreign
    queries = {
        "employee": [
            f"q={CANARY}",
            f"company__id__exact={f['company'].pk}",
            f"department__id__exact={f['department'].pk}",
            f"organization__id__exact={f['organization'].pk}",
            f"id__in={f['employee'].pk}",
        ],
        "position": [
            f"q={CANARY}",
            f"employee__id__exact={f['employee'].pk}",
            f"department__id__exact={f['department'].pk}",
        ],
        "company": [f"q={CANARY}"],
        "department": [f"q={CANARY}"],
        "apikey": [f"q={CANARY}"],
        "organization": [f"q={CANARY}"],
    }
    for model, asked in queries.items():
        for query in ["", *asked]:
            response = client.get(reverse(f"admin:positions_{model}_changelist") + f"?{query}")
            assert response.status_code == 200, (model, query)
            shown = response.content.decode().replace(f'value="{CANARY}"', "")
            shown = re.sub(f"q(=|%3D){CANARY}", "", shown)
            assert CANARY not in shown, (model, query)
    for model, fields in (
        ("employee", ("company", "department", "manager", "organization")),
        ("position", ("employee", "department")),
        ("apikey", ("organization",)),
        ("member", ("organization", "user")),
    ):
        for field in fields:
            for narrowed in ("", f"&organization={foreign['organization'].pk}"):
                response = client.get(
                    reverse("admin:autocomplete")
                    + f"?app_label=positions&model_name={model}&field_name={field}&term={narrowed}"
                )
                assert CANARY not in response.content.decode(), (model, field)
    for model, query in (
        ("employee", f"company={f['company'].pk}&department={f['department'].pk}&manager={f['employee'].pk}"),
        ("position", f"employee={f['employee'].pk}&department={f['department'].pk}"),
        ("apikey", f"organization={f['organization'].pk}"),
    ):
        response = client.get(reverse(f"admin:positions_{model}_add") + f"?{query}")
        assert response.status_code == 200 and CANARY not in response.content.decode(), model


def test_no_form_takes_a_foreign_object(organization, things, foreign, sign_in):
    client = sign_in(organization, "admin")
    before = snapshot()
    employee = {"number": "n", "first_name": "a", "last_name": "b"}
    for field, model in (("company", "company"), ("department", "department"), ("manager", "employee")):
        response = client.post(reverse("admin:positions_employee_add"), {**employee, field: foreign[model].pk})
        assert response.status_code == 200 and CANARY not in response.content.decode()
    position = {"title": "t", "start_date": "2026-01-01", "contract_type": "permanent", "percentage": "100"}
    for ours in (
        {"employee": foreign["employee"].pk},
        {"employee": things["employee"].pk, "department": foreign["department"].pk},
    ):
        response = client.post(reverse("admin:positions_position_add"), {**position, **ours})
        assert response.status_code == 200 and CANARY not in response.content.decode()
    # The organization is filled in, whatever is posted.
    response = client.post(
        reverse("admin:positions_department_add"), {"code": "X", "organization": foreign["organization"].pk}
    )
    assert response.status_code == 302
    assert Department.objects.get(code="X").organization == organization
    Department.objects.get(code="X").delete()
    assert snapshot() == before


def test_actions_touch_nothing_foreign(organization, things, foreign, sign_in):
    client = sign_in(organization, "admin")
    for model in ("position", "employee", "apikey", "company", "department"):
        for confirmed in ({}, {"post": "yes"}):
            response = client.post(
                reverse(f"admin:positions_{model}_changelist"),
                {"action": "delete_selected", "_selected_action": [foreign[model].pk], "index": "0", **confirmed},
                follow=True,
            )
            assert CANARY not in response.content.decode()
    for model in ("position", "employee", "apikey", "company", "department"):
        assert type(foreign[model]).objects.filter(pk=foreign[model].pk).exists()


def test_the_role_is_that_of_the_objects_organization(organization, things, foreign, sign_in):
    """Admin here, viewer there: there nothing may be changed, though both are listed together."""
    client = sign_in(organization, "admin")
    MemberFactory(organization=foreign["organization"], user=client.user, role="viewer")
    listed = client.get(reverse("admin:positions_employee_changelist")).content.decode()
    assert CANARY in listed and things["employee"].last_name in listed
    keys = client.get(reverse("admin:positions_apikey_changelist")).content.decode()
    assert CANARY not in keys and things["apikey"].name in keys
    assert client.get(reverse("admin:positions_apikey_change", args=[foreign["apikey"].pk])).status_code == 302
    for model in ("employee", "position", "department"):
        address = reverse(f"admin:positions_{model}_change", args=[foreign[model].pk])
        assert b'name="_save"' not in client.get(address).content
        assert client.post(address, {}).status_code == 403
        assert client.post(reverse(f"admin:positions_{model}_delete", args=[foreign[model].pk])).status_code == 403
    response = client.post(
        reverse("admin:positions_position_changelist"),
        {
            "action": "delete_selected",
            "_selected_action": [foreign["position"].pk, things["position"].pk],
            "post": "yes",
        },
        follow=True,
    )
    assert "1 left out" in response.content.decode()
    assert list(Position.objects.all()) == [foreign["position"]]
    # And only where the role allows it may something be made.
    page = client.get(reverse("admin:positions_department_add")).content.decode()
    picker = page.split('name="organization"')[1].split("</select")[0]
    assert CANARY not in picker and organization.name in picker
    response = client.post(
        reverse("admin:positions_department_add"), {"code": "X", "organization": foreign["organization"].pk}
    )
    assert response.status_code == 200 and not Department.objects.filter(code="X").exists()


def test_with_several_organizations_one_is_chosen_and_kept(organization, things, foreign, sign_in):
    client = sign_in(organization, "editor")
    MemberFactory(organization=foreign["organization"], user=client.user, role="editor")
    add = reverse("admin:positions_employee_add")
    data = {"number": "n1", "first_name": "a", "last_name": "b"}
    assert b'name="organization"' in client.get(add).content
    assert client.post(add, data).status_code == 200
    mixed = {**data, "organization": organization.pk, "company": foreign["company"].pk}
    assert client.post(add, mixed).status_code == 200
    assert client.post(add, {**data, "organization": organization.pk}).status_code == 302
    employee = Employee.objects.get(number="n1")
    address = reverse("admin:positions_employee_change", args=[employee.pk])
    page = client.get(address).content.decode()
    assert 'name="organization"' not in page and organization.name in page
    assert f"?organization={organization.pk}" in page  # the autocompletes ask for this one only
    assert client.post(address, {**data, "organization": foreign["organization"].pk}).status_code == 302
    employee.refresh_from_db()
    assert employee.organization == organization
    response = client.get(
        reverse("admin:autocomplete")
        + f"?app_label=positions&model_name=employee&field_name=company&term=&organization={organization.pk}"
    )
    assert [row["text"] for row in response.json()["results"]] == [things["company"].name]


def test_one_organization_needs_no_picker(organization, things, sign_in):
    client = sign_in(organization, "admin")
    for model in ("employee", "company", "department", "apikey"):
        page = client.get(reverse(f"admin:positions_{model}_add")).content.decode()
        assert 'name="organization"' not in page, model
        listed = client.get(reverse(f"admin:positions_{model}_changelist")).content.decode()
        assert "column-organization " not in listed, model


def test_history_and_recent_actions_are_ones_own(organization, things, foreign, sign_in):
    there = sign_in(foreign["organization"], "editor")
    data = {"code": f"{CANARY}2", "name": CANARY}
    there.post(reverse("admin:positions_department_change", args=[foreign["department"].pk]), data)
    assert LogEntry.objects.count() == 1
    here = sign_in(organization, "admin")
    assert CANARY not in here.get(reverse("admin:index")).content.decode()
    assert CANARY in there.get(reverse("admin:index")).content.decode()
    address = reverse("admin:positions_department_history", args=[foreign["department"].pk])
    assert here.get(address).status_code == 302
    assert not admin.site.is_registered(LogEntry)


# -- the API


def test_no_api_address_shows_or_changes_a_foreign_object(organization, things, foreign, api, monkeypatch):
    monkeypatch.setattr("positions.api.throttling.KeyThrottle.THROTTLE_RATES", {"key": "1000000/min"})
    before = snapshot()
    tried = 0
    own = reverse("positions_api:rotate")  # changes the key that asks, and names no other
    for route in everything("/api/v1/"):
        for address in filled(route, foreign) - {own}:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                response = api.send(method, address, {} if method != "GET" else None)
                assert CANARY not in response.content.decode(), (method, address)
                if _PARAMETER.search(route):
                    assert response.status_code in (400, 404, 405), (method, address, response.status_code)
                tried += 1
    assert tried > 30
    assert snapshot() == before


def test_in_bodies_a_foreign_id_is_said_not_to_exist_like_a_missing_one(things, foreign, api):
    mine, position = things["employee"], {"title": "T", "start_date": "2026-01-01"}
    employee = {"number": "n", "first_name": "a", "last_name": "b"}
    before = snapshot()
    f = foreign
    for path, good, field, theirs in (
        ("/positions/", position, "employee", f["employee"].pk),
        ("/positions/", position, "employee_number", f["employee"].number),
        ("/positions/", {**position, "employee": mine.pk}, "department", f["department"].pk),
        ("/positions/", {**position, "employee": mine.pk}, "department_code", f["department"].code),
        ("/employees/", employee, "company", f["company"].pk),
        ("/employees/", employee, "department", f["department"].pk),
        ("/employees/", employee, "manager", f["employee"].pk),
        ("/positions/bulk/", position, "employee", f["employee"].pk),
        ("/positions/bulk/", position, "employee_number", f["employee"].number),
        ("/positions/bulk/", {**position, "employee": mine.pk}, "department_code", f["department"].code),
        ("/positions/bulk/", position, "id", f["position"].pk),
    ):
        words = []
        for value in (theirs, 424242 if isinstance(theirs, int) else "424242"):
            row = {**good, field: value}
            response = api.post(path, {"positions": [row]} if "bulk" in path else row)
            assert response.status_code == 400, (path, field)
            problem = response.json()
            del problem["request_id"]
            words.append(json.dumps(problem, ensure_ascii=False).replace(str(value), "?"))
        assert words[0] == words[1], (path, field)
    assert snapshot() == before


def test_api_filters_stay_inside(foreign, api):
    f = foreign
    for query in (
        f"employees/?number={f['employee'].number}",
        f"employees/?company={f['company'].pk}",
        f"employees/?external_id={f['employee'].external_id}",
        f"positions/?employee={f['employee'].pk}",
        f"positions/?employee_number={f['employee'].number}",
        f"positions/?external_id={f['position'].external_id}",
        f"positions/?department={f['department'].pk}",
        f"companies/?organization_number={f['company'].organization_number}",
        f"departments/?code={f['department'].code}",
    ):
        assert api.get(f"/{query}").json()["results"] == [], query


def test_a_cursor_of_another_organization_opens_nothing(foreign, things, api):
    theirs = Api(ApiKeyFactory(organization=foreign["organization"]))
    Employee.objects.create(organization=foreign["organization"], number="z", first_name=CANARY, last_name=CANARY)
    address = theirs.get("/employees/?limit=1").json()["next"]
    assert address is not None
    response = api.get(address)
    assert response.status_code == 200 and CANARY not in response.content.decode()


def test_an_inactive_user_or_a_stranger_sees_nothing(organization, things):
    from positions import roles

    stranger = UserFactory()
    assert not roles.can_somewhere(stranger, "view") and not roles.organizations_of(stranger).exists()
    gone = UserFactory(is_active=False)
    MemberFactory(organization=organization, user=gone, role="admin")
    assert not roles.can(gone, organization, "view")
    assert OrganizationFactory() not in roles.organizations_of(gone)
