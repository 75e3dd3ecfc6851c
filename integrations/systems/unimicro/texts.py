"""What Unimicro's connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

# Our field -> the setting that names the company's own field for it.
CUSTOM = {
    "title": "title_field",
    "manager": "manager_field",
    "first_day_of_work": "first_day_field",
    "last_day_of_work": "last_day_field",
    "probation_end": "probation_field",
    "notice_date": "notice_field",
}

# -- of the sign-in

NO_SIGN_IN_ADDRESS = Text(
    "unimicro.no_sign_in_address",
    _("Unimicro's login server did not say where to sign in."),
    remedy=_("Check the identity address of this connection."),
)
KEY_UNREADABLE = Text(
    "unimicro.key_unreadable",
    _("The private key of this connection cannot be read: it has to be an RSA key in PEM form without a password."),
    remedy=_("Take it out of the server client's .p12 certificate once more and paste it whole."),
    setting="private_key",
)
SCOPE_MISSING = Text(
    "unimicro.scope_missing",
    _("Unimicro's login server does not grant this client the scope AppFramework."),
    remedy=_("Add it to the server client in Unimicro's developer portal."),
)
CLIENT_REFUSED = Text(
    "unimicro.client_refused",
    _("Unimicro's login server refused our client."),
    remedy=_(
        "Check the client id, and renew the certificate of the server client in Unimicro's developer portal if it has "
        "run out; then paste its private key. A wrong clock on this server has the same effect."
    ),
    setting="client_id",
)
TOKEN_REFUSED = Text(
    "unimicro.token_refused",
    _("Unimicro no longer takes our access token, even a new one."),
    remedy=_("Check in Unimicro Marketplace that the integration is still activated for the company."),
)

# -- of the company

NO_COMPANY = Text(
    "unimicro.no_company",
    _("This client has no company with organisation number {number} in Unimicro."),
    remedy=_(
        "Activate the integration for that company in Unimicro Marketplace, or correct the number in this connection."
    ),
    setting="organization_number",
)
SEVERAL_COMPANIES = Text(
    "unimicro.several_companies",
    _("Unimicro has {count} companies with organisation number {number}."),
    remedy=_("Enter the company key of the one meant in this connection."),
    setting="company_key",
)
COMPANY_REFUSED = Text(
    "unimicro.company_refused",
    _("Unimicro does not let this client work in the company."),
    remedy=_(
        "Activate the integration for it in Unimicro Marketplace, and give the client a role for payroll (employees "
        "and employments)."
    ),
)

# -- of the data

TOO_SLOW = Text("unimicro.too_slow", _("Unimicro did not get the request in time."))
REFUSED = Text(
    "unimicro.refused",
    _("Unimicro refused it."),
    remedy=_("Correct what it names below, here or in Unimicro, then press Re-sync."),
)
_TITLE_FIELD_REFUSED = Text(
    "unimicro.title_field_refused",
    _("Unimicro refused {name}, which the settings name as the company's own field."),
    remedy=_("Correct its name in the connection's settings, or the value here, then press Re-sync."),
    field="title",
    setting="title_field",
)
_MANAGER_FIELD_REFUSED = Text(
    "unimicro.manager_field_refused",
    _("Unimicro refused {name}, which the settings name as the company's own field."),
    remedy=_("Correct its name in the connection's settings, or the value here, then press Re-sync."),
    field="manager",
    setting="manager_field",
)
_FIRST_DAY_FIELD_REFUSED = Text(
    "unimicro.first_day_field_refused",
    _("Unimicro refused {name}, which the settings name as the company's own field."),
    remedy=_("Correct its name in the connection's settings, or the value here, then press Re-sync."),
    field="first_day_of_work",
    setting="first_day_field",
)
_LAST_DAY_FIELD_REFUSED = Text(
    "unimicro.last_day_field_refused",
    _("Unimicro refused {name}, which the settings name as the company's own field."),
    remedy=_("Correct its name in the connection's settings, or the value here, then press Re-sync."),
    field="last_day_of_work",
    setting="last_day_field",
)
_PROBATION_FIELD_REFUSED = Text(
    "unimicro.probation_field_refused",
    _("Unimicro refused {name}, which the settings name as the company's own field."),
    remedy=_("Correct its name in the connection's settings, or the value here, then press Re-sync."),
    field="probation_end",
    setting="probation_field",
)
_NOTICE_FIELD_REFUSED = Text(
    "unimicro.notice_field_refused",
    _("Unimicro refused {name}, which the settings name as the company's own field."),
    remedy=_("Correct its name in the connection's settings, or the value here, then press Re-sync."),
    field="notice_date",
    setting="notice_field",
)
OWN_FIELD_REFUSED = {
    "title": _TITLE_FIELD_REFUSED,
    "manager": _MANAGER_FIELD_REFUSED,
    "first_day_of_work": _FIRST_DAY_FIELD_REFUSED,
    "last_day_of_work": _LAST_DAY_FIELD_REFUSED,
    "probation_end": _PROBATION_FIELD_REFUSED,
    "notice_date": _NOTICE_FIELD_REFUSED,
}
DIMENSION_REFUSED = Text(
    "unimicro.dimension_refused",
    _("Unimicro refused the value of the dimension that the settings give for the cost centre."),
    remedy=_("Correct its ID in the connection's settings under Cost centres, then press Re-sync."),
    field="cost_centre",
    setting="cost_centres",
)
EMPLOYEE_LEFT = Text("unimicro.employee_left", _("The employee is no longer in Unimicro."))
EMPLOYMENT_GONE = Text("unimicro.employment_gone", _("The employment is no longer in Unimicro."))
EMPLOYMENT_CHANGED = Text("unimicro.employment_changed", _("The employment was changed in Unimicro."))
CREATED_AFTER_ALL = Text("unimicro.created_after_all", _("An earlier try had created it after all."))
CREATED_BEFORE = Text(
    "unimicro.created_before",
    _("Unimicro says that this employment was created before, but shows none from {start}."),
    cause="created_before",
    field="start_date",
)
NOT_SHOWN_YET = Text("unimicro.not_shown_yet", _("Unimicro accepted the employment but does not show it yet."))

# -- of values that it does not know

NO_TITLE = Text(
    "unimicro.no_title",
    _("Unimicro's occupation register has no title for the code {code}."),
    remedy=_("Choose another under Position > Occupation code; it is sent when you save."),
    cause="occupation_code_not_found",
    field="occupation_code",
)
SEVERAL_TITLES = Text(
    "unimicro.several_titles",
    _("Unimicro's occupation register has more than one title for the code {code}."),
    remedy=_("Choose another under Position > Occupation code; it is sent when you save."),
    cause="occupation_code_not_found",
    field="occupation_code",
)
_CORRECT_SUB_UNIT = _(
    "Correct it there or on the company here, or name Unimicro's number in the connection's settings under Sub-units; "
    "then press Re-sync."
)
NO_SUB_UNIT = Text(
    "unimicro.no_sub_unit",
    _("Unimicro has no sub-unit with organisation number {number}."),
    remedy=_CORRECT_SUB_UNIT,
    cause="sub_unit_not_found",
    field="company",
)
SEVERAL_SUB_UNITS = Text(
    "unimicro.several_sub_units",
    _("Unimicro has more than one sub-unit with organisation number {number}."),
    remedy=_CORRECT_SUB_UNIT,
    cause="sub_unit_not_found",
    field="company",
)
_CORRECT_DEPARTMENT = _(
    "Correct it there, or name Unimicro's number in the connection's settings under Departments; then press Re-sync."
)
NO_DEPARTMENT = Text(
    "unimicro.no_department",
    _("Unimicro has no department with number {number}."),
    remedy=_CORRECT_DEPARTMENT,
    cause="department_not_found",
    field="department",
)
SEVERAL_DEPARTMENTS = Text(
    "unimicro.several_departments",
    _("Unimicro has more than one department with number {number}."),
    remedy=_CORRECT_DEPARTMENT,
    cause="department_not_found",
    field="department",
)

# -- of what a write left there

ON_THE_EMPLOYMENT = Label(_("on the employment in Unimicro"))
NEEDED = Text(
    "unimicro.needed",
    _("{field} is empty, and the a-melding needs it."),
    remedy=_("Fill it in here or in Unimicro."),
)
OTHERS_LOST = Text(
    "unimicro.others_lost",
    _("Unimicro no longer shows employment {ids:comma} of this employee."),
    remedy=_("Check it in Unimicro."),
)

# -- of a deletion

DELETED = Text("unimicro.deleted", _("It had not begun, so it was deleted in Unimicro."))
DELETED_ALREADY = Text("unimicro.deleted_already", _("It was deleted in Unimicro already."))
CANCELLED = Text(
    "unimicro.cancelled",
    _("{why} It was cancelled: it ends on its start date as one that should not have been reported."),
    remedy=_("Send the next a-melding for the authorities to know."),
)
HAD_BEGUN = Text("unimicro.had_begun", _("It had begun, so it may have been reported."))
IN_USE = Text("unimicro.in_use", _("It had not begun, but has been used or reported there already."))
IN_USE_THEY_SAY = Text(
    "unimicro.in_use_they_say",
    _("It had not begun, but has been used or reported there already. Unimicro did not delete it: {words}"),
)

# -- of a test of the connection

SERVER_CLIENT = Label(_("Unimicro's developer portal, server client"))
MARKETPLACE = Label(_("Unimicro Marketplace, and the roles of the client in Unimicro"))
SIGNED_IN = Text("unimicro.signed_in", _("Signed in."))
COMPANY = Label(_("Company"))
EMPLOYEES = Label(_("Read employees"))
EMPLOYMENTS = Label(_("Read employments"))
OCCUPATIONS = Label(_("Read the occupation register"))
SUB_UNITS = Label(_("Read sub-units"))
SUB_UNITS_FOUND = Text("unimicro.sub_units_found", _("{number} to choose from."))
DEPARTMENTS = Label(_("Read departments"))
READABLE = Text("unimicro.readable", _("Can be read."))
NONE_YET = Text("unimicro.none_yet", _("Can be read; there are none yet."))

# -- a value that cannot be given as Unimicro takes it: "Title: …"

ONE_OWN_FIELD = Text(
    "unimicro.one_own_field",
    _("two fields here go to the company's own field {name}."),
    remedy=_("Give each a field of its own in the connection's settings."),
)
NO_DIMENSION_VALUE = Text(
    "unimicro.no_dimension_value",
    _("it has no row with the ID of its value in Unimicro's dimension."),
    remedy=_("Add the row in the connection's settings under Cost centres."),
)
