"""Crona Lön: no public API reference, so a PAXml 2.0 personnel file that a person imports there.

Names, types and limits are those of the PAXml 2.0 standard (its description of 2013-03-13 and paxml.xsd, as published
with github.com/blinfo/paxml4j). An element that a file leaves out is left as it is by whoever imports it; how to empty
one is not defined. Codes that the standard leaves open are its suggested ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from integrations.sdk import (
    Calls,
    Cause,
    Change,
    CheckLine,
    Connector,
    DataRefused,
    Delete,
    EmployeeNotFound,
    Field,
    Kind,
    Limits,
    Marks,
    Model,
    Person,
    Remote,
    RemoteEmployee,
    Search,
    Setting,
    System,
    Transport,
    Wanted,
    Warning,
    When,
    Written,
    code_table,
    digits_of,
    occupations,
)

EMPLOYMENT_FORMS = (
    ("FAST", "FAST – permanent (tillsvidare)"),
    ("PROV", "PROV – probationary (provanställning)"),
    ("VISSTID", "VISSTID – fixed term (visstid)"),
    ("VIKARIAT", "VIKARIAT – substitute"),
    ("PROJEKT", "PROJEKT – project"),
    ("PRAKTIK", "PRAKTIK – trainee"),
    ("FERIE", "FERIE – holiday work"),
    ("SÄSONG", "SÄSONG – seasonal"),
    ("PENSION", "PENSION – employed after retirement"),
)
PAY_FORMS = (("MÅN", "MÅN – monthly pay"), ("TIM", "TIM – hourly pay"))
PAY_FORM_ROWS = {"MÅN": "monthly_pay", "TIM": "hourly_pay"}
PERSONNEL_TYPES = (("TJM", "TJM – salaried (tjänsteman)"), ("ARB", "ARB – worker (arbetare)"))

COST_CENTRE = "1"  # the dimension that SIE numbering gives to cost centres
UNIT_LENGTH = 10

# XML 1.0 has no way to write these, not even as references. Everything else Latin-1 lacks becomes a reference.
NOT_XML = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
CHARACTERS = f"[^{NOT_XML}]*"
CHARACTERS_NOTE = "it holds control characters, which no file of this kind can carry. Type the text anew"

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


def _department(ours: Any, settings: Mapping[str, Any]) -> str:
    if settings.get("send_cost_centre"):
        raise ValueError(
            "this connection sends both the cost centre and the department as the file's one cost centre. "
            "Leave only one of the two switched on in the connection's settings."
        )
    return str(ours.code)


SYSTEM = System(
    key="crona_lon",
    name="Crona Lön",
    country="SE",
    model=Model.FLAT,
    protocol="File, PAXml 2.0",
    transport=Transport.FILE,
    delete=Delete.BY_HAND,
    delete_note="Open the employee in Crona Lön and fill in the leaving date, or remove the person there.",
    matching=("employee number (anstid), without being able to look",),
    base_urls={},
    sandbox_urls={},
    credentials=(),
    settings=(
        Setting(
            name="organization_number",
            label="Organization number",
            required=True,
            pattern=r"[0-9]{6}-?[0-9]{4}",
            example="556123-4567",
            help="Of the company whose personnel register in Crona Lön takes the files. It stands in each file, so "
            "that nobody imports it into another company.",
            group="Company",
        ),
        Setting(
            name="folder",
            label="Drop finished files into this folder",
            kind=Kind.FOLDER,
            example="crona",
            help="Empty: files are downloaded from the Files tab. Otherwise a folder's name: each file is also put "
            "there by itself, once, where Crona Lön's users reach it.",
            group="Files",
        ),
        Setting(
            name="file_ending",
            label="File names end in",
            kind=Kind.CHOICE,
            choices=(("pax", ".pax"), ("xml", ".xml")),
            default="pax",
            required=True,
            help="The standard allows both. Choose the one that Crona Lön's import offers you.",
            group="Files",
        ),
        code_table(
            "employment_forms",
            "contract_type",
            EMPLOYMENT_FORMS,
            help="The employment form (anstform) for each of our contract types. An empty row keeps the built-in one.",
        ),
        code_table(
            "pay_forms",
            "remuneration_type",
            PAY_FORMS,
            help="The pay form (lonform) for each of our remuneration types. An empty row keeps the built-in one.",
        ),
        Setting(
            name="personnel_types",
            label="Personnel type of each pay form",
            kind=Kind.TABLE,
            rows=tuple(PAY_FORM_ROWS.values()),
            choices=PERSONNEL_TYPES,
            help="Sent as personaltyp with the pay form. An empty row sends none, and Crona Lön keeps its own.",
            group="Translation",
        ),
        Setting(
            name="send_start_date",
            label="Send the start date",
            kind=Kind.BOOLEAN,
            default=True,
            help="As the employment date (anstdatum): the first day of the first position that is sent. Switch this "
            "off where Crona Lön holds an earlier first day that must stay.",
            group="What is sent",
        ),
        Setting(
            name="replace_start_date",
            label="A later position replaces the employment date",
            kind=Kind.BOOLEAN,
            default=False,
            help="Off: when another position takes over, the employment date stays the day on which the employee "
            "began.",
            group="What is sent",
        ),
        Setting(
            name="send_name_and_email",
            label="Send the name and the work e-mail",
            kind=Kind.BOOLEAN,
            default=True,
            help="With every record, so that whoever imports the file sees who it is. They replace those in Crona Lön.",
            group="What is sent",
        ),
        Setting(
            name="send_cost_centre",
            label="Send the cost centre",
            kind=Kind.BOOLEAN,
            default=True,
            group="What is sent",
        ),
        Setting(
            name="send_department",
            label="Send the department as cost centre",
            kind=Kind.BOOLEAN,
            default=False,
            help="A person in the file has no department. With this on, the department's code is sent as cost centre; "
            "switch Send the cost centre off then.",
            group="What is sent",
        ),
        Setting(
            name="send_occupation_code",
            label="Send the occupation code",
            kind=Kind.BOOLEAN,
            default=False,
            help="As befattningskod. The standard does not say which code system that is: switch it on when our "
            "occupation codes are the ones that Crona Lön is meant to hold.",
            group="What is sent",
        ),
        Setting(
            name="send_national_id",
            label="Send the national id as a cross-check",
            kind=Kind.BOOLEAN,
            default=False,
            help="Whoever imports a file compares both and may refuse a person whose number and national id do not "
            "belong together. Only one of twelve digits (yyyymmddnnnn) is sent. The files then hold national ids.",
            group="What is sent",
        ),
    ),
    fields=(
        Field(
            ours="title",
            remote="befattning",
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            example="Butikssäljare",
        ),
        Field(
            ours="company",
            unsupported="A connection is for one company in Crona Lön; its organization number stands in each file.",
        ),
        Field(
            ours="department",
            remote='resenhet dim="1"',
            enabled_by="send_department",
            encode=_department,
            max_length=UNIT_LENGTH,
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            note="A person in the file has no department. Switched on, the department's code goes to the cost centre "
            "instead of our cost centre.",
            example="BUT1",
        ),
        Field(
            ours="cost_centre",
            remote='resenhet dim="1"',
            enabled_by="send_cost_centre",
            max_length=UNIT_LENGTH,
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            note="The code of a cost centre in Crona Lön; whether it exists there cannot be looked up.",
            example="BUT1",
        ),
        Field(ours="manager", unsupported="A person in a PAXml file has no manager."),
        Field(
            ours="start_date",
            remote="anstdatum",
            enabled_by="send_start_date",
            when=When.ON_CREATE,
            corrected=True,
            always_by="replace_start_date",
            owned=True,
            clearable=False,
            format="YYYY-MM-DD",
            example="2026-02-01",
        ),
        Field(
            ours="end_date",
            remote="avgdatum",
            owned=True,
            format="YYYY-MM-DD",
            example="2026-08-31",
            note="A file cannot take an end date away: the standard does not say how. The log then says what to do by "
            "hand.",
        ),
        Field(ours="first_day_of_work", unsupported="A PAXml file has only the employment date and the leaving date."),
        Field(ours="last_day_of_work", unsupported="A PAXml file has only the employment date and the leaving date."),
        Field(
            ours="probation_end",
            unsupported="A PAXml file has no date for the end of a probation, only the employment form PROV.",
        ),
        Field(
            ours="contract_type",
            remote="anstform",
            codes={
                "permanent": "FAST",
                "probation": "PROV",
                "temporary": "VISSTID",
                "substitute": "VIKARIAT",
                "seasonal": "SÄSONG",
                "casual": "VISSTID",
                "trainee": "PRAKTIK",
                "job_training_program": "PRAKTIK",
                "consultant": None,
                "freelance": None,
                "third_party": None,
                "other": None,
            },
            table="employment_forms",
            choices=tuple(code for code, _ in EMPLOYMENT_FORMS),
            clearable=False,
            example="FAST",
        ),
        Field(
            ours="occupation_code",
            remote="befattningskod",
            enabled_by="send_occupation_code",
            allowed=CHARACTERS,
            allowed_note=CHARACTERS_NOTE,
            clearable=False,
            note=f"The standard does not say which code system it is; {occupations.SWEDEN.name} is Sweden's own, with "
            f"{occupations.SWEDEN.form}.",
            example=occupations.SWEDEN.example,
        ),
        Field(
            ours="remuneration_type",
            remote="lonform",
            codes={"monthly": "MÅN", "hourly": "TIM", "commission": None, "fee": None, "piecework": None},
            table="pay_forms",
            choices=tuple(code for code, _ in PAY_FORMS),
            clearable=False,
            note="The amount is never sent.",
            example="MÅN",
        ),
        Field(
            ours="percentage",
            remote="sysgrad",
            minimum=Decimal(0),
            maximum=Decimal(100),
            decimals=2,
            clearable=False,
            note="Dated with the position's first day, so that Crona Lön can keep the earlier percentage.",
            format="number with a point",
            example="75",
        ),
        Field(
            ours="weekly_hours",
            unsupported="A person in a PAXml file has no weekly hours, only the percentage; hours go by day, in "
            "schedules.",
        ),
        Field(
            ours="working_hours_scheme",
            unsupported="A person in a PAXml file has no working-hours scheme; choose the schedule in Crona Lön.",
        ),
        Field(ours="end_reason", unsupported="A PAXml file has a leaving date, but not the reason."),
        Field(ours="notice_date", unsupported="A PAXml file has no date of notice."),
    ),
    calls=Calls(create=0, update=0, unchanged=0),
    limits=Limits(note="A file has no limit: one holds everybody who changed since the one before was fetched."),
    causes=(
        Cause(
            "employee_number_missing",
            "No employee number",
            "Fill in the employee number here, by which alone a file names a person in Crona Lön; it is sent when you "
            "save.",
        ),
    ),
    move_note="A changed start date is sent as the corrected employment date; there is one record for each employee.",
)


class CronaLonConnector(Connector):
    system = SYSTEM

    # -- connection --------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        """Nothing can be asked there: what is known here, and what a person makes sure of there."""
        return list(self._check_lines())

    def _check_lines(self) -> Iterator[CheckLine]:
        yield CheckLine(
            True,
            "There is no connection to test",
            "Crona Lön gets files that a person imports. Nothing is called and nothing there can be looked at, so "
            "whether a file was taken is seen in Crona Lön only.",
        )
        number = digits_of(self.settings.get("organization_number"))
        settings = "This connection > Settings"
        if _is_organization_number(number):
            yield CheckLine(True, f"The files are for {number[:6]}-{number[6:]}", "The last digit fits the others.")
        else:
            yield CheckLine(
                False,
                "Organization number",
                f"{number or 'An empty one'} is not a Swedish organization number: its last digit does not fit the "
                "others.",
                settings,
            )
        if self.settings.get("send_cost_centre") and self.settings.get("send_department"):
            yield CheckLine(
                False,
                "One source for the cost centre",
                "Both the cost centre and the department are switched on, but the file has one cost centre.",
                f"{settings} > What is sent",
            )
        yield CheckLine(
            True,
            "By hand: the same employee numbers",
            "Each employee's number here must be the employment number (anställningsnummer) there.",
            "Crona Lön's personnel register",
        )
        if self.settings.get("send_cost_centre") or self.settings.get("send_department"):
            yield CheckLine(
                True,
                "By hand: the same cost centres",
                "The codes that are sent must be cost centres there.",
                "Crona Lön's register of cost centres",
            )
        yield CheckLine(
            True,
            "By hand: carry over each file",
            "Download it, import it as PAXml, read what the import says, then press Mark as imported. Oldest first.",
            "This connection > Files, then Crona Lön's import",
        )

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        """There is nobody to ask: somebody whose number changed here is another person there."""
        return next((found for found in self._by_number(person) if found.id == known_id), None)

    def searches(self, person: Person) -> Sequence[Search]:
        """Our number is believed: nobody can look whom it belongs to there."""
        return (("employee number, unchecked", person.number.strip(), partial(self._by_number, person)),)

    def hint(self, person: Person) -> str:
        self._by_number(person)
        return ""

    def _by_number(self, person: Person) -> list[RemoteEmployee]:
        number = person.number.strip()
        if not number:
            raise EmployeeNotFound(
                f"{person.name or 'The employee'} has no employee number, and a file for Crona Lön names people by it "
                "alone. Fill it in on the employee; it goes into the next file when you save.",
                cause="employee_number_missing",
            )
        for what, text in (("employee number", number), *self._name_and_email(person)):
            if not re.fullmatch(CHARACTERS, text):
                raise DataRefused(
                    f"The {what} holds control characters, which no file can carry. Type it anew on the employee, "
                    "then press Re-sync.",
                    cause="bad_characters",
                )
        return [RemoteEmployee(number, raw=person.id, marks=Marks(number))]

    def _name_and_email(self, person: Person) -> tuple[tuple[str, str], ...]:
        if not self.settings.get("send_name_and_email"):
            return ()
        return ("first name", person.first_name), ("last name", person.last_name), ("e-mail", person.email)

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
        end = values["end_date"]
        # Whoever comes back after a gap is employed anew; what follows at once belongs to the same employment.
        renews = end + timedelta(days=2) if end and self.settings.get("send_start_date") else None
        return [Remote(employee.id, values, raw=record, renews_from=renews)]

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        earlier = self.context.outbox.latest(person.id)
        return self._put(
            employee, person, self._record(employee, person, wanted.values, _counts_from(wanted)), earlier or {}
        )

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
        record = dict(self._record(employee, person, values, _counts_from(wanted)))
        taken_over = bool(employee.position_id) and employee.position_id != wanted.position_id
        if "percentage" not in changes and "sysgrad" in remote.raw and not taken_over:
            record["sysgrad"] = remote.raw["sysgrad"]  # it goes on counting from the day from which it did
        return self._put(employee, person, record, remote.raw)

    def _put(self, employee: RemoteEmployee, person: Person, record: Record, earlier: Record) -> Written:
        self.context.guard()
        warnings = tuple(self._warnings(person, record, earlier))
        filed = self.context.outbox.put(person.id, record)
        return Written(employee.id, warnings, filed.pending, filed.file_id)

    def _warnings(self, person: Person, record: Record, earlier: Record) -> Iterator[Warning]:
        """What a person does beside the import: told once, with the first record that is so, and only of what
        somebody has in a file."""
        number = record["anstid"]
        renumbered = earlier.get("anstid", number) != number
        reopened = "avgdatum" in earlier and "avgdatum" not in record
        given = self.context.outbox.handed_over(person.id) if renumbered or reopened else None
        if given and renumbered and given["anstid"] != number:
            yield Warning(
                f"The employee number was {given['anstid']} in an earlier file and is {number} now. To Crona Lön these "
                "are two people: change the number there by hand before you import the file."
            )
        if given and reopened and given.get("avgdatum"):
            yield Warning(
                f"A file cannot take an end date away. An earlier file gives employee {given['anstid']} the leaving "
                f"date {given['avgdatum']}: import that one and this one first, then clear the leaving date in Crona "
                "Lön by hand.",
                "end_date",
            )
        if self.settings.get("send_national_id") and person.national_id and "persnr" not in record:
            yield Warning("The national id is not in the file: only one of twelve digits can be a cross-check there.")

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
        table = self.settings.get("personnel_types") or {}
        record["personaltyp"] = table.get(PAY_FORM_ROWS.get(values.get("remuneration_type", "")))
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


def _counts_from(wanted: Wanted) -> date | None:
    return wanted.counts_from or wanted.since


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
