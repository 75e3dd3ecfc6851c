"""The way of an import: sent, read, tried out, confirmed, carried out, forgotten.

Whoever sends a file waits for nothing: a worker reads it, and tries it out row by row in transactions that are rolled
back, so that what is told beforehand is what the same code finds. When the person has confirmed it, the good rows are
carried out in pieces, each of them one transaction in which is also written down that it is done: a worker that is
killed leaves an import that goes on with the next piece. What a file holds is encrypted wherever it lies, leaves with
the piece that it was, and all of it is gone after a day.
"""

from __future__ import annotations

import base64
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from positions import roles
from positions.importing import files
from positions.importing.judging import OF_KIND
from positions.importing.rows import Row, by_level, understood
from positions.models import AuditEntry, Employee, Import, ImportPiece, Organization
from positions.origin import Origin, started_by
from positions.signals import import_tried, import_waits
from positions.tracing import working_on
from positions.transactions import repeated

logger = logging.getLogger("positions.importing")

PIECE = 100
KEPT = timedelta(hours=23)  # what is older is looked for each minute
LEFT_AFTER = timedelta(minutes=2)
READ_WITHIN = timedelta(minutes=5)  # then the queue has stopped the worker
MOST_KEPT = 20  # of each organization and kind

State = Import.State
# What a piece changes of the import.
_MOVED = (
    "state", "taken", "next_piece", "created", "updated", "unchanged", "refused", "changed", "follows", "managers",
    "moved_at", "done_at",
)  # fmt: skip


class TooManyError(Exception):
    """The organization has enough of them, of this kind."""


def begin(
    organization: Organization,
    user: Any,
    kind: str,
    content: bytes,
    *,
    effective_from: date | None = None,
    empty_clears: bool = False,
) -> Import:
    """Takes a file in for a worker to read. Raises TooManyError."""
    if Import.objects.filter(organization=organization, kind=kind).count() >= MOST_KEPT:
        raise TooManyError
    now = timezone.now()
    with transaction.atomic():
        asked = Import.objects.create(
            organization=organization, user=user, kind=kind, language=translation.get_language() or "en",
            file=base64.b64encode(content).decode(), effective_from=effective_from, empty_clears=empty_clears,
            asked_at=now, moved_at=now,
        )  # fmt: skip
        import_waits.send(Import, key=asked.pk)
    return asked


def carry_on(pk: int) -> bool:
    """The next step of an import. False: it has none any more, or waits for the person.

    What breaks off for a reason that nobody has foreseen ends it, and is named without what the file holds.
    """
    try:
        state = Import.objects.filter(pk=pk).values_list("state", flat=True).first()
        return _read(pk) if state == State.READING else _next_piece(pk)
    except DatabaseError:
        raise  # tried again
    except Exception as error:
        logger.error("An import broke off with %s", type(error).__name__)
        _break_off(pk)
        return False


# -- reading


def _read(pk: int) -> bool:
    """Not in a transaction: a large workbook takes seconds, and nobody is to wait for them. One worker alone does it,
    and once: what has stopped one would stop the next."""
    reading = Import.objects.filter(pk=pk, state=State.READING)
    now = timezone.now()
    if not reading.filter(moved_at=F("asked_at")).update(moved_at=now):
        left = reading.filter(moved_at__lt=now - READ_WITHIN).first()
        return _refuse(pk, _not_in_time(left.language)) if left is not None else False
    asked = reading.select_related("organization").first()
    if asked is None:
        return False
    with translation.override(asked.language):
        try:
            lines = files.read(base64.b64decode(asked.file))
            columns, rows = understood(asked, lines, asked.organization.country)
        except files.UnreadableError as error:
            return _refuse(pk, str(error))
        asked.columns = [column.name for column in columns]
        pieces = _pieces(asked, rows)
    return _store(asked, rows, pieces)


def _not_in_time(language: str) -> str:
    with translation.override(language):
        return _("The file could not be read in time. Send it in parts, or as CSV.")


def _pieces(asked: Import, rows: list[Row]) -> list[list[Row]]:
    levels = [rows]
    if asked.kind == Import.Kind.EMPLOYEES:
        numbers = {row.values["number"] for row in rows if row.values.get("number")}
        wanted = numbers & {row.values.get("manager") for row in rows}
        here = Employee.objects.filter(organization=asked.organization, number__in=wanted)
        waiting = wanted - set(here.values_list("number", flat=True))
        asked.managers = {"waiting": sorted(waiting), "coming": []}
        levels = by_level(rows, waiting)
    return [level[at : at + PIECE] for level in levels for at in range(0, len(level), PIECE)]


@repeated
def _store(asked: Import, rows: Sequence[Row], pieces: Sequence[Sequence[Row]]) -> bool:
    if not Import.objects.select_for_update().filter(pk=asked.pk, state=State.READING).exists():
        return False  # cancelled, or another worker was faster
    ImportPiece.objects.bulk_create(
        [
            ImportPiece(part_of=asked, number=number, content={"rows": [row.as_json() for row in piece]})
            for number, piece in enumerate(pieces)
        ],
        batch_size=20,
    )
    asked.file, asked.total, asked.state, asked.moved_at = "", len(rows), State.CHECKING, timezone.now()
    asked.save(update_fields=["file", "total", "state", "moved_at", "columns", "managers"])
    return True


@repeated
def _refuse(pk: int, problem: str) -> bool:
    now = timezone.now()
    found = Import.objects.filter(pk=pk, state=State.READING)
    found.update(state=State.REFUSED, file="", problem=problem, moved_at=now, done_at=now)
    return False


@repeated
def _break_off(pk: int) -> None:
    asked = _held(pk, *Import.WORKING)
    if asked is None:
        return
    with translation.override(asked.language):
        words = _("It broke off for a reason that is ours. Tell your operator at what time you sent the file.")
    asked.problem = words
    _end(asked, State.REFUSED)


# -- a piece


@repeated
def _next_piece(pk: int) -> bool:
    asked = _held(pk, State.CHECKING, State.IMPORTING)
    if asked is None:
        return False
    if not roles.can(asked.user, asked.organization_id, "edit"):  # the right has ended since
        _end(asked, State.CANCELLED)
        return False
    piece = asked.pieces.filter(number__gte=asked.next_piece).first()
    if piece is None:
        _end(asked, State.CHECKED if asked.state == State.CHECKING else State.DONE)
        return False
    rows = [Row(**row) for row in piece.content["rows"]]
    ready = [row for row in rows if not row.errors]
    with _at_work(asked):
        if asked.state == State.CHECKING:
            asked.follows = dict(Counter(asked.follows) + _tried(asked, rows))
        else:
            OF_KIND[asked.kind](asked, rows).carry_out()
    _count(asked, piece, rows, ready)
    return True


def _tried(asked: Import, rows: Sequence[Row]) -> Counter[str]:
    """As it would be done, and undone: what it would have caused is asked before."""
    found: Counter[str] = Counter()
    with transaction.atomic():
        judging = OF_KIND[asked.kind](asked, rows, asked.managers.get("coming", ()))
        judging.carry_out()
        judging.look_at_refused()
        told = import_tried.send(Import, organization=asked.organization_id, request=_request(asked))
        for _receiver, numbers in told:
            found += Counter(numbers)
        transaction.set_rollback(True)
    waiting = set(asked.managers.get("waiting", ()))
    coming = [row.values["number"] for row in rows if not row.errors and row.values.get("number") in waiting]
    if coming:
        asked.managers = {**asked.managers, "coming": [*asked.managers["coming"], *coming]}
    return found


def _count(asked: Import, piece: ImportPiece, rows: Sequence[Row], ready: Sequence[Row]) -> None:
    became = Counter(row.became for row in ready if not row.errors)
    asked.created += became["created"]
    asked.updated += became["updated"]
    asked.unchanged += became["unchanged"]
    asked.changed = dict(Counter(asked.changed) + Counter(name for row in ready for name in row.changes))
    refused = [row for row in rows if row.errors]
    asked.refused += len(refused) - piece.refused
    asked.taken += len(rows) if asked.state == State.CHECKING else len(ready)
    asked.next_piece, asked.moved_at = piece.number + 1, timezone.now()
    asked.save(update_fields=_MOVED)
    kept = rows if asked.state == State.CHECKING else refused  # what is imported is done with
    if not kept:
        piece.delete()
        return
    piece.refused, piece.updated = len(refused), became["updated"]
    piece.content = {"rows": [row.as_json() for row in kept]}
    piece.save()


@contextmanager
def _at_work(asked: Import) -> Iterator[None]:
    """As the person, in their language, under the import's own name in the log."""
    origin = Origin("edit", asked.user.get_username())
    with translation.override(asked.language), started_by(origin), working_on((), [_request(asked)]):
        yield


def _request(asked: Import) -> str:
    return asked.uuid.hex


def _held(pk: int, *states: str) -> Import | None:
    found = Import.objects.select_for_update(of=("self",)).select_related("organization", "user")
    return found.filter(pk=pk, state__in=states).first()


# -- what people say to it


@repeated
def confirm(pk: int) -> bool:
    """The good rows of it are carried out. False: it does not wait for that any more."""
    asked = _held(pk, State.CHECKED)
    if asked is None or not asked.created + asked.updated:
        return False
    asked.state, asked.moved_at, asked.next_piece, asked.taken = State.IMPORTING, timezone.now(), 0, 0
    asked.total = asked.created + asked.updated + asked.unchanged
    asked.created = asked.updated = asked.unchanged = 0
    asked.changed = {}
    asked.save(update_fields=["total", *_MOVED])
    import_waits.send(Import, key=asked.pk)
    return True


@repeated
def cancel(pk: int) -> bool:
    """Nothing more of it is read or carried out. False: it was over already."""
    asked = _held(pk, *Import.WORKING, State.CHECKED)
    if asked is None:
        return False
    _end(asked, State.CANCELLED)
    return True


def _end(asked: Import, state: str) -> None:
    begun = asked.state == State.IMPORTING
    asked.state = state
    if state == State.CHECKED:
        asked.moved_at = timezone.now()
        asked.save(update_fields=_MOVED)
        return
    asked.file, asked.managers, asked.done_at = "", {}, timezone.now()
    if not begun:  # what was tried out was not done
        asked.total = asked.taken = asked.created = asked.updated = asked.unchanged = asked.refused = 0
        asked.changed, asked.follows = {}, {}
        asked.pieces.all().delete()
    asked.save()
    if begun:
        _note(asked)


def _note(asked: Import) -> None:
    """In the audit trail: what one file did in all. Each change has its own entry besides."""
    if not asked.created + asked.updated:
        return
    numbers = {name: ["", getattr(asked, name)] for name in ("created", "updated", "unchanged", "refused")}
    AuditEntry.objects.create(
        organization_id=asked.organization_id, actor=asked.user.get_username()[:150], via=AuditEntry.Via.ADMIN,
        action=AuditEntry.Action.IMPORTED, kind=asked.kind, object_key=asked.pk, object_name="file", changes=numbers,
    )  # fmt: skip


def forget(asked: Import) -> None:
    """The file, and all that is known of it but what it changed."""
    asked.delete()


# -- what runs by itself


def left_lying() -> list[int]:
    """Imports with which nobody has carried on: their ring was lost, or the worker that had them."""
    found = Import.objects.filter(state__in=Import.WORKING, moved_at__lt=timezone.now() - LEFT_AFTER)
    return list(found.values_list("pk", flat=True))


def forget_old() -> None:
    """All but what a worker carries out just now."""
    now = timezone.now()
    found = Import.objects.filter(asked_at__lt=now - KEPT)
    for asked in found.exclude(state=State.IMPORTING, moved_at__gt=now - LEFT_AFTER).only("pk"):
        forget(asked)
