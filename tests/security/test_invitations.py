"""Nobody but the person ever knows a password: it is chosen by a link that is good for a day and for once."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
CHOSEN = "violet-otter-harbour-92"


def link_of(text: str) -> str:
    found = re.search(r"/admin/choose-password/[\w-]+/[\w-]+/", text)
    assert found, text
    return found[0]


def choose(link: str, password: str = CHOSEN) -> Any:
    client = Client()
    form = client.get(link, follow=True)
    if not form.context["validlink"]:
        return form
    return client.post(form.request["PATH_INFO"], {"new_password1": password, "new_password2": password})


def signs_in(name: str, password: str = CHOSEN) -> bool:
    answer = Client().post(reverse("admin:login"), {"username": name, "password": password, "next": "/admin/"})
    return answer.status_code == 302


def made(name: str = "newbie") -> tuple[Client, str]:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    members = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    answer = client.post(
        reverse("admin:auth_user_add"), {"username": name, "email": "n@example.com", **members}, follow=True
    )
    return client, link_of(answer.content.decode())


def test_an_operator_makes_a_user_and_the_user_the_password() -> None:
    _, link = made()
    user = get_user_model().objects.get(username="newbie")
    assert not user.has_usable_password() and user.is_staff
    assert choose(link).url == reverse("admin:login")
    assert signs_in("newbie")
    assert "This link is over" in choose(link, "another-long-password-9").content.decode()
    assert signs_in("newbie"), "the second use changed nothing"


def test_no_page_sets_a_password_for_somebody_else() -> None:
    client, _ = made()
    user = get_user_model().objects.get(username="newbie")
    assert client.get(f"/admin/auth/user/{user.pk}/password/").status_code in (302, 404)
    page = client.get(reverse("admin:auth_user_change", args=[user.pk])).content.decode()
    assert 'type="password"' not in page and 'name="password"' not in page


def test_it_is_over_after_a_day_and_a_new_one_is_one_action() -> None:
    client, link = made()
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert "This link is over" in choose(link).content.decode()
    user = get_user_model().objects.get(username="newbie")
    data = {"action": "invite", "_selected_action": [user.pk]}
    again = client.post(reverse("admin:auth_user_changelist"), data, follow=True)
    assert choose(link_of(again.content.decode())).status_code == 302


@pytest.mark.parametrize(
    "password",
    ["password", "newbie-newbie", "123456789012", "Passw0rd!Passw0rd!", "positionsync2026", "qwertyuiopasdf"],
)
def test_a_weak_password_is_refused(password: str) -> None:
    _, link = made()
    assert choose(link, password).status_code == 200
    assert not signs_in("newbie", password)


def test_a_forged_link_opens_nothing() -> None:
    _, link = made()
    uid, token = link.split("/")[3:5]
    for forged in (f"/admin/choose-password/{uid}/{token[:-1]}x/", f"/admin/choose-password/AAAA/{token}/"):
        assert "This link is over" in Client().get(forged, follow=True).content.decode()


def test_the_first_operator_is_made_without_a_password_on_a_command_line() -> None:
    out = io.StringIO()
    call_command("operator", "root", stdout=out)
    user = get_user_model().objects.get(username="root")
    assert user.is_superuser and user.is_staff and not user.has_usable_password()
    assert choose(link_of(out.getvalue())).status_code == 302
    assert signs_in("root")
    UserFactory(username="plain", is_staff=True)
    with pytest.raises(CommandError, match="no operator"):
        call_command("operator", "plain")
