"""The national lists of occupations by which payroll reports what somebody works as. They are not one list: a code of
one country, or of another edition, names another occupation in the next."""

from __future__ import annotations

import re
from dataclasses import dataclass

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.params import Label


@dataclass(frozen=True, slots=True)
class OccupationList:
    """`pattern` is the whole of a code, `form` says it in words. `example` is a code of this list and `title` what the
    list calls it; `not_this` names the list that it is mistaken for."""

    name: str
    pattern: str
    form: str
    example: str
    title: str
    not_this: str = ""

    @property
    def note(self) -> Label:
        """For `Field.allowed_note`: which code it takes, with one of them."""
        code = {"digits": Label(self.form), "list": Label(self.name), "example": self.example, "title": self.title}
        if not self.not_this:
            return Label(_("it takes the {digits} of {list}, for example {example} ({title})"), **code)
        return Label(
            _("it takes the {digits} of {list}, for example {example} ({title}), and no code of {other}"),
            **code,
            other=Label(self.not_this),
        )


# Statistics Norway, "Yrkeskatalogen" (classification 145, ssb.no/klass): this catalogue of STYRK-98 is what the
# a-melding reports; STYRK-08 is for statistics, and the prefixes of the two do not match.
NORWAY = OccupationList(
    _("STYRK-98"), r"[0-9]{7}", _("seven digits"), "2130109", "systemutvikler", _("STYRK-08, which has four digits")
)
# Statistics Sweden, "Standard för svensk yrkesklassificering" (scb.se/ssyk).
SWEDEN = OccupationList(_("SSYK 2012"), r"[0-9]{4}", _("four digits"), "5223", "butikssäljare, fackhandel")
# Statistics Finland, "Classification of occupations (TK10)" (stat.fi/en/luokitukset/ammatti): the Classification of
# Occupations 2010 for the Incomes Register, at its most detailed level and filled up with zeros at the end.
FINLAND = OccupationList(
    _("TK10 (the Classification of Occupations 2010)"), r"[0-9]{5}", _("five digits"), "25140", "sovellusohjelmoijat"
)


def filled_up(code: str) -> str:
    """A Finnish code as TK10 writes it: without blanks and dots, and four digits (a group that it does not divide
    further) with the zero at their end."""
    bare = re.sub(r"[\s.]", "", code)
    return f"{bare}0" if re.fullmatch(r"[0-9]{4}", bare) else bare
