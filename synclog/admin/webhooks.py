"""Webhooks of an organization and what became of each event; for its admins alone, as an address may hold a secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Min, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from integrations.sdk.marking import gettext_noop
from positions import moments
from positions.admin.scoped import ScopedAdmin, ScopedForm
from positions.encryption import decrypt, encrypt
from synclog.admin.job.listing import JobPages
from synclog.log import figures
from synclog.log.sentences import Mark
from synclog.models import Webhook, WebhookDelivery
from synclog.webhooks import endpoints

_UNSEEN = ("secret", "former_secrets")
# Where a new secret waits for the one page that shows it, encrypted: sessions live in the database.
_NEW_SECRET = "new_webhook_secret"
_NEWEST = 10  # deliveries on a webhook's page

_State = WebhookDelivery.State
MARKS = {
    Webhook.State.ON: Mark(gettext_noop("On"), "check_circle", "success"),
    Webhook.State.FAILING: Mark(gettext_noop("Failing"), "error", "warning"),
    Webhook.State.PAUSED: Mark(gettext_noop("Paused"), "pause_circle", "danger"),
    Webhook.State.OFF: Mark(gettext_noop("Off"), "do_not_disturb_on", "neutral"),
    _State.WAITING: Mark(gettext_noop("Waiting"), "schedule", "info"),
    _State.RETRYING: Mark(gettext_noop("Retrying"), "autorenew", "warning"),
    _State.DELIVERED: Mark(gettext_noop("Delivered"), "check_circle", "success"),
    _State.FAILED: Mark(gettext_noop("Given up"), "error", "danger"),
}


class WebhookForm(ScopedForm):
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        choices=lambda: [(topic.value, f"{topic.value} – {str(topic.label).lower()}") for topic in Webhook.Topic],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": gettext_lazy("Tick at least one event: a webhook without any is told nothing.")},
    )


def why_paused(webhook: Webhook, name: str) -> str:
    """Of a paused one, with what it is called."""
    assert webhook.paused_at is not None
    said = (
        _("The webhook {name} was paused {when}: it answered 410, which says that the address is gone for good.")
        if webhook.paused_cause == Webhook.Pause.GONE
        else _("The webhook {name} was paused {when}, after nothing had been taken for five days.")
    )
    return said.format(name=name, when=moments.when(webhook.paused_at, webhook.organization.zone))


def what_is_so(webhook: Webhook) -> str:
    """Of a webhook that needs a look; "" of one that does not."""
    zone = webhook.organization.zone
    if webhook.state == Webhook.State.PAUSED and webhook.paused_at is not None:
        said = (
            _("It was paused {when}: it answered 410, which says that the address is gone for good.")
            if webhook.paused_cause == Webhook.Pause.GONE
            else _("It was paused {when}, after nothing had been taken for five days.")
        )
        return said.format(when=moments.when(webhook.paused_at, zone))
    if webhook.state == Webhook.State.FAILING and webhook.failing_since is not None:
        return _("Nothing has been taken since {when}.").format(when=moments.clock(webhook.failing_since, zone))
    return ""


def what_to_do(webhook: Webhook) -> str:
    """About that. Asks the database."""
    if webhook.state == Webhook.State.PAUSED:
        if webhook.paused_cause == Webhook.Pause.GONE:
            return _("Enter its new address, or delete it. What happens meanwhile waits.")
        return _("See below what it answered, mend that there, then press Resume. What happens meanwhile waits.")
    if webhook.state == Webhook.State.FAILING:
        due = webhook.deliveries.filter(state__in=WebhookDelivery.ACTIVE).aggregate(first=Min("due_at"))["first"]
        if not due:
            return _("See below what it answered. It is tried again with the next event. After five days it is paused.")
        at = moments.when(max(due, webhook.retry_at or due), webhook.organization.zone)
        return _("See below what it answered. It is tried again {when}. After five days it is paused.").format(when=at)
    return ""


@admin.register(Webhook)
class WebhookAdmin(ScopedAdmin):
    needs = {"view": "administer", "add": "administer", "change": "administer", "delete": "administer"}
    form = WebhookForm
    list_display = ("address_shown", "events_shown", "state_shown", "last_shown")
    list_display_links = ("address_shown",)
    list_select_related = ("organization",)
    search_fields = ("url",)
    ordering = ("organization", "pk")
    sortable_by = ()
    change_list_template = "admin/synclog/webhooks/list.html"
    change_form_outer_before_template = "positions/panels.html"
    change_form_outer_after_template = "admin/synclog/webhooks/deliveries.html"
    fieldsets = ((None, {"fields": ("url", "events", "active")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("organization").defer(*_UNSEEN)

    # -- columns

    @admin.display(description=gettext_lazy("address"))
    def address_shown(self, webhook: Webhook) -> SafeString:
        return _wide(webhook.url, first=True)

    @admin.display(description=gettext_lazy("is told of"))
    def events_shown(self, webhook: Webhook) -> SafeString:
        return _wide(", ".join(webhook.events))

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, webhook: Webhook) -> SafeString:
        return mark_cell(MARKS[webhook.state], what_is_so(webhook))

    @admin.display(description=gettext_lazy("last delivered"))
    def last_shown(self, webhook: Webhook) -> SafeString:
        at = webhook.last_success_at
        return _cell("", moments.clock(at, webhook.organization.zone) if at else _("Never"))

    # -- the page of one

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        webhook = kwargs.get("obj")
        # A new secret is shown next, whichever button is pressed.
        context.update({"show_save_and_add_another": False, "show_save_and_continue": webhook is not None})
        if webhook is not None:
            about = {
                "webhook": webhook,
                "mark": MARKS[webhook.state],
                "what": what_is_so(webhook),
                "to_do": what_to_do(webhook),
            }
            context["panels"] = [render_to_string("admin/synclog/webhooks/state.html", about, request)]
            newest = webhook.deliveries.order_by("-pk")[:_NEWEST]
            context["deliveries"] = list(shown(newest, webhook))
            context["log"] = f"{reverse(LOG)}?webhook__id__exact={webhook.pk}"
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        if change:
            endpoints.edited(obj, form.changed_data)
        else:
            self._keep(request, obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:synclog_webhook_secret", args=[obj.pk]))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[str], list]:
        """A hundred thousand deliveries may go with it: they are counted and not read."""
        objs = list(objs)
        lacking = {str(self.opts.verbose_name) for obj in objs if not self.has_delete_permission(request, obj)}
        counts = {
            str(self.opts.verbose_name_plural): len(objs),
            str(WebhookDelivery._meta.verbose_name_plural): WebhookDelivery.objects.filter(webhook__in=objs).count(),
        }
        return [str(obj) for obj in objs], counts, lacking, []

    # -- what is pressed

    def get_urls(self) -> list[URLPattern]:
        def at(name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            return path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"synclog_webhook_{name}")

        own = [
            at("secret", self.secret_view),
            at("rotate", self.rotate_view),
            at("resume", self.resume_view),
            at("test", self.test_view),
        ]
        return [*own, *super().get_urls()]

    def _acted_on(self, request: HttpRequest, pk: int) -> Webhook | HttpResponse:
        return self.to_change(request, pk) if request.method == "POST" else HttpResponseNotAllowed(["POST"])

    def _keep(self, request: HttpRequest, webhook: Webhook) -> None:
        request.session[_NEW_SECRET] = {"id": webhook.pk, "secret": encrypt(webhook.secret, "session")}

    def secret_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self.to_change(request, pk)
        if not isinstance(webhook, Webhook):
            return webhook
        waiting = request.session.get(_NEW_SECRET) or {}
        if waiting.get("id") != webhook.pk:
            said = _("A secret is shown once, when it is made. Lost it? Rotate it: below is the button.")
            self.message_user(request, said, messages.INFO)
            return _page_of(webhook)
        del request.session[_NEW_SECRET]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Secret of the webhook"),
            "opts": self.opts,
            "webhook": webhook,
            "secret": decrypt(waiting["secret"], "session"),
            "until": webhook.former_until and moments.when(webhook.former_until, webhook.organization.zone),
        }
        response = TemplateResponse(request, "admin/synclog/webhooks/secret.html", context)
        return never_cache(lambda _: response)(request)

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self._acted_on(request, pk)
        if not isinstance(webhook, Webhook):
            return webhook
        self._keep(request, endpoints.rotate(webhook.pk))
        return HttpResponseRedirect(reverse("admin:synclog_webhook_secret", args=[webhook.pk]))

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self._acted_on(request, pk)
        if not isinstance(webhook, Webhook):
            return webhook
        endpoints.resume(webhook.pk)
        self.message_user(request, _("Resumed: what was waiting is sent now."), messages.SUCCESS)
        return _page_of(webhook)

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self._acted_on(request, pk)
        if not isinstance(webhook, Webhook):
            return webhook
        made = endpoints.send_test(webhook)
        return HttpResponseRedirect(reverse("admin:synclog_webhookdelivery_change", args=[made.pk]))


class EventFilter(DropdownFilter):
    title = gettext_lazy("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in (*(topic.value for topic in Webhook.Topic), Webhook.TEST)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(topic=self.value()) if self.value() else queryset


@admin.register(WebhookDelivery)
class DeliveryAdmin(ScopedAdmin):
    organization_path = "webhook__organization"
    needs = {"view": "administer", "add": None, "change": None, "delete": None}
    list_display = ("event_shown", "webhook_shown", "state_shown", "answer_shown")
    list_display_links = ("event_shown",)
    list_filter = ("webhook", ("state", ChoicesDropdownFilter), EventFilter)
    ordering = ("-pk",)
    sortable_by = ()
    paginator = JobPages
    list_disable_select_all = True
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/synclog/webhooks/log.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        unseen = (f"webhook__{name}" for name in _UNSEEN)
        return super().get_queryset(request).select_related("webhook__organization").defer("body", *unseen)

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.list_display  # whose it is stands with the webhook

    @admin.display(description=gettext_lazy("event"))
    def event_shown(self, delivery: WebhookDelivery) -> SafeString:
        at = moments.clock(delivery.created_at, delivery.webhook.organization.zone)
        return _cell(delivery.topic, at)

    @admin.display(description=gettext_lazy("webhook"))
    def webhook_shown(self, delivery: WebhookDelivery) -> SafeString:
        return _wide(delivery.webhook.url)

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, delivery: WebhookDelivery) -> SafeString:
        return mark_cell(MARKS[_State(delivery.state)], next_words(delivery, delivery.webhook))

    @admin.display(description=gettext_lazy("answer"))
    def answer_shown(self, delivery: WebhookDelivery) -> SafeString:
        return _cell(answered(delivery), delivery.message)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Deliveries"), "subtitle": None, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_view)
        return [path("<int:pk>/replay/", view, name="synclog_webhookdelivery_replay"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        delivery = self._one(request, object_id)
        if not isinstance(delivery, WebhookDelivery):
            return delivery
        webhook, zone = delivery.webhook, delivery.webhook.organization.zone
        facts = [
            (_("Happened"), moments.clock(delivery.created_at, zone)),
            (_("Last tried"), moments.clock(delivery.tried_at, zone) if delivery.tried_at else _("Not yet")),
            (_("Tries"), str(delivery.attempts)),
            (_("Took"), moments.lasted(delivery.milliseconds / 1000) if delivery.tried_at else "–"),
            ("webhook-id", delivery.message_id),
            (_("Address"), webhook.url),
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": delivery.topic,
            "opts": self.opts,
            "delivery": delivery,
            "webhook": webhook,
            "mark": MARKS[_State(delivery.state)],
            "next": next_words(delivery, webhook),
            "answered": answered(delivery),
            "body": json.dumps(json.loads(delivery.body), indent=2),
            "facts": facts,
            "log": f"{reverse(LOG)}?webhook__id__exact={webhook.pk}",
            "live": delivery.state in WebhookDelivery.ACTIVE,
        }
        return TemplateResponse(request, "admin/synclog/webhooks/delivery.html", context)

    def _one(self, request: HttpRequest, pk: str) -> WebhookDelivery | HttpResponse:
        delivery = self.get_object(request, pk)
        if delivery is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, pk)
        if not self.has_view_permission(request, delivery):
            raise PermissionDenied
        return delivery

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        delivery = self._one(request, str(pk))
        if not isinstance(delivery, WebhookDelivery):
            return delivery
        endpoints.replay(delivery.pk)
        self.message_user(request, _("It is sent once more, under the same webhook-id."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:synclog_webhookdelivery_change", args=[delivery.pk]))


LOG = "admin:synclog_webhookdelivery_changelist"


def shown(deliveries: Iterable[WebhookDelivery], webhook: Webhook) -> Iterable[dict[str, Any]]:
    """Rows of the log on the webhook's page."""
    for row in deliveries:
        yield {
            "url": reverse("admin:synclog_webhookdelivery_change", args=[row.pk]),
            "topic": row.topic,
            "at": moments.clock(row.created_at, webhook.organization.zone),
            "mark": MARKS[_State(row.state)],
            "answered": answered(row),
            "next": next_words(row, webhook),
        }


def answered(delivery: WebhookDelivery) -> str:
    if delivery.tried_at is None:
        return _("Not sent yet")
    return _("Answered {status}").format(status=delivery.status) if delivery.status else _("No answer")


def next_words(delivery: WebhookDelivery, webhook: Webhook) -> str:
    """What happens next, and how often it was tried."""
    if delivery.state not in WebhookDelivery.ACTIVE:
        return figures.tries(delivery.attempts) if delivery.attempts else ""
    if webhook.state == Webhook.State.OFF:
        return _("Waits until the webhook is switched on")
    if webhook.state == Webhook.State.PAUSED:
        return _("Waits until the webhook is resumed")
    due = max(delivery.due_at, webhook.retry_at) if webhook.retry_at else delivery.due_at
    when = _("now") if due <= timezone.now() else moments.when(due, webhook.organization.zone)
    if not delivery.attempts:
        return _("Next {when}").format(when=when)
    return _("{tries}, next {when}").format(tries=figures.tries(delivery.attempts), when=when)


def mark_cell(mark: Mark, quiet: str) -> SafeString:
    return format_html(
        '<div class="sy sy-cell"><span class="sy-mark sy-{}"><span class="material-symbols-outlined" '
        'aria-hidden="true">{}</span>{}</span><span class="sy-quiet">{}</span></div>',
        mark.tone,
        mark.glyph,
        mark.word,
        quiet,
    )


def _cell(first: str, second: str) -> SafeString:
    return format_html(
        '<div class="sy sy-cell"><span class="sy-first sy-nowrap">{}</span><span class="sy-quiet">{}</span></div>',
        first,
        second,
    )


def _wide(text: str, *, first: bool = False) -> SafeString:
    return format_html(
        '<div class="sy sy-cell sy-wide"><span class="{}">{}</span></div>', "sy-first" if first else "", text
    )


def _page_of(webhook: Webhook) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:synclog_webhook_change", args=[webhook.pk]))
