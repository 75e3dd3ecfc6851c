"""Tripletex (API 2.0): what its connector declares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from integrations.sdk import (
    BY_AGREEMENT,
    CONTINUOUS_336,
    OFFSHORE_336,
    ROUND_THE_CLOCK_355,
    SHIFT_365,
    AbsentWhile,
    Calls,
    Cause,
    Company,
    Dates,
    Dearer,
    Delete,
    Department,
    Field,
    FullTimeHours,
    Kind,
    Label,
    Limits,
    Model,
    Setting,
    Sight,
    System,
    When,
    code_table,
    digits_of,
    occupations,
    switch,
)
from integrations.sdk import gettext_noop as _
from integrations.systems.tripletex import texts

# employmentType and employmentForm as one word: a freelancer has no form, everybody else has one.
FREELANCE = "FREELANCE"
FORM_LABELS = (
    ("PERMANENT", _("Permanent")),
    ("TEMPORARY", _("Temporary")),
    ("TEMPORARY_ON_CALL", _("Temporary, on call")),
    ("PERMANENT_AND_HIRED_OUT", _("Permanent and hired out")),
    ("TEMPORARY_AND_HIRED_OUT", _("Temporary and hired out")),
    (FREELANCE, _("Freelance")),
)
END_REASON_LABELS = (
    ("EMPLOYMENT_END_EMPLOYEE", _("Ended by the employee")),
    ("EMPLOYMENT_END_EMPLOYER", _("Ended by the employer")),
    ("EMPLOYMENT_END_EXPIRED", _("Fixed term expired")),
    ("EMPLOYMENT_END_INTERNAL_CHANGE", _("Internal change")),
    ("EMPLOYMENT_END_SYSTEM_OR_ACCOUNTANT_CHANGE", _("Change of payroll system or accountant")),
)
REMUNERATION_LABELS = (
    ("MONTHLY_WAGE", _("Monthly wage")),
    ("HOURLY_WAGE", _("Hourly wage")),
    ("COMMISION_PERCENTAGE", _("Commission")),  # Tripletex' own spelling
    ("FEE", _("Fee")),
    ("PIECEWORK_WAGE", _("Piecework")),
)
HOURS_LABELS = (
    ("NOT_SHIFT", _("No shift work")),
    ("ROUND_THE_CLOCK", _("Round the clock")),
    ("SHIFT_365", _("Shift 365")),
    ("OFFSHORE_336", _("Offshore 336")),
    ("CONTINUOUS", _("Continuous shift 336")),
    ("OTHER_SHIFT", _("Other shift")),
)
# A freelancer is reported without percentage, scheme and hours.
FREELANCER = AbsentWhile("contract_type", FREELANCE, _("a freelance contract"))
NOT_SHIFT = "NOT_SHIFT"
SHIFT_HOURS = FullTimeHours(
    single="shift_hours",
    hours={
        "ROUND_THE_CLOCK": ROUND_THE_CLOCK_355,
        "SHIFT_365": SHIFT_365,
        "OFFSHORE_336": OFFSHORE_336,
        "CONTINUOUS": CONTINUOUS_336,
        "OTHER_SHIFT": BY_AGREEMENT,
    },
)
DAYS_OF_A_WEEK = 5


def _organization_number(company: Company, settings: Mapping[str, Any]) -> str:
    return digits_of(company.organization_number)


def _department(value: Department | str, settings: Mapping[str, Any]) -> str:
    """An employee has one department there, be it our department or our cost centre."""
    if settings.get("send_department") and settings.get("send_cost_centre"):
        raise ValueError(texts.ONE_DEPARTMENT())
    return value.code if isinstance(value, Department) else value


def _hours_per_day(hours: Any, settings: Mapping[str, Any]) -> Decimal:
    return (Decimal(str(hours)) / DAYS_OF_A_WEEK).quantize(Decimal("0.01"), ROUND_HALF_UP)


SYSTEM = System(
    key="tripletex",
    name="Tripletex",
    country="NO",
    rank=10,
    model=Model.HISTORY,
    protocol=_("REST, JSON"),
    delete=Delete.CANCEL,
    delete_note=_(
        "Tripletex cannot remove an employment. It is cancelled in Tripletex' own way: it ends on its start date with "
        "the end reason “wrongly reported”, which takes it back from the a-melding."
    ),
    occupations=True,
    matching=(_("employee number"), _("national id"), _("e-mail")),
    base_urls={"api": "https://tripletex.no/v2"},
    sandbox_urls={"api": "/v2"},
    credentials=(
        Setting(
            name="consumer_token",
            label=_("Consumer token"),
            kind=Kind.SECRET,
            required=True,
            group=_("Access"),
            help=_(
                "Issued by Tripletex to whoever runs this installation, after the integration is approved "
                "(developer.tripletex.no). The test environment has tokens of its own."
            ),
        ),
        Setting(
            name="employee_token",
            label=_("Employee token"),
            kind=Kind.SECRET,
            required=True,
            group=_("Access"),
            help=_(
                "In Tripletex: Company > Employees > the employee who owns the access > API access > New token. It "
                "can do no more than that employee can."
            ),
        ),
        Setting(
            name="company_id",
            label=_("Company ID"),
            default="0",
            pattern=r"\d{0,12}",
            example="0",
            group=_("Access"),
            help=_(
                "Leave 0 for the company that the employee token belongs to. With an accounting firm's token: the "
                "client's company ID in Tripletex."
            ),
        ),
    ),
    settings=(
        Setting(
            name="details_from",
            label=_("A change of terms"),
            kind=Kind.CHOICE,
            default="today",
            choices=(
                ("today", _("gets a details row of its own day; the earlier terms stay for the days before")),
                ("row", _("corrects the row in force when its day has come, back to the date that row starts on")),
            ),
            group=_("Behaviour"),
            help=_(
                "For percentage, occupation code, contract type, remuneration type and working-hours scheme. A row of "
                "its own repeats the wage of the row before: without the right to see wages, choose the second."
            ),
        ),
        Setting(
            name="tax_deduction_code",
            label=_("Tax deduction code of a new employment"),
            kind=Kind.CHOICE,
            choices=(
                ("loennFraHovedarbeidsgiver", _("Pay from main employer")),
                ("loennFraBiarbeidsgiver", _("Pay from secondary employer")),
            ),
            help=_("Left empty, Tripletex takes the main employer's. Never changed on an existing employment."),
        ),
    ),
    fields=(
        Field(
            "company",
            "Employment.division",
            when=When.IF_EMPTY,
            required=True,
            encode=_organization_number,
            table=code_table(
                "divisions",
                _("Sub-units"),
                help=_(
                    "Our company's organization number on the left, Tripletex' sub-unit's on the right. Only needed "
                    "where they differ, as when a company here is the legal entity."
                ),
            ),
            default_setting=Setting(
                name="default_division",
                label=_("Sub-unit when the employee has none here"),
                pattern=r"\d{9}",
                example="974760673",
                help=_("Organization number of a sub-unit (virksomhet) that is registered in Tripletex."),
            ),
            allowed=r"\d{9}",
            allowed_note=_("the sub-unit's organization number has nine digits"),
            clearable=False,
            stays=_(
                "Tripletex does not let an employment change its sub-unit: put the old company back, or end this "
                "position and add a new one"
            ),
            note=_("Set once: Tripletex does not let an employment change its sub-unit."),
            format=_("organization number of a sub-unit"),
            example="974760673",
        ),
        Field(
            "department",
            "Employee.department",
            of_employee=True,
            opt_in=switch(group=_("Department of the employee")),
            table=code_table(
                "departments",
                help=_("Only where a department has another code here than its number in Tripletex."),
                group=_("Department of the employee"),
            ),
            encode=_department,
            clearable=False,
            note=_("The active department with this number in Tripletex, on which wages and hours are posted."),
            example="BUT1",
        ),
        Field(
            "cost_centre",
            "Employee.department",
            of_employee=True,
            opt_in=switch(
                label=_("Send the cost centre as the employee's department"),
                help=_(
                    "Where the departments in Tripletex are the company's cost centres. Not together with the "
                    "department: an employee there has one."
                ),
                group=_("Department of the employee"),
            ),
            table=code_table(
                "cost_centres",
                help=_("Only where a cost centre has another code here than its department's number in Tripletex."),
                group=_("Department of the employee"),
            ),
            encode=_department,
            clearable=False,
            note=_("Tripletex posts wages on the employee's department: it is the cost centre there."),
            example="100",
        ),
        Field(
            "start_date",
            "Employment.startDate",
            required=True,
            clearable=False,
            owned=True,
            note=_("Also the date of the first details row."),
            format="YYYY-MM-DD",
        ),
        Field("end_date", "Employment.endDate", owned=True, format="YYYY-MM-DD"),
        Field(
            "contract_type",
            "EmploymentDetails.employmentForm",
            dated=Dates.ROWS,
            undated_by=("details_from", "row"),
            required=True,
            codes={
                "permanent": "PERMANENT",
                "probation": None,
                "temporary": "TEMPORARY",
                "substitute": "TEMPORARY",
                "seasonal": "TEMPORARY",
                "casual": "TEMPORARY_ON_CALL",
                "trainee": "TEMPORARY",
                "job_training_program": None,
                "consultant": None,
                "freelance": FREELANCE,
                "third_party": None,
                "other": None,
            },
            table=code_table("contract_types"),
            choices=FORM_LABELS,
            default_setting=Setting(
                name="default_employment_form", label=_("Contract type when the position has none")
            ),
            clearable=False,
            note=_(
                "Freelance is sent as employmentType FREELANCE, every other one with employmentType ORDINARY (a "
                "maritime employment stays maritime)."
            ),
        ),
        Field(
            "occupation_code",
            "EmploymentDetails.occupationCode",
            dated=Dates.ROWS,
            undated_by=("details_from", "row"),
            required=True,
            table=code_table(
                "occupation_codes",
                help=_(
                    "Our code on the left, Tripletex' seven-digit code on the right. Only needed where codes here are "
                    "not the seven-digit ones that Tripletex lists."
                ),
                example="2130 → 2130109",
            ),
            allowed=occupations.NORWAY.pattern,
            allowed_note=Label(
                _("{codes}. Other codes need a row in the connection's settings under Occupation codes"),
                codes=occupations.NORWAY.note,
            ),
            clearable=False,
            format=occupations.NORWAY.form,
            example=occupations.NORWAY.example,
        ),
        Field(
            "remuneration_type",
            "EmploymentDetails.remunerationType",
            dated=Dates.ROWS,
            undated_by=("details_from", "row"),
            required=True,
            codes={
                "monthly": "MONTHLY_WAGE",
                "hourly": "HOURLY_WAGE",
                "commission": "COMMISION_PERCENTAGE",
                "fee": "FEE",
                "piecework": "PIECEWORK_WAGE",
            },
            choices=REMUNERATION_LABELS,
            default_setting=Setting(
                name="default_remuneration_type",
                label=_("Remuneration type when the position has none"),
                default="MONTHLY_WAGE",
            ),
            clearable=False,
        ),
        Field(
            "percentage",
            "EmploymentDetails.percentageOfFullTimeEquivalent",
            dated=Dates.ROWS,
            undated_by=("details_from", "row"),
            required=True,
            absent_while=FREELANCER,
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            clearable=False,
            format="0-100",
            example="80",
        ),
        Field(
            "weekly_hours",
            "StandardTime.hoursPerDay",
            dated=Dates.SINCE,
            opt_in=switch(
                label=_("Send weekly hours as the employee's standard time"),
                help=_(
                    "Tripletex has no weekly hours on an employment, only hours per day of the employee (standard "
                    "time), used for time sheets: a fifth of the weekly hours is sent."
                ),
                group=_("Behaviour"),
            ),
            encode=_hours_per_day,
            minimum=Decimal(0),
            maximum=Decimal(24),
            decimals=2,
            clearable=False,
            note=_("Kept on the employee, from the start date or the date of the change; a fifth of the weekly hours."),
            example="37.5 → 7.5",
        ),
        Field(
            "working_hours_scheme",
            "EmploymentDetails.workingHoursScheme",
            dated=Dates.ROWS,
            undated_by=("details_from", "row"),
            required=True,
            absent_while=FREELANCER,
            codes={
                "not_shift": NOT_SHIFT,
                "shift": None,
                "round_the_clock": "ROUND_THE_CLOCK",
                "shift_365": "SHIFT_365",
                "offshore_336": "OFFSHORE_336",
                "continuous": "CONTINUOUS",
                "other_shift": "OTHER_SHIFT",
            },
            table=code_table("working_hours_schemes"),
            choices=HOURS_LABELS,
            default_setting=Setting(
                name="default_working_hours_scheme",
                label=_("Working-hours scheme when the position has none"),
                default=NOT_SHIFT,
            ),
            beside=(
                Setting(
                    name="shift_hours",
                    label=_("Shift hours, whatever the scheme"),
                    kind=Kind.DECIMAL,
                    default=None,
                    example="33.6",
                    help=_(
                        "Leave it empty: the hours then follow the working-hours scheme. A number here counts for "
                        "every scheme that the table of hours does not name."
                    ),
                ),
                SHIFT_HOURS.table(
                    dict(HOURS_LABELS),
                    help=_(
                        "Tripletex asks for shift hours with every shift scheme. Written with a new row and with a "
                        "changed scheme."
                    ),
                ),
            ),
            clearable=False,
            note=_("Shift hours are set with it as the connection's table of hours says."),
        ),
        Field(
            "end_reason",
            "Employment.employmentEndReason",
            required_with="end_date",
            codes={
                "resigned": "EMPLOYMENT_END_EMPLOYEE",
                "dismissed": "EMPLOYMENT_END_EMPLOYER",
                "contract_ended": "EMPLOYMENT_END_EXPIRED",
                "mutual_agreement": None,
                "retirement": None,
                "internal_transfer": "EMPLOYMENT_END_INTERNAL_CHANGE",
                "payroll_system_change": "EMPLOYMENT_END_SYSTEM_OR_ACCOUNTANT_CHANGE",
                "other": None,
            },
            table=code_table("end_reasons"),
            choices=END_REASON_LABELS,
            owned=True,
            note=_("An employment that was ended there as wrongly reported counts as not there."),
        ),
    ),
    unsupported={
        "title": _(
            "Tripletex has no job title, neither on an employment nor on the employee; the occupation code is what it "
            "keeps."
        ),
        "manager": _("Tripletex knows a manager of a department only, not of an employee."),
        "first_day_of_work": _("Tripletex has only the start date of the employment."),
        "last_day_of_work": _("Tripletex has only the end date of the employment."),
        "probation_end": _("Tripletex does not keep a probation period."),
        "notice_date": _("Tripletex does not keep the day on which notice was given."),
    },
    reads=(
        "id version value values fullResultSize count from fields date fromDate employee employeeId employeeNumber "
        "employmentId employmentType shiftDurationHours code companyId organizationNumber expirationDate "
        "developerMessage validationMessages message field departmentNumber isInactive"
    ),
    calls=Calls(create=3, update=3, unchanged=2),
    # Pages of an employee's employments with all their rows are heavy: fewer than the 1 000 that a page may have.
    sight=Sight(
        page=200,
        dearer=Dearer("send_weekly_hours", page=200, each=1),
        versions=True,
        note=_(
            "One call more for each who has an employment where weekly hours are sent: Tripletex lists standard times "
            "for one employee at a time. Of more than 10 000 employees Tripletex gives no list."
        ),
    ),
    limits=Limits(
        concurrency=2,
        shared_by="employee_token",
        note=_(
            "Tripletex counts per employee token and does not publish the number; when it says stop, we wait as long "
            "as its X-Rate-Limit-Reset header tells."
        ),
    ),
    causes=(
        Cause(
            "birth_date_missing",
            _("Date of birth missing there"),
            _("Fill in the date of birth on the employee's card in Tripletex, then press Re-sync."),
        ),
        Cause(
            "unknown_occupation_code",
            _("Occupation code not in Tripletex"),
            _(
                "Choose a seven-digit code from Tripletex' own list, on the position or in the connection's settings "
                "under Occupation codes, then press Re-sync."
            ),
        ),
        Cause(
            "unknown_division",
            _("Sub-unit not in Tripletex"),
            _(
                "Register the sub-unit (virksomhet) in Tripletex, or name another one in the connection's settings "
                "under Sub-units, then press Re-sync."
            ),
        ),
        Cause(
            "unknown_department",
            _("Department not in Tripletex"),
            _(
                "Add the department in Tripletex, or name its number in the connection's settings under Departments or "
                "Cost centres, then press Re-sync."
            ),
        ),
        Cause(
            "shift_hours_missing",
            _("Shift hours missing"),
            _(
                "Fill in the scheme's row under Hours of a full week in each scheme in the connection's settings, "
                "then press Re-sync."
            ),
        ),
        Cause(
            "wage_hidden",
            _("Wages hidden from our token"),
            _(
                "Give the owner of the employee token the right to see wages in Tripletex, or choose in the "
                "connection's settings that a change of terms corrects the row in force; then press Re-sync."
            ),
        ),
        Cause(
            "later_details_row",
            _("A details row stands in the way"),
            _(
                "Correct the employment's details rows in Tripletex so that none begins before the new start, then "
                "press Re-sync."
            ),
        ),
        Cause(
            "not_cleared",
            _("Tripletex kept a value"),
            _("Empty the field on the employment in Tripletex, then press Re-sync."),
        ),
        Cause(
            "locked_in_target",
            _("Locked in Tripletex"),
            _("Unlock or finish what holds the record in Tripletex, then press Re-sync."),
        ),
    ),
    moves=True,
    move_note=_("Tripletex moves the first details row along. It cannot pass the second one."),
    unsynced_note=_("Pay and tax are never sent: a new details row takes over the wage of the row before it."),
)
