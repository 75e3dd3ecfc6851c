from integrations.admin import files
from integrations.admin.integration import IntegrationAdmin

files.connect()

__all__ = ["IntegrationAdmin"]
