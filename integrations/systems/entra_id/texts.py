"""What Entra ID's connector says."""

from __future__ import annotations

from integrations.sdk import Label, Text
from integrations.sdk import gettext_noop as _

# -- of the sign-in. {secrets} and {grant} are places in the Entra admin centre.

SECRET_EXPIRED = Text(
    "entra_id.secret_expired",
    _("The client secret has expired."),
    remedy=_("Create a new one in {secrets}, and enter its Value (not its Secret ID) under Credentials."),
    cause="secret_expired",
    setting="client_secret",
)
SECRET_WRONG = Text(
    "entra_id.secret_wrong",
    _("The client secret is wrong."),
    remedy=_(
        "Enter the Value, not the Secret ID, of a secret from {secrets}; if nobody has kept the Value, create a new "
        "secret there."
    ),
    setting="client_secret",
)
SECRET_MISSING = Text(
    "entra_id.secret_missing",
    _("No client secret reached Entra ID."),
    remedy=_("Enter it under Credentials."),
    setting="client_secret",
)
APP_UNKNOWN = Text(
    "entra_id.app_unknown",
    _("Entra ID does not know this app in this tenant."),
    remedy=_(
        "Compare the application (client) ID and the directory (tenant) ID with Entra admin centre > App registrations "
        "> the app > Overview."
    ),
    setting="client_id",
)
TENANT_UNKNOWN = Text(
    "entra_id.tenant_unknown",
    _("Entra ID does not know this tenant."),
    remedy=_(
        "Compare the directory (tenant) ID with Entra admin centre > Overview; in a national cloud, also the address "
        "of the sign-in."
    ),
    setting="tenant_id",
)
SIGN_IN_REFUSED = Text(
    "entra_id.sign_in_refused",
    _("Entra ID refused the sign-in."),
    remedy=_(
        "Compare tenant ID, client ID and client secret with Entra admin centre > App registrations > the app, and "
        "renew the secret there if it has expired."
    ),
)

# -- of a call

TOO_MANY_REQUESTS = Text(
    "entra_id.too_many_requests",
    _("Entra ID takes no more requests for the moment."),
    next=_("Nothing to do: it goes on by itself."),
)
TOKEN_REFUSED = Text(
    "entra_id.token_refused",
    _("Entra ID refused our access token although it is new."),
    remedy=_(
        "Check that the app still exists and is not blocked (Entra admin centre > App registrations), and renew its "
        "client secret in {secrets}."
    ),
)
PERMISSION_MISSING = Text(
    "entra_id.permission_missing",
    _("Entra ID does not let this app do that: it needs the application permission {right}."),
    remedy=_("Grant it in {grant}; then press Resume."),
    cause="permission_missing",
)
CHANGED_MEANWHILE = Text("entra_id.changed_meanwhile", _("The user was being changed in Entra ID at the same moment."))
ADDRESS_UNKNOWN = Text(
    "entra_id.address_unknown",
    _("Entra ID does not know this address."),
    remedy=_("Check the addresses in the connection."),
)

# -- of the user

ON_PREMISES = Text(
    "entra_id.on_premises",
    _("This user is synced from your local Active Directory, and Entra ID takes no changes of such users."),
    remedy=_("Change the person in Active Directory, or let IT move the user to the cloud; then press Re-sync."),
    cause="managed_on_premises",
)
ATTRIBUTES_ELSEWHERE = Text(
    "entra_id.attributes_elsewhere",
    _("This user was once synced from a local Active Directory, and Entra ID takes no extension attributes of such."),
    remedy=_(
        "Write them in the Exchange admin center (custom attributes), or empty the rows of Extension attributes in the "
        "connection's settings."
    ),
    setting="attributes",
)
GUEST = Text(
    "entra_id.guest",
    _("User {user} is a guest user in Entra ID, and this connection leaves those alone."),
    remedy=_(
        "Change the account there, or switch Leave guest users alone off in the connection's settings, then press "
        "Re-sync."
    ),
    cause="guest_account",
    setting="skip_guests",
)
DISABLED = Text(
    "entra_id.disabled",
    _("User {user} is a disabled account in Entra ID, and this connection leaves those alone."),
    remedy=_(
        "Change the account there, or switch Leave disabled accounts alone off in the connection's settings, then "
        "press Re-sync."
    ),
    cause="account_disabled",
    setting="skip_disabled",
)
NUMBER_NEVER_THERE = Text(
    "entra_id.number_never_there", _("An employee number of more than {most} characters is never there.")
)

# -- of what was not written although the rest was

NOT_WRITTEN = Text("entra_id.not_written", _("{part:cap} was not written: {refusal}"), complete=True)
NUMBER_NOT_WRITTEN = Text(
    "entra_id.number_not_written",
    _("The employee number was not written: it has {number} characters, and Entra ID takes at most {most}."),
    remedy=_("Shorten it here, or switch off filling it in."),
    setting="write_employee_id",
)
DATE_NOT_WRITTEN = Text(
    "entra_id.date_not_written",
    _("{field} was not written: Entra ID does not let this app write {name}."),
    remedy=_("Grant {right} in {grant}, or switch sending it off in the connection's settings."),
    next=_("Entra ID says: {words}"),
)
_CORRECT_MANAGER = _("Correct the manager here, or the user in Entra ID, then press Re-sync.")
MANAGER_NUMBER_TOO_LONG = Text(
    "entra_id.manager_number_too_long",
    _(
        "The manager was not written: the manager's employee number {number} has more than the {most} characters that "
        "Entra ID takes."
    ),
    remedy=_CORRECT_MANAGER,
)
MANAGER_WITHOUT_EMAIL = Text(
    "entra_id.manager_without_email",
    _("The manager was not written: the manager (employee number {number}) has no e-mail here."),
    remedy=_CORRECT_MANAGER,
)
MANAGER_MISSING = Text(
    "entra_id.manager_missing",
    _("The manager was not written: no user in Entra ID has the {mark} {value}."),
    remedy=_CORRECT_MANAGER,
)
MANAGER_NOT_UNIQUE = Text(
    "entra_id.manager_not_unique",
    _("The manager was not written: {number} users in Entra ID have the {mark} {value}."),
    remedy=_CORRECT_MANAGER,
)
MANAGER_GONE = Text(
    "entra_id.manager_gone",
    _("The manager was not written: the user with the {mark} {value} is no longer there."),
    remedy=_CORRECT_MANAGER,
)

# -- of a test of the connection

SIGN_IN_PLACE = Text("entra_id.sign_in_place", _("{secrets}; then this connection > Credentials"))
SIGNED_IN = Text("entra_id.signed_in", _("Entra ID accepts the app and its secret."))
READING = Label(_("Find and read users (User.Read.All or User.ReadWrite.All)"))
LEAVE_DATE = Label(_("Leave date (User-LifeCycleInfo.ReadWrite.All)"))
LEAVE_DATE_HIDDEN = Text("entra_id.leave_date_hidden", _("Entra ID does not show the leave date to this app."))
LEAVE_DATE_SHOWN = Text(
    "entra_id.leave_date_shown",
    _("Entra ID shows the leave date; whether it may be written shows at the first one."),
)
WRITING = Label(_("Write users (User.ReadWrite.All)"))
WRITING_UNKNOWN = Text(
    "entra_id.writing_unknown",
    _("Entra ID shows this only at the first write: if the permission is missing, that write says so."),
)
