"""What the engine adds to the pages of integrations (integrations/hooks.py)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from integrations import hooks
from integrations.hooks import Counter, Happening, Health, Tab
from integrations.models import EmployeeLink, Integration, PeriodLink
from positions.batches import delete, in_batches
from synclog import actions, asking, progress
from synclog.health import health_of
from synclog.models import Event, Job, Question
from synclog.retention import delete_jobs
from synclog.silence import silent


def connect() -> None:
    hooks.health.append(health)
    hooks.banners.append(silence)
    hooks.overview_panels.append(progress.panel)
    hooks.tabs.append(error_log)
    hooks.happenings.append(events)
    hooks.losses.append(losses)
    hooks.before_deletion.append(remove_log)
    hooks.on_switch.append(actions.switch)
    hooks.on_pause.append(actions.pause)
    hooks.on_resume.append(actions.resume)
    hooks.on_credentials.append(actions.credentials_renewed)
    hooks.begin_test.append(begin_test)
    hooks.look_at_test.append(look_at_test)


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
    said = silent()
    if not said:
        return []
    return [f"{said} Changes are recorded and go out when one runs: ask your operator to start the worker."]


def error_log(request: HttpRequest, integration: Integration, shown: Health | None) -> list[Tab]:
    waiting = next((c.number for c in shown.counters if c.urgent), 0) if shown else 0
    return [Tab("Error log", _log(integration, "needs_action" if waiting else "all"), waiting or None)]


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


def begin_test(integration: Integration, by: str) -> hooks.Test:
    try:
        return _test(asking.wait(asking.ask_check(integration, by)))
    except asking.TooManyError as error:
        return hooks.Test(None, words=str(error))


def look_at_test(integration: Integration, key: UUID) -> hooks.Test | None:
    question = Question.objects.filter(integration=integration, kind=Question.Kind.CHECK, uuid=key).first()
    return _test(question) if question is not None else None


def _test(question: Question) -> hooks.Test:
    if question.done_at is not None:
        return hooks.Test(question.uuid, asking.lines_of(question))
    return hooks.Test(question.uuid, **asking.progress(question))
