"""Fortnox Lön: what its connector declares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    WORKING_HOURS_SCHEMES,
    Calls,
    Cause,
    Delete,
    Field,
    Kind,
    Limits,
    Model,
    Setting,
    Sight,
    System,
    When,
    code_table,
    switch,
)
from integrations.sdk import gettext_noop as _
from integrations.systems.fortnox import texts

EMPLOYMENT_FORMS = (
    ("TV", _("TV – until further notice (tillsvidare)")),
    ("PRO", _("PRO – probationary (provanställning)")),
    ("TID", _("TID – fixed term (tidsbegränsad)")),
    ("SVT", _("SVT – special fixed term (särskild visstid)")),
    ("VIK", _("VIK – substitute (vikariat)")),
    ("PRJ", _("PRJ – project")),
    ("PRA", _("PRA – work experience (praktik)")),
    ("FER", _("FER – holiday work (feriearbete)")),
    ("SES", _("SES – seasonal (säsong)")),
    ("NEJ", _("NEJ – not employed")),
)
SALARY_FORMS = (("MAN", _("MAN – monthly salary")), ("TIM", _("TIM – hourly pay")))
PERSONEL_TYPES = (("TJM", _("TJM – salaried (tjänsteman)")), ("ARB", _("ARB – worker (arbetare)")))

# "Formats and encoding": letters, digits, space and these signs; anything else is refused.
CHARACTERS = r"(?:[^\W_]|[ –:.`´’,;^¤#%§£$€¢¥©™°&/()=+\-*_!?²³®½@])*"


def _department(ours: Any, settings: Mapping[str, Any]) -> str:
    if settings.get("send_cost_centre"):
        raise ValueError(texts.BOTH_TO_COST_CENTRE())
    return str(ours.code)


def _rate(ours: Any, settings: Mapping[str, Any]) -> Decimal:
    unit = settings.get("percentage_unit")
    if not unit:
        raise ValueError(texts.NO_UNIT())
    return Decimal(str(ours)) / 100 if str(unit) == "1" else Decimal(str(ours))


SYSTEM = System(
    key="fortnox",
    name="Fortnox",
    country="SE",
    rank=60,
    model=Model.FLAT,
    protocol=_("REST, JSON"),
    delete=Delete.BY_HAND,
    delete_note=_(
        "Fortnox lets nobody delete an employee from outside. Open the employee in Fortnox Lön and fill in the "
        "last day of employment, or mark the employee as inactive."
    ),
    matching=(_("employee number (EmployeeId)"), _("national id (personnummer)"), _("e-mail")),
    base_urls={"api": "https://api.fortnox.se/3", "oauth": "https://apps.fortnox.se/oauth-v1"},
    sandbox_urls={"api": "/3", "oauth": "/oauth-v1"},
    credentials=(
        Setting(
            name="client_id",
            label=_("Client-ID"),
            required=True,
            help=_("Fortnox Developer portal > your integration > Client-ID."),
            group=_("Integration"),
        ),
        Setting(
            name="client_secret",
            label=_("Client-Secret"),
            kind=Kind.SECRET,
            required=True,
            help=_("Fortnox Developer portal > your integration > Client-Secret."),
            group=_("Integration"),
        ),
        Setting(
            name="tenant_id",
            label=_("Tenant ID"),
            pattern=r"\d{1,12}",
            example="1500123",
            help=_(
                "Recommended: signs in with a service account, which never expires. The number of the customer's "
                "Fortnox database: DatabaseNumber in the company information, or tenantId in an access token. Leave "
                "empty if you give a refresh token."
            ),
            group=_("Company: tenant ID or refresh token"),
        ),
        Setting(
            name="refresh_token",
            label=_("Refresh token"),
            kind=Kind.SECRET,
            help=_(
                "Only without a tenant ID: the refresh_token that Fortnox gave when the integration was approved. It "
                "can be used once, so give it to nobody else; we keep each new one that follows. It dies after 45 "
                "days without use."
            ),
            group=_("Company: tenant ID or refresh token"),
        ),
    ),
    settings=(
        Setting(
            name="personel_type",
            label=_("Personnel type of employees without one"),
            kind=Kind.CHOICE,
            choices=PERSONEL_TYPES,
            # No default: salaried or worker decides about the occupational pension and its insurances.
            required=True,
            help=_(
                "Salaried or worker decides about the occupational pension and its insurances, so choose the one that "
                "holds for this company. Fortnox picks the salary agreement by it and refuses an employee who has "
                "none. Only written where Fortnox has nothing."
            ),
        ),
    ),
    fields=(
        Field(
            "title",
            "JobTitle",
            max_length=30,
            allowed=CHARACTERS,
            allowed_note=_("it takes letters, digits, spaces and common signs, but none like \" ' < > | ~ or emoji"),
            example="Butikssäljare",
        ),
        Field(
            "department",
            "CostCenter",
            opt_in=switch(
                label=_("Send the department as Fortnox's cost centre"),
                help=_(
                    "Fortnox has no departments. With this on, the department's code is sent as cost centre; switch "
                    "Send the cost centre off then. Needs the scope costcenter."
                ),
            ),
            encode=_department,
            max_length=6,
            note=_(
                "Fortnox has no departments. Switched on, the department's code goes to the cost centre instead of "
                "our cost centre; that code must exist in Fortnox."
            ),
            example="BUT1",
        ),
        Field(
            "cost_centre",
            "CostCenter",
            opt_in=switch(on=True, help=_("Needs the scope costcenter.")),
            max_length=6,
            note=_("The code of an active cost centre in Fortnox; it is looked up before anything is written."),
            example="BUT1",
        ),
        Field(
            "start_date",
            "EmploymentDate",
            opt_in=switch(
                on=True,
                help=_(
                    "Fortnox has one employment date: the first day of the unbroken employment here. It is written "
                    "where Fortnox has none, and corrected where it is still the one that was sent. Switch this off "
                    "to leave it to Fortnox altogether."
                ),
            ),
            when=When.IF_EMPTY,
            corrected=True,
            of_employment=True,
            always_by=switch(
                "replace_start_date",
                _("A later position replaces the employment date"),
                help=_(
                    "Off: when another position takes over, the employment date stays the day on which the employee "
                    "began; after a gap, the new employment has a new one. On: it is always the start of the current "
                    "position."
                ),
            ),
            owned=True,
            clearable=False,
            format="YYYY-MM-DD",
            note=_("The first day of the employment. It stays while one position follows another without a gap."),
            example="2026-02-01",
        ),
        Field(
            "end_date",
            "EmployedTo",
            owned=True,
            format="YYYY-MM-DD",
            example="2026-08-31",
            note=_(
                "When an end date is taken away here, Fortnox is asked to clear its own, and its answer is checked."
            ),
        ),
        Field(
            "contract_type",
            "EmploymentForm",
            codes={
                "permanent": "TV",
                "probation": "PRO",
                "temporary": "TID",
                "substitute": "VIK",
                "seasonal": "SES",
                "casual": None,
                "trainee": "PRA",
                "job_training_program": "PRA",
                "consultant": "NEJ",
                "freelance": "NEJ",
                "third_party": "NEJ",
                "other": None,
            },
            table=code_table(
                "employment_forms",
                help=_(
                    "Fortnox's employment form for each of our contract types. An empty row keeps the built-in one."
                ),
            ),
            choices=EMPLOYMENT_FORMS,
            beside=(
                Setting(
                    name="employment_form",
                    label=_("Employment form of employees without one"),
                    kind=Kind.CHOICE,
                    choices=EMPLOYMENT_FORMS,
                    help=_(
                        "Needed by some salary agreements. Only written where Fortnox has nothing and the position "
                        "has no contract type."
                    ),
                ),
            ),
            clearable=False,
            note=_("Taken away here, it stays in Fortnox as it is."),
            example="TV",
        ),
        Field(
            "remuneration_type",
            "SalaryForm",
            codes={"monthly": "MAN", "hourly": "TIM", "commission": None, "fee": None, "piecework": None},
            table=code_table(
                "salary_forms",
                help=_(
                    "Fortnox's salary form for each of our remuneration types. An empty row keeps the built-in one."
                ),
            ),
            choices=SALARY_FORMS,
            beside=(
                Setting(
                    name="salary_form",
                    label=_("Salary form of employees without one"),
                    kind=Kind.CHOICE,
                    choices=SALARY_FORMS,
                    # No default: the month's pay or the hour's decides about wages, sick pay and holiday pay.
                    required=True,
                    help=_(
                        "Monthly or hourly pay, so choose the one that holds for this company: Fortnox picks the "
                        "salary agreement by it. Only written where Fortnox has nothing and the position has no "
                        "remuneration type."
                    ),
                ),
            ),
            clearable=False,
            note=_("Taken away here, it stays in Fortnox as it is."),
            example="MAN",
        ),
        Field(
            "percentage",
            "FullTimeEquivalent",
            opt_in=switch(
                help=_("Off until you have seen in your own Fortnox how full time is written; see the next setting.")
            ),
            beside=(
                Setting(
                    name="percentage_unit",
                    label=_("Full time in Fortnox is written as"),
                    kind=Kind.CHOICE,
                    choices=(("1", _("1 (80 % is 0.8)")), ("100", _("100 (80 % is 80)"))),
                    help=_(
                        "Look at FullTimeEquivalent of a full-time employee in Fortnox. Used only when the percentage "
                        "is on."
                    ),
                    group=_("What is sent"),
                ),
            ),
            encode=_rate,
            minimum=Decimal(0),
            decimals=4,
            clearable=False,
            note=_("Off until the connection's settings say whether full time is 1 or 100 in your Fortnox."),
            example="0.8",
        ),
        Field(
            "weekly_hours",
            "AverageWeeklyHours",
            minimum=Decimal(0),
            decimals=2,
            clearable=False,
            note=_("Taken away here, it stays in Fortnox as it is."),
            format=_("number with a point"),
            example="37.5",
        ),
        Field(
            "working_hours_scheme",
            "ScheduleId",
            opt_in=switch(
                label=_("Send the schedule of the working-hours scheme"),
                help=_(
                    "Off until each scheme has the code of a schedule below. Fortnox keeps schedules from a day; this "
                    "replaces the one that holds today, and schedules that were planned there may go with it."
                ),
            ),
            codes=dict.fromkeys(WORKING_HOURS_SCHEMES),
            table=code_table(
                "schedules",
                help=_(
                    "The code of Fortnox's schedule (Schema-ID) for each of our working-hours schemes. Every company "
                    "makes its own schedules, and Fortnox lists them to nobody outside: copy the codes from there."
                ),
                example="HEL",
            ),
            clearable=False,
            note=_(
                "The company's own schedules, by the table in the connection's settings. Taken away here, it stays in "
                "Fortnox as it is."
            ),
            example="HEL",
        ),
    ),
    unsupported={
        "company": _("A connection belongs to one company in Fortnox; its employees are found there."),
        "manager": _("An employee in Fortnox's interface has no manager."),
        "first_day_of_work": _(
            "Fortnox's interface has two dates: the employment date and the last day of employment."
        ),
        "last_day_of_work": _("Fortnox's interface has two dates: the employment date and the last day of employment."),
        "probation_end": _("Fortnox's interface has no date for the end of a probation, only the employment form PRO."),
        "occupation_code": _("An employee in Fortnox's interface has no occupation code: fill it in in Fortnox Lön."),
        "end_reason": _("Fortnox's interface has a last day of employment, but not the reason."),
        "notice_date": _("Fortnox's interface has no date of notice."),
    },
    reads=(
        "Employees Employee EmployeeId PersonelType Inactive Active Code CompanyInformation OrganizationNumber "
        "MetaInformation TotalPages limit page ErrorInformation Error Message error error_description"
    ),
    # "Rate limits for Fortnox API": 25 requests in a sliding window of 5 seconds for each client and tenant.
    calls=Calls(create=2, update=2, unchanged=1),
    sight=Sight(page=500),
    limits=Limits(
        requests=25,
        per_seconds=5.0,
        concurrency=4,
        shared_by="tenant_id",
        note=_("25 requests in 5 seconds for each company and integration."),
    ),
    causes=(
        Cause(
            "scope_missing",
            _("Right missing in Fortnox"),
            _(
                "Add the scope to the integration in Fortnox's Developer portal, let the customer approve it again, "
                "and renew this connection's credentials."
            ),
        ),
        Cause(
            "licence_missing",
            _("Licence missing in Fortnox"),
            _("The customer orders the licence in Fortnox; then press Resume."),
        ),
        Cause(
            "agreement_missing",
            _("No salary agreement in Fortnox"),
            _(
                "Set personnel type, salary form and employment form on the employee in Fortnox, or fill in the "
                "defaults in this connection's settings, then press Re-sync."
            ),
        ),
        Cause(
            "cost_centre_missing",
            _("Cost centre not in Fortnox"),
            _(
                "Create or activate the cost centre in Fortnox, or choose another one on the position, then press "
                "Re-sync."
            ),
        ),
    ),
    move_note=_(
        "A changed start date corrects the employment date on the employee's one record in Fortnox, where it is still "
        "the one that was sent."
    ),
)
