"""When a session ends, and what of it lies in the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from positions.accounts import sessions
from positions.models import SecondFactor
from tests.factories import OperatorFactory, UserFactory
from tests.security.conftest import browser_of

pytestmark = pytest.mark.django_db

IDLE = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
LONGEST = timedelta(seconds=settings.SESSION_COOKIE_AGE)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def inside(browser: Client) -> bool:
    return browser.get("/admin/").status_code == 200


def browsers_of(user: Any, number: int) -> list[Client]:
    made = [Client() for _ in range(number)]
    for browser in made:
        browser.force_login(user)
    return made


def test_it_ends_after_idleness(clock: Any) -> None:
    browser = browser_of(None, "operator")
    clock.shift(IDLE - timedelta(seconds=5))
    assert inside(browser)
    clock.shift(IDLE - timedelta(seconds=5))
    assert inside(browser)
    clock.shift(IDLE + timedelta(seconds=5))
    assert not inside(browser)


def test_it_ends_after_its_time_however_busy(clock: Any) -> None:
    browser = browser_of(None, "operator")
    begun = timezone.now()
    while timezone.now() - begun < LONGEST - IDLE / 2:
        assert inside(browser)
        clock.shift(IDLE / 2)
    clock.shift(IDLE / 2 + timedelta(seconds=5))
    assert timezone.now() - begun < LONGEST + IDLE and not inside(browser)


def test_its_key_is_not_in_the_database() -> None:
    browser = browser_of(None, "operator")
    [row] = Session.objects.all()
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert key not in row.session_key and key not in row.session_data
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
    assert not inside(thief) and inside(browser)


def test_one_that_was_signed_out_opens_nothing() -> None:
    browser = browser_of(None, "operator")
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert inside(stolen)
    browser.post("/admin/logout/")
    assert not inside(stolen) and not Session.objects.exists()


def test_a_deactivated_user_is_out_at_once() -> None:
    browser = browser_of(None, "operator")
    assert inside(browser)
    browser.user.is_active = False
    browser.user.save()
    assert not inside(browser)


def test_an_operator_ends_those_of_others() -> None:
    operator, other, third = OperatorFactory(), OperatorFactory(), UserFactory()
    [here] = browsers_of(operator, 1)
    first, second = browsers_of(other, 2)
    [stays] = browsers_of(third, 1)
    asked = {"action": "end_sessions", "_selected_action": [operator.pk, other.pk]}
    answer = here.post("/admin/auth/user/", asked, follow=True)
    assert "Ended 2 sessions" in answer.content.decode()
    assert inside(here) and inside(stays) and not inside(first) and not inside(second)


def test_who_is_there_costs_a_request_nothing_but_every_few_minutes(clock: Any, django_assert_num_queries: Any) -> None:
    browser = browser_of(None, "operator")
    browser.get("/admin/")
    before = Session.objects.get().expire_date
    clock.shift(timedelta(minutes=1))
    browser.get("/admin/")
    assert Session.objects.get().expire_date == before
    clock.shift(sessions.NOTED_EVERY)
    browser.get("/admin/")
    assert Session.objects.get().expire_date == timezone.now() + IDLE


def test_a_changed_factor_ends_the_other_sessions() -> None:
    user = OperatorFactory()
    user.set_password("correct-horse-9-staple")
    user.save()
    factor = SecondFactor(user=user, key="ab" * 20)
    [code, *_] = factor.new_recovery_codes()
    factor.save()
    here, elsewhere = browsers_of(user, 2)
    for browser in (here, elsewhere):
        session = browser.session
        session[DEVICE_ID_SESSION_KEY] = factor.persistent_id
        session.save()
        assert inside(browser)
    here.post("/admin/second-factor/", {"code": code, "password": "correct-horse-9-staple", "off": "1"})
    assert not SecondFactor.objects.exists() and inside(here) and not inside(elsewhere)


def test_one_sees_ones_own_and_ends_one_of_them_or_all_for_the_password(settings: Any) -> None:
    user, other = OperatorFactory(), OperatorFactory()
    user.set_password("correct-horse-9-staple")
    user.save()
    here, first, second = (
        Client(REMOTE_ADDR=f"192.0.2.{n}", headers={"User-Agent": f"Browser {n}"}) for n in (1, 2, 3)
    )
    for browser in (here, first, second):
        browser.post("/admin/login/", {"username": user.username, "password": "correct-horse-9-staple"})
    [foreign] = browsers_of(other, 1)
    page = here.get("/admin/sessions/").content.decode()
    assert "192.0.2.2" in page and "Browser 3" in page and page.count('name="which"') == 3
    names = {key.session_key for key in Session.objects.all()}
    [name_of_foreign] = names - {one.name for one in sessions.of(user, None)}
    [name] = [one.name for one in sessions.of(user, None) if one.address == "192.0.2.2"]

    wrong = here.post("/admin/sessions/", {"which": name, "password": "wrong"})
    assert "Nothing was done" in wrong.content.decode() and inside(first)
    right = {"password": "correct-horse-9-staple"}
    here.post("/admin/sessions/", {"which": name_of_foreign, **right})
    assert inside(foreign)
    here.post("/admin/sessions/", {"which": name, **right})
    assert inside(here) and inside(second) and not inside(first)
    here.post("/admin/sessions/", {"which": "", **right})
    assert inside(here) and inside(foreign) and not inside(second)
