"""Who may do what: the roles of an organization's members, and nothing else."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser

from positions import roles
from positions.models import Member, Organization
from tests.factories import MemberFactory, OperatorFactory, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("viewer", {"view"}),
        ("editor", {"view", "edit"}),
        ("admin", {"view", "edit", "administer"}),
        ("operator", {"view", "edit", "administer", "operate"}),
        (None, set()),
    ],
)
def test_roles(organization, role, allowed):
    user = OperatorFactory() if role == "operator" else UserFactory()
    if role in Member.Role.values:
        MemberFactory(organization=organization, user=user, role=role)
    other = OrganizationFactory()
    for need in ("view", "edit", "administer", "operate"):
        assert roles.can(user, organization, need) is (need in allowed)
        assert roles.can(user, organization.pk, need) is (need in allowed)
        assert roles.can_somewhere(user, need) is (need in allowed)
        assert roles.can(user, other, need) is (role == "operator")
    assert roles.role_in(user, organization) == ("admin" if role == "operator" else role)
    seen = {"operator": {organization, other}, None: set()}.get(role, {organization})
    assert set(roles.organizations_of(user)) == seen
    assert roles.only_organization(user) == (organization.pk if role in Member.Role.values else None)


def test_memberships_are_read_once(organization, django_assert_num_queries):
    user = MemberFactory(organization=organization, role="editor").user
    with django_assert_num_queries(1):
        for _ in range(5):
            roles.can(user, organization, "edit")
            roles.role_in(user, organization)
            roles.only_organization(user)


def test_which_day_it_is(organization):
    OrganizationFactory(time_zone="Europe/Helsinki")
    with time_machine.travel("2026-02-28T22:30:00Z", tick=False):
        found = dict(roles.days_of(OperatorFactory()))
        assert found == {date(2026, 2, 28): ["Europe/Oslo"], date(2026, 3, 1): ["Europe/Helsinki"]}
        assert organization.today() == date(2026, 2, 28)


def test_whoever_is_not_active_may_nothing():
    organization = OrganizationFactory()
    member = MemberFactory(organization=organization, role="admin").user
    operator = OperatorFactory(is_active=False)
    member.is_active = False
    for user in (member, operator, AnonymousUser()):
        assert roles.is_operator(user) is False
        assert roles.organization_ids(user) == frozenset()
        assert roles.can(user, organization, "view") is False and roles.can_somewhere(user, "view") is False
        assert roles.role_in(user, organization) is None and roles.only_organization(user) is None
        assert not roles.organizations_of(user)
    assert roles.organization_ids(SimpleNamespace(is_active=True, is_superuser=False, pk=None)) == frozenset()


def test_a_role_that_is_not_known_is_an_error_and_no_right():
    """Fail closed: it may come from a later version's database."""
    member = MemberFactory(role="viewer")
    Member.objects.update(role="owner")
    with pytest.raises(ValueError, match="owner"):
        roles.organization_ids(member.user)


def test_a_user_of_several_organizations():
    first, second, third = (OrganizationFactory() for _ in range(3))
    user = UserFactory()
    MemberFactory(organization=first, user=user, role="viewer")
    MemberFactory(organization=second, user=user, role="admin")
    assert roles.organization_ids(user) == {first.pk, second.pk}
    assert roles.organization_ids(user, "edit") == roles.organization_ids(user, "administer") == {second.pk}
    assert roles.organization_ids(user, "operate") == frozenset()
    assert [roles.role_in(user, o) for o in (first, second.pk, third, third.pk)] == ["viewer", "admin", None, None]
    assert set(roles.organizations_of(user)) == {first, second}
    assert roles.only_organization(user) is None
    assert roles.can_somewhere(user, "administer") and not roles.can(user, first, "administer")


def test_an_operator_is_everywhere_without_asking(django_assert_num_queries):
    operator = OperatorFactory()
    only = OrganizationFactory()
    with django_assert_num_queries(0):
        assert roles.organization_ids(operator) is None
        assert roles.role_in(operator, only) == "admin" and roles.can(operator, 4711, "operate")
    with django_assert_num_queries(1):
        assert roles.only_organization(operator) == roles.only_organization(operator) == only.pk
    OrganizationFactory()
    with django_assert_num_queries(1):
        other = OperatorFactory.build(pk=operator.pk)
        assert roles.only_organization(other) is None and roles.only_organization(other) is None
    Organization.objects.all().delete()
    assert roles.only_organization(OperatorFactory()) is None
