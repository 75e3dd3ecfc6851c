"""Who changed what, from what to what: through the admin, the API and in bulk; secrets and national ids never."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import Integration
from positions.bulk import save_positions
from positions.models import AuditEntry, Employee, Organization, Position
from synclog.queue import tasks
from tests.factories import (
    ApiKeyFactory,
    EmployeeFactory,
    IntegrationFactory,
    MemberFactory,
    OrganizationFactory,
    PositionFactory,
    UserFactory,
)
from tests.security.conftest import browser_of

pytestmark = pytest.mark.django_db

NATIONAL_ID = "02049077777"


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


def newest(**wanted: Any) -> AuditEntry:
    return AuditEntry.objects.filter(**wanted).order_by("-pk")[0]


def said(entry: AuditEntry) -> tuple[str, str, str]:
    return entry.actor, entry.via, entry.action


def test_a_position_through_the_admin(organization):
    admin = browser_of(organization, "editor")
    employee = EmployeeFactory(organization=organization)
    form = {"employee": employee.pk, "title": "Baker", "start_date": "2026-01-01", "contract_type": "permanent"}
    admin.post(reverse("admin:positions_position_add"), {**form, "percentage": "100", "note": "secret plan"})
    made = newest(kind="position")
    assert said(made) == (admin.user.username, "admin", "created") and made.organization == organization
    assert made.changes["title"] == [None, "Baker"] and made.changes["note"] == ["", "•••"]
    address = reverse("admin:positions_position_change", args=[Position.objects.get().pk])
    admin.post(address, {**form, "title": "Cook", "percentage": "80", "note": "another plan"})
    changed = newest(kind="position")
    assert said(changed) == (admin.user.username, "admin", "changed") and changed.employee_key == employee.pk
    assert changed.changes == {"title": ["Baker", "Cook"], "percentage": ["100.00", "80"], "note": ["•••", "•••"]}
    admin.post(address.replace("change", "delete"), {"post": "yes"})
    assert said(newest(kind="position")) == (admin.user.username, "admin", "deleted")


def test_the_same_through_the_api(organization):
    key = ApiKeyFactory(organization=organization, name="HR import")
    client = Client(headers={"Authorization": f"Bearer {key.key}"}, content_type="application/json")
    employee = EmployeeFactory(organization=organization)
    body = {"employee": employee.pk, "title": "Baker", "start_date": "2026-01-01"}
    made = client.post("/api/v1/positions/", json.dumps(body), content_type="application/json")
    assert made.status_code == 201
    assert said(newest(kind="position")) == ("HR import", "api", "created")
    path = f"/api/v1/positions/{Position.objects.get().pk}/"
    client.patch(path, json.dumps({"title": "Cook"}), content_type="application/json")
    assert said(newest(kind="position")) == ("HR import", "api", "changed")
    assert newest(kind="position").changes == {"title": ["Baker", "Cook"]}
    path = f"/api/v1/employees/{employee.pk}/"
    client.patch(path, json.dumps({"national_id": NATIONAL_ID}), content_type="application/json")
    assert newest(kind="employee").changes == {"national_id": ["", "•••"]}
    assert NATIONAL_ID not in str(list(AuditEntry.objects.values()))
    client.delete(f"/api/v1/positions/{Position.objects.get().pk}/")
    assert said(newest(kind="position")) == ("HR import", "api", "deleted")


def test_switches_settings_and_credentials(organization):
    admin = browser_of(organization, "admin")
    integration = IntegrationFactory(organization=organization)

    def post(view: str, **data: Any) -> dict[str, Any]:
        before = AuditEntry.objects.count()
        admin.post(reverse(f"admin:integrations_integration_{view}", args=[integration.pk]), data)
        assert AuditEntry.objects.count() == before + 1, view
        entry = newest(kind="integration")
        assert said(entry) == (admin.user.username, "admin", "changed")
        return entry.changes

    assert post("switch", on="1") == {"send_positions": [False, True]}
    assert post("option", name="delete_positions", on="1") == {"delete_positions": [False, True]}
    assert list(post("pause")) == ["paused_at"]
    assert list(post("resume")) == ["paused_at"]
    integration.refresh_from_db()
    integration.set_credentials({"client_secret": "s3cret-s3cret-s3cret"}, by="x")
    integration.save(update_fields=Integration.CREDENTIAL_FIELDS)
    assert newest().changes == {"credentials.client_secret": ["•••", "•••"]}
    integration.settings = {**integration.settings, "personel_type": "ARB"}
    integration.save(update_fields=["settings"])
    assert list(newest().changes) == ["settings.personel_type"]
    assert "s3cret" not in str(list(AuditEntry.objects.values()))


def test_what_the_engine_writes_for_itself_is_no_entry(organization):
    integration = IntegrationFactory(organization=organization)
    count = AuditEntry.objects.count()
    integration.vault = {"token": "t" * 30}
    integration.last_success_at = timezone.now()
    integration.retry_count = 3
    integration.save()
    assert AuditEntry.objects.count() == count


def test_people_members_keys_and_the_organization(organization):
    user = UserFactory()
    member = MemberFactory(organization=organization, user=user, role="viewer")
    member.role = "admin"
    member.save()
    assert newest(kind="member").changes == {"role": ["viewer", "admin"]}
    user.set_password("correct-horse-9-staple")
    user.is_superuser = True
    user.save()
    entry = newest(kind="user")
    assert entry.changes in (
        {"password": ["", "•••"], "is_superuser": [False, True]},
        {"password": ["•••", "•••"], "is_superuser": [False, True]},
    )
    assert entry.organization_id is None
    key = ApiKeyFactory(organization=organization)
    assert newest(kind="API key").changes["hash"] == ["", "•••"] and key.key not in str(newest().changes)
    organization.name = "Renamed"
    organization.save()
    assert newest(kind="organization").organization_id == organization.pk
    pk = organization.pk
    organization.delete()
    assert newest(kind="organization", action="deleted").organization_id == pk


def test_a_number_that_looks_like_a_national_id_is_masked(organization):
    PositionFactory(employee=EmployeeFactory(organization=organization), title=f"Baker {NATIONAL_ID}")
    assert NATIONAL_ID not in str(list(AuditEntry.objects.values()))


def test_an_entry_goes_with_its_change_or_not_at_all(organization):

    employee = EmployeeFactory(organization=organization)
    count = AuditEntry.objects.count()
    with transaction.atomic():
        employee.first_name = "Other"
        employee.save()
        assert AuditEntry.objects.count() == count + 1
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == count


def inserts(queries: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in queries if "positions_auditentry" in q["sql"]]


def test_one_insert_for_a_save_and_one_for_a_bulk(organization):
    employee = EmployeeFactory(organization=organization)
    position = PositionFactory(employee=employee)
    with CaptureQueriesContext(connection) as queries:
        position.title = "Other"
        position.save()
    assert len(inserts(queries)) == 1
    with CaptureQueriesContext(connection) as queries:
        save_positions([PositionFactory.build(employee=employee, start_date=f"20{y}-01-01") for y in range(10, 60)])
    assert len(inserts(queries)) == 1
    rows = list(Position.objects.select_related("employee"))
    for row in rows:
        row.title = "All"
    with CaptureQueriesContext(connection) as queries:
        save_positions(rows)
    assert len(inserts(queries)) == 1
    assert AuditEntry.objects.filter(action="changed", changes__title__1="All").count() == len(rows)
    with CaptureQueriesContext(connection) as queries:
        position.refresh_from_db()
        position.save()
        list(Employee.objects.all())
    assert inserts(queries) == []  # nothing changed


def test_what_an_older_copy_takes_back_is_told(organization):
    position = PositionFactory(employee=EmployeeFactory(organization=organization), title="Baker")
    for save in (Position.save, lambda row: save_positions([row])):
        stale = Position.objects.get(pk=position.pk)
        Position.objects.filter(pk=position.pk).update(title="Cook")
        save(stale)
        entry = newest(kind="position")
        assert said(entry)[2] == "changed" and entry.changes == {"title": ["Cook", "Baker"]}
        entry.delete()


def test_what_was_changed_after_a_bulk_is_told(organization):
    employee = EmployeeFactory(organization=organization)
    (position,) = Position.objects.bulk_create([PositionFactory.build(employee=employee, title="Baker")])
    position.title = "Cook"
    position.save()
    assert newest(kind="position").changes["title"][1] == "Cook"


def test_admins_see_their_own_trail_operators_all_others_none(organization):
    other = OrganizationFactory(name="Elsewhere AS")
    EmployeeFactory(organization=organization, last_name="Ours")
    EmployeeFactory(organization=other, last_name="Theirs")
    address = reverse("admin:positions_auditentry_changelist")
    export = reverse("admin:positions_auditentry_export")
    own = browser_of(organization, "admin")
    text = own.get(address).content.decode()
    assert "Ours" in text and "Theirs" not in text
    text = b"".join(own.get(export)).decode()
    assert "Ours" in text and "Theirs" not in text
    assert "Ours" not in b"".join(own.get(export + "?kind__exact=position")).decode()
    text = b"".join(browser_of(None, "operator").get(export)).decode()
    assert "Ours" in text and "Theirs" in text
    for role in ("viewer", "editor", "stranger"):
        person = browser_of(organization, role)
        assert person.get(address).status_code == 403 and person.get(export).status_code == 403
    for method in ("add", "change", "delete"):
        args = [] if method == "add" else [AuditEntry.objects.all()[0].pk]
        assert own.post(reverse(f"admin:positions_auditentry_{method}", args=args), {"post": "yes"}).status_code in (
            302,
            403,
        )


def test_it_is_pruned_after_its_time(organization, settings):
    settings.KEEP_AUDIT_DAYS = 400
    with time_machine.travel(timezone.now() - timedelta(days=401), tick=False):
        old = EmployeeFactory(organization=organization)
    young = EmployeeFactory(organization=organization)
    tasks.prune()
    assert not AuditEntry.objects.filter(kind="employee", object_key=old.pk).exists()
    assert AuditEntry.objects.filter(kind="employee", object_key=young.pk).exists()


def test_the_command_writes_it_as_csv(organization, capsys):
    EmployeeFactory(organization=organization, last_name="Ours")
    EmployeeFactory(organization=OrganizationFactory(), last_name="=Theirs")
    call_command("audit_export", organization=organization.pk)
    text = capsys.readouterr().out
    assert text.startswith("time,organization,by") and "Ours" in text and "Theirs" not in text
    call_command("audit_export", since=timezone.now().date() + timedelta(days=2))
    assert len(capsys.readouterr().out.splitlines()) == 1
    with pytest.raises(CommandError, match="no organization 4711"):
        call_command("audit_export", organization=4711)


def test_an_entry_of_the_installation_opens_for_operators_alone(organization):
    entry = AuditEntry.objects.create(organization=None, actor="kari", via="admin", action="signed_in", kind="user")
    address = reverse("admin:positions_auditentry_change", args=[entry.pk])
    assert browser_of(None, "operator").get(address).status_code == 200
    for role in ("admin", "viewer"):
        assert browser_of(organization, role).get(address).status_code in (302, 403)
