from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import meaning, supported
from integrations.connectors.registry import systems

START, END = "<!-- systems:start -->", "<!-- systems:end -->"


class Command(BaseCommand):
    help = "Lists the target systems with what each one takes, from their declarations."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--json", action="store_true", help="One object for each system, with its fields.")
        how.add_argument("--markdown", action="store_true", help="The tables of README.md.")
        how.add_argument("--readme", action="store_true", help="Writes the tables into README.md between its markers.")
        how.add_argument("--meaning", action="store_true", help="Writes what our codes mean into docs/meaning.md.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"]:
            self.stdout.write(json.dumps([supported.described(s) for s in systems()], ensure_ascii=False, indent=2))
        elif options["markdown"]:
            self.stdout.write(supported.as_markdown(systems()))
        elif options["readme"]:
            file = Path(settings.BASE_DIR) / "README.md"
            file.write_text(with_tables(file.read_text("utf-8")), "utf-8")
        elif options["meaning"]:
            file = Path(settings.BASE_DIR) / "docs" / "meaning.md"
            file.write_text(with_meanings(file.read_text("utf-8")), "utf-8")
        else:
            self.stdout.write(supported.as_text(systems()))


def with_tables(readme: str) -> str:
    """README with today's tables between the markers."""
    return _between(readme, "README.md", supported.as_markdown(systems()))


def with_meanings(page: str) -> str:
    """docs/meaning.md, in the same way."""
    return _between(page, "docs/meaning.md", meaning.as_markdown(systems()))


def _between(text: str, name: str, made: str) -> str:
    pattern = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.S)
    if not pattern.search(text):
        raise CommandError(f"{name} has no {START} and {END}.")
    return pattern.sub(lambda _: f"{START}\n{made}\n{END}", text, count=1)
