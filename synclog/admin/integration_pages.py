"""What the engine adds to the pages of integrations (integrations/hooks.py)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from integrations import hooks
from integrations.hooks import Counter, Happening, Health, Tab
from integrations.models import EmployeeLink, Integration, PeriodLink
from positions import roles
from positions.batches import delete, in_batches
from synclog.engine import actions
from synclog.log import progress, sentences
from synclog.log.health import health_of, since_sent
from synclog.log.retention import delete_jobs
from synclog.log.silence import silent
from synclog.log.states import TRUTHS
from synclog.log.truth import Truth, keys_in
from synclog.models import Event, Job, Question
from synclog.questions import asking


def connect() -> None:
    hooks.health.append(health)
    hooks.banners.append(silence)
    hooks.overview_panels += [changed_since, progress.panel]
    hooks.tabs.append(error_log)
    hooks.tabs.append(people)
    hooks.happenings.append(events)
    hooks.losses.append(losses)
    hooks.before_deletion.append(remove_log)
    hooks.on_switch.append(actions.switch)
    hooks.on_pause.append(actions.pause)
    hooks.on_resume.append(actions.resume)
    hooks.on_credentials.append(actions.credentials_renewed)
    hooks.on_address.append(actions.address_changed)
    hooks.begin_test.append(begin_test)
    hooks.look_at_test.append(look_at_test)


def health(integrations: Sequence[Integration]) -> dict[int, Health]:
    found = health_of(integrations)
    shown = {}
    for integration in integrations:
        h = found[integration.pk]
        n = h.counts
        counters = [
            Counter("In sync", n.in_sync, positions_url(integration, Truth.IN_SYNC)),
            Counter("Waiting", n.waiting, _log(integration, "retrying")),
            Counter("Needs you", n.needs_you, _log(integration, "needs_action"), urgent=True),
        ]
        for truth in (Truth.CHANGED, Truth.PARTLY, Truth.UNKNOWN, Truth.OUT_OF_SCOPE, Truth.NOT_SENT):
            number, urgent = getattr(n, truth), truth is Truth.CHANGED
            if number or truth is Truth.OUT_OF_SCOPE:
                counters.append(Counter(TRUTHS[truth], number, positions_url(integration, truth), urgent))
        shown[integration.pk] = Health(h.word, h.tone, h.detail, tuple(counters))
    return shown


def _log(integration: Integration, tab: str) -> str:
    try:
        log = reverse("admin:synclog_job_changelist")
    except NoReverseMatch:
        return ""
    return f"{log}?{urlencode({'integration__id__exact': integration.pk, 'tab': tab})}"


def positions_url(integration: Integration, truth: Truth) -> str:
    """The list of the positions of which this holds."""
    try:
        page = reverse("admin:synclog_job_positions", args=[integration.pk])
    except NoReverseMatch:
        return ""
    return f"{page}?{urlencode({'state': truth.value})}"


def silence(request: HttpRequest) -> list[str]:
    said = silent()
    if not said:
        return []
    return [f"{said} Changes are recorded and go out when one runs: ask your operator to start the worker."]


def changed_since(request: HttpRequest, integration: Integration) -> str:
    """What was changed here since it was sent, with one button for all of it."""
    number = keys_in(integration, Truth.CHANGED).count()
    if not number:
        return ""
    return render_to_string(
        "admin/synclog/changed_since.html",
        {
            "integration": integration,
            "number": sentences.counted(number, "position"),
            "said": since_sent(number),
            "list": positions_url(integration, Truth.CHANGED),
            "may_act": roles.can(request.user, integration.organization_id, "edit"),
            "held": sentences.held_back(integration),
        },
        request,
    )


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
