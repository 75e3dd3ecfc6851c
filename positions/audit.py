"""Writes the audit trail from Django's signals: admin, API and commands alike, one INSERT for each saved object and one
for each bulk, in the same transaction.

`watch` names a model and how to find its organization; other apps watch their own models in `AppConfig.ready`.
Old values come from what the object was loaded with, never from a query. Encrypted fields, and those named `secret`,
appear as set, changed or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from positions.encryption import EncryptedJSONField, EncryptedTextField
from positions.models import (
    ApiKey,
    Company,
    Department,
    Employee,
    FederatedIdentity,
    GroupRole,
    Invitation,
    Member,
    Organization,
    Position,
    SecondFactor,
    tracking,
)
from positions.models.audit import AuditEntry
from positions.origin import current_origin
from positions.privacy.national_ids import MASK, masked_strictly
from positions.signals import employees_changed, employees_deleted, positions_changed, positions_deleted

_LONGEST = 500

_request: ContextVar[HttpRequest | None] = ContextVar("audit_request", default=None)


@dataclass(frozen=True, slots=True)
class Watched:
    organization: Callable[[Any], int | None]
    employee: Callable[[Any], int | None]
    secret: frozenset[str]


_watched: dict[type[models.Model], Watched] = {}


def watched_models() -> Iterable[type[models.Model]]:
    return _watched


class AuditMiddleware:
    """Whoever is signed in has done what happens during the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def actor() -> tuple[str, str]:
    """(name, via) of whoever is at work here."""
    origin = current_origin()
    if origin.kind == "api":
        return origin.name, AuditEntry.Via.API
    request = _request.get()
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return user.get_username(), AuditEntry.Via.ADMIN
    person = origin.name and origin.kind != "command"
    return origin.name, AuditEntry.Via.ADMIN if person else AuditEntry.Via.SYSTEM


def watch(
    model: type[models.Model],
    organization: Callable[[Any], int | None],
    *,
    employee: Callable[[Any], int | None] = lambda _: None,
    secret: Iterable[str] = (),
    skipped: Iterable[str] = (),
    related: Iterable[str] = (),
) -> None:
    """`skipped`: what the product writes by itself. `related`: many-to-many fields to follow."""
    encrypted = {
        f.attname for f in model._meta.concrete_fields if isinstance(f, EncryptedTextField | EncryptedJSONField)
    }
    _watched[model] = Watched(organization, employee, frozenset(encrypted | set(secret)))
    tracking.follow(model, {"id", "created_at", "updated_at", *skipped})
    name = model._meta.label
    post_save.connect(_saved, sender=model, dispatch_uid=f"audit.save.{name}")
    post_delete.connect(_deleted, sender=model, dispatch_uid=f"audit.delete.{name}")
    for field in related:
        through = getattr(model, field).through
        m2m_changed.connect(_related, sender=through, dispatch_uid=f"audit.related.{name}.{field}")


def shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked_strictly(str(value))[:_LONGEST]


def _difference(instance: models.Model, old: Mapping[str, Any], only: Iterable[str] | None) -> dict[str, list[Any]]:
    model = type(instance)
    changes: dict[str, list[Any]] = {}
    for f in tracking.different(instance, old, tracking.followed(model), only):
        before, new = old.get(f.attname), instance.__dict__[f.attname]
        if f.attname in _watched[model].secret:
            changes.update(_secret(f.name, before, new))
        elif isinstance(new, dict):
            given = before if isinstance(before, dict) else {}
            for key in sorted({*new, *given}):
                if new.get(key) != given.get(key):
                    changes[f"{f.name}.{key}"] = [shown(given.get(key)), shown(new.get(key))]
        else:
            changes[f.name] = [shown(before), shown(new)]
    return changes


def _with_days(instance: models.Model, changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """A change of terms is told with the day from which it counts."""
    dated = instance.dated if isinstance(instance, Position) else None
    if dated is None or not dated.said:
        return changes
    told = {f"{name} {dated.said}": [shown(old), shown(new)] for name, (old, new) in dated.changes.items()}
    return {**{name: pair for name, pair in changes.items() if name not in dated.changes}, **told}


def _secret(name: str, before: Any, new: Any) -> dict[str, list[Any]]:
    if isinstance(new, dict) or isinstance(before, dict):
        given, now = dict(before or {}), dict(new or {})
        return {
            f"{name}.{key}": [MASK if given.get(key) else "", MASK if now.get(key) else ""]
            for key in sorted({*given, *now})
            if given.get(key) != now.get(key)
        }
    return {name: [MASK if before else "", MASK if new else ""]}


def _first(instance: models.Model) -> dict[str, list[Any]]:
    """What a new object was given."""
    given = _difference(instance, {}, None)
    return {name: pair for name, pair in given.items() if pair[1] not in ("", None, False)}


def kind_of(model: type[models.Model] | models.Model) -> str:
    """What an entry calls it: its English name, whoever writes the entry."""
    return model._meta.verbose_name_raw[:40]


def _named(instance: models.Model) -> str:
    try:
        return str(shown(str(instance)))[:250]
    except (AttributeError, TypeError, ValueError):
        # Made in code, from dates as text: its name wants them as dates.
        return f"{kind_of(instance)} {instance.pk}"


@translation.override(settings.LANGUAGE_CODE)
def _entry(instance: models.Model, action: str, changes: dict[str, list[Any]]) -> AuditEntry:
    watched = _watched[type(instance)]
    name, via = actor()
    return AuditEntry(
        organization_id=watched.organization(instance),
        actor=name[:150],
        via=via,
        action=action,
        kind=kind_of(instance),
        object_key=instance.pk,
        object_name=_named(instance),
        employee_key=watched.employee(instance),
        changes=changes,
    )


def _saved(
    sender: Any, instance: models.Model, created: bool, raw: bool, update_fields: Any = None, **kwargs: Any
) -> None:
    if not raw:
        old = tracking.loaded(instance) or {}
        changes = _first(instance) if created else _with_days(instance, _difference(instance, old, update_fields))
        if created or changes:
            _entry(instance, AuditEntry.Action.CREATED if created else AuditEntry.Action.CHANGED, changes).save(
                force_insert=True
            )


def _deleted(sender: Any, instance: models.Model, **kwargs: Any) -> None:
    _entry(instance, AuditEntry.Action.DELETED, {}).save(force_insert=True)


def _related(sender: Any, instance: Any, action: str, reverse: bool, model: Any, pk_set: Any, **kwargs: Any) -> None:
    if reverse or not pk_set or action not in ("post_add", "post_remove"):
        return
    keys = ", ".join(str(pk) for pk in sorted(pk_set))
    pair = ["", keys] if action == "post_add" else [keys, ""]
    with translation.override(settings.LANGUAGE_CODE):
        name = str(model._meta.verbose_name_plural)
    _entry(instance, AuditEntry.Action.CHANGED, {name: pair}).save(force_insert=True)


def note(positions: Iterable[Position]) -> None:
    """Of what the product itself changed of them, without a signal."""
    _bulk(Position, [(position, []) for position in positions])


def _bulk(sender: Any, saved: list[tuple[models.Model, Any]], **kwargs: Any) -> None:
    entries = []
    for row, changed in saved:
        created = changed is None
        old = tracking.loaded(row) or {}
        changes = _first(row) if created else _with_days(row, _difference(row, old, None))
        if created or changes:
            action = AuditEntry.Action.CREATED if created else AuditEntry.Action.CHANGED
            entries.append(_entry(row, action, changes))
    AuditEntry.objects.bulk_create(entries)


def _bulk_deleted(sender: Any, deleted: list[models.Model], **kwargs: Any) -> None:
    AuditEntry.objects.bulk_create(_entry(row, AuditEntry.Action.DELETED, {}) for row in deleted)


def connect() -> None:
    def own(row: Any) -> int | None:
        return row.organization_id

    def of_employee(position: Position) -> int | None:
        return position.employee.organization_id

    watch(Organization, lambda row: row.pk)
    watch(Member, own, skipped=["renewed_at"])
    watch(GroupRole, own)
    watch(Invitation, own, secret=["digest"], skipped=["seed"])
    watch(Company, own)
    watch(Department, own)
    watch(ApiKey, own, secret=["hash", "former_hash"], skipped=["last_used_at"])
    watch(Employee, own, employee=lambda row: row.pk)
    # A note is for the organization's own eyes: that it changed is enough.
    watch(Position, of_employee, employee=lambda row: row.employee_id, secret=["note"])
    watch(get_user_model(), lambda _: None, secret=["password"], skipped=["last_login", "date_joined"])
    watch(FederatedIdentity, lambda _: None, skipped=["stayed_away"])
    used = ["last_used_at", "last_step", "throttling_failure_timestamp", "throttling_failure_count"]
    watch(SecondFactor, lambda _: None, skipped=[*used, "name", "confirmed"])
    for changed in (positions_changed, employees_changed):
        changed.connect(_bulk, dispatch_uid="audit.bulk")
    for deleted in (positions_deleted, employees_deleted):
        deleted.connect(_bulk_deleted, dispatch_uid="audit.bulk_deleted")
