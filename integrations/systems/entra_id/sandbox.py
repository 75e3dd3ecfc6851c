"""Entra ID as a local server: the token endpoint, users and their managers of Microsoft Graph v1.0.

From Microsoft's pages "Update user", "List users", "Assign manager", "employeeOrgData", "Microsoft Graph throttling
guidance" and the metadata of Graph v1.0. Where those say nothing, this server is strict.

What a test or the demo may turn in `state`: `permissions` (granted to the app), `secret` ("valid", "expired", "app",
"tenant"), `hire_date` ("alone": taken only by itself, "denied"), `leave_date_unreadable` ("403" or "omitted": what a
read without the right gives), `lag` (how many reads after a write still show the old user), `page` (the most
users that a page ever has), `next_link_host` (where the next page is said to be).
"""

from __future__ import annotations

import copy
import re
import secrets
import time
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, route

TENANT_ID = "5a7f1c9e-3d20-4b6a-9d41-0c8e2f6b7a13"
CLIENT_ID = "c41d8e02-77ab-4f39-8a55-1be09d3f6c24"
CLIENT_SECRET = "Zq8~sandbox.client-secret"
DOMAIN = "fjellheim.example"
TOKEN_SECONDS = 3599
MAX_TOP = 999
DEFAULT_TOP = 100
EXPANDED_TOP = 100

READ_USERS = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
UPDATE_USERS = ("User.ReadUpdate.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
WRITE_MANAGER = ("User.ReadWrite.All", "Directory.ReadWrite.All")
READ_LEAVE_DATE = ("User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All")
WRITE_LEAVE_DATE = ("User-LifeCycleInfo.ReadWrite.All",)

_LENGTHS: dict[str, int | None] = {
    "jobTitle": 128,
    "department": 64,
    "companyName": 64,
    "employeeId": 16,
    "officeLocation": 128,
    "employeeType": None,
}
_DATES = ("employeeHireDate", "employeeLeaveDateTime")
_READ_ONLY = (
    "id",
    "displayName",
    "givenName",
    "surname",
    "userPrincipalName",
    "mail",
    "userType",
    "accountEnabled",
    "onPremisesSyncEnabled",
)
_PROPERTIES = (*_READ_ONLY, *_LENGTHS, *_DATES, "employeeOrgData")
_BY_DEFAULT = ("id", "displayName", "givenName", "surname", "userPrincipalName", "mail", "jobTitle", "officeLocation")
_SEARCHED = ("employeeId", "userPrincipalName", "mail")
_QUERY = ("$select", "$expand", "$filter", "$top", "$skiptoken")
_MOMENT = re.compile(
    r"\d{4,}-(0[1-9]|1[012])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.]\d{1,12})?(Z|[+-]\d\d:\d\d)"
)
_FILTER = re.compile(r"(\w+) eq '((?:[^']|'')*)'")
_EXPAND = re.compile(r"manager(?:\(\$select=([\w,]+)\))?")
_EMPLOYMENT = ("jobTitle", "department", "companyName", "employeeType", "employeeHireDate", "employeeLeaveDateTime")
_SHOWN = (*_EMPLOYMENT, "division", "costCenter", "manager")


class _Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> HttpResponse:
        inner = {
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": str(uuid.uuid4()),
            "client-request-id": str(uuid.uuid4()),
        }
        return json_answer(
            {"error": {"code": self.code, "message": self.message, "innerError": inner}},
            self.status,
            request_id=inner["request-id"],
        )


def _bad(message: str) -> _Refusal:
    return _Refusal(400, "Request_BadRequest", message)


def _missing(resource: str) -> _Refusal:
    return _Refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{resource}' does not exist or one of its queried reference-property objects are not present.",
    )


def _denied() -> _Refusal:
    return _Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _invalid(name: str) -> _Refusal:
    return _bad(f"Invalid value specified for property '{name}' of resource 'User'.")


def _plain(text: str) -> str:
    """A name as it goes into a user principal name, which takes no accents."""
    text = text.lower().replace("ø", "o").replace("æ", "ae").replace(" ", ".")
    return re.sub(r"[^a-z0-9.'_-]", "", unicodedata.normalize("NFKD", text))


class EntraIdSandbox(Sandbox):
    key = "entra_id"
    name = "Entra ID"
    credentials = {"tenant_id": TENANT_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    settings = {"send_hire_date": True, "send_leave_date": True}

    @classmethod
    def seed(cls, tenant: str) -> State:
        state: State = {
            "users": {},
            "managers": {},
            "tokens": {},
            "permissions": ["User.ReadWrite.All", "User-LifeCycleInfo.ReadWrite.All"],
            "secret": "valid",
            "hire_date": "alone",
            "leave_date_unreadable": "403",
            "lag": 0,
            "old": {},
            "page": MAX_TOP,
            "next_link_host": "",
        }
        cls._put(state, "", "Tenant", "Administrator", "")
        return state

    # -- for the tests, the demo and the page ------------------------------------------------------------

    @staticmethod
    def _put(state: State, number: str, first_name: str, last_name: str, email: str) -> str:
        alias = f"{_plain(first_name)}.{_plain(last_name)}"
        taken = {user["userPrincipalName"] for user in state["users"].values()}
        names = (f"{alias}{n or ''}@{DOMAIN}" for n in range(len(taken) + 1))
        user: dict[str, Any] = dict.fromkeys(_PROPERTIES)
        user |= {
            "id": str(uuid.uuid4()),
            "displayName": f"{first_name} {last_name}".strip(),
            "givenName": first_name,
            "surname": last_name,
            "userPrincipalName": next(name for name in names if name not in taken),
            "mail": email or None,
            "userType": "Member",
            "accountEnabled": True,
            "employeeId": number if 0 < len(number) <= 16 else None,
        }
        state["users"][user["id"]] = user
        return str(user["id"])

    def add_employee(
        self,
        number: str,
        first_name: str,
        last_name: str,
        *,
        email: str = "",
        national_id: str = "",
        birth_date: str = "",
    ) -> str:
        return self._put(self.state, number, first_name, last_name, email)

    def employments(self, number: str) -> list[dict[str, Any]]:
        users = [u for u in self.state["users"].values() if u["employeeId"] == number]
        rows = [self._row(user) for user in users]
        return [row for row in rows if any(row[name] for name in _SHOWN)]

    def _row(self, user: Mapping[str, Any]) -> dict[str, Any]:
        unit = user["employeeOrgData"] or {}
        manager = self.state["users"].get(self.state["managers"].get(user["id"]))
        return {
            **{name: user[name] for name in _EMPLOYMENT},
            "division": unit.get("division"),
            "costCenter": unit.get("costCenter"),
            "manager": manager["userPrincipalName"] if manager else None,
        }

    def tables(self) -> list[Table]:
        who = ("displayName", "userPrincipalName", "employeeId")
        return [
            Table(
                "Users",
                (*who, *_SHOWN),
                tuple(
                    (*(user[name] for name in who), *(self._row(user)[name] for name in _SHOWN))
                    for user in self.state["users"].values()
                ),
            ),
            Table("App permissions", ("Application permission",), tuple((p,) for p in self.state["permissions"])),
        ]

    # -- sign-in -----------------------------------------------------------------------------------------

    @route("POST", "login/<authority>/oauth2/v2.0/token")
    def token(self, request: HttpRequest, authority: str) -> HttpResponse:
        if request.content_type != "application/x-www-form-urlencoded":
            return self._no_token(400, "invalid_request", 900144, "The request body must be form-encoded.")
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if authority != TENANT_ID or self.state["secret"] == "tenant":
            return self._no_token(400, "invalid_request", 90002, f"Tenant '{authority}' not found.")
        if form.get("grant_type") != "client_credentials":
            return self._no_token(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if form.get("client_id") != CLIENT_ID or self.state["secret"] == "app":
            return self._no_token(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{form.get('client_id')}' was not found in the directory 'Fjellheim'.",
            )
        if not form.get("client_secret"):
            return self._no_token(401, "invalid_client", 7000218, "The request body must contain 'client_secret'.")
        if self.state["secret"] == "expired":
            return self._no_token(
                401, "invalid_client", 7000222, f"The provided client secret keys for app '{CLIENT_ID}' are expired."
            )
        if form["client_secret"] != CLIENT_SECRET:
            return self._no_token(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{CLIENT_ID}'.",
            )
        if form.get("scope") != f"{request.scheme}://{request.META['HTTP_HOST']}/.default":
            return self._no_token(400, "invalid_scope", 70011, "The provided value for 'scope' is not valid.")
        token = f"eyJ0sandbox.{secrets.token_urlsafe(32)}"
        self.state["tokens"][token] = time.time() + TOKEN_SECONDS
        return json_answer(
            {
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "ext_expires_in": TOKEN_SECONDS,
                "access_token": token,
            }
        )

    @staticmethod
    def _no_token(status: int, error: str, number: int, text: str) -> HttpResponse:
        """This endpoint's own error shape: `error` is a text here, not an object as in Graph."""
        moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        return json_answer(
            {
                "error": error,
                "error_description": f"AADSTS{number}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}"
                f"\r\nTimestamp: {moment}",
                "error_codes": [number],
                "timestamp": moment,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"https://login.microsoftonline.com/error?code={number}",
            },
            status,
        )

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        if not vendor_path.startswith("v1.0/"):
            return None
        try:
            self._admit(request)
        except _Refusal as refusal:
            answer = refusal.answer()
            if refusal.status == 429:
                answer.headers["Retry-After"] = "10"
                answer.headers["x-ms-throttle-scope"] = f"Tenant_Application/ReadWrite/{CLIENT_ID}/{TENANT_ID}"
                answer.headers["x-ms-throttle-information"] = "WriteLimitExceeded"
            return answer
        return None

    def _admit(self, request: HttpRequest) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            raise _Refusal(401, "InvalidAuthenticationToken", "Access token is empty.")
        if self.state["tokens"].get(token, 0) < time.time():
            raise _Refusal(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
        if request.method != "GET":
            allowed, _, _ = self.tenant.window("writes", 3000, 150.0)
            if not allowed:
                raise _Refusal(429, "UnknownError", "")
            if request.method != "DELETE" and request.content_type != "application/json":
                raise _bad("A Content-Type of application/json is needed.")

    def _allow(self, *enough: str) -> None:
        if not set(enough) & set(self.state["permissions"]):
            raise _denied()

    def not_found(self, request: HttpRequest) -> HttpResponse:
        return _Refusal(404, "BadRequest", "Resource not found for the segment.").answer()

    # -- users -------------------------------------------------------------------------------------------

    @route("GET", "v1.0/users")
    def users(self, request: HttpRequest) -> HttpResponse:
        try:
            return json_answer(self._page(request))
        except _Refusal as refusal:
            return refusal.answer()

    @route("GET PATCH", "v1.0/users/<user_id>")
    def user(self, request: HttpRequest, user_id: str) -> HttpResponse:
        try:
            if request.method == "GET":
                query = self._query(request, "$select", "$expand")
                self._allow(*READ_USERS)
                shown = self._shown(self._seen(self._user(user_id)), query)
                return json_answer(
                    {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity", **shown}
                )
            user = self._user(user_id)
            self._patch(user, json_body(request))
            return HttpResponse(status=204)
        except _Refusal as refusal:
            return refusal.answer()

    def _page(self, request: HttpRequest) -> dict[str, Any]:
        query = self._query(request, *_QUERY)
        self._allow(*READ_USERS)
        top = query.get("$top", str(DEFAULT_TOP))
        if not top.isdigit() or not 1 <= int(top) <= MAX_TOP:
            raise _bad("Invalid page size specified.")
        size = min(int(top), self.state["page"], EXPANDED_TOP if "$expand" in query else MAX_TOP)
        hits = [self._shown(self._seen(user), query) for user in self._matching(query.get("$filter"))]
        skip = int(query.get("$skiptoken") or 0)
        page: dict[str, Any] = {
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users",
            "value": hits[skip : skip + size],
        }
        if skip + size < len(hits):
            base = self.state["next_link_host"] or f"{request.scheme}://{request.META['HTTP_HOST']}"
            rest = {**query, "$skiptoken": str(skip + size)}
            page["@odata.nextLink"] = (
                base + request.path + "?" + "&".join(f"{k}={quote(v, safe='$(),')}" for k, v in rest.items())
            )
        return page

    @staticmethod
    def _query(request: HttpRequest, *known: str) -> dict[str, str]:
        query = dict(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True))
        for name, value in query.items():
            if name not in known or not value:
                raise _bad(f"The query parameter '{name}' is not supported.")
        return query

    def _matching(self, condition: str | None) -> Iterable[dict[str, Any]]:
        users: Iterable[dict[str, Any]] = self.state["users"].values()
        if condition is None:
            return users
        match = _FILTER.fullmatch(condition)
        if match is None:
            raise _bad("Invalid filter clause")
        name, value = match[1], match[2].replace("''", "'").casefold()
        if name not in _SEARCHED:
            raise _Refusal(
                400,
                "Request_UnsupportedQuery",
                f"Unsupported or invalid query filter clause specified for property '{name}' of resource 'User'.",
            )
        return [u for u in users if str(u[name] or "").casefold() == value and u[name]]

    def _shown(self, user: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        names = query["$select"].split(",") if "$select" in query else list(_BY_DEFAULT)
        unknown = [n for n in names if n not in _PROPERTIES and n != "manager"]
        if unknown:
            raise _bad(f"Could not find a property named '{unknown[0]}' on type 'microsoft.graph.user'.")
        names = [n for n in names if n != "manager"]  # selecting it gives nothing; it must be expanded
        if "employeeLeaveDateTime" in names and not set(READ_LEAVE_DATE) & set(self.state["permissions"]):
            if self.state["leave_date_unreadable"] == "403":
                raise _denied()
            names.remove("employeeLeaveDateTime")
        shown = {name: copy.deepcopy(user[name]) for name in names}
        if "$expand" in query:
            match = _EXPAND.fullmatch(query["$expand"])
            if match is None:
                raise _bad("Parsing $expand failed.")
            manager = self.state["users"].get(self.state["managers"].get(user["id"]))
            if manager is not None:
                wanted = (match[1] or ",".join(_BY_DEFAULT)).split(",")
                shown["manager"] = {"@odata.type": "#microsoft.graph.user", **{name: manager[name] for name in wanted}}
        return shown

    def _user(self, user_id: str) -> dict[str, Any]:
        users = self.state["users"]
        found = users.get(user_id) or next(
            (u for u in users.values() if u["userPrincipalName"].casefold() == user_id.casefold()), None
        )
        if found is None:
            raise _missing(user_id)
        result: dict[str, Any] = found
        return result

    def _seen(self, user: dict[str, Any]) -> Mapping[str, Any]:
        """The user as a read shows it: the directory's copies lag behind after a write."""
        old = self.state["old"].get(user["id"])
        if old is None:
            return user
        old["reads"] -= 1
        if old["reads"] <= 0:
            del self.state["old"][user["id"]]
        shown: Mapping[str, Any] = old["user"]
        return shown

    # -- writing -----------------------------------------------------------------------------------------

    def _patch(self, user: dict[str, Any], body: Any) -> None:
        if not isinstance(body, dict) or not body:
            raise _bad("Empty Payload. JSON content expected.")
        if "employeeLeaveDateTime" in body:
            self._allow(*WRITE_LEAVE_DATE)
            self._allow(*READ_USERS)
        if set(body) - {"employeeLeaveDateTime"}:
            self._allow(*UPDATE_USERS)
        if "employeeHireDate" in body and (self.state["hire_date"] == "denied" or len(body) > 1):
            raise _denied()
        self._require_cloud(user)
        if "manager" in body:
            raise _bad("Property manager in payload has a value that does not match schema.")
        new = {name: self._checked(name, value) for name, value in body.items()}
        if self.state["lag"]:
            self.state["old"][user["id"]] = {"user": copy.deepcopy(user), "reads": self.state["lag"]}
        user.update(new)

    @staticmethod
    def _require_cloud(user: Mapping[str, Any]) -> None:
        if user["onPremisesSyncEnabled"]:
            raise _bad(
                "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
                "currently undergoing migration."
            )

    @staticmethod
    def _checked(name: str, value: Any) -> Any:
        if name == "employeeOrgData":
            if value is None:
                return None
            if not isinstance(value, dict) or set(value) - {"division", "costCenter"}:
                raise _invalid(name)
            if any(half == "" or not isinstance(half, str | None) for half in value.values()):
                raise _invalid(name)
            # A half that is left out is emptied.
            return {"division": value.get("division"), "costCenter": value.get("costCenter")}
        if name in _DATES:
            if value is not None and not (isinstance(value, str) and _MOMENT.fullmatch(value)):
                raise _invalid(name)
            return value
        if name not in _LENGTHS:
            raise _bad("One or more properties contains invalid values.")
        limit = _LENGTHS[name]
        if value is not None and (
            not isinstance(value, str) or not value.strip() or (limit is not None and len(value) > limit)
        ):
            raise _invalid(name)
        return value

    # -- the manager -------------------------------------------------------------------------------------

    @route("GET", "v1.0/users/<user_id>/manager")
    def manager(self, request: HttpRequest, user_id: str) -> HttpResponse:
        try:
            query = self._query(request, "$select")
            self._allow(*READ_USERS)
            user = self._user(user_id)
            manager = self.state["users"].get(self.state["managers"].get(user["id"]))
            if manager is None:
                raise _missing("manager")
            shown = self._shown(manager, query)
            return json_answer(
                {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#directoryObjects/$entity", **shown}
                | {"@odata.type": "#microsoft.graph.user"}
            )
        except _Refusal as refusal:
            return refusal.answer()

    @route("PUT DELETE", "v1.0/users/<user_id>/manager/$ref")
    def manager_reference(self, request: HttpRequest, user_id: str) -> HttpResponse:
        try:
            self._allow(*WRITE_MANAGER)
            user = self._user(user_id)
            self._require_cloud(user)
            if request.method == "DELETE":
                if self.state["managers"].pop(user["id"], None) is None:
                    raise _missing("manager")
                return HttpResponse(status=204)
            body = json_body(request)
            if not isinstance(body, dict) or set(body) != {"@odata.id"}:
                raise _bad("Invalid reference: an @odata.id is expected.")
            path = request.path[: request.path.index("/v1.0/")]
            base = f"{request.scheme}://{request.META['HTTP_HOST']}{path}/v1.0/users/"
            if not str(body["@odata.id"]).startswith(base):
                raise _bad("Invalid URL format specified in @odata.id.")
            manager_id = str(body["@odata.id"]).removeprefix(base)
            if manager_id not in self.state["users"]:
                raise _missing(manager_id)
            self.state["managers"][user["id"]] = manager_id
            return HttpResponse(status=204)
        except _Refusal as refusal:
            return refusal.answer()
