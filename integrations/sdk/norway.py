"""What the reporting of employments in Norway (a-melding) asks of every Norwegian system alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.params import Label
from integrations.sdk.reading import number_of
from integrations.sdk.settings import Kind, Setting

# The hours of a full week that the names of the a-melding's code list of working-time schemes
# (arbeidstidsordning) carry: ikkeSkift, skift365, doegnkontinuerligSkiftOgTurnus355,
# helkontinuerligSkiftOgAndreOrdninger336 and offshore336; PowerOffice Go's swagger gives the same ones with its codes.
# "Other shifts" has none: 35.5 or 36.5, as the agreement says.
NO_SHIFT = Decimal("37.5")
SHIFT_365 = Decimal("36.5")
ROUND_THE_CLOCK_355 = Decimal("35.5")
CONTINUOUS_336 = OFFSHORE_336 = Decimal("33.6")
BY_AGREEMENT = None
HOURS_TABLE = "full_time_hours_by_scheme"


def _built_in(hours: Decimal | None) -> Label:
    return Label(_("Built in: {value}"), value=hours) if hours else Label(_("By agreement: not sent until filled in"))


@dataclass(frozen=True, slots=True)
class FullTimeHours:
    """The hours of a full week that go with each working-hours scheme of a system, by that system's own codes.

    `single` names the older setting of one number for all schemes: it counts for those that the table does not name.
    """

    single: str
    hours: Mapping[str, Decimal | None]

    def table(self, labels: Mapping[str, str], *, help: str, group: str = _("Translation")) -> Setting:
        """The connection's table; a row that is left empty means the hours above."""
        return Setting(
            name=HOURS_TABLE,
            label=_("Hours of a full week in each scheme"),
            kind=Kind.TABLE,
            default={},
            rows=tuple(self.hours),
            row_words=tuple((code, labels[code], _built_in(hours)) for code, hours in self.hours.items()),
            pattern=r"\d{1,2}([.,]\d{1,2})?",
            example="35.5",
            help=help,
            group=group,
        )

    def of(self, scheme: str | None, settings: Mapping[str, Any]) -> Decimal | None:
        """Hours a week; None where only the customer can say. Without a scheme, those of no shift work, the first."""
        scheme = scheme or next(iter(self.hours))
        rows = settings.get(HOURS_TABLE)
        named = rows.get(scheme) if isinstance(rows, Mapping) else None
        if named:
            return number_of(str(named).replace(",", "."))
        return settings.get(self.single) or self.hours.get(scheme)
