"""What the HR side tells the world. It does not know who listens."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.dispatch import Signal

from positions.models import Organization

# Positions were saved together by positions/bulk.py, inside its transaction (post_save is not sent for these).
# Keyword argument: saved, a list of (position with its employee, changed_fields or None), without those of which
# nothing was changed.
positions_changed = Signal()
# The same of employees.
employees_changed = Signal()
# Positions were deleted together by positions/bulk.py, inside its transaction (neither pre_delete nor post_delete is
# sent for these). Keyword argument: deleted, a list of positions as they were, with their employee.
positions_deleted = Signal()
# Employees are about to be deleted together, and still there. Their positions are told of by themselves; whoever
# reports to one of them will have no manager. Keyword argument: deleted, a list of employees.
employees_deleted = Signal()

# Somebody is invited by mail. Sent by Invitation in the transaction that stores it. Keyword argument: invitation, with
# a seed.
invitation_to_mail = Signal()
# Somebody asked for a link for choosing a password. Sent by the users' model, in a transaction. Keyword argument:
# users, those who are to be mailed, perhaps none: whoever listens does the same work then.
password_forgotten = Signal()
# A user asked for another e-mail address. Sent by AddressChange in the transaction that stores it. Keyword argument:
# change.
address_to_confirm = Signal()
# A user who was here before was connected with somebody of the OpenID issuer. Sent by FederatedIdentity in that
# transaction. Keyword argument: identity.
identity_connected = Signal()
# An import has something to do for a worker, from this transaction on. Keyword argument: key, of the `Import`.
import_waits = Signal()
# Rows of an import were saved in a transaction that is about to be rolled back. Receivers say what that has caused, as
# {name of a connection: how many positions would be sent there}. Keyword arguments: organization, its key; request, the
# request id under which it was done.
import_tried = Signal()


def goes_with_organization(origin: Any) -> bool:
    """Of the `origin` of a deletion's signal: the whole organization is deleted, and nobody is to be told."""
    deleted = origin.model if isinstance(origin, QuerySet) else type(origin)
    return isinstance(deleted, type) and issubclass(deleted, Model) and issubclass(deleted, Organization)
