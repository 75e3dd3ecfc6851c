"""What of a call is kept: what its connector declares, and the words of a refusal."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest

from integrations.sdk.declaration import Transport
from integrations.sdk.http import Response
from integrations.sdk.kept import LONGEST_WORDS, MOST_BYTES, MOST_PAIRS, MOST_VALUES, NOT_KEPT, NOTHING, Kept
from integrations.systems.registry import systems
from positions.nesting import DEEPEST
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


def test_of_xml_where_it_is_one_element_or_has_odd_names() -> None:
    assert KEPT.body("<salary>54321</salary>") == "<salary>(not kept)</salary>"
    assert KEPT.body("<a:title xmlns:a='urn:a'>Baker</a:title>").endswith(">Baker</ns0:title>")
    assert KEPT.body("<r><title/><pay> </pay><id-14038512345>7</id-14038512345></r>") == (
        "<r><title /><pay> </pay><not-kept>(not kept)</not-kept></r>"
    )
    # An attribute counts below its own element, as "position.code"; one that is no name is left out.
    kept = Kept(["position", "position.code", "id"]).body(
        "<r><position code='1' pay='2' a12345='3'/><id code='1'/></r>"
    )
    assert kept == '<r><position code="1" pay="(not kept)" /><id code="(not kept)" /></r>'


def test_an_element_that_counts_below_another_only() -> None:
    sent = "<r><code>1</code><position><code>2</code></position><node><code>3</code></node></r>"
    found = Kept(["position", "position.code"]).body(sent)
    assert found == sent.replace("1", NOT_KEPT).replace("3", NOT_KEPT)


def test_what_stands_in_a_list_stands_below_its_name() -> None:
    said = '{"position": [{"code": 2}], "node": [{"code": 3}]}'
    kept = Kept(["position", "node", "position.code"]).body(said)
    assert kept == said.replace("3", f'"{NOT_KEPT}"')


def test_of_a_refusal_what_is_declared_and_its_words() -> None:
    said = '{"id": 1, "message": "no", "pay": 2}'
    assert Kept(["id"]).body(said, refused=True) == said.replace("2", f'"{NOT_KEPT}"')
    assert Kept(["id"]).body(said) == said.replace("2", f'"{NOT_KEPT}"').replace("no", NOT_KEPT, 1)


def test_a_bank_s_id_within_xml_is_not_kept_either() -> None:
    assert KEPT.body("<r><bank><id>NO93</id></bank><employee><id>1</id></employee></r>") == (
        "<r><bank><id>(not kept)</id></bank><employee><id>1</id></employee></r>"
    )


@pytest.mark.parametrize("levels", [DEEPEST, DEEPEST + 1])
def test_what_is_nested_deeper_than_anybody_needs_is_not_kept(levels: int) -> None:
    within = levels <= DEEPEST
    rows = "[" * levels + "7" + "]" * levels
    assert Kept(["rows"]).body(rows) == (rows if within else f"({len(rows)} bytes, not kept)")
    rows = '{"rows": ' * levels + "7" + "}" * levels
    assert Kept(["rows"]).body(rows) == (rows if within else f"({len(rows)} bytes, not kept)")
    kept = Kept(["rows"]).body("<rows>" * (levels + 1) + "7" + "</rows>" * (levels + 1))
    assert kept.count("<rows") == DEEPEST + 1 and ("7" in kept) is within


def test_of_many_pairs_and_elements_the_first() -> None:
    pairs = ["pay=54321", *(f"id={n}" for n in range(MOST_PAIRS + 4))]
    kept_pairs = "&".join(["pay=(not%20kept)", *pairs[1:MOST_PAIRS]])
    assert KEPT.address(f"https://a.example/?{'&'.join(pairs)}") == f"https://a.example/?{kept_pairs}"
    assert KEPT.body("<r>" + "<id>7</id>" * MOST_VALUES + "</r>").count("<id>7</id>") == MOST_VALUES - 1
    assert json.loads(KEPT.body(json.dumps([7] * MOST_VALUES))) == [7] * (MOST_VALUES - 1)
    names = ["".join(letters) for letters in itertools.product("abcdefghijklmnop", repeat=3)][:MOST_VALUES]
    assert list(json.loads(KEPT.body(json.dumps(dict.fromkeys(names, 7))))) == names[:-1]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", ""),
        ("id=", "id="),
        ("pay=", "pay="),
        ("&id=1&&title=a%20b&", "&id=1&&title=a%20b&"),
        ("id=a=b", "id=a=b"),
        ("id=a@b.example", "id=(not%20kept)"),
        ("id", "(not%20kept)"),
        ("Kari+Nordmann=1", "(not%20kept)"),
        ("ro%77s=1", "ro%77s=1"),
        ("position.code=1", "position.code=(not%20kept)"),
        ("grant_type=x&scope=y&client_secret=z", "grant_type=x&scope=y&client_secret=(not%20kept)"),
    ],
)
def test_of_pairs(sent: str, kept: str) -> None:
    assert KEPT.body(sent, "application/x-www-form-urlencoded; charset=utf-8") == kept
    assert KEPT.address(f"https://a.example/x?{sent}#54321") == f"https://a.example/x?{kept}".removesuffix("?")


def test_a_body_is_looked_into_up_to_a_size() -> None:
    for size in (MOST_BYTES, MOST_BYTES + 1):
        body = '{"id": "' + "x" * (size - 10) + '"}'
        kept = KEPT.body(body, " application/json;charset=utf-8")
        assert kept == (body if size == MOST_BYTES else f"({size} bytes of application/json, not kept)")


def test_of_the_words_of_a_refusal_the_beginning() -> None:
    assert KEPT.body("x" * 3000, refused=True) == "x" * LONGEST_WORDS
    assert KEPT.body(f"<p>{'x' * 3000}</p>", refused=True) == "x" * LONGEST_WORDS
    assert KEPT.body(f"<p>{'<b>' * 3000}x</p>y" + " " * 20_000 + "z", refused=True) == "x y"
    assert KEPT.body(" \r\n<!DOCTYPE html><x>Not today</x>", refused=True) == "Not today"
    assert KEPT.body("<x>Not today</x>", "text/html", refused=True) == "Not today"
    assert KEPT.body("<x>Not today</x>", "text/html") == "(16 bytes of text/html, not kept)"
    assert KEPT.body("<x><message>Not today</message></x>", "text/xml", refused=True) == (
        "<x><message>Not today</message></x>"
    )
    script = "<html><script>var a = '<b>';</script> <STYLE>b</STYLE>Not<br>today<script>cut"
    assert KEPT.body(script, refused=True) == "Not today"


def test_of_bytes_that_are_no_text_the_size() -> None:
    assert KEPT.body(b"\xef\xbb\xbf" + b'{"id": 1}', "application/json") == '{"id": 1}'
    assert KEPT.body(b"\xff\xfe", "application/octet-stream") == "(2 bytes of application/octet-stream, not kept)"
    assert KEPT.body('{"title": "På"}') == '{"title": "På"}'


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
