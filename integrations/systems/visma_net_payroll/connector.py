"""Visma.net Payroll (Norway), written through the Visma.net Employee API v2.

Every write is a job: the API takes it (202), carries it out later, and says in the job what became of it. A position
is one document, overwritten whole under its ETag; most of its properties are timelines, whose past is never rewritten.

Sources: Visma.net Employee API README, FAQ and changelog (GitHub payroll-no/employee-public-api-docs); Visma
developer pages on Visma Connect, service integrations and the 401 error.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from integrations.sdk import (
    SIGN_IN,
    Change,
    CheckLine,
    Connector,
    CursorPages,
    DataRefusedError,
    Directory,
    EveryMark,
    FieldName,
    Foreign,
    Grant,
    Looking,
    Manager,
    Mark,
    Message,
    Person,
    RateLimitedError,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Seen,
    StaleError,
    Timeline,
    Tokens,
    Trouble,
    UnavailableError,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    at,
    date_of,
    email_of,
    every_row,
    nearest,
    nonsense,
    number_of,
    oauth_trouble,
    plain,
    record_in,
    rows_in,
    sure_date,
    text_of,
)
from integrations.systems.visma_net_payroll import refusals, texts
from integrations.systems.visma_net_payroll.declaration import DIMENSIONS, SYSTEM, label_of
from integrations.systems.visma_net_payroll.timelines import by_day, in_force, with_value

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/vnd.no.payroll.employee.V2.0+json"
# How a position is cancelled, no reason for the end of a real one.
NEVER_REPORTED = "arbeidsforholdetSkulleAldriVaertRapportert"

# What of an employee tells who it is.
IDENTITY = ("id", "number", "personNames", "personIds", "dateOfBirth", "emails")
# Our field -> the position's timeline that carries it.
TIMELINES = {
    "contract_type": "employmentForm",
    "occupation_code": "typeOfWork",
    "percentage": "partTimeFactors",
    "working_hours_scheme": "workTimeAgreement",
    "company": "taxUnitIds",
}
# Our field -> the setting that gives a new position's value where ours is empty.
BY_SETTINGS = {
    "working_hours_scheme": "work_time_agreement",
    "company": "tax_unit",
    "remuneration_type": "salary_type",
}

SUCCEEDED = ("Succeeded", "Done")  # "Done" is what it was called before 2021-06-30
RUNNING = ("NotStarted", "InProgress")


def _next_page(response: Response | None) -> str:
    cursor = response.json_object().get("cursor") if response else None
    return str(cursor.get("nextToken") or "") if isinstance(cursor, dict) else ""


PAGES = CursorPages("cursor", _next_page, {})  # changelog, 1.0.4: the other parameters are repeated with the cursor


def _ours(field: str, value: Any) -> Any:
    """A timeline's value in the form in which translated values come: ids in lower case, a percentage as Decimal."""
    if field == "percentage":
        return number_of(value)
    return str(value).lower() if field in ("working_hours_scheme", "company") else str(value)


def _said(value: Any) -> Any:
    """A value as JSON takes it: a percentage is a number there."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


# -- the connector ---------------------------------------------------------------------------------------


class VismaNetPayrollConnector(Connector):
    system = SYSTEM
    refusals = refusals.REFUSALS

    page_size: ClassVar[int] = 100
    sight_size: ClassVar[int] = SYSTEM.sight.page
    poll_pauses: ClassVar[Sequence[float]] = (0.25, 0.5, 1, 2, 3)  # seconds between looks at a job; the last repeats
    poll_budget: ClassVar[float] = 30  # seconds after which a job's outcome counts as unclear

    def setup(self) -> None:
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in, made_for=(self.settings["scope"],))
        self.http.headers = {"Accept": MEDIA_TYPE}
        self._settled: set[str] = set()  # employees of whom no job runs any more
        self._indexed = False  # whether everybody has been listed
        self._sunset = ""

    # -- calls -------------------------------------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials["client_id"],
            "client_secret": self.credentials["client_secret"],
            "tenant_id": self.credentials["tenant_id"],
            "scope": self.settings["scope"],
        }
        classify = self.judging(rows=refusals.SIGN_IN, read=oauth_trouble)
        return self.oauth(self.context.urls["token"], form, classify, "scope", headers={"Accept": "application/json"})

    def trouble(self, response: Response) -> Trouble | None:
        return refusals.trouble(response)

    def classify(self, response: Response) -> None:
        if sunset := response.headers.get("Sunset", ""):
            if not self._sunset:
                log.warning("Visma.net Employee API v2 announces its end: %s", sunset)
            self._sunset = sunset
        super().classify(response)

    # -- checking ----------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        lines, reads = self.try_each(
            (SIGN_IN, texts.CREDENTIALS_PLACE, self._check_sign_in),
            (texts.READING, texts.READING_PLACE, self._check_reading),
            (texts.WRITING, texts.APP_STORE, self._check_writing),
            (texts.TAX_UNITS, texts.APP_STORE, partial(self._check_register, "taxUnits", "tax_unit")),
            (
                texts.AGREEMENTS,
                texts.APP_STORE,
                partial(self._check_register, "workTimeAgreements", "work_time_agreement"),
            ),
            needed=2,
        )
        if not reads:
            return lines
        if missing := self._missing_for_new():
            found = texts.NOT_CREATED(missing=missing)
            place = texts.SETTING_PLACE(setting=texts.NEW_POSITIONS)
            lines.append(CheckLine(False, texts.NEW_POSITIONS, found, place))
        else:
            lines.append(CheckLine(True, texts.NEW_POSITIONS, texts.ALL_THERE()))
        if self._sunset:
            lines.append(CheckLine(True, texts.VERSION, texts.SUNSET(day=self._sunset)))
        return lines

    def _check_sign_in(self) -> Message:
        self.tokens.get()
        return texts.SIGNED_IN()

    def _check_reading(self) -> Message:
        self.http.get("employees", params={"page-size": 1})
        return texts.READABLE()

    def _check_writing(self) -> CheckLine | Message:
        granted = self.tokens.kept("scope").split()
        asked = [s for s in self.settings["scope"].split() if s.endswith(":write")]
        if not granted:
            return texts.WRITABLE_PERHAPS()
        return texts.WRITABLE() if set(asked) <= set(granted) else CheckLine(False, "", texts.READ_ONLY())

    def _check_register(self, path: str, setting: str) -> CheckLine | Message:
        """The register's names with their ids, to copy into the settings; and whether the chosen ids are in it."""
        rows = self.pages(PAGES, path, rows=_page, headers={"Accept": "application/json"})
        names = {str(row["id"]).lower(): _name_of(row) for row in rows}
        chosen = [self.settings.get(setting), *(self.settings.get(f"{setting}s") or {}).values()]
        strange = {str(c) for c in chosen if c and str(c).strip().lower() not in names}
        if strange:
            place = texts.SETTING_PLACE(setting=label_of(setting))
            return CheckLine(False, "", texts.STRANGE(ids=tuple(sorted(strange))), place)
        entries = tuple(texts.ENTRY(name=name, id=key) for key, name in list(names.items())[:50])
        return texts.ENTRIES(entries=entries or (texts.NONE,))

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        if self._indexed:
            row = self._everybody.get(known_id)
            return _employee(row, person) if row else None
        answer = self.get_or_none(f"employees/{known_id}", refusals.MISSING)
        return _employee({**answer.json_object(), "id": known_id}, person) if answer is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        marks = (
            (Mark.NUMBER, person.number.strip()),
            (Mark.NATIONAL_ID, plain(Mark.NATIONAL_ID, person.national_id)),
            (Mark.EMAIL, email_of(person.email)),
        )
        return tuple((mark, value, partial(self._with_mark, mark, value, person)) for mark, value in marks)

    def hint(self, person: Person) -> Message:
        return texts.DRAFTS_UNSEEN()

    def _with_mark(self, mark: Mark, value: str, person: Person) -> list[RemoteEmployee]:
        return [_employee(row, person) for row in self._everybody.by(mark, value)]

    @property
    def _everybody(self) -> Directory[Mapping[str, Any]]:
        """Once per turn: the API has no search."""

        def load() -> Directory[Mapping[str, Any]]:
            directory = Directory[Mapping[str, Any]]()
            asked = {"page-size": self.page_size}
            for row in self.pages(PAGES, "employees", asked, rows=_page, keep_answer=False):
                directory.add(
                    str(row["id"]),
                    {name: row.get(name) for name in IDENTITY},
                    number=text_of(row.get("number")) or "",
                    national_id=[str(one.get("id") or "") for one in row.get("personIds") or []],
                    email=[email_of(mail.get("address")) for mail in row.get("emails") or []],
                )
            self._indexed = True
            return directory

        return self.once("employees", load)

    # -- positions ---------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        positions = [p for p in self._positions(employee) if _reason(p) != NEVER_REPORTED]
        remotes = self._remotes(positions)
        if self.settings.get("send_manager"):
            remotes = [self._with_manager(r, p, employee.raw) for r, p in zip(remotes, positions, strict=True)]
        return remotes

    def _remotes(self, positions: Iterable[Mapping[str, Any]]) -> list[Remote]:
        return [self._remote(p) for p in positions if _reason(p) != NEVER_REPORTED]

    # -- managers ----------------------------------------------------------------------------------------

    def _manager_ids(self, manager: Manager) -> tuple[str, ...]:
        """The employees there who may be this manager, by number, else by e-mail."""
        everybody = self._everybody
        ways = ((Mark.NUMBER, manager.number.strip()), (Mark.EMAIL, email_of(manager.email)))
        found = (everybody.by(mark, value) for mark, value in ways if value)
        return next((tuple(str(row["id"]) for row in rows) for rows in found if rows), ())

    def _with_manager(self, remote: Remote, position: Mapping[str, Any], ours: Manager | None) -> Remote:
        """No public contract shows more than the name: what has another form than an id or values with dates is
        somebody's, and whether one that is not there is none or not shown nobody says."""
        if "manager" not in position:
            return replace(remote, left_out=remote.left_out | {"manager"})
        said = position["manager"]
        found = self._manager_number(ours, said) if _known_form(said) else Foreign(json.dumps(said))
        return replace(remote, values={**remote.values, "manager": found})

    def _manager_number(self, ours: Manager | None, said: Any) -> str | None:
        """The manager there, as we number managers here: theirs may be matched by something else than the number."""
        theirs = self._manager_id(said)
        if theirs is None:
            return None
        if ours is not None and self._manager_ids(ours) == (theirs,):
            return ours.number or ours.email
        row = self._everybody.get(theirs)
        return (text_of(row.get("number")) if row else None) or theirs

    def _manager_id(self, said: Any) -> str | None:
        """Out of an id as it is, or of the value that holds today."""
        if isinstance(said, list):
            entry = in_force(said, self.context.today)
            said = entry.get("value") if entry else None
        return text_of(said)

    def _put_manager(self, body: dict[str, Any], person: Person, number: str | None, start: date) -> Warning | None:
        """As an id, or from today on where values with dates stand there; a warning where nobody is found."""
        ids = self._manager_ids(person.manager or Manager(str(number))) if number else ()
        if number and len(ids) != 1:
            said = texts.MANAGER_NOT_UNIQUE(found=len(ids), number=number) if ids else None
            return Warning(said or texts.MANAGER_MISSING(number=number), "manager")
        there, new = body.get("manager"), ids[0] if ids else None
        _put(body, "manager", with_value(there, new, self.context.today, start) if isinstance(there, list) else new)
        return None

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """ "Embedding": the list brings the positions along. Who is shown without any mention of them is asked for."""

        def see(id: str, row: Mapping[str, Any]) -> Looking:
            marks, embedded = _marks(row), row.get("_embedded")
            if isinstance(embedded, dict) and isinstance(positions := embedded.get("positions"), list):
                yield self.seen(id, marks, lambda: self._remotes(positions))
            else:
                fetch = partial(self._positions, RemoteEmployee(id))
                yield from self.asking(
                    Seen(id, marks), fetch, lambda found: self.seen(id, marks, lambda: self._remotes(found))
                )

        asked = {"page-size": self.sight_size, "embed": "(positions)"}
        yield from self.looking(self.paged(PAGES, "employees", asked, rows=_rows, keep_answer=False), "id", see)

    def _positions(self, employee: RemoteEmployee) -> list[dict[str, Any]]:
        gone = self.judging(refusals.GONE, employee=employee.id)
        return list(self.pages(PAGES, f"employees/{employee.id}/positions", rows=_page, classify=gone))

    def _remote(self, position: Mapping[str, Any]) -> Remote:
        start, end = sure_date(position.get("activeStart")), sure_date(position.get("activeEnd"))
        values: dict[str, Any] = {"start_date": start, "end_date": end, "end_reason": _reason(position) or None}
        rows = self._rows(position)
        day = nearest(self.context.today, start or self.context.today, end)
        values |= {field: at(timeline, day) for field, timeline in rows.items()}
        if self.settings.get("send_remuneration_type"):
            values["remuneration_type"] = _salary_type(position, day)
        # HR dates no change of the employer: another one counts from today.
        return Remote(str(position["id"]), values, raw=position, rows={k: v for k, v in rows.items() if k != "company"})

    def _rows(self, position: Mapping[str, Any]) -> dict[str, Timeline]:
        """What is dated there, by day."""
        rows: dict[str, Timeline] = {
            field: by_day(position.get(name) or [], partial(_ours, field)) for field, name in TIMELINES.items()
        }
        for field, setting in DIMENSIONS.items():
            if number := str(self.settings.get(setting) or "").strip():
                rows[field] = by_day(_dimension(position, number).get("dimensionValues") or [], str)
        return rows

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        if missing := self._missing_for_new(wanted.values):
            raise DataRefusedError(texts.VALUES_MISSING(missing=missing))
        self._wait_for_earlier(employee)
        body = self._new(wanted)
        manager = self._put_manager(body, person, wanted.values.get("manager"), wanted.start)
        job = self._write("POST", employee, f"employees/{employee.id}/positions", body)
        warnings = (*([manager] if manager else []), *self._warnings(job, body))
        filled = frozenset(field for field in BY_SETTINGS if not wanted.values.get(field))
        return Written(self._created(employee, wanted, job), warnings, not_ours=filled)

    def _new(self, wanted: Wanted) -> dict[str, Any]:
        """The document of a new position."""
        values, kind = wanted.values, self._salary_type(wanted.values)
        body: dict[str, Any] = {
            "activeStart": wanted.start.isoformat(),
            "typeOfPosition": self.settings["type_of_position"],
            **{name: [{"value": _said(values.get(field))}] for field, name in TIMELINES.items()},
            "salaryInformation": [
                {
                    "salaryType": "Period",
                    "contractSalaryType": kind,
                    f"{kind.lower()}Salary": format(Decimal(str(self._salary(kind)).replace(",", ".")), "f"),
                }
            ],
        }
        for field in ("working_hours_scheme", "company"):
            value = values.get(field) or str(self.settings.get(BY_SETTINGS[field])).strip().lower()
            body[TIMELINES[field]] = [{"value": value}]
        if wanted.end:
            body["activeEnd"] = wanted.end.isoformat()
        if values.get("end_reason"):
            body["positionEndReason"] = [values["end_reason"]]
        dimensions = [
            {"dimension": str(self.settings[setting]).strip(), "dimensionValues": [{"value": values[field]}]}
            for field, setting in DIMENSIONS.items()
            if values.get(field)
        ]
        return {**body, "accountingDimensions": dimensions} if dimensions else body

    def _salary_type(self, values: Mapping[str, Any]) -> str:
        return str(values.get("remuneration_type") or self.settings["salary_type"])

    def _salary(self, kind: str) -> Any:
        """The amount of a new position's salary, None where the settings have none of that kind."""
        by_kind = (self.settings.get("salaries") or {}).get(kind)
        own = self.settings.get("salary") if kind == self.settings["salary_type"] else None
        return by_kind if by_kind not in (None, "") else own

    def _missing_for_new(self, values: Mapping[str, Any] | None = None) -> tuple[Message, ...]:
        """What only the settings can give a new position, and do not."""
        given = values or {}
        kind = self._salary_type(given)
        salary = "salary" if kind == self.settings["salary_type"] else "salaries"
        needs = {
            salary: self._salary(kind) not in (None, ""),
            "work_time_agreement": given.get("working_hours_scheme"),
            "tax_unit": given.get("company"),
        }
        return tuple(
            texts.QUOTED(name=label_of(name))
            for name, value in needs.items()
            if not value and (name == salary or self.settings.get(name) in (None, ""))
        )

    def _created(self, employee: RemoteEmployee, wanted: Wanted, job: Mapping[str, Any]) -> str:
        """The new position's id: the job names it, or it is found by its start date."""
        made = str(job.get("artifactId") or "")
        if made and made != employee.id:
            return made
        rows = [p for p in self._positions(employee) if _reason(p) != NEVER_REPORTED]
        found = [p for p in rows if sure_date(p.get("activeStart")) == wanted.start]
        if len(found) != 1:
            raise UnclearOutcomeError(texts.NOT_SHOWN_YET())
        return str(found[0]["id"])

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        self._wait_for_earlier(employee)
        path = f"employees/{employee.id}/positions/{remote.id}"
        response = self.get_or_none(path, refusals.MISSING)
        if response is None:
            raise StaleError(texts.POSITION_GONE())
        version = response.headers.get("ETag", "")
        if not version:
            raise UnavailableError(texts.NO_VERSION())
        body = record_in(response)
        if self._remote(body) != self._remote(remote.raw):
            raise StaleError(texts.POSITION_CHANGED())
        warnings = self._change(body, remote, changes, person)
        if len(warnings) == len(changes):
            raise DataRefusedError(warnings[0].said, field=warnings[0].field)
        job = self._write("PUT", employee, path, body, {"If-Match": version})
        return Written(remote.id, (*warnings, *self._warnings(job, body)))

    def guards(self, remote: Remote, changes: Mapping[str, Change], wanted: Wanted) -> bool:
        """`update` reads the position once more, and writes with the ETag of what it read."""
        return True

    def _change(
        self, body: dict[str, Any], remote: Remote, changes: Mapping[str, Change], person: Person
    ) -> list[Warning]:
        """Puts the changes into the document; what it must not take becomes a warning."""
        start = remote.start or self.context.today
        end = changes["end_date"].new if "end_date" in changes else remote.end
        day = nearest(self.context.today, start, end)
        warnings = []
        for field, change in changes.items():
            if field == "end_date":
                _put(body, "activeEnd", change.new and change.new.isoformat())
                if change.new is None and "end_reason" not in changes:
                    body.pop("positionEndReason", None)  # a reason for the end goes with the end
            elif field == "end_reason":
                _put(body, "positionEndReason", change.new and [change.new])
            elif end is not None and end < self.context.today:
                warnings.append(Warning(texts.IS_OVER(end=end, field=FieldName(field)), field))
            elif field == "manager":
                told = self._put_manager(body, person, change.new, start)
                warnings += [told] if told else []
            else:
                for since, value in change.rows or ((day, change.new),):
                    self._put(body, field, value, since, start)
        return warnings

    def _put(self, body: dict[str, Any], field: str, value: Any, day: date, start: date) -> None:
        """From the day on, until the next entry there."""
        if field in TIMELINES:
            name = TIMELINES[field]
            body[name] = with_value(body.get(name) or [], _said(value), day, start)
            return
        number = str(self.settings[DIMENSIONS[field]]).strip()
        parts = body.setdefault("accountingDimensions", [])
        part = _dimension(body, number)
        if not part:
            part.update({"dimension": number, "dimensionValues": []})
            parts.append(part)
        part["dimensionValues"] = with_value(part.get("dimensionValues") or [], value, day, start)
        if not part["dimensionValues"]:
            parts.remove(part)

    # -- jobs --------------------------------------------------------------------------------------------

    def _write(
        self,
        method: str,
        employee: RemoteEmployee,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """Sends a write and gives the job that carried it out."""
        self._settled.discard(employee.id)
        response = self.http.request(
            method,
            path,
            json=body,
            headers={"Content-Type": MEDIA_TYPE, **(headers or {})},
            classify=self.judging(call="write"),
        )
        address = urljoin(self.context.urls["api"], response.headers.get("Location", ""))
        if not response.headers.get("Location") or urlsplit(address)[:2] != urlsplit(self.context.urls["api"])[:2]:
            raise UnclearOutcomeError(texts.NOWHERE_TO_FOLLOW())
        job = self._finished(address)
        self._settled.add(employee.id)
        if job["status"] in SUCCEEDED:
            return job
        results = _results(job)
        raise DataRefusedError(
            texts.NOT_CARRIED_OUT(),
            field=next((f for r in results if (f := self._field_of(r, body))), ""),
            vendor_text=" ".join(_words(r) for r in results)[:300] or str(job.get("message") or "")[:300],
            vendor_code=next((str(r["messageCode"]) for r in results if r.get("messageCode")), "Failed"),
        )

    def _finished(self, address: str) -> Mapping[str, Any]:
        """Looks at a job until it has ended."""
        deadline = time.monotonic() + self.poll_budget
        looks = 0
        while True:
            wait = 0.0
            try:
                response = self.get_or_none(address, refusals.MISSING)  # None: it is not shown yet
                job = response.json() if response else {}
                if isinstance(job, dict) and job.get("status") in (*SUCCEEDED, "Failed"):
                    return job
            except (UnavailableError, RateLimitedError) as error:
                wait = error.wait or 0.0
            pause = max(wait, self.poll_pauses[min(looks, len(self.poll_pauses) - 1)])
            looks += 1
            if time.monotonic() + pause > deadline:
                raise UnclearOutcomeError(texts.STILL_RUNNING(seconds=round(self.poll_budget)))
            time.sleep(pause)

    def _wait_for_earlier(self, employee: RemoteEmployee) -> None:
        """Ends what an earlier try may have left running: a position whose job still runs is not in the list yet, and
        making it again would make it twice."""
        if employee.id in self._settled:
            return
        path = f"employees/{employee.id}/positions/jobs"
        running = [job for job in self._jobs(path) if job.get("status") in RUNNING]
        for job in running:
            self._finished(f"{path}/{job['id']}")
        self._settled.add(employee.id)
        if running:
            raise StaleError(texts.EARLIER_CHANGE())

    def _jobs(self, path: str) -> Iterator[dict[str, Any]]:
        """None where there is no such list."""
        ask = partial(self.get_or_none, path, refusals.MISSING)
        return every_row(PAGES, lambda asked: ask(params=asked), _page, system=SYSTEM.name)

    def _warnings(self, job: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[Warning, ...]:
        """What a job that succeeded left out (FAQ: a salary without its type, for one)."""
        return tuple(
            Warning(texts.PART_LEFT_OUT(words=_words(result)), self._field_of(result, body)) for result in _results(job)
        )

    def _field_of(self, result: Mapping[str, Any], body: Mapping[str, Any]) -> str:
        """Our field behind a validation result, "" when it is none of ours."""
        path = str(result.get("jsonPath") or "")
        if at := re.search(r"accountingDimensions\[(\d{1,6})\]", path):
            parts = body.get("accountingDimensions") or []
            number = str(parts[int(at[1])].get("dimension")) if int(at[1]) < len(parts) else ""
            return next((f for f, s in DIMENSIONS.items() if number and str(self.settings.get(s)) == number), "")
        names = re.findall(r"[A-Za-z]+", path)
        sent = [f for f in SYSTEM.fields if f.sent(self.settings)]
        return next((f.ours for f in sent if f.remote in names and f.ours not in DIMENSIONS), "")


def _rows(response: Response) -> list[dict[str, Any]]:
    """A list, given plain or in pages."""
    return rows_in(response, *(("data",) if response.json_object() else ()))


def _page(response: Response | None) -> list[dict[str, Any]]:
    """The same, of which nothing is without an id."""
    if response is None:
        return []
    rows = _rows(response)
    if not all(row.get("id") for row in rows):
        raise nonsense(response)
    return rows


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    """What a PUT leaves out is deleted there."""
    if value is None:
        body.pop(name, None)
    else:
        body[name] = value


def _known_form(manager: Any) -> bool:
    """A position's manager as an id, or as values with dates."""
    if isinstance(manager, list):
        return all(isinstance(one, dict) and isinstance(one.get("value"), str | None) for one in manager)
    return isinstance(manager, str | None)


def _reason(position: Mapping[str, Any]) -> str:
    """Why the position ended, "" without a reason. It is a list of them in older contracts."""
    reasons = position.get("positionEndReason") or ""
    return str((reasons[0] if reasons else "") if isinstance(reasons, list) else reasons)


def _salary_type(position: Mapping[str, Any], day: date) -> str | None:
    """The kind of the salary that holds, as we spell it: both "monthly" and "Hourly" are seen."""
    entry = in_force(position.get("salaryInformation") or [], day) or {}
    return (text_of(entry.get("contractSalaryType")) or "").capitalize() or None


def _dimension(position: Mapping[str, Any], number: str) -> dict[str, Any]:
    parts = position.get("accountingDimensions") or []
    return next((p for p in parts if str(p.get("dimension")) == number), {})


def _results(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every validation result, also those of the job's parts."""
    parts = [job, *(a for a in job.get("artifacts") or [] if isinstance(a, dict))]
    return [r for part in parts for r in part.get("validationResults") or [] if isinstance(r, dict)]


def _words(result: Mapping[str, Any]) -> str:
    text = str(result.get("message") or result.get("messageCode") or "").strip()
    return text if text.endswith((".", "!", "?")) else f"{text}." if text else texts.NO_REASON


def _name_of(row: Mapping[str, Any]) -> str:
    """The pages do not show what a register's row looks like: the first text that reads like a name."""
    return next(
        (str(row[k]) for k in ("name", "description", "displayName", "title") if row.get(k)), texts.WITHOUT_NAME
    )


def _marks(row: Mapping[str, Any]) -> EveryMark:
    names = (row.get("personNames") or [{}])[-1]
    first, last = (text_of(names.get(name)) or "" for name in ("firstName", "lastName"))
    emails = tuple(str(mail.get("address") or "") for mail in row.get("emails") or [])
    national_ids = tuple(str(one.get("id") or "") for one in row.get("personIds") or [])
    born = date_of(row.get("dateOfBirth"))
    return EveryMark((text_of(row.get("number")) or "",), national_ids, emails, born, first, last)


def _employee(row: Mapping[str, Any], person: Person) -> RemoteEmployee:
    return RemoteEmployee(str(row["id"]), raw=person.manager, marks=_marks(row).beside(person))
