"""The catalogs say all that the product says, and nothing else."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

import pytest

from tests.languages.catalogs import catalogs

LANGUAGES = list(catalogs.LANGUAGES)
_PERCENT = re.compile(r"%(?:\(\w+\))?[sdr%]|%\(\w+\)[sdr]")
_TAG = re.compile(r"</?[a-z]+[^>]*>")


def strings(language: str) -> list[tuple[str, str]]:
    """(msgid, msgstr) of all, of counted ones both forms against the plural, which names all that stands in them."""
    found = []
    for message in catalogs._read(catalogs.path(language)):
        if message.id:
            of_several = message.id[1] if isinstance(message.id, tuple | list) else message.id
            found += [(of_several, string) for string in catalogs._strings(message)]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_are_as_the_command_makes_them(language: str) -> None:
    """No string that is marked is missing, none is there that nothing says, and what runs is what stands there."""
    for file, content in catalogs.files(language).items():
        assert file.read_bytes() == content, f"{file.name} of {language} is stale: run .ci/catalogs"


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_of_it_is_translated(language: str) -> None:
    left = [message.id for message in catalogs._read(catalogs.path(language)) if message.id and message.fuzzy]
    left += [english for english, said in strings(language) if not said.strip()]
    assert not left, f"{len(left)} are left in {language}, such as {left[:5]}"


def _braces(text: str) -> list[Any]:
    return sorted((name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_in_a_sentence_stands_in_its_translation(language: str) -> None:
    wrong = []
    for english, said in strings(language):
        if not said:
            continue
        try:
            same = _braces(english) == _braces(said)
        except ValueError:
            same = False
        same = same and sorted(set(_PERCENT.findall(english))) == sorted(set(_PERCENT.findall(said)))
        same = same and sorted(_TAG.findall(english)) == sorted(_TAG.findall(said))
        same = same and (english[:1].isspace(), english[-1:].isspace()) == (said[:1].isspace(), said[-1:].isspace())
        if not same:
            wrong.append((english, said))
    assert not wrong, wrong[:5]
