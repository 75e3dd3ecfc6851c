from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from synclog.engine.lease import HOST
from synclog.models import Heartbeat

SILENT_AFTER = timedelta(minutes=2)


class Command(BaseCommand):
    help = "For a container's health check: whether the worker of this host has given a sign of life in two minutes."

    def handle(self, *args: Any, **options: Any) -> None:
        signs = Heartbeat.objects.filter(worker__startswith=f"{HOST}/", seen_at__gt=timezone.now() - SILENT_AFTER)
        if not signs.exists():
            raise CommandError("The worker of this host has given no sign of life for two minutes.")
