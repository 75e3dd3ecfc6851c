from integrations.models.export import ExportFile, ExportRecord
from integrations.models.integration import Integration, IntegrationQuerySet
from integrations.models.links import EmployeeLink, PeriodLink

__all__ = ["EmployeeLink", "ExportFile", "ExportRecord", "Integration", "IntegrationQuerySet", "PeriodLink"]
