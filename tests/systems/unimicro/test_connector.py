"""Unimicro: the shared behaviour, and the rules and traps of its biz API."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from integrations.planning.drift import Kind
from integrations.planning.planner import Rules
from integrations.planning.translate import translate
from integrations.sandboxes.base import Call
from integrations.sdk.errors import (
    DataRefusedError,
    EmployeeNotFoundError,
    NotAuthorizedError,
    RateLimitedError,
    StaleError,
    UnavailableError,
    UnclearOutcomeError,
)
from integrations.sdk.pages import OffsetPages
from integrations.sdk.values import Change, Company, Department, Manager, Wanted
from integrations.systems.unimicro.connector import UnimicroConnector
from integrations.systems.unimicro.declaration import SYSTEM
from integrations.systems.unimicro.sandbox import UnimicroSandbox
from tests.contracts import check_openapi
from tests.systems.kit import PERSON, CountsFrom, HistoryBehaviour, KeepsFirstDayOfAll, Rig, SeveralAtOnce

NAMESPACE = uuid.UUID("6f1d7a52-0c55-4b0e-9f6e-0a1b2c3d4e5f")


def pem(key: Any) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@contextmanager
def opened(rig: Rig) -> Iterator[UnimicroConnector]:
    connector = rig.connector()
    assert isinstance(connector, UnimicroConnector)
    try:
        yield connector
    finally:
        connector.close()


def without_nulls(text: str) -> str:
    """The contract grew out of Swagger 2.0, which cannot say that a value may be null, as an open EndDate is."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if v is not None}
        return [strip(v) for v in value] if isinstance(value, list) else value

    try:
        return json.dumps(strip(json.loads(text)))
    except ValueError:
        return text


class TestUnimicro(CountsFrom, KeepsFirstDayOfAll, SeveralAtOnce, HistoryBehaviour):
    other_code = "2130109"
    system = "unimicro"
    values = {
        "title": "Butikksjef",
        "company": Company("Fjellheim Drift", "974760673"),
        "department": Department("BUT1", "Butikk"),
        "contract_type": "permanent",
        "occupation_code": "5221126",
        "remuneration_type": "monthly",
        "percentage": Decimal("80"),
        "working_hours_scheme": "not_shift",
    }
    changed = ("percentage", Decimal("60"))
    shown = ("WorkPercent", 60)
    start_name = "StartDate"
    end_name = "EndDate"
    required = "occupation_code"
    too_long = ("occupation_code", "52211260")
    bad = ("occupation_code", "522112Ø")
    write_method = "PUT"
    write_path = "biz/employ"
    several = {
        "status": 400,
        "body": '{"_validationResults":{"JobCode":[{"Message":"First thing"}],"WorkPercent":'
        '[{"Message":"Second thing"}]}}',
    }
    access = (
        {"path": "connect/token", "status": 400, "body": '{"error":"invalid_scope"}'},
        {"path": "biz/", "status": 401},
        {"path": "biz/", "status": 403},
    )

    def page_of_two(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("integrations.systems.unimicro.connector.SIGHT", OffsetPages("skip", "top", 2))

    def check_contract(self, calls: list[Call]) -> None:
        wrong = [
            complaint
            for call in calls
            if call.path.startswith("api/")
            for complaint in check_openapi(
                "unimicro.openapi.json",
                replace(call, body=without_nulls(call.body), answer=without_nulls(call.answer)),
                strip="api",
            )
        ]
        assert wrong == []

    # -- helpers -------------------------------------------------------------------------------------------

    def state(self, rig: Rig) -> dict[str, Any]:
        return rig.sandbox.state

    def told(self, rig: Rig) -> list[tuple[str, float]]:
        [there] = rig.there()
        return [(there["LastWorkPercentChangeDate"], there["WorkPercent"])]

    def bodies(self, rig: Rig) -> list[dict[str, Any]]:
        return [json.loads(c.body) for c in self.writes(rig)]

    def cancel(self, rig: Rig) -> None:
        for employment in self.state(rig)["employments"]:
            employment |= {"EndDate": "2026-03-31", "EndDateReason": 1}

    def clerk_chooses(self, rig: Rig) -> tuple[str, str]:
        self.state(rig)["employments"][-1]["EmploymentType"] = 6  # beyond all that is known
        return "contract_type", "6"

    @pytest.mark.parametrize(
        ("name", "code", "field"),
        [("EmploymentType", 6, "contract_type"), ("WorkingHoursScheme", 6, "working_hours_scheme")],
    )
    def test_what_the_platform_has_beyond_our_lists_stays(self, rig: Rig, name: str, code: int, field: str) -> None:
        rig.sync(self.position())
        self.state(rig)["employments"][0] |= {
            name: code,
            **({"TypeOfEmployment": 0} if name == "EmploymentType" else {}),
        }
        assert rig.one(self.position()).field == field
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert rig.there()[0][name] == code
        rig.forget_calls()  # newer than the published contract

    @pytest.mark.parametrize("hidden", ["SubEntityID", "Dimensions", "JobCode", "WorkPercent", "EmploymentType"])
    def test_what_is_not_shown_is_not_compared(self, rig: Rig, monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
        """Else it would be written at every turn; and a lock is not to be passed by way of what cannot be seen."""
        whole = UnimicroSandbox._shown

        def shown(sandbox: UnimicroSandbox, entity: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
            record = whole(sandbox, entity, *args, **kwargs)
            if entity == "employments":
                record.pop(hidden, None)
            return record

        rig.sync(self.position())
        monkeypatch.setattr(UnimicroSandbox, "_shown", shown)
        rig.forget_calls()
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert not self.writes(rig)
        if hidden == "SubEntityID":
            moved = rig.one(self.position(company=Company("X", "974760681")))
            assert (moved.state, moved.cause) == ("failed", "sub_entity_locked")
        rig.sent.clear()
        adopted = rig.one(self.position())
        assert (adopted.state, adopted.cause) == ("skipped", "nothing_to_change"), adopted
        assert "Unimicro shows no " in adopted.message and "already agrees" not in adopted.message
        assert not self.writes(rig)

    @pytest.mark.parametrize("no_date", ["0001-01-01", "0001-01-01T00:00:00", "9999-12-31"])
    def test_a_date_that_stands_for_none_is_an_open_end(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch, no_date: str
    ) -> None:
        """As an end it would be that of a period without days, which nothing overlaps."""
        rig.sync(self.position())
        whole = UnimicroSandbox._full

        def full(sandbox: UnimicroSandbox, entity: str, record: dict[str, Any]) -> dict[str, Any]:
            found = whole(sandbox, entity, record)
            return {**found, "EndDate": no_date} if entity == "employments" else found

        monkeypatch.setattr(UnimicroSandbox, "_full", full)
        assert rig.one(self.position()).cause == "nothing_to_change"
        assert rig.one(self.position("2", "2026-06-01")).cause == "overlap_in_target"

    def sign_ins(self, rig: Rig) -> list[dict[str, list[str]]]:
        return [parse_qs(c.body) for c in rig.calls if c.path.endswith("connect/token")]

    def paths(self, rig: Rig) -> list[str]:
        return [f"{c.method} {c.path}" for c in rig.calls]

    def after_the_first_list(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch, act: Callable[[UnimicroSandbox], None]
    ) -> None:
        """Something happens in Unimicro between our reading of the employments and our write."""
        done: list[str] = []

        def after(sandbox: UnimicroSandbox, request: Any, response: Any) -> Any:
            listed = request.path.endswith("biz/employments") and sandbox.tenant is rig.sandbox.tenant
            if listed and not done:
                done.append("once")
                act(sandbox)
            return response

        monkeypatch.setattr(UnimicroSandbox, "after", after)

    # -- the signed assertion ------------------------------------------------------------------------------

    def test_assertion_is_signed_short_lived_and_never_used_twice(self, rig: Rig) -> None:
        with opened(rig) as connector:
            connector.check()
            connector.check()
        forms = self.sign_ins(rig)
        assert len(forms) == 2
        public = serialization.load_pem_private_key(rig.credentials["private_key"].encode(), None).public_key()
        endpoint = f"{rig.address}/unimicro/{rig.sandbox.tenant.name}/identity/connect/token"
        claims = [
            jwt.decode(form["client_assertion"][0], public, algorithms=["RS256"], audience=endpoint)  # type: ignore[arg-type]
            for form in forms
        ]
        for form, claim in zip(forms, claims, strict=True):
            assert form["grant_type"] == ["client_credentials"]
            assert form["scope"] == ["AppFramework"]
            assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
            assert claim["iss"] == claim["sub"] == form["client_id"][0] == rig.credentials["client_id"]
            assert claim["exp"] - claim["iat"] == 60
            assert claim["nbf"] == claim["iat"]
            assert uuid.UUID(claim["jti"])
        assert claims[0]["jti"] != claims[1]["jti"]

    @pytest.mark.parametrize("fault", ["key", "aud", "exp", "jti", "long", "sub", "algorithm"])
    def test_sandbox_takes_no_other_assertion(self, rig: Rig, fault: str) -> None:
        endpoint = f"{rig.address}/unimicro/{rig.sandbox.tenant.name}/identity/connect/token"
        client, now = rig.credentials["client_id"], int(time.time())
        good = {"jti": "one", "sub": client, "iss": client, "aud": endpoint, "iat": now, "nbf": now, "exp": now + 60}
        key: Any = rig.credentials["private_key"]
        algorithm = "RS256"

        def send(claims: dict[str, Any], key: Any, algorithm: str) -> int:
            form = {
                "grant_type": "client_credentials",
                "scope": "AppFramework",
                "client_id": client,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": jwt.encode(claims, key, algorithm=algorithm),
            }
            return requests.post(endpoint, data=form, timeout=5).status_code

        assert send(good, key, algorithm) == 200
        bad = {**good, "jti": "two"}
        if fault == "key":
            key = rsa.generate_private_key(65537, 2048)
        elif fault == "algorithm":
            key, algorithm = "a shared secret of thirty-two bytes", "HS256"
        else:
            changes: dict[str, dict[str, Any]] = {
                "aud": {"aud": "https://login.unimicro.no/connect/token"},
                "exp": {"iat": now - 120, "nbf": now - 120, "exp": now - 60},
                "jti": {"jti": "one"},
                "long": {"exp": now + 3600},
                "sub": {"sub": "somebody else"},
            }
            bad |= changes[fault]
        assert send(bad, key, algorithm) == 400

    def test_another_key_is_refused_and_says_what_to_renew(self, rig: Rig) -> None:
        rig.credentials["private_key"] = pem(rsa.generate_private_key(65537, 2048))
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert error.vendor_code == "invalid_client"
        assert "developer portal" in error.message
        assert rig.there() == []

    @pytest.mark.parametrize("kind", ["text", "password", "elliptic", "half"])
    def test_unreadable_private_key_is_said_before_any_call(self, rig: Rig, kind: str) -> None:
        key = rsa.generate_private_key(65537, 2048)
        rig.credentials["private_key"] = {
            "text": "not a key at all",
            "password": key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"hush"),
            ).decode(),
            "elliptic": pem(ec.generate_private_key(ec.SECP256R1())),
            "half": pem(key)[:400],
        }[kind]
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "PEM" in error.message
        assert rig.calls == []
        assert rig.credentials["private_key"] not in error.message

    def test_key_as_openssl_writes_it_out_of_a_p12(self, rig: Rig) -> None:
        rig.credentials["private_key"] = (
            "Bag Attributes\r\n    friendlyName: client\r\nKey Attributes: <No Attributes>\r\n"
            + rig.credentials["private_key"].replace("\n", "\r\n")
            + "Bag Attributes\r\n-----BEGIN CERTIFICATE-----\r\nMIIB\r\n-----END CERTIFICATE-----\r\n"
        )
        assert rig.one(self.position()).state == "succeeded"

    def test_scope_that_the_client_lacks(self, rig: Rig) -> None:
        rig.fail(path="connect/token", status=400, body='{"error":"invalid_scope"}')
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "AppFramework" in error.message

    def test_login_server_down_is_no_refusal(self, rig: Rig) -> None:
        rig.fail(path="connect/token", status=503)
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_assertion_and_token_are_not_kept(self, rig: Rig) -> None:
        report = rig.sync(self.position())
        kept = repr(report.exchanges)
        [form] = self.sign_ins(rig)
        [token] = self.state(rig)["tokens"]
        assert form["client_assertion"][0] not in kept
        assert token not in kept

    # -- tokens --------------------------------------------------------------------------------------------

    def test_token_and_company_key_are_kept_between_turns(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position(percentage=Decimal("60")))
        assert not [p for p in self.paths(rig) if "identity" in p or "init" in p]

    def test_token_near_its_end_is_renewed_first(self, rig: Rig) -> None:
        rig.sync(self.position())
        kept = dict(rig.vault.load())
        assert time.time() + 3500 < kept["expires_at"] < time.time() + 3545
        rig.vault.save({**kept, "expires_at": time.time() - 1})
        rig.sync(self.position(percentage=Decimal("60")))
        assert len(self.sign_ins(rig)) == 2
        assert 401 not in [c.status for c in rig.calls]

    def test_refused_token_is_renewed_once(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig)["tokens"].clear()
        rig.forget_calls()
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert [c.status for c in rig.calls].count(401) == 1
        assert len(self.sign_ins(rig)) == 1

    def test_new_token_refused_too_stops_the_connection(self, rig: Rig) -> None:
        rig.fail(path="api/", status=401, times=50, body='{"Message":"Authorization has been denied for this request"}')
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert error.vendor_text == "Authorization has been denied for this request"
        # The run's and the renewed one; then the connection's test, which tells whether it is everybody's refusal.
        assert len(self.sign_ins(rig)) == 4

    def test_token_renewed_by_another_process_is_taken_over(self, rig: Rig) -> None:
        with opened(rig) as one, opened(rig) as other:
            old = one.tokens.get()
            assert other.tokens.get() == old
            self.state(rig)["tokens"].clear()
            other.tokens.renew()
            rig.forget_calls()
            one.tokens.renew()
            assert one.tokens.get() == other.tokens.get() != old
            assert rig.calls == []

    def test_threads_renew_a_refused_token_once(self, rig: Rig) -> None:
        with opened(rig) as connector:
            employee = connector.find_employee(rig.person)
            self.state(rig)["tokens"].clear()
            rig.forget_calls()
            threads = [threading.Thread(target=connector.read, args=(employee,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(self.sign_ins(rig)) == 1

    def test_other_credentials_do_not_use_the_old_token(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.credentials["private_key"] = pem(rsa.generate_private_key(65537, 2048))
        assert isinstance(rig.sync(self.position()).error, NotAuthorizedError)

    # -- the company ---------------------------------------------------------------------------------------

    def test_company_key_is_found_by_organization_number(self, rig: Rig) -> None:
        rig.credentials["organization_number"] = "999 888 777"
        rig.sync(self.position())
        key = self.state(rig)["companies"][0]["Key"]
        biz = [c for c in rig.calls if "/biz/" in c.path]
        assert biz
        assert {c.headers.get("Companykey") for c in biz} == {key}
        assert all(c.headers["Authorization"].startswith("Bearer ") for c in biz)
        [asked] = [c for c in rig.calls if c.path == "api/init/companies"]
        assert "Companykey" not in asked.headers

    def test_company_that_the_client_may_not_use(self, rig: Rig) -> None:
        rig.credentials["organization_number"] = "911111111"
        error = rig.sync(self.position()).error
        assert isinstance(error, NotAuthorizedError)
        assert "911111111" in error.message and "Marketplace" in error.message
        lines = rig.connector().check()
        assert [line.ok for line in lines] == [True, False]
        assert "Marketplace" in lines[1].where

    def test_two_companies_with_one_number_need_the_key(self, rig: Rig) -> None:
        first, second = self.state(rig)["companies"]
        second["OrganizationNumber"] = first["OrganizationNumber"]
        assert isinstance(rig.sync(self.position()).error, NotAuthorizedError)
        rig.credentials["company_key"] = first["Key"].upper()
        assert rig.one(self.position()).state == "succeeded"

    def test_company_key_that_no_longer_works_is_looked_up_again(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig)["companies"][0]["Key"] = str(uuid.uuid4())
        changed = self.position(percentage=Decimal("60"))
        error = rig.sync(changed).error
        assert isinstance(error, NotAuthorizedError)
        assert error.vendor_code == "403"
        assert rig.one(changed).state == "succeeded"

    def test_check_names_the_right_that_is_missing(self, rig: Rig) -> None:
        rig.fail(path="biz/STYRK", status=403, times=5)
        lines = rig.connector().check()
        assert [line.title for line in lines if not line.ok] == ["Read the occupation register"]
        assert all(line.where for line in lines if not line.ok)

    # -- employees -----------------------------------------------------------------------------------------

    def test_number_then_national_id_then_email(self, empty_rig: Rig) -> None:
        by_mail = empty_rig.add(replace(PERSON, number="2001", national_id=""))
        with opened(empty_rig) as connector:
            unnumbered = replace(PERSON, number="")
            assert (connector.find_employee(unnumbered).id, connector.find_employee(unnumbered).matched_by) == (
                by_mail,
                "e-mail",
            )
            by_id = empty_rig.add(replace(PERSON, number="2002", email=""))
            assert connector.find_employee(PERSON).id == by_id
            by_number = empty_rig.add(replace(PERSON, email="", national_id=""))
            found = connector.find_employee(replace(PERSON, national_id=""))
        assert (found.id, found.matched_by) == (by_number, "employee number")
        assert found.label == "", "no name of anybody for the log"

    @pytest.mark.parametrize(
        ("number", "asked"), [("1042", True), ("001042", True), ("A-17", False), ("99999999999", False), ("", False)]
    )
    def test_employee_number_is_a_whole_number_there(self, rig: Rig, number: str, asked: bool) -> None:
        rig.person = replace(PERSON, number=number, email="", national_id="")
        with opened(rig) as connector:
            if asked:
                assert connector.find_employee(rig.person).matched_by == "employee number"
            else:
                with pytest.raises(EmployeeNotFoundError) as caught:
                    connector.find_employee(rig.person)
                assert "nothing" in caught.value.message
        assert any("EmployeeNumber" in c.query for c in rig.calls) is asked

    def test_quotes_in_a_filter_are_doubled(self, empty_rig: Rig) -> None:
        person = replace(PERSON, number="", national_id="", email="o'hara@example.com")
        empty_rig.add(replace(person, number="3001"))
        with opened(empty_rig) as connector:
            assert connector.find_employee(person).matched_by == "e-mail"

    def test_not_found_says_what_was_searched_but_no_national_id(self, empty_rig: Rig) -> None:
        message = empty_rig.one(self.position()).message
        assert "employee number 1042" in message and "national id" in message and PERSON.email in message
        assert PERSON.national_id not in message

    def test_answer_is_believed_only_if_it_shows_what_was_asked(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(PERSON, number="5", email="other@example.com", national_id="01010112345"))
        self.state(empty_rig)["ignores"] = ["filter"]
        assert empty_rig.one(self.position()).cause == "employee_not_found"

    def test_masked_national_id_is_no_match(self, empty_rig: Rig) -> None:
        empty_rig.add(replace(PERSON, number="5", email=""))
        self.state(empty_rig)["masked"] = True
        assert empty_rig.one(self.position()).cause == "employee_not_found"

    def test_known_employee_is_one_call_and_searched_again_when_gone(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position())
        assert self.paths(rig)[0] == f"GET api/biz/employees/{rig.employee_id}"
        self.state(rig)["employees"][0]["Deleted"] = True
        new = rig.add(rig.person)
        with opened(rig) as connector:
            assert connector.find_employee(rig.person, rig.employee_id).id == new

    # -- creating ------------------------------------------------------------------------------------------

    def test_body_of_a_create(self, rig: Rig) -> None:
        rig.sync(self.position())
        [body] = self.bodies(rig)
        [sent] = body["Employments"]
        guid = uuid.uuid5(NAMESPACE, "1")
        assert sent == {
            "ID": 0,
            "_createguid": str(guid),
            "EmployeeNumber": 1042,
            "SubEntityID": 3,
            "JobCode": "5221126",
            "JobName": "BUTIKKMEDARBEIDER",
            "StartDate": "2026-01-01",
            "WorkPercent": 80.0,
            "HoursPerWeek": 37.5,
            "TypeOfEmployment": 1,
            "EmploymentType": 1,
            "RemunerationType": 1,
            "WorkingHoursScheme": 1,
            "Standard": True,
            "LastWorkPercentChangeDate": "2026-01-01",
            "LastSalaryChangeDate": "2026-01-01",
            "Dimensions": {"ID": 0, "_createguid": str(uuid.uuid5(guid, "Dimensions")), "DepartmentID": 11},
        }

    def test_enums_are_integers_on_the_wire(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31", contract_type="temporary", end_reason="contract_ended"))
        sent = self.bodies(rig)[0]["Employments"][0]
        names = ("TypeOfEmployment", "EmploymentType", "RemunerationType", "WorkingHoursScheme", "EndDateReason")
        assert [sent[n] for n in names] == [1, 2, 1, 1, 6]
        assert all(type(sent[n]) is int for n in names)

    def test_job_name_is_the_registers_title_never_ours(self, rig: Rig) -> None:
        outcome = rig.one(self.position(title="Verdens beste selger"))
        assert outcome.state == "succeeded"
        assert "title" in outcome.unsent
        assert rig.there()[0]["JobName"] == "BUTIKKMEDARBEIDER"
        assert "Verdens beste" not in "".join(c.body + c.query for c in rig.calls)

    @pytest.mark.parametrize("titles", [0, 2])
    def test_code_without_exactly_one_title_is_refused(self, rig: Rig, titles: int) -> None:
        if titles:
            self.state(rig)["STYRK"].append({"ID": 99, "styrk": "5221126", "ynr": 1, "lnr": 1, "tittel": "EKSPEDITØR"})
        outcome = rig.one(self.position(occupation_code="5221126" if titles else "9999999"))
        assert (outcome.state, outcome.cause, outcome.field) == (
            "failed",
            "occupation_code_not_found",
            "occupation_code",
        )
        assert self.writes(rig) == []

    def test_occupation_code_is_written_without_spaces_and_dots(self, rig: Rig) -> None:
        assert rig.one(self.position(occupation_code="5221.126 ")).state == "succeeded"
        assert rig.there()[0]["JobCode"] == "5221126"

    def test_repeated_create_cannot_double_and_is_adopted(self, rig: Rig) -> None:
        """The first try was carried out after we had read: the second is refused by its guid, found and adopted."""
        wanted = translate(SYSTEM, self.position(), rig.settings).wanted
        assert wanted is not None
        with opened(rig) as connector:
            employee = connector.find_employee(rig.person)
            connector.create(employee, rig.person, wanted)
            with pytest.raises(StaleError):
                connector.create(employee, rig.person, wanted)
        guids = [body["Employments"][-1]["_createguid"] for body in self.bodies(rig)]
        assert guids == [str(uuid.uuid5(NAMESPACE, "1"))] * 2
        assert len(rig.there()) == 1
        outcome = rig.one(self.position())
        assert (outcome.cause, len(rig.there())) == ("nothing_to_change", 1)
        assert outcome.sent is not None and outcome.sent.remote_id == str(rig.there()[0]["ID"])

    def test_late_create_is_adopted_within_one_run(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """An earlier, lost create lands between our read and our write."""
        with opened(rig) as connector:
            wanted = translate(SYSTEM, self.position(percentage=Decimal("50")), rig.settings).wanted
            assert wanted is not None
            new = {
                **connector._new_employment(wanted),
                "SubEntityID": 3,
                "_createguid": str(uuid.uuid5(NAMESPACE, "1")),
            }
            new.pop("Dimensions")

        def land(sandbox: UnimicroSandbox) -> None:
            sandbox._save_nested(sandbox.state["employees"][0], new)

        self.after_the_first_list(rig, monkeypatch, land)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.action) == ("succeeded", "update"), outcome
        assert [e["WorkPercent"] for e in rig.there()] == [80.0]

    def test_create_after_it_was_deleted_there_takes_the_next_guid(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig)["employments"].clear()
        outcome = rig.one(self.position())
        assert outcome.state == "succeeded", outcome
        assert len(rig.there()) == 1
        assert self.bodies(rig)[-1]["Employments"][0]["_createguid"] == str(uuid.uuid5(NAMESPACE, "1/1"))

    def test_changed_start_date_makes_a_second_record_in_spite_of_its_guid(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-03-31"))
        outcome = rig.one(self.position(start="2026-04-01"))
        assert outcome.state == "succeeded", outcome
        assert [e["StartDate"] for e in rig.there()] == ["2026-01-01", "2026-04-01"]

    def test_spent_guids_without_a_record_are_told(self, rig: Rig) -> None:
        spent = [uuid.uuid5(NAMESPACE, name) for name in ("1", "1/1", "1/2", "1/3", "1/4")]
        self.state(rig)["guids"] = [str(g) for g in spent]
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "created_before")
        assert rig.there() == []

    def test_siblings_survive_a_create_untouched(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-05-31"))
        self.state(rig)["employments"][0].update(LedgerAccount="5010", MonthRate=42000.0, PayGrade="A", Standard=True)
        before = rig.there()
        assert rig.one(self.position("2", "2026-06-01")).state == "succeeded"
        assert rig.there()[0] == before[0]
        sent = self.bodies(rig)[-1]["Employments"]
        assert [e["ID"] for e in sent] == [before[0]["ID"], 0]
        assert sent[0]["MonthRate"] == 42000.0
        assert [e["Standard"] for e in rig.there()] == [True, False]

    def test_lost_sibling_is_warned_of(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        rig.sync(self.position(end="2026-05-31"))
        gone = rig.there()[0]["ID"]
        real = UnimicroSandbox._save_nested

        def save(sandbox: UnimicroSandbox, employee: dict[str, Any], item: Any) -> None:
            if item["ID"]:
                sandbox.state["employments"].clear()
            else:
                real(sandbox, employee, item)

        monkeypatch.setattr(UnimicroSandbox, "_save_nested", save)
        outcome = rig.one(self.position("2", "2026-06-01"))
        assert outcome.state == "succeeded"
        assert str(gone) in outcome.warnings[0].message

    def test_employee_survives_a_create_untouched(self, rig: Rig) -> None:
        self.state(rig)["employees"][0].update(FreeText="Nøkkelkort 12", EmploymentDate="2019-01-01")
        before = dict(self.state(rig)["employees"][0])
        rig.sync(self.position())
        after = dict(self.state(rig)["employees"][0])
        assert {k: v for k, v in after.items() if k != "UpdatedAt"} == {
            k: v for k, v in before.items() if k != "UpdatedAt"
        }

    def test_masked_national_id_is_never_written_back(self, rig: Rig) -> None:
        self.state(rig)["masked"] = True
        assert rig.one(self.position()).state == "succeeded"
        assert self.state(rig)["employees"][0]["SocialSecurityNumber"] == PERSON.national_id
        assert "SocialSecurityNumber" not in self.bodies(rig)[0]

    def test_links_of_an_answer_are_never_sent_back(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(percentage=Decimal("60")))
        assert any("_links" in c.answer for c in rig.calls)
        assert all("_links" not in body for body in self.bodies(rig))

    def test_thin_answer_is_completed_by_reading_again(self, rig: Rig) -> None:
        self.state(rig)["thin"] = True
        outcome = rig.one(self.position())
        assert outcome.sent is not None and outcome.sent.remote_id == str(rig.there()[0]["ID"])
        assert outcome.warnings == ()

    def test_lost_before_it_was_carried_out_is_sent_again(self, rig: Rig) -> None:
        rig.connector().check()
        rig.read_timeout = 0.3
        rig.fail(kind="hang", method="PUT", path="biz/employ", seconds=0.5, after=False)
        assert isinstance(rig.sync(self.position()).error, UnclearOutcomeError)
        time.sleep(0.3)  # now the server carries it out after all
        rig.read_timeout = None
        rig.one(self.position())
        assert len(rig.there()) == 1

    def test_employee_without_company_here_uses_the_sub_unit_there(self, rig: Rig) -> None:
        self.state(rig)["employees"][0]["SubEntityID"] = 4
        assert rig.one(self.position(without=("company",))).state == "succeeded"
        assert rig.there()[0]["SubEntityID"] == 4

    def test_company_without_number_uses_the_sub_unit_there(self, rig: Rig) -> None:
        assert rig.one(self.position(company=Company("Uten nummer"))).state == "succeeded"
        assert rig.there()[0]["SubEntityID"] == 3

    @pytest.mark.parametrize("number", ["911111111", "999888777"])
    def test_sub_unit_that_cannot_be_chosen(self, rig: Rig, number: str) -> None:
        """Unknown, or the legal entity itself although it has sub-units."""
        outcome = rig.one(self.position(company=Company("X", number)))
        assert (outcome.cause, outcome.field) == ("sub_unit_not_found", "company")
        assert number in outcome.message
        assert self.writes(rig) == []

    def test_sub_unit_table(self, rig: Rig) -> None:
        rig.settings["sub_units"] = {"999888777": "974760681"}
        assert rig.one(self.position(company=Company("X", "999 888 777"))).state == "succeeded"
        assert rig.there()[0]["SubEntityID"] == 4
        assert rig.one(self.position(company=Company("X", "999888777"))).cause == "nothing_to_change"

    def test_only_sub_entity_is_taken_even_as_legal_entity(self, rig: Rig) -> None:
        units = self.state(rig)["subentities"]
        units[:] = [u for u in units if u["ID"] == 1]
        rig.one(self.position(company=Company("X", "999888777")))
        assert rig.there()[0]["SubEntityID"] == 1

    def test_freelancer_needs_no_hours(self, rig: Rig) -> None:
        outcome = rig.one(self.position(contract_type="freelance", without=("percentage", "working_hours_scheme")))
        assert (outcome.state, outcome.warnings) == ("succeeded", ())
        sent = self.bodies(rig)[0]["Employments"][0]
        assert (sent["TypeOfEmployment"], sent["EmploymentType"]) == (3, 0)
        assert not {"HoursPerWeek", "WorkingHoursScheme", "LastWorkPercentChangeDate", "WorkPercent"} & set(sent)

    def test_what_hr_has_of_a_freelancer_is_not_sent(self, rig: Rig) -> None:
        rig.settings["weekly_hours_are_full_time"] = True
        freelance = self.position(contract_type="freelance", weekly_hours=Decimal("37.5"))
        outcome = rig.one(freelance)
        assert {"percentage", "weekly_hours", "working_hours_scheme"} <= set(outcome.unsent)
        assert "freelance" in str(outcome.unsent["percentage"])
        sent = self.bodies(rig)[0]["Employments"][0]
        assert not {"HoursPerWeek", "WorkingHoursScheme", "WorkPercent"} & set(sent)
        assert rig.one(freelance).cause == "nothing_to_change"

    def test_an_employee_who_becomes_a_freelancer_and_back(self, rig: Rig) -> None:
        rig.sync(self.position(working_hours_scheme="continuous"))
        rig.sync(self.position(working_hours_scheme="continuous", contract_type="freelance"))
        [there] = rig.there()
        assert [there[k] for k in ("WorkPercent", "WorkingHoursScheme", "HoursPerWeek")] == [0, 0, 0]
        assert rig.one(self.position(contract_type="freelance")).cause == "nothing_to_change"
        rig.sync(self.position(working_hours_scheme="continuous"))
        [there] = rig.there()
        assert [there[k] for k in ("WorkPercent", "WorkingHoursScheme", "HoursPerWeek")] == [80, 3, 33.6]
        assert rig.one(self.position(working_hours_scheme="continuous")).cause == "nothing_to_change"

    def test_a_percentage_that_a_clerk_gave_a_freelancer_stays(self, rig: Rig) -> None:
        rig.sync(self.position(contract_type="freelance"))
        self.state(rig)["employments"][0]["WorkPercent"] = 40.0
        assert rig.one(self.position(contract_type="freelance")).cause == "nothing_to_change"
        assert rig.there()[0]["WorkPercent"] == 40

    def test_ordinary_employment_without_percentage_is_warned_of(self, rig: Rig) -> None:
        outcome = rig.one(self.position(without=("percentage",)))
        assert outcome.state == "succeeded"
        [warning] = outcome.warnings
        assert not warning.field and warning.message.startswith("Percentage is empty"), "nothing was left unwritten"

    def test_new_employment_without_scheme_gets_the_default(self, rig: Rig) -> None:
        rig.one(self.position(without=("working_hours_scheme",)))
        assert rig.there()[0]["WorkingHoursScheme"] == 1
        self.state(rig)["employments"][0]["WorkingHoursScheme"] = 5
        assert rig.one(self.position(without=("working_hours_scheme",))).cause == "nothing_to_change"

    def test_an_emptied_scheme_becomes_the_default_with_its_hours(self, rig: Rig) -> None:
        rig.sync(self.position(working_hours_scheme="continuous"))
        outcome = rig.one(self.position(without=("working_hours_scheme",)))
        assert (rig.there()[0]["WorkingHoursScheme"], rig.there()[0]["HoursPerWeek"]) == (1, 37.5)
        assert not outcome.warnings

    def test_the_default_fills_in_an_empty_scheme_and_leaves_a_clerks_hours(self, rig: Rig) -> None:
        rig.one(self.position(without=("working_hours_scheme",)))
        self.state(rig)["employments"][0] |= {"WorkingHoursScheme": 0, "HoursPerWeek": 40}
        rig.sync(self.position(without=("working_hours_scheme",)))
        assert (rig.there()[0]["WorkingHoursScheme"], rig.there()[0]["HoursPerWeek"]) == (1, 40)

    def test_an_employment_that_goes_on_without_a_break_counts_from_the_first(self, rig: Rig) -> None:
        rig.sync(
            self.position("1", "2020-01-01", "2024-12-31"),
            self.position("2", "2025-01-01", "2025-12-31"),
            self.position("3", "2026-01-02"),
        )
        assert [e["SeniorityDate"] for e in rig.there()] == [None, "2020-01-01", None], "a day between is a break"
        self.state(rig)["employments"][2]["SeniorityDate"] = "2018-05-01"  # a clerk's
        rig.sync(self.position("3", "2026-01-02", "2026-06-30"), self.position("4", "2026-07-01"))
        assert [e["SeniorityDate"] for e in rig.there()][2:] == ["2018-05-01", "2018-05-01"]

    def test_a_freelancers_years_are_none_of_service(self, rig: Rig) -> None:
        rig.sync(self.position("1", "2024-01-01", "2025-12-31", contract_type="freelance"), self.position("2"))
        assert [e["SeniorityDate"] for e in rig.there()] == [None, None]

    # -- hours ---------------------------------------------------------------------------------------------

    def test_own_weekly_hours_are_never_the_full_time_norm(self, rig: Rig) -> None:
        outcome = rig.one(self.position(weekly_hours=Decimal("18.75"), percentage=Decimal("50")))
        assert "weekly_hours" in outcome.unsent
        assert (rig.there()[0]["HoursPerWeek"], rig.there()[0]["WorkPercent"]) == (37.5, 50.0)

    def test_norm_of_the_connection(self, rig: Rig) -> None:
        rig.settings["full_time_hours"] = Decimal("35.5")
        rig.one(self.position())
        assert rig.there()[0]["HoursPerWeek"] == 35.5

    @pytest.mark.parametrize(
        ("scheme", "hours"),
        [
            ("not_shift", 37.5),
            ("shift_365", 36.5),
            ("round_the_clock", 35.5),
            ("continuous", 33.6),
            ("offshore_336", 33.6),
        ],
    )
    def test_the_norm_follows_the_scheme(self, rig: Rig, scheme: str, hours: float) -> None:
        rig.one(self.position(working_hours_scheme=scheme))
        assert rig.there()[0]["HoursPerWeek"] == hours

    def test_the_table_of_hours_goes_before_the_one_number(self, rig: Rig) -> None:
        rig.settings |= {"full_time_hours": Decimal("37"), "full_time_hours_by_scheme": {"ShiftWork": "35,5"}}
        found = []
        for n, scheme in enumerate(("shift_365", "continuous", "not_shift")):
            rig.one(self.position(str(n), f"202{n}-01-01", f"202{n}-12-31", working_hours_scheme=scheme))
            found.append(rig.there()[-1]["HoursPerWeek"])
        assert found == [35.5, 37, 37]

    def test_a_change_of_scheme_changes_the_norm(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(working_hours_scheme="continuous"))
        assert rig.there()[0]["HoursPerWeek"] == 33.6
        rig.sync(self.position(working_hours_scheme="continuous", percentage=Decimal("60")))
        assert rig.there()[0]["HoursPerWeek"] == 33.6
        self.state(rig)["employments"][0]["HoursPerWeek"] = 34  # a clerk's
        rig.sync(self.position(working_hours_scheme="continuous", percentage=Decimal("70")))
        assert rig.there()[0]["HoursPerWeek"] == 34
        rig.sync(self.position())
        assert rig.there()[0]["HoursPerWeek"] == 37.5

    def test_weekly_hours_that_are_the_norm_are_sent(self, rig: Rig) -> None:
        rig.settings["weekly_hours_are_full_time"] = True
        rig.one(self.position(weekly_hours=Decimal("40")))
        assert rig.there()[0]["HoursPerWeek"] == 40
        outcome = rig.one(self.position(weekly_hours=Decimal("35.5")))
        assert set(outcome.changes) == {"weekly_hours"}
        assert rig.there()[0]["HoursPerWeek"] == 35.5

    # -- changing ------------------------------------------------------------------------------------------

    def test_whole_object_goes_back(self, rig: Rig) -> None:
        """What the pretend server is not sent, it empties."""
        rig.sync(self.position())
        clerk = {"LedgerAccount": "5010", "MonthRate": 42000.5, "PayGrade": "A", "SeniorityDate": "2012-08-01"}
        self.state(rig)["employments"][0].update(clerk)
        self.state(rig)["dimensions"][0]["ProjectID"] = 7
        rig.sync(self.position(percentage=Decimal("60"), department=Department("LAG1")))
        [there] = rig.there()
        assert {k: there[k] for k in clerk} == clerk
        assert there["Standard"] is True
        assert (there["Dimensions"]["ProjectID"], there["Dimensions"]["DepartmentID"]) == (7, 12)

    @pytest.mark.parametrize(
        ("start", "end", "since"), [("2026-09-01", None, "2026-09-01"), ("2026-01-01", "2026-03-31", "2026-01-01")]
    )
    def test_before_its_first_day_and_after_its_last_a_percentage_is_corrected(
        self, rig: Rig, start: str, end: str | None, since: str
    ) -> None:
        rig.sync(self.position(start=start, end=end))
        rig.sync(self.position(start=start, end=end, percentage=Decimal("60")))
        assert rig.there()[0]["LastWorkPercentChangeDate"] == since
        assert rig.there()[0]["LastSalaryChangeDate"] == start

    def test_what_a_clerk_put_there_is_replaced_from_today(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig)["employments"][0]["WorkPercent"] = 50.0
        rig.sync(self.position())
        assert self.told(rig) == [("2026-06-15", 80.0)]

    def test_first_percentage_holds_from_the_start(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig)["employments"][0].update(WorkPercent=0.0, LastWorkPercentChangeDate=None)
        rig.sync(self.position())
        assert rig.there()[0]["LastWorkPercentChangeDate"] == "2026-01-01"

    def test_other_changes_leave_the_day_of_the_percentage(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(remuneration_type="hourly"))
        [there] = rig.there()
        assert (there["RemunerationType"], there["LastWorkPercentChangeDate"]) == (2, "2026-01-01")

    def test_moved_start_takes_its_days_along(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.sync(self.position(start="2026-02-01"), move=True)
        [there] = rig.there()
        assert (there["LastWorkPercentChangeDate"], there["LastSalaryChangeDate"]) == ("2026-02-01", "2026-02-01")

    def test_occupation_code_of_an_employment_is_locked(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.one(self.position(occupation_code="1233101"))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "job_code_locked", "occupation_code")
        assert "5221126" in outcome.message and "add a new one" in outcome.message
        assert rig.one(self.position(occupation_code="1233101"), execute=False).cause == "job_code_locked"
        assert self.writes(rig) == []

    def test_the_lock_of_the_occupation_code_can_be_lifted_with_a_warning(self, rig: Rig) -> None:
        rig.settings["change_occupation_code"] = True
        rig.sync(self.position())
        preview = rig.one(self.position(occupation_code="1233101"), execute=False)
        outcome = rig.one(self.position(occupation_code="1233101"))
        for found in (preview, outcome):
            [warning] = found.warnings
            assert "from 5221126 to 1233101" in warning.message and "a-melding may be rejected" in warning.message
        assert (rig.there()[0]["JobCode"], rig.there()[0]["JobName"]) == ("1233101", "SALGSSJEF")
        again = rig.one(self.position(occupation_code="1233101"))
        assert (again.cause, again.warnings) == ("nothing_to_change", ())
        moved = rig.one(self.position(company=Company("Fjellheim Kafé", "974760681"), occupation_code="1233101"))
        assert moved.cause == "sub_entity_locked"

    def test_sub_unit_of_an_employment_is_locked(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        outcome = rig.one(self.position(company=Company("Fjellheim Kafé", "974760681")))
        assert (outcome.state, outcome.cause, outcome.field) == ("failed", "sub_entity_locked", "company")
        assert "974760673" in outcome.message
        assert self.writes(rig) == []

    def test_end_and_create_is_the_way_to_another_code(self, rig: Rig) -> None:
        rig.sync(self.position())
        report = rig.sync(
            self.position("2", "2026-07-01", occupation_code="1233101"),
            self.position(end="2026-06-30", end_reason="internal_transfer"),
        )
        assert {o.state for o in report.outcomes.values()} == {"succeeded"}
        assert [e["JobName"] for e in rig.there()] == ["BUTIKKMEDARBEIDER", "SALGSSJEF"]

    def test_locks_are_declared_causes(self) -> None:
        declared = {c.code for c in SYSTEM.causes}
        assert {"job_code_locked", "sub_entity_locked"} <= declared

    def test_empty_code_there_may_be_filled_in(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig)["employments"][0].update(JobCode="", JobName="")
        assert rig.one(self.position()).state == "succeeded"
        assert (rig.there()[0]["JobCode"], rig.there()[0]["JobName"]) == ("5221126", "BUTIKKMEDARBEIDER")

    def test_change_there_since_it_was_read_is_stale(self, rig: Rig) -> None:
        rig.sync(self.position())
        with opened(rig) as connector:
            employee = connector.find_employee(rig.person)
            [remote] = connector.read(employee)
            self.state(rig)["employments"][0]["WorkPercent"] = 75.0
            rig.forget_calls()
            wanted = Wanted("1", {**remote.values, "percentage": Decimal(60)})
            with pytest.raises(StaleError):
                connector.update(employee, rig.person, remote, {"percentage": Change(Decimal(80), Decimal(60))}, wanted)
        assert self.writes(rig) == []

    def test_run_reads_again_when_it_was_changed_meanwhile(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        rig.sync(self.position())
        self.after_the_first_list(
            rig, monkeypatch, lambda sandbox: sandbox.state["employments"][0].update(RemunerationType=2)
        )
        outcome = rig.one(self.position(percentage=Decimal("60")))
        assert outcome.state == "succeeded", outcome
        assert set(outcome.changes) == {"percentage", "remuneration_type"}

    def test_employment_deleted_meanwhile_is_stale(self, rig: Rig) -> None:
        rig.sync(self.position())
        with opened(rig) as connector:
            employee = connector.find_employee(rig.person)
            [remote] = connector.read(employee)
            self.state(rig)["employments"].clear()
            wanted = Wanted("1", {**remote.values, "percentage": Decimal(60)})
            with pytest.raises(StaleError):
                connector.update(employee, rig.person, remote, {"percentage": Change(Decimal(80), Decimal(60))}, wanted)

    def test_who_is_called_in_is_temporary_and_on_call(self, rig: Rig) -> None:
        rig.sync(self.position(contract_type="casual"))
        assert rig.there()[0]["EmploymentType"] == 5
        assert rig.one(self.position(contract_type="casual")).cause == "nothing_to_change"
        rig.forget_calls()  # on today's platform, and newer than the published contract

    def test_plain_shift_needs_the_customers_choice(self, rig: Rig) -> None:
        outcome = rig.one(self.position(working_hours_scheme="shift"))
        assert (outcome.cause, outcome.field) == ("no_translation", "working_hours_scheme")
        rig.settings["working_hours_schemes"] = {"shift": "ShiftWork"}
        rig.sync(self.position(working_hours_scheme="shift"))
        assert (rig.there()[0]["WorkingHoursScheme"], rig.there()[0]["HoursPerWeek"]) == (5, 36.5)

    def test_maritime_stays_maritime(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig)["employments"][0].update(TypeOfEmployment=2, ShipReg=1, ShipType=1, TradeArea=1)
        assert rig.one(self.position()).cause == "nothing_to_change"
        rig.sync(self.position(contract_type="temporary"))
        [there] = rig.there()
        assert (there["TypeOfEmployment"], there["EmploymentType"], there["ShipReg"]) == (2, 2, 1)

    def test_freelancer_who_becomes_an_employee(self, rig: Rig) -> None:
        rig.sync(self.position(contract_type="freelance"))
        rig.sync(self.position(contract_type="permanent"))
        assert (rig.there()[0]["TypeOfEmployment"], rig.there()[0]["EmploymentType"]) == (1, 1)

    # -- department ----------------------------------------------------------------------------------------

    def test_department_for_an_employment_without_dimensions(self, rig: Rig) -> None:
        rig.sync(self.position(without=("department",)))
        assert rig.there()[0]["Dimensions"] is None
        assert rig.one(self.position()).state == "succeeded"
        assert rig.there()[0]["Dimensions"]["DepartmentID"] == 11
        assert uuid.UUID(self.bodies(rig)[-1]["Dimensions"]["_createguid"])

    def test_department_is_cleared_only_where_it_was_ours(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert rig.one(self.position(without=("department",))).state == "succeeded"
        assert rig.there()[0]["Dimensions"]["DepartmentID"] is None
        self.state(rig)["dimensions"][0]["DepartmentID"] = 12
        assert rig.one(self.position(without=("department",))).cause == "nothing_to_change"

    def test_department_that_is_not_there(self, rig: Rig) -> None:
        outcome = rig.one(self.position(department=Department("NOPE", "Nope")))
        assert (outcome.cause, outcome.field) == ("department_not_found", "department")
        rig.settings["departments"] = {"NOPE": "LAG1"}
        assert rig.one(self.position(department=Department("NOPE", "Nope"))).state == "succeeded"
        assert rig.there()[0]["Dimensions"]["DepartmentID"] == 12

    def test_two_departments_with_one_number(self, rig: Rig) -> None:
        self.state(rig)["departments"].append({"ID": 99, "DepartmentNumber": "BUT1", "Name": "Butikk 2"})
        outcome = rig.one(self.position())
        assert outcome.cause == "department_not_found"
        assert "more than one" in outcome.message

    # -- ending --------------------------------------------------------------------------------------------

    def test_end_needs_a_reason(self, rig: Rig) -> None:
        outcome = rig.one(self.position(end="2026-12-31", without=("end_reason",)))
        assert (outcome.cause, outcome.field) == ("missing_required_field", "end_reason")
        assert rig.calls == []

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ("resigned", 3),
            ("dismissed", 2),
            ("contract_ended", 6),
            ("internal_transfer", 5),
            ("payroll_system_change", 4),
        ],
    )
    def test_end_reasons(self, rig: Rig, ours: str, theirs: int) -> None:
        rig.sync(self.position(end="2026-12-31", end_reason=ours))
        assert rig.there()[0]["EndDateReason"] == theirs

    def test_other_end_reason_is_the_customers_choice(self, rig: Rig) -> None:
        ended = self.position(end="2026-12-31", end_reason="other")
        assert rig.one(ended).cause == "no_translation"
        rig.settings["end_reasons"] = {"other": "EmployeeHasResigned"}
        assert rig.one(ended).state == "succeeded"
        assert rig.there()[0]["EndDateReason"] == 3

    def test_reopening_sends_null_and_no_reason(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        rig.sync(self.position())
        body = self.bodies(rig)[-1]
        assert "EndDate" in body
        assert (body["EndDate"], body["EndDateReason"]) == (None, 0)

    def test_end_set_there_is_cleared_because_the_period_is_ours(self, rig: Rig) -> None:
        rig.sync(self.position())
        self.state(rig)["employments"][0].update(EndDate="2026-08-31", EndDateReason=3)
        assert rig.one(self.position()).state == "succeeded"
        assert (rig.there()[0]["EndDate"], rig.there()[0]["EndDateReason"]) == (None, 0)

    def test_what_a_clerk_filled_in_stays(self, rig: Rig) -> None:
        rig.sync(self.position(without=("remuneration_type",)))
        self.state(rig)["employments"][0]["RemunerationType"] = 2
        assert rig.one(self.position(without=("remuneration_type",))).cause == "nothing_to_change"

    def test_cleared_here_is_cleared_there_if_it_was_ours(self, rig: Rig) -> None:
        rig.sync(self.position())
        assert rig.one(self.position(without=("remuneration_type",))).state == "succeeded"
        assert rig.there()[0]["RemunerationType"] == 0

    # -- deleting ------------------------------------------------------------------------------------------

    def test_what_never_began_is_deleted(self, rig: Rig) -> None:
        rig.rules = Rules(delete=True)
        rig.sync(self.position(start="2026-06-16"))
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert outcome.state == "succeeded" and "deleted in Unimicro" in outcome.message
        assert rig.there() == []

    @pytest.mark.parametrize(
        ("start", "end"),
        [("2026-01-01", None), ("2026-01-01", "2026-03-31"), ("2026-01-01", "2026-12-31"), ("2026-06-15", None)],
    )
    def test_what_has_begun_is_cancelled(self, rig: Rig, start: str, end: str | None) -> None:
        """It may have been reported, and a deletion is never reported: the authorities would keep it for good."""
        rig.rules = Rules(delete=True)
        rig.sync(self.position(start=start, end=end))
        clerk = {"MonthRate": 42000.5, "LedgerAccount": "5010"}
        self.state(rig)["employments"][0].update(clerk)
        rig.forget_calls()
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert outcome.state == "succeeded" and "cancelled" in outcome.message and "It had begun" in outcome.message
        assert [c.method for c in rig.calls if c.method != "GET"] == ["PUT"]
        [there] = rig.there()
        assert (there["StartDate"], there["EndDate"], there["EndDateReason"]) == (start, start, 1)
        assert {k: there[k] for k in clerk} == clerk
        new = rig.one(self.position("2", start))
        assert (new.state, new.action) == ("succeeded", "create"), "those days are free again"

    def test_what_was_reported_before_it_began_is_cancelled(self, rig: Rig) -> None:
        rig.rules = Rules(delete=True)
        rig.sync(self.position(start="2026-09-01"))
        self.state(rig)["reported"].append(rig.there()[0]["ID"])
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert outcome.state == "succeeded" and "a-melding" in outcome.message and "cancelled" in outcome.message
        [there] = rig.there()
        assert (there["EndDate"], there["EndDateReason"]) == ("2026-09-01", 1)

    def test_a_refused_cancellation_is_told_in_their_words(self, rig: Rig) -> None:
        rig.rules = Rules(delete=True)
        rig.sync(self.position())
        rig.fail(method="PUT", status=400, body='{"Message":"The period is closed."}')
        outcome = rig.sync(deleted=["1"]).outcomes["1"]
        assert (outcome.state, outcome.cause) == ("failed", "refused_by_target")
        assert outcome.vendor_text == "The period is closed."
        assert rig.there()[0]["EndDate"] is None

    def test_delete_answered_without_a_body(self, rig: Rig) -> None:
        rig.rules = Rules(delete=True)
        rig.sync(self.position(start="2026-09-01"))
        rig.fail(method="DELETE", status=204)
        assert rig.sync(deleted=["1"]).outcomes["1"].state == "succeeded"

    def test_delete_of_what_is_gone_is_done(self, rig: Rig) -> None:
        rig.sync(self.position())
        with opened(rig) as connector:
            employee = connector.find_employee(rig.person)
            [remote] = connector.read(employee)
            self.state(rig)["employments"].clear()
            rig.forget_calls()
            assert connector.delete(employee, remote).remote_id == remote.id
        assert not self.writes(rig)

    # -- reading -------------------------------------------------------------------------------------------

    def test_dates_with_and_without_a_time_are_days(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-12-31"))
        with opened(rig) as connector:
            [remote] = connector.read(connector.find_employee(rig.person))
        listed = [c for c in rig.calls if c.path == "api/biz/employments"][-1]
        assert "2026-01-01T00:00:00Z" in listed.answer
        assert (remote.start, remote.end) == (date(2026, 1, 1), date(2026, 12, 31))

    def test_enums_are_read_as_numbers_and_as_names(self, rig: Rig) -> None:
        rig.sync(self.position())
        stored = self.state(rig)["employments"][0]
        with opened(rig) as connector:
            plain = connector._values(stored)
            named = connector._values(
                {
                    **stored,
                    "TypeOfEmployment": "OrdinaryEmployment",
                    "EmploymentType": "Permanent",
                    "RemunerationType": "1",
                    "WorkingHoursScheme": "NonShift",
                    "EndDateReason": "NotSet",
                }
            )
            newer = connector._values({**stored, "WorkingHoursScheme": 9, "EndDateReason": None})
        assert plain == named
        assert (plain["contract_type"], plain["end_reason"]) == ("Permanent", None)
        assert newer["working_hours_scheme"] == "9"

    def test_collections_are_read_page_by_page(self, rig: Rig) -> None:
        """The server gives at most 25 rows however many are asked for, and does not say so."""
        self.state(rig)["max_page"] = 25
        for n in range(100, 160):
            self.state(rig)["departments"].append({"ID": n, "DepartmentNumber": f"D{n}", "Name": f"D{n}"})
        assert rig.one(self.position(department=Department("D159"))).state == "succeeded"
        pages = [parse_qs(c.query) for c in rig.calls if c.path == "api/biz/departments"]
        assert [p["skip"][0] for p in pages] == ["0", "25", "50"]
        assert all(p["top"] == ["100"] and p["orderby"] == ["ID"] for p in pages)

    def test_every_period_is_read_however_many_there_are(self, rig: Rig) -> None:
        rig.sync(self.position())
        first = self.state(rig)["employments"][0]
        for n in range(60):
            start = date(2010, 1, 1) + timedelta(days=30 * n)
            self.state(rig)["employments"].append(
                {**first, "ID": 9000 + n, "StartDate": str(start), "EndDate": str(start + timedelta(days=9))}
            )
        with opened(rig) as connector:
            assert len(connector.read(connector.find_employee(rig.person))) == 61

    def test_server_that_ignores_skip_is_noticed(self, rig: Rig) -> None:
        self.state(rig)["ignores"] = ["skip"]
        for n in range(100, 160):
            self.state(rig)["departments"].append({"ID": n, "DepartmentNumber": f"D{n}", "Name": f"D{n}"})
        assert isinstance(rig.sync(self.position(department=Department("D159"))).error, UnavailableError)

    def test_others_employments_are_left_out_if_the_filter_is_not_kept(self, rig: Rig) -> None:
        rig.sync(self.position())
        other = rig.add(replace(PERSON, number="7", email="", national_id=""))
        rig.forget_calls()
        with opened(rig) as connector:
            employee = connector.find_employee(replace(PERSON, number="7", email="", national_id=""))
            assert employee.id == other
            self.state(rig)["ignores"] = ["filter"]
            assert connector.read(employee) == []

    def test_envelope_instead_of_a_bare_array_is_no_empty_list(self, rig: Rig) -> None:
        rig.fail(path="biz/employments", status=200, body='{"Items": []}')
        report = rig.sync(self.position())
        assert isinstance(report.error, UnavailableError)
        assert rig.there() == []
        rig.forget_calls()  # the envelope is not in the contract either

    def test_unchanged_takes_two_calls_and_two_registers(self, rig: Rig) -> None:
        rig.sync(self.position())
        rig.forget_calls()
        rig.sync(self.position())
        assert self.paths(rig) == [
            f"GET api/biz/employees/{rig.employee_id}",
            "GET api/biz/employments",
            "GET api/biz/subentities",
            "GET api/biz/departments",
        ]

    def test_registers_are_read_once_a_turn(self, rig: Rig) -> None:
        rig.sync(self.position(end="2026-05-31"), self.position("2", "2026-06-01"))
        for register in ("STYRK", "subentities", "departments"):
            assert self.paths(rig).count(f"GET api/biz/{register}") == 1

    # -- refusals ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("body", "text", "field"),
        [
            ('{"Message":"Ansatt er låst"}', "Ansatt er låst", ""),
            ('{"Messages":[{"Message":"En"},{"Message":"To"}]}', "En To", ""),
            ('{"_validationResults":{"":[{"Message":"Hele"}]}}', "Hele", ""),
            ('{"_validationResults":{"WorkPercent":[{"Message":"For høy"}]}}', "For høy", "percentage"),
            ('{"_validationResults":{"Employments.StartDate":[{"Message":"Dato"}]}}', "Dato", "start_date"),
            (
                '{"Message":"Feil","_validationResults":{"JobCode":[{"Message":"Kode"},{"Message":"Navn"}]}}',
                "Feil Kode Navn",
                "occupation_code",
            ),
            ("Bad Request", "Bad Request", ""),
            # In a form that is not known, a value may be anything of anybody's: its name alone is kept.
            ('{"other":"shape"}', '{"other": "(not kept)"}', ""),
            ('["odd"]', '["odd"]', ""),
        ],
    )
    def test_error_bodies(self, rig: Rig, body: str, text: str, field: str) -> None:
        rig.fail(method="PUT", status=400, body=body)
        outcome = rig.one(self.position())
        assert (outcome.state, outcome.cause) == ("failed", "refused_by_target")
        assert (outcome.vendor_text, outcome.field, outcome.vendor_code) == (text, field, "400")
        assert outcome.message.startswith("Unimicro refused it.")

    def test_refusal_of_one_leaves_the_other(self, rig: Rig) -> None:
        rig.fail(method="PUT", status=400, body='{"Message":"Nei"}')
        report = rig.sync(self.position(end="2026-05-31"), self.position("2", "2026-06-01"))
        assert [report.outcomes[i].state for i in ("1", "2")] == ["failed", "succeeded"]

    def test_value_that_the_server_kept_is_warned_of(self, rig: Rig) -> None:
        rig.sync(self.position())
        kept = {**rig.there()[0], "WorkPercent": 80}
        rig.fail(method="PUT", status=200, body=json.dumps(kept))
        outcome = rig.one(self.position(percentage=Decimal("60")))
        assert [w.field for w in outcome.warnings] == ["percentage"]

    def test_request_timeout_and_redirect_are_no_refusal_of_data(self, rig: Rig) -> None:
        for status in (408, 302):
            rig.fail(path="biz/employees", status=status)
            assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_rate_limit_is_passed_on(self, rig: Rig) -> None:
        rig.fail(method="PUT", status=429, headers={"Retry-After": "3"})
        error = rig.sync(self.position()).error
        assert isinstance(error, RateLimitedError)
        assert error.wait == 3

    def test_address_that_is_not_unimicro(self, rig: Rig) -> None:
        rig.fail(path="init/companies", status=404, body="<html>")
        assert isinstance(rig.sync(self.position()).error, UnavailableError)

    def test_a_page_for_people_is_not_an_employee_who_is_gone(self, rig: Rig) -> None:
        """A wrong address answers 404, too: nobody is looked for anew, and nothing is made twice."""
        rig.sync(self.position())
        for path in (f"biz/employees/{rig.employee_id}", "biz/employments/"):
            rig.fail(path=path, status=404, headers={"Content-Type": "text/html"}, body="<html>Nothing here</html>")
            error = rig.sync(self.position(percentage=Decimal("60"))).error
            assert isinstance(error, UnavailableError), path
        rig.fail(path=f"biz/employees/{rig.employee_id}", status=404, body='{"Message":"x"}')
        assert rig.one(self.position(percentage=Decimal("60"))).state == "succeeded"
        assert len(rig.there()) == 1

    # -- the company's own fields and dimensions -----------------------------------------------------------

    OWN: ClassVar = {
        "title": ("title_field", "HrTitle", "Sjef", "Leder"),
        "manager": ("manager_field", "Manager", Manager("7"), Manager("8")),
        "first_day_of_work": ("first_day_field", "FirstDay", date(2026, 1, 5), date(2026, 1, 7)),
        "last_day_of_work": ("last_day_field", "LastDay", date(2026, 11, 20), date(2026, 11, 27)),
        "probation_end": ("probation_field", "ProbationEnd", date(2026, 6, 30), date(2026, 7, 31)),
        "notice_date": ("notice_field", "NoticeDate", date(2026, 8, 1), date(2026, 8, 2)),
    }

    def test_the_companys_own_fields(self, rig: Rig) -> None:
        """Off until a field is named; created, changed, emptied, and refused where there is no such field."""
        end = "2026-12-31"
        first: dict[str, Any] = {ours: row[2] for ours, row in self.OWN.items()}
        second: dict[str, Any] = {ours: row[3] for ours, row in self.OWN.items()}
        outcome = rig.one(self.position(end=end, **first))
        assert set(self.OWN) <= set(outcome.unsent) and rig.there()[0]["CustomValues"] == {}
        self.state(rig)["employments"][0]["CustomValues"] = {"Theirs": "x"}
        self.state(rig)["customFields"].append("Theirs")
        rig.settings |= {row[0]: row[1] for row in self.OWN.values()}
        said = {row[1]: str(getattr(row[2], "number", row[2])) for row in self.OWN.values()}
        assert set(rig.one(self.position(end=end, **first)).changes) == set(self.OWN)
        assert rig.there()[0]["CustomValues"] == {"Theirs": "x", **said}
        assert rig.one(self.position(end=end, **first)).cause == "nothing_to_change"
        assert set(rig.one(self.position(end=end, **second)).changes) == set(self.OWN)
        assert rig.there()[0]["CustomValues"]["HrTitle"] == "Leder"
        assert set(rig.one(self.position(end=end, without=("title",))).changes) == set(self.OWN)
        assert rig.there()[0]["CustomValues"] == {"Theirs": "x"}
        rig.one(self.position("2", "2027-01-01", **first))
        without_manager = {name: value for name, value in said.items() if name != "Manager"}
        assert rig.there()[1]["CustomValues"] == without_manager, "the manager of today is not that of 2027"
        assert rig.there()[0]["CustomValues"] == {"Theirs": "x"}, "lost when another employment was added"
        rig.one(self.position(end=end, **first))
        for ours, (setting, name, _, changed) in self.OWN.items():
            rig.settings[setting] = "NoSuchField"
            refused = rig.one(self.position(end=end, **{**first, ours: changed}))
            assert (refused.state, refused.cause, refused.field) == ("failed", "refused_by_target", ours), ours
            assert "NoSuchField" in refused.message and [s for m in refused.said for s in m.settings] == [setting]
            rig.settings[setting] = name
        rig.one(self.position(end=end, **first))
        assert {found.kind for found in self.drift(rig)} == {Kind.EQUAL}

    def test_two_fields_in_one_own_field_are_refused(self, rig: Rig) -> None:
        rig.settings |= {"first_day_field": "Day", "last_day_field": "Day"}
        outcome = rig.one(self.position(first_day_of_work=date(2026, 1, 5)))
        assert (outcome.state, outcome.cause, rig.calls) == ("failed", "value_refused", [])
        assert "own field Day" in outcome.message

    def test_the_cost_centre_is_a_value_of_a_dimension(self, rig: Rig) -> None:
        """By its ID, as the settings translate it; the department beside it stays."""
        assert "cost_centre" in rig.one(self.position(cost_centre="100")).unsent
        rig.settings |= {
            "cost_centre_dimension": "Dimension5ID",
            "cost_centres": {"100": "51", "200": "52", "300": "9"},
        }

        def dimensions() -> dict[str, Any]:
            return {k: v for k, v in rig.there()[0]["Dimensions"].items() if v and k != "ID"}

        department = dimensions()["DepartmentID"]
        assert set(rig.one(self.position(cost_centre="100")).changes) == {"cost_centre"}
        assert dimensions() == {"DepartmentID": department, "Dimension5ID": 51}
        assert rig.one(self.position(cost_centre="100")).cause == "nothing_to_change"
        assert rig.one(self.position(cost_centre="200")).state == "succeeded"
        assert dimensions()["Dimension5ID"] == 52
        assert rig.one(self.position()).state == "succeeded"
        assert dimensions() == {"DepartmentID": department}
        rig.forget_calls()
        for code in ("X9", "52"):  # the latter is the ID of another value there
            unknown = rig.one(self.position(cost_centre=code))
            assert (unknown.cause, unknown.field, rig.calls) == ("value_refused", "cost_centre", [])
            assert "no row" in unknown.message
        refused = rig.one(self.position(cost_centre="300"))
        assert (refused.cause, refused.field) == ("refused_by_target", "cost_centre")
        assert "under Cost centres" in refused.message
        rig.one(self.position("2", "2025-01-01", "2025-12-31", cost_centre="100", without=("department",)))
        assert rig.there()[0]["Dimensions"]["Dimension5ID"] == 51

    # -- the pretend server's own strictness: what the vendor leaves open is refused there ------------------

    @pytest.mark.parametrize(
        ("field", "value", "named"),
        [
            ("JobName", "Butikksjef", "JobName"),
            ("JobCode", "", "JobCode"),
            ("EndDate", "2025-12-31", "EndDate"),
            ("EndDate", "2026-12-31", "EndDateReason"),
            ("WorkPercent", 120, "WorkPercent"),
            ("EmploymentType", "Permanent", "EmploymentType"),
            ("SubEntityID", 1, "SubEntityID"),
            ("StartDate", "01.01.2026", "StartDate"),
            ("Title", "Sjef", "Title"),
        ],
    )
    def test_sandbox_is_strict(self, rig: Rig, field: str, value: Any, named: str) -> None:
        with opened(rig) as connector:
            employee = connector.find_employee(rig.person)
            body = {
                "EmployeeID": int(employee.id),
                "SubEntityID": 3,
                "JobCode": "5221126",
                "JobName": "BUTIKKMEDARBEIDER",
                "StartDate": "2026-01-01",
                "WorkPercent": 80,
            }
            with pytest.raises(DataRefusedError) as caught:
                connector._biz("POST", "employments", json={**body, field: value})
            assert connector._biz("POST", "employments", json=body).status == 201
            with pytest.raises(DataRefusedError) as second:
                connector._biz("POST", "employments", json={**body, "StartDate": "2026-03-01"})
        assert named in next(c.answer for c in rig.calls if c.status == 400)
        assert caught.value.vendor_text
        assert "another employment" in second.value.vendor_text

    def test_an_independent_client_is_refused_less(self, rig: Rig) -> None:
        """Partial bodies, unknown parameters, functions in filters, a person of its own: all that a client may try."""
        rig.sync(self.position())
        rig.sandbox.tenant.strict = False
        with opened(rig) as connector:
            path = f"employments/{rig.there()[0]['ID']}"
            assert connector._biz("PUT", path, json={"WorkPercent": 50}).json()["JobCode"] == "5221126"
            assert connector._biz("PUT", path, json={"EndDate": "2026-12-31", "Note": "x"}).ok
            for params in ({"top": 1, "skip": 0, "select": "ID,WorkPercent"}, {"shoeSize": 44, "select": "ID"}):
                assert set(connector._biz("GET", path, params=params).json()) <= {"ID", "WorkPercent"}
            name = {"BusinessRelationInfo": {"Name": "Kari Li", "DefaultEmail": {"EmailAddress": "kari@firma.test"}}}
            made = connector._biz("POST", "employees", json=name).json()
            found = "contains(BusinessRelationInfo.Name,'kari') and EmployeeNumber gt 0"
            rows = connector._biz("GET", "employees", params={"filter": found, "x": "y"}).json()
            assert [row["ID"] for row in rows] == [made["ID"]]
            assert connector._biz("GET", f"{path}?action=history").json() == []
            assert connector._biz("POST", "departments", json={"Name": "Kontor"}).status == 201
            assert connector._biz("DELETE", path).ok and rig.there() == []
            assert set(connector.http.get("endpoints").json()) == {"AppFramework", "Identity", "Files"}
            none = {"PATCH": path, "GET": "nothing/there"}
            answers = [connector.http.request(m, f"biz/{p}", headers=connector._headers, classify=lambda r: None)
                       for m, p in none.items()]  # fmt: skip
            assert [(a.status, list(a.json())) for a in answers] == [(405, ["Message"]), (404, ["Message"])]
        rig.forget_calls()  # the contract knows no such parameters

    def test_clock_of_the_organization_decides_the_assertion(self, rig: Rig) -> None:
        """A clock that is an hour slow signs assertions that have run out: refused with a hint at the clock."""
        with opened(rig) as connector:
            connector.context.now = lambda: datetime.now(UTC) - timedelta(hours=1)
            with pytest.raises(NotAuthorizedError, match="clock"):
                connector.tokens.get()
