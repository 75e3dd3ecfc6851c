"""The catalogs say all that the product says, and nothing else."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext

from integrations.planning.planner import Action
from tests.languages.catalogs import catalogs

LANGUAGES = list(catalogs.LANGUAGES)
_PERCENT = re.compile(r"%(?:\(\w+\))?[sdr%]|%\(\w+\)[sdr]")
_TAG = re.compile(r"</?[a-z]+[^>]*>")


def strings(language: str) -> list[tuple[tuple[str, ...], str]]:
    """(English, translation) of all; each form of what is counted with both English ones: one may name no number."""
    found = []
    for message in catalogs._read(catalogs.path(language)):
        forms = tuple(message.id) if isinstance(message.id, tuple | list) else (message.id,)
        if message.id:
            found += [(forms, said) for said in catalogs._strings(message)]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_are_as_the_command_makes_them(language: str) -> None:
    """No string that is marked is missing, none is there that nothing says, and what runs is what stands there."""
    for file, content in catalogs.files(language).items():
        assert file.read_bytes() == content, f"{file.name} of {language} is stale: run .ci/catalogs"


def test_what_is_done_to_a_record_is_marked() -> None:
    """The log keeps it as a word; a step says it in the reader's language."""
    assert {(None, str(action)) for action in Action} <= set(catalogs.wanted())


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_of_it_is_translated(language: str) -> None:
    left = [message.id for message in catalogs._read(catalogs.path(language)) if message.id and message.fuzzy]
    left += [english[0] for english, said in strings(language) if not said.strip()]
    assert not left, f"{len(left)} are left in {language}, such as {left[:5]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_other_packages_count_is_found_by_its_number(language: str) -> None:
    """Django's own catalog may hold both forms as words of their own, where nothing that counts finds them."""
    counted = [found for _, found in catalogs.extracted(catalogs._MARKED) if isinstance(found, tuple)]
    with translation.override(language):
        left = [one for one, many in counted if ngettext(one, many, 2) == many]
    assert counted
    assert left == []


def filled(text: str) -> Any:
    """What stands in it, its tags, and whether a blank begins or ends it."""
    braces = {(name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None}
    return braces, set(_PERCENT.findall(text)), sorted(_TAG.findall(text)), text[:1].isspace(), text[-1:].isspace()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_in_a_sentence_stands_in_its_translation(language: str) -> None:
    wrong = []
    for english, said in strings(language):
        try:
            fits = not said or filled(said) in [filled(form) for form in english]
        except ValueError:
            fits = False
        if not fits:
            wrong.append((english, said))
    assert not wrong, wrong[:5]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_entry_that_is_dismissed_is_not_called_as_a_person_is(language: str) -> None:
    with translation.override(language):
        assert gettext("Dismissed") != pgettext("end reason", "Dismissed")
