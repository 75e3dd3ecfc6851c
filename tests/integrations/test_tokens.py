"""Access tokens: asked for once, kept, renewed in time and when refused, never seen."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests

from integrations.sdk.context import Context, MemoryVault
from integrations.sdk.declaration import Limits
from integrations.sdk.errors import UnavailableError
from integrations.sdk.http import Http, Response
from integrations.sdk.tokens import LONGEST_TOKEN, Grant, Tokens, fingerprint, oauth_grant

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


class Target:
    """Gives a new token at each sign-in, and a new refresh token that takes the place of the last one."""

    def __init__(self, seconds: float | None = 3600) -> None:
        self.seconds = seconds
        self.kept: list[dict[str, Any]] = []  # what each sign-in was given
        self.pause = 0.0

    @property
    def sign_ins(self) -> int:
        return len(self.kept)

    def sign_in(self, kept: Mapping[str, Any]) -> Grant:
        self.kept.append(dict(kept))
        time.sleep(self.pause)
        return Grant(f"access-{self.sign_ins}", self.seconds, {"refresh_token": f"refresh-{self.sign_ins}"})


def turn(target: Target, vault: MemoryVault, *, minutes: float = 0, key: str = "a-key", **options: Any) -> Tokens:
    """The tokens of one turn, so many minutes after noon."""
    context = Context(
        credentials={"key": key},
        settings={},
        urls={"api": options.pop("api", "https://a.example")},
        namespace="n",
        today=date(2026, 6, 15),
        vault=vault,
        now=lambda: NOON + timedelta(minutes=minutes),
    )
    return Tokens(Http(context, Limits()), target.sign_in, **options)


def at_once(*calls: Any) -> None:
    """Each in a thread of its own, all together."""
    barrier = threading.Barrier(len(calls))

    def run(call: Any) -> None:
        barrier.wait()
        call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def signed(tokens: Tokens) -> str:
    request = requests.Request("GET", "https://a.example", auth=tokens).prepare()
    return str(request.headers["Authorization"])


def test_one_sign_in_serves_every_call_and_the_next_turn() -> None:
    target, vault = Target(), MemoryVault()
    one = turn(target, vault)
    assert [signed(one), signed(one), signed(turn(target, vault))] == ["Bearer access-1"] * 3
    assert target.sign_ins == 1


def test_threads_sign_in_once() -> None:
    target, got = Target(seconds=-1), []
    target.pause = 0.05
    tokens = turn(target, MemoryVault())
    at_once(*[lambda: got.append(tokens.get())] * 6)
    assert got == ["access-1"] * 6


def test_threads_whose_token_is_refused_renew_it_once() -> None:
    target, got = Target(), []
    tokens = turn(target, MemoryVault())
    ready = threading.Barrier(6)

    def call() -> None:
        tokens.get()
        ready.wait()
        tokens.renew()
        got.append(tokens.get())

    at_once(*[call] * 6)
    assert got == ["access-2"] * 6
    assert target.sign_ins == 2


def test_a_late_refusal_of_an_old_token_renews_nothing() -> None:
    """A slow call may come back refused after another thread has renewed the token."""
    target = Target()
    tokens = turn(target, MemoryVault())
    used, renewed = threading.Event(), threading.Event()

    def slow() -> None:
        tokens.get()
        used.set()
        renewed.wait()
        tokens.renew()

    thread = threading.Thread(target=slow)
    thread.start()
    used.wait()
    tokens.get()
    tokens.renew()
    renewed.set()
    thread.join()
    assert (tokens.get(), target.sign_ins) == ("access-2", 2)


def test_what_another_process_has_renewed_is_taken_over() -> None:
    target, vault = Target(), MemoryVault()
    one, other = turn(target, vault), turn(target, vault)
    assert one.get() == other.get() == "access-1"
    other.renew()
    one.renew()
    assert (one.get(), target.sign_ins) == ("access-2", 2)


@pytest.mark.parametrize(
    ("seconds", "early", "lasts", "over"),
    [
        (3600, 60, 58.9, 59.1),
        (3600, 300, 54.9, 55.1),
        (60, 60, 0.4, 0.6),  # half its life: a short one is not asked for before every call
        (None, 60, 10**6, None),
    ],
)
def test_a_token_is_renewed_before_its_end(
    seconds: float | None, early: float, lasts: float, over: float | None
) -> None:
    target, vault = Target(seconds), MemoryVault()
    turn(target, vault, early=early).get()
    assert turn(target, vault, early=early, minutes=lasts).get() == "access-1"
    if over is not None:
        assert turn(target, vault, early=early, minutes=over).get() == "access-2"


def test_a_token_that_ends_within_a_turn_is_renewed_within_it() -> None:
    target, minutes = Target(), [0]
    tokens = turn(target, MemoryVault())
    tokens._context.now = lambda: NOON + timedelta(minutes=minutes[0])
    assert tokens.get() == "access-1"
    minutes[0] = 61
    assert tokens.get() == "access-2"


def test_a_token_of_an_earlier_turn_that_ends_within_this_one_is_renewed_within_it() -> None:
    target, vault, minutes = Target(), MemoryVault(), [0]
    turn(target, vault).get()
    tokens = turn(target, vault)
    tokens._context.now = lambda: NOON + timedelta(minutes=minutes[0])
    assert tokens.get() == "access-1"
    minutes[0] = 61
    assert tokens.get() == "access-2"


def test_a_kept_token_of_which_nobody_knows_how_long_it_lasts_is_not_used() -> None:
    target, vault = Target(), MemoryVault()
    turn(target, vault).get()
    vault.save({name: value for name, value in vault.load().items() if name != "expires_at"})
    assert turn(target, vault).get() == "access-2"


def test_a_token_that_comes_expired_serves_the_turn_until_it_is_refused() -> None:
    """Clocks differ; but the next turn does not believe in it."""
    target, vault = Target(seconds=-100), MemoryVault()
    tokens = turn(target, vault)
    assert [tokens.get(), tokens.get()] == ["access-1"] * 2
    tokens.renew()
    assert tokens.get() == "access-2"
    assert turn(target, vault).get() == "access-3"


@pytest.mark.parametrize("changed", [{"key": "another-key"}, {"api": "https://b.example"}, {"made_for": ["scope"]}])
def test_a_token_serves_only_what_it_was_made_for(changed: dict[str, Any]) -> None:
    target, vault = Target(), MemoryVault()
    turn(target, vault).get()
    assert turn(target, vault, **changed).get() == "access-2"


def test_what_came_with_the_token_is_given_to_the_next_sign_in_whatever_the_credentials() -> None:
    """The connector decides what a refresh token descends from: a new client secret does not end it."""
    target, vault = Target(), MemoryVault()
    turn(target, vault).get()
    turn(target, vault, key="another-key").get()
    turn(target, vault, key="another-key").prove()
    assert [kept.get("refresh_token") for kept in target.kept] == [None, "refresh-1", "refresh-2"]
    assert vault.load()["refresh_token"] == "refresh-3"


def test_a_grant_is_saved_before_its_token_is_used() -> None:
    class FullDisk(MemoryVault):
        full = True

        def save(self, values: Mapping[str, Any]) -> None:
            if self.full:
                raise OSError("the disk is full")
            super().save(values)

    target, vault = Target(), FullDisk()
    tokens = turn(target, vault)
    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            signed(tokens)
    vault.full = False
    assert signed(tokens) == "Bearer access-3"


def test_a_failed_sign_in_leaves_the_next_one_free() -> None:
    tokens = turn(Target(), MemoryVault())
    good = tokens._sign_in

    def refuse(kept: Mapping[str, Any]) -> Grant:
        raise UnavailableError("It did not answer in time.")

    tokens._sign_in = refuse
    with pytest.raises(UnavailableError):
        tokens.get()
    tokens._sign_in = good
    assert tokens.get() == "access-1"


@pytest.mark.parametrize("token", ["", "two words", "two\r\nX-Header: lines", "é", "x" * (LONGEST_TOKEN + 1)])
def test_an_unusable_token_is_tried_again_later(token: str) -> None:
    vault = MemoryVault()
    tokens = turn(Target(), vault)
    tokens._sign_in = lambda kept: Grant(token, 3600)
    with pytest.raises(UnavailableError, match="without an access token"):
        tokens.get()
    assert vault.load() == {}


def test_a_token_may_be_as_long_as_a_header() -> None:
    tokens = turn(Target(), MemoryVault())
    tokens._sign_in = lambda kept: Grant("x" * LONGEST_TOKEN, 3600)
    assert tokens.get() == "x" * LONGEST_TOKEN


def test_what_was_entered_is_told_apart_wherever_it_stood() -> None:
    assert len({fingerprint("a", "b"), fingerprint("b", "a"), fingerprint("ab"), fingerprint("a")}) == 4
    assert "a-key" not in fingerprint("a-key") and len(fingerprint("a-key")) == 64


def test_credentials_are_proven_although_a_token_is_kept() -> None:
    target, vault = Target(), MemoryVault()
    turn(target, vault).get()
    tokens = turn(target, vault)
    tokens.prove()
    assert (tokens.get(), target.sign_ins) == ("access-2", 2)


def test_something_else_is_kept_for_these_credentials() -> None:
    target, vault = Target(), MemoryVault()
    tokens = turn(target, vault)
    tokens.get()
    tokens.keep("company", "12")
    tokens.renew()
    assert turn(target, vault).kept("company") == "12"
    assert turn(target, vault, key="another-key").kept("company") == ""
    assert turn(target, vault).get() == "access-2"
    tokens.keep("company", "")
    assert tokens.kept("company") == ""
    tokens.keep("company", "13")
    turn(target, vault, key="another-key").get()
    assert "company" not in vault.load(), "the company of other credentials would be written into"


def test_something_is_kept_for_these_credentials_before_there_is_a_token() -> None:
    vault = MemoryVault()
    turn(Target(), vault).keep("company", "12")
    assert turn(Target(), vault).kept("company") == "12"
    assert turn(Target(), vault, key="another-key").kept("company") == ""


def test_nothing_is_saved_if_nothing_is_to_be_forgotten() -> None:
    vault = MemoryVault()
    turn(Target(), vault).keep("company", "")
    assert vault.load() == {}


def basic(token: str) -> str:
    return f"Basic {base64.b64encode(token.encode()).decode()}"


def test_tokens_are_masked_in_every_form_when_new_and_when_kept() -> None:
    target, vault = Target(), MemoryVault()
    for _ in range(2):
        tokens = turn(target, vault, header=basic)
        assert signed(tokens) == basic("access-1")
        sent = f"a {signed(tokens)} b access-1 c refresh-1 d"
        assert tokens._masker.words(sent) == "a Basic ••• b ••• c ••• d"


def test_a_kept_token_is_masked_before_the_credentials_are_proven() -> None:
    """A system that refuses them may repeat it."""
    target, vault = Target(), MemoryVault()
    turn(target, vault).get()
    tokens = turn(target, vault)

    def refuse(kept: Mapping[str, Any]) -> Grant:
        raise UnavailableError(tokens._masker.words("was access-1 and refresh-1"))

    tokens._sign_in = refuse
    with pytest.raises(UnavailableError, match="was ••• and •••"):
        tokens.prove()


def test_a_grant_does_not_show_its_secrets() -> None:
    assert "secret" not in repr(Grant("secret-1", 60, {"refresh_token": "secret-2"}))


@pytest.mark.parametrize(
    ("body", "token", "seconds"),
    [
        ('{"access_token": "t", "expires_in": 3599}', "t", 3599),
        ('{"access_token": "t", "expires_in": "1200"}', "t", 1200),
        ('{"access_token": "t", "expires_in": 1}', "t", 1),
        ('{"access_token": "t", "expires_in": 0}', "t", 600),
        ('{"access_token": "t", "expires_in": -1}', "t", 600),
        ('{"access_token": "t"}', "t", 600),
        ('{"access_token": "t", "expires_in": "soon"}', "t", 600),
        ('{"access_token": "t", "expires_in": [1]}', "t", 600),
        ('{"access_token": "t", "expires_in": 1e999}', "t", 600),
        ('{"access_token": "t", "expires_in": NaN}', "t", 600),
        ('{"access_token": null}', "", 600),
        ("[]", "", 600),
        ("<html>", "", 600),
    ],
)
def test_oauth_answers(body: str, token: str, seconds: float) -> None:
    grant = oauth_grant(Response(200, {}, body.encode(), None))
    assert (grant.token, grant.seconds, grant.keep) == (token, seconds, {})


@pytest.mark.parametrize(("told", "kept"), [('"new"', "new"), ("null", "old"), ('""', "old")])
def test_an_oauth_answer_without_a_new_refresh_token_leaves_the_old_one(told: str, kept: str) -> None:
    body = f'{{"access_token": "t", "refresh_token": {told}, "scope": "all"}}'
    grant = oauth_grant(Response(200, {}, body.encode(), None), "refresh_token", "scope", refresh_token="old")
    assert grant.keep == {"refresh_token": kept, "scope": "all"}
    assert oauth_grant(Response(200, {}, b"{}", None), "scope").keep == {"scope": ""}
