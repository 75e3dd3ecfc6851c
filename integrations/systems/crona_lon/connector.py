"""Crona Lön: no public API reference, so a PAXml 2.0 personnel file that a person imports there.

Names, types and limits are those of the PAXml 2.0 standard (its description of 2013-03-13 and paxml.xsd, as published
with github.com/blinfo/paxml4j). An element that a file leaves out is left as it is by whoever imports it; how to empty
one is not defined. Codes that the standard leaves open are its suggested ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from integrations.sdk import (
    IN_SENT_SETTINGS,
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    EmployeeNotFoundError,
    HandedOver,
    Label,
    Marks,
    Person,
    Remote,
    RemoteEmployee,
    Search,
    Timeline,
    Wanted,
    Warning,
    Written,
    after_a_gap,
    date_of,
    digits_of,
    held_since,
    put,
)
from integrations.sdk import gettext_noop as _
from integrations.systems.crona_lon import texts
from integrations.systems.crona_lon.declaration import CHARACTERS, SYSTEM, personnel_type

COST_CENTRE = "1"  # the dimension that SIE numbering gives to cost centres

ORDER = (
    *("fornamn", "efternamn", "epostarb", "personaltyp", "befattning", "befattningskod", "anstform"),
    *("anstdatum", "avgdatum", "lonform", "sysgrad", "resenheter"),
)
TEXT_ELEMENTS = {
    "title": "befattning",
    "contract_type": "anstform",
    "occupation_code": "befattningskod",
    "remuneration_type": "lonform",
}
DATE_ELEMENTS = {"start_date": "anstdatum", "end_date": "avgdatum"}

Record = Mapping[str, Any]


class CronaLonConnector(Connector):
    system = SYSTEM

    # -- connection --------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        """Nothing can be asked there: what is known here, and what a person makes sure of there."""
        return list(self._check_lines())

    def _check_lines(self) -> Iterator[CheckLine]:
        yield CheckLine(True, texts.NOTHING_TO_TEST, texts.NOTHING_CALLED())
        number = digits_of(self.settings.get("organization_number"))
        if _is_organization_number(number):
            files = texts.FILES_FOR(number=f"{number[:6]}-{number[6:]}")
            yield CheckLine(True, files, texts.LAST_DIGIT_FITS())
        else:
            wrong = texts.NOT_SWEDISH(number=number or texts.AN_EMPTY_ONE)
            yield CheckLine(False, texts.ORGANIZATION_NUMBER, wrong, texts.SETTINGS_PLACE)
        sent = [bool(self.settings.get(f"send_{name}")) for name in ("cost_centre", "department")]
        if all(sent):
            yield CheckLine(False, texts.ONE_SOURCE, texts.TWO_SOURCES(), IN_SENT_SETTINGS)
        yield CheckLine(True, texts.SAME_NUMBERS, texts.NUMBERS_MUST_AGREE(), texts.NUMBERS_PLACE)
        if any(sent):
            must_exist = texts.COST_CENTRES_MUST_EXIST()
            yield CheckLine(True, texts.SAME_COST_CENTRES, must_exist, texts.COST_CENTRES_PLACE)
        yield CheckLine(True, texts.CARRY_OVER, texts.HOW_TO_CARRY_OVER(), texts.FILES_PLACE)

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        """There is nobody to ask: somebody whose number changed here is another person there."""
        return next((found for found in self._by_number(person) if found.id == known_id), None)

    def searches(self, person: Person) -> Sequence[Search]:
        """Our number is believed: nobody can look whom it belongs to there."""
        return ((_("employee number, unchecked"), person.number.strip(), partial(self._by_number, person)),)

    def hint(self, person: Person) -> str:
        self._by_number(person)
        return ""

    def _by_number(self, person: Person) -> list[RemoteEmployee]:
        number = person.number.strip()
        if not number:
            raise EmployeeNotFoundError(texts.NUMBER_MISSING(who=person.name or texts.THE_EMPLOYEE))
        for what, text in ((texts.EMPLOYEE_NUMBER, number), *self._name_and_email(person)):
            if not re.fullmatch(CHARACTERS, text):
                raise DataRefusedError(texts.CONTROL_CHARACTERS(what=what))
        return [RemoteEmployee(number, raw=person.id, marks=Marks(number))]

    def _name_and_email(self, person: Person) -> tuple[tuple[Label, str], ...]:
        if not self.settings.get("send_name_and_email"):
            return ()
        return (texts.FIRST_NAME, person.first_name), (texts.LAST_NAME, person.last_name), (texts.EMAIL, person.email)

    # -- the record --------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        """What the newest record says, imported or not: nobody can look at more than that."""
        record = self.context.outbox.latest(str(employee.raw))
        if record is None or record.get("anstid") != employee.id:
            return []
        values: dict[str, Any] = {ours: record.get(name) for ours, name in TEXT_ELEMENTS.items()}
        for ours, name in DATE_ELEMENTS.items():
            values[ours] = date.fromisoformat(record[name]) if record.get(name) else None
        rate, unit = record.get("sysgrad"), record.get("resenheter", {}).get(COST_CENTRE)
        values["percentage"] = Decimal(rate["procent"]) if rate else None
        values |= {"cost_centre": unit, "department": unit}
        # Whoever comes back after a gap is employed anew; what follows at once belongs to the same employment.
        renews = after_a_gap(values["end_date"]) if self.settings.get("send_start_date") else None
        filed = {"percentage": self._filed(employee)}
        return [Remote(employee.id, values, raw=record, renews_from=renews, filed=filed)]

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        earlier = self.context.outbox.latest(person.id) or {}
        return self._put(employee, person, wanted.values, self._held_since(wanted), earlier)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        values = dict(wanted.values)
        if "start_date" in values and "start_date" not in changes:
            values["start_date"] = remote.start
        return self._put(employee, person, values, self._since(employee, remote, changes, wanted), remote.raw)

    def _since(
        self, employee: RemoteEmployee, remote: Remote, changes: Mapping[str, Change], wanted: Wanted
    ) -> date | None:
        """From which day the percentage counts: as before, where neither it nor its day changed."""
        if "percentage" in changes:
            return changes["percentage"].since
        taken_over = bool(employee.position_id) and employee.position_id != wanted.position_id
        if taken_over or "sysgrad" not in remote.raw:
            return self._held_since(wanted)
        day = date_of(remote.raw["sysgrad"].get("datum"))
        moved = changes.get("start_date")
        return moved.new if moved is not None and moved.old == day else day

    def _held_since(self, wanted: Wanted) -> date | None:
        """From which day on the position has been the current one, with this percentage."""
        days = (wanted.counts_from or wanted.since, held_since(wanted.timeline("percentage"), self.context.today))
        return max((day for day in days if day), default=None)

    def _put(
        self,
        employee: RemoteEmployee,
        person: Person,
        values: Mapping[str, Any],
        since: date | None,
        earlier: Record,
    ) -> Written:
        self.context.guard()
        # Crona Lön may keep an earlier percentage beside one that begins before it, and go by the later one then.
        told = max((day for day, _ in self._filed(employee)), default=None)
        record = self._record(employee, person, values, max(since, told) if since and told else since)
        warnings = tuple(self._warnings(person, record, earlier))
        filed = self.context.outbox.put(person.id, record)
        return Written(employee.id, warnings, filed.pending, filed.file_id)

    def _filed(self, employee: RemoteEmployee) -> Timeline:
        """The percentages by day in files that somebody has."""
        rows: Timeline = ()
        for given in self.context.outbox.handed_over(str(employee.raw)):
            rate = given.record.get("sysgrad")
            if rate and given.record.get("anstid") == employee.id:
                rows = put(rows, date_of(rate.get("datum")) or date.min, Decimal(rate["procent"]))
        return rows

    def _warnings(self, person: Person, record: Record, earlier: Record) -> Iterator[Warning]:
        """What a person does beside the import: told once, with the first record that is so, and only of what
        somebody has in a file."""
        number = record["anstid"]
        renumbered = earlier.get("anstid", number) != number
        reopened = "avgdatum" in earlier and "avgdatum" not in record
        handed_over = self.context.outbox.handed_over(person.id)
        given = handed_over[-1].record if handed_over else {}
        if renumbered and given.get("anstid", number) != number:
            yield Warning(texts.NUMBER_CHANGED(before=given["anstid"], now=number))
        in_the_way = None if "avgdatum" in record else _end_in_the_way(record, handed_over)
        if in_the_way:
            said = {"number": number, "end": in_the_way, "start": record["anstdatum"]}
            yield Warning(texts.END_IN_THE_WAY(**said), "end_date")
        elif reopened and given.get("avgdatum"):
            yield Warning(texts.END_STAYS(number=given["anstid"], end=given["avgdatum"]), "end_date")
        if self.settings.get("send_national_id") and person.national_id and "persnr" not in record:
            yield Warning(texts.NATIONAL_ID_LEFT_OUT())

    def _record(
        self, employee: RemoteEmployee, person: Person, values: Mapping[str, Any], since: date | None
    ) -> Record:
        """The whole person as the file has it, as JSON. What is empty here is left out, and so left alone there."""
        record: dict[str, Any] = {"anstid": employee.id}
        if self.settings.get("send_national_id") and len(digits_of(person.national_id)) == 12:
            record["persnr"] = digits_of(person.national_id)
        if self.settings.get("send_name_and_email"):
            record |= {"fornamn": person.first_name, "efternamn": person.last_name, "epostarb": person.email}
        record |= {name: values.get(ours) for ours, name in TEXT_ELEMENTS.items()}
        record |= {name: values[ours].isoformat() for ours, name in DATE_ELEMENTS.items() if values.get(ours)}
        record["personaltyp"] = personnel_type(values.get("remuneration_type"), self.settings)
        if values.get("percentage") is not None:
            rate = f"{Decimal(values['percentage']).normalize():f}"
            record["sysgrad"] = {"procent": rate, **({"datum": since.isoformat()} if since else {})}
        unit = values.get("cost_centre") or values.get("department")
        record["resenheter"] = {COST_CENTRE: unit} if unit else None
        return {name: value for name, value in record.items() if value}

    # -- the file ----------------------------------------------------------------------------------------

    def render(self, records: Sequence[Record], made_at: datetime) -> bytes:
        """In the order of the numbers, so that the records' own order does not matter."""
        number = digits_of(self.settings.get("organization_number"))
        lines = [
            '<?xml version="1.0" encoding="iso-8859-1"?>',
            '<paxml xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xsi:noNamespaceSchemaLocation="http://www.paxml.se/2.0/paxml.xsd">',
            " <header>",
            "  <format>REGISTER</format>",
            "  <version>2.0</version>",
            f"  <datum>{made_at:%Y-%m-%dT%H:%M:%S}</datum>",
            *([f"  <foretagorgnr>{number}</foretagorgnr>"] if number else []),
            "  <programnamn>Position Sync</programnamn>",
            " </header>",
            *([" <personal>"] if records else []),
        ]
        for record in sorted(records, key=lambda r: (len(r["anstid"]), r["anstid"])):
            lines += _person(record)
        lines += [*([" </personal>"] if records else []), "</paxml>", ""]
        return "\n".join(lines).encode("iso-8859-1")

    @classmethod
    def without(cls, content: bytes, record: Record) -> bytes:
        number = re.escape(f'anstid="{_escaped(record["anstid"])}"'.encode("iso-8859-1"))
        person = rb"<person " + number + rb"[ >].*?</person>"
        return re.sub(person, lambda found: b" " * len(found[0]), content, flags=re.DOTALL)

    def file_name(self, made_at: datetime, number: int) -> str:
        return f"crona-lon-{made_at:%Y%m%d-%H%M%S}-{number}.{self.settings.get('file_ending') or 'pax'}"


def _end_in_the_way(record: Record, handed_over: Sequence[HandedOver]) -> str | None:
    """The leaving date of an earlier employment without which none of this start is imported: until one of them is."""
    start, end = record.get("anstdatum", ""), None
    for given in handed_over:
        if given.record.get("avgdatum"):
            end = given.record["avgdatum"]
        elif given.imported and end and given.record.get("anstdatum", "") > end:
            end = None
    return end if end and start > end else None


def _person(record: Record) -> Iterator[str]:
    persnr = f' persnr="{_escaped(record["persnr"])}"' if record.get("persnr") else ""
    yield f'  <person anstid="{_escaped(record["anstid"])}"{persnr}>'
    for name in ORDER:
        value = record.get(name)
        if not value:
            continue
        if name == "sysgrad":
            since = f' datum="{value["datum"]}"' if value.get("datum") else ""
            yield f"   <sysgrad{since}>{value['procent']}</sysgrad>"
        elif name == "resenheter":
            units = "".join(f'<resenhet dim="{dim}" id="{_escaped(code)}"/>' for dim, code in sorted(value.items()))
            yield f"   <resenheter>{units}</resenheter>"
        else:
            yield f"   <{name}>{_escaped(value)}</{name}>"
    yield "  </person>"


_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def _escaped(text: str) -> str:
    """Text for an element or an attribute. References stand for line breaks, which a parser would change, for what
    Latin-1 lacks, and for its control characters, which Windows programs read as something else."""
    return re.sub(r'[&<>"]|[^ -~\xa0-\xff]', lambda m: _NAMED.get(m[0]) or f"&#{ord(m[0])};", text)


def _is_organization_number(digits: str) -> bool:
    """Ten digits of which the last is the check digit of the others (Luhn)."""
    if len(digits) != 10:
        return False
    doubled = (int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(digits))
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0
