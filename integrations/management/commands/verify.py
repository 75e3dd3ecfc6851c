from __future__ import annotations

import json
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from integrations.models import Integration
from integrations.runtime.opening import open_connector
from integrations.sdk.confirming import Sample
from integrations.sdk.context import MemoryOutbox
from integrations.sdk.declaration import Transport
from integrations.sdk.fields import BY_KEY
from integrations.sdk.values import Department
from integrations.systems.registry import confirmations_of
from integrations.verifying import report, verify
from integrations.verifying.persons import NoTestPersonError, known_match, matches, test_person
from integrations.verifying.trial import Result, Trial


class Command(BaseCommand):
    help = (
        "Sees on a test tenant whether the system does what its connector takes for granted, and prints a report. It "
        "only reads, unless --write is given: then a position of the one test person is made there, changed, ended and "
        "taken away again. The report holds no secret; of the test person the number, and what is to be put right "
        "there. It ends with an error if anything is odd."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("connection", type=int, help="its number, as the address of its page has it")
        parser.add_argument("--employee", default="", help="number of the test person: an employee here, and there")
        parser.add_argument("--write", action="store_true", help="write too, to the test person alone")
        parser.add_argument(
            "--value",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="what to write in a field of the position; given twice, the second one is what it is changed to",
        )
        parser.add_argument("--file", type=Path, help="where to put the file of a system that takes files")
        parser.add_argument("--json", action="store_true", help="the report as JSON")

    def handle(
        self,
        *args: Any,
        connection: int,
        employee: str,
        write: bool,
        value: list[str],
        file: Path | None,
        json: bool,
        **options: Any,
    ) -> None:
        integration = Integration.objects.select_related("organization").filter(pk=connection).first()
        if integration is None:
            raise CommandError(f"There is no connection {connection}. Its number stands in the address of its page.")
        if not integration.connected:
            raise CommandError("The connection is not complete yet: fill in what its settings ask for.")
        if (write or file) and not employee:
            raise CommandError("Name the test person: --employee NUMBER.")
        given = _given(value)
        try:
            person = test_person(integration, employee, writes=write) if employee else None
        except NoTestPersonError as reason:
            raise CommandError(str(reason)) from None
        found = self._verified(integration, person, given, write, file)
        self._print(integration, employee, write, found, as_json=json)
        odd = sum(line["result"] == Result.ODD for line in found["lines"])
        if odd:
            raise CommandError(f"Odd: {odd}. Send us the report.")

    def _verified(
        self, integration: Integration, person: Any, given: Sample, write: bool, file: Path | None
    ) -> dict[str, Any]:
        asked, sample = confirmations_of(integration.system.key)
        connector = open_connector(integration, matches=matches(integration), outbox=MemoryOutbox())
        try:
            connector.http.masker.about(person.national_id if person else "")
            trial = Trial(connector, person, *(known_match(integration, person) if person else ()))
            verify.look(trial)
            if write:
                verify.write(trial, asked, sample, given)
            if file is not None and integration.system.transport is Transport.FILE:
                made_at = timezone.now().astimezone(integration.organization.zone)
                verify.make_file(trial, sample, given, made_at, file.write_bytes)
            hide = report.hiding(connector.http.masker, person)
            return report.as_json(report.lines_of(trial, asked, writes=write), trial.left, hide)
        finally:
            connector.close()

    def _print(
        self, integration: Integration, employee: str, write: bool, found: dict[str, Any], *, as_json: bool
    ) -> None:
        counts = {str(result): sum(line["result"] == result for line in found["lines"]) for result in Result}
        about = {
            "system": integration.system.key,
            "connection": integration.pk,
            "at": timezone.now().isoformat(timespec="seconds"),
            "test_person": employee,
            "written": write,
            "counts": counts,
        }
        if as_json:
            self.stdout.write(json.dumps({**about, **found}, ensure_ascii=False, indent=2))
            return
        self.stdout.write(f"{integration.system.name}, connection {integration.pk}, {about['at']}")
        if employee:
            self.stdout.write(f"Test person: {employee}{', written to' if write else ''}")
        for line in report.as_text(found):
            self.stdout.write(line)
        self.stdout.write(", ".join(f"{number} {result.replace('_', ' ')}" for result, number in counts.items()) + ".")


def _given(pairs: list[str]) -> Sample:
    values: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or key not in BY_KEY or not text:
            raise CommandError(f"Write --value FIELD=VALUE with one of: {', '.join(BY_KEY)}.")
        (other if key in values else values)[key] = _typed(key, text)
    return Sample(values, other)


def _typed(key: str, text: str) -> Any:
    ours = BY_KEY[key]
    try:
        if ours.kind == "decimal":
            return Decimal(text)
        if ours.kind == "date":
            return date.fromisoformat(text)
    except (InvalidOperation, ValueError):
        raise CommandError(f"{text!r} is no value of {key}.") from None
    if ours.kind == "code" and text not in ours.codes:
        raise CommandError(f"{key} is one of: {', '.join(ours.codes)}.")
    if ours.kind in ("company", "manager"):
        raise CommandError(f"{key} goes along from the test person: set it there.")
    return Department(text) if ours.kind == "department" else text
