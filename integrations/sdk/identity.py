"""Whether a record there is the employee here. Pure: no clock, no database, no HTTP.

A *mark* is what tells people apart: the employee number, the national id (both strong) and the e-mail (weak). Each is
compared with three answers: the same, another one, or unknown because one side does not show it.

    strong hit    believed, unless another mark speaks against it: another national id, another birth date, or first
                  name, last name and e-mail all different (a mistyped or reused number)
    e-mail hit    believed, unless the record bears another number, national id or birth date
    two strong    that point at different records: neither is believed
    known match   believed while the record still bears a mark of this person, as long as a national id does not say
                  otherwise; one that rests on the number alone must stand up to the other marks as well

Where a connection says that the numbers there differ from ours on purpose, a number says nothing at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from integrations.sdk import texts
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.params import Label
from integrations.sdk.settings import NUMBERS_DIFFER
from integrations.sdk.values import Marks, Person, Problem

# What `RemoteEmployee.matched_by` says of a match that was made before.
EARLIER = _("earlier match")
CONFIRMED = _("confirmation")


class Mark(StrEnum):
    """Strongest first."""

    NUMBER = _("employee number")
    NATIONAL_ID = _("national id")
    EMAIL = _("e-mail")


def numbers_differ(settings: Mapping[str, Any]) -> bool:
    """Whether this connection says that the employee numbers there are not ours."""
    return bool(settings.get(NUMBERS_DIFFER.name))


def mark_of(matched_by: str) -> Mark:
    """Which mark a search goes by: some systems keep our number, or the e-mail, in a field with another name."""
    if matched_by == Mark.NATIONAL_ID:
        return Mark.NATIONAL_ID
    return Mark.EMAIL if matched_by in (Mark.EMAIL, "user principal name") else Mark.NUMBER


def strength(matched_by: str) -> int:
    return list(Mark).index(mark_of(matched_by))


# -- one mark ------------------------------------------------------------------------------------------------


def plain(mark: Mark, text: str) -> str:
    """To compare by; "" says nothing.

    number       without blanks around it, in small letters, and without leading zeros where it has digits only: many
                 systems keep whole numbers, so 0042 here is 42 there
    national id  letters and digits alone; what is masked or has less than ten of them (a birth date) says nothing
    e-mail       without blanks around it, in small letters
    """
    text = text.strip().casefold()
    if mark is Mark.NUMBER:
        return text.lstrip("0") or "0" if text.isascii() and text.isdigit() else text
    if mark is Mark.NATIONAL_ID:
        kept = re.sub(r"[^0-9a-z]", "", text)
        return "" if len(kept) < 10 or "*" in text or not re.search(r"\d{6}", kept) else kept
    return text


def same(mark: Mark, ours: str, theirs: str) -> bool | None:
    """None: one side does not show it."""
    a, b = plain(mark, ours), plain(mark, theirs)
    if not a or not b:
        return None
    if a == b:
        return True
    if mark is not Mark.NATIONAL_ID:
        return False
    if {len(a), len(b)} == {10, 12}:  # Swedish ones come with and without the century
        a, b = a[-10:], b[-10:]
        if a == b:
            return True
    # Who gets a national id had a D-number (Norway) or a co-ordination number (Sweden) before: both are one person's.
    return None if _provisional(a) != _provisional(b) else False


def _provisional(national_id: str) -> bool:
    if len(national_id) == 11 and national_id.isdigit():
        return "4" <= national_id[0] <= "7"
    day = national_id[-6:-4]
    return len(national_id) in (10, 12) and day.isdigit() and 61 <= int(day) <= 91


def which(mark: Mark, ours: str, theirs: Iterable[object]) -> str:
    """Of several that a record shows the one that is ours, else the first."""
    shown = [str(text) for text in theirs if text not in (None, "")]
    return next((text for text in shown if same(mark, ours, text)), shown[0] if shown else "")


@dataclass(frozen=True, slots=True, repr=False)
class EveryMark:
    """All that a record shows of who it is, while it is not known yet whom it is compared with. `by`: where a system
    keeps several numbers or e-mails in fields of their own, the one that each search goes by
    (`Connector.searches`), by the search's name. Nothing of it is for logs."""

    numbers: tuple[str, ...] = ()
    national_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    birth_date: date | None = None
    first_name: str = ""
    last_name: str = ""
    by: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, marks: Marks) -> EveryMark:
        """Of a record that shows one of each."""
        one = ((marks.number,), (marks.national_id,), (marks.email,))
        return cls(*one, marks.birth_date, marks.first_name, marks.last_name)

    def found_by(self, search: str, value: str) -> bool:
        """Whether a search of this name, which goes by a mark of this record's, has the record for a hit."""
        return search not in self.by or same(mark_of(search), value, self.by[search]) is True

    def beside(self, person: Person) -> Marks:
        """Of several of a kind the one that is this person's."""
        return Marks(
            which(Mark.NUMBER, person.number, self.numbers),
            which(Mark.NATIONAL_ID, person.national_id, self.national_ids),
            which(Mark.EMAIL, person.email, self.emails),
            self.birth_date,
            self.first_name,
            self.last_name,
        )


def _of(mark: Mark, whose: Person | Marks) -> str:
    return {Mark.NUMBER: whose.number, Mark.NATIONAL_ID: whose.national_id, Mark.EMAIL: whose.email}[mark]


def alike(mark: Mark, person: Person, marks: Marks, differ: bool = False) -> bool | None:
    """As `same`, of a person here and what a record shows."""
    if mark is Mark.NUMBER and differ:
        return None
    return same(mark, _of(mark, person), _of(mark, marks))


def _names(whose: Person | Marks) -> set[str]:
    """The words of a name, to compare by: a system may keep them in one field, leave one out or know no å."""
    text = f"{whose.first_name} {whose.last_name}".casefold().translate(_PLAIN_LETTERS)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return {word for word in re.findall(r"\w+", text) if len(word) > 1}


_PLAIN_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})


def same_name(person: Person, marks: Marks) -> bool | None:
    ours, theirs = _names(person), _names(marks)
    return bool(ours & theirs) if ours and theirs else None


ANOTHER_NUMBER = Label(_("another employee number"))
ANOTHER_NATIONAL_ID = Label(_("another national id"))
ANOTHER_BIRTH_DATE = Label(_("another birth date"))
ANOTHER_NAME = Label(_("another first name, last name and e-mail"))


# -- a record ------------------------------------------------------------------------------------------------


def contradictions(person: Person, marks: Marks, by: Mark, differ: bool = False) -> list[Label]:
    """What of a record found by this mark says that it is somebody else, in our words; empty: it is believed."""
    found = []
    if by is Mark.EMAIL and alike(Mark.NUMBER, person, marks, differ) is False:
        found.append(ANOTHER_NUMBER)
    if by is not Mark.NATIONAL_ID and alike(Mark.NATIONAL_ID, person, marks) is False:
        found.append(ANOTHER_NATIONAL_ID)
    if person.birth_date and marks.birth_date and person.birth_date != marks.birth_date:
        found.append(ANOTHER_BIRTH_DATE)
    if same_name(person, marks) is False and alike(Mark.EMAIL, person, marks) is False:
        found.append(ANOTHER_NAME)
    return found


def still(person: Person, marks: Marks, differ: bool = False) -> bool:
    """Whether a record that was matched before still bears a mark of this person. Of somebody who is deleted here,
    number and name are all that is left: neither may speak against it."""
    if person.deleted:
        return same(Mark.NUMBER, person.number, marks.number) is not False or same_name(person, marks) is not False
    if alike(Mark.NATIONAL_ID, person, marks):
        return True
    if alike(Mark.NATIONAL_ID, person, marks) is False:
        return False
    if alike(Mark.EMAIL, person, marks):
        return True
    return bool(alike(Mark.NUMBER, person, marks, differ)) and not contradictions(person, marks, Mark.NUMBER)


# -- in words ------------------------------------------------------------------------------------------------


def somebody_else(system: str, record_id: str, by: str, against: list[Label]) -> Problem:
    text = texts.SOMEBODY_ELSES_NUMBER if against == [ANOTHER_NUMBER] else texts.SOMEBODY_ELSES
    return Problem(
        text(record=record_id, system=system, by=Label(by), against=tuple(against)),
        params={"record": record_id, "by": by, "against": " and ".join(against)},
    )


def disagreement(system: str, first: tuple[str, str], second: tuple[str, str]) -> Problem:
    """Each is (what it was found by, the record's id)."""
    return Problem(
        texts.MARKS_DISAGREE(
            system=system, by=Label(first[0]), record=first[1], other_by=Label(second[0]), other=second[1]
        ),
        params={"record": first[1], "other": second[1]},
    )


def taken(system: str, record_id: str) -> Problem:
    return Problem(texts.ALREADY_MATCHED(record=record_id, system=system), params={"record": record_id})
