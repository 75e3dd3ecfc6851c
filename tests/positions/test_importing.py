"""A file of employees or positions: what each row does, what is refused, and that nothing happens before it is
confirmed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from positions.importing import files, work, writing
from positions.importing.columns import OF_KIND
from positions.models import (
    AuditEntry,
    Change,
    ContractType,
    Employee,
    EndReason,
    Import,
    ImportPiece,
    Member,
    Organization,
    Position,
    RemunerationType,
    Terms,
    WorkingHoursScheme,
)
from positions.text import control_character
from tests.factories import CompanyFactory, DepartmentFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.positions.files import became, carried_on, confirmed, csv_of, editor_of, errors, imported, rows_of, sent

pytestmark = pytest.mark.django_db

NEW = ["Employee number", "First name", "Last name"]


def test_employees_are_made_changed_and_left_as_they_are(organization: Organization) -> None:
    EmployeeFactory(organization=organization, number="1", first_name="Kari", last_name="A")
    EmployeeFactory(organization=organization, number="2", first_name="Ola", last_name="B")
    asked = sent(organization, "employees", [NEW, ["1", "Kari", "A"], ["2", "Ole", "B"], ["3", "Per", "C"]])
    assert asked.state == Import.State.CHECKED and became(asked) == (1, 1, 1, 0)
    assert asked.changed == {"first_name": 1}
    assert Employee.objects.count() == 2 and Employee.objects.get(number="2").first_name == "Ola"
    assert not AuditEntry.objects.filter(action="changed").exists() and not Change.objects.filter(turn=1).exists()
    asked = confirmed(asked)
    assert asked.state == Import.State.DONE and became(asked) == (1, 1, 1, 0)
    assert list(Employee.objects.order_by("number").values_list("first_name", flat=True)) == ["Kari", "Ole", "Per"]


def test_what_is_carried_out_is_done_by_the_person_and_noted_as_one_file(organization: Organization) -> None:
    asked = imported(organization, "employees", [NEW, ["1", "Kari", "A"], ["2", "Ola", "B"]])
    entries = AuditEntry.objects.filter(kind="employee", action="created")
    assert {entry.actor for entry in entries} == {asked.user.get_username()} and entries.count() == 2
    file = AuditEntry.objects.get(action="imported")
    assert file.actor == asked.user.get_username() and file.changes["created"] == ["", 2]


def test_the_external_id_finds_before_the_number_and_the_number_may_change(organization: Organization) -> None:
    EmployeeFactory(organization=organization, number="1", external_id="a", first_name="A")
    EmployeeFactory(organization=organization, number="2", external_id="b", first_name="B")
    rows = [["External id", "Employee number"], ["a", "2"], ["b", "1"]]
    assert became(imported(organization, "employees", rows)) == (0, 2, 0, 0)
    assert dict(Employee.objects.values_list("first_name", "number")) == {"A": "2", "B": "1"}


def test_bad_rows_are_told_and_the_good_ones_can_be_taken_alone(organization: Organization) -> None:
    CompanyFactory(organization=organization, name="Butikk AS")
    rows = [
        [*NEW, "E-mail", "Birth date", "Company"],
        ["1", "Kari", "A", "kari@example.com", "19.3.1985", "butikk as"],
        ["2", "", "B", "", "", ""],
        ["3", "Per", "C", "no address", "31.2.2000", "Butik AS"],
        ["1", "Kari", "A", "", "", ""],
    ]
    asked = sent(organization, "employees", rows)
    assert became(asked) == (1, 0, 0, 3)
    found = errors(asked)
    assert list(found) == [3, 4, 5]
    assert found[3] == {"first_name": ["This is required."]}
    assert found[4] == {
        "birth_date": ["There is no day 31.2.2000 in the calendar."],
        "company": ["There is no company “Butik AS” in your organization. Do you mean “Butikk AS”?"],
    }
    assert found[5] == {"number": ["Row 2 is about the same one."]}
    asked = confirmed(asked)
    assert became(asked) == (1, 0, 0, 3) and Employee.objects.get().birth_date == date(1985, 3, 19)


def test_refused_rows_come_back_with_what_is_wrong_and_are_taken_when_they_are_mended(
    organization: Organization,
) -> None:
    rows = [[*NEW, "Company"], ["1", "Kari", "A", ""], ["2", "Ola", "=B", "Bergenn"]]
    CompanyFactory(organization=organization, name="Bergen")
    asked = confirmed(sent(organization, "employees", rows))
    for form in (writing.XLSX, writing.CSV):
        answer: Any = writing.response(writing.refused(asked), form, "x")
        content = b"".join(answer) if answer.streaming else answer.content
        (headings, row) = rows_of(content)
        assert headings[-1] == "What is wrong" and "Do you mean “Bergen”?" in row[-1] and row[:2] == ["2", "Ola"]
        assert not row[2].startswith("=")
    row[3] = "Bergen"
    mended = imported(organization, "employees", [headings, row])
    assert became(mended) == (1, 0, 0, 0) and Employee.objects.get(number="2").last_name == "=B"


def test_an_empty_cell_keeps_what_is_stored_unless_it_is_said_to_clear(organization: Organization) -> None:
    company = CompanyFactory(organization=organization)
    employee = EmployeeFactory(
        organization=organization, number="1", company=company, national_id="02049012345", birth_date=date(1990, 4, 2)
    )
    rows = [["Employee number", "Birth date", "Company", "National id", "First name"], ["1", "", "", "", ""]]
    assert became(imported(organization, "employees", rows)) == (0, 0, 1, 0)
    assert became(imported(organization, "employees", rows, empty_clears=True)) == (0, 1, 0, 0)
    employee.refresh_from_db()
    assert (employee.birth_date, employee.company, employee.national_id) == (None, None, "02049012345")
    assert employee.first_name == "Kari"


def test_managers_come_with_the_same_file_in_any_order_and_over_pieces(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PIECE", 2)
    rows = [[*NEW, "Manager"], *[[str(n), "Kari", "A", str(n + 1)] for n in range(1, 6)], ["6", "Boss", "A", ""]]
    asked = sent(organization, "employees", rows)
    assert became(asked) == (6, 0, 0, 0)
    asked = confirmed(asked)
    assert became(asked) == (6, 0, 0, 0)
    assert {e.number: e.manager.number for e in Employee.objects.exclude(manager=None)} == {
        str(n): str(n + 1) for n in range(1, 6)
    }


def test_whose_new_manager_is_refused_is_refused_and_so_is_a_circle(organization: Organization) -> None:
    rows = [[*NEW, "Manager"], ["1", "", "A", ""], ["2", "Ola", "B", "1"], ["3", "P", "C", "4"], ["4", "Q", "D", "3"]]
    rows += [["5", "R", "E", "5"], ["6", "S", "F", "77"]]
    found = errors(sent(organization, "employees", rows))
    assert found[3]["manager"] == ["There is no employee with the number “1”."]
    assert "chain of managers" in found[4]["manager"][0] and "chain of managers" in found[5]["manager"][0]
    assert found[6]["manager"] == ["Nobody is their own manager."]
    assert found[7]["manager"] == ["There is no employee with the number “77”."]


POSITION = ["Employee number", "Title", "Contract start date", "Percentage"]


def test_positions_are_found_by_employee_and_start_date(organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization, number="0042")
    PositionFactory(employee=employee, title="Old", start_date=date(2025, 1, 1))
    rows = [POSITION, ["0042", "New", "1.1.2025", "37,5"], ["0042", "Next", "2027-01-01", "80 %"]]
    asked = imported(organization, "positions", rows)
    assert became(asked) == (1, 1, 0, 0)
    assert list(Position.objects.order_by("start_date").values_list("title", "percentage")) == [
        ("New", Decimal("37.5")),
        ("Next", Decimal(80)),
    ]


def test_a_position_is_told_by_its_id_or_external_id_when_its_start_date_changes(organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization, number="1")
    by_id = PositionFactory(employee=employee, title="A", start_date=date(2025, 1, 1))
    by_text = PositionFactory(employee=employee, title="B", start_date=date(2025, 2, 1), external_id="b")
    rows = [
        ["Employee number", "Position id", "External id", "Contract start date"],
        ["1", str(by_id.pk), "", "1.3.2025"],
        ["1", "", "b", "1.4.2025"],
    ]
    assert became(imported(organization, "positions", rows)) == (0, 2, 0, 0)
    by_id.refresh_from_db()
    by_text.refresh_from_db()
    assert (by_id.start_date, by_text.start_date) == (date(2025, 3, 1), date(2025, 4, 1))


def test_two_positions_from_one_day_and_foreign_ids_are_refused(organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization, number="1")
    for _ in range(2):
        PositionFactory(employee=employee, start_date=date(2025, 1, 1))
    foreign = PositionFactory()
    rows = [
        ["Employee number", "Title", "Contract start date", "Position id"],
        ["1", "X", "1.1.2025", ""],
        ["1", "X", "1.1.2025", str(foreign.pk)],
        [foreign.employee.number, "X", "1.1.2025", ""],
    ]
    found = errors(sent(organization, "positions", rows))
    assert "Say which one by its position id" in found[2]["start_date"][0]
    assert "no position with this id" in found[3]["id"][0]
    assert "There is no employee" in found[4]["employee_number"][0]


def test_a_change_counts_from_the_row_s_day_else_from_the_file_s(organization: Organization) -> None:
    for number in ("1", "2", "3"):
        PositionFactory(
            employee=EmployeeFactory(organization=organization, number=number), start_date=date(2020, 1, 1), title="T"
        )
    day, other = organization.today() + timedelta(days=30), organization.today() + timedelta(days=60)
    rows = [
        ["Employee number", "Title", "Contract start date", "Percentage", "Counts from"],
        ["1", "T", "1.1.2020", "80", ""],
        ["2", "T", "1.1.2020", "80", f"{other:%d.%m.%Y}"],
        ["3", "T", "1.1.2020", "100", ""],
    ]
    assert became(imported(organization, "positions", rows, effective_from=day)) == (0, 2, 1, 0)
    days = Terms.objects.exclude(effective_from=None).values_list("position__employee__number", "effective_from")
    assert dict(days) == {"1": day, "2": other}
    assert set(Position.objects.values_list("percentage", flat=True)) == {Decimal(100)}
    rows = [["Employee number", "Contract start date", "Percentage", "Was always so"], ["3", "1.1.2020", "60", "ja"]]
    assert became(imported(organization, "positions", rows, effective_from=day)) == (0, 1, 0, 0)
    assert Position.objects.get(employee__number="3").percentage == 60
    assert not Terms.objects.filter(position__employee__number="3").exists()


def test_a_planned_change_outlasts_an_export_that_is_imported_with_another_change(organization: Organization) -> None:
    """What a row says that holds today is not said of another day."""
    position = PositionFactory(
        employee=EmployeeFactory(organization=organization, number="1"), start_date=date(2020, 1, 1), title="T"
    )
    planned = organization.today() + timedelta(days=10)
    imported(organization, "positions", [POSITION, ["1", "T", "1.1.2020", "80"]], effective_from=planned)
    rows = [POSITION, ["1", "Leader", "1.1.2020", "100"]]
    imported(organization, "positions", rows, effective_from=planned + timedelta(days=5))
    assert [(row.title, row.percentage) for row in Position.objects.get(pk=position.pk).by_day] == [
        ("T", 100),
        ("T", 80),
        ("Leader", 80),
    ]


# -- the way of it


def test_a_wrong_heading_refuses_the_file_and_says_which_one_is_meant(organization: Organization) -> None:
    asked = sent(organization, "employees", [["Employee number", "Fist name", "Xyz", "Employee number"], ["1"] * 4])
    assert asked.state == Import.State.REFUSED and asked.file == ""
    assert asked.problem.splitlines() == [
        "There is no column “Fist name”. Do you mean “First name”?",
        "There is no column “Xyz”. Take the headings of the template.",
        "The column “Employee number” is there twice.",
    ]
    asked = sent(organization, "positions", [["Title"], ["X"]])
    assert "Employee number / Position id" in asked.problem
    asked = sent(organization, "employees", [["Employee number", "Title"], ["1", "X"]])
    assert asked.problem == "These are the headings of another list, Positions. Import the file there."


def test_the_template_imports_nothing_until_its_example_is_replaced(organization: Organization) -> None:
    for kind in Import.Kind.values:
        for form in (writing.XLSX, writing.CSV):
            answer: Any = writing.response(writing.template(kind, organization.country), form, "x")
            content = b"".join(answer) if answer.streaming else answer.content
            assert "example alone" in sent(organization, kind, content).problem


def test_whose_right_has_ended_imports_nothing(organization: Organization) -> None:
    user = editor_of(organization)
    asked = sent(organization, "employees", [NEW, ["1", "Kari", "A"]], user=user)
    Member.objects.filter(user=user).update(role=Member.Role.VIEWER)
    asked = confirmed(asked)
    assert asked.state == Import.State.CANCELLED and not Employee.objects.exists()


def test_a_cancelled_import_stops_behind_the_piece_at_hand(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PIECE", 1)
    asked = sent(organization, "employees", [NEW, *[[str(n), "Kari", "A"] for n in range(5)]])
    work.confirm(asked.pk)
    assert work.carry_on(asked.pk) and work.carry_on(asked.pk)
    assert work.cancel(asked.pk) and not work.carry_on(asked.pk) and not work.cancel(asked.pk)
    asked.refresh_from_db()
    assert asked.created == Employee.objects.count() == 2 and asked.state == Import.State.CANCELLED
    asked = sent(organization, "employees", [NEW, ["9", "Kari", "A"]])
    assert work.cancel(asked.pk) and not work.confirm(asked.pk) and not asked.pieces.exists()


def test_a_worker_that_is_killed_leaves_an_import_that_goes_on(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PIECE", 2)
    asked = sent(organization, "employees", [NEW, *[[str(n), "Kari", "A"] for n in range(5)]])
    work.confirm(asked.pk)
    assert work.carry_on(asked.pk) and work.left_lying() == []
    with time_machine.travel(timezone.now() + work.LEFT_AFTER + timedelta(seconds=1)):
        assert work.left_lying() == [asked.pk]
    assert became(carried_on(asked)) == (5, 0, 0, 0) and Employee.objects.count() == 5


def test_what_breaks_off_is_said_without_what_the_file_holds(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = sent(organization, "employees", [NEW, ["1", "Kari", "Secretname"]])
    work.confirm(asked.pk)
    nothing: dict[str, Any] = {}
    monkeypatch.setattr(work, "_count", lambda *_: nothing["Secretname"])
    asked = carried_on(asked)
    assert asked.state == Import.State.REFUSED and "tell your operator" in asked.problem.lower()
    assert "KeyError" in caplog.text and "Secretname" not in caplog.text and not Employee.objects.exists()


def test_a_file_is_encrypted_and_gone_when_it_is_imported_and_all_of_it_within_a_day(
    organization: Organization,
) -> None:
    rows = [[*NEW, "National id"], ["1", "Canary", "A", "02049012345"], ["2", "", "Canary", ""]]
    asked = work.begin(organization, editor_of(organization), "employees", csv_of(rows))

    def stored() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT file, problem, managers FROM positions_import")
            found = cursor.fetchall()
            cursor.execute("SELECT content FROM positions_importpiece")
            return str([*found, *cursor.fetchall()])

    assert len(stored()) > 100 and "Canary" not in stored()
    asked = carried_on(asked)
    assert asked.file == "" and "Canary" not in stored() and "02049012345" not in stored()
    asked = confirmed(asked)
    assert [row["line"] for piece in asked.pieces.all() for row in piece.content["rows"]] == [3]
    work.forget_old()
    assert Import.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=1)):
        work.forget_old()
    assert not Import.objects.exists() and not ImportPiece.objects.exists()


def test_an_organization_has_so_many_files_at_a_time(organization: Organization) -> None:
    user = editor_of(organization)
    for _ in range(work.MOST_KEPT):
        work.begin(organization, user, "employees", b"x")
    with pytest.raises(work.TooManyError):
        work.begin(organization, user, "employees", b"x")
    work.begin(OrganizationFactory(), user, "employees", b"x")
    work.begin(organization, user, "positions", b"x")


@pytest.mark.parametrize("kind", Import.Kind.values)
def test_a_piece_asks_as_often_whatever_it_holds(kind: str, organization: Organization) -> None:
    def asked(number: int, first: int) -> list[int]:
        people = [str(n) for n in range(first, first + number)]
        company, department = CompanyFactory(organization=organization), DepartmentFactory(organization=organization)
        for n in people:
            one = EmployeeFactory(organization=organization, number=n, first_name="Old")
            PositionFactory(employee=one, title="Old")
        if kind == "employees":
            rows = [[*NEW, "Manager", "Company", "Department"]]
            more = [people[0], company.name, department.code]
            rows += [[n, "New", "Name", *more] for n in [*people[1:], *(f"new{n}" for n in people)]]
        else:
            rows = [[*POSITION, "Company", "Department"]]
            more = [company.name, department.code]
            rows += [[n, "New", day, "80", *more] for n in people for day in ("1.1.2026", "1.5.2026")]
        sending = sent(organization, kind, rows)
        work.confirm(sending.pk)
        numbers = []
        while True:
            with CaptureQueriesContext(connection) as queries:
                more_to_do = work.carry_on(sending.pk)
            numbers.append(len(queries))
            if not more_to_do:
                assert became(Import.objects.get(pk=sending.pk))[3] == 0
                return numbers

    assert asked(3, 1000) == asked(40, 2000)


# -- read once


def _left_while_it_was_read(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> Import:
    def killed(_content: bytes) -> Any:
        raise SystemExit

    asked = work.begin(organization, editor_of(organization), "employees", csv_of([NEW, ["1", "Kari", "A"]]))
    with monkeypatch.context() as patched:
        patched.setattr(files, "read", killed)
        with pytest.raises(SystemExit):
            work.carry_on(asked.pk)
    return asked


def test_a_file_that_is_being_read_is_not_read_by_another_worker(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _left_while_it_was_read(organization, monkeypatch)
    monkeypatch.setattr(files, "read", lambda _content: pytest.fail("read twice"))
    assert not work.carry_on(asked.pk)
    assert Import.objects.get().state == Import.State.READING


def test_a_file_whose_reading_did_not_end_is_refused_at_the_second_try(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _left_while_it_was_read(organization, monkeypatch)
    monkeypatch.setattr(files, "read", lambda _content: pytest.fail("read twice"))
    with time_machine.travel(timezone.now() + work.READ_WITHIN + timedelta(seconds=1)):
        assert work.left_lying() == [asked.pk] and not work.carry_on(asked.pk)
        assert work.left_lying() == []
    asked = Import.objects.get()
    assert asked.state == Import.State.REFUSED and "could not be read in time" in asked.problem and asked.file == ""


# -- between the check and the confirmation


def test_what_was_changed_after_the_check_is_not_undone(organization: Organization) -> None:
    for number in "12345":
        EmployeeFactory(organization=organization, number=number, first_name="Kari", last_name="A")
    rows = [NEW, ["1", "Kari", "A"], ["2", "Ola", "A"], ["3", "Ola", "A"], ["4", "Ola", "A"], ["5", "Ola", "A"]]
    asked = sent(organization, "employees", [*rows, ["6", "New", "A"]])
    assert became(asked) == (1, 4, 1, 0)
    for number, name in {"1": "Since", "2": "Since", "4": "Ola"}.items():
        Employee.objects.filter(number=number).update(first_name=name)
    Employee.objects.filter(number="3").update(last_name="Since")
    EmployeeFactory(organization=organization, number="6", first_name="Since")
    asked = confirmed(asked)
    assert became(asked) == (0, 1, 1, 4) and asked.changed == {"first_name": 1}
    assert list(errors(asked)) == [3, 4, 5, 7]
    assert all("changed meanwhile" in found[""][0] for found in errors(asked).values())
    stored = {one.number: (one.first_name, one.last_name) for one in Employee.objects.all()}
    assert stored["1"] == ("Since", "A") and stored["2"] == ("Since", "A") and stored["3"] == ("Kari", "Since")
    assert stored["5"] == ("Ola", "A") and stored["6"][0] == "Since"


def test_who_was_deleted_after_the_check_is_not_made_anew(organization: Organization) -> None:
    employee = EmployeeFactory(organization=organization, number="1")
    asked = sent(organization, "employees", [NEW, ["1", "Ola", "B"]])
    employee.delete()
    assert became(confirmed(asked)) == (0, 0, 0, 1) and not Employee.objects.exists()


def test_who_is_given_a_manager_of_the_same_file_is_told_as_changed_and_is(organization: Organization) -> None:
    EmployeeFactory(organization=organization, number="1", first_name="Kari", last_name="A")
    rows = [[*NEW, "Manager"], ["1", "Kari", "A", "2"], ["2", "Boss", "B", ""]]
    asked = sent(organization, "employees", rows)
    assert became(asked) == (1, 1, 0, 0) and asked.changed == {"manager": 1}
    asked = confirmed(asked)
    assert became(asked) == (1, 1, 0, 0) and asked.changed == {"manager": 1}
    assert Employee.objects.get(number="1").manager == Employee.objects.get(number="2")


def test_the_record_of_another_external_id_is_not_taken_over_by_its_number(organization: Organization) -> None:
    EmployeeFactory(organization=organization, number="1", external_id="a", first_name="Kari")
    EmployeeFactory(organization=organization, number="2", external_id="", first_name="Kari")
    rows = [["External id", *NEW], ["b", "1", "Ola", "X"], ["c", "2", "Ola", "X"]]
    asked = imported(organization, "employees", rows)
    assert became(asked) == (0, 1, 0, 1)
    assert errors(asked) == {2: {"number": ["The employee with this number has another external id."]}}
    assert dict(Employee.objects.values_list("external_id", "first_name")) == {"a": "Kari", "c": "Ola"}


def test_a_row_with_its_own_day_may_say_what_holds_today(organization: Organization) -> None:
    position = PositionFactory(
        employee=EmployeeFactory(organization=organization, number="1"), start_date=date(2020, 1, 1), title="T"
    )
    planned = organization.today() + timedelta(days=10)
    imported(organization, "positions", [POSITION, ["1", "T", "1.1.2020", "80"]], effective_from=planned)
    back = planned + timedelta(days=5)
    rows = [[*POSITION, "Counts from"], ["1", "T", "1.1.2020", "100", f"{back:%d.%m.%Y}"]]
    asked = sent(organization, "positions", rows)
    assert became(asked) == (0, 1, 0, 0) and asked.changed == {"percentage": 1}
    assert asked.pieces.get().content["rows"][0]["changes"] == {"percentage": ["80", "100"]}
    assert became(confirmed(asked)) == (0, 1, 0, 0)
    assert [row.percentage for row in Position.objects.get(pk=position.pk).by_day] == [100, 80, 100]
    assert became(imported(organization, "positions", rows)) == (0, 0, 1, 0)


def test_rows_with_their_own_days_ask_as_often_however_many_they_are(organization: Organization) -> None:
    def asked(numbers: list[str]) -> int:
        for number in numbers:
            one = EmployeeFactory(organization=organization, number=number)
            PositionFactory(employee=one, start_date=date(2020, 1, 1), title="T")
        rows = [[*POSITION, "Counts from"], *[[number, "New", "1.1.2020", "80", "1.2.2020"] for number in numbers]]
        sending = work.begin(organization, editor_of(organization), "positions", csv_of(rows))
        work.carry_on(sending.pk)
        with CaptureQueriesContext(connection) as queries:
            work.carry_on(sending.pk)
        assert became(Import.objects.get(pk=sending.pk)) == (0, len(numbers), 0, 0)
        return len(queries)

    assert asked(["1", "2"]) == asked([str(number) for number in range(10, 40)])


# -- what is told


def test_what_was_only_tried_out_is_not_told_as_done(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PIECE", 1)
    nothing: dict[str, Any] = {}
    for way in ("cancelled", "broken off"):
        rows = [NEW, ["1", "Kari", "A"], ["2", "Ola", "B"], ["3", "", "C"]]
        asked = work.begin(organization, editor_of(organization), "employees", csv_of(rows))
        assert work.carry_on(asked.pk) and work.carry_on(asked.pk)
        assert Import.objects.get(pk=asked.pk).created == 1
        if way == "cancelled":
            assert work.cancel(asked.pk)
        else:
            monkeypatch.setattr(work, "_count", lambda *_: nothing["x"])
            carried_on(asked)
        asked = Import.objects.get(pk=asked.pk)
        assert (became(asked), asked.changed, asked.follows, asked.total) == ((0, 0, 0, 0), {}, {}, 0), way
        assert not asked.pieces.exists() and not asked.working
    assert not AuditEntry.objects.filter(action="imported").exists()


def test_refused_and_unchanged_rows_are_not_counted_as_changes(organization: Organization) -> None:
    EmployeeFactory(organization=organization, number="1", first_name="Kari", email="")
    EmployeeFactory(organization=organization, number="2", first_name="Kari")
    rows = [["Employee number", "First name", "E-mail"], ["1", "Ola", "no address"], ["2", "Ola", ""]]
    asked = sent(organization, "employees", rows)
    assert became(asked) == (0, 1, 0, 1) and asked.changed == {"first_name": 1}


def test_sentences_quote_no_national_id(organization: Organization) -> None:
    number = "02049012345"
    rows = [[*NEW, "Birth date", "Company", "Manager"], ["1", "Kari", "A", number, f"x {number}", number]]
    found = errors(sent(organization, "employees", rows))
    assert set(found[2]) == {"birth_date", "company", "manager"} and number not in str(found)
    rows = [[*NEW, "Birth date"], ["1", "Kari", "A", f"{'x ' * 28}{number}"]]
    assert number[:4] not in str(errors(sent(organization, "employees", rows)))  # nor its beginning
    assert number not in sent(organization, "employees", [["Employee number", number], ["1", "x"]]).problem


def test_a_file_that_is_carried_out_is_not_forgotten_meanwhile(organization: Organization) -> None:
    asked = sent(organization, "employees", [NEW, ["1", "Kari", "A"]])
    now = timezone.now() + work.KEPT + timedelta(minutes=1)
    with time_machine.travel(now):
        work.confirm(asked.pk)
        work.forget_old()
        assert Import.objects.exists()
    with time_machine.travel(now + work.LEFT_AFTER + timedelta(minutes=1)):
        work.forget_old()
    assert not Import.objects.exists()


# -- there and back


def storable(text: str) -> bool:
    return not control_character(text, lines=False)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co", "Cn", "Zl", "Zp"]), min_size=1, max_size=12
).map(str.strip).filter(lambda text: text and storable(text)) | st.sampled_from(
    ["=1+1", "-x", "@SUM(A1)", "a;=b", "'=c", "1", "007", "1,5", "ja", '"quoted"', "true", "2026-12-01", "0,5 %"]
)  # fmt: skip
LINES = st.lists(TEXT, min_size=1, max_size=3).map("\n".join)
DAY = st.dates(date(1950, 1, 1), date(2090, 1, 1))
NUMBER = st.decimals(0, 100, places=2)


def maybe(values: st.SearchStrategy[Any], empty: Any = "") -> st.SearchStrategy[Any]:
    return st.just(empty) | values


@st.composite
def positions(draw: Any) -> dict[str, Any]:
    start = draw(DAY)
    end = draw(maybe(st.dates(start, date(2100, 1, 1)), None))
    return {
        "title": draw(TEXT),
        "start_date": start,
        "end_date": end,
        "end_reason": draw(maybe(st.sampled_from(EndReason.values))) if end else "",
        "contract_type": draw(st.sampled_from(ContractType.values)),
        "percentage": draw(NUMBER),
        "weekly_hours": draw(maybe(st.decimals(0, 168, places=2), None)),
        "occupation_code": draw(maybe(TEXT)),
        "working_hours_scheme": draw(maybe(st.sampled_from(WorkingHoursScheme.values))),
        "remuneration_type": draw(maybe(st.sampled_from(RemunerationType.values))),
        "cost_centre": draw(maybe(TEXT)),
        "probation_end": draw(maybe(st.dates(start, date(2100, 1, 1)), None)),
        "notice_date": draw(maybe(DAY, None)),
        "note": draw(maybe(LINES)),
        "external_id": draw(maybe(TEXT)),
    }


@pytest.mark.parametrize("form", [writing.XLSX, writing.CSV])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(st.tuples(TEXT, TEXT, maybe(DAY, None), maybe(TEXT)), min_size=1, max_size=4),
    jobs=st.lists(positions(), min_size=1, max_size=4),
    country=st.sampled_from(Organization.Country.values),
    clears=st.booleans(),
)
def test_an_export_that_is_imported_changes_nothing(
    form: str, people: Any, jobs: Any, country: str, clears: bool
) -> None:
    organization = OrganizationFactory(country=country)
    company = CompanyFactory(organization=organization, name=people[0][0])
    department = DepartmentFactory(organization=organization, code=people[0][1][:20])
    manager = None
    ids: set[str] = set()
    for n, (first, last, born, external_id) in enumerate(people):
        manager = EmployeeFactory(
            organization=organization, number=f"00{n}", first_name=first, last_name=last, birth_date=born,
            external_id="" if external_id in ids else external_id, manager=manager, company=company,
            department=department, national_id="02049012345",
        )  # fmt: skip
        ids.add(external_id)
    for n, values in enumerate(jobs):
        text = f"{values.pop('external_id')}{n}"
        PositionFactory(employee=manager, company=company, external_id=text if n % 2 else "", **values)
    before = _stored(organization)
    for kind in Import.Kind.values:
        answer: Any = writing.response(writing.export(kind, organization), form, "x")
        content = b"".join(answer) if answer.streaming else answer.content
        asked = sent(organization, kind, content, empty_clears=clears)
        assert (asked.state, asked.problem) == (Import.State.CHECKED, ""), errors(asked)
        assert became(asked)[:2] == (0, 0) and errors(asked) == {}
        assert not work.confirm(asked.pk)
    assert _stored(organization) == before


def _stored(organization: Organization) -> Any:
    return (
        list(Employee.objects.filter(organization=organization).order_by("pk").values()),
        list(Position.objects.filter(employee__organization=organization).order_by("pk").values()),
    )


def test_every_field_that_the_api_writes_has_its_column() -> None:
    from positions.api.serializers import EmployeeSerializer, PositionSerializer

    not_in_files = {"company_external_id", "department_code", "employee", "employee_external_id"}
    for kind, serializer in ((Import.Kind.EMPLOYEES, EmployeeSerializer), (Import.Kind.POSITIONS, PositionSerializer)):
        fields = {name for name, field in serializer().fields.items() if not field.read_only}
        names = {column.name for column in OF_KIND[kind] if column.read} - {"id"}
        assert names == fields - not_in_files
