"""The first page after signing in: how each connection does, and what needs a person now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from integrations.models import Integration
from positions import api_keys, dates, moments, roles
from positions.accounts import joining
from positions.models import Employee
from synclog.admin import cutoff as cutoff_pages
from synclog.admin import differences as difference_pages
from synclog.admin.integration_pages import log_url, silence
from synclog.admin.needs import GROUPS, held_back, of_causes
from synclog.admin.webhooks import why_paused
from synclog.log import differences, figures
from synclog.log.groups import groups_of
from synclog.log.health import Health, health_of
from synclog.log.trend import DAYS, trends
from synclog.models import Job, JobQuerySet, Webhook

_SHOWN = 24  # connections; the list has all of them
_SHOWN_NEEDS = 8
_SHOWN_CAUSES = 3  # however many connections are held back
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
    waiting_url: str
    needs_url: str
    compared: str
    compared_url: str
    held: str
    held_url: str

    @property
    def glyph(self) -> str:
        return GLYPHS[self.health.tone]

    @property
    def sent(self) -> int:
        return sum(day.sent for day in self.days)

    @property
    def failed(self) -> int:
        return sum(day.failed for day in self.days)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fills the admin's index (UNFOLD["DASHBOARD_CALLBACK"])."""
    ids = roles.organization_ids(request.user)
    found = roles.limited(Integration.objects.select_related("organization").defer("vault"), ids)
    integrations = list(found.order_by("organization__name", "name"))
    health = health_of(integrations)
    # What is in trouble comes first when not all can be shown.
    urgency = {"danger": 0, "warning": 1}
    if len(integrations) > _SHOWN:
        integrations.sort(key=lambda i: urgency.get(health[i.pk].tone, 2))
    shown = integrations[:_SHOWN]
    held = held_back(request.user, integrations, health)
    refused = Job.objects.open().filter(integration__in=integrations, state=Job.State.FAILED)
    groups, causes = groups_of(refused, max(_SHOWN_CAUSES, _SHOWN_NEEDS - len(held)), GROUPS)
    needs = [*held[:_SHOWN_NEEDS], *of_causes(request.user, groups, {i.pk: i for i in integrations}, _narrowed)]
    several = roles.only_organization(request.user) is None
    return {
        **context,
        "title": _("Overview"),
        "subtitle": None,
        "banners": silence() if integrations else [],
        "invitations": joining.waiting_for(request.user),
        "operator": roles.is_operator(request.user),
        "cards": _cards(shown, health),
        "left_out": len(integrations) - len(shown),
        "several": several,
        "needs": needs,
        "api_keys": _api_keys(request, several),
        "webhooks": _webhooks(request),
        "more_held": max(0, len(held) - _SHOWN_NEEDS),
        "all_causes": causes if causes > len(groups) else 0,
        "anyone": bool(integrations) or Employee.objects.filter(**_within(ids)).exists(),
        "may_connect": roles.can_somewhere(request.user, "administer"),
        "may_edit": roles.can_somewhere(request.user, "edit"),
        "days": DAYS,
    }


def _narrowed(asked: Mapping[str, str]) -> str:
    return f"?{urlencode({'tab': 'needs_action', **asked})}"


def _api_keys(request: HttpRequest, several: bool) -> list[tuple[str, str, str]]:
    """(tone, what is to be said, address) of each key that its admins are to do something about."""
    wanting = api_keys.wanting(roles.organization_ids(request.user, "administer"))
    return [
        (
            "danger" if urgent else "warning",
            (
                _("The API key {key} of {organization} {what_is_so}")
                if several
                else _("The API key {key} {what_is_so}")
            ).format(key=key, organization=key.organization, what_is_so=said),
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
            why_paused(webhook, Truncator(webhook.url).chars(_LONGEST)),
            reverse("admin:synclog_webhook_change", args=[webhook.pk]),
        )
        for webhook in paused.select_related("organization").defer("secret", "former_secrets")[:_SHOWN_NEEDS]
    ]


def _within(ids: Any) -> dict[str, Any]:
    return {} if ids is None else {"organization__in": ids}


def _cards(integrations: Sequence[Integration], health: dict[int, Health]) -> list[Card]:
    now = timezone.now()
    days = trends(integrations, now)
    oldest = dict(
        Job.objects.open()
        .filter(integration__in=integrations, state__in=[*Job.ACTIVE, Job.State.RUNNING])
        .exclude(JobQuerySet.put_off(now))
        .order_by()
        .values_list("integration")
        .annotate(oldest=Min("recorded_at"))
    )
    times, compared = _times(integrations, now), differences.last_of(integrations)
    return [
        Card(
            integration,
            health[integration.pk],
            _bars(days[integration.pk]),
            moments.lasted((now - oldest[integration.pk]).total_seconds()) if integration.pk in oldest else "",
            moments.lasted(median(times[integration.pk])) if times[integration.pk] else "",
            moments.clock(integration.last_success_at, integration.organization.zone)
            if integration.last_success_at
            else "",
            log_url(integration, "retrying"),
            log_url(integration, "needs_action"),
            differences.when_compared(compared[integration.pk], integration) if integration.pk in compared else "",
            difference_pages.address(integration),
            figures.changes(health[integration.pk].counts.held) if health[integration.pk].counts.held else "",
            cutoff_pages.address(integration),
        )
        for integration in integrations
    ]


def _bars(days: Sequence[tuple[date, int, int]]) -> list[Day]:
    """Of (day, accepted, refused)."""
    most = max([sent + failed for _day, sent, failed in days] + [1])

    def height(number: int) -> float:
        # One among thousands is still to be seen.
        return round(max(100 * number / most, 4), 2) if number else 0

    bars = []
    for d, s, f in days:
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
