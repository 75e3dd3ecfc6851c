from integrations.models.integration import Integration, IntegrationQuerySet
from integrations.models.links import EmployeeLink, PeriodLink

__all__ = ["EmployeeLink", "Integration", "IntegrationQuerySet", "PeriodLink"]
