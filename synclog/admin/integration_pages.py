"""The pages of integrations as the engine runs them: what is sent, what waits, what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.admin import IntegrationAdmin
from integrations.admin.showing import Counter, Happening, Health, Tab, Told
from integrations.engine import Engine, Start, Started, Test
from integrations.gaps import positions_here
from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.sdk.wording import say
from positions import roles
from positions.batches import delete, in_batches
from positions.numbers import figure
from synclog.admin import cutoff as cutoff_pages
from synclog.admin import differences as difference_pages
from synclog.admin import forecasts
from synclog.engine import actions
from synclog.log import batches, consequences, cutoff, differences, figures, progress, sentences, starting
from synclog.log.consequences import Consequence, Open
from synclog.log.health import health_of
from synclog.log.retention import delete_jobs
from synclog.log.silence import silent
from synclog.log.states import TRUTHS
from synclog.log.truth import Truth, keys_in
from synclog.models import BatchError, DriftRow, Event, Forecast, ForecastRow, Job, Question, RetroChange
from synclog.questions import asking

SAMPLES = 5  # positions to preview, before a connection is switched on


class SyncEngine(Engine):
    pause = staticmethod(actions.pause)
    resume = staticmethod(actions.resume)
    set_option = staticmethod(actions.set_option)
    credentials_renewed = staticmethod(actions.credentials_renewed)
    address_changed = staticmethod(actions.address_changed)

    def switch(self, integration: Integration, on: bool, by: str, start: Start = Start.CHANGES) -> Started:
        try:
            return starting.switch(integration, on, by, start)
        except batches.TooManyError as error:
            return Started(said=str(error))

    def begin_test(self, integration: Integration, by: str) -> Test:
        try:
            return _test(asking.wait(asking.ask_check(integration, by)))
        except asking.TooManyError as error:
            return Test(None, words=str(error))

    def look_at_test(self, integration: Integration, key: UUID) -> Test | None:
        question = Question.objects.filter(integration=integration, kind=Question.Kind.CHECK, uuid=key).first()
        return _test(question) if question is not None else None

    def last_test(self, integration: Integration) -> Test | None:
        question = asking.last_check(integration)
        return _test(question) if question is not None else None

    def forget_tests(self, integration: Integration) -> None:
        asking.forget_checks(integration)

    def forget(self, integration: Integration) -> None:
        in_batches(Job.objects.filter(integration=integration), delete_jobs)
        in_batches(BatchError.objects.filter(integration=integration), delete)
        in_batches(DriftRow.objects.filter(part_of__integration=integration), delete)
        in_batches(ForecastRow.objects.filter(part_of__integration=integration), delete)
        in_batches(RetroChange.objects.filter(integration=integration), delete)
        in_batches(Event.objects.filter(integration=integration), delete)


def _test(question: Question) -> Test:
    if question.done_at is not None:
        return Test(question.uuid, asking.lines_of(question), at=question.done_at, by=question.asked_by)
    return Test(question.uuid, **asking.progress(question))


@admin.register(Integration)
class SyncedIntegrationAdmin(IntegrationAdmin):
    engine = SyncEngine()

    def health_of(self, integrations: Sequence[Integration]) -> dict[int, Health]:
        found, compared = health_of(integrations), differences.last_of(integrations)
        shown = {}
        for integration in integrations:
            h = found[integration.pk]
            n = h.counts
            counters = [
                Counter(_("In sync"), n.in_sync, positions_url(integration, Truth.IN_SYNC)),
                Counter(_("Waiting"), n.waiting, log_url(integration, "retrying")),
                Counter(_("Needs you"), n.needs_you, log_url(integration, "needs_action"), urgent=True),
            ]
            if n.held:
                counters.append(Counter(_("Waiting, held by the cut-off"), n.held, cutoff_pages.address(integration)))
            for truth in (Truth.CHANGED, Truth.PARTLY, Truth.UNKNOWN, Truth.OUT_OF_SCOPE, Truth.NOT_SENT):
                number, urgent = getattr(n, truth), truth is Truth.CHANGED
                if number or truth is Truth.OUT_OF_SCOPE:
                    counters.append(Counter(say(TRUTHS[truth]), number, positions_url(integration, truth), urgent))
            check = compared.get(integration.pk)
            if check is not None:
                number = check.compared - check.agreeing
                counters.append(Counter(_("Differs"), number, difference_pages.address(integration), urgent=number > 0))
            shown[integration.pk] = Health(h.word, h.tone, h.detail, tuple(counters), h.icon)
        return shown

    def banners(self, request: HttpRequest) -> list[str]:
        return silence()

    def panels(self, request: HttpRequest, obj: Integration) -> list[str]:
        return [*super().panels(request, obj), changed_since(request, obj), progress.panel(request, obj)]

    def samples(self, request: HttpRequest, obj: Integration) -> str:
        return format_html("{}{}", forecasts.panel(request, obj), samples(request, obj))

    def foreseen(self, obj: Integration) -> Mapping[Start, str]:
        return forecasts.foreseen(obj)

    def preview_settings_url(self, obj: Integration) -> str:
        return forecasts.address(obj, Forecast.Kind.SETTINGS, "begin")

    def tabs(self, request: HttpRequest, obj: Integration, health: Health) -> list[Tab]:
        waiting = next((counter.number for counter in health.counters if counter.urgent), 0)
        doubtful = EmployeeLink.objects.filter(integration=obj).exclude(state=EmployeeLink.State.MATCHED)
        people = f"{reverse('admin:integrations_employeelink_changelist')}?integration__id__exact={obj.pk}"
        return [
            Tab(_("Error log"), log_url(obj, "needs_action" if waiting else "all"), waiting or None),
            Tab(_("People"), people, doubtful.count() or None),
            Tab(_("Differences"), difference_pages.address(obj)),
            Tab(_("Cut-off"), cutoff_pages.address(obj), cutoff.held_of(obj) or None),
        ]

    def happenings(self, obj: Integration, number: int) -> list[Happening]:
        # Who set which credentials is in the admin's own history, in more detail.
        found = Event.objects.filter(integration=obj).exclude(kind="credentials")[:number]
        return [*super().happenings(obj, number), *(Happening(event.at, event.by, event.text) for event in found)]

    def losses(self, obj: Integration) -> list[Told]:
        return [*super().losses(obj), *losses(obj)]

    def of_pausing(self, obj: Integration) -> list[Told]:
        return _with_lists(obj, consequences.of_pausing(obj))

    def of_resuming(self, obj: Integration) -> list[Told]:
        return _with_lists(obj, consequences.of_resuming(obj))

    def of_switching_off(self, obj: Integration) -> list[Told]:
        return [*_with_lists(obj, consequences.of_switching_off(obj)), *super().of_switching_off(obj)]


def log_url(integration: Integration, tab: str) -> str:
    """The connection's entries in this tab of the error log."""
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


def silence() -> list[str]:
    said = silent()
    if not said:
        return []
    meanwhile = _("Changes are recorded and go out when one runs: ask your operator to start the worker.")
    return [f"{said} {meanwhile}"]


def changed_since(request: HttpRequest, integration: Integration) -> str:
    """What was changed here since it was sent, with one button for all of it."""
    number = keys_in(integration, Truth.CHANGED).count()
    if not number:
        return ""
    return render_to_string(
        "admin/synclog/changed_since.html",
        {
            "integration": integration,
            "number": figures.positions(number),
            "said": ngettext(
                "{number} position was changed here since it was sent, and not on the way: sync was off meanwhile, the "
                "change was dismissed, or the settings of this connection were changed.",
                "{number} positions were changed here since they were sent, and not on the way: sync was off "
                "meanwhile, the change was dismissed, or the settings of this connection were changed.",
                number,
            ).format(number=figure(number)),
            "list": positions_url(integration, Truth.CHANGED),
            "may_act": roles.can(request.user, integration.organization_id, "edit"),
            "held": sentences.held_back(integration),
        },
        request,
    )


def samples(request: HttpRequest, integration: Integration) -> str:
    """The newest positions, each with *Preview*: what would be sent of it, as the system answers now."""
    newest = positions_here(integration).select_related("employee").defer("employee__national_id").order_by("-pk")
    positions = list(newest[:SAMPLES])
    if not positions or any(s in integration.system.credentials for s in integration.missing_settings()):
        return ""
    return render_to_string("admin/synclog/samples.html", {"integration": integration, "positions": positions}, request)


def _with_lists(integration: Integration, said: Sequence[Consequence]) -> list[Told]:
    tabs = {Open.SENDING: "retrying", Open.WAITING: "retrying", Open.LATER: "retrying", Open.NEEDS_YOU: "needs_action"}
    return [Told(one.sentence, log_url(integration, tabs[one.of]) if one.of else "") for one in said]


def losses(integration: Integration) -> list[Told]:
    jobs = Job.objects.filter(integration=integration).count()
    employees = EmployeeLink.objects.filter(integration=integration).count()
    periods = PeriodLink.objects.filter(integration=integration).count()
    return [
        *_with_lists(integration, consequences.of_deleting(integration)),
        Told(_("Its error log: {entries}.").format(entries=figures.entries(jobs)), log_url(integration, "all")),
        Told(
            _(
                "What it knows of {employees} and {positions} there. A new connection matches them again, but cannot "
                "tell any more which record belonged to a position whose start date changes."
            ).format(employees=figures.employees(employees), positions=figures.positions(periods))
        ),
    ]
