"""`manage.py api_key`: the first key of an organization, made by whoever runs the machine."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from positions.models import ApiKey, AuditEntry, Organization
from tests.factories import ApiKeyFactory, MemberFactory, OperatorFactory, OrganizationFactory
from tests.positions.conftest import Api


@pytest.fixture
def organization(db: Any) -> Organization:
    return OrganizationFactory(name="Fjellheim")


def command(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("api_key", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def create(*arguments: str, of: str = "Fjellheim") -> tuple[str, str]:
    return command("create", "--organization", of, "--scopes", "positions:write,positions:read", *arguments)


def test_the_first_key_is_printed_once_ends_with_its_owner_and_is_in_the_trail(organization: Organization) -> None:
    with pytest.raises(CommandError, match="make an operator"):
        create()
    operator = OperatorFactory(username="root")
    printed, said = create("--name", "HR", "--days", "30", of=str(organization.pk))
    key = ApiKey.objects.get()
    assert key.scopes == ["positions:read", "positions:write"] and key.name == "HR" and key.owner == operator
    assert timedelta(days=29) < key.expires - timezone.now() <= timedelta(days=30)
    assert printed.strip() not in said and key.hash == ApiKey.digest(printed.strip())
    key.key = printed.strip()  # type: ignore[attr-defined]
    assert Api(key).get("/employees/").status_code == 200

    entry = AuditEntry.objects.get(kind="API key")
    assert entry.via == AuditEntry.Via.SYSTEM and "command line" in entry.actor and entry.action == "created"
    assert printed.strip() not in str(entry.changes)

    listed, _ = command("list", "--organization", "Fjellheim")
    assert f"{key.pk}  HR ({key.prefix}…)" in listed and "owner: root" in listed
    operator.is_active = False
    operator.save()
    assert Api(key).get("/employees/").json()["code"] == "ended_key"
    assert "Ended" in command("list")[0]


def test_whose_it_is_must_be_clear_and_theirs_to_hold(organization: Organization) -> None:
    for name in ("ada", "bo"):
        MemberFactory(organization=organization, role="admin", user__username=name)
    MemberFactory(organization=organization, role="editor", user__username="eve")
    MemberFactory(role="admin", user__username="elsewhere")
    with pytest.raises(CommandError, match="--owner one of: ada, bo\\."):
        create()
    for other in ("eve", "elsewhere", "nobody"):
        with pytest.raises(CommandError, match=f"{other} may hold no keys of Fjellheim"):
            create("--owner", other)
    create("--owner", "bo")
    assert ApiKey.objects.get().owner.get_username() == "bo"


def test_what_cannot_be_is_refused(organization: Organization) -> None:
    OperatorFactory()
    for arguments, words in (
        (("--days", "0"), "1 to 365 days"),
        (("--days", "366"), "1 to 365 days"),
        (("--scopes", "positions:read,everything"), "no scope “everything”"),
        (("--name", "x" * 81), "at most 80 characters"),
        (("--organization", "Elsewhere"), "no organization Elsewhere"),
    ):
        with pytest.raises(CommandError, match=words):
            create(*arguments)
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_gone_at_once(organization: Organization) -> None:
    OperatorFactory()
    key = ApiKeyFactory(organization=organization)
    command("revoke", str(key.pk))
    assert Api(key).get("/employees/").status_code == 401
    assert AuditEntry.objects.filter(kind="API key", action="deleted", actor__contains="command line").exists()
    with pytest.raises(CommandError, match="no key"):
        command("revoke", str(key.pk))
