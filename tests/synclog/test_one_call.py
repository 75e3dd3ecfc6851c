"""Connections of one customer take turns where a system takes one call at a time; whoever dies holds nobody up."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from integrations.models import Integration, SharedPlace
from integrations.runtime.single_flight import OneCall, one_call
from integrations.sdk.errors import InterruptedRunError
from tests.synclog.world import World

pytestmark = pytest.mark.django_db


def allow() -> None:
    pass


def refuse() -> None:
    raise InterruptedRunError("The worker stopped.")


def test_nobody_else_calls_meanwhile_and_whoever_waited_is_next() -> None:
    one, two, three = (OneCall("k", allow) for _ in range(3))
    with one():
        assert not two._take()
        assert not three._take()
    assert not one._take(), "two has waited for it"
    assert not three._take()
    with two():
        assert not one._take()
    with one():
        pass
    with one():
        pass


def test_other_customers_do_not_wait() -> None:
    with OneCall("k", allow)(), OneCall("l", allow)():
        assert SharedPlace.objects.exclude(holder="").count() == 2


def test_a_call_for_a_token_belongs_to_the_call_that_needs_it() -> None:
    one, two = OneCall("k", allow), OneCall("k", allow)
    with one():
        with one():
            pass
        assert not two._take()
    assert two._take()


@pytest.mark.parametrize(("renewed", "seconds", "free"), [(False, 19, False), (False, 21, True), (True, 21, False)])
def test_the_place_of_a_dead_holder_expires_and_that_of_a_living_one_does_not(
    renewed: bool, seconds: int, free: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.runtime.single_flight.time.monotonic", lambda: timezone.now().timestamp())
    one, two = OneCall("k", allow), OneCall("k", allow)
    with time_machine.travel(timezone.now(), tick=False) as clock, ExitStack() as call:
        call.enter_context(one())
        for _ in range(seconds):
            clock.shift(timedelta(seconds=1))
            if renewed:
                one.renew_if_due()
        assert two._take() is free


def test_whoever_died_waiting_is_not_waited_for() -> None:
    one, two = OneCall("k", allow), OneCall("k", allow)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with one():
            assert not two._take()
        assert not one._take()
        clock.shift(timedelta(seconds=2.1))
        assert one._take()


def test_a_clock_that_was_set_back_leaves_the_place_free() -> None:
    one, two, three = (OneCall("k", allow) for _ in range(3))
    with time_machine.travel(timezone.now(), tick=False) as clock, one():
        assert not three._take()
        clock.shift(timedelta(days=-2))
        assert two._take()


def test_nobody_waits_longer_than_the_turn() -> None:
    with OneCall("k", allow)(), pytest.raises(InterruptedRunError), OneCall("k", refuse)():
        raise AssertionError("it was not its turn")


def test_the_answer_is_kept_although_the_place_cannot_be_given_back() -> None:
    def on_owner(call: Any) -> Any:
        if call.func.__name__ == "_give_back":
            with pytest.MonkeyPatch.context() as broken:
                broken.setattr(OneCall, "_rows", lambda _: (_ for _ in ()).throw(DatabaseError("the disk is full")))
                return call()
        return call()

    with OneCall("k", allow, on_owner)():
        pass
    assert SharedPlace.objects.get().holder, "it expires"


def test_which_connections_take_turns(world: World) -> None:
    one, other = world.connect("netvisor"), world.connect("netvisor")
    same = Integration.objects.create(
        organization=one.organization, system_key="netvisor", name="same", base_urls=one.base_urls
    )
    same.set_credentials({"organisation_id": one.credentials["organisation_id"]}, by="anna")
    keys = [place._key for i in (one, same, other) if (place := one_call(i, allow)) is not None]
    assert len(keys) == 3
    assert keys[0] == keys[1] != keys[2], "another address is another Netvisor"
    assert one.credentials["organisation_id"] not in keys[0]
    assert one_call(world.connect("tripletex"), allow) is None


def test_a_turn_gives_the_place_back(world: World) -> None:
    integration = world.connect("netvisor")
    position = world.save()
    world.drain(integration)
    assert world.job(integration, position).state == "succeeded"
    assert SharedPlace.objects.get().holder == ""
