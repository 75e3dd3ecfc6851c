"""The pages of imports and exports: who may open them, what they do by POST alone, and what they keep."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from positions.importing import work, writing
from positions.models import AuditEntry, Employee, Import
from tests.factories import CompanyFactory, EmployeeFactory, MemberFactory, OrganizationFactory, PositionFactory
from tests.positions.conftest import CANARY
from tests.positions.files import carried_on, csv_of, rows_of, sent

pytestmark = pytest.mark.django_db

NEW = ["Employee number", "First name", "Last name"]
FILE = [NEW, ["1", "Kari", "A"], ["2", "", "B"]]


def address(name: str, *args: Any, model: str = "employee") -> str:
    return reverse(f"admin:positions_{model}_{name}", args=args)


def post(client: Client, content: bytes, **more: Any) -> Any:
    file = SimpleUploadedFile("staff.csv", content, content_type="text/csv")
    return client.post(address("import_rows"), {"file": file, "empty": "keep", **more})


def body(response: Any) -> bytes:
    return b"".join(response) if response.streaming else response.content


def test_a_file_is_sent_looked_at_confirmed_and_done(organization, sign_in) -> None:
    client = sign_in(organization, "editor")
    page = client.get(address("changelist")).content.decode()
    assert address("import_rows") in page and address("export_rows") in page
    response = post(client, csv_of(FILE))
    asked = Import.objects.get()
    assert response.url == address("import", asked.uuid) and asked.organization == organization
    assert "being read" in client.get(response.url).content.decode()
    carried_on(asked)
    page = client.get(response.url).content.decode()
    assert "Import only the 1 good row" in page and "First name: This is required." in page
    assert not Employee.objects.exists()
    client.post(response.url, {"do": "confirm"})
    carried_on(asked)
    assert "Imported" in client.get(response.url).content.decode() and Employee.objects.count() == 1
    refused = client.get(address("import_refused", asked.uuid, "csv"))
    assert rows_of(body(refused))[1][:3] == ["2", "", "B"] and "no-store" in refused["Cache-Control"]
    client.post(response.url, {"do": "forget"})
    assert not Import.objects.exists() and client.get(response.url).status_code == 404


def test_editors_and_admins_alone_import_and_export(organization, sign_in) -> None:
    asked = sent(organization, "employees", csv_of(FILE))
    EmployeeFactory(organization=organization)
    addresses = [
        address("import_rows"), address("export_rows"), address("import_template", "csv"), address("import", asked.uuid)
    ]  # fmt: skip
    for role, status in {"editor": 200, "admin": 200, "operator": 200, "viewer": 403}.items():
        client = sign_in(organization, role)
        assert {client.get(one).status_code for one in addresses} == {status}, role
    viewer = sign_in(organization, "viewer")
    page = viewer.get(address("changelist")).content.decode()
    assert address("import_rows") not in page and address("export_rows") not in page
    assert post(viewer, csv_of(FILE)).status_code == 403 and Import.objects.count() == 1
    assert viewer.post(address("export_rows"), {"form": "csv"}).status_code == 403
    assert viewer.post(address("import", asked.uuid), {"do": "confirm"}).status_code == 403
    assert Import.objects.get().state == Import.State.CHECKED
    assert Client().get(address("import_rows")).status_code == 302


def test_refused_rows_are_fetched_by_whoever_sent_them(organization, sign_in) -> None:
    """They may hold national ids, which nobody else is shown."""
    first, second = sign_in(organization, "editor"), sign_in(organization, "admin")
    rows = [[*NEW, "National id"], ["1", "", "B", "02049012345"]]
    asked = sent(organization, "employees", csv_of(rows), user=first.user)
    fetched = address("import_refused", asked.uuid, "csv")
    assert "02049012345" in body(first.get(fetched)).decode() and second.get(fetched).status_code == 403
    for client, linked in ((first, True), (second, False)):
        page = client.get(address("import", asked.uuid)).content.decode()
        assert "02049012345" not in page and (fetched in page) is linked


def test_whoever_sent_a_file_alone_confirms_it(organization, sign_in) -> None:
    """What it does is done in their name."""
    first, second = sign_in(organization, "editor"), sign_in(organization, "admin")
    asked = sent(organization, "employees", csv_of(FILE), user=first.user)
    page = address("import", asked.uuid)
    assert 'value="confirm"' in first.get(page).content.decode()
    shown = second.get(page).content.decode()
    assert 'value="confirm"' not in shown and f"It can be imported by {first.user.get_username()}" in shown
    assert second.post(page, {"do": "confirm"}).status_code == 403
    assert Import.objects.get().state == Import.State.CHECKED
    first.post(page, {"do": "confirm"})
    assert Import.objects.get().state == Import.State.IMPORTING


def test_a_page_shows_no_national_id_of_another_column(organization, sign_in) -> None:
    EmployeeFactory(organization=organization, number="1", first_name="Kari")
    client = sign_in(organization, "editor")
    asked = sent(organization, "employees", csv_of([NEW, ["1", "02049012345", "A"]]), user=client.user)
    page = client.get(address("import", asked.uuid)).content.decode()
    assert "02049012345" not in page and "Kari → •••" in page


def test_a_check_that_was_cancelled_tells_of_nothing_done(organization, sign_in) -> None:
    client = sign_in(organization, "editor")
    asked = sent(organization, "employees", csv_of(FILE), user=client.user)
    work.cancel(asked.pk)
    page = client.get(address("import", asked.uuid)).content.decode()
    assert "Nothing was changed." in page and "What was imported before stays." not in page


def test_another_organization_s_are_not_there(organization, foreign, sign_in) -> None:
    theirs = sent(foreign["organization"], "employees", csv_of([NEW, ["1", CANARY, "A"], ["2", "", CANARY]]))
    client = sign_in(organization, "admin")
    for one in (address("import", theirs.uuid), address("import_refused", theirs.uuid, "csv")):
        assert client.get(one).status_code == 404
    for do in ("confirm", "cancel", "forget"):
        assert client.post(address("import", theirs.uuid), {"do": do}).status_code == 404
    assert Import.objects.get().state == Import.State.CHECKED
    assert str(theirs.uuid) not in client.get(address("import_rows")).content.decode()
    for form in ("csv", "xlsx"):
        for model in ("employee", "position"):
            given = {"form": form, "organization": foreign["organization"].pk}
            rows = rows_of(body(client.post(address("export_rows", model=model), given)))
            assert CANARY not in str(rows)
    post(client, csv_of(FILE), organization=foreign["organization"].pk)
    assert Import.objects.exclude(pk=theirs.pk).get().organization == organization
    # Nor as the employees' file below the positions.
    assert (
        sign_in(foreign["organization"], "admin").get(address("import", theirs.uuid, model="position")).status_code
        == 404
    )


def test_whoever_works_for_several_says_for_which_one(organization, sign_in, foreign) -> None:
    client = sign_in(organization, "editor")
    second, viewed = OrganizationFactory(), OrganizationFactory()
    MemberFactory(organization=second, user=client.user, role="editor")
    MemberFactory(organization=viewed, user=client.user, role="viewer")
    for other in (viewed, foreign["organization"]):
        assert post(client, csv_of(FILE), organization=other.pk).status_code == 200
        assert client.post(address("export_rows"), {"form": "csv", "organization": other.pk}).status_code == 200
    assert not Import.objects.exists() and not AuditEntry.objects.filter(action="exported").exists()
    post(client, csv_of(FILE), organization=second.pk)
    assert Import.objects.get().organization == second


def test_rows_of_another_organization_are_neither_found_nor_changed(organization, foreign, sign_in) -> None:
    other = foreign["employee"]
    rows = [[*NEW, "Company", "Department", "Manager"]]
    rows += [[other.number, "New", "Name", "", "", ""], ["1", "K", "A", CANARY, foreign["department"].code, ""]]
    boss = EmployeeFactory(organization=foreign["organization"])
    rows += [["2", "K", "A", "", "", boss.number]]
    asked = sent(organization, "employees", csv_of(rows))
    work.confirm(asked.pk)
    asked = carried_on(asked)
    assert (asked.created, asked.refused) == (1, 2)
    other.refresh_from_db()
    assert other.first_name == CANARY
    assert Employee.objects.get(organization=organization).number == other.number


def test_an_export_is_asked_for_by_post_and_noted(organization, sign_in) -> None:
    employee = EmployeeFactory(organization=organization, first_name="=1+1", national_id="02049012345")
    PositionFactory(employee=employee, title="Leader")
    client = sign_in(organization, "editor")
    for model, kind in (("employee", "employees"), ("position", "positions")):
        client.get(address("export_rows", model=model))
        assert not AuditEntry.objects.filter(action="exported", kind=kind).exists()
        for form in ("csv", "xlsx"):
            response = client.post(address("export_rows", model=model), {"form": form})
            assert f"{kind}.{form}" in response["Content-Disposition"] and "no-store" in response["Cache-Control"]
            found = str(rows_of(body(response)))
            assert employee.number in found and "02049012345" not in found and "'=1+1" in found
        entries = AuditEntry.objects.filter(action="exported", kind=kind)
        assert {(e.actor, e.organization_id) for e in entries} == {(client.user.get_username(), organization.pk)}
        assert [e.object_name for e in entries.order_by("pk")] == ["1 rows (csv)", "1 rows (xlsx)"]


def test_a_workbook_that_would_be_too_large_is_not_made(organization, sign_in, monkeypatch) -> None:
    EmployeeFactory(organization=organization)
    monkeypatch.setattr(writing, "MOST_ROWS", 0)
    client = sign_in(organization, "editor")
    assert "Take CSV" in client.post(address("export_rows"), {"form": "xlsx"}).content.decode()
    assert client.post(address("export_rows"), {"form": "csv"}).streaming


def test_no_word_is_said_without_its_csrf_token(organization, sign_in) -> None:
    asked = sent(organization, "employees", csv_of(FILE))
    client = Client(enforce_csrf_checks=True)
    client.force_login(MemberFactory(organization=organization, role="editor").user)
    assert post(client, csv_of(FILE)).status_code == 403
    assert client.post(address("import", asked.uuid), {"do": "confirm"}).status_code == 403
    assert client.post(address("export_rows"), {"form": "csv"}).status_code == 403


def test_a_file_that_is_sent_lies_in_the_memory_alone(organization, sign_in, monkeypatch, settings) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda *a, **k: pytest.fail("a file on a disk"))
    content = csv_of([NEW, *[[str(n), "Kari", "Nordmann" * 9] for n in range(19_000)]])[: 3 * 2**20]
    assert 2.9 * 2**20 < settings.FILE_UPLOAD_MAX_MEMORY_SIZE == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert post(sign_in(organization, "editor"), content).status_code == 302


def test_wrong_forms_and_wrong_words_do_nothing(organization, sign_in) -> None:
    client = sign_in(organization, "editor")
    assert client.get(address("import_template", "exe")).status_code == 404
    assert "file is empty" in post(client, b"").content.decode()
    response = client.post(
        address("import_rows", model="position"),
        {"file": SimpleUploadedFile("x.csv", b"a"), "empty": "keep", "effective_from": "0001-01-01"},
    )
    assert response.status_code == 200 and not Import.objects.exists()
    asked = sent(organization, "employees", csv_of(FILE))
    client.post(address("import", asked.uuid), {"do": "dance"})
    asked.refresh_from_db()
    assert asked.state == Import.State.CHECKED
    own = sent(organization, "employees", csv_of(FILE), user=client.user)
    assert client.get(address("import_refused", own.uuid, "exe")).status_code == 404


@pytest.mark.parametrize("model", ["employee", "position"])
def test_pages_and_exports_ask_as_often_whatever_there_is(organization, sign_in, model) -> None:
    client = sign_in(organization, "editor")

    def asked(number: int) -> list[int]:
        for _ in range(number):
            boss = EmployeeFactory(organization=organization, company=CompanyFactory(organization=organization))
            PositionFactory(employee=EmployeeFactory(organization=organization, manager=boss))
        rows = [[*NEW], *[[f"{number}-{n}", "K", ""] for n in range(number)]]
        kind = f"{model}s"
        known = sent(organization, kind, csv_of(rows if model == "employee" else [["Employee number"], *rows[1:]]))
        numbers = []
        for ask in (
            lambda: client.get(address("import_rows", model=model)),
            lambda: client.get(address("import", known.uuid, model=model)),
            lambda: body(client.post(address("export_rows", model=model), {"form": "csv"})),
        ):
            with CaptureQueriesContext(connection) as queries:
                ask()
            numbers.append(len(queries))
        return numbers

    assert asked(2) == asked(20)
