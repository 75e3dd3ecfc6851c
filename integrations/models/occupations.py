from __future__ import annotations

from django.db import models

from integrations.models.integration import Integration


class OccupationRegister(models.Model):
    """A connection's list of occupation codes, as its system had it when it was fetched last
    (`integrations.runtime.occupations`)."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="occupation_register")
    tried_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Occupation codes of {self.integration_id}"


class Occupation(models.Model):
    """One of them. `folded` is what is searched: code and title without regard to case and accents."""

    register = models.ForeignKey(OccupationRegister, on_delete=models.CASCADE, related_name="occupations")
    code = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    folded = models.CharField(max_length=250)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["register", "code"], name="occupation_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"
