"""The one declaration of each system, as pages, files and commands show it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from integrations import supported
from integrations.management.commands.systems import END, PAGES, START, with_tables
from integrations.sdk.declared_field import Field, Locked, RequiredWhile, When
from integrations.sdk.fields import FIELDS, GROUPS
from integrations.sdk.settings import switch
from integrations.supported import MARKS, cell
from integrations.systems.registry import systems
from tests.integrations.systems import made_up


def _said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("systems", *arguments, stdout=out)
    return out.getvalue()


def test_json_has_one_object_for_each_system_with_each_field_once():
    found = json.loads(_said("--json"))
    assert [s["key"] for s in found] == [s.key for s in systems()]
    for described in found:
        assert described["model"] in ("history", "flat")
        assert set(described["delete"]) == {"how", "note"}
        assert set(described["limits"]) == {"requests", "per_seconds", "concurrency", "note"}
        assert described["matching"] and described["name"] and described["protocol"] and described["country"]
        assert all({"name", "label", "secret"} <= set(s) for s in described["required_settings"])
        assert [f["ours"] for f in described["fields"]] == [f.key for f in FIELDS]
        for field in described["fields"]:
            assert bool(field["remote"]) is field["supported"] is not bool(field["unsupported"])
            assert field["when"] in (("always", "on_create", "if_empty") if field["supported"] else ("",))
            assert {"label", "required", "required_with"} <= set(field)


def test_the_table_for_a_terminal_names_every_system():
    lines = _said().splitlines()
    assert len(lines) == len(systems()) + 1
    for system, line in zip(systems(), lines[1:], strict=True):
        assert line.startswith(system.name) and system.key in line


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_of_the_documentation_are_those_of_the_declarations(name):
    page = (Path(settings.BASE_DIR) / name).read_text("utf-8")
    assert with_tables(name, page) == page, "Run: uv run python manage.py systems --docs"
    assert (_said("--markdown").strip() in page) is (name == "docs/systems.md")


def test_tables_go_between_the_markers_and_nowhere_else():
    written = with_tables("docs/systems.md", f"before\n{START}\nold\n{END}\nafter\n")
    assert written.startswith(f"before\n{START}\n| System |") and written.endswith(f"|\n{END}\nafter\n")
    assert "old" not in written
    assert with_tables("docs/systems.md", written) == written
    with pytest.raises(CommandError):
        with_tables("docs/systems.md", "no markers")


def test_markdown_escapes_what_would_break_a_table():
    system = made_up(name="A|B", matching=("one\ntwo",))
    lines = supported.as_markdown([system]).splitlines()
    assert lines[2].startswith("| A\\|B | Norway |") and "one two" in lines[2]


def _words(ours: str, **overrides: Any) -> list[str]:
    system = made_up(**overrides)
    return [mark.word for mark in cell(system, system.field(ours)).marks]


def test_each_mark_is_told_by_a_word():
    assert _words("title") == ["required"]
    assert _words("end_date") == ["sent"]
    assert _words("end_reason") == ["required with end date", "translated"]
    assert _words("contract_type") == ["only on create", "translated"]
    assert _words("occupation_code") == ["only if empty"]
    assert _words("weekly_hours") == ["sent", "opt-in"]
    assert _words("manager") == ["not supported"]
    fields = {
        "start_date": Field(
            ours="start_date",
            remote="from",
            when=When.ON_CREATE,
            corrected=True,
            always_by=switch("follow", "Follow the position"),
        ),
        "title": Field(
            ours="title",
            remote="job",
            locked=Locked("fixed", "job", "it stays"),
            cleared_by=switch("empty", "Empty at the end", on=True),
        ),
        "end_date": Field(
            ours="end_date", remote="to", required_while=RequiredWhile("contract_type", "T", "a temporary contract")
        ),
    }
    system = made_up()
    ruled = replace(system, fields=tuple(fields.get(f.ours, f) for f in system.fields))
    shown = {key: cell(ruled, declared) for key, declared in fields.items()}
    assert {key: c.words for key, c in shown.items()} == {
        "start_date": "on create, then corrected",
        "title": "fixed once set",
        "end_date": "required with a temporary contract, sent",
    }
    corrected, always = shown["start_date"].notes
    assert "another position that takes over leaves it as it is" in corrected
    assert "“Follow the position”" in always and "it is off at first" in always
    locked, emptied = shown["title"].notes
    assert "cannot be changed" in locked and "“Empty at the end”" in emptied and "on at first" in emptied
    assert shown["end_date"].invalid == (
        "Missing with a temporary contract: that position is not sent; the error log names end date.",
    )
    assert all(mark.glyph and mark.word and mark.meaning for mark in MARKS.values())


def test_a_cell_says_what_happens_when_a_value_is_not_right():
    system = made_up()
    title = cell(system, system.field("title"))
    assert title.limits == "at most 20 characters; no < or >"
    assert any("Missing" in sentence and "title" in sentence for sentence in title.invalid)
    assert any("limits" in sentence for sentence in title.invalid)
    percentage = cell(system, system.field("percentage"))
    assert percentage.limits == "0 to 100; up to 2 decimals"
    assert any("FTE" in sentence for sentence in percentage.invalid)
    reason = cell(system, system.field("end_reason"))
    assert ("Resigned", "OWN") in reason.codes and ("Other", "no counterpart") in reason.codes
    assert any("until one is chosen" in sentence for sentence in reason.invalid)
    hours = cell(system, system.field("weekly_hours"))
    assert any("“Hours”" in note and "off at first" in note for note in hours.notes)
    manager = cell(system, system.field("manager"))
    assert manager.reason == manager.title == "Made Up has no such field."
    assert not manager.invalid and not manager.format


def test_the_matrix_groups_every_field_of_every_system():
    matrix = supported.matrix()
    assert [group for group, _ in matrix.groups] == list(GROUPS)
    assert sorted(row.ours.key for row in matrix.rows) == sorted(f.key for f in FIELDS)
    assert all(len(row.cells) == len(systems()) for row in matrix.rows)
    key = systems()[0].key
    assert supported.matrix(key).systems == (systems()[0],)


def test_csv_has_a_line_for_each_field_and_system():
    rows = list(csv.DictReader(io.StringIO(supported.as_csv(supported.matrix()))))
    assert len(rows) == len(FIELDS) * len(systems())
    for row in rows:
        assert row["Name there"] or row["Notes"], "what is not supported has its reason"
        assert row["What happens"]


@pytest.mark.parametrize("system", systems(), ids=lambda s: s.key)
def test_every_declaration_can_be_shown(system):
    for declared in system.fields:
        shown = cell(system, declared)
        assert shown.marks and shown.title
        assert {s.name for s in declared.settings} <= {s.name for s in system.settings}
