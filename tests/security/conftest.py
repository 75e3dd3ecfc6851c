from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from positions.accounts import issuer as ours
from positions.models import Member, Organization
from tests.factories import MemberFactory, OperatorFactory, UserFactory
from tests.issuer import Issuer, running


@pytest.fixture(scope="module")
def issuer_server() -> Iterator[Issuer]:
    with running() as found:
        yield found


@pytest.fixture
def issuer(issuer_server: Issuer, settings: Any) -> Issuer:
    """By which people sign in."""
    issuer_server.forget()
    for name, value in issuer_server.settings().items():
        setattr(settings, name, value)
    ours._app.cache_clear()
    return issuer_server


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Walks are refused thousands of times; what is logged of each, the search for canaries reads."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def browser_of(organization: Organization | None, role: str, **user: Any) -> Any:
    """A signed-in browser; "operator", "stranger" (no role anywhere), "outsider" (may not sign in) or "anonymous"."""
    client = Client()
    if role == "anonymous":
        return client
    make = OperatorFactory if role == "operator" else UserFactory
    person = make(**{"is_staff": role != "outsider", **user})
    if role in Member.Role.values and organization is not None:
        MemberFactory(organization=organization, user=person, role=role)
    client.force_login(person)
    client.user = person  # type: ignore[attr-defined]
    return client
