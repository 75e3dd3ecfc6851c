"""The page of one entry, and what is done with entries that were chosen: sent again, dismissed, their period moved."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions import roles
from positions.admin.returning import back
from positions.admin.scoped import as_key
from positions.numbers import figure
from synclog.admin.job import page
from synclog.admin.job.remedies import entry_url, may_move
from synclog.admin.log_pages import EntryPages, acting, pressed, rendered, shown
from synclog.engine import actions
from synclog.log import bulk_actions, figures, sentences
from synclog.models import Batch, Job, JobQuerySet

REASON_LENGTH = 160


class ActPages(EntryPages):
    def urls(self) -> list[URLPattern]:
        return [
            self._at("<int:pk>/resync/", self.resync_view, "resync"),
            self._at("<int:pk>/move/", self.move_view, "move"),
            self._at("<int:pk>/dismiss/", self.dismiss_view, "dismiss"),
        ]

    @shown
    def entry_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        if request.headers.get("HX-Request") and request.GET.get("seen") == page.token(job, page.under_way(job)):
            return HttpResponse(status=HTTPStatus.NO_CONTENT)  # nothing of the page is touched
        context = page.context(
            request.user,
            job,
            as_key(request.GET.get("attempt")),
            again="again" in request.GET,
            sees_calls=roles.can(request.user, job.organization_id, "administer"),
        )
        return rendered(request, "job/job.html", log=reverse("admin:synclog_job_changelist"), **context)

    @pressed
    def resync_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        tell_of_resync(request, bulk_actions.resync(Job.objects.filter(pk=job.pk), request.user.get_username()))
        return HttpResponseRedirect(back(request, _newest_of(job)))

    @pressed
    def move_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        if not may_move(job):
            messages.warning(request, _("There is no earlier period to move any more."))
        elif not job.integration.send_positions:
            messages.warning(request, sentences.held_back(job.integration))
        else:
            actions.move_period(job, request.user.get_username())
            said = _("The period that {system} has gets the new start date now.")
            messages.success(request, said.format(system=job.integration.system.name))
        return HttpResponseRedirect(entry_url(job))

    @acting
    def dismiss_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        if request.method == "POST":
            dismiss(request, Job.objects.filter(pk=job.pk))
            return HttpResponseRedirect(back(request, entry_url(job)))
        return ask_to_dismiss(request, [job], back=back(request, entry_url(job)))


def tell_of_resync(request: HttpRequest, done: bulk_actions.Resynced | Batch) -> None:
    if isinstance(done, Batch):
        words = ngettext(
            "{number} entry is sent again.",
            "{number} entries are sent again, one after the other.",
            done.total,
        )
        messages.success(request, words.format(number=figure(done.total)))
        return
    level = messages.SUCCESS if done.sent and not done.off else messages.WARNING
    messages.add_message(request, level, done.sentence())


def dismiss(request: HttpRequest, jobs: JobQuerySet) -> None:
    """With the reason that was posted."""
    reason = " ".join(request.POST.get("reason", "").split())[:REASON_LENGTH]
    number = bulk_actions.dismiss(jobs, reason, request.user.get_username())
    if number:
        said = _("{entries} dismissed. The next change of a position is sent.")
        messages.success(request, said.format(entries=figures.entries(number)))
    else:
        messages.warning(request, _("It is closed already, or being sent right now."))


def ask_to_dismiss(request: HttpRequest, jobs: Sequence[Job], action: str = "", back: str = "") -> HttpResponse:
    """The page that asks for the reason. `action`: of the list, whose form it is then."""
    return rendered(
        request,
        "job/dismiss.html",
        title=_("Dismiss") if len(jobs) == 1 else _("Dismiss {number} entries").format(number=len(jobs)),
        jobs=jobs,
        action=action,
        back=back or request.get_full_path(),
        length=REASON_LENGTH,
    )


def _newest_of(job: Job) -> str:
    """A closed job is opened anew as another one: that is the one to look at."""
    newest = Job.objects.filter(integration=job.integration_id, position_key=job.position_key).order_by("-pk")
    return reverse("admin:synclog_job_change", args=[newest.values_list("pk", flat=True)[0]])
