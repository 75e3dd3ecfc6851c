"""Who changes an account shows again that it is them: a browser that was left open is not enough."""

from __future__ import annotations

import html
import re
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.test import Client

from positions.accounts import sessions
from positions.models import AuditEntry, Member, SecondFactor
from tests.factories import OperatorFactory, OrganizationFactory, UserFactory
from tests.security.test_second_factor import (
    CODE,
    OVERVIEW,
    PASSWORD,
    SET_UP,
    current,
    given,
    inside,
    key_on,
    password_given,
    person,
    with_factor,
    wrong,
)

pytestmark = pytest.mark.django_db
USERS = "/admin/auth/user/"
ASKED = "Confirm that it is you"


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(time.time(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def operator() -> Any:
    return person(OperatorFactory)


@pytest.fixture
def other() -> Any:
    return UserFactory(username="kari", email="kari@example.com")


def left_open(user: Any, clock: Any) -> Client:
    client = password_given(user)
    clock.shift(sessions.FRESH + timedelta(seconds=1))
    return client


def sent_again(page: Any, **more: str) -> dict[str, Any]:
    """The form of the page, as a browser would send it."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode())
    fields: dict[str, Any] = {}
    for name, value in found:
        fields.setdefault(name, []).append(html.unescape(value))
    return {**fields, **more}


def changed(user: Any, **more: Any) -> dict[str, Any]:
    form = {"username": user.username, "email": user.email, "is_active": "on", "is_staff": "on", "_save": "Save"}
    return {**form, "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0, **more}


def test_an_operator_is_asked_before_an_address_is_changed_and_nothing_typed_is_lost(clock, operator, other):
    organization = OrganizationFactory()
    client = left_open(operator, clock)
    address = f"{USERS}{other.pk}/change/"
    member = {
        "memberships-TOTAL_FORMS": 1,
        "memberships-0-user": other.pk,
        "memberships-0-organization": organization.pk,
        "memberships-0-role": "editor",
    }
    page = client.post(address, changed(other, email="thief@example.com", first_name='"Kari" & <b>', **member))
    other.refresh_from_db()
    assert ASKED in page.content.decode() and other.email == "kari@example.com" and not Member.objects.exists()

    refused = client.post(address, sent_again(page, **{"confirm-password": "wrong"}))
    other.refresh_from_db()
    assert "not your password" in refused.content.decode() and other.email == "kari@example.com"
    assert AuditEntry.objects.filter(action="refused", actor=operator.username).exists()

    before = client.session.session_key
    done = client.post(address, sent_again(refused, **{"confirm-password": PASSWORD}))
    other.refresh_from_db()
    assert done.status_code == 302 and (other.email, other.first_name) == ("thief@example.com", '"Kari" & <b>')
    assert Member.objects.get().role == "editor" and client.session.session_key != before

    clock.shift(sessions.FRESH - timedelta(seconds=1))
    assert client.post(address, changed(other, email="a@example.com")).status_code == 302, "asked once in ten minutes"
    clock.shift(timedelta(seconds=2))
    assert ASKED in client.post(address, changed(other, email="b@example.com")).content.decode()


@pytest.mark.parametrize("what", ["add", "delete", "invite", "end_sessions", "remove_second_factor", "delete_selected"])
def test_so_is_whatever_else_an_operator_does_to_users(clock, operator, other, what):
    with_factor(other)
    theirs = Client()
    theirs.force_login(other)
    client = left_open(operator, clock)
    if what == "add":
        page = client.post(f"{USERS}add/", changed(other, username="newbie"))
    elif what == "delete":
        page = client.post(f"{USERS}{other.pk}/delete/", {"post": "yes"})
    else:
        page = client.post(USERS, {"action": what, "_selected_action": [other.pk], "post": "yes"})
    text = page.content.decode()
    assert ASKED in text and "choose-password" not in text
    assert (
        get_user_model().objects.count() == 2 and SecondFactor.objects.exists() and len(sessions.of(other, None)) == 1
    )
    done = client.post(page.request["PATH_INFO"], sent_again(page, **{"confirm-password": PASSWORD}), follow=True)
    assert ASKED not in done.content.decode()
    assert {
        "add": get_user_model().objects.count() == 3,
        "delete": get_user_model().objects.count() == 1,
        "delete_selected": get_user_model().objects.count() == 1,
        "invite": "choose-password" in done.content.decode(),
        "end_sessions": not sessions.of(other, None),
        "remove_second_factor": not SecondFactor.objects.exists(),
    }[what]


def test_whoever_has_a_factor_gives_a_code_too(clock, operator, other):
    codes = with_factor(operator)
    client = password_given(operator)
    given(client, current())
    clock.shift(sessions.FRESH + timedelta(seconds=1))
    address = f"{USERS}{other.pk}/change/"
    page = client.post(address, changed(other, email="new@example.com"))
    for answers in ({}, {"confirm-code": wrong()}, {"confirm-code": current(late=-10)}):
        page = client.post(address, sent_again(page, **{"confirm-password": PASSWORD, **answers}))
        assert ASKED in page.content.decode()
    # with a wrong password no code is looked at, or spent
    page = client.post(address, sent_again(page, **{"confirm-password": "wrong", "confirm-code": codes[0]}))
    assert SecondFactor.objects.get().recovery_codes_left == 10
    done = client.post(address, sent_again(page, **{"confirm-password": PASSWORD, "confirm-code": codes[0]}))
    other.refresh_from_db()
    assert done.status_code == 302 and other.email == "new@example.com"


def test_looking_asks_nothing(clock, operator, other):
    client = left_open(operator, clock)
    for address in (USERS, f"{USERS}add/", f"{USERS}{other.pk}/change/"):
        assert ASKED not in client.get(address).content.decode()


def test_who_may_not_is_refused_as_ever(clock, other):
    client = left_open(person(), clock)
    assert client.post(f"{USERS}{other.pk}/change/", changed(other)).status_code == 403


# -- one's own factor


def test_setting_up_turning_off_and_new_codes_want_the_password(clock):
    user = person()
    client = left_open(user, clock)
    key = key_on(client.get(SET_UP).content.decode())
    for password in ({}, {"password": "wrong"}):
        assert client.post(SET_UP, {"code": current(key), **password}).status_code == 200
        assert not SecondFactor.objects.exists()
    assert client.post(SET_UP, {"code": current(key), "password": PASSWORD}).status_code == 302
    factor = SecondFactor.objects.get()
    codes = factor.new_recovery_codes()
    factor.save()
    for button in ("off", "codes"):
        for password in ({}, {"password": "wrong"}):
            assert client.post(OVERVIEW, {"code": codes[0], button: "", **password}).status_code == 200
    assert SecondFactor.objects.get().recovery_codes_left == 10
    client.post(OVERVIEW, {"code": codes[0], "off": "", "password": PASSWORD})
    assert not SecondFactor.objects.exists()


def test_who_must_set_one_up_and_was_away_gives_the_password_again(clock, settings):
    settings.REQUIRE_SECOND_FACTOR = "all"
    user = person()
    client = password_given(user)
    page = client.get(SET_UP).content.decode()
    assert 'type="password"' not in page, "it was given a moment ago"
    clock.shift(sessions.FRESH + timedelta(seconds=1))
    page = client.get(SET_UP).content.decode()
    assert 'type="password"' in page
    assert client.post(SET_UP, {"code": current(key_on(page))}).status_code == 200 and not inside(client)
    assert client.post(SET_UP, {"code": current(key_on(page)), "password": PASSWORD}).status_code == 302
    assert inside(client) and client.get(CODE).status_code == 302
