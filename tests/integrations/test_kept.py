"""What of a call is kept: what its connector declares, and the words of a refusal."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from integrations.connectors.http import Response
from integrations.connectors.kept import MOST_BYTES, MOST_VALUES, NOT_KEPT, NOTHING, Kept
from integrations.connectors.registry import systems
from integrations.connectors.system import Transport
from tests.integrations.systems import made_up

KEPT = Kept(["title", "id", "employee", "rows", "position.code"])


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"id": 7, "title": "Baker", "salary": 54_321}, {"id": 7, "title": "Baker", "salary": NOT_KEPT}),
        ({"Rows": [{"ID": 1}, {"ill": True}]}, {"Rows": [{"ID": 1}, {"ill": NOT_KEPT}]}),
        # What is declared counts where all around it is declared, too.
        ({"bank": {"id": "NO93", "rows": [1]}}, {"bank": {"id": NOT_KEPT, "rows": [NOT_KEPT]}}),
        ({"employee": {"id": 1, "child": {"id": 2}}}, {"employee": {"id": 1, "child": {"id": NOT_KEPT}}}),
        ({"title": {"salary": 1}}, {"title": {"salary": NOT_KEPT}}),
        ({"position": {"code": 1}}, {"position": {"code": NOT_KEPT}}),
        ({"salary": None}, {"salary": None}),
        # Values in the place of names.
        ({"54321": 1, "kari@example.com": 2, "Kari Nordmann": 3}, {NOT_KEPT: NOT_KEPT}),
        ({"@odata.id": "a", "employee.title": "b", "rows[0].id": "c"}, None),
    ],
)
def test_of_json(body: Any, kept: Any) -> None:
    assert json.loads(KEPT.body(json.dumps(body))) == (body if kept is None else kept)


def test_a_name_that_counts_below_another_only() -> None:
    kept = Kept(["position", "position.code"])
    found = json.loads(kept.body('{"code": 1, "position": {"code": 2, "description": 3}, "node": {"code": 4}}'))
    assert found == {"code": NOT_KEPT, "position": {"code": 2, "description": NOT_KEPT}, "node": {"code": NOT_KEPT}}


def test_of_xml() -> None:
    sent = (
        '<?xml version="1.0" encoding="iso-8859-1"?><Root xmlns:a="urn:a"><Employee id="3" pay="4">'
        "<a:Title>På</a:Title><Salary>54321</Salary><Child><Id>PRIVATE</Id></Child>PRIVATE</Employee><Tail/>PRIVATE</Root>"
    )
    kept = KEPT.body(sent.encode("iso-8859-1"), "text/xml")
    assert "På" in kept and 'id="3"' in kept and "<Salary>(not kept)</Salary>" in kept
    assert "54321" not in kept and "PRIVATE" not in kept and 'pay="4"' not in kept


def test_of_forms_and_addresses() -> None:
    assert KEPT.body(b"id=1&pay=2", "application/x-www-form-urlencoded") == "id=1&pay=(not%20kept)"
    address = KEPT.address("https://a.example/people/77?id=4&pay=5&title=a%40b.example&54321&$select=x#y")
    assert address.startswith("https://a.example/people/77?id=4&pay=(not%20kept)&title=(not%20kept)&(not%20kept)&")
    assert KEPT.address("http://[broken") == NOT_KEPT


def test_of_anything_else_its_size() -> None:
    assert KEPT.body("54321", "text/plain; charset=x") == "(5 bytes of text/plain, not kept)"
    assert KEPT.body('{"title": "Ba', "application/json") == "(13 bytes of application/json, not kept)"
    assert KEPT.body("<html><p>54321</p></html>") == "(25 bytes, not kept)"
    assert KEPT.body('"54321"') == "(7 bytes, not kept)" and KEPT.body(" \n") == ""


def test_the_words_of_a_refusal_stay() -> None:
    said = {"error": {"code": "E1", "message": "No such job"}, "salary": 54_321, "errors": {"title": ["too long"]}}
    assert json.loads(KEPT.body(json.dumps(said), refused=True)) == {**said, "salary": NOT_KEPT}
    assert "No such job" not in KEPT.body(json.dumps(said))
    assert KEPT.body("Not today", refused=True) == "Not today"
    assert KEPT.body("<html><title>x</title><p>Not &amp; today</p></html>", refused=True) == "Not & today"
    assert KEPT.body('{"salary": 54321, "mess', refused=True) == "(23 bytes, not kept)"


def test_who_declares_nothing_keeps_nothing_but_the_error() -> None:
    assert json.loads(NOTHING.body('{"id": 1, "title": "x"}')) == {"id": NOT_KEPT, "title": NOT_KEPT}
    assert json.loads(NOTHING.body('{"id": 1, "message": "no"}', refused=True)) == {"id": NOT_KEPT, "message": "no"}
    assert made_up().reads == "" and json.loads(made_up().kept.body('{"job": "x", "pay": 1}')) == {
        "job": "x",
        "pay": NOT_KEPT,
    }


@pytest.mark.parametrize(
    "body",
    [
        "[" * 400_000,
        '{"a":' * 400_000,
        "[" * 50 + "1" + "]" * 50,
        "[" + "1," * 200_000 + "1]",
        '{"id": ' + "9" * 500_000 + "}",
        '"\\ud800"',
        "<a>" * 200_000,
        "<a>" * 2_000 + "</a>" * 2_000,
        "<r>" + "<a/>" * 150_000 + "</r>",
        '<!DOCTYPE r [<!ENTITY a "aaaa">]><r>&a;</r>',
        '<?xml version="1.0" encoding="nonsense"?><r/>',
        "<html" + "<script" * 100_000,
        "a=" * 400_000 + "&" * 400_000,
        "\0\ufeff{",
        "x" * (MOST_BYTES + 1),
    ],
)
@pytest.mark.parametrize("refused", [False, True])
def test_no_body_takes_long_or_breaks_a_record(body: str, refused: bool) -> None:
    for media_type in ("application/json", "application/x-www-form-urlencoded", "text/html", "\0" * 10_000):
        for given in (body, body.encode("utf-8", "surrogatepass")):
            started = time.process_time()
            assert isinstance(KEPT.body(given, media_type, refused=refused), str)
            assert time.process_time() - started < 1.0
    assert isinstance(KEPT.address(f"https://a.example/?{body}"), str)


def test_values_are_counted() -> None:
    kept = json.loads(Kept(["id"]).body(json.dumps([{"id": n} for n in range(MOST_VALUES)])))
    assert 100 < len(kept) <= MOST_VALUES // 2


def test_a_good_answer_is_never_told_in_the_words_of_a_refusal() -> None:
    for body in (b'{"salary": 54321}', b"salary 54321", b"<r><salary>54321</salary></r>", b'{"salary": 54321'):
        for status in (200, 302):
            assert "54321" not in Response(status, {}, body, None, KEPT).words["vendor_text"]


@pytest.mark.parametrize("system", [s for s in systems() if s.transport is Transport.HTTP], ids=lambda s: s.key)
def test_every_field_is_kept_and_nothing_private_is_declared(system: Any) -> None:
    private = (
        *("salary", "annualSalary", "hourlyWage", "taxCard", "taxDeductionCode", "address", "bankAccount"),
        *("dateOfBirth", "birthDate", "BirthDate", "nationalIdentityNumber", "personIds", "SocialSecurityNumber"),
        *("firstName", "lastName", "email", "EmailAddress", "phone", "family", "children", "sickLeave", "health"),
    )  # fmt: skip
    declared = {name.lower() for name in system.reads.split()}
    assert not declared & {name.lower() for name in private}
    kept = system.kept.body(json.dumps(dict.fromkeys(private, "PRIVATE")))
    assert "PRIVATE" not in kept
    assert "PRIVATE" not in system.kept.body(json.dumps(dict.fromkeys(private, "PRIVATE")), refused=True)
