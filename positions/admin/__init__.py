"""The admin of the HR side: one file per model, all built on scoped.py."""

from positions.admin import api_key, audit, company, employee, invitation, organization, position, user

__all__ = ["api_key", "audit", "company", "employee", "invitation", "organization", "position", "user"]
