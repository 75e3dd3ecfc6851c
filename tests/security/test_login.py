"""Guessing passwords is slowed down, and nobody locks somebody else out."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.cache import cache
from django.test import Client, RequestFactory

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-9-staple"


@pytest.fixture
def person(settings: Any) -> Any:
    settings.AXES_FAILURE_LIMIT = 4
    user = UserFactory()
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(name: str, password: str, address: str = "192.0.2.1", then: str = "", **headers: str) -> Any:
    client = Client(REMOTE_ADDR=address, headers=headers)
    return client.post(f"/admin/login/?next={then}", {"username": name, "password": password, "next": then})


def test_after_some_wrong_passwords_the_right_one_must_wait(person):
    answers = [sign_in(person.username, "wrong").status_code for _ in range(4)]
    assert answers[:3] == [200, 200, 200]
    refused = sign_in(person.username, PASSWORD)
    assert refused.status_code == 429 and "Try again in 15 minutes" in refused.content.decode()
    assert refused.headers["Retry-After"] == "900"


def test_nobody_else_is_locked_out(person):
    other = UserFactory()
    other.set_password(PASSWORD)
    other.save()
    for _ in range(6):
        sign_in(person.username, "wrong", "192.0.2.66")
    assert sign_in(person.username, PASSWORD, "192.0.2.1").status_code == 302  # the person, from where they are
    assert sign_in(other.username, PASSWORD, "192.0.2.66").status_code == 302  # the others behind the same address


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(person, settings):
    settings.BEHIND_PROXY = True
    for n in range(6):
        # What the caller writes there himself is not believed.
        sign_in(person.username, "wrong", "10.0.0.1", **{"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.9"})
    guesser = {"X-Forwarded-For": "203.0.113.9"}
    assert sign_in(person.username, PASSWORD, "10.0.0.1", **guesser).status_code == 429
    assert sign_in(person.username, PASSWORD, "10.0.0.1", **{"X-Forwarded-For": "203.0.113.10"}).status_code == 302


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_a_sign_in_leads_nowhere_else(person, then):
    assert sign_in(person.username, PASSWORD, then=then).headers["Location"] == "/admin/"


def test_a_sign_in_gets_a_new_session_and_hardened_cookies(person):
    client = Client()
    client.get("/admin/login/")
    session = client.session
    session["before"] = 1
    session.save()
    answer = client.post("/admin/login/", {"username": person.username, "password": PASSWORD})
    cookie = answer.cookies["sessionid"]
    assert cookie.value != session.session_key
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["max-age"] == 12 * 3600
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["Referrer-Policy"] == "same-origin"


def test_a_changed_password_ends_the_other_sessions(person):
    here, there = Client(), Client()
    for client in (here, there):
        assert client.login(username=person.username, password=PASSWORD, request=RequestFactory().post("/admin/login/"))
    person.set_password(f"{PASSWORD}2")
    person.save()
    assert there.get("/admin/").status_code == 302


def test_failures_are_counted_for_all_processes_together(person):
    for _ in range(4):
        sign_in(person.username, "wrong")
        cache.clear()  # what one process remembers, another does not
    assert AccessAttempt.objects.get(username=person.username).failures_since_start == 4
    assert sign_in(person.username, PASSWORD).status_code == 429
