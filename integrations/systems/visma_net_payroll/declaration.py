"""Visma.net Payroll: what its connector declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    CODES,
    Calls,
    Cause,
    Company,
    Dates,
    Delete,
    Department,
    Field,
    Kind,
    Label,
    Limits,
    Manager,
    Message,
    Model,
    Setting,
    Sight,
    System,
    When,
    code_table,
    occupations,
    switch,
)
from integrations.sdk import gettext_noop as _
from integrations.systems.visma_net_payroll import texts

READ_SCOPE, WRITE_SCOPE = "visma_net_employee:employees:read", "visma_net_employee:employees:write"
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
GUID_ANY_CASE = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

# Changelog 2025-01-13 lists the two hired-out forms and the on-call form; the others are a-melding's own codes.
EMPLOYMENT_FORMS = (
    ("fast", _("Permanent (fast)")),
    ("midlertidig", _("Temporary (midlertidig)")),
    ("fastAnsattUtleid", _("Permanent, hired out (fastAnsattUtleid)")),
    ("midlertidigAnsattUtleid", _("Temporary, hired out (midlertidigAnsattUtleid)")),
    ("midlertidigAnsattSomTilkallingsvikar", _("On-call cover (midlertidigAnsattSomTilkallingsvikar)")),
)
# Skatteetaten's a-melding codes.
POSITION_END_REASONS = (
    ("arbeidstakerHarSagtOppSelv", _("The employee resigned")),
    ("arbeidsgiverHarSagtOppArbeidstaker", _("The employer gave notice")),
    ("kontraktEngasjementEllerVikariatErUtloept", _("Contract, engagement or cover has run out")),
    ("endringIOrganisasjonsstrukturEllerByttetJobbInternt", _("Reorganised or changed job internally")),
    ("byttetLoenssystemEllerRegnskapsfoerer", _("Changed payroll system or accountant")),
)
# "contractSalaryType": what the amount of a salary is.
SALARY_TYPES = (("Monthly", _("a month's pay")), ("Hourly", _("an hour's pay")), ("Yearly", _("a year's pay")))
# Our field -> the setting with the number of the accounting dimension that carries it.
DIMENSIONS = {"department": "department_dimension", "cost_centre": "cost_centre_dimension"}


# -- our values in its words -----------------------------------------------------------------------------


def _work_time_agreement(scheme: str, settings: Mapping[str, Any]) -> str:
    said = texts.NO_AGREEMENT(scheme=Label(CODES[scheme]), setting=label_of("work_time_agreements"))
    return _chosen(settings, "work_time_agreements", scheme, said)


def _tax_unit(company: Company, settings: Mapping[str, Any]) -> str:
    number = company.organization_number
    said = texts.NO_TAX_UNIT(company=company.name, number=number or texts.NO_NUMBER, setting=label_of("tax_units"))
    return _chosen(settings, "tax_units", number, said)


def _chosen(settings: Mapping[str, Any], table: str, row: str, missing: Message) -> str:
    value = (settings.get(table) or {}).get(row)
    if not value:
        raise ValueError(missing)
    return str(value).strip().lower()


def label_of(setting: str) -> Label:
    return Label(SYSTEM.setting(setting).label)


def _manager(manager: Manager, settings: Mapping[str, Any]) -> str:
    return manager.number or manager.email


def _dimension_value(field: str) -> Callable[[Any, Mapping[str, Any]], str]:
    def encode(value: Department | str, settings: Mapping[str, Any]) -> str:
        numbers = {name: str(settings.get(setting) or "").strip() for name, setting in DIMENSIONS.items()}
        if not numbers[field]:
            raise ValueError(texts.NO_DIMENSION(setting=label_of(DIMENSIONS[field])))
        both = settings.get("send_department") and settings.get("send_cost_centre")
        if both and numbers["department"] == numbers["cost_centre"]:
            raise ValueError(texts.ONE_DIMENSION(number=numbers[field]))
        return value.code if isinstance(value, Department) else value

    return encode


# -- the declaration -------------------------------------------------------------------------------------

NEW, TIME, UNITS = _("Values for new positions"), _("Working time"), _("Tax units")
ACCOUNTING = _("Accounting dimensions")


def _dimension(field: str, label: str, help: str, example: str) -> Setting:
    return Setting(
        name=DIMENSIONS[field],
        label=label,
        help=help,
        example=example,
        group=ACCOUNTING,
    )


def _dimension_values(name: str, label: str) -> Setting:
    return code_table(
        name, label, help=_("Only those whose code here is not their value in the dimension."), group=ACCOUNTING
    )


SYSTEM = System(
    key="visma_net_payroll",
    name="Visma.net Payroll",
    country="NO",
    rank=20,
    model=Model.HISTORY,
    protocol=_("JSON over HTTPS with asynchronous jobs (Visma.net Employee API v2); Visma Connect client credentials"),
    delete=Delete.BY_HAND,
    delete_note=_(
        "its API has no documented way to delete a position. Remove or end it in Visma.net Employee Management."
    ),
    matching=(_("employee number"), _("national id"), _("e-mail")),
    base_urls={
        "api": "https://api.employeecore.hrm.visma.net/v2",
        "token": "https://connect.visma.com/connect/token",
    },
    sandbox_urls={"api": "/v2", "token": "/connect/token"},
    credentials=(
        Setting(
            name="client_id",
            label=_("Client ID"),
            required=True,
            help=_("Visma Developer Portal > your application (type Service) > Details."),
            group=_("Credentials"),
        ),
        Setting(
            name="client_secret",
            label=_("Client secret"),
            kind=Kind.SECRET,
            required=True,
            help=_("Visma Developer Portal > your application > Credentials > Generate secret. It is shown once."),
            group=_("Credentials"),
        ),
        Setting(
            name="tenant_id",
            label=_("Tenant ID of the company"),
            required=True,
            help=_(
                "Visma App Store shows it under the company's name at the top right; Visma Admin under Company > Edit "
                "> Configuration. It must be the company's: the customer's own tenant id signs in but may call "
                "nothing."
            ),
            pattern=GUID_ANY_CASE,
            example="5d1f7a60-3c1e-4b6a-9c55-7b1f0a9e0001",
            group=_("Credentials"),
        ),
    ),
    settings=(
        Setting(
            name="salary",
            label=_("Salary of a new position"),
            kind=Kind.DECIMAL,
            help=_(
                "Visma.net Payroll makes no position without a salary, and HR has none to send. This amount is given "
                "to new positions; payroll puts the right one in afterwards. It is never changed on an existing "
                "position."
            ),
            example="30000",
            group=NEW,
        ),
        Setting(
            name="salary_type",
            label=_("The amount is"),
            kind=Kind.CHOICE,
            default="Monthly",
            choices=SALARY_TYPES,
            group=NEW,
        ),
        Setting(
            name="tax_unit",
            label=_("Tax unit of a new position"),
            help=_("The tax unit's id. Test connection lists the tax units of the company with their ids."),
            pattern=GUID_ANY_CASE,
            example="7a3e2c10-58d4-4a0f-8b0e-2f6d1c9b0001",
            group=NEW,
        ),
        Setting(
            name="work_time_agreement",
            label=_("Work-time agreement of a new position"),
            help=_("The agreement's id. Test connection lists the company's work-time agreements with their ids."),
            pattern=GUID_ANY_CASE,
            example="0c6b1d2e-9f47-4d3a-a1b8-5e7c3f2a0001",
            group=NEW,
        ),
        Setting(
            name="type_of_position",
            label=_("Type of position"),
            default="Ordinary",
            required=True,
            help=_("Ordinary fits every employment but those at sea."),
            group=NEW,
        ),
        Setting(
            name="scope",
            label=_("Scopes"),
            default=f"{READ_SCOPE} {WRITE_SCOPE}",
            required=True,
            help=_(
                "As the integration Visma.net Employee API shows them under your application in Visma Developer "
                "Portal, with a space between."
            ),
            group=_("Sign-in"),
        ),
    ),
    reads=(
        "id number code status data cursor value dimension dimensionValues typeOfPosition artifactId artifacts "
        "validationResults messageCode message jsonPath page-size"
    ),
    calls=Calls(create=4, update=4, unchanged=1),
    sight=Sight(
        page=100, hides=("manager",), note=_("Who the manager is there is looked up for one employee at a time.")
    ),
    limits=Limits(concurrency=4, note=_("Visma publishes no request limit for this API.")),
    fields=(
        Field(
            "company",
            "taxUnitIds",
            opt_in=switch(label=_("Let the position's company choose the tax unit"), group=UNITS),
            table=code_table(
                "tax_units",
                _("Tax unit of each company"),
                help=_(
                    "The company's organisation number here, and the id of its tax unit as Test connection lists it."
                ),
                pattern=GUID_ANY_CASE,
                group=UNITS,
            ),
            encode=_tax_unit,
            allowed=GUID,
            allowed_note=_("a tax unit's id has 36 characters, as Test connection lists it"),
            clearable=False,
            format=_("id of a tax unit"),
            note=_("New positions otherwise get the tax unit of the settings."),
        ),
        Field(
            "department",
            "accountingDimensions",
            dated=Dates.ROWS,
            opt_in=switch(group=ACCOUNTING),
            beside=(
                _dimension(
                    "department",
                    _("Dimension of the department"),
                    _("The number that the dimension for departments has in the company's accounting setup."),
                    example="1",
                ),
            ),
            table=_dimension_values("departments", _("Departments with another value there")),
            placed=lambda settings: settings.get(DIMENSIONS["department"]),
            encode=_dimension_value("department"),
            note=_("Goes to the accounting dimension that the settings name."),
        ),
        Field(
            "cost_centre",
            "accountingDimensions",
            dated=Dates.ROWS,
            opt_in=switch(group=ACCOUNTING),
            beside=(
                _dimension(
                    "cost_centre",
                    _("Dimension of the cost centre"),
                    _("The number that the dimension for cost centres has in the company's accounting setup."),
                    example="2",
                ),
            ),
            table=_dimension_values("cost_centres", _("Cost centres with another value there")),
            placed=lambda settings: settings.get(DIMENSIONS["cost_centre"]),
            encode=_dimension_value("cost_centre"),
            note=_("Goes to the accounting dimension that the settings name."),
        ),
        Field(
            "manager",
            "manager",
            of_employee=True,
            opt_in=switch(
                help=_(
                    "Visma's changelog names the manager of a position and no more. Its id is sent as it is, or as a "
                    "value with dates where one stands there already; try one position on a test company first."
                ),
            ),
            encode=_manager,
            note=_(
                "Found among the employees there, by number or e-mail. If there is no such employee, the rest is "
                "written and the log says so."
            ),
            example="1001",
        ),
        Field("start_date", "activeStart", required=True, owned=True),
        Field("end_date", "activeEnd", owned=True, note=_("The last working day; it ends the employment.")),
        Field(
            "contract_type",
            "employmentForm",
            dated=Dates.ROWS,
            required=True,
            codes={
                "permanent": "fast",
                "probation": None,
                "temporary": "midlertidig",
                "substitute": "midlertidig",
                "seasonal": "midlertidig",
                "casual": "midlertidigAnsattSomTilkallingsvikar",
                "trainee": "midlertidig",
                "job_training_program": None,
                "consultant": None,
                "freelance": None,
                "third_party": None,
                "other": None,
            },
            table=code_table(
                "employment_forms",
                _("Employment form of each contract type"),
                help=_("Only where it differs from the usual one, or where there is no usual one."),
                group=_("Codes"),
            ),
            choices=EMPLOYMENT_FORMS,
            clearable=False,
        ),
        Field(
            "occupation_code",
            "typeOfWork",
            dated=Dates.ROWS,
            required=True,
            allowed=occupations.NORWAY.pattern,
            allowed_note=occupations.NORWAY.note,
            clearable=False,
            format=occupations.NORWAY.form,
            example=occupations.NORWAY.example,
        ),
        Field(
            "remuneration_type",
            "salaryInformation",
            when=When.ON_CREATE,
            opt_in=switch(
                label=_("Let the remuneration type choose the kind of salary of a new position"),
                group=NEW,
            ),
            codes={"monthly": "Monthly", "hourly": "Hourly", "commission": None, "fee": None, "piecework": None},
            table=code_table("salary_types", _("Kind of salary of each remuneration type"), group=NEW),
            choices=SALARY_TYPES,
            beside=(
                Setting(
                    name="salaries",
                    label=_("Salary of a new position, by kind"),
                    kind=Kind.TABLE,
                    default={},
                    rows=tuple(kind for kind, _label in SALARY_TYPES),
                    row_words=tuple((kind, label, _("the amount above, if it is one")) for kind, label in SALARY_TYPES),
                    pattern=r"\d{1,9}([.,]\d{1,2})?",
                    example="212.50",
                    help=_("Only for kinds that the amount above is not."),
                    group=NEW,
                ),
            ),
            note=_(
                "With a new position only: the salary itself is payroll's and never changed from here. Each kind has "
                "its amount in the settings."
            ),
        ),
        Field(
            "percentage",
            "partTimeFactors",
            dated=Dates.ROWS,
            required=True,
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            clearable=False,
            format=_("0 to 100"),
        ),
        Field(
            "working_hours_scheme",
            "workTimeAgreement",
            dated=Dates.ROWS,
            opt_in=switch(
                "send_working_hours", _("Let the working-hours scheme choose the work-time agreement"), group=TIME
            ),
            table=code_table(
                "work_time_agreements",
                _("Work-time agreement of each scheme"),
                help=_("The id of the agreement, as Test connection lists it."),
                pattern=GUID_ANY_CASE,
                group=TIME,
            ),
            encode=_work_time_agreement,
            allowed=GUID,
            allowed_note=_("a work-time agreement's id has 36 characters, as Test connection lists it"),
            clearable=False,
            format=_("id of a work-time agreement"),
            note=_("New positions otherwise get the work-time agreement of the settings."),
        ),
        Field(
            "end_reason",
            "positionEndReason",
            opt_in=switch(
                help=_(
                    "Visma does not publish the codes its API takes. Those of the a-melding are sent; try one "
                    "position on a test company before you switch this on."
                ),
                group=_("Codes"),
            ),
            codes={
                "resigned": "arbeidstakerHarSagtOppSelv",
                "dismissed": "arbeidsgiverHarSagtOppArbeidstaker",
                "contract_ended": "kontraktEngasjementEllerVikariatErUtloept",
                "mutual_agreement": None,
                "retirement": None,
                "internal_transfer": "endringIOrganisasjonsstrukturEllerByttetJobbInternt",
                "payroll_system_change": "byttetLoenssystemEllerRegnskapsfoerer",
                "other": None,
            },
            table=code_table(
                "end_reasons",
                _("Code of each end reason"),
                help=_("Only where it differs from the usual one, or where there is no usual one."),
                group=_("Codes"),
            ),
            choices=POSITION_END_REASONS,
            required_with="end_date",
            owned=True,
        ),
    ),
    unsupported={
        "title": _("A position in Visma.net Payroll has no job title; the occupation code is what it keeps."),
        "first_day_of_work": _("A position there has a start and an end date only."),
        "last_day_of_work": _(
            "A position there has a start and an end date only; the end date is the last working day."
        ),
        "probation_end": _("Visma.net Payroll has no probation period."),
        "weekly_hours": _(
            "The hours of a full week come from the work-time agreement there; see Working-hours scheme."
        ),
        "notice_date": _("Visma.net Payroll has no notice date on a position."),
    },
    causes=(
        Cause(
            "values_for_new_positions",
            _("Values for new positions are missing"),
            Label(
                _(
                    "Fill in what the message names under the connection's settings > {group}, then press Re-sync. Or "
                    "let payroll make the position there; it is found by its start date."
                ),
                group=Label(NEW),
            ),
        ),
        Cause(
            "position_is_over",
            _("The position is already over"),
            _("Correct it in Visma.net Payroll, where its effect on past wages is seen, then press Re-sync."),
        ),
    ),
    unsynced_note=_("Salary, absence and everything else of a position are sent back exactly as they were read."),
)
