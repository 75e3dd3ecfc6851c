"""What PowerOffice Go's connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

# -- of the sign-in

_NEW_KEYS = _(
    "Compare the keys with PowerOffice Go (Settings > Extensions gives the client key, the developer portal the other "
    "two) and enter them anew under Credentials. Keys of the demo and of production cannot be mixed."
)
KEYS_REFUSED = Text(
    "poweroffice_go.keys_refused",
    _(
        "PowerOffice Go knows no integration with this application key and client key: one of them is wrong, or the "
        "company has removed the extension."
    ),
    remedy=_NEW_KEYS,
    setting="client_key",
)
TOKEN_REFUSED = Text(
    "poweroffice_go.token_refused",
    _("PowerOffice Go refused our access token."),
    remedy=_NEW_KEYS,
    setting="client_key",
)
SUBSCRIPTION_KEY_REFUSED = Text(
    "poweroffice_go.subscription_key_refused",
    _("PowerOffice refused the subscription key."),
    remedy=_(
        "Copy the current key of your product subscription from developer.poweroffice.net > Profile and enter it under "
        "Credentials. Demo and production have one each."
    ),
    setting="subscription_key",
)

# -- of a call

TOO_MANY_REQUESTS = Text(
    "poweroffice_go.too_many_requests",
    _("PowerOffice allows no more requests for this subscription key just now."),
    next=_("Nothing to do: it is tried again."),
)
PRIVILEGE_MISSING = Text(
    "poweroffice_go.privilege_missing",
    _("PowerOffice Go does not give this connection {privilege}."),
    remedy=_(
        "Ask PowerOffice to add it to the integration, and check that the company subscribes to the Go module it "
        "belongs to; then press Resume."
    ),
    cause="privilege_missing",
)
THE_PRIVILEGE = Text("poweroffice_go.the_privilege", _("the privilege {name}"))
A_PRIVILEGE = Label(_("a privilege that it needs"))
EMPLOYEE_GONE = Text(
    "poweroffice_go.employee_gone",
    _("The employee is no longer in PowerOffice Go."),
    remedy=_("Add the employee there, or correct the employee number here, then press Re-sync."),
)
EMPLOYMENT_GONE = Text(
    "poweroffice_go.employment_gone", _("The employment or its percentage is no longer in PowerOffice Go.")
)
ID_MISSING = Text(
    "poweroffice_go.id_missing",
    _("PowerOffice Go answered without the new employment's id: it is looked for there."),
)

# -- of the data

ARCHIVED = Text(
    "poweroffice_go.archived",
    _("There is an archived one; archived employees are left alone."),
    remedy=_("Take the employee out of the archive there, then press Re-sync."),
)
SUB_UNIT_MISSING = Text(
    "poweroffice_go.sub_unit_missing",
    _("PowerOffice Go has no sub-unit {number}."),
    remedy=_(
        "Register it there, or enter its number under Companies in this connection's settings, then press Re-sync."
    ),
    cause="enterprise_missing",
    field="company",
    setting="enterprises",
)
NO_DEFAULT_SUB_UNIT = Text(
    "poweroffice_go.no_default_sub_unit",
    _("The employee has no company here, and PowerOffice Go has no default sub-unit."),
    remedy=_("Choose a company on the employee; it is sent when you save."),
    cause="enterprise_missing",
    field="company",
)
# Of the codes of a field: there is none, and there is one that is not active.
CODES = {
    "department": (
        Text(
            "poweroffice_go.department_missing",
            _("There is no department “{code}” in PowerOffice Go."),
            remedy=_("Create it there, or choose another department here, then press Re-sync."),
            cause="department_missing",
            field="department",
        ),
        Text(
            "poweroffice_go.department_inactive",
            _("The department “{code}” is not active in PowerOffice Go."),
            remedy=_("Activate it there, or choose another department here, then press Re-sync."),
            cause="department_missing",
            field="department",
        ),
    ),
    "cost_centre": (
        Text(
            "poweroffice_go.location_missing",
            _("There is no location “{code}” in PowerOffice Go."),
            remedy=_("Create it there, or choose another cost centre here, then press Re-sync."),
            cause="location_missing",
            field="cost_centre",
        ),
        Text(
            "poweroffice_go.location_inactive",
            _("The location “{code}” is not active in PowerOffice Go."),
            remedy=_("Activate it there, or choose another cost centre here, then press Re-sync."),
            cause="location_missing",
            field="cost_centre",
        ),
    ),
}
FULL_WEEK_MISSING = Text(
    "poweroffice_go.full_week_missing",
    _("PowerOffice Go wants the hours of a full week with “{scheme}”, and only your agreement says how many."),
    remedy=_(
        "Fill in its row under Hours of a full week in each scheme in the connection's settings, then press Re-sync."
    ),
    cause="full_time_hours_missing",
    field="working_hours_scheme",
    setting="full_time_hours_by_scheme",
)
_MANAGER_REMEDY = _("Add or correct the manager there, then press Re-sync.")
MANAGER_MISSING = Text(
    "poweroffice_go.manager_missing",
    _("PowerOffice Go has no employee for the manager with number {number}, so the manager was not written."),
    remedy=_MANAGER_REMEDY,
)
MANAGER_NOT_UNIQUE = Text(
    "poweroffice_go.manager_not_unique",
    _("PowerOffice Go has {found} employees for the manager with number {number}, so the manager was not written."),
    remedy=_MANAGER_REMEDY,
)
AMOUNT_TO_BE_FILLED_IN = Text(
    "poweroffice_go.amount_to_be_filled_in",
    _("The salary from {start} says how is paid, and not how much: amounts are never sent."),
    remedy=_("Fill in its amount in PowerOffice Go before the next payroll run."),
)
CANCELLED = Text(
    "poweroffice_go.cancelled",
    _(
        "The employment was reported to the authorities already, so it was not deleted: it ends on its first day as "
        "one that should never have been reported."
    ),
)
EMPLOYMENT_CLOSED = Text(
    "poweroffice_go.employment_closed",
    _("The employment in PowerOffice Go ended on {end} and its end was reported for good, so it is left alone."),
    remedy=_("Open it again there, then press Re-sync; a new job is a position that starts after that day."),
    cause="employment_closed",
    field="end_date",
)
EMPLOYMENT_NOT_UNIQUE = Text(
    "poweroffice_go.employment_not_unique",
    _(
        "This employee has {number} employments in PowerOffice Go that are not over, and not exactly one is the "
        "default."
    ),
    remedy=_("Mark the right one as default there, or end the others, then press Re-sync."),
    cause="employment_not_unique",
)
EMPLOYMENT_IN_THE_WAY = Text(
    "poweroffice_go.employment_in_the_way",
    _("PowerOffice Go already has another employment of this employee, from {start}, that is not over."),
    remedy=_(
        "If it is this position, give it the start date, occupation code and sub-unit that stand here; else end or "
        "delete it there. Then press Re-sync."
    ),
    cause="employment_in_the_way",
    field="start_date",
)
WAS_THERE = Text(
    "poweroffice_go.was_there",
    _(
        "PowerOffice Go had an employment from {start} with this occupation code and sub-unit already, which is "
        "carried on. When the position is deleted or its start corrected, that one stays as it is."
    ),
)

# -- of a test of the connection

SIGNED_IN = Text("poweroffice_go.signed_in", _("PowerOffice Go accepts the keys."))
COMPANY = Label(_("Company"))
COMPANY_UNNAMED = Text("poweroffice_go.company_unnamed", _("PowerOffice Go gives no name."))
PRIVILEGE = Text("poweroffice_go.privilege", _("{purpose} (privilege {name})"))
FIND_EMPLOYEES = Label(_("Find employees"))
WRITE_EMPLOYEES = Text("poweroffice_go.write_employees", _("Find employees and write {fields:lower}"))
EMPLOYMENTS = Label(_("Read and write employments"))
PERCENTAGES = Label(_("Read and write percentages"))
SALARIES = Label(_("Read and write kinds of pay"))
SUB_UNITS = Label(_("Look up sub-units"))
DEPARTMENTS = Label(_("Look up departments"))
LOCATIONS = Label(_("Look up locations"))
GRANTED = Text("poweroffice_go.granted", _("Granted."))
MODULE_MISSING = Text(
    "poweroffice_go.module_missing",
    _("The integration has it, but the company does not subscribe to the Go module it belongs to."),
)
MODULE_PLACE = Label(_("PowerOffice Go of the company > Settings > Subscription"))
NOT_GRANTED = Text("poweroffice_go.not_granted", _("The integration does not have it."))
GRANT_PLACE = Label(_("Ask PowerOffice's API team (developer.poweroffice.net > Support) to add it to the integration"))
