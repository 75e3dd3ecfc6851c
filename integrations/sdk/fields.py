"""Our fields, in the order and the groups in which every page shows them. Connectors declare against these."""

from __future__ import annotations

from dataclasses import dataclass

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
    manager (`values.Manager`).
    """

    key: str
    label: str
    group: str
    kind: str
    codes: tuple[str, ...] = ()
    of: str = "position"


FIELDS: tuple[OurField, ...] = (
    OurField("title", "Title", "Identity", "text"),
    OurField("company", "Company", "Identity", "company"),
    OurField("department", "Department", "Identity", "department"),
    OurField("cost_centre", "Cost centre", "Identity", "text"),
    OurField("manager", "Manager", "Identity", "manager", of="employee"),
    OurField("start_date", "Start date", "Period", "date"),
    OurField("end_date", "End date", "Period", "date"),
    OurField("first_day_of_work", "First day of work", "Period", "date"),
    OurField("last_day_of_work", "Last day of work", "Period", "date"),
    OurField("probation_end", "Probation end", "Period", "date"),
    OurField("contract_type", "Contract type", "Contract", "code", CONTRACT_TYPES),
    OurField("occupation_code", "Occupation code", "Contract", "text"),
    OurField("remuneration_type", "Remuneration type", "Contract", "code", REMUNERATION_TYPES),
    OurField("percentage", "Percentage", "Hours", "decimal"),
    OurField("weekly_hours", "Weekly hours", "Hours", "decimal"),
    OurField("working_hours_scheme", "Working-hours scheme", "Hours", "code", WORKING_HOURS_SCHEMES),
    OurField("end_reason", "End reason", "End", "code", END_REASONS),
    OurField("notice_date", "Notice date", "End", "date"),
)

BY_KEY = {f.key: f for f in FIELDS}
NEVER_SENT = ("note", "external_id")
GROUPS = tuple(dict.fromkeys(f.group for f in FIELDS))
