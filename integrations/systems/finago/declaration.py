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
    Delete,
    Field,
    Kind,
    Limits,
    Model,
    Setting,
    Sight,
    System,
    code_table,
    occupations,
)
from integrations.systems.finago import texts

ORDINARY = "ordinaertArbeidsforhold"
FREELANCE = "frilanserOppdragstakerHonorarPersonerMm"
PENSION = "pensjonOgAndreTyperYtelserUtenAnsettelsesforhold"
MARITIME = "maritimtArbeidsforhold"
TYPES_WITHOUT_FORM = (FREELANCE, PENSION)
# The a-melding has neither a percentage nor a scheme of these two.
WITHOUT_HOURS = AbsentWhile("contract_type", "|".join(TYPES_WITHOUT_FORM), "a freelance contract or a pension")

FORMS = {
    "NO": {
        "fast": "Permanent",
        "fastAnsattUtleid": "Permanent, hired out",
        "midlertidig": "Temporary",
        "midlertidigAnsattUtleid": "Temporary, hired out",
        "midlertidigAnsattSomTilkallingsvikar": "Temporary, on call",
    },
    "SE": {
        "Ingen": "None",
        "Tillsvidare": "Until further notice",
        "Provanstallning": "Probationary",
        "Behovsanstalld": "When needed",
        "Tidsbegransad": "Fixed term",
    },
}
# The reason "should never have been reported" is left out: it is ours for cancelling (see `delete`).
REASONS = {
    "NO": {
        "arbeidsgiverHarSagtOppArbeidstaker": "The employer gave notice",
        "arbeidstakerHarSagtOppSelv": "The employee gave notice",
        "byttetLoenssystemEllerRegnskapsfoerer": "Other payroll system or accountant",
        "endringIOrganisasjonsstrukturEllerByttetJobbInternt": "Reorganisation or other job inside",
        "kontraktEngasjementEllerVikariatErUtloept": "Contract or temporary post ran out",
    },
    "SE": {
        "Ingen": "None",
        "UppsagdArbetsbrist": "Redundancy",
        "TidsbegransadAnstallning": "Fixed term ran out",
        "EgenBegaran": "Own request",
        "SlutProvanstallningAnstalldBeslut": "End of probation, employee's decision",
        "SlutProvanstallningArbetsgivareBeslut": "End of probation, employer's decision",
        "Konkurs": "Bankruptcy",
        "AnnanOrsak": "Other reason",
    },
}
WORKING_TIMES = {
    "ikkeSkift": "No shift work",
    "offshore336": "Offshore, 33.6 hours",
    "doegnkontinuerligSkiftOgTurnus355": "Round the clock, 35.5 hours",
    "helkontinuerligSkiftOgAndreOrdninger336": "Continuous, 33.6 hours",
    "skift365": "Shift, 36.5 hours",
    "andreSkift": "Other shift work",
}
OCCUPATIONS = {"NO": occupations.NORWAY, "SE": occupations.SWEDEN}
_OCCUPATION = "|".join(each.pattern for each in OCCUPATIONS.values())


def _choices(by_country: Mapping[str, Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (code, f"{words} ({code})" if country == "NO" else f"Sweden: {words} ({code})")
        for country, codes in by_country.items()
        for code, words in codes.items()
    )


_FORM_CHOICES = (
    *_choices(FORMS),
    (FREELANCE, f"Freelancer, no employment form ({FREELANCE})"),
    (PENSION, f"Pension and other benefits, no employment form ({PENSION})"),
)
_REASON_CHOICES = _choices(REASONS)
_TIME_CHOICES = tuple((code, f"{words} ({code})") for code, words in WORKING_TIMES.items())


def _enterprise_number(company: Company, settings: Mapping[str, Any]) -> str:
    number = re.sub(r"\s", "", company.organization_number)
    if not number and settings.get("enterprise_number"):
        return str(settings["enterprise_number"])
    if not number:
        raise ValueError(texts.NO_NUMBER(company=company.name))
    return number


KEY_PLACE = "Finago Payday: Settings, tab Misc, at the bottom of the page"
_ON_THE_EMPLOYEE = "Finago keeps it on the employee, for all employments and all time, so a position cannot carry it."

SYSTEM = System(
    key="finago",
    name="Finago",
    country="NO",
    rank=40,
    model=Model.HISTORY,
    protocol="JSON; a lasting API key is changed for access tokens",
    delete=Delete.CANCEL,
    delete_note=(
        "Finago cannot delete an employment. It is cancelled: it ends on its start date with the reason that it should "
        "never have been reported. A Swedish company has no such reason: end it there by hand."
    ),
    matching=("employee number", "national id", "e-mail"),
    base_urls={"api": "https://payroll.24sevenoffice.com/api"},
    sandbox_urls={"api": "/api"},
    moves=True,
    at_once=AtOnce(
        apart=("occupation_code", "company"),
        help="In the a-melding several employments of one person have different ids. Two that overlap must differ in "
        "occupation code or enterprise; the first one stays the primary employment in Finago.",
    ),
    move_note=(
        "An employment that has been reported is recognised in a-melding by its start date, occupation code and "
        "enterprise number. Moving its start date breaks that match: check the reconciliation with Altinn in Finago "
        "afterwards."
    ),
    credentials=(
        Setting(
            name="token",
            label="API key",
            kind=Kind.SECRET,
            required=True,
            help=f"{KEY_PLACE}: generate an API key and paste it here. One key opens one company.",
            group="Access",
        ),
    ),
    settings=(
        Setting(
            name="employment_type",
            label="Kind of employment",
            kind=Kind.CHOICE,
            default=ORDINARY,
            choices=(
                (ORDINARY, f"Ordinary ({ORDINARY})"),
                (MARITIME, f"Maritime ({MARITIME})"),
            ),
            help="The employment_type that new employments are given, apart from freelancers.",
        ),
    ),
    fields=(
        Field(
            "company",
            "enterprise_number",
            required=True,
            encode=_enterprise_number,
            table=code_table(
                "enterprise_numbers",
                "Companies here and enterprise numbers in Finago",
                help="Only for companies whose organisation number here is not their enterprise number in Finago. "
                "Left: the organisation number here. Right: the enterprise number of the company or site in Finago.",
                group="Companies",
            ),
            default_setting=Setting(
                name="enterprise_number",
                label="Enterprise number when a company has none here",
                help="Nine digits (virksomhetsnummer) of the company itself or of one of its sites in Finago.",
                pattern=r"\d{9}",
                example="974760673",
                group="Companies",
            ),
            clearable=False,
            allowed=r"[0-9]{9}",
            allowed_note="an enterprise number has nine digits",
            note="The enterprise number must be the company's own or one of its sites' in Finago.",
            format="nine digits",
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
                help="Finago's employment form for each contract type. A Swedish company fills in every row it uses.",
            ),
            choices=_FORM_CHOICES,
            default_setting=Setting(
                name="contract_type",
                label="Employment form when a position has no contract type",
                help="Leave empty to send none.",
            ),
            clearable=False,
            note="A freelancer is written as employment_type, without a form.",
            example="fast",
        ),
        Field(
            "occupation_code",
            "profession_code",
            required=True,
            default_setting=Setting(
                name="occupation_code",
                label="Occupation code when a position has none",
                pattern=_OCCUPATION,
                example=occupations.NORWAY.example,
                help=f"Norwegian company: {occupations.NORWAY.form} of {occupations.NORWAY.name} (yrkeskode in "
                f"a-melding). Swedish company: {occupations.SWEDEN.form} of {occupations.SWEDEN.name}. Leave empty to "
                "be told of every position without one.",
            ),
            clearable=False,
            max_length=7,
            allowed=_OCCUPATION,
            allowed_note=f"{occupations.NORWAY.note}; in a Swedish company the {occupations.SWEDEN.form} of "
            f"{occupations.SWEDEN.name}",
            note="Finago and a-melding recognise an employment by it.",
            format=f"{occupations.NORWAY.form}; {occupations.SWEDEN.form} in a Swedish company",
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
                "working_hours_schemes", help="Finago's working times (arbeidstidsordning) for each of our schemes."
            ),
            choices=_TIME_CHOICES,
            default_setting=Setting(
                name="working_times",
                label="Working-hours scheme when a position has none",
                default="ikkeSkift",
                help="The a-melding needs one of ordinary and maritime employments. Not sent to a Swedish company.",
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
                help="Finago's end reason for each of ours. “Other” has no counterpart: choose one. A Swedish company "
                "fills in every row it uses.",
            ),
            choices=_REASON_CHOICES,
            example="arbeidstakerHarSagtOppSelv",
        ),
    ),
    unsupported={
        "title": "An employment in Finago has no job title.",
        "department": _ON_THE_EMPLOYEE,
        "cost_centre": _ON_THE_EMPLOYEE,
        "manager": "Finago's payroll knows no managers.",
        "first_day_of_work": "An employment in Finago has a start date only.",
        "last_day_of_work": "An employment in Finago has an end date only.",
        "probation_end": "Finago's employments know no probation.",
        "remuneration_type": _ON_THE_EMPLOYEE,
        "weekly_hours": _ON_THE_EMPLOYEE,
        "notice_date": "An employment in Finago has no date of notice.",
    },
    reads="employment_id employment_type primary_employment empId country_code sites expiresOn",
    calls=Calls(create=2, update=2, unchanged=1),
    sight=Sight(each=1, minutes=240),
    limits=Limits(
        concurrency=2,
        read_timeout=60,
        note="Finago publishes no limits. Two calls at a time, and the list of employees once for each run.",
    ),
    causes=(
        Cause(
            "enterprise_not_in_target",
            "Enterprise number not in Finago",
            "Choose the right enterprise number under Companies in the connection's settings, correct the company's "
            "organisation number here, or add the site in Finago; then press Re-sync.",
        ),
        Cause(
            "value_of_other_country",
            "Value of another country",
            "Choose a value for the company's country under Translation or Defaults in the connection's settings, or "
            "the occupation code of that country's list on the position, then press Re-sync.",
        ),
        Cause(
            "not_kept_by_target",
            "Accepted but not kept",
            "Look at the employee's employments in Finago. If this one is missing, add it there or press Re-sync.",
        ),
    ),
)
