"""Guessing passwords is slowed down, and nobody locks somebody else out."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.utils import timezone

from positions.accounts.signing_in import KEPT, SPRAYED
from positions.models import AuditEntry
from tests.factories import MemberFactory, UserFactory

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


def test_wrong_is_said_to_everybody_alike_in_words_of_the_product(person: Any) -> None:
    person.email = "kari@example.com"
    person.save()
    outsider = UserFactory(is_staff=False)
    outsider.set_password(PASSWORD)
    outsider.save()
    tried = ((person.username, "wrong"), (person.email, PASSWORD), ("nobody", PASSWORD), (outsider.username, PASSWORD))
    said = [sign_in(name, password).context_data["form"].non_field_errors() for name, password in tried]
    assert all(one == said[0] for one in said)
    assert "The user name is not your e-mail address" in said[0][0] and "staff" not in said[0][0]


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


# -- many names from one address


def spray(address: str, names: int) -> None:
    for n in range(names):
        sign_in(f"somebody-{n}", "Sommer2026Oslo!", address)


def test_one_password_on_many_names_is_slowed_down_more_and_more(person: Any) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        spray("192.0.2.66", SPRAYED)
        refused = sign_in(person.username, PASSWORD, "192.0.2.66")
        assert refused.status_code == 429 and "different user names" in refused.content.decode()
        first = int(refused.headers["Retry-After"])
        clock.shift(first + 1)
        sign_in("somebody-else", "Sommer2026Oslo!", "192.0.2.66")
        second = int(sign_in("and-another", "Sommer2026Oslo!", "192.0.2.66").headers["Retry-After"])
        assert second > first
        clock.shift(second + 1)
        assert sign_in(person.username, PASSWORD, "192.0.2.66").status_code == 302, "slowed down, not locked out"


@pytest.mark.parametrize(
    ("network", "same", "beside"),
    [
        ("2001:db8:1:2", "2001:db8:1:2:ffff::9", "2001:db8:1:3::9"),
        ("2a02:26f0", "2a02:26f0:0:0:ffff::9", "2a02:26f0:0:1::9"),
        ("2600:0:0:5", "2600::5:ffff:0:0:9", "2600:0:0:6::9"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(person: Any, network: str, same: str, beside: str) -> None:
    for n in range(SPRAYED):
        sign_in(f"somebody-{n}", "wrong", f"{network}::{n + 1:x}")
    assert sign_in(person.username, PASSWORD, same).status_code == 429
    assert sign_in(person.username, PASSWORD, beside).status_code == 302


def test_whoever_signed_in_from_there_before_is_not_kept_out_by_a_guesser(person: Any) -> None:
    assert sign_in(person.username, PASSWORD, "192.0.2.66").status_code == 302
    spray("192.0.2.66", SPRAYED + 4)
    assert sign_in(person.username, PASSWORD, "192.0.2.66").status_code == 302
    stranger = UserFactory()
    assert sign_in(stranger.username, "wrong", "192.0.2.66").status_code == 429
    assert sign_in(person.username, PASSWORD, "192.0.2.1").status_code == 302, "from elsewhere nobody waits"


# -- who signed in can be told


def test_each_sign_in_is_in_the_trail_with_address_and_reason(person: Any, caplog: pytest.LogCaptureFixture) -> None:
    member = MemberFactory(user=person)
    sign_in(person.username, "wrong", "192.0.2.7")
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/admin/login/", {"username": person.username, "password": PASSWORD})
    client.post("/admin/logout/")
    found = list(AuditEntry.objects.filter(kind="sign-in").order_by("pk"))
    assert [(e.action, e.actor, e.organization_id, e.changes["address"][1]) for e in found] == [
        (action, person.username, member.organization_id, "192.0.2.7")
        for action in ("refused", "signed_in", "signed_out")
    ]
    assert found[0].changes["reason"] == ["", "wrong name or password"]
    sign_in("nobody-here", "wrong", "192.0.2.7")
    assert "an unknown name from 192.0.2.7" in caplog.text and "nobody-here" not in caplog.text


def test_a_guesser_does_not_fill_the_trail(person: Any) -> None:
    for _ in range(60):
        sign_in(person.username, "wrong", "192.0.2.7")
    assert AuditEntry.objects.filter(kind="sign-in").count() <= KEPT
