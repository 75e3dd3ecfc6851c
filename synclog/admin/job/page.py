"""What the page of one job and the page of a preview show."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from integrations.models import Integration
from integrations.planning.states import State
from integrations.sdk.marking import gettext_noop
from integrations.sdk.masking import Masker
from positions import moments, roles
from positions.models import Employee, Position
from synclog.admin.job.remedies import Remedies, resync
from synclog.engine.fitted import shown_changes
from synclog.log import exchanges, sentences
from synclog.log.causes import cause_title
from synclog.log.sentences import Mark, Said
from synclog.log.silence import silent
from synclog.models import Attempt, Job, Question
from synclog.questions import asking
from synclog.questions.preview import Preview

# Older ones are in the database, and nobody has ever asked for them.
_ATTEMPTS = 50
_SOON = timedelta(minutes=1)  # a next try that is waited for with the page open


@dataclass(frozen=True, slots=True)
class Changed:
    """A field in both sides' words. `reason` is set for a field that is not sent."""

    ours: str
    remote: str
    old: str | None
    new: str | None
    since: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """A line of the list of attempts."""

    pk: int
    number: int
    mark: Mark
    message: str
    time: str
    lasted: str
    active: bool


def token(job: Job, live: bool) -> str:
    """Changes with everything that the page of a job would show anew. `live`: what `under_way` says of it."""
    retry = job.integration.retry_at
    next_try = f"{retry.timestamp():.0f}" if retry else ""
    return f"{job.state}-{job.attempts}-{job.changed_at.timestamp():.6f}-{next_try}-{live:d}"


def under_way(job: Job) -> bool:
    """Whether something is about to become of it, so that it is worth looking again."""
    if job.state == Job.State.RUNNING:
        return True
    if job.state not in Job.ACTIVE or not job.is_open or sentences.held_back(job.integration) or silent():
        return False
    due = max(job.due_at, job.integration.retry_at) if job.integration.retry_at else job.due_at
    return due <= timezone.now() + _SOON


def waits_again(job: Job) -> bool:
    """Whether its last attempt belongs to what was before: it was changed or sent again since, or is being sent."""
    return job.state == Job.State.RUNNING or (job.state == Job.State.WAITING and not job.cause_now)


def context(user: Any, job: Job, asked: int | None, *, again: bool, sees_calls: bool) -> dict[str, Any]:
    """`asked`: the attempt to show, by default the newest, and none where it waits again. `again`: settings were opened
    to put it right, so that sending again is what is left. `sees_calls`: for whom may see what was exchanged."""
    integration = Integration.objects.select_related("organization").get(pk=job.integration_id)
    job.integration = integration
    zone = integration.organization.zone
    live = under_way(job)
    rows = list(job.tries.defer("exchanges")[:_ATTEMPTS])
    latest = None if waits_again(job) or not rows else rows[0]
    current = next((row for row in rows if row.pk == asked), latest)
    if current is not None and sees_calls:
        current = Attempt.objects.get(pk=current.pk)  # with what was exchanged
    employee = Employee.objects.filter(pk=job.employee_key).first()
    position_exists = Position.objects.filter(pk=job.position_key).exists()
    masker = exchanges.masker_of(integration, employee.national_id if employee else "")
    newest = current is None or (latest is not None and current.pk == latest.pk)
    open_and_idle = job.is_open and job.state != Job.State.RUNNING
    may_act = roles.can(user, job.organization_id, "edit")
    remedies = Remedies(user, [job])
    main, places = remedies.main(job), remedies.places(job)
    if again and main is not None:
        main = resync(job)
    return {
        "title": f"{job.employee_name}: {job.title}",
        "job": job,
        "integration": integration,
        "mark": sentences.mark_of(job),
        "said": _masked(sentences.say(job), masker),
        "facts": _facts(job),
        "steps": [
            dataclasses.replace(step, detail=masker.words(step.detail)) for step in sentences.steps_of(job, current)
        ],
        "attempt": current,
        "newest": newest,
        "attempt_mark": sentences.mark_of_attempt(current) if current else None,
        "attempt_message": "" if newest or current is None else masker.words(current.message),
        "changes": _changes(current, masker) if current else [],
        "warnings": [masker.words(words) for words in sentences.warnings_of(current)] if current else [],
        "attempts": [_tried(row, masker, zone, active=current is not None and row.pk == current.pk) for row in rows],
        "sees_calls": sees_calls,
        "calls": exchanges.shown(current.exchanges, masker, zone) if current and sees_calls else [],
        "calls_gone": current is not None and sees_calls and not current.exchanges and current.state != State.SKIPPED,
        "may_resync": may_act and (position_exists or open_and_idle) and job.state != Job.State.RUNNING,
        "may_preview": may_act and (position_exists or job.deleted),
        "may_dismiss": may_act and open_and_idle,
        "main": main,
        "places": [place for place in places if place != main],
        "position_url": _if(position_exists, "positions_position_change", job.position_key),
        "employee_url": _if(employee is not None, "positions_employee_change", job.employee_key),
        "integration_url": reverse("admin:integrations_integration_change", args=[integration.pk]),
        "history_url": f"{reverse('admin:synclog_job_changelist')}?tab=all&position={job.position_key}",
        "live": live,
        "seen": token(job, live),
    }


def _tried(row: Attempt, masker: Masker, zone: ZoneInfo, *, active: bool) -> Tried:
    return Tried(
        row.pk,
        row.number,
        sentences.mark_of_attempt(row),
        masker.words(row.message) or (cause_title(row.cause) if row.cause else ""),
        moments.clock(row.finished_at, zone),
        moments.lasted((row.finished_at - row.started_at).total_seconds()),
        active,
    )


def _if(exists: bool, name: str, pk: int) -> str:
    return reverse(f"admin:{name}", args=[pk]) if exists else ""


def _masked(said: Said, masker: Masker) -> Said:
    words = masker.words
    return Said(*(words(getattr(said, field.name)) for field in dataclasses.fields(said)))


def _facts(job: Job) -> list[tuple[str, str]]:
    zone = job.integration.organization.zone
    following = sentences.next_attempt(job)
    facts = [
        (_("Action"), sentences.action_words(job)),
        (_("Changed here"), moments.clock(job.recorded_at, zone)),
        (_("Started by"), sentences.started_by(job)),
        (_("Attempts"), str(job.attempts)),
    ]
    if following:
        facts.append((_("Next attempt"), following))
    if tags := sentences.of_the_cutoff(job):
        facts.append((_("Payroll cut-off"), ", ".join(tags)))
    if job.first_failed_at:
        facts.append((_("First trouble"), moments.clock(job.first_failed_at, zone)))
    if job.finished_at and not job.is_open:
        facts.append((_("Closed"), moments.clock(job.finished_at, zone)))
    if job.request_id:
        facts.append((_("Request"), job.request_id))
    facts.append((pgettext("entry", "Number"), str(job.pk)))
    return facts


def _day_of(change: Mapping[str, str | None]) -> date | None:
    """From which day on it counts; entries of before do not say."""
    since = change.get("since")
    return date.fromisoformat(since) if since else None


def _changes(attempt: Attempt, masker: Masker) -> list[Changed]:
    words = masker.words
    sent = [
        Changed(
            sentences.field_label(change["field"]),
            change["remote"],
            None if change["old"] is None else words(change["old"]),
            None if change["new"] is None else words(change["new"]),
            _day_of(change),
        )
        for change in attempt.changes
    ]
    return [*sent, *_unsent(sentences.unsent_of(attempt))]


def _unsent(reasons: Mapping[str, str]) -> list[Changed]:
    return [Changed(sentences.field_label(key), "", None, None, reason=reason) for key, reason in reasons.items()]


# -- preview -----------------------------------------------------------------------------------------------


def preview_context(preview: Preview, *, sees_calls: bool) -> dict[str, Any]:
    integration, job, outcome = preview.integration, preview.job, preview.outcome
    job.integration = integration
    zone = integration.organization.zone
    employee = Employee.objects.filter(pk=job.employee_key).only("national_id").first()
    masker = exchanges.masker_of(integration, employee.national_id if employee else "")
    names = {f.ours: f.remote for f in integration.system.fields}
    changes: Sequence[Changed] = ()
    if outcome is not None:
        changes = [
            Changed(sentences.field_label(str(one["field"])), str(one["remote"]), one["old"], one["new"], _day_of(one))
            for one in shown_changes(outcome.changes, names)
        ] + _unsent({key: str(reason) for key, reason in outcome.unsent.items()})
    return {
        "preview": preview,
        "job": job,
        "integration": integration,
        "mark": sentences.mark_of_preview(outcome) if outcome else NOTHING,
        "planned": bool(outcome and outcome.state is State.PLANNED),
        "sentence": masker.words(preview.sentence()),
        "remedy": sentences.fix(outcome.cause, outcome.said) if outcome and outcome.state is State.FAILED else "",
        "theirs": masker.words(outcome.vendor_text) if outcome else "",
        "code": " ".join(part for part in (outcome.cause, outcome.vendor_code) if part) if outcome else "",
        "steps": sentences.trace_steps(outcome.trace, zone) if outcome else [],
        "changes": changes,
        "others": [(other, sentences.mark_of_preview(o), o) for other, o in preview.others],
        "sees_calls": sees_calls,
        "calls": exchanges.shown(preview.exchanges, masker, zone) if sees_calls else [],
    }


def asked_context(question: Question) -> dict[str, Any]:
    """While the answer is not there. `reload` says that it may still come."""
    return {"integration": question.integration, **asking.progress(question)}


NOTHING = Mark(gettext_noop("Nothing to send"), "do_not_disturb_on", "neutral")
