from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.sdk.masking import Masker
from positions.models import Employee
from synclog.log import exchanges, sentences, transcript
from synclog.models import Job
from synclog.queue import foreground


class Command(BaseCommand):
    help = (
        "Runs the employee of one open job in the foreground, as a worker's turn would, due or not, and says what "
        "became of it. What is sent is really sent. The employee's other open jobs there run with it: they are planned "
        "together."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--job", type=int, required=True, help="its number, as its page in the error log says")
        parser.add_argument(
            "--trace",
            action="store_true",
            help="also each step, call and decision, with secrets masked as in the log (pay and names are not)",
        )

    def handle(self, *args: Any, job: int, trace: bool, **options: Any) -> None:
        found = _read(job)
        try:
            ran = foreground.run(found)
        except foreground.NotRunError as error:
            raise CommandError(_masker(found).words(str(error))) from None
        after = _read(job)
        masker = _masker(after)
        mine = next((attempt for attempt in ran if attempt.job_id == job), None)
        if trace and mine is None:
            self.stdout.write("No attempt was kept: no system was asked about this position.")
        if trace and mine is not None:
            self._write(transcript.trace(after, mine, masker))
        self._write(transcript.outcome(after, masker))
        for other in Job.objects.filter(pk__in={attempt.job_id for attempt in ran} - {job}).order_by("pk"):
            self.stdout.write(f"With it ran job {other.pk}, {other.title}: {sentences.mark_of(other).word}.")

    def _write(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _read(pk: int) -> Job:
    found = Job.objects.select_related("integration__organization").filter(pk=pk).first()
    if found is None:
        raise CommandError(f"There is no job {pk}. Its number stands on its page in the error log.")
    return found


def _masker(job: Job) -> Masker:
    employee = Employee.objects.filter(pk=job.employee_key).only("national_id").first()
    return exchanges.masker_of(job.integration, employee.national_id if employee else "")
