"""Encryption at rest with rotation: the first of ENCRYPTION_KEYS encrypts, every one of them decrypts."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty.")
    # Any long text may serve as a key: Fernet wants exactly 32 bytes.
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(k.encode()).digest())) for k in keys])


def encrypt(text: str) -> str:
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode() if text else ""


def decrypt(stored: str) -> str:
    """Raises ImproperlyConfigured when none of the keys fits."""
    if not stored:
        return ""
    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(stored.encode()).decode()
    except InvalidToken:
        raise ImproperlyConfigured("Stored data cannot be decrypted: a key is missing from ENCRYPTION_KEYS.") from None


def rotate(stored: str) -> str:
    """The same text encrypted with the first key. Raises ImproperlyConfigured when none of the keys fits."""
    if not stored:
        return ""
    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).rotate(stored.encode()).decode()
    except InvalidToken:
        raise ImproperlyConfigured("Stored data cannot be decrypted: a key is missing from ENCRYPTION_KEYS.") from None


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
