from integrations.admin.integration import IntegrationAdmin

__all__ = ["IntegrationAdmin"]
