"""Netvisor: what its values and dates mean, from which source, and how sure that is."""

from integrations.sdk.rules import CONTINUOUS, CORRECTION, DELETION, OUR_READING, TERMS, Rule, Sure

DOCS = "Netvisor, support pages"
PERIOD = f"{DOCS} (addjobperiod.nv)"
INCOMES_REGISTER = "vero.fi, Incomes Register"
CLIENTS = "Public client programs"

RULES = (
    Rule("start_date", "The first day, inclusive; a date without a time of day.", PERIOD, Sure.DOCUMENTED),
    Rule(
        "end_date",
        "The last day, inclusive: the next period may begin on the day after. Required with a temporary contract. "
        "Taken away with an empty element.",
        f"{DOCS}, general rule for empty elements",
        Sure.ASSUMED,
    ),
    Rule("probation_end", "The last day of the probation, as a date.", PERIOD, Sure.DOCUMENTED),
    Rule(
        "contract_type",
        "Contract (permanent or temporary) and way of working. Being called in, consultants, freelancers and third "
        "parties have no built-in pair: they may be leased, self-employed or neither. Nor has who is placed by a "
        "programme: a work trial is no employment, work with a pay subsidy is one.",
        PERIOD,
        Sure.DOCUMENTED,
    ),
    Rule(
        "occupation_code",
        "TK10 (Classification of Occupations 2010, as the Incomes Register keeps it), five digits; four are filled up "
        "with a zero. Missing, it is warned of: it is reported where there is accident insurance.",
        f"{PERIOD}; {INCOMES_REGISTER}: Employment relationship data",
        Sure.DOCUMENTED,
    ),
    Rule("remuneration_type", "Three marks of a period; off as it comes.", CLIENTS, Sure.ASSUMED),
    Rule(
        "percentage",
        "Percent of a full position. 100 is full-time without a number, less is part-time with it.",
        PERIOD,
        Sure.DOCUMENTED,
    ),
    Rule("weekly_hours", "The person's regular hours a week, 0 to 168.", CLIENTS, Sure.ASSUMED),
    Rule(
        "end_reason",
        "It decides about unemployment benefit. A dismissal has no built-in reason: the employee's own fault (5) or "
        "the employer's grounds (11), and only HR knows. Nor has an end without a reason: the register may go without "
        "one, and its “other” says that no known one fits. It has none for another job inside or another payroll.",
        f"{PERIOD}; {INCOMES_REGISTER}: Reason for the termination of employment",
        Sure.DOCUMENTED,
    ),
    Rule(
        TERMS,
        "At once, for the whole period: it has no rows with dates, from whichever day a change counts here. Only what "
        "changed is sent. A change to come is sent on its day.",
        f"{DOCS} (editjobperiod.nv)",
        Sure.DOCUMENTED,
    ),
    Rule(
        CORRECTION,
        "Everything but the first day. A changed start is a new period, refused while the old one overlaps, or moved "
        "when somebody asks for it.",
        f"{DOCS} (editjobperiod.nv)",
        Sure.DOCUMENTED,
    ),
    Rule(
        CONTINUOUS,
        "`companystartdate` of a new period that follows another one without a day between: the first day of all, by "
        "which years of service and holiday are counted. Written once.",
        f"{DOCS}; Annual Holidays Act",
        Sure.DOCUMENTED,
    ),
    Rule(
        DELETION,
        "The period is removed, whatever was reported; what happens to payslips of it is not published.",
        f"{DOCS} (deletejobperiod.nv); {OUR_READING} for payslips",
        Sure.DOCUMENTED,
    ),
)
