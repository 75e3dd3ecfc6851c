"""Keys are changed while the product runs: nothing is lost, and afterwards the former key opens nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from config.management.commands import rotate_keys
from integrations.models import ExportFile, ExportRecord, Integration
from positions.encryption import rotate
from positions.models import Employee
from tests.factories import EmployeeFactory, IntegrationFactory

NATIONAL_ID = "02049077777"


@pytest.fixture
def secrets(settings) -> None:
    settings.ENCRYPTION_KEYS = ["former"]
    for n in range(7):
        EmployeeFactory(national_id=f"{NATIONAL_ID}{n}")
    EmployeeFactory(national_id="")
    integration = IntegrationFactory(vault={"token": "t0ken"})
    file = ExportFile.objects.create(integration=integration, made_at=timezone.now())
    ExportRecord.objects.create(file=file, employee_key=1, record={"id": NATIONAL_ID})


@pytest.mark.django_db
def test_every_encrypted_column_is_encrypted_with_the_first_key(secrets, settings, capsys):
    settings.ENCRYPTION_KEYS = ["new", "former"]
    call_command("rotate_keys", batch=3)
    said = capsys.readouterr().out
    for column in (
        "Employee.national_id: 7",
        "Integration.credentials: 1",
        "Integration.vault: 1",
        "ExportRecord.record: 1",
    ):
        assert column in said
    settings.ENCRYPTION_KEYS = ["new"]
    assert sorted(e.national_id for e in Employee.objects.all()) == ["", *[f"{NATIONAL_ID}{n}" for n in range(7)]]
    assert Integration.objects.get().vault == {"token": "t0ken"} and Integration.objects.get().credentials
    assert ExportRecord.objects.get().record == {"id": NATIONAL_ID}
    settings.ENCRYPTION_KEYS = ["former"]
    with pytest.raises(ImproperlyConfigured):
        list(Employee.objects.all())


@pytest.mark.django_db
def test_without_the_key_it_says_so_and_changes_nothing(secrets, settings):
    settings.ENCRYPTION_KEYS = ["new"]
    with pytest.raises(CommandError, match=r"credentials: .*missing from ENCRYPTION_KEYS"):
        call_command("rotate_keys")
    settings.ENCRYPTION_KEYS = ["former"]
    assert Employee.objects.exclude(national_id="").count() == 7
    assert all(e.national_id.startswith(NATIONAL_ID) for e in Employee.objects.all() if e.national_id)


@pytest.mark.django_db
def test_what_is_written_between_the_reading_and_the_writing_wins(secrets, settings, monkeypatch):
    """A worker saves a new refresh token just then: the rotation must not put the spent one back."""
    settings.ENCRYPTION_KEYS = ["new", "former"]
    once = []

    def interrupted(stored: str) -> str:
        rotated = rotate(stored)
        if not once and Integration.objects.get().vault == {"token": "t0ken"}:
            once.append(1)
            Integration.objects.update(vault={"token": "newer"})
        return rotated

    monkeypatch.setattr(rotate_keys, "rotate", interrupted)
    vault = Integration._meta.get_field("vault")
    assert rotate_keys.rotate_column(Integration, vault, 10) == 1
    monkeypatch.undo()
    assert Integration.objects.get().vault == {"token": "newer"}


def patiently(act: Callable[[], Any]) -> None:
    """SQLite in memory, which tests use, does not wait for the other connection."""
    deadline = time.monotonic() + 30
    while True:
        try:
            act()
            return
        except OperationalError:
            assert time.monotonic() < deadline, "never free"
            time.sleep(0.002)


@pytest.mark.django_db(transaction=True)
def test_with_writers_at_work_nothing_is_lost(secrets, settings):
    settings.ENCRYPTION_KEYS = ["new", "former"]
    pk, written, done = Integration.objects.get().pk, [], threading.Event()

    def writer() -> None:
        try:
            for n in range(150):
                patiently(lambda n=n: Integration.objects.filter(pk=pk).update(vault={"token": str(n)}))
                written.append(n)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=writer)
    thread.start()
    rounds = 0
    while not done.is_set() and rounds < 500:
        patiently(lambda: rotate_keys.rotate_column(Integration, Integration._meta.get_field("vault"), 10))
        rounds += 1
    thread.join(30)
    assert rounds > 3 and len(written) == 150
    assert Integration.objects.get().vault == {"token": "149"}
