"""What our codes mean in every system: what is built in, what only the customer can say, and by which national list an
occupation is named. Held against the declarations, so that a new system or code cannot be left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import pytest

from integrations.planning.planner import Sent, compare
from integrations.planning.translate import translate
from integrations.sdk import occupations, values
from integrations.sdk.declaration import Model, System
from integrations.sdk.declared_field import When
from integrations.sdk.fields import CONTRACT_TYPES, END_REASONS
from integrations.sdk.occupations import FINLAND, NORWAY, SWEDEN, OccupationList
from integrations.sdk.values import Change, Remote, Wanted
from integrations.systems.poweroffice_go.sandbox.models import PROFESSIONS as POWEROFFICE_TITLES
from integrations.systems.registry import systems
from integrations.systems.tripletex.sandbox import TripletexSandbox
from integrations.systems.unimicro.sandbox import UnimicroSandbox
from positions.api.examples import EXAMPLES
from positions.models import ContractType, EndReason, Position

SYSTEMS = {system.key: system for system in systems()}
LISTS = {"NO": NORWAY, "SE": SWEDEN, "FI": FINLAND}
# What only the customer can say: the a-melding knows neither, and any code of its would say who ended the employment.
NORWEGIAN_CHOICES = {"mutual_agreement", "retirement", "other"}
FORMS = {
    # Sweden has forms of their own for both; elsewhere probation is a clause of a permanent or a fixed-term contract.
    "fortnox": ("PRO", "VIK"),
    "crona_lon": ("PROV", "VIKARIAT"),
    "netvisor": (None, "2/1"),
    "visma_net_payroll": (None, "midlertidig"),
    "finago": (None, "midlertidig"),
    "tripletex": (None, "TEMPORARY"),
    "poweroffice_go": (None, "Temporary"),
    "unimicro": (None, "Temporary"),
    "entra_id": ("Employee", "Employee"),
    "xledger": (None, None),
}


def test_the_lists_of_codes_are_those_of_the_form() -> None:
    assert set(CONTRACT_TYPES) == set(ContractType.values)
    assert set(END_REASONS) == set(EndReason.values)


@pytest.mark.parametrize("key", SYSTEMS)
@pytest.mark.parametrize("ours", ["contract_type", "end_reason"])
def test_every_code_is_mapped_or_asks_for_a_counterpart(key: str, ours: str) -> None:
    declared = SYSTEMS[key].field(ours)
    if not declared.supported:
        return
    assert declared.codes is not None and set(declared.codes) == set(CONTRACT_TYPES if ours[0] == "c" else END_REASONS)
    [table] = [s for s in SYSTEMS[key].settings if s == declared.table]
    assert set(table.rows) == set(declared.codes), "else there would be no row to choose the counterpart in"


@pytest.mark.parametrize("key", FORMS)
def test_probation_and_substitute(key: str) -> None:
    codes = SYSTEMS[key].field("contract_type").codes
    assert codes is not None and (codes["probation"], codes["substitute"]) == FORMS[key]


@pytest.mark.parametrize("key", [key for key, system in SYSTEMS.items() if system.field("end_reason").supported])
def test_no_reason_is_built_in_that_only_the_customer_knows(key: str) -> None:
    codes = SYSTEMS[key].field("end_reason").codes
    assert codes is not None
    without = {ours for ours, theirs in codes.items() if not theirs}
    expected = {"netvisor": {"dismissed"}, "xledger": set(END_REASONS)}.get(key, NORWEGIAN_CHOICES)
    assert without == expected
    said = [codes[ours] for ours in ("resigned", "dismissed", "contract_ended", "mutual_agreement", "retirement")]
    assert len({s for s in said if s}) == len([s for s in said if s]), "two reasons there are told as one"


@pytest.mark.parametrize("key", SYSTEMS)
def test_no_position_ends_as_one_that_never_was(key: str) -> None:
    """*Should never have been reported* cancels an employment: no table and no default offers it."""
    offered = {code for s in SYSTEMS[key].settings for code, _ in s.choices}
    declared = SYSTEMS[key].field("end_reason")
    offered |= {*dict(declared.choices), *filter(None, (declared.codes or {}).values())}
    assert not [code for code in offered if re.search(r"never|aldri|wrong|should_?not", code, re.I)]


@pytest.mark.parametrize("key", [key for key, system in SYSTEMS.items() if system.model is Model.FLAT])
def test_a_hire_date_is_not_overwritten_by_a_successor(key: str) -> None:
    """A setting lets it follow the current position, and is off at first; the wire is in each system's own tests."""
    declared = SYSTEMS[key].field("start_date")
    assert declared.when is not When.ALWAYS and declared.corrected
    [setting] = [s for s in SYSTEMS[key].settings if s == declared.always_by]
    assert setting.default is False


# -- occupations -----------------------------------------------------------------------------------------------


def _examples(system: System) -> list[str]:
    declared = system.field("occupation_code")
    tables = [s for s in system.settings if s in (declared.table, declared.default_setting)]
    return [text for text in (declared.example, *(s.example.split(" → ")[-1] for s in tables)) if text]


@pytest.mark.parametrize(
    "key", [key for key, system in SYSTEMS.items() if system.field("occupation_code").supported and system.country]
)
def test_the_example_is_of_the_countrys_list(key: str) -> None:
    listed = LISTS[SYSTEMS[key].country]
    assert _examples(SYSTEMS[key]) and set(_examples(SYSTEMS[key])) == {listed.example}


@pytest.mark.parametrize("key", [k for k, s in SYSTEMS.items() if s.field("occupation_code").allowed])
def test_the_code_is_of_the_countrys_list_and_no_other(key: str) -> None:
    if key == "crona_lon":
        pytest.skip("PAXml does not say which list it means: the guide says so, and the setting is the customer's")
    allowed = SYSTEMS[key].field("occupation_code").allowed
    own = {LISTS[SYSTEMS[key].country].name} | ({SWEDEN.name} if key == "finago" else set())
    for listed in LISTS.values():
        assert bool(re.fullmatch(allowed, listed.example)) == (listed.name in own), listed


@pytest.mark.parametrize("listed", LISTS.values(), ids=LISTS)
def test_the_help_of_the_form_names_each_list_with_an_example(listed: OccupationList) -> None:
    assert re.fullmatch(listed.pattern, listed.example)
    text = str(Position._meta.get_field("occupation_code").help_text)
    assert f"({listed.example}, {listed.title})" in text
    assert listed.name.split(" (")[0] in text


def test_the_examples_of_the_api_are_of_a_list() -> None:
    assert EXAMPLES["occupation_code"] == NORWAY.example


def test_one_code_is_one_occupation_in_every_sandbox() -> None:
    tripletex = {row["code"]: row["nameNO"] for row in TripletexSandbox.seed("t")["OccupationCode"]}
    unimicro = {row["styrk"]: row["tittel"] for row in UnimicroSandbox.seed("t")["STYRK"]}
    registers = (tripletex, unimicro, dict(POWEROFFICE_TITLES))
    titles: dict[str, set[str]] = {}
    for register in registers:
        for code, title in register.items():
            assert re.fullmatch(NORWAY.pattern, code)
            titles.setdefault(code, set()).add(title)
    assert {code: said for code, said in titles.items() if len(said) > 1} == {}
    assert titles[NORWAY.example] == {NORWAY.title.upper()}


@pytest.mark.parametrize(
    ("here", "there"), [("0110", "01100"), ("2514", "25140"), ("25.14", "25140"), ("11121", "11121"), ("251", "251")]
)
def test_four_finnish_digits_are_filled_up(here: str, there: str) -> None:
    assert occupations.filled_up(here) == there


# -- defaults --------------------------------------------------------------------------------------------------

EXAMPLES_OF = {"occupation_code": ("7411106", "7412101"), "company": ("974760673", "974760674")}
DEFAULTS = [
    (system.key, declared.ours)
    for system in SYSTEMS.values()
    for declared in system.fields
    if declared.default_setting and not declared.required_with and declared.when is When.ALWAYS
]


@pytest.mark.parametrize(("key", "ours"), DEFAULTS)
def test_a_default_stands_for_an_empty_value_when_made_changed_and_emptied(key: str, ours: str) -> None:
    system, declared = SYSTEMS[key], SYSTEMS[key].field(ours)
    assert declared.default_setting is not None
    default, other = (code for code, _label in declared.choices[:2]) if declared.choices else EXAMPLES_OF[ours]
    settings = {s.name: s.default for s in system.settings} | {declared.default_setting.name: default}
    translated = translate(system, values.Position("1", date(2026, 1, 1), None, {}), settings)
    assert ours not in {problem.field for problem in translated.problems}
    wanted = Wanted("1", {ours: default}, frozenset({ours}))

    def written(there: str | None, wrote: Sent | None = None) -> Mapping[str, Change]:
        return compare(system, [declared], settings, wanted, Remote("a", {ours: there}), wrote).changes

    assert written(other, Sent("a", {ours: other})) == {ours: Change(other, default)}
    assert written(None) == {ours: Change(None, default)}
    assert not written(default) and not written(other), "what somebody chose there stays"


@pytest.mark.parametrize("key", SYSTEMS)
def test_no_default_is_known_to_a_connector_alone(key: str) -> None:
    """It would be written with a new record, and an emptied value as none."""
    for declared in SYSTEMS[key].fields:
        codes = dict(declared.choices)
        alone = [s.name for s in declared.beside if declared.clearable and codes.keys() & dict(s.choices).keys()]
        assert not alone, declared.ours
