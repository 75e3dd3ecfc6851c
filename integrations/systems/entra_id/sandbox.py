"""Entra ID as a local server: the token endpoint, users and their managers of Microsoft Graph v1.0.

From Microsoft's pages "Update user", "List users", "Create user", "Assign manager", "employeeOrgData",
"onPremisesExtensionAttributes", "Combine requests" and "Microsoft Graph throttling guidance", the metadata of Graph
v1.0, and what Microsoft's own clients send.

What a test or the demo may turn in `state`: `permissions` (granted to the app), `secret` ("valid", "expired", "app",
"tenant"), `hire_date` ("alone": taken only by itself, "denied"), `leave_date_unreadable` ("403" or "omitted": what a
read without the right gives), `lag` (how many reads after a write still show the old user), `page` (the most
users that a page ever has), `next_link_host` (where the next page is said to be).
"""

from __future__ import annotations

import base64
import copy
import io
import json
import re
import secrets
import time
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, route
from integrations.systems.entra_id.sandbox_queries import Filter, NotFilterable, NotUnderstood, ordering, searching
from integrations.systems.entra_id.sandbox_user import (
    ATTRIBUTES,
    BY_DEFAULT,
    LISTS,
    PROPERTIES,
    Refused,
    bad,
    checked,
    denied,
    invalid,
    missing,
)

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

_SEARCHED = ("employeeId", "userPrincipalName", "mail")
# By what users can be filtered, and whether that alone is an advanced query.
_FILTERED = dict.fromkeys(
    (*_SEARCHED, "id", "accountEnabled", "userType", "displayName", "givenName", "surname", "jobTitle", "department"),
    False,
) | {"companyName": True, "employeeType": True, "officeLocation": True}
_QUERY = ("$select", "$expand", "$filter", "$top", "$skiptoken")
_MORE_QUERY = ("$count", "$search", "$orderby")
_ADVANCED = "Request with $search, $count, ne, not or endsWith needs the header ConsistencyLevel: eventual and $count."
_BATCH = 20
_EQUALS = re.compile(r"\w+ eq '((?:[^']|'')*)'")
_EXPAND = re.compile(r"(manager|directReports)(?:\((?:\$levels=\w+;)?\$select=([\w,]+)\))?")
_REFERENCE = re.compile(r"(https?://.+)/v1\.0/(?:users|directoryObjects)/([^/?]+)")
_EMPLOYMENT = ("jobTitle", "department", "companyName", "employeeType", "employeeHireDate", "employeeLeaveDateTime")
_SHOWN = (*_EMPLOYMENT, "division", "costCenter", "manager", "onPremisesExtensionAttributes")


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
        user: dict[str, Any] = dict.fromkeys(PROPERTIES)
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
            "mailNickname": alias,
            "onPremisesExtensionAttributes": dict.fromkeys(ATTRIBUTES),
            **{name: [] for name in LISTS},
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
        manager = self._manager_of(user)
        attributes = (user["onPremisesExtensionAttributes"] or {}).items()
        return {
            **{name: user[name] for name in _EMPLOYMENT},
            "division": unit.get("division"),
            "costCenter": unit.get("costCenter"),
            "manager": manager["userPrincipalName"] if manager else None,
            "onPremisesExtensionAttributes": ", ".join(f"{name} {value}" for name, value in attributes if value),
        }

    def _manager_of(self, user: Mapping[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.state["users"].get(self.state["managers"].get(user["id"]))
        return found

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
        form |= self._basic(request)
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
        scopes = [f"{request.scheme}://{request.META['HTTP_HOST']}/.default"]
        if form.get("scope") not in (scopes if self.strict else [*scopes, "https://graph.microsoft.com/.default"]):
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
    def _basic(request: HttpRequest) -> dict[str, str]:
        """A client may also name itself as RFC 6749, 2.3.1, has it."""
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            return {}
        name, _, password = base64.b64decode(encoded).decode().partition(":")
        return {"client_id": unquote(name), "client_secret": unquote(password)}

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
        except Refused as refusal:
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
            raise Refused(401, "InvalidAuthenticationToken", "Access token is empty.")
        if self.state["tokens"].get(token, 0) < time.time():
            raise Refused(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
        if request.method != "GET":
            allowed, _, _ = self.tenant.window("writes", 3000, 150.0)
            if not allowed:
                raise Refused(429, "UnknownError", "")
            if request.method != "DELETE" and request.content_type != "application/json":
                raise bad("A Content-Type of application/json is needed.")

    def _allow(self, *enough: str) -> None:
        if not set(enough) & set(self.state["permissions"]):
            raise denied()

    def not_found(self, request: HttpRequest) -> HttpResponse:
        return Refused(404, "BadRequest", "Resource not found for the segment.").answer()

    def method_not_allowed(self, request: HttpRequest) -> HttpResponse:
        said = "Specified HTTP method is not allowed for the request target."
        return Refused(405, "Request_BadRequest", said).answer()

    # -- several in one call -----------------------------------------------------------------------------

    @route("POST", "v1.0/$batch")
    def batch(self, request: HttpRequest) -> HttpResponse:
        """ "Combine requests": each is answered by itself; what depends on one that failed is not tried."""
        body = json_body(request)
        asked = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(asked, list) or not 0 < len(asked) <= _BATCH:
            return bad(f"Number of batch request steps must be between 1 and {_BATCH}.").answer()
        if len({step.get("id") for step in asked}) < len(asked):
            return bad("Duplicate request ids are not allowed.").answer()
        done: dict[str, dict[str, Any]] = {}
        for step in asked:
            if any(done.get(other, {}).get("status", 424) >= 400 for other in step.get("dependsOn") or ()):
                error = {"code": "FailedDependency", "message": "A request it depends on has failed."}
                done[step["id"]] = {"id": step["id"], "status": 424, "body": {"error": error}}
            else:
                done[step["id"]] = self._step(request, step)
        return json_answer({"responses": list(done.values())})

    def _step(self, request: HttpRequest, step: Mapping[str, Any]) -> dict[str, Any]:
        where, _, query = str(step["url"]).lstrip("/").partition("?")
        content = json.dumps(step["body"]).encode() if "body" in step else b""
        headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in (step.get("headers") or {}).items()}
        environ = request.META | {"REQUEST_METHOD": step["method"].upper(), "QUERY_STRING": query} | headers
        environ |= {"PATH_INFO": request.path.replace("$batch", where), "CONTENT_TYPE": "application/json"}
        environ |= {"CONTENT_LENGTH": str(len(content)), "wsgi.input": io.BytesIO(content)}
        answer = self._view(WSGIRequest(environ), f"v1.0/{where}")
        shown = {"id": step["id"], "status": answer.status_code, "headers": dict(answer.headers)}
        return shown | ({"body": json.loads(answer.content)} if answer.content else {})

    # -- users -------------------------------------------------------------------------------------------

    @route("GET POST", "v1.0/users")
    def users(self, request: HttpRequest) -> HttpResponse:
        try:
            if request.method == "GET":
                return json_answer(self._page(request))
            return json_answer(self._added(json_body(request)), 201)
        except Refused as refusal:
            return refusal.answer()

    @route("GET", "v1.0/users/$count")
    def count(self, request: HttpRequest) -> HttpResponse:
        try:
            query = self._query(request, "$filter", "$search")
            self._allow(*READ_USERS)
            if not self._eventual(request):
                raise bad(_ADVANCED)
            number = len(self._matching({**query, "$count": "true"}, request))
            return HttpResponse(str(number), content_type="text/plain")
        except Refused as refusal:
            return refusal.answer()

    @route("GET PATCH DELETE", "v1.0/users/<user_id>")
    def user(self, request: HttpRequest, user_id: str) -> HttpResponse:
        try:
            if request.method == "DELETE":
                self._allow(*WRITE_MANAGER)
                user = self._user(user_id)
                del self.state["users"][user["id"]]
                links = self.state["managers"].items()
                self.state["managers"] = {k: v for k, v in links if user["id"] not in (k, v)}
                return HttpResponse(status=204)
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
        except Refused as refusal:
            return refusal.answer()

    def _added(self, body: Any) -> dict[str, Any]:
        """ "Create user": these five are needed."""
        self._allow(*WRITE_MANAGER)
        sent = self._sent(body)
        needed = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")
        if lacks := next((name for name in needed if sent.get(name) in (None, "")), ""):
            raise bad(f"A value is required for property '{lacks}' of resource 'User'.")
        password = sent.pop("passwordProfile")
        if not isinstance(password, dict) or not password.get("password"):
            raise invalid("passwordProfile")
        names = {user["userPrincipalName"].casefold() for user in self.state["users"].values()}
        if str(sent["userPrincipalName"]).casefold() in names:
            raise bad("Another object with the same value for property userPrincipalName already exists.")
        new = {name: checked(name, value, self.strict) for name, value in sent.items()}
        user: dict[str, Any] = dict.fromkeys(PROPERTIES) | {name: [] for name in LISTS} | {"userType": "Member"}
        user |= {"id": str(uuid.uuid4()), "onPremisesExtensionAttributes": dict.fromkeys(ATTRIBUTES)}
        self.state["users"][user["id"]] = user
        self._put_in(user, new)
        return {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity", **self._shown(user, {})}

    def _page(self, request: HttpRequest) -> dict[str, Any]:
        query = self._query(request, *_QUERY, *_MORE_QUERY)
        self._allow(*READ_USERS)
        top = query.get("$top", str(DEFAULT_TOP))
        if not top.isdigit() or not 1 <= int(top) <= MAX_TOP:
            raise bad("Invalid page size specified.")
        size = min(int(top), self.state["page"], EXPANDED_TOP if "$expand" in query else MAX_TOP)
        hits = [self._shown(self._seen(user), query) for user in self._matching(query, request)]
        skip = int(query.get("$skiptoken") or 0)
        page: dict[str, Any] = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users"}
        if query.get("$count") == "true" and self._eventual(request):
            page["@odata.count"] = len(hits)
        page["value"] = hits[skip : skip + size]
        if skip + size < len(hits):
            base = self.state["next_link_host"] or f"{request.scheme}://{request.META['HTTP_HOST']}"
            rest = {**query, "$skiptoken": str(skip + size)}
            page["@odata.nextLink"] = (
                base + request.path + "?" + "&".join(f"{k}={quote(v, safe='$(),')}" for k, v in rest.items())
            )
        return page

    def _query(self, request: HttpRequest, *known: str) -> dict[str, str]:
        query = dict(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True))
        for name, value in query.items():
            if (name.startswith("$") or self.strict) and (name not in known or not value):
                raise bad(f"The query parameter '{name}' is not supported.")
        return {name: value for name, value in query.items() if name in known}

    @staticmethod
    def _eventual(request: HttpRequest) -> bool:
        return request.headers.get("ConsistencyLevel", "").lower() == "eventual"

    def _matching(self, query: Mapping[str, str], request: HttpRequest) -> list[dict[str, Any]]:
        """In the order that was asked for."""
        users: list[dict[str, Any]] = list(self.state["users"].values())
        condition, advanced = query.get("$filter", ""), "$search" in query
        if condition and self.strict and not _EQUALS.fullmatch(condition):
            raise bad("Invalid filter clause")
        try:
            if condition:
                found = Filter(condition, dict.fromkeys(_SEARCHED, False) if self.strict else _FILTERED)
                advanced |= found.advanced or "$orderby" in query
                users = [user for user in users if found.fits(user)]
            if "$search" in query:
                wanted = searching(query["$search"])
                users = [user for user in users if wanted(user)]
            if "$orderby" in query:
                key, turned = ordering(query["$orderby"])
                users.sort(key=key, reverse=turned)
        except NotFilterable as refused:
            said = f"Unsupported or invalid query filter clause specified for property '{refused}' of resource 'User'."
            raise Refused(400, "Request_UnsupportedQuery", said) from None
        except NotUnderstood:
            raise bad("Invalid filter clause") from None
        if advanced and not (self._eventual(request) and (query.get("$count") == "true" or "$search" in query)):
            raise Refused(400, "Request_UnsupportedQuery", _ADVANCED)
        return users

    def _shown(self, user: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        names = query["$select"].split(",") if "$select" in query else list(BY_DEFAULT)
        unknown = [n for n in names if n not in PROPERTIES and n != "manager"]
        if unknown:
            raise bad(f"Could not find a property named '{unknown[0]}' on type 'microsoft.graph.user'.")
        names = [n for n in names if n != "manager"]  # selecting it gives nothing; it must be expanded
        if "employeeLeaveDateTime" in names and not set(READ_LEAVE_DATE) & set(self.state["permissions"]):
            if self.state["leave_date_unreadable"] == "403":
                raise denied()
            names.remove("employeeLeaveDateTime")
        shown = {name: copy.deepcopy(user[name]) for name in names}
        if "$expand" in query:
            match = _EXPAND.fullmatch(query["$expand"])
            if match is None:
                raise bad("Parsing $expand failed.")
            wanted = {"$select": match[2]} if match[2] else {}
            if match[1] == "directReports":
                shown["directReports"] = self._reports(user, wanted)
            elif manager := self._manager_of(user):
                shown["manager"] = self._object(manager, wanted)
        return shown

    def _object(self, user: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        return {"@odata.type": "#microsoft.graph.user", **self._shown(user, query)}

    def _reports(self, user: Mapping[str, Any], query: Mapping[str, str]) -> list[dict[str, Any]]:
        links = self.state["managers"].items()
        return [self._object(self.state["users"][id], query) for id, boss in links if boss == user["id"]]

    def _user(self, user_id: str) -> dict[str, Any]:
        users = self.state["users"]
        found = users.get(user_id) or next(
            (u for u in users.values() if u["userPrincipalName"].casefold() == user_id.casefold()), None
        )
        if found is None:
            raise missing(user_id)
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

    @staticmethod
    def _sent(body: Any) -> dict[str, Any]:
        """Without the marks of the protocol, which Microsoft's own clients send along."""

        def bare(value: Any) -> Any:
            if not isinstance(value, dict):
                return value
            return {k: bare(v) for k, v in value.items() if not k.startswith("@odata.")}

        sent = bare(body)
        if not isinstance(sent, dict) or not sent:
            raise bad("Empty Payload. JSON content expected.")
        return sent

    def _patch(self, user: dict[str, Any], sent: Any) -> None:
        body = self._sent(sent)
        if "employeeLeaveDateTime" in body:
            self._allow(*WRITE_LEAVE_DATE)
            self._allow(*READ_USERS)
        if set(body) - {"employeeLeaveDateTime"}:
            self._allow(*UPDATE_USERS)
        if "employeeHireDate" in body and (self.state["hire_date"] == "denied" or len(body) > 1):
            raise denied()
        self._require_cloud(user)
        if "manager" in body:
            raise bad("Property manager in payload has a value that does not match schema.")
        new = {name: checked(name, value, self.strict) for name, value in body.items()}
        if self.state["lag"]:
            self.state["old"][user["id"]] = {"user": copy.deepcopy(user), "reads": self.state["lag"]}
        self._put_in(user, new)

    def _put_in(self, user: dict[str, Any], new: dict[str, Any]) -> None:
        """The attributes that are not among those sent stay as they are."""
        attributes = new.pop("onPremisesExtensionAttributes", None)
        if attributes is not None:
            self._require_cloud(user, always=True)
            user["onPremisesExtensionAttributes"] |= attributes
        user.update(new)

    @staticmethod
    def _require_cloud(user: Mapping[str, Any], *, always: bool = False) -> None:
        """`always`: and never synced before either, as the flag false says."""
        if user["onPremisesSyncEnabled"] or (always and user["onPremisesSyncEnabled"] is False):
            raise bad(
                "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
                "currently undergoing migration."
            )

    # -- the manager -------------------------------------------------------------------------------------

    @route("GET", "v1.0/users/<user_id>/manager")
    def manager(self, request: HttpRequest, user_id: str) -> HttpResponse:
        try:
            query = self._query(request, "$select")
            self._allow(*READ_USERS)
            user = self._user(user_id)
            manager = self._manager_of(user)
            if manager is None:
                raise missing("manager")
            context = "https://graph.microsoft.com/v1.0/$metadata#directoryObjects/$entity"
            return json_answer({"@odata.context": context, **self._object(manager, query)})
        except Refused as refusal:
            return refusal.answer()

    @route("GET", "v1.0/users/<user_id>/directReports")
    def direct_reports(self, request: HttpRequest, user_id: str) -> HttpResponse:
        try:
            query = self._query(request, "$select", "$top")
            self._allow(*READ_USERS)
            context = "https://graph.microsoft.com/v1.0/$metadata#directoryObjects"
            return json_answer({"@odata.context": context, "value": self._reports(self._user(user_id), query)})
        except Refused as refusal:
            return refusal.answer()

    @route("PUT DELETE", "v1.0/users/<user_id>/manager/$ref")
    def manager_reference(self, request: HttpRequest, user_id: str) -> HttpResponse:
        try:
            self._allow(*WRITE_MANAGER)
            user = self._user(user_id)
            self._require_cloud(user)
            if request.method == "DELETE":
                if self.state["managers"].pop(user["id"], None) is None:
                    raise missing("manager")
                return HttpResponse(status=204)
            body = json_body(request)
            if not isinstance(body, dict) or not isinstance(body.get("@odata.id"), str):
                raise bad("Invalid reference: an @odata.id is expected.")
            here = f"{request.scheme}://{request.META['HTTP_HOST']}{request.path[: request.path.index('/v1.0/')]}"
            match = _REFERENCE.fullmatch(body["@odata.id"])
            if match is None or (self.strict and match[1] != here):
                raise bad("Invalid URL format specified in @odata.id.")
            self.state["managers"][user["id"]] = self._user(unquote(match[2]))["id"]
            return HttpResponse(status=204)
        except Refused as refusal:
            return refusal.answer()
