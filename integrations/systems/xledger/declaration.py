"""Xledger: what its connector declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from integrations.sdk import (
    CONTRACT_TYPES,
    END_REASONS,
    REMUNERATION_TYPES,
    WORKING_HOURS_SCHEMES,
    Calls,
    Cause,
    Delete,
    Field,
    Kind,
    Label,
    Limits,
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
from integrations.systems.xledger import texts

OBJECTS = tuple(f"glObject{number}" for number in range(1, 6))
# Our field -> the setting that names the object kind (list) in which its value is looked up.
LISTS = {
    "title": "title_kind",
    "contract_type": "contract_type_kind",
    "remuneration_type": "remuneration_kind",
    "end_reason": "exit_reason_kind",
    "department": "department_kind",
    "cost_centre": "cost_centre_kind",
}


# "Update employees": fields of the employee that every customer uses as it likes.
FREE_TEXT_LENGTH = 255
NUMBERS = place_table(
    "free_numbers",
    _("Free values and numbers"),
    ("percentage", "weekly_hours"),
    ("value1", "value2", "number1", "number2"),
    help=_(
        "Xledger has free values on each employee. Choose one for each field that is to be sent; make sure that "
        "nothing else uses it, and that payroll knows what stands there: Xledger does not act on it by itself. Where "
        "one is chosen later or instead, what was sent is shown as changed until it is sent to it; the earlier one "
        "keeps what it has."
    ),
)
FREE_TEXTS = place_table(
    "free_texts",
    _("Free texts"),
    ("occupation_code", "working_hours_scheme"),
    [f"text{number}" for number in range(1, 7)],
    help=_(
        "Xledger has free texts on each employee. Choose one for each field that is to be sent; make sure that nothing "
        "else uses it. Where one is chosen later or instead, what was sent is shown as changed until it is sent to it; "
        "the earlier one keeps what it has."
    ),
)
FREE_DATES = place_table(
    "free_dates",
    _("Free dates"),
    ("first_day_of_work", "last_day_of_work"),
    [f"date{number}" for number in range(1, 5)],
    help=_(
        "Xledger has free dates on each employee. Choose one for each field that is to be sent; make sure that nothing "
        "else uses it. Where one is chosen later or instead, what was sent is shown as changed until it is sent to it; "
        "the earlier one keeps what it has."
    ),
)
FREE = (NUMBERS, FREE_TEXTS, FREE_DATES)
FREE_NOTE = _(
    "In the free field that the connection's settings choose for it. Xledger is not known to show it to programs: it "
    "is compared with what was sent last, a change there is not noticed, and taken away here, it stays there."
)


def _general_ledger(key: str, other: str) -> Callable[[Any, Mapping[str, Any]], str]:
    def encode(ours: Any, settings: Mapping[str, Any]) -> str:
        if settings.get(f"{key}_object") == settings.get(f"{other}_object"):
            raise ValueError(texts.BOTH_TO_ONE(kind=settings[f"{key}_object"]))
        if not settings.get(LISTS[key]):
            raise ValueError(texts.KIND_NOT_CHOSEN())
        return str(ours.code if key == "department" else ours)

    return encode


def _kind(field: str, label: str, help: str) -> Setting:
    return Setting(
        name=LISTS[field],
        label=label,
        example="20100",
        help=help,
        group=_("What is sent"),
    )


def _codes(name: str, help: str, example: str = "1") -> Setting:
    return code_table(name, example=example, help=help)


def _object(field: str, label: str, help: str) -> Setting:
    return Setting(
        name=f"{field}_object",
        label=label,
        kind=Kind.CHOICE,
        choices=tuple((name, name) for name in OBJECTS),
        help=help,
        group=_("What is sent"),
    )


SYSTEM = System(
    key="xledger",
    name="Xledger",
    country="NO",
    rank=80,
    model=Model.FLAT,
    protocol=_("GraphQL"),
    delete=Delete.BY_HAND,
    delete_note=_(
        "Xledger's interface removes neither employees nor employments. Open the employee in Xledger and fill in "
        "the end of the employment and the exit reason."
    ),
    matching=(_("employee number (code)"), _("e-mail")),
    base_urls={"api": "https://www.xledger.net/graphql"},
    sandbox_urls={"api": "/graphql"},
    credentials=(
        Setting(
            name="token",
            label=_("API token"),
            kind=Kind.SECRET,
            required=True,
            pattern=r"[A-Za-z0-9_=+/.\-]{12,}",
            help=Label(
                _(
                    "{place} (xledger.net/f/api-tokens). Tick Employee (read, write), Object Value (read) and System "
                    "Value (read), then Generate. Xledger shows the token once. Enter it without the word “token” "
                    "before it."
                ),
                place=texts.TOKENS_PLACE,
            ),
            group=_("Connection"),
        ),
    ),
    fields=(
        Field(
            "title",
            "positionValue",
            opt_in=_kind(
                "title",
                _("Object kind of job titles"),
                _(
                    "Name or number (dbId) of the object kind in which Xledger keeps job titles (position values). "
                    "Test connection lists them all. Left empty, job titles are not sent."
                ),
            ),
            clearable=False,
            note=_(
                "It must be the description of a value in Xledger's list of job titles, in capitals or not. Nothing "
                "is added to that list."
            ),
            example="Butikkmedarbeider",
        ),
        Field(
            "department",
            "glObject1–5",
            opt_in=_object(
                "department",
                _("Send the department to"),
                _(
                    "Which of Xledger's five general-ledger objects is the department in your company. Ask whoever "
                    "set up your chart of accounts. Left empty, the department is not sent."
                ),
            ),
            beside=(
                _kind(
                    "department",
                    _("Object kind of departments"),
                    _(
                        "Name or number (dbId) of the object kind in which Xledger keeps departments. Test connection "
                        "lists them all. Left empty, departments are not sent."
                    ),
                ),
            ),
            placed=lambda settings: settings.get(LISTS["department"]),
            encode=_general_ledger("department", "cost_centre"),
            clearable=False,
            note=_("The department's code must exist in Xledger's list; it is looked up before anything is written."),
            example="BUT1",
        ),
        Field(
            "cost_centre",
            "glObject1–5",
            opt_in=_object(
                "cost_centre",
                _("Send the cost centre to"),
                _(
                    "Which of Xledger's five general-ledger objects is the cost centre in your company. Ask whoever "
                    "set up your chart of accounts. Left empty, the cost centre is not sent."
                ),
            ),
            beside=(
                _kind(
                    "cost_centre",
                    _("Object kind of cost centres"),
                    _(
                        "Name or number (dbId) of the object kind in which Xledger keeps cost centres. Test "
                        "connection lists them all. Left empty, cost centres are not sent."
                    ),
                ),
            ),
            placed=lambda settings: settings.get(LISTS["cost_centre"]),
            encode=_general_ledger("cost_centre", "department"),
            clearable=False,
            note=_("The code must exist in Xledger's list; it is looked up before anything is written."),
            example="2760",
        ),
        Field(
            "manager",
            "superior",
            opt_in=switch(help=_("The manager must be an employee in Xledger with the same employee number as here.")),
            encode=lambda ours, settings: str(ours.number).strip(),
            clearable=False,
            note=_("Found in Xledger by the manager's employee number."),
            example="1007",
        ),
        Field(
            "start_date",
            "employmentFrom",
            when=When.ON_CREATE,
            corrected=True,
            of_employment=True,
            always_by=switch(
                "start_follows_position",
                _("Move the employment's start with every position"),
                help=_(
                    "Off: the start of the employment in Xledger stays when one position follows another without a "
                    "gap. On: it becomes the start of the current position."
                ),
            ),
            owned=True,
            clearable=False,
            format="YYYY-MM-DD",
            note=_(
                "Xledger keeps the start of the whole employment: its first day here, also where the first position "
                "that is sent follows an earlier one, and then as seniorityDate, too, if that is empty. It stays "
                "while one position follows another without a gap; after a gap, the new position starts a new "
                "employment."
            ),
            example="2026-02-01",
        ),
        Field(
            "end_date",
            "employmentTo",
            owned=True,
            format="YYYY-MM-DD",
            note=_("Taken away here, it is cleared in Xledger."),
            example="2026-08-31",
        ),
        Field("probation_end", "trialTo", clearable=False, format="YYYY-MM-DD", example="2026-07-31"),
        Field(
            "contract_type",
            "employmentType",
            opt_in=_kind(
                "contract_type",
                _("Object kind of contract types"),
                _(
                    "Name or number (dbId) of the object kind in which Xledger keeps employment types. Test "
                    "connection lists them all. Left empty, contract types are not sent."
                ),
            ),
            codes=dict.fromkeys(CONTRACT_TYPES),
            table=_codes(
                "employment_types",
                _(
                    "The code of Xledger's employment type for each of our contract types. Every company makes its "
                    "own list, so there is no built-in translation."
                ),
            ),
            clearable=False,
            note=_("Every company makes its own list of employment types; choose the counterparts in the settings."),
            example="1",
        ),
        Field(
            "remuneration_type",
            "compensationType",
            opt_in=_kind(
                "remuneration_type",
                _("Object kind of remuneration types"),
                _(
                    "Name or number (dbId) of the object kind in which Xledger keeps compensation types. Test "
                    "connection lists them all. Left empty, remuneration types are not sent."
                ),
            ),
            codes=dict.fromkeys(REMUNERATION_TYPES),
            table=_codes(
                "compensation_types",
                _(
                    "The code of Xledger's compensation type for each of our remuneration types. Every company makes "
                    "its own list, so there is no built-in translation."
                ),
            ),
            clearable=False,
            note=_("Every company makes its own list of compensation types; choose the counterparts in the settings."),
            example="1",
        ),
        Field(
            "end_reason",
            "exitReason",
            opt_in=_kind(
                "end_reason",
                _("Object kind of exit reasons"),
                _(
                    "Name or number (dbId) of the object kind in which Xledger keeps exit reasons. Test connection "
                    "lists them all. Left empty, exit reasons are not sent."
                ),
            ),
            required_with="end_date",
            default_setting=Setting(
                name="exit_reason",
                label=_("Exit reason of positions without an end reason"),
                example="ANNET",
                help=_(
                    "Code of an exit reason in Xledger. Used only when a position has an end date and no end reason."
                ),
            ),
            codes=dict.fromkeys(END_REASONS),
            table=_codes(
                "exit_reasons",
                _(
                    "The code of Xledger's exit reason for each of our end reasons. Every company makes its own list, "
                    "so there is no built-in translation."
                ),
                example="FRIVILLIG",
            ),
            owned=True,
            clearable=False,
            note=_("Every company makes its own list of exit reasons; choose the counterparts in the settings."),
            example="FRIVILLIG",
        ),
        Field("notice_date", "noticeDate", clearable=False, format="YYYY-MM-DD", example="2026-05-31"),
        Field(
            "percentage",
            "value1–2, number1–2",
            opt_in=NUMBERS,
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            clearable=False,
            note=FREE_NOTE,
            format=_("number with a point"),
            example="80",
        ),
        Field(
            "weekly_hours",
            "value1–2, number1–2",
            opt_in=NUMBERS,
            minimum=Decimal(0),
            decimals=2,
            clearable=False,
            note=FREE_NOTE,
            format=_("number with a point"),
            example="37.5",
        ),
        Field(
            "occupation_code",
            "text1–6",
            opt_in=FREE_TEXTS,
            max_length=FREE_TEXT_LENGTH,
            clearable=False,
            note=FREE_NOTE,
            example=occupations.NORWAY.example,
        ),
        Field(
            "working_hours_scheme",
            "text1–6",
            opt_in=FREE_TEXTS,
            codes={code: code for code in WORKING_HOURS_SCHEMES},
            table=code_table(
                "scheme_texts",
                help=_("The text that is written for each. An empty row writes the built-in one."),
                example="Skift",
            ),
            max_length=FREE_TEXT_LENGTH,
            clearable=False,
            note=FREE_NOTE,
            example="not_shift",
        ),
        Field(
            "first_day_of_work",
            "date1–4",
            opt_in=FREE_DATES,
            clearable=False,
            note=FREE_NOTE,
            format="YYYY-MM-DD",
            example="2026-02-02",
        ),
        Field(
            "last_day_of_work",
            "date1–4",
            opt_in=FREE_DATES,
            clearable=False,
            note=FREE_NOTE,
            format="YYYY-MM-DD",
            example="2026-08-14",
        ),
    ),
    unsupported={
        "company": _("A token belongs to one entity in Xledger; its employees are found there."),
    },
    reads=(
        "query variables data errors message code extensions resetAt edges node cursor pageInfo hasNextPage first "
        "after ids kind inputs clientId dbId employees updateEmployees objectKinds objectValues "
        "positionValue.description glObject1 glObject2 glObject3 glObject4 glObject5 dateFrom dateTo ownerDbId "
        "value2 number1 number2 text2 text3 text4 text5 text6 date2 date3 date4"
    ),
    # A public client throttles to 20 requests in 5 seconds; graphql-samples: "Respect new rate limit".
    calls=Calls(create=2, update=2, unchanged=1),
    sight=Sight(page=500, note=_("100 on a page from where Xledger says that a query timed out.")),
    limits=Limits(
        requests=20,
        per_seconds=5.0,
        concurrency=1,
        shared_by="token",
        note=_("20 requests in 5 seconds, one at a time for each token; beyond that, Xledger counts credits."),
    ),
    causes=(
        Cause(
            "value_missing",
            _("Value not in Xledger's list"),
            _(
                "Add the value in Xledger, or choose another one here or in the connection's settings, then press "
                "Re-sync."
            ),
        ),
        Cause(
            "value_not_unique",
            _("Value twice in Xledger's list"),
            _("Close or rename all but one of them in Xledger, then press Re-sync."),
        ),
        Cause(
            "list_missing",
            _("List not in Xledger"),
            _(
                "Correct the object kind in the connection's settings (Test connection lists those that exist), then "
                "press Re-sync."
            ),
        ),
        Cause(
            "interface_changed",
            _("Xledger's interface changed"),
            _(
                "Report it with the system's own words: Position Sync has to be adapted. After the update, press "
                "Re-sync."
            ),
        ),
    ),
    move_note=_("A corrected start date replaces the start of the employment on the employee's one record in Xledger."),
)
