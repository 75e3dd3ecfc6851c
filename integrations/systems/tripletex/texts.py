"""What Tripletex' connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

# -- of the sign-in and of rights

TOKENS_REFUSED = Text(
    "tripletex.tokens_refused",
    _("Tripletex refuses the consumer token or the employee token."),
    remedy=_(
        "Make a new employee token in Tripletex under Company > Employees > the owner > API access, and paste it into "
        "this connection."
    ),
    setting="employee_token",
)
SESSION_REFUSED = Text(
    "tripletex.session_refused",
    _("Tripletex does not let us in with a new session token."),
    remedy=_(
        "Check Company ID in this connection, and that the employee token still exists under Company > Employees > the "
        "owner > API access."
    ),
    setting="company_id",
)
RIGHT_MISSING = Text(
    "tripletex.right_missing",
    _("Tripletex does not give our employee token the right to do this."),
    remedy=_(
        "Give its owner access to employees and salary on the employee's card (Company > Employees), or make a token "
        "for someone who has it."
    ),
)
EMPLOYMENTS_HIDDEN = Text(
    "tripletex.employments_hidden",
    _("Tripletex hides dates or details of employments from our employee token."),
    remedy=_("Give its owner access to employees and salary on the employee's card (Company > Employees)."),
)
WAGE_HIDDEN = Text(
    "tripletex.wage_hidden",
    _(
        "Tripletex hides the wage from our employee token, and a new details row without it would leave the employee "
        "without pay."
    ),
    remedy=_(
        "Give the token's owner the right to see wages, or choose in the connection's settings that a change of terms "
        "corrects the row in force, then press Re-sync."
    ),
    cause="wage_hidden",
    setting="details_from",
)
NO_NATIONAL_IDS = Text("tripletex.no_national_ids", _("Our token sees no national id there."))

# -- of answers

ERROR_OF_THEIRS = Text("tripletex.error_of_theirs", _("Tripletex met an error of its own."))
ANSWER_LOST = Text("tripletex.answer_lost", _("Tripletex' answer could not be read."))
CHANGED = Text("tripletex.changed", _("The employment was changed in Tripletex since it was read."))
RECORD_GONE = Text("tripletex.record_gone", _("The record is no longer in Tripletex."))
ROW_MADE = Text("tripletex.row_made", _("A details row for that day was made in Tripletex meanwhile."))
LOCKED = Text(
    "tripletex.locked",
    _("The record is locked in Tripletex just now."),
    remedy=_("Finish what holds it there, then press Re-sync."),
    cause="locked_in_target",
)

# -- of the data

REFUSED = Text(
    "tripletex.refused",
    _("Tripletex refuses this employment."),
    remedy=_("Its own words say why: correct it here or there, then press Re-sync."),
)
FIELD_REFUSED = Text(
    "tripletex.field_refused",
    _("Tripletex refuses {name}."),
    remedy=_("Correct it on the position, then press Re-sync."),
)
START_REFUSED = Text(
    "tripletex.start_refused",
    _(
        "Tripletex refuses the start date. Usually another employment of this employee there covers some of the same "
        "days (it may be one that was ended as wrongly reported)."
    ),
    remedy=_("End it there or change the dates here, then press Re-sync."),
)
DIVISION_REFUSED = Text(
    "tripletex.division_refused",
    _(
        "Tripletex refuses the sub-unit. It must be a sub-unit (not the legal entity) and cannot be changed on an "
        "existing employment."
    ),
    remedy=_("Correct the company here or Sub-units in the connection's settings, then press Re-sync."),
    setting="divisions",
)
ROW_DATE_REFUSED = Text(
    "tripletex.row_date_refused",
    _(
        "Tripletex refuses the date of the details row: there is one for that day already, or the employment does not "
        "run then."
    ),
    remedy=_("Compare the employment's rows there with the dates here, then press Re-sync."),
)
BIRTH_DATE_MISSING = Text(
    "tripletex.birth_date_missing",
    _("Tripletex has no date of birth for {whom} and takes no employment without one."),
    remedy=_("Fill it in on the employee's card there, then press Re-sync."),
    cause="birth_date_missing",
)
THIS_EMPLOYEE = Label(_("this employee"))
_FILL_IN_HOURS = _(
    "Fill in the scheme's row under Hours of a full week in each scheme in the connection's settings, then press "
    "Re-sync."
)
SHIFT_HOURS_REFUSED = Text(
    "tripletex.shift_hours_refused",
    _("Tripletex wants other shift hours with this working-hours scheme."),
    remedy=_FILL_IN_HOURS,
    cause="shift_hours_missing",
    setting="full_time_hours_by_scheme",
)
SHIFT_HOURS_MISSING = Text(
    "tripletex.shift_hours_missing",
    _("Tripletex wants shift hours with “{scheme}”, and only your agreement says how many."),
    remedy=_FILL_IN_HOURS,
    cause="shift_hours_missing",
    field="working_hours_scheme",
    setting="full_time_hours_by_scheme",
)
SEVERAL_REFUSED = Text("tripletex.several_refused", "{refusal} {another}", complete=True)
NO_DIVISION = Text(
    "tripletex.no_division",
    _("Tripletex has no sub-unit with organization number {number}."),
    remedy=_(
        "Register it there as a sub-unit (virksomhet), or name another one in the connection's settings under "
        "Sub-units, then press Re-sync."
    ),
    cause="unknown_division",
    field="company",
    setting="divisions",
)
ONE_DEPARTMENT = Text(
    "tripletex.one_department",
    _("An employee in Tripletex has one department, and both the department and the cost centre are to be sent to it."),
    remedy=_("Switch one of them off in the connection's settings, then press Re-sync."),
    setting="send_cost_centre",
)
_NO_DEPARTMENT = Text(
    "tripletex.no_department",
    _("Tripletex has no active department with number {number}."),
    remedy=_(
        "Add it there, or name another one in the connection's settings under Departments or Cost centres, then press "
        "Re-sync."
    ),
    cause="unknown_department",
    field="department",
    setting="departments",
)
_NO_COST_CENTRE = Text(
    "tripletex.no_cost_centre",
    _("Tripletex has no active department with number {number}."),
    remedy=_(
        "Add it there, or name another one in the connection's settings under Departments or Cost centres, then press "
        "Re-sync."
    ),
    cause="unknown_department",
    field="cost_centre",
    setting="cost_centres",
)
_SEVERAL_DEPARTMENTS = Text(
    "tripletex.several_departments",
    _("Tripletex has several active departments with number {number}."),
    remedy=_("Give each a number of its own there, then press Re-sync."),
    cause="unknown_department",
    field="department",
    setting="departments",
)
_SEVERAL_COST_CENTRES = Text(
    "tripletex.several_cost_centres",
    _("Tripletex has several active departments with number {number}."),
    remedy=_("Give each a number of its own there, then press Re-sync."),
    cause="unknown_department",
    field="cost_centre",
    setting="cost_centres",
)
# By our field that is the employee's department there.
NO_DEPARTMENT = {"department": _NO_DEPARTMENT, "cost_centre": _NO_COST_CENTRE}
SEVERAL_DEPARTMENTS = {"department": _SEVERAL_DEPARTMENTS, "cost_centre": _SEVERAL_COST_CENTRES}
NO_OCCUPATION_CODE = Text(
    "tripletex.no_occupation_code",
    _("Tripletex has no occupation code {code}."),
    remedy=_(
        "Choose one from its list, on the position or in the connection's settings under Occupation codes, then press "
        "Re-sync."
    ),
    cause="unknown_occupation_code",
    field="occupation_code",
    setting="occupation_codes",
)
SECOND_ROW = Text(
    "tripletex.second_row",
    _("Tripletex cannot move the start to {start}: its terms changed on {changed} (a second details row)."),
    remedy=_("Correct the rows there, then press Re-sync."),
    cause="later_details_row",
    field="start_date",
)
NOT_CLEARED = Text(
    "tripletex.not_cleared",
    _("It was emptied here, but Tripletex kept {kept}."),
    remedy=_("Empty it on the employment there, then press Re-sync."),
    cause="not_cleared",
)

# -- of what a write left there

LATER_TERMS = Text("tripletex.later_terms", _("Tripletex has other terms from {day} on, which were left as they are."))
DEPARTMENT_NOT_TAKEN = Text("tripletex.department_not_taken", _("The department was not taken: {refusal}"))
HOURS_NOT_TAKEN = Text("tripletex.hours_not_taken", _("The weekly hours were not taken: {refusal}"))

# -- of a test of the connection

ACCESS_PLACE = Label(_("Tripletex: Company > Employees > the owner of the token, access rights"))
TOKEN_PLACE = Label(_("Tripletex: Company > Employees > the owner of the token > API access"))
DIVISIONS_PLACE = Label(_("Tripletex: the company's sub-units (virksomheter), and the token owner's right to see them"))
LOG_IN = Label(_("Log in"))
COMPANY = Text("tripletex.company", _("Company {company}"))
EMPLOYEES = Label(_("See employees, with date of birth"))
BIRTH_DATES_HIDDEN = Text(
    "tripletex.birth_dates_hidden", _("Tripletex leaves the date of birth out of its answers: a right is missing.")
)
EMPLOYMENTS = Label(_("See employments and wages"))
WAGES_HIDDEN = Text(
    "tripletex.wages_hidden",
    _("Wages are hidden from the token, and a new details row must take over the wage before it."),
)
DIVISIONS = Label(_("See sub-units"))
NO_DIVISIONS = Text(
    "tripletex.no_divisions",
    _("No sub-unit is registered: Tripletex runs no payroll for an employment without one."),
)
NO_DEFAULT_DIVISION = Text("tripletex.no_default_division", _("The default sub-unit {number} is not registered there."))
DIVISIONS_REGISTERED = Text("tripletex.divisions_registered", _("{number} registered"))
DEPARTMENTS = Label(_("See departments"))
OCCUPATION_CODES = Label(_("See occupation codes"))
