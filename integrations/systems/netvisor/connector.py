"""Netvisor (Finland): employment periods, one signed XML call each.

Vendor pages meant below: "Resources - general" (766841), "addjobperiod.nv" (769787), "editjobperiod.nv" (769789),
"deletejobperiod.nv" (769791), "getemployees.nv" (77000554256), "getemployee.nv" (77000554257), all on
support.netvisor.fi.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element, tostring

from integrations.sdk import (
    ALLOWED,
    KEPT_ON_EMPLOYEE,
    NOT_TODAYS,
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    Directory,
    EveryMark,
    FieldName,
    Foreign,
    Label,
    Looking,
    Mark,
    Marks,
    Message,
    Person,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Seen,
    Trouble,
    UnclearOutcomeError,
    Wanted,
    Warning,
    Written,
    date_of,
    email_of,
    plain,
    sure_date,
    to_count_from,
    unknown_trouble,
)
from integrations.systems.netvisor import dimensions, refusals, texts
from integrations.systems.netvisor.declaration import SYSTEM
from integrations.systems.netvisor.elements import every, parsed, text_at
from integrations.systems.netvisor.periods import body_of, remote_of
from integrations.systems.netvisor.signature import Signature

BASE = ("employeebaseinformation",)
# What Netvisor refused a test with -> where that is put right there.
PLACES = {
    texts.NOT_ALLOWED.id: texts.RIGHTS_MENU,
    texts.KEYS_REFUSED.id: texts.KEYS_MENU,
    texts.KEYS_OR_RIGHT_REFUSED.id: texts.KEYS_MENU,
    texts.NOT_SIGNABLE.id: texts.KEYS_MENU,
}


class NetvisorConnector(Connector):
    system = SYSTEM
    refusals = refusals.REFUSALS

    def setup(self) -> None:
        self.http.auth = Signature(self.context)

    # -- test connection ---------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        listed: list[Element] = []

        def keys() -> Message:
            listed.extend(self._employees())
            return texts.KEYS_TAKEN(company=self.credentials["organisation_id"])

        line = self._tried(texts.COMPANY, keys)
        if not line.ok:
            return [line]
        # No employee and no period has key 0, and the body holds no period: the answer is "allowed, but no such
        # record" or "not allowed", and nothing can be written.
        nothing = tostring(Element("root"))
        return [
            line,
            CheckLine(True, texts.LISTING, texts.LISTED(number=len(listed))),
            self._right(texts.READING, "getemployee.nv", {"netvisorkey": "0"}),
            self._right(texts.ADDING, "addjobperiod.nv", {"employeeidentifier": "0"}, nothing),
            self._right(texts.CHANGING, "editjobperiod.nv", {"netvisorkey": "0"}, nothing),
            *(self._check_dimensions() if dimensions.sent(self.settings) else ()),
            CheckLine(True, texts.DELETING, texts.NOT_TRIED(), texts.RIGHTS_MENU),
        ]

    def _check_dimensions(self) -> Iterator[CheckLine]:
        def known() -> Message:
            return texts.DIMENSIONS_KNOWN(known=self._dimensions().names or (texts.NONE,))

        yield self._tried(texts.DIMENSIONS, known)
        # Of an employee who is nobody, and with nothing in it.
        of_nobody = {"identifiertype": "netvisorkey", "identifier": "0"}
        yield self._right(texts.DEFAULTS, "employeedimensioncurve.nv", of_nobody, tostring(Element("root")))

    def _right(self, title: Label, resource: str, query: Mapping[str, str], body: bytes | None = None) -> CheckLine:
        def allowed() -> Message:
            with suppress(DataRefusedError):
                self._call(resource, query, body)
            return ALLOWED()

        return self._tried(title, allowed)

    def _tried(self, title: Label, call: Callable[[], Message]) -> CheckLine:
        line = self.tried(title, "", call)
        return replace(line, place=PLACES.get(line.refusal.id, "")) if line.refusal else line

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        employee = self._employee(netvisorkey=known_id)
        return self._found(employee) if employee is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        number, national_id, email = person.number.strip(), person.national_id, email_of(person.email)

        def by_number() -> list[RemoteEmployee]:
            employee = self._employee(employeenumber=number)
            if employee is not None and text_at(employee, *BASE, "employeenumber") == number:
                return [self._found(employee)]
            # The list also holds those whose employment has ended.
            return self._those(self._everybody().by(Mark.NUMBER, number))

        return (
            (Mark.NUMBER, number, by_number),
            (
                Mark.NATIONAL_ID,
                plain(Mark.NATIONAL_ID, national_id),
                lambda: self._those(self._everybody().by(Mark.NATIONAL_ID, national_id)),
            ),
            (
                Mark.EMAIL,
                email if self.settings.get("match_by_email") else "",
                lambda: self._those(self.once("emails", self._emails).by(Mark.EMAIL, email)),
            ),
        )

    def _those(self, keys: Sequence[str]) -> list[RemoteEmployee]:
        """Read only where it is one: of several nobody is taken."""
        if len(keys) > 1:
            return [RemoteEmployee(key) for key in keys]
        employees = (self._employee(netvisorkey=key) for key in keys)
        return [self._found(employee) for employee in employees if employee is not None]

    def _everybody(self) -> Directory[str]:
        """Keys, once per turn; the list has no e-mails."""

        def load() -> Directory[str]:
            directory = Directory[str]()
            for listed in self._employees():
                key = text_at(listed, "netvisorkey")
                number, ids = text_at(listed, "employeenumber"), _national_ids(listed, "personalid")
                directory.add(key, key, number=number, national_id=ids)
            return directory

        return self.once("employees", load)

    def _employees(self) -> list[Element]:
        """Without the parameter Netvisor leaves out those whose employment has ended."""
        root = self._call("getemployees.nv", {"includeendedemployments": "1"}, keep_answer=False)
        return [e for e in every(root, "employee") if text_at(e, "netvisorkey")]

    def _emails(self) -> Directory[str]:
        """The same by e-mail: each employee is read."""
        directory = Directory[str]()
        for key in self._everybody().ids():
            employee = self._employee(netvisorkey=key, periods=False)
            if employee is not None:
                directory.add(key, key, email=text_at(employee, *BASE, "email"))
        return directory

    def _employee(self, periods: bool = True, **query: str) -> Element | None:
        """One employee by `netvisorkey` or `employeenumber`, with the periods. None: there is no such employee, which
        Netvisor says by refusing the data, or by OK with nothing in it."""
        # Without periods it is one of many that are looked through: nothing of it belongs in anybody's log.
        flags = {"employmentperiods": "1"} if periods else {}
        flags |= {"employeepayrollinformation": "1"} if periods and dimensions.sent(self.settings) else {}
        try:
            root = self._call("getemployee.nv", {**query, **flags}, keep_answer=periods)
        except DataRefusedError as error:
            if error.vendor_code != "INVALID_DATA":
                raise
            return None
        employee = next(every(root, "employee"), None)
        return employee if employee is not None and text_at(employee, *BASE, "netvisorkey") else None

    def _found(self, employee: Element) -> RemoteEmployee:
        key, number, email, born, first, last = (
            text_at(employee, *BASE, name)
            for name in ("netvisorkey", "employeenumber", "email", "dateofbirth", "firstname", "lastname")
        )
        self.ahead["shown", key] = employee
        national_id = next(iter(_national_ids(employee, "employeeidentifier")), "")
        return RemoteEmployee(key, marks=Marks(number, national_id, email, date_of(born), first, last))

    # -- periods -----------------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        # The call that confirmed the employee brought the periods along.
        shown = self.ahead.pop(("shown", employee.id), None)
        whole = shown if shown is not None else self._present(employee.id)
        periods = _periods(whole)
        self.ahead["since", employee.id] = [
            (sure_date(text_at(period, "startdate")), sure_date(text_at(period, "companystartdate")))
            for period in periods
        ]
        return self._remotes(whole)

    def _remotes(self, employee: Element) -> list[Remote]:
        """What stands on the employee is said by the period that counts today."""
        own = dimensions.values_of(employee, self.settings)
        remotes = [remote_of(period) for period in _periods(employee)]
        return [replace(r, values={**r.values, **own}) if self._is_todays(r.values) else r for r in remotes]

    def _is_todays(self, values: Mapping[str, Any]) -> bool:
        """Whether a period with these dates is the one of today."""
        start, end, today = values.get("start_date"), values.get("end_date"), self.context.today
        return start is not None and start <= today and (end is None or end >= today)

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """The list has neither periods nor e-mails."""
        for listed in (yield from self.trying(self._employees)):
            key, number, first, last = (
                text_at(listed, name) for name in ("netvisorkey", "employeenumber", "firstname", "lastname")
            )
            ids = tuple(_national_ids(listed, "personalid"))
            who = Seen(key, EveryMark((number,), ids, first_name=first, last_name=last))
            yield from self.asking(who, partial(self._present, key), self._seen)

    def _present(self, key: str) -> Element:
        employee = self._employee(netvisorkey=key)
        if employee is None:
            raise self.gone(RemoteEmployee(key))
        return employee

    def _seen(self, employee: Element) -> Seen:
        found = self._found(employee)
        return self.seen(found.id, EveryMark.of(found.marks), lambda: self._remotes(employee))

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        values = {k: v for k, v in wanted.values.items() if v is not None and v != ""}
        # addjobperiod.nv: `employeeidentifier` is the employee's Netvisor key, not the number.
        first = wanted.employed_since or wanted.start
        since = to_count_from(first, wanted.start, self.ahead.get(("since", employee.id), ()))
        own = {key: Change(None, values.pop(key)) for key in dimensions.NAMED_BY if key in values}
        told, defaults = self._own(employee, own, counts=self._is_todays(wanted.values), beside=True)
        body = self._body(values, {"companystartdate": since.isoformat()} if since else {})
        root = self._call("addjobperiod.nv", {"employeeidentifier": employee.id}, body, write=True)
        key = next((text_at(e) for e in every(root, "inserteddataidentifier")), "")
        if not key:
            raise UnclearOutcomeError(texts.NO_KEY())
        return Written(key, (*told, *self._tried_defaults(employee, own, defaults)))

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        new = {ours: change.new for ours, change in changes.items() if ours not in dimensions.NAMED_BY}
        own = {ours: change for ours, change in changes.items() if ours in dimensions.NAMED_BY}
        todays = self._is_todays({**remote.values, **new})
        told, defaults = self._own(employee, own, counts=todays, beside=bool(new))
        if new:
            # editjobperiod.nv: the period's own key; what is left out stays, and an empty element wipes.
            self._call("editjobperiod.nv", {"netvisorkey": remote.id}, self._body(new), write=True)
            told += self._tried_defaults(employee, own, defaults)
        else:
            self._write_defaults(employee, defaults)
        return Written(remote.id, told)

    # -- default dimensions ------------------------------------------------------------------------------

    def _own(
        self, employee: RemoteEmployee, own: Mapping[str, Change], *, counts: bool, beside: bool
    ) -> tuple[tuple[Warning, ...], bytes | None]:
        """What of the employee's own is not written and why, and the message for what is; all is looked up before
        anything is written. `beside`: with the period itself, which a clerk's choice in a dimension does not stop."""
        if not counts:
            return tuple(Warning(NOT_TODAYS(field=FieldName(key), system=SYSTEM.name), key) for key in own), None
        if not own:
            return (), None
        whole = self._present(employee.id)
        held, there = dimensions.defaults_of(whole), dimensions.values_of(whole, self.settings)
        if held is None:  # one message replaces all of them
            return tuple(Warning(texts.NOT_SHOWN(field=FieldName(key)), key) for key in own), None
        # A new period leaves a division among several that somebody made.
        stays = [key for key in own if own[key].old is None and isinstance(there.get(key), Foreign)]
        told = tuple(_kept(key, str(there[key])) for key in stays)
        wanted = {k: c.new for k, c in own.items() if k not in stays and there.get(k) != c.new}
        try:
            return told, dimensions.body_of(held, wanted, self.settings, self._dimensions()) if wanted else None
        except DataRefusedError as error:
            if error.field or not beside:
                raise
            return (*told, *_not_taken(wanted, error)), None

    def _tried_defaults(
        self, employee: RemoteEmployee, own: Mapping[str, Change], body: bytes | None
    ) -> tuple[Warning, ...]:
        """Beside a period that stands: a refusal of this alone is a warning."""
        try:
            self._write_defaults(employee, body)
        except DataRefusedError as error:
            return _not_taken(own, error)
        return ()

    def _write_defaults(self, employee: RemoteEmployee, body: bytes | None) -> None:
        if body is not None:
            identified = {"identifiertype": "netvisorkey", "identifier": employee.id}
            self._call("employeedimensioncurve.nv", identified, body, write=True)

    def _dimensions(self) -> dimensions.Listed:
        return self.once("dimensions", lambda: dimensions.Listed(self._call("dimensionlist.nv", {"showhidden": "1"})))

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        # deletejobperiod.nv: a GET that deletes, by the period's own key.
        self._call("deletejobperiod.nv", {"netvisorkey": remote.id}, write=True)
        return Written(remote.id)

    def _body(self, values: Mapping[str, Any], more: Mapping[str, str] | None = None) -> bytes:
        return body_of(values, more, comma=self.settings.get("decimal_mark") == "comma")

    # -- calls -------------------------------------------------------------------------------------------

    def _call(
        self,
        resource: str,
        query: Mapping[str, str],
        body: bytes | None = None,
        *,
        write: bool = False,
        keep_answer: bool = True,
    ) -> Element:
        """One call, and the root of its answer when Netvisor says OK."""
        response = self.http.request(
            "GET" if body is None else "POST",
            resource,
            params=query,
            data=body,
            headers={"Content-Type": "text/plain"} if body is not None else None,
            write=write,
            keep_answer=keep_answer,
            classify=self.judging(rows=refusals.TOO_MANY, read=unknown_trouble),
        )
        # Only now: `Http` takes every breakdown over a write for an unclear one, and Netvisor says when it is none.
        self.judge(response, self.refusals, call="write" if write else "", resource=resource)
        root = parsed(response.content)
        assert root is not None  # that would have been trouble
        return root

    def trouble(self, response: Response) -> Trouble | None:
        """Without secrets: it repeats what it was sent."""
        found = refusals.trouble(response)
        return found and replace(found, text=self.http.masker.text(found.text[:300]))


def _not_taken(own: Iterable[str], error: DataRefusedError) -> tuple[Warning, ...]:
    refusal = error.vendor_text or error.said
    return tuple(Warning(texts.NOT_TAKEN(field=FieldName(key), refusal=refusal), key) for key in own)


def _periods(employee: Element) -> list[Element]:
    return [period for period in every(employee, "employmentperiod") if text_at(period, "netvisorkey")]


def _national_ids(element: Element, name: str) -> list[str]:
    """An identifier of the company's own is none."""
    ids = (e for e in every(element, name) if e.get("type", "").lower() != "companyidentifier")
    return [text_at(e) for e in ids]


def _kept(key: str, value: str) -> Warning:
    return Warning(KEPT_ON_EMPLOYEE(field=FieldName(key), value=value, system=SYSTEM.name), key)
