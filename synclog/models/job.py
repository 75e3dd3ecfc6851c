from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.models import Integration
from integrations.planning import states
from integrations.sdk.messages import words_of
from positions.models import Organization


class JobQuerySet(models.QuerySet["Job"]):
    def open(self) -> JobQuerySet:
        return self.filter(open_key__isnull=False)

    def due(self, now: datetime) -> JobQuerySet:
        return self.filter(open_key__isnull=False, state__in=Job.ACTIVE, due_at__lte=now).exclude(held_until__gt=now)

    @staticmethod
    def put_off(now: datetime) -> models.Q:
        """On purpose, until a moment that is known and still to come."""
        return models.Q(cause__in=Job.FOR_ITS_DAY) | models.Q(held_until__gt=now)

    def held(self, now: datetime) -> JobQuerySet:
        """By the payroll cut-off of their connection (`synclog.engine.cutoff`)."""
        return self.filter(open_key__isnull=False, state__in=Job.ACTIVE, held_until__gt=now)

    def by_cause(self, now: datetime) -> JobQuerySet:
        """Those whose `cause` is what it says, as `Job.cause_now`."""
        held = models.Q(open_key__isnull=False, state__in=Job.ACTIVE, held_until__gt=now)
        return self.filter(~models.Q(cause=Job.HELD) | held)


class Job(models.Model):
    """One position to be brought in line in one integration. The row is the truth; the queue only wakes a worker.

    `open_key` is the position's id while the job is open and NULL once it is closed: one open job for each
    integration and position. A new change of the position refreshes the open one (and gives it a new `generation`,
    so that a result that belongs to an older state cannot close it).
    """

    class State(models.TextChoices):
        """Those of all states that a job may have."""

        WAITING = states.State.WAITING.value, _("Waiting")
        RUNNING = states.State.RUNNING.value, _("Sending")
        RETRYING = states.State.RETRYING.value, _("Retrying")
        FAILED = states.State.FAILED.value, _("Needs action")
        SUCCEEDED = states.State.SUCCEEDED.value, _("Succeeded")
        SKIPPED = states.State.SKIPPED.value, _("Skipped")
        DISMISSED = states.State.DISMISSED.value, _("Dismissed")

    FOR_ITS_DAY = ("not_yet_current", "counts_later")  # causes of what waits for a day to come
    HELD = "held_by_cutoff"  # the cause of what waits until a payroll period opens
    PUT_OFF = (*FOR_ITS_DAY, HELD)  # on purpose, until a moment that is known
    ACTIVE = (State.WAITING.value, State.RETRYING.value)  # a worker takes these when they are due
    OPEN = (State.WAITING.value, State.RUNNING.value, State.RETRYING.value, State.FAILED.value)

    class Action(models.TextChoices):
        SAVE = "save", _("Send")
        CREATE = "create", _("Create")
        UPDATE = "update", _("Update")
        MOVE = "move", _("Move")
        END = "end", pgettext_lazy("action", "End")
        DELETE = "delete", _("Delete")

    class Origin(models.TextChoices):
        EDIT = "edit", _("Edit")
        API = "api", _("API")
        SCHEDULE = "schedule", _("Schedule")
        RESYNC = "resync", _("Re-sync")

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", verbose_name=_("organization")
    )
    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="jobs", verbose_name=_("integration")
    )
    # Plain numbers, not foreign keys: the log and a pending deletion outlive what they speak of.
    employee_key = models.BigIntegerField()
    position_key = models.BigIntegerField()
    open_key = models.BigIntegerField(null=True, editable=False)

    # As they were when the job was recorded, for the log.
    employee_name = models.CharField(max_length=200)
    employee_number = models.CharField(max_length=30, blank=True)
    title = models.CharField(max_length=250)
    start_date = models.DateField()
    end_date = models.DateField(null=True)

    state = models.CharField(max_length=12, choices=State, default=State.WAITING, verbose_name=_("state"))
    action = models.CharField(max_length=10, choices=Action, default=Action.SAVE, verbose_name=_("action"))
    deleted = models.BooleanField(default=False)  # the position was deleted here
    outside = models.BooleanField(default=False)  # it was sent, and the connection does not take it any more
    move = models.BooleanField(default=False)  # a person pressed "Move the existing period"
    changed = models.JSONField(null=True, blank=True)  # our names of the fields changed by the first change
    changed_in = models.BigIntegerField(default=0)  # the generation that `changed` speaks of
    generation = models.BigIntegerField(default=0)
    epoch = models.BigIntegerField(default=0)  # of the lease under which it runs or ran
    attempts = models.PositiveIntegerField(default=0)
    tried = models.JSONField(default=list)  # start dates of creations whose answer may have been lost
    meant = models.JSONField(default=list)  # what tries meant to write to a flat record whose answer may have been lost
    due_at = models.DateTimeField()
    # The payroll cut-off after which its newest change was saved, where the connection goes by one; until when it is
    # held for that, or was. Somebody who sends it all the same ends that.
    cutoff_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    asked_for = models.BooleanField(default=False, db_default=False)  # somebody sends its newest change all the same
    retro = models.BooleanField(default=False, db_default=False)  # a change that it carries is in `RetroChange`

    cause = models.CharField(max_length=60, blank=True)
    said = models.JSONField(default=list, blank=True)  # `sdk.messages.packed`
    field = models.CharField(max_length=40, blank=True)
    vendor_text = models.TextField(blank=True)
    vendor_code = models.CharField(max_length=80, blank=True)
    warning = models.BooleanField(default=False)
    file_key = models.BigIntegerField(null=True, blank=True)  # the export file that a person must carry over
    # "By hand (kari)"; " (kari)" where no reason was given.
    dismissed_reason = models.CharField(max_length=200, blank=True)

    origin = models.CharField(max_length=10, choices=Origin, default=Origin.EDIT)
    origin_name = models.CharField(max_length=150, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    first_failed_at = models.DateTimeField(null=True, blank=True)
    has_failed = models.BooleanField(default=False, db_default=False)  # it has needed somebody since it was opened
    recorded_at = models.DateTimeField()  # of the newest change
    changed_at = models.DateTimeField()  # of this row's state
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-changed_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["integration", "open_key"], name="one_open_job")]
        indexes = [
            # The worker's next batch.
            models.Index(
                fields=["integration", "due_at", "id"],
                condition=models.Q(open_key__isnull=False),
                name="job_due",
            ),
            # The log, newest first, all of it and by tab; the employee's and the position's pages.
            models.Index(fields=["organization", "-changed_at", "-id"], name="job_log"),
            models.Index(fields=["organization", "state", "-changed_at", "-id"], name="job_log_by_state"),
            models.Index(fields=["integration", "state", "-changed_at", "-id"], name="job_log_by_integration"),
            # The same for an operator, who sees every organization.
            models.Index(fields=["-changed_at", "-id"], name="job_log_of_all"),
            models.Index(fields=["state", "-changed_at", "-id"], name="job_log_of_all_by_state"),
            models.Index(fields=["position_key", "integration", "-id"], name="job_by_position"),
            models.Index(fields=["employee_key", "-id"], name="job_by_employee"),
            models.Index(fields=["request_id"], condition=~models.Q(request_id=""), name="job_by_request"),
            models.Index(
                fields=["integration", "cutoff_at"],
                condition=models.Q(cutoff_at__isnull=False),
                name="job_after_cutoff",
            ),
            models.Index(
                fields=["integration", "held_until"],
                condition=models.Q(held_until__isnull=False, open_key__isnull=False),
                name="job_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.title} · {self.employee_name} · {self.integration}"

    @property
    def is_open(self) -> bool:
        return self.open_key is not None

    @property
    def is_after_cutoff(self) -> bool:
        return self.cutoff_at is not None

    def is_held(self, now: datetime) -> bool:
        """As `JobQuerySet.held`."""
        return self.is_open and self.state in self.ACTIVE and self.held_until is not None and self.held_until > now

    @property
    def held_now(self) -> datetime | None:
        """Until when it is held; None: it is not."""
        return self.held_until if self.is_held(timezone.now()) else None

    @property
    def cause_now(self) -> str:
        """Why it was not sent, or not yet; that it is held no longer than it is."""
        return "" if self.cause == self.HELD and self.held_now is None else self.cause

    @property
    def message(self) -> str:
        """What is said of it, in words."""
        return words_of(self.said) if self.cause_now == self.cause else ""
