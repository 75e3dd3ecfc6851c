"""Visma.net Payroll: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import CORRECTION, DELETION, END_REASONS, FORMS, OUR_READING, STYRK_98, TERMS, Rule, Sure

DOCS = "Visma, Employee API documentation"

RULES = (
    Rule("start_date", "The first day, inclusive; a date without a time of day.", DOCS, Sure.DOCUMENTED),
    Rule(
        "end_date",
        "The last working day, inclusive; it ends the employment. Empty: without an end. Its reason goes with it.",
        f"{DOCS}; Visma Community",
        Sure.DOCUMENTED,
    ),
    Rule(
        "contract_type",
        "The forms of the a-melding, in its very words. Visma's own pages show all but `midlertidig`. None is a "
        "freelancer's.",
        f"{DOCS}, changelog 2025-01-13; {FORMS}",
        Sure.ASSUMED,
    ),
    Rule("occupation_code", "STYRK-98, seven digits.", f"{DOCS}; {STYRK_98}", Sure.DOCUMENTED),
    Rule(
        "remuneration_type",
        "What the amount of a new position's salary is: a month's, an hour's or a year's pay. Of existing positions it "
        "is payroll's own. Commission, fee and piecework have no counterpart.",
        DOCS,
        Sure.DOCUMENTED,
    ),
    Rule("percentage", "Percent of a full position: 100 is full time.", DOCS, Sure.DOCUMENTED),
    Rule(
        "working_hours_scheme",
        "An agreement of the company's own, which holds the hours of a full week: the customer says which goes with "
        "a scheme.",
        DOCS,
        Sure.DOCUMENTED,
    ),
    Rule(
        "end_reason",
        "The reasons of the a-melding, in its very words. Visma does not publish what its API takes, so they are off "
        "until somebody has tried them; until then an end goes without one, which is filled in there by hand. Switched "
        "on, one is required with an end date, because the a-melding asks for it.",
        END_REASONS,
        Sure.ASSUMED,
    ),
    Rule(
        TERMS,
        "The day that HR says, past or to come, within the position: the value before is closed on the day before. A "
        "value that a clerk has planned there for later stays. Another tax unit counts from the day on which it is "
        "sent.",
        DOCS,
        Sure.DOCUMENTED,
    ),
    Rule(
        CORRECTION,
        "The end and its reason, and a value that begins on the very day. In a position that is over nothing else is "
        "changed, because wages would be calculated again. A changed start is a new position, refused while the old "
        "one overlaps.",
        DOCS,
        Sure.DOCUMENTED,
    ),
    Rule(DELETION, "Nothing is sent: no way to delete a position is published.", OUR_READING, Sure.ASSUMED),
)
