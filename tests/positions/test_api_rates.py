"""Requests are counted for all web processes together, and a counter that is away keeps nobody out."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import time_machine

from positions import rates
from positions.api.throttling import KeyThrottle
from positions.rates import FileCounter, hit
from tests.factories import ApiKeyFactory, EmployeeFactory
from tests.positions.conftest import Api

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def without_redis(settings, tmp_path):
    settings.REDIS_URL, settings.DATA_DIR = "", tmp_path
    return tmp_path


def elsewhere(name: str, folder: Path) -> int:
    """What another process counts."""
    code = (
        "import sys, django; django.setup()\nimport config.urls, synclog.queue.watchdog\n"
        "from positions.rates import hit\n"
        f"print(hit({name!r}, 60)); assert 'redis' not in sys.modules"
    )
    env = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_two_processes_count_together(without_redis):
    assert [hit("a", 60), elsewhere("a", without_redis), hit("a", 60), hit("b", 60)] == [1, 2, 3, 1]


def test_nothing_is_lost_between_threads_and_handles(tmp_path):
    counters = [FileCounter(tmp_path / "x") for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: counters[n % 2].hit("a", 60), range(400)))
    assert sorted(found) == list(range(1, 401))


def test_what_is_over_is_forgotten(tmp_path):
    counter = FileCounter(tmp_path / "x")
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as traveller:
        counter.hit("a", 60)
        traveller.shift(121)
        counter.hit("b", 60)
    assert counter._connection.execute("SELECT name FROM hit").fetchall() == [("b",)]


def test_a_folder_that_cannot_be_written(tmp_path, caplog):
    counter = FileCounter(tmp_path / "missing" / "x")
    assert [counter.hit("a", 60), counter.hit("a", 60)] == [1, 2]
    assert "each process counts its own" in caplog.text


def test_a_counter_that_breaks_keeps_nobody_out(tmp_path, caplog):
    counter = FileCounter(tmp_path / "x")
    counter._connection.execute("DROP TABLE hit")
    assert counter.hit("a", 60) == 0
    counter._connection.execute(counter._TABLE)
    assert counter.hit("a", 60) == 1, "it goes on by itself"


def test_a_redis_that_is_away(without_redis, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert [hit("a", 60), hit("a", 60)] == [1, 2]
    assert "Redis does not count" in caplog.text


@pytest.fixture
def dead_redis(db, without_redis, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "3/day"})
    key = ApiKeyFactory()
    return Api(key), EmployeeFactory(organization=key.organization)


def test_without_redis_writes_are_counted_by_the_host_and_the_limit_holds(dead_redis):
    api, employee = dead_redis
    body = {"employee": employee.pk, "title": "T", "start_date": "2026-01-01"}
    assert [api.post("/positions/", body).status_code for _ in range(2)] == [201, 201]
    assert api.get("/positions/").headers["RateLimit-Remaining"] == "0"
    assert [api.post("/positions/", body).status_code, api.get("/positions/").status_code] == [429, 429]


def test_what_cannot_be_counted_at_all_is_read_and_not_written(dead_redis, without_redis):
    api, employee = dead_redis
    rates._file(without_redis / "api-rates.sqlite3")._connection.execute("DROP TABLE hit")
    for _ in range(5):
        assert api.get("/positions/").status_code == 200
    for method, path in (
        ("POST", "/positions/"),
        ("PATCH", f"/employees/{employee.pk}/"),
        ("DELETE", f"/employees/{employee.pk}/"),
    ):
        response = api.send(method, path, {"first_name": "New"} if method == "PATCH" else {})
        assert (response.status_code, response.json()["code"]) == (503, "not_counted")
        assert int(response.headers["Retry-After"]) > 0
        assert response.headers["Content-Type"] == "application/problem+json"
    employee.refresh_from_db()
    assert employee.first_name == "Kari" and not employee.positions.exists()


@pytest.mark.skipif("REDIS_URL" not in os.environ, reason="needs REDIS_URL")
def test_redis_counts_for_all_hosts(tmp_path, settings):
    name = uuid.uuid4().hex
    assert [hit(name, 2), hit(name, 2)] == [1, 2]
    rates._redis.cache_clear()
    settings.DATA_DIR = tmp_path
    assert hit(name, 2) == 3
    assert 0 < rates._redis(settings.REDIS_URL).ttl(rates._PREFIX + name) <= 4


def test_a_key_cannot_go_round_its_limit_by_another_process(db, without_redis, monkeypatch):
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "2/day"})
    key = ApiKeyFactory()
    api = Api(key)
    assert api.get("/positions/").headers["RateLimit-Remaining"] == "1"
    counted = FileCounter(without_redis / "api-rates.sqlite3")
    [(name,)] = counted._connection.execute("SELECT name FROM hit").fetchall()
    assert key.hash not in name
    elsewhere(name, without_redis)
    assert api.get("/positions/").status_code == 429
