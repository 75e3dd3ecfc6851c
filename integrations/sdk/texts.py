"""What the SDK itself says: of calls, sign-ins, answers, matches and tests of a connection."""

from __future__ import annotations

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Text
from integrations.sdk.params import Label

# -- of a call

TOO_MANY_REQUESTS = Text("sdk.too_many_requests", _("{system} takes no more requests for now."))
BAD_ANSWER = Text("sdk.bad_answer", _("{system} did not answer properly ({status})."))
_CHECK_ADDRESSES = _("Check the addresses of this connection; it is tried again.")
REDIRECTED = Text(
    "sdk.redirected",
    _("{system} redirected the request ({status}), which is never followed."),
    remedy=_CHECK_ADDRESSES,
)
BROKE_DOWN_OVER_WRITE = Text("sdk.broke_down", _("{system} broke down over a write ({status})."))
NOT_REACHED = Text("sdk.not_reached", _("{system} could not be reached in time."))
NOT_ANSWERED = Text("sdk.not_answered", _("{system} did not answer in time."))
CONNECTION_FAILED = Text("sdk.connection_failed", _("The connection to {system} failed."))
ANSWER_BROKE_OFF = Text("sdk.answer_broke_off", _("The answer of {system} broke off or could not be read."))
ANSWERS_ENDLESS = Text(
    "sdk.answers_endless",
    _("The answers of {system} for this employee take too long or have no end."),
    next=_("They are asked for again later."),
)
PLAIN_ADDRESS = Text(
    "sdk.plain_address",
    _("An address of {system} without https:// is not called: what is sent could be read on the way."),
    remedy=_("Correct it under this connection's Settings."),
)
BAD_ADDRESS = Text(
    "sdk.bad_address",
    _("This address of {system} cannot be called."),
    remedy=_("Check the addresses of this connection."),
)
PRIVATE_ADDRESS = Text(
    "sdk.private_address",
    _("{host} leads into a private network, so it was not called."),
    remedy=_("Correct the address under the connection's Settings, or ask your operator to allow private addresses."),
)
UNSENDABLE_CREDENTIAL = Text(
    "sdk.unsendable_credential",
    _("A credential of this connection holds a line break or another sign that no request can carry."),
    remedy=_("Enter it again under this connection's credentials."),
)

# -- of an answer

NOT_JSON = Text("sdk.not_json", _("The answer is not JSON."), remedy=_CHECK_ADDRESSES)
NOT_WHAT_WAS_ASKED = Text(
    "sdk.not_what_was_asked",
    _("The answer does not hold what was asked for."),
    next=_("Nothing to do: it is tried again."),
)
NOTHING_AT_ADDRESS = Text(
    "sdk.nothing_at_address",
    _("Nothing of {system} answers at this address."),
    remedy=_CHECK_ADDRESSES,
)
BAD_DATE = Text("sdk.bad_date", _("A date in the answer cannot be read."))
SAME_PAGE = Text(
    "sdk.same_page", _("{system} gave the same page of a list twice."), next=_("Nothing to do: it is tried again.")
)
ENDLESS_PAGES = Text(
    "sdk.endless_pages", _("{system} gave a list that has no end."), next=_("Nothing to do: it is tried again.")
)
TOO_MANY_EMPLOYEES = Text(
    "sdk.too_many_employees",
    _("{system} shows more than {most} employees: so many are not looked at in one go."),
    next=_("Each employee is looked up there alone when something of theirs is sent."),
)
PAGE_ELSEWHERE = Text(
    "sdk.page_elsewhere",
    _("{system} named another server for the next page of a list, which is never followed."),
    remedy=_("Check the addresses of this connection."),
)

# -- of a sign-in

NO_TOKEN = Text(
    "sdk.no_token",
    _("The sign-in was answered without an access token."),
    next=_("Nothing to do: it is tried again."),
)

# -- of a refusal. THE_FIELD and THIS_DATA stand in others as {what}.

THE_FIELD = Text("sdk.the_field", _("the field {field}"))
THE_FIELDS = Text("sdk.the_fields", _("the fields {fields}"))
THIS_DATA = Text("sdk.this_data", _("this employee's data"))
DATA_REFUSED = Text(
    "sdk.data_refused",
    _("{system} refused {what}."),
    remedy=_("Its own words below say why: correct it here or in {system}, then press Re-sync."),
)
NOT_UNDERSTOOD = Text(
    "sdk.not_understood",
    _("{system} did not understand what we sent. This is a fault of Position Sync, not of your data."),
    remedy=_("Report it with the words below."),
)
RECORD_REFUSED = Text(
    "sdk.record_refused",
    _(
        "{system} refuses access to this employee's record, although it takes this connection: the record is protected "
        "there, or a right is missing for what was to be done. {refusal}"
    ),
)

# -- of a match. MARK and THIS_NATIONAL_ID stand in others: a national id is never said.

MARK = Text("sdk.mark", "{mark} {value}")
THIS_NATIONAL_ID = Text("sdk.this_national_id", _("this national id"))
NOBODY_FOUND = Text(
    "sdk.nobody_found",
    _("No employee in {system} has {searched:or}."),
    remedy=_("Add the employee there, or correct the employee here, then press Re-sync."),
    next="{hint}",
)
NOTHING_TO_SEARCH_BY = Text(
    "sdk.nothing_to_search_by",
    _("The employee has nothing here by which {system} can be searched."),
    remedy=_("Fill in one of these: {marks:comma}."),
    next=_("It is sent when you save. {hint}"),
)
SEVERAL_FOUND = Text(
    "sdk.several_found",
    _("{number} employees in {system} have {mark} (ids there: {ids:comma})."),
    remedy=_("Correct them there, or give the employee here the number of the right one, then press Re-sync."),
)
DIGITS_ONLY = Text("sdk.digits_only", _("Employee numbers there have digits only."))
EMPLOYEE_GONE = Text(
    "sdk.employee_gone",
    _("Employee {employee} is no longer in {system}."),
    remedy=_("Add the employee there, or correct the employee number here, then press Re-sync."),
)

# -- of a write that the vendor did not take over as it was sent

SHOWN_OTHERWISE = Text(
    "sdk.shown_otherwise",
    _("{field} “{sent}” was sent, but {system} still shows “{shown}”."),
    remedy=_("Correct it {where}, then press Re-sync."),
)
NOT_SHOWN = Text(
    "sdk.not_shown",
    _("{field} “{sent}” was sent, but {system} still shows nothing."),
    remedy=_("Correct it {where}, then press Re-sync."),
)
NOT_CLEARED = Text(
    "sdk.not_cleared",
    _("{field} was taken away here, but {system} still shows “{shown}”."),
    remedy=_("Clear it {where} by hand, then press Re-sync."),
)

# -- of what stands on the employee, and on no period

NOT_TODAYS = Text(
    "sdk.not_todays",
    _(
        "{field:cap}: {system} keeps it on the employee, and this is not the position that counts today, so it was not "
        "written."
    ),
    remedy=_("If it is to be this position's, press Re-sync on a day on which it counts."),
)
KEPT_ON_EMPLOYEE = Text(
    "sdk.kept_on_employee",
    _("{field:cap}: “{value}” stands on the employee in {system}, where somebody put it, and it was left as it is."),
    remedy=_("Change it there if it is wrong."),
)

# -- of a test of a connection

SIGN_IN = Label(_("Sign in"))
IN_CREDENTIALS = Label(_("This connection > Credentials"))
IN_SENT_SETTINGS = Label(_("This connection > Settings > What is sent"))
ALLOWED = Text("sdk.allowed", _("Allowed."), complete=True)
REFUSED_WITH_WORDS = Text("sdk.refused_with_words", _("{refusal} {system} says: {words}"), complete=True)

# -- whose record it is (`identity`)

_SOMEBODY_ELSES = _("Record {record} in {system} has the same {by}, but {against}: it may be somebody else.")
SOMEBODY_ELSES = Text(
    "sdk.somebody_elses",
    _SOMEBODY_ELSES,
    remedy=_(
        "Correct the {by} or what differs here or there, then press Re-sync; or confirm under People that it is the "
        "same person, and it goes out by itself."
    ),
    cause="not_the_same_person",
)
SOMEBODY_ELSES_NUMBER = Text(
    "sdk.somebody_elses_number",
    _SOMEBODY_ELSES,
    remedy=_(
        "Correct the number here or there, then press Re-sync; or confirm under People that it is the same person, and "
        "it goes out by itself."
    ),
    cause="not_the_same_person",
)
MARKS_DISAGREE = Text(
    "sdk.marks_disagree",
    _("In {system} the {by} points at record {record} and the {other_by} at record {other}."),
    remedy=_(
        "Correct the one that is wrong, here or there, then press Re-sync; or confirm under People that record "
        "{record} is the right one, and it goes out by itself."
    ),
    cause="marks_disagree",
)
ALREADY_MATCHED = Text(
    "sdk.already_matched",
    _("Record {record} in {system} is matched to another employee here, and one record is one employee's."),
    remedy=_(
        "If that match is the wrong one, look for {record} under People and release it: this goes out by itself then. "
        "Otherwise correct the number, national id or e-mail here or there, then press Re-sync."
    ),
    cause="already_matched",
)
