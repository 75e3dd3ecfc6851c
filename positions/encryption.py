"""Encryption with rotation: the first of ENCRYPTION_KEYS encrypts, every one of them decrypts.

From each, one key is derived for each purpose with HKDF (RFC 5869). Releases before took a hash of it for everything:
both are read, and ENCRYPTION_DERIVATION says which is written.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any, Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

# Columns, and what waits in a session for the one page that shows it: neither can be put in the other's place.
Purpose = Literal["at rest", "session"]
_MISSING = "Stored data cannot be decrypted: a key is missing from ENCRYPTION_KEYS."


def _derived(key: str, purpose: Purpose) -> bytes:
    # No salt: the keys are random (config/keys.py refuses others), and one would have to be kept beside them.
    return HKDF(SHA256(), length=32, salt=None, info=f"position-sync {purpose}".encode()).derive(key.encode())


def _hashed(key: str, purpose: Purpose) -> bytes:
    return hashlib.sha256(key.encode()).digest()


@lru_cache(maxsize=16)
def _box(keys: tuple[str, ...], derivation: str, purpose: Purpose) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty.")
    ways = (_derived, _hashed) if derivation == "hkdf" else (_hashed, _derived)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(way(key, purpose))) for way in ways for key in keys])


def _box_for(purpose: Purpose) -> MultiFernet:
    return _box(tuple(settings.ENCRYPTION_KEYS), settings.ENCRYPTION_DERIVATION, purpose)


def encrypt(text: str, purpose: Purpose = "at rest") -> str:
    return _box_for(purpose).encrypt(text.encode()).decode() if text else ""


def decrypt(stored: str, purpose: Purpose = "at rest") -> str:
    """Raises ImproperlyConfigured when none of the keys fits."""
    if not stored:
        return ""
    try:
        return _box_for(purpose).decrypt(stored.encode()).decode()
    except InvalidToken:
        raise ImproperlyConfigured(_MISSING) from None


def rotate(stored: str) -> str:
    """The same text of a column, encrypted with the first key. Raises ImproperlyConfigured when none fits."""
    if not stored:
        return ""
    try:
        return _box_for("at rest").rotate(stored.encode()).decode()
    except InvalidToken:
        raise ImproperlyConfigured(_MISSING) from None


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database; it cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(super().get_prep_value(value) or "")

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        return decrypt(value or "")


class EncryptedJSONField(models.TextField):
    """A JSON object that is encrypted in the database."""

    # For type checkers: an object in Python, whatever the column is.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(json.dumps(value)) if value else ""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return json.loads(decrypt(value)) if value else {}

    def to_python(self, value: Any) -> Any:
        return value if not isinstance(value, str) else (json.loads(value) if value else {})
