"""What helps an entry that needs a person, as buttons: the place where it is put right, or the act itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from integrations.sdk.fields import BY_KEY
from integrations.sdk.messages import unpacked
from integrations.sdk.wording import say
from positions import roles
from positions.models import Employee, Position
from synclog.admin.people import CAUSES as OF_PEOPLE
from synclog.models import Job


@dataclass(frozen=True, slots=True)
class Remedy:
    """A button. `act`: the place that it opens (field, settings, people), or what it does (move, resync, dismiss).
    `post`: it needs a POST."""

    words: str
    url: str
    act: str
    post: bool = False


def entry_url(job: Job) -> str:
    return reverse("admin:synclog_job_change", args=[job.pk])


def may_move(job: Job) -> bool:
    return job.is_open and job.cause == "start_date_changed" and job.integration.system.moves


class Remedies:
    """Of these entries (with their integrations), for one reader: in two queries, however many there are."""

    def __init__(self, user: Any, jobs: Sequence[Job]) -> None:
        self._user = user
        failed = [job for job in jobs if job.state == Job.State.FAILED]
        self._here = {
            "position": _keys(Position, {job.position_key for job in failed}),
            "employee": _keys(Employee, {job.employee_key for job in failed}),
        }

    def places(self, job: Job, back: str = "") -> list[Remedy]:
        """Where it is put right, what helps most first; whoever saves there comes `back`, by default to the entry."""
        if not self._may(job, "edit"):
            return []
        fields = list(self._field(job, back or entry_url(job)))
        settings = list(self._settings(job, back or f"{entry_url(job)}?again=1"))
        people = list(self._people(job, back or entry_url(job)))
        found = [*people, *settings, *fields] if job.cause == "no_translation" else [*people, *fields, *settings]
        if may_move(job):
            address = reverse("admin:synclog_job_move", args=[job.pk])
            found.insert(0, Remedy(_("Move the existing period"), address, "move", post=True))
        return found

    def main(self, job: Job, back: str = "") -> Remedy | None:
        """The one that helps; None where the entry needs nobody, or the reader may not."""
        if not self._may(job, "edit"):
            return None
        found = self.places(job, back)
        if found:
            return found[0]
        if job.cause == "delete_by_hand":
            return Remedy(_("Dismiss…"), reverse("admin:synclog_job_dismiss", args=[job.pk]), "dismiss")
        return resync(job)

    def _may(self, job: Job, need: roles.Need) -> bool:
        return job.state == Job.State.FAILED and roles.can(self._user, job.organization_id, need)

    def _field(self, job: Job, back: str) -> Iterator[Remedy]:
        field = BY_KEY.get(job.field)
        if field is None:
            return
        name, key = ("employee", job.employee_key) if field.of == "employee" else ("position", job.position_key)
        if key in self._here[name]:
            words = _("Fill in {field}") if job.cause == "missing_required_field" else _("Correct {field}")
            address = _opened(f"positions_{name}_change", key, back, field.key)
            yield Remedy(words.format(field=say(field.label)), address, "field")

    def _settings(self, job: Job, back: str) -> Iterator[Remedy]:
        if not self._may(job, "administer"):
            return
        system = job.integration.system
        of_form = {s.name: (s.label, f"setting__{s.name}") for s in system.settings}
        of_form |= {s.name: (s.label, f"credential__{s.name}") for s in system.credentials}
        spoken_of = [name for message in unpacked(job.said) for name in message.settings]
        for label, name in (of_form[name] for name in dict.fromkeys([*spoken_of, *_stand_in(job)]) if name in of_form):
            address = _opened("integrations_integration_settings", job.integration_id, back, name)
            yield Remedy(_("Open Settings › {setting}").format(setting=say(label)), address, "settings")

    def _people(self, job: Job, back: str) -> Iterator[Remedy]:
        if job.cause in OF_PEOPLE and job.employee_key in self._here["employee"]:
            address = _opened("positions_employee_change", job.employee_key, back)
            # Confirming is for admins, and where nobody was found there is nobody to confirm.
            confirms = self._may(job, "administer") and not job.cause.startswith("employee_not_")
            words, at = (_("Open the match"), "#people") if confirms else (_("Open employee"), "")
            yield Remedy(words, address + at, "people")


def _stand_in(job: Job) -> list[str]:
    """The setting that gives the value there: the table of counterparts, or what is sent where there is none here."""
    declared = next((field for field in job.integration.system.fields if field.ours == job.field), None)
    if declared is None:
        return []
    setting = {"no_translation": declared.table, "missing_required_field": declared.default_setting}.get(job.cause)
    return [setting.name] if setting else []


def resync(job: Job) -> Remedy:
    return Remedy(_("Re-sync now"), reverse("admin:synclog_job_resync", args=[job.pk]), "resync", post=True)


def _keys(model: Any, wanted: set[int]) -> set[int]:
    return set(model.objects.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()


def _opened(page: str, key: int, back: str, field: str = "") -> str:
    """The address of a page, at a field of its form, from which saving leads back."""
    at = f"#id_{field}" if field else ""
    return f"{reverse(f'admin:{page}', args=[key])}?{urlencode({'next': back})}{at}"
