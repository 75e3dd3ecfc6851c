"""What marks a text for translation: whoever shows it says it in the reader's language (`integrations.sdk.wording`)."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Marks a text (imported as `_`)."""
    return text
