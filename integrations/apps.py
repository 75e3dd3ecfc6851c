from django.apps import AppConfig
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from positions import dates


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Sync")

    def ready(self) -> None:

        from integrations import scope
        from integrations.models import EmployeeLink, Integration
        from integrations.personal_rows import HeldByIntegrations
        from integrations.sdk import wording
        from positions import audit
        from positions.privacy import personal_data

        # The rest of the row is the engine's and the connector's own book.
        kept = (
            "uuid",
            "vault",
            "vault_locked_until",
            "vault_locked_by",
            "version",
            "credential_hints",
            "activated_at",
            "paused_by",
            "retry_at",
            "retry_set_at",
        )
        engine = ("stopped_at", "stopped_cause", "stopped_said", "retry_count", "retry_said", "last_success_at")
        audit.watch(
            Integration, lambda row: row.organization_id, skipped=[*kept, *engine, "warned_at"], related=["companies"]
        )
        # The engine's own matches are written many at a time, and are told in the log.
        audit.watch(
            EmployeeLink,
            lambda row: row.integration.organization_id,
            employee=lambda row: row.employee_key,
            skipped=["label", "fingerprints", "said", "cause", "matched_at", "written_to", "next_change_on"],
        )
        personal_data.register(HeldByIntegrations())
        scope.connect()
        wording.READER = wording.Language(gettext, dates.show, dates.clock, dates.number)
