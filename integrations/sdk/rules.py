"""What a value or a date means in a system, from which source, and how sure that is: `meaning.py` of each system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sure(StrEnum):
    DOCUMENTED = "documented"  # the vendor or the authority says so in public
    RECORDED = "recorded"  # seen in recorded traffic of the real system
    ASSUMED = "assumed"  # concluded from names, or from programs of others: to be tried on a test company


# What every system answers beside its fields.
TERMS = "terms"
CORRECTION = "correction"
DELETION = "deletion"
# What some answer: the hours of a full week, and the first day of an employment of several positions.
FULL_WEEK = "full_week"
CONTINUOUS = "continuous"
QUESTIONS = {
    FULL_WEEK: "Hours of a full week",
    TERMS: "A change of terms counts from",
    CORRECTION: "Corrected, or begun anew",
    CONTINUOUS: "Continuous employment",
    DELETION: "A deleted position",
}

# Public sources that several systems' values are from.
A_MELDING = "Skatteetaten, the a-melding guide"
FORMS = f"{A_MELDING}: Type of appointment"
SCHEMES = f"{A_MELDING}: Working hours arrangement"
END_DATES = f"{A_MELDING}: Employment end date"
END_REASONS = f"{A_MELDING}: Cause of end date"
STYRK_98 = "SSB, Klass: Yrkeskatalogen (STYRK-98)"
PAXML = "PAXml 2.0, specification and schema"
OUR_READING = "no public source"

# Each employee and seafarer is reported with a scheme, and one of whom nobody says shifts has none.
NO_SCHEME = "Empty here is no shift work, by a setting; it never replaces what stands there."


@dataclass(frozen=True, slots=True)
class Rule:
    """`about` is one of our fields or one of QUESTIONS. `source` names a public page, contract or list."""

    about: str
    says: str
    source: str
    sure: Sure
