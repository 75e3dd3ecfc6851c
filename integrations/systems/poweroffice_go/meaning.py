"""PowerOffice Go: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import (
    A_MELDING,
    CORRECTION,
    DELETION,
    END_DATES,
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

CONTRACT = "PowerOffice, OpenAPI (Employees)"

RULES = (
    Rule(
        "start_date",
        "The first day of the position with which the employment is made, inclusive; a date without a time of day. An "
        "earlier position that led up to it was reported from elsewhere, with percentages that are not known there.",
        CONTRACT,
        Sure.DOCUMENTED,
    ),
    Rule(
        "end_date",
        "The last day, inclusive; it ends the employment. Not sent while another position follows without a day "
        "between. Taken away together with its reason.",
        f"{CONTRACT}; {END_DATES}",
        Sure.ASSUMED,
    ),
    Rule(
        "first_day_of_work",
        "The start date of the employee, which is not reported and says nothing of the employment; off as it comes. "
        "There is a day of hiring, too, which is left alone. Only where it is empty, then corrected.",
        CONTRACT,
        Sure.ASSUMED,
    ),
    Rule(
        "last_day_of_work",
        "The end date of the employee, which is not reported and ends nothing; off as it comes.",
        CONTRACT,
        Sure.ASSUMED,
    ),
    Rule(
        "contract_type",
        "The five forms of the a-melding, asked of everybody like scheme, percentage and hours. A freelancer is "
        "another `EmploymentType`, which goes with the form where the connection's table says so. Whether it may be "
        "changed after a report is not published.",
        f"{CONTRACT}; {FORMS}",
        Sure.DOCUMENTED,
    ),
    Rule("occupation_code", "STYRK-98, seven digits.", f"{CONTRACT}; {STYRK_98}", Sure.DOCUMENTED),
    Rule(
        "remuneration_type",
        "How is paid, in salary lines with the day from which each counts; off as it comes. A line may go without an "
        "amount, and amounts are never sent: whoever pays fills them in.",
        CONTRACT,
        Sure.DOCUMENTED,
    ),
    Rule(
        "percentage",
        "Percent of a full position, 0 to 100, in rows with the day from which each counts.",
        CONTRACT,
        Sure.DOCUMENTED,
    ),
    Rule("working_hours_scheme", f"The six of the a-melding. {NO_SCHEME}", f"{CONTRACT}; {SCHEMES}", Sure.DOCUMENTED),
    Rule(
        FULL_WEEK,
        "Hours a week of full time in that scheme: the contract names them with its codes. Written with a new "
        "employment and a changed scheme.",
        f"{CONTRACT}; {SCHEMES}",
        Sure.DOCUMENTED,
    ),
    Rule(
        "end_reason",
        "Required with an end date. It has none for retirement and mutual agreement: the customer says. “Should never "
        "have been reported” is for a deleted position, and is not offered.",
        f"{CONTRACT}; {END_REASONS}",
        Sure.DOCUMENTED,
    ),
    Rule(
        TERMS,
        "A percentage, or how is paid: a line from the day from which it counts here, also in the past, but none "
        "before the position is the current one; today where a clerk's is replaced. Everything else: at once. A "
        "change to come is sent on its day.",
        CONTRACT,
        Sure.DOCUMENTED,
    ),
    Rule(
        CORRECTION,
        "The first day is corrected while it is still the one sent for this position, and its first percentage with "
        "it. A position that follows leaves it: an earlier one's first day is corrected there by hand. After a "
        "whole day between, or where the end is reported for good, the next one is a new employment.",
        f"{CONTRACT}; {A_MELDING}",
        Sure.DOCUMENTED,
    ),
    Rule(
        DELETION,
        "An employment that was made for this very position, while no other takes its place, is deleted; one that was "
        "reported ends on its first day as one that should never have been reported. One that earlier positions led "
        "up to, that was there before, or whose first day is another one, is left to a person.",
        f"{CONTRACT}; {A_MELDING}",
        Sure.DOCUMENTED,
    ),
)
