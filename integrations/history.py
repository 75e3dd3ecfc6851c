"""What people did to a connection on its pages, as its history keeps it: as data, said in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.contrib.admin.models import LogEntry

from integrations.sdk.fields import BY_KEY, CODES
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.messages import Message, Text, packed, unpacked
from integrations.sdk.params import Label
from integrations.sdk.settings import Kind, Setting

CONNECTED = Text("history.connected", _("Connected {system}."))
DOWNLOADED = Text("history.downloaded", _("Downloaded {file}."))
IMPORTED = Text("history.imported", _("Marked {file} as imported in {system}."))
CREDENTIAL_SET = Text("history.credential_set", _("{setting}: set"))
CREDENTIAL_CHANGED = Text("history.credential_changed", _("{setting}: changed"))
CREDENTIAL_REMOVED = Text("history.credential_removed", _("{setting}: removed"))
SETTING = Text("history.setting", "{setting}: {was} → {now}")
ROW = Text("history.row", "{setting}, {row}: {was} → {now}")
ADDRESS = Text("history.address", _("Address {name}: {was} → {now}"))
NAME = Text("history.name", _("Name: {was} → {now}"))
COMPANIES = Text("history.companies", _("Companies: {was} → {now}"))
ON, OFF, EMPTY = Label(_("on")), Label(_("off")), Label(_("empty"))
EVERYBODY, NOBODY = Label(_("everybody")), Label(_("nobody"))

SECRETS = (Kind.SECRET, Kind.LONG_SECRET)


def of_setting(setting: Setting, old: Any, new: Any) -> Iterator[Message]:
    """What is another one by now; nothing where it is the same."""
    label = Label(setting.label)
    if setting.kind is Kind.TABLE:
        before = old if isinstance(old, Mapping) else {}
        after = new if isinstance(new, Mapping) else {}
        for key in sorted({*before, *after}):
            if before.get(key, "") != after.get(key, ""):
                was, now = _value(setting, before.get(key)), _value(setting, after.get(key))
                words = CODES.get(key) or (BY_KEY[key].label if key in BY_KEY else "")
                yield ROW(setting=label, row=Label(words) if words else key.replace("_", " "), was=was, now=now)
    elif (old if old is not None else "") != (new if new is not None else ""):
        yield SETTING(setting=label, was=_value(setting, old), now=_value(setting, new))


def _value(setting: Setting, value: Any) -> str:
    if setting.kind in SECRETS:
        return "•••"
    if isinstance(value, bool):
        return ON if value else OFF
    if value is None or value == "":
        return EMPTY
    label = dict(setting.choices).get(str(value))
    return str(value) if label is None else Label(label)


def kept(said: Iterable[Message]) -> str:
    """For `LogEntry.change_message`."""
    return json.dumps(packed(said))


def words(entry: LogEntry) -> str:
    """In the reader's language; an entry from before messages were data is shown as it was written."""
    try:
        return "\n".join(str(message) for message in unpacked(json.loads(entry.change_message)))
    except (ValueError, TypeError, KeyError):
        return entry.get_change_message()
