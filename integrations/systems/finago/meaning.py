"""Finago Payday: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import (
    A_MELDING,
    CORRECTION,
    DELETION,
    END_DATES,
    END_REASONS,
    FORMS,
    NO_SCHEME,
    SCHEMES,
    STYRK_98,
    TERMS,
    Rule,
    Sure,
)

CONTRACT = "24SevenOffice Payroll, Swagger 2.0"

RULES = (
    Rule("start_date", "The first day, inclusive; a date without a time of day.", CONTRACT, Sure.DOCUMENTED),
    Rule(
        "end_date",
        "The last day, inclusive; it ends the employment. An empty text: without an end, and the reason goes too.",
        f"{CONTRACT}; {END_DATES}",
        Sure.ASSUMED,
    ),
    Rule(
        "contract_type",
        "The forms of the a-melding, in its very words; a freelancer is a kind of employment without one. For a "
        "Swedish company only the connection's table knows.",
        f"{CONTRACT}; {FORMS}",
        Sure.DOCUMENTED,
    ),
    Rule(
        "occupation_code",
        "STYRK-98, seven digits; SSYK 2012, four digits, in a Swedish company.",
        f"{CONTRACT}; {STYRK_98}; SCB, SSYK 2012",
        Sure.ASSUMED,
    ),
    Rule(
        "first_day_of_work",
        "The employee's date of employment (ansettelsesdato), only where there is none; off as it comes. What goes by "
        "that date is not published.",
        CONTRACT,
        Sure.ASSUMED,
    ),
    Rule(
        "remuneration_type",
        "Monthly or hourly pay of the employee, with the day from which it counts; off as it comes. Not written where "
        "an amount of another kind stands there.",
        CONTRACT,
        Sure.DOCUMENTED,
    ),
    Rule(
        "weekly_hours",
        "The employee's hours a week, with the day from which they count, 37.5 where nobody says otherwise; off as "
        "they come. For all employments at once.",
        CONTRACT,
        Sure.DOCUMENTED,
    ),
    Rule("percentage", "Percent of a full position, as a text with a point: 90.00.", CONTRACT, Sure.DOCUMENTED),
    Rule(
        "working_hours_scheme",
        "The six of the a-melding, in its very words, each with the hours of a full week in its name. "
        f"{NO_SCHEME} In a Swedish company, empty is sent as nothing.",
        f"{CONTRACT}; {SCHEMES}",
        Sure.DOCUMENTED,
    ),
    Rule(
        "end_reason",
        "Required with an end date. The reasons of the a-melding, in its very words; “should never have been reported” "
        "is for cancelling, and is not offered.",
        f"{CONTRACT}; {END_REASONS}",
        Sure.DOCUMENTED,
    ),
    Rule(
        TERMS,
        "At once, for the whole employment: it has no rows with dates, from whichever day a change counts here. The "
        "whole employment is sent as it stands there, with what changed. A change to come is sent on its day. Of what "
        "stands on the employee, only the position that counts today is written, kind of pay and hours from their day.",
        CONTRACT,
        Sure.ASSUMED,
    ),
    Rule(
        CORRECTION,
        "End, reason and terms are corrected; start, occupation code and enterprise number are what a report is "
        "recognised by. A changed start is a new employment, refused while the old one overlaps, or moved when "
        "somebody asks for it.",
        "24SevenOffice, support pages (Avstemming av arbeidsforhold)",
        Sure.DOCUMENTED,
    ),
    Rule(
        DELETION,
        "It ends on its first day as one that should never have been reported. A Swedish company has no such reason: "
        "nothing is sent.",
        f"{A_MELDING}; {CONTRACT}",
        Sure.ASSUMED,
    ),
)
