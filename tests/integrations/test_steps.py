"""Setting up a connection in steps: each is kept, each can be come back to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.admin.steps import STEPS, Step
from integrations.models import Integration
from integrations.runtime import opening
from integrations.sdk.values import CheckLine
from integrations.settings_form import CREDENTIALS, SETTINGS, ConnectionForm
from positions.models import Organization
from synclog.models import Event, Question
from synclog.questions import asking
from tests.factories import (
    EmployeeFactory,
    IntegrationFactory,
    MemberFactory,
    OrganizationFactory,
    PositionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SECRET = "sk-2f7e91aa-kept-q8Zx"
KEYS = {"name": "Fortnox", "credential__client_id": "client-id-1234", "credential__client_secret": SECRET}


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory()


@pytest.fixture
def admin(organization: Organization) -> Client:
    client = Client()
    user = UserFactory()
    MemberFactory(organization=organization, user=user, role="admin")
    client.force_login(user)
    return client


@pytest.fixture
def half(organization: Organization) -> Integration:
    """With its keys, and without the settings that Fortnox requires."""
    integration = IntegrationFactory(organization=organization, name="Fortnox, Malmö")
    Integration.objects.filter(pk=integration.pk).update(settings={})
    return Integration.objects.get(pk=integration.pk)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> list[CheckLine]:
    lines = [CheckLine(True, "Sign in"), CheckLine(True, "Employees"), CheckLine(True, "Cost centres")]
    monkeypatch.setattr(opening, "check", lambda obj: lines)
    return lines


def at(integration: Integration, step: str) -> str:
    return reverse(f"admin:integrations_integration_switch_on{f'_{step}' if step else ''}", args=[integration.pk])


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def states(response: Any) -> list[str]:
    return [mark.state.tone for mark in response.context["steps"]]


def test_from_nothing_to_on_step_by_step(organization, admin, answer):
    for employee in EmployeeFactory.create_batch(2, organization=organization):
        PositionFactory(employee=employee, end_date=None, end_reason="")
    add = reverse("admin:integrations_integration_add")
    first = admin.get(f"{add}?system=fortnox")
    assert states(first) == ["neutral"] * 6 and "setting__personel_type" not in first.content.decode()
    page = admin.post(add, {"system": "fortnox", **KEYS}, follow=True)
    made = Integration.objects.get()
    assert page.redirect_chain[-1][0] == at(made, Step.RIGHTS)
    assert states(page)[:4] == ["success", "success", "success", "neutral"]
    assert "Cost centres" in text(page) and at(made, Step.SETTINGS) in page.content.decode()
    page = admin.get(at(made, ""), follow=True)
    assert page.redirect_chain[-1][0] == at(made, Step.SETTINGS), "left and come back to"
    refused = admin.post(at(made, Step.SETTINGS), {"setting__personel_type": "TJM"})
    assert "1 field is to be mended" in text(refused) and 'href="#id_setting__salary_form"' in refused.content.decode()
    given = {"setting__personel_type": "TJM", "setting__salary_form": "MAN"}
    page = admin.post(at(made, Step.SETTINGS), given, follow=True)
    assert page.redirect_chain[-1][0] == at(made, Step.PREVIEW)
    assert "2 of the 2 positions that Fortnox would get today have every field that it always requires." in text(page)
    page = admin.get(at(made, Step.START))
    assert states(page)[:5] == ["success"] * 5 and "Everything is ready." in text(page)
    admin.post(reverse("admin:integrations_integration_switch", args=[made.pk]), {"on": "1"})
    made.refresh_from_db()
    assert made.send_positions and made.credentials["client_secret"] == SECRET
    assert "It is on already." in text(admin.get(at(made, ""), follow=True))


def test_a_test_wants_the_credentials_alone(half, admin, monkeypatch):
    asked = []
    monkeypatch.setattr(half.connector_class, "check", lambda self: asked.append(1) or [CheckLine(True, "Sign in")])
    test = reverse("admin:integrations_integration_test", args=[half.pk])
    assert "The sign-in" not in text(admin.post(test, {"page": "switch_on"}))
    assert asked, "Fortnox was asked, although settings are missing"


def test_where_the_sign_in_is_refused_the_credentials_are_what_helps(half, admin, answer):
    answer[:] = [CheckLine(False, "Sign in", "Refused.", "Fortnox > Developer portal")]
    test = reverse("admin:integrations_integration_test", args=[half.pk])
    page = admin.post(test, {"page": "switch_on"}, follow=True)
    assert page.redirect_chain[-1][0] == at(half, Step.TEST)
    assert states(page)[1] == "danger" and "Refused." in text(page) and "Change the credentials" in text(page)
    assert "Test the connection first" in text(admin.get(at(half, Step.RIGHTS)))
    assert admin.get(at(half, "")).headers["Location"] == at(half, Step.TEST)


def test_a_right_that_is_missing_is_told_with_where_to_grant_it_and_stops_nobody(half, admin, answer):
    answer[2] = CheckLine(False, "Cost centres", "Not allowed.", "Fortnox > Integrations")
    test = reverse("admin:integrations_integration_test", args=[half.pk])
    page = admin.post(test, {"page": "switch_on"}, follow=True)
    assert "1 thing is to be mended in Fortnox" in text(page) and "Fortnox &gt; Integrations" in page.content.decode()
    assert states(page)[2] == "warning"
    assert admin.get(at(half, "")).headers["Location"] == at(half, Step.SETTINGS)


def test_a_test_is_kept_until_credentials_or_an_address_are_others(half, admin, answer):
    admin.post(reverse("admin:integrations_integration_test", args=[half.pk]), {"page": "switch_on"})
    other = Question.objects.get()
    Question.objects.update(asked_at=timezone.now() - 9 * asking.FORGET_AFTER)
    asking.look_after()
    assert Question.objects.get() == other and states(admin.get(at(half, Step.RIGHTS)))[1] == "success"
    admin.post(at(half, Step.SETTINGS), {"setting__personel_type": "TJM", "setting__salary_form": "MAN"})
    assert Question.objects.exists(), "settings change nothing of it"
    settings = reverse("admin:integrations_integration_settings", args=[half.pk])
    admin.post(settings, {**KEYS, "setting__personel_type": "TJM", "setting__salary_form": "MAN"})
    assert not Question.objects.exists()
    assert admin.get(at(half, "")).headers["Location"] == at(half, Step.TEST)


def test_only_the_last_test_is_kept(half, answer):
    for _ in range(2):
        asking.ask_check(half, "kari")
    previewed = Question.objects.create(organization=half.organization, integration=half, kind="preview", asked_by="k")
    newest = Question.objects.filter(kind="check").latest("pk")
    Question.objects.update(asked_at=timezone.now() - 2 * asking.FORGET_AFTER, done_at=timezone.now())
    asking.look_after()
    assert list(Question.objects.all()) == [newest] and previewed not in Question.objects.all()


def test_a_step_saves_its_own_part_alone(half, admin, answer):
    Integration.objects.filter(pk=half.pk).update(settings={"personel_type": "TJM", "salary_form": "MAN"})
    admin.post(
        at(half, Step.CREDENTIALS), {"name": "Renamed", "credential__client_id": "", "setting__salary_form": "TIM"}
    )
    admin.post(at(half, Step.SETTINGS), {"name": "No", "setting__personel_type": "ARB", "setting__salary_form": "MAN"})
    half.refresh_from_db()
    assert half.name == "Renamed" and half.credentials
    assert (half.settings["personel_type"], half.settings["salary_form"]) == ("ARB", "MAN")


def test_new_credentials_are_audited_and_restart_it_also_by_the_steps(half, admin, answer):
    Integration.objects.filter(pk=half.pk).update(stopped_at=timezone.now(), stopped_cause="not_authorized")
    admin.post(at(half, Step.CREDENTIALS), {**KEYS, "name": half.name})
    half.refresh_from_db()
    assert not half.stopped and Event.objects.filter(integration=half, kind="credentials").exists()
    page = admin.get(at(half, Step.CREDENTIALS)).content.decode()
    assert SECRET not in page and f"…{SECRET[-4:]}" in page


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_nobody_but_admins_enters_the_steps(half, step, role):
    client, user = Client(), UserFactory()
    MemberFactory(organization=half.organization, user=user, role=role)
    client.force_login(user)
    assert client.get(at(half, step)).status_code == 403
    before = Integration.objects.values().get(pk=half.pk)
    assert client.post(at(half, step), {**KEYS, "setting__salary_form": "TIM"}).status_code == 403
    assert Integration.objects.values().get(pk=half.pk) == before


# -- forms -----------------------------------------------------------------------------------------------------


def test_a_mapping_table_is_open_only_where_the_built_in_one_does_not_serve(half):
    PositionFactory(employee__organization=half.organization, contract_type="casual", end_date=None, end_reason="")
    folded = ConnectionForm(half, part=SETTINGS)
    table = folded.table(folded["setting__employment_forms"])
    assert table is not None and not table.open and table.note == "as built in"
    assert folded.table(folded["setting__salary_form"]) is None
    needed = ConnectionForm(half, part=SETTINGS, needed={"employment_forms"})
    assert needed.table(needed["setting__employment_forms"]).open
    assert [f.name for f in needed.first_settings()[1].fields] == ["setting__employment_forms"]
    half.settings = {"employment_forms": {"casual": "TID"}}
    own = ConnectionForm(half, part=SETTINGS)
    assert own.table(own["setting__employment_forms"]).note == "1 row of your own"


def test_mistakes_are_summed_up_in_the_order_of_the_page_and_the_first_has_the_focus(half):
    form = ConnectionForm(half, {"name": "", "setting__salary_form": "?", "url__api": "nowhere"})
    assert [mistake.input for mistake in form.mistakes()] == [
        "id_name", "id_setting__personel_type", "id_setting__salary_form", "id_url__api"
    ]  # fmt: skip
    assert form["name"].field.widget.attrs["autofocus"] is True
    assert "autofocus" not in form["setting__salary_form"].field.widget.attrs


def test_each_part_has_its_own_fields(half):
    kinds = {part: {name.partition("__")[0] for name in ConnectionForm(half, part=part).fields} for part in
             (CREDENTIALS, SETTINGS, "")}  # fmt: skip
    assert kinds[CREDENTIALS] == {"name", "companies", "credential", "url", "remove"} & kinds[""]
    assert kinds[SETTINGS] == {"setting"}
    assert kinds[""] == kinds[CREDENTIALS] | kinds[SETTINGS]


def test_the_name_that_is_proposed_is_free(organization, admin):
    IntegrationFactory(organization=organization, name="fortnox")
    IntegrationFactory(organization=organization, name="Fortnox 2")
    page = admin.get(reverse("admin:integrations_integration_add") + "?system=fortnox")
    assert 'value="Fortnox 3"' in page.content.decode()
