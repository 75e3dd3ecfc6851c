"""Which passwords are refused: common, leaked and guessable ones, by zxcvbn's lists and patterns, offline."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

# Of a score from 0 to 4: ten thousand million guesses, and each of our hashes is slow.
ENOUGH = 4
# What zxcvbn looks at: it takes ever longer for longer ones, and what is left out only adds.
_LOOKED_AT = 64
OUR_WORDS = (
    *("position", "positions", "sync", "positionsync", "payroll", "employee", "employment", "lønn", "lonn", "lön"),
    *("palkka", "tripletex", "visma", "unimicro", "finago", "netvisor", "fortnox", "crona", "xledger", "poweroffice"),
    *("entra", "admin", "operator"),
)


class GuessableValidator:
    """For AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: Any = None) -> None:
        theirs = [str(getattr(user, name, "") or "") for name in ("username", "first_name", "last_name", "email")]
        words = [*OUR_WORDS, *theirs, *(part for text in theirs for part in text.replace("@", ".").split("."))]
        if zxcvbn(password[:_LOOKED_AT], user_inputs=[word for word in words if word])["score"] < ENOUGH:
            raise ValidationError(
                _(
                    "This password is easily guessed: it is common, leaked, or made of names, dates and patterns. "
                    "Take four or more unrelated words, for example, or let a password manager make one."
                ),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return _("At least 12 characters, and nothing that is easily guessed: four unrelated words are good.")
