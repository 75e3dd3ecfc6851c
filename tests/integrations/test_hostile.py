"""Answers that nobody would send on purpose, in the place of every single call of every connector: what comes out is
one of the errors that the engine understands, in words, and no credential leaves for another host."""

from __future__ import annotations

import gzip
import inspect
import itertools
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from integrations.sandboxes.server import Tenants
from integrations.sdk import http
from integrations.sdk.declaration import Transport
from integrations.sdk.errors import ConnectorError
from integrations.sdk.limiter import WindowLimiter
from integrations.sdk.snapshot import Seen
from integrations.systems.registry import connectors
from tests.systems import kit

BOMB = (
    """<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">
"""
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in itertools.pairwise("abcdefghij"))
    + "]><Root>&j;</Root>"
)
JSON = {"Content-Type": "application/json"}
BODIES: dict[str, dict[str, Any]] = {
    "a page": {"body": "<html>Maintenance</html>", "headers": {"Content-Type": "text/html"}},
    "nothing": {"body": "", "headers": JSON},
    "null": {"body": "null", "headers": JSON},
    "an empty list": {"body": "[]", "headers": JSON},
    "a list of null": {"body": "[null]", "headers": JSON},
    "an empty object": {"body": "{}", "headers": JSON},
    "a text": {"body": '"text"', "headers": JSON},
    "nulls": {
        "body": '{"value":null,"values":null,"data":null,"items":null,"id":null,"Employee":null}',
        "headers": JSON,
    },
    "no UTF-8": {"body": b'{"a": "\xff\xfe\xfa"}', "headers": JSON},
    "deep": {"body": "[" * 200_000, "headers": JSON},
    "an XML bomb": {"body": BOMB, "headers": {"Content-Type": "text/xml"}},
    "an empty XML": {"body": "<Root/>", "headers": {"Content-Type": "text/xml"}},
    "a gzip bomb": {"body": gzip.compress(bytes(60 * 2**20)), "headers": {**JSON, "Content-Encoding": "gzip"}},
    "no gzip": {"body": b"\x1f\x8bnonsense", "headers": {**JSON, "Content-Encoding": "gzip"}},
    "418": {"status": 418, "body": "I am a teapot", "headers": {"Content-Type": "text/plain"}},
    "400 and null": {"status": 400, "body": "null", "headers": JSON},
    "422 and a list": {"status": 422, "body": "[1]", "headers": JSON},
}
if not os.environ.get("CI"):
    some = ("a page", "a list of null", "an empty object", "no UTF-8", "deep", "an XML bomb", "a gzip bomb")
    BODIES = {name: BODIES[name] for name in some}


def behaviours() -> dict[str, type[kit.Behaviour]]:
    """Each system's own description of a position that its sandbox takes."""
    import importlib

    found = {}
    for key in connectors():
        module = importlib.import_module(f"tests.systems.{key}.test_connector")
        for thing in vars(module).values():
            if inspect.isclass(thing) and issubclass(thing, kit.Behaviour) and thing.__module__ == module.__name__:
                found[key] = thing
    return found


BEHAVIOURS = behaviours()
KEYS = [key for key, connector in connectors().items() if connector.system.transport is Transport.HTTP]


class Place:
    def __init__(self, server: tuple[str, Tenants], key: str) -> None:
        self.server, self.behaviour = server, BEHAVIOURS[key]()

    def rig(self) -> kit.Rig:
        made = kit.Rig(self.server, self.behaviour.system, kit.PERSON, getattr(self.behaviour, "settings", {}), True)
        made.read_timeout = 5
        return made

    def calls(self) -> list[tuple[str, str]]:
        """The calls that a first position takes, in their order, each once."""
        rig = self.rig()
        report = rig.sync(self.behaviour.position())
        assert report.outcomes["1"].state == "succeeded", report.outcomes["1"].message
        return list(dict.fromkeys((c.method, generic(c.path)) for c in rig.calls))


def generic(path: str) -> str:
    """Up to the first part that holds a number, which another tenant may give differently."""
    return "/".join(itertools.takewhile(lambda part: not any(c.isdigit() for c in part[2:]), path.split("/")))


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large is so at a megabyte: a bomb is unpacked hundreds of times. (At the true size: the test of a
    connection, below.)"""
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 2**20)


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("key", KEYS)
def test_nonsense_in_the_place_of_every_call(key: str, sandbox_server: tuple[str, Tenants]) -> None:
    place, broken = Place(sandbox_server, key), []
    for method, path in place.calls():
        for name, fault in BODIES.items():
            rig = place.rig()
            rig.fail(**{"kind": "status", "status": 200, "method": method, "path": path, "times": 50, **fault})
            try:
                outcome = rig.sync(place.behaviour.position()).outcomes["1"]
                if not outcome.message and outcome.state != "succeeded":
                    broken.append(f"{method} {path}, {name}: no words ({outcome.state})")
                met = {c.status for c in rig.calls if (c.method, generic(c.path)) == (method, path)}
                assert not met or fault.get("status", 200) in met
            except Exception as error:
                broken.append(f"{method} {path}, {name}: {type(error).__name__}: {error}"[:200])
            rig.forget_calls()
    assert not broken, f"{len(broken)}:\n" + "\n".join(broken)


@pytest.mark.parametrize("key", KEYS)
def test_nonsense_to_the_test_of_a_connection(key: str, sandbox_server: tuple[str, Tenants]) -> None:
    place, broken = Place(sandbox_server, key), []
    for name, fault in BODIES.items():
        rig = place.rig()
        rig.fail(**{"kind": "status", "status": 200, "times": 50, **fault})
        connector = rig.connector()
        try:
            connector.check()
        except ConnectorError:
            pass
        except Exception as error:
            broken.append(f"{name}: {type(error).__name__}: {error}"[:200])
        finally:
            connector.close()
        rig.forget_calls()
    assert not broken, f"{len(broken)}:\n" + "\n".join(broken)


def gone_through(rig: kit.Rig) -> list[Any]:
    """What a snapshot gives and raises, in a few steps."""
    connector = rig.connector()
    snapshot, found = connector.snapshot(), list[Any]()
    for _ in range(8):
        try:
            found.append(next(snapshot))
        except StopIteration:
            break
        except ConnectorError as error:
            found.append(error)
    connector.close()
    return found


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("key", KEYS)
def test_nonsense_in_the_place_of_every_call_of_a_snapshot(key: str, sandbox_server: tuple[str, Tenants]) -> None:
    place = Place(sandbox_server, key)
    rig = place.rig()
    rig.sync(place.behaviour.position())
    rig.forget_calls()
    assert isinstance(gone_through(rig)[-1], Seen)
    for method, path in dict.fromkeys((c.method, generic(c.path)) for c in rig.calls):
        for fault in BODIES.values():
            rig = place.rig()
            rig.fail(**{"kind": "status", "status": 200, "method": method, "path": path, "times": 50, **fault})
            for found in gone_through(rig):
                trouble = found.refusal if isinstance(found, Seen) else found
                assert trouble is None or trouble.message


NONSENSE: tuple[Any, ...] = (None, [], [None], {}, {"id": None}, "x", "\u0000", -1, True, [[]])


def last_row(answer: Any) -> dict[str, Any]:
    rows = rows_of(answer)
    assert rows is not None
    row: dict[str, Any] = rows[-1].get("node", rows[-1])
    return row


def rows_of(answer: Any) -> list[Any] | None:
    """The first list of several objects in an answer."""
    if isinstance(answer, list) and len(answer) > 1 and all(isinstance(row, dict) for row in answer):
        return answer
    inside = answer.values() if isinstance(answer, dict) else ()
    return next((rows for part in inside if (rows := rows_of(part)) is not None), None)


@pytest.mark.parametrize("key", [key for key in KEYS if key != "netvisor"])
def test_nonsense_in_one_row_of_a_list_keeps_nobody_else_out(key: str, sandbox_server: tuple[str, Tenants]) -> None:
    """Whatever stands in whichever field of one record. (Netvisor's list is no JSON.)"""
    place = Place(sandbox_server, key)
    rig = place.rig()
    rig.limiter = WindowLimiter(1000, 1.0)
    rig.sandbox.state["per_second"] = 1000
    rig.sync(place.behaviour.position())
    rig.add(replace(kit.PERSON, number="1043", email="kari@firma.test", national_id=""))
    gone_through(rig)  # tokens and registers
    rig.forget_calls()
    whole = [seen.id for seen in gone_through(rig)]
    listed = next(c for c in rig.calls if rows_of(json.loads(c.answer or "null")))
    for name in last_row(json.loads(listed.answer)):
        for nonsense in NONSENSE:
            answer = json.loads(listed.answer)
            last_row(answer)[name] = nonsense
            body = json.dumps(answer)
            rig.fail(status=200, method=listed.method, path=listed.path, body=body, headers=JSON)
            found = gone_through(rig)
            assert [seen.id for seen in found][: len(whole) - 1] == whole[:-1], (name, nonsense)
            assert len(found) == len(whole) or name in ("Deleted", "IsArchived"), (name, nonsense)
            rig.sandbox.tenant.faults.clear()


@pytest.mark.parametrize("key", KEYS)
def test_fifty_megabytes(key: str, sandbox_server: tuple[str, Tenants]) -> None:
    rig = Place(sandbox_server, key).rig()
    rig.fail(kind="status", status=200, body=b"[" + b" " * (50 * 2**20) + b"]", times=1)
    outcome = rig.sync(Place(sandbox_server, key).behaviour.position()).outcomes["1"]
    rig.forget_calls()
    assert outcome.state == "retrying", outcome.message
    assert outcome.message


class Elsewhere(BaseHTTPRequestHandler):
    seen: list[str] = []

    def do_GET(self) -> None:
        Elsewhere.seen.append(f"{self.path} {self.headers}")
        self.send_response(200)
        self.end_headers()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/stolen"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("key", KEYS)
def test_no_call_follows_a_redirect_to_another_host(
    key: str, elsewhere: str, sandbox_server: tuple[str, Tenants]
) -> None:
    place = Place(sandbox_server, key)
    for method, path in place.calls():
        for status in (302, 308):
            rig = place.rig()
            where = {"Location": elsewhere}
            rig.fail(kind="status", status=status, method=method, path=path, headers=where, times=50)
            assert rig.sync(place.behaviour.position()).outcomes["1"].state != "succeeded"
    assert Elsewhere.seen == []
