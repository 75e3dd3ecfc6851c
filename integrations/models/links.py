from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.integration import Integration
from integrations.sdk.messages import words_of


class EmployeeLink(models.Model):
    """Who an employee is in one integration, or why nobody there is; and when a flat system's current position may
    change by itself. Only the state *matched* is a match: one record there is at most one employee's."""

    class State(models.TextChoices):
        MATCHED = "matched", _("Matched")
        NOT_MATCHED = "not_matched", _("Not matched")  # `cause` says why; none: to be looked for at the next change
        RELEASED = "released", _("Released")  # a person ended it: nothing is written until it is matched anew
        STOPPED = "stopped", _("Stopped")  # two employees had the record: a person has to say whose it is

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="employee_links", verbose_name=_("integration")
    )
    # Not a foreign key: a pending deletion outlives the employee.
    employee_key = models.BigIntegerField(_("number of the employee here"))
    state = models.CharField(max_length=20, choices=State.choices, default=State.MATCHED, verbose_name=_("state"))
    # The record there; where nobody is matched, the one that was refused or left, which a person may confirm.
    remote_id = models.CharField(_("record there"), max_length=120, blank=True)
    label = models.CharField(max_length=200, blank=True)
    matched_by = models.CharField(max_length=60, blank=True, verbose_name=_("matched by"))
    matched_at = models.DateTimeField(_("since"), default=timezone.now)
    # Of this employee's number, e-mail and national id at that time (`integrations.runtime.fingerprints`).
    fingerprints = models.JSONField(default=dict, editable=False)
    confirmed_by = models.CharField(max_length=150, blank=True, verbose_name=_("confirmed by"))
    confirmed_at = models.DateTimeField(null=True, blank=True, verbose_name=_("confirmed at"))
    cause = models.CharField(max_length=60, blank=True)
    said = models.JSONField(default=list, blank=True)  # why nobody is matched (`sdk.messages.packed`)
    # The record under which this employee's positions were written: what is known of them holds for that one alone.
    written_to = models.CharField(max_length=120, blank=True, editable=False)
    next_change_on = models.DateField(null=True, blank=True)
    # The integration's `activated_at` when that was planned: whoever was touched under an earlier activation only is
    # not under sync any more, and no day sends anything of theirs.
    planned_in = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["integration", "employee_key"], name="employee_link_once"),
            models.UniqueConstraint(
                fields=["integration", "remote_id"],
                condition=models.Q(state="matched"),
                name="employee_link_of_one_employee",
            ),
        ]
        indexes = [
            models.Index(fields=["next_change_on"], name="employee_link_next_change"),
            models.Index(fields=["integration", "state", "-matched_at"], name="employee_link_listed"),
            models.Index(fields=["employee_key"], name="employee_link_of_employee"),
        ]
        verbose_name = _("match")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return f"{self.employee_key} = {self.remote_id}"

    @property
    def confirmed(self) -> bool:
        return self.confirmed_at is not None

    @property
    def message(self) -> str:
        """What is said of it, in words."""
        return words_of(self.said)


class PeriodLink(models.Model):
    """What was last sent for a position. It outlives the position, so that a deletion here can follow there."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="period_links")
    employee_key = models.BigIntegerField()
    position_key = models.BigIntegerField()
    remote_id = models.CharField(max_length=120)
    values = models.JSONField(default=dict)
    terms = models.JSONField(default=dict)  # where `values` are not those of all days: what it was to hold by day
    written_as = models.JSONField(
        default=dict, db_default={}
    )  # of `values`, what else the settings said (`Field.written_as`)
    found = models.JSONField(default=dict, db_default={})  # what else the record holds (`planner.Sent`)
    left_behind = models.JSONField(default=list)  # records made for it under earlier start dates and still there
    sent_at = models.DateTimeField(auto_now=True)
    # Of the last write, with the values that reads may still show for a while instead (`System.shows_late`).
    written_at = models.DateTimeField(null=True)
    older = models.JSONField(default=dict)

    # Kept by synclog/log/truth.py (integrations/planning/agreement.py says what they mean).
    stale = models.BooleanField(default=False)  # what is to be sent now is something else
    left = models.JSONField(null=True)  # our field -> what is not there and would not get there; None: nothing
    look_on = models.DateField(null=True, blank=True)  # the day on which both are to be looked at again

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "position_key"], name="period_link_once")]
        indexes = [
            models.Index(fields=["integration", "employee_key"], name="period_link_by_employee"),
            models.Index(fields=["integration"], condition=models.Q(stale=True), name="period_link_stale"),
            models.Index(fields=["integration"], condition=models.Q(left__isnull=False), name="period_link_left"),
            models.Index(
                fields=["look_on", "integration"],
                condition=models.Q(look_on__isnull=False),
                name="period_link_to_look_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position_key} = {self.remote_id}"
