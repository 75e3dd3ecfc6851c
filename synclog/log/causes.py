"""Every stable code for why something was not written (or not yet), with what a person does about it."""

from __future__ import annotations

from functools import cache

from integrations.sdk.declaration import Cause
from integrations.systems.registry import systems

_OURS = (
    Cause(
        "missing_required_field",
        "A required field is missing",
        "Fill in the field that the message names; it is sent when you save.",
    ),
    Cause(
        "no_translation",
        "A value has no counterpart there",
        "Choose its counterpart under the connection's Settings, or change the value here, then press Re-sync.",
    ),
    Cause(
        "value_refused",
        "A value is outside the limits",
        "Change the value that the message names; it is sent when you save.",
    ),
    Cause("too_long", "A text is too long", "Shorten the text that the message names; it is sent when you save."),
    Cause(
        "bad_characters",
        "A text has characters not taken there",
        "Remove the characters that the message names; it is sent when you save.",
    ),
    Cause(
        "employee_not_found",
        "The employee was not found there",
        "Create the person there or correct the number or e-mail here, then press Re-sync.",
    ),
    Cause(
        "employee_not_unique",
        "Several employees match there",
        "Make the employee number or e-mail unique there, then press Re-sync.",
    ),
    Cause(
        "not_the_same_person",
        "The record there may be somebody else's",
        "Correct the number, national id or e-mail here or there and press Re-sync; or confirm under People that it is "
        "the same person.",
    ),
    Cause(
        "marks_disagree",
        "Number and national id point at two records",
        "Correct the one that is wrong, here or there, and press Re-sync; or confirm under People which record it is.",
    ),
    Cause(
        "already_matched",
        "The record is another employee's here",
        "Release the other match under People if it is the wrong one; otherwise correct the number, national id or "
        "e-mail here or there, then press Re-sync.",
    ),
    Cause(
        "match_released",
        "The match was released",
        "Press Match anew under People, or confirm the record there; it is sent then.",
    ),
    Cause(
        "match_stopped",
        "Two employees had one record there",
        "Confirm under People whose record it is, and press Match anew for the other one; it is sent then.",
    ),
    Cause(
        "overlap_in_target",
        "It overlaps another period there",
        "Make room as the message says, there or here, then press Re-sync.",
    ),
    Cause(
        "start_date_changed",
        "The start date was changed",
        "Press Move the existing period where it is offered, or do what the message says there; then press Re-sync.",
    ),
    Cause(
        "period_not_unique",
        "Several periods start on that day there",
        "Remove or move one of them there, then press Re-sync.",
    ),
    Cause("delete_by_hand", "Delete it there by hand", "Do what the message says there, then press Dismiss."),
    Cause(
        "refused_by_target", "The system refused the data", "Read its own words, correct the data, and press Re-sync."
    ),
    Cause(
        "changed_in_target",
        "It keeps changing there",
        "Somebody is editing the same record there. It is tried again by itself.",
    ),
    Cause("rate_limited", "Too many requests", "Nothing to do: it goes on by itself."),
    Cause("target_unavailable", "The system does not answer", "Nothing to do: it is tried again by itself."),
    Cause(
        "private_address",
        "Its address leads into a private network",
        "Correct the address under the connection's Settings. If it is meant to be inside, ask your operator to set "
        "ALLOW_PRIVATE_TARGETS. It is tried again by itself.",
    ),
    Cause(
        "unclear_outcome",
        "No answer came to what was sent",
        "Nothing to do: the next try looks first and adopts what it finds.",
    ),
    Cause(
        "not_authorized",
        "Credentials or rights are refused",
        "Renew them under the connection's Settings, or grant the right there and press Resume; what is waiting goes "
        "out then.",
    ),
    Cause(
        "record_refused",
        "Access to this record is refused",
        "Give this connection access to the person's record there (administrators and other protected people need a "
        "higher right), then press Re-sync; or keep that record by hand and press Dismiss.",
    ),
    Cause("interrupted", "The worker was stopped", "Nothing to do: it goes on by itself."),
    Cause("gave_up", "Seven days without success", "Look at the last answer, then press Re-sync."),
    Cause(
        "internal_error",
        "Position Sync made a mistake",
        "It is in the server's log with this job's number. Press Re-sync; tell your operator if it comes back.",
    ),
    Cause(
        "answer_not_kept",
        "Its answer could not be kept",
        "Press Re-sync: it looks there first and writes nothing twice. It is in the server's log with this job's "
        "number; tell your operator if it comes back.",
    ),
    Cause(
        "nothing_to_change",
        "Nothing to change",
        "Nothing to do. Where the message names something that stays as it is there, change it there if it should not.",
    ),
    Cause(
        "stays_there",
        "It stays as it is there",
        "Do what the message says there, then press Re-sync; or change the value back here.",
    ),
    Cause("no_supported_change", "Nothing to send", "Nothing to do: only fields that are not sent were changed."),
    Cause("not_current", "Not the current position", "Nothing to do: this system takes the current position only."),
    Cause("not_yet_current", "Not current yet", "Nothing to do: it is sent on its first day."),
    Cause("counts_later", "A change counts from a later day", "Nothing to do: it is sent on that day."),
    Cause("never_sent", "It was never sent", "Nothing to do: there is nothing to delete there."),
    Cause("already_gone", "Already gone there", "Nothing to do."),
    Cause(
        "not_yet_taken_over",
        "Waits for another position",
        "Mend what the entry of the employee's current position says; this one ends with it.",
    ),
    Cause("taken_over", "Another position took its place", "Nothing to do."),
    Cause(
        "delete_switched_off",
        "Deleting there is switched off",
        "Do what the message says there. For the next ones, switch Delete there too on under Settings.",
    ),
    Cause(
        "out_of_scope",
        "Not of this connection's companies",
        "Nothing to do. If it should be sent: correct its company here, or this connection's companies under Settings.",
    ),
    # Of one of many that were asked for at once.
    Cause(
        "being_sent",
        "It is being sent right now",
        "Nothing to do: it goes as it is saved now. To dismiss it, wait until it is through, then ask again.",
    ),
    Cause("position_deleted", "The position is deleted here", "Nothing to do: there is nothing to send of it."),
    Cause("switched_off", "Sync was switched off", "Change the position after switching on, or press Re-sync."),
)


@cache
def causes() -> dict[str, Cause]:
    """Ours and those that connectors declare, by code."""
    return {cause.code: cause for cause in (*_OURS, *(c for system in systems() for c in system.causes))}


def cause_title(code: str) -> str:
    cause = causes().get(code)
    return cause.title if cause else code.replace("_", " ").capitalize()


def remedy(code: str) -> str:
    cause = causes().get(code)
    return cause.remedy if cause else ""
