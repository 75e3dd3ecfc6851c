"""The columns of both forms: what they are called, how they are read and shown, and what stands there in the API.

One list serves the template, the import and the export. A heading is known by its label in each of our languages, and
by the API's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.importing.values import Choice, Day, Number, Text, YesNo, in_all_languages, plain, quoted
from positions.models import ContractType, EndReason, Import, RemunerationType, WorkingHoursScheme

_text, _day, _yes = Text(), Day(), YesNo()
Kind = Text | Day | Number | Choice | YesNo


@dataclass(frozen=True)
class Column:
    """`name` is the API's. `of` is the way to what is stored ("company.name"), by default the name itself; "" where
    nothing is. `clears`: an empty cell may clear what is stored. `read`: it says something to us."""

    name: str
    label: Any
    kind: Kind
    help: Any
    example: str = ""
    of: str | None = None
    clears: bool = True
    read: bool = True

    @property
    def exported(self) -> bool:
        return self.of != ""

    def stored(self, row: Any) -> Any:
        """The value of an employee or a position."""
        for name in (self.name if self.of is None else self.of).split("."):
            row = getattr(row, name, None)
        return row


EMPLOYEES = (
    Column(
        "number", gettext_lazy("Employee number"), _text,
        gettext_lazy("The number that payroll knows the person by. Finds the employee where no external id does."),
        "1042", clears=False,
    ),
    Column("first_name", gettext_lazy("First name"), _text, gettext_lazy("Given names."), "Kari", clears=False),
    Column("last_name", gettext_lazy("Last name"), _text, gettext_lazy("Family name."), "Nordmann", clears=False),
    Column("email", gettext_lazy("E-mail"), _text, gettext_lazy("The address at work."), "kari.nordmann@example.com"),
    Column("birth_date", gettext_lazy("Birth date"), _day, gettext_lazy("The day of birth."), "1985-03-19"),
    Column(
        "national_id", gettext_lazy("National id"), _text,
        gettext_lazy("Kept encrypted and never exported. Left empty, the stored one stays."), of="", clears=False,
    ),
    Column(
        "company", gettext_lazy("Company"), _text,
        gettext_lazy("The name of one of your companies. New positions are given it."), of="company.name",
    ),
    Column(
        "department", gettext_lazy("Department"), _text,
        gettext_lazy("The code or the name of one of your departments."), of="department.code",
    ),
    Column(
        "manager", gettext_lazy("Manager"), _text,
        gettext_lazy("The employee number of the manager, who may come with the same file."), of="manager.number",
    ),
    Column(
        "positions_follow", gettext_lazy("Positions follow"), _yes,
        gettext_lazy("yes: current and upcoming positions are given the employee's company as well."), of="",
        clears=False,
    ),
    Column(
        "external_id", gettext_lazy("External id"), _text,
        gettext_lazy("An id of your own. Finds the employee before the number does, which it may then change."),
    ),
)  # fmt: skip

POSITIONS = (
    Column(
        "employee_number", gettext_lazy("Employee number"), _text,
        gettext_lazy("Whose position it is. The employee is there already, or is imported first."), "1042",
        of="employee.number", clears=False,
    ),
    Column(
        "employee_name", gettext_lazy("Employee"), _text, gettext_lazy("For you to read; nothing is done with it."),
        "Kari Nordmann", of="employee.name", read=False,
    ),
    Column("title", gettext_lazy("Title"), _text, gettext_lazy("The job's title."), "Shift leader", clears=False),
    Column(
        "company", gettext_lazy("Company"), _text,
        gettext_lazy("The name of the company that employs. Left empty on a new position: the employee's."),
        of="company.name",
    ),
    Column(
        "department", gettext_lazy("Department"), _text,
        gettext_lazy("The code or the name of one of your departments. Empty: the employee's."), of="department.code",
    ),
    Column("cost_centre", gettext_lazy("Cost centre"), _text, gettext_lazy("The code of the cost centre.")),
    Column(
        "start_date", gettext_lazy("Contract start date"), _day,
        gettext_lazy("The first day. Finds the employee's position where neither id does."), "2026-12-01",
        clears=False,
    ),
    Column("end_date", gettext_lazy("Contract end date"), _day, gettext_lazy("The last day. Empty: open.")),
    Column(
        "first_day_of_work", gettext_lazy("First day of work"), _day, gettext_lazy("Where it is not the start date.")
    ),
    Column("last_day_of_work", gettext_lazy("Last day of work"), _day, gettext_lazy("Where it is not the end date.")),
    Column("probation_end", gettext_lazy("Probation end"), _day, gettext_lazy("The last day of the probation.")),
    Column(
        "contract_type", gettext_lazy("Contract type"), Choice(ContractType), gettext_lazy("The kind of contract."),
        "Permanent", clears=False,
    ),
    Column(
        "occupation_code", gettext_lazy("Occupation code"), _text,
        gettext_lazy("The code in the country's register of occupations."), "2130109",
    ),
    Column(
        "remuneration_type", gettext_lazy("Remuneration type"), Choice(RemunerationType),
        gettext_lazy("What is paid for."),
    ),
    Column(
        "percentage", gettext_lazy("Percentage"), Number(percent=True),
        gettext_lazy("0 to 100, up to two decimals."), "80", clears=False,
    ),
    Column(
        "weekly_hours", gettext_lazy("Weekly hours"), Number(), gettext_lazy("The person's own hours a week."), "30,5"
    ),
    Column(
        "working_hours_scheme", gettext_lazy("Working hours scheme"), Choice(WorkingHoursScheme),
        gettext_lazy("How the working hours lie."),
    ),
    Column(
        "end_reason", gettext_lazy("End reason"), Choice(EndReason),
        gettext_lazy("Why it ends; needs an end date."),
    ),
    Column("notice_date", gettext_lazy("Notice date"), _day, gettext_lazy("The day on which notice was given.")),
    Column("note", gettext_lazy("Note"), _text, gettext_lazy("Never sent anywhere.")),
    Column(
        "effective_from", gettext_lazy("Counts from"), _day,
        gettext_lazy("The day from which the row's changes count. Empty: as chosen when the file is sent."), of="",
        clears=False,
    ),
    Column(
        "correction", gettext_lazy("Was always so"), _yes,
        gettext_lazy("yes: what stood there before was wrong for as long as it stood there."), of="", clears=False,
    ),
    Column(
        "external_id", gettext_lazy("External id"), _text,
        gettext_lazy("An id of your own for the position. Finds it before the start date does."),
    ),
    Column(
        "id", gettext_lazy("Position id"), _text,
        gettext_lazy("Our own id, as exported. With it, a row may change the start date of the position."), of="pk",
        clears=False,
    ),
)  # fmt: skip

# Beside rows that are sent back to be mended; it is left out when they come again.
ERRORS = Column("errors", gettext_lazy("What is wrong"), _text, "", of="", read=False)

OF_KIND: dict[str, tuple[Column, ...]] = {Import.Kind.EMPLOYEES: EMPLOYEES, Import.Kind.POSITIONS: POSITIONS}
# Of which a file has at least one, so that its rows can be told apart.
_NAMING = {Import.Kind.EMPLOYEES: ("number", "external_id"), Import.Kind.POSITIONS: ("employee_number", "id")}


def named(kind: str, name: str) -> Column | None:
    return next((column for column in OF_KIND[kind] if column.name == name), None)


def recognised(kind: str, headings: Sequence[str]) -> tuple[list[Column], list[str]]:
    """The columns that these headings name, and what is wrong with them, in sentences."""
    columns = OF_KIND[kind]
    words = _words(kind)
    found: list[Column] = []
    wrong: list[str] = []
    for number, heading in enumerate(headings, start=1):
        column = words.get(plain(heading))
        if column is None:
            wrong.append(_unknown(number, heading, words))
        elif column in found:
            wrong.append(_("The column “%(heading)s” is there twice.") % {"heading": column.label})
        else:
            found.append(column)
    if not wrong and not any(column.name in _NAMING[Import.Kind(kind)] for column in found):
        lacking = " / ".join(str(c.label) for c in columns if c.name in _NAMING[Import.Kind(kind)])
        wrong.append(
            _("The file lacks the column that says who each row is about: %(heading)s.") % {"heading": lacking}
        )
    for other in OF_KIND.keys() - {kind}:
        if wrong and {plain(heading) for heading in headings} <= _words(other).keys():
            words_of_it = _("These are the headings of another list, %(list)s. Import the file there.")
            return found, [words_of_it % {"list": Import.Kind(other).label}]
    return found, wrong


def _words(kind: str) -> dict[str, Column]:
    """By what a heading may be, plain."""
    columns = (*OF_KIND[kind], ERRORS)
    return {plain(c.name): c for c in columns} | {word: c for c in columns for word in in_all_languages(c.label)}


def _unknown(number: int, heading: str, words: dict[str, Column]) -> str:
    if not heading.strip():
        return _("Column %(number)s has no heading.") % {"number": number}
    close = get_close_matches(plain(heading), words, n=1)
    said = _("There is no column “%(heading)s”.") % {"heading": quoted(heading)}
    if not close:
        return f"{said} " + _("Take the headings of the template.")
    return f"{said} " + _("Do you mean “%(heading)s”?") % {"heading": words[close[0]].label}
