"""PowerOffice Go: what its connector declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    BY_AGREEMENT,
    CONTINUOUS_336,
    NO_SHIFT,
    OFFSHORE_336,
    ROUND_THE_CLOCK_355,
    SHIFT_365,
    Calls,
    Cause,
    Dates,
    Dearer,
    Delete,
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

FORMS = (
    ("Permanent", _("Permanent (fast)")),
    ("Temporary", _("Temporary (midlertidig)")),
    ("PermanentEmploymentAndHiredOut", _("Permanent and hired out")),
    ("TemporaryEmploymentAndHiredOut", _("Temporary and hired out")),
    ("TemporaryEmploymentAsOnCallCoverstaff", _("Temporary, on-call cover (tilkallingsvikar)")),
)
# EmploymentType and EmploymentForm as one word: the form says nothing of a freelancer, and is asked for all the same.
FREELANCERS = "FreelancersEtc"
FREELANCER_FORMS = tuple(
    (f"{FREELANCERS}/{form}", Label(_("Freelancers and others, form {form}"), form=form))
    for form in ("Permanent", "Temporary")
)
TYPES = (
    ("Ordinary", _("Ordinary employment")),
    ("Maritime", _("Maritime employment")),
    (FREELANCERS, _("Freelancers and others")),
    ("PensionEtc", _("Pension and others")),
)
ARRANGEMENTS = (
    ("NonShift", _("No shift work")),
    ("SemiContinuousShift", _("Semi-continuous shift (35.5 hours)")),
    ("ContinuousShift", _("Continuous shift (33.6 hours)")),
    ("ShiftWork", _("Shift work (36.5 hours)")),
    ("Offshore", _("Offshore (33.6 hours)")),
    ("OtherShifts", _("Other shifts")),
)
REMUNERATIONS = (
    ("FixedWage", _("Fixed wage")),
    ("HourlyWage", _("Hourly wage")),
    ("Commission", _("Paid on commission")),
)
FULL_TIME_HOURS = FullTimeHours(
    single="full_time_hours",
    hours={
        "NonShift": NO_SHIFT,
        "SemiContinuousShift": ROUND_THE_CLOCK_355,
        "ContinuousShift": CONTINUOUS_336,
        "ShiftWork": SHIFT_365,
        "Offshore": OFFSHORE_336,
        "OtherShifts": BY_AGREEMENT,
    },
)
REASONS = (
    ("EmployeeHasResigned", _("The employee has resigned")),
    ("EmployerHasDismissedTheEmployee", _("The employer has dismissed the employee")),
    ("ContractCommitmentOrTemporaryEmploymentExpired", _("The contract or temporary employment has expired")),
    ("ChangeOfOrganizationStructureOrChangedJobInternally", _("Reorganisation, or another job in the same company")),
    ("ChangeOfPayrollSystemOrAccountant", _("Change of payroll system or accountant")),
)


def _digits(ours: Any, settings: Mapping[str, Any]) -> str:
    """An occupation code without the spaces and dots that people write into it; leading zeros stay."""
    return re.sub(r"[\s.]", "", str(ours))


def _organization_number(ours: Any, settings: Mapping[str, Any]) -> str:
    return digits_of(ours.organization_number)


SYSTEM = System(
    key="poweroffice_go",
    name="PowerOffice Go",
    country="NO",
    rank=90,
    model=Model.FLAT,
    protocol=_("REST, JSON and JSON Patch"),
    delete=Delete.REMOVE,
    delete_note=_(
        "An employment that was made for the position is deleted in PowerOffice Go. One that was reported to the "
        "authorities ends on its first day as one that should never have been reported. One that was there before, or "
        "that earlier positions led up to, stays: end it there by hand."
    ),
    matching=(_("external import reference"), _("employee number (Number, then External code)"), _("e-mail")),
    base_urls={
        "api": "https://goapi.poweroffice.net/v2",
        "token": "https://goapi.poweroffice.net/OAuth/Token",
    },
    sandbox_urls={"api": "/v2", "token": "/OAuth/Token"},
    credentials=(
        Setting(
            name="application_key",
            label=_("Application key"),
            kind=Kind.SECRET,
            required=True,
            help=_("PowerOffice gives it to your integration when it is registered with them; one for all companies."),
            group=_("Integration"),
        ),
        Setting(
            name="subscription_key",
            label=_("Subscription key"),
            kind=Kind.SECRET,
            required=True,
            help=_(
                "developer.poweroffice.net > Profile > your product subscription. Demo and production have one each."
            ),
            group=_("Integration"),
        ),
        Setting(
            name="client_key",
            label=_("Client key"),
            kind=Kind.SECRET,
            required=True,
            help=_(
                "PowerOffice Go of the company > Settings > Extensions > Add extension > this integration. One for "
                "each company."
            ),
            group=_("Company"),
        ),
    ),
    settings=(
        switch(
            "match_reference",
            _("Match by the external import reference first"),
            on=True,
            help=_(
                "An integration that created the employees may have stored our employee number there; PowerOffice Go "
                "does not show it on its pages. Switch this off if another program keeps numbers of its own in it."
            ),
            group=_("Matching"),
        ),
        Setting(
            name="employment_type",
            label=_("Employment type"),
            kind=Kind.CHOICE,
            choices=TYPES,
            default="Ordinary",
            required=True,
            help=_(
                "Given to employments that we make, unless the table of contract types makes them freelancers'; later "
                "changes are made in PowerOffice Go."
            ),
            group=_("New employments"),
        ),
    ),
    fields=(
        Field(
            "title",
            "JobTitle",
            opt_in=switch(on=True, help=_("To the employee, at once. Needs the privilege Employee_Full.")),
            note=_("Stands on the employee, not on the employment, and counts at once."),
            example="Sykepleier",
        ),
        Field(
            "company",
            "EnterpriseId",
            opt_in=switch(
                label=_("Send the company as sub-unit"),
                on=True,
                help=_(
                    "Off: new employments go to PowerOffice Go's default sub-unit (virksomhet), and others stay where "
                    "they are."
                ),
            ),
            encode=_organization_number,
            table=code_table(
                "enterprises",
                _("Companies"),
                help=_(
                    "Where a company's organization number here is not that of its sub-unit in PowerOffice Go: our "
                    "number and theirs."
                ),
                example="974760673",
            ),
            clearable=False,
            note=_(
                "The sub-unit (virksomhet) with this organization number, looked up in PowerOffice Go. Without a "
                "company, a new employment goes to the default sub-unit."
            ),
            format=_("9 digits"),
            example="974760673",
        ),
        Field(
            "department",
            "DepartmentId",
            opt_in=switch(
                on=True, help=_("To the employee, at once. Needs the privileges Employee_Full and Department.")
            ),
            encode=lambda ours, settings: ours.code,
            note=_(
                "The active department with this code, looked up in PowerOffice Go. Stands on the employee and counts "
                "at once."
            ),
            example="BUT1",
        ),
        Field(
            "cost_centre",
            "LocationId",
            opt_in=switch(
                label=_("Send the cost centre as location"),
                help=_(
                    "PowerOffice Go has no cost centres. Switch this on if its locations (lokasjon) carry the same "
                    "codes. Needs the privileges Employee_Full and Location."
                ),
            ),
            note=_(
                "The active location with this code, looked up in PowerOffice Go. Stands on the employee and counts "
                "at once."
            ),
            example="BUT1",
        ),
        Field(
            "manager",
            "ManagerEmployeeId",
            opt_in=switch(on=True, help=_("To the employee, at once. Needs the privilege Employee_Full.")),
            encode=lambda ours, settings: ours.number,
            note=_(
                "Found in PowerOffice Go in the same way as an employee. If there is no such employee, the rest is "
                "written and the log says so."
            ),
            example="1001",
        ),
        Field(
            "start_date",
            "StartDate",
            when=When.ON_CREATE,
            corrected=True,
            always_by=switch(
                "start_follows",
                _("The employment's start date follows the current position"),
                help=_(
                    "Off: an employment keeps its start date when another position takes over, as the register of "
                    "employers and employees expects. On: the start of each new position is written over it."
                ),
            ),
            owned=True,
            clearable=False,
            format="YYYY-MM-DD",
            example="2026-11-01",
        ),
        Field("end_date", "EndDate", owned=True, format="YYYY-MM-DD", example="2026-12-31"),
        Field(
            "first_day_of_work",
            "Employee.StartDate",
            opt_in=switch(
                help=_(
                    "To the employee's start date, which is not the employment's and is not reported. Needs the "
                    "privilege Employee_Full."
                )
            ),
            when=When.IF_EMPTY,
            corrected=True,
            note=_("Stands on the employee, and stays when another position takes over."),
            format="YYYY-MM-DD",
            example="2026-11-02",
        ),
        Field(
            "last_day_of_work",
            "Employee.EndDate",
            opt_in=switch(
                help=_(
                    "To the employee's end date, which is not the employment's and is not reported. Needs the "
                    "privilege Employee_Full."
                )
            ),
            note=_("Stands on the employee."),
            format="YYYY-MM-DD",
            example="2026-12-18",
        ),
        Field(
            "contract_type",
            "EmploymentForm",
            required=True,
            codes={
                "permanent": "Permanent",
                "probation": None,
                "temporary": "Temporary",
                "substitute": "Temporary",
                "seasonal": "Temporary",
                "casual": "TemporaryEmploymentAsOnCallCoverstaff",
                "trainee": "Temporary",
                "job_training_program": None,
                "consultant": None,
                "freelance": None,
                "third_party": None,
                "other": None,
            },
            table=code_table(
                "employment_forms",
                help=_(
                    "PowerOffice Go's employment form for each of our contract types. An empty row keeps the built-in "
                    "one. Freelancers are reported as such by a row “Freelancers and others”; by any other row, they "
                    "are reported as employees."
                ),
            ),
            choices=(*FORMS, *FREELANCER_FORMS),
            clearable=False,
            example="Permanent",
        ),
        Field(
            "occupation_code",
            "ProfessionCode",
            required=True,
            default_setting=Setting(
                name="profession_code",
                label=_("Occupation code of positions without one"),
                pattern=occupations.NORWAY.pattern,
                example=occupations.NORWAY.example,
                help=_("PowerOffice Go requires one. Empty: such positions are not sent until they have one."),
            ),
            encode=_digits,
            max_length=7,
            allowed=occupations.NORWAY.pattern,
            allowed_note=occupations.NORWAY.note,
            clearable=False,
            example=occupations.NORWAY.example,
        ),
        Field(
            "remuneration_type",
            "RemunerationType",
            dated=Dates.SINCE,
            opt_in=switch(
                help=_(
                    "As a salary line without an amount, which is then to be filled in there. Needs the privilege "
                    "EmploymentSalary_Full. Try it in the demo first."
                )
            ),
            codes={
                "monthly": "FixedWage",
                "hourly": "HourlyWage",
                "commission": "Commission",
                "fee": None,
                "piecework": None,
            },
            table=code_table(
                "remuneration_types", help=_("PowerOffice Go has three: a fixed wage, by the hour, on commission.")
            ),
            choices=REMUNERATIONS,
            clearable=False,
            note=_("A salary line from the day from which it counts; its amount is never sent."),
            example="FixedWage",
        ),
        Field(
            "percentage",
            "FtePercentage",
            dated=Dates.SINCE,
            required=True,
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            clearable=False,
            note=_("A line from the day from which it counts."),
            example="52.45",
        ),
        Field(
            "working_hours_scheme",
            "WorkingHoursArrangement",
            required=True,
            default_setting=Setting(
                name="working_hours",
                label=_("Working-hours scheme of positions without one"),
                default="NonShift",
                required=True,
                help=_("PowerOffice Go requires one."),
            ),
            beside=(
                Setting(
                    name="full_time_hours",
                    label=_("Hours of a full-time week, whatever the scheme"),
                    kind=Kind.DECIMAL,
                    default=None,
                    example="37.5",
                    help=_(
                        "Leave it empty: the hours then follow the working-hours scheme. A number here counts for "
                        "every scheme that the table of hours does not name."
                    ),
                ),
                FULL_TIME_HOURS.table(
                    dict(ARRANGEMENTS),
                    help=_(
                        "FullTimeHoursPerWeek, written with a new employment and with a changed scheme. Other changes "
                        "are made in PowerOffice Go."
                    ),
                ),
            ),
            codes={
                "not_shift": "NonShift",
                "shift": None,
                "round_the_clock": "SemiContinuousShift",
                "shift_365": "ShiftWork",
                "offshore_336": "Offshore",
                "continuous": "ContinuousShift",
                "other_shift": "OtherShifts",
            },
            table=code_table(
                "arrangements",
                help=_("PowerOffice Go's arrangement for each of our schemes. An empty row keeps the built-in one."),
            ),
            choices=ARRANGEMENTS,
            clearable=False,
            note=_("The hours of a full-time week are set with it as the connection's table of hours says."),
            example="NonShift",
        ),
        Field(
            "end_reason",
            "EndDateReason",
            required_with="end_date",
            default_setting=Setting(
                name="end_reason",
                label=_("End reason of positions without one"),
                help=_("PowerOffice Go requires a reason with each end date. Empty: such positions are not sent."),
            ),
            codes={
                "resigned": "EmployeeHasResigned",
                "dismissed": "EmployerHasDismissedTheEmployee",
                "contract_ended": "ContractCommitmentOrTemporaryEmploymentExpired",
                "mutual_agreement": None,
                "retirement": None,
                "internal_transfer": "ChangeOfOrganizationStructureOrChangedJobInternally",
                "payroll_system_change": "ChangeOfPayrollSystemOrAccountant",
                "other": None,
            },
            table=code_table(
                "reasons",
                help=_(
                    "PowerOffice Go's reason for each of ours. It has none for retirement, death or a mutual "
                    "agreement: choose which one stands for these and for “other”."
                ),
            ),
            choices=REASONS,
            owned=True,
            example="EmployeeHasResigned",
        ),
    ),
    unsupported={
        "probation_end": _("An employment in PowerOffice Go has no date for the end of probation."),
        "weekly_hours": _(
            "PowerOffice Go knows the hours of a full-time week and the percentage, not a person's hours."
        ),
        "notice_date": _("An employment in PowerOffice Go has no date of notice."),
    },
    reads=(
        "Id Number Code EmployeeId EmploymentId EmploymentType EndedAndReported FromDate CreatedDateTimeOffset "
        "FullTimeHoursPerWeek EnterpriseNo ManagerEmployeeNo DepartmentCode LocationCode ExternalNumber "
        "ExternalImportReference IsActive IsArchived IsDefault employeeNos externalNos codes Fields PageNumber "
        "PageSize op path value ValidPrivileges InvalidPrivileges"
    ),
    # "Requests": 10 requests in a second for each subscription key, whichever client key they carry. Two are left to
    # other programs that use the same subscription.
    calls=Calls(create=7, update=4, unchanged=3),
    sight=Sight(
        page=5000,
        each=2,
        dearer=Dearer("send_remuneration_type", page=5000, each=3),
        minutes=240,
        hides=("manager",),
        note=_(
            "One call for each who has no employment there. Who the manager is there is looked up for one employee at "
            "a time."
        ),
    ),
    limits=Limits(
        requests=8,
        per_seconds=1.0,
        # Two that are late on their way and eight that are not are still the ten allowed.
        concurrency=2,
        shared_by="subscription_key",
        note=_("PowerOffice allows 10 requests in a second for each subscription key; we use at most 8 of them."),
    ),
    causes=(
        Cause(
            "full_time_hours_missing",
            _("Hours of a full week missing"),
            _(
                "Fill in the scheme's row under Hours of a full week in each scheme in the connection's settings, "
                "then press Re-sync."
            ),
        ),
        Cause(
            "privilege_missing",
            _("Privilege missing in PowerOffice Go"),
            _("Ask PowerOffice to give the integration this privilege, then press Resume."),
        ),
        Cause(
            "department_missing",
            _("Department not in PowerOffice Go"),
            _(
                "Create or activate the department in PowerOffice Go, or choose another one on the position, then "
                "press Re-sync."
            ),
        ),
        Cause(
            "location_missing",
            _("Location not in PowerOffice Go"),
            _(
                "Create or activate the location in PowerOffice Go, or choose another cost centre on the position, "
                "then press Re-sync."
            ),
        ),
        Cause(
            "enterprise_missing",
            _("Sub-unit not in PowerOffice Go"),
            _(
                "Register the sub-unit in PowerOffice Go, or enter its number under Companies in this connection's "
                "settings, then press Re-sync."
            ),
        ),
        Cause(
            "employment_closed",
            _("Employment already reported as ended"),
            _(
                "Open the employment again in PowerOffice Go, then press Re-sync; or let the position here start "
                "after the end there."
            ),
        ),
        Cause(
            "employment_not_unique",
            _("Several employments in PowerOffice Go"),
            _("Mark the right employment as default, or end the others, in PowerOffice Go, then press Re-sync."),
        ),
        Cause(
            "employment_in_the_way",
            _("Another employment in PowerOffice Go"),
            _(
                "End or delete the other employment in PowerOffice Go, or make it agree with the position here, then "
                "press Re-sync."
            ),
        ),
    ),
    move_note=_("A changed start date of the same position corrects the employment that was made for it."),
)
