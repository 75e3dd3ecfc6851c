"""Entra ID: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import CORRECTION, DELETION, TERMS, Rule, Sure

GRAPH = "Microsoft Graph v1.0, Update user"
IMPORTANCE_OF_TIME = "Microsoft, How to synchronize attributes for lifecycle workflows: Importance of time"

ATTRIBUTES = "Microsoft Graph v1.0, onPremisesExtensionAttributes resource type"
TEXT = "Plain text in the extension attribute that is chosen for it; off until one is. Nothing acts on it by itself."

RULES = (
    Rule(
        "start_date",
        "The first day of the unbroken employment here, at 01:00 in the organization's time zone (a setting), sent in "
        "UTC: early, so that joiner workflows have run before somebody arrives. It is sent on that day: a workflow "
        "that is to run days before finds none. Off as it comes.",
        IMPORTANCE_OF_TIME,
        Sure.DOCUMENTED,
    ),
    Rule(
        "end_date",
        "The last day, at 23:00 in the organization's time zone (a setting), sent in UTC: late, so that leaver "
        "workflows lock nobody out on it. Not sent while another position follows without a day between. Taken away "
        "with null. Off as it comes.",
        IMPORTANCE_OF_TIME,
        Sure.DOCUMENTED,
    ),
    Rule(
        "contract_type",
        "Free text; the built-in words are Microsoft's examples. Nothing is reported by it.",
        f"{GRAPH} (employeeType)",
        Sure.DOCUMENTED,
    ),
    *(
        Rule(about, f"{says} {TEXT}", ATTRIBUTES, Sure.DOCUMENTED)
        for about, says in (
            ("first_day_of_work", "YYYY-MM-DD."),
            ("last_day_of_work", "YYYY-MM-DD."),
            ("probation_end", "YYYY-MM-DD."),
            ("occupation_code", "As it stands here, of whichever list."),
            ("remuneration_type", "Our own word, or the one of the connection's table."),
            ("percentage", "Percent of 100, with a point and without needless zeros."),
            ("weekly_hours", "Hours with a point, without needless zeros."),
            ("working_hours_scheme", "Our own word, or the one of the connection's table."),
        )
    ),
    Rule(
        TERMS,
        "At once: the user says what holds today, from whichever day it counts here. A change to come is sent on its "
        "day.",
        GRAPH,
        Sure.DOCUMENTED,
    ),
    Rule(
        CORRECTION,
        "The hire date is written where there is none, and corrected while it is still the one that was sent, also "
        "when an earlier position of the same employment is corrected here. After a whole day between, where the leave "
        "date is sent too, it is anew.",
        f"{GRAPH}: one hire date for each user",
        Sure.DOCUMENTED,
    ),
    Rule(
        DELETION,
        "Nothing is sent: a user has no positions. By a setting, what was sent of the job is emptied the day after the "
        "last position.",
        GRAPH,
        Sure.DOCUMENTED,
    ),
)
