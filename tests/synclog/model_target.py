"""Two systems inside this process, behind the connector of the crash rounds: one with history, one flat. They refuse
nothing, misbehave when told to, and can be the moment at which the worker is killed."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from integrations.sdk.declaration import Delete, Limits, Model
from tests.crash.connector import SYSTEM, CrashConnector

Period = dict[str, Any]


@dataclass
class Life:
    """One worker's life: `calls_left` counts down to the call at which it is killed (None: it lives)."""

    calls_left: int | None = None
    after: bool = False  # the call at which it dies is carried out
    dead: bool = False


@dataclass
class ModelTarget:
    flat: bool = False
    people: dict[str, dict[str, Period]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    prefix: str = ""  # of the numbers of its own organization's people
    wrongs: list[str] = field(default_factory=list)  # an exception would end up in the log as the engine's mistake
    life: Life = field(default_factory=Life)
    calls: int = 0
    ids: int = 0
    # What each person's records were when we last asked for them or wrote to them: what we can know.
    known: dict[str, dict[str, Period]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, life: Life, method: str, path: str, body: bytes) -> tuple[int, Any]:
        with self.lock:
            return self._call(life, method, path, body)

    def _call(self, life: Life, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if life.calls_left is not None:
            life.calls_left -= 1
            if life.calls_left < 0 and not life.dead:
                life.dead = True
                if life.after:
                    self._do(method, path, body)
        if life.dead:
            raise requests.exceptions.ConnectionError("the worker is dead")
        self.calls += 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "refused":
            raise requests.exceptions.ConnectTimeout("nobody there")
        if fault == "503":
            return 503, {}
        if fault == "429":
            return 429, {}
        answer = self._do(method, path, body)
        if fault == "lost":
            raise requests.exceptions.ReadTimeout("no answer")
        if fault == "nonsense":
            return 200, None
        return answer

    def _do(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        _, person, *rest = [*path.strip("/").split("/"), ""]
        if not person:
            self.known = {one: {key: dict(p) for key, p in periods.items()} for one, periods in self.people.items()}
            return 200, {one: list(periods.values()) for one, periods in self.known.items()}
        if not person.startswith(self.prefix):
            self.wrongs.append(f"{person} belongs to another organization")
        periods = self.people.setdefault(person, {})
        try:
            return self._carry_out(method, person, periods, rest, body)
        finally:
            self.known[person] = {key: dict(p) for key, p in periods.items()}

    def _carry_out(
        self, method: str, person: str, periods: dict[str, Period], rest: list[str], body: bytes
    ) -> tuple[int, Any]:
        if method == "GET":
            return 200, [dict(p) for p in periods.values()]
        values = json.loads(body) if body else {}
        if method == "POST":
            self.ids += 1
            key = str(self.ids)
            periods[key] = {"id": key, "end": None, **values, "version": 1}
        else:
            key = rest[0]
            if key not in periods:
                return 404, {}
            if method == "PATCH":
                if values["version"] != periods[key]["version"]:
                    return 409, {}
                periods[key] |= {**values, "version": values["version"] + 1}
            else:
                del periods[key]
        self.check(person)
        return 200, {"id": key}

    def check(self, person: str) -> None:
        held = sorted(self.people[person].values(), key=lambda p: str(p["start"]))
        if self.flat and len(held) > 1:
            self.wrongs.append(f"two records there: {held}")
        for one, other in itertools.pairwise(held):
            if (one["end"] or "9999") >= other["start"]:
                self.wrongs.append(f"an overlap there: {held}")


class _Adapter(BaseAdapter):
    def __init__(self, target: ModelTarget) -> None:
        super().__init__()
        self.target, self.life = target, target.life

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        path = urlsplit(request.url).path
        status, body = self.target.call(self.life, request.method, path, request.body or b"")
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = status, request.url, request
        answer.raw = io.BytesIO(b"<html>" if body is None else json.dumps(body).encode())
        return answer

    def close(self) -> None:
        pass


targets: dict[str, ModelTarget] = {}  # by host name


class HistoryModel(CrashConnector):
    system = dataclasses.replace(SYSTEM, key="model_history", limits=Limits(concurrency=1))

    def setup(self) -> None:
        adapter = _Adapter(targets[urlsplit(self.context.urls["api"]).hostname or ""])
        self.http._transport = lambda: adapter  # type: ignore[method-assign, assignment, return-value]


class FlatModel(HistoryModel):
    system = dataclasses.replace(
        HistoryModel.system, key="model_flat", model=Model.FLAT, delete=Delete.BY_HAND, moves=False
    )
