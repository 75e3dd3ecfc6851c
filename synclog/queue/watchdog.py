"""Keeps django-q2's cluster running: starts it, listens for its signs of life, and starts it anew when none comes; and
wakes it when a next try has come, for which django-q2's schedules are too coarse.

django-q2 restarts its own dead processes, but not a cluster whose parts wait for each other for ever.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time

from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django_q.brokers import get_broker

from positions.busy import without_waiting
from synclog.engine.lease import HOST, WORKER_VARIABLE, new_worker
from synclog.models import Lease
from synclog.queue import signs, tasks
from synclog.queue.broker import no_answer
from synclog.queue.patience import Patience
from synclog.queue.schedules import keep_schedules

logger = logging.getLogger("synclog.queue.watchdog")


class Watchdog:
    """`run` returns when `stop` was called. Times are in seconds."""

    LOOK_EVERY = 2.0
    STOP_GRACE = 45.0

    def __init__(self, workers: int) -> None:
        self.name = new_worker()
        self.workers = workers
        self.restarts = 0
        self.patience = Patience()
        self._pipe = signs.Pipe()
        self._stop = False
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        try:
            while not self._stop:
                self._start()
                self._watch()
        finally:
            self._end()

    def stop(self, *_: object) -> None:
        self._stop = True

    def _start(self) -> None:
        self._pipe.close()
        self._pipe = signs.Pipe()
        # A session of its own: one signal reaches all of it, and a Ctrl-C at the terminal reaches only us.
        self._child = subprocess.Popen(  # noqa: S603
            [sys.executable, sys.argv[0], "qcluster", "--skip-checks"],  # they have just been made for us
            env={**os.environ, WORKER_VARIABLE: self.name, **self._pipe.env},
            pass_fds=[self._pipe.handed],
            start_new_session=True,
        )
        logger.info("Queue started as process %s", self._child.pid)

    def _watch(self) -> None:
        assert self._child is not None
        looked = time.monotonic()
        retries = timezone.now()
        started, silence = False, 0.0
        while not self._stop:
            time.sleep(0.25)
            if self._child.poll() is not None:
                logger.error("The queue ended by itself (%s); starting it again", self._child.returncode)
                self._kill()
                self.restarts += 1
                time.sleep(1)
                return
            now = time.monotonic()
            if now - looked < self.LOOK_EVERY:
                continue
            # Whoever did not get to look has learned nothing meanwhile: the queue did not get far either.
            silence += min(now - looked, 2 * self.LOOK_EVERY)
            looked = now
            heard = self._pipe.heard()
            if signs.CARRIED in heard or (heard and not started):
                if started:
                    self.patience.overcame(silence)
                started, silence = started or signs.CARRIED in heard, 0.0
            try:
                get_broker().ping()
                keep_schedules()  # without the queue, which such a row may keep from its own
                retries = tasks.wake_retries(retries)
                if silence > self.patience.bears(started):
                    if self._busy():
                        silence = 0.0
                        continue
                    with without_waiting():
                        pass  # a queue that waits for the database is not to blame
                    self.patience.restarted()
                    logger.error(
                        "The queue gives no sign of life for %.0f s; starting it again, with patience for %.0f s",
                        silence,
                        self.patience.bears(started),
                    )
                    self._kill()
                    self.restarts += 1
                    return
            except no_answer(DatabaseError) as error:
                logger.warning("The database or the broker does not answer: %s", type(error).__name__)
                silence = 0.0  # it cannot be told apart from a silent queue
            finally:
                close_old_connections()

    def _busy(self) -> bool:
        """Whether each of its processes holds a lease: then it carries nothing for a reason."""
        held = Lease.objects.filter(host=HOST, until__gt=timezone.now()).values_list("pid", flat=True)
        return sum(self._is_ours(pid) for pid in held) >= self.workers

    def _is_ours(self, pid: int) -> bool:
        """Whether a process belongs to our child's session: another worker may run on this host."""
        assert self._child is not None
        try:
            return os.getsid(pid) == self._child.pid
        except ProcessLookupError:
            return False

    def _kill(self) -> None:
        """The whole session at once: whatever is cut off goes back to waiting and is read before it is written."""
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def _end(self) -> None:
        """An orderly end: running turns finish."""
        if self._child is None or self._child.poll() is not None:
            return
        self._child.terminate()  # to the main process only, which asks its workers to finish
        try:
            self._child.wait(timeout=self.STOP_GRACE)
        except subprocess.TimeoutExpired:
            logger.warning("The queue did not end in %s s; ending it", self.STOP_GRACE)
        self._kill()
