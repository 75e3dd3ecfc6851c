"""One code means one thing in every system: the declarations are held to each other, and docs/meaning.md to them."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings

from integrations.meaning import MEANINGS, as_markdown, hours_of
from integrations.models import Integration
from integrations.sdk import rules
from integrations.sdk.declaration import System
from integrations.sdk.fields import FIELDS
from integrations.sdk.norway import HOURS_TABLE
from integrations.sdk.settings import Kind
from integrations.systems.registry import connectors, rules_of, systems
from tests.factories import OrganizationFactory

ON_CALL = "midlertidigAnsattSomTilkallingsvikar"
FREELANCER = "frilanserOppdragstakerHonorarPersonerMm"
LAPSED = "kontraktEngasjementEllerVikariatErUtloept"
INTERNAL = "endringIOrganisasjonsstrukturEllerByttetJobbInternt"
MOVED = "byttetLoenssystemEllerRegnskapsfoerer"
ROUND, CONTINUOUS = "doegnkontinuerligSkiftOgTurnus355", "helkontinuerligSkiftOgAndreOrdninger336"
RESIGNED, DISMISSED = "arbeidstakerHarSagtOppSelv", "arbeidsgiverHarSagtOppArbeidstaker"
# What the a-melding's code lists call each of their codes. Finago and Visma.net Payroll use its very words.
IN_A_MELDING = {
    "tripletex": {
        "PERMANENT": "fast",
        "TEMPORARY": "midlertidig",
        "TEMPORARY_ON_CALL": ON_CALL,
        "FREELANCE": FREELANCER,
        "NOT_SHIFT": "ikkeSkift",
        "ROUND_THE_CLOCK": ROUND,
        "SHIFT_365": "skift365",
        "OFFSHORE_336": "offshore336",
        "CONTINUOUS": CONTINUOUS,
        "OTHER_SHIFT": "andreSkift",
        "EMPLOYMENT_END_EMPLOYEE": RESIGNED,
        "EMPLOYMENT_END_EMPLOYER": DISMISSED,
        "EMPLOYMENT_END_EXPIRED": LAPSED,
        "EMPLOYMENT_END_INTERNAL_CHANGE": INTERNAL,
        "EMPLOYMENT_END_SYSTEM_OR_ACCOUNTANT_CHANGE": MOVED,
    },
    "unimicro": {
        "Permanent": "fast",
        "Temporary": "midlertidig",
        "TemporaryOnCall": ON_CALL,
        "FrilancerContratorFeeRecipient": FREELANCER,
        "NonShift": "ikkeSkift",
        "DayAndNightContinous355": ROUND,
        "ShiftWork": "skift365",
        "OffshoreWork": "offshore336",
        "ContinousShiftwork336": CONTINUOUS,
        "EmployeeHasResigned": RESIGNED,
        "EmployerHasResignedEmployee": DISMISSED,
        "TemporaryEmploymentHasExpired": LAPSED,
        "ChangeInOrganizationStructureOrChangedJobInternally": INTERNAL,
        "ChangedAccountingSystemOrAccountant": MOVED,
    },
    "poweroffice_go": {
        "Permanent": "fast",
        "Temporary": "midlertidig",
        "TemporaryEmploymentAsOnCallCoverstaff": ON_CALL,
        "NonShift": "ikkeSkift",
        "SemiContinuousShift": ROUND,
        "ShiftWork": "skift365",
        "Offshore": "offshore336",
        "ContinuousShift": CONTINUOUS,
        "OtherShifts": "andreSkift",
        "EmployeeHasResigned": RESIGNED,
        "EmployerHasDismissedTheEmployee": DISMISSED,
        "ContractCommitmentOrTemporaryEmploymentExpired": LAPSED,
        "ChangeOfOrganizationStructureOrChangedJobInternally": INTERNAL,
        "ChangeOfPayrollSystemOrAccountant": MOVED,
    },
    "finago": {},
    "visma_net_payroll": {},
}
# Where a system has no word, although others have: nothing can be sent until the customer says.
NO_WORD = {
    ("poweroffice_go", "freelance"): "it asks for a form of everybody, and none is a freelancer's",
    ("visma_net_payroll", "freelance"): "it has forms of employment only",
    ("unimicro", "other_shift"): "its list ends before it",
}


def test_each_code_has_its_meaning() -> None:
    assert {key: set(codes) for key, codes in MEANINGS.items()} == {f.key: set(f.codes) for f in FIELDS if f.codes}


@pytest.mark.parametrize("key", ["contract_type", "working_hours_scheme", "end_reason"])
def test_norwegian_systems_report_the_same_for_one_code(key: str) -> None:
    for code in MEANINGS[key]:
        told: dict[str, Any] = {}
        for system, words in IN_A_MELDING.items():
            declared = connectors()[system].system.field(key)
            if declared.codes is not None:  # Visma's schemes are work-time agreements of the company's own
                theirs = declared.codes.get(code)
                told[system] = (words[theirs] if words else theirs) if theirs else None
        known = {word for word in told.values() if word}
        assert len(known) <= 1, (code, told)
        silent = {system for system, word in told.items() if not word} if known else set()
        assert silent == {system for system, ours in NO_WORD if ours == code and system in told}, (code, told)


def test_one_scheme_has_the_same_hours_everywhere() -> None:
    hours = {"round_the_clock": "35.5", "shift_365": "36.5", "offshore_336": "33.6", "continuous": "33.6"}
    found = 0
    for system in systems():
        for table in (t for t in system.settings if t.name == HOURS_TABLE):
            assert {code: hours_of(system, table, code) for code in hours} == hours, system.key
            assert hours_of(system, table, "not_shift") in ("37.5", "none")
            found += 1
    assert found == 3


def test_connections_of_before_keep_what_they_have_sent(db: Any) -> None:
    """The upgrade writes a translation that was built in until now into the connection's own table."""
    organization: Any = OrganizationFactory()

    def stored(system: str, given: dict[str, Any]) -> Integration:
        return Integration.objects.create(
            organization=organization, system_key=system, name=f"{system} {Integration.objects.count()}", settings=given
        )

    bare = stored("unimicro", {"full_time_hours": "37.5"})
    chosen = stored("unimicro", {"contract_types": {"casual": "Permanent", "other": "Temporary"}})
    finago, other = stored("finago", {"working_hours_schemes": ""}), stored("tripletex", {"shift_hours": "33.6"})
    import_module("integrations.migrations.0014_meaning").keep_what_codes_meant(apps, None)
    for row in (bare, chosen, finago, other):
        row.refresh_from_db()
    assert bare.settings == {
        "full_time_hours": "37.5",
        "contract_types": {"casual": "Temporary"},
        "working_hours_schemes": {"shift": "ShiftWork"},
    }
    assert chosen.settings["contract_types"] == {"casual": "Permanent", "other": "Temporary"}
    assert finago.settings == {"working_hours_schemes": {"shift": "andreSkift"}}
    assert other.settings == {"shift_hours": "33.6"}


def test_connections_of_before_keep_what_was_built_in(db: Any) -> None:
    organization: Any = OrganizationFactory()
    made = Integration.objects.create
    bare = made(organization=organization, system_key="netvisor", name="bare", settings={})
    told = made(organization=organization, system_key="netvisor", name="told", settings={"default_end_reason": ""})
    fortnox = made(organization=organization, system_key="fortnox", name="f", settings={"personel_type": "ARB"})
    import_module("integrations.migrations.0018_defaults").keep_what_was_built_in(apps, None)
    for row in (bare, told, fortnox):
        row.refresh_from_db()
    rows = {"contract_types": {"job_training_program": "2/4"}}
    assert bare.settings == {"default_end_reason": "13", **rows}
    assert told.settings == {"default_end_reason": "", **rows}, "chosen: such positions stop"
    assert fortnox.settings == {"personel_type": "ARB", "salary_form": "MAN"}


# -- dates, units and defaults ---------------------------------------------------------------------------------

DATED = {"start_date", "end_date", "first_day_of_work", "last_day_of_work", "probation_end", "notice_date"}
TO_EXPLAIN = {*MEANINGS, *DATED, "occupation_code", "percentage", "weekly_hours"}


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_each_date_unit_and_code_has_its_meaning_its_source_and_how_sure_it_is(system: System) -> None:
    given = rules_of(system.key)
    expected = {key for key in TO_EXPLAIN if system.field(key).supported} | {
        rules.TERMS,
        rules.CORRECTION,
        rules.DELETION,
    }
    expected |= {rules.FULL_WEEK} if any(s.name == HOURS_TABLE for s in system.settings) else set()
    about = [rule.about for rule in given if rule.about != rules.CONTINUOUS]
    assert sorted(about) == sorted(expected)
    for rule in given:
        assert rule.says.endswith(".") and rule.source, rule
        assert "shared" not in rule.source and not re.search(r"\.(md|json)\b|^/", rule.source), "of the public"


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_each_first_day_of_a_chain_that_is_sent_is_explained(system: System) -> None:
    folder = settings.BASE_DIR / connectors()[system.key].__module__.rpartition(".")[0].replace(".", "/")
    sent = any("to_count_from(" in module.read_text("utf-8") for module in folder.glob("*.py"))
    assert sent == (rules.CONTINUOUS in {rule.about for rule in rules_of(system.key)})


def test_nothing_is_in_doubt_and_documented_at_once() -> None:
    for system in systems():
        for rule in rules_of(system.key):
            if "by its name" in rule.source or rule.source == rules.OUR_READING:
                assert rule.sure is rules.Sure.ASSUMED, (system.key, rule)


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_the_page_has_every_default(system: System) -> None:
    section = as_markdown([system]).split(f"### {system.name}: defaults")[1]
    for declared in system.fields:
        for setting in (declared.opt_in, declared.default_setting, declared.always_by, *declared.beside):
            if setting and setting.kind is not Kind.TABLE:
                assert f"| {setting.label} |" in section


def test_where_the_answer_hurts_there_is_no_default() -> None:
    """Withheld on purpose: the page says so."""
    page = as_markdown(systems())
    for of, label in (
        ("the record", "Personnel type of employees without one"),
        ("Remuneration type", "Salary form of employees without one"),
        ("End reason", "End reason of a position that has none"),
        ("Percentage", "Full time in Fortnox is written as"),
        ("Contract type", "Contract type when the position has none"),
    ):
        assert f"| {of} | {label} | no default" in page
    assert "| no default: it must be chosen |" in page
    dismissed = next(line for line in page.splitlines() if line.startswith("| `dismissed`"))
    assert dismissed.split(" | ")[6] == "customer says", "Netvisor"
