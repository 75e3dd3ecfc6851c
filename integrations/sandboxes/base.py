"""What every sandbox shares: tenants with their state, routing, faults on demand, a record of calls, one page.

A sandbox is one subclass of `Sandbox` in a file named after the system's key. Its address is
/<system>/<tenant>/<the vendor's own path>; /<system>/<tenant>/ is a page for people, and /<system>/<tenant>/-/... is
for tests and the demo (state, faults, calls).
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.urls.exceptions import Resolver404
from django.urls.resolvers import RegexPattern, URLResolver

State = dict[str, Any]
View = Callable[..., HttpResponse]


@dataclass
class Fault:
    """Trouble on demand for the next `times` calls that match.

    kind  "status": answer with `status`, `headers` and `body` instead of doing anything, or having done it if `after`
          "hang": wait `seconds`, before the call is carried out, or after it if `after`
          "truncate": carry it out, then break the answer off in the middle
    """

    kind: str = "status"
    method: str = ""
    path: str = ""
    times: int = 1
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str | bytes = ""
    seconds: float = 0
    after: bool = False

    def matches(self, request: HttpRequest, vendor_path: str) -> bool:
        return (
            self.times > 0
            and (not self.method or self.method == request.method)
            and self.path in f"{vendor_path}?{request.META.get('QUERY_STRING', '')}"
        )


@dataclass(frozen=True)
class Call:
    """One request as it came in, with the answer; `body` and `answer` are text."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    status: int
    answer: str
    content_type: str = ""


@dataclass(frozen=True)
class Table:
    """A part of the sandbox's page, in the system's own words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""


class Tenant:
    """One company in one sandbox: JSON-able `state` under a lock, plus what is never saved.

    `strict` refuses what no evidence shows that the vendor takes, so that our own connectors send nothing unproven; an
    independent client finds it off, and is refused only what the vendor itself is known to refuse.
    """

    def __init__(self, name: str, state: State, strict: bool = False) -> None:
        self.name = name
        self.state = state
        self.strict = strict
        self.lock = threading.RLock()
        self.faults: list[Fault] = []
        self.calls: deque[Call] = deque(maxlen=5000)
        self.at_once = self.most_at_once = 0  # calls that are being answered, and the most that ever were together
        self._windows: dict[str, deque[float]] = {}

    def fail(self, **fault: Any) -> Fault:
        """Order a fault (see `Fault`); it is used up by the calls that meet it."""
        made = Fault(**fault)
        with self.lock:
            self.faults.append(made)
        return made

    def new_id(self, kind: str = "id", start: int = 1) -> int:
        """The next number in a series of this tenant."""
        series = self.state.setdefault("_series", {})
        series[kind] = series.get(kind, start - 1) + 1
        return int(series[kind])

    def window(self, name: str, requests: int, seconds: float) -> tuple[bool, int, float]:
        """Counts one request in a sliding window: (allowed, how many are left, seconds until one is free)."""
        now = time.monotonic()
        sent = self._windows.setdefault(name, deque())
        while sent and sent[0] <= now - seconds:
            sent.popleft()
        if len(sent) >= requests:
            return False, 0, sent[0] + seconds - now
        sent.append(now)
        return True, requests - len(sent), seconds


def route(methods: str, pattern: str) -> Callable[[View], View]:
    """Marks a method as the view for "GET", "POST PUT" ... of a Django URL pattern below the tenant's address."""

    def mark(view: View) -> View:
        routes = getattr(view, "routes", [])
        view.routes = [*routes, *((m, pattern.lstrip("/")) for m in methods.split())]  # type: ignore[attr-defined]
        return view

    return mark


class Sandbox:
    """Subclass, set `key` and `name`, write `seed`, `add_employee`, `employments`, `tables` and the routes.

    `self.tenant.state` is yours (JSON types only). Views run one at a time for each tenant, under its lock. They get
    the Django request and the pattern's values, and return a Django response. `error` makes the vendor's error body.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    credentials: ClassVar[Mapping[str, str]] = {}  # what the demo and the tests type in to connect
    settings: ClassVar[Mapping[str, Any]] = {}  # connection settings that fit `seed`
    links: ClassVar[tuple[tuple[str, str], ...]] = ()  # (title, path) of own pages, for the page

    _patterns: ClassVar[list[tuple[str, URLPattern]]] = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._patterns = [
            (method, path(pattern, view))
            for view in (getattr(cls, name) for name in dir(cls))
            for method, pattern in getattr(view, "routes", ())
        ]

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    @property
    def state(self) -> State:
        return self.tenant.state

    @property
    def strict(self) -> bool:
        """Whether what the vendor is not known to take is refused (see `Tenant`)."""
        return self.tenant.strict

    # -- for subclasses ----------------------------------------------------------------------------------

    @classmethod
    def seed(cls, tenant: str) -> State:
        """A new tenant's state: an empty company with the registers that the system itself would bring."""
        return {}

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
        """Put a person into the system as its own administrator would; gives the id there."""
        raise NotImplementedError

    def employments(self, number: str) -> list[dict[str, Any]]:
        """What the system holds for one employee, oldest first, in its own field names and words."""
        raise NotImplementedError

    def tables(self) -> list[Table]:
        """The page: what this tenant now holds, in the system's own words."""
        raise NotImplementedError

    def before(self, request: HttpRequest, vendor_path: str) -> HttpResponse | None:
        """Runs before each view: authentication, rate limits, headers. A response ends the call."""
        return None

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Runs after each answer of `before` or a view: headers that every answer carries."""
        return response

    def not_found(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=404)

    def method_not_allowed(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=405)

    # -- the machinery -----------------------------------------------------------------------------------

    def respond(self, request: HttpRequest, vendor_path: str) -> HttpResponse:
        """One call: faults, the view, the record."""
        tenant = self.tenant
        with tenant.lock:
            tenant.at_once += 1
            tenant.most_at_once = max(tenant.most_at_once, tenant.at_once)
        try:
            return self._respond(request, vendor_path)
        finally:
            with tenant.lock:
                tenant.at_once -= 1

    def _respond(self, request: HttpRequest, vendor_path: str) -> HttpResponse:
        tenant = self.tenant
        with tenant.lock:
            fault = next((f for f in tenant.faults if f.matches(request, vendor_path)), None)
            if fault is not None:
                fault.times -= 1
        if fault is not None and fault.kind == "hang" and not fault.after:
            time.sleep(fault.seconds)
        response = None
        if fault is None or fault.kind != "status" or fault.after:
            with tenant.lock:
                response = self.after(request, self._view(request, vendor_path))
        if fault is not None and fault.kind == "status":
            headers = {"Content-Type": "text/plain", **fault.headers}
            response = HttpResponse(fault.body, status=fault.status, headers=headers)
        assert response is not None
        tenant.calls.append(
            Call(
                request.method or "",
                vendor_path,
                request.META.get("QUERY_STRING", ""),
                dict(request.headers),
                request.body.decode("utf-8", "replace"),
                response.status_code,
                response.content.decode("utf-8", "replace"),
                response.headers.get("Content-Type", ""),
            )
        )
        if fault is not None and fault.kind == "hang" and fault.after:
            time.sleep(fault.seconds)
        if fault is not None and fault.kind == "truncate":
            response.headers["Content-Length"] = str(len(response.content) + 100)
        return response

    def _view(self, request: HttpRequest, vendor_path: str) -> HttpResponse:
        early = self.before(request, vendor_path)
        if early is not None:
            return early
        seen = False
        for method, pattern in self._patterns:
            try:
                match = URLResolver(RegexPattern(r"^"), [pattern]).resolve(vendor_path)
            except Resolver404:
                continue
            seen = True
            if method == request.method:
                response: HttpResponse = match.func(self, request, *match.args, **match.kwargs)
                return response
        return self.method_not_allowed(request) if seen else self.not_found(request)


def json_body(request: HttpRequest) -> Any:
    """The request's JSON, or None when it is not JSON."""
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def json_answer(data: Any, status: int = 200, **headers: str) -> HttpResponse:
    response = JsonResponse(data, status=status, safe=False, json_dumps_params={"ensure_ascii": False})
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def today() -> date:
    return datetime.now(UTC).date()


def overlaps(start: str, end: str | None, others: Iterable[tuple[str, str | None]]) -> bool:
    """Whether a period of ISO dates (end None or "" = open) shares a day with one of the others."""
    return any(start <= (other_end or "9999") and other_start <= (end or "9999") for other_start, other_end in others)
