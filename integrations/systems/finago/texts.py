"""What Finago's connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

COUNTRIES = {"NO": Label(_("Norwegian")), "SE": Label(_("Swedish"))}
THE_COMPANY = Label(_("the company"))
ENTERPRISE = Text("finago.enterprise", "{number} ({name})")

# -- of access

_NEW_KEY = _(
    "Generate a new one in Finago Payday under Settings, tab Misc, at the bottom of the page, and paste it into this "
    "connection's credentials."
)
KEY_REFUSED = Text(
    "finago.key_refused",
    _("Finago refused our API key: it was revoked, replaced or mistyped."),
    remedy=_NEW_KEY,
    setting="token",
)
LIST_REFUSED = Text(
    "finago.list_refused",
    _("Finago refused to show its {list}, also with a fresh access token, so our API key lacks the right."),
    remedy=_NEW_KEY,
    setting="token",
)
COMPANY_LIST = Label(_("company"))
EMPLOYEE_LIST = Label(_("employees"))

# -- of an employee's employments

READ_REFUSED = Text(
    "finago.read_refused",
    _("Finago refused to show the employments of this employee, also with a fresh access token."),
    remedy=_("Check that the employee still exists in Finago, then press Re-sync."),
)
WRITE_REFUSED = Text(
    "finago.write_refused",
    _(
        "Finago refused the employment as bad input, also with a fresh access token, and does not say which value it "
        "means."
    ),
    remedy=_(
        "Compare occupation code, enterprise number, dates and end reason with the employee's other employments in "
        "Finago; correct them here and it is sent when you save."
    ),
)
ANSWER_LOST = Text(
    "finago.answer_lost",
    _("Finago took the employment, but its answer could not be read."),
    next=_("The next try reads first."),
)
EMPLOYMENT_GONE = Text("finago.employment_gone", _("The employment is no longer in Finago."))
NOT_KEPT = Text(
    "finago.not_kept",
    _("Finago accepted the new employment, but does not show it."),
    remedy=_("Look at the employee's employments in Finago, then press Re-sync."),
    cause="not_kept_by_target",
)
DELETE_BY_HAND = Text(
    "finago.delete_by_hand",
    _(
        "A {country} company in Finago has no end reason for an employment that should never have been reported, so it "
        "cannot be cancelled from here."
    ),
    remedy=_("End it in Finago by hand."),
    cause="delete_by_hand",
)

# -- of what stands on the employee

NOT_TAKEN = Text(
    "finago.not_taken",
    _("{field:cap}: not taken by Finago, while the employment is as it is here: {refusal}"),
    remedy=_("Compare it with other employees in Finago, correct it here or there, then press Re-sync."),
)
EMPLOYEE_REFUSED = Text(
    "finago.employee_refused",
    _(
        "The employment is as it is here, but Finago refused what goes to the employee ({fields}), also with a fresh "
        "access token, and does not say which value it means."
    ),
    remedy=_("Compare these with other employees in Finago, correct them here or there, then press Re-sync."),
)
KIND_STAYS = Text(
    "finago.kind_stays",
    _(
        "{field:cap}: an amount of another kind of pay stands on the employee in Finago, so it was not written: the "
        "same amount would become another pay."
    ),
    remedy=_("Change kind and amount together there."),
)
FROM_TODAY = Text(
    "finago.from_today",
    _("{field:cap}: “{value}” stood on the employee in Finago, so that ours counts from {day} on."),
    remedy=_("Correct the days before in Finago if they are wrong."),
)
ONE_DIMENSION = Text(
    "finago.one_dimension",
    _("department and cost centre both go to dimension {number}."),
    remedy=_("Give each its own in the connection's settings."),
)
NO_DIMENSION = Text(
    "finago.no_dimension",
    _("Finago has no dimension {number}. It has {known:comma}."),
    remedy=_("Correct the number in the connection's settings, then press Re-sync."),
    cause="not_on_employee",
)
NO_VALUE = Text(
    "finago.no_value",
    _("“{value}” is not an active value of dimension {number} in Finago."),
    remedy=_("Create or activate it there, or choose another one here, then press Re-sync."),
    cause="not_on_employee",
)
NO_FIELD = Text(
    "finago.no_field",
    _("Finago has no field {number} of employees. It has {known:comma}."),
    remedy=_("Correct the number in the connection's settings, then press Re-sync."),
    cause="not_on_employee",
    field="title",
    setting="title_field",
)
NOT_OFFERED = Text(
    "finago.not_offered",
    _("The field {number} of employees in Finago takes certain values only, and “{value}” is not one of them."),
    remedy=_("Add it to the field there, or choose another title here, then press Re-sync."),
    cause="not_on_employee",
    field="title",
)
EMPLOYEE_GONE = Text(
    "finago.employee_gone",
    _("The employee is no longer in Finago."),
    remedy=_("Add the employee there, or correct the employee number here, then press Re-sync."),
)
ON_EMPLOYEE_PLACE = Label(_("This connection's settings, On the employee"))
NAMED = Text("finago.named", "{number} ({name})")
DIMENSION_LIST = Label(_("dimensions"))
FIELD_LIST = Label(_("fields of employees"))
DIMENSION_NUMBERS = Label(_("Dimensions"))
FIELD_NUMBERS = Label(_("Fields of employees"))

# -- of values that this company cannot take

ENTERPRISE_UNKNOWN = Text(
    "finago.enterprise_unknown",
    _("Finago has no enterprise number {number}. It knows {known:comma}."),
    remedy=_(
        "Choose one of them under Companies in the connection's settings, or correct the company's organisation number "
        "here."
    ),
    cause="enterprise_not_in_target",
    field="company",
)
NONE_AT_ALL = Label(_("none at all"))
VALUE_OF_OTHER_COUNTRY = Text(
    "finago.value_of_other_country",
    _("{company:cap} is {country} in Finago, and “{value}” is not one of its values there."),
    remedy=_("Choose another under Translation or Defaults in the connection's settings."),
    cause="value_of_other_country",
)
OCCUPATION_OF_OTHER_COUNTRY = Text(
    "finago.occupation_of_other_country",
    _("{company:cap} is {country} in Finago, where the occupation code “{code}” means nothing: {note}."),
    remedy=_("Correct it on the position; it is sent when you save."),
    cause="value_of_other_country",
    field="occupation_code",
)

# -- of what a write left there

KEPT_OTHERWISE = Text("finago.kept_otherwise", _("Finago kept “{kept}” as {name} instead of “{sent}”."))
NO_SCHEME = Text(
    "finago.no_scheme",
    _("Working-hours scheme is empty, and the a-melding needs it."),
    remedy=_("Fill it in here, in Finago, or in the connection's settings for positions that have none."),
)
OTHERS_CHANGED = Text(
    "finago.others_changed",
    _("Finago changed another employment of this employee in the same breath ({others:comma})."),
    remedy=_("Check it in Finago."),
)
NO_PRIMARY = Text(
    "finago.no_primary",
    _("None of this employee's open employments is the primary one any longer."),
    remedy=_("Mark one of them as primary in Finago."),
)

# -- of a test of the connection

KEY = Label(_("API key"))
KEY_TAKEN = Text("finago.key_taken", _("Finago takes it."))
COMPANY = Label(_("Company"))
COMPANY_OF = Text("finago.company_of", "{name} ({country})")
EMPLOYEES = Label(_("Employees"))
MATCHABLE = Text("finago.matchable", _("{number} can be matched."))
EMPLOYMENTS = Label(_("Employments"))
NOBODY_TO_TRY = Text("finago.nobody_to_try", _("There is no employee to try with."))
READABLE = Text("finago.readable", _("They can be read."))
ENTERPRISES = Label(_("Enterprise numbers"))
ENTERPRISES_MISSING = Text(
    "finago.enterprises_missing", _("Finago does not have {missing:comma}. It has {known:comma}.")
)
ENTERPRISES_KNOWN = Text("finago.enterprises_known", _("Finago has {known:comma}."))
NONE = Label(_("none"))
COMPANIES_PLACE = Label(_("This connection's settings, Companies"))
VALUES = Label(_("Values for this country"))
VALUES_FIT = Text("finago.values_fit", _("All are {country}."))
VALUES_NORWEGIAN = Text(
    "finago.values_norwegian", _("The company is {country}, but some {kinds} translate into Norwegian values.")
)
KINDS = {"contract_type": Label(_("contract types")), "end_reason": Label(_("end reasons"))}
TRANSLATION_PLACE = Label(_("This connection's settings, Translation"))

# -- a value that cannot be given as Finago takes it: "Company: …"
NO_NUMBER = Text(
    "finago.no_number",
    _("{company} has no organisation number."),
    remedy=_("Fill it in on the company."),
)
