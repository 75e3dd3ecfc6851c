"""What is masked where, character by character; `test_secret_forms.py` has the forms in which secrets leave."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from integrations.sdk.masking import (
    LONGEST_HEADER,
    LONGEST_NAME,
    MASK,
    MASKED_BEYOND,
    MOST_HEADERS,
    Masker,
    without_emails,
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"password": "a b", "id": 5}', f'{{"password": "{MASK}", "id": 5}}'),
        ('{"token":12345, "id": 5}', f'{{"token":"{MASK}", "id": 5}}'),
        (r'{"secret": "a\"b\\", "id": 5}', f'{{"secret": "{MASK}", "id": 5}}'),
        ('{"secret": "cut off', f'{{"secret": "{MASK}"'),
        ('{"a": {"token": "x", "secret": "y"}, "b": 1}', f'{{"a": {{"token": "{MASK}", "secret": "{MASK}"}}, "b": 1}}'),
        # What stands within a value that is masked is no name any more.
        ('{"token": "a?secret=b&c=d", "id": 5}', f'{{"token": "{MASK}", "id": 5}}'),
        (r'"{\"token\": \"abc\", \"id\": \"5\"}"', rf'"{{\"token\": \"{MASK}\", \"id\": \"5\"}}"'),
        ("{'token': 'abc', 'id': '5'}", f"{{'token': '{MASK}', 'id': '5'}}"),
        ("Grant(token='abc', id='5')", f"Grant(token='{MASK}', id='5')"),
        ("<a><Token> abc </Token><id>5</id></a>", f"<a><Token>{MASK}</Token><id>5</id></a>"),
        ("<Token/><id>5</id>", "<Token/><id>5</id>"),
        ('<a persnr="abc" id="5"/>', f'<a persnr="{MASK}" id="5"/>'),
        ('{"X-Netvisor-Authentication-MAC": "abc"}', f'{{"X-Netvisor-Authentication-MAC": "{MASK}"}}'),
        ("client_secret=abc&id=5", f"client_secret={MASK}&id=5"),
        ("https://a.example/x?token=abc&id=5", f"https://a.example/x?token={MASK}&id=5"),
        ("token=&id=5", "token=&id=5"),
        ("x -----BEGIN RSA PRIVATE KEY-----\nab\n-----END RSA PRIVATE KEY----- y", f"x {MASK} y"),
        ("x -----BEGIN PRIVATE KEY-----\nab", f"x {MASK}"),
        # In what stands behind the last dot, colon or at sign alone.
        ('{"token.type": "b", "a.token": "c"}', f'{{"token.type": "b", "a.token": "{MASK}"}}'),
        ('{"token:type": "b", "a:token": "c"}', f'{{"token:type": "b", "a:token": "{MASK}"}}'),
    ],
)
def test_what_follows_the_name_of_a_secret(text: str, masked: str) -> None:
    assert Masker().text(text) == masked


@pytest.mark.parametrize("length", [LONGEST_NAME, LONGEST_NAME + 1])
def test_a_long_name_of_a_secret_is_one_too(length: int) -> None:
    name = "x" * (length - 5) + "token"
    assert Masker().text(f'{{"{name}": "abc"}}') == f'{{"{name}": "{MASK}"}}'
    assert Masker().headers([(name, "abc")]) == {name[:LONGEST_NAME]: MASK}
    plain = "x" * length
    assert Masker().text(f'{{"{plain}": "abc"}}') == f'{{"{plain}": "abc"}}'
    assert Masker().headers([(plain, "abc")]) == {plain[:LONGEST_NAME]: "abc"}


def test_of_headers_a_few_are_kept_each_masked_before_it_is_cut() -> None:
    secret = "s3cr3t-" + "v" * 100
    at_the_cut = "y" * (LONGEST_HEADER - 5) + secret + "z" * MASKED_BEYOND * 2
    given = {"X-Netvisor-Authentication-MAC": "abc", "Authorization": "Bearer abc", "X-Note": at_the_cut, "X-Id": "5"}
    given |= {f"X-{n}": "1" for n in range(MOST_HEADERS)}
    kept = Masker([secret]).headers(given.items())
    assert list(kept) == list(given)[:MOST_HEADERS]
    assert kept["X-Netvisor-Authentication-MAC"] == kept["Authorization"] == MASK
    assert kept["X-Note"] == ("y" * (LONGEST_HEADER - 5) + MASK + "z" * 99)[:LONGEST_HEADER] and kept["X-Id"] == "5"
    # Behind the cut a secret may be as long as anything that is looked for.
    long = "s3cr3t-" + "v" * (MASKED_BEYOND - 7)
    [kept_note] = Masker([long]).headers([("X-Note", "y" * (LONGEST_HEADER - 5) + long)]).values()
    assert "s3cr" not in kept_note


def test_a_secret_of_four_characters_is_one_and_a_shorter_one_is_not() -> None:
    masker = Masker(["a1b2", "xyz", ""])
    masker.add("c3d4", "uvw")
    masker.about("e5f6", "rst")
    assert masker.words("a1b2 xyz c3d4 uvw e5f6 rst") == f"{MASK} xyz {MASK} uvw {MASK} rst"


def test_one_secret_may_be_a_part_of_another() -> None:
    for secrets in (["abcd", "xabcdx"], ["xabcdx", "abcd"]):
        masker = Masker(secrets)
        assert masker.words("xabcdx abcd") == f"{MASK} {MASK}"
        masker = Masker()
        for secret in secrets:
            masker.add(secret)
        assert masker.words("xabcdx abcd") == f"{MASK} {MASK}"


def test_blanks_around_a_secret_may_be_there_or_not() -> None:
    masker = Masker([" abc def "])
    assert masker.words("[abc def] [ abc def ]") == f"[{MASK}] [{MASK}]"
    assert masker.words(f"[{quote('abc def')}]") == f"[{MASK}]"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("secret", ["s3cr3t-8", "s3cr3t--9", "s3cr3t--10", "??>>~~ø?"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_in_base64_all_is_masked_but_the_characters_that_others_have_a_part_in(
    before: str, secret: str, encode: Callable[[bytes], bytes]
) -> None:
    whole = encode((before + secret + "xyz").encode()).decode()
    left = Masker([secret]).words(whole)
    first, _, last = left.partition(MASK)
    bits, length = 8 * len(before), 8 * len(secret.encode())
    assert MASK in left and len(first) == -(-bits // 6)
    assert len(whole) - len(last) == (bits + length) // 6


def test_in_base64_nothing_short_is_looked_for() -> None:
    """Four characters of it stand in every other text."""
    text = base64.b64encode(b"a1b2c3d").decode()
    assert Masker(["a1b2c3d"]).words(text) == text


def test_the_lines_of_a_key_are_masked_and_what_every_key_has_is_not() -> None:
    key = "-----BEGIN PRIVATE KEY-----\n  MIIEvQIB/+==\n12345678\n1234567\n-----END PRIVATE KEY-----"
    masker = Masker([key])
    assert masker.words("a MIIEvQIB/+== b 12345678 c") == f"a {MASK} b {MASK} c"
    assert masker.words(f"a {quote('MIIEvQIB/+==', safe='')} b") == f"a {MASK} b"
    assert masker.words("1234567") == "1234567", "too short to be looked for"
    assert masker.words("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


def test_of_a_secret_of_two_lines_each_is_one() -> None:
    assert Masker(["s3cr3t-one\ns3cr3t-two"]).words("s3cr3t-two, s3cr3t-one") == f"{MASK}, {MASK}"


@pytest.mark.parametrize("secret", ["'a\"\\1", "\n12345\t", "ø'\"\x7f"])
def test_in_a_program_s_words_all_of_it_is_masked(secret: str) -> None:
    assert Masker([secret]).words(repr(secret)) == repr(secret)[0] + MASK + repr(secret)[-1]
    assert Masker([secret]).words(json.dumps(secret)) == f'"{MASK}"'
    assert Masker([secret]).words(json.dumps(secret, ensure_ascii=False)) == f'"{MASK}"'


def test_small_hexadecimal_is_masked_whatever_is_quoted() -> None:
    secret = "a/b+c d/ø-1"
    for quoted in (quote(secret), quote(secret, safe="")):
        small = re.sub("%..", lambda found: found[0].lower(), quoted)
        assert Masker([secret]).words(f"{quoted} {small}") == f"{MASK} {MASK}"
    assert Masker([secret]).words(json.dumps(secret)) == f'"{MASK}"'


def test_the_log_of_a_process_knows_every_masker_s_secrets() -> None:
    one, other = Masker(["s3cr3t-one"]), Masker()
    other.add("s3cr3t-other")
    assert Masker.of_all("s3cr3t-one s3cr3t-other plain") == f"{MASK} {MASK} plain"
    assert one.words("s3cr3t-other") == "s3cr3t-other"


@pytest.mark.parametrize(
    ("text", "masked"),
    [("to a@b.example, c", f"to {MASK}, c"), ("to a%40b.example, c", f"to {MASK}, c"), ("@ home", "@ home")],
)
def test_e_mail_addresses(text: str, masked: str) -> None:
    assert without_emails(text) == masked


def test_a_sentence_keeps_its_numbers_and_a_record_does_not() -> None:
    """Eleven digits that are no national id may be a bank account's."""
    assert Masker().words("account 12345678911") == "account 12345678911"
    assert Masker().text("account 12345678911") == f"account {MASK}"
    assert Masker().words("is 14038512345") == f"is {MASK}"
