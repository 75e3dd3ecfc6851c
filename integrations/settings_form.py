"""Forms for what a connector declares: credentials (written, never shown) and settings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES, RADIO_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from integrations import history
from integrations.history import SECRETS
from integrations.planning.settings_values import clean_value
from integrations.runtime import folders
from integrations.sdk.declared_field import Field
from integrations.sdk.fields import BY_KEY
from integrations.sdk.messages import Message
from integrations.sdk.params import Label
from integrations.sdk.settings import Kind, Setting
from integrations.sdk.wording import say
from integrations.supported import our_word
from positions import dates
from positions.models.text import NumberField
from positions.opened import Opened

if TYPE_CHECKING:
    from integrations.models import Integration
    from positions.models import Company

# Whose positions a connection takes.
EVERYBODY, ONLY = "everybody", "companies"

# A part of the form: whom a connection is about and how it signs in, or how it sends.
CREDENTIALS, SETTINGS = "credentials", "settings"

# Rows to fill in below those that a table of free keys has already.
_SPARE_ROWS = 2
_MAX_ROWS = 500


# -- widgets and fields ------------------------------------------------------------------------------------


class HiddenTextarea(forms.Textarea):
    """For secrets of several lines: what was typed is never put back into a page."""

    def format_value(self, value: Any) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class TableRow:
    key: str
    label: str
    built_in: str = ""  # what an empty row means


class TableWidget(forms.Widget):
    """Our codes on the left, theirs on the right. Rows are fixed, or keys typed by the administrator."""

    template_name = "admin/integrations/table_widget.html"

    def __init__(self, rows: Sequence[TableRow], choices: Sequence[tuple[str, str]], ours: str = "") -> None:
        super().__init__()
        self.rows = rows
        self.choices = choices
        self.ours = ours

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        pairs = self._pairs(value)
        if self.rows:
            given = dict(pairs)
            lines = [
                {"name": f"{name}__{i}", "row": row, "value": given.get(row.key, "")} for i, row in enumerate(self.rows)
            ]
        else:
            spare = [("", "")] * (0 if self.attrs.get("disabled") else _SPARE_ROWS)
            lines = [
                {"key_name": f"{name}__key_{i}", "name": f"{name}__{i}", "key": key, "value": text}
                for i, (key, text) in enumerate([*pairs, *spare])
            ]
        context["widget"] |= {"lines": lines, "choices": self.choices, "ours": self.ours or _("Code here")}
        context |= {"select_class": " ".join(SELECT_CLASSES), "input_class": " ".join(INPUT_CLASSES)}
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        # Not by the form renderer, which does not look into the project's own templates.
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    @staticmethod
    def _pairs(value: Any) -> list[tuple[str, str]]:
        if isinstance(value, Mapping):
            return [(str(k), str(v)) for k, v in value.items()]
        return list(value or [])

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        if self.rows:
            found = [(row.key, str(data.get(f"{name}__{i}", "")).strip()) for i, row in enumerate(self.rows)]
            return [(key, value) for key, value in found if value]
        pairs = []
        for i in range(_MAX_ROWS):
            if f"{name}__key_{i}" not in data:
                break
            pair = str(data[f"{name}__key_{i}"]).strip(), str(data.get(f"{name}__{i}", "")).strip()
            if any(pair):
                pairs.append(pair)
        return pairs

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return ""


class TableField(forms.Field):
    widget: TableWidget

    def __init__(self, *, pattern: str = "", example: str = "", each_once: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pattern = pattern
        self.example = example
        self.each_once = each_once

    def to_python(self, value: Any) -> dict[str, str]:
        errors: list[str] = []
        table: dict[str, str] = {}
        labels = {row.key: row.label for row in self.widget.rows}
        known = {choice for choice, _ in self.widget.choices}
        for key, text in value or []:
            name = labels.get(key, key)
            if not key:
                errors.append(_("“{text}” has no code on its left.").format(text=text))
            elif not text:
                errors.append(_("“{name}” has nothing on its right. Fill it in, or empty the row.").format(name=name))
            elif key in table:
                errors.append(_("“{name}” is listed twice.").format(name=name))
            elif known and text not in known:
                errors.append(_("{name}: “{text}” is not one of the choices.").format(name=name, text=text))
            elif self.pattern and not re.fullmatch(self.pattern, text):
                wrong = (
                    _("{name}: “{text}” is not written right, for example {example}.")
                    if self.example
                    else _("{name}: “{text}” is not written right.")
                )
                errors.append(wrong.format(name=name, text=text, example=self.example))
            elif self.each_once and text in table.values():
                errors.append(
                    _("{name}: “{text}” is taken by another row. Choose another one.").format(name=name, text=text)
                )
            table[key] = text
        if errors:
            raise ValidationError(errors)
        return table

    def has_changed(self, initial: Any, data: Any) -> bool:
        return dict(initial or {}) != dict(data or [])


def _one_line(value: str) -> None:
    """A header or an address takes no line break, and whatever refuses one may quote it."""
    if not value.isprintable():
        raise ValidationError(_("This holds a line break or another sign that cannot be seen. Copy it again."))


def _pattern_validator(setting: Setting) -> Any:
    def check(value: str) -> None:
        if not re.fullmatch(setting.pattern, value):
            if setting.example:
                raise ValidationError(
                    _("This is not written right. It looks like {example}.").format(example=setting.example)
                )
            raise ValidationError(_("This is not written right: see the explanation below."))

    return check


def _styled(widget: type[forms.Widget], **attrs: Any) -> forms.Widget:
    """In the clothes of the other pages' forms."""
    select = issubclass(widget, forms.Select)
    classes = TEXTAREA_CLASSES if issubclass(widget, forms.Textarea) else SELECT_CLASSES if select else INPUT_CLASSES
    return widget(attrs={"class": " ".join(classes), **attrs})


def _tick() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"class": " ".join(CHECKBOX_CLASSES)})


# -- the form ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    note: str
    fields: tuple[forms.BoundField, ...]
    folded: bool = False

    @property
    def open(self) -> bool:
        """A folded section with something in it, or with an error, is shown open."""
        return any(f.errors or f.value() for f in self.fields)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is to be mended in one field; `input` is the id of what to go to."""

    label: str
    sentence: str
    input: str


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping table as it is shown: open where it is needed, else folded under what stands in it."""

    open: bool
    note: str


class ConnectionForm(Opened, forms.Form):
    """Everything that a person tells about a connection, or one `part` of it. Gives what changed as sentences without
    any secret. `needed`: the settings without which positions that are here now would not be sent."""

    def __init__(
        self,
        instance: Integration,
        data: Any = None,
        *,
        disabled: bool = False,
        part: str = "",
        needed: Collection[str] = (),
    ) -> None:
        self.instance = instance
        super().__init__(data)
        self.system = instance.system
        self.part, self.needed = part, needed
        self.use_required_attribute = False
        if part != SETTINGS:
            self._add_connection()
        if part != CREDENTIALS:
            for setting in self.system.settings:
                self._add_setting(setting)
        if part != SETTINGS:
            self._add_addresses()
        for key, field in self.fields.items():
            field.disabled = disabled
            described = [f"id_{key}_help"] if field.help_text else []
            if self.is_bound and self.errors.get(key):
                described.append(f"id_{key}_error")
                field.widget.attrs["aria-invalid"] = "true"
            if described:
                field.widget.attrs["aria-describedby"] = " ".join(described)
            if disabled:
                field.widget.attrs["disabled"] = True
                field.widget.attrs.pop("placeholder", None)
        wrong = next((f for section in self.sections() for f in section.fields if f.errors), None)
        if wrong is not None:
            wrong.field.widget.attrs["autofocus"] = True

    # -- fields

    def _add_connection(self) -> None:
        instance = self.instance
        self.fields["name"] = forms.CharField(
            label=_("Name"),
            max_length=80,
            initial=instance.name,
            help_text=_("How you call this connection, for example: {name}, Oslo.").format(name=self.system.name),
            widget=_styled(forms.TextInput),
            error_messages={"required": _("Give the connection a name.")},
        )
        companies = instance.organization.companies.all()
        if companies.exists():
            self.fields["everybody"] = forms.ChoiceField(
                label=_("Whose positions"),
                choices=[(EVERYBODY, _("Everybody’s")), (ONLY, _("Only those with these companies:"))],
                required=False,
                initial=EVERYBODY if instance.everybody else ONLY,
                widget=forms.RadioSelect(attrs={"class": " ".join(RADIO_CLASSES)}),
            )
        self.fields["companies"] = forms.ModelMultipleChoiceField(
            companies,
            label=_("Companies"),
            required=False,
            initial=instance.companies.all() if instance.pk else companies.none(),
            help_text=_("What counts is the company of the position, not of the employee."),
            widget=forms.CheckboxSelectMultiple(attrs={"class": " ".join(CHECKBOX_CLASSES)}),
        )
        for setting in self.system.credentials:
            self._add_credential(setting)

    def _add_addresses(self) -> None:
        for name, url in self.system.base_urls.items():
            self.fields[f"url__{name}"] = forms.URLField(
                label=_("Address") if len(self.system.base_urls) == 1 else _("Address: {name}").format(name=name),
                required=False,
                assume_scheme="https",
                initial=self.instance.base_urls.get(name, ""),
                help_text=_("Empty: {url}").format(url=url),
                widget=_styled(forms.URLInput, placeholder=url),
                error_messages={"invalid": _("Write a full address, for example {url}.").format(url=url)},
            )

    def hint(self, setting: Setting) -> dict[str, Any]:
        return self.instance.credential_hints.get(setting.name) or {}

    def _add_credential(self, setting: Setting) -> None:
        stored = bool(self.instance.credentials.get(setting.name))
        secret = setting.kind in SECRETS
        widget: forms.Widget
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        if stored:
            attrs["placeholder"] = _("Leave empty to keep it")
        if setting.kind is Kind.LONG_SECRET:
            widget = _styled(HiddenTextarea, rows=4, **attrs)
        elif secret:
            widget = _styled(forms.PasswordInput, **{**attrs, "autocomplete": "new-password"})
        else:
            widget = _styled(forms.TextInput, **attrs)
        self.fields[f"credential__{setting.name}"] = forms.CharField(
            label=say(setting.label),
            required=setting.required and not stored and not setting.default,
            initial="" if stored or secret else setting.default,
            help_text=say(setting.help),
            max_length=20_000 if setting.kind is Kind.LONG_SECRET else 4000,
            validators=[
                *([] if setting.kind is Kind.LONG_SECRET else [_one_line]),
                *([_pattern_validator(setting)] if setting.pattern else []),
            ],
            error_messages={
                "required": _("{setting} is required to connect to {system}.").format(
                    setting=say(setting.label), system=self.system.name
                )
            },
            widget=widget,
        )
        if stored and not setting.required:
            self.fields[f"remove__{setting.name}"] = forms.BooleanField(
                label=_("Remove {setting}").format(setting=say(setting.label)), required=False, widget=_tick()
            )

    def _add_setting(self, setting: Setting) -> None:
        self.fields[f"setting__{setting.name}"] = self._field_for(
            setting,
            {
                "label": say(setting.label),
                "required": setting.required,
                "initial": clean_value(setting, self.instance.settings.get(setting.name)),
                "help_text": say(setting.help),
            },
            {
                "required": _("{setting} is required: without it nothing can be sent.").format(
                    setting=say(setting.label)
                )
            },
        )

    def _field_for(self, setting: Setting, common: dict[str, Any], errors: dict[str, str]) -> forms.Field:
        example = {"placeholder": _("For example {example}").format(example=setting.example)} if setting.example else {}
        match setting.kind:
            case Kind.BOOLEAN:
                return forms.BooleanField(**{**common, "required": False}, error_messages=errors, widget=_tick())
            case Kind.CHOICE:
                blank = [] if setting.required and setting.default else [("", "—")]
                errors["invalid_choice"] = _("“%(value)s” is not one of the choices.")
                choices, widget = [*blank, *_choices(setting)], _styled(forms.Select)
                return forms.ChoiceField(**common, error_messages=errors, choices=choices, widget=widget)
            case Kind.INTEGER:
                whole = (
                    _("Write a whole number, for example {example}.") if setting.example else _("Write a whole number.")
                )
                errors["invalid"] = whole.format(example=setting.example)
                widget = _styled(forms.TextInput, inputmode="numeric", **example)
                return forms.IntegerField(**common, error_messages=errors, widget=widget)
            case Kind.DECIMAL:
                number = dates.with_separator(setting.example or "37.5")
                errors["invalid"] = _("Write a number, for example {example}.").format(example=number)
                if setting.example:
                    example = {"placeholder": _("For example {example}").format(example=number)}
                widget = _styled(forms.TextInput, inputmode="decimal", **example)
                return NumberField(**common, error_messages=errors, localize=True, widget=widget)
            case Kind.TABLE:
                return TableField(
                    **common,
                    error_messages=errors,
                    pattern=setting.pattern,
                    example=setting.example,
                    each_once=setting.each_once,
                    widget=TableWidget(self._rows(setting), _choices(setting), self._free_key(setting)),
                )
        checks = [_pattern_validator(setting)] if setting.pattern else []
        if setting.kind is Kind.FOLDER:
            checks.append(self._check_folder)
        widget = _styled(forms.TextInput, **example)
        return forms.CharField(**common, error_messages=errors, max_length=4000, validators=checks, widget=widget)

    def _check_folder(self, folder: str) -> None:
        try:
            folders.place(self.instance.organization_id, folder)
        except folders.FolderError as error:
            raise ValidationError(str(error)) from None

    def _field_of(self, table: Setting) -> Field | None:
        return next((f for f in self.system.fields if f.table == table), None)

    def _free_key(self, table: Setting) -> str:
        declared = self._field_of(table)
        if declared is None:
            return _("Here")
        own = {"company": _("Company's organization number"), "department": _("Department code")}
        return own.get(declared.ours) or say(BY_KEY[declared.ours].label)

    def _rows(self, table: Setting) -> list[TableRow]:
        if table.row_words:
            return [TableRow(row, say(title), say(empty)) for row, title, empty in table.row_words]
        declared = self._field_of(table)
        words = dict(_choices(table))

        def built_in(row: str) -> str:
            if declared is None or declared.codes is None:
                return ""
            code = declared.codes.get(row)
            return (
                _("Built in: {value}").format(value=words.get(str(code), code))
                if code
                else _("No counterpart: not sent")
            )

        return [TableRow(row, our_word(declared.ours if declared else "", row), built_in(row)) for row in table.rows]

    # -- what it was opened with

    def stored(self, name: str) -> Any:
        """Of a credential, which is never shown: since when it is set, and by whom."""
        kind, _sep, setting = name.partition("__")
        return self.instance.credential_hints.get(setting) if kind == "credential" else super().stored(name)

    def theirs(self, name: str) -> Any:
        return "" if name.startswith("credential__") else super().theirs(name)

    def shown(self, field: forms.Field, name: str, value: Any) -> str:
        if name.startswith("credential__"):
            by = (self.stored(name) or {}).get("by") if not value else None
            return _("set by {name}").format(name=by) if by else _("what you entered")
        return super().shown(field, name, value)

    # -- cleaning

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        others = type(self.instance).objects.filter(organization=self.instance.organization_id, name__iexact=name)
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another connection of this organization has this name."))
        return name

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.part == SETTINGS:
            return self.cleaned_data
        self._clean_scope()
        for name in self.system.base_urls:
            self._clean_url(name)
        for setting in self.system.credentials:
            if self.cleaned_data.get(f"remove__{setting.name}") and self.cleaned_data.get(
                f"credential__{setting.name}"
            ):
                self.add_error(
                    f"credential__{setting.name}", _("Either enter a new one or remove the one that is set, not both.")
                )
        self._clean_moved()
        return self.cleaned_data

    def _clean_moved(self) -> None:
        """A secret goes to the address for which somebody entered it, and to no other one: else whoever may change an
        address would have all secrets sent to a server of their own."""
        if self.errors or not self.moved():
            return
        for setting in self.system.credentials:
            kept = setting.name not in self.credentials() and setting.name not in self.removed()
            if setting.kind in SECRETS and kept and self.instance.credentials.get(setting.name):
                self.add_error(
                    f"credential__{setting.name}",
                    _(
                        "The address was changed. Enter this again: what was entered for another address is not sent "
                        "here."
                    ),
                )

    def moved(self) -> list[tuple[str, str, str]]:
        """(name, from, to) of each address that saving would change on a connection that exists."""
        if not self.instance.pk:
            return []
        urls = self.base_urls()
        pairs = [
            (name, self.instance.base_urls.get(name) or own, urls.get(name) or own)
            for name, own in self.system.base_urls.items()
        ]
        return [(name, was, now) for name, was, now in pairs if was != now]

    def _clean_scope(self) -> None:
        """`everybody` becomes a bool. An empty list of companies is no choice, neither of everybody nor of nobody."""
        chosen = self.cleaned_data.get("companies") or ()
        said = self.cleaned_data.get("everybody")
        everybody = said == EVERYBODY if said else self.instance.everybody and not chosen
        if "companies" not in self.errors:
            if everybody and chosen:
                names = ", ".join(str(company) for company in chosen)
                self.add_error(
                    "everybody",
                    _("Everybody is chosen, and {names} too. Choose “Only those with”, or untick them.").format(
                        names=names
                    ),
                )
            elif not everybody and not chosen:
                self.add_error("companies", _("Choose at least one company, or everybody."))
        self.cleaned_data["everybody"] = everybody

    def _clean_url(self, name: str) -> None:
        key = f"url__{name}"
        url = self.cleaned_data.get(key)
        if not url:
            return
        if urlsplit(url).username is not None:
            self.add_error(key, _("Write the address without a user name and password."))
            return
        if urlsplit(url).scheme not in ("http", "https"):
            self.add_error(key, _("Write a full address that starts with https://."))
            return
        probe = type(self.instance)(system_key=self.instance.system_key, base_urls={name: url})
        try:
            probe.clean()
        except ValidationError as error:
            for message in error.messages:
                self.add_error(key, message.removeprefix(f"{name}: ").capitalize())

    # -- what it means

    def credentials(self) -> dict[str, str]:
        """The ones to write. What was left empty keeps its value; an offered default counts as entered."""
        given = {}
        for s in self.system.credentials if self.part != SETTINGS else ():
            value = self.cleaned_data.get(f"credential__{s.name}") or ""
            if not value and s.default and not self.instance.credentials.get(s.name):
                value = str(s.default)
            if value:
                given[s.name] = value
        return given

    def removed(self) -> list[str]:
        return [s.name for s in self.system.credentials if self.cleaned_data.get(f"remove__{s.name}")]

    def settings(self) -> dict[str, Any]:
        """As they are stored: JSON, with those kept that a newer or older release declares."""
        given = dict(self.instance.settings)
        for s in self.system.settings if self.part != CREDENTIALS else ():
            value = self.cleaned_data[f"setting__{s.name}"]
            given[s.name] = "" if value is None else str(value) if isinstance(value, Decimal) else value
        return given

    def base_urls(self) -> dict[str, str]:
        if self.part == SETTINGS:
            return dict(self.instance.base_urls)
        given = {name: self.cleaned_data.get(f"url__{name}") for name in self.system.base_urls}
        return {name: url for name, url in given.items() if url and url != self.system.base_urls[name]}

    def changes(self) -> list[Message]:
        """What saving would change, for the history. Asked before anything is written."""
        said = self._connection_changes() if self.part != SETTINGS else []
        given, removed = self.credentials(), self.removed()
        for s in self.system.credentials:
            if s.name in given:
                changed = bool(self.instance.credentials.get(s.name))
                text = history.CREDENTIAL_CHANGED if changed else history.CREDENTIAL_SET
                said.append(text(setting=Label(s.label)))
            elif s.name in removed:
                said.append(history.CREDENTIAL_REMOVED(setting=Label(s.label)))
        old, new = self.instance.cleaned_settings(), self.settings()
        for s in self.system.settings if self.part != CREDENTIALS else ():
            said.extend(history.of_setting(s, old[s.name], clean_value(s, new[s.name])))
        return [*said, *(history.ADDRESS(name=name, was=was, now=now) for name, was, now in self.moved())]

    def _connection_changes(self) -> list[Message]:
        said = []
        if self.cleaned_data["name"] != self.instance.name:
            said.append(history.NAME(was=self.instance.name, now=self.cleaned_data["name"]))
        if self.takes_others:
            before, after = self.takes_others
            said.append(history.COMPANIES(was=before, now=after))
        return said

    @cached_property
    def takes_others(self) -> tuple[str, str] | None:
        """Whose positions were taken and will be, where saving changes that. Asked before anything is written."""
        if self.part == SETTINGS:
            return None
        before = _whose(self.instance.everybody, self.instance.companies.all())
        after = _whose(self.cleaned_data["everybody"], self.cleaned_data["companies"])
        return (before, after) if before != after else None

    # -- showing

    def mistakes(self) -> list[Mistake]:
        """One for each field that is to be mended, in the order of the page."""
        wrong = [f for section in self.sections() for f in section.fields if f.errors]
        return [
            # Of several inputs in one field, which then have no label in common, the first.
            Mistake(str(f.label), " ".join(map(str, f.errors)), f.id_for_label or f"{f.auto_id}_0")
            for f in wrong
        ]

    @property
    def forgets(self) -> bool:
        """Whether something was typed that is not put back into the page."""
        secrets = (s for s in self.system.credentials if s.kind in SECRETS)
        return self.is_bound and any(self.data.get(f"credential__{s.name}") for s in secrets)

    def table(self, field: forms.BoundField) -> Table | None:
        """How to show it, where it is a mapping table."""
        if not isinstance(field.field, TableField):
            return None
        name, rows = field.name.removeprefix("setting__"), len(dict(field.initial or {}))
        if rows:
            note = ngettext("%(number)s row of your own", "%(number)s rows of your own", rows) % {"number": rows}
        else:
            note = _("as built in") if any(row.built_in for row in field.field.widget.rows) else _("empty")
        return Table(bool(field.errors) or name in self.needed, note)

    def first_settings(self) -> list[Section]:
        """What setting up asks for: what is required, and what positions that are here need. The rest is folded."""
        asked = [s for s in self.system.settings if s.required or s.name in self.needed]
        required = tuple(self[f"setting__{s.name}"] for s in asked if s.required)
        needed = tuple(self[f"setting__{s.name}"] for s in asked if not s.required)
        sections = [Section(_("Required"), "", required)] if required else []
        if needed:
            sections.append(Section(_("For the positions that are here"), "", needed))
        return sections

    def more_settings(self) -> list[Section]:
        """The others, by their groups."""
        first = {f.name for section in self.first_settings() for f in section.fields}
        rest = ((s, tuple(f for f in s.fields if f.name not in first)) for s in self.sections())
        return [Section(section.title, section.note, fields) for section, fields in rest if fields]

    def sections(self) -> list[Section]:
        sections = []
        if self.part != SETTINGS:
            sections.append(Section(_("Connection"), "", tuple(self[name] for name in ("name", *self._scope()))))
        groups: dict[str, list[str]] = {}
        for s in self.system.credentials if self.part != SETTINGS else ():
            plain = s.group in ("Defaults", "Credentials")
            title = _("Credentials") if plain else _("Credentials: {group}").format(group=say(s.group))
            groups.setdefault(title, []).append(f"credential__{s.name}")
        notes = {next(iter(groups)): _("Stored encrypted and never shown again.")} if groups else {}
        for s in self.system.settings if self.part != CREDENTIALS else ():
            groups.setdefault(say(s.group), []).append(f"setting__{s.name}")
        sections += [Section(t, notes.get(t, ""), tuple(self[name] for name in names)) for t, names in groups.items()]
        urls = tuple(self[f"url__{name}"] for name in self.system.base_urls if self.part != SETTINGS)
        if urls:
            note = _("Only to point this connection elsewhere than at {name} itself.").format(name=self.system.name)
            sections.append(Section(_("Test tenant"), note, urls, folded=True))
        return sections

    def _scope(self) -> tuple[str, ...]:
        return ("everybody", "companies") if "everybody" in self.fields else ()


def _choices(setting: Setting) -> list[tuple[str, str]]:
    return [(code, say(label)) for code, label in setting.choices]


def _whose(everybody: bool, companies: Iterable[Company]) -> str:
    return history.EVERYBODY if everybody else ", ".join(sorted(str(c) for c in companies)) or history.NOBODY
