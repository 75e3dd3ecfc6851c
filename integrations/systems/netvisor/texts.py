"""What Netvisor's connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

KEYS_MENU = Label(_("Company menu > Api identifiers"))
RIGHTS_MENU = Label(_("Company menu > API resource access rights"))

# -- of keys and rights

_NEW_KEYS = _(
    "Make new ones in Netvisor under Company menu > Api identifiers (they end with the rights of the user who made "
    "them), check the partner's keys and the business ID, and type them in under this connection's credentials."
)
KEYS_REFUSED = Text(
    "netvisor.keys_refused",
    _("Netvisor refused the keys of this connection."),
    remedy=_NEW_KEYS,
    setting="customer_key",
)
KEYS_OR_RIGHT_REFUSED = Text(
    "netvisor.keys_or_right_refused",
    _("Netvisor refused the keys or the right to {resource}."),
    remedy=_NEW_KEYS,
    setting="customer_key",
)
NOT_ALLOWED = Text(
    "netvisor.not_allowed",
    _("Netvisor does not let this connection use {resource}."),
    remedy=_(
        "Allow it in Netvisor under Company menu > API resource access rights, and make sure that the user of the keys "
        "still has rights."
    ),
)
NOT_SIGNABLE = Text(
    "netvisor.not_signable",
    _("The sender, an identifier or a key of this connection contains a character that Netvisor cannot verify."),
    remedy=_("Type it in again in the connection's credentials, in plain letters and digits."),
    setting="sender",
)

# -- of an answer

HAD_BEFORE = Text("netvisor.had_before", _("Netvisor says that it has had this very request before."))
MAINTENANCE = Text("netvisor.maintenance", _("Netvisor is closed for maintenance."))
FAULT = Text("netvisor.fault", _("Netvisor had a technical fault."))
NO_RESOURCE = Text(
    "netvisor.no_resource",
    _("There is no {resource} at this address."),
    remedy=_("Check the connection's base URL."),
)
WRITE_UNREADABLE = Text(
    "netvisor.write_unreadable",
    _("The answer to a write could not be read, so it may have been carried out."),
)
UNREADABLE = Text(
    "netvisor.unreadable",
    _("The answer could not be read: it is not Netvisor's XML."),
    remedy=_("Check the connection's base URL."),
)
NO_NUMBER = Text("netvisor.no_number", _("Netvisor shows a number that cannot be read."))

# -- of a period

ALREADY_THERE = Text("netvisor.already_there", _("Netvisor says that this period is already there."))
LOCKED = Text(
    "netvisor.locked",
    _("The accounting period is locked in Netvisor."),
    remedy=_("Open it there or change the dates here, then press Re-sync."),
    cause="period_locked",
)
REFUSED = Text(
    "netvisor.refused",
    _("Netvisor refused the position."),
    remedy=_("Correct {what:lower} here or there, then press Re-sync."),
)
NO_KEY = Text("netvisor.no_key", _("Netvisor took the new period but did not say under which key."))

# -- of default dimensions

ONE_DIMENSION = Text(
    "netvisor.one_dimension",
    _("department and cost centre both go to dimension {number}."),
    remedy=_("Give each its own in the connection's settings."),
)
NO_DIMENSION = Text(
    "netvisor.no_dimension",
    _("Netvisor has no dimension “{name}”. It has {known:comma}."),
    remedy=_("Correct its name in the connection's settings, then press Re-sync."),
    cause="dimension_not_in_target",
)
NO_ITEM = Text(
    "netvisor.no_item",
    _("The dimension “{dimension}” in Netvisor has no item “{item}”, and none is made from here."),
    remedy=_("Make it there, or choose another one here, then press Re-sync."),
    cause="dimension_not_in_target",
)
SEVERAL_ITEMS = Text(
    "netvisor.several_items",
    _("The dimension “{dimension}” in Netvisor has several items “{item}”, so that none can be told from the others."),
    remedy=_("Give them different names there, then press Re-sync."),
    cause="dimension_not_in_target",
)
NOT_SHOWN = Text(
    "netvisor.not_shown",
    _(
        "{field:cap}: Netvisor does not show this employee's default dimensions, and to write one is to replace all of "
        "them, so it was not written."
    ),
    remedy=_("Let the user of the keys see the employee's payroll information there, then press Re-sync."),
)
NOT_TAKEN = Text(
    "netvisor.not_taken",
    _("{field:cap}: not written to Netvisor, while the period is as it is here: {refusal}"),
    remedy=_("Correct it here or there, then press Re-sync."),
)
NONE = Label(_("none"))

# -- of a test of the connection

COMPANY = Label(_("Credentials and company"))
KEYS_TAKEN = Text("netvisor.keys_taken", _("Netvisor takes the keys for {company}."))
LISTING = Label(_("List employees (getemployees.nv)"))
LISTED = Text("netvisor.listed", _("Employees on the list: {number}."))
READING = Label(_("Read an employee (getemployee.nv)"))
ADDING = Label(_("Add a period (addjobperiod.nv)"))
CHANGING = Label(_("Change a period (editjobperiod.nv)"))
DIMENSIONS = Label(_("Look up dimensions (dimensionlist.nv)"))
DIMENSIONS_KNOWN = Text("netvisor.dimensions_known", _("Netvisor has {known:comma}."))
DEFAULTS = Label(_("Write default dimensions (employeedimensioncurve.nv)"))
DELETING = Label(_("Delete a period (deletejobperiod.nv): not tried"))
NOT_TRIED = Text(
    "netvisor.not_tried",
    _("A test would be a real deletion. Allow this resource if deletions are to be sent."),
)
