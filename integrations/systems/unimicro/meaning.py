"""Unimicro: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import (
    A_MELDING,
    CONTINUOUS,
    CORRECTION,
    DELETION,
    END_DATES,
    FORMS,
    FULL_WEEK,
    NO_SCHEME,
    SCHEMES,
    STYRK_98,
    TERMS,
    Rule,
    Sure,
)

CONTRACT = "Unimicro, published API contract"
CLIENT = "Unimicro's web client"
GUIDE = "Unimicro, developer guides"
HELP = "Unimicro, user help (Arbeidsforhold)"

RULES = (
    Rule(
        "start_date",
        "The first day, inclusive; a date without a time of day. Nothing is reported without it.",
        f"{CONTRACT}; {HELP}",
        Sure.DOCUMENTED,
    ),
    Rule(
        "end_date",
        "The last day, inclusive; employment and duty to work end. Empty: null, with reason 0; a warning follows if "
        "the old date is still shown.",
        f"{HELP}; {END_DATES}",
        Sure.ASSUMED,
    ),
    *(
        Rule(
            ours,
            f"{what} as `YYYY-MM-DD`, in a field that the company has added to employments, and that the connection "
            "names; nothing in Unimicro is worked out from it. Emptied: null.",
            f"{GUIDE} (custom fields)",
            Sure.ASSUMED,
        )
        for ours, what in (
            ("first_day_of_work", "The first day of work"),
            ("last_day_of_work", "The last day of work"),
            ("probation_end", "The last day of probation"),
            ("notice_date", "The day on which notice was given"),
        )
    ),
    Rule(
        "contract_type",
        "Kind and form of employment together. The forms 3 to 5 (hired out, on call) are beyond the published lists.",
        f"{CLIENT}; {FORMS}",
        Sure.ASSUMED,
    ),
    Rule(
        "occupation_code",
        "STYRK-98, seven digits. The job title is the register's: another one causes errors in the a-melding.",
        f"{HELP}; {STYRK_98}",
        Sure.DOCUMENTED,
    ),
    Rule("remuneration_type", "Integers of its own list.", CLIENT, Sure.DOCUMENTED),
    Rule("percentage", "Percent of a full position: 80 is 80 %.", f"{CLIENT} (Stillingsprosent)", Sure.ASSUMED),
    Rule(
        "weekly_hours",
        "Hours a week of a full position, not the person's own: sent only if ours are said to be those.",
        f"{CLIENT} (Timer pr uke full stilling)",
        Sure.DOCUMENTED,
    ),
    Rule(
        "working_hours_scheme",
        "Five of the six of the a-melding, without “other shifts”. `ShiftWork` is taken as the 36.5-hour shift. "
        f"{NO_SCHEME}",
        f"{CLIENT}; {SCHEMES}",
        Sure.ASSUMED,
    ),
    Rule(
        FULL_WEEK,
        "Hours a week of a full position in that scheme, written with a new employment and a changed scheme.",
        f"{CLIENT}; {SCHEMES}",
        Sure.DOCUMENTED,
    ),
    Rule(
        "end_reason",
        "Required here with an end date, because the a-melding asks for one; whether Unimicro does is not published, "
        "nor whether a freelancer's end goes without. “Should not have been reported” is for cancelling, and is not "
        "offered.",
        f"{CLIENT}; {HELP}",
        Sure.DOCUMENTED,
    ),
    Rule(
        TERMS,
        "A percentage has one day beside it (`LastWorkPercentChangeDate`): the one from which it counts here, also in "
        "the past; today where a clerk's is replaced. Everything else: at once. A change to come is sent on its day.",
        f"{CONTRACT}; {CLIENT}",
        Sure.DOCUMENTED,
    ),
    Rule(
        CORRECTION,
        "End, reason and terms are corrected; occupation code and sub-unit stay, because a report may be rejected. A "
        "changed start is a new employment, refused while the old one overlaps, or moved when somebody asks for it.",
        CLIENT,
        Sure.DOCUMENTED,
    ),
    Rule(
        CONTINUOUS,
        "`SeniorityDate` of a new employment that follows another one without a day between: the first day of all.",
        f"{CONTRACT}, by its name",
        Sure.ASSUMED,
    ),
    Rule(
        DELETION,
        "What has begun, or is not deleted because of a report, ends on its first day as one that should not have been "
        "reported. What has not begun is deleted.",
        f"{A_MELDING}; {CONTRACT}",
        Sure.ASSUMED,
    ),
)
