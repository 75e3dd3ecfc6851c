"""Crona Lön: a file instead of calls. A clerk carries each file over to the sandbox's import, over real HTTP.

No field is required by PAXml but the person's number, so the shared test of a missing field has nothing to miss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import requests
import xmlschema
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.planning.work import Report
from integrations.sandboxes.server import Tenants
from integrations.sdk.context import Context, Filed, HandedOver, MemoryOutbox
from integrations.sdk.declaration import Transport
from integrations.sdk.errors import InterruptedRunError
from integrations.sdk.fields import CONTRACT_TYPES
from integrations.sdk.values import Department, Person
from integrations.systems.crona_lon.connector import CronaLonConnector
from integrations.systems.crona_lon.declaration import CHARACTERS, EMPLOYMENT_FORMS, PAY_FORMS, PERSONNEL_TYPES, SYSTEM
from tests.contracts import contract_file
from tests.systems.kit import DEPARTMENT, PERSON, CountsFrom, FlatBehaviour, Rig

MADE_AT = datetime(2026, 6, 15, 14, 2, 7, 123456)
SCHEMA = "crona_lon.paxml-2.0.xsd"


@cache
def schema() -> xmlschema.XMLSchema | None:
    file = contract_file(SCHEMA)
    return xmlschema.XMLSchema(str(file)) if file else None


def check_file(content: bytes) -> None:
    """Holds a file against the standard's own schema, where that is at hand."""
    found = schema()
    if found is not None:
        found.validate(fromstring(content))


class Filing(MemoryOutbox):
    """An outbox that also knows what the clerk has not carried over yet."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[str, Mapping[str, Any]] = {}
        self.fetched: dict[str, list[HandedOver]] = {}

    def handed_over(self, employee: str) -> Sequence[HandedOver]:
        return self.fetched.get(employee, ())

    def put(self, employee: str, record: Mapping[str, Any]) -> Filed:
        self.waiting[employee] = dict(record)
        return super().put(employee, record)


class FileRig(Rig):
    """Whatever a run puts into the outbox is carried over at once: rendered, checked, imported."""

    outbox: Filing
    carried: bool = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outbox = Filing()
        self.imports: list[dict[str, Any]] = []

    def sync(self, *args: Any, **kwargs: Any) -> Report:
        report = super().sync(*args, **kwargs)
        if self.outbox.waiting and self.carried:
            self.carry()
        return report

    def file(self) -> bytes:
        connector = self.connector()
        content = connector.render(list(self.outbox.waiting.values()), MADE_AT)
        check_file(content)
        return content

    def carry(self) -> dict[str, Any]:
        done = self.bring(self.file())
        for employee, record in self.outbox.waiting.items():
            self.outbox.fetched.setdefault(employee, []).append(HandedOver(record, imported=not done["fel"]))
        self.outbox.waiting.clear()
        return done

    def bring(self, content: bytes) -> dict[str, Any]:
        address = f"{self.address}/crona_lon/{self.sandbox.tenant.name}/import"
        done: dict[str, Any] = requests.post(address, data=content, timeout=5).json()
        self.imports.append(done)
        return done

    @property
    def record(self) -> Mapping[str, Any]:
        return self.outbox.records[self.person.id]


class TestCronaLon(CountsFrom, FlatBehaviour):
    shows_national_id = False
    looks_for = "Nobody can look anything up in Crona Lön"
    system = "crona_lon"
    values = {
        "title": "Butikssäljare",
        "department": DEPARTMENT,
        "contract_type": "permanent",
        "occupation_code": "5223",
        "remuneration_type": "monthly",
        "percentage": Decimal("75"),
        "weekly_hours": Decimal("30"),
        "working_hours_scheme": "not_shift",
    }
    shown = ("sysgrad", "60")
    start_name = "anstdatum"
    end_name = "avgdatum"
    too_long = ("department", Department("SHOP-000011"))
    bad = ("title", "Butiks\x07säljare")
    write_path = "import"

    @pytest.fixture
    def rig(self, sandbox_server: tuple[str, Tenants]) -> Iterator[FileRig]:
        rig = FileRig(sandbox_server, self.system, self.person, self.connection_settings, known=True)
        yield rig
        # Nothing of ours is refused by a strict import, whatever a test did.
        assert [wrong for done in rig.imports for wrong in done["fel"]] == []

    @pytest.fixture
    def empty_rig(self, sandbox_server: tuple[str, Tenants]) -> FileRig:
        return FileRig(sandbox_server, self.system, self.person, self.connection_settings, known=False)

    # -- what makes no sense for a file ------------------------------------------------------------------

    def test_wrong_credentials_stop_the_connection(self, rig: Rig) -> None:
        """There are none: nobody signs in anywhere."""
        assert SYSTEM.credentials == ()
        assert SYSTEM.transport is Transport.FILE
        assert not SYSTEM.base_urls and not SYSTEM.sandbox_urls

    def test_unknown_employee(self, empty_rig: Any) -> None:
        """Our number is believed, since nothing there can be looked at: the import itself says who is unknown."""
        outcome = empty_rig.one(self.position())
        assert (outcome.state, str(outcome.pending)) == ("succeeded", "In the file of 14:02, not yet imported.")
        [done] = empty_rig.imports
        assert done["antal"] == 0
        assert done["fel"] == ["Person 1 (anstid 1042): den anställde finns inte i registret."]

    def test_two_matches(self, empty_rig: Rig) -> None:
        """Cannot happen: the employment number is the register's key, and nothing else is compared."""
        self.add_two(empty_rig)
        employee = empty_rig.connector().find_employee(self.person)
        assert (employee.id, employee.matched_by) == ("1042", "employee number, unchecked")

    def test_reopen(self, rig: Any) -> None:
        """PAXml does not say how to empty an element, so the end stays there and a person is told to clear it."""
        rig.sync(self.position(end="2026-12-31"))
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded"
        [warning] = outcome.warnings
        assert warning.field == "end_date"
        assert "2026-12-31" in warning.message and "by hand" in warning.message and "1042" in warning.message
        assert b"avgdatum" not in rig.calls[-1].body.encode()
        assert self.ends(rig) == ["2026-12-31"]
        assert rig.one(self.position()).cause == "nothing_to_change", "it is said once"

    def calls_counted(self, rig: Rig) -> int:
        """The calls that the sandbox saw are the test's own imports."""
        return 0

    def test_rate_limit_with_retry_after(self, rig: Rig) -> None:
        """Nothing is called, so nothing can be too much."""
        assert SYSTEM.limits.requests == 0

    def test_rate_limit_without_retry_after(self, rig: Rig) -> None:
        """Nothing is called, so nothing can be too much."""
        assert rig.sync(self.position()).exchanges == ()

    def test_a_wrong_address_is_not_told_as_wrong_credentials(self, rig: Rig) -> None:
        """There is no address."""
        assert not SYSTEM.base_urls

    def test_server_error(self, rig: Rig) -> None:
        """There is no server: the sandbox being down changes nothing until the file is carried over."""
        assert isinstance(rig, FileRig)
        rig.carried = False
        rig.fail(times=50, status=503)
        assert rig.sync(self.position()).error is None
        assert rig.calls == []

    def test_lost_answer_is_found_again_and_adopted(self, rig: Rig) -> None:
        """No answer can be lost; a worker that dies after filing the record finds it again."""
        rig.sync(self.position())
        rig.sent.clear()
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert len(rig.there()) == 1

    def test_no_secret_in_what_is_kept(self, rig: Rig) -> None:
        """There is no call to keep; the national id is in nothing that the log shows."""
        rig.person = replace(self.person, national_id="19850314-1234")
        rig.settings["send_national_id"] = True
        rig.sandbox.state["anstallda"]["1042"]["persnr"] = "198503141234"
        report = rig.sync(self.position())
        assert report.exchanges == ()
        assert "198503141234" not in repr(report.outcomes) and "19850314-1234" not in repr(report.outcomes)

    # -- the check ---------------------------------------------------------------------------------------

    def test_check_says_that_nothing_is_tested(self, rig: Rig) -> None:
        lines = rig.connector().check()
        assert lines[0].title == "There is no connection to test"
        assert any("anställningsnummer" in line.detail for line in lines)
        assert any("Mark as imported" in line.detail for line in lines)
        assert rig.calls == []

    def test_check_knows_a_wrong_organization_number(self, rig: Rig) -> None:
        rig.settings["organization_number"] = "556123-4568"
        assert [line.title for line in rig.connector().check() if not line.ok] == ["Organization number"]

    def test_check_knows_two_sources_of_the_cost_centre(self, rig: Rig) -> None:
        rig.settings["send_cost_centre"] = True
        assert [li.title for li in rig.connector().check() if not li.ok] == ["One source for the cost centre"]
        outcome = rig.one(self.position(cost_centre="100"))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "value_refused", "department")

    # -- employees ---------------------------------------------------------------------------------------

    def test_a_missing_number_is_a_cause_of_its_own(self, rig: Rig) -> None:
        rig.person = replace(self.person, number=" ")
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "employee_number_missing")
        assert "employee_number_missing" in {cause.code for cause in SYSTEM.causes}
        assert self.person.national_id not in outcome.message

    @pytest.mark.parametrize("name", ["number", "first_name", "last_name", "email"])
    def test_control_characters_in_the_person_are_refused(self, rig: FileRig, name: str) -> None:
        wrong: dict[str, Any] = {name: "a\x0bb"}
        rig.person = replace(self.person, **wrong)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "bad_characters")
        assert rig.outbox.records == {}

    def test_what_is_not_sent_may_hold_anything(self, rig: FileRig) -> None:
        rig.settings["send_name_and_email"] = False
        rig.person = replace(self.person, first_name="a\x0bb")
        assert rig.one(self.position()).state == "succeeded"
        assert not {"fornamn", "efternamn", "epostarb"} & set(rig.record)

    def test_a_changed_number_is_said_and_the_whole_record_goes_again(self, rig: FileRig) -> None:
        rig.sync(self.position())
        rig.person = replace(self.person, number="2042")
        rig.add(rig.person)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.action) == ("succeeded", "create")
        [warning] = outcome.warnings
        assert "1042" in warning.message and "2042" in warning.message
        assert rig.there("2042")[0]["befattning"] == "Butikssäljare"
        assert rig.one(self.position()).cause == "nothing_to_change"

    def test_a_returning_position_counts_from_the_day_it_returned(self, rig: FileRig) -> None:
        """Not from its own first day, on which another percentage may have counted."""
        first = self.position("1", percentage=Decimal("40"))
        second = self.position("2", "2026-03-01", "2026-05-31", percentage=Decimal("60"))
        rig.today = date(2026, 3, 1)
        rig.sync(first, second)
        assert rig.record["sysgrad"] == {"procent": "60", "datum": "2026-03-01"}
        rig.today = date(2026, 6, 15)
        rig.sync(first)
        assert rig.record["sysgrad"] == {"procent": "40", "datum": "2026-06-01"}
        rig.sync(self.position("1", percentage=Decimal("40"), title="Butikschef"))
        assert rig.record["sysgrad"] == {"procent": "40", "datum": "2026-06-01"}

    def test_a_number_that_nobody_has_in_a_file_is_not_spoken_of(
        self, rig: FileRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig.sync(self.position())
        monkeypatch.setattr(Filing, "handed_over", lambda outbox, employee: ())
        rig.person = replace(self.person, number="2042")
        rig.add(rig.person)
        assert rig.one(self.position()).warnings == ()
        assert rig.one(self.position(end="2026-08-31")).warnings == ()
        assert rig.one(self.position()).warnings == ()

    # -- the national id ---------------------------------------------------------------------------------

    @pytest.mark.parametrize("written", ["198503141234", "19850314-1234"])
    def test_national_id_goes_only_when_asked_for(self, rig: FileRig, written: str) -> None:
        rig.person = replace(self.person, national_id=written)
        rig.sync(self.position())
        assert "persnr" not in rig.record
        rig.sandbox.state["anstallda"]["1042"]["persnr"] = "198503141234"
        rig.settings["send_national_id"] = True
        rig.sync(self.position(percentage=Decimal("50")))
        assert rig.record["persnr"] == "198503141234"

    @pytest.mark.parametrize("written", ["850314-1234", "8503141234", "14038512345"])
    def test_national_id_without_twelve_digits_is_left_out_and_said(self, rig: FileRig, written: str) -> None:
        rig.person = replace(self.person, national_id=written)
        rig.settings["send_national_id"] = True
        [warning] = rig.one(self.position()).warnings
        assert "twelve digits" in warning.message and written not in warning.message
        assert "persnr" not in rig.record

    def test_the_import_cross_checks_both(self, empty_rig: FileRig) -> None:
        empty_rig.add(replace(self.person, national_id="198503149999"))
        empty_rig.person = replace(self.person, national_id="198503141234")
        empty_rig.settings["send_national_id"] = True
        empty_rig.sync(self.position())
        assert empty_rig.imports[0]["fel"] == ["Person 1 (anstid 1042): persnr stämmer inte med den anställdes."]
        assert empty_rig.there() == []

    # -- fields ------------------------------------------------------------------------------------------

    def test_everything_that_is_sent(self, rig: FileRig) -> None:
        rig.settings |= {"send_occupation_code": True, "personnel_types": {"monthly_pay": "TJM"}}
        outcome = rig.one(self.position(end="2026-08-31"))
        assert outcome.warnings == ()
        assert rig.record == {
            "anstid": "1042",
            "fornamn": "Åse",
            "efternamn": "Sørlie",
            "epostarb": "ase.sorlie@example.com",
            "personaltyp": "TJM",
            "befattning": "Butikssäljare",
            "befattningskod": "5223",
            "anstform": "FAST",
            "anstdatum": "2026-01-01",
            "avgdatum": "2026-08-31",
            "lonform": "MÅN",
            "sysgrad": {"procent": "75", "datum": "2026-01-01"},
            "resenheter": {"1": "BUT1"},
        }
        assert set(outcome.unsent) == {"weekly_hours", "working_hours_scheme", "end_reason"}

    def test_occupation_code_is_off_until_agreed(self, rig: FileRig) -> None:
        outcome = rig.one(self.position())
        assert "befattningskod" not in rig.record
        assert "occupation_code" in outcome.unsent

    def test_cost_centre_instead_of_department(self, rig: FileRig) -> None:
        rig.settings |= {"send_cost_centre": True, "send_department": False}
        rig.sync(self.position(cost_centre="BAK1"))
        assert rig.there()[0]["resenhet"] == "BAK1"
        rig.settings |= {"send_cost_centre": False}
        assert rig.one(self.position(cost_centre="ADM1")).cause == "nothing_to_change"

    def test_every_contract_type_has_a_form_or_asks_for_one(self, rig: FileRig) -> None:
        forms = {code for code, _ in EMPLOYMENT_FORMS}
        codes = SYSTEM.field("contract_type").codes
        assert codes is not None and set(codes) == set(CONTRACT_TYPES)
        assert (codes["probation"], codes["substitute"]) == ("PROV", "VIKARIAT")
        assert {code for code in codes.values() if code} <= forms
        outcome = rig.one(self.position(contract_type="consultant"))
        assert (outcome.cause, outcome.field) == ("no_translation", "contract_type")
        rig.settings["employment_forms"] = {"consultant": "PROJEKT"}
        rig.sync(self.position(contract_type="consultant"))
        assert rig.there()[0]["anstform"] == "PROJEKT"

    @pytest.mark.parametrize("form", [code for code, _ in EMPLOYMENT_FORMS])
    def test_every_employment_form_is_one_that_is_imported(self, rig: FileRig, form: str) -> None:
        rig.settings["employment_forms"] = {"permanent": form}
        rig.sync(self.position())
        assert rig.there()[0]["anstform"] == form

    def test_hourly_pay_and_its_personnel_type(self, rig: FileRig) -> None:
        rig.settings["personnel_types"] = {"hourly_pay": "ARB", "monthly_pay": "TJM"}
        rig.sync(self.position(remuneration_type="hourly"))
        [there] = rig.there()
        assert (there["lonform"], there["personaltyp"]) == ("TIM", "ARB")
        assert {code for code, _ in PAY_FORMS} == {"TIM", "MÅN"}
        assert {code for code, _ in PERSONNEL_TYPES} == {"TJM", "ARB"}

    def test_other_pay_has_no_counterpart(self, rig: FileRig) -> None:
        outcome = rig.one(self.position(remuneration_type="commission"))
        assert (outcome.cause, outcome.field) == ("no_translation", "remuneration_type")

    @pytest.mark.parametrize(("ours", "theirs"), [("0", "0"), ("37.50", "37.5"), ("100", "100"), ("33.33", "33.33")])
    def test_percentage_as_a_decimal(self, rig: FileRig, ours: str, theirs: str) -> None:
        rig.sync(self.position(percentage=Decimal(ours)))
        assert rig.there()[0]["sysgrad"] == theirs
        assert rig.one(self.position(percentage=Decimal(ours))).cause == "nothing_to_change"

    def test_percentages_keep_their_history_there(self, rig: FileRig) -> None:
        rig.sync(self.position("1", "2026-01-01", "2026-06-14"), self.position("2", "2026-06-15"))
        rig.sync(self.position("2", "2026-06-15", percentage=Decimal("50")))
        rig.settings["send_start_date"] = False
        rig.today = date(2026, 7, 1)
        rig.sync(self.position("2", "2026-06-15", "2026-06-30"), self.position("3", "2026-07-01"))
        assert rig.sandbox.state["anstallda"]["1042"]["sysgrad"] == {"2026-06-15": "50", "2026-07-01": "75"}

    # -- from which day a percentage counts: while nobody has fetched the file, each says it anew

    def told(self, rig: Rig) -> list[tuple[str, float]]:
        assert isinstance(rig, FileRig)
        rate = rig.record["sysgrad"]
        return [(rate["datum"], float(rate["procent"]))]

    def test_a_changed_percentage_counts_from_the_day_that_hr_says(self, rig: Rig) -> None:
        assert isinstance(rig, FileRig)
        rig.carried = False
        super().test_a_changed_percentage_counts_from_the_day_that_hr_says(rig)
        rig.carry()
        assert rig.sandbox.state["anstallda"]["1042"]["sysgrad"] == {"2026-06-03": "60"}

    def test_what_is_sent_late_counts_from_the_day_of_its_last_change(self, rig: Rig) -> None:
        assert isinstance(rig, FileRig)
        rig.carried = False
        super().test_what_is_sent_late_counts_from_the_day_of_its_last_change(rig)

    def test_a_start_that_moves_across_a_change_takes_its_days_along(self, rig: Rig) -> None:
        assert isinstance(rig, FileRig)
        rig.carried = False
        super().test_a_start_that_moves_across_a_change_takes_its_days_along(rig)

    def test_a_position_that_begins_earlier_takes_its_days_from_the_one_before(self, rig: Rig) -> None:
        assert isinstance(rig, FileRig)
        rig.carried = False
        super().test_a_position_that_begins_earlier_takes_its_days_from_the_one_before(rig)

    def test_no_file_dates_a_percentage_before_one_that_somebody_has(self, rig: FileRig) -> None:
        """Crona Lön may go by the later of the two: the days before are for a person to correct."""
        rig.sync(self.position(percentage=Decimal("75")))
        rig.sync(self.position(percentage=Decimal("60")))
        outcome = rig.one(self.position(percentage=Decimal("50")), correction=True)
        assert rig.there()[0]["sysgrad"] == "50"
        assert rig.record["sysgrad"] == {"procent": "50", "datum": "2026-06-15"}
        [warning] = outcome.warnings
        assert warning.field == "percentage"
        assert "another percentage" in warning.message and "50 in 1 Jan 2026 – 14 Jun 2026" in warning.message
        assert rig.one(rig.positions["1"]).cause == "nothing_to_change"

    def test_a_percentage_of_days_that_are_over_is_told_where_files_say_another(self, rig: FileRig) -> None:
        """A change that is withdrawn, of which files say something already: the days are for a person to correct."""
        first, second, third = ("2026-01-01", 80), ("2026-06-01", 60), ("2026-07-01", 100)
        rig.sync(self.by_day(first))
        rig.sync(self.by_day(first, second))
        rig.today = date(2026, 7, 3)
        rig.sync(self.by_day(first, second, third))
        files = len(rig.imports)
        outcome = rig.one(self.by_day(first, third))
        assert (outcome.state, outcome.cause, outcome.field) == ("skipped", "stays_there", "percentage")
        [warning] = outcome.warnings
        assert "80 in 1 Jun 2026 – 30 Jun 2026" in warning.message
        assert len(rig.imports) == files, "a file could not say it"
        assert "percentage" not in rig.sent["1"].values
        assert rig.one(rig.positions["1"]).cause == "nothing_to_change", "told once"
        [warning] = rig.one(self.by_day(first, ("2026-05-01", 70), third)).warnings
        assert "70 in 1 May 2026 – 31 May 2026" in warning.message

    def test_a_percentage_that_is_taken_back_leaves_no_day_to_correct(self, rig: FileRig) -> None:
        for share in ("100", "33.33", "100"):
            outcome = rig.one(self.position(percentage=Decimal(share)))
            assert (outcome.state, outcome.warnings) == ("succeeded", ())
        assert rig.sandbox.state["anstallda"]["1042"]["sysgrad"] == {"2026-01-01": "100", "2026-06-15": "100"}

    def test_what_is_emptied_here_stays_there(self, rig: FileRig) -> None:
        """PAXml does not say how to empty anything; only the end date is worth a warning."""
        rig.sync(self.position())
        outcome = rig.one(self.position(without=("department", "remuneration_type", "contract_type")))
        assert outcome.cause == "nothing_to_change"
        assert rig.there()[0]["resenhet"] == "BUT1"

    # -- the employment date -----------------------------------------------------------------------------

    def test_a_corrected_start_date_goes_out(self, rig: FileRig) -> None:
        rig.sync(self.position())
        outcome = rig.one(self.position(start="2026-02-01"))
        assert set(outcome.changes) == {"start_date"}
        assert rig.there()[0]["anstdatum"] == "2026-02-01"

    def takeover(self, rig: FileRig, start: str = "2026-07-01") -> Any:
        rig.sync(self.position("1", "2026-01-01", "2026-06-30"))
        rig.today = date.fromisoformat(start)
        outcome = rig.one(self.position("2", start, title="Butikschef"))
        assert outcome.state == "succeeded"
        return outcome

    def test_a_position_that_takes_over_leaves_the_employment_date(self, rig: FileRig) -> None:
        outcome = self.takeover(rig)
        [there] = rig.there()
        assert (there["anstdatum"], there["befattning"]) == ("2026-01-01", "Butikschef")
        assert rig.record["anstdatum"] == "2026-01-01"
        assert [warning.field for warning in outcome.warnings] == ["end_date"]
        assert rig.one(rig.positions["2"]).cause == "nothing_to_change"

    def test_a_position_that_takes_over_replaces_it_where_that_is_wanted(self, rig: FileRig) -> None:
        rig.settings["replace_start_date"] = True
        rig.sync(self.position("1", "2026-01-01"))
        rig.sync(self.position("2", "2026-06-01", percentage=Decimal("80")))
        assert rig.there()[0]["anstdatum"] == "2026-06-01"

    def test_somebody_who_comes_back_after_a_gap_is_employed_anew(self, rig: FileRig) -> None:
        rig.sync(self.position("1", "2026-01-01", "2026-06-17"))
        rig.sandbox.state["anstallda"]["1042"]["avgdatum"] = None  # cleared by hand, as the log then says
        rig.today = date(2026, 9, 1)
        outcome = rig.one(self.position("2", "2026-09-01"))
        assert (outcome.state, outcome.action) == ("succeeded", "create")
        assert [warning.field for warning in outcome.warnings] == ["end_date"]
        assert rig.there()[0]["anstdatum"] == "2026-09-01"

    def test_an_end_in_the_way_of_a_new_employment_is_said_until_a_file_is_imported(self, rig: FileRig) -> None:
        """Done as it says, with every file until then."""
        rig.sync(self.position())
        rig.sync(self.position("1", "2026-01-01", "2026-06-10"))
        rig.carried = False
        for title in ("Butikschef", "Kassör"):
            [warning] = rig.one(self.position("2", "2026-06-14", title=title)).warnings
            assert warning.field == "end_date"
            assert "clear the leaving date" in warning.message and "2026-06-14" in warning.message
        rig.sandbox.state["anstallda"]["1042"]["avgdatum"] = None
        rig.carry()
        assert rig.there()[0]["anstdatum"] == "2026-06-14"
        assert rig.one(self.position("2", "2026-06-14", title="Butikschef")).warnings == ()

    def test_an_end_that_is_taken_back_stays_until_it_is_cleared_by_hand(self, rig: FileRig) -> None:
        """In the order that it says: the employment goes on, so that its file is imported beside the old end."""
        rig.sync(self.position())
        rig.sync(self.position(end="2026-08-31"))
        [warning] = rig.one(self.position()).warnings
        assert warning.field == "end_date" and "then clear the leaving date" in warning.message
        assert rig.there()[0]["avgdatum"] == "2026-08-31"
        rig.sandbox.state["anstallda"]["1042"]["avgdatum"] = None
        assert rig.one(self.position(title="Butikschef")).warnings == ()
        assert rig.there()[0]["avgdatum"] is None

    def test_start_date_can_be_left_to_crona(self, rig: FileRig) -> None:
        rig.settings["send_start_date"] = False
        rig.sandbox.state["anstallda"]["1042"]["anstdatum"] = "2015-08-17"
        outcome = self.takeover(rig)
        assert "start_date" in outcome.unsent
        assert "anstdatum" not in rig.record
        assert rig.there()[0]["anstdatum"] == "2015-08-17"
        assert rig.record["sysgrad"]["datum"] == "2026-07-01"

    # -- deleting ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("on", [True, False])
    def test_a_deleted_position_is_never_a_request_to_delete(self, rig: FileRig, on: bool) -> None:
        rig.sync(self.position())
        rig.rules = replace(rig.rules, delete=on)
        before = len(rig.imports)
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert outcome.cause == ("delete_by_hand" if on else "delete_switched_off")
        assert len(rig.imports) == before
        assert rig.there()[0]["befattning"] == "Butikssäljare"

    def test_the_next_best_position_takes_a_deleted_ones_place(self, rig: FileRig) -> None:
        rig.sync(self.position("1", "2026-02-01"), self.position("2", "2026-01-01", title="Kassör"))
        rig.sync(deleted=["1"])
        assert rig.record["befattning"] == "Kassör"

    # -- the worker --------------------------------------------------------------------------------------

    def test_a_worker_that_lost_the_connection_files_nothing(self, rig: FileRig) -> None:
        connector = rig.connector()

        def fence() -> None:
            raise InterruptedRunError("gone")

        connector.context.guard = fence
        rig.connector = lambda: connector  # type: ignore[method-assign]
        report = rig.sync(self.position())
        assert isinstance(report.error, InterruptedRunError)
        assert rig.outbox.records == {}


# -- the file ------------------------------------------------------------------------------------------------


def connector(**settings: Any) -> CronaLonConnector:
    defaults = {s.name: s.default for s in SYSTEM.settings}
    given = {**defaults, "organization_number": "556123-4567", **settings}
    return CronaLonConnector(Context({}, given, {}, "ns", date(2026, 6, 15)))


FULL = {
    "anstid": "1042",
    "persnr": "198503141234",
    "fornamn": "Åse",
    "efternamn": "Sørlie & <Søn>",
    "epostarb": "ase@example.com",
    "personaltyp": "TJM",
    "befattning": "Kafé € 1:a „chef” 😀",
    "befattningskod": "5223",
    "anstform": "SÄSONG",
    "anstdatum": "2026-01-01",
    "avgdatum": "2026-08-31",
    "lonform": "MÅN",
    "sysgrad": {"procent": "37.5", "datum": "2026-01-01"},
    "resenheter": {"1": "BUT1"},
}


def test_the_file_is_valid_by_the_standards_own_schema() -> None:
    if schema() is None:
        pytest.skip(f"{SCHEMA} is not here: see tests/contracts.py")
    check_file(connector().render([FULL, {"anstid": "7"}], MADE_AT))
    with pytest.raises(xmlschema.XMLSchemaException):
        check_file(connector().render([FULL], MADE_AT).replace(b"<version>2.0<", b"<version>2.1<"))


def test_the_standards_own_sample_has_our_header() -> None:
    sample = contract_file("crona_lon.sample.pax")
    if sample is None:
        pytest.skip("crona_lon.sample.pax is not here: see tests/contracts.py")
    ours, theirs = connector().render([FULL], MADE_AT), sample.read_bytes()
    for part in (rb"<\?xml[^>]*\?>", rb"<paxml[^>]*>", rb"<version>[^<]*</version>"):
        assert re.findall(part, ours) == re.findall(part, theirs)


def test_the_header() -> None:
    content = connector().render([FULL], MADE_AT)
    assert content.startswith(b'<?xml version="1.0" encoding="iso-8859-1"?>\n<paxml ')
    header = {child.tag: child.text for child in fromstring(content).find("header")}
    assert header == {
        "format": "REGISTER",
        "version": "2.0",
        "datum": "2026-06-15T14:02:07",
        "foretagorgnr": "5561234567",
        "programnamn": "Position Sync",
    }


def test_the_person() -> None:
    [person] = fromstring(connector().render([FULL], MADE_AT)).findall("personal/person")
    assert dict(person.attrib) == {"anstid": "1042", "persnr": "198503141234"}
    assert [child.tag for child in person] == [name for name in FULL if name not in ("anstid", "persnr")]
    texts = {name: text for name, text in FULL.items() if isinstance(text, str)}
    assert {c.tag: c.text for c in person if c.tag in texts} == {k: texts[k] for k in list(texts)[2:]}
    rate, units = person.find("sysgrad"), person.find("resenheter")
    assert (rate.text, dict(rate.attrib)) == ("37.5", {"datum": "2026-01-01"})
    assert [dict(unit.attrib) for unit in units] == [{"dim": "1", "id": "BUT1"}]


def test_latin_1_where_it_can_and_references_where_it_cannot() -> None:
    content = connector().render([FULL], MADE_AT)
    assert "Åse".encode("iso-8859-1") in content
    assert b"Kaf\xe9 &#8364; 1:a &#8222;chef&#8221; &#128512;" in content
    assert b"S\xf8rlie &amp; &lt;S\xf8n&gt;" in content


def test_never_asks_to_delete() -> None:
    assert b"delete" not in connector().render([{**FULL, "delete": "true"}], MADE_AT)


def test_the_same_records_give_the_same_bytes_in_any_order() -> None:
    records = [{**FULL, "anstid": number} for number in ("10", "9", "1042", "A1")]
    content = connector().render(records, MADE_AT)
    assert content == connector().render(records[::-1], MADE_AT)
    assert re.findall(rb'anstid="(\w+)"', content) == [b"9", b"10", b"A1", b"1042"]


@pytest.mark.parametrize("ending", ["pax", "xml"])
def test_the_files_name(ending: str) -> None:
    name = connector(file_ending=ending).file_name(MADE_AT, 17)
    assert name == f"crona-lon-20260615-140207-17.{ending}"


WRITABLE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda text: re.fullmatch(CHARACTERS, text)
)


@settings(deadline=None)
@given(title=WRITABLE, number=WRITABLE, code=WRITABLE)
def test_any_text_comes_out_as_it_went_in(title: str, number: str, code: str) -> None:
    record = {"anstid": number, "befattning": title, "resenheter": {"1": code[:10]}}
    content = connector().render([record], MADE_AT)
    check_file(content)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f-\x9f]", content)
    person = fromstring(content).find("personal/person")
    assert (person.get("anstid"), person.findtext("befattning")) == (number, title)
    assert person.find("resenheter/resenhet").get("id") == code[:10]


@given(st.characters())
def test_exactly_what_xml_cannot_write_is_refused(character: str) -> None:
    try:
        written = fromstring(f"<a>&#{ord(character)};</a>").text == character
    except Xml.ParseError:
        written = False
    assert bool(re.fullmatch(CHARACTERS, character)) is written


# -- the sandbox is strict -----------------------------------------------------------------------------------


@pytest.fixture
def importing(sandbox_server: tuple[str, Tenants]) -> FileRig:
    rig = FileRig(sandbox_server, "crona_lon", PERSON, {}, known=True)
    rig.add(Person("2", "2001", "Maja", "Öberg", national_id="199001012385"))
    return rig


def pax(people: str, header: str = "<version>2.0</version>", encoding: str = "iso-8859-1") -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<paxml><header>{header}</header>{people}</paxml>'
    return text.encode(encoding)


def one(content: str, attributes: str = 'anstid="1042"') -> bytes:
    return pax(f"<personal><person {attributes}>{content}</person></personal>")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (one("<anstform>EVIG</anstform>"), "anstform EVIG är okänt"),
        (one("<lonform>VEC</lonform>"), "lonform VEC är okänt"),
        (one("<personaltyp>VD</personaltyp>"), "personaltyp VD är okänt"),
        (one("<avgdatum/>"), "avgdatum är tomt"),
        (one("<anstdatum>2026-02-30</anstdatum>"), "är inget datum"),
        (one("<anstdatum>2026-02-01</anstdatum><avgdatum>2026-01-01</avgdatum>"), "ligger före"),
        (one("<sysgrad>101</sysgrad>"), "mellan 0 och 100"),
        (one("<sysgrad>åttio</sysgrad>"), "är inget tal"),
        (one('<sysgrad datum="idag">80</sysgrad>'), "felaktigt datum"),
        (one('<resenheter><resenhet dim="1" id="NIX"/></resenheter>'), "finns inte i dimension 1"),
        (one('<resenheter><resenhet dim="100" id="BUT1"/></resenheter>'), "mellan 1 och 99"),
        (one("<lon>1</lon>"), "elementet lon är okänt"),
        (one("<info>a</info><info>b</info>"), "två gånger"),
        (one("<info>a</info>", 'anstid="1042" delete="true"'), "tas bort i registret"),
        (one("<info>a</info>", 'anstid="9"'), "finns inte i registret"),
        (one("<info>a</info>", 'anstid="2001" persnr="199001019999"'), "stämmer inte"),
        (one("<info>a</info>", 'persnr="900101-2385"'), "tolv siffror"),
        (one("<info>a</info>", ""), "varken anstid eller persnr"),
        (pax("<personal/>"), "inga personer"),
        (pax("<personal/>", "<version>2.2</version>"), "versionen måste vara 2.0"),
        (pax("<personal/>", "<format>X</format><version>2.0</version>"), "formatet X är okänt"),
        (pax("<personal/>", "<version>2.0</version><foretagorgnr>9</foretagorgnr>"), "ett annat företag"),
        (pax("<personal/>", "<version>2.0</version><datum>i dag</datum>"), "datum i header"),
        (pax("<personal/>", encoding="utf-8"), "teckenkodningen"),
        (b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<paxml>", "inte giltig XML"),
        (
            b'<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE p [<!ENTITY e "x">]><paxml>&e;</paxml>',
            "inte giltig XML",
        ),
        (b"", "teckenkodningen"),
    ],
)  # fmt: skip
def test_the_sandbox_refuses(importing: FileRig, content: bytes, said: str) -> None:
    before = {**importing.sandbox.state["anstallda"]}
    done = importing.bring(content)
    assert done["antal"] == 0
    assert said in done["fel"][0], done
    assert importing.sandbox.state["anstallda"] == before


def test_the_sandbox_imports_the_others_and_leaves_what_is_omitted(importing: FileRig) -> None:
    content = '<personal><person anstid="9"/><person persnr="199001012385"><befattning>Konditor</befattning></person>'
    done = importing.bring(pax(f"{content}</personal>"))
    assert (done["antal"], len(done["fel"])) == (1, 1)
    assert importing.sandbox.state["anstallda"]["2001"]["befattning"] == "Konditor"
    assert importing.sandbox.state["anstallda"]["2001"]["fornamn"] == "Maja"


def test_the_sandbox_takes_a_file_from_its_own_form_and_shows_the_register(importing: FileRig) -> None:
    address = f"{importing.address}/crona_lon/{importing.sandbox.tenant.name}/"
    assert '<a href="import">' in requests.get(address, timeout=5).text
    assert "Importera" in requests.get(f"{address}import", timeout=5).text
    file = connector().render([{**FULL, "persnr": ""}], MADE_AT)
    answer = requests.post(
        f"{address}import", files={"fil": ("positions.pax", file)}, headers={"Accept": "text/html"}, timeout=5
    )
    assert answer.url == address
    for text in ("Kafé € 1:a „chef” 😀", "SÄSONG", "37.5 %", "positions.pax", "Inga fel"):
        assert text in answer.text


def test_one_person_is_blanked_out_of_a_finished_file() -> None:
    """The rest stays byte for byte, whatever numbers and names look like."""
    made_at = datetime(2026, 6, 15, 14, 2)
    numbers = ["1", "10", "1.", "a&b", "ł1"]
    records = [{"anstid": n, "fornamn": f"Åsa {n}", "befattning": "</person> <person"} for n in numbers]
    whole = connector().render(records, made_at)
    for record in records:
        rest = CronaLonConnector.without(whole, record)
        assert len(rest) == len(whole) and CronaLonConnector.without(rest, record) == rest
        people = [p.get("anstid", "") for p in fromstring(rest).findall("personal/person")]
        assert sorted(people) == sorted(n for n in numbers if n != record["anstid"])
        kept = [pair for pair in zip(whole, rest, strict=True) if pair[1] != ord(" ")]
        assert all(before == after for before, after in kept)
    empty = whole
    for record in records:
        empty = CronaLonConnector.without(empty, record)
    assert fromstring(empty).findall("personal/person") == [] and fromstring(empty).findtext("header/version") == "2.0"
