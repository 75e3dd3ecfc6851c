"""Fortnox Lön: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import CORRECTION, DELETION, TERMS, Rule, Sure

CONTRACT = "Fortnox, OpenAPI (employees)"

RULES = (
    Rule(
        "start_date",
        "The first day of the unbroken employment here, also where it is an earlier position's; inclusive, a date "
        "without a time of day.",
        f"{CONTRACT}, by its name",
        Sure.ASSUMED,
    ),
    Rule(
        "end_date",
        "The last day, inclusive (Anställd t.o.m.). Not sent while another position follows without a day between. "
        "Taken away with `API_BLANK`, and the answer is looked at.",
        f"{CONTRACT}; clearing: Fortnox, Formats and encoding",
        Sure.ASSUMED,
    ),
    Rule(
        "contract_type",
        "Ten forms. Probation, substitute and season are forms of their own; being called in is one of two fixed terms "
        "(`TID`, `SVT`), so the customer says. Whoever is no employee is `NEJ`.",
        f"{CONTRACT}; meanings: public client programs",
        Sure.ASSUMED,
    ),
    Rule(
        "remuneration_type",
        "Monthly or hourly pay; with the personnel type it picks the salary agreement. What stands in where neither HR "
        "nor Fortnox has one must be chosen: it decides about wages.",
        CONTRACT,
        Sure.DOCUMENTED,
    ),
    Rule(
        "percentage",
        "A share of 1 or percent of 100: no page says which, so it is off until the customer has looked and chosen.",
        CONTRACT,
        Sure.ASSUMED,
    ),
    Rule("weekly_hours", "The person's own hours a week, on average.", f"{CONTRACT}, by its name", Sure.ASSUMED),
    Rule(
        "working_hours_scheme",
        "The schedule that holds today, by the customer's table: every company makes its own. Off until it is switched "
        "on. Fortnox dates schedules (`DatedSchedules`); what becomes of rows to come when one is written without a "
        "day is not told.",
        f"{CONTRACT} (ScheduleId)",
        Sure.ASSUMED,
    ),
    Rule(
        TERMS,
        "At once: the record says what holds today, from whichever day it counts here. A change to come is sent on its "
        "day, and a position to come on its first.",
        CONTRACT,
        Sure.DOCUMENTED,
    ),
    Rule(
        CORRECTION,
        "The first day is written where there is none, and corrected while it is still the one that was sent, also "
        "when an earlier position of the same employment is corrected here. After a whole day between, it begins anew.",
        f"{CONTRACT}: one employment date for each employee",
        Sure.DOCUMENTED,
    ),
    Rule(DELETION, "Nothing is sent: no call deletes an employee.", CONTRACT, Sure.DOCUMENTED),
)
