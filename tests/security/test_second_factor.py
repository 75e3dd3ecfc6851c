"""A password alone is not enough where a second factor is set up or required, for no page and no part of the API."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
import time
from base64 import b32decode, b32encode
from datetime import timedelta
from typing import Any

import pytest
import segno
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from django_otp.oath import totp
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import urlpatterns as ours
from positions.encryption import decrypt
from positions.models import AuditEntry, Organization, SecondFactor
from tests.factories import ApiKeyFactory, MemberFactory, OperatorFactory, UserFactory
from tests.process.product import ROOT
from tests.security import walk
from tests.security.test_canaries import cached, queued, stored

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-9-staple"
KEY = "3132333435363738393031323334353637383930"
CODE, SET_UP = "/admin/second-factor/code/", "/admin/second-factor/set-up/"
CODES, OVERVIEW = "/admin/second-factor/recovery-codes/", "/admin/second-factor/"


class BySession(APIView):
    """What somebody may add one day: a part of the API that trusts the session."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: HttpRequest) -> Response:
        return Response({"name": request.user.get_username()})


urlpatterns = [path("api/by-session/", BySession.as_view()), *ours]


def person(make: Any = UserFactory, **options: Any) -> Any:
    user = make(**options)
    user.set_password(PASSWORD)
    user.save()
    return user


def with_factor(user: Any) -> list[str]:
    """Gives the user a second factor; the recovery codes."""
    factor = SecondFactor(user=user, key=KEY)
    codes = factor.new_recovery_codes()
    factor.save()
    return codes


def current(key: str = KEY, late: int = 0) -> str:
    return f"{totp(bytes.fromhex(key), drift=late):06d}"


def wrong() -> str:
    shown = {current(late=n) for n in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in shown)


def password_given(user: Any, then: str = "/admin/") -> Client:
    client = Client()
    answer = client.post(f"/admin/login/?next={then}", {"username": user.username, "password": PASSWORD, "next": then})
    assert answer.status_code == 302
    return client


def inside(client: Client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


def given(client: Client, code: str) -> Any:
    return client.post(CODE, {"code": code})


@pytest.fixture
def kari() -> Any:
    user = person(username="kari")
    MemberFactory(user=user, role="admin")
    return user


# -- signing in


def test_without_one_the_password_is_enough(kari):
    assert inside(password_given(kari))


def test_after_the_password_the_code_is_asked_and_leads_to_where_one_wanted(kari):
    with_factor(kari)
    wanted = "/admin/positions/employee/?q=a"
    client = password_given(kari)
    assert not inside(client)
    asked = client.get("/admin/positions/employee/", {"q": "a"}, follow=True)
    assert asked.redirect_chain[-1][0].startswith(CODE) and 'autocomplete="one-time-code"' in asked.content.decode()
    before = client.session.session_key
    answer = client.post(f"{asked.request['PATH_INFO']}?{asked.request['QUERY_STRING']}", {"code": current()})
    assert (answer.status_code, answer.headers["Location"]) == (302, wanted)
    assert inside(client) and client.session.session_key != before
    assert client.get(CODE).status_code == 302  # nothing more to give


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_the_code_leads_nowhere_else(kari, then):
    with_factor(kari)
    answer = password_given(kari).post(f"{CODE}?next={then}", {"code": current()})
    assert answer.headers["Location"] == "/admin/"


def test_a_code_is_taken_once(kari):
    with_factor(kari)
    code = current()
    assert given(password_given(kari), code).status_code == 302
    again = password_given(kari)
    assert "used already" in given(again, code).content.decode() and not inside(again)


def test_a_code_may_be_a_step_late_and_no_more(kari):
    with_factor(kari)
    assert not inside_after(kari, current(late=-3))
    with time_machine.travel(time.time() + 5, tick=False):
        assert inside_after(kari, current(late=-1))


def inside_after(user: Any, code: str) -> bool:
    client = password_given(user)
    given(client, code)
    return inside(client)


def test_each_recovery_code_signs_in_once(kari):
    codes = with_factor(kari)
    assert len(set(codes)) == 10
    assert inside_after(kari, codes[0])
    assert not inside_after(kari, codes[0])
    assert inside_after(kari, codes[1].upper().replace("-", " "))  # as people type them
    assert SecondFactor.objects.get().recovery_codes_left == 8


def test_a_sign_in_from_before_is_asked_too(kari):
    before = password_given(kari)
    assert inside(before)
    with_factor(kari)
    assert not inside(before)


def test_what_one_session_passed_the_other_has_not(kari):
    with_factor(kari)
    here, there = password_given(kari), password_given(kari)
    given(here, current())
    assert inside(here) and not inside(there)


def test_a_session_that_passed_with_a_removed_factor_passes_no_new_one(kari):
    with_factor(kari)
    client = password_given(kari)
    given(client, current())
    SecondFactor.objects.all().delete()
    with_factor(kari)
    assert not inside(client)


# -- nothing is open on the way


def open_pages(client: Client, but: str = "") -> set[str]:
    found = set()
    for address in walk.all_addresses():
        if address == but:
            continue
        for method in ("get", "post"):
            answer = getattr(client, method)(address, walk.GENERAL_BODY if method == "post" else None)
            if answer.status_code not in (301, 302, 401, 403, 404, 405):
                found.add(address)
    return found


OPEN_TO_ANYBODY = {"/admin/login/", "/admin/forgotten-password/", "/admin/jsi18n/", "/api/docs/", "/api/schema/"}


@pytest.mark.parametrize(("wanted", "page"), [("none", CODE), ("all", SET_UP)])
def test_until_all_is_given_no_address_but_that_one_page_is_open(settings, wanted, page):
    settings.REQUIRE_SECOND_FACTOR = wanted
    organization = walk.plant()
    operator = person(OperatorFactory)
    MemberFactory(organization=organization, user=operator, role="admin")
    if page == CODE:
        with_factor(operator)
    client = password_given(operator)
    before = walk.dump(organization)
    anybody = open_pages(Client())
    assert open_pages(client) == {*anybody, page} and anybody <= OPEN_TO_ANYBODY
    assert walk.dump(organization) == before and SecondFactor.objects.count() == (page == CODE)


def test_the_api_takes_no_session_that_lacks_the_code(kari, settings):
    settings.ROOT_URLCONF = __name__
    with_factor(kari)
    client = password_given(kari)
    assert client.get("/api/by-session/").status_code == 403
    given(client, current())
    assert client.get("/api/by-session/").json() == {"name": "kari"}


def test_api_keys_are_not_asked_for_a_code(kari, settings):
    settings.REQUIRE_SECOND_FACTOR = "all"
    with_factor(kari)
    key = ApiKeyFactory(organization=Organization.objects.get())
    headers = {"Authorization": f"Bearer {key.key}"}
    assert Client(headers=headers).get("/api/v1/employees/").status_code == 200
    assert password_given(kari).get("/api/v1/employees/", headers=headers).status_code == 200


def test_whoever_has_the_password_alone_cannot_replace_the_factor(kari):
    codes = with_factor(kari)
    client = password_given(kari)
    for address in (SET_UP, OVERVIEW, CODES):
        client.post(address, {"code": codes[0], "off": ""})
        assert client.get(address).status_code == 302
    assert SecondFactor.objects.get().recovery_codes_left == 10


# -- who must have one


@pytest.mark.parametrize(
    ("wanted", "operator", "member"), [("none", False, False), ("operators", True, False), ("all", True, True)]
)
def test_who_must_have_one_is_led_to_set_it_up(settings, kari, wanted, operator, member):
    settings.REQUIRE_SECOND_FACTOR = wanted
    for user, must in ((person(OperatorFactory), operator), (kari, member)):
        client = password_given(user)
        assert inside(client) is not must
        if must:
            assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(SET_UP)
            set_up(client)
            assert inside(client)


def test_who_may_not_sign_in_any_more_is_not_sent_round_in_circles(kari, settings):
    settings.REQUIRE_SECOND_FACTOR = "all"
    client = password_given(kari)
    kari.is_staff = False
    kari.save()
    assert client.get("/admin/", follow=True).status_code == 200


# -- setting up, renewing, turning off


def key_on(page: str) -> str:
    """What a person would type into the app."""
    secret = re.search(r'<output class="sf-secret">([A-Z2-7 ]+)</output>', page)
    assert secret is not None
    return b32decode(secret[1].replace(" ", "")).hex()


def set_up(client: Client) -> tuple[str, list[str]]:
    """As a person does it: the key, and the recovery codes that were shown."""
    key = key_on(client.get(SET_UP).content.decode())
    answer = client.post(SET_UP, {"code": current(key), "password": PASSWORD}, follow=True)
    return key, re.findall(r"<li>([a-z2-7]{5}-[a-z2-7]{5})</li>", answer.content.decode())


def test_setting_it_up(kari):
    client = password_given(kari)
    page = client.get(SET_UP).content.decode()
    assert "<svg" in page and page.count("<path") >= 1
    refused = client.post(SET_UP, {"code": wrong(), "password": PASSWORD}).content.decode()
    assert "not the code that your app shows" in refused and not SecondFactor.objects.exists()
    assert key_on(refused) == key_on(page)  # the picture that was scanned still holds
    key, codes = set_up(client)
    assert key == key_on(page) and len(codes) == 10
    assert inside(client)
    factor = SecondFactor.objects.get()
    assert (factor.user, factor.key) == (kari, key)
    shown_again = client.get(CODES, follow=True)
    assert shown_again.redirect_chain and not any(code in shown_again.content.decode() for code in codes)
    assert client.get(SET_UP).headers["Location"] == OVERVIEW
    assert inside_after(kari, codes[3])


def test_a_form_that_is_sent_twice_sets_up_one(kari, monkeypatch):
    """The second post comes while the first one is not stored yet."""
    client = password_given(kari)
    key = key_on(client.get(SET_UP).content.decode())
    with_factor(kari)
    monkeypatch.setattr("positions.accounts.second_factor.factor_of", lambda user: None)
    monkeypatch.setattr("positions.accounts.second_factor.missing", lambda request: "set_up")
    answer = client.post(SET_UP, {"code": current(key), "password": PASSWORD})
    assert answer.headers["Location"] == OVERVIEW
    assert SecondFactor.objects.get().key == KEY


def test_the_picture_says_what_the_text_says(kari, monkeypatch):
    drawn: list[str] = []
    real = segno.make
    monkeypatch.setattr(segno, "make", lambda text, **options: (drawn.append(text), real(text, **options))[1])
    key = key_on(password_given(kari).get(SET_UP).content.decode())
    secret = b32encode(bytes.fromhex(key)).decode()
    assert drawn == [f"otpauth://totp/Position%20Sync%3Akari?secret={secret}&issuer=Position%20Sync"]


def test_new_recovery_codes_and_turning_off_want_a_code(kari):
    client = password_given(kari)
    _, codes = set_up(client)
    for button in ("codes", "off"):
        client.post(OVERVIEW, {"code": wrong(), button: "", "password": PASSWORD})
        assert client.post(OVERVIEW, {"code": "", button: "", "password": PASSWORD}).status_code == 200
    assert SecondFactor.objects.get().recovery_codes_left == 10
    answer = client.post(OVERVIEW, {"code": codes[0], "codes": "", "password": PASSWORD}, follow=True)
    newer = re.findall(r"<li>([a-z2-7]{5}-[a-z2-7]{5})</li>", answer.content.decode())
    assert len(newer) == 10 and not set(newer) & set(codes)
    client.post(OVERVIEW, {"code": codes[1], "off": "", "password": PASSWORD})
    assert SecondFactor.objects.exists()  # the former ones are worth nothing
    client.post(OVERVIEW, {"code": newer[0], "off": "", "password": PASSWORD})
    assert not SecondFactor.objects.exists() and inside(client)


def test_the_pages_speak_of_oneself_alone(kari):
    other = person()
    with_factor(other)
    client = password_given(kari)
    assert "Set up" in client.get(OVERVIEW).content.decode()
    client.post(f"{OVERVIEW}?user={other.pk}", {"code": current(), "off": "", "user": other.pk, "password": PASSWORD})
    assert SecondFactor.objects.get().user == other
    set_up(client)
    assert SecondFactor.objects.count() == 2


# -- guessing


def test_after_wrong_codes_the_right_one_must_wait(kari, settings):
    with_factor(kari)
    client = password_given(kari)
    now = int(time.time())
    for n in range(4):
        with time_machine.travel(now + 100 * n, tick=False):
            given(client, wrong())
    with time_machine.travel(now + 302, tick=False):
        assert "Wait 6 seconds" in given(client, current()).content.decode() and not inside(client)
    with time_machine.travel(now + 320, tick=False):
        given(client, current())
        assert inside(client)


def test_the_right_code_at_once_after_a_wrong_one_is_not_called_wrong(kari, settings):
    settings.AXES_FAILURE_LIMIT = 2
    with_factor(kari)
    client = password_given(kari)
    now = int(time.time())
    with time_machine.travel(now, tick=False):
        given(client, wrong())
        for _ in range(3):  # and does not count
            assert "Wait 1 second for it" in given(client, current()).content.decode()
    with time_machine.travel(now + 2, tick=False):
        given(client, current())
        assert inside(client)


def test_guessing_the_code_is_slowed_down_across_sign_ins_and_addresses(kari):
    with_factor(kari)
    for n in range(12):
        client = Client(REMOTE_ADDR=f"192.0.2.{n}")
        client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
        given(client, wrong())
        SecondFactor.objects.update(throttling_failure_timestamp="2026-01-01T00:00Z")  # waited long enough
    factor = SecondFactor.objects.get()
    assert factor.throttling_failure_count == 12
    factor.throttle_increment()
    allowed, why = factor.verify_is_allowed()
    assert not allowed and why["locked_until"] - factor.throttling_failure_timestamp > timedelta(hours=1)


def test_a_guesser_does_not_keep_out_who_has_a_recovery_code(kari):
    codes = with_factor(kari)
    SecondFactor.objects.update(throttling_failure_count=20)
    SecondFactor.objects.get().throttle_increment()
    assert not inside_after(kari, current())
    assert inside_after(kari, codes[0])


def test_wrong_codes_count_as_failed_sign_ins(kari, settings):
    settings.AXES_FAILURE_LIMIT = 4
    codes = with_factor(kari)
    client = password_given(kari)
    answers = [given(client, "aaaaa-aaaa" + "bcde"[n]).status_code for n in range(4)]
    assert answers == [200, 200, 200, 429]
    refused = given(client, codes[0])
    assert refused.status_code == 429 and "Try again in 15 minutes" in refused.content.decode()
    assert SecondFactor.objects.get().recovery_codes_left == 10
    assert Client().post("/admin/login/", {"username": "kari", "password": PASSWORD}).status_code == 429


# -- operators


def test_operators_and_nobody_else_remove_a_lost_one(kari):
    with_factor(kari)
    body = {"action": "remove_second_factor", "_selected_action": [kari.pk], "index": "0"}
    address = reverse("admin:auth_user_changelist")
    colleague = person()
    MemberFactory(organization=Organization.objects.get(), user=colleague, role="admin")
    assert password_given(colleague).post(address, body).status_code == 403
    assert SecondFactor.objects.exists()
    operator = person(OperatorFactory)
    client = password_given(operator)
    set_up(client)
    both = {**body, "_selected_action": [kari.pk, operator.pk]}
    said = client.post(address, both, follow=True).content.decode()
    assert "Removed the second factor of kari." in said
    assert SecondFactor.objects.get().user == operator  # one's own needs a code
    assert inside(password_given(kari))


def test_the_command_removes_it(kari, capsys):
    with_factor(kari)
    call_command("second_factor", reset="kari")
    assert "Removed the second factor of kari" in capsys.readouterr().out and not SecondFactor.objects.exists()
    for name, words in (("kari", "has no second factor"), ("nobody", "There is no user nobody")):
        with pytest.raises(CommandError, match=words):
            call_command("second_factor", reset=name)


def test_it_can_be_removed_when_the_encryption_key_is_lost(kari, settings):
    settings.ENCRYPTION_KEYS = ["lost"]
    with_factor(kari)
    other = person()
    with_factor(other)
    settings.ENCRYPTION_KEYS = ["new"]
    call_command("second_factor", reset="kari")
    body = {"action": "remove_second_factor", "_selected_action": [other.pk], "index": "0"}
    password_given(person(OperatorFactory)).post(reverse("admin:auth_user_changelist"), body)
    assert not SecondFactor.objects.exists()


def test_it_is_in_the_audit_trail(kari):
    def newest() -> tuple[str, str, str]:
        entry = AuditEntry.objects.filter(kind="second factor").order_by("-pk")[0]
        return entry.actor, entry.via, entry.action

    client = password_given(kari)
    _, codes = set_up(client)
    assert newest() == ("kari", "admin", "created")
    others = AuditEntry.objects.exclude(kind="sign-in")
    count = others.count()
    given(password_given(kari), wrong())
    assert others.count() == count
    assert inside_after(kari, codes[0])
    assert newest() == ("kari", "admin", "changed")  # a recovery code was spent
    client.post(OVERVIEW, {"code": codes[1], "off": "", "password": PASSWORD})
    assert newest() == ("kari", "admin", "deleted")
    with_factor(kari)
    call_command("second_factor", reset="kari")
    assert newest() == ("", "system", "deleted")
    entry = AuditEntry.objects.filter(kind="second factor", action="changed")[0]
    assert entry.changes == {"recovery_codes": ["•••", "•••"]} and entry.organization is None
    assert entry.object_name == "Second factor of kari"


# -- at rest


def test_key_and_recovery_codes_are_nowhere_in_clear(kari):
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    levels = {logger: logger.level for logger in (root, logging.getLogger("django.db.backends"))}
    root.addHandler(handler)
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    connection.force_debug_cursor = True
    try:
        client = password_given(kari)
        page = client.get(SET_UP).content.decode()
        waiting = stored()  # the session has the key by now
        key = key_on(page)
        answer = client.post(SET_UP, {"code": current(key), "password": PASSWORD})
        waiting += stored()  # and here the codes
        shown = client.get(answer.headers["Location"]).content.decode()
        codes = re.findall(r"<li>([a-z2-7]{5}-[a-z2-7]{5})</li>", shown)
        given(password_given(kari), codes[0])
        operator = person(OperatorFactory)
        pages = [walk.pages_of(client), walk.pages_of(password_given(operator))]
    finally:
        root.removeHandler(handler)
        for logger, level in levels.items():
            logger.setLevel(level)
        connection.force_debug_cursor = False
    secret = re.search(r'sf-secret">([A-Z2-7 ]+)<', page)
    assert secret is not None and len(codes) == 10
    factor = SecondFactor.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM positions_secondfactor")
        assert decrypt(cursor.fetchone()[0]) == key == factor.key
    left = [waiting, stored(), stream.getvalue(), queued(), cached(), *(str(found) for found in pages)]
    assert "kari" in left[1] and "kari" in left[2]
    secrets = [key, secret[1], secret[1].replace(" ", ""), *codes, *(code.replace("-", "") for code in codes)]
    for text in left:
        assert not [s for s in secrets if s in text]
    assert not [code for code in codes if code.replace("-", "") in factor.recovery_codes]


def test_a_changed_encryption_key_takes_it_along(kari, settings):
    settings.ENCRYPTION_KEYS = ["former"]
    codes = with_factor(kari)
    settings.ENCRYPTION_KEYS = ["new", "former"]
    call_command("rotate_keys")
    settings.ENCRYPTION_KEYS = ["new"]
    assert inside_after(kari, current()) and inside_after(kari, codes[0])


def test_the_users_list_shows_who_has_one_without_asking_for_each(kari):
    client = password_given(person(OperatorFactory))
    address = reverse("admin:auth_user_changelist")

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    few = queries()
    for _ in range(5):
        with_factor(UserFactory())
    assert queries() == few


def test_an_unknown_requirement_stops_the_start(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env={"DATA_DIR": str(tmp_path), "REQUIRE_SECOND_FACTOR": "everyone"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0 and "everyone" in done.stderr
