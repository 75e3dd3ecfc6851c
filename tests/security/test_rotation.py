"""Keys are changed while the product runs: nothing is lost, and afterwards the former key opens nothing."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from config.management.commands import rotate_keys
from integrations.models import ExportFile, ExportRecord, Integration
from positions.encryption import decrypt, encrypt, rotate
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
                patiently(partial(Integration.objects.filter(pk=pk).update, vault={"token": str(n)}))
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


# -- how keys are derived


def as_releases_before(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))


def by_rfc_5869(key: str, info: bytes) -> Fernet:
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def test_each_purpose_has_a_key_of_its_own(settings):
    settings.ENCRYPTION_KEYS = ["new", "former"]
    at_rest, waiting = encrypt("t0ken"), encrypt("t0ken", "session")
    assert by_rfc_5869("new", b"position-sync at rest").decrypt(at_rest.encode()) == b"t0ken"
    assert by_rfc_5869("new", b"position-sync session").decrypt(waiting.encode()) == b"t0ken"
    assert decrypt(waiting, "session") == "t0ken"
    with pytest.raises(ImproperlyConfigured):
        decrypt(waiting)
    with pytest.raises(ImproperlyConfigured):
        decrypt(at_rest, "session")


def test_what_releases_before_wrote_is_read_and_while_they_run_they_read_what_is_written(settings):
    settings.ENCRYPTION_KEYS = ["new", "former"]
    theirs = as_releases_before("former").encrypt(b"t0ken").decode()
    for derivation in ("sha256", "hkdf"):
        settings.ENCRYPTION_DERIVATION = derivation
        assert decrypt(theirs) == decrypt(theirs, "session") == "t0ken"
    settings.ENCRYPTION_DERIVATION = "sha256"
    for purpose in ("at rest", "session"):
        assert as_releases_before("new").decrypt(encrypt("t0ken", purpose).encode()) == b"t0ken"
    ours = by_rfc_5869("former", b"position-sync at rest").encrypt(b"t0ken").decode()
    assert decrypt(ours) == "t0ken", "a process that was switched over before this one wrote it"


@pytest.mark.django_db
@pytest.mark.parametrize("there", ["hkdf", "sha256"])
def test_rotation_takes_everything_over_to_another_derivation_and_back(secrets, settings, there):
    settings.ENCRYPTION_DERIVATION = {"hkdf": "sha256", "sha256": "hkdf"}[there]
    Integration.objects.update(vault={"token": "newer"})
    settings.ENCRYPTION_DERIVATION = there
    call_command("rotate_keys", verbosity=0)
    box = as_releases_before("former") if there == "sha256" else by_rfc_5869("former", b"position-sync at rest")
    with connection.cursor() as cursor:
        for model, field in rotate_keys.encrypted_columns():
            cursor.execute(f"SELECT {field.column} FROM {model._meta.db_table} WHERE {field.column} <> ''")
            for (stored,) in cursor.fetchall():
                assert box.decrypt(stored.encode())
    assert Integration.objects.get().vault == {"token": "newer"}
