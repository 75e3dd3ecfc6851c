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
    Label,
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
from integrations.sdk import gettext_noop as _
from integrations.systems.crona_lon import texts

EMPLOYMENT_FORMS = (
    ("FAST", _("FAST – permanent (tillsvidare)")),
    ("PROV", _("PROV – probationary (provanställning)")),
    ("VISSTID", _("VISSTID – fixed term (visstid)")),
    ("VIKARIAT", _("VIKARIAT – substitute")),
    ("PROJEKT", _("PROJEKT – project")),
    ("PRAKTIK", _("PRAKTIK – trainee")),
    ("FERIE", _("FERIE – holiday work")),
    ("SÄSONG", _("SÄSONG – seasonal")),
    ("PENSION", _("PENSION – employed after retirement")),
)
PAY_FORMS = (("MÅN", _("MÅN – monthly pay")), ("TIM", _("TIM – hourly pay")))
PAY_FORM_ROWS = {"MÅN": "monthly_pay", "TIM": "hourly_pay"}


def personnel_type(pay_form: Any, settings: Mapping[str, Any]) -> str | None:
    """The personaltyp that goes with a lonform; None where the connection sends none."""
    return (settings.get("personnel_types") or {}).get(PAY_FORM_ROWS.get(str(pay_form)))


PERSONNEL_TYPES = (("TJM", _("TJM – salaried (tjänsteman)")), ("ARB", _("ARB – worker (arbetare)")))
UNIT_LENGTH = 10

# XML 1.0 has no way to write these, not even as references. Everything else Latin-1 lacks becomes a reference.
NOT_XML = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
CHARACTERS = f"[^{NOT_XML}]*"
CHARACTERS_NOTE = _("it holds control characters, which no file of this kind can carry. Type the text anew")


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
    protocol=_("File, PAXml 2.0"),
    transport=Transport.FILE,
    delete=Delete.BY_HAND,
    delete_note=_("Open the employee in Crona Lön and fill in the leaving date, or remove the person there."),
    matching=(_("employee number (anstid), without being able to look"),),
    base_urls={},
    sandbox_urls={},
    credentials=(),
    settings=(
        Setting(
            name="organization_number",
            label=_("Organization number"),
            required=True,
            pattern=r"[0-9]{6}-?[0-9]{4}",
            example="556123-4567",
            help=_(
                "Of the company whose personnel register in Crona Lön takes the files. It stands in each file, so "
                "that nobody imports it into another company."
            ),
            group=_("Company"),
        ),
        Setting(
            name="folder",
            label=_("Drop finished files into this folder"),
            kind=Kind.FOLDER,
            example="crona",
            help=_(
                "Empty: files are downloaded from the Files tab. Otherwise a folder's name: each file is also put "
                "there by itself, once, where Crona Lön's users reach it."
            ),
            group=_("Files"),
        ),
        Setting(
            name="file_ending",
            label=_("File names end in"),
            kind=Kind.CHOICE,
            choices=(("pax", _(".pax")), ("xml", _(".xml"))),
            default="pax",
            required=True,
            help=_("The standard allows both. Choose the one that Crona Lön's import offers you."),
            group=_("Files"),
        ),
        switch(
            "send_name_and_email",
            _("Send the name and the work e-mail"),
            on=True,
            help=_(
                "With every record, so that whoever imports the file sees who it is. They replace those in Crona Lön."
            ),
        ),
        switch(
            "send_national_id",
            _("Send the national id as a cross-check"),
            help=_(
                "Whoever imports a file compares both and may refuse a person whose number and national id do not "
                "belong together. Only one of twelve digits (yyyymmddnnnn) is sent. The files then hold national ids."
            ),
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
                label=_("Send the department as cost centre"),
                help=_(
                    "A person in the file has no department. With this on, the department's code is sent as cost "
                    "centre; switch Send the cost centre off then."
                ),
            ),
            encode=_department,
            max_length=UNIT_LENGTH,
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            note=_(
                "A person in the file has no department. Switched on, the department's code goes to the cost centre "
                "instead of our cost centre."
            ),
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
            note=_("The code of a cost centre in Crona Lön; whether it exists there cannot be looked up."),
            example="BUT1",
        ),
        Field(
            "start_date",
            "anstdatum",
            opt_in=switch(
                on=True,
                help=_(
                    "As the employment date (anstdatum): the first day of the unbroken employment here. Switch this "
                    "off where Crona Lön holds an earlier first day that must stay."
                ),
            ),
            when=When.ON_CREATE,
            corrected=True,
            of_employment=True,
            always_by=switch(
                "replace_start_date",
                _("A later position replaces the employment date"),
                help=_(
                    "Off: when another position takes over, the employment date stays the day on which the employee "
                    "began."
                ),
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
            note=_(
                "A file cannot take an end date away: the standard does not say how. The log then says what to do by "
                "hand."
            ),
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
                help=_(
                    "The employment form (anstform) for each of our contract types. An empty row keeps the built-in "
                    "one."
                ),
            ),
            choices=EMPLOYMENT_FORMS,
            clearable=False,
            example="FAST",
        ),
        Field(
            "occupation_code",
            "befattningskod",
            opt_in=switch(
                help=_(
                    "As befattningskod. The standard does not say which code system that is: switch it on when our "
                    "occupation codes are the ones that Crona Lön is meant to hold."
                )
            ),
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            note=Label(
                _("The standard does not say which code system it is; {list} is Sweden's own, with {digits}."),
                list=Label(occupations.SWEDEN.name),
                digits=Label(occupations.SWEDEN.form),
            ),
            example=occupations.SWEDEN.example,
        ),
        Field(
            "remuneration_type",
            "lonform",
            codes={"monthly": "MÅN", "hourly": "TIM", "commission": None, "fee": None, "piecework": None},
            table=code_table(
                "pay_forms",
                help=_(
                    "The pay form (lonform) for each of our remuneration types. An empty row keeps the built-in one."
                ),
            ),
            choices=PAY_FORMS,
            beside=(
                Setting(
                    name="personnel_types",
                    label=_("Personnel type of each pay form"),
                    kind=Kind.TABLE,
                    rows=tuple(PAY_FORM_ROWS.values()),
                    row_words=(("monthly_pay", _("Monthly pay"), ""), ("hourly_pay", _("Hourly pay"), "")),
                    choices=PERSONNEL_TYPES,
                    help=_(
                        "Sent as personaltyp with the pay form. An empty row sends none, and Crona Lön keeps its own."
                    ),
                    group=_("Translation"),
                ),
            ),
            along=personnel_type,
            clearable=False,
            note=_("The amount is never sent."),
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
            note=_("With the day from which it counts, so that Crona Lön can keep the earlier percentage."),
            format=_("number with a point"),
            example="75",
        ),
    ),
    unsupported={
        "company": _("A connection is for one company in Crona Lön; its organization number stands in each file."),
        "manager": _("A person in a PAXml file has no manager."),
        "first_day_of_work": _("A PAXml file has only the employment date and the leaving date."),
        "last_day_of_work": _("A PAXml file has only the employment date and the leaving date."),
        "probation_end": _("A PAXml file has no date for the end of a probation, only the employment form PROV."),
        "weekly_hours": _(
            "A person in a PAXml file has no weekly hours, only the percentage; hours go by day, in schedules."
        ),
        "working_hours_scheme": _(
            "A person in a PAXml file has no working-hours scheme; choose the schedule in Crona Lön."
        ),
        "end_reason": _("A PAXml file has a leaving date, but not the reason."),
        "notice_date": _("A PAXml file has no date of notice."),
    },
    calls=Calls(create=0, update=0, unchanged=0),
    sight=Sight(unsupported=_("Crona Lön only takes files in; nothing there can be read.")),
    limits=Limits(note=_("A file has no limit: one holds everybody who changed since the one before was fetched.")),
    causes=(
        Cause(
            "employee_number_missing",
            _("No employee number"),
            _(
                "Fill in the employee number here, by which alone a file names a person in Crona Lön; it is sent when "
                "you save."
            ),
        ),
    ),
    move_note=_(
        "A changed start date is sent as the corrected employment date; there is one record for each employee."
    ),
)
