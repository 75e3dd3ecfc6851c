"""Unimicro (Uni Economy / Unimicro Platform, formerly Softrig): employments through the biz API.

Names below follow the vendor's guides on developer.unimicro.no ("authentication/server", "api/filtering",
"api/troubleshooting", "endpoints/payroll"), its biz API contract of 2020-12 and its web client's unientities.ts.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from integrations.sdk import (
    DIGITS_ONLY,
    EVERYWHERE,
    NO_SIGN_IN,
    SIGN_IN,
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    EveryMark,
    FieldName,
    Grant,
    Looking,
    Mark,
    Message,
    NotAuthorizedError,
    OffsetPages,
    Person,
    Register,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Seen,
    StaleError,
    Text,
    Tokens,
    Trouble,
    UnavailableError,
    Wanted,
    Warning,
    Written,
    digits_of,
    held_since,
    nearest,
    no_sign_in,
    oauth_trouble,
    record_in,
    rows_in,
    sure_date,
    text_of,
    to_count_from,
)
from integrations.systems.unimicro import refusals, texts, values
from integrations.systems.unimicro.declaration import (
    COST_CENTRE_DIMENSION,
    FULL_TIME_HOURS,
    SYSTEM,
    WITHOUT_HOURS,
    EndDateReason,
    TypeOfEmployment,
    WorkingHoursScheme,
)

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
SCOPE = "AppFramework"
PAGE = 100
# Neither a default nor a largest page size is published: a page this short is taken for the last one, a longer one
# may have been cut by the server, and the next is asked for.
SURELY_LAST = 20
PAGES = SIGHT = OffsetPages("skip", "top", PAGE, full=SURELY_LAST)
WHO = "BusinessRelationInfo.DefaultEmail"  # what is asked for with an employee: name and e-mail
WHOLE = {"orderby": "ID", "hateoas": "false"}
GUIDS = 5
LARGEST_INTEGER = 2**31 - 1


class UnimicroConnector(Connector):
    system = SYSTEM
    refusals = refusals.REFUSALS

    def setup(self) -> None:
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in)
        self.http.headers = {"Accept": "application/json"}

    @property
    def _organization(self) -> str:
        return digits_of(self.credentials["organization_number"])

    # -- signing in ("authentication/server") ----------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        key = self._private_key()
        identity = self.context.urls["identity"].rstrip("/")
        address = f"{identity}/.well-known/openid-configuration"
        found = self.http.get(address, sign=False, classify=self.judging(rows=(NO_SIGN_IN, *EVERYWHERE)))
        endpoint = found.json_object().get("token_endpoint") if found.ok else None
        if not endpoint:
            raise UnavailableError(texts.NO_SIGN_IN_ADDRESS(), vendor_text=found.said)
        client, now = self.credentials["client_id"], int(self.context.now().timestamp())
        claims = {
            "jti": str(uuid.uuid4()),
            "sub": client,
            "iss": client,
            "aud": endpoint,
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_SECONDS,
        }
        form = {
            "grant_type": "client_credentials",
            "scope": SCOPE,
            "client_id": client,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(claims, key, algorithm="RS256"),
        }
        return self.oauth(endpoint, form, self.judging(rows=refusals.SIGN_IN, read=oauth_trouble))

    def _private_key(self) -> RSAPrivateKey:
        found = re.search(
            r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", self.credentials["private_key"], re.S
        )
        try:
            key = load_pem_private_key(found.group().encode(), password=None) if found else None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPrivateKey):
            raise NotAuthorizedError(texts.KEY_UNREADABLE())
        return key

    # -- the company -----------------------------------------------------------------------------------------

    def _company_key(self) -> str:
        return self.once("company", lambda: self.tokens.kept("company_key") or self._find_company()["Key"])

    def _find_company(self) -> Mapping[str, Any]:
        """The company with our organisation number among those that the client may act for; its key is kept."""
        asked = self.credentials.get("company_key", "").strip().lower()
        found = [
            company
            for company in _rows(self.http.get("init/companies"))
            if digits_of(company.get("OrganizationNumber")) == self._organization
            and (not asked or str(company.get("Key", "")).lower() == asked)
        ]
        if not found:
            raise NotAuthorizedError(texts.NO_COMPANY(number=self._organization))
        if len(found) > 1:
            raise NotAuthorizedError(texts.SEVERAL_COMPANIES(count=len(found), number=self._organization))
        self.tokens.keep("company_key", str(found[0]["Key"]))
        return found[0]

    # -- calls -----------------------------------------------------------------------------------------------

    def trouble(self, response: Response) -> Trouble | None:
        return refusals.trouble(response)

    def classify(self, response: Response) -> None:
        if response.status in (401, 403):
            self.tokens.keep("company_key", "")  # it may have got another one
        try:
            super().classify(response)
        except DataRefusedError as refusal:
            found = refusals.of_choice(response, refusal, self._custom)
            if found is None:
                raise
            raise found from None

    @property
    def _custom(self) -> dict[str, str]:
        """Our field -> the company's own field for it, of those that are sent."""
        names = {key: str(self.settings.get(setting) or "").strip() for key, setting in texts.CUSTOM.items()}
        return {key: name for key, name in names.items() if name}

    @property
    def _with(self) -> str:
        """What is asked for with an employment."""
        return "Dimensions,CustomValues" if self._custom else "Dimensions"

    @property
    def _headers(self) -> dict[str, str]:
        return {"CompanyKey": self._company_key()}

    def _biz(self, method: str, path: str, **kwargs: Any) -> Response:
        return self.http.request(method, f"biz/{path}", headers=self._headers, **kwargs)

    def _put(self, path: str, record: Mapping[str, Any], gone: Text) -> Response:
        response = self._biz("PUT", path, json=record)
        if response.status == 404:  # a page of somebody else's is told as such
            raise StaleError(gone())
        return response

    def _entity(self, path: str, expand: str) -> dict[str, Any] | None:
        """One entity, or None when there is none with this ID."""
        response = self._biz("GET", path, params={"expand": expand})
        if response.status == 404:
            return None
        entity = record_in(response)
        return None if entity.get("Deleted") else entity

    def _some(self, entity: str, top: int, **params: str) -> list[dict[str, Any]]:
        """The first few of a collection that are not deleted."""
        rows = _rows(self._biz("GET", entity, params={**params, "top": top, "hateoas": "false"}))
        return [row for row in rows if not row.get("Deleted")]

    def _every(self, entity: str, **params: str) -> list[dict[str, Any]]:
        """A whole collection, page by page."""
        params |= WHOLE
        rows = self.pages(PAGES, f"biz/{entity}", params, rows=_rows, headers=self._headers)
        return [row for row in rows if not row.get("Deleted")]

    # -- test connection -------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        place = texts.MARKETPLACE
        return self.try_each(
            (SIGN_IN, texts.SERVER_CLIENT, self._check_sign_in),
            (texts.COMPANY, place, lambda: str(self._find_company().get("Name", ""))),
            (texts.EMPLOYEES, place, lambda: _readable(self._some("employees", 1))),
            (texts.EMPLOYMENTS, place, lambda: _readable(self._some("employments", 1))),
            (texts.OCCUPATIONS, place, lambda: _readable(self._some("STYRK", 1))),
            (texts.SUB_UNITS, place, lambda: texts.SUB_UNITS_FOUND(number=len(self._sub_units()))),
            (texts.DEPARTMENTS, place, lambda: _readable(self._some("departments", 1))),
            needed=2,
        )[0]

    def _check_sign_in(self) -> Message:
        self.tokens.prove()
        return texts.SIGNED_IN()

    # -- employees -------------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        known = self._entity(f"employees/{known_id}", WHO)
        return values.found(known) if known is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        number, email, digits = person.number.strip(), person.email.strip(), digits_of(person.national_id)
        plain = str(int(number)) if number.isascii() and number.isdigit() else ""
        # Whether capitals make a difference in a filter is not documented.
        emails = " or ".join(f"{WHO}.EmailAddress eq {_quoted(e)}" for e in dict.fromkeys((email, email.lower())))
        return (
            (
                Mark.NUMBER,
                plain if int(plain or 0) <= LARGEST_INTEGER else "",
                lambda: self._those(f"EmployeeNumber eq {plain}", lambda e: str(e.get("EmployeeNumber")) == plain),
            ),
            (
                Mark.NATIONAL_ID,
                digits,
                lambda: self._those(
                    f"SocialSecurityNumber eq '{digits}'", lambda e: digits_of(e.get("SocialSecurityNumber")) == digits
                ),
            ),
            (Mark.EMAIL, email, lambda: self._those(emails, lambda e: values.email(e).lower() == email.lower())),
        )

    def hint(self, person: Person) -> Message:
        return DIGITS_ONLY()

    def _those(self, condition: str, matches: Callable[[Mapping[str, Any]], bool]) -> list[RemoteEmployee]:
        """Compared here again: a filter that Unimicro does not know may be left out without a word."""
        return [values.found(e) for e in self._some("employees", 2, filter=condition, expand=WHO) if matches(e)]

    # -- periods ---------------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        return self._remotes(self._employments(employee))

    def _remotes(self, employments: Iterable[dict[str, Any]]) -> list[Remote]:
        return [self._remote(record) for record in employments]

    def _remote(self, record: dict[str, Any]) -> Remote:
        shown = self._values(record)
        since = sure_date(record.get("SeniorityDate")) or shown.get("start_date")
        return Remote(str(record["ID"]), shown, record.get("UpdatedAt"), record, employed_since=since)

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """The list brings the employments along; who is shown without any mention of them is asked for."""
        yield from self.trying(self._sub_entities)
        yield from self.trying(self._departments)

        def see(id: str, employee: dict[str, Any]) -> Looking:
            marks = EveryMark.of(values.found(employee).marks)
            if employee.get("Deleted"):
                return
            if isinstance(listed := employee.get("Employments"), list):
                yield self.seen(id, marks, lambda: self._remotes(_valid(listed)))
            else:
                fetch = partial(self._employments, RemoteEmployee(id))
                yield from self.asking(
                    Seen(id, marks), fetch, lambda found: self.seen(id, marks, lambda: self._remotes(found))
                )

        every = (WHO, *(f"Employments.{name}" for name in self._with.split(",")))
        params = {"expand": ",".join(every), **WHOLE}
        how: dict[str, Any] = {"rows": _rows, "headers": self._headers, "keep_answer": False}
        yield from self.looking(self.paged(SIGHT, "biz/employees", params, **how), "ID", see)

    def _employments(self, employee: RemoteEmployee) -> list[dict[str, Any]]:
        """Without those that were ended as never to have been reported: they count as not there."""
        listed = self._every("employments", filter=f"EmployeeID eq {employee.id}", expand=self._with)
        return _valid(record for record in listed if str(record.get("EmployeeID")) == employee.id)

    def _values(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """An employment in our fields; what was not sent along is left out, but the dates that make the period."""
        shown = values.shown(record)
        if "SubEntityID" in record:
            shown |= self._sub_unit_number(record["SubEntityID"])
        if "Dimensions" in record:
            dimensions = record["Dimensions"] or {}
            shown["department"] = self._department_number(dimensions.get("DepartmentID"))
            if name := self.settings.get(COST_CENTRE_DIMENSION.name):
                shown["cost_centre"] = text_of(dimensions.get(name))
        if "CustomValues" in record:
            shown |= values.custom_of(record, self._custom)
        return shown

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """Through the employee: only a nested new entity is guarded by `_createguid` ("api/troubleshooting")."""
        new = self._new_employment(wanted)
        for guid in self._guids(wanted.position_id):
            owner = self._entity(f"employees/{employee.id}", "Employments")
            if owner is None:
                raise self.gone(employee)
            there = [e for e in owner.get("Employments") or [] if not e.get("Deleted")]
            since = to_count_from(wanted.employed_since or wanted.start, wanted.start, values.seniority(there))
            if since:
                new["SeniorityDate"] = since.isoformat()
            body = values.with_employment(owner, there, new, guid)
            try:
                answer = self._put(f"employees/{employee.id}", body, texts.EMPLOYEE_LEFT)
            except DataRefusedError as refusal:
                if any(sure_date(e.get("StartDate")) == wanted.start for e in self._employments(employee)):
                    raise StaleError(texts.CREATED_AFTER_ALL()) from refusal
                if not isinstance(refusal, refusals.GuidSpentError):
                    raise
                continue
            return self._created(employee, answer, {e["ID"] for e in there}, wanted, body["Employments"][-1])
        raise DataRefusedError(texts.CREATED_BEFORE(start=wanted.start))

    def _guids(self, position_id: str) -> Iterator[uuid.UUID]:
        """The same for every try, so that a repeated create is refused instead of doubled. Those after the first are
        for a position whose employment was deleted or moved there, or that got another start date here."""
        namespace = uuid.UUID(self.context.namespace)
        yield uuid.uuid5(namespace, position_id)
        for again in range(1, GUIDS):
            yield uuid.uuid5(namespace, f"{position_id}/{again}")

    def _created(
        self,
        employee: RemoteEmployee,
        answer: Response,
        before: set[Any],
        wanted: Wanted,
        sent: Mapping[str, Any],
    ) -> Written:
        """The new employment's ID, from the answer or by reading again; and a look at whether the others are left."""
        after = record_in(answer).get("Employments") or []
        new = values.added(after, before, wanted.start)
        if new is None or not before <= {e.get("ID") for e in after}:
            after = self._employments(employee)
            new = values.added(after, before, wanted.start)
        if new is None:
            raise UnavailableError(texts.NOT_SHOWN_YET())
        warnings = [*_incomplete(sent)]
        if lost := before - {e.get("ID") for e in after}:
            warnings.append(Warning(texts.OTHERS_LOST(ids=tuple(sorted(lost)))))
        return Written(str(new["ID"]), tuple(warnings), not_ours=values.filled(wanted.values, {}, sent))

    def _new_employment(self, wanted: Wanted) -> dict[str, Any]:
        record: dict[str, Any] = {"ID": 0, "TypeOfEmployment": int(TypeOfEmployment.OrdinaryEmployment)}
        self._place(record, {k: v for k, v in wanted.values.items() if v is not None and v != ""})
        if record["TypeOfEmployment"] in values.EMPLOYED:
            hours = FULL_TIME_HOURS.of(wanted.values.get("working_hours_scheme"), self.settings)
            if hours is not None:
                record.setdefault("HoursPerWeek", float(hours))
            record["LastSalaryChangeDate"] = record["StartDate"]
            record["LastWorkPercentChangeDate"] = self._held_since(wanted).isoformat()
        return record

    def _place_full_week(self, record: dict[str, Any], changes: Mapping[str, Change], wanted: Wanted) -> None:
        """The hours of a full position go with the scheme, and with the kind of employment; else they are a clerk's."""
        becomes, scheme = "contract_type" in changes, changes.get("working_hours_scheme")
        chosen = scheme is not None and scheme.new and (scheme.old or "working_hours_scheme" not in wanted.defaulted)
        if WITHOUT_HOURS.applies(wanted.values):
            if becomes:
                record["HoursPerWeek"] = 0.0
        elif wanted.values.get("weekly_hours"):
            pass  # they are sent by themselves
        elif chosen or ((becomes or scheme is not None) and not record.get("HoursPerWeek")):
            scheme_there = values.name_of(WorkingHoursScheme, record.get("WorkingHoursScheme"))
            hours = FULL_TIME_HOURS.of(scheme_there, self.settings)
            if hours is not None:  # a scheme that is newer than our list, chosen there, goes with hours chosen there
                record["HoursPerWeek"] = float(hours)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        fresh = self._entity(f"employments/{remote.id}", self._with)
        if fresh is None:
            raise StaleError(texts.EMPLOYMENT_GONE())
        if self._values(fresh) != remote.values:
            raise StaleError(texts.EMPLOYMENT_CHANGED())
        record = values.sendable(fresh)
        self._place(record, {key: change.new for key, change in changes.items()})
        self._place_full_week(record, changes, wanted)
        if "start_date" in changes:
            for name in ("LastWorkPercentChangeDate", "LastSalaryChangeDate"):
                if sure_date(fresh.get(name)) == changes["start_date"].old:
                    record[name] = record["StartDate"]
        if "percentage" in changes and changes["percentage"].new is not None:
            since = changes["percentage"].since if sure_date(fresh.get("LastWorkPercentChangeDate")) else None
            record["LastWorkPercentChangeDate"] = (since or self._held_since(wanted)).isoformat()
        after = record_in(self._put(f"employments/{remote.id}", record, texts.EMPLOYMENT_GONE))
        shown = self._values(after) if "StartDate" in after else {}
        ignored = self.not_taken(shown, changes, texts.ON_THE_EMPLOYMENT)
        filled = values.filled(wanted.values, fresh, record)
        return Written(remote.id, (*_incomplete(record), *ignored), not_ours=filled)

    def guards(self, remote: Remote, changes: Mapping[str, Change], wanted: Wanted) -> bool:
        """`update` reads the employment once more."""
        return True

    def _held_since(self, wanted: Wanted) -> date:
        """From which day the percentage of a record without a day of it has held here."""
        day = nearest(self.context.today, wanted.start, wanted.end)
        return max(held_since(wanted.timeline("percentage"), day) or wanted.start, wanted.start)

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        """What may have been reported is taken back in the way of the a-melding, not made to vanish: a deletion is
        never reported, so that the authorities would keep the employment for good. Whether it was reported cannot be
        asked in any published way, but one that has not begun is not part of a report yet as a rule; where it is,
        Unimicro refuses to delete it."""
        if remote.start is not None and remote.start <= self.context.today:
            return self._cancel(remote, texts.HAD_BEGUN())
        try:
            self._biz("DELETE", f"employments/{remote.id}")  # gone already is as good
        except DataRefusedError as refusal:
            words = refusal.vendor_text
            return self._cancel(remote, texts.IN_USE_THEY_SAY(words=words) if words else texts.IN_USE())
        return Written(remote.id, note=texts.DELETED())

    def _cancel(self, remote: Remote, why: Message) -> Written:
        fresh = self._entity(f"employments/{remote.id}", self._with)
        if fresh is None:
            return Written(remote.id, note=texts.DELETED_ALREADY())
        record = values.sendable(fresh)
        record["EndDate"] = fresh["StartDate"]
        record["EndDateReason"] = int(EndDateReason.ShouldNotHaveBeenReported)
        self._put(f"employments/{remote.id}", record, texts.EMPLOYMENT_GONE)
        return Written(remote.id, note=texts.CANCELLED(why=why))

    def _place(self, record: dict[str, Any], wanted: Mapping[str, Any]) -> None:
        """Writes translated values into an employment; None clears."""
        for key, value in wanted.items():
            if key == "occupation_code":
                record["JobCode"], record["JobName"] = value, self._job_name(value)
            elif key == "company":
                record["SubEntityID"] = self._sub_entity_id(value)
            elif key == "department":
                values.place_dimension(record, "DepartmentID", self._department_id(value) if value else None)
            elif key == "cost_centre":
                values.place_dimension(record, self.settings[COST_CENTRE_DIMENSION.name], int(value) if value else None)
            elif key in texts.CUSTOM:
                values.place_custom(record, self._custom[key], value)
            else:
                values.place(record, key, value)

    # -- registers -------------------------------------------------------------------------------------------

    def _job_name(self, code: str) -> str:
        """The register's title: Unimicro's help forbids any other ("lonn/arbeidsforhold")."""

        def look_up() -> set[tuple[str, str]]:
            rows = self._some("STYRK", PAGE, filter=f"styrk eq {_quoted(code)}")
            return {(code, str(row["tittel"])) for row in rows if row.get("styrk") == code and row.get("tittel")}

        titles = self.register(f"styrk {code}", look_up)
        return titles.the(code, missing=texts.NO_TITLE(code=code), several=texts.SEVERAL_TITLES(code=code))

    def occupations(self) -> Iterator[tuple[str, str]]:
        for row in self._every("STYRK"):
            yield str(row.get("styrk") or ""), str(row.get("tittel") or "")

    def _sub_units(self) -> Register[int]:
        """Organisation number -> id. Where there are several, employments belong below the legal entity."""

        def fetch() -> Iterator[tuple[str, int]]:
            rows = self._sub_entities()
            for row in rows:
                if len(rows) == 1 or row.get("SuperiorOrganizationID"):
                    yield digits_of(row.get("OrgNumber")), row["ID"]

        return self.register("sub-units", fetch)

    def _sub_entities(self) -> list[dict[str, Any]]:
        return self.once("sub-entities", lambda: self._every("subentities"))

    def _sub_unit_number(self, sub_entity_id: Any) -> dict[str, str | None]:
        """The company by the id on an employment; not shown where the register does not show that number."""
        if not sub_entity_id:
            return {"company": None}
        numbers = (digits_of(row.get("OrgNumber")) for row in self._sub_entities() if row["ID"] == sub_entity_id)
        return {"company": number} if (number := next(numbers, "")) else {}

    def _sub_entity_id(self, number: str) -> int:
        missing, several = texts.NO_SUB_UNIT(number=number), texts.SEVERAL_SUB_UNITS(number=number)
        return self._sub_units().the(number, missing=missing, several=several)

    def _departments(self) -> Register[int]:
        return self.register(
            "departments",
            lambda: ((str(row.get("DepartmentNumber") or ""), row["ID"]) for row in self._every("departments")),
        )

    def _department_number(self, department_id: Any) -> str | None:
        if not department_id:
            return None
        return next(
            (number for number, i in self._departments().items() if i == department_id), f"(id {department_id})"
        )

    def _department_id(self, number: str) -> int:
        missing, several = texts.NO_DEPARTMENT(number=number), texts.SEVERAL_DEPARTMENTS(number=number)
        return self._departments().the(number, missing=missing, several=several)


def _valid(employments: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that are deleted, or were never to have been reported."""
    return [record for record in employments if not record.get("Deleted") and not values.cancelled(record)]


def _rows(response: Response) -> list[dict[str, Any]]:
    """A collection is a bare array, without an envelope."""
    if not response.ok:  # 404: no collection has this address
        raise no_sign_in(response)
    return rows_in(response)


def _readable(rows: Sequence[Any]) -> Message:
    return texts.READABLE() if rows else texts.NONE_YET()


def _incomplete(record: Mapping[str, Any]) -> Iterator[Warning]:
    """What Unimicro's web client warns of: an ordinary employment needs these in the a-melding."""
    if record.get("TypeOfEmployment") not in values.EMPLOYED:
        return
    if record.get("WorkPercent") is None:
        yield Warning(texts.NEEDED(field=FieldName("percentage")))
    if not record.get("WorkingHoursScheme"):
        yield Warning(texts.NEEDED(field=FieldName("working_hours_scheme")))


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
