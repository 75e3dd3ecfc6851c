"""What the engine adds to the pages of integrations (integrations/hooks.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from integrations import hooks
from integrations.hooks import Counter, Happening, Health, Tab
from integrations.models import EmployeeLink, Integration, PeriodLink
from positions.batches import delete, in_batches
from synclog import actions, progress
from synclog.health import health_of
from synclog.models import Event, Job
from synclog.retention import delete_jobs
from synclog.tasks import silent_for

# The sweep looks every minute: two without one mean that nobody works.
_SILENCE = timedelta(minutes=2)


def connect() -> None:
    hooks.health.append(health)
    hooks.banners.append(silence)
    hooks.overview_panels.append(progress.panel)
    hooks.tabs.append(error_log)
    hooks.tabs.append(people)
    hooks.happenings.append(events)
    hooks.losses.append(losses)
    hooks.before_deletion.append(remove_log)
    hooks.on_switch.append(actions.switch)
    hooks.on_pause.append(actions.pause)
    hooks.on_resume.append(actions.resume)
    hooks.on_credentials.append(actions.credentials_renewed)


def health(integrations: Sequence[Integration]) -> dict[int, Health]:
    found = health_of(integrations)
    shown = {}
    for integration in integrations:
        h = found[integration.pk]
        counters = (
            Counter("In sync", h.in_sync, _log(integration, "succeeded")),
            Counter("Waiting", h.waiting, _log(integration, "retrying")),
            Counter("Needs you", h.needs_you, _log(integration, "needs_action"), urgent=True),
            Counter("Excluded", h.excluded, _log(integration, "skipped")),
        )
        shown[integration.pk] = Health(h.word, h.tone, h.detail, counters)
    return shown


def _log(integration: Integration, tab: str) -> str:
    try:
        log = reverse("admin:synclog_job_changelist")
    except NoReverseMatch:
        return ""
    return f"{log}?{urlencode({'integration__id__exact': integration.pk, 'tab': tab})}"


def silence(request: HttpRequest) -> list[str]:
    silent = silent_for()
    if silent is not None and silent < _SILENCE:
        return []
    since = f"for {_said(silent)}" if silent is not None else "yet"
    return [
        f"No worker has looked for work {since}, so nothing is sent. Changes are recorded and go out when one runs: "
        "ask your operator to start the worker."
    ]


def _said(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def error_log(request: HttpRequest, integration: Integration, shown: Health | None) -> list[Tab]:
    waiting = next((c.number for c in shown.counters if c.urgent), 0) if shown else 0
    return [Tab("Error log", _log(integration, "needs_action" if waiting else "all"), waiting or None)]


def people(request: HttpRequest, integration: Integration, shown: Health | None) -> list[Tab]:
    doubtful = EmployeeLink.objects.filter(integration=integration).exclude(state=EmployeeLink.State.MATCHED)
    address = reverse("admin:integrations_employeelink_changelist")
    return [Tab("People", f"{address}?integration__id__exact={integration.pk}", doubtful.count() or None)]


def events(integration: Integration, number: int) -> list[Happening]:
    # Who set which credentials is in the admin's own history, in more detail.
    found = Event.objects.filter(integration=integration).exclude(kind="credentials")[:number]
    return [Happening(event.at, event.by, event.text) for event in found]


def losses(integration: Integration) -> list[str]:
    jobs = Job.objects.filter(integration=integration).count()
    waiting = Job.objects.open().filter(integration=integration).count()
    employees = EmployeeLink.objects.filter(integration=integration).count()
    periods = PeriodLink.objects.filter(integration=integration).count()
    said = [f"Its error log: {jobs} entr{'y' if jobs == 1 else 'ies'}."]
    if waiting:
        said.append(f"{waiting} change{'s' if waiting != 1 else ''} not sent yet, which would never be sent.")
    said.append(
        f"What it knows of {employees} employee{'s' if employees != 1 else ''} and {periods} "
        f"position{'s' if periods != 1 else ''} there. A new connection matches them again, but cannot tell any more "
        "which record belonged to a position whose start date changes."
    )
    return said


def remove_log(integration: Integration) -> None:
    in_batches(Job.objects.filter(integration=integration), delete_jobs)
    in_batches(Event.objects.filter(integration=integration), delete)
