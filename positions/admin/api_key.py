"""API keys: made, shown once, given another owner, ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from positions.admin.scoped import ScopedAdmin, ScopedForm
from positions.api_keys import advice, days_left
from positions.dates import clock, show
from positions.encryption import decrypt, encrypt
from positions.models import ApiKey
from positions.models.api_key import SCOPES, latest_end

_SCOPE_WORDS = {
    "positions:read": gettext_lazy("positions:read – read employees and positions"),
    "positions:write": gettext_lazy("positions:write – create, change, delete"),
    "sync:read": gettext_lazy("sync:read – read connections and the sync log"),
    "sync:write": gettext_lazy("sync:write – re-sync and check connections"),
}
# Where the new key waits for the one page that shows it, encrypted: sessions live in the database.
_NEW_KEY = "new_api_key"


class ApiKeyForm(ScopedForm):
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=[(scope, _SCOPE_WORDS[scope]) for scope in SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": gettext_lazy("Tick at least one scope: a key without any may do nothing.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expires_at" in self.fields:
            self.fields["expires_at"].help_text = _("{days} days after the key is made at the latest.").format(
                days=settings.API_KEY_DAYS
            )

    def clean_expires_at(self) -> Any:
        expires, present = self.cleaned_data["expires_at"], self.instance.expires_at
        if expires is None or "expires_at" not in self.changed_data:
            return present
        if expires <= timezone.now():
            raise forms.ValidationError(_("This lies in the past. Delete the key to revoke it at once."))
        latest = latest_end(self.instance.created_at)
        if present is not None:
            latest = max(latest, present)  # of before there was a limit, or of another one
        if expires > latest:
            raise forms.ValidationError(
                _("A key lasts {days} days at most: until {day}, {clock} UTC. Make its successor then.").format(
                    days=settings.API_KEY_DAYS, day=show(latest.date()), clock=clock(latest)
                )
            )
        return expires


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    needs = {"view": "administer", "add": "administer", "change": "administer", "delete": "administer"}
    form = ApiKeyForm
    list_display = ("name", "prefix_shown", "scopes_shown", "state_shown", "owner_shown", "expires_at", "last_used_at")
    list_select_related = ("owner",)
    actions = ("become_owner",)
    search_fields = ("name", "prefix")
    unsearchable = ("hash", "former_hash")
    readonly_fields = (
        *("prefix_shown", "state_words", "advice_shown", "owner_shown", "last_used_at", "created_by", "created_at"),
        "former_shown",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ["name", "scopes", "expires_at"]
        if obj is not None:
            fields += ["prefix_shown", "state_words", "advice_shown", "owner_shown"]
            fields += ["last_used_at", "created_by", "created_at"]
            fields += ["former_shown"] if obj.former_until else []
        organization = ["organization"] if self._asks_for_organization(request) else []
        return [(None, {"fields": organization + fields})]

    @admin.display(description=gettext_lazy("key"))
    def prefix_shown(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description=gettext_lazy("former secret"))
    def former_shown(self, key: ApiKey) -> str:
        assert key.former_until is not None
        said = (
            _("The key was given a new secret through the API. The one of before works until {until}.")
            if key.former_until > timezone.now()
            else _("The key was given a new secret through the API. The one of before worked until {until}.")
        )
        return said.format(until=f"{show(key.former_until.date())}, {clock(key.former_until)} UTC")

    @admin.display(description=gettext_lazy("scopes"))
    def scopes_shown(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(
        description=gettext_lazy("state"),
        label={"active": "success", "expiring": "warning", "expired": "danger", "ended": "danger"},
    )
    def state_shown(self, key: ApiKey) -> tuple[str, str]:
        return key.state().value, self.state_words(key)

    @admin.display(description=gettext_lazy("state"))
    def state_words(self, key: ApiKey) -> str:
        """On the key's own page."""
        now = timezone.now()
        state = key.state(now)
        if state == key.State.EXPIRING:
            return _("Expires {when}").format(when=days_left(key, now))
        return str(state.label)

    @admin.display(description=gettext_lazy("to do"))
    def advice_shown(self, key: ApiKey) -> str:
        said = advice(key, timezone.now())
        address = reverse("admin:positions_apikey_add")
        return format_html(
            '<p>{}</p><p><a class="ps-link" href="{}?successor_of={}">{}</a> {}</p>',
            _("This key {said}").format(said=said) if said else _("Nothing."),
            address,
            str(key.pk),
            _("Make a successor"),
            _("It is a new key for the same, beside this one, which works until it expires or is deleted."),
        )

    @admin.display(description=gettext_lazy("owner"), empty_value=gettext_lazy("Nobody"))  # type: ignore[call-overload]  # lazy words will do
    def owner_shown(self, key: ApiKey) -> str | None:
        return key.owner.get_username() if key.owner else None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).with_right()  # type: ignore[attr-defined]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Of a successor: what its predecessor may, under the same name."""
        former = self.get_object(request, request.GET.get("successor_of", ""))
        if former is None or not self.has_change_permission(request, former):
            return {}
        return {"name": former.name, "scopes": former.scopes, "organization": former.organization_id}

    @admin.action(description=gettext_lazy("Become the owner"), permissions=["change"])
    def become_owner(self, request: HttpRequest, queryset: QuerySet) -> None:
        taken = [key for key in queryset if key.state() != key.State.ENDED]
        for key in taken:
            key.owner = request.user
            key.save(update_fields=["owner"])
        if left_out := len(queryset) - len(taken):
            said = _("{number} left out: what ended stays so, for its former owner may know it. Make a new key.")
            self.message_user(request, said.format(number=left_out), messages.WARNING)
        if taken:
            said = _("You own {keys} now: they end with your membership.")
            self.message_user(request, said.format(keys=", ".join(str(key) for key in taken)), messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if not change:
            obj.created_by = obj.owner = request.user
            key = obj.issue()
        super().save_model(request, obj, form, change)
        if not change:
            request.session[_NEW_KEY] = {"id": obj.pk, "key": encrypt(key, "session")}

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:positions_apikey_created", args=(obj.pk,)))

    def get_urls(self) -> list[Any]:
        created = path(
            "<int:object_id>/created/",
            self.admin_site.admin_view(self.created_view),
            name="positions_apikey_created",
        )
        return [created, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        # A new key is shown next, whichever button is pressed.
        context.update({"show_save_and_add_another": False, "show_save_and_continue": kwargs.get("obj") is not None})
        return super().render_change_form(request, context, *args, **kwargs)

    def created_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        key = self.get_object(request, str(object_id))
        waiting = request.session.get(_NEW_KEY) or {}
        if key is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        if waiting.get("id") != key.pk:
            self.message_user(
                request,
                _("A key is shown once, when it is made. Lost it? Make a new one and delete this."),
                messages.INFO,
            )
            return HttpResponseRedirect(reverse("admin:positions_apikey_changelist"))
        del request.session[_NEW_KEY]
        context = {
            **self.admin_site.each_context(request),
            "title": _("API key made"),
            "opts": self.opts,
            "api_key": key,
            "key": decrypt(waiting["key"], "session"),
            "docs_url": "/api/docs/",
        }
        response = TemplateResponse(request, "positions/api_key_created.html", context)
        return never_cache(lambda _: response)(request)


def say_ended(request: HttpRequest, keys: QuerySet[ApiKey], since: datetime) -> None:
    """After a page on which rights were taken away: which keys ended with them."""
    for key in keys.filter(ended_at__gte=since):
        said = _("The API key {key} ended, because {why}. Make a new one where it is still needed.").format(
            key=key, why=key.why_ended()
        )
        messages.warning(request, said)
