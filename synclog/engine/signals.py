"""What others may hear of the engine."""

from django.dispatch import Signal

# Sent by `Job`, in the transaction that stores what runs made of these jobs: `integration`, and `jobs` as they are
# stored, of one batch. Those that were refreshed meanwhile are not among them.
jobs_stored = Signal()
