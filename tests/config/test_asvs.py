"""docs/asvs.md is whole, names what exists, and counts itself rightly."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "asvs.md").read_text()
VERDICTS = ("met", "partly", "not met", "does not apply")
_ROW = re.compile(r"^\| (\d+)\.(\d+)\.(\d+) \| ([12]) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = [(f"{a}.{b}.{c}", int(level), verdict, where) for a, b, c, level, _, verdict, where in _ROW.findall(PAGE)]

# Of ASVS 5.0.0: section -> the levels of its requirements in their order, 0 for those of level 3, which are not here.
SECTIONS = {
    "1.1": "22", "1.2": "1111122220", "1.3": "112222222220", "1.4": "222", "1.5": "120", "2.1": "122", "2.2": "112",
    "2.3": "12220", "2.4": "20", "3.2": "110", "3.3": "12220", "3.4": "11222200", "3.5": "11122000", "3.7": "22000",
    "4.1": "12200", "4.2": "20000", "4.3": "22", "4.4": "1222", "5.1": "2", "5.2": "112000", "5.3": "110",
    "5.4": "222", "6.1": "122", "6.2": "111111112222", "6.3": "11220000", "6.4": "112200", "6.5": "22222000",
    "6.6": "2220", "6.8": "2222", "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "220", "7.6": "22",
    "8.1": "1200", "8.2": "1120", "8.3": "100", "8.4": "20", "9.1": "111", "9.2": "1222", "10.1": "22", "10.2": "220",
    "10.3": "22220", "10.4": "1111122222200000", "10.5": "22222", "10.6": "22", "10.7": "222", "11.1": "2200",
    "11.2": "22200", "11.3": "11200", "11.4": "1222", "11.5": "20", "11.6": "20", "12.1": "12200", "12.2": "11",
    "12.3": "22220", "13.1": "2000", "13.2": "222220", "13.3": "2200", "13.4": "1222200", "14.1": "22",
    "14.2": "12220000", "14.3": "122", "15.1": "12200", "15.2": "12200", "15.3": "1222222", "16.1": "2",
    "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2220", "17.1": "20", "17.2": "22220000", "17.3": "22",
}  # fmt: skip


def test_every_requirement_stands_once_with_its_level() -> None:
    expected = [
        (f"{section}.{number}", int(level))
        for section, levels in SECTIONS.items()
        for number, level in enumerate(levels, 1)
        if level != "0"
    ]
    assert Counter(level for _, level in expected) == {1: 70, 2: 183}
    assert [(name, level) for name, level, _, _ in ROWS] == expected
    assert len(ROWS) == len(re.findall(r"^\| \d+\.\d+", PAGE, re.MULTILINE)), "a row is not of the form"


def test_each_has_a_verdict_and_a_place_or_a_reason() -> None:
    for name, _, verdict, where in ROWS:
        assert verdict in VERDICTS, name
        named = re.search(r"`[^`]+`|the same", where)
        assert named if verdict == "met" else len(where) > 10 or verdict == "does not apply", name


def test_what_is_named_exists() -> None:
    missing = []
    for place in re.findall(r"`([^`\s]+)`", PAGE):
        path, _, test = place.partition("::")
        if not re.fullmatch(r"[\w.][\w./-]*/[\w./-]+|\w+\.(toml|txt|md)", path):
            continue
        file = ROOT / path
        if not file.exists() or (test and f"def {test}(" not in file.read_text()):
            missing.append(place)
    assert not missing, missing


def test_the_sections_of_docs_that_are_named_exist() -> None:
    titles = set(re.findall(r"^##+ (.+)$|^\*\*(.+?)\*\*", (ROOT / "docs/security.md").read_text(), re.MULTILINE))
    known = {title for pair in titles for title in pair if title} | {"Keys", "Organizations and roles"}
    named = re.findall(r"\*([A-Z][^*]+)\*(?=[^|]*?`docs/security\.md`)", PAGE)
    assert len(named) > 8 and set(named) <= known, set(named) - known


def test_the_summary_counts_the_tables() -> None:
    told = {
        name: [int(figure) for figure in (first, second, all_)]
        for name, first, second, all_ in re.findall(r"^\| ([a-z ]+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    }

    def counted(*verdicts: str) -> list[int]:
        of_level = [sum(level == n and verdict in verdicts for _, level, verdict, _ in ROWS) for n in (1, 2)]
        return [*of_level, sum(of_level)]

    assert told == {
        "in the standard": counted(*VERDICTS),
        "apply": counted("met", "partly", "not met"),
        "met": counted("met"),
        "partly": counted("partly"),
        "not met": counted("not met"),
    }
