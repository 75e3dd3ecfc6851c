"""What Netvisor's public documentation leaves open, to be confirmed on a test tenant (guide.md)."""

from decimal import Decimal

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.OVERLAP_REFUSED,
    Confirmation("decimal_mark", _("Hours are taken with the decimal mark chosen."), Act.CHANGE, "weekly_hours"),
    Confirmation("empty_percentage", _("An empty percentage takes the percentage away."), Act.CLEAR, "percentage"),
    Confirmation("empty_elements", _("An empty element takes its value away."), Act.CLEAR, "occupation_code"),
    Confirmation("rights", _("The keys suffice for periods of employment."), Act.SIGN_IN),
    Confirmation("ended_people", _("People whose employment has ended are found by their number."), Act.BY_HAND),
    Confirmation("clock", _("A clock that is a little off is let through."), Act.BY_HAND),
    confirming.REPORTED,
)
SAMPLE = Sample(values={"occupation_code": "51201"}, other={"weekly_hours": Decimal("22.5")})
