"""The columns of the error log: two lines in each, and the buttons of an entry."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions import moments
from synclog.admin.job.remedies import Remedy, entry_url
from synclog.log import figures, sentences
from synclog.log.causes import remedy
from synclog.models import Job


class JobColumns:
    """Of entries as `JobAdmin.changelist_view` prepares them: with `main`, `may_act`, `listed_at` and `several`."""

    @admin.display(description=gettext_lazy("time"))
    def time_shown(self, job: Job) -> SafeString:
        return _two_lines(moments.clock(job.changed_at, job.integration.organization.zone), sentences.started_by(job))

    @admin.display(description=gettext_lazy("employee"))
    def employee_shown(self, job: Job) -> SafeString:
        return _two_lines(job.employee_name, job.employee_number)

    @admin.display(description=gettext_lazy("position"))
    def position_shown(self, job: Job) -> SafeString:
        return _two_lines(job.title, sentences.span(job))

    @admin.display(description=gettext_lazy("integration"))
    def integration_shown(self, job: Job) -> SafeString:
        parts = [sentences.action_words(job)]
        if job.several:  # type: ignore[attr-defined]
            parts.append(job.integration.organization.name)
        return _two_lines(job.integration.name, " · ".join(parts))

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, job: Job) -> SafeString:
        mark, following = sentences.mark_of(job), sentences.next_attempt(job)
        tried = figures.attempts(job.attempts) if job.attempts else ""
        tags = sentences.of_the_cutoff(job)
        shortly = _("next {when}").format(when=following) if following else ""
        return format_html(
            '<div class="sy sy-cell"><span class="sy-mark sy-{}"><span class="material-symbols-outlined" '
            'aria-hidden="true">{}</span>{}</span><span class="sy-quiet">{}</span>{}</div>',
            mark.tone,
            mark.glyph,
            mark.word,
            " · ".join(part for part in (tried, shortly) if part),
            format_html('<span class="sy-quiet">{}</span>', " · ".join(tags)) if tags else "",
        )

    @admin.display(description=gettext_lazy("cause and what to do"))
    def cause_shown(self, job: Job) -> SafeString:
        title = sentences.cause_words(job, job.field)
        main: Remedy | None = job.main  # type: ignore[attr-defined]
        leads_there = main is not None and main.act in ("field", "settings", "people", "move")
        more = "" if leads_there else remedy(job.cause_now) if title else job.message
        return format_html(
            '<div class="sy sy-cell sy-wide"><span class="sy-told" title="{}"><span class="sy-first">{}</span> '
            '<span class="sy-quiet">{}</span></span>{}</div>',
            " ".join(part for part in (title, more) if part),
            title,
            more,
            _buttons(job, main if leads_there else None),
        )


def _buttons(job: Job, main: Remedy | None) -> SafeString:
    opened = Remedy(_("Open"), entry_url(job), "open")
    buttons = [main, opened] if main else [opened]
    if job.may_act:  # type: ignore[attr-defined]
        here = urlencode({"next": job.listed_at})  # type: ignore[attr-defined]
        address = f"{reverse('admin:synclog_job_resync', args=[job.pk])}?{here}"
        if main is None:  # else that comes first, and leads back to where it is sent again
            buttons.append(Remedy(_("Re-sync"), address, "resync", post=True))
        if job.is_open and job.state != Job.State.RUNNING:
            address = f"{reverse('admin:synclog_job_dismiss', args=[job.pk])}?{here}"
            buttons.append(Remedy(_("Dismiss"), address, "dismiss"))
    return format_html('<span class="sy-acts">{}</span>', format_html_join("", "{}", map(_link, buttons)))


def _two_lines(first: str, second: str, kind: str = "") -> SafeString:
    return format_html(
        '<div class="sy sy-cell {}"><span class="sy-first" title="{}">{}</span><span class="sy-quiet">{}</span></div>',
        kind,
        first,
        first,
        second,
    )


def _link(remedy: Remedy) -> tuple[SafeString]:
    """A button within the form of the list."""
    if remedy.post:
        text = '<button type="submit" class="sy-link" formaction="{}">{}</button>'
    else:
        text = '<a class="sy-link" href="{}">{}</a>'
    return (format_html(text, remedy.url, remedy.words),)
