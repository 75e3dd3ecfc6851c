"""Dates and numbers, typed as the reader's language writes them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from integrations.settings_form import ConnectionForm
from positions.importing.columns import OF_KIND
from positions.importing.values import in_all_languages, plain
from positions.models import LanguageChoice, Position
from tests.factories import IntegrationFactory, MemberFactory, PositionFactory

pytestmark = pytest.mark.django_db


class Fields(HTMLParser):
    """Name -> placeholder of each input."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            self.found[str(given["name"])] = given.get("placeholder") or ""


def editor_of(position: Position, language: str) -> Client:
    user = MemberFactory(organization=position.employee.organization, role="editor").user
    LanguageChoice.objects.create(user=user, language=language)
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.mark.parametrize(("language", "example"), [("nb", "01.03.2026"), ("sv", "2026-03-01"), ("fi", "01.03.2026")])
def test_a_date_has_an_example(language: str, example: str) -> None:
    position = PositionFactory()
    browser = editor_of(position, language)
    for address, name in (
        (f"/admin/positions/position/{position.pk}/change/", "start_date"),
        (f"/admin/positions/position/{position.pk}/change/", "effective_from"),
        (f"/admin/positions/employee/{position.employee_id}/end/", "last_day"),
        ("/admin/positions/position/import/", "effective_from"),
    ):
        page = Fields()
        page.feed(browser.get(address).content.decode())
        assert page.found[name] == example, address


@pytest.mark.parametrize(("day", "number"), [("01.12.2026", "37,5"), ("1.12.2026", "37.5"), ("2026-12-01", "37,50")])
def test_they_are_read(day: str, number: str) -> None:
    position = PositionFactory(end_date=None, end_reason="")
    browser = editor_of(position, "nb")
    address = f"/admin/positions/position/{position.pk}/change/"
    form = browser.get(address).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    sent |= {"end_date": day, "percentage": number, "counts": "always", "effective_from": ""}
    browser.post(address, {name: "" if value is None else value for name, value in sent.items()})
    position.refresh_from_db()
    assert (position.end_date, position.percentage) == (date(2026, 12, 1), Decimal("37.50"))


@pytest.mark.parametrize(("language", "shown"), [("en-gb", "35.5"), ("nb", "35,5"), ("sv", "35,5"), ("fi", "35,5")])
def test_a_number_of_a_connection_stands_there_as_it_is_typed(language: str, shown: str) -> None:
    integration = IntegrationFactory(system_key="tripletex", settings={"shift_hours": "35.5"})
    with translation.override(language):
        form = ConnectionForm(integration)
        field = form["setting__shift_hours"]
        assert f'value="{shown}"' in str(field)
        assert shown[2].join(("33", "6")) in field.field.widget.attrs["placeholder"]
        assert field.field.clean(shown) == field.field.clean("35.5") == Decimal("35.5")
        with pytest.raises(ValidationError, match=re.escape(shown[2].join(("33", "6")))):
            field.field.clean("35 and a half")


def test_a_comma_is_no_decimal_point_in_english() -> None:
    field = Position._meta.get_field("percentage").formfield()
    with translation.override("en-gb"), pytest.raises(Exception, match="number"):
        field.clean("37,5")
    with translation.override("sv"):
        assert field.clean("37,5") == field.clean("37.5") == Decimal("37.5")


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_a_date_that_is_another_day_across_the_sea_is_read_in_no_language(language: str) -> None:
    field = Position._meta.get_field("start_date").formfield()
    with translation.override(language), pytest.raises(ValidationError):
        field.clean("12/1/2026")


def test_weeks_begin_on_monday() -> None:
    browser = Client()
    browser.force_login(MemberFactory().user)
    for language, _name in settings.LANGUAGES:
        script = browser.get("/admin/jsi18n/", headers={"Accept-Language": language}).content.decode()
        assert '"FIRST_DAY_OF_WEEK": 1' in script, language


@pytest.mark.parametrize("kind", list(OF_KIND))
def test_no_two_columns_of_a_file_are_called_the_same_in_any_language(kind: str) -> None:
    called: dict[str, str] = {}
    for column in OF_KIND[kind]:
        for word in {plain(column.name), *in_all_languages(column.label)}:
            assert called.setdefault(word, column.name) == column.name, word
