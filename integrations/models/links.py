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
    sent_at = models.DateTimeField(auto_now=True)
    # Of the last write, with the values that reads may still show for a while instead (`System.shows_late`).
    written_at = models.DateTimeField(null=True)
    older = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "position_key"], name="period_link_once")]
        indexes = [models.Index(fields=["integration", "employee_key"], name="period_link_by_employee")]

    def __str__(self) -> str:
        return f"{self.position_key} = {self.remote_id}"
