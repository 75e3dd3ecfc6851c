"""The pages of employees and positions: timeline, national id, warnings, panels, who started a change."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models.signals import post_delete, post_save
from django.urls import reverse

from positions.models import Employee, Position
from positions.origin import current_origin
from tests.factories import DepartmentFactory, EmployeeFactory, PositionFactory

pytestmark = pytest.mark.django_db

POSITION = {"title": "Shift leader", "start_date": "2026-03-01", "contract_type": "permanent", "percentage": "80"}


@pytest.fixture
def editor(organization, sign_in):
    return sign_in(organization, "editor")


@pytest.fixture
def employee(organization):
    return EmployeeFactory(organization=organization, first_name="Kari", last_name="Nordmann", number="1042")


def change(thing):
    return reverse(f"admin:positions_{thing._meta.model_name}_change", args=[thing.pk])


def data_of(employee, **changes):
    return {"number": employee.number, "first_name": employee.first_name, "last_name": employee.last_name, **changes}


# -- the timeline


def test_the_timeline_shows_each_position_its_status_and_overlaps(organization, editor, employee):
    PositionFactory(employee=employee, title="Cashier", start_date=date(2024, 1, 1), end_date=date(2025, 12, 31))
    PositionFactory(employee=employee, title="Leader", start_date=date(2025, 10, 1))
    PositionFactory(employee=employee, title="Manager", start_date=date(2027, 1, 1))
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        page = editor.get(change(employee)).content.decode()
    for words in ("Cashier", "Leader", "Manager", "Ended", "Current", "Upcoming", "Today", "1 Jan 2024 – 31 Dec 2025"):
        assert words in page
    assert "Cashier and Leader overlap: 1 Oct 2025 – 31 Dec 2025." in page
    assert "Leader and Manager overlap: from 1 Jan 2027." in page
    assert f"/admin/positions/position/add/?employee={employee.pk}" in page


def test_the_page_shows_since_when_somebody_is_employed_without_a_break(organization, editor, employee):
    PositionFactory(employee=employee, title="Cashier", start_date=date(2024, 1, 1), end_date=date(2025, 12, 31))
    leader = PositionFactory(employee=employee, title="Leader", start_date=date(2026, 1, 1))
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        page = editor.get(change(employee)).content.decode()
        assert '<time datetime="2024-01-01">Employed without a break since 1 Jan 2024</time>' in page
        leader.end_date = date(2026, 2, 1)
        leader.save()
        assert "Employed without a break" not in editor.get(change(employee)).content.decode()


def test_without_positions_it_says_what_to_do(organization, editor, employee, sign_in):
    assert "Add the first one" in editor.get(change(employee)).content.decode()
    page = sign_in(organization, "viewer").get(change(employee)).content.decode()
    assert "No position yet." in page and "Add position" not in page


def test_other_apps_add_panels_chips_and_notes(organization, editor, employee, monkeypatch):
    position = PositionFactory(employee=employee)
    pages = type(admin.site.get_model_admin(Position))
    monkeypatch.setattr(pages, "panels", lambda self, request, p: [f"panel of {p.title}"])
    monkeypatch.setattr(pages, "chips", lambda self, request, ps: {p.pk: "chip here" for p in ps})
    notes = ["It ends in payroll.", "By hand in X.", "It ends in payroll."]
    monkeypatch.setattr(pages, "delete_notes", lambda self, request, ps: notes)
    monkeypatch.setattr(pages, "save_notes", lambda self, request, p: ["Tripletex will refuse it."])
    assert "chip here" in editor.get(change(employee)).content.decode()
    assert f"panel of {position.title}" in editor.get(change(position)).content.decode()
    for thing in (position, employee):
        page = editor.get(reverse(f"admin:positions_{thing._meta.model_name}_delete", args=[thing.pk]))
        assert page.content.decode().count("It ends in payroll.") == 1
        chosen = {"action": "delete_selected", "_selected_action": [thing.pk], "index": "0"}
        page = editor.post(reverse(f"admin:positions_{thing._meta.model_name}_changelist"), chosen)
        assert "By hand in X." in page.content.decode()
    response = editor.post(change(position), POSITION, follow=True)
    assert "Tripletex will refuse it." in response.content.decode()


# -- the national id


def test_a_national_id_is_typed_kept_replaced_and_removed(organization, editor, employee):
    address = change(employee)
    assert "Not set" in editor.get(address).content.decode()
    assert editor.post(address, data_of(employee, new_national_id="020490 12345")).status_code == 302
    employee.refresh_from_db()
    assert employee.national_id == "02049012345"
    page = editor.get(address).content.decode()
    assert "•••••• set" in page and "02049012345" not in page and "020490 12345" not in page
    assert editor.post(address, data_of(employee, email="k@example.com")).status_code == 302
    employee.refresh_from_db()
    assert employee.national_id == "02049012345" and employee.email == "k@example.com"
    both = editor.post(address, data_of(employee, new_national_id="98765432109", clear_national_id="on"))
    assert both.status_code == 200 and "not both" in both.content.decode()
    assert "98765432109" not in both.content.decode()
    assert editor.post(address, data_of(employee, clear_national_id="on")).status_code == 302
    employee.refresh_from_db()
    assert employee.national_id == ""


def test_a_refused_form_does_not_show_what_was_typed(organization, editor, employee):
    response = editor.post(change(employee), data_of(employee, last_name="", new_national_id="02049012345"))
    page = response.content.decode()
    assert response.status_code == 200 and "02049012345" not in page
    assert "type the national id again" in page
    response = editor.post(change(employee), data_of(employee, new_national_id="0204!0000001"))
    assert "0204!0000001" not in response.content.decode() and "6 to 20 digits" in response.content.decode()


def test_a_viewer_sees_only_whether_there_is_one(organization, sign_in):
    employee = EmployeeFactory(organization=organization, national_id="02049012345")
    page = sign_in(organization, "viewer").get(change(employee)).content.decode()
    assert "•••••• set" in page and "02049012345" not in page and "new_national_id" not in page


def test_it_cannot_be_filtered_by(organization, editor, employee):
    for query in ("national_id__startswith=g", "national_id=x", "manager__national_id=x"):
        response = editor.get(reverse("admin:positions_employee_changelist") + f"?{query}")
        assert response.status_code == 400, query


# -- saving


def test_sentences_stand_at_the_field(organization, editor, employee):
    EmployeeFactory(organization=organization, number="taken", external_id="taken")
    add = reverse("admin:positions_employee_add")
    form = editor.post(add, data_of(employee, number="taken", external_id="taken")).context["adminform"].form
    assert form.errors["number"] == ["Another employee of this organization has this number."]
    assert form.errors["external_id"] == ["Another employee of this organization has this external id."]
    PositionFactory(employee=employee, external_id="taken")
    position = PositionFactory(employee=employee)
    wrong = {**POSITION, "end_date": "2026-02-01", "percentage": "101"}
    form = editor.post(change(position), wrong).context["adminform"].form
    assert form.errors["end_date"] == ["The end date 1 Feb 2026 is before the start date 1 Mar 2026."]
    assert "between 0 and 100" in form.errors["percentage"][0] and not form.non_field_errors()
    form = editor.post(change(position), {**POSITION, "external_id": "taken"}).context["adminform"].form
    assert form.errors["external_id"] == ["Another position of this employee has this external id."]
    wrong = {
        **POSITION,
        "start_date": "31.02.2026",
        "end_date": "1.2.26",
        "percentage": "80.555",
        "weekly_hours": "1e3",
    }
    form = editor.post(change(position), wrong).context["adminform"].form
    assert form.errors["start_date"] == ["There is no day 31.02.2026 in the calendar."]
    assert form.errors["end_date"] == ["“1.2.26” is not a date. Write it as 2026-03-01."]
    assert form.errors["percentage"] == [
        "A percentage lies between 0 and 100, for example 80 or 37.5. Write two decimals at most."
    ]
    assert form.errors["weekly_hours"] == ["Write a number such as 80 or 37.5."]
    form = editor.post(add, data_of(employee, email="nora@x")).context["adminform"].form
    assert form.errors["email"] == ["This is no e-mail address. Write it as kari@example.com."]
    department = DepartmentFactory(organization=organization, code="X")
    form = editor.post(reverse("admin:positions_department_add"), {"code": "X"}).context["adminform"].form
    assert form.errors["code"] == ["Another department of this organization has this code."]
    assert department.pk


def test_an_overlap_is_saved_with_a_warning(organization, editor, employee):
    PositionFactory(employee=employee, title="Cashier", start_date=date(2026, 1, 1), end_date=date(2026, 3, 1))
    PositionFactory(employee=employee, title="Before", start_date=date(2025, 1, 1), end_date=date(2025, 12, 31))
    response = editor.post(reverse("admin:positions_position_add"), {**POSITION, "employee": employee.pk}, follow=True)
    messages = [(m.level_tag, str(m)) for m in response.context["messages"]]
    warnings = [words for level, words in messages if level == "warning"]
    assert warnings == [
        "This position overlaps Cashier (1 Jan 2026 – 1 Mar 2026). "
        "Many systems with employment history refuse overlapping periods."
    ]
    assert Position.objects.count() == 3
    add = reverse("admin:positions_position_add") + f"?employee={employee.pk}"
    assert editor.post(add, {**POSITION, "employee": employee.pk}).url == change(employee)


def test_a_position_stays_with_its_employee(organization, editor, employee):
    position = PositionFactory(employee=employee)
    other = EmployeeFactory(organization=organization)
    editor.post(change(position), {**POSITION, "employee": other.pk})
    position.refresh_from_db()
    assert position.employee == employee and position.title == "Shift leader"


def test_what_is_saved_here_was_started_by_the_user(organization, editor, employee):
    origins = []

    def hear(sender, **kwargs):
        origins.append(current_origin())

    for signal in (post_save, post_delete):
        signal.connect(hear, sender=Position)
    try:
        editor.post(reverse("admin:positions_position_add"), {**POSITION, "employee": employee.pk})
        position = Position.objects.get()
        editor.post(change(position), {**POSITION, "title": "New"})
        editor.post(reverse("admin:positions_position_delete", args=[position.pk]), {"post": "yes"})
        position = PositionFactory(employee=employee)
        origins.pop()
        editor.post(
            reverse("admin:positions_position_changelist"),
            {"action": "delete_selected", "_selected_action": [position.pk], "post": "yes"},
        )
    finally:
        for signal in (post_save, post_delete):
            signal.disconnect(hear, sender=Position)
    assert [(o.kind, o.name) for o in origins] == [("edit", editor.user.username)] * 4


def test_history_names_fields_and_no_values(organization, editor, employee):
    editor.post(change(employee), data_of(employee, new_national_id="02049012345", email="k@example.com"))
    entry = LogEntry.objects.get()
    assert "National id" in entry.get_change_message()
    assert "02049012345" not in entry.change_message + entry.object_repr
    page = editor.get(reverse("admin:positions_employee_history", args=[employee.pk])).content.decode()
    assert "02049012345" not in page and "E-mail" in page


# -- lists


def test_the_status_filters_use_the_organizations_own_day(organization, editor, employee):
    other = EmployeeFactory(organization=organization, last_name="Upcoming")
    nobody = EmployeeFactory(organization=organization, last_name="Nobody")
    ended = EmployeeFactory(organization=organization, last_name="Ended")
    PositionFactory(employee=employee, title="Today", start_date=date(2026, 3, 1))
    PositionFactory(employee=other, title="Tomorrow", start_date=date(2026, 3, 2))
    PositionFactory(employee=ended, title="Gone", start_date=date(2025, 3, 2), end_date=date(2026, 2, 28))

    def shown(model, query):
        response = editor.get(reverse(f"admin:positions_{model}_changelist") + f"?{query}")
        return set(response.context["cl"].queryset)

    # Half past eleven in the evening in Greenwich is the first of March in Oslo.
    with time_machine.travel("2026-02-28T23:30:00Z", tick=False):
        assert shown("employee", "positions=current") == {employee}
        assert shown("employee", "positions=upcoming") == {other}
        assert shown("employee", "positions=ended") == {ended}
        assert shown("employee", "positions=none") == {nobody}
        assert {p.title for p in shown("position", "status=current")} == {"Today"}
        assert {p.title for p in shown("position", "status=upcoming")} == {"Tomorrow"}
        assert {p.title for p in shown("position", "status=ended")} == {"Gone"}
    assert shown("employee", "q=1042") == shown("employee", "q=kari nordmann") == {employee}
    assert shown("employee", f"q={nobody.email}") == {nobody}
    assert {p.title for p in shown("position", f"employee__id__exact={employee.pk}")} == {"Today"}


def test_deleting_an_employee_takes_the_positions_along(organization, editor, employee):
    position = PositionFactory(employee=employee, title="Cashier")
    address = reverse("admin:positions_employee_delete", args=[employee.pk])
    page = editor.get(address).content.decode()
    assert "Position: Cashier" in page and "Positions" in page
    assert editor.post(address, {"post": "yes"}).status_code == 302
    assert not Employee.objects.exists() and not Position.objects.filter(pk=position.pk).exists()


def test_what_is_in_use_is_not_deleted(organization, sign_in, things):
    client = sign_in(organization, "admin")
    for model in ("company", "department"):
        page = client.get(reverse(f"admin:positions_{model}_delete", args=[things[model].pk])).content.decode()
        assert "Employee:" in page and 'name="post"' not in page
