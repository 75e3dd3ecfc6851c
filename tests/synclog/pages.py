"""Helpers for the tests of the log's pages: people of each role, and jobs in any state without an engine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization, Position
from synclog.engine.record import Changed, job_for
from synclog.models import Attempt, Job
from tests.factories import EmployeeFactory, MemberFactory, OperatorFactory, PositionFactory, UserFactory
from tests.said import as_kept

LOG = "/admin/synclog/job/"


def client_of(organization: Organization | None, role: str = "admin", name: str = "") -> Client:
    """Signed in; None: an operator."""
    client = Client()
    if organization is None:
        client.force_login(OperatorFactory())
        return client
    user = UserFactory(**({"username": name} if name else {}))
    MemberFactory(organization=organization, user=user, role=role)
    client.force_login(user)
    return client


def connection(organization: Organization, key: str = "netvisor", **values: Any) -> Integration:
    """A connection that is on, to nowhere."""
    number = Integration.objects.count()
    integration = Integration(organization=organization, system_key=key, **{"name": f"{key} {number}", **values})
    integration.switch(values.get("send_positions", True))
    integration.save()
    return integration


def unrecorded(
    organization: Organization, title: str = "Baker", dates: dict[str, Any] | None = None, **values: Any
) -> Position:
    """A position of a new employee that no connection has heard of."""
    employee = EmployeeFactory(organization=organization, **values)
    (position,) = Position.objects.bulk_create([PositionFactory.build(employee=employee, title=title, **(dates or {}))])
    return position


def job(integration: Integration, position: Position | None = None, **values: Any) -> Job:
    """A job as the engine would have left it."""
    if position is None:
        position = unrecorded(integration.organization)
    row = job_for(Changed(position), position.employee, integration.pk)
    state = values.pop("state", Job.State.FAILED)
    row.state = state
    if state not in Job.OPEN:
        row.open_key, row.finished_at = None, timezone.now()
    cause = "missing_required_field" if state == Job.State.FAILED else ""
    for name, value in {"cause": cause, **as_kept(values)}.items():
        setattr(row, name, value)
    row.save()
    return row


def attempt(of: Job, **values: Any) -> Attempt:
    now = timezone.now()
    return Attempt.objects.create(
        **{
            "job": of,
            "number": 1,
            "started_at": now - timedelta(seconds=1),
            "finished_at": now,
            "state": "failed",
            **as_kept(values),
        }
    )


def text_of(response: Any) -> str:
    if getattr(response, "streaming", False):
        return b"".join(response.streaming_content).decode()
    return response.content.decode()
