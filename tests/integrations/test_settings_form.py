"""The form of a connection: what it asks, refuses, keeps and never shows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from integrations.gaps import gaps
from integrations.models import Integration
from integrations.planning.settings_values import clean_value
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import System
from integrations.sdk.declared_field import place_table
from integrations.sdk.settings import Kind, Setting
from integrations.settings_form import ConnectionForm
from integrations.systems import registry
from positions.models import Organization
from tests.factories import CompanyFactory, IntegrationFactory, OrganizationFactory
from tests.integrations.systems import made_up

pytestmark = pytest.mark.django_db

SECRET = "Zq7-hunter2-9f31c0de"

REASONS = Setting(
    name="end_reasons",
    label="End reasons",
    kind=Kind.TABLE,
    rows=("resigned", "dismissed", "other"),
    choices=(("OWN", "Own wish"), ("X", "Something else")),
)
FTE = Setting(name="fte", label="FTE", kind=Kind.DECIMAL, default=None, example="100")
ASKED: dict[str, Any] = {"end_reason": {"table": REASONS}, "percentage": {"default_setting": FTE}}
ASKING = made_up(
    fields=tuple(replace(f, **ASKED.get(f.ours, {})) for f in made_up().fields),
    key="asking",
    credentials=(
        Setting(name="key", label="Key", kind=Kind.SECRET, required=True, pattern=r"[\w-]{8,}", example="abcd-1234"),
        Setting(name="pem", label="Private key", kind=Kind.LONG_SECRET),
        Setting(name="client", label="Client", required=True, default="Position Sync"),
    ),
    settings=(
        FTE,
        Setting(name="days", label="Days", kind=Kind.INTEGER, default=5),
        Setting(name="send_hours", label="Hours", kind=Kind.BOOLEAN, default=False),
        Setting(name="unit", label="Unit", kind=Kind.CHOICE, choices=(("1", "One"), ("2", "Two")), default="1"),
        Setting(name="branch", label="Branch", pattern=r"\d{4}", example="0042"),
        Setting(name="must", label="Must", required=True),
        REASONS,
        Setting(name="codes", label="Codes", kind=Kind.TABLE, pattern=r"\d+"),
        place_table("places", "Places", ("weekly_hours", "title"), ("a1", "a2"), help=""),
    ),
)


class Asking(Connector):
    system: ClassVar[System] = ASKING


@pytest.fixture
def integration(monkeypatch: pytest.MonkeyPatch) -> Integration:
    known = {**registry.connectors(), "asking": Asking}
    for module in ("integrations.models.integration", "integrations.systems.registry"):
        monkeypatch.setattr(f"{module}.connectors", lambda: known)
    monkeypatch.setattr("integrations.models.integration.connector_for", known.__getitem__)
    return IntegrationFactory(
        system_key="asking",
        name="Ours",
        credentials={"key": SECRET, "client": "Us"},
        settings={"must": "here", "codes": {"7": "70"}},
    )


def words(form: ConnectionForm) -> list[str]:
    return [str(said) for said in form.changes()]


def _data(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Ours",
        "setting__must": "here",
        "setting__unit": "1",
        "setting__days": "5",
        "setting__codes__key_0": "7",
        "setting__codes__0": "70",
        **changes,
    }


def _errors(integration: Integration, **changes: Any) -> dict[str, list[str]]:
    form = ConnectionForm(integration, _data(**changes))
    assert not form.is_valid()
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


def _form(integration: Integration, **changes: Any) -> ConnectionForm:
    form = ConnectionForm(integration, _data(**changes))
    assert form.is_valid(), form.errors
    return form


def test_what_is_left_alone_changes_nothing(integration):
    form = _form(integration)
    assert form.changes() == []
    assert form.credentials() == {}, "empty = keep"
    assert form.settings()["codes"] == {"7": "70"}


def test_an_offered_default_counts_as_entered(integration):
    del integration.credentials["client"]
    assert _form(integration).credentials() == {"client": "Position Sync"}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Give the connection a name."),
        ("credential__key", "short", "It looks like abcd-1234."),
        ("setting__fte", "a lot", "Write a number, for example 100."),
        ("setting__days", "2.5", "Write a whole number."),
        ("setting__unit", "3", "“3” is not one of the choices."),
        ("setting__branch", "42", "It looks like 0042."),
        ("setting__must", "", "Must is required"),
        ("setting__end_reasons__0", "NOPE", "Resigned: “NOPE” is not one of the choices."),
        ("setting__codes__0", "seventy", "7: “seventy” is not written right."),
        ("setting__codes__0", "", "“7” has nothing on its right."),
        ("setting__codes__key_0", "", "“70” has no code on its left."),
        ("url__api", "not an address", "Write a full address"),
        ("url__api", "ftp://example.org/", "starts with https://"),
        ("url__api", "https://user:pw@example.org/", "without a user name and password"),
    ],
)
def test_each_mistake_is_told_at_its_field(integration, settings, field, value, sentence):
    settings.ALLOW_PRIVATE_TARGETS = True
    errors = _errors(integration, **{field: value})
    (name,) = errors
    assert field.startswith(name)
    assert sentence in " ".join(errors[name])


def test_a_key_may_stand_in_a_table_once(integration):
    errors = _errors(integration, setting__codes__key_1="7", setting__codes__1="71")
    assert errors == {"setting__codes": ["“7” is listed twice."]}


def test_a_free_place_is_chosen_once(integration):
    errors = _errors(integration, setting__places__0="a1", setting__places__1="a1")
    assert errors == {"setting__places": ["Title: “a1” is taken by another row. Choose another one."]}
    form = _form(integration, setting__places__0="a1", setting__places__1="a2")
    assert words(form) == ["Places, Title: empty → a2", "Places, Weekly hours: empty → a1"]


def test_a_required_credential_is_asked_for_until_it_is_set(integration):
    integration.credentials = {}
    assert "Key is required to connect to Made Up." in _errors(integration)["credential__key"]


@pytest.mark.parametrize("url", ["http://192.168.1.5/", "https://10.0.0.1/api", "https://localhost/api"])
def test_no_address_inside_the_operators_network(integration, settings, url):
    settings.ALLOW_PRIVATE_TARGETS = False
    assert list(_errors(integration, url__api=url)) == ["url__api"]


def test_the_same_name_twice_in_an_organization(integration):
    IntegrationFactory(organization=integration.organization, name="Theirs")
    assert "Another connection" in _errors(integration, name="theirs")["name"][0]
    IntegrationFactory(name="Elsewhere")
    _form(integration, name="Elsewhere")


def test_companies_of_another_organization_cannot_be_chosen(integration):
    ours = CompanyFactory(organization=integration.organization, name="Ours AS")
    theirs = CompanyFactory()
    assert list(_errors(integration, companies=[theirs.pk])) == ["companies"]
    assert words(_form(integration, companies=[ours.pk])) == ["Companies: everybody → Ours AS"]


def test_changes_are_told_without_any_secret(integration, settings):
    settings.ALLOW_PRIVATE_TARGETS = True
    form = _form(
        integration,
        name="New",
        credential__key="another-secret-77",
        credential__pem="-----BEGIN-----\nabc",
        setting__send_hours="on",
        setting__unit="2",
        setting__days="",
        setting__fte="99.5",
        setting__end_reasons__2="X",
        setting__codes__0="71",
        url__api="https://test.example.org/",
    )
    said = words(form)
    assert said == [
        "Name: Ours → New",
        "Key: changed",
        "Private key: set",
        "FTE: empty → 99.5",
        "Days: 5 → empty",
        "Hours: off → on",
        "Unit: One → Two",
        "End reasons, other: empty → Something else",
        "Codes, 7: 70 → 71",
        "Address api: https://example.org → https://test.example.org/",
    ]
    assert "another-secret" not in " ".join(said)


def test_who_changes_an_address_enters_the_secrets_again(integration, settings):
    settings.ALLOW_PRIVATE_TARGETS = True
    integration.credentials["pem"] = "old"
    address = {"url__api": "https://collector.example.net/"}
    assert sorted(_errors(integration, **address)) == ["credential__key", "credential__pem"]
    assert list(_errors(integration, **address, credential__key="another-secret-77")) == ["credential__pem"]
    assert _form(integration, **address, credential__key="another-secret-77", remove__pem="on").is_valid()
    integration.base_urls = {"api": address["url__api"]}
    assert "credential__key" in _errors(integration), "back to the vendor's own is a change too"
    assert _form(integration, **address).is_valid(), "the same address asks for nothing"


def test_an_optional_credential_can_be_removed(integration):
    integration.credentials["pem"] = "old"
    form = _form(integration, remove__pem="on")
    assert form.removed() == ["pem"] and words(form) == ["Private key: removed"]
    assert "remove__key" not in form.fields, "a required one can only be replaced"
    both = _errors(integration, remove__pem="on", credential__pem="new")
    assert "not both" in both["credential__pem"][0]


def test_settings_are_stored_as_json_and_the_address_only_where_it_differs(integration):
    form = _form(integration, setting__fte="37.5", url__api="https://example.org")
    assert form.settings()["fte"] == "37.5"
    assert form.base_urls() == {}
    integration.settings["unknown"] = 1
    assert _form(integration).settings()["unknown"] == 1, "what another release declares is kept"


@pytest.mark.parametrize("sent", [None, {"credential__key": SECRET + "!", "credential__pem": SECRET + "?"}])
def test_no_secret_is_ever_put_into_the_form(integration, sent):
    integration.credentials["pem"] = SECRET
    form = ConnectionForm(integration, _data(**sent, setting__branch="bad") if sent else None)
    form.is_valid()
    assert SECRET not in "".join(str(field) for field in form)


def test_a_disabled_form_takes_nothing(integration):
    form = ConnectionForm(integration, _data(name="Hacked", setting__unit="2"), disabled=True)
    assert form.is_valid()
    assert form.cleaned_data["name"] == "Ours"
    assert "disabled" in str(form["name"]) and "disabled" in str(form["setting__end_reasons"])


def test_an_empty_row_of_a_table_says_what_it_means(integration):
    html = str(ConnectionForm(integration)["setting__end_reasons"])
    assert "Built in: Own wish" in html and "No counterpart: not sent" in html and "Resigned" in html


@pytest.mark.parametrize(
    ("setting", "raw", "clean"),
    [
        (Setting(name="s", label="", default="x"), None, "x"),
        (Setting(name="s", label="", default="x"), "", ""),
        (Setting(name="s", label="", default="x", required=True), "", "x"),
        (Setting(name="s", label="", kind=Kind.INTEGER, default=3), "7", 7),
        (Setting(name="s", label="", kind=Kind.INTEGER, default=3), "seven", 3),
        (Setting(name="s", label="", kind=Kind.DECIMAL, default=None), "", None),
        (Setting(name="s", label="", kind=Kind.DECIMAL), "1.50", Decimal("1.50")),
        (Setting(name="s", label="", kind=Kind.BOOLEAN, default=True), None, True),
        (Setting(name="s", label="", kind=Kind.BOOLEAN, default=True), False, False),
        (Setting(name="s", label="", kind=Kind.TABLE), {"a": "1", "b": ""}, {"a": "1"}),
        (Setting(name="s", label="", kind=Kind.TABLE), "nonsense", ""),
    ],
)
def test_a_stored_value_is_given_as_the_connector_takes_it(setting, raw, clean):
    assert clean_value(setting, raw) == clean
    assert type(clean_value(setting, raw)) is type(clean)


def test_what_is_missing_is_named(integration):
    assert integration.missing_settings() == []
    integration.credentials, integration.settings = {}, {}
    assert [s.label for s in integration.missing_settings()] == ["Key", "Must"], "a default is as good as a value"
    assert not integration.connected


def test_gaps_say_for_which_positions_nothing_is_sent(integration):
    said = [gap.sentence for gap in gaps(ASKING, integration.cleaned_settings())]
    assert said == [
        "Positions with end reason Other are not sent until a counterpart is chosen under “End reasons”.",
    ]
    assert gaps(ASKING, {**integration.cleaned_settings(), "end_reasons": {"other": "X"}}) == []


def test_every_system_has_a_form_that_its_sandbox_fits(settings):
    settings.ALLOW_PRIVATE_TARGETS = True
    organization: Organization = OrganizationFactory()
    for system in registry.systems():
        made = IntegrationFactory(organization=organization, system_key=system.key, name=system.name)
        form = ConnectionForm(made)
        shown = {f.html_name for section in form.sections() for f in section.fields}
        removals = {name for name in form.fields if name.startswith("remove__")}
        assert shown | removals | {"companies"} == set(form.fields), system.key
        assert made.missing_settings() == [], system.key
        html = "".join(str(field) for field in form)
        for secret in (s for s in system.credentials if s.kind in (Kind.SECRET, Kind.LONG_SECRET)):
            assert made.credentials.get(secret.name, "…") not in html
