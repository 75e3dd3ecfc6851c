"""A national id and an API key are nowhere in clear: pages, answers, history, logs, the database."""

from __future__ import annotations

import json
import logging

import pytest
from cryptography.fernet import InvalidToken
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from positions import encryption
from positions.models import Employee, IdempotencyKey
from tests.factories import EmployeeFactory

NATIONAL_ID = "02049077777"


def everything_stored() -> str:
    """Each value of each table."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(found)


@pytest.mark.django_db
def test_a_national_id_is_nowhere_in_clear(organization, api, sign_in, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    admin = sign_in(organization, "admin")
    body = {"number": "1", "first_name": "Kari", "last_name": "Nordmann", "national_id": NATIONAL_ID}
    seen = [api.post("/employees/", body, Idempotency_Key="k"), api.post("/employees/", body, Idempotency_Key="k")]
    employee = Employee.objects.get()
    assert employee.national_id == NATIONAL_ID
    path = f"/employees/{employee.pk}/"
    seen += [
        api.post("/employees/", {**body, "number": ""}),
        api.post("/employees/", {**body, "nummer": "2"}),
        api.post("/positions/", {"employee": employee.pk, "title": "T", "start_date": "2026-01-01"}),
        api.patch(path, {"national_id": NATIONAL_ID, "email": "no"}),
        api.patch(path, {"national_id": NATIONAL_ID}),
        api.get(path),
        api.get("/employees/"),
        api.get("/positions/"),
        api.client.get("/api/schema/"),
    ]
    form = {"number": "1", "first_name": "Kari", "last_name": "N", "new_national_id": NATIONAL_ID}
    change = reverse("admin:positions_employee_change", args=[employee.pk])
    seen += [
        admin.post(change, {**form, "last_name": ""}),
        admin.post(change, form, follow=True),
        admin.get(change),
        admin.get(reverse("admin:positions_employee_changelist")),
        admin.get(reverse("admin:positions_employee_changelist") + "?q=Kari"),
        admin.get(reverse("admin:positions_employee_history", args=[employee.pk])),
        admin.get(reverse("admin:positions_employee_delete", args=[employee.pk])),
        admin.get(reverse("admin:index")),
    ]
    autocomplete = "?app_label=positions&model_name=position&field_name=employee&term=Kari"
    seen.append(admin.get(reverse("admin:autocomplete") + autocomplete))
    for response in seen:
        assert NATIONAL_ID not in response.content.decode()
        assert NATIONAL_ID not in str(response.headers)
    assert LogEntry.objects.exists() and IdempotencyKey.objects.exists()
    stored = everything_stored()
    assert NATIONAL_ID not in stored and api.headers["Authorization"].split()[1] not in stored
    written = caplog.text + "".join(capfd.readouterr())
    assert NATIONAL_ID not in written
    assert repr(employee) and NATIONAL_ID not in repr(employee) + str(employee)


@pytest.mark.django_db
def test_a_traceback_page_does_not_show_it(organization, sign_in, settings, monkeypatch):
    settings.DEBUG = False
    admin = sign_in(organization, "admin")
    admin.raise_request_exception = False
    employee = EmployeeFactory(organization=organization)

    def broken(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr("positions.admin.employee.EmployeeAdmin.save_model", broken)
    form = {"number": "1", "first_name": "K", "last_name": "N", "new_national_id": NATIONAL_ID}
    response = admin.post(reverse("admin:positions_employee_change", args=[employee.pk]), form)
    assert response.status_code == 500 and NATIONAL_ID not in response.content.decode()
    from django.views.debug import SafeExceptionReporterFilter

    shown = SafeExceptionReporterFilter().get_post_parameters(response.wsgi_request)
    assert NATIONAL_ID not in str(dict(shown))


# -- encryption


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_is_encrypted_comes_back(text):
    stored = encryption.encrypt(text)
    assert encryption.decrypt(stored) == text
    assert not text or text not in stored or len(text) < 4


def test_keys_are_rotated(settings):
    settings.ENCRYPTION_KEYS = ["old"]
    stored = encryption.encrypt("secret")
    settings.ENCRYPTION_KEYS = ["new", "old"]
    assert encryption.decrypt(stored) == "secret"
    rotated = encryption.rotate(stored)
    settings.ENCRYPTION_KEYS = ["new"]
    assert encryption.decrypt(rotated) == "secret"
    with pytest.raises(ImproperlyConfigured, match="missing from ENCRYPTION_KEYS") as caught:
        encryption.decrypt(stored)
    assert "secret" not in str(caught.value) and stored not in str(caught.value)
    assert not isinstance(caught.value.__cause__, InvalidToken)
    assert encryption.rotate("") == encryption.encrypt("") == encryption.decrypt("") == ""
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(ImproperlyConfigured, match="is empty"):
        encryption.encrypt("x")


@pytest.mark.django_db
def test_the_same_id_is_stored_differently_each_time(organization):
    one = EmployeeFactory(organization=organization, national_id=NATIONAL_ID)
    two = EmployeeFactory(organization=organization, national_id=NATIONAL_ID)
    with connection.cursor() as cursor:
        cursor.execute("SELECT national_id FROM positions_employee WHERE id IN (%s, %s)", [one.pk, two.pk])
        stored = [row[0] for row in cursor.fetchall()]
    assert len(set(stored)) == 2 and all(encryption.decrypt(text) == NATIONAL_ID for text in stored)


def test_a_json_field_of_secrets():
    field = encryption.EncryptedJSONField()
    stored = field.get_prep_value({"token": "secret"})
    assert "secret" not in stored
    assert field.from_db_value(stored, None, None) == {"token": "secret"}
    assert field.get_prep_value({}) == "" and field.from_db_value("", None, None) == {}
    assert field.to_python(json.dumps({"a": 1})) == {"a": 1} and field.to_python("") == {}
