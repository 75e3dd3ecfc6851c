"""What Visma's public pages do not say, to be confirmed on a test tenant (guide.md)."""

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.OVERLAP_REFUSED,
    Confirmation("older_version", confirming.OLDER_VERSION.what, Act.BY_HAND),
    confirming.WHOLE_LIST,
    Confirmation("scopes", _("The scopes bear the names that the settings have."), Act.SIGN_IN),
    Confirmation("end_reasons", _("Reasons of an end are taken by the codes of the a-melding."), Act.END, "end_reason"),
    Confirmation("address_of_a_job", _("The address of a job leads to its outcome."), Act.CREATE),
    Confirmation("temporary", _("A temporary employment is called as the settings say."), Act.BY_HAND, "contract_type"),
    Confirmation("salary_type", _("The kind of salary of a new position is right."), Act.BY_HAND),
    Confirmation("deleting", _("Positions cannot be deleted."), Act.BY_HAND),
    confirming.TOO_MANY_CALLS,
)
SAMPLE = Sample(values={"occupation_code": "1233101"})
