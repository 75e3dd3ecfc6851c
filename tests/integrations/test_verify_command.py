"""`manage.py verify`: whom a connection may be verified with, what it prints, and when it ends with an error."""

from __future__ import annotations

import itertools
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.models import EmployeeLink, ExportFile, Integration
from integrations.sandboxes.base import Sandbox
from integrations.sandboxes.server import Tenants
from integrations.systems.registry import connector_for
from positions.models import Employee
from tests.factories import EmployeeFactory, OrganizationFactory, PositionFactory

_tenant = itertools.count(1)
pytestmark = pytest.mark.django_db


class Connected:
    def __init__(self, server: tuple[str, Tenants], system: str, tenant: str) -> None:
        address, tenants = server
        self.sandbox: Sandbox = tenants.get(system, tenant)
        declared = connector_for(system).system
        self.employee: Employee = EmployeeFactory(organization=OrganizationFactory(), number="1042")
        self.integration = Integration(
            organization=self.employee.organization,
            system_key=system,
            name=tenant,
            settings=dict(self.sandbox.settings),
            base_urls={name: f"{address}/{system}/{tenant}{path}" for name, path in declared.sandbox_urls.items()},
        )
        self.integration.set_credentials(dict(self.sandbox.credentials), by="test")
        self.integration.save()
        person = self.employee
        self.id = self.sandbox.add_employee(person.number, person.first_name, person.last_name, email=person.email)

    def verify(self, *options: str) -> str:
        self.out = StringIO()
        call_command("verify", str(self.integration.pk), *options, stdout=self.out)
        return self.out.getvalue()


@pytest.fixture
def netvisor(sandbox_server: tuple[str, Tenants], settings: Any) -> Connected:
    settings.ALLOW_PRIVATE_TARGETS = True
    return Connected(sandbox_server, "netvisor", f"verify-{next(_tenant)}")


def test_it_reads_and_says_what_is_left_to_try(netvisor: Connected) -> None:
    said = netvisor.verify()
    assert "confirmed   The credentials are taken" in said
    assert "Not without --write." in said and "Not without --employee." in said
    assert " 0 odd," in said
    assert netvisor.sandbox.employments("1042") == []


def test_it_writes_one_person_and_prints_json(netvisor: Connected) -> None:
    found = json.loads(netvisor.verify("--employee", "1042", "--write", "--json"))
    assert found["counts"]["odd"] == found["counts"]["not_tried"] == 0
    assert (found["test_person"], found["written"], found["left"]) == ("1042", True, [])
    assert netvisor.sandbox.employments("1042") == []
    assert netvisor.employee.last_name not in json.dumps(found)
    # Nothing of it is known here afterwards.
    assert not EmployeeLink.objects.exists()


def test_something_odd_ends_with_an_error(netvisor: Connected) -> None:
    netvisor.sandbox.tenant.fail(path="getemployees", times=50, status=503)
    with pytest.raises(CommandError, match=r"Odd: \d"):
        netvisor.verify()
    assert "ODD         The list of everybody can be read to its end." in netvisor.out.getvalue()


def test_nobody_else_is_written_to(netvisor: Connected) -> None:
    with pytest.raises(CommandError, match="Name the test person"):
        netvisor.verify("--write")
    with pytest.raises(CommandError, match="no employee 99"):
        netvisor.verify("--employee", "99", "--write")
    other = EmployeeFactory(organization=OrganizationFactory(), number="55")
    with pytest.raises(CommandError, match="no employee 55"):
        netvisor.verify("--employee", other.number)
    PositionFactory(employee=netvisor.employee)
    with pytest.raises(CommandError, match="has positions here"):
        netvisor.verify("--employee", "1042", "--write")
    assert "Found by employee number" in netvisor.verify("--employee", "1042")
    with pytest.raises(CommandError, match="no connection 0"):
        call_command("verify", "0")
    assert netvisor.sandbox.employments("1042") == []


def test_a_record_that_is_somebody_elses_is_not_written_to(netvisor: Connected) -> None:
    someone = EmployeeFactory(organization=netvisor.employee.organization)
    EmployeeLink.objects.create(integration=netvisor.integration, employee_key=someone.pk, remote_id=netvisor.id)
    with pytest.raises(CommandError, match=r"Odd: \d"):
        netvisor.verify("--employee", "1042", "--write")
    assert netvisor.sandbox.employments("1042") == []


def test_the_record_is_that_of_the_match(netvisor: Connected) -> None:
    """As a worker goes by it: a confirmed one before whoever bears the number, and none that a person ended."""
    confirmed = netvisor.sandbox.add_employee("2000", "Other", "Record")
    link = EmployeeLink.objects.create(
        integration=netvisor.integration,
        employee_key=netvisor.employee.pk,
        remote_id=confirmed,
        state=EmployeeLink.State.RELEASED,
    )
    for link.state in (EmployeeLink.State.RELEASED, EmployeeLink.State.STOPPED):
        link.save()
        with pytest.raises(CommandError, match="was ended"):
            netvisor.verify("--employee", "1042", "--write")
    assert not netvisor.sandbox.tenant.calls
    link.state, link.confirmed_at = EmployeeLink.State.MATCHED, timezone.now()
    link.save()
    assert "Found by confirmation" in netvisor.verify("--employee", "1042", "--write")
    made = {call.query for call in netvisor.sandbox.tenant.calls if call.path == "addjobperiod.nv"}
    assert made - {"employeeidentifier=0"} == {f"employeeidentifier={confirmed}"}  # 0: the test of the rights


@pytest.mark.parametrize("pair", ["percentage", "nothing=1", "percentage=", "percentage=x", "contract_type=x"])
def test_a_value_that_is_none_is_refused(netvisor: Connected, pair: str) -> None:
    with pytest.raises(CommandError):
        netvisor.verify("--employee", "1042", "--write", "--value", pair)


def test_what_is_given_is_written_and_changed_to(netvisor: Connected) -> None:
    values = ("--value", "title=Baker", "--value", "title=Head baker", "--value", "percentage=55.5")
    netvisor.verify("--employee", "1042", "--write", *values)
    bodies = " ".join(call.body for call in netvisor.sandbox.tenant.calls)
    assert "Baker<" in bodies and "Head baker<" in bodies and "55.5" in bodies
    assert "Position Sync test" not in bodies


def test_a_system_of_files_gets_one_to_import(sandbox_server: tuple[str, Tenants], tmp_path: Path) -> None:
    crona = Connected(sandbox_server, "crona_lon", "verify-file")
    assert "Not without --file." in crona.verify("--employee", "1042")
    file: Any = tmp_path / "test.pax"
    found = json.loads(crona.verify("--employee", "1042", "--file", str(file), "--json"))
    assert found["counts"] == {"confirmed": 2, "odd": 0, "not_tried": 0, "by_hand": 7}
    assert b'anstid="1042"' in file.read_bytes()
    assert not ExportFile.objects.exists()
