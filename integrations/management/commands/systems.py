from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import supported
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

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"]:
            self.stdout.write(json.dumps([supported.described(s) for s in systems()], ensure_ascii=False, indent=2))
        elif options["markdown"]:
            self.stdout.write(supported.as_markdown(systems()))
        elif options["readme"]:
            file = Path(settings.BASE_DIR) / "README.md"
            file.write_text(with_tables(file.read_text("utf-8")), "utf-8")
        else:
            self.stdout.write(supported.as_text(systems()))


def with_tables(readme: str) -> str:
    """The text with today's tables between the markers."""
    pattern = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.S)
    if not pattern.search(readme):
        raise CommandError(f"README.md has no {START} and {END}.")
    tables = f"{START}\n{supported.as_markdown(systems())}\n{END}"
    return pattern.sub(lambda _: tables, readme, count=1)
