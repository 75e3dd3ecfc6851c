"""Every page in another language: no English is left on it but what is data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from integrations.systems.registry import systems
from positions.models import Organization
from tests.factories import OrganizationFactory
from tests.languages import pseudo
from tests.security import walk
from tests.security.conftest import browser_of

pytestmark = pytest.mark.django_db

# What is the same in every language, and why.
_SAME = [
    "Position Sync",  # the product's name
    *(system.name for system in systems()),  # the vendors' names
    *(name for _code, name in settings.LANGUAGES),  # each in its own words
    # Abbreviations and names that are read in all of them, and what stands on a key.
    *[
        "UTC",
        "CSV",
        "XLSX",
        "JSON",
        "API",
        "REST",
        "URL",
        "HTTP",
        "PAXml",
        "EXPORT_ROOT",
        "EMAIL_URL",
        "min",
        "ms",
        "esc",
    ],
    *["admin", "api", "stopped", "positions:read", "positions:write", "sync:read", "sync:write"],
]


@pytest.fixture(scope="module")
def full(django_db_setup: None, django_db_blocker: Any) -> Iterator[Organization]:
    """An organization with a row of each model: connections that stopped, entries that failed, files, notices."""
    whole: Any = transaction.atomic()
    whole._from_testcase = True  # as Django's own TestCase: each test works in a transaction within this one
    with django_db_blocker.unblock(), whole:
        yield walk.plant()
        transaction.set_rollback(True)


def data(*words: str) -> re.Pattern[str]:
    known = sorted((re.escape(word) for word in (*_SAME, *words) if word), key=len, reverse=True)
    patterns = [
        rf"(?<!\w)(?:{'|'.join(known)})(?!\w)",
        r"https?://\S+", r"\S+@\S+\.\w+", r"\S*/\S*/\S*", r"\b[\w-]+\.(?:py|json|csv|xml|xlsx|txt)\b", r"psk_[\w-]+",
        rf"{walk.CANARY}[\w-]*(?: AS)?", r"\b(?:user|Organization|operator)\s?\d+", r"\b\w+(?:[_:.]\w+)+\b",
        r"\b(?:anna|refused)-\w+",  # who is signed in
        r"(?<=⟧)\.\w+", r"\bwebhook-id\b",  # names of keys and headers
        r"\bEurope/\w+", r"YYYY-MM\S*",  # time zones, and the form of a date
        r"\[[^\]]*\]",  # lists of codes, in the audit trail
        # Names of rows there, which are kept as they were written: of a member, a position, a webhook.
        r" · (?:Admin|Viewer) · ", r", from \d+ \w+ \d+", r"Webhook \d+:",
    ]  # fmt: skip
    return re.compile("|".join(patterns))


@cache
def _theirs() -> frozenset[str]:
    """What systems call their fields and codes."""
    found = set()
    for declared in (one for system in systems() for one in system.fields):
        codes = [*(declared.codes or {}).values(), *(code for code, _label in declared.choices)]
        for setting in declared.settings:
            codes += [code for code, _label in setting.choices]
            codes += setting.default.values() if isinstance(setting.default, dict) else []
        found |= {declared.remote, *map(str, codes)}
    found |= {system.key for system in systems()}
    return frozenset(part for text in found for part in re.split(r"[\s,./()]+", text))


def read(
    browser: Client, addresses: list[str], known: re.Pattern[str], *, posted: bool = False
) -> dict[str, list[Any]]:
    """Address -> what of the page is English; `posted`: of what answers an empty form."""
    found = {}
    for address in addresses:
        ask = browser.post if posted else browser.get
        response = ask(address, headers={"Accept-Language": pseudo.LANGUAGE})
        kind = response.headers.get("Content-Type", "")
        if response.streaming or not kind.startswith("text/html") or not response.content:
            continue
        left = pseudo.english(response.content.decode(), known)
        if left:
            found[address] = left
    return found


def told(found: dict[str, list[Any]]) -> str:
    """Each text once, with the first page that has it."""
    first: dict[tuple[str, str], str] = {}
    for address, left in found.items():
        for where, words, text in left:
            first.setdefault((where, words), f"{address}  <{where}>  {words!r}  in  {text[:150]!r}")
    return "\n".join(["", f"{len(first)} texts are English in another language:", *first.values()])


@pytest.mark.long
@pytest.mark.parametrize("role", ["admin", "editor", "viewer", "operator"])
def test_every_page_of_whoever_is_signed_in(full: Organization, role: str) -> None:
    browser = browser_of(full, role, username=f"anna-{role}")
    addresses = [one for one in walk.all_addresses() if not one.startswith(("/api/", "/metrics"))]
    with pseudo.installed():
        found = read(browser, addresses, data(*_theirs()))
    assert not found, told(found)


@pytest.mark.long
@pytest.mark.parametrize("role", ["admin", "operator"])
def test_every_form_that_is_refused(full: Organization, role: str) -> None:
    browser = browser_of(full, role, username=f"refused-{role}")
    addresses = [one for one in walk.all_addresses() if one.endswith(("/add/", "/change/", "-set-up/", "/settings/"))]
    with pseudo.installed():
        found = read(browser, addresses, data(*_theirs()), posted=True)
    assert not found, told(found)


def test_every_list_and_form_of_an_empty_organization() -> None:
    organization = OrganizationFactory(name=walk.CANARY)
    browser = browser_of(organization, "admin", username="anna-empty")
    addresses = [one for one in walk.all_addresses() if one.startswith("/admin/") and str(walk.PK) not in one]
    with pseudo.installed():
        found = read(browser, addresses, data(*_theirs()))
    assert not found, told(found)


def test_every_page_of_nobody_in_particular() -> None:
    addresses = ["/admin/login/", "/admin/forgotten-password/", "/admin/join/", "/admin/no-such-page/", "/nothing/"]
    with pseudo.installed():
        found = read(Client(), addresses, data())
    assert not found, told(found)
