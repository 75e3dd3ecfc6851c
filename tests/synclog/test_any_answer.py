"""Whatever one employee's calls are answered with: the others of the batch end as if it were not there, that one has
an entry with words, and the connection goes on. The answers of each system's own sandbox, changed at random, through
the engine."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.http import HttpResponse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import synclog.engine.worker_turn
from integrations.models import Integration, SharedRate
from integrations.sandboxes.base import Sandbox
from integrations.sdk.connector import Connector
from integrations.sdk.http import Http
from positions.models import Employee
from synclog.log import exchanges
from synclog.models import Job
from tests.integrations.test_hostile import BEHAVIOURS, KEYS
from tests.synclog.world import World

EXAMPLES = int(os.environ.get("EXAMPLES", "10" if os.environ.get("CI") else "3"))
MARK = "X-Test-Employee"
ROUNDS = 5

# -- answers -----------------------------------------------------------------------------------------------

STATUS = st.sampled_from([200, 201, 204, 206, 302, 304, 400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503])
ODD = st.sampled_from(
    [
        *(
            "\\ud800",
            "\\u0000",
            "\\udfff\\ud800",
            "\0",
            "\x85",
            "\u2028",
            "ß" * 400,
            "x" * 100_000,
            "<b>",
            "&amp;",
            "•••",
        ),
        *("9" * 5000, "9" * 300_000, "1e999999999", "-1e400", "NaN", "Infinity", "sNaN", "-0", "1042", "00001042"),
        *("0001-01-01", "9999-12-31", "2026-02-30", "0000-00-00T00:00:00Z", "31.12.2026", "", " ", "../../", "%00"),
        *("null", "true", "[]", "{}", "[[[[[[[[1]]]]]]]]", "[" * 500 + "]" * 500, "'; --"),
    ]
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Retry-After", "Content-Type", "Content-Encoding", "Location", "X-Rate-Limit-Reset", "X-Pagination", "ETag"]
    ),
    st.sampled_from(
        [
            *("1e300", "inf", "nan", "-1", "1790000000", "9" * 400, "99 Dec 99999999999 23:59:59 GMT", "gzip", ""),
            *("text/html; charset=zip", "text/plain; charset=punycode", "application/json; charset=utf-16", "{}"),
            *("http://127.0.0.1:1/", "[" * 900, "\xed\xa0\x80", "a" * 3000),
        ]
    ),
    max_size=3,
)
LEAF = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|\btrue\b|\bfalse\b|\bnull\b|(?<=>)[^<]*(?=<)')


@dataclass(frozen=True)
class Change:
    """What is done to an answer. `at` are places among its values, for a replacement each; `body` replaces it whole."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    at: tuple[tuple[int, str, bool], ...] = ()
    body: bytes | None = None
    cut: float = 1.0

    def __call__(self, answer: HttpResponse) -> None:
        content = answer.content
        for place, odd, quoted in self.at:
            leaves = list(LEAF.finditer(content))
            if leaves:
                leaf = leaves[place % len(leaves)]
                text = odd.encode("utf-8", "surrogatepass")
                content = content[: leaf.start()] + (b'"%s"' % text if quoted else text) + content[leaf.end() :]
        if self.body is not None:
            content = self.body
        answer.content = content[: int(len(content) * self.cut)]
        answer.headers.pop("Content-Length", None)
        if self.status is not None:
            answer.status_code = self.status
        for name, value in self.headers.items():
            answer.headers[name] = value


CHANGES = st.builds(
    Change,
    status=st.none() | STATUS,
    headers=HEADERS,
    at=st.lists(st.tuples(st.integers(0, 200), ODD, st.booleans()), max_size=4).map(tuple),
    body=st.none() | st.none() | st.binary(max_size=60) | ODD.map(lambda odd: odd.encode("utf-8", "surrogatepass")),
    cut=st.sampled_from([1.0, 1.0, 1.0, 0.5]),
)


# -- whose call it is ----------------------------------------------------------------------------------------


class Marked:
    """Each call says for which employee it is made, but what is fetched for everybody: tokens, registers, the test of
    the connection."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = threading.local()
        self.change: Callable[[HttpResponse], None] = lambda answer: None
        self.victim = ""
        self.met = 0
        run, request = synclog.engine.worker_turn.run, Http.request

        def marked_run(connector: Connector, work: Any, **kwargs: Any) -> Any:
            self.now.employee = work.person.number
            try:
                return run(connector, work, **kwargs)
            finally:
                self.now.employee = ""

        def for_everybody(method: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                before, self.now.employee = getattr(self.now, "employee", ""), ""
                try:
                    return method(*args, **kwargs)
                finally:
                    self.now.employee = before

            return call

        def marked_request(http: Http, method: str, url: str, **kwargs: Any) -> Any:
            employee = getattr(self.now, "employee", "")
            if employee and kwargs.get("sign", True):
                kwargs["headers"] = {**(kwargs.get("headers") or {}), MARK: employee}
            return request(http, method, url, **kwargs)

        def respond(sandbox: Sandbox, asked: Any, vendor_path: str, respond: Any = Sandbox.respond) -> HttpResponse:
            answer: HttpResponse = respond(sandbox, asked, vendor_path)
            if self.victim and asked.headers.get(MARK) == self.victim:
                self.met += 1
                self.change(answer)
            return answer

        monkeypatch.setattr(synclog.engine.worker_turn, "run", marked_run)
        monkeypatch.setattr(Connector, "once", for_everybody(Connector.once))
        monkeypatch.setattr(Http, "request", marked_request)
        monkeypatch.setattr(Sandbox, "respond", respond)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Marked:
    return Marked(monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("key", KEYS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink] if os.environ.get("CI") else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(change=CHANGES)
def test_whatever_one_is_answered_the_others_end_as_if_it_were_not_there(
    key: str, world: World, marked: Marked, change: Change
) -> None:
    integration = world.connect(key)
    people = [world.employee, *(hired(world, integration, n) for n in range(2))]
    victim, *others = people[1], people[0], people[2]
    marked.victim, marked.change, marked.met = victim.number, change, 0
    saved = {person: world.save(person, **values(key)) for person in people}
    for _ in range(ROUNDS):
        world.drain(integration)
        # The time has come for whatever waits, in the order in which it would: what a system asks for is believed up to
        # a day.
        assert integration.retry_at is None or (integration.retry_at - timezone.now()).total_seconds() < 90_000
        Integration.objects.filter(pk=integration.pk).update(retry_at=None)
        SharedRate.objects.all().delete()  # of a system that counts its connections together
        if not Job.objects.open().filter(state__in=Job.ACTIVE).update(due_at=F("due_at") - timedelta(days=2)):
            break
    assert marked.met, "nothing was answered in another way: the test is void"
    assert not integration.stopped, integration.stopped_message
    for person in others:
        job = world.job(integration, saved[person])
        assert job.state == Job.State.SUCCEEDED, (job.state, job.cause, job.message)
    job = world.job(integration, saved[victim])
    assert job.state != Job.State.RUNNING
    assert job.message, job.state
    attempts = list(job.tries.all())
    assert attempts
    for attempt in attempts:
        assert attempt.message or attempt.state == "succeeded"
        exchanges.shown(attempt.exchanges, exchanges.masker_of(integration), timezone.get_current_timezone())
    for job in Job.objects.filter(integration=integration):
        job.delete()
    integration.delete()


_people = iter(range(5000, 100_000))


def hired(world: World, integration: Integration, number: int) -> Employee:
    found = f"{next(_people)}"
    person = world.hire(
        number=found,
        email=f"p{found}@example.com",
        national_id="",
        birth_date=date(1990, 5, 6),
        company=world.employee.company,
    )
    world.introduce(integration, person)
    return person


def values(key: str) -> dict[str, Any]:
    """What the sandbox of this system takes, as rows here have it."""
    ours = dict(BEHAVIOURS[key].values)
    return {name: value for name, value in ours.items() if name not in ("company", "department", "manager")}
