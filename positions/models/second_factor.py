from __future__ import annotations

import hashlib
import math
import secrets
import time

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from positions.encryption import EncryptedTextField

RECOVERY_CODES = 10
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_LENGTH = 10  # of 32 letters each: 50 bits, which nobody guesses
_COST = 2**14  # of a hash: 16 MB and tens of milliseconds


class SecondFactor(TimestampMixin, ThrottlingMixin, Device):
    """A user's authenticator app (TOTP, RFC 6238: six digits, 30 seconds) and recovery codes.

    The row is there once a first code has proved that the app has the key. django-otp's own TOTPDevice keeps its key
    in clear.
    """

    key = EncryptedTextField()  # 20 bytes, hexadecimal
    recovery_codes = EncryptedTextField(blank=True)  # hashes of the unused ones, a line each
    last_step = models.BigIntegerField(default=-1)  # of the last code that was taken: none is taken twice

    class Meta:
        verbose_name = _("second factor")
        constraints = [models.UniqueConstraint(fields=["user"], name="one_second_factor_of_a_user")]

    def __str__(self) -> str:
        return f"Second factor of {self.user.get_username()}"

    def get_throttle_factor(self) -> int:
        """After n wrong codes in a row the next is looked at 2^(n-1) seconds later."""
        return 1

    def wait_for(self, token: str) -> int:
        """Seconds until such a code is looked at."""
        allowed, why = self.verify_is_allowed()
        if allowed or not _is_of_app(normal(token)):
            return 0
        return math.ceil((why["locked_until"] - timezone.now()).total_seconds())

    def verify_token(self, token: str) -> bool:
        """Takes a code of the app, or a recovery code; each once. To be called with the row locked.

        The wait after wrong codes is for the six digits alone: somebody who knows the password and guesses codes must
        not keep out the person who has a recovery code.
        """
        given = normal(token)
        accepted = self._take_digits(given) if _is_of_app(given) else self._take_recovery_code(given)
        if accepted:
            self.throttle_reset(commit=False)
            self.last_used_at = timezone.now()
            self.save()
        return accepted

    def _take_digits(self, given: str) -> bool:
        if self.wait_for(given):
            return False
        step = step_of(self.key, given, after=self.last_step)
        if step is None:
            self.throttle_increment()
            return False
        self.last_step = step
        return True

    def _take_recovery_code(self, given: str) -> bool:
        left = self.recovery_codes.split()
        known = (_hash(given, self.key), _former_hash(given)) if len(given) == _LENGTH else ()
        hashed = next((one for one in known if one in left), None)
        if hashed is None:
            return False
        left.remove(hashed)
        self.recovery_codes = "\n".join(left)
        return True

    def new_recovery_codes(self) -> list[str]:
        """Ten that replace the former ones, to be shown once; not yet saved."""
        codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(RECOVERY_CODES)]
        self.recovery_codes = "\n".join(_hash(code, self.key) for code in codes)
        return [f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}" for code in codes]

    @property
    def recovery_codes_left(self) -> int:
        return len(self.recovery_codes.split())


def step_of(key: str, given: str, after: int = -1) -> int | None:
    """The time step of a code that the app shows now, one step early or late; None when it is none."""
    digits = normal(given)
    if not _is_of_app(digits):
        return None
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time()
    return totp.t() if totp.verify(int(digits), tolerance=1, min_t=after + 1) else None


def normal(code: str) -> str:
    """Without the spaces and dashes that make a code readable."""
    return "".join(code.split()).replace("-", "").lower()


def _is_of_app(given: str) -> bool:
    return len(given) == 6 and given.isdecimal()


def _hash(code: str, key: str) -> str:
    """Slow, and another for each person: the app's key, 20 random bytes, is the salt."""
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(key), n=_COST, r=8, p=1, dklen=32).hex()


def _former_hash(code: str) -> str:
    """Of codes that were made before they were hashed slowly."""
    return hashlib.sha256(code.encode()).hexdigest()
