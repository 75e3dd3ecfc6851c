"""Whose language an answer is in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.test import Client
from django.utils import translation

from positions import dates, languages
from positions.accounts import forgotten
from positions.api import docs
from positions.models import LanguageChoice
from synclog.models import Mail
from synclog.telling import letters
from tests.factories import MemberFactory, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db


def spoken(browser: Client, address: str = "/admin/login/", asked: str = "", **more: Any) -> str:
    response = browser.get(address, headers={"Accept-Language": asked} if asked else {}, **more)
    assert response.status_code == 200
    said = response.headers["Content-Language"]
    assert f'<html lang="{said}"' in response.content.decode()
    assert "Accept-Language" in response.headers["Vary"]
    return said


def signed_in(user: Any) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", "en-gb"),
        ("nb-NO,nb;q=0.9,en;q=0.5", "nb"),
        ("no", "nb"),
        ("nn-NO,nn;q=0.9", "nb"),
        ("sv-SE", "sv"),
        ("sv-FI,sv;q=0.9,fi;q=0.8", "sv"),
        ("fi", "fi"),
        ("en-US,en;q=0.9,fi;q=0.5", "en-gb"),
        ("de-DE,fi;q=0.5", "fi"),
        ("da-DK", "en-gb"),
        ("*", "en-gb"),
        ("'; DROP TABLE", "en-gb"),
        ("x" * 5000, "en-gb"),
    ],
)
def test_without_a_choice_it_is_the_browser_s(asked: str, expected: str) -> None:
    assert spoken(Client(), asked=asked) == expected


def test_a_tag_that_is_none_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address reads it of everybody: a tag of hundreds of parts is as many searches for a language."""
    looked: list[str] = []
    found = languages.get_supported_language_variant
    monkeypatch.setattr(languages, "get_supported_language_variant", lambda tag: found(looked.append(tag) or tag))
    assert spoken(Client(), asked="a" + "-a" * 240 + ",fi;q=0.5") == "fi" and looked == ["fi"]


def test_it_is_chosen_on_the_page_for_signing_in() -> None:
    browser = Client()
    page = browser.get("/admin/login/?next=/admin/sessions/").content.decode()
    assert all(f">{name}</button>" in page for _code, name in settings.LANGUAGES)
    answer = browser.post("/admin/choose-language/", {"language": "fi", "next": "/admin/login/?next=/admin/sessions/"})
    assert answer.headers["Location"] == "/admin/login/?next=/admin/sessions/"
    assert spoken(browser, asked="sv") == "fi"
    assert ">English</button>" in browser.get("/admin/login/").content.decode(), "each in its own words"
    assert spoken(signed_in(UserFactory(is_staff=True)), "/admin/language/") == "en-gb", "of that browser alone"


def test_it_leads_nowhere_else() -> None:
    answer = Client().post("/admin/choose-language/", {"language": "fi", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/admin/login/"


def test_a_form_of_another_site_chooses_nothing() -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/admin/choose-language/", {"language": "fi"}).status_code == 403
    assert browser.get("/admin/choose-language/").status_code == 405


def test_a_person_s_choice_goes_along_to_every_browser() -> None:
    user = MemberFactory().user
    first = signed_in(user)
    first.post("/admin/language/", {"language": "sv"})
    assert spoken(first, "/admin/language/", asked="fi") == "sv"
    assert spoken(signed_in(user), "/admin/language/", asked="fi") == "sv"
    first.post("/admin/language/", {"language": ""})
    assert spoken(first, "/admin/language/", asked="fi") == "fi"
    assert not LanguageChoice.objects.exists()


def test_what_nobody_speaks_is_no_choice() -> None:
    browser = signed_in(MemberFactory().user)
    browser.post("/admin/language/", {"language": "xx"})
    assert spoken(browser, "/admin/language/", asked="nb") == "nb"


def test_one_answer_s_language_is_not_the_next_one_s() -> None:
    user = MemberFactory().user
    LanguageChoice.objects.create(user=user, language="fi")
    spoken(signed_in(user), "/admin/language/")
    assert translation.get_language() == "en-gb"
    assert spoken(Client()) == "en-gb"


def test_the_document_of_the_api_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    english = Client().get("/api/schema/").content
    monkeypatch.setattr(docs, "_MADE", {})
    assert Client().get("/api/schema/", headers={"Accept-Language": "fi"}).content == english


def test_a_mail_is_in_the_language_of_who_gets_it() -> None:
    member = MemberFactory(organization=OrganizationFactory(country="SE"))
    assert languages.to_write_in(member.user, member.organization) == "sv"
    assert languages.to_write_in(member.user) == "sv"
    assert languages.to_write_in(UserFactory()) == languages.to_write_in(None) == "en-gb"
    assert languages.to_write_in(None, OrganizationFactory(country="DK")) == "en-gb"
    LanguageChoice.objects.create(user=member.user, language="fi")
    assert languages.to_write_in(member.user, member.organization) == "fi"


@pytest.mark.parametrize(
    ("language", "shown", "typed", "number"),
    [
        ("en-gb", "1 Dec 2026", "2026-12-01", "37.5"),
        ("nb", "1. des 2026", "01.12.2026", "37,5"),
        ("sv", "1 dec 2026", "2026-12-01", "37,5"),
        ("fi", "1.12.2026", "01.12.2026", "37,5"),
    ],
)
def test_dates_and_numbers_are_as_the_language_writes_them(language: str, shown: str, typed: str, number: str) -> None:
    day = date(2026, 12, 1)
    with translation.override(language):
        assert dates.show(day) == shown
        assert dates.number(Decimal("37.50")) == number
        field = forms.DateField()
        assert field.widget.format_value(day) == typed
        for written in ("01.12.2026", "1.12.2026", "2026-12-01"):
            assert field.clean(written) == day
        assert translation.get_language() == language


def test_a_letter_speaks_to_each_in_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken_in = []
    monkeypatch.setattr(letters, "_to_member", lambda mail, member: spoken_in.append(translation.get_language()))
    monkeypatch.setattr(letters, "_of_link", lambda mail, link: spoken_in.append(translation.get_language()))
    member = MemberFactory(organization=OrganizationFactory(country="FI"))
    letters.written(Mail(member=member))
    user = MemberFactory(organization=OrganizationFactory(country="NO")).user
    LanguageChoice.objects.create(user=user, language="sv")
    monkeypatch.setattr(forgotten, "users_of", lambda email: [user])
    letters.written(Mail(user=user, topic=Mail.PASSWORD))
    assert spoken_in == ["fi", "sv"]
    assert translation.get_language() == "en-gb"
