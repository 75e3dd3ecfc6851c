"""What is known of Crona Lön from the standard alone, to be confirmed in a test company (guide.md). Nothing there can
be read: somebody imports the file and looks."""

from integrations.sdk import Act, Confirmation, Sample
from integrations.sdk import gettext_noop as _

CONFIRMATIONS = (
    Confirmation("elements", _("What the file says of the person is taken over."), Act.BY_HAND),
    Confirmation("new_person", _("A person who is not there yet is refused, or made, as the guide says."), Act.BY_HAND),
    Confirmation("file_name", _("The end of the file's name is the right one."), Act.BY_HAND),
    Confirmation("edition", _("The edition of the standard is still taken."), Act.BY_HAND),
    Confirmation("letters", _("Letters beyond Latin-1 arrive as they are."), Act.BY_HAND),
    Confirmation("earlier_percentage", _("A percentage of an earlier day leaves later ones alone."), Act.BY_HAND),
    Confirmation("cost_centres", _("A cost centre has to exist before the import."), Act.BY_HAND, "cost_centre"),
)
SAMPLE = Sample(values={"occupation_code": "5223"})
