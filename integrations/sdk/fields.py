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


@dataclass(frozen=True, slots=True)
class OurField:
    """`kind` is the type of the value in `Position.values`.

    text, date, decimal, code (one of `codes`), department (`values.Department`), company (`values.Company`),
    manager (`values.Manager`). `send` and `several` are the labels of its switch and of its table of codes.
    """

    key: str
    label: str
    group: str
    kind: str
    codes: tuple[str, ...] = ()
    of: str = "position"
    send: str = ""
    several: str = ""


FIELDS: tuple[OurField, ...] = (
    OurField("title", _("Title"), _("Identity"), "text", send=_("Send the title"), several=_("Titles")),
    OurField("company", _("Company"), _("Identity"), "company", send=_("Send the company"), several=_("Companies")),
    OurField(
        "department",
        _("Department"),
        _("Identity"),
        "department",
        send=_("Send the department"),
        several=_("Departments"),
    ),
    OurField(
        "cost_centre",
        _("Cost centre"),
        _("Identity"),
        "text",
        send=_("Send the cost centre"),
        several=_("Cost centres"),
    ),
    OurField(
        "manager",
        _("Manager"),
        _("Identity"),
        "manager",
        of="employee",
        send=_("Send the manager"),
        several=_("Managers"),
    ),
    OurField(
        "start_date", _("Start date"), _("Period"), "date", send=_("Send the start date"), several=_("Start dates")
    ),
    OurField("end_date", _("End date"), _("Period"), "date", send=_("Send the end date"), several=_("End dates")),
    OurField(
        "first_day_of_work",
        _("First day of work"),
        _("Period"),
        "date",
        send=_("Send the first day of work"),
        several=_("First day of works"),
    ),
    OurField(
        "last_day_of_work",
        _("Last day of work"),
        _("Period"),
        "date",
        send=_("Send the last day of work"),
        several=_("Last day of works"),
    ),
    OurField(
        "probation_end",
        _("Probation end"),
        _("Period"),
        "date",
        send=_("Send the probation end"),
        several=_("Probation ends"),
    ),
    OurField(
        "contract_type",
        _("Contract type"),
        _("Contract"),
        "code",
        CONTRACT_TYPES,
        send=_("Send the contract type"),
        several=_("Contract types"),
    ),
    OurField(
        "occupation_code",
        _("Occupation code"),
        _("Contract"),
        "text",
        send=_("Send the occupation code"),
        several=_("Occupation codes"),
    ),
    OurField(
        "remuneration_type",
        _("Remuneration type"),
        _("Contract"),
        "code",
        REMUNERATION_TYPES,
        send=_("Send the remuneration type"),
        several=_("Remuneration types"),
    ),
    OurField(
        "percentage", _("Percentage"), _("Hours"), "decimal", send=_("Send the percentage"), several=_("Percentages")
    ),
    OurField(
        "weekly_hours",
        _("Weekly hours"),
        _("Hours"),
        "decimal",
        send=_("Send the weekly hours"),
        several=_("Weekly hourss"),
    ),
    OurField(
        "working_hours_scheme",
        _("Working-hours scheme"),
        _("Hours"),
        "code",
        WORKING_HOURS_SCHEMES,
        send=_("Send the working-hours scheme"),
        several=_("Working-hours schemes"),
    ),
    OurField(
        "end_reason",
        _("End reason"),
        _("End"),
        "code",
        END_REASONS,
        send=_("Send the end reason"),
        several=_("End reasons"),
    ),
    OurField(
        "notice_date", _("Notice date"), _("End"), "date", send=_("Send the notice date"), several=_("Notice dates")
    ),
)

BY_KEY = {f.key: f for f in FIELDS}
NEVER_SENT = ("note", "external_id")
GROUPS = tuple(dict.fromkeys(f.group for f in FIELDS))
