"""What Tripletex documents nowhere, to be confirmed on a test tenant (guide.md, "To confirm on a test tenant")."""

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.OVERLAP_REFUSED,
    confirming.OLDER_VERSION,
    Confirmation(
        "cancelled_is_free",
        _("An employment that was cancelled does not stand in the way of another one that starts on the same day."),
        Act.BY_HAND,
    ),
    Confirmation("hours_a_day", _("The hours of a day are kept with two decimals."), Act.CREATE, "weekly_hours"),
    Confirmation(
        "meaning_of_hours",
        _("The hours of a day are those of a full week in that scheme."),
        Act.BY_HAND,
        "weekly_hours",
    ),
    Confirmation("wage_of_a_row", _("A new row of details keeps the wage of the one before."), Act.BY_HAND),
    Confirmation("rows_after_the_end", _("Rows of details after a new end date do no harm."), Act.BY_HAND),
    Confirmation("rights", _("The rights are called as the guide says."), Act.BY_HAND),
    confirming.REPORTED,
    confirming.TOO_MANY_CALLS,
)
SAMPLE = Sample(values={"occupation_code": "2511102"}, on_employee=frozenset({"weekly_hours"}))
