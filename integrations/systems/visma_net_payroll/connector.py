"""Visma.net Payroll (Norway), written through the Visma.net Employee API v2.

Every write is a job: the API takes it (202), carries it out later, and says in the job what became of it. A position
is one document, overwritten whole under its ETag; most of its properties are timelines, whose past is never rewritten.

Sources: Visma.net Employee API README, FAQ and changelog (GitHub payroll-no/employee-public-api-docs); Visma
developer pages on Visma Connect, service integrations and the 401 error.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from integrations.sdk import (
    BY_KEY,
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    EmployeeNotFoundError,
    Grant,
    Mark,
    Marks,
    NotAuthorizedError,
    Person,
    RateLimitedError,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    StaleError,
    Tokens,
    UnavailableError,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    date_of,
    digits_of,
    email_of,
    number_of,
    oauth_grant,
    raise_for_trouble,
    sure_date,
    text_of,
    which,
)
from integrations.systems.visma_net_payroll.declaration import DIMENSIONS, NEW, SYSTEM

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/vnd.no.payroll.employee.V2.0+json"
# How a position is cancelled, no reason for the end of a real one.
NEVER_REPORTED = "arbeidsforholdetSkulleAldriVaertRapportert"

# Our field -> the position's timeline that carries it.
# What of an employee tells who it is.
IDENTITY = ("id", "number", "personNames", "personIds", "dateOfBirth", "emails")
TIMELINES = {
    "contract_type": "employmentForm",
    "occupation_code": "typeOfWork",
    "percentage": "partTimeFactors",
    "working_hours_scheme": "workTimeAgreement",
    "company": "taxUnitIds",
}

SUCCEEDED = ("Succeeded", "Done")  # "Done" is what it was called before 2021-06-30
RUNNING = ("NotStarted", "InProgress")

APP_STORE = "Visma App Store, in the company: approve the application with Read employees and Write employees"
CREDENTIALS = "the connection's credentials, and Visma Developer Portal > the application > Credentials"


# -- timelines -------------------------------------------------------------------------------------------

Entry = dict[str, Any]


def _starts(entry: Mapping[str, Any]) -> date:
    return sure_date(entry.get("activeStart")) or date.min


def _day_before(day: date) -> str:
    return (day - timedelta(days=1)).isoformat()


def in_force(timeline: Sequence[Entry], day: date) -> Entry | None:
    """The entry that holds on `day`; a missing start or end is open."""
    holding = [e for e in timeline if _starts(e) <= day <= (sure_date(e.get("activeEnd")) or date.max)]
    return max(holding, key=_starts, default=None)


def with_value(timeline: Sequence[Entry], value: Any, day: date, start: date) -> list[Entry]:
    """The timeline with `value` from `day` on (None: nothing from `day` on), its past as it was.

    The entry in force is closed the day before and the new one runs as long as it would have. An entry that begins
    on `day` itself (one without a start begins with the position, on `start`) is corrected in place.
    """
    entries = [dict(e) for e in timeline]
    current = in_force(entries, day)
    if current is None:
        if value is not None:
            later = min((_starts(e) for e in entries if _starts(e) > day), default=None)
            until = {"activeEnd": _day_before(later)} if later else {}
            entries.append({"value": value, "activeStart": day.isoformat(), **until})
    elif max(_starts(current), start) >= day:
        if value is None:
            entries.remove(current)
        else:
            current["value"] = value
    else:
        until = {"activeEnd": current["activeEnd"]} if current.get("activeEnd") else {}
        current["activeEnd"] = _day_before(day)
        if value is not None:
            new = {"value": value, "activeStart": day.isoformat(), **until}
            entries.insert(entries.index(current) + 1, new)
    return entries


def effective_day(today: date, start: date, end: date | None) -> date:
    """From when a change counts: today, but never outside the position."""
    day = max(today, start)
    return min(day, end) if end else day


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

    page_size: ClassVar[int] = 100
    poll_pauses: ClassVar[Sequence[float]] = (0.25, 0.5, 1, 2, 3)  # seconds between looks at a job; the last repeats
    poll_budget: ClassVar[float] = 30  # seconds after which a job's outcome counts as unclear

    def setup(self) -> None:
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in, made_for=(self.settings["scope"],))
        self.http.headers = {"Accept": MEDIA_TYPE}
        self._settled: set[str] = set()  # employees of whom no job runs any more
        self._sunset = ""

    # -- tokens ------------------------------------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        response = self.http.post(
            self.context.urls["token"],
            data={
                "grant_type": "client_credentials",
                "client_id": self.credentials["client_id"],
                "client_secret": self.credentials["client_secret"],
                "tenant_id": self.credentials["tenant_id"],
                "scope": self.settings["scope"],
            },
            headers={"Accept": "application/json"},
            sign=False,
            write=False,
            classify=self._classify_sign_in,
        )
        return oauth_grant(response, "scope")

    @staticmethod
    def _classify_sign_in(response: Response) -> None:
        raise_for_trouble(response)
        if response.ok:
            return
        code = str(response.json_object().get("error", ""))
        words = {**response.words, **({"vendor_code": code} if code else {})}
        if response.status not in (400, 401, 403):
            raise UnavailableError("Visma Connect gave no access token.", **words)
        if code == "invalid_client":
            message = "Visma Connect refused the client id or the client secret. Make a new secret in Visma Developer "
            message += "Portal > the application > Credentials, and enter it in this connection."
        elif code == "invalid_scope":
            message = "Visma Connect refused the scopes. Add the integration Visma.net Employee API with reading and "
            message += "writing of employees to the application in Visma Developer Portal."
        else:
            message = "Visma Connect refused to sign in to this company. Check the tenant id in this connection, and "
            message += "that the application is approved for the company in Visma App Store."
        raise NotAuthorizedError(message, **words)

    # -- calls -------------------------------------------------------------------------------------------

    def classify(self, response: Response) -> None:
        if sunset := response.headers.get("Sunset", ""):
            if not self._sunset:
                log.warning("Visma.net Employee API v2 announces its end: %s", sunset)
            self._sunset = sunset
        if response.status == 401:
            # docs.vismasoftware.no, "fix401error": the customer's tenant id gets a token that no call accepts.
            raise NotAuthorizedError(
                "Visma.net Payroll refuses our access although signing in worked. Usually the tenant id is the "
                "customer's: enter the company's own tenant id, and check that the application is approved for that "
                "company in Visma App Store.",
                **response.words,
            )
        if response.status == 403:
            raise NotAuthorizedError(
                "Visma.net Payroll says that the application lacks a right. Grant it Read employees and Write "
                "employees for this company in Visma App Store.",
                **response.words,
            )
        raise_for_trouble(response)

    def _get(self, path: str, **kwargs: Any) -> Response | None:
        """The answer to a read, None when there is no such thing."""
        response = self.http.get(path, **kwargs)
        if response.status == 404:
            return None
        if not response.ok:
            raise UnavailableError(
                "It did not accept a request that only reads.",
                **response.words,
            )
        return response

    def _rows(self, path: str, params: Mapping[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]] | None:
        """Every row of a list, given plain or in pages; None when there is no such list."""
        rows: list[dict[str, Any]] = []
        seen = {""}
        cursor = ""
        while True:
            # Changelog, version 1.0.4: the other parameters are repeated with the cursor.
            asked = {**(params or {}), **({"cursor": cursor} if cursor else {})}
            response = self._get(path, params=asked, **kwargs)
            if response is None:
                return None
            answer = response.json()
            page = answer.get("data") if isinstance(answer, dict) else answer
            if not isinstance(page, list) or not all(isinstance(row, dict) and row.get("id") for row in page):
                raise UnavailableError("Its list has a form that is not known.", **response.words)
            rows += page
            cursor = str((answer.get("cursor") or {}).get("nextToken") or "") if isinstance(answer, dict) else ""
            if not cursor:
                return rows
            if cursor in seen:
                raise UnavailableError("Its list of pages goes round in a circle.")
            seen.add(cursor)

    # -- checking ----------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        lines, reads = self.try_each(
            ("Sign in", CREDENTIALS, self._check_sign_in),
            ("Read employees", f"the tenant id in the connection's credentials, or {APP_STORE}", self._check_reading),
            ("Write employees", APP_STORE, self._check_writing),
            ("Tax units", APP_STORE, lambda: self._check_register("taxUnits", "tax_unit")),
            (
                "Work-time agreements",
                APP_STORE,
                lambda: self._check_register("workTimeAgreements", "work_time_agreement"),
            ),
            needed=2,
        )
        if not reads:
            return lines
        missing = self._missing_for_new()
        lines.append(
            CheckLine(
                not missing,
                NEW,
                "All there" if not missing else f"Without {_listed(missing)}, positions are updated but not created.",
                "" if not missing else f"the connection's settings > {NEW}",
            )
        )
        if self._sunset:
            lines.append(
                CheckLine(True, "Version of the API", f"Visma announces the end of this version: {self._sunset}")
            )
        return lines

    def _check_sign_in(self) -> str:
        self.tokens.get()
        return "Visma Connect gave an access token"

    def _check_reading(self) -> str:
        self._get("employees", params={"page-size": 1})
        return "The list of employees can be read"

    def _check_writing(self) -> CheckLine | str:
        granted = self.tokens.kept("scope").split()
        asked = [s for s in self.settings["scope"].split() if s.endswith(":write")]
        if granted and not set(asked) <= set(granted):
            return CheckLine(False, "", "The application may read employees but not write them.")
        if not granted:
            return "Visma Connect does not say; the first position sent will show it"
        return "Granted to the application"

    def _check_register(self, path: str, setting: str) -> CheckLine | str:
        """The register's names with their ids, to copy into the settings; and whether the chosen ids are in it."""
        rows = self._rows(path, headers={"Accept": "application/json"}) or []
        names = {str(row["id"]).lower(): _name_of(row) for row in rows}
        chosen = [self.settings.get(setting), *(self.settings.get(f"{setting}s") or {}).values()]
        strange = sorted({str(c) for c in chosen if c and str(c).strip().lower() not in names})
        if strange:
            where = f"the connection's settings > {SYSTEM.setting(setting).label}"
            return CheckLine(False, "", f"This company does not have: {', '.join(strange)}", where)
        return "; ".join(f"{name}: {key}" for key, name in list(names.items())[:50]) or "None"

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        if "employees" in self._once:
            return next(iter(self._listed("id", known_id, person)), None)
        answer = self._get(f"employees/{known_id}")
        return _employee({**answer.json_object(), "id": known_id}, person) if answer is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        number, email, national_id = person.number.strip(), email_of(person.email), digits_of(person.national_id)
        keys = (("employee number", number), ("national id", national_id), ("e-mail", email))
        return tuple((by, value, partial(self._listed, by, value, person)) for by, value in keys)

    def hint(self, person: Person) -> str:
        return "Drafts there are not seen."

    def _listed(self, by: str, value: str, person: Person) -> list[RemoteEmployee]:
        rows = self.once("employees", self._index).get((by, value), ())
        return [_employee(row, person) for row in rows]

    def _index(self) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
        """Every employee there under each of its keys; the API has no search."""
        index: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in self._rows("employees", {"page-size": self.page_size}) or []:
            keys = {("id", str(row["id"])), ("employee number", str(row.get("number") or "").strip())}
            keys |= {("e-mail", email_of(e.get("address"))) for e in row.get("emails") or []}
            keys |= {("national id", digits_of(p.get("id"))) for p in row.get("personIds") or []}
            kept = {name: row.get(name) for name in IDENTITY}
            for key in keys:
                if key[1]:
                    index.setdefault(key, []).append(kept)
        return index

    # -- positions ---------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        return [self._remote(p) for p in self._positions(employee) if _reason(p) != NEVER_REPORTED]

    def _positions(self, employee: RemoteEmployee) -> list[dict[str, Any]]:
        rows = self._rows(f"employees/{employee.id}/positions")
        if rows is None:
            raise EmployeeNotFoundError(
                "The employee is no longer in Visma.net Payroll. Add the employee there, then press Re-sync."
            )
        return rows

    def _remote(self, position: Mapping[str, Any]) -> Remote:
        start, end = sure_date(position.get("activeStart")), sure_date(position.get("activeEnd"))
        values: dict[str, Any] = {"start_date": start, "end_date": end, "end_reason": _reason(position) or None}
        values |= self._on(position, effective_day(self.context.today, start or self.context.today, end))
        return Remote(str(position["id"]), values, raw=position)

    def _on(self, position: Mapping[str, Any], day: date) -> dict[str, Any]:
        """What is dated there, as it holds on a day."""
        values: dict[str, Any] = {}
        for field, name in TIMELINES.items():
            entry = in_force(position.get(name) or [], day)
            value = entry.get("value") if entry else None
            values[field] = None if value is None else _ours(field, value)
        for field, setting in DIMENSIONS.items():
            if number := str(self.settings.get(setting) or "").strip():
                entry = in_force(_dimension(position, number).get("dimensionValues") or [], day)
                values[field] = str(entry["value"]) if entry and entry.get("value") is not None else None
        return values

    def seen(self, remote: Remote, wanted: Wanted) -> Remote:
        """By what holds on the day from which a change would count; of a position that is over, all that is past."""
        today = self.context.today
        dated = self._on(remote.raw, effective_day(today, wanted.start, wanted.end))
        over = wanted.end is not None and wanted.end < today
        return replace(remote, values={**remote.values, **dated}, past=frozenset(dated if over else ()))

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        values = wanted.values
        missing = self._missing_for_new(values)
        if missing:
            raise DataRefusedError(
                f"Visma.net Payroll makes no position without {_listed(missing)}. Fill it in under this connection's "
                f"settings > {NEW}, then press Re-sync.",
                cause="values_for_new_positions",
            )
        self._wait_for_earlier(employee)
        kind = self.settings["salary_type"]
        body: dict[str, Any] = {
            "activeStart": wanted.start.isoformat(),
            "typeOfPosition": self.settings["type_of_position"],
            **{name: [{"value": _said(values.get(field))}] for field, name in TIMELINES.items()},
            "salaryInformation": [
                {
                    "salaryType": "Period",
                    "contractSalaryType": kind,
                    f"{kind.lower()}Salary": format(Decimal(str(self.settings["salary"])), "f"),
                }
            ],
        }
        for field, setting in (("working_hours_scheme", "work_time_agreement"), ("company", "tax_unit")):
            value = values.get(field) or str(self.settings.get(setting)).strip().lower()
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
        if dimensions:
            body["accountingDimensions"] = dimensions
        job = self._write("POST", employee, f"employees/{employee.id}/positions", body)
        return Written(self._created(employee, wanted, job), self._warnings(job, body))

    def _missing_for_new(self, values: Mapping[str, Any] | None = None) -> list[str]:
        """What only the settings can give a new position, and do not."""
        given = values or {}
        needs = {
            "salary": None,
            "work_time_agreement": given.get("working_hours_scheme"),
            "tax_unit": given.get("company"),
        }
        return [
            SYSTEM.setting(name).label
            for name, value in needs.items()
            if not value and self.settings.get(name) in (None, "")
        ]

    def _created(self, employee: RemoteEmployee, wanted: Wanted, job: Mapping[str, Any]) -> str:
        """The new position's id: the job names it, or it is found by its start date."""
        made = str(job.get("artifactId") or "")
        if made and made != employee.id:
            return made
        rows = [p for p in self._positions(employee) if _reason(p) != NEVER_REPORTED]
        found = [p for p in rows if sure_date(p.get("activeStart")) == wanted.start]
        if len(found) != 1:
            raise UnclearOutcomeError(
                "Visma.net Payroll made the position but does not show it yet. The next try looks again."
            )
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
        response = self._get(path)
        if response is None:
            raise StaleError("The position is no longer in Visma.net Payroll.")
        version = response.headers.get("ETag", "")
        if not version:
            raise UnavailableError(
                "Visma.net Payroll gave no version (ETag) of the position, so nothing was overwritten."
            )
        body = response.json()
        if not isinstance(body, dict):
            raise UnavailableError("Its position has a form that is not known.", **response.words)
        if [sure_date(body.get(name)) for name in ("activeStart", "activeEnd")] != [remote.start, remote.end]:
            raise StaleError("The position's dates were changed in Visma.net Payroll meanwhile.")
        warnings = self._change(body, remote, changes)
        if len(warnings) == len(changes):
            raise DataRefusedError(warnings[0].message, cause="position_is_over", field=warnings[0].field)
        job = self._write("PUT", employee, path, body, {"If-Match": version})
        return Written(remote.id, (*warnings, *self._warnings(job, body)))

    def _change(self, body: dict[str, Any], remote: Remote, changes: Mapping[str, Change]) -> list[Warning]:
        """Puts the changes into the document; what it must not take becomes a warning."""
        today = self.context.today
        start = remote.start or today
        end = changes["end_date"].new if "end_date" in changes else remote.end
        day = effective_day(today, start, end)
        warnings = []
        for field, change in changes.items():
            if field == "end_date":
                _put(body, "activeEnd", change.new and change.new.isoformat())
                if change.new is None and "end_reason" not in changes:
                    body.pop("positionEndReason", None)  # a reason for the end goes with the end
            elif field == "end_reason":
                _put(body, "positionEndReason", change.new and [change.new])
            elif end is not None and end < today:
                warnings.append(
                    Warning(
                        f"The position ended on {end.day} {end:%b %Y}, so its {BY_KEY[field].label.lower()} was not "
                        "changed: that would rewrite what was paid. Correct it in Visma.net Payroll.",
                        field,
                    )
                )
            elif field in TIMELINES:
                name = TIMELINES[field]
                body[name] = with_value(body.get(name) or [], _said(change.new), day, start)
            else:
                self._put_dimension(body, field, change.new, day, start)
        return warnings

    def _put_dimension(self, body: dict[str, Any], field: str, value: Any, day: date, start: date) -> None:
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
        response = self.http.request(method, path, json=body, headers={"Content-Type": MEDIA_TYPE, **(headers or {})})
        if response.status in (404, 409, 412):
            raise StaleError(
                "The position was changed in Visma.net Payroll meanwhile.",
                **response.words,
            )
        if not response.ok:
            raise DataRefusedError(
                "Visma.net Payroll did not take the position. Correct what it names, then press Re-sync.",
                **response.words,
            )
        address = urljoin(self.context.urls["api"], response.headers.get("Location", ""))
        here, there = urlsplit(self.context.urls["api"]), urlsplit(address)
        if not response.headers.get("Location") or (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise UnclearOutcomeError(
                "Visma.net Payroll took the change but did not say where to follow it. The next try looks at what "
                "became of it before anything is sent."
            )
        job = self._finished(address)
        self._settled.add(employee.id)
        if job["status"] in SUCCEEDED:
            return job
        results = _results(job)
        raise DataRefusedError(
            "Visma.net Payroll took the position but refused it on carrying it out. Correct what it names, then press "
            "Re-sync.",
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
                response = self._get(address)  # None: it is not shown yet
                job = response.json() if response else {}
                if isinstance(job, dict) and job.get("status") in (*SUCCEEDED, "Failed"):
                    return job
            except (UnavailableError, RateLimitedError) as error:
                wait = error.wait or 0.0
            pause = max(wait, self.poll_pauses[min(looks, len(self.poll_pauses) - 1)])
            looks += 1
            if time.monotonic() + pause > deadline:
                raise UnclearOutcomeError(
                    f"Visma.net Payroll took the change but had not carried it out after {self.poll_budget:.0f} "
                    "seconds. Nothing to do: the next try looks at what became of it before anything is sent."
                )
            time.sleep(pause)

    def _wait_for_earlier(self, employee: RemoteEmployee) -> None:
        """Ends what an earlier try may have left running: a position whose job still runs is not in the list yet, and
        making it again would make it twice."""
        if employee.id in self._settled:
            return
        path = f"employees/{employee.id}/positions/jobs"
        running = [j for j in self._rows(path) or [] if j.get("status") in RUNNING]
        for job in running:
            self._finished(f"{path}/{job['id']}")
        self._settled.add(employee.id)
        if running:
            raise StaleError("An earlier change of this employee was still being carried out in Visma.net Payroll.")

    def _warnings(self, job: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[Warning, ...]:
        """What a job that succeeded left out (FAQ: a salary without its type, for one)."""
        return tuple(
            Warning(
                f"Visma.net Payroll took the position but left out a part of it: {_words(r)} Put it right there.",
                self._field_of(r, body),
            )
            for r in _results(job)
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


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    """What a PUT leaves out is deleted there."""
    if value is None:
        body.pop(name, None)
    else:
        body[name] = value


def _reason(position: Mapping[str, Any]) -> str:
    """Why the position ended, "" without a reason. It is a list of them in older contracts."""
    reasons = position.get("positionEndReason") or ""
    return str((reasons[0] if reasons else "") if isinstance(reasons, list) else reasons)


def _dimension(position: Mapping[str, Any], number: str) -> dict[str, Any]:
    parts = position.get("accountingDimensions") or []
    return next((p for p in parts if str(p.get("dimension")) == number), {})


def _results(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every validation result, also those of the job's parts."""
    parts = [job, *(a for a in job.get("artifacts") or [] if isinstance(a, dict))]
    return [r for part in parts for r in part.get("validationResults") or [] if isinstance(r, dict)]


def _words(result: Mapping[str, Any]) -> str:
    text = str(result.get("message") or result.get("messageCode") or "no reason given").strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _name_of(row: Mapping[str, Any]) -> str:
    """The pages do not show what a register's row looks like: the first text that reads like a name."""
    return next((str(row[k]) for k in ("name", "description", "displayName", "title") if row.get(k)), "without a name")


def _listed(names: Sequence[str]) -> str:
    words = [f"“{name}”" for name in names]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _employee(row: Mapping[str, Any], person: Person) -> RemoteEmployee:
    """Of several e-mails and national ids the record may show the one that is ours."""
    names = (row.get("personNames") or [{}])[-1]
    first, last = (text_of(names.get(name)) or "" for name in ("firstName", "lastName"))
    emails = [mail.get("address") for mail in row.get("emails") or []]
    national_ids = [one.get("id") for one in row.get("personIds") or []]
    marks = Marks(
        text_of(row.get("number")) or "",
        which(Mark.NATIONAL_ID, person.national_id, national_ids),
        which(Mark.EMAIL, person.email, emails),
        date_of(row.get("dateOfBirth")),
        first,
        last,
    )
    return RemoteEmployee(str(row["id"]), marks=marks)
