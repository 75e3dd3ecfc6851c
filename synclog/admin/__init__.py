"""The error log, and what sync adds to the pages of people, positions and connections."""

from synclog.admin import integration_pages, panels, people, queue
from synclog.admin.job import JobAdmin

integration_pages.connect()
panels.connect()
people.connect()

__all__ = ["JobAdmin", "queue"]
