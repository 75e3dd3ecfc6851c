"""Netvisor (Finland): employment periods, one signed XML call each.

Vendor pages meant below: "Resources - general" (766841), "addjobperiod.nv" (769787), "editjobperiod.nv" (769789),
"deletejobperiod.nv" (769791), "getemployees.nv" (77000554256), "getemployee.nv" (77000554257), all on
support.netvisor.fi.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element, tostring

from integrations.sdk import (
    ALLOWED,
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    Directory,
    EveryMark,
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
    Written,
    date_of,
    email_of,
    plain,
    sure_date,
    to_count_from,
    unknown_trouble,
)
from integrations.systems.netvisor import refusals, texts
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
            CheckLine(True, texts.DELETING, texts.NOT_TRIED(), texts.RIGHTS_MENU),
        ]

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
        periods = _periods(shown if shown is not None else self._present(employee.id))
        self.ahead["since", employee.id] = [
            (sure_date(text_at(period, "startdate")), sure_date(text_at(period, "companystartdate")))
            for period in periods
        ]
        return [remote_of(period) for period in periods]

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
        return self.seen(found.id, EveryMark.of(found.marks), lambda: map(remote_of, _periods(employee)))

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        values = {k: v for k, v in wanted.values.items() if v is not None and v != ""}
        # addjobperiod.nv: `employeeidentifier` is the employee's Netvisor key, not the number.
        first = wanted.employed_since or wanted.start
        since = to_count_from(first, wanted.start, self.ahead.get(("since", employee.id), ()))
        body = self._body(values, {"companystartdate": since.isoformat()} if since else {})
        root = self._call("addjobperiod.nv", {"employeeidentifier": employee.id}, body, write=True)
        key = next((text_at(e) for e in every(root, "inserteddataidentifier")), "")
        if not key:
            raise UnclearOutcomeError(texts.NO_KEY())
        return Written(key)

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        new = {ours: change.new for ours, change in changes.items()}
        # editjobperiod.nv: the period's own key; what is left out stays, and an empty element wipes.
        self._call("editjobperiod.nv", {"netvisorkey": remote.id}, self._body(new), write=True)
        return Written(remote.id)

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


def _periods(employee: Element) -> list[Element]:
    return [period for period in every(employee, "employmentperiod") if text_at(period, "netvisorkey")]


def _national_ids(element: Element, name: str) -> list[str]:
    """An identifier of the company's own is none."""
    ids = (e for e in every(element, name) if e.get("type", "").lower() != "companyidentifier")
    return [text_at(e) for e in ids]
