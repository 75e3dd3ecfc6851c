"""One worker at a time for each integration: a row with an owner, an end and an epoch."""

from __future__ import annotations

import os
import socket
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.models import Integration
from integrations.sdk.errors import InterruptedRunError
from synclog.engine import texts
from synclog.models import Lease

SECONDS = 12.0
# What of a connection changes while a turn is at work.
BOOK = ("version", "send_positions", "retry_at", "retry_count", "retry_said")
IMPOSSIBLE = timedelta(minutes=2)  # ahead, even where the clocks of hosts differ
HOST = socket.gethostname()
# Which `manage.py worker` this process belongs to: its watchdog says so, `new_worker()`.
WORKER_VARIABLE = "POSITION_SYNC_WORKER"


def new_worker() -> str:
    """A name that no other worker has or had: host, process and start."""
    return f"{HOST}/{os.getpid()}/{time.time_ns() // 1_000_000}"


WORKER = os.environ.get(WORKER_VARIABLE) or new_worker()


@dataclass
class Held:
    """A lease that this process holds. `guard` is asked before every call to a target: it lets nobody start one
    whose lease may have run out by now (a process that hung and came back)."""

    integration_id: int
    owner: str
    epoch: int
    cut_off: bool = False  # its holder on this host was killed a moment ago, perhaps in the middle of a call
    sent: list[float] | None = None  # when the holder before sent its last requests; None: it did not say
    _until: float = field(default=0.0)  # of this process's own monotonic clock
    _no_calls_after: float = field(default=float("inf"))

    @classmethod
    def acquire(cls, integration_id: int) -> Held | None:
        """None when somebody else holds it. A holder on this host whose process is gone is replaced at once."""
        owner = uuid.uuid4().hex
        asked = time.monotonic()
        now = timezone.now()
        rows = Lease.objects.filter(pk=integration_id)
        values = {
            "owner": owner,
            "host": HOST,
            "pid": os.getpid(),
            "until": now + timedelta(seconds=SECONDS),
            "epoch": F("epoch") + 1,
            "sent": None,
        }
        before = rows.first()
        if before is None:
            return None
        taken, cut_off = rows.filter(free(now)).update(**values), False
        if not taken and before.host == HOST and not alive(before.pid):
            taken = rows.filter(epoch=before.epoch).update(**values)
            cut_off = True
        if not taken:
            return None
        epoch = rows.values_list("epoch", flat=True).get(owner=owner)
        orderly = before.until is None and before.epoch == epoch - 1
        return cls(integration_id, owner, epoch, cut_off, before.sent if orderly else None, asked + SECONDS)

    def _rows(self) -> QuerySet[Lease]:
        return Lease.objects.filter(pk=self.integration_id, owner=self.owner, epoch=self.epoch)

    def renew_if_due(self) -> bool:
        """Renews in the last two thirds of the lease; False when it is lost."""
        if self._until - time.monotonic() > SECONDS * 2 / 3:
            return True
        asked = time.monotonic()
        until = timezone.now() + timedelta(seconds=SECONDS)
        if not self._rows().update(until=until):
            self._until = 0.0
            return False
        self._until = asked + SECONDS
        return True

    def holds(self) -> bool:
        """Asks the database, inside the transaction that is about to write."""
        return self._rows().select_for_update().exists()

    def integration(self) -> Integration | None:
        """The connection's book as it is now, held still until the end of the transaction that is about to write
        results (only `BOOK` is read); None when the lease is lost."""
        book = [f"integration__{name}" for name in BOOK]
        rows = self._rows().select_related("integration").only("integration_id", *book)
        held = rows.select_for_update(of=("self", "integration"), no_key=True).first()
        return held.integration if held else None

    def serves(self, version: int) -> Q:
        """For a query of integrations: while it holds, this holder may work on this version of the connection."""
        return ready_integrations() & Q(
            pk=self.integration_id, version=version, lease__owner=self.owner, lease__epoch=self.epoch
        )

    def release(self, sent: list[float] | None = None) -> None:
        self._rows().update(until=None, owner="", pid=0, sent=sent)

    def no_calls_after(self, seconds: float) -> None:
        self._no_calls_after = time.monotonic() + seconds

    def guard(self) -> None:
        """Raises InterruptedRunError when no further call may start."""
        now = time.monotonic()
        if now > self._until or now > self._no_calls_after:
            raise InterruptedRunError(texts.WORKER_STOPPED())


def ready_integrations() -> Q:
    """Those that may send now: on, not paused, not stopped, and not waiting for the system to come back."""
    return Q(send_positions=True, paused_at=None, stopped_at=None) & (
        Q(retry_at=None) | Q(retry_at__lte=timezone.now())
    )


def free(now: datetime, prefix: str = "") -> Q:
    """Leases that nobody holds; one that ends further away than any can was taken by a clock that was set back."""
    until = f"{prefix}until"
    return Q(**{until: None}) | Q(**{f"{until}__lt": now}) | Q(**{f"{until}__gt": now + IMPOSSIBLE})


def alive(pid: int) -> bool:
    """Whether a process of this host runs; a zombie does not."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True
