"""Xledger: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import CONTINUOUS, CORRECTION, DELETION, OUR_READING, TERMS, Rule, Sure

SCHEMA = "Xledger, GraphQL schema as public programs show it"
OWN_LISTS = f"{SCHEMA}: lists of each company's own"

FREE = "Xledger, live schema as public libraries read it (UpdateEmployeesInput)"

RULES = (
    Rule(
        "start_date",
        "The first day of the unbroken employment here, also where it is an earlier position's; inclusive, a date "
        "without a time of day.",
        f"{SCHEMA}, by its name",
        Sure.ASSUMED,
    ),
    Rule(
        "end_date",
        "The last day, inclusive. Not sent while another position follows without a day between. Taken away with null.",
        SCHEMA,
        Sure.ASSUMED,
    ),
    Rule("probation_end", "The last day of the probation.", f"{SCHEMA}, by its name (trialTo)", Sure.ASSUMED),
    Rule("notice_date", "The day on which notice was given.", f"{SCHEMA}, by its name", Sure.ASSUMED),
    Rule("contract_type", "Nothing is built in: the customer says.", OWN_LISTS, Sure.DOCUMENTED),
    Rule("remuneration_type", "Nothing is built in: the customer says.", OWN_LISTS, Sure.DOCUMENTED),
    Rule(
        "end_reason",
        "Nothing is built in: the customer says. Required with an end date where its list is named. It stays when an "
        "end date is taken away.",
        OWN_LISTS,
        Sure.DOCUMENTED,
    ),
    *(
        Rule(
            about,
            f"{says} In the free field that the customer chooses, off until then. Xledger does not act on it by "
            "itself, and is not known to show it: it is compared with what was sent last.",
            FREE,
            Sure.ASSUMED,
        )
        for about, says in (
            ("percentage", "Percent of 100, as a number."),
            ("weekly_hours", "The person's own hours a week, as a number."),
            ("occupation_code", "As it stands here, of whichever list."),
            ("working_hours_scheme", "Our own word, or the one of the connection's table."),
            ("first_day_of_work", "A date without a time of day."),
            ("last_day_of_work", "A date without a time of day."),
        )
    ),
    Rule(
        TERMS,
        "At once: the record says what holds today, from whichever day it counts here. A change to come is sent on its "
        "day.",
        SCHEMA,
        Sure.ASSUMED,
    ),
    Rule(
        CORRECTION,
        "The first day is written where there is no employment, and corrected while it is still the one that was sent, "
        "also when an earlier position of the same employment is corrected here. After a whole day between, it begins "
        "anew.",
        f"{SCHEMA}: one employment for each employee",
        Sure.ASSUMED,
    ),
    Rule(
        CONTINUOUS,
        "`seniorityDate` with the first position that is sent, if it is empty: the first day of the unbroken "
        "employment here.",
        f"{SCHEMA}, by its name",
        Sure.ASSUMED,
    ),
    Rule(DELETION, "Nothing is sent: no call for it is known.", OUR_READING, Sure.ASSUMED),
)
