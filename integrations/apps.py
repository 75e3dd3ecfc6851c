from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Sync"

    def ready(self) -> None:
        from integrations import personal_rows, scope
        from integrations.models import Integration
        from positions import audit

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
        engine = ("stopped_at", "stopped_cause", "stopped_message", "retry_count", "retry_message", "last_success_at")
        audit.watch(
            Integration, lambda row: row.organization_id, skipped=[*kept, *engine, "warned_at"], related=["companies"]
        )
        personal_rows.connect()
        scope.connect()
