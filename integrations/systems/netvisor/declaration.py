"""Netvisor (Finland): what its connector declares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    Calls,
    Cause,
    Delete,
    Department,
    Field,
    Kind,
    Label,
    Limits,
    Model,
    RequiredWhile,
    Setting,
    Sight,
    System,
    code_table,
    occupations,
    switch,
)
from integrations.sdk import gettext_noop as _
from integrations.systems.netvisor import texts

TEMPORARY = "2"
CONTRACTS = {"1": _("Permanent"), "2": _("Temporary")}
MODES = {
    "1": _("employed"),
    "2": _("leased employee"),
    "3": _("self-employed"),
    "4": _("trainee"),
    "5": _("voluntary work"),
}
CONTRACT_CHOICES = tuple(
    (f"{contract}/{mode}", Label("{contract}, {mode}", contract=Label(contract_name), mode=Label(mode_name)))
    for contract, contract_name in CONTRACTS.items()
    for mode, mode_name in MODES.items()
)
END_REASONS = (
    ("4", _("Employee's own request")),
    ("5", _("Reason attributable to the employee")),
    ("6", _("Fixed-term employment ended")),
    ("11", _("Financial and production-related grounds")),
    ("12", _("Mutual agreement")),
    ("2", _("Retirement")),
    ("13", _("Other")),
)
PAY_TYPES = (("monthlywage", _("Monthly wage")), ("hourlywage", _("Hourly wage")), ("piecewage", _("Piece wage")))
DIMENSIONS = _("Default dimensions")


def _in_dimension(value: Any, settings: Mapping[str, Any]) -> str:
    """A department's code, or a cost centre. Each has a dimension of its own: one could not hold both."""
    number = settings.get("department_dimension")
    if number and number == settings.get("cost_centre_dimension"):
        raise ValueError(texts.ONE_DIMENSION(number=number))
    return value.code if isinstance(value, Department) else str(value)


def _dimension(name: str, label: str, example: str) -> Setting:
    return Setting(
        name=name,
        label=label,
        example=example,
        group=DIMENSIONS,
        help=_(
            "The name of the dimension in Netvisor, of which the employee gets a default. Its items must be there: "
            "none is made. Empty: not sent."
        ),
    )


def _items(name: str, label: str) -> Setting:
    return code_table(
        name, label, help=_("Only those whose code here is not the item's name in Netvisor."), group=DIMENSIONS
    )


SYSTEM = System(
    key="netvisor",
    name="Netvisor",
    country="FI",
    rank=50,
    model=Model.HISTORY,
    protocol=_("XML over HTTPS, every call signed (HMAC-SHA256)"),
    delete=Delete.REMOVE,
    delete_note=_("The employment period is removed from the employee in Netvisor."),
    matching=(_("employee number"), _("national id"), _("e-mail (only when switched on in the settings)")),
    base_urls={"api": "https://integration.netvisor.fi"},
    sandbox_urls={"api": ""},
    credentials=(
        Setting(
            name="sender",
            label=_("Sender"),
            required=True,
            default="Position Sync",
            pattern=r"[\x20-\x7e\xa0-\xff]+",
            help=_(
                "A name of your own for this integration, as it is to be seen in Netvisor; use it for nothing else. "
                "Letters without accents are safest."
            ),
            group=_("Integration"),
        ),
        Setting(
            name="customer_id",
            label=_("Customer identifier"),
            required=True,
            help=Label(
                _("In Netvisor: {menu} > Create new. It works as long as the user who made it keeps their rights."),
                menu=texts.KEYS_MENU,
            ),
            group=_("Company"),
        ),
        Setting(
            name="customer_key",
            label=_("Customer key"),
            kind=Kind.SECRET,
            required=True,
            help=Label(
                _("The private key shown together with the customer identifier ({menu})."), menu=texts.KEYS_MENU
            ),
            group=_("Company"),
        ),
        Setting(
            name="organisation_id",
            label=_("Business ID of the company"),
            required=True,
            pattern=r"\d{7}-\d",
            example="1234567-8",
            help=_("The Finnish business ID (Y-tunnus) of the company in Netvisor, with its hyphen."),
            group=_("Company"),
        ),
        Setting(
            name="partner_id",
            label=_("Partner identifier"),
            required=True,
            help=_("Given by Netvisor's partner support; one pair for each software partner, also for your own use."),
            group=_("Integration"),
        ),
        Setting(
            name="partner_key",
            label=_("Partner key"),
            kind=Kind.SECRET,
            required=True,
            help=_("The private key that Netvisor's partner support sent together with the partner identifier."),
            group=_("Integration"),
        ),
    ),
    settings=(
        switch(
            "match_by_email",
            _("Also look for employees by e-mail"),
            help=_(
                "Used when neither the number nor the national id is found. Netvisor cannot search by e-mail, so "
                "every employee is read, one after the other: leave it off in a large company."
            ),
            group=_("Employees"),
        ),
        Setting(
            name="decimal_mark",
            label=_("Decimal mark"),
            kind=Kind.CHOICE,
            choices=(("point", "37.5"), ("comma", "37,5")),
            default="point",
            help=_(
                "How a percentage or weekly hours with decimals are written. Whole numbers are sent without a mark."
            ),
            group=_("Fields"),
        ),
    ),
    fields=(
        Field(
            "title",
            "profession",
            required=True,
            max_length=250,
            allowed=r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]*",
            allowed_note=_("take out the line break, the tab or the invisible character"),
            clearable=False,
        ),
        Field(
            "department",
            "dimensionitem",
            opt_in=_dimension("department_dimension", _("Dimension of the department"), "Osasto"),
            encode=_in_dimension,
            table=_items("departments", _("Departments with another name there")),
            of_employee=True,
            example="BUT1",
        ),
        Field(
            "cost_centre",
            "employeedimensionitem",
            opt_in=_dimension("cost_centre_dimension", _("Dimension of the cost centre"), "Kustannuspaikka"),
            encode=_in_dimension,
            table=_items("cost_centres", _("Cost centres with another name there")),
            of_employee=True,
            example="4010",
        ),
        Field(
            "start_date",
            "startdate",
            required=True,
            owned=True,
            clearable=False,
            note=_(
                "A new period that follows another one without a day between is sent with companystartdate, the first "
                "day of the whole: by it, Netvisor counts years of service and holiday. It is not changed later."
            ),
            format="YYYY-MM-DD",
        ),
        Field(
            "end_date",
            "enddate",
            # addjobperiod.nv: refused without one.
            required_while=RequiredWhile("contract_type", rf"{TEMPORARY}/.*", _("a temporary contract")),
            owned=True,
            format="YYYY-MM-DD",
        ),
        Field("probation_end", "probationenddate", format="YYYY-MM-DD"),
        Field(
            "contract_type",
            "employmentcontract, employmentmode",
            codes={
                "permanent": "1/1",
                "probation": None,
                "temporary": "2/1",
                "substitute": "2/1",
                "seasonal": "2/1",
                "casual": None,
                "trainee": "2/4",
                # Work trials are no employment, work with a pay subsidy is one: only HR knows which it is.
                "job_training_program": None,
                "consultant": None,
                "freelance": None,
                "third_party": None,
                "other": None,
            },
            table=code_table(
                "contract_types",
                help=_(
                    "Netvisor's contract and form of work for each contract type here. Temporary ones need an end date."
                ),
                group=_("Codes"),
            ),
            choices=CONTRACT_CHOICES,
            note=_("Two codes there, shown as contract/mode."),
        ),
        Field(
            "occupation_code",
            "occupationclassification",
            table=code_table(
                "occupation_codes",
                help=_(
                    "Your own code on the left, the Finnish TK10 code of five digits on the right. A code that is not "
                    "listed is sent as it stands."
                ),
                pattern=r"[0-9]{4,5}",
                example=occupations.FINLAND.example,
                group=_("Codes"),
            ),
            finish=occupations.filled_up,
            allowed=occupations.FINLAND.pattern,
            allowed_note=Label(
                _("{codes}. Any other code needs a row in the connection's table of occupation codes"),
                codes=occupations.FINLAND.note,
            ),
            unless=_("it is reported to the Incomes Register for everybody who is insured against accidents at work"),
            format=occupations.FINLAND.form,
            note=_("A code of four digits gets the zero that TK10 has at its end."),
            example=occupations.FINLAND.example,
        ),
        Field(
            "remuneration_type",
            "ispaymenttypemonthlywage, ispaymenttypehourlywage, ispaymenttypepiecewage",
            codes={
                "monthly": "monthlywage",
                "hourly": "hourlywage",
                "commission": None,
                "fee": None,
                "piecework": "piecewage",
            },
            table=code_table(
                "remuneration_types", help=_("Used when the remuneration type is sent."), group=_("Codes")
            ),
            choices=PAY_TYPES,
            opt_in=switch(
                help=_("Marks the period as monthly, hourly or piece wage. Try it on a test company first."),
                group=_("Fields"),
            ),
        ),
        Field(
            "percentage",
            "employmentform, parttimepercent",
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            note=_("100 is sent as full-time without a percentage, anything below as part-time with it."),
        ),
        Field("weekly_hours", "regularworkinghours", minimum=Decimal(0), maximum=Decimal(168), decimals=2),
        Field(
            "end_reason",
            "endreason",
            required_with="end_date",
            owned=True,
            codes={
                "resigned": "4",
                # The employee's own fault, or the employer's grounds: it decides about a benefit, and only HR knows.
                "dismissed": None,
                "contract_ended": "6",
                "mutual_agreement": "12",
                "retirement": "2",
                "internal_transfer": "13",
                "payroll_system_change": "13",
                "other": "13",
            },
            table=code_table(
                "end_reasons",
                help=_(
                    "Choose for dismissals whether they go there as caused by the employee or by the company: the "
                    "answer decides about unemployment benefit, so there is none built in."
                ),
                group=_("Codes"),
            ),
            choices=END_REASONS,
            default_setting=Setting(
                name="default_end_reason",
                label=_("End reason of a position that has none"),
                # No default: "other" says that none of the known reasons holds.
                help=_(
                    "Sent with the end date. Left empty, such positions stop until somebody gives a reason, because "
                    "it decides about unemployment benefit."
                ),
            ),
        ),
    ),
    unsupported={
        "company": _("The connection belongs to one company (its business ID), and a period there names no other."),
        "manager": _("Neither an employment period nor an employee in Netvisor's interface has a manager."),
        "first_day_of_work": _(
            "Netvisor has three dates of a period: its start, its end, and from when continuous employment counts."
        ),
        "last_day_of_work": _("Netvisor has one last day, the period's end date: it goes there as that."),
        "working_hours_scheme": _(
            "Netvisor has no word for it: what goes there of working time is full-time or part-time and the weekly "
            "hours."
        ),
        "notice_date": _("An employment period in Netvisor has no date of notice."),
    },
    reads=(
        "Root ResponseStatus Status TimeStamp Replies InsertedDataIdentifier Employees Employee "
        "EmployeeBaseInformation EmployeeNumber EmploymentPeriods EmploymentPeriod NetvisorKey IncludeEndedEmployments "
        "companystartdate type format DimensionName DimensionNameList DimensionDetails DimensionDetail FatherId "
        "EmployeeDimension EmployeeDimensions EmployeeDimensionCurve identifier identifiertype "
        "EmployeePayrollInformation DefaultDimensions DefaultDimension DimensionName.Name DimensionDetail.Name "
        "EmployeeDimension.name EmployeeDimensionItem.name"
    ),
    # "Resources - general": one call at a time for a company, and at least two minutes' patience.
    calls=Calls(create=2, update=2, unchanged=1),
    sight=Sight(each=1, minutes=240, note=_("One call at a time: it takes long, and keeps everything else waiting.")),
    limits=Limits(
        concurrency=1,
        read_timeout=120,
        one_call_by="organisation_id",
        note=_("One call at a time for each company; no rate limit is known."),
    ),
    causes=(
        Cause(
            "dimension_not_in_target",
            _("Dimension not in Netvisor"),
            _(
                "Make the item in Netvisor under the name that the message says, choose another one on the position, "
                "or correct the name of the dimension in the connection's settings; then press Re-sync."
            ),
        ),
        Cause(
            "period_locked",
            _("Accounting period locked"),
            _("Open the accounting period in Netvisor, or change the dates here; then press Re-sync."),
        ),
    ),
    moves=True,
    move_note=_("The start date of the existing employment period is changed."),
)
