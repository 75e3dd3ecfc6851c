"""What Crona Lön's connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

# -- of an employee

NUMBER_MISSING = Text(
    "crona_lon.number_missing",
    _("{who} has no employee number, and a file for Crona Lön names people by it alone."),
    remedy=_("Fill it in on the employee; it goes into the next file when you save."),
    cause="employee_number_missing",
)
THE_EMPLOYEE = Label(_("The employee"))
CONTROL_CHARACTERS = Text(
    "crona_lon.control_characters",
    _("The {what} holds control characters, which no file can carry."),
    remedy=_("Type it anew on the employee, then press Re-sync."),
    cause="bad_characters",
)
EMPLOYEE_NUMBER = Label(_("employee number"))
FIRST_NAME = Label(_("first name"))
LAST_NAME = Label(_("last name"))
EMAIL = Label(_("e-mail"))
TWO_CODES = Text(
    "crona_lon.two_codes",
    _("this connection sends both the cost centre and the department as the file's one cost centre."),
    remedy=_("Leave only one of the two switched on in the connection's settings."),
)

# -- of what a person does beside the import

NUMBER_CHANGED = Text(
    "crona_lon.number_changed",
    _("The employee number was {before} in an earlier file and is {now} now."),
    remedy=_("To Crona Lön these are two people: change the number there by hand before you import the file."),
)
END_STAYS = Text(
    "crona_lon.end_stays",
    _("A file cannot take an end date away. An earlier file gives employee {number} the leaving date {end}."),
    remedy=_("Import that one and this one first, then clear the leaving date in Crona Lön by hand."),
)
END_IN_THE_WAY = Text(
    "crona_lon.end_in_the_way",
    _(
        "An earlier file gives employee {number} the leaving date {end}, and Crona Lön takes no employment date after "
        "it ({start}). Every file says so until one of them is marked as imported."
    ),
    remedy=_("Import that one, clear the leaving date in Crona Lön by hand, and import this one then."),
)
COUNTS_FROM_BEFORE = Text(
    "crona_lon.counts_from_before",
    _(
        "{rate} percent counts from {since}, but an earlier file has a percentage from {told} on, which no file takes "
        "away. This one says it from that day."
    ),
    remedy=_("Correct the percentage of the days before by hand in Crona Lön."),
)
OF_BEFORE = (COUNTS_FROM_BEFORE,)  # nothing says it any more, but rows of the log do
NATIONAL_ID_LEFT_OUT = Text(
    "crona_lon.national_id_left_out",
    _("The national id is not in the file: only one of twelve digits can be a cross-check there."),
)

# -- of a test of the connection

NOTHING_TO_TEST = Label(_("There is no connection to test"))
NOTHING_CALLED = Text(
    "crona_lon.nothing_called",
    _(
        "Crona Lön gets files that a person imports. Nothing is called and nothing there can be looked at, so whether "
        "a file was taken is seen in Crona Lön only."
    ),
)
FILES_FOR = Text("crona_lon.files_for", _("The files are for {number}"))
LAST_DIGIT_FITS = Text("crona_lon.last_digit_fits", _("The last digit fits the others."))
ORGANIZATION_NUMBER = Label(_("Organization number"))
NOT_SWEDISH = Text(
    "crona_lon.not_swedish",
    _("{number} is not a Swedish organization number: its last digit does not fit the others."),
)
AN_EMPTY_ONE = Label(_("An empty one"))
SETTINGS_PLACE = Label(_("This connection > Settings"))
ONE_SOURCE = Label(_("One source for the cost centre"))
TWO_SOURCES = Text(
    "crona_lon.two_sources",
    _("Both the cost centre and the department are switched on, but the file has one cost centre."),
)
SAME_NUMBERS = Label(_("By hand: the same employee numbers"))
NUMBERS_MUST_AGREE = Text(
    "crona_lon.numbers_must_agree",
    _("Each employee's number here must be the employment number (anställningsnummer) there."),
)
NUMBERS_PLACE = Label(_("Crona Lön's personnel register"))
SAME_COST_CENTRES = Label(_("By hand: the same cost centres"))
COST_CENTRES_MUST_EXIST = Text(
    "crona_lon.cost_centres_must_exist", _("The codes that are sent must be cost centres there.")
)
COST_CENTRES_PLACE = Label(_("Crona Lön's register of cost centres"))
CARRY_OVER = Label(_("By hand: carry over each file"))
HOW_TO_CARRY_OVER = Text(
    "crona_lon.how_to_carry_over",
    _("Download it, import it as PAXml, read what the import says, then press Mark as imported. Oldest first."),
)
FILES_PLACE = Label(_("This connection > Files, then Crona Lön's import"))
