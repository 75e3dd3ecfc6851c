"""What a member is told, on pages of their own: notices with what is unread, and the choice of mails."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from positions import mailing, moments
from positions.models import Member
from synclog.log.causes import cause_title
from synclog.models import MailChoice, Notice, Topic
from synclog.telling.outbox import topics_of

SHOWN = 50
_LOOKS = {
    Topic.STOPPED: ("danger", "cancel", gettext_lazy("{name} stopped: {cause}")),
    Topic.RETRYING: ("warning", "error", gettext_lazy("{name} has not let us send for an hour")),
    Topic.RECOVERED: ("success", "check_circle", gettext_lazy("{name} works again")),
    Topic.DIFFERS: ("warning", "difference", gettext_lazy("More differs in {name} than before")),
    Topic.CUTOFF: ("info", "lock_clock", gettext_lazy("Something was saved after the payroll cut-off of {name}")),
}


def _theirs(request: HttpRequest) -> QuerySet[Notice]:
    return Notice.objects.filter(member__user=request.user.pk)


def unread(request: HttpRequest) -> Any:
    """How many, for the bell of every page; asked for by those that draw it."""
    return SimpleLazyObject(lambda: _theirs(request).filter(read_at=None).count())


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    found = _theirs(request).select_related("member__organization", "integration").defer("integration__vault")
    rows = list(found.order_by("-at", "-pk")[:SHOWN])
    context = {
        **admin.site.each_context(request),
        "title": _("Notices"),
        "rows": [_row(notice) for notice in rows],
        "several": len({notice.member.organization_id for notice in rows}) > 1,
        "unread": any(notice.read_at is None for notice in rows),
        "shown": SHOWN if len(rows) == SHOWN else 0,
    }
    return TemplateResponse(request, "admin/synclog/notices/list.html", context)


def _row(notice: Notice) -> dict[str, Any]:
    tone, glyph, said = _LOOKS[Topic(notice.topic)]
    return {
        "notice": notice,
        "organization": notice.member.organization,
        "tone": tone,
        "glyph": glyph,
        "said": said.format(name=notice.integration.name, cause=cause_title(notice.cause)),
        "at": moments.clock(notice.at, notice.member.organization.zone),
    }


@require_POST
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Reads it, and leads to the connection."""
    notice = get_object_or_404(_theirs(request), pk=pk)
    _theirs(request).filter(pk=pk, read_at=None).update(read_at=timezone.now())
    return HttpResponseRedirect(reverse("admin:integrations_integration_change", args=[notice.integration_id]))


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    number = _theirs(request).filter(read_at=None).update(read_at=timezone.now())
    if number:
        said = ngettext("{number} notice marked as read.", "{number} notices marked as read.", number)
        messages.success(request, said.format(number=number))
    return HttpResponseRedirect(reverse("notices"))


class ChoiceForm(forms.Form):
    """One member's choice of mails."""

    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Mail me when"), choices=Topic, required=False, widget=forms.CheckboxSelectMultiple
    )
    digest = forms.ChoiceField(
        label=gettext_lazy("Mail me what needs action"), choices=MailChoice.Digest, widget=forms.RadioSelect
    )

    def __init__(self, data: Any, member: Member) -> None:
        self.member = member
        kept = getattr(member, "mail_choice", None)
        self._before = kept.digest if kept else MailChoice.Digest.NEVER
        before = {"topics": list(topics_of(member)), "digest": self._before}
        super().__init__(data, prefix=f"m{member.pk}", initial=before)

    def save(self) -> None:
        """A digest that is chosen now comes with the next morning of its kind."""
        choice = MailChoice.objects.filter(member=self.member).first() or MailChoice(member=self.member)
        choice.topics, choice.digest = self.cleaned_data["topics"], self.cleaned_data["digest"]
        if choice.digest != self._before:
            choice.digested_on = self.member.organization.today()
        choice.save()


@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    members = Member.objects.filter(user=request.user.pk).select_related("organization", "mail_choice")
    sent = request.POST if request.method == "POST" else None
    forms_of = [ChoiceForm(sent, member) for member in members.order_by("organization__name")]
    if sent is not None and all(form.is_valid() for form in forms_of):
        with transaction.atomic():
            for form in forms_of:
                form.save()
        messages.success(request, _("Saved. You are mailed what you chose."))
        return HttpResponseRedirect(reverse("mail_choices"))
    context = {
        **admin.site.each_context(request),
        "title": _("Mails"),
        "forms": forms_of,
        "sent": mailing.are_sent(),
        "address": request.user.email,  # type: ignore[union-attr]
    }
    return TemplateResponse(request, "admin/synclog/notices/mails.html", context)


urlpatterns = [
    path("", admin.site.admin_view(notices), name="notices"),
    path("read/", admin.site.admin_view(read_all), name="notices_read"),
    path("<int:pk>/follow/", admin.site.admin_view(follow), name="notice_follow"),
    path("mails/", admin.site.admin_view(choices), name="mail_choices"),
]
