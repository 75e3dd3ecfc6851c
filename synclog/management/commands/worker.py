import signal
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand

from synclog.queue.watchdog import Watchdog


class Command(BaseCommand):
    help = "Sends positions: runs django-q2's cluster and restarts it should it ever stop looking for work."
    # Whether the keys would do. The other checks load every page and the API, which no worker shows.
    requires_system_checks = (Tags.security,)

    def handle(self, *args: Any, **options: Any) -> None:
        watchdog = Watchdog(workers=settings.Q_CLUSTER["workers"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, watchdog.stop)
        watchdog.run()
