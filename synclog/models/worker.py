from __future__ import annotations

from django.db import models

from integrations.models import Integration


class Lease(models.Model):
    """Who works on an integration now. `epoch` rises with every take-over: whoever holds an older one may not write."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="lease", primary_key=True)
    owner = models.CharField(max_length=80, blank=True)
    host = models.CharField(max_length=120, blank=True)
    pid = models.IntegerField(default=0)
    until = models.DateTimeField(null=True, blank=True)
    epoch = models.BigIntegerField(default=0)
    # When the last requests went out: the next turn goes on counting where this one ended. None: not known.
    sent = models.JSONField(default=list, null=True)

    def __str__(self) -> str:
        return f"{self.integration_id}: {self.owner or 'free'}"


class Heartbeat(models.Model):
    """When a worker last looked for work, one row for each `manage.py worker` (`synclog.engine.lease.WORKER`)."""

    worker = models.CharField(max_length=120, primary_key=True, db_column="host")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.worker} {self.seen_at}"

    @property
    def host(self) -> str:
        return self.worker.partition("/")[0]
