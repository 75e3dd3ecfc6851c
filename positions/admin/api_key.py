from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from positions.admin.scoped import ScopedAdmin, ScopedForm
from positions.encryption import decrypt, encrypt
from positions.models import ApiKey
from positions.models.api_key import SCOPES

_SCOPE_WORDS = {
    "positions:read": "positions:read – read employees and positions",
    "positions:write": "positions:write – create, change, delete",
    "sync:read": "sync:read – read connections and the sync log",
    "sync:write": "sync:write – re-sync and check connections",
}
# Where the new key waits for the one page that shows it, encrypted: sessions live in the database.
_NEW_KEY = "new_api_key"


class ApiKeyForm(ScopedForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope, _SCOPE_WORDS[scope]) for scope in SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "Tick at least one scope: a key without any may do nothing."},
    )

    def clean_expires_at(self) -> Any:
        expires = self.cleaned_data["expires_at"]
        if expires is not None and "expires_at" in self.changed_data and expires <= timezone.now():
            raise forms.ValidationError("This lies in the past. Delete the key to revoke it at once.")
        return expires


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    needs = {"view": "administer", "add": "administer", "change": "administer", "delete": "administer"}
    form = ApiKeyForm
    list_display = ("name", "prefix_shown", "scopes_shown", "state_shown", "expires_at", "last_used_at")
    search_fields = ("name", "prefix")
    unsearchable = ("hash",)
    readonly_fields = ("prefix_shown", "last_used_at", "created_by", "created_at")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ["name", "scopes", "expires_at"]
        if obj is not None:
            fields += ["prefix_shown", "last_used_at", "created_by", "created_at"]
        organization = ["organization"] if self._asks_for_organization(request) else []
        return [(None, {"fields": organization + fields})]

    @admin.display(description="key")
    def prefix_shown(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description="scopes")
    def scopes_shown(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description="state", label={"Active": "success", "Expired": "warning"})
    def state_shown(self, key: ApiKey) -> str:
        return "Active" if key.usable() else "Expired"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if not change:
            obj.created_by = request.user
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
                request, "A key is shown once, when it is made. Lost it? Make a new one and delete this.", messages.INFO
            )
            return HttpResponseRedirect(reverse("admin:positions_apikey_changelist"))
        del request.session[_NEW_KEY]
        context = {
            **self.admin_site.each_context(request),
            "title": "API key made",
            "opts": self.opts,
            "api_key": key,
            "key": decrypt(waiting["key"], "session"),
            "docs_url": "/api/docs/",
        }
        response = TemplateResponse(request, "positions/api_key_created.html", context)
        return never_cache(lambda _: response)(request)
