"""What is documented of PowerOffice Go nowhere, to be confirmed on a test tenant (guide.md)."""

from integrations.sdk import Act, Confirmation, Sample, confirming
from integrations.sdk import gettext_noop as _
from integrations.systems.poweroffice_go.values import ON_EMPLOYEE

CONFIRMATIONS = (
    confirming.END_CLEARS,
    confirming.WHOLE_LIST,
    Confirmation("first_percentage", _("A new employment has one percentage: ours."), Act.CREATE, "percentage"),
    Confirmation("occupation", _("Occupations are taken by seven digits."), Act.CREATE, "occupation_code"),
    Confirmation("paths", _("The paths of a change are the published ones."), Act.CHANGE),
    Confirmation("salary_line", _("A new employment brings no salary along."), Act.BY_HAND),
    Confirmation("default", _("One employment is the default one."), Act.BY_HAND),
    confirming.REPORTED,
    confirming.TOO_MANY_CALLS,
)
SAMPLE = Sample(values={"occupation_code": "2554102"}, on_employee=frozenset(ON_EMPLOYEE))
