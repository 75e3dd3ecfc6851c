"""No pattern that meets text of strangers takes more time than grows with its length: each is fed its worst."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import config
import integrations.sdk
import integrations.systems
import positions
import synclog
from integrations.sdk.masking import LONGEST_HEADER, MOST_HEADERS, Masker
from integrations.sdk.refusals import Says
from positions.privacy.national_ids import masked_strictly

SIZE = 15_000  # characters; a pattern that grows with the square takes many seconds for so many
SECONDS = 1.0

# Whatever meets texts of strangers: of systems, of who sends a file, a form or an address.
_NOT_MET = ("migrations", "management", "bench", "sandbox", "demo", "locale", "wsgi", "config.keys")
MODULES = [
    *(
        importlib.import_module(module.name)
        for package in (positions, synclog, config)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.ispkg and not any(part in module.name for part in _NOT_MET)
    ),
    *(
        importlib.import_module(f"integrations.sdk.{module.name}")
        for module in pkgutil.iter_modules(integrations.sdk.__path__)
    ),
    *(
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(integrations.systems.__path__, "integrations.systems.")
        if not module.ispkg and ".sandbox" not in module.name  # its parts too
    ),
]


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled one, and every one that is written where it is used."""
    for module in MODULES:
        name = ".".join(module.__name__.split(".")[-2:])
        for thing, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield f"{name}.{thing}", value
            for number, row in enumerate(value if isinstance(value, tuple) else (value,)):
                if isinstance(row, Says) and row.words:
                    yield f"{name}.{thing}.{number}", re.compile(row.words, re.I)
                if isinstance(row, tuple) and len(row) == 2 and "NAMES" in thing:
                    yield f"{name}.{thing}.{row[0]}", re.compile(row[1], re.I)
        for call in ast.walk(ast.parse(inspect.getsource(module))):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and isinstance(call.func.value, ast.Name)
                and call.func.value.id == "re"
                and call.args
                and isinstance(call.args[0], ast.Constant)
                and isinstance(call.args[0].value, str)
            ):
                yield f"{name}:{call.lineno}", re.compile(call.args[0].value)


ALL = dict(patterns())


def worst(pattern: re.Pattern[str]) -> set[str]:
    """Long texts out of what the pattern itself is looking for: its characters, its words, beginnings of a match
    without an end, over and over again."""
    words = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\\.", " ", pattern.pattern)))
    between = {f"{letter}{sign}" for letter in "a1" for sign in "-@:.,;' \t"} | {"\t ", '\t"', "\t'", "'a", ",'"}
    signs = set(re.sub(r"\\[a-zA-Z]|[()?*+|{}^$]", "", pattern.pattern)) | set(' \t1a<>"=&-.:/\\[]')
    units = {*signs, *words, *(f"{word}{sign}" for word in words for sign in ' "=<>:')}
    units |= (
        {f"{sign}{word}" for word in words for sign in ' "<&?'} | {f"<{w}>" for w in words} | {f"<{w} " for w in words}
    )
    units |= {
        "<a",
        "<script",
        '"a',
        '"a"',
        ' a="',
        "&a=",
        "-----BEGIN ",
        "010190",
        "01019012345",
        '"01019012345",',
        "\\\\",
    }
    return {unit * (SIZE // len(unit)) + "!" for unit in units | between}


@pytest.mark.parametrize("name", ALL)
def test_a_pattern_is_linear(name: str) -> None:
    pattern = ALL[name]
    for text in worst(pattern):
        started = time.process_time()
        for _ in pattern.finditer(text):
            pass
        pattern.match(text)
        pattern.fullmatch(text)
        assert time.process_time() - started < SECONDS, f"{text[:60]!r}"


def test_there_are_patterns() -> None:
    assert len(ALL) > 80
    assert {"sdk.masking._JSON_NAME", "privacy.national_ids._FOUND", "fortnox.refusals._NAMES.title"} <= set(ALL)
    assert any(name.startswith("xledger.refusals.REFUSALS.") for name in ALL)


HOSTILE = {
    "names of secrets": "token" * (SIZE // 5),
    "names in an address": "?" + "token" * (SIZE // 5),
    "attributes": ' token="' * (SIZE // 8),
    "one attribute": " " + "password" * (SIZE // 8) + '="',
    "one tag": "<" + "nationalid" * (SIZE // 10),
    "tags": "<token>" * (SIZE // 7),
    "tags without an end": "<token " * (SIZE // 7),
    "national ids in JSON": "[" + '"01019012345",' * (SIZE // 14) + "]",
    "numbers in JSON": " [" + "01019012345," * (SIZE // 12) + "]",
    "quotes": '"' * SIZE,
    "escapes": '"token":"' + "\\\\" * (SIZE // 2),
    "keys": "-----BEGIN PRIVATE KEY-----" * (SIZE // 27),
    "keys without an end": "-----BEGIN " + "A" * SIZE,
    "blanks": " " * SIZE,
    "a name and blanks": '"a"' + " " * SIZE,
    "a name of many words": "'" + "a-" * (SIZE // 2),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("mask", [Masker(["s3cr3t-value"]).text, Masker().words, masked_strictly])
def test_masking_is_linear(mask: Callable[[str], str], name: str) -> None:
    """28 seconds for 64 kB of a header."""
    started = time.process_time()
    mask(HOSTILE[name])
    assert time.process_time() - started < 1


def test_headers_are_few_and_short() -> None:
    headers = [(f"X-{n}-" + "a" * 5000, "token=" * 20_000) for n in range(500)]
    started = time.process_time()
    kept = Masker().headers(headers)
    assert time.process_time() - started < 2
    assert len(kept) == MOST_HEADERS
    assert max(map(len, kept.values())) <= LONGEST_HEADER
    assert max(map(len, kept)) <= LONGEST_HEADER


def test_what_is_masked_stays_masked_beside_new_names() -> None:
    text: Any = '<a><PersonalIdentificationNumber>140385-123A</PersonalIdentificationNumber></a> token.type="plain"'
    assert "140385" not in Masker().text(text)
    assert 'token.type="plain"' in Masker().text(text)
