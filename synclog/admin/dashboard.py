"""The first page after signing in: how each connection does, and what needs a person now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Min, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import Truncator

from integrations.models import Integration
from integrations.planning.states import State
from positions import api_keys, dates, joining, moments, roles
from positions.models import Employee
from synclog.admin.integration_pages import positions_url, silence
from synclog.admin.webhooks import why_paused
from synclog.log import sentences
from synclog.log.causes import cause_title, remedy
from synclog.log.health import Health, health_of, since_sent
from synclog.log.silence import silent
from synclog.log.truth import Truth
from synclog.models import Attempt, Job, Webhook

DAYS = 14
_SHOWN = 24  # connections; the list has all of them
_SHOWN_NEEDS = 8
_ROWS = 500
_LONGEST = 60  # characters of an address
_SAMPLE = 2000  # newest changes whose time to acceptance is looked at
_SAMPLE_DAYS = 7
GLYPHS = {
    "success": "check_circle",
    "info": "radio_button_unchecked",
    "warning": "error",
    "danger": "cancel",
    "neutral": "do_not_disturb_on",
}


@dataclass(frozen=True, slots=True)
class Day:
    """`sent_height` and `failed_height` are parts of the chart's height, in per cent."""

    label: str
    sent: int
    failed: int
    sent_height: float = 0
    failed_height: float = 0

    @property
    def sent_y(self) -> float:
        return round(100 - self.sent_height, 2)

    @property
    def failed_y(self) -> float:
        return round(100 - self.sent_height - self.failed_height, 2)


@dataclass(frozen=True, slots=True)
class Card:
    integration: Integration
    health: Health
    days: Sequence[Day]
    oldest: str
    median: str
    last: str
    log: str

    @property
    def glyph(self) -> str:
        return GLYPHS[self.health.tone]

    @property
    def sent(self) -> int:
        return sum(day.sent for day in self.days)

    @property
    def failed(self) -> int:
        return sum(day.failed for day in self.days)


@dataclass(frozen=True, slots=True)
class Need:
    """What waits for a person, with each connection where it does: (connection, how many, address)."""

    said: str
    remedy: str
    since: str
    where: Sequence[tuple[Integration, int, str]]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fills the admin's index (UNFOLD["DASHBOARD_CALLBACK"])."""
    ids = roles.organization_ids(request.user)
    found = Integration.objects.select_related("organization").defer("vault")
    if ids is not None:
        found = found.filter(organization__in=ids)
    integrations = list(found.order_by("organization__name", "name"))
    health = health_of(integrations)
    # What is in trouble comes first when not all can be shown.
    urgency = {"danger": 0, "warning": 1}
    if len(integrations) > _SHOWN:
        integrations.sort(key=lambda i: urgency.get(health[i.pk].tone, 2))
    shown = integrations[:_SHOWN]
    needs = [*_held_back(integrations, health), *_needs({i.pk: i for i in integrations})]
    several = roles.only_organization(request.user) is None
    return {
        **context,
        "title": "Overview",
        "subtitle": None,
        "banners": silence() if integrations else [],
        "invitations": joining.waiting_for(request.user),
        "operator": roles.is_operator(request.user),
        "cards": _cards(shown, health),
        "left_out": len(integrations) - len(shown),
        "several": several,
        "needs": needs[:_SHOWN_NEEDS],
        "api_keys": _api_keys(request, several),
        "webhooks": _webhooks(request),
        "more_needs": max(0, len(needs) - _SHOWN_NEEDS),
        "anyone": bool(integrations) or Employee.objects.filter(**_within(ids)).exists(),
        "may_connect": roles.can_somewhere(request.user, "administer"),
        "may_edit": roles.can_somewhere(request.user, "edit"),
        "days": DAYS,
    }


def _api_keys(request: HttpRequest, several: bool) -> list[tuple[str, str, str]]:
    """(tone, what is to be said, address) of each key that its admins are to do something about."""
    wanting = api_keys.wanting(roles.organization_ids(request.user, "administer"))
    return [
        (
            "danger" if urgent else "warning",
            f"The API key {key}{f' of {key.organization}' if several else ''} {said}",
            reverse("admin:positions_apikey_change", args=[key.pk]),
        )
        for key, said, urgent in wanting[:_SHOWN_NEEDS]
    ]


def _webhooks(request: HttpRequest) -> list[tuple[str, str]]:
    """(what is to be said, page) of each webhook that is paused, for its admins."""
    ids = roles.organization_ids(request.user, "administer")
    paused = Webhook.objects.filter(active=True, paused_at__isnull=False, **_within(ids)).order_by("-paused_at")
    return [
        (
            f"The webhook {Truncator(webhook.url).chars(_LONGEST)} {why_paused(webhook)}",
            reverse("admin:synclog_webhook_change", args=[webhook.pk]),
        )
        for webhook in paused.select_related("organization").defer("secret", "former_secrets")[:_SHOWN_NEEDS]
    ]


def _within(ids: Any) -> dict[str, Any]:
    return {} if ids is None else {"organization__in": ids}


def _cards(integrations: Sequence[Integration], health: dict[int, Health]) -> list[Card]:
    now = timezone.now()
    days = _days(integrations, now)
    oldest = dict(
        Job.objects.open()
        .filter(integration__in=integrations, state__in=[*Job.ACTIVE, Job.State.RUNNING])
        .exclude(cause__in=Job.FOR_ITS_DAY)
        .order_by()
        .values_list("integration")
        .annotate(oldest=Min("recorded_at"))
    )
    times = _times(integrations, now)
    log = reverse("admin:synclog_job_changelist")
    return [
        Card(
            integration,
            health[integration.pk],
            days[integration.pk],
            moments.lasted((now - oldest[integration.pk]).total_seconds()) if integration.pk in oldest else "",
            moments.lasted(median(times[integration.pk])) if times[integration.pk] else "",
            moments.clock(integration.last_success_at, integration.organization.zone)
            if integration.last_success_at
            else "",
            f"{log}?integration__id__exact={integration.pk}",
        )
        for integration in integrations
    ]


def _days(integrations: Sequence[Integration], now: datetime) -> dict[int, list[Day]]:
    """Accepted and refused per day: one query for each time zone among the organizations."""
    by_zone: defaultdict[str, list[Integration]] = defaultdict(list)
    for integration in integrations:
        by_zone[integration.organization.time_zone].append(integration)
    found: dict[int, list[Day]] = {}
    for rows in by_zone.values():
        found |= _days_in_zone(rows, now)
    return found


def _days_in_zone(integrations: Sequence[Integration], now: datetime) -> dict[int, list[Day]]:
    zone = integrations[0].organization.zone
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    begins = [datetime.combine(d, time.min, zone) for d in [*days, today + timedelta(days=1)]]
    # Trouble with the connection is not a refusal: it is tried again by itself and would be counted each time.
    rows = (
        Attempt.objects.filter(
            finished_at__gte=begins[0], state__in=(State.SUCCEEDED, State.FAILED), job__integration__in=integrations
        )
        .order_by()
        .values_list("job__integration", "state")
        .annotate(
            **{
                f"d{n}": Count("pk", filter=Q(finished_at__gte=begins[n], finished_at__lt=begins[n + 1]))
                for n in range(DAYS)
            }
        )
    )
    counts = {(row[0], row[1]): row[2:] for row in rows}
    nothing = (0,) * DAYS
    return {
        i.pk: _bars(days, counts.get((i.pk, State.SUCCEEDED), nothing), counts.get((i.pk, State.FAILED), nothing))
        for i in integrations
    }


def _bars(days: Sequence[date], sent: Sequence[int], failed: Sequence[int]) -> list[Day]:
    most = max([s + f for s, f in zip(sent, failed, strict=True)] + [1])

    def height(number: int) -> float:
        # One among thousands is still to be seen.
        return round(max(100 * number / most, 4), 2) if number else 0

    bars = []
    for d, s, f in zip(days, sent, failed, strict=True):
        up, low = height(f), height(s)
        over = up + low - 100
        if over > 0:
            up, low = (up, low - over) if low >= up else (up - over, low)
        bars.append(Day(dates.show(d), s, f, round(low, 2), round(up, 2)))
    return bars


def _times(integrations: Sequence[Integration], now: datetime) -> dict[int, list[float]]:
    """Seconds from the save to the acceptance, of the newest changes of the last days."""
    newest = (
        Job.objects.filter(
            integration__in=integrations,
            organization__in={i.organization_id for i in integrations},
            state=Job.State.SUCCEEDED,
            changed_at__gte=now - timedelta(days=_SAMPLE_DAYS),
            origin__in=(Job.Origin.EDIT, Job.Origin.API),
        )
        .order_by("-changed_at")
        .values_list("integration", "recorded_at", "finished_at")[:_SAMPLE]
    )
    times: defaultdict[int, list[float]] = defaultdict(list)
    for integration, recorded, finished in newest:
        if finished is not None:
            times[integration].append(max(0.0, (finished - recorded).total_seconds()))
    return times


def _held_back(integrations: Sequence[Integration], health: dict[int, Health]) -> list[Need]:
    """What keeps whole connections from sending, worst first; then what is not on its way at all."""
    found = []
    on = [i for i in integrations if i.connected]
    sending = [i for i in on if i.send_positions]
    waiting = sum(health[i.pk].counts.waiting for i in sending)
    said = silent()
    if said and sending:
        found.append(
            Need(
                f"{sentences.counted(waiting, 'change')} waiting: no worker looks for work",
                f"{said} Ask your operator to start the worker: they go out then.",
                "",
                [(i, n, _log(i)) for i in sending if (n := health[i.pk].counts.waiting)][:_SHOWN_NEEDS],
            )
        )
    for held, one in (
        ([i for i in on if i.stopped], _stopped),
        ([i for i in sending if i.retry_count and not i.stopped and not i.paused], _retrying),
        ([i for i in sending if i.paused and not i.stopped], _paused),
    ):
        found += [need for i in held if (need := one(i, health[i.pk].counts.waiting)) is not None]
    changed = [(i, n, positions_url(i, Truth.CHANGED)) for i in integrations if (n := health[i.pk].counts.changed)]
    if changed:
        number = sum(n for _, n, _ in changed)
        found.append(
            Need(since_sent(number), "Open the list and press Send now: nothing of it goes by itself.", "", changed)
        )
    return found


def _stopped(integration: Integration, waiting: int) -> Need:
    page = reverse("admin:integrations_integration_change", args=[integration.pk])
    since = moments.clock(integration.stopped_at, integration.organization.zone) if integration.stopped_at else ""
    return Need(
        f"{integration.name} is stopped: {sentences.counted(waiting, 'change')} waiting",
        f"{integration.stopped_message} Renew the credentials under its Settings, or press Try again on its page: "
        "what is waiting goes out then.",
        since,
        [(integration, waiting, page)],
    )


def _retrying(integration: Integration, waiting: int) -> Need:
    page = reverse("admin:integrations_integration_change", args=[integration.pk])
    zone = integration.organization.zone
    at = f" Next try {moments.when(integration.retry_at, zone)}." if integration.retry_at else ""
    return Need(
        f"{integration.name} does not let us send: {sentences.counted(waiting, 'change')} waiting",
        f"{integration.retry_message} Nothing to do: it is tried again.{at}",
        "",
        [(integration, waiting, page)],
    )


def _paused(integration: Integration, waiting: int) -> Need | None:
    if not waiting:
        return None
    page = reverse("admin:integrations_integration_change", args=[integration.pk])
    since = moments.clock(integration.paused_at, integration.organization.zone) if integration.paused_at else ""
    by = f" by {integration.paused_by}" if integration.paused_by else ""
    said = f"{integration.name} is paused{by}: {sentences.counted(waiting, 'change')} waiting"
    return Need(said, "They go out when somebody presses Resume.", since, [(integration, waiting, page)])


def _log(integration: Integration) -> str:
    log = reverse("admin:synclog_job_changelist")
    return f"{log}?{urlencode({'integration__id__exact': str(integration.pk), 'tab': 'retrying'})}"


def _needs(integrations: dict[int, Integration]) -> list[Need]:
    rows = (
        Job.objects.open()
        .filter(integration__in=list(integrations), state=Job.State.FAILED)
        .order_by()
        .values("integration", "cause", "field")
        .annotate(n=Count("pk"), first=Min("first_failed_at"))
        .order_by("-n", "integration")[:_ROWS]
    )
    by_cause: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        by_cause[row["cause"], row["field"]].append(row)
    most_first = sorted(by_cause.items(), key=lambda item: -sum(row["n"] for row in item[1]))
    return [_need(cause, field, found, integrations) for (cause, field), found in most_first]


def _need(cause: str, field: str, rows: Sequence[dict[str, Any]], integrations: dict[int, Integration]) -> Need:
    log = reverse("admin:synclog_job_changelist")
    where = []
    for row in rows:
        asked = {"tab": "needs_action", "integration__id__exact": str(row["integration"]), "cause": cause}
        if field:
            asked["field"] = field
        where.append((integrations[row["integration"]], row["n"], f"{log}?{urlencode(asked)}"))
    first = min((row["first"] for row in rows if row["first"]), default=None)
    zone = integrations[rows[0]["integration"]].organization.zone
    changes = sentences.counted(sum(row["n"] for row in rows), "change")
    title = f"{cause_title(cause)} ({sentences.field_label(field)})" if field else cause_title(cause)
    return Need(
        f"{changes}: {title}",
        remedy(cause),
        moments.clock(first, zone) if first else "",
        where,
    )
