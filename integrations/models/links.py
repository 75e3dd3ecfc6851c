from __future__ import annotations

from django.db import models

from integrations.models.integration import Integration


class EmployeeLink(models.Model):
    """Who an employee is in one integration, and when a flat system's current position may change by itself."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="employee_links")
    employee_key = models.BigIntegerField()  # not a foreign key: a pending deletion outlives the employee
    remote_id = models.CharField(max_length=120)
    label = models.CharField(max_length=200, blank=True)
    matched_by = models.CharField(max_length=60, blank=True)
    matched_at = models.DateTimeField(auto_now=True)
    next_change_on = models.DateField(null=True, blank=True)
    # The integration's `activated_at` when that was planned: whoever was touched under an earlier activation only is
    # not under sync any more, and no day sends anything of theirs.
    planned_in = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "employee_key"], name="employee_link_once")]
        indexes = [models.Index(fields=["next_change_on"], name="employee_link_next_change")]

    def __str__(self) -> str:
        return f"{self.employee_key} = {self.remote_id}"


class PeriodLink(models.Model):
    """What was last sent for a position. It outlives the position, so that a deletion here can follow there."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="period_links")
    employee_key = models.BigIntegerField()
    position_key = models.BigIntegerField()
    remote_id = models.CharField(max_length=120)
    values = models.JSONField(default=dict)
    left_behind = models.JSONField(default=list)  # records made for it under earlier start dates and still there
    sent_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "position_key"], name="period_link_once")]
        indexes = [models.Index(fields=["integration", "employee_key"], name="period_link_by_employee")]

    def __str__(self) -> str:
        return f"{self.position_key} = {self.remote_id}"
