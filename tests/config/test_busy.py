"""A busy database: who only reads waits for nobody, who writes is told to come back, and nothing is half done."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from config.busy import failed
from integrations.models import Integration
from positions.busy import is_busy, without_waiting
from positions.models import ApiKey, Employee
from synclog.models import Job
from tests.factories import ApiKeyFactory, EmployeeFactory, PositionFactory
from tests.positions.conftest import Api
from tests.security.conftest import browser_of


def leading_to(path: Path) -> Any:
    """A connection to this file, with the embedded product's settings but for the patience."""
    known = connections["default"]
    options = {**known.settings_dict["OPTIONS"], "timeout": 0.05}
    return known.__class__({**known.settings_dict, "NAME": str(path), "OPTIONS": options}, "default")


@pytest.fixture
def on_disk(db: Any, tmp_path: Path) -> Iterator[Path]:
    """This test's database is a file, as the embedded product's is, with its settings but for the patience."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    memory = connections["default"]
    memory.ensure_connection()
    path = tmp_path / "position-sync.sqlite3"
    path.write_bytes(memory.connection.serialize())
    connections["default"] = leading_to(path)
    try:
        yield path
    finally:
        connections["default"].close()
        connections["default"] = memory


BAKER = {"title": "Baker", "start_date": "2026-03-01"}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else is writing all the while."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


READS = ["/employees/", "/positions/", "/companies/", "/departments/", "/integrations/", "/jobs/"]
PAGES = [
    "/admin/",
    "/admin/positions/employee/",
    "/admin/positions/position/",
    "/admin/positions/apikey/",
    "/admin/integrations/integration/",
    "/admin/synclog/job/",
]


def test_who_reads_waits_for_nobody(on_disk: Path) -> None:
    position = PositionFactory()
    organization = position.employee.organization
    key = ApiKeyFactory(organization=organization, scopes=["positions:read", "sync:read"])
    api, browser = Api(key), browser_of(organization, "admin")
    pages = [
        *PAGES,
        f"/admin/positions/employee/{position.employee_id}/change/",
        f"/admin/positions/position/{position.pk}/change/",
    ]
    with locked(on_disk):
        for address in READS:
            assert api.get(address).status_code == 200, address
        for address in pages:
            assert browser.get(address).status_code == 200, address
        assert ApiKey.objects.get().last_used_at is None, "nobody waited to note it"
    api.get("/employees/")
    assert ApiKey.objects.get().last_used_at is not None


def test_who_writes_through_the_api_is_told_to_come_back(on_disk: Path) -> None:
    organization = EmployeeFactory().organization
    api = Api(ApiKeyFactory(organization=organization))
    new = {"number": "77", "first_name": "Åse", "last_name": "Berg"}
    with locked(on_disk):
        answer = api.post("/employees/", new)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert (said["code"], said["status"], said["title"]) == ("busy", 503, "Busy")
    assert "Nothing was changed" in said["detail"]
    assert api.post("/employees/", new).status_code == 201, "and then it works"
    assert Employee.objects.filter(number="77").count() == 1


def test_writers_at_the_same_moment_lose_nothing(on_disk: Path) -> None:
    """Each is carried out or told to come back, and whoever comes back is carried out once."""
    organization = EmployeeFactory().organization
    integration = Integration(organization=organization, system_key="netvisor", name="Netvisor")
    integration.switch(True)
    integration.save()
    key = ApiKeyFactory(organization=organization)
    begin, told = threading.Barrier(6), []

    def write(writer: int) -> None:
        connections["default"] = leading_to(on_disk)  # each thread has its own
        begin.wait()
        try:
            for number in range(5):
                body = {"number": f"{writer}-{number}", "first_name": "Åse", "last_name": "Berg", "positions": [BAKER]}
                while (answer := Api(key).post("/employees/", body)).status_code != 201:
                    told.append((answer.status_code, answer.json()["code"], answer.headers["Retry-After"]))
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=write, args=[writer]) for writer in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) <= {(503, "busy", "5")}
    numbers = list(Employee.objects.exclude(positions=None).values_list("number", flat=True))
    assert sorted(numbers) == sorted(f"{writer}-{number}" for writer in range(6) for number in range(5))
    assert Job.objects.filter(integration=integration).count() == 30


def test_what_fails_after_a_commit_has_a_name_in_django_s_log() -> None:
    """A `partial` has none: the log's own error would be told to whoever saved, as if nothing was stored."""
    for app in ("config", "integrations", "positions", "synclog"):
        for path in (Path(__file__).parents[2] / app).rglob("*.py"):
            assert not re.search(r"on_commit\(\s*(functools\.)?partial\(", path.read_text("utf-8")), path


def test_who_saves_on_a_page_is_told_to_come_back(on_disk: Path) -> None:
    employee = EmployeeFactory(first_name="Kari")
    browser = browser_of(employee.organization, "editor")
    address = f"/admin/positions/employee/{employee.pk}/change/"
    form = {
        **dict.fromkeys(("email", "birth_date", "company", "department", "manager", "external_id"), ""),
        "number": employee.number,
        "first_name": "Åse",
        "last_name": employee.last_name,
    }
    with locked(on_disk):
        answer = browser.post(address, form)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    text = answer.content.decode()
    assert "The database is busy" in text and "Go back in your browser" in text and "Position Sync" in text
    employee.refresh_from_db()
    assert employee.first_name == "Kari"
    assert browser.post(address, form).status_code == 302
    employee.refresh_from_db()
    assert employee.first_name == "Åse"


def test_a_sign_in_meanwhile(on_disk: Path) -> None:
    """It writes in middlewares too, where no view answers for it."""
    browser_of(None, "operator", username="kari", password="md5$x$")
    browser = Client(raise_request_exception=False)
    with locked(on_disk):
        answer = browser.post("/admin/login/", {"username": "kari", "password": "wrong"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def of_sqlite(code: int) -> OperationalError:
    """As Django raises it."""
    cause = sqlite3.OperationalError()
    cause.sqlite_errorcode = code
    error = OperationalError("whatever the words are")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("address", ["/admin/positions/employee/", "/api/docs/"])
def test_what_a_middleware_raises(db: Any, rf: Any, admin_user: Any, address: str) -> None:
    request = rf.get(address)
    request.user = admin_user
    for code, status in ((sqlite3.SQLITE_BUSY, 503), (sqlite3.SQLITE_ERROR, 500)):
        try:
            raise of_sqlite(code)
        except OperationalError:
            answer = failed(request)
        assert answer.status_code == status
        assert ("Retry-After" in answer.headers) == (status == 503)
        assert (b"Try again" in answer.content) == (status == 503 and address.startswith("/admin/"))


def test_other_troubles_of_a_database_are_not_called_busy() -> None:
    for code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY):
        assert not is_busy(of_sqlite(code))
    assert not is_busy(OperationalError("database is locked")) and not is_busy(ValueError()) and not is_busy(None)
    for code in (sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_LOCKED_SHAREDCACHE, sqlite3.SQLITE_BUSY_SNAPSHOT):
        assert is_busy(of_sqlite(code))


def test_a_table_that_another_connection_holds_is_busy(tmp_path: Path) -> None:
    """SQLite names it: "database table is locked: positions_apikey"."""
    address = f"file:{tmp_path}/db?cache=shared"
    writing, reading = (sqlite3.connect(address, uri=True) for _ in range(2))
    with closing(writing), closing(reading):
        writing.execute("CREATE TABLE positions_apikey (id)")
        writing.commit()
        writing.execute("INSERT INTO positions_apikey VALUES (1)")
        with pytest.raises(sqlite3.OperationalError) as error:
            reading.execute("SELECT * FROM positions_apikey")
    told = OperationalError(str(error.value))
    told.__cause__ = error.value
    assert is_busy(told)


def test_not_to_wait_leaves_everybody_else_their_patience(on_disk: Path) -> None:
    with locked(on_disk), pytest.raises(OperationalError) as error, without_waiting():
        Employee.objects.update(first_name="Åse")
    assert is_busy(error.value)
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (50,)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_locked_row_of_postgresql_is_told_alike() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks the whole database")
    employee = EmployeeFactory()
    other = connection.copy("other")
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT 1 FROM positions_employee WHERE id = %s FOR UPDATE", [employee.pk])
            with pytest.raises(OperationalError) as error, without_waiting():
                Employee.objects.filter(pk=employee.pk).update(first_name="Åse")
            assert is_busy(error.value)
            api = Api(ApiKeyFactory(organization=employee.organization))
            answer = api.patch(f"/employees/{employee.pk}/", {"first_name": "Åse"})
            assert (answer.status_code, json.loads(answer.content)["code"]) == (503, "busy")
    finally:
        other.rollback()
        other.close()
