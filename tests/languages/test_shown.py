"""Whoever reads in another language finds each place of connections and of the error log in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db import models
from django.utils.functional import Promise

from integrations import history, supported
from integrations.gaps import gaps, lacking
from integrations.models import Integration
from integrations.options import options
from integrations.sdk.declaration import System
from integrations.sdk.fields import BY_KEY, CODES, FIELDS
from integrations.sdk.marking import gettext_noop
from integrations.settings_form import ConnectionForm
from integrations.systems.registry import systems
from synclog.admin import webhooks
from synclog.admin.job import empty, listing
from synclog.admin.job.export import COLUMNS
from synclog.engine.texts import OPTIONS
from synclog.log import people, sentences, states, worst
from synclog.log.causes import cause_title, causes, remedy
from tests.factories import CompanyFactory, IntegrationFactory
from tests.languages.bracketed import bracketed
from tests.languages.test_declared import marked, unmarked

OURS = ("integrations", "synclog")


def marks() -> Iterator[sentences.Mark]:
    for of_state in sentences.MARKS.values():
        yield from (mark for mark in (of_state.job, of_state.attempt, of_state.preview) if mark)
    for marks in (people.MARKS, worst.MARKS, webhooks.MARKS):
        yield from marks.values()
    yield from (sentences.WITH_WARNING, sentences.REPLACED, sentences.ACCEPTED_WITH_WARNING, sentences.UNKNOWN)
    yield from (states.NOT_SENT, states.NOT_SUPPORTED, states.CHANGED, people.TO_BE_MATCHED)


def test_what_is_said_from_tables_is_marked() -> None:
    said = [mark.called for mark in marks()]
    said += [*states.TRUTHS.values(), *COLUMNS, *OPTIONS.values(), *(title for title, _states in listing.TABS.values())]
    said += [words for one in empty._EMPTY.values() for words in one]
    said += [words for mark in supported.MARKS.values() for words in (mark.called, mark.means)]
    said += [words for cause in causes().values() for words in (cause.title, cause.remedy)]
    assert len(said) > 200
    assert not [words for one in said for words in unmarked(one)]


def test_each_code_has_its_words() -> None:
    assert {code for field in FIELDS for code in field.codes} == CODES.keys() <= {c.replace(" ", "_") for c in marked()}


def test_causes_and_marks_are_said_in_the_readers_language() -> None:
    with bracketed():
        assert cause_title("rate_limited") == "⟦Too many requests⟧" and remedy("rate_limited").startswith("⟦")
        assert states.NOT_SENT.word == "⟦Not sent⟧"


@pytest.mark.parametrize("model", [m for m in apps.get_models() if m._meta.app_label in OURS], ids=lambda m: m.__name__)
def test_choices_and_given_names_of_models_are_translated_when_shown(model: type[models.Model]) -> None:
    for field in model._meta.concrete_fields:
        if field._verbose_name is not None and not field.auto_created:  # type: ignore[attr-defined]
            assert isinstance(field.verbose_name, Promise), field
        assert not field.help_text or isinstance(field.help_text, Promise), field
        assert all(isinstance(label, Promise) for _, label in field.choices or ()), field


@pytest.mark.parametrize("name", [m.__name__ for m in admin.site._registry if m._meta.app_label in OURS])
def test_columns_filters_and_actions_of_a_list_are_translated_when_shown(name: str) -> None:
    [(model, of)] = [(m, a) for m, a in admin.site._registry.items() if m.__name__ == name]
    given = of.list_display if isinstance(of.list_display, tuple) else ()
    columns: list[Any] = [column for name in given if (column := getattr(of, str(name), None))]
    titles = [column.short_description for column in columns if hasattr(column, "short_description")]
    titles += [f.title for f in of.list_filter or () if isinstance(f, type) and issubclass(f, SimpleListFilter)]
    titles += [getattr(of, str(action)).short_description for action in of.actions or ()]
    titles += [of.search_help_text] if of.search_help_text else []
    assert all(isinstance(title, Promise) for title in titles), (model, titles)


@pytest.mark.django_db
@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_the_form_of_a_connection_speaks_it(system: System) -> None:
    integration = IntegrationFactory(system_key=system.key)
    CompanyFactory(organization=integration.organization)
    with bracketed():
        form = ConnectionForm(integration)
        shown = [str(words) for field in form.fields.values() for words in (field.label, field.help_text) if words]
        shown += [words for section in form.sections() for words in (section.title, section.note) if words]
        assert len(shown) > 10 and not [words for words in shown if not words.startswith("⟦")]
        choices = {setting.name: dict(setting.choices) for setting in system.settings if setting.choices}
        for name, codes in choices.items():
            widget = form.fields[f"setting__{name}"].widget
            offered = {str(code): str(label) for code, label in widget.choices if code}
            assert not [label for code, label in offered.items() if codes[code] != code and not label.startswith("⟦")]


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_supported_fields_speak_it_each_in_its_own_language(system: System) -> None:
    def said() -> list[str]:
        cells = [row.cells[0] for row in supported.matrix(system.key).rows]
        return [words for c in cells for words in (c.reason, c.words, *c.notes, *c.invalid) if words]

    english = said()
    with bracketed():
        other = said()
    assert len(english) == len(other) and said() == english
    assert not [words for words in english if words.startswith("⟦")]
    assert not [words for words in other if not words.startswith("⟦")]


@pytest.mark.django_db
@pytest.mark.parametrize("system", systems(), ids=lambda system: system.key)
def test_gaps_and_switches_speak_it(system: System) -> None:
    integration = IntegrationFactory(system_key=system.key)
    with bracketed():
        settings = integration.cleaned_settings()
        said = [gap.sentence for gap in (*gaps(system, settings), *lacking(system, settings))]
        said += [words for option in options(integration) for words in (option.label, option.help)]
    assert said and not [words for words in said if not words.startswith("⟦")]


@pytest.mark.django_db
def test_the_history_of_a_connection_is_read_in_another_language_than_it_was_written_in() -> None:
    integration: Integration = IntegrationFactory(system_key="fortnox")
    setting = next(s for s in integration.system.settings if s.name == "send_start_date")
    kept = history.kept([history.CONNECTED(system="Fortnox"), *history.of_setting(setting, True, False)])
    entry = admin.models.LogEntry(change_message=kept)
    english = "Connected Fortnox.\nSend the start date: on → off"
    assert history.words(entry) == english
    with bracketed():
        assert history.words(entry) == "⟦Connected Fortnox.⟧\n⟦⟦Send the start date⟧: ⟦on⟧ → ⟦off⟧⟧"
    assert history.words(admin.models.LogEntry(change_message="Name: A → B")) == "Name: A → B"


def test_our_fields_have_all_their_words() -> None:
    assert all(field.label and field.send and field.several and field.one for field in BY_KEY.values())
    assert gettext_noop("x") == "x"


def test_the_words_of_our_fields_are_english() -> None:
    """What follows "of" says of what, and stays as it is; hours are several already."""
    for field in BY_KEY.values():
        (head, of), (heads, of_what) = (words.partition(" of ")[::2] for words in (field.label, field.several))
        assert of == of_what
        assert heads == head if head.endswith("s") else heads in (f"{head}s", f"{head.removesuffix('y')}ies"), field.key
        assert field.one.startswith(("a ", "an ")) != head.endswith("s"), field.key
