"""What holds of positions in their organization's connections (`synclog.log.truth`), in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration, PeriodLink
from integrations.scope import Scope, company_names, not_taken, scopes_of
from integrations.sdk import values
from integrations.sdk.declaration import Model
from integrations.sdk.marking import gettext_noop
from integrations.sdk.params import FieldName
from integrations.sdk.periods import current
from integrations.sdk.wording import say, shown
from positions import dates, moments
from positions.models import Organization, Position
from positions.moments import clock, day
from synclog.log import sentences
from synclog.log.causes import remedy
from synclog.log.sentences import Mark
from synclog.log.truth import Truth, truth_of
from synclog.models import Job

_LIGHT = ("credentials", "vault")


@dataclass(frozen=True, slots=True)
class State:
    """`why` answers *Why is this not in payroll?* (or why it is). `settled`: nobody wonders about it."""

    integration: Integration
    truth: Truth
    mark: Mark
    why: str
    job: Job | None = None
    link: PeriodLink | None = None
    settled: bool = False
    may_send: bool = False

    @property
    def excluded(self) -> bool:
        """The connection is for other companies."""
        return self.truth is Truth.OUT_OF_SCOPE


@dataclass(frozen=True, slots=True)
class Connections:
    """An organization's connections, what each takes, and the names of the companies that it is limited to."""

    organization: Organization
    integrations: Sequence[Integration]
    scopes: Mapping[int, Scope]
    companies: Mapping[int, Sequence[str]]

    def only(self, integration: Integration) -> Connections:
        return replace(self, integrations=[i for i in self.integrations if i.pk == integration.pk])

    def takes(self, integration: Integration, position: Position) -> bool:
        return self.scopes[integration.pk].takes(position)


def connections_of(organization: Organization) -> Connections:
    """In three queries."""
    found = list(Integration.objects.filter(organization=organization).defer(*_LIGHT).order_by("name"))
    for one in found:
        one.organization = organization
    return Connections(organization, found, scopes_of([one.pk for one in found]), company_names(found))


def states_of(connections: Connections, positions: Sequence[Position]) -> dict[int, list[State]]:
    """For all positions (with their company) in three more queries, however many there are."""
    keys = [p.pk for p in positions]
    newest = (
        Job.objects.filter(position_key__in=keys, integration__in=connections.integrations)
        .order_by()
        .values("position_key", "integration")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    by_key = {i.pk: i for i in connections.integrations}
    jobs: dict[tuple[int, int], Job] = {}
    for job in Job.objects.filter(pk__in=newest):
        job.integration = by_key[job.integration_id]
        jobs[job.position_key, job.integration_id] = job
    links = {
        (link.position_key, link.integration_id): link
        for link in PeriodLink.objects.filter(position_key__in=keys, integration__in=connections.integrations)
    }
    now = _counting_today(connections, positions)
    return {
        p.pk: [
            _state(
                connections, p, i, jobs.get((p.pk, i.pk)), links.get((p.pk, i.pk)), now.get((p.employee_id, i.pk), "")
            )
            for i in connections.integrations
        ]
        for p in positions
    }


def _counting_today(connections: Connections, positions: Sequence[Position]) -> dict[tuple[int, int], str]:
    """For each employee and flat connection: the id of the position that counts today there."""
    flat = [i for i in connections.integrations if i.system.model is Model.FLAT]
    if not flat:
        return {}
    today = connections.organization.today()
    rows = (
        Position.objects.filter(employee__in={p.employee_id for p in positions}, start_date__lte=today)
        .filter(Q(end_date=None) | Q(end_date__gte=today))
        .only("employee", "company", "start_date", "end_date", "percentage")
    )
    active: defaultdict[int, list[Position]] = defaultdict(list)
    for row in rows:
        active[row.employee_id].append(row)
    found: dict[tuple[int, int], str] = {}
    for employee, theirs in active.items():
        for integration in flat:
            one = current((_plain(p) for p in theirs if connections.takes(integration, p)), today)
            if one is not None:
                found[employee, integration.pk] = one.id
    return found


def _plain(row: Position) -> values.Position:
    return values.Position(str(row.pk), row.start_date, row.end_date, {"percentage": row.percentage})


# -- in words --------------------------------------------------------------------------------------------


def _state(
    connections: Connections,
    position: Position,
    integration: Integration,
    job: Job | None,
    link: PeriodLink | None,
    now: str,
) -> State:
    truth = truth_of(position, integration, connections.scopes[integration.pk], job, link, now)

    def state(mark: Mark, why: str, *, settled: bool = False, may_send: bool = False) -> State:
        return State(integration, truth, mark, why, job, link, settled, may_send)

    match truth:
        case Truth.NEEDS_YOU | Truth.HELD | Truth.UPCOMING | Truth.WAITING:
            assert job is not None
            mark, why = _open(integration, truth, job)
            may_send = integration.send_positions and truth is not Truth.UPCOMING and job.state != Job.State.RUNNING
            return state(mark, why, settled=truth in (Truth.HELD, Truth.UPCOMING), may_send=may_send)
        case Truth.OFF:
            return state(Mark(gettext_noop("Off"), "toggle_off", "neutral"), _off(integration, link), settled=True)
        case Truth.OUT_OF_SCOPE:
            why = not_taken(integration.name, position, connections.companies.get(integration.pk, ()))
            return state(Mark(gettext_noop("Excluded"), "block", "neutral"), why)
        case Truth.NOT_TAKEN:
            why = (
                _("{system} takes the current position only, and this one is over.")
                if _over(position, integration)
                else _("{system} takes the current position only, which is another one today.")
            ).format(system=integration.system.name)
            return state(NOT_SUPPORTED, why, settled=True)
        case Truth.NOT_SENT:
            mark, why = _not_sent(position, integration, job)
            return state(mark, why, may_send=True)
    assert link is not None
    mark, why = _sent(integration, truth, link, job)
    return state(mark, why, settled=truth is Truth.IN_SYNC and not (job and job.warning), may_send=True)


def _over(position: Position, integration: Integration) -> bool:
    return position.end_date is not None and position.end_date < integration.organization.today()


def _open(integration: Integration, truth: Truth, job: Job) -> tuple[Mark, str]:
    said = sentences.say(job)
    if truth is Truth.NEEDS_YOU:
        return Mark(gettext_noop("Needs you"), "error", "danger"), " ".join(
            part for part in (said.why, said.fix) if part
        )
    if truth is Truth.HELD:
        opens = clock(job.due_at, integration.organization.zone)
        mark = Mark(_("Held until {moment}").format(moment=opens), "lock_clock", "info")
        return mark, f"{said.why} {said.next}".strip()
    if truth is Truth.UPCOMING:
        day_there = job.due_at.astimezone(integration.organization.zone).date()
        becomes = job.cause == "not_yet_current"
        words = _("Becomes current on {day}") if becomes else _("Changes there on {day}")
        mark = Mark(words.format(day=dates.show(day_there)), "event", "info")
        return mark, f"{said.why} {said.next}".strip()
    return sentences.mark_of_state(job.state), " ".join(part for part in (said.why, said.next) if part)


def _off(integration: Integration, link: PeriodLink | None) -> str:
    why = _("Send positions is switched off for {connection}: changes are not recorded.").format(
        connection=integration.name
    )
    if link is None:
        return why
    sent = moments.when(link.sent_at, integration.organization.zone)
    then = _("It was last sent {when}, while it was on.").format(when=sent)
    return " ".join([why, then, *([_("It was changed here since.")] if link.stale else [])])


def _sent(integration: Integration, truth: Truth, link: PeriodLink, job: Job | None) -> tuple[Mark, str]:
    """Of a position that a record there stands for, and of which nothing is on its way."""
    zone, system = integration.organization.zone, integration.system.name
    sent, sent_when = clock(link.sent_at, zone), moments.when(link.sent_at, zone)
    told = job.message if job and job.state in (Job.State.SUCCEEDED, Job.State.SKIPPED) else ""
    if truth is Truth.UNKNOWN:
        why = _(
            "It was sent {when}. Whether that is still what is to be sent is looked at by a worker: reload the page in "
            "a minute."
        )
        return Mark(gettext_noop("Being compared"), "hourglass_top", "info"), why.format(when=sent_when)
    if truth is Truth.CHANGED:
        since = _why_not_since(job)
        before = _("It was sent to {system} {when}.").format(system=system, when=sent_when)
        again = _("Press Send now, or change it again.")
        return CHANGED, f"{before} {since} {again}"
    if truth is Truth.PARTLY:
        fields = tuple(FieldName(key) for key in sorted(link.left or {}))
        why = ngettext(
            "{fields} is not there as here, and sending it again would not change that.",
            "{fields} are not there as here, and sending it again would not change that.",
            len(fields),
        ).format(fields=shown(fields))
        told = told if job and (job.warning or job.cause == "stays_there") else ""
        partly = Mark(_("Sent {when}, not all of it").format(when=sent), "warning", "warning")
        return partly, f"{why} {told}".strip()
    said = _("Sent {when}").format(when=sent)
    if job is not None and job.warning:
        return Mark(said, "warning", "warning"), told
    agrees = _("Everything that is sent agrees with what was written there.")
    return Mark(said, "check_circle", "success"), told or agrees


def _why_not_since(job: Job | None) -> str:
    if job is not None and job.state == Job.State.DISMISSED:
        return _("What was changed since was dismissed: {reason}.").format(reason=sentences.dismissed_reason(job))
    if job is not None and job.cause == "switched_off":
        return _("Sync was switched off before what was changed since was sent.")
    return _(
        "What is to be sent now is something else, and not on its way: it was changed while sync was off, or the "
        "settings of this connection were."
    )


def _not_sent(position: Position, integration: Integration, job: Job | None) -> tuple[Mark, str]:
    if job is None:
        return NOT_SENT, _never(position, integration)
    if job.state == Job.State.DISMISSED:
        following = _("The next change of the position is sent.")
        why = f"{sentences.say(job).happened} {sentences.dismissed_reason(job)}. {following}"
        return Mark(gettext_noop("Dismissed"), "archive", "neutral"), why
    if job.state == Job.State.SUCCEEDED:
        gone = _("No record in {system} is known for it any more.").format(system=integration.system.name)
        return NOT_SENT, " ".join([job.message, *([] if job.cause == "taken_over" else [gone]), say(SEND_IT)])
    if job.cause == "switched_off":
        return NOT_SENT, f"{job.message} {say(SEND_IT)}"
    if job.cause == "not_current":
        was_not = _("It was not the current position when it was looked at, and is now.")
        return NOT_SENT, f"{was_not} {say(SEND_IT)}"
    why = " ".join(part for part in (job.message, remedy(job.cause)) if part)
    return Mark(gettext_noop("Skipped"), "do_not_disturb_on", "neutral"), why


def _never(position: Position, integration: Integration) -> str:
    zone, since = integration.organization.zone, integration.activated_at
    saved = day(position.updated_at, zone)
    if since is None or position.updated_at >= since:
        said = _("It was not recorded for {connection} when it was saved.").format(connection=integration.name)
        return f"{said} {say(SEND_IT)}"
    on = day(since, zone)
    if on == saved:
        saved, on = (f"{saved} {dates.clock(at.astimezone(zone))}" for at in (position.updated_at, since))
    said = _("Saved on {saved}; sync has been on since {since}.").format(saved=saved, since=on)
    return f"{said} {say(SEND_IT)}"


TRUTHS = {
    Truth.NEEDS_YOU: gettext_noop("Needs you"),
    Truth.HELD: gettext_noop("Held by the cut-off"),
    Truth.UPCOMING: gettext_noop("Waits for its day"),
    Truth.WAITING: gettext_noop("Waiting"),
    Truth.OFF: gettext_noop("Off"),
    Truth.OUT_OF_SCOPE: gettext_noop("Excluded"),
    Truth.UNKNOWN: gettext_noop("Being compared"),
    Truth.CHANGED: gettext_noop("Changed since"),
    Truth.PARTLY: gettext_noop("Not all of it"),
    Truth.IN_SYNC: gettext_noop("In sync"),
    Truth.NOT_TAKEN: gettext_noop("Not supported"),
    Truth.NOT_SENT: gettext_noop("Not sent"),
}
SEND_IT = gettext_noop("Change it or press Send now.")
NOT_SENT = Mark(gettext_noop("Not sent"), "radio_button_unchecked", "warning")
NOT_SUPPORTED = Mark(gettext_noop("Not supported"), "do_not_disturb_on", "neutral")
CHANGED = Mark(gettext_noop("Changed here since"), "edit", "warning")
