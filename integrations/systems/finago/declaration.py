"""Finago Payday (24SevenOffice Payroll): what its connector declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    AbsentWhile,
    AtOnce,
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
from integrations.systems.finago import texts

ORDINARY = "ordinaertArbeidsforhold"
FREELANCE = "frilanserOppdragstakerHonorarPersonerMm"
PENSION = "pensjonOgAndreTyperYtelserUtenAnsettelsesforhold"
MARITIME = "maritimtArbeidsforhold"
TYPES_WITHOUT_FORM = (FREELANCE, PENSION)
# The a-melding has neither a percentage nor a scheme of these two.
WITHOUT_HOURS = AbsentWhile("contract_type", "|".join(TYPES_WITHOUT_FORM), _("a freelance contract or a pension"))

FORMS = {
    "NO": {
        "fast": _("Permanent"),
        "fastAnsattUtleid": _("Permanent, hired out"),
        "midlertidig": _("Temporary"),
        "midlertidigAnsattUtleid": _("Temporary, hired out"),
        "midlertidigAnsattSomTilkallingsvikar": _("Temporary, on call"),
    },
    "SE": {
        "Ingen": _("None"),
        "Tillsvidare": _("Until further notice"),
        "Provanstallning": _("Probationary"),
        "Behovsanstalld": _("When needed"),
        "Tidsbegransad": _("Fixed term"),
    },
}
# The reason "should never have been reported" is left out: it is ours for cancelling (see `delete`).
REASONS = {
    "NO": {
        "arbeidsgiverHarSagtOppArbeidstaker": _("The employer gave notice"),
        "arbeidstakerHarSagtOppSelv": _("The employee gave notice"),
        "byttetLoenssystemEllerRegnskapsfoerer": _("Other payroll system or accountant"),
        "endringIOrganisasjonsstrukturEllerByttetJobbInternt": _("Reorganisation or other job inside"),
        "kontraktEngasjementEllerVikariatErUtloept": _("Contract or temporary post ran out"),
    },
    "SE": {
        "Ingen": _("None"),
        "UppsagdArbetsbrist": _("Redundancy"),
        "TidsbegransadAnstallning": _("Fixed term ran out"),
        "EgenBegaran": _("Own request"),
        "SlutProvanstallningAnstalldBeslut": _("End of probation, employee's decision"),
        "SlutProvanstallningArbetsgivareBeslut": _("End of probation, employer's decision"),
        "Konkurs": _("Bankruptcy"),
        "AnnanOrsak": _("Other reason"),
    },
}
WORKING_TIMES = {
    "ikkeSkift": _("No shift work"),
    "offshore336": _("Offshore, 33.6 hours"),
    "doegnkontinuerligSkiftOgTurnus355": _("Round the clock, 35.5 hours"),
    "helkontinuerligSkiftOgAndreOrdninger336": _("Continuous, 33.6 hours"),
    "skift365": _("Shift, 36.5 hours"),
    "andreSkift": _("Other shift work"),
}
OCCUPATIONS = {"NO": occupations.NORWAY, "SE": occupations.SWEDEN}
_LISTS = {
    "digits": Label(occupations.NORWAY.form),
    "list": Label(occupations.NORWAY.name),
    "digits_there": Label(occupations.SWEDEN.form),
    "list_there": Label(occupations.SWEDEN.name),
}
_OCCUPATION = "|".join(each.pattern for each in OCCUPATIONS.values())


def _choice(words: str, code: str) -> Label:
    return Label("{words} ({code})", words=Label(words), code=code)


def _choices(by_country: Mapping[str, Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (code, _choice(words, code) if country == "NO" else Label(_("Sweden: {choice}"), choice=_choice(words, code)))
        for country, codes in by_country.items()
        for code, words in codes.items()
    )


_FORM_CHOICES = (
    *_choices(FORMS),
    (FREELANCE, _choice(_("Freelancer, no employment form"), FREELANCE)),
    (PENSION, _choice(_("Pension and other benefits, no employment form"), PENSION)),
)
_REASON_CHOICES = _choices(REASONS)
_TIME_CHOICES = tuple((code, _choice(words, code)) for code, words in WORKING_TIMES.items())


def _enterprise_number(company: Company, settings: Mapping[str, Any]) -> str:
    number = re.sub(r"\s", "", company.organization_number)
    if not number and settings.get("enterprise_number"):
        return str(settings["enterprise_number"])
    if not number:
        raise ValueError(texts.NO_NUMBER(company=company.name))
    return number


KEY_PLACE = Label(_("Finago Payday: Settings, tab Misc, at the bottom of the page"))
ON_EMPLOYEE = _("On the employee")
PAY = (("monthly", _("Monthly pay")), ("hourly", _("Hourly pay")))


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
        pattern=r"\d{1,9}",
        example=example,
        group=ON_EMPLOYEE,
        help=_(
            "The number (dimid) of the dimension in Finago, as Test connection lists it. Its values must exist there "
            "under the codes here. Empty: not sent."
        ),
    )


SYSTEM = System(
    key="finago",
    name="Finago",
    country="NO",
    rank=40,
    model=Model.HISTORY,
    protocol=_("JSON; a lasting API key is changed for access tokens"),
    delete=Delete.CANCEL,
    delete_note=_(
        "Finago cannot delete an employment. It is cancelled: it ends on its start date with the reason that it "
        "should never have been reported. A Swedish company has no such reason: end it there by hand."
    ),
    matching=(_("employee number"), _("national id"), _("e-mail")),
    base_urls={"api": "https://payroll.24sevenoffice.com/api"},
    sandbox_urls={"api": "/api"},
    moves=True,
    at_once=AtOnce(
        apart=("occupation_code", "company"),
        help=_(
            "In the a-melding several employments of one person have different ids. Two that overlap must differ in "
            "occupation code or enterprise; the first one stays the primary employment in Finago."
        ),
    ),
    move_note=_(
        "An employment that has been reported is recognised in a-melding by its start date, occupation code and "
        "enterprise number. Moving its start date breaks that match: check the reconciliation with Altinn in "
        "Finago afterwards."
    ),
    credentials=(
        Setting(
            name="token",
            label=_("API key"),
            kind=Kind.SECRET,
            required=True,
            help=Label(
                _("{place}: generate an API key and paste it here. One key opens one company."), place=KEY_PLACE
            ),
            group=_("Access"),
        ),
    ),
    settings=(
        Setting(
            name="employment_type",
            label=_("Kind of employment"),
            kind=Kind.CHOICE,
            default=ORDINARY,
            choices=(
                (ORDINARY, _choice(_("Ordinary"), ORDINARY)),
                (MARITIME, _choice(_("Maritime"), MARITIME)),
            ),
            help=_("The employment_type that new employments are given, apart from freelancers."),
        ),
    ),
    fields=(
        Field(
            "title",
            "employee_field",
            opt_in=Setting(
                name="title_field",
                label=_("The employee's own field for the title"),
                pattern=r"\d{1,9}",
                example="2",
                group=ON_EMPLOYEE,
                help=_(
                    "The number of a field that your company has added to employees in Finago, as Test connection "
                    "lists it. Empty: the title is not sent."
                ),
            ),
            of_employee=True,
            example="Selger",
        ),
        Field(
            "department",
            "accounting",
            opt_in=_dimension("department_dimension", _("Dimension of the department"), "1"),
            encode=_in_dimension,
            of_employee=True,
            example="BUT1",
        ),
        Field(
            "cost_centre",
            "accounting.dimensions",
            opt_in=_dimension("cost_centre_dimension", _("Dimension of the cost centre"), "3"),
            encode=_in_dimension,
            of_employee=True,
            example="4010",
        ),
        Field(
            "first_day_of_work",
            "employee_date",
            opt_in=switch(
                help=_(
                    "As the employee's date of employment (ansettelsesdato), where Finago has none. Try it on a test "
                    "company first: no source says what else goes by it."
                ),
                group=ON_EMPLOYEE,
            ),
            when=When.IF_EMPTY,
            corrected=True,
            clearable=False,
            of_employee=True,
            format="YYYY-MM-DD",
            example="2026-01-05",
        ),
        Field(
            "remuneration_type",
            "salary_type",
            dated=Dates.SINCE,
            opt_in=switch(
                help=_(
                    "As the employee's kind of pay, from its day. Where an amount of another kind stands there, both "
                    "are to be changed by hand."
                ),
                group=ON_EMPLOYEE,
            ),
            codes={"monthly": "monthly", "hourly": "hourly", "commission": None, "fee": None, "piecework": None},
            table=code_table("remuneration_types", help=_("Finago knows monthly and hourly pay.")),
            choices=PAY,
            clearable=False,
            of_employee=True,
            example="monthly",
        ),
        Field(
            "weekly_hours",
            "hours_per_week",
            dated=Dates.SINCE,
            opt_in=switch(
                help=_("As the employee's hours a week, from their day. Finago has 37.5 where nobody says otherwise."),
                group=ON_EMPLOYEE,
            ),
            minimum=Decimal(0),
            maximum=Decimal(168),
            decimals=2,
            clearable=False,
            of_employee=True,
            example="37.50",
        ),
        Field(
            "company",
            "enterprise_number",
            required=True,
            encode=_enterprise_number,
            table=code_table(
                "enterprise_numbers",
                _("Companies here and enterprise numbers in Finago"),
                help=_(
                    "Only for companies whose organisation number here is not their enterprise number in Finago. "
                    "Left: the organisation number here. Right: the enterprise number of the company or site in "
                    "Finago."
                ),
                group=_("Companies"),
            ),
            default_setting=Setting(
                name="enterprise_number",
                label=_("Enterprise number when a company has none here"),
                help=_("Nine digits (virksomhetsnummer) of the company itself or of one of its sites in Finago."),
                pattern=r"\d{9}",
                example="974760673",
                group=_("Companies"),
            ),
            clearable=False,
            allowed=r"[0-9]{9}",
            allowed_note=_("an enterprise number has nine digits"),
            note=_("The enterprise number must be the company's own or one of its sites' in Finago."),
            format=_("nine digits"),
            example="974760673",
        ),
        Field("start_date", "startdate", required=True, owned=True, clearable=False, format="YYYY-MM-DD"),
        Field("end_date", "enddate", owned=True, format="YYYY-MM-DD"),
        Field(
            "contract_type",
            "employment_form",
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
                "freelance": FREELANCE,
                "third_party": None,
                "other": None,
            },
            table=code_table(
                "contract_types",
                help=_(
                    "Finago's employment form for each contract type. A Swedish company fills in every row it uses."
                ),
            ),
            choices=_FORM_CHOICES,
            default_setting=Setting(
                name="contract_type",
                label=_("Employment form when a position has no contract type"),
                help=_("Leave empty to send none."),
            ),
            clearable=False,
            note=_("A freelancer is written as employment_type, without a form."),
            example="fast",
        ),
        Field(
            "occupation_code",
            "profession_code",
            required=True,
            default_setting=Setting(
                name="occupation_code",
                label=_("Occupation code when a position has none"),
                pattern=_OCCUPATION,
                example=occupations.NORWAY.example,
                help=Label(
                    _(
                        "Norwegian company: {digits} of {list} (yrkeskode in a-melding). Swedish company: "
                        "{digits_there} of {list_there}. Leave empty to be told of every position without one."
                    ),
                    **_LISTS,
                ),
            ),
            clearable=False,
            max_length=7,
            allowed=_OCCUPATION,
            allowed_note=Label(
                _("{codes}; in a Swedish company the {digits} of {list}"),
                codes=occupations.NORWAY.note,
                digits=_LISTS["digits_there"],
                list=_LISTS["list_there"],
            ),
            note=_("Finago and a-melding recognise an employment by it."),
            format=Label(
                _("{digits}; {digits_there} in a Swedish company"),
                digits=_LISTS["digits"],
                digits_there=_LISTS["digits_there"],
            ),
            example=occupations.NORWAY.example,
        ),
        Field(
            "percentage",
            "employment_rate",
            absent_while=WITHOUT_HOURS,
            clearable=False,
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            example="90.00",
        ),
        Field(
            "working_hours_scheme",
            "working_times",
            absent_while=WITHOUT_HOURS,
            codes={
                "not_shift": "ikkeSkift",
                "shift": None,
                "round_the_clock": "doegnkontinuerligSkiftOgTurnus355",
                "shift_365": "skift365",
                "offshore_336": "offshore336",
                "continuous": "helkontinuerligSkiftOgAndreOrdninger336",
                "other_shift": "andreSkift",
            },
            table=code_table(
                "working_hours_schemes", help=_("Finago's working times (arbeidstidsordning) for each of our schemes.")
            ),
            choices=_TIME_CHOICES,
            default_setting=Setting(
                name="working_times",
                label=_("Working-hours scheme when a position has none"),
                default="ikkeSkift",
                help=_("The a-melding needs one of ordinary and maritime employments. Not sent to a Swedish company."),
            ),
            clearable=False,
            example="ikkeSkift",
        ),
        Field(
            "end_reason",
            "enddate_reason",
            required_with="end_date",
            owned=True,
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
                help=_(
                    "Finago's end reason for each of ours. “Other” has no counterpart: choose one. A Swedish company "
                    "fills in every row it uses."
                ),
            ),
            choices=_REASON_CHOICES,
            example="arbeidstakerHarSagtOppSelv",
        ),
    ),
    unsupported={
        "manager": _("Finago's payroll knows no managers."),
        "last_day_of_work": _(
            "Finago has one last day, the employment's end date, and none on the employee: it goes there as that."
        ),
        "probation_end": _("Neither an employment nor an employee in Finago has a date for the end of probation."),
        "notice_date": _("Neither an employment nor an employee in Finago has a date of notice."),
    },
    reads=(
        "employment_id employment_type primary_employment empId country_code sites expiresOn dimid "
        "hours_per_week_valid_from salary_valid_from"
    ),
    calls=Calls(create=2, update=2, unchanged=1),
    sight=Sight(each=1, minutes=240),
    limits=Limits(
        concurrency=2,
        read_timeout=60,
        note=_("Finago publishes no limits. Two calls at a time, and the list of employees once for each run."),
    ),
    causes=(
        Cause(
            "enterprise_not_in_target",
            _("Enterprise number not in Finago"),
            _(
                "Choose the right enterprise number under Companies in the connection's settings, correct the "
                "company's organisation number here, or add the site in Finago; then press Re-sync."
            ),
        ),
        Cause(
            "value_of_other_country",
            _("Value of another country"),
            _(
                "Choose a value for the company's country under Translation or Defaults in the connection's settings, "
                "or the occupation code of that country's list on the position, then press Re-sync."
            ),
        ),
        Cause(
            "not_on_employee",
            _("Value not there for employees"),
            _(
                "Create or activate the value of that dimension or field in Finago, choose another one on the "
                "position, or correct the number in the connection's settings, then press Re-sync."
            ),
        ),
        Cause(
            "not_kept_by_target",
            _("Accepted but not kept"),
            _("Look at the employee's employments in Finago. If this one is missing, add it there or press Re-sync."),
        ),
    ),
)
