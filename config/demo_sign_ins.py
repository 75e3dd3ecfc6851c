"""Who signs in to the demo: user name, role in the demo organization ("" for the operator), what they are there for."""

from django.utils.translation import gettext_lazy as _

SIGN_INS = (
    ("anna", "admin", _("Anna, admin: connections, error log, people")),
    ("erik", "editor", _("Erik, HR editor: employees and positions")),
    ("vera", "viewer", _("Vera, viewer: reads")),
    ("admin", "", _("Operator: the whole installation")),
)
