"""What Finago publishes nothing about, to be confirmed in a test company (guide.md)."""

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.OVERLAP_REFUSED,
    Confirmation("new_id", _("A new employment gets its id there, and the answer tells it."), Act.CREATE),
    Confirmation("never_reported", _("An employment that was never to be reported counts as cancelled."), Act.DELETE),
    Confirmation("expiry", _("The sign-in tells how long it lasts."), Act.SIGN_IN),
    Confirmation("left_out", _("What a change leaves out stays there."), Act.BY_HAND),
    Confirmation("form_of_errors", _("A refusal names the field."), Act.BY_HAND),
    confirming.TOO_MANY_CALLS,
)
SAMPLE = Sample(values={"occupation_code": "2130102"})
