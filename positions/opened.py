"""A form knows what it was opened with. What somebody else has saved since is not put back unseen: it is shown beside
what was typed, and whoever saves chooses.

A form carries a fingerprint of each value that was stored when it was shown. When it comes back, the row is locked, and
a value that is another one by now and differs from what was typed is a conflict, until the person has chosen. Whoever
posts without fingerprints (no browser does) overwrites, as a client of the API without If-Match.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from positions.audit import kind_of
from positions.models.audit import AuditEntry
from positions.nesting import shallow

MINE, THEIRS = "mine", "theirs"
BESIDES = "besides "
CHANGED = _(
    "Somebody else has saved this since you opened it, and nothing of yours was saved yet. "
    "Choose above which values hold, then save."
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One value that was changed by somebody else meanwhile. `input` is the name of the choice, `chosen` its default:
    theirs where the person had typed nothing."""

    label: str
    input: str
    mine: str
    theirs: str
    chosen: str


class Opened:
    """Mix into a form, before its own class; its `instance` is as the database has it."""

    instance: Any
    fields: dict[str, forms.Field]
    conflicts: list[Conflict] = []
    # Fields that ask how something is to be done.
    not_stored: Collection[str] = ()

    @cached_property
    def _prints(self) -> dict[str, str]:
        if self.instance.pk is None:
            return {}
        shown = [n for n, field in self.fields.items() if not field.disabled and n not in self.not_stored]
        besides = {f"{BESIDES}{n}": _print(said) for n in shown if (said := self.besides(n))}
        return {n: _print(self.stored(n)) for n in shown} | besides

    def stored(self, name: str) -> Any:
        """What the database has for a field."""
        return self.get_initial_for_field(self.fields[name], name)  # type: ignore[attr-defined]

    def besides(self, name: str) -> str:
        """What else is stored of a field than what is shown, in words; "" for nothing. Another one by now is a conflict
        where the field is changed."""
        return ""

    def theirs(self, name: str) -> Any:
        """The same, as a cleaned value."""
        of_model = isinstance(self, forms.ModelForm) and hasattr(self.instance, name)
        return getattr(self.instance, name) if of_model else self.stored(name)

    @property
    def opened_input(self) -> SafeString:
        """What the page that shows this form has to carry along."""
        if not self._prints:
            return SafeString("")
        return format_html(
            '<input type="hidden" name="{}" value="{}">', self._named("opened"), json.dumps(self._prints)
        )

    @property
    def saved_by(self) -> str:
        """Who saved it last, and when: as the audit trail says."""
        kind = kind_of(self.instance)
        entry = AuditEntry.objects.filter(kind=kind, object_key=self.instance.pk).order_by("-at", "-pk").first()
        if entry is None:
            return ""
        at = date_format(timezone.localtime(entry.at), "DATETIME_FORMAT")
        return f"{entry.actor or 'Position Sync'}, {at} UTC"

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]
        self.conflicts = []
        opened = self._opened()
        changed: list[str] = self.changed_data  # type: ignore[attr-defined]
        for name in [n for n in changed if n in self._prints and n in opened]:
            if any(opened.get(n) != self._prints.get(n) for n in (name, f"{BESIDES}{name}")):
                self.conflicts.append(self._conflict(name, opened[name]))
            elif self.data.get(self._named(f"choose-{name}")) == THEIRS:  # type: ignore[attr-defined]
                self.cleaned_data[name] = self.theirs(name)  # type: ignore[attr-defined]
                self._errors.pop(name, None)  # type: ignore[attr-defined]
                changed.remove(name)
        if self.conflicts:
            raise ValidationError(CHANGED, code="changed_meanwhile")
        return cleaned

    def _opened(self) -> dict[str, str]:
        try:
            opened = json.loads(shallow(self.data.get(self._named("opened"), "{}"), 1))  # type: ignore[attr-defined]
        except ValueError:
            return {}
        return opened if isinstance(opened, dict) else {}

    def _conflict(self, name: str, opened: str) -> Conflict:
        field, mine = self.fields[name], self.cleaned_data.get(name)  # type: ignore[attr-defined]
        typed = name in self.errors or _print(mine) != opened  # type: ignore[attr-defined]
        label = str(self[name].label)  # type: ignore[index]
        whose = f"{self.instance}: " if getattr(self, "prefix", None) else ""
        said = str(self.data.get(self._named(name), "")) if name in self.errors else self.shown(field, name, mine)  # type: ignore[attr-defined]
        theirs = ", ".join(filter(None, [self.shown(field, name, self.theirs(name)), self.besides(name)]))
        return Conflict(
            f"{whose}{label}", self._named(f"choose-{name}"), said, theirs, MINE if typed else THEIRS
        )  # fmt: skip

    def shown(self, field: forms.Field, name: str, value: Any) -> str:
        """A value in words."""
        if value in (None, "", []):
            return "empty"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, models.QuerySet | list | tuple):
            return ", ".join(sorted(str(one) for one in value)) or "none"
        if isinstance(value, dict):
            return ", ".join(f"{key}: {one}" for key, one in sorted(value.items())) or "empty"
        if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
            return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
        return str(value)

    def _named(self, name: str) -> str:
        return str(self.add_prefix(name))  # type: ignore[attr-defined]


def opened(form: type) -> type:
    """This form class, knowing what it was opened with."""
    return form if issubclass(form, Opened) else type(form.__name__, (Opened, form), {})


def _print(value: Any) -> str:
    return hashlib.sha256(json.dumps(_plain(value), default=str, sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, models.QuerySet | list | tuple | set):
        return sorted(str(_plain(one)) for one in value)
    return "" if value is None else value
