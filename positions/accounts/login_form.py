"""The form of the sign-in page."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AuthenticationForm

from positions.accounts import federation, issuer, signing_in


class LoginForm(AuthenticationForm):
    """Wrong is said in the same words to everybody, whether there is such a user or not."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy(
            "User name and password do not belong together; capitals count. The user name is not your e-mail address: "
            "you saw it when you joined, and an admin of your organization sees it among the members. Where “Forgotten "
            "your password?” stands below, its mail names it."
        ),
    }

    def confirm_login_allowed(self, user: Any) -> None:
        """Asked once the password was right: nobody else is told anything."""
        super().confirm_login_allowed(user)
        assert self.request is not None, "the sign-in page gives it"
        if not federation.password_is_enough(self.request, user):
            signing_in.refuse(self.request, user, user.get_username(), "by password, which is not enough")
            said = _("Sign in with %(name)s: a password is not enough for your user.")
            raise ValidationError(said % {"name": issuer.name()}, code="by_issuer")
