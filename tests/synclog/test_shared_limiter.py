"""Connections that a vendor counts together keep one limit, also when the database is slow."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import SharedRate
from integrations.runtime.shared_limiter import SharedLimiter, shared_limiter
from tests.synclog.world import World


def test_requests_are_spaced_whoever_asks(db: Any) -> None:
    places: list[datetime] = []

    def noting(call: Any) -> Any:
        places.append(call())
        return places[-1]

    one, two = SharedLimiter("k", 0.05, noting), SharedLimiter("k", 0.05, noting)
    for number in range(8):
        (one if number % 2 else two).acquire()
        assert timezone.now() >= places[-1], "it went before its place"
    assert all(b - a >= timedelta(seconds=0.05) for a, b in pairwise(places))


def test_a_place_that_has_passed_is_not_used(db: Any) -> None:
    slow = iter([0.3, 0.0])
    asked = []

    def on_owner(call: Any) -> Any:
        asked.append(timezone.now())
        found = call()
        time.sleep(next(slow))
        return found

    SharedLimiter("k", 0.05, on_owner).acquire()
    taken = SharedRate.objects.get().next_at - timedelta(seconds=0.05)
    assert taken >= asked[-1], "it went at the place that it asked for"


def test_penalty_holds_for_all(db: Any) -> None:
    SharedLimiter("k", 0.01).penalize(0.3)
    started = time.monotonic()
    SharedLimiter("k", 0.01).acquire()
    assert time.monotonic() - started > 0.25


def test_a_place_given_before_the_clock_was_set_back_is_not_waited_for(db: Any) -> None:
    SharedLimiter("k", 0.01).acquire()
    SharedRate.objects.update(next_at=timezone.now() + timedelta(days=2))
    started = time.monotonic()
    SharedLimiter("k", 0.01).acquire()
    assert time.monotonic() - started < 60
    assert SharedRate.objects.get().next_at < timezone.now() + timedelta(seconds=1)


def test_which_connections_share(world: World) -> None:
    one, two, alone = (world.connect("poweroffice_go") for _ in range(3))
    alone.set_credentials({"subscription_key": "another-subscription-key"}, by="anna")
    shared, same, other = shared_limiter(one), shared_limiter(two), shared_limiter(alone)
    assert shared is not None and same is not None and other is not None
    assert shared._key == same._key != other._key
    assert "subscription" not in shared._key
    assert shared_limiter(world.connect("tripletex")) is None


@pytest.mark.parametrize("which", ["api", "login"])
def test_a_server_of_somebodys_own_shares_nothing(world: World, which: str) -> None:
    """A tenant's id is no secret: whoever enters it with an address of their own, be it the sign-in's alone, would have
    made everybody of that tenant wait."""
    ours, theirs = world.connect("entra_id"), world.connect("entra_id")
    theirs.base_urls = {**theirs.base_urls, which: "https://evil.example/v1.0"}
    mine, other = shared_limiter(ours), shared_limiter(theirs)
    assert mine is not None and other is not None
    assert mine._key != other._key
    other.penalize(600)
    started = time.monotonic()
    mine.acquire()
    assert time.monotonic() - started < 60
