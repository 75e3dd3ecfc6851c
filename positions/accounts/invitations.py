"""A link by which a person chooses their own password: good for a day and for once. Nobody else ever knows it.

It dies when the password is chosen, when the person signs in, and when their e-mail address changes.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import path, reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.widgets import UnfoldAdminPasswordWidget


class _Tokens(PasswordResetTokenGenerator):
    key_salt = "positions.invitations"


tokens = _Tokens()


def address_of(user: Any) -> str:
    """The path of a new link. The caller sees to it that whoever made it may."""
    return reverse("invitation", args=[urlsafe_base64_encode(force_bytes(user.pk)), tokens.make_token(user)])


class ChoosePasswordForm(SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


@method_decorator(never_cache, name="dispatch")
class ChoosePasswordView(PasswordResetConfirmView):
    form_class = ChoosePasswordForm
    template_name = "positions/invitation.html"
    token_generator = tokens
    success_url = reverse_lazy("admin:login")
    title = _("Choose your password")

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> Any:
        if not self.validlink:
            response_kwargs["status"] = 404
        return super().render_to_response(context, **response_kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}


urlpatterns = [path("<uidb64>/<token>/", ChoosePasswordView.as_view(), name="invitation")]
