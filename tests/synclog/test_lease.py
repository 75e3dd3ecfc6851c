"""One worker at a time for each connection: who may take a lease, keep it, and call under it. No system is asked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Integration
from integrations.sdk.errors import InterruptedRunError
from synclog.engine import lease
from synclog.engine.lease import HOST, SECONDS, Held, alive, ready_integrations
from synclog.models import Lease
from tests.factories import IntegrationFactory
from tests.said import kept


@pytest.fixture
def integration(db: Any) -> Integration:
    found = IntegrationFactory()
    found.switch(True)
    found.save()
    return found


@pytest.fixture
def nobody() -> int:
    """The number of a process that is over."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


@pytest.fixture
def dead() -> Iterator[int]:
    """The number of a process that is over and that its parent has not asked for."""
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    stat = Path(f"/proc/{zombie.pid}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    yield zombie.pid
    zombie.wait()


def test_only_one_holds_it(integration: Integration) -> None:
    before = timezone.now()
    first = Held.acquire(integration.pk)
    assert first is not None
    assert Held.acquire(integration.pk) is None
    row = Lease.objects.get(pk=integration.pk)
    assert (row.host, row.pid, row.owner, row.epoch) == (HOST, os.getpid(), first.owner, first.epoch)
    assert row.until is not None
    assert timedelta(0) <= row.until - before - timedelta(seconds=SECONDS) <= timedelta(seconds=9)
    assert not first.cut_off
    first.release()
    row.refresh_from_db()
    assert (row.until, row.owner, row.pid) == (None, "", 0)
    second = Held.acquire(integration.pk)
    assert second is not None
    assert second.epoch == first.epoch + 1
    assert second.owner != first.owner


def test_of_a_connection_that_is_gone_nobody_does(db: Any) -> None:
    assert Held.acquire(987654321) is None


@pytest.mark.parametrize(
    ("until", "taken"),
    [(None, True), (-1, True), (1, False), (11, False), (100, False), (121, True)],
)
def test_when_it_is_free(integration: Integration, until: int | None, taken: bool) -> None:
    """Once it has run out; and when it ends later than any can, since somebody's clock was set back."""
    end = None if until is None else timezone.now() + timedelta(seconds=until)
    Lease.objects.update(until=end, owner="x", host="elsewhere", pid=1)
    found = Held.acquire(integration.pk)
    assert (found is not None) == taken
    assert found is None or not found.cut_off


def test_who_is_gone_from_this_host_is_replaced_at_once(integration: Integration, nobody: int) -> None:
    held = {"until": timezone.now() + timedelta(seconds=9), "owner": "x", "pid": nobody}
    Lease.objects.update(**held, host="elsewhere")
    assert Held.acquire(integration.pk) is None, "of another host nobody knows"
    Lease.objects.update(**held, host=HOST)
    found = Held.acquire(integration.pk)
    assert found is not None
    assert found.cut_off, "perhaps in the middle of a call"
    assert found.holds()


@pytest.mark.parametrize(
    ("orderly", "expected"), [(True, [1.0, 2.0]), (False, None)], ids=["given back", "run out without a word"]
)
def test_what_the_holder_before_had_sent(integration: Integration, orderly: bool, expected: list[float] | None) -> None:
    first = Held.acquire(integration.pk)
    assert first is not None
    first.release([1.0, 2.0])
    if not orderly:
        Lease.objects.update(until=timezone.now() - timedelta(seconds=1), owner="x")
    second = Held.acquire(integration.pk)
    assert second is not None
    assert second.sent == expected
    assert Lease.objects.get(pk=integration.pk).sent is None, "it is for the next one only"


def test_it_is_renewed_in_its_last_two_thirds(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held.acquire(integration.pk)
    assert held is not None
    Lease.objects.update(until=None)
    assert held.renew_if_due()
    assert Lease.objects.get(pk=integration.pk).until is None, "not yet"
    now = time.monotonic()
    monkeypatch.setattr(lease.time, "monotonic", lambda: now + SECONDS / 3 + 0.1)
    before = timezone.now()
    assert held.renew_if_due()
    until = Lease.objects.get(pk=integration.pk).until
    assert until is not None
    assert timedelta(0) <= until - before - timedelta(seconds=SECONDS) <= timedelta(seconds=9)
    monkeypatch.setattr(lease.time, "monotonic", lambda: now + SECONDS + 0.1)
    held.guard()


def test_it_is_lost_when_another_one_has_taken_it(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held.acquire(integration.pk)
    assert held is not None
    assert held.holds()
    assert held.integration() is not None
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    other = Held.acquire(integration.pk)
    assert other is not None
    assert other.holds()
    assert not held.holds()
    assert held.integration() is None
    now = time.monotonic()
    monkeypatch.setattr(lease.time, "monotonic", lambda: now + SECONDS / 2)
    assert not held.renew_if_due()
    with pytest.raises(InterruptedRunError):
        held.guard()
    held.release()
    assert other.holds(), "nobody gives back what is another one's"


def test_no_call_starts_after_it_may_have_run_out(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held.acquire(integration.pk)
    assert held is not None
    held.guard()
    end = held._until
    monkeypatch.setattr(lease.time, "monotonic", lambda: end - 0.1)
    held.guard()
    monkeypatch.setattr(lease.time, "monotonic", lambda: end + 0.1)
    with pytest.raises(InterruptedRunError):
        held.guard()


def test_no_call_starts_after_the_turns_overtime(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held.acquire(integration.pk)
    assert held is not None
    before = time.monotonic()
    held.no_calls_after(5)
    end = held._no_calls_after
    assert before + 5 <= end < held._until
    monkeypatch.setattr(lease.time, "monotonic", lambda: end - 0.1)
    held.guard()
    monkeypatch.setattr(lease.time, "monotonic", lambda: end + 0.1)
    with pytest.raises(InterruptedRunError):
        held.guard()


def test_a_lease_that_nobody_acquired_lets_nobody_call() -> None:
    with pytest.raises(InterruptedRunError) as caught:
        Held(1, "x", 1).guard()
    assert "goes on by itself" in caught.value.message


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"send_positions": False}, False),
        ({"paused_at": timezone.now()}, False),
        ({"stopped_at": timezone.now()}, False),
        ({"retry_at": timezone.now() + timedelta(days=1)}, False),
        ({"retry_at": timezone.now() - timedelta(days=1)}, True),
    ],
)
def test_which_connections_may_send(integration: Integration, changed: dict[str, Any], ready: bool) -> None:
    held = Held.acquire(integration.pk)
    assert held is not None
    Integration.objects.update(**changed)
    assert Integration.objects.filter(ready_integrations()).exists() == ready
    assert Integration.objects.filter(held.serves(integration.version)).exists() == ready


def test_a_holder_serves_one_version_of_one_connection(integration: Integration) -> None:
    other = IntegrationFactory(organization=integration.organization)
    other.switch(True)
    other.save()
    held = Held.acquire(integration.pk)
    assert held is not None
    assert list(Integration.objects.filter(held.serves(integration.version))) == [integration]
    assert not Integration.objects.filter(held.serves(integration.version + 1)).exists()
    held.release()
    assert not Integration.objects.filter(held.serves(integration.version)).exists()


def test_the_book_is_the_databases_and_nothing_else_is_read(
    integration: Integration, django_assert_num_queries: Any
) -> None:
    held = Held.acquire(integration.pk)
    assert held is not None
    Integration.objects.update(version=7, retry_count=3, retry_said=kept("down"))
    with django_assert_num_queries(1):
        book = held.integration()
        assert book is not None
        assert [getattr(book, name) for name in lease.BOOK] == [7, True, None, 3, kept("down")]
    assert {"credentials", "vault"} <= book.get_deferred_fields()
    assert (book.pk, book.version, book.retry_count, book.retry_message) == (integration.pk, 7, 3, "down")


def test_which_processes_live(nobody: int, dead: int) -> None:
    assert alive(os.getpid())
    assert not alive(nobody)
    assert not alive(dead)
    assert not alive(0) and not alive(-1), "these numbers mean many processes"


def test_another_users_process_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, signal: int) -> None:
        assert signal == 0, "it is only asked for"
        raise PermissionError

    monkeypatch.setattr(lease.os, "kill", refuse)
    assert alive(os.getpid())


def test_a_process_of_which_nothing_is_shown_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(path: Path) -> str:
        raise OSError

    monkeypatch.setattr(lease.Path, "read_text", hidden)
    assert alive(os.getpid())


def test_a_process_lives_whatever_it_is_called() -> None:
    """What it is called stands before its state, in brackets."""
    called = Path("/proc/self/comm")
    name = called.read_text()
    try:
        called.write_text("worker) Z (x")
        assert alive(os.getpid())
    finally:
        called.write_text(name)
