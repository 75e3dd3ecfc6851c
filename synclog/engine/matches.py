"""Who has which record there: asked and kept before anything is written, and what people decide about it.

A record is claimed in the database before the first write to it, so that a worker that is killed leaves no record that
two employees may have. Known matches cost no question.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.runtime.fingerprints import fingerprints
from integrations.runtime.owner_thread import OnOwner, here, in_owner_thread
from integrations.sdk.errors import InterruptedRunError
from integrations.sdk.identity import CONFIRMED, EARLIER
from integrations.sdk.messages import Message, packed
from integrations.sdk.storable import storable
from integrations.sdk.values import Person, RemoteEmployee
from positions.models import Employee, Position
from positions.origin import Origin
from synclog.engine import cutoff, rows, texts
from synclog.engine.notify import wake
from synclog.engine.record import Changed, job_for, store, store_again
from synclog.models import Job

State = EmployeeLink.State
Asked = tuple[Person, RemoteEmployee]

_CLAIMED = [
    "state", "remote_id", "label", "matched_by", "matched_at", "fingerprints", "confirmed_by", "confirmed_at", "cause",
    "said",
]  # fmt: skip


class DatabaseMatches:
    """The matches of one connection."""

    def __init__(self, integration: Integration, on_owner: OnOwner = here) -> None:
        self.integration, self._on_owner = integration, on_owner

    def claim(self, person: Person, found: RemoteEmployee) -> bool:
        [granted] = self.claim_all([(person, found)])
        return granted

    @in_owner_thread
    def free(self, person: Person, found: RemoteEmployee) -> bool:
        holder = self._matched().filter(remote_id=found.id).exclude(employee_key=int(person.id))
        return not self._blocking(holder.values_list("employee_key", flat=True))

    @in_owner_thread
    def claim_all(self, asked: Sequence[Asked]) -> list[bool]:
        """Whether each record is the person's from now on. Two queries, if nobody else has one of them.

        Raises InterruptedRunError where a person has decided about one of these matches a moment ago: it is looked at
        anew.
        """
        try:
            with transaction.atomic():
                return self._claim_all(asked)
        except IntegrityError:  # a person has just confirmed one of them for somebody else
            if len(asked) == 1:
                return [False]
            return [granted for one in asked for granted in self.claim_all([one])]

    def _claim_all(self, asked: Sequence[Asked]) -> list[bool]:
        keys = {int(person.id) for person, _ in asked}
        kept = list(
            EmployeeLink.objects.select_for_update()
            .filter(integration=self.integration)
            .filter(Q(state=State.MATCHED, remote_id__in={found.id for _, found in asked}) | Q(employee_key__in=keys))
            .order_by("pk")
        )
        own = {row.employee_key: row for row in kept if row.employee_key in keys}
        if any(row.state in (State.RELEASED, State.STOPPED) for row in own.values()):
            raise InterruptedRunError(texts.MATCH_DECIDED())
        holders = {row.remote_id: row.employee_key for row in kept if row.state == State.MATCHED}
        others = {holders[found.id] for person, found in asked if holders.get(found.id, int(person.id)) not in keys}
        blocking = self._blocking(others) if others else set()
        left = [row.pk for row in kept if row.employee_key in others - blocking]
        if left:  # of people who are deleted here, and of whom nothing waits any more
            EmployeeLink.objects.filter(pk__in=left).update(state=State.NOT_MATCHED, cause="", said=[])
        granted, links = [], []
        for person, found in asked:
            key = int(person.id)
            holder = holders.get(found.id, key)
            granted.append(holder == key or holder in others - blocking)
            if granted[-1]:
                holders[found.id] = key
                links.append(self._link(own.get(key), person, found))
        rows.insert(links, unique=["integration", "employee_key"], update=_CLAIMED)
        return granted

    def _link(self, row: EmployeeLink | None, person: Person, found: RemoteEmployee) -> EmployeeLink:
        same = row is not None and row.remote_id == found.id and row.state == State.MATCHED
        believed = found.matched_by in (EARLIER, CONFIRMED)
        return EmployeeLink(
            integration=self.integration,
            employee_key=int(person.id),
            remote_id=found.id,
            label=storable(found.label)[:200],
            matched_by=row.matched_by if same and row and believed else found.matched_by[:60],
            matched_at=row.matched_at if same and row and believed else timezone.now(),
            fingerprints=fingerprints(self.integration, person),
            confirmed_by=row.confirmed_by if same and row else "",
            confirmed_at=row.confirmed_at if same and row else None,
        )

    def _matched(self) -> Any:
        return EmployeeLink.objects.filter(integration=self.integration, state=State.MATCHED)

    def _blocking(self, holders: Iterable[int]) -> set[int]:
        """Of employees who have a record those who keep it: whoever is still here, or has something that waits."""
        keys = set(holders)
        if not keys:
            return set()
        here = set(Employee.objects.filter(pk__in=keys).values_list("pk", flat=True))
        waiting = Job.objects.open().filter(integration=self.integration, employee_key__in=keys - here)
        return here | set(waiting.values_list("employee_key", flat=True))


class TurnMatches(DatabaseMatches):
    """Those of a turn, whose thread answers all that were asked meanwhile at once."""

    def __init__(self, integration: Integration, on_owner: OnOwner) -> None:
        super().__init__(integration, on_owner)
        self._held: dict[str, str] = {}  # record there -> the employee whose run may be writing to it
        self._asked: list[tuple[Person, RemoteEmployee, Future[bool]]] = []
        self._lock = Lock()

    def claim(self, person: Person, found: RemoteEmployee) -> bool:
        answer: Future[bool] = Future()
        with self._lock:
            self._asked.append((person, found, answer))
        self._answer()
        return answer.result()

    # for the owner of the turn

    def hold(self, employee: str, record: str) -> None:
        """A known match is about to be written to, whatever becomes of it meanwhile."""
        self._held[record] = employee

    def let_go(self, employee: str) -> None:
        """The employee's run is stored."""
        self._held = {record: who for record, who in self._held.items() if who != employee}

    @in_owner_thread
    def _answer(self) -> None:
        with self._lock:
            asked, self._asked = self._asked, []
        left = []
        for person, found, answer in asked:
            if self._held.get(found.id, person.id) == person.id:
                left.append((person, found, answer))
            else:
                answer.set_result(False)
        if not left:
            return
        try:
            granted = self.claim_all([(person, found) for person, found, _ in left])
        except (DatabaseError, InterruptedRunError) as error:
            for *_, answer in left:
                answer.set_exception(InterruptedRunError(texts.MATCH_NOT_KEPT(why=str(error))))
            return
        for (person, found, answer), yes in zip(left, granted, strict=True):
            if yes:
                self._held[found.id] = person.id
            answer.set_result(yes)


# -- what people decide --------------------------------------------------------------------------------------


class NotPossibleError(Exception):
    """What a person asked for cannot be done: `said` tells why and what helps."""

    def __init__(self, said: Message) -> None:
        super().__init__(said)
        self.said = said


@transaction.atomic
def confirm(link: EmployeeLink, by: str) -> EmployeeLink:
    """The record of this row is this employee's: a person says so, whatever it shows. What failed goes out now.

    Raises NotPossibleError where there is no record to confirm, or where it is another employee's.
    """
    link = _locked(link)
    if not link.remote_id:
        raise NotPossibleError(texts.NOTHING_TO_CONFIRM())
    others = EmployeeLink.objects.filter(
        integration=link.integration, state=State.MATCHED, remote_id=link.remote_id
    ).exclude(pk=link.pk)
    if others.exists():
        raise NotPossibleError(texts.MATCHED_TO_ANOTHER(record=link.remote_id))
    employee = Employee.objects.filter(pk=link.employee_key).first()
    if employee is None:
        raise NotPossibleError(texts.EMPLOYEE_DELETED())
    link.state, link.cause, link.said = State.MATCHED, "", []
    link.matched_by = link.matched_by or CONFIRMED
    link.confirmed_by, link.confirmed_at = by[:150], timezone.now()
    link.fingerprints = fingerprints(link.integration, employee)
    link.save()
    if try_again(link.integration_id, [link.employee_key], asked=True):
        cutoff.release_beside({link.integration_id: [link.employee_key]})
    return link


@transaction.atomic
def release(link: EmployeeLink, by: str) -> EmployeeLink:
    """This employee is not that record: nothing is written there until somebody matches anew or confirms a record."""
    link = _locked(link)
    freed_record = link.remote_id if link.state == State.MATCHED else ""
    link.state, link.cause = State.RELEASED, "match_released"
    link.said = packed([texts.RELEASED(by=by)])
    link.confirmed_by, link.confirmed_at, link.matched_at = "", None, timezone.now()
    link.save()
    freed(link.integration_id, {freed_record} - {""})
    return link


@transaction.atomic
def match_anew(link: EmployeeLink, by: str) -> EmployeeLink:
    """Forgets who the employee is there: it is looked for at once, with what was sent so far and what failed."""
    link = _locked(link)
    freed_record = link.remote_id if link.state == State.MATCHED else ""
    link.state, link.remote_id, link.label, link.matched_by = State.NOT_MATCHED, "", "", ""
    link.cause, link.said = "", packed([texts.ANEW(by=by)])
    link.confirmed_by, link.confirmed_at, link.matched_at = "", None, timezone.now()
    link.save()
    number = try_again(link.integration_id, [link.employee_key], asked=True)
    if look_anew([link], Origin("resync", by)) or number:
        cutoff.release_beside({link.integration_id: [link.employee_key]})
    freed(link.integration_id, {freed_record} - {""})
    return link


def _locked(link: EmployeeLink) -> EmployeeLink:
    return EmployeeLink.objects.select_for_update(of=("self",)).select_related("integration").get(pk=link.pk)


# -- what follows from it ------------------------------------------------------------------------------------


def marks_changed(employees: Sequence[Employee]) -> None:
    """Whether a match of these employees is doubtful since number, national id or e-mail were saved: then what was sent
    there is looked at by a run, which decides."""
    by_key = {employee.pk: employee for employee in employees}
    links = list(
        EmployeeLink.objects.filter(employee_key__in=by_key, state=State.MATCHED, integration__send_positions=True)
    )
    integrations = Integration.objects.in_bulk({link.integration_id for link in links})
    look_anew(
        [
            link
            for link in links
            if link.fingerprints
            and link.fingerprints != fingerprints(integrations[link.integration_id], by_key[link.employee_key])
        ]
    )


def look_anew(links: Sequence[EmployeeLink], asked: Origin | None = None) -> int:
    """Records jobs for the positions that were sent under these matches, where their connections record changes; gives
    how many. `asked`: by somebody who wants that now, whatever the payroll cut-off says."""
    of_links = {(link.integration_id, link.employee_key) for link in links}
    if not of_links:
        return 0
    found = PeriodLink.objects.filter(
        integration__in={integration for integration, _ in of_links},
        employee_key__in={employee for _, employee in of_links},
        integration__send_positions=True,
    ).values_list("integration_id", "position_key", "employee_key")
    sent = {(integration, position) for integration, position, employee in found if (integration, employee) in of_links}
    positions = Position.objects.filter(pk__in={key for _, key in sent}).select_related("employee").in_bulk()
    jobs = [
        job_for(Changed(positions[key]), positions[key].employee, integration_id, asked)
        for integration_id, key in sorted(sent)
        if key in positions
    ]
    if asked is not None:
        cutoff.sent_all_the_same(jobs)
        store_again(jobs)
    else:
        store(jobs)
    wake(sorted({job.integration_id for job in jobs}))
    return len(jobs)


def freed(integration_id: int, records: Collection[str]) -> None:
    """Whoever could not have one of these records because it was somebody else's is sent now."""
    if not records:
        return
    refused = EmployeeLink.objects.filter(
        integration=integration_id, state=State.NOT_MATCHED, cause="already_matched", remote_id__in=records
    )
    try_again(integration_id, refused.values_list("employee_key", flat=True))


def try_again(integration_id: int, employees: Iterable[int], *, asked: bool = False) -> int:
    """The failed changes of these employees go out now, or when the period opens where a payroll cut-off holds them and
    nobody has `asked` for them."""
    now = timezone.now()
    failed = Job.objects.filter(
        integration=integration_id, employee_key__in=list(employees), state=Job.State.FAILED, open_key__isnull=False
    )
    held = list(failed.filter(held_until__gt=now).values_list("pk", flat=True))
    number = failed.update(
        state=Job.State.WAITING, due_at=now, changed_at=now, attempts=0, first_failed_at=None,
        generation=time.time_ns(), **({"held_until": now, "asked_for": True} if asked else {}),
    )  # fmt: skip
    if held and not asked:
        cutoff.held_again(Job.objects.filter(pk__in=held))
    if number:
        wake([integration_id])
    return number
