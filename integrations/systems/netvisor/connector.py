"""Netvisor (Finland): employment periods, one signed XML call each.

Vendor pages meant below: "Authentication" (766842, 77000557880), "Resources - general" (766841), "Controlling errors"
(77000500440), "addjobperiod.nv" (769787), "editjobperiod.nv" (769789), "deletejobperiod.nv" (769791),
"getemployees.nv" (77000554256), "getemployee.nv" (77000554257), all on support.netvisor.fi.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal
from typing import Any
from uuid import uuid4
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.ElementTree import fromstring
from requests import PreparedRequest
from requests.auth import AuthBase

from integrations.sdk import (
    BROKE_DOWN,
    BY_KEY,
    Change,
    CheckLine,
    Connector,
    ConnectorError,
    Context,
    DataRefusedError,
    EmployeeNotFoundError,
    Foreign,
    InterruptedRunError,
    Marks,
    NotAuthorizedError,
    Person,
    RateLimitedError,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    StaleError,
    UnavailableError,
    UnclearOutcomeError,
    Wanted,
    Written,
    date_of,
    email_of,
    number_of,
    raise_for_trouble,
    sure_date,
    to_count_from,
)
from integrations.systems.netvisor.declaration import CONTRACTS, KEYS_MENU, MODES, PAY_TYPES, SYSTEM

LANGUAGE = "EN"
RIGHTS_MENU = "Company menu > API resource access rights"

# The elements that we write, in the order of addjobperiod.nv, which editjobperiod.nv shares: any other is refused.
ANSI = {"format": "ansi"}
NETVISOR = {"type": "netvisor"}
ELEMENTS: Mapping[str, Mapping[str, str]] = {
    "companystartdate": ANSI,
    "startdate": ANSI,
    "probationenddate": ANSI,
    "employmentmode": NETVISOR,
    "profession": {},
    "enddate": ANSI,
    "endreason": NETVISOR,
    "occupationclassification": {"type": "isco"},
    "employmentcontract": NETVISOR,
    "employmentform": NETVISOR,
    "parttimepercent": {},
    "regularworkinghours": {},
    "ispaymenttypemonthlywage": {},
    "ispaymenttypehourlywage": {},
    "ispaymenttypepiecewage": {},
}
# Our fields that are one element there; contract type, percentage and remuneration type are two or three.
PLAIN = {
    "start_date": "startdate",
    "end_date": "enddate",
    "end_reason": "endreason",
    "probation_end": "probationenddate",
    "title": "profession",
    "occupation_code": "occupationclassification",
    "weekly_hours": "regularworkinghours",
}
DATES = ("start_date", "end_date", "probation_end")
BASE = ("employeebaseinformation",)
FULL_TIME, PART_TIME = "1", "2"


# -- the signature ---------------------------------------------------------------------------------------


def mac(
    *,
    url: str,
    sender: str,
    customer_id: str,
    timestamp: str,
    language: str,
    organisation_id: str,
    transaction_id: str,
    timestamp_unix: str,
    customer_key: str,
    partner_key: str,
) -> str:
    """The HMACSHA256 signature of "Authentication", over Latin-1 bytes; `url` exactly as it is sent, with its query.

    Raises UnicodeEncodeError for a character that Latin-1 does not have.
    """
    parts = (url, sender, customer_id, timestamp, language, organisation_id, transaction_id, timestamp_unix)
    message = "&".join((*parts, customer_key, partner_key)).encode("iso-8859-1")
    return hmac.new(f"{customer_key}&{partner_key}".encode("iso-8859-1"), message, hashlib.sha256).hexdigest()


class Signature(AuthBase):
    """Signs each request as it is about to leave: its own transaction id, and one "now" for both timestamps."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        given = self.context.credentials
        now = self.context.now().astimezone(UTC)
        timestamp = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d}"
        timestamp_unix, transaction_id = str(int(now.timestamp())), str(uuid4())
        try:
            signature = mac(
                url=request.url or "",
                sender=given["sender"],
                customer_id=given["customer_id"],
                timestamp=timestamp,
                language=LANGUAGE,
                organisation_id=given["organisation_id"],
                transaction_id=transaction_id,
                timestamp_unix=timestamp_unix,
                customer_key=given["customer_key"],
                partner_key=given["partner_key"],
            )
        except UnicodeEncodeError:
            raise NotAuthorizedError(
                "The sender, an identifier or a key of this connection contains a character that Netvisor cannot "
                "verify. Type it in again in the connection's credentials, in plain letters and digits."
            ) from None
        authentication = {
            "Sender": given["sender"],
            "CustomerId": given["customer_id"],
            "PartnerId": given["partner_id"],
            "Timestamp": timestamp,
            "TimestampUnix": timestamp_unix,
            "TransactionId": transaction_id,
            "MACHashCalculationAlgorithm": "HMACSHA256",
            "UseHTTPResponseStatusCodes": "1",
            "MAC": signature,
        }
        for name, value in authentication.items():
            request.headers[f"X-Netvisor-Authentication-{name}"] = value
        request.headers["X-Netvisor-Interface-Language"] = LANGUAGE
        request.headers["X-Netvisor-Organisation-ID"] = given["organisation_id"]
        return request


# -- the connector ---------------------------------------------------------------------------------------


class NetvisorConnector(Connector):
    system = SYSTEM

    def setup(self) -> None:
        self.http.auth = Signature(self.context)

    # test connection

    def check(self) -> Sequence[CheckLine]:
        try:
            count = len(self._employees())
        except InterruptedRunError:
            raise
        except ConnectorError as error:
            return [CheckLine(False, "Credentials and company", _said(error), _where(error), refusal=error.said)]
        company = self.credentials["organisation_id"]
        lines = [
            CheckLine(True, "Credentials and company", f"Netvisor takes the keys for {company}."),
            CheckLine(True, "List employees (getemployees.nv)", f"{count} employee{'' if count == 1 else 's'}."),
        ]
        # No employee and no period has key 0, and the body holds no period: the answer is "allowed, but no such
        # record" or "not allowed", and nothing can be written.
        nothing = tostring(Element("root"))
        for title, resource, query, body in (
            ("Read an employee", "getemployee.nv", {"netvisorkey": "0"}, None),
            ("Add a period", "addjobperiod.nv", {"employeeidentifier": "0"}, nothing),
            ("Change a period", "editjobperiod.nv", {"netvisorkey": "0"}, nothing),
        ):
            lines.append(self._right(title, resource, query, body))
        lines.append(
            CheckLine(
                True,
                "Delete a period (deletejobperiod.nv): not tried",
                "A test would be a real deletion. Allow this resource if deletions are to be sent.",
                RIGHTS_MENU,
            )
        )
        return lines

    def _right(self, title: str, resource: str, query: Mapping[str, str], body: bytes | None) -> CheckLine:
        title = f"{title} ({resource})"
        try:
            self._call(resource, query, body, write=False)
        except DataRefusedError:
            pass
        except InterruptedRunError:
            raise
        except ConnectorError as error:
            return CheckLine(False, title, _said(error), _where(error), refusal=error.said)
        return CheckLine(True, title, "Allowed.")

    # employees

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        employee = self._employee(netvisorkey=known_id)
        return _found(employee) if employee is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        number, national_id, email = person.number.strip(), _plain_id(person.national_id), email_of(person.email)

        def by_number() -> list[RemoteEmployee]:
            employee = self._employee(employeenumber=number)
            if employee is not None and _text(employee, *BASE, "employeenumber") == number:
                return [_found(employee)]
            # The list also holds those whose employment has ended.
            return self._those(_text(e, "netvisorkey") for e in self._listed() if _text(e, "employeenumber") == number)

        def by_national_id() -> list[RemoteEmployee]:
            return self._those(_text(e, "netvisorkey") for e in self._listed() if national_id in _personal_ids(e))

        return (
            ("employee number", number, by_number),
            ("national id", national_id, by_national_id),
            (
                "e-mail",
                email if self.settings.get("match_by_email") else "",
                lambda: self._those(self.once("emails", self._emails).get(email, [])),
            ),
        )

    def _those(self, keys: Iterable[str]) -> list[RemoteEmployee]:
        """Read only where it is one: of several nobody is taken."""
        found = list(dict.fromkeys(keys))
        if len(found) > 1:
            return [RemoteEmployee(key) for key in found]
        employees = (self._employee(netvisorkey=key) for key in found)
        return [_found(employee) for employee in employees if employee is not None]

    def _listed(self) -> list[Element]:
        return self.once("employees", self._employees)

    def _employees(self) -> list[Element]:
        """Everybody; without the parameter Netvisor leaves out those whose employment has ended."""
        root = self._call("getemployees.nv", {"includeendedemployments": "1"}, keep_answer=False)
        return [e for e in _all(root, "employee") if _text(e, "netvisorkey")]

    def _emails(self) -> dict[str, list[str]]:
        """E-mail -> keys. The list has no e-mails, so each employee is read."""
        index: dict[str, list[str]] = {}
        for listed in self._listed():
            key = _text(listed, "netvisorkey")
            employee = self._employee(netvisorkey=key, periods=False)
            email = _text(employee, *BASE, "email").lower() if employee is not None else ""
            if email:
                index.setdefault(email, []).append(key)
        return index

    def _employee(self, periods: bool = True, **query: str) -> Element | None:
        """One employee by `netvisorkey` or `employeenumber`, with the periods. None: there is no such employee, which
        Netvisor says by refusing the data, or by OK with nothing in it."""
        try:
            # Without periods it is one of many that are looked through: nothing of it belongs in anybody's log.
            flags = {"employmentperiods": "1"} if periods else {}
            root = self._call("getemployee.nv", {**query, **flags}, keep_answer=periods)
        except DataRefusedError as error:
            if error.vendor_code != "INVALID_DATA":
                raise
            return None
        employee = next(_all(root, "employee"), None)
        if employee is None or not _text(employee, *BASE, "netvisorkey"):
            return None
        return employee

    # periods

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        # The call that confirmed the employee brought the periods along: they are used once, then read anew.
        shown = employee.raw.pop("shown", None) or self._employee(netvisorkey=employee.id)
        if shown is None:
            raise EmployeeNotFoundError(
                f"The employee {employee.id} is no longer in Netvisor. Add the person there, then press Re-sync."
            )
        periods = [period for period in _all(shown, "employmentperiod") if _text(period, "netvisorkey")]
        employee.raw["since"] = [
            (sure_date(_text(period, "startdate")), sure_date(_text(period, "companystartdate"))) for period in periods
        ]
        return [_remote(period) for period in periods]

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        values = {k: v for k, v in wanted.values.items() if v is not None and v != ""}
        # addjobperiod.nv: `employeeidentifier` is the employee's Netvisor key, not the number.
        first = wanted.employed_since or wanted.start
        since = to_count_from(first, wanted.start, employee.raw.get("since", ()))
        body = self._body(values, {"companystartdate": since.isoformat()} if since else {})
        root = self._call("addjobperiod.nv", {"employeeidentifier": employee.id}, body, write=True)
        key = next((_text(e) for e in _all(root, "inserteddataidentifier")), "")
        if not key:
            raise UnclearOutcomeError("Netvisor took the new period but did not say under which key.")
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
        """The XML of one period, in ASCII: other letters become numeric character references, so that it does not
        matter which character set Netvisor takes the body for ("Resources - general" names two)."""
        texts = {**self._texts(values), **(more or {})}
        root = Element("root")
        period = SubElement(SubElement(root, "employmentperiods"), "employmentperiod")
        for name, attributes in ELEMENTS.items():
            if name in texts:
                SubElement(period, name, dict(attributes)).text = texts[name]
        return tostring(root, encoding="us-ascii", short_empty_elements=False)

    def _texts(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Element -> text for our fields; "" wipes."""
        texts: dict[str, str] = {}
        for ours, value in values.items():
            if ours == "contract_type":
                texts["employmentcontract"], _, texts["employmentmode"] = (value or "").partition("/")
            elif ours == "percentage":
                if value is not None and value >= 100:
                    texts["employmentform"] = FULL_TIME
                else:
                    texts["employmentform"] = "" if value is None else PART_TIME
                    texts["parttimepercent"] = self._text_of(value)
            elif ours == "remuneration_type":
                texts |= {f"ispaymenttype{name}": "1" if name == value else "0" for name, _ in PAY_TYPES}
            else:
                texts[PLAIN[ours]] = self._text_of(value)
        return texts

    def _text_of(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, Decimal):
            text = f"{value:f}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
            return text.replace(".", ",") if self.settings.get("decimal_mark") == "comma" else text
        return str(value)

    # calls

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
        )
        return self._judged(response, resource, write)

    def classify(self, response: Response) -> None:
        """Only the limit here: what an answer means is in its XML first, and in its status only then (`_judged`)."""
        if response.status == 429:
            raise_for_trouble(response)

    def _judged(self, response: Response, resource: str, write: bool) -> Element:
        root = _parse(response.content)
        said = _statuses(root) if root is not None else []
        if root is None or not said:
            raise self._not_netvisor(response, resource, write)
        if said[0].upper() == "OK":
            return root
        code, _, text = (said[1] if len(said) > 1 else said[0]).partition(" :: ")
        raise self._error(code.strip().upper(), text.strip(), resource, response.status, write)

    def _not_netvisor(self, response: Response, resource: str, write: bool) -> ConnectorError:
        """No XML of Netvisor's: only the status is left to go by."""
        about: dict[str, Any] = {"vendor_text": self._masked(response.said), "vendor_code": str(response.status)}
        if response.status in (401, 403):
            return NotAuthorizedError(f"Netvisor refused the keys or the right to {resource}. {_KEYS_REMEDY}", **about)
        if response.status == 404:
            return UnavailableError(
                f"There is no {resource} at this address. Check the connection's base URL.", **about
            )
        if not (write and response.status in BROKE_DOWN):
            try:
                raise_for_trouble(response)
            except (RateLimitedError, UnavailableError) as error:
                error.vendor_text = about["vendor_text"]
                return error
        if write and (response.ok or response.status in BROKE_DOWN):
            return UnclearOutcomeError(
                "The answer to a write could not be read, so it may have been carried out.", **about
            )
        return UnavailableError("The answer could not be read: it is not Netvisor's XML.", **about)

    def _error(self, code: str, text: str, resource: str, status: int, write: bool) -> ConnectorError:
        """Our error for one of the codes of "Controlling errors"."""
        about: dict[str, Any] = {"vendor_text": self._masked(text), "vendor_code": code}
        if code == "AUTHENTICATION_FAILED":
            # This text can repeat the whole string to be signed; it ends where the address begins.
            about["vendor_text"] = re.split(r"https?://", about["vendor_text"])[0].rstrip()
            return NotAuthorizedError(f"Netvisor refused the keys of this connection. {_KEYS_REMEDY}", **about)
        if code == "SERVICE_ACCESS_ERROR":
            return NotAuthorizedError(
                f"Netvisor does not let this connection use {resource}. Allow it in Netvisor under {RIGHTS_MENU}, "
                "and make sure that the user of the keys still has rights.",
                **about,
            )
        if code == "REQUEST_NOT_UNIQUE":
            # Each of our requests has an id of its own: something on the way sent this one twice, and the first may
            # have been carried out.
            message = "Netvisor says that it has had this very request before."
            return UnclearOutcomeError(message, **about) if write else UnavailableError(message, **about)
        if code.startswith("SYSTEM_MAINT"):
            return UnavailableError("Netvisor is closed for maintenance.", **about)
        if code == "DUPLICATE_DATA" and write:
            return StaleError("Netvisor says that this period is already there.", **about)
        if code == "PERIOD_LOCK":
            return DataRefusedError(
                "The accounting period is locked in Netvisor. Open it there or change the dates here, then press "
                "Re-sync.",
                cause="period_locked",
                **about,
            )
        if code == "TECHNICAL_ERROR" or status >= 500:
            broke_down = UnclearOutcomeError if write and status in BROKE_DOWN else UnavailableError
            return broke_down("Netvisor had a technical fault.", **about)
        field = _named(text)
        remedy = f"Check the {BY_KEY[field].label.lower()} here" if field else "Correct the position here or there"
        return DataRefusedError(f"Netvisor refused the position. {remedy}, then press Re-sync.", field=field, **about)

    def _masked(self, text: str) -> str:
        return self.http.masker.text(text[:300])


_KEYS_REMEDY = (
    f"Make new ones in Netvisor under {KEYS_MENU} (they end with the rights of the user who made them), check the "
    "partner's keys and the business ID, and type them in under this connection's credentials."
)


def _said(error: ConnectorError) -> str:
    return f"{error.message} {error.vendor_text}".strip()


def _where(error: ConnectorError) -> str:
    """Where to mend it in Netvisor, if it can be mended there."""
    if not isinstance(error, NotAuthorizedError):
        return ""
    return RIGHTS_MENU if error.vendor_code == "SERVICE_ACCESS_ERROR" else KEYS_MENU


def _or(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} or {parts[-1]}" if len(parts) > 1 else parts[0]


# -- reading XML: tags come in PascalCase or in lower case, so case never counts -------------------------


def _parse(content: bytes) -> Element | None:
    try:
        root: Element = fromstring(content)
    except (ParseError, ValueError):
        return None
    return root


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def _all(element: Element, name: str) -> Iterator[Element]:
    return (e for e in element.iter() if _tag(e) == name)


def _text(element: Element, *path: str) -> str:
    """The text at the end of the path of children, "" when there is none."""
    for name in path:
        child = next((c for c in element if _tag(c) == name), None)
        if child is None:
            return ""
        element = child
    return (element.text or "").strip()


def _statuses(root: Element) -> list[str]:
    answer = next(_all(root, "responsestatus"), None)
    return [] if answer is None else [_text(e) for e in answer if _tag(e) == "status"]


def _found(employee: Element) -> RemoteEmployee:
    number, email, born, first, last = (
        _text(employee, *BASE, name) for name in ("employeenumber", "email", "dateofbirth", "firstname", "lastname")
    )
    ids = [_text(e) for e in _all(employee, "employeeidentifier") if e.get("type", "").lower() != "companyidentifier"]
    marks = Marks(number, ids[0] if ids else "", email, date_of(born), first, last)
    return RemoteEmployee(_text(employee, *BASE, "netvisorkey"), raw={"shown": employee}, marks=marks)


def _plain_id(text: str) -> str:
    return "".join(text.split()).upper()


def _personal_ids(listed: Element) -> list[str]:
    """A person's national ids in the list of employees; an identifier of the company's own is none."""
    return [
        _plain_id(_text(e))
        for e in listed
        if _tag(e) == "personalid" and e.get("type", "").lower() != "companyidentifier"
    ]


def _remote(period: Element) -> Remote:
    """A period as it is there, in the words of `Wanted`; elements that did not come along are left out, but the dates
    that make the period."""
    came = {_tag(e) for e in period}
    values: dict[str, Any] = {ours: _text(period, name) or None for ours, name in PLAIN.items() if name in came}
    values |= {ours: sure_date(_text(period, PLAIN[ours])) for ours in DATES}
    if "weekly_hours" in values:
        values["weekly_hours"] = _decimal(values["weekly_hours"])
    if {"employmentcontract", "employmentmode"} <= came:
        values["contract_type"] = _contract(_text(period, "employmentcontract"), _text(period, "employmentmode"))
    form = _text(period, "employmentform")
    if form == FULL_TIME:
        values["percentage"] = Decimal(100)
    elif form == PART_TIME and "parttimepercent" in came:
        values["percentage"] = _decimal(_text(period, "parttimepercent"))
    elif not form and "employmentform" in came:
        # "addjobperiod.nv": a percentage counts for part-time only, whatever else may stand there.
        values["percentage"] = None
    elif form and form != PART_TIME:
        values["percentage"] = Foreign(f"employment form {form}")
    if {f"ispaymenttype{name}" for name, _ in PAY_TYPES} <= came:
        paid = [name for name, _ in PAY_TYPES if _text(period, f"ispaymenttype{name}") == "1"]
        values["remuneration_type"] = "+".join(paid) or None
    return Remote(_text(period, "netvisorkey"), values)


def _contract(contract: str, mode: str) -> str | None:
    """Both codes as one word; nothing where one is missing, unless the other is a choice that we do not know."""
    known = (not contract or contract in CONTRACTS) and (not mode or mode in MODES)
    return f"{contract}/{mode}" if (contract and mode) or not known else None


def _decimal(text: str | None) -> Decimal | None:
    """Netvisor writes decimals with a comma in its answers."""
    if not text:
        return None
    number = number_of(text.replace(",", "."))
    if number is None:
        raise UnavailableError("Netvisor shows a number that cannot be read.", vendor_text=text[:100])
    return number


_OURS = {
    **{name: ours for ours, name in PLAIN.items()},
    "employmentcontract": "contract_type",
    "employmentmode": "contract_type",
    "employmentform": "percentage",
    "parttimepercent": "percentage",
}


def _named(text: str) -> str:
    """Our field for the first element that Netvisor's words name, "" when they name none."""
    return next((_OURS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _OURS), "")
