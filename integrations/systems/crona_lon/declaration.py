"""Crona Lön: what its connector declares."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    Calls,
    Cause,
    Dates,
    Delete,
    Field,
    Kind,
    Limits,
    Model,
    Setting,
    Sight,
    System,
    Transport,
    When,
    code_table,
    occupations,
    switch,
)
from integrations.systems.crona_lon import texts

EMPLOYMENT_FORMS = (
    ("FAST", "FAST – permanent (tillsvidare)"),
    ("PROV", "PROV – probationary (provanställning)"),
    ("VISSTID", "VISSTID – fixed term (visstid)"),
    ("VIKARIAT", "VIKARIAT – substitute"),
    ("PROJEKT", "PROJEKT – project"),
    ("PRAKTIK", "PRAKTIK – trainee"),
    ("FERIE", "FERIE – holiday work"),
    ("SÄSONG", "SÄSONG – seasonal"),
    ("PENSION", "PENSION – employed after retirement"),
)
PAY_FORMS = (("MÅN", "MÅN – monthly pay"), ("TIM", "TIM – hourly pay"))
PAY_FORM_ROWS = {"MÅN": "monthly_pay", "TIM": "hourly_pay"}
PERSONNEL_TYPES = (("TJM", "TJM – salaried (tjänsteman)"), ("ARB", "ARB – worker (arbetare)"))
UNIT_LENGTH = 10

# XML 1.0 has no way to write these, not even as references. Everything else Latin-1 lacks becomes a reference.
NOT_XML = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
CHARACTERS = f"[^{NOT_XML}]*"
CHARACTERS_NOTE = "it holds control characters, which no file of this kind can carry. Type the text anew"


def _department(ours: Any, settings: Mapping[str, Any]) -> str:
    if settings.get("send_cost_centre"):
        raise ValueError(texts.TWO_CODES())
    return str(ours.code)


SYSTEM = System(
    key="crona_lon",
    name="Crona Lön",
    country="SE",
    rank=70,
    model=Model.FLAT,
    protocol="File, PAXml 2.0",
    transport=Transport.FILE,
    delete=Delete.BY_HAND,
    delete_note="Open the employee in Crona Lön and fill in the leaving date, or remove the person there.",
    matching=("employee number (anstid), without being able to look",),
    base_urls={},
    sandbox_urls={},
    credentials=(),
    settings=(
        Setting(
            name="organization_number",
            label="Organization number",
            required=True,
            pattern=r"[0-9]{6}-?[0-9]{4}",
            example="556123-4567",
            help="Of the company whose personnel register in Crona Lön takes the files. It stands in each file, so "
            "that nobody imports it into another company.",
            group="Company",
        ),
        Setting(
            name="folder",
            label="Drop finished files into this folder",
            kind=Kind.FOLDER,
            example="crona",
            help="Empty: files are downloaded from the Files tab. Otherwise a folder's name: each file is also put "
            "there by itself, once, where Crona Lön's users reach it.",
            group="Files",
        ),
        Setting(
            name="file_ending",
            label="File names end in",
            kind=Kind.CHOICE,
            choices=(("pax", ".pax"), ("xml", ".xml")),
            default="pax",
            required=True,
            help="The standard allows both. Choose the one that Crona Lön's import offers you.",
            group="Files",
        ),
        switch(
            "send_name_and_email",
            "Send the name and the work e-mail",
            on=True,
            help="With every record, so that whoever imports the file sees who it is. They replace those in Crona Lön.",
        ),
        switch(
            "send_national_id",
            "Send the national id as a cross-check",
            help="Whoever imports a file compares both and may refuse a person whose number and national id do not "
            "belong together. Only one of twelve digits (yyyymmddnnnn) is sent. The files then hold national ids.",
        ),
    ),
    fields=(
        Field(
            "title",
            "befattning",
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            example="Butikssäljare",
        ),
        Field(
            "department",
            'resenhet dim="1"',
            opt_in=switch(
                label="Send the department as cost centre",
                help="A person in the file has no department. With this on, the department's code is sent as cost "
                "centre; switch Send the cost centre off then.",
            ),
            encode=_department,
            max_length=UNIT_LENGTH,
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            note="A person in the file has no department. Switched on, the department's code goes to the cost centre "
            "instead of our cost centre.",
            example="BUT1",
        ),
        Field(
            "cost_centre",
            'resenhet dim="1"',
            opt_in=switch(on=True),
            max_length=UNIT_LENGTH,
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            note="The code of a cost centre in Crona Lön; whether it exists there cannot be looked up.",
            example="BUT1",
        ),
        Field(
            "start_date",
            "anstdatum",
            opt_in=switch(
                on=True,
                help="As the employment date (anstdatum): the first day of the unbroken employment here. Switch this "
                "off where Crona Lön holds an earlier first day that must stay.",
            ),
            when=When.ON_CREATE,
            corrected=True,
            of_employment=True,
            always_by=switch(
                "replace_start_date",
                "A later position replaces the employment date",
                help="Off: when another position takes over, the employment date stays the day on which the employee "
                "began.",
            ),
            owned=True,
            clearable=False,
            format="YYYY-MM-DD",
            example="2026-02-01",
        ),
        Field(
            "end_date",
            "avgdatum",
            owned=True,
            format="YYYY-MM-DD",
            example="2026-08-31",
            note="A file cannot take an end date away: the standard does not say how. The log then says what to do by "
            "hand.",
        ),
        Field(
            "contract_type",
            "anstform",
            codes={
                "permanent": "FAST",
                "probation": "PROV",
                "temporary": "VISSTID",
                "substitute": "VIKARIAT",
                "seasonal": "SÄSONG",
                "casual": "VISSTID",
                "trainee": "PRAKTIK",
                "job_training_program": "PRAKTIK",
                "consultant": None,
                "freelance": None,
                "third_party": None,
                "other": None,
            },
            table=code_table(
                "employment_forms",
                help="The employment form (anstform) for each of our contract types. An empty row keeps the built-in "
                "one.",
            ),
            choices=EMPLOYMENT_FORMS,
            clearable=False,
            example="FAST",
        ),
        Field(
            "occupation_code",
            "befattningskod",
            opt_in=switch(
                help="As befattningskod. The standard does not say which code system that is: switch it on when our "
                "occupation codes are the ones that Crona Lön is meant to hold."
            ),
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            note=f"The standard does not say which code system it is; {occupations.SWEDEN.name} is Sweden's own, with "
            f"{occupations.SWEDEN.form}.",
            example=occupations.SWEDEN.example,
        ),
        Field(
            "remuneration_type",
            "lonform",
            codes={"monthly": "MÅN", "hourly": "TIM", "commission": None, "fee": None, "piecework": None},
            table=code_table(
                "pay_forms",
                help="The pay form (lonform) for each of our remuneration types. An empty row keeps the built-in one.",
            ),
            choices=PAY_FORMS,
            beside=(
                Setting(
                    name="personnel_types",
                    label="Personnel type of each pay form",
                    kind=Kind.TABLE,
                    rows=tuple(PAY_FORM_ROWS.values()),
                    choices=PERSONNEL_TYPES,
                    help="Sent as personaltyp with the pay form. An empty row sends none, and Crona Lön keeps its own.",
                    group="Translation",
                ),
            ),
            clearable=False,
            note="The amount is never sent.",
            example="MÅN",
        ),
        Field(
            "percentage",
            "sysgrad",
            dated=Dates.SINCE,
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            clearable=False,
            note="With the day from which it counts, so that Crona Lön can keep the earlier percentage.",
            format="number with a point",
            example="75",
        ),
    ),
    unsupported={
        "company": "A connection is for one company in Crona Lön; its organization number stands in each file.",
        "manager": "A person in a PAXml file has no manager.",
        "first_day_of_work": "A PAXml file has only the employment date and the leaving date.",
        "last_day_of_work": "A PAXml file has only the employment date and the leaving date.",
        "probation_end": "A PAXml file has no date for the end of a probation, only the employment form PROV.",
        "weekly_hours": "A person in a PAXml file has no weekly hours, only the percentage; hours go by day, in "
        "schedules.",
        "working_hours_scheme": "A person in a PAXml file has no working-hours scheme; choose the schedule in Crona "
        "Lön.",
        "end_reason": "A PAXml file has a leaving date, but not the reason.",
        "notice_date": "A PAXml file has no date of notice.",
    },
    calls=Calls(create=0, update=0, unchanged=0),
    sight=Sight(unsupported="Crona Lön only takes files in; nothing there can be read."),
    limits=Limits(note="A file has no limit: one holds everybody who changed since the one before was fetched."),
    causes=(
        Cause(
            "employee_number_missing",
            "No employee number",
            "Fill in the employee number here, by which alone a file names a person in Crona Lön; it is sent when you "
            "save.",
        ),
    ),
    move_note="A changed start date is sent as the corrected employment date; there is one record for each employee.",
)
