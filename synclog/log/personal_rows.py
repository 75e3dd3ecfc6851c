"""What the engine's book holds of a person (positions/privacy/personal_data.py): jobs, attempts, calls, failures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import Task

from positions.models import Employee
from positions.privacy.personal_data import Holder, Holding, Naming, NotNow, Subject
from synclog.models import (
    Attempt,
    BatchError,
    DriftCheck,
    DriftRow,
    Event,
    Forecast,
    ForecastRow,
    Job,
    Question,
    RetroChange,
)


class HeldBySync(Holder):
    def holdings(self) -> Sequence[Holding]:
        return (
            Holding(Job, _("Error log"), _jobs),
            Holding(Attempt, _("Attempts"), lambda s: Attempt.objects.filter(job__in=_jobs(s))),
            Holding(BatchError, _("Left out of batches"), _batch_errors),
            Holding(DriftRow, _("Differences"), _differences),
            Holding(ForecastRow, _("Previews of everything"), _foreseen),
            Holding(RetroChange, _("Retroactive changes"), _retro),
            Holding(Question, _("Previews"), _previews, exported=False),
            Holding(Task, _("Failures of the queue"), _failures, exported=False),
        )

    def namings(self) -> Sequence[Naming]:
        return (
            Naming(Job, lambda s: Job.objects.filter(organization=s.organization_id), ("said", "vendor_text", "meant")),
            Naming(
                Attempt,
                lambda s: Attempt.objects.filter(job__organization=s.organization_id),
                ("said", "vendor_text", "trace", "changes", "unsent", "warnings", "exchanges"),
            ),
            Naming(
                BatchError, lambda s: BatchError.objects.filter(integration__organization=s.organization_id), ("said",)
            ),
            Naming(
                DriftRow,
                lambda s: DriftRow.objects.filter(part_of__integration__organization=s.organization_id),
                ("differs", "said"),
                narrow=False,  # encrypted
            ),
            Naming(
                RetroChange,
                lambda s: RetroChange.objects.filter(integration__organization=s.organization_id),
                ("concerns",),
                narrow=False,  # encrypted
            ),
            Naming(
                DriftCheck,
                lambda s: DriftCheck.objects.filter(integration__organization=s.organization_id),
                ("said",),
            ),
            Naming(
                ForecastRow,
                lambda s: ForecastRow.objects.filter(part_of__integration__organization=s.organization_id),
                ("changes", "said"),
                narrow=False,  # encrypted
            ),
            Naming(Forecast, lambda s: Forecast.objects.filter(integration__organization=s.organization_id), ("said",)),
            Naming(Event, lambda s: Event.objects.filter(integration__organization=s.organization_id), ("said",)),
        )

    def traces(self, organization: int, number: str) -> Iterable[tuple[int, str]]:
        found = Job.objects.filter(organization=organization, employee_number=number)
        return found.order_by().values_list("employee_key", "employee_name").distinct()

    def position_keys(self, employees: Collection[int]) -> Iterable[int]:
        found = Job.objects.filter(employee_key__in=employees)
        return found.order_by().values_list("position_key", flat=True).distinct()

    def hinder(self, subject: Subject) -> None:
        """A worker that has the person in its hands would write down afterwards what came of it."""
        # Locked: no worker takes them up until they are gone.
        reports = Employee.objects.filter(manager__in=subject.keys).values_list("pk", flat=True)
        keys = [*subject.keys, *reports]  # of the latter the person is named as the manager
        jobs = Job.objects.filter(organization=subject.organization_id, employee_key__in=keys, open_key__isnull=False)
        theirs = jobs.select_for_update(of=("self",))
        taken = theirs.filter(epoch=F("integration__lease__epoch"), integration__lease__until__gt=timezone.now())
        if list(theirs.values_list("pk")) and taken.exists():
            raise NotNow(
                _(
                    "A change of this person, or of somebody whose manager they are, is being sent right now. "
                    "Nothing was erased: try again in a minute."
                )
            )


def _jobs(subject: Subject) -> QuerySet[Job]:
    return Job.objects.filter(organization=subject.organization_id, employee_key__in=subject.keys)


def _batch_errors(subject: Subject) -> QuerySet[BatchError]:
    return BatchError.objects.filter(integration__organization=subject.organization_id, employee_key__in=subject.keys)


def _differences(subject: Subject) -> QuerySet[DriftRow]:
    rows = DriftRow.objects.filter(part_of__integration__organization=subject.organization_id)
    return rows.filter(employee_key__in=subject.keys)


def _foreseen(subject: Subject) -> QuerySet[ForecastRow]:
    rows = ForecastRow.objects.filter(part_of__integration__organization=subject.organization_id)
    return rows.filter(employee_key__in=subject.keys)


def _retro(subject: Subject) -> QuerySet[RetroChange]:
    rows = RetroChange.objects.filter(integration__organization=subject.organization_id)
    return rows.filter(employee_key__in=subject.keys)


def _previews(subject: Subject) -> QuerySet[Question]:
    return Question.objects.filter(organization=subject.organization_id, employee_key__in=subject.keys)


def _failures(subject: Subject) -> QuerySet[Task]:
    """A task has ids only, but what broke off may have said whom it was about."""
    failed = Task.objects.filter(success=False).values_list("pk", "result")
    found: QuerySet[Task] = Task.objects.filter(
        pk__in=[pk for pk, result in failed.iterator(chunk_size=100) if subject.marks.pattern.search(str(result))]
    )
    return found
