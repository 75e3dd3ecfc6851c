"""Entra ID through Microsoft Graph: one user record, which holds what the person does today.

Pages named below are Microsoft's (learn.microsoft.com/graph), version 1.0.

Requests are not put together with `$batch`: an employee in a steady state costs one read and, at most, the writes that
differ. The searches of a first match depend on one another, each request inside a batch counts against the limits as
if it were sent alone ("Microsoft Graph throttling guidance"), and one lost answer would leave several writes unclear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

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
    Wanted,
    Warning,
    Written,
    no_sign_in,
    nonsense,
    oauth_grant,
    raise_for_trouble,
    sure_date,
    text_of,
    which,
)
from integrations.systems.entra_id.declaration import GRANT, LEAVE_RIGHT, SECRETS, SYSTEM, steps_of

EMPLOYEE_ID_LENGTH = 16
EARLY_SECONDS = 300  # a token is renewed five minutes before it ends
PAGES = 50  # more pages than this for one person's number or address is nobody's directory
MATCH_WORDS = {"employeeId": "employee number", "userPrincipalName": "user principal name", "mail": "e-mail"}

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

# "Update user" names the properties in its errors; the message of an AADSTS code decides only what is shown.
PROPERTY_IN_ERROR = re.compile(r"propert(?:y|ies) '?(\w+)'?", re.I)
ON_PREMISES_WORDS = re.compile(r"on-premises mastered|directory sync objects", re.I)
AADSTS = re.compile(r"AADSTS(\d+)")
SIGN_IN_WORDS = {
    "7000222": f"The client secret has expired. Create a new one in {SECRETS}, and enter its Value (not its Secret ID) "
    "under Credentials.",
    "7000215": f"The client secret is wrong. Enter the Value, not the Secret ID, of a secret from {SECRETS}; if nobody "
    "has kept the Value, create a new secret there.",
    "7000218": "No client secret reached Entra ID. Enter it under Credentials.",
    "700016": "Entra ID does not know this app in this tenant. Compare the application (client) ID and the "
    "directory (tenant) ID with Entra admin centre > App registrations > the app > Overview.",
    "90002": "Entra ID does not know this tenant. Compare the directory (tenant) ID with Entra admin centre > "
    "Overview; in a national cloud, also the address of the sign-in.",
}


class EntraIdConnector(Connector):
    system = SYSTEM

    def setup(self) -> None:
        self.http.headers = {"Accept": "application/json"}
        self.http.auth = self.tokens = Tokens(self.http, self._sign_in, early=EARLY_SECONDS)
        self._base = self.context.urls["api"].rstrip("/")
        self._steps = steps_of(self.settings)
        self._left_alone: dict[str, dict[str, Any]] = {}  # our employee -> somebody whom the settings leave alone
        self._leave_date_hidden = False

    # -- sign-in -----------------------------------------------------------------------------------------

    def _sign_in(self, kept: Mapping[str, Any]) -> Grant:
        """A token of one cloud is worth nothing in another ("National cloud deployments"); none can be refreshed."""
        tenant = quote(self.credentials.get("tenant_id", "").strip(), safe="")
        address = urlsplit(self._base)
        response = self.http.post(
            f"{self.context.urls['login'].rstrip('/')}/{tenant}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.credentials.get("client_id", "").strip(),
                "client_secret": self.credentials.get("client_secret", ""),
                "scope": f"{address.scheme}://{address.netloc}/.default",
            },
            sign=False,
            write=False,
            classify=self._classify_token,
        )
        return oauth_grant(response)

    @staticmethod
    def _classify_token(response: Response) -> None:
        """The sign-in has an error shape of its own: `error` is a text here, an object in Graph."""
        _raise_for_trouble(response)
        if response.ok:
            return
        body = response.json_object()
        if response.status == 404 and not body:
            raise no_sign_in(response)
        error, text = str(body.get("error") or ""), str(body.get("error_description") or "")
        text = text.splitlines()[0] if text else response.said
        found = AADSTS.search(text)
        number = found[1] if found else ""
        message = SIGN_IN_WORDS.get(number) or (
            "Entra ID refused the sign-in. Compare tenant ID, client ID and client secret with Entra admin centre > "
            "App registrations > the app, and renew the secret there if it has expired."
        )
        raise NotAuthorizedError(
            message,
            cause="secret_expired" if number == "7000222" else "",
            vendor_text=text[:500],
            vendor_code=f"AADSTS{number}" if number else error or str(response.status),
        )

    # -- answers -----------------------------------------------------------------------------------------

    def classify(self, response: Response) -> None:
        self._classify(response, WRITE_RIGHT)

    def _classify(self, response: Response, right: str) -> None:
        """`right` is the permission that this call needs."""
        _raise_for_trouble(response)
        if response.ok:
            return
        code, text = _error(response)
        words: dict[str, str] = {"vendor_text": text, "vendor_code": code or str(response.status)}
        if response.status == 401:
            raise NotAuthorizedError(
                "Entra ID refused our access token although it is new. Check that the app still exists and is not "
                f"blocked (Entra admin centre > App registrations), and renew its client secret in {SECRETS}.",
                **words,
            )
        if response.status == 403:
            raise NotAuthorizedError(
                f"Entra ID does not let this app do that: it needs the application permission {right}. Grant it in "
                f"{GRANT}; then press Resume.",
                cause="permission_missing",
                **words,
            )
        if code == "Directory_ConcurrencyViolation":
            raise StaleError("The user was being changed in Entra ID at the same moment.", **words)
        if response.status == 404:
            raise UnavailableError(
                "Entra ID does not know this address. Check the addresses in the connection.", wait=None, **words
            )
        raise self._data_refused(response, code, text, words)

    def _data_refused(self, response: Response, code: str, text: str, words: Mapping[str, str]) -> DataRefusedError:
        if ON_PREMISES_WORDS.search(text):
            return DataRefusedError(_on_premises("This user"), cause="managed_on_premises", **words)
        if code == "Request_UnsupportedQuery":
            return self.not_understood(**words)
        return self.data_refused(self._named(response, text), **words)

    @staticmethod
    def _named(response: Response, text: str) -> str:
        """Our field for the property that an error names in its text or as the target of a detail."""
        error = response.json_object().get("error")
        details = error.get("details") if isinstance(error, dict) else None
        targets = [str(d.get("target") or "") for d in details or [] if isinstance(d, dict)]
        for name in [*PROPERTY_IN_ERROR.findall(text), *targets]:
            for declared in SYSTEM.fields:
                if declared.remote and name and name.split("/")[0] == declared.remote.split(".")[0]:
                    return declared.ours
        return ""

    # -- connection --------------------------------------------------------------------------------------

    def check(self) -> Sequence[CheckLine]:
        reading = f"Find and read users ({READ_RIGHT} or {WRITE_RIGHT})"
        lines, reads = self.try_each(
            ("Sign in", f"{SECRETS}; then this connection > Credentials", self._check_sign_in),
            (reading, GRANT, self._check_reading),
            needed=2,
        )
        if not lines[0].ok:
            return lines
        if reads and self.settings.get(LEAVE_DATE.switch):
            lines.append(self.tried(f"Leave date ({LEAVE_RIGHT})", GRANT, self._check_leave_date))
        lines.append(
            CheckLine(
                True,
                f"Write users ({WRITE_RIGHT})",
                "Entra ID shows this only at the first write: if the permission is missing, that write says so.",
            )
        )
        return lines

    def _check_sign_in(self) -> str:
        self.tokens.get()
        return "Entra ID accepts the app and its secret."

    def _check_reading(self) -> str:
        self._get(f"{self._base}/users?{_query(top='1', select='id')}", keep_answer=False)
        return "Allowed."

    def _check_leave_date(self) -> CheckLine | str:
        name = LEAVE_DATE.name
        query = _query(top="1", select=f"id,{name}")
        body = self._get(f"{self._base}/users?{query}", right=LEAVE_RIGHT, keep_answer=False).json()
        users = body.get("value") if isinstance(body, dict) else None
        if users and name not in users[0]:
            return CheckLine(False, "", "Entra ID does not show the leave date to this app.")
        return "Entra ID shows the leave date; whether it may be written shows at the first one."

    # -- employees ---------------------------------------------------------------------------------------

    def employee(self, known_id: str, person: Person) -> RemoteEmployee | None:
        user = self._user(known_id)
        if user is not None:
            self._require_taken(user)
        return _found(user, person) if user is not None else None

    def searches(self, person: Person) -> Sequence[Search]:
        def taken(step: str, value: str) -> Iterator[RemoteEmployee]:
            for user in self._search(step, value):
                if self._left_out(user):
                    self._left_alone.setdefault(person.id, user)
                else:
                    yield _found(user, person)

        values = {step: person.number.strip() if step == "employeeId" else person.email.strip() for step in self._steps}
        if len(values.get("employeeId", "")) > EMPLOYEE_ID_LENGTH:
            values["employeeId"] = ""
        return tuple((MATCH_WORDS[step], value, partial(taken, step, value)) for step, value in values.items())

    def hint(self, person: Person) -> str:
        """Raises DataRefusedError where somebody was found whom the settings leave alone."""
        if person.id in self._left_alone:
            self._require_taken(self._left_alone.pop(person.id))
        if "employeeId" in self._steps and len(person.number.strip()) > EMPLOYEE_ID_LENGTH:
            return f"An employee number of more than {EMPLOYEE_ID_LENGTH} characters is never there."
        return ""

    def _left_out(self, user: Mapping[str, Any]) -> str:
        """The cause for which the settings leave this user alone, "" if they do not."""
        if self.settings.get("skip_guests") and user.get("userType") == "Guest":
            return "guest_account"
        if self.settings.get("skip_disabled") and user.get("accountEnabled") is False:
            return "account_disabled"
        return ""

    def _require_taken(self, user: Mapping[str, Any]) -> None:
        cause = self._left_out(user)
        if cause:
            what = "a guest user" if cause == "guest_account" else "a disabled account"
            setting = "Leave guest users alone" if cause == "guest_account" else "Leave disabled accounts alone"
            raise DataRefusedError(
                f"User {user['id']} is {what} in Entra ID, and this connection leaves those alone. Change the account "
                f"there, or switch {setting} off in the connection's settings, then press Re-sync.",
                cause=cause,
            )

    def _user(self, user_id: str) -> dict[str, Any] | None:
        """One user with the manager, None if there is no such user."""

        def classify(response: Response) -> None:
            if not _gone(response):
                self._classify(response, READ_RIGHT)

        def ask(select: str) -> Response:
            query = _query(select=select, expand=self._expand())
            return self._get(f"{self._base}/users/{quote(user_id, safe='')}?{query}", classify=classify)

        response = self._with_leave_date(ask)
        if response.status == 404:
            return None
        user = response.json()
        if not isinstance(user, dict) or not user.get("id"):
            raise nonsense(response)
        return user

    def _search(self, step: str, value: str) -> list[dict[str, Any]]:
        """Every user with this value: neither an employee number nor an e-mail is unique in Entra ID."""
        condition = f"{step} eq '{value.replace(chr(39), chr(39) * 2)}'"
        users: list[dict[str, Any]] = []
        seen: set[str] = set()

        def ask(select: str) -> Response:
            query = _query(filter=condition, select=select, expand=self._expand())
            return self._get(f"{self._base}/users?{query}", right=READ_RIGHT)

        response = self._with_leave_date(ask)
        while True:
            body = response.json()
            page = body.get("value") if isinstance(body, dict) else None
            if not isinstance(page, list):
                raise nonsense(response)
            users += [user for user in page if isinstance(user, dict) and user.get("id")]
            link = str(body.get("@odata.nextLink") or "")
            if not link:
                return users
            # The token goes along with every call, so a page elsewhere is never asked for.
            if urlsplit(link)[:2] != urlsplit(self._base)[:2] or link in seen or len(seen) >= PAGES:
                raise UnavailableError(
                    "Entra ID sent us to another address for the rest of its answer, which is never followed. Nothing "
                    "to do: it is tried again."
                )
            seen.add(link)
            response = self._get(link, right=READ_RIGHT)

    def _get(
        self,
        url: str,
        *,
        right: str = READ_RIGHT,
        classify: Callable[[Response], None] | None = None,
        keep_answer: bool = True,
    ) -> Response:
        return self.http.get(
            url, classify=classify or (lambda answer: self._classify(answer, right)), keep_answer=keep_answer
        )

    def _with_leave_date(self, ask: Callable[[str], Response]) -> Response:
        """Asks for everything that this connection sends. The leave date has a permission of its own, and whether a
        read without it is refused is not documented: then everything else is asked for, once and from then on."""
        names = [*ALWAYS_SELECTED, *([HIRE_DATE.name] if self.settings.get(HIRE_DATE.switch) else [])]
        if not self.settings.get(LEAVE_DATE.switch) or self._leave_date_hidden:
            return ask(",".join(names))
        try:
            return ask(",".join([*names, LEAVE_DATE.name]))
        except NotAuthorizedError as error:
            if error.cause != "permission_missing":
                raise
        response = ask(",".join(names))
        self._leave_date_hidden = True
        return response

    def _expand(self) -> str:
        """With the manager in the same answer, nobody is asked for a manager who does not exist (a 404)."""
        return "manager($select=id,userPrincipalName,mail,employeeId)" if self.settings.get("send_manager") else ""

    # -- the employment ----------------------------------------------------------------------------------

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        # What the match has just read is used once; reading again asks again.
        user = employee.raw.pop("user", None) or self._user(employee.id)
        if user is None:
            raise _no_longer_there(employee)
        # "Update user": what is synced from a local directory is mastered there. Null and false are writable.
        if user.get("onPremisesSyncEnabled") is True:
            raise DataRefusedError(_on_premises(f"User {employee.id}"), cause="managed_on_premises")
        values = self._values(user)
        left = values.get("end_date")
        # Whoever comes back after a gap is hired anew; what follows at once belongs to the same employment. Only the
        # leave date tells of a gap, where it is sent and shown.
        renews = left + timedelta(days=2) if left and self.settings.get(HIRE_DATE.switch) else None
        return [Remote(employee.id, values, raw=user, renews_from=renews)]

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        """A new employment after a gap, written into the same user."""
        user = self._user(employee.id)
        if user is None:
            raise _no_longer_there(employee)
        return self.write_into(employee, person, Remote(employee.id, self._values(user), raw=user), wanted)

    def _values(self, user: Mapping[str, Any]) -> dict[str, Any]:
        """The user in the form in which our translation gives values. Each of them was asked for: one that is not in
        the answer (as the leave date without its permission) is not shown to us. A manager who is not, is none."""
        values: dict[str, Any] = {ours: text_of(user[name]) for ours, name in TEXTS.items() if name in user}
        if "employeeOrgData" in user:
            values["cost_centre"] = text_of(_unit(user).get("costCenter"))
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
            raise UnavailableError("It gave a date that cannot be read.", vendor_text=str(shown)[:100]) from None
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
        for write in self._further(employee, remote, changes):
            try:
                warnings += write()
            except DataRefusedError as error:
                if not written:
                    raise
                label = BY_KEY[error.field].label if error.field else "A part"
                words = f" Entra ID says: {error.vendor_text}" if error.vendor_text else ""
                warnings.append(Warning(f"{label} was not written: {error.message}{words}", error.field))
            written = True
        return Written(employee.id, tuple(warnings))

    def _body(
        self, person: Person, remote: Remote, changes: Mapping[str, Change], warnings: list[Warning]
    ) -> dict[str, Any]:
        """What goes together in one PATCH; null empties, an empty text is refused."""
        body: dict[str, Any] = {}
        for key in ("title", "department", "company", "contract_type"):
            if key in changes:
                body[SYSTEM.field(key).remote] = changes[key].new
        if "cost_centre" in changes:
            # "employeeOrgData": a half that is left out becomes null, so both go along, always.
            division = text_of(_unit(remote.raw).get("division"))
            body["employeeOrgData"] = {"division": division, "costCenter": changes["cost_centre"].new}
        number = person.number.strip()
        if self.settings.get("write_employee_id") and number and not text_of(remote.raw.get("employeeId")):
            if len(number) <= EMPLOYEE_ID_LENGTH:
                body["employeeId"] = number
            else:
                warnings.append(
                    Warning(
                        f"The employee number was not written: it has {len(number)} characters, and Entra ID takes at "
                        f"most {EMPLOYEE_ID_LENGTH}. Shorten it here, or switch off filling it in."
                    )
                )
        return body

    def _further(
        self, employee: RemoteEmployee, remote: Remote, changes: Mapping[str, Change]
    ) -> Iterator[Callable[[], list[Warning]]]:
        if "start_date" in changes:
            yield lambda: self._write_date(employee, HIRE_DATE, changes["start_date"].new)
        if "end_date" in changes:
            yield lambda: self._write_date(employee, LEAVE_DATE, changes["end_date"].new)
        if "manager" in changes:
            yield lambda: self._write_manager(employee, remote, changes["manager"].new)

    def _patch(self, employee: RemoteEmployee, body: Mapping[str, Any], right: str = WRITE_RIGHT) -> None:
        def classify(response: Response) -> None:
            if _gone(response):
                raise _no_longer_there(employee)
            self._classify(response, right)

        self.http.patch(self._address(employee), json=body, classify=classify)

    def _write_date(self, employee: RemoteEmployee, which: Moment, day: date | None) -> list[Warning]:
        ours, name, right = which.ours, which.name, which.right
        try:
            self._patch(employee, {name: self._moment(which, day) if day else None}, right)
        except NotAuthorizedError as error:
            if error.cause != "permission_missing":
                raise
            label = BY_KEY[ours].label
            return [
                Warning(
                    f"{label} was not written: Entra ID does not let this app write {name}. Grant {right} in {GRANT}, "
                    f"or switch sending it off in the connection's settings. Entra ID says: {error.vendor_text}",
                    ours,
                )
            ]
        except DataRefusedError as error:
            error.field = error.field or ours
            raise
        return []

    # -- the manager -------------------------------------------------------------------------------------

    def _write_manager(self, employee: RemoteEmployee, remote: Remote, wanted: str | None) -> list[Warning]:
        address = f"{self._address(employee)}/manager/$ref"
        if not wanted:
            self.http.delete(address, classify=self._no_manager_left(employee))
            return []
        step = self._steps[0]
        if step == "employeeId" and len(wanted) > EMPLOYEE_ID_LENGTH:
            return _no_manager(
                f"the manager's employee number {wanted} has more than the {EMPLOYEE_ID_LENGTH} characters that Entra "
                "ID takes"
            )
        if step != "employeeId" and "@" not in wanted:
            return _no_manager(f"the manager (employee number {wanted}) has no e-mail here")
        found = self.once(f"manager {wanted}", lambda: self._search(step, wanted))
        if len(found) != 1:
            number = "no user" if not found else f"{len(found)} users"
            return _no_manager(f"{number} in Entra ID has the {MATCH_WORDS[step]} {wanted}")
        manager_id = str(found[0]["id"])
        shown = remote.raw.get("manager") or {}
        if manager_id == shown.get("id") and self._shown_manager(remote.raw) == remote.values.get("manager"):
            return []  # unless this is a late read, in whose place stands what was written since
        missing = False

        def classify(response: Response) -> None:
            nonlocal missing
            if not _gone(response):
                self._classify(response, WRITE_RIGHT)
            elif manager_id in response.text:
                missing = True
            else:
                raise _no_longer_there(employee)

        try:
            # "Assign manager": the reference is a full address in the same cloud.
            self.http.put(
                address, json={"@odata.id": f"{self._base}/users/{quote(manager_id, safe='')}"}, classify=classify
            )
        except DataRefusedError as error:
            error.field = "manager"
            raise
        if missing:
            self.forget(f"manager {wanted}")
            return _no_manager(f"the user with the {MATCH_WORDS[step]} {wanted} is no longer there")
        return []

    def _no_manager_left(self, employee: RemoteEmployee) -> Callable[[Response], None]:
        """A 404 that names the user means that the user is gone; any other one, that there was no manager."""

        def classify(response: Response) -> None:
            if not _gone(response):
                self._classify(response, WRITE_RIGHT)
            elif employee.id in response.text:
                raise _no_longer_there(employee)

        return classify

    def _address(self, employee: RemoteEmployee) -> str:
        return f"{self._base}/users/{quote(employee.id, safe='')}"


# -- words and values ----------------------------------------------------------------------------------------


def _raise_for_trouble(response: Response) -> None:
    """The same everywhere, by the status alone: the body of a 429 may say nothing at all."""
    if response.status == 429:
        raise RateLimitedError(
            "Entra ID takes no more requests for the moment. Nothing to do: it goes on by itself.",
            wait=response.retry_after(),
            vendor_text=_error(response)[1],
            vendor_code="429",
        )
    raise_for_trouble(response)


def _error(response: Response) -> tuple[str, str]:
    """(code, words) of one of Graph's errors, with the id by which Microsoft's support finds the request."""
    error = response.json_object().get("error")
    if not isinstance(error, dict):
        return "", "" if response.status == 429 else response.said
    inner = error.get("innerError") or error.get("innererror") or {}
    request_id = response.headers.get("request-id") or (inner.get("request-id") if isinstance(inner, dict) else "")
    text = str(error.get("message") or "")[:500]
    return str(error.get("code") or ""), f"{text} (request-id {request_id})" if text and request_id else text


def _gone(response: Response) -> bool:
    """Whether Graph says that an object is not there; a wrong address gives a 404 with another code."""
    return response.status == 404 and _error(response)[0] == "Request_ResourceNotFound"


def _query(*, top: str = "", filter: str = "", select: str = "", expand: str = "") -> str:
    """Everything encoded but what OData writes itself; a space as %20, which no reader takes for a plus sign."""
    parts = {"$top": top, "$filter": filter, "$select": select, "$expand": expand}
    return "&".join(f"{name}={quote(value, safe='$(),=' + chr(39))}" for name, value in parts.items() if value)


def _unit(user: Mapping[str, Any]) -> Mapping[str, Any]:
    unit = user.get("employeeOrgData")
    return unit if isinstance(unit, dict) else {}


def _found(user: dict[str, Any], person: Person) -> RemoteEmployee:
    number, name = text_of(user.get("employeeId")) or "", text_of(user.get("displayName")) or ""
    email = which(Mark.EMAIL, person.email, (user.get("mail"), user.get("userPrincipalName")))
    return RemoteEmployee(str(user["id"]), raw={"user": user}, marks=Marks(number, email=email, last_name=name))


def _on_premises(who: str) -> str:
    return (
        f"{who} is synced from your local Active Directory, and Entra ID takes no changes of such users. Change the "
        "person in Active Directory, or let IT move the user to the cloud; then press Re-sync."
    )


def _no_longer_there(employee: RemoteEmployee) -> EmployeeNotFoundError:
    return EmployeeNotFoundError(
        f"User {employee.id} is no longer in Entra ID. Restore or add the user there, or correct the "
        "employee here, then press Re-sync."
    )


def _no_manager(why: str) -> list[Warning]:
    return [
        Warning(
            f"The manager was not written: {why}. Correct the manager here, or the user in Entra ID, then press "
            "Re-sync.",
            "manager",
        )
    ]
