"""What is documented of Xledger nowhere, to be confirmed on a test tenant (guide.md)."""

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.WHOLE_LIST,
    Confirmation("filter_by_code", _("Employees can be filtered by their code."), Act.MATCH),
    Confirmation("kinds", _("The token may list the kinds of objects."), Act.SIGN_IN),
    Confirmation("exit_reason", _("An end is taken with its reason."), Act.END, "end_reason"),
    Confirmation("parent_values", _("Values of a parent entity are not needed."), Act.BY_HAND),
    Confirmation("history", _("Positions with their history cannot be written."), Act.BY_HAND),
    Confirmation("budget", _("The answer tells when credits are there again."), Act.BY_HAND),
)
# Every text is looked up in a list of the customer's: give one by --value.
SAMPLE = Sample(values={"title": ""})
