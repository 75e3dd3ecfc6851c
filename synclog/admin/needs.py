"""What needs a person now, as cards: connections that are held back, and refused entries by cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration
from positions import moments, roles
from positions.numbers import figure
from synclog.admin.integration_pages import log_url, positions_url
from synclog.admin.job.remedies import Remedies, Remedy
from synclog.admin.people import LIGHT
from synclog.log import sentences
from synclog.log.causes import cause_title, remedy
from synclog.log.groups import NO_FIELD, Group
from synclog.log.health import Health, since_sent
from synclog.log.silence import silent
from synclog.log.truth import Truth
from synclog.models import Job

GROUPS = 200  # causes on one page
_CHIPS = 8  # connections on one card


@dataclass(frozen=True, slots=True)
class Need:
    """`where`: (connection, how many, the list of exactly these). `main`: the button that helps; `buttons`: others.
    `tone`: of what holds back a whole connection."""

    said: str
    remedy: str
    why: str = ""
    seen: str = ""
    where: Sequence[tuple[Integration, int, str]] = ()
    main: Remedy | None = None
    buttons: Sequence[Remedy] = ()
    tone: str = ""


# -- refused, by cause


def of_causes(
    user: Any,
    groups: Sequence[Group],
    integrations: Mapping[int, Integration],
    address: Callable[[Mapping[str, str]], str],
) -> list[Need]:
    """`integrations`: with their organizations, by id. `address`: the query string of the log that is narrowed to these
    filters. In three queries."""
    samples = Job.objects.select_related("integration__organization").defer(*LIGHT)
    newest = samples.in_bulk([group.newest for group in groups])
    remedies = Remedies(user, list(newest.values()))
    return [
        _of_cause(group, integrations, address, remedies, newest.get(group.newest), roles.can_somewhere(user, "edit"))
        for group in groups
    ]


def _of_cause(
    group: Group,
    integrations: Mapping[int, Integration],
    address: Callable[[Mapping[str, str]], str],
    remedies: Remedies,
    newest: Job | None,
    may_edit: bool,
) -> Need:
    log = reverse("admin:synclog_job_changelist")
    asked = {"cause": group.cause, "field": group.field or NO_FIELD}
    query = address(asked)
    where = [
        (integrations[pk], number, log + address({**asked, "integration__id__exact": str(pk)}))
        for pk, number in group.where
        if pk in integrations
    ]
    opened = ngettext("Open {number} entry", "Open {number} entries", group.entries)
    buttons = [Remedy(opened.format(number=figure(group.entries)), log + query, "list")]
    main = _main(group, remedies, newest) if newest else None
    if may_edit and (main is None or main.act != "field"):  # it goes out when that is saved
        buttons.append(Remedy(_("Re-sync all…"), reverse("admin:synclog_job_resync_all") + query, "resync"))
    title = cause_title(group.cause)
    employees = ngettext("{number} employee", "{number} employees", group.employees)
    systems = ngettext("{number} system", "{number} systems", group.systems)
    return Need(
        _("{thing}: {employees}, {systems}").format(
            thing=sentences.field_label(group.field) if group.field else title,
            employees=employees.format(number=figure(group.employees)),
            systems=systems.format(number=figure(group.systems)),
        ),
        remedy(group.cause),
        f"{title}." if group.field else "",
        _seen(group, where),
        where[:_CHIPS],
        main,
        buttons,
    )


def _main(group: Group, remedies: Remedies, newest: Job) -> Remedy | None:
    """What puts all of the group right, judged by one entry of it."""
    if group.entries == 1:
        return remedies.main(newest)
    by_cause = reverse("admin:synclog_job_by_cause")
    back = "" if group.positions == 1 else f"{by_cause}?{urlencode({'tab': 'needs_action', 'cause': group.cause})}"
    helps_all = {"field": group.positions == 1, "settings": len(group.where) == 1}
    return next((place for place in remedies.places(newest, back) if helps_all.get(place.act)), None)


def _seen(group: Group, where: Sequence[tuple[Integration, int, str]]) -> str:
    if not where:
        return ""
    zone = where[0][0].organization.zone
    first, last = moments.clock(group.first, zone), moments.clock(group.last, zone)
    if first == last:
        return _("Seen {time}").format(time=first)
    return _("First {first}, last {last}").format(first=first, last=last)


# -- held back


def held_back(user: Any, integrations: Sequence[Integration], health: Mapping[int, Health]) -> list[Need]:
    """What keeps whole connections from sending, worst first; then what is not on its way at all."""
    found = []
    on = [i for i in integrations if i.connected]
    sending = [i for i in on if i.send_positions]
    said = silent()
    if said and sending:
        waiting = _waiting(sum(health[i.pk].counts.waiting for i in sending))
        found.append(
            Need(
                _("No worker looks for work: {waiting}").format(waiting=waiting),
                " ".join([said, _("Ask your operator to start the worker: they go out then.")]),
                where=[chip for i in sending for chip in _chip(i, health[i.pk])][:_CHIPS],
                tone="danger",
            )
        )
    stopped = [i for i in sending if i.stopped]
    retrying = [i for i in sending if i.retry_count and not i.stopped and not i.paused]
    paused = [i for i in sending if i.paused and not i.stopped and health[i.pk].counts.waiting]
    found += [_stopped(user, i, health[i.pk]) for i in stopped]
    found += [_retrying(i, health[i.pk]) for i in retrying]
    found += [_paused(user, i, health[i.pk]) for i in paused]
    changed = [(i, n, positions_url(i, Truth.CHANGED)) for i in integrations if (n := health[i.pk].counts.changed)]
    if changed:
        number = sum(n for _i, n, _url in changed)
        remedy = _("Open the list and press Send now: nothing of it goes by itself.")
        found.append(Need(since_sent(number), remedy, where=changed[:_CHIPS], tone="warning"))
    return found


def _waiting(number: int) -> str:
    return ngettext("{number} change waiting", "{number} changes waiting", number).format(number=figure(number))


def _chip(integration: Integration, health: Health) -> list[tuple[Integration, int, str]]:
    waiting = health.counts.waiting
    return [(integration, waiting, log_url(integration, "retrying"))] if waiting else []


def _page(integration: Integration) -> Remedy:
    page = reverse("admin:integrations_integration_change", args=[integration.pk])
    return Remedy(_("Open {connection}").format(connection=integration.name), page, "connection")


def _since(integration: Integration, at: Any) -> str:
    return _("Since {time}").format(time=moments.clock(at, integration.organization.zone)) if at else ""


def _stopped(user: Any, integration: Integration, health: Health) -> Need:
    settings = reverse("admin:integrations_integration_settings", args=[integration.pk])
    back = urlencode({"next": reverse("admin:integrations_integration_change", args=[integration.pk])})
    renews = roles.can(user, integration.organization_id, "administer")
    remedy = _(
        "Renew the credentials under its Settings, or press Try again on its page: what is waiting goes out then."
    )
    return Need(
        _("{connection} is stopped: {waiting}").format(
            connection=integration.name, waiting=_waiting(health.counts.waiting)
        ),
        f"{integration.stopped_message} {remedy}",
        seen=_since(integration, integration.stopped_at),
        where=_chip(integration, health),
        main=Remedy(_("Open Settings"), f"{settings}?{back}", "settings") if renews else None,
        buttons=[_page(integration)],
        tone="danger",
    )


def _retrying(integration: Integration, health: Health) -> Need:
    zone = integration.organization.zone
    said = [integration.retry_message, _("Nothing to do: it is tried again.")]
    if integration.retry_at:
        said.append(_("Next try {time}.").format(time=moments.when(integration.retry_at, zone)))
    return Need(
        _("{connection} does not let us send: {waiting}").format(
            connection=integration.name, waiting=_waiting(health.counts.waiting)
        ),
        " ".join(said),
        where=_chip(integration, health),
        buttons=[_page(integration)],
        tone="warning",
    )


def _paused(user: Any, integration: Integration, health: Health) -> Need:
    names = {"connection": integration.name, "by": integration.paused_by, "waiting": _waiting(health.counts.waiting)}
    said = (
        _("{connection} is paused by {by}: {waiting}")
        if integration.paused_by
        else _("{connection} is paused: {waiting}")
    )
    resume = reverse("admin:integrations_integration_resume", args=[integration.pk])
    back = urlencode({"next": reverse("admin:index")})
    resumes = roles.can(user, integration.organization_id, "administer")
    return Need(
        said.format(**names),
        _("They go out when somebody presses Resume."),
        seen=_since(integration, integration.paused_at),
        where=_chip(integration, health),
        main=Remedy(_("Resume"), f"{resume}?{back}", "resume", post=True) if resumes else None,
        buttons=[_page(integration)],
        tone="warning",
    )
