from positions.models.address_change import AddressChange
from positions.models.api_key import ApiKey
from positions.models.audit import AuditEntry
from positions.models.change import Change, ChangeFeed
from positions.models.company import Company, Department
from positions.models.employee import Employee
from positions.models.federation import FederatedIdentity, GroupRole
from positions.models.idempotency import IdempotencyKey
from positions.models.importing import Import, ImportPiece
from positions.models.invitation import Invitation, SelfMadeUser
from positions.models.language import LanguageChoice
from positions.models.organization import Member, Organization
from positions.models.position import EndReason, Position
from positions.models.second_factor import SecondFactor
from positions.models.sent_form import SentForm
from positions.models.terms import ContractType, RemunerationType, Terms, WorkingHoursScheme
from positions.models.words import EmployeeWord

__all__ = [
    "AddressChange",
    "ApiKey",
    "AuditEntry",
    "Change",
    "ChangeFeed",
    "Company",
    "ContractType",
    "Department",
    "Employee",
    "EmployeeWord",
    "EndReason",
    "FederatedIdentity",
    "GroupRole",
    "IdempotencyKey",
    "Import",
    "ImportPiece",
    "Invitation",
    "LanguageChoice",
    "Member",
    "Organization",
    "Position",
    "RemunerationType",
    "SecondFactor",
    "SelfMadeUser",
    "SentForm",
    "Terms",
    "WorkingHoursScheme",
]
