"""*Preview* of what one entry or one position would send, and *Send now*."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.scope import company_names, not_taken
from positions import roles
from positions.admin.returning import back
from positions.admin.scoped import as_key
from positions.models import Position
from synclog.admin.job import page
from synclog.admin.job.remedies import entry_url
from synclog.admin.log_pages import EntryPages, pressed, rendered
from synclog.engine import actions
from synclog.log import sentences
from synclog.models import Job, Question
from synclog.questions import asking
from synclog.questions.preview import question_of, unpacked


class PreviewPages(EntryPages):
    def urls(self) -> list[URLPattern]:
        return [
            self._at("preview/", self.preview_position_view, "preview_position"),
            self._at("preview/<uuid:key>/", self.asked_view, "asked"),
            self._at("send-now/", self.send_now_view, "send_now"),
            self._at("<int:pk>/preview/", self.preview_view, "preview"),
        ]

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method == "GET":
            return HttpResponseRedirect(reverse("admin:synclog_job_change", args=[pk]))
        return self._preview(request, pk)

    @pressed
    def _preview(self, request: HttpRequest, job: Job) -> HttpResponse:
        # With its keys, which lists leave out.
        integration = Integration.objects.select_related("organization").get(pk=job.integration_id)
        return self._ask(request, integration, job)

    def preview_position_view(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            # A reload, or the address from a mail.
            return HttpResponseRedirect(reverse("admin:index"))
        chosen = self._chosen(request)
        if isinstance(chosen, HttpResponse):
            return chosen
        position, integration = chosen
        return self._ask(request, integration, question_of(position, integration))

    def _ask(self, request: HttpRequest, integration: Integration, job: Job) -> HttpResponse:
        try:
            question = asking.ask_preview(integration, job, request.user.get_username())
        except asking.TooManyError as error:
            messages.warning(request, str(error))
            return HttpResponseRedirect(entry_url(job) if job.pk else _position_address(job.position_key))
        asking.wait(question)
        if question.done_at is None:
            return HttpResponseRedirect(reverse("admin:synclog_job_asked", args=[question.uuid]))
        return self._answered(request, question)

    def asked_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """How far a preview is, and what it says when it is done."""
        questions = Question.objects.select_related("integration__organization")
        questions = roles.limited(questions, self._log.visible(request))
        question = questions.filter(uuid=key, kind=Question.Kind.PREVIEW).first()
        if question is None:
            messages.warning(request, _("This preview is over: they are kept for an hour. Ask again."))
            return HttpResponseRedirect(reverse("admin:index"))
        if not roles.can(request.user, question.organization_id, "edit"):
            raise PermissionDenied
        return self._answered(request, question)

    def _answered(self, request: HttpRequest, question: Question) -> HttpResponse:
        came_from = (
            reverse("admin:synclog_job_change", args=[question.job_key])
            if question.job_key
            else _position_address(question.position_key)
        )
        if question.done_at is None:
            context = page.asked_context(question)
            return rendered(request, "job/asked.html", title=_("Preview"), back=came_from, **context)
        context = page.preview_context(
            unpacked(question.integration, question.answer),
            sees_calls=roles.can(request.user, question.organization_id, "administer"),
        )
        return rendered(request, "job/preview.html", title=_("Preview"), back=came_from, **context)

    def send_now_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        chosen = self._chosen(request)
        if isinstance(chosen, HttpResponse):
            return chosen
        position, integration = chosen
        if not integration.send_positions:
            messages.warning(request, f"{integration.name}: {sentences.held_back(integration)}")
        elif actions.send_now([position], integration, request.user.get_username()):
            text = _("{position} is on its way to {connection}.").format(
                position=position.title, connection=integration.name
            )
            messages.success(request, text)
        else:
            text = not_taken(integration.name, position, company_names([integration]).get(integration.pk, ()))
            messages.warning(request, text)
        return HttpResponseRedirect(back(request, _position_address(position.pk)))

    def _chosen(self, request: HttpRequest) -> tuple[Position, Integration] | HttpResponse:
        """The position and the connection that were posted: of one organization, in which the user may edit."""
        ids = self._log.visible(request)
        positions = Position.objects.select_related("company", "employee__organization")
        positions = roles.limited(positions, ids, "employee__organization")
        integrations = roles.limited(Integration.objects.select_related("organization"), ids)
        position = positions.filter(pk=as_key(request.POST.get("position")) or 0).first()
        integration = integrations.filter(pk=as_key(request.POST.get("integration")) or 0).first()
        if position is None or integration is None or position.employee.organization_id != integration.organization_id:
            messages.warning(request, _("There is no such position or connection any more."))
            return HttpResponseRedirect(reverse("admin:index"))
        if not roles.can(request.user, integration.organization_id, "edit"):
            raise PermissionDenied
        return position, integration


def _position_address(pk: int) -> str:
    return reverse("admin:positions_position_change", args=[pk])
