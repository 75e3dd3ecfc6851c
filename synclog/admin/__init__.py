"""The error log, and what sync adds to the pages of people, positions and connections."""

from synclog.admin import integration_pages, notices, panels, people, queue, webhooks
from synclog.admin.job.admin import JobAdmin

__all__ = ["JobAdmin", "integration_pages", "notices", "panels", "people", "queue", "webhooks"]
