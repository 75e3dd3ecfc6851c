"""Where a position stands: one vocabulary for a run, a job, an attempt and what a page shows of them."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"  # until it is its turn, or its day
    RUNNING = "running"
    RETRYING = "retrying"  # it is tried again by itself
    FAILED = "failed"  # a person or a change must mend it
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"  # there is nothing to do
    DISMISSED = "dismissed"
    PLANNED = "planned"  # a preview: it would be written
