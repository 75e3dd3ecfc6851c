"""Objects for tests. Those of one employee hang together: company, department and positions share its organization."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol, TypeVar, cast

import factory
from django.contrib.auth.models import User
from factory.django import DjangoModelFactory

from integrations.models import Integration
from integrations.sandboxes.server import sandboxes
from positions.models import ApiKey, Company, Department, Employee, Member, Organization, Position
from positions.models.api_key import SCOPES

M = TypeVar("M")


class Made(Protocol[M]):
    """A factory as it is used: calling it saves a new object. Type checkers would expect the factory's own."""

    def __call__(self, **values: Any) -> M: ...

    def build(self, **values: Any) -> M: ...

    def create_batch(self, size: int, **values: Any) -> list[M]: ...

    def build_batch(self, size: int, **values: Any) -> list[M]: ...


def made(factory_class: type[DjangoModelFactory[M]]) -> Made[M]:
    return cast(Made[M], factory_class)


class _OrganizationFactory(DjangoModelFactory[Organization]):
    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: f"Organization {n}")


OrganizationFactory = made(_OrganizationFactory)


class _UserFactory(DjangoModelFactory[User]):
    """Somebody who may sign in; what they see is decided by their memberships."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    is_staff = True


UserFactory = made(_UserFactory)


class _OperatorFactory(_UserFactory):
    is_superuser = True


OperatorFactory = made(_OperatorFactory)


class _MemberFactory(DjangoModelFactory[Member]):
    class Meta:
        model = Member

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)
    role = Member.Role.VIEWER


MemberFactory = made(_MemberFactory)


class _CompanyFactory(DjangoModelFactory[Company]):
    class Meta:
        model = Company

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"Company {n}")
    organization_number = "974760673"


CompanyFactory = made(_CompanyFactory)


class _DepartmentFactory(DjangoModelFactory[Department]):
    class Meta:
        model = Department

    organization = factory.SubFactory(OrganizationFactory)
    code = factory.Sequence(lambda n: f"D{n}")
    name = factory.Sequence(lambda n: f"Department {n}")


DepartmentFactory = made(_DepartmentFactory)


class _EmployeeFactory(DjangoModelFactory[Employee]):
    class Meta:
        model = Employee

    organization = factory.SubFactory(OrganizationFactory)
    number = factory.Sequence(lambda n: f"7{n:05}")
    first_name = "Kari"
    last_name = factory.Sequence(lambda n: f"Nordmann{n}")
    email = factory.LazyAttribute(lambda employee: f"{employee.last_name.lower()}@example.com")


EmployeeFactory = made(_EmployeeFactory)


class _PositionFactory(DjangoModelFactory[Position]):
    class Meta:
        model = Position

    employee = factory.SubFactory(EmployeeFactory)
    title = factory.Sequence(lambda n: f"Position {n}")
    start_date = date(2026, 1, 1)


PositionFactory = made(_PositionFactory)


class _ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """The key itself is on the object as `.key`; no database has it."""

    class Meta:
        model = ApiKey

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"key {n}")
    scopes = factory.LazyFunction(lambda: list(SCOPES))

    @classmethod
    def _create(cls, model_class: type[Any], *args: Any, **kwargs: Any) -> Any:
        row: Any = model_class(*args, **kwargs)
        row.key = row.issue()
        row.save()
        return row


ApiKeyFactory: Made[Any] = made(_ApiKeyFactory)  # with its `.key`


class _IntegrationFactory(DjangoModelFactory[Integration]):
    """A connection with everything that its system requires, as its sandbox takes it; sync is switched off."""

    class Meta:
        model = Integration

    organization = factory.SubFactory(OrganizationFactory)
    system_key = "fortnox"
    name = factory.Sequence(lambda n: f"Connection {n}")
    credentials = factory.LazyAttribute(lambda i: dict(sandboxes()[i.system_key].credentials))
    settings = factory.LazyAttribute(lambda i: dict(sandboxes()[i.system_key].settings))


IntegrationFactory = made(_IntegrationFactory)
