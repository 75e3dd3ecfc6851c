"""What each of HR's codes means, and what every system is told by it; what its dates, units and defaults are, from
which source, and how sure that is. docs/meaning.md is made from this, the declarations and the rules beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Field, When
from integrations.sdk.fields import BY_KEY
from integrations.sdk.norway import HOURS_TABLE
from integrations.sdk.rules import QUESTIONS
from integrations.sdk.settings import Kind, Setting
from integrations.supported import code_words, our_word
from integrations.systems.registry import rules_of

# One meaning for each code, whichever system it goes to.
MEANINGS: Mapping[str, Mapping[str, str]] = {
    "contract_type": {
        "permanent": "Employed without an end.",
        "probation": "On trial at the beginning: a form of its own in Sweden, elsewhere part of a permanent or "
        "temporary contract: the customer says.",
        "temporary": "Employed for a time, whatever the reason.",
        "substitute": "In the place of somebody who is away: employed for a time, where a system knows no substitute.",
        "seasonal": "Employed for a season: for a time, where a system knows no season.",
        "casual": "Called in when needed: temporary and on call. Where a system has no on-call form, a fixed term, or "
        "the customer says.",
        "trainee": "Apprentice or trainee: employed for a time, where a system knows no trainee.",
        "job_training_program": "Placed by a public programme, with an employment or without one: work experience "
        "(praktik) where a system has that word, else the customer says.",
        "consultant": "Hired from another company: no employment, no years of service.",
        "freelance": "Works for a fee: no employment; reported without percentage, scheme and hours in Norway.",
        "third_party": "Employed by somebody else: no employment, no years of service.",
        "other": "Says nothing: the customer says.",
    },
    "working_hours_scheme": {
        "not_shift": "No shifts.",
        "shift": "Some shifts: says too little to be reported, because the hours of a full week depend on which. The "
        "customer says.",
        "round_the_clock": "Round-the-clock shifts or rota, 35.5 hours (355).",
        "shift_365": "Shifts of 36.5 hours (365).",
        "offshore_336": "Offshore, 33.6 hours (336).",
        "continuous": "Fully continuous shifts, 33.6 hours (336).",
        "other_shift": "Other shifts; the hours are those of the agreement.",
    },
    "remuneration_type": {
        "monthly": "A fixed wage by the month.",
        "hourly": "A wage by the hour.",
        "commission": "A share of what is sold.",
        "fee": "A fee.",
        "piecework": "By the piece.",
    },
    "end_reason": {
        "resigned": "The employee gave notice.",
        "dismissed": "The employer gave notice.",
        "contract_ended": "The time that was agreed on is over.",
        "mutual_agreement": "Both sides agreed. Where a system knows employer and employee only, the customer says.",
        "retirement": "Retired. Where a system knows no retirement, the customer says: as a rule the employee has "
        "given notice, at an age limit the employer.",
        "internal_transfer": "Another job with the same employer, or a reorganisation.",
        "payroll_system_change": "Nobody left: the payroll moved.",
        "other": "Says nothing: the customer says.",
    },
}


def as_markdown(systems: Sequence[System]) -> str:
    """A section for each field that has codes, one for the hours of a full week, and one for each system."""
    sections = [line for key in MEANINGS for line in (*_codes(key, systems), "")]
    of_systems = [line for system in systems for line in ("", *_rules(system), "", *_defaults(system))]
    return "\n".join([*sections, *_hours(systems), *of_systems])


def _codes(key: str, systems: Sequence[System]) -> Iterator[str]:
    field = BY_KEY[key]
    taking = [s for s in systems if s.field(key).supported]
    left_out = [s.name for s in systems if not s.field(key).supported]
    yield f"### {field.label}"
    yield ""
    if left_out:
        yield f"Not sent to {', '.join(left_out)}."
        yield ""
    yield _line(["Here", "Means", *(s.name for s in taking)])
    yield _line(["---"] * (len(taking) + 2))
    for code in field.codes:
        told = (_told(s.field(key), code) for s in taking)
        yield _line([f"`{code}` {our_word(key, code)}", MEANINGS[key][code], *told])


def _told(declared: Field, code: str) -> str:
    """What the system is told, in its own code and its words; "customer says" where only a setting can tell."""
    if declared.codes is None:
        return "customer says"
    theirs = declared.codes.get(code)
    if not theirs:
        return "customer says" if declared.table else "not sent"
    words = code_words(declared).get(theirs, "").replace(f"({theirs})", "").removeprefix(f"{theirs} –").strip()
    return f"`{theirs}`" if not words or _letters(words) == _letters(theirs) else f"`{theirs}` {words}"


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _hours(systems: Sequence[System]) -> Iterator[str]:
    tables = {s.name: (s, t) for s in systems for t in s.settings if t.name == HOURS_TABLE}
    yield "### Hours of a full week"
    yield ""
    yield "Written with a new record and with a changed scheme. Each row of the connection's own table stands before"
    yield "these; so does the one number for all schemes that a connection of before may have."
    yield ""
    yield _line(["Scheme", *tables])
    yield _line(["---"] * (len(tables) + 1))
    for code in BY_KEY["working_hours_scheme"].codes:
        yield _line([f"`{code}`", *(hours_of(system, table, code) for system, table in tables.values())])


def hours_of(system: System, table: Setting, code: str) -> str:
    """The built-in hours of a full week that go with our scheme in this system, or why there are none."""
    theirs = (system.field("working_hours_scheme").codes or {}).get(code)
    if theirs is None:
        return "as the chosen scheme"
    built_in = {row: words for row, _, words in table.row_words}.get(theirs, "none")
    return built_in.removeprefix("Built in: ")


def _rules(system: System) -> Iterator[str]:
    yield f"### {system.name}: dates, units and codes"
    yield ""
    yield _line(["Here", "There", "What is meant", "Source", "How sure"])
    yield _line(["---"] * 5)
    for rule in rules_of(system.key):
        asked = QUESTIONS.get(rule.about)
        here, there = (asked, "") if asked else (BY_KEY[rule.about].label, _place(system.field(rule.about)))
        yield _line([here, there, rule.says, rule.source, rule.sure])


def _place(declared: Field) -> str:
    written = {When.ON_CREATE: ", with a new record", When.IF_EMPTY: ", where there is none"}.get(declared.when, "")
    return f"`{declared.remote}`{written}"


# What says where or how to look, and nothing of anybody's employment.
SAYS_NOTHING = ("Access", "Company", "Employees", "Files", "Matching", "Sign-in")


def settings_that_say(system: System) -> list[tuple[Setting, list[str]]]:
    """The settings by which something else is said, the tables above aside, each with the fields that it belongs to."""
    found: dict[str, tuple[Setting, list[str]]] = {}
    for declared in system.fields:
        for setting in (*declared.settings, declared.cleared_by):
            if setting is not None:
                found.setdefault(setting.name, (setting, []))[1].append(declared.ours)
    for setting in system.settings:
        found.setdefault(setting.name, (setting, []))
    return [(s, of) for s, of in found.values() if s.kind is not Kind.TABLE and s.group not in SAYS_NOTHING]


def _defaults(system: System) -> Iterator[str]:
    yield f"### {system.name}: defaults"
    yield ""
    yield _line(["Of", "Setting", "Default"])
    yield _line(["---"] * 3)
    for setting, fields in settings_that_say(system):
        of = ", ".join(BY_KEY[ours].label for ours in fields) or "the record"
        yield _line([of, setting.label, _default(setting, [system.field(ours) for ours in fields])])


def _default(setting: Setting, fields: Sequence[Field]) -> str:
    """What a connection says until somebody sets it, or that nothing is built in."""
    if setting.kind is Kind.BOOLEAN:
        return "on" if setting.default else "off"
    if setting.default not in ("", None):
        return dict(setting.choices).get(setting.default, str(setting.default))
    if setting.required:
        return "no default: it must be chosen"
    stands_in = any(f.default_setting == setting and (f.required or f.required_with) for f in fields)
    return "no default: a position that needs it is not sent" if stands_in else "no default"


def _line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
