"""What Visma.net Payroll's connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

# -- of the sign-in

CLIENT_REFUSED = Text(
    "visma_net_payroll.client_refused",
    _("Visma Connect refused the client id or the client secret."),
    remedy=_(
        "Make a new secret in Visma Developer Portal > the application > Credentials, and enter it in this connection."
    ),
    setting="client_secret",
)
SCOPES_REFUSED = Text(
    "visma_net_payroll.scopes_refused",
    _("Visma Connect refused the scopes."),
    remedy=_(
        "Add the integration Visma.net Employee API with reading and writing of employees to the application in Visma "
        "Developer Portal."
    ),
    setting="scope",
)
COMPANY_REFUSED = Text(
    "visma_net_payroll.company_refused",
    _("Visma Connect refused to sign in to this company."),
    remedy=_(
        "Check the tenant id in this connection, and that the application is approved for the company in Visma App "
        "Store."
    ),
    setting="tenant_id",
)

# -- of rights

ACCESS_REFUSED = Text(
    "visma_net_payroll.access_refused",
    _("Visma.net Payroll refuses our access although signing in worked."),
    remedy=_(
        "Usually the tenant id is the customer's: enter the company's own tenant id, and check that the application "
        "is approved for that company in Visma App Store."
    ),
    setting="tenant_id",
)
RIGHT_MISSING = Text(
    "visma_net_payroll.right_missing",
    _("Visma.net Payroll says that the application lacks a right."),
    remedy=_("Grant it Read employees and Write employees for this company in Visma App Store."),
)

# -- of a position

READING_REFUSED = Text("visma_net_payroll.reading_refused", _("It did not accept a request that only reads."))
POSITION_CHANGED = Text(
    "visma_net_payroll.position_changed", _("The position was changed in Visma.net Payroll meanwhile.")
)
POSITION_GONE = Text("visma_net_payroll.position_gone", _("The position is no longer in Visma.net Payroll."))
NO_VERSION = Text(
    "visma_net_payroll.no_version",
    _("Visma.net Payroll gave no version (ETag) of the position, so nothing was overwritten."),
)
_CORRECT = _("Correct what it names, then press Re-sync.")
NOT_TAKEN = Text("visma_net_payroll.not_taken", _("Visma.net Payroll did not take the position."), remedy=_CORRECT)
NOT_CARRIED_OUT = Text(
    "visma_net_payroll.not_carried_out",
    _("Visma.net Payroll took the position but refused it on carrying it out."),
    remedy=_CORRECT,
)
VALUES_MISSING = Text(
    "visma_net_payroll.values_missing",
    _("Visma.net Payroll makes no position without {missing}."),
    remedy=_("Fill it in under this connection's settings > Values for new positions, then press Re-sync."),
    cause="values_for_new_positions",
)
QUOTED = Text("visma_net_payroll.quoted", "“{name}”")
IS_OVER = Text(
    "visma_net_payroll.is_over",
    _("The position ended on {end}, so its {field:lower} was not changed: that would rewrite what was paid."),
    remedy=_("Correct it in Visma.net Payroll, where its effect on past wages is seen, then press Re-sync."),
    cause="position_is_over",
)
PART_LEFT_OUT = Text(
    "visma_net_payroll.part_left_out",
    _("Visma.net Payroll took the position but left out a part of it: {words}"),
    remedy=_("Put it right there."),
)
NO_REASON = Label(_("no reason given."))

# -- of a write that is carried out later

_LOOKS_FIRST = _("The next try looks at what became of it before anything is sent.")
NOWHERE_TO_FOLLOW = Text(
    "visma_net_payroll.nowhere_to_follow",
    _("Visma.net Payroll took the change but did not say where to follow it."),
    next=_LOOKS_FIRST,
)
STILL_RUNNING = Text(
    "visma_net_payroll.still_running",
    _("Visma.net Payroll took the change but had not carried it out after {seconds} seconds."),
    next=_("Nothing to do: the next try looks at what became of it before anything is sent."),
)
NOT_SHOWN_YET = Text(
    "visma_net_payroll.not_shown_yet",
    _("Visma.net Payroll made the position but does not show it yet."),
    next=_("The next try looks again."),
)
EARLIER_CHANGE = Text(
    "visma_net_payroll.earlier_change",
    _("An earlier change of this employee was still being carried out in Visma.net Payroll."),
)

# -- of values that only the settings can give

NO_AGREEMENT = Text(
    "visma_net_payroll.no_agreement",
    _("“{scheme}” has no work-time agreement in this connection's settings."),
    remedy=_("Add it under {setting}."),
    setting="work_time_agreements",
)
NO_TAX_UNIT = Text(
    "visma_net_payroll.no_tax_unit",
    _("“{company}” ({number}) has no tax unit in this connection's settings."),
    remedy=_("Add it under {setting}."),
    setting="tax_units",
)
NO_NUMBER = Label(_("no organisation number"))
NO_DIMENSION = Text(
    "visma_net_payroll.no_dimension",
    _("the connection's settings do not say which dimension takes it."),
    remedy=_("Fill in {setting}."),
)
ONE_DIMENSION = Text(
    "visma_net_payroll.one_dimension",
    _("department and cost centre both go to dimension {number}."),
    remedy=_("Give each its own in the connection's settings."),
)

# -- of the manager

_MANAGER_REMEDY = _("Add or correct the manager there, then press Re-sync.")
MANAGER_MISSING = Text(
    "visma_net_payroll.manager_missing",
    _("Visma.net Payroll has no employee for the manager with number {number}, so the manager was not written."),
    remedy=_MANAGER_REMEDY,
)
MANAGER_NOT_UNIQUE = Text(
    "visma_net_payroll.manager_not_unique",
    _("Visma.net Payroll has {found} employees for the manager with number {number}, so the manager was not written."),
    remedy=_MANAGER_REMEDY,
)

# -- of a match

DRAFTS_UNSEEN = Text("visma_net_payroll.drafts_unseen", _("Drafts there are not seen."))

# -- of a test of the connection

CREDENTIALS_PLACE = Label(_("the connection's credentials, and Visma Developer Portal > the application > Credentials"))
APP_STORE = Label(_("Visma App Store, in the company: approve the application with Read employees and Write employees"))
READING_PLACE = Label(
    _(
        "the tenant id in the connection's credentials, or Visma App Store, in the company: approve the application "
        "with Read employees and Write employees"
    )
)
SIGNED_IN = Text("visma_net_payroll.signed_in", _("Visma Connect gave an access token"))
READING = Label(_("Read employees"))
READABLE = Text("visma_net_payroll.readable", _("The list of employees can be read"))
WRITING = Label(_("Write employees"))
WRITABLE = Text("visma_net_payroll.writable", _("Granted to the application"))
WRITABLE_PERHAPS = Text(
    "visma_net_payroll.writable_perhaps", _("Visma Connect does not say; the first position sent will show it")
)
READ_ONLY = Text("visma_net_payroll.read_only", _("The application may read employees but not write them."))
TAX_UNITS = Label(_("Tax units"))
AGREEMENTS = Label(_("Work-time agreements"))
ENTRIES = Text("visma_net_payroll.entries", "{entries:comma}")
ENTRY = Text("visma_net_payroll.entry", "{name}: {id}")
WITHOUT_NAME = Label(_("without a name"))
NONE = Label(_("None"))
STRANGE = Text("visma_net_payroll.strange", _("This company does not have: {ids:comma}"))
SETTING_PLACE = Text("visma_net_payroll.setting_place", _("the connection's settings > {setting}"))
NEW_POSITIONS = Label(_("Values for new positions"))
ALL_THERE = Text("visma_net_payroll.all_there", _("All there"))
NOT_CREATED = Text("visma_net_payroll.not_created", _("Without {missing}, positions are updated but not created."))
VERSION = Label(_("Version of the API"))
SUNSET = Text("visma_net_payroll.sunset", _("Visma announces the end of this version: {day}"))
