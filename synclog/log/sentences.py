"""Jobs in words: for the log, the pages of people and positions, the dashboard and the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.planning.states import State
from integrations.planning.steps import REACHED, WAY
from integrations.planning.work import Outcome, Trace
from integrations.sdk import wording
from integrations.sdk.marking import gettext_noop
from integrations.sdk.messages import Message, in_full, unpacked
from integrations.sdk.params import FieldName
from integrations.sdk.wording import Words, in_words, shown
from positions import dates, moments
from synclog.engine import backoff, texts
from synclog.log import texts as held_texts
from synclog.log.causes import cause_title, remedy
from synclog.models import Attempt, Job


@dataclass(frozen=True, slots=True)
class Mark:
    """A glyph and a word, never a colour alone. `called` is marked for translation, `word` is it in the reader's
    language. `tone`: success, info, warning, danger or neutral."""

    called: str
    glyph: str
    tone: str

    @property
    def word(self) -> str:
        return wording.say(self.called)


@dataclass(frozen=True, slots=True)
class Marks:
    """A state as the mark of a job, of one of its attempts, and of a preview; None where it cannot be in that state."""

    job: Mark | None = None
    attempt: Mark | None = None
    preview: Mark | None = None


MARKS: Mapping[str, Marks] = {
    State.WAITING: Marks(
        Mark(gettext_noop("Waiting"), "schedule", "info"),
        Mark(gettext_noop("Waits"), "schedule", "info"),
        Mark(gettext_noop("Would wait"), "schedule", "info"),
    ),
    State.RUNNING: Marks(Mark(gettext_noop("Sending"), "sync", "info")),
    State.RETRYING: Marks(
        Mark(gettext_noop("Retrying"), "autorenew", "warning"),
        Mark(gettext_noop("Tried in vain"), "autorenew", "warning"),
        Mark(gettext_noop("Could not be found out"), "help", "warning"),
    ),
    State.FAILED: Marks(
        Mark(gettext_noop("Needs action"), "error", "danger"),
        Mark(gettext_noop("Not written"), "error", "danger"),
        Mark(gettext_noop("Would not be sent"), "error", "danger"),
    ),
    State.SUCCEEDED: Marks(
        Mark(gettext_noop("Succeeded"), "check_circle", "success"),
        Mark(gettext_noop("Accepted"), "check_circle", "success"),
    ),
    State.SKIPPED: Marks(
        Mark(gettext_noop("Skipped"), "do_not_disturb_on", "neutral"),
        Mark(gettext_noop("Skipped"), "do_not_disturb_on", "neutral"),
        Mark(gettext_noop("Would be skipped"), "do_not_disturb_on", "neutral"),
    ),
    State.DISMISSED: Marks(Mark(gettext_noop("Dismissed"), "archive", "neutral")),
    State.PLANNED: Marks(preview=Mark(gettext_noop("Would be sent"), "check_circle", "success")),
}
WITH_WARNING = Mark(gettext_noop("Warning"), "warning", "warning")
HELD = Mark(gettext_noop("Held"), "lock_clock", "info")
REPLACED = Mark(gettext_noop("Replaced"), "swap_horiz", "neutral")
ACCEPTED_WITH_WARNING = Mark(gettext_noop("Accepted with a warning"), "warning", "warning")
UNKNOWN = Mark(gettext_noop("Tried"), "help", "neutral")  # a state of another version


def mark_of(job: Job) -> Mark:
    if job.state == State.SUCCEEDED and job.cause == "taken_over":
        return REPLACED
    if job.is_held(timezone.now()):
        return HELD
    return WITH_WARNING if job.state == State.SUCCEEDED and job.warning else mark_of_state(job.state)


def mark_of_state(state: str) -> Mark:
    """Of a job."""
    return MARKS[state].job or UNKNOWN


def mark_of_attempt(attempt: Attempt) -> Mark:
    if attempt.state == State.SUCCEEDED and attempt.warnings:
        return ACCEPTED_WITH_WARNING
    return MARKS.get(attempt.state, Marks()).attempt or UNKNOWN


def mark_of_preview(outcome: Outcome) -> Mark:
    return MARKS[outcome.state].preview or UNKNOWN


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


# -- parts of a job ----------------------------------------------------------------------------------------


def field_label(key: str) -> str:
    return shown(FieldName(key))


def cause_words(job: Job | Attempt, field: str = "") -> str:
    """The cause's title, with the field it is about."""
    cause = job.cause_now if isinstance(job, Job) else job.cause
    if not cause:
        return ""
    title = cause_title(cause)
    return f"{title} ({field_label(field)})" if field else title


def span(job: Job) -> str:
    return dates.span(job.start_date, job.end_date)


def action_words(job: Job) -> str:
    return _("Send") if job.action == Job.Action.SAVE else str(job.get_action_display())


def started_by(job: Job) -> str:
    """Who caused it: a person's name, an API key's, or the calendar."""
    if job.origin == Job.Origin.SCHEDULE:
        return _("Schedule")
    origin = str(job.get_origin_display())
    if job.origin in (Job.Origin.EDIT, Job.Origin.RESYNC):  # a move or the start of a connection is no re-sync
        return job.origin_name or origin
    return f"{origin}: {job.origin_name}" if job.origin_name else origin


def why_held_back(integration: Integration) -> Message | None:
    """Why nothing of this connection goes out now, and what makes it go on; None when it does."""
    if not integration.send_positions:
        return held_texts.OFF()
    if integration.stopped:
        return held_texts.STOPPED(why=unpacked(integration.stopped_said))
    if integration.paused:
        by = integration.paused_by
        return held_texts.PAUSED_BY(by=by) if by else held_texts.PAUSED()
    return None


def held_back(integration: Integration) -> str:
    """The same in words, for a page; "" when it goes out."""
    return str(why_held_back(integration) or "")


def next_attempt(job: Job) -> str:
    """Short, for a column: "10:42, 3 of 12"; "" when none is to come."""
    if job.state not in Job.ACTIVE or not job.is_open:
        return ""
    integration = job.integration
    if not integration.send_positions:
        return _("when switched on")
    if integration.stopped:
        return _("when reconnected")
    if integration.paused:
        return _("on resume")
    due = max(job.due_at, integration.retry_at) if integration.retry_at else job.due_at
    text = _("now") if due <= timezone.now() else moments.clock(due, integration.organization.zone)
    return f"{text}, {tries(job)}" if job.state == Job.State.RETRYING else text


def of_the_cutoff(job: Job) -> list[str]:
    """What the payroll cut-off says of it, for a column: "after cut-off", "retro"."""
    found = [_("after cut-off")] if job.cutoff_at is not None else []
    return [*found, *([_("retro")] if job.retro else [])]


def tries(job: Job) -> str:
    """ "3 of 12": which try the next one is, and how many there are before giving up."""
    in_all = backoff.tries_in_all()
    return _("{number} of {in_all}").format(number=min(job.attempts + 1, in_all), in_all=in_all)


# -- what happened - why - where to fix it - what happens next -----------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """happened: one line. why: our sentence. fix: what a person does and where. next: what happens by itself.
    theirs and code: the system's own words, last."""

    happened: str
    why: str = ""
    fix: str = ""
    next: str = ""
    theirs: str = ""
    code: str = ""


def say(job: Job) -> Said:
    integration = job.integration
    system, zone = integration.system.name, integration.organization.zone
    whose = _("{employee}'s position {title}, {period}").format(
        employee=job.employee_name, title=job.title, period=span(job)
    )
    named = {"system": system, "position": whose}
    theirs, code = job.vendor_text, " ".join(part for part in (job.cause_now, job.vendor_code) if part)
    said = unpacked(job.said)
    words = together(said)
    why = words.why
    if job.state == Job.State.FAILED:
        return Said(
            _undone(job).format(**named),
            why or f"{cause_title(job.cause)}.",
            fix(job.cause, said),
            words.next or _("Nothing is tried until then."),
            theirs,
            code,
        )
    if job.state == Job.State.SUCCEEDED:
        moment = moments.when(job.finished_at or job.changed_at, zone)
        happened = _done(job).format(**named, when=moment)
        more = in_full(message for message in said if message.id != texts.ACCEPTED.id)
        return Said(happened, more, theirs=theirs, code=code)
    if job.state == Job.State.SKIPPED:
        return Said(
            _("Skipped for {system}: {position}.").format(**named), why, fix(job.cause, said), words.next, theirs, code
        )
    if job.state == Job.State.DISMISSED:
        return Said(
            _("Dismissed {when}: {position}.").format(when=moments.when(job.changed_at, zone), position=whose),
            f"{_capital(dismissed_reason(job))}.".replace("..", "."),
            _("Before that: {message}").format(message=job.message) if job.message else "",
            _("It is not sent to {system}. The next change of the position is.").format(system=system),
            theirs,
            code,
        )
    if job.state == Job.State.RUNNING:
        happened = _("Being sent to {system} now: {position}.").format(**named)
        return Said(happened, next=_("The result is here in a moment."))
    back = held_back(integration)
    if job.state == Job.State.RETRYING:
        return Said(
            _("Not sent to {system} yet: {position}.").format(**named),
            " ".join(part for part in (why or f"{cause_title(job.cause)}.", words.remedy) if part),
            next=back or _("Nothing to do: next try {when}.").format(when=next_attempt(job)),
            theirs=theirs,
            code=code,
        )
    if job.is_held(timezone.now()):
        return Said(
            _("Held back from {system}: {position}.").format(**named),
            job.message,
            next=back or _("It goes out then, in its latest state. Re-sync or Send now sends it at once."),
            code=code,
        )
    if job.cause in Job.FOR_ITS_DAY:
        return Said(
            _("Waits for its day: {position}.").format(position=whose),
            job.message,
            next=back or remedy(job.cause),
            code=code,
        )
    changed = _("It was changed {when}.").format(when=moments.when(job.recorded_at, zone))
    waiting = _("Waiting to be sent to {system}: {position}.").format(**named)
    return Said(waiting, job.message or changed, next=back or _goes_out(job))


def warnings_of(attempt: Attempt) -> list[str]:
    return [str(Message.from_json(warning["said"])) for warning in attempt.warnings]


def unsent_of(attempt: Attempt) -> dict[str, str]:
    """Our field: why it was not sent."""
    return {key: str(Message.from_json(reason)) for key, reason in attempt.unsent.items()}


def _undone(job: Job) -> str:
    if job.deleted:
        return _("Not deleted in {system}: {position}.")
    return _("Not taken out of {system}: {position}.") if job.outside else _("Not sent to {system}: {position}.")


def _done(job: Job) -> str:
    match job.action:
        case Job.Action.DELETE:
            return _("Deleted in {system} {when}: {position}.")
        case Job.Action.END:
            return _("Ended in {system} {when}: {position}.")
        case Job.Action.MOVE:
            return _("Moved in {system} {when}: {position}.")
        case Job.Action.CREATE:
            return _("Created in {system} {when}: {position}.")
    return _("Updated in {system} {when}: {position}.")


def dismissed_reason(job: Job) -> str:
    """Why it was dismissed, and by whom: "By hand (kari)", or "by kari" where no reason was given."""
    kept = job.dismissed_reason
    return _("by %(who)s") % {"who": kept[2:].removesuffix(")")} if kept.startswith(" (") else kept


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def together(said: Iterable[Message]) -> Words:
    """Several messages as one: first why, then what to do, then what happens next."""
    parts = [in_words(message) for message in said]

    def of(name: str) -> str:
        return " ".join(part for words in parts if (part := getattr(words, name)))

    return Words(of("why"), of("remedy"), of("next"))


def fix(cause: str, said: Iterable[Message]) -> str:
    """What to do: what these messages say of this very case, else the remedy of the cause."""
    told = [message for message in said if (text := message.text) and (text.remedy or text.next or text.complete)]
    return together(told).remedy if told else remedy(cause)


def what_to_do(job: Job) -> str:
    """The remedy by itself, and what happens next: for those who read it without our sentence beside it."""
    said = say(job)
    todo = said.fix or (remedy(job.cause) if job.state in (Job.State.FAILED, Job.State.SKIPPED) else "")
    return " ".join(part for part in (todo, said.next) if part)


def _goes_out(job: Job) -> str:
    integration = job.integration
    if integration.retry_at and integration.retry_at > timezone.now():
        zone = integration.organization.zone
        out = _("It goes out {when}.").format(when=moments.when(integration.retry_at, zone))
        return f"{integration.retry_message} {out}"
    return _("It goes out as soon as a worker is free, usually within seconds.")


def said_shortly(job: Job) -> str:
    """The whole of it as one paragraph, for the API and for panels."""
    said = say(job)
    return " ".join(part for part in (said.why or said.happened, said.fix, said.next) if part)


# -- steps -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """`ok`: True done, False failed here, None not reached (or not clear)."""

    title: str
    ok: bool | None
    detail: str = ""
    time: str = ""


def trace_of(attempt: Attempt) -> list[Trace]:
    return [Trace.from_json(line) for line in attempt.trace]


def trace_steps(trace: Sequence[Trace], zone: ZoneInfo) -> list[Step]:
    steps = [
        Step(
            str(line.title),
            line.ok,
            str(line.detail) if line.detail else "",
            f"{at(line.at).astimezone(zone):%H:%M:%S}",
        )
        for line in trace
    ]
    failed = next((number for number, step in enumerate(steps) if step.ok is False), None)
    if failed is None:
        return steps
    reached = REACHED.get(trace[failed].title.id, len(WAY) - 1)
    return [*steps, *(Step(str(title()), None, _("Not reached")) for title in WAY[reached + 1 :])]


def steps_of(job: Job, attempt: Attempt | None) -> list[Step]:
    zone = job.integration.organization.zone
    verb = _("Deleted here") if job.deleted else _("Changed here")
    by = _("By {name}").format(name=started_by(job))
    first = Step(verb, True, by, moments.clock(job.recorded_at, zone))
    name = job.integration.name
    scope = (
        Step(
            _("Left the scope"),
            True,
            _("{connection} does not take positions with its company: there, it counts as deleted").format(
                connection=name
            ),
        )
        if job.outside
        else Step(_("In scope"), True, _("{connection} takes this position").format(connection=name))
    )
    if attempt is None:
        following = next_attempt(job)
        return [first, scope, Step(_("Sent"), None, following and _("Next: {when}").format(when=following))]
    return [first, scope, *trace_steps(trace_of(attempt), zone)]
