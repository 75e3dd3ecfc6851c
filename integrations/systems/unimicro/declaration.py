"""Unimicro (Uni Economy / Unimicro Platform, formerly Softrig): what its connector declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import IntEnum
from typing import Any

from integrations.sdk import (
    CONTINUOUS_336,
    NO_SHIFT,
    OFFSHORE_336,
    ROUND_THE_CLOCK_355,
    SHIFT_365,
    AbsentWhile,
    AtOnce,
    Calls,
    Cause,
    Dates,
    Delete,
    Field,
    FullTimeHours,
    Kind,
    Limits,
    Locked,
    Manager,
    Model,
    Setting,
    Sight,
    System,
    code_table,
    digits_of,
    occupations,
    switch,
)
from integrations.sdk import gettext_noop as _
from integrations.systems.unimicro import texts

# The web client warns of a change of either on an existing employment, and advises to end it and create a new one.
ADVISED_AGAINST = _("Unimicro advises against changing it: the a-melding may be rejected")

# -- the vendor's enums (unientities.ts): integers on the wire, their names in our log -----------------------


class EndDateReason(IntEnum):
    NotSet = 0
    ShouldNotHaveBeenReported = 1
    EmployerHasResignedEmployee = 2
    EmployeeHasResigned = 3
    ChangedAccountingSystemOrAccountant = 4
    ChangeInOrganizationStructureOrChangedJobInternally = 5
    TemporaryEmploymentHasExpired = 6


class TypeOfEmployment(IntEnum):
    NotSet = 0
    OrdinaryEmployment = 1
    MaritimeEmployment = 2
    FrilancerContratorFeeRecipient = 3
    PensionOrOtherNonEmployedBenefits = 4


class EmploymentType(IntEnum):
    NotSet = 0
    Permanent = 1
    Temporary = 2
    # On today's platform; the published lists end before them, so that the names are ours.
    PermanentHiredOut = 3
    TemporaryHiredOut = 4
    TemporaryOnCall = 5


class RemunerationType(IntEnum):
    NotSet = 0
    FixedSalary = 1
    HourlyPaid = 2
    PaidOnCommission = 3
    OnAgreement_Honorar = 4
    ByPerformance = 5


class WorkingHoursScheme(IntEnum):
    NotSet = 0
    NonShift = 1
    OffshoreWork = 2
    ContinousShiftwork336 = 3
    DayAndNightContinous355 = 4
    ShiftWork = 5


# The same as words.
WORDS = {
    "Permanent": _("Permanent"),
    "Temporary": _("Temporary"),
    "PermanentHiredOut": _("Permanent Hired Out"),
    "TemporaryHiredOut": _("Temporary Hired Out"),
    "TemporaryOnCall": _("Temporary On Call"),
    "FrilancerContratorFeeRecipient": _("Frilancer Contrator Fee Recipient"),
    "PensionOrOtherNonEmployedBenefits": _("Pension Or Other Non Employed Benefits"),
    "FixedSalary": _("Fixed Salary"),
    "HourlyPaid": _("Hourly Paid"),
    "PaidOnCommission": _("Paid On Commission"),
    "OnAgreement_Honorar": _("On Agreement Honorar"),
    "ByPerformance": _("By Performance"),
    "NonShift": _("Non Shift"),
    "OffshoreWork": _("Offshore Work"),
    "ContinousShiftwork336": _("Continous Shiftwork 336"),
    "DayAndNightContinous355": _("Day And Night Continous 355"),
    "ShiftWork": _("Shift Work"),
    "EmployerHasResignedEmployee": _("Employer Has Resigned Employee"),
    "EmployeeHasResigned": _("Employee Has Resigned"),
    "ChangedAccountingSystemOrAccountant": _("Changed Accounting System Or Accountant"),
    "ChangeInOrganizationStructureOrChangedJobInternally": _(
        "Change In Organization Structure Or Changed Job Internally"
    ),
    "TemporaryEmploymentHasExpired": _("Temporary Employment Has Expired"),
}


def _names(enum: type[IntEnum]) -> tuple[str, ...]:
    # The end of an employment that never was is no end of a real one.
    return tuple(member.name for member in enum if member and member is not EndDateReason.ShouldNotHaveBeenReported)


def _choices(codes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((code, WORDS[code]) for code in codes)


SCHEMES = _choices(_names(WorkingHoursScheme))
# Reported with the scheme in the a-melding: "Timer pr uke full stilling" is the week that the percentage is a part of.
FULL_TIME_HOURS = FullTimeHours(
    single="full_time_hours",
    hours={
        "NonShift": NO_SHIFT,
        "ShiftWork": SHIFT_365,
        "DayAndNightContinous355": ROUND_THE_CLOCK_355,
        "ContinousShiftwork336": CONTINUOUS_336,
        "OffshoreWork": OFFSHORE_336,
    },
)
CONTRACTS = (
    *_names(EmploymentType),
    TypeOfEmployment.FrilancerContratorFeeRecipient.name,
    TypeOfEmployment.PensionOrOtherNonEmployedBenefits.name,
)
# The dimensions that a company may fill as it likes (the contract of the current platform).
COST_CENTRE_DIMENSION = Setting(
    name="cost_centre_dimension",
    label=_("Dimension of the cost centre"),
    kind=Kind.CHOICE,
    choices=(
        ("", _("The cost centre is not sent")),
        ("ProjectID", _("Project")),
        ("RegionID", _("Region")),
        ("Dimension5ID", _("Own dimension 5")),
        ("Dimension6ID", _("Own dimension 6")),
        ("Dimension7ID", _("Own dimension 7")),
        ("Dimension8ID", _("Own dimension 8")),
        ("Dimension9ID", _("Own dimension 9")),
        ("Dimension10ID", _("Own dimension 10")),
    ),
    group=_("Cost centre"),
    help=_("Which dimension of the employment holds what is a cost centre here."),
)
# The vendor's web client asks for neither in these two, and the a-melding has none.
WITHOUT_HOURS = AbsentWhile(
    "contract_type",
    f"{TypeOfEmployment.FrilancerContratorFeeRecipient.name}|{TypeOfEmployment.PensionOrOtherNonEmployedBenefits.name}",
    _("a freelance contract or a pension"),
)


# -- from our values to theirs -----------------------------------------------------------------------------


def _organization_number(company: Any, settings: Mapping[str, Any]) -> str:
    """ "" when the company has none: then the sub-unit that stands on the employee in Unimicro is used."""
    return digits_of(company.organization_number)


def _department(department: Any, settings: Mapping[str, Any]) -> str:
    return str(department.code)


def _dimension_value(code: Any, settings: Mapping[str, Any]) -> str:
    """Only a code that has a row: sent as it stands, it would be the ID of whatever value bears that number."""
    if not (settings.get("cost_centres") or {}).get(str(code)):
        raise ValueError(texts.NO_DIMENSION_VALUE())
    return str(code)


def _occupation_code(code: Any, settings: Mapping[str, Any]) -> str:
    return re.sub(r"[\s.]", "", str(code))


def _manager(manager: Manager) -> str:
    return manager.number


def _custom(ours: str, label: str, example: str, encode: Callable[[Any], Any] | None = None, **how: Any) -> Field:
    """A field of the company's own on the employment ("api/custom-fields"): which one, the company says."""

    def alone(value: Any, settings: Mapping[str, Any]) -> Any:
        name = settings[texts.CUSTOM[ours]]
        if [settings.get(setting) for setting in texts.CUSTOM.values()].count(name) > 1:
            raise ValueError(texts.ONE_OWN_FIELD(name=name))
        return encode(value) if encode else value

    return Field(
        ours,
        "CustomValues",
        opt_in=Setting(
            name=texts.CUSTOM[ours],
            label=label,
            pattern=r"[A-Za-z_][A-Za-z0-9_]{0,99}",
            example=example,
            group=_("Fields of the company's own"),
            help=_(
                "The name of a field that the company has added to employments in Unimicro. Empty: it is not sent. Try "
                "one employment on a test company first: Unimicro does not publish how such fields are written."
            ),
        ),
        note=_("Goes to the company's own field that the settings name."),
        encode=alone,
        **how,
    )


SYSTEM = System(
    key="unimicro",
    name="Unimicro",
    country="NO",
    rank=30,
    model=Model.HISTORY,
    protocol=_("JSON, OAuth 2.0 client credentials with a signed client assertion"),
    delete=Delete.CANCEL,
    delete_note=_(
        "An employment that has begun, or that Unimicro does not delete because of a report, may be known to the "
        "authorities: it is cancelled, which means that it ends on its start date as one that should not have been "
        "reported, and goes out so with the next a-melding. One that has not begun is deleted."
    ),
    occupations=True,
    matching=(_("employee number"), _("national id"), _("e-mail")),
    base_urls={"api": "https://app.unimicro.no/api", "identity": "https://login.unimicro.no"},
    sandbox_urls={"api": "/api", "identity": "/identity"},
    moves=True,
    at_once=AtOnce(
        apart=("company", "occupation_code", "department"),
        help=_(
            "Unimicro takes several employments of one employee: in other sub-units, or to split dimensions. Two that "
            "overlap must differ in company, occupation code or department."
        ),
    ),
    move_note=_(
        "StartDate of the existing employment is changed. If an a-melding was already sent for it, look at the next "
        "one: the authorities see a corrected start."
    ),
    unsynced_note=_("Pay, wage scale, leave, pension dates and recurring transactions stay as they are in Unimicro."),
    reads=(
        "ID EmployeeID EmployeeNumber Employments TypeOfEmployment JobName Standard LastWorkPercentChangeDate "
        "SeniorityDate UpdatedAt Deleted _createguid _validationResults PropertyName Messages Message DepartmentNumber "
        "DepartmentID OrgNumber OrganizationNumber SuperiorOrganizationID styrk tittel expand filter orderby top skip "
        "hateoas"
    ),
    calls=Calls(create=4, update=4, unchanged=2),
    sight=Sight(page=100, note=_("Sub-units and departments are read once more.")),
    limits=Limits(concurrency=2, note=_("Unimicro publishes no request limit; two calls at a time are made.")),
    credentials=(
        Setting(
            name="client_id",
            label=_("Client id"),
            required=True,
            help=_("Unimicro developer portal: your application, the server client, Client ID."),
            example="0f7b6a52-1c2d-4e3f-8a9b-1234567890ab",
        ),
        Setting(
            name="private_key",
            label=_("Private key (PEM)"),
            kind=Kind.LONG_SECRET,
            required=True,
            help=_(
                "From the .p12 certificate that the developer portal gave with the server client: openssl pkcs12 -in "
                "client.p12 -nodes -nocerts. Paste from BEGIN to END PRIVATE KEY."
            ),
        ),
        Setting(
            name="organization_number",
            label=_("Organisation number of the company in Unimicro"),
            required=True,
            pattern=r"[\d ]{9,11}",
            help=_(
                "The legal entity, not the sub-unit. The integration has to be activated for this company in Unimicro "
                "Marketplace."
            ),
            example="999 888 777",
        ),
        Setting(
            name="company_key",
            label=_("Company key"),
            help=_(
                "Only when several companies in Unimicro carry the same organisation number: the key of one of them."
            ),
        ),
    ),
    settings=(),
    fields=(
        _custom("title", _("Own field of the title"), "Stillingstittel", max_length=255),
        _custom("manager", _("Own field of the manager's employee number"), "Leder", encode=_manager, of_employee=True),
        _custom("first_day_of_work", _("Own field of the first day of work"), "ForsteDag"),
        _custom("last_day_of_work", _("Own field of the last day of work"), "SisteDag"),
        _custom("probation_end", _("Own field of the end of probation"), "ProvetidSlutt"),
        _custom("notice_date", _("Own field of the day of notice"), "Oppsigelsesdato"),
        Field(
            "cost_centre",
            "Dimensions",
            opt_in=COST_CENTRE_DIMENSION,
            table=code_table(
                "cost_centres",
                help=_("Our cost centre, then the ID of its value in that dimension in Unimicro."),
                example="100 → 51",
                group=_("Cost centre"),
            ),
            encode=_dimension_value,
            allowed=r"[1-9]\d{0,8}",
            allowed_note=_("the ID of a value of the dimension, from the connection's settings under Cost centres"),
            note=_("The value of the dimension that the settings name; recurring transactions keep theirs."),
            example="51",
        ),
        Field(
            "company",
            "SubEntityID",
            table=code_table(
                "sub_units",
                _("Sub-units"),
                help=_(
                    "Only where a company here has another organisation number than its sub-unit (virksomhet) in "
                    "Unimicro: our organisation number, then Unimicro's."
                ),
            ),
            encode=_organization_number,
            allowed=r"(\d{9})?",
            allowed_note=_("an organisation number has nine digits"),
            clearable=False,
            locked=Locked("sub_entity_locked", _("sub-unit"), ADVISED_AGAINST),
            note=_("The sub-unit (virksomhet) with this organisation number; empty: the one on the employee there."),
            format=_("Organisation number, nine digits"),
            example="974760673",
        ),
        Field(
            "department",
            "Dimensions.DepartmentID",
            table=code_table(
                "departments",
                help=_(
                    "Only where a department has another code here than its number in Unimicro: our code, then theirs."
                ),
            ),
            encode=_department,
            note=_("The department with this number in Unimicro."),
            example="BUT1",
        ),
        Field(
            "start_date",
            "StartDate",
            required=True,
            owned=True,
            clearable=False,
            note=_(
                "A new employment that follows another one without a day between is sent with SeniorityDate, the "
                "first day of the whole. It is not changed later."
            ),
            format="YYYY-MM-DD",
        ),
        Field("end_date", "EndDate", owned=True, format="YYYY-MM-DD"),
        Field(
            "contract_type",
            "EmploymentType",
            table=code_table("contract_types"),
            codes={
                "permanent": "Permanent",
                "probation": None,
                "temporary": "Temporary",
                "substitute": "Temporary",
                "seasonal": "Temporary",
                "casual": "TemporaryOnCall",
                "trainee": "Temporary",
                "job_training_program": None,
                "consultant": None,
                "freelance": "FrilancerContratorFeeRecipient",
                "third_party": None,
                "other": None,
            },
            choices=_choices(CONTRACTS),
            clearable=False,
            note=_(
                "Written as TypeOfEmployment and EmploymentType together. An employment that is maritime in Unimicro "
                "stays maritime."
            ),
        ),
        Field(
            "occupation_code",
            "JobCode",
            required=True,
            encode=_occupation_code,
            max_length=7,
            allowed=occupations.NORWAY.pattern,
            allowed_note=occupations.NORWAY.note,
            clearable=False,
            locked=Locked(
                "job_code_locked",
                _("occupation code"),
                ADVISED_AGAINST,
                lifted_by=switch(
                    "change_occupation_code",
                    _("Change the occupation code of an existing employment"),
                    help=_(
                        "Unimicro advises against it once an a-melding was sent: end the position instead, and add a "
                        "new one. Switch on to correct codes that were wrong from the start; each change is written "
                        "with a warning."
                    ),
                    group=_("Behaviour"),
                ),
            ),
            note=_("JobName is filled from Unimicro's occupation register."),
            format=occupations.NORWAY.form,
            example=occupations.NORWAY.example,
        ),
        Field(
            "remuneration_type",
            "RemunerationType",
            table=code_table("remuneration_types"),
            codes={
                "monthly": "FixedSalary",
                "hourly": "HourlyPaid",
                "commission": "PaidOnCommission",
                "fee": "OnAgreement_Honorar",
                "piecework": "ByPerformance",
            },
            choices=_choices(_names(RemunerationType)),
        ),
        Field(
            "percentage",
            "WorkPercent",
            dated=Dates.SINCE,
            absent_while=WITHOUT_HOURS,
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            clearable=False,
            note=_("LastWorkPercentChangeDate is set with it: the day from which it counts."),
            example="80",
        ),
        Field(
            "weekly_hours",
            "HoursPerWeek",
            absent_while=WITHOUT_HOURS,
            opt_in=switch(
                "weekly_hours_are_full_time",
                _("Our weekly hours are those of a full position"),
                help=_("Switch on only if Weekly hours here hold the full-time week and not the person's own hours."),
                group=_("Weekly hours"),
            ),
            minimum=Decimal(0),
            maximum=Decimal(168),
            decimals=2,
            clearable=False,
            note=_("Unimicro keeps the hours of a full position, not the person's own: those are its percentage."),
            example="37.5",
        ),
        Field(
            "working_hours_scheme",
            "WorkingHoursScheme",
            absent_while=WITHOUT_HOURS,
            table=code_table("working_hours_schemes"),
            codes={
                "not_shift": "NonShift",
                "shift": None,
                "round_the_clock": "DayAndNightContinous355",
                "shift_365": "ShiftWork",
                "offshore_336": "OffshoreWork",
                "continuous": "ContinousShiftwork336",
                "other_shift": None,
            },
            choices=SCHEMES,
            default_setting=Setting(
                name="default_working_hours_scheme",
                label=_("Working-hours scheme when the position has none"),
                default=WorkingHoursScheme.NonShift.name,
            ),
            beside=(
                Setting(
                    name="full_time_hours",
                    label=_("Hours a week in a full position, whatever the scheme"),
                    kind=Kind.DECIMAL,
                    default=None,
                    group=_("Weekly hours"),
                    help=_(
                        "Leave it empty: the hours then follow the working-hours scheme. A number here counts for "
                        "every scheme that the table of hours does not name."
                    ),
                    example="37.5",
                ),
                FULL_TIME_HOURS.table(
                    dict(SCHEMES),
                    group=_("Weekly hours"),
                    help=_(
                        "Unimicro's “Timer pr uke full stilling”, written with a new employment and with a changed "
                        "scheme."
                    ),
                ),
            ),
            note=_(
                "HoursPerWeek, the hours of a full position, are set with it as the connection's table of hours says."
            ),
        ),
        Field(
            "end_reason",
            "EndDateReason",
            table=code_table("end_reasons"),
            required_with="end_date",
            owned=True,
            codes={
                "resigned": "EmployeeHasResigned",
                "dismissed": "EmployerHasResignedEmployee",
                "contract_ended": "TemporaryEmploymentHasExpired",
                "mutual_agreement": None,
                "retirement": None,
                "internal_transfer": "ChangeInOrganizationStructureOrChangedJobInternally",
                "payroll_system_change": "ChangedAccountingSystemOrAccountant",
                "other": None,
            },
            choices=_choices(_names(EndDateReason)),
        ),
    ),
    causes=(
        Cause(
            "job_code_locked",
            _("Occupation code of an existing employment"),
            _(
                "Unimicro advises against changing the occupation code of an employment. Put the old code back, end "
                "the position the day before, and add a new position with the new code. If the code was wrong from "
                "the start, switch on “Change the occupation code of an existing employment” in the connection's "
                "settings, then press Re-sync."
            ),
        ),
        Cause(
            "sub_entity_locked",
            _("Sub-unit of an existing employment"),
            _(
                "An employment in Unimicro stays in its sub-unit. Put the old company back, end the position the day "
                "before, and add a new position in the new one."
            ),
        ),
        Cause(
            "sub_unit_not_found",
            _("Sub-unit not in Unimicro"),
            _(
                "Add the sub-unit in Unimicro, correct the company's organisation number here, or name Unimicro's in "
                "the connection's settings under Sub-units. Then press Re-sync."
            ),
        ),
        Cause(
            "department_not_found",
            _("Department not in Unimicro"),
            _(
                "Add the department in Unimicro, or name its number in the connection's settings under Departments. "
                "Then press Re-sync."
            ),
        ),
        Cause(
            "occupation_code_not_found",
            _("Occupation code not in the register"),
            _(
                "Choose a code from Unimicro's occupation register under Position > Occupation code; it is sent when "
                "you save."
            ),
        ),
        Cause(
            "created_before",
            _("Created before, but no longer shown"),
            _(
                "Look in Unimicro for an employment of this employee that was deleted or moved to another start date. "
                "Add it there by hand with this start date, then press Re-sync: it is found and kept up to date."
            ),
        ),
    ),
)
