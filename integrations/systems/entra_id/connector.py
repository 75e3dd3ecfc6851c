"""Entra ID through Microsoft Graph: one user record, which holds what the person does today.

Pages named below are Microsoft's (learn.microsoft.com/graph), version 1.0.

Requests are not put together with `$batch`: an employee in a steady state costs one read and, at most, the writes that
differ. The searches of a first match depend on one another, each request inside a batch counts against the limits as
if it were sent alone ("Microsoft Graph throttling guidance"), and one lost answer would leave several writes unclear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

from integrations.sdk import (
    ALLOWED,
    BAD_DATE,
    REFUSED_WITH_WORDS,
    SIGN_IN,
    Asked,
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    EveryMark,
    FieldName,
    Grant,
    Label,
    LinkPages,
    Looking,
    Mark,
    Message,
    NotAuthorizedError,
    Pages,
    Person,
    Refusal,
    Remote,
    RemoteEmployee,
    Response,
    Search,
    Text,
    Tokens,
    Trouble,
    UnavailableError,
    Wanted,
    Warning,
    Written,
    after_a_gap,
    nonsense,
    record_in,
    rows_in,
    sure_date,
    text_of,
)
from integrations.sdk import gettext_noop as _
from integrations.systems.entra_id import refusals, texts
from integrations.systems.entra_id.declaration import ATTRIBUTES, GRANT, LEAVE_RIGHT, PLACES, SECRETS, SYSTEM, steps_of

T = TypeVar("T")

EMPLOYEE_ID_LENGTH = 16
EARLY_SECONDS = 300  # a token is renewed five minutes before it ends
MATCH_WORDS = {"employeeId": Mark.NUMBER, "userPrincipalName": _("user principal name"), "mail": Mark.EMAIL}

READ_RIGHT = "User.Read.All"
WRITE_RIGHT = "User.ReadWrite.All"

TEXTS = {"title": "jobTitle", "company": "companyName", "department": "department", "contract_type": "employeeType"}
ALWAYS_SELECTED = (
    "id",
    "userPrincipalName",
    "mail",
    "employeeId",
    "displayName",
    "accountEnabled",
    "userType",
    "onPremisesSyncEnabled",
    "jobTitle",
    "department",
    "companyName",
    "employeeType",
    "employeeOrgData",
)


class Moment(NamedTuple):
    """One of the two dates, each written in a PATCH of its own: `ours` is our field, `name` its property there,
    `switch` and `time` the settings that send it and give its hour, `right` the permission to be granted."""

    ours: str
    name: str
    switch: str
    time: str
    right: str


# "Synchronize attributes for lifecycle workflows", importance of time: the hire date early on its day, so that
# workflows have run before somebody arrives, the leave date late, so that nobody is locked out before the day is over.
HIRE_DATE = Moment("start_date", "employeeHireDate", "send_hire_date", "hire_time", WRITE_RIGHT)
LEAVE_DATE = Moment("end_date", "employeeLeaveDateTime", "send_leave_date", "leave_time", LEAVE_RIGHT)


def _next_link(response: Response) -> str:
    return str(response.json().get("@odata.nextLink") or "")


PAGES = LinkPages(_next_link)


def _rows(response: Response) -> list[dict[str, Any]]:
    return rows_in(response, "value")


def _users(response: Response) -> list[dict[str, Any]]:
    return [user for user in _rows(response) if user.get("id")]


class EntraIdConnector(Connector):
    system = SYSTEM
    refusals = refusals.REFUSALS

    def setup(self) -> None:
        self.http.headers = {"Accept": "application/json"}
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in, early=EARLY_SECONDS)
        self._steps = steps_of(self.settings)
        self._divided = str(self.settings.get("division_holds") or "")  # our field that the division holds
        self._places: Mapping[str, str] = self.settings.get(PLACES.name) or {}  # our field -> its attribute
        self._leave_date_hidden = False

    # -- sign-in -----------------------------------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        """A token of one cloud is worth nothing in another ("National cloud deployments"); none can be refreshed."""
        tenant = quote(self.credentials.get("tenant_id", "").strip(), safe="")
        address = urlsplit(self.http.base_url)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.get("client_id", "").strip(),
            "client_secret": self.credentials.get("client_secret", ""),
            "scope": f"{address.scheme}://{address.netloc}/.default",
        }
        url = f"{self.context.urls['login'].rstrip('/')}/{tenant}/oauth2/v2.0/token"
        return self.oauth(url, form, self.judging(rows=refusals.SIGN_IN, read=refusals.sign_in_trouble))

    # -- answers -----------------------------------------------------------------------------------------

    def trouble(self, response: Response) -> Trouble | None:
        return refusals.trouble(response)

    def judge(self, response: Response, rows: Iterable[Refusal], **more: Any) -> None:
        """`right` is the permission that the call needs."""
        super().judge(response, rows, **{"right": WRITE_RIGHT, "grant": GRANT, "secrets": SECRETS, **more})

    # -- connection --------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        lines, reads = self.try_each(
            (SIGN_IN, texts.SIGN_IN_PLACE(secrets=SECRETS), self._check_sign_in),
            (texts.READING, GRANT, self._check_reading),
            needed=2,
        )
        if not lines[0].ok:
            return lines
        if reads and self.settings.get(LEAVE_DATE.switch):
            lines.append(self.tried(texts.LEAVE_DATE, GRANT, self._check_leave_date))
        lines.append(CheckLine(True, texts.WRITING, texts.WRITING_UNKNOWN()))
        return lines

    def _check_sign_in(self) -> Message:
        self.tokens.get()
        return texts.SIGNED_IN()

    def _check_reading(self) -> Message:
        self._one_user("id", READ_RIGHT)
        return ALLOWED()

    def _check_leave_date(self) -> CheckLine | Message:
        users = _users(self._one_user(f"id,{LEAVE_DATE.name}", LEAVE_RIGHT))
        if users and LEAVE_DATE.name not in users[0]:
            return CheckLine(False, "", texts.LEAVE_DATE_HIDDEN())
        return texts.LEAVE_DATE_SHOWN()

    def _one_user(self, select: str, right: str) -> Response:
        """Whoever comes first."""
        query = _query(top="1", select=select)
        return self.http.get(f"users?{query}", classify=self.judging(right=right), keep_answer=False)

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        user = self._user(known_id)
        if user is None:
            return None
        if left_alone := self._left_alone(user):
            raise DataRefusedError(left_alone(user=str(user["id"])))
        return self._found(user, person)

    def searches(self, person: Person) -> Sequence[Search]:
        def taken(step: str, value: str) -> Iterator[RemoteEmployee]:
            for user in self._search(step, value):
                if left_alone := self._left_alone(user):
                    self.ahead.setdefault(("left alone", person.id), left_alone(user=str(user["id"])))
                else:
                    yield self._found(user, person)

        values = {step: person.number.strip() if step == "employeeId" else person.email.strip() for step in self._steps}
        if len(values.get("employeeId", "")) > EMPLOYEE_ID_LENGTH:
            values["employeeId"] = ""
        return tuple((MATCH_WORDS[step], value, partial(taken, step, value)) for step, value in values.items())

    def hint(self, person: Person) -> Message | str:
        """Raises DataRefusedError where somebody was found whom the settings leave alone."""
        if left_alone := self.ahead.get(("left alone", person.id)):
            raise DataRefusedError(left_alone)
        if "employeeId" in self._steps and len(person.number.strip()) > EMPLOYEE_ID_LENGTH:
            return texts.NUMBER_NEVER_THERE(most=EMPLOYEE_ID_LENGTH)
        return ""

    def _left_alone(self, user: Mapping[str, Any]) -> Text | None:
        """Why the settings leave this user alone, None if they do not."""
        if self.settings.get("skip_guests") and user.get("userType") == "Guest":
            return texts.GUEST
        if self.settings.get("skip_disabled") and user.get("accountEnabled") is False:
            return texts.DISABLED
        return None

    def _found(self, user: dict[str, Any], person: Person) -> RemoteEmployee:
        user_id = str(user["id"])
        self.ahead[user_id] = user
        return RemoteEmployee(user_id, marks=_marks(user).beside(person))

    def _user(self, user_id: str) -> dict[str, Any] | None:
        """One user with the manager, None if there is no such user."""

        def ask(select: str) -> dict[str, Any] | None:
            path = f"{_address(user_id)}?{_query(select=select, expand=self._expand())}"
            response = self.get_or_none(path, refusals.GONE, classify=self.judging(right=READ_RIGHT))
            if response is None:
                return None
            user = record_in(response)
            if not user.get("id"):
                raise nonsense(response)
            return user

        return self._with_leave_date(ask)

    def _search(self, step: str, value: str) -> list[dict[str, Any]]:
        """Every user with this value: neither an employee number nor an e-mail is unique in Entra ID."""
        condition = f"{step} eq '{value.replace(chr(39), chr(39) * 2)}'"

        def ask(select: str) -> list[dict[str, Any]]:
            path = f"users?{_query(filter=condition, select=select, expand=self._expand())}"
            return list(self.pages(PAGES, path, rows=_users, classify=self.judging(right=READ_RIGHT)))

        return self._with_leave_date(ask)

    def _with_leave_date(self, ask: Callable[[str], T]) -> T:
        """Asks for everything that this connection sends. The leave date has a permission of its own, and whether a
        read without it is refused is not documented: then everything else is asked for, once and from then on."""
        names = [*ALWAYS_SELECTED, *([HIRE_DATE.name] if self.settings.get(HIRE_DATE.switch) else [])]
        names += [ATTRIBUTES] if self._places else []
        if not self.settings.get(LEAVE_DATE.switch) or self._leave_date_hidden:
            return ask(",".join(names))
        try:
            return ask(",".join([*names, LEAVE_DATE.name]))
        except NotAuthorizedError as error:
            if error.cause != "permission_missing":
                raise
        answer = ask(",".join(names))
        self._leave_date_hidden = True
        return answer

    def _expand(self) -> str:
        """With the manager in the same answer, nobody is asked for a manager who does not exist (a 404)."""
        return "manager($select=id,userPrincipalName,mail,employeeId)" if self.settings.get("send_manager") else ""

    # -- the employment ----------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        # What the match has just read is used once; reading again asks again.
        return [self._remote(self.ahead.pop(employee.id, None) or self._current(employee))]

    def _remote(self, user: Mapping[str, Any]) -> Remote:
        # "Update user": what is synced from a local directory is mastered there. Null and false are writable.
        if user.get("onPremisesSyncEnabled") is True:
            raise DataRefusedError(texts.ON_PREMISES())
        values = self._values(user)
        # Whoever comes back after a gap is hired anew; what follows at once belongs to the same employment. Only the
        # leave date tells of a gap, where it is sent and shown.
        renews = after_a_gap(values.get("end_date")) if self.settings.get(HIRE_DATE.switch) else None
        return Remote(str(user["id"]), values, raw=user, renews_from=renews)

    def everybody(self, written: Mapping[str, str]) -> Looking:
        """ "List users": 999 on a page, 100 where the manager comes along, however many are asked for."""

        def fetch(asked: Asked) -> Response:
            if isinstance(asked, str):
                return self.page_at(asked, **how)
            whole = partial(_query, top=str(SYSTEM.sight.page), expand=self._expand())
            return self._with_leave_date(lambda select: self.http.get(f"users?{whole(select=select)}", **how))

        def see(id: str, user: dict[str, Any]) -> Looking:
            if not self._left_alone(user):
                yield self.seen(id, _marks(user), lambda: [self._remote(user)])

        how: dict[str, Any] = {"classify": self.judging(right=READ_RIGHT), "keep_answer": False}
        yield from self.looking(Pages(PAGES, fetch, _rows, system=SYSTEM.name), "id", see)

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """A new employment after a gap, written into the same user."""
        user = self._current(employee)
        return self.write_into(employee, person, Remote(employee.id, self._values(user), raw=user), wanted)

    def _current(self, employee: RemoteEmployee) -> dict[str, Any]:
        user = self._user(employee.id)
        if user is None:
            raise self.gone(employee)
        return user

    def _values(self, user: Mapping[str, Any]) -> dict[str, Any]:
        """The user in the form in which our translation gives values. Each of them was asked for: one that is not in
        the answer (as the leave date without its permission) is not shown to us. A manager who is not, is none."""
        values: dict[str, Any] = {ours: text_of(user[name]) for ours, name in TEXTS.items() if name in user}
        if "employeeOrgData" in user:
            values["cost_centre"] = text_of(_unit(user).get("costCenter"))
            values |= {self._divided: text_of(_unit(user).get("division"))} if self._divided else {}
        if ATTRIBUTES in user:
            attributes = user[ATTRIBUTES] if isinstance(user[ATTRIBUTES], dict) else {}
            values |= {ours: text_of(attributes.get(place)) for ours, place in self._places.items()}
        if self.settings.get("send_manager"):
            values["manager"] = self._shown_manager(user)
        for moment in (HIRE_DATE, LEAVE_DATE):
            if self.settings.get(moment.switch) and moment.name in user:
                values[moment.ours] = self._day(user[moment.name])
        return values

    def _day(self, shown: Any) -> date | None:
        """The day in the organization's zone of a moment there, whoever wrote it and whatever the hour. Raises
        UnavailableError."""
        day = sure_date(shown)
        if day is None or "T" not in str(shown):
            return day
        try:
            moment = datetime.fromisoformat(str(shown))
        except ValueError:
            raise UnavailableError(BAD_DATE(), vendor_text=str(shown)[:100]) from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(self.context.zone).date()

    def _moment(self, which: Moment, day: date) -> str:
        """The day at the setting's hour in the organization's zone, as Graph writes moments."""
        there = datetime.combine(day, time.fromisoformat(self.settings[which.time]), self.context.zone)
        return there.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _shown_manager(self, user: Mapping[str, Any]) -> str | None:
        manager = user.get("manager")
        if not isinstance(manager, dict) or not manager.get("id"):
            return None
        name = self._steps[0]
        value = text_of(manager.get(name))
        if value is None:
            return str(text_of(manager.get("userPrincipalName")) or manager["id"])
        return value if name == "employeeId" else value.lower()

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        """Sends what differs, and nothing is read back: directory reads lag behind a write ("List users").

        The dates go each in a PATCH of its own, because a permission that is missing for one property refuses the
        whole request. What is refused after something else was written is a warning.
        """
        warnings: list[Warning] = []
        body = self._body(person, remote, changes, warnings)
        if body:
            self._patch(employee, body)
        written = bool(body)
        for parts, write in self._further(employee, remote, changes):
            try:
                warnings += write()
            except DataRefusedError as error:
                error.field = error.field or (parts[0] if len(parts) == 1 else "")
                if not written:
                    raise
                warnings += self._not_written(parts, error)
            written = True
        return Written(employee.id, tuple(warnings))

    def _not_written(self, parts: Sequence[str], error: DataRefusedError) -> Iterator[Warning]:
        refusal, words = error.said, error.vendor_text
        if words:
            refusal = REFUSED_WITH_WORDS(refusal=refusal, system=SYSTEM.name, words=words)
        for part in parts:
            yield Warning(texts.NOT_WRITTEN(part=FieldName(part), refusal=refusal), part)

    def _body(
        self, person: Person, remote: Remote, changes: Mapping[str, Change], warnings: list[Warning]
    ) -> dict[str, Any]:
        """What goes together in one PATCH; null empties, an empty text is refused."""
        body: dict[str, Any] = {}
        for key in ("title", "department", "company", "contract_type"):
            if key in changes and key != self._divided:
                body[SYSTEM.field(key).remote] = changes[key].new
        halves = {"division": self._divided, "costCenter": "cost_centre"}
        if changes.keys() & set(halves.values()):
            # "employeeOrgData": a half that is left out becomes null, so both go along, always.
            kept = _unit(remote.raw)
            body["employeeOrgData"] = {
                name: changes[key].new if key in changes else text_of(kept.get(name)) for name, key in halves.items()
            }
        number = person.number.strip()
        if self.settings.get("write_employee_id") and number and not text_of(remote.raw.get("employeeId")):
            if len(number) <= EMPLOYEE_ID_LENGTH:
                body["employeeId"] = number
            else:
                warnings.append(Warning(texts.NUMBER_NOT_WRITTEN(number=len(number), most=EMPLOYEE_ID_LENGTH)))
        return body

    def _further(
        self, employee: RemoteEmployee, remote: Remote, changes: Mapping[str, Change]
    ) -> Iterator[tuple[Sequence[str], Callable[[], list[Warning]]]]:
        """Our fields, and what writes them."""
        placed = [key for key in changes if key in self._places]
        if placed:
            yield placed, lambda: self._write_attributes(employee, {key: changes[key].new for key in placed})
        for moment in (HIRE_DATE, LEAVE_DATE):
            if moment.ours in changes:
                yield (moment.ours,), partial(self._write_date, employee, moment, changes[moment.ours].new)
        if "manager" in changes:
            yield ("manager",), lambda: self._write_manager(employee, remote, changes["manager"].new)

    def _patch(
        self, employee: RemoteEmployee, body: Mapping[str, Any], right: str = WRITE_RIGHT, *rows: Refusal
    ) -> None:
        classify = self.judging(*rows, refusals.GONE, employee=employee.id, right=right)
        self.http.patch(_address(employee.id), json=body, classify=classify)

    def _write_attributes(self, employee: RemoteEmployee, values: Mapping[str, Any]) -> list[Warning]:
        """By themselves: of users who were synced once, Graph takes everything but these
        ("onPremisesExtensionAttributes resource type")."""
        body = {self._places[key]: _text(value) for key, value in values.items()}
        self._patch(employee, {ATTRIBUTES: body}, WRITE_RIGHT, refusals.ATTRIBUTES_ELSEWHERE)
        return []

    def _write_date(self, employee: RemoteEmployee, which: Moment, day: date | None) -> list[Warning]:
        ours, name, right = which.ours, which.name, which.right
        try:
            self._patch(employee, {name: self._moment(which, day) if day else None}, right)
        except NotAuthorizedError as error:
            if error.cause != "permission_missing":
                raise
            said = texts.DATE_NOT_WRITTEN(
                field=FieldName(ours), name=name, right=right, grant=GRANT, words=error.vendor_text
            )
            return [Warning(said, ours)]
        except DataRefusedError as error:
            error.field = error.field or ours
            raise
        return []

    # -- the manager -------------------------------------------------------------------------------------

    def _write_manager(self, employee: RemoteEmployee, remote: Remote, wanted: str | None) -> list[Warning]:
        if not wanted:
            # A 404 that names the user means that the user is gone; any other one, that there was no manager.
            self._write_reference(employee, "DELETE", lambda words: employee.id not in words)
            return []
        step = self._steps[0]
        manager = self._manager(step, wanted)
        if isinstance(manager, Message):
            return [Warning(manager, "manager")]
        manager_id = str(manager["id"])
        shown = remote.raw.get("manager") or {}
        if manager_id == shown.get("id") and self._shown_manager(remote.raw) == remote.values.get("manager"):
            return []  # unless this is a late read, in whose place stands what was written since
        # "Assign manager": the reference is a full address in the same cloud.
        address = {"@odata.id": f"{self.http.base_url.rstrip('/')}/{_address(manager_id)}"}
        try:
            written = self._write_reference(employee, "PUT", lambda words: manager_id in words, address)
        except DataRefusedError as error:
            error.field = "manager"
            raise
        if written:
            return []
        self.forget(f"manager {wanted}")
        return [Warning(texts.MANAGER_GONE(mark=Label(MATCH_WORDS[step]), value=wanted), "manager")]

    def _manager(self, step: str, wanted: str) -> Mapping[str, Any] | Message:
        """The one user who is meant, or why there is none."""
        if step == "employeeId" and len(wanted) > EMPLOYEE_ID_LENGTH:
            return texts.MANAGER_NUMBER_TOO_LONG(number=wanted, most=EMPLOYEE_ID_LENGTH)
        if step != "employeeId" and "@" not in wanted:
            return texts.MANAGER_WITHOUT_EMAIL(number=wanted)
        found, mark = self.once(f"manager {wanted}", lambda: self._search(step, wanted)), Label(MATCH_WORDS[step])
        if not found:
            return texts.MANAGER_MISSING(mark=mark, value=wanted)
        return found[0] if len(found) == 1 else texts.MANAGER_NOT_UNIQUE(number=len(found), mark=mark, value=wanted)

    def _write_reference(
        self,
        employee: RemoteEmployee,
        method: str,
        absent: Callable[[str], bool],
        body: Mapping[str, Any] | None = None,
    ) -> bool:
        """False: the manager is not there, as the words of a 404 tell (`absent`). Any other 404 is about the user."""
        gone = False

        def classify(response: Response) -> None:
            nonlocal gone
            found = self.trouble(response)
            gone = found is not None and refusals.GONE.fits(found) and absent(found.text)
            if not gone:
                self.judge(response, (refusals.GONE, *self.refusals), employee=employee.id)

        self.http.request(method, f"{_address(employee.id)}/manager/$ref", json=body, classify=classify)
        return not gone


# -- values --------------------------------------------------------------------------------------------------


def _marks(user: Mapping[str, Any]) -> EveryMark:
    number, name = text_of(user.get("employeeId")) or "", text_of(user.get("displayName")) or ""
    by = {MATCH_WORDS[key]: text_of(user.get(key)) or "" for key in ("mail", "userPrincipalName")}
    return EveryMark((number,), emails=tuple(by.values()), last_name=name, by=by)


def _address(user_id: str) -> str:
    return f"users/{quote(user_id, safe='')}"


def _query(*, top: str = "", filter: str = "", select: str = "", expand: str = "") -> str:
    """Everything encoded but what OData writes itself; a space as %20, which no reader takes for a plus sign."""
    parts = {"$top": top, "$filter": filter, "$select": select, "$expand": expand}
    return "&".join(f"{name}={quote(value, safe='$(),=' + chr(39))}" for name, value in parts.items() if value)


def _text(value: Any) -> str | None:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _unit(user: Mapping[str, Any]) -> Mapping[str, Any]:
    unit = user.get("employeeOrgData")
    return unit if isinstance(unit, dict) else {}
