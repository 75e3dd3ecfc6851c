"""The form of the sign-in page."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm

from positions import federation, issuer


class LoginForm(AuthenticationForm):
    def confirm_login_allowed(self, user: Any) -> None:
        """Asked once the password was right: nobody else is told anything."""
        super().confirm_login_allowed(user)
        if federation.signs_in_there_alone(user):
            said = _("You are a member here by a group of %(name)s: sign in with it.")
            raise ValidationError(said % {"name": issuer.name()}, code="by_issuer")
