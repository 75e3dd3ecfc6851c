"""Entra ID through Microsoft Graph: what its connector declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    REMUNERATION_TYPES,
    WORKING_HOURS_SCHEMES,
    Calls,
    Cause,
    Dearer,
    Delete,
    Field,
    Kind,
    Label,
    Limits,
    Manager,
    Model,
    Setting,
    Sight,
    System,
    When,
    code_table,
    occupations,
    place_table,
    switch,
)
from integrations.sdk import gettext_noop as _

MATCH_BY = (
    ("employeeId", _("Employee number (employeeId)")),
    ("userPrincipalName", _("E-mail = user principal name")),
    ("mail", _("E-mail = mail")),
)
LEAVE_RIGHT = "User-LifeCycleInfo.ReadWrite.All"
GRANT = Label(
    _(
        "Entra admin centre > App registrations > the app > API permissions > Add a permission > Microsoft Graph > "
        "Application permissions, then Grant admin consent"
    )
)
SECRETS = Label(_("Entra admin centre > App registrations > the app > Certificates & secrets"))
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"


def _department(ours: Any, settings: Mapping[str, Any]) -> str:
    code, name = str(ours.code), str(ours.name or ours.code)
    form = settings.get("department_form")
    if form == "code":
        return code
    return f"{code} {name}" if form == "code_name" and name != code else name


def _company(ours: Any, settings: Mapping[str, Any]) -> str:
    return str(ours.name)


def _is_division(ours: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda settings: "division" if settings.get("division_holds") == ours else ""


def _at(time: str) -> Callable[[Any, Mapping[str, Any]], str]:
    return lambda day, settings: str(settings.get(time))


def _day(ours: date, settings: Mapping[str, Any]) -> str:
    return ours.isoformat()


def _attribute(ours: str, encode: Callable[[Any, Mapping[str, Any]], str] | None = None, **more: Any) -> Field:
    """A field of ours for which Entra ID has no property of its own."""
    return Field(
        ours,
        f"{ATTRIBUTES}.{ATTRIBUTE}…",
        opt_in=PLACES,
        cleared_by=CLEAR_AT_END,
        encode=encode,
        max_length=ATTRIBUTE_LENGTH,
        **more,
    )


def _manager(ours: Manager, settings: Mapping[str, Any]) -> str:
    """What the manager is looked up by, which is also what `read` shows of the one there."""
    if steps_of(settings)[0] == "employeeId":
        return ours.number.strip()
    return ours.email.strip().lower() or ours.number.strip()


def steps_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The properties to search by, in order, each once."""
    chosen = [settings.get(f"match_{n}") for n in ("first", "second", "third")]
    return tuple(dict.fromkeys(str(step) for step in chosen if step)) or ("employeeId",)


ATTRIBUTES, ATTRIBUTE = "onPremisesExtensionAttributes", "extensionAttribute"
ATTRIBUTE_LENGTH = 1024  # "onPremisesExtensionAttributes resource type"
ATTRIBUTE_NOTE = _(
    "Plain text in the extension attribute that the connection's settings choose for it. Users who are or were synced "
    "from a local Active Directory have theirs elsewhere: for them, that is a warning."
)
ATTRIBUTE_WORDS = _("The text that is written for each. An empty row writes the built-in one.")
# Why somebody leaves, and when they gave notice, is not among them: every user of a directory can read these.
PLACES = place_table(
    "attributes",
    _("Extension attributes"),
    (
        *("first_day_of_work", "last_day_of_work", "probation_end", "occupation_code", "remuneration_type"),
        *("percentage", "weekly_hours", "working_hours_scheme"),
    ),
    [f"{ATTRIBUTE}{number}" for number in range(1, 16)],
    help=_(
        "Entra ID has fifteen free texts for each user. Choose one for each field that is to be sent; make sure that "
        "nothing else uses it. Everybody in the directory can read them, and dynamic groups can go by them."
    ),
)
CLEAR_AT_END = switch(
    "clear_at_end",
    _("Empty the job at the end of the employment"),
    help=_(
        "The day after the last position, job title, department, company, cost centre and extension attributes are "
        "emptied, where they still hold what was sent from here. Manager and contract type stay, because leaver "
        "workflows use them. "
        "Groups and licences that hang on the department may change with it."
    ),
)

SYSTEM = System(
    key="entra_id",
    name="Entra ID",
    country="",
    rank=100,
    model=Model.FLAT,
    protocol=_("REST (Microsoft Graph v1.0), JSON"),
    delete=Delete.BY_HAND,
    delete_note=_(
        "Entra ID holds one record for each person and no positions. Open the user in the Entra admin centre and "
        "clear job title, department and manager there, or let your leaver process take over."
    ),
    matching=(
        _("employee number (employeeId)"),
        _("e-mail as user principal name"),
        _("e-mail as mail; which ones can be set"),
    ),
    base_urls={"api": "https://graph.microsoft.com/v1.0", "login": "https://login.microsoftonline.com"},
    sandbox_urls={"api": "/v1.0", "login": "/login"},
    credentials=(
        Setting(
            name="tenant_id",
            label=_("Directory (tenant) ID"),
            required=True,
            # "common" and "organizations" give no app-only token.
            pattern=r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
            example="5a7f1c9e-3d20-4b6a-9d41-0c8e2f6b7a13",
            help=_("Entra admin centre > App registrations > your app > Overview > Directory (tenant) ID."),
            group=_("App registration"),
        ),
        Setting(
            name="client_id",
            label=_("Application (client) ID"),
            required=True,
            pattern=r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
            example="c41d8e02-77ab-4f39-8a55-1be09d3f6c24",
            help=_("Entra admin centre > App registrations > your app > Overview > Application (client) ID."),
            group=_("App registration"),
        ),
        Setting(
            name="client_secret",
            label=_("Client secret"),
            kind=Kind.SECRET,
            required=True,
            help=_(
                "Entra admin centre > App registrations > your app > Certificates & secrets > New client secret. Copy "
                "its Value, not its Secret ID, at once: it is shown only then. Note the day on which it expires."
            ),
            group=_("App registration"),
        ),
    ),
    settings=(
        Setting(
            name="match_first",
            label=_("Find users by"),
            kind=Kind.CHOICE,
            choices=MATCH_BY,
            default="employeeId",
            required=True,
            help=_(
                "Managers are found by this one only. Of the searches chosen, the employee number always goes first."
            ),
            group=_("Matching"),
        ),
        Setting(
            name="match_second",
            label=_("Then by"),
            kind=Kind.CHOICE,
            choices=MATCH_BY,
            default="userPrincipalName",
            help=_("Only when nobody was found so far. Empty: no second search."),
            group=_("Matching"),
        ),
        Setting(
            name="match_third",
            label=_("Then by (last)"),
            kind=Kind.CHOICE,
            choices=MATCH_BY,
            default="mail",
            help=_("Only when nobody was found so far. Empty: no third search."),
            group=_("Matching"),
        ),
        switch(
            "skip_guests",
            _("Leave guest users alone"),
            on=True,
            help=_("Users of type Guest are never written."),
            group=_("Matching"),
        ),
        switch(
            "skip_disabled",
            _("Leave disabled accounts alone"),
            help=_(
                "Users whose account is blocked are never written. Off by default: people who have not started yet, "
                "or who have just left, are often blocked and still need their data."
            ),
            group=_("Matching"),
        ),
        switch(
            "write_employee_id",
            _("Fill in the employee number where Entra ID has none"),
            help=_(
                "Together with the next change of a user who was found by e-mail. A number that is there is never "
                "replaced. Entra ID takes at most 16 characters."
            ),
        ),
    ),
    fields=(
        Field("title", "jobTitle", max_length=128, cleared_by=CLEAR_AT_END, example="Sykepleier"),
        Field(
            "company",
            "companyName",
            opt_in=switch(on=True, help=_("The company's name goes to companyName.")),
            beside=(
                Setting(
                    name="division_holds",
                    label=_("The division holds"),
                    kind=Kind.CHOICE,
                    choices=(("company", _("the company")), ("department", _("the department"))),
                    help=_(
                        "The one chosen goes to employeeOrgData.division instead of companyName or department. Empty: "
                        "the division is left alone."
                    ),
                    group=_("What is sent"),
                ),
            ),
            placed=_is_division("company"),
            cleared_by=CLEAR_AT_END,
            encode=_company,
            max_length=64,
            note=_("The company's name; by a setting, it goes to employeeOrgData.division instead."),
            example="Fjellheim Drift",
        ),
        Field(
            "department",
            "department",
            beside=(
                Setting(
                    name="department_form",
                    label=_("Department is written as"),
                    kind=Kind.CHOICE,
                    choices=(("name", _("its name")), ("code", _("its code")), ("code_name", _("code and name"))),
                    default="name",
                    required=True,
                    help=_("Entra ID keeps the department as plain text."),
                    group=_("What is sent"),
                ),
            ),
            placed=_is_division("department"),
            cleared_by=CLEAR_AT_END,
            encode=_department,
            max_length=64,
            note=_(
                "Plain text: the department's name, its code, or both, as the connection's settings say; by another "
                "one, it goes to employeeOrgData.division instead."
            ),
            example="Butikk",
        ),
        Field(
            "cost_centre",
            "employeeOrgData.costCenter",
            opt_in=switch(
                on=True, help=_("It goes to employeeOrgData.costCenter; the division beside it stays as it is.")
            ),
            cleared_by=CLEAR_AT_END,
            note=_("The division that is kept beside it stays as it is."),
            example="4010",
        ),
        Field(
            "manager",
            "manager",
            opt_in=switch(
                on=True, help=_("The manager must be a user in Entra ID too. Needs the permission User.ReadWrite.All.")
            ),
            encode=_manager,
            note=_(
                "Found in Entra ID by the first search that the settings name. A manager who is not there gives a "
                "warning, and the rest is written."
            ),
            example="1001",
        ),
        Field(
            "start_date",
            "employeeHireDate",
            opt_in=switch(
                "send_hire_date",
                _("Send the start date as hire date (employeeHireDate)"),
                help=_(
                    "The first day of the employment. It can start joiner workflows in Entra ID. It is written where "
                    "Entra ID has none, and corrected where it is still the one that was sent."
                ),
            ),
            beside=(
                Setting(
                    name="hire_time",
                    label=_("Time of day of the hire date"),
                    pattern=TIME,
                    default="01:00",
                    required=True,
                    example="01:00",
                    help=_(
                        "In the organization's time zone. Early, so that workflows have run before the employee "
                        "arrives."
                    ),
                    group=_("What is sent"),
                ),
            ),
            along=_at("hire_time"),
            when=When.IF_EMPTY,
            corrected=True,
            of_employment=True,
            always_by=switch(
                "replace_hire_date",
                _("A later position replaces the hire date"),
                help=_(
                    "Off: when another position takes over, the hire date stays the day on which the employee began. "
                    "On: it is always the start of the current position, and joiner workflows may run for whoever "
                    "changes jobs."
                ),
            ),
            owned=True,
            clearable=False,
            format="YYYY-MM-DDThh:mm:ssZ",
            note=_(
                "Early on that day in the organization's time zone; the hour is a setting. If Entra ID does not let "
                "this app write it, that is a warning and the rest is written."
            ),
            example="2026-02-01T00:00:00Z",
        ),
        Field(
            "end_date",
            "employeeLeaveDateTime",
            opt_in=switch(
                "send_leave_date",
                _("Send the end date as leave date (employeeLeaveDateTime)"),
                help=_(
                    "Needs the permission User-LifeCycleInfo.ReadWrite.All besides the others. Take care: it can "
                    "start leaver workflows that block accounts. No leave date is sent while another position follows "
                    "without a day between."
                ),
            ),
            beside=(
                Setting(
                    name="leave_time",
                    label=_("Time of day of the leave date"),
                    pattern=TIME,
                    default="23:00",
                    required=True,
                    example="23:00",
                    help=_(
                        "In the organization's time zone. Late, so that nobody is locked out on the last day of work."
                    ),
                    group=_("What is sent"),
                ),
            ),
            along=_at("leave_time"),
            owned=True,
            hidden=Label(
                _(
                    "Grant {right} in {place}, then press Re-sync; or switch sending it off in the connection's "
                    "settings."
                ),
                right=LEAVE_RIGHT,
                place=GRANT,
            ),
            format="YYYY-MM-DDThh:mm:ssZ",
            note=_(
                "Late on that day in the organization's time zone; the hour is a setting. Needs a permission of its "
                "own; without it, that is a warning and the rest is written."
            ),
            example="2026-08-31T21:00:00Z",
        ),
        Field(
            "contract_type",
            "employeeType",
            opt_in=switch("send_employee_type", on=True, help=_("It goes to employeeType, through the table below.")),
            codes={
                "permanent": "Employee",
                "probation": "Employee",
                "temporary": "Employee",
                "substitute": "Employee",
                "seasonal": "Employee",
                "casual": "Employee",
                "trainee": "Employee",
                "job_training_program": "Employee",
                "consultant": "Consultant",
                "freelance": "Contractor",
                "third_party": "Vendor",
                "other": None,
            },
            table=code_table(
                "employee_types",
                help=_(
                    "The employeeType for each of our contract types: free text in Entra ID, such as Employee, "
                    "Contractor, Consultant or Vendor. An empty row keeps the built-in one."
                ),
            ),
            example="Employee",
        ),
        _attribute("first_day_of_work", _day, format="YYYY-MM-DD", note=ATTRIBUTE_NOTE, example="2026-02-02"),
        _attribute("last_day_of_work", _day, format="YYYY-MM-DD", note=ATTRIBUTE_NOTE, example="2026-08-14"),
        _attribute("probation_end", _day, format="YYYY-MM-DD", note=ATTRIBUTE_NOTE, example="2026-07-31"),
        _attribute("occupation_code", note=ATTRIBUTE_NOTE, example=occupations.NORWAY.example),
        _attribute(
            "remuneration_type",
            codes={code: code for code in REMUNERATION_TYPES},
            table=code_table("remuneration_words", help=ATTRIBUTE_WORDS, example="Monthly"),
            note=ATTRIBUTE_NOTE,
            example="monthly",
        ),
        _attribute(
            "percentage",
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            format=_("number with a point"),
            note=ATTRIBUTE_NOTE,
            example="80",
        ),
        _attribute(
            "weekly_hours",
            minimum=Decimal(0),
            decimals=2,
            format=_("number with a point"),
            note=ATTRIBUTE_NOTE,
            example="37.5",
        ),
        _attribute(
            "working_hours_scheme",
            codes={code: code for code in WORKING_HOURS_SCHEMES},
            table=code_table("scheme_words", help=ATTRIBUTE_WORDS, example="Shift"),
            note=ATTRIBUTE_NOTE,
            example="not_shift",
        ),
    ),
    unsupported={
        "end_reason": _(
            "Entra ID has no place for it but attributes that everybody in the directory can read, and why somebody "
            "leaves is not for everybody."
        ),
        "notice_date": _(
            "Entra ID has no place for it but attributes that everybody in the directory can read, and that somebody "
            "has given notice is not for everybody."
        ),
    },
    reads=(
        "value id employeeId accountEnabled userType onPremisesSyncEnabled employeeOrgData.division top select expand "
        "filter"
    ),
    # "Microsoft Graph service-specific throttling limits", identity and access: 3 000 writes in 150 seconds for each
    # app and tenant. Reads have their own, larger budget; counting them along keeps well inside both.
    calls=Calls(create=3, update=2, unchanged=1),
    sight=Sight(
        page=999,
        dearer=Dearer("send_manager", page=100),
        note=_("100 on a page where managers are sent: Microsoft expands no more."),
    ),
    limits=Limits(
        requests=3000,
        per_seconds=150.0,
        concurrency=4,
        shared_by="tenant_id",
        note=_("3 000 writes in 2 minutes 30 seconds for each app and tenant."),
    ),
    causes=(
        Cause(
            "managed_on_premises",
            _("Managed in Active Directory"),
            _(
                "Change this person in your local Active Directory, from which Entra ID takes the user over, or let "
                "IT move the user's source of authority to the cloud; then press Re-sync."
            ),
        ),
        Cause(
            "guest_account",
            _("Guest user"),
            _(
                "Give the person a member account in Entra ID, or switch Leave guest users alone off in this "
                "connection's settings, then press Re-sync."
            ),
        ),
        Cause(
            "account_disabled",
            _("Account disabled"),
            _(
                "Enable the account in Entra ID, or switch Leave disabled accounts alone off in this connection's "
                "settings, then press Re-sync."
            ),
        ),
        Cause(
            "permission_missing",
            _("Permission missing in Entra ID"),
            Label(_("Grant the permission: {place}. Then press Resume."), place=GRANT),
        ),
        Cause(
            "secret_expired",
            _("Client secret expired"),
            Label(
                _("Create a new client secret in {place}, and enter its Value under this connection's Credentials."),
                place=SECRETS,
            ),
        ),
    ),
    # "List users": changes are shown after a while. How long is nowhere promised; some minutes have been seen.
    shows_late=600.0,
    move_note=_(
        "A changed start date corrects the user's hire date in Entra ID, where sending it is switched on and it is "
        "still the one that was sent."
    ),
)
