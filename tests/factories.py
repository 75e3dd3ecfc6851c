"""Objects for tests. Those of one employee hang together: company, department and positions share its organization."""

from __future__ import annotations

from datetime import date
from typing import Any

import factory
from django.contrib.auth.models import User

from integrations.models import Integration
from integrations.sandboxes.server import sandboxes
from positions.models import ApiKey, Company, Department, Employee, Member, Organization, Position
from positions.models.api_key import SCOPES


class OrganizationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: f"Organization {n}")


class UserFactory(factory.django.DjangoModelFactory):
    """Somebody who may sign in; what they see is decided by their memberships."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    is_staff = True


class OperatorFactory(UserFactory):
    is_superuser = True


class MemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Member

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)
    role = Member.Role.VIEWER


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"Company {n}")
    organization_number = "974760673"


class DepartmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Department

    organization = factory.SubFactory(OrganizationFactory)
    code = factory.Sequence(lambda n: f"D{n}")
    name = factory.Sequence(lambda n: f"Department {n}")


class EmployeeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Employee

    organization = factory.SubFactory(OrganizationFactory)
    number = factory.Sequence(lambda n: f"7{n:05}")
    first_name = "Kari"
    last_name = factory.Sequence(lambda n: f"Nordmann{n}")
    email = factory.LazyAttribute(lambda employee: f"{employee.last_name.lower()}@example.com")


class PositionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Position

    employee = factory.SubFactory(EmployeeFactory)
    title = factory.Sequence(lambda n: f"Position {n}")
    start_date = date(2026, 1, 1)


class ApiKeyFactory(factory.django.DjangoModelFactory):
    """The key itself is on the object as `.key`; no database has it."""

    class Meta:
        model = ApiKey

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"key {n}")
    scopes = factory.LazyFunction(lambda: list(SCOPES))

    @classmethod
    def _create(cls, model_class: type[ApiKey], *args: Any, **kwargs: Any) -> ApiKey:
        row = model_class(*args, **kwargs)
        row.key = row.issue()  # type: ignore[attr-defined]
        row.save()
        return row


class IntegrationFactory(factory.django.DjangoModelFactory):
    """A connection with everything that its system requires, as its sandbox takes it; sync is switched off."""

    class Meta:
        model = Integration

    organization = factory.SubFactory(OrganizationFactory)
    system_key = "fortnox"
    name = factory.Sequence(lambda n: f"Connection {n}")
    credentials = factory.LazyAttribute(lambda i: dict(sandboxes()[i.system_key].credentials))
    settings = factory.LazyAttribute(lambda i: dict(sandboxes()[i.system_key].settings))
