"""The error log, and what sync adds to the pages of people and positions."""

from synclog import panels
from synclog.admin import people, queue
from synclog.admin.job import JobAdmin

panels.connect()
people.connect()

__all__ = ["JobAdmin", "queue"]
