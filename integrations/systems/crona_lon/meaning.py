"""Crona Lön: what the values and dates of its files mean, from which source, and how sure that is."""

from integrations.sdk.rules import CORRECTION, DELETION, PAXML, TERMS, Rule, Sure

READ_SO = "what Crona Lön reads of it is not published"

RULES = (
    Rule(
        "start_date",
        "The first day of the unbroken employment here, also where it is an earlier position's; inclusive, a date "
        "without a time of day.",
        PAXML,
        Sure.DOCUMENTED,
    ),
    Rule(
        "end_date",
        "The last day of employment, inclusive (leaving date). Not sent while another position follows without a day "
        "between. A file cannot take it away.",
        f"{PAXML}, by its name",
        Sure.ASSUMED,
    ),
    Rule(
        "contract_type",
        "Free text with nine words of the standard. Being called in is the one fixed term, as other programs' files "
        "have it; whoever is no employee has no word.",
        f"{PAXML}; {READ_SO}",
        Sure.ASSUMED,
    ),
    Rule(
        "occupation_code",
        "A position code of an unnamed code system: off until the customer knows it.",
        PAXML,
        Sure.ASSUMED,
    ),
    Rule("remuneration_type", "Monthly or hourly pay.", PAXML, Sure.DOCUMENTED),
    Rule("percentage", "Percent of a full position, with the day from which it counts.", PAXML, Sure.DOCUMENTED),
    Rule(
        TERMS,
        "The percentage has a day of its own: the one from which it counts here, also in the past, but never before "
        "that of a file that somebody has (a warning tells). Everything else: the day on which the file is imported. A "
        "change to come goes into a file on its day.",
        f"{PAXML}; {READ_SO}",
        Sure.ASSUMED,
    ),
    Rule(
        CORRECTION,
        "The first day is sent with the first record, and corrected with that of the employment here, be it an earlier "
        "position's. After a whole day between, it begins anew.",
        f"{PAXML}: one employment date for each person",
        Sure.ASSUMED,
    ),
    Rule(
        DELETION,
        "Nothing is sent: a file can only ask to remove the person altogether, which is never done.",
        PAXML,
        Sure.DOCUMENTED,
    ),
)
