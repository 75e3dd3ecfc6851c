"""What the pages of integrations put into words and links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import markdown
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from integrations import supported
from integrations.models import Integration
from integrations.scope import company_names, scope_of
from integrations.sdk.declaration import System, Transport
from positions import dates
from positions.models import Organization, Position

# The glyph of each tone, from the icon font that the admin brings.
ICONS = {"success": "check_circle", "info": "radio_button_unchecked", "warning": "error", "danger": "cancel",
         "neutral": "do_not_disturb_on"}  # fmt: skip


def url(integration: Integration, page: str) -> str:
    return reverse(f"admin:integrations_integration_{page}", args=[integration.pk])


def field_of_position(position: Position, field: str) -> str:
    """Where the field is filled in."""
    page, pk = ("employee", position.employee_id) if field == "manager" else ("position", position.pk)
    return f"{reverse(f'admin:positions_{page}_change', args=[pk])}#id_{field}"


def sandbox(integration: Integration) -> str:
    """The address of the page of the sandbox that it is connected to, in the demo; "" for a real system."""
    begin = f"{settings.SANDBOX_URL}/{integration.system_key}/"
    addresses = (integration.base_urls or {}).values() if settings.SANDBOX_URL else ()
    tenants = (url.removeprefix(begin).partition("/")[0] for url in addresses if url.startswith(begin))
    return next((f"{begin}{tenant}/" for tenant in tenants), "")


def when(moment: datetime | None, organization: Organization) -> str:
    """A moment on the organization's clock, as people say it."""
    if moment is None:
        return ""
    here = moment.astimezone(organization.zone)
    today = timezone.now().astimezone(organization.zone).date()
    clock = dates.clock(here)
    if here.date() == today:
        return _("today {time}").format(time=clock)
    if here.date() == today - timedelta(days=1):
        return _("yesterday {time}").format(time=clock)
    return f"{dates.show(here.date())}, {clock}"


def day(moment: str | None, organization: Organization) -> str:
    """The day of a moment that was kept as text."""
    if not moment:
        return ""
    here = datetime.fromisoformat(moment).astimezone(organization.zone)
    return dates.show(here.date())


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that opens the list of what it counts."""

    label: str
    number: int
    url: str
    urgent: bool = False  # somebody must do something when it is not 0


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection is: a word, a tone for its glyph and colour, a sentence, and its counters.

    `tone` is success, info, warning, danger or neutral. `icon` is a glyph of its own, "" for that of the tone.
    """

    word: str
    tone: str
    detail: str
    counters: tuple[Counter, ...] = ()
    icon: str = ""


def health_of_switch(integration: Integration) -> Health:
    """What can be said without knowing what is sent."""
    if not integration.connected:
        return Health(_("Not connected"), "neutral", _("Credentials or required settings are missing."))
    return Health(_("On") if integration.send_positions else _("Off"), "neutral", "")


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of what is about to happen, and the list of what it counts ("": none)."""

    sentence: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """What somebody did to a connection, or what became of it."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A connection as the list and the head of its page show it."""

    integration: Integration
    health: Health
    may_administer: bool

    @property
    def icon(self) -> str:
        return self.health.icon or ICONS[self.health.tone]

    @property
    def model(self) -> str:
        return supported.model(self.integration.system)

    @property
    def model_meaning(self) -> str:
        return supported.model_meaning(self.integration.system)

    @property
    def last_success(self) -> str:
        return when(self.integration.last_success_at, self.integration.organization)


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    url: str
    count: int | None = None
    active: bool = False


def page_tabs(integration: Integration, here: str, more: Sequence[Tab]) -> list[Tab]:
    """Our own, and `more` after the first. `here`: the address of the one that is shown."""
    files = {"files": _("Files")} if integration.system.transport is Transport.FILE else {}
    own = {
        "change": _("Overview"),
        **files,
        "fields": _("Supported fields"),
        "settings": _("Settings"),
        "history": _("History"),
    }
    if help_page(integration.system_key):
        own["help"] = _("Help")
    first, *others = (Tab(title, url(integration, page)) for page, title in own.items())
    return [replace(tab, active=tab.url == here) for tab in (first, *more, *others)]


@dataclass(frozen=True, slots=True)
class About:
    """Whom a connection is about."""

    employees: int
    positions: int
    current: int
    companies: tuple[str, ...]


def about(integration: Integration) -> About:
    positions = Position.objects.filter(
        scope_of(integration.pk).positions(), employee__organization=integration.organization_id
    )
    today = integration.organization.today()
    current = positions.filter(start_date__lte=today).exclude(end_date__lt=today)
    employees = positions.order_by().values("employee").distinct()
    only = () if integration.everybody else company_names([integration]).get(integration.pk, ())
    return About(employees.count(), positions.count(), current.count(), tuple(only))


@cache
def help_page(system_key: str) -> SafeString | None:
    """The system's page of our documentation as HTML, without its heading; None when there is none."""
    file = Path(settings.BASE_DIR) / "integrations" / "systems" / system_key / "guide.md"
    if not file.is_file():
        return None
    text = file.read_text("utf-8")
    if text.startswith("# "):
        text = text.partition("\n")[2]
    html = markdown.markdown(
        _for_python_markdown(text), extensions=["tables", "fenced_code", "sane_lists"], tab_length=3
    )
    # Our own file, never what a user typed.
    return mark_safe(html)  # noqa: S308  # nosec B308 B703


def _for_python_markdown(text: str) -> str:
    """GitHub reads fenced code inside a list, and an item right after a paragraph; Python-Markdown does not."""
    lines, indent = [], ""
    for line in text.splitlines():
        fence = re.match(r"( +)```", line)
        if fence:
            indent = "" if indent else fence[1]
            lines.append("")
            continue
        if re.match(r"\d+\. ", line) and lines and lines[-1].startswith("   "):
            lines.append("")
        lines.append(f"      {line.removeprefix(indent)}" if indent else line)
    return "\n".join(lines)


def choices(systems: Sequence[System]) -> list[dict[str, str]]:
    """The systems to connect, each with its one line."""
    return [
        {
            "key": s.key,
            "name": s.name,
            "country": supported.country(s),
            "model": supported.model(s),
            "meaning": supported.model_meaning(s),
            "by": _("A file that somebody imports there") if s.transport is Transport.FILE else _("Sent by itself"),
        }
        for s in systems
    ]
