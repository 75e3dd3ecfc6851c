from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.addresses import refuse_private
from integrations.planning.cutoff import After, Calendar
from integrations.planning.settings_values import clean_value, missing
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import System
from integrations.sdk.messages import words_of
from integrations.sdk.settings import Setting
from integrations.systems.registry import connector_for, connectors
from positions.encryption import EncryptedJSONField, EncryptedTextField
from positions.models import Company, Organization
from positions.models.text import Line


class IntegrationQuerySet(models.QuerySet["Integration"]):
    def recording(self) -> IntegrationQuerySet:
        """Those that record changes: switched on, be they paused or stopped."""
        return self.filter(send_positions=True)

    def raise_version(self) -> int:
        """For what is written past `Integration.save`."""
        return self.update(version=models.F("version") + 1)


def system_choices() -> list[tuple[str, str]]:
    return [(key, connector.system.name) for key, connector in connectors().items()]


def validate_system(key: str) -> None:
    if key not in connectors():
        raise ValidationError(_("“{key}” is not a system that Position Sync knows.").format(key=key))


def new_fingerprint_key() -> str:
    return secrets.token_hex(32)


class Integration(models.Model):
    """A connection of one organization to one system."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="integrations", verbose_name=_("organization")
    )
    system_key = models.CharField(_("system"), max_length=40, validators=[validate_system])
    name = Line(
        max_length=80,
        help_text=_("How you call this connection, for example: Tripletex, Oslo."),
        verbose_name=_("name"),
    )
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)

    # Written by people, never shown again: {name: value}, as the connector declares.
    credentials = EncryptedJSONField(default=dict, blank=True, verbose_name=_("credentials"))
    # For each name: the hint (last four characters), by whom and when it was set.
    credential_hints = models.JSONField(default=dict, blank=True, editable=False)
    settings = models.JSONField(default=dict, blank=True, verbose_name=_("settings"))
    base_urls = models.JSONField(
        default=dict, blank=True, help_text=_("Only for a test tenant: {name: address}."), verbose_name=_("base urls")
    )
    everybody = models.BooleanField(
        default=True, help_text=_("Positions of every company, and of none."), verbose_name=_("everybody")
    )
    companies = models.ManyToManyField(
        Company,
        through="IntegrationCompany",
        blank=True,
        help_text=_("Only positions of these companies, unless it is for everybody."),
        verbose_name=_("companies"),
    )

    send_positions = models.BooleanField(
        _("send positions"), default=False, help_text=_("Changes from now on are sent. What exists already is not.")
    )
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)
    delete_positions = models.BooleanField(
        _("delete there too"),
        default=False,
        help_text=_("A position deleted here is deleted there, where the system can."),
    )
    move_periods = models.BooleanField(
        _("move on a changed start date"),
        default=False,
        help_text=_("A changed start date moves the period that was sent before, instead of making a new one."),
    )
    # The payroll cut-off, as `integrations.planning.cutoff.Calendar` keeps it; {}: none.
    cutoff = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False, verbose_name=_("paused at"))
    paused_by = models.CharField(max_length=150, blank=True, editable=False)

    # Kept by the engine.
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    stopped_cause = models.CharField(max_length=60, blank=True, editable=False)
    stopped_said = models.JSONField(default=list, blank=True, editable=False)  # `sdk.messages.packed`
    retry_at = models.DateTimeField(null=True, blank=True, editable=False)
    retry_set_at = models.DateTimeField(null=True, blank=True, editable=False)  # when it was put off until then
    retry_count = models.PositiveSmallIntegerField(default=0, editable=False)
    retry_said = models.JSONField(default=list, blank=True, editable=False)
    warned_at = models.DateTimeField(null=True, blank=True, editable=False)  # since when some positions need a person
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Kept by the connector: tokens. `vault_locked_until` lets one process at a time spend a refresh token.
    vault = EncryptedJSONField(default=dict, blank=True, editable=False)
    vault_locked_until = models.DateTimeField(null=True, blank=True, editable=False)
    vault_locked_by = models.CharField(max_length=32, blank=True, editable=False)

    # Raised by every change of what a run goes by (`VERSIONED`, companies): a turn serves one version, and what comes
    # of an older one neither closes a job nor stops the connection.
    version = models.BigIntegerField(default=0, editable=False)

    # By which `integrations.runtime.fingerprints` are made; of no use without the database, nor are the database's
    # without it.
    fingerprint_key = EncryptedTextField(_("key of fingerprints"), default=new_fingerprint_key, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = IntegrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        ordering = ["organization", "name"]
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="integration_name_once")]
        indexes = [models.Index(fields=["organization", "send_positions"], name="integration_recording")]

    def __str__(self) -> str:
        return self.name

    # What a run goes by. The engine's own book and a pause are not: a pause ends a turn, but what was sent was sent.
    VERSIONED = frozenset(
        {
            "credentials",
            "settings",
            "base_urls",
            "everybody",
            "send_positions",
            "delete_positions",
            "move_periods",
            "cutoff",
        }
    )

    def save(self, *args: Any, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if self._state.adding or not (fields is None or self.VERSIONED & set(fields)):
            super().save(*args, **kwargs)
            return
        if fields is not None:
            kwargs["update_fields"] = {*fields, "version"}
        self.version = models.F("version") + 1
        with transaction.atomic():
            super().save(*args, **kwargs)
            self.refresh_from_db(fields=["version"])

    @property
    def stopped_message(self) -> str:
        """Why it is stopped, in words."""
        return words_of(self.stopped_said)

    @property
    def retry_message(self) -> str:
        """Why it is tried again later, in words."""
        return words_of(self.retry_said)

    @property
    def connector_class(self) -> type[Connector]:
        return connector_for(self.system_key)

    @property
    def system(self) -> System:
        return self.connector_class.system

    @property
    def calendar(self) -> Calendar | None:
        """Of its payroll cut-off; None where it has none."""
        return Calendar.from_json(self.cutoff)

    @property
    def holds(self) -> bool:
        """Whether what is saved after the cut-off waits until the period opens."""
        return bool(self.cutoff) and self.cutoff["after"] == After.HOLD

    @property
    def paused(self) -> bool:
        return self.paused_at is not None

    @property
    def stopped(self) -> bool:
        return self.stopped_at is not None

    @property
    def connected(self) -> bool:
        """Whether every required credential and setting has a value."""
        given = {**self.settings, **self.credentials}
        return all(given.get(s.name) not in (None, "", {}) or s.default not in ("", None) for s in self.required())

    def required(self) -> tuple[Any, ...]:
        return self.system.required_settings

    def urls(self) -> dict[str, str]:
        return {name: self.base_urls.get(name) or url for name, url in self.system.base_urls.items()}

    def cleaned_settings(self) -> dict[str, Any]:
        """Every declared setting with its default where nothing was chosen."""
        return {
            s.name: clean_value(s, self.settings[s.name]) if s.name in self.settings else s.default
            for s in self.system.settings
        }

    def missing_settings(self) -> list[Setting]:
        """Required credentials and settings without a value: while there is one, nothing at all is sent."""
        return missing(self.system, {**self.settings, **self.credentials})

    # What `set_credentials` changes, for `save(update_fields=...)`: the engine writes to the other columns meanwhile.
    CREDENTIAL_FIELDS = (
        "credentials", "credential_hints", "vault", "stopped_at", "stopped_cause", "stopped_said", "retry_at",
        "retry_count", "retry_said", "updated_at",
    )  # fmt: skip

    def set_credentials(self, values: dict[str, str], by: str, remove: Iterable[str] = ()) -> None:
        """Writes the given (non-empty) credentials, keeps the others, and starts afresh where it was stopped."""
        hints = dict(self.credential_hints)
        for name, value in values.items():
            hints[name] = {"hint": f"…{value[-4:]}" if len(value) >= 12 else "set", "by": by,
                           "at": timezone.now().isoformat()}  # fmt: skip
        gone = set(remove)
        self.credentials = {k: v for k, v in {**self.credentials, **values}.items() if k not in gone}
        self.credential_hints = {k: v for k, v in hints.items() if k not in gone}
        self.vault = {}
        self.resume_from_stop()

    def resume_from_stop(self) -> None:
        self.stopped_at, self.stopped_cause, self.stopped_said = None, "", []
        self.retry_at, self.retry_count, self.retry_said = None, 0, []

    def switch(self, on: bool) -> None:
        self.send_positions = on
        if on:
            self.activated_at = timezone.now()

    def clean(self) -> None:
        if settings.ALLOW_PRIVATE_TARGETS:
            return
        for name, url in (self.base_urls or {}).items():
            refuse_private(name, url)


class IntegrationCompany(models.Model):
    """One of the companies that a connection is limited to, which is not deleted under it: with the last one, a list
    of companies would say nothing any more."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE)
    company = models.ForeignKey(Company, on_delete=models.RESTRICT)

    class Meta:
        db_table = "integrations_integration_companies"
        verbose_name = _("connection that is limited to it")
        unique_together = [("integration", "company")]

    def __str__(self) -> str:
        return _("{connection}. Choose other companies, or everybody, under its Settings first.").format(
            connection=self.integration
        )
