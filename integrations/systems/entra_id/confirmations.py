"""What Microsoft documents nowhere or in two ways, to be confirmed on a test tenant (guide.md)."""

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.WHOLE_LIST,
    Confirmation("hire_date", _("An app may write the hire date."), Act.CREATE, "start_date"),
    Confirmation("leave_date", _("The leave date can be written and read."), Act.END, "end_date"),
    Confirmation("unknown_user", _("A user who is not there is answered as such."), Act.NOBODY),
    Confirmation("empty_manager", _("A manager can be taken away."), Act.CLEAR, "manager"),
    Confirmation("synced_users", _("Users who are synced from elsewhere are refused."), Act.BY_HAND),
    Confirmation("long_values", _("A value that is too long is refused with its name."), Act.BY_HAND),
)
SAMPLE = Sample()
