from datetime import timedelta
from typing import Any

from django.apps import AppConfig


class CrashConfig(AppConfig):
    name = "tests.crash"
    label = "crash"

    def ready(self) -> None:
        from integrations.systems.registry import connectors
        from synclog.engine import backoff, listing
        from tests.crash.connector import CrashConnector

        connectors()[CrashConnector.system.key] = CrashConnector
        # 30 s, 2 min, 10 min ... become seconds: a round orders hundreds of faults.
        steps: Any = (timedelta(seconds=2), timedelta(seconds=3), timedelta(seconds=4))
        backoff.STEPS = steps
        # Whatever is due is a backlog, however little it is: every turn begins with a list of everybody.
        listing.MARGIN, listing.PAUSE = 0, 2.0
        listing.may_be_many = lambda *_: True
