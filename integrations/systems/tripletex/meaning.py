"""Tripletex: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import (
    CORRECTION,
    DELETION,
    END_REASONS,
    FORMS,
    FULL_WEEK,
    NO_SCHEME,
    SCHEMES,
    STYRK_98,
    TERMS,
    Rule,
    Sure,
)

CONTRACT = "Tripletex, OpenAPI 2.74"
RECORDINGS = "Recorded calls to test companies"

RULES = (
    Rule(
        "start_date",
        "The first day, inclusive; a date without a time of day. The first row of terms has the same date.",
        RECORDINGS,
        Sure.RECORDED,
    ),
    Rule(
        "end_date",
        "The last day, inclusive; it ends the employment. Empty: without an end. It goes with its reason; taken away, "
        "both are sent as null, and the answer must show that they are gone.",
        CONTRACT,
        Sure.ASSUMED,
    ),
    Rule(
        "contract_type",
        "Freelance is a kind of employment (`employmentType`), everything else an ordinary one with a form.",
        f"{CONTRACT}; {FORMS}",
        Sure.DOCUMENTED,
    ),
    Rule(
        "occupation_code",
        "STYRK-98, seven digits, sent as the id of its row in Tripletex' register: a code without an id is stored as "
        "nothing.",
        f"{STYRK_98}; {RECORDINGS.lower()}",
        Sure.RECORDED,
    ),
    Rule("remuneration_type", "Tripletex' own need, apart from the a-melding.", CONTRACT, Sure.DOCUMENTED),
    Rule("percentage", "Percent of a full position: 80 is 80 %.", RECORDINGS, Sure.RECORDED),
    Rule(
        "weekly_hours",
        "Hours a day of the employee, for time sheets: a fifth of the hours a week, as if everybody worked five days.",
        f"{CONTRACT} (StandardTime)",
        Sure.ASSUMED,
    ),
    Rule("working_hours_scheme", f"The six of the a-melding. {NO_SCHEME}", f"{CONTRACT}; {SCHEMES}", Sure.DOCUMENTED),
    Rule(
        FULL_WEEK,
        "“Shift duration hours” are taken as the hours of a full week in that scheme. None are sent without shifts.",
        f"{CONTRACT}; {SCHEMES}",
        Sure.ASSUMED,
    ),
    Rule(
        "end_reason",
        "Required here with an end date, because the a-melding asks for one; whether Tripletex does is not published, "
        "nor whether a freelancer's end goes without (the a-melding has the reason, too). Who gave notice is built in; "
        "“wrongly reported” is for employments that never were, and is not offered.",
        f"{CONTRACT}; {END_REASONS}",
        Sure.DOCUMENTED,
    ),
    Rule(
        TERMS,
        "The day that HR says, past or to come, as a row of its own; a correction changes the rows of its days. What a "
        "clerk's other value is replaced by counts from today. By a setting the row in force is corrected instead.",
        RECORDINGS,
        Sure.RECORDED,
    ),
    Rule(
        CORRECTION,
        "End, reason and terms are corrected. A changed start is a new employment, refused while the old one overlaps; "
        "when somebody asks to move it, the start and the first row are. The sub-unit never changes.",
        f"{RECORDINGS}; Tripletex' changelog 2.68.9",
        Sure.RECORDED,
    ),
    Rule(
        DELETION,
        "No call removes an employment (recorded). It ends on its start date as “wrongly reported”, and counts as not "
        "there from then on. The contract has the reason; no recording shows it written.",
        f"{CONTRACT}; {END_REASONS}",
        Sure.ASSUMED,
    ),
)
