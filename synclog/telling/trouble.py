"""When members are told of a connection: that it stopped, at once; that its system has not let us send, after an hour;
that it works again, once after either.

What its history says is heard in the transaction in which it is written; what only time tells is looked for every
minute, under the connection's lock, as results are stored.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.signals import post_save
from django.utils import timezone

from integrations.models import Integration
from integrations.sdk.messages import packed
from positions.transactions import repeated
from synclog.engine import texts
from synclog.models import Event, Topic
from synclog.telling.cutoffs import is_over
from synclog.telling.outbox import tell

LONG = timedelta(hours=1)
_Kind = Event.Kind
_GOES_ON = (_Kind.RESUMED.value, _Kind.CREDENTIALS.value)


def connect() -> None:
    post_save.connect(_event_saved, sender=Event, dispatch_uid="synclog.telling")


def _event_saved(sender: Any, instance: Event, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if raw or not created:
        return
    if instance.kind == _Kind.STOPPED:
        tell(instance, Topic.STOPPED)
    elif instance.kind == _Kind.DIFFERS:
        tell(instance, Topic.DIFFERS)
    elif instance.kind == _Kind.CUTOFF and not is_over(instance):
        tell(instance, Topic.CUTOFF)
    elif instance.kind == _Kind.RECOVERED:
        last = _told().filter(integration=instance.integration_id).first()
        if last is not None and last.kind == _Kind.RETRYING:  # after a stop, an answer may be one refusal more
            tell(instance, Topic.RECOVERED)


def _told() -> QuerySet[Event]:
    return Event.objects.filter(told_at__isnull=False).order_by("-pk")


def look_after() -> None:
    """Every minute."""
    for pk in _retrying_long().values_list("pk", flat=True):
        _tell_of_retrying(pk)
    for pk in _working_again().values_list("pk", flat=True):
        _say_recovered(pk)


def _retrying_long() -> QuerySet[Integration]:
    """Those whose newest spell of retrying, as it is now, has lasted and was not told of."""
    newest = Event.objects.filter(integration=OuterRef("pk"), kind=_Kind.RETRYING).order_by("-pk")
    return Integration.objects.filter(
        send_positions=True, paused_at=None, stopped_at=None, retry_count__gt=0
    ).annotate(
        begun=Subquery(newest.values("at")[:1]), told=Subquery(newest.values("told_at")[:1])
    ).filter(begun__lte=timezone.now() - LONG, told=None)  # fmt: skip


@repeated
def _tell_of_retrying(pk: int) -> None:
    if _held(_retrying_long(), pk) is not None:
        tell(Event.objects.filter(integration=pk, kind=_Kind.RETRYING).latest("pk"), Topic.RETRYING)


def _working_again() -> QuerySet[Integration]:
    """Those that have had something accepted since members were told of trouble; after a stop, since somebody let it go
    on: what was on its way when it stopped may be accepted later. Renewed credentials alone do not say that they work.
    """
    told = _told().filter(integration=OuterRef("pk"))
    goes_on = Event.objects.filter(integration=OuterRef("pk"), kind__in=_GOES_ON, pk__gt=OuterRef("told")).order_by(
        "-pk"
    )
    return Integration.objects.filter(stopped_at=None, retry_count=0).annotate(
        told=Subquery(told.values("pk")[:1]), told_kind=Subquery(told.values("kind")[:1]),
        told_at=Subquery(told.values("at")[:1]), goes_on_at=Subquery(goes_on.values("at")[:1]),
    ).filter(
        Q(told_kind=_Kind.RETRYING, last_success_at__gt=F("told_at"))
        | Q(told_kind=_Kind.STOPPED, last_success_at__gt=F("goes_on_at"))
    )  # fmt: skip


@repeated
def _say_recovered(pk: int) -> None:
    integration = _held(_working_again(), pk)
    if integration is not None:
        said = packed([texts.RECOVERED(system=integration.system.name)])
        tell(Event.objects.create(integration=integration, kind=_Kind.RECOVERED, said=said), Topic.RECOVERED)


def _held(rows: QuerySet[Integration], pk: int) -> Integration | None:
    """If it is still one of them, and until the end of the transaction."""
    Integration.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk").first()
    return rows.filter(pk=pk).first()
