"""What Unimicro leaves open, to be confirmed on a test tenant (guide.md)."""

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.OVERLAP_REFUSED,
    confirming.WHOLE_LIST,
    Confirmation("numbers_of_codes", _("Codes are taken as whole numbers."), Act.CREATE, "contract_type"),
    Confirmation(
        "occupation_register", _("The list of occupations has codes of seven digits."), Act.CREATE, "occupation_code"
    ),
    Confirmation("filters", _("National ids and e-mails can be searched for."), Act.MATCH),
    Confirmation("roles", _("The roles of the server client suffice."), Act.SIGN_IN),
    Confirmation("other_employments", _("Other employments of the employee stay when one is added."), Act.BY_HAND),
    Confirmation("seniority", _("The seniority date does what the guide says."), Act.BY_HAND),
    confirming.REPORTED,
)
SAMPLE = Sample(values={"occupation_code": "5221126"})
