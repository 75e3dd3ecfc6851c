"""Every stable code for why something was not written (or not yet), with what a person does about it."""

from __future__ import annotations

from functools import cache

from integrations.sdk.declaration import Cause
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.wording import say
from integrations.systems.registry import systems

_OURS = (
    Cause(
        "missing_required_field",
        _("A required field is missing"),
        _("Fill in the field that the message names; it is sent when you save."),
    ),
    Cause(
        "no_translation",
        _("A value has no counterpart there"),
        _("Choose its counterpart under the connection's Settings, or change the value here, then press Re-sync."),
    ),
    Cause(
        "value_refused",
        _("A value is outside the limits"),
        _("Change the value that the message names; it is sent when you save."),
    ),
    Cause("too_long", _("A text is too long"), _("Shorten the text that the message names; it is sent when you save.")),
    Cause(
        "bad_characters",
        _("A text has characters not taken there"),
        _("Remove the characters that the message names; it is sent when you save."),
    ),
    Cause(
        "wrong_form",
        _("A value is written in another way there"),
        _("Write it as the message says; it is sent when you save. After a change of the settings, press Re-sync."),
    ),
    Cause(
        "employee_not_found",
        _("The employee was not found there"),
        _("Create the person there or correct the number or e-mail here, then press Re-sync."),
    ),
    Cause(
        "employee_not_unique",
        _("Several employees match there"),
        _("Make the employee number or e-mail unique there, then press Re-sync."),
    ),
    Cause(
        "not_the_same_person",
        _("The record there may be somebody else's"),
        _(
            "Correct the number, national id or e-mail here or there and press Re-sync; or confirm under People that "
            "it is the same person."
        ),
    ),
    Cause(
        "marks_disagree",
        _("Number and national id point at two records"),
        _(
            "Correct the one that is wrong, here or there, and press Re-sync; or confirm under People which record it "
            "is."
        ),
    ),
    Cause(
        "already_matched",
        _("The record is another employee's here"),
        _(
            "Release the other match under People if it is the wrong one; otherwise correct the number, national id "
            "or e-mail here or there, then press Re-sync."
        ),
    ),
    Cause(
        "match_released",
        _("The match was released"),
        _("Press Match anew under People, or confirm the record there; it is sent then."),
    ),
    Cause(
        "match_stopped",
        _("Two employees had one record there"),
        _("Confirm under People whose record it is, and press Match anew for the other one; it is sent then."),
    ),
    Cause(
        "overlap_in_target",
        _("It overlaps another period there"),
        _("Make room as the message says, there or here, then press Re-sync."),
    ),
    Cause(
        "start_date_changed",
        _("The start date was changed"),
        _("Press Move the existing period where it is offered, or do what the message says there; then press Re-sync."),
    ),
    Cause(
        "period_not_unique",
        _("Several periods start on that day there"),
        _("Remove or move one of them there, then press Re-sync."),
    ),
    Cause("delete_by_hand", _("Delete it there by hand"), _("Do what the message says there, then press Dismiss.")),
    Cause(
        "refused_by_target",
        _("The system refused the data"),
        _("Read its own words, correct the data, and press Re-sync."),
    ),
    Cause(
        "changed_in_target",
        _("It keeps changing there"),
        _("Somebody is editing the same record there. It is tried again by itself."),
    ),
    Cause("rate_limited", _("Too many requests"), _("Nothing to do: it goes on by itself.")),
    Cause("target_unavailable", _("The system does not answer"), _("Nothing to do: it is tried again by itself.")),
    Cause(
        "private_address",
        _("Its address leads into a private network"),
        _(
            "Correct the address under the connection's Settings. If it is meant to be inside, ask your operator to "
            "set ALLOW_PRIVATE_TARGETS. It is tried again by itself."
        ),
    ),
    Cause(
        "unclear_outcome",
        _("No answer came to what was sent"),
        _("Nothing to do: the next try looks first and adopts what it finds."),
    ),
    Cause(
        "not_authorized",
        _("Credentials or rights are refused"),
        _(
            "Renew them under the connection's Settings, or grant the right there and press Resume; what is waiting "
            "goes out then."
        ),
    ),
    Cause(
        "record_refused",
        _("Access to this record is refused"),
        _(
            "Give this connection access to the person's record there (administrators and other protected people need "
            "a higher right), then press Re-sync; or keep that record by hand and press Dismiss."
        ),
    ),
    Cause("interrupted", _("The worker was stopped"), _("Nothing to do: it goes on by itself.")),
    Cause("gave_up", _("Seven days without success"), _("Look at the last answer, then press Re-sync.")),
    Cause(
        "internal_error",
        _("Position Sync made a mistake"),
        _("It is in the server's log with this job's number. Press Re-sync; tell your operator if it comes back."),
    ),
    Cause(
        "answer_not_kept",
        _("Its answer could not be kept"),
        _(
            "Press Re-sync: it looks there first and writes nothing twice. It is in the server's log with this job's "
            "number; tell your operator if it comes back."
        ),
    ),
    Cause(
        "nothing_to_change",
        _("Nothing to change"),
        _(
            "Nothing to do. Where the message names something that stays as it is there, change it there if it should "
            "not."
        ),
    ),
    Cause(
        "stays_there",
        _("It stays as it is there"),
        _("Do what the message says there, then press Re-sync; or change the value back here."),
    ),
    Cause("no_supported_change", _("Nothing to send"), _("Nothing to do: only fields that are not sent were changed.")),
    Cause(
        "not_current", _("Not the current position"), _("Nothing to do: this system takes the current position only.")
    ),
    Cause("not_yet_current", _("Not current yet"), _("Nothing to do: it is sent on its first day.")),
    Cause(
        "held_by_cutoff",
        _("Held by the payroll cut-off"),
        _("Nothing to do: it is sent when the period opens. Re-sync or Send now sends it at once."),
    ),
    Cause("counts_later", _("A change counts from a later day"), _("Nothing to do: it is sent on that day.")),
    Cause("never_sent", _("It was never sent"), _("Nothing to do: there is nothing to delete there.")),
    Cause("already_gone", _("Already gone there"), _("Nothing to do.")),
    Cause(
        "not_yet_taken_over",
        _("Waits for another position"),
        _("Mend what the entry of the employee's current position says; this one ends with it."),
    ),
    Cause("taken_over", _("Another position took its place"), _("Nothing to do.")),
    Cause(
        "delete_switched_off",
        _("Deleting there is switched off"),
        _("Do what the message says there. For the next ones, switch Delete there too on under Settings."),
    ),
    Cause(
        "out_of_scope",
        _("Not of this connection's companies"),
        _(
            "Nothing to do. If it should be sent: correct its company here, or this connection's companies under "
            "Settings."
        ),
    ),
    # Of one of many that were asked for at once.
    Cause(
        "being_sent",
        _("It is being sent right now"),
        _("Nothing to do: it goes as it is saved now. To dismiss it, wait until it is through, then ask again."),
    ),
    Cause("position_deleted", _("The position is deleted here"), _("Nothing to do: there is nothing to send of it.")),
    Cause(
        "switched_off",
        _("Sync was switched off"),
        _("Change the position after switching on, or press Re-sync."),
    ),
)


@cache
def causes() -> dict[str, Cause]:
    """Ours and those that connectors declare, by code."""
    return {cause.code: cause for cause in (*_OURS, *(c for system in systems() for c in system.causes))}


def cause_title(code: str) -> str:
    cause = causes().get(code)
    return say(cause.title) if cause else code.replace("_", " ").capitalize()


def remedy(code: str) -> str:
    cause = causes().get(code)
    return say(cause.remedy) if cause else ""
