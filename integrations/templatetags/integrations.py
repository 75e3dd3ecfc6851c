"""What the templates of a connection's pages ask of its form and its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from integrations.sdk import wording
from integrations.settings_form import ConnectionForm

register = template.Library()


@register.filter
def at(values: Any, key: str) -> Any:
    """An entry of a mapping, "" where there is no mapping."""
    return values.get(key, "") if isinstance(values, Mapping) else ""


@register.filter
def say(text: str) -> str:
    """A text of a declaration, in the reader's language."""
    return wording.say(text)


@register.simple_tag
def table(form: ConnectionForm, field: Any) -> Any:
    """How a mapping table is shown, None for other fields."""
    return form.table(field)


@register.simple_tag
def removal(form: ConnectionForm, field: Any) -> Any:
    """The tick that removes a credential, beside that credential's own field."""
    name = field.name.replace("credential__", "remove__", 1)
    return form[name] if name != field.name and name in form.fields else None
