"""Figures for Prometheus, all read from the database when asked: every process answers the same.

Counters start anew at midnight (UTC), which Prometheus takes as it takes a restart: so they cost a day's rows at most.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Func, IntegerField, Max, Min, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeHistogramMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from integrations.models import Integration
from integrations.planning.states import State
from positions.models import ApiKey
from synclog.engine.heartbeats import silent_for
from synclog.engine.lease import ready_integrations
from synclog.log.truth import counts_of
from synclog.models import Attempt, Heartbeat, Job, Webhook, WebhookDelivery

KEEP = 10.0  # seconds that an answer holds in this process
BUCKETS = (0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86400)  # seconds

_NOT_DELIVERED = (*WebhookDelivery.ACTIVE, WebhookDelivery.State.FAILED.value)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For the holder of METRICS_TOKEN. `?by=organization` splits by organization too."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        answer = HttpResponse(
            "Send the header “Authorization: Bearer …” with METRICS_TOKEN.\n", "text/plain; charset=utf-8", 401
        )
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Position Sync metrics"'
        return answer
    text = _kept.text(by_organization=request.GET.get("by") == "organization")
    return HttpResponse(text, CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


class _Kept:
    """The last answers of this process; one thread at a time makes a new one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[bool, tuple[float, bytes]] = {}

    def text(self, by_organization: bool) -> bytes:
        with self._lock:
            until, text = self._answers.get(by_organization, (0.0, b""))
            if time.monotonic() >= until:
                registry = CollectorRegistry(auto_describe=False)
                registry.register(Figures(by_organization))
                text = generate_latest(registry)
                self._answers[by_organization] = (time.monotonic() + KEEP, text)
            return text

    def forget(self) -> None:
        self._answers = {}


_kept = _Kept()


class Figures(Collector):
    def __init__(self, by_organization: bool) -> None:
        # The label's name, and where to find it from an integration.
        self.labels = {"system": "system_key"} | ({"organization": "organization__name"} if by_organization else {})
        self.known: list[tuple[str, ...]] = []  # the labels of all connections: what they have none of is 0

    def _by(self, prefix: str = "") -> list[str]:
        return [prefix + path for path in self.labels.values()]

    def _gauge(self, name: str, text: str, *more: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"position_sync_{name}", text, labels=[*self.labels, *more])

    def _counter(self, name: str, text: str, *more: str) -> CounterMetricFamily:
        return CounterMetricFamily(f"position_sync_{name}", text, labels=[*self.labels, *more])

    def _zeros(self) -> defaultdict[tuple[str, ...], int]:
        return defaultdict(int, dict.fromkeys(self.known, 0))

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from self._connections(now)
        yield from self._jobs(now)
        yield from self._attempts(now)
        yield self._seconds(now)
        yield self._calls(now)
        yield self._api_keys(now)
        yield from self._webhooks(now)
        yield from _workers(now)

    def _connections(self, now: datetime) -> Iterator[Metric]:
        rows = (
            Integration.objects.order_by()
            .values_list(*self._by())
            .annotate(
                all=Count("pk"),
                are_on=Count("pk", filter=Q(send_positions=True)),
                are_paused=Count("pk", filter=Q(paused_at__isnull=False)),
                are_stopped=Count("pk", filter=Q(stopped_at__isnull=False)),
                are_retrying=Count("pk", filter=Q(retry_at__gt=now)),
                until=Max("retry_at", filter=Q(retry_at__gt=now)),
            )
        )
        connections = self._gauge("connections", "Connections by what holds of them; one may count twice.", "state")
        wait = self._gauge("vendor_wait_seconds", "The longest that a connection still waits because its system asked.")
        for row in rows:
            *labels, everything, on, paused, stopped, retrying, until = row
            for state, number in (
                ("all", everything), ("on", on), ("paused", paused), ("stopped", stopped), ("retrying", retrying),
            ):  # fmt: skip
                connections.add_metric([*labels, state], number)
            self.known.append(tuple(labels))
            wait.add_metric(labels, (until - now).total_seconds() if until else 0)
        yield connections
        yield wait

    def _jobs(self, now: datetime) -> Iterator[Metric]:
        states = self._gauge("jobs", "Open jobs by state.", "state")
        failed = self._gauge("jobs_failed", "Jobs that need a person, by cause.", "cause")
        rows = (
            Job.objects.open()
            .order_by()
            .values_list(*self._by("integration__"), "state", "cause")
            .annotate(number=Count("pk"))
        )
        numbers = defaultdict(int, {(*labels, state): 0 for labels in self.known for state in Job.OPEN})
        for *labels, state, cause, number in rows:
            numbers[*labels, state] += number
            if state == Job.State.FAILED:
                failed.add_metric([*labels, cause], number)
        yield _filled(states, numbers)
        yield failed

        yield self._positions()
        oldest = self._gauge("oldest_waiting_seconds", "How long the oldest job that may be sent now is due.")
        ready = Integration.objects.filter(ready_integrations())
        since = dict.fromkeys(self.known, now)
        due = (
            Job.objects.due(now)
            .filter(integration__in=ready)
            .order_by()
            .values_list(*self._by("integration__"))
            .annotate(since=Min("due_at"))
        )
        since |= {tuple(labels): at for *labels, at in due}
        for labels, at in since.items():
            oldest.add_metric(labels, (now - at).total_seconds())
        yield oldest

    def _positions(self) -> Metric:
        """What holds of positions, as every page says (`synclog.log.truth`)."""
        family = self._gauge("positions", "Positions by what holds of them in a connection.", "state")
        integrations = list(Integration.objects.select_related("organization").defer("credentials", "vault"))
        labels_of = attrgetter(*(path.replace("__", ".") for path in self.labels.values()))
        numbers: defaultdict[tuple[str, ...], int] = defaultdict(int)
        counts = counts_of(integrations)
        for integration in integrations:
            found = labels_of(integration)
            labels = found if isinstance(found, tuple) else (found,)
            for state in ("in_sync", "changed", "partly", "unknown", "not_sent", "out_of_scope"):
                numbers[*labels, state] += getattr(counts[integration.pk], state)
        return _filled(family, numbers)

    def _attempts(self, now: datetime) -> Iterator[Metric]:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        rows = (
            Attempt.objects.filter(finished_at__gte=midnight)
            .order_by()
            .values_list(*self._by("job__integration__"), "state", "cause")
            .annotate(number=Count("pk"))
        )
        sent = self._counter("sent", "Positions that a system accepted, since midnight UTC.")
        failures = self._counter(
            "failures", "Attempts that wrote nothing because of an error, since midnight.", "cause"
        )
        numbers = self._zeros()
        for *labels, state, cause, number in rows:
            if state in (State.FAILED, State.RETRYING):
                failures.add_metric([*labels, cause], number)
            else:
                numbers[tuple(labels)] += number if state == State.SUCCEEDED else 0
        yield _filled(sent, numbers)
        yield failures

    def _seconds(self, now: datetime) -> Metric:
        took = ExpressionWrapper(F("finished_at") - F("job__recorded_at"), DurationField())
        bounds = {f"le_{number}": timedelta(seconds=le) for number, le in enumerate(BUCKETS)}
        rows = (
            Attempt.objects.filter(
                finished_at__gte=now - timedelta(hours=1),
                state=State.SUCCEEDED,
                job__state=Job.State.SUCCEEDED,
                job__recorded_at__lte=F("finished_at"),
            )
            .order_by()
            .annotate(took=took)
            .values_list(*self._by("job__integration__"))
            .annotate(
                **{name: Count("pk", filter=Q(took__lte=le)) for name, le in bounds.items()},
                all=Count("pk"),
                total=Sum("took"),
            )
        )
        family = GaugeHistogramMetricFamily(
            "position_sync_save_to_accepted_seconds",
            "From the save here to the system's answer, of the last hour.",
            labels=list(self.labels),
        )
        for row in rows:
            labels, counts = row[: len(self.labels)], row[len(self.labels) :]
            *within, everything, total = counts
            buckets = [(str(float(le)), number) for le, number in zip(BUCKETS, within, strict=True)]
            family.add_metric(labels, [*buckets, ("+Inf", everything)], total.total_seconds())
        return family

    def _calls(self, now: datetime) -> Metric:
        """An employee's calls are noted with each of its positions: counted once."""
        rows = (
            Attempt.objects.filter(finished_at__gte=now - timedelta(minutes=1))
            .order_by()
            .values_list(*self._by("job__integration__"), "job__integration", "job__employee_key", "started_at")
            .annotate(calls=Max(_JsonLength("exchanges")))
        )
        numbers = self._zeros()
        for row in rows:
            numbers[tuple(row[: len(self.labels)])] += row[-1] or 0
        family = self._gauge("vendor_calls", "HTTP calls of attempts that ended within the last minute.")
        return _filled(family, numbers)

    def _api_keys(self, now: datetime) -> Metric:
        """Of no system: by organization where that is asked for."""
        more = {name: path for name, path in self.labels.items() if name != "system"}
        family = GaugeMetricFamily("position_sync_api_keys", "API keys by what holds of them.", labels=[*more, "state"])
        numbers: Counter[tuple[str, ...]] = Counter()
        if not more:
            numbers.update({(state.value,): 0 for state in ApiKey.State})
        for key in ApiKey.objects.with_right().select_related("organization"):
            numbers[*([key.organization.name] if more else []), key.state(now).value] += 1
        return _filled(family, numbers)

    def _webhooks(self, now: datetime) -> Iterator[Metric]:
        """Of no system: by organization where that is asked for."""
        more = [name for name in self.labels if name != "system"]
        webhooks: Counter[tuple[str, ...]] = Counter()
        events: Counter[tuple[str, ...]] = Counter()
        delivered: Counter[tuple[str, ...]] = Counter()
        if not more:
            webhooks.update({(state.value,): 0 for state in Webhook.State})
            events.update({(state,): 0 for state in _NOT_DELIVERED})
            delivered[()] = 0
        for webhook in Webhook.objects.select_related("organization").defer("secret", "former_secrets"):
            webhooks[*([webhook.organization.name] if more else []), webhook.state.value] += 1
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        rows = (
            WebhookDelivery.objects.filter(Q(state__in=_NOT_DELIVERED) | Q(created_at__gte=midnight))
            .order_by()
            .values_list(*(f"webhook__{self.labels[name]}" for name in more), "state")
            .annotate(number=Count("pk"))
        )
        for *labels, state, number in rows:
            if state in _NOT_DELIVERED:
                events[*labels, state] += number
            else:
                delivered[tuple(labels)] += number
        by_state = [*more, "state"]
        yield _filled(GaugeMetricFamily("position_sync_webhooks", "Webhooks by state.", labels=by_state), webhooks)
        yield _filled(
            GaugeMetricFamily(
                "position_sync_webhook_events", "Events that no webhook took yet, by state.", labels=by_state
            ),
            events,
        )
        yield _filled(
            CounterMetricFamily(
                "position_sync_webhook_delivered", "Events since midnight UTC that were taken.", labels=more
            ),
            delivered,
        )


def _filled(family: GaugeMetricFamily | CounterMetricFamily, numbers: Mapping[tuple[str, ...], int]) -> Metric:
    for key, number in sorted(numbers.items()):
        family.add_metric(key, number)
    return family


def _workers(now: datetime) -> Iterator[Metric]:
    silent = silent_for()
    age = GaugeMetricFamily("position_sync_worker_heartbeat_age_seconds", "Since a worker last looked for work.")
    if silent is not None:
        age.add_metric([], max(0.0, silent.total_seconds()))
    yield age
    working = list(Heartbeat.objects.filter(seen_at__gt=now - timedelta(minutes=2)))
    yield GaugeMetricFamily(
        "position_sync_workers", "Workers that looked for work in the last two minutes.", value=len(working)
    )
    hosts = len({beat.host for beat in working})
    yield GaugeMetricFamily(
        "position_sync_worker_hosts", "Hosts whose workers looked for work in the last two minutes.", value=hosts
    )


class _JsonLength(Func):
    """How many entries a JSON list has."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_array_length", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="jsonb_array_length", **context)
