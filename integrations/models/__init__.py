from integrations.models.export import ExportFile, ExportRecord
from integrations.models.integration import Integration, IntegrationCompany, IntegrationQuerySet
from integrations.models.links import EmployeeLink, PeriodLink
from integrations.models.occupations import Occupation, OccupationRegister
from integrations.models.place import SharedPlace
from integrations.models.rate import SharedRate

__all__ = [
    "EmployeeLink",
    "ExportFile",
    "ExportRecord",
    "Integration",
    "IntegrationCompany",
    "IntegrationQuerySet",
    "Occupation",
    "OccupationRegister",
    "PeriodLink",
    "SharedPlace",
    "SharedRate",
]
