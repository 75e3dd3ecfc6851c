"""Everything of a connection held against everything there (`integrations.planning.drift`), without changing anything:
a walk that reads everybody there, then compares our employees with what was read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from django.db.models import Q
from django.utils import timezone

from integrations.models import Integration, PeriodLink
from integrations.planning.drift import Finding, Kind
from integrations.planning.work import Work
from integrations.scope import scope_of
from integrations.sdk.messages import Message, packed, unpacked
from integrations.sdk.wording import say
from positions.models import Position
from synclog.engine.loading import load_employees
from synclog.log.differences import whole
from synclog.models import DriftCheck, DriftRow, Event, Job
from synclog.questions import comparing, texts, walks
from synclog.questions.walks import Found, Held

AGAIN = 3  # looks at an employee of whom something is written meanwhile


def why_not(integration: Integration) -> Message | None:
    """Why a connection cannot be compared now; None when it can. Whether it is switched on does not matter."""
    if integration.system.sight.unsupported:
        return texts.CANNOT_BE_SEEN(why=say(integration.system.sight.unsupported))
    if not integration.connected:
        return texts.NOT_CONNECTED(connection=integration.name)
    if integration.stopped:
        return texts.CHECK_STOPPED(why=unpacked(integration.stopped_said))
    return texts.CHECK_PAUSED() if integration.paused else None


def begin(integration: Integration, by: str, origin: str = DriftCheck.Origin.PERSON) -> DriftCheck:
    """Raises `walks.NotPossibleError`. A worker takes it up (`synclog.questions.asking`)."""
    check = DriftCheck(integration=integration, origin=origin, by=by)
    return walks.begin(check, why_not(integration), texts.CHECK_UNDER_WAY())


class CheckTurn(walks.Turn[DriftCheck]):
    model = DriftCheck

    def why_not(self) -> Message | None:
        return why_not(self.integration)

    def keys(self, after: int = 0, number: int | None = None) -> list[int]:
        """Those of whom something is to be there, or was written there."""
        positions = Position.objects.filter(
            scope_of(self.integration.pk).positions(), employee__organization=self.integration.organization_id,
            employee__gt=after,
        )  # fmt: skip
        links = PeriodLink.objects.filter(integration=self.integration, employee_key__gt=after)
        found = {
            key
            for keys in (positions.order_by("employee").values_list("employee", flat=True),
                         links.order_by("employee_key").values_list("employee_key", flat=True))
            for key in keys.distinct()[:number]
        }  # fmt: skip
        return sorted(found)[:number]

    def looking(self, held: Held | None, keys: Sequence[int]) -> Callable[[int], Sequence[Found]]:
        assert held is not None
        loaded = timezone.now()
        works = load_employees(self.integration, keys)
        touched = self._written_since(keys, held.begun_at)

        def look(key: int) -> Sequence[Found]:
            work, findings = self._look(held, works[key], loaded, anew=key in touched)
            row = partial(comparing.row_of, self.walk, work, connector=held.connector)
            return [
                (comparing.kind_of(finding), None if finding.kind is Kind.EQUAL else row(finding))
                for finding in comparing.by_position(findings, work)
            ]

        return look

    def _look(self, held: Held, work: Work, loaded: datetime, *, anew: bool) -> tuple[Work, Sequence[Finding]]:
        """What was read may be older than what was written meanwhile: then this employee is read once more, until both
        sides are of one moment."""
        key = int(work.person.id)
        for _ in range(AGAIN):
            with self.counted(held):
                if anew:
                    found = comparing.looked_for(held.connector, work)
                else:
                    found = comparing.found_of(held.connector, held.everybody, work)
            if all(one.kind is Kind.EQUAL for one in found) or not self._written_since([key], loaded):
                break
            anew, loaded = True, timezone.now()
            work = load_employees(self.integration, [key])[key]
        return work, found

    def _written_since(self, keys: Sequence[int], moment: datetime) -> set[int]:
        """Of whom something was sent, or tried, since then, or is being sent."""
        jobs = Job.objects.filter(integration=self.integration, employee_key__in=keys)
        tried = Q(changed_at__gte=moment) & ~Q(state=Job.State.WAITING)
        return set(jobs.filter(Q(state=Job.State.RUNNING) | tried).values_list("employee_key", flat=True))

    def finished(self, walk: DriftCheck) -> None:
        """What the checks before found is of the past."""
        _tell_of_less(walk)
        DriftRow.objects.filter(part_of__integration=walk.integration_id).exclude(part_of=walk).delete()


def _tell_of_less(check: DriftCheck) -> None:
    """Where less agrees than at the whole check before."""
    before = whole(check.integration).exclude(pk=check.pk).first()
    if before is None or check.agreeing * before.compared >= before.agreeing * check.compared:
        return
    said = texts.LESS_AGREES(differing=check.compared - check.agreeing, total=check.compared)
    Event.objects.create(integration=check.integration, kind=Event.Kind.DIFFERS, said=packed([said]))
