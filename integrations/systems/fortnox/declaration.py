"""Fortnox Lön: what its connector declares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk import (
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
from integrations.systems.fortnox import texts

EMPLOYMENT_FORMS = (
    ("TV", "TV – until further notice (tillsvidare)"),
    ("PRO", "PRO – probationary (provanställning)"),
    ("TID", "TID – fixed term (tidsbegränsad)"),
    ("SVT", "SVT – special fixed term (särskild visstid)"),
    ("VIK", "VIK – substitute (vikariat)"),
    ("PRJ", "PRJ – project"),
    ("PRA", "PRA – work experience (praktik)"),
    ("FER", "FER – holiday work (feriearbete)"),
    ("SES", "SES – seasonal (säsong)"),
    ("NEJ", "NEJ – not employed"),
)
SALARY_FORMS = (("MAN", "MAN – monthly salary"), ("TIM", "TIM – hourly pay"))
PERSONEL_TYPES = (("TJM", "TJM – salaried (tjänsteman)"), ("ARB", "ARB – worker (arbetare)"))

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
    protocol="REST, JSON",
    delete=Delete.BY_HAND,
    delete_note=(
        "Fortnox lets nobody delete an employee from outside. Open the employee in Fortnox Lön and fill in the last "
        "day of employment, or mark the employee as inactive."
    ),
    matching=("employee number (EmployeeId)", "national id (personnummer)", "e-mail"),
    base_urls={"api": "https://api.fortnox.se/3", "oauth": "https://apps.fortnox.se/oauth-v1"},
    sandbox_urls={"api": "/3", "oauth": "/oauth-v1"},
    credentials=(
        Setting(
            name="client_id",
            label="Client-ID",
            required=True,
            help="Fortnox Developer portal > your integration > Client-ID.",
            group="Integration",
        ),
        Setting(
            name="client_secret",
            label="Client-Secret",
            kind=Kind.SECRET,
            required=True,
            help="Fortnox Developer portal > your integration > Client-Secret.",
            group="Integration",
        ),
        Setting(
            name="tenant_id",
            label="Tenant ID",
            pattern=r"\d{1,12}",
            example="1500123",
            help="Recommended: signs in with a service account, which never expires. The number of the customer's "
            "Fortnox database: DatabaseNumber in the company information, or tenantId in an access token. Leave empty "
            "if you give a refresh token.",
            group="Company: tenant ID or refresh token",
        ),
        Setting(
            name="refresh_token",
            label="Refresh token",
            kind=Kind.SECRET,
            help="Only without a tenant ID: the refresh_token that Fortnox gave when the integration was approved. It "
            "can be used once, so give it to nobody else; we keep each new one that follows. It dies after 45 days "
            "without use.",
            group="Company: tenant ID or refresh token",
        ),
    ),
    settings=(
        Setting(
            name="personel_type",
            label="Personnel type of employees without one",
            kind=Kind.CHOICE,
            choices=PERSONEL_TYPES,
            # No default: salaried or worker decides about the occupational pension and its insurances.
            required=True,
            help="Salaried or worker decides about the occupational pension and its insurances, so choose the one that "
            "holds for this company. Fortnox picks the salary agreement by it and refuses an employee who has none. "
            "Only written where Fortnox has nothing.",
        ),
    ),
    fields=(
        Field(
            "title",
            "JobTitle",
            max_length=30,
            allowed=CHARACTERS,
            allowed_note="it takes letters, digits, spaces and common signs, but none like \" ' < > | ~ or emoji",
            example="Butikssäljare",
        ),
        Field(
            "department",
            "CostCenter",
            opt_in=switch(
                label="Send the department as Fortnox's cost centre",
                help="Fortnox has no departments. With this on, the department's code is sent as cost centre; switch "
                "Send the cost centre off then. Needs the scope costcenter.",
            ),
            encode=_department,
            max_length=6,
            note="Fortnox has no departments. Switched on, the department's code goes to the cost centre instead of "
            "our cost centre; that code must exist in Fortnox.",
            example="BUT1",
        ),
        Field(
            "cost_centre",
            "CostCenter",
            opt_in=switch(on=True, help="Needs the scope costcenter."),
            max_length=6,
            note="The code of an active cost centre in Fortnox; it is looked up before anything is written.",
            example="BUT1",
        ),
        Field(
            "start_date",
            "EmploymentDate",
            opt_in=switch(
                on=True,
                help="Fortnox has one employment date: the first day of the unbroken employment here. It is written "
                "where Fortnox has none, and corrected where it is still the one that was sent. Switch this off to "
                "leave it to Fortnox altogether.",
            ),
            when=When.IF_EMPTY,
            corrected=True,
            of_employment=True,
            always_by=switch(
                "replace_start_date",
                "A later position replaces the employment date",
                help="Off: when another position takes over, the employment date stays the day on which the employee "
                "began; after a gap, the new employment has a new one. On: it is always the start of the current "
                "position.",
            ),
            owned=True,
            clearable=False,
            format="YYYY-MM-DD",
            note="The first day of the employment. It stays while one position follows another without a gap.",
            example="2026-02-01",
        ),
        Field(
            "end_date",
            "EmployedTo",
            owned=True,
            format="YYYY-MM-DD",
            example="2026-08-31",
            note="When an end date is taken away here, Fortnox is asked to clear its own, and its answer is checked.",
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
                help="Fortnox's employment form for each of our contract types. An empty row keeps the built-in one.",
            ),
            choices=EMPLOYMENT_FORMS,
            beside=(
                Setting(
                    name="employment_form",
                    label="Employment form of employees without one",
                    kind=Kind.CHOICE,
                    choices=EMPLOYMENT_FORMS,
                    help="Needed by some salary agreements. Only written where Fortnox has nothing and the position "
                    "has no contract type.",
                ),
            ),
            clearable=False,
            note="Taken away here, it stays in Fortnox as it is.",
            example="TV",
        ),
        Field(
            "remuneration_type",
            "SalaryForm",
            codes={"monthly": "MAN", "hourly": "TIM", "commission": None, "fee": None, "piecework": None},
            table=code_table(
                "salary_forms",
                help="Fortnox's salary form for each of our remuneration types. An empty row keeps the built-in one.",
            ),
            choices=SALARY_FORMS,
            beside=(
                Setting(
                    name="salary_form",
                    label="Salary form of employees without one",
                    kind=Kind.CHOICE,
                    choices=SALARY_FORMS,
                    # No default: the month's pay or the hour's decides about wages, sick pay and holiday pay.
                    required=True,
                    help="Monthly or hourly pay, so choose the one that holds for this company: Fortnox picks the "
                    "salary agreement by it. Only written where Fortnox has nothing and the position has no "
                    "remuneration type.",
                ),
            ),
            clearable=False,
            note="Taken away here, it stays in Fortnox as it is.",
            example="MAN",
        ),
        Field(
            "percentage",
            "FullTimeEquivalent",
            opt_in=switch(
                help="Off until you have seen in your own Fortnox how full time is written; see the next setting."
            ),
            beside=(
                Setting(
                    name="percentage_unit",
                    label="Full time in Fortnox is written as",
                    kind=Kind.CHOICE,
                    choices=(("1", "1 (80 % is 0.8)"), ("100", "100 (80 % is 80)")),
                    help="Look at FullTimeEquivalent of a full-time employee in Fortnox. Used only when the percentage "
                    "is on.",
                    group="What is sent",
                ),
            ),
            encode=_rate,
            minimum=Decimal(0),
            decimals=4,
            clearable=False,
            note="Off until the connection's settings say whether full time is 1 or 100 in your Fortnox.",
            example="0.8",
        ),
        Field(
            "weekly_hours",
            "AverageWeeklyHours",
            minimum=Decimal(0),
            decimals=2,
            clearable=False,
            note="Taken away here, it stays in Fortnox as it is.",
            format="number with a point",
            example="37.5",
        ),
    ),
    unsupported={
        "company": "A connection belongs to one company in Fortnox; its employees are found there.",
        "manager": "Fortnox does not record who an employee's manager is.",
        "first_day_of_work": "Fortnox has only the employment date and the last day of employment.",
        "last_day_of_work": "Fortnox has only the employment date and the last day of employment.",
        "probation_end": "Fortnox has no date for the end of a probation; use the employment form PRO.",
        "occupation_code": "Fortnox takes no occupation code from outside.",
        "working_hours_scheme": "Fortnox uses schedules that each customer makes and that cannot be listed from "
        "outside; choose the schedule in Fortnox.",
        "end_reason": "Fortnox does not record why an employment ends.",
        "notice_date": "Fortnox has no date of notice.",
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
        note="25 requests in 5 seconds for each company and integration.",
    ),
    causes=(
        Cause(
            "scope_missing",
            "Right missing in Fortnox",
            "Add the scope to the integration in Fortnox's Developer portal, let the customer approve it again, and "
            "renew this connection's credentials.",
        ),
        Cause(
            "licence_missing",
            "Licence missing in Fortnox",
            "The customer orders the licence in Fortnox; then press Resume.",
        ),
        Cause(
            "agreement_missing",
            "No salary agreement in Fortnox",
            "Set personnel type, salary form and employment form on the employee in Fortnox, or fill in the defaults "
            "in this connection's settings, then press Re-sync.",
        ),
        Cause(
            "cost_centre_missing",
            "Cost centre not in Fortnox",
            "Create or activate the cost centre in Fortnox, or choose another one on the position, then press Re-sync.",
        ),
    ),
    move_note="A changed start date corrects the employment date on the employee's one record in Fortnox, where it is "
    "still the one that was sent.",
)
