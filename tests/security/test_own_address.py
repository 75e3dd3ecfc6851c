"""One's own name and e-mail address: nobody gets at what is another's by naming an address, nobody loses theirs
unnoticed."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from positions import languages
from positions.accounts import forgotten, joining, sessions
from positions.models import AddressChange, AuditEntry, Invitation, LanguageChoice, Organization, SelfMadeUser
from synclog.log import retention
from synclog.models import Mail
from synclog.queue import tasks
from synclog.telling import outbox
from tests.factories import MemberFactory, OrganizationFactory, UserFactory
from tests.security.test_second_factor import password_given, person

pytestmark = pytest.mark.django_db

ACCOUNT = "/admin/account/"
NEW = "kari.nordmann@example.com"


@pytest.fixture(autouse=True)
def mails(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PUBLIC_ADDRESS = "https://sync.example.com"
    settings.DEFAULT_FROM_EMAIL = "Position Sync <sync@example.com>"
    monkeypatch.setattr(outbox, "async_task", lambda *_, **__: None)
    counts: Counter[str] = Counter()

    def hit(name: str, seconds: int) -> int:
        counts[name] += 1
        return counts[name]

    monkeypatch.setattr("positions.rates.hit", hit)


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def kari(organization: Organization) -> Any:
    user = person(UserFactory, username="kari", email="kari@example.com", first_name="Kari", last_name="Dahl")
    MemberFactory(organization=organization, user=user, role="editor")
    LanguageChoice.objects.create(user=user, language=languages.ENGLISH)
    return user


def asked(client: Client, **values: str) -> str:
    sent = {"first_name": "Kari", "last_name": "Dahl", "email": "kari@example.com", **values}
    answer = client.post(ACCOUNT, sent, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def posted() -> dict[str, Any]:
    """What is sent now, by recipient."""
    mail.outbox.clear()
    tasks.mail()
    return {one.to[0]: one for one in mail.outbox}


def link_in(letter: Any) -> str:
    found = re.search(r"https://sync\.example\.com(/admin/account/address/\S+)", letter.body)
    assert found is not None
    return found[1]


def test_a_new_address_counts_when_its_mailbox_says_so_and_the_former_one_is_told(kari: Any) -> None:
    client = password_given(kari)
    assert f"A link was mailed to {NEW}" in asked(client, email=NEW)
    kari.refresh_from_db()
    assert kari.email == "kari@example.com"
    letters = posted()
    assert set(letters) == {NEW, "kari@example.com"}
    assert "Was it not you?" in letters["kari@example.com"].body and NEW not in letters["kari@example.com"].body
    link = link_in(letters[NEW])
    assert NEW not in link and "Use this address" in client.get(link).content.decode()
    kari.refresh_from_db()
    assert kari.email == "kari@example.com", "looking at the link does nothing"
    assert NEW in client.post(link, follow=True).content.decode()
    kari.refresh_from_db()
    assert kari.email == NEW
    assert AuditEntry.objects.filter(kind="user", object_key=kari.pk).latest("pk").changes["email"]
    assert client.get(link).status_code == client.post(link).status_code == 404, "for once"


def test_another_s_address_opens_nothing(organization: Organization, kari: Any) -> None:
    admin = MemberFactory(organization=organization, role="admin").user
    invitation = Invitation(organization=organization, email=NEW, role="admin", invited_by=admin)
    invitation.issue()
    invitation.save()
    client = password_given(kari)
    asked(client, email=NEW)
    assert joining.waiting_for(kari) == [] and forgotten.users_of(NEW) == []
    link = link_in(posted()[NEW])
    # Whoever has that mailbox and opens the link without being Kari gives Kari nothing.
    stranger = password_given(person(UserFactory))
    assert stranger.get(link).status_code == stranger.post(link).status_code == 404
    assert "/login/" in Client().post(link).headers["Location"]
    kari.refresh_from_db()
    assert kari.email == "kari@example.com"


def test_the_password_comes_first_and_a_link_is_good_for_a_day(kari: Any) -> None:
    client = password_given(kari)
    with time_machine.travel(timezone.now() + sessions.FRESH + timedelta(seconds=1)):
        assert "Your password, please" in asked(client, email=NEW)
    assert not AddressChange.objects.exists() and not Mail.objects.exists()
    asked(client, email=NEW)
    first = link_in(posted()[NEW])
    asked(client, email=NEW)
    second = link_in(posted()[NEW])
    assert client.get(first).status_code == 404, "the newest one alone"
    assert client.get(second).status_code == 200
    AddressChange.objects.update(asked_at=timezone.now() - timedelta(days=2))
    assert client.get(second).status_code == 404
    AddressChange.objects.update(asked_at=timezone.now() - timedelta(days=4))
    retention.prune()
    assert not AddressChange.objects.exists()


def test_a_link_dies_with_the_password_and_with_another_address(kari: Any) -> None:
    """Whoever asked for it at a browser that was left open would keep the mailbox, and so the password, in hand."""
    for change in ({"email": "kari@work.example"}, {"password": "another"}):
        client = password_given(kari)
        asked(client, first_name=kari.first_name, email=NEW)
        link = link_in(posted()[NEW])
        if "password" in change:
            kari.set_password("violet-otter-harbour-92")
            kari.save()
            client.force_login(kari)
        else:  # as an operator does
            type(kari).objects.filter(pk=kari.pk).update(**change)
        assert client.get(link).status_code == client.post(link).status_code == 404
        kari.refresh_from_db()
        assert kari.email == "kari@work.example"


def test_a_link_is_good_for_a_day_however_late_it_was_mailed(kari: Any) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        asked(password_given(kari), email=NEW)
        clock.shift(timedelta(hours=23))
        link = link_in(posted()[NEW])
        client = password_given(kari)
        assert client.get(link).status_code == 200
        clock.shift(timedelta(hours=1, minutes=1))
        client = password_given(kari)
        assert client.get(link).status_code == client.post(link).status_code == 404


def test_a_name_is_saved_at_once_and_nothing_is_mailed(kari: Any) -> None:
    assert "Your name is saved." in asked(password_given(kari), first_name="Karin")
    kari.refresh_from_db()
    assert (kari.first_name, kari.last_name, kari.email) == ("Karin", "Dahl", "kari@example.com")
    assert not Mail.objects.exists()


def test_where_no_mails_are_sent_the_address_is_the_operators_matter(kari: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    client = password_given(kari)
    asked(client, email=NEW)
    assert not AddressChange.objects.exists()
    assert "your operator enters another one" in client.get(ACCOUNT).content.decode()


def test_a_link_is_not_mailed_without_end(kari: Any) -> None:
    client = password_given(kari)
    for n in range(5):
        asked(client, email=f"kari{n}@example.com")
    assert "Too many were asked for" in asked(client, email=NEW)
    assert AddressChange.objects.get().email == "kari4@example.com"


def test_a_user_of_an_invitation_s_making_has_a_mailbox_from_then_on(kari: Any) -> None:
    SelfMadeUser.objects.create(user=kari)
    client = password_given(kari)
    asked(client, email=NEW)
    client.post(link_in(posted()[NEW]))
    assert not SelfMadeUser.objects.exists()
