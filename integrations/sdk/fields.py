"""Our fields, in the order and the groups in which every page shows them. Connectors declare against these."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.sdk.marking import gettext_noop as _

CONTRACT_TYPES = (
    "permanent",
    "probation",
    "temporary",
    "substitute",
    "seasonal",
    "casual",
    "trainee",
    "job_training_program",
    "consultant",
    "freelance",
    "third_party",
    "other",
)
END_REASONS = (
    "resigned",
    "dismissed",
    "contract_ended",
    "mutual_agreement",
    "retirement",
    "internal_transfer",
    "payroll_system_change",
    "other",
)
WORKING_HOURS_SCHEMES = (
    "not_shift",
    "shift",
    "round_the_clock",
    "shift_365",
    "offshore_336",
    "continuous",
    "other_shift",
)
REMUNERATION_TYPES = ("monthly", "hourly", "commission", "fee", "piecework")

# Each of these codes inside a sentence.
CODES = {
    "permanent": _("permanent"),
    "probation": _("probation"),
    "temporary": _("temporary"),
    "substitute": _("substitute"),
    "seasonal": _("seasonal"),
    "casual": _("casual"),
    "trainee": _("trainee"),
    "job_training_program": _("job training program"),
    "consultant": _("consultant"),
    "freelance": _("freelance"),
    "third_party": _("third party"),
    "other": _("other"),
    "resigned": _("resigned"),
    "dismissed": _("dismissed"),
    "contract_ended": _("contract ended"),
    "mutual_agreement": _("mutual agreement"),
    "retirement": _("retirement"),
    "internal_transfer": _("internal transfer"),
    "payroll_system_change": _("payroll system change"),
    "not_shift": _("not shift"),
    "shift": _("shift"),
    "round_the_clock": _("round the clock"),
    "shift_365": _("shift 365"),
    "offshore_336": _("offshore 336"),
    "continuous": _("continuous"),
    "other_shift": _("other shift"),
    "monthly": _("monthly"),
    "hourly": _("hourly"),
    "commission": _("commission"),
    "fee": _("fee"),
    "piecework": _("piecework"),
}


@dataclass(frozen=True, slots=True)
class OurField:
    """`kind` is the type of the value in `Position.values`.

    text, date, decimal, code (one of `codes`), department (`values.Department`), company (`values.Company`),
    manager (`values.Manager`). `send` and `several` are the labels of its switch and of its table of codes,
    `one` is a value of it inside a sentence.
    """

    key: str
    label: str
    group: str
    kind: str
    codes: tuple[str, ...] = ()
    of: str = "position"
    send: str = ""
    several: str = ""
    one: str = ""


FIELDS: tuple[OurField, ...] = (
    OurField(
        "title", _("Title"), _("Identity"), "text", send=_("Send the title"), several=_("Titles"), one=_("a title")
    ),
    OurField(
        "company",
        _("Company"),
        _("Identity"),
        "company",
        send=_("Send the company"),
        several=_("Companies"),
        one=_("a company"),
    ),
    OurField(
        "department",
        _("Department"),
        _("Identity"),
        "department",
        send=_("Send the department"),
        several=_("Departments"),
        one=_("a department"),
    ),
    OurField(
        "cost_centre",
        _("Cost centre"),
        _("Identity"),
        "text",
        send=_("Send the cost centre"),
        several=_("Cost centres"),
        one=_("a cost centre"),
    ),
    OurField(
        "manager",
        _("Manager"),
        _("Identity"),
        "manager",
        of="employee",
        send=_("Send the manager"),
        several=_("Managers"),
        one=_("a manager"),
    ),
    OurField(
        "start_date",
        _("Start date"),
        _("Period"),
        "date",
        send=_("Send the start date"),
        several=_("Start dates"),
        one=_("a start date"),
    ),
    OurField(
        "end_date",
        _("End date"),
        _("Period"),
        "date",
        send=_("Send the end date"),
        several=_("End dates"),
        one=_("an end date"),
    ),
    OurField(
        "first_day_of_work",
        _("First day of work"),
        _("Period"),
        "date",
        send=_("Send the first day of work"),
        several=_("First days of work"),
        one=_("a first day of work"),
    ),
    OurField(
        "last_day_of_work",
        _("Last day of work"),
        _("Period"),
        "date",
        send=_("Send the last day of work"),
        several=_("Last days of work"),
        one=_("a last day of work"),
    ),
    OurField(
        "probation_end",
        _("Probation end"),
        _("Period"),
        "date",
        send=_("Send the probation end"),
        several=_("Probation ends"),
        one=_("a probation end"),
    ),
    OurField(
        "contract_type",
        _("Contract type"),
        _("Contract"),
        "code",
        CONTRACT_TYPES,
        send=_("Send the contract type"),
        several=_("Contract types"),
        one=_("a contract type"),
    ),
    OurField(
        "occupation_code",
        _("Occupation code"),
        _("Contract"),
        "text",
        send=_("Send the occupation code"),
        several=_("Occupation codes"),
        one=_("an occupation code"),
    ),
    OurField(
        "remuneration_type",
        _("Remuneration type"),
        _("Contract"),
        "code",
        REMUNERATION_TYPES,
        send=_("Send the remuneration type"),
        several=_("Remuneration types"),
        one=_("a remuneration type"),
    ),
    OurField(
        "percentage",
        _("Percentage"),
        _("Hours"),
        "decimal",
        send=_("Send the percentage"),
        several=_("Percentages"),
        one=_("a percentage"),
    ),
    OurField(
        "weekly_hours",
        _("Weekly hours"),
        _("Hours"),
        "decimal",
        send=_("Send the weekly hours"),
        several=_("Weekly hours"),
        one=_("weekly hours"),
    ),
    OurField(
        "working_hours_scheme",
        _("Working-hours scheme"),
        _("Hours"),
        "code",
        WORKING_HOURS_SCHEMES,
        send=_("Send the working-hours scheme"),
        several=_("Working-hours schemes"),
        one=_("a working-hours scheme"),
    ),
    OurField(
        "end_reason",
        _("End reason"),
        _("End"),
        "code",
        END_REASONS,
        send=_("Send the end reason"),
        several=_("End reasons"),
        one=_("an end reason"),
    ),
    OurField(
        "notice_date",
        _("Notice date"),
        _("End"),
        "date",
        send=_("Send the notice date"),
        several=_("Notice dates"),
        one=_("a notice date"),
    ),
)

BY_KEY = {f.key: f for f in FIELDS}
NEVER_SENT = ("note", "external_id")
GROUPS = tuple(dict.fromkeys(f.group for f in FIELDS))
