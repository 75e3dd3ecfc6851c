"""What is documented of Fortnox nowhere, to be confirmed in a test company (guide.md)."""

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.WHOLE_LIST,
    Confirmation("empty_title", _("An empty title takes the title away."), Act.CLEAR, "title"),
    Confirmation("empty_cost_centre", _("An empty cost centre takes it away."), Act.CLEAR, "cost_centre"),
    Confirmation("unknown_number", _("A number that nobody has is answered as such."), Act.NOBODY),
    Confirmation("no_personnel_type", _("A change without the personnel type is taken."), Act.CHANGE),
    Confirmation("full_time", _("Full time is shown as a hundred percent."), Act.BY_HAND, "percentage"),
    Confirmation("inactive", _("An end date that is over does not make the employee inactive."), Act.BY_HAND),
    confirming.TOO_MANY_CALLS,
)
SAMPLE = Sample()
