"""A file with three bad rows: looked at, the good ones imported, the bad ones fetched and mended; to be seen there."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_main_job import there
from tests.process.product import Product, wait_for

pytestmark = pytest.mark.browser


def rows_of(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened, delimiter=";"))


def send(page: Any, demo: Product, rows: list[list[str]], file: Path) -> None:
    with file.open("w", encoding="cp1252", newline="") as opened:
        csv.writer(opened, delimiter=";").writerows(rows)
    page.goto(f"{demo.address}admin/positions/position/import/")
    page.set_input_files("input[name=file]", file)
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_url(re.compile(r"/import/[0-9a-f-]{36}/"))


def fetch(page: Any, file: Path, press: Any) -> list[list[str]]:
    with page.expect_download() as download:
        press.click()
    download.value.save_as(file)
    return rows_of(file)


def test_a_file_with_three_bad_rows(page: Any, demo: Product, tmp_path: Path) -> None:
    wait_for(lambda: len(there(demo, "netvisor", "1014")) == 1, 40)
    page.goto(f"{demo.address}admin/positions/position/")
    page.get_by_role("link", name="Export").click()
    page.get_by_role("radio", name="CSV").check()
    headings, *rows = fetch(page, tmp_path / "positions.csv", page.get_by_role("button", name="Export"))
    named = {name: number for number, name in enumerate(headings)}
    for row in rows:
        if row[named["Employee number"]] == "1014":
            row[named["Title"]] = "Leipurimestari"
    bad = [row for row in rows if row[named["Employee number"]] != "1014"][:3]
    good = [row[:] for row in bad]
    bad[0][named["Contract start date"]] = "31.2.2026"
    bad[1][named["Contract type"]] = "for ever"
    bad[2][named["Company"]] = "Fjellheim Bakeri Drft AS"
    send(page, demo, [headings, *rows], tmp_path / "changed.csv")

    page.get_by_role("button", name="Import only the 1 good row").wait_for()
    text = page.locator("#import").inner_text()
    for words in ("There is no day 31.2.2026", "“for ever” is not one of", "Do you mean “Fjellheim Bakeri Drift AS”?"):
        assert words in text
    assert "Netvisor 1 position" in text and "→ Leipurimestari" in text
    assert "Leipurimestari" not in str(there(demo, "netvisor", "1014"))
    page.get_by_role("button", name="Import only the 1 good row").click()
    page.get_by_role("heading", name="Imported", exact=True).wait_for()
    wait_for(lambda: "Leipurimestari" in str(there(demo, "netvisor", "1014")), 40)

    refused, *wrong = fetch(page, tmp_path / "refused.csv", page.get_by_role("link", name="CSV"))
    assert [*headings, "What is wrong"] == refused and len(wrong) == 3
    for row, mended in zip(wrong, good, strict=True):
        row[: len(headings)] = mended
    send(page, demo, [refused, *wrong], tmp_path / "mended.csv")
    page.get_by_role("heading", name="Nothing to do: all of it is stored already").wait_for()
