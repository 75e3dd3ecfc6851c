"""What Fortnox' connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

# -- of the sign-in

_RECONNECT = _(
    "Connect again: let a system administrator approve the integration in Fortnox, and enter the new credentials in "
    "this connection."
)
NO_CREDENTIALS = Text(
    "fortnox.no_credentials",
    _("This connection has neither a tenant ID nor a refresh token."),
    remedy=_("Enter one of the two under Credentials."),
    setting="tenant_id",
)
REFRESH_TOKEN_REFUSED = Text(
    "fortnox.refresh_token_refused",
    _("Fortnox no longer takes the refresh token: it was used by something else, or not for 45 days."),
    remedy=_RECONNECT,
    setting="refresh_token",
)
NO_SERVICE_ACCOUNT = Text(
    "fortnox.no_service_account",
    _("This integration has no service account in Fortnox."),
    remedy=_(
        "Switch service accounts on for it in the Developer portal and let a system administrator approve it anew, or "
        "enter a refresh token instead of the tenant ID."
    ),
)
CLIENT_REFUSED = Text(
    "fortnox.client_refused",
    _("Fortnox refused the Client-ID or the Client-Secret."),
    remedy=_("Compare both with the integration in Fortnox's Developer portal and enter them anew under Credentials."),
    setting="client_secret",
)
COMPANY_REFUSED = Text("fortnox.company_refused", _("Fortnox refused the sign-in for this company."), remedy=_RECONNECT)
TOKEN_REFUSED = Text("fortnox.token_refused", _("Fortnox refused our access token."), remedy=_RECONNECT)

# -- of rights and licences

SCOPE_MISSING = Text(
    "fortnox.scope_missing",
    _("Fortnox does not let this connection use a part of its data (scope)."),
    remedy=_(
        "Add the scopes salary and costcenter to the integration in the Developer portal, let the customer approve it "
        "again, and enter the new credentials here."
    ),
    cause="scope_missing",
)
PAYROLL_LICENCE_MISSING = Text(
    "fortnox.payroll_licence_missing",
    _("The customer has no active Fortnox licence for this data."),
    remedy=_("Order Fortnox Lön for the company in Fortnox, then press Resume."),
    cause="licence_missing",
)
INTEGRATION_LICENCE_MISSING = Text(
    "fortnox.integration_licence_missing",
    _("The customer has no licence for integrations in Fortnox."),
    remedy=_("Order the integration licence for the company in Fortnox, then press Resume."),
    cause="licence_missing",
)
ACCESS_REFUSED = Text(
    "fortnox.access_refused",
    _("Fortnox refused access."),
    remedy=_(
        "Check that the company has the licences for Fortnox Lön and for integrations, and that the integration has "
        "the scopes salary and costcenter. Connect again: let a system administrator approve the integration in "
        "Fortnox, and enter the new credentials in this connection."
    ),
)

# -- of the data

NOT_CARRIED_OUT = Text(
    "fortnox.not_carried_out",
    _("Fortnox could not carry out the request."),
    next=_("Nothing to do: it is tried again."),
)
AGREEMENT_MISSING = Text(
    "fortnox.agreement_missing",
    _("Fortnox found no salary agreement for this employee."),
    remedy=_(
        "Set personnel type, salary form and employment form on the employee in Fortnox Lön, or fill in these defaults "
        "in the connection's settings, then press Re-sync."
    ),
    cause="agreement_missing",
)
SIGN_REFUSED = Text(
    "fortnox.sign_refused",
    _("Fortnox refused a sign in {what}."),
    remedy=_("Use letters, digits and common signs only; it is sent when you save."),
)
COST_CENTRE_MISSING = Text(
    "fortnox.cost_centre_missing",
    _("There is no cost centre “{code}” in Fortnox."),
    remedy=_("Create it there, or choose another {field:lower} here, then press Re-sync."),
    cause="cost_centre_missing",
)
COST_CENTRE_INACTIVE = Text(
    "fortnox.cost_centre_inactive",
    _("The cost centre “{code}” is not active in Fortnox."),
    remedy=_("Activate it there, or choose another {field:lower} here, then press Re-sync."),
    cause="cost_centre_missing",
)
_CLEAR_END = _(
    "Clear the last day of employment (Anställd t.o.m.) on the employee in Fortnox Lön by hand, then press Re-sync."
)
END_NOT_CLEARABLE = Text(
    "fortnox.end_not_clearable",
    _("{refusal} The end date was taken away here, and Fortnox may not let that be done from outside."),
    remedy=_CLEAR_END,
)
END_STAYS = Text(
    "fortnox.end_stays",
    _("The end date was taken away here, but Fortnox still shows {shown}."),
    remedy=_CLEAR_END,
)
INACTIVE = Text(
    "fortnox.inactive",
    _("The employee is marked as inactive in Fortnox, and we never change that."),
    remedy=_("If the employee is back, take the mark away on the employee in Fortnox Lön."),
)
SCHEDULE = Text("fortnox.schedule", _("{code} from {day}"))
SCHEDULES_LOST = Text(
    "fortnox.schedules_lost",
    _("Fortnox no longer shows schedules that were planned for this employee: {schedules}."),
    remedy=_("Enter them again on the employee in Fortnox Lön, or as changes of the position here."),
)
ON_THE_EMPLOYEE = Label(_("on the employee in Fortnox Lön"))

# -- of a test of the connection

SIGNED_IN = Text("fortnox.signed_in", _("Fortnox accepts the credentials."))
COMPANY = Label(_("Company"))
COMPANY_HIDDEN = Text("fortnox.company_hidden", _("Fortnox does not show it without the scope companyinformation."))
EMPLOYEES = Label(_("Read and write employees (scope salary)"))
EMPLOYEES_PLACE = Label(
    _(
        "Fortnox Developer portal > your integration > scope Lön (salary), then approve it anew; the company needs "
        "Fortnox Lön"
    )
)
COST_CENTRES = Label(_("Look up cost centres (scope costcenter)"))
COST_CENTRES_PLACE = Label(
    _(
        "Fortnox Developer portal > your integration > scope for cost centres (costcenter), then approve it anew; or "
        "switch the cost centre off in this connection's settings"
    )
)
ONE_SOURCE = Label(_("One source for the cost centre"))
TWO_SOURCES = Text(
    "fortnox.two_sources",
    _("Both the cost centre and the department are switched on, but Fortnox has one field for them."),
)

# -- a value that cannot be given as Fortnox takes it: "Department: …"
BOTH_TO_COST_CENTRE = Text(
    "fortnox.both_to_cost_centre",
    _("this connection sends both the cost centre and the department to Fortnox's one cost centre."),
    remedy=_("Leave only one of the two switched on in the connection's settings."),
)
NO_UNIT = Text(
    "fortnox.no_unit",
    _("choose in the connection's settings whether full time is 1 or 100 in Fortnox."),
    setting="percentage_unit",
    complete=True,
)
