"""What the API refuses is told in the language that is asked for; codes are the same in all of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from positions.models import ApiKey
from positions.models.api_key import SCOPES
from tests.factories import ApiKeyFactory
from tests.languages import pseudo

pytestmark = pytest.mark.django_db


def headers(key: str = "", language: str = pseudo.LANGUAGE) -> dict[str, str]:
    return {"Accept-Language": language, **({"Authorization": f"Bearer {key}"} if key else {})}


@pytest.fixture
def key() -> str:
    made = ApiKeyFactory.build(scopes=list(SCOPES))
    made.organization.save()
    secret: str = made.issue()
    ApiKey.save(made)
    return secret


ASKED: list[tuple[str, str, Any, int]] = [
    ("get", "/api/v1/no-such-thing/", None, 404),
    ("get", "/api/v1/employees/900001/", None, 404),
    ("get", "/api/v1/employees/?nothing=1", None, 400),
    ("get", "/api/v1/employees/?limit=x", None, 400),
    ("post", "/api/v1/employees/", {}, 400),
    ("post", "/api/v1/employees/", {"first_name": 1, "birth_date": "1.3.2026", "what": 1}, 400),
    ("post", "/api/v1/positions/", {"percentage": "120", "start_date": "2026-13-01", "contract_type": "x"}, 400),
    ("post", "/api/v1/positions/bulk/", {"positions": []}, 400),
    ("patch", "/api/v1/companies/900001/", {"name": ""}, 404),
    ("delete", "/api/v1/me/", None, 405),
]


@pytest.mark.parametrize(("method", "address", "body", "status"), ASKED)
def test_no_english_is_left_in_a_problem(key: str, method: str, address: str, body: Any, status: int) -> None:
    def asked(language: str) -> Any:
        ask = getattr(Client(), method)
        response = ask(address, body, content_type="application/json", headers=headers(key, language))
        assert response.status_code == status
        return response.json()

    english = asked("en")
    with pseudo.installed():
        told = asked(pseudo.LANGUAGE)
    assert [told["code"], *(one["code"] for one in told["errors"])] == [
        english["code"],
        *(one["code"] for one in english["errors"]),
    ]
    for words in (told["title"], told["detail"], *(one["message"] for one in told["errors"])):
        left = pseudo.outside(words).strip(" ⟧:")
        assert "⟦" in words and (not left or left in {one["field"] for one in told["errors"]}), words


def test_who_gives_no_key_is_told_so() -> None:
    with pseudo.installed():
        told = Client().get("/api/v1/employees/", headers=headers()).json()
    assert told["code"] == "not_authenticated" and told["detail"].startswith("⟦")


@pytest.mark.parametrize(("asked", "said"), [("", "en-gb"), ("sv", "sv")])
def test_the_language_of_a_problem_is_the_header_s_whatever_a_browser_chose(asked: str, said: str) -> None:
    browser = Client(headers=headers(language=asked) if asked else {})
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "nb"
    assert browser.get("/admin/login/").headers["Content-Language"] == "nb"
    assert browser.get("/api/v1/employees/").headers["Content-Language"] == said
