from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import meaning, supported
from integrations.systems.registry import systems

START, END = "<!-- systems:start -->", "<!-- systems:end -->"
PAGES = {"docs/systems.md": supported.as_markdown, "docs/meaning.md": meaning.as_markdown}


class Command(BaseCommand):
    help = "Lists the target systems with what each one takes, from their declarations."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--json", action="store_true", help="One object for each system, with its fields.")
        how.add_argument("--markdown", action="store_true", help="The tables of docs/systems.md.")
        how.add_argument("--docs", action="store_true", help="Writes docs/systems.md and docs/meaning.md anew.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"]:
            self.stdout.write(json.dumps([supported.described(s) for s in systems()], ensure_ascii=False, indent=2))
        elif options["markdown"]:
            self.stdout.write(supported.as_markdown(systems()))
        elif options["docs"]:
            for name in PAGES:
                file = Path(settings.BASE_DIR) / name
                file.write_text(with_tables(name, file.read_text("utf-8")), "utf-8")
        else:
            self.stdout.write(supported.as_text(systems()))


def with_tables(name: str, page: str) -> str:
    """One of PAGES with today's tables between its markers."""
    pattern = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.S)
    if not pattern.search(page):
        raise CommandError(f"{name} has no {START} and {END}.")
    return pattern.sub(lambda _: f"{START}\n{PAGES[name](systems())}\n{END}", page, count=1)
